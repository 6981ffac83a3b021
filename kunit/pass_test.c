// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_pass: packets both ways when an end has no room, and a guest that comes
 * and goes while the host takes its time.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <vmbus/pass.h>

#include "fake_guest.h"
#include "ring_test.h"

#define PT_GPADL	0x9a55
#define PT_UP		2	/* pages of the ring to the host: fg_open() says so */
#define PT_DOWN		3
#define PT_LEN		64	/* bytes of each packet */
#define PT_MAX		256

static const struct vsrv_offer pt_offer = {
	.class_id = GUID_INIT(0x9a550000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
	.instance_id = GUID_INIT(0x9a550000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
};

/**
 * struct pt - a channel that passes, and both of its ends
 * @fg: guest
 * @pass: channel
 * @id: its id
 * @down_pages: of the ring to the guest
 * @up: the guest's view of its ring to the host, and
 * @down: of the other one
 * @wait: woken by all that the host is asked
 * @hold_open: the host opens when @gate lets it
 * @hold_close: and closes
 * @gate: see there
 * @open_err: what it answers
 * @params: of the last open, with
 * @user: a byte of its user data
 * @opens: the host was asked to open
 * @closes: and to close
 * @closed: it has
 * @full: the host takes no packet
 * @sent: packets that it took, each the transaction id
 * @nsent: their number
 * @queued: calls of queue()
 * @passed: by direction, the host's first
 * @data: payload of the packets of the host
 */
struct pt {
	struct fg *fg;
	struct vpass *pass;
	u32 id;
	unsigned int down_pages;
	struct rt up, down;
	wait_queue_head_t wait;
	bool hold_open, hold_close;
	struct completion gate;
	int open_err;
	struct vsrv_ring_params params;
	u8 user;
	unsigned int opens, closes, closed;
	bool full;
	u64 sent[PT_MAX];
	unsigned int nsent;
	unsigned int queued;
	unsigned int passed[2];
	u8 data[PT_LEN];
};

/* ---- the host's end ------------------------------------------------------------------- */

static int pt_host_open(void *ctx, struct vpass *pass, const struct vsrv_ring_params *params)
{
	struct pt *pt = ctx;

	pt->params = *params;
	pt->user = params->user_data[VMBUS_USER_DEFINED_SIZE - 1];
	WRITE_ONCE(pt->opens, pt->opens + 1);
	wake_up_all(&pt->wait);
	if (pt->hold_open)
		wait_for_completion(&pt->gate);
	return pt->open_err;
}

static void pt_host_close(void *ctx)
{
	struct pt *pt = ctx;

	WRITE_ONCE(pt->closes, pt->closes + 1);
	wake_up_all(&pt->wait);
	if (pt->hold_close)
		wait_for_completion(&pt->gate);
	WRITE_ONCE(pt->closed, pt->closed + 1);
	wake_up_all(&pt->wait);
}

static int pt_host_send(void *ctx, const struct vsrv_packet *pkt)
{
	struct pt *pt = ctx;

	if (READ_ONCE(pt->full))
		return -EAGAIN;
	if (pt->nsent < PT_MAX)
		pt->sent[pt->nsent] = pkt->trans_id;
	WRITE_ONCE(pt->nsent, pt->nsent + 1);
	wake_up_all(&pt->wait);
	return 0;
}

static void pt_host_queue(void *ctx)
{
	struct pt *pt = ctx;

	/* By the reader, or by the test while that has nothing to do. */
	WRITE_ONCE(pt->queued, pt->queued + 1);
	wake_up_all(&pt->wait);
}

static void pt_passed(void *ctx, bool to_host, const struct vsrv_packet *pkt)
{
	struct pt *pt = ctx;

	pt->passed[!to_host]++;
}

static const struct vpass_host_ops pt_ops = {
	.open = pt_host_open,
	.close = pt_host_close,
	.send = pt_host_send,
	.queue = pt_host_queue,
	.passed = pt_passed,
};

static void pt_expect_soon(struct pt *pt, const unsigned int *count, unsigned int n)
{
	KUNIT_ASSERT_NE(pt->fg->test,
			wait_event_timeout(pt->wait, READ_ONCE(*count) == n, FG_TIMEOUT), 0L);
}

/* The host delivers packet @n; false if it is to wait. */
static bool pt_deliver(struct pt *pt, u64 n)
{
	struct vsrv_packet pkt = {
		.type = VM_PKT_DATA_INBAND, .trans_id = n, .payload = pt->data, .len = PT_LEN,
	};

	if (!vpass_ready(pt->pass))
		return false;
	vpass_packet(pt->pass, &pkt);
	return true;
}

/* Deliver from @n on until it is to wait; returns the number of the next one. */
static u64 pt_fill(struct pt *pt, u64 n)
{
	while (pt_deliver(pt, n))
		n++;
	vpass_flush(pt->pass);
	return n;
}

/* ---- the guest ------------------------------------------------------------------------- */

static void pt_connect(struct pt *pt)
{
	struct fg *fg = pt->fg;

	fg_connect(fg, FG_V(5, 3), 0);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	pt->id = fg_expect_offer(fg);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, sizeof(struct vmbus_msg_hdr));
}

/* The monitor resets the guest. */
static void pt_reset(struct pt *pt)
{
	vpart_reset(pt->fg->part);
	fg_synic_on(pt->fg);
}

static void pt_gpadl(struct pt *pt, u32 gpadl, u32 status)
{
	fg_gpadl(pt->fg, pt->id, gpadl, PT_UP + pt->down_pages);
	fg_expect_created(pt->fg, pt->id, gpadl, status);
}

/* Ask for the open with a new GPADL. */
static void pt_ask_open(struct pt *pt)
{
	pt_gpadl(pt, PT_GPADL, 0);
	memset(pt->up.hdr, 0, PAGE_SIZE);
	memset(pt->down.hdr, 0, PAGE_SIZE);
	fg_open(pt->fg, pt->id, PT_GPADL, 0);
}

static void pt_open(struct pt *pt)
{
	pt_ask_open(pt);
	fg_expect_opened(pt->fg, pt->id, 0);
}

static void pt_signal(struct pt *pt)
{
	KUNIT_ASSERT_EQ(pt->fg->test,
			vpart_hypercall_signal(pt->fg->part,
					       VMBUS_CONN_EVENT(pt->id, VMBUS_SINT, 0), 0),
			HV_STATUS_SUCCESS);
}

static void pt_write(struct pt *pt, u64 n)
{
	u8 body[PT_LEN] = { };
	bool signal;

	KUNIT_ASSERT_TRUE(pt->fg->test, rt_guest_write(&pt->up, RT_INBAND, 2, n, body, PT_LEN,
						       &signal));
	if (signal)
		pt_signal(pt);
}

/* It reads packets number @n up to @end. */
static void pt_read(struct pt *pt, u64 n, u64 end)
{
	struct rt *rt = &pt->down;

	for (; n < end; n++) {
		struct vmpacket_descriptor *d = (void *)rt->data + rt->hdr->read_index;

		/* Pairs with the release in vsrv_ring_write_commit(). */
		KUNIT_ASSERT_NE(pt->fg->test, virt_load_acquire(&rt->hdr->write_index),
				rt->hdr->read_index);
		KUNIT_ASSERT_EQ(pt->fg->test, d->trans_id, n);
		/* Pairs with the acquire in ring_out_look(). */
		virt_store_release(&rt->hdr->read_index,
				   (rt->hdr->read_index + RT_TOTAL(PT_LEN)) % rt->size);
	}
}

/* The guest's reader has done what there was to do. */
static void pt_settle(struct pt *pt)
{
	struct kthread_worker *worker = vpart_worker(pt->fg->part, 0);

	KUNIT_ASSERT_NOT_NULL(pt->fg->test, worker);
	/* What it queues itself is behind the first. */
	kthread_flush_worker(worker);
	kthread_flush_worker(worker);
}

/* A guest is reset; the host has not closed yet when the next one asks for its open. */
static void pt_ask_open_in_close(struct pt *pt)
{
	pt_open(pt);
	pt->hold_close = true;
	pt_reset(pt);
	pt_expect_soon(pt, &pt->closes, 1);
	pt_connect(pt);
	pt_ask_open(pt);
}

/* The host gets the first packet. */
static void pt_expect_works(struct pt *pt)
{
	pt_write(pt, 7);
	pt_expect_soon(pt, &pt->nsent, 1);
}

/* So many messages wait for a guest that is stopped. */
static void pt_expect_answers(struct pt *pt, unsigned int n)
{
	unsigned long deadline = jiffies + FG_TIMEOUT;

	while (READ_ONCE(pt->fg->srv->outq.len) != n && time_before(jiffies, deadline))
		usleep_range(1000, 2000);
	KUNIT_ASSERT_EQ(pt->fg->test, READ_ONCE(pt->fg->srv->outq.len), n);
}

/* ---- life ------------------------------------------------------------------------------ */

static void pt_free(void *ctx)
{
	struct pt *pt = ctx;

	complete_all(&pt->gate);
	if (!IS_ERR_OR_NULL(pt->pass))
		vpass_revoke(pt->pass);
	KUNIT_EXPECT_EQ(pt->fg->test, pt->closes, pt->closed);
	vunmap(pt->up.base);
	vunmap(pt->down.base);
}

static struct pt *pt_new(struct kunit *test, unsigned int down_pages)
{
	struct pt *pt = kunit_kzalloc(test, sizeof(*pt), GFP_KERNEL);
	struct page **pages;

	KUNIT_ASSERT_NOT_NULL(test, pt);
	init_waitqueue_head(&pt->wait);
	init_completion(&pt->gate);
	pt->fg = fg_new(test);
	pt->down_pages = down_pages;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, pt_free, pt), 0);
	pages = &pt->fg->pages[FG_RING];
	rt_map(test, &pt->up, pages, PT_UP);
	rt_map(test, &pt->down, pages + PT_UP, down_pages);
	pt->pass = vpass_offer(pt->fg->srv, &pt_offer, &pt_ops, pt);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pt->pass));
	pt_connect(pt);
	return pt;
}

/* ---- tests ----------------------------------------------------------------------------- */

/* The host's channel is as the guest's, and opens and closes with it. */
static void pass_both_ways_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	unsigned int round;

	for (round = 1; round <= 2; round++) {
		pt_open(pt);
		KUNIT_EXPECT_EQ(test, pt->opens, round);
		KUNIT_EXPECT_EQ(test, pt->params.to_host_pages, PT_UP);
		KUNIT_EXPECT_EQ(test, pt->params.from_host_pages, PT_DOWN);
		KUNIT_EXPECT_EQ(test, pt->user, 0x75);

		pt_write(pt, 10 * round);
		pt_expect_soon(pt, &pt->nsent, round);
		KUNIT_EXPECT_EQ(test, pt->sent[round - 1], 10 * round);
		KUNIT_EXPECT_TRUE(test, pt_deliver(pt, 20));
		KUNIT_EXPECT_TRUE(test, pt_deliver(pt, 21));
		/* Not before the end of the batch. */
		KUNIT_EXPECT_EQ(test, pt->down.hdr->write_index, 0U);
		vpass_flush(pt->pass);
		pt_read(pt, 20, 22);

		fg_channel(pt->fg, VMBUS_MSG_CLOSE, pt->id);
		fg_teardown(pt->fg, pt->id, PT_GPADL);
		fg_expect_torndown(pt->fg, PT_GPADL);
		KUNIT_EXPECT_EQ(test, pt->closed, round);
		KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	}
	KUNIT_EXPECT_EQ(test, pt->passed[0], 2U);
	KUNIT_EXPECT_EQ(test, pt->passed[1], 4U);
}

/* The host has no room: nothing more is read until it has, and nothing is lost. */
static void pass_host_full_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	u64 n;

	pt_open(pt);
	pt->full = true;
	for (n = 0; n < 3; n++)
		pt_write(pt, n);
	pt_signal(pt);
	pt_settle(pt);
	KUNIT_EXPECT_EQ(test, pt->nsent, 0U);
	KUNIT_EXPECT_EQ(test, pt->up.hdr->read_index, (u32)RT_TOTAL(PT_LEN));
	vpass_room(pt->pass);
	pt_settle(pt);
	KUNIT_EXPECT_EQ(test, pt->nsent, 0U);

	WRITE_ONCE(pt->full, false);
	vpass_room(pt->pass);
	pt_expect_soon(pt, &pt->nsent, 3);
	for (n = 0; n < 3; n++)
		KUNIT_EXPECT_EQ(test, pt->sent[n], n);
}

/*
 * The guest has no room.  It can signal as it likes, and so can the host: the host's end
 * is not woken before there is some.
 */
static void pass_guest_full_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_UP);
	unsigned int i;
	u64 n;

	pt_open(pt);
	n = pt_fill(pt, 0);
	KUNIT_EXPECT_EQ(test, n, DIV_ROUND_UP_ULL(PAGE_SIZE - 8, RT_TOTAL(PT_LEN)));
	KUNIT_EXPECT_EQ(test, pt->down.hdr->pending_send_sz, (u32)RT_TOTAL(PT_LEN));
	for (i = 0; i < 3; i++) {
		pt_signal(pt);
		vpass_room(pt->pass);
		pt_settle(pt);
		KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	}
	KUNIT_EXPECT_EQ(test, READ_ONCE(pt->queued), 0U);

	/* The last one has found no room. */
	pt_read(pt, 0, n - 1);
	pt_signal(pt);
	pt_expect_soon(pt, &pt->queued, 1);
	KUNIT_EXPECT_EQ(test, pt_fill(pt, n), n + n - 1);
	pt_read(pt, n - 1, n + n - 2);
}

/* A guest that breaks its ring while a packet waits: the host's end does not wait for ever. */
static void pass_guest_spoilt_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_UP);
	unsigned int queued;
	u64 n;

	pt_open(pt);
	n = pt_fill(pt, 0);
	pt_settle(pt);
	KUNIT_EXPECT_EQ(test, READ_ONCE(pt->queued), 0U);
	pt->down.hdr->read_index = 4;
	pt_signal(pt);
	pt_settle(pt);
	queued = READ_ONCE(pt->queued);
	KUNIT_EXPECT_GE(test, queued, 1U);
	KUNIT_EXPECT_TRUE(test, vpass_ready(pt->pass));
	pt_signal(pt);
	pt_settle(pt);
	KUNIT_EXPECT_EQ(test, READ_ONCE(pt->queued), queued);
	KUNIT_EXPECT_EQ(test, pt->passed[1], n - 1);
}

/* A host that refuses: so is the guest, and both can try again. */
static void pass_refused_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);

	pt->open_err = -EIO;
	pt_ask_open(pt);
	fg_expect_opened(pt->fg, pt->id, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	fg_teardown(pt->fg, pt->id, PT_GPADL);
	fg_expect_torndown(pt->fg, PT_GPADL);
	pt->open_err = 0;
	pt_open(pt);
	KUNIT_EXPECT_EQ(test, pt->opens, 2U);
	KUNIT_EXPECT_EQ(test, pt->closes, 0U);
	KUNIT_EXPECT_TRUE(test, vpass_ready(pt->pass));
}

/*
 * The guest is reset while the host does not answer: it has its memory back at once, and
 * the next one its own open, after the host is through with that of the first.
 */
static void pass_reset_in_open_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	struct fg *fg = pt->fg;
	int pinned = atomic_read(&fg->pinned);

	pt->hold_open = true;
	pt_ask_open(pt);
	pt_expect_soon(pt, &pt->opens, 1);
	KUNIT_EXPECT_GT(test, atomic_read(&fg->pinned), pinned);
	pt_reset(pt);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);
	KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	pt_connect(pt);

	pt_ask_open(pt);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, pt->opens, 1U);
	complete(&pt->gate);
	pt_expect_soon(pt, &pt->opens, 2);
	KUNIT_EXPECT_EQ(test, pt->closed, 1U);
	fg_expect_quiet(fg);
	complete(&pt->gate);
	fg_expect_opened(fg, pt->id, 0);
	pt_expect_works(pt);
}

/* The same with a host that does not close. */
static void pass_reset_in_close_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	struct fg *fg = pt->fg;
	int pinned = atomic_read(&fg->pinned);

	pt_open(pt);
	pt->hold_close = true;
	fg_channel(fg, VMBUS_MSG_CLOSE, pt->id);
	pt_expect_soon(pt, &pt->closes, 1);
	/* Its last words pass. */
	KUNIT_EXPECT_TRUE(test, pt_deliver(pt, 1));
	pt_reset(pt);
	KUNIT_EXPECT_EQ(test, atomic_read(&fg->pinned), pinned);
	KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	pt_connect(pt);
	pt_ask_open(pt);
	fg_expect_quiet(fg);
	complete(&pt->gate);
	fg_expect_opened(fg, pt->id, 0);
	KUNIT_EXPECT_EQ(test, pt->opens, 2U);
	KUNIT_EXPECT_EQ(test, pt->closes, 1U);
}

/* The guest is stopped while the host does not answer: nothing waits, nothing is written. */
static void pass_stop_in_open_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	struct fg *fg = pt->fg;

	pt->hold_open = true;
	pt_ask_open(pt);
	pt_expect_soon(pt, &pt->opens, 1);
	/* Before its open is answered the host may say something. */
	KUNIT_EXPECT_TRUE(test, pt_deliver(pt, 1));
	fg_stop(fg);
	KUNIT_EXPECT_FALSE(test, pt_deliver(pt, 2));
	complete(&pt->gate);
	/* The answer waits as well. */
	pt_expect_answers(pt, 1);
	KUNIT_EXPECT_FALSE(test, fg_take(fg, 0));
	kunit_release_action(test, fg_start, fg);
	fg_expect_opened(fg, pt->id, 0);
	KUNIT_EXPECT_GE(test, READ_ONCE(pt->queued), 1U);
	KUNIT_EXPECT_TRUE(test, pt_deliver(pt, 2));
	vpass_flush(pt->pass);
	pt_read(pt, 1, 3);
	pt_expect_works(pt);
}

/* It is stopped before the host is asked: its rings are not looked at, either. */
static void pass_stop_before_open_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);
	struct fg *fg = pt->fg;

	pt_ask_open_in_close(pt);
	fg_stop(fg);
	complete(&pt->gate);
	pt_expect_soon(pt, &pt->closed, 1);
	/* Time for what must not happen. */
	msleep(50);
	KUNIT_EXPECT_EQ(test, pt->opens, 1U);
	KUNIT_EXPECT_EQ(test, pt->up.hdr->feature_bits.value, 0U);
	KUNIT_EXPECT_EQ(test, pt->down.hdr->feature_bits.value, 0U);
	kunit_release_action(test, fg_start, fg);
	fg_expect_opened(fg, pt->id, 0);
	KUNIT_EXPECT_EQ(test, pt->opens, 2U);
	pt_expect_works(pt);
}

/* Two resets within one close of the host: the third guest's open is behind all of that. */
static void pass_reset_twice_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);

	pt_ask_open_in_close(pt);
	pt_reset(pt);
	pt_connect(pt);
	pt_ask_open(pt);
	complete(&pt->gate);
	fg_expect_opened(pt->fg, pt->id, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, pt->opens, 2U);
	KUNIT_EXPECT_EQ(test, pt->closes, 1U);
	pt_expect_works(pt);
}

/* Buffers are not passed on; the rings of the next open may come before the host has closed. */
static void pass_gpadl_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);

	pt_open(pt);
	pt_gpadl(pt, PT_GPADL + 1, VMBUS_STATUS_FAILURE);
	pt->hold_close = true;
	fg_channel(pt->fg, VMBUS_MSG_CLOSE, pt->id);
	pt_expect_soon(pt, &pt->closes, 1);
	pt_gpadl(pt, PT_GPADL + 2, 0);
	complete(&pt->gate);
	pt_expect_soon(pt, &pt->closed, 1);
	fg_teardown(pt->fg, pt->id, PT_GPADL);
	fg_expect_torndown(pt->fg, PT_GPADL);
	fg_open(pt->fg, pt->id, PT_GPADL + 2, 0);
	fg_expect_opened(pt->fg, pt->id, 0);
}

/* The host's device goes: its end is closed at once, whatever the guest does, for good. */
static void pass_sever_test(struct kunit *test)
{
	struct pt *pt = pt_new(test, PT_DOWN);

	pt_open(pt);
	vpass_sever(pt->pass);
	KUNIT_EXPECT_EQ(test, pt->closed, 1U);
	KUNIT_EXPECT_FALSE(test, vpass_ready(pt->pass));
	pt_write(pt, 1);
	pt_signal(pt);
	pt_settle(pt);
	KUNIT_EXPECT_EQ(test, pt->nsent, 0U);
	fg_channel(pt->fg, VMBUS_MSG_CLOSE, pt->id);
	fg_teardown(pt->fg, pt->id, PT_GPADL);
	fg_expect_torndown(pt->fg, PT_GPADL);
	pt_ask_open(pt);
	fg_expect_opened(pt->fg, pt->id, VMBUS_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, pt->opens, 1U);
	KUNIT_EXPECT_EQ(test, pt->closes, 1U);
}

static struct kunit_case pass_cases[] = {
	KUNIT_CASE(pass_both_ways_test),
	KUNIT_CASE(pass_host_full_test),
	KUNIT_CASE(pass_guest_full_test),
	KUNIT_CASE(pass_guest_spoilt_test),
	KUNIT_CASE(pass_refused_test),
	KUNIT_CASE(pass_reset_in_open_test),
	KUNIT_CASE(pass_reset_in_close_test),
	KUNIT_CASE(pass_reset_twice_test),
	KUNIT_CASE(pass_stop_in_open_test),
	KUNIT_CASE(pass_stop_before_open_test),
	KUNIT_CASE(pass_gpadl_test),
	KUNIT_CASE(pass_sever_test),
	{ }
};

static struct kunit_suite pass_suite = {
	.name = "vmbus_pass",
	.test_cases = pass_cases,
};

kunit_test_suite(pass_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_pass");
MODULE_LICENSE("GPL");
