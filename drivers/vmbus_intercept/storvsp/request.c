// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of the guest and the answers to them, as data.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>
#include "packet.h"

/* ---- requests --------------------------------------------------------------------- */

/*
 * How much of the request area an operation needs; the rest is zero if missing.  The
 * version does not matter: hosts take what is there.
 */
static const u8 storvsp_min_size[STORVSP_OPERATIONS] = {
	[STORVSP_EXECUTE_SRB] = STORVSP_REQUEST_SIZE_V1,
	[STORVSP_QUERY_VERSION] = sizeof(struct storvsp_version),
	[STORVSP_CREATE_SUB_CHANNELS] = sizeof(__le16),
};

/**
 * storvsp_parse - look at a packet of the guest
 * @pkt: packet
 * @req: out: the request; what the packet does not tell is zero
 *
 * Return: STORVSP_OK, or STORVSP_FATAL for what no guest sends.
 */
enum storvsp_verdict storvsp_parse(const struct vsrv_packet *pkt, struct storvsp_request *req)
{
	memset(req, 0, sizeof(*req));
	req->trans_id = pkt->trans_id;
	if (pkt->type != VM_PKT_DATA_INBAND && pkt->type != VM_PKT_DATA_USING_GPA_DIRECT)
		return STORVSP_FATAL;
	if (!(pkt->flags & VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED))
		return STORVSP_FATAL;
	req->answerable = true;

	if (pkt->len < sizeof(req->packet.hdr))
		return STORVSP_FATAL;
	/* Linux guests send longer packets at times. */
	memcpy(&req->packet, pkt->payload, min_t(u32, pkt->len, sizeof(req->packet)));
	req->size = min_t(u32, pkt->len - sizeof(req->packet.hdr), sizeof(req->packet.request));
	req->operation = le32_to_cpu(req->packet.hdr.operation);
	if (!req->operation || req->operation >= STORVSP_OPERATIONS)
		return STORVSP_FATAL;
	return req->size < storvsp_min_size[req->operation] ? STORVSP_FATAL : STORVSP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_parse);

/* At most one range, and no less of it than the SRB wants to move. */
static bool storvsp_parse_data(const struct vsrv_packet *pkt, struct storvsp_command *cmd)
{
	struct vsrv_gpa_range range;

	if (pkt->type != VM_PKT_DATA_USING_GPA_DIRECT)
		return !cmd->len;
	if (pkt->range_count != 1 || vsrv_packet_range(pkt, 0, &range))
		return false;
	if (range.len < cmd->len)
		return false;
	cmd->offset = range.offset;
	cmd->pfns = range.pfns;
	return true;
}

static bool storvsp_parse_cdb(const struct storvsp_srb *srb, struct storvsp_command *cmd)
{
	if (!srb->cdb_length || srb->cdb_length > STORVSP_CDB_SIZE)
		return false;
	memcpy(cmd->cdb, srb->payload, srb->cdb_length);
	/* LIO goes by the length that this command has within itself. */
	return cmd->cdb[0] != VARIABLE_LENGTH_CMD || cmd->cdb[7] <= STORVSP_CDB_SIZE - 8;
}

/**
 * storvsp_parse_srb - look at an SRB
 * @pkt: packet
 * @req: what storvsp_parse() made of it: STORVSP_EXECUTE_SRB
 * @cmd: out: the command
 *
 * Return: STORVSP_OK; STORVSP_REFUSED for a command that cannot be executed;
 * STORVSP_FATAL if data and packet do not fit each other.
 */
enum storvsp_verdict storvsp_parse_srb(const struct vsrv_packet *pkt,
				       const struct storvsp_request *req,
				       struct storvsp_command *cmd)
{
	const struct storvsp_srb *srb = &req->packet.srb;

	memset(cmd, 0, sizeof(*cmd));
	cmd->path = srb->path;
	cmd->target = srb->target;
	cmd->lun = srb->lun;
	cmd->data_in = srb->data_in;
	cmd->len = le32_to_cpu(srb->data_transfer_length);
	if (!storvsp_parse_data(pkt, cmd))
		return STORVSP_FATAL;
	if (cmd->len > STORVSP_MAX_TRANSFER)
		return STORVSP_REFUSED;
	if (cmd->len)
		cmd->npages = HVPFN_UP(cmd->offset + cmd->len);
	return storvsp_parse_cdb(srb, cmd) ? STORVSP_OK : STORVSP_REFUSED;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_parse_srb);

/**
 * storvsp_ide_address - whom a command to an IDE accelerator is for
 * @ide: its place on IDE; or it is none, and nothing changes
 * @cmd: command; its address becomes that of a controller's LUNs
 *
 * Guests say what path they like: the channel belongs to one.
 */
void storvsp_ide_address(const struct storvsp_ide *ide, struct storvsp_command *cmd)
{
	if (!ide->enabled)
		return;
	cmd->path = 0;
	cmd->target = cmd->target != ide->device;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_ide_address);

/* ---- status ------------------------------------------------------------------------- */

/**
 * storvsp_nt_status - the packet's status for that of an SRB
 * @srb_status: SRB_STATUS_*; the bits above SRB_STATUS_MASK do not matter
 *
 * Return: STORVSP_STATUS_*.
 */
u32 storvsp_nt_status(u8 srb_status)
{
	switch (srb_status & SRB_STATUS_MASK) {
	case SRB_STATUS_SUCCESS:
		return STORVSP_STATUS_SUCCESS;
	case SRB_STATUS_BUSY:
		return STORVSP_STATUS_DEVICE_BUSY;
	case SRB_STATUS_INVALID_LUN:
	case SRB_STATUS_INVALID_TARGET:
	case SRB_STATUS_NO_DEVICE:
	case SRB_STATUS_NO_HBA:
		return STORVSP_STATUS_NO_SUCH_DEVICE;
	case SRB_STATUS_TIMEOUT:
	case SRB_STATUS_COMMAND_TIMEOUT:
		return STORVSP_STATUS_IO_TIMEOUT;
	case SRB_STATUS_SELECTION_TIMEOUT:
		return STORVSP_STATUS_DEVICE_NOT_CONNECTED;
	case SRB_STATUS_BAD_FUNCTION:
	case SRB_STATUS_BAD_SRB_LENGTH:
		return STORVSP_STATUS_INVALID_DEVICE_REQUEST;
	case SRB_STATUS_DATA_OVERRUN:
		return STORVSP_STATUS_BUFFER_OVERFLOW;
	case SRB_STATUS_FLUSHED:
		return STORVSP_STATUS_UNSUCCESSFUL;
	case SRB_STATUS_ABORTED:
		return STORVSP_STATUS_CANCELLED;
	default:
		return STORVSP_STATUS_IO_DEVICE_ERROR;
	}
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_nt_status);

/**
 * storvsp_srb_status - the status of an SRB for that of a SCSI command
 * @scsi_status: SAM_STAT_*
 *
 * Return: SRB_STATUS_*.
 */
u8 storvsp_srb_status(u8 scsi_status)
{
	switch (scsi_status) {
	case SAM_STAT_GOOD:
	case SAM_STAT_CONDITION_MET:
		return SRB_STATUS_SUCCESS;
	case SAM_STAT_BUSY:
	case SAM_STAT_TASK_SET_FULL:
		/* Linux guests try these again, but take ERROR for one. */
		return SRB_STATUS_BUSY;
	case SAM_STAT_TASK_ABORTED:
		return SRB_STATUS_ABORTED;
	default:
		return SRB_STATUS_ERROR;
	}
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_srb_status);

/* ---- answers -------------------------------------------------------------------------- */

/**
 * storvsp_answer - make an answer
 * @answer: out: answer with an empty request area
 * @req: what is answered
 * @status: STORVSP_STATUS_*
 *
 * Windows guests want the exact length of the request, Linux guests drop what
 * is shorter.
 */
void storvsp_answer(struct storvsp_answer *answer, const struct storvsp_request *req, u32 status)
{
	memset(answer, 0, sizeof(*answer));
	answer->len = sizeof(answer->packet.hdr) + req->size;
	answer->packet.hdr.operation = cpu_to_le32(STORVSP_COMPLETE_IO);
	answer->packet.hdr.status = cpu_to_le32(status);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_answer);

/**
 * storvsp_answer_srb - make the answer to an SRB
 * @answer: out: answer
 * @req: the SRB
 * @res: what became of it
 */
void storvsp_answer_srb(struct storvsp_answer *answer, const struct storvsp_request *req,
			const struct storvsp_result *res)
{
	struct storvsp_srb *srb = &answer->packet.srb;

	storvsp_answer(answer, req, storvsp_nt_status(res->srb_status));
	srb->length = cpu_to_le16(req->size);
	srb->srb_status = res->srb_status;
	srb->scsi_status = res->scsi_status;
	srb->path = req->packet.srb.path;
	srb->target = req->packet.srb.target;
	srb->lun = req->packet.srb.lun;
	srb->cdb_length = STORVSP_CDB_SIZE;
	srb->sense_length = STORVSP_SENSE_SIZE;
	srb->data_in = req->packet.srb.data_in;
	srb->data_transfer_length = cpu_to_le32(res->len);
	if (res->sense) {
		srb->srb_status |= SRB_STATUS_AUTOSENSE_VALID;
		memcpy(srb->payload, res->sense, STORVSP_SENSE_SIZE);
	}
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_answer_srb);

/* ---- commands that no disk answers ------------------------------------------------------ */

static u32 storvsp_data_room(const struct storvsp_command *cmd, u32 allocation)
{
	return cmd->data_in ? min(allocation, cmd->len) : 0;
}

static u32 storvsp_report_luns(const struct storvsp_command *cmd, const unsigned long *luns,
			       u8 *buf)
{
	u32 room = storvsp_data_room(cmd, get_unaligned_be32(cmd->cdb + 6));
	unsigned int lun;
	u32 len = 8;

	if (room < 8)
		return 0;
	memset(buf, 0, STORVSP_EMULATE_SIZE);
	if (!cmd->path && !cmd->target) {
		for_each_set_bit(lun, luns, STORVSP_LUNS) {
			buf[len + 1] = lun;
			len += 8;
		}
	}
	put_unaligned_be32(len - 8, buf);
	return min(len, room);
}

/* "The target cannot have a device here." */
static u32 storvsp_inquiry_absent(const struct storvsp_command *cmd, u8 *buf)
{
	static const u8 nothing[STORVSP_INQUIRY_SIZE] = {
		0x7f, 0, 5, 2, STORVSP_INQUIRY_SIZE - 5,
	};
	u32 room = storvsp_data_room(cmd, get_unaligned_be16(cmd->cdb + 3));

	memcpy(buf, nothing, sizeof(nothing));
	memset(buf + 8, ' ', sizeof(nothing) - 8);
	if (!cmd->lun) {
		memcpy(buf + 8, "LIO-ORG", 7);
		memcpy(buf + 16, "none", 4);
	}
	return min_t(u32, sizeof(nothing), room);
}

/**
 * storvsp_emulate - answer what the controller itself must
 * @cmd: command
 * @luns: LUNs of path 0, target 0 that have a disk
 * @buf: room for STORVSP_EMULATE_SIZE bytes
 * @res: out: result, with the number of bytes of @buf for the guest
 *
 * That is REPORT LUNS, which must work without a LUN 0, and everything to an
 * address without a disk.  Linux guests take a failed INQUIRY for a good one:
 * it must succeed.
 *
 * Return: true if so; false if a disk has to execute the command.
 */
bool storvsp_emulate(const struct storvsp_command *cmd, const unsigned long *luns, u8 *buf,
		     struct storvsp_result *res)
{
	*res = (struct storvsp_result) {
		.srb_status = SRB_STATUS_SUCCESS,
		.scsi_status = SAM_STAT_GOOD,
	};
	if (cmd->cdb[0] == REPORT_LUNS) {
		res->len = storvsp_report_luns(cmd, luns, buf);
		return true;
	}
	if (!cmd->path && !cmd->target && test_bit(cmd->lun, luns))
		return false;

	if (cmd->cdb[0] != INQUIRY) {
		res->srb_status = SRB_STATUS_INVALID_LUN;
		res->scsi_status = SAM_STAT_CHECK_CONDITION;
	} else if ((cmd->cdb[1] & 1) || cmd->cdb[2]) {
		/* There are no vital product data of nothing. */
		res->srb_status = SRB_STATUS_INVALID_REQUEST;
		res->scsi_status = SAM_STAT_CHECK_CONDITION;
	} else {
		res->len = storvsp_inquiry_absent(cmd, buf);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_emulate);
