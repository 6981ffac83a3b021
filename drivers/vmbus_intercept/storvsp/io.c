// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI commands: from the guest's pages to LIO and back.
 *
 * A read or write of a disk gets the guest's pages themselves, one entry of the
 * scatter list per page, as LIO wants it.  For everything else LIO has a buffer
 * of its own: it parses parameters in place, which the guest could change
 * meanwhile.  Such a bounce also serves data at odd addresses, that disks would
 * not take.
 *
 * LIO drops its last reference exactly once per command, also if it aborts it:
 * that is where the answer is made.
 */
#include <kunit/visibility.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <vmbus/partition.h>
#include "storvsp.h"

/* One guest page, one page, one entry. */
static_assert(PAGE_SIZE == HV_HYP_PAGE_SIZE);

#define STORVSP_ALIGN	512	/* of data that disks take */

/* VPD page B0, block limits: what follows four bytes. */
#define STORVSP_LIMITS_PAGE	0xb0
#define STORVSP_LIMITS_LEN	60
#define STORVSP_LIMITS_SHORT	40	/* without those of atomic writes */

static struct storvsp_io *to_io(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct storvsp_io, se_cmd);
}

/* ---- fairness ------------------------------------------------------------------------ */

/**
 * storvsp_admit - may a LUN have one more command in flight?
 * @lun_busy: how many it has on the channel
 * @busy: how many all LUNs have there, these included
 * @depth: how many it may have at most
 *
 * No more than are still free: then one LUN that is slow gets half of all, two get a
 * third each, and there is always something left for the others.
 *
 * Return: true if so.
 */
bool storvsp_admit(unsigned int lun_busy, unsigned int busy, unsigned int depth)
{
	return lun_busy < depth && lun_busy < STORVSP_DEPTH - busy;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_admit);

/* ---- the guest's pages --------------------------------------------------------------- */

static int storvsp_pin(struct storvsp_io *io)
{
	const struct storvsp_command *cmd = &io->cmd;
	int err = 0;

	if (cmd->npages) {
		/* Only what is written must be known by its number when it is let go. */
		if (cmd->data_in)
			memcpy(io->pfns, cmd->pfns, cmd->npages * sizeof(*io->pfns));
		err = vpart_pin_pages(io->sc->part, cmd->pfns, cmd->npages, cmd->data_in,
				      io->pages);
	}
	io->npages = err ? 0 : cmd->npages;
	io->sc->pinned += io->npages;
	return err;
}

static void storvsp_unpin(struct storvsp_io *io)
{
	if (io->npages)
		vpart_unpin_pages(io->sc->part, io->pfns, io->npages, io->cmd.data_in, io->pages);
	io->npages = 0;
}

/* Describe the first @len bytes of the data; returns the number of entries. */
static unsigned int storvsp_build_sgl(struct storvsp_io *io, u32 len)
{
	unsigned int n = HVPFN_UP(io->cmd.offset + len), i;
	u32 offset = io->cmd.offset, part;

	sg_init_table(io->sgl, n);
	for (i = 0; i < n; i++) {
		part = min_t(u32, len, PAGE_SIZE - offset);
		sg_set_page(&io->sgl[i], io->pages[i], part, offset);
		len -= part;
		offset = 0;
	}
	return n;
}

/* Copy between LIO's buffer and the guest's pages. */
static void storvsp_copy(struct storvsp_io *io, bool to_guest)
{
	struct se_cmd *se_cmd = &io->se_cmd;
	u32 left = min(se_cmd->data_length, io->cmd.len), done = 0, part;
	unsigned int n, i;
	struct scatterlist *sg;
	void *addr;

	if (!left)
		return;
	vsrv_chan_count(io->sc->chan, VSRV_CHAN_DATA_COPIED, left);
	n = storvsp_build_sgl(io, left);
	for_each_sg(se_cmd->t_data_sg, sg, se_cmd->t_data_nents, i) {
		part = min(left, sg->length);
		addr = kmap_local_page(sg_page(sg));
		sg_copy_buffer(io->sgl, n, addr + sg->offset, part, done, !to_guest);
		kunmap_local(addr);
		done += part;
		left -= part;
	}
}

/* ---- to LIO ------------------------------------------------------------------------------ */

static void storvsp_io_answer(struct storvsp_io *io, const struct storvsp_result *res)
{
	storvsp_answer_srb(&io->answer, &io->req, res);
	storvsp_chan_answer(io);
}

/* Make the answer "try again"; who calls this sends it. */
static void storvsp_make_busy(struct storvsp_io *io)
{
	static const struct storvsp_result busy = {
		.srb_status = SRB_STATUS_BUSY,
		.scsi_status = SAM_STAT_BUSY,
	};

	vsrv_chan_count(io->sc->chan, VSRV_CHAN_BUSY, 1);
	storvsp_answer_srb(&io->answer, &io->req, &busy);
}

/* The same where the guest's pages are not to be had, unless that is its own fault. */
static void storvsp_make_pin_failed(struct storvsp_io *io, int err)
{
	static const struct storvsp_result invalid = {
		.srb_status = SRB_STATUS_INVALID_REQUEST,
		.scsi_status = SAM_STAT_GOOD,
	};

	if (err != -EFAULT) {
		storvsp_make_busy(io);
		return;
	}
	vsrv_chan_count(io->sc->chan, VSRV_CHAN_BAD_PACKETS, 1);
	storvsp_answer_srb(&io->answer, &io->req, &invalid);
}

static void storvsp_io_emulated(struct storvsp_io *io, const struct storvsp_result *res)
{
	int err;

	if (res->len) {
		err = storvsp_pin(io);
		if (err) {
			storvsp_make_pin_failed(io, err);
			storvsp_chan_answer(io);
			return;
		}
		vsrv_chan_count(io->sc->chan, VSRV_CHAN_DATA_COPIED, res->len);
		sg_copy_from_buffer(io->sgl, storvsp_build_sgl(io, res->len), io->sc->data,
				    res->len);
		storvsp_unpin(io);
	}
	storvsp_io_answer(io, res);
}

/**
 * storvsp_takes_pages - can LIO have the guest's pages themselves for a disk's data?
 * @cmd: command
 * @len: bytes of data that LIO moves, not 0
 *
 * Return: false if it needs a buffer of its own.
 */
bool storvsp_takes_pages(const struct storvsp_command *cmd, u32 len)
{
	switch (cmd->cdb[0]) {
	case COMPARE_AND_WRITE:
		return false;
	case WRITE_SAME:
	case WRITE_SAME_16:
		/* Its one block must be in one piece. */
		if (HVPFN_UP(cmd->offset + len) > 1)
			return false;
		break;
	}
	return !(cmd->offset % STORVSP_ALIGN);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_takes_pages);

/*
 * LIO has parsed the command: choose its buffer.  False if it wants to move
 * more than the guest gave room for; of a disk's blocks there are no halves.
 */
static bool storvsp_map(struct storvsp_io *io)
{
	struct se_cmd *se_cmd = &io->se_cmd;
	u32 flags = se_cmd->se_cmd_flags;

	io->bounce = true;
	if (!(flags & SCF_SCSI_DATA_CDB))
		return true;
	if (flags & SCF_OVERFLOW_BIT)
		return false;
	if (!se_cmd->data_length || !storvsp_takes_pages(&io->cmd, se_cmd->data_length))
		return true;

	io->bounce = false;
	se_cmd->t_data_nents = storvsp_build_sgl(io, se_cmd->data_length);
	se_cmd->t_data_sg = io->sgl;
	se_cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
	return true;
}

static enum dma_data_direction storvsp_direction(const struct storvsp_command *cmd)
{
	if (!cmd->len)
		return DMA_NONE;
	return cmd->data_in ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

/* Have LIO look at the command.  False if that was all. */
static bool storvsp_prepare(struct storvsp_io *io)
{
	struct se_session *sess = io->sc->ctrl->sess;
	struct storvsp_command *cmd = &io->cmd;
	struct se_cmd *se_cmd = &io->se_cmd;

	memset(se_cmd, 0, sizeof(*se_cmd));
	/* LIO does not write all of it. */
	memset(io->sense, 0, sizeof(io->sense));
	io->moved = false;
	io->aborted = false;
	se_cmd->tag = io->req.trans_id;
	if (target_init_cmd(se_cmd, sess, io->sense, cmd->lun, cmd->len, TCM_SIMPLE_TAG,
			    storvsp_direction(cmd), TARGET_SCF_ACK_KREF)) {
		storvsp_unpin(io);
		storvsp_make_busy(io);
		storvsp_chan_complete(io);
		return false;
	}
	/* After a failure the command is complete, and @io may be in use again. */
	return !target_submit_prep(se_cmd, cmd->cdb, NULL, 0, NULL, 0, NULL, 0, GFP_KERNEL);
}

/* Refuse what LIO would refuse aloud.  False if it is to have the command. */
static bool storvsp_io_refuse(struct storvsp_io *io)
{
	struct storvsp_result res = {
		.srb_status = storvsp_srb_status(SAM_STAT_CHECK_CONDITION),
		.scsi_status = SAM_STAT_CHECK_CONDITION,
		.sense = io->sense,
	};
	struct storvsp_disk disk;
	u8 asc;

	if (!storvsp_disk_get(io->sc->ctrl, io->cmd.lun, &disk))
		return false;
	asc = storvsp_screen(io->cmd.cdb, &disk);
	if (!asc)
		return false;
	memset(io->sense, 0, sizeof(io->sense));
	/* As LIO: descriptors for large disks. */
	scsi_build_sense_buffer(disk.blocks - 1 > U32_MAX, io->sense, ILLEGAL_REQUEST, asc, 0);
	storvsp_io_answer(io, &res);
	return true;
}

/* Up to where LIO has its disk.  False if that was all. */
static bool storvsp_io_begin(struct storvsp_io *io)
{
	static const DECLARE_BITMAP(none, STORVSP_LUNS);
	struct storvsp_chan *sc = io->sc;
	const unsigned long *luns = storvsp_scan_empty(&sc->ctrl->scan) ? none : sc->ctrl->luns;
	struct storvsp_result res;
	int err;

	if (storvsp_emulate(&io->cmd, luns, sc->data, &res)) {
		storvsp_io_emulated(io, &res);
		return false;
	}
	if (storvsp_io_refuse(io))
		return false;
	if (!storvsp_chan_begin(io)) {
		storvsp_make_busy(io);
		storvsp_chan_answer(io);
		return false;
	}
	err = storvsp_pin(io);
	if (err) {
		storvsp_make_pin_failed(io, err);
		storvsp_chan_complete(io);
		return false;
	}
	return storvsp_prepare(io);
}

/**
 * storvsp_io_execute - execute a SCSI command
 * @io: request, with a good command
 *
 * Context: in the channel's work, while the packet is valid.
 */
void storvsp_io_execute(struct storvsp_io *io)
{
	struct storvsp_ctrl *ctrl = io->sc->ctrl;
	bool begun;
	int idx;

	/* A disk that we find LIO finds, too: pairs with that in storvsp_pre_unlink(). */
	idx = srcu_read_lock(&ctrl->luns_srcu);
	begun = storvsp_io_begin(io);
	srcu_read_unlock(&ctrl->luns_srcu, idx);
	if (!begun)
		return;
	if (storvsp_map(io))
		target_submit(&io->se_cmd);
	else
		transport_generic_request_failure(&io->se_cmd, TCM_INVALID_CDB_FIELD);
}

/* ---- from LIO ------------------------------------------------------------------------------ */

/**
 * storvsp_write_pending - LIO has a buffer for data from the guest
 * @se_cmd: command
 *
 * Return: 0.
 */
int storvsp_write_pending(struct se_cmd *se_cmd)
{
	struct storvsp_io *io = to_io(se_cmd);

	if (io->bounce)
		storvsp_copy(io, false);
	target_execute_cmd(se_cmd);
	return 0;
}

/**
 * storvsp_block_limits - have the VPD page of block limits in full length
 * @cmd: command
 * @data: the first page of its data; after @len bytes it is zero
 * @len: bytes of data that LIO gives
 *
 * LIO of Linux 7.x ends the page after the limits that it knows.  Linux reads those
 * of UNMAP only in a page of full length, and would discard nothing.
 *
 * Return: bytes of data to give.
 */
u32 storvsp_block_limits(const struct storvsp_command *cmd, u8 *data, u32 len)
{
	const u8 *cdb = cmd->cdb;
	u32 room = min_t(u32, get_unaligned_be16(cdb + 3), cmd->len);

	if (cdb[0] != INQUIRY || !(cdb[1] & 1) || cdb[2] != STORVSP_LIMITS_PAGE || len < 4 ||
	    get_unaligned_be16(data + 2) != STORVSP_LIMITS_SHORT)
		return len;
	put_unaligned_be16(STORVSP_LIMITS_LEN, data + 2);
	return max(len, min_t(u32, room, 4 + STORVSP_LIMITS_LEN));
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_block_limits);

static void storvsp_mend(struct storvsp_io *io)
{
	struct se_cmd *se_cmd = &io->se_cmd;
	u32 len = se_cmd->data_length, more;
	void *data;

	if (!len)
		return;
	data = kmap_local_page(sg_page(se_cmd->t_data_sg));
	more = storvsp_block_limits(&io->cmd, data + se_cmd->t_data_sg->offset, len) - len;
	kunmap_local(data);
	se_cmd->data_length += more;
	se_cmd->residual_count -= more;
}

/**
 * storvsp_queue_data_in - LIO has data for the guest
 * @se_cmd: command
 *
 * Return: 0.
 */
int storvsp_queue_data_in(struct se_cmd *se_cmd)
{
	struct storvsp_io *io = to_io(se_cmd);

	if (io->bounce) {
		storvsp_mend(io);
		storvsp_copy(io, true);
	}
	io->moved = true;
	transport_generic_free_cmd(se_cmd, 0);
	return 0;
}

/**
 * storvsp_queue_status - LIO has a status, and no data for the guest
 * @se_cmd: command
 *
 * Return: 0.
 */
int storvsp_queue_status(struct se_cmd *se_cmd)
{
	struct storvsp_io *io = to_io(se_cmd);

	io->moved = se_cmd->scsi_status == SAM_STAT_GOOD;
	transport_generic_free_cmd(se_cmd, 0);
	return 0;
}

/**
 * storvsp_queue_tm_rsp - a task management function is complete
 * @se_cmd: command
 *
 * None is ever submitted: a reset waits for the commands instead.
 */
void storvsp_queue_tm_rsp(struct se_cmd *se_cmd)
{
}

/**
 * storvsp_aborted_task - a command was aborted and has no status
 * @se_cmd: command
 */
void storvsp_aborted_task(struct se_cmd *se_cmd)
{
	to_io(se_cmd)->aborted = true;
}

/**
 * storvsp_check_stop_free - LIO's own reference goes
 * @se_cmd: command
 *
 * Return: 1 if it was the last, else 0.
 */
int storvsp_check_stop_free(struct se_cmd *se_cmd)
{
	return target_put_sess_cmd(se_cmd);
}

static u32 storvsp_moved(const struct storvsp_io *io)
{
	const struct se_cmd *se_cmd = &io->se_cmd;

	if (!io->moved)
		return 0;
	if (!(se_cmd->se_cmd_flags & SCF_UNDERFLOW_BIT))
		return io->cmd.len;
	return io->cmd.len - min(io->cmd.len, se_cmd->residual_count);
}

/**
 * storvsp_release_cmd - the last reference is gone
 * @se_cmd: command
 *
 * Context: any.
 */
void storvsp_release_cmd(struct se_cmd *se_cmd)
{
	struct storvsp_io *io = to_io(se_cmd);
	struct storvsp_result res = {
		.srb_status = storvsp_srb_status(se_cmd->scsi_status),
		.scsi_status = se_cmd->scsi_status,
		.len = storvsp_moved(io),
	};

	if (io->aborted) {
		res.srb_status = SRB_STATUS_ABORTED;
		res.scsi_status = SAM_STAT_GOOD;
	} else if (se_cmd->se_cmd_flags & (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE)) {
		res.sense = io->sense;
	}
	/* Before the answer: with it the pages are the guest's again. */
	storvsp_unpin(io);
	storvsp_answer_srb(&io->answer, &io->req, &res);
	storvsp_chan_complete(io);
}
