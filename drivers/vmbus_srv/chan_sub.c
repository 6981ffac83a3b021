// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sub-channels: more rings of a device that is open.  Each is a channel as any other,
 * but lives no longer than the open of its primary channel.
 *
 * A client closes the sub-channels first, then the primary channel, and waits for the
 * sub-channels to be rescinded: those that are not it would keep beside the new ones
 * when it opens the device again.
 */
#include "vsrv.h"

/**
 * vsrv_chan_check_primary - may a channel get a sub-channel now?
 * @primary: channel
 *
 * Context: vmbus_srv::lock held.
 * Return: 0 or an error of vsrv_offer_sub().
 */
int vsrv_chan_check_primary(const struct vsrv_chan *primary)
{
	lockdep_assert_held(&primary->srv->lock);
	if (!primary->has_owner || primary->srv->dead)
		return -ENODEV;
	/* The client has the device open, and nobody is about to change that. */
	if (primary->state != VSRV_CHAN_OPEN || primary->stopped || primary->sealed ||
	    primary->reserved.on)
		return -ENOTCONN;
	return 0;
}

/**
 * vsrv_offer_sub - offer a sub-channel of a channel that is open
 * @primary: the device's channel, from vsrv_offer()
 * @index: which sub-channel, from 1 on
 * @ops: callbacks, see struct vsrv_chan_ops
 * @ctx: for vsrv_chan_ctx()
 *
 * The offer is that of @primary with another index.  Callbacks may come before
 * the return, as with vsrv_offer().  From vsrv_open_done() of @primary on,
 * until its close or stop callback, there can be one sub-channel of an index
 * at a time; an index that was revoked can be offered again.
 *
 * When @primary is closed, revoked, or reset with its client, the server first
 * takes its sub-channels back in the order of their offers: where one is open
 * or has GPADLs its stop callback is called, then the client is sent a RESCIND,
 * and only when that is done with all of them is the close or stop callback of
 * @primary called, or its own RESCIND sent.  The owner still gives each back
 * with vsrv_revoke(), which it may do from these callbacks of @primary.
 *
 * Context: process, may sleep; takes the server's lock.  Not from a callback.
 * Return: the channel, to be given back with vsrv_revoke(), or an ERR_PTR:
 * -EINVAL if @index is 0 or @primary is a sub-channel, -ENODEV if @primary or
 * the server was removed, -ENOTCONN if @primary is not open (a reserved open
 * is none), -EEXIST if there is a sub-channel of that index, -ENOSPC if there
 * are 2047 channels, -ENOMEM.
 */
struct vsrv_chan *vsrv_offer_sub(struct vsrv_chan *primary, u16 index,
				 const struct vsrv_chan_ops *ops, void *ctx)
{
	struct vsrv_offer offer = primary->offer;

	if (!index || offer.subchannel)
		return ERR_PTR(-EINVAL);
	offer.subchannel = index;
	return vsrv_chan_new(primary->srv, primary, &offer, ops, ctx);
}
EXPORT_SYMBOL_GPL(vsrv_offer_sub);

/**
 * vsrv_chan_drop_subs - take the sub-channels of a channel back
 * @chan: channel that takes no more of them
 * @tell: the client is there, and is told
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_chan_drop_subs(struct vsrv_chan *chan, bool tell)
{
	lockdep_assert_held(&chan->srv->lock);
	/* Each call takes one off the list. */
	while (!list_empty(&chan->subs))
		vsrv_chan_do_revoke(list_first_entry(&chan->subs, struct vsrv_chan, sub_node),
				    tell);
}
