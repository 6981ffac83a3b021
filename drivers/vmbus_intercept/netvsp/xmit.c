// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames to the guest: copied into sub-allocations of its receive buffer, and told in
 * packets of many.
 *
 * A frame takes one sub-allocation; one that is to be cut (GSO) takes as many as it needs
 * if the guest takes frames in parts, and the stack cuts it before if not.  The sum of a
 * frame that is not cut is made while it is copied, so that the guest may pass it on.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ip.h>
#include "netvsp.h"
#include "trace.h"

/* Room in the ring that frames leave to answers; half of a small ring. */
#define NETVSP_RING_RESERVE	4096

/* In the ring: descriptor, extended header, message, footer. */
static u32 netvsp_batch_room(u32 ranges)
{
	return sizeof(struct vmpacket_descriptor) + sizeof(struct netvsp_told_head) +
	       ranges * sizeof(struct vmtransfer_page_range) +
	       ALIGN(NVSP_MESSAGE_SIZE_61, 8) + VSRV_PACKET_FOOTER;
}

static u32 netvsp_parts(const struct netvsp_nic *nic, u32 len)
{
	return DIV_ROUND_UP(len, READ_ONCE(nic->part_len));
}

/* Does the guest take frames in parts? */
static bool netvsp_takes_parts(const struct netvsp_nic *nic)
{
	return READ_ONCE(nic->offloads) & (NETVSP_VM_RX_RSC4 | NETVSP_VM_RX_RSC6);
}

/**
 * netvsp_parts_max - how many a frame may take
 * @nic: adapter with a receive buffer
 *
 * Return: as many as a packet has room for, and a queue has.
 */
u32 netvsp_parts_max(const struct netvsp_nic *nic)
{
	return netvsp_takes_parts(nic) ? min(3 * NETVSP_BATCH_MAX / 4, READ_ONCE(nic->share)) : 1;
}

/*
 * With less senders wait: what comes next may be a large frame.  With as much they go on:
 * what the guest gives back comes in batches anyway, those of the reader.
 */
static u32 netvsp_parts_least(const struct netvsp_nic *nic)
{
	if (!netvsp_takes_parts(nic))
		return 1;
	return min3(netvsp_parts(nic, ETH_HLEN + IP_MAX_MTU), NETVSP_BATCH_MAX / 2,
		    max(READ_ONCE(nic->share) / 4, 1U));
}

/* ---- what the guest takes ---------------------------------------------------------------- */

/* Does the guest take this frame uncut? */
static bool netvsp_takes_gso(const struct netvsp_nic *nic, const struct sk_buff *skb)
{
	u32 offloads = READ_ONCE(nic->offloads);
	unsigned int type = skb_shinfo(skb)->gso_type &
			    ~(SKB_GSO_DODGY | SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID);
	u32 len = skb->len;

	if (skb->encapsulation || len > IP_MAX_MTU ||
	    netvsp_parts(nic, len) > netvsp_parts_max(nic))
		return false;
	return (type == SKB_GSO_TCPV4 && offloads & NETVSP_VM_RX_RSC4) ||
	       (type == SKB_GSO_TCPV6 && offloads & NETVSP_VM_RX_RSC6);
}

/**
 * netvsp_features_check - what the stack need not do to a frame
 * @skb: frame; may have no queue yet
 * @dev: interface
 * @features: of it
 *
 * Return: features for this frame.
 */
netdev_features_t netvsp_features_check(struct sk_buff *skb, struct net_device *dev,
					netdev_features_t features)
{
	if (skb_is_gso(skb) && !netvsp_takes_gso(netdev_priv(dev), skb))
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

/**
 * netvsp_filter - has the guest set its filter so that it gets this frame?
 * @nic: adapter
 * @dest: address that it is for
 *
 * Return: true if it has.
 */
bool netvsp_filter(const struct netvsp_nic *nic, const u8 *dest)
{
	u32 filter = READ_ONCE(nic->filter);

	if (filter & RNDIS_PACKET_TYPE_PROMISCUOUS)
		return true;
	if (is_broadcast_ether_addr(dest))
		return filter & RNDIS_PACKET_TYPE_BROADCAST;
	/* The guest chooses among the groups itself. */
	if (is_multicast_ether_addr(dest))
		return filter & (RNDIS_PACKET_TYPE_MULTICAST | RNDIS_PACKET_TYPE_ALL_MULTICAST);
	return filter & RNDIS_PACKET_TYPE_DIRECTED && ether_addr_equal(dest, nic->mac);
}

/* ---- the batch ---------------------------------------------------------------------------- */

/* Take a sub-allocation for @len bytes of a message.  There is one, and a place in the batch. */
static void *netvsp_batch_add(struct netvsp_queue *q, u32 len)
{
	struct netvsp_batch *batch = &q->batch;
	struct netvsp_nic *nic = q->nic;
	u32 sub = q->free[--q->nfree];

	lockdep_assert_held(&q->lock);
	nic->subs[sub] = (struct netvsp_sub) { .next = NETVSP_SUB_NONE };
	if (batch->n)
		nic->subs[batch->last].next = sub;
	else
		batch->first = sub;
	if (!batch->n && !q->held)
		q->since = jiffies;
	batch->last = sub;
	batch->told.ranges[batch->n].byte_offset = sub * nic->cut.size;
	batch->told.ranges[batch->n].byte_count = len;
	batch->n++;
	return netvsp_sub_addr(nic, sub);
}

/**
 * netvsp_write_ranges - put into the ring what is in which sub-allocations
 * @q: channel; its ring is to be committed
 * @channel: NVSP_CHANNEL_*
 * @first: the first of them: the guest names the packet so when it gives them back
 * @told: what the packet says, filled in here but for the ranges behind it
 * @n: ranges
 *
 * Context: netvsp_queue::lock held.
 * Return: 0 or as vsrv_ring_write_packet().
 */
int netvsp_write_ranges(struct netvsp_queue *q, u32 channel, u32 first,
			struct netvsp_told_head *told, u32 n)
{
	const struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_RNDIS_PACKET),
		.rndis.channel = cpu_to_le32(channel),
		.rndis.section = cpu_to_le32(NVSP_SECTION_NONE),
	};

	lockdep_assert_held(&q->lock);
	*told = (struct netvsp_told_head) { .set_id = q->nic->recv_id, .count = n };
	return vsrv_ring_write_packet(&q->rings.out, &(struct vsrv_packet) {
		.type = VM_PKT_DATA_USING_XFER_PAGES,
		.flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		.trans_id = first,
		.ext = told,
		.ext_len = sizeof(*told) + n * sizeof(struct vmtransfer_page_range),
		.payload = &msg,
		.len = netvsp_message_size(&q->proto),
	});
}

/* Put the packet into the ring.  False if there is no room. */
static bool netvsp_batch_write(struct netvsp_queue *q)
{
	u32 reserve = min_t(u32, NETVSP_RING_RESERVE, q->rings.out.size / 2);
	struct netvsp_batch *batch = &q->batch;
	struct netvsp_nic *nic = q->nic;
	int err;

	lockdep_assert_held(&q->lock);
	if (q->due || (vsrv_ring_space(&q->rings.out) < netvsp_batch_room(batch->n) + reserve &&
		       !q->rings.out.error))
		return false;
	err = netvsp_write_ranges(q, NVSP_CHANNEL_DATA, batch->first, &batch->told.head,
				  batch->n);
	if (err == -EAGAIN)
		return false;
	if (err) {
		vsrv_chan_error(q->chan, "bad index in the ring of frames");
		vsrv_chan_count(q->chan, VSRV_CHAN_BAD_PACKETS, 1);
		netvsp_xmit_drop(q);
		/* Its flush ends the channel. */
		vsrv_reader_queue(&q->reader);
		return true;
	}
	nic->subs[batch->first].owner = q->index + 1;
	nic->subs[batch->first].frames = batch->frames;
	nic->subs[batch->first].bytes = batch->bytes;
	nic->subs[batch->first].xdp = netvsp_batch_xdp(batch);
	q->held += batch->n;
	q->xdp_held += netvsp_batch_xdp(batch);
	netvsp_count(q, NETVSP_TX_BATCHES, 1);
	netvsp_count(q, NETVSP_TX_FRAMES, batch->frames);
	netvsp_count(q, NETVSP_TX_BYTES, batch->len);
	netvsp_count(q, NETVSP_TX_PARTS, batch->n);
	netvsp_count(q, NETVSP_XDP_XMIT, batch->xdp_xmit);
	netvsp_count(q, NETVSP_XDP_TX, batch->xdp_tx);
	vsrv_chan_count(q->chan, VSRV_CHAN_PACKETS_OUT, 1);
	netvsp_batch_reset(batch);
	return true;
}

/**
 * netvsp_xmit_flush - tell the guest of the frames that it does not know of
 * @q: channel
 *
 * Context: netvsp_queue::lock held.
 * Return: true if it must be interrupted.
 */
bool netvsp_xmit_flush(struct netvsp_queue *q)
{
	struct vsrv_ring_out *out = &q->rings.out;
	int tries = 0;

	lockdep_assert_held(&q->lock);
	if (!q->batch.n || !q->running || q->stopped)
		return false;
	while (!netvsp_batch_write(q)) {
		if (!tries)
			netvsp_count(q, NETVSP_TX_NO_RING, 1);
		if (!netvsp_ring_again(q, out->size / 2 + netvsp_batch_room(q->batch.n), &tries))
			return false;
	}
	return vsrv_ring_write_commit(out);
}

/* Senders wait until netvsp_xmit_wake(). */
static void netvsp_xmit_wait(struct netvsp_queue *q)
{
	netif_tx_stop_queue(netvsp_txq(q));
	q->waited = jiffies;
	if (q->wait_room)
		return;
	q->wait_room = true;
	/* Its share may be what the guest has got by another channel and keeps. */
	if (!q->held && !q->batch.n)
		q->since = jiffies;
	if (!q->stopped && q->nfree < netvsp_parts_least(q->nic))
		netvsp_count(q, NETVSP_TX_NO_ROOM, 1);
}

/**
 * netvsp_xmit_wake - have senders go on if they wait and need not
 * @q: channel
 *
 * Context: netvsp_queue::lock held.
 */
void netvsp_xmit_wake(struct netvsp_queue *q)
{
	lockdep_assert_held(&q->lock);
	if (!q->wait_room || q->stopped || !netvsp_has_room(q, netvsp_parts_least(q->nic)))
		return;
	q->wait_room = false;
	netif_tx_wake_queue(netvsp_txq(q));
}

/**
 * netvsp_xmit_free - have senders go on, whatever the guest has
 * @q: channel; what the guest has does not count for BQL when it comes back
 *
 * Context: netvsp_queue::lock held.
 */
void netvsp_xmit_free(struct netvsp_queue *q)
{
	struct netdev_queue *txq = netvsp_txq(q);

	lockdep_assert_held(&q->lock);
	q->wait_room = false;
	netdev_tx_reset_queue(txq);
	netif_tx_start_queue(txq);
	/* It may have been BQL alone that has stopped it: then waking it would do nothing. */
	netif_schedule_queue(txq);
}

/* ---- frames ------------------------------------------------------------------------------- */

/**
 * netvsp_put_head - write the RNDIS header of a frame, or of a part of one, into the batch
 * @q: channel; there is room
 * @told: what the guest is told of it
 *
 * Context: netvsp_queue::lock held.
 * Return: where the data goes.
 */
u8 *netvsp_put_head(struct netvsp_queue *q, const struct netvsp_told *told)
{
	u8 head[NETVSP_FRAME_HEAD] __aligned(8);
	u32 len = netvsp_frame_put(head, told);
	u8 *addr = netvsp_batch_add(q, NETVSP_FRAME_HEAD + told->data_len);

	memcpy(addr, head, len);
	return addr + NETVSP_FRAME_HEAD;
}

/**
 * struct netvsp_sum - the sum of a frame that is copied in pieces
 * @start: where it begins, U32_MAX if none is to be made
 * @sum: so far
 * @field: where it goes, in the guest's memory
 */
struct netvsp_sum {
	u32 start;
	__wsum sum;
	u8 *field;
};

/* Copy @len bytes from @offset on.  The field of the sum is within the first piece. */
static void netvsp_copy_part(const struct sk_buff *skb, u32 offset, u8 *to, u32 len,
			     struct netvsp_sum *sum)
{
	u32 plain = 0;
	__wsum part;

	if (offset < sum->start)
		plain = min(len, sum->start - offset);
	if (plain)
		skb_copy_bits(skb, offset, to, plain);
	if (plain == len)
		return;
	part = skb_copy_and_csum_bits(skb, offset + plain, to + plain, len - plain);
	sum->sum = csum_block_add(sum->sum, part, offset + plain - sum->start);
}

/* @cut: it is longer than what goes over a wire */
static void netvsp_put_skb(struct netvsp_queue *q, const struct sk_buff *skb, u32 parts, bool cut)
{
	struct netvsp_nic *nic = q->nic;
	u32 size = cut ? READ_ONCE(nic->part_len) : skb->len, offset = 0, i;
	struct netvsp_sum sum = { .start = U32_MAX };
	struct netvsp_told told = {
		.csum = netvsp_good(skb, READ_ONCE(nic->offloads)),
		.tagged = skb_vlan_tag_present(skb),
		.tci = skb_vlan_tag_get(skb),
		.id = q->batch.first == NETVSP_SUB_NONE ? 0 : q->batch.n,
	};
	__sum16 check;
	u8 *to;

	netvsp_tell_hash(nic, skb, &told);
	/*
	 * A frame that fits on no wire the guest does not pass on (Linux does without
	 * coalesced frames then), and nobody looks at the sum of one that is good.
	 */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    !(cut && told.csum & (RNDIS_CSUM_TCP_GOOD | RNDIS_CSUM_UDP_GOOD)))
		sum.start = skb_checksum_start_offset(skb);
	for (i = 0; i < parts; i++) {
		told.data_len = min(size, skb->len - offset);
		if (cut)
			told.part = RNDIS_ID_PART | (i ? 0 : RNDIS_ID_FIRST) |
				    (i + 1 < parts ? 0 : RNDIS_ID_LAST);
		to = netvsp_put_head(q, &told);
		if (!i && sum.start != U32_MAX)
			sum.field = to + sum.start + skb->csum_offset;
		netvsp_copy_part(skb, offset, to, told.data_len, &sum);
		offset += told.data_len;
	}
	if (sum.field) {
		check = csum_fold(sum.sum) ?: CSUM_MANGLED_0;
		memcpy(sum.field, &check, sizeof(check));
	}
	q->batch.frames++;
	q->batch.len += skb->len;
}

/* Frames that cannot be sent, whatever the guest does; each has been counted. */
static bool netvsp_xmit_refuse(struct netvsp_queue *q, struct sk_buff *skb, u32 parts, bool cut)
{
	struct netvsp_nic *nic = q->nic;
	u32 first = cut ? min(READ_ONCE(nic->part_len), skb->len) : skb->len;
	enum netvsp_counter counter = NETVSP_TX_DROPPED;

	if (!q->up || q->ending || q->stalled || skb->len < ETH_HLEN ||
	    parts > netvsp_parts_max(nic))
		goto refuse;
	/* The guest may have changed its mind since the stack has asked. */
	if (cut && !(skb_is_gso(skb) && netvsp_takes_gso(nic, skb)))
		goto refuse;
	/* In the first part, or nobody could fill it in. */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) + skb->csum_offset + sizeof(__sum16) > first)
		goto refuse;
	counter = NETVSP_TX_FILTERED;
	if (!netvsp_filter(nic, skb->data))
		goto refuse;
	return false;

refuse:
	netvsp_count(q, counter, 1);
	return true;
}

static netdev_tx_t netvsp_xmit_locked(struct netvsp_queue *q, struct sk_buff *skb,
				      bool *interrupt)
{
	/* Longer than what goes over a wire: if the guest takes it at all, then in parts. */
	bool cut = !netvsp_fits_wire(q->nic, skb->len, skb->protocol);
	u32 parts = cut ? netvsp_parts(q->nic, skb->len) : 1;
	u32 least = netvsp_parts_least(q->nic);
	bool flush;

	if (q->stopped && q->up) {
		netvsp_xmit_wait(q);
		return NETDEV_TX_BUSY;
	}
	if (netvsp_xmit_refuse(q, skb, parts, cut)) {
		*interrupt = netvsp_xmit_flush(q);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	if (!netvsp_has_room(q, parts))
		*interrupt = netvsp_xmit_flush(q);
	if (!netvsp_has_room(q, parts)) {
		netvsp_xmit_wait(q);
		return NETDEV_TX_BUSY;
	}
	skb_tx_timestamp(skb);
	netvsp_put_skb(q, skb, parts, cut);
	q->batch.bytes += skb->len;
	flush = __netdev_tx_sent_queue(netvsp_txq(q), skb->len, netdev_xmit_more());
	if (flush || q->batch.frames >= READ_ONCE(q->nic->batch_max))
		*interrupt |= netvsp_xmit_flush(q);
	if (!netvsp_has_room(q, least)) {
		*interrupt |= netvsp_xmit_flush(q);
		if (!netvsp_has_room(q, least))
			netvsp_xmit_wait(q);
	}
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

/**
 * netvsp_start_xmit - ndo_start_xmit
 * @skb: frame
 * @dev: interface
 *
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY with the queue stopped.
 */
netdev_tx_t netvsp_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	struct netvsp_queue *q = &nic->queues[skb_get_queue_mapping(skb)];
	bool interrupt = false;
	netdev_tx_t ret;

	spin_lock(&q->lock);
	ret = netvsp_xmit_locked(q, skb, &interrupt);
	spin_unlock(&q->lock);
	/* See netvsp_chan_halt(): the channel is there as long as we are in softirq. */
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
	return ret;
}
