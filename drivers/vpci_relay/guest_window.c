// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus of the guest: configuration space of its devices, and the window to it.
 *
 * All devices of a bus share one lock here: so does the guest, which has one register for
 * the slot and selects with a lock of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/limits.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "guest_priv.h"

/* ---- where memory may be --------------------------------------------------------------- */

/* Memory that overlaps itself is the guest's own affair. */
static bool vpci_guest_claim(struct vpci_guest *guest, struct vpci_guest_fn *fn,
			     const u32 regs[VPCI_BARS], guid_t *whose)
{
	const struct vpci_bars *bars = &fn->shadow.bars;
	struct vpci_claim *claim = &fn->claim;
	unsigned int i;
	u64 address;

	claim->part = vsrv_partition(guest->srv);
	claim->instance = &guest->instance;
	for (i = 0; i < VPCI_BARS; i++) {
		address = vpci_bars_address(bars, regs, i);
		claim->ranges[i].start = address;
		claim->ranges[i].len = address ? bars->size[i] : 0;
	}
	return vpci_claim_take(claim, whose);
}

static void vpci_guest_say_overlap(const struct vpci_guest *guest,
				   const struct vpci_guest_fn *fn, const guid_t *whose)
{
	if (guid_is_null(whose))
		pr_notice_ratelimited("%pUl: memory of slot %#x stays off: the guest has put it over \"windows\" or \"local_memory\": give these other addresses\n",
				      &guest->instance, fn->fn.desc.slot);
	else
		pr_notice_ratelimited("%pUl: memory of slot %#x stays off: the guest has put it over memory or the window of %pUl\n",
				      &guest->instance, fn->fn.desc.slot, whose);
}

/*
 * Base addresses that change while memory is on reach the host when it is switched on
 * again: until then the memory is where it was.
 */
static bool vpci_guest_mmio(void *ctx, const u32 regs[VPCI_BARS], bool on)
{
	struct vpci_guest_fn *fn = ctx;
	struct vpci_guest *guest = fn->guest;
	guid_t whose;

	lockdep_assert_held(&guest->config_lock);
	if (on) {
		if (!vpci_guest_claim(guest, fn, regs, &whose)) {
			vpci_guest_inc(guest, VPCI_GUEST_OVERLAPS);
			vpci_guest_say_overlap(guest, fn, &whose);
			return false;
		}
		memcpy(fn->decoded, regs, sizeof(fn->decoded));
	} else {
		vpci_claim_drop(&fn->claim);
	}
	fn->decodes = on;
	if (guest->ops->mapped)
		guest->ops->mapped(guest->ctx, fn, fn->decoded, on);
	return true;
}

/* ---- configuration space --------------------------------------------------------------- */

static u32 vpci_guest_host_read(void *ctx, u16 offset, u8 size)
{
	struct vpci_guest_fn *fn = ctx;

	return fn->guest->ops->config_read(fn->guest->ctx, fn, offset, size);
}

static void vpci_guest_host_write(void *ctx, u16 offset, u8 size, u32 value)
{
	struct vpci_guest_fn *fn = ctx;

	fn->guest->ops->config_write(fn->guest->ctx, fn, offset, size, value);
}

static const struct vpci_shadow_ops vpci_guest_shadow_ops = {
	.read = vpci_guest_host_read,
	.write = vpci_guest_host_write,
	.mmio = vpci_guest_mmio,
};

/**
 * vpci_guest_config_add() - a device has configuration space
 * @guest: bus
 * @fn: device, on the bus, in a slot of its own
 *
 * Context: process, vpci_guest::lock held.
 */
void vpci_guest_config_add(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	lockdep_assert_held(&guest->lock);
	vpci_shadow_init(&fn->shadow, &fn->fn.desc, &fn->fn.bars, &vpci_guest_shadow_ops, fn);
	fn->decodes = false;
	mutex_lock(&guest->config_lock);
	vpci_shadow_reset(&fn->shadow);
	list_add_tail(&fn->node, &guest->configs);
	mutex_unlock(&guest->config_lock);
}

/**
 * vpci_guest_config_remove() - it has no more
 * @guest: bus
 * @fn: device; on return no access to it is under way or will be
 *
 * The device itself is not touched: it may not be there any more.
 *
 * Context: process, vpci_guest::lock held.
 */
void vpci_guest_config_remove(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	lockdep_assert_held(&guest->lock);
	mutex_lock(&guest->config_lock);
	fn->shadow.gone = true;
	vpci_shadow_reset(&fn->shadow);
	list_del(&fn->node);
	mutex_unlock(&guest->config_lock);
}

/**
 * vpci_guest_config_reset() - a device was reset
 * @guest: bus
 * @fn: device
 *
 * Context: process, vpci_guest::lock held.
 */
void vpci_guest_config_reset(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	lockdep_assert_held(&guest->lock);
	mutex_lock(&guest->config_lock);
	vpci_shadow_reset(&fn->shadow);
	mutex_unlock(&guest->config_lock);
}

/**
 * vpci_guest_configs_close() - the guest has closed the bus, or is gone
 * @guest: bus, without window
 *
 * Context: process, vpci_guest::lock held.
 */
void vpci_guest_configs_close(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn;

	lockdep_assert_held(&guest->lock);
	mutex_lock(&guest->config_lock);
	list_for_each_entry(fn, &guest->configs, node)
		vpci_shadow_reset(&fn->shadow);
	guest->slot = 0;
	mutex_unlock(&guest->config_lock);
}

/* Of vpci_bus_ops: for requests, which reach what the window does. */
u32 vpci_guest_config_read(struct vpci_bus_fn *bus_fn, u16 offset, u8 size)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	u32 value;

	mutex_lock(&fn->guest->config_lock);
	vpci_shadow_read(&fn->shadow, offset, size, &value);
	mutex_unlock(&fn->guest->config_lock);
	return value;
}

void vpci_guest_config_write(struct vpci_bus_fn *bus_fn, u16 offset, u8 size, u32 value)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);

	mutex_lock(&fn->guest->config_lock);
	vpci_shadow_write(&fn->shadow, offset, size, value);
	mutex_unlock(&fn->guest->config_lock);
}

/* ---- the window ------------------------------------------------------------------------ */

/* Configuration space of the slot that the guest has selected. */
static struct vpci_shadow *vpci_guest_selected(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn;

	lockdep_assert_held(&guest->config_lock);
	list_for_each_entry(fn, &guest->configs, node)
		if (fn->fn.desc.slot == guest->slot)
			return &fn->shadow;
	return &guest->nothing;
}

static void vpci_guest_accessed(struct vpci_guest *guest, bool good,
				enum vpci_guest_counter counter)
{
	vpci_guest_inc(guest, good ? counter : VPCI_GUEST_CONFIG_REFUSED);
	if (!good)
		pr_notice_ratelimited("%pUl: the guest's access to configuration space has no effect: give 1, 2 or 4 bytes, aligned\n",
				      &guest->instance);
}

/* Nothing can be read of the page for the slot. */
static u64 vpci_guest_window_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	struct vpci_guest *guest = container_of(m, struct vpci_guest, window);
	bool good = false;
	u32 value;

	if (offset >= VPCI_WINDOW_CONFIG) {
		mutex_lock(&guest->config_lock);
		good = vpci_shadow_read(vpci_guest_selected(guest), offset - VPCI_WINDOW_CONFIG,
					size, &value);
		mutex_unlock(&guest->config_lock);
	}
	vpci_guest_accessed(guest, good, VPCI_GUEST_CONFIG_READS);
	return good ? value : U64_MAX;
}

static void vpci_guest_window_write(struct vpart_mmio *m, u64 offset, unsigned int size,
				    u64 value)
{
	struct vpci_guest *guest = container_of(m, struct vpci_guest, window);
	bool good = true;

	mutex_lock(&guest->config_lock);
	if (offset >= VPCI_WINDOW_CONFIG)
		good = vpci_shadow_write(vpci_guest_selected(guest), offset - VPCI_WINDOW_CONFIG,
					 size, value);
	else if (offset == VPCI_WINDOW_SLOT && size == sizeof(u32))
		guest->slot = value;
	else
		good = false;
	mutex_unlock(&guest->config_lock);
	vpci_guest_accessed(guest, good, VPCI_GUEST_CONFIG_WRITES);
}

static const struct vpart_mmio_ops vpci_guest_window_ops = {
	.read = vpci_guest_window_read,
	.write = vpci_guest_window_write,
};

/* Of vpci_bus_ops.  No memory is enabled over the window from before it is there. */
int vpci_guest_window(struct vpci_bus *bus, u64 base)
{
	struct vpci_guest *guest = to_vpci_guest(bus);
	struct vpci_claim *claim = &guest->claim;
	guid_t whose;
	int err;

	lockdep_assert_held(&guest->lock);
	claim->part = vsrv_partition(guest->srv);
	claim->instance = &guest->instance;
	claim->ranges[0].start = base;
	claim->ranges[0].len = VPCI_WINDOW_SIZE;
	if (!vpci_claim_take(claim, &whose)) {
		vpci_guest_inc(guest, VPCI_GUEST_OVERLAPS);
		bus->why = guid_is_null(&whose) ?
			   "the window overlaps \"windows\" or \"local_memory\"" :
			   "the window overlaps memory of a device, or another window";
		return -EINVAL;
	}
	guest->window.gpa = base;
	err = vpart_mmio_add(vsrv_partition(guest->srv), &guest->window);
	if (err) {
		vpci_claim_drop(claim);
		bus->why = "something else is where the window was to be, or there are too many";
	}
	return err;
}

/* Of vpci_bus_ops.  Waits for VPs that are in the window. */
void vpci_guest_unwindow(struct vpci_bus *bus)
{
	struct vpci_guest *guest = to_vpci_guest(bus);

	lockdep_assert_held(&guest->lock);
	vpart_mmio_remove(vsrv_partition(guest->srv), &guest->window);
	vpci_claim_drop(&guest->claim);
}

/**
 * vpci_guest_configs_init() - prepare configuration space of a bus
 * @guest: bus, zero
 */
void vpci_guest_configs_init(struct vpci_guest *guest)
{
	mutex_init(&guest->config_lock);
	INIT_LIST_HEAD(&guest->configs);
	guest->nothing.gone = true;
	guest->window.size = VPCI_WINDOW_SIZE;
	guest->window.vtl = VPART_VTL_GUEST;
	guest->window.ops = &vpci_guest_window_ops;
}
