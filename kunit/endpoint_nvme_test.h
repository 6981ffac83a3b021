/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small NVMe driver, and a disk in memory, for tests of the controller.
 */
#ifndef _ENDPOINT_NVME_TEST_H
#define _ENDPOINT_NVME_TEST_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/unaligned.h>

#include "endpoint_test.h"

#define NT_DISK		SZ_4M		/* bytes */
#define NT_QUEUES	4
#define NT_DEPTH	32		/* entries, unless a test wants others */

/* Guest memory: submission queues, lists of PRPs, data, completion queues */
#define NT_SQ(_qid)	(ET_MEM + SZ_64K * (_qid))
#define NT_LIST		(ET_MEM + 0x70000)
#define NT_DATA		(ET_MEM + 0x80000)
#define NT_CQ(_qid)	(ET_MEM + 0x180000 + SZ_16K * (_qid))

#define NT_DNR(_status)	((_status) | NVME_STATUS_DNR)

#define NT_CC		(NVME_CC_ENABLE | NVME_CC_IOSQES | NVME_CC_IOCQES)

/**
 * struct nt_queue - both queues of one number
 * @size: entries
 * @tail: of the submission queue
 * @head: of the completion queue
 * @phase: phase bit of the next completion
 */
struct nt_queue {
	u32 size;
	u32 tail;
	u32 head;
	bool phase;
};

/**
 * struct nt - a controller and its driver
 * @et: environment and endpoint
 * @disk: bytes of the disk
 * @fail: bits of NT_FAIL_*
 * @flushes: times it was flushed
 * @q: queues
 * @id: of the next command
 */
struct nt {
	struct et *et;
	u8 *disk;
	unsigned int fail;
	atomic_t flushes;
	struct nt_queue q[NT_QUEUES + 1];
	u16 id;
};

#define NT_FAIL_READ	0x1
#define NT_FAIL_WRITE	0x2
#define NT_FAIL_FLUSH	0x4

static inline int nt_disk_read(void *ctx, u64 pos, void *buf, size_t len)
{
	struct nt *nt = ctx;

	if (nt->fail & NT_FAIL_READ || pos > NT_DISK || len > NT_DISK - pos)
		return -EIO;
	memcpy(buf, nt->disk + pos, len);
	return 0;
}

static inline int nt_disk_write(void *ctx, u64 pos, const void *buf, size_t len)
{
	struct nt *nt = ctx;

	if (nt->fail & NT_FAIL_WRITE || pos > NT_DISK || len > NT_DISK - pos)
		return -EIO;
	memcpy(nt->disk + pos, buf, len);
	return 0;
}

static inline int nt_disk_flush(void *ctx)
{
	struct nt *nt = ctx;

	atomic_inc(&nt->flushes);
	return nt->fail & NT_FAIL_FLUSH ? -EIO : 0;
}

static inline u64 nt_disk_size(void *ctx)
{
	return NT_DISK + 511;
}

static const struct endpoint_disk_ops nt_disk_ops = {
	.read = nt_disk_read,
	.write = nt_disk_write,
	.flush = nt_disk_flush,
	.size = nt_disk_size,
};

/* ---- registers ------------------------------------------------------------------------- */

static inline u32 nt_get(struct nt *nt, u32 reg)
{
	return endpoint_bar_read(nt->et->ep, 0, reg, 4);
}

static inline void nt_put(struct nt *nt, u32 reg, u32 val)
{
	endpoint_bar_write(nt->et->ep, 0, reg, 4, val);
}

static inline void nt_put64(struct nt *nt, u32 reg, u64 val)
{
	endpoint_bar_write(nt->et->ep, 0, reg, 8, val);
}

static inline void nt_ring_sq(struct nt *nt, u32 qid, u32 val)
{
	nt_put(nt, NVME_REG_DBS + 8 * qid, val);
}

static inline void nt_ring_cq(struct nt *nt, u32 qid, u32 val)
{
	nt_put(nt, NVME_REG_DBS + 8 * qid + 4, val);
}

static inline bool nt_csts(struct nt *nt, u32 mask, u32 val)
{
	return (nt_get(nt, NVME_REG_CSTS) & mask) == val;
}

static inline void nt_queue_init(struct nt *nt, u32 qid, u32 size)
{
	nt->q[qid] = (struct nt_queue){ .size = size, .phase = true };
	memset(nt->et->mem + (NT_CQ(qid) - ET_MEM), 0, SZ_16K);
}

static inline void nt_disable(struct nt *nt)
{
	nt_put(nt, NVME_REG_CC, 0);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_RDY, 0));
}

static inline void nt_enable(struct nt *nt)
{
	nt_queue_init(nt, 0, NT_DEPTH);
	nt_put(nt, NVME_REG_AQA, (NT_DEPTH - 1) << 16 | (NT_DEPTH - 1));
	nt_put64(nt, NVME_REG_ASQ, NT_SQ(0));
	nt_put64(nt, NVME_REG_ACQ, NT_CQ(0));
	nt_put(nt, NVME_REG_CC, NT_CC);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_RDY | NVME_CSTS_CFS, NVME_CSTS_RDY));
}

/* ---- commands -------------------------------------------------------------------------- */

/* Put it in the queue, with an id that is returned. */
static inline u16 nt_submit(struct nt *nt, u32 qid, struct nvme_command *cmd)
{
	struct nt_queue *q = &nt->q[qid];

	cmd->common.command_id = nt->id++;
	memcpy(nt->et->mem + (NT_SQ(qid) - ET_MEM) + q->tail * sizeof(*cmd), cmd, sizeof(*cmd));
	q->tail = (q->tail + 1) % q->size;
	nt_ring_sq(nt, qid, q->tail);
	return cmd->common.command_id;
}

static inline struct nvme_completion *nt_cqe(struct nt *nt, u32 qid)
{
	return (struct nvme_completion *)(nt->et->mem + (NT_CQ(qid) - ET_MEM)) + nt->q[qid].head;
}

static inline bool nt_is_done(struct nt *nt, u32 qid)
{
	return (le16_to_cpu(READ_ONCE(nt_cqe(nt, qid)->status)) & 1) == nt->q[qid].phase;
}

/* Take a completion, without telling the controller. */
static inline struct nvme_completion nt_take(struct nt *nt, u32 qid)
{
	struct nt_queue *q = &nt->q[qid];
	struct nvme_completion cqe;

	et_expect_soon(nt->et, nt_is_done(nt, qid));
	/* Pairs with the barrier before the controller writes the phase. */
	smp_rmb();
	cqe = *nt_cqe(nt, qid);
	if (++q->head == q->size) {
		q->head = 0;
		q->phase = !q->phase;
	}
	return cqe;
}

static inline u16 nt_status(const struct nvme_completion *cqe)
{
	return le16_to_cpu(cqe->status) >> 1;
}

/* One command from beginning to end; its status, and what it results in. */
static inline u16 nt_result(struct nt *nt, u32 qid, struct nvme_command *cmd, u32 *result)
{
	u16 id = nt_submit(nt, qid, cmd);
	struct nvme_completion cqe = nt_take(nt, qid);

	nt_ring_cq(nt, qid, nt->q[qid].head);
	KUNIT_EXPECT_EQ(nt->et->test, cqe.command_id, id);
	KUNIT_EXPECT_EQ(nt->et->test, le16_to_cpu(cqe.sq_id), qid);
	KUNIT_EXPECT_EQ(nt->et->test, le16_to_cpu(cqe.sq_head), nt->q[qid].tail);
	*result = le32_to_cpu(cqe.result.u32);
	return nt_status(&cqe);
}

static inline u16 nt_cmd(struct nt *nt, u32 qid, struct nvme_command *cmd)
{
	u32 result;

	return nt_result(nt, qid, cmd, &result);
}

static inline struct nvme_command nt_make(u8 opcode, u32 nsid, u64 prp1, u64 prp2)
{
	struct nvme_command cmd = {};

	cmd.common.opcode = opcode;
	cmd.common.nsid = cpu_to_le32(nsid);
	cmd.common.dptr.prp1 = cpu_to_le64(prp1);
	cmd.common.dptr.prp2 = cpu_to_le64(prp2);
	return cmd;
}

static inline u16 nt_identify(struct nt *nt, u8 cns, u32 nsid, u8 csi)
{
	struct nvme_command cmd = nt_make(nvme_admin_identify, nsid, NT_DATA, 0);

	cmd.identify.cns = cns;
	cmd.identify.csi = csi;
	return nt_cmd(nt, 0, &cmd);
}

static inline u16 nt_feature(struct nt *nt, u8 opcode, u32 dw10, u32 dw11, u32 *result)
{
	struct nvme_command cmd = nt_make(opcode, 0, 0, 0);

	cmd.features.fid = cpu_to_le32(dw10);
	cmd.features.dword11 = cpu_to_le32(dw11);
	return nt_result(nt, 0, &cmd, result);
}

static inline u16 nt_create_cq(struct nt *nt, u16 qid, u32 size, u16 flags, u16 vector, u64 base)
{
	struct nvme_command cmd = nt_make(nvme_admin_create_cq, 0, base, 0);

	cmd.create_cq.cqid = cpu_to_le16(qid);
	cmd.create_cq.qsize = cpu_to_le16(size - 1);
	cmd.create_cq.cq_flags = cpu_to_le16(flags);
	cmd.create_cq.irq_vector = cpu_to_le16(vector);
	return nt_cmd(nt, 0, &cmd);
}

static inline u16 nt_create_sq(struct nt *nt, u16 qid, u32 size, u16 flags, u16 cqid, u64 base)
{
	struct nvme_command cmd = nt_make(nvme_admin_create_sq, 0, base, 0);

	cmd.create_sq.sqid = cpu_to_le16(qid);
	cmd.create_sq.qsize = cpu_to_le16(size - 1);
	cmd.create_sq.sq_flags = cpu_to_le16(flags);
	cmd.create_sq.cqid = cpu_to_le16(cqid);
	return nt_cmd(nt, 0, &cmd);
}

static inline u16 nt_delete(struct nt *nt, u8 opcode, u16 qid)
{
	struct nvme_command cmd = nt_make(opcode, 0, 0, 0);

	cmd.delete_queue.qid = cpu_to_le16(qid);
	return nt_cmd(nt, 0, &cmd);
}

/* Both queues of a number, with the vector of that number */
static inline void nt_make_queue(struct nt *nt, u16 qid, u32 size)
{
	nt_queue_init(nt, qid, size);
	KUNIT_ASSERT_EQ(nt->et->test, nt_create_cq(nt, qid, size, NVME_QUEUE_PHYS_CONTIG |
						   NVME_CQ_IRQ_ENABLED, qid, NT_CQ(qid)), 0);
	KUNIT_ASSERT_EQ(nt->et->test, nt_create_sq(nt, qid, size, NVME_QUEUE_PHYS_CONTIG, qid,
						   NT_SQ(qid)), 0);
}

/* A command about blocks */
static inline struct nvme_command nt_rw(u8 opcode, u64 lba, u32 blocks, u64 prp1, u64 prp2)
{
	struct nvme_command cmd = nt_make(opcode, 1, prp1, prp2);

	cmd.rw.slba = cpu_to_le64(lba);
	cmd.rw.length = cpu_to_le16(blocks - 1);
	return cmd;
}

/* ---- life ------------------------------------------------------------------------------ */

static inline void nt_free_disk(void *disk)
{
	kvfree(disk);
}

static inline struct nt *nt_make_ctrl(struct kunit *test,
				      const struct endpoint_nvme_params *params)
{
	struct nt *nt = kunit_kzalloc(test, sizeof(*nt), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, nt);
	nt->disk = kvmalloc(NT_DISK, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nt->disk);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, nt_free_disk, nt->disk), 0);
	for (i = 0; i < NT_DISK; i += 4)
		put_unaligned_le32(i * 2654435761U, nt->disk + i);
	nt->et = et_new(test);
	et_put(nt->et, endpoint_nvme_create(params, &nt_disk_ops, nt, &et_env, nt->et));
	et_msix_on(nt->et);
	return nt;
}

/* One that is not enabled */
static inline struct nt *nt_new_off(struct kunit *test)
{
	static const struct endpoint_nvme_params params = {
		.queues = NT_QUEUES,
		.block_shift = 9,
		.serial = 0x1234abcd,
	};

	return nt_make_ctrl(test, &params);
}

/* One that is, with no I/O queues */
static inline struct nt *nt_new(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);

	nt_enable(nt);
	return nt;
}

/* One with one I/O queue */
static inline struct nt *nt_new_io(struct kunit *test)
{
	struct nt *nt = nt_new(test);

	nt_make_queue(nt, 1, NT_DEPTH);
	nt->et->nmsgs = 0;
	return nt;
}

static inline u8 *nt_data(struct nt *nt)
{
	return nt->et->mem + (NT_DATA - ET_MEM);
}

#endif /* _ENDPOINT_NVME_TEST_H */
