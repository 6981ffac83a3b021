// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: frames to the guest that programs of XDP send, and the room that
 * they may have.
 */
#include <linux/module.h>
#include <net/sch_generic.h>
#include <vmbus/compat.h>

#include "netvsp_xdp.h"

#define XX_SUBS		4	/* frames that there is room for */
#define XX_MANY		100	/* of these not all are in one batch */
#define XX_BULK		16	/* frames of a call */

/* ---- the guest ------------------------------------------------------------------------------ */

/* It is told of the batch, as netvsp_batch_write() does; returns the name of the packet. */
static u32 xx_told(struct xt *xt)
{
	struct netvsp_batch *batch = &xt->q->batch;
	struct netvsp_sub *sub = &xt->nic->subs[batch->first];
	u32 first = batch->first;

	KUNIT_ASSERT_GT(xt->test, batch->n, 0);
	sub->owner = xt->q->index + 1;
	sub->frames = batch->frames;
	sub->xdp = netvsp_batch_xdp(batch);
	xt->q->held += batch->n;
	xt->q->xdp_held += sub->xdp;
	netvsp_batch_reset(batch);
	return first;
}

static void xx_given(struct xt *xt, u32 first)
{
	xt->q->given[xt->q->ngiven++] = first;
	netvsp_xmit_given(xt->q);
	KUNIT_EXPECT_EQ(xt->test, xt->q->ngiven, 0);
}

/* ---- frames that are sent back -------------------------------------------------------------- */

static void xx_tx(struct xt *xt)
{
	local_bh_disable();
	netvsp_xdp_tx(xt->q, xt->f.bytes, of_len(&xt->f));
	local_bh_enable();
}

/* Returns how many of @n there was room for. */
static u32 xx_sends(struct xt *xt, u32 n)
{
	u32 before = xt->q->batch.xdp_tx;

	while (n--)
		xx_tx(xt);
	return xt->q->batch.xdp_tx - before;
}

/* What is sent back is in the receive buffer, with its sum, as long as there is room. */
static void xdptx_back_test(struct kunit *test)
{
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	u8 *data = xt_lend(xt, XX_SUBS) + NETVSP_FRAME_HEAD;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, xt_attach(xt, xt_decides(xt, XDP_TX), NULL), 0);
	for (i = 0; i < XX_SUBS; i++) {
		xt_frame(xt);
		KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
		KUNIT_EXPECT_EQ(test, xt->q->batch.n, i + 1);
		KUNIT_EXPECT_EQ(test, xt->q->nfree, XX_SUBS - 1 - i);
	}
	/* Nobody has been told of them. */
	xt_counted(xt, NETVSP_XDP_TX, 0);
	KUNIT_EXPECT_EQ(test, xt->q->batch.frames, XX_SUBS);
	KUNIT_EXPECT_EQ(test, xt->q->batch.xdp_tx, XX_SUBS);
	KUNIT_EXPECT_EQ(test, xt->q->batch.xdp_xmit, 0);
	KUNIT_EXPECT_TRUE(test, done.tx);
	for (i = 0; i < XX_SUBS; i++, data += XT_SUB_SIZE) {
		KUNIT_EXPECT_MEMEQ(test, data, xt->f.bytes, xt->f.transport);
		KUNIT_EXPECT_MEMEQ(test, data + xt->f.data, xt->f.bytes + xt->f.data, 100);
		KUNIT_EXPECT_EQ(test, of_sum(data + xt->f.transport, 120,
					     of_sum(data + xt->f.network + 12, 8,
						    IPPROTO_TCP + 120)), 0xffff);
	}
	/* One more than there is room for */
	xt_frame(xt);
	KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
	KUNIT_EXPECT_EQ(test, xt->q->batch.xdp_tx, XX_SUBS);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 1);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), 1);
	/* The rings are closed: it only must not mind. */
	local_bh_disable();
	netvsp_xdp_flush(xt->q, &done);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, xt->q->batch.n, XX_SUBS);

	/* While the channel ends or is stopped nothing goes there. */
	xt->q->nfree = 1;
	xt->q->ending = true;
	xt_frame(xt);
	KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
	xt->q->ending = false;
	xt->q->stopped = true;
	xt_frame(xt);
	KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
	xt->q->stopped = false;
	/* The guest does not want it. */
	xt->nic->filter = 0;
	xt_frame(xt);
	KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 3);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), 1);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_FILTERED), 1);
	KUNIT_EXPECT_EQ(test, xt->q->nfree, 1);
	/* They are dropped after all: they were not sent. */
	spin_lock_bh(&xt->q->lock);
	netvsp_xmit_drop(xt->q);
	spin_unlock_bh(&xt->q->lock);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 3 + XX_SUBS);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_TX), 0);
	KUNIT_EXPECT_EQ(test, netvsp_batch_xdp(&xt->q->batch), 0);
	KUNIT_ASSERT_EQ(test, xt_attach(xt, NULL, NULL), 0);
}

/* ---- room ----------------------------------------------------------------------------------- */

/* While senders of the stack wait, and until a second later, there is half of it. */
static void xdptx_room_test(struct kunit *test)
{
	static const struct {
		u32 share, held;
		bool waits, waited, parts;
		u32 room;
	} table[] = {
		{ XX_MANY, 0, false, false, false, NETVSP_BATCH_MAX },
		{ XX_MANY, 0, false, false, true, NETVSP_BATCH_MAX },
		{ XX_MANY, 90, false, false, false, 10 },
		{ 10, 0, false, false, false, 10 },
		{ 1, 0, false, false, false, 1 },
		/* Half of the buffer, or of the batch */
		{ XX_MANY, 0, true, false, false, NETVSP_BATCH_MAX / 2 },
		{ XX_MANY, 0, false, true, false, NETVSP_BATCH_MAX / 2 },
		{ XX_MANY, 49, true, false, false, 1 },
		{ XX_MANY, 50, true, false, false, 0 },
		{ XX_MANY, 60, true, false, false, 0 },
		{ 10, 0, true, false, false, 5 },
		{ 10, 0, false, true, false, 5 },
		{ 10, 4, false, true, false, 1 },
		{ 10, 5, false, true, false, 0 },
		{ 3, 0, true, false, false, 1 },
		{ 2, 0, true, false, false, 1 },
		{ 1, 0, true, false, false, 0 },
		/* Beside a large frame, of 48 parts at most */
		{ XX_MANY, 0, true, false, true, NETVSP_BATCH_MAX / 2 },
		{ 60, 0, true, false, true, 12 },
		{ 60, 11, true, false, true, 1 },
		{ 49, 0, false, true, true, 1 },
		{ 48, 0, true, false, true, 0 },
		{ 10, 0, true, false, true, 0 },
	};
	struct netvsp_queue *q;
	unsigned int i;
	struct xt *xt;
	u32 room;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		xt = xt_new(test);
		xt_lend(xt, table[i].share);
		xt_build(xt, &xt_tcp, 100, false);
		q = xt->q;
		q->wait_room = table[i].waits;
		if (table[i].waited)
			q->waited = jiffies;
		q->nfree -= table[i].held;
		q->held = table[i].held;
		q->xdp_held = table[i].held;
		xt->nic->offloads = table[i].parts ? NETVSP_VM_RX_RSC6 : 0;
		room = table[i].room;
		KUNIT_EXPECT_EQ_MSG(test, xx_sends(xt, XX_MANY), room, "case %u", i);
		KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), XX_MANY - room);
		KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), XX_MANY - room);
		/* Only if there is none at all the guest may have stalled. */
		KUNIT_EXPECT_EQ_MSG(test, q->xdp_waits,
				    !q->nfree || q->batch.n == NETVSP_BATCH_MAX, "case %u", i);
	}
}

/* What the guest gives back of XDP's half is room again. */
static void xdptx_given_test(struct kunit *test)
{
	struct xt *xt = xt_new(test);
	struct netvsp_queue *q = xt->q;
	u32 first, second;

	xt_lend(xt, 10);
	xt_build(xt, &xt_tcp, 100, false);
	q->wait_room = true;
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 3), 3);
	first = xx_told(xt);
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 3), 2);
	second = xx_told(xt);
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 1), 0);
	KUNIT_EXPECT_EQ(test, q->xdp_held, 5);
	KUNIT_EXPECT_EQ(test, q->nfree, 5);
	xx_given(xt, second);
	KUNIT_EXPECT_EQ(test, q->xdp_held, 3);
	KUNIT_EXPECT_EQ(test, q->held, 3);
	KUNIT_EXPECT_EQ(test, q->nfree, 7);
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 3), 2);
	second = xx_told(xt);
	xx_given(xt, first);
	xx_given(xt, second);
	KUNIT_EXPECT_EQ(test, q->xdp_held, 0);
	KUNIT_EXPECT_EQ(test, q->held, 0);
	KUNIT_EXPECT_EQ(test, q->nfree, 10);
	/* Nobody waits any more: all of it. */
	q->wait_room = false;
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 11), 10);
}

/* ---- a guest that gives nothing back -------------------------------------------------------- */

static void xx_look(struct xt *xt, unsigned int seconds)
{
	xt->q->since = jiffies - seconds * HZ;
	netvsp_look(xt->q);
}

static void xdptx_stall_test(struct kunit *test)
{
	struct xt *xt = xt_new(test);
	struct netvsp_queue *q = xt->q;
	u32 first;

	xt_lend(xt, XX_SUBS);
	xt_build(xt, &xt_tcp, 100, false);
	rcu_assign_pointer(netvsp_txq(q)->qdisc, &noop_qdisc);
	set_bit(__LINK_STATE_START, &xt->dev->state);
	/* The guest has all there is, but nobody has asked for more. */
	KUNIT_EXPECT_EQ(test, xx_sends(xt, XX_SUBS), XX_SUBS);
	first = xx_told(xt);
	xx_look(xt, 20);
	KUNIT_EXPECT_FALSE(test, q->stalled);
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 1), 0);
	KUNIT_EXPECT_TRUE(test, q->xdp_waits);
	xx_look(xt, 9);
	KUNIT_EXPECT_FALSE(test, q->stalled);
	xx_look(xt, 11);
	KUNIT_EXPECT_TRUE(test, q->stalled);
	xx_look(xt, 20);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_STALLS), 1);
	/* Lost as those for any channel that carries nothing */
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 2), 0);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 3);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), 1);
	netif_carrier_off(xt->dev);
	xx_given(xt, first);
	KUNIT_EXPECT_FALSE(test, q->stalled);
	KUNIT_EXPECT_FALSE(test, q->xdp_waits);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(xt->dev));
	KUNIT_EXPECT_TRUE(test, time_after(q->since, jiffies - HZ));
	xx_look(xt, 20);
	KUNIT_EXPECT_FALSE(test, q->stalled);
}

/* The guest has its share by another channel: the time begins when room is wanted. */
static void xdptx_share_test(struct kunit *test)
{
	struct xt *xt = xt_new(test);
	struct netvsp_queue *q = xt->q;

	xt_lend(xt, XX_SUBS);
	xt_build(xt, &xt_tcp, 100, false);
	rcu_assign_pointer(netvsp_txq(q)->qdisc, &noop_qdisc);
	set_bit(__LINK_STATE_START, &xt->dev->state);
	q->nfree = 0;
	q->since = jiffies - 20 * HZ;
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 1), 0);
	netvsp_look(q);
	KUNIT_EXPECT_FALSE(test, q->stalled);
	/* But only once */
	q->since = jiffies - 20 * HZ;
	KUNIT_EXPECT_EQ(test, xx_sends(xt, 1), 0);
	netvsp_look(q);
	KUNIT_EXPECT_TRUE(test, q->stalled);
}

/* ---- frames that are redirected here -------------------------------------------------------- */

static struct xdp_frame *xx_frame(struct xt *xt)
{
	u32 len = of_len(&xt->f);
	struct xdp_frame *frame;

	frame = netdev_alloc_frag(XDP_PACKET_HEADROOM + len);
	KUNIT_ASSERT_NOT_NULL(xt->test, frame);
	memset(frame, 0, sizeof(*frame));
	frame->data = (u8 *)frame + XDP_PACKET_HEADROOM;
	frame->len = len;
	frame->mem.type = MEM_TYPE_PAGE_SHARED;
	memcpy(frame->data, xt->f.bytes, len);
	return frame;
}

/* As many frames as a call has; those that are not taken are the caller's. */
static int xx_xmit(struct xt *xt, u32 flags)
{
	struct xdp_frame *frames[XX_BULK];
	int i, taken;

	for (i = 0; i < XX_BULK; i++)
		frames[i] = xx_frame(xt);
	local_bh_disable();
	taken = netvsp_xdp_xmit(xt->dev, XX_BULK, frames, flags);
	local_bh_enable();
	for (i = max(taken, 0); i < XX_BULK; i++)
		page_frag_free(frames[i]);
	return taken;
}

static void xdptx_xmit_test(struct kunit *test)
{
	struct xt *xt = xt_new(test);
	struct netvsp_queue *q = xt->q;

	xt_lend(xt, 40);
	xt_build(xt, &xt_tcp, 100, false);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), -ENETDOWN);
	set_bit(__LINK_STATE_START, &xt->dev->state);
	netif_carrier_off(xt->dev);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), -ENETDOWN);
	netif_carrier_on(xt->dev);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, ~XDP_XMIT_FLUSH), -EINVAL);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), XX_BULK);
	KUNIT_EXPECT_EQ(test, q->batch.xdp_xmit, XX_BULK);
	KUNIT_EXPECT_EQ(test, q->batch.xdp_tx, 0);
	KUNIT_EXPECT_EQ(test, q->batch.frames, XX_BULK);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, XDP_XMIT_FLUSH), XX_BULK);
	xt_counted(xt, NETVSP_XDP_XMIT, 0);
	/* The rest, then none, of which both are counted */
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), 8);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 8);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), 8);
	KUNIT_EXPECT_TRUE(test, q->xdp_waits);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), 0);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_DROPPED), 8 + XX_BULK);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_NO_ROOM), 8 + XX_BULK);
	xx_given(xt, xx_told(xt));
	KUNIT_EXPECT_EQ(test, q->nfree, 40);
	KUNIT_EXPECT_FALSE(test, q->xdp_waits);
	/* The guest does not want them: taken, and gone */
	xt->nic->filter = 0;
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), XX_BULK);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_TX_FILTERED), XX_BULK);
	KUNIT_EXPECT_EQ(test, q->nfree, 40);
	xt->nic->filter = RNDIS_PACKET_TYPE_PROMISCUOUS;
	/* Half of it */
	q->wait_room = true;
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), XX_BULK);
	KUNIT_EXPECT_EQ(test, xx_xmit(xt, 0), 20 - XX_BULK);
	KUNIT_EXPECT_EQ(test, q->nfree, 20);
	KUNIT_EXPECT_FALSE(test, q->xdp_waits);
}

static struct kunit_case netvsp_xdptx_cases[] = {
	KUNIT_CASE(xdptx_back_test),
	KUNIT_CASE(xdptx_room_test),
	KUNIT_CASE(xdptx_given_test),
	KUNIT_CASE(xdptx_stall_test),
	KUNIT_CASE(xdptx_share_test),
	KUNIT_CASE(xdptx_xmit_test),
	{}
};

static struct kunit_suite netvsp_xdptx_suite = {
	.name = "vmbus_netvsp_xdptx",
	.test_cases = netvsp_xdptx_cases,
};

kunit_test_suite(netvsp_xdptx_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: frames to the guest that XDP sends");
MODULE_LICENSE("GPL");
