// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: forms of interrupts, and the table of those that a device has.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_pure.h"

static const enum vpci_msi_form mt_forms[] = { VPCI_MSI_V1, VPCI_MSI_V2, VPCI_MSI_V3 };

/* ---- forms ----------------------------------------------------------------------------- */

static void vpci_msi_size_test(struct kunit *test)
{
	static const u32 sizes[] = { 16, 70, 74 };
	static const u32 strides[] = { 16, 72, 80 };
	static const u32 replies[] = { 16, 72, 72 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mt_forms); i++) {
		KUNIT_EXPECT_EQ(test, vpci_msi_form_size(mt_forms[i]), sizes[i]);
		KUNIT_EXPECT_EQ(test, vpci_msi_stride(mt_forms[i]), strides[i]);
		KUNIT_EXPECT_EQ(test, vpci_msi_reply_stride(mt_forms[i]), replies[i]);
	}
}

static void vpci_msi_parse1_test(struct kunit *test)
{
	static const u8 bytes[16] = {
		0x41, 1, 4, 0, 0xff, 0xff, 0xff, 0xff, 0x05, 0, 0, 0, 0, 0, 0, 0x80,
	};
	struct vpci_msi_request request;

	KUNIT_ASSERT_EQ(test, vpci_msi_parse(VPCI_MSI_V1, bytes, 16, 0, &request), 0);
	KUNIT_EXPECT_EQ(test, request.vector, 0x41);
	KUNIT_EXPECT_EQ(test, request.delivery, VPCI_DELIVERY_LOWEST);
	KUNIT_EXPECT_EQ(test, request.count, 4);
	KUNIT_EXPECT_EQ(test, request.nprocs, 3);
	KUNIT_EXPECT_EQ(test, request.procs[0], 0);
	KUNIT_EXPECT_EQ(test, request.procs[1], 2);
	KUNIT_EXPECT_EQ(test, request.procs[2], 63);
}

static void vpci_msi_parse2_test(struct kunit *test)
{
	static const u8 bytes[70] = { 0x41, 0, 1, 0, 2, 0, 7, 0, 0x34, 0x12, 9, 0 };
	struct vpci_msi_request request;

	KUNIT_ASSERT_EQ(test, vpci_msi_parse(VPCI_MSI_V2, bytes, 70, 0, &request), 0);
	KUNIT_EXPECT_EQ(test, request.vector, 0x41);
	KUNIT_EXPECT_EQ(test, request.delivery, VPCI_DELIVERY_FIXED);
	KUNIT_EXPECT_EQ(test, request.count, 1);
	KUNIT_EXPECT_EQ(test, request.nprocs, 2);
	KUNIT_EXPECT_EQ(test, request.procs[0], 7);
	KUNIT_EXPECT_EQ(test, request.procs[1], 0x1234);
	/* What is behind those that count is not taken over. */
	KUNIT_EXPECT_EQ(test, request.procs[2], 0);
}

static void vpci_msi_parse3_test(struct kunit *test)
{
	static const u8 bytes[74] = { 0x78, 0x56, 0x34, 0x12, 1, 0xff, 32, 0, 1, 0, 3, 0 };
	struct vpci_msi_request request;

	KUNIT_ASSERT_EQ(test, vpci_msi_parse(VPCI_MSI_V3, bytes, 74, 0, &request), 0);
	KUNIT_EXPECT_EQ(test, request.vector, 0x12345678);
	KUNIT_EXPECT_EQ(test, request.delivery, VPCI_DELIVERY_LOWEST);
	KUNIT_EXPECT_EQ(test, request.count, 32);
	KUNIT_EXPECT_EQ(test, request.nprocs, 1);
	KUNIT_EXPECT_EQ(test, request.procs[0], 3);
}

/* A byte less than there must be. */
static void vpci_msi_short_test(struct kunit *test)
{
	struct vpci_msi_request request = { .vector = 65, .count = 1, .nprocs = 1 };
	u8 *desc = kunit_kzalloc(test, 80, GFP_KERNEL);
	unsigned int i;
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, desc);
	for (i = 0; i < ARRAY_SIZE(mt_forms); i++) {
		struct vpci_msi_request back;
		u32 size = vpci_msi_form_size(mt_forms[i]);

		KUNIT_ASSERT_GT(test, vpci_msi_build(mt_forms[i], &request, desc), 0);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(mt_forms[i], desc, size, 0, &back), 0);
		for (len = 0; len < size; len++)
			KUNIT_EXPECT_EQ_MSG(test, vpci_msi_parse(mt_forms[i], desc, len, 0, &back),
					    -EINVAL, "form %u, %u bytes", mt_forms[i], len);
	}
}

/* ---- limits ---------------------------------------------------------------------------- */

/**
 * struct ml_case - a request, close to a limit
 * @what: for messages
 * @vector: first vector
 * @delivery: how
 * @count: vectors
 * @nprocs: processors
 * @err: what comes of it
 */
struct ml_case {
	const char *what;
	u32 vector;
	u8 delivery;
	u16 count;
	u16 nprocs;
	int err;
};

static const struct ml_case ml_cases[] = {
	{ "one", 65, 0, 1, 1, 0 },
	{ "no vector", 65, 0, 0, 1, -ENOENT },
	{ "nothing at all", 0, 0, 0, 0, -ENOENT },
	{ "nothing but rubbish", 65, 0xff, 0, 0xffff, -ENOENT },
	{ "most vectors", 32, 0, 32, 1, 0 },
	{ "a vector too many", 32, 0, 33, 1, -EINVAL },
	{ "most vectors that a field has", 32, 0, 0xffff, 1, -EINVAL },
	{ "no processor", 65, 0, 1, 0, -EINVAL },
	{ "most processors", 65, 0, 1, 32, 0 },
	{ "a processor too many", 65, 0, 1, 33, -EINVAL },
	{ "most processors that a field has", 65, 0, 1, 0xffff, -EINVAL },
	{ "lowest priority", 65, 1, 1, 2, 0 },
	{ "SMI", 65, 2, 1, 1, -EINVAL },
	{ "NMI", 65, 4, 1, 1, -EINVAL },
	{ "all bits of delivery", 65, 0xff, 1, 1, -EINVAL },
	{ "vector 0", 0, 0, 1, 1, 0 },
	{ "the last vector", U32_MAX, 0, 1, 1, 0 },
	{ "behind the last vector", U32_MAX, 0, 2, 1, -EINVAL },
	{ "up to the last vector", U32_MAX - 31, 0, 32, 1, 0 },
	{ "one further", U32_MAX - 30, 0, 32, 1, -EINVAL },
};

static void vpci_msi_limit_test(struct kunit *test)
{
	const struct ml_case *c = test->param_value;
	struct vpci_msi_desc3 v3 = {
		.vector = cpu_to_le32(c->vector),
		.delivery = c->delivery,
		.count = cpu_to_le16(c->count),
		.nprocs = cpu_to_le16(c->nprocs),
	};
	struct vpci_msi_desc2 v2 = {
		.vector = c->vector,
		.delivery = c->delivery,
		.count = cpu_to_le16(c->count),
		.nprocs = cpu_to_le16(c->nprocs),
	};
	struct vpci_msi_request request;

	KUNIT_EXPECT_EQ(test, vpci_msi_parse(VPCI_MSI_V3, &v3, sizeof(v3), 0, &request), c->err);
	if (c->vector <= U8_MAX)
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(VPCI_MSI_V2, &v2, sizeof(v2), 0, &request),
				c->err);
}

static void ml_describe(const struct ml_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->what);
}

KUNIT_ARRAY_PARAM(ml, ml_cases, ml_describe);

struct mm_case {
	u64 mask;
	u32 vps;
	u16 nprocs;
	u16 first;
	u16 last;
};

static const struct mm_case mm_cases[] = {
	{ 1, 0, 1, 0, 0 },
	{ BIT_ULL(63), 0, 1, 63, 63 },
	{ BIT_ULL(63), 64, 1, 63, 63 },
	{ BIT_ULL(63), 63, 0 },
	{ U32_MAX, 0, 32, 0, 31 },
	/* What Linux sends, whatever there is. */
	{ U64_MAX, 0, 32, 0, 31 },
	{ U64_MAX, 1, 1, 0, 0 },
	{ U64_MAX, 4, 4, 0, 3 },
	{ U64_MAX, 2048, 32, 0, 31 },
	{ ~(u64)U32_MAX, 0, 32, 32, 63 },
	{ ~(u64)U32_MAX, 33, 1, 32, 32 },
	{ ~(u64)U32_MAX, 32, 0 },
	{ 0, 0, 0 },
};

static void vpci_msi_mask_test(struct kunit *test)
{
	struct vpci_msi_desc desc = { .vector = 65, .count = cpu_to_le16(1) };
	struct vpci_msi_request request;
	const struct mm_case *c;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(mm_cases); i++) {
		c = &mm_cases[i];
		desc.processors = cpu_to_le64(c->mask);
		err = vpci_msi_parse(VPCI_MSI_V1, &desc, sizeof(desc), c->vps, &request);
		KUNIT_EXPECT_EQ_MSG(test, err, c->nprocs ? 0 : -EINVAL, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, request.nprocs, c->nprocs, "case %u", i);
		if (err)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, request.procs[0], c->first, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, request.procs[c->nprocs - 1], c->last, "case %u", i);
	}
}

/* A VP by number must be one that is there, if that is known. */
static void vpci_msi_vps_test(struct kunit *test)
{
	struct vpci_msi_desc2 desc = { .vector = 65, .count = cpu_to_le16(1) };
	struct vpci_msi_request request;
	unsigned int i;

	desc.nprocs = cpu_to_le16(32);
	for (i = 0; i < 32; i++) {
		memset(desc.procs, 0, sizeof(desc.procs));
		desc.procs[i] = cpu_to_le16(3);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(VPCI_MSI_V2, &desc, 72, 4, &request), 0);
		desc.procs[i] = cpu_to_le16(4);
		KUNIT_EXPECT_EQ_MSG(test, vpci_msi_parse(VPCI_MSI_V2, &desc, 72, 4, &request),
				    -EINVAL, "processor %u", i);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(VPCI_MSI_V2, &desc, 72, 0, &request), 0);
		desc.procs[i] = cpu_to_le16(U16_MAX);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(VPCI_MSI_V2, &desc, 72, 4, &request),
				-EINVAL);
	}
}

/* ---- building -------------------------------------------------------------------------- */

static struct vpci_msi_request mb_request(u32 vector, u16 count, u16 nprocs)
{
	struct vpci_msi_request request = {
		.vector = vector, .delivery = VPCI_DELIVERY_LOWEST, .count = count,
		.nprocs = nprocs,
	};
	unsigned int i;

	for (i = 0; i < nprocs && i < VPCI_MAX_PROCESSORS; i++)
		request.procs[i] = 2 * i + 1;
	return request;
}

/* What is built is parsed to the same, in each form. */
static void vpci_msi_round_test(struct kunit *test)
{
	static const u32 lens[] = { 16, 72, 76 };
	static const u16 counts[] = { 1, 2, 31, 32 };
	struct vpci_msi_request request, back;
	u8 *desc = kunit_kmalloc(test, 80, GFP_KERNEL);
	unsigned int i, k;

	KUNIT_ASSERT_NOT_NULL(test, desc);
	for (i = 0; i < ARRAY_SIZE(mt_forms); i++) {
		for (k = 0; k < ARRAY_SIZE(counts); k++) {
			request = mb_request(100 + k, counts[k], counts[k]);
			memset(desc, 0xff, 80);
			KUNIT_ASSERT_EQ(test, vpci_msi_build(mt_forms[i], &request, desc),
					lens[i]);
			KUNIT_ASSERT_EQ(test, vpci_msi_parse(mt_forms[i], desc, lens[i], 0, &back),
					0);
			KUNIT_EXPECT_MEMEQ(test, &back, &request, sizeof(back));
			/* Nothing behind it was touched. */
			KUNIT_EXPECT_EQ(test, desc[lens[i]], 0xff);
		}
	}
}

static void vpci_msi_range_test(struct kunit *test)
{
	u8 *desc = kunit_kzalloc(test, 80, GFP_KERNEL);
	struct vpci_msi_request request;

	KUNIT_ASSERT_NOT_NULL(test, desc);
	request = mb_request(255, 1, 1);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V1, &request, desc), 16);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V2, &request, desc), 72);
	request = mb_request(255, 2, 1);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V1, &request, desc), -ERANGE);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V2, &request, desc), -ERANGE);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V3, &request, desc), 76);
	request = mb_request(256, 1, 1);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V2, &request, desc), -ERANGE);
	request = mb_request(U32_MAX, 1, 1);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V2, &request, desc), -ERANGE);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V3, &request, desc), 76);
	/* A mask ends at 63. */
	request = mb_request(65, 1, 1);
	request.procs[0] = 63;
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V1, &request, desc), 16);
	request.procs[0] = 64;
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V1, &request, desc), -ERANGE);
	KUNIT_EXPECT_EQ(test, vpci_msi_build(VPCI_MSI_V2, &request, desc), 72);
}

static void vpci_msi_remapped_test(struct kunit *test)
{
	static const u8 bytes[16] = {
		0, 0, 32, 0, 0x44, 0x33, 0x22, 0x11, 0, 0x10, 0xe0, 0xfe, 1, 0, 0, 0x80,
	};
	const struct vpci_msi msi = {
		.address = 0x80000001fee01000, .data = 0x11223344, .count = 32,
	};
	struct vpci_msi_remapped remapped;
	struct vpci_msi back = { };

	memset(&remapped, 0xff, sizeof(remapped));
	vpci_msi_put(&remapped, &msi);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&remapped, bytes, sizeof(bytes));
	vpci_msi_get(&back, &remapped);
	KUNIT_EXPECT_EQ(test, back.address, msi.address);
	KUNIT_EXPECT_EQ(test, back.data, msi.data);
	KUNIT_EXPECT_EQ(test, back.count, msi.count);
}

/* ---- the table ------------------------------------------------------------------------- */

static struct vpci_msi_table *mt_table(struct kunit *test, u32 n)
{
	struct vpci_msi_table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	struct vpci_msi msi = { .address = 0xfee00000, .count = 1 };

	KUNIT_ASSERT_NOT_NULL(test, table);
	for (msi.data = 0; msi.data < n; msi.data++)
		KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &msi), 0);
	return table;
}

static void vpci_msi_full_test(struct kunit *test)
{
	struct vpci_msi_table *table = mt_table(test, VPCI_MAX_MSIS);
	struct vpci_msi msi = { .address = 0xfee00000, .data = VPCI_MAX_MSIS };
	struct vpci_msi had;

	KUNIT_EXPECT_EQ(test, table->n, 494);
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &msi), -ENOSPC);
	KUNIT_EXPECT_EQ(test, table->n, 494);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee00000, 0, &had), 0);
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &msi), 0);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee00000, VPCI_MAX_MSIS, &had), 0);
}

/* Address and data both count. */
static void vpci_msi_find_test(struct kunit *test)
{
	struct vpci_msi_table *table = mt_table(test, 0);
	struct vpci_msi a = { 0xfee00000, 1, 4 }, b = { 0xfee01000, 1, 5 };
	struct vpci_msi had = { };

	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0, 0, &had), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &a), 0);
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &a), -EEXIST);
	a.count = 9;
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &a), -EEXIST);
	KUNIT_EXPECT_EQ(test, vpci_msi_add(table, &b), 0);
	KUNIT_EXPECT_EQ(test, table->n, 2);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee00000, 2, &had), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee02000, 1, &had), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0x1fee00000, 1, &had), -ENOENT);
	KUNIT_EXPECT_EQ(test, had.count, 0);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee01000, 1, &had), 0);
	KUNIT_EXPECT_EQ(test, had.count, 5);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee01000, 1, &had), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee00000, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, table->n, 0);
}

/* Whichever goes, the others stay. */
static void vpci_msi_others_test(struct kunit *test)
{
	struct vpci_msi_table *table;
	struct vpci_msi had;
	u32 gone, i;

	for (gone = 0; gone < 5; gone++) {
		table = mt_table(test, 5);
		KUNIT_EXPECT_EQ(test, vpci_msi_remove(table, 0xfee00000, gone, &had), 0);
		KUNIT_EXPECT_EQ(test, had.data, gone);
		KUNIT_EXPECT_EQ(test, table->n, 4);
		for (i = 0; i < 5; i++)
			KUNIT_EXPECT_EQ_MSG(test, vpci_msi_remove(table, 0xfee00000, i, &had),
					    i == gone ? -ENOENT : 0, "%u without %u", i, gone);
		KUNIT_EXPECT_EQ(test, table->n, 0);
	}
}

static struct kunit_case vpci_msi_cases[] = {
	KUNIT_CASE(vpci_msi_size_test),
	KUNIT_CASE(vpci_msi_parse1_test),
	KUNIT_CASE(vpci_msi_parse2_test),
	KUNIT_CASE(vpci_msi_parse3_test),
	KUNIT_CASE(vpci_msi_short_test),
	KUNIT_CASE_PARAM(vpci_msi_limit_test, ml_gen_params),
	KUNIT_CASE(vpci_msi_mask_test),
	KUNIT_CASE(vpci_msi_vps_test),
	KUNIT_CASE(vpci_msi_round_test),
	KUNIT_CASE(vpci_msi_range_test),
	KUNIT_CASE(vpci_msi_remapped_test),
	KUNIT_CASE(vpci_msi_full_test),
	KUNIT_CASE(vpci_msi_find_test),
	KUNIT_CASE(vpci_msi_others_test),
	{}
};

static struct kunit_suite vpci_msi_suite = {
	.name = "vpci_msi",
	.test_cases = vpci_msi_cases,
};

kunit_test_suite(vpci_msi_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: interrupts");
MODULE_LICENSE("GPL");
