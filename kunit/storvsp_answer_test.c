// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_storvsp: status codes, answers, and what the controller answers
 * without a disk.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/storvsp/packet.h"

#define ST_ID		0x1122334455667788ULL
#define ST_MAX		STORVSP_MAX_TRANSFER

static struct storvsp_request st_request(u32 operation)
{
	return (struct storvsp_request) {
		.trans_id = ST_ID,
		.answerable = true,
		.operation = operation,
		.size = STORVSP_REQUEST_SIZE,
		.packet.hdr.operation = cpu_to_le32(operation),
	};
}

/* ---- status and answers -------------------------------------------------------------------- */

struct st_status {
	u8 srb_status;
	u32 status;
};

static const struct st_status st_status_table[] = {
	{ SRB_STATUS_SUCCESS, 0 },
	{ SRB_STATUS_BUSY, 0x80000011 },
	{ SRB_STATUS_INVALID_LUN, 0xc00000c0 },
	{ SRB_STATUS_INVALID_TARGET, 0xc00000c0 },
	{ SRB_STATUS_NO_DEVICE, 0xc00000c0 },
	{ SRB_STATUS_NO_HBA, 0xc00000c0 },
	{ SRB_STATUS_TIMEOUT, 0xc00000b5 },
	{ SRB_STATUS_COMMAND_TIMEOUT, 0xc00000b5 },
	{ SRB_STATUS_SELECTION_TIMEOUT, 0xc000009d },
	{ SRB_STATUS_BAD_FUNCTION, 0xc0000010 },
	{ SRB_STATUS_BAD_SRB_LENGTH, 0xc0000010 },
	{ SRB_STATUS_DATA_OVERRUN, 0x80000005 },
	{ SRB_STATUS_FLUSHED, 0xc0000001 },
	{ SRB_STATUS_ABORTED, 0xc0000120 },
	{ SRB_STATUS_ERROR, 0xc0000185 },
	{ SRB_STATUS_INVALID_REQUEST, 0xc0000185 },
	{ 0, 0xc0000185 },
	{ SRB_STATUS_MASK, 0xc0000185 },
};

static void storvsp_status_test(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(st_status_table); i++) {
		const struct st_status *c = &st_status_table[i];

		KUNIT_EXPECT_EQ_MSG(test, storvsp_nt_status(c->srb_status), c->status,
				    "SRB status %#x", c->srb_status);
		/* The flags do not change it. */
		KUNIT_EXPECT_EQ(test, storvsp_nt_status(c->srb_status | SRB_STATUS_QUEUE_FROZEN |
							SRB_STATUS_AUTOSENSE_VALID), c->status);
	}
}

static void storvsp_scsi_status_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_GOOD), SRB_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_CONDITION_MET), SRB_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_CHECK_CONDITION), SRB_STATUS_ERROR);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_BUSY), SRB_STATUS_BUSY);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_TASK_SET_FULL), SRB_STATUS_BUSY);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_RESERVATION_CONFLICT),
			SRB_STATUS_ERROR);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(SAM_STAT_TASK_ABORTED), SRB_STATUS_ABORTED);
	KUNIT_EXPECT_EQ(test, storvsp_srb_status(0xff), SRB_STATUS_ERROR);
}

/* Answers are as long as requests, whatever is in them. */
static void storvsp_answer_size_test(struct kunit *test)
{
	static const struct storvsp_result res = { .srb_status = SRB_STATUS_SUCCESS };
	struct storvsp_request req = st_request(STORVSP_EXECUTE_SRB);
	struct storvsp_answer answer;
	u32 size;

	for (size = 0; size <= STORVSP_REQUEST_SIZE; size++) {
		req.size = size;
		storvsp_answer(&answer, &req, STORVSP_STATUS_INVALID_DEVICE_STATE);
		KUNIT_EXPECT_EQ(test, answer.len, 12 + size);
		storvsp_answer_srb(&answer, &req, &res);
		KUNIT_EXPECT_EQ(test, answer.len, 12 + size);
	}
}

static void storvsp_answer_srb_test(struct kunit *test)
{
	struct storvsp_request req = st_request(STORVSP_EXECUTE_SRB);
	struct storvsp_result res = {
		.srb_status = SRB_STATUS_SUCCESS,
		.len = 0x12345,
	};
	struct storvsp_srb *srb;
	struct storvsp_answer answer;

	req.packet.srb.path = 1;
	req.packet.srb.target = 2;
	req.packet.srb.lun = 3;
	memset(req.packet.srb.payload, 0x2a, sizeof(req.packet.srb.payload));
	storvsp_answer_srb(&answer, &req, &res);
	srb = &answer.packet.srb;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.operation), STORVSP_COMPLETE_IO);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.status), STORVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(srb->length), 52);
	KUNIT_EXPECT_EQ(test, srb->srb_status, SRB_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, srb->scsi_status, SAM_STAT_GOOD);
	KUNIT_EXPECT_EQ(test, srb->path, 1);
	KUNIT_EXPECT_EQ(test, srb->target, 2);
	KUNIT_EXPECT_EQ(test, srb->lun, 3);
	KUNIT_EXPECT_EQ(test, srb->cdb_length, 16);
	KUNIT_EXPECT_EQ(test, srb->sense_length, 20);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(srb->data_transfer_length), 0x12345U);
	/* Not the CDB. */
	KUNIT_EXPECT_NULL(test, memchr_inv(srb->payload, 0, sizeof(srb->payload)));
}

/* All of the sense data has room before what SRBs have since Windows 8. */
static void storvsp_sense_test(struct kunit *test)
{
	static const u32 sizes[] = { 36, 40, 52 };
	struct storvsp_request req = st_request(STORVSP_EXECUTE_SRB);
	u8 sense[TRANSPORT_SENSE_BUFFER];
	struct storvsp_result res = {
		.srb_status = SRB_STATUS_ERROR,
		.scsi_status = SAM_STAT_CHECK_CONDITION,
		.sense = sense,
	};
	struct storvsp_srb *srb;
	struct storvsp_answer answer;
	u32 behind = offsetof(struct storvsp_srb, payload) + STORVSP_SENSE_SIZE;
	u32 i;

	for (i = 0; i < sizeof(sense); i++)
		sense[i] = 0x70 + i;
	KUNIT_EXPECT_EQ(test, behind, 36U);
	srb = &answer.packet.srb;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		req.size = sizes[i];
		storvsp_answer_srb(&answer, &req, &res);
		KUNIT_EXPECT_EQ(test, answer.len, 12 + sizes[i]);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(srb->length), sizes[i]);
		KUNIT_EXPECT_EQ(test, srb->srb_status,
				SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
		KUNIT_EXPECT_EQ(test, srb->scsi_status, SAM_STAT_CHECK_CONDITION);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.status),
				STORVSP_STATUS_IO_DEVICE_ERROR);
		KUNIT_EXPECT_EQ(test, srb->sense_length, 20);
		KUNIT_EXPECT_EQ(test, memcmp(srb->payload, sense, STORVSP_SENSE_SIZE), 0);
		/* And not a byte more. */
		KUNIT_EXPECT_NULL(test, memchr_inv(answer.packet.request + behind, 0,
						   STORVSP_REQUEST_SIZE - behind));
	}
}

/* ---- without a disk ---------------------------------------------------------------------- */

struct st_emulation {
	unsigned long *luns;
	u8 *buf;
	struct storvsp_command cmd;
	struct storvsp_result res;
};

static struct st_emulation *st_emulation(struct kunit *test)
{
	struct st_emulation *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, e);
	e->luns = kunit_kzalloc(test, BITS_TO_LONGS(STORVSP_LUNS) * sizeof(long), GFP_KERNEL);
	e->buf = kunit_kzalloc(test, STORVSP_EMULATE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, e->luns);
	KUNIT_ASSERT_NOT_NULL(test, e->buf);
	return e;
}

static bool st_emulate(struct st_emulation *e)
{
	memset(e->buf, 0xee, STORVSP_EMULATE_SIZE);
	memset(&e->res, 0xee, sizeof(e->res));
	return storvsp_emulate(&e->cmd, e->luns, e->buf, &e->res);
}

static void st_report_luns(struct st_emulation *e, u32 allocation, u32 len)
{
	memset(e->cmd.cdb, 0, sizeof(e->cmd.cdb));
	e->cmd.cdb[0] = REPORT_LUNS;
	put_unaligned_be32(allocation, e->cmd.cdb + 6);
	e->cmd.data_in = true;
	e->cmd.len = len;
}

static void storvsp_report_luns_test(struct kunit *test)
{
	static const u8 luns[] = { 0, 1, 17, 255 };
	struct st_emulation *e = st_emulation(test);
	int i;

	/* None. */
	st_report_luns(e, 4096, 4096);
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 8U);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(e->buf), 0U);

	for (i = ARRAY_SIZE(luns); i--;)
		__set_bit(luns[i], e->luns);
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, e->res.scsi_status, SAM_STAT_GOOD);
	KUNIT_EXPECT_NULL(test, e->res.sense);
	KUNIT_EXPECT_EQ(test, e->res.len, 8 + 8 * (u32)ARRAY_SIZE(luns));
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(e->buf), 8 * (u32)ARRAY_SIZE(luns));
	for (i = 0; i < ARRAY_SIZE(luns); i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_be64(e->buf + 8 + 8 * i), (u64)luns[i] << 48);

	/* At a LUN without a disk, too; at a target without disks there are none. */
	e->cmd.lun = 2;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 8 + 8 * (u32)ARRAY_SIZE(luns));
	e->cmd.target = 1;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 8U);
	e->cmd.target = 0;
	e->cmd.path = 1;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 8U);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(e->buf), 0U);
}

static void storvsp_report_luns_room_test(struct kunit *test)
{
	static const u32 rooms[] = { 0, 1, 7, 8, 9, 23, 24, 25, STORVSP_EMULATE_SIZE, U32_MAX };
	struct st_emulation *e = st_emulation(test);
	u32 want;
	int i;

	__set_bit(0, e->luns);
	__set_bit(200, e->luns);
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		want = rooms[i] < 8 ? 0 : min(rooms[i], 24U);
		st_report_luns(e, rooms[i], 4096);
		KUNIT_EXPECT_TRUE(test, st_emulate(e));
		KUNIT_EXPECT_EQ_MSG(test, e->res.len, want, "allocation %u", rooms[i]);
		KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_SUCCESS);
		st_report_luns(e, 4096, rooms[i]);
		KUNIT_EXPECT_TRUE(test, st_emulate(e));
		KUNIT_EXPECT_EQ_MSG(test, e->res.len, want, "buffer %u", rooms[i]);
		/* The header tells them all. */
		if (want)
			KUNIT_EXPECT_EQ(test, get_unaligned_be32(e->buf), 16U);
	}
	/* A buffer that is the guest's to read is not written to. */
	st_report_luns(e, 4096, 4096);
	e->cmd.data_in = false;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 0U);

	bitmap_fill(e->luns, STORVSP_LUNS);
	st_report_luns(e, U32_MAX, ST_MAX);
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, (u32)STORVSP_EMULATE_SIZE);
	KUNIT_EXPECT_EQ(test, e->buf[STORVSP_EMULATE_SIZE - 7], 255);
}

static void st_inquiry(struct st_emulation *e, u16 allocation, u32 len)
{
	memset(e->cmd.cdb, 0, sizeof(e->cmd.cdb));
	e->cmd.cdb[0] = INQUIRY;
	put_unaligned_be16(allocation, e->cmd.cdb + 3);
	e->cmd.data_in = true;
	e->cmd.len = len;
}

struct st_address {
	u8 path;
	u8 target;
	u8 lun;
	bool present;
};

/* There are disks at LUNs 0 and 5. */
static const struct st_address st_address_table[] = {
	{ 0, 0, 0, true },
	{ 0, 0, 5, true },
	{ 0, 0, 1, false },
	{ 0, 0, 4, false },
	{ 0, 0, 255, false },
	{ 0, 1, 0, false },
	{ 0, 1, 5, false },
	{ 0, 255, 0, false },
	{ 1, 0, 0, false },
	{ 7, 0, 5, false },
	{ 255, 255, 255, false },
};

static void storvsp_address_case(struct kunit *test, struct st_emulation *e,
				 const struct st_address *c)
{
	static const u8 others[] = { TEST_UNIT_READY, READ_10, WRITE_10, REQUEST_SENSE, 0xff };
	int i;

	e->cmd.path = c->path;
	e->cmd.target = c->target;
	e->cmd.lun = c->lun;
	st_inquiry(e, 36, 36);
	KUNIT_EXPECT_EQ_MSG(test, st_emulate(e), !c->present, "%u:%u:%u", c->path, c->target,
			    c->lun);
	if (!c->present) {
		KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, e->res.scsi_status, SAM_STAT_GOOD);
		KUNIT_EXPECT_EQ(test, e->res.len, 36U);
		KUNIT_EXPECT_EQ(test, e->buf[0], 0x7f);
		KUNIT_EXPECT_EQ(test, e->buf[4], 31);
		KUNIT_EXPECT_EQ(test, e->buf[8] != ' ', c->lun == 0);
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		e->cmd.cdb[0] = others[i];
		KUNIT_EXPECT_EQ(test, st_emulate(e), !c->present);
		if (c->present)
			continue;
		KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_INVALID_LUN);
		KUNIT_EXPECT_EQ(test, e->res.scsi_status, SAM_STAT_CHECK_CONDITION);
		KUNIT_EXPECT_EQ(test, e->res.len, 0U);
	}
}

static void storvsp_address_test(struct kunit *test)
{
	struct st_emulation *e = st_emulation(test);
	int i;

	__set_bit(0, e->luns);
	__set_bit(5, e->luns);
	for (i = 0; i < ARRAY_SIZE(st_address_table); i++)
		storvsp_address_case(test, e, &st_address_table[i]);
}

static void storvsp_inquiry_room_test(struct kunit *test)
{
	static const u16 rooms[] = { 0, 1, 5, 35, 36, 37, 255, U16_MAX };
	struct st_emulation *e = st_emulation(test);
	u32 want;
	int i;

	e->cmd.lun = 9;
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		want = min_t(u32, rooms[i], 36);
		st_inquiry(e, rooms[i], 255);
		KUNIT_EXPECT_TRUE(test, st_emulate(e));
		KUNIT_EXPECT_EQ_MSG(test, e->res.len, want, "allocation %u", rooms[i]);
		st_inquiry(e, 255, rooms[i]);
		KUNIT_EXPECT_TRUE(test, st_emulate(e));
		KUNIT_EXPECT_EQ_MSG(test, e->res.len, want, "buffer %u", rooms[i]);
	}
	st_inquiry(e, 36, 36);
	e->cmd.data_in = false;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.len, 0U);
}

static void storvsp_inquiry_vpd_test(struct kunit *test)
{
	struct st_emulation *e = st_emulation(test);

	st_inquiry(e, 255, 255);
	e->cmd.cdb[1] = 1;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_INVALID_REQUEST);
	KUNIT_EXPECT_EQ(test, e->res.scsi_status, SAM_STAT_CHECK_CONDITION);
	KUNIT_EXPECT_EQ(test, e->res.len, 0U);
	e->cmd.cdb[1] = 0;
	e->cmd.cdb[2] = 0x83;
	KUNIT_EXPECT_TRUE(test, st_emulate(e));
	KUNIT_EXPECT_EQ(test, e->res.srb_status, SRB_STATUS_INVALID_REQUEST);
	KUNIT_EXPECT_EQ(test, e->res.scsi_status, SAM_STAT_CHECK_CONDITION);
}

static struct kunit_case storvsp_answer_cases[] = {
	KUNIT_CASE(storvsp_status_test),
	KUNIT_CASE(storvsp_scsi_status_test),
	KUNIT_CASE(storvsp_answer_size_test),
	KUNIT_CASE(storvsp_answer_srb_test),
	KUNIT_CASE(storvsp_sense_test),
	KUNIT_CASE(storvsp_report_luns_test),
	KUNIT_CASE(storvsp_report_luns_room_test),
	KUNIT_CASE(storvsp_address_test),
	KUNIT_CASE(storvsp_inquiry_room_test),
	KUNIT_CASE(storvsp_inquiry_vpd_test),
	{}
};

static struct kunit_suite storvsp_answer_suite = {
	.name = "vmbus_storvsp_answer",
	.test_cases = storvsp_answer_cases,
};

kunit_test_suite(storvsp_answer_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the answers of vmbus_storvsp");
MODULE_LICENSE("GPL");
