// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admin commands of the NVMe controller: queues, features, events.
 */
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "endpoint_nvme.h"

#define NVME_EP_SAVE		BIT(31)	/* of a feature, beyond a reset */
#define NVME_EP_SELECT(dw10)	((dw10) >> 8 & 7)	/* which value of a feature */

/* ---- queues ---------------------------------------------------------------------------- */

/* Entries of a queue as the guest has them, less 1; 0 if a queue cannot be that long */
static u32 nvme_ep_entries(const struct endpoint_nvme *nvme, __le16 qsize, u32 shift, u32 size)
{
	u32 entries = le16_to_cpu(qsize) + 1;

	if (entries < 2 || entries > NVME_EP_ENTRIES_MAX || (nvme->cc >> shift & 0xf) != size)
		return 0;
	return entries;
}

static bool nvme_ep_qid_valid(const struct endpoint_nvme *nvme, u16 *qid)
{
	if (!*qid || *qid > nvme->queues)
		return false;
	*qid = array_index_nospec(*qid, ENDPOINT_NVME_QUEUES_MAX + 1);
	return true;
}

/* Pages that a queue is in */
static u16 nvme_ep_check_queue(u64 base, u16 flags, u32 entries)
{
	if (!entries)
		return NVME_EP_NEVER(NVME_SC_QUEUE_SIZE);
	if (!(flags & NVME_QUEUE_PHYS_CONTIG))
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	if (base & (NVME_EP_PAGE - 1))
		return NVME_EP_NEVER(NVME_SC_PRP_INVALID_OFFSET);
	return NVME_SC_SUCCESS;
}

/* Under the lock.  What a queue that is not live any more asks for is not done. */
static u16 nvme_ep_create_cq(struct endpoint_nvme *nvme, const struct nvme_create_cq *cmd)
{
	u16 qid = le16_to_cpu(cmd->cqid), flags = le16_to_cpu(cmd->cq_flags);
	u16 vector = le16_to_cpu(cmd->irq_vector), status;
	u64 base = le64_to_cpu(cmd->prp1);
	u32 entries = nvme_ep_entries(nvme, cmd->qsize, NVME_CC_IOCQES_SHIFT, NVME_NVM_IOCQES);

	if (!nvme_ep_qid_valid(nvme, &qid) || nvme->cqs[qid].live)
		return NVME_EP_NEVER(NVME_SC_QID_INVALID);
	status = nvme_ep_check_queue(base, flags, entries);
	if (status)
		return status;
	if (flags & NVME_CQ_IRQ_ENABLED && vector > nvme->params.queues)
		return NVME_EP_NEVER(NVME_SC_INVALID_VECTOR);
	nvme_ep_set_cq(&nvme->cqs[qid], base, entries, flags & NVME_CQ_IRQ_ENABLED, vector);
	return NVME_SC_SUCCESS;
}

static u16 nvme_ep_create_sq(struct endpoint_nvme *nvme, const struct nvme_create_sq *cmd)
{
	u16 qid = le16_to_cpu(cmd->sqid), cqid = le16_to_cpu(cmd->cqid), status;
	u64 base = le64_to_cpu(cmd->prp1);
	u32 entries = nvme_ep_entries(nvme, cmd->qsize, NVME_CC_IOSQES_SHIFT, NVME_NVM_IOSQES);

	if (!nvme_ep_qid_valid(nvme, &cqid) || !nvme->cqs[cqid].live)
		return NVME_EP_NEVER(NVME_SC_CQ_INVALID);
	if (!nvme_ep_qid_valid(nvme, &qid) || nvme->sqs[qid].made)
		return NVME_EP_NEVER(NVME_SC_QID_INVALID);
	status = nvme_ep_check_queue(base, le16_to_cpu(cmd->sq_flags), entries);
	if (status)
		return status;
	nvme_ep_set_sq(&nvme->sqs[qid], base, entries, &nvme->cqs[cqid]);
	return NVME_SC_SUCCESS;
}

/* Its commands that were not taken are not completed; the one that was may have been. */
static u16 nvme_ep_delete_sq(struct endpoint_nvme *nvme, const struct nvme_delete_queue *cmd)
{
	u16 qid = le16_to_cpu(cmd->qid);
	struct nvme_ep_sq *sq;

	if (!nvme_ep_qid_valid(nvme, &qid) || !nvme->sqs[qid].made)
		return NVME_EP_NEVER(NVME_SC_QID_INVALID);
	sq = &nvme->sqs[qid];
	WRITE_ONCE(sq->live, false);
	mutex_unlock(&nvme->lock);
	cancel_work_sync(&sq->work);
	mutex_lock(&nvme->lock);
	sq->made = false;
	sq->cq->users--;
	sq->cq = NULL;
	return NVME_SC_SUCCESS;
}

static u16 nvme_ep_delete_cq(struct endpoint_nvme *nvme, const struct nvme_delete_queue *cmd)
{
	u16 qid = le16_to_cpu(cmd->qid);

	if (!nvme_ep_qid_valid(nvme, &qid) || !nvme->cqs[qid].live)
		return NVME_EP_NEVER(NVME_SC_QID_INVALID);
	if (nvme->cqs[qid].users)
		return NVME_EP_NEVER(NVME_SC_INVALID_QUEUE);
	nvme->cqs[qid].live = false;
	return NVME_SC_SUCCESS;
}

/* ---- features -------------------------------------------------------------------------- */

/**
 * struct nvme_ep_feature - what a feature may be
 * @known: there is such a feature
 * @initial: its value in the beginning
 * @writable: bits that can be set
 */
struct nvme_ep_feature {
	bool known;
	u32 initial;
	u32 writable;
};

static const struct nvme_ep_feature nvme_ep_features[NVME_EP_FEATURES] = {
	[NVME_FEAT_ARBITRATION] = { true, 7, 0xffffff07 },
	[NVME_FEAT_POWER_MGMT] = { true, 0, 0 },
	[NVME_FEAT_TEMP_THRESH] = { true, 343, 0xffff },
	[NVME_FEAT_ERR_RECOVERY] = { true, 0, 0xffff },
	[NVME_FEAT_VOLATILE_WC] = { true, 1, 1 },
	[NVME_FEAT_NUM_QUEUES] = { true },
	[NVME_FEAT_IRQ_COALESCE] = { true, 0, 0xffff },
	[NVME_FEAT_IRQ_CONFIG] = { true, 0, 0x1ffff },
	[NVME_FEAT_WRITE_ATOMIC] = { true, 0, 1 },
	[NVME_FEAT_ASYNC_EVENT] = { true, 0, 0xffff },
};

/**
 * nvme_ep_features_reset - features are as in the beginning
 * @nvme: controller, locked or not yet known to others
 */
void nvme_ep_features_reset(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i < NVME_EP_FEATURES; i++)
		nvme->features[i] = nvme_ep_features[i].initial;
}

/* Its number, if it is one that there is */
static bool nvme_ep_feature_valid(u32 dw10, u32 *fid)
{
	*fid = dw10 & 0xff;
	if (*fid >= NVME_EP_FEATURES)
		return false;
	*fid = array_index_nospec(*fid, NVME_EP_FEATURES);
	return nvme_ep_features[*fid].known;
}

static u32 nvme_ep_queues_granted(const struct endpoint_nvme *nvme)
{
	return (nvme->queues - 1) | (nvme->queues - 1) << 16;
}

static bool nvme_ep_any_queue(const struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 1; i <= nvme->params.queues; i++)
		if (nvme->cqs[i].live || nvme->sqs[i].made)
			return true;
	return false;
}

/* The guest's two numbers, each less 1, of which a queue of the other kind needs one */
static u16 nvme_ep_set_queues(struct endpoint_nvme *nvme, u32 val, u32 *result)
{
	u32 sqs = val & 0xffff, cqs = val >> 16;

	if (sqs == 0xffff || cqs == 0xffff)
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	if (nvme_ep_any_queue(nvme))
		return NVME_EP_NEVER(NVME_SC_CMD_SEQ_ERROR);
	nvme->queues = min3(sqs + 1, cqs + 1, (u32)nvme->params.queues);
	*result = nvme_ep_queues_granted(nvme);
	return NVME_SC_SUCCESS;
}

static u16 nvme_ep_set_feature(struct endpoint_nvme *nvme, const struct nvme_features *cmd,
			       u32 *result)
{
	u32 dw10 = le32_to_cpu(cmd->fid), val = le32_to_cpu(cmd->dword11), fid;

	if (!nvme_ep_feature_valid(dw10, &fid))
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	if (dw10 & NVME_EP_SAVE)
		return NVME_EP_NEVER(NVME_SC_FEATURE_NOT_SAVEABLE);
	switch (fid) {
	case NVME_FEAT_NUM_QUEUES:
		return nvme_ep_set_queues(nvme, val, result);
	case NVME_FEAT_POWER_MGMT:
		/* There is one power state. */
		return val & 0x1f ? NVME_EP_NEVER(NVME_SC_INVALID_FIELD) : NVME_SC_SUCCESS;
	case NVME_FEAT_IRQ_CONFIG:
		if ((val & 0xffff) > nvme->params.queues)
			return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
		break;
	}
	WRITE_ONCE(nvme->features[fid], val & nvme_ep_features[fid].writable);
	return NVME_SC_SUCCESS;
}

static u16 nvme_ep_get_feature(struct endpoint_nvme *nvme, const struct nvme_features *cmd,
			       u32 *result)
{
	u32 dw10 = le32_to_cpu(cmd->fid), fid;

	/* Nothing but the current value */
	if (!nvme_ep_feature_valid(dw10, &fid) || NVME_EP_SELECT(dw10))
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	*result = fid == NVME_FEAT_NUM_QUEUES ? nvme_ep_queues_granted(nvme) :
						nvme->features[fid];
	return NVME_SC_SUCCESS;
}

/* ---- events, and the rest -------------------------------------------------------------- */

static u16 nvme_ep_async_event(struct endpoint_nvme *nvme, u16 id)
{
	if (nvme->naers == NVME_EP_AERS)
		return NVME_EP_NEVER(NVME_SC_ASYNC_LIMIT);
	nvme->aers[nvme->naers++] = id;
	return NVME_EP_HELD;
}

static u16 nvme_ep_locked(struct endpoint_nvme *nvme, const struct nvme_command *cmd, u32 *result)
{
	switch (cmd->common.opcode) {
	case nvme_admin_create_cq:
		return nvme_ep_create_cq(nvme, &cmd->create_cq);
	case nvme_admin_create_sq:
		return nvme_ep_create_sq(nvme, &cmd->create_sq);
	case nvme_admin_delete_sq:
		return nvme_ep_delete_sq(nvme, &cmd->delete_queue);
	case nvme_admin_delete_cq:
		return nvme_ep_delete_cq(nvme, &cmd->delete_queue);
	case nvme_admin_set_features:
		return nvme_ep_set_feature(nvme, &cmd->features, result);
	case nvme_admin_get_features:
		return nvme_ep_get_feature(nvme, &cmd->features, result);
	case nvme_admin_async_event:
		return nvme_ep_async_event(nvme, cmd->common.command_id);
	case nvme_admin_abort_cmd:
		/* By the time that it is looked for, it is done: not aborted. */
		*result = 1;
		return NVME_SC_SUCCESS;
	}
	return NVME_EP_NEVER(NVME_SC_INVALID_OPCODE);
}

/**
 * nvme_ep_admin - a command of the admin queue
 * @sq: queue
 * @cmd: command
 * @result: gets what the completion has beside the status
 *
 * Return: its status, or NVME_EP_HELD.
 */
u16 nvme_ep_admin(struct nvme_ep_sq *sq, const struct nvme_command *cmd, u32 *result)
{
	struct endpoint_nvme *nvme = sq->nvme;
	bool was_cached = READ_ONCE(nvme->features[NVME_FEAT_VOLATILE_WC]);
	u16 status = NVME_SC_ABORT_QUEUE;

	if (cmd->common.opcode == nvme_admin_identify)
		return nvme_ep_identify(sq, cmd);
	if (cmd->common.opcode == nvme_admin_get_log_page)
		return nvme_ep_get_log(sq, cmd);
	mutex_lock(&nvme->lock);
	if (sq->live)
		status = nvme_ep_locked(nvme, cmd, result);
	mutex_unlock(&nvme->lock);
	/* What the cache had when it was turned off */
	if (was_cached && !READ_ONCE(nvme->features[NVME_FEAT_VOLATILE_WC]))
		return status ?: nvme_ep_flush(nvme);
	return status;
}
