// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of the tests: random data, the same each time, and TCP and UDP with sums.
 */
#include <string.h>
#include "nic.h"

#define IP4_LEN		20U
#define IP6_LEN		40U
#define TCP_LEN		32U		/* with time stamps, as is usual */
#define UDP_LEN		8U
#define TCP		6
#define UDP		17
#define FIRST_SEQ	1000U
#define ACK		0x10
#define PSH		0x08

const u8 guest_mac[6] = { 0x52, 0x54, 0x00, 0x4e, 0x49, 0x43 };
const u8 host_mac[6] = { 0x02, 0x00, 0x00, 0x56, 0x54, 0x32 };

static void put16(u8 *p, u32 value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static void put32(u8 *p, u32 value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

static u32 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put_macs(u8 *f, bool to_guest)
{
	memcpy(f, to_guest ? guest_mac : host_mac, sizeof(guest_mac));
	memcpy(f + 6, to_guest ? host_mac : guest_mac, sizeof(guest_mac));
}

static void put_random(u8 *p, u32 len, u64 seed)
{
	u64 state = seed * 0x9e3779b97f4a7c15ULL + 1, word;
	u32 part;

	for (; len; p += part, len -= part) {
		word = rnd(&state);
		part = len < sizeof(word) ? len : sizeof(word);
		memcpy(p, &word, part);
	}
}

/**
 * frame_plain - a frame of no protocol
 * @f: result
 * @len: bytes, with the Ethernet header
 * @seed: of the data
 * @to_guest: its direction
 *
 * Return: @len.
 */
u32 frame_plain(u8 *f, u32 len, u64 seed, bool to_guest)
{
	put_macs(f, to_guest);
	put16(f + 12, 0x88b5);		/* for experiments */
	put_random(f + NIC_ETH, len - NIC_ETH, seed);
	return len;
}

/**
 * frame_is - is it the frame that frame_plain() makes?
 * @f: frame
 * @len: its bytes
 * @want: bytes that it should have
 * @seed: of the data
 * @to_guest: its direction
 *
 * Return: true if it is, with the right data.
 */
bool frame_is(const u8 *f, u32 len, u32 want, u64 seed, bool to_guest)
{
	static u8 same[NIC_LONGEST];

	if (len != want) {
		note("a frame of %u bytes instead of %u", len, want);
		return false;
	}
	frame_plain(same, want, seed, to_guest);
	if (memcmp(f, same, len)) {
		note("a frame of %u bytes with other data", len);
		return false;
	}
	return true;
}

/* ---- TCP and UDP --------------------------------------------------------------------- */

/**
 * frame_transport - where the header of TCP or UDP is
 * @w: flow
 *
 * Return: bytes before it.
 */
u32 frame_transport(const struct flow *w)
{
	return NIC_ETH + (w->v6 ? IP6_LEN : IP4_LEN);
}

/**
 * frame_head - where the data are
 * @w: flow
 *
 * Return: bytes of all headers.
 */
u32 frame_head(const struct flow *w)
{
	return frame_transport(w) + (w->udp ? UDP_LEN : TCP_LEN);
}

/**
 * frame_sum_at - where the sum of the transport is
 * @w: flow
 *
 * Return: bytes before it, from the transport's header on.
 */
u32 frame_sum_at(const struct flow *w)
{
	return w->udp ? 6 : 16;
}

static u32 sum(const u8 *p, u32 len, u32 s)
{
	for (; len > 1; p += 2, len -= 2)
		s += get16(p);
	return len ? s + (p[0] << 8) : s;
}

static u16 fold(u32 s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Of the addresses and the protocol, and of the length. */
static u32 pseudo(const u8 *f, bool v6, u8 proto, u32 len)
{
	const u8 *ip = f + NIC_ETH;

	return v6 ? sum(ip + 8, 32, proto + len) : sum(ip + 12, 8, proto + len);
}

static void put_ip(u8 *ip, const struct flow *w, u32 len, bool to_guest)
{
	u8 proto = w->udp ? UDP : TCP;
	u8 source = to_guest ? 1 : 2;

	if (w->v6) {
		memset(ip, 0, IP6_LEN);
		ip[0] = 0x60;
		put16(ip + 4, len);
		ip[6] = proto;
		ip[7] = 64;
		ip[8] = 0xfd;
		ip[23] = source;
		ip[24] = 0xfd;
		ip[39] = 3 - source;
		return;
	}
	memset(ip, 0, IP4_LEN);
	ip[0] = 0x45;
	put16(ip + 2, IP4_LEN + len);
	put16(ip + 4, w->port);
	ip[6] = 0x40;			/* not to be cut by routers */
	ip[8] = 64;
	ip[9] = proto;
	put32(ip + 12, 0x0a090000 + source);
	put32(ip + 16, 0x0a090000 + 3 - source);
	put16(ip + 10, ~fold(sum(ip, IP4_LEN, 0)));
}

/**
 * frame_flow - a frame of TCP or UDP with right sums
 * @f: result
 * @w: flow
 * @payload: bytes of data
 * @seed: of the data
 * @to_guest: its direction
 *
 * Return: bytes of the frame.  If it is longer than IPv4 and IPv6 can say, the length and
 * the sums are wrong.
 */
u32 frame_flow(u8 *f, const struct flow *w, u32 payload, u64 seed, bool to_guest)
{
	u32 at = frame_transport(w), head = frame_head(w), len = head - at + payload;
	u8 *t = f + at;
	u16 check;

	put_macs(f, to_guest);
	put16(f + 12, w->v6 ? 0x86dd : 0x0800);
	put_ip(f + NIC_ETH, w, len, to_guest);
	memset(t, 0, head - at);
	put16(t, w->port);
	put16(t + 2, w->port);
	if (w->udp) {
		put16(t + 4, len);
	} else {
		put32(t + 4, FIRST_SEQ);
		put32(t + 8, 1);
		t[12] = TCP_LEN / 4 << 4;
		t[13] = ACK | PSH;
		put16(t + 14, 1024);
		memcpy(t + 20, "\1\1\10\12", 4);
	}
	put_random(f + head, payload, seed);
	check = ~fold(sum(t, len, pseudo(f, w->v6, w->udp ? UDP : TCP, len)));
	put16(t + frame_sum_at(w), w->udp && !check ? 0xffff : check);
	return head + payload;
}

/**
 * frame_leave_sums - what a stack does that leaves the sums to its adapter
 * @f: frame of frame_flow()
 * @w: flow
 * @large: it is to be cut, too
 *
 * The sum of the transport is that of the pseudo-header, and of a large frame that is
 * without the length.  A large frame of IPv4 has no length and no sum.
 */
void frame_leave_sums(u8 *f, const struct flow *w, bool large)
{
	u8 *ip = f + NIC_ETH;
	u32 len = w->v6 ? get16(ip + 4) : get16(ip + 2) - IP4_LEN;

	put16(f + frame_transport(w) + frame_sum_at(w),
	      fold(pseudo(f, w->v6, w->udp ? UDP : TCP, large ? 0 : len)));
	if (!large)
		return;
	if (w->v6) {
		put16(ip + 4, 0);
	} else {
		put16(ip + 2, 0);
		put16(ip + 10, 0);
	}
}

/* Lengths, and the sum of IPv4 */
static bool ip_good(const u8 *f, u32 len)
{
	const u8 *ip = f + NIC_ETH;
	bool v6 = get16(f + 12) == 0x86dd;

	if (len < NIC_ETH + (v6 ? IP6_LEN + UDP_LEN : IP4_LEN + UDP_LEN))
		return false;
	if (v6)
		return get16(ip + 4) == len - NIC_ETH - IP6_LEN;
	return ip[0] == 0x45 && get16(ip + 2) == len - NIC_ETH &&
	       fold(sum(ip, IP4_LEN, 0)) == 0xffff;
}

/**
 * frame_sums - are lengths and sums right?
 * @f: frame of IP
 * @len: its bytes
 *
 * Return: true if all are.
 */
bool frame_sums(const u8 *f, u32 len)
{
	bool v6 = get16(f + 12) == 0x86dd;
	u32 at = NIC_ETH + (v6 ? IP6_LEN : IP4_LEN);
	u8 proto;

	if (!ip_good(f, len)) {
		note("a frame of %u bytes: the IP header is not right", len);
		return false;
	}
	proto = f[NIC_ETH + (v6 ? 6 : 9)];
	if (fold(sum(f + at, len - at, pseudo(f, v6, proto, len - at))) != 0xffff) {
		note("a frame of %u bytes: the sum is not right", len);
		return false;
	}
	return true;
}

/**
 * segment_next - is it the next segment of a large frame?
 * @s: what is awaited
 * @f: frame
 * @len: its bytes
 * @sums: its sum must be right; else only that of IPv4
 *
 * Return: true if it is, with the right data.
 */
bool segment_next(struct segments *s, const u8 *f, u32 len, bool sums)
{
	u32 head = frame_head(s->w), left = s->payload - s->at;
	u32 part = left < s->mss ? left : s->mss;
	const u8 *t = f + frame_transport(s->w);
	u8 flags = part == left ? ACK | PSH : ACK;

	if (len != head + part || get32(t + 4) != FIRST_SEQ + s->at || t[13] != flags) {
		note("segment %u: %u bytes instead of %u, number %u, flags %#x", s->n, len,
		     head + part, len < head ? 0 : get32(t + 4) - FIRST_SEQ, t[13]);
		return false;
	}
	if (!(sums ? frame_sums(f, len) : ip_good(f, len)) ||
	    memcmp(f + head, s->whole + head + s->at, part)) {
		note("segment %u: wrong sums or data", s->n);
		return false;
	}
	s->at += part;
	s->n++;
	return true;
}
