// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory table: every guest physical address goes through it.  What it does
 * not list does not exist; in VTL2 an unchecked address would lead the guest
 * into this kernel's own memory.
 */
#include <linux/hyperv.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <kunit/visibility.h>
#include "vpart.h"

/* Page frame numbers of the guest count this kernel's pages, too. */
static_assert(PAGE_SIZE == HV_HYP_PAGE_SIZE);

static int vpart_region_cmp(const void *a, const void *b)
{
	const struct vmbus_partition_region *x = a, *y = b;

	if (x->gpa == y->gpa)
		return 0;
	return x->gpa < y->gpa ? -1 : 1;
}

static bool vpart_region_valid(const struct vmbus_partition_region *r)
{
	u64 end;

	if (r->flags & ~(VMBUS_PARTITION_REGION_READONLY | VMBUS_PARTITION_REGION_LOG) ||
	    r->reserved)
		return false;
	if (!r->size || !PAGE_ALIGNED(r->gpa) || !PAGE_ALIGNED(r->size) || !PAGE_ALIGNED(r->uaddr))
		return false;
	return !check_add_overflow(r->gpa, r->size, &end) &&
	       !check_add_overflow(r->uaddr, r->size, &end);
}

/**
 * vpart_table_build - check and sort regions
 * @regions: regions, in any order
 * @n: their number
 *
 * Context: process, may sleep.
 * Return: a new table, or an ERR_PTR: -EINVAL for unknown flags, an address
 * that is not aligned, a region that is empty or wraps, or two that overlap;
 * -E2BIG for too many; -ENOMEM.
 */
struct vpart_table *vpart_table_build(const struct vmbus_partition_region *regions,
				      unsigned int n)
{
	struct vpart_table *table;
	unsigned int i;

	if (n > VMBUS_PARTITION_MAX_REGIONS)
		return ERR_PTR(-E2BIG);
	for (i = 0; i < n; i++)
		if (!vpart_region_valid(&regions[i]))
			return ERR_PTR(-EINVAL);

	table = kzalloc(struct_size(table, regions, n), GFP_KERNEL);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->n = n;
	for (i = 0; i < n; i++)
		table->regions[i] = regions[i];
	sort(table->regions, n, sizeof(table->regions[0]), vpart_region_cmp, NULL);
	for (i = 1; i < n; i++) {
		if (table->regions[i - 1].gpa + table->regions[i - 1].size >
		    table->regions[i].gpa) {
			kfree(table);
			return ERR_PTR(-EINVAL);
		}
	}
	return table;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_table_build);

static const struct vmbus_partition_region *vpart_table_region(const struct vpart_table *table,
							       u64 pfn)
{
	unsigned int low = 0, high = table->n, mid;
	const struct vmbus_partition_region *r;

	while (low < high) {
		mid = low + (high - low) / 2;
		r = &table->regions[mid];
		if (pfn < (r->gpa + r->size) >> PAGE_SHIFT)
			high = mid;
		else
			low = mid + 1;
	}
	/* The first region that ends behind the page. */
	r = &table->regions[low];
	return low < table->n && pfn >= r->gpa >> PAGE_SHIFT ? r : NULL;
}

/**
 * vpart_table_find - where guest pages are in the monitor
 * @table: table
 * @pfns: guest page frame numbers
 * @n: their number, not 0
 * @write: they are to be written
 * @uaddr: out: address of the first page
 *
 * Return: how many of the pages, from the first on, lie one behind the other at
 * @uaddr; 0 if the first is not in the table or may not be written.
 */
unsigned int vpart_table_find(const struct vpart_table *table, const u64 *pfns, unsigned int n,
			      bool write, u64 *uaddr)
{
	const struct vmbus_partition_region *r = vpart_table_region(table, pfns[0]);
	u64 first, end;
	unsigned int i;

	if (!r || (write && r->flags & VMBUS_PARTITION_REGION_READONLY))
		return 0;
	first = r->gpa >> PAGE_SHIFT;
	end = first + (r->size >> PAGE_SHIFT);
	*uaddr = r->uaddr + ((pfns[0] - first) << PAGE_SHIFT);
	for (i = 1; i < n; i++)
		if (pfns[i] != pfns[0] + i || pfns[i] >= end)
			break;
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_table_find);

/**
 * vpart_set_mem_table - replace the memory table
 * @part: partition with a backend
 * @regions: regions, in any order; copied
 * @n: their number, up to VMBUS_PARTITION_MAX_REGIONS
 *
 * What is pinned or mapped already stays so.  Pages that are logged before and
 * afterwards stay as dirty as they are.
 *
 * Context: process, may sleep.
 * Return: 0, or an error of vpart_table_build() or vpart_log_build() and nothing
 * has changed.
 */
int vpart_set_mem_table(struct vmbus_partition *part, const struct vmbus_partition_region *regions,
			unsigned int n)
{
	struct vpart_table *table = NULL, *old;
	struct vpart_log *log = NULL;

	if (n) {
		table = vpart_table_build(regions, n);
		if (IS_ERR(table))
			return PTR_ERR(table);
		log = vpart_log_build(table);
		if (IS_ERR(log)) {
			kfree(table);
			return PTR_ERR(log);
		}
	}
	/* First: what is pinned by the new table must find its log. */
	vpart_log_replace(part, log);
	/* An exchange orders two callers; readers use it within SRCU. */
	old = unrcu_pointer(xchg(&part->table, RCU_INITIALIZER(table)));
	synchronize_srcu(&part->srcu);
	kfree(old);
	return 0;
}
EXPORT_SYMBOL_GPL(vpart_set_mem_table);

/**
 * vpart_check_pfns - are these pages of the guest?
 * @part: partition
 * @pfns: guest page frame numbers
 * @n: their number
 * @write: they must be writable
 *
 * Context: process, may sleep.
 * Return: 0, or -EFAULT if a page is not in the memory table or is read-only.
 */
int vpart_check_pfns(struct vmbus_partition *part, const u64 *pfns, unsigned int n, bool write)
{
	const struct vpart_table *table;
	unsigned int found;
	u64 uaddr;
	int idx;

	idx = srcu_read_lock(&part->srcu);
	table = srcu_dereference(part->table, &part->srcu);
	while (n) {
		found = table ? vpart_table_find(table, pfns, n, write, &uaddr) : 0;
		if (!found)
			break;
		pfns += found;
		n -= found;
	}
	srcu_read_unlock(&part->srcu, idx);
	if (!n)
		return 0;
	vpart_bad_gpa(part, pfns[0]);
	return -EFAULT;
}
EXPORT_SYMBOL_GPL(vpart_check_pfns);
