// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's monitor pages, for a host that looks into them.
 *
 * The guest's server hands them over unless it looks into them itself; then its channels
 * of the host come with the host's monitor ids, and VTL2 has nothing to do with their
 * signals.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <vmbus/partition.h>

#include "vrelay.h"

/* The host writes to what the guest says: it must be the guest's own. */
static int vrelay_mon_check(struct vrelay *relay, u64 p2c, u64 c2p)
{
	u64 pfns[] = { p2c >> HV_HYP_PAGE_SHIFT, c2p >> HV_HYP_PAGE_SHIFT };

	if (!c2p)
		return 0;
	if (offset_in_hvpage(p2c) || offset_in_hvpage(c2p))
		return -EINVAL;
	return vpart_check_pfns(vsrv_partition(relay->srv), pfns, ARRAY_SIZE(pfns), true);
}

static void vrelay_mon_modify(void *ctx, u64 p2c, u64 c2p)
{
	struct vrelay *relay = ctx;
	int err = vrelay_mon_check(relay, p2c, c2p);

	if (!err)
		err = vrelay_client_set_monitor(&relay->client, p2c, c2p);
	if (err)
		vsrv_monitor_done(relay->srv, err);
	/* For the deadline, or because nothing is awaited. */
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

static void vrelay_mon_stop(void *ctx)
{
	struct vrelay *relay = ctx;

	vrelay_client_reset_monitor(&relay->client);
	/* It may have waited for an answer that does not come. */
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

static const struct vsrv_monitor_ops vrelay_mon_ops = {
	.modify = vrelay_mon_modify,
	.stop = vrelay_mon_stop,
};

/**
 * vrelay_mon_answer() - the host has answered
 * @client: the relay's
 * @err: 0, or why it does not look
 *
 * Context: process, vrelay_client::lock held.
 */
void vrelay_mon_answer(struct vrelay_client *client, int err)
{
	struct vrelay *relay = container_of(client, struct vrelay, client);

	vsrv_monitor_done(relay->srv, err);
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

/**
 * vrelay_mon_on() - hand the guest's pages to the host, if it wants them
 * @relay: relay, connected
 *
 * Context: reconcile.
 */
void vrelay_mon_on(struct vrelay *relay)
{
	if (relay->mon_on ||
	    !(READ_ONCE(relay->client.features) & VMBUS_FEATURE_MODIFY_CONNECTION))
		return;
	relay->mon_on = !vsrv_monitor_register(relay->srv, &vrelay_mon_ops, relay);
}

/**
 * vrelay_mon_off() - the host has none of them any more
 * @relay: relay; the guest has none of the host's channels
 *
 * Context: reconcile.
 */
void vrelay_mon_off(struct vrelay *relay)
{
	if (!relay->mon_on)
		return;
	vsrv_monitor_unregister(relay->srv);
	relay->mon_on = false;
}

/**
 * vrelay_mon_settling() - are the host's first offers to wait for its answer?
 * @relay: relay, connected
 *
 * Context: reconcile.
 * Return: true if so: what the guest is offered now would have no monitor ids.
 */
bool vrelay_mon_settling(struct vrelay *relay)
{
	return relay->mon_on && list_empty(&relay->chans) && vsrv_monitor_busy(relay->srv);
}
