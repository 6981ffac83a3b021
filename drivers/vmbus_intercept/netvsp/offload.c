// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checksums and large sends that the guest left to its adapter: the frame is made such
 * that the stack, or the device that it leaves by, does the rest.  Of a frame that a
 * program of XDP is to see first all is done here, since nobody does it later.
 *
 * What guests leave in the fields that are to be filled in differs: the sum of a pseudo
 * header with or without a length, the length of the packet or 0.  All are written
 * again from what is in the frame.
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include "packet.h"

#define NETVSP_SEG_MIN	8	/* the shortest segments that Linux makes */

/* The guest has 10 bits to say where the transport header is. */
#define NETVSP_TRANSPORT_MAX	FIELD_MAX(RNDIS_LSO_OFFSET)

/* The length of the packet fits its field. */
static_assert(NETVSP_GSO_MAX - ETH_HLEN <= U16_MAX);

/**
 * struct netvsp_layers - where the headers of a frame are
 * @network: offset of the IP header in the frame
 * @transport: the same of the header behind it
 * @v6: it is IPv6
 * @fragment: of an IPv4 packet
 * @proto: what is at @transport
 * @len: of the IP packet with its header, as this says; 0 if it does not
 */
struct netvsp_layers {
	u32 network;
	u32 transport;
	bool v6;
	bool fragment;
	u8 proto;
	u32 len;
};

/**
 * struct netvsp_bytes - the bytes of a frame
 * @skb: it is one; NULL: all of it is at @data
 * @data: where it begins; changes with netvsp_pull() and netvsp_trim()
 * @len: how many
 */
struct netvsp_bytes {
	struct sk_buff *skb;
	u8 *data;
	u32 len;
};

/* ---- headers --------------------------------------------------------------------------- */

/* Makes the first @len bytes readable; pointers into the frame are void then. */
static int netvsp_pull(struct netvsp_bytes *f, u32 len)
{
	if (len > f->len)
		return -EINVAL;
	if (!f->skb)
		return 0;
	if (!pskb_may_pull(f->skb, len))
		return -ENOMEM;
	f->data = f->skb->data;
	return 0;
}

static int netvsp_find_ip4(struct netvsp_bytes *f, struct netvsp_layers *at)
{
	const struct iphdr *ip;
	u32 len;
	int err;

	err = netvsp_pull(f, at->network + sizeof(*ip));
	if (err)
		return err;
	ip = (struct iphdr *)(f->data + at->network);
	len = ip->ihl * 4;
	if (ip->version != 4 || len < sizeof(*ip))
		return -EINVAL;
	at->transport = at->network + len;
	at->fragment = ip_is_fragment(ip);
	at->proto = ip->protocol;
	at->len = ntohs(ip->tot_len);
	return netvsp_pull(f, at->transport);
}

/*
 * The extension headers that are walked are those that the stack walks when it makes
 * segments; thus not those of a fragment.
 */
static int netvsp_find_ip6(struct netvsp_bytes *f, struct netvsp_layers *at)
{
	const struct ipv6_rt_hdr *ext;
	const struct ipv6hdr *ip;
	int err;

	at->transport = at->network + sizeof(*ip);
	err = netvsp_pull(f, at->transport);
	if (err)
		return err;
	ip = (struct ipv6hdr *)(f->data + at->network);
	if (ip->version != 6)
		return -EINVAL;
	at->v6 = true;
	at->proto = ip->nexthdr;
	if (ip->payload_len)
		at->len = sizeof(*ip) + ntohs(ip->payload_len);

	while (at->proto == NEXTHDR_HOP || at->proto == NEXTHDR_ROUTING ||
	       at->proto == NEXTHDR_DEST) {
		err = netvsp_pull(f, at->transport + sizeof(*ext));
		if (err)
			return err;
		ext = (struct ipv6_rt_hdr *)(f->data + at->transport);
		/* The sum is over another destination than that of the IP header. */
		if (at->proto == NEXTHDR_ROUTING && ext->segments_left)
			return -EINVAL;
		at->proto = ext->nexthdr;
		at->transport += ipv6_optlen(ext);
		if (at->transport > NETVSP_TRANSPORT_MAX)
			return -EINVAL;
	}
	return 0;
}

static int netvsp_find(struct netvsp_bytes *f, struct netvsp_layers *at)
{
	__be16 proto = ((struct ethhdr *)f->data)->h_proto;
	const struct vlan_hdr *vlan;
	unsigned int tags;
	int err;

	memset(at, 0, sizeof(*at));
	at->network = ETH_HLEN;
	for (tags = 0; eth_type_vlan(proto) && tags < NETVSP_TAGS; tags++) {
		err = netvsp_pull(f, at->network + sizeof(*vlan));
		if (err)
			return err;
		vlan = (struct vlan_hdr *)(f->data + at->network);
		proto = vlan->h_vlan_encapsulated_proto;
		at->network += sizeof(*vlan);
	}
	if (proto == htons(ETH_P_IP))
		return netvsp_find_ip4(f, at);
	if (proto == htons(ETH_P_IPV6))
		return netvsp_find_ip6(f, at);
	return -EINVAL;
}

/* A frame may be longer than its packet: sums and segments must be without what pads it. */
static int netvsp_trim(struct netvsp_bytes *f, const struct netvsp_layers *at)
{
	if (at->len > f->len - at->network)
		return -EINVAL;
	if (f->skb && pskb_trim(f->skb, at->network + at->len))
		return -ENOMEM;
	f->len = at->network + at->len;
	if (f->skb)
		f->data = f->skb->data;
	return 0;
}

/* ---- sums --------------------------------------------------------------------------------- */

static void netvsp_sum_ip4(struct netvsp_bytes *f, const struct netvsp_layers *at)
{
	struct iphdr *ip = (struct iphdr *)(f->data + at->network);

	ip->check = 0;
	ip->check = ip_fast_csum(ip, ip->ihl);
}

/* The sum of the pseudo-header, and of what has @sum; as it is written. */
static __sum16 netvsp_magic(const struct netvsp_bytes *f, const struct netvsp_layers *at,
			    __wsum sum)
{
	const struct ipv6hdr *ip6 = (struct ipv6hdr *)(f->data + at->network);
	const struct iphdr *ip = (struct iphdr *)(f->data + at->network);
	u32 len = f->len - at->transport;

	return at->v6 ? csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, at->proto, sum) :
			csum_tcpudp_magic(ip->saddr, ip->daddr, len, at->proto, sum);
}

/*
 * Of what is from @at->transport to the end of the frame; the sum is @offset bytes in it.
 * In an skb it is left to the stack.
 */
static int netvsp_sum_put(struct netvsp_bytes *f, const struct netvsp_layers *at, u32 offset)
{
	__sum16 *check = (__sum16 *)(f->data + at->transport + offset);

	if (!f->skb) {
		*check = 0;
		*check = netvsp_magic(f, at, csum_partial(f->data + at->transport,
							  f->len - at->transport, 0));
		if (!*check)
			*check = CSUM_MANGLED_0;
		return 0;
	}
	*check = ~netvsp_magic(f, at, 0);
	skb_set_network_header(f->skb, at->network);
	return skb_partial_csum_set(f->skb, at->transport, offset) ? 0 : -EINVAL;
}

static int netvsp_sum_transport(struct netvsp_bytes *f, u32 csum, const struct netvsp_layers *at)
{
	u32 offset = FIELD_GET(RNDIS_CSUM_OFFSET, csum);
	bool udp = csum & RNDIS_CSUM_UDP;
	const struct udphdr *uh;
	int err;

	if (at->proto != (udp ? IPPROTO_UDP : IPPROTO_TCP) || at->fragment)
		return -EINVAL;
	if (offset && offset != at->transport)
		return -EINVAL;
	err = netvsp_trim(f, at);
	if (err)
		return err;
	err = netvsp_pull(f, at->transport +
			       (udp ? sizeof(struct udphdr) : sizeof(struct tcphdr)));
	if (err)
		return err;
	if (!udp)
		return netvsp_sum_put(f, at, offsetof(struct tcphdr, check));

	uh = (struct udphdr *)(f->data + at->transport);
	if (ntohs(uh->len) != f->len - at->transport)
		return -EINVAL;
	return netvsp_sum_put(f, at, offsetof(struct udphdr, check));
}

static int netvsp_sum(struct netvsp_bytes *f, u32 csum)
{
	u32 version = csum & (RNDIS_CSUM_IPV4 | RNDIS_CSUM_IPV6);
	u32 transport = csum & (RNDIS_CSUM_TCP | RNDIS_CSUM_UDP);
	struct netvsp_layers at;
	int err;

	if (!transport && !(csum & RNDIS_CSUM_IP_HEADER))
		return 0;
	if (transport == (RNDIS_CSUM_TCP | RNDIS_CSUM_UDP))
		return -EINVAL;
	err = netvsp_find(f, &at);
	if (err)
		return err;
	if (version && version != (at.v6 ? RNDIS_CSUM_IPV6 : RNDIS_CSUM_IPV4))
		return -EINVAL;
	if (transport) {
		err = netvsp_sum_transport(f, csum, &at);
		if (err)
			return err;
	}
	/* The header of IPv6 has no sum: nothing is missing. */
	if ((csum & RNDIS_CSUM_IP_HEADER) && !at.v6)
		netvsp_sum_ip4(f, &at);
	return 0;
}

/* ---- large sends ---------------------------------------------------------------------------- */

/* Writes the length of the IP packet, which guests leave at 0. */
static void netvsp_put_len(struct netvsp_bytes *f, const struct netvsp_layers *at)
{
	u32 len = f->len - at->network;

	if (at->v6) {
		struct ipv6hdr *ip = (struct ipv6hdr *)(f->data + at->network);

		ip->payload_len = htons(len - sizeof(*ip));
	} else {
		struct iphdr *ip = (struct iphdr *)(f->data + at->network);

		ip->tot_len = htons(len);
		netvsp_sum_ip4(f, at);
	}
}

/* To be cut into segments of @mss bytes of @payload. */
static int netvsp_cut_later(struct sk_buff *skb, const struct netvsp_layers *at, u32 mss,
			    u32 payload)
{
	const struct tcphdr *th = (struct tcphdr *)(skb->data + at->transport);
	struct skb_shared_info *info = skb_shinfo(skb);

	/* Very short ones cost more than a guest may; and each would be a SYN. */
	if (mss < NETVSP_SEG_MIN || th->syn)
		return -EINVAL;
	info->gso_size = mss;
	info->gso_segs = DIV_ROUND_UP(payload, mss);
	info->gso_type = (at->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4) | SKB_GSO_DODGY;
	if (th->cwr)
		info->gso_type |= SKB_GSO_TCP_ECN;
	return 0;
}

static int netvsp_cut(struct netvsp_bytes *f, u32 lso, u32 longest)
{
	u32 offset = FIELD_GET(RNDIS_LSO_OFFSET, lso);
	u32 mss = FIELD_GET(RNDIS_LSO_MSS, lso);
	struct netvsp_layers at;
	u32 headers, payload;
	int err;

	/* Version 1 is not offered to guests, and is laid out in another way. */
	if (!(lso & RNDIS_LSO_V2))
		return -EINVAL;
	err = netvsp_find(f, &at);
	if (err)
		return err;
	if (at.v6 != !!(lso & RNDIS_LSO_IPV6) || at.proto != IPPROTO_TCP || at.fragment)
		return -EINVAL;
	if (offset && offset != at.transport)
		return -EINVAL;
	if (at.len) {
		err = netvsp_trim(f, &at);
		if (err)
			return err;
	}

	err = netvsp_pull(f, at.transport + sizeof(struct tcphdr));
	if (err)
		return err;
	headers = ((struct tcphdr *)(f->data + at.transport))->doff * 4;
	if (headers < sizeof(struct tcphdr))
		return -EINVAL;
	headers += at.transport;
	err = netvsp_pull(f, headers);
	if (err)
		return err;

	payload = f->len - headers;
	if (!payload || headers + min(mss, payload) > longest)
		return -EINVAL;
	if (payload > mss) {
		err = netvsp_cut_later(f->skb, &at, mss, payload);
		if (err)
			return err;
	}
	netvsp_put_len(f, &at);
	return netvsp_sum_put(f, &at, offsetof(struct tcphdr, check));
}

/* A tag that is in the frame comes on top. */
static u32 netvsp_longest(const struct netvsp_bytes *f, u32 mtu)
{
	return mtu + (eth_type_vlan(((struct ethhdr *)f->data)->h_proto) ? VLAN_HLEN : 0);
}

/**
 * netvsp_offload - do what the guest left to its adapter
 * @skb: frame, neither shared nor cloned; its data begins with the Ethernet header, of
 *	 which at least the first ETH_HLEN bytes are linear
 * @frame: what netvsp_frame_parse() said of it; of this only csum and lso matter
 * @mtu: bytes of the longest frame that may leave, with Ethernet header; a VLAN tag that
 *	 is in the frame comes on top
 *
 * Afterwards @skb has its data still at the Ethernet header, where the MAC header also
 * is, but may be shorter by what padded the frame; skb->protocol is not touched, nor is
 * a tag put in.  If a sum of TCP or UDP was asked for, it is CHECKSUM_PARTIAL, with
 * network and transport header set.  A large send that is longer than one segment is a
 * GSO frame with linear headers, all lengths and the sum of the IPv4 header filled in;
 * else it has become a frame with a sum.
 *
 * Context: any.
 * Return: NETVSP_FRAME_OK, or why @skb can only be dropped; it has perhaps changed then.
 */
enum netvsp_refusal netvsp_offload(struct sk_buff *skb, const struct netvsp_frame *frame, u32 mtu)
{
	struct netvsp_bytes f = { .skb = skb, .data = skb->data, .len = skb->len };
	u32 longest;
	int err;

	if (skb->len < ETH_HLEN || skb->len > NETVSP_GSO_MAX)
		return NETVSP_REFUSED_LENGTH;
	if (netvsp_pull(&f, ETH_HLEN))
		return NETVSP_REFUSED_MEMORY;
	skb_reset_mac_header(skb);
	longest = netvsp_longest(&f, mtu);
	if (!frame->lso && skb->len > longest)
		return NETVSP_REFUSED_LENGTH;

	err = frame->lso ? netvsp_cut(&f, frame->lso, longest) : netvsp_sum(&f, frame->csum);
	if (!err)
		return NETVSP_FRAME_OK;
	if (err == -ENOMEM)
		return NETVSP_REFUSED_MEMORY;
	return frame->lso ? NETVSP_REFUSED_LSO : NETVSP_REFUSED_CSUM;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_offload);

/**
 * netvsp_offload_bytes - do what the guest left to its adapter, at once
 * @data: frame
 * @len: bytes of it; becomes less by what padded the frame
 * @frame: as for netvsp_offload(); no large send
 * @mtu: the same
 *
 * Context: any.
 * Return: NETVSP_FRAME_OK with the sums in the frame, or why it can only be dropped; it has
 * perhaps changed then.
 */
enum netvsp_refusal netvsp_offload_bytes(u8 *data, u32 *len, const struct netvsp_frame *frame,
					 u32 mtu)
{
	struct netvsp_bytes f = { .data = data, .len = *len };

	if (f.len < ETH_HLEN || f.len > netvsp_longest(&f, mtu))
		return NETVSP_REFUSED_LENGTH;
	if (netvsp_sum(&f, frame->csum))
		return NETVSP_REFUSED_CSUM;
	*len = f.len;
	return NETVSP_FRAME_OK;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_offload_bytes);
