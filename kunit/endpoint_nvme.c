// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NVMe controller that the kernel's own driver accepts: its registers and its life.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "endpoint_nvme.h"

/*
 * Queues must be in one piece; doorbells are 4 bytes apart; the NVM command set; pages
 * of 4 KiB; the guest waits 30 s for a change of state.
 */
#define NVME_EP_CAP	((NVME_EP_ENTRIES_MAX - 1) | BIT_ULL(16) | 60ULL << 24 | BIT_ULL(37))

#define NVME_EP_CC_BITS	(NVME_CC_ENABLE | NVME_CC_CSS_MASK | 0xf << NVME_CC_MPS_SHIFT |	\
			 7 << NVME_CC_AMS_SHIFT | NVME_CC_SHN_MASK |				\
			 0xf << NVME_CC_IOSQES_SHIFT | 0xf << NVME_CC_IOCQES_SHIFT)

/* Sizes of the two admin queues, each less 1 */
#define NVME_EP_AQA_BITS	0x0fff0fff

#define NVME_EP_BASE_MASK	(~(u64)(NVME_EP_PAGE - 1))

/* ---- enable, disable, shut down -------------------------------------------------------- */

static bool nvme_ep_configured(const struct endpoint_nvme *nvme)
{
	return !(nvme->cc & (NVME_CC_CSS_MASK | 0xf << NVME_CC_MPS_SHIFT |
			     7 << NVME_CC_AMS_SHIFT)) &&
	       nvme->aqa & 0xfff && nvme->aqa >> 16;
}

/* Under the lock: the guest has set the enable bit. */
static void nvme_ep_enable(struct endpoint_nvme *nvme)
{
	if (!nvme_ep_configured(nvme)) {
		nvme->csts = NVME_CSTS_CFS;
		return;
	}
	nvme->blocks = nvme->disk->size(nvme->disk_ctx) >> nvme->params.block_shift;
	nvme_ep_set_cq(&nvme->cqs[0], nvme->acq, (nvme->aqa >> 16) + 1, true, 0);
	nvme_ep_set_sq(&nvme->sqs[0], nvme->asq, (nvme->aqa & 0xfff) + 1, &nvme->cqs[0]);
	nvme->running = true;
	nvme->csts = NVME_CSTS_RDY;
}

static void nvme_ep_clear(struct endpoint_nvme *nvme)
{
	nvme_ep_queues_clear(nvme);
	nvme_ep_features_reset(nvme);
	nvme->queues = nvme->params.queues;
	nvme->naers = 0;
	nvme->events = 0;
	nvme->events_masked = false;
	nvme->running = false;
	nvme->csts = 0;
}

static void nvme_ep_disable(struct endpoint_nvme *nvme)
{
	nvme->disabled = false;
	nvme_ep_queues_still(nvme);
	mutex_unlock(&nvme->lock);
	nvme_ep_queues_cancel(nvme);
	mutex_lock(&nvme->lock);
	nvme_ep_clear(nvme);
}

/* The guest is not to give commands any more; it must reset before it does again. */
static void nvme_ep_shut_down(struct endpoint_nvme *nvme)
{
	nvme->csts |= NVME_CSTS_SHST_OCCUR;
	nvme_ep_queues_still(nvme);
	mutex_unlock(&nvme->lock);
	nvme_ep_queues_cancel(nvme);
	nvme_ep_flush(nvme);
	mutex_lock(&nvme->lock);
	nvme->csts = (nvme->csts & ~NVME_CSTS_SHST_MASK) | NVME_CSTS_SHST_CMPLT;
}

/* One thing that is to be done for what the registers say; false if there is none. */
static bool nvme_ep_control_step(struct endpoint_nvme *nvme)
{
	if (nvme->disabled) {
		nvme_ep_disable(nvme);
		return true;
	}
	if (nvme->cc & NVME_CC_ENABLE && !nvme->running && !(nvme->csts & NVME_CSTS_CFS)) {
		nvme_ep_enable(nvme);
		return true;
	}
	if (nvme->cc & NVME_CC_SHN_MASK && !(nvme->csts & NVME_CSTS_SHST_MASK)) {
		nvme_ep_shut_down(nvme);
		return true;
	}
	return false;
}

static void nvme_ep_control_run(struct endpoint_nvme *nvme)
{
	mutex_lock(&nvme->control_lock);
	mutex_lock(&nvme->lock);
	while (nvme_ep_control_step(nvme))
		;
	mutex_unlock(&nvme->lock);
	mutex_unlock(&nvme->control_lock);
}

static void nvme_ep_control(struct work_struct *work)
{
	nvme_ep_control_run(container_of(work, struct endpoint_nvme, control));
}

/* ---- registers ------------------------------------------------------------------------- */

static u32 nvme_ep_get(const struct endpoint_nvme *nvme, u64 reg)
{
	switch (reg) {
	case NVME_REG_CAP:
		return lower_32_bits(NVME_EP_CAP);
	case NVME_REG_CAP + 4:
		return upper_32_bits(NVME_EP_CAP);
	case NVME_REG_VS:
		return NVME_EP_VERSION;
	case NVME_REG_CC:
		return nvme->cc;
	case NVME_REG_CSTS:
		return nvme->csts;
	case NVME_REG_AQA:
		return nvme->aqa;
	case NVME_REG_ASQ:
		return lower_32_bits(nvme->asq);
	case NVME_REG_ASQ + 4:
		return upper_32_bits(nvme->asq);
	case NVME_REG_ACQ:
		return lower_32_bits(nvme->acq);
	case NVME_REG_ACQ + 4:
		return upper_32_bits(nvme->acq);
	}
	return 0;
}

static void nvme_ep_put_cc(struct endpoint_nvme *nvme, u32 val)
{
	if (nvme->cc & ~val & NVME_CC_ENABLE) {
		nvme->disabled = true;
		nvme_ep_queues_still(nvme);
	}
	nvme->cc = val & NVME_EP_CC_BITS;
	queue_work(endpoint_wq(nvme->ep), &nvme->control);
}

static void nvme_ep_put_low(u64 *reg, u32 val)
{
	*reg = ((*reg & ~(u64)U32_MAX) | val) & NVME_EP_BASE_MASK;
}

static void nvme_ep_put_high(u64 *reg, u32 val)
{
	*reg = lower_32_bits(*reg) | (u64)val << 32;
}

static void nvme_ep_put(struct endpoint_nvme *nvme, u64 reg, u32 val)
{
	switch (reg) {
	case NVME_REG_CC:
		nvme_ep_put_cc(nvme, val);
		break;
	case NVME_REG_AQA:
		nvme->aqa = val & NVME_EP_AQA_BITS;
		break;
	case NVME_REG_ASQ:
		nvme_ep_put_low(&nvme->asq, val);
		break;
	case NVME_REG_ASQ + 4:
		nvme_ep_put_high(&nvme->asq, val);
		break;
	case NVME_REG_ACQ:
		nvme_ep_put_low(&nvme->acq, val);
		break;
	case NVME_REG_ACQ + 4:
		nvme_ep_put_high(&nvme->acq, val);
		break;
	}
}

static u64 nvme_ep_bar_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size)
{
	struct endpoint_nvme *nvme = endpoint_priv(ep);
	u64 val;

	mutex_lock(&nvme->lock);
	val = nvme_ep_get(nvme, off & ~3ULL);
	if (size == sizeof(u64))
		val |= (u64)nvme_ep_get(nvme, off + 4) << 32;
	mutex_unlock(&nvme->lock);
	return val >> 8 * (off & 3);
}

/* Doorbells take 4 bytes; registers 4, and 8 where they have them. */
static void nvme_ep_bar_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val)
{
	struct endpoint_nvme *nvme = endpoint_priv(ep);

	if (size < sizeof(u32) || (off >= NVME_REG_DBS && size != sizeof(u32)))
		return;
	mutex_lock(&nvme->lock);
	if (off >= NVME_REG_DBS) {
		nvme_ep_doorbell(nvme, (off - NVME_REG_DBS) / sizeof(u32), val);
	} else {
		nvme_ep_put(nvme, off, val);
		if (size == sizeof(u64))
			nvme_ep_put(nvme, off + 4, val >> 32);
	}
	mutex_unlock(&nvme->lock);
}

/* ---- life ------------------------------------------------------------------------------ */

static void nvme_ep_reset(struct endpoint *ep)
{
	struct endpoint_nvme *nvme = endpoint_priv(ep);

	mutex_lock(&nvme->lock);
	nvme->cc = 0;
	nvme->aqa = 0;
	nvme->asq = 0;
	nvme->acq = 0;
	nvme->disabled = true;
	nvme_ep_queues_still(nvme);
	mutex_unlock(&nvme->lock);
	nvme_ep_control_run(nvme);
}

static void nvme_ep_free(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i <= nvme->params.queues; i++)
		kvfree(nvme->sqs[i].piece);
	kvfree(nvme);
}

static void nvme_ep_destroy(struct endpoint *ep)
{
	struct endpoint_nvme *nvme = endpoint_priv(ep);

	cancel_work_sync(&nvme->control);
	nvme_ep_free(nvme);
}

static const struct endpoint_ops nvme_ep_ops = {
	.bar_read = nvme_ep_bar_read,
	.bar_write = nvme_ep_bar_write,
	.reset = nvme_ep_reset,
	.destroy = nvme_ep_destroy,
};

static int nvme_ep_alloc_pieces(struct endpoint_nvme *nvme)
{
	unsigned int i;

	for (i = 0; i <= nvme->params.queues; i++) {
		nvme->sqs[i].piece = kvmalloc(NVME_EP_PIECE, GFP_KERNEL);
		if (!nvme->sqs[i].piece)
			return -ENOMEM;
	}
	return 0;
}

static struct endpoint *nvme_ep_make(struct endpoint_nvme *nvme,
				     const struct endpoint_env_ops *env, void *env_ctx)
{
	const struct endpoint_desc desc = {
		.vendor = ENDPOINT_VENDOR,
		.device = ENDPOINT_NVME_DEVICE,
		.subvendor = ENDPOINT_VENDOR,
		.subdevice = 1,
		.class = 0x010802,
		.revision = 1,
		.config_size = 4096,
		.express = true,
		.bars[0] = { .size = NVME_EP_BAR_SIZE, .wide = true },
		.msix_vectors = nvme->params.queues + 1,
		.msix_bar = 0,
		.msix_table = NVME_EP_MSIX_TABLE,
		.msix_pending = NVME_EP_MSIX_PENDING,
		.ops = &nvme_ep_ops,
	};

	return endpoint_create(&desc, env, env_ctx, nvme);
}

/**
 * endpoint_nvme_create - make an NVMe controller
 * @params: what it is
 * @disk: where its blocks are
 * @disk_ctx: what that is called with; must outlive the controller
 * @env: its environment
 * @env_ctx: what that is called with
 *
 * Return: the endpoint; -EINVAL if @params are out of range or the disk has no block,
 * -ENOMEM.
 */
struct endpoint *endpoint_nvme_create(const struct endpoint_nvme_params *params,
				      const struct endpoint_disk_ops *disk, void *disk_ctx,
				      const struct endpoint_env_ops *env, void *env_ctx)
{
	struct endpoint *ep = ERR_PTR(-ENOMEM);
	struct endpoint_nvme *nvme;

	if (!params->queues || params->queues > ENDPOINT_NVME_QUEUES_MAX ||
	    params->block_shift < 9 || params->block_shift > 12 ||
	    !(disk->size(disk_ctx) >> params->block_shift))
		return ERR_PTR(-EINVAL);
	nvme = kvzalloc(sizeof(*nvme), GFP_KERNEL);
	if (!nvme)
		return ep;
	nvme->params = *params;
	nvme->disk = disk;
	nvme->disk_ctx = disk_ctx;
	mutex_init(&nvme->control_lock);
	mutex_init(&nvme->lock);
	INIT_WORK(&nvme->control, nvme_ep_control);
	nvme_ep_queues_init(nvme);
	nvme_ep_clear(nvme);
	if (!nvme_ep_alloc_pieces(nvme))
		ep = nvme_ep_make(nvme, env, env_ctx);
	if (IS_ERR(ep))
		nvme_ep_free(nvme);
	else
		nvme->ep = ep;
	return ep;
}
EXPORT_SYMBOL_GPL(endpoint_nvme_create);
