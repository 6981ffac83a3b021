// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of a channel whose packets pass through this kernel.
 *
 * The other end opens and closes with the guest's.  Both wait for the host, so they
 * have a queue of their own, not the server's.  When the device is taken from the guest
 * the other end goes first, with the guest's still at work: what the guest asks for
 * until the host is done is answered.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <vmbus/partition.h>
#include <vmbus/pass.h>
#include <vmbus/reader.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

/**
 * struct vpass - a channel
 * @ops: other end
 * @ctx: its argument
 * @chan: guest's end
 * @wq: queue of @open and @close
 * @open: opens the other end
 * @close: closes it
 * @params: of the guest's open, until it is answered
 * @is_open: the guest has it open; changes only in @open, and while that does not run
 * @host_lock: protects the next two
 * @host_open: the other end is open
 * @gone: it does not open any more
 * @reader: reads from the guest; alone touches @out and @out_waits
 * @rings: the guest's, while @is_open
 * @buf: copy of a packet of the guest
 * @out: packet for the host
 * @out_waits: it has no room for it
 * @in: packet for the guest; like @in_waits touched by who calls vpass_ready() alone
 * @in_waits: the guest has no room for it
 * @lock: protects the ring to the guest, and what follows
 * @running: it may be written to
 */
struct vpass {
	const struct vpass_host_ops *ops;
	void *ctx;
	struct vsrv_chan *chan;
	struct workqueue_struct *wq;
	struct work_struct open;
	struct work_struct close;
	const struct vsrv_open_params *params;
	bool is_open;
	struct mutex host_lock;	/* protects the following two */
	bool host_open;
	bool gone;

	struct vsrv_reader reader;
	struct vsrv_rings rings;
	void *buf;
	struct vsrv_packet out;
	bool out_waits;

	struct vsrv_packet in;
	bool in_waits;

	spinlock_t lock;	/* protects the ring to the guest, and what follows */
	bool running;
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

/* ---- from the guest ------------------------------------------------------------------ */

static void vpass_send(struct vpass *pass)
{
	int err = pass->ops->send(pass->ctx, &pass->out);

	pass->out_waits = err == -EAGAIN;
	if (!err)
		vpass_passed(pass, true, &pass->out);
	else if (!pass->out_waits)
		vsrv_chan_count(pass->chan, VSRV_CHAN_BAD_PACKETS, 1);
}

static bool vpass_reader_ready(struct vsrv_reader *reader)
{
	struct vpass *pass = to_vpass(reader);

	if (pass->out_waits)
		vpass_send(pass);
	return !pass->out_waits;
}

static void vpass_reader_packet(struct vsrv_reader *reader, const struct vsrv_packet *pkt)
{
	struct vpass *pass = to_vpass(reader);

	pass->out = *pkt;
	vpass_send(pass);
}

/* The guest may have signalled because its ring has room again. */
static bool vpass_reader_flush(struct vsrv_reader *reader)
{
	struct vpass *pass = to_vpass(reader);

	if (READ_ONCE(pass->in_waits))
		pass->ops->queue(pass->ctx);
	return false;
}

static const struct vsrv_reader_ops vpass_reader_ops = {
	.ready = vpass_reader_ready,
	.packet = vpass_reader_packet,
	.flush = vpass_reader_flush,
};

/* ---- from the host ------------------------------------------------------------------- */

static u32 vpass_packet_room(const struct vsrv_packet *pkt)
{
	return sizeof(struct vmpacket_descriptor) + pkt->ext_len + ALIGN(pkt->len, 8) +
	       VSRV_PACKET_FOOTER;
}

/* Returns an error of vsrv_ring_forward(); sets *@interrupt if the guest needs one. */
static int vpass_write(struct vpass *pass, bool *interrupt)
{
	struct vsrv_ring_out *out = &pass->rings.out;
	int err;

	lockdep_assert_held(&pass->lock);
	do {
		err = vsrv_ring_forward(out, &pass->in);
		if (err != -EAGAIN)
			break;
		*interrupt |= vsrv_ring_write_commit(out);
	} while (vsrv_ring_want_space(out, vpass_packet_room(&pass->in)));
	return err;
}

static void vpass_deliver(struct vpass *pass)
{
	bool interrupt = false;
	int err = -EAGAIN;

	spin_lock_irq(&pass->lock);
	if (pass->running)
		err = vpass_write(pass, &interrupt);
	WRITE_ONCE(pass->in_waits, err == -EAGAIN);
	spin_unlock_irq(&pass->lock);
	if (interrupt)
		vsrv_chan_interrupt(pass->chan);

	switch (err) {
	case 0:
		vpass_passed(pass, false, &pass->in);
		vsrv_chan_count(pass->chan, VSRV_CHAN_PACKETS_OUT, 1);
		break;
	case -EAGAIN:
		vsrv_chan_count(pass->chan, VSRV_CHAN_RING_FULL, 1);
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
	if (pass->in_waits)
		vpass_deliver(pass);
	return !pass->in_waits;
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
	pass->in = *pkt;
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

	spin_lock_irq(&pass->lock);
	if (pass->running)
		interrupt = vsrv_ring_write_commit(&pass->rings.out);
	spin_unlock_irq(&pass->lock);
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
	spin_lock_irq(&pass->lock);
	WRITE_ONCE(pass->running, running);
	spin_unlock_irq(&pass->lock);
}

/* The host's rings are as large as the guest's: what fits one fits the other. */
static int vpass_open_host(struct vpass *pass)
{
	struct vpass_params params = {
		.to_host_pages = pass->rings.in.size / HV_HYP_PAGE_SIZE + 1,
		.from_host_pages = pass->rings.out.size / HV_HYP_PAGE_SIZE + 1,
		.user_data = pass->params->user_data,
	};
	int err = -ENODEV;

	mutex_lock(&pass->host_lock);
	if (!pass->gone)
		err = pass->ops->open(pass->ctx, pass, &params);
	pass->host_open = !err;
	mutex_unlock(&pass->host_lock);
	return err;
}

static void vpass_close_host(struct vpass *pass, bool gone)
{
	mutex_lock(&pass->host_lock);
	pass->gone |= gone;
	if (pass->host_open)
		pass->ops->close(pass->ctx);
	pass->host_open = false;
	mutex_unlock(&pass->host_lock);
}

static int vpass_do_open(struct vpass *pass)
{
	u32 vp = pass->params->target_vp == VMBUS_VP_NONE ? 0 : pass->params->target_vp;
	struct kthread_worker *worker;
	int err;

	worker = vpart_worker(vsrv_partition(vsrv_chan_server(pass->chan)), vp);
	if (!worker)
		return -ENXIO;
	err = vsrv_rings_open(pass->chan, pass->params, &pass->rings);
	if (err)
		return err;
	pass->buf = kvmalloc(pass->rings.in.size, GFP_KERNEL);
	if (!pass->buf) {
		err = -ENOMEM;
		goto close_rings;
	}
	pass->out_waits = false;
	pass->in_waits = false;
	/* The host may have something to say at once. */
	vpass_set_running(pass, true);
	err = vpass_open_host(pass);
	if (err) {
		pr_err_ratelimited("%pUl: the host's channel does not open: error %d\n",
				   &vsrv_chan_offer(pass->chan)->instance_id, err);
		goto free_buf;
	}
	pass->reader.buf = pass->buf;
	pass->reader.buf_size = pass->rings.in.size;
	vsrv_reader_start(&pass->reader, &pass->rings, worker);
	return 0;

free_buf:
	vpass_set_running(pass, false);
	kvfree(pass->buf);
close_rings:
	vsrv_rings_close(&pass->rings);
	return err;
}

static void vpass_open_work(struct work_struct *work)
{
	struct vpass *pass = container_of(work, struct vpass, open);
	int err = vpass_do_open(pass);

	WRITE_ONCE(pass->is_open, !err);
	vsrv_open_done(pass->chan, err);
}

static void vpass_halt(struct vpass *pass)
{
	if (!pass->is_open)
		return;
	vpass_close_host(pass, false);
	vsrv_reader_stop(&pass->reader);
	vpass_set_running(pass, false);
	/* Before the guest has its pages back, and shares others. */
	WRITE_ONCE(pass->is_open, false);
	vsrv_rings_close(&pass->rings);
	kvfree(pass->buf);
}

static void vpass_close_work(struct work_struct *work)
{
	struct vpass *pass = container_of(work, struct vpass, close);

	vpass_halt(pass);
	vsrv_close_done(pass->chan);
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

	/* vsrv_offer() may not have returned it yet. */
	pass->chan = chan;
	pass->params = params;
	queue_work(pass->wq, &pass->open);
}

static void vpass_chan_close(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	queue_work(pass->wq, &pass->close);
}

static void vpass_chan_stop(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	cancel_work_sync(&pass->open);
	cancel_work_sync(&pass->close);
	vpass_halt(pass);
}

static void vpass_chan_quiesce(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	flush_workqueue(pass->wq);
	if (!pass->is_open)
		return;
	vsrv_reader_pause(&pass->reader);
	vpass_set_running(pass, false);
}

static void vpass_chan_resume(struct vsrv_chan *chan)
{
	struct vpass *pass = vsrv_chan_ctx(chan);

	/* It may be closed while the guest is stopped. */
	flush_workqueue(pass->wq);
	if (!pass->is_open)
		return;
	vpass_set_running(pass, true);
	vsrv_reader_resume(&pass->reader);
	pass->ops->queue(pass->ctx);
}

/* Only the ring's: the host would not know the others that packets tell it of. */
static void vpass_chan_gpadl_create(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl)
{
	struct vpass *pass = vsrv_chan_ctx(chan);
	int err = 0;

	if (READ_ONCE(pass->is_open)) {
		err = -EOPNOTSUPP;
		pr_err_ratelimited("%pUl: its driver shares buffers, which are not passed on: relay this device\n",
				   &vsrv_chan_offer(chan)->instance_id);
	}
	vsrv_gpadl_create_done(chan, vsrv_gpadl_id(gpadl), err);
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
	mutex_destroy(&pass->host_lock);
	kfree(pass);
}

static struct vpass *vpass_alloc(const struct vpass_host_ops *ops, void *ctx)
{
	struct vpass *pass = kzalloc(sizeof(*pass), GFP_KERNEL);

	if (!pass)
		return NULL;
	pass->ops = ops;
	pass->ctx = ctx;
	mutex_init(&pass->host_lock);
	spin_lock_init(&pass->lock);
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
 * vpass_revoke - take it back
 * @pass: from vpass_offer(); not valid after the call
 *
 * The other end is closed first, if it is open.  On return no callback runs or will
 * run.
 *
 * Context: process, may sleep; waits for the host, and as vsrv_revoke().
 */
void vpass_revoke(struct vpass *pass)
{
	vpass_close_host(pass, true);
	vsrv_revoke(pass->chan);
	vpass_free(pass);
}
EXPORT_SYMBOL_GPL(vpass_revoke);

MODULE_DESCRIPTION("Channels whose packets pass through VTL2");
MODULE_LICENSE("GPL");
