// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of XDP that see what the guest sends before there is an skb.
 *
 * While there is a program the reader puts each frame as it would be on a wire into a buffer
 * of its own: with its tag in it, its sums filled in, and what the guest wants to have cut as
 * the segments, each by itself.  So whatever the program does with it, it is a good frame.
 * The program runs in NAPI.  Buffers are fragments of pages, which belong to nobody when
 * they are redirected, and so need no channel.
 */
#include <kunit/visibility.h>
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/gso.h>
#include "netvsp.h"

/* The program may have its place when it runs, and not before. */
static_assert(sizeof(struct netvsp_raw) <= XDP_PACKET_HEADROOM);
static_assert(NETVSP_XDP_MTU_MAX > NETVSP_MTU_MIN);

/* ---- lists of frames -------------------------------------------------------------------- */

/**
 * netvsp_raws_init - set up an empty list
 * @raws: out
 */
void netvsp_raws_init(struct netvsp_raws *raws)
{
	*raws = (struct netvsp_raws) { .list = LIST_HEAD_INIT(raws->list) };
}

/**
 * netvsp_raws_move - put all frames behind others
 * @from: frames; none are left
 * @to: others
 */
void netvsp_raws_move(struct netvsp_raws *from, struct netvsp_raws *to)
{
	list_splice_tail_init(&from->list, &to->list);
	WRITE_ONCE(to->n, to->n + from->n);
	to->bytes += from->bytes;
	to->size += from->size;
	netvsp_raws_init(from);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_raws_move);

static void netvsp_raws_add(struct netvsp_raws *raws, struct netvsp_raw *raw)
{
	list_add_tail(&raw->node, &raws->list);
	raws->n++;
	raws->bytes += raw->len;
	raws->size += raw->size;
}

/**
 * netvsp_raws_take - take the first frame
 * @raws: frames
 *
 * Return: frame, or NULL.
 */
struct netvsp_raw *netvsp_raws_take(struct netvsp_raws *raws)
{
	struct netvsp_raw *raw = list_first_entry_or_null(&raws->list, struct netvsp_raw, node);

	if (!raw)
		return NULL;
	list_del(&raw->node);
	WRITE_ONCE(raws->n, raws->n - 1);
	raws->bytes -= raw->len;
	raws->size -= raw->size;
	return raw;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_raws_take);

/**
 * netvsp_raws_purge - free all frames
 * @raws: frames
 */
void netvsp_raws_purge(struct netvsp_raws *raws)
{
	struct netvsp_raw *raw;

	while ((raw = netvsp_raws_take(raws)))
		page_frag_free(raw);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_raws_purge);

/* ---- in the reader ------------------------------------------------------------------------ */

static u8 *netvsp_raw_data(struct netvsp_raw *raw)
{
	return (u8 *)raw + NETVSP_RAW_HEAD;
}

/* Memory of one with so many bytes */
#define NETVSP_RAW_SIZE(len)	(SKB_DATA_ALIGN(NETVSP_RAW_HEAD + (len)) + \
				 SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

/* One packet with large frames in tiny segments makes more than what waits otherwise. */
static bool netvsp_raws_full(const struct netvsp_queue *q, u32 more)
{
	return q->rx_raws.size + READ_ONCE(q->backlog_bytes) + more > NETVSP_XDP_BYTES;
}

/* @more: bytes of buffers that are not in netvsp_queue::rx_raws yet. */
static enum netvsp_refusal netvsp_raw_alloc(struct netvsp_queue *q, u32 len, u32 more,
					    struct netvsp_raw **raw)
{
	u32 size = NETVSP_RAW_SIZE(len);

	if (len > NETVSP_XDP_MAX)
		return NETVSP_REFUSED_XDP;
	if (netvsp_raws_full(q, more))
		return NETVSP_REFUSED_MEMORY;
	*raw = netdev_alloc_frag_align(size, SMP_CACHE_BYTES);
	if (!*raw)
		return NETVSP_REFUSED_MEMORY;
	(*raw)->len = len;
	(*raw)->size = size;
	return NETVSP_FRAME_OK;
}

/* The frame begins VLAN_HLEN bytes behind @data. */
static void netvsp_put_tag(u8 *data, u16 tci)
{
	struct vlan_ethhdr *eth = (struct vlan_ethhdr *)data;

	memmove(data, data + VLAN_HLEN, 2 * ETH_ALEN);
	eth->h_vlan_proto = htons(ETH_P_8021Q);
	eth->h_vlan_TCI = htons(tci);
}

/**
 * netvsp_xdp_frame - a frame of the guest for a program
 * @q: channel
 * @pos: where its message is
 * @frame: what is said of it; it is no large send
 *
 * Context: in the reader.
 * Return: NETVSP_FRAME_OK with the frame in netvsp_queue::rx_raws, or why it is lost.
 */
enum netvsp_refusal netvsp_xdp_frame(struct netvsp_queue *q, u32 pos,
				     const struct netvsp_frame *frame)
{
	u32 tag = frame->tagged ? VLAN_HLEN : 0, len = frame->data_len;
	enum netvsp_refusal why;
	struct netvsp_raw *raw;
	u8 *data;

	why = netvsp_raw_alloc(q, len + tag, 0, &raw);
	if (why)
		return why;
	data = netvsp_raw_data(raw);
	netvsp_source_copy(q->src, pos + frame->data_offset, data + tag, len);
	why = netvsp_offload_bytes(data + tag, &len, frame, READ_ONCE(q->nic->max_len));
	if (why) {
		page_frag_free(raw);
		return why;
	}
	if (tag)
		netvsp_put_tag(data, frame->tci);
	raw->len = len + tag;
	raw->summed = frame->csum & (RNDIS_CSUM_TCP | RNDIS_CSUM_UDP);
	netvsp_raws_add(&q->rx_raws, raw);
	return NETVSP_FRAME_OK;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_frame);

static enum netvsp_refusal netvsp_raw_add(struct netvsp_queue *q, struct netvsp_raws *raws,
					  const struct sk_buff *skb,
					  const struct netvsp_frame *frame)
{
	u32 tag = frame->tagged ? VLAN_HLEN : 0;
	enum netvsp_refusal why;
	struct netvsp_raw *raw;
	u8 *data;

	why = netvsp_raw_alloc(q, skb->len + tag, raws->size, &raw);
	if (why)
		return why;
	data = netvsp_raw_data(raw);
	skb_copy_bits(skb, 0, data + tag, skb->len);
	if (tag)
		netvsp_put_tag(data, frame->tci);
	raw->summed = true;
	netvsp_raws_add(raws, raw);
	return NETVSP_FRAME_OK;
}

/**
 * netvsp_xdp_skb - a large send of the guest for a program
 * @q: channel
 * @skb: frame after netvsp_offload(); consumed
 * @frame: what was said of it
 *
 * Context: in the reader.
 * Return: NETVSP_FRAME_OK with its segments in netvsp_queue::rx_raws, or why all of it is lost.
 */
enum netvsp_refusal netvsp_xdp_skb(struct netvsp_queue *q, struct sk_buff *skb,
				   const struct netvsp_frame *frame)
{
	enum netvsp_refusal why = NETVSP_FRAME_OK;
	struct sk_buff *segs = skb, *seg, *next;
	struct netvsp_raws raws;

	skb->protocol = eth_hdr(skb)->h_proto;
	if (skb_is_gso(skb)) {
		/* Segments of a few bytes are many times as large as what the guest has sent. */
		if (netvsp_raws_full(q, skb_shinfo(skb)->gso_segs * NETVSP_RAW_SIZE(0))) {
			kfree_skb(skb);
			return NETVSP_REFUSED_MEMORY;
		}
		segs = skb_gso_segment(skb, 0);
		consume_skb(skb);
		if (IS_ERR_OR_NULL(segs))
			return PTR_ERR(segs) == -ENOMEM ? NETVSP_REFUSED_MEMORY :
							  NETVSP_REFUSED_LSO;
	} else if (skb_checksum_help(skb)) {
		kfree_skb(skb);
		return NETVSP_REFUSED_MEMORY;
	}
	netvsp_raws_init(&raws);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		if (!why)
			why = netvsp_raw_add(q, &raws, seg, frame);
		consume_skb(seg);
	}
	if (why)
		netvsp_raws_purge(&raws);
	else
		netvsp_raws_move(&raws, &q->rx_raws);
	return why;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_skb);

/* ---- in NAPI ------------------------------------------------------------------------------ */

static struct sk_buff *netvsp_xdp_pass(struct netvsp_queue *q, const struct xdp_buff *xdp,
				       bool summed)
{
	u32 meta = xdp->data - xdp->data_meta;
	struct net_device *dev = q->nic->dev;
	struct sk_buff *skb;

	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (!skb) {
		dev_core_stats_rx_dropped_inc(dev);
		page_frag_free(xdp->data_hard_start);
		return NULL;
	}
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	if (summed)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->protocol = eth_type_trans(skb, dev);
	skb_record_rx_queue(skb, q->index);
	return skb;
}

/* What becomes of it; the buffer is still there after XDP_PASS, TX, DROP and ABORTED. */
static u32 netvsp_xdp_act(struct netvsp_queue *q, struct bpf_prog *prog, struct xdp_buff *xdp,
			  struct netvsp_xdp_done *done)
{
	struct net_device *dev = q->nic->dev;
	u32 act = bpf_prog_run_xdp(prog, xdp);

	switch (act) {
	case XDP_PASS:
		netvsp_count(q, NETVSP_XDP_PASS, 1);
		return act;
	case XDP_TX:
		netvsp_xdp_tx(q, xdp->data, xdp->data_end - xdp->data);
		done->tx = true;
		return act;
	case XDP_REDIRECT:
		if (xdp_do_redirect(dev, xdp, prog))
			break;
		netvsp_count(q, NETVSP_XDP_REDIRECT, 1);
		done->redirect = true;
		return act;
	case XDP_DROP:
		netvsp_count(q, NETVSP_XDP_DROP, 1);
		return act;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(dev, prog, act);
	}
	trace_xdp_exception(dev, prog, act);
	netvsp_count(q, NETVSP_XDP_ABORTED, 1);
	return XDP_ABORTED;
}

/**
 * netvsp_xdp_run - have the program, if there still is one, decide on a frame
 * @q: channel that it came by
 * @raw: frame; consumed
 * @done: what is left for netvsp_xdp_flush()
 *
 * Context: NAPI.
 * Return: skb for the stack, or NULL.
 */
struct sk_buff *netvsp_xdp_run(struct netvsp_queue *q, struct netvsp_raw *raw,
			       struct netvsp_xdp_done *done)
{
	bool summed = raw->summed;
	struct bpf_prog *prog;
	struct xdp_buff xdp;
	u32 act = XDP_PASS;

	xdp_init_buff(&xdp, raw->size, &q->xdp_rxq);
	xdp_prepare_buff(&xdp, (u8 *)raw, NETVSP_RAW_HEAD, raw->len, true);
	/* From here on the program may write where @raw is. */
	rcu_read_lock();
	prog = rcu_dereference(q->nic->xdp_prog);
	if (prog)
		act = netvsp_xdp_act(q, prog, &xdp, done);
	rcu_read_unlock();
	switch (act) {
	case XDP_PASS:
		/* With other headers in front nobody knows whose sum that was. */
		return netvsp_xdp_pass(q, &xdp, summed && xdp.data == netvsp_raw_data(raw));
	case XDP_REDIRECT:
		return NULL;
	default:
		page_frag_free(raw);
		return NULL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_run);

/**
 * netvsp_xdp_flush - the end of a poll: send on what programs want to have sent
 * @q: channel
 * @done: of netvsp_xdp_run()
 *
 * Context: NAPI.
 */
void netvsp_xdp_flush(struct netvsp_queue *q, const struct netvsp_xdp_done *done)
{
	if (done->redirect)
		xdp_do_flush();
	if (done->tx)
		netvsp_xdp_tx_flush(q);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_flush);

/* ---- programs come and go ----------------------------------------------------------------- */

/**
 * netvsp_xdp_open - the interface comes up: say what programs know of a queue
 * @q: channel; its NAPI is enabled, so that it has its number
 *
 * Context: rtnl.
 * Return: 0, or an error of xdp_rxq_info_reg().
 */
int netvsp_xdp_open(struct netvsp_queue *q)
{
	int err;

	err = xdp_rxq_info_reg(&q->xdp_rxq, q->nic->dev, q->index, q->napi.napi_id);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&q->xdp_rxq, MEM_TYPE_PAGE_SHARED, NULL);
	if (err)
		xdp_rxq_info_unreg(&q->xdp_rxq);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_open);

/**
 * netvsp_xdp_stop - the interface goes down
 * @q: channel; its NAPI is disabled, and has no frames
 *
 * Context: rtnl.
 */
void netvsp_xdp_stop(struct netvsp_queue *q)
{
	xdp_rxq_info_unreg(&q->xdp_rxq);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_stop);

static int netvsp_xdp_setup(struct net_device *dev, struct bpf_prog *prog,
			    struct netlink_ext_ack *extack)
{
	struct netvsp_nic *nic = netdev_priv(dev);
	struct bpf_prog *old;

	if (prog && dev->mtu > NETVSP_XDP_MTU_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "programs need an MTU of at most %lu, this is %u",
				       NETVSP_XDP_MTU_MAX, dev->mtu);
		return -EINVAL;
	}
	/* What waits is decided on by whichever NAPI sees; the old one goes when none does. */
	old = rcu_replace_pointer(nic->xdp_prog, prog, lockdep_rtnl_is_held());
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * netvsp_bpf - ndo_bpf
 * @dev: interface
 * @bpf: what is wanted
 *
 * Return: 0; -EINVAL for what there is not, or a program that the MTU is too great for.
 */
int netvsp_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return netvsp_xdp_setup(dev, bpf->prog, bpf->extack);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_bpf);

/**
 * netvsp_xdp_change_mtu - ndo_change_mtu
 * @dev: interface
 * @mtu: new one; the core has looked at the limits
 *
 * Return: 0, or -EINVAL if it is too great for the program that there is.
 */
int netvsp_xdp_change_mtu(struct net_device *dev, int mtu)
{
	struct netvsp_nic *nic = netdev_priv(dev);

	if (rcu_access_pointer(nic->xdp_prog) && mtu > NETVSP_XDP_MTU_MAX) {
		netdev_warn(dev, "the MTU can be %lu at most with a program; take it off first\n",
			    NETVSP_XDP_MTU_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_xdp_change_mtu);
