// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of the guest in use: pinned for one I/O, or mapped for long.
 *
 * Who maps pages for writing writes whenever it likes: they count as written in
 * every look at the dirty log, and once more when they go.  Pages that are pinned
 * for one I/O count when they are let go: then the data is there.
 */
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "vpart.h"

/**
 * struct vpart_map - guest pages mapped into this kernel
 * @part: partition; the map holds a reference
 * @node: in vmbus_partition::maps, if it is for writing
 * @pfns: the guest's page frame numbers, or NULL if it is not for writing
 * @addr: where
 * @vtl2: they are pages that VTL2 shares, not the guest's
 * @n: pages, counted once
 * @pages: the pages
 */
struct vpart_map {
	struct vmbus_partition *part;
	struct list_head node;
	u64 *pfns;
	void *addr;
	bool vtl2;
	unsigned int n;
	struct page *pages[] __counted_by(n);
};

static void vpart_unpin(struct vmbus_partition *part, struct page **pages, unsigned int n,
			bool longterm)
{
	if (!n)
		return;
	part->backend->unpin(part->backend_ctx, pages, n, longterm);
	atomic64_sub(n, &part->pinned);
}

/* The backend, or NULL if there is none to pin by.  Within SRCU. */
static const struct vpart_backend_ops *vpart_backend(struct vmbus_partition *part)
{
	/* Pairs with smp_store_release() in vpart_backend_attach(). */
	const struct vpart_backend_ops *ops = smp_load_acquire(&part->backend);

	return READ_ONCE(part->closing) ? NULL : ops;
}

static int vpart_pin_runs(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
			  bool write, bool longterm, struct page **pages)
{
	const struct vpart_backend_ops *ops = vpart_backend(part);
	const struct vpart_table *table;
	unsigned int done = 0, run;
	u64 uaddr;
	int err;

	table = srcu_dereference(part->table, &part->srcu);
	if (!ops || !table)
		return -ENOTCONN;
	while (done < n) {
		run = vpart_table_find(table, pfns + done, n - done, write, &uaddr);
		if (run) {
			err = ops->pin(part->backend_ctx, uaddr, run, write, longterm,
				       pages + done);
		} else {
			vpart_bad_gpa(part, pfns[done]);
			err = -EFAULT;
		}
		if (err) {
			vpart_unpin(part, pages, done, longterm);
			return err;
		}
		atomic64_add(run, &part->pinned);
		done += run;
	}
	return 0;
}

static int vpart_pin(struct vmbus_partition *part, const u64 *pfns, unsigned int n, bool write,
		     bool longterm, struct page **pages)
{
	int idx = srcu_read_lock(&part->srcu);
	int err = vpart_pin_runs(part, pfns, n, write, longterm, pages);

	srcu_read_unlock(&part->srcu, idx);
	return err;
}

/**
 * vpart_pin_pages - pin guest pages for one I/O
 * @part: partition
 * @pfns: guest page frame numbers
 * @n: their number
 * @write: they will be written; the pages are marked dirty now, the log is when
 *	they are let go
 * @pages: out: @n pages
 *
 * Context: process, may sleep; cheapest in a worker of vpart_worker().
 * Return: 0 with all pages pinned, or none and -EFAULT for a page outside the
 * memory table or read-only, -ENOTCONN without a guest, or an error of the
 * backend.
 */
int vpart_pin_pages(struct vmbus_partition *part, const u64 *pfns, unsigned int n, bool write,
		    struct page **pages)
{
	return vpart_pin(part, pfns, n, write, false, pages);
}
EXPORT_SYMBOL_GPL(vpart_pin_pages);

/**
 * vpart_unpin_pages - let them go
 * @part: partition
 * @pfns: as given to vpart_pin_pages()
 * @n: their number
 * @write: the same: they have been written, if they ever will
 * @pages: from vpart_pin_pages()
 *
 * Context: any.
 */
void vpart_unpin_pages(struct vmbus_partition *part, const u64 *pfns, unsigned int n, bool write,
		       struct page **pages)
{
	if (write)
		vpart_log_mark(part, pfns, n);
	vpart_unpin(part, pages, n, false);
}
EXPORT_SYMBOL_GPL(vpart_unpin_pages);

/* Have the log know of a map for writing.  False if there is no memory. */
static bool vpart_map_log(struct vpart_map *map, const u64 *pfns)
{
	struct vmbus_partition *part = map->part;

	/* The caller's may be gone when they are needed. */
	map->pfns = kvmalloc_array(map->n, sizeof(*pfns), GFP_KERNEL);
	if (!map->pfns)
		return false;
	memcpy(map->pfns, pfns, map->n * sizeof(*pfns));
	mutex_lock(&part->log_lock);
	list_add_tail(&map->node, &part->maps);
	mutex_unlock(&part->log_lock);
	return true;
}

static void vpart_map_unlog(struct vpart_map *map)
{
	struct vmbus_partition *part = map->part;

	if (!map->pfns)
		return;
	vpart_log_mark(part, map->pfns, map->n);
	mutex_lock(&part->log_lock);
	list_del(&map->node);
	mutex_unlock(&part->log_lock);
	kvfree(map->pfns);
}

/**
 * vpart_maps_written - log the pages that are mapped for writing
 * @part: partition
 * @first: first page frame number that matters
 * @count: how many do from there on
 * @log: the partition's log
 *
 * Context: vmbus_partition::log_lock held.
 */
void vpart_maps_written(struct vmbus_partition *part, u64 first, u32 count,
			const struct vpart_log *log)
{
	const struct vpart_map *map;
	unsigned int i;

	lockdep_assert_held(&part->log_lock);
	list_for_each_entry(map, &part->maps, node)
		for (i = 0; i < map->n; i++)
			if (map->pfns[i] - first < count)
				vpart_log_set(log, map->pfns[i]);
}

/**
 * vpart_vmap_ring - map the pages of a ring: all but the first follow a second time
 * @pages: pages; the first is the control page
 * @n: their number, not 0
 *
 * So a packet is linear wherever it begins.
 *
 * Context: process, may sleep.
 * Return: address of the first page, to be given back with vunmap(), or NULL.
 */
void *vpart_vmap_ring(struct page **pages, unsigned int n)
{
	struct page **twice;
	void *addr;

	twice = kvmalloc_array(2 * n - 1, sizeof(*twice), GFP_KERNEL);
	if (!twice)
		return NULL;
	memcpy(twice, pages, n * sizeof(*pages));
	memcpy(twice + n, pages + 1, (n - 1) * sizeof(*pages));
	addr = vmap(twice, 2 * n - 1, VM_MAP, PAGE_KERNEL);
	kvfree(twice);
	return addr;
}
EXPORT_SYMBOL_GPL(vpart_vmap_ring);

static void vpart_map_unpin(struct vpart_map *map)
{
	if (map->vtl2)
		vpart_vtl2_unpin(map->pages, map->n);
	else
		vpart_unpin(map->part, map->pages, map->n, true);
}

/**
 * vpart_map - pin guest pages for long and map them
 * @part: partition
 * @pfns: guest page frame numbers
 * @n: their number, not 0
 * @flags: VPART_MAP_*
 *
 * Pages that stay pinned are charged to whoever gave the memory.  With
 * VPART_MAP_VTL2 the pages are either all the guest's or all shared by VTL2: for
 * who plays the host to VTL2, never for who serves the guest.
 *
 * Context: process, may sleep.
 * Return: the map, to be given back with vpart_unmap(), or an ERR_PTR: -EINVAL
 * without pages, otherwise as vpart_pin_pages().
 */
struct vpart_map *vpart_map(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
			    unsigned int flags)
{
	struct vpart_map *map;
	int err;

	if (!n)
		return ERR_PTR(-EINVAL);
	map = kvzalloc(struct_size(map, pages, n), GFP_KERNEL);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->n = n;
	map->part = part;
	map->vtl2 = (flags & VPART_MAP_VTL2) && vpart_vtl2_pfn(pfns[0]);
	err = map->vtl2 ? vpart_vtl2_pin(part, pfns, n, map->pages) :
			  vpart_pin(part, pfns, n, flags & VPART_MAP_WRITE, true, map->pages);
	if (err)
		goto free_map;
	err = -ENOMEM;
	map->addr = flags & VPART_MAP_RING ? vpart_vmap_ring(map->pages, n) :
					     vmap(map->pages, n, VM_MAP, PAGE_KERNEL);
	if (!map->addr)
		goto unpin;
	if ((flags & VPART_MAP_WRITE) && !map->vtl2 && !vpart_map_log(map, pfns))
		goto unmap;
	kref_get(&part->ref);
	return map;

unmap:
	vunmap(map->addr);
unpin:
	vpart_map_unpin(map);
free_map:
	kvfree(map);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(vpart_map);

/**
 * vpart_unmap - let a map go
 * @map: from vpart_map(); nobody uses its address any more
 *
 * Context: process, may sleep.
 */
void vpart_unmap(struct vpart_map *map)
{
	struct vmbus_partition *part = map->part;

	vunmap(map->addr);
	vpart_map_unlog(map);
	vpart_map_unpin(map);
	kvfree(map);
	vpart_put(part);
}
EXPORT_SYMBOL_GPL(vpart_unmap);

/**
 * vpart_map_addr - where a map is
 * @map: map
 *
 * Return: address of its first page.
 */
void *vpart_map_addr(const struct vpart_map *map)
{
	return map->addr;
}
EXPORT_SYMBOL_GPL(vpart_map_addr);
