// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function on a bus of the test host: an endpoint, its file, and where its BARs are.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci_regs.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "testroot_vpci.h"

#define TVP_BLOCK_SHIFT		9

/* ---- what the endpoint needs ----------------------------------------------------------- */

static int tvp_fn_dma(void *ctx, u64 gpa, void *buf, size_t len, bool write)
{
	struct tvp_fn *fn = ctx;
	int err = fn->side->dma(fn, gpa, buf, len, write);

	if (err)
		tvp_count(fn->bus, TVP_DMA_ERRORS);
	else
		atomic64_add(len, &fn->bus->counters[TVP_DMA_BYTES]);
	return err;
}

static void tvp_fn_msi(void *ctx, u64 address, u32 data)
{
	struct tvp_fn *fn = ctx;

	if (fn->side->msi_raise(fn, address, data)) {
		tvp_count(fn->bus, TVP_INTERRUPTS_LOST);
		return;
	}
	tvp_count(fn->bus, TVP_INTERRUPTS);
	atomic64_inc(&fn->interrupts);
}

static const struct endpoint_env_ops tvp_fn_env = {
	.dma = tvp_fn_dma,
	.msi = tvp_fn_msi,
};

/* ---- BARs ------------------------------------------------------------------------------ */

static u64 tvp_bar_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	struct tvp_bar *bar = container_of(m, struct tvp_bar, m);

	tvp_count(bar->fn->bus, TVP_BAR_READS);
	return endpoint_bar_read(bar->fn->ep, bar->index, offset, size);
}

static void tvp_bar_write(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value)
{
	struct tvp_bar *bar = container_of(m, struct tvp_bar, m);

	tvp_count(bar->fn->bus, TVP_BAR_WRITES);
	endpoint_bar_write(bar->fn->ep, bar->index, offset, size, value);
}

static const struct vpart_mmio_ops tvp_bar_ops = {
	.read = tvp_bar_read,
	.write = tvp_bar_write,
};

/* Where a BAR is to answer; 0: nowhere, as one that has no address yet */
static u64 tvp_bar_address(const struct tvp_bar *bar)
{
	if (!(endpoint_config_read(bar->fn->ep, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
		return 0;
	return endpoint_bar_address(bar->fn->ep, bar->index);
}

static void tvp_bar_unmap(struct tvp_bar *bar)
{
	if (bar->mapped)
		bar->fn->side->bar_unmap(bar);
	bar->mapped = false;
}

static void tvp_bar_map(struct tvp_bar *bar, u64 address)
{
	struct tvp_bus *bus = bar->fn->bus;
	int err;

	bar->m.gpa = address;
	bar->m.size = endpoint_bar_size(bar->fn->ep, bar->index);
	err = bar->fn->side->bar_map(bar);
	bar->mapped = !err;
	if (!err)
		return;
	tvp_count(bus, TVP_BAR_CONFLICTS);
	pr_notice_ratelimited("bus %u: slot %u: BAR %u cannot be at %#llx: error %d\n",
			      bus->index, bar->fn->fn.desc.slot, bar->index, address, err);
}

/* The configuration space may say something else now. */
static void tvp_fn_map_bars(struct tvp_fn *fn)
{
	struct tvp_bar *bar;
	u64 address;

	lockdep_assert_held(&fn->bus->config_lock);
	/* All that move go first: one may go where another was. */
	for (bar = fn->bars; bar < fn->bars + ENDPOINT_BARS; bar++)
		if (bar->mapped && bar->m.gpa != tvp_bar_address(bar))
			tvp_bar_unmap(bar);
	for (bar = fn->bars; bar < fn->bars + ENDPOINT_BARS; bar++) {
		address = tvp_bar_address(bar);
		if (address && !bar->mapped)
			tvp_bar_map(bar, address);
	}
}

/* ---- configuration space --------------------------------------------------------------- */

/**
 * tvp_fn_config_read() - read from the configuration space
 * @fn: function; its bus's config_lock is held
 * @off: where
 * @size: bytes, 1, 2 or 4
 *
 * Return: what was read; all ones for what nobody could.
 */
u32 tvp_fn_config_read(struct tvp_fn *fn, u32 off, u32 size)
{
	lockdep_assert_held(&fn->bus->config_lock);
	return endpoint_config_read(fn->ep, off, size);
}

/**
 * tvp_fn_config_write() - write to it
 * @fn: function; its bus's config_lock is held
 * @off: where
 * @size: bytes, 1, 2 or 4
 * @value: what
 *
 * On return its BARs are where they should be.
 */
void tvp_fn_config_write(struct tvp_fn *fn, u32 off, u32 size, u32 value)
{
	lockdep_assert_held(&fn->bus->config_lock);
	endpoint_config_write(fn->ep, off, size, value);
	tvp_fn_map_bars(fn);
}

/* ---- life ------------------------------------------------------------------------------ */

static void tvp_fn_end_work(struct tvp_fn *fn, bool end)
{
	WRITE_ONCE(fn->dying, end);
	wake_up_all(&fn->bus->wait);
}

/**
 * tvp_fn_reset() - make a function as it was in the beginning
 * @fn: function
 *
 * On return it does nothing, and has no BAR anywhere.  It does not wait for a guest that
 * is stopped.
 */
void tvp_fn_reset(struct tvp_fn *fn)
{
	tvp_fn_end_work(fn, true);
	mutex_lock(&fn->bus->config_lock);
	endpoint_reset(fn->ep);
	tvp_fn_map_bars(fn);
	mutex_unlock(&fn->bus->config_lock);
	tvp_fn_end_work(fn, false);
}

static struct endpoint *tvp_fn_make(struct tvp_fn *fn, u32 serial)
{
	const struct endpoint_nvme_params params = {
		.queues = fn->queues, .block_shift = TVP_BLOCK_SHIFT, .serial = serial,
	};

	if (!fn->path)
		return endpoint_copy_create(&tvp_fn_env, fn);
	fn->file = endpoint_file_open(fn->path);
	if (IS_ERR(fn->file))
		return ERR_CAST(fn->file);
	return endpoint_nvme_create(&params, &endpoint_file_ops, fn->file, &tvp_fn_env, fn);
}

/* What the client is told of it is what it says of itself. */
static int tvp_fn_describe(struct tvp_fn *fn)
{
	struct vpci_desc *desc = &fn->fn.desc;
	struct endpoint *ep = fn->ep;
	u32 masks[VPCI_BARS];
	const char *why;
	unsigned int i;

	desc->vendor = endpoint_config_read(ep, PCI_VENDOR_ID, 2);
	desc->device = endpoint_config_read(ep, PCI_DEVICE_ID, 2);
	desc->revision = endpoint_config_read(ep, PCI_REVISION_ID, 1);
	desc->prog_if = endpoint_config_read(ep, PCI_CLASS_PROG, 1);
	desc->subclass = endpoint_config_read(ep, PCI_CLASS_DEVICE, 1);
	desc->class = endpoint_config_read(ep, PCI_CLASS_DEVICE + 1, 1);
	desc->subvendor = endpoint_config_read(ep, PCI_SUBSYSTEM_VENDOR_ID, 2);
	desc->subsystem = endpoint_config_read(ep, PCI_SUBSYSTEM_ID, 2);
	desc->numa_valid = fn->numa_node >= 0;
	if (desc->numa_valid)
		desc->numa_node = fn->numa_node;
	for (i = 0; i < VPCI_BARS; i++)
		endpoint_config_write(ep, PCI_BASE_ADDRESS_0 + 4 * i, 4, U32_MAX);
	for (i = 0; i < VPCI_BARS; i++) {
		masks[i] = endpoint_config_read(ep, PCI_BASE_ADDRESS_0 + 4 * i, 4);
		endpoint_config_write(ep, PCI_BASE_ADDRESS_0 + 4 * i, 4, 0);
	}
	return vpci_bars_probed(&fn->fn.bars, masks, &why);
}

static void tvp_fn_free(struct tvp_fn *fn)
{
	if (!IS_ERR_OR_NULL(fn->ep))
		endpoint_destroy(fn->ep);
	if (!IS_ERR_OR_NULL(fn->file))
		endpoint_file_close(fn->file);
	kfree(fn->path);
	kvfree(fn);
}

/**
 * tvp_fn_create() - make a function
 * @bus: bus that it will be on
 * @params: what it is
 *
 * Return: the function, or an ERR_PTR: -EINVAL for what cannot be, -EOPNOTSUPP if VTL2
 * cannot have it, -ENOMEM, or an error of the file.
 */
struct tvp_fn *tvp_fn_create(struct tvp_bus *bus, const struct tvp_fn_params *params)
{
	struct tvp_fn *fn = kvzalloc(sizeof(*fn), GFP_KERNEL);
	u32 serial = params->serial ?: 0x5e000000 | bus->index << 8 | params->slot;
	unsigned int i;
	int err = -ENOMEM;

	if (!fn)
		return ERR_PTR(err);
	err = -EOPNOTSUPP;
	if (!tvp_side(params->vtl2))
		goto free;
	err = -ENOMEM;
	fn->bus = bus;
	fn->side = tvp_side(params->vtl2);
	mutex_init(&fn->msi_lock);
	fn->queues = params->queues;
	fn->numa_node = params->numa_node;
	for (i = 0; i < ENDPOINT_BARS; i++) {
		fn->bars[i].fn = fn;
		fn->bars[i].index = i;
		fn->bars[i].m.ops = &tvp_bar_ops;
	}
	if (params->path) {
		fn->path = kstrdup(params->path, GFP_KERNEL);
		if (!fn->path)
			goto free;
	}
	fn->fn.desc.slot = params->slot;
	fn->fn.desc.serial = serial;
	fn->ep = tvp_fn_make(fn, serial);
	err = PTR_ERR_OR_ZERO(fn->ep);
	if (!err && fn->side->check)
		err = fn->side->check(fn);
	if (!err)
		err = tvp_fn_describe(fn);
	if (!err)
		return fn;
free:
	tvp_fn_free(fn);
	return ERR_PTR(err);
}

/**
 * tvp_fn_destroy() - end a function
 * @fn: function that is on no bus any more
 */
void tvp_fn_destroy(struct tvp_fn *fn)
{
	tvp_fn_reset(fn);
	/* It does nothing: there is nobody left to drive it. */
	tvp_fn_free(fn);
}
