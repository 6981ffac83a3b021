// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the functions on VPCI buses of the test host that VTL2 keeps: what VTL2 can have
 * of one.  That its driver works with it, is shown by a scenario: for that some memory has
 * to be left alone since the kernel has booted.
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "vpci_root_test.h"

#define VV_FILE		"/tmp/vpci_root_vtl2_test"
#define VV_NOWHERE	0x3000000000ULL
#define VV_VECTOR	0x41

static void vv_make_file(struct kunit *test)
{
	struct file *file = NULL;
	loff_t pos = SZ_1M - 1;

	scoped_with_init_fs()
		file = filp_open(VV_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(file));
	KUNIT_EXPECT_EQ(test, kernel_write(file, "", 1, &pos), (ssize_t)1);
	filp_close(file, NULL);
}

/* A bus with a controller of VTL2 that is seen */
static struct vr *vv_running(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vv_make_file(test);
	vr_request(vr, "add 7 0 nvme " VV_FILE " serial=0xabc vtl2");
	vr_offer(vr);
	vr_open(vr);
	vr_hello(vr, VPCI_VERSION_FE);
	vr_enter(vr, 1);
	vr_select(vr, 0);
	return vr;
}

static void vpci_root_vtl2_request_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vv_make_file(test);
	/* What cannot be told by looking at memory */
	vr_expect_request(vr, -EOPNOTSUPP, "add 7 0 copy vtl2");
	vr_expect_request(vr, -EINVAL, "add 7 0 nvme " VV_FILE " vtl");
	vr_expect_request(vr, -EINVAL, "add 7 0 nvme " VV_FILE " vtl2=1");
	vr_request(vr, "add 7 0 nvme " VV_FILE " vtl2");
	vr_request(vr, "replace 7 0 0xdef");
	KUNIT_ASSERT_NOT_NULL(test, vr->bus->slots[0]);
	KUNIT_EXPECT_FALSE(test, vr->bus->slots[0]->side->reset);
}

static void vv_put_bar(struct vr *vr, u64 address)
{
	vr_config_write(vr, PCI_COMMAND, 2, 0);
	vr_config_write(vr, PCI_BASE_ADDRESS_0, 4, lower_32_bits(address));
	vr_config_write(vr, PCI_BASE_ADDRESS_1, 4, upper_32_bits(address));
	vr_config_write(vr, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
}

/* An address that VTL2 gives is not written to if it is this kernel's, or nobody's. */
static void vpci_root_vtl2_bar_test(struct kunit *test)
{
	struct vr *vr = vv_running(test);
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(SZ_16K));

	KUNIT_ASSERT_NOT_NULL(test, pages);
	vv_put_bar(vr, page_to_phys(pages));
	vr_expect_count(vr, TVP_BAR_CONFLICTS, 1);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(pages), 0, SZ_16K));
	__free_pages(pages, get_order(SZ_16K));
	vv_put_bar(vr, VV_NOWHERE);
	vr_expect_count(vr, TVP_BAR_CONFLICTS, 2);
	/* Nor is it in the guest's. */
	KUNIT_EXPECT_EQ(test, vr_guest_read(vr, VV_NOWHERE, 4), VR_ONES);
	vr_request(vr, "remove 7 0");
	vr_expect_relations(vr, 0);
}

static void vpci_root_vtl2_dma_test(struct kunit *test)
{
	struct vr *vr = vv_running(test);
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	struct tvp_fn *fn = vr->bus->slots[0];
	char text[8] = "12345678";
	u8 *bytes;
	u64 at;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	bytes = page_address(pages);
	/* Over the end of a page */
	at = page_to_phys(pages) + PAGE_SIZE - 3;
	KUNIT_EXPECT_EQ(test, fn->side->dma(fn, at, text, sizeof(text), true), 0);
	KUNIT_EXPECT_EQ(test, memcmp(bytes + PAGE_SIZE - 3, text, sizeof(text)), 0);
	KUNIT_EXPECT_EQ(test, bytes[PAGE_SIZE - 4] | bytes[PAGE_SIZE + 5], 0);
	memset(text, 0, sizeof(text));
	KUNIT_EXPECT_EQ(test, fn->side->dma(fn, at, text, sizeof(text), false), 0);
	KUNIT_EXPECT_EQ(test, memcmp(text, "12345678", sizeof(text)), 0);
	__free_pages(pages, 1);
	KUNIT_EXPECT_EQ(test, fn->side->dma(fn, VV_NOWHERE, text, 1, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, fn->side->dma(fn, U64_MAX - 7, text, 8, false), -EFAULT);
	KUNIT_EXPECT_EQ(test, fn->side->dma(fn, VV_NOWHERE, text, 0, true), 0);
}

/* Only what can be an interrupt of VTL2, and never one that nobody has asked for */
static void vpci_root_vtl2_msi_test(struct kunit *test)
{
	static const struct {
		u32 vector;
		u16 count, nprocs, proc;
	} bad[] = {
		{ VV_VECTOR, 1, 0, 0 }, { VV_VECTOR, 1, 2, 0 }, { VV_VECTOR, 2, 1, 0 },
		{ VV_VECTOR, 0, 1, 0 }, { VV_VECTOR, 1, 1, 0xffff }, { 0, 1, 1, 0 },
		{ 0x20, 1, 1, 0 }, { 0xff, 1, 1, 0 }, { 0x141, 1, 1, 0 }, { U32_MAX, 1, 1, 0 },
	};
	struct vpci_msi_request request = { };
	struct vr *vr = vv_running(test);
	struct tvp_fn *fn = vr->bus->slots[0];
	struct vpci_msi msi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		request.vector = bad[i].vector;
		request.count = bad[i].count;
		request.nprocs = bad[i].nprocs;
		request.procs[0] = bad[i].proc;
		KUNIT_EXPECT_LT_MSG(test, fn->side->msi_create(fn, &request, &msi), 0, "%u", i);
	}
	request.vector = VV_VECTOR;
	request.count = 1;
	request.nprocs = 1;
	request.procs[0] = 0;
	KUNIT_EXPECT_EQ(test, fn->side->msi_create(fn, &request, &msi), 0);
	KUNIT_EXPECT_EQ(test, msi.data, VV_VECTOR);
	KUNIT_EXPECT_EQ(test, fn->side->msi_create(fn, &request, &msi), -EEXIST);
	KUNIT_EXPECT_EQ(test, fn->side->msi_raise(fn, msi.address, VV_VECTOR + 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, fn->side->msi_raise(fn, msi.address + 0x1000, VV_VECTOR), -ENOENT);
	KUNIT_EXPECT_EQ(test, fn->side->msi_raise(fn, 0, VV_VECTOR), -ENOENT);
	fn->side->msi_delete(fn, &msi);
	vr_expect_count(vr, TVP_INTERRUPTS_LOST, 0);
	/* The vector may be somebody else's now. */
	KUNIT_EXPECT_EQ(test, fn->side->msi_raise(fn, msi.address, VV_VECTOR), -ENOENT);
	fn->side->msi_delete(fn, &msi);
	vr_expect_count(vr, TVP_INTERRUPTS_LOST, 1);
}

static struct kunit_case vpci_root_vtl2_cases[] = {
	KUNIT_CASE(vpci_root_vtl2_request_test),
	KUNIT_CASE(vpci_root_vtl2_bar_test),
	KUNIT_CASE(vpci_root_vtl2_dma_test),
	KUNIT_CASE(vpci_root_vtl2_msi_test),
	{}
};

static struct kunit_suite vpci_root_vtl2_suite = {
	.name = "vpci_root_vtl2",
	.test_cases = vpci_root_vtl2_cases,
};

kunit_test_suite(vpci_root_vtl2_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VPCI buses of the test host: functions that VTL2 keeps");
MODULE_LICENSE("GPL");
