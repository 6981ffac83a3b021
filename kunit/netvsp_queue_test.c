// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: how much of the guest's may wait in a queue, and which of the queues
 * to the guest is good.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/netvsp.h"

#define NQ_QUEUES	4

/* The reader waits from a limit on, until there is half of it. */
static void queue_backlog_test(struct kunit *test)
{
	static const struct { u32 frames, bytes; bool over, half; } table[] = {
		{ 0, 0, false, false },
		{ 1, 1, false, false },
		{ 511, 0, false, false },
		{ 512, 0, false, true },
		{ 1023, 0, false, true },
		{ 1024, 0, true, true },
		{ 1025, 0, true, true },
		{ U32_MAX, 0, true, true },
		{ 0, SZ_2M - 1, false, false },
		{ 0, SZ_2M, false, true },
		{ 0, SZ_4M - 1, false, true },
		{ 0, SZ_4M, true, true },
		{ 0, SZ_4M + 1, true, true },
		{ 0, U32_MAX, true, true },
		{ 511, SZ_2M - 1, false, false },
		{ 1023, SZ_4M - 1, false, true },
	};
	struct netvsp_queue *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, q);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		/* Nobody looks for the frames themselves. */
		q->backlog.qlen = table[i].frames;
		q->backlog_bytes = table[i].bytes;
		KUNIT_EXPECT_EQ_MSG(test, netvsp_backlog_over(q, 1), table[i].over, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, netvsp_backlog_over(q, 2), table[i].half, "case %u", i);
	}
}

/* Any may be closed, broken or full, in any combination. */
static void queue_first_good_test(struct kunit *test)
{
	static const struct { u8 up, stalled; u16 first; } table[] = {
		{ 0x0, 0x0, 0 },
		{ 0x1, 0x0, 0 },
		{ 0x2, 0x0, 1 },
		{ 0x8, 0x0, 3 },
		{ 0xf, 0x0, 0 },
		{ 0xe, 0x0, 1 },
		{ 0xf, 0x1, 1 },
		{ 0xf, 0x3, 2 },
		{ 0xf, 0x7, 3 },
		{ 0xf, 0xf, 0 },
		{ 0xa, 0x2, 3 },
		{ 0xa, 0xf, 0 },
		{ 0x5, 0x1, 2 },
		{ 0x5, 0xe, 0 },
	};
	struct netvsp_nic *nic = kunit_kzalloc(test, sizeof(*nic), GFP_KERNEL);
	unsigned int i, k;

	KUNIT_ASSERT_NOT_NULL(test, nic);
	nic->queues = kunit_kcalloc(test, NQ_QUEUES, sizeof(*nic->queues), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nic->queues);
	nic->nqueues = NQ_QUEUES;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		for (k = 0; k < NQ_QUEUES; k++) {
			nic->queues[k].up = table[i].up >> k & 1;
			nic->queues[k].stalled = table[i].stalled >> k & 1;
		}
		KUNIT_EXPECT_EQ_MSG(test, netvsp_first_good(nic), table[i].first, "case %u", i);
	}
	/* It looks at no more than there are. */
	nic->nqueues = 1;
	nic->queues[0].up = false;
	nic->queues[1].up = true;
	nic->queues[1].stalled = false;
	KUNIT_EXPECT_EQ(test, netvsp_first_good(nic), 0);
}

static struct kunit_case netvsp_queue_cases[] = {
	KUNIT_CASE(queue_backlog_test),
	KUNIT_CASE(queue_first_good_test),
	{}
};

static struct kunit_suite netvsp_queue_suite = {
	.name = "vmbus_netvsp_queue",
	.test_cases = netvsp_queue_cases,
};

kunit_test_suite(netvsp_queue_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: queues");
MODULE_LICENSE("GPL");
