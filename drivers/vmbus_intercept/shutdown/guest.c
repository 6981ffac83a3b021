// SPDX-License-Identifier: GPL-2.0-only
/*
 * Toward the guest: a shutdown component of VTL2.
 *
 * Whatever is written to the guest's ring is written by the reader, between its
 * batches: so a guest that is stopped is left alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/string.h>

#include "shutdown.h"

static struct vshut *to_vshut(struct vsrv_reader *reader)
{
	return container_of(reader, struct vshut, reader);
}

/**
 * vshut_guest_ask() - ask the guest to shut down
 * @vshut: offer, with vshut::lock held; the host waits for no other answer
 * @body: what the host asks of it
 *
 * Return: false if it has not opened the component, or does not know what is asked.
 */
bool vshut_guest_ask(struct vshut *vshut, const struct vmbus_ic_shutdown *body)
{
	lockdep_assert_held(&vshut->lock);
	if (vshut->guest != VSHUT_GUEST_READY || vshut->out_len)
		return false;
	if ((le32_to_cpu(body->flags) & VMBUS_IC_SHUTDOWN_HIBERNATE) &&
	    vshut->agreed.shutdown < VSHUT_VERSION(3, 2))
		return false;
	vshut->out_len = vshut_ic_request(vshut->out, &vshut->agreed, body);
	vsrv_reader_queue(&vshut->reader);
	return true;
}

/* ---- the reader -------------------------------------------------------------------- */

static bool vshut_guest_ready(struct vsrv_reader *reader)
{
	return true;
}

static void vshut_guest_negotiated(struct vshut *vshut, const struct vshut_ic *ic)
{
	int err;

	if (vshut->guest != VSHUT_GUEST_NEGOTIATING) {
		vsrv_chan_count(vshut->chan, VSRV_CHAN_BAD_PACKETS, 1);
		return;
	}
	err = vshut_ic_chosen(ic, &vshut_versions, &vshut->agreed);
	vshut->guest = err ? VSHUT_GUEST_USELESS : VSHUT_GUEST_READY;
	if (err)
		pr_notice_ratelimited("the guest's shutdown component speaks none of our versions\n");
}

static void vshut_guest_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct vshut *vshut = to_vshut(reader);
	struct vshut_ic ic;

	spin_lock(&vshut->lock);
	/* Nothing is asked for but by what was written: an answer without is none. */
	if (vshut_ic_parse(pkt, &ic) || !vshut_ic_is_response(&ic) || vshut->out_len)
		vsrv_chan_count(vshut->chan, VSRV_CHAN_BAD_PACKETS, 1);
	else if (ic.hdr->type == cpu_to_le16(VMBUS_IC_NEGOTIATE))
		vshut_guest_negotiated(vshut, &ic);
	else if (ic.hdr->type == cpu_to_le16(VMBUS_IC_SHUTDOWN) && vshut->asked_len)
		vshut_host_answer(vshut, le32_to_cpu(ic.hdr->status));
	else
		vsrv_chan_count(vshut->chan, VSRV_CHAN_BAD_PACKETS, 1);
	spin_unlock(&vshut->lock);
}

/* It can be asked nothing until it opens the component again. */
static void vshut_guest_give_up(struct vshut *vshut)
{
	vshut->guest = VSHUT_GUEST_USELESS;
	vshut->out_len = 0;
	vshut_host_answer(vshut, VMBUS_IC_FAILED);
}

static bool vshut_guest_flush(struct vsrv_reader *reader)
{
	struct vshut *vshut = to_vshut(reader);
	struct vsrv_ring_out *out = &vshut->rings.out;
	struct kvec vec = { .iov_base = vshut->out };
	bool interrupt = false;
	int err;

	spin_lock(&vshut->lock);
	/* The reader reads no more of a ring that is spoilt. */
	if (vsrv_chan_broken(vshut->chan))
		vshut_guest_give_up(vshut);
	if (!vshut->out_len)
		goto unlock;
	vec.iov_len = vshut->out_len;
	err = vsrv_ring_write(out, VM_PKT_DATA_INBAND, 0, 0, &vec, 1);
	if (err == -EAGAIN) {
		vsrv_chan_count(vshut->chan, VSRV_CHAN_RING_FULL, 1);
		if (vsrv_ring_want_space(out, U32_MAX))
			vsrv_reader_queue(reader);
		goto unlock;
	}
	if (err) {
		/* It has a ring that no request fits into, or has spoilt it. */
		vsrv_chan_error(vshut->chan, "no request can be written to its ring");
		vshut_guest_give_up(vshut);
		goto unlock;
	}
	vshut->out_len = 0;
	vsrv_chan_count(vshut->chan, VSRV_CHAN_PACKETS_OUT, 1);
	interrupt = vsrv_ring_write_commit(out);
unlock:
	spin_unlock(&vshut->lock);
	return interrupt;
}

static const struct vsrv_reader_ops vshut_reader_ops = {
	.ready = vshut_guest_ready,
	.packet = vshut_guest_packet,
	.flush = vshut_guest_flush,
};

/**
 * vshut_guest_init() - prepare the guest's side of an offer
 * @vshut: offer, zero
 */
void vshut_guest_init(struct vshut *vshut)
{
	vsrv_reader_init(&vshut->reader, &vshut_reader_ops, vshut->guest_buf,
			 sizeof(vshut->guest_buf));
}

/* ---- callbacks of the guest's server ------------------------------------------------ */

static void vshut_guest_signal(struct vsrv_chan *chan)
{
	struct vshut *vshut = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&vshut->reader);
}

static void vshut_guest_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vshut *vshut = vsrv_chan_ctx(chan);
	struct kthread_worker *worker;
	int err = -ENXIO;

	/* vsrv_offer() may not have returned it yet. */
	vshut->chan = chan;
	worker = vsrv_reader_worker(chan, params);
	if (worker)
		err = vsrv_rings_open(chan, params, &vshut->rings);
	if (!err) {
		spin_lock(&vshut->lock);
		vshut->guest = VSHUT_GUEST_NEGOTIATING;
		vshut->out_len = vshut_ic_negotiate(vshut->out, &vshut_versions);
		spin_unlock(&vshut->lock);
		vshut->open = true;
		vsrv_reader_start(&vshut->reader, &vshut->rings, worker);
	}
	vsrv_open_done(chan, err);
}

static void vshut_guest_stop(struct vsrv_chan *chan)
{
	struct vshut *vshut = vsrv_chan_ctx(chan);

	if (!vshut->open)
		return;
	vsrv_reader_stop(&vshut->reader);
	spin_lock(&vshut->lock);
	vshut->guest = VSHUT_GUEST_CLOSED;
	vshut->out_len = 0;
	/* It cannot answer any more. */
	vshut_host_answer(vshut, VMBUS_IC_FAILED);
	spin_unlock(&vshut->lock);
	vsrv_rings_close(&vshut->rings);
	vshut->open = false;
}

static void vshut_guest_close(struct vsrv_chan *chan)
{
	vshut_guest_stop(chan);
	vsrv_close_done(chan);
}

static void vshut_guest_quiesce(struct vsrv_chan *chan)
{
	struct vshut *vshut = vsrv_chan_ctx(chan);

	vsrv_reader_pause(&vshut->reader);
}

static void vshut_guest_resume(struct vsrv_chan *chan)
{
	struct vshut *vshut = vsrv_chan_ctx(chan);

	vsrv_reader_resume(&vshut->reader);
}

const struct vsrv_chan_ops vshut_chan_ops = {
	.open = vshut_guest_open,
	.close = vshut_guest_close,
	.signal = vshut_guest_signal,
	.stop = vshut_guest_stop,
	.quiesce = vshut_guest_quiesce,
	.resume = vshut_guest_resume,
};
