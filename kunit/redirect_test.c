// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a vmbus_srv server that plays the host: its client is in VTL2, while
 * memory and events are the guest's.  What is special is the guest's reset: the
 * client does not know of it, and finds its channels as it left them.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define FAILURE		VMBUS_STATUS_FAILURE
#define QUEUE		32

/**
 * struct rd - the guest, and the client in VTL2
 * @fg: guest, with its own server
 * @srv: server that plays the host
 * @lock: protects what follows
 * @queue: messages for VTL2, with
 * @len: their lengths,
 * @sint: their SINTs, and
 * @head: the oldest,
 * @n: their number
 * @busy: no room for any
 * @flags: event flags for VTL2
 * @msg: last message taken
 */
struct rd {
	struct fg *fg;
	struct vmbus_srv *srv;
	spinlock_t lock;	/* protects what follows */
	u8 queue[QUEUE][VMBUS_MSG_MAX];
	u32 len[QUEUE];
	u8 sint[QUEUE];
	unsigned int head, n;
	bool busy;
	DECLARE_BITMAP(flags, 2048);
	u8 msg[VMBUS_MSG_MAX];
};

static int rd_message(void *ctx, u8 sint, const void *payload, u32 len)
{
	struct rd *rd = ctx;
	unsigned long flags;
	int err = -EAGAIN;
	unsigned int i;

	spin_lock_irqsave(&rd->lock, flags);
	if (!rd->busy && rd->n < QUEUE) {
		i = (rd->head + rd->n++) % QUEUE;
		memcpy(rd->queue[i], payload, len);
		rd->len[i] = len;
		rd->sint[i] = sint;
		err = 0;
	}
	spin_unlock_irqrestore(&rd->lock, flags);
	return err;
}

static void rd_event(void *ctx, u8 sint, u16 flag)
{
	struct rd *rd = ctx;

	if (sint == VMBUS_SINT_REDIRECT)
		set_bit(flag, rd->flags);
}

static const struct vpart_vtl2_ops rd_vtl2_ops = {
	.message = rd_message,
	.event = rd_event,
};

static void rd_free(void *ctx)
{
	struct rd *rd = ctx;

	if (!IS_ERR_OR_NULL(rd->srv))
		vsrv_destroy(rd->srv);
	vpart_vtl2_unbind(rd->fg->part);
}

static struct rd *rd_new(struct kunit *test)
{
	struct rd *rd = kunit_kzalloc(test, sizeof(*rd), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rd);
	spin_lock_init(&rd->lock);
	rd->fg = fg_new(test);
	KUNIT_ASSERT_EQ(test, vpart_vtl2_bind(rd->fg->part, &rd_vtl2_ops, rd), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, rd_free, rd), 0);
	rd->srv = vsrv_create("kunit-host");
	KUNIT_ASSERT_FALSE(test, IS_ERR(rd->srv));
	rd->srv->redirect = true;
	KUNIT_ASSERT_EQ(test, vsrv_start(rd->srv, FG_NAME), 0);
	return rd;
}

static void rd_settle(struct rd *rd)
{
	fg_settle_server(rd->srv);
}

static void rd_post(struct rd *rd, u32 type, void *payload, u32 len)
{
	((struct vmbus_msg_hdr *)payload)->type = cpu_to_le32(type);
	KUNIT_ASSERT_EQ(rd->fg->test, fg_try_post(rd->fg, VMBUS_CONN_MESSAGE_REDIRECT, payload,
						  len), HV_STATUS_SUCCESS);
	rd_settle(rd);
}

/* A message of its type and up to two words. */
static void rd_say(struct rd *rd, u32 type, u32 a, u32 b)
{
	__le32 m[4] = { 0, 0, cpu_to_le32(a), cpu_to_le32(b) };

	rd_post(rd, type, m, sizeof(m));
}

/* The next message is of this type, on SINT 7, with these words after its header. */
static void rd_expect(struct rd *rd, u32 type, unsigned int words, ...)
{
	struct kunit *test = rd->fg->test;
	const __le32 *m = (void *)rd->msg;
	unsigned int i;
	va_list args;

	rd_settle(rd);
	KUNIT_ASSERT_GT_MSG(test, rd->n, 0U, "message %u does not come", type);
	memcpy(rd->msg, rd->queue[rd->head], VMBUS_MSG_MAX);
	KUNIT_EXPECT_EQ(test, rd->sint[rd->head], VMBUS_SINT_REDIRECT);
	rd->head = (rd->head + 1) % QUEUE;
	rd->n--;
	KUNIT_ASSERT_EQ(test, le32_to_cpu(m[0]), type);
	va_start(args, words);
	for (i = 0; i < words; i++)
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(m[2 + i]), va_arg(args, u32),
				    "message %u, word %u", type, i);
	va_end(args);
}

static void rd_expect_quiet(struct rd *rd)
{
	rd_settle(rd);
	KUNIT_EXPECT_EQ_MSG(rd->fg->test, rd->n, 0U, "message %u",
			    ((u32 *)rd->queue[rd->head])[0]);
	KUNIT_EXPECT_EQ(rd->fg->test, rd->srv->outq.len, 0U);
}

static void rd_contact_as(struct rd *rd, u32 version, u32 features)
{
	struct vmbus_contact_msg m = {
		.version = cpu_to_le32(version),
		.target_info = cpu_to_le64((u64)features << 32 | VMBUS_SINT),
	};

	rd_post(rd, VMBUS_MSG_CONTACT, &m, sizeof(m));
}

static void rd_contact(struct rd *rd)
{
	rd_contact_as(rd, FG_V(6, 0), 7);
}

static void rd_connect(struct rd *rd)
{
	rd_contact(rd);
	rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 3, 1, VMBUS_CONN_MESSAGE_REDIRECT, 7);
	rd_say(rd, VMBUS_MSG_REQUEST_OFFERS, 0, 0);
	while (rd->n && ((u32 *)rd->queue[rd->head])[0] == VMBUS_MSG_OFFER)
		rd_expect(rd, VMBUS_MSG_OFFER, 0);
	rd_expect(rd, VMBUS_MSG_ALL_OFFERS, 0);
	rd_expect_quiet(rd);
}

static void rd_offer(struct rd *rd, struct fg_dev *dev, const struct vsrv_chan_ops *ops)
{
	struct vsrv_offer offer = fg_offer(1);

	dev->chan = vsrv_offer(rd->srv, &offer, ops, dev);
	KUNIT_ASSERT_FALSE(rd->fg->test, IS_ERR(dev->chan));
}

/* A device of the host, offered to a client that is connected: channel 1. */
static struct fg_dev *rd_dev(struct rd *rd, const struct vsrv_chan_ops *ops)
{
	struct fg_dev *dev = fg_dev_new(rd->fg);

	rd_offer(rd, dev, ops);
	rd_connect(rd);
	KUNIT_ASSERT_EQ(rd->fg->test, vsrv_chan_id(dev->chan), 1U);
	return dev;
}

static void rd_open(struct rd *rd, u32 vp, u32 connection, u16 flag, u16 flags)
{
	struct vmbus_open2_msg m = {
		.open.channel_id = cpu_to_le32(1),
		.open.open_id = cpu_to_le32(0x51),
		.open.target_vp = cpu_to_le32(vp),
		.connection_id = cpu_to_le32(connection),
		.event_flag = cpu_to_le16(flag),
		.flags = cpu_to_le16(flags),
	};

	rd_post(rd, VMBUS_MSG_OPEN, &m, sizeof(m));
}

static void rd_gpadl_begin(struct rd *rd, u32 id, unsigned int nwords, unsigned int have)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[8];
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(id),
		.head.range_bytes = cpu_to_le16(8 * nwords),
		.head.range_count = cpu_to_le16(1),
		.words[0] = cpu_to_le64((nwords - 1) * 4096),
	};

	rd_post(rd, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * have);
}

static void rd_guest_reset(struct rd *rd)
{
	vpart_reset(rd->fg->part);
	fg_synic_on(rd->fg);
	rd_settle(rd);
	KUNIT_EXPECT_EQ(rd->fg->test, rd->srv->conn.state,
			rd->srv->conn.next ? VSRV_DISCONNECTING : VSRV_CONNECTED);
}

/* ---- messages and events ----------------------------------------------------------- */

static void redirect_path_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);

	/* Without the flag the interrupts are the guest's, at the VP that was named. */
	rd_open(rd, 1, 0x2345, 0x123, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(rd->fg, 1, 0x123));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(rd->flags, 2048));
	rd_say(rd, VMBUS_MSG_MODIFY_CHANNEL, 1, 0);
	rd_expect(rd, VMBUS_MSG_MODIFY_CHANNEL_RESP, 2, 1, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(rd->fg, 0, 0x123));
	atomic_set(&dev->signals, 0);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x2345, 0), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 1);
	rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);

	/* With it they come to VTL2. */
	rd_open(rd, 0, 0x27001, 0x77, VMBUS_OPEN_REDIRECT_INTERRUPT);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, test_and_clear_bit(0x77, rd->flags));
	KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 0, 0x77));
	rd_expect_quiet(rd);
	/* The guest heard nothing of it all. */
	fg_expect_quiet(rd->fg);
}

/*
 * A client that cannot name connection and flag has its own, which are not those of
 * the guest's server.
 */
static void redirect_own_flag_test(struct kunit *test)
{
	static const struct { u32 version, features; u16 flags; } cases[] = {
		{ FG_V(4, 0), 0 }, { FG_V(5, 3), 0 }, { FG_V(6, 0), 0 },
		{ FG_V(6, 0), VMBUS_FEATURE_REDIRECT_INT, VMBUS_OPEN_REDIRECT_INTERRUPT },
	};
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = fg_dev_new(rd->fg);
	const struct vmbus_offer_msg *offer = (void *)rd->msg;
	unsigned int i;

	rd_offer(rd, dev, &fg_dev_ops);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rd_contact_as(rd, cases[i].version, cases[i].features);
		rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 1, 1);
		rd_say(rd, VMBUS_MSG_REQUEST_OFFERS, 0, 0);
		rd_expect(rd, VMBUS_MSG_OFFER, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(offer->connection_id), 0x27001U);
		rd_expect(rd, VMBUS_MSG_ALL_OFFERS, 0);
		rd_open(rd, 1, 0x2345, 0x123, cases[i].flags);
		rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_TRUE_MSG(test, test_and_clear_bit(1, rd->flags), "case %u", i);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(rd->flags, 2048));
		KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 1, 1));
		KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 1, 0x123));
		atomic_set(&dev->signals, 0);
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x2345, 0),
				HV_STATUS_INVALID_CONNECTION_ID);
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x2001, 0),
				HV_STATUS_INVALID_CONNECTION_ID);
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x27001, 0),
				HV_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 1);
		rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
		rd_expect_quiet(rd);
	}
	/* It names the flag, and cannot say who is interrupted by it: the guest, then. */
	rd_contact_as(rd, FG_V(6, 0), VMBUS_FEATURE_GUEST_SIGNAL);
	rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 1, 1);
	rd_say(rd, VMBUS_MSG_REQUEST_OFFERS, 0, 0);
	rd_expect(rd, VMBUS_MSG_OFFER, 0);
	rd_expect(rd, VMBUS_MSG_ALL_OFFERS, 0);
	rd_open(rd, 1, 0x2345, 0x123, VMBUS_OPEN_REDIRECT_INTERRUPT);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(rd->fg, 1, 0x123));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(rd->flags, 2048));
}

static void redirect_busy_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);

	rd->busy = true;
	rd_open(rd, 0, 0x2001, 1, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_EQ(test, rd->srv->outq.len, 1U);
	KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 0, 1));
	rd_say(rd, VMBUS_MSG_UNLOAD, 0, 0);
	KUNIT_EXPECT_EQ(test, rd->srv->in_len, 1U);
	rd->busy = false;
	vpart_vtl2_ready(rd->fg->part, VMBUS_SINT_REDIRECT);
	rd_settle(rd);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	KUNIT_EXPECT_TRUE(test, fg_event(rd->fg, 0, 1));
	rd_expect(rd, VMBUS_MSG_UNLOAD_COMPLETE, 0);
	rd_expect_quiet(rd);
}

/* A contact for another SINT is answered where it comes from. */
static void redirect_sint_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct vmbus_contact_msg m = {
		.version = cpu_to_le32(FG_V(6, 0)), .target_info = cpu_to_le64(5),
	};

	rd_post(rd, VMBUS_MSG_CONTACT, &m, sizeof(m));
	KUNIT_ASSERT_EQ(test, rd->n, 1U);
	KUNIT_EXPECT_EQ(test, rd->sint[0], 5);
	KUNIT_EXPECT_EQ(test, rd->len[0], 16U);
	KUNIT_EXPECT_EQ(test, fg_slot(rd->fg, 0)[5 - VMBUS_SINT].header.message_type, HVMSG_NONE);
	KUNIT_EXPECT_EQ(test, rd->srv->conn.state, VSRV_DISCONNECTED);
}

/* Two servers on one partition do not see each other's clients. */
static void redirect_apart_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops), *own = fg_dev_new(rd->fg);

	fg_dev_offer(rd->fg, own, 1);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(rd->fg, FG_V(5, 3), 0), 1U);
	fg_dev_opened(rd->fg, own);
	rd_open(rd, 0, 0x2002, 2, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	fg_simple(rd->fg, VMBUS_MSG_UNLOAD);
	fg_expect(rd->fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	rd_say(rd, VMBUS_MSG_UNLOAD, 0, 0);
	rd_expect(rd, VMBUS_MSG_UNLOAD_COMPLETE, 0);
	rd_expect_quiet(rd);
	fg_expect_quiet(rd->fg);
	KUNIT_EXPECT_EQ(test, own->closes, 1U);
	KUNIT_EXPECT_EQ(test, dev->closes, 1U);
}

/* ---- the guest's reset ------------------------------------------------------------- */

/* An open channel: the owner is stopped, the client finds it open and closes it. */
static void redirect_reset_open_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);
	unsigned int round;

	for (round = 0; round < 2; round++) {
		rd_open(rd, 0, 0x2001, 1, 0);
		rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
		rd_guest_reset(rd);
		KUNIT_EXPECT_EQ(test, dev->stops, round + 1);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
		rd_expect_quiet(rd);
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 0, 1));
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x2001, 0),
				HV_STATUS_INVALID_CONNECTION_ID);
		rd_say(rd, VMBUS_MSG_MODIFY_CHANNEL, 1, 1);
		rd_expect(rd, VMBUS_MSG_MODIFY_CHANNEL_RESP, 2, 1, FAILURE);
		if (round)
			break;
		rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
		KUNIT_EXPECT_EQ(test, dev->closes, 0U);
	}
	/* Another reset has nothing to stop; nor has a client that goes. */
	rd_guest_reset(rd);
	KUNIT_EXPECT_EQ(test, dev->stops, 2U);
	rd_say(rd, VMBUS_MSG_UNLOAD, 0, 0);
	rd_expect(rd, VMBUS_MSG_UNLOAD_COMPLETE, 0);
	KUNIT_EXPECT_EQ(test, dev->closes, 0U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	rd_connect(rd);
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 3U);
	rd_expect(rd, VMBUS_MSG_RESCIND, 1, 1);
	rd_expect_quiet(rd);
}

/* A GPADL of two pages: VTL2's own, or the guest's. */
static void rd_gpadl(struct rd *rd, u32 id, bool first_own, bool second_own)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[3];
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(id),
		.head.range_bytes = cpu_to_le16(24),
		.head.range_count = cpu_to_le16(1),
		.words[0] = cpu_to_le64(2 * 4096),
		.words[1] = cpu_to_le64(first_own ? VPART_VTL2_PFN : 3),
		.words[2] = cpu_to_le64(second_own ? VPART_VTL2_PFN + 1 : VPART_VTL2_PFN - 1),
	};

	rd_post(rd, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m));
	rd_expect(rd, VMBUS_MSG_GPADL_CREATED, 3, 1, id, 0);
}

/* What VTL2 has open with memory of its own has nothing to do with the guest. */
static void redirect_reset_own_test(struct kunit *test)
{
	static const struct { bool first, second, more; } cases[] = {
		{ true, true, false }, { true, false, false }, { false, true, false },
		{ false, false, false }, { true, true, true },
	};
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);
	unsigned int i;
	bool own;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		own = cases[i].first && cases[i].second && !cases[i].more;
		dev->stops = 0;
		rd_gpadl(rd, 0x90, cases[i].first, cases[i].second);
		if (cases[i].more)
			rd_gpadl(rd, 0x91, false, false);
		rd_open(rd, 99, 0x27001, 1, VMBUS_OPEN_REDIRECT_INTERRUPT);
		rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
		rd_guest_reset(rd);
		rd_expect_quiet(rd);
		KUNIT_EXPECT_EQ_MSG(test, dev->stops, !own, "case %u", i);
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_EQ_MSG(test, test_and_clear_bit(1, rd->flags), own, "case %u", i);
		rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
		rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x90);
		rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x90);
		if (!cases[i].more)
			continue;
		rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x91);
		rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x91);
	}
	/* A VP that the guest has not: only where VTL2 is interrupted. */
	rd_open(rd, 99, 0x2345, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, FAILURE);
}

/* Sub-channels end with the guest; the client is told, and still closes the device. */
static void redirect_reset_subs_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops), *sub = fg_dev_new(rd->fg);
	struct vsrv_chan *late;
	unsigned int round;

	for (round = 0; round < 2; round++) {
		rd_open(rd, 0, 0x2001, 1, 0);
		rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
		sub->chan = vsrv_offer_sub(dev->chan, 1, &fg_dev_ops, sub);
		KUNIT_ASSERT_FALSE(test, IS_ERR(sub->chan));
		rd_expect(rd, VMBUS_MSG_OFFER, 0);
		KUNIT_EXPECT_EQ(test, vsrv_chan_id(sub->chan), 2U);
		rd_guest_reset(rd);
		rd_expect(rd, VMBUS_MSG_RESCIND, 1, 2);
		rd_expect_quiet(rd);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
		late = vsrv_offer_sub(dev->chan, 2, &fg_dev_ops, sub);
		KUNIT_EXPECT_EQ(test, PTR_ERR(late), -ENOTCONN);
		if (!IS_ERR(late))
			vsrv_revoke(late);
		fg_dev_revoke(sub);
		/* The client still holds it, whatever becomes of the guest. */
		rd_guest_reset(rd);
		KUNIT_EXPECT_EQ(test, rd->srv->nchans, 2U);
		rd_say(rd, VMBUS_MSG_RELID_RELEASED, 2, 0);
		rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
		KUNIT_EXPECT_EQ(test, dev->stops, round + 1);
		KUNIT_EXPECT_EQ(test, rd->srv->nchans, 1U);
		rd_expect_quiet(rd);
	}
}

/* What the client waits for while the guest is reset, it gets. */
static void redirect_reset_pending_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);

	dev->slow = FG_SLOW;
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_guest_reset(rd);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, FAILURE);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);

	/* Closing, and closing to be opened again. */
	dev->slow = FG_SLOW_CLOSE;
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
	rd_guest_reset(rd);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
	rd_expect_quiet(rd);
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_guest_reset(rd);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, FAILURE);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
	KUNIT_EXPECT_EQ(test, dev->opens, 3U);

	/* An unload that waits for the owner. */
	dev->slow = FG_SLOW_CLOSE;
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	rd_say(rd, VMBUS_MSG_UNLOAD, 0, 0);
	rd_expect_quiet(rd);
	vpart_reset(rd->fg->part);
	rd_expect(rd, VMBUS_MSG_UNLOAD_COMPLETE, 0);
	KUNIT_EXPECT_EQ(test, rd->srv->conn.state, VSRV_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	rd_expect_quiet(rd);
}

/* GPADLs: answered, or kept for the client to tear down; the owner knows none. */
static void redirect_reset_gpadl_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);
	struct {
		struct vmbus_gpadl_body_msg head;
		__le64 words[2];
	} __packed body = { .head.gpadl_id = cpu_to_le32(0x13) };

	rd_gpadl_begin(rd, 0x10, 3, 3);
	rd_expect(rd, VMBUS_MSG_GPADL_CREATED, 3, 1, 0x10, 0);
	rd_gpadl_begin(rd, 0x11, 3, 3);
	rd_expect(rd, VMBUS_MSG_GPADL_CREATED, 3, 1, 0x11, 0);
	dev->slow = FG_SLOW;
	rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x11);
	rd_gpadl_begin(rd, 0x12, 3, 3);
	rd_gpadl_begin(rd, 0x13, 3, 1);
	rd_expect_quiet(rd);
	dev->slow = 0;

	rd_guest_reset(rd);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x11);
	rd_expect(rd, VMBUS_MSG_GPADL_CREATED, 3, 1, 0x12, FAILURE);
	rd_expect_quiet(rd);
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(dev->chan, 0x10));
	dev->teardowns = 0;
	rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x10);
	rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x10);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 0U);

	/* The owner had not heard of this one: it is as good as new. */
	dev->creates = 0;
	rd_post(rd, VMBUS_MSG_GPADL_BODY, &body, sizeof(body));
	rd_expect(rd, VMBUS_MSG_GPADL_CREATED, 3, 1, 0x13, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 1U);
	rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x13);
	rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x13);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, rd->srv->ngpadls, 0U);
	rd_expect_quiet(rd);
}

static void rd_answer_all(struct fg_dev *dev)
{
	vsrv_open_done(dev->chan, 0);
	vsrv_modify_done(dev->chan, 0);
	vsrv_close_done(dev->chan);
}

/* An open that is answered while the guest's reset stops its owner. */
static void redirect_reset_race_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_dev_ops);

	dev->slow = FG_SLOW;
	dev->on_stop = rd_answer_all;
	rd_open(rd, 0, 0x2001, 1, 0);
	rd_guest_reset(rd);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_FALSE(test, fg_event(rd->fg, 0, 1));
	rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
	KUNIT_EXPECT_EQ(test, dev->closes, 0U);
	/* Signals of the next open wait for its answer. */
	atomic_set(&dev->signals, 0);
	rd_open(rd, 0, 0x2001, 1, 0);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(rd->fg->part, 0x2001, 0), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 0);
	vsrv_open_done(dev->chan, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	/* A close that was to open again, answered in the same way. */
	rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
	rd_open(rd, 0, 0x2001, 1, 0);
	KUNIT_EXPECT_EQ(test, dev->opens, 2U);
	rd_guest_reset(rd);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, FAILURE);
	rd_expect_quiet(rd);
	KUNIT_EXPECT_EQ(test, dev->opens, 2U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
}

/* A host that is removed is forgotten like any server. */
static void redirect_destroy_test(struct kunit *test)
{
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = rd_dev(rd, &fg_local_ops);
	struct vmbus_msg_hdr m = { };

	rd_open(rd, 0, 0x2001, 1, 0);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	vsrv_destroy(rd->srv);
	rd->srv = NULL;
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	KUNIT_EXPECT_EQ(test, rd->n, 0U);
	KUNIT_EXPECT_EQ(test, fg_try_post(rd->fg, VMBUS_CONN_MESSAGE_REDIRECT, &m, sizeof(m)),
			HV_STATUS_INVALID_CONNECTION_ID);
}

/* What a client of an old version calls its interrupt page is none of the guest's memory. */
static void redirect_version_test(struct kunit *test)
{
	static const u32 old[] = { FG_V(0, 13), FG_V(1, 1) };
	struct vmbus_contact_msg m = { };
	struct rd *rd = rd_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		m.version = cpu_to_le32(old[i]);
		rd_post(rd, VMBUS_MSG_CONTACT, &m, sizeof(m));
		rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 1, 0);
		KUNIT_EXPECT_EQ(test, rd->srv->conn.state, VSRV_DISCONNECTED);
	}
	m.version = cpu_to_le32(FG_V(2, 4));
	rd_post(rd, VMBUS_MSG_CONTACT, &m, sizeof(m));
	rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 2, 1, FG_V(2, 4));
	KUNIT_EXPECT_EQ(test, rd->srv->conn.state, VSRV_CONNECTED);
}

/* Its client connects before there is a guest, whose pages come later. */
static void redirect_monitor_test(struct kunit *test)
{
	static const u32 features[] = { 7, 3 };
	const struct vmbus_offer_msg *m;
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = fg_dev_new(rd->fg);
	unsigned int i;

	WRITE_ONCE(rd->srv->monitor_latency, 10000);
	rd_offer(rd, dev, &fg_dev_ops);
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		rd_contact_as(rd, FG_V(6, 0), features[i]);
		rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 3, 1, VMBUS_CONN_MESSAGE_REDIRECT,
			  features[i]);
		rd_say(rd, VMBUS_MSG_REQUEST_OFFERS, 0, 0);
		rd_expect(rd, VMBUS_MSG_OFFER, 0);
		m = (const void *)rd->msg;
		KUNIT_EXPECT_EQ_MSG(test, m->monitor_allocated, !i, "features %u", features[i]);
		KUNIT_EXPECT_EQ(test, m->monitor_id, i ? VMBUS_MONITOR_NONE : 0);
		rd_expect(rd, VMBUS_MSG_ALL_OFFERS, 0);
	}
}

static void rd_modify(struct rd *rd, u64 p2c, u64 c2p, u8 state)
{
	struct vmbus_modify_connection_msg m = {
		.parent_to_child = cpu_to_le64(p2c), .child_to_parent = cpu_to_le64(c2p),
	};

	rd_post(rd, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
	rd_expect(rd, VMBUS_MSG_MODIFY_CONNECTION_RESP, 0);
	KUNIT_EXPECT_EQ(rd->fg->test, rd->msg[8], state);
}

/* What the client has opened with memory of its own it signals: the pages are the guest's. */
static void redirect_monitor_own_test(struct kunit *test)
{
	static const bool own[] = { true, false };
	struct rd *rd = rd_new(test);
	struct fg_dev *dev = fg_dev_new(rd->fg);
	unsigned int i;

	WRITE_ONCE(rd->srv->monitor_latency, 10000);
	rd_offer(rd, dev, &fg_dev_ops);
	rd_contact_as(rd, FG_V(6, 0), 7);
	rd_expect(rd, VMBUS_MSG_VERSION_RESPONSE, 3, 1, VMBUS_CONN_MESSAGE_REDIRECT, 7);
	rd_say(rd, VMBUS_MSG_REQUEST_OFFERS, 0, 0);
	rd_expect(rd, VMBUS_MSG_OFFER, 0);
	rd_expect(rd, VMBUS_MSG_ALL_OFFERS, 0);
	for (i = 0; i < ARRAY_SIZE(own); i++) {
		rd_modify(rd, 12 * PAGE_SIZE, 13 * PAGE_SIZE, VMBUS_CONNECTION_OK);
		rd_gpadl(rd, 0x90, own[i], own[i]);
		rd_open(rd, 99, 0x27001, 1, VMBUS_OPEN_REDIRECT_INTERRUPT);
		rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
		KUNIT_EXPECT_EQ_MSG(test, rd->srv->mon.active, !own[i], "case %u", i);
		rd_modify(rd, 0, 0, own[i] ? VMBUS_CONNECTION_OK : VMBUS_CONNECTION_FAILED);
		rd_say(rd, VMBUS_MSG_CLOSE, 1, 0);
		rd_say(rd, VMBUS_MSG_GPADL_TEARDOWN, 1, 0x90);
		rd_expect(rd, VMBUS_MSG_GPADL_TORNDOWN, 1, 0x90);
	}
	/* The guest's reset takes its pages, and leaves the channel. */
	rd_gpadl(rd, 0x90, true, true);
	rd_open(rd, 99, 0x27001, 1, VMBUS_OPEN_REDIRECT_INTERRUPT);
	rd_expect(rd, VMBUS_MSG_OPEN_RESULT, 3, 1, 0x51, 0);
	rd_guest_reset(rd);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_NULL(test, rd->srv->mon.map);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&rd->srv->mon.timer));
	rd_modify(rd, 12 * PAGE_SIZE, 13 * PAGE_SIZE, VMBUS_CONNECTION_OK);
	rd_modify(rd, 0, 0, VMBUS_CONNECTION_OK);
}

static struct kunit_case redirect_cases[] = {
	KUNIT_CASE(redirect_path_test),
	KUNIT_CASE(redirect_own_flag_test),
	KUNIT_CASE(redirect_busy_test),
	KUNIT_CASE(redirect_sint_test),
	KUNIT_CASE(redirect_apart_test),
	KUNIT_CASE(redirect_reset_open_test),
	KUNIT_CASE(redirect_reset_own_test),
	KUNIT_CASE(redirect_reset_subs_test),
	KUNIT_CASE(redirect_reset_pending_test),
	KUNIT_CASE(redirect_reset_gpadl_test),
	KUNIT_CASE(redirect_reset_race_test),
	KUNIT_CASE(redirect_destroy_test),
	KUNIT_CASE(redirect_version_test),
	KUNIT_CASE(redirect_monitor_test),
	KUNIT_CASE(redirect_monitor_own_test),
	{}
};

static struct kunit_suite redirect_suite = {
	.name = "vmbus_redirect",
	.test_cases = redirect_cases,
};

kunit_test_suite(redirect_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server that plays the host");
MODULE_LICENSE("GPL");
