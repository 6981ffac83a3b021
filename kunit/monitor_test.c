// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of monitor pages: who gets a monitor id, what a bit does, and when the pages
 * may change.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include "fake_guest.h"

#define MT_P2C		12UL		/* page numbers */
#define MT_C2P		13UL
#define MT_OTHER	14UL
#define MT_LATENCY	10000		/* 1 ms */
#define MT_FEATURES	(VMBUS_FEATURE_MODIFY_CONNECTION | VMBUS_FEATURE_SERVER_MONITOR)

static struct vmbus_monitor_page *mt_page(struct fg *fg, unsigned long page)
{
	return page_address(fg->pages[page]);
}

/* A guest whose server has monitor pages on. */
static struct fg *mt_new(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	WRITE_ONCE(fg->srv->monitor_latency, MT_LATENCY);
	return fg;
}

static const struct vmbus_version_response3_msg *mt_contact_with(struct fg *fg, u64 p2c, u64 c2p,
								 u32 len, u32 features)
{
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(FG_V(6, 0)),
		.target_info = cpu_to_le64((u64)features << 32),
		.parent_to_child = cpu_to_le64(p2c),
		.child_to_parent = cpu_to_le64(c2p),
	};
	const struct vmbus_version_response3_msg *r;

	fg->version = FG_V(6, 0);
	fg->features = features;
	KUNIT_ASSERT_EQ(fg->test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
			HV_STATUS_SUCCESS);
	fg_settle(fg);
	r = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, len);
	KUNIT_ASSERT_EQ(fg->test, r->v2.v1.connection_state, VMBUS_CONNECTION_OK);
	return r;
}

/* Connect with the pages, 0 for none; returns the response. */
static const struct vmbus_version_response3_msg *mt_contact(struct fg *fg, u64 p2c, u64 c2p,
							    u32 len)
{
	return mt_contact_with(fg, p2c, c2p, len, MT_FEATURES);
}

static void mt_connect(struct fg *fg)
{
	mt_contact(fg, MT_P2C << PAGE_SHIFT, MT_C2P << PAGE_SHIFT, 20);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
}

/* The next offer has this monitor id; returns the channel id. */
static u32 mt_expect_offer(struct fg *fg, u8 id)
{
	const struct vmbus_offer_msg *m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));

	KUNIT_EXPECT_EQ(fg->test, m->monitor_id, id);
	KUNIT_EXPECT_EQ(fg->test, m->monitor_allocated, id != VMBUS_MONITOR_NONE);
	return le32_to_cpu(m->channel_id);
}

/* Connected with pages, and the only device is open with monitor id 0. */
static u32 mt_opened(struct fg *fg, struct fg_dev *dev)
{
	fg_dev_offer(fg, dev, 1);
	mt_connect(fg);
	mt_expect_offer(fg, 0);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	return fg_dev_opened(fg, dev);
}

static bool mt_heard(struct fg_dev *dev, int signals)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	while (atomic_read(&dev->signals) < signals && time_before(jiffies, end))
		usleep_range(500, 1000);
	return atomic_read(&dev->signals) == signals;
}

/* Long enough for several looks. */
static void mt_wait(void)
{
	msleep(20);
}

static void mt_modify(struct fg *fg, u64 p2c, u64 c2p, u8 state)
{
	const struct vmbus_modify_connection_resp_msg *r;
	struct vmbus_modify_connection_msg m = {
		.parent_to_child = cpu_to_le64(p2c), .child_to_parent = cpu_to_le64(c2p),
	};

	fg_post(fg, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
	r = fg_expect(fg, VMBUS_MSG_MODIFY_CONNECTION_RESP, 9);
	KUNIT_EXPECT_EQ(fg->test, r->connection_state, state);
}

/* ---- ids --------------------------------------------------------------------------- */

/* None without the knob, without pages, or for a channel that is signalled elsewhere. */
static void monitor_none_test(struct kunit *test)
{
	struct vsrv_chan_ops relay = fg_dev_ops;
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	relay.signal = NULL;
	fg_dev_offer(fg, dev, 1);
	mt_contact(fg, 0, 0, 20);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	mt_expect_offer(fg, VMBUS_MONITOR_NONE);
	fg_drain(fg);

	WRITE_ONCE(fg->srv->monitor_latency, 0);
	mt_connect(fg);
	mt_expect_offer(fg, VMBUS_MONITOR_NONE);
	fg_drain(fg);
	WRITE_ONCE(fg->srv->monitor_latency, MT_LATENCY);

	/* Who has none gives none back: 0xff is behind the last. */
	bitmap_fill(fg->srv->mon.started, VMBUS_MONITOR_IDS);
	memset(fg->srv->mon.connections, 0xff, sizeof(fg->srv->mon.connections));
	fg_dev_revoke(dev);
	fg_expect(fg, VMBUS_MSG_RESCIND, 12);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	KUNIT_EXPECT_TRUE(test, bitmap_full(fg->srv->mon.started, VMBUS_MONITOR_IDS));
	bitmap_zero(fg->srv->mon.started, VMBUS_MONITOR_IDS);
	KUNIT_EXPECT_NULL(test, memchr_inv(fg->srv->mon.connections, 0xff,
					   sizeof(fg->srv->mon.connections)));
	fg_dev_offer_as(fg, dev, 1, &relay);
	fg_drain(fg);
	mt_connect(fg);
	mt_expect_offer(fg, VMBUS_MONITOR_NONE);
	fg_drain(fg);
	fg_dev_revoke(dev);
}

static bool mt_direct(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	return !vsrv_chan_monitored(chan);
}

/* A relay has its channels signalled here if they are, and only if the host's would be. */
static void monitor_relayed_test(struct kunit *test)
{
	struct vsrv_offer offer = fg_offer(2);
	struct vsrv_chan_ops relay = fg_dev_ops;
	struct fg *fg = mt_new(test);
	struct fg_dev *plain = fg_dev_new(fg), *dev = fg_dev_new(fg);
	u32 id;

	relay.direct = mt_direct;
	fg_dev_offer_as(fg, plain, 1, &relay);
	offer.monitored = true;
	dev->chan = vsrv_offer(fg->srv, &offer, &relay, dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev->chan));
	mt_connect(fg);
	mt_expect_offer(fg, VMBUS_MONITOR_NONE);
	id = mt_expect_offer(fg, 0);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	fg_dev_opened(fg, plain);
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_TRUE(test, plain->chan->direct);
	KUNIT_EXPECT_FALSE(test, dev->chan->direct);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.connections[0], VMBUS_CONN_EVENT(id, 2, 0));
	fg_dev_revoke(dev);
	fg_dev_revoke(plain);
}

/* The lowest that is free; when there are none left channels go without. */
static void monitor_ids_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev **devs;
	unsigned int i;
	u32 id = 0;

	devs = kunit_kcalloc(test, VMBUS_MONITOR_IDS + 1, sizeof(*devs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, devs);
	mt_connect(fg);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	for (i = 0; i <= VMBUS_MONITOR_IDS; i++) {
		devs[i] = fg_dev_new(fg);
		fg_dev_offer(fg, devs[i], i);
		id = mt_expect_offer(fg, i < VMBUS_MONITOR_IDS ? i : VMBUS_MONITOR_NONE);
	}
	/* An id comes back with the channel's. */
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, vsrv_chan_id(devs[5]->chan));
	fg_dev_revoke(devs[5]);
	fg_dev_offer(fg, devs[5], 5);
	mt_expect_offer(fg, 5);
	/* A revoked channel keeps it until the client has let go. */
	id = vsrv_chan_id(devs[7]->chan);
	fg_dev_revoke(devs[7]);
	fg_expect_rescind(fg, id);
	fg_dev_offer(fg, devs[7], VMBUS_MONITOR_IDS + 1);
	mt_expect_offer(fg, VMBUS_MONITOR_NONE);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	KUNIT_EXPECT_EQ(test, find_first_zero_bit(fg->srv->mon.ids, VMBUS_MONITOR_IDS), 7UL);
	fg_expect_quiet(fg);
}

/* ---- triggers ---------------------------------------------------------------------- */

/* A bit is a signal, once, and nothing else is touched. */
static void monitor_trigger_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vmbus_monitor_page *page;
	u32 id = mt_opened(fg, dev);
	int before = atomic_read(&dev->signals);

	page = mt_page(fg, MT_C2P);
	KUNIT_EXPECT_EQ(test, page->latency[0], MT_LATENCY);
	WRITE_ONCE(page->groups[0].pending, 1);
	KUNIT_EXPECT_TRUE(test, mt_heard(dev, before + 1));
	KUNIT_EXPECT_EQ(test, READ_ONCE(page->groups[0].pending), 0U);
	mt_wait();
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&dev->chan->signals), 1);

	/* By a call it goes, too. */
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0),
			HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 2);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TRIGGERS_UNCLAIMED), 0);
	/* The other page is none of ours. */
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(mt_page(fg, MT_P2C), 0, PAGE_SIZE), NULL);

	/* After the close nobody looks. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	WRITE_ONCE(page->groups[0].pending, 1);
	mt_wait();
	KUNIT_EXPECT_EQ(test, READ_ONCE(page->groups[0].pending), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 2);
}

/* Bits of all ids reach their channels; those of nobody are counted. */
static void monitor_groups_test(struct kunit *test)
{
	static const unsigned int open[] = { 0, 31, 32, 63, 64, 100, 127 };
	struct fg_dev **devs = kunit_kcalloc(test, VMBUS_MONITOR_IDS, sizeof(*devs), GFP_KERNEL);
	struct fg *fg = mt_new(test);
	struct vmbus_monitor_page *page = mt_page(fg, MT_C2P);
	unsigned int i;
	int before[ARRAY_SIZE(open)];

	KUNIT_ASSERT_NOT_NULL(test, devs);
	mt_connect(fg);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	for (i = 0; i < VMBUS_MONITOR_IDS; i++) {
		devs[i] = fg_dev_new(fg);
		fg_dev_offer(fg, devs[i], i);
		mt_expect_offer(fg, i);
	}
	for (i = 0; i < ARRAY_SIZE(open); i++) {
		fg_dev_opened(fg, devs[open[i]]);
		before[i] = atomic_read(&devs[open[i]]->signals);
	}
	for (i = 0; i < ARRAY_SIZE(open); i++) {
		WRITE_ONCE(page->groups[open[i] / 32].pending, BIT(open[i] % 32));
		KUNIT_EXPECT_TRUE_MSG(test, mt_heard(devs[open[i]], before[i] + 1),
				      "id %u", open[i]);
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TRIGGERS_UNCLAIMED), 0);
	memset(page->groups, 0xff, sizeof(page->groups));
	for (i = 0; i < ARRAY_SIZE(open); i++)
		KUNIT_EXPECT_TRUE_MSG(test, mt_heard(devs[open[i]], before[i] + 2),
				      "id %u", open[i]);
	mt_wait();
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TRIGGERS_UNCLAIMED),
			VMBUS_MONITOR_IDS - ARRAY_SIZE(open));
	/* Armed is for whoever checks by time: not us. */
	KUNIT_EXPECT_EQ(test, page->groups[3].armed, U32_MAX);
}

#define MT_SLOW_US	5000
#define MT_FAST_US	200

/*
 * How many signals come in 20 ms if the client always has one more?  *@most: as many as
 * the slow latency allows in the time that it really took.
 */
static int mt_rate(struct fg *fg, struct fg_dev *dev, int *most)
{
	u32 *pending = &mt_page(fg, MT_C2P)->groups[0].pending;
	unsigned long end = jiffies + msecs_to_jiffies(20);
	int before = atomic_read(&dev->signals), n;
	ktime_t start = ktime_get();

	while (time_before(jiffies, end)) {
		if (!READ_ONCE(*pending))
			WRITE_ONCE(*pending, 1);
		cond_resched();
	}
	n = atomic_read(&dev->signals) - before;
	*most = ktime_us_delta(ktime_get(), start) / MT_SLOW_US + 2;
	return n;
}

/*
 * The channel's latency says how often the page is looked at: never more often than
 * that, and as often if the machine has the time.
 */
static void monitor_latency_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned long end;
	int n, most, slow = 0;

	WRITE_ONCE(fg->srv->monitor_latency, MT_SLOW_US * 10);
	mt_opened(fg, dev);
	end = jiffies + FG_TIMEOUT;
	do {
		n = mt_rate(fg, dev, &most);
		KUNIT_EXPECT_LE(test, n, most);
		slow += n;
	} while (slow < 10 && time_before(jiffies, end));
	KUNIT_EXPECT_GE(test, slow, 10);

	vsrv_monitor_set_latency(dev->chan, MT_FAST_US * 10);
	mt_wait();
	end = jiffies + FG_TIMEOUT;
	do
		n = mt_rate(fg, dev, &most);
	while (n <= 2 * most && time_before(jiffies, end));
	KUNIT_EXPECT_GT(test, n, 2 * most);
}

/* Opened without interrupts, a channel has none here either. */
static void monitor_no_interrupt_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id;

	fg_dev_offer(fg, dev, 1);
	mt_connect(fg);
	id = mt_expect_offer(fg, 0);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	fg_open(fg, id, 0x11, VMBUS_VP_NONE);
	fg_expect_opened(fg, id, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 0U);
	/* So the pages may change. */
	mt_modify(fg, 0, 0, VMBUS_CONNECTION_OK);
}

/* Connection 0 is one like all others: the guest's choice. */
static void monitor_connection_zero_test(struct kunit *test)
{
	struct vmbus_open2_msg m = {
		.open.ring_gpadl = cpu_to_le32(0x11), .event_flag = cpu_to_le16(1),
	};
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int before;
	u32 id;

	fg_dev_offer(fg, dev, 1);
	mt_contact_with(fg, MT_P2C << PAGE_SHIFT, MT_C2P << PAGE_SHIFT, 20,
			MT_FEATURES | VMBUS_FEATURE_GUEST_SIGNAL);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	id = mt_expect_offer(fg, 0);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	m.open.channel_id = cpu_to_le32(id);
	m.open.open_id = cpu_to_le32(0xb000 + id);
	fg_post(fg, VMBUS_MSG_OPEN, &m, sizeof(m));
	fg_expect_opened(fg, id, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 1U);
	before = atomic_read(&dev->signals);
	WRITE_ONCE(mt_page(fg, MT_C2P)->groups[0].pending, 1);
	KUNIT_EXPECT_TRUE(test, mt_heard(dev, before + 1));

	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 0U);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&fg->srv->mon.timer));
}

/* ---- pages ------------------------------------------------------------------------- */

/* They are held as long as the connection, however it ends. */
static void monitor_end_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int idle = atomic_read(&fg->pinned);

	mt_opened(fg, dev);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle + 1);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 0U);
	fg_dev_revoke(dev);

	mt_opened(fg, dev);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), 0);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&fg->srv->mon.timer));
	fg_synic_on(fg);
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle);
}

/* Nobody looks at them for a channel that its owner opens when the client has gone. */
static void monitor_end_opening_test(struct kunit *test)
{
	static const u32 ends[] = { VMBUS_MSG_UNLOAD, VMBUS_MSG_CONTACT, 0 };
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned int i;
	u32 id;

	fg_dev_offer(fg, dev, 1);
	dev->slow = FG_SLOW_OPEN;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		mt_connect(fg);
		id = mt_expect_offer(fg, 0);
		fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
		fg_open(fg, id, 0x11, 0);
		KUNIT_ASSERT_EQ(test, fg->srv->mon.active, 1U);
		if (ends[i] == VMBUS_MSG_UNLOAD)
			fg_simple(fg, VMBUS_MSG_UNLOAD);
		else if (ends[i])
			fg_contact(fg, FG_V(5, 3), 0);
		else
			vpart_reset(fg->part);
		KUNIT_EXPECT_EQ_MSG(test, fg->srv->mon.active, 0U, "end %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, hrtimer_active(&fg->srv->mon.timer), "end %u", i);
		vsrv_open_done(dev->chan, 0);
		KUNIT_EXPECT_EQ_MSG(test, fg->srv->mon.active, 0U, "end %u, opened", i);
		if (!ends[i])
			fg_synic_on(fg);
		fg_drain(fg);
	}
}

/* Pages that cannot be had: the connection does without. */
static void monitor_bad_page_test(struct kunit *test)
{
	static const u64 bad[] = {
		1, MT_C2P << PAGE_SHIFT | 16, FG_PAGES << PAGE_SHIFT, ~0ULL << PAGE_SHIFT,
	};
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int idle = atomic_read(&fg->pinned);
	unsigned int i;

	fg_dev_offer(fg, dev, 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		mt_contact(fg, MT_P2C << PAGE_SHIFT, bad[i], 20);
		KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle);
		fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
		mt_expect_offer(fg, VMBUS_MONITOR_NONE);
		fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
		mt_modify(fg, MT_P2C << PAGE_SHIFT, bad[i], VMBUS_CONNECTION_FAILED);
	}
}

static void monitor_modify_test(struct kunit *test)
{
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int before;
	u32 id = mt_opened(fg, dev);

	/* Both or none; and not under a channel that is open. */
	mt_modify(fg, MT_P2C << PAGE_SHIFT, 0, VMBUS_CONNECTION_FAILED);
	mt_modify(fg, 0, MT_C2P << PAGE_SHIFT, VMBUS_CONNECTION_FAILED);
	mt_modify(fg, 0, 0, VMBUS_CONNECTION_FAILED);
	mt_modify(fg, MT_P2C << PAGE_SHIFT, MT_OTHER << PAGE_SHIFT, VMBUS_CONNECTION_FAILED);
	before = atomic_read(&dev->signals);
	WRITE_ONCE(mt_page(fg, MT_C2P)->groups[0].pending, 1);
	KUNIT_EXPECT_TRUE(test, mt_heard(dev, before + 1));

	/* When it is closed they move. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	mt_modify(fg, MT_P2C << PAGE_SHIFT, MT_OTHER << PAGE_SHIFT, VMBUS_CONNECTION_OK);
	fg_dev_opened(fg, dev);
	before = atomic_read(&dev->signals);
	WRITE_ONCE(mt_page(fg, MT_C2P)->groups[0].pending, 1);
	WRITE_ONCE(mt_page(fg, MT_OTHER)->groups[0].pending, 1);
	KUNIT_EXPECT_TRUE(test, mt_heard(dev, before + 1));
	mt_wait();
	KUNIT_EXPECT_EQ(test, READ_ONCE(mt_page(fg, MT_C2P)->groups[0].pending), 1U);

	/* Taken back, a channel with an id opens all the same. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	mt_modify(fg, 0, 0, VMBUS_CONNECTION_OK);
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 0U);
}

/* A page that the server names, for a client that asks for it and gives none. */
static void monitor_from_server_test(struct kunit *test)
{
	const struct vmbus_version_response3_msg *r;
	struct fg *fg = mt_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int before;

	WRITE_ONCE(fg->srv->monitor_gpa, MT_OTHER << PAGE_SHIFT);
	/* The client's own go first. */
	r = mt_contact(fg, MT_P2C << PAGE_SHIFT, MT_C2P << PAGE_SHIFT, 20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->v2.features), VMBUS_FEATURE_MODIFY_CONNECTION);
	r = mt_contact(fg, 0, 0, 40);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->v2.features), MT_FEATURES);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(r->child_to_parent), MT_OTHER << PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(r->parent_to_child), 0ULL);

	fg_dev_offer(fg, dev, 1);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	mt_expect_offer(fg, 0);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	/* These do not change. */
	mt_modify(fg, 0, 0, VMBUS_CONNECTION_FAILED);
	mt_modify(fg, MT_P2C << PAGE_SHIFT, MT_C2P << PAGE_SHIFT, VMBUS_CONNECTION_FAILED);
	fg_dev_opened(fg, dev);
	before = atomic_read(&dev->signals);
	WRITE_ONCE(mt_page(fg, MT_OTHER)->groups[0].pending, 1);
	KUNIT_EXPECT_TRUE(test, mt_heard(dev, before + 1));

	/* Not with the feature off, nor with a page that is no memory of the guest. */
	WRITE_ONCE(fg->srv->feature_mask, VMBUS_FEATURE_MODIFY_CONNECTION);
	r = mt_contact(fg, 0, 0, 20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->v2.features), VMBUS_FEATURE_MODIFY_CONNECTION);
	WRITE_ONCE(fg->srv->feature_mask, VSRV_FEATURES);
	WRITE_ONCE(fg->srv->monitor_gpa, FG_PAGES << PAGE_SHIFT);
	r = mt_contact(fg, 0, 0, 20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->v2.features), VMBUS_FEATURE_MODIFY_CONNECTION);
}

static struct kunit_case monitor_cases[] = {
	KUNIT_CASE(monitor_none_test),
	KUNIT_CASE(monitor_relayed_test),
	KUNIT_CASE(monitor_ids_test),
	KUNIT_CASE(monitor_trigger_test),
	KUNIT_CASE(monitor_groups_test),
	KUNIT_CASE(monitor_latency_test),
	KUNIT_CASE(monitor_no_interrupt_test),
	KUNIT_CASE(monitor_connection_zero_test),
	KUNIT_CASE(monitor_end_test),
	KUNIT_CASE(monitor_end_opening_test),
	KUNIT_CASE(monitor_bad_page_test),
	KUNIT_CASE(monitor_modify_test),
	KUNIT_CASE(monitor_from_server_test),
	{}
};

static struct kunit_suite monitor_suite = {
	.name = "vmbus_monitor",
	.test_cases = monitor_cases,
};

kunit_test_suite(monitor_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: monitor pages");
MODULE_LICENSE("GPL");
