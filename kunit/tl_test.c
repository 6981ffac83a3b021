// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of hv_sock connects: what reaches the handler in which version, what the
 * guest is told, how many may wait, and what becomes of them when somebody goes.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define TL_KEEP		1	/* instead of an error: the handler answers later */
#define TL_LAST		32	/* requests that a handler remembers */

/**
 * struct tl - a handler
 * @fg: guest
 * @answer: 0 or an error to answer with at once, or TL_KEEP
 * @n: requests seen
 * @ids: of them, the first TL_LAST
 * @last: last request
 * @resets: calls of reset
 */
struct tl {
	struct fg *fg;
	int answer;
	unsigned int n;
	u32 ids[TL_LAST];
	struct vsrv_tl_request last;
	unsigned int resets;
};

/* Connects that were refused because too many waited. */
static s64 tl_busy(struct fg *fg)
{
	return atomic64_read(&fg->srv->whys[VSRV_WHY_HVSOCK_LIMIT]);
}

static void tl_connect(void *ctx, u32 id, const struct vsrv_tl_request *req)
{
	struct tl *tl = ctx;

	if (tl->n < TL_LAST)
		tl->ids[tl->n] = id;
	tl->n++;
	tl->last = *req;
	if (tl->answer != TL_KEEP)
		vsrv_tl_connect_done(tl->fg->srv, id, tl->answer);
}

static void tl_reset(void *ctx)
{
	struct tl *tl = ctx;

	tl->resets++;
}

static const struct vsrv_tl_ops tl_ops = {
	.connect = tl_connect,
	.reset = tl_reset,
};

static void tl_free(void *ctx)
{
	struct tl *tl = ctx;

	if (tl->fg->srv)
		vsrv_tl_unregister(tl->fg->srv);
}

static struct tl *tl_new(struct fg *fg)
{
	struct tl *tl = kunit_kzalloc(fg->test, sizeof(*tl), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(fg->test, tl);
	tl->fg = fg;
	KUNIT_ASSERT_EQ(fg->test, kunit_add_action(fg->test, tl_free, tl), 0);
	KUNIT_ASSERT_EQ(fg->test, vsrv_tl_register(fg->srv, &tl_ops, tl), 0);
	return tl;
}

/* The message of connect number @n, in the long form. */
static struct vmbus_tl_connect2_msg tl_message(u8 n)
{
	struct vmbus_tl_connect2_msg m = { };

	memset(&m.v1.endpoint_id, 0xe0, sizeof(guid_t));
	m.v1.endpoint_id.b[0] = n;
	memset(&m.v1.service_id, 0x51, sizeof(guid_t));
	m.v1.service_id.b[0] = n;
	memset(&m.silo_id, 0x10, sizeof(guid_t));
	return m;
}

static void tl_post(struct fg *fg, u8 n)
{
	struct vmbus_tl_connect2_msg m = tl_message(n);

	fg_post(fg, VMBUS_MSG_TL_CONNECT, &m, sizeof(m));
}

static void tl_expect_refused(struct fg *fg, u8 n)
{
	struct vmbus_tl_connect2_msg m = tl_message(n);
	const struct vmbus_tl_connect_result_msg *r;

	r = fg_expect(fg, VMBUS_MSG_TL_CONNECT_RESULT, 44);
	KUNIT_EXPECT_MEMEQ(fg->test, &r->endpoint_id, &m.v1.endpoint_id, 16);
	KUNIT_EXPECT_MEMEQ(fg->test, &r->service_id, &m.v1.service_id, 16);
	KUNIT_EXPECT_EQ(fg->test, le32_to_cpu(r->status), 0xc0000236U);
}

/* Each version with each length and each answer of the handler. */
static void tl_versions_test(struct kunit *test)
{
	static const struct { u32 version; bool known, result, silo; } versions[] = {
		{ FG_V(3, 0), false, false, false }, { FG_V(4, 0), true, false, false },
		{ FG_V(4, 1), true, true, false }, { FG_V(5, 0), true, true, false },
		{ FG_V(5, 1), true, true, false }, { FG_V(5, 2), true, true, true },
		{ FG_V(5, 3), true, true, true }, { FG_V(6, 0), true, true, true },
	};
	static const u32 lengths[] = { 8, 39, 40, 41, 55, 56, 57, VMBUS_MSG_MAX };
	static const int answers[] = { 0, -ECONNREFUSED };
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg);
	s64 bad = 0, connects = 0, refused = 0;
	union {
		struct vmbus_tl_connect2_msg m;
		u8 bytes[VMBUS_MSG_MAX];
	} msg;
	unsigned int v, l, a;

	for (v = 0; v < ARRAY_SIZE(versions); v++) {
		fg_connect(fg, versions[v].version, 0);
		for (l = 0; l < ARRAY_SIZE(lengths); l++) {
			for (a = 0; a < ARRAY_SIZE(answers); a++) {
				bool ok = versions[v].known && lengths[l] >= 40;
				bool silo = versions[v].silo && lengths[l] >= 56;
				guid_t none = { };

				memset(&msg, 0x77, sizeof(msg));
				msg.m = tl_message(l);
				memset(&tl->last, 0xff, sizeof(tl->last));
				tl->answer = answers[a];
				tl->n = 0;
				fg_post(fg, VMBUS_MSG_TL_CONNECT, &msg, lengths[l]);
				KUNIT_EXPECT_EQ_MSG(test, tl->n, ok, "%u %u", v, l);
				bad += !ok;
				connects += ok;
				refused += ok && answers[a];
				if (ok && answers[a] && versions[v].result)
					tl_expect_refused(fg, l);
				fg_expect_quiet(fg);
				if (!ok)
					continue;
				KUNIT_EXPECT_TRUE(test, guid_equal(&tl->last.endpoint_id,
								   &msg.m.v1.endpoint_id));
				KUNIT_EXPECT_TRUE(test, guid_equal(&tl->last.service_id,
								   &msg.m.v1.service_id));
				KUNIT_EXPECT_TRUE_MSG(test, guid_equal(&tl->last.silo_id, silo ?
						      &msg.m.silo_id : &none), "%u %u", v, l);
				KUNIT_EXPECT_EQ(test, tl->last.silo_aware, versions[v].silo);
			}
		}
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), bad);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_CONNECTS), connects);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_REFUSED), refused);
	KUNIT_EXPECT_EQ(test, tl_busy(fg), 0);
}

static void tl_no_handler_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	fg_connect(fg, FG_V(4, 0), 0);
	tl_post(fg, 1);
	fg_expect_quiet(fg);
	fg_connect(fg, FG_V(4, 1), 0);
	tl_post(fg, 2);
	tl_expect_refused(fg, 2);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_CONNECTS), 2);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_REFUSED), 2);
	/* That is no fault of the guest. */
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), 0);
}

/* 16 wait; the 17th is told so, and other messages are not held up. */
static void tl_limit_test(struct kunit *test)
{
	static const u8 order[] = { 15, 0, 7, 8, 1, 2, 14, 13, 3, 4, 5, 6, 9, 10, 11, 12 };
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg);
	unsigned int i, j;

	tl->answer = TL_KEEP;
	fg_connect(fg, FG_V(5, 3), 0);
	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++)
		tl_post(fg, i);
	fg_expect_quiet(fg);
	KUNIT_ASSERT_EQ(test, tl->n, 16U);
	for (i = 0; i < 16; i++) {
		KUNIT_EXPECT_NE(test, tl->ids[i], 0U);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, tl->ids[i], tl->ids[j]);
	}
	tl_post(fg, 16);
	tl_expect_refused(fg, 16);
	KUNIT_EXPECT_EQ(test, tl_busy(fg), 1);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, tl->n, 16U);

	/* Answers to nothing. */
	vsrv_tl_connect_done(fg->srv, 0, -EIO);
	vsrv_tl_connect_done(fg->srv, tl->ids[15] + 1, -EIO);
	fg_expect_quiet(fg);

	/* One place is one connect, and in any order. */
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		vsrv_tl_connect_done(fg->srv, tl->ids[order[i]], i & 1 ? -EIO : 0);
		if (i & 1)
			tl_expect_refused(fg, order[i]);
		/* An answer is given once. */
		vsrv_tl_connect_done(fg->srv, tl->ids[order[i]], -EIO);
		fg_expect_quiet(fg);
		tl_post(fg, 100 + i);
		KUNIT_EXPECT_EQ(test, tl->n, 17U + i);
		tl_post(fg, 200);
		tl_expect_refused(fg, 200);
		KUNIT_EXPECT_EQ(test, tl->n, 17U + i);
		fg_expect_quiet(fg);
	}
	KUNIT_EXPECT_EQ(test, tl_busy(fg), 17);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_REFUSED), 17 + 8);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_CONNECTS), 17 + 32);
}

/* Ids go round without one that means nothing, and the next one is not old. */
static void tl_id_wrap_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg);

	tl->answer = TL_KEEP;
	fg_connect(fg, FG_V(5, 3), 0);
	fg->srv->tl.last_id = U32_MAX - 1;
	tl_post(fg, 1);
	tl_post(fg, 2);
	KUNIT_EXPECT_EQ(test, tl->ids[0], U32_MAX);
	KUNIT_EXPECT_EQ(test, tl->ids[1], 1U);
	vsrv_tl_connect_done(fg->srv, 1, -EIO);
	tl_expect_refused(fg, 2);
	vsrv_tl_connect_done(fg->srv, U32_MAX, -EIO);
	tl_expect_refused(fg, 1);
	fg_expect_quiet(fg);
}

static void tl_unregister_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg), *next;
	unsigned int i;

	tl->answer = TL_KEEP;
	KUNIT_EXPECT_EQ(test, vsrv_tl_register(fg->srv, &tl_ops, NULL), -EBUSY);
	fg_connect(fg, FG_V(5, 3), 0);
	for (i = 0; i < 3; i++)
		tl_post(fg, i);
	fg_expect_quiet(fg);
	vsrv_tl_unregister(fg->srv);
	for (i = 0; i < 3; i++)
		tl_expect_refused(fg, i);
	fg_expect_quiet(fg);
	vsrv_tl_connect_done(fg->srv, tl->ids[0], -EIO);
	tl_post(fg, 9);
	tl_expect_refused(fg, 9);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, tl->n, 3U);

	/* All places are free again for the next, and old answers are not for its own. */
	next = tl_new(fg);
	next->answer = TL_KEEP;
	for (i = 0; i < 16; i++)
		tl_post(fg, 50 + i);
	KUNIT_EXPECT_EQ(test, next->n, 16U);
	for (i = 0; i < 3; i++)
		vsrv_tl_connect_done(fg->srv, tl->ids[i], -EIO);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, tl_busy(fg), 0);
	/* Twice does nothing. */
	vsrv_tl_unregister(fg->srv);
	fg_drain(fg);
	vsrv_tl_unregister(fg->srv);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, tl->resets + next->resets, 0U);
}

/* How a connection with the guest can end. */
static void tl_end_connection(struct fg *fg, unsigned int how)
{
	switch (how) {
	case 0:
		vpart_reset(fg->part);
		fg_synic_on(fg);
		break;
	case 1:
		fg_simple(fg, VMBUS_MSG_UNLOAD);
		fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
		break;
	case 2:
		fg_contact(fg, FG_V(5, 2), 0);
		fg_expect_version(fg, true);
		break;
	}
	fg_settle(fg);
}

static void tl_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg);
	unsigned int how, i;

	tl->answer = TL_KEEP;
	for (how = 0; how < 3; how++) {
		fg_connect(fg, FG_V(5, 3), 0);
		tl->n = 0;
		tl->resets = 0;
		for (i = 0; i < 16; i++)
			tl_post(fg, i);
		KUNIT_EXPECT_EQ(test, tl->n, 16U);
		tl_end_connection(fg, how);
		KUNIT_EXPECT_EQ_MSG(test, tl->resets, 1U, "%u", how);
		/* Late answers are for nobody, above all not for the next guest. */
		fg_connect(fg, FG_V(5, 3), 0);
		for (i = 0; i < 16; i++)
			vsrv_tl_connect_done(fg->srv, tl->ids[i], i & 1 ? -EIO : 0);
		fg_expect_quiet(fg);
		for (i = 0; i < 16; i++)
			tl_post(fg, i);
		KUNIT_EXPECT_EQ(test, tl->n, 32U);
		fg_expect_quiet(fg);
	}
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_TL_REFUSED), 0);
	KUNIT_EXPECT_EQ(test, tl_busy(fg), 0);
}

/* A server that is removed has no handler for a next one to wait for. */
static void tl_destroy_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tl *tl = tl_new(fg);
	struct vmbus_srv *srv = vsrv_get(FG_NAME);

	tl->answer = TL_KEEP;
	fg_connect(fg, FG_V(5, 3), 0);
	tl_post(fg, 1);
	vsrv_destroy(fg->srv);
	fg->srv = NULL;
	fg_settle_server(srv);
	KUNIT_EXPECT_EQ(test, tl->resets, 1U);
	vsrv_tl_connect_done(srv, tl->ids[0], -EIO);
	vsrv_tl_unregister(srv);
	KUNIT_EXPECT_EQ(test, vsrv_tl_register(srv, &tl_ops, tl), -ENODEV);
	vsrv_put(srv);
}

static struct vsrv_offer tl_offer(u16 n)
{
	struct vsrv_offer offer = fg_offer(n);

	offer.flags = VMBUS_OFFER_ENUMERATE | VMBUS_OFFER_NAMED_PIPE | VMBUS_OFFER_TLNPI;
	return offer;
}

/* The channel of a connection is for the guest that is there, and for no other. */
static void tl_offer_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *open = fg_dev_new(fg), *closed = fg_dev_new(fg), *dev = fg_dev_new(fg);
	struct vsrv_offer offer = tl_offer(1), other = tl_offer(2);
	const struct vmbus_offer_msg *m;
	unsigned int how;
	u32 id;

	fg_dev_offer(fg, dev, 3);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, NULL)), -ENOTCONN);
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vsrv_offer(fg->srv, &offer, &fg_dev_ops, NULL)), -ENOTCONN);
	for (how = 0; how < 3; how++) {
		KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		open->chan = vsrv_offer(fg->srv, &offer, &fg_dev_ops, open);
		KUNIT_ASSERT_FALSE(test, IS_ERR(open->chan));
		closed->chan = vsrv_offer(fg->srv, &other, &fg_dev_ops, closed);
		KUNIT_ASSERT_FALSE(test, IS_ERR(closed->chan));
		m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));
		KUNIT_EXPECT_EQ(test, le16_to_cpu(m->flags), 0x2011);
		id = le32_to_cpu(m->channel_id);
		fg_expect_offer(fg);
		fg_open(fg, id, 7, 0);
		fg_expect_opened(fg, id, 0);

		tl_end_connection(fg, how);
		KUNIT_EXPECT_EQ(test, vsrv_chan_id(open->chan), 0U);
		KUNIT_EXPECT_EQ(test, vsrv_chan_id(closed->chan), 0U);
		KUNIT_EXPECT_EQ(test, open->closes + open->stops, how + 1);
		/* Only the device is there for the next guest. */
		KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
		fg_dev_revoke(open);
		fg_dev_revoke(closed);
		fg_expect_quiet(fg);
	}
}

static struct kunit_case tl_cases[] = {
	KUNIT_CASE(tl_versions_test),
	KUNIT_CASE(tl_no_handler_test),
	KUNIT_CASE(tl_limit_test),
	KUNIT_CASE(tl_id_wrap_test),
	KUNIT_CASE(tl_unregister_test),
	KUNIT_CASE(tl_reset_test),
	KUNIT_CASE(tl_destroy_test),
	KUNIT_CASE(tl_offer_test),
	{}
};

static struct kunit_suite tl_suite = {
	.name = "vmbus_tl",
	.test_cases = tl_cases,
};

kunit_test_suite(tl_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: hv_sock connects");
MODULE_LICENSE("GPL");
