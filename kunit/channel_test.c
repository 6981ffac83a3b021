// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the channel state machine of vmbus_srv, with a fake guest on one side
 * and an owner that answers late on the other.
 */
#include <linux/module.h>
#include "fake_guest.h"

/* ---- every state and every event --------------------------------------------------- */

enum ct_event {
	CT_OPEN, CT_CLOSE, CT_MODIFY, CT_RELEASE,		/* of the guest */
	CT_OPEN_RESERVED, CT_CLOSE_RESERVED,			/* the same */
	CT_OPEN_OK, CT_OPEN_FAIL, CT_CLOSE_DONE, CT_MODIFY_DONE, CT_REVOKE,	/* of the owner */
	CT_RESET, CT_UNLOAD, CT_CONTACT,			/* to the connection */
	CT_EVENTS
};

static const char * const ct_event_names[CT_EVENTS] = {
	"OPEN", "CLOSE", "MODIFY", "RELEASE", "OPEN_RESERVED", "CLOSE_RESERVED", "open ok",
	"open failed", "close done", "modify done", "revoke", "reset", "UNLOAD", "CONTACT",
};

/* What an event brings about. */
#define OFFER		BIT(0)		/* messages to the guest */
#define RESCIND		BIT(1)
#define OPENED		BIT(2)
#define OPEN_FAILED	BIT(3)
#define MODIFIED	BIT(4)
#define MODIFY_FAILED	BIT(5)
#define UNLOADED	BIT(6)
#define VERSION		BIT(7)
#define CALL_OPEN	BIT(8)		/* calls of the owner */
#define CALL_CLOSE	BIT(9)
#define CALL_MODIFY	BIT(10)
#define CALL_STOP	BIT(11)
#define REFUSED		BIT(12)		/* the guest's message is counted as refused */

#define GONE		VSRV_CHAN_STATES
#define NOT_POSSIBLE	0xff		/* there is no owner to do it */

struct ct_cell {
	u8 next;
	u16 what;
};

/* Short names of the states, as rows and in cells. */
#define RELEASED	VSRV_CHAN_CLIENT_RELEASED
#define REOFFERED	VSRV_CHAN_REOFFERED
#define CLOSED		VSRV_CHAN_CLOSED
#define OPENING		VSRV_CHAN_OPENING
#define OPEN		VSRV_CHAN_OPEN
#define CLOSING		VSRV_CHAN_CLOSING
#define CLOSING_REOPEN	VSRV_CHAN_CLOSING_REOPEN
#define OPENING_REL	VSRV_CHAN_OPENING_RELEASED
#define CLOSING_REL	VSRV_CHAN_CLOSING_RELEASED
#define REVOKED		VSRV_CHAN_REVOKED

static const struct ct_cell ct_cells[VSRV_CHAN_STATES][CT_EVENTS] = {
	[RELEASED] = {
		[CT_OPEN] = { RELEASED, REFUSED },
		[CT_CLOSE] = { RELEASED, REFUSED },
		[CT_MODIFY] = { RELEASED, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { RELEASED, REFUSED },
		[CT_OPEN_RESERVED] = { RELEASED, REFUSED },
		[CT_CLOSE_RESERVED] = { RELEASED, REFUSED },
		[CT_OPEN_OK] = { RELEASED },
		[CT_OPEN_FAIL] = { RELEASED },
		[CT_CLOSE_DONE] = { RELEASED },
		[CT_MODIFY_DONE] = { RELEASED },
		[CT_REVOKE] = { GONE },
		[CT_RESET] = { RELEASED },
		[CT_UNLOAD] = { RELEASED, UNLOADED },
		[CT_CONTACT] = { RELEASED, VERSION },
	},
	/* The id still is that of the revoked channel. */
	[REOFFERED] = {
		[CT_OPEN] = { REOFFERED },
		[CT_CLOSE] = { REOFFERED },
		[CT_MODIFY] = { REOFFERED, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { CLOSED, OFFER },
		[CT_OPEN_RESERVED] = { REOFFERED },
		[CT_CLOSE_RESERVED] = { REOFFERED },
		[CT_OPEN_OK] = { REOFFERED },
		[CT_OPEN_FAIL] = { REOFFERED },
		[CT_CLOSE_DONE] = { REOFFERED },
		[CT_MODIFY_DONE] = { REOFFERED },
		[CT_REVOKE] = { REVOKED },
		[CT_RESET] = { RELEASED },
		[CT_UNLOAD] = { RELEASED, UNLOADED },
		[CT_CONTACT] = { RELEASED, VERSION },
	},
	[CLOSED] = {
		[CT_OPEN] = { OPENING, CALL_OPEN },
		[CT_CLOSE] = { CLOSED, REFUSED },
		[CT_MODIFY] = { CLOSED, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { RELEASED },
		[CT_OPEN_RESERVED] = { OPENING, CALL_OPEN },
		[CT_CLOSE_RESERVED] = { CLOSED, REFUSED },
		[CT_OPEN_OK] = { CLOSED },
		[CT_OPEN_FAIL] = { CLOSED },
		[CT_CLOSE_DONE] = { CLOSED },
		[CT_MODIFY_DONE] = { CLOSED },
		[CT_REVOKE] = { REVOKED, RESCIND },
		[CT_RESET] = { RELEASED },
		[CT_UNLOAD] = { RELEASED, UNLOADED },
		[CT_CONTACT] = { RELEASED, VERSION },
	},
	[OPENING] = {
		[CT_OPEN] = { OPENING, REFUSED },
		[CT_CLOSE] = { OPENING, REFUSED },
		[CT_MODIFY] = { OPENING, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { OPENING, REFUSED },
		[CT_OPEN_RESERVED] = { OPENING, REFUSED },
		[CT_CLOSE_RESERVED] = { OPENING, REFUSED },
		[CT_OPEN_OK] = { OPEN, OPENED },
		[CT_OPEN_FAIL] = { CLOSED, OPEN_FAILED },
		[CT_CLOSE_DONE] = { OPENING },
		[CT_MODIFY_DONE] = { OPENING },
		[CT_REVOKE] = { REVOKED, RESCIND | CALL_STOP },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { OPENING_REL },
		[CT_CONTACT] = { OPENING_REL },
	},
	[OPEN] = {
		[CT_OPEN] = { OPEN, REFUSED },
		[CT_CLOSE] = { CLOSING, CALL_CLOSE },
		[CT_MODIFY] = { OPEN, CALL_MODIFY },
		[CT_RELEASE] = { OPEN, REFUSED },
		[CT_OPEN_RESERVED] = { OPEN, REFUSED },
		[CT_CLOSE_RESERVED] = { OPEN, REFUSED },
		[CT_OPEN_OK] = { OPEN },
		[CT_OPEN_FAIL] = { OPEN },
		[CT_CLOSE_DONE] = { OPEN },
		[CT_MODIFY_DONE] = { OPEN },
		[CT_REVOKE] = { REVOKED, RESCIND | CALL_STOP },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { CLOSING_REL, CALL_CLOSE },
		[CT_CONTACT] = { CLOSING_REL, CALL_CLOSE },
	},
	/* No message tells the guest that a close is complete: it may open again. */
	[CLOSING] = {
		[CT_OPEN] = { CLOSING_REOPEN },
		[CT_CLOSE] = { CLOSING, REFUSED },
		[CT_MODIFY] = { CLOSING, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { CLOSING_REL },
		[CT_OPEN_RESERVED] = { CLOSING, REFUSED },
		[CT_CLOSE_RESERVED] = { CLOSING, REFUSED },
		[CT_OPEN_OK] = { CLOSING },
		[CT_OPEN_FAIL] = { CLOSING },
		[CT_CLOSE_DONE] = { CLOSED },
		[CT_MODIFY_DONE] = { CLOSING },
		[CT_REVOKE] = { REVOKED, RESCIND | CALL_STOP },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { CLOSING_REL },
		[CT_CONTACT] = { CLOSING_REL },
	},
	[CLOSING_REOPEN] = {
		[CT_OPEN] = { CLOSING_REOPEN, REFUSED },
		[CT_CLOSE] = { CLOSING_REOPEN, REFUSED },
		[CT_MODIFY] = { CLOSING_REOPEN, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { CLOSING_REOPEN, REFUSED },
		[CT_OPEN_RESERVED] = { CLOSING_REOPEN, REFUSED },
		[CT_CLOSE_RESERVED] = { CLOSING_REOPEN, REFUSED },
		[CT_OPEN_OK] = { CLOSING_REOPEN },
		[CT_OPEN_FAIL] = { CLOSING_REOPEN },
		[CT_CLOSE_DONE] = { OPENING, CALL_OPEN },
		[CT_MODIFY_DONE] = { CLOSING_REOPEN },
		[CT_REVOKE] = { REVOKED, RESCIND | CALL_STOP },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { CLOSING_REL },
		[CT_CONTACT] = { CLOSING_REL },
	},
	/* An UNLOAD waits for this one. */
	[OPENING_REL] = {
		[CT_OPEN] = { OPENING_REL, REFUSED },
		[CT_CLOSE] = { OPENING_REL, REFUSED },
		[CT_MODIFY] = { OPENING_REL, REFUSED },
		[CT_RELEASE] = { OPENING_REL, REFUSED },
		[CT_OPEN_RESERVED] = { OPENING_REL, REFUSED },
		[CT_CLOSE_RESERVED] = { OPENING_REL, REFUSED },
		[CT_OPEN_OK] = { CLOSING_REL, CALL_CLOSE },
		[CT_OPEN_FAIL] = { RELEASED, UNLOADED },
		[CT_CLOSE_DONE] = { OPENING_REL },
		[CT_MODIFY_DONE] = { OPENING_REL },
		[CT_REVOKE] = { GONE, CALL_STOP | UNLOADED },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { OPENING_REL, REFUSED },
		[CT_CONTACT] = { OPENING_REL },
	},
	[CLOSING_REL] = {
		[CT_OPEN] = { CLOSING_REL, REFUSED },
		[CT_CLOSE] = { CLOSING_REL, REFUSED },
		[CT_MODIFY] = { CLOSING_REL, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { CLOSING_REL, REFUSED },
		[CT_OPEN_RESERVED] = { CLOSING_REL, REFUSED },
		[CT_CLOSE_RESERVED] = { CLOSING_REL, REFUSED },
		[CT_OPEN_OK] = { CLOSING_REL },
		[CT_OPEN_FAIL] = { CLOSING_REL },
		[CT_CLOSE_DONE] = { RELEASED },
		[CT_MODIFY_DONE] = { CLOSING_REL },
		[CT_REVOKE] = { GONE, CALL_STOP },
		[CT_RESET] = { RELEASED, CALL_STOP },
		[CT_UNLOAD] = { CLOSING_REL },
		[CT_CONTACT] = { CLOSING_REL },
	},
	/* The guest may not know it yet: what it asks for is passed over in silence. */
	[REVOKED] = {
		[CT_OPEN] = { REVOKED },
		[CT_CLOSE] = { REVOKED },
		[CT_MODIFY] = { REVOKED, REFUSED | MODIFY_FAILED },
		[CT_RELEASE] = { GONE },
		[CT_OPEN_RESERVED] = { REVOKED },
		[CT_CLOSE_RESERVED] = { REVOKED },
		[CT_OPEN_OK] = { NOT_POSSIBLE },
		[CT_OPEN_FAIL] = { NOT_POSSIBLE },
		[CT_CLOSE_DONE] = { NOT_POSSIBLE },
		[CT_MODIFY_DONE] = { NOT_POSSIBLE },
		[CT_REVOKE] = { NOT_POSSIBLE },
		[CT_RESET] = { GONE },
		[CT_UNLOAD] = { GONE, UNLOADED },
		[CT_CONTACT] = { GONE, VERSION },
	},
};

/* Bring a device, offered alone on a new connection, into a state; its id. */
static u32 ct_enter(struct fg *fg, struct fg_dev *dev, enum vsrv_chan_state state)
{
	u32 id;

	fg_dev_revoke(dev);
	memset(dev, 0, sizeof(*dev));
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, FG_V(5, 3), 0), 0U);
	KUNIT_ASSERT_TRUE(fg->test, list_empty(&fg->srv->chans));
	fg_dev_offer(fg, dev, 1);
	id = fg_expect_offer(fg);
	dev->slow = FG_SLOW & ~FG_SLOW_OPEN;
	switch (state) {
	case CLOSED:
		break;
	case RELEASED:
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
		break;
	case REOFFERED:
		fg_dev_revoke(dev);
		fg_expect_rescind(fg, id);
		fg_dev_offer(fg, dev, 1);
		break;
	case REVOKED:
		fg_dev_revoke(dev);
		fg_expect_rescind(fg, id);
		break;
	case OPENING_REL:
	case OPENING:
		dev->slow = FG_SLOW;
		fg_open(fg, id, 1, 0);
		if (state == OPENING_REL)
			fg_simple(fg, VMBUS_MSG_UNLOAD);
		break;
	case OPEN:
		fg_dev_opened(fg, dev);
		break;
	case CLOSING:
	case CLOSING_REOPEN:
	case CLOSING_REL:
		fg_dev_opened(fg, dev);
		fg_channel(fg, VMBUS_MSG_CLOSE, id);
		if (state == CLOSING_REOPEN)
			fg_open(fg, id, 1, 0);
		if (state == CLOSING_REL)
			fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
		break;
	case GONE:
		break;
	}
	fg_expect_quiet(fg);
	dev->slow = FG_SLOW;
	return id;
}

static void ct_fire(struct fg *fg, struct fg_dev *dev, u32 id, enum ct_event event)
{
	/* The answers, if there were any, would go where nobody looks. */
	struct vmbus_open_reserved_msg open = {
		.channel_id = cpu_to_le32(id), .target_vp = cpu_to_le32(1),
		.target_sint = cpu_to_le32(5),
	};
	struct vmbus_close_reserved_msg close = {
		.channel_id = cpu_to_le32(id), .target_vp = cpu_to_le32(1),
		.target_sint = cpu_to_le32(5),
	};

	switch (event) {
	case CT_OPEN:
		fg_open(fg, id, 1, 0);
		break;
	case CT_CLOSE:
		fg_channel(fg, VMBUS_MSG_CLOSE, id);
		break;
	case CT_MODIFY:
		fg_modify(fg, id, 1);
		break;
	case CT_RELEASE:
		fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
		break;
	case CT_OPEN_RESERVED:
		fg_post(fg, VMBUS_MSG_OPEN_RESERVED, &open, sizeof(open));
		break;
	case CT_CLOSE_RESERVED:
		fg_post(fg, VMBUS_MSG_CLOSE_RESERVED, &close, sizeof(close));
		break;
	case CT_OPEN_OK:
		vsrv_open_done(dev->chan, 0);
		break;
	case CT_OPEN_FAIL:
		vsrv_open_done(dev->chan, -EIO);
		break;
	case CT_CLOSE_DONE:
		vsrv_close_done(dev->chan);
		break;
	case CT_MODIFY_DONE:
		vsrv_modify_done(dev->chan, 0);
		break;
	case CT_REVOKE:
		fg_dev_revoke(dev);
		break;
	case CT_RESET:
		vpart_reset(fg->part);
		fg_synic_on(fg);
		break;
	case CT_UNLOAD:
		fg_simple(fg, VMBUS_MSG_UNLOAD);
		break;
	case CT_CONTACT:
		fg_contact(fg, FG_V(5, 3), 0);
		break;
	case CT_EVENTS:
		break;
	}
	fg_settle(fg);
}

/* The message that was just taken, as one of the bits above. */
static u16 ct_message(struct fg *fg)
{
	switch (fg_type(fg)) {
	case VMBUS_MSG_OFFER:
		return OFFER;
	case VMBUS_MSG_RESCIND:
		return RESCIND;
	case VMBUS_MSG_OPEN_RESULT:
		return ((struct vmbus_open_result_msg *)fg->msg)->status ? OPEN_FAILED : OPENED;
	case VMBUS_MSG_MODIFY_CHANNEL_RESP:
		return ((struct vmbus_modify_channel_resp_msg *)fg->msg)->status ?
			MODIFY_FAILED : MODIFIED;
	case VMBUS_MSG_UNLOAD_COMPLETE:
		return UNLOADED;
	case VMBUS_MSG_VERSION_RESPONSE:
		return VERSION;
	default:
		return BIT(15);
	}
}

/* Take all messages; each bit may come once. */
static u16 ct_messages(struct fg *fg, const char *what)
{
	u16 all = 0, one;

	while (fg_take(fg, 0)) {
		one = ct_message(fg);
		KUNIT_EXPECT_FALSE_MSG(fg->test, all & one, "%s: message %u twice", what,
				       fg_type(fg));
		all |= one;
	}
	return all;
}

static u16 ct_calls(const struct fg_dev *now, const struct fg_dev *before)
{
	return (now->opens != before->opens ? CALL_OPEN : 0) |
	       (now->closes != before->closes ? CALL_CLOSE : 0) |
	       (now->modifies != before->modifies ? CALL_MODIFY : 0) |
	       (now->stops != before->stops ? CALL_STOP : 0);
}

/* Of the offer, or without one of what the guest still has the id of. */
static u8 ct_state(struct fg *fg, struct fg_dev *dev, u32 id)
{
	struct vsrv_chan *chan = dev->chan ?: xa_load(&fg->srv->ids, id);

	return chan ? chan->state : GONE;
}

static bool ct_has_id(u8 state)
{
	return state != RELEASED && state != REOFFERED && state != OPENING_REL &&
	       state != CLOSING_REL;
}

static void ct_check(struct fg *fg, struct fg_dev *dev, enum vsrv_chan_state state,
		     enum ct_event event)
{
	const struct ct_cell *cell = &ct_cells[state][event];
	struct kunit *test = fg->test;
	struct fg_dev before;
	char what[64];
	s64 refused;
	u16 got;
	u32 id;

	if (cell->next == NOT_POSSIBLE)
		return;
	snprintf(what, sizeof(what), "%s: %s", vsrv_chan_state_name(state), ct_event_names[event]);
	id = ct_enter(fg, dev, state);
	KUNIT_ASSERT_EQ_MSG(test, ct_state(fg, dev, id), state, "%s", what);
	before = *dev;
	refused = fg_count(fg, VSRV_MESSAGES_REFUSED);

	ct_fire(fg, dev, id, event);
	KUNIT_EXPECT_EQ_MSG(test, ct_state(fg, dev, id), cell->next, "%s", what);
	got = ct_messages(fg, what) | ct_calls(dev, &before);
	if (fg_count(fg, VSRV_MESSAGES_REFUSED) != refused)
		got |= REFUSED;
	KUNIT_EXPECT_EQ_MSG(test, got, cell->what, "%s", what);

	/* An id is in use exactly while the guest may name the channel. */
	if (dev->chan)
		KUNIT_EXPECT_EQ_MSG(test, vsrv_chan_id(dev->chan),
				    ct_has_id(cell->next) ? id : 0, "%s", what);
}

static void channel_states_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	enum vsrv_chan_state state;
	enum ct_event event;

	for (state = 0; state < VSRV_CHAN_STATES; state++)
		for (event = 0; event < CT_EVENTS; event++)
			ct_check(fg, dev, state, event);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 0);
}

/* From every state the channel can be opened and closed again by the next guest. */
static void channel_recover_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	enum vsrv_chan_state state;
	u32 id;

	for (state = 0; state < VSRV_CHAN_STATES; state++) {
		ct_enter(fg, dev, state);
		vpart_reset(fg->part);
		fg_synic_on(fg);
		dev->slow = 0;
		atomic_set(&dev->signals, 0);
		if (!dev->chan)
			fg_dev_offer(fg, dev, 1);
		KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(6, 0), 0x7), 1U);
		id = fg_dev_opened(fg, dev);
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part,
							     VMBUS_CONN_EVENT(id, 2, 0), 0), 0);
		/* One when it was opened, for what came before, and this one. */
		KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 2);
		fg_channel(fg, VMBUS_MSG_CLOSE, id);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), CLOSED);
		fg_expect_quiet(fg);
	}
}

/* ---- answers that come while the owner is stopped ---------------------------------- */

static void ct_answer_all(struct fg_dev *dev)
{
	vsrv_modify_done(dev->chan, 0);
	vsrv_close_done(dev->chan);
	vsrv_open_done(dev->chan, 0);
}

/* An answer may overlap the stop; after it nothing of it is left. */
static void channel_stop_race_test(struct kunit *test)
{
	static const enum vsrv_chan_state states[] = {
		OPENING, OPEN, CLOSING, CLOSING_REOPEN, OPENING_REL, CLOSING_REL,
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct fg_dev before;
	unsigned int i;
	u32 id;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		ct_enter(fg, dev, states[i]);
		dev->on_stop = ct_answer_all;
		before = *dev;
		vpart_reset(fg->part);
		fg_synic_on(fg);
		fg_settle(fg);
		KUNIT_EXPECT_EQ_MSG(test, fg_dev_state(dev), RELEASED, "%s",
				    vsrv_chan_state_name(states[i]));
		KUNIT_EXPECT_EQ_MSG(test, ct_calls(dev, &before), (u16)CALL_STOP, "%s",
				    vsrv_chan_state_name(states[i]));
		fg_expect_quiet(fg);

		/* A signal is not passed on before the next open is answered. */
		KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		id = vsrv_chan_id(dev->chan);
		atomic_set(&dev->signals, 0);
		fg_open(fg, id, 1, 0);
		KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part,
							     VMBUS_CONN_EVENT(id, 2, 0), 0), 0);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&dev->signals), 0, "%s",
				    vsrv_chan_state_name(states[i]));
		vsrv_open_done(dev->chan, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), 1);
		fg_expect_opened(fg, id, 0);

		/* And the same when the offer is revoked. */
		ct_enter(fg, dev, states[i]);
		dev->on_stop = ct_answer_all;
		before = *dev;
		fg_dev_revoke(dev);
		fg_settle(fg);
		KUNIT_EXPECT_EQ_MSG(test, ct_calls(dev, &before), (u16)CALL_STOP, "%s",
				    vsrv_chan_state_name(states[i]));
		fg_drain(fg);
	}
}

/* ---- re-offer ---------------------------------------------------------------------- */

static void channel_reoffer_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id;

	fg_dev_offer(fg, dev, 1);
	fg_dev_offer(fg, other, 2);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	id = fg_dev_opened(fg, dev);
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, id);

	/* Offered, revoked and offered again, the guest hears nothing of it. */
	fg_dev_offer(fg, dev, 1);
	fg_dev_revoke(dev);
	fg_dev_offer(fg, dev, 1);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), REOFFERED);
	KUNIT_EXPECT_EQ(test, vsrv_chan_id(dev->chan), 0U);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);

	/* The guest closes and releases: the new offer has the id of the old. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_opened(fg, dev), id);

	/* Another device does not take the id of a revoked one, before it is free. */
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, id);
	fg_dev_offer(fg, dev, 3);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), id + 2);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	fg_expect_quiet(fg);
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, id + 2);
	fg_dev_offer(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 0);
}

/* What is offered again may be another device by now: the guest is told of that one. */
static void channel_reoffer_data_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(1);
	const struct vmbus_offer_msg *m;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, 1);
	offer.flags |= VMBUS_OFFER_NAMED_PIPE;
	offer.mmio_megabytes = 77;
	memset(offer.user_defined, 0x3c, sizeof(offer.user_defined));
	dev->chan = vsrv_offer(fg->srv, &offer, &fg_local_ops, dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev->chan));
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, 1);
	m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m->channel_id), 1U);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->flags), offer.flags);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->mmio_megabytes), 77);
	KUNIT_EXPECT_MEMEQ(test, m->user_defined, offer.user_defined, sizeof(m->user_defined));
	fg_expect_quiet(fg);
	/* And it is the new owner that is asked. */
	fg_gpadl(fg, 1, 0x10, 4);
	fg_expect_created(fg, 1, 0x10, 0);
	KUNIT_EXPECT_EQ(test, dev->creates, 0U);
	fg_dev_opened(fg, dev);
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE_SLOW(channel_states_test),
	KUNIT_CASE(channel_recover_test),
	KUNIT_CASE(channel_stop_race_test),
	KUNIT_CASE(channel_reoffer_test),
	KUNIT_CASE(channel_reoffer_data_test),
	{}
};

static struct kunit_suite channel_suite = {
	.name = "vmbus_channel",
	.test_cases = channel_cases,
};

kunit_test_suite(channel_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: the channel state machine");
MODULE_LICENSE("GPL");
