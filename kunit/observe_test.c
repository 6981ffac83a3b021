// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_observe: what is counted.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/observe/observe.h"

#define OT_LEN	64

static struct vobs_stats *ot_stats(struct kunit *test, u32 skip)
{
	struct vobs_stats *stats = kunit_kzalloc(test, sizeof(*stats), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stats);
	stats->skip = skip;
	return stats;
}

static void ot_add(struct vobs_stats *stats, u16 type, u32 opcode, u32 len)
{
	__le32 words[OT_LEN / 4] = { };
	struct vsrv_packet pkt = { .type = type, .payload = words, .len = len };

	words[stats->skip / 4] = cpu_to_le32(opcode);
	vobs_stats_add(stats, &pkt);
}

static void ot_expect(struct kunit *test, const struct vobs_kind *kind, u16 type, u32 opcode,
		      u64 packets, u64 bytes, u32 min, u32 max)
{
	KUNIT_EXPECT_EQ(test, kind->type, type);
	KUNIT_EXPECT_EQ(test, kind->opcode, opcode);
	KUNIT_EXPECT_EQ(test, kind->packets, packets);
	KUNIT_EXPECT_EQ(test, kind->bytes, bytes);
	KUNIT_EXPECT_EQ(test, kind->min, min);
	KUNIT_EXPECT_EQ(test, kind->max, max);
}

/* A kind is a type and an opcode; each has its count and sizes. */
static void observe_kinds_test(struct kunit *test)
{
	struct vobs_stats *stats = ot_stats(test, 0);

	ot_add(stats, VM_PKT_DATA_INBAND, 7, 64);
	ot_add(stats, VM_PKT_DATA_USING_GPA_DIRECT, 3, 64);
	ot_add(stats, VM_PKT_DATA_INBAND, 3, 48);
	ot_add(stats, VM_PKT_DATA_USING_GPA_DIRECT, 3, 8);
	ot_add(stats, VM_PKT_DATA_USING_GPA_DIRECT, 3, 16);
	ot_add(stats, VM_PKT_DATA_INBAND, U32_MAX, 4);
	KUNIT_ASSERT_EQ(test, stats->n, 4U);
	ot_expect(test, &stats->kinds[0], VM_PKT_DATA_INBAND, 7, 1, 64, 64, 64);
	ot_expect(test, &stats->kinds[1], VM_PKT_DATA_USING_GPA_DIRECT, 3, 3, 88, 8, 64);
	ot_expect(test, &stats->kinds[2], VM_PKT_DATA_INBAND, 3, 1, 48, 48, 48);
	ot_expect(test, &stats->kinds[3], VM_PKT_DATA_INBAND, U32_MAX, 1, 4, 4, 4);
}

/* Too short for an opcode: 0.  The header of a pipe is none. */
static void observe_opcode_test(struct kunit *test)
{
	static const u32 skips[] = { 0, 8 };
	struct vobs_stats *stats;
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(skips); i++) {
		stats = ot_stats(test, skips[i]);
		for (len = 0; len < skips[i] + 4; len++)
			ot_add(stats, VM_PKT_DATA_INBAND, 9, len);
		KUNIT_EXPECT_EQ(test, stats->n, 1U);
		KUNIT_EXPECT_EQ(test, stats->kinds[0].opcode, 0U);
		KUNIT_EXPECT_EQ(test, stats->kinds[0].min, 0U);
		ot_add(stats, VM_PKT_DATA_INBAND, 9, len);
		KUNIT_EXPECT_EQ(test, stats->n, 2U);
		ot_expect(test, &stats->kinds[1], VM_PKT_DATA_INBAND, 9, 1, len, len, len);
	}
}

/* A guest that makes opcodes up fills the table, and no more. */
static void observe_limit_test(struct kunit *test)
{
	struct vobs_stats *stats = ot_stats(test, 0);
	u32 i;

	for (i = 0; i < 2 * VOBS_KINDS; i++)
		ot_add(stats, VM_PKT_COMP, i, 8);
	KUNIT_EXPECT_EQ(test, stats->n, VOBS_KINDS);
	KUNIT_EXPECT_EQ(test, stats->other, VOBS_KINDS);
	ot_add(stats, VM_PKT_COMP, VOBS_KINDS - 1, 8);
	KUNIT_EXPECT_EQ(test, stats->kinds[VOBS_KINDS - 1].packets, 2);
	KUNIT_EXPECT_EQ(test, stats->other, VOBS_KINDS);
}

static void observe_names_test(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, vobs_type_name(VM_PKT_DATA_INBAND), "inband");
	KUNIT_EXPECT_STREQ(test, vobs_type_name(VM_PKT_COMP), "completion");
	KUNIT_EXPECT_STREQ(test, vobs_type_name(VM_PKT_DATA_USING_GPA_DIRECT), "gpa-direct");
	KUNIT_EXPECT_STREQ(test, vobs_type_name(VM_PKT_DATA_USING_XFER_PAGES), "xfer-pages");
	KUNIT_EXPECT_STREQ(test, vobs_type_name(0), "unknown");
}

/* What another version of the module has left may be anything. */
static void observe_saved_test(struct kunit *test)
{
	struct vobs_stats *stats = ot_stats(test, 0);

	KUNIT_EXPECT_TRUE(test, vobs_stats_valid(stats));
	stats->n = VOBS_KINDS;
	KUNIT_EXPECT_TRUE(test, vobs_stats_valid(stats));
	stats->n = VOBS_KINDS + 1;
	KUNIT_EXPECT_FALSE(test, vobs_stats_valid(stats));
	stats->n = U32_MAX;
	KUNIT_EXPECT_FALSE(test, vobs_stats_valid(stats));
}

static struct kunit_case observe_cases[] = {
	KUNIT_CASE(observe_kinds_test),
	KUNIT_CASE(observe_opcode_test),
	KUNIT_CASE(observe_limit_test),
	KUNIT_CASE(observe_names_test),
	KUNIT_CASE(observe_saved_test),
	{}
};

static struct kunit_suite observe_suite = {
	.name = "vmbus_observe",
	.test_cases = observe_cases,
};

kunit_test_suite(observe_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_observe");
MODULE_LICENSE("GPL");
