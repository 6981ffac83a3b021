// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel of a controller: open and close, requests in, answers out.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <vmbus/partition.h>
#include "storvsp.h"
#include "trace.h"

/* An answer in the ring. */
#define STORVSP_ANSWER_ROOM	(sizeof(struct vmpacket_descriptor) + \
				 sizeof(struct storvsp_packet) + VSRV_PACKET_FOOTER)

/* ---- answers ------------------------------------------------------------------------ */

/* Write a packet to the guest.  False if there is no room. */
static bool storvsp_write(struct storvsp_chan *sc, u16 type, u64 trans_id,
			  const struct storvsp_packet *packet, u32 len)
{
	struct kvec vec = { .iov_base = (void *)packet, .iov_len = len };
	int err;

	lockdep_assert_held(&sc->lock);
	err = vsrv_ring_write(&sc->rings.out, type, 0, trans_id, &vec, 1);
	if (err == -EAGAIN)
		return false;
	if (err)
		vsrv_chan_error(sc->chan, "bad index in the ring of answers");
	vsrv_chan_count(sc->chan, err ? VSRV_CHAN_BAD_PACKETS : VSRV_CHAN_PACKETS_OUT, 1);
	return true;
}

/* Write what is due.  False if there is no room for all of it. */
static bool storvsp_write_all(struct storvsp_chan *sc)
{
	static const struct storvsp_packet enumerate = {
		.hdr.operation = cpu_to_le32(STORVSP_ENUMERATE_BUS),
	};
	struct storvsp_io *io, *tmp;

	list_for_each_entry_safe(io, tmp, &sc->done, node) {
		if (!storvsp_write(sc, VM_PKT_COMP, io->req.trans_id, &io->answer.packet,
				   io->answer.len))
			return false;
		trace_storvsp_answer(sc->ctrl->port, &io->req, &io->answer);
		list_move(&io->node, &sc->free);
	}
	if (!sc->notify || !sc->enumerate_len || !READ_ONCE(sc->ctrl->scan.scanned))
		return true;
	if (!storvsp_write(sc, VM_PKT_DATA_INBAND, 0, &enumerate, sc->enumerate_len))
		return false;
	sc->notify = false;
	return true;
}

/*
 * True if the guest must be interrupted; but not under the lock: what that wakes
 * may signal us at once.
 */
static bool storvsp_flush_locked(struct storvsp_chan *sc)
{
	bool interrupt = false;
	int tries;

	lockdep_assert_held(&sc->lock);
	if (!sc->running || sc->stopped)
		return false;

	for (tries = 0; ; tries++) {
		bool all = storvsp_write_all(sc);

		interrupt |= vsrv_ring_write_commit(&sc->rings.out);
		if (all)
			break;
		vsrv_chan_count(sc->chan, VSRV_CHAN_RING_FULL, 1);
		if (!vsrv_ring_want_space(&sc->rings.out, STORVSP_ANSWER_ROOM))
			break;
		if (tries) {
			/* A guest that plays with its index must not keep us here. */
			vsrv_reader_queue(&sc->reader);
			break;
		}
	}
	if (sc->starved && !list_empty(&sc->free)) {
		sc->starved = false;
		vsrv_reader_queue(&sc->reader);
	}
	return interrupt;
}

static bool storvsp_reader_flush(struct vsrv_reader *reader)
{
	struct storvsp_chan *sc = container_of(reader, struct storvsp_chan, reader);
	bool interrupt;

	if (sc->pinned) {
		vsrv_chan_count(sc->chan, VSRV_CHAN_DATA_PINNED, sc->pinned);
		sc->pinned = 0;
	}
	spin_lock_irq(&sc->lock);
	interrupt = storvsp_flush_locked(sc);
	spin_unlock_irq(&sc->lock);
	return interrupt;
}

/**
 * storvsp_chan_answer - an answer is ready; it is sent at the end of the batch
 * @io: request, the channel's from now on
 *
 * Context: in the channel's reader.
 */
void storvsp_chan_answer(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;

	spin_lock_irq(&sc->lock);
	list_add_tail(&io->node, &sc->done);
	spin_unlock_irq(&sc->lock);
}

/**
 * storvsp_chan_begin - a command wants to go to LIO
 * @io: request
 *
 * Context: in the channel's reader.
 * Return: true if it may; storvsp_chan_complete() is to follow.  False if its LUN has
 * enough to do.
 */
bool storvsp_chan_begin(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;
	u8 lun = io->cmd.lun;
	bool admit;

	spin_lock_irq(&sc->lock);
	admit = storvsp_admit(sc->lun_busy[lun], sc->busy,
			      READ_ONCE(sc->ctrl->config.lun_depth));
	if (admit) {
		storvsp_reset_note_begin(io);
		sc->lun_busy[lun]++;
		WRITE_ONCE(sc->busy, sc->busy + 1);
	}
	spin_unlock_irq(&sc->lock);
	return admit;
}

/* The reader may have left it to us to look at the ring. */
static void storvsp_chan_look(struct storvsp_chan *sc)
{
	lockdep_assert_held(&sc->lock);
	if (!sc->returns)
		return;
	sc->returns = false;
	vsrv_reader_queue(&sc->reader);
}

/**
 * storvsp_chan_complete - LIO is done with a command, and its answer is ready
 * @io: request, the channel's from now on
 *
 * Context: any.
 */
void storvsp_chan_complete(struct storvsp_io *io)
{
	struct storvsp_chan *sc = io->sc;
	u8 lun = io->cmd.lun;
	unsigned long flags;
	bool interrupt;

	spin_lock_irqsave(&sc->lock, flags);
	storvsp_reset_note_end(io);
	list_add_tail(&io->node, &sc->done);
	interrupt = storvsp_flush_locked(sc);
	spin_unlock_irqrestore(&sc->lock, flags);
	if (interrupt)
		vsrv_chan_interrupt(sc->chan);

	/* Last: a close waits for it, and may free everything then. */
	spin_lock_irqsave(&sc->lock, flags);
	sc->lun_busy[lun]--;
	WRITE_ONCE(sc->busy, sc->busy - 1);
	storvsp_chan_look(sc);
	storvsp_reset_check(sc->ctrl);
	if (!sc->busy)
		wake_up(&sc->idle);
	spin_unlock_irqrestore(&sc->lock, flags);
}

/**
 * storvsp_chan_notify - disks came or went: tell the guest
 * @sc: primary channel, open or not
 *
 * Context: process.
 */
void storvsp_chan_notify(struct storvsp_chan *sc)
{
	spin_lock_irq(&sc->lock);
	sc->notify = true;
	vsrv_reader_queue(&sc->reader);
	spin_unlock_irq(&sc->lock);
}

/* ---- requests ------------------------------------------------------------------------- */

static bool storvsp_ready(struct vsrv_reader *reader)
{
	struct storvsp_chan *sc = container_of(reader, struct storvsp_chan, reader);
	bool ready;

	spin_lock_irq(&sc->lock);
	storvsp_reset_step(sc);
	ready = !list_empty(&sc->free);
	sc->starved = !ready;
	spin_unlock_irq(&sc->lock);
	return ready;
}

/* Only what comes after storvsp_ready() takes any, so there is one. */
static struct storvsp_io *storvsp_io_get(struct storvsp_chan *sc)
{
	struct storvsp_io *io;

	spin_lock_irq(&sc->lock);
	io = list_first_entry(&sc->free, struct storvsp_io, node);
	list_del(&io->node);
	spin_unlock_irq(&sc->lock);
	storvsp_scan_request(&sc->ctrl->scan);
	return io;
}

static void storvsp_io_put(struct storvsp_chan *sc, struct storvsp_io *io)
{
	spin_lock_irq(&sc->lock);
	list_add(&io->node, &sc->free);
	spin_unlock_irq(&sc->lock);
}

/* The guest broke the rules.  What it asked for before is still answered. */
static void storvsp_bad_packet(struct storvsp_chan *sc, struct storvsp_io *io)
{
	vsrv_chan_count(sc->chan, VSRV_CHAN_BAD_PACKETS, 1);
	vsrv_chan_error(sc->chan, "malformed request");
	if (io->req.answerable)
		storvsp_chan_answer(io);
	else
		storvsp_io_put(sc, io);
}

static void storvsp_execute(struct storvsp_chan *sc, struct storvsp_io *io,
			    const struct vsrv_packet *pkt)
{
	static const struct storvsp_result invalid = { .srb_status = SRB_STATUS_INVALID_REQUEST };
	enum storvsp_verdict verdict = storvsp_parse_srb(pkt, &io->req, &io->cmd);

	storvsp_ide_address(&sc->ctrl->config.ide, &io->cmd);
	/* From the first command on the guest may be told of changes. */
	if (storvsp_scan_looked(&sc->ctrl->scan, io->cmd.path << 8 | io->cmd.target))
		vsrv_reader_queue(&sc->ctrl->primary.reader);
	if (verdict == STORVSP_OK) {
		storvsp_io_execute(io);
		return;
	}
	storvsp_answer_srb(&io->answer, &io->req, &invalid);
	if (verdict == STORVSP_FATAL) {
		storvsp_bad_packet(sc, io);
		return;
	}
	vsrv_chan_count(sc->chan, VSRV_CHAN_BAD_PACKETS, 1);
	storvsp_chan_answer(io);
}

static void storvsp_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct storvsp_chan *sc = container_of(reader, struct storvsp_chan, reader);
	struct storvsp_io *io = storvsp_io_get(sc);
	enum storvsp_state state = sc->proto.state;
	enum storvsp_verdict verdict;

	verdict = storvsp_parse(pkt, &io->req);
	trace_storvsp_request(sc->ctrl->port, &io->req);
	if (verdict != STORVSP_OK) {
		storvsp_answer(&io->answer, &io->req, STORVSP_STATUS_INVALID_DEVICE_REQUEST);
		storvsp_bad_packet(sc, io);
		return;
	}
	switch (storvsp_proto_step(&sc->proto, &io->req, &io->answer)) {
	case STORVSP_ACT_EXECUTE:
		storvsp_execute(sc, io, pkt);
		return;
	case STORVSP_ACT_RESET:
		storvsp_reset_begin(io);
		return;
	case STORVSP_ACT_OFFER:
		if (!storvsp_subs_offer(sc->ctrl, le16_to_cpu(io->req.packet.subchannels)))
			storvsp_answer(&io->answer, &io->req, STORVSP_STATUS_UNSUCCESSFUL);
		break;
	case STORVSP_ACT_REFUSE:
		vsrv_chan_count(sc->chan, VSRV_CHAN_BAD_PACKETS, 1);
		break;
	case STORVSP_ACT_ANSWER:
		break;
	}
	if (sc->proto.state == STORVSP_STATE_READY && state != STORVSP_STATE_READY) {
		/* The guest looks for disks now anyway. */
		spin_lock_irq(&sc->lock);
		sc->notify = false;
		sc->enumerate_len = storvsp_enumerate_len(&sc->proto);
		spin_unlock_irq(&sc->lock);
	}
	storvsp_chan_answer(io);
}

/*
 * With that many commands under way the ring is looked at when one completes, and the
 * guest need not signal; in case all of them take long, also after a tick.
 */
static bool storvsp_returns(struct vsrv_reader *reader)
{
	struct storvsp_chan *sc = container_of(reader, struct storvsp_chan, reader);
	unsigned int depth = READ_ONCE(sc->ctrl->config.poll_depth);
	bool returns;

	if (!depth)
		return false;
	spin_lock_irq(&sc->lock);
	returns = sc->busy >= depth;
	sc->returns = returns;
	spin_unlock_irq(&sc->lock);
	if (returns)
		mod_timer(&sc->look, jiffies + 1);
	return returns;
}

static void storvsp_look(struct timer_list *timer)
{
	struct storvsp_chan *sc = container_of(timer, struct storvsp_chan, look);
	unsigned long flags;

	spin_lock_irqsave(&sc->lock, flags);
	storvsp_chan_look(sc);
	spin_unlock_irqrestore(&sc->lock, flags);
}

/* ---- callbacks of the server --------------------------------------------------------------- */

static const struct vsrv_reader_ops storvsp_reader_ops = {
	.ready = storvsp_ready,
	.packet = storvsp_packet,
	.flush = storvsp_reader_flush,
	.returns = storvsp_returns,
};

static void storvsp_chan_signal(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&sc->reader);
}

static void storvsp_chan_start(struct storvsp_chan *sc)
{
	unsigned int i;

	spin_lock_irq(&sc->lock);
	INIT_LIST_HEAD(&sc->free);
	INIT_LIST_HEAD(&sc->done);
	for (i = 0; i < STORVSP_DEPTH; i++)
		list_add_tail(&sc->ios[i].node, &sc->free);
	sc->returns = false;
	sc->starved = false;
	sc->notify = false;
	sc->enumerate_len = 0;
	sc->running = true;
	sc->stopped = false;
	spin_unlock_irq(&sc->lock);
}

static void storvsp_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);
	bool sub = storvsp_chan_is_sub(sc);
	struct kthread_worker *worker;
	int err;

	sc->chan = chan;
	sc->part = vsrv_partition(vsrv_chan_server(chan));
	worker = vsrv_reader_worker(chan, params);
	if (!worker) {
		vsrv_open_done(chan, -ENXIO);
		return;
	}
	err = vsrv_rings_open(chan, params, &sc->rings);
	if (!err) {
		storvsp_proto_init(&sc->proto, sub, sub ? 0 :
				   storvsp_config_subs(&sc->ctrl->config,
						       vpart_vp_count(sc->part)));
		storvsp_scan_open(&sc->ctrl->scan, !sub);
		storvsp_chan_start(sc);
		vsrv_reader_start(&sc->reader, &sc->rings, worker);
		sc->open = true;
	}
	vsrv_open_done(chan, err);
}

static void storvsp_chan_set_stopped(struct storvsp_chan *sc, bool stopped)
{
	spin_lock_irq(&sc->lock);
	WRITE_ONCE(sc->stopped, stopped);
	spin_unlock_irq(&sc->lock);
	storvsp_scan_request(&sc->ctrl->scan);
}

/* What is under way comes to its end, and is answered as far as the ring has room. */
static void storvsp_chan_quiesce(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	/* A drain writes: it is bounded. */
	flush_work(&sc->close);
	if (!sc->open)
		return;
	vsrv_reader_pause(&sc->reader);
	storvsp_chan_wait_idle(sc);
	storvsp_chan_set_stopped(sc, true);
}

static void storvsp_chan_resume(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	/* It may be closed while the guest is stopped. */
	flush_work(&sc->close);
	if (!sc->open)
		return;
	storvsp_chan_set_stopped(sc, false);
	vsrv_reader_resume(&sc->reader);
}

static void storvsp_chan_end(struct storvsp_chan *sc, bool asked)
{
	storvsp_chan_halt(sc, asked);
	/* The server has taken them back before. */
	if (!storvsp_chan_is_sub(sc))
		storvsp_subs_end(sc->ctrl);
}

static void storvsp_chan_stop(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	if (!storvsp_chan_is_sub(sc))
		storvsp_subs_drain_stop(sc->ctrl);
	cancel_work_sync(&sc->close);
	WRITE_ONCE(sc->closing, false);
	storvsp_chan_end(sc, false);
}

static void storvsp_chan_close_work(struct work_struct *work)
{
	struct storvsp_chan *sc = container_of(work, struct storvsp_chan, close);

	storvsp_chan_end(sc, true);
	WRITE_ONCE(sc->closing, false);
	vsrv_close_done(sc->chan);
}

/* The client's other channels need not wait until it is quiet, or for a slow disk. */
static void storvsp_chan_close(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	WRITE_ONCE(sc->closing, true);
	queue_work(system_long_wq, &sc->close);
}

/* Nor if the device is closed before its sub-channels have come to rest. */
static void storvsp_chan_drain(struct vsrv_chan *chan)
{
	struct storvsp_chan *sc = vsrv_chan_ctx(chan);

	storvsp_subs_drain(sc->ctrl);
}

const struct vsrv_chan_ops storvsp_chan_ops = {
	.open = storvsp_chan_open,
	.drain = storvsp_chan_drain,
	.close = storvsp_chan_close,
	.signal = storvsp_chan_signal,
	.stop = storvsp_chan_stop,
	.quiesce = storvsp_chan_quiesce,
	.resume = storvsp_chan_resume,
};

/* ---- life ------------------------------------------------------------------------------------ */

/**
 * storvsp_chan_publish - a channel was offered
 * @sc: channel
 * @offer: the server's
 *
 * Context: process.
 */
void storvsp_chan_publish(struct storvsp_chan *sc, struct vsrv_chan *offer)
{
	struct storvsp_ctrl *ctrl = sc->ctrl;

	spin_lock_irq(&ctrl->chans_lock);
	sc->offer = offer;
	if (ctrl->config.busy_poll_us != STORVSP_POLL_DEFAULT)
		vsrv_chan_set_busy_poll(offer, ctrl->config.busy_poll_us);
	spin_unlock_irq(&ctrl->chans_lock);
}

/**
 * storvsp_chan_revoke - take the offer of a channel back
 * @sc: channel that was offered
 *
 * Context: process, may sleep; as vsrv_revoke().
 */
void storvsp_chan_revoke(struct storvsp_chan *sc)
{
	struct storvsp_ctrl *ctrl = sc->ctrl;
	struct vsrv_chan *offer;

	spin_lock_irq(&ctrl->chans_lock);
	offer = sc->offer;
	sc->offer = NULL;
	spin_unlock_irq(&ctrl->chans_lock);
	vsrv_revoke(offer);
}

/**
 * storvsp_chan_setup - set up a channel that is not offered
 * @ctrl: its controller
 * @sc: channel; zero
 */
void storvsp_chan_setup(struct storvsp_ctrl *ctrl, struct storvsp_chan *sc)
{
	sc->ctrl = ctrl;
	spin_lock_init(&sc->lock);
	init_waitqueue_head(&sc->idle);
	INIT_WORK(&sc->close, storvsp_chan_close_work);
	timer_setup(&sc->look, storvsp_look, 0);
	vsrv_reader_init(&sc->reader, &storvsp_reader_ops, sc->buf, sizeof(sc->buf));
	INIT_LIST_HEAD(&sc->begun);
	INIT_LIST_HEAD(&sc->resets);
	sc->oldest = STORVSP_NOTHING;
	spin_lock_irq(&ctrl->chans_lock);
	list_add_tail(&sc->node, &ctrl->chans);
	spin_unlock_irq(&ctrl->chans_lock);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_chan_setup);

/**
 * storvsp_chan_init - make a channel ready to be offered
 * @sc: channel that was set up
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int storvsp_chan_init(struct storvsp_chan *sc)
{
	unsigned int i;

	sc->ios = kvcalloc(STORVSP_DEPTH, sizeof(*sc->ios), GFP_KERNEL);
	if (!sc->ios)
		return -ENOMEM;
	for (i = 0; i < STORVSP_DEPTH; i++)
		sc->ios[i].sc = sc;
	return 0;
}

/**
 * storvsp_chan_destroy - the opposite
 * @sc: channel whose offer was revoked
 *
 * Context: process, may sleep.
 */
void storvsp_chan_destroy(struct storvsp_chan *sc)
{
	/* They may not have returned from vsrv_close_done() or vsrv_drain_done(). */
	flush_work(&sc->close);
	if (!storvsp_chan_is_sub(sc))
		storvsp_subs_drain_stop(sc->ctrl);
	kvfree(sc->ios);
	sc->ios = NULL;
}
