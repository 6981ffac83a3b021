// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus as the guest sees it: what is on it, and what the guest is told.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/pci_regs.h>
#include <linux/string.h>

#include "vpci_pure.h"

/**
 * vpci_bus_init() - begin with a bus
 * @bus: bus
 * @ops: what it needs
 * @reply: VPCI_MAX_REPLY bytes
 */
void vpci_bus_init(struct vpci_bus *bus, const struct vpci_bus_ops *ops, void *reply)
{
	*bus = (struct vpci_bus) { .ops = ops, .reply = reply };
	INIT_LIST_HEAD(&bus->fns);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_init);

/* The window to configuration space goes, if there is one. */
void vpci_bus_unwindow(struct vpci_bus *bus)
{
	if (bus->d0)
		bus->ops->unwindow(bus);
	bus->d0 = false;
}

/**
 * vpci_bus_close() - the guest has closed the channel, or is gone
 * @bus: bus
 *
 * Nothing is sent any more.  A guest that was asked to let a device go has done so.
 */
void vpci_bus_close(struct vpci_bus *bus)
{
	struct vpci_bus_fn *fn, *next;

	vpci_bus_abort(bus, -ENODEV);
	vpci_bus_unwindow(bus);
	bus->state = VPCI_BUS_INIT;
	bus->version = 0;
	bus->asked = false;
	bus->announce = false;
	list_for_each_entry_safe(fn, next, &bus->fns, node) {
		if (fn->state != VPCI_FN_EJECTED)
			vpci_bus_release(bus, fn);
		if (fn->state != VPCI_FN_EJECTING)
			continue;
		fn->state = VPCI_FN_EJECTED;
		bus->ops->ejected(bus, fn);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_close);

/* ---- devices --------------------------------------------------------------------------- */

/* A guest that does not know yet what there is does not want to hear of each. */
static void vpci_bus_changed(struct vpci_bus *bus)
{
	bus->announce = bus->ready && bus->asked;
}

/**
 * vpci_bus_ready() - all that is on the bus at first is there
 * @bus: bus
 *
 * A guest that has asked before is told now: Linux takes what the first answer lists
 * as the measure of the memory that the bus will ever need.
 */
void vpci_bus_ready(struct vpci_bus *bus)
{
	if (bus->ready)
		return;
	bus->ready = true;
	vpci_bus_changed(bus);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_ready);

/**
 * vpci_bus_find() - the device in a slot
 * @bus: bus
 * @slot: slot, any number
 *
 * Return: device, or NULL if there is none that the guest may use.
 */
struct vpci_bus_fn *vpci_bus_find(struct vpci_bus *bus, u32 slot)
{
	struct vpci_bus_fn *fn;

	list_for_each_entry(fn, &bus->fns, node)
		if (fn->desc.slot == slot && fn->state != VPCI_FN_EJECTED)
			return fn;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_find);

/**
 * vpci_bus_add() - a device comes
 * @bus: bus
 * @fn: device, with vpci_bus_fn::desc and vpci_bus_fn::bars set
 *
 * Return: 0, -EINVAL for a slot that is none, -EEXIST if it is taken.
 */
int vpci_bus_add(struct vpci_bus *bus, struct vpci_bus_fn *fn)
{
	struct vpci_bus_fn *other;

	if (fn->desc.slot >= VPCI_MAX_SLOTS)
		return -EINVAL;
	list_for_each_entry(other, &bus->fns, node)
		if (other->desc.slot == fn->desc.slot)
			return -EEXIST;
	fn->state = VPCI_FN_PRESENT;
	fn->assigned = false;
	fn->msis.n = 0;
	list_add_tail(&fn->node, &bus->fns);
	bus->nfns++;
	vpci_bus_changed(bus);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_add);

static void vpci_bus_forget_msis(struct vpci_bus *bus, struct vpci_bus_fn *fn)
{
	struct vpci_msi msi;

	while (fn->msis.n) {
		msi = fn->msis.msis[--fn->msis.n];
		bus->ops->interrupt_delete(bus, fn, &msi);
	}
}

/**
 * vpci_bus_remove() - a device goes
 * @bus: bus
 * @fn: device
 *
 * Return: VPCI_BUS_REPLY if a request about it was under way, else VPCI_BUS_DONE.
 */
enum vpci_bus_verdict vpci_bus_remove(struct vpci_bus *bus, struct vpci_bus_fn *fn)
{
	enum vpci_bus_verdict verdict = VPCI_BUS_DONE;

	if (bus->call.fn == fn)
		verdict = vpci_bus_abort(bus, -ENODEV);
	vpci_bus_forget_msis(bus, fn);
	list_del(&fn->node);
	bus->nfns--;
	/* The guest has let this one go by itself. */
	if (fn->state != VPCI_FN_EJECTED)
		vpci_bus_changed(bus);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_remove);

/**
 * vpci_bus_release() - the guest does not use a device's resources any more
 * @bus: bus
 * @fn: device
 */
void vpci_bus_release(struct vpci_bus *bus, struct vpci_bus_fn *fn)
{
	u32 command = bus->ops->config_read(fn, PCI_COMMAND, 2);
	unsigned int i;

	bus->ops->config_write(fn, PCI_COMMAND, 2, command & ~VPCI_COMMAND_OFF);
	vpci_bus_forget_msis(bus, fn);
	for (i = 0; i < VPCI_BARS; i++)
		bus->ops->config_write(fn, PCI_BASE_ADDRESS_0 + 4 * i, 4, 0);
	fn->assigned = false;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_release);

/* ---- messages to the guest ------------------------------------------------------------- */

/**
 * vpci_bus_relations() - tell what is on the bus
 * @bus: bus, ready; vpci_bus::announce is cleared
 * @buf: result, VPCI_MAX_RELATIONS bytes
 *
 * Return: bytes.
 */
u32 vpci_bus_relations(struct vpci_bus *bus, void *buf)
{
	bool v2 = bus->version >= VPCI_VERSION_VB;
	struct vpci_bus_relations *msg = buf;
	struct vpci_bus_fn *fn;
	void *to = msg + 1;
	u32 n = 0;

	bus->announce = false;
	list_for_each_entry(fn, &bus->fns, node) {
		if (fn->state == VPCI_FN_EJECTED)
			continue;
		if (v2)
			vpci_desc_put2(&fn->desc, to);
		else
			vpci_desc_put(&fn->desc, to);
		to += v2 ? sizeof(struct vpci_device2) : sizeof(struct vpci_device);
		n++;
	}
	msg->type = cpu_to_le32(v2 ? VPCI_MSG_BUS_RELATIONS2 : VPCI_MSG_BUS_RELATIONS);
	msg->count = cpu_to_le32(n);
	return to - buf;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_relations);

/**
 * vpci_bus_eject() - ask the guest to let a device go
 * @bus: bus
 * @fn: device
 * @msg: result
 *
 * The answer is vpci_bus_ops::ejected, if the guest wants to.
 *
 * Return: bytes, or 0 if there is nothing to ask: the guest does not know the device,
 * or has been asked.
 */
u32 vpci_bus_eject(struct vpci_bus *bus, struct vpci_bus_fn *fn, struct vpci_slot_msg *msg)
{
	if (!bus->asked || !bus->ready || fn->state != VPCI_FN_PRESENT)
		return 0;
	fn->state = VPCI_FN_EJECTING;
	msg->type = cpu_to_le32(VPCI_MSG_EJECT);
	msg->slot = cpu_to_le32(fn->desc.slot);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_eject);

/**
 * vpci_bus_invalidate_block() - tell the guest that configuration blocks have changed
 * @bus: bus
 * @fn: device
 * @mask: which of the first 64
 * @msg: result
 *
 * Return: bytes, or 0 if the guest does not know the device.
 */
u32 vpci_bus_invalidate_block(struct vpci_bus *bus, struct vpci_bus_fn *fn, u64 mask,
			      struct vpci_invalidate_block *msg)
{
	if (!bus->asked || !bus->ready || fn->state == VPCI_FN_EJECTED)
		return 0;
	msg->type = cpu_to_le32(VPCI_MSG_INVALIDATE_BLOCK);
	msg->slot = cpu_to_le32(fn->desc.slot);
	msg->mask = cpu_to_le64(mask);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bus_invalidate_block);
