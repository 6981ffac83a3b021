// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames to the guest that programs of XDP send: they share batch, ring and receive buffer
 * with those of the stack, and there is nobody to wait: what has no room is lost.
 *
 * So XDP has room as soon as there is some, and senders of the stack are woken: while they
 * wait, and for a short while after, XDP has half of the room only.
 */
#include <kunit/visibility.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/jiffies.h>
#include <net/xdp.h>
#include "netvsp.h"

/* So long after senders of the stack have waited XDP leaves them half of the room. */
#define NETVSP_XDP_YIELD	HZ

/* ---- frames of XDP ------------------------------------------------------------------------ */

/* A sub-allocation has room for a tag in the frame. */
static bool netvsp_xdp_fits(const struct netvsp_nic *nic, const void *data, u32 len)
{
	if (len < ETH_HLEN)
		return false;
	if (eth_type_vlan(((const struct ethhdr *)data)->h_proto))
		len -= VLAN_HLEN;
	return len <= READ_ONCE(nic->max_len);
}

/* False if it was not taken, for want of room.  @counter is one more if the guest gets it. */
static bool netvsp_put_xdp(struct netvsp_queue *q, const void *data, u32 len,
			   enum netvsp_counter counter)
{
	const struct netvsp_told told = { .data_len = len };

	lockdep_assert_held(&q->lock);
	if (!q->up || q->ending || q->stopped || q->stalled || !netvsp_has_room(q, 1))
		return false;
	if (!netvsp_xdp_fits(q->nic, data, len)) {
		netvsp_count(q, NETVSP_TX_DROPPED, 1);
		return true;
	}
	if (!netvsp_filter(q->nic, data)) {
		netvsp_count(q, NETVSP_TX_FILTERED, 1);
		return true;
	}
	memcpy(netvsp_put_head(q, &told), data, len);
	q->batch.frames++;
	q->batch.len += len;
	netvsp_count(q, NETVSP_TX_PARTS, 1);
	netvsp_count(q, counter, 1);
	return true;
}

static bool netvsp_put_xdp_frame(struct netvsp_queue *q, const struct xdp_frame *frame)
{
	/* Nobody announces that it takes them. */
	if (unlikely(xdp_frame_has_frags(frame))) {
		netvsp_count(q, NETVSP_TX_DROPPED, 1);
		return true;
	}
	return netvsp_put_xdp(q, frame->data, frame->len, NETVSP_XDP_XMIT);
}

/**
 * netvsp_xdp_xmit - ndo_xdp_xmit: frames that XDP redirects here
 * @dev: interface
 * @n: how many
 * @frames: these
 * @flags: XDP_XMIT_FLUSH
 *
 * There is nobody to wait: what has no room is not taken.
 *
 * Return: how many were taken, or -EINVAL or -ENETDOWN.
 */
int netvsp_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	struct netvsp_queue *q = &nic->queues[netvsp_xdp_queue(nic)];
	bool interrupt = false;
	int i;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	spin_lock(&q->lock);
	for (i = 0; i < n; i++) {
		if (q->batch.n == NETVSP_BATCH_MAX)
			interrupt |= netvsp_xmit_flush(q);
		if (!netvsp_put_xdp_frame(q, frames[i]))
			break;
	}
	if (flags & XDP_XMIT_FLUSH || q->batch.frames >= READ_ONCE(nic->batch_max))
		interrupt |= netvsp_xmit_flush(q);
	netvsp_count(q, NETVSP_TX_DROPPED, n - i);
	spin_unlock(&q->lock);
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
	n = i;
	for (i = 0; i < n; i++)
		xdp_return_frame_rx_napi(frames[i]);
	return n;
}

/**
 * netvsp_xdp_tx - a program sends a frame back to the guest
 * @q: channel that it came by, and goes by if that is still open
 * @data: frame; copied
 * @len: bytes of it
 *
 * Context: NAPI; netvsp_xdp_tx_flush() follows.
 */
void netvsp_xdp_tx(struct netvsp_queue *q, const void *data, u32 len)
{
	bool interrupt = false;

	spin_lock(&q->lock);
	if (!netvsp_has_room(q, 1))
		interrupt = netvsp_xmit_flush(q);
	if (!netvsp_put_xdp(q, data, len, NETVSP_XDP_TX))
		netvsp_count(q, NETVSP_TX_DROPPED, 1);
	if (q->batch.frames >= READ_ONCE(q->nic->batch_max))
		interrupt |= netvsp_xmit_flush(q);
	spin_unlock(&q->lock);
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
}

/**
 * netvsp_xdp_tx_flush - tell the guest of what was sent back
 * @q: channel
 *
 * Context: NAPI.
 */
void netvsp_xdp_tx_flush(struct netvsp_queue *q)
{
	bool interrupt;

	spin_lock(&q->lock);
	interrupt = netvsp_xmit_flush(q);
	spin_unlock(&q->lock);
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
}
