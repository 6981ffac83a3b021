// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the relay: in which order the guest and the host are told, and a host that is
 * lost while much is under way.
 */
#include "relay_chan_test.h"

#define RO_CHANS	3

/* ---- release --------------------------------------------------------------------------- */

/**
 * struct ro - what the host looks at when it gets a channel id back
 * @state: of the guest's channel then
 * @sent: messages for the guest that it has not taken then
 * @chans: the relay's channels then
 * @again: it offers the device anew at once
 */
static struct ro {
	enum vsrv_chan_state state;
	unsigned int sent;
	unsigned int chans;
	bool again;
} ro_now;

static void ro_on_post(struct rt *rt, const __le32 *m)
{
	struct vmbus_srv *srv = rt->fg->srv;
	struct vsrv_chan *chan;

	if (le32_to_cpu(m[0]) != VMBUS_MSG_RELID_RELEASED)
		return;
	mutex_lock(&srv->lock);
	chan = xa_load(&srv->ids, rt->gid);
	if (chan)
		ro_now.state = chan->state;
	ro_now.sent = srv->outq.len +
		      (READ_ONCE(fg_slot(rt->fg, 0)->header.message_type) != HVMSG_NONE);
	mutex_unlock(&srv->lock);
	/* Nobody else touches the list: this is reconcile. */
	ro_now.chans = list_count_nodes(&rt->relay->chans);
	if (ro_now.again)
		rt_offer(rt, RT_ID, 1, 0);
}

/* The host may use the id again at once, so the guest has been told of the end by then. */
static void relay_order_release_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);
	unsigned int i;

	rt->on_post = ro_on_post;
	for (i = 0; i < 4; i++) {
		if (!ro_now.again)
			rt_offer(rt, RT_ID, 1, 0);
		rt_guest(rt);
		/* Open or not. */
		if (i & 1)
			rt_open(rt, rt->gid);
		rt_forget(rt);
		ro_now = (struct ro) { .again = i == 1 || i == 2, .chans = 77 };
		rt_rescind(rt, RT_ID);
		rt_settle(rt);
		KUNIT_EXPECT_EQ(test, ro_now.state, VSRV_CHAN_REVOKED);
		KUNIT_EXPECT_EQ(test, ro_now.sent, 1U);
		KUNIT_EXPECT_EQ(test, ro_now.chans, 0U);
		KUNIT_EXPECT_STREQ(test, rt->log, "Rr");
		KUNIT_EXPECT_EQ(test, atomic_read(&rt->relay->relayed), ro_now.again);
		/* The new one waits until the guest has let go of the old one. */
		rt_expect(rt, ro_now.again ? "RrO" : "Rr", ro_now.again ? "RO" : "R");
	}
	rt_end(rt);
}

/* ---- sub-channels ---------------------------------------------------------------------- */

/* The guest takes messages of this type: the subchannel indexes, in their order. */
static void ro_take_subs(struct rt *rt, u32 type, u32 *ids, char *order)
{
	struct fg *fg = rt->fg;
	unsigned int sub;

	rt_settle(rt);
	memset(order, 0, RO_CHANS + 1);
	while (strlen(order) < RO_CHANS && fg_take(fg, 0)) {
		KUNIT_EXPECT_EQ(fg->test, fg_type(fg), type);
		if (type == VMBUS_MSG_OFFER) {
			struct vmbus_offer_msg *m = (void *)fg->msg;

			sub = le16_to_cpu(m->subchannel) % RO_CHANS;
			ids[sub] = le32_to_cpu(m->channel_id);
		} else {
			for (sub = 0; sub < RO_CHANS - 1 && ids[sub] != fg_word(fg, 2); sub++)
				;
		}
		order[strlen(order)] = '0' + sub;
	}
	fg_expect_quiet(fg);
}

static void ro_release(struct rt *rt, const u32 *ids)
{
	unsigned int i;

	for (i = 0; i < RO_CHANS; i++)
		fg_channel(rt->fg, VMBUS_MSG_RELID_RELEASED, ids[i]);
	rt_settle(rt);
}

enum ro_end { RO_RESCIND, RO_RESCIND_BACK, RO_HIDE, RO_OFF, RO_LOST, RO_ENDS };

static void ro_subs_end(struct rt *rt, enum ro_end end, const u32 *relids)
{
	unsigned int i;

	switch (end) {
	case RO_RESCIND:
	case RO_RESCIND_BACK:
		rt_halt(rt);
		for (i = 0; i < RO_CHANS; i++)
			rt_rescind(rt, relids[end == RO_RESCIND ? i : RO_CHANS - 1 - i]);
		rt_go(rt);
		break;
	case RO_HIDE:
		rt_rule(rt, "hide", 1);
		break;
	case RO_OFF:
		vrelay_set_redirect(rt->relay, false);
		break;
	case RO_LOST:
		rt_lose(rt);
		break;
	default:
		break;
	}
}

/* @order: subchannel indexes in the order of their offers; @perm: that of their ids. */
static void ro_subs(struct rt *rt, const u8 *order, const u8 *perm, enum ro_end end)
{
	struct kunit *test = rt->fg->test;
	u32 ids[RO_CHANS] = { }, relids[RO_CHANS];
	char seen[RO_CHANS + 1];
	unsigned int i;

	rt_begin(rt);
	for (i = 0; i < RO_CHANS; i++)
		relids[i] = RT_ID + perm[i];
	rt_halt(rt);
	for (i = 0; i < RO_CHANS; i++)
		rt_offer(rt, relids[order[i]], 1, order[i]);
	rt_go(rt);
	ro_take_subs(rt, VMBUS_MSG_OFFER, ids, seen);
	KUNIT_EXPECT_EQ_MSG(test, strlen(seen), 3, "offers %s", seen);
	KUNIT_EXPECT_EQ_MSG(test, seen[0], '0', "end %d, ids %u %u %u, offers %s", end,
			    relids[0], relids[1], relids[2], seen);
	ro_subs_end(rt, end, relids);
	ro_take_subs(rt, VMBUS_MSG_RESCIND, ids, seen);
	KUNIT_EXPECT_EQ_MSG(test, strlen(seen), 3, "rescinds %s", seen);
	KUNIT_EXPECT_EQ_MSG(test, seen[RO_CHANS - 1], '0', "end %d, ids %u %u %u, rescinds %s", end,
			    relids[0], relids[1], relids[2], seen);
	ro_release(rt, ids);
	if (end == RO_LOST) {
		rt_find(rt);
		ro_take_subs(rt, VMBUS_MSG_OFFER, ids, seen);
		KUNIT_EXPECT_EQ_MSG(test, strlen(seen), 3, "offers %s", seen);
		KUNIT_EXPECT_EQ_MSG(test, seen[0], '0', "offers %s", seen);
	}
	rt_end(rt);
}

/* A guest takes the first of a device for its primary channel; that goes last. */
static void relay_order_subs_test(struct kunit *test)
{
	static const u8 perms[][RO_CHANS] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct rt *rt = rt_new(test);
	enum ro_end end;
	unsigned int i;

	/* The relay takes offers by their ids, not as they come: both go all ways. */
	for (end = 0; end < RO_ENDS; end++)
		for (i = 0; i < ARRAY_SIZE(perms); i++)
			ro_subs(rt, perms[i], perms[ARRAY_SIZE(perms) - 1 - i], end);
}

/* ---- the same device again --------------------------------------------------------------- */

/* The guest takes a RESCIND, keeps the channel, and hears no more. */
static void ro_expect_held(struct rt *rt, u32 gid)
{
	rt_settle(rt);
	fg_expect_rescind(rt->fg, gid);
	rt_settle(rt);
	fg_expect_quiet(rt->fg);
}

static void ro_expect_new(struct rt *rt, u32 gid)
{
	fg_channel(rt->fg, VMBUS_MSG_RELID_RELEASED, gid);
	rt->live = 0;
	rt_guest(rt);
	KUNIT_EXPECT_STREQ(rt->fg->test, rt->told, "O");
	KUNIT_EXPECT_EQ(rt->fg->test, atomic_read(&rt->relay->relayed), 1);
	rt_forget(rt);
	/* The new one is alive. */
	rt_open(rt, rt->gid);
	rt_settle(rt);
	KUNIT_EXPECT_STREQ(rt->fg->test, rt->log, "go");
}

/* While the guest holds the old channel it is not told of the new one. */
static void relay_order_reoffer_test(struct kunit *test)
{
	/* Before the rescind, together with it, or after it; the relay looks once, or twice. */
	static const struct { bool first, halt; } cases[] = {
		{ false, false }, { false, true }, { true, false }, { true, true },
	};
	struct rt *rt = rt_new(test);
	unsigned int i, open;
	u32 gid;

	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		open = i & 1;
		rt_begin(rt);
		rt_offer(rt, RT_ID, 1, 0);
		rt_expect(rt, "O", "O");
		gid = rt->gid;
		if (open)
			rt_open(rt, gid);
		if (cases[i / 2].halt)
			rt_halt(rt);
		if (cases[i / 2].first)
			rt_offer(rt, RT_ID - 1, 1, 0);
		else
			rt_rescind(rt, RT_ID);
		if (!cases[i / 2].halt)
			rt_settle(rt);
		if (cases[i / 2].first)
			rt_rescind(rt, RT_ID);
		else
			rt_offer(rt, RT_ID - 1, 1, 0);
		if (cases[i / 2].halt)
			rt_go(rt);
		ro_expect_held(rt, gid);
		ro_expect_new(rt, gid);
		rt_end(rt);
	}
}

/* ---- the guest's memory ------------------------------------------------------------------ */

/* The host has not let go of the guest's memory, so the guest is not told yet. */
static void ro_expect_waits(struct rt *rt)
{
	struct vsrv_chan *chan;

	rt_wait_blocked(rt, RT_ID);
	fg_settle(rt->fg);
	rt_look(rt);
	KUNIT_EXPECT_NULL(rt->fg->test, strchr(rt->log, 'R'));
	mutex_lock(&rt->fg->srv->lock);
	chan = xa_load(&rt->fg->srv->ids, rt->gid);
	KUNIT_EXPECT_TRUE(rt->fg->test, chan && chan->has_owner);
	mutex_unlock(&rt->fg->srv->lock);
	/* What it asks for meanwhile it does not get, and the host does not hear of. */
	rt_create(rt, rt->gid);
	fg_expect_created(rt->fg, rt->gid, rt->gpadl, VMBUS_STATUS_FAILURE);
	fg_expect_quiet(rt->fg);
}

enum ro_memory { RO_MEMORY_HIDE, RO_MEMORY_OFF, RO_MEMORY_RESCIND, RO_MEMORIES };

static void ro_memory(struct rt *rt, enum ro_memory how)
{
	rt_begin(rt);
	rt_offer(rt, RT_ID, 1, 0);
	rt_guest(rt);
	rt_open(rt, rt->gid);
	rt_settle(rt);
	rt_forget(rt);
	rt->slow = RT_SLOW_TEARDOWN;
	/*
	 * A host that rescinds has let go of what it had; it still answers what it was
	 * asked before.
	 */
	if (how == RO_MEMORY_RESCIND) {
		rt_create(rt, rt->gid);
		fg_expect_created(rt->fg, rt->gid, rt->gpadl, 0);
		fg_teardown(rt->fg, rt->gid, rt->gpadl);
		rt_rescind(rt, RT_ID);
	} else if (how == RO_MEMORY_HIDE) {
		rt_rule(rt, "hide", 1);
	} else {
		rt_off_begin(rt);
	}
	ro_expect_waits(rt);
	KUNIT_EXPECT_EQ(rt->fg->test, rt->nheld, 1U);
	KUNIT_EXPECT_STREQ(rt->fg->test, rt->log, how == RO_MEMORY_RESCIND ? "gt" : "ct");
	rt_answer_all(rt);
	if (how == RO_MEMORY_OFF)
		flush_work(&rt->off);
	rt_expect(rt, how == RO_MEMORY_HIDE ? "ctR" : how == RO_MEMORY_OFF ? "ctRu" : "gtRr",
		  how == RO_MEMORY_RESCIND ? "TR" : "R");
	rt_end(rt);
}

/* The guest may use its memory for something else as soon as it has the RESCIND. */
static void relay_order_memory_test(struct kunit *test)
{
	struct rt *rt = rt_new(test);
	enum ro_memory how;

	for (how = 0; how < RO_MEMORIES; how++)
		ro_memory(rt, how);
}

/* ---- offers ------------------------------------------------------------------------------ */

/* The order that the host has is the guest's, in each class. */
static void relay_order_offers_test(struct kunit *test)
{
	/* Ids, classes, instances: none of these orders is another's. */
	static const struct { u32 id; u8 class, instance; } offers[] = {
		{ 30, 2, 3 }, { 12, 1, 9 }, { 21, 2, 8 }, { 25, 1, 2 }, { 5, 2, 6 }, { 18, 1, 4 },
	};
	/* To a guest that asks, class by class; to one that has asked, as they come. */
	static const u8 asked[] = { 9, 4, 2, 6, 8, 3 }, pushed[] = { 6, 9, 4, 8, 2, 3 };
	struct rt *rt = rt_new(test);
	const struct vmbus_offer_msg *m;
	unsigned int i, late;

	for (late = 0; late < 2; late++) {
		rt_begin(rt);
		rt_halt(rt);
		for (i = 0; i < ARRAY_SIZE(offers); i++)
			rt_offer_class(rt, offers[i].id, offers[i].class, offers[i].instance, 0);
		if (late)
			fg_connect(rt->fg, FG_V(5, 3), 0);
		rt_go(rt);
		rt_settle(rt);
		if (late)
			fg_simple(rt->fg, VMBUS_MSG_REQUEST_OFFERS);
		for (i = 0; i < ARRAY_SIZE(offers); i++) {
			m = fg_expect(rt->fg, VMBUS_MSG_OFFER, sizeof(*m));
			KUNIT_EXPECT_EQ_MSG(test, m->instance_id.b[15],
					    late ? asked[i] : pushed[i], "%u: %u", late, i);
		}
		if (late)
			fg_expect(rt->fg, VMBUS_MSG_ALL_OFFERS, 8);
		fg_expect_quiet(rt->fg);
		rt_end(rt);
	}
}

/* ---- the host is lost --------------------------------------------------------------------- */

static void ro_connect(struct rt *rt, u8 n)
{
	struct vmbus_tl_connect2_msg m = { .v1.endpoint_id.b[0] = n, .v1.service_id.b[0] = n };

	fg_post(rt->fg, VMBUS_MSG_TL_CONNECT, &m, sizeof(m));
}

/* Two channels are open, one is being opened, and two connects wait. */
static void relay_host_lost_test(struct kunit *test)
{
	struct rt *rt = rt_new_on(test);
	u32 version = rt->fg->srv->conn.version;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		rt_offer(rt, RT_ID + i, 1 + i, 0);
		rt_guest(rt);
		if (i < 2)
			rt_open(rt, rt->gid);
	}
	rt_create(rt, rt->gid);
	fg_expect_created(rt->fg, rt->gid, rt->gpadl, 0);
	rt->slow = RT_SLOW_OPEN;
	fg_open(rt->fg, rt->gid, rt->gpadl, 0);
	ro_connect(rt, 1);
	rt_settle(rt);
	KUNIT_EXPECT_STREQ(test, rt->log, "OgoOgoOgol");
	rt_forget(rt);

	/* The relay finds out by the next connect, which is refused at once with the other. */
	rt->fh.status = HV_STATUS_INVALID_CONNECTION_ID;
	rt->fh.fail_for = UINT_MAX;
	ro_connect(rt, 2);
	rt_guest(rt);
	KUNIT_EXPECT_STREQ(test, rt->log, "RRR");
	KUNIT_EXPECT_STREQ(test, rt->told, "pRRRll");
	for (i = 0; i < VRELAY_TL_MAX; i++)
		KUNIT_EXPECT_EQ(test, rt->relay->tl.waits[i].id, 0U);
	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++)
		KUNIT_EXPECT_EQ(test, rt->fg->srv->tl.slots[i].id, 0U);
	KUNIT_EXPECT_EQ(test, rt->live, 0);
	KUNIT_EXPECT_EQ(test, fg_count(rt->fg, VSRV_TL_REFUSED), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&rt->relay->relayed), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&rt->relay->chans));
	rt_forget(rt);

	/* Without a host a connect is refused, and the guest's connection is as it was. */
	ro_connect(rt, 3);
	rt_expect(rt, "", "l");
	KUNIT_EXPECT_EQ(test, rt->fg->srv->conn.state, VSRV_CONNECTED);
	KUNIT_EXPECT_EQ(test, rt->fg->srv->conn.version, version);
	KUNIT_EXPECT_TRUE(test, rt->fg->srv->conn.offers_sent);

	rt->nheld = 0;
	rt->slow = 0;
	rt_find(rt);
	rt_expect(rt, "CQOOO", "OOO");
	rt_open(rt, rt->gid);
	ro_connect(rt, 4);
	rt_settle(rt);
	KUNIT_EXPECT_STREQ(test, rt->log, "gol");
	rt_forget(rt);
	/* Where it is not lost a connect waits; switched off, it does not. */
	rt_expect(rt, "", "");
	vrelay_set_redirect(rt->relay, false);
	rt_guest(rt);
	KUNIT_EXPECT_STREQ(test, rt->log, "ctRRRu");
	KUNIT_EXPECT_STREQ(test, rt->told, "lRRR");
	rt_end(rt);
}

static struct kunit_case relay_order_cases[] = {
	KUNIT_CASE(relay_order_release_test),
	KUNIT_CASE(relay_order_subs_test),
	KUNIT_CASE(relay_order_reoffer_test),
	KUNIT_CASE(relay_order_memory_test),
	KUNIT_CASE(relay_order_offers_test),
	KUNIT_CASE(relay_host_lost_test),
	{}
};

static struct kunit_suite relay_order_suite = {
	.name = "relay_order",
	.test_cases = relay_order_cases,
};

kunit_test_suite(relay_order_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: orders, and a host that is lost");
MODULE_LICENSE("GPL");
