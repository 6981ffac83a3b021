// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: base addresses, from the host's masks to the guest's memory.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_pure.h"

#define R_NONE	{ }
#define R_MEM(_address, _length)							\
	{ .type = VPCI_RESOURCE_MEMORY, .address = cpu_to_le64(_address),		\
	  .length = cpu_to_le32(_length) }
#define R_LARGE(_flags, _address, _length)						\
	{ .type = VPCI_RESOURCE_MEMORY_LARGE, .flags = cpu_to_le16(_flags),		\
	  .address = cpu_to_le64(_address), .length = cpu_to_le32(_length) }

/* ---- masks ----------------------------------------------------------------------------- */

/**
 * struct bp_case - masks of a device
 * @what: for messages
 * @masks: what the host says
 * @size: of each BAR
 * @why: part of the reason of the refusal, or NULL
 */
struct bp_case {
	const char *what;
	u32 masks[VPCI_BARS];
	u64 size[VPCI_BARS];
	const char *why;
};

static const struct bp_case bp_cases[] = {
	{ "no BAR", { }, { } },
	{ "16 bytes", { 0xfffffff0 }, { 16 } },
	{ "4 KiB", { 0xfffff000 }, { SZ_4K } },
	{ "2 GiB of 32 bits", { 0x80000000 }, { BIT_ULL(31) } },
	{ "prefetchable", { 0xfffff008 }, { SZ_4K } },
	{ "in the last", { 0, 0, 0, 0, 0, 0xffff0000 }, { 0, 0, 0, 0, 0, 0x10000 } },
	{ "64 bits", { 0xffffc004, 0xffffffff }, { 0x4000 } },
	{ "64 bits, prefetchable", { 0xffffc00c, 0xffffffff }, { 0x4000 } },
	{ "64 bits, 4 GiB", { 0x4, 0xffffffff }, { BIT_ULL(32) } },
	{ "64 bits, 1 TiB", { 0x4, 0xffffff00 }, { BIT_ULL(40) } },
	{ "64 bits, the largest", { 0x4, 0xfff80000 }, { BIT_ULL(51) } },
	{ "64 bits in 4 and 5", { 0, 0, 0, 0, 0xfff00004, 0xffffffff },
	  { 0, 0, 0, 0, 0x100000 } },
	{ "NVMe's", { 0xffffc004, 0xffffffff, 0, 0, 0xfffff004, 0xffffffff },
	  { 0x4000, 0, 0, 0, 0x1000 } },
	{ "three of 64 bits",
	  { 0xffff0004, 0xffffffff, 0xffff0004, 0xffffffff, 0xffff0004, 0xffffffff },
	  { 0x10000, 0, 0x10000, 0, 0x10000 } },
	{ "six of 32 bits",
	  { 0xfffffff0, 0xffffffe0, 0xffffffc0, 0xffffff80, 0xffffff00, 0xfffffe00 },
	  { 16, 32, 64, 128, 256, 512 } },
	/* The upper half of one may look like anything. */
	{ "an upper half like I/O", { 0x4, 0xfffffff1 }, { }, "power of two" },
	{ "32 bits behind 64", { 0xffffc004, 0xffffffff, 0xfffff000 }, { 0x4000, 0, SZ_4K } },

	{ "64 bits in the last", { 0, 0, 0, 0, 0, 0xffff0004 }, { }, "last" },
	{ "all ones", { U32_MAX, U32_MAX, U32_MAX, U32_MAX, U32_MAX, U32_MAX }, { },
	  "I/O" },
	{ "all ones but I/O", { 0xfffffffe }, { }, "unknown type" },
	{ "I/O", { 0xffffff01 }, { }, "I/O" },
	{ "I/O in the last", { 0, 0, 0, 0, 0, 0x1 }, { }, "I/O" },
	{ "below 1 MiB", { 0xfffff002 }, { }, "unknown type" },
	{ "type 3", { 0xfffff006 }, { }, "unknown type" },
	{ "a hole", { 0xff0ff000 }, { }, "power of two" },
	{ "one bit", { 0x00001000 }, { }, "power of two" },
	{ "no upper bits", { 0x7ffff000 }, { }, "power of two" },
	{ "a type and nothing else", { 0x8 }, { }, "no bits" },
	{ "64 bits of nothing", { 0x4 }, { }, "no bits" },
	{ "64 bits, upper half 0", { 0xfffff004, 0 }, { }, "power of two" },
	{ "64 bits, a hole between the halves", { 0x7ffff004, U32_MAX }, { },
	  "power of two" },
	{ "64 bits, a hole in the upper half", { 0xfffff004, 0xfffffffe }, { },
	  "power of two" },
	{ "larger than all memory", { 0x4, 0xfff00000 }, { }, "larger" },
	{ "half of all there could be", { 0x4, 0x80000000 }, { }, "larger" },
	{ "a good one, then a bad one", { 0xfffff000, 0xfffff003 }, { }, "I/O" },
};

static void vpci_bars_probed_test(struct kunit *test)
{
	const struct bp_case *c = test->param_value;
	u32 masks[VPCI_BARS];
	struct vpci_bars bars;
	const char *why = NULL;
	unsigned int i;
	int err;

	memset(&bars, 0xff, sizeof(bars));
	err = vpci_bars_probed(&bars, c->masks, &why);
	KUNIT_EXPECT_EQ(test, err, c->why ? -EINVAL : 0);
	if (c->why) {
		KUNIT_ASSERT_NOT_NULL(test, why);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(why, c->why), "%s", why);
	}
	/* What is refused leaves nothing behind that could be used. */
	vpci_bars_masks(&bars, masks);
	for (i = 0; i < VPCI_BARS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, bars.size[i], c->size[i], "BAR %u", i);
		KUNIT_EXPECT_EQ_MSG(test, masks[i], c->why ? 0 : c->masks[i], "BAR %u", i);
	}
}

static void bp_describe(const struct bp_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->what);
}

KUNIT_ARRAY_PARAM(bp, bp_cases, bp_describe);

/* Any single wrong bit in good masks is refused, or gives a BAR of another size. */
static void vpci_bars_bit_test(struct kunit *test)
{
	static const u32 good[VPCI_BARS] = { 0xffffc004, 0xffffffff, 0xffff0000 };
	u32 masks[VPCI_BARS];
	struct vpci_bars bars;
	unsigned int bit, i;
	const char *why;
	u64 sum;

	for (bit = 0; bit < 32 * VPCI_BARS; bit++) {
		memcpy(masks, good, sizeof(masks));
		masks[bit / 32] ^= BIT(bit % 32);
		if (vpci_bars_probed(&bars, masks, &why))
			continue;
		for (i = 0, sum = 0; i < VPCI_BARS; i++) {
			KUNIT_EXPECT_EQ_MSG(test, bars.size[i] & (bars.size[i] - 1), 0,
					    "bit %u", bit);
			sum += bars.size[i];
		}
		/* Only the bit for prefetching changes nothing. */
		KUNIT_EXPECT_EQ_MSG(test, sum == 0x14000, bit == 3 || bit == 67, "bit %u", bit);
	}
}

/* ---- resources ------------------------------------------------------------------------- */

struct rp_case {
	u64 len;
	u8 type;
	u16 flags;
	u32 units;
	u64 back;
};

static const struct rp_case rp_cases[] = {
	{ 0, VPCI_RESOURCE_NULL, 0, 0, 0 },
	{ 1, VPCI_RESOURCE_MEMORY, 0, 1, 1 },
	{ SZ_4K, VPCI_RESOURCE_MEMORY, 0, SZ_4K, SZ_4K },
	{ BIT_ULL(31), VPCI_RESOURCE_MEMORY, 0, 0x80000000, BIT_ULL(31) },
	{ U32_MAX, VPCI_RESOURCE_MEMORY, 0, U32_MAX, U32_MAX },
	{ BIT_ULL(32), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE40, 0x1000000,
	  BIT_ULL(32) },
	{ BIT_ULL(32) + 1, VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE40, 0x1000001,
	  BIT_ULL(32) + 0x100 },
	{ BIT_ULL(39), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE40, 0x80000000,
	  BIT_ULL(39) },
	{ (u64)U32_MAX << 8, VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE40, U32_MAX,
	  (u64)U32_MAX << 8 },
	/* Rounded up, it does not fit any more. */
	{ ((u64)U32_MAX << 8) + 1, VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE48,
	  0x1000000, BIT_ULL(40) },
	{ BIT_ULL(40), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE48, 0x1000000,
	  BIT_ULL(40) },
	{ BIT_ULL(47), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE48, 0x80000000,
	  BIT_ULL(47) },
	{ BIT_ULL(48), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE64, 0x10000, BIT_ULL(48) },
	{ BIT_ULL(51), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE64, 0x80000,
	  BIT_ULL(51) },
	{ BIT_ULL(63), VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE64, 0x80000000,
	  BIT_ULL(63) },
	{ U64_MAX, VPCI_RESOURCE_MEMORY_LARGE, VPCI_RESOURCE_LARGE64, U32_MAX,
	  (u64)U32_MAX << 32 },
};

static void vpci_resource_put_test(struct kunit *test)
{
	const u64 at = 0x123456789abcd000;
	const struct rp_case *c;
	struct vpci_resource r;
	u64 address, len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rp_cases); i++) {
		c = &rp_cases[i];
		memset(&r, 0xff, sizeof(r));
		vpci_resource_put(&r, at, c->len);
		KUNIT_EXPECT_EQ_MSG(test, r.type, c->type, "%#llx", c->len);
		KUNIT_EXPECT_EQ_MSG(test, le16_to_cpu(r.flags), c->flags, "%#llx", c->len);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(r.length), c->units, "%#llx", c->len);
		KUNIT_EXPECT_EQ_MSG(test, r.share, 0, "%#llx", c->len);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(r.reserved), 0, "%#llx", c->len);
		KUNIT_EXPECT_EQ(test, vpci_resource_get(&r, &address, &len), 0);
		KUNIT_EXPECT_EQ_MSG(test, address, c->len ? at : 0, "%#llx", c->len);
		KUNIT_EXPECT_EQ_MSG(test, len, c->back, "%#llx", c->len);
	}
}

static void vpci_resource_wire_test(struct kunit *test)
{
	static const u8 bytes[20] = {
		7, 0, 0x00, 0x04, 8, 7, 6, 5, 4, 3, 2, 1, 0x00, 0x00, 0x00, 0x01,
	};
	struct vpci_resource r;

	vpci_resource_put(&r, 0x0102030405060708, BIT_ULL(40));
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&r, bytes, sizeof(bytes));
}

/* Of eight combinations of the flags, three say what the length means. */
static void vpci_resource_flags_test(struct kunit *test)
{
	static const u64 lens[8] = { 0, 0x500, 0x50000, 0, 0x500000000 };
	struct vpci_resource r;
	u64 address, len;
	unsigned int i;
	int err;

	for (i = 0; i < 8; i++) {
		r = (struct vpci_resource)R_LARGE(i << 9, 0x1000, 5);
		err = vpci_resource_get(&r, &address, &len);
		KUNIT_EXPECT_EQ_MSG(test, err, lens[i] ? 0 : -EINVAL, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, len, lens[i], "%u", i);
		/* Other flags are not ours; those of ordinary memory do not count. */
		r.flags |= cpu_to_le16(0xf1ff);
		KUNIT_EXPECT_EQ_MSG(test, vpci_resource_get(&r, &address, &len), err, "%u", i);
		r.type = VPCI_RESOURCE_MEMORY;
		KUNIT_EXPECT_EQ(test, vpci_resource_get(&r, &address, &len), 0);
		KUNIT_EXPECT_EQ_MSG(test, len, 5, "%u", i);
	}
}

/* What is no memory is nothing. */
static void vpci_resource_type_test(struct kunit *test)
{
	struct vpci_resource r = R_LARGE(VPCI_RESOURCE_LARGE, 0x1000, 5);
	u64 address, len;
	unsigned int type;

	for (type = 0; type <= U8_MAX; type++) {
		if (type == VPCI_RESOURCE_MEMORY || type == VPCI_RESOURCE_MEMORY_LARGE)
			continue;
		r.type = type;
		len = 77;
		KUNIT_EXPECT_EQ_MSG(test, vpci_resource_get(&r, &address, &len), 0, "%u", type);
		KUNIT_EXPECT_EQ_MSG(test, len, 0, "type %u", type);
	}
}

/* ---- what a guest assigns -------------------------------------------------------------- */

/* 16 KiB of 64 bits, 64 KiB of 32 bits, 8 GiB of 64 bits, 256 bytes of 32 bits */
static const u32 as_masks[VPCI_BARS] = {
	0xffffc00c, 0xffffffff, 0xffff0000, 0x00000004, 0xfffffffe, 0xffffff00,
};

/**
 * struct as_case - resources for as_masks
 * @what: for messages
 * @resources: those
 * @regs: what they become
 * @why: part of the reason of the refusal, or NULL
 */
struct as_case {
	const char *what;
	struct vpci_resource resources[VPCI_BARS];
	u32 regs[VPCI_BARS];
	const char *why;
};

static const struct as_case as_cases[] = {
	{ "nothing", { }, { } },
	{ "all", { R_MEM(0x123400000000, 0x4000), R_NONE, R_MEM(0xf8000000, 0x10000),
		   R_LARGE(VPCI_RESOURCE_LARGE40, 0x200000000, 0x2000000), R_NONE,
		   R_MEM(0xf8010000, 0x100) },
	  { 0, 0x1234, 0xf8000000, 0, 2, 0xf8010000 } },
	{ "less than the size", { R_MEM(0x4000, 1) }, { 0x4000 } },
	{ "a page for less than a page", { [5] = R_MEM(0xf8000000, SZ_4K) },
	  { 0, 0, 0, 0, 0, 0xf8000000 } },
	{ "in the middle of a page", { [5] = R_MEM(0xf8000700, 0x100) },
	  { 0, 0, 0, 0, 0, 0xf8000700 } },
	{ "the end of 32 bits", { [2] = R_MEM(0xffff0000, 0x10000) }, { 0, 0, 0xffff0000 } },
	{ "the end of memory", { R_MEM(VPCI_ADDRESS_LIMIT - 0x4000, 0x4000) },
	  { 0xffffc000, 0xfffff } },
	{ "64 bits below 4 GiB", { R_MEM(0xf8000000, 0x4000) }, { 0xf8000000 } },
	{ "something else than memory",
	  { { .type = VPCI_RESOURCE_INTERRUPT, .length = cpu_to_le32(1) } }, { } },
	{ "neighbours", { R_MEM(0xf8010000, 0x4000), R_NONE, R_MEM(0xf8000000, 0x10000) },
	  { 0xf8010000, 0, 0xf8000000 } },

	{ "an upper half", { [1] = R_MEM(0x4000, 0x4000) }, { }, "upper half" },
	{ "both halves", { R_MEM(0x4000, 0x4000), R_MEM(0x8000, 0x4000) }, { }, "upper half" },
	{ "twice the size", { R_MEM(0x8000, 0x8000) }, { }, "more memory" },
	{ "a byte more than the size", { R_MEM(0x8000, 0x4001) }, { }, "more memory" },
	{ "more than the size, 32 bits", { [2] = R_MEM(0xf8000000, 0x10001) }, { },
	  "more memory" },
	{ "more than a page for less", { [5] = R_MEM(0xf8000000, 0x1001) }, { }, "more memory" },
	{ "a large one for a small one, 32 bits",
	  { [2] = R_LARGE(VPCI_RESOURCE_LARGE64, 0xf8000000, U32_MAX) }, { }, "more memory" },
	{ "not aligned", { R_MEM(0x2000, 0x4000) }, { }, "aligned" },
	{ "not aligned, 32 bits", { [2] = R_MEM(0xf8008000, 0x10000) }, { }, "aligned" },
	{ "an odd address", { R_MEM(0x4001, 0x4000) }, { }, "aligned" },
	{ "type bits in the address", { R_MEM(0x400c, 0x4000) }, { }, "aligned" },
	{ "at 0", { R_MEM(0, 0x4000) }, { }, "at 0" },
	{ "32 bits above 4 GiB", { [2] = R_MEM(0x100000000, 0x10000) }, { }, "reach" },
	{ "32 bits far above", { [2] = R_MEM(0xffffffffffff0000, 0x10000) }, { }, "reach" },
	{ "above memory", { R_MEM(VPCI_ADDRESS_LIMIT, 0x4000) }, { }, "reach" },
	{ "the end of all numbers", { R_MEM(0xffffffffffffc000, 0x4000) }, { }, "reach" },
	{ "two at one place", { R_MEM(0xf8000000, 0x4000), R_NONE, R_MEM(0xf8000000, 0x10000) },
	  { }, "overlaps" },
	{ "one in another", { R_MEM(0xf800c000, 0x4000), R_NONE, R_MEM(0xf8000000, 0x10000) },
	  { }, "overlaps" },
	/* What counts is what the device decodes. */
	{ "in what was not asked for",
	  { R_MEM(0xf800c000, 0x4000), R_NONE, R_MEM(0xf8000000, 1) }, { }, "overlaps" },
	{ "a length in no form", { [3] = R_LARGE(0, 0x200000000, 0x2000000) }, { },
	  "unknown form" },
	{ "a length in two forms", { [4] = R_LARGE(0x600, 0x200000000, 1) }, { },
	  "unknown form" },
};

static void vpci_bars_assign_test(struct kunit *test)
{
	const struct as_case *c = test->param_value;
	struct vpci_bars bars;
	u32 regs[VPCI_BARS];
	const char *why = NULL;
	int err;

	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&bars, as_masks, &why), 0);
	memset(regs, 0xff, sizeof(regs));
	err = vpci_bars_assign(&bars, c->resources, regs, &why);
	KUNIT_EXPECT_EQ(test, err, c->why ? -EINVAL : 0);
	if (c->why) {
		KUNIT_ASSERT_NOT_NULL(test, why);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(why, c->why), "%s", why);
	} else {
		KUNIT_EXPECT_MEMEQ(test, regs, c->regs, sizeof(regs));
	}
}

static void as_describe(const struct as_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->what);
}

KUNIT_ARRAY_PARAM(as, as_cases, as_describe);

static void vpci_bars_absent_test(struct kunit *test)
{
	struct vpci_resource resources[VPCI_BARS] = { };
	struct vpci_bars bars = { };
	u32 regs[VPCI_BARS];
	const char *why;
	unsigned int i;

	for (i = 0; i < VPCI_BARS; i++) {
		resources[i] = (struct vpci_resource)R_MEM(0xf8000000, 0x1000);
		why = "";
		KUNIT_EXPECT_EQ(test, vpci_bars_assign(&bars, resources, regs, &why), -EINVAL);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(why, "not there"), "BAR %u: %s", i, why);
		resources[i] = (struct vpci_resource)R_NONE;
	}
	KUNIT_EXPECT_EQ(test, vpci_bars_assign(&bars, resources, regs, &why), 0);
}

/* What was assigned can be read back, whatever a guest writes into the low bits. */
static void vpci_bars_resources_test(struct kunit *test)
{
	struct vpci_resource resources[VPCI_BARS];
	const struct as_case *all = &as_cases[1];
	u32 regs[VPCI_BARS], again[VPCI_BARS];
	struct vpci_bars bars;
	const char *why;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&bars, as_masks, &why), 0);
	for (i = 0; i < VPCI_BARS; i++)
		regs[i] = all->regs[i];
	/* All bits that are no part of an address. */
	regs[0] |= 0x3fff;
	regs[2] |= 0xffff;
	regs[3] |= U32_MAX;
	regs[4] |= 1;
	regs[5] |= 0xff;
	vpci_bars_resources(&bars, regs, resources);
	KUNIT_EXPECT_MEMEQ(test, resources, all->resources, sizeof(resources));
	KUNIT_EXPECT_EQ(test, vpci_bars_assign(&bars, resources, again, &why), 0);
	KUNIT_EXPECT_MEMEQ(test, again, all->regs, sizeof(again));

	memset(regs, 0, sizeof(regs));
	vpci_bars_resources(&bars, regs, resources);
	for (i = 0; i < VPCI_BARS; i++)
		KUNIT_EXPECT_EQ_MSG(test, resources[i].type, VPCI_RESOURCE_NULL, "BAR %u", i);
}

static void vpci_bars_address_test(struct kunit *test)
{
	static const u64 addresses[VPCI_BARS] = {
		0xffffffffffffc000, 0, 0xffff0000, 0xfffffffe00000000, 0, 0xffffff00,
	};
	static const u32 regs[VPCI_BARS] = {
		U32_MAX, U32_MAX, U32_MAX, U32_MAX, U32_MAX, U32_MAX,
	};
	struct vpci_bars bars;
	const char *why;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&bars, as_masks, &why), 0);
	for (i = 0; i < VPCI_BARS; i++)
		KUNIT_EXPECT_EQ_MSG(test, vpci_bars_address(&bars, regs, i), addresses[i],
				    "BAR %u", i);
}

struct ov_case {
	u64 start;
	u64 len;
	bool overlap;
};

static const struct ov_case ov_cases[] = {
	{ 0xf8000000, 0x10000, true },
	{ 0xf8000000, 1, true },
	{ 0xf800ffff, 1, true },
	{ 0xf8010000, 1, false },
	{ 0xf7fff000, 0x1000, false },
	{ 0xf7fff000, 0x1001, true },
	{ 0xf8004000, 0x10, true },
	{ 0xf0000000, 0x10000000, true },
	{ 0xf8000000, 0, false },
	{ 0, U64_MAX, true },
	/* The other registers hold 0, which is nowhere. */
	{ 0, 0x4000, false },
	{ 0xfffffffffffff000, 0x1000, false },
};

static void vpci_bars_overlap_test(struct kunit *test)
{
	static const u32 regs[VPCI_BARS] = { [2] = 0xf8000000 };
	const struct ov_case *c;
	struct vpci_bars bars;
	const char *why;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vpci_bars_probed(&bars, as_masks, &why), 0);
	for (i = 0; i < ARRAY_SIZE(ov_cases); i++) {
		c = &ov_cases[i];
		KUNIT_EXPECT_EQ_MSG(test, vpci_bars_overlap(&bars, regs, c->start, c->len),
				    c->overlap, "%#llx %#llx", c->start, c->len);
	}
}

static struct kunit_case vpci_bars_cases[] = {
	KUNIT_CASE_PARAM(vpci_bars_probed_test, bp_gen_params),
	KUNIT_CASE(vpci_bars_bit_test),
	KUNIT_CASE(vpci_resource_put_test),
	KUNIT_CASE(vpci_resource_wire_test),
	KUNIT_CASE(vpci_resource_flags_test),
	KUNIT_CASE(vpci_resource_type_test),
	KUNIT_CASE_PARAM(vpci_bars_assign_test, as_gen_params),
	KUNIT_CASE(vpci_bars_absent_test),
	KUNIT_CASE(vpci_bars_resources_test),
	KUNIT_CASE(vpci_bars_address_test),
	KUNIT_CASE(vpci_bars_overlap_test),
	{}
};

static struct kunit_suite vpci_bars_suite = {
	.name = "vpci_bars",
	.test_cases = vpci_bars_cases,
};

kunit_test_suite(vpci_bars_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: base addresses");
MODULE_LICENSE("GPL");
