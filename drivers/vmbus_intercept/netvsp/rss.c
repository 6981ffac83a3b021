// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling as NDIS has it: the hash of a frame to the guest, Toeplitz with the
 * guest's key over what the guest has asked for, and the channel that its table has there.
 *
 * Toeplitz is linear: the hash is the XOR of what each bit that is set stands for, which is
 * 32 bits of the key from there on.  So it is a look-up for each 4 bits of the input, in a
 * table that is made when the guest sets a key.
 */
#include <kunit/visibility.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "packet.h"

#define NETVSP_PORTS	4	/* bytes of both ports */

/* The input ends where there are 32 bits of the key left. */
static_assert(NETVSP_RSS_INPUT == 2 * sizeof(struct in6_addr) + NETVSP_PORTS);
static_assert(NETVSP_RSS_INPUT + sizeof(u32) <= NDIS_RSS_KEY_SIZE);

/* ---- the key -------------------------------------------------------------------------- */

/* 32 bits of the key, from bit @at on; the first bit is the highest one of its byte. */
static u32 netvsp_key_bits(const u8 *key, u32 at)
{
	u32 bits = get_unaligned_be32(key + at / 8);

	return at % 8 ? bits << at % 8 | key[at / 8 + sizeof(bits)] >> (8 - at % 8) : bits;
}

/**
 * netvsp_rss_init - have frames spread as the guest has set it
 * @rss: out
 * @settings: what the guest has set, spreading on
 */
void netvsp_rss_init(struct netvsp_rss *rss, const struct netvsp_settings *settings)
{
	u32 nibble, value, bit, hash;

	rss->hash = settings->hash;
	rss->entries = settings->entries;
	memcpy(rss->table, settings->table, sizeof(rss->table));
	memcpy(rss->key, settings->key, sizeof(rss->key));
	rss->blank = !memchr_inv(rss->key, 0, sizeof(rss->key));
	for (nibble = 0; nibble < NETVSP_RSS_NIBBLES; nibble++) {
		for (value = 0; value < NETVSP_RSS_VALUES; value++) {
			hash = 0;
			for (bit = 0; bit < 4; bit++)
				if (value & (8 >> bit))
					hash ^= netvsp_key_bits(rss->key, 4 * nibble + bit);
			rss->nibble[nibble][value] = hash;
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_rss_init);

static u32 netvsp_toeplitz(const struct netvsp_rss *rss, const u8 *input, u32 len)
{
	u32 hash = 0, i;

	for (i = 0; i < len; i++)
		hash ^= rss->nibble[2 * i][input[i] >> 4] ^ rss->nibble[2 * i + 1][input[i] & 15];
	return hash;
}

/* ---- frames ----------------------------------------------------------------------------- */

/**
 * struct netvsp_tuple - what of a frame is hashed
 * @bytes: addresses, source first, and ports
 * @addresses: bytes of both addresses
 * @ports: there are ports, those of TCP in a packet that is no fragment
 */
struct netvsp_tuple {
	u8 bytes[NETVSP_RSS_INPUT];
	u32 addresses;
	bool ports;
};

static void netvsp_take_ports(const struct sk_buff *skb, u32 at, struct netvsp_tuple *tuple)
{
	tuple->ports = !skb_copy_bits(skb, at, tuple->bytes + tuple->addresses, NETVSP_PORTS);
}

static bool netvsp_tuple_ip4(const struct sk_buff *skb, u32 at, struct netvsp_tuple *tuple)
{
	const struct iphdr *ip;
	struct iphdr copy;

	ip = skb_header_pointer(skb, at, sizeof(copy), &copy);
	if (!ip || ip->version != 4 || ip->ihl * 4 < sizeof(*ip))
		return false;
	tuple->addresses = 2 * sizeof(ip->saddr);
	memcpy(tuple->bytes, &ip->saddr, tuple->addresses);
	if (ip->protocol == IPPROTO_TCP && !ip_is_fragment(ip))
		netvsp_take_ports(skb, at + ip->ihl * 4, tuple);
	return true;
}

/* TCP may be behind headers with options and routes, but not behind that of a fragment. */
static bool netvsp_tuple_ip6(const struct sk_buff *skb, u32 at, struct netvsp_tuple *tuple)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr copy;

	ip = skb_header_pointer(skb, at, sizeof(copy), &copy);
	if (!ip || ip->version != 6)
		return false;
	tuple->addresses = 2 * sizeof(ip->saddr);
	memcpy(tuple->bytes, &ip->saddr, tuple->addresses);
	at += sizeof(*ip);
	if (netvsp_skb_ip6(skb, ip->nexthdr, &at) == IPPROTO_TCP)
		netvsp_take_ports(skb, at, tuple);
	return true;
}

/* False if it is no IP packet. */
static bool netvsp_tuple(const struct sk_buff *skb, struct netvsp_tuple *tuple)
{
	__be16 type;
	u32 at;

	tuple->ports = false;
	type = netvsp_skb_type(skb, &at);
	if (type == htons(ETH_P_IP))
		return netvsp_tuple_ip4(skb, at, tuple);
	if (type == htons(ETH_P_IPV6))
		return netvsp_tuple_ip6(skb, at, tuple);
	return false;
}

/**
 * netvsp_rss_hash - the hash of a frame to the guest
 * @rss: as the guest has set it
 * @skb: frame; its data begins with the Ethernet header
 * @hash: out, if there is one
 *
 * Over addresses and ports of TCP if the guest has asked for that and there are any, else
 * over the addresses if it has asked for that.
 *
 * Context: any.
 * Return: false if the frame has none.
 */
bool netvsp_rss_hash(const struct netvsp_rss *rss, const struct sk_buff *skb, u32 *hash)
{
	struct netvsp_tuple tuple;
	u32 all, plain;

	if (!netvsp_tuple(skb, &tuple))
		return false;
	all = tuple.addresses == 2 * sizeof(__be32) ? NDIS_HASH_TCP_IPV4 : NDIS_HASH_TCP_IPV6;
	plain = tuple.addresses == 2 * sizeof(__be32) ? NDIS_HASH_IPV4 : NDIS_HASH_IPV6;
	if (tuple.ports && rss->hash & all)
		*hash = netvsp_toeplitz(rss, tuple.bytes, tuple.addresses + NETVSP_PORTS);
	else if (rss->hash & plain)
		*hash = netvsp_toeplitz(rss, tuple.bytes, tuple.addresses);
	else
		return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_rss_hash);
