// SPDX-License-Identifier: GPL-2.0-only
/*
 * Integration components of the test host: shutdown, heartbeat, time, key-value pairs.
 *
 * Parameters of the module are the controls: "ic_request" makes one of them ask
 * ("shutdown <flags>", "heartbeat <number>", "timesync <seconds since 1970>",
 * "kvp <index of what the guest says of itself>"), and "ic_answers" has a line for
 * each that says where it is: closed, open, ready, asked, or what the client has
 * answered.  "ic_silent" names one that takes IC_SILENCE to answer when it is opened, and
 * then fails: no server forgets a client before all its devices have answered.
 *
 * Packets are built with the structures of <linux/hyperv.h>, on purpose not with
 * those of the drivers that are tested.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/nls.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <vmbus/compat.h>
#include <vmbus/reader.h>
#include <vmbus/server.h>

#include "testroot.h"

#define IC_BUF_SIZE	8192
#define IC_VERSIONS	4
#define IC_SILENCE	(80 * HZ)

/**
 * struct ic_kvp - a question for a key and its value, and its answer
 * @hdr: what to do, with which pool
 * @data: key and value, in UTF-16
 */
struct ic_kvp {
	struct hv_kvp_hdr hdr;
	struct hv_kvp_msg_enumerate data;
} __packed;

/**
 * struct ic_kind - what there is to know of a component
 * @name: in the parameters
 * @id: class
 * @instance_id: instance
 * @type: of its requests
 * @len: bytes of their body
 * @versions: offered, best first, ended by 0
 */
struct ic_kind {
	const char *name;
	struct hv_vmbus_device_id id;
	guid_t instance_id;
	u16 type;
	u16 len;
	u32 versions[IC_VERSIONS + 1];
};

static const struct ic_kind ic_kinds[] = {
	{
		.name = "shutdown", .id = { HV_SHUTDOWN_GUID },
		.instance_id = GUID_INIT(0xb6650ff7, 0x33bc, 0x4840, 0x80, 0x48, 0xe0, 0x67, 0x67,
					 0x86, 0xf3, 0x93),
		.type = ICMSGTYPE_SHUTDOWN, .len = sizeof(struct shutdown_msg_data),
		.versions = { 3 << 16 | 2, 3 << 16 | 1, 3 << 16, 1 << 16 },
	},
	{
		.name = "heartbeat", .id = { HV_HEART_BEAT_GUID },
		.instance_id = GUID_INIT(0xfd149e91, 0x82e0, 0x4a7d, 0xaf, 0xa6, 0x2a, 0x41, 0x66,
					 0xcb, 0xd7, 0xc0),
		.type = ICMSGTYPE_HEARTBEAT, .len = sizeof(struct heartbeat_msg_data),
		.versions = { 3 << 16, 1 << 16 },
	},
	{
		/* 4.0 would need the guest's reference time. */
		.name = "timesync", .id = { HV_TS_GUID },
		.instance_id = GUID_INIT(0x2dd1ce17, 0x079e, 0x403c, 0xb3, 0x52, 0xa1, 0x92, 0x1e,
					 0xe2, 0x07, 0xee),
		.type = ICMSGTYPE_TIMESYNC, .len = sizeof(struct ictimesync_data),
		.versions = { 3 << 16, 1 << 16 },
	},
	{
		.name = "kvp", .id = { HV_KVP_GUID },
		.instance_id = GUID_INIT(0x242ff919, 0x07db, 0x4180, 0x9c, 0x2e, 0xb8, 0x6c, 0xb6,
					 0x8c, 0x8c, 0x55),
		.type = ICMSGTYPE_KVPEXCHANGE, .len = sizeof(struct ic_kvp),
		.versions = { 5 << 16, 4 << 16, 3 << 16 },
	},
};

/**
 * struct ic - a component
 * @kind: what it is
 * @chan: offer
 * @reader: alone touches the rings while open
 * @rings: while @open
 * @open: the rings are mapped; changes only while @reader is stopped
 * @late: answers to an open
 * @lock: protects what follows but @buf
 * @state: for ic_answers
 * @ready: versions are settled, and nothing is asked
 * @version: of the component
 * @out_len: bytes of @out that wait to be written
 * @out: packet
 * @buf: for copies of packets
 */
struct ic {
	const struct ic_kind *kind;
	struct vsrv_chan *chan;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	bool open;
	struct delayed_work late;
	spinlock_t lock;	/* protects what follows but buf */
	char state[64];
	bool ready;
	u32 version;
	u32 out_len;
	u8 out[IC_BUF_SIZE] __aligned(8);
	u8 buf[IC_BUF_SIZE] __aligned(8);
};

static struct ic *ics[ARRAY_SIZE(ic_kinds)];
static struct kthread_worker *ic_worker;
static DEFINE_MUTEX(ic_lock);		/* protects ics against the parameters */

static struct ic *to_ic(struct vsrv_reader *reader)
{
	return container_of(reader, struct ic, reader);
}

static char *ic_silent;
module_param(ic_silent, charp, 0444);
MODULE_PARM_DESC(ic_silent, "name of a component that takes too long when it is opened, and fails");

/* ---- packets ------------------------------------------------------------------------- */

static struct ic_version ic_make_version(u32 version)
{
	return (struct ic_version) { .major = version >> 16, .minor = version & 0xffff };
}

/* Header of a request with @len bytes behind it, which are cleared. */
static void *ic_begin(struct ic *ic, u16 type, u32 len)
{
	struct vmbuspipe_hdr *pipe = (void *)ic->out;
	struct icmsg_hdr *hdr = (void *)(pipe + 1);

	memset(ic->out, 0, ICMSG_HDR + len);
	pipe->flags = 1;
	pipe->msgsize = sizeof(*hdr) + len;
	hdr->icmsgtype = type;
	hdr->icmsgsize = len;
	hdr->icflags = ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_REQUEST;
	if (type != ICMSGTYPE_NEGOTIATE) {
		hdr->icverframe = ic_make_version(3 << 16);
		hdr->icvermsg = ic_make_version(ic->version);
	}
	ic->out_len = ICMSG_HDR + len;
	return hdr + 1;
}

static void ic_negotiate(struct ic *ic)
{
	struct icmsg_negotiate *body;
	unsigned int n = 0;

	while (ic->kind->versions[n])
		n++;
	body = ic_begin(ic, ICMSGTYPE_NEGOTIATE,
			sizeof(*body) + (2 + n) * sizeof(struct ic_version));
	body->icframe_vercnt = 2;
	body->icmsg_vercnt = n;
	body->icversion_data[0] = ic_make_version(3 << 16);
	body->icversion_data[1] = ic_make_version(1 << 16);
	while (n--)
		body->icversion_data[2 + n] = ic_make_version(ic->kind->versions[n]);
}

static void ic_ask(struct ic *ic, u64 arg)
{
	void *body = ic_begin(ic, ic->kind->type, ic->kind->len);
	struct heartbeat_msg_data *heartbeat = body;
	struct shutdown_msg_data *shutdown = body;
	struct ictimesync_data *time = body;
	struct ic_kvp *kvp = body;

	switch (ic->kind->type) {
	case ICMSGTYPE_SHUTDOWN:
		shutdown->reason_code = 0x80050014;
		shutdown->timeout_seconds = 60;
		shutdown->flags = arg;
		break;
	case ICMSGTYPE_HEARTBEAT:
		heartbeat->seq_num = arg;
		break;
	case ICMSGTYPE_TIMESYNC:
		time->parenttime = WLTIMEDELTA + arg * 10000000;
		time->flags = ICTIMESYNCFLAG_SYNC;
		break;
	case ICMSGTYPE_KVPEXCHANGE:
		kvp->hdr.operation = KVP_OP_ENUMERATE;
		kvp->hdr.pool = KVP_POOL_AUTO;
		kvp->data.index = arg;
		break;
	}
}

static void ic_negotiated(struct ic *ic, const struct icmsg_negotiate *body, u32 len)
{
	if (len < sizeof(*body) + 2 * sizeof(struct ic_version) || body->icframe_vercnt != 1 ||
	    body->icmsg_vercnt != 1) {
		strscpy(ic->state, "no version in common");
		return;
	}
	ic->version = body->icversion_data[1].major << 16 | body->icversion_data[1].minor;
	ic->ready = true;
	snprintf(ic->state, sizeof(ic->state), "ready %u.%u", ic->version >> 16,
		 ic->version & 0xffff);
}

/* Appends a string in UTF-16 of so many bytes, with its end, to the state. */
static int ic_append(struct ic *ic, int n, const u8 *utf16, u32 bytes)
{
	char text[24];
	int len;

	len = utf16s_to_utf8s((const wchar_t *)utf16, bytes / 2, UTF16_LITTLE_ENDIAN, text,
			      sizeof(text));
	return n + scnprintf(ic->state + n, sizeof(ic->state) - n, " %.*s", len, text);
}

static void ic_append_pair(struct ic *ic, int n, const struct hv_kvp_exchg_msg_value *data)
{
	if (data->value_type != REG_SZ || data->key_size > sizeof(data->key) ||
	    data->value_size > sizeof(data->value)) {
		scnprintf(ic->state + n, sizeof(ic->state) - n, " no strings");
		return;
	}
	n = ic_append(ic, n, data->key, data->key_size);
	ic_append(ic, n, data->value, data->value_size);
}

static void ic_answered(struct ic *ic, const struct icmsg_hdr *hdr, u32 len)
{
	const struct heartbeat_msg_data *heartbeat = (const void *)(hdr + 1);
	const struct ic_kvp *kvp = (const void *)(hdr + 1);
	int n;

	ic->ready = true;
	n = scnprintf(ic->state, sizeof(ic->state), "status %#x", hdr->status);
	if (ic->kind->type == ICMSGTYPE_HEARTBEAT && len >= sizeof(*heartbeat))
		scnprintf(ic->state + n, sizeof(ic->state) - n, " number %llu",
			  heartbeat->seq_num);
	if (ic->kind->type == ICMSGTYPE_KVPEXCHANGE && !hdr->status && len >= sizeof(*kvp))
		ic_append_pair(ic, n, &kvp->data.data);
}

static bool ic_reader_ready(struct vsrv_reader *reader)
{
	return true;
}

static void ic_reader_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	const struct icmsg_hdr *hdr = pkt->payload + sizeof(struct vmbuspipe_hdr);
	struct ic *ic = to_ic(reader);

	spin_lock(&ic->lock);
	if (pkt->type != VM_PKT_DATA_INBAND || pkt->len < ICMSG_HDR ||
	    hdr->icflags != (ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_RESPONSE))
		strscpy(ic->state, "no answer but something else");
	else if (hdr->icmsgtype == ICMSGTYPE_NEGOTIATE)
		ic_negotiated(ic, (const void *)(hdr + 1), pkt->len - ICMSG_HDR);
	else if (hdr->icmsgtype == ic->kind->type)
		ic_answered(ic, hdr, pkt->len - ICMSG_HDR);
	else
		strscpy(ic->state, "an answer of another type");
	spin_unlock(&ic->lock);
}

static bool ic_reader_flush(struct vsrv_reader *reader)
{
	struct ic *ic = to_ic(reader);
	struct kvec vec = { .iov_base = ic->out };
	bool interrupt = false;

	spin_lock(&ic->lock);
	if (ic->out_len) {
		vec.iov_len = ic->out_len;
		ic->out_len = 0;
		if (vsrv_ring_write(&ic->rings.out, VM_PKT_DATA_INBAND, 0, 0, &vec, 1))
			strscpy(ic->state, "the ring takes no request");
		else
			interrupt = vsrv_ring_write_commit(&ic->rings.out);
	}
	spin_unlock(&ic->lock);
	return interrupt;
}

static const struct vsrv_reader_ops ic_reader_ops = {
	.ready = ic_reader_ready,
	.packet = ic_reader_packet,
	.flush = ic_reader_flush,
};

/* ---- callbacks of the server ----------------------------------------------------------- */

static void ic_set_state(struct ic *ic, const char *state)
{
	spin_lock(&ic->lock);
	strscpy(ic->state, state);
	spin_unlock(&ic->lock);
}

static void ic_late(struct work_struct *work)
{
	struct ic *ic = container_of(work, struct ic, late.work);

	ic_set_state(ic, "closed");
	vsrv_open_done(ic->chan, -EIO);
}

static bool ic_is_silent(const struct ic *ic)
{
	return ic_silent && !strcmp(ic_silent, ic->kind->name);
}

static void ic_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct ic *ic = vsrv_chan_ctx(chan);
	int err;

	if (ic_is_silent(ic)) {
		ic_set_state(ic, "silent");
		schedule_delayed_work(&ic->late, IC_SILENCE);
		return;
	}
	err = vsrv_rings_open(chan, params, &ic->rings);
	if (!err) {
		spin_lock(&ic->lock);
		strscpy(ic->state, "open");
		ic_negotiate(ic);
		spin_unlock(&ic->lock);
		ic->open = true;
		vsrv_reader_start(&ic->reader, &ic->rings, ic_worker);
	}
	vsrv_open_done(chan, err);
}

static void ic_stop(struct vsrv_chan *chan)
{
	struct ic *ic = vsrv_chan_ctx(chan);

	cancel_delayed_work_sync(&ic->late);
	if (!ic->open)
		return;
	vsrv_reader_stop(&ic->reader);
	spin_lock(&ic->lock);
	ic->ready = false;
	ic->out_len = 0;
	strscpy(ic->state, "closed");
	spin_unlock(&ic->lock);
	vsrv_rings_close(&ic->rings);
	ic->open = false;
}

static void ic_close(struct vsrv_chan *chan)
{
	ic_stop(chan);
	vsrv_close_done(chan);
}

static void ic_signal(struct vsrv_chan *chan)
{
	struct ic *ic = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&ic->reader);
}

static void ic_quiesce(struct vsrv_chan *chan)
{
	struct ic *ic = vsrv_chan_ctx(chan);

	vsrv_reader_pause(&ic->reader);
}

static void ic_resume(struct vsrv_chan *chan)
{
	struct ic *ic = vsrv_chan_ctx(chan);

	vsrv_reader_resume(&ic->reader);
}

static const struct vsrv_chan_ops ic_chan_ops = {
	.open = ic_open,
	.close = ic_close,
	.signal = ic_signal,
	.stop = ic_stop,
	.quiesce = ic_quiesce,
	.resume = ic_resume,
};

/* ---- controls -------------------------------------------------------------------------- */

static int ic_request_set(const char *val, const struct kernel_param *kp)
{
	char name[16];
	int err = -ENOENT;
	unsigned int i;
	u64 arg = 0;

	if (sscanf(val, "%15s %llu", name, &arg) < 1)
		return -EINVAL;
	mutex_lock(&ic_lock);
	for (i = 0; i < ARRAY_SIZE(ics); i++) {
		if (!ics[i] || strcmp(ics[i]->kind->name, name))
			continue;
		err = -ENOTCONN;
		spin_lock(&ics[i]->lock);
		if (ics[i]->ready) {
			ics[i]->ready = false;
			strscpy(ics[i]->state, "asked");
			ic_ask(ics[i], arg);
			err = 0;
		}
		spin_unlock(&ics[i]->lock);
		vsrv_reader_queue(&ics[i]->reader);
	}
	mutex_unlock(&ic_lock);
	return err;
}

static const struct kernel_param_ops ic_request_ops = {
	.set = ic_request_set,
};
module_param_cb(ic_request, &ic_request_ops, NULL, 0200);

static int ic_answers_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i;
	int len = 0;

	mutex_lock(&ic_lock);
	for (i = 0; i < ARRAY_SIZE(ics); i++) {
		if (!ics[i])
			continue;
		spin_lock(&ics[i]->lock);
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s: %s\n", ics[i]->kind->name,
				 ics[i]->state);
		spin_unlock(&ics[i]->lock);
	}
	mutex_unlock(&ic_lock);
	return len;
}

static const struct kernel_param_ops ic_answers_ops = {
	.get = ic_answers_get,
};
module_param_cb(ic_answers, &ic_answers_ops, NULL, 0444);

/* ---- offers ------------------------------------------------------------------------------ */

static struct ic *ic_create(struct vmbus_srv *srv, const struct ic_kind *kind)
{
	struct vsrv_offer offer = {
		.class_id = kind->id.guid,
		.instance_id = kind->instance_id,
		.flags = VMBUS_OFFER_ENUMERATE | VMBUS_OFFER_NAMED_PIPE,
		.order = VSRV_ORDER_NONE,
		.user_defined[0] = 4,	/* message mode */
	};
	struct ic *ic = kvzalloc(sizeof(*ic), GFP_KERNEL);
	struct vsrv_chan *chan;

	if (!ic)
		return ERR_PTR(-ENOMEM);
	ic->kind = kind;
	spin_lock_init(&ic->lock);
	INIT_DELAYED_WORK(&ic->late, ic_late);
	strscpy(ic->state, "closed");
	vsrv_reader_init(&ic->reader, &ic_reader_ops, ic->buf, sizeof(ic->buf));
	chan = vsrv_offer(srv, &offer, &ic_chan_ops, ic);
	if (IS_ERR(chan)) {
		kvfree(ic);
		return ERR_CAST(chan);
	}
	ic->chan = chan;
	return ic;
}

void testroot_ic_exit(void)
{
	struct ic *ic;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ics); i++) {
		mutex_lock(&ic_lock);
		ic = ics[i];
		ics[i] = NULL;
		mutex_unlock(&ic_lock);
		if (!ic)
			continue;
		vsrv_revoke(ic->chan);
		kvfree(ic);
	}
	if (ic_worker)
		kthread_destroy_worker(ic_worker);
}

int testroot_ic_init(struct vmbus_srv *srv)
{
	unsigned int i;
	struct ic *ic;

	ic_worker = kthread_run_worker(0, "testroot-ic");
	if (IS_ERR(ic_worker)) {
		ic = ERR_CAST(ic_worker);
		ic_worker = NULL;
		return PTR_ERR(ic);
	}
	for (i = 0; i < ARRAY_SIZE(ics); i++) {
		ic = ic_create(srv, &ic_kinds[i]);
		if (IS_ERR(ic)) {
			testroot_ic_exit();
			return PTR_ERR(ic);
		}
		mutex_lock(&ic_lock);
		ics[i] = ic;
		mutex_unlock(&ic_lock);
	}
	return 0;
}
