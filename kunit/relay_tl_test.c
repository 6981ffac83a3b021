// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the relay's list of hv_sock connects that wait for the host.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_relay/vrelay.h"

#define TT_NOW	(0UL - 50)	/* jiffies wrap while they wait */

static struct vrelay_tl *tt_new(struct kunit *test)
{
	struct vrelay_tl *tl = kunit_kzalloc(test, sizeof(*tl), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tl);
	spin_lock_init(&tl->lock);
	return tl;
}

static struct vsrv_tl_request tt_request(u8 service, u8 endpoint)
{
	return (struct vsrv_tl_request) {
		.service_id.b[15] = service, .endpoint_id.b[15] = endpoint,
	};
}

static int tt_add(struct vrelay_tl *tl, u32 id, u8 service, u8 endpoint, unsigned long deadline)
{
	struct vsrv_tl_request req = tt_request(service, endpoint);

	return vrelay_tl_add(tl, id, &req, deadline);
}

static u32 tt_take(struct vrelay_tl *tl, u8 service, u8 endpoint)
{
	struct vsrv_tl_request req = tt_request(service, endpoint);

	return vrelay_tl_take(tl, &req.service_id, &req.endpoint_id);
}

/* An answer is for the connect with both of its ids, once. */
static void relay_tl_take_test(struct kunit *test)
{
	struct vrelay_tl *tl = tt_new(test);

	KUNIT_EXPECT_EQ(test, tt_take(tl, 0, 0), 0U);
	KUNIT_EXPECT_EQ(test, tt_add(tl, 1, 5, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, U32_MAX, 5, 8, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 9), 0U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 6, 7), 0U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 7, 5), 0U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 8), U32_MAX);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 8), 0U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 7), 1U);
	/* Two for the same, one answer each. */
	KUNIT_EXPECT_EQ(test, tt_add(tl, 2, 5, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, 3, 5, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 7) + tt_take(tl, 5, 7), 5U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 5, 7), 0U);
}

static void relay_tl_limit_test(struct kunit *test)
{
	struct vrelay_tl *tl = tt_new(test);
	unsigned int i;

	for (i = 1; i <= VRELAY_TL_MAX; i++)
		KUNIT_EXPECT_EQ(test, tt_add(tl, i, i, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, i, i, 1, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, tt_take(tl, i, 1), 0U);
	KUNIT_EXPECT_EQ(test, tt_take(tl, 3, 1), 3U);
	KUNIT_EXPECT_EQ(test, tt_add(tl, i, i, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, i + 1, i + 1, 1, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, tt_take(tl, i, 1), i);
	vrelay_tl_forget(tl);
	for (i = 1; i <= VRELAY_TL_MAX; i++)
		KUNIT_EXPECT_EQ(test, tt_take(tl, i, 1), 0U);
	for (i = 1; i <= VRELAY_TL_MAX; i++)
		KUNIT_EXPECT_EQ(test, tt_add(tl, i, i, 1, 0), 0);
}

/* Who has waited long enough, and for how long the others may. */
static void relay_tl_late_test(struct kunit *test)
{
	struct vrelay_tl *tl = tt_new(test);
	unsigned long left = 77;

	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW, &left), 0U);
	KUNIT_EXPECT_EQ(test, left, 0UL);
	KUNIT_EXPECT_EQ(test, tt_add(tl, 1, 1, 1, TT_NOW + 100), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, 2, 2, 1, TT_NOW + 40), 0);
	KUNIT_EXPECT_EQ(test, tt_add(tl, 3, 3, 1, TT_NOW + 60), 0);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW, &left), 0U);
	KUNIT_EXPECT_EQ(test, left, 40UL);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW + 39, &left), 0U);
	KUNIT_EXPECT_EQ(test, left, 1UL);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW + 40, &left), 2U);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW + 40, &left), 0U);
	KUNIT_EXPECT_EQ(test, left, 20UL);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW + 500, &left) +
			vrelay_tl_take_late(tl, TT_NOW + 500, &left), 4U);
	KUNIT_EXPECT_EQ(test, vrelay_tl_take_late(tl, TT_NOW + 500, &left), 0U);
	KUNIT_EXPECT_EQ(test, left, 0UL);
	/* Too late for the answer. */
	KUNIT_EXPECT_EQ(test, tt_take(tl, 2, 1), 0U);
}

static struct kunit_case relay_tl_cases[] = {
	KUNIT_CASE(relay_tl_take_test),
	KUNIT_CASE(relay_tl_limit_test),
	KUNIT_CASE(relay_tl_late_test),
	{}
};

static struct kunit_suite relay_tl_suite = {
	.name = "vmbus_relay_tl",
	.test_cases = relay_tl_cases,
};

kunit_test_suite(relay_tl_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: hv_sock connects");
MODULE_LICENSE("GPL");
