// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest gives back of the receive buffer, and what becomes of it when a channel
 * ends.
 */
#include <kunit/visibility.h>
#include <linux/netdevice.h>
#include <linux/nospec.h>
#include "netvsp.h"

/* Is it a packet that the guest has, of this channel? */
static bool netvsp_given_ok(const struct netvsp_queue *q, u64 trans_id)
{
	const struct netvsp_nic *nic = q->nic;

	return trans_id < nic->cut.count &&
	       nic->subs[array_index_nospec((u32)trans_id, nic->cut.count)].owner == q->index + 1;
}

/* Give the sub-allocations of a packet to their owners; returns those of other queues. */
static u32 netvsp_give(struct netvsp_queue *q, u32 first, u32 others)
{
	struct netvsp_nic *nic = q->nic;
	u32 sub, next;

	for (sub = first; sub != NETVSP_SUB_NONE; sub = next) {
		next = nic->subs[sub].next;
		q->held--;
		if (netvsp_sub_queue(nic, sub) == q) {
			q->free[q->nfree++] = sub;
			continue;
		}
		nic->subs[sub].next = others;
		others = sub;
	}
	return others;
}

/*
 * Only the primary channel has any: what it sent before there were others.  So its reader
 * is here, which alone lets go of the buffer.  True if one of the others had stalled.
 */
static bool netvsp_give_others(struct netvsp_nic *nic, u32 sub)
{
	struct netvsp_queue *owner;
	bool stalled = false;
	u32 next;

	for (; sub != NETVSP_SUB_NONE; sub = next) {
		next = nic->subs[sub].next;
		owner = netvsp_sub_queue(nic, sub);
		spin_lock_bh(&owner->lock);
		owner->free[owner->nfree++] = sub;
		stalled |= netvsp_stall_end(owner);
		netvsp_xmit_wake(owner);
		spin_unlock_bh(&owner->lock);
	}
	return stalled;
}

/**
 * netvsp_xmit_given - take back what the guest gave back in this batch
 * @q: channel
 *
 * Context: in the reader.
 */
void netvsp_xmit_given(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;
	u32 others = NETVSP_SUB_NONE, frames = 0, bytes = 0, first;
	bool bad = false, stalled;
	struct netvsp_sub *sub;
	unsigned int i;

	if (!q->ngiven)
		return;
	spin_lock_bh(&q->lock);
	/* After a revoke the guest still gives back what it had; but not after a new buffer. */
	for (i = 0; q->up && i < q->ngiven; i++) {
		bad = !netvsp_given_ok(q, q->given[i]);
		if (bad)
			break;
		first = q->given[i];
		sub = &nic->subs[first];
		sub->owner = 0;
		if (first < NETVSP_CONTROL_SUBS) {
			set_bit(first, q->control_free);
			continue;
		}
		frames += sub->frames;
		bytes += sub->bytes;
		q->xdp_held -= sub->xdp;
		others = netvsp_give(q, first, others);
		netvsp_count(q, NETVSP_TX_RETURNS, 1);
	}
	q->ngiven = 0;
	/* What it answers to control messages says nothing of frames. */
	stalled = frames && netvsp_stall_end(q);
	if (bytes)
		netdev_tx_completed_queue(netvsp_txq(q), frames, bytes);
	spin_unlock_bh(&q->lock);
	stalled |= netvsp_give_others(nic, others);
	if (stalled)
		netvsp_carrier(nic);
	if (bad)
		netvsp_broken(q, "it completed a packet that it does not have");
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xmit_given);

/**
 * netvsp_xmit_drop - forget the frames that the guest does not know of
 * @q: channel
 *
 * Context: netvsp_queue::lock held.
 */
void netvsp_xmit_drop(struct netvsp_queue *q)
{
	u32 sub;

	lockdep_assert_held(&q->lock);
	netvsp_count(q, NETVSP_TX_DROPPED, q->batch.frames);
	/* A sub-channel may be opened again; with the primary one all are dealt anew. */
	if (netvsp_is_sub(q))
		for (sub = q->batch.first; sub != NETVSP_SUB_NONE; sub = q->nic->subs[sub].next)
			q->free[q->nfree++] = sub;
	netvsp_batch_reset(&q->batch);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xmit_drop);

/**
 * netvsp_xmit_end - nothing goes to the guest any more by this channel
 * @q: channel
 *
 * On return nobody uses the receive buffer through it.
 *
 * Context: process.
 */
void netvsp_xmit_end(struct netvsp_queue *q)
{
	spin_lock_bh(&q->lock);
	WRITE_ONCE(q->up, false);
	netvsp_xmit_drop(q);
	q->held = 0;
	q->xdp_held = 0;
	netvsp_stall_end(q);
	/* Senders are refused. */
	netvsp_xmit_free(q);
	spin_unlock_bh(&q->lock);
}
