// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: the hash of frames to the guest, by the vectors that Microsoft has
 * published for Toeplitz, and the channel that the guest's table has for it.
 */
#include <kunit/test.h>
#include <linux/inet.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <vmbus/compat.h>

#include "netvsp_frames.h"

#define HT_ALL	(NDIS_HASH_TOEPLITZ | NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4 | \
		 NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6)
#define HT_NONE	U64_MAX		/* no hash */

static const u8 ht_key[NDIS_RSS_KEY_SIZE] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/**
 * struct ht_vector - a published hash
 * @from: source
 * @to: destination
 * @from_port: port of the source
 * @to_port: port of the destination
 * @plain: hash of the addresses
 * @all: hash of addresses and ports
 */
struct ht_vector {
	const char *from;
	const char *to;
	u16 from_port;
	u16 to_port;
	u32 plain;
	u32 all;
};

static const struct ht_vector ht_ip4[] = {
	{ "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178 },
	{ "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea },
	{ "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
	{ "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f },
	{ "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2 },
};

static const struct ht_vector ht_ip6[] = {
	{ "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
	  0x4b61e985, 0x02d1feef },
};

/**
 * struct ht - how the guest wants frames to be spread, and one of them
 * @test: test
 * @settings: what it has set
 * @rss: made of that
 * @f: frame
 */
struct ht {
	struct kunit *test;
	struct netvsp_settings settings;
	struct netvsp_rss rss;
	struct of_frame f;
};

static struct ht *ht_new(struct kunit *test)
{
	struct ht *ht = kunit_kzalloc(test, sizeof(*ht), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ht);
	ht->test = test;
	netvsp_settings_reset(&ht->settings);
	ht->settings.rss = true;
	ht->settings.hash = HT_ALL;
	memcpy(ht->settings.key, ht_key, sizeof(ht_key));
	netvsp_rss_init(&ht->rss, &ht->settings);
	of_init(test, &ht->f);
	return ht;
}

/* Hash of the frame, as far as @len bytes, that lies in an skb like that; or HT_NONE. */
static u64 ht_hash_of(struct ht *ht, u32 len, const u16 *split)
{
	struct sk_buff *skb = of_skb(ht->test, ht->f.bytes, len, split);
	u32 hash;
	bool has;

	has = netvsp_rss_hash(&ht->rss, skb, &hash);
	kfree_skb(skb);
	return has ? hash : HT_NONE;
}

static u64 ht_hash(struct ht *ht)
{
	return ht_hash_of(ht, of_len(&ht->f), of_splits[0]);
}

static void ht_build(struct ht *ht, const struct ht_vector *v, const struct of_shape *shape)
{
	u8 *ip, *ports;

	of_build(&ht->f, shape, 100);
	ip = ht->f.bytes + ht->f.network;
	ports = ht->f.bytes + ht->f.transport;
	if (shape->v6) {
		KUNIT_ASSERT_EQ(ht->test, in6_pton(v->from, -1, ip + 8, -1, NULL), 1);
		KUNIT_ASSERT_EQ(ht->test, in6_pton(v->to, -1, ip + 24, -1, NULL), 1);
	} else {
		KUNIT_ASSERT_EQ(ht->test, in4_pton(v->from, -1, ip + 12, -1, NULL), 1);
		KUNIT_ASSERT_EQ(ht->test, in4_pton(v->to, -1, ip + 16, -1, NULL), 1);
	}
	put_unaligned_be16(v->from_port, ports);
	put_unaligned_be16(v->to_port, ports + 2);
}

static void ht_build_first(struct ht *ht, const struct of_shape *shape)
{
	ht_build(ht, shape->v6 ? &ht_ip6[0] : &ht_ip4[0], shape);
}

/* Toeplitz by the book, bit by bit. */
static u32 ht_toeplitz(const u8 *key, const u8 *input, u32 len)
{
	u64 window = get_unaligned_be64(key);
	u32 hash = 0, i, next = 64;

	for (i = 0; i < 8 * len; i++) {
		if (input[i / 8] & (0x80 >> i % 8))
			hash ^= window >> 32;
		window <<= 1;
		if (next < 8 * NDIS_RSS_KEY_SIZE && key[next / 8] & (0x80 >> next % 8))
			window |= 1;
		next++;
	}
	return hash;
}

/* ---- hashes ------------------------------------------------------------------------------- */

static void hash_vectors_test(struct kunit *test)
{
	const struct of_shape tcp4 = { .flags = OF_ACK }, udp4 = { .udp = true };
	const struct of_shape tcp6 = { .v6 = true, .flags = OF_ACK };
	const struct of_shape udp6 = { .v6 = true, .udp = true };
	struct ht *ht = ht_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ht_ip4); i++) {
		ht_build(ht, &ht_ip4[i], &tcp4);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), ht_ip4[i].all, "%s", ht_ip4[i].from);
		ht_build(ht, &ht_ip4[i], &udp4);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), ht_ip4[i].plain, "%s", ht_ip4[i].from);
	}
	for (i = 0; i < ARRAY_SIZE(ht_ip6); i++) {
		ht_build(ht, &ht_ip6[i], &tcp6);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), ht_ip6[i].all, "%s", ht_ip6[i].from);
		ht_build(ht, &ht_ip6[i], &udp6);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), ht_ip6[i].plain, "%s", ht_ip6[i].from);
	}
}

/* What is asked for, of a TCP and another packet: which hash each of them has. */
static void hash_types_test(struct kunit *test)
{
	enum { N, P, A };	/* none, plain, all */
	static const struct { u32 types; u8 tcp4, udp4, tcp6, udp6; } table[] = {
		{ 0, N, N, N, N },
		{ NDIS_HASH_IPV4, P, P, N, N },
		{ NDIS_HASH_TCP_IPV4, A, N, N, N },
		{ NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4, A, P, N, N },
		{ NDIS_HASH_IPV6, N, N, P, P },
		{ NDIS_HASH_TCP_IPV6, N, N, A, N },
		{ NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6, N, N, A, P },
		{ NDIS_HASH_TCP_IPV4 | NDIS_HASH_TCP_IPV6, A, N, A, N },
		{ NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV6, P, P, A, N },
		{ NDIS_HASH_IPV4 | NDIS_HASH_IPV6, P, P, P, P },
		{ NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4 | NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6,
		  A, P, A, P },
	};
	struct ht *ht = ht_new(test);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const u8 want[] = { table[i].tcp4, table[i].udp4, table[i].tcp6, table[i].udp6 };

		ht->settings.hash = NDIS_HASH_TOEPLITZ | table[i].types;
		netvsp_rss_init(&ht->rss, &ht->settings);
		for (k = 0; k < ARRAY_SIZE(want); k++) {
			const struct ht_vector *v = k < 2 ? &ht_ip4[0] : &ht_ip6[0];
			const u64 hashes[] = { [N] = HT_NONE, [P] = v->plain, [A] = v->all };

			ht_build(ht, v, &(struct of_shape) { .v6 = k >= 2, .udp = k & 1 });
			KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), hashes[want[k]],
					    "types %x, frame %u", table[i].types, k);
		}
	}
}

/* Tags, options, extension headers, and however it lies in memory: it is the same. */
static void hash_shapes_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	const struct ht_vector *v = shape->v6 ? &ht_ip6[0] : &ht_ip4[0];
	u32 want = shape->udp ? v->plain : v->all;
	struct ht *ht = ht_new(test);
	unsigned int s;

	ht_build_first(ht, shape);
	for (s = 0; s < ARRAY_SIZE(of_splits); s++)
		KUNIT_EXPECT_EQ_MSG(test, ht_hash_of(ht, of_len(&ht->f), of_splits[s]), want,
				    "split %u", s);
}

KUNIT_ARRAY_PARAM(of_shape, of_shapes, of_shape_describe);

/* However many bytes there are: without ports it is that of the addresses, without these none. */
static void hash_short_test(struct kunit *test)
{
	const struct of_shape *shape = test->param_value;
	const struct ht_vector *v = shape->v6 ? &ht_ip6[0] : &ht_ip4[0];
	struct ht *ht = ht_new(test);
	u32 len, addresses;
	u64 want;

	ht_build_first(ht, shape);
	addresses = ht->f.network + (shape->v6 ? 40 : 20);
	for (len = 0; len <= ht->f.transport + 8; len++) {
		want = len < addresses ? HT_NONE :
		       len < ht->f.transport + 4 || shape->udp ? v->plain : v->all;
		KUNIT_EXPECT_EQ_MSG(test, ht_hash_of(ht, len, of_splits[0]), want,
				    "%u bytes", len);
	}
}

/* A fragment has no ports, or they are not looked at: all fragments go one way. */
static void hash_fragments_test(struct kunit *test)
{
	static const u16 fragments[] = { 0x2000, 0x3fff, 0x0001, 0x1fff, 0x2001 };
	const struct of_shape tcp4 = { .flags = OF_ACK };
	const struct of_shape tcp6 = { .v6 = true, .ext = 1, .flags = OF_ACK };
	struct ht *ht = ht_new(test);
	unsigned int i;
	u8 *ip;

	ht_build_first(ht, &tcp4);
	ip = ht->f.bytes + ht->f.network;
	for (i = 0; i < ARRAY_SIZE(fragments); i++) {
		put_unaligned_be16(fragments[i], ip + 6);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), ht_ip4[0].plain, "%x", fragments[i]);
	}
	/* Without what the addresses alone are asked for it has none. */
	ht->settings.hash = NDIS_HASH_TOEPLITZ | NDIS_HASH_TCP_IPV4;
	netvsp_rss_init(&ht->rss, &ht->settings);
	KUNIT_EXPECT_EQ(test, ht_hash(ht), HT_NONE);
	/* It must not be fragmented, and a bit that nobody uses: no fragment */
	for (i = 0; i < 4; i++) {
		put_unaligned_be16(i << 14, ip + 6);
		KUNIT_EXPECT_EQ(test, ht_hash(ht), ht_ip4[0].all);
	}

	ht->settings.hash = HT_ALL;
	netvsp_rss_init(&ht->rss, &ht->settings);
	ht_build_first(ht, &tcp6);
	KUNIT_EXPECT_EQ(test, ht_hash(ht), ht_ip6[0].all);
	/* The extension header in front of TCP is one of a fragment. */
	ht->f.bytes[ht->f.network + 6] = NEXTHDR_FRAGMENT;
	KUNIT_EXPECT_EQ(test, ht_hash(ht), ht_ip6[0].plain);
}

/* So many headers are looked behind, and not more. */
static void hash_extensions_test(struct kunit *test)
{
	const struct of_shape tcp6 = { .v6 = true, .ext = OF_FAR, .flags = OF_ACK };
	struct ht *ht = ht_new(test);
	unsigned int n, i;
	u32 at;

	for (n = 0; n <= 10; n++) {
		ht_build_first(ht, &tcp6);
		at = ht->f.network + 40;
		ht->f.bytes[ht->f.network + 6] = n ? NEXTHDR_DEST : IPPROTO_TCP;
		for (i = 0; i < n; i++, at += 8)
			of_put_ext(ht->f.bytes + at, NEXTHDR_DEST,
				   i + 1 < n ? NEXTHDR_DEST : IPPROTO_TCP, 8);
		put_unaligned_be16(ht_ip6[0].from_port, ht->f.bytes + at);
		put_unaligned_be16(ht_ip6[0].to_port, ht->f.bytes + at + 2);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), n <= 8 ? ht_ip6[0].all : ht_ip6[0].plain,
				    "%u headers", n);
	}
	/* One that says that it goes beyond the end */
	ht_build_first(ht, &tcp6);
	ht->f.bytes[ht->f.network + 41] = 255;
	KUNIT_EXPECT_EQ(test, ht_hash(ht), ht_ip6[0].plain);
}

/* What is no IP packet, or only says so */
static void hash_others_test(struct kunit *test)
{
	static const u16 types[] = { ETH_P_ARP, 0x0000, 0x05dc, 0x88cc, 0xffff };
	const struct of_shape tcp4 = { .flags = OF_ACK };
	const struct of_shape tcp6 = { .v6 = true, .flags = OF_ACK };
	struct ht *ht = ht_new(test);
	unsigned int i;
	u8 *ip;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ht_build_first(ht, &tcp4);
		put_unaligned_be16(types[i], ht->f.bytes + 12);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), HT_NONE, "%x", types[i]);
	}
	ht_build_first(ht, &tcp4);
	ip = ht->f.bytes + ht->f.network;
	for (i = 0; i < 256; i++) {
		ip[0] = i;
		/* Where there are other options there are no ports of the vector. */
		if (i > 0x45 && i < 0x50)
			KUNIT_EXPECT_NE_MSG(test, ht_hash(ht), HT_NONE, "%x", i);
		else
			KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht),
					    i == 0x45 ? ht_ip4[0].all : HT_NONE, "%x", i);
	}
	ht_build_first(ht, &tcp6);
	ip = ht->f.bytes + ht->f.network;
	for (i = 0; i < 256; i++) {
		ip[0] = i;
		KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht), i >> 4 == 6 ? ht_ip6[0].all : HT_NONE,
				    "%x", i);
	}
}

/* Tags without end */
static void hash_tags_test(struct kunit *test)
{
	struct ht *ht = ht_new(test);
	unsigned int tags, i;
	u8 ip[128];
	u32 len;

	ht_build_first(ht, &(struct of_shape) { .flags = OF_ACK });
	len = sizeof(ip);
	memcpy(ip, ht->f.bytes + 12, len);
	for (tags = 0; tags <= 4; tags++) {
		for (i = 0; i < tags; i++) {
			put_unaligned_be16(i & 1 ? ETH_P_8021Q : ETH_P_8021AD,
					   ht->f.bytes + 12 + 4 * i);
			put_unaligned_be16(i, ht->f.bytes + 14 + 4 * i);
		}
		memcpy(ht->f.bytes + 12 + 4 * tags, ip, len);
		KUNIT_EXPECT_EQ_MSG(test, ht_hash_of(ht, 12 + 4 * tags + len, of_splits[0]),
				    tags <= 2 ? ht_ip4[0].all : HT_NONE, "%u tags", tags);
	}
	/* Nothing but tags */
	for (i = 0; i < 40; i++)
		put_unaligned_be16(ETH_P_8021Q, ht->f.bytes + 12 + 2 * i);
	KUNIT_EXPECT_EQ(test, ht_hash_of(ht, 12 + 80, of_splits[0]), HT_NONE);
}

/* ---- keys and tables ------------------------------------------------------------------------ */

static void hash_keys_test(struct kunit *test)
{
	const struct of_shape shapes[] = {
		{ .flags = OF_ACK }, { .udp = true },
		{ .v6 = true, .flags = OF_ACK }, { .v6 = true, .udp = true },
	};
	struct ht *ht = ht_new(test);
	struct rnd_state rnd;
	unsigned int round, i;
	u8 *from;
	u32 len;

	prandom_seed_state(&rnd, 1);
	for (round = 0; round < 100; round++) {
		prandom_bytes_state(&rnd, ht->settings.key, sizeof(ht->settings.key));
		/* The last bits of a key count, and nothing behind it. */
		if (round < 40) {
			memset(ht->settings.key, 0, sizeof(ht->settings.key));
			ht->settings.key[round] = 0xa5;
		}
		netvsp_rss_init(&ht->rss, &ht->settings);
		KUNIT_EXPECT_MEMEQ(test, ht->rss.key, ht->settings.key, sizeof(ht->rss.key));
		KUNIT_EXPECT_FALSE(test, ht->rss.blank);
		for (i = 0; i < ARRAY_SIZE(shapes); i++) {
			of_build(&ht->f, &shapes[i], 10);
			from = ht->f.bytes + ht->f.network + (shapes[i].v6 ? 8 : 12);
			len = (shapes[i].v6 ? 32 : 8) + (shapes[i].udp ? 0 : 4);
			prandom_bytes_state(&rnd, from, len);
			KUNIT_EXPECT_EQ_MSG(test, ht_hash(ht),
					    ht_toeplitz(ht->settings.key, from, len),
					    "round %u, shape %u", round, i);
		}
	}
	/* A key of zeros: each hash is 0, and is there. */
	memset(ht->settings.key, 0, sizeof(ht->settings.key));
	netvsp_rss_init(&ht->rss, &ht->settings);
	ht_build_first(ht, &shapes[0]);
	KUNIT_EXPECT_EQ(test, ht_hash(ht), 0);
	KUNIT_EXPECT_TRUE(test, ht->rss.blank);
}

static void hash_channel_test(struct kunit *test)
{
	struct ht *ht = ht_new(test);
	unsigned int i;
	u16 entries;

	for (entries = 1; entries <= NDIS_RSS_TABLE_MAX; entries *= 2) {
		ht->settings.entries = entries;
		/* What is behind the end must not be seen. */
		for (i = 0; i < NDIS_RSS_TABLE_MAX; i++)
			ht->settings.table[i] = i < entries ? (i * 5 + 1) % 64 : 99;
		netvsp_rss_init(&ht->rss, &ht->settings);
		for (i = 0; i < 3 * NDIS_RSS_TABLE_MAX; i++)
			KUNIT_EXPECT_EQ(test, netvsp_rss_channel(&ht->rss, i),
					(i % entries * 5 + 1) % 64);
		KUNIT_EXPECT_EQ(test, netvsp_rss_channel(&ht->rss, U32_MAX),
				((entries - 1) * 5 + 1) % 64);
		KUNIT_EXPECT_EQ(test, netvsp_rss_channel(&ht->rss, 0x80000000), 1);
	}
}

static struct kunit_case netvsp_hash_cases[] = {
	KUNIT_CASE(hash_vectors_test),
	KUNIT_CASE(hash_types_test),
	KUNIT_CASE_PARAM(hash_shapes_test, of_shape_gen_params),
	KUNIT_CASE_PARAM(hash_short_test, of_shape_gen_params),
	KUNIT_CASE(hash_fragments_test),
	KUNIT_CASE(hash_extensions_test),
	KUNIT_CASE(hash_others_test),
	KUNIT_CASE(hash_tags_test),
	KUNIT_CASE(hash_keys_test),
	KUNIT_CASE(hash_channel_test),
	{}
};

static struct kunit_suite netvsp_hash_suite = {
	.name = "vmbus_netvsp_hash",
	.test_cases = netvsp_hash_cases,
};

kunit_test_suite(netvsp_hash_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: hashes of frames");
MODULE_LICENSE("GPL");
