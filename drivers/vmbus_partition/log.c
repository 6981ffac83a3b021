// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log: which pages of the guest this kernel has written.
 *
 * A page is written first and logged then; who fetches the log clears it first and
 * reads the page then.  So a page may be logged once too often, and never once too
 * little.
 */
#include <linux/bitops.h>
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vpart.h"

#define VPART_LOG_CHUNK		65536U	/* pages between two chances for others to run */

static int vpart_log_cmp(const void *key, const void *elt)
{
	const struct vpart_log_region *r = elt;
	u64 pfn = *(const u64 *)key;

	if (pfn < r->first)
		return -1;
	return pfn - r->first >= r->n;
}

static const struct vpart_log_region *vpart_log_find(const struct vpart_log *log, u64 pfn)
{
	return bsearch(&pfn, log->regions, log->n, sizeof(log->regions[0]), vpart_log_cmp);
}

static void vpart_log_free(struct vpart_log *log)
{
	unsigned int i;

	for (i = 0; i < log->n; i++)
		kvfree(log->regions[i].bits);
	kfree(log);
}

/* Bounded by VMBUS_PARTITION_MAX_LOG_PAGES. */
static unsigned long *vpart_log_bits(u64 n)
{
	return kvcalloc(BITS_TO_LONGS(n), sizeof(unsigned long),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

static bool vpart_log_add(struct vpart_log_region *r, const struct vmbus_partition_region *region)
{
	r->first = region->gpa >> PAGE_SHIFT;
	r->n = region->size >> PAGE_SHIFT;
	r->bits = vpart_log_bits(r->n);
	return r->bits;
}

/**
 * vpart_log_regions - how many regions of a memory table are to be logged
 * @table: table
 *
 * Return: their number, or -E2BIG if these are too many pages.
 */
int vpart_log_regions(const struct vpart_table *table)
{
	unsigned int i, n = 0;
	u64 pages = 0;

	/* Regions do not overlap: no more than 2^52 pages. */
	for (i = 0; i < table->n; i++) {
		if (!(table->regions[i].flags & VMBUS_PARTITION_REGION_LOG))
			continue;
		pages += table->regions[i].size >> PAGE_SHIFT;
		n++;
	}
	return pages > VMBUS_PARTITION_MAX_LOG_PAGES ? -E2BIG : n;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_log_regions);

/**
 * vpart_log_build - a log for a memory table
 * @table: table
 *
 * Context: process, may sleep.
 * Return: a log in which nothing is dirty; NULL if no region is to be logged; or
 * an ERR_PTR: -E2BIG if these are too many pages, -ENOMEM.
 */
struct vpart_log *vpart_log_build(const struct vpart_table *table)
{
	int n = vpart_log_regions(table);
	struct vpart_log *log;
	unsigned int i;

	if (n <= 0)
		return n ? ERR_PTR(n) : NULL;
	log = kzalloc(struct_size(log, regions, n), GFP_KERNEL);
	if (!log)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < table->n; i++) {
		if (!(table->regions[i].flags & VMBUS_PARTITION_REGION_LOG))
			continue;
		/* Counted first: only what is counted may be touched, or is freed. */
		log->n++;
		if (!vpart_log_add(&log->regions[log->n - 1], &table->regions[i])) {
			vpart_log_free(log);
			return ERR_PTR(-ENOMEM);
		}
	}
	return log;
}

/**
 * vpart_log_set - a page was written
 * @log: log
 * @pfn: page frame number
 *
 * Context: any.
 * Return: false if it is not logged.
 */
bool vpart_log_set(const struct vpart_log *log, u64 pfn)
{
	const struct vpart_log_region *r = vpart_log_find(log, pfn);

	if (r)
		set_bit(pfn - r->first, r->bits);
	return r;
}

/**
 * vpart_log_mark - pages were written
 * @part: partition
 * @pfns: page frame numbers
 * @n: their number
 *
 * Context: any.
 */
void vpart_log_mark(struct vmbus_partition *part, const u64 *pfns, unsigned int n)
{
	const struct vpart_log *log;
	unsigned int i;

	if (!rcu_access_pointer(part->log))
		return;
	/* Pairs with test_and_clear_bit() in vpart_log_take(): the data is there. */
	smp_mb();
	/* Pairs with synchronize_rcu() in vpart_log_replace(). */
	rcu_read_lock();
	log = rcu_dereference(part->log);
	for (i = 0; log && i < n; i++)
		vpart_log_set(log, pfns[i]);
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(vpart_log_mark);

/* What was dirty before still is, if it is logged at all. */
static void vpart_log_merge(const struct vpart_log *log, const struct vpart_log *old)
{
	const struct vpart_log_region *r;
	unsigned long bit;
	u64 pos, end;

	for (r = old->regions; r < old->regions + old->n; r++) {
		for (pos = 0; pos < r->n; pos = end) {
			end = min(r->n, pos + VPART_LOG_CHUNK);
			bit = pos;
			for_each_set_bit_from(bit, r->bits, end)
				vpart_log_set(log, r->first + bit);
			cond_resched();
		}
	}
}

/**
 * vpart_log_replace - switch to another log, on or off
 * @part: partition
 * @log: from vpart_log_build(), the partition's from now on
 *
 * Context: process, may sleep.
 */
void vpart_log_replace(struct vmbus_partition *part, struct vpart_log *log)
{
	struct vpart_log *old;

	mutex_lock(&part->log_lock);
	old = rcu_replace_pointer(part->log, log, lockdep_is_held(&part->log_lock));
	/*
	 * Pairs with rcu_read_lock() in vpart_log_mark().  And what was written before
	 * the log was on can be seen by who switched it on.
	 */
	if (old || log)
		synchronize_rcu();
	if (old && log)
		vpart_log_merge(log, old);
	mutex_unlock(&part->log_lock);
	if (old)
		vpart_log_free(old);
}

/* Move the bits of pages from @pos to below @end, of one region, to @bits. */
static u32 vpart_log_take(const struct vpart_log_region *r, u64 pos, u64 end, u64 first, void *bits)
{
	unsigned long bit = pos - r->first;
	u32 dirty = 0;

	for_each_set_bit_from(bit, r->bits, end - r->first) {
		/* Ordered before the caller's reads of the page. */
		if (!test_and_clear_bit(bit, r->bits))
			continue;
		__set_bit_le(r->first + bit - first, bits);
		dirty++;
	}
	return dirty;
}

static int vpart_log_fetch_locked(struct vmbus_partition *part, u64 first, u32 count, void *bits,
				  u32 *dirty)
{
	const struct vpart_log *log;
	const struct vpart_log_region *r;
	u64 pos, stop, end = first + count;

	log = rcu_dereference_protected(part->log, lockdep_is_held(&part->log_lock));
	if (!log)
		return -ENOENT;
	for (pos = first; pos < end; pos = r->first + r->n) {
		r = vpart_log_find(log, pos);
		if (!r)
			return -ENOENT;
	}
	vpart_maps_written(part, first, count, log);
	for (pos = first; pos < end; pos = stop) {
		r = vpart_log_find(log, pos);
		stop = min3(end, r->first + r->n, pos + VPART_LOG_CHUNK);
		*dirty += vpart_log_take(r, pos, stop, first, bits);
		cond_resched();
	}
	return 0;
}

/**
 * vpart_log_fetch - which pages were written, and clear that
 * @part: partition
 * @first: first page frame number
 * @count: number of pages
 * @bits: bitmap of @count bits, all of them zero; out: bit n % 8 of byte n / 8 is
 *	for page @first + n
 * @dirty: out: number of bits set
 *
 * Pages that are mapped for writing are always among them.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for no, too many or impossible pages; -ENOENT if one of them
 * is not logged.  After an error nothing has changed.
 */
int vpart_log_fetch(struct vmbus_partition *part, u64 first, u32 count, void *bits, u32 *dirty)
{
	u64 end;
	int err;

	*dirty = 0;
	if (!count || count > VMBUS_PARTITION_MAX_FETCH_PAGES ||
	    check_add_overflow(first, count, &end))
		return -EINVAL;
	mutex_lock(&part->log_lock);
	err = vpart_log_fetch_locked(part, first, count, bits, dirty);
	mutex_unlock(&part->log_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_log_fetch);

/**
 * vpart_log_restore - what was fetched did not reach anybody
 * @part: partition
 * @first: as for vpart_log_fetch()
 * @count: the same
 * @bits: what that returned
 *
 * Context: process, may sleep.
 */
void vpart_log_restore(struct vmbus_partition *part, u64 first, u32 count, const void *bits)
{
	unsigned long bit;
	u64 pfn;

	for (bit = find_next_bit_le(bits, count, 0); bit < count;
	     bit = find_next_bit_le(bits, count, bit + 1)) {
		pfn = first + bit;
		vpart_log_mark(part, &pfn, 1);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpart_log_restore);
