// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is relayed: what the host has on its bus the guest gets on one of its own, as
 * far as it may have it.  Other devices this kernel may keep: no guest sees these.
 *
 * Configuration space and interrupts are asked for by the guest's bus and given by the
 * host's: nothing is kept here.  The memory of a device is not on the way at all: the host
 * is told the addresses that the guest has chosen, and serves them itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "trace.h"
#include "vpci_relay.h"

unsigned int vpci_relay_eject_ms = 10000;
module_param_named(eject_ms, vpci_relay_eject_ms, uint, 0644);
MODULE_PARM_DESC(eject_ms, "time to let a device go, in ms: of a guest; of a driver, if its bus goes");

/**
 * struct vpci_relay_device - a device of the host
 * @node: in vpci_relay_bus::devices
 * @guest: as the guest has it
 * @host: as the host has it
 * @disposition: who gets it
 * @shown: it is on the guest's bus
 * @local: as this kernel has it, or NULL.  The guest has it no longer then, and the other
 *	way round
 * @ejecting: the one who has it was asked to let it go
 * @wanted: the host wants it back
 * @ejected: that one has let it go; set by the bus of that, without a lock
 *
 * vpci_relay_bus::lock protects all but @ejected, and pointers.
 */
struct vpci_relay_device {
	struct list_head node;
	struct vpci_guest_fn guest;
	struct vpci_host_fn *host;
	enum vpci_disposition disposition;
	bool shown;
	struct vpci_local_fn *local;
	bool ejecting;
	bool wanted;
	bool ejected;
};

static struct vpci_relay_device *to_vpci_relay_device(struct vpci_guest_fn *fn)
{
	return container_of(fn, struct vpci_relay_device, guest);
}

/* ---- asked for by the guest ------------------------------------------------------------- */

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

/* The bus of those who had it is locked. */
static void vpci_relay_let_go(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	WRITE_ONCE(device->ejected, true);
	queue_work(system_long_wq, &bus->work);
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
	bus->guest = guest;
	return 0;
}

/*
 * Without devices it goes.  Linux gives memory to what is on a bus when it finds that, and
 * to nothing that comes later; and most buses have one device, which comes again.
 */
static void vpci_relay_unoffer_bus(struct vpci_relay_bus *bus)
{
	const struct vpci_relay_device *device;
	unsigned int i;

	lockdep_assert_held(&bus->lock);
	list_for_each_entry(device, &bus->devices, node)
		if (device->shown)
			return;
	if (!bus->guest)
		return;
	vpci_guest_revoke(bus->guest);
	for (i = 0; i < VPCI_GUEST_COUNTERS; i++)
		bus->counted[i] += vpci_guest_count(bus->guest, i);
	vpci_guest_destroy(bus->guest);
	bus->guest = NULL;
}

static void vpci_relay_show(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
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
	if (err)
		vpci_relay_unoffer_bus(bus);
}

/* ---- what this kernel keeps --------------------------------------------------------------- */

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

/* On return nothing of the host's device is used. */
static void vpci_relay_unkeep(struct vpci_relay_device *device)
{
	if (device->local)
		vpci_local_put(device->local);
	device->local = NULL;
}

/* ---- where a device should be -------------------------------------------------------------- */

static void vpci_relay_eject(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
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

static bool vpci_relay_is_out(const struct vpci_relay_device *device)
{
	return !device->shown && !device->local;
}

/* Bring a device to where it should be. */
static void vpci_relay_settle(struct vpci_relay_bus *bus, struct vpci_relay_device *device)
{
	enum vpci_disposition to;

	lockdep_assert_held(&bus->lock);
	to = vpci_policy_decide(&bus->offer.instance_id, &device->guest.fn.desc);
	device->disposition = to;
	if (bus->state != VPCI_RELAY_READY)
		return;
	if (device->wanted)
		to = VPCI_DENIED;
	/* Who has it lets it go, before another gets it. */
	if ((device->shown && to != VPCI_RELAYED) || (device->local && to != VPCI_LOCAL))
		vpci_relay_eject(bus, device);
	else if (to == VPCI_RELAYED && !device->shown)
		vpci_relay_show(bus, device);
	else if (to == VPCI_LOCAL && !device->local)
		vpci_relay_keep(bus, device);
}

/* And tell the guest of them. */
static void vpci_relay_settle_all(struct vpci_relay_bus *bus)
{
	struct vpci_relay_device *device;

	lockdep_assert_held(&bus->lock);
	list_for_each_entry(device, &bus->devices, node)
		vpci_relay_settle(bus, device);
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
	/* Not here: with the lock of the bus held a guest may be waited for that is stopped. */
	queue_work(system_long_wq, &bus->work);
}

/*
 * Devices were let go, or the policy has changed: first all of the former, then what may
 * come, or come again, or has to go.
 */
static void vpci_relay_work(struct work_struct *work)
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
	vpci_relay_unoffer_bus(bus);
	vpci_relay_settle_all(bus);
	mutex_unlock(&bus->lock);
}

/* ---- told by the host --------------------------------------------------------------------- */

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
	if (device && device->shown)
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

static void vpci_relay_interrupt(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
				 const struct vpci_msi *msi)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;
	bool taken = false;

	mutex_lock(&bus->lock);
	/* Who has asked may not have the device any more, and another may. */
	if (cookie & VPCI_LOCAL_COOKIE)
		taken = device->local && vpci_local_done(device->local, cookie, err, msi);
	else if (device->shown)
		taken = vpci_guest_done(bus->guest, &device->guest, cookie, err, msi);
	if (!taken && msi)
		vpci_host_interrupt_delete(fn, msi);
	mutex_unlock(&bus->lock);
}

static void vpci_relay_was_reset(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	vpci_relay_interrupt(ctx, fn, cookie, err, NULL);
}

static void vpci_relay_was_powered(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err)
{
	vpci_relay_interrupt(ctx, fn, cookie, err, NULL);
}

static void vpci_relay_block_done(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
				  const struct vpci_block *block)
{
	struct vpci_relay_device *device = vpci_host_fn_priv(fn);
	struct vpci_relay_bus *bus = ctx;

	mutex_lock(&bus->lock);
	if (device->shown)
		vpci_guest_block_done(bus->guest, &device->guest, cookie, err, block);
	mutex_unlock(&bus->lock);
}

/* The devices are gone already, and the guest's bus with them. */
static void vpci_relay_failed(void *ctx, const char *why)
{
	struct vpci_relay_bus *bus = ctx;

	pr_err_ratelimited("%pUl: %s: the bus is lost; hide the offer and take it again to try anew\n",
			   &bus->offer.instance_id, why);
	mutex_lock(&bus->lock);
	bus->state = VPCI_RELAY_FAILED;
	bus->why = why;
	mutex_unlock(&bus->lock);
}

static const struct vpci_host_ops vpci_relay_host_ops = {
	.added = vpci_relay_added,
	.removed = vpci_relay_removed,
	.eject = vpci_relay_wanted,
	.invalidated = vpci_relay_invalidated,
	.ready = vpci_relay_ready,
	.interrupt = vpci_relay_interrupt,
	.reset = vpci_relay_was_reset,
	.power = vpci_relay_was_powered,
	.block = vpci_relay_block_done,
	.failed = vpci_relay_failed,
};

/* ---- life ---------------------------------------------------------------------------------- */

/**
 * vpci_relay_bus_init() - an offer that is held
 * @bus: offer; zero but for what it is of
 */
void vpci_relay_bus_init(struct vpci_relay_bus *bus)
{
	INIT_WORK(&bus->work, vpci_relay_work);
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
	mutex_lock(&bus->lock);
	host = bus->host;
	bus->host = NULL;
	bus->state = VPCI_RELAY_STOPPED;
	if (bus->guest)
		vpci_guest_revoke(bus->guest);
	/* From here on the guest's bus asks for nothing, not even to take interrupts back. */
	list_for_each_entry(device, &bus->devices, node) {
		if (device->shown)
			vpci_guest_remove(bus->guest, &device->guest);
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
	guest = bus->guest;
	bus->guest = NULL;
	list_for_each_entry_safe(device, next, &bus->devices, node) {
		list_del(&device->node);
		kvfree(device);
	}
	mutex_unlock(&bus->lock);
	if (guest)
		vpci_guest_destroy(guest);
	vpci_window_put(bus->window);
}

/* ---- what an administrator sees ------------------------------------------------------------ */

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
	else
		strscpy(buf, device->disposition == VPCI_DENIED ? "denied" : "hidden", size);
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
