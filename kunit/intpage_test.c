// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of clients below version 2.4: a page of bits instead of an event flag and
 * a connection for each channel.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define IT_PAGE		12UL		/* page number of the interrupt page */
#define IT_HALF		2048		/* bytes */

static unsigned long *it_to_guest(struct fg *fg)
{
	return page_address(fg->pages[IT_PAGE]);
}

static unsigned long *it_from_guest(struct fg *fg)
{
	return page_address(fg->pages[IT_PAGE]) + IT_HALF;
}

static u16 it_signal_shared(struct fg *fg)
{
	return vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT_SHARED, 0);
}

/* Connected with an interrupt page, and @dev is open; returns its channel id. */
static u32 it_open(struct fg *fg, struct fg_dev *dev, u32 version)
{
	fg->int_page = IT_PAGE << PAGE_SHIFT;
	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, version, 0), 1U);
	return fg_dev_opened(fg, dev);
}

static const u32 it_versions[] = { FG_V(0, 13), FG_V(1, 1) };

/* An interrupt is a bit of the channel in the page, and event flag 0 of VP 0. */
static void intpage_interrupt_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(it_versions); i++) {
		struct fg *fg = fg_new(test);
		struct fg_dev *dev = fg_dev_new(fg);
		u32 id = it_open(fg, dev, it_versions[i]);

		KUNIT_EXPECT_FALSE(test, test_bit(id, it_to_guest(fg)));
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_TRUE(test, test_bit(id, it_to_guest(fg)));
		KUNIT_EXPECT_EQ(test, bitmap_weight(it_to_guest(fg), 8 * IT_HALF), 1U);
		KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 0));
		KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
		/* The bit is still there: the guest is told all the same. */
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 0));
		KUNIT_EXPECT_EQ(test, atomic64_read(&dev->chan->interrupts), 2);

		/* Nothing goes there any more after the close. */
		fg_channel(fg, VMBUS_MSG_CLOSE, id);
		clear_bit(id, it_to_guest(fg));
		vsrv_chan_interrupt(dev->chan);
		KUNIT_EXPECT_FALSE(test, test_bit(id, it_to_guest(fg)));
		KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 0));
		fg_dev_revoke(dev);
		kunit_release_action(test, fg_free, fg);
	}
}

/* A signal is a bit in the other half, and connection 2; its own connection works, too. */
static void intpage_signal_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = it_open(fg, dev, FG_V(0, 13));
	int before = atomic_read(&dev->signals);

	set_bit(id, it_from_guest(fg));
	KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);
	KUNIT_EXPECT_FALSE(test, test_bit(id, it_from_guest(fg)));
	/* No bit, no signal. */
	KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);

	/* Every bit that may be, and then some: only the channel's counts, once. */
	memset(it_from_guest(fg), 0xff, IT_HALF);
	KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 2);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(it_from_guest(fg), VMBUS_INT_PAGE_FLAGS));
	/* The half that is not ours to read was not touched. */
	KUNIT_EXPECT_TRUE(test, bitmap_empty(it_to_guest(fg), 8 * IT_HALF));

	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0),
			HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 3);
}

static bool it_direct(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	return !params->shared;
}

/* Who would leave the signals to another end is told that only the server has the page. */
static void intpage_shared_test(struct kunit *test)
{
	struct vsrv_chan_ops ops = fg_dev_ops;
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	int before;
	u32 id;

	ops.direct = it_direct;
	fg->int_page = IT_PAGE << PAGE_SHIFT;
	fg_dev_offer_as(fg, dev, 1, &ops);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(1, 1), 0), 1U);
	id = fg_dev_opened(fg, dev);
	KUNIT_EXPECT_TRUE(test, dev->params.shared);
	before = atomic_read(&dev->signals);
	set_bit(id, it_from_guest(fg));
	KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, test_bit(id, it_to_guest(fg)));
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, 0));

	/* The next kernel has none. */
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	id = fg_dev_opened(fg, dev);
	KUNIT_EXPECT_FALSE(test, dev->params.shared);
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0),
			HV_STATUS_INVALID_CONNECTION_ID);
	fg_dev_revoke(dev);
}

/* The page is let go, and connection 2 with it, however the connection ends. */
static void intpage_end_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	int idle = atomic_read(&fg->pinned);
	unsigned int how;

	fg->int_page = IT_PAGE << PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_INVALID_CONNECTION_ID);
	for (how = 0; how < 3; how++) {
		fg_connect(fg, FG_V(1, 1), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle + 1);
		KUNIT_EXPECT_EQ(test, it_signal_shared(fg), HV_STATUS_SUCCESS);
		switch (how) {
		case 0:
			fg_simple(fg, VMBUS_MSG_UNLOAD);
			fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
			break;
		case 1:
			vpart_reset(fg->part);
			fg_synic_on(fg);
			break;
		case 2:
			/* A newer kernel takes over, which has none. */
			fg_connect(fg, FG_V(5, 3), 0);
			break;
		}
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&fg->pinned), idle, "way %u", how);
		KUNIT_EXPECT_EQ_MSG(test, it_signal_shared(fg), HV_STATUS_INVALID_CONNECTION_ID,
				    "way %u", how);
	}
}

/* A page that cannot be: the only answer that these versions have. */
static void intpage_bad_test(struct kunit *test)
{
	static const u64 pages[] = {
		1, IT_PAGE << PAGE_SHIFT | 8, FG_PAGES << PAGE_SHIFT, BIT_ULL(63),
		~0ULL << PAGE_SHIFT, U64_MAX,
	};
	struct fg *fg = fg_new(test);
	int idle = atomic_read(&fg->pinned);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		for (k = 0; k < ARRAY_SIZE(it_versions); k++) {
			fg->int_page = pages[i];
			fg_contact(fg, it_versions[k], 0);
			fg_expect_version(fg, false);
			KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
			KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle);
		}
	}
	/* From 2.4 on the field is something else. */
	fg_connect(fg, FG_V(2, 4), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), idle);
}

/* Without a page an old client is served as a new one: there is nothing else. */
static void intpage_none_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id;

	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(1, 1), 0), 1U);
	id = fg_dev_opened(fg, dev);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, id));
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, 0));
}

static struct kunit_case intpage_cases[] = {
	KUNIT_CASE(intpage_interrupt_test),
	KUNIT_CASE(intpage_signal_test),
	KUNIT_CASE(intpage_shared_test),
	KUNIT_CASE(intpage_end_test),
	KUNIT_CASE(intpage_bad_test),
	KUNIT_CASE(intpage_none_test),
	{}
};

static struct kunit_suite intpage_suite = {
	.name = "vmbus_intpage",
	.test_cases = intpage_cases,
};

kunit_test_suite(intpage_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: the interrupt page of old clients");
MODULE_LICENSE("GPL");
