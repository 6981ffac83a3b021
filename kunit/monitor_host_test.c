// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of monitor pages that somebody else looks into: what he is asked, what waits for
 * his answer, and whose monitor ids the client gets.
 */
#include <linux/module.h>
#include "fake_guest.h"

#define MH_P2C		0xc000ULL
#define MH_C2P		0xd000ULL
#define MH_OTHER	0xe000ULL
#define MH_ID		77
#define MH_FEATURES	VMBUS_FEATURE_MODIFY_CONNECTION

/**
 * struct mh - a guest, and who looks into its pages
 * @fg: guest
 * @on: registered
 * @asks: calls of modify, the last with
 * @p2c: this page, and
 * @c2p: this one
 * @stops: calls of stop
 * @now: modify answers at once, with
 * @err: this
 */
struct mh {
	struct fg *fg;
	bool on;
	unsigned int asks;
	u64 p2c, c2p;
	unsigned int stops;
	bool now;
	int err;
};

static void mh_modify(void *ctx, u64 p2c, u64 c2p)
{
	struct mh *mh = ctx;

	mh->asks++;
	mh->p2c = p2c;
	mh->c2p = c2p;
	if (mh->now)
		vsrv_monitor_done(mh->fg->srv, mh->err);
}

static void mh_stop(void *ctx)
{
	struct mh *mh = ctx;

	mh->stops++;
}

static const struct vsrv_monitor_ops mh_ops = {
	.modify = mh_modify,
	.stop = mh_stop,
};

static void mh_unregister(void *ctx)
{
	struct mh *mh = ctx;

	if (mh->on)
		vsrv_monitor_unregister(mh->fg->srv);
	mh->on = false;
}

static void mh_register(struct mh *mh)
{
	KUNIT_ASSERT_EQ(mh->fg->test, vsrv_monitor_register(mh->fg->srv, &mh_ops, mh), 0);
	mh->on = true;
	fg_settle(mh->fg);
}

static struct mh *mh_new(struct kunit *test)
{
	struct mh *mh = kunit_kzalloc(test, sizeof(*mh), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mh);
	mh->fg = fg_new(test);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, mh_unregister, mh), 0);
	return mh;
}

static void mh_answer(struct mh *mh, int err)
{
	vsrv_monitor_done(mh->fg->srv, err);
	fg_settle(mh->fg);
}

/* He was asked for these pages since the last look, and for nothing else. */
static void mh_expect_asked(struct mh *mh, u64 p2c, u64 c2p)
{
	struct kunit *test = mh->fg->test;

	fg_settle(mh->fg);
	KUNIT_ASSERT_EQ(test, mh->asks, 1);
	KUNIT_EXPECT_EQ(test, mh->p2c, p2c);
	KUNIT_EXPECT_EQ(test, mh->c2p, c2p);
	mh->asks = 0;
}

static void mh_contact(struct mh *mh, u64 p2c, u64 c2p)
{
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(FG_V(6, 0)),
		.target_info = cpu_to_le64((u64)MH_FEATURES << 32),
		.parent_to_child = cpu_to_le64(p2c),
		.child_to_parent = cpu_to_le64(c2p),
	};

	mh->fg->version = FG_V(6, 0);
	mh->fg->features = MH_FEATURES;
	KUNIT_ASSERT_EQ(mh->fg->test, fg_try_post(mh->fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
			HV_STATUS_SUCCESS);
	fg_settle(mh->fg);
}

/* A device of the host's, which would look for it by MH_ID. */
static void mh_offer(struct mh *mh, struct fg_dev *dev, u16 n)
{
	struct vsrv_offer offer = fg_offer(n);

	offer.host_monitored = true;
	offer.monitor_id = MH_ID;
	dev->chan = vsrv_offer(mh->fg->srv, &offer, &fg_dev_ops, dev);
	KUNIT_ASSERT_FALSE(mh->fg->test, IS_ERR(dev->chan));
	fg_settle(mh->fg);
}

static u32 mh_expect_offer(struct mh *mh, u8 id)
{
	const struct vmbus_offer_msg *m = fg_expect(mh->fg, VMBUS_MSG_OFFER, sizeof(*m));

	KUNIT_EXPECT_EQ(mh->fg->test, m->monitor_id, id);
	KUNIT_EXPECT_EQ(mh->fg->test, m->monitor_allocated, id != VMBUS_MONITOR_NONE);
	return le32_to_cpu(m->channel_id);
}

/* The client asks for what there is: one device, with this id; returns the channel id. */
static u32 mh_take_offer(struct mh *mh, u8 id)
{
	u32 channel;

	fg_simple(mh->fg, VMBUS_MSG_REQUEST_OFFERS);
	channel = mh_expect_offer(mh, id);
	fg_expect(mh->fg, VMBUS_MSG_ALL_OFFERS, 8);
	return channel;
}

/* Connected, the pages with him, and one device offered. */
static u32 mh_connected(struct mh *mh, struct fg_dev *dev)
{
	mh_offer(mh, dev, 1);
	mh_register(mh);
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_answer(mh, 0);
	fg_expect_version(mh->fg, true);
	return mh_take_offer(mh, MH_ID);
}

static void mh_modify_post(struct mh *mh, u64 p2c, u64 c2p)
{
	struct vmbus_modify_connection_msg m = {
		.parent_to_child = cpu_to_le64(p2c), .child_to_parent = cpu_to_le64(c2p),
	};

	fg_post(mh->fg, VMBUS_MSG_MODIFY_CONNECTION, &m, sizeof(m));
}

static void mh_expect_modified(struct mh *mh, u8 state)
{
	const struct vmbus_modify_connection_resp_msg *r;

	r = fg_expect(mh->fg, VMBUS_MSG_MODIFY_CONNECTION_RESP, 9);
	KUNIT_EXPECT_EQ(mh->fg->test, r->connection_state, state);
}

/* ---- cases ---------------------------------------------------------------------------- */

/* Until he has answered the client hears nothing, and is not heard. */
static void host_contact_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg), *local = fg_dev_new(fg);

	mh_offer(mh, dev, 1);
	fg_dev_offer(fg, local, 2);
	mh_register(mh);
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	KUNIT_EXPECT_TRUE(test, vsrv_monitor_busy(fg->srv));
	fg_expect_quiet(fg);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg->srv->in_len, 1);

	mh_answer(mh, 0);
	KUNIT_EXPECT_FALSE(test, vsrv_monitor_busy(fg->srv));
	fg_expect_version(fg, true);
	mh_expect_offer(mh, MH_ID);
	/* He looks for nobody else, and the server does not look. */
	mh_expect_offer(mh, VMBUS_MONITOR_NONE);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_monitored(dev->chan));
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.active, 0);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	/* What nobody has asked for changes nothing. */
	mh_answer(mh, -EIO);
	KUNIT_EXPECT_TRUE(test, fg->srv->mon.host.has);
	fg_expect_quiet(fg);
}

/* He does not want to: then the client is connected without. */
static void host_refused_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_offer(mh, dev, 1);
	mh_register(mh);
	mh->now = true;
	mh->err = -EIO;
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	fg_expect_version(fg, true);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_PAGE]), 1);
	mh_take_offer(mh, VMBUS_MONITOR_NONE);
	/* So there is nothing to take back. */
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, mh->stops, 0);
}

/* Whom the client gives no pages, or the server looks by itself, is not asked. */
static void host_not_asked_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_offer(mh, dev, 1);
	mh_register(mh);
	mh_contact(mh, 0, 0);
	fg_expect_version(fg, true);
	mh_take_offer(mh, VMBUS_MONITOR_NONE);

	WRITE_ONCE(fg->srv->monitor_latency, 10000);
	mh_contact(mh, MH_P2C, MH_C2P);
	fg_expect_version(fg, true);
	mh_take_offer(mh, 0);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_monitored(dev->chan));
	/* Whose ids the client has stays so for this connection. */
	WRITE_ONCE(fg->srv->monitor_latency, 0);
	mh_modify_post(mh, MH_P2C, MH_OTHER);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_NOT_NULL(test, fg->srv->mon.map);
	mh_modify_post(mh, 0, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_NULL(test, fg->srv->mon.map);
	mh_modify_post(mh, MH_P2C, MH_OTHER);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_NOT_NULL(test, fg->srv->mon.map);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	/* The next one's are the host's. */
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_answer(mh, 0);
	fg_expect_version(fg, true);
}

static void host_modify_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = mh_connected(mh, dev);

	/* Both or none. */
	mh_modify_post(mh, MH_P2C, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_FAILED);
	/* Others: as he says. */
	mh_modify_post(mh, MH_P2C, MH_OTHER);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	fg_expect_quiet(fg);
	mh_answer(mh, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	mh_modify_post(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_answer(mh, -EIO);
	mh_expect_modified(mh, VMBUS_CONNECTION_FAILED);
	/* He has the ones before still. */
	KUNIT_EXPECT_TRUE(test, fg->srv->mon.host.has);
	KUNIT_EXPECT_EQ(test, fg->srv->mon.host.c2p, MH_OTHER);

	/* Not under a channel that he looks for, but under one without interrupts. */
	fg_dev_opened(fg, dev);
	mh_modify_post(mh, 0, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_FAILED);
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_open(fg, id, 0x11, VMBUS_VP_NONE);
	fg_expect_opened(fg, id, 0);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	mh_modify_post(mh, 0, 0);
	mh_expect_asked(mh, 0, 0);
	mh_answer(mh, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_FALSE(test, fg->srv->mon.host.has);
	/* None, and none again. */
	mh_modify_post(mh, 0, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	/* The channel has the host's id still, so the server does not begin to look. */
	WRITE_ONCE(fg->srv->monitor_latency, 10000);
	mh_modify_post(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_answer(mh, 0);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_NULL(test, fg->srv->mon.map);
}

/* The client has its memory back when he says so, or cannot say. */
static void host_unload_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_connected(mh, dev);
	fg_dev_opened(fg, dev);
	dev->slow = FG_SLOW_CLOSE;
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	vsrv_close_done(dev->chan);
	mh_expect_asked(mh, 0, 0);
	fg_expect_quiet(fg);
	/* The next one waits. */
	mh_contact(mh, MH_P2C, MH_OTHER);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	mh_answer(mh, -EIO);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	mh_answer(mh, 0);
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
}

static void host_contact_again_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_connected(mh, dev);
	mh_contact(mh, MH_P2C, MH_OTHER);
	mh_expect_asked(mh, 0, 0);
	mh_answer(mh, 0);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	mh_answer(mh, 0);
	fg_expect_version(fg, true);
	mh_take_offer(mh, MH_ID);
	fg_expect_quiet(fg);
}

/* On return nobody looks, and what he says then is of the past. */
static void host_reset_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_connected(mh, dev);
	fg_dev_opened(fg, dev);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, mh->stops, 1);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
	KUNIT_EXPECT_FALSE(test, fg->srv->mon.host.has);
	fg_synic_on(fg);

	/* While he is asked, too. */
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, mh->stops, 2);
	mh_answer(mh, 0);
	KUNIT_EXPECT_FALSE(test, fg->srv->mon.host.has);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	fg_synic_on(fg);
	mh_contact(mh, MH_P2C, MH_OTHER);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	mh_answer(mh, 0);
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
}

/* He comes to a client that has its pages already: what is offered from then on has ids. */
static void host_late_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id;

	mh_contact(mh, MH_P2C, MH_C2P);
	fg_expect_version(fg, true);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	mh_register(mh);
	KUNIT_EXPECT_EQ(test, vsrv_monitor_register(fg->srv, &mh_ops, mh), -EBUSY);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_answer(mh, 0);
	fg_expect_quiet(fg);
	mh_offer(mh, dev, 1);
	id = mh_expect_offer(mh, MH_ID);

	/* He goes, with his channels, and another one comes. */
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, id);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	mh_unregister(mh);
	mh_offer(mh, dev, 1);
	id = mh_expect_offer(mh, VMBUS_MONITOR_NONE);
	fg_dev_revoke(dev);
	fg_expect_rescind(fg, id);
	fg_channel(fg, VMBUS_MSG_RELID_RELEASED, id);
	/* With the pages that the client has by then. */
	mh_modify_post(mh, MH_P2C, MH_OTHER);
	mh_expect_modified(mh, VMBUS_CONNECTION_OK);
	mh->now = true;
	mh_register(mh);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	mh_offer(mh, dev, 1);
	mh_expect_offer(mh, MH_ID);

	/* Not to one that has gone. */
	mh_unregister(mh);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	mh_register(mh);
	KUNIT_EXPECT_EQ(test, mh->asks, 0);
}

/* He goes without an answer: it is as if he had said no. */
static void host_gone_test(struct kunit *test)
{
	struct mh *mh = mh_new(test);
	struct fg *fg = mh->fg;
	struct fg_dev *dev = fg_dev_new(fg);

	mh_register(mh);
	mh_contact(mh, MH_P2C, MH_C2P);
	mh_expect_asked(mh, MH_P2C, MH_C2P);
	mh_unregister(mh);
	fg_settle(fg);
	fg_expect_version(fg, true);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);

	mh_connected(mh, dev);
	mh_modify_post(mh, MH_P2C, MH_OTHER);
	mh_expect_asked(mh, MH_P2C, MH_OTHER);
	mh_unregister(mh);
	fg_settle(fg);
	mh_expect_modified(mh, VMBUS_CONNECTION_FAILED);
	KUNIT_EXPECT_FALSE(test, fg->srv->mon.host.has);
	/* No page of the client was to blame. */
	KUNIT_EXPECT_EQ(test, atomic64_read(&fg->srv->whys[VSRV_WHY_PAGE]), 0);
	fg_dev_revoke(dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_drain(fg);

	mh_connected(mh, dev);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	mh_expect_asked(mh, 0, 0);
	mh_unregister(mh);
	fg_settle(fg);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_EQ(test, mh->stops, 0);
}

static struct kunit_case monitor_host_cases[] = {
	KUNIT_CASE(host_contact_test),
	KUNIT_CASE(host_refused_test),
	KUNIT_CASE(host_not_asked_test),
	KUNIT_CASE(host_modify_test),
	KUNIT_CASE(host_unload_test),
	KUNIT_CASE(host_contact_again_test),
	KUNIT_CASE(host_reset_test),
	KUNIT_CASE(host_late_test),
	KUNIT_CASE(host_gone_test),
	{}
};

static struct kunit_suite monitor_host_suite = {
	.name = "vmbus_monitor_host",
	.test_cases = monitor_host_cases,
};

kunit_test_suite(monitor_host_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: monitor pages that the host looks into");
MODULE_LICENSE("GPL");
