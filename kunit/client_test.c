// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay in front of a fake host: the connection,
 * both queues, time-outs, and hosts that do not keep to the rules.
 */
#include <linux/module.h>
#include "fake_host.h"

static void ct_expect_state(struct fh *fh, enum vrelay_client_state state)
{
	KUNIT_EXPECT_EQ(fh->test, vrelay_client_get_state(&fh->client), state);
}

static void ct_expect_described(struct fh *fh, const char *text)
{
	char buf[128];

	vrelay_client_describe(&fh->client, buf, sizeof(buf));
	KUNIT_EXPECT_NOT_NULL_MSG(fh->test, strstr(buf, text), "\"%s\", not \"%s\"", buf, text);
}

static void ct_expect_contact(struct fh *fh, u32 version)
{
	bool named = version >= VMBUS_VERSION(6, 0);
	const __le32 *words = fh_expect(fh, VMBUS_MSG_CONTACT, named ? 56 : 40);

	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(words[0]), version);
	KUNIT_EXPECT_FALSE(fh->test, guid_is_null(&fh->client.id));
	if (named)
		KUNIT_EXPECT_MEMEQ(fh->test, words + 8, &fh->client.id, sizeof(guid_t));
}

/* ---- connecting -------------------------------------------------------------------- */

static void client_connect_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	unsigned int changes = fh->changes;
	struct vrelay_hchan *a, *b, *c;

	ct_expect_described(fh, "disconnected");
	KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), 0);
	ct_expect_contact(fh, VMBUS_VERSION(6, 0));
	ct_expect_state(fh, VRELAY_CONNECTING);
	ct_expect_described(fh, "connecting");
	KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), -EBUSY);
	/* More than was asked for is not had. */
	fh_version(fh, true, 0, U32_MAX, 20);
	fh_expect(fh, VMBUS_MSG_REQUEST_OFFERS, 8);
	ct_expect_state(fh, VRELAY_REQUESTING_OFFERS);
	KUNIT_EXPECT_EQ(test, fh->client.features, FH_FEATURES);
	KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), -EBUSY);
	fh_offer(fh, 7);
	fh_offer(fh, 3);
	fh_all_offers(fh);
	ct_expect_state(fh, VRELAY_CONNECTED);
	ct_expect_described(fh, "connected");
	KUNIT_EXPECT_EQ(test, fh->client.version, VMBUS_VERSION(6, 0));
	fh_offer(fh, 5);
	KUNIT_EXPECT_GT(test, fh->changes, changes + 5);
	fh_expect_quiet(fh);

	/* Each offer can be had once. */
	a = vrelay_client_claim(&fh->client);
	b = vrelay_client_claim(&fh->client);
	c = vrelay_client_claim(&fh->client);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, BIT(a->offer.channel_id) | BIT(b->offer.channel_id) |
			BIT(c->offer.channel_id), BIT(3) | BIT(5) | BIT(7));
	KUNIT_EXPECT_NULL(test, vrelay_client_claim(&fh->client));
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_OFFERS), 3);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_MESSAGES_OUT), 2);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_MESSAGES_IN), 5);
	fh_expect_errors(fh, 0);
}

/* The forms of the answer, and what follows from the features that it names. */
static void client_forms_test(struct kunit *test)
{
	static const struct {
		u32 said, len, features;
		bool share, forward;
	} cases[] = {
		{ 0x7, 20, 0x7, true, true },
		{ 0x3, 21, 0x3, true, true },
		{ 0x7, 40, 0x7, true, true },
		{ 0x3, 240, 0x3, true, true },
		{ U32_MAX, 20, 0x2f, true, true },
		{ 0x1, 20, 0x1, true, false },
		{ 0x2, 20, 0x2, false, true },
		{ 0, 20, 0, false, true },
		{ ~0x2f, 20, 0, false, true },
		{ 0x3, 16, 0, false, true },
		{ 0x3, 19, 0, false, true },
	};
	struct fh *fh = fh_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fh_enter(fh, VRELAY_CONNECTING);
		fh_version(fh, true, 0, cases[i].said, cases[i].len);
		ct_expect_state(fh, VRELAY_REQUESTING_OFFERS);
		KUNIT_EXPECT_EQ_MSG(test, fh->client.features, cases[i].features, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vrelay_client_can_share(&fh->client), cases[i].share,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, vrelay_client_can_forward(&fh->client),
				    cases[i].forward, "case %u", i);
	}
	fh_expect_errors(fh, 0);
}

/* Versions from the highest down; features are there from 6.0 on. */
static void client_versions_test(struct kunit *test)
{
	static const u32 versions[] = {
		VMBUS_VERSION(6, 0), VMBUS_VERSION(5, 3), VMBUS_VERSION(5, 2), VMBUS_VERSION(5, 1),
		VMBUS_VERSION(5, 0), VMBUS_VERSION(4, 1), VMBUS_VERSION(4, 0),
	};
	struct fh *fh = fh_new(test);
	unsigned int host, i;

	for (host = 0; host < ARRAY_SIZE(versions); host++) {
		fh_enter(fh, VRELAY_DISCONNECTED);
		KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), 0);
		for (i = 0; i < host; i++) {
			ct_expect_contact(fh, versions[i]);
			ct_expect_state(fh, VRELAY_CONNECTING);
			fh_version(fh, false, 0, 0, 16);
		}
		ct_expect_contact(fh, versions[host]);
		/* What an older host says of features means nothing. */
		fh_version(fh, true, 0, 0xff, 20);
		fh_expect(fh, VMBUS_MSG_REQUEST_OFFERS, 8);
		ct_expect_state(fh, VRELAY_REQUESTING_OFFERS);
		KUNIT_EXPECT_EQ(test, fh->client.version, versions[host]);
		KUNIT_EXPECT_EQ(test, fh->client.features, host ? 0 : FH_FEATURES);
	}

	/* None of them. */
	fh_enter(fh, VRELAY_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), 0);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		ct_expect_contact(fh, versions[i]);
		fh_version(fh, false, 0, 0, 16);
	}
	ct_expect_state(fh, VRELAY_DISCONNECTED);
	ct_expect_described(fh, "failed: it speaks no VMBus version from 4.0 to 6.0");
	KUNIT_EXPECT_NE(test, fh->client.failure[0], 0);
	fh_expect_quiet(fh);
	/* The next attempt begins at the top; it may be refused at any version. */
	KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), 0);
	KUNIT_EXPECT_EQ(test, fh->client.failure[0], 0);
	ct_expect_contact(fh, VMBUS_VERSION(6, 0));
	fh_version(fh, false, 0, 0, 16);
	ct_expect_contact(fh, VMBUS_VERSION(5, 3));
	fh_version(fh, true, 2, FH_FEATURES, 20);
	ct_expect_state(fh, VRELAY_DISCONNECTED);
	ct_expect_described(fh, "failed: it refused the connection with state 2");
	fh_expect_quiet(fh);
	fh_expect_errors(fh, 0);
	fh_enter(fh, VRELAY_CONNECTED);
	ct_expect_described(fh, "connected");
}

static void client_bad_offers_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	static const u32 bad[] = { 0, 2048, 0x10005, U32_MAX };
	unsigned int i;

	fh_enter(fh, VRELAY_CONNECTED);
	fh_offer(fh, 5);
	fh_expect_errors(fh, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		fh_offer(fh, bad[i]);
		fh_expect_errors(fh, 1);
	}
	/* A channel that there is, claimed or not, rescinded or not. */
	fh_offer(fh, 5);
	fh_expect_errors(fh, 1);
	KUNIT_EXPECT_NOT_NULL(test, vrelay_client_claim(&fh->client));
	fh_offer(fh, 5);
	fh_expect_errors(fh, 1);
	fh_rescind(fh, 5);
	fh_expect_errors(fh, 0);
	fh_offer(fh, 5);
	fh_expect_errors(fh, 1);
	KUNIT_EXPECT_NULL(test, vrelay_client_claim(&fh->client));
	fh_offer(fh, 1);
	fh_offer(fh, 2047);
	fh_expect_errors(fh, 0);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_OFFERS), 3);
	fh_expect_quiet(fh);
}

/* ---- disconnecting ----------------------------------------------------------------- */

static void client_disconnect_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	enum vrelay_client_state state;
	struct vrelay_hchan *hchan;

	for (state = 0; state < VRELAY_CLIENT_STATES; state++) {
		fh_enter(fh, state);
		hchan = NULL;
		if (state == VRELAY_CONNECTED) {
			hchan = fh_chan(fh, 4);
			fh_offer(fh, 5);
			fh_gpadl(fh, hchan, 0x10);
		}
		fh->client.timeout = 1;
		atomic64_set(&fh->client.counters[VRELAY_TIMEOUTS], 0);
		vrelay_client_disconnect(&fh->client);
		ct_expect_state(fh, VRELAY_DISCONNECTED);
		ct_expect_described(fh, "disconnected");
		if (state == VRELAY_CONNECTED || state == VRELAY_REQUESTING_OFFERS)
			fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
		fh_expect_quiet(fh);
		/* The host was waited for where it owed an answer. */
		KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS),
				state == VRELAY_DISCONNECTED || state == VRELAY_CONNECTING ? 0 : 1);
		fh->client.timeout = FH_TIMEOUT;
		if (!hchan)
			continue;
		/* What was claimed is the owner's until it lets go; the rest is gone. */
		KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_REVOKED);
		KUNIT_EXPECT_TRUE(test, list_empty(&hchan->gpadls));
		KUNIT_EXPECT_NULL(test, vrelay_client_claim(&fh->client));
		KUNIT_EXPECT_PTR_EQ(test, xa_load(&fh->client.chans, 4), hchan);
		vrelay_client_release(hchan);
		KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.chans));
		fh_expect_quiet(fh);
	}
}

struct ct_unload {
	struct work_struct work;
	struct fh *fh;
};

static void ct_unload_work(struct work_struct *work)
{
	struct fh *fh = container_of(work, struct ct_unload, work)->fh;
	unsigned long deadline = jiffies + FH_TIMEOUT;

	while (vrelay_client_get_state(&fh->client) != VRELAY_DISCONNECTING &&
	       time_before(jiffies, deadline))
		usleep_range(100, 200);
	fh_say_len(fh, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
}

/* A host that answers is not waited for any longer than that. */
static void client_unload_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	struct ct_unload unload = { .fh = fh };
	unsigned long start = jiffies;

	fh_enter(fh, VRELAY_CONNECTED);
	fh->client.timeout = 2 * FH_TIMEOUT;
	INIT_WORK_ONSTACK(&unload.work, ct_unload_work);
	schedule_work(&unload.work);
	vrelay_client_disconnect(&fh->client);
	flush_work(&unload.work);
	destroy_work_on_stack(&unload.work);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + FH_TIMEOUT));
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 0);
	fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
	fh_expect_quiet(fh);
	fh_expect_errors(fh, 0);
}

static void client_deadline_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	enum vrelay_client_state state;
	unsigned long left;
	bool waits;

	for (state = 0; state < VRELAY_CLIENT_STATES; state++) {
		fh_enter(fh, state);
		waits = state != VRELAY_DISCONNECTED && state != VRELAY_CONNECTED;
		left = vrelay_client_check_deadline(&fh->client);
		KUNIT_EXPECT_EQ(test, left > 0, waits);
		KUNIT_EXPECT_LE(test, left, (unsigned long)FH_TIMEOUT);
		ct_expect_state(fh, state);
		/* The time has come. */
		atomic64_set(&fh->client.counters[VRELAY_TIMEOUTS], 0);
		fh->client.deadline = jiffies;
		KUNIT_EXPECT_EQ(test, vrelay_client_check_deadline(&fh->client), 0UL);
		ct_expect_state(fh, waits ? VRELAY_DISCONNECTED : state);
		KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), waits);
		if (state == VRELAY_CONNECTING || state == VRELAY_REQUESTING_OFFERS)
			ct_expect_described(fh, "no host");
		fh_expect_quiet(fh);
	}
	/* An answer that comes after all is no answer any more. */
	fh_enter(fh, VRELAY_CONNECTING);
	fh->client.deadline = jiffies;
	vrelay_client_check_deadline(&fh->client);
	fh_version(fh, true, 0, FH_FEATURES, 20);
	fh_expect_errors(fh, 1);
	ct_expect_state(fh, VRELAY_DISCONNECTED);
}

/* ---- posting ----------------------------------------------------------------------- */

/* Until the client has sent so many messages. */
static void ct_wait_posts(struct fh *fh, unsigned int n)
{
	unsigned long deadline = jiffies + FH_TIMEOUT;

	while (READ_ONCE(fh->nposts) < n && time_before(jiffies, deadline))
		usleep_range(200, 400);
	KUNIT_ASSERT_EQ(fh->test, READ_ONCE(fh->nposts), n);
}

/* A host without buffers is asked again, in order, while it is listened to. */
static void client_retry_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	struct vrelay_hchan *hchan;
	struct vrelay_open params = fh_open_params();

	fh_enter(fh, VRELAY_CONNECTED);
	hchan = fh_chan(fh, 4);
	fh->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	fh->fail_for = 5;
	KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_create(hchan, 0x10, 1, (u64[]){ 4096, 7 }, 2), 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	fh_offer(fh, 5);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_OFFERS), 2);
	ct_wait_posts(fh, 2);
	fh_expect_chan(fh, VMBUS_MSG_GPADL_HEADER, 36, 4);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_POST_RETRIES), 5);
	KUNIT_EXPECT_EQ(test, fh->refused, 5U);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_POST_FAILURES), 0);
	flush_delayed_work(&fh->client.tx);
	KUNIT_EXPECT_EQ(test, fh->client.backoff_ms, 0U);
	KUNIT_EXPECT_EQ(test, fh->client.out_len, 0U);
	/* And then at once again. */
	fh_opened(fh, 4, 0);
	vrelay_client_close(hchan);
	fh_expect_called(fh, FH_OPENED, 4, 0, 0);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	fh_expect_quiet(fh);
}

/* Have it try again now, and not by itself meanwhile. */
static void ct_retry_now(struct fh *fh)
{
	cancel_delayed_work_sync(&fh->client.tx);
	queue_delayed_work(fh->wq, &fh->client.tx, 0);
	flush_delayed_work(&fh->client.tx);
}

/* The time between attempts doubles, up to about a second. */
static void client_backoff_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	s64 n = 0;

	KUNIT_ASSERT_EQ(test, vrelay_client_connect(&fh->client), 0);
	ct_expect_contact(fh, VMBUS_VERSION(6, 0));
	fh->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	fh->fail_for = UINT_MAX;
	fh_version(fh, true, 0, FH_FEATURES, 20);
	while (n < 14) {
		cancel_delayed_work_sync(&fh->client.tx);
		KUNIT_ASSERT_GT(test, fh_count(fh, VRELAY_POST_RETRIES), n);
		n = fh_count(fh, VRELAY_POST_RETRIES);
		KUNIT_EXPECT_EQ(test, fh->client.backoff_ms, min(1U << (n - 1), 1024U));
		/* Other work does not try before its time. */
		fh_say_len(fh, 30, 0, 0, 0, 8);
		KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_POST_RETRIES), n);
		ct_retry_now(fh);
	}
	fh->fail_for = 0;
	ct_retry_now(fh);
	fh_expect(fh, VMBUS_MSG_REQUEST_OFFERS, 8);
	KUNIT_EXPECT_EQ(test, fh->client.backoff_ms, 0U);
}

/* A host that takes nothing makes requests fail, before they fill the memory. */
static void client_queue_full_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	struct vrelay_open params = fh_open_params();
	struct vrelay_hchan *hchan;
	static const u64 words[100];
	unsigned int i;
	int err = 0;

	fh_enter(fh, VRELAY_CONNECTED);
	hchan = fh_chan(fh, 4);
	fh->status = HV_STATUS_INSUFFICIENT_BUFFERS;
	fh->fail_for = UINT_MAX;
	for (i = 0; i < 2000 && !err; i++)
		err = vrelay_client_gpadl_create(hchan, i, 1, words, 100);
	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	KUNIT_EXPECT_GE(test, fh->client.out_len, VRELAY_MAX_OUTGOING);
	KUNIT_EXPECT_LT(test, fh->client.out_len, VRELAY_MAX_OUTGOING + 4);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), -EBUSY);
	KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_OFFERED);
	/* The host is listened to all the same, and the end of it can be had. */
	fh_offer(fh, 5);
	KUNIT_EXPECT_NOT_NULL(test, vrelay_client_claim(&fh->client));
	fh->fail_for = 0;
	ct_retry_now(fh);
	KUNIT_EXPECT_EQ(test, fh->client.out_len, 0U);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	KUNIT_EXPECT_EQ(test, fh->nposts, (i - 1) * 4 + 1);
}

static void client_post_fails_test(struct kunit *test)
{
	static const u16 status[] = {
		HV_STATUS_INVALID_CONNECTION_ID, HV_STATUS_INVALID_PARAMETER,
		HV_STATUS_ACCESS_DENIED,
	};
	struct fh *fh = fh_new(test);
	struct vrelay_open params = fh_open_params();
	struct vrelay_hchan *hchan;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(status); i++) {
		/* At the first contact: there is no host. */
		fh_enter(fh, VRELAY_DISCONNECTED);
		fh->status = status[i];
		fh->fail_for = 1;
		KUNIT_EXPECT_EQ(test, vrelay_client_connect(&fh->client), 0);
		ct_expect_state(fh, VRELAY_DISCONNECTED);
		ct_expect_described(fh, "no host");
		KUNIT_EXPECT_EQ(test, fh->client.failure[0], 0);
		KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_POST_FAILURES), 2 * i + 1);
		fh_expect_quiet(fh);

		/* Later: everything that waits is answered. */
		fh_enter(fh, VRELAY_CONNECTED);
		ct_expect_described(fh, "connected");
		hchan = fh_chan(fh, 4);
		fh_gpadl_ask(fh, hchan, 0x10);
		fh_gpadl(fh, hchan, 0x11);
		fh->fail_for = 1;
		KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
		ct_expect_state(fh, VRELAY_DISCONNECTED);
		fh_expect_called(fh, FH_OPENED, 4, 0, -ENODEV);
		fh_expect_called(fh, FH_CREATED, 4, 0x10, -ENODEV);
		fh_expect_quiet(fh);
		KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_REVOKED);
		KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), -ENODEV);
		KUNIT_EXPECT_EQ(test, vrelay_client_gpadl_teardown(hchan, 0x11), -ENOENT);
		vrelay_client_close(hchan);
		vrelay_client_release(hchan);
		KUNIT_EXPECT_TRUE(test, xa_empty(&fh->client.chans));
		fh_expect_quiet(fh);
	}
}

/* ---- hv_sock ----------------------------------------------------------------------- */

/* A connect, and the answer that is no offer. */
static void client_tl_test(struct kunit *test)
{
	static const guid_t service = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
	static const guid_t endpoint = GUID_INIT(21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
	static const guid_t silo = GUID_INIT(41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51);
	static const struct { u32 status; bool wanted, error; } answers[] = {
		{ VMBUS_TL_REFUSED, true, false }, { S32_MIN, true, false }, { ~0U, true, false },
		{ VMBUS_TL_REFUSED, false, true }, { 0, true, true }, { S32_MAX, true, true },
	};
	struct vmbus_tl_connect_result_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_TL_CONNECT_RESULT),
		.service_id = service, .endpoint_id = endpoint,
	};
	enum vrelay_client_state state;
	struct fh *fh = fh_new(test);
	const __le32 *words;
	unsigned int i;

	for (state = 0; state < VRELAY_CLIENT_STATES; state++) {
		fh_enter(fh, state);
		KUNIT_EXPECT_EQ(test, vrelay_client_tl_connect(&fh->client, &service, &endpoint,
							       &silo),
				state == VRELAY_CONNECTED ? 0 : -ENODEV);
		if (state != VRELAY_CONNECTED) {
			fh_expect_quiet(fh);
			continue;
		}
		words = fh_expect(fh, VMBUS_MSG_TL_CONNECT, 56);
		KUNIT_EXPECT_MEMEQ(test, words, &endpoint, 16);
		KUNIT_EXPECT_MEMEQ(test, words + 4, &service, 16);
		KUNIT_EXPECT_MEMEQ(test, words + 8, &silo, 16);
	}

	fh_enter(fh, VRELAY_CONNECTED);
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		fh->tl_wanted = answers[i].wanted;
		fh->tl_service = guid_null;
		m.status = cpu_to_le32(answers[i].status);
		vrelay_client_handle(&fh->client, &m, sizeof(m));
		fh_expect_errors(fh, answers[i].error);
		KUNIT_EXPECT_EQ_MSG(test, guid_equal(&fh->tl_service, &service),
				    (s32)answers[i].status < 0, "answer %u", i);
	}
	KUNIT_EXPECT_TRUE(test, guid_equal(&fh->tl_endpoint, &endpoint));
	fh_expect_quiet(fh);

	/* A host that takes no more: refused by us. */
	fh->client.out_len = VRELAY_MAX_OUTGOING;
	KUNIT_EXPECT_EQ(test, vrelay_client_tl_connect(&fh->client, &service, &endpoint, &silo),
			-EBUSY);
	fh->client.out_len = 0;
	fh_expect_quiet(fh);
}

/* ---- hosts that do not keep to the rules ------------------------------------------- */

/* What the host may say: from which length on, and in which states. */
static const struct { u16 len; u8 states; } ct_table[32] = {
	[1] = { 196, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[2] = { 12, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[4] = { 8, BIT(VRELAY_REQUESTING_OFFERS) },
	[6] = { 20, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[10] = { 20, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[12] = { 12, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[15] = { 16, BIT(VRELAY_CONNECTING) },
	[17] = { 8, BIT(VRELAY_DISCONNECTING) },
	[23] = { 44, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[24] = { 16, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
	[26] = { 9, BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED) },
};

/* Dropped without a word while the client is leaving: it may have crossed UNLOAD. */
static bool ct_crossed(u32 type, enum vrelay_client_state state)
{
	return state == VRELAY_DISCONNECTING && type < ARRAY_SIZE(ct_table) && type != 15 &&
	       type != 17;
}

/* One message that must change nothing: true if it is counted as an error. */
static bool ct_expected_error(u32 type, u32 len, enum vrelay_client_state state)
{
	if (type >= ARRAY_SIZE(ct_table) || !ct_table[type].len || len < ct_table[type].len)
		return true;
	return !ct_crossed(type, state);
}

static void ct_nonsense(struct fh *fh, enum vrelay_client_state state, u32 type, u8 fill)
{
	u8 buf[VMBUS_MSG_MAX];
	__le32 t = cpu_to_le32(type);
	u32 len;

	memset(buf, fill, sizeof(buf));
	memcpy(buf, &t, sizeof(t));
	for (len = 0; len <= VMBUS_MSG_MAX; len++) {
		/* What the connection itself would heed is for the other tests. */
		if ((type == 4 || type == 15 || type == 17) && len >= ct_table[type].len &&
		    ct_table[type].states & BIT(state))
			break;
		atomic64_set(&fh->client.counters[VRELAY_PROTOCOL_ERRORS], 0);
		vrelay_client_handle(&fh->client, buf, len);
		KUNIT_EXPECT_EQ_MSG(fh->test, fh_count(fh, VRELAY_PROTOCOL_ERRORS),
				    ct_expected_error(type, len, state),
				    "type %#x, %u bytes of %#x in %s", type, len, fill,
				    vrelay_client_state_name(state));
	}
	ct_expect_state(fh, state);
	fh_expect_quiet(fh);
}

/* Every type, every length, in every state, about channels that there are not. */
static void client_nonsense_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	enum vrelay_client_state state;
	struct vrelay_hchan *hchan;
	u32 type;

	for (state = 0; state < VRELAY_CLIENT_STATES; state++) {
		fh_enter(fh, state);
		hchan = NULL;
		if (state == VRELAY_CONNECTED || state == VRELAY_REQUESTING_OFFERS)
			hchan = fh_chan(fh, 4);
		for (type = 0; type < ARRAY_SIZE(ct_table); type++) {
			ct_nonsense(fh, state, type, 0);
			ct_nonsense(fh, state, type, 0xff);
		}
		ct_nonsense(fh, state, 0x100 + 2, 0);
		ct_nonsense(fh, state, 0x10000 + 2, 0xff);
		ct_nonsense(fh, state, 0x80000002, 0);
		ct_nonsense(fh, state, U32_MAX, 0xff);
		if (!hchan)
			continue;
		KUNIT_EXPECT_EQ(test, hchan->state, VRELAY_HCHAN_OFFERED);
		fh_enter(fh, VRELAY_DISCONNECTED);
		vrelay_client_release(hchan);
	}
}

/* Longer than any message can be. */
static void client_oversize_test(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 2 * VMBUS_MSG_MAX, GFP_KERNEL);
	struct fh *fh = fh_new(test);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	fh_enter(fh, VRELAY_CONNECTED);
	buf[0] = VMBUS_MSG_OFFER;
	vrelay_client_handle(&fh->client, buf, VMBUS_MSG_MAX + 1);
	KUNIT_EXPECT_EQ(test, vrelay_client_receive(&fh->client, buf, VMBUS_MSG_MAX + 1), 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_receive(&fh->client, buf, U32_MAX), 0);
	fh_expect_errors(fh, 3);
	KUNIT_EXPECT_EQ(test, fh->client.in_len, 0U);
}

/* ---- receiving --------------------------------------------------------------------- */

/* More than there is room for is refused, and asked for when it has been handled. */
static void client_receive_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	struct vmbus_offer_msg m = { .hdr.type = cpu_to_le32(VMBUS_MSG_OFFER) };
	unsigned long deadline = jiffies + FH_TIMEOUT;
	unsigned int i;

	fh_enter(fh, VRELAY_CONNECTED);
	KUNIT_EXPECT_EQ(test, vrelay_client_start(&fh->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, fh->starts, 1);
	KUNIT_EXPECT_PTR_EQ(test, fh->host.receive_ctx, (void *)&fh->client);
	/* The handler holds the first, and waits. */
	mutex_lock(&fh->client.lock);
	m.channel_id = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, fh->host.receive(fh->host.receive_ctx, &m, sizeof(m)), 0);
	while (READ_ONCE(fh->client.in_len) && time_before(jiffies, deadline))
		usleep_range(100, 200);
	KUNIT_EXPECT_EQ(test, fh->client.in_len, 0U);
	for (i = 0; i < VRELAY_MAX_INCOMING; i++) {
		m.channel_id = cpu_to_le32(2 + i);
		KUNIT_EXPECT_EQ(test, fh->host.receive(fh->host.receive_ctx, &m, sizeof(m)), 0);
	}
	KUNIT_EXPECT_EQ(test, fh->host.receive(fh->host.receive_ctx, &m, sizeof(m)), -EAGAIN);
	KUNIT_EXPECT_EQ(test, fh->host.receive(fh->host.receive_ctx, &m, sizeof(m)), -EAGAIN);
	KUNIT_EXPECT_EQ(test, fh->readies, 0U);
	mutex_unlock(&fh->client.lock);
	flush_work(&fh->client.rx);
	KUNIT_EXPECT_EQ(test, fh->readies, 1U);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_MESSAGES_BUSY), 2);
	/* All of those that were taken, each once. */
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_OFFERS), VRELAY_MAX_INCOMING + 1);
	fh_expect_errors(fh, 0);
	KUNIT_EXPECT_EQ(test, fh->host.receive(fh->host.receive_ctx, &m, sizeof(m)), 0);
	flush_work(&fh->client.rx);
	fh_expect_errors(fh, 1);
	KUNIT_EXPECT_EQ(test, fh->readies, 1U);

	/* What waits when the transport stops is not handled any more. */
	fh->client.timeout = 1;
	vrelay_client_disconnect(&fh->client);
	vrelay_client_stop(&fh->client);
	KUNIT_EXPECT_EQ(test, fh->starts, 0);
	KUNIT_EXPECT_EQ(test, fh->client.in_len, 0U);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(client_connect_test),
	KUNIT_CASE(client_forms_test),
	KUNIT_CASE(client_versions_test),
	KUNIT_CASE(client_bad_offers_test),
	KUNIT_CASE(client_disconnect_test),
	KUNIT_CASE(client_unload_test),
	KUNIT_CASE(client_deadline_test),
	KUNIT_CASE(client_retry_test),
	KUNIT_CASE(client_backoff_test),
	KUNIT_CASE(client_queue_full_test),
	KUNIT_CASE(client_post_fails_test),
	KUNIT_CASE(client_tl_test),
	KUNIT_CASE(client_nonsense_test),
	KUNIT_CASE(client_oversize_test),
	KUNIT_CASE(client_receive_test),
	{}
};

static struct kunit_suite client_suite = {
	.name = "vmbus_client",
	.test_cases = client_cases,
};

kunit_test_suite(client_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: the connection");
MODULE_LICENSE("GPL");
