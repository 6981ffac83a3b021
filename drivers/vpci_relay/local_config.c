// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space of a device that this kernel keeps.
 *
 * Each access goes to the host, and that may sleep.  Nearly all of Linux asks for nothing
 * else; but programs do so with interrupts off (pci_user_read_config_dword()), and so may a
 * driver with a lock held.  These read what was last seen, and write nothing: a write that
 * came later than what its caller does next would be worse than none.  What Linux writes of
 * MSI, which is here, unlike MSI-X, in such a place, is not needed: its masks are hidden, and
 * local_irq.c has a message that does not change.
 *
 * A kernel without CONFIG_PREEMPT_COUNT does not know of a spinlock that is held with
 * interrupts on.
 */
#include <kunit/visibility.h>
#include <linux/preempt.h>
#include <linux/srcu.h>

#include "local_priv.h"

static bool vpci_local_may_sleep(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_COUNT) ? preemptible() :
						  !irqs_disabled() && !in_interrupt();
}

/* ---- the host's, under the lock of the device ------------------------------------------- */

static u32 vpci_local_host_read(void *ctx, u16 offset, u8 size)
{
	struct vpci_local_fn *fn = ctx;

	lockdep_assert_held(&fn->lock);
	return fn->host ? fn->local->link->config_read(fn->host, offset, size) : U32_MAX;
}

static void vpci_local_host_write(void *ctx, u16 offset, u8 size, u32 value)
{
	struct vpci_local_fn *fn = ctx;

	lockdep_assert_held(&fn->lock);
	if (fn->host)
		fn->local->link->config_write(fn->host, offset, size, value);
}

static const struct vpci_shadow_ops vpci_local_shadow_ops = {
	.read = vpci_local_host_read,
	.write = vpci_local_host_write,
};

/* ---- the copy ----------------------------------------------------------------------------- */

static u32 vpci_local_copied(const struct vpci_local_fn *fn, u32 offset, u32 size)
{
	u32 value = READ_ONCE(fn->copy[offset / 4]) >> 8 * (offset & 3);

	return size < sizeof(u32) ? value & (BIT(8 * size) - 1) : value;
}

/* Whoever reads it may see it before or after. */
static void vpci_local_see(struct vpci_local_fn *fn, u32 offset, u32 size, u32 value)
{
	u32 shift = 8 * (offset & 3);
	u32 bits = (size < sizeof(u32) ? BIT(8 * size) - 1 : U32_MAX) << shift;
	u32 *copy = &fn->copy[offset / 4];

	lockdep_assert_held(&fn->lock);
	WRITE_ONCE(*copy, (*copy & ~bits) | (value << shift & bits));
}

/*
 * There is no other bus behind it, and no interrupt by wire, whatever it says.
 * A capability without its id is none.
 */
static u32 vpci_local_hidden(const struct vpci_local_fn *fn, u32 reg)
{
	if (test_bit(reg / sizeof(u32), fn->hidden))
		return reg < PCI_CFG_SPACE_SIZE ? 0xff : U16_MAX;
	if (fn->msi_reg && reg == fn->msi_reg)
		return PCI_MSI_FLAGS_MASKBIT << 8 * PCI_MSI_FLAGS;
	switch (reg) {
	case PCI_CACHE_LINE_SIZE:
		return 0xff << 8 * (PCI_HEADER_TYPE - PCI_CACHE_LINE_SIZE);
	case PCI_INTERRUPT_LINE:
		return 0xff | 0xff << 8 * (PCI_INTERRUPT_PIN - PCI_INTERRUPT_LINE);
	default:
		return 0;
	}
}

static u32 vpci_local_look(struct vpci_local_fn *fn, u32 offset, u32 size)
{
	u32 value;

	lockdep_assert_held(&fn->lock);
	vpci_shadow_read(&fn->shadow, offset, size, &value);
	value &= ~(vpci_local_hidden(fn, offset & ~3) >> 8 * (offset & 3));
	vpci_local_see(fn, offset, size, value);
	return value;
}

static void vpci_local_hide(struct vpci_local_fn *fn, u32 reg)
{
	__set_bit(reg / sizeof(u32), fn->hidden);
	/* In the copy, too */
	vpci_local_look(fn, reg, sizeof(u32));
}

/* Linux finds no masks of MSI, and nothing is masked. */
static void vpci_local_hide_masks(struct vpci_local_fn *fn, u32 reg)
{
	u16 flags = vpci_local_copied(fn, reg + PCI_MSI_FLAGS, sizeof(flags));
	u32 mask = reg + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);

	fn->msi_reg = reg;
	vpci_local_look(fn, reg, sizeof(u32));
	if (!(flags & PCI_MSI_FLAGS_MASKBIT) || mask >= PCI_CFG_SPACE_SIZE)
		return;
	vpci_shadow_write(&fn->shadow, mask, sizeof(u32), 0);
	vpci_local_look(fn, mask, sizeof(u32));
}

/*
 * Virtual functions would be in slots of which the host tells nothing, and fixed addresses
 * (EA) are not those of the shadow.  The lists are the host's, and may be circles.
 */
static void vpci_local_hide_caps(struct vpci_local_fn *fn)
{
	unsigned int n;
	u32 pos, header;

	lockdep_assert_held(&fn->lock);
	pos = vpci_local_copied(fn, PCI_CAPABILITY_LIST, 1) & ~3;
	if (!(vpci_local_copied(fn, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		pos = 0;
	for (n = PCI_CFG_SPACE_SIZE / 4; pos >= PCI_STD_HEADER_SIZEOF && n; n--) {
		header = vpci_local_copied(fn, pos, sizeof(u32));
		if ((header & 0xff) == PCI_CAP_ID_EA)
			vpci_local_hide(fn, pos);
		else if ((header & 0xff) == PCI_CAP_ID_MSI && !fn->msi_reg)
			vpci_local_hide_masks(fn, pos);
		pos = header >> 8 & 0xfc;
	}
	pos = PCI_CFG_SPACE_SIZE;
	for (n = VPCI_CONFIG_SIZE / 4; pos >= PCI_CFG_SPACE_SIZE && n; n--) {
		header = vpci_local_copied(fn, pos, sizeof(u32));
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_SRIOV)
			vpci_local_hide(fn, pos);
		pos = PCI_EXT_CAP_NEXT(header);
	}
}

/* ---- accesses ----------------------------------------------------------------------------- */

/**
 * vpci_local_config_read() - read configuration space
 * @fn: device
 * @offset: where
 * @size: bytes
 * @value: result
 *
 * Context: any, but see above.
 * Return: PCIBIOS_SUCCESSFUL, PCIBIOS_BAD_REGISTER_NUMBER.
 */
int vpci_local_config_read(struct vpci_local_fn *fn, u32 offset, u32 size, u32 *value)
{
	if (!vpci_config_valid(offset, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	if (!vpci_local_may_sleep()) {
		vpci_local_counted(fn->local, VPCI_LOCAL_COPIED_READS);
		*value = vpci_local_copied(fn, offset, size);
		return PCIBIOS_SUCCESSFUL;
	}
	mutex_lock(&fn->lock);
	*value = vpci_local_look(fn, offset, size);
	mutex_unlock(&fn->lock);
	return PCIBIOS_SUCCESSFUL;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_config_read);

/**
 * vpci_local_config_write() - write configuration space
 * @fn: device
 * @offset: where
 * @size: bytes
 * @value: what
 *
 * Context: any, but see above.
 * Return: PCIBIOS_SUCCESSFUL, PCIBIOS_BAD_REGISTER_NUMBER, PCIBIOS_SET_FAILED if the host
 * cannot be asked here.
 */
int vpci_local_config_write(struct vpci_local_fn *fn, u32 offset, u32 size, u32 value)
{
	if (!vpci_config_valid(offset, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	if (!vpci_local_may_sleep()) {
		vpci_local_counted(fn->local, VPCI_LOCAL_REFUSED_WRITES);
		return PCIBIOS_SET_FAILED;
	}
	mutex_lock(&fn->lock);
	vpci_shadow_write(&fn->shadow, offset, size, value);
	/* What came of it is known without the host, or when it is read again. */
	if (offset >= PCI_BASE_ADDRESS_0 && offset < PCI_BASE_ADDRESS_5 + 4)
		vpci_local_look(fn, offset & ~3, 4);
	else if (!fn->shadow.gone)
		vpci_local_see(fn, offset, size, value);
	mutex_unlock(&fn->lock);
	return PCIBIOS_SUCCESSFUL;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_config_write);

/* ---- for Linux ---------------------------------------------------------------------------- */

/* A reference to a pci_dev keeps struct pci_bus and struct vpci_local, and no device of that. */
DEFINE_STATIC_SRCU(vpci_local_config_srcu);

/* Of a bus that is closed nothing is left but itself. */
static int vpci_local_closed_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
				  u32 *value)
{
	return PCIBIOS_DEVICE_NOT_FOUND;
}

static int vpci_local_closed_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
				   u32 value)
{
	return PCIBIOS_DEVICE_NOT_FOUND;
}

static struct pci_ops vpci_local_closed_ops = {
	.read = vpci_local_closed_read,
	.write = vpci_local_closed_write,
};

/* It may have been closed since its functions were looked up. */
static struct vpci_local_fn *vpci_local_at(struct pci_bus *bus, unsigned int devfn)
{
	if (!pci_is_root_bus(bus) || READ_ONCE(bus->ops) == &vpci_local_closed_ops)
		return NULL;
	return READ_ONCE(to_vpci_local(bus)->slots[devfn & 0xff]);
}

static int vpci_local_pci_read(struct pci_bus *bus, unsigned int devfn, int where, int size,
			       u32 *value)
{
	int section = srcu_read_lock(&vpci_local_config_srcu), ret;
	struct vpci_local_fn *fn = vpci_local_at(bus, devfn);

	ret = fn ? vpci_local_config_read(fn, where, size, value) : PCIBIOS_DEVICE_NOT_FOUND;
	srcu_read_unlock(&vpci_local_config_srcu, section);
	return ret;
}

static int vpci_local_pci_write(struct pci_bus *bus, unsigned int devfn, int where, int size,
				u32 value)
{
	int section = srcu_read_lock(&vpci_local_config_srcu), ret;
	struct vpci_local_fn *fn = vpci_local_at(bus, devfn);

	ret = fn ? vpci_local_config_write(fn, where, size, value) : PCIBIOS_DEVICE_NOT_FOUND;
	srcu_read_unlock(&vpci_local_config_srcu, section);
	return ret;
}

struct pci_ops vpci_local_pci_ops = {
	.read = vpci_local_pci_read,
	.write = vpci_local_pci_write,
};

/**
 * vpci_local_config_sync() - wait for accesses of those who are not to be there any more
 *
 * Context: process, may sleep; waits for accesses to the host.
 */
void vpci_local_config_sync(void)
{
	synchronize_srcu(&vpci_local_config_srcu);
}

/**
 * vpci_local_config_close() - a bus is about to be removed
 * @bus: bus, without devices; on return no access finds anything of it
 *
 * Context: as vpci_local_config_sync().
 */
void vpci_local_config_close(struct pci_bus *bus)
{
	pci_bus_set_ops(bus, &vpci_local_closed_ops);
	vpci_local_config_sync();
}

/* ---- life --------------------------------------------------------------------------------- */

/**
 * vpci_local_config_init() - for vpci_local_add()
 * @fn: device, with vpci_local_fn::desc; nobody is asked for anything
 * @bars: its base addresses
 */
void vpci_local_config_init(struct vpci_local_fn *fn, const struct vpci_bars *bars)
{
	mutex_init(&fn->lock);
	vpci_shadow_init(&fn->shadow, &fn->desc, bars, &vpci_local_shadow_ops, fn);
	memset(fn->copy, 0xff, sizeof(fn->copy));
}

/**
 * vpci_local_config_begin() - before Linux knows the device
 * @fn: device, perhaps used by somebody else before
 */
void vpci_local_config_begin(struct vpci_local_fn *fn)
{
	u32 offset, size = PCI_CFG_SPACE_SIZE;

	mutex_lock(&fn->lock);
	bitmap_zero(fn->hidden, VPCI_LOCAL_REGS);
	fn->msi_reg = 0;
	vpci_shadow_reset(&fn->shadow);
	for (offset = 0; offset < size; offset += sizeof(u32)) {
		vpci_local_look(fn, offset, sizeof(u32));
		/* A device has the rest, or nothing there. */
		if (offset == PCI_CFG_SPACE_SIZE - sizeof(u32) &&
		    vpci_local_look(fn, PCI_CFG_SPACE_SIZE, sizeof(u32)) + 1 > 1)
			size = VPCI_CONFIG_SIZE;
	}
	vpci_local_hide_caps(fn);
	mutex_unlock(&fn->lock);
}

/**
 * vpci_local_config_end() - Linux knows the device no more
 * @fn: device, which from now on does nothing
 */
void vpci_local_config_end(struct vpci_local_fn *fn)
{
	mutex_lock(&fn->lock);
	vpci_shadow_reset(&fn->shadow);
	mutex_unlock(&fn->lock);
}

/**
 * vpci_local_config_gone() - the host's device is of no use any more
 * @fn: device
 *
 * On return nobody calls anything of the host's, and who has waited for it goes on.  If the
 * host still has it, it is off by then: a driver that has not let go may do so at any time,
 * with memory that the device writes to.
 */
void vpci_local_config_gone(struct vpci_local_fn *fn)
{
	mutex_lock(&fn->lock);
	vpci_shadow_reset(&fn->shadow);
	WRITE_ONCE(fn->host, NULL);
	fn->shadow.gone = true;
	memset(fn->copy, 0xff, sizeof(fn->copy));
	wake_up_all(&fn->wait);
	mutex_unlock(&fn->lock);
}
