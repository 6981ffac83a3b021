// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of pages of this kernel that VTL2 shares with whoever plays the host.
 */
#include <linux/module.h>
#include "../drivers/vmbus_partition/vpart.h"
#include "fake_guest.h"

#define VM_PAGES	4

/**
 * struct vm - pages, and the partition that they are shared through
 * @fg: guest
 * @pages: pages, allocated by the test
 * @pfns: what the host knows them by, while shared
 */
struct vm {
	struct fg *fg;
	struct page *pages[VM_PAGES];
	u64 pfns[VM_PAGES];
};

static void vm_free(void *ctx)
{
	struct vm *vm = ctx;
	unsigned int i;

	for (i = 0; i < VM_PAGES; i++) {
		if (!vm->pages[i])
			continue;
		/* Nobody has kept it. */
		KUNIT_EXPECT_EQ(vm->fg->test, page_ref_count(vm->pages[i]), 1);
		__free_page(vm->pages[i]);
	}
	KUNIT_EXPECT_TRUE(vm->fg->test, xa_empty(&vm->fg->part->vtl2_pages));
}

static struct vm *vm_new(struct kunit *test)
{
	struct vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	vm->fg = fg_new(test);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, vm_free, vm), 0);
	for (i = 0; i < VM_PAGES; i++) {
		vm->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, vm->pages[i]);
	}
	return vm;
}

static int vm_share(struct vm *vm)
{
	return vpart_vtl2_share(vm->fg->part, vm->pages, VM_PAGES, vm->pfns);
}

static long vm_map_error(struct vm *vm, const u64 *pfns, unsigned int n, unsigned int flags)
{
	struct vpart_map *map = vpart_map(vm->fg->part, pfns, n, flags);

	if (IS_ERR(map))
		return PTR_ERR(map);
	vpart_unmap(map);
	return 0;
}

/* Both see the same memory, and it stays until the last lets go. */
static void vtl2_memory_map_test(struct kunit *test)
{
	struct vm *vm = vm_new(test);
	s64 pinned = atomic64_read(&vm->fg->part->pinned);
	size_t maps = list_count_nodes(&vm->fg->part->maps);
	struct vpart_map *map;
	unsigned int i;
	u8 *addr;

	KUNIT_ASSERT_EQ(test, vm_share(vm), 0);
	for (i = 0; i < VM_PAGES; i++) {
		KUNIT_EXPECT_TRUE(test, vpart_vtl2_pfn(vm->pfns[i]));
		KUNIT_EXPECT_EQ(test, page_ref_count(vm->pages[i]), 2);
	}
	map = vpart_map(vm->fg->part, vm->pfns, VM_PAGES,
			VPART_MAP_VTL2 | VPART_MAP_WRITE | VPART_MAP_RING);
	KUNIT_ASSERT_FALSE(test, IS_ERR(map));
	KUNIT_EXPECT_EQ(test, page_ref_count(vm->pages[1]), 3);
	/* None of the guest's, and none that its log knows of. */
	KUNIT_EXPECT_EQ(test, atomic64_read(&vm->fg->part->pinned), pinned);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&vm->fg->part->maps), maps);
	addr = vpart_map_addr(map);
	for (i = 0; i < VM_PAGES; i++)
		addr[i * PAGE_SIZE + 7] = 0x40 + i;
	for (i = 0; i < VM_PAGES; i++)
		KUNIT_EXPECT_EQ(test, ((u8 *)page_address(vm->pages[i]))[7], 0x40 + i);
	/* The second time round begins behind the first page. */
	KUNIT_EXPECT_EQ(test, addr[VM_PAGES * PAGE_SIZE + 7], 0x41);

	vpart_vtl2_unshare(vm->fg->part, vm->pfns, VM_PAGES);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, vm->pfns, 1, VPART_MAP_VTL2), -EFAULT);
	addr[7] = 0x50;
	KUNIT_EXPECT_EQ(test, page_ref_count(vm->pages[0]), 2);
	vpart_unmap(map);
}

/* Who serves the guest can never get them, and nobody gets what is not shared. */
static void vtl2_memory_refused_test(struct kunit *test)
{
	struct vm *vm = vm_new(test);
	u64 mixed[2], beyond = VPART_VTL2_PFN;

	KUNIT_EXPECT_EQ(test, vm_map_error(vm, &beyond, 1, VPART_MAP_VTL2), -EFAULT);
	KUNIT_ASSERT_EQ(test, vm_share(vm), 0);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, vm->pfns, VM_PAGES, VPART_MAP_VTL2), 0);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, vm->pfns, VM_PAGES, 0), -EFAULT);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, vm->pfns, 1, VPART_MAP_WRITE), -EFAULT);
	KUNIT_EXPECT_EQ(test, vpart_check_pfns(vm->fg->part, vm->pfns, 1, false), -EFAULT);
	/* One of each kind, either way. */
	mixed[0] = vm->pfns[0];
	mixed[1] = 1;
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, mixed, 2, VPART_MAP_VTL2), -EFAULT);
	mixed[0] = 1;
	mixed[1] = vm->pfns[0];
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, mixed, 2, VPART_MAP_VTL2), -EFAULT);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, mixed, 1, VPART_MAP_VTL2), 0);

	/* Shared once is enough; who fails leaves nothing behind. */
	vpart_vtl2_unshare(vm->fg->part, vm->pfns, VM_PAGES - 1);
	KUNIT_EXPECT_EQ(test, vm_share(vm), -EBUSY);
	KUNIT_EXPECT_EQ(test, page_ref_count(vm->pages[0]), 1);
	KUNIT_EXPECT_EQ(test, vm_map_error(vm, vm->pfns, 1, VPART_MAP_VTL2), -EFAULT);
	vpart_vtl2_unshare(vm->fg->part, vm->pfns, VM_PAGES);
	vpart_vtl2_unshare(vm->fg->part, vm->pfns, VM_PAGES);
}

static struct kunit_case vtl2_memory_cases[] = {
	KUNIT_CASE(vtl2_memory_map_test),
	KUNIT_CASE(vtl2_memory_refused_test),
	{}
};

static struct kunit_suite vtl2_memory_suite = {
	.name = "vmbus_vtl2_memory",
	.test_cases = vtl2_memory_cases,
};

kunit_test_suite(vtl2_memory_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the partition: memory of VTL2 that the host has");
MODULE_LICENSE("GPL");
