// SPDX-License-Identifier: GPL-2.0-only
/*
 * The copy engine: an endpoint that a few lines of user space can drive.
 *
 * It has what makes BARs and interrupts differ: registers in a 32-bit BAR, memory in a
 * 64-bit one, a BAR with MSI-X alone; and it reads and writes guest memory.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "endpoint.h"
#include "endpoint_copy.h"

/**
 * struct copy_job - what to copy
 * @source: address
 * @destination: address
 * @length: bytes
 * @vector: raised at the end
 * @flags: COPY_FROM_SCRATCH, COPY_TO_SCRATCH
 */
struct copy_job {
	u64 source;
	u64 destination;
	u32 length;
	u32 vector;
	u32 flags;
};

/**
 * struct copy_engine - the device
 * @ep: endpoint
 * @work: copies
 * @lock: protects what follows up to @bytes
 * @next: as the registers say
 * @job: what is being copied, while busy; changes only then
 * @status: COPY_IDLE and the like
 * @error: COPY_ERROR_*
 * @copies: jobs done
 * @failures: jobs that failed
 * @progress: bytes of the last job moved
 * @bytes: moved in all
 * @stop: end the job
 * @scratch: memory behind the BAR; who writes to it while a copy does gets a mixture
 * @piece: on its way; of @work
 */
struct copy_engine {
	struct endpoint *ep;
	struct work_struct work;
	struct mutex lock;		/* protects next to bytes */
	struct copy_job next;
	struct copy_job job;
	u32 status;
	u32 error;
	u32 copies;
	u32 failures;
	u32 progress;
	u64 bytes;
	bool stop;
	u8 *scratch;
	u8 *piece;
};

/* ---- copying --------------------------------------------------------------------------- */

static bool copy_reaches(u64 address, u32 length, bool scratch)
{
	u64 end;

	if (check_add_overflow(address, (u64)length, &end))
		return false;
	return !scratch || end <= COPY_SCRATCH_SIZE;
}

static u32 copy_check(const struct copy_job *job)
{
	if (job->vector >= COPY_VECTORS)
		return COPY_ERROR_VECTOR;
	if (job->flags & ~(COPY_FROM_SCRATCH | COPY_TO_SCRATCH))
		return COPY_ERROR_FLAGS;
	if (!job->length || job->length > COPY_LENGTH_MAX)
		return COPY_ERROR_LENGTH;
	if (!copy_reaches(job->source, job->length, job->flags & COPY_FROM_SCRATCH) ||
	    !copy_reaches(job->destination, job->length, job->flags & COPY_TO_SCRATCH))
		return COPY_ERROR_ADDRESS;
	return COPY_ERROR_NONE;
}

/* Both addresses have been checked. */
static u32 copy_move(struct copy_engine *copy, u32 at, u32 len)
{
	const struct copy_job *job = &copy->job;

	if (job->flags & COPY_FROM_SCRATCH)
		memcpy(copy->piece, copy->scratch + job->source + at, len);
	else if (endpoint_dma(copy->ep, job->source + at, copy->piece, len, false))
		return COPY_ERROR_READ;
	if (job->flags & COPY_TO_SCRATCH)
		memcpy(copy->scratch + job->destination + at, copy->piece, len);
	else if (endpoint_dma(copy->ep, job->destination + at, copy->piece, len, true))
		return COPY_ERROR_WRITE;
	return COPY_ERROR_NONE;
}

static u32 copy_run(struct copy_engine *copy)
{
	u32 error = copy_check(&copy->job), at, len;

	for (at = 0; !error && at < copy->job.length; at += len) {
		if (READ_ONCE(copy->stop))
			return COPY_ERROR_STOPPED;
		len = min_t(u32, copy->job.length - at, COPY_PIECE);
		error = copy_move(copy, at, len);
		if (error)
			break;
		mutex_lock(&copy->lock);
		copy->progress += len;
		copy->bytes += len;
		mutex_unlock(&copy->lock);
		cond_resched();
	}
	return error;
}

static void copy_work(struct work_struct *work)
{
	struct copy_engine *copy = container_of(work, struct copy_engine, work);
	u32 vector = copy->job.vector, error = copy_run(copy);

	mutex_lock(&copy->lock);
	copy->status = error ? COPY_FAILED : COPY_DONE;
	copy->error = error;
	if (error)
		copy->failures++;
	else
		copy->copies++;
	mutex_unlock(&copy->lock);
	if (error != COPY_ERROR_VECTOR)
		endpoint_interrupt(copy->ep, vector);
}

/* ---- registers ------------------------------------------------------------------------- */

static u32 copy_get(const struct copy_engine *copy, u64 off)
{
	switch (off) {
	case COPY_REG_ID:
		return COPY_MAGIC;
	case COPY_REG_SOURCE:
		return lower_32_bits(copy->next.source);
	case COPY_REG_SOURCE + 4:
		return upper_32_bits(copy->next.source);
	case COPY_REG_DESTINATION:
		return lower_32_bits(copy->next.destination);
	case COPY_REG_DESTINATION + 4:
		return upper_32_bits(copy->next.destination);
	case COPY_REG_LENGTH:
		return copy->next.length;
	case COPY_REG_VECTOR:
		return copy->next.vector;
	case COPY_REG_FLAGS:
		return copy->next.flags;
	case COPY_REG_STATUS:
		return copy->status;
	case COPY_REG_ERROR:
		return copy->error;
	case COPY_REG_COPIES:
		return copy->copies;
	case COPY_REG_FAILURES:
		return copy->failures;
	case COPY_REG_BYTES:
		return lower_32_bits(copy->bytes);
	case COPY_REG_BYTES + 4:
		return upper_32_bits(copy->bytes);
	case COPY_REG_PROGRESS:
		return copy->progress;
	}
	return 0;
}

static void copy_put_low(u64 *reg, u32 val)
{
	*reg = (*reg & ~(u64)U32_MAX) | val;
}

static void copy_put_high(u64 *reg, u32 val)
{
	*reg = lower_32_bits(*reg) | (u64)val << 32;
}

static void copy_control(struct copy_engine *copy, u32 val)
{
	if (val & COPY_STOP)
		WRITE_ONCE(copy->stop, true);
	if (!(val & COPY_GO) || copy->status == COPY_BUSY)
		return;
	copy->job = copy->next;
	copy->status = COPY_BUSY;
	copy->error = COPY_ERROR_NONE;
	copy->progress = 0;
	WRITE_ONCE(copy->stop, false);
	queue_work(endpoint_wq(copy->ep), &copy->work);
}

static void copy_put(struct copy_engine *copy, u64 off, u32 val)
{
	switch (off) {
	case COPY_REG_SOURCE:
		copy_put_low(&copy->next.source, val);
		break;
	case COPY_REG_SOURCE + 4:
		copy_put_high(&copy->next.source, val);
		break;
	case COPY_REG_DESTINATION:
		copy_put_low(&copy->next.destination, val);
		break;
	case COPY_REG_DESTINATION + 4:
		copy_put_high(&copy->next.destination, val);
		break;
	case COPY_REG_LENGTH:
		copy->next.length = val;
		break;
	case COPY_REG_VECTOR:
		copy->next.vector = val;
		break;
	case COPY_REG_FLAGS:
		copy->next.flags = val;
		break;
	case COPY_REG_CONTROL:
		copy_control(copy, val);
		break;
	}
}

/* Registers are read and written whole; two halves of one are two registers. */
static u64 copy_bar_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size)
{
	struct copy_engine *copy = endpoint_priv(ep);
	u64 val = 0;

	if (bar == COPY_SCRATCH_BAR) {
		memcpy(&val, copy->scratch + off, size);
		return le64_to_cpu((__force __le64)val);
	}
	if (bar != COPY_REGS_BAR || size != sizeof(u32))
		return 0;
	mutex_lock(&copy->lock);
	val = copy_get(copy, off);
	mutex_unlock(&copy->lock);
	return val;
}

static void copy_bar_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val)
{
	struct copy_engine *copy = endpoint_priv(ep);
	__le64 bytes = cpu_to_le64(val);

	if (bar == COPY_SCRATCH_BAR)
		memcpy(copy->scratch + off, &bytes, size);
	if (bar != COPY_REGS_BAR || size != sizeof(u32))
		return;
	if (off == COPY_REG_RAISE) {
		endpoint_interrupt(ep, val);
		return;
	}
	mutex_lock(&copy->lock);
	copy_put(copy, off, val);
	mutex_unlock(&copy->lock);
}

/* ---- life ------------------------------------------------------------------------------ */

static void copy_reset(struct endpoint *ep)
{
	struct copy_engine *copy = endpoint_priv(ep);

	/* Until a write to the registers that comes meanwhile has had its effect, too */
	for (;;) {
		WRITE_ONCE(copy->stop, true);
		cancel_work_sync(&copy->work);
		mutex_lock(&copy->lock);
		if (!work_pending(&copy->work))
			break;
		mutex_unlock(&copy->lock);
	}
	memset(&copy->next, 0, sizeof(copy->next));
	copy->status = COPY_IDLE;
	copy->error = COPY_ERROR_NONE;
	copy->copies = 0;
	copy->failures = 0;
	copy->progress = 0;
	copy->bytes = 0;
	memset(copy->scratch, 0, COPY_SCRATCH_SIZE);
	mutex_unlock(&copy->lock);
}

static void copy_free(struct copy_engine *copy)
{
	kvfree(copy->scratch);
	kvfree(copy->piece);
	kfree(copy);
}

static void copy_destroy(struct endpoint *ep)
{
	copy_free(endpoint_priv(ep));
}

static const struct endpoint_ops copy_ops = {
	.bar_read = copy_bar_read,
	.bar_write = copy_bar_write,
	.reset = copy_reset,
	.destroy = copy_destroy,
};

static const struct endpoint_desc copy_desc = {
	.vendor = ENDPOINT_VENDOR,
	.device = ENDPOINT_COPY_DEVICE,
	.subvendor = ENDPOINT_VENDOR,
	.subdevice = 1,
	.class = 0x088000,	/* system peripheral, other */
	.revision = 1,
	.config_size = 256,
	.bars[COPY_REGS_BAR] = { .size = COPY_REGS_SIZE },
	.bars[COPY_SCRATCH_BAR] = { .size = COPY_SCRATCH_SIZE, .wide = true, .prefetch = true },
	.bars[COPY_MSIX_BAR] = { .size = COPY_MSIX_SIZE },
	.msix_vectors = COPY_VECTORS,
	.msix_bar = COPY_MSIX_BAR,
	.msix_pending = COPY_MSIX_PENDING,
	.msi_vectors = COPY_VECTORS,
	.ops = &copy_ops,
};

/**
 * endpoint_copy_create - make a copy engine
 * @env: its environment
 * @env_ctx: what that is called with
 *
 * endpoint_copy.h is for who drives it.
 *
 * Return: the endpoint, or -ENOMEM.
 */
struct endpoint *endpoint_copy_create(const struct endpoint_env_ops *env, void *env_ctx)
{
	struct copy_engine *copy = kzalloc(sizeof(*copy), GFP_KERNEL);
	struct endpoint *ep = ERR_PTR(-ENOMEM);

	if (!copy)
		return ep;
	mutex_init(&copy->lock);
	INIT_WORK(&copy->work, copy_work);
	copy->scratch = kvzalloc(COPY_SCRATCH_SIZE, GFP_KERNEL);
	copy->piece = kvmalloc(COPY_PIECE, GFP_KERNEL);
	if (copy->scratch && copy->piece)
		ep = endpoint_create(&copy_desc, env, env_ctx, copy);
	if (IS_ERR(ep))
		copy_free(copy);
	else
		copy->ep = ep;
	return ep;
}
EXPORT_SYMBOL_GPL(endpoint_copy_create);
