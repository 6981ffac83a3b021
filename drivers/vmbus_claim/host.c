// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's end of a claimed device.
 *
 * hv_vmbus calls back in its interrupt, the work reads.  In between the host is told not
 * to interrupt, as hv_netvsc does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "claim.h"

#define VCLAIM_BATCH		64	/* packets read before others get their turn */
#define VCLAIM_MAX_PACKET	(U16_MAX * 8)	/* what a descriptor can say */

static void vclaim_queue_after(struct vclaim *claim, unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&claim->lock, flags);
	if (claim->open)
		queue_delayed_work(claim->wq, &claim->work, delay);
	spin_unlock_irqrestore(&claim->lock, flags);
}

static void vclaim_queue(struct vclaim *claim)
{
	vclaim_queue_after(claim, 0);
}

/*
 * The host's interrupt: there are packets, or there is room.  Any context.  It may come
 * before the rings are there, and after an open that has failed.
 */
static void vclaim_event(void *ctx)
{
	struct vclaim *claim = ctx;
	unsigned long flags;

	spin_lock_irqsave(&claim->lock, flags);
	if (claim->open) {
		hv_begin_read(&claim->hdev->channel->inbound);
		queue_delayed_work(claim->wq, &claim->work, 0);
	}
	spin_unlock_irqrestore(&claim->lock, flags);
}

/* True if a packet of the guest waits: it is tried once more. */
static bool vclaim_fed(struct vclaim *claim)
{
	bool starved;

	spin_lock_irq(&claim->lock);
	starved = claim->starved;
	claim->starved = false;
	spin_unlock_irq(&claim->lock);
	return starved;
}

static void vclaim_refuse(struct vclaim *claim, const char *whose)
{
	atomic64_inc(&claim->refused);
	pr_warn_ratelimited("%pUl: a packet of the %s that refers to memory, or is malformed, is not passed on\n",
			    &claim->key.instance_id, whose);
}

/* True if there was one, good or not. */
static bool vclaim_read(struct vclaim *claim)
{
	struct vsrv_packet pkt;
	u64 trans_id;
	u32 len;
	int err;

	err = vmbus_recvpacket_raw(claim->hdev->channel, claim->buf, claim->buf_size, &len,
				   &trans_id);
	if (err || !len)
		return false;
	if (vclaim_parse(claim->buf, len, &pkt))
		vpass_packet(claim->pass, &pkt);
	else
		vclaim_refuse(claim, "host");
	return true;
}

static void vclaim_work(struct work_struct *work)
{
	struct vclaim *claim = container_of(work, struct vclaim, work.work);
	struct hv_ring_buffer_info *in = &claim->hdev->channel->inbound;
	bool ready = true, more = true;
	unsigned int n;

	hv_begin_read(in);
	if (vclaim_fed(claim))
		vpass_room(claim->pass);
	for (n = 0; n < VCLAIM_BATCH && more; n++) {
		ready = vpass_ready(claim->pass);
		more = ready && vclaim_read(claim);
	}
	vpass_flush(claim->pass);
	/* Who is not ready calls when it is. */
	if (!ready)
		return;
	/* A host can show bytes that are no packet: not without a pause. */
	if (more)
		vclaim_queue(claim);
	else if (hv_end_read(in))
		vclaim_queue_after(claim, 1);
}

/* ---- what vmbus_pass asks for ---------------------------------------------------------- */

static void vclaim_set_open(struct vclaim *claim, bool open)
{
	spin_lock_irq(&claim->lock);
	claim->open = open;
	spin_unlock_irq(&claim->lock);
}

/* hv_vmbus allocates both rings as one piece, of the size that the guest asks for. */
static bool vclaim_rings_fit(const struct vsrv_ring_params *params)
{
	return get_order((params->to_host_pages + params->from_host_pages) *
			 HV_HYP_PAGE_SIZE) <= MAX_PAGE_ORDER;
}

static int vclaim_host_open(void *ctx, struct vpass *pass, const struct vsrv_ring_params *params)
{
	struct vclaim *claim = ctx;
	struct vmbus_channel *channel = claim->hdev->channel;
	int err;

	if (!vclaim_rings_fit(params))
		return -EINVAL;
	claim->pass = pass;
	/*
	 * hv_vmbus copies as much if the host's descriptor is bad: not more than there is
	 * behind any index in a ring that is mapped twice.
	 */
	claim->buf_size = min((params->from_host_pages - 1) * HV_HYP_PAGE_SIZE,
			      VCLAIM_MAX_PACKET);
	claim->buf = kvmalloc(claim->buf_size, GFP_KERNEL);
	if (!claim->buf)
		return -ENOMEM;
	claim->starved = false;
	set_channel_read_mode(channel, HV_CALL_DIRECT);
	channel->max_pkt_size = claim->buf_size;
	err = vmbus_open(channel, params->to_host_pages * HV_HYP_PAGE_SIZE,
			 params->from_host_pages * HV_HYP_PAGE_SIZE, (void *)params->user_data,
			 MAX_USER_DEFINED_BYTES, vclaim_event, claim);
	if (err) {
		/* It leaves the callback, which this removes. */
		vmbus_close(channel);
		kvfree(claim->buf);
		return err;
	}
	vclaim_set_open(claim, true);
	/* What came before. */
	vclaim_queue(claim);
	return 0;
}

static void vclaim_host_close(void *ctx)
{
	struct vclaim *claim = ctx;

	vclaim_set_open(claim, false);
	cancel_delayed_work_sync(&claim->work);
	vmbus_close(claim->hdev->channel);
	kvfree(claim->buf);
}

static int vclaim_write(struct vclaim *claim, const struct vsrv_packet *pkt)
{
	struct vmbus_channel *channel = claim->hdev->channel;
	int err;

	lockdep_assert_held(&claim->lock);
	err = vmbus_sendpacket(channel, (void *)pkt->payload, pkt->len, pkt->trans_id,
			       pkt->type, pkt->flags);
	if (err != -EAGAIN)
		return err;
	/* Have it interrupt when there is room. */
	claim->starved = true;
	set_channel_pending_send_size(channel, sizeof(struct vmpacket_descriptor) + pkt->len +
				      VSRV_PACKET_FOOTER + 1);
	/* Pairs with the host's, between its read index and pending_send_sz. */
	virt_mb();
	/* There may be some by now. */
	err = vmbus_sendpacket(channel, (void *)pkt->payload, pkt->len, pkt->trans_id,
			       pkt->type, pkt->flags);
	if (err == -EAGAIN)
		return err;
	claim->starved = false;
	set_channel_pending_send_size(channel, 0);
	return err;
}

static int vclaim_host_send(void *ctx, const struct vsrv_packet *pkt)
{
	struct vclaim *claim = ctx;
	unsigned long flags;
	int err = -ENOTCONN;

	if (!vclaim_passes(pkt->type)) {
		vclaim_refuse(claim, "guest");
		return -EOPNOTSUPP;
	}
	spin_lock_irqsave(&claim->lock, flags);
	if (claim->open)
		err = vclaim_write(claim, pkt);
	spin_unlock_irqrestore(&claim->lock, flags);
	return err;
}

static void vclaim_host_queue(void *ctx)
{
	vclaim_queue(ctx);
}

const struct vpass_host_ops vclaim_host_ops = {
	.open = vclaim_host_open,
	.close = vclaim_host_close,
	.send = vclaim_host_send,
	.queue = vclaim_host_queue,
};

/* The channel as hv_vmbus made it: its drivers set what they need, and leave it so. */
static void vclaim_channel_reset(struct vmbus_channel *channel)
{
	set_channel_read_mode(channel, HV_CALL_BATCHED);
	channel->max_pkt_size = 0;
	channel->rqstor_size = 0;
	channel->next_request_id_callback = NULL;
	channel->request_addr_callback = NULL;
	channel->change_target_cpu_callback = NULL;
	channel->chn_rescind_callback = NULL;
}

/**
 * vclaim_host_init - set up the host's end, closed
 * @claim: device
 *
 * Return: 0 or -ENOMEM.
 */
int vclaim_host_init(struct vclaim *claim)
{
	spin_lock_init(&claim->lock);
	INIT_DELAYED_WORK(&claim->work, vclaim_work);
	claim->wq = alloc_ordered_workqueue("vmbus_claim", 0);
	if (!claim->wq)
		return -ENOMEM;
	vclaim_channel_reset(claim->hdev->channel);
	return 0;
}

/**
 * vclaim_host_release - hv_vmbus gets its device back
 * @claim: device, closed
 */
void vclaim_host_release(struct vclaim *claim)
{
	vclaim_channel_reset(claim->hdev->channel);
}

/**
 * vclaim_host_destroy - the opposite
 * @claim: device, closed
 */
void vclaim_host_destroy(struct vclaim *claim)
{
	destroy_workqueue(claim->wq);
}
