// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of the NVM set: read, write, flush, write zeroes.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "endpoint_nvme.h"

/**
 * nvme_ep_flush - make durable what was written
 * @nvme: controller
 *
 * Return: a status.
 */
u16 nvme_ep_flush(struct endpoint_nvme *nvme)
{
	return nvme->disk->flush(nvme->disk_ctx) ? NVME_SC_INTERNAL : NVME_SC_SUCCESS;
}

/* The volatile cache is off, or does not count for this command. */
static u16 nvme_ep_write_through(struct endpoint_nvme *nvme, u16 control)
{
	if (control & NVME_RW_FUA || !READ_ONCE(nvme->features[NVME_FEAT_VOLATILE_WC]))
		return nvme_ep_flush(nvme);
	return NVME_SC_SUCCESS;
}

static u16 nvme_ep_read_piece(struct nvme_ep_sq *sq, u64 pos, u32 len)
{
	struct endpoint_nvme *nvme = sq->nvme;

	if (nvme->disk->read(nvme->disk_ctx, pos, sq->piece, len))
		return NVME_SC_READ_ERROR;
	return nvme_ep_move(sq, sq->piece, len, true);
}

static u16 nvme_ep_write_piece(struct nvme_ep_sq *sq, u64 pos, u32 len)
{
	struct endpoint_nvme *nvme = sq->nvme;
	u16 status;

	status = nvme_ep_move(sq, sq->piece, len, false);
	if (status)
		return status;
	return nvme->disk->write(nvme->disk_ctx, pos, sq->piece, len) ? NVME_SC_WRITE_FAULT :
									NVME_SC_SUCCESS;
}

static u16 nvme_ep_zero_piece(struct nvme_ep_sq *sq, u64 pos, u32 len)
{
	struct endpoint_nvme *nvme = sq->nvme;

	memset(sq->piece, 0, len);
	return nvme->disk->write(nvme->disk_ctx, pos, sq->piece, len) ? NVME_SC_WRITE_FAULT :
									NVME_SC_SUCCESS;
}

/* The completion of a command that a queue's end cuts short is not posted. */
static u16 nvme_ep_in_pieces(struct nvme_ep_sq *sq, u64 pos, u64 len,
			     u16 (*piece)(struct nvme_ep_sq *sq, u64 pos, u32 len))
{
	u16 status = NVME_SC_SUCCESS;
	u32 part;

	while (len && !status) {
		if (!READ_ONCE(sq->live))
			return NVME_SC_ABORT_QUEUE;
		part = min_t(u64, len, NVME_EP_PIECE);
		status = piece(sq, pos, part);
		pos += part;
		len -= part;
		cond_resched();
	}
	return status;
}

static void nvme_ep_count(struct endpoint_nvme *nvme, bool write, u32 blocks)
{
	atomic64_inc(write ? &nvme->writes : &nvme->reads);
	atomic64_add(blocks, write ? &nvme->blocks_written : &nvme->blocks_read);
}

/* The three that name blocks have them in the same place. */
static u16 nvme_ep_blocks(struct nvme_ep_sq *sq, const struct nvme_command *cmd)
{
	const struct nvme_rw_command *rw = &cmd->rw;
	struct endpoint_nvme *nvme = sq->nvme;
	u8 shift = nvme->params.block_shift, opcode = rw->opcode;
	u64 lba = le64_to_cpu(rw->slba), len;
	u32 blocks = le16_to_cpu(rw->length) + 1;
	u16 status;

	len = (u64)blocks << shift;
	if (opcode != nvme_cmd_write_zeroes && len > NVME_EP_DATA_MAX)
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	if (lba >= nvme->blocks || blocks > nvme->blocks - lba)
		return NVME_EP_NEVER(NVME_SC_LBA_RANGE);
	if (opcode != nvme_cmd_write_zeroes) {
		status = nvme_ep_map(sq, cmd, len);
		if (status)
			return status;
	}
	nvme_ep_count(nvme, opcode != nvme_cmd_read, blocks);
	if (opcode == nvme_cmd_read)
		return nvme_ep_in_pieces(sq, lba << shift, len, nvme_ep_read_piece);
	status = nvme_ep_in_pieces(sq, lba << shift, len, opcode == nvme_cmd_write ?
				   nvme_ep_write_piece : nvme_ep_zero_piece);
	return status ?: nvme_ep_write_through(nvme, le16_to_cpu(rw->control));
}

/**
 * nvme_ep_io - a command of an I/O queue
 * @sq: queue
 * @cmd: command
 *
 * Return: its status.
 */
u16 nvme_ep_io(struct nvme_ep_sq *sq, const struct nvme_command *cmd)
{
	u32 nsid = le32_to_cpu(cmd->common.nsid);

	switch (cmd->common.opcode) {
	case nvme_cmd_flush:
		if (nsid != 1 && nsid != NVME_NSID_ALL)
			return NVME_EP_NEVER(NVME_SC_INVALID_NS);
		return nvme_ep_flush(sq->nvme);
	case nvme_cmd_read:
	case nvme_cmd_write:
	case nvme_cmd_write_zeroes:
		if (nsid != 1)
			return NVME_EP_NEVER(NVME_SC_INVALID_NS);
		return nvme_ep_blocks(sq, cmd);
	}
	return NVME_EP_NEVER(NVME_SC_INVALID_OPCODE);
}
