// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel of the host that this kernel uses itself: a VMBus client's side of
 * the rings, which are memory of this kernel.
 *
 * Opening and closing wait for the host, whose answers come by
 * vrelay_client::rx.  A hook does both from reconcile, or from work of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <vmbus/hostdev.h>
#include <vmbus/partition.h>
#include <vmbus/ring.h>

#include "relay_dev.h"

#define DEV_MAX_RING_PAGES	8192
#define DEV_BATCH		64	/* packets read before others get their turn */

/* Ids of the guest's GPADLs pass as they are: ours are where guests do not begin. */
#define DEV_GPADL_ID		0x80000000U
#define DEV_GPADL_TRIES		16

/**
 * struct vrelay_dev - a device of the host
 * @hchan: host's channel
 * @ops: driver's callbacks, while open
 * @ctx: their argument
 * @wq: queue of @work, while open
 * @work: reads
 * @answered: the host has answered to a request, with
 * @answer: error, or 0
 * @closing: @work looks without being asked to
 * @pages: of both rings, @npages of them
 * @words: the GPADL's: length, and the host's numbers of @pages
 * @npages: pages
 * @up_pages: those of the ring toward the host, which come first
 * @to_host: the ring toward the host, mapped
 * @from_host: the other one
 * @buf: for copies of packets, of @buf_size bytes
 * @buf_size: see @buf
 * @in: ring from the host; @work only
 * @out_lock: protects @out, @open and @starved; @wq stands while @open
 * @out: ring toward the host
 * @open: packets may be sent
 * @starved: the driver waits for room
 */
struct vrelay_dev {
	struct vrelay_hchan *hchan;
	const struct vrelay_dev_ops *ops;
	void *ctx;
	struct workqueue_struct *wq;
	struct delayed_work work;
	struct completion answered;
	int answer;
	bool closing;

	struct page **pages;
	u64 *words;
	unsigned int npages;
	unsigned int up_pages;
	void *to_host;
	void *from_host;
	void *buf;
	u32 buf_size;

	struct vsrv_ring_in in;
	spinlock_t out_lock;	/* protects what follows */
	struct vsrv_ring_out out;
	bool open;
	bool starved;
};

/* ---- rings --------------------------------------------------------------------------- */

static void dev_free_memory(struct vrelay_dev *dev)
{
	unsigned int i;

	kvfree(dev->buf);
	vunmap(dev->to_host);
	vunmap(dev->from_host);
	for (i = 0; i < dev->npages; i++)
		__free_page(dev->pages[i]);
	kvfree(dev->words);
	kvfree(dev->pages);
	dev->buf = NULL;
	dev->to_host = NULL;
	dev->from_host = NULL;
	dev->npages = 0;
	dev->words = NULL;
	dev->pages = NULL;
}

static int dev_alloc_memory(struct vrelay_dev *dev, const struct vsrv_ring_params *params)
{
	unsigned int up = params->to_host_pages, n = up + params->from_host_pages;

	dev->up_pages = up;
	dev->buf_size = (params->from_host_pages - 1) * HV_HYP_PAGE_SIZE;
	dev->buf = kvmalloc(dev->buf_size, GFP_KERNEL);
	dev->pages = kvcalloc(n, sizeof(*dev->pages), GFP_KERNEL);
	dev->words = kvcalloc(n + 1, sizeof(*dev->words), GFP_KERNEL);
	if (!dev->buf || !dev->pages || !dev->words)
		return -ENOMEM;
	for (; dev->npages < n; dev->npages++) {
		dev->pages[dev->npages] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!dev->pages[dev->npages])
			return -ENOMEM;
	}
	dev->to_host = vpart_vmap_ring(dev->pages, up);
	dev->from_host = vpart_vmap_ring(dev->pages + up, n - up);
	return dev->to_host && dev->from_host ? 0 : -ENOMEM;
}

static int dev_init_rings(struct vrelay_dev *dev)
{
	int err;

	err = vsrv_ring_in_init(&dev->in, dev->from_host, dev->buf_size);
	if (!err)
		err = vsrv_ring_out_init(&dev->out, dev->to_host,
					 (dev->up_pages - 1) * HV_HYP_PAGE_SIZE);
	return err;
}

/* ---- packets --------------------------------------------------------------------------- */

/* The host's interrupt.  Any context. */
static void dev_event(void *ctx)
{
	struct vrelay_dev *dev = ctx;

	queue_delayed_work(dev->wq, &dev->work, 0);
}

/* True if the driver waits for room, and there is some, or never will be. */
static bool dev_fed(struct vrelay_dev *dev)
{
	bool fed = false;

	spin_lock_irq(&dev->out_lock);
	if (dev->starved && (vsrv_ring_space(&dev->out) || dev->out.error)) {
		dev->starved = false;
		fed = true;
	}
	spin_unlock_irq(&dev->out_lock);
	return fed;
}

/* What a batch came to. */
enum dev_batch {
	DEV_IDLE,	/* the ring is empty */
	DEV_MORE,	/* it may not be */
	DEV_BLOCKED,	/* the driver queues the work */
	DEV_SPOILT,
};

static enum dev_batch dev_read(struct vrelay_dev *dev)
{
	struct vsrv_packet pkt;
	unsigned int n;
	int ret;

	for (n = 0; n < DEV_BATCH; n++) {
		if (dev->ops->ready && !dev->ops->ready(dev->ctx))
			return DEV_BLOCKED;
		ret = vsrv_ring_read(&dev->in, &pkt, dev->buf, dev->buf_size);
		if (ret <= 0)
			return ret ? DEV_SPOILT : DEV_IDLE;
		dev->ops->packet(dev->ctx, &pkt);
	}
	return DEV_MORE;
}

static void dev_work(struct work_struct *work)
{
	struct vrelay_dev *dev = container_of(work, struct vrelay_dev, work.work);
	enum dev_batch batch;

	vsrv_ring_mask(&dev->in);
	if (dev->ops->room && dev_fed(dev))
		dev->ops->room(dev->ctx);
	/* Spoilt before. */
	if (dev->in.error)
		return;
	batch = dev_read(dev);
	if (dev->ops->flush)
		dev->ops->flush(dev->ctx);
	if (vsrv_ring_read_commit(&dev->in))
		vrelay_client_signal(dev->hchan);
	if (batch == DEV_SPOILT) {
		vrelay_count(dev->hchan->client, VRELAY_PROTOCOL_ERRORS);
		pr_warn_ratelimited("channel %u: bad index or packet in the host's ring: it is read no more\n",
				    dev->hchan->offer.channel_id);
	} else if (batch == DEV_MORE || (batch == DEV_IDLE && vsrv_ring_unmask(&dev->in))) {
		queue_delayed_work(dev->wq, &dev->work, 0);
	} else if (READ_ONCE(dev->closing)) {
		queue_delayed_work(dev->wq, &dev->work, 1);
	}
}

/**
 * vrelay_dev_queue() - a packet can be taken
 * @dev: device, open or not
 *
 * Context: any.
 */
void vrelay_dev_queue(struct vrelay_dev *dev)
{
	unsigned long irq;

	spin_lock_irqsave(&dev->out_lock, irq);
	if (dev->open)
		queue_delayed_work(dev->wq, &dev->work, 0);
	spin_unlock_irqrestore(&dev->out_lock, irq);
}
EXPORT_SYMBOL_GPL(vrelay_dev_queue);

static int dev_put(struct vrelay_dev *dev, const struct vsrv_packet *pkt,
		   const struct kvec *vec, unsigned int nvec)
{
	if (!nvec)
		return vsrv_ring_write_packet(&dev->out, pkt);
	return vsrv_ring_write(&dev->out, pkt->type, pkt->flags, pkt->trans_id, vec, nvec);
}

/* Two tries: a host that moves its index to and fro must not keep us here. */
static int dev_try(struct vrelay_dev *dev, const struct vsrv_packet *pkt,
		   const struct kvec *vec, unsigned int nvec)
{
	int err = dev_put(dev, pkt, vec, nvec);

	lockdep_assert_held(&dev->out_lock);
	if (err != -EAGAIN || !vsrv_ring_want_space(&dev->out, U32_MAX))
		return err;
	err = dev_put(dev, pkt, vec, nvec);
	/* It does not know that we wait. */
	if (err == -EAGAIN)
		queue_delayed_work(dev->wq, &dev->work, 1);
	return err;
}

static int dev_write(struct vrelay_dev *dev, const struct vsrv_packet *pkt,
		     const struct kvec *vec, unsigned int nvec)
{
	bool signal = false;
	unsigned long irq;
	int err = -ENOTCONN;

	spin_lock_irqsave(&dev->out_lock, irq);
	if (dev->open) {
		err = dev_try(dev, pkt, vec, nvec);
		dev->starved = err == -EAGAIN;
		if (!err)
			signal = vsrv_ring_write_commit(&dev->out);
	}
	spin_unlock_irqrestore(&dev->out_lock, irq);
	if (signal)
		vrelay_client_signal(dev->hchan);
	return err;
}

/**
 * vrelay_dev_send() - send a packet to the host
 * @dev: device
 * @type: VM_PKT_DATA_INBAND or VM_PKT_COMP
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 * @trans_id: transaction id
 * @vec: pieces of the payload
 * @nvec: their number
 *
 * Context: any.
 * Return: 0; -EAGAIN if there is no room now, then vrelay_dev_ops::room() follows;
 * -EMSGSIZE if there never is so much; -ENOTCONN if the device is not open; -EIO if
 * the host has spoilt the ring.
 */
int vrelay_dev_send(struct vrelay_dev *dev, u16 type, u16 flags, u64 trans_id,
		    const struct kvec *vec, unsigned int nvec)
{
	struct vsrv_packet pkt = { .type = type, .flags = flags, .trans_id = trans_id };

	return dev_write(dev, &pkt, vec, nvec);
}
EXPORT_SYMBOL_GPL(vrelay_dev_send);

/**
 * vrelay_dev_forward() - send a packet of the guest to the host, as it is
 * @dev: device
 * @pkt: from vsrv_ring_read(), of any type; its ranges are the guest's, for a host
 *	that has the guest's memory
 *
 * Context: any.
 * Return: as vrelay_dev_send().
 */
int vrelay_dev_forward(struct vrelay_dev *dev, const struct vsrv_packet *pkt)
{
	return dev_write(dev, pkt, NULL, 0);
}
EXPORT_SYMBOL_GPL(vrelay_dev_forward);

/* ---- addresses ------------------------------------------------------------------------- */

/**
 * vrelay_dev_mmio() - access what the host serves in this kernel's addresses
 * @dev: device, open or not
 * @gpa: address, which the driver has told the host; a multiple of @size
 * @size: bytes: 1, 2, 4 or 8
 * @write: write, or else read
 * @value: of a write what is written, of a read out: what is read; all ones, of @size
 *	bytes, if it cannot be
 *
 * The host is asked each time, and may answer anything.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a bad @gpa or @size, -ENXIO if nobody serves it, -EFAULT if this
 * is no address for it, -ENOMEM.
 */
int vrelay_dev_mmio(struct vrelay_dev *dev, u64 gpa, unsigned int size, bool write, u64 *value)
{
	struct vrelay_host *host = dev->hchan->client->host;
	int err;

	if ((size != 1 && size != 2 && size != 4 && size != 8) || gpa % size)
		return -EINVAL;
	err = host->ops->mmio(host, gpa, size, write, value);
	if (err && !write)
		*value = GENMASK_ULL(size * BITS_PER_BYTE - 1, 0);
	return err;
}
EXPORT_SYMBOL_GPL(vrelay_dev_mmio);

/* ---- open and close ---------------------------------------------------------------------- */

/**
 * vrelay_dev_answer() - the host has answered to a request for the device
 * @dev: device
 * @err: error, or 0
 *
 * Context: any.
 */
void vrelay_dev_answer(struct vrelay_dev *dev, int err)
{
	dev->answer = err;
	complete(&dev->answered);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_dev_answer);

static int dev_wait(struct vrelay_dev *dev)
{
	struct vrelay_client *client = dev->hchan->client;

	if (wait_for_completion_timeout(&dev->answered, client->timeout))
		return dev->answer;
	vrelay_count(client, VRELAY_TIMEOUTS);
	/* See vrelay_chan_quarantine(). */
	WRITE_ONCE(dev->hchan->silent, true);
	return -ETIMEDOUT;
}

/* Returns the GPADL's id, or 0 and *@err. */
static u32 dev_make_gpadl(struct vrelay_dev *dev, int *err)
{
	struct vrelay_hchan *hchan = dev->hchan;
	u32 id = DEV_GPADL_ID | hchan->offer.channel_id;
	unsigned int i;

	dev->words[0] = dev->npages * HV_HYP_PAGE_SIZE;
	for (i = 0; i < DEV_GPADL_TRIES; i++, id += VMBUS_MAX_CHANNEL_ID + 1) {
		reinit_completion(&dev->answered);
		*err = vrelay_client_gpadl_create(hchan, id, 1, dev->words, dev->npages + 1);
		/* A guest may have it after all. */
		if (*err != -EBUSY)
			break;
	}
	if (!*err)
		*err = dev_wait(dev);
	return *err ? 0 : id;
}

static void dev_set_open(struct vrelay_dev *dev, bool open)
{
	spin_lock_irq(&dev->out_lock);
	dev->open = open;
	spin_unlock_irq(&dev->out_lock);
}

static int dev_connect(struct vrelay_dev *dev, const u8 *user_data)
{
	static const u8 no_user_data[VMBUS_USER_DEFINED_SIZE];
	struct vrelay_open open = {
		.downstream_page = dev->up_pages,
		.user_data = user_data ?: no_user_data,
		.event = dev_event,
		.event_ctx = dev,
	};
	int err;

	open.ring_gpadl = dev_make_gpadl(dev, &err);
	if (err)
		return err;
	err = dev_init_rings(dev);
	if (err)
		return err;
	/* The host's first packet may come, and be answered, before OPEN_RESULT. */
	dev_set_open(dev, true);
	reinit_completion(&dev->answered);
	err = vrelay_client_open(dev->hchan, &open);
	if (!err)
		err = dev_wait(dev);
	/* It was only slow before. */
	if (!err)
		WRITE_ONCE(dev->hchan->silent, false);
	return err;
}

static void dev_disconnect(struct vrelay_dev *dev)
{
	struct vrelay_host *host = dev->hchan->client->host;
	bool let_go, opened = dev->open;

	/*
	 * A device may have much to say at its end: so packets go to and fro until the
	 * host is done.  It does not interrupt any more.
	 */
	WRITE_ONCE(dev->closing, opened);
	vrelay_dev_queue(dev);
	let_go = !vrelay_client_drain(dev->hchan, true);
	WRITE_ONCE(dev->closing, false);
	dev_set_open(dev, false);
	/* The last words; a host that has more than that was not done. */
	if (opened) {
		mod_delayed_work(dev->wq, &dev->work, 0);
		flush_delayed_work(&dev->work);
	}
	cancel_delayed_work_sync(&dev->work);
	destroy_workqueue(dev->wq);
	host->ops->unshare(host, dev->words + 1, dev->npages);
	if (!let_go) {
		vrelay_client_keep(dev->hchan->client, dev->pages, dev->npages);
		dev->npages = 0;
	}
	dev_free_memory(dev);
}

static bool dev_ring_size_ok(unsigned int pages)
{
	return pages >= VSRV_RING_MIN_PAGES && pages <= DEV_MAX_RING_PAGES;
}

/**
 * vrelay_dev_open() - open a device of the host
 * @dev: device, as given to a hook
 * @ops: callbacks; they may come before this returns
 * @ctx: their argument
 * @params: sizes, 2 to 8192 pages each, and what the host gets
 *
 * Context: process, may sleep; waits for the host, not for ever.
 * Return: 0, -EINVAL for a bad size, -EIO if the host refused, -ENODEV if it has
 * taken the device back, -ETIMEDOUT if it does not answer, -EBUSY, -ENOMEM.
 */
int vrelay_dev_open(struct vrelay_dev *dev, const struct vrelay_dev_ops *ops, void *ctx,
		    const struct vsrv_ring_params *params)
{
	struct vrelay_host *host = dev->hchan->client->host;
	int err;

	if (!dev_ring_size_ok(params->to_host_pages) || !dev_ring_size_ok(params->from_host_pages))
		return -EINVAL;
	if (dev->pages)
		return -EBUSY;
	dev->ops = ops;
	dev->ctx = ctx;
	dev->starved = false;
	dev->closing = false;
	err = dev_alloc_memory(dev, params);
	if (err)
		goto free_memory;
	err = host->ops->share(host, dev->pages, dev->npages, dev->words + 1);
	if (err)
		goto free_memory;
	dev->wq = alloc_ordered_workqueue("vmbus_hostdev%u", 0, dev->hchan->offer.channel_id);
	if (!dev->wq) {
		err = -ENOMEM;
		goto unshare;
	}
	vrelay_client_unblock(dev->hchan);
	err = dev_connect(dev, params->user_data);
	if (err) {
		dev_disconnect(dev);
		return err;
	}
	return 0;

unshare:
	host->ops->unshare(host, dev->words + 1, dev->npages);
free_memory:
	dev_free_memory(dev);
	return err;
}
EXPORT_SYMBOL_GPL(vrelay_dev_open);

/**
 * vrelay_dev_close() - close it
 * @dev: device, open
 *
 * On return no callback runs or will run, and the host uses nothing of it.  Until
 * then packets can be sent, and come.
 *
 * Context: process, may sleep; waits for the host, not for ever.  Not from a callback.
 */
void vrelay_dev_close(struct vrelay_dev *dev)
{
	dev_disconnect(dev);
}
EXPORT_SYMBOL_GPL(vrelay_dev_close);

/**
 * vrelay_dev_create() - make a device that is not open
 * @hchan: channel of the host; its owner passes answers on to vrelay_dev_answer()
 *
 * Return: the device, or NULL.
 */
struct vrelay_dev *vrelay_dev_create(struct vrelay_hchan *hchan)
{
	struct vrelay_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->hchan = hchan;
	INIT_DELAYED_WORK(&dev->work, dev_work);
	init_completion(&dev->answered);
	spin_lock_init(&dev->out_lock);
	return dev;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_dev_create);

#if IS_ENABLED(CONFIG_KUNIT)
/* For tests: on return what was due when it was called has been done. */
void vrelay_dev_flush(struct vrelay_dev *dev)
{
	drain_workqueue(dev->wq);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_dev_flush);
#endif

/* It must not be open. */
void vrelay_dev_destroy(struct vrelay_dev *dev)
{
	kfree(dev);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_dev_destroy);
