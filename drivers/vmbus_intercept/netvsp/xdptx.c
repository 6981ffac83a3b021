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
#include <linux/jiffies.h>
#include <net/xdp.h>
#include "netvsp.h"

/* ---- room --------------------------------------------------------------------------------- */

static bool netvsp_xdp_goes(const struct netvsp_queue *q)
{
	return q->up && !q->ending && !q->stopped && !q->stalled;
}

/* Do senders of the stack want their share? */
static bool netvsp_xdp_yields(const struct netvsp_queue *q)
{
	return q->wait_room || time_before(jiffies, q->waited + NETVSP_XDP_YIELD);
}

/* Is there room for one more?  A large frame of the stack has room beside what XDP may have. */
static bool netvsp_xdp_room(const struct netvsp_queue *q)
{
	u32 share = READ_ONCE(q->nic->share), batch = netvsp_batch_xdp(&q->batch);

	if (!netvsp_has_room(q, 1))
		return false;
	return !netvsp_xdp_yields(q) ||
	       (batch < NETVSP_BATCH_MAX / 2 &&
		q->xdp_held + batch < min(share / 2, share - netvsp_parts_max(q->nic)));
}

/* So many frames are lost.  If there is nothing left the guest may have stalled. */
static void netvsp_xdp_lost(struct netvsp_queue *q, u32 n)
{
	lockdep_assert_held(&q->lock);
	netvsp_count(q, NETVSP_TX_DROPPED, n);
	if (!netvsp_xdp_goes(q))
		return;
	netvsp_count(q, NETVSP_XDP_NO_ROOM, n);
	if (netvsp_has_room(q, 1))
		return;
	/* Its share may be what the guest has got by another channel and keeps. */
	if (!q->xdp_waits && !q->held && !q->batch.n)
		q->since = jiffies;
	q->xdp_waits = true;
}

/* ---- frames ------------------------------------------------------------------------------- */

/* False if it was not taken, for want of room.  @count is one more if it is in the batch. */
static bool netvsp_put_xdp(struct netvsp_queue *q, const void *data, u32 len, u32 *count)
{
	const struct netvsp_told told = { .data_len = len };

	lockdep_assert_held(&q->lock);
	if (!netvsp_xdp_goes(q) || !netvsp_xdp_room(q))
		return false;
	if (len < ETH_HLEN ||
	    !netvsp_fits_wire(q->nic, len, ((const struct ethhdr *)data)->h_proto)) {
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
	++*count;
	return true;
}

static bool netvsp_put_xdp_frame(struct netvsp_queue *q, const struct xdp_frame *frame)
{
	/* Nobody announces that it takes them. */
	if (unlikely(xdp_frame_has_frags(frame))) {
		netvsp_count(q, NETVSP_TX_DROPPED, 1);
		return true;
	}
	return netvsp_put_xdp(q, frame->data, frame->len, &q->batch.xdp_xmit);
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
		if (!netvsp_xdp_room(q))
			interrupt |= netvsp_xmit_flush(q);
		if (!netvsp_put_xdp_frame(q, frames[i]))
			break;
	}
	if (flags & XDP_XMIT_FLUSH || q->batch.frames >= READ_ONCE(nic->batch_max))
		interrupt |= netvsp_xmit_flush(q);
	if (i < n)
		netvsp_xdp_lost(q, n - i);
	spin_unlock(&q->lock);
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
	n = i;
	for (i = 0; i < n; i++)
		xdp_return_frame_rx_napi(frames[i]);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_xmit);

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
	if (!netvsp_xdp_room(q))
		interrupt = netvsp_xmit_flush(q);
	if (!netvsp_put_xdp(q, data, len, &q->batch.xdp_tx))
		netvsp_xdp_lost(q, 1);
	if (q->batch.frames >= READ_ONCE(q->nic->batch_max))
		interrupt |= netvsp_xmit_flush(q);
	spin_unlock(&q->lock);
	if (interrupt)
		vsrv_chan_interrupt(q->chan);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_tx);

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
