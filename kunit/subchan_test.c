// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of sub-channels of vmbus_srv: when they can be offered, what they are, and
 * how they end when the guest closes the device.
 */
#include <linux/module.h>
#include "subchan_test.h"

/* ---- while the device is open ------------------------------------------------------ */

/* Each sub-channel is a channel of its own. */
static void sub_offer_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	struct fg_dev *sub = sc->subs[1];
	u32 ids[SC_SUBS];
	int before;

	sc_offer_all(sc);
	sc_ids(sc, ids);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, vsrv_chan_offer(sub->chan)->subchannel, 2);
	KUNIT_EXPECT_PTR_EQ(test, vsrv_chan_server(sub->chan), fg->srv);
	fg_dev_opened(fg, sub);
	KUNIT_EXPECT_EQ(test, sub->params.connection_id, VMBUS_CONN_EVENT(ids[1], 2, 0));
	KUNIT_EXPECT_EQ(test, sub->params.event_flag, ids[1]);
	before = atomic_read(&sc->dev->signals);
	atomic_set(&sub->signals, 0);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(ids[1], 2, 0), 0),
			HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&sub->signals), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&sc->dev->signals), before);
	vsrv_chan_interrupt(sub->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, ids[1]));
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, sc->id));

	/* Closed alone it stays, and the device does not notice. */
	fg_channel(fg, VMBUS_MSG_CLOSE, ids[1]);
	KUNIT_EXPECT_EQ(test, sub->closes, 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(sub), VSRV_CHAN_CLOSED);
	KUNIT_EXPECT_EQ(test, fg_dev_opened(fg, sub), ids[1]);
	KUNIT_EXPECT_EQ(test, fg_dev_state(sc->dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, sc->dev->closes + sc->dev->stops, 0U);
	fg_expect_quiet(fg);
}

/* Its interrupts go where the guest wants them, and those of the others stay. */
static void sub_modify_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg_dev *sub = sc->subs[0];
	struct fg *fg = sc->fg;
	u32 id;

	sc_offer_all(sc);
	id = vsrv_chan_id(sub->chan);
	fg_modify(fg, id, 1);
	fg_expect_modified(fg, id, 0);
	KUNIT_EXPECT_EQ(test, sub->vp, 1U);
	KUNIT_EXPECT_EQ(test, sc->dev->modifies, 0U);
	vsrv_chan_interrupt(sub->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 1, id));
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
	vsrv_chan_interrupt(sc->dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, sc->id));
	/* Not one that is not open, nor where it cannot go. */
	fg_modify(fg, vsrv_chan_id(sc->subs[1]->chan), 1);
	fg_expect_modified(fg, vsrv_chan_id(sc->subs[1]->chan), VMBUS_STATUS_FAILURE);
	fg_modify(fg, id, FG_VPS);
	fg_expect_modified(fg, id, VMBUS_STATUS_FAILURE);
	/* The device is closed while its owner still works on it: no answer any more. */
	sub->slow = FG_SLOW_MODIFY;
	fg_modify(fg, id, 0);
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	vsrv_modify_done(sub->chan, 0);
	fg_expect_rescind(fg, id);
	fg_expect_rescind(fg, id + 1);
	fg_expect_rescind(fg, id + 2);
	fg_expect_quiet(fg);
	fg_modify(fg, id, 0);
	fg_expect_modified(fg, id, VMBUS_STATUS_FAILURE);
}

/* An index is there once, and none is not. */
static void sub_twice_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct vsrv_offer offer = fg_offer(1);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];

	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 0), -EINVAL);
	sc_offer_all(sc);
	sc_ids(sc, ids);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 3), -EEXIST);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->subs[0], 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->subs[0], 4), -EINVAL);
	offer.subchannel = 2;
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, NULL)), -EEXIST);
	fg_expect_quiet(fg);
	/* The guest has let go of it: it still is the owner's. */
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, ids[2]);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 3), -EEXIST);

	/* One that is given back makes room for another: told when the guest has let go. */
	fg_dev_revoke(sc->subs[0]);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->stops, 1U);
	fg_expect_rescind(fg, ids[0]);
	sc_offer(sc, sc->subs[0], 1);
	fg_expect_quiet(fg);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, ids[0]);
	KUNIT_EXPECT_EQ(test, sc_expect_offer(sc, 1), ids[0]);
	/* Any index will do. */
	fg_dev_revoke(sc->subs[1]);
	fg_expect_rescind(fg, ids[1]);
	sc_offer(sc, sc->subs[1], U16_MAX);
	sc_expect_offer(sc, U16_MAX);
	fg_expect_quiet(fg);
}

/* Only from an open of the guest until its end. */
static void sub_not_open_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vmbus_open_reserved_msg reserved = {
		.channel_id = cpu_to_le32(1), .target_sint = cpu_to_le32(VMBUS_SINT),
	};
	struct vmbus_srv *srv;

	fg_dev_offer(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	dev->slow = FG_SLOW_OPEN | FG_SLOW_CLOSE;
	fg_open(fg, 1, 7, 0);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	vsrv_open_done(dev->chan, 0);
	fg_expect_opened(fg, 1, 0);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), 0);
	fg_expect_offer(fg);
	fg_expect_rescind(fg, 2);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 2);
	fg_channel(fg, VMBUS_MSG_CLOSE, 1);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	fg_open(fg, 1, 7, 0);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	vsrv_close_done(dev->chan);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	vsrv_open_done(dev->chan, -EIO);
	fg_expect_opened(fg, 1, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	dev->slow = 0;
	fg_post(fg, VMBUS_MSG_OPEN_RESERVED, &reserved, sizeof(reserved));
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENOTCONN);
	fg_drain(fg);

	/* A server that is no more. */
	srv = vsrv_get(FG_NAME);
	vsrv_destroy(fg->srv);
	fg->srv = NULL;
	KUNIT_EXPECT_EQ(test, sc_offer_err(dev, 1), -ENODEV);
	fg_dev_revoke(dev);
	vsrv_put(srv);
}

/* A guest that is stopped: each open channel is told, and offers wait. */
static void sub_stop_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS], late;

	sc_offer_all(sc);
	sc_ids(sc, ids);
	fg_dev_revoke(sc->subs[2]);
	fg_expect_rescind(fg, ids[2]);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, ids[2]);
	fg_stop(fg);
	KUNIT_EXPECT_EQ(test, sc->dev->quiesces, 1U);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->quiesces, 1U);
	KUNIT_EXPECT_EQ(test, sc->subs[1]->quiesces, 0U);
	vsrv_chan_interrupt(sc->dev->chan);
	vsrv_chan_interrupt(sc->subs[0]->chan);
	/* The device goes on meanwhile: one more, but nothing is written. */
	memset(sc->subs[2], 0, sizeof(*sc->subs[2]));
	sc_offer(sc, sc->subs[2], 7);
	late = vsrv_chan_id(sc->subs[2]->chan);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, sc->id));
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, ids[0]));
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 1U);

	fg_start(fg);
	KUNIT_EXPECT_EQ(test, sc->dev->resumes, 1U);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->resumes, 1U);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, sc->id));
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, ids[0]));
	KUNIT_EXPECT_EQ(test, sc_expect_offer(sc, 7), late);
	fg_dev_opened(fg, sc->subs[2]);

	/* The end is as ever. */
	fg_stop(fg);
	KUNIT_EXPECT_EQ(test, sc->subs[2]->quiesces, 1U);
	fg_start(fg);
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	ids[2] = late;
	sc_expect_rescinds(sc, ids);
	fg_expect_quiet(fg);
}

/* ---- the end ----------------------------------------------------------------------- */

/* States in which the primary channel's end finds a sub-channel. */
enum sc_state { SC_OFFERED, SC_OPENING, SC_OPEN, SC_CLOSING, SC_REOPENING, SC_RELEASED, SC_STATES };

static void sc_enter(struct sc *sc, struct fg_dev *sub, u32 id, enum sc_state state)
{
	struct fg *fg = sc->fg;

	sub->slow = 0;
	if (state == SC_OPENING) {
		sub->slow = FG_SLOW;
		fg_open(fg, id, 0x20, 0);
	} else if (state == SC_OPEN || state == SC_CLOSING || state == SC_REOPENING) {
		fg_dev_opened(fg, sub);
		sub->slow = FG_SLOW;
		if (state != SC_OPEN)
			fg_channel(fg, VMBUS_MSG_CLOSE, id);
		if (state == SC_REOPENING)
			fg_open(fg, id, 0x20, 0);
	} else if (state == SC_RELEASED) {
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	}
	fg_expect_quiet(fg);
}

/* The guest closes the device, whatever it does with the sub-channel. */
static void sub_close_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg_dev *sub = sc->subs[0];
	struct fg *fg = sc->fg;
	enum sc_state state;
	u32 id;

	for (state = 0; state < SC_STATES; state++) {
		bool used = state != SC_OFFERED && state != SC_RELEASED;

		memset(sub, 0, sizeof(*sub));
		sc_offer(sc, sub, 1);
		id = sc_expect_offer(sc, 1);
		sc_enter(sc, sub, id, state);
		sub->on_stop = sc_first;
		sc->dev->slow = FG_SLOW_CLOSE;
		sc->dev->closes = 0;
		fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
		KUNIT_EXPECT_EQ_MSG(test, sc->dev->closes, 1U, "%d", state);
		KUNIT_EXPECT_EQ_MSG(test, sub->stops, used, "%d", state);
		KUNIT_EXPECT_EQ_MSG(test, sub->closes, state == SC_CLOSING || state == SC_REOPENING,
				    "%d", state);
		/* What its owner answered while it was stopped was said before. */
		if (state == SC_OPENING)
			fg_expect_opened(fg, id, 0);
		if (state == SC_RELEASED)
			KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
		else
			fg_expect_rescind(fg, id);
		/* Nothing reaches its owner any more, and nothing that it does the guest. */
		vsrv_open_done(sub->chan, 0);
		vsrv_close_done(sub->chan);
		vsrv_modify_done(sub->chan, 0);
		vsrv_chan_interrupt(sub->chan);
		KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
		KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(sub->chan, 0x20));
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0),
							     0), HV_STATUS_INVALID_CONNECTION_ID);
		fg_expect_quiet(fg);
		vsrv_close_done(sc->dev->chan);

		/* A guest that does not know yet says what it always says. */
		if (state != SC_RELEASED) {
			fg_channel(fg, VMBUS_MSG_CLOSE, id);
			fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
		}
		KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
		fg_dev_revoke(sub);
		KUNIT_EXPECT_EQ_MSG(test, sub->stops, used, "%d", state);
		fg_expect_quiet(fg);
		sc->dev->slow = 0;
		sc_open_device(sc);
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 0);
}

/* As Linux does it: the sub-channels first, and the rings only when all are closed. */
static void sub_close_linux_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	unsigned int round;
	u32 ids[SC_SUBS];

	for (round = 0; round < 3; round++) {
		fg_gpadl(fg, sc->id, 0x10, 4);
		fg_expect_created(fg, sc->id, 0x10, 0);
		sc_offer_all(sc);
		sc_ids(sc, ids);
		fg_channel(fg, VMBUS_MSG_CLOSE, ids[0]);
		fg_teardown(fg, ids[0], 0x20);
		fg_expect_torndown(fg, 0x20);
		fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
		fg_teardown(fg, sc->id, 0x10);
		sc_expect_rescinds(sc, ids);
		fg_expect_torndown(fg, 0x10);
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ(test, sc->subs[0]->closes, 1U);
		KUNIT_EXPECT_EQ(test, sc->subs[0]->stops + sc->dev->stops, 0U);
		KUNIT_EXPECT_EQ(test, sc->dev->closes, round + 1);
		sc_release(sc, ids);
		KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
		sc_give_back(sc);
		sc_open_device(sc);
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 0);
}

/* The guest opens the device again before it has let go of the old sub-channels. */
static void sub_reopen_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];
	unsigned int i;

	sc_offer_all(sc);
	sc_ids(sc, ids);
	sc->dev->slow = FG_SLOW_CLOSE;
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	fg_open(fg, sc->id, 0x6a0000, 0);
	sc_expect_rescinds(sc, ids);
	fg_expect_quiet(fg);
	vsrv_close_done(sc->dev->chan);
	fg_expect_opened(fg, sc->id, 0);
	/* Old and new at once; the new ones are told when they have a place. */
	for (i = 0; i < SC_SUBS; i++) {
		struct vsrv_chan *old = sc->subs[i]->chan;

		sc_offer(sc, sc->subs[i], i + 1);
		vsrv_revoke(old);
		KUNIT_EXPECT_EQ(test, fg_dev_state(sc->subs[i]), VSRV_CHAN_REOFFERED);
	}
	fg_expect_quiet(fg);
	for (i = SC_SUBS; i--; ) {
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, ids[i]);
		KUNIT_EXPECT_EQ(test, sc_expect_offer(sc, i + 1), ids[i]);
	}
	fg_dev_opened(fg, sc->subs[2]);
	fg_expect_quiet(fg);

	/* Those that never had one go in silence. */
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	sc_expect_rescinds(sc, ids);
	vsrv_close_done(sc->dev->chan);
	sc_give_back(sc);
	sc_open_device(sc);
	for (i = 0; i < SC_SUBS; i++)
		sc_offer(sc, sc->subs[i], i + 1);
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	fg_expect_quiet(fg);
	sc_release(sc, ids);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
	vsrv_close_done(sc->dev->chan);
}

/* ---- as many as there can be ------------------------------------------------------- */

static void sub_limit_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	struct vsrv_chan **chans;
	unsigned int i;

	chans = kunit_kcalloc(test, VSRV_MAX_CHANNELS, sizeof(*chans), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chans);
	for (i = 1; i < VSRV_MAX_CHANNELS; i++) {
		chans[i] = vsrv_offer_sub(sc->dev->chan, i, &fg_dev_ops, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(chans[i]));
		KUNIT_ASSERT_EQ(test, sc_expect_offer(sc, i), i + 1);
	}
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, i), -ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_NO_ID]), 1);
	fg_expect_quiet(fg);
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	for (i = 1; i < VSRV_MAX_CHANNELS; i++)
		fg_expect_rescind(fg, i + 1);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, sc->dev->closes, 1U);
	for (i = 1; i < VSRV_MAX_CHANNELS; i++)
		vsrv_revoke(chans[i]);
	/* Room is when the guest has let go. */
	sc_open_device(sc);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, U16_MAX), -ENOSPC);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1000);
	sc_offer(sc, sc->subs[0], U16_MAX);
	KUNIT_EXPECT_EQ(test, sc_expect_offer(sc, U16_MAX), 1000U);
	fg_expect_quiet(fg);
}

static struct kunit_case subchan_cases[] = {
	KUNIT_CASE(sub_offer_test),
	KUNIT_CASE(sub_modify_test),
	KUNIT_CASE(sub_twice_test),
	KUNIT_CASE(sub_not_open_test),
	KUNIT_CASE(sub_stop_test),
	KUNIT_CASE(sub_close_test),
	KUNIT_CASE(sub_close_linux_test),
	KUNIT_CASE(sub_reopen_test),
	KUNIT_CASE_SLOW(sub_limit_test),
	{}
};

static struct kunit_suite subchan_suite = {
	.name = "vmbus_subchan",
	.test_cases = subchan_cases,
};

kunit_test_suite(subchan_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: sub-channels");
MODULE_LICENSE("GPL");
