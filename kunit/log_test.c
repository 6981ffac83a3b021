// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the dirty log, by the calls of a monitor.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/protocol.h>
#include "part_file.h"

#define LT_LOG		VMBUS_PARTITION_F_DIRTY_LOG
#define LT_REGION_LOG	VMBUS_PARTITION_REGION_LOG

static struct pf *lt_new(struct kunit *test)
{
	return pf_guest(test, LT_LOG, LT_REGION_LOG);
}

/* Fetch the log of @count pages from page @first of the guest on. */
static long lt_fetch(struct pf *pf, unsigned int first, u32 count, u8 *bits)
{
	struct vmbus_partition_dirty_log d = {
		.first = PF_PFN + first, .count = count, .bitmap = pf->arg + PAGE_SIZE,
	};
	long err = pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d);

	if (err)
		return err;
	if (copy_from_user(bits, (void __user *)(pf->arg + PAGE_SIZE), (count + 7) / 8))
		return -EFAULT;
	return d.dirty;
}

/* Exactly these pages are dirty, and then none. */
static void lt_expect(struct pf *pf, const u64 *pages, unsigned int n)
{
	u8 bits[PF_PAGES / 8] = { };
	unsigned int i;

	KUNIT_EXPECT_EQ(pf->test, lt_fetch(pf, 0, PF_PAGES, bits), n);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_TRUE_MSG(pf->test, bits[pages[i] / 8] & BIT(pages[i] % 8),
				      "page %llu", pages[i]);
}

static void lt_expect_clean(struct pf *pf)
{
	lt_expect(pf, NULL, 0);
}

/* One I/O to these pages, counted from the guest's first. */
static void lt_io(struct pf *pf, const u64 *pages, unsigned int n, bool write)
{
	struct page *pinned[8];
	u64 pfns[8];
	unsigned int i;

	for (i = 0; i < n; i++)
		pfns[i] = PF_PFN + pages[i];
	KUNIT_ASSERT_EQ(pf->test, vpart_pin_pages(pf->part, pfns, n, write, pinned), 0);
	vpart_unpin_pages(pf->part, pfns, n, write, pinned);
}

/* ---- limits ---------------------------------------------------------------------- */

#define MAX_BYTES	(VMBUS_PARTITION_MAX_LOG_PAGES << PAGE_SHIFT)

static void log_regions_test(struct kunit *test)
{
	static const struct {
		struct vmbus_partition_region regions[2];
		unsigned int n;
		int found;
	} cases[] = {
		{ { { .size = PAGE_SIZE } }, 1, 0 },
		{ { { .size = PAGE_SIZE, .flags = 2 } }, 1, 1 },
		{ { { .size = PAGE_SIZE, .flags = 3 } }, 1, 1 },
		{ { { .size = MAX_BYTES, .flags = 2 } }, 1, 1 },
		{ { { .size = MAX_BYTES + PAGE_SIZE, .flags = 2 } }, 1, -E2BIG },
		{ { { .size = MAX_BYTES, .flags = 2 },
		    { .gpa = MAX_BYTES, .size = PAGE_SIZE, .flags = 2 } }, 2, -E2BIG },
		{ { { .size = MAX_BYTES, .flags = 2 },
		    { .gpa = MAX_BYTES, .size = MAX_BYTES } }, 2, 1 },
		{ { { .size = 1ULL << 63, .flags = 2 },
		    { .gpa = 1ULL << 63, .size = 1ULL << 62, .flags = 2 } }, 2, -E2BIG },
	};
	struct vpart_table *table;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		table = vpart_table_build(cases[i].regions, cases[i].n);
		KUNIT_ASSERT_FALSE(test, IS_ERR(table));
		KUNIT_EXPECT_EQ_MSG(test, vpart_log_regions(table), cases[i].found, "case %u", i);
		kfree(table);
	}
}

static void log_feature_test(struct kunit *test)
{
	struct vmbus_partition_dirty_log d = { .first = PF_PFN, .count = 1 };
	struct pf *pf = pf_open(test);
	u64 features = 0;

	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_FEATURES, &features), 0);
	KUNIT_EXPECT_TRUE(test, features & LT_LOG);
	features = LT_LOG | VMBUS_PARTITION_F_MMAP;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), -EOPNOTSUPP);
	features = LT_LOG;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	/* The last call counts. */
	features = 0;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	features = LT_LOG;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), -EBUSY);

	/* Off: as if there were no such thing. */
	KUNIT_EXPECT_EQ(test, pf_set_ram(pf, LT_REGION_LOG), -EINVAL);
	KUNIT_EXPECT_EQ(test, pf_set_ram(pf, 0), 0);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d), -EOPNOTSUPP);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(pf->part->log));
}

static void log_arguments_test(struct kunit *test)
{
	static const struct {
		u64 first;
		u32 count;
		u32 flags;
		u32 reserved;
		long err;
	} cases[] = {
		{ PF_PFN, 1, 0, 0, 0 },
		{ PF_PFN, PF_PAGES, 0, 0, 0 },
		{ PF_PFN + PF_PAGES - 1, 1, 0, 0, 0 },
		{ PF_PFN, 0, 0, 0, -EINVAL },
		{ PF_PFN, 1, 1, 0, -EINVAL },
		{ PF_PFN, 1, 1U << 31, 0, -EINVAL },
		{ PF_PFN, 1, 0, 1, -EINVAL },
		{ PF_PFN, PF_PAGES + 1, 0, 0, -ENOENT },
		{ PF_PFN - 1, 2, 0, 0, -ENOENT },
		{ PF_PFN + PF_PAGES, 1, 0, 0, -ENOENT },
		{ 0, 1, 0, 0, -ENOENT },
		{ PF_PFN, VMBUS_PARTITION_MAX_FETCH_PAGES, 0, 0, -ENOENT },
		{ PF_PFN, VMBUS_PARTITION_MAX_FETCH_PAGES + 1, 0, 0, -EINVAL },
		{ PF_PFN, U32_MAX, 0, 0, -EINVAL },
		{ U64_MAX, 1, 0, 0, -EINVAL },
		{ U64_MAX - 1, 2, 0, 0, -EINVAL },
		{ U64_MAX - 1, 1, 0, 0, -ENOENT },
		{ U64_MAX >> PAGE_SHIFT, 2, 0, 0, -ENOENT },
		{ 1ULL << 52 | PF_PFN, 1, 0, 0, -ENOENT },
	};
	static const u64 page = 3;
	struct vmbus_partition_dirty_log d;
	struct pf *pf = lt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		d = (struct vmbus_partition_dirty_log) {
			.first = cases[i].first, .count = cases[i].count, .flags = cases[i].flags,
			.bitmap = pf->arg + PAGE_SIZE, .reserved = cases[i].reserved,
		};
		KUNIT_EXPECT_EQ_MSG(test, pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d),
				    cases[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, d.dirty, 0, "case %u", i);
	}

	/* A bitmap that cannot be written: the page stays dirty. */
	lt_io(pf, &page, 1, true);
	d = (struct vmbus_partition_dirty_log) {
		.first = PF_PFN, .count = PF_PAGES, .bitmap = 8,
	};
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d), -EFAULT);
	d.count++;
	d.bitmap = pf->arg + PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_DIRTY_LOG, &d), -ENOENT);
	lt_expect(pf, &page, 1);
	lt_expect_clean(pf);
	KUNIT_EXPECT_EQ(test, vpart_file_ops.unlocked_ioctl(pf->file, VMBUS_PARTITION_GET_DIRTY_LOG,
							    8), -EFAULT);
}

/* ---- what is logged ---------------------------------------------------------------- */

static void log_io_test(struct kunit *test)
{
	/* At the borders of bytes and words, and out of order. */
	static const u64 pages[] = { 255, 0, 7, 8, 63, 64, 128 };
	struct pf *pf = lt_new(test);
	u64 pfn = PF_PFN + 9, outside = PF_PFN + PF_PAGES;
	static const u64 nine = 9;
	struct page *page;
	u8 bits[2];

	lt_expect_clean(pf);
	lt_io(pf, pages, ARRAY_SIZE(pages), false);
	lt_expect_clean(pf);
	lt_io(pf, pages, ARRAY_SIZE(pages), true);
	lt_io(pf, pages, 2, true);
	lt_expect(pf, pages, ARRAY_SIZE(pages));
	lt_expect_clean(pf);

	/* Only when the data is there. */
	KUNIT_ASSERT_EQ(test, vpart_pin_pages(pf->part, &pfn, 1, true, &page), 0);
	lt_expect_clean(pf);
	vpart_unpin_pages(pf->part, &pfn, 1, true, &page);
	lt_expect(pf, &nine, 1);

	/* A part of the pages: the others keep. */
	lt_io(pf, pages, ARRAY_SIZE(pages), true);
	memset(bits, 0, sizeof(bits));
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 7, 2, bits), 2);
	KUNIT_EXPECT_EQ(test, bits[0], 3);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 63, 1, bits), 1);
	KUNIT_EXPECT_EQ(test, bits[0], 1);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 60, 9, bits), 1);
	KUNIT_EXPECT_EQ(test, bits[0], 0x10);
	KUNIT_EXPECT_EQ(test, bits[1], 0);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 247, 9, bits), 1);
	KUNIT_EXPECT_EQ(test, bits[0], 0);
	KUNIT_EXPECT_EQ(test, bits[1], 1);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 0, PF_PAGES / 16, bits), 1);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 0, 8, bits), 0);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 128, 8, bits), 1);
	lt_expect_clean(pf);

	/* Pages that are not logged are no harm. */
	vpart_log_mark(pf->part, &outside, 1);
	outside = 0;
	vpart_log_mark(pf->part, &outside, 1);
	outside = U64_MAX;
	vpart_log_mark(pf->part, &outside, 1);
	lt_expect_clean(pf);
}

static void log_map_test(struct kunit *test)
{
	static const u64 pages[] = { 5, 70, 69 };
	u64 pfns[] = { PF_PFN + 5, PF_PFN + 70, PF_PFN + 69 };
	struct vpart_map *map, *again;
	struct pf *pf = lt_new(test);
	u8 bits[8];

	map = vpart_map(pf->part, pfns, 3, VPART_MAP_WRITE | VPART_MAP_RING);
	KUNIT_ASSERT_FALSE(test, IS_ERR(map));
	lt_expect(pf, pages, 3);
	lt_expect(pf, pages, 3);
	again = vpart_map(pf->part, pfns, 1, VPART_MAP_WRITE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(again));
	lt_expect(pf, pages, 3);
	/* Only what was asked for. */
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 6, 64, bits), 1);
	KUNIT_EXPECT_EQ(test, bits[7], 0x80);
	/* Once more when it goes. */
	vpart_unmap(map);
	lt_expect(pf, pages, 3);
	lt_expect(pf, pages, 1);
	vpart_unmap(again);
	lt_expect(pf, pages, 1);
	lt_expect_clean(pf);

	map = vpart_map(pf->part, pfns, 3, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(map));
	lt_expect_clean(pf);
	vpart_unmap(map);
	lt_expect_clean(pf);
	KUNIT_EXPECT_TRUE(test, list_empty(&pf->part->maps));
}

static void log_synic_test(struct kunit *test)
{
	static const u64 pages[] = { 1, 2 };
	struct pf *pf = lt_new(test);

	KUNIT_ASSERT_EQ(test, vpart_set_vp(pf->part, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_synic(pf->part, 0, 1, (PF_GPA + PAGE_SIZE) | 1,
					      (PF_GPA + 2 * PAGE_SIZE) | 1), 0);
	lt_expect(pf, pages, 2);
	KUNIT_EXPECT_EQ(test, vpart_send_message(pf->part, 0, 0, 3, "x", 1), 0);
	lt_expect(pf, pages, 2);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	lt_expect(pf, pages, 2);
	lt_expect_clean(pf);
	KUNIT_EXPECT_EQ(test, vpart_clear_vp(pf->part, 0), 0);
}

/* ---- on and off ---------------------------------------------------------------------- */

static void log_table_test(struct kunit *test)
{
	static const u64 pages[] = { 1, 130, 200 };
	struct pf *pf = pf_guest(test, LT_LOG, 0);
	struct vmbus_partition_region halves[] = {
		{ .gpa = PF_GPA + 128 * PAGE_SIZE, .size = 128 * PAGE_SIZE,
		  .uaddr = pf->ram + 128 * PAGE_SIZE, .flags = LT_REGION_LOG },
		{ .gpa = PF_GPA, .size = 128 * PAGE_SIZE, .uaddr = pf->ram,
		  .flags = LT_REGION_LOG },
	};
	u64 pfn = PF_PFN + 1;
	struct page *page;
	u8 bits[32];

	lt_io(pf, pages, 3, true);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 0, 1, bits), -ENOENT);
	/* Begins with nothing; but what is under way counts. */
	KUNIT_ASSERT_EQ(test, vpart_pin_pages(pf->part, &pfn, 1, true, &page), 0);
	KUNIT_ASSERT_EQ(test, pf_set_ram(pf, LT_REGION_LOG), 0);
	lt_expect_clean(pf);
	vpart_unpin_pages(pf->part, &pfn, 1, true, &page);
	lt_expect(pf, pages, 1);

	/* Another table of the same pages. */
	lt_io(pf, pages, 3, true);
	KUNIT_ASSERT_EQ(test, pf_set_memory(pf, halves, 2), 0);
	lt_expect(pf, pages, 3);
	/* One that cannot be changes nothing. */
	lt_io(pf, pages, 3, true);
	halves[1].size += PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, pf_set_memory(pf, halves, 2), -EINVAL);
	halves[1].size = 1ULL << 62;
	halves[1].gpa = 1ULL << 62;
	KUNIT_EXPECT_EQ(test, pf_set_memory(pf, halves, 2), -E2BIG);
	lt_expect(pf, pages, 3);

	/* The first half is not logged any more. */
	lt_io(pf, pages, 3, true);
	halves[1] = (struct vmbus_partition_region) {
		.gpa = PF_GPA, .size = 128 * PAGE_SIZE, .uaddr = pf->ram,
	};
	KUNIT_ASSERT_EQ(test, pf_set_memory(pf, halves, 2), 0);
	lt_io(pf, pages, 1, true);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 0, PF_PAGES, bits), -ENOENT);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 127, 2, bits), -ENOENT);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 128, 128, bits), 2);
	/* And begins anew. */
	KUNIT_ASSERT_EQ(test, pf_set_ram(pf, LT_REGION_LOG), 0);
	lt_expect_clean(pf);

	/* Off with the table. */
	KUNIT_ASSERT_EQ(test, pf_set_memory(pf, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, lt_fetch(pf, 0, 1, bits), -ENOENT);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(pf->part->log));
}

/* More pages than are looked at in one go, of which the first and the last are written. */
static void log_large_test(struct kunit *test)
{
	static const u64 pfns[] = { 0, 65535, 65536, 65537, 131071, 131072, 200000, 262143 };
	struct pf *pf = pf_guest(test, LT_LOG, 0);
	struct vmbus_partition_region region = {
		.size = 262144 * PAGE_SIZE, .uaddr = pf->ram, .flags = LT_REGION_LOG,
	};
	unsigned int i;
	u32 dirty;
	u8 *bits;

	bits = kvzalloc(262144 / 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bits);
	KUNIT_EXPECT_EQ(test, pf_set_memory(pf, &region, 1), 0);
	vpart_log_mark(pf->part, pfns, ARRAY_SIZE(pfns));
	/* Another table of the same, too. */
	KUNIT_EXPECT_EQ(test, pf_set_memory(pf, &region, 1), 0);
	KUNIT_EXPECT_EQ(test, vpart_log_fetch(pf->part, 0, 262144, bits, &dirty), 0);
	KUNIT_EXPECT_EQ(test, dirty, ARRAY_SIZE(pfns));
	for (i = 0; i < ARRAY_SIZE(pfns); i++)
		KUNIT_EXPECT_TRUE(test, bits[pfns[i] / 8] & BIT(pfns[i] % 8));
	/* What did not reach anybody is dirty again. */
	vpart_log_restore(pf->part, 0, 262144, bits);
	memset(bits, 0, 262144 / 8);
	KUNIT_EXPECT_EQ(test, vpart_log_fetch(pf->part, 1, 262142, bits, &dirty), 0);
	KUNIT_EXPECT_EQ(test, dirty, ARRAY_SIZE(pfns) - 2);
	memset(bits, 0, 262144 / 8);
	KUNIT_EXPECT_EQ(test, vpart_log_fetch(pf->part, 0, 262144, bits, &dirty), 0);
	KUNIT_EXPECT_EQ(test, dirty, 2U);
	kvfree(bits);
}

/* ---- both at once ------------------------------------------------------------------------ */

#define LT_ROUNDS	20

static int lt_writer(void *ctx)
{
	struct pf *pf = ctx;
	unsigned int round, i;
	u64 pfn;

	for (round = 0; round < LT_ROUNDS; round++) {
		for (i = 0; i < PF_PAGES; i++) {
			pfn = PF_PFN + i;
			vpart_log_mark(pf->part, &pfn, 1);
			cond_resched();
		}
	}
	return 0;
}

/* Each page is found at least once, and none too often, whatever is set meanwhile. */
static void log_concurrent_test(struct kunit *test)
{
	struct pf *pf = lt_new(test);
	u8 *bits = kunit_kzalloc(test, PF_PAGES / 8, GFP_KERNEL);
	unsigned int *found = kunit_kcalloc(test, PF_PAGES, sizeof(*found), GFP_KERNEL);
	unsigned int i, rounds = 0;
	struct task_struct *task;
	bool last = false;

	KUNIT_ASSERT_NOT_NULL(test, bits);
	KUNIT_ASSERT_NOT_NULL(test, found);
	task = kthread_run(lt_writer, pf, "log_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	while (!last) {
		/* One look more after the last was set. */
		last = READ_ONCE(task->exit_state) || ++rounds > 10000;
		if (lt_fetch(pf, 0, PF_PAGES, bits) < 0)
			break;
		for (i = 0; i < PF_PAGES; i++)
			found[i] += !!(bits[i / 8] & BIT(i % 8));
		/* The table changes, too. */
		if (rounds % 16 == 8 && pf_set_ram(pf, LT_REGION_LOG))
			break;
		cond_resched();
	}
	kthread_stop(task);
	put_task_struct(task);
	lt_fetch(pf, 0, PF_PAGES, bits);
	KUNIT_EXPECT_TRUE(test, last);
	for (i = 0; i < PF_PAGES; i++) {
		found[i] += !!(bits[i / 8] & BIT(i % 8));
		KUNIT_EXPECT_GE(test, found[i], 1);
		KUNIT_EXPECT_LE(test, found[i], LT_ROUNDS);
	}
	lt_expect_clean(pf);
}

static struct kunit_case log_cases[] = {
	KUNIT_CASE(log_regions_test),
	KUNIT_CASE(log_feature_test),
	KUNIT_CASE(log_arguments_test),
	KUNIT_CASE(log_io_test),
	KUNIT_CASE(log_map_test),
	KUNIT_CASE(log_synic_test),
	KUNIT_CASE(log_table_test),
	KUNIT_CASE(log_large_test),
	KUNIT_CASE(log_concurrent_test),
	{}
};

static struct kunit_suite log_suite = {
	.name = "vmbus_dirty_log",
	.test_cases = log_cases,
};

kunit_test_suite(log_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: the dirty log");
MODULE_LICENSE("GPL");
