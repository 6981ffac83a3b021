// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emptying the ring from a client: batches, going idle, polling.
 *
 * Polling means to queue the work again behind that of all other channels of the
 * thread, so nobody is kept waiting.  In between kthread_worker_fn() lets others have
 * the CPU, as a rule those who complete what the work has just begun: that is no
 * reason to stop polling.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <vmbus/partition.h>
#include <vmbus/reader.h>
#include "vsrv.h"

#define READER_FREEZE_ROUNDS	8	/* looks for late packets before the rings go */

/* What a batch came to. */
enum reader_batch {
	READER_IDLE,	/* the ring is empty */
	READER_MORE,	/* it may not be */
	READER_BLOCKED,	/* the device, or an open, queues the work */
};

static unsigned int busy_poll_us;

static int busy_poll_set(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint_minmax(val, kp, 0, VSRV_BUSY_POLL_MAX);

	if (err)
		pr_err("busy_poll_us: give 0 to %u\n", VSRV_BUSY_POLL_MAX);
	return err;
}

static const struct kernel_param_ops busy_poll_ops = {
	.set = busy_poll_set,
	.get = param_get_uint,
};

module_param_cb(busy_poll_us, &busy_poll_ops, &busy_poll_us, 0644);
MODULE_PARM_DESC(busy_poll_us, "busy_poll_us of channels that are offered from now on");

/**
 * vsrv_busy_poll_default() - how long a new channel polls, if its owner does not care
 *
 * Context: any.
 * Return: microseconds.
 */
unsigned int vsrv_busy_poll_default(void)
{
	return READ_ONCE(busy_poll_us);
}
EXPORT_SYMBOL_GPL(vsrv_busy_poll_default);

/**
 * vsrv_chan_set_busy_poll() - say how long a channel's reader polls from now on
 * @chan: channel; its file busy_poll_us says the same
 * @us: microseconds, at most VSRV_BUSY_POLL_MAX
 *
 * Context: any.
 */
void vsrv_chan_set_busy_poll(struct vsrv_chan *chan, unsigned int us)
{
	WRITE_ONCE(chan->busy_poll_us, us);
}
EXPORT_SYMBOL_GPL(vsrv_chan_set_busy_poll);

static enum reader_batch reader_read(struct vsrv_reader *reader, unsigned int *n)
{
	struct vsrv_packet pkt;
	int ret;

	for (*n = 0; *n < VSRV_READER_BATCH; ++*n) {
		/* In this order: what was asked before the channel broke is still answered. */
		if (!reader->ops->ready(reader) || vsrv_chan_broken(reader->chan))
			return READER_BLOCKED;
		ret = vsrv_ring_read(reader->in, &pkt, reader->buf, reader->buf_size);
		if (!ret)
			return READER_IDLE;
		if (ret < 0) {
			vsrv_chan_count(reader->chan, VSRV_CHAN_BAD_PACKETS, 1);
			vsrv_chan_error(reader->chan, "bad index or packet in its ring");
			return READER_BLOCKED;
		}
		reader->ops->packet(reader, &pkt);
	}
	return READER_MORE;
}

/* @n: out: how many packets it was */
static enum reader_batch reader_batch(struct vsrv_reader *reader, unsigned int *n)
{
	enum reader_batch batch = reader_read(reader, n);

	if (*n)
		vsrv_chan_count(reader->chan, VSRV_CHAN_PACKETS_IN, *n);
	if (vsrv_ring_read_commit(reader->in) | reader->ops->flush(reader))
		vsrv_chan_interrupt(reader->chan);
	return batch;
}

/* The ring was found empty.  True to look again before the client is to signal. */
static bool reader_poll(struct vsrv_reader *reader, unsigned int n)
{
	unsigned int us;

	if (n) {
		us = READ_ONCE(reader->chan->busy_poll_us);
		reader->poll_end = us ? ktime_get_ns() + (u64)us * NSEC_PER_USEC : 0;
	}
	if (!reader->poll_end)
		return false;
	if (ktime_get_ns() < reader->poll_end)
		return true;
	reader->poll_end = 0;
	vsrv_chan_count(reader->chan, VSRV_CHAN_POLL_MISSES, 1);
	return false;
}

/* The ring is empty, and not polled.  True to look again all the same. */
static bool reader_sleep(struct vsrv_reader *reader)
{
	if (reader->ops->returns && reader->ops->returns(reader))
		return false;
	return vsrv_ring_unmask(reader->in);
}

static void reader_work(struct kthread_work *work)
{
	struct vsrv_reader *reader = container_of(work, struct vsrv_reader, work);
	enum reader_batch batch;
	bool again;
	unsigned int n;

	/* The client reads the mask's cache line whenever it writes: not more than needed. */
	if (!reader->poll_end)
		vsrv_ring_mask(reader->in);
	batch = reader_batch(reader, &n);
	if (reader->poll_end && (n || batch == READER_BLOCKED)) {
		reader->poll_end = 0;
		vsrv_chan_count(reader->chan, n ? VSRV_CHAN_POLL_HITS : VSRV_CHAN_POLL_MISSES, 1);
	}
	again = batch == READER_MORE ||
		(batch == READER_IDLE && (reader_poll(reader, n) || reader_sleep(reader)));
	if (again)
		vsrv_reader_queue(reader);
}

/**
 * vsrv_reader_init() - set up a reader that is not started
 * @reader: reader
 * @ops: what to do with packets
 * @buf: for copies of packets, aligned to 8 bytes
 * @buf_size: bytes of @buf; a longer packet breaks the channel
 */
void vsrv_reader_init(struct vsrv_reader *reader, const struct vsrv_reader_ops *ops,
		      void *buf, u32 buf_size)
{
	memset(reader, 0, sizeof(*reader));
	reader->ops = ops;
	reader->buf = buf;
	reader->buf_size = buf_size;
	spin_lock_init(&reader->lock);
	kthread_init_work(&reader->work, reader_work);
}
EXPORT_SYMBOL_GPL(vsrv_reader_init);

/**
 * vsrv_reader_worker() - the thread to read in, as a rule
 * @chan: channel
 * @params: what the client opens it with
 *
 * It stays the same when the client has another VP interrupted later.
 *
 * Context: process, may sleep.
 * Return: that of the VP that is interrupted now, as vpart_worker(), or NULL as it says.
 */
struct kthread_worker *vsrv_reader_worker(struct vsrv_chan *chan,
					  const struct vsrv_open_params *params)
{
	u32 vp = params->target_vp == VMBUS_VP_NONE ? 0 : params->target_vp;

	return vpart_worker(vsrv_partition(chan->srv), vp);
}
EXPORT_SYMBOL_GPL(vsrv_reader_worker);

/**
 * vsrv_reader_start() - take up a channel that is being opened
 * @reader: reader
 * @rings: rings of the channel
 * @worker: thread to read in, as a rule of vsrv_reader_worker()
 *
 * It reads when it is queued: the server signals once when the channel is open.
 *
 * Context: process.
 */
void vsrv_reader_start(struct vsrv_reader *reader, struct vsrv_rings *rings,
		       struct kthread_worker *worker)
{
	reader->chan = rings->chan;
	reader->in = &rings->in;
	reader->worker = worker;
	/* It knows the thread that ran it last, which may be gone. */
	kthread_init_work(&reader->work, reader_work);
	reader->poll_end = 0;
	spin_lock_irq(&reader->lock);
	reader->started = true;
	reader->paused = false;
	spin_unlock_irq(&reader->lock);
}
EXPORT_SYMBOL_GPL(vsrv_reader_start);

/**
 * vsrv_reader_queue() - there may be something to read, or to flush
 * @reader: reader; nothing happens if it is not started, or paused
 *
 * Context: any.
 */
void vsrv_reader_queue(struct vsrv_reader *reader)
{
	unsigned long flags;

	spin_lock_irqsave(&reader->lock, flags);
	if (reader->started)
		kthread_queue_work(reader->worker, &reader->work);
	spin_unlock_irqrestore(&reader->lock, flags);
}
EXPORT_SYMBOL_GPL(vsrv_reader_queue);

/* True if it was started. */
static bool reader_halt(struct vsrv_reader *reader, bool pause)
{
	bool started;

	spin_lock_irq(&reader->lock);
	started = reader->started;
	reader->started = false;
	reader->paused = pause && (started || reader->paused);
	spin_unlock_irq(&reader->lock);
	/* Later the thread may be gone. */
	if (started)
		kthread_cancel_work_sync(&reader->work);
	return started;
}

/**
 * vsrv_reader_pause() - read nothing for a while
 * @reader: reader, started or not
 *
 * On return none of its callbacks runs, and none will before vsrv_reader_resume().
 *
 * Context: process, may sleep; not in the reader's thread.
 */
void vsrv_reader_pause(struct vsrv_reader *reader)
{
	if (reader_halt(reader, true))
		reader->poll_end = 0;
}
EXPORT_SYMBOL_GPL(vsrv_reader_pause);

/**
 * vsrv_reader_resume() - go on, and look at the ring first of all
 * @reader: reader, paused or not
 *
 * Context: process.
 */
void vsrv_reader_resume(struct vsrv_reader *reader)
{
	spin_lock_irq(&reader->lock);
	reader->started |= reader->paused;
	reader->paused = false;
	spin_unlock_irq(&reader->lock);
	vsrv_reader_queue(reader);
}
EXPORT_SYMBOL_GPL(vsrv_reader_resume);

/**
 * vsrv_reader_stop() - read no more
 * @reader: reader, started or not
 *
 * On return none of its callbacks runs.
 *
 * Context: process, may sleep; not in the reader's thread.
 */
void vsrv_reader_stop(struct vsrv_reader *reader)
{
	reader_halt(reader, false);
}
EXPORT_SYMBOL_GPL(vsrv_reader_stop);

/**
 * vsrv_reader_drain() - read one batch after all, here
 * @reader: reader that was stopped, of rings that are still open
 *
 * Context: process.
 * Return: how many packets it was.
 */
unsigned int vsrv_reader_drain(struct vsrv_reader *reader)
{
	unsigned int n;

	reader_batch(reader, &n);
	return n;
}
EXPORT_SYMBOL_GPL(vsrv_reader_drain);

/**
 * vsrv_reader_drain_until() - read what is there, here
 * @reader: reader that was stopped, of rings that are still open
 * @end: when to end after a batch though there may be more, in jiffies
 *
 * Context: process, may sleep.
 */
void vsrv_reader_drain_until(struct vsrv_reader *reader, unsigned long end)
{
	while (vsrv_reader_drain(reader) == VSRV_READER_BATCH && time_before(jiffies, end))
		cond_resched();
}
EXPORT_SYMBOL_GPL(vsrv_reader_drain_until);

/**
 * vsrv_reader_finish() - read what the client still writes, until its ring holds still
 * @reader: reader that was stopped, of rings that are still open
 * @end: as for vsrv_reader_drain_until(), which it calls a few times
 *
 * From then on the client finds its ring full.  What one that writes faster than it is
 * read has there after the last look is not read any more.
 *
 * Context: process, may sleep: some 20 ms, or those until @end.
 */
void vsrv_reader_finish(struct vsrv_reader *reader, unsigned long end)
{
	unsigned int round, empty = 0;

	/* Twice: a client may have looked for room before the ring was full. */
	for (round = 0; round < READER_FREEZE_ROUNDS && empty < 2; round++) {
		vsrv_reader_drain_until(reader, end);
		empty = vsrv_ring_freeze(reader->in) ? empty + 1 : 0;
		usleep_range(1000, 2000);
	}
}
EXPORT_SYMBOL_GPL(vsrv_reader_finish);
