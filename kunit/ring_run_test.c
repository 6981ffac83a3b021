// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ring reader and writer of vmbus_srv: long runs, against the
 * kernel's own helpers, against each other and against a peer that keeps
 * changing what is in the ring.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <vmbus/ring.h>
#include "ring_test.h"

#define RT_TIMEOUT	(20 * HZ)

/* The three faces that rt_flip() shows in turn. */
static const struct vmpacket_descriptor rt_faces[] = {
	{ .type = RT_INBAND, .offset8 = 2, .len8 = 4 },
	{ .type = RT_GPA, .offset8 = 5, .len8 = 12 },
	{ .type = RT_INBAND, .offset8 = 500, .len8 = 501 },
};

static int rt_flip(void *ctx)
{
	u64 *word = ctx, face;
	unsigned int i;

	for (i = 0; !kthread_should_stop(); i++) {
		memcpy(&face, &rt_faces[i % 3], 8);
		WRITE_ONCE(*word, face);
		if (i % 4096 == 0)
			cond_resched();
	}
	return 0;
}

/* The peer changes a packet: after it was read, and all the time. */
static void ring_changing_packet_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	struct { u32 reserved, count; u64 words[2]; u64 payload[8]; } body = {
		.count = 1, .words = { RT_RANGE(4096, 0), 77 }, .payload = { 1, 2, 3 },
	};
	struct vsrv_gpa_range range;
	struct task_struct *task;
	unsigned int i, face, seen[3] = {};
	bool signal, torn = false;
	unsigned long deadline;
	struct vsrv_packet pkt;

	rt_reset(test, rt, 4056);
	KUNIT_ASSERT_TRUE(test, rt_guest_write(rt, RT_GPA, 5, 9, &body, sizeof(body), &signal));
	KUNIT_ASSERT_EQ(test, rt_read(rt), 1);
	pkt = rt->pkt;
	memset(rt->data, 0xff, rt->size);
	KUNIT_EXPECT_MEMEQ(test, pkt.ext, (void *)&body, 24);
	KUNIT_EXPECT_MEMEQ(test, pkt.payload, (void *)body.payload, 64);
	KUNIT_EXPECT_EQ(test, pkt.len, 64);
	KUNIT_EXPECT_EQ(test, vsrv_packet_range(&pkt, 0, &range), 0);
	KUNIT_EXPECT_EQ(test, range.pfns[0], 77);
	KUNIT_EXPECT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	KUNIT_EXPECT_EQ(test, rt->hdr->read_index, (4056 + 16 + sizeof(body) + 8) % 4096);

	rt_reset(test, rt, 0);
	memcpy(rt->data + 16, &body, sizeof(body));
	memcpy(rt->data, &rt_faces[0], 16);
	rt->hdr->write_index = 2048;
	task = kthread_create(rt_flip, rt->data, "ring_flip");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	/* Long enough to have met each of the faces often. */
	deadline = jiffies + RT_TIMEOUT;
	for (i = 0; i < 300000 || seen[0] < 1000 || seen[1] < 1000 || seen[2] < 1000; i++) {
		struct vsrv_ring_in in = rt->in;
		const struct vmpacket_descriptor *d = (void *)rt->buf;
		int ret;

		if (i % 64 == 0) {
			cond_resched();
			if (time_after(jiffies, deadline))
				break;
		}
		memset(rt->buf, 0x55, 128);
		ret = vsrv_ring_read(&in, &pkt, rt->buf, 96);
		torn = memchr_inv(rt->buf + 96, 0x55, 32) || ret != (in.error ? -EIO : 1);
		if (torn)
			break;
		if (in.error) {
			seen[2]++;
			continue;
		}
		/* All of what is reported must be of one face. */
		face = d->type == RT_GPA;
		torn = memcmp(d, &rt_faces[face], 8) || pkt.type != d->type ||
		       in.next != d->len8 * 8 + 8 || pkt.len != (d->len8 - d->offset8) * 8 ||
		       pkt.payload != (void *)rt->buf + d->offset8 * 8 ||
		       pkt.ext_len != (face ? 24 : 0);
		if (torn)
			break;
		seen[face]++;
	}
	kthread_stop_put(task);
	KUNIT_EXPECT_FALSE_MSG(test, torn, "at %u", i);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_GT_MSG(test, seen[i], 0, "face %u", i);
}

/* What the n-th packet of a run looks like. */
static u32 rt_nth_len(u32 n)
{
	return (n * 2654435761U >> 8) % 700;
}

static bool rt_nth_ok(struct rt *rt, u32 n, u64 trans_id, const void *payload, u32 len)
{
	rt_fill(rt->src, rt_nth_len(n), n + 1);
	return trans_id == n && len == ALIGN(rt_nth_len(n), 8) &&
	       !memcmp(payload, rt->src, rt_nth_len(n));
}

/* Our writer and the kernel's reader see the same ring. */
static void ring_writer_equivalence_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	u32 written = 0, read = 0, full = 0, signals = 0, kicks = 0;
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 0x76737276);
	rt_reset(test, rt, 4000);
	for (step = 0; step < 6000; step++) {
		u32 count = prandom_u32_state(&rnd) % 4, bytes = 0, room, old, left;
		u32 *out = &rt->hdr->read_index;

		KUNIT_ASSERT_EQ(test, vsrv_ring_space(&rt->out) + 8,
				hv_get_bytes_to_write(&rt->rbi));
		if (prandom_u32_state(&rnd) & 1) {
			bool signal, expected;

			room = hv_get_bytes_to_write(&rt->rbi);
			old = rt->hdr->write_index;
			for (; count; count--, written++) {
				u32 len = rt_nth_len(written);
				int ret;

				rt_fill(rt->src, len, written + 1);
				ret = rt_write(rt, written, rt->src, len);
				KUNIT_ASSERT_EQ(test, ret, room <= RT_TOTAL(len) ? -EAGAIN : 0);
				if (ret)
					break;
				room -= RT_TOTAL(len);
			}
			signal = vsrv_ring_write_commit(&rt->out);
			expected = old != rt->hdr->write_index && !rt->hdr->interrupt_mask &&
				   old == *out;
			KUNIT_ASSERT_EQ(test, signal, expected);
			signals += signal;
			if (count) {
				room = RT_TOTAL(rt_nth_len(written));
				KUNIT_ASSERT_FALSE(test, vsrv_ring_want_space(&rt->out, room));
				full++;
			}
			continue;
		}

		hv_begin_read(&rt->rbi);
		for (; count && bytes < hv_get_bytes_to_read(&rt->rbi); count--, read++) {
			u32 pos = (*out + bytes) % rt->size;
			struct vmpacket_descriptor *d = (void *)rt->data + pos;

			KUNIT_ASSERT_TRUE(test, rt_nth_ok(rt, read, d->trans_id, hv_pkt_data(d),
							  hv_pkt_datalen(d)));
			bytes += hv_pkt_len(d) + 8;
		}
		*out = (*out + bytes) % rt->size;
		if (rt_guest_read_signal(rt, bytes)) {
			KUNIT_ASSERT_GE(test, vsrv_ring_space(&rt->out), rt->hdr->pending_send_sz);
			kicks++;
		}
		left = hv_get_bytes_to_read(&rt->rbi);
		KUNIT_ASSERT_EQ(test, left, rt->size - 8 - vsrv_ring_space(&rt->out));
		/* A guest does not go to sleep on data, but may be held up. */
		if (!left)
			KUNIT_ASSERT_EQ(test, hv_end_read(&rt->rbi), 0);
	}
	/* Every kind of thing happened. */
	KUNIT_EXPECT_GT(test, read, 1000);
	KUNIT_EXPECT_GT(test, full, 100);
	KUNIT_EXPECT_GT(test, signals, 100);
	KUNIT_EXPECT_GT(test, kicks, 100);
}

/* The kernel's writer and our reader see the same ring. */
static void ring_reader_equivalence_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	u32 written = 0, read = 0, full = 0, signals = 0, kicks = 0;
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 0x72656164);
	rt_reset(test, rt, 4000);
	for (step = 0; step < 6000; step++) {
		u32 count = prandom_u32_state(&rnd) % 4, old;
		bool signal = false;

		KUNIT_ASSERT_EQ(test, vsrv_ring_readable(&rt->in),
				hv_get_bytes_to_read(&rt->rbi));
		if (prandom_u32_state(&rnd) & 1) {
			for (; count; count--, written++) {
				u32 len = rt_nth_len(written);
				bool one;

				rt_fill(rt->src, len, written + 1);
				if (!rt_guest_write(rt, RT_INBAND, 2, written, rt->src, len, &one))
					break;
				rt->hdr->pending_send_sz = 0;
				signal |= one;
			}
			signals += signal;
			if (count) {
				rt->hdr->pending_send_sz = RT_TOTAL(rt_nth_len(written));
				full++;
			}
			continue;
		}

		vsrv_ring_mask(&rt->in);
		old = rt->hdr->read_index;
		for (; count; count--, read++) {
			if (!rt_read(rt))
				break;
			KUNIT_ASSERT_TRUE(test, rt_nth_ok(rt, read, rt->pkt.trans_id,
							  rt->pkt.payload, rt->pkt.len));
		}
		signal = vsrv_ring_read_commit(&rt->in);
		KUNIT_ASSERT_EQ(test, signal,
				rt_guest_read_signal(rt, (rt->size + rt->hdr->read_index - old) %
							 rt->size));
		kicks += signal;
		if (!hv_get_bytes_to_read(&rt->rbi))
			KUNIT_ASSERT_FALSE(test, vsrv_ring_unmask(&rt->in));
	}
	KUNIT_EXPECT_GT(test, read, 1000);
	KUNIT_EXPECT_GT(test, full, 100);
	KUNIT_EXPECT_GT(test, signals, 100);
	KUNIT_EXPECT_GT(test, kicks, 100);
}

#define RT_LIVE_PACKETS	100000U

struct rt_live {
	struct rt *rt;
	struct completion data;		/* signal to the reader */
	struct completion space;	/* signal to the writer */
	struct completion done;
	u32 read;
};

static int rt_live_reader(void *ctx)
{
	struct rt_live *live = ctx;
	struct rt *rt = live->rt;
	int ret = 0;

	while (live->read < RT_LIVE_PACKETS) {
		vsrv_ring_mask(&rt->in);
		while (live->read < RT_LIVE_PACKETS && (ret = rt_read(rt)) == 1) {
			if (rt->pkt.trans_id != live->read)
				goto out;
			live->read++;
			if (live->read % 3 == 0 && vsrv_ring_read_commit(&rt->in))
				complete(&live->space);
		}
		if (ret < 0)
			break;
		if (vsrv_ring_read_commit(&rt->in))
			complete(&live->space);
		if (live->read < RT_LIVE_PACKETS && !vsrv_ring_unmask(&rt->in) &&
		    !wait_for_completion_timeout(&live->data, RT_TIMEOUT))
			break;
	}
out:
	complete(&live->done);
	return 0;
}

/* Writer and reader on two CPUs, woken by signals alone: none may be missing. */
static void ring_liveness_test(struct kunit *test)
{
	struct rt *rt = rt_new(test, 1);
	struct rt_live *live = kunit_kzalloc(test, sizeof(*live), GFP_KERNEL);
	struct task_struct *task;
	u32 n = 0, waits = 0;
	int ret = 0;

	KUNIT_ASSERT_NOT_NULL(test, live);
	rt_reset(test, rt, 0);
	live->rt = rt;
	init_completion(&live->data);
	init_completion(&live->space);
	init_completion(&live->done);
	task = kthread_create(rt_live_reader, live, "ring_reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);

	while (n < RT_LIVE_PACKETS) {
		u32 len = rt_nth_len(n);

		ret = rt_write(rt, n, rt->src, len);
		if (ret && ret != -EAGAIN)
			break;
		if (!ret)
			n++;
		if ((ret || n % 4 == 0 || n == RT_LIVE_PACKETS) && vsrv_ring_write_commit(&rt->out))
			complete(&live->data);
		if (ret && !vsrv_ring_want_space(&rt->out, RT_TOTAL(len))) {
			waits++;
			if (!wait_for_completion_timeout(&live->space, RT_TIMEOUT))
				break;
		}
	}
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&live->done, 2 * RT_TIMEOUT), 0);
	kthread_stop_put(task);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, n, RT_LIVE_PACKETS);
	KUNIT_EXPECT_EQ(test, live->read, RT_LIVE_PACKETS);
	KUNIT_EXPECT_GT(test, waits, 0);
}

static struct kunit_case ring_run_cases[] = {
	KUNIT_CASE(ring_changing_packet_test),
	KUNIT_CASE(ring_writer_equivalence_test),
	KUNIT_CASE(ring_reader_equivalence_test),
	KUNIT_CASE_SLOW(ring_liveness_test),
	{}
};

static struct kunit_suite ring_run_suite = {
	.name = "vmbus_ring_run",
	.test_cases = ring_run_cases,
};

kunit_test_suite(ring_run_suite);

MODULE_DESCRIPTION("Long tests of the VMBus ring reader and writer");
MODULE_LICENSE("GPL");
