// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive and the send buffer: memory that the guest lends for frames to and from it.
 *
 * The receive buffer is cut in sub-allocations.  The first NETVSP_CONTROL_SUBS are for
 * control answers; of the others each queue owns as many as any other, in a row.
 * Whoever gets one back gives it to its owner.
 */
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <vmbus/partition.h>
#include "netvsp.h"

/* A buffer is one range of whole pages. */
static int netvsp_buffer_map(struct netvsp_queue *q, u32 gpadl_id, u32 max, unsigned int flags,
			     struct netvsp_buffer *buffer)
{
	u32 len, offset, npfns;
	const u64 *pfns;
	int err;

	buffer->gpadl = vsrv_gpadl_get(q->chan, gpadl_id);
	if (!buffer->gpadl)
		return -ENOENT;
	err = vsrv_gpadl_range_count(buffer->gpadl) == 1 ?
	      vsrv_gpadl_range(buffer->gpadl, 0, &len, &offset, &pfns, &npfns) : -EINVAL;
	if (!err && (offset || offset_in_hvpage(len)))
		err = -EINVAL;
	if (!err && len > max)
		err = -E2BIG;
	if (err)
		goto put_gpadl;
	buffer->map = vpart_map(q->part, pfns, npfns, flags);
	if (IS_ERR(buffer->map)) {
		err = PTR_ERR(buffer->map);
		goto put_gpadl;
	}
	buffer->addr = vpart_map_addr(buffer->map);
	buffer->len = len;
	return 0;

put_gpadl:
	vsrv_gpadl_put(buffer->gpadl);
	buffer->gpadl = NULL;
	return err;
}

static void netvsp_buffer_unmap(struct netvsp_buffer *buffer)
{
	vpart_unmap(buffer->map);
	vsrv_gpadl_put(buffer->gpadl);
	*buffer = (struct netvsp_buffer) { };
}

/* ---- the receive buffer ------------------------------------------------------------------ */

/**
 * netvsp_sub_queue - who owns a sub-allocation
 * @nic: adapter with a receive buffer
 * @index: of the sub-allocation, not one for control answers
 *
 * Return: queue.
 */
struct netvsp_queue *netvsp_sub_queue(struct netvsp_nic *nic, u32 index)
{
	u32 queue = (index - NETVSP_CONTROL_SUBS) / nic->share;

	/* The first one gets what is left over. */
	return &nic->queues[queue < nic->sharers ? queue : 0];
}

/* Hand out all that the guest does not have.  Nobody else uses any. */
static void netvsp_recv_deal(struct netvsp_nic *nic)
{
	struct netvsp_queue *owner;
	u32 i;

	for (i = 0; i < nic->nqueues; i++)
		nic->queues[i].nfree = 0;
	/* From the end: then the first ones are used first. */
	for (i = nic->cut.count; i-- > NETVSP_CONTROL_SUBS;) {
		owner = netvsp_sub_queue(nic, i);
		owner->free[owner->nfree++] = i;
	}
}

/**
 * netvsp_recv_map - the guest lends a receive buffer
 * @q: primary channel
 * @gpadl_id: its GPADL
 *
 * Context: in the reader.
 * Return: 0 with netvsp_nic::recv, cut and subs set up; netvsp_recv_start() follows.
 * -ENOENT, -EINVAL, -E2BIG for what is no buffer, -ENOSPC for one that is too small, or an
 * error of vpart_map().
 */
int netvsp_recv_map(struct netvsp_queue *q, u32 gpadl_id)
{
	struct netvsp_nic *nic = q->nic;
	struct netvsp_buffer recv = { };
	int err;
	u32 i;

	err = netvsp_buffer_map(q, gpadl_id, nic->config.recv_max, VPART_MAP_WRITE, &recv);
	if (err)
		return err;
	/* Each queue needs some; how many queues there will be the guest says later. */
	if (!netvsp_cut_recv(&q->proto, recv.len, NETVSP_CONTROL_SUBS + nic->nqueues,
			     nic->nqueues, &nic->cut)) {
		err = -ENOSPC;
		goto unmap;
	}
	err = -ENOMEM;
	nic->subs = kvcalloc(nic->cut.count, sizeof(*nic->subs), GFP_KERNEL);
	if (!nic->subs)
		goto unmap;
	/* Any queue can own all but those for control answers, if it is the only one. */
	for (i = 0; i < nic->nqueues; i++) {
		nic->queues[i].free = kvmalloc_array(nic->cut.count,
						     sizeof(*nic->queues[i].free), GFP_KERNEL);
		if (!nic->queues[i].free)
			goto free;
	}
	nic->recv = recv;
	/* Looked at before there is a buffer, too, but not used. */
	WRITE_ONCE(nic->part_len, nic->cut.size - NETVSP_SUB_ROOM);
	nic->sharers = nic->channels;
	nic->share = (nic->cut.count - NETVSP_CONTROL_SUBS) / nic->sharers;
	netvsp_recv_deal(nic);
	return 0;

free:
	while (i--) {
		kvfree(nic->queues[i].free);
		nic->queues[i].free = NULL;
	}
	kvfree(nic->subs);
	nic->subs = NULL;
unmap:
	netvsp_buffer_unmap(&recv);
	return err;
}

/**
 * netvsp_recv_start - the receive buffer may be used
 * @nic: adapter
 *
 * Context: in the reader of the primary channel.
 */
void netvsp_recv_start(struct netvsp_nic *nic)
{
	struct netvsp_queue *q;
	u16 i;

	/*
	 * A sub-channel that is opened now sees this, with all that was set up, or is seen
	 * below: it has its lock.  Pairs with that in netvsp_chan_start().
	 */
	smp_store_release(&nic->recv_on, true);
	for (i = 0; i < nic->nqueues; i++) {
		q = &nic->queues[i];
		spin_lock_bh(&q->lock);
		if (!netvsp_is_sub(q))
			bitmap_fill(q->control_free, NETVSP_CONTROL_SUBS);
		WRITE_ONCE(q->up, q->running && !q->broken);
		spin_unlock_bh(&q->lock);
	}
}

/**
 * netvsp_recv_share - the guest will have more channels: each gets its share
 * @nic: adapter with a receive buffer, of which the primary channel has used all
 * @channels: how many there will be
 *
 * What the guest has of the others' it gives back later.
 *
 * Context: in the reader of the primary channel; the others are not open.
 */
void netvsp_recv_share(struct netvsp_nic *nic, u16 channels)
{
	struct netvsp_queue *primary = &nic->queues[0], *owner;
	u32 *free, i, n, kept = 0;

	spin_lock_bh(&primary->lock);
	nic->share = (nic->cut.count - NETVSP_CONTROL_SUBS) / channels;
	nic->sharers = channels;
	free = primary->free;
	n = primary->nfree;
	for (i = 0; i < n; i++) {
		owner = netvsp_sub_queue(nic, free[i]);
		if (owner == primary)
			free[kept++] = free[i];
		else
			owner->free[owner->nfree++] = free[i];
	}
	primary->nfree = kept;
	spin_unlock_bh(&primary->lock);
}

/**
 * netvsp_recv_reclaim - a sub-channel is opened; if again, what the guest had by it is free
 * @q: sub-channel; there is a receive buffer
 *
 * A guest may close a sub-channel alone, and open it again.  What it still had it cannot give
 * back by a closed channel, so it has let go of that; what it says of it later is wrong.
 *
 * Context: netvsp_queue::lock held.
 */
void netvsp_recv_reclaim(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;
	u32 first = NETVSP_CONTROL_SUBS + q->index * nic->share, i, sub;

	lockdep_assert_held(&q->lock);
	if (!netvsp_is_sub(q) || q->index >= nic->sharers)
		return;
	for (i = first; i < first + nic->share; i++) {
		if (nic->subs[i].owner != q->index + 1)
			continue;
		nic->subs[i].owner = 0;
		for (sub = i; sub != NETVSP_SUB_NONE; sub = nic->subs[sub].next)
			q->free[q->nfree++] = sub;
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_recv_reclaim);

/**
 * netvsp_recv_unmap - let go of the receive buffer
 * @nic: adapter, with one or without
 *
 * On return nobody uses it.  What was on its way to the guest is lost.
 *
 * Context: process, may sleep; in the reader of the primary channel or with that stopped.
 */
void netvsp_recv_unmap(struct netvsp_nic *nic)
{
	u16 i;

	WRITE_ONCE(nic->recv_on, false);
	/* Transmitters look at netvsp_queue::up with the lock. */
	for (i = 0; i < nic->nqueues; i++)
		netvsp_xmit_end(&nic->queues[i]);
	if (!nic->recv.gpadl)
		return;
	for (i = 0; i < nic->nqueues; i++) {
		kvfree(nic->queues[i].free);
		nic->queues[i].free = NULL;
	}
	kvfree(nic->subs);
	nic->subs = NULL;
	netvsp_buffer_unmap(&nic->recv);
}

/* ---- the send buffer ----------------------------------------------------------------------- */

/**
 * netvsp_send_map - the guest lends a send buffer
 * @q: primary channel
 * @gpadl_id: its GPADL
 *
 * Context: in the reader.
 * Return: 0, or as netvsp_recv_map().
 */
int netvsp_send_map(struct netvsp_queue *q, u32 gpadl_id)
{
	struct netvsp_nic *nic = q->nic;
	struct netvsp_buffer *send = kzalloc(sizeof(*send), GFP_KERNEL);
	int err;

	if (!send)
		return -ENOMEM;
	err = netvsp_buffer_map(q, gpadl_id, nic->config.send_max, 0, send);
	if (err) {
		kfree(send);
		return err;
	}
	rcu_assign_pointer(nic->send, send);
	return 0;
}

/**
 * netvsp_send_unmap - let go of the send buffer
 * @nic: adapter, with one or without
 *
 * On return nobody uses it.
 *
 * Context: process, may sleep; as netvsp_recv_unmap(), and not within netvsp_nic::send_srcu.
 */
void netvsp_send_unmap(struct netvsp_nic *nic)
{
	struct netvsp_buffer *send = rcu_dereference_protected(nic->send, true);

	if (!send)
		return;
	rcu_assign_pointer(nic->send, NULL);
	synchronize_srcu(&nic->send_srcu);
	netvsp_buffer_unmap(send);
	kfree(send);
}
