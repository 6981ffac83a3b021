// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of reserved channels: answered where the client says, without interrupts, and
 * alive without a connection.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define RT_VP		1
#define RT_SINT		5
#define RT_GPADL	0x11

static struct hv_message *rt_slot(struct fg *fg, u32 vp, u8 sint)
{
	return fg_slot(fg, vp) + (int)sint - VMBUS_SINT;
}

/* The message in a slot other than the connection's is this one. */
static const void *rt_expect_at(struct fg *fg, u32 vp, u8 sint, u32 type, u32 len)
{
	struct hv_message *slot = rt_slot(fg, vp, sint);

	KUNIT_ASSERT_EQ_MSG(fg->test, slot->header.message_type, VMBUS_MSG_TYPE_HV,
			    "message %u does not come", type);
	fg->len = slot->header.payload_size;
	KUNIT_ASSERT_EQ(fg->test, fg->len, len);
	memcpy(fg->msg, slot->u.payload, len);
	WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	KUNIT_ASSERT_EQ(fg->test, fg_type(fg), type);
	return fg->msg;
}

static void rt_open(struct fg *fg, u32 channel, u32 vp, u32 sint)
{
	struct vmbus_open_reserved_msg m = {
		.channel_id = cpu_to_le32(channel),
		.target_vp = cpu_to_le32(vp),
		.target_sint = cpu_to_le32(sint),
		.ring_gpadl = cpu_to_le32(RT_GPADL),
		.downstream_page = cpu_to_le32(2),
	};

	fg_post(fg, VMBUS_MSG_OPEN_RESERVED, &m, sizeof(m));
}

static void rt_expect_opened(struct fg *fg, u32 channel, u32 status)
{
	const struct vmbus_open_result_msg *m;

	m = rt_expect_at(fg, RT_VP, RT_SINT, VMBUS_MSG_OPEN_RESULT, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->open_id), 0U);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->status), status);
}

static void rt_close(struct fg *fg, u32 channel, u32 vp, u32 sint)
{
	struct vmbus_close_reserved_msg m = {
		.channel_id = cpu_to_le32(channel),
		.target_vp = cpu_to_le32(vp),
		.target_sint = cpu_to_le32(sint),
	};

	fg_post(fg, VMBUS_MSG_CLOSE_RESERVED, &m, sizeof(m));
}

static void rt_expect_closed(struct fg *fg, u32 channel, u32 vp, u8 sint)
{
	const struct vmbus_channel_msg *m;

	m = rt_expect_at(fg, vp, sint, VMBUS_MSG_CLOSE_RESERVED_RESP, sizeof(*m));
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(m->channel_id), channel);
}

/* A device that is open as a reserved channel, with a GPADL for its rings. */
static u32 rt_opened(struct fg *fg, struct fg_dev *dev)
{
	u32 id;

	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
	id = vsrv_chan_id(dev->chan);
	fg_gpadl(fg, id, RT_GPADL, 4);
	fg_expect_created(fg, id, RT_GPADL, 0);
	rt_open(fg, id, RT_VP, RT_SINT);
	rt_expect_opened(fg, id, 0);
	KUNIT_ASSERT_EQ(fg->test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	fg_expect_quiet(fg);
	return id;
}

static void rt_unload(struct fg *fg)
{
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	fg_expect_quiet(fg);
}

/* What the owner is told, and that nothing interrupts. */
static void reserved_open_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev), vp;
	int before = atomic_read(&dev->signals);

	KUNIT_EXPECT_EQ(test, dev->params.target_vp, VMBUS_VP_NONE);
	KUNIT_EXPECT_EQ(test, dev->params.ring_gpadl, RT_GPADL);
	KUNIT_EXPECT_EQ(test, dev->params.downstream_page, 2U);
	vsrv_chan_interrupt(dev->chan);
	for (vp = 0; vp < FG_VPS; vp++)
		KUNIT_EXPECT_FALSE(test, fg_event(fg, vp, id));
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0),
			HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);

	/* Whoever closes it may listen elsewhere. */
	rt_close(fg, id, 0, 9);
	rt_expect_closed(fg, id, 0, 9);
	KUNIT_EXPECT_EQ(test, rt_slot(fg, RT_VP, RT_SINT)->header.message_type, HVMSG_NONE);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
	KUNIT_EXPECT_EQ(test, dev->closes, 1U);
	/* Now it is as any other, and its GPADL can be torn down. */
	fg_teardown(fg, id, RT_GPADL);
	fg_expect_torndown(fg, RT_GPADL);
	fg_dev_opened(fg, dev);
}

/* An owner that cannot: told where the client listens, and the channel is free again. */
static void reserved_open_fails_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(4, 1), 0);
	id = vsrv_chan_id(dev->chan);
	dev->err = -EIO;
	rt_open(fg, id, RT_VP, RT_SINT);
	rt_expect_opened(fg, id, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
	fg_expect_quiet(fg);
	dev->err = 0;
	fg_dev_opened(fg, dev);
}

/* Answers to a VP or SINT that cannot hear them are lost and counted. */
static void reserved_deaf_test(struct kunit *test)
{
	static const struct { u32 vp, sint; } nowhere[] = {
		{ FG_VPS, RT_SINT }, { U32_MAX, RT_SINT }, { RT_VP, 16 }, { RT_VP, 0xff },
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i;
	u32 id;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(4, 1), 0);
	id = vsrv_chan_id(dev->chan);
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		rt_open(fg, id, nowhere[i].vp, nowhere[i].sint);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
		rt_close(fg, id, nowhere[i].vp, nowhere[i].sint);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
		KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_LOST), 2 * (i + 1));
	}
	/* Only the lowest byte of the SINT counts. */
	rt_open(fg, id, RT_VP, 0xabcd00 | RT_SINT);
	rt_expect_opened(fg, id, 0);
	fg_expect_quiet(fg);
}

/* What does not go with a channel that is, or is not, reserved. */
static void reserved_refused_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev), plain;
	s64 refused = fg_count(fg, VSRV_MESSAGES_REFUSED);

	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	fg_modify(fg, id, 0);
	fg_teardown(fg, id, RT_GPADL);
	rt_open(fg, id, RT_VP, RT_SINT);
	fg_open(fg, id, RT_GPADL, 0);
	rt_open(fg, 77, RT_VP, RT_SINT);
	rt_close(fg, 77, RT_VP, RT_SINT);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 8);
	fg_gpadl(fg, id, 0x22, 4);
	fg_expect_created(fg, id, 0x22, VMBUS_STATUS_FAILURE);

	fg_dev_offer(fg, other, 2);
	plain = fg_expect_offer(fg);
	rt_close(fg, plain, RT_VP, RT_SINT);
	fg_dev_opened(fg, other);
	rt_close(fg, plain, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_dev_state(other), VSRV_CHAN_OPEN);
	rt_open(fg, plain, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 12);

	/* While it closes, too. */
	dev->slow = FG_SLOW_CLOSE;
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_open(fg, id, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 14);
	vsrv_close_done(dev->chan);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	fg_expect_quiet(fg);
}

/* A guest that waits for an answer gets it, also when there is nothing to be moved. */
static void reserved_modify_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	rt_open(fg, 1, RT_VP, RT_SINT);
	rt_expect_opened(fg, 1, 0);
	fg_modify(fg, 1, 1);
	fg_expect_modified(fg, 1, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, dev->modifies, 0U);
	rt_close(fg, 1, RT_VP, RT_SINT);
	rt_expect_closed(fg, 1, RT_VP, RT_SINT);
}

/* While its owner opens it: refused is what it is when open, and unload leaves it, too. */
static void reserved_opening_test(struct kunit *test)
{
	static const int errs[] = { 0, -EIO };
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i;
	s64 refused;
	u32 id;

	fg_dev_offer(fg, dev, 1);
	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
		id = vsrv_chan_id(dev->chan);
		dev->slow = FG_SLOW_OPEN;
		rt_open(fg, id, RT_VP, RT_SINT);
		refused = fg_count(fg, VSRV_MESSAGES_REFUSED);
		rt_open(fg, id, RT_VP, RT_SINT);
		rt_close(fg, id, RT_VP, RT_SINT);
		fg_open(fg, id, RT_GPADL, 0);
		fg_channel(fg, VMBUS_MSG_CLOSE, id);
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
		KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 5);
		rt_unload(fg);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPENING);
		vsrv_open_done(dev->chan, errs[i]);
		rt_expect_opened(fg, id, errs[i] ? VMBUS_STATUS_FAILURE : 0);
		if (!errs[i]) {
			rt_close(fg, id, RT_VP, RT_SINT);
			rt_expect_closed(fg, id, RT_VP, RT_SINT);
		}
		/* Nobody knows it any more. */
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
		fg_expect_quiet(fg);
	}
}

/* A pause is for messages that the connection has; these answers are none. */
static void reserved_pause_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(6, 0), VMBUS_FEATURE_PAUSE_RESUME);
	dev->slow = FG_SLOW_OPEN;
	rt_open(fg, 1, RT_VP, RT_SINT);
	fg_simple(fg, VMBUS_MSG_PAUSE);
	fg_expect(fg, VMBUS_MSG_PAUSE_RESPONSE, 8);
	vsrv_open_done(dev->chan, 0);
	fg_settle(fg);
	rt_expect_opened(fg, 1, 0);
	/* What it says itself is dropped as all else. */
	rt_close(fg, 1, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	fg_simple(fg, VMBUS_MSG_RESUME);
	rt_close(fg, 1, RT_VP, RT_SINT);
	rt_expect_closed(fg, 1, RT_VP, RT_SINT);
}

/* GPADL ids of a channel that outlives its connection are free for the next one. */
static void reserved_gpadl_id_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev), plain;

	fg_dev_offer(fg, other, 2);
	fg_drain(fg);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	plain = vsrv_chan_id(other->chan);
	fg_gpadl(fg, plain, RT_GPADL, 4);
	fg_expect_created(fg, plain, RT_GPADL, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 2U);
	fg_teardown(fg, plain, RT_GPADL);
	fg_expect_torndown(fg, RT_GPADL);
	KUNIT_EXPECT_EQ(test, other->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 0U);
	/* Also one that comes in pieces. */
	fg_gpadl_begin(fg, plain, RT_GPADL, 3);
	fg_gpadl_body(fg, RT_GPADL, 2);
	fg_expect_created(fg, plain, RT_GPADL, 0);
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, other->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 1U);
}

/* Unload leaves it; it is closed without a connection, and then is offered as before. */
static void reserved_unload_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev);

	rt_unload(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, vsrv_chan_id(dev->chan), id);
	KUNIT_EXPECT_EQ(test, dev->closes, 0U);

	rt_close(fg, id, RT_VP, RT_SINT);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	KUNIT_EXPECT_TRUE(test, list_empty(&dev->chan->gpadls));
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
	fg_dev_opened(fg, dev);
}

/* The next connection does not see it until it is closed; then it is a hot add. */
static void reserved_reconnect_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev);

	fg_dev_offer(fg, other, 2);
	fg_drain(fg);
	/* By a contact on the live connection. */
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_NE(test, vsrv_chan_id(other->chan), id);
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), vsrv_chan_id(dev->chan));
	fg_dev_opened(fg, dev);
}

/* Not offered again before its owner has let go of what the old client gave it. */
static void reserved_slow_teardown_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev);

	dev->slow = FG_SLOW_TEARDOWN;
	rt_unload(fg);
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 0U);
	vsrv_gpadl_teardown_done(dev->chan, RT_GPADL);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), id);
	fg_expect_quiet(fg);
	fg_dev_opened(fg, dev);
	/* That was once: what the client lets go of itself is not offered again. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_gpadl(fg, id, RT_GPADL, 4);
	fg_expect_created(fg, id, RT_GPADL, 0);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	vsrv_gpadl_teardown_done(dev->chan, RT_GPADL);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
}

/* The host takes it away: the client is told, unless its connection is gone. */
static void reserved_revoke_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev);

	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	fg_expect_rescind(fg, id);
	/* As with others: what was under way is not an error. */
	rt_close(fg, id, RT_VP, RT_SINT);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);

	KUNIT_EXPECT_EQ(test, rt_opened(fg, dev), id);
	rt_unload(fg);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 2U);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
}

/* The disconnect waits for the others, and not for it. */
static void reserved_disconnect_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id = rt_opened(fg, dev);

	other->slow = FG_SLOW_CLOSE;
	fg_dev_offer(fg, other, 2);
	fg_drain(fg);
	fg_dev_opened(fg, other);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTING);
	/* Closable meanwhile. */
	rt_close(fg, id, RT_VP, RT_SINT);
	rt_expect_closed(fg, id, RT_VP, RT_SINT);
	fg_expect_quiet(fg);
	vsrv_close_done(other->chan);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 2U);
}

/* Nothing outlives the guest. */
static void reserved_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	rt_opened(fg, dev);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	KUNIT_EXPECT_FALSE(test, dev->chan->reserved.on);
	fg_synic_on(fg);

	fg_dev_revoke(dev);
	rt_opened(fg, dev);
	rt_unload(fg);
	vpart_reset(fg->part);
	fg_synic_on(fg);
	KUNIT_EXPECT_EQ(test, dev->stops, 2U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
	fg_dev_opened(fg, dev);
}

static struct kunit_case reserved_cases[] = {
	KUNIT_CASE(reserved_open_test),
	KUNIT_CASE(reserved_open_fails_test),
	KUNIT_CASE(reserved_deaf_test),
	KUNIT_CASE(reserved_refused_test),
	KUNIT_CASE(reserved_modify_test),
	KUNIT_CASE(reserved_opening_test),
	KUNIT_CASE(reserved_pause_test),
	KUNIT_CASE(reserved_gpadl_id_test),
	KUNIT_CASE(reserved_unload_test),
	KUNIT_CASE(reserved_reconnect_test),
	KUNIT_CASE(reserved_slow_teardown_test),
	KUNIT_CASE(reserved_revoke_test),
	KUNIT_CASE(reserved_disconnect_test),
	KUNIT_CASE(reserved_reset_test),
	{}
};

static struct kunit_suite reserved_suite = {
	.name = "vmbus_reserved",
	.test_cases = reserved_cases,
};

kunit_test_suite(reserved_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: reserved channels");
MODULE_LICENSE("GPL");
