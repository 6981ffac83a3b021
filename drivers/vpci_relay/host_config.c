// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space of the host's devices, through the window of their bus.
 *
 * The host serves the window, one device at a time: the first page says which.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/pci_regs.h>
#include <linux/printk.h>

#include "host_priv.h"

static u32 vpci_host_ones(u8 size)
{
	return size && size < sizeof(u32) ? GENMASK(size * BITS_PER_BYTE - 1, 0) : U32_MAX;
}

static int vpci_host_window(struct vpci_host *host, u64 offset, u8 size, bool write, u64 *value)
{
	int err = host->link->mmio(host->dev, host->window + offset, size, write, value);

	if (err) {
		vpci_host_count(host, VPCI_HOST_MMIO_ERRORS);
		pr_warn_ratelimited("bus %#llx: the host does not serve offset %#llx of this window: error %d\n",
				    host->window, offset, err);
	}
	return err;
}

/* Each write to the first page is an exit to the host. */
static int vpci_host_select(struct vpci_host *host, u32 slot)
{
	u64 value = slot;
	int err;

	lockdep_assert_held(&host->window_lock);
	if (host->window_slot == slot)
		return 0;
	err = vpci_host_window(host, VPCI_WINDOW_SLOT, sizeof(slot), true, &value);
	host->window_slot = err ? VPCI_HOST_NO_SLOT : slot;
	return err;
}

static int vpci_host_config(struct vpci_host_fn *fn, u16 offset, u8 size, bool write, u64 *value)
{
	struct vpci_host *host = fn->host;
	int err = -ENODEV;

	if (!vpci_config_valid(offset, size))
		return -EINVAL;
	mutex_lock(&host->window_lock);
	/*
	 * Not ordered with the host, which may have something else there already, and not
	 * have told.
	 */
	if (!READ_ONCE(fn->gone))
		err = vpci_host_select(host, fn->desc.slot);
	if (!err)
		err = vpci_host_window(host, VPCI_WINDOW_CONFIG + offset, size, write, value);
	mutex_unlock(&host->window_lock);
	return err;
}

/**
 * vpci_host_config_read() - read configuration space of a device
 * @fn: device
 * @offset: where, a multiple of @size
 * @size: bytes: 1, 2 or 4
 *
 * Context: process, may sleep.
 * Return: what is there; all ones, of @size bytes, if the device is gone, if the host
 * does not serve it, or if there is no such place.
 */
u32 vpci_host_config_read(struct vpci_host_fn *fn, u16 offset, u8 size)
{
	u64 value;

	if (vpci_host_config(fn, offset, size, false, &value))
		value = U32_MAX;
	/* The host may answer more than it was asked for. */
	return value & vpci_host_ones(size);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_config_read);

/* Who had it before has left it in D3; not everybody knows of power states. */
static void vpci_host_wake(struct vpci_host_fn *fn)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];

	mutex_lock(&host->lock);
	if (fn->asleep && !fn->gone)
		vpci_host_notify(host, msg, vpci_host_power(msg, fn->desc.slot, VPCI_POWER_D0));
	WRITE_ONCE(fn->asleep, false);
	mutex_unlock(&host->lock);
}

/**
 * vpci_host_config_write() - write configuration space of a device
 * @fn: device
 * @offset: where, a multiple of @size
 * @size: bytes: 1, 2 or 4
 * @value: what to write
 *
 * It is dropped if the device is gone, if the host does not serve it, or if there is no
 * such place.  With its memory a device that is in VPCI_POWER_D3 is switched on, too.
 *
 * Context: process, may sleep.
 */
void vpci_host_config_write(struct vpci_host_fn *fn, u16 offset, u8 size, u32 value)
{
	u64 wide = value & vpci_host_ones(size);

	/* A write that fails was counted, and nobody can be told. */
	vpci_host_config(fn, offset, size, true, &wide);
	/* Base addresses are where they belong by now: what is on is where it should be. */
	if (offset == PCI_COMMAND && (wide & PCI_COMMAND_MEMORY) && READ_ONCE(fn->asleep))
		vpci_host_wake(fn);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_config_write);
