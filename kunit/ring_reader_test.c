// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the work that empties the rings of devices in vmbus_srv: batches, going
 * idle, polling, channels that are broken, and the last packets before the rings go.
 */
#include <linux/module.h>
#include "ring_guest.h"

/* Packets of a guest that waits for each answer */
#define RR_ROUNDS	200
/* How often to try what a busy machine may spoil. */
#define RR_TRIES	3

static void rr_idle(struct rg *rg)
{
	unsigned long end = jiffies + FG_TIMEOUT;

	rg_settle(rg);
	while (READ_ONCE(rg->up.hdr->interrupt_mask) && time_before(jiffies, end))
		usleep_range(50, 100);
	KUNIT_ASSERT_EQ(rg->fg->test, rg->up.hdr->interrupt_mask, 0U);
	rg_settle(rg);
}

/* ---- batches -------------------------------------------------------------------------- */

/* Any number of packets with one signal: one interrupt, if the guest reads none. */
static void reader_batch_test(struct kunit *test)
{
	static const unsigned int counts[] = { 0, 1, 2, 63, 64, 65, 128, 129, 250 };
	struct rg *rg = rg_new_open(test, 3, 3);
	unsigned int i, k, packets = 0;
	u64 n = 0, m = 0;

	rg_unwatch(rg);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned int flushes = rg->flushes;
		s64 interrupts = atomic64_read(&rg->dev.chan->interrupts);

		KUNIT_ASSERT_EQ(test, rg->up.hdr->interrupt_mask, 0U);
		for (k = 0; k < counts[i]; k++)
			KUNIT_ASSERT_EQ(test, rg_write(rg, n++, 8), k == 0);
		rg_signal(rg);
		rr_idle(rg);
		packets += counts[i];
		KUNIT_EXPECT_EQ(test, rg->packets, packets);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_PACKETS_IN), packets);
		KUNIT_EXPECT_EQ(test, rg->up.hdr->read_index, rg->up.hdr->write_index);
		KUNIT_EXPECT_EQ(test, rg->flushes,
				flushes + counts[i] / VSRV_READER_BATCH + 1);
		KUNIT_EXPECT_EQ(test, atomic64_read(&rg->dev.chan->interrupts),
				interrupts + !!counts[i]);
		KUNIT_EXPECT_EQ(test, rg_event(rg), counts[i] != 0);
		while (rg_read(rg, m))
			m++;
		KUNIT_EXPECT_EQ(test, m, n);
	}
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_HITS), 0);
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_MISSES), 0);
}

/* A guest that does not read its answers stops the device, until it does. */
static void reader_blocked_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 3, 2);
	u64 n = 0, m = 0;
	unsigned int packets;

	for (n = 0; n < 200; n++)
		rg_write(rg, n, 8);
	rg_signal(rg);
	rg_settle(rg);
	packets = rg->packets;
	/* 4096 - 8 bytes have room for 127 of 32 bytes; one more waits. */
	KUNIT_EXPECT_EQ(test, packets, 128U);
	KUNIT_EXPECT_EQ(test, rg->down.hdr->pending_send_sz, 32U);
	/* It does not ask to be signalled for more. */
	KUNIT_EXPECT_EQ(test, rg->up.hdr->interrupt_mask, 1U);
	rg_signal(rg);
	rg_settle(rg);
	KUNIT_EXPECT_EQ(test, rg->packets, packets);

	while (m < n && rg_wait_read(rg, m))
		m++;
	KUNIT_EXPECT_EQ(test, m, n);
	rr_idle(rg);
	KUNIT_EXPECT_EQ(test, rg->packets, 200U);
	KUNIT_EXPECT_EQ(test, rg->down.hdr->pending_send_sz, 0U);
}

/* Who pauses waits for the packet that is being read, and then nothing moves. */
static void reader_pause_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned long end = jiffies + FG_TIMEOUT;

	rg->slow_ms = 100;
	rg_write(rg, 0, 8);
	rg_write(rg, 1, 8);
	rg_signal(rg);
	while (!READ_ONCE(rg->in_packet) && time_before(jiffies, end))
		usleep_range(500, 1000);
	KUNIT_ASSERT_TRUE(test, READ_ONCE(rg->in_packet));
	vsrv_reader_pause(&rg->reader);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(rg->in_packet));
	rg->slow_ms = 0;
	rg->packets = 0;
	rg_write(rg, 2, 8);
	rg_signal(rg);
	msleep(20);
	KUNIT_EXPECT_EQ(test, rg->packets, 0U);
	vsrv_reader_resume(&rg->reader);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 0));
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 1));
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 2));
	rg_close(rg);
}

/* After the close nothing is read, unless somebody asks for a batch. */
static void reader_stop_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	u64 n;

	for (n = 0; n < 3; n++)
		rg_write(rg, n, 8);
	vsrv_reader_stop(&rg->reader);
	vsrv_reader_queue(&rg->reader);
	rg_signal(rg);
	rg_settle(rg);
	KUNIT_EXPECT_EQ(test, rg->packets, 0U);
	KUNIT_EXPECT_EQ(test, vsrv_reader_drain(&rg->reader), 3U);
	KUNIT_EXPECT_EQ(test, vsrv_reader_drain(&rg->reader), 0U);
	KUNIT_EXPECT_TRUE(test, rg_event(rg));
	for (n = 0; n < 3; n++)
		KUNIT_EXPECT_TRUE(test, rg_read(rg, n));
	vsrv_reader_stop(&rg->reader);
	rg_close(rg);
	vsrv_reader_queue(&rg->reader);
	vsrv_reader_stop(&rg->reader);

	/* The next open is served; and so is one after the thread has gone. */
	rg_open(rg);
	KUNIT_EXPECT_TRUE(test, rg_write(rg, 9, 8));
	rg_signal(rg);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 9));
	rg_close(rg);
	rg_open(rg);
	vpart_reset(rg->fg->part);
	KUNIT_EXPECT_FALSE(test, rg->open);
	vsrv_reader_queue(&rg->reader);
	vsrv_reader_stop(&rg->reader);
}

struct rr_flood {
	struct rg *rg;
	u64 n, m;
};

/* A guest that never lets its ring run empty. */
static int rr_flood_fn(void *ctx)
{
	struct rr_flood *f = ctx;

	while (!kthread_should_stop()) {
		if (f->n - f->m < 50) {
			if (rg_write(f->rg, f->n++, 8))
				rg_signal(f->rg);
		} else {
			cond_resched();
		}
		while (rg_read(f->rg, f->m))
			WRITE_ONCE(f->m, f->m + 1);
	}
	while (f->m < f->n && rg_wait_read(f->rg, f->m))
		f->m++;
	return 0;
}

/* Neither a channel that is busy nor one that polls keeps a third one waiting. */
static void reader_share_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct rg *busy = rg_new(fg, 1, 0, 2, 2), *polls = rg_new(fg, 2, 4, 2, 2);
	struct rg *rg = rg_new(fg, 3, 8, 2, 2);
	struct rr_flood flood = { .rg = busy };
	unsigned long end = jiffies + 2 * FG_TIMEOUT;
	struct task_struct *task;
	u64 n;

	fg_connect_offers(fg, FG_V(5, 3), 0);
	rg_open(busy);
	rg_open(polls);
	rg_open(rg);
	KUNIT_ASSERT_PTR_EQ(test, busy->worker, rg->worker);
	KUNIT_ASSERT_PTR_EQ(test, polls->worker, rg->worker);
	WRITE_ONCE(polls->dev.chan->busy_poll_us, VSRV_BUSY_POLL_MAX);
	task = kthread_run(rr_flood_fn, &flood, "ring_flood");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	/* Until the busy one has been served, too. */
	for (n = 0; n < 100 || READ_ONCE(flood.m) < 500; n++) {
		if (rg_write(polls, n, 8))
			rg_signal(polls);
		if (rg_write(rg, n, 8))
			rg_signal(rg);
		if (!rg_wait_read(rg, n) || !rg_wait_read(polls, n))
			break;
		if (time_after(jiffies, end))
			break;
	}
	KUNIT_EXPECT_GE(test, n, 100ULL);
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, flood.m, flood.n);
	KUNIT_EXPECT_GE(test, flood.n, 500ULL);
}

/* ---- polling -------------------------------------------------------------------------- */

/* Signals of a guest that writes again a moment after each answer. */
static unsigned int rr_signals(struct rg *rg, u64 *n)
{
	unsigned int i, signals = 0;

	for (i = 0; i < RR_ROUNDS; i++) {
		if (rg_write(rg, *n, 8)) {
			rg_signal(rg);
			signals++;
		}
		KUNIT_ASSERT_TRUE(rg->fg->test, rg_wait_read(rg, *n));
		++*n;
		usleep_range(100, 200);
	}
	return signals;
}

static void reader_poll_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int without = 0, with = 0, i;
	s64 hits = 0;
	u64 n = 0;

	for (i = 0; i < RR_TRIES; i++) {
		WRITE_ONCE(rg->dev.chan->busy_poll_us, 0);
		without = rr_signals(rg, &n);
		KUNIT_ASSERT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_HITS), hits);
		WRITE_ONCE(rg->dev.chan->busy_poll_us, VSRV_BUSY_POLL_MAX);
		with = rr_signals(rg, &n);
		hits = rg_count(rg, VSRV_CHAN_POLL_HITS);
		rr_idle(rg);
		kunit_info(test, "%u packets: %u signals without polling, %u with; %lld hits",
			   RR_ROUNDS, without, with, hits);
		if (with < without / 2)
			break;
	}
	KUNIT_EXPECT_LT(test, with, without / 2);
	KUNIT_EXPECT_GT(test, hits, RR_ROUNDS / 2);
	/* A poll ends, and whoever looks for the end is told. */
	KUNIT_EXPECT_GT(test, rg_count(rg, VSRV_CHAN_POLL_MISSES), 0);
}

/* Only packets make the device poll, and a close ends it. */
static void reader_poll_end_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int i;
	s64 misses;

	WRITE_ONCE(rg->dev.chan->busy_poll_us, VSRV_BUSY_POLL_MAX);
	for (i = 0; i < 10; i++) {
		rg_signal(rg);
		rg_settle(rg);
		KUNIT_EXPECT_EQ(test, rg->up.hdr->interrupt_mask, 0U);
	}
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_MISSES), 0);
	KUNIT_EXPECT_TRUE(test, rg_write(rg, 0, 8));
	rg_signal(rg);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 0));
	rr_idle(rg);
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_MISSES), 1);

	/* At any moment of it; nothing is left that could run. */
	for (i = 0; i < 20; i++) {
		KUNIT_EXPECT_TRUE(test, rg_write(rg, i, 8));
		rg_signal(rg);
		udelay(10 * i);
		rg_close(rg);
		misses = rg_count(rg, VSRV_CHAN_POLL_MISSES);
		rg_settle(rg);
		KUNIT_EXPECT_FALSE(test, rg->open);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_POLL_MISSES), misses);
		rg_event(rg);
		rg_open(rg);
	}
}

/* A device that looks again by itself has the guest not signal; until it does not. */
static void reader_returns_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int round;
	u64 n = 0;

	for (round = 0; round < 3; round++) {
		WRITE_ONCE(rg->returns, true);
		KUNIT_EXPECT_TRUE(test, rg_write(rg, n, 8));
		rg_signal(rg);
		KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, n++));
		rg_settle(rg);
		KUNIT_EXPECT_EQ(test, rg->up.hdr->interrupt_mask, 1U);
		KUNIT_EXPECT_FALSE(test, rg_write(rg, n, 8));
		rg_settle(rg);
		KUNIT_EXPECT_FALSE(test, rg_read(rg, n));
		vsrv_reader_queue(&rg->reader);
		KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, n++));
		KUNIT_EXPECT_FALSE(test, rg_write(rg, n, 8));
		WRITE_ONCE(rg->returns, false);
		vsrv_reader_queue(&rg->reader);
		KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, n++));
		rr_idle(rg);
	}
}

/* The file takes what is allowed, and keeps what it has else. */
static void reader_poll_file_test(struct kunit *test)
{
	static const char * const bad[] = {
		"10001", "-1", "4294967296", "x", "1x", "1 2", " ", "0x2711", "1.5",
	};
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int i;

	rg_expect_file(rg, "busy_poll_us", "0");
	KUNIT_EXPECT_EQ(test, rg_write_file(rg, "busy_poll_us", "77\n"), 3);
	rg_expect_file(rg, "busy_poll_us", "77");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, rg_write_file(rg, "busy_poll_us", bad[i]), -EINVAL,
				    "\"%s\"", bad[i]);
	rg_expect_file(rg, "busy_poll_us", "77");
	KUNIT_EXPECT_EQ(test, rg_write_file(rg, "busy_poll_us", "10000"), 5);
	rg_expect_file(rg, "busy_poll_us", "10000");
	vsrv_chan_set_busy_poll(rg->dev.chan, 12);
	rg_expect_file(rg, "busy_poll_us", "12");
	KUNIT_EXPECT_EQ(test, rg_write_file(rg, "busy_poll_us", "10000"), 5);
	/* It is the device's, not the open's. */
	rg_close(rg);
	rg_open(rg);
	rg_expect_file(rg, "busy_poll_us", "10000");
	KUNIT_EXPECT_EQ(test, rg_write_file(rg, "busy_poll_us", "0"), 1);
	rg_expect_file(rg, "busy_poll_us", "0");
	/* The others cannot be written. */
	KUNIT_EXPECT_LT(test, rg_write_file(rg, "poll_hits", "0"), 0);
}

/* ---- channels that are broken ---------------------------------------------------------- */

enum rr_fault {
	RR_INDEX_ODD, RR_INDEX_BIG, RR_LONG, RR_SHORT, RR_TYPE, RR_FLAGS, RR_REFUSED, RR_FAULTS
};

static void rr_break(struct rg *rg, enum rr_fault fault)
{
	struct hv_ring_buffer *hdr = rg->up.hdr;
	u32 at = hdr->write_index;

	rg_write(rg, 0xbad, 8);
	switch (fault) {
	case RR_INDEX_ODD:
		hdr->write_index += 4;
		break;
	case RR_INDEX_BIG:
		hdr->write_index = rg->up.size;
		break;
	case RR_LONG:
		rt_desc(&rg->up, at, RT_INBAND, 2, 200, 0);
		break;
	case RR_SHORT:
		rt_desc(&rg->up, at, RT_INBAND, 1, 3, 0);
		break;
	case RR_TYPE:
		rt_desc(&rg->up, at, 1, 2, 3, 0);
		break;
	case RR_FLAGS:
		rt_desc(&rg->up, at, RT_INBAND, 2, 3, 2);
		break;
	default:
		rg->refuse = 0xbad;
		break;
	}
}

/* Whatever the guest breaks it repairs by close and open; what it asked before counts. */
static void reader_broken_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int fault, packets;
	char text[8];

	for (fault = 0; fault < RR_FAULTS; fault++) {
		s64 bad = rg_count(rg, VSRV_CHAN_BAD_PACKETS);

		KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(rg->dev.chan));
		rg_expect_file(rg, "state", "open");
		rg_write(rg, 1, 8);
		rr_break(rg, fault);
		packets = rg->packets + 1 + (fault == RR_REFUSED);
		if (fault == RR_INDEX_ODD || fault == RR_INDEX_BIG)
			packets--;	/* nothing of this ring is believed */
		rg_signal(rg);
		rg_settle(rg);
		KUNIT_EXPECT_TRUE_MSG(test, vsrv_chan_broken(rg->dev.chan), "fault %u", fault);
		KUNIT_EXPECT_EQ_MSG(test, rg->packets, packets, "fault %u", fault);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_ERRORS), fault + 1);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_BAD_PACKETS),
				bad + (fault != RR_REFUSED));
		rg_expect_file(rg, "state", "open-broken");
		snprintf(text, sizeof(text), "%u", fault + 1);
		rg_expect_file(rg, "errors", text);
		if (fault > RR_INDEX_BIG)
			KUNIT_EXPECT_TRUE(test, rg_read(rg, 1));

		/* It does not come back by itself, and is not counted again. */
		rg->up.hdr->write_index = rg->up.hdr->read_index;
		rg->refuse = 0;
		rg_write(rg, 2, 8);
		rg_signal(rg);
		rg_settle(rg);
		vsrv_chan_error(rg->dev.chan, "again");
		KUNIT_EXPECT_EQ(test, rg->packets, packets);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_ERRORS), fault + 1);

		rg_close(rg);
		rg_expect_file(rg, "state", "offered");
		rg_open(rg);
		rg_write(rg, 3, 8);
		rg_signal(rg);
		KUNIT_EXPECT_TRUE_MSG(test, rg_wait_read(rg, 3), "fault %u", fault);
	}
}

/* No channel but the one that is broken is touched. */
static void reader_broken_alone_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct rg *bad = rg_new(fg, 1, 0, 2, 2), *good = rg_new(fg, 2, 4, 2, 2);

	fg_connect_offers(fg, FG_V(5, 3), 0);
	rg_open(bad);
	rg_open(good);
	rr_break(bad, RR_LONG);
	rg_signal(bad);
	rg_write(good, 7, 8);
	rg_signal(good);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(good, 7));
	rg_settle(bad);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_broken(bad->dev.chan));
	KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(good->dev.chan));
	KUNIT_EXPECT_EQ(test, rg_count(good, VSRV_CHAN_ERRORS), 0);
}

/* ---- the last packets ------------------------------------------------------------------ */

/* A packet of the guest finds no room; else it is there now. */
static bool rr_frozen(struct rg *rg)
{
	bool signal;

	return !rt_guest_write(&rg->up, RT_INBAND, 2, 0, NULL, 0, &signal);
}

/* The answers to so many packets are there, and no more. */
static void rr_expect_answers(struct rg *rg, unsigned int n)
{
	u64 m = 0;

	while (rg_read(rg, m))
		m++;
	KUNIT_EXPECT_EQ(rg->fg->test, m, n);
}

/* A reader that has stopped, and nothing in the rings. */
static void rr_stop(struct rg *rg)
{
	rg_close(rg);
	rg_event(rg);
	rg_open(rg);
	vsrv_reader_stop(&rg->reader);
	rg->packets = 0;
}

/* Eight batches, or as many as there are: a ring that is empty by then holds still. */
static void reader_finish_test(struct kunit *test)
{
	static const struct {
		unsigned int packets;
		unsigned int wait;
		unsigned int left;
	} cases[] = {
		{ 0 }, { 1 }, { 63 }, { 64 }, { 65 }, { 448 }, { 449 }, { 511 }, { 512 },
		{ 513, 0, 1 }, { 600, 0, 88 },
		{ 0, FG_TIMEOUT }, { 64, FG_TIMEOUT }, { 65, FG_TIMEOUT }, { 512, FG_TIMEOUT },
		{ 513, FG_TIMEOUT }, { 600, FG_TIMEOUT },
	};
	struct rg *rg = rg_new_open(test, 6, 6);
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rr_stop(rg);
		for (n = 0; n < cases[i].packets; n++)
			rg_write(rg, n, 8);
		vsrv_reader_finish(&rg->reader, jiffies + cases[i].wait);
		n = cases[i].packets - cases[i].left;
		KUNIT_EXPECT_EQ_MSG(test, rg->packets, n, "case %u", i);
		rr_expect_answers(rg, n);
		KUNIT_EXPECT_EQ_MSG(test, rr_frozen(rg), !cases[i].left, "case %u", i);
	}
	/* The next open begins with an empty ring. */
	rg_close(rg);
	rg_event(rg);
	rg_open(rg);
	KUNIT_EXPECT_TRUE(test, rg_write(rg, 9, 8));
	rg_signal(rg);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 9));
}

/* What the guest writes behind batches, as one that had found room before there was none. */
static struct {
	unsigned int skip;
	unsigned int packets;
} rr_late;

static bool rr_late_flush(struct vsrv_reader *reader)
{
	struct rg *rg = container_of(reader, struct rg, reader);
	bool interrupt = rg_flush(reader);

	if (rr_late.skip) {
		rr_late.skip--;
	} else if (rr_late.packets) {
		rr_late.packets--;
		rg->up.hdr->read_index = rg->rings.in.next;
		rg_write(rg, rg->packets, 8);
	}
	return interrupt;
}

static const struct vsrv_reader_ops rr_late_ops = {
	.ready = rg_ready,
	.packet = rg_packet,
	.flush = rr_late_flush,
	.returns = rg_returns,
};

/* A packet that comes after the ring was full is answered, and looked behind again. */
static void reader_late_test(struct kunit *test)
{
	static const struct {
		unsigned int skip;
		unsigned int packets;
		unsigned int read;
		bool frozen;
	} cases[] = {
		{ 0, 1, 1, true }, { 0, 6, 6, true }, { 0, 7, 7, true }, { 0, 8, 7, false },
		{ 0, 9, 7, false }, { 1, 1, 1, true }, { 1, 6, 6, true }, { 1, 7, 6, false },
		{ 2, 1, 0, true },
	};
	struct rg *rg = rg_new_open(test, 2, 2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rr_stop(rg);
		rg->reader.ops = &rr_late_ops;
		rr_late.skip = cases[i].skip;
		rr_late.packets = cases[i].packets;
		vsrv_reader_finish(&rg->reader, jiffies + FG_TIMEOUT);
		rg->reader.ops = &rg_reader_ops;
		KUNIT_EXPECT_EQ_MSG(test, rg->packets, cases[i].read, "case %u", i);
		rr_expect_answers(rg, cases[i].read);
		KUNIT_EXPECT_EQ_MSG(test, rr_frozen(rg), cases[i].frozen, "case %u", i);
	}
}

/* It ends as well if the guest takes no answers, or has broken its ring. */
static void reader_finish_ends_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 3, 2);
	unsigned long end;
	unsigned int n;

	rr_stop(rg);
	for (n = 0; n < 200; n++)
		rg_write(rg, n, 8);
	end = jiffies + FG_TIMEOUT;
	vsrv_reader_finish(&rg->reader, end);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, end));
	/* There is room for 127 answers; one more waits. */
	KUNIT_EXPECT_EQ(test, rg->packets, 128U);
	rr_expect_answers(rg, 127);

	rr_stop(rg);
	rg_write(rg, 0, 8);
	rr_break(rg, RR_LONG);
	end = jiffies + FG_TIMEOUT;
	vsrv_reader_finish(&rg->reader, end);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, end));
	KUNIT_EXPECT_EQ(test, rg->packets, 1U);
	rr_expect_answers(rg, 1);
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_ERRORS), 1);
}

static struct kunit_case ring_reader_cases[] = {
	KUNIT_CASE(reader_batch_test),
	KUNIT_CASE(reader_blocked_test),
	KUNIT_CASE(reader_pause_test),
	KUNIT_CASE(reader_stop_test),
	KUNIT_CASE(reader_share_test),
	KUNIT_CASE(reader_poll_test),
	KUNIT_CASE(reader_poll_end_test),
	KUNIT_CASE(reader_returns_test),
	KUNIT_CASE(reader_poll_file_test),
	KUNIT_CASE(reader_broken_test),
	KUNIT_CASE(reader_broken_alone_test),
	KUNIT_CASE(reader_finish_test),
	KUNIT_CASE(reader_late_test),
	KUNIT_CASE(reader_finish_ends_test),
	{}
};

static struct kunit_suite ring_reader_suite = {
	.name = "vmbus_ring_reader",
	.test_cases = ring_reader_cases,
};

kunit_test_suite(ring_reader_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of reading VMBus rings in batches");
MODULE_LICENSE("GPL");
