// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets through rings of many shapes, and the rules by which both sides signal.
 */
#include <string.h>
#include <unistd.h>
#include "selftest.h"

/* What the echo pipe has room for, without footer. */
#define ECHO_MAX	(8192 - (u32)sizeof(struct vmpacket_descriptor))
#define BATCH		32
#define QUIET_MS	20		/* what did not come by then will not come */
/* 100 ms after an open the server looks whether an interrupt was missed. */
#define LOOKED_MS	150

static bool open_rings(struct channel *c, struct bed *b, unsigned int out, unsigned int in)
{
	channel_init(c, &b->g, &b->echo);
	return channel_open(c, PAGE_RINGS, out, in);
}

static bool close_rings(struct channel *c)
{
	channel_close(c);
	return guest_teardown(c->g, c->id, c->gpadl);
}

/* The longest payload that both rings and the device have room for. */
static u32 longest(const struct channel *c)
{
	u32 size = c->out.size < c->in.size ? c->out.size : c->in.size;
	u32 len = size - 8 - ring_packet_size(0);

	return len < ECHO_MAX ? len : ECHO_MAX;
}

static void test_shapes(struct bed *b)
{
	static const struct {
		unsigned int out, in;
	} shapes[] = {
		{ 2, 2 }, { 2, 3 }, { 3, 2 }, { 2, 17 }, { 17, 2 }, { 5, 4 }, { 9, 128 },
		{ 129, 33 }, { 512, 512 }, { 2, 2045 }, { 2045, 2 }, { 3000, 5000 },
	};
	unsigned int i, bytes = 0;
	u64 start = now_us();
	struct channel c;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		if (!ok(open_rings(&c, b, shapes[i].out, shapes[i].in), "rings of %u and %u pages",
			shapes[i].out, shapes[i].in))
			continue;
		ok(echo(&c, opt.count, 0, longest(&c), opt.seed + i),
		   "%u packets of 0 to %u bytes", opt.count, longest(&c));
		ok(echo(&c, 4 * opt.count, 0, 64, opt.seed + i), "%u short ones", 4 * opt.count);
		ok(echo(&c, 20, longest(&c), longest(&c), opt.seed + i), "20 that fill the ring");
		bytes += opt.count * longest(&c) / 2;
		ok(close_rings(&c), "closed");
	}
	note("about %llu kB/s each way", bytes * 1000ULL / (now_us() - start));
}

/* Every place in the ring where a packet can be cut by its end. */
static void test_wrap(struct bed *b)
{
	unsigned int at, good = 0;
	u32 way, filler;
	struct channel c;

	ok(open_rings(&c, b, 2, 2), "rings of one page of data");
	for (at = 0; at < PAGE; at += 8) {
		while ((way = (at + PAGE - c.out.next) % PAGE)) {
			filler = (way < ring_packet_size(0) ? PAGE / 2 : way) - ring_packet_size(0);
			if (!echo(&c, 1, filler, filler, at))
				break;
		}
		if (way || !echo(&c, 1, 40, 40, at + 1))
			break;
		good++;
	}
	ok(good == PAGE / 8, "a packet at each of %u places: %u", PAGE / 8, good);
	ok(close_rings(&c), "closed");
}

/* Wait, without the help of interrupts, until @n packets are there, and read them. */
static unsigned int drain(struct channel *c, unsigned int n)
{
	u64 end = now_us() + TIMEOUT_MS * 1000, id;
	unsigned int got = 0;
	u8 buf[64];

	while (got < n && now_us() < end) {
		if (ring_get(&c->in, &id, buf, sizeof(buf)) >= 0)
			got++;
		else
			usleep(200);
	}
	return got;
}

static unsigned int interrupts(struct channel *c)
{
	guest_wait(c->g, c->vp, 0);
	return c->g->interrupts[c->vp];
}

/* The server has read all, and wants to be signalled. */
static bool idle(struct channel *c)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;

	while (now_us() < end) {
		if (__atomic_load_n(&c->out.hdr->read_index, __ATOMIC_ACQUIRE) == c->out.next &&
		    !__atomic_load_n(&c->out.hdr->interrupt_mask, __ATOMIC_ACQUIRE))
			return true;
		usleep(200);
	}
	return false;
}

/* Queue @n packets, show them at once, and signal at most once.  True if it was due. */
static bool batch(struct channel *c, unsigned int n)
{
	unsigned int i;
	bool due;

	for (i = 0; i < n; i++)
		ring_put(&c->out, i, "12345678", 8);
	due = ring_push(&c->out);
	if (due)
		channel_kick(c);
	return due;
}

/* One signal from either side per batch, and none if the other side does not want it. */
static void test_batches(struct bed *b)
{
	unsigned int i, kicks = 0, got = 0, before, events = 0;
	struct channel c;

	ok(open_rings(&c, b, 4, 4), "rings");
	usleep(LOOKED_MS * 1000);
	before = interrupts(&c);
	for (i = 0; i < 50 && idle(&c); i++) {
		channel_event(&c);
		kicks += batch(&c, BATCH);
		got += drain(&c, BATCH);
		ring_pop(&c.in);
		events += channel_wait(&c, TIMEOUT_MS);
	}
	usleep(QUIET_MS * 1000);
	ok(got == 50 * BATCH && kicks == 50, "50 batches of %u packets, %u signals, %u came back",
	   BATCH, kicks, got);
	before = interrupts(&c) - before;
	ok(before == 50 && events == 50, "by %u interrupts", before);

	/* It is told that we are awake. */
	c.in.hdr->interrupt_mask = 1;
	channel_event(&c);
	before = interrupts(&c);
	ok(batch(&c, BATCH) && drain(&c, BATCH) == BATCH, "a batch while interrupts are masked");
	usleep(QUIET_MS * 1000);
	ok(interrupts(&c) == before && !channel_event(&c), "there is none");
	ring_pop(&c.in);
	c.in.hdr->interrupt_mask = 0;

	/* It sees that we are behind. */
	ok(idle(&c) && batch(&c, 1) && channel_wait(&c, TIMEOUT_MS), "a packet, not yet read");
	before = interrupts(&c);
	ok(idle(&c) && batch(&c, BATCH) && drain(&c, BATCH + 1) == BATCH + 1,
	   "and a batch behind it");
	usleep(QUIET_MS * 1000);
	ok(interrupts(&c) == before && !channel_event(&c), "no interrupt for that");
	ring_pop(&c.in);
	ok(idle(&c) && batch(&c, 1) && channel_wait(&c, TIMEOUT_MS) && drain(&c, 1) == 1,
	   "one for the next");
	ring_pop(&c.in);
	ok(close_rings(&c), "closed");
}

/* The server cannot go on: the ring toward us is full. */
static void test_full_in(struct bed *b)
{
	u32 size = ring_packet_size(1000), pending;
	unsigned int fit, sent, got = 0;
	u8 buf[1000] = { };
	struct channel c;
	bool due = false;
	u64 id;

	ok(open_rings(&c, b, 8, 2), "a ring of one page from the server");
	fit = (PAGE - 8) / size;
	for (sent = 0; sent < 3 * fit; sent++)
		ring_put(&c.out, sent, buf, sizeof(buf));
	channel_send(&c);
	ok(channel_wait(&c, TIMEOUT_MS), "packets come");
	usleep(QUIET_MS * 1000);
	pending = c.in.hdr->pending_send_sz;
	ok(c.in.hdr->write_index == fit * size && pending >= size && pending < PAGE,
	   "as many as there is room for: %u; the server waits for %u bytes", fit, pending);
	/* All but the last that make the room it waits for. */
	while (PAGE - 8 - (fit - got) * size + size < pending)
		got += ring_get(&c.in, &id, buf, sizeof(buf)) >= 0 ? 1 : fit;
	ok(!ring_pop(&c.in), "with less room no signal is due");
	usleep(QUIET_MS * 1000);
	ok(c.in.hdr->write_index == fit * size, "and nothing comes");
	while (!due && ring_get(&c.in, &id, buf, sizeof(buf)) >= 0) {
		got++;
		due = ring_pop(&c.in);
	}
	ok(due, "with enough a signal is due");
	channel_kick(&c);
	while (got < sent && channel_wait(&c, TIMEOUT_MS)) {
		while (ring_get(&c.in, &id, buf, sizeof(buf)) >= 0)
			got++;
		channel_receive(&c);
	}
	ok(got == sent && !c.in.hdr->pending_send_sz, "all %u packets came: %u", sent, got);
	ok(close_rings(&c), "closed");
}

/* Read until @n packets came. */
static unsigned int receive(struct channel *c, unsigned int n)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	unsigned int got = 0;

	while (got < n && now_us() < end) {
		u64 id;
		u8 buf[1000];

		if (ring_get(&c->in, &id, buf, sizeof(buf)) < 0) {
			channel_receive(c);
			usleep(200);
		} else {
			got++;
		}
	}
	channel_receive(c);
	return got;
}

/* We cannot go on: both rings are full. */
static void test_full_out(struct bed *b, u32 want)
{
	unsigned int sent = 0, last, before;
	u8 buf[1000] = { };
	struct channel c;

	ok(open_rings(&c, b, 2, 2), "rings of one page");
	usleep(LOOKED_MS * 1000);
	do {
		last = sent;
		while (ring_put(&c.out, sent, buf, sizeof(buf)))
			sent++;
		channel_send(&c);
		usleep(QUIET_MS * 1000);
	} while (sent != last && sent < 100);
	/* One is on its way between the rings. */
	ok(sent == 2 * (PAGE / ring_packet_size(sizeof(buf)) - 1) + 1,
	   "both are full after %u packets", sent);
	/* Only a signal for room can come now. */
	c.in.hdr->interrupt_mask = 1;
	channel_event(&c);
	before = interrupts(&c);
	c.out.hdr->pending_send_sz = want;
	last = receive(&c, sent);
	ok(last == sent, "all packets came: %u", last);
	usleep(QUIET_MS * 1000);
	if (want)
		ok(interrupts(&c) - before == 1 && channel_event(&c),
		   "one interrupt when there were %u bytes of room", want);
	else
		ok(interrupts(&c) == before && !channel_event(&c), "no interrupt if nobody waits");
	ok(close_rings(&c), "closed");
}

/* A packet that cannot come back is dropped; the next one does. */
static void test_too_long(struct bed *b)
{
	static u8 buf[5000];
	struct channel c;

	ok(open_rings(&c, b, 4, 2), "a ring of one page from the server");
	ring_put(&c.out, 0, buf, sizeof(buf));
	channel_send(&c);
	ok(idle(&c) && !c.in.hdr->write_index, "a longer packet does not come back");
	ok(echo(&c, 100, 8, 1000, 1), "others do");
	ok(close_rings(&c), "closed");
}

/* What kills a ring, until it is opened again. */
static void test_corrupt(struct bed *b)
{
	static const struct {
		const char *what;
		struct vmpacket_descriptor d;
		u32 write_index;	/* if not 0 */
		u32 bytes;		/* shown of it, if not 0 */
	} cases[] = {
		{ "a type that is none", { .type = 5, .offset8 = 2, .len8 = 3 } },
		{ "data within the descriptor", { .type = 6, .offset8 = 1, .len8 = 3 } },
		{ "data behind the packet", { .type = 6, .offset8 = 4, .len8 = 3 } },
		{ "a length of 0", { .type = 6 } },
		{ "a length behind what was written", { .type = 6, .offset8 = 2, .len8 = 4 } },
		{ "the longest length", { .type = 6, .offset8 = 2, .len8 = 0xffff } },
		{ "an unknown flag", { .type = 6, .offset8 = 2, .len8 = 3, .flags = 2 } },
		{ "GPA direct without ranges", { .type = 9, .offset8 = 3, .len8 = 3 } },
		{ "GPA direct without its header", { .type = 9, .offset8 = 2, .len8 = 3 } },
		{ "half a descriptor", { .type = 6, .offset8 = 2, .len8 = 3 }, .bytes = 8 },
		{ "no footer", { .type = 6, .offset8 = 2, .len8 = 3 }, .bytes = 24 },
		{ "an odd index", { .type = 6, .offset8 = 2, .len8 = 3 }, .write_index = 33 },
		{ "an index behind the ring", { .type = 6, .offset8 = 2, .len8 = 3 },
		  .write_index = 3 * PAGE },
		{ "a very large index", { .type = 6, .offset8 = 2, .len8 = 3 },
		  .write_index = 0xfffffff8 },
	};
	u8 rest[16] = { };
	struct channel c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool good = open_rings(&c, b, 4, 4) && idle(&c);

		ring_put_raw(&c.out, &cases[i].d, sizeof(cases[i].d));
		ring_put_raw(&c.out, rest, sizeof(rest));
		if (cases[i].bytes)
			c.out.next = cases[i].bytes;
		if (cases[i].write_index)
			c.out.next = cases[i].write_index;
		channel_send(&c);
		usleep(QUIET_MS * 1000);
		/* What was good before may not help it on. */
		c.out.next = 0;
		c.out.published = 0;
		ring_put(&c.out, 1, "12345678", 8);
		ring_push(&c.out);
		channel_kick(&c);
		usleep(QUIET_MS * 1000);
		ok(good && !c.in.hdr->write_index && !c.out.hdr->read_index,
		   "%s kills the ring", cases[i].what);
		ok(close_rings(&c) && bed_echo(b, 10), "until it is opened again");
	}

	ok(open_rings(&c, b, 4, 4) && idle(&c), "rings");
	c.in.hdr->read_index = 12;
	batch(&c, 1);
	usleep(QUIET_MS * 1000);
	ok(!c.in.hdr->write_index, "a bad read index kills the ring toward us");
	ok(close_rings(&c) && bed_echo(b, 10), "until it is opened again");
}

/**
 * test_ring - packets
 */
void test_ring(void)
{
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		test_shapes(&b);
		test_wrap(&b);
		test_too_long(&b);
		test_corrupt(&b);
	}
	bed_down(&b);
}

/**
 * test_signal - signals and interrupts
 */
void test_signal(void)
{
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		test_batches(&b);
		test_full_in(&b);
		test_full_out(&b, 0);
		test_full_out(&b, 1032);
		test_full_out(&b, PAGE - 8);
		ok(bed_echo(&b, 10), "a channel works");
	}
	bed_down(&b);
}
