// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk in each version of its protocol: packets are as long as those of that version,
 * and so is everything that the controller sends.
 */
#include <stdlib.h>
#include <string.h>
#include "disk.h"

#define RING_PAGES	4
#define SUBS		4		/* that the controller may have */
#define QUIET_MS	500

/**
 * struct dialect - a version of the protocol
 * @major: version
 * @minor: of it
 * @size: bytes of its request area
 * @subs: it has sub-channels
 * @enumerates: the guest is told of disks that come and go
 */
static const struct dialect {
	u8 major;
	u8 minor;
	u32 size;
	bool subs;
	bool enumerates;
} dialects[] = {
	{ 2, 0, STORVSP_REQUEST_SIZE_V1, false, false },
	{ 4, 2, STORVSP_REQUEST_SIZE_V1, false, true },
	{ 5, 1, STORVSP_REQUEST_SIZE, true, true },
	{ 6, 0, STORVSP_REQUEST_SIZE, true, true },
};

/* One block, counted from the start of the disk, from or to one of scratch(). */
static struct transfer one_block(bool in, u32 block, unsigned int page)
{
	return (struct transfer) {
		.cdb = { in ? 0x28 : 0x2a, 0, block >> 24, block >> 16, block >> 8, block,
			 0, 0, 1 },
		.page = page, .len = SECTOR, .in = in,
	};
}

/* The command fails with CHECK CONDITION and this sense data, of fixed format. */
static bool sense_comes(struct channel *c, const struct transfer *t, u8 key, u8 code)
{
	struct storvsp_packet p;
	u64 id = 0;

	if (!disk_put(c, 1, t))
		return false;
	channel_send(c);
	return disk_take(c, &id, &p) && id == 1 &&
	       p.srb.srb_status == (SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID) &&
	       p.srb.scsi_status == 2 && p.srb.sense_length == STORVSP_SENSE_SIZE &&
	       (p.srb.payload[0] & 0x7f) == 0x70 && (p.srb.payload[2] & 0xf) == key &&
	       p.srb.payload[12] == code;
}

static void test_commands(struct bed *b, struct channel *c, const struct dialect *d)
{
	unsigned int block = d->major;
	struct transfer t;

	t = (struct transfer) { .cdb = { 0x12, 0, 0, 0, 36 }, .page = 2, .len = 36, .in = true };
	ok(disk_do(c, &t) && !memcmp(scratch(b, 2) + 8, "LIO-ORG", 7), "INQUIRY");
	fill_page(b, 0, d->major + opt.seed);
	memset(scratch(b, 1), 0, PAGE);
	t = one_block(false, block, 0);
	ok(disk_do(c, &t), "a block is written");
	t = one_block(true, block, 1);
	ok(disk_do(c, &t) && !memcmp(scratch(b, 0), scratch(b, 1), SECTOR), "and read");
	t = one_block(true, 0x7fffffff, 1);
	ok(sense_comes(c, &t, 5, 0x21), "a block beyond the end: its sense data");
}

static u32 ask_subs(struct channel *c, u16 n)
{
	struct storvsp_packet p = {
		.hdr.operation = STORVSP_CREATE_SUB_CHANNELS,
		.subchannels = n,
	};

	return disk_control(c, &p) ? p.hdr.status : ~0U;
}

/* The packet that tells of disks; false if none comes in time. */
static bool take_enumerate(struct channel *c, u32 len, int ms)
{
	struct storvsp_packet p = { };
	int got;
	u64 id;

	while ((got = ring_get_type(&c->in, VM_PKT_DATA_INBAND, &id, &p, sizeof(p))) == -1)
		if (!channel_wait(c, ms))
			return false;
	channel_receive(c);
	if (got != (int)len || id || p.hdr.operation != STORVSP_ENUMERATE_BUS)
		note("%d bytes, id %llu, operation %u", got, id, p.hdr.operation);
	return got == (int)len && !id && p.hdr.operation == STORVSP_ENUMERATE_BUS;
}

static void test_change(struct channel *c, const struct dialect *d)
{
	u32 len = sizeof(struct storvsp_header) + d->size;
	struct transfer t = one_block(true, 0, 0);

	if (!ok(!system(opt.change), "the disks change"))
		return;
	if (d->enumerates)
		ok(take_enumerate(c, len, TIMEOUT_MS), "the guest is told, in %u bytes", len);
	else
		ok(!take_enumerate(c, len, QUIET_MS), "the guest is not told");
	/* UNIT ATTENTION: the LUNs have changed */
	ok(sense_comes(c, &t, 6, 0x3f) && disk_do(c, &t), "the disk says so, too, and goes on");
}

/* Packets of another length than those of the version are answered in that length. */
static void test_lengths(struct channel *c, const struct dialect *d)
{
	static const u32 sizes[] = { STORVSP_REQUEST_SIZE_V1, STORVSP_REQUEST_SIZE_V1 + 8,
				     STORVSP_REQUEST_SIZE };
	struct transfer t = one_block(true, 0, 0);
	unsigned int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		disk_speak(d->major, d->minor, sizes[i]);
		good += disk_do(c, &t);
	}
	disk_speak(d->major, d->minor, d->size);
	ok(good == ARRAY_SIZE(sizes), "commands of other lengths are answered in theirs");
}

static void test_dialect(struct bed *b, struct channel *c, const struct dialect *d)
{
	u16 max = ~0, want = d->subs ? SUBS : 0;
	u32 status = d->subs ? 0 : STORVSP_STATUS_INVALID_DEVICE_STATE;

	disk_speak(d->major, d->minor, d->size);
	if (!ok(channel_open(c, PAGE_RINGS, RING_PAGES, RING_PAGES) && disk_init(c, &max),
		"version %u.%u, packets of %u bytes", d->major, d->minor,
		(unsigned int)sizeof(struct storvsp_header) + d->size))
		return;
	ok(max == want, "%u sub-channels", want);
	ok(ask_subs(c, 0) == status, "it may%s ask for them", d->subs ? "" : " not");
	test_commands(b, c, d);
	if (opt.change)
		test_change(c, d);
	test_lengths(c, d);
	channel_close(c);
	ok(guest_teardown(&b->g, c->id, c->gpadl), "closed");
}

/* One that the controller does not know leads to the next. */
static void test_refused(struct bed *b, struct channel *c)
{
	struct storvsp_packet p = { .hdr.operation = STORVSP_BEGIN_INIT };
	bool good;

	disk_speak(6, 2, STORVSP_REQUEST_SIZE);
	good = channel_open(c, PAGE_RINGS, RING_PAGES, RING_PAGES) && disk_control(c, &p);
	p = (struct storvsp_packet) {
		.hdr.operation = STORVSP_QUERY_VERSION,
		.version.version = STORVSP_VERSION_WIN10,
	};
	ok(good && disk_control(c, &p) && p.hdr.status == STORVSP_STATUS_REVISION_MISMATCH,
	   "version 6.2 is refused");
	channel_close(c);
	guest_teardown(&b->g, c->id, c->gpadl);
}

/**
 * test_diskversions - a disk of the guest's server in each version of its protocol
 */
void test_diskversions(void)
{
	struct channel c;
	unsigned int i;
	struct bed b;

	bed_up(&b);
	if (ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && disk_find(&b, &c), "a controller")) {
		for (i = 0; i < ARRAY_SIZE(dialects); i++)
			test_dialect(&b, &c, &dialects[i]);
		test_refused(&b, &c);
	}
	disk_speak(6, 0, STORVSP_REQUEST_SIZE);
	bed_down(&b);
}
