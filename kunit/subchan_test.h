/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device with sub-channels, for tests of vmbus_srv.
 */
#ifndef _SUBCHAN_TEST_H
#define _SUBCHAN_TEST_H

#include "fake_guest.h"

#define SC_SUBS	3

/**
 * struct sc - a device with sub-channels
 * @fg: guest
 * @dev: primary channel
 * @subs: sub-channels, with index 1 and up
 * @id: channel id of @dev
 */
struct sc {
	struct fg *fg;
	struct fg_dev *dev;
	struct fg_dev *subs[SC_SUBS];
	u32 id;
};

/* The test that runs, for callbacks. */
static struct sc *sc_now;

static inline long sc_offer_err(struct fg_dev *dev, u16 index)
{
	struct vsrv_chan *chan = vsrv_offer_sub(dev->chan, index, &fg_dev_ops, NULL);

	if (!IS_ERR(chan))
		vsrv_revoke(chan);
	return PTR_ERR_OR_ZERO(chan);
}

static inline void sc_offer(struct sc *sc, struct fg_dev *sub, u16 index)
{
	sub->chan = vsrv_offer_sub(sc->dev->chan, index, &fg_dev_ops, sub);
	KUNIT_ASSERT_FALSE_MSG(sc->fg->test, IS_ERR(sub->chan), "%ld", PTR_ERR(sub->chan));
	fg_settle(sc->fg);
}

/* The next message offers sub-channel @index of the device; its id. */
static inline u32 sc_expect_offer(struct sc *sc, u16 index)
{
	const struct vsrv_offer *offer = vsrv_chan_offer(sc->dev->chan);
	const struct vmbus_offer_msg *m;
	struct kunit *test = sc->fg->test;

	m = fg_expect(sc->fg, VMBUS_MSG_OFFER, sizeof(*m));
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &offer->class_id));
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->instance_id, &offer->instance_id));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->flags), offer->flags);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->subchannel), index);
	KUNIT_EXPECT_MEMEQ(test, m->user_defined, offer->user_defined, sizeof(m->user_defined));
	return le32_to_cpu(m->channel_id);
}

static inline void sc_open_device(struct sc *sc)
{
	sc->id = fg_dev_opened(sc->fg, sc->dev);
}

/* A device that the guest has open, with SC_SUBS devices that can be its sub-channels. */
static inline struct sc *sc_new(struct kunit *test)
{
	struct sc *sc = kunit_kzalloc(test, sizeof(*sc), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sc);
	sc_now = sc;
	sc->fg = fg_new(test);
	sc->dev = fg_dev_new(sc->fg);
	for (i = 0; i < SC_SUBS; i++)
		sc->subs[i] = fg_dev_new(sc->fg);
	fg_dev_offer(sc->fg, sc->dev, 1);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(sc->fg, FG_V(5, 3), 0), 1U);
	sc_open_device(sc);
	return sc;
}

/* All sub-channels are offered; the first has a GPADL and is open. */
static inline void sc_offer_all(struct sc *sc)
{
	struct fg *fg = sc->fg;
	unsigned int i;
	u32 id;

	for (i = 0; i < SC_SUBS; i++) {
		memset(sc->subs[i], 0, sizeof(*sc->subs[i]));
		sc_offer(sc, sc->subs[i], i + 1);
		id = sc_expect_offer(sc, i + 1);
		KUNIT_EXPECT_EQ(fg->test, vsrv_chan_id(sc->subs[i]->chan), id);
	}
	id = vsrv_chan_id(sc->subs[0]->chan);
	fg_gpadl(fg, id, 0x20, 4);
	fg_expect_created(fg, id, 0x20, 0);
	fg_dev_opened(fg, sc->subs[0]);
}

static inline void sc_expect_rescinds(struct sc *sc, const u32 *ids)
{
	unsigned int i;

	for (i = 0; i < SC_SUBS; i++)
		fg_expect_rescind(sc->fg, ids[i]);
}

static inline void sc_ids(struct sc *sc, u32 *ids)
{
	unsigned int i;

	for (i = 0; i < SC_SUBS; i++)
		ids[i] = vsrv_chan_id(sc->subs[i]->chan);
}

/* The guest lets go of the old ones. */
static inline void sc_release(struct sc *sc, const u32 *ids)
{
	unsigned int i;

	for (i = 0; i < SC_SUBS; i++)
		fg_channel(sc->fg, VMBUS_MSG_RELID_RELEASED, ids[i]);
}

static inline void sc_give_back(struct sc *sc)
{
	unsigned int i;

	for (i = 0; i < SC_SUBS; i++)
		fg_dev_revoke(sc->subs[i]);
}

/* Called from the stop of a sub-channel: the device itself goes on. */
static inline void sc_first(struct fg_dev *sub)
{
	KUNIT_EXPECT_EQ(sc_now->fg->test, sc_now->dev->closes + sc_now->dev->stops, 0U);
	/* Answers that come too late are no harm. */
	vsrv_open_done(sub->chan, 0);
	vsrv_close_done(sub->chan);
	vsrv_modify_done(sub->chan, 0);
}

#endif /* _SUBCHAN_TEST_H */
