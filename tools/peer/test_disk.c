// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk of the guest's server: what its commands do to the guest's memory, as the
 * dirty log and a stopped guest show it.
 */
#include <stdlib.h>
#include <string.h>
#include "selftest.h"
#include <vmbus/storvsp.h>

#define RING_PAGES	4
#define SECTOR		512
#define PAGE_SECTORS	(PAGE / SECTOR)
#define DISK_PAGES	16U		/* that are used */
#define MAX_PAGES	2U		/* of a command */
#define COMPLETION	1		/* flag of a packet */
#define STOPS		20

/* What is behind the descriptor of a packet with one range. */
struct with_range {
	u32 reserved;
	u32 ranges;
	u32 len;
	u32 offset;
	u64 pfns[MAX_PAGES];
};

/**
 * struct transfer - a command with data
 * @cdb: SCSI command
 * @page: first page of the data, counted from PAGE_SCRATCH
 * @offset: in it
 * @len: bytes
 * @in: they go to the guest
 */
struct transfer {
	u8 cdb[STORVSP_CDB_SIZE];
	unsigned int page;
	u32 offset;
	u32 len;
	bool in;
};

static u8 *scratch(struct bed *b, unsigned int page)
{
	return ram_page(&b->g, PAGE_SCRATCH + page);
}

/* STORVSP_CLASS_SCSI */
static const guid_t disk_class = {
	{ 0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d,
	  0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f }
};

static bool disk_find(struct bed *b, struct channel *c)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		if (memcmp(&b->offers[i].class_id, &disk_class, sizeof(disk_class)))
			continue;
		channel_init(c, &b->g, &b->offers[i]);
		return true;
	}
	return false;
}

/* Reads one answer; false if there is none within the time, or an error. */
static bool disk_answer(struct channel *c, u64 want)
{
	struct storvsp_packet p;
	u64 id;
	int len;

	while ((len = ring_get_type(&c->in, VM_PKT_COMP, &id, &p, sizeof(p))) == -1)
		if (!channel_wait(c, TIMEOUT_MS))
			return false;
	channel_receive(c);
	if (len == sizeof(p) && id == want && !p.hdr.status)
		return true;
	note("answer %llu: %d bytes, id %llu, status %#x", want, len, id, p.hdr.status);
	return false;
}

static bool disk_init_step(struct channel *c, u32 operation)
{
	struct storvsp_packet p = { .hdr.operation = operation };
	struct vmpacket_descriptor d = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = sizeof(d) / 8,
		.flags = COMPLETION,
		.trans_id = operation,
	};

	if (operation == STORVSP_QUERY_VERSION)
		p.version.version = STORVSP_VERSION_BLUE;
	if (!ring_put_packet(&c->out, &d, &p, sizeof(p)))
		return false;
	channel_send(c);
	return disk_answer(c, operation);
}

static bool disk_init(struct channel *c)
{
	return disk_init_step(c, STORVSP_BEGIN_INIT) && disk_init_step(c, STORVSP_QUERY_VERSION) &&
	       disk_init_step(c, STORVSP_QUERY_PROPERTIES) && disk_init_step(c, STORVSP_END_INIT);
}

static bool disk_put(struct channel *c, u64 id, const struct transfer *t)
{
	struct with_range range = { .ranges = 1, .len = t->len, .offset = t->offset };
	struct storvsp_packet p = {
		.hdr.operation = STORVSP_EXECUTE_SRB,
		.srb = {
			.length = sizeof(p.srb),
			.cdb_length = sizeof(t->cdb),
			.sense_length = STORVSP_SENSE_SIZE,
			.data_in = t->in,
			.data_transfer_length = t->len,
		},
	};
	unsigned int pages = (t->offset + t->len + PAGE - 1) / PAGE, i;
	u32 head = t->len ? sizeof(range) - (MAX_PAGES - pages) * sizeof(u64) : 0;
	struct vmpacket_descriptor d = {
		.type = t->len ? VM_PKT_DATA_USING_GPA_DIRECT : VM_PKT_DATA_INBAND,
		.offset8 = (sizeof(d) + head) / 8,
		.flags = COMPLETION,
		.trans_id = id,
	};
	u8 packet[sizeof(range) + sizeof(p)];

	for (i = 0; i < pages; i++)
		range.pfns[i] = ram_pfn(PAGE_SCRATCH + t->page + i);
	memcpy(p.srb.payload, t->cdb, sizeof(t->cdb));
	memcpy(packet, &range, head);
	memcpy(packet + head, &p, sizeof(p));
	return ring_put_packet(&c->out, &d, packet, head + sizeof(p));
}

static bool disk_do(struct channel *c, const struct transfer *t)
{
	static u64 id = 100;

	if (!disk_put(c, ++id, t))
		return false;
	channel_send(c);
	return disk_answer(c, id);
}

/* Pages of the disk from or to pages of the guest. */
static struct transfer disk_rw(bool in, unsigned int at, unsigned int page, unsigned int pages)
{
	return (struct transfer) {
		.cdb = { in ? 0x28 : 0x2a, 0, 0, 0, 0, at * PAGE_SECTORS, 0, 0,
			 pages * PAGE_SECTORS },
		.page = page, .len = pages * PAGE, .in = in,
	};
}

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

static void fill_page(struct bed *b, unsigned int page, u64 seed)
{
	u64 *words = (u64 *)scratch(b, page);
	unsigned int i;

	for (i = 0; i < PAGE / sizeof(*words); i++)
		words[i] = rnd(&seed);
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
	for (page = 0; page < DISK_PAGES; page++)
		if (!disk_answer(c, page))
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
	    ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES) && disk_init(&c),
	       "it is initialized")) {
		test_commands(&b, &c);
		test_stopped(&b, &c);
		channel_close(&c);
		ok(guest_teardown(&b.g, c.id, c.gpadl), "closed");
	}
	bed_down(&b);
}
