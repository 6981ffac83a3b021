// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that is stopped under traffic: its memory does not change, it hears
 * nothing, and afterwards nothing is missing.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "selftest.h"

#define ROUNDS		20
#define RING_PAGES	4

static u8 *copy;

/**
 * bed_stop - STOP
 * @b: bed with VMBUS_PARTITION_F_STOP
 *
 * Return: false if it fails.
 */
bool bed_stop(struct bed *b)
{
	return !ioctl(b->m.fd, VMBUS_PARTITION_STOP);
}

/**
 * bed_start - START
 * @b: bed with VMBUS_PARTITION_F_STOP
 *
 * Return: false if it fails.
 */
bool bed_start(struct bed *b)
{
	return !ioctl(b->m.fd, VMBUS_PARTITION_START);
}

static void keep_copy(struct bed *b)
{
	memcpy(copy, b->m.ram, (size_t)RAM_PAGES * PAGE);
}

/**
 * bed_still - nothing changes, and nobody is interrupted, for a while
 * @b: stopped bed
 * @was: its memory, when it was stopped
 * @ms: for how long
 *
 * Return: true if that is so.
 */
bool bed_still(struct bed *b, const u8 *was, unsigned int ms)
{
	struct pollfd p[VPS];
	unsigned int vp;
	u64 n;

	for (vp = 0; vp < VPS; vp++) {
		/* What came before counts, but not for long. */
		if (read(b->m.calls[vp], &n, sizeof(n)) == sizeof(n))
			b->g.interrupts[vp] += n;
		p[vp] = (struct pollfd) { .fd = b->m.calls[vp], .events = POLLIN };
	}
	return !poll(p, VPS, ms) && !memcmp(was, b->m.ram, (size_t)RAM_PAGES * PAGE);
}

/* Writes as many packets as there is room for; each has a number. */
static void write_packets(struct channel *c, u32 *out, u32 end)
{
	u32 packet[8] = { 1, sizeof(packet) - 8 };

	while (*out < end) {
		packet[2] = *out;
		if (!ring_put(&c->out, *out, packet, sizeof(packet)))
			return;
		++*out;
	}
}

/* Reads what is there; false if it is not what comes next. */
static bool read_packets(struct channel *c, u32 *in)
{
	u32 packet[8];
	int len;
	u64 id;

	while ((len = ring_get(&c->in, &id, packet, sizeof(packet))) != -1) {
		if (len != sizeof(packet) || id != *in || packet[2] != *in) {
			note("packet %u: got %d bytes, id %llu", *in, len, id);
			return false;
		}
		++*in;
	}
	channel_receive(c);
	return true;
}

/* Stopped at any moment: while the server reads, and with packets that it has not seen. */
static bool round_trip(struct bed *b, struct channel *c, u32 *out, u32 *in, u64 *seed)
{
	u32 end = *out + opt.count;

	while (*in < end) {
		write_packets(c, out, end);
		channel_send(c);
		if (rnd_below(seed, 4) == 0) {
			if (!bed_stop(b))
				return false;
			/* A guest may still be at it when it is stopped. */
			write_packets(c, out, end);
			channel_send(c);
			keep_copy(b);
			if (!bed_still(b, copy, rnd_below(seed, 10)) || !bed_start(b))
				return false;
		}
		if (!read_packets(c, in))
			return false;
		if (*in < end && !channel_event(c))
			guest_wait(&b->g, c->vp, 100);
	}
	return true;
}

static void test_traffic(struct bed *b)
{
	u32 out = 0, in = 0;
	u64 seed = opt.seed;
	unsigned int i, good;
	struct channel c;

	channel_init(&c, &b->g, &b->echo);
	ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "open");
	for (good = 0, i = 0; i < ROUNDS; i++)
		good += round_trip(b, &c, &out, &in, &seed);
	ok(good == ROUNDS && out == in, "stopped again and again, %u packets come back", in);
	channel_close(&c);
	ok(guest_teardown(&b->g, c.id, c.gpadl), "closed");
}

static void test_messages(struct bed *b)
{
	struct vmbus_msg_hdr msg = { .type = VMBUS_MSG_UNLOAD };
	struct channel c;
	union message a;

	ok(bed_stop(b) && bed_stop(b), "stopped, twice");
	keep_copy(b);
	ok(monitor_post(&b->m, b->g.connection, &msg, sizeof(msg)) == HV_STATUS_BUSY,
	   "a message is to be tried again");
	ok(monitor_post(&b->m, 0x1234, &msg, sizeof(msg)) == HV_STATUS_BUSY, "so is any other");
	ok(bed_still(b, copy, 50), "nothing changes");
	ok(bed_start(b) && bed_start(b), "started, twice");
	ok(guest_ask(&b->g, &msg, sizeof(msg), &a, VMBUS_MSG_UNLOAD_COMPLETE) == sizeof(msg),
	   "the message is answered");

	ok(bed_connect(b, VMBUS_VERSION(5, 3), 0), "a connection");
	channel_init(&c, &b->g, &b->echo);
	ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "open");
	ok(bed_stop(b), "stopped");
	keep_copy(b);
	monitor_reset(&b->m);
	ok(bed_still(b, copy, 50), "a reset writes nothing, either");
	ok(monitor_post(&b->m, b->g.connection, &msg, sizeof(msg)) == HV_STATUS_BUSY,
	   "the guest is still stopped");
	monitor_set_synic(&b->m, 0);
	monitor_set_synic(&b->m, 1);
	ok(bed_still(b, copy, 50), "also with its SynIC on");
	ok(bed_start(b), "started");
	ok(bed_connect(b, VMBUS_VERSION(5, 3), 0) && bed_echo(b, 10), "a channel works");
}

/**
 * test_stop - STOP and START
 */
void test_stop(void)
{
	struct channel c;
	struct bed b;

	copy = calloc(RAM_PAGES, PAGE);
	if (!copy)
		die("a copy of the memory");
	bed_up_with(&b, VMBUS_PARTITION_F_STOP);
	ok(bed_start(&b), "START of what runs");
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		test_traffic(&b);
		test_messages(&b);
		channel_init(&c, &b.g, &b.echo);
		ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES) && bed_stop(&b),
		   "open, and stopped");
	}
	bed_down(&b);

	/* The next guest is not. */
	bed_up(&b);
	ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && bed_echo(&b, 10), "the next guest runs");
	ok(!bed_stop(&b), "and has no STOP without the feature");
	bed_down(&b);
	free(copy);
}
