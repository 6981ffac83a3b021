/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of a guest of vmbus_netvsp, of which sums, lengths and segments are left to its
 * adapter, for tests.
 */
#ifndef _NETVSP_FRAMES_H
#define _NETVSP_FRAMES_H

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/gfp.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <net/ipv6.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define OF_MTU		1514
#define OF_ROOM		(NETVSP_GSO_MAX + 64)
#define OF_GARBAGE	0xdead		/* in the fields that are to be filled in */
#define OF_ID		0xfffe		/* soon wraps, like the sequence number */
#define OF_SEQ		0xfffff000

/* Extension headers as long as can be; and longer */
#define OF_FAR		3
#define OF_TOO_FAR	4

/* Flags of TCP */
#define OF_FIN		0x01
#define OF_SYN		0x02
#define OF_PSH		0x08
#define OF_ACK		0x10
#define OF_CWR		0x80

/* ---- frames ------------------------------------------------------------------------------ */

/**
 * struct of_shape - a frame but for its payload
 * @v6: IPv6
 * @udp: UDP, else TCP
 * @tags: VLAN tags in the frame
 * @ext: IP options or extension headers: 0 none, 1 few, 2 many; OF_FAR or OF_TOO_FAR
 * @options: bytes of TCP options
 * @flags: of TCP
 */
struct of_shape {
	bool v6;
	bool udp;
	u8 tags;
	u8 ext;
	u8 options;
	u8 flags;
};

/**
 * struct of_frame - a frame
 * @shape: what it is like
 * @bytes: of it: OF_ROOM
 * @network: offset of the IP header
 * @transport: the same of TCP or UDP
 * @data: the same of the payload
 * @payload: bytes of this
 */
struct of_frame {
	struct of_shape shape;
	u8 *bytes;
	u32 network;
	u32 transport;
	u32 data;
	u32 payload;
};

static inline u32 of_len(const struct of_frame *f)
{
	return f->data + f->payload;
}

/* Sum in ones' complement, by the book. */
static inline u32 of_sum(const u8 *bytes, u32 len, u32 sum)
{
	u32 i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* An extension header with options that pad it, or without segments left. */
static inline u32 of_put_ext(u8 *at, u8 type, u8 next, u32 len)
{
	memset(at, 0, len);
	at[0] = next;
	at[1] = len / 8 - 1;
	if (type != NEXTHDR_ROUTING) {
		at[2] = IPV6_TLV_PADN;
		at[3] = min_t(u32, len - 4, 255);
	}
	return len;
}

static inline void of_build_ip4(struct of_frame *f)
{
	static const u8 options[] = { 0, 4, 40 };
	u32 len = 20 + options[f->shape.ext];
	u8 *ip = f->bytes + f->network;

	f->transport = f->network + len;
	memset(ip, 1, len);
	ip[0] = 0x40 | len / 4;
	ip[1] = 0x02;
	put_unaligned_be16(OF_ID, ip + 4);
	put_unaligned_be16(0x4000, ip + 6);
	ip[8] = 64;
	ip[9] = f->shape.udp ? IPPROTO_UDP : IPPROTO_TCP;
	put_unaligned_be32(0xc0a80102, ip + 12);
	put_unaligned_be32(0xfffefdfc, ip + 16);
}

static inline void of_build_ip6(struct of_frame *f)
{
	u8 proto = f->shape.udp ? IPPROTO_UDP : IPPROTO_TCP;
	u8 *ip = f->bytes + f->network;
	u32 i, len = 40;

	put_unaligned_be32(0x60212345, ip);
	ip[6] = proto;
	ip[7] = 64;
	for (i = 8; i < 40; i++)
		ip[i] = 0xff - i * 3;
	switch (f->shape.ext) {
	case 1:
		ip[6] = NEXTHDR_DEST;
		len += of_put_ext(ip + len, NEXTHDR_DEST, proto, 8);
		break;
	case 2:
		ip[6] = NEXTHDR_HOP;
		len += of_put_ext(ip + len, NEXTHDR_HOP, NEXTHDR_ROUTING, 16);
		len += of_put_ext(ip + len, NEXTHDR_ROUTING, NEXTHDR_DEST, 24);
		len += of_put_ext(ip + len, NEXTHDR_DEST, proto, 32);
		break;
	case OF_FAR:
	case OF_TOO_FAR:
		ip[6] = NEXTHDR_DEST;
		len += of_put_ext(ip + len, NEXTHDR_DEST, proto,
				  f->shape.ext == OF_FAR ? 968 : 976);
		break;
	}
	f->transport = f->network + len;
}

/* Writes the length of the IP packet, and for IPv4 the sum of the header or garbage. */
static inline void of_put_len(struct of_frame *f, u32 len, bool sum)
{
	u8 *ip = f->bytes + f->network;

	if (f->shape.v6) {
		put_unaligned_be16(len ? len - 40 : 0, ip + 4);
		return;
	}
	put_unaligned_be16(len, ip + 2);
	put_unaligned_be16(0, ip + 10);
	put_unaligned_be16(sum ? ~of_sum(ip, f->transport - f->network, 0) : OF_GARBAGE, ip + 10);
}

static inline void of_build(struct of_frame *f, const struct of_shape *shape, u32 payload)
{
	u8 *at;
	u32 i;

	f->shape = *shape;
	f->payload = payload;
	for (i = 0; i < 2 * ETH_ALEN; i++)
		f->bytes[i] = 2 + i * 4;
	at = f->bytes + 2 * ETH_ALEN;
	for (i = shape->tags; i; i--, at += VLAN_HLEN) {
		put_unaligned_be16(i > 1 ? ETH_P_8021AD : ETH_P_8021Q, at);
		put_unaligned_be16(0xa000 + i, at + 2);
	}
	put_unaligned_be16(shape->v6 ? ETH_P_IPV6 : ETH_P_IP, at);
	f->network = at + 2 - f->bytes;
	if (shape->v6)
		of_build_ip6(f);
	else
		of_build_ip4(f);

	at = f->bytes + f->transport;
	put_unaligned_be16(1234, at);
	put_unaligned_be16(443, at + 2);
	if (shape->udp) {
		f->data = f->transport + 8;
		put_unaligned_be16(8 + payload, at + 4);
		put_unaligned_be16(OF_GARBAGE, at + 6);
	} else {
		f->data = f->transport + 20 + shape->options;
		put_unaligned_be32(OF_SEQ, at + 4);
		put_unaligned_be32(0x12345678, at + 8);
		at[12] = (20 + shape->options) << 2;
		at[13] = shape->flags;
		put_unaligned_be16(0x7fff, at + 14);
		put_unaligned_be16(OF_GARBAGE, at + 16);
		put_unaligned_be16(0, at + 18);
		memset(at + 20, 1, shape->options);
	}
	for (i = 0; i < payload; i++)
		f->bytes[f->data + i] = i * 7 + (i >> 8);
	of_put_len(f, of_len(f) - f->network, true);
}

static inline void of_init(struct kunit *test, struct of_frame *f)
{
	memset(f, 0, sizeof(*f));
	f->bytes = kunit_kzalloc(test, OF_ROOM, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->bytes);
}

/* ---- buffers -------------------------------------------------------------------------------- */

#define OF_PIECES	6
#define OF_REST		U16_MAX
#define OF_HEADROOM	66

/* How a frame lies in an skb: bytes of the linear part and of fragments, until all is there. */
static const u16 of_splits[][OF_PIECES] __maybe_unused = {
	{ OF_REST },
	{ 256, OF_REST },
	{ 256, 0, OF_REST },
	{ ETH_HLEN, OF_REST },
	{ ETH_HLEN, 1, 0, 2, 30, OF_REST },
	{ 0, 15, 18, 0, 21, OF_REST },
};

static inline struct sk_buff *of_skb(struct kunit *test, const u8 *bytes, u32 len,
				     const u16 *split)
{
	struct sk_buff *skb;
	struct page *page;
	u32 at, size;
	int i = 0;

	at = min_t(u32, split[0], len);
	if (split[0] == OF_REST)
		at = len;
	skb = alloc_skb(OF_HEADROOM + at, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_reserve(skb, OF_HEADROOM);
	skb_put_data(skb, bytes, at);
	while (at < len) {
		i++;
		size = split[i] == OF_REST ? len - at : min_t(u32, split[i], len - at);
		page = alloc_pages(GFP_KERNEL | __GFP_COMP, get_order(size ?: 1));
		KUNIT_ASSERT_NOT_NULL(test, page);
		memcpy(page_address(page), bytes + at, size);
		skb_add_rx_frag(skb, i - 1, page, 0, size, size);
		at += size;
	}
	return skb;
}

/* ---- all kinds of frames, and what is asked for --------------------------------------------- */

static const struct of_shape of_shapes[] __maybe_unused = {
	{ false, false, 0, 0, 0, OF_ACK },
	{ false, false, 0, 0, 12, OF_ACK | OF_PSH },
	{ false, false, 0, 1, 0, OF_ACK | OF_CWR },
	{ false, false, 0, 2, 40, OF_ACK | OF_PSH | OF_FIN | OF_CWR },
	{ false, false, 1, 0, 12, OF_ACK | OF_FIN },
	{ false, false, 1, 1, 0, OF_ACK },
	{ false, false, 1, 2, 12, OF_ACK | OF_PSH },
	{ false, false, 2, 0, 0, OF_ACK | OF_PSH | OF_CWR },
	{ false, false, 2, 1, 40, OF_ACK },
	{ false, false, 2, 2, 40, OF_ACK | OF_PSH },
	{ false, true, 0, 0 },
	{ false, true, 0, 1 },
	{ false, true, 0, 2 },
	{ false, true, 1, 0 },
	{ false, true, 1, 1 },
	{ false, true, 1, 2 },
	{ false, true, 2, 0 },
	{ false, true, 2, 1 },
	{ false, true, 2, 2 },
	{ true, false, 0, 0, 0, OF_ACK },
	{ true, false, 0, 0, 12, OF_ACK | OF_PSH },
	{ true, false, 0, 1, 0, OF_ACK | OF_CWR },
	{ true, false, 0, 2, 40, OF_ACK | OF_PSH | OF_FIN | OF_CWR },
	{ true, false, 1, 0, 12, OF_ACK | OF_FIN },
	{ true, false, 1, 1, 0, OF_ACK },
	{ true, false, 1, 2, 12, OF_ACK | OF_PSH },
	{ true, false, 2, 0, 0, OF_ACK | OF_PSH | OF_CWR },
	{ true, false, 2, 1, 40, OF_ACK },
	{ true, false, 2, 2, 40, OF_ACK | OF_PSH },
	{ true, true, 0, 0 },
	{ true, true, 0, 1 },
	{ true, true, 0, 2 },
	{ true, true, 1, 0 },
	{ true, true, 1, 1 },
	{ true, true, 1, 2 },
	{ true, true, 2, 0 },
	{ true, true, 2, 1 },
	{ true, true, 2, 2 },
};

static inline void of_shape_describe(const struct of_shape *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "IPv%d %s, %u tags, headers %u, options %u",
		 s->v6 ? 6 : 4, s->udp ? "UDP" : "TCP", s->tags, s->ext, s->options);
}

static inline u32 of_csum(const struct of_frame *f, bool offset, bool header)
{
	return (f->shape.v6 ? RNDIS_CSUM_IPV6 : RNDIS_CSUM_IPV4) |
	       (f->shape.udp ? RNDIS_CSUM_UDP : RNDIS_CSUM_TCP) |
	       (header ? RNDIS_CSUM_IP_HEADER : 0) | (offset ? f->transport << 16 : 0);
}

static inline u32 of_lso(const struct of_frame *f, bool offset, u32 mss)
{
	return (u32)RNDIS_LSO_V2 | (f->shape.v6 ? (u32)RNDIS_LSO_IPV6 : 0) | mss |
	       (offset ? f->transport << 20 : 0);
}

#endif /* _NETVSP_FRAMES_H */
