// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_storvsp: which commands a reset waits for.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/storvsp/storvsp.h"

#define RT_CHANS	3
#define RT_IOS		6

/**
 * struct rt - a controller whose channels have no rings
 * @ctrl: controller
 * @chans: its channels, the first being storvsp_ctrl::primary
 * @ios: of each channel
 */
struct rt {
	struct storvsp_ctrl ctrl;
	struct storvsp_chan *chans[RT_CHANS];
	struct storvsp_io ios[RT_CHANS][RT_IOS];
};

static struct rt *rt_new(struct kunit *test)
{
	struct rt *rt = kunit_kzalloc(test, sizeof(*rt), GFP_KERNEL);
	unsigned int c, i;

	KUNIT_ASSERT_NOT_NULL(test, rt);
	spin_lock_init(&rt->ctrl.chans_lock);
	INIT_LIST_HEAD(&rt->ctrl.chans);
	for (c = 0; c < RT_CHANS; c++) {
		rt->chans[c] = c ? kunit_kzalloc(test, sizeof(*rt->chans[c]), GFP_KERNEL) :
				   &rt->ctrl.primary;
		KUNIT_ASSERT_NOT_NULL(test, rt->chans[c]);
		storvsp_chan_setup(&rt->ctrl, rt->chans[c]);
		INIT_LIST_HEAD(&rt->chans[c]->done);
		for (i = 0; i < RT_IOS; i++)
			rt->ios[c][i].sc = rt->chans[c];
	}
	return rt;
}

static void rt_begin(struct rt *rt, unsigned int c, unsigned int i)
{
	spin_lock_irq(&rt->chans[c]->lock);
	storvsp_reset_note_begin(&rt->ios[c][i]);
	spin_unlock_irq(&rt->chans[c]->lock);
}

static void rt_end(struct rt *rt, unsigned int c, unsigned int i)
{
	spin_lock_irq(&rt->chans[c]->lock);
	storvsp_reset_note_end(&rt->ios[c][i]);
	spin_unlock_irq(&rt->chans[c]->lock);
	spin_lock_irq(&rt->chans[c]->lock);
	storvsp_reset_check(&rt->ctrl);
	spin_unlock_irq(&rt->chans[c]->lock);
}

/* How many resets of the channel have been answered so far. */
static size_t rt_answered(struct rt *rt, unsigned int c)
{
	size_t n;

	spin_lock_irq(&rt->chans[c]->lock);
	storvsp_reset_step(rt->chans[c]);
	n = list_count_nodes(&rt->chans[c]->done);
	spin_unlock_irq(&rt->chans[c]->lock);
	return n;
}

static void reset_nothing_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 0U);
	storvsp_reset_begin(&rt->ios[0][0]);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 0);
	rt_begin(rt, 0, 1);
	rt_end(rt, 0, 1);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 1U);
}

/* Commands of all channels that came before, in whatever order they end; no later ones. */
static void reset_waits_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rt_begin(rt, 0, 0);
	rt_begin(rt, 0, 1);
	rt_begin(rt, 2, 0);
	storvsp_reset_begin(&rt->ios[1][0]);
	rt_begin(rt, 0, 2);
	rt_begin(rt, 1, 1);
	rt_begin(rt, 2, 1);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 0U);
	rt_end(rt, 0, 1);
	rt_end(rt, 2, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 0U);
	rt_end(rt, 1, 1);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 0U);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 1);
	rt_end(rt, 0, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 0U);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 0);
	/* Those that were later are still there. */
	KUNIT_EXPECT_FALSE(test, list_empty(&rt->chans[0]->begun));
	rt_end(rt, 0, 2);
	rt_end(rt, 2, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&rt->chans[0]->begun));
	KUNIT_EXPECT_EQ(test, rt->chans[0]->oldest, STORVSP_NOTHING);
}

/* Each waits for what came before itself; those of a channel are answered in order. */
static void reset_several_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rt_begin(rt, 0, 0);
	storvsp_reset_begin(&rt->ios[0][1]);
	rt_begin(rt, 1, 0);
	storvsp_reset_begin(&rt->ios[0][2]);
	storvsp_reset_begin(&rt->ios[2][0]);
	rt_begin(rt, 2, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 3);

	rt_end(rt, 0, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 1U);
	KUNIT_EXPECT_PTR_EQ(test, rt->chans[0]->done.next, &rt->ios[0][1].node);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 2), 0U);
	rt_end(rt, 1, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 2), 1U);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 0), 2U);
	KUNIT_EXPECT_PTR_EQ(test, rt->chans[0]->done.prev, &rt->ios[0][2].node);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 0);

	/* A command that has waited since before two of them. */
	rt_end(rt, 2, 1);
	rt_begin(rt, 1, 0);
	storvsp_reset_begin(&rt->ios[1][1]);
	storvsp_reset_begin(&rt->ios[1][2]);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 0U);
	rt_end(rt, 1, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 2U);
}

/* A channel that is closed takes its resets along, and no other's. */
static void reset_forget_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rt_begin(rt, 0, 0);
	storvsp_reset_begin(&rt->ios[1][0]);
	storvsp_reset_begin(&rt->ios[1][1]);
	storvsp_reset_begin(&rt->ios[2][0]);
	spin_lock_irq(&rt->chans[1]->lock);
	storvsp_reset_forget(rt->chans[1]);
	spin_unlock_irq(&rt->chans[1]->lock);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 1);
	rt_end(rt, 0, 0);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 1), 0U);
	KUNIT_EXPECT_EQ(test, rt_answered(rt, 2), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->ctrl.resets), 0);
}

static struct kunit_case storvsp_reset_cases[] = {
	KUNIT_CASE(reset_nothing_test),
	KUNIT_CASE(reset_waits_test),
	KUNIT_CASE(reset_several_test),
	KUNIT_CASE(reset_forget_test),
	{}
};

static struct kunit_suite storvsp_reset_suite = {
	.name = "vmbus_storvsp_reset",
	.test_cases = storvsp_reset_cases,
};

kunit_test_suite(storvsp_reset_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_storvsp: resets");
MODULE_LICENSE("GPL");
