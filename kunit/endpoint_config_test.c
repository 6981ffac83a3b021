// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_endpoints: configuration space.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "endpoint_dev_test.h"

static void endpoint_header_test(struct kunit *test)
{
	struct et *et = dt_new(test);

	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0, 4), 0xabcd1414);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 4, 4), 0x00100000);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 8, 4), 0x01080242);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 12, 4), 0x00000000);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x2c, 4), 0x56781234);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x34, 4), 0x40);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x3c, 4), 0x0000);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x100, 4), 0U);
	/* Parts of it */
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0, 2), 0x1414);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 1, 2), 0xcd14);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 2, 2), 0xabcd);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 3, 1), 0xab);
}

struct dt_access {
	u32 off;
	u32 size;
	u32 ones;	/* what it reads as if it is refused; 0 if it is not */
};

static const struct dt_access dt_accesses[] = {
	{ 0, 0, 0 },
	{ 0, 3, 0xffffff },
	{ 0, 8, U32_MAX },
	{ 0, U32_MAX, U32_MAX },
	{ 0, 0x80000000, U32_MAX },
	{ 1, 4, U32_MAX },
	{ 2, 4, U32_MAX },
	{ 3, 2, 0xffff },
	{ 0xffc, 4, 0 },
	{ 0xffe, 2, 0 },
	{ 0xfff, 1, 0 },
	{ 0xffd, 4, U32_MAX },
	{ 0xfff, 2, 0xffff },
	{ 0x1000, 1, 0xff },
	{ 0x1000, 4, U32_MAX },
	{ 0xfffffffc, 4, U32_MAX },
	{ U32_MAX, 1, 0xff },
};

static void endpoint_config_access_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	const struct dt_access *a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dt_accesses); i++) {
		a = &dt_accesses[i];
		endpoint_config_write(et->ep, a->off, a->size, U32_MAX);
		KUNIT_EXPECT_EQ_MSG(test, endpoint_config_read(et->ep, a->off, a->size), a->ones,
				    "row %u", i);
	}
	/* None of them was half of one that is good. */
	KUNIT_EXPECT_EQ(test, et_command(et), 0);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0, 4), 0xabcd1414);
}

static void endpoint_short_config_test(struct kunit *test)
{
	struct endpoint_desc desc = dt_desc;
	struct et *et;

	desc.config_size = 256;
	et = dt_make(test, &desc);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0xfc, 4), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0xff, 1), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x100, 1), 0xff);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x100, 4), U32_MAX);
	endpoint_config_write(et->ep, 0x100, 4, U32_MAX);
}

/* What all ones leave, in every dword; what is not named does not change. */
static void endpoint_config_bits_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	u32 exp = et_find_cap(et, PCI_CAP_ID_EXP), msix = et_find_cap(et, PCI_CAP_ID_MSIX);
	u32 msi = et_find_cap(et, PCI_CAP_ID_MSI), off, was, now, want;

	for (off = 0; off < 4096; off += 4) {
		was = endpoint_config_read(et->ep, off, 4);
		/* Without the bit that resets it */
		endpoint_config_write(et->ep, off, 4,
				      off == exp + PCI_EXP_DEVCTL ? 0xffff7fff : U32_MAX);
		now = endpoint_config_read(et->ep, off, 4);
		want = 0;
		if (off == PCI_COMMAND)
			want = 0x406;
		else if (off == PCI_CACHE_LINE_SIZE || off == PCI_INTERRUPT_LINE)
			want = 0xff;
		else if (off == PCI_BASE_ADDRESS_0)
			want = 0xfffff000;
		else if (off == PCI_BASE_ADDRESS_2)
			want = 0xffffc00c;
		else if (off == PCI_BASE_ADDRESS_3)
			want = U32_MAX;
		else if (off == PCI_BASE_ADDRESS_5)
			want = 0xfffffff0;
		else if (off == exp + PCI_EXP_DEVCTL)
			want = 0x7fff;
		else if (off == msix)
			want = 0xc0000000;
		else if (off == msi)
			want = 0x00710000;
		else if (off == msi + PCI_MSI_ADDRESS_LO)
			want = 0xfffffffc;
		else if (off == msi + PCI_MSI_ADDRESS_HI)
			want = U32_MAX;
		else if (off == msi + PCI_MSI_DATA_64)
			want = 0xffff;
		else if (off == msi + PCI_MSI_MASK_64)
			want = 0xf;
		KUNIT_EXPECT_EQ_MSG(test, now, was | want, "at %#x", off);
		endpoint_config_write(et->ep, off, 4, 0);
		now = endpoint_config_read(et->ep, off, 4);
		if (off == PCI_BASE_ADDRESS_2)
			want &= ~0xcU;
		KUNIT_EXPECT_EQ_MSG(test, now, was & ~want, "at %#x", off);
	}
	KUNIT_EXPECT_EQ(test, dt_of(et)->resets, 0U);
}

static void endpoint_config_bytes_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	u32 i;

	for (i = 0; i < 4; i++)
		endpoint_config_write(et->ep, PCI_BASE_ADDRESS_3 + i, 1, 0x111111a0 + i);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_3, 4), 0xa3a2a1a0);
	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_3 + 1, 2, 0xdddd5566);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_3, 4), 0xa35566a0);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_2, 4), 0xcU);
}

static void endpoint_caps_test(struct kunit *test)
{
	static const u8 data[6] = { 0xee, 0xee, 1, 2, 3, 4 };
	static const u8 writable[6] = { 0xff, 0xff, 0, 0, 0xf0 };
	static const struct endpoint_cap caps[] = {
		{ PCI_CAP_ID_VNDR, 6, data, writable },
		{ PCI_CAP_ID_VPD, 5, data, NULL },
	};
	struct endpoint_desc desc = dt_desc;
	struct et *et;
	u32 at;

	desc.caps = caps;
	desc.ncaps = ARRAY_SIZE(caps);
	et = dt_make(test, &desc);
	KUNIT_EXPECT_EQ(test, et_find_cap(et, PCI_CAP_ID_EXP), 0x40U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x40, 4), 0x00927c10);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x44, 4), 0x10008000);
	at = et_find_cap(et, PCI_CAP_ID_MSIX);
	KUNIT_EXPECT_EQ(test, at, 0x7cU);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 2, 2), DT_VECTORS - 1U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 4, 4), DT_TABLE | 2U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 8, 4), DT_PENDING | 2U);
	at = et_find_cap(et, PCI_CAP_ID_MSI);
	KUNIT_EXPECT_EQ(test, at, 0x88U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 2, 2), 0x0184U);
	at = et_find_cap(et, PCI_CAP_ID_VNDR);
	KUNIT_EXPECT_EQ(test, at, 0xa0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at, 4), 0x0201a809);
	endpoint_config_write(et->ep, at, 4, U32_MAX);
	endpoint_config_write(et->ep, at + 4, 4, U32_MAX);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at, 4), 0x0201a809);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 4, 4), 0x04f3U);
	at = et_find_cap(et, PCI_CAP_ID_VPD);
	KUNIT_EXPECT_EQ(test, at, 0xa8U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at, 4), 0x02010003);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, at + 4, 4), 3U);
}

/* None, and no bit that says there were */
static void endpoint_no_caps_test(struct kunit *test)
{
	static const struct endpoint_desc desc = { .config_size = 256, .ops = &dt_ops };
	struct et *et = dt_make(test, &desc);

	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_STATUS, 2), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_CAPABILITY_LIST, 1), 0U);
	/* What would be a capability's if it were there */
	endpoint_config_write(et->ep, 2, 2, U16_MAX);
	endpoint_config_write(et->ep, 8, 2, U16_MAX);
	KUNIT_EXPECT_EQ(test, dt_of(et)->resets, 0U);
	et_set_command(et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	endpoint_interrupt(et->ep, 0);
	et_expect_no_msg(et);
}

static struct kunit_case endpoint_config_cases[] = {
	KUNIT_CASE(endpoint_header_test),
	KUNIT_CASE(endpoint_config_access_test),
	KUNIT_CASE(endpoint_short_config_test),
	KUNIT_CASE(endpoint_config_bits_test),
	KUNIT_CASE(endpoint_config_bytes_test),
	KUNIT_CASE(endpoint_caps_test),
	KUNIT_CASE(endpoint_no_caps_test),
	{}
};

static struct kunit_suite endpoint_config_suite = {
	.name = "vmbus_endpoints_config",
	.test_cases = endpoint_config_cases,
};

kunit_test_suite(endpoint_config_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of configuration space of PCI functions");
MODULE_LICENSE("GPL");
