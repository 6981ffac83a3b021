// SPDX-License-Identifier: GPL-2.0-only
/*
 * Base addresses of a device: what the host says of them, what the guest gives them.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>

#include "vpci_pure.h"

#define VPCI_BAR_TYPE	((u32)~PCI_BASE_ADDRESS_MEM_MASK)	/* low bits: no address */

static int vpci_refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* ---- masks ----------------------------------------------------------------------------- */

/* The bits of an address that can be written tell the size: ones down to it. */
static int vpci_bar_size(u64 mask, u64 *size, const char **why)
{
	*size = -mask;
	if (!mask)
		return vpci_refuse(why, "a BAR has a type, but no bits for an address");
	if (!is_power_of_2(*size))
		return vpci_refuse(why, "the size of a BAR is no power of two");
	if (*size >= VPCI_ADDRESS_LIMIT)
		return vpci_refuse(why, "a BAR is larger than all memory");
	return 0;
}

static int vpci_bar_probed(struct vpci_bars *bars, const u32 *masks, unsigned int i,
			   const char **why)
{
	u32 low = masks[i] & ~VPCI_BAR_TYPE;
	u64 mask;

	if (!masks[i])
		return 0;
	if (masks[i] & PCI_BASE_ADDRESS_SPACE_IO)
		return vpci_refuse(why, "a BAR of I/O ports");
	switch (masks[i] & PCI_BASE_ADDRESS_MEM_TYPE_MASK) {
	case PCI_BASE_ADDRESS_MEM_TYPE_32:
		bars->kind[i] = VPCI_BAR_32;
		/* What is above is not there to be written. */
		mask = low ? low | ~(u64)U32_MAX : 0;
		break;
	case PCI_BASE_ADDRESS_MEM_TYPE_64:
		if (i == VPCI_BARS - 1)
			return vpci_refuse(why, "the last BAR has 64 bits");
		bars->kind[i] = VPCI_BAR_64;
		bars->kind[i + 1] = VPCI_BAR_HIGH;
		bars->masks[i + 1] = masks[i + 1];
		mask = (u64)masks[i + 1] << 32 | low;
		break;
	default:
		return vpci_refuse(why, "a BAR of an unknown type");
	}
	bars->masks[i] = low;
	bars->fixed[i] = masks[i] & VPCI_BAR_TYPE;
	return vpci_bar_size(mask, &bars->size[i], why);
}

/**
 * vpci_bars_probed() - take the masks that the host says a device has
 * @bars: result; without any BAR on failure
 * @masks: what each register reads as after all ones were written
 * @why: the reason of a failure
 *
 * A device with a register that makes no sense is refused as a whole: a driver cannot
 * do without it.
 *
 * Return: 0 or -EINVAL.
 */
int vpci_bars_probed(struct vpci_bars *bars, const u32 masks[VPCI_BARS], const char **why)
{
	unsigned int i;
	int err;

	*bars = (struct vpci_bars) { };
	for (i = 0; i < VPCI_BARS; i++) {
		if (bars->kind[i] == VPCI_BAR_HIGH)
			continue;
		err = vpci_bar_probed(bars, masks, i, why);
		if (err) {
			*bars = (struct vpci_bars) { };
			return err;
		}
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_probed);

/**
 * vpci_bars_masks() - what each register reads as after all ones were written
 * @bars: registers
 * @masks: result
 */
void vpci_bars_masks(const struct vpci_bars *bars, u32 masks[VPCI_BARS])
{
	unsigned int i;

	for (i = 0; i < VPCI_BARS; i++)
		masks[i] = bars->masks[i] | bars->fixed[i];
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_masks);

/* ---- addresses ------------------------------------------------------------------------- */

/**
 * vpci_bars_address() - where the memory of a BAR is
 * @bars: registers
 * @regs: what is in them
 * @i: which; below VPCI_BARS
 *
 * Return: address, or 0 if it has none, or is none.
 */
u64 vpci_bars_address(const struct vpci_bars *bars, const u32 regs[VPCI_BARS], unsigned int i)
{
	u64 address;

	switch (bars->kind[i]) {
	case VPCI_BAR_32:
		return regs[i] & bars->masks[i];
	case VPCI_BAR_64:
		address = (u64)(regs[i + 1] & bars->masks[i + 1]) << 32;
		return address | (regs[i] & bars->masks[i]);
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_address);

/**
 * vpci_ranges_meet() - do two ranges have anything in common?
 * @a: start of the one, which does not wrap
 * @a_len: bytes of it; an empty one meets nothing
 * @b: start of the other
 * @b_len: bytes of it
 *
 * Return: true if so.
 */
bool vpci_ranges_meet(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return a_len && b_len && (a < b ? b - a < a_len : a - b < b_len);
}

/**
 * vpci_bars_overlap() - is memory of a device within a range?
 * @bars: registers
 * @regs: what is in them; BARs at 0 are nowhere
 * @start: of the range
 * @len: bytes of it
 *
 * Return: true if any byte is.
 */
bool vpci_bars_overlap(const struct vpci_bars *bars, const u32 regs[VPCI_BARS], u64 start,
		       u64 len)
{
	unsigned int i;
	u64 address;

	for (i = 0; i < VPCI_BARS; i++) {
		address = vpci_bars_address(bars, regs, i);
		if (address && vpci_ranges_meet(address, bars->size[i], start, len))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_overlap);

static int vpci_bar_assign(const struct vpci_bars *bars, unsigned int i, u64 address, u64 len,
			   u32 *regs, const char **why)
{
	u64 size = bars->size[i];
	u64 limit = bars->kind[i] == VPCI_BAR_32 ? BIT_ULL(32) : VPCI_ADDRESS_LIMIT;

	if (!len)
		return 0;
	if (bars->kind[i] == VPCI_BAR_NONE)
		return vpci_refuse(why, "memory for a BAR that is not there");
	if (bars->kind[i] == VPCI_BAR_HIGH)
		return vpci_refuse(why, "memory for the upper half of a BAR");
	/* Less than a page is mapped as one, and may be given as one. */
	if (len > max_t(u64, size, SZ_4K))
		return vpci_refuse(why, "more memory for a BAR than it has");
	if (!address)
		return vpci_refuse(why, "memory for a BAR at 0");
	if (address & (size - 1))
		return vpci_refuse(why, "memory for a BAR is not aligned to its size");
	if (address > limit - size)
		return vpci_refuse(why, "memory for a BAR is out of its reach");
	/* Those before it are set, those behind it are nowhere yet. */
	if (vpci_bars_overlap(bars, regs, address, size))
		return vpci_refuse(why, "memory of two BARs overlaps");
	regs[i] = lower_32_bits(address);
	if (bars->kind[i] == VPCI_BAR_64)
		regs[i + 1] = upper_32_bits(address);
	return 0;
}

/**
 * vpci_bars_assign() - take the memory that a guest assigns
 * @bars: registers
 * @resources: one for each register
 * @regs: result: what belongs in the registers, without their fixed bits
 * @why: the reason of a failure
 *
 * Return: 0, or -EINVAL with nothing useful in @regs.
 */
int vpci_bars_assign(const struct vpci_bars *bars,
		     const struct vpci_resource resources[VPCI_BARS], u32 regs[VPCI_BARS],
		     const char **why)
{
	unsigned int i;
	u64 address, len;
	int err;

	for (i = 0; i < VPCI_BARS; i++)
		regs[i] = 0;
	for (i = 0; i < VPCI_BARS; i++) {
		if (vpci_resource_get(&resources[i], &address, &len))
			return vpci_refuse(why, "a resource in an unknown form");
		err = vpci_bar_assign(bars, i, address, len, regs, why);
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_assign);

/**
 * vpci_bars_resources() - the memory that is assigned
 * @bars: registers
 * @regs: what is in them
 * @resources: result, one for each register
 */
void vpci_bars_resources(const struct vpci_bars *bars, const u32 regs[VPCI_BARS],
			 struct vpci_resource resources[VPCI_BARS])
{
	unsigned int i;
	u64 address;

	for (i = 0; i < VPCI_BARS; i++) {
		address = vpci_bars_address(bars, regs, i);
		vpci_resource_put(&resources[i], address, address ? bars->size[i] : 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_bars_resources);

/* ---- resources ------------------------------------------------------------------------- */

static const struct {
	u16 flag;
	u8 shift;
} vpci_large[] = {
	{ VPCI_RESOURCE_LARGE40, 8 },
	{ VPCI_RESOURCE_LARGE48, 16 },
	{ VPCI_RESOURCE_LARGE64, 32 },
};

/* Rounded up; without overflow. */
static u64 vpci_large_units(u64 len, unsigned int i)
{
	return (len >> vpci_large[i].shift) + !!(len & (BIT_ULL(vpci_large[i].shift) - 1));
}

/**
 * vpci_resource_put() - write a range of memory
 * @to: result
 * @address: of the range
 * @len: bytes; 0: no range.  Where there are not enough bits for it, it is rounded up
 */
void vpci_resource_put(struct vpci_resource *to, u64 address, u64 len)
{
	unsigned int i = 0;

	*to = (struct vpci_resource) { };
	if (!len)
		return;
	to->address = cpu_to_le64(address);
	if (len <= U32_MAX) {
		to->type = VPCI_RESOURCE_MEMORY;
		to->length = cpu_to_le32(len);
		return;
	}
	while (i < ARRAY_SIZE(vpci_large) - 1 && vpci_large_units(len, i) > U32_MAX)
		i++;
	to->type = VPCI_RESOURCE_MEMORY_LARGE;
	to->flags = cpu_to_le16(vpci_large[i].flag);
	to->length = cpu_to_le32(min_t(u64, vpci_large_units(len, i), U32_MAX));
}
EXPORT_SYMBOL_IF_KUNIT(vpci_resource_put);

/**
 * vpci_resource_get() - read a range of memory
 * @from: resource
 * @address: result
 * @len: result, 0 if this is a resource of another kind
 *
 * Return: 0, or -EINVAL for a length in an unknown form.
 */
int vpci_resource_get(const struct vpci_resource *from, u64 *address, u64 *len)
{
	u16 large = le16_to_cpu(from->flags) & VPCI_RESOURCE_LARGE;
	unsigned int i;

	*address = le64_to_cpu(from->address);
	*len = 0;
	switch (from->type) {
	case VPCI_RESOURCE_MEMORY:
		*len = le32_to_cpu(from->length);
		return 0;
	case VPCI_RESOURCE_MEMORY_LARGE:
		for (i = 0; i < ARRAY_SIZE(vpci_large); i++) {
			if (large != vpci_large[i].flag)
				continue;
			*len = (u64)le32_to_cpu(from->length) << vpci_large[i].shift;
			return 0;
		}
		return -EINVAL;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_resource_get);
