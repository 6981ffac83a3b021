// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a whole server in front of a fake guest: the connection, offers,
 * limits, back-pressure, and guests that do not keep to the rules.
 */
#include <linux/module.h>
#include "fake_guest.h"

/* ---- the connection state machine -------------------------------------------------- */

/* Bring the connection into a state; @dev holds it in DISCONNECTING. */
static void st_enter(struct fg *fg, struct fg_dev *dev, enum vsrv_conn_state state)
{
	fg_dev_revoke(dev);
	fg_drain(fg);
	if (state == VSRV_DISCONNECTED) {
		vpart_reset(fg->part);
		fg_synic_on(fg);
	} else {
		fg_connect(fg, FG_V(5, 3), 0);
	}
	if (state == VSRV_DISCONNECTING) {
		dev->slow = FG_SLOW_CLOSE;
		fg_dev_offer(fg, dev, 1);
		fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
		fg_drain(fg);
		fg_dev_opened(fg, dev);
		fg_simple(fg, VMBUS_MSG_UNLOAD);
	}
	fg_expect_quiet(fg);
	KUNIT_ASSERT_EQ(fg->test, fg->srv->conn.state, state);
}

/**
 * struct st_cell - what a message does in a state of the connection
 * @state: before
 * @type: message
 * @next: state afterwards
 * @answer: type of the only message that comes, or 0
 * @refused: the message is counted as refused
 */
struct st_cell {
	enum vsrv_conn_state state;
	u32 type;
	enum vsrv_conn_state next;
	u32 answer;
	bool refused;
};

static const struct st_cell st_cells[] = {
	{ VSRV_DISCONNECTED, VMBUS_MSG_CONTACT, VSRV_CONNECTED, VMBUS_MSG_VERSION_RESPONSE },
	{ VSRV_DISCONNECTED, VMBUS_MSG_UNLOAD, VSRV_DISCONNECTED, 0, true },
	{ VSRV_DISCONNECTED, VMBUS_MSG_REQUEST_OFFERS, VSRV_DISCONNECTED, 0, true },
	{ VSRV_DISCONNECTED, VMBUS_MSG_OPEN, VSRV_DISCONNECTED, 0, true },
	{ VSRV_DISCONNECTED, VMBUS_MSG_GPADL_HEADER, VSRV_DISCONNECTED, 0, true },
	{ VSRV_DISCONNECTED, VMBUS_MSG_MODIFY_CHANNEL, VSRV_DISCONNECTED, 0, true },
	{ VSRV_DISCONNECTED, VMBUS_MSG_CLOSE_RESERVED, VSRV_DISCONNECTED, 0, true },
	{ VSRV_CONNECTED, VMBUS_MSG_CONTACT, VSRV_CONNECTED, VMBUS_MSG_VERSION_RESPONSE },
	{ VSRV_CONNECTED, VMBUS_MSG_UNLOAD, VSRV_DISCONNECTED, VMBUS_MSG_UNLOAD_COMPLETE },
	{ VSRV_CONNECTED, VMBUS_MSG_REQUEST_OFFERS, VSRV_CONNECTED, VMBUS_MSG_ALL_OFFERS },
	{ VSRV_CONNECTED, VMBUS_MSG_OPEN, VSRV_CONNECTED, 0, true },
	{ VSRV_CONNECTED, VMBUS_MSG_GPADL_HEADER, VSRV_CONNECTED, VMBUS_MSG_GPADL_CREATED, true },
	{ VSRV_CONNECTED, VMBUS_MSG_MODIFY_CHANNEL, VSRV_CONNECTED,
	  VMBUS_MSG_MODIFY_CHANNEL_RESP, true },
	{ VSRV_CONNECTED, VMBUS_MSG_OPEN_RESERVED, VSRV_CONNECTED, 0, true },
	{ VSRV_CONNECTED, VMBUS_MSG_CLOSE_RESERVED, VSRV_CONNECTED, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_CONTACT, VSRV_DISCONNECTING, 0 },
	{ VSRV_DISCONNECTING, VMBUS_MSG_UNLOAD, VSRV_DISCONNECTING, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_REQUEST_OFFERS, VSRV_DISCONNECTING, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_OPEN, VSRV_DISCONNECTING, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_GPADL_HEADER, VSRV_DISCONNECTING, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_MODIFY_CHANNEL, VSRV_DISCONNECTING, 0, true },
	{ VSRV_DISCONNECTING, VMBUS_MSG_CLOSE_RESERVED, VSRV_DISCONNECTING, 0, true },
};

static void server_connection_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	const struct st_cell *c;
	u8 buf[VMBUS_MSG_MAX];
	unsigned int i;
	s64 refused;

	for (i = 0; i < ARRAY_SIZE(st_cells); i++) {
		c = &st_cells[i];
		st_enter(fg, dev, c->state);
		refused = fg_count(fg, VSRV_MESSAGES_REFUSED);
		memset(buf, 0, sizeof(buf));
		if (c->type == VMBUS_MSG_CONTACT)
			fg_contact(fg, FG_V(5, 3), 0);
		else
			fg_post(fg, c->type, buf, 200);
		KUNIT_EXPECT_EQ_MSG(test, fg->srv->conn.state, c->next, "cell %u", i);
		KUNIT_EXPECT_EQ_MSG(test, fg_count(fg, VSRV_MESSAGES_REFUSED) - refused, c->refused,
				    "cell %u", i);
		if (c->answer) {
			KUNIT_ASSERT_TRUE_MSG(test, fg_wait_take(fg, 0), "cell %u", i);
			KUNIT_EXPECT_EQ_MSG(test, fg_type(fg), c->answer, "cell %u", i);
		}
		fg_expect_quiet(fg);
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 0);
}

/* The guest's reset ends the connection in any state, and nothing is answered. */
static void server_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	enum vsrv_conn_state state;

	for (state = 0; state < VSRV_CONN_STATES; state++) {
		st_enter(fg, dev, state);
		vpart_reset(fg->part);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
		fg_synic_on(fg);
		fg_expect_quiet(fg);
		if (state == VSRV_DISCONNECTING) {
			KUNIT_EXPECT_EQ(test, dev->stops, 1U);
			KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLIENT_RELEASED);
		}
		KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0),
				state == VSRV_DISCONNECTING ? 1U : 0U);
	}
}

/* ---- contact ----------------------------------------------------------------------- */

static void server_versions_test(struct kunit *test)
{
	static const struct { u32 version, features, got; } good[] = {
		{ FG_V(0, 13), 0, 0 }, { FG_V(1, 1), 0, 0 }, { FG_V(2, 4), 0xff, 0 },
		{ FG_V(3, 0), 0xff, 0 }, { FG_V(4, 0), 0xff, 0 }, { FG_V(4, 1), 0xff, 0 },
		{ FG_V(5, 0), 0xff, 0 }, { FG_V(5, 1), 0xff, 0 }, { FG_V(5, 2), 0xff, 0 },
		{ FG_V(5, 3), 0xff, 0 }, { FG_V(6, 0), 0, 0 }, { FG_V(6, 0), 0xf7, 0x27 },
		{ FG_V(6, 0), 0x5, 0x5 }, { FG_V(6, 0), 0x40, 0 },
	};
	static const u32 bad[] = {
		0, FG_V(0, 12), FG_V(1, 2), FG_V(2, 5), FG_V(3, 1), FG_V(5, 4), FG_V(6, 1),
		FG_V(6, 2), FG_V(7, 0), U32_MAX,
	};
	const struct vmbus_version_response2_msg *m;
	struct fg *fg = fg_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		fg_contact(fg, good[i].version, good[i].features);
		m = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE,
			      good[i].version < FG_V(6, 0) ? 16 : 20);
		KUNIT_EXPECT_EQ(test, m->v1.supported, 1);
		KUNIT_EXPECT_EQ(test, m->v1.connection_state, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m->v1.selected),
				good[i].version < FG_V(5, 0) ? good[i].version :
				VMBUS_CONN_MESSAGE);
		if (good[i].version >= FG_V(6, 0))
			KUNIT_EXPECT_EQ(test, le32_to_cpu(m->features), good[i].got);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_CONNECTED);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.version, good[i].version);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.features, good[i].got);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* On a connection that lives: it ends all the same. */
		fg_connect(fg, FG_V(6, 0), 0);
		fg_contact(fg, bad[i], 0);
		fg_expect_version(fg, false);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
		fg_contact(fg, bad[i], 0);
		fg_expect_version(fg, false);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.version, 0);
		fg_expect_quiet(fg);
	}
}

static void server_max_version_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	WRITE_ONCE(fg->srv->max_version, FG_V(5, 2));
	fg_contact(fg, FG_V(6, 0), 0x7);
	fg_expect_version(fg, false);
	fg_contact(fg, FG_V(5, 3), 0);
	fg_expect_version(fg, false);
	fg_contact(fg, FG_V(5, 2), 0);
	fg_expect_version(fg, true);
	/* Lowering it does not end what there is. */
	WRITE_ONCE(fg->srv->max_version, FG_V(4, 0));
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, FG_V(5, 2));
}

/* What the relay promises for the host is a limit of its own. */
static void server_version_limit_test(struct kunit *test)
{
	static const struct { u32 max, limit, want; } cases[] = {
		{ FG_V(6, 0), U32_MAX, FG_V(6, 0) },
		{ FG_V(6, 0), FG_V(5, 3), FG_V(5, 3) },
		{ FG_V(4, 1), FG_V(5, 3), FG_V(4, 1) },
		{ FG_V(6, 0), FG_V(4, 0), FG_V(4, 0) },
		{ FG_V(6, 0), U32_MAX, FG_V(6, 0) },
	};
	static const u32 versions[] = {
		FG_V(6, 0), FG_V(5, 3), FG_V(4, 1), FG_V(4, 0), FG_V(1, 1),
	};
	struct fg *fg = fg_new(test);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		WRITE_ONCE(fg->srv->max_version, cases[i].max);
		vsrv_limit_version(fg->srv, cases[i].limit);
		for (k = 0; k < ARRAY_SIZE(versions); k++) {
			fg_contact(fg, versions[k], 0);
			fg_expect_version(fg, versions[k] <= cases[i].want);
		}
	}
	/* Lowering it does not end what there is. */
	fg_connect(fg, FG_V(6, 0), 0);
	vsrv_limit_version(fg->srv, FG_V(4, 0));
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, FG_V(6, 0));
}

/* Contacts that say something else than what an ordinary guest says. */
static void server_odd_contact_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT), .version = cpu_to_le32(FG_V(6, 0)),
	};
	const struct vmbus_version_response_msg *r;
	struct hv_message *slot = fg_slot(fg, 0);
	s64 refused;

	fg_connect(fg, FG_V(5, 3), 0);
	refused = fg_count(fg, VSRV_MESSAGES_REFUSED);

	/* For another SINT: refused there, at once, and not here. */
	m.target_info = cpu_to_le64(5);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	fg_expect_quiet(fg);
	slot += 5 - VMBUS_SINT;
	KUNIT_EXPECT_EQ(test, slot->header.message_type, 1U);
	KUNIT_EXPECT_EQ(test, slot->header.payload_size, 16);
	r = (void *)slot->u.payload;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->hdr.type), VMBUS_MSG_VERSION_RESPONSE);
	KUNIT_EXPECT_EQ(test, r->supported, 0);
	/* The same with nowhere to say it: no such SINT, no such VP, slot in use. */
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	m.target_info = cpu_to_le64(0xff);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	m.target_info = cpu_to_le64(5);
	m.target_vp = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 4);

	/* For another VTL, for no VP, too short for its features: dropped. */
	m.target_vp = 0;
	m.target_info = cpu_to_le64(1 << 8 | VMBUS_SINT);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	m.target_info = cpu_to_le64(VMBUS_SINT);
	m.target_vp = cpu_to_le32(FG_VPS);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)), 0);
	m.target_vp = 0;
	m.target_info = cpu_to_le64((u64)VMBUS_FEATURE_CLIENT_ID << 32);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)), 0);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 7);

	/* The connection has not noticed. */
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, FG_V(5, 3));
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);

	/* One monitor page: answered, and not connected. */
	m.target_info = 0;
	m.parent_to_child = cpu_to_le64(0x5000);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)), 0);
	r = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, 20);
	KUNIT_EXPECT_EQ(test, r->supported, 1);
	KUNIT_EXPECT_EQ(test, r->connection_state, VMBUS_CONNECTION_FAILED);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	/* Two: connected, and the reply names the connection that it came by. */
	m.child_to_parent = cpu_to_le64(0x6000);
	m.target_info = cpu_to_le64(VMBUS_SINT);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE_MULTI, &m, sizeof(m)), 0);
	r = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, 20);
	KUNIT_EXPECT_EQ(test, r->connection_state, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(r->selected), VMBUS_CONN_MESSAGE_MULTI);
}

/* One monitor page: older guests can be told of no failure but that of the version. */
static void server_one_monitor_page_test(struct kunit *test)
{
	static const struct { u32 version; u8 supported, state; u32 len; } table[] = {
		{ FG_V(0, 13), 0, 0, 16 }, { FG_V(1, 1), 0, 0, 16 }, { FG_V(2, 4), 1, 2, 16 },
		{ FG_V(5, 3), 1, 2, 16 }, { FG_V(6, 0), 1, 2, 20 },
	};
	struct fg *fg = fg_new(test);
	struct vmbus_contact_msg m = { };
	const struct vmbus_version_response_msg *r;
	unsigned int i, page;

	for (i = 0; i < 2 * ARRAY_SIZE(table); i++) {
		page = i & 1;
		m.version = cpu_to_le32(table[i / 2].version);
		m.parent_to_child = cpu_to_le64(page ? 0 : 0x5000);
		m.child_to_parent = cpu_to_le64(page ? 0x5000 : 0);
		fg_post(fg, VMBUS_MSG_CONTACT, &m, sizeof(m));
		r = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, table[i / 2].len);
		KUNIT_EXPECT_EQ_MSG(test, r->supported, table[i / 2].supported, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, r->connection_state, table[i / 2].state, "%u", i);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
		KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_PAGE]), i + 1);
	}
}

/* Messages go to the VP that the contact names. */
static void server_target_vp_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(FG_V(5, 0)),
		.target_vp = cpu_to_le32(1),
	};

	KUNIT_ASSERT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)), 0);
	KUNIT_ASSERT_TRUE(test, fg_wait_take(fg, 1));
	KUNIT_EXPECT_EQ(test, fg_type(fg), VMBUS_MSG_VERSION_RESPONSE);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	KUNIT_ASSERT_TRUE(test, fg_wait_take(fg, 1));
	KUNIT_EXPECT_EQ(test, fg_type(fg), VMBUS_MSG_ALL_OFFERS);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[1]), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[0]), 0);
	fg_expect_quiet(fg);
}

/* ---- disconnecting ----------------------------------------------------------------- */

/* A live connection with a slow device open, and a GPADL on it. */
static u32 st_busy(struct fg *fg, struct fg_dev *dev)
{
	u32 id;

	dev->slow = FG_SLOW_CLOSE | FG_SLOW_TEARDOWN;
	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	id = vsrv_chan_id(dev->chan);
	fg_gpadl(fg, id, 0x77, 4);
	fg_expect_created(fg, id, 0x77, 0);
	fg_dev_opened(fg, dev);
	return id;
}

/* Contact on a live connection: a full reset, answered when all has been let go. */
static void server_contact_live_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = st_busy(fg, dev);

	fg_contact(fg, FG_V(6, 0), 0x7);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTING);
	KUNIT_EXPECT_EQ(test, dev->closes, 1U);
	KUNIT_EXPECT_EQ(test, dev->teardowns, 1U);
	KUNIT_EXPECT_EQ(test, vsrv_chan_id(dev->chan), 0U);
	fg_expect_quiet(fg);
	vsrv_close_done(dev->chan);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTING);
	/* The GPADL was the last; the old connection is not told of it. */
	vsrv_gpadl_teardown_done(dev->chan, 0x77);
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, FG_V(6, 0));
	KUNIT_EXPECT_EQ(test, dev->stops, 0U);

	/* Nothing is known of the old channel before the offers are asked for. */
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(6, 0), 0x7), 1U);
	KUNIT_EXPECT_EQ(test, fg_dev_opened(fg, dev), id);
	KUNIT_EXPECT_EQ(test, dev->opens, 2U);
}

/* A contact replaces the unload or the contact that is under way. */
static void server_contact_replaces_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	st_busy(fg, dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTING);
	fg_contact(fg, FG_V(6, 0), 0);
	fg_contact(fg, FG_V(7, 0), 0);
	fg_contact(fg, FG_V(4, 1), 0);
	fg_expect_quiet(fg);
	vsrv_gpadl_teardown_done(dev->chan, 0x77);
	vsrv_close_done(dev->chan);
	/* One answer, to the last. */
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, FG_V(4, 1));

	/* And an unload that nothing replaces is answered at the end. */
	dev->slow = FG_SLOW_CLOSE;
	fg_connect_offers(fg, FG_V(4, 1), 0);
	fg_dev_opened(fg, dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect_quiet(fg);
	vsrv_close_done(dev->chan);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.version, 0);
}

/* An unload is answered in every version, also in those that had no answer yet. */
static void server_unload_versions_test(struct kunit *test)
{
	static const u32 versions[] = {
		FG_V(0, 13), FG_V(1, 1), FG_V(2, 4), FG_V(3, 0), FG_V(4, 0), FG_V(4, 1),
		FG_V(5, 0), FG_V(5, 1), FG_V(5, 2), FG_V(5, 3), FG_V(6, 0),
	};
	struct fg *fg = fg_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		fg_connect(fg, versions[i], 0);
		fg_simple(fg, VMBUS_MSG_UNLOAD);
		fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	}
}

/* An owner that goes away is as good as one that lets go. */
static void server_disconnect_revoke_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);

	st_busy(fg, dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect_quiet(fg);
	fg_dev_revoke(dev);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->nchans, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->ngpadls, 0U);
	KUNIT_EXPECT_EQ(test, fg->srv->gpadl_words, 0U);
}

/* ---- other messages of the connection ---------------------------------------------- */

static void server_modify_connection_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct vmbus_modify_connection_msg m = { };
	const struct vmbus_modify_connection_resp_msg *r;
	static const struct { u64 p2c, c2p; u8 state; } table[] = {
		{ 0, 0, 0 }, { 0x1000, 0x2000, 0 }, { 0, 0x1000, 2 }, { 0x1000, 0, 2 },
		{ 0, 0, 0 },
	};
	unsigned int i;

	fg_connect(fg, FG_V(6, 0), 0x7);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		m.parent_to_child = cpu_to_le64(table[i].p2c);
		m.child_to_parent = cpu_to_le64(table[i].c2p);
		fg_post(fg, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
		r = fg_expect(fg, VMBUS_MSG_MODIFY_CONNECTION_RESP, 9);
		KUNIT_EXPECT_EQ(test, r->connection_state, table[i].state);
	}
	/* Without the feature there is no such message. */
	fg_connect(fg, FG_V(6, 0), 0x3);
	fg_post(fg, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 1);
}

/* ---- guests that do not keep to the rules ------------------------------------------ */

struct st_hostile {
	u32 type;
	u32 len;
	bool bad;	/* counted as bad, else as refused */
	u8 fill;
};

static const struct st_hostile st_hostile[] = {
	{ 0, 0, true }, { 0, 4, true }, { VMBUS_MSG_CONTACT, 7, true }, { 0, 8, true },
	{ VMBUS_MSG_OFFER, 240, true }, { VMBUS_MSG_RESCIND, 240, true },
	{ VMBUS_MSG_ALL_OFFERS, 8, true }, { VMBUS_MSG_OPEN_RESULT, 240, true },
	{ VMBUS_MSG_GPADL_CREATED, 240, true }, { VMBUS_MSG_GPADL_TORNDOWN, 240, true },
	{ VMBUS_MSG_VERSION_RESPONSE, 240, true }, { VMBUS_MSG_UNLOAD_COMPLETE, 240, true },
	{ VMBUS_MSG_CLOSE_RESERVED_RESP, 240, true }, { VMBUS_MSG_TL_CONNECT_RESULT, 240, true },
	{ VMBUS_MSG_MODIFY_CHANNEL_RESP, 240, true },
	{ VMBUS_MSG_MODIFY_CONNECTION_RESP, 240, true }, { VMBUS_MSG_PAUSE_RESPONSE, 240, true },
	{ VMBUS_MSG_PAUSE, 240, true }, { VMBUS_MSG_RESUME, 240, true },
	{ 30, 240, true }, { 31, 240, true }, { U32_MAX, 240, true }, { 0x80000003, 240, true },
	{ VMBUS_MSG_OPEN, 155, true }, { VMBUS_MSG_CONTACT, 39, true },
	{ VMBUS_MSG_GPADL_HEADER, 19, true }, { VMBUS_MSG_GPADL_BODY, 15, true },
	{ VMBUS_MSG_GPADL_TEARDOWN, 15, true }, { VMBUS_MSG_CLOSE, 11, true },
	{ VMBUS_MSG_RELID_RELEASED, 11, true }, { VMBUS_MSG_MODIFY_CHANNEL, 15, true },
	{ VMBUS_MSG_REQUEST_OFFERS, 240, false }, { VMBUS_MSG_OPEN, 240, false, 0xff },
	{ VMBUS_MSG_OPEN, 240, false, 0 }, { VMBUS_MSG_CLOSE, 240, false, 0xff },
	{ VMBUS_MSG_CLOSE, 240, false, 0 }, { VMBUS_MSG_RELID_RELEASED, 240, false, 0xff },
	{ VMBUS_MSG_RELID_RELEASED, 240, false, 0 }, { VMBUS_MSG_GPADL_BODY, 240, false, 0xff },
	{ VMBUS_MSG_GPADL_TEARDOWN, 240, false, 0xff }, { VMBUS_MSG_GPADL_TEARDOWN, 240, false, 0 },
	{ VMBUS_MSG_OPEN_RESERVED, 240, false, 0xff }, { VMBUS_MSG_CLOSE_RESERVED, 240, false, 0 },
};

static void server_hostile_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	static const struct vpart_message other = {
		.connection_id = VMBUS_CONN_MESSAGE, .type = 2, .size = 8,
	};
	s64 bad, refused, in;
	u8 buf[VMBUS_MSG_MAX];
	unsigned int i;
	__le32 type;
	u32 id;

	fg_dev_offer(fg, dev, 1);
	fg_connect_offers(fg, FG_V(6, 0), 0x7);
	id = fg_dev_opened(fg, dev);
	for (i = 0; i < ARRAY_SIZE(st_hostile); i++) {
		const struct st_hostile *h = &st_hostile[i];

		bad = fg_count(fg, VSRV_MESSAGES_BAD);
		refused = fg_count(fg, VSRV_MESSAGES_REFUSED);
		in = fg_count(fg, VSRV_MESSAGES_IN);
		memset(buf, h->fill, sizeof(buf));
		type = cpu_to_le32(h->type);
		memcpy(buf, &type, sizeof(type));
		KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, buf, h->len), 0);
		fg_expect_quiet(fg);
		KUNIT_EXPECT_EQ_MSG(test, fg_count(fg, VSRV_MESSAGES_BAD), bad + h->bad, "%u", i);
		KUNIT_EXPECT_EQ_MSG(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + !h->bad,
				    "%u", i);
		KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_IN), in + 1);
		KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	}
	/* No VMBus message at all, and one for nobody. */
	KUNIT_EXPECT_EQ(test, vpart_hypercall_post(fg->part, &other), HV_STATUS_INVALID_PARAMETER);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, 5, buf, 8), HV_STATUS_INVALID_CONNECTION_ID);

	/* The channel works as before, and so does the connection. */
	KUNIT_EXPECT_EQ(test, dev->closes, 0U);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, id));
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	KUNIT_EXPECT_EQ(test, dev->closes, 1U);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	fg_expect_quiet(fg);
}

/* Messages to a guest without SynIC are lost, and nobody waits for it. */
static void server_no_synic_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_ASSERT_EQ(test, vpart_set_synic(fg->part, 0, 0, 0, 0), 0);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_LOST), 1);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 0U);
	fg_synic_on(fg);
	fg_expect_quiet(fg);
	fg_connect(fg, FG_V(5, 3), 0);
}

static struct kunit_case server_cases[] = {
	KUNIT_CASE(server_connection_test),
	KUNIT_CASE(server_reset_test),
	KUNIT_CASE(server_versions_test),
	KUNIT_CASE(server_max_version_test),
	KUNIT_CASE(server_version_limit_test),
	KUNIT_CASE(server_odd_contact_test),
	KUNIT_CASE(server_one_monitor_page_test),
	KUNIT_CASE(server_target_vp_test),
	KUNIT_CASE(server_contact_live_test),
	KUNIT_CASE(server_contact_replaces_test),
	KUNIT_CASE(server_unload_versions_test),
	KUNIT_CASE(server_disconnect_revoke_test),
	KUNIT_CASE(server_modify_connection_test),
	KUNIT_CASE(server_hostile_test),
	KUNIT_CASE(server_no_synic_test),
	{}
};

static struct kunit_suite server_suite = {
	.name = "vmbus_server",
	.test_cases = server_cases,
};

kunit_test_suite(server_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: the connection");
MODULE_LICENSE("GPL");
