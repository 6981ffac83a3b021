// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay: the guest's monitor pages, which the host gets and
 * gives back.
 */
#include <linux/module.h>
#include "fake_host.h"

#define CM_P2C	0x1122334455667000ULL
#define CM_C2P	0x778899aabbccd000ULL

static struct fh *cm_new(struct kunit *test)
{
	struct fh *fh = fh_new(test);

	fh_enter(fh, VRELAY_CONNECTED);
	return fh;
}

static void cm_expect_sent(struct fh *fh, u64 p2c, u64 c2p)
{
	const __le32 *words = fh_expect(fh, VMBUS_MSG_MODIFY_CONNECTION, 24);

	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(words[0]), lower_32_bits(p2c));
	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(words[1]), upper_32_bits(p2c));
	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(words[2]), lower_32_bits(c2p));
	KUNIT_EXPECT_EQ(fh->test, le32_to_cpu(words[3]), upper_32_bits(c2p));
}

static void cm_answer(struct fh *fh, u8 state)
{
	fh_say_len(fh, VMBUS_MSG_MODIFY_CONNECTION_RESP, state, 0, 0, 9);
}

static void cm_expect_heard(struct fh *fh, int err)
{
	KUNIT_EXPECT_EQ(fh->test, fh->monitors, 1);
	KUNIT_EXPECT_EQ(fh->test, fh->monitor_err, err);
	fh->monitors = 0;
}

/* The host has the pages. */
static void cm_set(struct fh *fh)
{
	KUNIT_ASSERT_EQ(fh->test, vrelay_client_set_monitor(&fh->client, CM_P2C, CM_C2P), 0);
	cm_expect_sent(fh, CM_P2C, CM_C2P);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_expect_heard(fh, 0);
}

/* The guest is gone, in a thread of its own: it waits for the host. */
struct cm_reset {
	struct work_struct work;
	struct fh *fh;
};

static void cm_reset_work(struct work_struct *work)
{
	struct cm_reset *reset = container_of(work, struct cm_reset, work);

	vrelay_client_reset_monitor(&reset->fh->client);
}

static void cm_reset_begin(struct cm_reset *reset, struct fh *fh)
{
	reset->fh = fh;
	INIT_WORK_ONSTACK(&reset->work, cm_reset_work);
	queue_work(fh->wq, &reset->work);
}

/* The same, while the host is being asked; it is still to answer. */
static void cm_reset_begin_asked(struct cm_reset *reset, struct fh *fh)
{
	unsigned long end = jiffies + FH_TIMEOUT;

	KUNIT_EXPECT_EQ(fh->test, vrelay_client_set_monitor(&fh->client, CM_P2C, CM_C2P), 0);
	cm_expect_sent(fh, CM_P2C, CM_C2P);
	cm_reset_begin(reset, fh);
	while (!READ_ONCE(fh->client.monitor.quiet) && time_before(jiffies, end))
		usleep_range(100, 200);
	KUNIT_EXPECT_TRUE(fh->test, READ_ONCE(fh->client.monitor.quiet));
}

static void cm_reset_end(struct cm_reset *reset)
{
	flush_work(&reset->work);
	destroy_work_on_stack(&reset->work);
}

/* ---- cases ----------------------------------------------------------------------------- */

static void monitor_set_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct vrelay_client *client = &fh->client;

	/* A host that does not want them has none. */
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), 0);
	cm_expect_sent(fh, CM_P2C, CM_C2P);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, 0, 0), -EBUSY);
	cm_answer(fh, VMBUS_CONNECTION_FAILED);
	cm_expect_heard(fh, -EIO);
	KUNIT_EXPECT_FALSE(test, client->monitor.has);

	cm_set(fh);
	/* Others, that it does not want: then it has the old ones. */
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_C2P, CM_P2C), 0);
	cm_expect_sent(fh, CM_C2P, CM_P2C);
	cm_answer(fh, VMBUS_CONNECTION_FAILED);
	cm_expect_heard(fh, -EIO);
	KUNIT_EXPECT_TRUE(test, client->monitor.has);

	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, 0, 0), 0);
	cm_expect_sent(fh, 0, 0);
	KUNIT_EXPECT_TRUE(test, client->monitor.has);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_expect_heard(fh, 0);
	KUNIT_EXPECT_FALSE(test, client->monitor.has);
	fh_expect_errors(fh, 0);
	fh_expect_quiet(fh);
}

/* Where the host cannot be asked. */
static void monitor_impossible_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct vrelay_client *client = &fh->client;

	client->features &= ~VMBUS_FEATURE_MODIFY_CONNECTION;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), -EOPNOTSUPP);
	client->features |= VMBUS_FEATURE_MODIFY_CONNECTION;
	client->out_len += VRELAY_MAX_OUTGOING;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), -EBUSY);
	client->out_len -= VRELAY_MAX_OUTGOING;
	fh_expect_quiet(fh);
	fh_enter(fh, VRELAY_CONNECTING);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), -ENODEV);
	fh_enter(fh, VRELAY_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), -ENODEV);
	fh_expect_quiet(fh);
}

static void monitor_stray_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);

	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_answer(fh, VMBUS_CONNECTION_FAILED);
	fh_expect_errors(fh, 2);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(&fh->client, CM_P2C, CM_C2P), 0);
	cm_expect_sent(fh, CM_P2C, CM_C2P);
	fh_say_len(fh, VMBUS_MSG_MODIFY_CONNECTION_RESP, 0, 0, 0, 8);
	fh_expect_errors(fh, 1);
	KUNIT_EXPECT_EQ(test, fh->monitors, 0);
	/* A longer one is none the worse, and any state but 0 is a no. */
	fh_say_len(fh, VMBUS_MSG_MODIFY_CONNECTION_RESP, 0xff, 0, 0, 20);
	cm_expect_heard(fh, -EIO);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	fh_expect_errors(fh, 1);
	fh_expect_quiet(fh);
}

/* One that keeps the guest's memory is cut off. */
static void monitor_kept_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);

	cm_set(fh);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(&fh->client, 0, 0), 0);
	cm_expect_sent(fh, 0, 0);
	cm_answer(fh, VMBUS_CONNECTION_FAILED);
	KUNIT_EXPECT_EQ(test, fh->monitors, 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_DISCONNECTED);
	KUNIT_EXPECT_FALSE(test, fh->client.monitor.has);
	KUNIT_EXPECT_FALSE(test, fh->client.monitor.asked);
}

/* So is one that does not answer, and it is not asked again. */
static void monitor_deadline_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct vrelay_client *client = &fh->client;

	KUNIT_EXPECT_EQ(test, vrelay_client_check_deadline(client), 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), 0);
	KUNIT_EXPECT_GT(test, vrelay_client_check_deadline(client), 0);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(client), VRELAY_CONNECTED);
	client->monitor.deadline = jiffies - 1;
	vrelay_client_check_deadline(client);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(client), VRELAY_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 1);
	KUNIT_EXPECT_EQ(test, fh->monitors, 0);
	fh_enter(fh, VRELAY_CONNECTED);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_P2C, CM_C2P), -EOPNOTSUPP);
	fh_expect_quiet(fh);
	/* Another one may be. */
	KUNIT_ASSERT_EQ(test, vrelay_client_start(client, NULL), 0);
	vrelay_client_stop(client);
	cm_set(fh);
}

/* A guest that is gone has its pages back on return, and nobody waits for an answer. */
static void monitor_reset_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct cm_reset reset;

	/* It has none. */
	vrelay_client_reset_monitor(&fh->client);
	fh_expect_quiet(fh);

	cm_set(fh);
	cm_reset_begin(&reset, fh);
	fh_wait_posts(fh, fh->seen + 1);
	cm_expect_sent(fh, 0, 0);
	KUNIT_EXPECT_TRUE(test, work_busy(&reset.work));
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_reset_end(&reset);

	/* It was being asked. */
	cm_reset_begin_asked(&reset, fh);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_expect_sent(fh, 0, 0);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_reset_end(&reset);
	KUNIT_EXPECT_EQ(test, fh->monitors, 0);
	KUNIT_EXPECT_FALSE(test, fh->client.monitor.has);

	/* And has said no. */
	cm_reset_begin_asked(&reset, fh);
	cm_answer(fh, VMBUS_CONNECTION_FAILED);
	cm_reset_end(&reset);
	KUNIT_EXPECT_EQ(test, fh->monitors, 0);
	/* The next guest's is heard again. */
	cm_set(fh);
	fh_expect_errors(fh, 0);
	fh_expect_quiet(fh);
}

static void monitor_reset_silent_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);

	cm_set(fh);
	fh->client.timeout = 1;
	vrelay_client_reset_monitor(&fh->client);
	KUNIT_EXPECT_EQ(test, vrelay_client_get_state(&fh->client), VRELAY_DISCONNECTED);
	KUNIT_EXPECT_FALSE(test, fh->client.monitor.has);
	KUNIT_EXPECT_EQ(test, fh_count(fh, VRELAY_TIMEOUTS), 1);
}

/* A pause does not keep the guest's memory: it ends. */
static void monitor_paused_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct cm_reset reset;

	cm_set(fh);
	fh->client.pause = VRELAY_PAUSED;
	fh->client.held = true;
	cm_reset_begin(&reset, fh);
	fh_wait_posts(fh, fh->seen + 2);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	cm_expect_sent(fh, 0, 0);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_reset_end(&reset);

	/* It gets no new ones. */
	fh->client.pause = VRELAY_PAUSED;
	fh->client.held = true;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(&fh->client, CM_P2C, CM_C2P), -EBUSY);
	fh_expect_quiet(fh);
	vrelay_client_resume(&fh->client);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	cm_set(fh);
	/* One that is about to pause neither; and that it has some ends it, in any case. */
	fh->client.pause = VRELAY_PAUSING;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(&fh->client, CM_P2C, CM_C2P), -EBUSY);
	fh->client.pause = VRELAY_PAUSED;
	fh->client.held = true;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(&fh->client, 0, 0), 0);
	fh_expect(fh, VMBUS_MSG_RESUME, 8);
	cm_expect_sent(fh, 0, 0);
	cm_answer(fh, VMBUS_CONNECTION_OK);
	cm_expect_heard(fh, 0);
}

/* Of a host that is being left the guest has its pages back when it has let go. */
static void monitor_unload_test(struct kunit *test)
{
	struct fh *fh = cm_new(test);
	struct vrelay_client *client = &fh->client;

	cm_set(fh);
	client->out_len += VRELAY_MAX_OUTGOING;
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, CM_C2P, CM_P2C), -EBUSY);
	client->out_len -= VRELAY_MAX_OUTGOING;
	vrelay_client_unload(client);
	fh_expect(fh, VMBUS_MSG_UNLOAD, 8);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, 0, 0), 0);
	fh_expect_quiet(fh);
	/* One that has crossed. */
	cm_answer(fh, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_TRUE(test, client->monitor.has);
	fh_say_len(fh, VMBUS_MSG_UNLOAD_COMPLETE, 0, 0, 0, 8);
	KUNIT_EXPECT_FALSE(test, client->monitor.has);
	KUNIT_EXPECT_FALSE(test, client->monitor.asked);
	KUNIT_EXPECT_EQ(test, vrelay_client_set_monitor(client, 0, 0), -ENODEV);
	fh_expect_errors(fh, 0);
}

static struct kunit_case client_monitor_cases[] = {
	KUNIT_CASE(monitor_set_test),
	KUNIT_CASE(monitor_impossible_test),
	KUNIT_CASE(monitor_stray_test),
	KUNIT_CASE(monitor_kept_test),
	KUNIT_CASE(monitor_deadline_test),
	KUNIT_CASE(monitor_reset_test),
	KUNIT_CASE(monitor_reset_silent_test),
	KUNIT_CASE(monitor_paused_test),
	KUNIT_CASE(monitor_unload_test),
	{}
};

static struct kunit_suite client_monitor_suite = {
	.name = "vmbus_client_monitor",
	.test_cases = client_monitor_cases,
};

kunit_test_suite(client_monitor_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus relay's client: monitor pages");
MODULE_LICENSE("GPL");
