// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk of the guest's server: what its commands do to the guest's memory, as the
 * dirty log and a stopped guest show it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk.h"

#define RING_PAGES	4
#define DISK_PAGES	16U		/* that are used */
#define STOPS		20
#define BATCH		32U
#define BATCHES		20U

/* Of the scratch pages exactly those from @first on are dirty; all others do not matter. */
static bool only_dirty(struct bed *b, unsigned int first, unsigned int n)
{
	u8 bits[LOG_BYTES];
	unsigned int page;
	bool want;

	if (log_fetch(b, bits) < 0)
		return false;
	for (page = 0; page < SCRATCH_PAGES; page++) {
		want = page >= first && page < first + n;
		if (want != log_has(bits, PAGE_SCRATCH + page)) {
			note("page %u is %s", page, want ? "clean" : "dirty");
			return false;
		}
	}
	return true;
}

/* A counter of the channel, in the server's directory. */
static u64 chan_counter(struct channel *c, const char *name)
{
	unsigned long long n = ~0ULL;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/vmbus_srv/%s/channels/%u/%s", opt.partition,
		 c->id, name);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &n) != 1)
		note("cannot read %s", path);
	if (f)
		fclose(f);
	return n;
}

/* How much of the guest's memory was copied and pinned, all together. */
struct moved {
	u64 bytes;
	u64 pages;
};

/*
 * The command copies so many bytes and pins so many pages, no less and no more.  Pages are
 * counted when the batch ends, which may be after the answer; too many are found by the
 * next command.
 */
static bool disk_moves(struct channel *c, const struct transfer *t, struct moved *m, u64 bytes,
		       u64 pages)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	struct moved now;

	if (!disk_do(c, t))
		return false;
	m->bytes += bytes;
	m->pages += pages;
	do {
		now.bytes = chan_counter(c, "data_copied_bytes");
		now.pages = chan_counter(c, "data_pinned_pages");
		if (now.bytes == m->bytes && now.pages == m->pages)
			return true;
		usleep(1000);
	} while (now.bytes <= m->bytes && now.pages <= m->pages && now_us() < end);
	note("%llu bytes copied instead of %llu, %llu pages pinned instead of %llu",
	     now.bytes, m->bytes, now.pages, m->pages);
	*m = now;
	return false;
}

static void test_moved(struct channel *c)
{
	struct moved m = { chan_counter(c, "data_copied_bytes"),
			   chan_counter(c, "data_pinned_pages") };
	struct transfer t = disk_rw(false, 0, 0, 2);

	ok(disk_moves(c, &t, &m, 0, 2), "a write of two pages: none is copied, two are pinned");
	t = disk_rw(true, 0, 4, 2);
	ok(disk_moves(c, &t, &m, 0, 2), "nor for a read");
	t = disk_rw(true, 0, 4, 1);
	t.offset = SECTOR;
	ok(disk_moves(c, &t, &m, 0, 2), "nor across two pages");
	t.cdb[8] = 1;
	t.len = SECTOR;
	ok(disk_moves(c, &t, &m, 0, 1), "nor for a sector in one page");
	t.offset = 4;
	ok(disk_moves(c, &t, &m, SECTOR, 1), "a read to an odd address copies the sector");
	t.in = false;
	t.cdb[0] = 0x2a;
	ok(disk_moves(c, &t, &m, SECTOR, 1), "a write from there, too");
	t = disk_rw(true, 0, 4, 1);
	t.offset = 1;
	ok(disk_moves(c, &t, &m, PAGE, 2), "a page to an odd address is copied, two are pinned");
	t = (struct transfer) { .cdb = { 0x12, 0, 0, 0, 36 }, .page = 4, .len = 36, .in = true };
	ok(disk_moves(c, &t, &m, 36, 1), "36 bytes of INQUIRY are copied");
	t = (struct transfer) { .cdb = { 0xa0, [9] = 16 }, .page = 4, .len = 16, .in = true };
	ok(disk_moves(c, &t, &m, 16, 1), "as many as REPORT LUNS has");
	t = (struct transfer) { .cdb = { 0x35 } };
	ok(disk_moves(c, &t, &m, 0, 0), "a command without data does neither");
}

static void test_commands(struct bed *b, struct channel *c)
{
	struct transfer t = disk_rw(false, 0, 0, 2);
	u32 half = PAGE / 2;

	fill_page(b, 0, 1);
	fill_page(b, 1, 2);
	ok(disk_do(c, &t) && only_dirty(b, 0, 0), "a write: the guest's pages are clean");
	t = disk_rw(true, 0, 4, 2);
	ok(disk_do(c, &t) && !memcmp(scratch(b, 4), scratch(b, 0), 2 * PAGE), "it is on the disk");
	ok(only_dirty(b, 4, 2), "a read: its pages are dirty");
	t = disk_rw(true, 0, 8, 1);
	t.offset = half;
	ok(disk_do(c, &t) && !memcmp(scratch(b, 8) + half, scratch(b, 0), PAGE) &&
	   only_dirty(b, 8, 2), "a read across two pages");
	t.offset = 4;
	ok(disk_do(c, &t) && !memcmp(scratch(b, 8) + 4, scratch(b, 0), PAGE) &&
	   only_dirty(b, 8, 2), "a read that disks could not do, through a buffer");
	t = (struct transfer) { .cdb = { 0x12, 0, 0, 0, 36 }, .page = 12, .len = 36, .in = true };
	ok(disk_do(c, &t) && !memcmp(scratch(b, 12) + 8, "LIO-ORG", 7) && only_dirty(b, 12, 1),
	   "INQUIRY");
	t = (struct transfer) { .cdb = { 0xa0, [9] = 16 }, .page = 13, .len = 16, .in = true };
	ok(disk_do(c, &t) && scratch(b, 13)[3] == 8 && only_dirty(b, 13, 1), "REPORT LUNS");
	t = (struct transfer) { .cdb = { 0x35 } };
	ok(disk_do(c, &t) && only_dirty(b, 0, 0), "a command without data");
}

/* So many answers are in the ring, and not taken yet. */
static bool answers_wait(struct channel *c, unsigned int n)
{
	u32 size = ring_packet_size(sizeof(struct storvsp_packet));
	u32 want = (c->in.next + n * size) % c->in.size;
	u64 end = now_us() + TIMEOUT_MS * 1000;

	while (__atomic_load_n(&c->in.hdr->write_index, __ATOMIC_ACQUIRE) != want) {
		if (now_us() > end)
			return false;
		usleep(1000);
	}
	return true;
}

/* The guest signals once for many commands, and is interrupted once for all answers. */
static void test_batch(struct bed *b, struct channel *c)
{
	u64 *interrupts = &b->g.interrupts[c->vp], before;
	unsigned int round, i, good = 0;
	struct transfer t;

	while (guest_wait(&b->g, c->vp, 0) || channel_event(c))
		;
	for (round = 0; round < BATCHES; round++) {
		before = *interrupts;
		for (i = 0; i < BATCH; i++) {
			t = disk_rw(true, i % DISK_PAGES, i, 1);
			disk_put(c, i, &t);
		}
		channel_send(c);
		if (!answers_wait(c, BATCH) || !disk_answers(c, 0, BATCH))
			break;
		/* disk_answers() has found all of them without having to wait. */
		while (guest_wait(&b->g, c->vp, 0) || channel_event(c))
			;
		if (*interrupts - before == 1)
			good++;
		else
			note("%llu interrupts", *interrupts - before);
	}
	ok(good == BATCHES, "%u times %u commands and one signal: one interrupt each", good, BATCH);
}

/* Stopped with commands on their way: what has not come by then comes afterwards. */
static bool stop_once(struct bed *b, struct channel *c, u8 *copy, u64 *seed)
{
	unsigned int page, dirty = 0;
	u8 bits[LOG_BYTES];
	bool good = true;
	struct transfer t;

	memset(scratch(b, 0), 0, DISK_PAGES * PAGE);
	for (page = 0; page < DISK_PAGES; page++) {
		t = disk_rw(true, page, page, 1);
		good &= disk_put(c, page, &t);
		if (page == rnd_below(seed, DISK_PAGES))
			channel_send(c);
	}
	channel_send(c);
	if (!good || !bed_stop(b))
		return false;
	memcpy(copy, b->m.ram, (size_t)RAM_PAGES * PAGE);
	good = bed_still(b, copy, 1 + rnd_below(seed, 20));
	good &= bed_start(b);
	if (!disk_answers(c, 0, DISK_PAGES))
		return false;
	good &= log_fetch(b, bits) > 0;
	for (page = 0; page < DISK_PAGES; page++) {
		dirty += log_has(bits, PAGE_SCRATCH + page);
		good &= !memcmp(scratch(b, page), scratch(b, DISK_PAGES + page), PAGE);
	}
	return good && dirty == DISK_PAGES;
}

static void test_stopped(struct bed *b, struct channel *c)
{
	u8 *copy = malloc((size_t)RAM_PAGES * PAGE);
	unsigned int page, i, good = 0;
	u64 seed = opt.seed;
	struct transfer t;

	if (!copy)
		die("a copy of the memory");
	for (page = 0; page < DISK_PAGES; page++) {
		fill_page(b, DISK_PAGES + page, page + 10);
		t = disk_rw(false, page, DISK_PAGES + page, 1);
		good += disk_do(c, &t);
	}
	ok(good == DISK_PAGES, "%u pages on the disk", good);
	for (i = 0, good = 0; i < STOPS && good == i; i++)
		good += stop_once(b, c, copy, &seed);
	ok(good == STOPS, "stopped %u times among reads: nothing moves, and then all comes", good);
	free(copy);
}

/**
 * test_disk - a disk of the guest's server
 */
void test_disk(void)
{
	struct channel c;
	struct bed b;

	bed_up_with(&b, VMBUS_PARTITION_F_DIRTY_LOG | VMBUS_PARTITION_F_STOP);
	ok(log_set(&b, VMBUS_PARTITION_REGION_LOG), "the log is on");
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && disk_find(&b, &c), "a controller") &&
	    ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES) && disk_init(&c, NULL),
	       "it is initialized")) {
		test_commands(&b, &c);
		test_moved(&c);
		test_batch(&b, &c);
		test_stopped(&b, &c);
		channel_close(&c);
		ok(guest_teardown(&b.g, c.id, c.gpadl), "closed");
	}
	bed_down(&b);
}
