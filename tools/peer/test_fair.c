// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fast and a slow disk on one controller: LUN 0 and LUN 1.  The guest has more for the slow
 * one than the channel has room for, and sends it as Linux does: what was answered with BUSY
 * goes again when a command of that disk is done.
 */
#include <string.h>
#include "disk.h"

#define RING_PAGES	17		/* room for all of it */
#define SLOW		300U		/* commands that wait, more than a channel has room for */
#define FAST		400U		/* reads of the fast disk, one after the other */
#define ROUNDS		4U		/* at least, and no more than */
#define MOST_ROUNDS	16U
#define ATTENTIONS	4U
#define RESETS		5U
#define SUB_SLOW	100U		/* that take several times as long as one */
#define OTHER_GPADL	0xe5e5U
#define KEEPS		80U		/* percent of its speed, at least */
#define RESET_ID	999999ULL
#define SLOW_ID		1000000ULL	/* and more */

/**
 * struct pair - both disks
 * @c: channel
 * @id: of the last command of the fast disk
 * @slow_id: of that of the slow one
 * @slow: commands of the slow disk under way
 * @parked: its commands that are to go again
 * @done: its commands that are done
 * @busy: its answers that were BUSY
 * @reset: a reset is not answered yet
 */
struct pair {
	struct channel c;
	u64 id;
	u64 slow_id;
	unsigned int slow;
	unsigned int parked;
	unsigned int done;
	unsigned int busy;
	bool reset;
};

static bool slow_put(struct pair *d)
{
	struct transfer t = disk_rw(true, 0, 1, 1);

	t.lun = 1;
	d->slow++;
	return disk_put(&d->c, SLOW_ID + d->slow_id++, &t);
}

/* TEST UNIT READY, until the disk has no more to tell of itself. */
static bool disk_ready(struct pair *d, u8 lun)
{
	struct transfer t = { .lun = lun };
	struct storvsp_packet p;
	unsigned int i;
	u64 id;

	for (i = 0; i < ATTENTIONS; i++) {
		if (!disk_put(&d->c, ++d->id, &t))
			return false;
		channel_send(&d->c);
		if (!disk_take(&d->c, &id, &p))
			return false;
		if (!p.hdr.status)
			return true;
	}
	return false;
}

/* @again: one that is done makes room for a new one, and for one that is parked. */
static bool slow_answered(struct pair *d, const struct storvsp_packet *p, bool again)
{
	unsigned int n = 0;

	d->slow--;
	if (p->srb.srb_status == SRB_STATUS_BUSY) {
		d->busy++;
		d->parked++;
		return true;
	}
	if (p->hdr.status)
		return false;
	d->done++;
	if (again) {
		n = 1 + !!d->parked;
		d->parked -= n - 1;
	}
	while (n--)
		if (!slow_put(d))
			return false;
	channel_send(&d->c);
	return true;
}

/* It comes last of all that was asked for before. */
static bool reset_answered(struct pair *d, const struct storvsp_packet *p)
{
	bool due = d->reset && !d->slow && !p->hdr.status;

	d->reset = false;
	return due;
}

/* Takes answers until that of @want has come, or if it is 0 one of the slow disk. */
static bool take(struct pair *d, u64 want, bool again)
{
	struct storvsp_packet p;
	u64 id;

	for (;;) {
		if (!disk_take(&d->c, &id, &p)) {
			note("no answer %llu; %u slow commands under way", want, d->slow);
			return false;
		}
		if (id == RESET_ID ? !reset_answered(d, &p) :
		    id < SLOW_ID ? id != want || p.hdr.status : !slow_answered(d, &p, again)) {
			note("answer %llu: status %#x; %u slow commands under way", id,
			     p.hdr.status, d->slow);
			return false;
		}
		if (id == want || (!want && id >= SLOW_ID))
			return true;
	}
}

/* Microseconds that reads of the fast disk take, 0 if one fails. */
static u64 fast_reads(struct pair *d)
{
	struct transfer t = disk_rw(true, 0, 0, 1);
	u64 start = now_us();
	unsigned int i;

	for (i = 0; i < FAST; i++) {
		if (!disk_put(&d->c, ++d->id, &t))
			return 0;
		channel_send(&d->c);
		if (!take(d, d->id, true))
			return 0;
	}
	return now_us() - start;
}

static bool slow_start(struct pair *d)
{
	unsigned int i;

	d->parked = 0;
	for (i = 0; i < SLOW; i++)
		if (!slow_put(d))
			return false;
	channel_send(&d->c);
	/* Not before they are where they wait */
	return take(d, 0, true);
}

static bool slow_end(struct pair *d)
{
	while (d->slow)
		if (!take(d, 0, false))
			return false;
	return true;
}

/* @alone, @beside: of each the best round, which is out when another one has been. */
static bool speed_round(struct pair *d, unsigned int round, u64 *alone, u64 *beside)
{
	u64 us = fast_reads(d);

	*alone = us < *alone ? us : *alone;
	if (!ok(us, "round %u: reads of the fast disk", round) ||
	    !ok(slow_start(d), "more commands of the slow one than there is room for"))
		return false;
	us = fast_reads(d);
	*beside = us < *beside ? us : *beside;
	return ok(us, "reads of the fast one") && ok(d->slow, "while the slow one works") &&
	       ok(slow_end(d), "which does all it was given");
}

/*
 * What else the machine does only makes a round longer, so the best of some count; more of
 * them help a busy machine, and not a disk that waits for another one.
 */
static void test_speed(struct pair *d)
{
	u64 alone = ~0ULL, beside = ~0ULL;
	unsigned int i = 0;
	bool kept = false;

	while (i < ROUNDS || (!kept && i < MOST_ROUNDS)) {
		if (!speed_round(d, ++i, &alone, &beside))
			return;
		kept = alone * 100 >= beside * KEEPS;
	}
	note("%u reads: %llu us alone, %llu us beside; the slow disk: %u done, %u times BUSY",
	     FAST, alone, beside, d->done, d->busy);
	ok(d->busy, "some were answered with BUSY");
	ok(kept, "the fast disk keeps %u %% of its speed", KEEPS);
}

/*
 * A reset among commands of the slow disk, then a read of the fast one: it need not wait for
 * the reset.  @first: out: it was answered before, as it is unless it takes as long as the
 * slow commands.
 */
static bool reset_round(struct pair *d, bool *first)
{
	struct transfer t = disk_rw(true, 0, 0, 1);
	struct storvsp_packet p = { .hdr.operation = STORVSP_RESET_LUN };

	if (!slow_start(d) || !disk_ask(&d->c, RESET_ID, &p))
		return false;
	d->reset = true;
	if (!disk_put(&d->c, ++d->id, &t))
		return false;
	channel_send(&d->c);
	if (!take(d, d->id, false))
		return false;
	*first = d->reset;
	return slow_end(d) && (!d->reset || take(d, RESET_ID, false));
}

static void test_reset(struct pair *d)
{
	unsigned int i, before = 0;
	bool first, good = true;

	for (i = 0; good && i < RESETS; i++) {
		good = reset_round(d, &first);
		before += good && first;
	}
	ok(good, "%u resets, each answered after what came before it", RESETS);
	note("reads that came later were answered before %u of them", before);
	ok(before, "later reads do not wait for a reset");
}

static bool sub_open(struct pair *d, struct channel *sub)
{
	struct storvsp_packet p = {
		.hdr.operation = STORVSP_CREATE_SUB_CHANNELS,
		.subchannels = 1,
	};
	union message a;

	if (!disk_control(&d->c, &p) || p.hdr.status ||
	    guest_receive(d->c.g, &a) != sizeof(a.offer) || a.hdr.type != VMBUS_MSG_OFFER)
		return false;
	channel_init(sub, d->c.g, &a.offer);
	return channel_open(sub, PAGE_RINGS + 2 * RING_PAGES, RING_PAGES, RING_PAGES);
}

/* Commands of the slow disk, of which most are under way on return. */
static bool sub_slow(struct channel *sub)
{
	struct transfer t = disk_rw(true, 0, 1, 1);
	struct storvsp_packet p;
	u64 id;

	t.lun = 1;
	for (id = 0; id < SUB_SLOW; id++)
		if (!disk_put(sub, id, &t))
			return false;
	channel_send(sub);
	return disk_take(sub, &id, &p);
}

static bool sub_gone(struct guest *g, const struct channel *sub)
{
	struct vmbus_channel_msg released = {
		.hdr.type = VMBUS_MSG_RELID_RELEASED,
		.channel_id = sub->id,
	};
	union message a;

	return guest_receive(g, &a) == sizeof(a.channel) && a.hdr.type == VMBUS_MSG_RESCIND &&
	       a.channel.channel_id == sub->id && guest_teardown(g, sub->id, sub->gpadl) &&
	       guest_post(g, &released, sizeof(released));
}

/*
 * The guest closes a sub-channel that the slow disk keeps busy, and then the controller.
 * Its sub-channel goes only after that, and everybody else is served meanwhile.
 */
static void test_close(struct pair *d)
{
	struct guest *g = d->c.g;
	struct channel sub = { };

	if (!ok(sub_open(d, &sub) && sub_slow(&sub), "a sub-channel with slow commands"))
		return;
	channel_close(&sub);
	channel_close(&d->c);
	ok(guest_gpadl(g, d->c.id, OTHER_GPADL, PAGE_SCRATCH, 1),
	   "closed: the server answers before they are done");
	ok(sub_gone(g, &sub), "then the sub-channel goes");
	ok(guest_teardown(g, d->c.id, OTHER_GPADL) && guest_teardown(g, d->c.id, d->c.gpadl),
	   "and the controller");
}

/**
 * test_fair - a fast and a slow disk
 */
void test_fair(void)
{
	struct pair d = { };
	struct bed b;

	bed_up(&b);
	if (ok(bed_contact(&b, VMBUS_VERSION(5, 3), 0) && disk_find(&b, &d.c), "a controller") &&
	    ok(channel_open(&d.c, PAGE_RINGS, RING_PAGES, RING_PAGES) && disk_init(&d.c, NULL),
	       "it is initialized")) {
		if (ok(disk_ready(&d, 0) && disk_ready(&d, 1), "with two disks")) {
			test_speed(&d);
			test_reset(&d);
		}
		test_close(&d);
	}
	bed_down(&b);
}
