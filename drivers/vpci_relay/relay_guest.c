// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is relayed: the guest's side.
 *
 * Configuration space and interrupts are asked for by the guest's bus and given by the
 * host's: nothing is kept here.  The memory of a device is not on the way at all: the host
 * is told the addresses that the guest has chosen, and serves them itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/printk.h>

#include "relay_priv.h"
#include "trace.h"

#define VPCI_RELAY_REVOKE_RETRY	HZ	/* while the guest is stopped */

static struct vpci_relay_device *to_vpci_relay_device(struct vpci_guest_fn *fn)
{
	return container_of(fn, struct vpci_relay_device, guest);
}

/* ---- asked for by the guest -------------------------------------------------------------- */

static u32 vpci_relay_config_read(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size)
{
	return vpci_host_config_read(to_vpci_relay_device(fn)->host, offset, size);
}

static void vpci_relay_config_write(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size,
				    u32 value)
{
	vpci_host_config_write(to_vpci_relay_device(fn)->host, offset, size, value);
}

static int vpci_relay_interrupt_create(void *ctx, struct vpci_guest_fn *fn,
				       const struct vpci_msi_request *request, u64 cookie)
{
	int err = vpci_host_interrupt_create(to_vpci_relay_device(fn)->host, request, cookie);

	return err ?: -EINPROGRESS;
}

static void vpci_relay_interrupt_delete(void *ctx, struct vpci_guest_fn *fn,
					const struct vpci_msi *msi)
{
	vpci_host_interrupt_delete(to_vpci_relay_device(fn)->host, msi);
}

static int vpci_relay_reset(void *ctx, struct vpci_guest_fn *fn, u64 cookie)
{
	int err = vpci_host_reset(to_vpci_relay_device(fn)->host, cookie);

	return err ?: -EINPROGRESS;
}

static int vpci_relay_power(void *ctx, struct vpci_guest_fn *fn, u32 state, u64 cookie)
{
	int err = vpci_host_set_power(to_vpci_relay_device(fn)->host, state, cookie);

	return err ?: -EINPROGRESS;
}

static int vpci_relay_block(void *ctx, struct vpci_guest_fn *fn, const struct vpci_block *block,
			    u64 cookie)
{
	int err = vpci_host_block(to_vpci_relay_device(fn)->host, block, cookie);

	return err ?: -EINPROGRESS;
}

static void vpci_relay_mapped(void *ctx, struct vpci_guest_fn *fn, const u32 regs[VPCI_BARS],
			      bool on)
{
	struct vpci_relay_bus *bus = ctx;

	trace_vpci_mapped(&bus->offer.instance_id, &fn->fn.desc, regs, on);
}

static void vpci_relay_ejected(void *ctx, struct vpci_guest_fn *fn)
{
	vpci_relay_let_go(ctx, to_vpci_relay_device(fn));
}

static const struct vpci_guest_ops vpci_relay_guest_ops = {
	.config_read = vpci_relay_config_read,
	.config_write = vpci_relay_config_write,
	.interrupt_create = vpci_relay_interrupt_create,
	.interrupt_delete = vpci_relay_interrupt_delete,
	.reset = vpci_relay_reset,
	.power = vpci_relay_power,
	.block = vpci_relay_block,
	.mapped = vpci_relay_mapped,
	.ejected = vpci_relay_ejected,
};

/* ---- what the guest gets ----------------------------------------------------------------- */

/* The bus itself is offered with the first device, so that one with none is not seen. */
static int vpci_relay_offer_bus(struct vpci_relay_bus *bus)
{
	struct vpci_guest *guest;

	lockdep_assert_held(&bus->lock);
	if (bus->guest)
		return 0;
	guest = vpci_guest_create(bus->srv, &bus->guest_offer, &vpci_relay_guest_ops, bus);
	if (IS_ERR(guest))
		return PTR_ERR(guest);
	WRITE_ONCE(bus->guest, guest);
	return 0;
}

/**
 * vpci_relay_revoke_work() - the guest's bus goes, as soon as the guest is not stopped
 * @work: vpci_relay_bus::revoke
 *
 * Without vpci_relay_bus::lock, which others take for what the guest has no part in.
 */
void vpci_relay_revoke_work(struct work_struct *work)
{
	struct vpci_relay_bus *bus = container_of(work, struct vpci_relay_bus, revoke.work);
	struct vpci_guest *guest = bus->guest;
	unsigned int i;

	if (!vpci_guest_try_revoke(guest)) {
		queue_delayed_work(system_long_wq, &bus->revoke, VPCI_RELAY_REVOKE_RETRY);
		return;
	}
	mutex_lock(&bus->lock);
	for (i = 0; i < VPCI_GUEST_COUNTERS; i++)
		bus->counted[i] += vpci_guest_count(guest, i);
	WRITE_ONCE(bus->guest, NULL);
	bus->leaving = false;
	if (bus->postponed)
		queue_work(system_long_wq, &bus->work);
	bus->postponed = false;
	mutex_unlock(&bus->lock);
	vpci_guest_destroy(guest);
}

/**
 * vpci_relay_unoffer_bus() - without devices the guest's bus goes
 * @bus: bus, with vpci_relay_bus::lock held
 *
 * Linux gives memory to what is on a bus when it finds that, and to nothing that comes later;
 * and most buses have one device, which comes again.  The guest gets another bus of the same
 * instance when this one is gone: see vpci_relay_settle().
 */
void vpci_relay_unoffer_bus(struct vpci_relay_bus *bus)
{
	const struct vpci_relay_device *device;

	lockdep_assert_held(&bus->lock);
	/* vpci_relay_bus_stop() takes it, with all that is on it. */
	if (!bus->guest || bus->leaving || bus->state == VPCI_RELAY_STOPPED)
		return;
	list_for_each_entry(device, &bus->devices, node)
		if (device->shown)
			return;
	bus->leaving = true;
	queue_delayed_work(system_long_wq, &bus->revoke, 0);
}

/**
 * vpci_relay_show() - the guest gets a device
 * @bus: bus, with vpci_relay_bus::lock held, and not vpci_relay_bus::leaving
 * @device: device that nobody has
 *
 * If this fails the bus may be left without devices: vpci_relay_unoffer_bus() follows.
 */
void vpci_relay_show(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	int err;

	lockdep_assert_held(&bus->lock);
	err = vpci_relay_offer_bus(bus);
	if (!err)
		err = vpci_guest_add(bus->guest, &device->guest);
	if (err)
		pr_err_ratelimited("%pUl: the guest does not get the device in slot %#x: error %d; tried again when a rule changes\n",
				   &bus->offer.instance_id, device->guest.fn.desc.slot, err);
	device->shown = !err;
}
