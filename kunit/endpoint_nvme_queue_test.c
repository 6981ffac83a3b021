// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the NVMe controller: queues, doorbells, and how all of it ends.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <vmbus/compat.h>

#include "endpoint_nvme_test.h"

#define NQ_PC		NVME_QUEUE_PHYS_CONTIG
#define NQ_IRQ		(NVME_QUEUE_PHYS_CONTIG | NVME_CQ_IRQ_ENABLED)

#define NQ_QID		NT_DNR(NVME_SC_QID_INVALID)
#define NQ_SIZE		NT_DNR(NVME_SC_QUEUE_SIZE)
#define NQ_CQ		NT_DNR(NVME_SC_CQ_INVALID)
#define NQ_VECTOR	NT_DNR(NVME_SC_INVALID_VECTOR)
#define NQ_FIELD	NT_DNR(NVME_SC_INVALID_FIELD)
#define NQ_PRP		NT_DNR(NVME_SC_PRP_INVALID_OFFSET)

/* One read of one block, of which nothing is expected but that it works */
static void nq_expect_works(struct nt *nt, u16 qid)
{
	struct nvme_command cmd = nt_rw(nvme_cmd_read, 2 * qid, 1, NT_DATA, 0);

	memset(nt_data(nt), 0, 512);
	KUNIT_EXPECT_EQ(nt->et->test, nt_cmd(nt, qid, &cmd), 0);
	KUNIT_EXPECT_MEMEQ(nt->et->test, nt_data(nt), nt->disk + 1024 * qid, 512);
}

/* ---- creating and deleting ------------------------------------------------------------- */

struct nq_create {
	u16 qid;
	u32 size;
	u16 flags;
	u16 other;	/* vector, or completion queue */
	u64 base;
	u16 status;
};

static const struct nq_create nq_cqs[] = {
	{ 1, 2, NQ_PC, 0, NT_CQ(1), 0 },
	{ 1, 2, NQ_PC, 0, NT_CQ(1), NQ_QID },
	{ 2, 1024, NQ_IRQ, NT_QUEUES, NT_CQ(2), 0 },
	{ 0, 32, NQ_IRQ, 0, NT_CQ(3), NQ_QID },
	{ NT_QUEUES + 1, 32, NQ_IRQ, 0, NT_CQ(3), NQ_QID },
	{ 17, 32, NQ_IRQ, 0, NT_CQ(3), NQ_QID },
	{ U16_MAX, 32, NQ_IRQ, 0, NT_CQ(3), NQ_QID },
	{ 3, 1, NQ_IRQ, 0, NT_CQ(3), NQ_SIZE },
	{ 3, 1025, NQ_IRQ, 0, NT_CQ(3), NQ_SIZE },
	{ 3, 65536, NQ_IRQ, 0, NT_CQ(3), NQ_SIZE },
	{ 3, 32, NVME_CQ_IRQ_ENABLED, 0, NT_CQ(3), NQ_FIELD },
	{ 3, 32, 0, 0, NT_CQ(3), NQ_FIELD },
	{ 3, 32, NQ_IRQ, 0, NT_CQ(3) + 8, NQ_PRP },
	{ 3, 32, NQ_IRQ, 0, U64_MAX, NQ_PRP },
	{ 3, 32, NQ_IRQ, NT_QUEUES + 1, NT_CQ(3), NQ_VECTOR },
	{ 3, 32, NQ_IRQ, U16_MAX, NT_CQ(3), NQ_VECTOR },
	{ 3, 32, NQ_PC, U16_MAX, NT_CQ(3), 0 },
	/* Where there is no memory: that shows later. */
	{ 4, 32, NQ_IRQ, 4, 0, 0 },
};

static const struct nq_create nq_sqs[] = {
	{ 1, 2, NQ_PC, 1, NT_SQ(1), 0 },
	{ 1, 2, NQ_PC, 1, NT_SQ(1), NQ_QID },
	{ 2, 1024, NQ_PC, 1, NT_SQ(2), 0 },
	{ 0, 32, NQ_PC, 1, NT_SQ(3), NQ_QID },
	{ NT_QUEUES + 1, 32, NQ_PC, 1, NT_SQ(3), NQ_QID },
	{ U16_MAX, 32, NQ_PC, 1, NT_SQ(3), NQ_QID },
	{ 3, 32, NQ_PC, 0, NT_SQ(3), NQ_CQ },
	{ 3, 32, NQ_PC, 3, NT_SQ(3), NQ_CQ },
	{ 3, 32, NQ_PC, NT_QUEUES + 1, NT_SQ(3), NQ_CQ },
	{ 3, 32, NQ_PC, U16_MAX, NT_SQ(3), NQ_CQ },
	{ 3, 1, NQ_PC, 1, NT_SQ(3), NQ_SIZE },
	{ 3, 1025, NQ_PC, 1, NT_SQ(3), NQ_SIZE },
	{ 3, 65536, NQ_PC, 1, NT_SQ(3), NQ_SIZE },
	{ 3, 32, 0, 1, NT_SQ(3), NQ_FIELD },
	{ 3, 32, NQ_PC, 1, NT_SQ(3) + 64, NQ_PRP },
	{ 3, 32, NQ_PC | 3 << 1, 1, NT_SQ(3), 0 },
};

static void nvme_create_cq_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);
	const struct nq_create *c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nq_cqs); i++) {
		c = &nq_cqs[i];
		KUNIT_EXPECT_EQ_MSG(test, nt_create_cq(nt, c->qid, c->size, c->flags, c->other,
						       c->base), c->status, "row %u", i);
	}
}

static void nvme_create_sq_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);
	const struct nq_create *c;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 32, NQ_IRQ, 1, NT_CQ(1)), 0);
	for (i = 0; i < ARRAY_SIZE(nq_sqs); i++) {
		c = &nq_sqs[i];
		KUNIT_EXPECT_EQ_MSG(test, nt_create_sq(nt, c->qid, c->size, c->flags, c->other,
						       c->base), c->status, "row %u", i);
	}
}

/* Sizes of entries that the guest has not set, or not well, and numbers it gave away */
static void nvme_create_limits_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);
	u32 result;

	nt_put(nt, NVME_REG_CC, NVME_CC_ENABLE | NVME_CC_IOSQES);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 32, NQ_IRQ, 1, NT_CQ(1)), NQ_SIZE);
	nt_put(nt, NVME_REG_CC, NVME_CC_ENABLE | NVME_CC_IOCQES);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 32, NQ_IRQ, 1, NT_CQ(1)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 32, NQ_PC, 1, NT_SQ(1)), NQ_SIZE);
	nt_put(nt, NVME_REG_CC, NT_CC | 1 << NVME_CC_IOSQES_SHIFT);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 32, NQ_PC, 1, NT_SQ(1)), NQ_SIZE);
	nt_put(nt, NVME_REG_CC, NT_CC);
	/* With a queue there the number of queues is what it is. */
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_set_features, NVME_FEAT_NUM_QUEUES, 0,
					 &result), NT_DNR(NVME_SC_CMD_SEQ_ERROR));
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_set_features, NVME_FEAT_NUM_QUEUES,
					 0x00010001, &result), 0);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 3, 32, NQ_IRQ, 1, NT_CQ(3)), NQ_QID);
	nt_make_queue(nt, 2, 32);
	nq_expect_works(nt, 2);
}

static void nvme_delete_test(struct kunit *test)
{
	static const u16 none[] = { 0, 3, NT_QUEUES + 1, 17, U16_MAX };
	struct nt *nt = nt_new(test);
	unsigned int i;

	nt_make_queue(nt, 1, 32);
	nt_make_queue(nt, 2, 32);
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		KUNIT_EXPECT_EQ_MSG(test, nt_delete(nt, nvme_admin_delete_sq, none[i]), NQ_QID,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nt_delete(nt, nvme_admin_delete_cq, none[i]), NQ_QID,
				    "row %u", i);
	}
	/* Not before those that use it */
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1),
			NT_DNR(NVME_SC_INVALID_QUEUE));
	nq_expect_works(nt, 1);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 1), NQ_QID);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), NQ_QID);
	nq_expect_works(nt, 2);
	nt_make_queue(nt, 1, 1024);
	nq_expect_works(nt, 1);
}

/* Two that complete in one */
static void nvme_shared_cq_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new(test);
	struct nvme_completion cqe;
	u32 seen = 0, i;

	nt_make_queue(nt, 1, 8);
	nt_queue_init(nt, 2, 8);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 2, 8, NQ_PC, 1, NT_SQ(2)), 0);
	for (i = 0; i < 3; i++) {
		nt_submit(nt, 1, &cmd);
		nt_submit(nt, 2, &cmd);
	}
	for (i = 0; i < 6; i++) {
		cqe = nt_take(nt, 1);
		KUNIT_EXPECT_EQ(test, nt_status(&cqe), 0);
		seen += le16_to_cpu(cqe.sq_id);
	}
	KUNIT_EXPECT_EQ(test, seen, 9U);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 1), 0);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1),
			NT_DNR(NVME_SC_INVALID_QUEUE));
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 2), 0);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), 0);
}

/* ---- going round, and full ------------------------------------------------------------- */

static const u32 nq_sizes[] = { 2, 3, 32, 1023, 1024 };

static void nq_size_describe(const u32 *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u entries", *size);
}

KUNIT_ARRAY_PARAM(nq_size, nq_sizes, nq_size_describe);

static void nvme_size_test(struct kunit *test)
{
	u32 size = *(const u32 *)test->param_value, i;
	struct nt *nt = nt_new(test);
	struct nvme_command cmd;

	nt_make_queue(nt, 1, size);
	/* Round at least twice, and the phase with it */
	for (i = 0; i < 2 * size + 3; i++) {
		cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
		KUNIT_ASSERT_EQ_MSG(test, nt_cmd(nt, 1, &cmd), 0, "command %u", i);
	}
	KUNIT_EXPECT_EQ(test, (u32)atomic_read(&nt->flushes), 2 * size + 3);
	nq_expect_works(nt, 1);
}

/* As many as fit at once */
static void nvme_batch_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new(test);
	struct nvme_completion cqe;
	u32 i;

	nt_make_queue(nt, 1, 1024);
	for (i = 0; i < 1023; i++) {
		cmd.common.command_id = i;
		memcpy(nt->et->mem + (NT_SQ(1) - ET_MEM) + i * sizeof(cmd), &cmd, sizeof(cmd));
	}
	nt_ring_sq(nt, 1, 1023);
	for (i = 0; i < 1023; i++) {
		cqe = nt_take(nt, 1);
		KUNIT_ASSERT_EQ(test, cqe.command_id, i);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 1023);
}

/* Who does not take completions gets no more of them, and loses none. */
static void nvme_cq_full_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new(test);
	u32 i;

	nt_queue_init(nt, 1, 4);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 4, NQ_IRQ, 1, NT_CQ(1)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 32, NQ_PC, 1, NT_SQ(1)), 0);
	for (i = 0; i < 10; i++) {
		cmd.common.command_id = i;
		memcpy(nt->et->mem + (NT_SQ(1) - ET_MEM) + i * sizeof(cmd), &cmd, sizeof(cmd));
	}
	nt_ring_sq(nt, 1, 10);
	et_expect_soon(nt->et, atomic_read(&nt->flushes) == 4);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 4);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, nt_take(nt, 1).command_id, i);
		if (i == 2)
			KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 1));
		if (i >= 2)
			nt_ring_cq(nt, 1, nt->q[1].head);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 10);
}

/* The same of the admin queue, where an event wants to go in, too */
static void nvme_admin_cq_full_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_admin_async_event, 0, 0, 0);
	struct nt *nt = nt_new(test);
	struct nvme_completion cqe;
	u16 id;
	u32 i;

	id = nt_submit(nt, 0, &cmd);
	cmd = nt_make(nvme_admin_abort_cmd, 0, 0, 0);
	for (i = 0; i < NT_DEPTH - 1; i++) {
		nt_submit(nt, 0, &cmd);
		cqe = nt_take(nt, 0);
		KUNIT_EXPECT_EQ(test, nt_status(&cqe), 0);
	}
	nt_ring_sq(nt, 3, 0);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	nt_ring_cq(nt, 0, nt->q[0].head);
	cqe = nt_take(nt, 0);
	KUNIT_EXPECT_EQ(test, cqe.command_id, id);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(cqe.result.u32), 0x010000U);
}

/* ---- doorbells ------------------------------------------------------------------------- */

static void nvme_doorbells_test(struct kunit *test)
{
	static const u32 tails[] = { NT_DEPTH, NT_DEPTH + 1, U16_MAX, 0x10000, 0x10001, U32_MAX };
	static const u32 heads[] = { 1, 2, NT_DEPTH - 1, NT_DEPTH, U16_MAX, 0x10000, U32_MAX };
	struct nt *nt = nt_new_io(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		nt_ring_sq(nt, 1, tails[i]);
		nt_ring_sq(nt, 0, tails[i]);
	}
	/* Nothing has completed that one could have taken. */
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		nt_ring_cq(nt, 1, heads[i]);
	/* There are none of these numbers. */
	for (i = 2; i < 0x1000 / 8; i++) {
		nt_ring_sq(nt, i, 1);
		nt_ring_cq(nt, i, 1);
	}
	/* Nor of these sizes */
	endpoint_bar_write(nt->et->ep, 0, NVME_REG_DBS + 8, 8, 1);
	endpoint_bar_write(nt->et->ep, 0, NVME_REG_DBS + 8, 2, 1);
	endpoint_bar_write(nt->et->ep, 0, NVME_REG_DBS + 8, 1, 1);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 1));
	KUNIT_EXPECT_TRUE(test, nt_csts(nt, NVME_CSTS_CFS, 0));
	for (i = 0; i < 40; i++)
		nq_expect_works(nt, 1);
	/* Of those that were taken, none once more */
	nt_ring_cq(nt, 1, (nt->q[1].head + NT_DEPTH - 1) % NT_DEPTH);
	nq_expect_works(nt, 1);
}

/* Before and after it is enabled there are none. */
static void nvme_doorbells_off_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_admin_async_event, 0, 0, 0);
	struct nt *nt = nt_new_off(test);

	nt_ring_sq(nt, 0, 1);
	nt_ring_sq(nt, 30, 1);
	nt_enable(nt);
	nt_submit(nt, 0, &cmd);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	nt_disable(nt);
	nt_ring_sq(nt, 0, 1);
	nt_ring_cq(nt, 0, 1);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	KUNIT_EXPECT_TRUE(test, nt_csts(nt, U32_MAX, 0));
}

/* ---- interrupts ------------------------------------------------------------------------ */

static void nvme_interrupts_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);
	struct nvme_command cmd;

	nt->et->nmsgs = 0;
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
	et_expect_soon(nt->et, et_nmsgs(nt->et));
	et_expect_msg(nt->et, et_vector_address(0), et_vector_data(0));
	nt_queue_init(nt, 1, 8);
	nt_queue_init(nt, 2, 8);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 8, NQ_IRQ, 3, NT_CQ(1)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 8, NQ_PC, 1, NT_SQ(1)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 2, 8, NQ_PC, 2, NT_CQ(2)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 2, 8, NQ_PC, 2, NT_SQ(2)), 0);
	et_expect_soon(nt->et, et_nmsgs(nt->et) == 4);
	nt->et->nmsgs = 0;
	/* One with another vector than its number, and one with none */
	cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	et_expect_soon(nt->et, et_nmsgs(nt->et));
	et_expect_msg(nt->et, et_vector_address(3), et_vector_data(3));
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 2, &cmd), 0);
	usleep_range(1000, 2000);
	et_expect_no_msg(nt->et);
}

/* ---- faults ---------------------------------------------------------------------------- */

/* Queues that are not in memory, and the way out of that */
static void nvme_fatal_test(struct kunit *test)
{
	static const struct { u64 sq, cq; } bases[] = {
		{ 0, NT_CQ(1) },
		{ NT_SQ(1), 0 },
		{ ET_MEM + ET_MEM_SIZE, NT_CQ(1) },
		{ NT_SQ(1), ET_MEM + ET_MEM_SIZE },
		{ ~4095ULL, NT_CQ(1) },
		{ NT_SQ(1), ~4095ULL },
	};
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new_off(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		nt_enable(nt);
		nt_queue_init(nt, 1, 32);
		KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 32, NQ_IRQ, 1, bases[i].cq), 0);
		KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 32, NQ_PC, 1, bases[i].sq), 0);
		nt_submit(nt, 1, &cmd);
		et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_CFS, NVME_CSTS_CFS));
		/* It does nothing more. */
		cmd = nt_make(nvme_admin_abort_cmd, 0, 0, 0);
		nt_submit(nt, 0, &cmd);
		usleep_range(1000, 2000);
		KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
		nt_disable(nt);
		KUNIT_EXPECT_TRUE(test, nt_csts(nt, U32_MAX, 0));
	}
	nt_enable(nt);
	nt_make_queue(nt, 1, 32);
	nq_expect_works(nt, 1);
}

static void nvme_no_bus_master_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new_io(test);
	int dmas;

	et_set_command(nt->et, PCI_COMMAND_MEMORY);
	dmas = atomic_read(&nt->et->dmas);
	nt_submit(nt, 1, &cmd);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_CFS, NVME_CSTS_CFS));
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->et->dmas), dmas);
	et_set_command(nt->et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	nt_disable(nt);
	nt_enable(nt);
	nt_make_queue(nt, 1, 32);
	nq_expect_works(nt, 1);
}

/* ---- ends ------------------------------------------------------------------------------ */

/* Writes that keep all queues busy, as far as they are there */
static void nq_load(struct nt *nt)
{
	struct nvme_command cmd;
	u32 qid, i;

	for (qid = 1; qid <= NT_QUEUES; qid++) {
		for (i = 0; i < NT_DEPTH - 1; i++) {
			cmd = nt_rw(i & 1 ? nvme_cmd_write : nvme_cmd_write_zeroes, 64 * i, 16,
				    NT_DATA, NT_DATA + SZ_4K);
			nt_submit(nt, qid, &cmd);
		}
	}
}

static void nq_up(struct nt *nt)
{
	u32 qid;

	nt_enable(nt);
	for (qid = 1; qid <= NT_QUEUES; qid++)
		nt_make_queue(nt, qid, NT_DEPTH);
}

/* When it says that it is not ready no data moves, and nothing completes. */
static void nvme_disable_test(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);
	unsigned int round;
	int dmas;

	for (round = 0; round < 12; round++) {
		nq_up(nt);
		nq_load(nt);
		if (round & 1)
			usleep_range(50, 100 * round);
		nt_disable(nt);
		dmas = atomic_read(&nt->et->dmas);
		usleep_range(1000, 2000);
		KUNIT_EXPECT_EQ(test, atomic_read(&nt->et->dmas), dmas);
		KUNIT_EXPECT_TRUE(test, nt_csts(nt, U32_MAX, 0));
	}
	nq_up(nt);
	nq_expect_works(nt, 1);
}

/* It is not ready before the last piece has moved. */
static void nvme_disable_waits_test(struct kunit *test)
{
	struct nt *nt = nt_new_io(test);
	struct nvme_command cmd = nt_rw(nvme_cmd_write, 0, 1, NT_DATA, 0);

	et_hold(nt->et, true);
	nt_submit(nt, 1, &cmd);
	et_expect_soon(nt->et, atomic_read(&nt->et->held));
	nt_put(nt, NVME_REG_CC, 0);
	usleep_range(2000, 3000);
	KUNIT_EXPECT_TRUE(test, nt_csts(nt, NVME_CSTS_RDY, NVME_CSTS_RDY));
	/* The guest is in a hurry; what it asks for last, which cannot be, is what it gets. */
	nt_put(nt, NVME_REG_AQA, 0);
	nt_put(nt, NVME_REG_CC, NT_CC);
	nt_put(nt, NVME_REG_CC, 0);
	nt_put(nt, NVME_REG_CC, NT_CC);
	et_hold(nt->et, false);
	et_expect_soon(nt->et, nt_csts(nt, U32_MAX, NVME_CSTS_CFS));
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 1));
	nt_disable(nt);
	nt_enable(nt);
	nt_make_queue(nt, 1, NT_DEPTH);
	nq_expect_works(nt, 1);
}

/* Enabled and disabled as fast as can be, with commands in between */
static void nvme_toggle_test(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);
	unsigned int i;

	nq_up(nt);
	nq_load(nt);
	for (i = 0; i < 2000; i++) {
		nt_put(nt, NVME_REG_CC, i & 1 ? NT_CC : i % 7 ? 0 : NVME_CC_SHN_NORMAL);
		nt_ring_sq(nt, i % 5, i % 40);
		nt_ring_cq(nt, i % 5, i % 40);
	}
	nt_disable(nt);
	nq_up(nt);
	nq_expect_works(nt, 3);
}

static void nvme_delete_busy_test(struct kunit *test)
{
	struct nvme_command cmd;
	struct nt *nt = nt_new(test);
	unsigned int round;

	for (round = 0; round < 20; round++) {
		nt_make_queue(nt, 1, NT_DEPTH);
		nt_make_queue(nt, 2, NT_DEPTH);
		cmd = nt_rw(nvme_cmd_write_zeroes, 0, 4096, 0, 0);
		nt_submit(nt, 1, &cmd);
		cmd = nt_rw(nvme_cmd_write, 0, 16, NT_DATA, NT_DATA);
		nt_submit(nt, 1, &cmd);
		nt_submit(nt, 1, &cmd);
		if (round & 1)
			usleep_range(20, 20 * round + 20);
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 1), 0);
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), 0);
		nq_expect_works(nt, 2);
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 2), 0);
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 2), 0);
	}
}

/* One that waits for room in its completion queue can be deleted, too. */
static void nvme_delete_full_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_cmd_flush, 1, 0, 0);
	struct nt *nt = nt_new(test);
	u32 i;

	nt_queue_init(nt, 1, 8);
	KUNIT_EXPECT_EQ(test, nt_create_cq(nt, 1, 2, NQ_IRQ, 1, NT_CQ(1)), 0);
	KUNIT_EXPECT_EQ(test, nt_create_sq(nt, 1, 8, NQ_PC, 1, NT_SQ(1)), 0);
	for (i = 0; i < 4; i++)
		nt_submit(nt, 1, &cmd);
	et_expect_soon(nt->et, atomic_read(&nt->flushes) == 2);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, 1), 0);
	/* Room now, but nobody whose completion would come */
	nt_ring_cq(nt, 1, 1);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 2);
	KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, 1), 0);
	nt_make_queue(nt, 1, 8);
	nq_expect_works(nt, 1);
}

static void nvme_shutdown_test(struct kunit *test)
{
	static const u32 ways[] = { NVME_CC_SHN_NORMAL, NVME_CC_SHN_ABRUPT, NVME_CC_SHN_MASK };
	struct nvme_command cmd = nt_make(nvme_admin_abort_cmd, 0, 0, 0);
	struct nt *nt = nt_new_off(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		nq_up(nt);
		nq_load(nt);
		atomic_set(&nt->flushes, 0);
		nt_put(nt, NVME_REG_CC, NT_CC | ways[i]);
		et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT));
		KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 1);
		KUNIT_EXPECT_TRUE(test, nt_csts(nt, NVME_CSTS_RDY, NVME_CSTS_RDY));
		/* What comes then comes too late. */
		nt_submit(nt, 0, &cmd);
		nt_put(nt, NVME_REG_CC, NT_CC);
		usleep_range(1000, 2000);
		KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
		KUNIT_EXPECT_TRUE(test, nt_csts(nt, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT));
		nt_disable(nt);
		KUNIT_EXPECT_TRUE(test, nt_csts(nt, U32_MAX, 0));
	}
	/* One that has nothing to shut down */
	nt_put(nt, NVME_REG_CC, NVME_CC_SHN_NORMAL);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT));
	nq_up(nt);
	nq_expect_works(nt, 2);
}

/* A disk that cannot be flushed does not keep the guest from going. */
static void nvme_shutdown_error_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);

	nt->fail = NT_FAIL_FLUSH;
	nt_put(nt, NVME_REG_CC, NT_CC | NVME_CC_SHN_NORMAL);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT));
}

/* Reset of the function under load, and again from the beginning */
static void nvme_function_reset_test(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);
	u32 exp = et_find_cap(nt->et, PCI_CAP_ID_EXP), round;
	int dmas;

	for (round = 0; round < 5; round++) {
		nq_up(nt);
		nq_load(nt);
		endpoint_config_write(nt->et->ep, exp + PCI_EXP_DEVCTL, 2,
				      PCI_EXP_DEVCTL_BCR_FLR);
		dmas = atomic_read(&nt->et->dmas);
		usleep_range(1000, 2000);
		KUNIT_EXPECT_EQ(test, atomic_read(&nt->et->dmas), dmas);
		et_msix_on(nt->et);
		KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CC), 0U);
		KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CSTS), 0U);
		KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_AQA), 0U);
		KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_ASQ), 0U);
	}
	nq_up(nt);
	nq_expect_works(nt, 4);
}

static void nvme_destroy_test(struct kunit *test)
{
	unsigned int round;
	struct nt *nt;
	int dmas;

	for (round = 0; round < 6; round++) {
		nt = nt_new_off(test);
		nq_up(nt);
		nq_load(nt);
		if (round & 1)
			usleep_range(50, 100 * round);
		endpoint_destroy(nt->et->ep);
		nt->et->ep = NULL;
		dmas = atomic_read(&nt->et->dmas);
		usleep_range(500, 1000);
		KUNIT_EXPECT_EQ(test, atomic_read(&nt->et->dmas), dmas);
	}
}

static struct kunit_case nvme_queue_cases[] = {
	KUNIT_CASE(nvme_create_cq_test),
	KUNIT_CASE(nvme_create_sq_test),
	KUNIT_CASE(nvme_create_limits_test),
	KUNIT_CASE(nvme_delete_test),
	KUNIT_CASE(nvme_shared_cq_test),
	KUNIT_CASE_PARAM(nvme_size_test, nq_size_gen_params),
	KUNIT_CASE(nvme_batch_test),
	KUNIT_CASE(nvme_cq_full_test),
	KUNIT_CASE(nvme_admin_cq_full_test),
	KUNIT_CASE(nvme_doorbells_test),
	KUNIT_CASE(nvme_doorbells_off_test),
	KUNIT_CASE(nvme_interrupts_test),
	KUNIT_CASE(nvme_fatal_test),
	KUNIT_CASE(nvme_no_bus_master_test),
	KUNIT_CASE(nvme_disable_test),
	KUNIT_CASE(nvme_disable_waits_test),
	KUNIT_CASE(nvme_toggle_test),
	KUNIT_CASE(nvme_delete_busy_test),
	KUNIT_CASE(nvme_delete_full_test),
	KUNIT_CASE(nvme_shutdown_test),
	KUNIT_CASE(nvme_shutdown_error_test),
	KUNIT_CASE(nvme_function_reset_test),
	KUNIT_CASE(nvme_destroy_test),
	{}
};

static struct kunit_suite nvme_queue_suite = {
	.name = "vmbus_endpoints_nvme_queue",
	.test_cases = nvme_queue_cases,
};

kunit_test_suite(nvme_queue_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the NVMe controller's queues");
MODULE_LICENSE("GPL");
