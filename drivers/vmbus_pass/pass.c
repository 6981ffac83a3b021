// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of a channel whose packets pass through this kernel.
 *
 * The other end opens and closes with the guest's.  Both wait for the host, so they
 * have a queue of their own, and nothing of the guest waits for it: when the guest goes
 * in between, its end goes at once and the other one when the host has answered.
 *
 * When the device is taken from the guest the other end goes first, with the guest's
 * still at work: what the guest asks for until the host is done is answered.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <vmbus/pass.h>
#include <vmbus/reader.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

/**
 * struct vpass - a channel
 * @ops: other end
 * @ctx: its argument
 * @chan: guest's end
 * @wq: ordered: the host is asked for one thing at a time
 * @open: opens the other end, then answers the guest
 * @close: closes it, then answers the guest if it is still there
 * @host_open: the other end is open; for @wq only
 * @lock: protects what follows, up to @stops
 * @params: of the guest's open, until it is answered
 * @mapped: @rings are
 * @closing: the guest's close is not answered
 * @quiet: the guest is stopped
 * @gone: the other end does not open any more
 * @stops: counts what makes an open that is under way void
 * @rings: the guest's, while @mapped
 * @reader: reads from the guest; while started alone touches @to_host, @to_host_waits
 * @to_host: packet for the host
 * @to_host_waits: it has no room for it
 * @to_guest: packet for the guest; does not change while it waits
 * @ring_lock: protects the ring to the guest, and what follows
 * @running: it may be written to
 * @to_guest_waits: the guest has no room for @to_guest; after the open changes only when
 *	vpass_ready() or vpass_packet() is called
 */
struct vpass {
	const struct vpass_host_ops *ops;
	void *ctx;
	struct vsrv_chan *chan;
	struct workqueue_struct *wq;
	struct work_struct open;
	struct work_struct close;
	bool host_open;

	struct mutex lock;	/* protects what follows, up to stops */
	const struct vsrv_open_params *params;
	bool mapped;
	bool closing;
	bool quiet;
	bool gone;
	unsigned int stops;

	struct vsrv_rings rings;
	struct vsrv_reader reader;
	struct vsrv_packet to_host;
	bool to_host_waits;

	struct vsrv_packet to_guest;
	spinlock_t ring_lock;	/* protects the ring to the guest, and what follows */
	bool running;
	bool to_guest_waits;
};

static void vpass_passed(struct vpass *pass, bool to_host, const struct vsrv_packet *pkt)
{
	if (pass->ops->passed)
		pass->ops->passed(pass->ctx, to_host, pkt);
}

static struct vpass *to_vpass(struct vsrv_reader *reader)
{
	return container_of(reader, struct vpass, reader);
}

/* ---- the ring to the guest ------------------------------------------------------------- */

static u32 vpass_packet_room(const struct vsrv_packet *pkt)
{
	return sizeof(struct vmpacket_descriptor) + pkt->ext_len + ALIGN(pkt->len, 8) +
	       VSRV_PACKET_FOOTER;
}

/* Or there is no use in waiting. */
static bool vpass_fits(struct vpass *pass)
{
	struct vsrv_ring_out *out = &pass->rings.out;

	lockdep_assert_held(&pass->ring_lock);
	return vsrv_ring_space(out) >= vpass_packet_room(&pass->to_guest) || out->error;
}

/* ---- from the guest ------------------------------------------------------------------ */

static void vpass_send(struct vpass *pass)
{
	int err = pass->ops->send(pass->ctx, &pass->to_host);

	pass->to_host_waits = err == -EAGAIN;
	if (!err)
		vpass_passed(pass, true, &pass->to_host);
	else if (!pass->to_host_waits)
		vsrv_chan_count(pass->chan, VSRV_CHAN_BAD_PACKETS, 1);
}

static bool vpass_reader_ready(struct vsrv_reader *reader)
{
	struct vpass *pass = to_vpass(reader);

	if (pass->to_host_waits)
		vpass_send(pass);
	return !pass->to_host_waits;
}

static void vpass_reader_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct vpass *pass = to_vpass(reader);

	pass->to_host = *pkt;
	vpass_send(pass);
}

/*
 * The guest may have signalled because its ring has room again.  Only then: vpass_room()
 * brings the other end's reader here, and the two must not wake each other for nothing.
 */
static bool vpass_reader_flush(struct vsrv_reader *reader)
{
	struct vpass *pass = to_vpass(reader);
	bool queue;

	spin_lock_irq(&pass->ring_lock);
	queue = pass->running && pass->to_guest_waits && vpass_fits(pass);
	spin_unlock_irq(&pass->ring_lock);
	if (queue)
		pass->ops->queue(pass->ctx);
	return false;
}

static const struct vsrv_reader_ops vpass_reader_ops = {
	.ready = vpass_reader_ready,
	.packet = vpass_reader_packet,
	.flush = vpass_reader_flush,
};

/* ---- from the host ------------------------------------------------------------------- */

/*
 * Two tries: a guest that moves its index to and fro must not keep us here.  Returns an
 * error of vsrv_ring_write_packet().  Sets *@interrupt if the guest needs one, *@again if it
 * does not know that we wait.
 */
static int vpass_write(struct vpass *pass, bool *interrupt, bool *again)
{
	struct vsrv_ring_out *out = &pass->rings.out;
	int err;

	lockdep_assert_held(&pass->ring_lock);
	err = vsrv_ring_write_packet(out, &pass->to_guest);
	if (err != -EAGAIN)
		return err;
	*interrupt = vsrv_ring_write_commit(out);
	if (!vsrv_ring_want_space(out, vpass_packet_room(&pass->to_guest)))
		return err;
	err = vsrv_ring_write_packet(out, &pass->to_guest);
	*again = err == -EAGAIN;
	return err;
}

static void vpass_deliver(struct vpass *pass)
{
	bool interrupt = false, again = false;
	int err = -EAGAIN;

	spin_lock_irq(&pass->ring_lock);
	if (pass->running)
		err = vpass_write(pass, &interrupt, &again);
	pass->to_guest_waits = err == -EAGAIN;
	spin_unlock_irq(&pass->ring_lock);
	if (interrupt)
		vsrv_chan_interrupt(pass->chan);
	if (again)
		pass->ops->queue(pass->ctx);

	switch (err) {
	case 0:
		vpass_passed(pass, false, &pass->to_guest);
		vsrv_chan_count(pass->chan, VSRV_CHAN_PACKETS_OUT, 1);
		break;
	case -EAGAIN:
		vsrv_chan_count(pass->chan, VSRV_CHAN_RING_FULL, 1);
		break;
	case -EMSGSIZE:
		vsrv_chan_error(pass->chan, "packet of the host larger than the ring toward it");
		break;
	default:
		vsrv_chan_error(pass->chan, "bad index in the ring toward it");
	}
}

/**
 * vpass_ready - can a packet for the guest be taken?
 * @pass: channel
 *
 * Tries to deliver the one that waits first.
 *
 * Context: process; like vpass_packet() and vpass_flush() by one caller at a time.
 * Return: false if not: vpass_host_ops::queue() says when to ask again.
 */
bool vpass_ready(struct vpass *pass)
{
	if (!READ_ONCE(pass->running))
		return false;
	if (pass->to_guest_waits)
		vpass_deliver(pass);
	return !pass->to_guest_waits;
}
EXPORT_SYMBOL_GPL(vpass_ready);

/**
 * vpass_packet - deliver a packet of the host
 * @pass: channel, after vpass_ready() said yes
 * @pkt: packet; stays valid until vpass_ready() says yes again, or the close
 *
 * Context: process.
 */
void vpass_packet(struct vpass *pass, const struct vsrv_packet *pkt)
{
	pass->to_guest = *pkt;
	vpass_deliver(pass);
}
EXPORT_SYMBOL_GPL(vpass_packet);

/**
 * vpass_flush - show the guest what was delivered
 * @pass: channel
 *
 * Context: process.
 */
void vpass_flush(struct vpass *pass)
{
	bool interrupt = false;

	spin_lock_irq(&pass->ring_lock);
	if (pass->running)
		interrupt = vsrv_ring_write_commit(&pass->rings.out);
	spin_unlock_irq(&pass->ring_lock);
	if (interrupt)
		vsrv_chan_interrupt(pass->chan);
}
EXPORT_SYMBOL_GPL(vpass_flush);

/**
 * vpass_room - the host may have room for packets again
 * @pass: channel
 *
 * Context: any.
 */
void vpass_room(struct vpass *pass)
{
	vsrv_reader_queue(&pass->reader);
}
EXPORT_SYMBOL_GPL(vpass_room);

/* ---- open and close ------------------------------------------------------------------ */

static void vpass_set_running(struct vpass *pass, bool running)
{
	spin_lock_irq(&pass->ring_lock);
	WRITE_ONCE(pass->running, running);
	spin_unlock_irq(&pass->ring_lock);
}

/* Set up the guest's end: with a reader that is not started. */
static int vpass_map(struct vpass *pass)
{
	struct vsrv_reader *reader = &pass->reader;
	int err;

	lockdep_assert_held(&pass->lock);
	if (pass->gone)
		return -ENODEV;
	err = vsrv_rings_open(pass->chan, pass->params, &pass->rings);
	if (err)
		return err;
	reader->buf_size = pass->rings.in.size;
	reader->buf = kvmalloc(reader->buf_size, GFP_KERNEL);
	if (!reader->buf) {
		vsrv_rings_close(&pass->rings);
		return -ENOMEM;
	}
	pass->mapped = true;
	pass->to_host_waits = false;
	pass->to_guest_waits = false;
	/* The host may have something to say at once. */
	vpass_set_running(pass, !pass->quiet);
	return 0;
}

static void vpass_unmap(struct vpass *pass)
{
	lockdep_assert_held(&pass->lock);
	if (!pass->mapped)
		return;
	vsrv_reader_stop(&pass->reader);
	vpass_set_running(pass, false);
	pass->mapped = false;
	vsrv_rings_close(&pass->rings);
	kvfree(pass->reader.buf);
}

/* Answer to the guest's open. */
static void vpass_opened(struct vpass *pass, int err)
{
	struct vsrv_reader *reader = &pass->reader;
	struct kthread_worker *worker;

	lockdep_assert_held(&pass->lock);
	worker = vsrv_reader_worker(pass->chan, pass->params);
	if (!err && !worker)
		err = -ENXIO;
	if (err) {
		vpass_unmap(pass);
		pass->quiet = false;
		/* A host that did open is left again. */
		queue_work(pass->wq, &pass->close);
	} else {
		vsrv_reader_start(reader, &pass->rings, worker);
		if (pass->quiet)
			vsrv_reader_pause(reader);
	}
	pass->params = NULL;
	vsrv_open_done(pass->chan, err);
}

static int vpass_open_host(struct vpass *pass, const struct vsrv_ring_params *params)
{
	int err = pass->ops->open(pass->ctx, pass, params);

	pass->host_open = !err;
	if (err)
		pr_err_ratelimited("%pUl: the host's channel does not open: error %d\n",
				   &vsrv_chan_offer(pass->chan)->instance_id, err);
	return err;
}

static void vpass_open_work(struct work_struct *work)
{
	struct vpass *pass = container_of(work, struct vpass, open);
	u8 user_data[VMBUS_USER_DEFINED_SIZE];
	struct vsrv_ring_params params = { .user_data = user_data };
	unsigned int stops;
	int err;

	mutex_lock(&pass->lock);
	/* Stopped meanwhile; or the guest is, and even mapping the rings writes to them. */
	if (!pass->params || pass->quiet)
		goto unlock;
	err = vpass_map(pass);
	if (!err) {
		/* The host's rings are as large as the guest's: what fits one fits the other. */
		params.to_host_pages = pass->rings.in.size / HV_HYP_PAGE_SIZE + 1;
		params.from_host_pages = pass->rings.out.size / HV_HYP_PAGE_SIZE + 1;
		memcpy(user_data, pass->params->user_data, sizeof(user_data));
		stops = pass->stops;
		mutex_unlock(&pass->lock);
		err = vpass_open_host(pass, &params);
		mutex_lock(&pass->lock);
		/* The guest has gone; the work that closes the other end is queued. */
		if (pass->stops != stops)
			goto unlock;
	}
	vpass_opened(pass, err);
unlock:
	mutex_unlock(&pass->lock);
}

static void vpass_close_work(struct work_struct *work)
{
	struct vpass *pass = container_of(work, struct vpass, close);

	if (pass->host_open)
		pass->ops->close(pass->ctx);
	pass->host_open = false;

	mutex_lock(&pass->lock);
	vpass_unmap(pass);
	if (pass->closing) {
		pass->closing = false;
		pass->quiet = false;
		vsrv_close_done(pass->chan);
	}
	mutex_unlock(&pass->lock);
}

/* ---- callbacks of the guest's server ------------------------------------------------- */

static void vpass_chan_signal(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	vsrv_reader_queue(&pass->reader);
}

static void vpass_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	mutex_lock(&pass->lock);
	/* vsrv_offer() may not have returned it yet. */
	pass->chan = chan;
	pass->params = params;
	queue_work(pass->wq, &pass->open);
	mutex_unlock(&pass->lock);
}

static void vpass_chan_close(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	mutex_lock(&pass->lock);
	pass->closing = true;
	queue_work(pass->wq, &pass->close);
	mutex_unlock(&pass->lock);
}

static void vpass_chan_stop(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	mutex_lock(&pass->lock);
	pass->stops++;
	pass->params = NULL;
	pass->closing = false;
	pass->quiet = false;
	vpass_unmap(pass);
	/* The next open must not take the place of this one, ahead of the close. */
	cancel_work(&pass->open);
	queue_work(pass->wq, &pass->close);
	mutex_unlock(&pass->lock);
}

static void vpass_chan_quiesce(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	mutex_lock(&pass->lock);
	pass->quiet = true;
	if (pass->mapped) {
		vsrv_reader_pause(&pass->reader);
		vpass_set_running(pass, false);
	}
	mutex_unlock(&pass->lock);
}

static void vpass_chan_resume(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	mutex_lock(&pass->lock);
	pass->quiet = false;
	if (pass->mapped) {
		vpass_set_running(pass, true);
		vsrv_reader_resume(&pass->reader);
		pass->ops->queue(pass->ctx);
	} else if (pass->params) {
		queue_work(pass->wq, &pass->open);
	}
	mutex_unlock(&pass->lock);
}

/*
 * Only the rings': the host would not know the others that packets tell it of.  Those of
 * the next open may come before the close is answered.
 */
static void vpass_chan_gpadl_create(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl)
{
	struct vpass *pass = vsrv_chan_ctx(chan);
	bool refuse;

	mutex_lock(&pass->lock);
	refuse = pass->mapped && !pass->closing;
	mutex_unlock(&pass->lock);
	if (refuse)
		pr_err_ratelimited("%pUl: its driver shares buffers, which are not passed on: relay this device\n",
				   &vsrv_chan_offer(chan)->instance_id);
	vsrv_gpadl_create_done(chan, vsrv_gpadl_id(gpadl), refuse ? -EOPNOTSUPP : 0);
}

static const struct vsrv_chan_ops vpass_chan_ops = {
	.open = vpass_chan_open,
	.close = vpass_chan_close,
	.gpadl_create = vpass_chan_gpadl_create,
	.signal = vpass_chan_signal,
	.stop = vpass_chan_stop,
	.quiesce = vpass_chan_quiesce,
	.resume = vpass_chan_resume,
};

/* ---- offers -------------------------------------------------------------------------- */

static void vpass_free(struct vpass *pass)
{
	destroy_workqueue(pass->wq);
	mutex_destroy(&pass->lock);
	kfree(pass);
}

static struct vpass *vpass_alloc(const struct vpass_host_ops *ops, void *ctx)
{
	struct vpass *pass = kzalloc(sizeof(*pass), GFP_KERNEL);

	if (!pass)
		return NULL;
	pass->ops = ops;
	pass->ctx = ctx;
	mutex_init(&pass->lock);
	spin_lock_init(&pass->ring_lock);
	INIT_WORK(&pass->open, vpass_open_work);
	INIT_WORK(&pass->close, vpass_close_work);
	/* Signals may come before the first open. */
	vsrv_reader_init(&pass->reader, &vpass_reader_ops, NULL, 0);
	pass->wq = alloc_ordered_workqueue("vmbus_pass", 0);
	if (pass->wq)
		return pass;
	kfree(pass);
	return NULL;
}

/**
 * vpass_offer - offer the guest a channel whose other end is somewhere else
 * @srv: server of the guest
 * @offer: what is offered; copied
 * @ops: other end
 * @ctx: its argument
 *
 * Context: process, may sleep.  Callbacks may come before this returns.
 * Return: the channel, to be given back by vpass_revoke(), or an ERR_PTR of vsrv_offer().
 */
struct vpass *vpass_offer(struct vmbus_srv *srv, const struct vsrv_offer *offer,
			  const struct vpass_host_ops *ops, void *ctx)
{
	struct vpass *pass = vpass_alloc(ops, ctx);
	struct vsrv_chan *chan;

	if (!pass)
		return ERR_PTR(-ENOMEM);
	chan = vsrv_offer(srv, offer, &vpass_chan_ops, pass);
	if (IS_ERR(chan)) {
		vpass_free(pass);
		return ERR_CAST(chan);
	}
	pass->chan = chan;
	return pass;
}
EXPORT_SYMBOL_GPL(vpass_offer);

/**
 * vpass_sever - end it with the other end
 * @pass: channel
 *
 * The other end is closed if it is open, and not opened any more.  On return no callback
 * to it runs or will run.  The guest is told by vpass_revoke(), which must follow.
 *
 * Context: process, may sleep; waits for the host, not for the guest.
 */
void vpass_sever(struct vpass *pass)
{
	mutex_lock(&pass->lock);
	pass->gone = true;
	queue_work(pass->wq, &pass->close);
	mutex_unlock(&pass->lock);
	/* Whoever opens it runs before, or finds it gone. */
	flush_work(&pass->close);
}
EXPORT_SYMBOL_GPL(vpass_sever);

/**
 * vpass_revoke - take it back
 * @pass: from vpass_offer(); not valid after the call
 *
 * As vpass_sever(), if that was not called.
 *
 * Context: process, may sleep; waits for the host, and as vsrv_revoke().
 */
void vpass_revoke(struct vpass *pass)
{
	vpass_sever(pass);
	vsrv_revoke(pass->chan);
	vpass_free(pass);
}
EXPORT_SYMBOL_GPL(vpass_revoke);

MODULE_DESCRIPTION("Channels whose packets pass through VTL2");
MODULE_LICENSE("GPL");
