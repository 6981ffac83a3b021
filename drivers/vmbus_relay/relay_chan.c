// SPDX-License-Identifier: GPL-2.0-only
/*
 * An offer of the host that the guest has: what the guest asks for goes to the host's
 * channel, and what the host answers to the guest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <vmbus/partition.h>

#include "vrelay.h"

/* ---- requests of the guest: called by its server, direct with its lock, else without -- */

/* The first callback may come before vsrv_offer() has returned the channel. */
static struct vrelay_chan *vrelay_chan_of(struct vsrv_chan *chan)
{
	struct vrelay_chan *rc = vsrv_chan_ctx(chan);

	WRITE_ONCE(rc->chan, chan);
	return rc;
}

/* The host's interrupt, when VTL2 sits in the signal path.  Any context. */
static void vrelay_chan_event(void *ctx)
{
	struct vrelay_chan *rc = ctx;

	atomic64_inc(&rc->forwarded_to_guest);
	atomic64_inc(&rc->relay->forwarded_to_guest);
	vsrv_chan_interrupt(READ_ONCE(rc->chan));
}

/* The guest's signal, when VTL2 sits in the signal path.  Any context. */
static void vrelay_chan_signal(struct vsrv_chan *chan)
{
	struct vrelay_chan *rc = vsrv_chan_ctx(chan);

	if (!vrelay_client_signal(rc->hchan))
		return;
	atomic64_inc(&rc->forwarded_to_host);
	atomic64_inc(&rc->relay->forwarded_to_host);
}

/*
 * VTL2 enters the signal path only where it must: for a guest that looks into a page
 * which the host does not know, or sets bits in one that the server looks into, or a host
 * that takes no signals but its own.
 */
static bool vrelay_chan_direct(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	const struct vrelay_client *client = &rc->relay->client;
	bool forced = READ_ONCE(rc->relay->force_forwarding) && vrelay_client_can_forward(client);

	WRITE_ONCE(rc->forwarding, params->shared || forced || vsrv_chan_monitored(chan) ||
		   !vrelay_client_can_share(client));
	return !rc->forwarding;
}

static void vrelay_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	struct vrelay_open open = {
		.ring_gpadl = params->ring_gpadl,
		.downstream_page = params->downstream_page,
		.target_vp = params->target_vp,
		.connection_id = params->connection_id,
		.event_flag = params->event_flag,
		.user_data = params->user_data,
	};
	int err;

	/* That the guest asks to interrupt VTL2 is not passed on: VTL2 is us. */
	if (rc->forwarding) {
		open.event = vrelay_chan_event;
		open.event_ctx = rc;
	}
	err = vrelay_client_open(rc->hchan, &open);
	if (err)
		vsrv_open_done(chan, err);
}

/* The host does not answer a CLOSE, and stops using the ring when it gets it. */
static void vrelay_chan_close(struct vsrv_chan *chan)
{
	vrelay_client_close(vrelay_chan_of(chan)->hchan);
	vsrv_close_done(chan);
}

/*
 * The host gets the guest's page numbers as they are: they must be the guest's own.
 * Returns how many words they are, without what a guest may have put behind them.
 */
static int vrelay_chan_check_gpadl(struct vrelay_chan *rc, const struct vsrv_gpadl *gpadl)
{
	struct vmbus_partition *part = vsrv_partition(rc->relay->srv);
	unsigned int i, npfns;
	u32 len, offset;
	const u64 *pfns;
	u32 pos = 0;
	int err;

	for (i = 0; i < vsrv_gpadl_range_count(gpadl); i++) {
		err = vsrv_gpadl_next(gpadl, &pos, &len, &offset, &pfns, &npfns);
		if (!err)
			err = vpart_check_pfns(part, pfns, npfns, true);
		if (err)
			return err;
	}
	return pos ?: -EINVAL;
}

static void vrelay_chan_gpadl_create(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	u32 id = vsrv_gpadl_id(gpadl);
	unsigned int nwords;
	const u64 *words;
	int n, err;

	words = vsrv_gpadl_words(gpadl, &nwords);
	n = vrelay_chan_check_gpadl(rc, gpadl);
	err = n < 0 ? n : vrelay_client_gpadl_create(rc->hchan, id, vsrv_gpadl_range_count(gpadl),
						     words, n);
	if (err)
		vsrv_gpadl_create_done(chan, id, err);
}

/*
 * The host may keep it until the channel is closed: the answer comes by itself.
 * While the channel is drained, the server gives it when the channel is revoked.
 */
static void vrelay_chan_gpadl_teardown(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);

	if (vrelay_client_gpadl_teardown(rc->hchan, gpadl_id) == -ENOENT)
		vsrv_gpadl_teardown_done(chan, gpadl_id);
}

static void vrelay_chan_modify(struct vsrv_chan *chan, u32 target_vp)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	int err = vrelay_client_modify(rc->hchan, target_vp);

	if (!err)
		return;
	/* Such a host interrupts VTL2, and the server knows the guest's new VP. */
	if (err == -EOPNOTSUPP && rc->forwarding)
		err = 0;
	vsrv_modify_done(chan, err);
}

/* vrelay_client::lock orders this against answers: none is given afterwards. */
static void vrelay_chan_stop(struct vsrv_chan *chan)
{
	vrelay_client_drain(vrelay_chan_of(chan)->hchan, false);
}

const struct vsrv_chan_ops vrelay_chan_ops = {
	.open = vrelay_chan_open,
	.close = vrelay_chan_close,
	.gpadl_create = vrelay_chan_gpadl_create,
	.gpadl_teardown = vrelay_chan_gpadl_teardown,
	.modify = vrelay_chan_modify,
	.signal = vrelay_chan_signal,
	.direct = vrelay_chan_direct,
	.stop = vrelay_chan_stop,
};

/* ---- answers of the host: called by the client, vrelay_client::lock held -------------- */

static void vrelay_on_changed(struct vrelay_client *client)
{
	struct vrelay *relay = container_of(client, struct vrelay, client);

	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

static struct vsrv_chan *vrelay_guest_end(struct vrelay_hchan *hchan)
{
	struct vrelay_chan *rc = hchan->ctx;

	return READ_ONCE(rc->chan);
}

/* The device, if a hook has the offer and not the guest. */
static struct vrelay_dev *vrelay_hook_end(struct vrelay_hchan *hchan)
{
	struct vrelay_chan *rc = hchan->ctx;

	return READ_ONCE(rc->dev);
}

static void vrelay_on_open_result(struct vrelay_hchan *hchan, int err)
{
	struct vrelay_dev *dev = vrelay_hook_end(hchan);

	if (dev)
		vrelay_dev_answer(dev, err);
	else
		vsrv_open_done(vrelay_guest_end(hchan), err);
}

static void vrelay_on_gpadl_created(struct vrelay_hchan *hchan, u32 gpadl_id, int err)
{
	struct vrelay_dev *dev = vrelay_hook_end(hchan);

	if (dev)
		vrelay_dev_answer(dev, err);
	else
		vsrv_gpadl_create_done(vrelay_guest_end(hchan), gpadl_id, err);
}

static void vrelay_on_gpadl_torndown(struct vrelay_hchan *hchan, u32 gpadl_id)
{
	vsrv_gpadl_teardown_done(vrelay_guest_end(hchan), gpadl_id);
}

static void vrelay_on_modified(struct vrelay_hchan *hchan, int err)
{
	vsrv_modify_done(vrelay_guest_end(hchan), err);
}

static bool vrelay_on_tl_refused(struct vrelay_client *client, const guid_t *service_id,
				 const guid_t *endpoint_id)
{
	struct vrelay *relay = container_of(client, struct vrelay, client);

	return vrelay_tl_refused(relay, service_id, endpoint_id);
}

const struct vrelay_client_ops vrelay_client_ops = {
	.changed = vrelay_on_changed,
	.open_result = vrelay_on_open_result,
	.gpadl_created = vrelay_on_gpadl_created,
	.gpadl_torndown = vrelay_on_gpadl_torndown,
	.modified = vrelay_on_modified,
	.tl_refused = vrelay_on_tl_refused,
	.monitor_set = vrelay_mon_answer,
};
