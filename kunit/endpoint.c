// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_endpoints: PCI functions as data, for the root of the tests.
 *
 * Here: life of an endpoint, its BARs, and the data that it moves.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "endpoint.h"

/**
 * endpoint_priv - the device of an endpoint
 * @ep: endpoint
 *
 * Return: what endpoint_create() was given.
 */
void *endpoint_priv(struct endpoint *ep)
{
	return ep->priv;
}
EXPORT_SYMBOL_GPL(endpoint_priv);

/**
 * endpoint_wq - where the device of an endpoint works
 * @ep: endpoint
 *
 * Return: a queue that is there until the device's destroy callback has returned.
 */
struct workqueue_struct *endpoint_wq(struct endpoint *ep)
{
	return ep->wq;
}
EXPORT_SYMBOL_GPL(endpoint_wq);

/* ---- data ------------------------------------------------------------------------------ */

/**
 * endpoint_dma - move data between the device and guest memory
 * @ep: endpoint
 * @gpa: where in guest memory
 * @buf: where in the device
 * @len: bytes
 * @write: to the guest
 *
 * Return: 0, -EPERM if the function is no bus master, -EFAULT if the range has no end,
 * or what the environment says.
 */
int endpoint_dma(struct endpoint *ep, u64 gpa, void *buf, size_t len, bool write)
{
	int err = -EPERM;
	u64 end;

	if (check_add_overflow(gpa, (u64)len, &end))
		return -EFAULT;
	down_read(&ep->dma_lock);
	if (READ_ONCE(ep->bus_master))
		err = ep->env->dma(ep->env_ctx, gpa, buf, len, write);
	up_read(&ep->dma_lock);
	return err;
}
EXPORT_SYMBOL_GPL(endpoint_dma);

/* ---- BARs ------------------------------------------------------------------------------ */

static u64 endpoint_ones(u32 size)
{
	return size >= sizeof(u64) ? U64_MAX : BIT_ULL(8 * size) - 1;
}

/* The access is one that a function would see, and it listens. */
static bool endpoint_bar_valid(struct endpoint *ep, unsigned int *bar, u64 off, u32 size)
{
	u64 bar_size;

	if (*bar >= ENDPOINT_BARS || !READ_ONCE(ep->memory))
		return false;
	*bar = array_index_nospec(*bar, ENDPOINT_BARS);
	bar_size = ep->desc.bars[*bar].size;
	return is_power_of_2(size) && size <= sizeof(u64) && !(off & (size - 1)) &&
	       off < bar_size && size <= bar_size - off;
}

/**
 * endpoint_bar_read - the guest reads from a BAR
 * @ep: endpoint
 * @bar: BAR; of a wide one the first register
 * @off: where in it
 * @size: bytes
 *
 * Return: what was read; all ones if @size is not 1, 2, 4 or 8, if @off is no multiple
 * of it or outside, or if the function's memory is not enabled.
 */
u64 endpoint_bar_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size)
{
	if (!endpoint_bar_valid(ep, &bar, off, size))
		return endpoint_ones(size);
	if (endpoint_msix_covers(ep, bar, off))
		return endpoint_msix_read(ep, off, size) & endpoint_ones(size);
	return ep->desc.ops->bar_read(ep, bar, off, size) & endpoint_ones(size);
}
EXPORT_SYMBOL_GPL(endpoint_bar_read);

/**
 * endpoint_bar_write - the guest writes to a BAR
 * @ep: endpoint
 * @bar: BAR; of a wide one the first register
 * @off: where in it
 * @size: bytes
 * @val: what; bits beyond @size are ignored
 *
 * What endpoint_bar_read() would not read is dropped.
 */
void endpoint_bar_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val)
{
	if (!endpoint_bar_valid(ep, &bar, off, size))
		return;
	val &= endpoint_ones(size);
	if (endpoint_msix_covers(ep, bar, off))
		endpoint_msix_write(ep, off, size, val);
	else
		ep->desc.ops->bar_write(ep, bar, off, size, val);
}
EXPORT_SYMBOL_GPL(endpoint_bar_write);

/**
 * endpoint_bar_size - how long a BAR is
 * @ep: endpoint
 * @bar: BAR
 *
 * Return: bytes; 0 if there is no such BAR.
 */
u64 endpoint_bar_size(struct endpoint *ep, unsigned int bar)
{
	return bar < ENDPOINT_BARS ? ep->desc.bars[bar].size : 0;
}
EXPORT_SYMBOL_GPL(endpoint_bar_size);

/**
 * endpoint_bar_address - where the guest has put a BAR
 * @ep: endpoint
 * @bar: BAR
 *
 * Return: guest physical address, whether memory is enabled or not; 0 if there is no
 * such BAR.
 */
u64 endpoint_bar_address(struct endpoint *ep, unsigned int bar)
{
	const u8 *reg;
	u64 address;

	if (!endpoint_bar_size(ep, bar))
		return 0;
	reg = ep->config + PCI_BASE_ADDRESS_0 + 4 * bar;
	mutex_lock(&ep->config_lock);
	address = get_unaligned_le32(reg) & ~15U;
	if (ep->desc.bars[bar].wide)
		address |= (u64)get_unaligned_le32(reg + 4) << 32;
	mutex_unlock(&ep->config_lock);
	return address;
}
EXPORT_SYMBOL_GPL(endpoint_bar_address);

/**
 * endpoint_bar_find - which BAR the guest means
 * @ep: endpoint
 * @gpa: guest physical address
 * @off: gets where in the BAR that is
 *
 * Return: the BAR, the first if several are there; -ENXIO if none is or memory is not
 * enabled.
 */
int endpoint_bar_find(struct endpoint *ep, u64 gpa, u64 *off)
{
	unsigned int bar;
	u64 address;

	if (!READ_ONCE(ep->memory))
		return -ENXIO;
	for (bar = 0; bar < ENDPOINT_BARS; bar++) {
		address = endpoint_bar_address(ep, bar);
		if (gpa >= address && gpa - address < endpoint_bar_size(ep, bar)) {
			*off = gpa - address;
			return bar;
		}
	}
	return -ENXIO;
}
EXPORT_SYMBOL_GPL(endpoint_bar_find);

/* ---- life ------------------------------------------------------------------------------ */

static bool endpoint_bars_valid(const struct endpoint_desc *desc)
{
	const struct endpoint_bar *bar;
	unsigned int i;

	for (i = 0; i < ENDPOINT_BARS; i++) {
		bar = &desc->bars[i];
		if (!bar->size) {
			if (bar->wide)
				return false;
			continue;
		}
		if (!is_power_of_2(bar->size) || bar->size < 16)
			return false;
		if (!bar->wide) {
			if (bar->size > SZ_2G)
				return false;
			continue;
		}
		if (++i == ENDPOINT_BARS || desc->bars[i].size || desc->bars[i].wide)
			return false;
	}
	return true;
}

static bool endpoint_msix_valid(const struct endpoint_desc *desc)
{
	u64 table, table_end, bits, bits_end, size;

	if (!desc->msix_vectors)
		return true;
	if (desc->msix_vectors > ENDPOINT_VECTORS_MAX || desc->msix_bar >= ENDPOINT_BARS ||
	    desc->msix_table & 15 || desc->msix_pending & 7)
		return false;
	size = desc->bars[desc->msix_bar].size;
	table = desc->msix_table;
	table_end = table + desc->msix_vectors * PCI_MSIX_ENTRY_SIZE;
	bits = desc->msix_pending;
	bits_end = bits + sizeof(u64);
	return table_end <= size && bits_end <= size && (table_end <= bits || bits_end <= table);
}

static bool endpoint_desc_valid(const struct endpoint_desc *desc)
{
	if (desc->config_size != PCI_CFG_SPACE_SIZE && desc->config_size != PCI_CFG_SPACE_EXP_SIZE)
		return false;
	if (desc->msi_vectors && (!is_power_of_2(desc->msi_vectors) || desc->msi_vectors > 32))
		return false;
	return desc->class <= 0xffffff && endpoint_bars_valid(desc) && endpoint_msix_valid(desc);
}

static void endpoint_free(struct endpoint *ep)
{
	if (ep->wq)
		destroy_workqueue(ep->wq);
	kfree(ep->config);
	kfree(ep);
}

/**
 * endpoint_create - make a function
 * @desc: what it is; copied, but the capabilities that it points to must stay
 * @env: its environment
 * @env_ctx: what that is called with
 * @priv: for endpoint_priv()
 *
 * Return: the endpoint, in the state after a reset; -EINVAL if @desc describes nothing
 * that PCI knows, -ENOMEM.  The device's destroy callback has not been called then.
 */
struct endpoint *endpoint_create(const struct endpoint_desc *desc,
				 const struct endpoint_env_ops *env, void *env_ctx, void *priv)
{
	struct endpoint *ep;
	int err;

	if (!endpoint_desc_valid(desc))
		return ERR_PTR(-EINVAL);
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	ep->desc = *desc;
	ep->env = env;
	ep->env_ctx = env_ctx;
	ep->priv = priv;
	mutex_init(&ep->config_lock);
	init_rwsem(&ep->dma_lock);
	mutex_init(&ep->irq_lock);

	err = -ENOMEM;
	ep->config = kzalloc(3 * desc->config_size, GFP_KERNEL);
	ep->wq = alloc_workqueue("vmbus_endpoint", WQ_UNBOUND, 0);
	if (!ep->config || !ep->wq)
		goto free;
	ep->writable = ep->config + desc->config_size;
	ep->initial = ep->writable + desc->config_size;
	err = endpoint_config_build(ep);
	if (err)
		goto free;
	endpoint_irq_reset(ep);
	return ep;

free:
	endpoint_free(ep);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(endpoint_create);

/**
 * endpoint_destroy - end a function
 * @ep: endpoint; nobody else may call it any more
 *
 * When this returns the environment is not called any more either.
 */
void endpoint_destroy(struct endpoint *ep)
{
	endpoint_reset(ep);
	ep->desc.ops->destroy(ep);
	endpoint_free(ep);
}
EXPORT_SYMBOL_GPL(endpoint_destroy);

MODULE_DESCRIPTION("PCI functions as data, for tests");
MODULE_LICENSE("GPL");
