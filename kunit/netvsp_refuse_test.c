// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: frames of which sums cannot be filled in, and large sends that
 * cannot be; beside those that only just can.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <net/gso.h>
#include <vmbus/compat.h>

#include "netvsp_frames.h"

enum of_base { OF_FRAME, OF_NETWORK, OF_TRANSPORT };

/**
 * struct of_bad - a frame that is changed
 * @name: of the case
 * @shape: frame
 * @payload: bytes
 * @csum: flags that are turned over in what is right for the frame
 * @lso: it is a large send, and these flags are turned over
 * @mss: of a large send
 * @base: what @at is relative to
 * @at: byte that is changed
 * @value: to this; two bytes if @wide
 * @wide: of @value
 * @set: there is such a change
 * @len: bytes that the frame gets, beside its own length
 * @result: what becomes of it
 */
struct of_bad {
	const char *name;
	struct of_shape shape;
	u32 payload;
	u32 csum;
	u32 lso;
	u32 mss;
	enum of_base base;
	u32 at;
	u32 value;
	bool wide;
	bool set;
	int len;
	enum netvsp_refusal result;
};

#define OF_T4		.shape = { .flags = OF_ACK }, .payload = 100
#define OF_T6		.shape = { .v6 = true, .flags = OF_ACK }, .payload = 100
#define OF_T6X		.shape = { .v6 = true, .ext = 2, .flags = OF_ACK }, .payload = 100
#define OF_U4		.shape = { .udp = true }, .payload = 100
#define OF_U6		.shape = { .v6 = true, .udp = true }, .payload = 100
#define OF_L4		.shape = { .flags = OF_ACK }, .payload = 3000, .mss = 1000
#define OF_L6		.shape = { .v6 = true, .flags = OF_ACK }, .payload = 3000, .mss = 1000
#define OF_L6X		.shape = { .v6 = true, .ext = 2, .flags = OF_ACK }, .payload = 3000, \
			.mss = 1000
#define OF_BYTE(b, a, v)	.base = (b), .at = (a), .value = (v), .set = true
#define OF_WIDE(b, a, v)	OF_BYTE(b, a, v), .wide = true
#define OF_OK		.result = NETVSP_FRAME_OK
#define OF_NO_LEN	.result = NETVSP_REFUSED_LENGTH
#define OF_NO_SUM	.result = NETVSP_REFUSED_CSUM
#define OF_NO_CUT	.result = NETVSP_REFUSED_LSO

static const struct of_bad of_bads[] = {
	/* What is asked for does not go with the frame. */
	{ "as it is", OF_T4, OF_OK },
	{ "of IPv6 with IPv4", OF_T4, .csum = RNDIS_CSUM_IPV4 | RNDIS_CSUM_IPV6, OF_NO_SUM },
	{ "of IPv4 with IPv6", OF_T6, .csum = RNDIS_CSUM_IPV4 | RNDIS_CSUM_IPV6, OF_NO_SUM },
	{ "of both", OF_T4, .csum = RNDIS_CSUM_IPV6, OF_NO_SUM },
	{ "of neither", OF_T4, .csum = RNDIS_CSUM_IPV4, OF_OK },
	{ "of UDP with TCP", OF_T4, .csum = RNDIS_CSUM_TCP | RNDIS_CSUM_UDP, OF_NO_SUM },
	{ "of TCP with UDP", OF_U6, .csum = RNDIS_CSUM_TCP | RNDIS_CSUM_UDP, OF_NO_SUM },
	{ "of TCP and UDP", OF_T4, .csum = RNDIS_CSUM_UDP, OF_NO_SUM },
	{ "of the header with IPv6", OF_T6, .csum = RNDIS_CSUM_IP_HEADER, OF_OK },
	{ "of UDP and TCP", OF_U4, .csum = RNDIS_CSUM_TCP, OF_NO_SUM },
	{ "offset too small", OF_T4, .csum = 2 << 16, OF_NO_SUM },
	{ "offset too great", OF_T4, .csum = 32 << 16, OF_NO_SUM },
	{ "offset far away", OF_T6, .csum = (u32)RNDIS_CSUM_OFFSET, OF_NO_SUM },
	/* No IP */
	{ "ARP", OF_T4, OF_WIDE(OF_FRAME, 12, ETH_P_ARP), OF_NO_SUM },
	{ "802.3", OF_T4, OF_WIDE(OF_FRAME, 12, 100), OF_NO_SUM },
	{ "IPv6 that is IPv4", OF_T4, .csum = RNDIS_CSUM_IPV4,
	  OF_WIDE(OF_FRAME, 12, ETH_P_IPV6), OF_NO_SUM },
	{ "IPv4 that is IPv6", OF_T6, .csum = RNDIS_CSUM_IPV6,
	  OF_WIDE(OF_FRAME, 12, ETH_P_IP), OF_NO_SUM },
	{ "tag where there is none", OF_T4, OF_WIDE(OF_FRAME, 12, ETH_P_8021Q), OF_NO_SUM },
	{ "a third tag", .shape = { .tags = 2 }, .payload = 100,
	  OF_WIDE(OF_FRAME, 20, ETH_P_8021Q), OF_NO_SUM },
	{ "three tags", .shape = { .tags = 3 }, .payload = 100, OF_NO_SUM },
	/* IPv4 */
	{ "version 6 in IPv4", OF_T4, OF_BYTE(OF_NETWORK, 0, 0x65), OF_NO_SUM },
	{ "header of 0", OF_T4, OF_BYTE(OF_NETWORK, 0, 0x40), OF_NO_SUM },
	{ "header too short, no offset", OF_T4, .csum = 34 << 16,
	  OF_BYTE(OF_NETWORK, 0, 0x44), OF_NO_SUM },
	{ "header too short", OF_T4, OF_BYTE(OF_NETWORK, 0, 0x44), OF_NO_SUM },
	{ "header beyond the frame", OF_T4, OF_BYTE(OF_NETWORK, 0, 0x4f), .len = -84, OF_NO_SUM },
	{ "packet of 0", OF_T4, OF_WIDE(OF_NETWORK, 2, 0), OF_NO_SUM },
	{ "packet below the header", OF_T4, OF_WIDE(OF_NETWORK, 2, 19), OF_NO_SUM },
	{ "packet below the TCP header", OF_T4, OF_WIDE(OF_NETWORK, 2, 39), OF_NO_SUM },
	{ "packet of headers", OF_T4, OF_WIDE(OF_NETWORK, 2, 40), OF_OK },
	{ "packet above the frame", OF_T4, OF_WIDE(OF_NETWORK, 2, 141), OF_NO_SUM },
	{ "packet of all ones", OF_T4, OF_WIDE(OF_NETWORK, 2, 0xffff), OF_NO_SUM },
	{ "first fragment", OF_T4, OF_WIDE(OF_NETWORK, 6, 0x2000), OF_NO_SUM },
	{ "last fragment", OF_U4, OF_WIDE(OF_NETWORK, 6, 0x0001), OF_NO_SUM },
	{ "no fragment", OF_U4, OF_WIDE(OF_NETWORK, 6, 0), OF_OK },
	{ "another protocol", OF_T4, OF_BYTE(OF_NETWORK, 9, IPPROTO_SCTP), OF_NO_SUM },
	{ "header of ICMP", OF_T4, OF_BYTE(OF_NETWORK, 9, IPPROTO_ICMP), OF_NO_SUM },
	/* IPv6 */
	{ "version 4 in IPv6", OF_T6, OF_BYTE(OF_NETWORK, 0, 0x45), OF_NO_SUM },
	{ "jumbogram", OF_T6, OF_WIDE(OF_NETWORK, 4, 0), OF_NO_SUM },
	{ "IPv6 packet below TCP", OF_T6, OF_WIDE(OF_NETWORK, 4, 19), OF_NO_SUM },
	{ "IPv6 packet above the frame", OF_T6, OF_WIDE(OF_NETWORK, 4, 121), OF_NO_SUM },
	{ "IPv6 fragment", OF_T6, OF_BYTE(OF_NETWORK, 6, NEXTHDR_FRAGMENT), OF_NO_SUM },
	{ "no next header", OF_T6, OF_BYTE(OF_NETWORK, 6, NEXTHDR_NONE), OF_NO_SUM },
	{ "authentication", OF_T6, OF_BYTE(OF_NETWORK, 6, NEXTHDR_AUTH), OF_NO_SUM },
	{ "still to be routed", OF_T6X, OF_BYTE(OF_NETWORK, 40 + 16 + 3, 1), OF_NO_SUM },
	{ "extension into the payload", OF_T6X, OF_BYTE(OF_NETWORK, 41, 12), OF_NO_SUM },
	{ "extension beyond the frame", OF_T6X, OF_BYTE(OF_NETWORK, 41, 0x40), OF_NO_SUM },
	{ "extension beyond all", OF_T6X, OF_BYTE(OF_NETWORK, 41, 0xff), OF_NO_SUM },
	{ "extension as long as can be", .shape = { .v6 = true, .ext = OF_FAR }, .payload = 100,
	  OF_OK },
	{ "extension too long for an offset", .shape = { .v6 = true, .ext = OF_TOO_FAR },
	  .payload = 100, .csum = 1030 << 16, OF_NO_SUM },
	{ "extension cut off", OF_T6X, .len = -100 - 20 - 32, OF_NO_SUM },
	/* UDP */
	{ "UDP of 0", OF_U4, OF_WIDE(OF_TRANSPORT, 4, 0), OF_NO_SUM },
	{ "UDP below its header", OF_U4, OF_WIDE(OF_TRANSPORT, 4, 7), OF_NO_SUM },
	{ "UDP shorter", OF_U6, OF_WIDE(OF_TRANSPORT, 4, 107), OF_NO_SUM },
	{ "UDP longer", OF_U6, OF_WIDE(OF_TRANSPORT, 4, 109), OF_NO_SUM },
	/* Lengths */
	{ "no Ethernet header", OF_T4, .len = -154 + ETH_HLEN - 1, OF_NO_LEN },
	{ "nothing", OF_T4, .len = -154, OF_NO_LEN },
	{ "the longest", .shape = { .flags = OF_ACK }, .payload = OF_MTU - 54, OF_OK },
	{ "too long", .shape = { .flags = OF_ACK }, .payload = OF_MTU - 53, OF_NO_LEN },
	{ "too long by padding", .shape = { .flags = OF_ACK }, .payload = OF_MTU - 54, .len = 1,
	  OF_NO_LEN },
	{ "the longest with a tag", .shape = { .tags = 1 }, .payload = OF_MTU - 54, OF_OK },
	{ "too long with a tag", .shape = { .tags = 1 }, .payload = OF_MTU - 53, OF_NO_LEN },
	{ "the longest with two tags", .shape = { .tags = 2 }, .payload = OF_MTU - 58, OF_OK },
	{ "too long with two tags", .shape = { .tags = 2 }, .payload = OF_MTU - 57, OF_NO_LEN },
	/* Large sends */
	{ "large", OF_L4, OF_OK },
	{ "large, IPv6", OF_L6, OF_OK },
	{ "version 1", OF_L4, .lso = (u32)RNDIS_LSO_V2, OF_NO_CUT },
	{ "large of IPv6 with IPv4", OF_L4, .lso = (u32)RNDIS_LSO_IPV6, OF_NO_CUT },
	{ "large of IPv4 with IPv6", OF_L6, .lso = (u32)RNDIS_LSO_IPV6, OF_NO_CUT },
	{ "large of UDP", .shape = { .udp = true }, .payload = 3000, .mss = 1000, OF_NO_CUT },
	{ "large of ARP", OF_L4, OF_WIDE(OF_FRAME, 12, ETH_P_ARP), OF_NO_CUT },
	{ "large, wrong offset", OF_L4, .lso = 1 << 20, OF_NO_CUT },
	{ "large, offset far away", OF_L6, .lso = (u32)RNDIS_LSO_OFFSET, OF_NO_CUT },
	{ "no segment size", OF_L4, .lso = 1000, OF_NO_CUT },
	{ "segments too short", .shape = { .flags = OF_ACK }, .payload = 3000, .mss = 7,
	  OF_NO_CUT },
	{ "segments of 1", .shape = { .flags = OF_ACK }, .payload = 3000, .mss = 1, OF_NO_CUT },
	{ "the longest segments", .shape = { .flags = OF_ACK }, .payload = 3000,
	  .mss = OF_MTU - 54, OF_OK },
	{ "segments too long", .shape = { .flags = OF_ACK }, .payload = 3000,
	  .mss = OF_MTU - 53, OF_NO_CUT },
	{ "segments too long, IPv6", .shape = { .v6 = true, .flags = OF_ACK }, .payload = 3000,
	  .mss = OF_MTU - 73, OF_NO_CUT },
	{ "segments of all ones", .shape = { .flags = OF_ACK }, .payload = 3000,
	  .mss = (u32)RNDIS_LSO_MSS, OF_NO_CUT },
	{ "the longest segments, tagged", .shape = { .tags = 1 }, .payload = 3000,
	  .mss = OF_MTU - 54, OF_OK },
	{ "segments too long, tagged", .shape = { .tags = 1 }, .payload = 3000,
	  .mss = OF_MTU - 53, OF_NO_CUT },
	{ "no payload", .shape = { .flags = OF_ACK }, .mss = 1000, OF_NO_CUT },
	{ "many SYNs", .shape = { .flags = OF_SYN }, .payload = 3000, .mss = 1000, OF_NO_CUT },
	{ "one SYN", .shape = { .flags = OF_SYN }, .payload = 1000, .mss = 1000, OF_OK },
	{ "large fragment", OF_L4, OF_WIDE(OF_NETWORK, 6, 0x2000), OF_NO_CUT },
	{ "large fragment, IPv6", OF_L6, OF_BYTE(OF_NETWORK, 6, NEXTHDR_FRAGMENT), OF_NO_CUT },
	{ "large, still to be routed", OF_L6X, OF_BYTE(OF_NETWORK, 40 + 16 + 3, 1), OF_NO_CUT },
	{ "TCP header of 0", OF_L4, OF_BYTE(OF_TRANSPORT, 12, 0), OF_NO_CUT },
	{ "TCP header too short", OF_L4, OF_BYTE(OF_TRANSPORT, 12, 0x40), OF_NO_CUT },
	{ "TCP header longer", OF_L4, OF_BYTE(OF_TRANSPORT, 12, 0xf0), OF_OK },
	{ "TCP header beyond the frame", OF_L6, OF_BYTE(OF_TRANSPORT, 12, 0x60), .len = -2997,
	  OF_NO_CUT },
	{ "TCP header of all", OF_L6, OF_BYTE(OF_TRANSPORT, 12, 0x60), .len = -2996, OF_NO_CUT },
	{ "TCP header of all but a byte", OF_L6, OF_BYTE(OF_TRANSPORT, 12, 0x60), .len = -2995,
	  OF_OK },
	{ "TCP header cut off", OF_L4, .len = -3001, OF_NO_CUT },
	{ "large packet above the frame", OF_L4, OF_WIDE(OF_NETWORK, 2, 3041), OF_NO_CUT },
	{ "large packet below TCP", OF_L4, OF_WIDE(OF_NETWORK, 2, 39), OF_NO_CUT },
	{ "large packet of headers", OF_L4, OF_WIDE(OF_NETWORK, 2, 40), OF_NO_CUT },
	{ "large packet below the frame", OF_L4, OF_WIDE(OF_NETWORK, 2, 2000), OF_OK },
	{ "large packet in a segment", OF_L4, OF_WIDE(OF_NETWORK, 2, 41), OF_OK },
	{ "the largest", .shape = { .flags = OF_ACK }, .payload = NETVSP_GSO_MAX - 54,
	  .mss = 1000, OF_OK },
	{ "too large", .shape = { .flags = OF_ACK }, .payload = NETVSP_GSO_MAX - 53, .mss = 1000,
	  OF_NO_LEN },
};

static void of_bad_describe(const struct of_bad *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(of_bad, of_bads, of_bad_describe);

static void of_change(const struct of_bad *c, struct of_frame *f)
{
	u8 *at = f->bytes + c->at;

	if (!c->set)
		return;
	if (c->base != OF_FRAME)
		at += c->base == OF_NETWORK ? f->network : f->transport;
	if (c->wide)
		put_unaligned_be16(c->value, at);
	else
		*at = c->value;
}

static void refuse_case_test(struct kunit *test)
{
	const struct of_bad *c = test->param_value;
	struct netvsp_frame frame = {};
	struct of_frame f;
	struct sk_buff *skb;
	u32 len;
	int s;

	of_init(test, &f);
	for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
		of_build(&f, &c->shape, c->payload);
		if (c->mss) {
			frame.lso = of_lso(&f, true, c->mss) ^ c->lso;
			of_put_len(&f, 0, false);
		} else {
			frame.csum = of_csum(&f, true, false) ^ c->csum;
		}
		of_change(c, &f);
		skb = of_skb(test, f.bytes, of_len(&f) + c->len, of_splits[s]);
		KUNIT_EXPECT_EQ_MSG(test, netvsp_offload(skb, &frame, OF_MTU), c->result,
				    "split %d", s);
		kfree_skb(skb);
		/* The same without an skb; and last, because the frame changes. */
		len = of_len(&f) + c->len;
		if (!c->mss)
			KUNIT_EXPECT_EQ(test, netvsp_offload_bytes(f.bytes, &len, &frame, OF_MTU),
					c->result);
	}
}

KUNIT_ARRAY_PARAM(of_shape, of_shapes, of_shape_describe);

/* Wherever a frame ends: all headers must be there, and what they say is there. */
static void refuse_short_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	struct netvsp_frame sum = {}, cut = {};
	enum netvsp_refusal want;
	struct of_frame f;
	struct sk_buff *skb;
	u32 len, left;
	int s;

	of_init(test, &f);
	for (s = 0; s < ARRAY_SIZE(of_splits); s++) {
		of_build(&f, shape, 10);
		sum.csum = of_csum(&f, s & 1, true);
		cut.lso = of_lso(&f, s & 1, 8);
		for (len = 0; len < of_len(&f); len++) {
			of_put_len(&f, of_len(&f) - f.network, true);
			want = len < ETH_HLEN ? NETVSP_REFUSED_LENGTH : NETVSP_REFUSED_CSUM;
			skb = of_skb(test, f.bytes, len, of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &sum, OF_MTU), want);
			kfree_skb(skb);
			left = len;
			KUNIT_ASSERT_EQ(test, netvsp_offload_bytes(f.bytes, &left, &sum, OF_MTU),
					want);
			KUNIT_ASSERT_EQ(test, left, len);

			of_put_len(&f, 0, false);
			want = len < ETH_HLEN ? NETVSP_REFUSED_LENGTH :
			       len <= f.data || shape->udp ? NETVSP_REFUSED_LSO : NETVSP_FRAME_OK;
			skb = of_skb(test, f.bytes, len, of_splits[s]);
			KUNIT_ASSERT_EQ(test, netvsp_offload(skb, &cut, OF_MTU), want);
			kfree_skb(skb);
		}
	}
}

/* Whatever is in the headers, the stack can work with what is accepted. */
static void refuse_fuzz_test(struct kunit *test)
{
	struct sk_buff *skb, *segs;
	struct netvsp_frame frame;
	struct rnd_state rnd;
	struct of_frame f;
	u32 len, accepted = 0;
	int i, n;

	of_init(test, &f);
	prandom_seed_state(&rnd, 1806);
	for (i = 0; i < 10000; i++) {
		of_build(&f, &of_shapes[prandom_u32_state(&rnd) % ARRAY_SIZE(of_shapes)], 500);
		frame = (struct netvsp_frame) { .csum = of_csum(&f, i & 2, i & 4) };
		if (i & 1) {
			frame.lso = of_lso(&f, i & 2, 100);
			of_put_len(&f, 0, false);
		}
		for (n = prandom_u32_state(&rnd) % 4; n; n--)
			f.bytes[12 + prandom_u32_state(&rnd) % (f.data - 12)] =
				prandom_u32_state(&rnd);
		len = of_len(&f) - (i & 8 ? prandom_u32_state(&rnd) % 500 : 0);
		skb = of_skb(test, f.bytes, len,
			     of_splits[prandom_u32_state(&rnd) % ARRAY_SIZE(of_splits)]);
		if (netvsp_offload(skb, &frame, OF_MTU) || skb->ip_summed != CHECKSUM_PARTIAL) {
			kfree_skb(skb);
			continue;
		}
		accepted++;
		skb->protocol = eth_hdr(skb)->h_proto;
		KUNIT_ASSERT_LE(test, skb->len, of_len(&f));
		KUNIT_ASSERT_LE(test, skb_checksum_start_offset(skb) + skb->csum_offset + 2,
				skb_headlen(skb));
		if (skb_is_gso(skb)) {
			segs = skb_gso_segment(skb, 0);
			KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
			kfree_skb_list(segs);
		} else {
			KUNIT_ASSERT_EQ(test, skb_checksum_help(skb), 0);
		}
		kfree_skb(skb);
	}
	KUNIT_EXPECT_GT(test, accepted, 1000);
	KUNIT_EXPECT_LT(test, accepted, 9000);
}

static struct kunit_case refuse_cases[] = {
	KUNIT_CASE_PARAM(refuse_case_test, of_bad_gen_params),
	KUNIT_CASE_PARAM(refuse_short_test, of_shape_gen_params),
	KUNIT_CASE(refuse_fuzz_test),
	{}
};

static struct kunit_suite refuse_suite = {
	.name = "vmbus_netvsp_refuse",
	.test_cases = refuse_cases,
};

kunit_test_suite(refuse_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the frames that vmbus_netvsp refuses");
MODULE_LICENSE("GPL");
