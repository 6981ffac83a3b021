// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: addresses of a guest are in use once.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/guest_priv.h"

static const guid_t ct_buses[] = {
	GUID_INIT(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), GUID_INIT(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
};

static void ct_drop(void *ctx)
{
	vpci_claim_drop(ctx);
}

/* A claim of bus @bus of the guest of that number, which is dropped at the end. */
static struct vpci_claim *ct_new(struct kunit *test, unsigned long guest, unsigned int bus)
{
	struct vpci_claim *claim = kunit_kzalloc(test, sizeof(*claim), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, claim);
	/* It is only compared. */
	claim->part = (const struct vmbus_partition *)guest;
	claim->instance = &ct_buses[bus];
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ct_drop, claim), 0);
	return claim;
}

static void ct_set(struct vpci_claim *claim, unsigned int i, u64 start, u64 len)
{
	claim->ranges[i].start = start;
	claim->ranges[i].len = len;
}

/**
 * struct ct_case - a range beside one of 64 KiB at 1 MiB
 * @name: for messages
 * @start: where it is
 * @len: bytes of it
 * @good: there is nothing in the way
 */
struct ct_case {
	const char *name;
	u64 start;
	u64 len;
	bool good;
};

static const struct ct_case ct_cases[] = {
	{ "before", 0xf0000, 0x10000, true },
	{ "before, and its first byte", 0xf0000, 0x10001, false },
	{ "the same", 0x100000, 0x10000, false },
	{ "within", 0x108000, 0x1000, false },
	{ "around", 0xf0000, 0x40000, false },
	{ "its first byte", 0x100000, 1, false },
	{ "its last byte", 0x10ffff, 1, false },
	{ "its last byte, and behind", 0x10ffff, 0x10000, false },
	{ "behind", 0x110000, 0x10000, true },
	{ "nothing", 0x108000, 0, true },
	{ "at the end of all", BIT_ULL(52) - 0x10000, 0x10000, true },
	{ "all", 0, BIT_ULL(52), false },
};

static void ct_describe(const struct ct_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ct, ct_cases, ct_describe);

/* Whichever of its ranges it is; who was there first has it. */
static void vpci_claim_meet_test(struct kunit *test)
{
	const struct ct_case *c = test->param_value;
	unsigned int i, j;

	for (i = 0; i < VPCI_BARS; i++) {
		for (j = 0; j < VPCI_BARS; j++) {
			struct vpci_claim *a = ct_new(test, 1, 0), *b = ct_new(test, 1, 1);
			guid_t whose = { };

			ct_set(a, i, 0x100000, 0x10000);
			ct_set(b, j, c->start, c->len);
			KUNIT_EXPECT_TRUE(test, vpci_claim_take(a, &whose));
			KUNIT_EXPECT_EQ(test, vpci_claim_take(b, &whose), c->good);
			KUNIT_EXPECT_EQ(test, b->held, c->good);
			KUNIT_EXPECT_EQ(test, guid_equal(&whose, &ct_buses[0]), !c->good);
			vpci_claim_drop(a);
			vpci_claim_drop(b);
		}
	}
}

/* One range in the way, and none of the others is taken. */
static void vpci_claim_all_test(struct kunit *test)
{
	struct vpci_claim *a = ct_new(test, 1, 0), *b = ct_new(test, 1, 1);
	struct vpci_claim *c = ct_new(test, 1, 1);
	guid_t whose;

	ct_set(a, 0, 0x100000, 0x10000);
	ct_set(b, 0, 0x200000, 0x10000);
	ct_set(b, 5, 0x10f000, 0x1000);
	ct_set(c, 2, 0x200000, 0x10000);
	KUNIT_EXPECT_TRUE(test, vpci_claim_take(a, &whose));
	KUNIT_EXPECT_FALSE(test, vpci_claim_take(b, &whose));
	KUNIT_EXPECT_TRUE(test, vpci_claim_take(c, &whose));
	/* Then there are two in the way. */
	vpci_claim_drop(a);
	KUNIT_EXPECT_FALSE(test, vpci_claim_take(b, &whose));
	KUNIT_EXPECT_TRUE(test, guid_equal(&whose, &ct_buses[1]));
	vpci_claim_drop(c);
	KUNIT_EXPECT_TRUE(test, vpci_claim_take(b, &whose));
	KUNIT_EXPECT_FALSE(test, vpci_claim_take(a, &whose));
}

/* Each guest has addresses of its own. */
static void vpci_claim_guests_test(struct kunit *test)
{
	struct vpci_claim *a = ct_new(test, 1, 0), *b = ct_new(test, 2, 1);
	struct vpci_claim *c = ct_new(test, 2, 0);
	guid_t whose;

	ct_set(a, 0, 0x100000, 0x10000);
	ct_set(b, 0, 0x100000, 0x10000);
	ct_set(c, 0, 0x100000, 0x10000);
	KUNIT_EXPECT_TRUE(test, vpci_claim_take(a, &whose));
	KUNIT_EXPECT_TRUE(test, vpci_claim_take(b, &whose));
	KUNIT_EXPECT_FALSE(test, vpci_claim_take(c, &whose));
	KUNIT_EXPECT_TRUE(test, guid_equal(&whose, &ct_buses[1]));
}

static void ct_unreserve(void *ctx)
{
	vpci_claim_reserve(VPCI_RESERVED_WINDOWS, "test", 0, 0);
	vpci_claim_reserve(VPCI_RESERVED_LOCAL_MEMORY, "test", 0, 0);
}

/* What is this kernel's no guest gets, and the other way round. */
static void vpci_claim_reserved_test(struct kunit *test)
{
	const struct ct_case *c = test->param_value;
	struct vpci_claim *a = ct_new(test, 1, 0), *b = ct_new(test, 2, 1);
	enum vpci_reserved which;
	guid_t whose;

	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ct_unreserve, NULL), 0);
	for (which = 0; which < VPCI_RESERVED_RANGES; which++) {
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0x100000, 0x10000), 0);
		ct_set(a, 0, 0x200000, 0x1000);
		ct_set(a, 1, c->start, c->len);
		whose = ct_buses[0];
		KUNIT_EXPECT_EQ(test, vpci_claim_take(a, &whose), c->good);
		KUNIT_EXPECT_EQ(test, guid_is_null(&whose), !c->good);
		/* It is held, or not, and the range is the same. */
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0x100000, 0x10000), 0);
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0x200000, 0x10000),
				c->good ? -EBUSY : 0);
		vpci_claim_drop(a);
		/* Two guests, and the second has it. */
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0, 0), 0);
		ct_set(a, 1, 0x300000, 0x1000);
		ct_set(b, 5, 0x100000, 0x10000);
		KUNIT_EXPECT_TRUE(test, vpci_claim_take(a, &whose));
		KUNIT_EXPECT_TRUE(test, vpci_claim_take(b, &whose));
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", c->start, c->len),
				c->good ? 0 : -EBUSY);
		vpci_claim_drop(a);
		vpci_claim_drop(b);
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0, 0), 0);
	}
}

/* Nor are the two ranges one. */
static void vpci_claim_ranges_test(struct kunit *test)
{
	const struct ct_case *c = test->param_value;
	enum vpci_reserved which, other;

	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ct_unreserve, NULL), 0);
	for (which = 0; which < VPCI_RESERVED_RANGES; which++) {
		other = VPCI_RESERVED_RANGES - 1 - which;
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0x100000, 0x10000), 0);
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(other, "test", c->start, c->len),
				c->good ? 0 : -EBUSY);
		/* Its own it may have, and it may grow. */
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(other, "test", 0, 0), 0);
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", c->start, c->len), 0);
		KUNIT_EXPECT_EQ(test, vpci_claim_reserve(which, "test", 0, 0), 0);
	}
}

static void vpci_claim_drop_test(struct kunit *test)
{
	struct vpci_claim *a = ct_new(test, 1, 0);
	guid_t whose;
	int i;

	/* What is not held is not missed. */
	vpci_claim_drop(a);
	ct_set(a, 0, 0x100000, 0x10000);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, vpci_claim_take(a, &whose));
		KUNIT_EXPECT_TRUE(test, a->held);
		vpci_claim_drop(a);
		KUNIT_EXPECT_FALSE(test, a->held);
		vpci_claim_drop(a);
	}
}

static struct kunit_case vpci_claim_cases[] = {
	KUNIT_CASE_PARAM(vpci_claim_meet_test, ct_gen_params),
	KUNIT_CASE(vpci_claim_all_test),
	KUNIT_CASE(vpci_claim_guests_test),
	KUNIT_CASE_PARAM(vpci_claim_reserved_test, ct_gen_params),
	KUNIT_CASE_PARAM(vpci_claim_ranges_test, ct_gen_params),
	KUNIT_CASE(vpci_claim_drop_test),
	{}
};

static struct kunit_suite vpci_claim_suite = {
	.name = "vpci_claim",
	.test_cases = vpci_claim_cases,
};

kunit_test_suite(vpci_claim_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: where a guest puts memory of devices, and windows");
MODULE_LICENSE("GPL");
