// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a device.
 */
#include <kunit/visibility.h>
#include <linux/pci_regs.h>

#include "vpci_pure.h"

/**
 * vpci_desc_get() - read a description
 * @desc: result
 * @from: form of BUS_RELATIONS
 */
void vpci_desc_get(struct vpci_desc *desc, const struct vpci_device *from)
{
	*desc = (struct vpci_desc) {
		.vendor = le16_to_cpu(from->id.vendor),
		.device = le16_to_cpu(from->id.device),
		.revision = from->id.revision,
		.prog_if = from->id.prog_if,
		.subclass = from->id.subclass,
		.class = from->id.class,
		.subvendor = le16_to_cpu(from->id.subvendor),
		.subsystem = le16_to_cpu(from->id.subsystem),
		.slot = le32_to_cpu(from->slot),
		.serial = le32_to_cpu(from->serial),
	};
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_get);

/**
 * vpci_desc_get2() - read a description
 * @desc: result
 * @from: form of BUS_RELATIONS2
 */
void vpci_desc_get2(struct vpci_desc *desc, const struct vpci_device2 *from)
{
	vpci_desc_get(desc, &from->v1);
	if (le32_to_cpu(from->flags) & VPCI_DEVICE_NUMA) {
		desc->numa_valid = true;
		desc->numa_node = le16_to_cpu(from->numa_node);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_get2);

/**
 * vpci_desc_put() - write a description
 * @desc: description
 * @to: form of BUS_RELATIONS, which has no NUMA node
 */
void vpci_desc_put(const struct vpci_desc *desc, struct vpci_device *to)
{
	*to = (struct vpci_device) {
		.id = {
			.vendor = cpu_to_le16(desc->vendor),
			.device = cpu_to_le16(desc->device),
			.revision = desc->revision,
			.prog_if = desc->prog_if,
			.subclass = desc->subclass,
			.class = desc->class,
			.subvendor = cpu_to_le16(desc->subvendor),
			.subsystem = cpu_to_le16(desc->subsystem),
		},
		.slot = cpu_to_le32(desc->slot),
		.serial = cpu_to_le32(desc->serial),
	};
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_put);

/**
 * vpci_desc_put2() - write a description
 * @desc: description
 * @to: form of BUS_RELATIONS2
 */
void vpci_desc_put2(const struct vpci_desc *desc, struct vpci_device2 *to)
{
	*to = (struct vpci_device2) { };
	vpci_desc_put(desc, &to->v1);
	if (desc->numa_valid) {
		to->flags = cpu_to_le32(VPCI_DEVICE_NUMA);
		to->numa_node = cpu_to_le16(desc->numa_node);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_put2);

/**
 * vpci_desc_same() - are these one device?
 * @a: description
 * @b: description
 *
 * All ids count, as the policy looks at all of them: a device whose class changes is
 * another one.  The NUMA node may change.
 *
 * Return: true if slot, ids and serial agree.
 */
bool vpci_desc_same(const struct vpci_desc *a, const struct vpci_desc *b)
{
	return a->vendor == b->vendor && a->device == b->device &&
	       a->revision == b->revision && a->prog_if == b->prog_if &&
	       a->subclass == b->subclass && a->class == b->class &&
	       a->subvendor == b->subvendor && a->subsystem == b->subsystem &&
	       a->slot == b->slot && a->serial == b->serial;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_same);

/**
 * vpci_desc_config() - a register of configuration space that holds ids
 * @desc: description
 * @offset: PCI_VENDOR_ID, PCI_CLASS_REVISION or PCI_SUBSYSTEM_VENDOR_ID
 *
 * Return: its 32 bits, or all ones for another register.
 */
u32 vpci_desc_config(const struct vpci_desc *desc, u16 offset)
{
	switch (offset) {
	case PCI_VENDOR_ID:
		return (u32)desc->device << 16 | desc->vendor;
	case PCI_CLASS_REVISION:
		return (u32)desc->class << 24 | (u32)desc->subclass << 16 |
		       (u32)desc->prog_if << 8 | desc->revision;
	case PCI_SUBSYSTEM_VENDOR_ID:
		return (u32)desc->subsystem << 16 | desc->subvendor;
	default:
		return U32_MAX;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_desc_config);
