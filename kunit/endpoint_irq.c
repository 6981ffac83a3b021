// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of an endpoint: MSI-X with its table in a BAR, and MSI.
 *
 * A vector that is masked, or that comes while the function is no bus master, is pending
 * and goes when that ends.  An endpoint has no pin: with neither MSI nor MSI-X enabled an
 * interrupt is lost.
 */
#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "endpoint.h"

static bool endpoint_irq_waits(const struct endpoint *ep, unsigned int vector)
{
	if (ep->msix_enabled)
		return ep->msix_masked || ep->vectors[vector].masked;
	return ep->msi_mask & BIT(vector);
}

/* Send what may go.  Sent under the lock: who has masked a vector gets no more of it. */
static void endpoint_irq_send(struct endpoint *ep)
{
	u64 left = ep->pending;
	unsigned int vector;

	lockdep_assert_held(&ep->irq_lock);
	if (!READ_ONCE(ep->bus_master))
		return;
	while (left) {
		vector = __ffs64(left);
		left &= ~BIT_ULL(vector);
		if (endpoint_irq_waits(ep, vector))
			continue;
		ep->pending &= ~BIT_ULL(vector);
		if (ep->msix_enabled)
			ep->env->msi(ep->env_ctx, ep->vectors[vector].address,
				     ep->vectors[vector].data);
		else
			ep->env->msi(ep->env_ctx, ep->msi_address, ep->msi_data | vector);
	}
}

/**
 * endpoint_interrupt - the device interrupts the guest
 * @ep: endpoint
 * @vector: number of the interrupt.  With MSI those that the guest has not granted
 *	fall on others; with MSI-X one beyond the table is lost.
 */
void endpoint_interrupt(struct endpoint *ep, unsigned int vector)
{
	mutex_lock(&ep->irq_lock);
	if (ep->msix_enabled) {
		if (vector < ep->desc.msix_vectors)
			ep->pending |= BIT_ULL(vector);
	} else if (ep->msi_enabled) {
		ep->pending |= BIT_ULL(vector & (ep->msi_granted - 1));
	}
	endpoint_irq_send(ep);
	mutex_unlock(&ep->irq_lock);
}
EXPORT_SYMBOL_GPL(endpoint_interrupt);

/**
 * endpoint_msi_pending - the pending bits of MSI
 * @ep: endpoint
 *
 * Return: the register's value.
 */
u32 endpoint_msi_pending(struct endpoint *ep)
{
	u32 pending;

	mutex_lock(&ep->irq_lock);
	pending = ep->msix_enabled ? 0 : ep->pending;
	mutex_unlock(&ep->irq_lock);
	return pending;
}

/* ---- the configuration space ----------------------------------------------------------- */

/**
 * endpoint_irq_config - what the configuration space says of interrupts may have changed
 * @ep: endpoint, its configuration space locked
 */
void endpoint_irq_config(struct endpoint *ep)
{
	const u8 *msix = ep->config + ep->msix_at, *msi = ep->config + ep->msi_at;
	bool msix_enabled = false, msi_enabled = false;
	u16 flags;

	mutex_lock(&ep->irq_lock);
	if (ep->msix_at) {
		flags = get_unaligned_le16(msix + PCI_MSIX_FLAGS);
		msix_enabled = flags & PCI_MSIX_FLAGS_ENABLE;
		ep->msix_masked = flags & PCI_MSIX_FLAGS_MASKALL;
	}
	if (ep->msi_at) {
		flags = get_unaligned_le16(msi + PCI_MSI_FLAGS);
		msi_enabled = flags & PCI_MSI_FLAGS_ENABLE;
		ep->msi_granted = min(1 << FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags),
				      (int)ep->desc.msi_vectors);
		ep->msi_address = get_unaligned_le32(msi + PCI_MSI_ADDRESS_LO) |
				  (u64)get_unaligned_le32(msi + PCI_MSI_ADDRESS_HI) << 32;
		/* The function fills in the low bits. */
		ep->msi_data = get_unaligned_le16(msi + PCI_MSI_DATA_64) & ~(ep->msi_granted - 1);
		ep->msi_mask = get_unaligned_le32(msi + PCI_MSI_MASK_64);
	}
	/* What was pending one way does not come another. */
	if (msix_enabled != ep->msix_enabled || msi_enabled != ep->msi_enabled)
		ep->pending = 0;
	ep->msix_enabled = msix_enabled;
	ep->msi_enabled = msi_enabled;
	endpoint_irq_send(ep);
	mutex_unlock(&ep->irq_lock);
}

/**
 * endpoint_irq_reset - all vectors are masked, and none is pending
 * @ep: endpoint, its configuration space as after a reset
 */
void endpoint_irq_reset(struct endpoint *ep)
{
	unsigned int i;

	mutex_lock(&ep->irq_lock);
	memset(ep->vectors, 0, sizeof(ep->vectors));
	for (i = 0; i < ENDPOINT_VECTORS_MAX; i++)
		ep->vectors[i].masked = true;
	ep->pending = 0;
	mutex_unlock(&ep->irq_lock);
	endpoint_irq_config(ep);
}

/* ---- the table of MSI-X ---------------------------------------------------------------- */

static bool endpoint_in_table(const struct endpoint *ep, u64 off)
{
	return off >= ep->desc.msix_table &&
	       off - ep->desc.msix_table < ep->desc.msix_vectors * PCI_MSIX_ENTRY_SIZE;
}

/**
 * endpoint_msix_covers - is this part of a BAR the table or the pending bits?
 * @ep: endpoint
 * @bar: BAR
 * @off: where in it
 *
 * Return: true if so.
 */
bool endpoint_msix_covers(const struct endpoint *ep, unsigned int bar, u64 off)
{
	if (!ep->desc.msix_vectors || bar != ep->desc.msix_bar)
		return false;
	return endpoint_in_table(ep, off) ||
	       (off >= ep->desc.msix_pending && off - ep->desc.msix_pending < sizeof(u64));
}

static struct endpoint_vector *endpoint_msix_entry(struct endpoint *ep, u64 off)
{
	u64 n = (off - ep->desc.msix_table) / PCI_MSIX_ENTRY_SIZE;

	return &ep->vectors[array_index_nospec(n, ENDPOINT_VECTORS_MAX)];
}

/* One half of an entry, or the pending bits */
static u64 endpoint_msix_qword(struct endpoint *ep, u64 off)
{
	const struct endpoint_vector *vec;

	if (!endpoint_in_table(ep, off))
		return ep->msix_enabled ? ep->pending : 0;
	vec = endpoint_msix_entry(ep, off);
	if (!(off & PCI_MSIX_ENTRY_DATA))
		return vec->address;
	return vec->data | (u64)(vec->masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0) << 32;
}

/**
 * endpoint_msix_read - the guest reads from the table or the pending bits
 * @ep: endpoint
 * @off: where in the BAR; endpoint_msix_covers() it
 * @size: bytes
 *
 * Return: what was read; bits beyond @size are of no meaning.
 */
u64 endpoint_msix_read(struct endpoint *ep, u64 off, u32 size)
{
	u64 val;

	mutex_lock(&ep->irq_lock);
	val = endpoint_msix_qword(ep, off & ~7ULL) >> 8 * (off & 7);
	mutex_unlock(&ep->irq_lock);
	return val;
}

/**
 * endpoint_msix_write - the guest writes to the table or the pending bits
 * @ep: endpoint
 * @off: where in the BAR; endpoint_msix_covers() it
 * @size: bytes; fewer than 4 are dropped, as PCI defines nothing for them
 * @val: what
 */
void endpoint_msix_write(struct endpoint *ep, u64 off, u32 size, u64 val)
{
	struct endpoint_vector *vec;
	u64 mask = U64_MAX;

	if (size < sizeof(u32) || !endpoint_in_table(ep, off))
		return;
	if (size == sizeof(u32)) {
		mask = off & 4 ? ~0ULL << 32 : U32_MAX;
		val <<= 8 * (off & 4);
	}
	mutex_lock(&ep->irq_lock);
	val = (endpoint_msix_qword(ep, off & ~7ULL) & ~mask) | (val & mask);
	vec = endpoint_msix_entry(ep, off);
	if (off & PCI_MSIX_ENTRY_DATA) {
		vec->data = val;
		vec->masked = val >> 32 & PCI_MSIX_ENTRY_CTRL_MASKBIT;
		endpoint_irq_send(ep);
	} else {
		vec->address = val & ~3ULL;
	}
	mutex_unlock(&ep->irq_lock);
}
