// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: which sums of a frame the guest is told to be good.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "netvsp_frames.h"

#define SU_PAYLOAD	300
#define SU_LOOKED	(NETVSP_VM_RX_IP4 | NETVSP_VM_RX_TCP4 | NETVSP_VM_RX_UDP4 | \
			 NETVSP_VM_RX_TCP6 | NETVSP_VM_RX_UDP6)

static const u32 su_offloads[] = {
	0, NETVSP_VM_RX_IP4, NETVSP_VM_RX_TCP4, NETVSP_VM_RX_UDP4, NETVSP_VM_RX_TCP6,
	NETVSP_VM_RX_UDP6, SU_LOOKED & ~NETVSP_VM_RX_IP4, SU_LOOKED,
	NETVSP_OFFLOADS & ~SU_LOOKED, NETVSP_OFFLOADS,
};

static u32 su_field(const struct of_shape *shape)
{
	return shape->udp ? 6 : 16;
}

/* Its sum is known from @start on to be good, or is to be filled in there. */
static struct sk_buff *su_skb(struct kunit *test, const struct of_frame *f, u32 len,
			      const u16 *split, u8 summed, u32 start)
{
	struct sk_buff *skb = of_skb(test, f->bytes, len, split);

	skb->ip_summed = summed;
	if (summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + start;
		skb->csum_offset = su_field(&f->shape);
	}
	return skb;
}

static u32 su_transport(const struct of_shape *shape, u32 offloads)
{
	if (shape->udp)
		return offloads & (shape->v6 ? NETVSP_VM_RX_UDP6 : NETVSP_VM_RX_UDP4) ?
		       RNDIS_CSUM_UDP_GOOD : 0;
	return offloads & (shape->v6 ? NETVSP_VM_RX_TCP6 : NETVSP_VM_RX_TCP4) ?
		       RNDIS_CSUM_TCP_GOOD : 0;
}

static u32 su_header(const struct of_shape *shape, u32 offloads)
{
	return !shape->v6 && offloads & NETVSP_VM_RX_IP4 ? RNDIS_CSUM_IP_GOOD : 0;
}

/* All kinds of frames, however they lie in memory, and whatever the guest wants to be told */
static void sums_shape_test(struct kunit *test)
{
	static const struct { u8 summed; bool known; } table[] = {
		{ CHECKSUM_NONE, false },
		{ CHECKSUM_COMPLETE, false },
		{ CHECKSUM_UNNECESSARY, true },
		{ CHECKSUM_PARTIAL, true },
	};
	const struct of_shape *shape = test->param_value;
	unsigned int i, k, n;
	struct sk_buff *skb;
	struct of_frame f;
	u32 want;

	of_init(test, &f);
	of_build(&f, shape, SU_PAYLOAD);
	for (i = 0; i < ARRAY_SIZE(of_splits); i++) {
		for (k = 0; k < ARRAY_SIZE(table); k++) {
			skb = su_skb(test, &f, of_len(&f), of_splits[i], table[k].summed,
				     f.transport);
			for (n = 0; n < ARRAY_SIZE(su_offloads); n++) {
				want = su_header(shape, su_offloads[n]);
				if (table[k].known)
					want |= su_transport(shape, su_offloads[n]);
				KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, su_offloads[n]), want,
						    "split %u, case %u, offloads %#x", i, k,
						    su_offloads[n]);
			}
			kfree_skb(skb);
		}
	}
}

KUNIT_ARRAY_PARAM(of_shape, of_shapes, of_shape_describe);

/* A frame that ends anywhere: what is not there is not said to be good. */
static void sums_short_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	struct sk_buff *skb;
	struct of_frame f;
	u32 len, want;

	of_init(test, &f);
	of_build(&f, shape, 1);
	for (len = 0; len <= of_len(&f); len++) {
		skb = su_skb(test, &f, len, of_splits[0], CHECKSUM_UNNECESSARY, 0);
		want = len < f.transport ? 0 : su_header(shape, SU_LOOKED);
		if (len >= f.transport + su_field(shape) + 2)
			want |= su_transport(shape, SU_LOOKED);
		KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, SU_LOOKED), want, "%u bytes", len);
		kfree_skb(skb);
	}
}

/* A byte of a frame is another; @at counts from the IP header. */
static void sums_wrong_test(struct kunit *test)
{
	static const struct { bool v6; u8 at, value; u32 want; } table[] = {
		/* The sum of the header, its version, its length, a fragment, others than TCP */
		{ false, 10, 0x5a, RNDIS_CSUM_TCP_GOOD },
		{ false, 0, 0x65, 0 },
		{ false, 0, 0x44, 0 },
		{ false, 0, 0x40, 0 },
		{ false, 6, 0x20, 0 },
		{ false, 7, 0x01, 0 },
		{ false, 9, IPPROTO_ICMP, 0 },
		{ false, 9, IPPROTO_UDP, RNDIS_CSUM_UDP_GOOD },
		{ false, 9, IPPROTO_SCTP, 0 },
		{ true, 0, 0x40, 0 },
		{ true, 6, NEXTHDR_FRAGMENT, 0 },
		{ true, 6, IPPROTO_UDP, RNDIS_CSUM_UDP_GOOD },
		{ true, 6, NEXTHDR_NONE, 0 },
		{ true, 6, NEXTHDR_ICMP, 0 },
		/* Not the last nibble of the flow, nor anything else of it */
		{ true, 3, 0xff, RNDIS_CSUM_TCP_GOOD },
	};
	struct of_shape shape = { .flags = OF_ACK };
	struct sk_buff *skb;
	struct of_frame f;
	unsigned int i;

	of_init(test, &f);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		shape.v6 = table[i].v6;
		of_build(&f, &shape, SU_PAYLOAD);
		KUNIT_ASSERT_NE(test, f.bytes[f.network + table[i].at], table[i].value);
		f.bytes[f.network + table[i].at] = table[i].value;
		skb = su_skb(test, &f, of_len(&f), of_splits[0], CHECKSUM_UNNECESSARY, 0);
		KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, SU_LOOKED), table[i].want, "case %u", i);
		kfree_skb(skb);
	}
}

/* The header of a fragment has a sum; what is behind it has not. */
static void sums_fragment_test(struct kunit *test)
{
	static const u16 fields[] = { 0x2000, 0x0001, 0x2001, 0x1fff };
	struct of_shape shape = { };
	struct sk_buff *skb;
	struct of_frame f;
	unsigned int i;
	u8 *ip;

	of_init(test, &f);
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		shape.udp = i & 1;
		of_build(&f, &shape, SU_PAYLOAD);
		ip = f.bytes + f.network;
		put_unaligned_be16(fields[i], ip + 6);
		of_put_len(&f, of_len(&f) - f.network, true);
		skb = su_skb(test, &f, of_len(&f), of_splits[0], CHECKSUM_UNNECESSARY, 0);
		KUNIT_EXPECT_EQ(test, netvsp_good(skb, SU_LOOKED), RNDIS_CSUM_IP_GOOD);
		kfree_skb(skb);
	}
}

/* A sum that is to be filled in elsewhere: not that of the transport, or even in its way */
static void sums_elsewhere_test(struct kunit *test)
{
	static const struct of_shape shapes[] = {
		{ .flags = OF_ACK }, { .udp = true }, { .v6 = true, .flags = OF_ACK },
		{ .v6 = true, .udp = true }, { .ext = 2, .flags = OF_ACK },
	};
	struct sk_buff *skb;
	struct of_frame f;
	unsigned int i;
	u32 start, want;

	of_init(test, &f);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		of_build(&f, &shapes[i], SU_PAYLOAD);
		for (start = 0; start < f.data; start++) {
			skb = su_skb(test, &f, of_len(&f), of_splits[0], CHECKSUM_PARTIAL, start);
			want = start < f.transport ? 0 : su_header(&shapes[i], SU_LOOKED);
			if (start == f.transport)
				want |= su_transport(&shapes[i], SU_LOOKED);
			KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, SU_LOOKED), want,
					    "shape %u from %u", i, start);
			/* From there, but to another place */
			skb->csum_offset ^= 2;
			KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, SU_LOOKED),
					    start < f.transport ? 0 :
					    su_header(&shapes[i], SU_LOOKED),
					    "shape %u from %u, elsewhere", i, start);
			kfree_skb(skb);
		}
	}
}

/* What is no IP, and more tags than are looked behind */
static void sums_type_test(struct kunit *test)
{
	static const u16 types[] = { 0, ETH_P_ARP, ETH_P_8021Q, ETH_P_8021AD, 0x88b5, 0xffff };
	struct of_shape shape = { .flags = OF_ACK };
	struct sk_buff *skb;
	struct of_frame f;
	unsigned int i;

	of_init(test, &f);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (shape.tags = 0; shape.tags <= 2; shape.tags++) {
			of_build(&f, &shape, SU_PAYLOAD);
			put_unaligned_be16(types[i], f.bytes + f.network - 2);
			skb = su_skb(test, &f, of_len(&f), of_splits[0], CHECKSUM_UNNECESSARY, 0);
			KUNIT_EXPECT_EQ_MSG(test, netvsp_good(skb, SU_LOOKED), 0, "type %#x",
					    types[i]);
			kfree_skb(skb);
		}
	}
}

static struct kunit_case netvsp_sums_cases[] = {
	KUNIT_CASE_PARAM(sums_shape_test, of_shape_gen_params),
	KUNIT_CASE_PARAM(sums_short_test, of_shape_gen_params),
	KUNIT_CASE(sums_wrong_test),
	KUNIT_CASE(sums_fragment_test),
	KUNIT_CASE(sums_elsewhere_test),
	KUNIT_CASE(sums_type_test),
	{}
};

static struct kunit_suite netvsp_sums_suite = {
	.name = "vmbus_netvsp_sums",
	.test_cases = netvsp_sums_cases,
};

kunit_test_suite(netvsp_sums_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: sums of frames to the guest");
MODULE_LICENSE("GPL");
