// SPDX-License-Identifier: GPL-2.0-only
/*
 * Headers of frames to the guest, and what it is told of their sums.
 *
 * A sum of TCP or UDP is good if it is made while the frame is copied, or if whoever has
 * received the frame has found that it is.  Nobody keeps that of the IPv4 header: it is
 * looked at here, for guests that want to be told, of which Linux is none.
 */
#include <kunit/visibility.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "packet.h"

#define NETVSP_EXTENSIONS	8	/* headers of IPv6 that are looked behind */
#define NETVSP_IP4_MAX		60	/* bytes of an IPv4 header */

/* ---- headers ---------------------------------------------------------------------------- */

/**
 * netvsp_skb_type - what is in a frame to the guest, behind its tags
 * @skb: frame; its data begins with the Ethernet header
 * @at: out: offset of that
 *
 * Return: ETH_P_*; 0 if the frame ends before, or has too many tags.
 */
__be16 netvsp_skb_type(const struct sk_buff *skb, u32 *at)
{
	unsigned int tags;
	const __be16 *type;
	__be16 copy;

	*at = offsetof(struct ethhdr, h_proto);
	/* A tag is in front of the type, whose place its own type takes. */
	for (tags = 0; tags <= NETVSP_TAGS; tags++, *at += VLAN_HLEN) {
		type = skb_header_pointer(skb, *at, sizeof(copy), &copy);
		if (!type)
			return 0;
		if (!eth_type_vlan(*type)) {
			*at += sizeof(*type);
			return *type;
		}
	}
	return 0;
}

/**
 * netvsp_skb_ip6 - what is behind those headers of IPv6 that have options and routes
 * @skb: frame
 * @proto: what the IPv6 header says that follows it
 * @at: offset of that; out: of what is returned
 *
 * Return: IPPROTO_* or NEXTHDR_*; NEXTHDR_NONE if the frame ends before.
 */
u8 netvsp_skb_ip6(const struct sk_buff *skb, u8 proto, u32 *at)
{
	const struct ipv6_opt_hdr *ext;
	struct ipv6_opt_hdr copy;
	unsigned int i;

	for (i = 0; i < NETVSP_EXTENSIONS; i++) {
		if (proto != NEXTHDR_HOP && proto != NEXTHDR_ROUTING && proto != NEXTHDR_DEST)
			break;
		ext = skb_header_pointer(skb, *at, sizeof(copy), &copy);
		if (!ext)
			return NEXTHDR_NONE;
		proto = ext->nexthdr;
		*at += ipv6_optlen(ext);
	}
	return proto;
}

/* ---- sums --------------------------------------------------------------------------------- */

/* The sum is @field bytes behind the transport header, which is @at. */
static bool netvsp_sum_known(const struct sk_buff *skb, u32 at, u32 field)
{
	if (skb->len < at + field + sizeof(__sum16))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return skb_checksum_start_offset(skb) == at && skb->csum_offset == field;
	return skb->ip_summed == CHECKSUM_UNNECESSARY;
}

static u32 netvsp_good_transport(const struct sk_buff *skb, u8 proto, u32 at, bool tcp, bool udp)
{
	if (proto == IPPROTO_TCP && tcp &&
	    netvsp_sum_known(skb, at, offsetof(struct tcphdr, check)))
		return RNDIS_CSUM_TCP_GOOD;
	if (proto == IPPROTO_UDP && udp &&
	    netvsp_sum_known(skb, at, offsetof(struct udphdr, check)))
		return RNDIS_CSUM_UDP_GOOD;
	return 0;
}

static u32 netvsp_good_ip4(const struct sk_buff *skb, u32 at, u32 offloads)
{
	u8 copy[NETVSP_IP4_MAX] __aligned(4);
	const struct iphdr *ip;
	u32 len, good = 0;

	ip = skb_header_pointer(skb, at, sizeof(*ip), copy);
	if (!ip || ip->version != 4 || ip->ihl * 4 < sizeof(*ip))
		return 0;
	len = ip->ihl * 4;
	ip = skb_header_pointer(skb, at, len, copy);
	if (!ip)
		return 0;
	/* Whoever has a sum filled in there changes what is looked at here. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_start_offset(skb) < (int)(at + len))
		return 0;
	if (offloads & NETVSP_VM_RX_IP4 && !ip_fast_csum(ip, ip->ihl))
		good = RNDIS_CSUM_IP_GOOD;
	if (ip_is_fragment(ip))
		return good;
	return good | netvsp_good_transport(skb, ip->protocol, at + len,
					    offloads & NETVSP_VM_RX_TCP4,
					    offloads & NETVSP_VM_RX_UDP4);
}

static u32 netvsp_good_ip6(const struct sk_buff *skb, u32 at, u32 offloads)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr copy;
	u8 proto;

	ip = skb_header_pointer(skb, at, sizeof(copy), &copy);
	if (!ip || ip->version != 6)
		return 0;
	at += sizeof(*ip);
	proto = netvsp_skb_ip6(skb, ip->nexthdr, &at);
	return netvsp_good_transport(skb, proto, at, offloads & NETVSP_VM_RX_TCP6,
				     offloads & NETVSP_VM_RX_UDP6);
}

/**
 * netvsp_good - which sums of a frame the guest need not look at
 * @skb: frame; its data begins with the Ethernet header
 * @offloads: NETVSP_RX_*: what the guest wants to be told
 *
 * A sum that is to be filled in counts as good: that is done while the frame is copied.
 *
 * Context: any.
 * Return: RNDIS_CSUM_*_GOOD.
 */
u32 netvsp_good(const struct sk_buff *skb, u32 offloads)
{
	__be16 type;
	u32 at;

	/* There is nothing to be said; as for most frames that nobody has looked at. */
	if (skb->ip_summed != CHECKSUM_PARTIAL && skb->ip_summed != CHECKSUM_UNNECESSARY &&
	    !(offloads & NETVSP_VM_RX_IP4))
		return 0;
	type = netvsp_skb_type(skb, &at);
	if (type == htons(ETH_P_IP))
		return netvsp_good_ip4(skb, at, offloads);
	if (type == htons(ETH_P_IPV6))
		return netvsp_good_ip6(skb, at, offloads);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_good);
