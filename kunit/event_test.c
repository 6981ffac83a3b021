// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a monitor can read.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <vmbus/protocol.h>
#include "part_file.h"

#define ET_EVENTS	VMBUS_PARTITION_F_EVENTS
#define ET_SIZE		sizeof(struct vmbus_partition_event)

/* A monitor that does not wait. */
static struct pf *et_new(struct kunit *test)
{
	struct pf *pf = pf_guest(test, ET_EVENTS | VMBUS_PARTITION_F_STOP, 0);

	pf->file->f_flags |= O_NONBLOCK;
	return pf;
}

static ssize_t et_read(struct pf *pf, struct vmbus_partition_event *events, size_t len)
{
	void __user *buf = (void __user *)pf->arg;
	loff_t pos = 0;
	ssize_t ret;

	ret = vpart_file_ops.read(pf->file, buf, len, &pos);
	if (ret > 0)
		KUNIT_ASSERT_EQ(pf->test, copy_from_user(events, buf, ret), 0);
	return ret;
}

static bool et_polls(struct pf *pf, __poll_t want)
{
	return vpart_file_ops.poll(pf->file, NULL) == want;
}

/* The next record is this one. */
static void et_expect(struct pf *pf, u32 type, u64 count, u64 data)
{
	struct vmbus_partition_event e = { };

	KUNIT_ASSERT_EQ_MSG(pf->test, et_read(pf, &e, ET_SIZE), (ssize_t)ET_SIZE, "type %u", type);
	KUNIT_EXPECT_EQ(pf->test, e.type, type);
	KUNIT_EXPECT_EQ(pf->test, e.flags, 0U);
	KUNIT_EXPECT_EQ_MSG(pf->test, e.count, count, "type %u", type);
	KUNIT_EXPECT_EQ_MSG(pf->test, e.data, data, "type %u", type);
}

static void et_expect_none(struct pf *pf)
{
	struct vmbus_partition_event e;

	KUNIT_EXPECT_EQ(pf->test, et_read(pf, &e, ET_SIZE), -EAGAIN);
	KUNIT_EXPECT_TRUE(pf->test, et_polls(pf, 0));
}

static void event_feature_test(struct kunit *test)
{
	struct vmbus_partition_event e;
	struct pf *pf = pf_open(test);
	u64 features = 0;

	KUNIT_EXPECT_EQ(test, et_read(pf, &e, ET_SIZE), -ENOTCONN);
	KUNIT_EXPECT_TRUE(test, et_polls(pf, EPOLLERR));
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_FEATURES, &features), 0);
	KUNIT_EXPECT_TRUE(test, features & ET_EVENTS);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	KUNIT_EXPECT_EQ(test, et_read(pf, &e, ET_SIZE), -EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, et_polls(pf, EPOLLERR));
}

static void event_size_test(struct kunit *test)
{
	struct pf *pf = et_new(test);
	struct vmbus_partition_event e[3];
	loff_t pos = 0;

	KUNIT_EXPECT_EQ(test, et_read(pf, e, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, et_read(pf, e, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, et_read(pf, e, ET_SIZE - 1), -EINVAL);
	et_expect_none(pf);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_CONNECTED, 5);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_FAULT, 6);
	KUNIT_EXPECT_EQ(test, et_read(pf, e, ET_SIZE - 1), -EINVAL);
	/* Whole records only. */
	KUNIT_EXPECT_EQ(test, et_read(pf, e, 2 * ET_SIZE - 1), (ssize_t)ET_SIZE);
	KUNIT_EXPECT_EQ(test, e[0].type, VMBUS_PARTITION_EVENT_CONNECTED);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_CONNECTED, 7);
	KUNIT_EXPECT_EQ(test, et_read(pf, e, sizeof(e)), (ssize_t)(2 * ET_SIZE));
	KUNIT_EXPECT_EQ(test, e[0].type, VMBUS_PARTITION_EVENT_FAULT);
	KUNIT_EXPECT_EQ(test, e[0].data, 6U);
	KUNIT_EXPECT_EQ(test, e[1].type, VMBUS_PARTITION_EVENT_CONNECTED);
	KUNIT_EXPECT_EQ(test, e[1].data, 7U);
	et_expect_none(pf);

	/* A buffer that cannot be written: nothing is lost, nor out of order. */
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_RESET, 0);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_FAULT, 8);
	KUNIT_EXPECT_EQ(test, vpart_file_ops.read(pf->file, (char __user *)8, 64, &pos), -EFAULT);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_RESET, 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_RESET, 2, 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_FAULT, 1, 8);
	et_expect_none(pf);
}

static unsigned int et_wakeups;

static int et_woken(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key)
{
	et_wakeups++;
	return 0;
}

/* However much happens there is one record of a type. */
static void event_merge_test(struct kunit *test)
{
	struct vmbus_partition_event e[VPART_EVENT_TYPES + 1], one;
	struct pf *pf = et_new(test);
	struct wait_queue_entry wait;
	unsigned int i, type;

	for (i = 1; i <= 1000; i++)
		for (type = 1; type < VPART_EVENT_TYPES; type++)
			vpart_event(pf->part, VPART_EVENT_TYPES - type, i);
	KUNIT_EXPECT_TRUE(test, et_polls(pf, EPOLLIN | EPOLLRDNORM));
	KUNIT_EXPECT_EQ(test, et_read(pf, e, sizeof(e)),
			(ssize_t)((VPART_EVENT_TYPES - 1) * ET_SIZE));
	for (i = 0; i < VPART_EVENT_TYPES - 1; i++) {
		KUNIT_EXPECT_EQ(test, e[i].type, VPART_EVENT_TYPES - 1 - i);
		KUNIT_EXPECT_EQ(test, e[i].count, 1000U);
		KUNIT_EXPECT_EQ(test, e[i].data, 1000U);
	}
	et_expect_none(pf);

	/* One that was taken and put back joins what came meanwhile. */
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_FAULT, 1);
	KUNIT_ASSERT_TRUE(test, vpart_events_take(pf->part, &one));
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_RESET, 0);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_FAULT, 2);
	/* Another reader may have found nothing meanwhile. */
	et_wakeups = 0;
	init_waitqueue_func_entry(&wait, et_woken);
	add_wait_queue(&pf->part->events.wait, &wait);
	vpart_events_put_back(pf->part, &one);
	remove_wait_queue(&pf->part->events.wait, &wait);
	KUNIT_EXPECT_EQ(test, et_wakeups, 1U);
	et_expect(pf, VMBUS_PARTITION_EVENT_RESET, 1, 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_FAULT, 2, 2);
	et_expect_none(pf);
}

/* ---- what happens ----------------------------------------------------------------------- */

static u16 et_message(struct vpart_port *port, const struct vpart_message *msg)
{
	return HV_STATUS_SUCCESS;
}

static void event_types_test(struct kunit *test)
{
	struct vpart_port server = {
		.connection_id = VMBUS_CONN_MESSAGE, .message = et_message,
	};
	struct vpart_port other = {
		.connection_id = VMBUS_CONN_MESSAGE_MULTI, .message = et_message,
	};
	struct vpart_port twin = server;
	struct pf *pf = et_new(test);
	u64 pfns[] = { PF_PFN, PF_PFN - 1 };
	struct page *pages[2];

	et_expect_none(pf);
	KUNIT_ASSERT_EQ(test, vpart_port_register(pf->part, &other), 0);
	et_expect_none(pf);
	KUNIT_ASSERT_EQ(test, vpart_port_register(pf->part, &server), 0);
	KUNIT_EXPECT_EQ(test, vpart_port_register(pf->part, &twin), -EEXIST);
	et_expect(pf, VMBUS_PARTITION_EVENT_SERVER, 1, 1);
	vpart_port_unregister(pf->part, &other);
	et_expect_none(pf);
	vpart_port_unregister(pf->part, &server);
	et_expect(pf, VMBUS_PARTITION_EVENT_SERVER, 1, 0);

	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), 0);
	et_expect_none(pf);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_STOPPED, 1, 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_RESET, 1, 0);
	et_expect(pf, VMBUS_PARTITION_EVENT_STARTED, 1, 0);

	KUNIT_EXPECT_EQ(test, vpart_check_pfns(pf->part, pfns, 2, false), -EFAULT);
	et_expect(pf, VMBUS_PARTITION_EVENT_FAULT, 1, PF_PFN - 1);
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pf->part, pfns, 2, false, pages), -EFAULT);
	pfns[1] = U64_MAX;
	KUNIT_EXPECT_EQ(test, vpart_pin_pages(pf->part, pfns, 2, false, pages), -EFAULT);
	et_expect(pf, VMBUS_PARTITION_EVENT_FAULT, 2, U64_MAX);
	et_expect_none(pf);
}

/* A monitor hears nothing of the guest of the one before. */
static void event_attach_test(struct kunit *test)
{
	struct vpart_port server = {
		.connection_id = VMBUS_CONN_MESSAGE, .message = et_message,
	};
	struct vmbus_partition *part = vpart_get(PF_NAME);
	struct pf *pf;

	KUNIT_ASSERT_EQ(test, vpart_port_register(part, &server), 0);
	pf = et_new(test);
	et_expect(pf, VMBUS_PARTITION_EVENT_SERVER, 1, 1);
	et_expect_none(pf);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	pf_close(pf);
	vpart_port_unregister(part, &server);
	vpart_event(part, VMBUS_PARTITION_EVENT_FAULT, 1);
	pf = et_new(test);
	et_expect_none(pf);
	vpart_put(part);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static int et_later(void *ctx)
{
	struct pf *pf = ctx;

	msleep(50);
	vpart_event(pf->part, VMBUS_PARTITION_EVENT_CONNECTED, 0x50003);
	return 0;
}

static void event_wait_test(struct kunit *test)
{
	struct pf *pf = et_new(test);
	struct task_struct *task;

	pf->file->f_flags &= ~O_NONBLOCK;
	task = kthread_create(et_later, pf, "event_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	et_expect(pf, VMBUS_PARTITION_EVENT_CONNECTED, 1, 0x50003);
	kthread_stop(task);
	put_task_struct(task);
	pf->file->f_flags |= O_NONBLOCK;
	et_expect_none(pf);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(event_feature_test),
	KUNIT_CASE(event_size_test),
	KUNIT_CASE(event_merge_test),
	KUNIT_CASE(event_types_test),
	KUNIT_CASE(event_attach_test),
	KUNIT_CASE(event_wait_test),
	{}
};

static struct kunit_suite event_suite = {
	.name = "vmbus_partition_events",
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: events for a monitor");
MODULE_LICENSE("GPL");
