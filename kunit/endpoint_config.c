// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of an endpoint: bytes, and which of their bits can be written.
 *
 * Most of it is no more than that; addresses of BARs, too: the size is what cannot be
 * written.  What has an effect is the command register, MSI and MSI-X, and the reset of
 * a function that PCI Express has.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "endpoint.h"

/* Of the PCI Express capability as its second version has it */
#define ENDPOINT_EXPRESS_LEN	60

static void endpoint_field16(struct endpoint *ep, u32 off, u16 val, u16 writable)
{
	put_unaligned_le16(val, ep->config + off);
	put_unaligned_le16(writable, ep->writable + off);
}

static void endpoint_field32(struct endpoint *ep, u32 off, u32 val, u32 writable)
{
	put_unaligned_le32(val, ep->config + off);
	put_unaligned_le32(writable, ep->writable + off);
}

/* ---- what it is made of ---------------------------------------------------------------- */

static void endpoint_build_header(struct endpoint *ep)
{
	const struct endpoint_desc *desc = &ep->desc;

	endpoint_field16(ep, PCI_VENDOR_ID, desc->vendor, 0);
	endpoint_field16(ep, PCI_DEVICE_ID, desc->device, 0);
	endpoint_field16(ep, PCI_COMMAND, 0,
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	endpoint_field32(ep, PCI_CLASS_REVISION, desc->class << 8 | desc->revision, 0);
	ep->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	endpoint_field16(ep, PCI_SUBSYSTEM_VENDOR_ID, desc->subvendor, 0);
	endpoint_field16(ep, PCI_SUBSYSTEM_ID, desc->subdevice, 0);
	ep->writable[PCI_INTERRUPT_LINE] = 0xff;
}

static void endpoint_build_bars(struct endpoint *ep)
{
	const struct endpoint_bar *bar;
	u32 reg, type;
	unsigned int i;

	for (i = 0; i < ENDPOINT_BARS; i++) {
		bar = &ep->desc.bars[i];
		if (!bar->size)
			continue;
		reg = PCI_BASE_ADDRESS_0 + 4 * i;
		type = PCI_BASE_ADDRESS_SPACE_MEMORY;
		if (bar->wide) {
			type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
			endpoint_field32(ep, reg + 4, 0, ~(bar->size - 1) >> 32);
		}
		if (bar->prefetch)
			type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
		endpoint_field32(ep, reg, type, ~(bar->size - 1));
	}
}

/* Put one more at the end of the list; where it is, or -EINVAL if it does not fit. */
static int endpoint_add_cap(struct endpoint *ep, u32 *end, u32 *link, u8 id, u8 len)
{
	u32 at = *end;

	if (len < 2 || len > PCI_CFG_SPACE_SIZE - at)
		return -EINVAL;
	ep->config[*link] = at;
	ep->config[at] = id;
	*link = at + PCI_CAP_LIST_NEXT;
	*end = ALIGN(at + len, 4);
	endpoint_field16(ep, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	return at;
}

static void endpoint_fill_msix(struct endpoint *ep, u32 at)
{
	const struct endpoint_desc *desc = &ep->desc;

	ep->msix_at = at;
	endpoint_field16(ep, at + PCI_MSIX_FLAGS, desc->msix_vectors - 1,
			 PCI_MSIX_FLAGS_MASKALL | PCI_MSIX_FLAGS_ENABLE);
	endpoint_field32(ep, at + PCI_MSIX_TABLE, desc->msix_table | desc->msix_bar, 0);
	endpoint_field32(ep, at + PCI_MSIX_PBA, desc->msix_pending | desc->msix_bar, 0);
}

static void endpoint_fill_msi(struct endpoint *ep, u32 at)
{
	u8 vectors = ep->desc.msi_vectors;

	ep->msi_at = at;
	endpoint_field16(ep, at + PCI_MSI_FLAGS,
			 PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT | ilog2(vectors) << 1,
			 PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	endpoint_field32(ep, at + PCI_MSI_ADDRESS_LO, 0, ~3U);
	endpoint_field32(ep, at + PCI_MSI_ADDRESS_HI, 0, U32_MAX);
	endpoint_field16(ep, at + PCI_MSI_DATA_64, 0, U16_MAX);
	endpoint_field32(ep, at + PCI_MSI_MASK_64, 0, GENMASK(vectors - 1, 0));
}

/* One that is integrated in the root: there is no link to describe. */
static void endpoint_fill_express(struct endpoint *ep, u32 at)
{
	ep->express_at = at;
	endpoint_field16(ep, at + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_RC_END << 4, 0);
	endpoint_field32(ep, at + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR, 0);
	endpoint_field16(ep, at + PCI_EXP_DEVCTL,
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
			 PCI_EXP_DEVCTL_READRQ_512B,
			 U16_MAX & ~PCI_EXP_DEVCTL_BCR_FLR);
}

static int endpoint_build_caps(struct endpoint *ep)
{
	const struct endpoint_desc *desc = &ep->desc;
	u32 end = ENDPOINT_CAPS_AT, link = PCI_CAPABILITY_LIST;
	const struct endpoint_cap *cap;
	unsigned int i;
	int at;

	if (desc->express) {
		at = endpoint_add_cap(ep, &end, &link, PCI_CAP_ID_EXP, ENDPOINT_EXPRESS_LEN);
		endpoint_fill_express(ep, at);
	}
	if (desc->msix_vectors) {
		at = endpoint_add_cap(ep, &end, &link, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
		endpoint_fill_msix(ep, at);
	}
	if (desc->msi_vectors) {
		at = endpoint_add_cap(ep, &end, &link, PCI_CAP_ID_MSI, PCI_MSI_PENDING_64 + 4);
		endpoint_fill_msi(ep, at);
	}
	for (i = 0; i < desc->ncaps; i++) {
		cap = &desc->caps[i];
		at = endpoint_add_cap(ep, &end, &link, cap->id, cap->len);
		if (at < 0)
			return at;
		memcpy(ep->config + at + 2, cap->data + 2, cap->len - 2);
		if (cap->writable)
			memcpy(ep->writable + at + 2, cap->writable + 2, cap->len - 2);
	}
	return 0;
}

/**
 * endpoint_config_build - fill an empty configuration space
 * @ep: endpoint whose description is valid
 *
 * Return: 0, or -EINVAL if there are more capabilities than it has room for.
 */
int endpoint_config_build(struct endpoint *ep)
{
	int err;

	endpoint_build_header(ep);
	endpoint_build_bars(ep);
	err = endpoint_build_caps(ep);
	if (!err)
		memcpy(ep->initial, ep->config, ep->desc.config_size);
	return err;
}

/* ---- access ---------------------------------------------------------------------------- */

/* Within one dword, as on the bus */
static bool endpoint_config_valid(const struct endpoint *ep, u32 off, u32 size)
{
	return is_power_of_2(size) && (off & 3) + size <= 4 && off < ep->desc.config_size;
}

static u32 endpoint_config_ones(u32 size)
{
	return size >= sizeof(u32) ? U32_MAX : BIT(8 * size) - 1;
}

static bool endpoint_overlaps(u32 off, u32 size, u32 at, u32 len)
{
	return off < at + len && at < off + size;
}

/**
 * endpoint_config_read - the guest reads from the configuration space
 * @ep: endpoint
 * @off: where
 * @size: bytes, 1, 2 or 4
 *
 * Return: what was read; all ones if @size is another, if the bytes are not all in one
 * dword, or outside.
 */
u32 endpoint_config_read(struct endpoint *ep, u32 off, u32 size)
{
	u32 val;

	if (!endpoint_config_valid(ep, off, size))
		return endpoint_config_ones(size);
	mutex_lock(&ep->config_lock);
	val = get_unaligned_le32(ep->config + (off & ~3U));
	mutex_unlock(&ep->config_lock);
	if (ep->msi_at && (off & ~3U) == ep->msi_at + PCI_MSI_PENDING_64)
		val = endpoint_msi_pending(ep);
	return val >> 8 * (off & 3) & endpoint_config_ones(size);
}
EXPORT_SYMBOL_GPL(endpoint_config_read);

/* Under the lock: what the command register says has changed, or may have. */
static void endpoint_command(struct endpoint *ep)
{
	u16 command = get_unaligned_le16(ep->config + PCI_COMMAND);
	bool bus_master = command & PCI_COMMAND_MASTER;

	WRITE_ONCE(ep->memory, command & PCI_COMMAND_MEMORY);
	if (ep->bus_master == bus_master)
		return;
	/* Without the lock, which those who move data may take ahead of a writer: they stop now. */
	WRITE_ONCE(ep->bus_master, bus_master);
	/* And wait for what is on its way. */
	down_write(&ep->dma_lock);
	up_write(&ep->dma_lock);
	endpoint_irq_config(ep);
}

static void endpoint_reset_locked(struct endpoint *ep)
{
	/* What the device is doing comes to an end the sooner. */
	put_unaligned_le16(0, ep->config + PCI_COMMAND);
	endpoint_command(ep);
	ep->desc.ops->reset(ep);
	memcpy(ep->config, ep->initial, ep->desc.config_size);
	endpoint_irq_reset(ep);
}

/**
 * endpoint_reset - make a function as it was in the beginning
 * @ep: endpoint
 *
 * When this returns it does nothing.
 */
void endpoint_reset(struct endpoint *ep)
{
	mutex_lock(&ep->config_lock);
	endpoint_reset_locked(ep);
	mutex_unlock(&ep->config_lock);
}
EXPORT_SYMBOL_GPL(endpoint_reset);

/* The byte with the bit that resets a function is written, and the bit is set. */
static bool endpoint_wants_reset(const struct endpoint *ep, u32 off, u32 size, u32 val)
{
	u32 at = ep->express_at + PCI_EXP_DEVCTL + 1;

	return ep->express_at && endpoint_overlaps(off, size, at, 1) &&
	       val >> 8 * (at - off) & PCI_EXP_DEVCTL_BCR_FLR >> 8;
}

/**
 * endpoint_config_write - the guest writes to the configuration space
 * @ep: endpoint
 * @off: where
 * @size: bytes, 1, 2 or 4
 * @val: what; bits beyond @size are ignored
 *
 * What endpoint_config_read() would not read is dropped, and so are bits that cannot be
 * written.  When this has made the function give up the bus no data moves any more.
 */
void endpoint_config_write(struct endpoint *ep, u32 off, u32 size, u32 val)
{
	u32 i;
	u8 mask;

	if (!endpoint_config_valid(ep, off, size))
		return;
	mutex_lock(&ep->config_lock);
	for (i = 0; i < size; i++) {
		mask = ep->writable[off + i];
		ep->config[off + i] = (ep->config[off + i] & ~mask) | (val >> 8 * i & mask);
	}
	if (endpoint_overlaps(off, size, PCI_COMMAND, 2))
		endpoint_command(ep);
	if ((ep->msix_at && endpoint_overlaps(off, size, ep->msix_at, PCI_CAP_MSIX_SIZEOF)) ||
	    (ep->msi_at && endpoint_overlaps(off, size, ep->msi_at, PCI_MSI_PENDING_64)))
		endpoint_irq_config(ep);
	if (endpoint_wants_reset(ep, off, size, val))
		endpoint_reset_locked(ep);
	mutex_unlock(&ep->config_lock);
}
EXPORT_SYMBOL_GPL(endpoint_config_write);
