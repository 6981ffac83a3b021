// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and interrupts of the guest, for a function of the test host.
 *
 * This is what the host does for a device of the guest: the IOMMU lets it reach the
 * guest's memory, and interrupts go to the guest without passing VTL2.
 */
#include <linux/highmem.h>
#include <linux/hyperv.h>
#include <linux/minmax.h>

#include "testroot_vpci.h"

#define TVP_PAGES	16	/* pinned at a time */

/* ---- a guest that is stopped ----------------------------------------------------------- */

/**
 * tvp_guest_stop() - no data moves until tvp_guest_go()
 * @bus: bus
 */
void tvp_guest_stop(struct tvp_bus *bus)
{
	WRITE_ONCE(bus->stopped, true);
	/* And wait for what is on its way. */
	down_write(&bus->dma_lock);
	up_write(&bus->dma_lock);
}

/* The guest goes on. */
void tvp_guest_go(struct tvp_bus *bus)
{
	WRITE_ONCE(bus->stopped, false);
	wake_up_all(&bus->wait);
}

/**
 * tvp_guest_end() - nobody waits for the guest to go on, for the moment
 * @bus: bus
 * @end: it begins, or ends
 *
 * For who makes all functions of the bus come to rest: what waits for the guest may be
 * waited for by who has a lock.
 */
void tvp_guest_end(struct tvp_bus *bus, bool end)
{
	atomic_add(end ? 1 : -1, &bus->ending);
	wake_up_all(&bus->wait);
}

static bool tvp_guest_ends(struct tvp_fn *fn)
{
	return READ_ONCE(fn->dying) || atomic_read(&fn->bus->ending);
}

/* Wait for the guest to run: 0 with tvp_bus::dma_lock held, or -ENODEV. */
static int tvp_guest_enter(struct tvp_fn *fn)
{
	struct tvp_bus *bus = fn->bus;

	for (;;) {
		wait_event(bus->wait, !READ_ONCE(bus->stopped) || tvp_guest_ends(fn));
		if (tvp_guest_ends(fn))
			return -ENODEV;
		down_read(&bus->dma_lock);
		if (!READ_ONCE(bus->stopped))
			return 0;
		up_read(&bus->dma_lock);
	}
}

/* ---- addresses ------------------------------------------------------------------------- */

static int tvp_guest_bar_map(struct tvp_bar *bar)
{
	bar->m.vtl = VPART_VTL_GUEST;
	return vpart_mmio_add(bar->fn->bus->part, &bar->m);
}

static void tvp_guest_bar_unmap(struct tvp_bar *bar)
{
	vpart_mmio_remove(bar->fn->bus->part, &bar->m);
}

/* ---- data ------------------------------------------------------------------------------ */

/* Within the pages that are pinned at a time */
static int tvp_guest_move(struct tvp_fn *fn, u64 gpa, u8 *buf, u32 len, bool write)
{
	u32 offset = offset_in_page(gpa), part;
	unsigned int n = HVPFN_UP(offset + len), i;
	struct page *pages[TVP_PAGES];
	u64 pfns[TVP_PAGES];
	int err;

	for (i = 0; i < n; i++)
		pfns[i] = (gpa >> PAGE_SHIFT) + i;
	err = vpart_pin_pages(fn->bus->part, pfns, n, write, pages);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		part = min_t(u32, len, PAGE_SIZE - offset);
		if (write)
			memcpy_to_page(pages[i], offset, buf, part);
		else
			memcpy_from_page(buf, pages[i], offset, part);
		buf += part;
		len -= part;
		offset = 0;
	}
	vpart_unpin_pages(fn->bus->part, pfns, n, write, pages);
	return 0;
}

/* The endpoint has seen to it that the range does not wrap. */
static int tvp_guest_dma(struct tvp_fn *fn, u64 gpa, void *buf, size_t len, bool write)
{
	u32 part;
	int err = 0;

	for (; len && !err; gpa += part, buf += part, len -= part) {
		part = min_t(size_t, len, TVP_PAGES * PAGE_SIZE - offset_in_page(gpa));
		err = tvp_guest_enter(fn);
		if (err)
			break;
		err = tvp_guest_move(fn, gpa, buf, part, write);
		up_read(&fn->bus->dma_lock);
	}
	return err;
}

/* ---- interrupts ------------------------------------------------------------------------ */

static int tvp_guest_msi_create(struct tvp_fn *fn, const struct vpci_msi_request *request,
				struct vpci_msi *msi)
{
	u32 vps[VPCI_MAX_PROCESSORS];
	struct vpart_msi_request req = {
		.vector = request->vector,
		.delivery = request->delivery == VPCI_DELIVERY_LOWEST ? VPART_MSI_LOWEST :
									VPART_MSI_FIXED,
		.count = request->count,
		.nvps = request->nprocs,
		.vps = vps,
	};
	unsigned int i;

	for (i = 0; i < request->nprocs; i++)
		vps[i] = request->procs[i];
	return vpart_msi_create(fn->bus->part, &req, &msi->address, &msi->data);
}

/* None is there after a reset of the guest. */
static void tvp_guest_msi_delete(struct tvp_fn *fn, const struct vpci_msi *msi)
{
	vpart_msi_delete(fn->bus->part, msi->address, msi->data);
}

static int tvp_guest_msi_raise(struct tvp_fn *fn, u64 address, u32 data)
{
	return vpart_msi_raise(fn->bus->part, address, data);
}

const struct tvp_side tvp_guest = {
	.reset = true,
	.bar_map = tvp_guest_bar_map,
	.bar_unmap = tvp_guest_bar_unmap,
	.dma = tvp_guest_dma,
	.msi_create = tvp_guest_msi_create,
	.msi_delete = tvp_guest_msi_delete,
	.msi_raise = tvp_guest_msi_raise,
};
