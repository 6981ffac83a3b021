// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of a network adapter, of each length and each way that a guest may send them,
 * with checked data both ways.
 */
#include <string.h>
#include "nic.h"

#define SLOTS		16U		/* frames under way */
#define SLOT_BYTES	(NIC_DATA_PAGES * PAGE / SLOTS)
#define RANDOM_ROUNDS	20U
#define BATCH		40U		/* messages in a packet */
#define STREAM		400U		/* frames, more than there is room for */
#define STREAM_PAGES	64U		/* of the receive buffer then */
#define BURST		64U
#define QUIET_MS	300
#define LATE_MS		2

enum way {
	BY_SECTION,
	BY_RANGE,
	BY_BOTH,			/* header in a section, frame in two ranges */
	WAYS
};

static const char *const way_names[] = { "by section", "by range", "by both" };

static u64 put_frame(struct nic *n, u32 len, u64 seed, enum way way, unsigned int slot)
{
	static u8 frame[NIC_LONGEST], msg[NIC_LONGEST];
	struct nic_out o = { .frame = frame, .len = frame_plain(frame, len, seed, false) };
	u32 off = seed * 7 % 200, at = slot * SLOT_BYTES + off, head, part;
	struct nic_range r[2] = {
		{ .offset = off, .page = PAGE_NIC_DATA + slot * (SLOT_BYTES / PAGE) },
	};

	len = rndis_put(msg, &o, 1);
	if (way == BY_SECTION && len <= n->section)
		return nic_send_section(n, 0, slot % n->sections, msg, len);
	if (way != BY_BOTH) {
		memcpy(nic_data(n, at), msg, len);
		r[0].len = len;
		return nic_send_ranges(n, 0, r, 1);
	}
	head = len - o.len;
	part = o.len / 3;
	memcpy(nic_data(n, at), msg + head, part);
	memcpy(nic_data(n, at + part + 1), msg + head + part, o.len - part);
	r[0].len = part;
	r[1] = r[0];
	r[1].page += (off + part + 1) / PAGE;
	r[1].offset = (off + part + 1) % PAGE;
	r[1].len = o.len - part;
	return nic_send_both(n, 0, slot % n->sections, msg, head, r, 2);
}

/* Frames one behind the other, without waiting; all are answered, and come in that order. */
static bool out_all(struct nic *n, struct host *h, const u32 *lens, unsigned int count, u64 seed,
		    enum way way)
{
	static struct host_frame f;
	u64 ids[SLOTS];
	unsigned int i;
	u32 status;

	for (i = 0; i < count; i++) {
		ids[i] = put_frame(n, lens[i], seed + i, way, i);
		if (!ids[i])
			return false;
	}
	for (i = 0; i < count; i++) {
		status = nic_status(n, ids[i]);
		if (status != NVSP_STATUS_SUCCESS) {
			note("a frame of %u bytes: status %u", lens[i], status);
			return false;
		}
	}
	for (i = 0; i < count; i++)
		if (!host_take(h->sock, &f, TIMEOUT_MS) ||
		    !frame_is(f.data, f.len, lens[i], seed + i, false)) {
			note("frame %u of %u, of %u bytes", i, count, lens[i]);
			return false;
		}
	return true;
}

/* A guest that holds back what it got gives it back when all are sent. */
static bool in_all(struct nic *n, struct host *h, const u32 *lens, unsigned int count, u64 seed)
{
	static u8 frame[NIC_LONGEST];
	const struct nic_frame *f;
	unsigned int i;

	for (i = 0; i < count; i++) {
		frame_plain(frame, lens[i], seed + i, true);
		if (!host_send(h->sock, frame, lens[i]))
			return false;
	}
	if (n->hold) {
		nic_pump(n, LATE_MS);
		nic_release(n);
	}
	for (i = 0; i < count; i++) {
		f = nic_take(n, TIMEOUT_MS);
		if (!f || !frame_is(f->data, f->len, lens[i], seed + i, true)) {
			note("frame %u of %u, of %u bytes", i, count, lens[i]);
			return false;
		}
	}
	return true;
}

static void test_lengths(struct nic *n, struct host *h)
{
	const u32 max = n->mtu + NIC_ETH;
	const u32 lens[] = { NIC_ETH, NIC_ETH + 1, 59, 60, 61, 127, 128, 129, 511, 1000, 1024,
			     max - 2, max - 1, max };
	u64 state = opt.seed, seed;
	u32 random[SLOTS];
	unsigned int i, k, way;
	bool good = true;

	for (way = 0; way < WAYS; way++)
		ok(out_all(n, h, lens, ARRAY_SIZE(lens), 100 * way, way),
		   "frames of %u to %u bytes from the guest, %s", NIC_ETH, max, way_names[way]);
	ok(in_all(n, h, lens, ARRAY_SIZE(lens), 1000), "and to it");
	for (i = 0; good && i < RANDOM_ROUNDS; i++) {
		for (k = 0; k < SLOTS; k++)
			random[k] = NIC_ETH + rnd_below(&state, max - NIC_ETH + 1);
		seed = 10000 + i * SLOTS;
		good = out_all(n, h, random, SLOTS, seed, rnd_below(&state, WAYS)) &&
		       in_all(n, h, random, SLOTS, seed);
	}
	ok(good, "%u frames of random length each way", RANDOM_ROUNDS * SLOTS);
}

/* ---- packets of many messages -------------------------------------------------------- */

/* As many frames as there is room for, one message behind the other. */
static unsigned int batch(u8 *buf, u32 room, u32 *len, u32 *lens, u64 seed)
{
	static u8 frame[NIC_LONGEST];
	struct nic_out o = { .frame = frame };
	unsigned int i;

	*len = 0;
	for (i = 0; i < BATCH; i++) {
		o.len = frame_plain(frame, NIC_ETH + (seed + i * 37) % 500, seed + i, false);
		if (*len + o.len + 64 > room)
			break;
		lens[i] = o.len;
		/* Linux has each but the last end where the next may begin. */
		*len += rndis_put(buf + *len, &o, 8);
	}
	return i;
}

static bool take_batch(struct nic *n, struct host *h, u64 id, const u32 *lens, unsigned int count,
		       u64 seed)
{
	static struct host_frame f;
	unsigned int i;

	if (!id || nic_status(n, id) != NVSP_STATUS_SUCCESS)
		return false;
	for (i = 0; i < count; i++)
		if (!host_take(h->sock, &f, TIMEOUT_MS) ||
		    !frame_is(f.data, f.len, lens[i], seed + i, false))
			return false;
	return true;
}

static void test_batches(struct nic *n, struct host *h)
{
	struct nic_range r = { .page = PAGE_NIC_DATA, .offset = 5 };
	static u8 buf[BATCH * 600];
	unsigned int count, half;
	u32 lens[BATCH], len;
	u64 id;

	count = batch(buf, n->section, &len, lens, 500);
	id = nic_send_section(n, 0, 1, buf, len);
	ok(take_batch(n, h, id, lens, count, 500), "%u messages in a section", count);
	count = batch(nic_data(n, r.offset), sizeof(buf), &r.len, lens, 600);
	id = nic_send_ranges(n, 0, &r, 1);
	ok(take_batch(n, h, id, lens, count, 600), "%u messages in a range", count);
	/* Where the section ends is not where a message ends. */
	count = batch(buf, sizeof(buf), &len, lens, 700);
	half = n->section / 2 + 3;
	memcpy(nic_data(n, 0), buf + half, len - half);
	r = (struct nic_range) { .len = len - half, .page = PAGE_NIC_DATA };
	id = nic_send_both(n, 0, 2, buf, half, &r, 1);
	ok(take_batch(n, h, id, lens, count, 700), "%u messages in a section and a range", count);
}

/* ---- ranges -------------------------------------------------------------------------- */

/* One message in ranges of so many bytes each, which do not follow each other in memory. */
static bool out_cut(struct nic *n, struct host *h, const u32 *cuts, unsigned int ncuts, u64 seed)
{
	static u8 frame[NIC_LONGEST], msg[NIC_LONGEST];
	static struct host_frame f;
	struct nic_out o = { .frame = frame, .len = frame_plain(frame, 700, seed, false) };
	u32 len = rndis_put(msg, &o, 1), at = 0, off, part;
	struct nic_range r[16] = { };
	unsigned int i;
	u64 id;

	for (i = 0; i <= ncuts; i++) {
		part = i < ncuts && cuts[i] < len - at ? cuts[i] : len - at;
		off = part ? (PAGE - 5 * i) % PAGE : 0;
		r[i] = (struct nic_range) {
			.len = part, .offset = off, .page = PAGE_NIC_DATA + 2 * i,
		};
		memcpy(nic_data(n, 2 * i * PAGE + off), msg + at, part);
		at += part;
	}
	id = nic_send_ranges(n, 0, r, ncuts + 1);
	if (id && nic_status(n, id) == NVSP_STATUS_SUCCESS &&
	    host_take(h->sock, &f, TIMEOUT_MS) && frame_is(f.data, f.len, o.len, seed, false))
		return true;
	note("ranges of %u, %u, %u ... bytes", r[0].len, r[1].len, r[2].len);
	return false;
}

static void test_ranges(struct nic *n, struct host *h)
{
	static const struct cut {
		const char *what;
		u32 cuts[12];
		unsigned int n;
	} cuts[] = {
		{ "a range of nothing before", { 0 }, 1 },
		{ "ranges of nothing before, between and behind",
		  { 0, 44, 0, 0, 100, 600, 0 }, 7 },
		{ "header and frame in ranges of their own", { 44 }, 1 },
		{ "an Ethernet header in a range of its own", { 44, 14, 20 }, 3 },
		{ "a header cut after 1 byte", { 1 }, 1 },
		{ "after its type", { 4 }, 1 },
		{ "after its length", { 8 }, 1 },
		{ "one byte before its end", { 43 }, 1 },
		{ "an Ethernet header cut", { 50 }, 1 },
		{ "a header in many ranges", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 11 },
		{ "a last range of one byte", { 743 }, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++)
		ok(out_cut(n, h, cuts[i].cuts, cuts[i].n, 800 + i), "%s", cuts[i].what);
}

/* ---- many ---------------------------------------------------------------------------- */

static void test_stream(struct nic *n, struct host *h)
{
	unsigned int sent = 0, took = 0;
	u64 state = opt.seed, lens = opt.seed;
	u32 lens_in[BURST], i, count;
	bool good = true;

	while (good && took < STREAM) {
		count = 1 + rnd_below(&state, BURST);
		for (i = 0; i < count; i++)
			lens_in[i] = 60 + rnd_below(&lens, n->mtu - 60);
		/* Sometimes the guest is late. */
		n->hold = rnd_below(&state, 2);
		good = in_all(n, h, lens_in, count, 20000 + sent);
		sent += count;
		took += good ? count : 0;
	}
	ok(good, "%u frames to the guest in bursts", took);
	ok(took == n->got || !good, "each of them once");
}

/* A frame that is longer than this guest takes */
static void test_too_long(struct nic *n, struct host *h)
{
	u64 before = host_counter(h, "tx_dropped") + host_counter(h, "tx_errors");
	static u8 frame[NIC_LONGEST];
	bool sent;

	frame_plain(frame, 5000, 1, true);
	sent = host_send(h->sock, frame, 5000);
	ok(!nic_take(n, QUIET_MS), "a frame that is too long for the guest does not come");
	ok(!sent || host_counter(h, "tx_dropped") + host_counter(h, "tx_errors") > before,
	   "it is %s", sent ? "counted" : "not even taken");
	ok(nic_works(n, h), "others come");
}

static void test_usual(struct nic *n, struct host *h)
{
	struct nic_conf conf = nic_usual;

	if (!ok(nic_ready(n, h, &nic_usual), "up"))
		return;
	test_lengths(n, h);
	test_batches(n, h);
	test_ranges(n, h);
	ok(nic_close(n), "closed");
	conf.recv_pages = STREAM_PAGES;
	if (!ok(nic_ready(n, h, &conf), "up again"))
		return;
	test_stream(n, h);
	ok(nic_close(n), "closed");
	conf.send_pages = 0;
	ok(nic_ready(n, h, &conf) && nic_works(n, h) && nic_close(n), "without a send buffer");
}

static void test_jumbo(struct nic *n, struct host *h)
{
	struct nic_conf conf = nic_usual;

	conf.mtu = NIC_JUMBO;
	if (ok(nic_ready(n, h, &conf), "up, with jumbo frames")) {
		test_lengths(n, h);
		ok(nic_close(n), "closed");
	}
	if (ok(nic_ready(n, h, &nic_usual), "up, with a guest that takes none")) {
		test_too_long(n, h);
		ok(nic_close(n), "closed");
	}
}

/**
 * test_nicframes - frames of all kinds
 */
void test_nicframes(void)
{
	static struct nic n;
	struct host h;

	if (nic_begin(&n, &h, NIC_MTU, 1))
		test_usual(&n, &h);
	nic_end(&n, &h);
	if (nic_begin(&n, &h, NIC_JUMBO, 1))
		test_jumbo(&n, &h);
	nic_end(&n, &h);
}
