// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is relayed: what the host tells.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/slab.h>

#include "relay_priv.h"

/* Of one that is NULL, for want of memory, neither is true: nobody has it. */
static bool vpci_relay_is_shown(const struct vpci_relay_device *device)
{
	return device && device->shown;
}

static bool vpci_relay_is_local(const struct vpci_relay_device *device)
{
	return device && device->local;
}

static void vpci_relay_added(void *ctx, struct vpci_host_fn *fn)
{
	struct vpci_relay_bus *bus = ctx;
	struct vpci_relay_device *device = kvzalloc(sizeof(*device), GFP_KERNEL);

	if (!device) {
		/* It is in no list, either: this is all that is ever said of it. */
		pr_err_ratelimited("%pUl: nobody gets the device in slot %#x before the host offers it again: error %d\n",
				   &bus->offer.instance_id, vpci_host_fn_desc(fn)->slot, -ENOMEM);
		return;
	}
	device->host = fn;
	device->guest.fn.desc = *vpci_host_fn_desc(fn);
	device->guest.fn.bars = *vpci_host_fn_bars(fn);
	vpci_host_fn_set_priv(fn, device);
	mutex_lock(&bus->lock);
	list_add_tail(&device->node, &bus->devices);
	vpci_relay_settle(bus, device);
	/* If that has failed */
	vpci_relay_unoffer_bus(bus);
	/* If it is the first that the guest may have. */
	if (device->shown)
		vpci_guest_ready(bus->guest);
	mutex_unlock(&bus->lock);
}

static void vpci_relay_removed(void *ctx, struct vpci_host_fn *fn)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;

	if (!device)
		return;
	mutex_lock(&bus->lock);
	if (device->shown)
		vpci_guest_remove(bus->guest, &device->guest);
	vpci_relay_unkeep(device);
	list_del(&device->node);
	vpci_relay_unoffer_bus(bus);
	mutex_unlock(&bus->lock);
	vpci_host_fn_set_priv(fn, NULL);
	kvfree(device);
}

static void vpci_relay_wanted(void *ctx, struct vpci_host_fn *fn)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;

	if (!device) {
		vpci_host_ejected(fn);
		return;
	}
	mutex_lock(&bus->lock);
	device->wanted = true;
	if (vpci_relay_is_out(device))
		vpci_host_ejected(fn);
	else
		vpci_relay_eject(bus, device);
	mutex_unlock(&bus->lock);
}

static void vpci_relay_invalidated(void *ctx, struct vpci_host_fn *fn, u64 mask)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;

	mutex_lock(&bus->lock);
	if (vpci_relay_is_shown(device))
		vpci_guest_invalidate(bus->guest, &device->guest, mask);
	mutex_unlock(&bus->lock);
}

static void vpci_relay_ready(void *ctx)
{
	struct vpci_relay_bus *bus = ctx;

	mutex_lock(&bus->lock);
	if (bus->state == VPCI_RELAY_CONNECTING)
		bus->state = VPCI_RELAY_READY;
	vpci_relay_settle_all(bus);
	mutex_unlock(&bus->lock);
}

/* To what the guest or this kernel has asked for: an interrupt, a reset, a power state */
static void vpci_relay_answered(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
				const struct vpci_msi *msi)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;
	bool taken = false;

	mutex_lock(&bus->lock);
	/* Who has asked may not have the device any more, and another may. */
	if (cookie & VPCI_LOCAL_COOKIE)
		taken = vpci_relay_is_local(device) &&
			vpci_local_done(device->local, cookie, err, msi);
	else if (vpci_relay_is_shown(device))
		taken = vpci_guest_done(bus->guest, &device->guest, cookie, err, msi);
	if (!taken && msi)
		vpci_host_interrupt_delete(fn, msi);
	mutex_unlock(&bus->lock);
}

static void vpci_relay_was_reset(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	vpci_relay_answered(ctx, fn, cookie, err, NULL);
}

static void vpci_relay_was_powered(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	vpci_relay_answered(ctx, fn, cookie, err, NULL);
}

static void vpci_relay_block_done(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
				  const struct vpci_block *block)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;

	mutex_lock(&bus->lock);
	if (vpci_relay_is_shown(device))
		vpci_guest_block_done(bus->guest, &device->guest, cookie, err, block);
	mutex_unlock(&bus->lock);
}

/* The devices are gone already, and the guest's bus goes. */
static void vpci_relay_failed(void *ctx, const char *why)
{
	struct vpci_relay_bus *bus = ctx;

	pr_err_ratelimited("%pUl: %s: the bus is lost; hide the offer and take it again to try anew\n",
			   &bus->offer.instance_id, why);
	mutex_lock(&bus->lock);
	if (bus->state != VPCI_RELAY_STOPPED)
		bus->state = VPCI_RELAY_FAILED;
	bus->why = why;
	mutex_unlock(&bus->lock);
}

const struct vpci_host_ops vpci_relay_host_ops = {
	.added = vpci_relay_added,
	.removed = vpci_relay_removed,
	.eject = vpci_relay_wanted,
	.invalidated = vpci_relay_invalidated,
	.ready = vpci_relay_ready,
	.interrupt = vpci_relay_answered,
	.reset = vpci_relay_was_reset,
	.power = vpci_relay_was_powered,
	.block = vpci_relay_block_done,
	.failed = vpci_relay_failed,
};
