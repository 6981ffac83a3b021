// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_endpoints: the copy engine, driven as a guest would.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <vmbus/compat.h>

#include "endpoint_copy.h"
#include "endpoint_test.h"

#define CT_FROM		(ET_MEM + 0x1003)
#define CT_TO		(ET_MEM + 0x101005)

static struct et *ct_new(struct kunit *test)
{
	struct et *et = et_new(test);
	unsigned int i;

	et_put(et, endpoint_copy_create(&et_env, et));
	for (i = 0; i < ET_MEM_SIZE / 2; i++)
		et->mem[i] = i * 7 + (i >> 8);
	et_msix_on(et);
	return et;
}

static u32 ct_get(struct et *et, u32 reg)
{
	return endpoint_bar_read(et->ep, COPY_REGS_BAR, reg, 4);
}

static void ct_put(struct et *et, u32 reg, u32 val)
{
	endpoint_bar_write(et->ep, COPY_REGS_BAR, reg, 4, val);
}

static void ct_put64(struct et *et, u32 reg, u64 val)
{
	ct_put(et, reg, lower_32_bits(val));
	ct_put(et, reg + 4, upper_32_bits(val));
}

static void ct_start(struct et *et, u64 from, u64 to, u32 length, u32 vector, u32 flags)
{
	ct_put64(et, COPY_REG_SOURCE, from);
	ct_put64(et, COPY_REG_DESTINATION, to);
	ct_put(et, COPY_REG_LENGTH, length);
	ct_put(et, COPY_REG_VECTOR, vector);
	ct_put(et, COPY_REG_FLAGS, flags);
	ct_put(et, COPY_REG_CONTROL, COPY_GO);
}

static void ct_expect_end(struct et *et, u32 status, u32 error)
{
	et_expect_soon(et, ct_get(et, COPY_REG_STATUS) != COPY_BUSY);
	KUNIT_EXPECT_EQ(et->test, ct_get(et, COPY_REG_STATUS), status);
	KUNIT_EXPECT_EQ(et->test, ct_get(et, COPY_REG_ERROR), error);
}

/* The interrupt comes after the status. */
static void ct_expect_vector(struct et *et, unsigned int vector)
{
	et_expect_soon(et, et_nmsgs(et));
	et_expect_msg(et, et_vector_address(vector), et_vector_data(vector));
}

static void copy_identity_test(struct kunit *test)
{
	struct et *et = ct_new(test);

	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 0, 4), 0xe9c01414);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, 8, 4), 0x08800001);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 0), (u64)SZ_4K);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 2), (u64)SZ_64K);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(et->ep, 4), (u64)SZ_4K);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_0, 4), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_2, 4), 0xcU);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(et->ep, PCI_BASE_ADDRESS_4, 4), 0U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_ID), COPY_MAGIC);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_IDLE);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REGS_SIZE - 4), 0U);
}

static const u32 ct_lengths[] = {
	1, 2, 4095, 4096, COPY_PIECE - 1, COPY_PIECE, COPY_PIECE + 1, 3 * COPY_PIECE + 5, SZ_512K,
};

static void ct_length_describe(const u32 *length, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes", *length);
}

KUNIT_ARRAY_PARAM(ct_length, ct_lengths, ct_length_describe);

static void copy_length_test(struct kunit *test)
{
	const u8 *from, *to;
	struct et *et = ct_new(test);
	u32 length = *(const u32 *)test->param_value;

	ct_start(et, CT_FROM, CT_TO, length, 3, 0);
	ct_expect_vector(et, 3);
	ct_expect_end(et, COPY_DONE, COPY_ERROR_NONE);
	from = et->mem + (CT_FROM - ET_MEM);
	to = et->mem + (CT_TO - ET_MEM);
	KUNIT_EXPECT_MEMEQ(test, from, to, length);
	KUNIT_EXPECT_EQ(test, to[-1], 0);
	KUNIT_EXPECT_EQ(test, to[length], 0);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_PROGRESS), length);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_BYTES), length);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_COPIES), 1U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_FAILURES), 0U);
	KUNIT_EXPECT_LE(test, et->dma_max, (size_t)COPY_PIECE);
}

static void copy_vectors_test(struct kunit *test)
{
	struct et *et = ct_new(test);
	u32 i;

	for (i = 0; i < COPY_VECTORS; i++) {
		ct_start(et, CT_FROM, CT_TO, 16, i, 0);
		ct_expect_vector(et, i);
	}
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_COPIES), COPY_VECTORS);
	for (i = 0; i < COPY_VECTORS; i++) {
		ct_put(et, COPY_REG_RAISE, i);
		ct_expect_vector(et, i);
	}
	ct_put(et, COPY_REG_RAISE, COPY_VECTORS);
	ct_put(et, COPY_REG_RAISE, U32_MAX);
	et_expect_no_msg(et);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_RAISE), 0U);
}

struct ct_case {
	const char *name;
	u64 from;
	u64 to;
	u32 length;
	u32 vector;
	u32 flags;
	u32 error;
	u32 moved;
};

#define CT_END	(ET_MEM + ET_MEM_SIZE)
#define CT_IN	COPY_TO_SCRATCH
#define CT_OUT	COPY_FROM_SCRATCH

static const struct ct_case ct_cases[] = {
	{ "nothing", CT_FROM, CT_TO, 0, 0, 0, COPY_ERROR_LENGTH, 0 },
	{ "one too many", CT_FROM, CT_TO, COPY_LENGTH_MAX + 1, 0, 0, COPY_ERROR_LENGTH, 0 },
	{ "all ones", CT_FROM, CT_TO, U32_MAX, 0, 0, COPY_ERROR_LENGTH, 0 },
	{ "most, but not there", CT_FROM, CT_TO, COPY_LENGTH_MAX, 0, 0, COPY_ERROR_WRITE,
	  15 * COPY_PIECE },
	{ "wrapping source", U64_MAX - 7, CT_TO, 16, 0, 0, COPY_ERROR_ADDRESS, 0 },
	{ "wrapping destination", CT_FROM, U64_MAX - 7, 16, 0, 0, COPY_ERROR_ADDRESS, 0 },
	{ "highest source", U64_MAX, CT_TO, 1, 0, 0, COPY_ERROR_ADDRESS, 0 },
	{ "source at 0", 0, CT_TO, 16, 0, 0, COPY_ERROR_READ, 0 },
	{ "destination at 0", CT_FROM, 0, 16, 0, 0, COPY_ERROR_WRITE, 0 },
	{ "source ends early", CT_END - COPY_PIECE - 8, ET_MEM, COPY_PIECE + 16, 0, 0,
	  COPY_ERROR_READ, COPY_PIECE },
	{ "destination ends early", ET_MEM, CT_END - COPY_PIECE - 8, COPY_PIECE + 16, 0, 0,
	  COPY_ERROR_WRITE, COPY_PIECE },
	{ "to the end", ET_MEM, CT_END - 16, 16, 0, 0, COPY_ERROR_NONE, 16 },
	{ "vector 8", CT_FROM, CT_TO, 16, 8, 0, COPY_ERROR_VECTOR, 0 },
	{ "vector of all ones", CT_FROM, CT_TO, 16, U32_MAX, 0, COPY_ERROR_VECTOR, 0 },
	{ "bad vector first", U64_MAX, U64_MAX, 0, 8, U32_MAX, COPY_ERROR_VECTOR, 0 },
	{ "flags", CT_FROM, CT_TO, 16, 0, 4, COPY_ERROR_FLAGS, 0 },
	{ "all flags", CT_FROM, CT_TO, 16, 0, U32_MAX, COPY_ERROR_FLAGS, 0 },
	{ "all scratch in", CT_FROM, 0, SZ_64K, 0, CT_IN, COPY_ERROR_NONE, SZ_64K },
	{ "all scratch out", 0, CT_TO, SZ_64K, 0, CT_OUT, COPY_ERROR_NONE, SZ_64K },
	{ "scratch to itself", 0, 4, SZ_64K - 4, 0, CT_IN | CT_OUT, COPY_ERROR_NONE, SZ_64K - 4 },
	{ "last of scratch", CT_FROM, SZ_64K - 1, 1, 0, CT_IN, COPY_ERROR_NONE, 1 },
	{ "beyond scratch in", CT_FROM, SZ_64K - 1, 2, 0, CT_IN, COPY_ERROR_ADDRESS, 0 },
	{ "beyond scratch out", SZ_64K, CT_TO, 1, 0, CT_OUT, COPY_ERROR_ADDRESS, 0 },
	{ "far beyond scratch", ET_MEM, CT_TO, 1, 0, CT_OUT, COPY_ERROR_ADDRESS, 0 },
	{ "scratch wraps", U64_MAX, CT_TO, 1, 0, CT_OUT, COPY_ERROR_ADDRESS, 0 },
};

static void ct_describe(const struct ct_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ct, ct_cases, ct_describe);

static void copy_hostile_test(struct kunit *test)
{
	const struct ct_case *c = test->param_value;
	struct et *et = ct_new(test);

	ct_start(et, c->from, c->to, c->length, c->vector, c->flags);
	ct_expect_end(et, c->error ? COPY_FAILED : COPY_DONE, c->error);
	if (c->error == COPY_ERROR_VECTOR) {
		msleep(20);
		et_expect_no_msg(et);
	} else {
		ct_expect_vector(et, c->vector);
	}
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_PROGRESS), c->moved);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_FAILURES), c->error ? 1U : 0U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_COPIES), c->error ? 0U : 1U);
	/* The next one is as good as ever. */
	ct_start(et, CT_FROM, CT_TO, 64, 1, 0);
	ct_expect_vector(et, 1);
	ct_expect_end(et, COPY_DONE, COPY_ERROR_NONE);
	KUNIT_EXPECT_MEMEQ(test, et->mem + (CT_FROM - ET_MEM), et->mem + (CT_TO - ET_MEM), 64);
}

static void copy_scratch_test(struct kunit *test)
{
	struct et *et = ct_new(test);
	u32 i;

	for (i = 0; i < 64; i += 8)
		endpoint_bar_write(et->ep, 2, 0x100 + i, 8, 0x0101010101010101ULL * (i + 1));
	endpoint_bar_write(et->ep, 2, 0x101, 1, 0xee);
	endpoint_bar_write(et->ep, 2, 0x104, 2, 0xabcd);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0x100, 8), 0x0101abcd0101ee01ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0x104, 4), 0x0101abcdULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0xfffc, 4), 0ULL);
	endpoint_bar_write(et->ep, 2, 0x10000, 4, 1);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0x10000, 4), (u64)U32_MAX);
	/* From there to the guest and back */
	ct_start(et, 0x100, CT_TO, 64, 0, COPY_FROM_SCRATCH);
	ct_expect_vector(et, 0);
	KUNIT_EXPECT_EQ(test, et->mem[CT_TO - ET_MEM + 1], 0xee);
	KUNIT_EXPECT_EQ(test, et->mem[CT_TO - ET_MEM + 63], 57);
	ct_start(et, CT_TO, 0x8000, 64, 0, COPY_TO_SCRATCH);
	ct_expect_vector(et, 0);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0x8000, 8), 0x0101abcd0101ee01ULL);
}

/* Registers that can only be read, and other sizes than theirs */
static void copy_registers_test(struct kunit *test)
{
	static const u32 fixed[] = { COPY_REG_ID, COPY_REG_CONTROL, COPY_REG_STATUS,
				     COPY_REG_ERROR, COPY_REG_COPIES, COPY_REG_FAILURES,
				     COPY_REG_BYTES, COPY_REG_BYTES + 4, COPY_REG_PROGRESS };
	struct et *et = ct_new(test);
	u32 reg, was;

	for (reg = 0; reg < ARRAY_SIZE(fixed); reg++) {
		was = ct_get(et, fixed[reg]);
		ct_put(et, fixed[reg], 0xfffffffc);
		KUNIT_EXPECT_EQ(test, ct_get(et, fixed[reg]), was);
	}
	for (reg = COPY_REG_SOURCE; reg <= COPY_REG_FLAGS; reg += 4) {
		ct_put(et, reg, 0x11223300 + reg);
		endpoint_bar_write(et->ep, 0, reg, 2, 0xffff);
		endpoint_bar_write(et->ep, 0, reg, 1, 0xff);
		endpoint_bar_write(et->ep, 0, reg & ~7U, 8, U64_MAX);
	}
	for (reg = COPY_REG_SOURCE; reg <= COPY_REG_FLAGS; reg += 4)
		KUNIT_EXPECT_EQ(test, ct_get(et, reg), 0x11223300 + reg);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, COPY_REG_ID, 2), 0ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 0, COPY_REG_ID, 8), 0ULL);
	endpoint_bar_write(et->ep, 0, COPY_REG_CONTROL, 2, COPY_GO);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_IDLE);
}

/* What is written meanwhile is for the next one. */
static void copy_busy_test(struct kunit *test)
{
	struct et *et = ct_new(test);

	et_hold(et, true);
	ct_start(et, CT_FROM, CT_TO, 16, 1, 0);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_BUSY);
	et_expect_soon(et, atomic_read(&et->held));
	ct_start(et, CT_FROM, CT_TO + 0x100, 32, 2, 0);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_BUSY);
	et_expect_no_msg(et);
	et_hold(et, false);
	ct_expect_vector(et, 1);
	ct_expect_end(et, COPY_DONE, COPY_ERROR_NONE);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_COPIES), 1U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_PROGRESS), 16U);
	KUNIT_EXPECT_EQ(test, et->mem[CT_TO - ET_MEM + 16], 0);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_LENGTH), 32U);
	ct_put(et, COPY_REG_CONTROL, COPY_GO);
	ct_expect_vector(et, 2);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_BYTES), 48U);
}

static void copy_stop_test(struct kunit *test)
{
	struct et *et = ct_new(test);

	/* Of nothing, nothing comes. */
	ct_put(et, COPY_REG_CONTROL, COPY_STOP);
	et_hold(et, true);
	ct_start(et, CT_FROM, CT_TO, 4 * COPY_PIECE, 1, 0);
	et_expect_soon(et, atomic_read(&et->held));
	ct_put(et, COPY_REG_CONTROL, COPY_STOP);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_BUSY);
	et_hold(et, false);
	ct_expect_vector(et, 1);
	ct_expect_end(et, COPY_FAILED, COPY_ERROR_STOPPED);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_PROGRESS), COPY_PIECE);
	ct_put(et, COPY_REG_CONTROL, COPY_GO);
	ct_expect_vector(et, 1);
	ct_expect_end(et, COPY_DONE, COPY_ERROR_NONE);
}

static void copy_bus_master_test(struct kunit *test)
{
	struct et *et = ct_new(test);

	et_set_command(et, PCI_COMMAND_MEMORY);
	ct_start(et, CT_FROM, CT_TO, 16, 1, 0);
	ct_expect_end(et, COPY_FAILED, COPY_ERROR_READ);
	KUNIT_EXPECT_EQ(test, atomic_read(&et->dmas), 0);
	et_expect_no_msg(et);
	et_set_command(et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ct_expect_vector(et, 1);
}

static void ct_reset_work(struct work_struct *work);

struct ct_reset {
	struct work_struct work;
	struct et *et;
};

static void ct_reset_work(struct work_struct *work)
{
	endpoint_reset(container_of(work, struct ct_reset, work)->et->ep);
}

/* A reset waits for what is on its way, and no more than that comes. */
static void copy_reset_test(struct kunit *test)
{
	struct et *et = ct_new(test);
	struct ct_reset reset = { .et = et };

	endpoint_bar_write(et->ep, 2, 0, 8, U64_MAX);
	et_hold(et, true);
	ct_start(et, CT_FROM, CT_TO, 4 * COPY_PIECE, 1, 0);
	et_expect_soon(et, atomic_read(&et->held));
	INIT_WORK_ONSTACK(&reset.work, ct_reset_work);
	schedule_work(&reset.work);
	/* BARs are the first to go, then the bus; then the reset waits for what is held. */
	et_expect_soon(et, ct_get(et, COPY_REG_ID) == U32_MAX);
	et_expect_soon(et, !READ_ONCE(et->ep->bus_master));
	msleep(20);
	et_hold(et, false);
	flush_work(&reset.work);
	destroy_work_on_stack(&reset.work);
	KUNIT_EXPECT_LE(test, atomic_read(&et->dmas), 2);
	et_expect_no_msg(et);
	et_set_command(et, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_STATUS), COPY_IDLE);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_FAILURES), 0U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_LENGTH), 0U);
	KUNIT_EXPECT_EQ(test, ct_get(et, COPY_REG_PROGRESS), 0U);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(et->ep, 2, 0, 8), 0ULL);
	et_msix_on(et);
	ct_start(et, CT_FROM, CT_TO, 16, 7, 0);
	ct_expect_vector(et, 7);
	ct_expect_end(et, COPY_DONE, COPY_ERROR_NONE);
}

/* A device that goes while it copies */
static void copy_destroy_test(struct kunit *test)
{
	unsigned int i;
	struct et *et;

	for (i = 0; i < 20; i++) {
		et = ct_new(test);
		ct_start(et, CT_FROM, CT_TO, 8 * COPY_PIECE, 1, 0);
		if (i & 1)
			usleep_range(10, 20 * i);
		endpoint_destroy(et->ep);
		et->ep = NULL;
		KUNIT_EXPECT_EQ(test, atomic_read(&et->held), 0);
		KUNIT_EXPECT_LE(test, et_nmsgs(et), 1U);
		kvfree(et->mem);
		et->mem = NULL;
	}
}

static struct kunit_case copy_cases[] = {
	KUNIT_CASE(copy_identity_test),
	KUNIT_CASE_PARAM(copy_length_test, ct_length_gen_params),
	KUNIT_CASE(copy_vectors_test),
	KUNIT_CASE_PARAM(copy_hostile_test, ct_gen_params),
	KUNIT_CASE(copy_scratch_test),
	KUNIT_CASE(copy_registers_test),
	KUNIT_CASE(copy_busy_test),
	KUNIT_CASE(copy_stop_test),
	KUNIT_CASE(copy_bus_master_test),
	KUNIT_CASE(copy_reset_test),
	KUNIT_CASE(copy_destroy_test),
	{}
};

static struct kunit_suite copy_suite = {
	.name = "vmbus_endpoints_copy",
	.test_cases = copy_cases,
};

kunit_test_suite(copy_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the copy engine");
MODULE_LICENSE("GPL");
