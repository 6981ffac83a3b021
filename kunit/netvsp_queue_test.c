// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: how much of the guest's may wait in a queue, which of the queues to
 * the guest is good, and which one is used, and what of their counters the interface has.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
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

/* Frames that XDP redirects go where the guest's table says, as far as that can be used. */
static void queue_xdp_test(struct kunit *test)
{
	static const struct {
		u16 channels, limit;
		u8 up, stalled;
		u16 want[NQ_QUEUES];
	} table[] = {
		{ 4, 4, 0xf, 0x0, { 0, 1, 2, 3 } },
		{ 1, 4, 0x1, 0x0, { 0, 0, 0, 0 } },
		{ 1, 1, 0x1, 0x0, { 0, 0, 0, 0 } },
		{ 2, 4, 0x3, 0x0, { 0, 1, 0, 1 } },
		{ 3, 4, 0x7, 0x0, { 0, 1, 2, 0 } },
		/* Fewer are to be used than there are. */
		{ 4, 1, 0xf, 0x0, { 0, 0, 0, 0 } },
		{ 4, 3, 0xf, 0x0, { 0, 1, 2, 0 } },
		/* Some are broken, or stall: the first good one has their frames. */
		{ 4, 4, 0xe, 0x0, { 1, 1, 2, 3 } },
		{ 4, 4, 0x7, 0x0, { 0, 1, 2, 0 } },
		{ 4, 4, 0xf, 0x5, { 1, 1, 1, 3 } },
		{ 4, 4, 0x8, 0x0, { 3, 3, 3, 3 } },
		{ 4, 2, 0xd, 0x0, { 0, 0, 0, 0 } },
		/* None of those that are to be used: better another one than none. */
		{ 4, 2, 0xc, 0x0, { 2, 2, 2, 2 } },
		{ 1, 4, 0x1, 0x1, { 0, 0, 0, 0 } },
		{ 4, 4, 0x0, 0x0, { 0, 0, 0, 0 } },
		{ 4, 4, 0xf, 0xf, { 0, 0, 0, 0 } },
	};
	struct netvsp_nic *nic = kunit_kzalloc(test, sizeof(*nic), GFP_KERNEL);
	struct netvsp_rss *rss = kunit_kzalloc(test, sizeof(*rss), GFP_KERNEL);
	unsigned int i, k;
	u16 is;

	KUNIT_ASSERT_NOT_NULL(test, nic);
	KUNIT_ASSERT_NOT_NULL(test, rss);
	nic->queues = kunit_kcalloc(test, NQ_QUEUES, sizeof(*nic->queues), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nic->queues);
	nic->nqueues = NQ_QUEUES;
	/* All of one entry, whichever CPU this is */
	rss->entries = 1;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nic->channels = table[i].channels;
		nic->limit = table[i].limit;
		for (k = 0; k < NQ_QUEUES; k++) {
			nic->queues[k].up = table[i].up >> k & 1;
			nic->queues[k].stalled = table[i].stalled >> k & 1;
		}
		/* As in NAPI */
		local_bh_disable();
		is = netvsp_xdp_queue(nic);
		local_bh_enable();
		KUNIT_EXPECT_EQ_MSG(test, is, table[i].want[0], "case %u without a table", i);
		rcu_assign_pointer(nic->rss, rss);
		for (k = 0; k < NQ_QUEUES; k++) {
			rss->table[0] = k;
			local_bh_disable();
			is = netvsp_xdp_queue(nic);
			local_bh_enable();
			KUNIT_EXPECT_EQ_MSG(test, is, table[i].want[k], "case %u channel %u", i,
					    k);
		}
		RCU_INIT_POINTER(nic->rss, NULL);
	}
}

static void queue_free_netdev(void *dev)
{
	free_netdev(dev);
}

/* Each counter of each queue is a bit of its own, so that nothing is in two sums by chance. */
static void queue_stats_test(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev(sizeof(struct netvsp_nic));
	struct rtnl_link_stats64 stats = { };
	u64 guest[NETVSP_STATS];
	struct netvsp_nic *nic;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, queue_free_netdev, dev), 0);
	nic = netdev_priv(dev);
	nic->queues = kunit_kcalloc(test, 2, sizeof(*nic->queues), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nic->queues);
	nic->nqueues = 2;
	static_assert(NETVSP_COUNTER_COUNT < 63);
	for (i = 0; i < NETVSP_COUNTER_COUNT; i++) {
		nic->queues[0].counters[i] = BIT_ULL(i);
		nic->queues[1].counters[i] = BIT_ULL(i);
	}
#define NQ(name)	(BIT_ULL(NETVSP_##name) << 1)
	netvsp_get_stats64(dev, &stats);
	KUNIT_EXPECT_EQ(test, stats.tx_packets, NQ(TX_FRAMES));
	KUNIT_EXPECT_EQ(test, stats.tx_bytes, NQ(TX_BYTES));
	KUNIT_EXPECT_EQ(test, stats.tx_dropped, NQ(TX_DROPPED) | NQ(TX_FILTERED));
	KUNIT_EXPECT_EQ(test, stats.rx_packets, NQ(RX_FRAMES));
	KUNIT_EXPECT_EQ(test, stats.rx_bytes, NQ(RX_BYTES));
	KUNIT_EXPECT_EQ(test, stats.rx_dropped, NQ(RX_DOWN) | NQ(RX_MEMORY) | NQ(XDP_ABORTED));
	KUNIT_EXPECT_EQ(test, stats.rx_length_errors, NQ(RX_LENGTH) | NQ(XDP_TOO_LARGE));
	KUNIT_EXPECT_EQ(test, stats.rx_frame_errors, NQ(RX_BAD_RNDIS));
	KUNIT_EXPECT_EQ(test, stats.rx_errors, NQ(RX_LENGTH) | NQ(XDP_TOO_LARGE) |
			NQ(RX_BAD_RNDIS) | NQ(RX_CSUM) | NQ(RX_LSO));
	/* What the guest is told has its own directions. */
	netvsp_guest_stats(nic, guest);
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_XMIT_OK], NQ(RX_FRAMES));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_RCV_OK], NQ(TX_FRAMES));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_XMIT_ERROR], NQ(RX_BAD_RNDIS) | NQ(RX_LENGTH) |
			NQ(RX_CSUM) | NQ(RX_LSO) | NQ(RX_MEMORY) | NQ(XDP_TOO_LARGE));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_RCV_ERROR], NQ(TX_DROPPED));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_RCV_NO_BUFFER], NQ(TX_NO_ROOM));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_RCV_BYTES], NQ(TX_BYTES));
	KUNIT_EXPECT_EQ(test, guest[NETVSP_STAT_XMIT_BYTES], NQ(RX_BYTES));
	static_assert(NETVSP_STATS == 7);
#undef NQ
}

static struct kunit_case netvsp_queue_cases[] = {
	KUNIT_CASE(queue_backlog_test),
	KUNIT_CASE(queue_first_good_test),
	KUNIT_CASE(queue_xdp_test),
	KUNIT_CASE(queue_stats_test),
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
