// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a guest that is stopped: what its server and its devices keep for it.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include "ring_guest.h"

#define SS_PAGE		12UL		/* interrupt or monitor page */
#define SS_HALF		2048		/* bytes */

/* Memory of the guest, to see whether it changes. */
static u32 ss_sum(struct fg *fg)
{
	const u64 *words;
	unsigned int i, k;
	u64 sum = 0;

	for (i = 0; i < FG_PAGES; i++) {
		words = page_address(fg->pages[i]);
		for (k = 0; k < PAGE_SIZE / sizeof(*words); k++)
			sum = sum * 31 + READ_ONCE(words[k]);
	}
	return sum ^ sum >> 32;
}

/* Connected, and @dev is open. */
static u32 ss_open(struct fg *fg, struct fg_dev *dev, u32 version)
{
	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(fg->test, fg_connect_offers(fg, version, 0), 1U);
	return fg_dev_opened(fg, dev);
}

/* ---- channels ------------------------------------------------------------------------- */

static void stop_interrupt_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *closed = fg_dev_new(fg);
	u32 id = ss_open(fg, dev, FG_V(5, 3));
	int signals = atomic_read(&dev->signals), interrupts;

	fg_dev_offer(fg, closed, 2);
	fg_expect_offer(fg);
	interrupts = atomic_read(&fg->interrupts[0]);
	fg_stop(fg);
	KUNIT_EXPECT_TRUE(test, vsrv_quiet(fg->srv));
	KUNIT_EXPECT_EQ(test, dev->quiesces, 1U);
	KUNIT_EXPECT_EQ(test, closed->quiesces, 0U);
	vsrv_chan_interrupt(dev->chan);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[0]), interrupts);
	/* A device may know that the guest signals; it keeps it. */
	vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT(id, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), signals + 1);
	KUNIT_EXPECT_EQ(test, dev->resumes, 0U);

	fg_start(fg);
	KUNIT_EXPECT_FALSE(test, vsrv_quiet(fg->srv));
	KUNIT_EXPECT_EQ(test, dev->resumes, 1U);
	KUNIT_EXPECT_EQ(test, closed->resumes, 0U);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, id));
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->interrupts[0]), interrupts + 1);
	/* One that was not due does not come. */
	fg_stop(fg);
	fg_start(fg);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, fg_event(fg, 0, id));
}

static void stop_messages_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *other = fg_dev_new(fg);
	struct vmbus_msg_hdr unload = { .type = cpu_to_le32(VMBUS_MSG_UNLOAD) };
	u32 id, sum;

	dev->slow = FG_SLOW_OPEN;
	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	id = vsrv_chan_id(dev->chan);
	fg_open(fg, id, 0x6a0000, 0);
	fg_stop(fg);
	sum = ss_sum(fg);

	/* Devices come, and answer; the guest hears nothing. */
	fg_dev_offer(fg, other, 2);
	vsrv_open_done(dev->chan, 0);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, fg_dev_state(dev), VSRV_CHAN_OPEN);
	KUNIT_EXPECT_EQ(test, fg->srv->outq.len, 2U);
	KUNIT_EXPECT_EQ(test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &unload, sizeof(unload)),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	fg_settle(fg);
	msleep(20);
	KUNIT_EXPECT_EQ(test, ss_sum(fg), sum);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_CONNECTED);

	fg_start(fg);
	KUNIT_EXPECT_EQ(test, fg_expect_offer(fg), vsrv_chan_id(other->chan));
	fg_expect_opened(fg, id, 0);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_LOST), 0);
}

static int ss_revoke(void *ctx)
{
	fg_dev_revoke(ctx);
	return 0;
}

/* Until kthread_stop(). */
static struct task_struct *ss_start_revoke(struct fg *fg, struct fg_dev *dev)
{
	struct task_struct *task = kthread_create(ss_revoke, dev, "stop_test");

	KUNIT_ASSERT_FALSE(fg->test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

/* Who takes a device back waits; the guest could not be answered any more. */
static void stop_revoke_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg), *tried = fg_dev_new(fg);
	u32 id = ss_open(fg, dev, FG_V(5, 3)), tried_id;
	struct task_struct *task;

	fg_dev_offer(fg, tried, 2);
	tried_id = fg_expect_offer(fg);
	KUNIT_EXPECT_EQ(test, vsrv_stops(fg->srv), 0U);
	fg_stop(fg);
	KUNIT_EXPECT_EQ(test, vsrv_stops(fg->srv), 1U);
	task = ss_start_revoke(fg, dev);
	msleep(50);
	fg_settle(fg);
	/* Who only tries does not. */
	KUNIT_EXPECT_FALSE(test, vsrv_try_revoke(tried->chan));
	KUNIT_EXPECT_EQ(test, dev->stops, 0U);
	KUNIT_EXPECT_FALSE(test, fg_take(fg, 0));
	/* Nobody takes that for a hanging task. */
	KUNIT_EXPECT_EQ(test, READ_ONCE(task->__state), (unsigned int)TASK_IDLE);
	/* What needs no memory is done all the same. */
	vsrv_tl_unregister(fg->srv);

	fg_start(fg);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_EQ(test, vsrv_stops(fg->srv), 2U);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	fg_expect_rescind(fg, id);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_TRUE(test, vsrv_try_revoke(tried->chan));
	tried->chan = NULL;
	fg_expect_rescind(fg, tried_id);
	fg_expect_quiet(fg);
}

static void stop_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	u32 id = ss_open(fg, dev, FG_V(5, 3)), sum;

	fg_stop(fg);
	vsrv_chan_interrupt(dev->chan);
	sum = ss_sum(fg);
	vpart_reset(fg->part);
	KUNIT_EXPECT_EQ(test, ss_sum(fg), sum);
	KUNIT_EXPECT_TRUE(test, vsrv_quiet(fg->srv));
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.state, VSRV_DISCONNECTED);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), 0);

	/* The next guest begins with nothing. */
	fg_synic_on(fg);
	fg_start(fg);
	KUNIT_EXPECT_EQ(test, dev->resumes, 0U);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
	fg_expect_quiet(fg);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	fg_dev_opened(fg, dev);
	KUNIT_EXPECT_FALSE(test, fg_event(fg, 0, id));
}

/* ---- servers --------------------------------------------------------------------------- */

/* A server that is replaced meanwhile. */
static void stop_replace_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct task_struct *task;
	struct vmbus_srv *srv;

	ss_open(fg, dev, FG_V(5, 3));
	fg_stop(fg);
	/* The one that goes does what waits: nothing is the guest's any more. */
	task = ss_start_revoke(fg, dev);
	msleep(20);
	srv = fg->srv;
	fg->srv = NULL;
	vsrv_destroy(srv);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_EQ(test, dev->stops, 1U);

	/* The one that comes is stopped. */
	srv = vsrv_create(FG_NAME);
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	fg->srv = srv;
	KUNIT_ASSERT_EQ(test, vsrv_start(srv, FG_NAME), 0);
	KUNIT_EXPECT_TRUE(test, vsrv_quiet(srv));
	fg_dev_offer(fg, dev, 1);
	fg_start(fg);
	KUNIT_EXPECT_FALSE(test, vsrv_quiet(srv));
	KUNIT_EXPECT_EQ(test, fg_connect_offers(fg, FG_V(5, 3), 0), 1U);
	/* One that cannot serve does not stay stopped, either. */
	fg_stop(fg);
	srv = vsrv_create("second");
	KUNIT_ASSERT_FALSE(test, IS_ERR(srv));
	KUNIT_EXPECT_EQ(test, vsrv_start(srv, FG_NAME), -EBUSY);
	KUNIT_EXPECT_FALSE(test, vsrv_quiet(srv));
	vsrv_destroy(srv);
	fg_start(fg);
}

/* A reserved channel's answer does not go by the queue. */
static void stop_reserved_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vmbus_open_reserved_msg m = {
		.target_vp = cpu_to_le32(1),
		.target_sint = cpu_to_le32(5),
		.ring_gpadl = cpu_to_le32(0x11),
		.downstream_page = cpu_to_le32(2),
	};
	struct hv_message *slot = fg_slot(fg, 1) + 5 - VMBUS_SINT;
	u32 id;

	dev->slow = FG_SLOW_OPEN;
	fg_dev_offer(fg, dev, 1);
	KUNIT_ASSERT_EQ(test, fg_connect_offers(fg, FG_V(4, 1), 0), 1U);
	id = vsrv_chan_id(dev->chan);
	fg_gpadl(fg, id, 0x11, 4);
	fg_expect_created(fg, id, 0x11, 0);
	m.channel_id = cpu_to_le32(id);
	fg_post(fg, VMBUS_MSG_OPEN_RESERVED, &m, sizeof(m));
	fg_stop(fg);
	vsrv_open_done(dev->chan, 0);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, slot->header.message_type, (u32)HVMSG_NONE);
	fg_start(fg);
	fg_settle(fg);
	KUNIT_EXPECT_EQ(test, slot->header.message_type, (u32)VMBUS_MSG_TYPE_HV);
	KUNIT_EXPECT_EQ(test, *(u32 *)slot->u.payload, (u32)VMBUS_MSG_OPEN_RESULT);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_LOST), 0);
	fg_expect_quiet(fg);
}

/* ---- pages that are looked at ------------------------------------------------------------ */

static void stop_intpage_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	unsigned long *to_guest = page_address(fg->pages[SS_PAGE]);
	unsigned long *from_guest = (void *)to_guest + SS_HALF;
	int signals;
	u32 id;

	fg->int_page = SS_PAGE << PAGE_SHIFT;
	id = ss_open(fg, dev, FG_V(0, 13));
	signals = atomic_read(&dev->signals);
	fg_stop(fg);
	set_bit(id, from_guest);
	vpart_hypercall_signal(fg->part, VMBUS_CONN_EVENT_SHARED, 0);
	vsrv_chan_interrupt(dev->chan);
	KUNIT_EXPECT_TRUE(test, test_bit(id, from_guest));
	KUNIT_EXPECT_FALSE(test, test_bit(id, to_guest));
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), signals);
	fg_start(fg);
	KUNIT_EXPECT_FALSE(test, test_bit(id, from_guest));
	KUNIT_EXPECT_TRUE(test, test_bit(id, to_guest));
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), signals + 1);
}

static void stop_monitor_test(struct kunit *test)
{
	struct vmbus_contact_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.version = cpu_to_le32(FG_V(5, 3)),
		.parent_to_child = cpu_to_le64((SS_PAGE + 1) << PAGE_SHIFT),
		.child_to_parent = cpu_to_le64(SS_PAGE << PAGE_SHIFT),
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vmbus_monitor_page *page = page_address(fg->pages[SS_PAGE]);
	unsigned long end;
	int signals;

	WRITE_ONCE(fg->srv->monitor_latency, 10000);
	m.target_info = cpu_to_le64(VMBUS_SINT);
	fg_dev_offer(fg, dev, 1);
	fg->version = FG_V(5, 3);
	fg_post(fg, VMBUS_MSG_CONTACT, &m, sizeof(m));
	fg_drain(fg);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_drain(fg);
	fg_dev_opened(fg, dev);
	KUNIT_ASSERT_EQ(test, fg->srv->mon.active, 1U);
	signals = atomic_read(&dev->signals);
	fg_stop(fg);
	WRITE_ONCE(page->groups[0].pending, 1);
	msleep(20);
	KUNIT_EXPECT_EQ(test, READ_ONCE(page->groups[0].pending), 1U);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), signals);
	fg_start(fg);
	for (end = jiffies + FG_TIMEOUT; time_before(jiffies, end); usleep_range(500, 1000))
		if (atomic_read(&dev->signals) > signals)
			break;
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->signals), signals + 1);
	KUNIT_EXPECT_EQ(test, READ_ONCE(page->groups[0].pending), 0U);
}

/* ---- rings ----------------------------------------------------------------------------------- */

static void stop_ring_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 3, 3);
	u64 n = 0, m = 0, k;
	u32 sum;

	for (k = 0; k < 20; k++) {
		/* Some before the stop, some after, with a signal and without. */
		while (n < k * 10 + 5)
			rg_write(rg, n++, 8);
		if (k & 1)
			rg_signal(rg);
		fg_stop(rg->fg);
		while (n < (k + 1) * 10)
			rg_write(rg, n++, 8);
		sum = ss_sum(rg->fg);
		if (k & 2)
			rg_signal(rg);
		vsrv_chan_interrupt(rg->dev.chan);
		vsrv_reader_queue(&rg->reader);
		rg_settle(rg);
		KUNIT_EXPECT_EQ(test, ss_sum(rg->fg), sum);
		fg_start(rg->fg);
		KUNIT_EXPECT_TRUE(test, rg_event(rg));
		while (m < n && rg_wait_read(rg, m))
			m++;
		KUNIT_ASSERT_EQ(test, m, n);
	}
	KUNIT_EXPECT_EQ(test, rg->packets, 200U);

	/* Pause and stop in any order. */
	fg_stop(rg->fg);
	vsrv_reader_pause(&rg->reader);
	fg_start(rg->fg);
	rg_write(rg, n, 8);
	rg_signal(rg);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, n));
	vsrv_reader_pause(&rg->reader);
	vsrv_reader_stop(&rg->reader);
	vsrv_reader_resume(&rg->reader);
	KUNIT_EXPECT_FALSE(test, rg->reader.started);
	vsrv_reader_pause(&rg->reader);
	vsrv_reader_resume(&rg->reader);
	KUNIT_EXPECT_FALSE(test, rg->reader.started);
	rg_close(rg);
}

static struct kunit_case stop_server_cases[] = {
	KUNIT_CASE(stop_interrupt_test),
	KUNIT_CASE(stop_messages_test),
	KUNIT_CASE(stop_revoke_test),
	KUNIT_CASE(stop_reset_test),
	KUNIT_CASE(stop_replace_test),
	KUNIT_CASE(stop_reserved_test),
	KUNIT_CASE(stop_intpage_test),
	KUNIT_CASE(stop_monitor_test),
	KUNIT_CASE(stop_ring_test),
	{}
};

static struct kunit_suite stop_server_suite = {
	.name = "vmbus_stop_server",
	.test_cases = stop_server_cases,
};

kunit_test_suite(stop_server_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: a guest that is stopped");
MODULE_LICENSE("GPL");
