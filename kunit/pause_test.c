// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a client that pauses: it hears nothing, and is heard only if it ends that.
 */
#include <linux/module.h>
#include "fake_guest.h"

/* Connected, offers taken, paused; @dev is open. */
static u32 pt_pause(struct fg *fg, struct fg_dev *dev)
{
	u32 id;

	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, FG_V(6, 0), VMBUS_FEATURE_PAUSE_RESUME),
			1U);
	id = fg_dev_opened(fg, dev);
	fg_simple(fg, VMBUS_MSG_PAUSE);
	fg_expect(fg, VMBUS_MSG_PAUSE_RESPONSE, 8);
	KUNIT_EXPECT_TRUE(fg->test, fg->srv->conn.paused);
	return id;
}

/* Nothing comes; @held messages wait. */
static void pt_expect_silence(struct fg *fg, unsigned int held)
{
	fg_settle(fg);
	KUNIT_EXPECT_FALSE_MSG(fg->test, fg_take(fg, 0), "unexpected message %u", fg_type(fg));
	KUNIT_EXPECT_EQ(fg->test, fg->srv->outq.len, held);
}

/* What happens meanwhile is told afterwards, in order. */
static void pause_output_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	u32 id = pt_pause(fg, dev);

	fg_dev_offer(fg, other, 2);
	pt_expect_silence(fg, 1);
	fg_dev_revoke(dev);
	pt_expect_silence(fg, 2);
	fg_simple(fg, VMBUS_MSG_RESUME);
	KUNIT_EXPECT_FALSE(test, fg->srv->conn.paused);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), vsrv_chan_id(other->chan));
	fg_expect_rescind(fg, id);
	fg_expect_quiet(fg);
}

/* Interrupts and signals are not messages: channels go on. */
static void pause_channels_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = pt_pause(fg, dev);
	int before = atomic_read(&dev->signals);

	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, id));
	KUNIT_EXPECT_EQ(test, vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0),
			HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), before + 1);
}

/* Whatever else the client says is dropped and counted, and does not wait either. */
static void pause_input_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = pt_pause(fg, dev);
	s64 refused = fg_count(fg, VSRV_MESSAGES_REFUSED);

	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	fg_gpadl(fg, id, 0x11, 4);
	fg_modify(fg, id, 1);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_simple(fg, VMBUS_MSG_PAUSE);
	pt_expect_silence(fg, 0);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 5);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, dev->vp, 0U);
	/* What is no message of a client at all stays that. */
	fg_simple(fg, VMBUS_MSG_OFFER);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 1);

	fg_simple(fg, VMBUS_MSG_RESUME);
	fg_channel(fg, VMBUS_MSG_CLOSE, id);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_CLOSED);
	/* A second one is no harm. */
	fg_simple(fg, VMBUS_MSG_RESUME);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 5);
	fg_expect_quiet(fg);
}

/* The answer leaves even if the slot is in use when it is due. */
static void pause_busy_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct hv_message *slot = fg_slot(fg, 0);

	fg_connect(fg, FG_V(6, 0), VMBUS_FEATURE_PAUSE_RESUME);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	WRITE_ONCE(slot->header.message_type, 1);
	fg_simple(fg, VMBUS_MSG_PAUSE);
	fg_dev_offer(fg, dev, 1);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U);
	/* Nothing is taken before the answer has left. */
	fg_simple(fg, VMBUS_MSG_RESUME);
	KUNIT_EXPECT_TRUE(test, fg->srv->conn.paused);
	WRITE_ONCE(slot->header.message_type, HVMSG_NONE);
	fg_expect(fg, VMBUS_MSG_PAUSE_RESPONSE, 8);
	fg_expect_offer(fg);
	KUNIT_EXPECT_FALSE(test, fg->srv->conn.paused);
}

/* Unload and contact end it, too, and so does a reset. */
static void pause_end_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);

	pt_pause(fg, dev);
	fg_dev_offer(fg, other, 2);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect_offer(fg);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	fg_expect_quiet(fg);
	fg_dev_revoke(dev);
	fg_dev_revoke(other);

	pt_pause(fg, dev);
	fg_contact(fg, FG_V(5, 3), 0);
	fg_expect_version(fg, true);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_FALSE(test, fg->srv->conn.paused);
	fg_dev_revoke(dev);

	pt_pause(fg, dev);
	fg_dev_offer(fg, other, 2);
	vpart_reset(fg->part);
	fg_synic_on(fg);
	KUNIT_EXPECT_FALSE(test, fg->srv->conn.paused);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 2U);
}

static struct kunit_case pause_cases[] = {
	KUNIT_CASE(pause_output_test),
	KUNIT_CASE(pause_channels_test),
	KUNIT_CASE(pause_input_test),
	KUNIT_CASE(pause_busy_test),
	KUNIT_CASE(pause_end_test),
	{}
};

static struct kunit_suite pause_suite = {
	.name = "vmbus_pause",
	.test_cases = pause_cases,
};

kunit_test_suite(pause_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: pause and resume");
MODULE_LICENSE("GPL");
