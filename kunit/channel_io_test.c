// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what an open channel does in vmbus_srv: parameters of the open,
 * interrupts, signals, and moving to another VP.
 */
#include <linux/module.h>
#include "fake_guest.h"

/* ---- parameters of the open -------------------------------------------------------- */

static u32 io_open2(struct fg *fg, u32 channel, u32 vp, u32 connection, u16 flag, u16 flags)
{
	struct vmbus_open2_msg m = {
		.open.channel_id = cpu_to_le32(channel),
		.open.open_id = cpu_to_le32(0xb000 + channel),
		.open.ring_gpadl = cpu_to_le32(0x12345678),
		.open.target_vp = cpu_to_le32(vp),
		.open.downstream_page = cpu_to_le32(0x9abc),
		.connection_id = cpu_to_le32(connection),
		.event_flag = cpu_to_le16(flag),
		.flags = cpu_to_le16(flags),
	};
	unsigned int i;

	for (i = 0; i < sizeof(m.open.user_data); i++)
		m.open.user_data[i] = i;
	fg_post(fg, VMBUS_MSG_OPEN, &m, sizeof(m));
	return channel;
}

static u16 io_signal(struct fg *fg, u32 connection)
{
	return vpart_hypercall_signal(fg->part, connection, 0);
}

static void io_close(struct fg *fg, struct fg_dev *dev, u32 id)
{
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	KUNIT_ASSERT_EQ(fg->test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
}

/* Connection and event flag are the guest's only with the feature. */
static void channel_params_test(struct kunit *test)
{
	static const struct { u32 version, features; bool own; } table[] = {
		{ FG_V(5, 3), 0xff, false }, { FG_V(6, 0), 0, false }, { FG_V(6, 0), 0x2, false },
		{ FG_V(6, 0), 0x4, false }, { FG_V(6, 0), 0x1, true }, { FG_V(6, 0), 0x7, true },
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *first = fg_dev_new(fg), *dev = fg_dev_new(fg);
	unsigned int i, k;
	u32 id;

	/* So that the id is not 1. */
	fg_dev_offer(fg, first, 1);
	fg_dev_offer(fg, dev, 2);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fg_connect_offers(fg, table[i].version, table[i].features);
		id = vsrv_chan_id(dev->chan);
		KUNIT_EXPECT_EQ(test, id, 2U);
		io_open2(fg, id, 1, 0x7055, 0x456, VMBUS_OPEN_REDIRECT_INTERRUPT);
		fg_expect_opened(fg, id, 0);
		KUNIT_EXPECT_EQ(test, dev->params.ring_gpadl, 0x12345678U);
		KUNIT_EXPECT_EQ(test, dev->params.downstream_page, 0x9abcU);
		KUNIT_EXPECT_EQ(test, dev->params.target_vp, 1U);
		KUNIT_EXPECT_EQ(test, dev->params.connection_id, table[i].own ? 0x7055 : 0x2002);
		KUNIT_EXPECT_EQ(test, dev->params.event_flag, table[i].own ? 0x456 : 2);
		KUNIT_EXPECT_EQ(test, dev->params.redirect, (table[i].features & 0x2) &&
				table[i].version == FG_V(6, 0));
		for (k = 0; k < sizeof(dev->params.user_data); k++)
			KUNIT_EXPECT_EQ(test, dev->params.user_data[k], k);

		/* Both ways go where the parameters say. */
		atomic_set(&dev->signals, 0);
		KUNIT_EXPECT_EQ(test, io_signal(fg, dev->params.connection_id), HV_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 1);
		vsrv_chan_interrupt(dev->chan);
		/* A guest's wish to interrupt VTL2 is not for this server. */
		KUNIT_EXPECT_TRUE(test, fg_event(fg, 1, dev->params.event_flag));
		io_close(fg, dev, id);
		KUNIT_EXPECT_EQ(test, io_signal(fg, dev->params.connection_id),
				HV_STATUS_INVALID_CONNECTION_ID);
	}
}

/* What cannot be opened is answered, and the owner not troubled with it. */
static void channel_bad_params_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	const struct { u32 vp, connection; u16 flag; } bad[] = {
		{ 0, 0x2001, 0 }, { 0, 0x2001, 2048 }, { 0, 0x2001, U16_MAX },
		{ FG_VPS, 0x2001, 1 }, { U32_MAX - 1, 0x2001, 1 },
		{ 0, VMBUS_CONN_MESSAGE, 1 }, { 0, VMBUS_CONN_MESSAGE_MULTI, 1 },
		{ 0, 0x2002, 1 },	/* the other channel's */
		{ 0, VMBUS_CONN_EVENT_SHARED, 1 }, { 0, VMBUS_CONN_MESSAGE_REDIRECT, 1 },
		{ 0, VMBUS_CONN_EVENT(1, VMBUS_SINT_REDIRECT, 2), 1 },
		{ 0, VMBUS_CONN_EVENT(1, VMBUS_SINT, 1), 1 }, { 0, BIT(16), 1 },
		{ 0, BIT(22), 1 }, { 0, BIT(23), 1 }, { 0, BIT(24) - 1, 1 },
		{ 0, BIT(24), 1 }, { 0, U32_MAX, 1 },
	};
	unsigned int i;

	fg_dev_offer(fg, dev, 1);
	fg_dev_offer(fg, other, 2);
	fg_connect_offers(fg, FG_V(6, 0), 0x7);
	fg_dev_opened(fg, other);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		io_open2(fg, 1, bad[i].vp, bad[i].connection, bad[i].flag, 0);
		fg_expect_opened(fg, 1, VMBUS_STATUS_FAILURE);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
		KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_OPENS_FAILED), i + 1);
	}
	KUNIT_EXPECT_EQ(test, dev->opens, 0U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(other), VSRV_CHAN_OPEN);
	/* The least and the most that go. */
	io_open2(fg, 1, FG_VPS - 1, 0, 1, 0);
	fg_expect_opened(fg, 1, 0);
	io_close(fg, dev, 1);
	io_open2(fg, 1, 0, U16_MAX, 2047, 0);
	fg_expect_opened(fg, 1, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 2047));
	fg_expect_quiet(fg);
}

/* An owner that cannot open, and then can. */
static void channel_open_fails_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	dev->err = -EIO;
	fg_open(fg, 1, 7, 0);
	fg_expect_opened(fg, 1, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_INVALID_CONNECTION_ID);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 0);
	dev->err = 0;
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_EQ(test, dev->closes, 0U);
	KUNIT_EXPECT_EQ(test, dev->opens, 2U);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
}

/* ---- interrupts and signals -------------------------------------------------------- */

/* A guest drops an interrupt that comes before OPEN_RESULT: it is kept until then. */
static void channel_early_interrupt_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	dev->slow = FG_SLOW_OPEN;
	/* A message that the guest does not take yet. */
	fg_modify(fg, 5, 0);
	fg_open(fg, 1, 7, 0);
	KUNIT_EXPECT_EQ(test, dev->opens, 1U);
	vsrv_chan_interrupt(dev->chan);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	vsrv_open_done(dev->chan, 0);
	fg_settle(fg);
	vsrv_chan_interrupt(dev->chan);
	/* OPEN_RESULT waits for the slot, and so does the interrupt. */
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 1U);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	fg_expect_modified(fg, 5, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 0U);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 1));
	fg_expect_opened(fg, 1, 0);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 1));

	/* None without need. */
	dev->slow = 0;
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	/* A guest may still listen for what the owner completes while it closes. */
	dev->slow = FG_SLOW_CLOSE;
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 1));
	vsrv_close_done(dev->chan);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
}

/* Many interrupts before the guest looks are one, and are all counted. */
static void channel_interrupt_count_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i;
	int before;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, dev);
	before = atomic_read(&fg->interrupts[0]);
	for (i = 0; i < 5; i++)
		vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_EQ(test, atomic64_read(&dev->chan->interrupts), 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[0]), before + 1);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 1));
	vsrv_chan_count(dev->chan, VSRV_CHAN_PACKETS_IN, 3);
	vsrv_chan_count(dev->chan, VSRV_CHAN_PACKETS_IN, 4);
	KUNIT_EXPECT_EQ(test, atomic64_read(&dev->chan->counters[VSRV_CHAN_PACKETS_IN]), 7);
}

/* Opened with no VP, a channel never interrupts, and cannot be told to. */
static void channel_no_interrupt_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int before;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_open(fg, 1, 7, VMBUS_VP_NONE);
	fg_expect_opened(fg, 1, 0);
	KUNIT_EXPECT_EQ(test, dev->params.target_vp, VMBUS_VP_NONE);
	before = atomic_read(&fg->interrupts[0]);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[0]), before);
	fg_modify(fg, 1, 0);
	fg_expect_modified(fg, 1, VMBUS_STATUS_FAILURE);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_EQ(test, dev->modifies, 0U);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 1));
	/* It is opened all the same. */
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_SUCCESS);
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	KUNIT_EXPECT_EQ(test, dev->closes, 1U);
}

/* Signals before the owner is ready are made up for by one; none after the close. */
static void channel_signal_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_INVALID_CONNECTION_ID);
	dev->slow = FG_SLOW_OPEN | FG_SLOW_CLOSE;
	fg_open(fg, 1, 7, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 0);
	vsrv_open_done(dev->chan, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 4);
	KUNIT_EXPECT_EQ(test, atomic64_read(&dev->chan->signals), 6);
	fg_expect_opened(fg, 1, 0);

	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSING);
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_INVALID_CONNECTION_ID);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 4);
}

/* An owner without signal callback has the connection served by somebody else. */
static void channel_no_signal_test(struct kunit *test)
{
	static const struct vsrv_chan_ops ops = {
		.open = fg_dev_open,
		.close = fg_dev_close,
		.stop = fg_dev_stop,
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *host = fg_dev_new(fg);

	fg_dev_offer_as(fg, dev, 1, &ops);
	fg_dev_offer(fg, host, 2);
	fg_connect_offers(fg, FG_V(6, 0), 0x7);
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_INVALID_CONNECTION_ID);
	/* The host's end may have interrupted before OPEN_RESULT: made up for. */
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 1));
	/* The connection is free for that end of the channel. */
	io_open2(fg, 2, 0, 0x2001, 2, 0);
	fg_expect_opened(fg, 2, 0);
	atomic_set(&host->signals, 0);
	KUNIT_EXPECT_EQ(test, io_signal(fg, 0x2001), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&host->signals), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 0);
}

static bool io_direct(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	return params->user_data[0] & 1;
}

/* An owner decides at each open whether it is in the signal path. */
static void channel_direct_test(struct kunit *test)
{
	struct vsrv_chan_ops ops = fg_dev_ops;
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vmbus_open_msg m = {
		.channel_id = cpu_to_le32(1),
		.open_id = cpu_to_le32(0xb001),
	};
	unsigned int i;

	ops.direct = io_direct;
	fg_dev_offer_as(fg, dev, 1, &ops);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	for (i = 0; i < 4; i++) {
		m.user_data[0] = i;
		atomic_set(&dev->signals, 0);
		fg_post(fg, VMBUS_MSG_OPEN, &m, sizeof(m));
		fg_expect_opened(fg, 1, 0);
		KUNIT_EXPECT_EQ(test, dev->opens, i + 1);
		KUNIT_EXPECT_FALSE(test, dev->params.shared);
		/* Either end makes up for what came before OPEN_RESULT, by its own means. */
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&dev->signals), !(i & 1), "open %u", i);
		KUNIT_EXPECT_EQ_MSG(test, fg_event(fg, 0, 1), i & 1, "open %u", i);
		KUNIT_EXPECT_EQ_MSG(test, io_signal(fg, 0x2001), i & 1 ?
				    HV_STATUS_INVALID_CONNECTION_ID : HV_STATUS_SUCCESS,
				    "open %u", i);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&dev->signals), i & 1 ? 0 : 2, "open %u",
				    i);
		fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	}
	fg_dev_revoke(dev);
}

/* Nor does the host of a relayed channel hear of an id that is not the guest's to give. */
static void channel_direct_params_test(struct kunit *test)
{
	static const struct { u32 connection; bool ok; } table[] = {
		{ 0, true }, { 3, true }, { 5, true }, { 0x2001, true }, { 0x7055, true },
		{ U16_MAX, true },
		{ VMBUS_CONN_MESSAGE, false }, { VMBUS_CONN_EVENT_SHARED, false },
		{ VMBUS_CONN_MESSAGE_MULTI, false }, { VMBUS_CONN_MESSAGE_REDIRECT, false },
		{ VMBUS_CONN_EVENT(1, VMBUS_SINT_REDIRECT, 2), false },
		{ VMBUS_CONN_EVENT(2047, VMBUS_SINT, 3), false }, { BIT(16), false },
		{ BIT(24) - 1, false },
	};
	struct vsrv_chan_ops ops = fg_dev_ops;
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i, opens = 0;

	ops.signal = NULL;
	fg_dev_offer_as(fg, dev, 1, &ops);
	fg_connect_offers(fg, FG_V(6, 0), VMBUS_FEATURE_GUEST_SIGNAL);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		io_open2(fg, 1, 0, table[i].connection, 1, 0);
		fg_expect_opened(fg, 1, table[i].ok ? 0 : VMBUS_STATUS_FAILURE);
		opens += table[i].ok;
		KUNIT_EXPECT_EQ_MSG(test, dev->opens, opens, "%#x", table[i].connection);
		if (table[i].ok)
			io_close(fg, dev, 1);
	}
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_OPEN_CONNECTION]),
			(s64)ARRAY_SIZE(table) - opens);
	fg_dev_revoke(dev);
}

/* ---- another VP -------------------------------------------------------------------- */

static void io_expect_vp(struct fg *fg, struct fg_dev *dev, u32 vp)
{
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(fg->test, fg_event(fg, vp, 1));
	KUNIT_EXPECT_FALSE(fg->test, fg_event(fg, !vp, 1));
}

static void channel_modify_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, dev);
	io_expect_vp(fg, dev, 0);
	fg_modify(fg, 1, 1);
	fg_expect_modified(fg, 1, 0);
	io_expect_vp(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, dev->vp, 1U);
	/* Where it cannot go. */
	fg_modify(fg, 1, FG_VPS);
	fg_expect_modified(fg, 1, VMBUS_STATUS_FAILURE);
	fg_modify(fg, 1, VMBUS_VP_NONE);
	fg_expect_modified(fg, 1, VMBUS_STATUS_FAILURE);
	io_expect_vp(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, dev->modifies, 1U);

	/* Done before the owner has said so; one more meanwhile is dropped. */
	dev->slow = FG_SLOW_MODIFY;
	fg_modify(fg, 1, 0);
	io_expect_vp(fg, dev, 0);
	fg_modify(fg, 1, 1);
	fg_expect_quiet(fg);
	vsrv_modify_done(dev->chan, -EIO);
	fg_expect_modified(fg, 1, VMBUS_STATUS_FAILURE);
	/* What the owner refused is taken back. */
	io_expect_vp(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, dev->modifies, 2U);
	/* An answer that nobody asked for. */
	vsrv_modify_done(dev->chan, 0);
	fg_expect_quiet(fg);
}

/* Guests that get no answer: the last one counts. */
static void channel_modify_silent_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(4, 1), 0);
	fg_dev_opened(fg, dev);
	dev->slow = FG_SLOW_MODIFY;
	fg_modify(fg, 1, 1);
	fg_modify(fg, 1, 0);
	fg_modify(fg, 1, 1);
	fg_modify(fg, 1, 0);
	KUNIT_EXPECT_EQ(test, dev->modifies, 1U);
	KUNIT_EXPECT_EQ(test, dev->vp, 1U);
	vsrv_modify_done(dev->chan, 0);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, dev->modifies, 2U);
	KUNIT_EXPECT_EQ(test, dev->vp, 0U);
	vsrv_modify_done(dev->chan, 0);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, dev->modifies, 2U);
	io_expect_vp(fg, dev, 0);
	fg_expect_quiet(fg);
	/* There is none before 4.1. */
	fg_connect_offers(fg, FG_V(4, 0), 0);
	fg_dev_opened(fg, dev);
	fg_modify(fg, 1, 1);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 1);
	io_expect_vp(fg, dev, 0);
}

/* A close ends a modify that is under way: the next open knows nothing of it. */
static void channel_modify_close_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, dev);
	dev->slow = FG_SLOW_MODIFY | FG_SLOW_CLOSE;
	fg_modify(fg, 1, 1);
	KUNIT_EXPECT_EQ(test, dev->modifies, 1U);
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	fg_open(fg, 1, 7, 0);
	vsrv_close_done(dev->chan);
	fg_settle(fg);
	fg_expect_opened(fg, 1, 0);
	fg_expect_quiet(fg);

	fg_modify(fg, 1, 1);
	KUNIT_EXPECT_EQ(test, dev->modifies, 2U);
	vsrv_modify_done(dev->chan, 0);
	fg_expect_modified(fg, 1, 0);
	io_expect_vp(fg, dev, 1);
	/* An owner that still answers while it closes is not heard. */
	fg_modify(fg, 1, 0);
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	vsrv_modify_done(dev->chan, 0);
	vsrv_close_done(dev->chan);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
}

/* An owner that does not care where its interrupts go. */
static void channel_modify_local_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer_as(fg, dev, 1, &fg_local_ops);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, dev);
	fg_modify(fg, 1, 1);
	fg_expect_modified(fg, 1, 0);
	io_expect_vp(fg, dev, 1);
	fg_modify(fg, 1, 0);
	fg_expect_modified(fg, 1, 0);
	io_expect_vp(fg, dev, 0);
}

static struct kunit_case channel_io_cases[] = {
	KUNIT_CASE(channel_params_test),
	KUNIT_CASE(channel_bad_params_test),
	KUNIT_CASE(channel_open_fails_test),
	KUNIT_CASE(channel_early_interrupt_test),
	KUNIT_CASE(channel_interrupt_count_test),
	KUNIT_CASE(channel_no_interrupt_test),
	KUNIT_CASE(channel_signal_test),
	KUNIT_CASE(channel_no_signal_test),
	KUNIT_CASE(channel_direct_test),
	KUNIT_CASE(channel_direct_params_test),
	KUNIT_CASE(channel_modify_test),
	KUNIT_CASE(channel_modify_silent_test),
	KUNIT_CASE(channel_modify_close_test),
	KUNIT_CASE(channel_modify_local_test),
	{}
};

static struct kunit_suite channel_io_suite = {
	.name = "vmbus_channel_io",
	.test_cases = channel_io_cases,
};

kunit_test_suite(channel_io_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: open channels");
MODULE_LICENSE("GPL");
