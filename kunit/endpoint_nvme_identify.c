// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the NVMe controller tells about itself: Identify, and the log pages.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "endpoint_nvme.h"

#define NVME_EP_IDENTIFY_SIZE	SZ_4K
#define NVME_EP_NSIDS_END	0xfffffffe	/* no namespace from here on */
#define NVME_EP_LOG_OFFSETS	BIT(2)		/* of "lpa": logs can be read in parts */
#define NVME_EP_RETAIN		BIT(7)		/* of "lsp": events stay as they are */
#define NVME_EP_TEMPERATURE	300		/* kelvin */

static_assert(sizeof(struct nvme_id_ctrl) == NVME_EP_IDENTIFY_SIZE);
static_assert(sizeof(struct nvme_id_ns) == NVME_EP_IDENTIFY_SIZE);
static_assert(sizeof(struct nvme_effects_log) == NVME_EP_IDENTIFY_SIZE);
static_assert(sizeof(struct nvme_smart_log) == 512);

/* What is shown is filled up with spaces. */
static void nvme_ep_text(char *to, size_t size, const char *text)
{
	memset(to, ' ', size);
	memcpy(to, text, min(size, strlen(text)));
}

/* Eight bytes that no other namespace has: an identifier of Microsoft, and the serial */
static void nvme_ep_eui64(const struct endpoint_nvme *nvme, u8 *eui64)
{
	static const u8 oui[3] = { 0x00, 0x15, 0x5d };

	memcpy(eui64, oui, sizeof(oui));
	eui64[3] = 0;
	put_unaligned_be32(nvme->params.serial, eui64 + 4);
}

static void nvme_ep_id_ctrl(const struct endpoint_nvme *nvme, struct nvme_id_ctrl *id)
{
	char serial[16];

	snprintf(serial, sizeof(serial), "VMBUS%08X", nvme->params.serial);
	id->vid = cpu_to_le16(ENDPOINT_VENDOR);
	id->ssvid = cpu_to_le16(ENDPOINT_VENDOR);
	nvme_ep_text(id->sn, sizeof(id->sn), serial);
	nvme_ep_text(id->mn, sizeof(id->mn), "VMBus test root NVMe");
	nvme_ep_text(id->fr, sizeof(id->fr), "1");
	id->mdts = NVME_EP_MDTS;
	id->cntlid = cpu_to_le16(1);
	id->ver = cpu_to_le32(NVME_EP_VERSION);
	id->cntrltype = NVME_CTRL_IO;
	id->acl = 3;
	id->aerl = NVME_EP_AERS - 1;
	/* One slot of firmware that cannot be changed */
	id->frmw = 1 << 1 | 1;
	id->lpa = NVME_CTRL_LPA_CMD_EFFECTS_LOG | NVME_EP_LOG_OFFSETS;
	id->wctemp = cpu_to_le16(343);
	id->cctemp = cpu_to_le16(373);
	id->sqes = NVME_NVM_IOSQES << 4 | NVME_NVM_IOSQES;
	id->cqes = NVME_NVM_IOCQES << 4 | NVME_NVM_IOCQES;
	id->nn = cpu_to_le32(1);
	id->oncs = cpu_to_le16(NVME_CTRL_ONCS_WRITE_ZEROES);
	id->vwc = NVME_CTRL_VWC_PRESENT;
	snprintf(id->subnqn, sizeof(id->subnqn),
		 "nqn.2014-08.org.nvmexpress:1414:b111:%s", serial);
	id->psd[0].max_power = cpu_to_le16(100);
}

static void nvme_ep_id_ns(const struct endpoint_nvme *nvme, struct nvme_id_ns *id)
{
	id->nsze = cpu_to_le64(nvme->blocks);
	id->ncap = id->nsze;
	id->nuse = id->nsze;
	/* What zeroes were written to reads as such. */
	id->dlfeat = 1;
	nvme_ep_eui64(nvme, id->eui64);
	/* The same as a number of 16 bytes is unique as well. */
	nvme_ep_eui64(nvme, id->nguid);
	id->nguid[15] = 1;
	id->lbaf[0].ds = nvme->params.block_shift;
}

static u8 *nvme_ep_desc(u8 *to, u8 type, u8 len, const void *id)
{
	struct nvme_ns_id_desc *desc = (struct nvme_ns_id_desc *)to;

	desc->nidt = type;
	desc->nidl = len;
	memcpy(to + sizeof(*desc), id, len);
	return to + sizeof(*desc) + len;
}

static void nvme_ep_id_descs(const struct endpoint_nvme *nvme, u8 *buf)
{
	u8 id[NVME_NIDT_NGUID_LEN] = {};

	nvme_ep_eui64(nvme, id);
	buf = nvme_ep_desc(buf, NVME_NIDT_EUI64, NVME_NIDT_EUI64_LEN, id);
	id[15] = 1;
	buf = nvme_ep_desc(buf, NVME_NIDT_NGUID, NVME_NIDT_NGUID_LEN, id);
	/* The NVM command set */
	memset(id, 0, sizeof(id));
	nvme_ep_desc(buf, NVME_NIDT_CSI, NVME_NIDT_CSI_LEN, id);
}

/* @buf is empty. */
static u16 nvme_ep_fill_identify(const struct endpoint_nvme *nvme, const struct nvme_identify *cmd,
				 void *buf)
{
	u32 nsid = le32_to_cpu(cmd->nsid);

	switch (cmd->cns) {
	case NVME_ID_CNS_CTRL:
		nvme_ep_id_ctrl(nvme, buf);
		return NVME_SC_SUCCESS;
	case NVME_ID_CNS_NS_ACTIVE_LIST:
		if (nsid >= NVME_EP_NSIDS_END)
			return NVME_EP_NEVER(NVME_SC_INVALID_NS);
		if (!nsid)
			put_unaligned_le32(1, buf);
		return NVME_SC_SUCCESS;
	case NVME_ID_CNS_CS_CTRL:
		/* It has no limits of its own. */
		return cmd->csi ? NVME_EP_NEVER(NVME_SC_INVALID_FIELD) : NVME_SC_SUCCESS;
	case NVME_ID_CNS_NS:
	case NVME_ID_CNS_NS_DESC_LIST:
	case NVME_ID_CNS_CS_NS:
		if (nsid != 1)
			return NVME_EP_NEVER(NVME_SC_INVALID_NS);
		break;
	default:
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	}
	if (cmd->cns == NVME_ID_CNS_NS)
		nvme_ep_id_ns(nvme, buf);
	else if (cmd->cns == NVME_ID_CNS_NS_DESC_LIST)
		nvme_ep_id_descs(nvme, buf);
	else if (cmd->csi)
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	return NVME_SC_SUCCESS;
}

/**
 * nvme_ep_identify - the command Identify
 * @sq: admin queue
 * @cmd: command
 *
 * Return: its status.
 */
u16 nvme_ep_identify(struct nvme_ep_sq *sq, const struct nvme_command *cmd)
{
	void *buf = kzalloc(NVME_EP_IDENTIFY_SIZE, GFP_KERNEL);
	u16 status;

	if (!buf)
		return NVME_SC_INTERNAL;
	status = nvme_ep_fill_identify(sq->nvme, &cmd->identify, buf);
	if (!status)
		status = nvme_ep_reply(sq, cmd, buf, NVME_EP_IDENTIFY_SIZE);
	kfree(buf);
	return status;
}

/* ---- logs ------------------------------------------------------------------------------ */

/* Of 512 bytes a thousand, rounded up, whatever a block is */
static void nvme_ep_put_units(const struct endpoint_nvme *nvme, u64 blocks, u8 *to)
{
	u64 sectors = blocks << (nvme->params.block_shift - 9);

	put_unaligned_le64(DIV_ROUND_UP_ULL(sectors, 1000), to);
}

static void nvme_ep_log_smart(struct endpoint_nvme *nvme, struct nvme_smart_log *log)
{
	put_unaligned_le16(NVME_EP_TEMPERATURE, log->temperature);
	log->avail_spare = 100;
	log->spare_thresh = 10;
	nvme_ep_put_units(nvme, atomic64_read(&nvme->blocks_read), log->data_units_read);
	nvme_ep_put_units(nvme, atomic64_read(&nvme->blocks_written), log->data_units_written);
	put_unaligned_le64(atomic64_read(&nvme->reads), log->host_reads);
	put_unaligned_le64(atomic64_read(&nvme->writes), log->host_writes);
	put_unaligned_le64(READ_ONCE(nvme->nevents), log->num_err_log_entries);
}

static void nvme_ep_log_effects(struct nvme_effects_log *log)
{
	static const u8 admin[] = { nvme_admin_delete_sq, nvme_admin_create_sq,
				    nvme_admin_get_log_page, nvme_admin_delete_cq,
				    nvme_admin_create_cq, nvme_admin_identify,
				    nvme_admin_abort_cmd, nvme_admin_set_features,
				    nvme_admin_get_features, nvme_admin_async_event };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(admin); i++)
		log->acs[admin[i]] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->iocs[nvme_cmd_flush] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->iocs[nvme_cmd_read] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP);
	log->iocs[nvme_cmd_write] = cpu_to_le32(NVME_CMD_EFFECTS_CSUPP | NVME_CMD_EFFECTS_LBCC);
	log->iocs[nvme_cmd_write_zeroes] = log->iocs[nvme_cmd_write];
}

static void nvme_ep_log_firmware(struct nvme_fw_slot_info_log *log)
{
	log->afi = 1;
	put_unaligned_le64(0x2020202020202031ULL, log->frs);
}

/* Bytes of a log, which is put to an empty page; 0 if there is none of this number */
static u32 nvme_ep_fill_log(struct endpoint_nvme *nvme, u8 lid, void *buf)
{
	switch (lid) {
	case NVME_LOG_ERROR:
		/* Four entries, all empty: what there was to say was in the event. */
		return 4 * sizeof(struct nvme_error_slot);
	case NVME_LOG_SMART:
		nvme_ep_log_smart(nvme, buf);
		return sizeof(struct nvme_smart_log);
	case NVME_LOG_FW_SLOT:
		nvme_ep_log_firmware(buf);
		return sizeof(struct nvme_fw_slot_info_log);
	case NVME_LOG_CHANGED_NS:
		return NVME_EP_IDENTIFY_SIZE;
	case NVME_LOG_CMD_EFFECTS:
		nvme_ep_log_effects(buf);
		return sizeof(struct nvme_effects_log);
	}
	return 0;
}

/* Who has read what there is to read is told of the next event. */
static void nvme_ep_log_read(struct endpoint_nvme *nvme,
			     const struct nvme_get_log_page_command *cmd)
{
	if (cmd->lid != NVME_LOG_ERROR || cmd->lsp & NVME_EP_RETAIN)
		return;
	mutex_lock(&nvme->lock);
	nvme->events_masked = false;
	mutex_unlock(&nvme->lock);
}

/* What is behind the log's end reads as zeroes. */
static u16 nvme_ep_reply_log(struct nvme_ep_sq *sq, const struct nvme_command *cmd, const u8 *log,
			     u32 size)
{
	const struct nvme_get_log_page_command *get = &cmd->get_log_page;
	u64 len = ((u64)le16_to_cpu(get->numdu) << 16 | le16_to_cpu(get->numdl)) + 1;
	u64 offset = le64_to_cpu(get->lpo);
	u8 *part;
	u16 status;

	len *= sizeof(u32);
	if (offset & 3 || offset > size || len > NVME_EP_PIECE)
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	part = kvzalloc(len, GFP_KERNEL);
	if (!part)
		return NVME_SC_INTERNAL;
	memcpy(part, log + offset, min(len, size - offset));
	status = nvme_ep_reply(sq, cmd, part, len);
	kvfree(part);
	return status;
}

/**
 * nvme_ep_get_log - the command Get Log Page
 * @sq: admin queue
 * @cmd: command
 *
 * Return: its status.
 */
u16 nvme_ep_get_log(struct nvme_ep_sq *sq, const struct nvme_command *cmd)
{
	u16 status = NVME_EP_NEVER(NVME_SC_INVALID_LOG_PAGE);
	u8 *log = kzalloc(NVME_EP_IDENTIFY_SIZE, GFP_KERNEL);
	u32 size;

	if (!log)
		return NVME_SC_INTERNAL;
	size = nvme_ep_fill_log(sq->nvme, cmd->get_log_page.lid, log);
	if (size)
		status = nvme_ep_reply_log(sq, cmd, log, size);
	if (!status)
		nvme_ep_log_read(sq->nvme, &cmd->get_log_page);
	kfree(log);
	return status;
}
