/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An adapter of vmbus_netvsp with a program of XDP on what the guest sends, for tests.  The
 * programs are real ones, of a few instructions; the channel is closed, but for what a test
 * opens of it.
 */
#ifndef _NETVSP_XDP_H
#define _NETVSP_XDP_H

#include <kunit/test.h>
#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>

#include "netvsp_frames.h"
#include "../drivers/vmbus_intercept/netvsp/netvsp.h"

#define XT_SUB_SIZE	1024	/* there are no longer frames to the guest */
#define XT_REFS		100	/* of a program, which so is never freed by itself */

/**
 * struct xt - an adapter with one queue, and a frame of its guest
 * @test: test
 * @dev: interface, which nobody knows
 * @nic: adapter
 * @q: queue
 * @f: frame
 * @frame: what the guest says of it
 */
struct xt {
	struct kunit *test;
	struct net_device *dev;
	struct netvsp_nic *nic;
	struct netvsp_queue *q;
	struct of_frame f;
	struct netvsp_frame frame;
};

/* ---- the adapter ---------------------------------------------------------------------------- */

static inline void xt_free(void *arg)
{
	struct xt *xt = arg;

	netvsp_raws_purge(&xt->q->rx_raws);
	netvsp_raws_purge(&xt->q->backlog_raws);
	netvsp_xdp_stop(xt->q);
	free_netdev(xt->dev);
}

static inline struct xt *xt_new(struct kunit *test)
{
	struct xt *xt = kunit_kzalloc(test, sizeof(*xt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, xt);
	xt->test = test;
	of_init(test, &xt->f);
	xt->q = kunit_kzalloc(test, sizeof(*xt->q), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, xt->q);
	xt->q->src = kunit_kzalloc(test, sizeof(*xt->q->src), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, xt->q->src);
	xt->dev = alloc_etherdev(sizeof(*xt->nic));
	KUNIT_ASSERT_NOT_NULL(test, xt->dev);
	xt->nic = netdev_priv(xt->dev);
	xt->nic->dev = xt->dev;
	xt->nic->queues = xt->q;
	xt->nic->nqueues = 1;
	xt->nic->channels = 1;
	xt->nic->limit = 1;
	spin_lock_init(&xt->nic->lock);
	xt->nic->max_len = OF_MTU;
	xt->nic->part_len = OF_MTU;
	xt->nic->batch_max = NETVSP_BATCH_MAX;
	netvsp_queue_setup(xt->nic, xt->q, 0);
	KUNIT_ASSERT_EQ(test, netvsp_xdp_open(xt->q), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, xt_free, xt), 0);
	return xt;
}

/* The guest has lent a receive buffer with room for so many frames, which go there. */
static inline u8 *xt_lend(struct xt *xt, u32 n)
{
	u32 i, count = NETVSP_CONTROL_SUBS + n;
	struct netvsp_nic *nic = xt->nic;

	nic->recv.addr = kunit_kzalloc(xt->test, count * XT_SUB_SIZE, GFP_KERNEL);
	nic->subs = kunit_kcalloc(xt->test, count, sizeof(*nic->subs), GFP_KERNEL);
	xt->q->free = kunit_kcalloc(xt->test, n, sizeof(*xt->q->free), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(xt->test, nic->recv.addr);
	KUNIT_ASSERT_NOT_NULL(xt->test, nic->subs);
	KUNIT_ASSERT_NOT_NULL(xt->test, xt->q->free);
	nic->cut = (struct netvsp_cut) { .size = XT_SUB_SIZE, .count = count };
	nic->share = n;
	nic->sharers = 1;
	nic->filter = RNDIS_PACKET_TYPE_PROMISCUOUS;
	for (i = 0; i < n; i++)
		xt->q->free[i] = count - 1 - i;
	xt->q->nfree = n;
	xt->q->up = true;
	return nic->recv.addr + NETVSP_CONTROL_SUBS * XT_SUB_SIZE;
}

static inline void xt_build(struct xt *xt, const struct of_shape *shape, u32 payload, bool sum)
{
	of_build(&xt->f, shape, payload);
	xt->frame = (struct netvsp_frame) {
		.data_len = of_len(&xt->f),
		.csum = sum ? of_csum(&xt->f, true, false) : 0,
	};
	*xt->q->src = (struct netvsp_source) {
		.len = of_len(&xt->f),
		.n = 1,
		.piece[0] = { .addr = xt->f.bytes, .len = of_len(&xt->f) },
	};
}

static const struct of_shape xt_tcp = { .flags = OF_ACK };

static inline void xt_frame(struct xt *xt)
{
	xt_build(xt, &xt_tcp, 100, true);
	KUNIT_ASSERT_EQ(xt->test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_FRAME_OK);
}

/* As NAPI does with the first frame that the reader has made */
static inline struct sk_buff *xt_run(struct xt *xt, struct netvsp_xdp_done *done)
{
	struct bpf_net_context context, *set;
	struct netvsp_raw *raw;
	struct sk_buff *skb;

	raw = netvsp_raws_take(&xt->q->rx_raws);
	KUNIT_ASSERT_NOT_NULL(xt->test, raw);
	local_bh_disable();
	set = bpf_net_ctx_set(&context);
	skb = netvsp_xdp_run(xt->q, raw, done);
	bpf_net_ctx_clear(set);
	local_bh_enable();
	return skb;
}

static inline u64 xt_count(struct xt *xt, enum netvsp_counter counter)
{
	return xt->q->counters[counter];
}

/* All that programs can come to, and @n of them; no other counter has moved. */
static inline void xt_counted(struct xt *xt, enum netvsp_counter counter, u64 n)
{
	static const enum netvsp_counter all[] = {
		NETVSP_XDP_PASS, NETVSP_XDP_DROP, NETVSP_XDP_REDIRECT, NETVSP_XDP_ABORTED,
		NETVSP_XDP_TX, NETVSP_XDP_XMIT, NETVSP_TX_DROPPED, NETVSP_XDP_NO_ROOM,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		KUNIT_EXPECT_EQ_MSG(xt->test, xt_count(xt, all[i]), all[i] == counter ? n : 0,
				    "counter %u", all[i]);
}

/* ---- programs ------------------------------------------------------------------------------- */

static inline void xt_prog_free(void *prog)
{
	bpf_prog_free(prog);
}

static inline struct bpf_prog *xt_prog(struct xt *xt, const struct bpf_insn *insns, u32 n)
{
	struct bpf_prog *prog = bpf_prog_alloc(bpf_prog_size(n), 0);
	int err = 0;

	KUNIT_ASSERT_NOT_NULL(xt->test, prog);
	prog->type = BPF_PROG_TYPE_XDP;
	prog->len = n;
	memcpy(prog->insnsi, insns, n * sizeof(*insns));
	atomic64_set(&prog->aux->refcnt, XT_REFS);
	prog = bpf_prog_select_runtime(prog, &err);
	KUNIT_ASSERT_EQ(xt->test, err, 0);
	KUNIT_ASSERT_EQ(xt->test, kunit_add_action_or_reset(xt->test, xt_prog_free, prog), 0);
	return prog;
}

/* One that always comes to the same. */
static inline struct bpf_prog *xt_decides(struct xt *xt, u32 act)
{
	const struct bpf_insn insns[] = { BPF_MOV64_IMM(BPF_REG_0, act), BPF_EXIT_INSN() };

	return xt_prog(xt, insns, ARRAY_SIZE(insns));
}

static inline int xt_attach(struct xt *xt, struct bpf_prog *prog, struct netlink_ext_ack *extack)
{
	struct netdev_bpf bpf = { .command = XDP_SETUP_PROG, .prog = prog, .extack = extack };
	int err;

	rtnl_lock();
	err = netvsp_bpf(xt->dev, &bpf);
	rtnl_unlock();
	return err;
}

static inline s64 xt_refs(struct bpf_prog *prog)
{
	return atomic64_read(&prog->aux->refcnt);
}

#endif /* _NETVSP_XDP_H */
