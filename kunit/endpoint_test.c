// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_endpoints: descriptions, BARs, data and resets.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "endpoint_dev_test.h"

/* ---- descriptions ---------------------------------------------------------------------- */

static const u8 dt_long[255];
static const struct endpoint_cap dt_fits = { .id = 9, .len = 192, .data = dt_long };
static const struct endpoint_cap dt_too_long = { .id = 9, .len = 193, .data = dt_long };
static const struct endpoint_cap dt_longest = { .id = 9, .len = 255, .data = dt_long };
static const struct endpoint_cap dt_too_short = { .id = 9, .len = 1, .data = dt_long };
static const struct endpoint_cap dt_two[] = {
	{ .id = 9, .len = 190, .data = dt_long },
	{ .id = 9, .len = 2, .data = dt_long },
};

struct dt_desc_case {
	const char *name;
	int err;
	struct endpoint_desc desc;
};

#define DT_BAR(_n, _size, _wide) .bars[_n] = { .size = (_size), .wide = (_wide) }
#define DT_MSIX(_n, _bar, _table, _pending)						\
	DT_BAR(0, SZ_4K, false), .msix_vectors = (_n), .msix_bar = (_bar),		\
	.msix_table = (_table), .msix_pending = (_pending)

static const struct dt_desc_case dt_desc_cases[] = {
	{ "nothing", 0, { .config_size = 256 } },
	{ "long space", 0, { .config_size = 4096 } },
	{ "no space", -EINVAL, { .config_size = 0 } },
	{ "short space", -EINVAL, { .config_size = 255 } },
	{ "odd space", -EINVAL, { .config_size = 1024 } },
	{ "class of 25 bits", -EINVAL, { .config_size = 256, .class = 0x1000000 } },
	{ "smallest BAR", 0, { .config_size = 256, DT_BAR(0, 16, false) } },
	{ "smaller BAR", -EINVAL, { .config_size = 256, DT_BAR(0, 8, false) } },
	{ "BAR of 3 pages", -EINVAL, { .config_size = 256, DT_BAR(0, 0x3000, false) } },
	{ "largest narrow BAR", 0, { .config_size = 256, DT_BAR(5, SZ_2G, false) } },
	{ "larger narrow BAR", -EINVAL, { .config_size = 256, DT_BAR(5, SZ_4G, false) } },
	{ "large wide BAR", 0, { .config_size = 256, DT_BAR(4, BIT_ULL(63), true) } },
	{ "wide BAR at the end", -EINVAL, { .config_size = 256, DT_BAR(5, SZ_4K, true) } },
	{ "wide BAR of nothing", -EINVAL, { .config_size = 256, DT_BAR(0, 0, true) } },
	{ "wide BAR on another", -EINVAL, { .config_size = 256, DT_BAR(0, SZ_4K, true),
					    DT_BAR(1, SZ_4K, false) } },
	{ "MSI-X", 0, { .config_size = 256, DT_MSIX(8, 0, 0, 0x800) } },
	{ "64 of MSI-X", 0, { .config_size = 256, DT_MSIX(64, 0, 0, 0x800) } },
	{ "65 of MSI-X", -EINVAL, { .config_size = 256, DT_MSIX(65, 0, 0, 0x800) } },
	{ "MSI-X to the end", 0, { .config_size = 256, DT_MSIX(8, 0, 0xf80, 0x800) } },
	{ "MSI-X beyond", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, 0xf90, 0x800) } },
	{ "MSI-X far beyond", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, ~15U, 0x800) } },
	{ "odd MSI-X", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, 8, 0x800) } },
	{ "MSI-X in no BAR", -EINVAL, { .config_size = 256, DT_MSIX(8, 1, 0, 0x800) } },
	{ "MSI-X in BAR 6", -EINVAL, { .config_size = 256, DT_MSIX(8, 6, 0, 0x800) } },
	{ "bits at the end", 0, { .config_size = 256, DT_MSIX(8, 0, 0, 0xff8) } },
	{ "bits beyond", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, 0, 0x1000) } },
	{ "odd bits", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, 0, 0x804) } },
	{ "bits behind the table", 0, { .config_size = 256, DT_MSIX(8, 0, 0, 0x80) } },
	{ "bits in the table", -EINVAL, { .config_size = 256, DT_MSIX(8, 0, 0, 0x78) } },
	{ "bits before the table", 0, { .config_size = 256, DT_MSIX(8, 0, 0x10, 8) } },
	{ "32 of MSI", 0, { .config_size = 256, .msi_vectors = 32 } },
	{ "64 of MSI", -EINVAL, { .config_size = 256, .msi_vectors = 64 } },
	{ "3 of MSI", -EINVAL, { .config_size = 256, .msi_vectors = 3 } },
	{ "full space", 0, { .config_size = 256, .caps = &dt_fits, .ncaps = 1 } },
	{ "too much", -EINVAL, { .config_size = 256, .caps = &dt_too_long, .ncaps = 1 } },
	{ "too much for 4096", -EINVAL, { .config_size = 4096, .caps = &dt_longest, .ncaps = 1 } },
	{ "no capability", -EINVAL, { .config_size = 256, .caps = &dt_too_short, .ncaps = 1 } },
	{ "one too many", -EINVAL, { .config_size = 256, .caps = dt_two, .ncaps = 2 } },
};

static void dt_describe(const struct dt_desc_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(dt_desc, dt_desc_cases, dt_describe);

static void endpoint_desc_test(struct kunit *test)
{
	const struct dt_desc_case *c = test->param_value;
	struct endpoint_desc desc = c->desc;
	struct dt dt = {};
	struct endpoint *ep;

	desc.ops = &dt_ops;
	ep = endpoint_create(&desc, &et_env, NULL, &dt);
	if (c->err) {
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ep), c->err);
		KUNIT_EXPECT_EQ(test, dt.destroyed, 0U);
	}
	if (IS_ERR(ep)) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(ep), c->err);
		return;
	}
	endpoint_destroy(ep);
	KUNIT_EXPECT_EQ(test, dt.resets, 1U);
	KUNIT_EXPECT_EQ(test, dt.destroyed, 1U);
}

/* ---- BARs ------------------------------------------------------------------------------ */

static void endpoint_probe_test(struct kunit *test)
{
	static const struct endpoint_desc desc = {
		.config_size = 256,
		.bars[0] = { .size = SZ_8G, .wide = true, .prefetch = true },
		.bars[2] = { .size = SZ_2G },
		.bars[3] = { .size = SZ_64K, .wide = true },
		.bars[5] = { .size = SZ_1M, .prefetch = true },
		.ops = &dt_ops,
	};
	static const u32 masks[] = { 0x0000000c, 0xfffffffe, 0x80000000, 0xffff0004, U32_MAX,
				     0xfff00008 };
	struct et *et = dt_make(test, &desc);
	unsigned int i;

	for (i = 0; i < ENDPOINT_BARS; i++) {
		endpoint_config_write(et->ep, PCI_BASE_ADDRESS_0 + 4 * i, 4, U32_MAX);
		KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_0 + 4 * i, 4),
				masks[i]);
	}
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 0), (u64)SZ_8G);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 1), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 5), (u64)SZ_1M);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 6), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, UINT_MAX), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_address(et->ep, 0), 0xfffffffe00000000ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_address(et->ep, 1), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_address(et->ep, 5), 0xfff00000ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_address(et->ep, 6), 0ULL);
}

static void endpoint_find_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	u64 off = 1;

	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_0, 4, 0x10000000);
	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_2, 4, 0xe0000000);
	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_3, 4, 0x12);
	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_5, 4, 0xfffffff0);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x10000000, &off), -ENXIO);
	et_set_command(et, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x10000000, &off), 0);
	KUNIT_EXPECT_EQ(test, off, 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x10000fff, &off), 0);
	KUNIT_EXPECT_EQ(test, off, 0xfffULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x10001000, &off), -ENXIO);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x0fffffff, &off), -ENXIO);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0xe0000000, &off), -ENXIO);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x12e0003fffULL, &off), 2);
	KUNIT_EXPECT_EQ(test, off, 0x3fffULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0x12e0004000ULL, &off), -ENXIO);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, U32_MAX, &off), 5);
	KUNIT_EXPECT_EQ(test, off, 15ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, U64_MAX, &off), -ENXIO);
	KUNIT_EXPECT_EQ(test, endpoint_bar_find(et->ep, 0, &off), -ENXIO);
}

struct dt_bar_access {
	unsigned int bar;
	u64 off;
	u32 size;
	bool good;
};

static const struct dt_bar_access dt_bar_accesses[] = {
	{ 0, 0, 1, true },
	{ 0, 1, 1, true },
	{ 0, 2, 2, true },
	{ 0, 4, 4, true },
	{ 0, 8, 8, true },
	{ 0, 0xfff, 1, true },
	{ 0, 0xffe, 2, true },
	{ 0, 0xffc, 4, true },
	{ 0, 0xff8, 8, true },
	{ 2, 0x1ff8, 8, true },
	{ 2, 0x2080, 4, true },
	{ 2, 0x3ff8, 8, true },
	{ 5, 8, 8, true },
	{ 0, 0, 0, false },
	{ 0, 0, 3, false },
	{ 0, 0, 16, false },
	{ 0, 0, U32_MAX, false },
	{ 0, 0, 0x80000000, false },
	{ 0, 1, 2, false },
	{ 0, 2, 4, false },
	{ 0, 4, 8, false },
	{ 0, 0xffc, 8, false },
	{ 0, 0x1000, 1, false },
	{ 0, 0x1000, 8, false },
	{ 0, U64_MAX, 1, false },
	{ 0, U64_MAX - 7, 8, false },
	{ 1, 0, 4, false },
	{ 3, 0, 4, false },
	{ 5, 16, 1, false },
	{ 6, 0, 4, false },
	{ UINT_MAX, 0, 4, false },
};

static void endpoint_bar_access_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	const struct dt_bar_access *a;
	struct dt *dt = dt_of(et);
	unsigned int i;
	u64 mask;

	et_set_command(et, PCI_COMMAND_MEMORY);
	for (i = 0; i < ARRAY_SIZE(dt_bar_accesses); i++) {
		a = &dt_bar_accesses[i];
		mask = a->size >= 8 ? U64_MAX : BIT_ULL(8 * a->size) - 1;
		memset(dt, 0, sizeof(*dt));
		endpoint_bar_write(et->ep, a->bar, a->off, a->size, 0x8182838485868788ULL);
		KUNIT_EXPECT_EQ_MSG(test, dt->writes, (unsigned int)a->good, "row %u", i);
		if (a->good) {
			KUNIT_EXPECT_EQ_MSG(test, dt->bar, a->bar, "row %u", i);
			KUNIT_EXPECT_EQ_MSG(test, dt->off, a->off, "row %u", i);
			KUNIT_EXPECT_EQ_MSG(test, dt->size, a->size, "row %u", i);
			KUNIT_EXPECT_EQ_MSG(test, dt->val, 0x8182838485868788ULL & mask, "row %u",
					    i);
		}
		dt->val = 0x1122334455667788ULL;
		KUNIT_EXPECT_EQ_MSG(test, endpoint_bar_read(et->ep, a->bar, a->off, a->size),
				    a->good ? dt->val & mask : mask, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, dt->reads, (unsigned int)a->good, "row %u", i);
	}
}

static void endpoint_memory_enable_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	struct dt *dt = dt_of(et);

	dt->val = 7;
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 4), (u64)U32_MAX);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, DT_TABLE, 4), (u64)U32_MAX);
	endpoint_bar_write(et->ep, 0, 0, 4, 1);
	et_set_command(et, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 8), U64_MAX);
	KUNIT_EXPECT_EQ(test, dt->reads + dt->writes, 0U);
	/* One byte of the register is enough. */
	endpoint_config_write(et->ep, PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 4), 7ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, DT_TABLE, 4), 0ULL);
	/* And the other byte of it changes nothing. */
	endpoint_config_write(et->ep, PCI_COMMAND + 1, 1, 0);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 4), 7ULL);
	endpoint_config_write(et->ep, PCI_COMMAND, 4, 0);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 4), (u64)U32_MAX);
	KUNIT_EXPECT_EQ(test, dt->reads, 2U);
}

/* ---- data ------------------------------------------------------------------------------ */

static void endpoint_dma_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	u64 val = 0x0123456789abcdefULL, back = 0;

	et_set_command(et, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM, &val, 8, true), -EPERM);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM, &back, 8, false), -EPERM);
	et_set_command(et, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, U64_MAX - 6, &val, 8, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, U64_MAX, &val, 1, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, 1, &val, SIZE_MAX, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, atomic_read(&et->dmas), 0);
	/* The environment's word is passed on. */
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, U64_MAX - 8, &val, 8, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM - 1, &val, 8, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, atomic_read(&et->dmas), 2);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM + 8, &val, 8, true), 0);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM + 8, &back, 8, false), 0);
	KUNIT_EXPECT_EQ(test, back, val);
	et_set_command(et, 0);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM, &val, 8, true), -EPERM);
}

struct dt_thread {
	struct work_struct work;
	struct et *et;
	bool revoke;		/* take the bus away, otherwise move data */
	int err;
	struct completion done;
};

static void dt_thread(struct work_struct *work)
{
	struct dt_thread *t = container_of(work, struct dt_thread, work);
	u64 val = 1;

	if (t->revoke)
		et_set_command(t->et, 0);
	else
		t->err = endpoint_dma(t->et->ep, ET_MEM, &val, 8, true);
	complete(&t->done);
}

static void dt_start(struct et *et, struct dt_thread *t, bool revoke)
{
	t->et = et;
	t->revoke = revoke;
	t->err = 1;
	init_completion(&t->done);
	INIT_WORK_ONSTACK(&t->work, dt_thread);
	schedule_work(&t->work);
}

/* Who takes the bus away comes back when no data moves. */
static void endpoint_dma_end_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	struct dt_thread mover, revoker;
	bool waited;

	et_set_command(et, PCI_COMMAND_MASTER);
	et_hold(et, true);
	dt_start(et, &mover, false);
	while (!atomic_read(&et->held))
		usleep_range(100, 200);
	dt_start(et, &revoker, true);
	waited = !wait_for_completion_timeout(&revoker.done, HZ / 10);
	et_hold(et, false);
	flush_work(&mover.work);
	flush_work(&revoker.work);
	destroy_work_on_stack(&mover.work);
	destroy_work_on_stack(&revoker.work);
	KUNIT_EXPECT_TRUE(test, waited);
	KUNIT_EXPECT_EQ(test, mover.err, 0);
	KUNIT_EXPECT_EQ(test, et_command(et), 0);
}

/* ---- reset ----------------------------------------------------------------------------- */

static void endpoint_reset_test(struct kunit *test)
{
	struct et *et = dt_new(test);
	u64 val = 0;

	et_msix_on(et);
	endpoint_config_write(et->ep, PCI_BASE_ADDRESS_0, 4, 0x10000000);
	endpoint_config_write(et->ep, PCI_INTERRUPT_LINE, 1, 5);
	endpoint_reset(et->ep);
	KUNIT_EXPECT_EQ(test, dt_of(et)->resets, 1U);
	KUNIT_EXPECT_EQ(test, et_command(et), 0);
	KUNIT_EXPECT_EQ(test, endpoint_bar_address(et->ep, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_INTERRUPT_LINE, 1), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0x7c + 2, 2), DT_VECTORS - 1U);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, 0, 4), (u64)U32_MAX);
	KUNIT_EXPECT_EQ(test, endpoint_dma(et->ep, ET_MEM, &val, 8, true), -EPERM);
	et_set_command(et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, DT_TABLE, 8), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, DT_TABLE + 8, 8), BIT_ULL(32));
	endpoint_interrupt(et->ep, 0);
	et_expect_no_msg(et);
}

/* The bit that resets a function, however it is written */
static void endpoint_function_reset_test(struct kunit *test)
{
	static const struct { u32 off, size, val; bool resets; } writes[] = {
		{ 0x48, 4, 0x8000, true },
		{ 0x48, 2, 0x8000, true },
		{ 0x48, 2, 0xa810, true },
		{ 0x49, 1, 0x80, true },
		{ 0x49, 2, 0x80, true },
		{ 0x48, 4, 0x7fff, false },
		{ 0x48, 1, 0x80, false },
		{ 0x48, 1, 0x8000, false },
		{ 0x4a, 2, 0x8000, false },
		{ 0x44, 4, 0x8000, false },
		{ 0x49, 4, 0x80, false },
	};
	struct endpoint_desc desc = dt_desc;
	struct et *et = dt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(writes); i++) {
		et_set_command(et, PCI_COMMAND_MASTER);
		dt_of(et)->resets = 0;
		endpoint_config_write(et->ep, writes[i].off, writes[i].size, writes[i].val);
		KUNIT_EXPECT_EQ_MSG(test, dt_of(et)->resets, (unsigned int)writes[i].resets,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, et_command(et), writes[i].resets ? 0 : 4, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, endpoint_config_read(et->ep, 0x48, 2) & 0x8000, 0U,
				    "row %u", i);
	}
	desc.express = false;
	et = dt_make(test, &desc);
	endpoint_config_write(et->ep, 0x48, 4, 0x8000);
	endpoint_config_write(et->ep, 8, 4, 0x8000);
	KUNIT_EXPECT_EQ(test, dt_of(et)->resets, 0U);
}

static struct kunit_case endpoint_cases[] = {
	KUNIT_CASE_PARAM(endpoint_desc_test, dt_desc_gen_params),
	KUNIT_CASE(endpoint_probe_test),
	KUNIT_CASE(endpoint_find_test),
	KUNIT_CASE(endpoint_bar_access_test),
	KUNIT_CASE(endpoint_memory_enable_test),
	KUNIT_CASE(endpoint_dma_test),
	KUNIT_CASE(endpoint_dma_end_test),
	KUNIT_CASE(endpoint_reset_test),
	KUNIT_CASE(endpoint_function_reset_test),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "vmbus_endpoints",
	.test_cases = endpoint_cases,
};

kunit_test_suite(endpoint_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of PCI functions as data");
MODULE_LICENSE("GPL");
