/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole relay for tests: the host is a model that answers by itself or when told to,
 * the guest has a server and says what the test wants.
 *
 * What happens is written down in one line, a letter each, in the order in which it
 * happened.  A host that is told something looks what the guest has been told so far:
 *
 *	C Q u		INITIATE_CONTACT, REQUEST_OFFERS, UNLOAD to the host
 *	g o c t r	GPADL_HEADER, OPEN, CLOSE, GPADL_TEARDOWN, REL_ID_RELEASED to the host
 *	l		TL_CONNECT to the host
 *	h x		the hook gets an offer, or loses it
 *	R		the guest's server has sent a RESCIND
 *	O		the guest has taken an OFFER
 *
 * and what the guest has taken, likewise: O, R, and answers: G to a GPADL, P to an
 * open, T to a teardown, L to a connect; g, p and l if they say no.
 */
#ifndef _RELAY_CHAN_TEST_H
#define _RELAY_CHAN_TEST_H

#include <linux/module.h>
#include <linux/spinlock.h>
#include "../drivers/vmbus_intercept/vint.h"
#include "../drivers/vmbus_relay/vrelay.h"
#include "fake_guest.h"
#include "fake_host.h"

#define RT_INDEX	77	/* of the relay: relay0 is the module's own */
#define RT_OFFERS	8
#define RT_HELD		16
#define RT_ROUNDS	4	/* from either end to the other and back */
#define RT_HOOK		"kunit-relay"
#define RT_ID		21	/* channel id of the first offer */
#define RT_VPCI		0xff	/* number of the class of PCI devices */

/**
 * struct rt_offer - what the host offers
 * @id: its channel id, 0 if there is none
 * @class: number of the class
 * @instance: number of the instance
 * @sub: subchannel index
 */
struct rt_offer {
	u32 id;
	u8 class;
	u8 instance;
	u16 sub;
};

/* Messages that the host answers later. */
#define RT_SLOW_CREATE		BIT(0)
#define RT_SLOW_OPEN		BIT(1)
#define RT_SLOW_TEARDOWN	BIT(2)

struct rt_message {
	u32 type, a, b, c, len;
};

/**
 * struct rt - a relay between a host and a guest
 * @fg: guest
 * @fh: the transport, of which the client is not used
 * @relay: relay
 * @offers: what the host has
 * @lock: protects what follows up to @log
 * @slow: RT_SLOW_*
 * @held: answers that are held back, with
 * @nheld: their number
 * @log: see the top of this file, with
 * @len: its length
 * @told: what the guest has taken, with
 * @ntold: its length
 * @revoked: channels that the guest holds and the server has taken back
 * @live: offers that the guest has
 * @gid: id of the last
 * @gpadl: last id of a GPADL
 * @on_post: called when the host is told something, or NULL
 * @hook: the hook RT_HOOK
 * @refs: references to this module while no hook is held
 * @off: see rt_off_begin()
 */
struct rt {
	struct fg *fg;
	struct fh fh;
	struct vrelay *relay;
	struct rt_offer offers[RT_OFFERS];
	spinlock_t lock;	/* protects what follows up to log */
	u32 slow;
	struct rt_message held[RT_HELD];
	unsigned int nheld;
	char log[64];
	unsigned int len;
	char told[64];
	unsigned int ntold;
	unsigned int revoked;
	int live;
	u32 gid;
	u32 gpadl;
	void (*on_post)(struct rt *rt, const __le32 *m);
	struct vint_hook hook;
	int refs;
	struct work_struct off;
};

static inline void rt_note(struct rt *rt, char what)
{
	spin_lock(&rt->lock);
	if (rt->len < sizeof(rt->log) - 1)
		rt->log[rt->len++] = what;
	spin_unlock(&rt->lock);
}

static inline void rt_tell(struct rt *rt, char what)
{
	if (rt->ntold < sizeof(rt->told) - 1)
		rt->told[rt->ntold++] = what;
}

static inline void rt_forget(struct rt *rt)
{
	memset(rt->log, 0, sizeof(rt->log));
	rt->len = 0;
	memset(rt->told, 0, sizeof(rt->told));
	rt->ntold = 0;
}

/* What has the guest's server sent since the last look?  The client's lock may be held. */
static inline void rt_look(struct rt *rt)
{
	struct vsrv_chan *chan;
	unsigned int n = 0;

	mutex_lock(&rt->fg->srv->lock);
	list_for_each_entry(chan, &rt->fg->srv->chans, node)
		n += !chan->has_owner;
	mutex_unlock(&rt->fg->srv->lock);
	for (; rt->revoked < n; rt->revoked++)
		rt_note(rt, 'R');
	rt->revoked = n;
}

/* ---- the host ------------------------------------------------------------------------ */

static inline void rt_say(struct rt *rt, u32 type, u32 a, u32 b, u32 c, u32 len)
{
	__le32 m[VMBUS_MSG_MAX / 4] = {
		cpu_to_le32(type), 0, cpu_to_le32(a), cpu_to_le32(b), cpu_to_le32(c),
	};

	rt->fh.host.receive(rt->fh.host.receive_ctx, m, len);
}

static inline void rt_answer(struct rt *rt, u32 slow, struct rt_message m)
{
	bool now;

	spin_lock(&rt->lock);
	now = !(rt->slow & slow) || rt->nheld == RT_HELD;
	if (!now)
		rt->held[rt->nheld++] = m;
	spin_unlock(&rt->lock);
	if (now)
		rt_say(rt, m.type, m.a, m.b, m.c, m.len);
}

/* The host answers what it has not answered, and is not slow any more. */
static inline void rt_answer_all(struct rt *rt)
{
	struct rt_message m;
	unsigned int i = 0;

	for (;;) {
		spin_lock(&rt->lock);
		rt->slow = 0;
		if (i == rt->nheld)
			break;
		m = rt->held[i++];
		spin_unlock(&rt->lock);
		rt_say(rt, m.type, m.a, m.b, m.c, m.len);
	}
	rt->nheld = 0;
	spin_unlock(&rt->lock);
}

static inline guid_t rt_class(u8 n)
{
	static const guid_t vpci = VINT_CLASS_VPCI;
	guid_t guid = GUID_INIT(0xfa4e0000, 0x6e57, 0x4a5f, 0x9c, 0x5d, 0, 0, 0, 0, 0, 0);

	guid.b[15] = n;
	return n == RT_VPCI ? vpci : guid;
}

static inline guid_t rt_instance(u8 n)
{
	guid_t guid = GUID_INIT(0x1257a9ce, 0x6e57, 0x4a5f, 0x9c, 0x5d, 0, 0, 0, 0, 0, 0);

	guid.b[15] = n;
	return guid;
}

static inline void rt_say_offer(struct rt *rt, const struct rt_offer *offer)
{
	struct vmbus_offer_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_OFFER),
		.class_id = rt_class(offer->class),
		.instance_id = rt_instance(offer->instance),
		.flags = cpu_to_le16(VMBUS_OFFER_ENUMERATE),
		.subchannel = cpu_to_le16(offer->sub),
		.channel_id = cpu_to_le32(offer->id),
		.connection_id = cpu_to_le32(FH_CONNECTION(offer->id)),
		.monitor_id = VMBUS_MONITOR_NONE,
	};

	rt->fh.host.receive(rt->fh.host.receive_ctx, &m, sizeof(m));
}

static inline void rt_say_offers(struct rt *rt)
{
	unsigned int i;

	for (i = 0; i < RT_OFFERS; i++)
		if (rt->offers[i].id)
			rt_say_offer(rt, &rt->offers[i]);
	rt_say(rt, VMBUS_MSG_ALL_OFFERS, 0, 0, 0, 8);
}

static inline void rt_post(struct fh *fh)
{
	struct rt *rt = container_of(fh, struct rt, fh);
	const __le32 *m = (const void *)fh->posts[fh->nposts - 1].payload;
	u32 a = le32_to_cpu(m[2]), b = le32_to_cpu(m[3]);

	fh->nposts = 0;
	rt_look(rt);
	switch (le32_to_cpu(m[0])) {
	case VMBUS_MSG_CONTACT:
		rt_note(rt, 'C');
		rt_say(rt, VMBUS_MSG_VERSION_RESPONSE, 1, VMBUS_CONN_MESSAGE_REDIRECT, FH_FEATURES,
		       20);
		break;
	case VMBUS_MSG_REQUEST_OFFERS:
		rt_note(rt, 'Q');
		rt_say_offers(rt);
		break;
	case VMBUS_MSG_UNLOAD:
		rt_note(rt, 'u');
		rt_say(rt, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
		break;
	case VMBUS_MSG_GPADL_HEADER:
		rt_note(rt, 'g');
		rt_answer(rt, RT_SLOW_CREATE, (struct rt_message) {
			  VMBUS_MSG_GPADL_CREATED, a, b, 0, 20 });
		break;
	case VMBUS_MSG_GPADL_TEARDOWN:
		rt_note(rt, 't');
		rt_answer(rt, RT_SLOW_TEARDOWN, (struct rt_message) {
			  VMBUS_MSG_GPADL_TORNDOWN, b, 0, 0, 12 });
		break;
	case VMBUS_MSG_OPEN:
		rt_note(rt, 'o');
		rt_answer(rt, RT_SLOW_OPEN, (struct rt_message) {
			  VMBUS_MSG_OPEN_RESULT, a, 0, 0, 20 });
		break;
	case VMBUS_MSG_CLOSE:
		rt_note(rt, 'c');
		break;
	case VMBUS_MSG_RELID_RELEASED:
		rt_note(rt, 'r');
		break;
	case VMBUS_MSG_TL_CONNECT:
		rt_note(rt, 'l');
		break;
	default:
		rt_note(rt, '?');
	}
	if (rt->on_post)
		rt->on_post(rt, m);
}

static inline struct rt_offer *rt_host_find(struct rt *rt, u32 id)
{
	unsigned int i;

	for (i = 0; i < RT_OFFERS; i++)
		if (rt->offers[i].id == id)
			return &rt->offers[i];
	return NULL;
}

static inline void rt_offer_class(struct rt *rt, u32 id, u8 class, u8 instance, u16 sub)
{
	struct rt_offer *offer = rt_host_find(rt, 0);

	KUNIT_ASSERT_NOT_NULL(rt->fg->test, offer);
	*offer = (struct rt_offer) { id, class, instance, sub };
	rt_say_offer(rt, offer);
}

static inline void rt_offer(struct rt *rt, u32 id, u8 instance, u16 sub)
{
	rt_offer_class(rt, id, 1, instance, sub);
}

static inline void rt_rescind(struct rt *rt, u32 id)
{
	struct rt_offer *offer = rt_host_find(rt, id);

	KUNIT_ASSERT_NOT_NULL(rt->fg->test, offer);
	offer->id = 0;
	rt_say(rt, VMBUS_MSG_RESCIND, id, 0, 0, 12);
}

/* ---- a hook -------------------------------------------------------------------------- */

static inline int rt_hook_offer(struct vint_hook *hook, const struct vint_handover *handover,
				void **priv)
{
	struct rt *rt = container_of(hook, struct rt, hook);

	rt_look(rt);
	rt_note(rt, 'h');
	*priv = rt;
	return 0;
}

static inline void rt_hook_revoke(struct vint_hook *hook, void *priv)
{
	struct rt *rt = priv;

	rt_look(rt);
	rt_note(rt, 'x');
}

/* ---- the relay ----------------------------------------------------------------------- */

/* Nothing is due at either end; not while the relay waits for the host. */
static inline void rt_settle(struct rt *rt)
{
	unsigned int i;

	for (i = 0; i < RT_ROUNDS; i++) {
		flush_work(&rt->relay->client.rx);
		flush_delayed_work(&rt->relay->reconcile);
		fg_settle(rt->fg);
	}
	rt_look(rt);
}

/* What comes until rt_go() the relay finds at once. */
static inline void rt_halt(struct rt *rt)
{
	disable_delayed_work_sync(&rt->relay->reconcile);
}

static inline void rt_kick(struct rt *rt)
{
	mod_delayed_work(rt->relay->wq, &rt->relay->reconcile, 0);
}

static inline void rt_go(struct rt *rt)
{
	flush_work(&rt->relay->client.rx);
	enable_delayed_work(&rt->relay->reconcile);
	rt_kick(rt);
}

static inline void rt_rules(struct kunit *test, vint_change_fn change, const char *text)
{
	KUNIT_EXPECT_EQ(test, vint_change("relay_chan", change, text, strlen(text)), 0);
}

/* What becomes of an instance. */
static inline void rt_rule(struct rt *rt, const char *action, u8 instance)
{
	guid_t guid = rt_instance(instance);
	char text[96];

	scnprintf(text, sizeof(text), "%s instance=%pUl", action, &guid);
	rt_rules(rt->fg->test, vint_filter_add, text);
}

/* The relay's end of a channel; the relay is idle. */
static inline struct vrelay_chan *rt_chan(struct rt *rt, u32 id)
{
	struct vrelay_chan *rc;

	list_for_each_entry(rc, &rt->relay->chans, node)
		if (rc->hchan->offer.channel_id == id)
			return rc;
	return NULL;
}

/* The relay waits for the host to let go of a channel, or has done so. */
static inline void rt_wait_blocked(struct rt *rt, u32 id)
{
	struct vrelay_client *client = &rt->relay->client;
	unsigned long deadline = jiffies + FH_TIMEOUT;
	struct vrelay_hchan *hchan;
	bool done;

	do {
		usleep_range(100, 200);
		mutex_lock(&client->lock);
		hchan = xa_load(&client->chans, id);
		done = !hchan || hchan->blocked;
		mutex_unlock(&client->lock);
	} while (!done && time_before(jiffies, deadline));
	KUNIT_EXPECT_TRUE(rt->fg->test, done);
}

/* The host cannot be reached any more; the relay finds that out. */
static inline void rt_lose(struct rt *rt)
{
	rt->fh.status = HV_STATUS_INVALID_CONNECTION_ID;
	rt->fh.fail_for = UINT_MAX;
	rt->slow = 0;
	rt->nheld = 0;
	KUNIT_EXPECT_EQ(rt->fg->test, vrelay_client_pause(&rt->relay->client), -ENOTCONN);
}

/* It can be again, and there is no need to wait for the next try. */
static inline void rt_find(struct rt *rt)
{
	rt->fh.fail_for = 0;
	rt->relay->retry_at = jiffies;
	rt_kick(rt);
}

static inline void rt_off_work(struct work_struct *work)
{
	struct rt *rt = container_of(work, struct rt, off);

	vrelay_set_redirect(rt->relay, false);
}

/* In a thread of its own: it waits for the host. */
static inline void rt_off_begin(struct rt *rt)
{
	INIT_WORK(&rt->off, rt_off_work);
	schedule_work(&rt->off);
}

/* ---- the guest ----------------------------------------------------------------------- */

/* The guest takes what there is, and lets go of what is rescinded. */
static inline void rt_guest(struct rt *rt)
{
	struct fg *fg = rt->fg;
	u32 channel;

	rt_settle(rt);
	while (fg_take(fg, 0)) {
		channel = fg_word(fg, 2);
		switch (fg_type(fg)) {
		case VMBUS_MSG_OFFER:
			rt->gid = le32_to_cpu(((struct vmbus_offer_msg *)fg->msg)->channel_id);
			rt->live++;
			rt_note(rt, 'O');
			rt_tell(rt, 'O');
			break;
		case VMBUS_MSG_RESCIND:
			rt->live--;
			rt_tell(rt, 'R');
			fg_channel(fg, VMBUS_MSG_RELID_RELEASED, channel);
			break;
		case VMBUS_MSG_GPADL_CREATED:
			rt_tell(rt, fg_word(fg, 4) ? 'g' : 'G');
			break;
		case VMBUS_MSG_OPEN_RESULT:
			rt_tell(rt, fg_word(fg, 4) ? 'p' : 'P');
			break;
		case VMBUS_MSG_GPADL_TORNDOWN:
			rt_tell(rt, 'T');
			break;
		case VMBUS_MSG_TL_CONNECT_RESULT:
			rt_tell(rt, fg_word(fg, 10) ? 'l' : 'L');
			break;
		default:
			rt_tell(rt, '?');
		}
		rt_settle(rt);
	}
	rt_look(rt);
}

static inline void rt_create(struct rt *rt, u32 gid)
{
	fg_gpadl(rt->fg, gid, ++rt->gpadl, 4);
}

/* The guest opens a channel, and the host knows it. */
static inline void rt_open(struct rt *rt, u32 gid)
{
	rt_create(rt, gid);
	fg_expect_created(rt->fg, gid, rt->gpadl, 0);
	fg_open(rt->fg, gid, rt->gpadl, 0);
	fg_expect_opened(rt->fg, gid, 0);
}

/* ---- life ---------------------------------------------------------------------------- */

static inline void rt_expect_nothing_left(struct rt *rt)
{
	struct vrelay *relay = rt->relay;
	struct kunit *test = rt->fg->test;

	KUNIT_EXPECT_TRUE(test, list_empty(&relay->chans));
	KUNIT_EXPECT_EQ(test, atomic_read(&relay->relayed), 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&relay->client.chans));
	KUNIT_EXPECT_TRUE(test, xa_empty(&relay->client.gpadls));
	KUNIT_EXPECT_EQ(test, rt->fh.nbound, 0U);
	KUNIT_EXPECT_EQ(test, rt->fh.starts, 0);
	KUNIT_EXPECT_EQ(test, rt->nheld, 0U);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), rt->refs);
}

static inline void rt_free(void *ctx)
{
	struct rt *rt = ctx;

	if (!IS_ERR_OR_NULL(rt->relay)) {
		/* Where a test has ended early. */
		rt->relay->client.timeout = HZ;
		rt->fh.fail_for = 0;
		rt_answer_all(rt);
		vrelay_set_redirect(rt->relay, false);
		rt_expect_nothing_left(rt);
		vrelay_remove(rt->relay);
		rt_rules(rt->fg->test, vint_filter_replace, "end\n");
		vint_hook_unregister(&rt->hook);
	}
	kvfree(rt->fh.posts);
	kvfree(rt);
}

/* The relay is switched off, and the guest not connected. */
static inline struct rt *rt_new(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct rt *rt = kvzalloc(sizeof(*rt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rt);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, rt_free, rt), 0);
	rt->fg = fg;
	spin_lock_init(&rt->lock);
	rt->refs = module_refcount(THIS_MODULE);
	rt->fh.test = test;
	rt->fh.host.ops = &fh_host_ops;
	rt->fh.on_post = rt_post;
	rt->fh.posts = kvcalloc(1, sizeof(*rt->fh.posts), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rt->fh.posts);
	rt->hook = (struct vint_hook) {
		.name = RT_HOOK, .owner = THIS_MODULE,
		.offer = rt_hook_offer, .revoke = rt_hook_revoke,
	};
	KUNIT_ASSERT_EQ(test, vint_hook_register(&rt->hook), 0);
	rt->relay = vrelay_create(RT_INDEX, &rt->fh.host);
	if (IS_ERR(rt->relay))
		vint_hook_unregister(&rt->hook);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rt->relay));
	rt->relay->client.timeout = FH_TIMEOUT;
	KUNIT_ASSERT_EQ(test, vrelay_set_server(rt->relay, FG_NAME), 0);
	return rt;
}

/* The host has nothing, and the guest has asked for it. */
static inline void rt_begin(struct rt *rt)
{
	struct kunit *test = rt->fg->test;

	rt_rules(test, vint_filter_replace, "end\n");
	KUNIT_ASSERT_EQ(test, vrelay_set_redirect(rt->relay, true), 0);
	rt_settle(rt);
	KUNIT_ASSERT_EQ(test, vrelay_client_get_state(&rt->relay->client), VRELAY_CONNECTED);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(rt->fg, FG_V(5, 3), 0), 0U);
	rt->live = 0;
	rt_look(rt);
	rt_forget(rt);
}

static inline void rt_end(struct rt *rt)
{
	vrelay_set_redirect(rt->relay, false);
	rt_expect_nothing_left(rt);
	memset(rt->offers, 0, sizeof(rt->offers));
}

static inline struct rt *rt_new_on(struct kunit *test)
{
	struct rt *rt = rt_new(test);

	rt_begin(rt);
	return rt;
}

/* The guest takes what there is; this has happened since the last time. */
static inline void rt_expect(struct rt *rt, const char *log, const char *told)
{
	rt_guest(rt);
	KUNIT_EXPECT_STREQ(rt->fg->test, rt->log, log);
	KUNIT_EXPECT_STREQ(rt->fg->test, rt->told, told);
	KUNIT_EXPECT_EQ(rt->fg->test, atomic_read(&rt->relay->relayed), rt->live);
	rt_forget(rt);
}

#endif /* _RELAY_CHAN_TEST_H */
