/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest for tests of vmbus_srv: a partition whose backend is a test, memory,
 * the SynIC of two VPs, and a server; and devices that answer when told to.
 *
 * What the guest does happens at once: fg_post() returns when the server has
 * handled the message and is idle.  What the server sends waits in the message
 * slot of VP 0 and behind it.
 */
#ifndef _FAKE_GUEST_H
#define _FAKE_GUEST_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <vmbus/compat.h>
#include <vmbus/partition.h>
#include <vmbus/server.h>

#include "../drivers/vmbus_srv/vsrv.h"

#define FG_NAME		"kunit-guest"
#define FG_VPS		2
#define FG_PAGES	64		/* of the guest's memory, from address 0 on */
#define FG_UADDR	0x70000000ULL	/* where the backend has them */
#define FG_TIMEOUT	(5 * HZ)
#define FG_SIMP(vp)	(2 * (vp))	/* page numbers */
#define FG_SIEFP(vp)	(2 * (vp) + 1)
#define FG_RING		16		/* first page that is free for rings */
#define FG_V(major, minor)	VMBUS_VERSION(major, minor)

/**
 * struct fg - the guest
 * @test: running test
 * @part: partition
 * @srv: server
 * @pages: memory
 * @pinned: pages that the partition has now
 * @interrupts: by VP
 * @wait: woken by interrupts
 * @lazy: does not tell that it has taken a message
 * @trusted: what it posts is
 * @int_page: address of the interrupt page that contacts below 2.4 name
 * @version: of the connection, for the form of OPEN
 * @features: the same
 * @msg: last message that was taken, with
 * @len: its length
 */
struct fg {
	struct kunit *test;
	struct vmbus_partition *part;
	struct vmbus_srv *srv;
	struct page *pages[FG_PAGES];
	atomic_t pinned;
	atomic_t interrupts[FG_VPS];
	wait_queue_head_t wait;
	bool lazy;
	bool trusted;
	u64 int_page;
	u32 version;
	u32 features;
	u8 msg[VMBUS_MSG_MAX];
	u32 len;
};

/* ---- the backend ------------------------------------------------------------------- */

static inline int fg_pin(void *ctx, u64 uaddr, unsigned int n, bool write, bool longterm,
			 struct page **pages)
{
	struct fg *fg = ctx;
	u64 first = (uaddr - FG_UADDR) / PAGE_SIZE;
	unsigned int i;

	if (uaddr < FG_UADDR || first + n > FG_PAGES)
		return -EFAULT;
	for (i = 0; i < n; i++) {
		pages[i] = fg->pages[first + i];
		get_page(pages[i]);
	}
	atomic_add(n, &fg->pinned);
	return 0;
}

static inline void fg_unpin(void *ctx, struct page **pages, unsigned int n, bool longterm)
{
	struct fg *fg = ctx;
	unsigned int i;

	for (i = 0; i < n; i++)
		put_page(pages[i]);
	atomic_sub(n, &fg->pinned);
}

static inline void fg_interrupt(void *ctx, void *cookie, u8 sint)
{
	struct fg *fg = ctx;

	if (sint == VMBUS_SINT)
		atomic_inc(&fg->interrupts[(unsigned long)cookie]);
	wake_up_all(&fg->wait);
}

/* For a test that has called vpart_set_msis(), with counters. */
static inline void fg_msi(void *ctx, void *cookie)
{
	atomic_inc(cookie);
}

static const struct vpart_backend_ops fg_backend_ops = {
	.owner = THIS_MODULE,
	.pin = fg_pin,
	.unpin = fg_unpin,
	.interrupt = fg_interrupt,
	.msi = fg_msi,
};

/* ---- life -------------------------------------------------------------------------- */

static inline void fg_synic_on(struct fg *fg)
{
	unsigned long vp;

	for (vp = 0; vp < FG_VPS; vp++)
		KUNIT_ASSERT_EQ(fg->test, vpart_set_synic(fg->part, vp, 1,
							  FG_SIMP(vp) << PAGE_SHIFT | 1,
							  FG_SIEFP(vp) << PAGE_SHIFT | 1), 0);
}

static inline void fg_free(void *ctx)
{
	struct fg *fg = ctx;
	unsigned int i;

	if (!IS_ERR_OR_NULL(fg->srv))
		vsrv_destroy(fg->srv);
	if (!IS_ERR_OR_NULL(fg->part)) {
		if (fg->pages[0])
			vpart_backend_detach(fg->part);
		vpart_put(fg->part);
	}
	/* The guest's memory is its own again. */
	KUNIT_EXPECT_EQ(fg->test, atomic_read(&fg->pinned), 0);
	for (i = 0; i < FG_PAGES && fg->pages[i]; i++)
		__free_page(fg->pages[i]);
}

/* A guest with its SynIC on, and a server that has heard nothing of it yet. */
static inline struct fg *fg_new_named(struct kunit *test, const char *name)
{
	struct vmbus_partition_region region = {
		.size = FG_PAGES * PAGE_SIZE, .uaddr = FG_UADDR,
	};
	struct fg *fg = kunit_kzalloc(test, sizeof(*fg), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, fg);
	fg->test = test;
	init_waitqueue_head(&fg->wait);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, fg_free, fg), 0);
	fg->part = vpart_get(name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fg->part));
	KUNIT_ASSERT_EQ(test, vpart_backend_attach(fg->part, &fg_backend_ops, fg), 0);
	for (i = 0; i < FG_PAGES; i++) {
		fg->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, fg->pages[i]);
	}
	KUNIT_ASSERT_EQ(test, vpart_set_mem_table(fg->part, &region, 1), 0);
	for (i = 0; i < FG_VPS; i++)
		KUNIT_ASSERT_EQ(test, vpart_set_vp(fg->part, i, (void *)i), 0);
	fg_synic_on(fg);
	fg->srv = vsrv_create(name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fg->srv));
	KUNIT_ASSERT_EQ(test, vsrv_start(fg->srv, name), 0);
	return fg;
}

static inline struct fg *fg_new(struct kunit *test)
{
	return fg_new_named(test, FG_NAME);
}

static inline void fg_start(void *ctx)
{
	struct fg *fg = ctx;

	vpart_start(fg->part);
}

/* At the latest at the end of the test it goes on: before that no device can go. */
static inline void fg_stop(struct fg *fg)
{
	KUNIT_ASSERT_EQ(fg->test, kunit_add_action(fg->test, fg_start, fg), 0);
	vpart_stop(fg->part);
}

static inline s64 fg_count(struct fg *fg, enum vsrv_counter counter)
{
	return atomic64_read(&fg->srv->counters[counter]);
}

/* ---- messages ---------------------------------------------------------------------- */

/* A server has done what there is to do. */
static inline void fg_settle_server(struct vmbus_srv *srv)
{
	/*
	 * The partition kicks it, too, when a slot was in use.  A CPU that is stopped
	 * in the middle of that has marked the work, but flush_work() does not find it.
	 */
	while (work_pending(&srv->work)) {
		flush_work(&srv->work);
		cond_resched();
	}
	flush_work(&srv->work);
}

/* Somebody wants something of the server's work, now or soon. */
static inline bool fg_wait_request(struct vmbus_srv *srv)
{
	unsigned long start = jiffies;

	while (list_empty_careful(&srv->requests) && time_before(jiffies, start + FG_TIMEOUT))
		usleep_range(1000, 2000);
	return !list_empty_careful(&srv->requests);
}

static inline void fg_settle(struct fg *fg)
{
	fg_settle_server(fg->srv);
}

static inline u16 fg_try_post(struct fg *fg, u32 connection, const void *payload, u32 len)
{
	struct vpart_message msg = {
		.connection_id = connection, .type = VMBUS_MSG_TYPE_HV, .size = len,
		.trusted = fg->trusted,
	};

	/* The client of the server that plays the host is VTL2. */
	if (connection == VMBUS_CONN_MESSAGE_REDIRECT)
		msg.vtl = VPART_VTL_PARAVISOR;
	memcpy(msg.payload, payload, len);
	return vpart_hypercall_post(fg->part, &msg);
}

static inline void fg_post(struct fg *fg, u32 type, void *payload, u32 len)
{
	struct vmbus_msg_hdr *hdr = payload;

	hdr->type = cpu_to_le32(type);
	KUNIT_ASSERT_EQ(fg->test, fg_try_post(fg, VMBUS_CONN_MESSAGE, payload, len),
			HV_STATUS_SUCCESS);
	fg_settle(fg);
}

static inline struct hv_message *fg_slot(struct fg *fg, u32 vp)
{
	return (struct hv_message *)page_address(fg->pages[FG_SIMP(vp)]) + VMBUS_SINT;
}

/* Take the message in the slot as a guest does; false if there is none. */
static inline bool fg_take(struct fg *fg, u32 vp)
{
	struct hv_message *slot = fg_slot(fg, vp);
	bool pending;
	u32 type;

	/* Pairs with the release in vpart_slot_write(). */
	type = smp_load_acquire(&slot->header.message_type);
	if (type == HVMSG_NONE)
		return false;
	KUNIT_EXPECT_EQ(fg->test, type, 1U);
	KUNIT_ASSERT_LE(fg->test, slot->header.payload_size, (u8)VMBUS_MSG_MAX);
	fg->len = slot->header.payload_size;
	memcpy(fg->msg, slot->u.payload, fg->len);
	WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	/* As vmbus_signal_eom(): pairs with the barrier in vpart_slot_write(). */
	smp_mb();
	pending = slot->header.message_flags.msg_pending;
	if (pending && !fg->lazy) {
		/* A monitor that sees EOM would make the partition tell the server. */
		queue_work(fg->srv->wq, &fg->srv->work);
		fg_settle(fg);
	}
	return true;
}

static inline bool fg_wait_take(struct fg *fg, u32 vp)
{
	wait_event_timeout(fg->wait, READ_ONCE(fg_slot(fg, vp)->header.message_type) != HVMSG_NONE,
			   FG_TIMEOUT);
	return fg_take(fg, vp);
}

/* A word of the last message. */
static inline u32 fg_word(struct fg *fg, unsigned int index)
{
	return le32_to_cpu(((__le32 *)fg->msg)[index]);
}

static inline u32 fg_type(struct fg *fg)
{
	return fg_word(fg, 0);
}

/* The next message is of this type and this long. */
static inline const void *fg_expect(struct fg *fg, u32 type, u32 len)
{
	KUNIT_ASSERT_TRUE_MSG(fg->test, fg_wait_take(fg, 0), "message %u does not come", type);
	KUNIT_ASSERT_EQ(fg->test, fg_type(fg), type);
	KUNIT_ASSERT_EQ_MSG(fg->test, fg->len, len, "message %u", type);
	KUNIT_EXPECT_EQ(fg->test, fg_word(fg, 1), 0U);
	return fg->msg;
}

static inline void fg_expect_quiet(struct fg *fg)
{
	fg_settle(fg);
	KUNIT_EXPECT_FALSE_MSG(fg->test, fg_take(fg, 0), "unexpected message %u", fg_type(fg));
	KUNIT_EXPECT_EQ(fg->test, fg->srv->outq.len, 0U);
}

/* Take all that is there. */
static inline void fg_drain(struct fg *fg)
{
	fg_settle(fg);
	while (fg_take(fg, 0))
		;
}

/* ---- what a guest says ------------------------------------------------------------- */

static inline void fg_contact_by(struct fg *fg, u32 connection, u32 version, u32 features)
{
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(version),
		.target_info = cpu_to_le64(version < FG_V(2, 4) ? fg->int_page :
					   (u64)features << 32 | VMBUS_SINT),
	};

	fg->version = version;
	fg->features = version >= FG_V(6, 0) ? features & VSRV_FEATURES : 0;
	KUNIT_ASSERT_EQ(fg->test, fg_try_post(fg, connection, &m, sizeof(m)), HV_STATUS_SUCCESS);
	fg_settle(fg);
}

static inline void fg_contact(struct fg *fg, u32 version, u32 features)
{
	fg_contact_by(fg, VMBUS_CONN_MESSAGE, version, features);
}

static inline void fg_simple(struct fg *fg, u32 type)
{
	struct vmbus_msg_hdr m = { };

	fg_post(fg, type, &m, sizeof(m));
}

/* CLOSE, REL_ID_RELEASED */
static inline void fg_channel(struct fg *fg, u32 type, u32 channel)
{
	struct vmbus_channel_msg m = { .channel_id = cpu_to_le32(channel) };

	fg_post(fg, type, &m, sizeof(m));
}

static inline void fg_open(struct fg *fg, u32 channel, u32 gpadl, u32 vp)
{
	struct vmbus_open2_msg m = {
		.open.channel_id = cpu_to_le32(channel),
		.open.open_id = cpu_to_le32(0xb000 + channel),
		.open.ring_gpadl = cpu_to_le32(gpadl),
		.open.target_vp = cpu_to_le32(vp),
		.open.downstream_page = cpu_to_le32(2),
		.connection_id = cpu_to_le32(VMBUS_CONN_EVENT(channel, VMBUS_SINT, 0)),
		.event_flag = cpu_to_le16(channel),
	};

	memset(m.open.user_data, 0x75, sizeof(m.open.user_data));
	fg_post(fg, VMBUS_MSG_OPEN, &m, fg->features & 0x3 ? sizeof(m) : sizeof(m.open));
}

static inline void fg_modify(struct fg *fg, u32 channel, u32 vp)
{
	struct vmbus_modify_channel_msg m = {
		.channel_id = cpu_to_le32(channel), .target_vp = cpu_to_le32(vp),
	};

	fg_post(fg, VMBUS_MSG_MODIFY_CHANNEL, &m, sizeof(m));
}

/* A GPADL of @npages pages from FG_RING on, in one message. */
static inline void fg_gpadl(struct fg *fg, u32 channel, u32 gpadl, unsigned int npages)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[VMBUS_GPADL_HEADER_WORDS];
	} __packed m = {
		.head.channel_id = cpu_to_le32(channel),
		.head.gpadl_id = cpu_to_le32(gpadl),
		.head.range_bytes = cpu_to_le16(8 * (1 + npages)),
		.head.range_count = cpu_to_le16(1),
		.words[0] = cpu_to_le64(npages * PAGE_SIZE),
	};
	unsigned int i;

	for (i = 0; i < npages; i++)
		m.words[1 + i] = cpu_to_le64(FG_RING + i);
	fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * (1 + npages));
}

/* One that takes a header with a word and as many bodies as it needs; none are sent. */
static inline void fg_gpadl_begin(struct fg *fg, u32 channel, u32 gpadl, unsigned int nwords)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 word;
	} __packed m = {
		.head.channel_id = cpu_to_le32(channel),
		.head.gpadl_id = cpu_to_le32(gpadl),
		.head.range_bytes = cpu_to_le16(8 * nwords),
		.head.range_count = cpu_to_le16(1),
		.word = cpu_to_le64((nwords - 1) * PAGE_SIZE),
	};

	fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m));
}

static inline void fg_gpadl_body(struct fg *fg, u32 gpadl, unsigned int nwords)
{
	struct {
		struct vmbus_gpadl_body_msg head;
		__le64 words[VMBUS_GPADL_BODY_WORDS];
	} __packed m = {
		.head.gpadl_id = cpu_to_le32(gpadl),
	};
	unsigned int i;

	for (i = 0; i < nwords; i++)
		m.words[i] = cpu_to_le64(FG_RING + i);
	fg_post(fg, VMBUS_MSG_GPADL_BODY, &m, sizeof(m.head) + 8 * nwords);
}

static inline void fg_teardown(struct fg *fg, u32 channel, u32 gpadl)
{
	struct vmbus_gpadl_teardown_msg m = {
		.channel_id = cpu_to_le32(channel), .gpadl_id = cpu_to_le32(gpadl),
	};

	fg_post(fg, VMBUS_MSG_GPADL_TEARDOWN, &m, sizeof(m));
}

/* ---- what it hears ----------------------------------------------------------------- */

static inline void fg_expect_version(struct fg *fg, bool supported)
{
	const struct vmbus_version_response_msg *m;
	bool features = supported && fg->version >= FG_V(6, 0);

	m = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, features ? 20 : 16);
	KUNIT_ASSERT_EQ(fg->test, m->supported, supported);
	KUNIT_ASSERT_EQ(fg->test, m->connection_state, VMBUS_CONNECTION_OK);
}

static inline u32 fg_expect_offer(struct fg *fg)
{
	const struct vmbus_offer_msg *m;

	m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));
	return le32_to_cpu(m->channel_id);
}

static inline void fg_expect_rescind(struct fg *fg, u32 channel)
{
	const struct vmbus_channel_msg *m;

	m = fg_expect(fg, VMBUS_MSG_RESCIND, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
}

static inline void fg_expect_opened(struct fg *fg, u32 channel, u32 status)
{
	const struct vmbus_open_result_msg *m;

	m = fg_expect(fg, VMBUS_MSG_OPEN_RESULT, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->open_id), 0xb000 + channel);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->status), status);
}

static inline void fg_expect_modified(struct fg *fg, u32 channel, u32 status)
{
	const struct vmbus_modify_channel_resp_msg *m;

	m = fg_expect(fg, VMBUS_MSG_MODIFY_CHANNEL_RESP, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->status), status);
}

static inline void fg_expect_created(struct fg *fg, u32 channel, u32 gpadl, u32 status)
{
	const struct vmbus_gpadl_created_msg *m;

	m = fg_expect(fg, VMBUS_MSG_GPADL_CREATED, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->gpadl_id), gpadl);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->status), status);
}

static inline void fg_expect_torndown(struct fg *fg, u32 gpadl)
{
	const struct vmbus_gpadl_torndown_msg *m;

	m = fg_expect(fg, VMBUS_MSG_GPADL_TORNDOWN, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->gpadl_id), gpadl);
}

/* A new connection, whatever was before; what the old one has to say is dropped. */
static inline void fg_connect(struct fg *fg, u32 version, u32 features)
{
	fg_drain(fg);
	fg_contact(fg, version, features);
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
}

/* The same, and take the offers; returns how many there are. */
static inline unsigned int fg_connect_offers(struct fg *fg, u32 version, u32 features)
{
	unsigned int n = 0;

	fg_connect(fg, version, features);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	while (fg_wait_take(fg, 0) && fg_type(fg) == VMBUS_MSG_OFFER)
		n++;
	KUNIT_ASSERT_EQ(fg->test, fg_type(fg), VMBUS_MSG_ALL_OFFERS);
	fg_expect_quiet(fg);
	return n;
}

/* Was the event flag set?  Clears it. */
static inline bool fg_event(struct fg *fg, u32 vp, u32 flag)
{
	unsigned long *flags = page_address(fg->pages[FG_SIEFP(vp)]) + 256 * VMBUS_SINT;

	return test_and_clear_bit(flag, flags);
}

/* ---- devices ----------------------------------------------------------------------- */

/* Callbacks that a device answers later, by the test. */
#define FG_SLOW_OPEN		BIT(0)
#define FG_SLOW_CLOSE		BIT(1)
#define FG_SLOW_CREATE		BIT(2)
#define FG_SLOW_TEARDOWN	BIT(3)
#define FG_SLOW_MODIFY		BIT(4)
#define FG_SLOW			0x1f

/**
 * struct fg_dev - a device
 * @chan: its offer
 * @slow: FG_SLOW_*
 * @err: what open, gpadl_create and modify answer at once
 * @on_stop: called from the stop callback
 * @params: of the last open
 * @open_id: channel id at that time
 * @gpadl: id of the last GPADL
 * @vp: of the last modify
 * @opens: calls of open, and so on
 * @closes: calls
 * @creates: calls
 * @teardowns: calls
 * @modifies: calls
 * @stops: calls
 * @quiesces: calls
 * @resumes: calls
 * @signals: calls
 */
struct fg_dev {
	struct vsrv_chan *chan;
	u32 slow;
	int err;
	void (*on_stop)(struct fg_dev *dev);
	struct vsrv_open_params params;
	u32 open_id;
	u32 gpadl;
	u32 vp;
	unsigned int opens, closes, creates, teardowns, modifies, stops, quiesces, resumes;
	atomic_t signals;
};

static inline void fg_dev_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->opens++;
	dev->params = *params;
	dev->open_id = vsrv_chan_id(chan);
	if (!(dev->slow & FG_SLOW_OPEN))
		vsrv_open_done(chan, dev->err);
}

static inline void fg_dev_close(struct vsrv_chan *chan)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->closes++;
	if (!(dev->slow & FG_SLOW_CLOSE))
		vsrv_close_done(chan);
}

static inline void fg_dev_gpadl_create(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->creates++;
	dev->gpadl = vsrv_gpadl_id(gpadl);
	if (!(dev->slow & FG_SLOW_CREATE))
		vsrv_gpadl_create_done(chan, dev->gpadl, dev->err);
}

static inline void fg_dev_gpadl_teardown(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->teardowns++;
	dev->gpadl = gpadl_id;
	if (!(dev->slow & FG_SLOW_TEARDOWN))
		vsrv_gpadl_teardown_done(chan, gpadl_id);
}

static inline void fg_dev_modify(struct vsrv_chan *chan, u32 target_vp)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->modifies++;
	dev->vp = target_vp;
	if (!(dev->slow & FG_SLOW_MODIFY))
		vsrv_modify_done(chan, dev->err);
}

static inline void fg_dev_signal(struct vsrv_chan *chan)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	atomic_inc(&dev->signals);
}

static inline void fg_dev_stop(struct vsrv_chan *chan)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->stops++;
	if (dev->on_stop)
		dev->on_stop(dev);
}

static inline void fg_dev_quiesce(struct vsrv_chan *chan)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->quiesces++;
}

static inline void fg_dev_resume(struct vsrv_chan *chan)
{
	struct fg_dev *dev = vsrv_chan_ctx(chan);

	dev->resumes++;
}

/* An owner that wants to know everything. */
static const struct vsrv_chan_ops fg_dev_ops = {
	.open = fg_dev_open,
	.close = fg_dev_close,
	.gpadl_create = fg_dev_gpadl_create,
	.gpadl_teardown = fg_dev_gpadl_teardown,
	.modify = fg_dev_modify,
	.signal = fg_dev_signal,
	.stop = fg_dev_stop,
	.quiesce = fg_dev_quiesce,
	.resume = fg_dev_resume,
};

/* A local device: what may be left out is. */
static const struct vsrv_chan_ops fg_local_ops __maybe_unused = {
	.open = fg_dev_open,
	.close = fg_dev_close,
	.signal = fg_dev_signal,
	.stop = fg_dev_stop,
};

/* The offer of number @n: its class goes by tens. */
static inline struct vsrv_offer fg_offer(u16 n)
{
	struct vsrv_offer offer = {
		.class_id = GUID_INIT(0xfa4e0000, 0x6e57, 0x4a5f, 0x9c, 0x5d, 0, 0, 0, 0, 0, 0),
		.instance_id = GUID_INIT(0x1257a9ce, 0x6e57, 0x4a5f, 0x9c, 0x5d, 0, 0, 0, 0, 0, 0),
		.flags = VMBUS_OFFER_ENUMERATE,
		.order = VSRV_ORDER_NONE,
	};

	offer.class_id.b[15] = (n / 10) & 0xff;
	offer.instance_id.b[14] = n >> 8;
	offer.instance_id.b[15] = n & 0xff;
	return offer;
}

static inline void fg_dev_offer_as(struct fg *fg, struct fg_dev *dev, u16 n,
				   const struct vsrv_chan_ops *ops)
{
	struct vsrv_offer offer = fg_offer(n);

	dev->chan = vsrv_offer(fg->srv, &offer, ops, dev);
	KUNIT_ASSERT_FALSE(fg->test, IS_ERR(dev->chan));
	fg_settle(fg);
}

static inline void fg_dev_offer(struct fg *fg, struct fg_dev *dev, u16 n)
{
	fg_dev_offer_as(fg, dev, n, &fg_dev_ops);
}

static inline void fg_dev_revoke(void *ctx)
{
	struct fg_dev *dev = ctx;

	if (!IS_ERR_OR_NULL(dev->chan))
		vsrv_revoke(dev->chan);
	dev->chan = NULL;
}

/* A device that is revoked at the end of the test, offered or not. */
static inline struct fg_dev *fg_dev_new(struct fg *fg)
{
	struct fg_dev *dev = kunit_kzalloc(fg->test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(fg->test, dev);
	KUNIT_ASSERT_EQ(fg->test, kunit_add_action(fg->test, fg_dev_revoke, dev), 0);
	return dev;
}

/* A device, offered to a guest that is connected; its id is 1. */
static inline struct fg_dev *fg_dev_first(struct fg *fg)
{
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	return dev;
}

static inline enum vsrv_chan_state fg_dev_state(const struct fg_dev *dev)
{
	return READ_ONCE(dev->chan->state);
}

/* The guest opens the device, which does as it is told at once. */
static inline u32 fg_dev_opened(struct fg *fg, struct fg_dev *dev)
{
	u32 id = vsrv_chan_id(dev->chan);

	fg_open(fg, id, 0x6a0000, 0);
	fg_expect_opened(fg, id, 0);
	KUNIT_ASSERT_EQ(fg->test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	return id;
}

#endif /* _FAKE_GUEST_H */
