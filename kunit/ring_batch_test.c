// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ring reader and writer of vmbus_srv: batches of any size, against a
 * model, and with a guest at the other end that lives on signals alone.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>
#include <vmbus/ring.h>
#include "ring_test.h"

#define RB_STEPS	20000
#define RB_RUN		(2 * HZ)	/* of each stress test */
#define RB_TIMEOUT	(20 * HZ)	/* nobody waits so long for a signal */

static u32 rb_below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

/* ---- against a model ---------------------------------------------------------------- */

/**
 * struct rb_model - what a ring is: packets in order, of which some are seen
 * @size: bytes of data
 * @written: packets written,
 * @shown: of these committed
 * @read: packets read,
 * @given: of these committed
 * @in: bytes written since the beginning, of the same four
 * @in_shown: bytes
 * @out: bytes
 * @out_given: bytes
 * @pending: room that the writer waits for
 */
struct rb_model {
	u32 size;
	u32 written, shown, read, given;
	u64 in, in_shown, out, out_given;
	u32 pending;
};

static u32 rb_len(u32 n)
{
	return (n * 2654435761U >> 8) % 500;
}

/* Shared indices move with a commit and never else. */
static void rb_check(struct kunit *test, struct rt *rt, const struct rb_model *m, u32 start,
		     bool look)
{
	struct vsrv_ring_state in, out;

	KUNIT_ASSERT_EQ(test, rt->hdr->write_index, (u32)((start + m->in_shown) % m->size));
	KUNIT_ASSERT_EQ(test, rt->hdr->read_index, (u32)((start + m->out_given) % m->size));
	KUNIT_ASSERT_EQ(test, rt->hdr->pending_send_sz, m->pending);
	if (look)
		KUNIT_ASSERT_EQ(test, vsrv_ring_space(&rt->out),
				m->size - 8 - (u32)(m->in - m->out_given));
	KUNIT_ASSERT_EQ(test, vsrv_ring_readable(&rt->in), (u32)(m->in_shown - m->out));
	vsrv_ring_in_state(&rt->in, &in);
	vsrv_ring_out_state(&rt->out, &out);
	KUNIT_ASSERT_TRUE(test, in.valid && out.valid);
	KUNIT_ASSERT_EQ(test, in.read_avail, hv_get_bytes_to_read(&rt->rbi));
	KUNIT_ASSERT_EQ(test, in.write_avail, hv_get_bytes_to_write(&rt->rbi));
	KUNIT_ASSERT_EQ(test, out.waits, !rt->hdr->interrupt_mask && m->in_shown != m->out_given);
}

static void rb_write(struct kunit *test, struct rt *rt, struct rb_model *m, u32 count)
{
	u32 len, room;
	int ret;

	for (; count; count--) {
		len = rb_len(m->written);
		room = m->size - 8 - (m->in - m->out_given);
		rt_fill(rt->src, len, m->written);
		ret = rt_write(rt, m->written, rt->src, len);
		KUNIT_ASSERT_EQ(test, ret, room < RT_TOTAL(len) ? -EAGAIN : 0);
		if (ret)
			return;
		m->written++;
		m->in += RT_TOTAL(len);
		m->pending = 0;
	}
}

static void rb_write_commit(struct kunit *test, struct rt *rt, struct rb_model *m)
{
	bool signal = m->in != m->in_shown && !rt->hdr->interrupt_mask &&
		      m->in_shown == m->out_given;

	KUNIT_ASSERT_EQ(test, vsrv_ring_write_commit(&rt->out), signal);
	/* Once per batch. */
	KUNIT_ASSERT_FALSE(test, vsrv_ring_write_commit(&rt->out));
	m->in_shown = m->in;
	m->shown = m->written;
}

static void rb_read(struct kunit *test, struct rt *rt, struct rb_model *m, u32 count)
{
	u32 len;
	int ret;

	for (; count; count--) {
		ret = rt_read(rt);
		KUNIT_ASSERT_EQ(test, ret, m->read < m->shown);
		if (!ret)
			return;
		len = rb_len(m->read);
		rt_fill(rt->src, len, m->read);
		KUNIT_ASSERT_EQ(test, rt->pkt.trans_id, m->read);
		KUNIT_ASSERT_EQ(test, rt->pkt.len, ALIGN(len, 8));
		KUNIT_ASSERT_EQ(test, memcmp(rt->pkt.payload, rt->src, len), 0);
		m->read++;
		m->out += RT_TOTAL(len);
	}
}

static bool rb_read_commit(struct kunit *test, struct rt *rt, struct rb_model *m)
{
	u32 before = m->size - 8 - (m->in_shown - m->out_given);
	u32 after = m->size - 8 - (m->in_shown - m->out);
	bool signal = m->pending && before < m->pending && after >= m->pending;

	KUNIT_ASSERT_EQ(test, vsrv_ring_read_commit(&rt->in), signal);
	KUNIT_ASSERT_FALSE(test, vsrv_ring_read_commit(&rt->in));
	m->out_given = m->out;
	m->given = m->read;
	return signal;
}

/* Does the reader's end show that the writer was woken, as long as it does not write? */
static void rb_check_woken(struct kunit *test, struct rt *rt, const struct rb_model *m)
{
	struct vsrv_ring_state state;

	vsrv_ring_in_state(&rt->in, &state);
	KUNIT_ASSERT_TRUE(test, state.waits);
	rt->hdr->pending_send_sz = 0;
	vsrv_ring_in_state(&rt->in, &state);
	KUNIT_ASSERT_FALSE(test, state.waits);
	rt->hdr->pending_send_sz = m->pending;
}

static void rb_want_space(struct kunit *test, struct rt *rt, struct rb_model *m, u32 bytes)
{
	u32 want = min(ALIGN(bytes, 8), m->size - 8);
	bool again = m->size - 8 - (u32)(m->in - m->out_given) >= want;

	KUNIT_ASSERT_EQ(test, vsrv_ring_want_space(&rt->out, bytes), again);
	m->pending = again ? 0 : want;
}

static void ring_batch_model_test(struct kunit *test)
{
	u32 pages, step, start, full = 0, woken = 0;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 0x62617463);
	for (pages = 1; pages <= 3; pages++) {
		struct rt *rt = rt_new(test, pages);
		struct rb_model m = { .size = rt->size };

		start = ALIGN_DOWN(rb_below(&rnd, rt->size), 8);
		rt_reset(test, rt, start);
		for (step = 0; step < RB_STEPS; step++) {
			switch (rb_below(&rnd, 8)) {
			case 0:
			case 1:
				rb_write(test, rt, &m, rb_below(&rnd, 2) ? rb_below(&rnd, 4) : 99);
				break;
			case 2:
				rb_write_commit(test, rt, &m);
				break;
			case 3:
			case 4:
				rb_read(test, rt, &m, rb_below(&rnd, 2) ? rb_below(&rnd, 4) : 99);
				break;
			case 5:
				if (rb_read_commit(test, rt, &m)) {
					rb_check_woken(test, rt, &m);
					woken++;
				}
				break;
			case 6:
				if (rb_below(&rnd, 2)) {
					vsrv_ring_mask(&rt->in);
					KUNIT_ASSERT_EQ(test, rt->hdr->interrupt_mask, 1);
				} else {
					rb_read_commit(test, rt, &m);
					KUNIT_ASSERT_EQ(test, vsrv_ring_unmask(&rt->in),
							m.read < m.shown);
					KUNIT_ASSERT_EQ(test, rt->hdr->interrupt_mask, 0);
				}
				break;
			case 7:
				rb_write_commit(test, rt, &m);
				rb_want_space(test, rt, &m, rb_below(&rnd, m.size + 100));
				full += m.pending != 0;
				break;
			}
			/* At times only: the writer gets along without. */
			rb_check(test, rt, &m, start, !rb_below(&rnd, 16));
		}
		KUNIT_EXPECT_GT(test, m.given, RB_STEPS / 10);
		kunit_release_action(test, rt_free, rt);
	}
	KUNIT_EXPECT_GT(test, full, 1000);
	KUNIT_EXPECT_GT(test, woken, 100);
}

/* ---- with a guest at the other end ---------------------------------------------------- */

/**
 * struct rb_stress - a ring, two threads, and nothing but signals between them
 * @rt: ring
 * @data: signal to the reader
 * @space: signal to the writer
 * @done: a thread has ended
 * @end: when the writer stops, in jiffies
 * @last: packets that the writer wrote, when it has stopped; until then U32_MAX
 * @written: packets
 * @read: packets
 * @sleeps: times that the reader waited
 * @waits: times that the writer did
 * @lost: a signal did not come
 * @wrong: a packet was not the one that was written
 */
struct rb_stress {
	struct rt *rt;
	struct completion data;
	struct completion space;
	struct completion done;
	unsigned long end;
	u32 last;
	u32 written, read;
	u32 sleeps, waits;
	bool lost, wrong;
};

static bool rb_over(struct rb_stress *s)
{
	return s->read == READ_ONCE(s->last);
}

/* Short packets mostly, so that many are in the ring, and long ones that fill it. */
static u32 rb_stress_len(u32 n)
{
	return n % 16 ? rb_len(n) / 4 : rb_len(n) * 7;
}

static bool rb_stress_ok(struct rb_stress *s, u64 trans_id, u32 len)
{
	if (trans_id == s->read && len == ALIGN(rb_stress_len(s->read), 8))
		return true;
	s->wrong = true;
	return false;
}

static bool rb_sleep(struct rb_stress *s, struct completion *c, u32 *count)
{
	++*count;
	if (wait_for_completion_timeout(c, RB_TIMEOUT))
		return true;
	s->lost = true;
	return false;
}

static void rb_pause(struct rnd_state *rnd)
{
	if (!rb_below(rnd, 64))
		usleep_range(1, 50);
	else if (!rb_below(rnd, 16))
		cond_resched();
}

/* Our reader */
static int rb_our_reader(void *ctx)
{
	struct rb_stress *s = ctx;
	struct rt *rt = s->rt;
	struct rnd_state rnd;
	int ret = 1;

	prandom_seed_state(&rnd, 1);
	while (!rb_over(s) && !s->wrong && !s->lost) {
		u32 batch = 1 + rb_below(&rnd, 100);

		if (rb_below(&rnd, 4))
			vsrv_ring_mask(&rt->in);
		while (batch-- && (ret = rt_read(rt)) == 1) {
			if (!rb_stress_ok(s, rt->pkt.trans_id, rt->pkt.len))
				break;
			s->read++;
		}
		s->wrong |= ret < 0;
		if (vsrv_ring_read_commit(&rt->in))
			complete(&s->space);
		rb_pause(&rnd);
		if (!ret && !rb_over(s) && !vsrv_ring_unmask(&rt->in) && !rb_over(s))
			rb_sleep(s, &s->data, &s->sleeps);
	}
	complete(&s->done);
	return 0;
}

/* A reader of Linux: vmbus_on_event() around hv_pkt_iter_first() to hv_pkt_iter_close() */
static int rb_guest_reader(void *ctx)
{
	struct rb_stress *s = ctx;
	struct rt *rt = s->rt;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 2);
	while (!rb_over(s) && !s->wrong && !s->lost) {
		u32 batch = 1 + rb_below(&rnd, 100), bytes = 0, old = rt->hdr->read_index, left;

		if (rb_below(&rnd, 4))
			hv_begin_read(&rt->rbi);
		/* Pairs with the release in vsrv_ring_write_commit(). */
		left = virt_load_acquire(&rt->hdr->write_index);
		left = left >= old ? left - old : rt->size - old + left;
		while (batch-- && bytes < left) {
			struct vmpacket_descriptor *d =
				(void *)rt->data + (old + bytes) % rt->size;

			if (!rb_stress_ok(s, d->trans_id, hv_pkt_datalen(d)))
				break;
			s->read++;
			bytes += hv_pkt_len(d) + 8;
		}
		if (bytes) {
			/* Pairs with the acquire in ring_out_look(). */
			virt_store_release(&rt->hdr->read_index, (old + bytes) % rt->size);
			/* Pairs with the barrier in vsrv_ring_want_space(). */
			virt_mb();
			if (rt_guest_read_signal(rt, bytes))
				complete(&s->space);
		}
		rb_pause(&rnd);
		if (bytes == left && !rb_over(s) && !hv_end_read(&rt->rbi) && !rb_over(s))
			rb_sleep(s, &s->data, &s->sleeps);
	}
	complete(&s->done);
	return 0;
}

/* The writer has stopped: the reader may wait for the end. */
static void rb_stop(struct rb_stress *s)
{
	WRITE_ONCE(s->last, s->written);
	complete(&s->data);
	complete(&s->done);
}

static int rb_our_writer(void *ctx)
{
	struct rb_stress *s = ctx;
	struct rt *rt = s->rt;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 3);
	while (time_before(jiffies, s->end) && !s->wrong && !s->lost) {
		u32 batch = 1 + rb_below(&rnd, 100), len = 0;
		int ret = 0;

		while (batch-- && !ret) {
			len = rb_stress_len(s->written);
			ret = rt_write(rt, s->written, rt->src, len);
			s->written += !ret;
		}
		s->wrong |= ret && ret != -EAGAIN;
		if (vsrv_ring_write_commit(&rt->out))
			complete(&s->data);
		rb_pause(&rnd);
		/* What it needs, more than that, or all. */
		len = RT_TOTAL(len) + rb_below(&rnd, 3) * rb_below(&rnd, rt->size);
		if (ret && !vsrv_ring_want_space(&rt->out, len))
			rb_sleep(s, &s->space, &s->waits);
	}
	rb_stop(s);
	return 0;
}

/* A writer of Linux that waits for room, as hv_sock does */
static int rb_guest_writer(void *ctx)
{
	struct rb_stress *s = ctx;
	struct rt *rt = s->rt;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 4);
	while (time_before(jiffies, s->end) && !s->wrong && !s->lost) {
		u32 len = rb_stress_len(s->written);
		bool signal;

		if (rt_guest_write(rt, RT_INBAND, 2, s->written, rt->src, len, &signal)) {
			s->written++;
			if (signal)
				complete(&s->data);
			rb_pause(&rnd);
			continue;
		}
		len = RT_TOTAL(len) + rb_below(&rnd, 3) * rb_below(&rnd, rt->size);
		len = min(ALIGN_DOWN(len, 8), rt->size - 8);
		WRITE_ONCE(rt->hdr->pending_send_sz, len);
		/* Pairs with the barrier in vsrv_ring_read_commit(). */
		virt_mb();
		if (hv_get_bytes_to_write(&rt->rbi) < len + 8)
			rb_sleep(s, &s->space, &s->waits);
		WRITE_ONCE(rt->hdr->pending_send_sz, 0);
	}
	rb_stop(s);
	return 0;
}

static struct task_struct *rb_thread(struct kunit *test, struct rb_stress *s,
				     int (*fn)(void *ctx), const char *name)
{
	struct task_struct *task = kthread_create(fn, s, "%s", name);

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	return task;
}

static void rb_run(struct kunit *test, int (*writer_fn)(void *), int (*reader_fn)(void *))
{
	struct rt *rt = rt_new(test, 1);
	struct rb_stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct task_struct *reader, *writer;

	KUNIT_ASSERT_NOT_NULL(test, s);
	rt_reset(test, rt, 0);
	s->rt = rt;
	s->last = U32_MAX;
	s->end = jiffies + RB_RUN;
	init_completion(&s->data);
	init_completion(&s->space);
	init_completion(&s->done);
	reader = rb_thread(test, s, reader_fn, "ring_reader");
	writer = rb_thread(test, s, writer_fn, "ring_writer");
	wake_up_process(reader);
	wake_up_process(writer);
	/* They end by themselves: all their waits do. */
	wait_for_completion(&s->done);
	wait_for_completion(&s->done);
	kthread_stop_put(writer);
	kthread_stop_put(reader);

	KUNIT_EXPECT_FALSE_MSG(test, s->lost, "after %u and %u packets", s->written, s->read);
	KUNIT_EXPECT_FALSE_MSG(test, s->wrong, "packet %u", s->read);
	KUNIT_EXPECT_EQ(test, s->read, s->written);
	KUNIT_EXPECT_GT(test, s->written, 1000);
	KUNIT_EXPECT_GT(test, s->sleeps, 10);
	KUNIT_EXPECT_GT(test, s->waits, 10);
	kunit_info(test, "%u packets, the reader slept %u times, the writer %u", s->written,
		   s->sleeps, s->waits);
}

static void ring_stress_ours_test(struct kunit *test)
{
	rb_run(test, rb_our_writer, rb_our_reader);
}

static void ring_stress_to_guest_test(struct kunit *test)
{
	rb_run(test, rb_our_writer, rb_guest_reader);
}

static void ring_stress_from_guest_test(struct kunit *test)
{
	rb_run(test, rb_guest_writer, rb_our_reader);
}

/* A walk takes what vsrv_packet_range() takes, and ranges of nothing, which have no pages. */
static void ring_range_walk_test(struct kunit *test)
{
	static const struct {
		u32 nwords;
		u64 words[6];
		u32 good;	/* ranges; then an error */
	} cases[] = {
		{ 0, { }, 0 },
		{ 2, { RT_RANGE(4096, 0), 7 }, 1 },
		{ 5, { RT_RANGE(8, 0), 7, RT_RANGE(8192, 0), 8, 9 }, 2 },
		{ 1, { RT_RANGE(0, 0) }, 1 },
		{ 1, { RT_RANGE(0, 4095) }, 1 },
		{ 1, { RT_RANGE(0, 4096) }, 0 },
		{ 1, { RT_RANGE(0, 0xffffffff) }, 0 },
		{ 4, { RT_RANGE(0, 0), RT_RANGE(8, 0), 7, RT_RANGE(0, 1) }, 3 },
		{ 4, { RT_RANGE(0, 0), RT_RANGE(0, 0), RT_RANGE(2, 4095), 7 }, 2 },
		{ 1, { RT_RANGE(1, 0) }, 0 },
		{ 3, { RT_RANGE(1, 4096), 7, 8 }, 0 },
		{ 2, { RT_RANGE(0xfffff001, 0xfff), 7 }, 0 },
		{ 3, { RT_RANGE(8, 0), 7, RT_RANGE(8, 0) }, 1 },
	};
	struct vsrv_gpa_range range = { };
	struct vsrv_packet pkt;
	u32 pos, n;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pkt = (struct vsrv_packet) {
			.type = RT_GPA,
			.ranges = cases[i].words,
			.ranges_len = cases[i].nwords * 8,
		};
		pos = 0;
		n = 0;
		while (n < 10 && !vsrv_packet_next_range(&pkt, &pos, &range))
			n++;
		KUNIT_EXPECT_EQ_MSG(test, n, cases[i].good, "case %d", i);
		KUNIT_EXPECT_LE(test, pos, pkt.ranges_len);
	}
	/* What a range says, once. */
	pkt.ranges = cases[2].words;
	pkt.ranges_len = 40;
	pos = 0;
	KUNIT_EXPECT_EQ(test, vsrv_packet_next_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.len, 8);
	KUNIT_EXPECT_EQ(test, vsrv_packet_next_range(&pkt, &pos, &range), 0);
	KUNIT_EXPECT_EQ(test, range.len, 8192);
	KUNIT_EXPECT_EQ(test, range.npfns, 2);
	KUNIT_EXPECT_PTR_EQ(test, range.pfns, &cases[2].words[3]);
	KUNIT_EXPECT_EQ(test, pos, 40);
	pkt.type = RT_XFER;
	pos = 0;
	KUNIT_EXPECT_EQ(test, vsrv_packet_next_range(&pkt, &pos, &range), -EINVAL);
}

static struct kunit_case ring_batch_cases[] = {
	KUNIT_CASE(ring_batch_model_test),
	KUNIT_CASE_SLOW(ring_stress_ours_test),
	KUNIT_CASE_SLOW(ring_stress_to_guest_test),
	KUNIT_CASE_SLOW(ring_stress_from_guest_test),
	KUNIT_CASE(ring_range_walk_test),
	{}
};

static struct kunit_suite ring_batch_suite = {
	.name = "vmbus_ring_batch",
	.test_cases = ring_batch_cases,
};

kunit_test_suite(ring_batch_suite);

MODULE_DESCRIPTION("Tests of batches in VMBus rings");
MODULE_LICENSE("GPL");
