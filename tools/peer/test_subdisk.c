// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk with sub-channels: each takes commands as the primary channel does, and they
 * come and go with it.
 */
#include <stdlib.h>
#include <string.h>
#include "disk.h"

#define RING_PAGES	4
#define SUBS		4U		/* that the controller may have */
#define CHANNELS	(SUBS + 1)
#define PER_CHANNEL	4U		/* commands under way on each */
#define ROUNDS		20

/**
 * struct disk - the controller
 * @b: bed
 * @c: its channels, the primary one first
 * @n: how many
 */
struct disk {
	struct bed *b;
	struct channel c[CHANNELS];
	unsigned int n;
};

static bool disk_open(struct disk *d, unsigned int i)
{
	d->c[i].vp = i % VPS;
	return channel_open(&d->c[i], PAGE_RINGS + i * 2 * RING_PAGES, RING_PAGES, RING_PAGES);
}

/* Asks for sub-channels, and returns the status of the answer. */
static u32 disk_ask_subs(struct channel *c, u16 n)
{
	struct storvsp_packet p = {
		.hdr.operation = STORVSP_CREATE_SUB_CHANNELS,
		.subchannels = n,
	};

	return disk_control(c, &p) ? p.hdr.status : ~0U;
}

/* Takes offers of sub-channels until there are @want, all together. */
static bool disk_take_subs(struct disk *d, unsigned int want)
{
	struct vmbus_offer_msg *o;
	union message a;

	for (; d->n < want + 1; d->n++) {
		o = &a.offer;
		if (guest_receive(&d->b->g, &a) != sizeof(*o) ||
		    a.hdr.type != VMBUS_MSG_OFFER || o->subchannel != d->n) {
			note("no offer of sub-channel %u", d->n);
			return false;
		}
		channel_init(&d->c[d->n], &d->b->g, o);
	}
	return guest_quiet(&d->b->g);
}

static bool disk_open_subs(struct disk *d)
{
	unsigned int i, good = 1;

	for (i = 1; i < d->n; i++)
		good += disk_open(d, i);
	return good == d->n;
}

/* Written by one channel, read by the next. */
static bool disk_all_work(struct disk *d, u64 seed)
{
	struct transfer t;
	unsigned int i;

	for (i = 0; i < d->n; i++) {
		fill_page(d->b, 0, seed + i);
		memset(scratch(d->b, 1), 0, PAGE);
		t = disk_rw(false, i, 0, 1);
		if (!disk_do(&d->c[i], &t))
			return false;
		t = disk_rw(true, i, 1, 1);
		if (!disk_do(&d->c[(i + 1) % d->n], &t) ||
		    memcmp(scratch(d->b, 0), scratch(d->b, 1), PAGE))
			return false;
	}
	return true;
}

/* Reads on all channels at once: page P of the disk to page P of the scratch memory. */
static bool disk_put_all(struct disk *d)
{
	unsigned int i, k, page;
	struct transfer t;

	for (i = 0; i < d->n; i++) {
		for (k = 0; k < PER_CHANNEL; k++) {
			page = i * PER_CHANNEL + k;
			t = disk_rw(true, page, page, 1);
			if (!disk_put(&d->c[i], page, &t))
				return false;
		}
		channel_send(&d->c[i]);
	}
	return true;
}

static bool disk_take_all(struct disk *d)
{
	unsigned int i;

	for (i = 0; i < d->n; i++)
		if (!disk_answers(&d->c[i], i * PER_CHANNEL, PER_CHANNEL))
			return false;
	return true;
}

/* A reset of one channel among commands of all. */
static bool disk_reset(struct disk *d, unsigned int by)
{
	struct storvsp_packet p = { .hdr.operation = STORVSP_RESET_BUS };

	return disk_put_all(d) && disk_ask(&d->c[by], 1000, &p) && disk_take_all(d) &&
	       disk_answer(&d->c[by], 1000);
}

static bool disk_stop(struct disk *d, u8 *copy, unsigned int ms)
{
	bool good;

	if (!disk_put_all(d) || !bed_stop(d->b))
		return false;
	memcpy(copy, d->b->m.ram, (size_t)RAM_PAGES * PAGE);
	good = bed_still(d->b, copy, ms);
	return bed_start(d->b) && disk_take_all(d) && good;
}

static void test_stopped(struct disk *d)
{
	u8 *copy = malloc((size_t)RAM_PAGES * PAGE);
	u64 seed = opt.seed;
	unsigned int i;

	if (!copy)
		die("a copy of the memory");
	for (i = 0; i < ROUNDS && disk_stop(d, copy, 1 + rnd_below(&seed, 20));)
		i++;
	ok(i == ROUNDS, "stopped %u times among commands of all: nothing moves, then all comes", i);
	free(copy);
}

static void test_one_closed(struct disk *d)
{
	channel_close(&d->c[2]);
	ok(guest_teardown(&d->b->g, d->c[2].id, d->c[2].gpadl) && disk_open(d, 2) &&
	   disk_all_work(d, 20), "a sub-channel is closed and opened again");
}

static struct channel *disk_sub(struct disk *d, u32 id)
{
	unsigned int i;

	for (i = 1; i < d->n; i++)
		if (d->c[i].id == id)
			return &d->c[i];
	return NULL;
}

/* The sub-channels go, each once, when the primary channel is closed. */
static bool disk_close(struct disk *d)
{
	struct vmbus_channel_msg released = { .hdr.type = VMBUS_MSG_RELID_RELEASED };
	struct guest *g = &d->b->g;
	struct channel *gone[CHANNELS];
	unsigned int i, n = d->n;
	union message a;

	channel_close(&d->c[0]);
	for (i = 1; i < n; i++) {
		if (guest_receive(g, &a) != sizeof(a.channel) || a.hdr.type != VMBUS_MSG_RESCIND)
			return false;
		gone[i] = disk_sub(d, a.channel.channel_id);
		if (!gone[i])
			return false;
	}
	for (i = 1; i < n; i++) {
		released.channel_id = gone[i]->id;
		if (!guest_teardown(g, gone[i]->id, gone[i]->gpadl) ||
		    !guest_post(g, &released, sizeof(released)))
			return false;
	}
	d->n = 1;
	return guest_teardown(g, d->c[0].id, d->c[0].gpadl);
}

static void test_channels(struct disk *d)
{
	unsigned int i;

	ok(disk_ask_subs(&d->c[0], SUBS + 1) == STORVSP_STATUS_INVALID_PARAMETER &&
	   guest_quiet(&d->b->g), "more sub-channels than there may be: none");
	ok(!disk_ask_subs(&d->c[0], SUBS - 1) && disk_take_subs(d, SUBS - 1),
	   "%u sub-channels are offered", SUBS - 1);
	ok(!disk_ask_subs(&d->c[0], SUBS) && disk_take_subs(d, SUBS), "and one more");
	if (!ok(disk_open_subs(d), "all of them open"))
		return;
	ok(disk_all_work(d, 1), "what one channel has written the next one reads");
	ok(disk_ask_subs(&d->c[1], 1) == STORVSP_STATUS_INVALID_DEVICE_REQUEST,
	   "a sub-channel has none of its own");
	for (i = 0; i < ROUNDS && disk_reset(d, i % CHANNELS);)
		i++;
	ok(i == ROUNDS, "%u resets of one channel among commands of all: all is answered", i);
	test_stopped(d);
	test_one_closed(d);
}

/**
 * test_subdisk - a disk of the guest's server with sub-channels
 */
void test_subdisk(void)
{
	struct disk d = { .n = 1 };
	struct bed b;
	u16 max = 0;

	d.b = &b;
	bed_up_with(&b, VMBUS_PARTITION_F_STOP);
	if (!ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && disk_find(&b, &d.c[0]) &&
		disk_open(&d, 0) && disk_init(&d.c[0], &max) && max == SUBS,
		"a controller that may have %u sub-channels", SUBS)) {
		bed_down(&b);
		return;
	}
	test_channels(&d);
	ok(disk_close(&d), "closed: the sub-channels go");
	ok(disk_open(&d, 0) && disk_init(&d.c[0], &max) && !disk_ask_subs(&d.c[0], 2) &&
	   disk_take_subs(&d, 2) && disk_open_subs(&d) && disk_all_work(&d, 40),
	   "opened again, with 2 sub-channels");
	/* It dies with all of them open. */
	bed_down(&b);
}
