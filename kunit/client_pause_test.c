// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay: a host that is asked to pause, and what waits for
 * it meanwhile.
 */
#include <linux/module.h>
#include "fake_host.h"

#define CP_CHANNEL	4
#define CP_GPADL	0x10

/* Something that waits for the host, in a thread of its own. */
struct cp_call {
	struct work_struct work;
	struct fh *fh;
	int err;
};

static void cp_pause_work(struct work_struct *work)
{
	struct cp_call *call = container_of(work, struct cp_call, work);

	call->err = vrelay_client_pause(&call->fh->client);
}

static void cp_disconnect_work(struct work_struct *work)
{
	struct cp_call *call = container_of(work, struct cp_call, work);

	vrelay_client_disconnect(&call->fh->client);
}

static void cp_begin(struct cp_call *call, struct fh *fh, work_func_t fn)
{
	*call = (struct cp_call) { .fh = fh };
	INIT_WORK_ONSTACK(&call->work, fn);
	queue_work(fh->wq, &call->work);
}

static int cp_end(struct cp_call *call)
{
	flush_work(&call->work);
	destroy_work_on_stack(&call->work);
	return call->err;
}

/* The host has been asked, and has not answered. */
static void cp_ask(struct cp_call *call, struct fh *fh)
{
	cp_begin(call, fh, cp_pause_work);
	fh_wait_posts(fh, fh->seen + 1);
	fh_expect(fh, VMBUS_MSG_PAUSE, 8);
}

static void cp_pause(struct fh *fh)
{
	struct cp_call call;

	cp_ask(&call, fh);
	fh_paused(fh);
	KUNIT_ASSERT_EQ(fh->test, cp_end(&call), 0);
	KUNIT_ASSERT_EQ(fh->test, fh->client.pause, VRELAY_PAUSED);
}

static void cp_expect_state(struct fh *fh, const char *want)
{
	char text[40];

	vrelay_client_describe(&fh->client, text, sizeof(text));
	KUNIT_EXPECT_STREQ(fh->test, text, want);
}

static struct fh *cp_new(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh_enter(fh, VRELAY_CONNECTED);
	return fh;
}

/* Nothing is sent meanwhile, and then all of it, in order. */
static void client_pause_test(struct kunit *test)
{
	struct fh *fh = cp_new(test);
	struct vrelay_hchan *a = fh_chan(fh, CP_CHANNEL), *b = fh_chan(fh, CP_CHANNEL + 1);
	struct vrelay_open params = fh_open_params();
	static const u64 words[] = { 4096, 7 };
	struct cp_call call;
	unsigned int round;

	fh_gpadl(fh, a, CP_GPADL);
	for (round = 0; round < 2; round++) {
		cp_ask(&call, fh);
		/* Until it has paused it is heard, but told no more. */
		KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
		fh_expect_quiet(fh);
		cp_expect_state(fh, "connected");
		fh_paused(fh);
		KUNIT_EXPECT_EQ(test, cp_end(&call), 0);
		cp_expect_state(fh, "paused");
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(b, CP_GPADL + 1, 1, words, 2), 0);
		/* It is paused already. */
		KUNIT_EXPECT_EQ(test, vrelay_client_pause(&fh->client), 0);
		fh_expect_quiet(fh);

		vrelay_client_resume(&fh->client);
		cp_expect_state(fh, "connected");
		fh_expect(fh, VMBUS_MSG_RESUME, 8);
		fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, CP_CHANNEL);
		fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 36, CP_CHANNEL + 1);
		fh_opened(fh, CP_CHANNEL, 0);
		fh_expect_called(fh, FH_OPENED, CP_CHANNEL, 0, 0);
		fh_created(fh, CP_CHANNEL + 1, CP_GPADL + 1, 0);
		fh_expect_called(fh, FH_CREATED, CP_CHANNEL + 1, CP_GPADL + 1, 0);
		/* And it is not paused any more. */
		vrelay_client_resume(&fh->client);
		fh_expect_quiet(fh);

		vrelay_client_close(a);
		fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, CP_CHANNEL);
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(b, CP_GPADL + 1), 0);
		fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, CP_CHANNEL + 1);
		fh_torndown(fh, CP_GPADL + 1);
		fh_expect_called(fh, FH_TORNDOWN, CP_CHANNEL + 1, CP_GPADL + 1, 0);
	}
	fh_expect_errors(fh, 0);
}

/* Hosts that cannot, and answers that nobody asked for. */
static void client_pause_refused_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	enum vrelay_client_state state;

	for (state = 0; state < VRELAY_CONNECTED; state++) {
		fh_enter(fh, state);
		KUNIT_EXPECT_EQ(test, vrelay_client_pause(&fh->client), -ENOTCONN);
	}
	fh_enter(fh, VRELAY_CONNECTING);
	fh_version(fh, true, 0, FH_FEATURES & ~VMBUS_FEATURE_PAUSE_RESUME, 20);
	fh_all_offers(fh);
	fh_expect(fh, VMBUS_MSG_REQUEST_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, vrelay_client_pause(&fh->client), -EOPNOTSUPP);
	fh_expect_quiet(fh);

	fh_enter(fh, VRELAY_CONNECTED);
	fh_paused(fh);
	fh_expect_errors(fh, 1);
	cp_pause(fh);
	fh_paused(fh);
	fh_expect_errors(fh, 1);
	vrelay_client_resume(&fh->client);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	fh_paused(fh);
	fh_expect_errors(fh, 1);
}

/* The guest wants its memory back: it does not wait for whoever has paused the host. */
static void client_pause_drain_test(struct kunit *test)
{
	struct fh *fh = cp_new(test);
	struct vrelay_hchan *hchan = fh_chan(fh, CP_CHANNEL);
	struct fh_drain drain;
	struct cp_call pause;
	bool early;

	/* With nothing to give back it stays paused. */
	cp_pause(fh);
	KUNIT_EXPECT_EQ(test, vrelay_client_drain(hchan, false), 0);
	fh_expect_quiet(fh);
	vrelay_client_resume(&fh->client);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);

	for (early = false; ; early = true) {
		fh_gpadl(fh, hchan, CP_GPADL);
		fh_open(fh, hchan);
		if (early)
			cp_ask(&pause, fh);
		else
			cp_pause(fh);
		fh_drain_begin(&drain, hchan, false);
		if (early) {
			/* The host is to pause first. */
			while (!READ_ONCE(fh->client.urgent))
				cond_resched();
			fh_expect_quiet(fh);
			fh_paused(fh);
			KUNIT_EXPECT_EQ(test, cp_end(&pause), -EINTR);
		}
		fh_wait_posts(fh, fh->seen + 3);
		fh_expect(fh, VMBUS_MSG_RESUME, 8);
		fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, CP_CHANNEL);
		fh_expect_chan(fh, VMBUS_MSG_GPADL_TEARDOWN, 16, CP_CHANNEL);
		cp_expect_state(fh, "connected");
		fh_torndown(fh, CP_GPADL);
		KUNIT_EXPECT_EQ(test, fh_drain_end(&drain), 0);
		fh_expect_quiet(fh);
		if (early)
			break;
	}
	fh_expect_errors(fh, 0);
}

/* An end of the connection ends the pause, too. */
static void client_pause_unload_test(struct kunit *test)
{
	struct fh *fh = cp_new(test);
	struct cp_call call, pause;

	cp_pause(fh);
	cp_begin(&call, fh, cp_disconnect_work);
	fh_wait_posts(fh, fh->seen + 2);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
	fh_say_len(fh, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
	cp_end(&call);
	KUNIT_EXPECT_EQ(test, fh->client.pause, VRELAY_RUNNING);

	/* Before the host has paused. */
	fh_enter(fh, VRELAY_CONNECTED);
	cp_ask(&pause, fh);
	cp_begin(&call, fh, cp_disconnect_work);
	while (vrelay_client_get_state(&fh->client) != VRELAY_DISCONNECTING)
		cond_resched();
	fh_expect_quiet(fh);
	fh_paused(fh);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
	fh_say_len(fh, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
	KUNIT_EXPECT_EQ(test, cp_end(&pause), -ENOTCONN);
	cp_end(&call);

	/* The next host knows nothing of it. */
	fh_enter(fh, VRELAY_CONNECTED);
	fh_gpadl(fh, fh_chan(fh, CP_CHANNEL), CP_GPADL);
	fh_expect_errors(fh, 0);
}

/* A host that does not answer is cut off. */
static void client_pause_silent_test(struct kunit *test)
{
	struct fh *fh = cp_new(test);

	fh->client.timeout = 1;
	KUNIT_EXPECT_EQ(test, vrelay_client_pause(&fh->client), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 1);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fh->client.pause, VRELAY_RUNNING);
	fh->client.timeout = FH_TIMEOUT;
}

static struct kunit_case client_pause_cases[] = {
	KUNIT_CASE(client_pause_test),
	KUNIT_CASE(client_pause_refused_test),
	KUNIT_CASE(client_pause_drain_test),
	KUNIT_CASE(client_pause_unload_test),
	KUNIT_CASE(client_pause_silent_test),
	{}
};

static struct kunit_suite client_pause_suite = {
	.name = "vmbus_client_pause",
	.test_cases = client_pause_cases,
};

kunit_test_suite(client_pause_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: pause and resume");
MODULE_LICENSE("GPL");
