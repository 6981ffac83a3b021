// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: programs of XDP on what the guest sends.
 */
#include <linux/module.h>
#include <vmbus/compat.h>

#include "netvsp_xdp.h"

/* ---- frames --------------------------------------------------------------------------------- */

/* Each frame is there as on a wire, and is that in the skb if it passes. */
static void xdp_frame_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	struct sk_buff *skb;
	u32 len, at, sum;
	u8 *data;
	int tag;

	/* As long as the tags in it may be */
	xt->nic->max_len = OF_MTU + 2 * VLAN_HLEN;
	for (tag = 0; tag < 2; tag++) {
		xt_build(xt, shape, 1000, true);
		xt->frame.tagged = tag;
		xt->frame.tci = 0xa123;
		len = of_len(&xt->f);
		KUNIT_ASSERT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_FRAME_OK);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 1);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.bytes, len + tag * VLAN_HLEN);
		skb = xt_run(xt, &done);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 0);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.bytes, 0);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.size, 0);

		data = skb_mac_header(skb);
		at = tag * VLAN_HLEN;
		KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_UNNECESSARY);
		KUNIT_EXPECT_FALSE(test, skb_is_nonlinear(skb));
		KUNIT_EXPECT_EQ(test, skb->len + ETH_HLEN, len + at);
		KUNIT_EXPECT_EQ(test, skb_get_rx_queue(skb), 0);
		KUNIT_EXPECT_FALSE(test, skb_vlan_tag_present(skb));
		KUNIT_EXPECT_EQ(test, ntohs(skb->protocol), get_unaligned_be16(data + 12));
		KUNIT_EXPECT_MEMEQ(test, data, xt->f.bytes, 12);
		if (tag)
			KUNIT_EXPECT_EQ(test, get_unaligned_be32(data + 12), 0x8100a123);
		KUNIT_EXPECT_MEMEQ(test, data + 12 + at, xt->f.bytes + 12, xt->f.transport - 12);
		KUNIT_EXPECT_MEMEQ(test, data + at + xt->f.data, xt->f.bytes + xt->f.data, 1000);
		sum = (shape->udp ? IPPROTO_UDP : IPPROTO_TCP) + len - xt->f.transport;
		sum = shape->v6 ? of_sum(data + at + xt->f.network + 8, 32, sum) :
				  of_sum(data + at + xt->f.network + 12, 8, sum);
		sum = of_sum(data + at + xt->f.transport, len - xt->f.transport, sum);
		KUNIT_EXPECT_EQ(test, sum, 0xffff);
		kfree_skb(skb);
	}
	KUNIT_EXPECT_FALSE(test, done.tx || done.redirect);
	xt_counted(xt, NETVSP_XDP_PASS, 0);
}

KUNIT_ARRAY_PARAM(of_shape, of_shapes, of_shape_describe);

/* Who makes the sum itself is not believed. */
static void xdp_unsummed_test(struct kunit *test)
{
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	struct sk_buff *skb;

	xt_build(xt, &xt_tcp, 100, false);
	KUNIT_ASSERT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_FRAME_OK);
	skb = xt_run(xt, &done);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_MEMEQ(test, skb_mac_header(skb), xt->f.bytes, of_len(&xt->f));
	kfree_skb(skb);
}

/* The longest that fits, with a tag and without; and what is not for a program either. */
static void xdp_length_test(struct kunit *test)
{
	static const struct { int over; bool tagged; enum netvsp_refusal result; } table[] = {
		{ 0, false, NETVSP_FRAME_OK },
		{ 1, false, NETVSP_REFUSED_XDP },
		{ -VLAN_HLEN, true, NETVSP_FRAME_OK },
		{ 1 - VLAN_HLEN, true, NETVSP_REFUSED_XDP },
		{ 4000, false, NETVSP_REFUSED_XDP },
	};
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	struct sk_buff *skb;
	unsigned int i;

	xt->nic->max_len = NETVSP_MTU_MAX + ETH_HLEN;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		xt_build(xt, &xt_tcp, NETVSP_XDP_MAX + table[i].over - 54, false);
		xt->frame.tagged = table[i].tagged;
		KUNIT_EXPECT_EQ_MSG(test, netvsp_xdp_frame(xt->q, 0, &xt->frame),
				    table[i].result, "case %u", i);
		if (table[i].result)
			continue;
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.size, PAGE_SIZE);
		skb = xt_run(xt, &done);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		KUNIT_EXPECT_EQ(test, skb->len + ETH_HLEN, NETVSP_XDP_MAX);
		kfree_skb(skb);
	}
	/* Longer than the guest may send, and sums that cannot be */
	xt->nic->max_len = OF_MTU;
	xt_build(xt, &xt_tcp, OF_MTU - 53, false);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_REFUSED_LENGTH);
	xt_build(xt, &xt_tcp, 100, true);
	xt->frame.csum |= RNDIS_CSUM_UDP;
	KUNIT_EXPECT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_REFUSED_CSUM);
	/* More than may wait */
	xt->q->backlog_bytes = NETVSP_XDP_BYTES + 1;
	xt_build(xt, &xt_tcp, 100, true);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_REFUSED_MEMORY);
	xt->q->backlog_bytes = NETVSP_XDP_BYTES;
	KUNIT_EXPECT_EQ(test, netvsp_xdp_frame(xt->q, 0, &xt->frame), NETVSP_FRAME_OK);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 1);
}

/* A large send is cut, and each segment is shown; one segment is one frame. */
static void xdp_cut_test(struct kunit *test)
{
	static const u32 payloads[] = { 1, 1000, 1001, 4500, 60000 };
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	u32 left, count, sum, n;
	struct sk_buff *skb;
	unsigned int i;
	u8 *data;

	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		xt_build(xt, &xt_tcp, payloads[i], false);
		xt->frame.lso = of_lso(&xt->f, true, 1000);
		xt->frame.tagged = i & 1;
		skb = of_skb(test, xt->f.bytes, of_len(&xt->f), of_splits[1]);
		KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &xt->frame, OF_MTU), NETVSP_FRAME_OK);
		KUNIT_ASSERT_EQ(test, netvsp_xdp_skb(xt->q, skb, &xt->frame), NETVSP_FRAME_OK);
		n = DIV_ROUND_UP(payloads[i], 1000);
		KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, n);
		for (left = payloads[i]; n; n--, left -= count) {
			count = min(left, 1000U);
			skb = xt_run(xt, &done);
			KUNIT_ASSERT_NOT_NULL(test, skb);
			KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_UNNECESSARY);
			KUNIT_EXPECT_FALSE(test, skb_is_gso(skb));
			KUNIT_ASSERT_EQ(test, skb->len, 40 + (i & 1) * VLAN_HLEN + count);
			data = skb_tail_pointer(skb) - count;
			KUNIT_EXPECT_MEMEQ(test, data, xt->f.bytes + xt->f.data +
					   payloads[i] - left, count);
			sum = of_sum(data - 28, 8, IPPROTO_TCP + 20 + count);
			KUNIT_EXPECT_EQ(test, of_sum(data - 20, 20 + count, sum), 0xffff);
			kfree_skb(skb);
		}
	}
	/* Segments that do not fit: all of it is lost, and nothing is left. */
	xt->nic->max_len = NETVSP_MTU_MAX + ETH_HLEN;
	xt_build(xt, &xt_tcp, 20000, false);
	xt->frame.lso = of_lso(&xt->f, true, NETVSP_XDP_MAX - 53);
	skb = of_skb(test, xt->f.bytes, of_len(&xt->f), of_splits[0]);
	KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &xt->frame, xt->nic->max_len), NETVSP_FRAME_OK);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_skb(xt->q, skb, &xt->frame), NETVSP_REFUSED_XDP);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 0);
}

/* Room for the headers of all segments, and so for some of them: all are lost, and none is made. */
static void xdp_cut_room_test(struct kunit *test)
{
	u32 head = SKB_DATA_ALIGN(NETVSP_RAW_HEAD) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct xt *xt = xt_new(test);
	struct sk_buff *skb;
	u32 size, bytes;

	xt_frame(xt);
	size = xt->q->rx_raws.size;
	bytes = xt->q->rx_raws.bytes;
	xt_build(xt, &xt_tcp, 10000, false);
	xt->frame.lso = of_lso(&xt->f, true, 1000);
	skb = of_skb(test, xt->f.bytes, of_len(&xt->f), of_splits[0]);
	KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &xt->frame, OF_MTU), NETVSP_FRAME_OK);
	xt->q->backlog_bytes = NETVSP_XDP_BYTES - 10 * head - size;
	KUNIT_EXPECT_EQ(test, netvsp_xdp_skb(xt->q, skb, &xt->frame), NETVSP_REFUSED_MEMORY);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 1);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.size, size);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.bytes, bytes);
	/* Nobody is in the way: all of them come behind it. */
	xt->q->backlog_bytes = 0;
	skb = of_skb(test, xt->f.bytes, of_len(&xt->f), of_splits[0]);
	KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &xt->frame, OF_MTU), NETVSP_FRAME_OK);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_skb(xt->q, skb, &xt->frame), NETVSP_FRAME_OK);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 11);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.bytes, bytes + 10 * (54 + 1000));
}

/* ---- decisions ------------------------------------------------------------------------------ */

static void xdp_act_test(struct kunit *test)
{
	static const struct { u32 act; enum netvsp_counter counter; bool passes; } table[] = {
		{ XDP_PASS, NETVSP_XDP_PASS, true },
		{ XDP_DROP, NETVSP_XDP_DROP, false },
		{ XDP_ABORTED, NETVSP_XDP_ABORTED, false },
		/* It has not said where to. */
		{ XDP_REDIRECT, NETVSP_XDP_ABORTED, false },
		/* The channel is closed. */
		{ XDP_TX, NETVSP_TX_DROPPED, false },
		{ XDP_REDIRECT + 1, NETVSP_XDP_ABORTED, false },
		{ S32_MAX, NETVSP_XDP_ABORTED, false },
	};
	struct netvsp_xdp_done done;
	struct sk_buff *skb;
	unsigned int i;
	struct xt *xt;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		xt = xt_new(test);
		KUNIT_ASSERT_EQ(test, xt_attach(xt, xt_decides(xt, table[i].act), NULL), 0);
		done = (struct netvsp_xdp_done) { };
		xt_frame(xt);
		xt_frame(xt);
		skb = xt_run(xt, &done);
		KUNIT_EXPECT_EQ_MSG(test, !!skb, table[i].passes, "case %u", i);
		kfree_skb(skb);
		xt_counted(xt, table[i].counter, 1);
		kfree_skb(xt_run(xt, &done));
		xt_counted(xt, table[i].counter, 2);
		KUNIT_EXPECT_EQ(test, done.tx, table[i].act == XDP_TX);
		KUNIT_EXPECT_FALSE(test, done.redirect);
		KUNIT_ASSERT_EQ(test, xt_attach(xt, NULL, NULL), 0);
	}
}

/* A program that puts something in front: nobody knows the sum then.  It has what helpers have. */
static void xdp_head_test(struct kunit *test)
{
	const struct bpf_insn insns[] = {
		BPF_LDX_MEM(BPF_DW, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_buff, data)),
		BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, -8),
		BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, offsetof(struct xdp_buff, data)),
		BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_2, offsetof(struct xdp_buff, data_meta)),
		BPF_MOV64_IMM(BPF_REG_0, XDP_PASS),
		BPF_EXIT_INSN(),
	};
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	struct sk_buff *skb;

	KUNIT_ASSERT_EQ(test, xt_attach(xt, xt_prog(xt, insns, ARRAY_SIZE(insns)), NULL), 0);
	xt_frame(xt);
	skb = xt_run(xt, &done);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, skb->len + ETH_HLEN, of_len(&xt->f) + 8);
	KUNIT_EXPECT_MEMEQ(test, skb_mac_header(skb) + 8, xt->f.bytes, xt->f.transport);
	kfree_skb(skb);
	KUNIT_ASSERT_EQ(test, xt_attach(xt, NULL, NULL), 0);
}

/* ---- programs come and go ------------------------------------------------------------------- */

static void xdp_attach_test(struct kunit *test)
{
	struct netdev_bpf other = { .command = XDP_SETUP_PROG_HW };
	struct netvsp_xdp_done done = { };
	struct xt *xt = xt_new(test);
	struct bpf_prog *drop = xt_decides(xt, XDP_DROP), *pass = xt_decides(xt, XDP_PASS);
	struct sk_buff *skb;

	KUNIT_EXPECT_FALSE(test, netvsp_xdp_wants(xt->q));
	KUNIT_EXPECT_EQ(test, xt_attach(xt, NULL, NULL), 0);
	KUNIT_EXPECT_FALSE(test, netvsp_xdp_wants(xt->q));
	KUNIT_EXPECT_EQ(test, xt_attach(xt, drop, NULL), 0);
	KUNIT_EXPECT_TRUE(test, netvsp_xdp_wants(xt->q));
	KUNIT_EXPECT_EQ(test, xt_refs(drop), XT_REFS);
	xt_frame(xt);
	xt_frame(xt);
	xt_frame(xt);
	KUNIT_EXPECT_NULL(test, xt_run(xt, &done));
	/* The other one decides on what waits. */
	KUNIT_EXPECT_EQ(test, xt_attach(xt, pass, NULL), 0);
	KUNIT_EXPECT_EQ(test, xt_refs(drop), XT_REFS - 1);
	skb = xt_run(xt, &done);
	KUNIT_EXPECT_NOT_NULL(test, skb);
	kfree_skb(skb);
	/* With none it passes, uncounted; and until then those behind it are made alike. */
	KUNIT_EXPECT_EQ(test, xt_attach(xt, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, xt_refs(pass), XT_REFS - 1);
	KUNIT_EXPECT_TRUE(test, netvsp_xdp_wants(xt->q));
	netvsp_raws_move(&xt->q->rx_raws, &xt->q->backlog_raws);
	KUNIT_EXPECT_EQ(test, xt->q->rx_raws.n, 0);
	KUNIT_EXPECT_EQ(test, xt->q->backlog_raws.n, 1);
	KUNIT_EXPECT_TRUE(test, netvsp_xdp_wants(xt->q));
	/* The reader waits until NAPI has them all; not if there is a program again. */
	KUNIT_EXPECT_TRUE(test, netvsp_backlog_over(xt->q, 1));
	KUNIT_EXPECT_TRUE(test, netvsp_backlog_over(xt->q, 2));
	KUNIT_EXPECT_EQ(test, xt_attach(xt, drop, NULL), 0);
	KUNIT_EXPECT_FALSE(test, netvsp_backlog_over(xt->q, 1));
	KUNIT_EXPECT_FALSE(test, netvsp_backlog_over(xt->q, 2));
	KUNIT_EXPECT_EQ(test, xt_attach(xt, NULL, NULL), 0);
	KUNIT_EXPECT_TRUE(test, netvsp_backlog_over(xt->q, 2));
	netvsp_raws_move(&xt->q->backlog_raws, &xt->q->rx_raws);
	KUNIT_EXPECT_FALSE(test, netvsp_backlog_over(xt->q, 2));
	skb = xt_run(xt, &done);
	KUNIT_EXPECT_NOT_NULL(test, skb);
	kfree_skb(skb);
	KUNIT_EXPECT_FALSE(test, netvsp_xdp_wants(xt->q));
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_DROP), 1);
	KUNIT_EXPECT_EQ(test, xt_count(xt, NETVSP_XDP_PASS), 1);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, netvsp_bpf(xt->dev, &other), -EINVAL);
	rtnl_unlock();
}

static void xdp_mtu_test(struct kunit *test)
{
	struct netlink_ext_ack extack = { };
	struct xt *xt = xt_new(test);
	struct bpf_prog *prog = xt_decides(xt, XDP_PASS);

	xt->dev->mtu = NETVSP_XDP_MTU_MAX + 1;
	KUNIT_EXPECT_EQ(test, xt_attach(xt, prog, &extack), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(xt->nic->xdp_prog));
	KUNIT_EXPECT_EQ(test, xt_refs(prog), XT_REFS);
	/* None is none, whatever the MTU is. */
	KUNIT_EXPECT_EQ(test, xt_attach(xt, NULL, &extack), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, netvsp_xdp_change_mtu(xt->dev, NETVSP_XDP_MTU_MAX), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, xt->dev->mtu, NETVSP_XDP_MTU_MAX);
	KUNIT_EXPECT_EQ(test, xt_attach(xt, prog, &extack), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, netvsp_xdp_change_mtu(xt->dev, NETVSP_XDP_MTU_MAX + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, xt->dev->mtu, NETVSP_XDP_MTU_MAX);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_change_mtu(xt->dev, ETH_MIN_MTU), 0);
	rtnl_unlock();
	KUNIT_EXPECT_EQ(test, xt_attach(xt, NULL, NULL), 0);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, netvsp_xdp_change_mtu(xt->dev, NETVSP_MTU_MAX), 0);
	rtnl_unlock();
}

/* The interface goes down and up with frames that wait. */
static void xdp_stop_test(struct kunit *test)
{
	struct xt *xt = xt_new(test);

	xt_frame(xt);
	xt_frame(xt);
	netvsp_raws_move(&xt->q->rx_raws, &xt->q->backlog_raws);
	xt_frame(xt);
	netvsp_raws_move(&xt->q->rx_raws, &xt->q->backlog_raws);
	KUNIT_EXPECT_EQ(test, xt->q->backlog_raws.n, 3);
	netvsp_raws_purge(&xt->q->backlog_raws);
	KUNIT_EXPECT_EQ(test, xt->q->backlog_raws.n, 0);
	KUNIT_EXPECT_EQ(test, xt->q->backlog_raws.bytes, 0);
	KUNIT_EXPECT_EQ(test, xt->q->backlog_raws.size, 0);
	KUNIT_EXPECT_NULL(test, netvsp_raws_take(&xt->q->backlog_raws));
	netvsp_xdp_stop(xt->q);
	KUNIT_EXPECT_EQ(test, netvsp_xdp_open(xt->q), 0);
}

static struct kunit_case netvsp_xdp_cases[] = {
	KUNIT_CASE_PARAM(xdp_frame_test, of_shape_gen_params),
	KUNIT_CASE(xdp_unsummed_test),
	KUNIT_CASE(xdp_length_test),
	KUNIT_CASE(xdp_cut_test),
	KUNIT_CASE(xdp_cut_room_test),
	KUNIT_CASE(xdp_act_test),
	KUNIT_CASE(xdp_head_test),
	KUNIT_CASE(xdp_attach_test),
	KUNIT_CASE(xdp_mtu_test),
	KUNIT_CASE(xdp_stop_test),
	{}
};

static struct kunit_suite netvsp_xdp_suite = {
	.name = "vmbus_netvsp_xdp",
	.test_cases = netvsp_xdp_cases,
};

kunit_test_suite(netvsp_xdp_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: programs of XDP");
MODULE_LICENSE("GPL");
