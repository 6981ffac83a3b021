// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offloads of a network adapter: VLAN tags, sums and large frames both ways.  What the
 * guest leaves to the adapter is looked at where it leaves this kernel, behind a bridge, on
 * a device that does nothing of it itself.
 */
#include <endian.h>
#include <string.h>
#include <unistd.h>
#include "nic.h"

#define SEGMENTS	20U
#define MSS		1400U
#define VID		100U
#define BRIDGED		200U		/* a VLAN that this kernel does not have: bridged */
#define PAYLOAD		(SEGMENTS * MSS - 100)	/* of a large frame: the last one is shorter */
#define GSO_PAYLOAD	(10 * MSS - 33)
#define REFUSED_MS	20		/* a frame has come by then, or will not */

static const struct named {
	const char *name;
	struct flow w;
} flows[] = {
	{ "TCP and IPv4", { false, false, 1001 } },
	{ "UDP and IPv4", { false, true, 1002 } },
	{ "TCP and IPv6", { true, false, 1003 } },
	{ "UDP and IPv6", { true, true, 1004 } },
};

/* What Linux says of a frame that it leaves the sum of to the adapter. */
static u32 csum_of(const struct flow *w)
{
	return (w->v6 ? RNDIS_CSUM_IPV6 : RNDIS_CSUM_IPV4) |
	       (w->udp ? RNDIS_CSUM_UDP : RNDIS_CSUM_TCP) | frame_transport(w) << 16;
}

static u32 lso_of(const struct flow *w, u32 mss)
{
	return mss | frame_transport(w) << 20 | RNDIS_LSO_V2 | (w->v6 ? RNDIS_LSO_IPV6 : 0);
}

/* ---- VLAN ---------------------------------------------------------------------------- */

static void test_tags_out(struct nic *n, struct host *h)
{
	static const struct tag {
		u32 priority;
		u32 dei;
		u32 vid;
	} tags[] = { { 0, 0, 1 }, { 5, 0, VID }, { 7, 1, 4094 }, { 0, 1, 2 }, { 3, 0, 0 } };
	static struct host_frame f;
	unsigned int i, good = 0;
	u8 frame[600];
	u32 tci;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		struct nic_out o = {
			.frame = frame, .len = frame_plain(frame, sizeof(frame), i, false),
			.tagged = true,
			.vlan = tags[i].priority | tags[i].dei << 3 | tags[i].vid << 4,
		};

		tci = tags[i].priority << 13 | tags[i].dei << 12 | tags[i].vid;
		if (nic_send(n, 0, &o) == NVSP_STATUS_SUCCESS &&
		    host_take(h->sock, &f, TIMEOUT_MS) && f.tagged && f.tci == tci &&
		    frame_is(f.data, f.len, o.len, i, false))
			good++;
		else
			note("tag %#x became %#x", tci, f.tagged ? f.tci : 0xffffffff);
	}
	ok(good == ARRAY_SIZE(tags), "%u tags of the guest", good);
}

/* A frame that has its tag in it comes so, or is told apart from the tag. */
static void test_tags_inside(struct nic *n, struct host *h)
{
	static u8 plain[NIC_MTU + NIC_ETH], frame[NIC_MTU + NIC_ETH + NIC_TAG];
	u32 max = NIC_MTU + NIC_ETH - NIC_TAG, tag = htobe32(0x81000000 | VID);
	const struct nic_frame *in;

	frame_plain(plain, max, 1, true);
	memcpy(frame, plain, 12);
	memcpy(frame + 12, &tag, NIC_TAG);
	memcpy(frame + 16, plain + 12, max - 12);
	in = host_send(h->sock, frame, max + NIC_TAG) ? nic_take(n, TIMEOUT_MS) : NULL;
	ok(in && ((in->tagged && in->vlan == VID << 4 && in->len == max &&
		   !memcmp(in->data, plain, max)) ||
		  (!in->tagged && in->len == max + NIC_TAG &&
		   !memcmp(in->data, frame, in->len))),
	   "a frame with a tag in it, to the guest");
}

/* Returns a socket on a VLAN of the netdev, or -1. */
static int test_tags_in(struct nic *n, struct host *h)
{
	u8 frame[NIC_MTU + NIC_ETH];
	static struct host_frame f;
	const struct nic_frame *in;
	struct nic_out o = { .frame = frame, .len = sizeof(frame), .tagged = true,
			     .vlan = VID << 4 };
	int sock = host_vlan(h, VID);

	if (!ok(sock >= 0, "a VLAN in this kernel"))
		return -1;
	frame_plain(frame, sizeof(frame), 2, true);
	in = host_send(sock, frame, sizeof(frame)) ? nic_take(n, TIMEOUT_MS) : NULL;
	ok(in && in->tagged && in->vlan == VID << 4 &&
	   frame_is(in->data, in->len, sizeof(frame), 2, true),
	   "its longest frame gets to the guest, with the tag");
	frame_plain(frame, sizeof(frame), 3, false);
	ok(nic_send(n, 0, &o) == NVSP_STATUS_SUCCESS && host_take(sock, &f, TIMEOUT_MS) &&
	   !f.tagged && frame_is(f.data, f.len, sizeof(frame), 3, false),
	   "and one of the guest to the VLAN");
	host_take(h->sock, &f, TIMEOUT_MS);
	return sock;
}

/* ---- sums ---------------------------------------------------------------------------- */

/* Takes the tag out that a frame has on the wire; returns its length without. */
static int untag(u8 *f, int len)
{
	static const u8 tag[NIC_TAG] = { 0x81, 0x00, BRIDGED >> 8, BRIDGED & 0xff };

	if (len < (int)(NIC_ETH + NIC_TAG) || memcmp(f + 12, tag, NIC_TAG)) {
		note("a frame of %d bytes without its tag", len);
		return 0;
	}
	memmove(f + 12, f + 12 + NIC_TAG, len - 12 - NIC_TAG);
	return len - NIC_TAG;
}

/* A frame on the wire, with a tag or without; its length without. */
static int wire_take(struct host *h, u8 *wire, u32 max, bool tagged)
{
	int len = host_tap_take(h, wire, max, TIMEOUT_MS);

	return len && tagged ? untag(wire, len) : len;
}

static bool has_tag(const struct host_frame *f, bool tagged)
{
	return f->tagged == tagged && (!tagged || f->tci == BRIDGED);
}

static void put_tag(struct nic_out *o, bool tagged)
{
	o->tagged = tagged;
	o->vlan = BRIDGED << 4;
}

static const char *tag_name(bool tagged)
{
	return tagged ? ", with a tag" : "";
}

/* One frame of the guest; @f: as this kernel has it, @wire: as it leaves it, but for a tag. */
static bool through(struct nic *n, struct host *h, const struct nic_out *o, struct host_frame *f,
		    u8 *wire, u32 max)
{
	u32 status = nic_send(n, 0, o);
	int len;

	if (status != NVSP_STATUS_SUCCESS || !host_take(h->sock, f, TIMEOUT_MS)) {
		note("a frame of %u bytes: status %u", o->len, status);
		return false;
	}
	len = wire_take(h, wire, max, o->tagged);
	if (len != (int)o->len)
		note("a frame of %u bytes: %d on the wire", o->len, len);
	return len == (int)o->len && has_tag(f, o->tagged);
}

/* @ip: that of IPv4 is left to the adapter, too; @said: it is told so. */
static bool sum_out(struct nic *n, struct host *h, const struct flow *w, u32 payload, bool ip,
		    bool said, bool tagged)
{
	static u8 frame[NIC_LONGEST], whole[NIC_LONGEST], wire[NIC_LONGEST];
	static struct host_frame f;
	struct nic_out o = { .frame = frame, .csum = said ? csum_of(w) : 0 };
	u8 *check = frame + NIC_ETH + 10;

	put_tag(&o, tagged);
	o.len = frame_flow(frame, w, payload, payload, false);
	memcpy(whole, frame, o.len);
	if (said)
		frame_leave_sums(frame, w, false);
	if (ip) {
		o.csum |= RNDIS_CSUM_IP_HEADER;
		memset(check, 0, 2);
	}
	if (!through(n, h, &o, &f, wire, sizeof(wire)))
		return false;
	if (f.needs_sum && (f.sum_at != frame_transport(w) || f.sum_offset != frame_sum_at(w))) {
		note("summed from %u to %u", f.sum_at, f.sum_offset);
		return false;
	}
	return frame_sums(wire, o.len) && !memcmp(wire, whole, o.len);
}

static void test_sums_out(struct nic *n, struct host *h, bool tagged)
{
	static const u32 payloads[] = { 0, 1, 2, 3, 100, 1001, 1400 };
	unsigned int i, k, good;
	const struct flow *w;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		w = &flows[i].w;
		for (k = 0, good = 0; k < ARRAY_SIZE(payloads); k++)
			good += sum_out(n, h, w, payloads[k], false, true, tagged);
		ok(good == ARRAY_SIZE(payloads), "sums that the guest leaves out, %s%s",
		   flows[i].name, tag_name(tagged));
		ok(sum_out(n, h, w, 500, false, false, tagged),
		   "a sum that it does not leave out%s", tag_name(tagged));
		if (!w->v6)
			ok(sum_out(n, h, w, 501, true, true, tagged), "that of IPv4, too%s",
			   tag_name(tagged));
	}
}

#define GOOD_SUMS	(RNDIS_CSUM_TCP_GOOD | RNDIS_CSUM_UDP_GOOD)

/* What the guest is told of a frame with a good header, and a good sum behind it if @sum. */
static u32 told_of(const struct flow *w, bool sum)
{
	return (w->v6 ? 0 : RNDIS_CSUM_IP_GOOD) |
	       (!sum ? 0 : w->udp ? RNDIS_CSUM_UDP_GOOD : RNDIS_CSUM_TCP_GOOD);
}

static bool is_told(const struct nic_frame *f, u32 csum)
{
	if (f->csum != csum)
		note("told %#x of its sums instead of %#x", f->csum, csum);
	return f->csum == csum;
}

/* The sum is right, and a guest that wants to know is told that it need not look. */
static bool sum_in(struct nic *n, struct host *h, const struct flow *w, u32 payload, bool told)
{
	static u8 frame[NIC_LONGEST], whole[NIC_LONGEST];
	u32 len = frame_flow(frame, w, payload, payload, true);
	const struct nic_frame *f;

	memcpy(whole, frame, len);
	frame_leave_sums(frame, w, false);
	if (!host_send_sums(h->sock, frame, len, w, 0))
		return false;
	f = nic_take(n, TIMEOUT_MS);
	return f && f->len == len && is_told(f, told ? told_of(w, true) : 0) &&
	       frame_sums(f->data, len) && !memcmp(f->data, whole, len);
}

/* A sum that is not right, of which nobody here may say that it is. */
static bool wrong_sum_in(struct nic *n, struct host *h, const struct flow *w, bool told)
{
	u8 frame[600];
	const struct nic_frame *f;
	u32 len = frame_flow(frame, w, 400, 1, true);

	frame[len - 1] ^= 1;
	if (!host_send(h->sock, frame, len))
		return false;
	f = nic_take(n, TIMEOUT_MS);
	return f && f->len == len && !memcmp(f->data, frame, len) &&
	       is_told(f, told ? told_of(w, false) : 0);
}

/* The same of the header of IPv4: of what is behind it the guest is told. */
static bool wrong_header_in(struct nic *n, struct host *h, const struct flow *w, bool told)
{
	u8 frame[600], whole[600];
	const struct nic_frame *f;
	u32 len = frame_flow(frame, w, 401, 1, true);

	frame[NIC_ETH + 10] ^= 1;
	memcpy(whole, frame, len);
	frame_leave_sums(frame, w, false);
	if (!host_send_sums(h->sock, frame, len, w, 0))
		return false;
	f = nic_take(n, TIMEOUT_MS);
	return f && f->len == len && !memcmp(f->data, whole, len) &&
	       is_told(f, told ? told_of(w, true) & ~RNDIS_CSUM_IP_GOOD : 0);
}

static void test_sums_in(struct nic *n, struct host *h, bool told)
{
	unsigned int i, good = 0, wrong = 0, headers = 0;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		good += sum_in(n, h, &flows[i].w, 100 + i, told);
		good += sum_in(n, h, &flows[i].w, 1200 + i, told);
		wrong += wrong_sum_in(n, h, &flows[i].w, told);
		headers += !flows[i].w.v6 && wrong_header_in(n, h, &flows[i].w, told);
	}
	ok(good == 2 * ARRAY_SIZE(flows), "sums to the guest are right%s",
	   told ? ", and it is told so" : "");
	ok(wrong == ARRAY_SIZE(flows) && headers == 2,
	   "wrong ones are not said to be right, nor wrong headers");
}

/* Sums that this kernel has looked at on the way to the guest, which is told what it found. */
static bool looked_at_in(struct nic *n, struct host *h, const struct flow *w, bool good)
{
	u8 frame[600];
	const struct nic_frame *f;
	u32 len = frame_flow(frame, w, 402, 1, true);

	frame[len - 1] ^= !good;
	if (!host_tap_send(h, frame, len))
		return false;
	f = nic_take(n, TIMEOUT_MS);
	return f && f->len == len && !memcmp(f->data, frame, len) &&
	       is_told(f, told_of(w, good));
}

static void test_sums_looked_at(struct nic *n, struct host *h)
{
	unsigned int i, good = 0, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		good += looked_at_in(n, h, &flows[i].w, true);
		wrong += looked_at_in(n, h, &flows[i].w, false);
	}
	ok(good == ARRAY_SIZE(flows), "the guest hears of sums that others have looked at");
	ok(wrong == ARRAY_SIZE(flows), "and not that wrong ones are right");
}

/* ---- large frames -------------------------------------------------------------------- */

static void test_large_out(struct nic *n, struct host *h, const struct named *flow,
			   bool tagged)
{
	static u8 frame[NIC_LONGEST], whole[NIC_LONGEST], wire[NIC_LONGEST];
	const struct flow *w = &flow->w;
	struct segments s = { .whole = whole, .w = w, .payload = PAYLOAD, .mss = MSS };
	struct nic_out o = { .frame = frame, .lso = lso_of(w, MSS) };
	static struct host_frame f;
	bool good = true;
	int len;

	put_tag(&o, tagged);
	o.len = frame_flow(frame, w, PAYLOAD, opt.seed, false);
	memcpy(whole, frame, o.len);
	frame_leave_sums(frame, w, true);
	if (!ok(nic_send(n, 0, &o) == NVSP_STATUS_SUCCESS && host_take(h->sock, &f, TIMEOUT_MS),
		"a large frame of the guest, %s%s", flow->name, tag_name(tagged)))
		return;
	ok(f.len == o.len && has_tag(&f, tagged) && f.segment == MSS && f.v6 == w->v6 &&
	   f.needs_sum && f.sum_at == frame_transport(w) && f.sum_offset == frame_sum_at(w) &&
	   !memcmp(f.data + frame_head(w), whole + frame_head(w), PAYLOAD),
	   "this kernel has it whole, to be cut after %u bytes", f.segment);
	while (good && s.at < PAYLOAD) {
		len = wire_take(h, wire, sizeof(wire), tagged);
		good = len && segment_next(&s, wire, len, true);
	}
	ok(good && s.n == SEGMENTS, "%u segments on the wire, all as they should be", s.n);
}

/* A short one need not be cut, and may have a tag. */
static void test_large_odd(struct nic *n, struct host *h)
{
	const struct flow *w = &flows[0].w;
	u8 frame[NIC_MTU], whole[NIC_MTU];
	struct nic_out o = { .frame = frame, .lso = lso_of(w, MSS) };
	static u8 wire[NIC_LONGEST];
	static struct host_frame f;
	int len;

	o.len = frame_flow(frame, w, 700, 1, false);
	memcpy(whole, frame, o.len);
	frame_leave_sums(frame, w, true);
	len = nic_send(n, 0, &o) == NVSP_STATUS_SUCCESS && host_take(h->sock, &f, TIMEOUT_MS) ?
	      host_tap_take(h, wire, sizeof(wire), TIMEOUT_MS) : 0;
	ok(len == (int)o.len && frame_sums(wire, len) && !memcmp(wire, whole, len),
	   "a large frame that is one segment");
	put_tag(&o, true);
	len = nic_send(n, 0, &o) == NVSP_STATUS_SUCCESS && host_take(h->sock, &f, TIMEOUT_MS) ?
	      wire_take(h, wire, sizeof(wire), true) : 0;
	ok(len == (int)o.len && has_tag(&f, true) && frame_sums(wire, len) &&
	   !memcmp(wire, whole, len), "one with a tag");
}

/* Frames that must be refused, because nothing right can be made of them. */
static void test_large_refused(struct nic *n, struct host *h)
{
	static const struct {
		const char *what;
		unsigned int flow;
		u32 lso;
		u32 csum;
	} bad[] = {
		{ "segments of no bytes", 0, RNDIS_LSO_V2 | 34 << 20, 0 },
		{ "UDP", 1, RNDIS_LSO_V2 | 34 << 20 | MSS, 0 },
		{ "IPv6 that is IPv4", 0, RNDIS_LSO_V2 | RNDIS_LSO_IPV6 | 34 << 20 | MSS, 0 },
		{ "IPv4 that is IPv6", 2, RNDIS_LSO_V2 | 54 << 20 | MSS, 0 },
		{ "a header in the Ethernet header", 0, RNDIS_LSO_V2 | 13 << 20 | MSS, 0 },
		{ "a header behind the end", 0, RNDIS_LSO_V2 | 1023 << 20 | MSS, 0 },
		{ "a sum behind the end", 0, 0, RNDIS_CSUM_IPV4 | RNDIS_CSUM_TCP | 1023 << 16 },
		{ "a sum in the Ethernet header", 0, 0,
		  RNDIS_CSUM_IPV4 | RNDIS_CSUM_TCP | 2 << 16 },
	};
	static u8 frame[NIC_LONGEST];
	static struct host_frame f;
	u32 status, len;
	unsigned int i;
	u64 refused;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct nic_out o = { .frame = frame, .lso = bad[i].lso, .csum = bad[i].csum };

		refused = host_refused(h);
		len = frame_flow(frame, &flows[bad[i].flow].w, 700, i, false);
		o.len = len;
		frame_leave_sums(frame, &flows[bad[i].flow].w, bad[i].lso);
		status = nic_send(n, 0, &o);
		/* The message is good, so that its answer need not be bad. */
		ok(status && !host_take(h->sock, &f, REFUSED_MS) && host_refused(h) > refused,
		   "refused and counted: %s", bad[i].what);
	}
}

/* What the guest gets of a large frame */
enum large {
	SEGMENTS_ONLY,		/* its segments */
	WHOLE,			/* the frame, and it is told that its sum is good */
	WHOLE_UNTOLD,		/* the frame, of which it looks at the sum itself */
};

/* The frame, of which only the sums may be others than those that it was made with */
static bool whole_is(const struct nic_frame *f, const u8 *all, u32 len, const struct flow *w,
		     enum large large)
{
	u32 head = frame_head(w);

	if (memcmp(f->data + head, all + head, len - head)) {
		note("a large frame with other data");
		return false;
	}
	if (large == WHOLE)
		return is_told(f, told_of(w, true));
	return is_told(f, 0) && frame_sums(f->data, len);
}

/* @sock: where it is sent: to the netdev, or to its VLAN, @tagged. */
static void test_large_in(struct nic *n, int sock, const struct named *flow, enum large large,
			  bool tagged)
{
	static u8 frame[NIC_LONGEST], all[NIC_LONGEST];
	const struct flow *w = &flow->w;
	struct segments s = { .whole = all, .w = w, .payload = GSO_PAYLOAD, .mss = MSS };
	const struct nic_frame *f;
	unsigned int parts = 0;
	bool good = true;
	u32 len;

	len = frame_flow(frame, w, GSO_PAYLOAD, opt.seed, true);
	memcpy(all, frame, len);
	frame_leave_sums(frame, w, false);
	good = host_send_sums(sock, frame, len, w, MSS);
	while (good && s.at < GSO_PAYLOAD) {
		f = nic_take(n, TIMEOUT_MS);
		good = f && f->tagged == tagged && (!tagged || f->vlan == VID << 4);
		if (!good)
			break;
		if (large != SEGMENTS_ONLY && f->len == len) {
			parts = f->parts;
			good = whole_is(f, all, len, w, large);
			break;
		}
		good = segment_next(&s, f->data, f->len, !(f->csum & GOOD_SUMS));
	}
	if (large != SEGMENTS_ONLY)
		ok(good && parts > 1, "a large frame to the guest comes in %u parts, %s%s%s", parts,
		   flow->name, tag_name(tagged),
		   large == WHOLE ? "" : ", and its sum is right");
	else
		ok(good, "a large frame to the guest comes in %u segments, %s%s", s.n, flow->name,
		   tag_name(tagged));
}

/* ---- all of it ----------------------------------------------------------------------- */

/* IPv4 and IPv6, with a tag and without */
static void test_large_whole(struct nic *n, struct host *h, int vlan, enum large large)
{
	test_large_in(n, h->sock, &flows[0], large, false);
	test_large_in(n, h->sock, &flows[2], large, false);
	test_large_in(n, vlan, &flows[0], large, true);
	test_large_in(n, vlan, &flows[2], large, true);
}

static void test_coalesced(struct nic *n, struct host *h, int vlan)
{
	struct nic_conf conf = nic_usual;

	conf.caps |= NVSP_CAP_RSC;
	if (ok(nic_ready(n, h, &conf), "up, with segments coalesced")) {
		test_large_whole(n, h, vlan, WHOLE);
		ok(nic_offloads(n, NDIS_PARAM_OFF, NDIS_PARAM_NO_CHANGE, NDIS_PARAM_ON),
		   "the guest looks at sums itself");
		test_large_whole(n, h, vlan, WHOLE_UNTOLD);
		ok(nic_offloads(n, NDIS_PARAM_CSUM_BOTH, NDIS_PARAM_NO_CHANGE, NDIS_PARAM_OFF),
		   "it does not, but wants segments");
		test_large_in(n, h->sock, &flows[0], SEGMENTS_ONLY, false);
		test_large_in(n, vlan, &flows[0], SEGMENTS_ONLY, true);
		ok(nic_close(n), "closed");
	}
	conf.version = NVSP_VERSION_6;
	if (ok(nic_ready(n, h, &conf), "a version that does not know of it")) {
		test_large_in(n, h->sock, &flows[0], SEGMENTS_ONLY, false);
		ok(nic_close(n), "closed");
	}
}

/**
 * test_nicoffload - tags, sums, large frames
 */
void test_nicoffload(void)
{
	static struct nic n;
	struct host h;
	int vlan;

	if (nic_begin(&n, &h, NIC_MTU, 1) && ok(nic_ready(&n, &h, &nic_usual), "up")) {
		test_tags_out(&n, &h);
		test_tags_inside(&n, &h);
		vlan = test_tags_in(&n, &h);
		test_sums_in(&n, &h, true);
		test_large_in(&n, h.sock, &flows[0], SEGMENTS_ONLY, false);
		test_large_in(&n, h.sock, &flows[2], SEGMENTS_ONLY, false);
		test_large_in(&n, vlan, &flows[0], SEGMENTS_ONLY, true);
		test_large_in(&n, vlan, &flows[2], SEGMENTS_ONLY, true);
		test_large_refused(&n, &h);
		if (ok(host_bridge(&h), "a bridge to a device that has no offloads")) {
			test_sums_out(&n, &h, false);
			test_sums_out(&n, &h, true);
			test_sums_looked_at(&n, &h);
			test_large_out(&n, &h, &flows[0], false);
			test_large_out(&n, &h, &flows[2], false);
			test_large_out(&n, &h, &flows[0], true);
			test_large_out(&n, &h, &flows[2], true);
			test_large_odd(&n, &h);
			host_unbridge(&h);
		}
		ok(nic_offloads(&n, NDIS_PARAM_OFF, NDIS_PARAM_NO_CHANGE, NDIS_PARAM_NO_CHANGE),
		   "the guest looks at sums itself");
		test_sums_in(&n, &h, false);
		ok(nic_close(&n), "closed");
		test_coalesced(&n, &h, vlan);
		close(vlan);
	}
	nic_end(&n, &h);
}
