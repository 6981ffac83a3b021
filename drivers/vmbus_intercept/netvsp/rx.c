// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of the guest: found in its send buffer and in pages that a packet names, copied,
 * and given to the stack in NAPI.
 *
 * Everything is looked at in private copies: headers in netvsp_queue::head, and the frame
 * in the skb.  One that is malformed costs its packet, one that cannot be sent only itself.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <vmbus/partition.h>
#include "netvsp.h"
#include "trace.h"

/* What the guest may send fits netvsp_queue::buf. */
static_assert(sizeof(struct vmpacket_descriptor) + sizeof(u64) +
	      NETVSP_MAX_PAGES * (sizeof(struct gpa_range) + sizeof(u64)) +
	      sizeof(struct nvsp_message) <= NETVSP_MAX_PACKET);

#define NETVSP_LINEAR		256	/* bytes of a long frame that are linear */
#define NETVSP_SMALL		2048	/* a frame up to here is all linear */
#define NETVSP_RX_BURST		(128 << 10)	/* so much goes to NAPI before the end of a batch */
#define NETVSP_RX_BURST_FRAMES	256		/* and so many */

/* ---- where the guest has put it ----------------------------------------------------------- */

static void netvsp_source_add(struct netvsp_source *src, const void *addr, u32 len)
{
	src->piece[src->n].addr = addr;
	src->piece[src->n].len = len;
	src->n++;
	src->len += len;
}

/* The caller is within netvsp_nic::send_srcu. */
static bool netvsp_source_section(struct netvsp_queue *q, const struct netvsp_request *req)
{
	struct netvsp_buffer *send = srcu_dereference(q->nic->send, &q->nic->send_srcu);
	u64 offset = (u64)req->section * NVSP_SECTION_SIZE;

	/* A message may span sections, as long as it is in the buffer. */
	if (!send || offset >= send->len || req->size > send->len - offset)
		return false;
	offset = array_index_nospec((unsigned long)offset, (unsigned long)send->len);
	netvsp_source_add(q->src, send->addr + offset, req->size);
	netvsp_count(q, NETVSP_RX_COPIED_SECTION, req->size);
	return true;
}

static bool netvsp_source_ranges(struct netvsp_queue *q, const struct vsrv_packet *pkt)
{
	struct netvsp_source *src = q->src;
	struct vsrv_gpa_range range;
	u32 i, page, len, pos = 0, n = 0, bytes = 0;

	if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT)
		return true;
	if (pkt->range_count > NETVSP_MAX_PAGES)
		return false;
	for (i = 0; i < pkt->range_count; i++) {
		if (vsrv_packet_next_range(pkt, &pos, &range) ||
		    range.npfns > NETVSP_MAX_PAGES - n)
			return false;
		memcpy(src->pfns + n, range.pfns, range.npfns * sizeof(*src->pfns));
		n += range.npfns;
		bytes += range.len;
	}
	if (n && vpart_pin_pages(q->part, src->pfns, n, false, src->pages))
		return false;
	src->npages = n;
	for (pos = 0, page = 0; page < n;) {
		/* It was good before; the packet is a private copy. */
		if (vsrv_packet_next_range(pkt, &pos, &range))
			return false;
		while (range.npfns--) {
			len = min_t(u32, range.len, PAGE_SIZE - range.offset);
			netvsp_source_add(src, page_address(src->pages[page++]) + range.offset,
					  len);
			range.len -= len;
			range.offset = 0;
		}
	}
	netvsp_count(q, NETVSP_RX_COPIED_PAGES, bytes);
	netvsp_count(q, NETVSP_RX_PAGES, src->npages);
	vsrv_chan_count(q->chan, VSRV_CHAN_DATA_PINNED, src->npages);
	return true;
}

static bool netvsp_source_open(struct netvsp_queue *q, const struct vsrv_packet *pkt,
			       const struct netvsp_request *req)
{
	struct netvsp_source *src = q->src;

	src->len = 0;
	src->n = 0;
	src->cur = 0;
	src->cur_pos = 0;
	src->npages = 0;
	if (req->section != NVSP_SECTION_NONE && !netvsp_source_section(q, req))
		return false;
	return netvsp_source_ranges(q, pkt);
}

static void netvsp_source_close(struct netvsp_queue *q)
{
	struct netvsp_source *src = q->src;

	if (src->npages)
		vpart_unpin_pages(q->part, src->pfns, src->npages, false, src->pages);
	src->npages = 0;
}

/**
 * netvsp_source_copy - copy of what the guest has put somewhere
 * @src: where
 * @pos: from there on
 * @to: out
 * @len: bytes; they are there
 *
 * Context: in the reader.
 */
void netvsp_source_copy(struct netvsp_source *src, u32 pos, void *to, u32 len)
{
	u32 offset, n;

	if (pos < src->cur_pos) {
		src->cur = 0;
		src->cur_pos = 0;
	}
	while (len) {
		offset = pos - src->cur_pos;
		if (offset >= src->piece[src->cur].len) {
			src->cur_pos += src->piece[src->cur].len;
			src->cur++;
			continue;
		}
		n = min(len, src->piece[src->cur].len - offset);
		memcpy(to, src->piece[src->cur].addr + offset, n);
		to += n;
		pos += n;
		len -= n;
	}
}

/* ---- frames ------------------------------------------------------------------------------- */

static struct sk_buff *netvsp_skb_long(struct netvsp_queue *q, u32 pos, u32 len)
{
	struct netvsp_source *src = q->src;
	struct sk_buff *skb;
	skb_frag_t *frag;
	int err, i;

	skb = alloc_skb_with_frags(NET_SKB_PAD + NET_IP_ALIGN + NETVSP_LINEAR,
				   len - NETVSP_LINEAR, PAGE_ALLOC_COSTLY_ORDER, &err, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	netvsp_source_copy(src, pos, skb_put(skb, NETVSP_LINEAR), NETVSP_LINEAR);
	pos += NETVSP_LINEAR;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		frag = &skb_shinfo(skb)->frags[i];
		netvsp_source_copy(src, pos, skb_frag_address(frag), skb_frag_size(frag));
		pos += skb_frag_size(frag);
	}
	skb->data_len = len - NETVSP_LINEAR;
	skb->len += skb->data_len;
	return skb;
}

static struct sk_buff *netvsp_skb(struct netvsp_queue *q, u32 pos, u32 len)
{
	struct sk_buff *skb;

	if (len > NETVSP_SMALL)
		return netvsp_skb_long(q, pos, len);
	skb = netdev_alloc_skb_ip_align(q->nic->dev, len);
	if (skb)
		netvsp_source_copy(q->src, pos, skb_put(skb, len), len);
	return skb;
}

static void netvsp_refused(struct netvsp_queue *q, enum netvsp_refusal why)
{
	static const u8 counters[NETVSP_REFUSALS] = {
		[NETVSP_REFUSED_LENGTH] = NETVSP_RX_LENGTH,
		[NETVSP_REFUSED_CSUM] = NETVSP_RX_CSUM,
		[NETVSP_REFUSED_LSO] = NETVSP_RX_LSO,
		[NETVSP_REFUSED_MEMORY] = NETVSP_RX_MEMORY,
		[NETVSP_REFUSED_XDP] = NETVSP_XDP_TOO_LARGE,
	};

	netvsp_count(q, counters[why], 1);
}

static enum netvsp_refusal netvsp_frame_add(struct netvsp_queue *q, u32 pos,
					    const struct netvsp_frame *frame)
{
	bool xdp = netvsp_xdp_wants(q);
	struct netvsp_nic *nic = q->nic;
	enum netvsp_refusal why;
	struct sk_buff *skb;

	/* Before there is memory for it. */
	if (frame->data_len > NETVSP_GSO_MAX)
		return NETVSP_REFUSED_LENGTH;
	if (xdp && !frame->lso)
		return netvsp_xdp_frame(q, pos, frame);
	skb = netvsp_skb(q, pos + frame->data_offset, frame->data_len);
	if (!skb)
		return NETVSP_REFUSED_MEMORY;
	why = netvsp_offload(skb, frame, READ_ONCE(nic->max_len));
	if (why) {
		kfree_skb(skb);
		return why;
	}
	if (xdp)
		return netvsp_xdp_skb(q, skb, frame);
	if (frame->tagged)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), frame->tci);
	skb->protocol = eth_type_trans(skb, nic->dev);
	skb_record_rx_queue(skb, q->index);
	__skb_queue_tail(&q->rx, skb);
	return NETVSP_FRAME_OK;
}

static void netvsp_frame(struct netvsp_queue *q, u32 pos, const struct netvsp_frame *frame)
{
	enum netvsp_refusal why = netvsp_frame_add(q, pos, frame);

	if (why) {
		netvsp_refused(q, why);
		return;
	}
	q->rx_bytes += frame->data_len;
	if (q->rx_bytes >= NETVSP_RX_BURST ||
	    skb_queue_len(&q->rx) + q->rx_raws.n >= NETVSP_RX_BURST_FRAMES)
		netvsp_rx_flush(q);
}

static u32 netvsp_frames(struct netvsp_queue *q)
{
	struct netvsp_source *src = q->src;
	struct netvsp_frame frame;
	u32 pos = 0, left, len, n = 0;

	/* Padding, if there is some, counts as a part of its message. */
	for (; pos < src->len; pos += frame.len) {
		left = src->len - pos;
		len = min_t(u32, left, NETVSP_HEAD_MAX);
		netvsp_source_copy(src, pos, q->head, len);
		if (n++ == NETVSP_PACKET_FRAMES ||
		    netvsp_frame_parse(q->head, len, left, &frame)) {
			netvsp_count(q, NETVSP_RX_BAD_RNDIS, 1);
			vsrv_chan_count(q->chan, VSRV_CHAN_BAD_PACKETS, 1);
			return NVSP_STATUS_FAILURE;
		}
		/* With the interface down they go the way of all frames. */
		if (!READ_ONCE(q->rx_on) || q->ending) {
			netvsp_count(q, NETVSP_RX_DOWN, 1);
			continue;
		}
		netvsp_frame(q, pos, &frame);
	}
	return NVSP_STATUS_SUCCESS;
}

static u32 netvsp_messages(struct netvsp_queue *q)
{
	struct netvsp_source *src = q->src;
	const struct rndis_header *hdr = (const void *)q->head;
	u32 len;

	if (src->len < sizeof(*hdr))
		goto bad;
	netvsp_source_copy(src, 0, q->head, sizeof(*hdr));
	if (hdr->type == cpu_to_le32(RNDIS_MSG_PACKET))
		return netvsp_frames(q);
	len = le32_to_cpu(hdr->len);
	if (len < sizeof(*hdr) || len > min_t(u32, src->len, NETVSP_CONTROL_MAX))
		goto bad;
	/* The guest may have changed what was looked at: what counts is in the copy. */
	netvsp_source_copy(src, 0, q->head, len);
	return netvsp_control_packet(q, q->head, len) ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE;

bad:
	netvsp_count(q, NETVSP_RX_BAD_RNDIS, 1);
	vsrv_chan_count(q->chan, VSRV_CHAN_BAD_PACKETS, 1);
	return NVSP_STATUS_FAILURE;
}

/**
 * netvsp_rndis - RNDIS messages came
 * @q: channel
 * @pkt: packet, with ranges or without
 * @req: where the rest is
 *
 * Context: in the reader.
 * Return: enum nvsp_status for the guest.
 */
u32 netvsp_rndis(struct netvsp_queue *q, const struct vsrv_packet *pkt,
		 const struct netvsp_request *req)
{
	u32 status = NVSP_STATUS_FAILURE;
	int idx;

	idx = srcu_read_lock(&q->nic->send_srcu);
	if (netvsp_source_open(q, pkt, req)) {
		status = netvsp_messages(q);
	} else {
		netvsp_count(q, NETVSP_RX_BAD_RNDIS, 1);
		vsrv_chan_count(q->chan, VSRV_CHAN_BAD_PACKETS, 1);
	}
	netvsp_source_close(q);
	srcu_read_unlock(&q->nic->send_srcu, idx);
	return status;
}

/* ---- to the stack ------------------------------------------------------------------------- */

/**
 * netvsp_rx_flush - give NAPI what there is
 * @q: channel
 *
 * Context: in the reader.
 */
void netvsp_rx_flush(struct netvsp_queue *q)
{
	u32 frames = skb_queue_len(&q->rx) + q->rx_raws.n, bytes = q->rx_raws.bytes;
	struct sk_buff *skb;
	bool on;

	if (!frames)
		return;
	skb_queue_walk(&q->rx, skb)
		bytes += ETH_HLEN + skb->len;
	if (q->rx_bytes)
		vsrv_chan_count(q->chan, VSRV_CHAN_DATA_COPIED, q->rx_bytes);
	q->rx_bytes = 0;
	spin_lock_bh(&q->backlog.lock);
	on = q->rx_on;
	if (on) {
		skb_queue_walk(&q->rx, skb)
			WRITE_ONCE(q->backlog_bytes, q->backlog_bytes + skb->truesize);
		skb_queue_splice_tail_init(&q->rx, &q->backlog);
		WRITE_ONCE(q->backlog_bytes, q->backlog_bytes + q->rx_raws.size);
		netvsp_raws_move(&q->rx_raws, &q->backlog_raws);
	}
	spin_unlock_bh(&q->backlog.lock);
	if (!on) {
		netvsp_count(q, NETVSP_RX_DOWN, frames);
		netvsp_rx_forget(q);
		return;
	}
	netvsp_count(q, NETVSP_RX_FRAMES, frames);
	netvsp_count(q, NETVSP_RX_BYTES, bytes);
	netvsp_napi_schedule(q);
}

/**
 * netvsp_rx_forget - frames that NAPI does not have yet go
 * @q: channel
 *
 * Context: in the reader, or with that stopped.
 */
void netvsp_rx_forget(struct netvsp_queue *q)
{
	__skb_queue_purge(&q->rx);
	netvsp_raws_purge(&q->rx_raws);
	q->rx_bytes = 0;
}

/* The oldest frame; false if there is none.  It is one of both. */
static bool netvsp_backlog_take(struct netvsp_queue *q, struct sk_buff **skb,
				struct netvsp_raw **raw)
{
	u32 size = 0;

	*raw = NULL;
	spin_lock(&q->backlog.lock);
	*skb = __skb_dequeue(&q->backlog);
	if (*skb)
		size = (*skb)->truesize;
	else
		*raw = netvsp_raws_take(&q->backlog_raws);
	if (*raw)
		size = (*raw)->size;
	WRITE_ONCE(q->backlog_bytes, q->backlog_bytes - size);
	spin_unlock(&q->backlog.lock);
	return *skb || *raw;
}

/**
 * netvsp_poll - give the guest's frames to the stack
 * @napi: netvsp_queue::napi
 * @budget: how many at most
 *
 * Context: softirq.
 * Return: how many it was.
 */
int netvsp_poll(struct napi_struct *napi, int budget)
{
	struct netvsp_queue *q = container_of(napi, struct netvsp_queue, napi);
	struct netvsp_xdp_done xdp = { };
	struct netvsp_raw *raw;
	struct sk_buff *skb;
	int done = 0;

	while (done < budget && netvsp_backlog_take(q, &skb, &raw)) {
		if (raw)
			skb = netvsp_xdp_run(q, raw, &xdp);
		if (skb)
			napi_gro_receive(napi, skb);
		done++;
	}
	netvsp_xdp_flush(q, &xdp);
	/* Take before looking who waits.  Pairs with that in netvsp_ready(). */
	smp_mb();
	if (READ_ONCE(q->rx_waits) && !netvsp_backlog_over(q, 2)) {
		WRITE_ONCE(q->rx_waits, false);
		vsrv_reader_queue(&q->reader);
	}
	/* What came since then has scheduled it anew. */
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}
