// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues of the NVMe controller: doorbells, commands in, completions out.
 *
 * A queue that is not live takes no command and posts no completion.  A controller that
 * cannot read or write a queue says so in its status register and does nothing more.
 */
#include <linux/bitops.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "endpoint_nvme.h"

#define NVME_EP_BATCH	64	/* commands before others get their turn */

static_assert(sizeof(struct nvme_command) == 1 << NVME_NVM_IOSQES);
static_assert(sizeof(struct nvme_completion) == 1 << NVME_NVM_IOCQES);

/* What of a completion says that it is there, and for which command */
#define NVME_EP_CQE_LAST	offsetof(struct nvme_completion, command_id)

static void nvme_ep_queue_work(struct nvme_ep_sq *sq)
{
	if (sq->live)
		queue_work(endpoint_wq(sq->nvme->ep), &sq->work);
}

static void nvme_ep_fatal(struct endpoint_nvme *nvme)
{
	nvme->csts |= NVME_CSTS_CFS;
	nvme_ep_queues_still(nvme);
}

/* ---- completions ----------------------------------------------------------------------- */

static bool nvme_ep_cq_full(const struct nvme_ep_cq *cq)
{
	return (cq->tail + 1) % cq->size == cq->head;
}

/* The guest must not see the phase bit before the rest. */
static int nvme_ep_write_cqe(struct endpoint_nvme *nvme, u64 addr, struct nvme_completion *cqe)
{
	u8 *bytes = (u8 *)cqe;
	int err;

	err = endpoint_dma(nvme->ep, addr, bytes, NVME_EP_CQE_LAST, true);
	if (err)
		return err;
	/* The guest reads them in the other order. */
	smp_wmb();
	return endpoint_dma(nvme->ep, addr + NVME_EP_CQE_LAST, bytes + NVME_EP_CQE_LAST,
			    sizeof(*cqe) - NVME_EP_CQE_LAST, true);
}

/* Under the lock, in a queue that is not full; the status has no phase yet. */
static void nvme_ep_post(struct endpoint_nvme *nvme, struct nvme_ep_cq *cq,
			 struct nvme_completion *cqe)
{
	u16 status = le16_to_cpu(cqe->status);

	cqe->status = cpu_to_le16(status << 1 | cq->phase);
	if (nvme_ep_write_cqe(nvme, cq->base + cq->tail * sizeof(*cqe), cqe)) {
		nvme_ep_fatal(nvme);
		return;
	}
	if (++cq->tail == cq->size) {
		cq->tail = 0;
		cq->phase = !cq->phase;
	}
}

/* The completion of the last command; false if it has to wait, or the queue ends. */
static bool nvme_ep_complete(struct nvme_ep_sq *sq)
{
	struct endpoint_nvme *nvme = sq->nvme;
	bool interrupt = false;
	u16 vector = 0;

	mutex_lock(&nvme->lock);
	if (!sq->live || (sq->full && nvme_ep_cq_full(sq->cq))) {
		mutex_unlock(&nvme->lock);
		return false;
	}
	if (sq->full) {
		sq->cqe.sq_head = cpu_to_le16(sq->head);
		nvme_ep_post(nvme, sq->cq, &sq->cqe);
		sq->full = false;
		interrupt = sq->cq->interrupts;
		vector = sq->cq->vector;
	}
	mutex_unlock(&nvme->lock);
	if (interrupt)
		endpoint_interrupt(nvme->ep, vector);
	return true;
}

/* ---- asynchronous events --------------------------------------------------------------- */

static void nvme_ep_event(struct endpoint_nvme *nvme, unsigned int event)
{
	nvme->events |= BIT(event);
	nvme->nevents++;
	nvme_ep_queue_work(&nvme->sqs[0]);
}

/* Report one, if there is one, and a request to answer, and room. */
static void nvme_ep_report(struct endpoint_nvme *nvme)
{
	struct nvme_ep_sq *sq = &nvme->sqs[0];
	struct nvme_completion cqe = {};
	bool report;
	u32 event;

	mutex_lock(&nvme->lock);
	report = sq->live && nvme->events && !nvme->events_masked && nvme->naers &&
		 !nvme_ep_cq_full(sq->cq);
	if (report) {
		event = __ffs(nvme->events);
		nvme->events &= ~BIT(event);
		nvme->events_masked = true;
		cqe.result.u32 = cpu_to_le32(NVME_AER_ERROR | event << 8 | NVME_LOG_ERROR << 16);
		cqe.sq_head = cpu_to_le16(sq->head);
		cqe.command_id = nvme->aers[--nvme->naers];
		nvme_ep_post(nvme, sq->cq, &cqe);
	}
	mutex_unlock(&nvme->lock);
	if (report)
		endpoint_interrupt(nvme->ep, 0);
}

/* ---- commands -------------------------------------------------------------------------- */

/* The address of the next command, which is taken with that; false if there is none. */
static bool nvme_ep_next(struct nvme_ep_sq *sq, u64 *addr)
{
	bool any;

	mutex_lock(&sq->nvme->lock);
	any = sq->live && sq->head != sq->tail;
	if (any) {
		*addr = sq->base + sq->head * sizeof(struct nvme_command);
		sq->head = (sq->head + 1) % sq->size;
	}
	mutex_unlock(&sq->nvme->lock);
	return any;
}

static u16 nvme_ep_execute(struct nvme_ep_sq *sq, const struct nvme_command *cmd, u32 *result)
{
	/* Neither fused nor with SGLs */
	if (cmd->common.flags & (NVME_CMD_FUSE_FIRST | NVME_CMD_FUSE_SECOND | NVME_CMD_SGL_ALL))
		return NVME_EP_NEVER(NVME_SC_INVALID_FIELD);
	if (!sq->qid)
		return nvme_ep_admin(sq, cmd, result);
	return nvme_ep_io(sq, cmd);
}

/* One command from beginning to end; false if there is nothing more to do. */
static bool nvme_ep_step(struct nvme_ep_sq *sq)
{
	struct endpoint_nvme *nvme = sq->nvme;
	struct nvme_command cmd;
	u32 result = 0;
	u16 status;
	u64 addr;

	if (!nvme_ep_complete(sq))
		return false;
	if (!sq->qid)
		nvme_ep_report(nvme);
	if (!nvme_ep_next(sq, &addr))
		return false;
	if (endpoint_dma(nvme->ep, addr, &cmd, sizeof(cmd), false)) {
		mutex_lock(&nvme->lock);
		nvme_ep_fatal(nvme);
		mutex_unlock(&nvme->lock);
		return false;
	}
	status = nvme_ep_execute(sq, &cmd, &result);
	if (status == NVME_EP_HELD)
		return true;
	memset(&sq->cqe, 0, sizeof(sq->cqe));
	sq->cqe.result.u32 = cpu_to_le32(result);
	sq->cqe.sq_id = cpu_to_le16(sq->qid);
	sq->cqe.command_id = cmd.common.command_id;
	sq->cqe.status = cpu_to_le16(status);
	sq->full = true;
	return nvme_ep_complete(sq);
}

static void nvme_ep_work(struct work_struct *work)
{
	struct nvme_ep_sq *sq = container_of(work, struct nvme_ep_sq, work);
	unsigned int i;

	for (i = 0; i < NVME_EP_BATCH; i++)
		if (!nvme_ep_step(sq))
			return;
	mutex_lock(&sq->nvme->lock);
	nvme_ep_queue_work(sq);
	mutex_unlock(&sq->nvme->lock);
}

/* ---- doorbells ------------------------------------------------------------------------- */

static void nvme_ep_ring_sq(struct endpoint_nvme *nvme, u32 qid, u32 tail)
{
	struct nvme_ep_sq *sq = &nvme->sqs[qid];

	if (!sq->live) {
		nvme_ep_event(nvme, NVME_EP_BAD_DOORBELL);
	} else if (tail >= sq->size) {
		nvme_ep_event(nvme, NVME_EP_BAD_VALUE);
	} else {
		sq->tail = tail;
		nvme_ep_queue_work(sq);
	}
}

/* Who has a completion for a queue that was full may go on. */
static void nvme_ep_ring_cq(struct endpoint_nvme *nvme, u32 qid, u32 head)
{
	struct nvme_ep_cq *cq = &nvme->cqs[qid];
	unsigned int i;

	if (!cq->live) {
		nvme_ep_event(nvme, NVME_EP_BAD_DOORBELL);
		return;
	}
	/* The guest can take no more than there are. */
	if (head >= cq->size ||
	    (head + cq->size - cq->head) % cq->size > (cq->tail + cq->size - cq->head) % cq->size) {
		nvme_ep_event(nvme, NVME_EP_BAD_VALUE);
		return;
	}
	cq->head = head;
	for (i = 0; i <= nvme->params.queues; i++)
		if (nvme->sqs[i].made && nvme->sqs[i].cq == cq)
			nvme_ep_queue_work(&nvme->sqs[i]);
}

/**
 * nvme_ep_doorbell - the guest writes to a doorbell
 * @nvme: controller, locked
 * @n: which; those of submission and completion queues alternate
 * @val: what
 */
void nvme_ep_doorbell(struct endpoint_nvme *nvme, u32 n, u32 val)
{
	u32 qid = n / 2;

	lockdep_assert_held(&nvme->lock);
	if (!nvme->running)
		return;
	if (qid > nvme->params.queues) {
		nvme_ep_event(nvme, NVME_EP_BAD_DOORBELL);
		return;
	}
	qid = array_index_nospec(qid, ENDPOINT_NVME_QUEUES_MAX + 1);
	if (n & 1)
		nvme_ep_ring_cq(nvme, qid, val);
	else
		nvme_ep_ring_sq(nvme, qid, val);
}

/* ---- life ------------------------------------------------------------------------------ */

/**
 * nvme_ep_set_cq - make a completion queue
 * @cq: queue, not live
 * @base: guest physical address
 * @size: entries, 2 or more
 * @interrupts: it has interrupts
 * @vector: of MSI-X
 */
void nvme_ep_set_cq(struct nvme_ep_cq *cq, u64 base, u32 size, bool interrupts, u16 vector)
{
	memset(cq, 0, sizeof(*cq));
	cq->base = base;
	cq->size = size;
	cq->phase = true;
	cq->interrupts = interrupts;
	cq->vector = vector;
	cq->live = true;
}

/**
 * nvme_ep_set_sq - make a submission queue
 * @sq: queue, not made, and its work does not run
 * @base: guest physical address
 * @size: entries, 2 or more
 * @cq: where its commands complete
 */
void nvme_ep_set_sq(struct nvme_ep_sq *sq, u64 base, u32 size, struct nvme_ep_cq *cq)
{
	sq->base = base;
	sq->size = size;
	sq->head = 0;
	sq->tail = 0;
	sq->full = false;
	sq->cq = cq;
	cq->users++;
	sq->made = true;
	sq->live = true;
}

/**
 * nvme_ep_queues_init - prepare all queues of a new controller
 * @nvme: controller
 */
void nvme_ep_queues_init(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i <= ENDPOINT_NVME_QUEUES_MAX; i++) {
		nvme->sqs[i].nvme = nvme;
		nvme->sqs[i].qid = i;
		INIT_WORK(&nvme->sqs[i].work, nvme_ep_work);
	}
}

/**
 * nvme_ep_queues_still - no command is taken any more, nor one completed
 * @nvme: controller, locked
 */
void nvme_ep_queues_still(struct endpoint_nvme *nvme)
{
	unsigned int i;

	lockdep_assert_held(&nvme->lock);
	for (i = 0; i <= ENDPOINT_NVME_QUEUES_MAX; i++)
		WRITE_ONCE(nvme->sqs[i].live, false);
}

/**
 * nvme_ep_queues_cancel - wait for what queues are doing
 * @nvme: controller, not locked; its queues are still
 *
 * The admin queue is the first: it makes no others live then.
 */
void nvme_ep_queues_cancel(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i <= ENDPOINT_NVME_QUEUES_MAX; i++)
		cancel_work_sync(&nvme->sqs[i].work);
}

/**
 * nvme_ep_queues_clear - forget all queues
 * @nvme: controller, locked; its queues are still, and none does anything
 */
void nvme_ep_queues_clear(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i <= ENDPOINT_NVME_QUEUES_MAX; i++) {
		nvme->sqs[i].made = false;
		nvme->sqs[i].cq = NULL;
		memset(&nvme->cqs[i], 0, sizeof(nvme->cqs[i]));
	}
}
