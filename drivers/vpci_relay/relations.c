// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a bus of the host has, and how that changes from one list to the next.
 */
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/nospec.h>

#include "vpci_pure.h"

static int vpci_relations_check(const struct vpci_host_event *event, const char **why)
{
	DECLARE_BITMAP(listed, VPCI_MAX_SLOTS) = { };
	struct vpci_desc desc;
	u32 i;

	for (i = 0; i < event->count; i++) {
		vpci_host_device(event, i, &desc);
		if (desc.slot >= VPCI_MAX_SLOTS) {
			*why = "a device in a slot that cannot be";
			return -EPROTO;
		}
		if (__test_and_set_bit(desc.slot, listed)) {
			*why = "two devices in one slot";
			return -EPROTO;
		}
	}
	return 0;
}

/**
 * vpci_relations_update() - take a list of the host
 * @relations: what is known; changes on success only
 * @event: of VPCI_HOST_RELATIONS
 * @diff: result, of use on success only
 * @why: the reason of a failure
 *
 * A device that stays is as it was when it came.  If the host has moved it to another NUMA
 * node, nobody hears of that: Linux looks at the node once, when it finds the device.
 *
 * Return: 0 or -EPROTO.
 */
int vpci_relations_update(struct vpci_relations *relations, const struct vpci_host_event *event,
			  struct vpci_relations_diff *diff, const char **why)
{
	struct vpci_desc desc;
	u32 i, slot;
	int err;

	err = vpci_relations_check(event, why);
	if (err)
		return err;
	*diff = (struct vpci_relations_diff) { };
	/* Until the list says something else. */
	bitmap_copy(diff->gone, relations->present, VPCI_MAX_SLOTS);
	for (i = 0; i < event->count; i++) {
		vpci_host_device(event, i, &desc);
		slot = array_index_nospec(desc.slot, VPCI_MAX_SLOTS);
		if (test_bit(slot, relations->present) &&
		    vpci_desc_same(&relations->descs[slot], &desc)) {
			__clear_bit(slot, diff->gone);
			__set_bit(slot, diff->kept);
			continue;
		}
		__set_bit(slot, diff->added);
		relations->descs[slot] = desc;
	}
	bitmap_or(relations->present, diff->kept, diff->added, VPCI_MAX_SLOTS);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relations_update);

/**
 * vpci_relations_forget() - a device was given back to the host
 * @relations: what is known
 * @slot: of the device
 *
 * If the host lists it again, it is new.
 */
void vpci_relations_forget(struct vpci_relations *relations, u32 slot)
{
	if (slot < VPCI_MAX_SLOTS)
		__clear_bit(array_index_nospec(slot, VPCI_MAX_SLOTS), relations->present);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relations_forget);
