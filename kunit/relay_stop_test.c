// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the relay while the guest is stopped: what the guest has it keeps until it goes
 * on, and nothing else waits for that.
 */
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include "relay_chan_test.h"

#define RP_HOOKED	(RT_ID + 9)	/* channel id of what the hook has: instance 9 */

/* The hook has an offer, and so has the guest. */
static void rp_begin(struct rt *rt, bool open)
{
	rt_begin(rt);
	rt_rule(rt, "intercept:" RT_HOOK, 9);
	rt_offer(rt, RP_HOOKED, 9, 0);
	rt_expect(rt, "h", "");
	rt_offer(rt, RT_ID, 1, 0);
	rt_expect(rt, "O", "O");
	if (open)
		rt_open(rt, rt->gid);
	rt_settle(rt);
	rt_forget(rt);
}

/* The guest is stopped and has what it had, and nobody was told anything. */
static void rp_expect_kept(struct rt *rt, int n)
{
	rt_expect(rt, "", "");
	KUNIT_EXPECT_EQ(rt->fg->test, atomic_read(&rt->relay->relayed), n);
	KUNIT_EXPECT_TRUE(rt->fg->test, vsrv_quiet(rt->fg->srv));
}

/* The relay waits for the host to let go of the guest's memory; then the guest is stopped. */
static void rp_stop_amid(struct rt *rt)
{
	rt_wait_blocked(rt, RT_ID);
	fg_stop(rt->fg);
	KUNIT_EXPECT_EQ(rt->fg->test, rt->nheld, 1U);
	rt_answer_all(rt);
}

/* ---- the host takes back ---------------------------------------------------------------- */

/* A hook's channel comes and goes while the guest's waits. */
static void relay_stop_rescind_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);
	unsigned int open, i;

	for (open = 0; open < 2; open++) {
		rp_begin(rt, open);
		fg_stop(rt->fg);
		rt_rescind(rt, RT_ID);
		rp_expect_kept(rt, 1);
		for (i = 0; i < 3; i++) {
			rt_rescind(rt, RP_HOOKED);
			rt_expect(rt, "xr", "");
			rt_offer(rt, RP_HOOKED, 9, 0);
			rt_expect(rt, "h", "");
		}
		rp_expect_kept(rt, 1);
		/* What comes new is offered; the guest hears of it later. */
		rt_offer(rt, RT_ID + 1, 2, 0);
		rt_settle(rt);
		KUNIT_EXPECT_EQ(test, atomic_read(&rt->relay->relayed), 2);
		fg_start(rt->fg);
		rt_expect(rt, "RrO", "OR");
		rt_open(rt, rt->gid);
		rt_end(rt);
	}
}

/* Sub-channels go first all the same, in whatever order the host takes them. */
static void relay_stop_subs_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);
	struct fg *fg = rt->fg;
	u32 primary, sub;
	int first;

	for (first = 0; first < 2; first++) {
		rt_begin(rt);
		rt_offer(rt, RT_ID, 1, 0);
		rt_expect(rt, "O", "O");
		primary = rt->gid;
		rt_offer(rt, RT_ID + 1, 1, 1);
		rt_expect(rt, "O", "O");
		sub = rt->gid;
		fg_stop(fg);
		rt_rescind(rt, RT_ID + first);
		rp_expect_kept(rt, 2);
		rt_rescind(rt, RT_ID + 1 - first);
		rp_expect_kept(rt, 2);
		fg_start(fg);
		rt_settle(rt);
		KUNIT_EXPECT_STREQ(test, rt->log, "RrRr");
		fg_expect_rescind(fg, sub);
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, sub);
		fg_expect_rescind(fg, primary);
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, primary);
		fg_expect_quiet(fg);
		rt_end(rt);
	}
}

/* Of the host. */
static s64 rp_errors(struct rt *rt)
{
	return atomic64_read(&rt->relay->client.counters[VRELAY_PROTOCOL_ERRORS]);
}

/* The device that the host offers again waits for the end of the one before it. */
static void relay_stop_reoffer_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);
	unsigned int open;
	s64 errors;

	for (open = 0; open < 2; open++) {
		rp_begin(rt, open);
		errors = rp_errors(rt);
		fg_stop(rt->fg);
		rt_rescind(rt, RT_ID);
		rp_expect_kept(rt, 1);
		rt_offer(rt, RT_ID + 1, 1, 0);
		rp_expect_kept(rt, 1);
		fg_start(rt->fg);
		rt_expect(rt, "RrO", "RO");
		KUNIT_EXPECT_EQ(test, rp_errors(rt), errors);
		rt_open(rt, rt->gid);
		rt_end(rt);
	}
}

/* Nor does the relay look for a host that is lost before the guest is done with its devices. */
static void relay_stop_lost_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rp_begin(rt, true);
	fg_stop(rt->fg);
	rt_lose(rt);
	rt_expect(rt, "x", "");
	rt_find(rt);
	rp_expect_kept(rt, 1);
	fg_start(rt->fg);
	rt_expect(rt, "RCQhO", "RO");
	rt_open(rt, rt->gid);
	rt_end(rt);
}

/* ---- the administrator takes back --------------------------------------------------------- */

/* A rule counts when the guest goes on; one that is changed back meanwhile never did. */
static void relay_stop_rule_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rp_begin(rt, true);
	fg_stop(rt->fg);
	rt_rule(rt, "hide", 1);
	rp_expect_kept(rt, 1);
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->decision.disposition, VINT_RELAY);
	/* That of the hook's channel does at once. */
	rt_rule(rt, "hide", 9);
	rt_expect(rt, "x", "");
	rt_rule(rt, "relay", 1);
	rp_expect_kept(rt, 1);
	fg_start(rt->fg);
	rt_expect(rt, "", "");
	fg_stop(rt->fg);
	rt_rule(rt, "hide", 1);
	rp_expect_kept(rt, 1);
	fg_start(rt->fg);
	rt_expect(rt, "ctR", "R");
	rt_end(rt);
}

/* What the host has let go of goes, whatever the rules say by then; then it comes again. */
static void relay_stop_amid_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rp_begin(rt, true);
	rt->slow = RT_SLOW_TEARDOWN;
	rt_rule(rt, "hide", 1);
	rp_stop_amid(rt);
	rt_expect(rt, "ct", "");
	KUNIT_EXPECT_TRUE(test, rt_chan(rt, RT_ID)->leaving);
	rt_rule(rt, "relay", 1);
	rp_expect_kept(rt, 1);
	fg_start(rt->fg);
	rt_expect(rt, "RO", "RO");
	KUNIT_EXPECT_FALSE(test, rt_chan(rt, RT_ID)->leaving);
	rt_open(rt, rt->gid);
	rt_end(rt);
}

/* It is refused at once, and changes nothing. */
static void relay_stop_off_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rp_begin(rt, true);
	fg_stop(rt->fg);
	KUNIT_EXPECT_EQ(test, vrelay_set_redirect(rt->relay, false), -EBUSY);
	KUNIT_EXPECT_TRUE(test, rt->relay->redirect);
	rp_expect_kept(rt, 1);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&rt->relay->client), VRELAY_CONNECTED);
	rt_rescind(rt, RP_HOOKED);
	rt_expect(rt, "xr", "");
	fg_start(rt->fg);
	rt_expect(rt, "", "");
	KUNIT_EXPECT_EQ(test, vrelay_set_redirect(rt->relay, false), 0);
	rt_expect(rt, "ctRu", "R");
	rt_end(rt);

	/* Where the guest has nothing there is nothing to wait for. */
	rp_begin(rt, false);
	rt_rescind(rt, RT_ID);
	rt_expect(rt, "Rr", "R");
	fg_stop(rt->fg);
	KUNIT_EXPECT_EQ(test, vrelay_set_redirect(rt->relay, false), 0);
	rt_expect(rt, "xu", "");
	fg_start(rt->fg);
	rt_end(rt);
}

/* Refused halfway: what is gone by then comes again. */
static void relay_stop_off_amid_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rp_begin(rt, true);
	rt->slow = RT_SLOW_TEARDOWN;
	rt_off_begin(rt);
	rp_stop_amid(rt);
	flush_work(&rt->off);
	KUNIT_EXPECT_TRUE(test, rt->relay->redirect);
	rt_expect(rt, "ctxu", "");
	KUNIT_EXPECT_TRUE(test, rt->relay->tl_on);
	fg_start(rt->fg);
	rt_expect(rt, "RCQhO", "RO");
	rt_open(rt, rt->gid);
	rt_end(rt);
}

static int rp_remove(void *ctx)
{
	vrelay_remove(ctx);
	return 0;
}

/* Unloading waits, as a task that nobody takes for a hanging one. */
static void relay_stop_remove_test(struct kunit *test)
{
	unsigned long end = jiffies + FH_TIMEOUT;
	struct rt *rt = rt_new(test);
	struct task_struct *task;

	rp_begin(rt, false);
	fg_stop(rt->fg);
	task = kthread_create(rp_remove, rt->relay, "relay_stop_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	while (READ_ONCE(task->__state) != TASK_IDLE && time_before(jiffies, end))
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, READ_ONCE(task->__state), (unsigned int)TASK_IDLE);
	KUNIT_EXPECT_EQ(test, vrelay_set_redirect(rt->relay, false), -ENODEV);
	fg_settle(rt->fg);
	KUNIT_EXPECT_FALSE(test, fg_take(rt->fg, 0));
	fg_start(rt->fg);
	kthread_stop(task);
	put_task_struct(task);
	rt->relay = NULL;
	fg_expect_rescind(rt->fg, rt->gid);
	rt_look(rt);
	KUNIT_EXPECT_STREQ(test, rt->log, "Rxu");
	KUNIT_EXPECT_EQ(test, rt->fh.starts, 0);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), rt->refs);
	rt_rules(test, vint_filter_replace, "end\n");
	vint_hook_unregister(&rt->hook);
}

/* ---- a hook that has something of the guest ----------------------------------------------- */

static bool rp_held_now;

static bool rp_guest_has(struct vint_hook *hook, void *priv)
{
	return rp_held_now;
}

/* It keeps its offer as long as it says so. */
static void relay_stop_held_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);
	unsigned int i;

	rt->hook.guest_has = rp_guest_has;
	for (i = 0; i < 2; i++) {
		rp_begin(rt, false);
		rp_held_now = true;
		fg_stop(rt->fg);
		rt_rescind(rt, RP_HOOKED);
		rp_expect_kept(rt, 1);
		KUNIT_EXPECT_NOT_NULL(test, rt_chan(rt, RP_HOOKED));
		/* The guest lets go of it, or goes on. */
		if (i)
			fg_start(rt->fg);
		else
			rp_held_now = false;
		rt_expect(rt, "xr", "");
		rp_held_now = true;
		rt_offer(rt, RP_HOOKED, 9, 0);
		rt_expect(rt, "h", "");
		KUNIT_EXPECT_EQ(test, vrelay_set_redirect(rt->relay, false), i ? 0 : -EBUSY);
		fg_start(rt->fg);
		rt_end(rt);
	}
}

static struct kunit_case relay_stop_cases[] = {
	KUNIT_CASE(relay_stop_rescind_test),
	KUNIT_CASE(relay_stop_subs_test),
	KUNIT_CASE(relay_stop_reoffer_test),
	KUNIT_CASE(relay_stop_lost_test),
	KUNIT_CASE(relay_stop_rule_test),
	KUNIT_CASE(relay_stop_amid_test),
	KUNIT_CASE(relay_stop_off_test),
	KUNIT_CASE(relay_stop_off_amid_test),
	KUNIT_CASE(relay_stop_remove_test),
	KUNIT_CASE(relay_stop_held_test),
	{}
};

static struct kunit_suite relay_stop_suite = {
	.name = "relay_stop",
	.test_cases = relay_stop_cases,
};

kunit_test_suite(relay_stop_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: a guest that is stopped");
MODULE_LICENSE("GPL");
