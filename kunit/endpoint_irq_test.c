// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_endpoints: interrupts by MSI-X and MSI.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <vmbus/compat.h>

#include "endpoint_test.h"

#define IT_TABLE	0x100
#define IT_PENDING	0x800
#define IT_VECTORS	8
#define IT_MSI		4

#define IT_MASTER	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static u64 it_read(struct endpoint *ep, unsigned int bar, u64 off, u32 size)
{
	return 0x5a5a5a5a5a5a5a5aULL;
}

static void it_write(struct endpoint *ep, unsigned int bar, u64 off, u32 size, u64 val)
{
}

static void it_none(struct endpoint *ep)
{
}

static const struct endpoint_ops it_ops = {
	.bar_read = it_read,
	.bar_write = it_write,
	.reset = it_none,
	.destroy = it_none,
};

static const struct endpoint_desc it_desc = {
	.config_size = 256,
	.bars[1] = { .size = SZ_4K },
	.msix_vectors = IT_VECTORS,
	.msix_bar = 1,
	.msix_table = IT_TABLE,
	.msix_pending = IT_PENDING,
	.msi_vectors = IT_MSI,
	.ops = &it_ops,
};

static struct et *it_new(struct kunit *test)
{
	struct et *et = et_new(test);

	et_put(et, endpoint_create(&it_desc, &et_env, et, NULL));
	return et;
}

static void it_mask(struct et *et, unsigned int vector, bool mask)
{
	endpoint_bar_write(et->ep, 1, IT_TABLE + 16 * vector + 12, 4, mask);
}

static void it_msix(struct et *et, u16 flags)
{
	endpoint_config_write(et->ep, et_find_cap(et, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS, 2, flags);
}

static u64 it_pending(struct et *et)
{
	return endpoint_bar_read(et->ep, 1, IT_PENDING, 8);
}

static void it_expect(struct et *et, unsigned int vector)
{
	et_expect_msg(et, et_vector_address(vector), et_vector_data(vector));
}

/* ---- MSI-X ----------------------------------------------------------------------------- */

static void msix_each_test(struct kunit *test)
{
	struct et *et = it_new(test);
	unsigned int i;

	et_msix_on(et);
	et_expect_no_msg(et);
	for (i = 0; i < IT_VECTORS; i++) {
		endpoint_interrupt(et->ep, i);
		it_expect(et, i);
	}
	endpoint_interrupt(et->ep, 0);
	it_expect(et, 0);
	/* There are no more. */
	endpoint_interrupt(et->ep, IT_VECTORS);
	endpoint_interrupt(et->ep, ENDPOINT_VECTORS_MAX - 1);
	endpoint_interrupt(et->ep, ENDPOINT_VECTORS_MAX);
	endpoint_interrupt(et->ep, UINT_MAX);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
}

static void msix_mask_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_msix_on(et);
	it_mask(et, 3, true);
	endpoint_interrupt(et->ep, 3);
	endpoint_interrupt(et->ep, 3);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), BIT_ULL(3));
	/* The others are not concerned. */
	endpoint_interrupt(et->ep, 2);
	it_expect(et, 2);
	it_mask(et, 2, true);
	it_mask(et, 2, false);
	et_expect_no_msg(et);
	/* However often it came, once */
	it_mask(et, 3, false);
	it_expect(et, 3);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
	it_mask(et, 3, false);
	et_expect_no_msg(et);
	/* Where it goes is what the table says in the end. */
	it_mask(et, 3, true);
	endpoint_interrupt(et->ep, 3);
	endpoint_bar_write(et->ep, 1, IT_TABLE + 48, 8, 0xfee01000ULL);
	endpoint_bar_write(et->ep, 1, IT_TABLE + 56, 4, 0x99);
	et_expect_no_msg(et);
	it_mask(et, 3, false);
	et_expect_msg(et, 0xfee01000ULL, 0x99);
}

static void msix_function_mask_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_msix_on(et);
	it_mask(et, 7, true);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	endpoint_interrupt(et->ep, 1);
	endpoint_interrupt(et->ep, 6);
	endpoint_interrupt(et->ep, 7);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0xc2ULL);
	/* Of a vector that goes before the function does, nothing */
	it_mask(et, 1, true);
	it_mask(et, 1, false);
	et_expect_no_msg(et);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	KUNIT_EXPECT_EQ(test, et_nmsgs(et), 2U);
	KUNIT_EXPECT_EQ(test, et->msgs[0].data, et_vector_data(1));
	KUNIT_EXPECT_EQ(test, et->msgs[1].data, et_vector_data(6));
	KUNIT_EXPECT_EQ(test, it_pending(et), 0x80ULL);
	et->nmsgs = 0;
	it_mask(et, 7, false);
	it_expect(et, 7);
}

/* What comes while it is off is lost; what is pending when it goes off, too. */
static void msix_enable_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_msix_on(et);
	it_msix(et, 0);
	endpoint_interrupt(et->ep, 1);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	et_expect_no_msg(et);
	it_mask(et, 1, true);
	endpoint_interrupt(et->ep, 1);
	KUNIT_EXPECT_EQ(test, it_pending(et), 2ULL);
	it_msix(et, 0);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	it_mask(et, 1, false);
	et_expect_no_msg(et);
	/* The table has outlived that. */
	endpoint_interrupt(et->ep, 1);
	it_expect(et, 1);
}

/* A message is data that the function moves. */
static void msix_bus_master_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_msix_on(et);
	et_set_command(et, PCI_COMMAND_MEMORY);
	endpoint_interrupt(et->ep, 5);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), BIT_ULL(5));
	et_set_command(et, IT_MASTER);
	it_expect(et, 5);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
}

/* With memory off the table cannot be reached, but works. */
static void msix_memory_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_msix_on(et);
	et_set_command(et, PCI_COMMAND_MASTER);
	it_mask(et, 4, true);
	endpoint_interrupt(et->ep, 4);
	it_expect(et, 4);
}

struct it_access {
	u64 off;
	u32 size;
	u64 write;
	u64 read;	/* of the same bytes */
};

static const struct it_access it_accesses[] = {
	{ IT_TABLE, 8, 0x8877665544332211ULL, 0x8877665544332210ULL },
	{ IT_TABLE, 4, 0xffffffff, 0xfffffffc },
	{ IT_TABLE + 4, 4, 0x12345678, 0x12345678 },
	{ IT_TABLE + 4, 2, 0xffff, 0x5678 },
	{ IT_TABLE + 6, 2, 0xffff, 0x1234 },
	{ IT_TABLE + 5, 1, 0xff, 0x56 },
	{ IT_TABLE, 8, 0, 0 },
	{ IT_TABLE + 8, 4, 0xfedcba98, 0xfedcba98 },
	{ IT_TABLE + 12, 4, 0, 0 },
	{ IT_TABLE + 12, 4, 0xfffffffe, 0 },
	{ IT_TABLE + 12, 4, 0xffffffff, 1 },
	{ IT_TABLE + 12, 1, 0, 1 },
	{ IT_TABLE + 8, 8, 0xfffffffe00000001ULL, 1 },
	{ IT_TABLE + 8, 8, U64_MAX, 0x1ffffffffULL },
	{ IT_TABLE + 16 * 7 + 8, 8, 0x12345, 0x12345 },
	{ IT_PENDING, 8, U64_MAX, 0 },
	{ IT_PENDING, 4, U64_MAX, 0 },
	{ IT_PENDING + 7, 1, U64_MAX, 0 },
	/* What is beside them is the device's. */
	{ IT_TABLE - 8, 8, 0, 0x5a5a5a5a5a5a5a5aULL },
	{ IT_TABLE + 16 * 8, 8, 0, 0x5a5a5a5a5a5a5a5aULL },
	{ IT_PENDING - 4, 4, 0, 0x5a5a5a5a },
	{ IT_PENDING + 8, 8, 0, 0x5a5a5a5a5a5a5a5aULL },
	/* Nor does one byte more reach them. */
	{ IT_TABLE - 4, 8, 0, U64_MAX },
	{ IT_TABLE + 2, 4, 0, U32_MAX },
};

static void msix_access_test(struct kunit *test)
{
	struct et *et = it_new(test);
	const struct it_access *a;
	unsigned int i;

	et_set_command(et, IT_MASTER);
	for (i = IT_TABLE; i < IT_TABLE + 16 * IT_VECTORS; i += 16)
		KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 1, i + 12, 4), 1ULL);
	for (i = 0; i < ARRAY_SIZE(it_accesses); i++) {
		a = &it_accesses[i];
		endpoint_bar_write(et->ep, 1, a->off, a->size, a->write);
		KUNIT_EXPECT_EQ_MSG(test, endpoint_bar_read(et->ep, 1, a->off, a->size), a->read,
				    "row %u", i);
	}
	/* An entry does not run into another. */
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 1, IT_TABLE + 16, 8), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 1, IT_TABLE + 24, 8), BIT_ULL(32));
	/* The same place of another BAR is none of its. */
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, IT_TABLE, 8), U64_MAX);
	et_expect_no_msg(et);
}

/* ---- MSI ------------------------------------------------------------------------------- */

static void it_msi_on(struct et *et, unsigned int granted_log2, u16 data)
{
	u32 cap = et_find_cap(et, PCI_CAP_ID_MSI);

	et_set_command(et, IT_MASTER);
	endpoint_config_write(et->ep, cap + PCI_MSI_ADDRESS_LO, 4, 0xfee01003);
	endpoint_config_write(et->ep, cap + PCI_MSI_ADDRESS_HI, 4, 0x12);
	endpoint_config_write(et->ep, cap + PCI_MSI_DATA_64, 2, data);
	endpoint_config_write(et->ep, cap + PCI_MSI_FLAGS, 2,
			      PCI_MSI_FLAGS_ENABLE | granted_log2 << 4);
}

static void it_msi_mask(struct et *et, u32 mask)
{
	endpoint_config_write(et->ep, et_find_cap(et, PCI_CAP_ID_MSI) + PCI_MSI_MASK_64, 4, mask);
}

static u32 it_msi_pending(struct et *et)
{
	return endpoint_config_read(et->ep, et_find_cap(et, PCI_CAP_ID_MSI) + PCI_MSI_PENDING_64,
				    4);
}

struct it_msi {
	unsigned int granted_log2;
	u16 data;
	unsigned int vector;
	u32 sent;
};

static const struct it_msi it_msis[] = {
	{ 0, 0x1234, 0, 0x1234 },
	{ 0, 0x1237, 0, 0x1237 },
	{ 0, 0x1234, 1, 0x1234 },
	{ 0, 0x1234, UINT_MAX, 0x1234 },
	{ 1, 0x1234, 1, 0x1235 },
	{ 1, 0x1237, 0, 0x1236 },
	{ 1, 0x1234, 2, 0x1234 },
	{ 2, 0x1234, 3, 0x1237 },
	{ 2, 0x1237, 0, 0x1234 },
	{ 2, 0xffff, 7, 0xffff },
	/* More than it has asked for */
	{ 3, 0x1230, 7, 0x1233 },
	{ 5, 0x1200, 31, 0x1203 },
	{ 7, 0x1200, 127, 0x1203 },
};

static void msi_test(struct kunit *test)
{
	struct et *et = it_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(it_msis); i++) {
		it_msi_on(et, it_msis[i].granted_log2, it_msis[i].data);
		endpoint_interrupt(et->ep, it_msis[i].vector);
		et_expect_msg(et, 0x12fee01000ULL, it_msis[i].sent);
	}
}

static void msi_mask_test(struct kunit *test)
{
	struct et *et = it_new(test);

	it_msi_on(et, 2, 0x40);
	it_msi_mask(et, 0xa);
	endpoint_interrupt(et->ep, 3);
	endpoint_interrupt(et->ep, 3);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_msi_pending(et), 8U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, et_find_cap(et, PCI_CAP_ID_MSI) +
						   PCI_MSI_PENDING_64, 1), 8U);
	endpoint_interrupt(et->ep, 2);
	et_expect_msg(et, 0x12fee01000ULL, 0x42);
	it_msi_mask(et, 2);
	et_expect_msg(et, 0x12fee01000ULL, 0x43);
	KUNIT_EXPECT_EQ(test, it_msi_pending(et), 0U);
	et_set_command(et, PCI_COMMAND_MEMORY);
	endpoint_interrupt(et->ep, 0);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_msi_pending(et), 1U);
	et_set_command(et, IT_MASTER);
	et_expect_msg(et, 0x12fee01000ULL, 0x40);
}

/* One of the two at a time; nothing comes the other way later. */
static void msi_and_msix_test(struct kunit *test)
{
	struct et *et = it_new(test);

	it_msi_on(et, 2, 0x40);
	et_msix_on(et);
	endpoint_interrupt(et->ep, 1);
	it_expect(et, 1);
	it_mask(et, 1, true);
	endpoint_interrupt(et->ep, 1);
	KUNIT_EXPECT_EQ(test, it_pending(et), 2ULL);
	KUNIT_EXPECT_EQ(test, it_msi_pending(et), 0U);
	it_msix(et, 0);
	et_expect_no_msg(et);
	endpoint_interrupt(et->ep, 1);
	et_expect_msg(et, 0x12fee01000ULL, 0x41);
	it_msi_mask(et, 1);
	endpoint_interrupt(et->ep, 0);
	KUNIT_EXPECT_EQ(test, it_msi_pending(et), 1U);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), 0ULL);
}

static void no_msi_test(struct kunit *test)
{
	struct et *et = it_new(test);

	et_set_command(et, IT_MASTER);
	endpoint_interrupt(et->ep, 0);
	it_msi_on(et, 0, 0x40);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	et_expect_no_msg(et);
	endpoint_interrupt(et->ep, 0);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, it_pending(et), 1ULL);
}

/* As the driver finds it again after a reset: masked, and nothing pending */
static void msi_reset_test(struct kunit *test)
{
	struct et *et = it_new(test);
	unsigned int i;

	et_msix_on(et);
	it_msi_on(et, 2, 0x40);
	it_mask(et, 0, true);
	endpoint_interrupt(et->ep, 0);
	endpoint_reset(et->ep);
	et_set_command(et, IT_MASTER);
	it_msix(et, PCI_MSIX_FLAGS_ENABLE);
	for (i = 0; i < IT_VECTORS; i++) {
		KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 1, IT_TABLE + 16 * i, 8), 0ULL);
		KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 1, IT_TABLE + 16 * i + 8, 8),
				BIT_ULL(32));
		it_mask(et, i, false);
	}
	et_expect_no_msg(et);
	it_msix(et, 0);
	endpoint_interrupt(et->ep, 0);
	et_expect_no_msg(et);
}

static struct kunit_case irq_cases[] = {
	KUNIT_CASE(msix_each_test),
	KUNIT_CASE(msix_mask_test),
	KUNIT_CASE(msix_function_mask_test),
	KUNIT_CASE(msix_enable_test),
	KUNIT_CASE(msix_bus_master_test),
	KUNIT_CASE(msix_memory_test),
	KUNIT_CASE(msix_access_test),
	KUNIT_CASE(msi_test),
	KUNIT_CASE(msi_mask_test),
	KUNIT_CASE(msi_and_msix_test),
	KUNIT_CASE(no_msi_test),
	KUNIT_CASE(msi_reset_test),
	{}
};

static struct kunit_suite irq_suite = {
	.name = "vmbus_endpoints_irq",
	.test_cases = irq_cases,
};

kunit_test_suite(irq_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the interrupts of PCI functions as data");
MODULE_LICENSE("GPL");
