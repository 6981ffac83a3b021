// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay in front of a fake host: channels and their
 * GPADLs, in the hands of an owner and of a host that takes them back.
 */
#include <linux/module.h>
#include "fake_host.h"

#define FAILURE	VMBUS_STATUS_FAILURE

static const u64 cc_words[] = { 4096, 7 };

static struct fh *cc_new(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh_enter(fh, VRELAY_CONNECTED);
	return fh;
}

static int cc_open(struct vrelay_hchan *hchan)
{
	struct vrelay_open params = fh_open_params();

	return vrelay_client_open(hchan, &params);
}

static int cc_create(struct vrelay_hchan *hchan, u32 id)
{
	return vrelay_client_gpadl_create(hchan, id, 1, cc_words, 2);
}

/* ---- open and close ---------------------------------------------------------------- */

static void client_open_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	const __le32 *m;

	KUNIT_EXPECT_EQ(test, cc_open(hchan), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), 0x61);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), 0x63);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), 0x62);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[35]), 0x2005);
	/* The guest is interrupted by its own flag: VTL2 is not in the path. */
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), 5);
	KUNIT_EXPECT_EQ(test, fh->nbound, 0U);
	KUNIT_EXPECT_FALSE(test, vrelay_client_signal(hchan));
	KUNIT_EXPECT_EQ(test, cc_open(hchan), -EBUSY);
	fh_opened(fh, 4, 0);
	fh_expect_called(fh, FH_OPENED, 4, 0, 0);
	KUNIT_EXPECT_EQ(test, cc_open(hchan), -EBUSY);
	/* Once is enough. */
	fh_opened(fh, 4, 0);
	fh_expect_errors(fh, 1);
	vrelay_client_close(hchan);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_OFFERED);
	vrelay_client_close(hchan);
	fh_expect_quiet(fh);
	fh_open(fh, hchan);
	fh_expect_quiet(fh);
}

static void client_open_fails_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);

	KUNIT_EXPECT_EQ(test, cc_open(hchan), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	fh_opened(fh, 4, FAILURE);
	fh_expect_called(fh, FH_OPENED, 4, 0, -EIO);
	KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_OFFERED);
	vrelay_client_close(hchan);
	fh_expect_quiet(fh);
	/* Unknown channels, and one that nobody opens. */
	fh_opened(fh, 4, 0);
	fh_opened(fh, 5, 0);
	fh_opened(fh, U32_MAX, 0);
	fh_expect_errors(fh, 3);
	fh_open(fh, hchan);
}

static void cc_event(void *ctx)
{
	++*(unsigned int *)ctx;
}

/* With VTL2 in the path: its own flag and connection, for as long as it is open. */
static void client_open_event_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *a = fh_chan(fh, 4), *b = fh_chan(fh, 6);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;
	const __le32 *m;

	params.event = cc_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[35]), 0x27004);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), 1 | VMBUS_OPEN_REDIRECT_INTERRUPT << 16);
	/* The host may interrupt as soon as it has the message. */
	KUNIT_ASSERT_NOT_NULL(test, fh->bound[1]);
	fh->bound[1](fh->bound_ctx[1]);
	KUNIT_EXPECT_EQ(test, events, 1U);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(b, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 6);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), 2 | VMBUS_OPEN_REDIRECT_INTERRUPT << 16);
	fh_opened(fh, 4, 0);
	fh_opened(fh, 6, FAILURE);
	fh_expect_called(fh, FH_OPENED, 4, 0, 0);
	fh_expect_called(fh, FH_OPENED, 6, 0, -EIO);
	/* What failed is let go of; the lowest free flag is the next. */
	KUNIT_EXPECT_NULL(test, fh->bound[2]);
	KUNIT_EXPECT_FALSE(test, vrelay_client_signal(b));
	KUNIT_EXPECT_TRUE(test, vrelay_client_signal(a));
	KUNIT_EXPECT_EQ(test, fh->connection, 0x27004U);
	KUNIT_EXPECT_EQ(test, fh->signals, 1U);
	vrelay_client_close(a);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	KUNIT_EXPECT_EQ(test, fh->nbound, 0U);
	KUNIT_EXPECT_FALSE(test, vrelay_client_signal(a));
	KUNIT_EXPECT_EQ(test, vrelay_client_open(b, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 6);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]) & 0xffff, 1);

	/* No flag to be had: nothing was asked for. */
	fh->bind_err = -ENOMEM;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), -ENOMEM);
	KUNIT_EXPECT_EQ(test, a->state, VRELAY_HCHAN_OFFERED);
	fh->bind_err = 0;
	bitmap_fill(fh->client.event_flags, VRELAY_EVENT_FLAGS);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), -ENOSPC);
	bitmap_zero(fh->client.event_flags, VRELAY_EVENT_FLAGS);
	__set_bit(0, fh->client.event_flags);
	__set_bit(1, fh->client.event_flags);
	fh_expect_quiet(fh);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, fh->nbound, 2U);
}

/* A close while the host still opens: closed as soon as it has. */
static void client_open_abandoned_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;

	params.event = cc_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	vrelay_client_close(hchan);
	/* The owner may go now: its function is called no more. */
	KUNIT_EXPECT_EQ(test, fh->nbound, 0U);
	KUNIT_EXPECT_FALSE(test, vrelay_client_signal(hchan));
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), -EBUSY);
	fh_expect_quiet(fh);
	fh_opened(fh, 4, 0);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	fh_expect_quiet(fh);
	KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_OFFERED);
	fh_open(fh, hchan);
	vrelay_client_close(hchan);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	/* The same if the host could not. */
	KUNIT_EXPECT_EQ(test, cc_open(hchan), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	vrelay_client_close(hchan);
	fh_opened(fh, 4, FAILURE);
	fh_expect_quiet(fh);
	fh_open(fh, hchan);
	fh_expect_errors(fh, 0);
}

/* ---- GPADLs ------------------------------------------------------------------------ */

static void client_gpadl_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *a = fh_chan(fh, 4), *b = fh_chan(fh, 6);
	u64 words[30] = { 29 * 4096, 1, 2, 3 };

	/* In two messages; the guest's words as they are. */
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(a, 0x10, 1, words, 30), 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 20 + 27 * 8, 4);
	fh_expect(fh, VMBUS_MSG_GPADL_BODY, 16 + 3 * 8);
	/* Its id is taken, on every channel. */
	KUNIT_EXPECT_EQ(test, cc_create(a, 0x10), -EBUSY);
	KUNIT_EXPECT_EQ(test, cc_create(b, 0x10), -EBUSY);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(a, 0x11, 1, words, 8192), -EINVAL);
	/* Not to be had back before the host has it. */
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, 0x10), -EINPROGRESS);
	fh_expect_quiet(fh);
	fh_created(fh, 6, 0x10, 0);
	fh_created(fh, 4, 0x12, 0);
	fh_torndown(fh, 0x10);
	fh_expect_errors(fh, 3);
	fh_created(fh, 4, 0x10, 0);
	fh_expect_called(fh, FH_CREATED, 4, 0x10, 0);
	fh_created(fh, 4, 0x10, 0);
	fh_torndown(fh, 0x10);
	fh_expect_errors(fh, 2);

	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(b, 0x10), -ENOENT);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, 0x11), -ENOENT);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, 0x10), 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4);
	/* The host still has it. */
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, 0x10), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, cc_create(b, 0x10), -EBUSY);
	fh_expect_quiet(fh);
	fh_torndown(fh, 0x11);
	fh_expect_errors(fh, 1);
	fh_torndown(fh, 0x10);
	fh_expect_called(fh, FH_TORNDOWN, 4, 0x10, 0);
	fh_torndown(fh, 0x10);
	fh_expect_errors(fh, 1);
	/* Now it can be had elsewhere. */
	fh_gpadl(fh, b, 0x10);

	/* The host will not have it. */
	fh_gpadl_ask(fh, a, 0x11);
	fh_created(fh, 4, 0x11, FAILURE);
	fh_expect_called(fh, FH_CREATED, 4, 0x11, -EIO);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, 0x11), -ENOENT);
	fh_gpadl(fh, a, 0x11);
	fh_expect_quiet(fh);
}

/* ---- modify ------------------------------------------------------------------------ */

static void client_modify_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	const __le32 *m;

	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, cc_open(hchan), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), -EBUSY);
	fh_opened(fh, 4, 0);
	fh_expect_called(fh, FH_OPENED, 4, 0, 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 3), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[1]), 3);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), -EBUSY);
	fh_answer_modify(fh, 5, 0);
	fh_expect_errors(fh, 1);
	fh_answer_modify(fh, 4, 0);
	fh_expect_called(fh, FH_MODIFIED, 4, 0, 0);
	fh_answer_modify(fh, 4, 0);
	fh_expect_errors(fh, 1);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), 0);
	fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, 4);
	fh_answer_modify(fh, 4, FAILURE);
	fh_expect_called(fh, FH_MODIFIED, 4, 0, -EIO);

	/* Overtaken by a close, it may be answered or not, and nobody is told. */
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 0), 0);
	fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, 4);
	vrelay_client_close(hchan);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	fh_answer_modify(fh, 4, 0);
	fh_expect_errors(fh, 0);
	fh_answer_modify(fh, 4, 0);
	fh_expect_errors(fh, 1);
	fh_expect_quiet(fh);
}

/* ---- letting go of the guest's memory ---------------------------------------------- */

/* Everything that the host has is asked back, and nobody hears of it. */
static void client_drain_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	struct fh_drain drain;

	KUNIT_EXPECT_EQ(test, vrelay_client_drain(hchan, false), 0);
	fh_expect_quiet(fh);

	fh_gpadl(fh, hchan, 0x10);
	fh_gpadl(fh, hchan, 0x11);
	fh_open(fh, hchan);
	fh_gpadl_ask(fh, hchan, 0x12);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(hchan, 0x11), 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), 0);
	fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, 4);
	fh_drain_begin(&drain, hchan, true);
	fh_wait_posts(fh, fh->seen + 2);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4)[1]),
			0x10);
	/* Blocked: nothing new. */
	KUNIT_EXPECT_EQ(test, cc_create(hchan, 0x13), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, cc_open(hchan), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), -ESHUTDOWN);
	fh_torndown(fh, 0x10);
	fh_torndown(fh, 0x11);
	fh_created(fh, 4, 0x12, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4)[1]),
			0x12);
	fh_answer_modify(fh, 4, 0);
	fh_torndown(fh, 0x12);
	KUNIT_EXPECT_EQ(test, fh_drain_end(&drain), 0);
	fh_expect_quiet(fh);
	fh_expect_errors(fh, 0);
	KUNIT_EXPECT_EQ(test, cc_open(hchan), -ESHUTDOWN);
	vrelay_client_unblock(hchan);
	fh_open(fh, hchan);
	fh_gpadl(fh, hchan, 0x10);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 0);
}

/* A host that keeps what it has is waited for, and not for ever. */
static void client_drain_timeout_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;

	fh->client.timeout = 1;
	fh_gpadl(fh, hchan, 0x10);
	params.event = cc_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, vrelay_client_drain(hchan, true), -ETIMEDOUT);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 1);
	/* Such a host is cut off: nothing of it reaches the owner any more. */
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fh->nbound, 0U);
	KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.gpadls));
	vrelay_client_release(hchan);
	KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.chans));
	fh_expect_quiet(fh);
	fh_opened(fh, 4, 0);
	fh_torndown(fh, 0x10);
	fh_expect_errors(fh, 2);
	fh_expect_quiet(fh);
}

/* ---- rescind and release ----------------------------------------------------------- */

enum cc_state { CC_OFFERED, CC_OPENING, CC_ABANDONED, CC_OPENED, CC_MODIFYING, CC_STATES };

static void cc_enter(struct fh *fh, struct vrelay_hchan *hchan, enum cc_state state)
{
	u32 channel = hchan->offer.channel_id;

	if (state == CC_OPENING || state == CC_ABANDONED) {
		KUNIT_ASSERT_EQ(fh->test, cc_open(hchan), 0);
		fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, channel);
	}
	if (state == CC_ABANDONED)
		vrelay_client_close(hchan);
	if (state == CC_OPENED || state == CC_MODIFYING)
		fh_open(fh, hchan);
	if (state == CC_MODIFYING) {
		KUNIT_ASSERT_EQ(fh->test, vrelay_client_modify(hchan, 1), 0);
		fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, channel);
	}
}

/* The host takes a channel back, whatever it is used for. */
static void client_rescind_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan;
	enum cc_state state;

	for (state = 0; state < CC_STATES; state++) {
		hchan = fh_chan(fh, 4);
		fh_gpadl(fh, hchan, 0x10);
		cc_enter(fh, hchan, state);
		fh_rescind(fh, 4);
		if (state == CC_OPENING)
			fh_expect_called(fh, FH_OPENED, 4, 0, -ENODEV);
		if (state == CC_MODIFYING)
			fh_expect_called(fh, FH_MODIFIED, 4, 0, -ENODEV);
		fh_expect_quiet(fh);
		KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_REVOKED);
		/* An answer that crossed it is no error; a second rescind is. */
		fh_opened(fh, 4, 0);
		fh_expect_errors(fh, 0);
		fh_rescind(fh, 4);
		fh_expect_errors(fh, 1);
		/* Nothing can be done with it, and what the host had is forgotten. */
		KUNIT_EXPECT_EQ(test, cc_open(hchan), -ENODEV);
		KUNIT_EXPECT_EQ(test, cc_create(hchan, 0x11), -ENODEV);
		KUNIT_EXPECT_EQ(test, vrelay_client_modify(hchan, 1), -ENODEV);
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(hchan, 0x10), -ENOENT);
		vrelay_client_close(hchan);
		KUNIT_EXPECT_EQ(test, vrelay_client_drain(hchan, true), 0);
		fh_expect_quiet(fh);
		/* The id goes back with the owner, and can be used again. */
		vrelay_client_release(hchan);
		fh_expect_chan(fh, VMBUS_MSG_RELID_RELEASED, 12, 4);
		fh_expect_quiet(fh);
		KUNIT_EXPECT_NULL(test, xa_load(&fh->client.chans, 4));
	}
	fh_rescind(fh, 4);
	fh_rescind(fh, 0);
	fh_rescind(fh, U32_MAX);
	fh_expect_errors(fh, 3);
}

/* An offer that nobody claimed. */
static void client_rescind_unclaimed_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan;

	fh_offer(fh, 4);
	fh_rescind(fh, 4);
	/* Somebody may be about to: it is claimed, seen to be revoked, and released. */
	fh_expect_quiet(fh);
	hchan = vrelay_client_claim(&fh->client);
	KUNIT_ASSERT_NOT_NULL(test, hchan);
	KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_REVOKED);
	vrelay_client_release(hchan);
	fh_expect_chan(fh, VMBUS_MSG_RELID_RELEASED, 12, 4);
	fh_offer(fh, 4);
	fh_expect_errors(fh, 0);
}

/* The id goes back when three things have come together, in any order. */
static void client_release_test(struct kunit *test)
{
	/* Rescinded, released, and the last answer about a GPADL. */
	static const char orders[][4] = { "RLA", "RAL", "LRA", "LAR", "ARL", "ALR" };
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan;
	unsigned int i, k, teardown;

	for (teardown = 0; teardown < 2; teardown++) {
		for (i = 0; i < ARRAY_SIZE(orders); i++) {
			hchan = fh_chan(fh, 4);
			if (teardown) {
				fh_gpadl(fh, hchan, 0x10);
				vrelay_client_gpadl_teardown(hchan, 0x10);
				fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4);
			} else {
				fh_gpadl_ask(fh, hchan, 0x10);
			}
			for (k = 0; k < 3; k++) {
				KUNIT_EXPECT_PTR_EQ_MSG(test, xa_load(&fh->client.chans, 4), hchan,
							"%s, %u", orders[i], k);
				KUNIT_EXPECT_EQ_MSG(test, fh->seen, fh->nposts, "%s, %u",
						    orders[i], k);
				if (orders[i][k] == 'R') {
					fh_rescind(fh, 4);
				} else if (orders[i][k] == 'L') {
					vrelay_client_release(hchan);
				} else if (teardown) {
					fh_torndown(fh, 0x10);
					fh_expect_called(fh, FH_TORNDOWN, 4, 0x10, 0);
				} else {
					fh_created(fh, 4, 0x10, 0);
					fh_expect_called(fh, FH_CREATED, 4, 0x10, 0);
				}
			}
			fh_expect_chan(fh, VMBUS_MSG_RELID_RELEASED, 12, 4);
			fh_expect_quiet(fh);
			KUNIT_EXPECT_NULL(test, xa_load(&fh->client.chans, 4));
			KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.gpadls));
		}
	}
	fh_expect_errors(fh, 0);
}

/* The connection ends while the owner still has the channel. */
static void client_gone_test(struct kunit *test)
{
	struct fh *fh = cc_new(test);
	struct vrelay_hchan *hchan, *released;
	enum cc_state state;

	for (state = 0; state < CC_STATES; state++) {
		fh_enter(fh, VRELAY_CONNECTED);
		hchan = fh_chan(fh, 4);
		released = fh_chan(fh, 5);
		fh_gpadl(fh, hchan, 0x10);
		fh_gpadl(fh, hchan, 0x11);
		cc_enter(fh, hchan, state);
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(hchan, 0x11), 0);
		fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, 4);
		fh_gpadl_ask(fh, hchan, 0x12);
		vrelay_client_release(released);
		fh->client.timeout = 1;
		vrelay_client_disconnect(&fh->client);
		fh->client.timeout = FH_TIMEOUT;
		/* Whoever waits is answered, once. */
		if (state == CC_OPENING)
			fh_expect_called(fh, FH_OPENED, 4, 0, -ENODEV);
		if (state == CC_MODIFYING)
			fh_expect_called(fh, FH_MODIFIED, 4, 0, -ENODEV);
		fh_expect_called(fh, FH_TORNDOWN, 4, 0x11, 0);
		fh_expect_called(fh, FH_CREATED, 4, 0x12, -ENODEV);
		fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
		fh_expect_quiet(fh);
		KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.gpadls));
		KUNIT_EXPECT_NULL(test, xa_load(&fh->client.chans, 5));
		/* The host has not said that it has let go of anything. */
		KUNIT_EXPECT_EQ(test, vrelay_client_drain(hchan, true), -ETIMEDOUT);
		vrelay_client_release(hchan);
		fh_expect_quiet(fh);
		KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.chans));
	}
}

static struct kunit_case client_chan_cases[] = {
	KUNIT_CASE(client_open_test),
	KUNIT_CASE(client_open_fails_test),
	KUNIT_CASE(client_open_event_test),
	KUNIT_CASE(client_open_abandoned_test),
	KUNIT_CASE(client_gpadl_test),
	KUNIT_CASE(client_modify_test),
	KUNIT_CASE(client_drain_test),
	KUNIT_CASE(client_drain_timeout_test),
	KUNIT_CASE(client_rescind_test),
	KUNIT_CASE(client_rescind_unclaimed_test),
	KUNIT_CASE(client_release_test),
	KUNIT_CASE(client_gone_test),
	{}
};

static struct kunit_suite client_chan_suite = {
	.name = "vmbus_client_chan",
	.test_cases = client_chan_cases,
};

kunit_test_suite(client_chan_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: channels and GPADLs");
MODULE_LICENSE("GPL");
