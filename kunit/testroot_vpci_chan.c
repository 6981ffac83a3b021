// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel of a bus of the test host: requests, answers, and how they misbehave.
 *
 * Whatever is said waits in a list; the thread that reads writes it, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "testroot_vpci.h"

/* What a packet takes in the ring besides its payload */
#define TVP_PACKET_MORE	(sizeof(struct vmpacket_descriptor) + VSRV_PACKET_FOOTER)

/**
 * struct tvp_out - a packet that waits
 * @node: in tvp_bus::out
 * @late: not before
 * @due: this, in jiffies
 * @type: VM_PKT_*
 * @trans_id: transaction id
 * @len: bytes
 * @data: those
 */
struct tvp_out {
	struct list_head node;
	bool late;
	unsigned long due;
	u16 type;
	u64 trans_id;
	u32 len;
	u8 data[] __counted_by(len);
};

static struct tvp_bus *tvp_reader_bus(struct vsrv_reader *reader)
{
	return container_of(reader, struct tvp_bus, reader);
}

/* ---- packets that wait ----------------------------------------------------------------- */

static int tvp_out_add(struct tvp_bus *bus, u16 type, u64 trans_id, const void *msg, u32 len,
		       u32 late_ms)
{
	struct tvp_out *out;

	lockdep_assert_held(&bus->lock);
	if (!bus->open)
		return -ENOTCONN;
	out = kvmalloc(struct_size(out, data, len), GFP_KERNEL);
	if (!out)
		return -ENOMEM;
	out->late = late_ms;
	out->due = jiffies + msecs_to_jiffies(late_ms);
	out->type = type;
	out->trans_id = trans_id;
	out->len = len;
	memcpy(out->data, msg, len);
	list_add_tail(&out->node, &bus->out);
	bus->nout++;
	vsrv_reader_queue(&bus->reader);
	return 0;
}

static void tvp_out_free(struct tvp_bus *bus, struct tvp_out *out)
{
	list_del(&out->node);
	bus->nout--;
	kvfree(out);
}

/**
 * tvp_chan_send() - say something to the client
 * @bus: bus; its lock is held
 * @type: VM_PKT_DATA_INBAND or VM_PKT_COMP
 * @trans_id: transaction id
 * @msg: message
 * @len: bytes of it
 *
 * Return: 0, -ENOTCONN if the channel is not open, -ENOMEM.
 */
int tvp_chan_send(struct tvp_bus *bus, u16 type, u64 trans_id, const void *msg, u32 len)
{
	return tvp_out_add(bus, type, trans_id, msg, len, 0);
}

/**
 * tvp_chan_announce() - say what is on the bus, if that is to be said
 * @bus: bus; its lock is held
 */
void tvp_chan_announce(struct tvp_bus *bus)
{
	void *msg;
	u32 len;

	lockdep_assert_held(&bus->lock);
	if (!bus->vpci.announce)
		return;
	msg = kvmalloc(VPCI_MAX_RELATIONS, GFP_KERNEL);
	if (!msg)
		return;
	len = vpci_bus_relations(&bus->vpci, msg);
	if (!tvp_chan_send(bus, VM_PKT_DATA_INBAND, 0, msg, len))
		tvp_count(bus, TVP_RELATIONS);
	kvfree(msg);
}

/**
 * tvp_chan_purge() - nothing waits any more
 * @bus: bus; its lock is held
 */
void tvp_chan_purge(struct tvp_bus *bus)
{
	struct tvp_out *out, *next;

	lockdep_assert_held(&bus->lock);
	list_for_each_entry_safe(out, next, &bus->out, node)
		tvp_out_free(bus, out);
	bus->full = false;
}

/* ---- answers --------------------------------------------------------------------------- */

/* Are answers to requests of this type false, and this one, too? */
static bool tvp_misbehaves(struct tvp_bus *bus, u32 type)
{
	u32 only = bus->knobs[TVP_ONLY];
	bool any = false;
	unsigned int i;

	for (i = TVP_LATE; i <= TVP_MASKS; i++)
		any |= bus->knobs[i];
	return any && (!only || only == type - VPCI_MSG_BUS_RELATIONS);
}

static void tvp_misbehaved(struct tvp_bus *bus)
{
	unsigned int i;

	tvp_count(bus, TVP_MISBEHAVED);
	if (!bus->knobs[TVP_TIMES] || --bus->knobs[TVP_TIMES])
		return;
	for (i = TVP_LATE; i <= TVP_MASKS; i++)
		bus->knobs[i] = 0;
}

static void tvp_falsify(struct tvp_bus *bus, u32 type)
{
	const u32 *knobs = bus->knobs;
	struct vpci_requirements_reply *requirements = bus->vpci.reply;
	struct vpci_version_reply *version = bus->vpci.reply;
	struct vpci_reply *reply = bus->vpci.reply;
	unsigned int i;

	if (knobs[TVP_STATUS])
		reply->status = cpu_to_le32(knobs[TVP_STATUS]);
	if (type == VPCI_MSG_QUERY_VERSION && knobs[TVP_VERSION]) {
		version->status = cpu_to_le32(VPCI_STATUS_SUCCESS);
		version->version = cpu_to_le32(knobs[TVP_VERSION]);
	}
	for (i = 0; type == VPCI_MSG_REQUIREMENTS && i < VPCI_BARS; i++)
		if (knobs[TVP_MASKS] & BIT(i))
			requirements->masks[i] = cpu_to_le32(knobs[TVP_MASK0 + i]);
	bus->vpci.reply_len -= min(bus->vpci.reply_len, knobs[TVP_SHORT]);
}

static void tvp_answer(struct tvp_bus *bus, u32 type, u64 trans_id)
{
	bool silent = false;
	u32 late = 0;

	if (tvp_misbehaves(bus, type)) {
		tvp_falsify(bus, type);
		silent = bus->knobs[TVP_SILENT];
		late = bus->knobs[TVP_LATE];
		trans_id += bus->knobs[TVP_TRANS];
		tvp_misbehaved(bus);
	}
	if (silent)
		return;
	if (tvp_out_add(bus, VM_PKT_COMP, trans_id, bus->vpci.reply, bus->vpci.reply_len, late))
		vsrv_chan_error(bus->chan, "no memory for an answer");
}

/* ---- requests -------------------------------------------------------------------------- */

static u32 tvp_type(const struct vsrv_packet *pkt)
{
	const struct vpci_msg *msg = pkt->payload;

	return pkt->len < sizeof(*msg) ? 0 : le32_to_cpu(msg->type);
}

static void tvp_count_request(struct tvp_bus *bus, u32 type)
{
	u32 n = type - VPCI_MSG_BUS_RELATIONS;

	if (n < TVP_TYPES)
		atomic64_inc(&bus->requests[n]);
	else
		tvp_count(bus, TVP_UNKNOWN);
}

/* A host that does not know the version has never heard of it. */
static bool tvp_too_new(const struct tvp_bus *bus, const struct vsrv_packet *pkt)
{
	const struct vpci_query_version *query = pkt->payload;
	u32 max = bus->knobs[TVP_MAX_VERSION];

	return max && bus->vpci.state == VPCI_BUS_INIT && pkt->len >= sizeof(*query) &&
	       tvp_type(pkt) == VPCI_MSG_QUERY_VERSION && le32_to_cpu(query->version) > max;
}

static enum vpci_bus_verdict tvp_ask(struct tvp_bus *bus, const struct vsrv_packet *pkt)
{
	const struct vpci_query_version query = { .type = cpu_to_le32(VPCI_MSG_QUERY_VERSION) };
	struct vpci_version_reply *reply = bus->vpci.reply;
	struct vsrv_packet old = *pkt;
	enum vpci_bus_verdict verdict;

	if (!tvp_too_new(bus, pkt))
		return vpci_bus_packet(&bus->vpci, pkt);
	old.payload = &query;
	old.len = sizeof(query);
	verdict = vpci_bus_packet(&bus->vpci, &old);
	reply->version = cpu_to_le32(bus->knobs[TVP_MAX_VERSION]);
	return verdict;
}

static void tvp_chan_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct tvp_bus *bus = tvp_reader_bus(reader);
	enum vpci_bus_verdict verdict;
	u32 type = tvp_type(pkt);

	mutex_lock(&bus->lock);
	/* Another guest may have come since the channel was opened. */
	bus->vpci.vps = bus->vtl2 ? 0 : vpart_vp_count(bus->part);
	tvp_count_request(bus, type);
	verdict = tvp_ask(bus, pkt);
	if (bus->vpci.why) {
		tvp_count(bus, TVP_REFUSED);
		pr_notice_ratelimited("bus %u: request %#x: %s\n", bus->index, type, bus->vpci.why);
	}
	/* What the bus has comes ahead of the answer. */
	tvp_chan_announce(bus);
	if (verdict == VPCI_BUS_REPLY)
		tvp_answer(bus, type, pkt->trans_id);
	if (verdict == VPCI_BUS_BROKEN) {
		tvp_count(bus, TVP_BROKEN);
		vsrv_chan_error(bus->chan, bus->vpci.why);
	}
	mutex_unlock(&bus->lock);
}

/* ---- the ring -------------------------------------------------------------------------- */

static bool tvp_chan_ready(struct vsrv_reader *reader)
{
	struct tvp_bus *bus = tvp_reader_bus(reader);
	bool full;

	mutex_lock(&bus->lock);
	bus->full = bus->nout >= TVP_MAX_OUT;
	full = bus->full;
	mutex_unlock(&bus->lock);
	return !full;
}

/* Write what is due; bytes that there was no room for, or 0. */
static u32 tvp_write(struct tvp_bus *bus, unsigned long *next)
{
	unsigned long now = jiffies;
	struct tvp_out *out, *tmp;
	struct kvec vec;
	int err;

	list_for_each_entry_safe(out, tmp, &bus->out, node) {
		if (out->late && time_before(now, out->due)) {
			*next = min(*next, out->due - now);
			continue;
		}
		vec.iov_base = out->data;
		vec.iov_len = out->len;
		err = vsrv_ring_write(&bus->rings.out, out->type, 0, out->trans_id, &vec, 1);
		if (err == -EAGAIN) {
			vsrv_chan_count(bus->chan, VSRV_CHAN_RING_FULL, 1);
			return ALIGN(out->len, 8) + TVP_PACKET_MORE;
		}
		if (err) {
			vsrv_chan_error(bus->chan, "no ring for its answers");
			tvp_chan_purge(bus);
			return 0;
		}
		vsrv_chan_count(bus->chan, VSRV_CHAN_PACKETS_OUT, 1);
		if (out->type == VM_PKT_COMP)
			tvp_count(bus, TVP_COMPLETIONS);
		tvp_out_free(bus, out);
	}
	return 0;
}

static bool tvp_chan_flush(struct vsrv_reader *reader)
{
	struct tvp_bus *bus = tvp_reader_bus(reader);
	unsigned long next = MAX_JIFFY_OFFSET;
	bool interrupt;
	u32 missing;

	mutex_lock(&bus->lock);
	missing = tvp_write(bus, &next);
	interrupt = vsrv_ring_write_commit(&bus->rings.out);
	if (missing && vsrv_ring_want_space(&bus->rings.out, missing))
		vsrv_reader_queue(reader);
	if (next != MAX_JIFFY_OFFSET)
		mod_delayed_work(system_wq, &bus->late, next);
	if (bus->full && bus->nout < TVP_MAX_OUT)
		vsrv_reader_queue(reader);
	mutex_unlock(&bus->lock);
	return interrupt;
}

static const struct vsrv_reader_ops tvp_reader_ops = {
	.ready = tvp_chan_ready,
	.packet = tvp_chan_packet,
	.flush = tvp_chan_flush,
};

static void tvp_chan_late(struct work_struct *work)
{
	struct tvp_bus *bus = container_of(work, struct tvp_bus, late.work);

	vsrv_reader_queue(&bus->reader);
}

/**
 * tvp_chan_init() - a channel that is not open
 * @bus: bus
 */
void tvp_chan_init(struct tvp_bus *bus)
{
	INIT_LIST_HEAD(&bus->out);
	INIT_DELAYED_WORK(&bus->late, tvp_chan_late);
	vsrv_reader_init(&bus->reader, &tvp_reader_ops, bus->buf, sizeof(bus->buf));
}

/* ---- callbacks of the server ----------------------------------------------------------- */

static void tvp_chan_signal(struct vsrv_chan *chan)
{
	struct tvp_bus *bus = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&bus->reader);
}

static int tvp_chan_take(struct tvp_bus *bus, struct vsrv_chan *chan,
			 const struct vsrv_open_params *params)
{
	int err = -EIO;

	mutex_lock(&bus->lock);
	/* vsrv_offer() may not have returned it yet. */
	bus->chan = chan;
	if (!bus->knobs[TVP_FAIL_OPEN])
		err = vsrv_rings_open(chan, params, &bus->rings);
	bus->open = !err;
	if (bus->open)
		tvp_count(bus, TVP_OPENS);
	mutex_unlock(&bus->lock);
	return err;
}

static void tvp_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct tvp_bus *bus = vsrv_chan_ctx(chan);
	int err = tvp_chan_take(bus, chan, params);

	if (!err)
		vsrv_reader_start(&bus->reader, &bus->rings, bus->worker);
	vsrv_open_done(chan, err);
}

/* A bus that nobody looks at any more: all of it is at rest. */
static void tvp_chan_stop(struct vsrv_chan *chan)
{
	struct tvp_bus *bus = vsrv_chan_ctx(chan);
	struct vpci_bus_fn *fn;

	if (!bus->open)
		return;
	tvp_guest_end(bus, true);
	vsrv_reader_stop(&bus->reader);
	cancel_delayed_work_sync(&bus->late);
	mutex_lock(&bus->lock);
	bus->open = false;
	bus->closing = true;
	vpci_bus_close(&bus->vpci);
	bus->closing = false;
	list_for_each_entry(fn, &bus->vpci.fns, node)
		tvp_fn_reset(to_tvp_fn(fn));
	tvp_chan_purge(bus);
	tvp_count(bus, TVP_CLOSES);
	mutex_unlock(&bus->lock);
	tvp_guest_end(bus, false);
	vsrv_rings_close(&bus->rings);
}

static void tvp_chan_close(struct vsrv_chan *chan)
{
	tvp_chan_stop(chan);
	vsrv_close_done(chan);
}

static void tvp_chan_quiesce(struct vsrv_chan *chan)
{
	struct tvp_bus *bus = vsrv_chan_ctx(chan);

	vsrv_reader_pause(&bus->reader);
}

static void tvp_chan_resume(struct vsrv_chan *chan)
{
	struct tvp_bus *bus = vsrv_chan_ctx(chan);

	vsrv_reader_resume(&bus->reader);
}

const struct vsrv_chan_ops tvp_chan_ops = {
	.open = tvp_chan_open,
	.close = tvp_chan_close,
	.signal = tvp_chan_signal,
	.stop = tvp_chan_stop,
	.quiesce = tvp_chan_quiesce,
	.resume = tvp_chan_resume,
};
