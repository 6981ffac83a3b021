// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: a sub-channel is closed alone and opened again; of its share of the
 * receive buffer nothing is lost, and nothing is used twice.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/netvsp.h"

#define RO_QUEUES	3
#define RO_SHARE	10
#define RO_COUNT	(NETVSP_CONTROL_SUBS + RO_QUEUES * RO_SHARE + 2)

/**
 * struct ro - an adapter with a receive buffer, shared by all its queues
 * @test: test
 * @nic: adapter
 * @q: the last of its queues
 * @first: the first sub-allocation of this
 */
struct ro {
	struct kunit *test;
	struct netvsp_nic *nic;
	struct netvsp_queue *q;
	u32 first;
};

static struct ro *ro_new(struct kunit *test)
{
	struct ro *ro = kunit_kzalloc(test, sizeof(*ro), GFP_KERNEL);
	struct netvsp_nic *nic = kunit_kzalloc(test, sizeof(*nic), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, ro);
	KUNIT_ASSERT_NOT_NULL(test, nic);
	ro->test = test;
	ro->nic = nic;
	nic->queues = kunit_kcalloc(test, RO_QUEUES, sizeof(*nic->queues), GFP_KERNEL);
	nic->subs = kunit_kcalloc(test, RO_COUNT, sizeof(*nic->subs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nic->queues);
	KUNIT_ASSERT_NOT_NULL(test, nic->subs);
	nic->nqueues = RO_QUEUES;
	nic->sharers = RO_QUEUES;
	nic->share = RO_SHARE;
	nic->cut.count = RO_COUNT;
	for (i = 0; i < RO_COUNT; i++)
		nic->subs[i].next = NETVSP_SUB_NONE;
	for (i = 0; i < RO_QUEUES; i++) {
		netvsp_queue_setup(nic, &nic->queues[i], i);
		nic->queues[i].free = kunit_kcalloc(test, RO_COUNT, sizeof(u32), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, nic->queues[i].free);
	}
	ro->q = &nic->queues[RO_QUEUES - 1];
	ro->first = NETVSP_CONTROL_SUBS + (RO_QUEUES - 1) * RO_SHARE;
	return ro;
}

/* Sub-allocations from @from on, @n of them, in one packet that @owner has told the guest. */
static void ro_told(struct ro *ro, u32 from, u32 n, u16 owner)
{
	u32 i;

	for (i = 0; i < n; i++)
		ro->nic->subs[from + i].next = i + 1 < n ? from + i + 1 : NETVSP_SUB_NONE;
	ro->nic->subs[from].owner = owner + 1;
}

static void ro_reclaim(struct netvsp_queue *q)
{
	spin_lock_bh(&q->lock);
	netvsp_recv_reclaim(q);
	spin_unlock_bh(&q->lock);
}

/* Each once, and these only */
static void ro_free_is(struct ro *ro, u32 bits)
{
	u32 i, got = 0;

	for (i = 0; i < ro->q->nfree; i++) {
		KUNIT_ASSERT_GE(ro->test, ro->q->free[i], ro->first);
		KUNIT_ASSERT_LT(ro->test, ro->q->free[i], ro->first + RO_SHARE);
		KUNIT_EXPECT_FALSE(ro->test, got & BIT(ro->q->free[i] - ro->first));
		got |= BIT(ro->q->free[i] - ro->first);
	}
	KUNIT_EXPECT_EQ(ro->test, got, bits);
}

static void reopen_reclaim_test(struct kunit *test)
{
	struct ro *ro = ro_new(test);

	/* Nothing is out. */
	ro_reclaim(ro->q);
	ro_free_is(ro, 0);
	/* The first and the last one, a packet of three, and one that is free */
	ro_told(ro, ro->first, 1, 2);
	ro_told(ro, ro->first + 3, 3, 2);
	ro_told(ro, ro->first + RO_SHARE - 1, 1, 2);
	ro->q->free[ro->q->nfree++] = ro->first + 7;
	ro_reclaim(ro->q);
	ro_free_is(ro, 0x2b9);
	/* They are not with the guest any more: again there is nothing. */
	ro_reclaim(ro->q);
	ro_free_is(ro, 0x2b9);
	KUNIT_EXPECT_EQ(test, ro->nic->subs[ro->first + 3].owner, 0);
}

static void reopen_others_test(struct kunit *test)
{
	struct ro *ro = ro_new(test);

	/* What the primary channel has told of before there were others it gives back. */
	ro_told(ro, ro->first + 1, 2, 0);
	/* Of others, and behind the end of all shares */
	ro_told(ro, ro->first - 1, 1, 1);
	ro_told(ro, ro->first + RO_SHARE, 2, 0);
	ro_told(ro, 0, 1, 0);
	ro_reclaim(ro->q);
	ro_free_is(ro, 0);
	KUNIT_EXPECT_EQ(test, ro->nic->subs[ro->first + 1].owner, 1);
	KUNIT_EXPECT_EQ(test, ro->nic->subs[ro->first - 1].owner, 2);
	KUNIT_EXPECT_EQ(test, ro->nic->subs[ro->first + RO_SHARE].owner, 1);
	/* The primary channel has its own way, and who has no share has none. */
	ro_reclaim(&ro->nic->queues[0]);
	KUNIT_EXPECT_EQ(test, ro->nic->queues[0].nfree, 0);
	KUNIT_EXPECT_EQ(test, ro->nic->subs[0].owner, 1);
	ro_told(ro, ro->first, 1, 2);
	ro->nic->sharers = RO_QUEUES - 1;
	ro_reclaim(ro->q);
	ro_free_is(ro, 0);
}

/* A batch that the guest does not know of: its place is free again. */
static void reopen_batch_test(struct kunit *test)
{
	struct ro *ro = ro_new(test);
	struct netvsp_batch *batch = &ro->q->batch;

	ro_told(ro, ro->first + 2, 4, 2);
	ro->nic->subs[ro->first + 2].owner = 0;
	batch->first = ro->first + 2;
	batch->last = ro->first + 5;
	batch->n = 4;
	batch->frames = 3;
	spin_lock_bh(&ro->q->lock);
	netvsp_xmit_drop(ro->q);
	/* Only once */
	netvsp_xmit_drop(ro->q);
	spin_unlock_bh(&ro->q->lock);
	ro_free_is(ro, 0x3c);
	KUNIT_EXPECT_EQ(test, batch->n, 0);
	KUNIT_EXPECT_EQ(test, batch->first, NETVSP_SUB_NONE);
	KUNIT_EXPECT_EQ(test, ro->q->counters[NETVSP_TX_DROPPED], 3);
	ro_reclaim(ro->q);
	ro_free_is(ro, 0x3c);
}

static void ro_free_netdev(void *dev)
{
	free_netdev(dev);
}

/*
 * What the primary channel has told of before there were others: whose share it is stalls no
 * more when it comes back, and the carrier is there again at once.
 */
static void reopen_given_test(struct kunit *test)
{
	struct ro *ro = ro_new(test);
	struct netvsp_queue *primary = &ro->nic->queues[0];
	struct net_device *dev = alloc_etherdev(0);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ro_free_netdev, dev), 0);
	ro->nic->dev = dev;
	ro->nic->filter = RNDIS_PACKET_TYPE_DIRECTED;
	spin_lock_init(&ro->nic->lock);
	netif_carrier_off(dev);
	ro_told(ro, ro->first + 4, 3, 0);
	ro->nic->subs[ro->first + 4].frames = 3;
	primary->up = true;
	primary->stalled = true;
	primary->held = 3;
	primary->given[primary->ngiven++] = ro->first + 4;
	ro->q->up = true;
	ro->q->stalled = true;
	ro->q->since = jiffies - 20 * HZ;
	netvsp_xmit_given(primary);
	ro_free_is(ro, 0x70);
	KUNIT_EXPECT_EQ(test, primary->held, 0);
	KUNIT_EXPECT_EQ(test, primary->nfree, 0);
	KUNIT_EXPECT_FALSE(test, primary->stalled);
	KUNIT_EXPECT_FALSE(test, ro->q->stalled);
	KUNIT_EXPECT_TRUE(test, time_after(ro->q->since, jiffies - HZ));
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(dev));
	/* An answer to a control message says nothing of frames. */
	netif_carrier_off(dev);
	primary->stalled = true;
	ro_told(ro, 3, 1, 0);
	primary->given[primary->ngiven++] = 3;
	netvsp_xmit_given(primary);
	KUNIT_EXPECT_TRUE(test, primary->stalled);
	KUNIT_EXPECT_TRUE(test, test_bit(3, primary->control_free));
	KUNIT_EXPECT_FALSE(test, netif_carrier_ok(dev));
}

static struct kunit_case netvsp_reopen_cases[] = {
	KUNIT_CASE(reopen_reclaim_test),
	KUNIT_CASE(reopen_others_test),
	KUNIT_CASE(reopen_batch_test),
	KUNIT_CASE(reopen_given_test),
	{}
};

static struct kunit_suite netvsp_reopen_suite = {
	.name = "vmbus_netvsp_reopen",
	.test_cases = netvsp_reopen_cases,
};

kunit_test_suite(netvsp_reopen_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: sub-channels that are opened again");
MODULE_LICENSE("GPL");
