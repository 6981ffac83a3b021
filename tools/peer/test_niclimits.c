// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of a network adapter: what the administrator may set, which memory may be a buffer,
 * how many messages and ranges there may be in a packet, how many messages may wait for the
 * guest, and how much its ring takes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "nic.h"

#define RECV_PAGES	64U		/* what buffers may have here */
#define SEND_PAGES	32U
#define RECV_BYTES	"262144"
#define SEND_BYTES	"131072"
#define TINY_PAGES	7U		/* less than answers and one frame need */
#define PART		512U		/* of a page */
#define LARGEST		9216U		/* MTU */
#define MOST		64U		/* channels */
#define RESERVED	16U		/* control messages that the guest may have */
#define WAITING		64U		/* that may wait for it */
#define MESSAGES	64U		/* of a packet */
#define RANGES		(8U * NVSP_MAX_MDL_CHAIN)	/* the same, and pages of them */
#define FRAME		60U
#define MORE		100U		/* frames to the guest beyond what its ring takes */
#define ASKED		200U		/* frames of the guest meanwhile */
#define ANSWERED	32U		/* of these there is always room for the answers */
#define QUIET_MS	200

/* ---- what the administrator may set -------------------------------------------------- */

static const struct attr {
	const char *name;
	const char *value;
	int err;
} attrs[] = {
	{ "enable", "1", EINVAL },		/* there is no server's name */
	{ "enable", "x", EINVAL },
	{ "enable", "0" },
	{ "server", "no-such-server" },
	{ "enable", "1", ENODEV },
	{ "mtu", "0", EINVAL },
	{ "mtu", "1499", EINVAL },
	{ "mtu", "9217", EINVAL },
	{ "mtu", "4294968796", EINVAL },	/* 1500, if it wraps */
	{ "mtu", "-1", EINVAL },
	{ "mtu", "x", EINVAL },
	{ "mtu", "9216" },
	{ "mtu", "1500" },
	{ "queues", "0", EINVAL },
	{ "queues", "65", EINVAL },
	{ "queues", "64" },
	{ "queues", "1" },
	{ "recv_buffer_max", "0", EINVAL },
	{ "recv_buffer_max", "65535", EINVAL },
	{ "recv_buffer_max", "67108865", EINVAL },
	{ "recv_buffer_max", "67108864" },
	{ "recv_buffer_max", "65536" },
	{ "recv_buffer_max", RECV_BYTES },
	{ "send_buffer_max", "0", EINVAL },
	{ "send_buffer_max", "65535", EINVAL },
	{ "send_buffer_max", "67108865", EINVAL },
	{ "send_buffer_max", "67108864" },
	{ "send_buffer_max", "65536" },
	{ "send_buffer_max", SEND_BYTES },
	{ "mac", "00:00:00:00:00:00", EINVAL },
	{ "mac", "01:00:5e:00:00:01", EINVAL },
	{ "mac", "ff:ff:ff:ff:ff:ff", EINVAL },
	{ "ifname", "a/b", EINVAL },
	{ "ifname", "sixteen-letters-", EINVAL },
	{ "vf_serial", "x", EINVAL },
	{ "vf_serial", "4294967296", EINVAL },
	{ "vf_serial", "4294967295" },
	{ "vf_serial", "none" },
};

/* Each would be taken by one that is disabled. */
static const struct attr busy[] = {
	{ "server", "guest0", EBUSY },
	{ "mac", "02:00:00:00:00:01", EBUSY },
	{ "mtu", "1500", EBUSY },
	{ "queues", "1", EBUSY },
	{ "recv_buffer_max", RECV_BYTES, EBUSY },
	{ "send_buffer_max", SEND_BYTES, EBUSY },
	{ "ifname", "selftest0", EBUSY },
};

/* Returns how many are as they should be. */
static unsigned int try_all(const struct attr *a, unsigned int count)
{
	unsigned int i, good = 0;
	char now[64];
	int err;

	for (i = 0; i < count; i++) {
		err = host_try(a[i].name, a[i].value);
		if (err != a[i].err)
			note("%s to %s: error %d instead of %d", a[i].value, a[i].name, err,
			     a[i].err);
		else if (!err && (!host_get(a[i].name, now, sizeof(now)) ||
				  strcmp(now, a[i].value)))
			note("%s has become %s in %s", a[i].value, now, a[i].name);
		else
			good++;
	}
	return good;
}

/* ---- memory that may be a buffer ----------------------------------------------------- */

static const struct odd {
	const char *what;
	bool send;
	unsigned int pages;
	u32 offset;
	u32 less;		/* bytes that each range is shorter than its pages */
	u32 ranges;
} odds[] = {
	{ "receive buffer: an offset in the page", false, 32, PART, PART, 1 },
	{ "receive buffer: half a page", false, 32, 0, PART, 1 },
	{ "receive buffer: two ranges", false, 32, 0, 0, 2 },
	{ "receive buffer: too small", false, TINY_PAGES, 0, 0, 1 },
	{ "receive buffer: a page more than it may have", false, RECV_PAGES + 1, 0, 0, 1 },
	{ "send buffer: an offset in the page", true, 16, PART, PART, 1 },
	{ "send buffer: half a page", true, 16, 0, PART, 1 },
	{ "send buffer: two ranges", true, 16, 0, 0, 2 },
	{ "send buffer: a page more than it may have", true, SEND_PAGES + 1, 0, 0, 1 },
};

static bool odd_gpadl(struct nic *n, u32 gpadl, const struct odd *o)
{
	unsigned int page = o->send ? PAGE_NIC_SEND : PAGE_NIC_RECV, per = o->pages / o->ranges;
	u64 words[2 + RECV_PAGES + 1];
	u32 i, k, nwords = 0;
	union message a;

	for (i = 0; i < o->ranges; i++) {
		words[nwords++] = (u64)o->offset << 32 | (per * PAGE - o->less);
		for (k = 0; k < per; k++)
			words[nwords++] = ram_pfn(page++);
	}
	return guest_gpadl_post(&n->b->g, n->c[0].id, gpadl, words, nwords, o->ranges) &&
	       guest_receive(&n->b->g, &a) == sizeof(a.created) &&
	       a.hdr.type == VMBUS_MSG_GPADL_CREATED && !a.created.status;
}

/* It is refused and counted, and the guest has its memory back at once. */
static bool odd_refused(struct nic *n, struct host *h, const struct odd *o)
{
	struct nvsp_message m = { .type = o->send ? NVSP_SEND_BUFFER : NVSP_RECV_BUFFER }, a;
	u32 gpadl = ++n->gpadl, status;
	u64 bad = host_stat(h, "bad_messages");

	m.buffer.gpadl = gpadl;
	m.buffer.id = NIC_RECV_ID;
	if (!odd_gpadl(n, gpadl, o) || !nic_ask(n, &m, &a) || a.type != m.type + 1)
		return false;
	status = o->send ? a.send_complete.status : a.recv_complete.status;
	if (status != NVSP_STATUS_FAILURE)
		note("status %u", status);
	return status == NVSP_STATUS_FAILURE && guest_teardown(&n->b->g, n->c[0].id, gpadl) &&
	       host_stat_is(h, "bad_messages", bad + 1);
}

static void test_odd_buffers(struct nic *n, struct host *h)
{
	unsigned int i;

	if (!ok(nic_open(n) && nic_init(n, NVSP_VERSION_61) == NVSP_STATUS_SUCCESS &&
		nic_config(n, &nic_usual), "opened"))
		return;
	for (i = 0; i < ARRAY_SIZE(odds); i++)
		ok(odd_refused(n, h, &odds[i]), "%s", odds[i].what);
	ok(nic_recv_buffer(n, RECV_PAGES) && nic_send_buffer(n, SEND_PAGES),
	   "buffers that are just as long as they may be are taken then");
	ok(nic_rndis_init(n) && nic_filter(n, nic_usual.filter) &&
	   host_running(h, true, TIMEOUT_MS) && nic_works(n, h), "frames go");
	ok(nic_close(n), "closed");
}

/* ---- messages ------------------------------------------------------------------------ */

/* Frames that are one packet; returns its status. */
static u32 send_packet(struct nic *n, unsigned int count)
{
	struct nic_range r = { .page = PAGE_NIC_DATA };
	u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .len = sizeof(frame) };
	unsigned int i;
	u64 id;

	for (i = 0; i < count; i++) {
		frame_plain(frame, sizeof(frame), i, false);
		r.len += rndis_put(nic_data(n, r.len), &o, 8);
	}
	id = nic_send_ranges(n, 0, &r, 1);
	return id ? nic_status(n, id) : NVSP_STATUS_NONE;
}

/* Returns how many frames come, in order. */
static unsigned int take_frames(struct host *h, unsigned int max)
{
	static struct host_frame f;
	unsigned int i;

	for (i = 0; i < max; i++)
		if (!host_take(h->sock, &f, TIMEOUT_MS) ||
		    !frame_is(f.data, f.len, FRAME, i, false))
			break;
	return host_take(h->sock, &f, QUIET_MS) ? 0 : i;
}

static void test_packets(struct nic *n, struct host *h)
{
	u64 bad = host_stat(h, "rx_bad_rndis");

	ok(send_packet(n, MESSAGES) == NVSP_STATUS_SUCCESS &&
	   take_frames(h, MESSAGES) == MESSAGES && host_stat(h, "rx_bad_rndis") == bad,
	   "a packet of %u messages", MESSAGES);
	ok(send_packet(n, MESSAGES + 1) == NVSP_STATUS_FAILURE &&
	   host_stat_is(h, "rx_bad_rndis", bad + 1), "one more is refused, and counted");
	ok(take_frames(h, MESSAGES) == MESSAGES, "those before it have gone");
	ok(nic_works(n, h), "frames go");
}

/* ---- ranges -------------------------------------------------------------------------- */

/* A message of one frame, number 0; returns its bytes. */
static u32 put_message(u8 *msg)
{
	u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .len = sizeof(frame) };

	frame_plain(frame, sizeof(frame), 0, false);
	return rndis_put(msg, &o, 8);
}

/* In ranges of a few bytes each: there are as many bytes as ranges at least. */
static u64 send_split(struct nic *n, unsigned int count)
{
	static struct nic_range r[RANGES + 1];
	u8 msg[RANGES + FRAME + 64] = { };
	u32 len = put_message(msg), at = 0;
	unsigned int i, page;

	/* What is behind the frame belongs to its message. */
	if (len < count)
		len = count;
	memcpy(msg + sizeof(len), &len, sizeof(len));
	for (i = 0; i < count; i++) {
		page = i % NIC_DATA_PAGES;
		r[i] = (struct nic_range) {
			.len = len * (i + 1) / count - at, .page = PAGE_NIC_DATA + page,
			.offset = i * 8,
		};
		memcpy(nic_data(n, page * PAGE + i * 8), msg + at, r[i].len);
		at += r[i].len;
	}
	return nic_send_ranges(n, 0, r, count);
}

/* All of it is in the last range, and the others have nothing. */
static u64 send_last(struct nic *n, unsigned int count)
{
	static struct nic_range r[RANGES + 1];

	memset(r, 0, sizeof(r));
	r[count - 1].page = PAGE_NIC_DATA;
	r[count - 1].len = put_message(nic_data(n, 0));
	return nic_send_ranges(n, 0, r, count);
}

/* As long as so many pages, the same ones again and again, in a few ranges */
static u64 send_pages(struct nic *n, unsigned int pages)
{
	struct nic_range r[RANGES / NIC_DATA_PAGES + 2];
	u32 len = pages * PAGE;
	unsigned int count = 0, some;

	put_message(nic_data(n, 0));
	memcpy(nic_data(n, sizeof(len)), &len, sizeof(len));
	for (; pages; pages -= some) {
		some = pages < NIC_DATA_PAGES ? pages : NIC_DATA_PAGES;
		r[count++] = (struct nic_range) { .len = some * PAGE, .page = PAGE_NIC_DATA };
	}
	return nic_send_ranges(n, 0, r, count);
}

static const struct in_ranges {
	const char *what;
	u64 (*send)(struct nic *n, unsigned int count);
	unsigned int count;
} in_ranges[] = {
	{ "a message in 2 ranges", send_split, 2 },
	{ "in 64", send_split, 64 },
	{ "in 65", send_split, 65 },
	{ "in 128", send_split, 128 },
	{ "in as many as the guest is told", send_split, RANGES },
	{ "in one, and all others have nothing", send_last, RANGES },
	{ "of as many pages", send_pages, RANGES },
	{ "in one range more", send_split, RANGES + 1 },
	{ "in one range more that has nothing", send_last, RANGES + 1 },
	{ "of one page more", send_pages, RANGES + 1 },
};

/* What there may be is taken, and what is more refused and counted, with its frame. */
static void test_ranges(struct nic *n, struct host *h)
{
	const struct in_ranges *in;
	u64 bad, id;
	unsigned int i;
	bool good;
	u32 status;

	for (i = 0; i < ARRAY_SIZE(in_ranges); i++) {
		in = &in_ranges[i];
		good = in->count <= RANGES;
		bad = host_stat(h, "rx_bad_rndis") + !good;
		id = in->send(n, in->count);
		status = id ? nic_status(n, id) : NVSP_STATUS_NONE;
		ok(status == (good ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE) &&
		   take_frames(h, good) == good && host_stat(h, "rx_bad_rndis") == bad, "%s",
		   in->what);
	}
	ok(nic_works(n, h), "frames go");
}

/* ---- messages that wait -------------------------------------------------------------- */

/* Sends a keep-alive and does not wait for its answer; returns the packet's id, or 0. */
static u64 put_alive(struct nic *n)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	const u32 alive[3] = { RNDIS_MSG_KEEPALIVE, sizeof(alive), 0x1234 };
	struct nic_range r = { .len = sizeof(alive), .page = PAGE_NIC_CTL };
	u64 id = nic_id(n);

	memcpy(ram_page(&n->b->g, PAGE_NIC_CTL), alive, sizeof(alive));
	if (!nic_put(n, 0, id, &m, n->size, &r, 1))
		return 0;
	channel_send(&n->c[0]);
	return id;
}

static bool is_broken(struct nic *n)
{
	char state[32];

	return chan_value(&n->c[0], "state", state, sizeof(state)) &&
	       !strcmp(state, "open-broken");
}

/* A guest that asks and asks, and completes no answer */
static void test_unanswered(struct nic *n, struct host *h)
{
	u64 bad = host_stat(h, "bad_messages"), end, id;
	unsigned int i;

	n->hold_control = true;
	for (i = 0; i < RESERVED + WAITING; i++) {
		id = put_alive(n);
		if (!id || nic_status(n, id) != NVSP_STATUS_SUCCESS)
			break;
	}
	ok(i == RESERVED + WAITING && n->nheld == RESERVED && !is_broken(n),
	   "%u answers: the guest keeps %u, and the others wait", i, n->nheld);
	/* When one of those comes that have waited, the server knows that. */
	n->hold_control = false;
	for (n->control_len = 0; !n->control_len;)
		if (!nic_pump(n, TIMEOUT_MS))
			break;
	id = put_alive(n);
	ok(n->control_len && id && nic_status(n, id) == NVSP_STATUS_SUCCESS && !is_broken(n),
	   "it completes them, and the next is answered, too");
	ok(nic_works(n, h), "frames go");
	n->hold_control = true;
	for (i = 0; i <= RESERVED + WAITING && put_alive(n); i++)
		nic_poll(n);
	for (end = now_us() + TIMEOUT_MS * 1000ULL; !is_broken(n) && now_us() < end;)
		nic_pump(n, 10);
	ok(i == RESERVED + WAITING + 1 && is_broken(n) &&
	   host_stat_is(h, "bad_messages", bad + 1), "one more breaks the channel, and is counted");
	ok(nic_close(n) && nic_ready(n, h, &nic_usual) && nic_works(n, h) && nic_close(n),
	   "opened again: frames go");
}

/* ---- a guest that does not read -------------------------------------------------------- */

static bool send_number(struct host *h, unsigned int number)
{
	u8 frame[FRAME];

	frame_plain(frame, sizeof(frame), number, true);
	return host_send(h->sock, frame, sizeof(frame));
}

/* Takes frames of the guest that are all the same; returns how many have come. */
static unsigned int take_same(struct host *h, unsigned int max, int ms)
{
	static struct host_frame f;
	unsigned int i;

	for (i = 0; i < max; i++)
		if (!host_take(h->sock, &f, ms) || !frame_is(f.data, f.len, FRAME, 0, false))
			break;
	return i;
}

/* Frames of the guest, without a look at what comes; returns how many there was room for. */
static unsigned int ask(struct nic *n, u64 *ids)
{
	struct nic_range r = { .page = PAGE_NIC_DATA, .len = put_message(nic_data(n, 0)) };
	unsigned int i;

	for (i = 0; i < ASKED; i++) {
		ids[i] = nic_send_ranges(n, 0, &r, 1);
		if (!ids[i])
			break;
	}
	return i;
}

/* Its ring is full: frames, and what it is answered, wait there and come in order. */
static void test_ring_full(struct nic *n, struct host *h)
{
	u64 full = host_stat(h, "tx_no_ring"), dropped = host_stat(h, "tx_dropped"), ids[ASKED];
	unsigned int room = n->cuts - RESERVED, sent = 0, good, early, i;
	const struct nic_frame *f;

	/* The stack must not wait for what is given back. */
	ok(nic_works(n, h) && host_in_flight_is(h, 0, 0), "frames go");
	while (sent < room && host_stat(h, "tx_no_ring") == full && send_number(h, sent))
		sent++;
	ok(sent < room && host_stat(h, "tx_no_ring") > full,
	   "%u frames, and the ring of a guest that does not read is full", sent);
	for (i = 0; i < MORE && send_number(h, sent); i++)
		sent++;
	ok(i == MORE, "%u more wait", i);
	ok(ask(n, ids) == ASKED, "it sends %u itself", ASKED);
	early = take_same(h, ANSWERED, TIMEOUT_MS);
	if (early == ANSWERED)
		early += take_same(h, ASKED - early, QUIET_MS);
	ok(early >= ANSWERED && early < ASKED, "%u come, before there is no room for answers",
	   early);
	for (good = 0; good < sent; good++) {
		f = nic_take(n, TIMEOUT_MS);
		if (!f || !frame_is(f->data, f->len, FRAME, good, true))
			break;
	}
	ok(good == sent, "it reads: all %u frames come in order", good);
	for (i = 0, good = 0; i < ASKED; i++)
		good += ids[i] && nic_status(n, ids[i]) == NVSP_STATUS_SUCCESS;
	ok(good == ASKED && take_same(h, ASKED - early, TIMEOUT_MS) == ASKED - early,
	   "its own are all answered, and have come");
	ok(host_in_flight_is(h, 0, 0) && host_stat(h, "tx_dropped") == dropped,
	   "all is given back, and nothing lost");
	ok(nic_works(n, h), "frames go");
}

/* ---- the most of all ----------------------------------------------------------------- */

static void test_largest(struct nic *n, struct host *h)
{
	static u8 frame[LARGEST + NIC_ETH + 1];
	struct nic_out o = { .frame = frame, .len = sizeof(frame) };
	struct nic_conf conf = nic_usual;
	unsigned int i, good = 0;
	u64 long_ones;

	conf.mtu = LARGEST;
	if (!ok(nic_ready(n, h, &conf) && nic_subs(n, NIC_CHANNELS - 1), "up"))
		return;
	for (i = 0; i < n->n; i++)
		good += nic_out_once(n, h, i, LARGEST + NIC_ETH, i);
	ok(good == n->n, "the longest frame, by each of %u channels", good);
	ok(nic_in_once(n, h, LARGEST + NIC_ETH, 1), "and to the guest");
	long_ones = host_stat(h, "rx_refused_length");
	frame_plain(frame, sizeof(frame), 1, false);
	ok(nic_send(n, 0, &o) != NVSP_STATUS_NONE &&
	   host_stat_is(h, "rx_refused_length", long_ones + 1), "one that is longer is refused");
	ok(nic_works(n, h) && nic_close(n), "frames go");
}

/**
 * test_niclimits - limits
 */
void test_niclimits(void)
{
	static struct nic n;
	unsigned int good;
	struct host h;

	if (!ok(host_prepare(), "an adapter"))
		return;
	good = try_all(attrs, ARRAY_SIZE(attrs));
	ok(good == ARRAY_SIZE(attrs), "%u values of its attributes", good);
	if (nic_begin(&n, &h, NIC_MTU, 1)) {
		good = try_all(busy, ARRAY_SIZE(busy));
		ok(good == ARRAY_SIZE(busy), "while it is enabled %u are fixed", good);
		test_odd_buffers(&n, &h);
	}
	nic_end(&n, &h);
	if (nic_begin(&n, &h, NIC_MTU, 1) && ok(nic_ready(&n, &h, &nic_usual), "up")) {
		test_packets(&n, &h);
		test_ranges(&n, &h);
		test_unanswered(&n, &h);
	}
	nic_end(&n, &h);
	if (nic_begin(&n, &h, NIC_MTU, 1) &&
	    ok(host_limits(&h, 1, "1000000"), "the stack has no limits") &&
	    ok(nic_ready(&n, &h, &nic_usual), "up")) {
		test_ring_full(&n, &h);
		ok(nic_close(&n), "closed");
	}
	nic_end(&n, &h);
	if (nic_begin(&n, &h, LARGEST, MOST))
		test_largest(&n, &h);
	nic_end(&n, &h);
}
