// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay in front of hosts that do not take the guest's
 * connection and event flag, or take nothing but these.
 */
#include <linux/module.h>
#include "fake_host.h"

static void cx_event(void *ctx)
{
	(*(unsigned int *)ctx)++;
}

/* Connected with a host of that version and these features. */
static struct fh *cx_new(struct kunit *test, u32 version, u32 features)
{
	struct fh *fh = fh_new(test);

	KUNIT_ASSERT_EQ(test, vrelay_client_connect(&fh->client), 0);
	while (fh->client.version != version) {
		KUNIT_ASSERT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_CONNECTING);
		fh_version(fh, false, 0, 0, 16);
	}
	fh_version(fh, true, 0, features, 20);
	fh_all_offers(fh);
	KUNIT_ASSERT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_CONNECTED);
	fh->seen = fh->nposts;
	return fh;
}

/* VTL2 in the path of a host that names flag and connection itself. */
static void compat_own_flag_test(struct kunit *test)
{
	struct fh *fh = cx_new(test, VMBUS_VERSION(4, 0), 0);
	struct vrelay_hchan *a = fh_chan(fh, 4), *b = fh_chan(fh, 2047);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;
	const __le32 *m;

	/* It would signal the wrong one, and be interrupted by the wrong one. */
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, a->state, VRELAY_HCHAN_OFFERED);
	fh_expect_quiet(fh);

	params.event = cx_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 148, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), params.ring_gpadl);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), params.target_vp);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), params.downstream_page);
	KUNIT_EXPECT_MEMEQ(test, m + 5, fh_user_data, VMBUS_USER_DEFINED_SIZE);
	KUNIT_EXPECT_EQ(test, vrelay_client_open(b, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 148, 2047);
	KUNIT_ASSERT_NOT_NULL(test, fh->bound[4]);
	KUNIT_ASSERT_NOT_NULL(test, fh->bound[2047]);
	KUNIT_EXPECT_EQ(test, fh->nbound, 2U);
	fh->bound[4](fh->bound_ctx[4]);
	KUNIT_EXPECT_EQ(test, events, 1U);
	fh_opened(fh, 4, 0);
	fh_opened(fh, 2047, 0);
	fh_expect_called(fh, FH_OPENED, 4, 0, 0);
	fh_expect_called(fh, FH_OPENED, 2047, 0, 0);
	KUNIT_EXPECT_TRUE(test, vrelay_client_signal(a));
	KUNIT_EXPECT_EQ(test, fh->connection, FH_CONNECTION(4U));
	KUNIT_EXPECT_TRUE(test, vrelay_client_signal(b));
	KUNIT_EXPECT_EQ(test, fh->connection, FH_CONNECTION(2047U));

	vrelay_client_close(a);
	fh_expect_chan(fh, VMBUS_MSG_CLOSE, 12, 4);
	KUNIT_EXPECT_NULL(test, fh->bound[4]);
	KUNIT_EXPECT_FALSE(test, vrelay_client_signal(a));
	/* The same flag again, not the lowest that is free. */
	KUNIT_EXPECT_EQ(test, vrelay_client_open(a, &params), 0);
	fh_expect_chan(fh, VMBUS_MSG_OPEN, 148, 4);
	KUNIT_EXPECT_NOT_NULL(test, fh->bound[4]);
	fh_expect_errors(fh, 0);
}

/* One of both features alone: the long form, with what it allows. */
static void compat_share_only_test(struct kunit *test)
{
	struct fh *fh = cx_new(test, VMBUS_VERSION(6, 0), VMBUS_FEATURE_GUEST_SIGNAL);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;
	const __le32 *m;

	params.event = cx_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, fh->nbound, 0U);
	fh_expect_quiet(fh);
	params.event = NULL;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[35]), params.connection_id);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), (u32)params.event_flag);
}

static void compat_redirect_only_test(struct kunit *test)
{
	struct fh *fh = cx_new(test, VMBUS_VERSION(6, 0), VMBUS_FEATURE_REDIRECT_INT);
	struct vrelay_hchan *hchan = fh_chan(fh, 4);
	struct vrelay_open params = fh_open_params();
	unsigned int events = 0;
	const __le32 *m;

	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), -EOPNOTSUPP);
	fh_expect_quiet(fh);
	params.event = cx_event;
	params.event_ctx = &events;
	KUNIT_EXPECT_EQ(test, vrelay_client_open(hchan, &params), 0);
	m = fh_expect_chan(fh, VMBUS_MSG_OPEN, 156, 4);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[35]), FH_CONNECTION(4U));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(m[36]), 4 | VMBUS_OPEN_REDIRECT_INTERRUPT << 16);
	KUNIT_EXPECT_NOT_NULL(test, fh->bound[4]);
}

/* Who does not answer to a modify is not asked. */
static void compat_modify_test(struct kunit *test)
{
	static const struct { u32 version; int err; } cases[] = {
		{ VMBUS_VERSION(4, 0), -EOPNOTSUPP }, { VMBUS_VERSION(4, 1), -EOPNOTSUPP },
		{ VMBUS_VERSION(5, 2), -EOPNOTSUPP }, { VMBUS_VERSION(5, 3), 0 },
	};
	struct vrelay_open params = fh_open_params();
	struct vrelay_hchan *hchan;
	unsigned int events, i;
	struct fh *fh;

	params.event = cx_event;
	params.event_ctx = &events;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fh = cx_new(test, cases[i].version, 0);
		hchan = fh_chan(fh, 4);
		KUNIT_ASSERT_EQ(test, vrelay_client_open(hchan, &params), 0);
		fh_expect_chan(fh, VMBUS_MSG_OPEN, 148, 4);
		fh_opened(fh, 4, 0);
		fh_expect_called(fh, FH_OPENED, 4, 0, 0);
		KUNIT_EXPECT_EQ_MSG(test, vrelay_client_modify(hchan, 1), cases[i].err, "case %u",
				    i);
		KUNIT_EXPECT_EQ(test, hchan->modify_pending, !cases[i].err);
		if (!cases[i].err) {
			fh_expect_chan(fh, VMBUS_MSG_MODIFY_CHANNEL, 16, 4);
			fh_answer_modify(fh, 4, 0);
			fh_expect_called(fh, FH_MODIFIED, 4, 0, 0);
		}
		fh_expect_quiet(fh);
	}
}

static struct kunit_case compat_cases[] = {
	KUNIT_CASE(compat_own_flag_test),
	KUNIT_CASE(compat_share_only_test),
	KUNIT_CASE(compat_redirect_only_test),
	KUNIT_CASE(compat_modify_test),
	{}
};

static struct kunit_suite compat_suite = {
	.name = "vmbus_client_compat",
	.test_cases = compat_cases,
};

kunit_test_suite(compat_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: hosts without features");
MODULE_LICENSE("GPL");
