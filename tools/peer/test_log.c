// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log, as live migration uses it: a copy of the guest's memory that is
 * only renewed where the log says so must be the guest's memory in the end.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "selftest.h"

#define RING_PAGES	4

static u8 *copy;

/**
 * log_set - log all memory of the guest, or none
 * @b: bed with VMBUS_PARTITION_F_DIRTY_LOG
 * @flags: VMBUS_PARTITION_REGION_LOG or 0
 *
 * Return: false if that fails.
 */
bool log_set(struct bed *b, u32 flags)
{
	struct vmbus_partition_region region = {
		.gpa = RAM_GPA,
		.size = (u64)RAM_PAGES * PAGE,
		.uaddr = (uintptr_t)b->m.ram,
		.flags = flags,
	};
	struct vmbus_partition_mem_table table = {
		.nregions = 1,
		.regions = (uintptr_t)&region,
	};

	return !ioctl(b->m.fd, VMBUS_PARTITION_SET_MEM_TABLE, &table);
}

/**
 * log_fetch - fetch the log of all memory
 * @b: bed
 * @bits: result: LOG_BYTES
 *
 * Return: number of dirty pages, or -errno.
 */
int log_fetch(struct bed *b, u8 *bits)
{
	struct vmbus_partition_dirty_log d = {
		.first = RAM_GPA / PAGE,
		.count = RAM_PAGES,
		.bitmap = (uintptr_t)bits,
	};

	return ioctl(b->m.fd, VMBUS_PARTITION_GET_DIRTY_LOG, &d) ? -errno : (int)d.dirty;
}

/**
 * log_has - is a page dirty?
 * @bits: from log_fetch()
 * @page: page
 *
 * Return: true if it is.
 */
bool log_has(const u8 *bits, unsigned int page)
{
	return bits[page / 8] & 1U << page % 8;
}

/* One round of a migration: what is dirty is sent. */
static int send_dirty(struct bed *b, u8 *bits)
{
	int n = log_fetch(b, bits), found = 0;
	unsigned int page;

	for (page = 0; page < RAM_PAGES; page++) {
		if (!log_has(bits, page))
			continue;
		memcpy(copy + page * PAGE, b->m.ram + page * PAGE, PAGE);
		found++;
	}
	return n == found ? n : -1;
}

/* What the guest itself has written is not in the log: its hypervisor knows. */
static bool is_copy(struct bed *b)
{
	unsigned int page;
	bool same = true;

	for (page = 0; page < RAM_PAGES; page++) {
		if (page == PAGE_INTERRUPTS || !memcmp(copy + page * PAGE, b->m.ram + page * PAGE,
						       PAGE))
			continue;
		note("page %u differs", page);
		same = false;
	}
	return same;
}

/* SynIC pages, and rings that are open. */
static bool is_expected(const u8 *bits, bool rings)
{
	unsigned int page;
	bool want;

	for (page = 0; page < RAM_PAGES; page++) {
		want = page < 2 * VPS || (rings && page >= PAGE_RINGS &&
					  page < PAGE_RINGS + 2 * RING_PAGES);
		if (want != log_has(bits, page)) {
			note("page %u is %s", page, want ? "clean" : "dirty");
			return false;
		}
	}
	return true;
}

static void test_traffic(struct bed *b)
{
	u8 bits[LOG_BYTES];
	unsigned int round, good;
	struct channel c;

	channel_init(&c, &b->g, &b->echo);
	ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "open");
	ok(log_fetch(b, bits) == 2 * VPS + 2 * RING_PAGES && is_expected(bits, true),
	   "SynIC pages and rings are dirty");
	for (good = 0, round = 0; round < 20; round++) {
		good += echo(&c, opt.count / 10 + 1, 8, 1000, opt.seed + round);
		good += send_dirty(b, bits) > 0 && is_expected(bits, true);
	}
	ok(good == 40, "as long as they are in use, whatever happens: %u", good);
	ok(echo(&c, 10, 8, 1000, opt.seed), "the last packets");
	channel_close(&c);
	ok(guest_teardown(&b->g, c.id, c.gpadl), "closed");
	ok(send_dirty(b, bits) > 0 && is_expected(bits, true), "and a last time");
	ok(is_copy(b), "all that was written was dirty");
	ok(send_dirty(b, bits) > 0 && is_expected(bits, false), "then the rings are clean");
}

static void test_switch(struct bed *b)
{
	u8 bits[LOG_BYTES];
	struct channel c;

	ok(log_set(b, 0), "the log is off");
	ok(log_fetch(b, bits) == -ENOENT, "and cannot be fetched");
	channel_init(&c, &b->g, &b->echo);
	ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "open while it is off");
	ok(log_set(b, VMBUS_PARTITION_REGION_LOG), "and on again");
	ok(log_fetch(b, bits) == 2 * VPS + 2 * RING_PAGES && is_expected(bits, true),
	   "what is in use from before is dirty");
	ok(echo(&c, 100, 8, 1000, opt.seed), "a channel works");
	channel_close(&c);
	ok(guest_teardown(&b->g, c.id, c.gpadl), "closed");
	monitor_reset(&b->m);
	ok(log_fetch(b, bits) == 2 * VPS + 2 * RING_PAGES && is_expected(bits, true),
	   "after a reset all is dirty that was in use");
	ok(!log_fetch(b, bits), "then nothing");
}

/**
 * test_log - the dirty log
 */
void test_log(void)
{
	struct bed b;

	copy = calloc(RAM_PAGES, PAGE);
	if (!copy)
		die("a copy of the memory");
	bed_up_with(&b, VMBUS_PARTITION_F_DIRTY_LOG);
	ok(log_set(&b, VMBUS_PARTITION_REGION_LOG), "the log is on");
	memcpy(copy, b.m.ram, (size_t)RAM_PAGES * PAGE);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection")) {
		test_traffic(&b);
		test_switch(&b);
	}
	bed_down(&b);
	free(copy);
}
