// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of sub-channels of vmbus_srv whose device, guest or server goes: they go before
 * the device, for its owner and for the guest.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include "subchan_test.h"

/* ---- the device is taken away ------------------------------------------------------ */

/* The device is taken away: the guest hears of its sub-channels first. */
static void sub_revoke_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];
	unsigned int i;

	sc_offer_all(sc);
	sc_ids(sc, ids);
	sc->subs[0]->on_stop = sc_first;
	fg_dev_revoke(sc->dev);
	KUNIT_EXPECT_EQ(test, sc->dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->stops, 1U);
	KUNIT_EXPECT_EQ(test, sc->subs[1]->stops, 0U);
	sc_expect_rescinds(sc, ids);
	fg_expect_rescind(fg, sc->id);
	sc_give_back(sc);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->stops, 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U + SC_SUBS);

	/* Offered again while the guest holds all of them. */
	fg_dev_offer(fg, sc->dev, 1);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 1), -ENOTCONN);
	for (i = 0; i < SC_SUBS; i++) {
		fg_channel(fg, VMBUS_MSG_CLOSE, ids[i]);
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, ids[i]);
	}
	fg_expect_quiet(fg);
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, sc->id);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), sc->id);
	sc_open_device(sc);
	sc_offer_all(sc);

	/* An owner that goes through them by itself. */
	sc_ids(sc, ids);
	sc_give_back(sc);
	sc_expect_rescinds(sc, ids);
	fg_dev_revoke(sc->dev);
	fg_expect_rescind(fg, sc->id);
	fg_expect_quiet(fg);
}

/* Given back from the callbacks that say that they are gone. */
static void sc_stop_and_give_back(struct fg_dev *dev)
{
	sc_give_back(sc_now);
}

static void sub_give_back_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];

	sc_offer_all(sc);
	sc_ids(sc, ids);
	sc->dev->on_stop = sc_stop_and_give_back;
	fg_dev_revoke(sc->dev);
	sc_expect_rescinds(sc, ids);
	fg_expect_rescind(fg, sc->id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_NULL(test, sc->subs[0]->chan);
	sc_release(sc, ids);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
}

static struct {
	struct work_struct revoke;
	struct work_struct give_back;
	struct work_struct reset;
	struct completion stopping;
	struct completion go_on;
} sc_race;

static void sc_race_revoke(struct work_struct *work)
{
	fg_dev_revoke(sc_now->dev);
}

static void sc_race_give_back(struct work_struct *work)
{
	fg_dev_revoke(sc_now->subs[1]);
}

static void sc_race_reset(struct work_struct *work)
{
	vpart_reset(sc_now->fg->part);
}

static void sc_race_stop(struct fg_dev *dev)
{
	complete(&sc_race.stopping);
	wait_for_completion_timeout(&sc_race.go_on, FG_TIMEOUT);
}

/* Have something done to the device; returns in the middle of the stop of @dev. */
static void sc_race_begin(struct sc *sc, struct fg_dev *dev, struct work_struct *work)
{
	INIT_WORK(&sc_race.revoke, sc_race_revoke);
	INIT_WORK(&sc_race.give_back, sc_race_give_back);
	INIT_WORK(&sc_race.reset, sc_race_reset);
	init_completion(&sc_race.stopping);
	init_completion(&sc_race.go_on);
	dev->on_stop = sc_race_stop;
	schedule_work(work);
	KUNIT_EXPECT_NE(sc->fg->test,
			wait_for_completion_timeout(&sc_race.stopping, FG_TIMEOUT), 0);
}

static void sc_race_end(struct work_struct *work)
{
	complete(&sc_race.go_on);
	flush_work(work);
}

/* The owner begins to give a sub-channel back that the server is about to take. */
static void sc_race_both(struct fg *fg)
{
	schedule_work(&sc_race.give_back);
	KUNIT_EXPECT_TRUE(fg->test, fg_wait_request(fg->srv));
}

/* What comes while the sub-channels are taken back, and while the device is. */
static void sub_revoke_race_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	unsigned int round;
	u32 ids[SC_SUBS];

	for (round = 0; round < 2; round++) {
		sc_offer_all(sc);
		sc_ids(sc, ids);
		sc_race_begin(sc, round ? sc->dev : sc->subs[0], &sc_race.revoke);
		KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 9), -ENOTCONN);
		if (!round)
			sc_race_both(fg);
		sc_race_end(&sc_race.revoke);
		flush_work(&sc_race.give_back);
		sc_expect_rescinds(sc, ids);
		fg_expect_rescind(fg, sc->id);
		fg_expect_quiet(fg);
		sc_give_back(sc);
		memset(sc->dev, 0, sizeof(*sc->dev));
		fg_dev_offer(fg, sc->dev, 1);
		KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		sc_open_device(sc);
	}
}

/* An owner that has opened the device only when it was stopped. */
static void sub_reset_race_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;

	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	sc->dev->slow = FG_SLOW_OPEN;
	fg_open(fg, sc->id, 7, 0);
	sc_race_begin(sc, sc->dev, &sc_race.reset);
	vsrv_open_done(sc->dev->chan, 0);
	KUNIT_EXPECT_EQ(test, fg_dev_state(sc->dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 1), -ENOTCONN);
	sc_race_end(&sc_race.reset);
	sc->dev->on_stop = NULL;
	sc->dev->slow = 0;
	fg_synic_on(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	sc_open_device(sc);
	sc_offer_all(sc);
}

/* ---- the guest closes the device -------------------------------------------------- */

static unsigned int sc_drains;

static void sc_drain(struct vsrv_chan *chan)
{
	sc_drains++;
}

/* A device whose owner wants its sub-channels to come to rest, and takes its time. */
static struct sc *sc_new_draining(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	static struct vsrv_chan_ops ops;

	ops = fg_dev_ops;
	ops.drain = sc_drain;
	sc_drains = 0;
	fg_dev_revoke(sc->dev);
	fg_expect_rescind(sc->fg, sc->id);
	fg_channel(sc->fg, VMBUS_MSG_RELID_RELEASED, sc->id);
	memset(sc->dev, 0, sizeof(*sc->dev));
	fg_dev_offer_as(sc->fg, sc->dev, 1, &ops);
	sc->id = fg_expect_offer(sc->fg);
	sc_open_device(sc);
	return sc;
}

/* The guest has closed the device, which has all sub-channels, with these ids, and drains. */
static void sc_begin_drain(struct sc *sc, u32 *ids)
{
	sc_offer_all(sc);
	sc_ids(sc, ids);
	sc_drains = 0;
	sc->dev->closes = 0;
	sc->dev->stops = 0;
	sc->subs[0]->on_stop = sc_first;
	fg_channel(sc->fg, VMBUS_MSG_CLOSE, sc->id);
	fg_expect_quiet(sc->fg);
	KUNIT_EXPECT_EQ(sc->fg->test, sc_drains, 1U);
	KUNIT_EXPECT_EQ(sc->fg->test, sc->subs[0]->stops, 0U);
	KUNIT_EXPECT_EQ(sc->fg->test, sc->dev->closes, 0U);
}

static void sc_end_drain(struct sc *sc, unsigned int closes)
{
	vsrv_drain_done(sc->dev->chan);
	fg_settle(sc->fg);
	KUNIT_EXPECT_EQ(sc->fg->test, sc_drains, 1U);
	KUNIT_EXPECT_EQ(sc->fg->test, sc->dev->closes, closes);
}

/* Nobody else waits for it; then the sub-channels go, then the device. */
static void sub_drain_test(struct kunit *test)
{
	struct sc *sc = sc_new_draining(test);
	struct fg_dev *other = fg_dev_new(sc->fg);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];

	fg_dev_offer(fg, other, 2);
	fg_expect_offer(fg);
	sc_begin_drain(sc, ids);
	fg_dev_opened(fg, other);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 9), -ENOTCONN);
	sc_end_drain(sc, 1);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->stops, 1U);
	sc_expect_rescinds(sc, ids);
	fg_expect_quiet(fg);
	sc_give_back(sc);
	sc_release(sc, ids);

	/* Where there are none there is nothing to wait for. */
	sc_open_device(sc);
	sc_drains = 0;
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	KUNIT_EXPECT_EQ(test, sc_drains, 0U);
	KUNIT_EXPECT_EQ(test, sc->dev->closes, 2U);
}

/* The guest closes the sub-channels meanwhile, and opens the device again. */
static void sub_drain_reopen_test(struct kunit *test)
{
	struct sc *sc = sc_new_draining(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];

	sc_begin_drain(sc, ids);
	fg_channel(fg, VMBUS_MSG_CLOSE, ids[0]);
	KUNIT_EXPECT_EQ(test, sc->subs[0]->closes, 1U);
	fg_open(fg, sc->id, 0x6a0000, 0);
	fg_expect_quiet(fg);
	sc_end_drain(sc, 1);
	sc_expect_rescinds(sc, ids);
	fg_expect_opened(fg, sc->id, 0);
	sc_give_back(sc);
	sc_release(sc, ids);

	sc_begin_drain(sc, ids);
	sc_end_drain(sc, 1);
	sc_expect_rescinds(sc, ids);
}

/* The guest goes meanwhile, with a word or without one. */
static void sub_drain_gone_test(struct kunit *test)
{
	struct sc *sc = sc_new_draining(test);
	struct fg *fg = sc->fg;
	unsigned int how;
	u32 ids[SC_SUBS];

	for (how = 0; how < 3; how++) {
		sc_begin_drain(sc, ids);
		switch (how) {
		case 0:
			fg_simple(fg, VMBUS_MSG_UNLOAD);
			fg_expect_quiet(fg);
			sc_end_drain(sc, 1);
			fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
			break;
		case 1:
			fg_contact(fg, FG_V(5, 2), 0);
			fg_expect_quiet(fg);
			sc_end_drain(sc, 1);
			fg_expect_version(fg, true);
			break;
		case 2:
			vpart_reset(fg->part);
			fg_synic_on(fg);
			KUNIT_EXPECT_EQ(test, sc->dev->stops, 1U);
			/* This answer is for nobody. */
			sc_end_drain(sc, 0);
			break;
		}
		fg_expect_quiet(fg);
		/* There is time to close it. */
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[0]->closes, how != 2, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[0]->stops, how == 2, "%u", how);
		sc_give_back(sc);
		KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		sc_open_device(sc);
	}
}

/* ---- the connection ends ----------------------------------------------------------- */

/* However it does: the next guest is offered the device, and no sub-channel. */
static void sub_disconnect_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	unsigned int how;

	for (how = 0; how < 3; how++) {
		sc_offer_all(sc);
		sc->dev->closes = 0;
		sc->dev->stops = 0;
		sc->subs[0]->on_stop = sc_first;
		/* The owners of others are slow; nobody waits for them. */
		fg_dev_opened(fg, sc->subs[1]);
		sc->subs[1]->slow = FG_SLOW;
		sc->subs[2]->slow = FG_SLOW;
		fg_open(fg, vsrv_chan_id(sc->subs[2]->chan), 7, 0);
		switch (how) {
		case 0:
			fg_simple(fg, VMBUS_MSG_UNLOAD);
			fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
			break;
		case 1:
			fg_contact(fg, FG_V(5, 2), 0);
			fg_expect_version(fg, true);
			break;
		case 2:
			vpart_reset(fg->part);
			fg_synic_on(fg);
			break;
		}
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[0]->stops, 1U, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[1]->stops, 1U, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->dev->closes, how != 2, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->dev->stops, how == 2, "%u", how);
		/* What they answer now is for nobody, and asks nothing more of them. */
		vsrv_close_done(sc->subs[1]->chan);
		vsrv_open_done(sc->subs[2]->chan, 0);
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[1]->closes, 0U, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[2]->closes, 0U, "%u", how);
		KUNIT_EXPECT_EQ_MSG(test, sc->subs[2]->stops, 1U, "%u", how);
		KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
		KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
		KUNIT_EXPECT_EQ(test, vsrv_chan_id(sc->subs[0]->chan), 0U);
		/* Nobody was to be told. */
		KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_UNSENT]), 0);
		sc_give_back(sc);
		KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		sc_open_device(sc);
	}
}

/* An unload while the device is being closed, and its owner takes its time. */
static void sub_slow_unload_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct fg *fg = sc->fg;
	u32 ids[SC_SUBS];

	sc_offer_all(sc);
	sc_ids(sc, ids);
	sc->dev->slow = FG_SLOW_CLOSE;
	fg_channel(fg, VMBUS_MSG_CLOSE, sc->id);
	sc_expect_rescinds(sc, ids);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 1), -ENOTCONN);
	vsrv_close_done(sc->dev->chan);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
	sc_give_back(sc);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
}

/* The server goes, with everything open. */
static void sub_destroy_test(struct kunit *test)
{
	struct sc *sc = sc_new(test);
	struct vmbus_srv *srv = vsrv_get(FG_NAME);

	sc_offer_all(sc);
	sc->subs[0]->on_stop = sc_first;
	vsrv_destroy(sc->fg->srv);
	sc->fg->srv = NULL;
	KUNIT_EXPECT_EQ(test, sc->subs[0]->stops, 1U);
	KUNIT_EXPECT_EQ(test, sc->dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, sc_offer_err(sc->dev, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, srv->nchans, 1U);
	sc_give_back(sc);
	fg_dev_revoke(sc->dev);
	vsrv_put(srv);
}

static struct kunit_case subchan_end_cases[] = {
	KUNIT_CASE(sub_revoke_test),
	KUNIT_CASE(sub_give_back_test),
	KUNIT_CASE(sub_revoke_race_test),
	KUNIT_CASE(sub_reset_race_test),
	KUNIT_CASE(sub_drain_test),
	KUNIT_CASE(sub_drain_reopen_test),
	KUNIT_CASE(sub_drain_gone_test),
	KUNIT_CASE(sub_disconnect_test),
	KUNIT_CASE(sub_slow_unload_test),
	KUNIT_CASE(sub_destroy_test),
	{}
};

static struct kunit_suite subchan_end_suite = {
	.name = "vmbus_subchan_end",
	.test_cases = subchan_end_cases,
};

kunit_test_suite(subchan_end_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: the end of sub-channels");
MODULE_LICENSE("GPL");
