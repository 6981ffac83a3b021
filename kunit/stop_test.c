// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a guest that is stopped: the calls of a monitor, and what the partition
 * does to its clients.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/protocol.h>
#include "part_file.h"

#define ST_TIMEOUT_MS	2000
#define ST_SIMP		(PF_GPA | 1)
#define ST_SIEFP	((PF_GPA + PAGE_SIZE) | 1)

/**
 * struct st_client - a client that counts
 * @client: client
 * @quiesces: calls
 * @resumes: calls
 * @resets: calls
 * @deliverable: calls
 * @while_stopped: resets of these that came between quiesce and resume
 */
struct st_client {
	struct vpart_client client;
	unsigned int quiesces, resumes, resets;
	atomic_t deliverable;
	unsigned int while_stopped;
};

static struct st_client *to_st(struct vpart_client *client)
{
	return container_of(client, struct st_client, client);
}

static void st_deliverable(struct vpart_client *client, u8 vtl, u32 vp, u8 sint)
{
	atomic_inc(&to_st(client)->deliverable);
}

static void st_reset(struct vpart_client *client)
{
	struct st_client *c = to_st(client);

	c->resets++;
	if (c->quiesces > c->resumes)
		c->while_stopped++;
}

static void st_quiesce(struct vpart_client *client)
{
	to_st(client)->quiesces++;
}

static void st_resume(struct vpart_client *client)
{
	to_st(client)->resumes++;
}

static const struct vpart_client_ops st_ops = {
	.deliverable = st_deliverable,
	.reset = st_reset,
	.quiesce = st_quiesce,
	.resume = st_resume,
};

/* A client that need not be told. */
static const struct vpart_client_ops st_deaf_ops = {
	.deliverable = st_deliverable,
	.reset = st_reset,
};

static void st_expect(struct kunit *test, const struct st_client *c, unsigned int quiesces,
		      unsigned int resumes)
{
	KUNIT_EXPECT_EQ(test, c->quiesces, quiesces);
	KUNIT_EXPECT_EQ(test, c->resumes, resumes);
}

static u16 st_post(struct vmbus_partition *part, u8 vtl, u32 connection_id)
{
	struct vpart_message msg = { .vtl = vtl, .connection_id = connection_id, .size = 1 };

	return vpart_hypercall_post(part, &msg);
}

static u16 st_port_message(struct vpart_port *port, const struct vpart_message *msg)
{
	return HV_STATUS_SUCCESS;
}

/* ---- the calls --------------------------------------------------------------------------- */

static void stop_calls_test(struct kunit *test)
{
	struct pf *pf = pf_open(test);
	u64 features = 0;

	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_GET_FEATURES, &features), 0);
	KUNIT_EXPECT_TRUE(test, features & VMBUS_PARTITION_F_STOP);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), -EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, pf->part->stopped);
	pf_close(pf);

	pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	/* START of what runs, STOP of what stands. */
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), 0);
	KUNIT_EXPECT_FALSE(test, pf->part->stopped);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_TRUE(test, pf->part->stopped);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	KUNIT_EXPECT_TRUE(test, pf->part->stopped);
	/* The set-up may change. */
	KUNIT_EXPECT_EQ(test, pf_set_ram(pf, 0), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_START), 0);
	KUNIT_EXPECT_FALSE(test, pf->part->stopped);
}

/* With the monitor the stop is gone, too. */
static void stop_close_test(struct kunit *test)
{
	struct st_client c = { .client.ops = &st_ops };
	struct pf *pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	struct vmbus_partition *part = vpart_get(PF_NAME);

	vpart_client_attach(part, &c.client);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_EQ(test, pf_call(pf, VMBUS_PARTITION_RESET), 0);
	KUNIT_EXPECT_EQ(test, c.while_stopped, 1U);
	st_expect(test, &c, 1, 0);
	pf_close(pf);
	/* It was reset before it was let go on. */
	KUNIT_EXPECT_EQ(test, c.resets, 2U);
	KUNIT_EXPECT_EQ(test, c.while_stopped, 2U);
	st_expect(test, &c, 1, 1);
	KUNIT_EXPECT_FALSE(test, part->stopped);

	pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	KUNIT_EXPECT_FALSE(test, part->stopped);
	st_expect(test, &c, 1, 1);
	vpart_client_detach(part, &c.client);
	vpart_put(part);
}

/* ---- clients ------------------------------------------------------------------------------ */

static void stop_clients_test(struct kunit *test)
{
	struct st_client before = { .client.ops = &st_ops }, late = { .client.ops = &st_ops };
	struct st_client gone = { .client.ops = &st_ops }, deaf = { .client.ops = &st_deaf_ops };
	struct pf *pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	struct vmbus_partition *part = pf->part;

	vpart_client_attach(part, &before.client);
	vpart_client_attach(part, &gone.client);
	vpart_client_attach(part, &deaf.client);
	st_expect(test, &before, 0, 0);
	vpart_start(part);
	st_expect(test, &before, 0, 0);
	vpart_stop(part);
	vpart_stop(part);
	st_expect(test, &before, 1, 0);
	/* Who comes now is stopped at once; who goes is not told any more. */
	vpart_client_attach(part, &late.client);
	st_expect(test, &late, 1, 0);
	vpart_client_detach(part, &gone.client);
	vpart_start(part);
	vpart_start(part);
	st_expect(test, &before, 1, 1);
	st_expect(test, &late, 1, 1);
	st_expect(test, &gone, 1, 0);
	vpart_stop(part);
	vpart_start(part);
	st_expect(test, &before, 2, 2);
	vpart_client_detach(part, &before.client);
	vpart_client_detach(part, &late.client);
	vpart_client_detach(part, &deaf.client);
}

/**
 * struct st_busy - a client that takes long to stop, and meanwhile a VCPU goes on
 * @c: client
 * @pf: file
 * @mm: its address space
 * @done: the VCPU is done
 * @in_time: it was while the client was busy
 * @err: it failed
 */
struct st_busy {
	struct st_client c;
	struct pf *pf;
	struct mm_struct *mm;
	struct completion done;
	bool in_time;
	long err;
};

static int st_vcpu(void *ctx)
{
	struct vmbus_partition_deliverable d = { .sints = 1 };
	struct st_busy *busy = ctx;

	kthread_use_mm(busy->mm);
	busy->err = pf_ioctl(busy->pf, VMBUS_PARTITION_DELIVERABLE, &d);
	kthread_unuse_mm(busy->mm);
	complete(&busy->done);
	return 0;
}

static void st_busy_quiesce(struct vpart_client *client)
{
	struct st_busy *busy = container_of(to_st(client), struct st_busy, c);

	busy->in_time = !IS_ERR(kthread_run(st_vcpu, busy, "stop_test")) &&
			wait_for_completion_timeout(&busy->done, msecs_to_jiffies(ST_TIMEOUT_MS));
}

static const struct vpart_client_ops st_busy_ops = {
	.deliverable = st_deliverable,
	.reset = st_reset,
	.quiesce = st_busy_quiesce,
	.resume = st_resume,
};

/* What a VCPU calls does not wait for a STOP that waits for disks. */
static void stop_busy_test(struct kunit *test)
{
	struct st_busy busy = { .c.client.ops = &st_busy_ops };

	init_completion(&busy.done);
	busy.pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	busy.mm = current->mm;
	vpart_client_attach(busy.pf->part, &busy.c.client);
	KUNIT_EXPECT_EQ(test, pf_call(busy.pf, VMBUS_PARTITION_STOP), 0);
	KUNIT_EXPECT_TRUE(test, busy.in_time);
	if (!busy.in_time)
		wait_for_completion(&busy.done);
	KUNIT_EXPECT_EQ(test, busy.err, 0);
	vpart_client_detach(busy.pf->part, &busy.c.client);
}

/* ---- what the partition itself refuses ------------------------------------------------------ */

static void stop_post_test(struct kunit *test)
{
	struct vpart_port port = { .connection_id = 77, .message = st_port_message };
	struct pf *pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	struct vmbus_partition_message m = { .connection_id = 77, .message_type = 1, .size = 1 };
	atomic64_t *count = &pf->part->counters[VPART_POSTS_STOPPED];

	KUNIT_ASSERT_EQ(test, vpart_port_register(pf->part, &port), 0);
	KUNIT_EXPECT_EQ(test, st_post(pf->part, VPART_VTL_GUEST, 77), HV_STATUS_SUCCESS);
	vpart_stop(pf->part);
	KUNIT_EXPECT_EQ(test, st_post(pf->part, VPART_VTL_GUEST, 77),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	/* The guest cannot find out either what there is. */
	KUNIT_EXPECT_EQ(test, st_post(pf->part, VPART_VTL_GUEST, 78),
			HV_STATUS_INSUFFICIENT_BUFFERS);
	KUNIT_EXPECT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_POST_MESSAGE, &m), 0);
	KUNIT_EXPECT_EQ(test, m.status, 0x13U);
	KUNIT_EXPECT_EQ(test, atomic64_read(count), 3);
	/* VTL2 is not stopped. */
	KUNIT_EXPECT_EQ(test, st_post(pf->part, VPART_VTL_PARAVISOR, 77), HV_STATUS_SUCCESS);
	vpart_start(pf->part);
	KUNIT_EXPECT_EQ(test, st_post(pf->part, VPART_VTL_GUEST, 77), HV_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, atomic64_read(count), 3);
	vpart_port_unregister(pf->part, &port);
}

/* Is the first word of a page of the guest, from @offset on, zero? */
static bool st_untouched(struct pf *pf, unsigned long offset)
{
	u64 word = 1;

	KUNIT_ASSERT_EQ(pf->test, copy_from_user(&word, (void __user *)(pf->ram + offset),
						 sizeof(word)), 0);
	return !word;
}

static void stop_synic_test(struct kunit *test)
{
	struct st_client c = { .client.ops = &st_ops };
	struct pf *pf = pf_guest(test, VMBUS_PARTITION_F_STOP, 0);
	struct vmbus_partition *part = pf->part;
	unsigned int i;

	vpart_client_attach(part, &c.client);
	KUNIT_ASSERT_EQ(test, vpart_set_vp(part, 0, NULL), 0);
	vpart_stop(part);
	/* The guest's own registers are as ever. */
	KUNIT_ASSERT_EQ(test, vpart_set_synic(part, 0, 1, ST_SIMP, ST_SIEFP), 0);
	/* That looks who waits. */
	msleep(20);
	KUNIT_EXPECT_EQ(test, vpart_set_event(part, 0, 0, 3, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_send_message(part, 0, 0, 3, "x", 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vpart_set_event(part, VPART_VTL_PARAVISOR, 0, 7, 1), -ENXIO);
	KUNIT_EXPECT_TRUE(test, st_untouched(pf, 3 * sizeof(struct hv_message)));
	KUNIT_EXPECT_TRUE(test, st_untouched(pf, PAGE_SIZE + 3 * 256));
	msleep(60);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.deliverable), 0);

	/* Who had a message is told. */
	vpart_start(part);
	for (i = 0; i < ST_TIMEOUT_MS && !atomic_read(&c.deliverable); i++)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&c.deliverable), 1);
	KUNIT_EXPECT_EQ(test, vpart_send_message(part, 0, 0, 3, "x", 1), 0);
	KUNIT_EXPECT_FALSE(test, st_untouched(pf, 3 * sizeof(struct hv_message)));
	KUNIT_EXPECT_EQ(test, vpart_set_event(part, 0, 0, 3, 1), 0);
	KUNIT_EXPECT_FALSE(test, st_untouched(pf, PAGE_SIZE + 3 * 256));

	/* A slot in use is not marked as waited for, either. */
	vpart_stop(part);
	KUNIT_EXPECT_EQ(test, vpart_send_message(part, 0, 0, 3, "y", 1), -EAGAIN);
	vpart_start(part);
	KUNIT_EXPECT_EQ(test, vpart_send_message(part, 0, 0, 3, "y", 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vpart_clear_vp(part, 0), 0);
	vpart_client_detach(part, &c.client);
}

static struct kunit_case stop_cases[] = {
	KUNIT_CASE(stop_calls_test),
	KUNIT_CASE(stop_close_test),
	KUNIT_CASE(stop_clients_test),
	KUNIT_CASE(stop_busy_test),
	KUNIT_CASE(stop_post_test),
	KUNIT_CASE(stop_synic_test),
	{}
};

static struct kunit_suite stop_suite = {
	.name = "vmbus_stop",
	.test_cases = stop_cases,
};

kunit_test_suite(stop_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_partition: a guest that is stopped");
MODULE_LICENSE("GPL");
