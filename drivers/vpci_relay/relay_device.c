// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is relayed: where its devices should be, and how they get there.  Who has a
 * device lets it go before another gets it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/printk.h>

#include "relay_priv.h"

/**
 * vpci_relay_let_go() - the one who has had a device lets it go
 * @bus: bus
 * @device: device
 *
 * Context: process; the bus of that one is locked, and this one is not.
 */
void vpci_relay_let_go(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	WRITE_ONCE(device->ejected, true);
	queue_work(system_long_wq, &bus->work);
}

/* ---- what this kernel keeps -------------------------------------------------------------- */

static void vpci_relay_local_ejected(void *ctx, void *priv)
{
	vpci_relay_let_go(ctx, priv);
}

static const struct vpci_local_ops vpci_relay_local_ops = {
	.ejected = vpci_relay_local_ejected,
};

static int vpci_relay_keep_on(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	struct vpci_local *local = bus->local;
	struct vpci_local_fn *fn;

	if (!local) {
		local = vpci_local_create(&bus->offer.instance_id, &vpci_relay_local_ops, bus);
		if (IS_ERR(local))
			return PTR_ERR(local);
		bus->local = local;
	}
	fn = vpci_local_add(local, device->host, &device->guest.fn.desc, &device->guest.fn.bars,
			    device);
	if (IS_ERR(fn))
		return PTR_ERR(fn);
	device->local = fn;
	return 0;
}

static void vpci_relay_keep(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	int err;

	lockdep_assert_held(&bus->lock);
	err = vpci_relay_keep_on(bus, device);
	if (err)
		pr_err_ratelimited("%pUl: this kernel does not get the device in slot %#x: error %d; tried again when a rule changes\n",
				   &bus->offer.instance_id, device->guest.fn.desc.slot, err);
}

/**
 * vpci_relay_unkeep() - this kernel has a device no more, if it had it
 * @device: device, with vpci_relay_bus::lock held
 *
 * On return nothing of the host's device is used.
 */
void vpci_relay_unkeep(struct vpci_relay_device *device)
{
	if (device->local)
		vpci_local_put(device->local);
	device->local = NULL;
}

/* ---- where a device should be ------------------------------------------------------------ */

/**
 * vpci_relay_eject() - the one who has a device is to let it go
 * @bus: bus, with vpci_relay_bus::lock held
 * @device: device; nothing happens if that one was asked already
 */
void vpci_relay_eject(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	lockdep_assert_held(&bus->lock);
	if (device->ejecting)
		return;
	device->ejecting = true;
	if (device->local)
		vpci_local_eject(device->local);
	else
		vpci_guest_eject(bus->guest, &device->guest, READ_ONCE(vpci_relay_eject_ms));
}

/**
 * vpci_relay_is_out() - does nobody have a device?
 * @device: device, with vpci_relay_bus::lock held
 *
 * Return: true if neither the guest has it nor this kernel.
 */
bool vpci_relay_is_out(const struct vpci_relay_device *device)
{
	return !device->shown && !device->local;
}

/**
 * vpci_relay_settle() - bring a device to where it should be
 * @bus: bus, with vpci_relay_bus::lock held
 * @device: device
 *
 * One that is to come to a bus of the guest which is on its way out comes to the next one.
 */
void vpci_relay_settle(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	enum vpci_disposition to;

	lockdep_assert_held(&bus->lock);
	vpci_policy_decide(&bus->offer.instance_id, &device->guest.fn.desc, &device->decision);
	if (bus->state != VPCI_RELAY_READY)
		return;
	to = device->wanted ? VPCI_DENIED : device->decision.disposition;
	/* Who has it lets it go, before another gets it. */
	if ((device->shown && to != VPCI_RELAYED) || (device->local && to != VPCI_LOCAL))
		vpci_relay_eject(bus, device);
	else if (to == VPCI_RELAYED && !device->shown && bus->leaving)
		bus->postponed = true;
	else if (to == VPCI_RELAYED && !device->shown)
		vpci_relay_show(bus, device);
	else if (to == VPCI_LOCAL && !device->local)
		vpci_relay_keep(bus, device);
}

/**
 * vpci_relay_settle_all() - the same with all devices, and tell the guest of them
 * @bus: bus, with vpci_relay_bus::lock held
 */
void vpci_relay_settle_all(struct vpci_relay_bus *bus)
{
	struct vpci_relay_device *device;

	lockdep_assert_held(&bus->lock);
	list_for_each_entry(device, &bus->devices, node)
		vpci_relay_settle(bus, device);
	vpci_relay_unoffer_bus(bus);
	if (bus->guest)
		vpci_guest_ready(bus->guest);
	if (bus->local)
		vpci_local_retry(bus->local);
}

/**
 * vpci_relay_bus_recheck() - the policy has changed, or there may be memory for devices
 * @bus: bus
 *
 * Context: any; with vpci_relay_lock held, so that the bus is there.
 */
void vpci_relay_bus_recheck(struct vpci_relay_bus *bus)
{
	/* Not here: with the lock of the bus held the host is asked. */
	queue_work(system_long_wq, &bus->work);
}

/**
 * vpci_relay_work() - devices were let go, or the policy has changed
 * @work: vpci_relay_bus::work
 *
 * First all of the former, then what may come, or come again, or has to go.
 */
void vpci_relay_work(struct work_struct *work)
{
	struct vpci_relay_bus *bus = container_of(work, struct vpci_relay_bus, work);
	struct vpci_relay_device *device;

	mutex_lock(&bus->lock);
	list_for_each_entry(device, &bus->devices, node) {
		if (!READ_ONCE(device->ejected))
			continue;
		WRITE_ONCE(device->ejected, false);
		device->ejecting = false;
		device->shown = false;
		vpci_relay_unkeep(device);
		if (device->wanted)
			vpci_host_ejected(device->host);
	}
	/* Before anything comes: Linux finds that on a new bus only. */
	vpci_relay_unoffer_bus(bus);
	vpci_relay_settle_all(bus);
	mutex_unlock(&bus->lock);
}
