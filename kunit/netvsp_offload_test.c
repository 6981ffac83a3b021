// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: checksums and large sends of the guest.  The stack finishes
 * what netvsp_offload() has made, and all bytes of what comes out are compared.
 */
#include <kunit/test.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/gso.h>
#include <vmbus/compat.h>

#include "netvsp_frames.h"

/* ---- what must come out ------------------------------------------------------------------- */

static bool of_transport_good(const struct of_frame *f, const u8 *bytes, u32 len)
{
	u32 sum = f->shape.udp ? IPPROTO_UDP : IPPROTO_TCP;

	sum += len - f->transport;
	sum = f->shape.v6 ? of_sum(bytes + f->network + 8, 32, sum) :
			    of_sum(bytes + f->network + 12, 8, sum);
	return of_sum(bytes + f->transport, len - f->transport, sum) == 0xffff;
}

/*
 * One frame that leaves, number @index, with @count bytes of the payload from @from on.
 * Of @f nothing but sums, lengths and garbage may have changed; and what is of course
 * different in segments.
 */
static void of_check(struct kunit *test, const struct of_frame *f, u8 *bytes, u32 len,
		     u32 index, u32 from, u32 count)
{
	const u8 *ip = bytes + f->network, *th = bytes + f->transport;
	bool last = from + count == f->payload;
	u8 flags = f->shape.flags;
	u8 *want = f->bytes;
	u8 was[256];

	KUNIT_ASSERT_EQ(test, len, f->data + count);
	KUNIT_ASSERT_LE(test, f->data, sizeof(was));
	if (f->shape.v6) {
		KUNIT_ASSERT_EQ(test, get_unaligned_be16(ip + 4), len - f->network - 40);
	} else {
		KUNIT_ASSERT_EQ(test, get_unaligned_be16(ip + 2), len - f->network);
		KUNIT_ASSERT_EQ(test, of_sum(ip, f->transport - f->network, 0), 0xffff);
		KUNIT_ASSERT_EQ(test, get_unaligned_be16(ip + 4), (OF_ID + index) & 0xffff);
	}
	KUNIT_ASSERT_TRUE(test, of_transport_good(f, bytes, len));
	if (f->shape.udp) {
		/* This would say that there is no sum. */
		KUNIT_ASSERT_NE(test, get_unaligned_be16(th + 6), 0);
	} else {
		KUNIT_ASSERT_EQ(test, get_unaligned_be32(th + 4), OF_SEQ + from);
		if (!last)
			flags &= ~(OF_FIN | OF_PSH);
		if (index)
			flags &= ~OF_CWR;
		KUNIT_ASSERT_EQ(test, th[13], flags);
	}
	KUNIT_ASSERT_EQ(test, memcmp(bytes + f->data, want + f->data + from, count), 0);

	/* All else is as it was. */
	memcpy(was, want, f->data);
	memcpy(was + f->network + (f->shape.v6 ? 4 : 2), ip + (f->shape.v6 ? 4 : 2), 2);
	if (!f->shape.v6) {
		memcpy(was + f->network + 4, ip + 4, 2);
		memcpy(was + f->network + 10, ip + 10, 2);
	}
	if (f->shape.udp) {
		memcpy(was + f->transport + 6, th + 6, 2);
	} else {
		memcpy(was + f->transport + 4, th + 4, 4);
		was[f->transport + 13] = th[13];
		memcpy(was + f->transport + 16, th + 16, 2);
	}
	KUNIT_ASSERT_EQ(test, memcmp(bytes, was, f->data), 0);
}

/* The device does sums, or nothing. */
static const netdev_features_t of_features[] = { 0, NETIF_F_SG | NETIF_F_HW_CSUM };

/* The stack does what the guest wanted its adapter to do; @mss is 0 for no segments. */
static void of_finish(struct kunit *test, const struct of_frame *f, struct sk_buff *skb, u32 mss,
		      netdev_features_t features)
{
	struct sk_buff *segs = skb, *seg, *next;
	u32 index = 0, from = 0, count;
	u8 *flat;

	KUNIT_ASSERT_EQ(test, skb->len, of_len(f));
	KUNIT_ASSERT_EQ(test, (int)skb->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_ASSERT_EQ(test, skb_mac_offset(skb), 0);
	KUNIT_ASSERT_EQ(test, skb_network_offset(skb), f->network);
	KUNIT_ASSERT_EQ(test, skb_transport_offset(skb), f->transport);
	KUNIT_ASSERT_EQ(test, skb_checksum_start_offset(skb), f->transport);
	skb->protocol = eth_hdr(skb)->h_proto;
	flat = kunit_kmalloc(test, OF_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, flat);

	if (mss) {
		KUNIT_ASSERT_EQ(test, skb_shinfo(skb)->gso_size, mss);
		KUNIT_ASSERT_EQ(test, skb_shinfo(skb)->gso_segs, DIV_ROUND_UP(f->payload, mss));
		KUNIT_ASSERT_EQ(test, skb_shinfo(skb)->gso_type,
				(f->shape.v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4) | SKB_GSO_DODGY |
				(f->shape.flags & OF_CWR ? SKB_GSO_TCP_ECN : 0));
		segs = skb_gso_segment(skb, features);
		KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
		consume_skb(skb);
	} else {
		KUNIT_ASSERT_FALSE(test, skb_is_gso(skb));
	}
	for (seg = segs; seg; seg = next) {
		next = seg->next;
		skb_mark_not_on_list(seg);
		if (seg->ip_summed == CHECKSUM_PARTIAL)
			KUNIT_ASSERT_EQ(test, skb_checksum_help(seg), 0);
		KUNIT_ASSERT_LE(test, seg->len, OF_ROOM);
		KUNIT_ASSERT_EQ(test, skb_copy_bits(seg, 0, flat, seg->len), 0);
		count = mss ? min(mss, f->payload - from) : f->payload;
		of_check(test, f, flat, seg->len, index++, from, count);
		from += count;
		kfree_skb(seg);
	}
	KUNIT_EXPECT_EQ(test, from, f->payload);
	kunit_kfree(test, flat);
}

/* ---- sums ---------------------------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(of_shape, of_shapes, of_shape_describe);

static void offload_sum_test(struct kunit *test)
{
	static const u32 payloads[] = { 0, 1, 2, 3, 100, 1001, 1300 };
	const struct of_shape *shape = test->param_value;
	struct netvsp_frame frame = {};
	struct of_frame f;
	struct sk_buff *skb;
	int i, s;

	of_init(test, &f);
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
			bool header = i & 1, offset = s & 1;

			of_build(&f, shape, payloads[i]);
			of_put_len(&f, of_len(&f) - f.network, !header);
			frame.csum = of_csum(&f, offset, header);
			skb = of_skb(test, f.bytes, of_len(&f), of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			of_finish(test, &f, skb, 0, 0);
		}
	}
}

/* Without an skb all is done at once: what comes out is what the stack would have made. */
static void offload_bytes_test(struct kunit *test)
{
	static const u32 payloads[] = { 0, 1, 2, 3, 100, 1001, 1300 };
	const struct of_shape *shape = test->param_value;
	struct netvsp_frame frame = {};
	struct of_frame f;
	u32 len, pad;
	u8 *bytes;
	int i;

	of_init(test, &f);
	bytes = kunit_kmalloc(test, OF_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		for (pad = 0; pad <= 5; pad += 5) {
			of_build(&f, shape, payloads[i]);
			of_put_len(&f, of_len(&f) - f.network, !(i & 1));
			frame.csum = of_csum(&f, pad, i & 1);
			/* Off by 2, as behind a tag, and what is behind it stays. */
			memset(bytes, 0xee, OF_ROOM);
			memcpy(bytes + 2, f.bytes, of_len(&f));
			len = of_len(&f) + pad;
			KUNIT_ASSERT_EQ(test, netvsp_offload_bytes(bytes + 2, &len, &frame, OF_MTU),
					NETVSP_FRAME_OK);
			of_check(test, &f, bytes + 2, len, 0, 0, payloads[i]);
			KUNIT_EXPECT_EQ(test, bytes[1], 0xee);
			KUNIT_EXPECT_EQ(test, bytes[2 + of_len(&f)], 0xee);
		}
	}
}

/* A sum of UDP that is 0 is sent as all ones; whatever the guest left in the field. */
static void offload_zero_test(struct kunit *test)
{
	static const u16 left[] = { 0, 1, 0xffff, OF_GARBAGE };
	static const struct of_shape shapes[] = { { false, true }, { true, true } };
	struct netvsp_frame frame = {};
	struct of_frame f;
	struct sk_buff *skb;
	u32 sum, len;
	int i, s;

	of_init(test, &f);
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		for (i = 0; i < ARRAY_SIZE(left); i++) {
			of_build(&f, &shapes[s], 32);
			/* The first bytes of the payload are what makes it 0. */
			put_unaligned_be16(0, f.bytes + f.data);
			put_unaligned_be16(0, f.bytes + f.transport + 6);
			sum = IPPROTO_UDP + of_len(&f) - f.transport;
			sum = shapes[s].v6 ? of_sum(f.bytes + f.network + 8, 32, sum) :
					     of_sum(f.bytes + f.network + 12, 8, sum);
			sum = of_sum(f.bytes + f.transport, of_len(&f) - f.transport, sum);
			put_unaligned_be16(~sum, f.bytes + f.data);
			put_unaligned_be16(left[i], f.bytes + f.transport + 6);
			frame.csum = of_csum(&f, true, false);
			skb = of_skb(test, f.bytes, of_len(&f), of_splits[0]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			of_finish(test, &f, skb, 0, 0);
			len = of_len(&f);
			KUNIT_ASSERT_EQ(test, netvsp_offload_bytes(f.bytes, &len, &frame, OF_MTU),
					NETVSP_FRAME_OK);
			KUNIT_EXPECT_EQ(test, get_unaligned_be16(f.bytes + f.transport + 6),
					0xffff);
		}
	}
}

/* What pads a frame is neither in the sum nor sent, nor payload of a large send. */
static void offload_pad_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	struct netvsp_frame frame;
	struct of_frame f;
	struct sk_buff *skb;
	int i, s;

	of_init(test, &f);
	for (i = 0; i < 4; i++) {
		for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
			of_build(&f, shape, 5);
			memset(f.bytes + of_len(&f), 0xee, 1 << i);
			frame = (struct netvsp_frame) { .csum = of_csum(&f, s & 1, false) };
			if (!shape->udp && (i & 1))
				frame.lso = of_lso(&f, s & 1, 1000);
			skb = of_skb(test, f.bytes, of_len(&f) + (1 << i), of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			of_finish(test, &f, skb, 0, 0);
		}
	}
}

/* Where nothing is asked for, nothing changes, whatever the frame is. */
static void offload_none_test(struct kunit *test)
{
	static const u32 nothing[] = {
		0, RNDIS_CSUM_IPV4, RNDIS_CSUM_IPV6, RNDIS_CSUM_IPV4 | RNDIS_CSUM_IPV6,
		RNDIS_CSUM_OFFSET, (u32)BIT(31),
	};
	const struct of_shape shape = { .flags = OF_ACK };
	struct netvsp_frame frame = {};
	struct of_frame f;
	struct sk_buff *skb;
	u8 *flat;
	int i, s;

	of_init(test, &f);
	flat = kunit_kmalloc(test, OF_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, flat);
	of_build(&f, &shape, 100);
	for (i = 0; i < ARRAY_SIZE(nothing); i++) {
		for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
			frame.csum = nothing[i];
			skb = of_skb(test, f.bytes, of_len(&f) + 3, of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
			KUNIT_EXPECT_EQ(test, skb_mac_offset(skb), 0);
			KUNIT_ASSERT_EQ(test, skb->len, of_len(&f) + 3);
			KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, 0, flat, skb->len), 0);
			KUNIT_EXPECT_EQ(test, memcmp(flat, f.bytes, skb->len), 0);
			kfree_skb(skb);
		}
	}
}

/* The sum of the IPv4 header alone, which a fragment and an unknown protocol also have. */
static void offload_header_test(struct kunit *test)
{
	struct netvsp_frame frame = { .csum = RNDIS_CSUM_IPV4 | RNDIS_CSUM_IP_HEADER };
	struct of_shape shape = {};
	struct of_frame f;
	struct sk_buff *skb;
	u8 flat[256];
	int s;

	of_init(test, &f);
	for (shape.ext = 0; shape.ext <= 2; shape.ext++) {
		for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
			of_build(&f, &shape, 40);
			put_unaligned_be16(0x2001, f.bytes + f.network + 6);
			f.bytes[f.network + 9] = s;
			of_put_len(&f, of_len(&f) - f.network, true);
			memcpy(flat, f.bytes, of_len(&f));
			put_unaligned_be16(OF_GARBAGE, flat + f.network + 10);
			skb = of_skb(test, flat, of_len(&f), of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			KUNIT_EXPECT_EQ(test, (int)skb->ip_summed, CHECKSUM_NONE);
			KUNIT_ASSERT_EQ(test, skb->len, of_len(&f));
			KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, 0, flat, skb->len), 0);
			KUNIT_EXPECT_EQ(test, memcmp(flat, f.bytes, skb->len), 0);
			kfree_skb(skb);
		}
	}
}

/* ---- large sends --------------------------------------------------------------------------- */

/**
 * struct of_send - a large send
 * @mss: bytes of a segment; 0: as many as there is room for
 * @payload: bytes; 0: as many as a frame can have
 */
struct of_send {
	u32 mss;
	u32 payload;
};

static const struct of_send of_sends[] = {
	{ 8, 9 },
	{ 8, 800 },
	{ 536, 537 },
	{ 536, 5360 },
	{ 1001, 3002 },
	{ 1001, 4005 },
	{ 0, 1 },
	{ 0, 1500 },
	{ 0, 20000 },
	{ 1000, 0 },
	{ 0, 0 },
	/* One segment, if that */
	{ 100, 100 },
	{ 100, 1 },
	{ (u32)RNDIS_LSO_MSS, 1 },
};

static void offload_cut_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	struct netvsp_frame frame = {};
	u32 longest = OF_MTU + (shape->tags ? VLAN_HLEN : 0);
	struct of_frame f;
	struct sk_buff *skb;
	u32 mss, payload;
	int i, s;

	of_init(test, &f);
	if (shape->udp) {
		/* Large sends are TCP. */
		of_build(&f, shape, 1000);
		frame.lso = of_lso(&f, false, 500);
		skb = of_skb(test, f.bytes, of_len(&f), of_splits[0]);
		KUNIT_EXPECT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_REFUSED_LSO);
		kfree_skb(skb);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(of_sends); i++) {
		for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
			of_build(&f, shape, 0);
			mss = of_sends[i].mss ?: longest - f.data;
			payload = of_sends[i].payload ?: NETVSP_GSO_MAX - f.data;
			of_build(&f, shape, payload);
			/* The length may be there. */
			of_put_len(&f, s == 2 ? of_len(&f) - f.network : 0, false);
			frame.lso = of_lso(&f, s & 1, mss);
			/* The same frame may have both. */
			frame.csum = s == 3 ? of_csum(&f, true, true) : 0;
			skb = of_skb(test, f.bytes, of_len(&f), of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &frame, OF_MTU), NETVSP_FRAME_OK);
			of_finish(test, &f, skb, payload > mss ? mss : 0, of_features[s & 1]);
		}
	}
}

static struct kunit_case offload_cases[] = {
	KUNIT_CASE_PARAM(offload_sum_test, of_shape_gen_params),
	KUNIT_CASE_PARAM(offload_bytes_test, of_shape_gen_params),
	KUNIT_CASE(offload_zero_test),
	KUNIT_CASE_PARAM(offload_pad_test, of_shape_gen_params),
	KUNIT_CASE(offload_none_test),
	KUNIT_CASE(offload_header_test),
	KUNIT_CASE_PARAM(offload_cut_test, of_shape_gen_params),
	{}
};

static struct kunit_suite offload_suite = {
	.name = "vmbus_netvsp_offload",
	.test_cases = offload_cases,
};

kunit_test_suite(offload_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the offloads of vmbus_netvsp");
MODULE_LICENSE("GPL");
