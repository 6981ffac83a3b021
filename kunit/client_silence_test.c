// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay: a host that says nothing, or does not answer one
 * request.  One that was reset does not know its client any more, and takes its messages
 * without a word.
 */
#include <linux/module.h>
#include "fake_host.h"

#define CS_CHANNEL	4
#define CS_GPADL	0x10
#define CS_SILENCE	(20 * HZ)

#define CS_PATIENCE	(50 * HZ)

static const u64 cs_words[] = { 4096, 7 };

static struct fh *cs_new(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh->client.silence = CS_SILENCE;
	fh->client.patience = CS_PATIENCE;
	fh_enter(fh, VRELAY_CONNECTED);
	return fh;
}

static unsigned long cs_check(struct fh *fh)
{
	return vrelay_client_check_deadline(&fh->client);
}

/* As if the host had said nothing for so long. */
static unsigned long cs_check_after(struct fh *fh, unsigned long age)
{
	fh->client.heard = jiffies - age;
	return cs_check(fh);
}

static void cs_expect_state(struct fh *fh, enum vrelay_client_state state, s64 timeouts,
			    const char *what)
{
	KUNIT_EXPECT_EQ_MSG(fh->test, vrelay_client_get_state(&fh->client), state, "%s", what);
	KUNIT_EXPECT_EQ_MSG(fh->test, fh_count(fh, VRELAY_TIMEOUTS), timeouts, "%s", what);
	atomic64_set(&fh->client.counters[VRELAY_TIMEOUTS], 0);
}

/* Is the host given time for something? */
static void cs_expect_due(struct fh *fh, bool due, const char *what)
{
	unsigned long left = cs_check(fh);

	KUNIT_EXPECT_EQ_MSG(fh->test, left > 0, due, "%s", what);
	KUNIT_EXPECT_LE_MSG(fh->test, left, (unsigned long)CS_SILENCE, "%s", what);
	/* Without something due it may say nothing as long as it likes. */
	if (!due)
		KUNIT_EXPECT_EQ_MSG(fh->test, cs_check_after(fh, 9 * CS_SILENCE), 0UL, "%s", what);
	cs_expect_state(fh, VRELAY_CONNECTED, 0, what);
}

/* The host is asked whether it is there. */
static void cs_expect_probe(struct fh *fh)
{
	fh->seen = fh->nposts;
	KUNIT_EXPECT_GT(fh->test, cs_check_after(fh, CS_SILENCE), 0UL);
	fh_expect(fh, VMBUS_MSG_PAUSE, 8);
	cs_expect_state(fh, VRELAY_CONNECTED, 0, "probe");
}

/* ---- a host that says nothing ---------------------------------------------------------- */

/* Each request is due until it is answered. */
static void client_silence_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);

	cs_expect_due(fh, false, "offer");

	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(a, CS_GPADL, 1, cs_words, 2), 0);
	cs_expect_due(fh, true, "GPADL");
	fh_created(fh, CS_CHANNEL, CS_GPADL, 0);
	cs_expect_due(fh, false, "GPADL, answered");

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	cs_expect_due(fh, true, "open");
	fh_opened(fh, CS_CHANNEL, 0);
	cs_expect_due(fh, false, "open, answered");

	KUNIT_EXPECT_EQ(test, vrelay_client_modify(a, 1), 0);
	cs_expect_due(fh, true, "modify");
	fh_answer_modify(fh, CS_CHANNEL, 0);
	cs_expect_due(fh, false, "modify, answered");

	/* The host may keep the answer until the channel is closed. */
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, CS_GPADL), 0);
	cs_expect_due(fh, false, "teardown");
	vrelay_client_close(a);
	cs_expect_due(fh, true, "close");
	fh_torndown(fh, CS_GPADL);
	cs_expect_due(fh, false, "teardown, answered");
	fh->heard = fh->ncalls;
}

/* Time counts from the first request that is due, and anew from whatever the host says. */
static void client_silence_time_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL), *b = fh_chan(fh, CS_CHANNEL + 1);
	unsigned int changes = fh->changes;
	unsigned long heard;

	fh->client.heard = jiffies - 5 * CS_SILENCE;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	/* Somebody has to look again. */
	KUNIT_EXPECT_GT(test, fh->changes, changes);
	cs_expect_due(fh, true, "first");

	heard = jiffies - CS_SILENCE / 2;
	fh->client.heard = heard;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(b, &params), 0);
	KUNIT_EXPECT_EQ(test, fh->client.heard, heard);

	/* Even nonsense shows that somebody is there. */
	fh_say_len(fh, 0, 0, 0, 0, 8);
	KUNIT_EXPECT_TRUE(test, time_after(fh->client.heard, heard));
	fh_opened(fh, CS_CHANNEL, 0);
	cs_expect_due(fh, true, "second");
	fh_opened(fh, CS_CHANNEL + 1, 0);
	cs_expect_due(fh, false, "both answered");
	fh->heard = fh->ncalls;
}

/* It is there: the one device that does not answer is nobody else's trouble. */
static void client_probe_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL), *b = fh_chan(fh, CS_CHANNEL + 1);
	unsigned int round;

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	for (round = 0; round < 3; round++) {
		cs_expect_probe(fh);
		/* What is asked meanwhile waits for that answer. */
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(b, CS_GPADL + round, 1, cs_words,
								 2), 0);
		fh_expect_quiet(fh);
		fh_paused(fh);
		fh_expect(fh, VMBUS_MSG_RESUME, 8);
		fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 36, CS_CHANNEL + 1);
		fh_created(fh, CS_CHANNEL + 1, CS_GPADL + round, 0);
		fh_expect_called(fh, FH_CREATED, CS_CHANNEL + 1, CS_GPADL + round, 0);
		cs_expect_due(fh, true, "probed");
	}
	fh_expect_errors(fh, 0);
	fh_opened(fh, CS_CHANNEL, 0);
	fh->heard = fh->ncalls;
}

/* It is not: the owners hear of it. */
static void client_probe_silent_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL), *b = fh_chan(fh, CS_CHANNEL + 1);

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(b, CS_GPADL, 1, cs_words, 2), 0);
	cs_expect_probe(fh);
	fh->client.deadline = jiffies;
	KUNIT_EXPECT_EQ(test, cs_check(fh), 0UL);
	cs_expect_state(fh, VRELAY_DISCONNECTED, 1, "silent");
	fh_expect_called(fh, FH_OPENED, CS_CHANNEL, 0, -ENODEV);
	fh_expect_called(fh, FH_CREATED, CS_CHANNEL + 1, CS_GPADL, -ENODEV);
	fh_expect_quiet(fh);
	vrelay_client_release(a);
	vrelay_client_release(b);
	/* And nothing of that is left with the next one. */
	fh_enter(fh, VRELAY_CONNECTED);
	cs_expect_due(fh, false, "connected again");
}

/* One of those that cannot be asked is believed to be there. */
static void client_probe_feature_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);

	fh->client.features &= ~VMBUS_FEATURE_PAUSE_RESUME;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh->seen = fh->nposts;
	KUNIT_EXPECT_GT(test, cs_check_after(fh, CS_SILENCE), 0UL);
	fh_expect_quiet(fh);
	cs_expect_due(fh, true, "no feature");
	fh_opened(fh, CS_CHANNEL, 0);
	fh->heard = fh->ncalls;
}

/* The administrator pauses it just then: it is paused. */
static void client_probe_pause_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	cs_expect_probe(fh);
	fh->client.timeout = 1;
	KUNIT_EXPECT_EQ(test, vrelay_client_pause(&fh->client), -ETIMEDOUT);
	cs_expect_state(fh, VRELAY_DISCONNECTED, 1, "pause");
	vrelay_client_release(a);

	fh_enter(fh, VRELAY_CONNECTED);
	a = fh_chan(fh, CS_CHANNEL);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	cs_expect_probe(fh);
	fh_paused(fh);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	KUNIT_EXPECT_EQ(test, fh->client.pause, VRELAY_RUNNING);
	fh_opened(fh, CS_CHANNEL, 0);
	fh->heard = fh->ncalls;
}

/* A host that takes no message for so long is none, whatever status it does that with. */
static void client_silence_post_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh_opened(fh, CS_CHANNEL, 0);
	fh->client.heard = jiffies - 5 * CS_SILENCE;
	fh->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	fh->fail_for = UINT_MAX;
	vrelay_client_close(a);
	cs_expect_due(fh, true, "close that is not taken");
	KUNIT_EXPECT_EQ(test, cs_check_after(fh, CS_SILENCE), 0UL);
	cs_expect_state(fh, VRELAY_DISCONNECTED, 1, "close that is not taken");
	fh->heard = fh->ncalls;
	vrelay_client_release(a);
	fh->fail_for = 0;
}

/* One that was asked to say nothing is not to be blamed. */
static void client_silence_paused_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);
	unsigned int changes;

	fh->client.pause = VRELAY_PAUSED;
	fh->client.held = true;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	cs_expect_due(fh, false, "paused");
	fh->client.heard = jiffies - 5 * CS_SILENCE;
	a->asked = jiffies - 5 * CS_PATIENCE;
	KUNIT_EXPECT_EQ(test, cs_check(fh), 0UL);
	changes = fh->changes;
	a->asked = jiffies;
	vrelay_client_resume(&fh->client);
	KUNIT_EXPECT_GT(test, fh->changes, changes);
	cs_expect_due(fh, true, "resumed");
	fh_opened(fh, CS_CHANNEL, 0);
	fh->heard = fh->ncalls;
}

/* ---- a host that does not answer one request --------------------------------------------- */

/* The owner hears that it failed, when the time has come, and nobody else. */
static void client_patience_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);
	struct vrelay_gpadl *gpadl;

	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(a, CS_GPADL, 1, cs_words, 2), 0);
	gpadl = xa_load(&fh->client.gpadls, CS_GPADL);
	KUNIT_ASSERT_NOT_NULL(test, gpadl);
	gpadl->asked = jiffies - CS_PATIENCE + HZ;
	KUNIT_EXPECT_GT(test, cs_check(fh), 0UL);
	fh->seen = fh->nposts;
	fh_expect_quiet(fh);
	gpadl->asked = jiffies - CS_PATIENCE;
	cs_check(fh);
	fh_expect_called(fh, FH_CREATED, CS_CHANNEL, CS_GPADL, -ETIMEDOUT);
	cs_expect_state(fh, VRELAY_CONNECTED, 1, "GPADL");
	cs_expect_due(fh, false, "GPADL, given up");
	/* It comes after all, and goes. */
	fh_created(fh, CS_CHANNEL, CS_GPADL, 0);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, CS_CHANNEL);
	fh_torndown(fh, CS_GPADL);
	fh_expect_quiet(fh);

	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh->seen = fh->nposts;
	a->asked = jiffies - CS_PATIENCE;
	cs_check(fh);
	fh_expect_called(fh, FH_OPENED, CS_CHANNEL, 0, -ETIMEDOUT);
	cs_expect_state(fh, VRELAY_CONNECTED, 1, "open");
	/* The same with an open. */
	fh_opened(fh, CS_CHANNEL, 0);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, CS_CHANNEL);
	fh_expect_quiet(fh);

	fh_open(fh, a);
	KUNIT_EXPECT_EQ(test, vrelay_client_modify(a, 1), 0);
	fh->seen = fh->nposts;
	a->asked = jiffies - CS_PATIENCE;
	cs_check(fh);
	fh_expect_called(fh, FH_MODIFIED, CS_CHANNEL, 0, -ETIMEDOUT);
	cs_expect_state(fh, VRELAY_CONNECTED, 1, "modify");
	fh_answer_modify(fh, CS_CHANNEL, 0);
	fh_expect_quiet(fh);
	fh_expect_errors(fh, 0);
}

/*
 * What it does not let go of costs the connection, if the guest waits for that: its next
 * kernel has no VMBus before.  Otherwise the other devices are worth more.
 */
static void client_patience_memory_test(struct kunit *test)
{
	struct vrelay_open params = fh_open_params();
	struct fh *fh = cs_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CS_CHANNEL);
	struct vrelay_gpadl *gpadl;

	fh_gpadl(fh, a, CS_GPADL);
	fh_open(fh, a);
	gpadl = xa_load(&fh->client.gpadls, CS_GPADL);
	KUNIT_ASSERT_NOT_NULL(test, gpadl);
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(a, CS_GPADL), 0);
	gpadl->asked = jiffies - 5 * CS_PATIENCE;
	cs_expect_due(fh, false, "teardown of an open channel's");
	/* From the close on. */
	vrelay_client_close(a);
	cs_expect_due(fh, true, "close");
	a->asked = jiffies - CS_PATIENCE;
	KUNIT_EXPECT_GT(test, cs_check(fh), 0UL);
	cs_expect_due(fh, true, "teardown, nobody leaves");
	fh->client.guest_leaves = true;
	cs_expect_due(fh, true, "teardown, the guest leaves");
	a->asked = jiffies - CS_PATIENCE;
	gpadl->asked = jiffies - CS_PATIENCE;
	KUNIT_EXPECT_EQ(test, cs_check(fh), 0UL);
	cs_expect_state(fh, VRELAY_DISCONNECTED, 1, "teardown");
	fh->heard = fh->ncalls;
	vrelay_client_release(a);

	fh_enter(fh, VRELAY_CONNECTED);
	a = fh_chan(fh, CS_CHANNEL);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh->client.guest_leaves = false;
	vrelay_client_close(a);
	cs_expect_due(fh, true, "open that was closed");
	a->asked = jiffies - CS_PATIENCE;
	KUNIT_EXPECT_GT(test, cs_check(fh), 0UL);
	cs_expect_due(fh, true, "open that was closed, nobody leaves");
	fh->client.guest_leaves = true;
	a->asked = jiffies - CS_PATIENCE;
	KUNIT_EXPECT_EQ(test, cs_check(fh), 0UL);
	cs_expect_state(fh, VRELAY_DISCONNECTED, 1, "open that was closed");
	KUNIT_EXPECT_EQ(test, fh->heard, fh->ncalls);
	vrelay_client_release(a);
}

static struct kunit_case silence_cases[] = {
	KUNIT_CASE(client_silence_test),
	KUNIT_CASE(client_silence_time_test),
	KUNIT_CASE(client_probe_test),
	KUNIT_CASE(client_probe_silent_test),
	KUNIT_CASE(client_probe_feature_test),
	KUNIT_CASE(client_probe_pause_test),
	KUNIT_CASE(client_silence_post_test),
	KUNIT_CASE(client_silence_paused_test),
	KUNIT_CASE(client_patience_test),
	KUNIT_CASE(client_patience_memory_test),
	{}
};

static struct kunit_suite silence_suite = {
	.name = "vmbus_client_silence",
	.test_cases = silence_cases,
};

kunit_test_suite(silence_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: a host that says nothing");
MODULE_LICENSE("GPL");
