// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a whole vmbus_srv server: order and ids of offers, what it holds at
 * most, back-pressure, and its own life.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include "fake_guest.h"

/* ---- order and ids of offers ------------------------------------------------------- */

/**
 * struct lt_offer - an offer, as it is made
 * @n: number, which makes class and instance
 * @sub: sub-channel
 * @order: wish
 * @place: place among all, from 1 on
 */
struct lt_offer {
	u16 n;
	u16 sub;
	u32 order;
	u32 place;
};

static const struct lt_offer lt_offers[] = {
	{ 21, 0, VSRV_ORDER_NONE, 8 },
	{ 3, 0, VSRV_ORDER_NONE, 3 },
	{ 12, 0, 7, 5 },
	{ 1, 0, VSRV_ORDER_NONE, 2 },
	/* Behind every primary channel. */
	{ 1, 1, VSRV_ORDER_NONE, 4 },
	{ 15, 0, VSRV_ORDER_NONE, 7 },
	{ 11, 0, 9, 6 },
	{ 9, 0, 0, 1 },
};

#define LT_OFFERS	ARRAY_SIZE(lt_offers)

static void lt_make(struct fg *fg, struct fg_dev *dev, const struct lt_offer *o)
{
	struct vsrv_offer offer = fg_offer(o->n);

	offer.subchannel = o->sub;
	offer.order = o->order;
	offer.mmio_megabytes = 3;
	offer.mmio_megabytes_optional = 5;
	/* hv_sock connections are another matter. */
	offer.flags = 0xffff & ~VMBUS_OFFER_TLNPI;
	memset(offer.user_defined, o->n, sizeof(offer.user_defined));
	dev->chan = vsrv_offer(fg->srv, &offer, &fg_dev_ops, dev);
	KUNIT_ASSERT_FALSE(fg->test, IS_ERR(dev->chan));
}

static void lt_expect_offer(struct fg *fg, const struct lt_offer *o)
{
	const struct vmbus_offer_msg *m = fg_expect(fg, VMBUS_MSG_OFFER, 196);
	struct vsrv_offer offer = fg_offer(o->n);
	struct kunit *test = fg->test;

	KUNIT_EXPECT_TRUE(test, guid_equal(&m->class_id, &offer.class_id));
	KUNIT_EXPECT_TRUE(test, guid_equal(&m->instance_id, &offer.instance_id));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->subchannel), o->sub);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->mmio_megabytes), 3);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->mmio_megabytes_optional), 5);
	/* Confidential and pinned memory were not negotiated. */
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->flags), 0xdff1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->channel_id), o->place);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->connection_id), 0x2000 + o->place);
	KUNIT_EXPECT_EQ(test, m->monitor_id, 0xff);
	KUNIT_EXPECT_EQ(test, m->monitor_allocated, 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->is_dedicated), 1);
	KUNIT_EXPECT_EQ(test, m->user_defined[119], o->n);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->reserved[0]), 0U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->reserved[3]), 0U);
}

static const struct lt_offer *lt_at(u32 place)
{
	unsigned int i;

	for (i = 0; lt_offers[i].place != place; i++)
		;
	return &lt_offers[i];
}

/* The same offers get the same ids, however they came and whoever asks. */
static void limits_order_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *devs[LT_OFFERS];
	unsigned int round, i;

	for (i = 0; i < LT_OFFERS; i++)
		devs[i] = fg_dev_new(fg);
	for (i = 0; i < LT_OFFERS; i++)
		lt_make(fg, devs[i], &lt_offers[i]);
	for (round = 0; round < 3; round++) {
		fg_connect(fg, round & 1 ? FG_V(6, 0) : FG_V(5, 3), 0x7);
		fg_expect_quiet(fg);
		fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
		for (i = 1; i <= LT_OFFERS; i++)
			lt_expect_offer(fg, lt_at(i));
		fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
		fg_expect_quiet(fg);
		for (i = 0; i < LT_OFFERS; i++)
			KUNIT_EXPECT_EQ(test, vsrv_chan_id(devs[i]->chan), lt_offers[i].place);
		/* In another order in the second round. */
		for (i = 0; !round && i < LT_OFFERS; i++)
			fg_dev_revoke(devs[i]);
		for (i = LT_OFFERS; !round && i > 0; i--)
			lt_make(fg, devs[i - 1], &lt_offers[i - 1]);
	}
}

/* Offers that come later are told at once, with the lowest id that is free. */
static void limits_hot_offer_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *devs[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		devs[i] = fg_dev_new(fg);
	fg_dev_offer(fg, devs[0], 9);
	fg_connect(fg, FG_V(5, 3), 0);
	/* Not asked for yet. */
	fg_dev_offer(fg, devs[1], 2);
	fg_expect_quiet(fg);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 1U);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 2U);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, vsrv_chan_id(devs[1]->chan), 1U);
	fg_dev_offer(fg, devs[2], 0);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 3U);
	/* A released id is the next to be used; a revoked one is not released. */
	fg_dev_revoke(devs[1]);
	fg_expect_rescind(fg, 1);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 2);
	fg_dev_offer(fg, devs[3], 4);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 2U);
	fg_dev_offer(fg, devs[1], 5);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 4U);
	fg_expect_quiet(fg);
	/* The one that was released comes back only with the next connection. */
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 4U);
}

static void limits_offer_errors_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(1);
	struct vmbus_srv *idle;

	fg_dev_offer(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, dev)), -EEXIST);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, dev)), -EEXIST);
	fg_expect_quiet(fg);
	idle = vsrv_create("kunit-idle");
	KUNIT_ASSERT_FALSE(test, IS_ERR(idle));
	KUNIT_EXPECT_NULL(test, vsrv_partition(idle));
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(idle, &offer, &fg_dev_ops, dev)), -ENODEV);
	vsrv_destroy(idle);
}

/* ---- limits ------------------------------------------------------------------------ */

static void limits_channels_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *devs, *late = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(5000);
	unsigned int i;

	devs = kunit_kcalloc(test, VMBUS_MAX_CHANNEL_ID, sizeof(*devs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, devs);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	for (i = 0; i < VMBUS_MAX_CHANNEL_ID; i++) {
		KUNIT_ASSERT_EQ(test, kunit_add_action(test, fg_dev_revoke, &devs[i]), 0);
		fg_dev_offer(fg, &devs[i], i);
		KUNIT_ASSERT_EQ(test, fg_expect_offer(fg), i + 1);
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, late)), -ENOSPC);
	/* The guest must let go of one that was revoked, before there is room. */
	fg_dev_revoke(&devs[77]);
	fg_expect_rescind(fg, 78);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, late)), -ENOSPC);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 78);
	fg_dev_offer(fg, late, 5000);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), 78U);
	fg_expect_quiet(fg);

	/* All at once, one slot, and each of them can be opened. */
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), VMBUS_MAX_CHANNEL_ID);
	KUNIT_EXPECT_EQ(test, fg_dev_opened(fg, late), VMBUS_MAX_CHANNEL_ID);
	vsrv_chan_interrupt(late->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, VMBUS_MAX_EVENT_FLAG));
}

static void limits_gpadls_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 i;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	/* Many small ones. */
	for (i = 0; i < VSRV_MAX_GPADLS; i++)
		fg_gpadl_begin(fg, 1, i, 2);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, VSRV_MAX_GPADLS);
	fg_gpadl_begin(fg, 1, i, 2);
	fg_expect_created(fg, 1, i, VMBUS_STATUS_FAILURE);
	fg_gpadl(fg, 1, i, 1);
	fg_expect_created(fg, 1, i, VMBUS_STATUS_FAILURE);
	/* Let one go, and there is room for one. */
	fg_gpadl_body(fg, 0, 1);
	fg_expect_created(fg, 1, 0, 0);
	fg_teardown(fg, 1, 0);
	fg_expect_torndown(fg, 0);
	fg_gpadl(fg, 1, i, 1);
	fg_expect_created(fg, 1, i, 0);

	/* Few big ones. */
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
	for (i = 0; i < VSRV_MAX_GPADL_WORDS / 8191; i++)
		fg_gpadl_begin(fg, 1, i, 8191);
	fg_expect_quiet(fg);
	fg_gpadl_begin(fg, 1, i, 8191);
	fg_expect_created(fg, 1, i, VMBUS_STATUS_FAILURE);
	/* What is left can be had. */
	fg_gpadl_begin(fg, 1, i, VSRV_MAX_GPADL_WORDS % 8191);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_words, VSRV_MAX_GPADL_WORDS);
	fg_gpadl(fg, 1, i + 1, 1);
	fg_expect_created(fg, 1, i + 1, VMBUS_STATUS_FAILURE);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_words, 0U);
}

/* ---- back-pressure ----------------------------------------------------------------- */

/* While the guest does not take what it is sent, nothing more is taken from it. */
static void limits_busy_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *devs[3];
	struct vmbus_modify_channel_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_MODIFY_CHANNEL),
	};
	unsigned int i;
	s64 in;

	for (i = 0; i < 3; i++) {
		devs[i] = fg_dev_new(fg);
		fg_dev_offer(fg, devs[i], i);
	}
	fg_connect(fg, FG_V(5, 3), 0);
	/* One message in the slot, four behind it. */
	fg_modify(fg, 99, 0);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 4U);

	in = fg_count(fg, VSRV_MESSAGES_IN);
	for (i = 0; i < VSRV_MAX_INCOMING; i++) {
		m.channel_id = cpu_to_le32(100 + i);
		KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
				HV_STATUS_SUCCESS);
		fg_settle(fg);
	}
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BUSY), 2);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_IN), in);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 4U);

	/* An owner does not wait for the guest, and what it causes goes behind. */
	fg_dev_revoke(devs[0]);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 5U);

	fg_expect_modified(fg, 99, VMBUS_STATUS_FAILURE);
	for (i = 1; i <= 3; i++)
		KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), i);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_IN), in);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	/* Now the guest's own, one for one: never more than one answer waits. */
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_IN), in + 1);
	fg_expect_rescind(fg, 1);
	for (i = 0; i < VSRV_MAX_INCOMING; i++) {
		KUNIT_EXPECT_LE(test, fg->srv->outq.len, 1U);
		KUNIT_EXPECT_LE(test, fg_count(fg, VSRV_MESSAGES_IN), in + i + 2);
		fg_expect_modified(fg, 100 + i, VMBUS_STATUS_FAILURE);
	}
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 0U);
}

/* A guest whose monitor does not tell of EOM gets everything all the same. */
static void limits_lazy_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *devs[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devs); i++) {
		devs[i] = fg_dev_new(fg);
		fg_dev_offer(fg, devs[i], i);
	}
	fg->lazy = true;
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), ARRAY_SIZE(devs));
}

/* For so long the guest does not pause: 20 rounds are to be had much sooner. */
#define LT_FLOOD	(4 * FG_TIMEOUT)

/* Messages that take the server long: each waits for a grace period. */
static int lt_flood(void *ctx)
{
	struct vmbus_modify_channel_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_MODIFY_CHANNEL), .channel_id = cpu_to_le32(1),
	};
	unsigned long end = jiffies + LT_FLOOD;
	struct fg *fg = ctx;
	unsigned int i;

	while (!kthread_should_stop()) {
		/* Who waits for it to pause shall not wait for ever. */
		if (time_after(jiffies, end)) {
			usleep_range(1000, 2000);
			continue;
		}
		for (i = 0; i < VSRV_MAX_INCOMING; i++) {
			m.target_vp = cpu_to_le32(i & 1);
			fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m));
		}
		cond_resched();
	}
	return 0;
}

/* A guest that never pauses keeps no owner waiting. */
static void limits_flood_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(2);
	struct task_struct *task;
	unsigned long start;
	struct vsrv_chan *chan;
	unsigned int n = 0;
	s64 in;

	fg_dev_offer_as(fg, dev, 1, &fg_local_ops);
	/* At this version no message is answered, so that the guest has no part in it. */
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
	fg_dev_opened(fg, dev);
	/* Taking a message must not wait for the server: it does not come to rest. */
	fg->lazy = true;
	in = fg_count(fg, VSRV_MESSAGES_IN);
	start = jiffies;
	task = kthread_run(lt_flood, fg, "vmbus_flood");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	do {
		chan = vsrv_offer(fg->srv, &offer, &fg_dev_ops, NULL);
		if (!IS_ERR(chan))
			vsrv_revoke(chan);
		n += !IS_ERR(chan);
		while (fg_take(fg, 0))
			;
	} while ((n < 20 || fg_count(fg, VSRV_MESSAGES_IN) < in + 100) &&
		 time_before(jiffies, start + LT_FLOOD));
	KUNIT_EXPECT_GE(test, n, 20U);
	KUNIT_EXPECT_GE(test, fg_count(fg, VSRV_MESSAGES_IN), in + 100);
	kthread_stop(task);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 0U);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 0);
}

/* What waits for a guest that goes away is not for the next one. */
static void limits_busy_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect(fg, FG_V(5, 3), 0);
	fg_modify(fg, 99, 0);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 1U);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 0U);
	/* Only what was in the guest's own memory is left. */
	fg_synic_on(fg);
	fg_expect_modified(fg, 99, VMBUS_STATUS_FAILURE);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
}

/* ---- life -------------------------------------------------------------------------- */

struct lt_race {
	struct work_struct reset;
	struct vmbus_partition *part;
	struct completion stopping;
	struct completion go_on;
};

static struct lt_race lt_race;

static void lt_reset(struct work_struct *work)
{
	vpart_reset(lt_race.part);
}

static void lt_slow_stop(struct fg_dev *dev)
{
	complete(&lt_race.stopping);
	wait_for_completion_timeout(&lt_race.go_on, FG_TIMEOUT);
}

/* What is offered while the old guest is being forgotten is for the new one. */
static void limits_offer_in_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *late = fg_dev_new(fg);

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, dev);
	init_completion(&lt_race.stopping);
	init_completion(&lt_race.go_on);
	lt_race.part = fg->part;
	dev->on_stop = lt_slow_stop;
	INIT_WORK(&lt_race.reset, lt_reset);
	schedule_work(&lt_race.reset);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&lt_race.stopping, FG_TIMEOUT), 0);
	late->chan = vsrv_offer(fg->srv, &(struct vsrv_offer){ }, &fg_dev_ops, late);
	complete(&lt_race.go_on);
	flush_work(&lt_race.reset);
	dev->on_stop = NULL;
	KUNIT_ASSERT_FALSE(test, IS_ERR(late->chan));
	fg_synic_on(fg);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, vsrv_chan_id(late->chan), 0U);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 2U);
}

static void limits_start_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct vmbus_srv *other, *found;

	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_create("kunit-a-name-that-is-32-chars-lo")),
			-ENAMETOOLONG);
	KUNIT_EXPECT_EQ(test, vsrv_start(fg->srv, FG_NAME), -EBUSY);
	other = vsrv_create("kunit-other");
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, vsrv_start(other, ""), -EINVAL);
	KUNIT_EXPECT_EQ(test, vsrv_start(other, FG_NAME), -EBUSY);
	KUNIT_EXPECT_NULL(test, vsrv_partition(other));
	KUNIT_EXPECT_EQ(test, vsrv_start(other, "kunit-elsewhere"), 0);
	KUNIT_EXPECT_STREQ(test, vpart_name(vsrv_partition(other)), "kunit-elsewhere");
	found = vsrv_get("kunit-other");
	KUNIT_EXPECT_PTR_EQ(test, found, other);
	KUNIT_EXPECT_STREQ(test, vsrv_name(found), "kunit-other");
	vsrv_destroy(other);
	KUNIT_EXPECT_NULL(test, vsrv_get("kunit-other"));
	vsrv_put(found);
	/* The first has not noticed. */
	KUNIT_EXPECT_PTR_EQ(test, vsrv_partition(fg->srv), fg->part);
	fg_connect(fg, FG_V(5, 3), 0);
}

/* A server that is removed under an open channel, and one in its place. */
static void limits_destroy_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *revoked = fg_dev_new(fg), *next = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(3);
	struct vmbus_srv *srv;
	struct vmbus_msg_hdr m = { .type = cpu_to_le32(VMBUS_MSG_UNLOAD) };

	fg_dev_offer(fg, dev, 1);
	fg_dev_offer(fg, revoked, 2);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	fg_dev_opened(fg, dev);
	fg_dev_revoke(revoked);
	srv = vsrv_get(FG_NAME);
	KUNIT_ASSERT_PTR_EQ(test, srv, fg->srv);
	fg->srv = NULL;
	vsrv_destroy(srv);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
	KUNIT_EXPECT_EQ(test, srv->nchans, 1U);
	KUNIT_EXPECT_EQ(test, srv->ngpadls, 0U);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(srv, &offer, &fg_dev_ops, next)), -ENODEV);
	/* The guest is asked to wait for the next server. */
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, 8),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, 0x2001, 0),
			HV_STATUS_INVALID_CONNECTION_ID);

	/* Its name and its partition are free, while an owner still holds it. */
	fg->srv = vsrv_create(FG_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fg->srv));
	KUNIT_ASSERT_EQ(test, vsrv_start(fg->srv, FG_NAME), 0);
	fg_dev_offer(fg, next, 1);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	vsrv_chan_interrupt(dev->chan);
	vsrv_open_done(dev->chan, 0);
	vsrv_close_done(dev->chan);
	vsrv_gpadl_create_done(dev->chan, 0x10, 0);
	KUNIT_EXPECT_NULL(test, vsrv_gpadl_get(dev->chan, 0x10));
	fg_dev_revoke(dev);
	vsrv_put(srv);
	fg_dev_opened(fg, next);
	fg_expect_quiet(fg);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(limits_order_test),
	KUNIT_CASE(limits_hot_offer_test),
	KUNIT_CASE(limits_offer_errors_test),
	KUNIT_CASE_SLOW(limits_channels_test),
	KUNIT_CASE_SLOW(limits_gpadls_test),
	KUNIT_CASE(limits_busy_test),
	KUNIT_CASE(limits_lazy_test),
	KUNIT_CASE_SLOW(limits_flood_test),
	KUNIT_CASE(limits_busy_reset_test),
	KUNIT_CASE(limits_offer_in_reset_test),
	KUNIT_CASE(limits_start_test),
	KUNIT_CASE(limits_destroy_test),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "vmbus_limits",
	.test_cases = limits_cases,
};

kunit_test_suite(limits_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: offers, limits, back-pressure");
MODULE_LICENSE("GPL");
