// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space as the guest sees it.
 *
 * Hyper-V does not keep base addresses and the bit that enables memory as a device
 * would, and looks at new addresses only while memory is off.  So they are kept here,
 * and reach the host when memory is enabled.  The ids are those that the policy has seen.
 * All else is the host's.
 */
#include <kunit/visibility.h>
#include <linux/nospec.h>
#include <linux/pci_regs.h>

#include "vpci_pure.h"

/**
 * vpci_shadow_init() - begin with a device
 * @shadow: result; vpci_shadow_reset() tells the host
 * @desc: its ids
 * @bars: its base address registers
 * @ops: the host's configuration space
 * @ctx: for @ops
 */
void vpci_shadow_init(struct vpci_shadow *shadow, const struct vpci_desc *desc,
		      const struct vpci_bars *bars, const struct vpci_shadow_ops *ops, void *ctx)
{
	*shadow = (struct vpci_shadow) {
		.ops = ops,
		.ctx = ctx,
		.desc = *desc,
		.bars = *bars,
	};
}
EXPORT_SYMBOL_IF_KUNIT(vpci_shadow_init);

/* Memory is not decoded any more. */
static void vpci_shadow_off(struct vpci_shadow *shadow)
{
	shadow->mmio = false;
	if (shadow->ops->mmio)
		shadow->ops->mmio(shadow->ctx, shadow->regs, false);
}

/**
 * vpci_shadow_reset() - memory and bus mastering off, no base addresses; also toward the host
 * @shadow: of a device that is reset, or was used by someone else
 */
void vpci_shadow_reset(struct vpci_shadow *shadow)
{
	unsigned int i;
	u32 command;

	if (!shadow->gone) {
		command = shadow->ops->read(shadow->ctx, PCI_COMMAND, 2);
		shadow->ops->write(shadow->ctx, PCI_COMMAND, 2, command & ~VPCI_COMMAND_OFF);
	}
	if (shadow->mmio)
		vpci_shadow_off(shadow);
	for (i = 0; i < VPCI_BARS; i++)
		shadow->regs[i] = 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_shadow_reset);

static bool vpci_shadow_is_bar(u32 reg)
{
	return reg >= PCI_BASE_ADDRESS_0 && reg <= PCI_BASE_ADDRESS_5;
}

static unsigned int vpci_shadow_bar(u32 reg)
{
	return array_index_nospec((reg - PCI_BASE_ADDRESS_0) / 4, VPCI_BARS);
}

static u32 vpci_shadow_bits(u32 size)
{
	return U32_MAX >> (32 - 8 * size);
}

/* ---- reading --------------------------------------------------------------------------- */

/* A register that is kept here; false: it is the host's. */
static bool vpci_shadow_own(const struct vpci_shadow *shadow, u32 reg, u32 *value)
{
	unsigned int i;

	switch (reg) {
	case PCI_VENDOR_ID:
	case PCI_CLASS_REVISION:
	case PCI_SUBSYSTEM_VENDOR_ID:
		*value = vpci_desc_config(&shadow->desc, reg);
		return true;
	case PCI_ROM_ADDRESS:
		/* Nobody has told how large it is. */
		*value = 0;
		return true;
	}
	if (!vpci_shadow_is_bar(reg))
		return false;
	i = vpci_shadow_bar(reg);
	*value = shadow->regs[i] | shadow->bars.fixed[i];
	return true;
}

/**
 * vpci_shadow_read() - the guest reads
 * @shadow: configuration space
 * @offset: of the first byte, any number
 * @size: bytes, any number
 * @value: result; all ones if there is nothing to be read
 *
 * Return: false if there is no such access.
 */
bool vpci_shadow_read(struct vpci_shadow *shadow, u32 offset, u32 size, u32 *value)
{
	u32 reg = offset & ~3;

	*value = U32_MAX;
	if (!vpci_config_valid(offset, size))
		return false;
	/* Linux knows by that. */
	if (shadow->gone) {
		*value = vpci_shadow_bits(size);
		return true;
	}
	if (vpci_shadow_own(shadow, reg, value)) {
		*value = *value >> 8 * (offset & 3) & vpci_shadow_bits(size);
		return true;
	}
	*value = shadow->ops->read(shadow->ctx, offset, size) & vpci_shadow_bits(size);
	if (offset == PCI_COMMAND) {
		*value &= ~PCI_COMMAND_MEMORY;
		if (shadow->mmio)
			*value |= PCI_COMMAND_MEMORY;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_shadow_read);

/* ---- writing --------------------------------------------------------------------------- */

static void vpci_shadow_flush(struct vpci_shadow *shadow)
{
	unsigned int i;

	for (i = 0; i < VPCI_BARS; i++)
		if (shadow->bars.kind[i] != VPCI_BAR_NONE)
			shadow->ops->write(shadow->ctx, PCI_BASE_ADDRESS_0 + 4 * i, 4,
					   shadow->regs[i] | shadow->bars.fixed[i]);
}

/* The access has the low byte of the command register, and with it the bit for memory. */
static void vpci_shadow_command(struct vpci_shadow *shadow, u32 size, u32 value)
{
	bool on = value & PCI_COMMAND_MEMORY;
	bool was = shadow->mmio;

	if (on && !was) {
		if (shadow->ops->mmio && !shadow->ops->mmio(shadow->ctx, shadow->regs, true)) {
			value &= ~PCI_COMMAND_MEMORY;
			on = false;
		} else {
			vpci_shadow_flush(shadow);
		}
	}
	shadow->ops->write(shadow->ctx, PCI_COMMAND, size, value);
	shadow->mmio = on;
	if (was && !on)
		vpci_shadow_off(shadow);
}

static void vpci_shadow_set_bar(struct vpci_shadow *shadow, u32 offset, u32 size, u32 value)
{
	unsigned int i = vpci_shadow_bar(offset & ~3);
	u32 shift = 8 * (offset & 3);
	u32 bits = vpci_shadow_bits(size) << shift;

	value = (shadow->regs[i] & ~bits) | (value << shift & bits);
	shadow->regs[i] = value & shadow->bars.masks[i];
}

/**
 * vpci_shadow_write() - the guest writes
 * @shadow: configuration space
 * @offset: of the first byte, any number
 * @size: bytes, any number
 * @value: what it writes
 *
 * Return: false if there is no such access.
 */
bool vpci_shadow_write(struct vpci_shadow *shadow, u32 offset, u32 size, u32 value)
{
	u32 reg = offset & ~3;
	u32 ignored;

	if (!vpci_config_valid(offset, size))
		return false;
	if (shadow->gone)
		return true;
	value &= vpci_shadow_bits(size);
	if (vpci_shadow_is_bar(reg))
		vpci_shadow_set_bar(shadow, offset, size, value);
	else if (offset == PCI_COMMAND)
		vpci_shadow_command(shadow, size, value);
	else if (!vpci_shadow_own(shadow, reg, &ignored))
		shadow->ops->write(shadow->ctx, offset, size, value);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_shadow_write);
