// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of an offer of the host in the relay: wherever it is, whatever happens to it, what
 * the guest and the host are told.
 */
#include "relay_chan_test.h"

/* Where an offer is. */
enum rt_state {
	RT_UNDECIDED,		/* the relay has not looked at it */
	RT_HIDDEN,
	RT_OFFERED,		/* to the guest */
	RT_INCOMPLETE,		/* the guest has sent a part of a GPADL */
	RT_CREATING,		/* the host has not answered to a GPADL */
	RT_OPENING,		/* nor to an OPEN */
	RT_OPEN,
	RT_CLOSED,		/* by the guest, which keeps the GPADL */
	RT_HOOKED,
	RT_NO_HOOK,		/* it would have it */
	RT_DUPLICATE,		/* of one that the guest has */
	RT_STATES
};

static const char * const rt_state_names[RT_STATES] = {
	"undecided", "hidden", "offered", "incomplete", "creating", "opening", "open", "closed",
	"hooked", "no hook", "duplicate",
};

enum rt_event {
	RT_RESCIND,
	RT_HIDE,
	RT_RELAY,
	RT_OVERRIDE,		/* to what it is not; then the override is lifted */
	RT_REPEAT,		/* the host offers the instance again; then rescinds the first */
	RT_OFF,
	RT_LOST,		/* the host, which then comes back */
};

/**
 * struct rt_want - what an event should lead to: see relay_chan_test.h
 * @log: what happens, or NULL if there is no such event
 * @told: what the guest is told, if it is more than the O and R of @log
 * @then: what happens after that, or NULL
 */
struct rt_want {
	const char *log;
	const char *told;
	const char *then;
};

/* The answer to an OPEN of the guest, or to its GPADL, is held back by the host. */
static void rt_enter_slow(struct rt *rt, enum rt_state state)
{
	rt->slow = state == RT_CREATING ? RT_SLOW_CREATE : RT_SLOW_OPEN;
	rt_create(rt, rt->gid);
	if (state == RT_OPENING) {
		fg_expect_created(rt->fg, rt->gid, rt->gpadl, 0);
		fg_open(rt->fg, rt->gid, rt->gpadl, 0);
	}
	rt_settle(rt);
	KUNIT_ASSERT_EQ(rt->fg->test, rt->nheld, 1U);
}

static void rt_enter_guest(struct rt *rt, enum rt_state state)
{
	switch (state) {
	case RT_INCOMPLETE:
		fg_gpadl_begin(rt->fg, rt->gid, ++rt->gpadl, 3);
		break;
	case RT_CREATING:
	case RT_OPENING:
		rt_enter_slow(rt, state);
		break;
	case RT_OPEN:
		rt_open(rt, rt->gid);
		break;
	case RT_CLOSED:
		rt_open(rt, rt->gid);
		fg_channel(rt->fg, VMBUS_MSG_CLOSE, rt->gid);
		break;
	case RT_DUPLICATE:
		rt_offer(rt, RT_ID + 1, 1, 0);
		break;
	default:
		break;
	}
}

static void rt_enter(struct rt *rt, enum rt_state state)
{
	struct kunit *test = rt->fg->test;
	bool relayed = state >= RT_OFFERED && state != RT_HOOKED && state != RT_NO_HOOK;

	if (state == RT_HIDDEN)
		rt_rule(rt, "hide", 1);
	else if (state == RT_HOOKED)
		rt_rule(rt, "intercept:" RT_HOOK, 1);
	else if (state == RT_NO_HOOK)
		rt_rule(rt, "intercept:kunit-none", 1);
	rt_settle(rt);
	if (state == RT_UNDECIDED)
		rt_halt(rt);
	rt_offer(rt, RT_ID, 1, 0);
	flush_work(&rt->relay->client.rx);
	if (state != RT_UNDECIDED) {
		rt_guest(rt);
		KUNIT_ASSERT_STREQ(test, rt->told, relayed ? "O" : "");
		KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error,
				state == RT_NO_HOOK ? -ENOENT : 0);
		rt_enter_guest(rt, state);
		rt_settle(rt);
	}
	rt_forget(rt);
}

/* Begins an event; the host may have to be waited for. */
static void rt_fire(struct rt *rt, enum rt_state state, enum rt_event event)
{
	struct vint_decision to = { };
	struct vrelay_chan *rc;

	switch (event) {
	case RT_RESCIND:
		rt_rescind(rt, state == RT_DUPLICATE ? RT_ID + 1 : RT_ID);
		/* It does not answer to an OPEN any more. */
		if (state == RT_OPENING)
			rt->nheld = 0;
		break;
	case RT_HIDE:
		rt_rule(rt, "hide", 1);
		break;
	case RT_RELAY:
		rt_rule(rt, "relay", 1);
		break;
	case RT_OVERRIDE:
		rc = rt_chan(rt, RT_ID);
		to.disposition = rc->decision.disposition == VINT_RELAY ? VINT_HIDE : VINT_RELAY;
		KUNIT_EXPECT_EQ(rt->fg->test, vrelay_chan_set_override(rc, &to), 0);
		break;
	case RT_REPEAT:
		rt_offer(rt, RT_ID + 2, 1, 0);
		break;
	case RT_OFF:
		rt_off_begin(rt);
		break;
	case RT_LOST:
		rt_lose(rt);
		break;
	}
}

static void rt_event(struct rt *rt, enum rt_state state, enum rt_event event, const char *log)
{
	if (state == RT_UNDECIDED && event == RT_OFF)
		enable_delayed_work(&rt->relay->reconcile);
	rt_fire(rt, state, event);
	if (state == RT_UNDECIDED && event != RT_OFF)
		rt_go(rt);
	/* What the host holds back must not come before the event. */
	if (rt->nheld && strchr(log, 'R'))
		rt_wait_blocked(rt, RT_ID);
	else
		flush_work(&rt->relay->client.rx);
	rt_answer_all(rt);
	if (event == RT_OFF)
		flush_work(&rt->off);
	rt_guest(rt);
	if (event == RT_LOST) {
		KUNIT_EXPECT_TRUE(rt->fg->test, list_empty(&rt->relay->chans));
		rt_find(rt);
		rt_guest(rt);
	}
}

/* The O and R of a log. */
static void rt_told_of(const char *log, char *told)
{
	for (; *log; log++)
		if (*log == 'O' || *log == 'R')
			*told++ = *log;
	*told = '\0';
}

static void rt_compare(struct rt *rt, enum rt_state state, const char *log, const char *told)
{
	const char *name = rt_state_names[state];
	struct kunit *test = rt->fg->test;
	char plain[16];

	rt_told_of(log, plain);
	KUNIT_EXPECT_STREQ_MSG(test, rt->log, log, "%s", name);
	KUNIT_EXPECT_STREQ_MSG(test, rt->told, told ?: plain, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&rt->relay->relayed), rt->live, "%s", name);
	rt_forget(rt);
}

/* Of the host. */
static s64 rt_errors(struct rt *rt)
{
	return atomic64_read(&rt->relay->client.counters[VRELAY_PROTOCOL_ERRORS]);
}

static void rt_cell(struct rt *rt, enum rt_state state, enum rt_event event,
		    const struct rt_want *want)
{
	const char *last = want->then ?: want->log;
	bool repeats = event == RT_REPEAT || state == RT_DUPLICATE;
	s64 errors = rt_errors(rt);

	rt_begin(rt);
	rt_enter(rt, state);
	rt_event(rt, state, event, want->log);
	rt_compare(rt, state, want->log, want->told);
	KUNIT_EXPECT_EQ_MSG(rt->fg->test, rt_errors(rt) > errors, repeats, "%s",
			    rt_state_names[state]);
	if (want->then) {
		if (event == RT_OVERRIDE)
			KUNIT_EXPECT_EQ(rt->fg->test,
					vrelay_chan_set_override(rt_chan(rt, RT_ID), NULL), 0);
		else
			rt_rescind(rt, RT_ID);
		rt_guest(rt);
		rt_compare(rt, state, want->then, NULL);
	}
	/* What the guest is offered it can use. */
	if (strlen(last) && last[strlen(last) - 1] == 'O')
		rt_open(rt, rt->gid);
	rt_end(rt);
}

static void rt_run(struct kunit *test, enum rt_event event, const struct rt_want *wants)
{
	struct rt *rt = rt_new(test);
	enum rt_state state;

	for (state = 0; state < RT_STATES; state++)
		if (wants[state].log)
			rt_cell(rt, state, event, &wants[state]);
}

/* The host knows that it has taken its channel back, and wants no CLOSE and no TEARDOWN. */
static void relay_chan_rescind_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "r" },
		[RT_HIDDEN] = { "r" },
		[RT_OFFERED] = { "Rr" },
		[RT_INCOMPLETE] = { "Rr" },
		[RT_CREATING] = { "Rr", "gR" },
		[RT_OPENING] = { "Rr", "pR" },
		[RT_OPEN] = { "Rr" },
		[RT_CLOSED] = { "Rr" },
		[RT_HOOKED] = { "xr" },
		[RT_NO_HOOK] = { "r" },
		[RT_DUPLICATE] = { "r" },
	};

	rt_run(test, RT_RESCIND, wants);
}

static void relay_chan_hide_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "" },
		[RT_HIDDEN] = { "" },
		[RT_OFFERED] = { "R" },
		[RT_INCOMPLETE] = { "R" },
		[RT_CREATING] = { "tR", "gR" },
		[RT_OPENING] = { "tcR" },
		[RT_OPEN] = { "ctR" },
		[RT_CLOSED] = { "tR" },
		[RT_HOOKED] = { "x" },
		[RT_NO_HOOK] = { "" },
		[RT_DUPLICATE] = { "R" },
	};

	rt_run(test, RT_HIDE, wants);
}

static void relay_chan_relay_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "O" },
		[RT_HIDDEN] = { "O" },
		[RT_OFFERED] = { "" },
		[RT_INCOMPLETE] = { "" },
		[RT_CREATING] = { "", "G" },
		[RT_OPENING] = { "", "P" },
		[RT_OPEN] = { "" },
		[RT_CLOSED] = { "" },
		[RT_HOOKED] = { "xO" },
		[RT_NO_HOOK] = { "O" },
		[RT_DUPLICATE] = { "" },
	};

	rt_run(test, RT_RELAY, wants);
}

/* An offer that the relay has not looked at cannot be overridden. */
static void relay_chan_override_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_HIDDEN] = { "O", NULL, "R" },
		[RT_OFFERED] = { "R", NULL, "O" },
		[RT_INCOMPLETE] = { "R", NULL, "O" },
		[RT_CREATING] = { "tR", "gR", "O" },
		[RT_OPENING] = { "tcR", NULL, "O" },
		[RT_OPEN] = { "ctR", NULL, "O" },
		[RT_CLOSED] = { "tR", NULL, "O" },
		[RT_HOOKED] = { "xO", NULL, "Rh" },
		[RT_NO_HOOK] = { "O", NULL, "R" },
		[RT_DUPLICATE] = { "R", NULL, "O" },
	};

	rt_run(test, RT_OVERRIDE, wants);
}

/* The first of two has the instance as long as it is there; then the second gets it. */
static void relay_chan_repeat_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "O", NULL, "RrO" },
		[RT_HIDDEN] = { "", NULL, "r" },
		[RT_OFFERED] = { "", NULL, "RrO" },
		[RT_INCOMPLETE] = { "", NULL, "RrO" },
		[RT_CREATING] = { "", "G", "RrO" },
		[RT_OPENING] = { "", "P", "RrO" },
		[RT_OPEN] = { "", NULL, "RrO" },
		[RT_CLOSED] = { "", NULL, "RrO" },
		[RT_HOOKED] = { "", NULL, "xrh" },
		[RT_NO_HOOK] = { "", NULL, "r" },
		[RT_DUPLICATE] = { "", NULL, "RrO" },
	};

	rt_run(test, RT_REPEAT, wants);
}

/* What the relay sees only when the host has taken it back is nobody's duplicate. */
static void relay_chan_gone_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);

	rt_halt(rt);
	rt_offer(rt, RT_ID, 1, 0);
	rt_rescind(rt, RT_ID);
	rt_offer(rt, RT_ID + 1, 1, 0);
	rt_go(rt);
	rt_expect(rt, "rO", "O");
	KUNIT_EXPECT_EQ(test, rt_errors(rt), 0);
	rt_open(rt, rt->gid);
	rt_end(rt);
}

/* A device of VTL2 has the instance; when it goes the guest gets the host's. */
static void relay_chan_exists_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);
	struct fg_dev *dev = fg_dev_new(rt->fg);

	/* Its class is 1, its instance 11. */
	fg_dev_offer(rt->fg, dev, 11);
	rt_guest(rt);
	KUNIT_EXPECT_STREQ(test, rt->told, "O");
	rt->live = 0;
	rt_forget(rt);
	rt_offer(rt, RT_ID, 11, 0);
	rt_expect(rt, "", "");
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error, -EEXIST);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&rt->relay->reconcile));
	/* Hidden, it waits for nothing. */
	rt_rule(rt, "hide", 11);
	rt_expect(rt, "", "");
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error, 0);
	rt_rule(rt, "relay", 11);
	rt_expect(rt, "", "");
	rt->live = 1;
	fg_dev_revoke(dev);
	rt_expect(rt, "RO", "RO");
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error, 0);
	rt_open(rt, rt->gid);
	rt_end(rt);
}

/* UNLOAD comes last: until then the host's messages count. */
static void relay_chan_off_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "u" },
		[RT_HIDDEN] = { "u" },
		[RT_OFFERED] = { "Ru" },
		[RT_INCOMPLETE] = { "Ru" },
		[RT_CREATING] = { "tRu", "gR" },
		[RT_OPENING] = { "tcRu" },
		[RT_OPEN] = { "ctRu" },
		[RT_CLOSED] = { "tRu" },
		[RT_HOOKED] = { "xu" },
		[RT_NO_HOOK] = { "u" },
		[RT_DUPLICATE] = { "Ru" },
	};

	rt_run(test, RT_OFF, wants);
}

/* The guest is told at once, and is offered what the host offers when it is back. */
static void relay_chan_lost_test(struct kunit *test)
{
	static const struct rt_want wants[RT_STATES] = {
		[RT_UNDECIDED] = { "CQO" },
		[RT_HIDDEN] = { "CQ" },
		[RT_OFFERED] = { "RCQO" },
		[RT_INCOMPLETE] = { "RCQO" },
		[RT_CREATING] = { "RCQO", "gRO" },
		[RT_OPENING] = { "RCQO", "pRO" },
		[RT_OPEN] = { "RCQO" },
		[RT_CLOSED] = { "RCQO" },
		[RT_HOOKED] = { "xCQh" },
		[RT_NO_HOOK] = { "CQ" },
		[RT_DUPLICATE] = { "RCQO" },
	};

	rt_run(test, RT_LOST, wants);
}

/* ---- hooks ----------------------------------------------------------------------------- */

/* An offer that waits for a hook goes to it when it comes; another one does not matter. */
static void relay_chan_hook_comes_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);
	struct vint_hook late = rt->hook;

	vint_hook_unregister(&rt->hook);
	rt_rule(rt, "intercept:" RT_HOOK, 1);
	rt_offer(rt, RT_ID, 1, 0);
	rt_expect(rt, "", "");
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error, -ENOENT);
	late.name = "kunit-other";
	KUNIT_EXPECT_EQ(test, vint_hook_register(&late), 0);
	rt_expect(rt, "", "");
	vint_hook_unregister(&late);
	KUNIT_ASSERT_EQ(test, vint_hook_register(&rt->hook), 0);
	rt_expect(rt, "h", "");
	KUNIT_EXPECT_EQ(test, rt_chan(rt, RT_ID)->error, 0);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), rt->refs + 1);
	rt_rescind(rt, RT_ID);
	rt_expect(rt, "xr", "");
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), rt->refs);
	rt_end(rt);
}

/* ---- override -------------------------------------------------------------------------- */

static const char * const rt_actions[] = { "relay", "hide", "intercept:" RT_HOOK };
static const char rt_owners[] = { 'O', 0, 'h' };

/* Who has it after a change from one action to another. */
static void rt_expect_moved(struct rt *rt, unsigned int from, unsigned int to)
{
	char log[3] = { }, told[3] = { };
	unsigned int n = 0;

	/* The same decision again changes nothing. */
	if (from != to && rt_owners[from])
		log[n++] = rt_owners[from] == 'O' ? 'R' : 'x';
	if (from != to && rt_owners[to])
		log[n++] = rt_owners[to];
	rt_told_of(log, told);
	rt_expect(rt, log, told);
}

static int rt_override(struct rt *rt, const char *text)
{
	struct vint_decision decision;

	if (text)
		KUNIT_EXPECT_EQ(rt->fg->test, vint_decision_parse(text, &decision), 0);
	return vrelay_chan_set_override(rt_chan(rt, RT_ID), text ? &decision : NULL);
}

/* Each override over each rule: the rule counts again when it is lifted, and not before. */
static void relay_override_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);
	unsigned int rule, over, now = 0;

	rt_offer(rt, RT_ID, 1, 0);
	rt_expect(rt, "O", "O");
	for (rule = 0; rule < ARRAY_SIZE(rt_actions); rule++) {
		rt_rule(rt, rt_actions[rule], 1);
		rt_expect_moved(rt, now, rule);
		for (over = 0; over < ARRAY_SIZE(rt_actions); over++) {
			KUNIT_EXPECT_EQ(test, rt_override(rt, rt_actions[over]), 0);
			rt_expect_moved(rt, rule, over);
			/* Whatever the rules say meanwhile. */
			rt_rule(rt, rt_actions[(rule + 1) % ARRAY_SIZE(rt_actions)], 1);
			rt_expect_moved(rt, over, over);
			rt_rule(rt, rt_actions[rule], 1);
			rt_expect_moved(rt, over, over);
			KUNIT_EXPECT_EQ(test, rt_override(rt, NULL), 0);
			rt_expect_moved(rt, over, rule);
		}
		now = rule;
	}
	/* It goes with the offer. */
	KUNIT_EXPECT_EQ(test, rt_override(rt, "hide"), 0);
	rt_expect_moved(rt, now, 1);
	rt_rescind(rt, RT_ID);
	rt_expect(rt, "r", "");
	rt_offer(rt, RT_ID, 1, 0);
	rt_expect_moved(rt, 1, now);
	rt_end(rt);
}

/* A PCI device may not leave its path, but can be hidden. */
static void relay_override_vpci_test(struct kunit *test)
{
	static const char * const refused[] = { "relay", "intercept:" RT_HOOK };
	struct rt *rt = rt_new_on(test);
	struct vrelay_chan *rc;
	unsigned int i;

	rt_rule(rt, "hide", 1);
	rt_offer_class(rt, RT_ID, RT_VPCI, 1, 0);
	rt_expect(rt, "", "");
	rc = rt_chan(rt, RT_ID);
	KUNIT_ASSERT_NOT_NULL(test, rc);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		KUNIT_EXPECT_EQ_MSG(test, rt_override(rt, refused[i]), -EPERM, "%s", refused[i]);
		KUNIT_EXPECT_FALSE(test, rc->overridden);
	}
	KUNIT_EXPECT_EQ(test, rt_override(rt, "hide"), 0);
	KUNIT_EXPECT_TRUE(test, rc->overridden);
	for (i = 0; i < ARRAY_SIZE(refused); i++)
		KUNIT_EXPECT_EQ_MSG(test, rt_override(rt, refused[i]), -EPERM, "%s", refused[i]);
	KUNIT_EXPECT_EQ(test, rc->override.disposition, VINT_HIDE);
	KUNIT_EXPECT_EQ(test, rt_override(rt, NULL), 0);
	KUNIT_EXPECT_FALSE(test, rc->overridden);
	rt_expect(rt, "", "");
	rt_end(rt);
}

static struct kunit_case relay_chan_cases[] = {
	KUNIT_CASE(relay_chan_rescind_test),
	KUNIT_CASE(relay_chan_hide_test),
	KUNIT_CASE(relay_chan_relay_test),
	KUNIT_CASE(relay_chan_override_test),
	KUNIT_CASE(relay_chan_repeat_test),
	KUNIT_CASE(relay_chan_gone_test),
	KUNIT_CASE(relay_chan_exists_test),
	KUNIT_CASE(relay_chan_off_test),
	KUNIT_CASE(relay_chan_lost_test),
	KUNIT_CASE(relay_chan_hook_comes_test),
	KUNIT_CASE(relay_override_test),
	KUNIT_CASE(relay_override_vpci_test),
	{}
};

static struct kunit_suite relay_chan_suite = {
	.name = "relay_chan",
	.test_cases = relay_chan_cases,
};

kunit_test_suite(relay_chan_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: offers of the host, wherever they are");
MODULE_LICENSE("GPL");
