// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_storvsp: what the guest has seen of the disks, by several channels.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/storvsp/storvsp.h"

static struct storvsp_scan *st_scan(struct kunit *test)
{
	struct storvsp_scan *scan = kunit_kzalloc(test, sizeof(*scan), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, scan);
	spin_lock_init(&scan->lock);
	return scan;
}

/* The first command is told from all others, whatever channel it comes by. */
static void storvsp_scan_first_test(struct kunit *test)
{
	struct storvsp_scan *scan = st_scan(test);

	storvsp_scan_open(scan, true);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_looked(scan, 3));
	KUNIT_EXPECT_FALSE(test, storvsp_scan_looked(scan, 0));
	KUNIT_EXPECT_FALSE(test, storvsp_scan_looked(scan, 4));
	KUNIT_EXPECT_EQ(test, scan->top, 4);
	/* A sub-channel more makes no difference. */
	storvsp_scan_open(scan, false);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_looked(scan, 0));
	storvsp_scan_open(scan, true);
	KUNIT_EXPECT_EQ(test, scan->top, 0);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_looked(scan, 0));
}

/* The guest has looked when it has come from the lowest address to the highest. */
static void storvsp_scan_look_test(struct kunit *test)
{
	struct storvsp_scan *scan = st_scan(test);

	storvsp_scan_open(scan, true);
	storvsp_scan_looked(scan, 0);
	storvsp_scan_looked(scan, 2);
	storvsp_scan_retire(scan);
	KUNIT_EXPECT_EQ(test, scan->look, STORVSP_LOOK_NONE);
	storvsp_scan_looked(scan, 2);
	KUNIT_EXPECT_EQ(test, scan->look, STORVSP_LOOK_NONE);
	storvsp_scan_looked(scan, 0);
	KUNIT_EXPECT_EQ(test, scan->look, STORVSP_LOOK_BEGUN);
	storvsp_scan_looked(scan, 1);
	KUNIT_EXPECT_EQ(test, scan->look, STORVSP_LOOK_BEGUN);
	storvsp_scan_looked(scan, 2);
	KUNIT_EXPECT_EQ(test, scan->look, STORVSP_LOOK_ENDED);
}

/* Disks that a close hides are there again after an open; those that go are not. */
static void storvsp_scan_hide_test(struct kunit *test)
{
	struct storvsp_scan *scan = st_scan(test);

	storvsp_scan_open(scan, true);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_empty(scan));
	KUNIT_EXPECT_FALSE(test, storvsp_scan_hide(scan));	/* not used so far */
	KUNIT_EXPECT_TRUE(test, storvsp_scan_empty(scan));
	storvsp_scan_open(scan, false);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_empty(scan));
	storvsp_scan_looked(scan, 0);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));	/* the second channel */
	storvsp_scan_open(scan, true);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_empty(scan));

	storvsp_scan_looked(scan, 0);
	storvsp_scan_retire(scan);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_empty(scan));
	KUNIT_EXPECT_FALSE(test, storvsp_scan_hide(scan));
	storvsp_scan_open(scan, true);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_empty(scan));
}

/* How long a guest is given counts from the first channel that goes, for all of them. */
static void storvsp_scan_quiet_test(struct kunit *test)
{
	unsigned long since = jiffies - 60 * HZ;
	struct storvsp_scan *scan = st_scan(test);

	storvsp_scan_open(scan, true);
	storvsp_scan_looked(scan, 0);
	scan->last = since;
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));
	KUNIT_EXPECT_EQ(test, scan->quiet, STORVSP_QUIET);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_silent(scan, 30 * HZ));
	scan->gone = since;
	KUNIT_EXPECT_TRUE(test, storvsp_scan_silent(scan, 30 * HZ));
	/* The other channels of the controller go */
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));
	KUNIT_EXPECT_EQ(test, scan->gone, since);
	storvsp_scan_request(scan);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_silent(scan, 30 * HZ));
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));
	KUNIT_EXPECT_EQ(test, scan->quiet, STORVSP_QUIET);

	/* It is the last request that says whether the guest was busy. */
	storvsp_scan_open(scan, false);
	KUNIT_EXPECT_TRUE(test, storvsp_scan_hide(scan));
	KUNIT_EXPECT_EQ(test, scan->quiet, STORVSP_QUIET_BUSY);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_silent(scan, 30 * HZ));

	/* The same where the controller goes */
	scan->last = since;
	storvsp_scan_retire(scan);
	KUNIT_EXPECT_EQ(test, scan->quiet, STORVSP_QUIET);
	scan->gone = since;
	storvsp_scan_request(scan);
	storvsp_scan_retire(scan);
	KUNIT_EXPECT_EQ(test, scan->quiet, STORVSP_QUIET_BUSY);
	KUNIT_EXPECT_FALSE(test, storvsp_scan_silent(scan, 30 * HZ));
}

static struct kunit_case storvsp_scan_cases[] = {
	KUNIT_CASE(storvsp_scan_first_test),
	KUNIT_CASE(storvsp_scan_look_test),
	KUNIT_CASE(storvsp_scan_hide_test),
	KUNIT_CASE(storvsp_scan_quiet_test),
	{}
};

static struct kunit_suite storvsp_scan_suite = {
	.name = "vmbus_storvsp_scan",
	.test_cases = storvsp_scan_cases,
};

kunit_test_suite(storvsp_scan_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_storvsp: what the guest has seen");
MODULE_LICENSE("GPL");
