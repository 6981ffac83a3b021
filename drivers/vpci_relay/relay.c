// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is relayed: what the host has on its bus the guest gets on one of its own, as
 * far as it may have it.  Other devices this kernel may keep: no guest sees these.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "relay_priv.h"

#define VPCI_RELAY_EJECT_MS_MAX	600000	/* the other channels of the relay may wait as long */

unsigned int vpci_relay_eject_ms = 10000;
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_eject_ms);

static int vpci_relay_eject_ms_set(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint_minmax(val, kp, 0, VPCI_RELAY_EJECT_MS_MAX);

	if (err)
		pr_err("eject_ms: give 0 to %u\n", VPCI_RELAY_EJECT_MS_MAX);
	return err;
}

static const struct kernel_param_ops vpci_relay_eject_ms_ops = {
	.set = vpci_relay_eject_ms_set,
	.get = param_get_uint,
};

module_param_cb(eject_ms, &vpci_relay_eject_ms_ops, &vpci_relay_eject_ms, 0644);
MODULE_PARM_DESC(eject_ms, "time to let a device go, in ms: of a guest; of a driver, if its bus goes");

/* ---- life -------------------------------------------------------------------------------- */

/**
 * vpci_relay_bus_init() - an offer that is held
 * @bus: offer; zero but for what it is of
 */
void vpci_relay_bus_init(struct vpci_relay_bus *bus)
{
	INIT_WORK(&bus->work, vpci_relay_work);
	INIT_DELAYED_WORK(&bus->revoke, vpci_relay_revoke_work);
	mutex_init(&bus->lock);
	INIT_LIST_HEAD(&bus->devices);
	bus->state = VPCI_RELAY_HELD;
}

/**
 * vpci_relay_bus_start() - relay it, if there is a window for it
 * @bus: offer that is held
 *
 * Context: process, may sleep, and waits for the host.
 * Return: 0, also if it stays held; or an error of vpci_host_open().
 */
int vpci_relay_bus_start(struct vpci_relay_bus *bus)
{
	struct vpci_host *host;

	bus->window = vpci_window_get();
	if (!bus->window) {
		pr_info_ratelimited("%pUl held, for want of a window: write to \"windows\", with room for it\n",
				    &bus->offer.instance_id);
		return 0;
	}
	mutex_lock(&bus->lock);
	bus->state = VPCI_RELAY_CONNECTING;
	mutex_unlock(&bus->lock);
	host = vpci_host_open(bus->dev, bus->window, &vpci_relay_host_ops, bus);
	mutex_lock(&bus->lock);
	if (IS_ERR(host))
		bus->state = VPCI_RELAY_HELD;
	else
		bus->host = host;
	mutex_unlock(&bus->lock);
	if (!IS_ERR(host))
		return 0;
	vpci_window_put(bus->window);
	bus->window = 0;
	return PTR_ERR(host);
}

/*
 * Nobody keeps anything of it from here on.  A driver that does not let go is cut off: other
 * buses wait for this one to end.
 */
static void vpci_relay_unkeep_all(struct vpci_relay_bus *bus)
{
	struct vpci_relay_device *device;
	unsigned int ms = READ_ONCE(vpci_relay_eject_ms);
	struct vpci_local *local;
	bool done;

	mutex_lock(&bus->lock);
	bus->state = VPCI_RELAY_STOPPED;
	local = bus->local;
	list_for_each_entry(device, &bus->devices, node)
		if (device->local)
			vpci_local_eject(device->local);
	mutex_unlock(&bus->lock);
	if (!local)
		return;
	/* Without the lock: for what drivers wait for it is needed. */
	done = vpci_local_wait(local, msecs_to_jiffies(ms));
	if (!done)
		pr_err_ratelimited("%pUl: a driver of this kernel does not let its device go in %u ms: it is cut off from the host; end what uses the device\n",
				   &bus->offer.instance_id, ms);
	mutex_lock(&bus->lock);
	list_for_each_entry(device, &bus->devices, node)
		vpci_relay_unkeep(device);
	bus->local = NULL;
	mutex_unlock(&bus->lock);
	/* Nothing is left to do, but so that it does not keep the module for a moment. */
	if (done)
		vpci_local_flush(local);
	vpci_local_destroy(local);
}

/**
 * vpci_relay_bus_stop() - take it from the guest, and give it back to the host
 * @bus: offer that nobody else knows any more, held or not
 *
 * Context: process, may sleep, and waits while the guest is stopped.
 */
void vpci_relay_bus_stop(struct vpci_relay_bus *bus)
{
	struct vpci_relay_device *device, *next;
	struct vpci_guest *guest;
	struct vpci_host *host;

	/* While the host still answers to drivers of this kernel */
	vpci_relay_unkeep_all(bus);
	/* Nothing queues it any more, and nobody else takes the guest's bus away. */
	cancel_delayed_work_sync(&bus->revoke);
	mutex_lock(&bus->lock);
	host = bus->host;
	bus->host = NULL;
	guest = bus->guest;
	mutex_unlock(&bus->lock);
	/* Without the lock: readers of files in sysfs take it. */
	if (guest)
		vpci_guest_revoke(guest);
	/* From here on the guest's bus asks for nothing, not even to take interrupts back. */
	mutex_lock(&bus->lock);
	list_for_each_entry(device, &bus->devices, node) {
		if (device->shown)
			vpci_guest_remove(guest, &device->guest);
		device->shown = false;
	}
	mutex_unlock(&bus->lock);
	/* Nothing queues it any more, and it calls the host's bus. */
	cancel_work_sync(&bus->work);
	if (!host)
		return;
	/* And from here on the host's tells of nothing. */
	vpci_host_close(host);
	mutex_lock(&bus->lock);
	WRITE_ONCE(bus->guest, NULL);
	list_for_each_entry_safe(device, next, &bus->devices, node) {
		list_del(&device->node);
		kvfree(device);
	}
	mutex_unlock(&bus->lock);
	if (guest)
		vpci_guest_destroy(guest);
	vpci_window_put(bus->window);
}

/* ---- what an administrator sees ---------------------------------------------------------- */

/* Of vpci_relay_bus_show_devices(), with room to spare */
#define VPCI_RELAY_DEVICE_LINE	96

static void vpci_relay_device_state(const struct vpci_relay_device *device, char *buf,
				    size_t size)
{
	if (device->ejecting)
		strscpy(buf, "ejecting", size);
	else if (device->shown)
		strscpy(buf, "relayed", size);
	else if (device->local)
		vpci_local_show(device->local, buf, size);
	else if (device->decision.disposition == VPCI_DENIED)
		strscpy(buf, "denied", size);
	else
		strscpy(buf, "hidden", size);
}

/**
 * vpci_relay_bus_show_devices() - a line for each device
 * @bus: bus
 * @buf: of a file in sysfs
 *
 * Return: bytes.
 */
ssize_t vpci_relay_bus_show_devices(struct vpci_relay_bus *bus, char *buf)
{
	const struct vpci_relay_device *device;
	const struct vpci_desc *desc;
	ssize_t len = 0;
	char state[32];

	mutex_lock(&bus->lock);
	list_for_each_entry(device, &bus->devices, node) {
		/* No more than whole lines. */
		if (PAGE_SIZE - len < VPCI_RELAY_DEVICE_LINE)
			break;
		desc = &device->guest.fn.desc;
		len += sysfs_emit_at(buf, len, "%02x.%x %04x:%04x class=%02x%02x%02x ",
				     VPCI_SLOT_DEV(desc->slot), VPCI_SLOT_FN(desc->slot),
				     desc->vendor, desc->device, desc->class, desc->subclass,
				     desc->prog_if);
		vpci_relay_device_state(device, state, sizeof(state));
		len += sysfs_emit_at(buf, len, "serial=%#x %s\n", desc->serial, state);
	}
	mutex_unlock(&bus->lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_bus_show_devices);
