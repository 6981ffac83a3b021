// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel of an adapter: open and close, packets in, what is due out.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/slab.h>
#include <vmbus/partition.h>
#include "netvsp.h"
#include "trace.h"

/* A completion in the ring. */
#define NETVSP_ANSWER_ROOM	(sizeof(struct vmpacket_descriptor) + \
				 ALIGN(sizeof(struct nvsp_message), 8) + VSRV_PACKET_FOOTER)

/* ---- what is due ------------------------------------------------------------------------ */

/**
 * netvsp_answer - complete a packet of the guest, at the end of the batch
 * @q: channel
 * @trans_id: the packet's
 * @msg: message
 * @len: bytes of it
 *
 * Context: in the reader, at most once for each packet.
 */
void netvsp_answer(struct netvsp_queue *q, u64 trans_id, const struct nvsp_message *msg, u32 len)
{
	struct netvsp_answer *answer = &q->answers[q->nanswers++];

	answer->trans_id = trans_id;
	answer->len = len;
	answer->msg = *msg;
}

/* False if there is no room for all of them. */
static bool netvsp_write_answers(struct netvsp_queue *q)
{
	struct netvsp_answer *answer;
	unsigned int i, sent = 0;
	struct kvec vec;
	int err;

	lockdep_assert_held(&q->lock);
	for (i = 0; i < q->nanswers; i++) {
		answer = &q->answers[i];
		vec = (struct kvec) { .iov_base = &answer->msg, .iov_len = answer->len };
		err = vsrv_ring_write(&q->rings.out, VM_PKT_COMP, 0, answer->trans_id, &vec, 1);
		if (err == -EAGAIN)
			break;
		if (err)
			vsrv_chan_error(q->chan, "bad index in the ring of answers");
		else
			sent++;
	}
	if (sent)
		vsrv_chan_count(q->chan, VSRV_CHAN_PACKETS_OUT, sent);
	q->nanswers -= i;
	memmove(q->answers, q->answers + i, q->nanswers * sizeof(*q->answers));
	return !q->nanswers;
}

static void netvsp_end_broken(struct netvsp_queue *q)
{
	spin_lock_bh(&q->lock);
	WRITE_ONCE(q->broken, true);
	spin_unlock_bh(&q->lock);
	netvsp_xmit_end(q);
	netvsp_carrier(q->nic);
}

/**
 * netvsp_ring_again - there was no room in the ring: is it worth another try?
 * @q: channel; what was written is committed
 * @need: room that is wanted
 * @tries: how many there were before, 0 at first
 *
 * Context: netvsp_queue::lock held.
 * Return: true if there is room by now; else the reader's flush comes again when there is.
 */
bool netvsp_ring_again(struct netvsp_queue *q, u32 need, int *tries)
{
	lockdep_assert_held(&q->lock);
	if (!vsrv_ring_want_space(&q->rings.out, need))
		return false;
	if (!(*tries)++)
		return true;
	/* A guest that plays with its index must not keep us here. */
	vsrv_reader_queue(&q->reader);
	return false;
}

/* True if the guest must be interrupted. */
static bool netvsp_flush_locked(struct netvsp_queue *q)
{
	bool interrupt = false, all;
	int tries = 0;

	lockdep_assert_held(&q->lock);
	for (;;) {
		/* In this order: the guest needs its answers to give anything back. */
		all = netvsp_write_answers(q) && netvsp_tell_write(q);
		interrupt |= vsrv_ring_write_commit(&q->rings.out);
		if (all)
			break;
		vsrv_chan_count(q->chan, VSRV_CHAN_RING_FULL, 1);
		if (!netvsp_ring_again(q, NETVSP_ANSWER_ROOM, &tries))
			break;
	}
	q->owes = q->nanswers;
	/* A frame would end the wait for room: none passes before. */
	q->due = !all;
	interrupt |= netvsp_xmit_flush(q);
	netvsp_xmit_wake(q);
	return interrupt;
}

static bool netvsp_reader_flush(struct vsrv_reader *reader)
{
	struct netvsp_queue *q = container_of(reader, struct netvsp_queue, reader);
	bool interrupt = false;

	netvsp_rx_flush(q);
	netvsp_xmit_given(q);
	spin_lock_bh(&q->lock);
	if (q->running && !q->stopped)
		interrupt = netvsp_flush_locked(q);
	spin_unlock_bh(&q->lock);
	/* Whoever found that out: the rings are of no use any more. */
	if (vsrv_chan_broken(q->chan) && !q->broken)
		netvsp_end_broken(q);
	return interrupt;
}

/**
 * netvsp_broken - the guest broke the rules: its channel carries nothing any more
 * @q: channel
 * @reason: for the log
 *
 * Context: in the reader, without netvsp_queue::lock.
 */
void netvsp_broken(struct netvsp_queue *q, const char *reason)
{
	KUNIT_STATIC_STUB_REDIRECT(netvsp_broken, q, reason);
	netvsp_count(q, NETVSP_BAD_MESSAGES, 1);
	vsrv_chan_count(q->chan, VSRV_CHAN_BAD_PACKETS, 1);
	vsrv_chan_error(q->chan, reason);
	netvsp_end_broken(q);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_broken);

/* ---- packets ------------------------------------------------------------------------------ */

static bool netvsp_ready(struct vsrv_reader *reader)
{
	struct netvsp_queue *q = container_of(reader, struct netvsp_queue, reader);

	if (q->owes) {
		/* Its flush asks for room. */
		spin_lock_bh(&q->lock);
		q->owes = !netvsp_write_answers(q);
		spin_unlock_bh(&q->lock);
		if (q->owes)
			return false;
	}
	/* While the channel ends no frame goes there. */
	if (q->ending || !netvsp_backlog_over(q, 1))
		return true;
	WRITE_ONCE(q->rx_waits, true);
	/* Say so before looking again.  Pairs with that in netvsp_poll(). */
	smp_mb();
	if (!netvsp_backlog_over(q, 1))
		return true;
	netvsp_count(q, NETVSP_RX_BACKLOG, 1);
	return false;
}

static void netvsp_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct netvsp_queue *q = container_of(reader, struct netvsp_queue, reader);

	switch (pkt->type) {
	case VM_PKT_COMP:
		/* A batch has no more packets than there is room for here. */
		q->given[q->ngiven++] = pkt->trans_id;
		break;
	case VM_PKT_DATA_INBAND:
	case VM_PKT_DATA_USING_GPA_DIRECT:
		netvsp_message(q, pkt);
		break;
	default:
		netvsp_broken(q, "packet of a type that is not used");
	}
}

static const struct vsrv_reader_ops netvsp_reader_ops = {
	.ready = netvsp_ready,
	.packet = netvsp_packet,
	.flush = netvsp_reader_flush,
};

/* ---- callbacks of the server -------------------------------------------------------------- */

static void netvsp_chan_signal(struct vsrv_chan *chan)
{
	struct netvsp_queue *q = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&q->reader);
}

static void netvsp_chan_start(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;

	q->nanswers = 0;
	q->ngiven = 0;
	q->owes = false;
	q->rx_waits = false;
	if (!netvsp_is_sub(q)) {
		netvsp_proto_init(&q->proto, nic->nqueues - 1);
		netvsp_reset_guest(nic);
		nic->told_table = 0;
	}
	nic->drain_end = 0;
	spin_lock_bh(&q->lock);
	/* netvsp_xmit_end() has left no batch. */
	q->stopped = false;
	q->broken = false;
	q->ending = false;
	q->due = false;
	WRITE_ONCE(q->running, true);
	/* Pairs with that in netvsp_recv_start(). */
	WRITE_ONCE(q->up, smp_load_acquire(&nic->recv_on));
	if (q->up)
		netvsp_recv_reclaim(q);
	spin_unlock_bh(&q->lock);
	netvsp_carrier(nic);
}

static void netvsp_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct netvsp_queue *q = vsrv_chan_ctx(chan);
	struct kthread_worker *worker;
	int err;

	q->chan = chan;
	q->part = vsrv_partition(vsrv_chan_server(chan));
	worker = vsrv_reader_worker(chan, params);
	if (!worker) {
		vsrv_open_done(chan, -ENXIO);
		return;
	}
	err = vsrv_rings_open(chan, params, &q->rings);
	if (!err) {
		netvsp_chan_start(q);
		vsrv_reader_start(&q->reader, &q->rings, worker);
		q->open = true;
	}
	vsrv_open_done(chan, err);
	if (!err && netvsp_is_sub(q))
		netvsp_tell_channels(q->nic);
}

static void netvsp_set_stopped(struct netvsp_queue *q, bool stopped)
{
	spin_lock_bh(&q->lock);
	q->stopped = stopped;
	/* A guest that goes on gets its time. */
	netvsp_stall_end(q);
	spin_unlock_bh(&q->lock);
	netvsp_carrier(q->nic);
}

static void netvsp_chan_quiesce(struct vsrv_chan *chan)
{
	struct netvsp_queue *q = vsrv_chan_ctx(chan);

	if (!q->open)
		return;
	vsrv_reader_pause(&q->reader);
	netvsp_set_stopped(q, true);
}

static void netvsp_chan_resume(struct vsrv_chan *chan)
{
	struct netvsp_queue *q = vsrv_chan_ctx(chan);

	if (!q->open)
		return;
	netvsp_set_stopped(q, false);
	/* Its flush sends what has waited, and wakes senders. */
	vsrv_reader_resume(&q->reader);
}

/* Let go of the rings, and with the primary channel of all that the guest has lent. */
static void netvsp_chan_halt(struct netvsp_queue *q, bool asked)
{
	struct netvsp_nic *nic = q->nic;

	if (!q->open)
		return;
	vsrv_reader_stop(&q->reader);
	/* If it was reset the ring may be memory of the next kernel: nothing goes unasked. */
	if (!asked)
		netvsp_tell_forget(q);
	/* A guest that is stopped must not be answered. */
	if (!q->stopped)
		netvsp_drain(q);
	spin_lock_bh(&q->lock);
	WRITE_ONCE(q->running, false);
	spin_unlock_bh(&q->lock);
	netvsp_xmit_end(q);
	/* It may have been the last one by which the guest took frames. */
	netvsp_carrier(nic);
	if (!netvsp_is_sub(q)) {
		netvsp_link_end(nic);
		/* The server has taken them back before. */
		netvsp_subs_end(nic);
		netvsp_recv_unmap(nic);
		netvsp_send_unmap(nic);
		netvsp_tell_forget(q);
		netvsp_reset_guest(nic);
	}
	/* Transmitters that have let go of the lock may still interrupt the guest. */
	synchronize_net();
	netvsp_rx_forget(q);
	vsrv_rings_close(&q->rings);
	q->open = false;
}

static void netvsp_chan_stop(struct vsrv_chan *chan)
{
	netvsp_chan_halt(vsrv_chan_ctx(chan), false);
}

static void netvsp_chan_close(struct vsrv_chan *chan)
{
	netvsp_chan_halt(vsrv_chan_ctx(chan), true);
	vsrv_close_done(chan);
}

const struct vsrv_chan_ops netvsp_chan_ops = {
	.open = netvsp_chan_open,
	.close = netvsp_chan_close,
	.signal = netvsp_chan_signal,
	.stop = netvsp_chan_stop,
	.quiesce = netvsp_chan_quiesce,
	.resume = netvsp_chan_resume,
};

/* ---- life --------------------------------------------------------------------------------- */

/**
 * netvsp_queue_publish - a channel was offered
 * @q: channel
 * @offer: the server's
 *
 * Context: process.
 */
void netvsp_queue_publish(struct netvsp_queue *q, struct vsrv_chan *offer)
{
	struct netvsp_nic *nic = q->nic;

	spin_lock_bh(&nic->lock);
	q->offer = offer;
	if (nic->busy_poll_us != NETVSP_POLL_DEFAULT)
		vsrv_chan_set_busy_poll(offer, nic->busy_poll_us);
	spin_unlock_bh(&nic->lock);
}

/**
 * netvsp_queue_revoke - take the offer of a channel back
 * @q: channel; nothing happens if it was not offered
 *
 * Context: process, may sleep; as vsrv_revoke().
 */
void netvsp_queue_revoke(struct netvsp_queue *q)
{
	struct netvsp_nic *nic = q->nic;
	struct vsrv_chan *offer;

	spin_lock_bh(&nic->lock);
	offer = q->offer;
	q->offer = NULL;
	spin_unlock_bh(&nic->lock);
	if (offer)
		vsrv_revoke(offer);
}

/**
 * netvsp_queue_setup - set up a channel that is not offered
 * @nic: its adapter
 * @q: channel; zero
 * @index: of it
 */
void netvsp_queue_setup(struct netvsp_nic *nic, struct netvsp_queue *q, u16 index)
{
	q->nic = nic;
	q->index = index;
	spin_lock_init(&q->lock);
	__skb_queue_head_init(&q->rx);
	netvsp_raws_init(&q->rx_raws);
	skb_queue_head_init(&q->backlog);
	netvsp_raws_init(&q->backlog_raws);
	INIT_LIST_HEAD(&q->tells);
	netvsp_batch_reset(&q->batch);
	q->waited = jiffies - NETVSP_XDP_YIELD;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_queue_setup);

/**
 * netvsp_queue_init - make a channel ready to be offered
 * @q: channel that was set up
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM with what there is to be freed by netvsp_queue_destroy().
 */
int netvsp_queue_init(struct netvsp_queue *q)
{
	q->buf = kmalloc(NETVSP_MAX_PACKET, GFP_KERNEL);
	q->src = kvmalloc(sizeof(*q->src), GFP_KERNEL);
	q->head = kmalloc(NETVSP_CONTROL_MAX, GFP_KERNEL);
	if (!q->buf || !q->src || !q->head)
		return -ENOMEM;
	vsrv_reader_init(&q->reader, &netvsp_reader_ops, q->buf, NETVSP_MAX_PACKET);
	return 0;
}

/**
 * netvsp_queue_destroy - the opposite
 * @q: channel whose offer was revoked
 */
void netvsp_queue_destroy(struct netvsp_queue *q)
{
	skb_queue_purge(&q->backlog);
	netvsp_raws_purge(&q->backlog_raws);
	kfree(q->head);
	kvfree(q->src);
	kfree(q->buf);
}
