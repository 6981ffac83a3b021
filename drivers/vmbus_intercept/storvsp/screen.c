// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that LIO refuses with a line in the log each time, as often as a guest
 * likes (Linux asks every disk for a mode page that LIO has not).  They are refused
 * here, with the sense that LIO would give.
 *
 * Not looked at are commands whose parameters LIO complains of: reservations,
 * third-party copies, target port groups, lists of blocks to unmap.
 */
#include <linux/overflow.h>
#include <linux/unaligned.h>
#include <kunit/visibility.h>
#include <scsi/scsi_proto.h>
#include "packet.h"

/* Additional sense codes, with the sense key ILLEGAL REQUEST. */
#define ASC_OPCODE	0x20	/* INVALID COMMAND OPERATION CODE */
#define ASC_RANGE	0x21	/* LOGICAL BLOCK ADDRESS OUT OF RANGE */
#define ASC_FIELD	0x24	/* INVALID FIELD IN CDB */

#define PROTECT			0xe0
#define DPO_FUA			0x18
#define WRITE_SAME_NDOB		0x01
#define WRITE_SAME_DATA		0x06	/* PBDATA, LBDATA */
#define WRITE_SAME_UNMAP	0x08
#define WRITE_SAME_ANCHOR	0x10

/* Which blocks a command is about; false if about none. */
static bool storvsp_blocks(const u8 *cdb, u64 *lba, u32 *count)
{
	switch (cdb[0]) {
	case READ_6:
	case WRITE_6:
		*lba = get_unaligned_be24(cdb + 1) & 0x1fffff;
		*count = cdb[4] ?: 256;
		return true;
	case READ_10:
	case WRITE_10:
	case WRITE_VERIFY:
	case VERIFY:
	case SYNCHRONIZE_CACHE:
	case WRITE_SAME:
		*lba = get_unaligned_be32(cdb + 2);
		*count = get_unaligned_be16(cdb + 7);
		return true;
	case READ_12:
	case WRITE_12:
		*lba = get_unaligned_be32(cdb + 2);
		*count = get_unaligned_be32(cdb + 6);
		return true;
	case READ_16:
	case WRITE_16:
	case WRITE_VERIFY_16:
	case VERIFY_16:
	case SYNCHRONIZE_CACHE_16:
	case WRITE_SAME_16:
		*lba = get_unaligned_be64(cdb + 2);
		*count = get_unaligned_be32(cdb + 10);
		return true;
	case COMPARE_AND_WRITE:
		*lba = get_unaligned_be64(cdb + 2);
		*count = cdb[13];
		return true;
	default:
		return false;
	}
}

static u8 storvsp_screen_write_same(const u8 *cdb, const struct storvsp_disk *disk, u32 count)
{
	if (!count)
		return ASC_FIELD;
	if (cdb[1] & WRITE_SAME_DATA)
		return ASC_OPCODE;
	if (count > disk->write_same_max || (cdb[1] & (WRITE_SAME_ANCHOR | WRITE_SAME_NDOB)))
		return ASC_FIELD;
	if ((cdb[1] & WRITE_SAME_UNMAP) && !disk->unmap_same)
		return ASC_OPCODE;
	return 0;
}

/*
 * Bits that ask for what there is not: protection information, on this bus, and a cache to
 * go by or through, where the disk has none.
 */
static u8 storvsp_bits_refused(const u8 *cdb, const struct storvsp_disk *disk)
{
	u8 cache = disk->fua ? 0 : DPO_FUA;

	switch (cdb[0]) {
	case READ_10:
	case READ_12:
	case READ_16:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_16:
		return cdb[1] & (PROTECT | cache);
	case WRITE_SAME:
	case WRITE_SAME_16:
		return cdb[1] & PROTECT;
	case COMPARE_AND_WRITE:
		return cdb[1] & cache;
	default:
		return 0;
	}
}

static u8 storvsp_screen_blocks(const u8 *cdb, const struct storvsp_disk *disk)
{
	u64 lba, end;
	u32 count;
	u8 asc;

	if (!storvsp_blocks(cdb, &lba, &count))
		return 0;
	if (cdb[0] == COMPARE_AND_WRITE && count > 1)
		return ASC_FIELD;
	if (storvsp_bits_refused(cdb, disk))
		return ASC_FIELD;
	if (cdb[0] == WRITE_SAME || cdb[0] == WRITE_SAME_16) {
		asc = storvsp_screen_write_same(cdb, disk, count);
		if (asc)
			return asc;
	}
	if (check_add_overflow(lba, count, &end) || end > disk->blocks)
		return ASC_RANGE;
	return 0;
}

static bool storvsp_mode_page_known(u8 page, u8 subpage)
{
	switch (page) {
	case 0x01:	/* read-write error recovery */
	case 0x08:	/* caching */
	case 0x0a:	/* control */
	case 0x1c:	/* informational exceptions */
		return !subpage;
	case 0x03:	/* format: refused by LIO in silence */
		return true;
	case 0x3f:	/* all */
		return !subpage || subpage == 0xff;
	default:
		return false;
	}
}

/**
 * storvsp_screen - would LIO refuse a command, and complain?
 * @cdb: command
 * @disk: disk that it is for
 *
 * Context: any.
 * Return: 0, or the additional sense code to refuse it with.
 */
u8 storvsp_screen(const u8 *cdb, const struct storvsp_disk *disk)
{
	switch (cdb[0]) {
	case MODE_SENSE:
	case MODE_SENSE_10:
		return storvsp_mode_page_known(cdb[2] & 0x3f, cdb[3]) ? 0 : ASC_FIELD;
	case INQUIRY:
		return !(cdb[1] & 1) && cdb[2] ? ASC_FIELD : 0;
	case REQUEST_SENSE:
		return cdb[1] & 1 ? ASC_FIELD : 0;
	case SERVICE_ACTION_IN_16:
		switch (cdb[1] & 0x1f) {
		case SAI_READ_CAPACITY_16:
		case SAI_REPORT_REFERRALS:
			return 0;
		default:
			return ASC_FIELD;
		}
	case VARIABLE_LENGTH_CMD:
		/* Longer than what a request can hold. */
		return ASC_OPCODE;
	case UNMAP:
		return disk->unmap ? 0 : ASC_OPCODE;
	default:
		return storvsp_screen_blocks(cdb, disk);
	}
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_screen);
