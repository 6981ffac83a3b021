// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_storvsp: commands that are refused before LIO sees them.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/storvsp/packet.h"

#define BLOCKS	1000		/* of the disk */
#define OPCODE	0x20		/* additional sense codes */
#define RANGE	0x21
#define FIELD	0x24

static const struct storvsp_disk sc_disk = {
	.blocks = BLOCKS,
	.write_same_max = 64,
	.unmap = true,
	.unmap_same = true,
	.fua = true,
};

static const struct storvsp_disk sc_plain_disk = {
	.blocks = BLOCKS,
	.write_same_max = 64,
};

/* ---- commands about blocks ------------------------------------------------------------- */

/**
 * struct sc_form - a command, and where its blocks are in it
 * @opcode: command
 * @lba: bytes of the first block, at 2
 * @at: where their number is
 * @count: bytes of that
 * @protect: it has protection bits
 */
struct sc_form {
	u8 opcode;
	u8 lba;
	u8 at;
	u8 count;
	bool protect;
};

static const struct sc_form sc_forms[] = {
	{ READ_10, 4, 7, 2, true },
	{ READ_12, 4, 6, 4, true },
	{ READ_16, 8, 10, 4, true },
	{ WRITE_10, 4, 7, 2, true },
	{ WRITE_12, 4, 6, 4, true },
	{ WRITE_16, 8, 10, 4, true },
	{ WRITE_VERIFY, 4, 7, 2, true },
	{ WRITE_VERIFY_16, 8, 10, 4, true },
	{ VERIFY, 4, 7, 2 },
	{ VERIFY_16, 8, 10, 4 },
	{ SYNCHRONIZE_CACHE, 4, 7, 2 },
	{ SYNCHRONIZE_CACHE_16, 8, 10, 4 },
	{ WRITE_SAME, 4, 7, 2, true },
	{ WRITE_SAME_16, 8, 10, 4, true },
	{ COMPARE_AND_WRITE, 8, 13, 1 },
};

static void sc_put(u8 *to, unsigned int bytes, u64 value)
{
	while (bytes--) {
		to[bytes] = value;
		value >>= 8;
	}
}

static u8 sc_try(const struct sc_form *f, u64 lba, u32 count, u8 flags)
{
	u8 cdb[STORVSP_CDB_SIZE] = { f->opcode, flags };

	sc_put(cdb + 2, f->lba, lba);
	sc_put(cdb + f->at, f->count, count);
	return storvsp_screen(cdb, &sc_disk);
}

static void screen_blocks_test(struct kunit *test)
{
	const struct sc_form *f = test->param_value;
	u64 last = f->lba == 8 ? U64_MAX : U32_MAX;
	u32 most = f->count == 1 ? 1 : 64;

	KUNIT_EXPECT_EQ(test, sc_try(f, 0, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS - 1, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS - most, most, 0), 0);
	KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS - most + 1, most, 0), RANGE);
	KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS, 1, 0), RANGE);
	KUNIT_EXPECT_EQ(test, sc_try(f, last, 1, 0), RANGE);
	KUNIT_EXPECT_EQ(test, sc_try(f, 0, 1, 0x20), f->protect ? FIELD : 0);
	KUNIT_EXPECT_EQ(test, sc_try(f, 0, 1, 0xe0), f->protect ? FIELD : 0);
	if (f->opcode != WRITE_SAME && f->opcode != WRITE_SAME_16) {
		KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS, 0, 0), 0);
		KUNIT_EXPECT_EQ(test, sc_try(f, BLOCKS + 1, 0, 0), RANGE);
	}
	if (f->count == 4)
		KUNIT_EXPECT_EQ(test, sc_try(f, 0, U32_MAX, 0),
				f->opcode == WRITE_SAME_16 ? FIELD : RANGE);
}

static void sc_describe(const struct sc_form *f, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "opcode %#x", f->opcode);
}

KUNIT_ARRAY_PARAM(sc, sc_forms, sc_describe);

/* ---- other commands ---------------------------------------------------------------------- */

/**
 * struct sc_case - a command
 * @cdb: command
 * @asc: with which it is refused, or 0
 * @plain: the same, on a disk that takes no UNMAP and has no cache
 */
struct sc_case {
	u8 cdb[STORVSP_CDB_SIZE];
	u8 asc;
	u8 plain;
};

static const struct sc_case sc_cases[] = {
	/* Six bytes: 21 bits of address, and no blocks means 256. */
	{ { READ_6, 0, 0x03, 0xe7, 1 }, 0, 0 },
	{ { READ_6, 0, 0x03, 0xe8, 1 }, RANGE, RANGE },
	{ { READ_6, 0xe0, 0x02, 0xe8, 0 }, 0, 0 },
	{ { WRITE_6, 0, 0x02, 0xe8, 0 }, 0, 0 },
	{ { WRITE_6, 0, 0x02, 0xe9, 0 }, RANGE, RANGE },
	{ { WRITE_6, 0x01, 0, 0, 1 }, RANGE, RANGE },
	/* Pages */
	{ { MODE_SENSE, 0, 0x01 }, 0, 0 },
	{ { MODE_SENSE, 0, 0x08 }, 0, 0 },
	{ { MODE_SENSE, 8, 0x0a }, 0, 0 },
	{ { MODE_SENSE, 0, 0x1c }, 0, 0 },
	{ { MODE_SENSE, 0, 0x03 }, 0, 0 },
	{ { MODE_SENSE, 0, 0x3f }, 0, 0 },
	{ { MODE_SENSE, 0, 0x3f, 0xff }, 0, 0 },
	{ { MODE_SENSE, 0, 0x3f, 0x01 }, FIELD, FIELD },
	{ { MODE_SENSE, 0, 0x0a, 0x05 }, FIELD, FIELD },
	{ { MODE_SENSE, 0, 0x02 }, FIELD, FIELD },
	{ { MODE_SENSE, 0, 0xff, 0xff }, 0, 0 },
	{ { MODE_SENSE_10, 0, 0x48 }, 0, 0 },
	{ { MODE_SENSE_10, 0, 0x00 }, FIELD, FIELD },
	{ { INQUIRY, 0, 0 }, 0, 0 },
	{ { INQUIRY, 0, 0x80 }, FIELD, FIELD },
	{ { INQUIRY, 1, 0x80 }, 0, 0 },
	{ { INQUIRY, 1, 0x77 }, 0, 0 },
	{ { REQUEST_SENSE, 0 }, 0, 0 },
	{ { REQUEST_SENSE, 1 }, FIELD, FIELD },
	/* Service actions */
	{ { SERVICE_ACTION_IN_16, SAI_READ_CAPACITY_16 }, 0, 0 },
	{ { SERVICE_ACTION_IN_16, SAI_REPORT_REFERRALS }, 0, 0 },
	{ { SERVICE_ACTION_IN_16, 0x12 }, FIELD, FIELD },
	{ { VARIABLE_LENGTH_CMD, 0, 0, 0, 0, 0, 0, 24, 0, 0x0d }, OPCODE, OPCODE },
	/* UNMAP, and WRITE SAME: of more than the disk likes, of none, with flags */
	{ { UNMAP, 0, 0, 0, 0, 0, 0, 0, 24 }, 0, OPCODE },
	{ { WRITE_SAME, 0, 0, 0, 0, 0, 0, 0, 64 }, 0, 0 },
	{ { WRITE_SAME, 0, 0, 0, 0, 0, 0, 0, 65 }, FIELD, FIELD },
	{ { WRITE_SAME, 0, 0, 0, 0, 0, 0, 0, 0 }, FIELD, FIELD },
	{ { WRITE_SAME, 0x01, 0, 0, 0, 0, 0, 0, 1 }, FIELD, FIELD },
	{ { WRITE_SAME, 0x02, 0, 0, 0, 0, 0, 0, 1 }, OPCODE, OPCODE },
	{ { WRITE_SAME, 0x04, 0, 0, 0, 0, 0, 0, 1 }, OPCODE, OPCODE },
	{ { WRITE_SAME, 0x08, 0, 0, 0, 0, 0, 0, 1 }, 0, OPCODE },
	{ { WRITE_SAME, 0x10, 0, 0, 0, 0, 0, 0, 1 }, FIELD, FIELD },
	{ { COMPARE_AND_WRITE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 }, FIELD, FIELD },
	/* By the cache, or through it */
	{ { READ_10, 0x08, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { READ_12, 0x08, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { READ_16, 0x10 }, 0, FIELD },
	{ { WRITE_10, 0x08, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { WRITE_12, 0x10, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { WRITE_16, 0x18 }, 0, FIELD },
	{ { WRITE_VERIFY, 0x10, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { WRITE_VERIFY_16, 0x10 }, 0, FIELD },
	{ { COMPARE_AND_WRITE, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, FIELD },
	{ { VERIFY, 0x10, 0, 0, 0, 0, 0, 0, 1 }, 0, 0 },
	{ { READ_6, 0x10, 0, 0, 1 }, RANGE, RANGE },
	/* What is left to LIO, whatever it is */
	{ { TEST_UNIT_READY }, 0, 0 },
	{ { READ_CAPACITY }, 0, 0 },
	{ { PERSISTENT_RESERVE_IN, 0x1f }, 0, 0 },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 0, 0 },
};

static void screen_other_test(struct kunit *test)
{
	const struct sc_case *c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sc_cases); i++) {
		c = &sc_cases[i];
		KUNIT_EXPECT_EQ_MSG(test, storvsp_screen(c->cdb, &sc_disk), c->asc, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, storvsp_screen(c->cdb, &sc_plain_disk), c->plain,
				    "row %u", i);
	}
}

static struct kunit_case screen_cases[] = {
	KUNIT_CASE_PARAM(screen_blocks_test, sc_gen_params),
	KUNIT_CASE(screen_other_test),
	{}
};

static struct kunit_suite screen_suite = {
	.name = "vmbus_storvsp_screen",
	.test_cases = screen_cases,
};

kunit_test_suite(screen_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the commands that vmbus_storvsp refuses");
MODULE_LICENSE("GPL");
