// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of how vmbus_srv looks at the rings of open channels from outside: signals
 * that a guest has lost are made up for, and what is there can be shown.
 */
#include <linux/module.h>
#include "ring_guest.h"

/* Ample for the first look, which comes 100 ms after the open, and the next. */
#define RW_TIMEOUT	(8 * HZ)

static bool rw_wait_event(struct rg *rg, unsigned long timeout)
{
	unsigned long end = jiffies + timeout;

	while (!rg_event(rg)) {
		if (time_after(jiffies, end))
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

static s64 rw_interrupts(struct rg *rg)
{
	return atomic64_read(&rg->dev.chan->interrupts);
}

/* The device sends a packet on its own. */
static void rw_send(struct rg *rg, u64 n)
{
	struct vsrv_ring_out *out = &rg->rings.out;

	KUNIT_ASSERT_EQ(rg->fg->test, vsrv_ring_write(out, VM_PKT_COMP, 0, n, NULL, 0), 0);
	if (vsrv_ring_write_commit(out))
		vsrv_chan_interrupt(rg->dev.chan);
}

/* As the timer does, which is not waited for. */
static bool rw_look(struct rg *rg)
{
	rg_event(rg);
	vsrv_chan_look(&rg->dev.chan->look);
	return rg_event(rg);
}

/* ---- after the open ---------------------------------------------------------------------- */

/* The guest has lost the first interrupt: there is another one soon. */
static void watch_lost_read_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);

	rw_send(rg, 1);
	KUNIT_EXPECT_TRUE(test, rg_event(rg));
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), 1);
	/* The ring is not empty any more: no signal for these. */
	rw_send(rg, 2);
	rw_send(rg, 3);
	KUNIT_EXPECT_TRUE(test, rw_wait_event(rg, RW_TIMEOUT));
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), 2);
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 0);
}

/* The same for a guest that waits for room. */
static void watch_lost_write_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 3);
	struct vsrv_ring_state in, out;
	u64 n;

	rg_unwatch(rg);
	for (n = 0; n < 127; n++)
		rg_write(rg, n, 8);
	KUNIT_ASSERT_EQ(test, hv_get_bytes_to_write(&rg->up.rbi), 32U);
	rg->up.hdr->pending_send_sz = 1024;
	/* It is not interested in answers now. */
	rg->down.hdr->interrupt_mask = 1;
	rg_signal(rg);
	rg_settle(rg);
	KUNIT_EXPECT_EQ(test, rg->packets, 127U);
	/* Two batches; the step over the mark is the first. */
	KUNIT_EXPECT_TRUE(test, rg_event(rg));
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), 1);
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), 2);
	/* With 4080 bytes free it does not wait for 8 more. */
	rg->up.hdr->read_index -= 8;
	rg->up.hdr->pending_send_sz = 4087;
	KUNIT_ASSERT_TRUE(test, vsrv_chan_ring_state(rg->dev.chan, &in, &out));
	KUNIT_EXPECT_TRUE(test, in.waits);
	rg->up.hdr->pending_send_sz = 4088;
	KUNIT_ASSERT_TRUE(test, vsrv_chan_ring_state(rg->dev.chan, &in, &out));
	KUNIT_EXPECT_FALSE(test, in.waits);
	rg->up.hdr->read_index += 8;
	rg->up.hdr->pending_send_sz = 1024;
	/* It goes on: no need any more. */
	rg_write(rg, n, 8);
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
}

/* Nobody is interrupted without need. */
static void watch_quiet_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);

	rg_unwatch(rg);
	/* Nothing to read. */
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	/* It wants no signals. */
	rg->down.hdr->interrupt_mask = 1;
	rw_send(rg, 1);
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	KUNIT_EXPECT_TRUE(test, rg_read(rg, 1));
	rg->down.hdr->interrupt_mask = 0;
	/* It asks for room, as hv_sock does always, and never lacked it. */
	rg->up.hdr->pending_send_sz = 2048;
	rg_write(rg, 2, 8);
	rg_signal(rg);
	KUNIT_EXPECT_TRUE(test, rg_wait_read(rg, 2));
	rg_settle(rg);
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 0);
}

/* There is a timer while the channel is open, and only then. */
static void watch_timer_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	struct fg *fg = rg->fg;
	struct fg_dev *host = fg_dev_new(fg);
	struct timer_list *look = &rg->dev.chan->look;
	unsigned long end;
	unsigned int i;
	s64 before;

	KUNIT_EXPECT_TRUE(test, timer_pending(look));
	/* Closed before the look, or after: there is none while it is closed. */
	rw_send(rg, 1);
	rg_close(rg);
	KUNIT_EXPECT_FALSE(test, timer_pending(look));
	before = rw_interrupts(rg);
	msleep(150);
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), before);
	/* A whole delay after each open. */
	for (i = 0; i < 3; i++) {
		unsigned long opened = jiffies;

		rg_open(rg);
		KUNIT_EXPECT_TRUE(test, timer_pending(look));
		KUNIT_EXPECT_TRUE(test, time_after_eq(look->expires, opened + HZ / 10));
		msleep(30);
		rg_close(rg);
	}
	/* It goes on after the first look. */
	rg_open(rg);
	end = jiffies + RW_TIMEOUT;
	while (time_before(look->expires, jiffies + HZ) && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_TRUE(test, time_after(look->expires, jiffies + HZ));
	KUNIT_EXPECT_TRUE(test, timer_pending(look));
	KUNIT_EXPECT_EQ(test, rw_interrupts(rg), before);
	vpart_reset(fg->part);
	KUNIT_EXPECT_FALSE(test, timer_pending(look));

	/* None where there are no rings: they are somebody else's. */
	fg_synic_on(fg);
	fg_dev_offer(fg, host, 2);
	fg_connect_offers(fg, FG_V(5, 3), 0);
	fg_dev_opened(fg, host);
	KUNIT_EXPECT_FALSE(test, timer_pending(&host->chan->look));
}

/* ---- later -------------------------------------------------------------------------------- */

static void watch_stalled_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);

	/* An open begins anew, even if the client stands where it stood before. */
	rg_unwatch(rg);
	rw_send(rg, 1);
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	rg_close(rg);
	rg_open(rg);
	rg_unwatch(rg);
	rw_send(rg, 1);
	rw_send(rg, 2);
	/* One look is no proof; each place counts once, and is signalled each time. */
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 0);
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 1);
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 1);
	rg_expect_file(rg, "stalled", "1");
	/* It has moved. */
	KUNIT_EXPECT_TRUE(test, rg_read(rg, 1));
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 1);
	KUNIT_EXPECT_TRUE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 2);
	KUNIT_EXPECT_TRUE(test, rg_read(rg, 2));
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	KUNIT_EXPECT_FALSE(test, rw_look(rg));
	KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_STALLS), 2);
}

/* A ring that is broken while nobody reads it is found, and the device told. */
static void watch_broken_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	u32 *indices[] = {
		&rg->up.hdr->read_index, &rg->up.hdr->write_index,
		&rg->down.hdr->read_index, &rg->down.hdr->write_index,
	};
	struct vsrv_ring_state in, out;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		int signals = atomic_read(&rg->dev.signals);

		rg_unwatch(rg);
		WRITE_ONCE(*indices[i], i & 1 ? 12 : 4096);
		KUNIT_ASSERT_TRUE(test, vsrv_chan_ring_state(rg->dev.chan, &in, &out));
		KUNIT_EXPECT_EQ(test, in.valid, i >= 2);
		KUNIT_EXPECT_EQ(test, out.valid, i < 2);
		KUNIT_EXPECT_FALSE(test, rw_look(rg));
		KUNIT_EXPECT_TRUE(test, vsrv_chan_broken(rg->dev.chan));
		KUNIT_EXPECT_EQ(test, atomic_read(&rg->dev.signals), signals + 1);
		KUNIT_EXPECT_EQ(test, rg_count(rg, VSRV_CHAN_ERRORS), i + 1);
		rg_settle(rg);
		rg_close(rg);
		rg_open(rg);
		KUNIT_EXPECT_FALSE(test, vsrv_chan_broken(rg->dev.chan));
	}
}

/* ---- what can be shown ---------------------------------------------------------------------- */

static void watch_state_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 3, 2);
	struct vsrv_chan *chan = rg->dev.chan;
	struct vsrv_ring_state in = { }, out = { };
	u64 n;

	KUNIT_ASSERT_TRUE(test, vsrv_chan_ring_state(chan, &in, &out));
	KUNIT_EXPECT_EQ(test, in.size, 8192U);
	KUNIT_EXPECT_EQ(test, out.size, 4096U);
	KUNIT_EXPECT_EQ(test, in.write_avail, 8192U);
	KUNIT_EXPECT_EQ(test, out.write_avail, 4096U);
	KUNIT_EXPECT_TRUE(test, in.valid && out.valid && !in.waits && !out.waits);

	/* Nobody reads what the guest writes, so that there is something to see. */
	vsrv_reader_stop(&rg->reader);
	for (n = 0; n < 3; n++)
		rg_write(rg, n, 16);
	rg->up.hdr->pending_send_sz = 600;
	rg->down.hdr->interrupt_mask = 1;
	rw_send(rg, 1);
	KUNIT_ASSERT_TRUE(test, vsrv_chan_ring_state(chan, &in, &out));
	KUNIT_EXPECT_EQ(test, in.read_index, 0U);
	KUNIT_EXPECT_EQ(test, in.write_index, 120U);
	KUNIT_EXPECT_EQ(test, in.read_avail, 120U);
	KUNIT_EXPECT_EQ(test, in.write_avail, 8192U - 120);
	KUNIT_EXPECT_EQ(test, in.pending, 600U);
	KUNIT_EXPECT_EQ(test, in.mask, 0U);
	KUNIT_EXPECT_EQ(test, out.mask, 1U);
	KUNIT_EXPECT_EQ(test, out.read_avail, 24U);
	KUNIT_EXPECT_EQ(test, out.write_avail, 4096U - 24);
	KUNIT_EXPECT_EQ(test, out.pending, 0U);

	rg_close(rg);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_ring_state(chan, &in, &out));
	rg_open(rg);
	KUNIT_EXPECT_TRUE(test, vsrv_chan_ring_state(chan, &in, &out));
	vpart_reset(rg->fg->part);
	KUNIT_EXPECT_FALSE(test, vsrv_chan_ring_state(chan, &in, &out));
}

/**
 * struct rw_looker - somebody who looks all the time
 * @chan: channel
 * @open: looks that found it open
 * @bad: looks that found what cannot be
 */
struct rw_looker {
	struct vsrv_chan *chan;
	unsigned int open;
	unsigned int bad;
};

static int rw_looker_fn(void *ctx)
{
	struct rw_looker *l = ctx;
	struct vsrv_ring_state in, out;

	while (!kthread_should_stop()) {
		if (vsrv_chan_ring_state(l->chan, &in, &out)) {
			l->open++;
			l->bad += in.size != 4096 || out.size != 4096 || !in.valid || !out.valid;
		}
		cond_resched();
	}
	return 0;
}

/* Looking does not mind the close. */
static void watch_close_test(struct kunit *test)
{
	struct rg *rg = rg_new_open(test, 2, 2);
	struct rw_looker l = { .chan = rg->dev.chan };
	struct task_struct *task = kthread_run(rw_looker_fn, &l, "ring_looker");
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (i = 0; i < 100; i++) {
		rg_write(rg, i, 8);
		rg_signal(rg);
		if (!rg_wait_read(rg, i))
			break;
		rg_close(rg);
		rg_open(rg);
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, i, 100U);
	KUNIT_EXPECT_GT(test, l.open, 0U);
	KUNIT_EXPECT_EQ(test, l.bad, 0U);
}

static struct kunit_case ring_watch_cases[] = {
	KUNIT_CASE(watch_lost_read_test),
	KUNIT_CASE(watch_lost_write_test),
	KUNIT_CASE(watch_quiet_test),
	KUNIT_CASE(watch_timer_test),
	KUNIT_CASE(watch_stalled_test),
	KUNIT_CASE(watch_broken_test),
	KUNIT_CASE(watch_state_test),
	KUNIT_CASE(watch_close_test),
	{}
};

static struct kunit_suite ring_watch_suite = {
	.name = "vmbus_ring_watch",
	.test_cases = ring_watch_cases,
};

kunit_test_suite(ring_watch_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of how a VMBus server watches rings");
MODULE_LICENSE("GPL");
