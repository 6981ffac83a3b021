/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The work of a local device that empties the ring from its client.
 *
 * It reads in batches, each with one index update and at most one interrupt, lets
 * others of the same thread have their turn in between, and when the ring is empty
 * asks the client to signal; or polls first, if the channel's busy_poll_us says so.
 * A ring that is broken ends it until the next open.
 *
 * The device calls vsrv_reader_init() once, vsrv_reader_start() between
 * vsrv_rings_open() and vsrv_open_done(), vsrv_reader_queue() from its signal
 * callback and whenever there is something to do, and vsrv_reader_stop() ahead of
 * vsrv_rings_close(); in between vsrv_reader_finish(), if the client waits for answers.
 * vsrv_reader_pause() and vsrv_reader_resume() are all that quiesce and resume need, if
 * nobody else writes to the rings.
 */
#ifndef _VMBUS_READER_H
#define _VMBUS_READER_H

#include <linux/kthread.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <vmbus/ring.h>

#define VSRV_READER_BATCH	64	/* packets read before others get their turn */
#define VSRV_BUSY_POLL_MAX	10000	/* microseconds */

struct vsrv_reader;

/**
 * struct vsrv_reader_ops - what a device does with packets
 * @ready: can a packet be taken now?  If not nobody looks again before the device calls
 *	vsrv_reader_queue(), which it does when that changes; after vsrv_chan_error() nobody
 *	does before the next open.
 * @packet: a packet, valid until the next call of @ready
 * @flush: the batch is over: write what is due and vsrv_ring_write_commit(); true
 *	if the client must be interrupted
 * @returns: the ring is empty; true if the device calls vsrv_reader_queue() before long
 *	whatever the client does, which is not asked to signal then.  Optional.
 *
 * They are made one at a time: in the reader's thread, or by whoever calls
 * vsrv_reader_drain().
 */
struct vsrv_reader_ops {
	bool (*ready)(struct vsrv_reader *reader);
	void (*packet)(struct vsrv_reader *reader, const struct vsrv_packet *pkt);
	bool (*flush)(struct vsrv_reader *reader);
	bool (*returns)(struct vsrv_reader *reader);
};

/**
 * struct vsrv_reader - embedded in a device
 * @ops: what to do with packets
 * @buf: for copies of packets, aligned to 8 bytes
 * @buf_size: bytes of it
 * @chan: channel, while started
 * @in: ring, while started
 * @worker: thread that runs @work, while started
 * @work: reads
 * @poll_end: private to @work: when to stop polling, in ns; 0 while it does not
 * @lock: protects @started, @paused
 * @started: @work may be queued
 * @paused: it will be again
 */
struct vsrv_reader {
	const struct vsrv_reader_ops *ops;
	void *buf;
	u32 buf_size;

	struct vsrv_chan *chan;
	struct vsrv_ring_in *in;
	struct kthread_worker *worker;
	struct kthread_work work;
	u64 poll_end;

	spinlock_t lock;		/* protects started, paused */
	bool started;
	bool paused;
};

void vsrv_reader_init(struct vsrv_reader *reader, const struct vsrv_reader_ops *ops,
		      void *buf, u32 buf_size);
struct kthread_worker *vsrv_reader_worker(struct vsrv_chan *chan,
					  const struct vsrv_open_params *params);
void vsrv_reader_start(struct vsrv_reader *reader, struct vsrv_rings *rings,
		       struct kthread_worker *worker);
void vsrv_reader_queue(struct vsrv_reader *reader);
void vsrv_reader_pause(struct vsrv_reader *reader);
void vsrv_reader_resume(struct vsrv_reader *reader);
void vsrv_reader_stop(struct vsrv_reader *reader);
unsigned int vsrv_reader_drain(struct vsrv_reader *reader);
void vsrv_reader_drain_until(struct vsrv_reader *reader, unsigned long end);
void vsrv_reader_finish(struct vsrv_reader *reader, unsigned long end);
unsigned int vsrv_busy_poll_default(void);
void vsrv_chan_set_busy_poll(struct vsrv_chan *chan, unsigned int us);

#endif /* _VMBUS_READER_H */
