// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a guest can make a vmbus_srv server hold: GPADLs up to limits that an
 * administrator sets, and messages for a guest that does not take them.
 */
#include <linux/module.h>
#include <vmbus/ring.h>
#include "fake_guest.h"

#define FAILURE	VMBUS_STATUS_FAILURE

/* ---- GPADLs ------------------------------------------------------------------------ */

static void bt_create(struct fg *fg, u32 id, unsigned int npages)
{
	fg_gpadl(fg, 1, id, npages);
	fg_expect_created(fg, 1, id, 0);
}

static void bt_teardown(struct fg *fg, u32 id)
{
	fg_teardown(fg, 1, id);
	fg_expect_torndown(fg, id);
}

/* What was just posted is refused for a limit: answered, and counted once. */
static void bt_expect_refused(struct fg *fg, u32 id, s64 *limits)
{
	fg_expect_created(fg, 1, id, FAILURE);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(fg->test, atomic64_read(&fg->srv->whys[VSRV_WHY_GPADL_LIMIT]), ++*limits);
	KUNIT_EXPECT_EQ(fg->test, fg_count(fg, VSRV_GPADLS_FAILED), *limits);
	KUNIT_EXPECT_EQ(fg->test, fg_count(fg, VSRV_MESSAGES_REFUSED), *limits);
}

static void bounds_default_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	KUNIT_EXPECT_EQ(test, fg->srv->max_gpadls, 8192U);
	KUNIT_EXPECT_EQ(test, fg->srv->max_gpadl_pages, 2097152U);
}

/* As many as are allowed, and not one more, in one message or in many. */
static void bounds_gpadl_count_test(struct kunit *test)
{
	static const unsigned int limits[] = { 0, 1, 2, 17 };
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	s64 refused = 0;
	unsigned int i;
	u32 id;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		WRITE_ONCE(fg->srv->max_gpadls, limits[i]);
		dev->creates = 0;
		for (id = 0; id < limits[i]; id++)
			bt_create(fg, id, 1);
		fg_gpadl(fg, 1, id, 1);
		bt_expect_refused(fg, id, &refused);
		fg_gpadl_begin(fg, 1, id, 30);
		bt_expect_refused(fg, id, &refused);
		/* The owner has not heard of these. */
		KUNIT_EXPECT_EQ(test, dev->creates, limits[i]);
		KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, limits[i]);
		if (!limits[i])
			continue;
		/* One goes: room for one, which counts from its first message on. */
		bt_teardown(fg, 0);
		fg_gpadl_begin(fg, 1, 0, 3);
		fg_gpadl(fg, 1, id, 1);
		bt_expect_refused(fg, id, &refused);
		fg_gpadl_body(fg, 0, 2);
		fg_expect_created(fg, 1, 0, 0);
		while (id)
			bt_teardown(fg, --id);
	}
}

/* The same with pages, whoever describes how many of them. */
static void bounds_gpadl_pages_test(struct kunit *test)
{
	static const unsigned int limits[] = { 0, 1, 2, 20 };
	struct fg *fg = fg_new(test);
	s64 refused = 0;
	unsigned int i;
	u32 id;

	fg_dev_first(fg);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		WRITE_ONCE(fg->srv->max_gpadl_pages, limits[i]);
		fg_gpadl(fg, 1, 0, limits[i] + 1);
		bt_expect_refused(fg, 0, &refused);
		fg_gpadl_begin(fg, 1, 0, limits[i] + 2);
		bt_expect_refused(fg, 0, &refused);
		if (!limits[i])
			continue;
		bt_create(fg, 0, limits[i]);
		fg_gpadl(fg, 1, 1, 1);
		bt_expect_refused(fg, 1, &refused);
		bt_teardown(fg, 0);
		for (id = 0; id < limits[i]; id++)
			bt_create(fg, id, 1);
		KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, limits[i]);
		fg_gpadl(fg, 1, id, 1);
		bt_expect_refused(fg, id, &refused);
		while (id)
			bt_teardown(fg, --id);
		KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 0U);
	}
}

static void bt_header(struct fg *fg, u32 id, u16 nwords, u16 count, const u64 *words)
{
	struct {
		struct vmbus_gpadl_header_msg head;
		__le64 words[VMBUS_GPADL_HEADER_WORDS];
	} __packed m = {
		.head.channel_id = cpu_to_le32(1),
		.head.gpadl_id = cpu_to_le32(id),
		.head.range_bytes = cpu_to_le16(8 * nwords),
		.head.range_count = cpu_to_le16(count),
	};
	unsigned int i;

	for (i = 0; i < nwords; i++)
		m.words[i] = cpu_to_le64(words[i]);
	fg_post(fg, VMBUS_MSG_GPADL_HEADER, &m, sizeof(m.head) + 8 * nwords);
}

/* Several ranges in one, ranges that are not, and none. */
static void bounds_gpadl_ranges_test(struct kunit *test)
{
	static const u64 two[] = { PAGE_SIZE, FG_RING, PAGE_SIZE, FG_RING + 1 };
	/* Two bytes on two pages. */
	static const u64 across[] = { 2 | 0xfffULL << 32, FG_RING, FG_RING + 1 };
	struct fg *fg = fg_new(test);
	s64 refused = 0;

	fg_dev_first(fg);
	WRITE_ONCE(fg->srv->max_gpadl_pages, 2);
	bt_header(fg, 1, 4, 2, two);
	fg_expect_created(fg, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 2U);
	bt_teardown(fg, 1);
	bt_header(fg, 1, 3, 1, across);
	fg_expect_created(fg, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 2U);
	/* One without ranges has no pages. */
	bt_header(fg, 2, 0, 0, NULL);
	fg_expect_created(fg, 1, 2, 0);
	bt_teardown(fg, 2);
	bt_teardown(fg, 1);

	WRITE_ONCE(fg->srv->max_gpadl_pages, 1);
	bt_header(fg, 1, 4, 2, two);
	bt_expect_refused(fg, 1, &refused);
	bt_header(fg, 1, 3, 1, across);
	bt_expect_refused(fg, 1, &refused);
	/* More ranges than words: that they are none is found when all have come. */
	WRITE_ONCE(fg->srv->max_gpadl_pages, 0);
	bt_header(fg, 3, 4, U16_MAX, two);
	fg_expect_created(fg, 1, 3, FAILURE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_GPADL_FORM]), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_GPADL_LIMIT]), refused);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
}

/* A limit that is lowered under what there is takes nothing away. */
static void bounds_gpadl_lowered_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_first(fg);
	struct vsrv_gpadl *gpadl;
	s64 refused = 0;
	u32 id;

	for (id = 0; id < 4; id++)
		bt_create(fg, id, 2);
	fg_gpadl_begin(fg, 1, 4, 3);
	WRITE_ONCE(fg->srv->max_gpadls, 2);
	/* What is there goes on, also what is on its way. */
	gpadl = vsrv_gpadl_get(dev->chan, 3);
	KUNIT_ASSERT_NOT_NULL(test, gpadl);
	vsrv_gpadl_put(gpadl);
	fg_gpadl_body(fg, 4, 2);
	fg_expect_created(fg, 1, 4, 0);
	for (id = 4; id >= 2; id--) {
		fg_gpadl(fg, 1, 9, 1);
		bt_expect_refused(fg, 9, &refused);
		bt_teardown(fg, id);
	}
	fg_gpadl(fg, 1, 9, 1);
	bt_expect_refused(fg, 9, &refused);
	bt_teardown(fg, 1);
	bt_create(fg, 9, 1);
	/* And raised. */
	WRITE_ONCE(fg->srv->max_gpadls, 3);
	bt_create(fg, 1, 2);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 3U);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 5U);

	WRITE_ONCE(fg->srv->max_gpadls, VSRV_MAX_GPADLS);
	WRITE_ONCE(fg->srv->max_gpadl_pages, 3);
	fg_gpadl(fg, 1, 10, 1);
	bt_expect_refused(fg, 10, &refused);
	bt_teardown(fg, 0);
	fg_gpadl(fg, 1, 10, 1);
	bt_expect_refused(fg, 10, &refused);
	bt_teardown(fg, 1);
	bt_create(fg, 10, 2);
	WRITE_ONCE(fg->srv->max_gpadl_pages, 4);
	bt_create(fg, 11, 1);
	/* The next guest begins with none. */
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_pages, 0U);
	bt_create(fg, 0, 4);
}

/* ---- packets ----------------------------------------------------------------------- */

#define BT_DIRECT	VM_PKT_DATA_USING_GPA_DIRECT
#define BT_RANGE(len, offset)	((u64)(offset) << 32 | (u32)(len))

/* A packet that goes on may name pages of the guest, all of them, and no others. */
static void bounds_packet_memory_test(struct kunit *test)
{
	static const struct {
		u16 type;
		u32 count, nwords;
		u64 words[6];
		int err;
	} cases[] = {
		{ BT_DIRECT, 1, 2, { BT_RANGE(4096, 0), 0 }, 0 },
		{ BT_DIRECT, 1, 2, { BT_RANGE(1, 4095), FG_PAGES - 1 }, 0 },
		{ BT_DIRECT, 1, 2, { BT_RANGE(1, 0), FG_PAGES }, -EFAULT },
		{ BT_DIRECT, 1, 2, { BT_RANGE(1, 0), U64_MAX }, -EFAULT },
		{ BT_DIRECT, 1, 3, { BT_RANGE(2, 4095), 1, FG_PAGES }, -EFAULT },
		{ BT_DIRECT, 2, 4, { BT_RANGE(8, 0), 1, BT_RANGE(8, 0), 2 }, 0 },
		{ BT_DIRECT, 2, 4, { BT_RANGE(8, 0), 1, BT_RANGE(8, 0), FG_PAGES },
		  -EFAULT },
		/* Behind the ranges that it claims there may be anything. */
		{ BT_DIRECT, 1, 4, { BT_RANGE(8, 0), 1, BT_RANGE(8, 0), FG_PAGES },
		  0 },
		/* Those that it has not. */
		{ BT_DIRECT, 2, 2, { BT_RANGE(8, 0), 1 }, -EINVAL },
		{ BT_DIRECT, ~0U, 4, { BT_RANGE(8, 0), 1, BT_RANGE(8, 0), 2 },
		  -EINVAL },
		{ BT_DIRECT, 1, 2, { BT_RANGE(4097, 0), 1 }, -EINVAL },
		{ BT_DIRECT, 1, 2, { BT_RANGE(0, 0), 1 }, -EINVAL },
		/* Types without page numbers. */
		{ VM_PKT_DATA_INBAND, 1, 2, { BT_RANGE(1, 0), FG_PAGES }, 0 },
		{ VM_PKT_COMP, 1, 2, { BT_RANGE(1, 0), FG_PAGES }, 0 },
		/* The GPADL that it names is not known here. */
		{ VM_PKT_DATA_USING_XFER_PAGES, 1, 2, { BT_RANGE(1, 0), 1 }, -EOPNOTSUPP },
	};
	struct fg *fg = fg_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vsrv_packet pkt = {
			.type = cases[i].type,
			.range_count = cases[i].count,
			.ranges = cases[i].words,
			.ranges_len = 8 * cases[i].nwords,
		};

		KUNIT_EXPECT_EQ_MSG(test, vsrv_packet_check_memory(&pkt, fg->part), cases[i].err,
				    "case %u", i);
	}
}

/* ---- messages to the guest --------------------------------------------------------- */

/* Offers that come and go: @same has one key for all; how many were taken. */
static unsigned int bt_churn(struct fg *fg, bool same, unsigned int rounds)
{
	struct vsrv_offer offer;
	struct vsrv_chan *chan;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		offer = fg_offer(same ? 9999 : i);
		chan = vsrv_offer(fg->srv, &offer, &fg_dev_ops, NULL);
		if (IS_ERR(chan)) {
			KUNIT_EXPECT_EQ(fg->test, PTR_ERR(chan), -ENOSPC);
			break;
		}
		vsrv_revoke(chan);
	}
	fg_settle(fg);
	return i;
}

/*
 * A guest that takes nothing: devices that come and go do not wait for it, and cannot
 * fill the memory either, as what it holds keeps its place.
 */
static void bounds_never_taken_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct vmbus_msg_hdr m = { .type = cpu_to_le32(VMBUS_MSG_UNLOAD) };
	unsigned int i;
	s64 in;

	fg_connect_offers(fg, FG_V(5, 3), 0);
	/* It has been told of one that it still holds: nothing is said of the others. */
	KUNIT_EXPECT_EQ(test, bt_churn(fg, true, 5000), 5000U);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 1U);
	KUNIT_EXPECT_LE(test, fg->srv->outq.len, 2U);
	/* Each an offer and a rescind, one of all in the slot. */
	KUNIT_EXPECT_EQ(test, bt_churn(fg, false, 5000), VSRV_MAX_CHANNELS - 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, VSRV_MAX_CHANNELS);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U * VSRV_MAX_CHANNELS - 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_NO_ID]), 1);

	/* Nor does what it says add to that. */
	in = fg_count(fg, VSRV_MESSAGES_IN);
	for (i = 0; i < VSRV_MAX_INCOMING; i++)
		KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
				HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_IN), in);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U * VSRV_MAX_CHANNELS - 1);

	vpart_reset(fg->part);
	fg_synic_on(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_UNSENT]),
			2 * VSRV_MAX_CHANNELS - 1);
	fg_drain(fg);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 0U);
}

/* The same for one that pauses and speaks all the time. */
static void bounds_paused_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	unsigned int i, n = 0;

	fg_connect_offers(fg, FG_V(6, 0), VMBUS_FEATURE_PAUSE_RESUME);
	fg_simple(fg, VMBUS_MSG_PAUSE);
	fg_expect(fg, VMBUS_MSG_PAUSE_RESPONSE, 8);
	KUNIT_EXPECT_EQ(test, bt_churn(fg, false, 5000), VSRV_MAX_CHANNELS);
	for (i = 0; i < 3 * VSRV_MAX_INCOMING; i++)
		fg_modify(fg, 1, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U * VSRV_MAX_CHANNELS);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_PAUSED]),
			3 * VSRV_MAX_INCOMING);
	/* It hears all of it afterwards, in order. */
	fg_simple(fg, VMBUS_MSG_RESUME);
	while (fg_take(fg, 0)) {
		KUNIT_ASSERT_EQ(test, fg_type(fg), n & 1 ? VMBUS_MSG_RESCIND : VMBUS_MSG_OFFER);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 2U * VSRV_MAX_CHANNELS);
	/* And can let go of what it holds. */
	for (i = 1; i <= VSRV_MAX_CHANNELS; i++)
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, i);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	fg_expect_quiet(fg);
}

static struct kunit_case bounds_cases[] = {
	KUNIT_CASE(bounds_default_test),
	KUNIT_CASE(bounds_gpadl_count_test),
	KUNIT_CASE(bounds_gpadl_pages_test),
	KUNIT_CASE(bounds_gpadl_ranges_test),
	KUNIT_CASE(bounds_gpadl_lowered_test),
	KUNIT_CASE(bounds_packet_memory_test),
	KUNIT_CASE_SLOW(bounds_never_taken_test),
	KUNIT_CASE_SLOW(bounds_paused_test),
	{}
};

static struct kunit_suite bounds_suite = {
	.name = "vmbus_bounds",
	.test_cases = bounds_cases,
};

kunit_test_suite(bounds_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: what a guest can make it hold");
MODULE_LICENSE("GPL");
