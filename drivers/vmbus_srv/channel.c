// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: names, references, ids and offers.  What the client does to a channel
 * is in chan_client.c, what its owner does in chan_owner.c, interrupts and signals
 * in chan_event.c.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include <vmbus/reader.h>
#include "vsrv.h"
#include "trace.h"

static const char * const vsrv_chan_state_names[] = {
	[VSRV_CHAN_CLIENT_RELEASED] = "released",
	[VSRV_CHAN_REOFFERED] = "reoffered",
	[VSRV_CHAN_CLOSED] = "offered",
	[VSRV_CHAN_OPENING] = "opening",
	[VSRV_CHAN_OPEN] = "open",
	[VSRV_CHAN_CLOSING] = "closing",
	[VSRV_CHAN_CLOSING_REOPEN] = "closing-reopen",
	[VSRV_CHAN_OPENING_RELEASED] = "opening-released",
	[VSRV_CHAN_CLOSING_RELEASED] = "closing-released",
	[VSRV_CHAN_REVOKED] = "revoked",
};

/**
 * vsrv_chan_state_name - a state for humans
 * @state: state
 *
 * Return: its name.
 */
const char *vsrv_chan_state_name(enum vsrv_chan_state state)
{
	return vsrv_chan_state_names[state];
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_chan_state_name);

void vsrv_chan_set_state(struct vsrv_chan *chan, enum vsrv_chan_state state)
{
	lockdep_assert_held(&chan->srv->lock);
	trace_vsrv_chan_state(chan, state);
	/* sysfs reads it without the lock. */
	WRITE_ONCE(chan->state, state);
}

static void vsrv_chan_free(struct kref *ref)
{
	struct vsrv_chan *chan = container_of(ref, struct vsrv_chan, ref);
	struct vmbus_srv *srv = chan->srv;

	kfree(chan);
	vsrv_put(srv);
}

/**
 * vsrv_chan_get - take a reference
 * @chan: channel
 */
void vsrv_chan_get(struct vsrv_chan *chan)
{
	kref_get(&chan->ref);
}

/**
 * vsrv_chan_put - drop a reference
 * @chan: channel
 */
void vsrv_chan_put(struct vsrv_chan *chan)
{
	kref_put(&chan->ref, vsrv_chan_free);
}

/**
 * vsrv_chan_released - does the client not know the channel?
 * @chan: channel
 *
 * Return: true if it does not.
 */
bool vsrv_chan_released(const struct vsrv_chan *chan)
{
	switch (chan->state) {
	case VSRV_CHAN_CLIENT_RELEASED:
	case VSRV_CHAN_REOFFERED:
	case VSRV_CHAN_OPENING_RELEASED:
	case VSRV_CHAN_CLOSING_RELEASED:
		return true;
	default:
		return false;
	}
}

/**
 * vsrv_chan_find - the channel that the client means
 * @srv: server
 * @id: channel id of a message
 *
 * Context: vmbus_srv::lock held.
 * Return: the channel, or NULL.
 */
struct vsrv_chan *vsrv_chan_find(struct vmbus_srv *srv, u32 id)
{
	lockdep_assert_held(&srv->lock);
	return xa_load(&srv->ids, id);
}

/**
 * vsrv_chan_of - the channel of a message, which is refused if there is none
 * @srv: server
 * @msg: message
 * @id: the channel id in it
 *
 * Context: vmbus_srv::lock held.
 * Return: the channel, or NULL.
 */
struct vsrv_chan *vsrv_chan_of(struct vmbus_srv *srv, const struct vpart_message *msg, __le32 id)
{
	struct vsrv_chan *chan = vsrv_chan_find(srv, le32_to_cpu(id));

	if (!chan)
		vsrv_refuse(srv, msg, VSRV_WHY_NO_CHANNEL);
	return chan;
}

static bool vsrv_same_key(const struct vsrv_offer *a, const struct vsrv_offer *b)
{
	return guid_equal(&a->class_id, &b->class_id) &&
	       guid_equal(&a->instance_id, &b->instance_id) && a->subchannel == b->subchannel;
}

struct vsrv_chan *vsrv_chan_find_key(struct vmbus_srv *srv, const struct vsrv_offer *offer,
				     bool owned)
{
	struct vsrv_chan *chan;

	list_for_each_entry(chan, &srv->chans, node)
		if (chan->has_owner == owned && vsrv_same_key(&chan->offer, offer))
			return chan;
	return NULL;
}

/* ---- offers ------------------------------------------------------------------------ */

/* What the client has no feature for means nothing good to it. */
static u16 vsrv_chan_offer_flags(const struct vsrv_chan *chan)
{
	u32 features = chan->srv->conn.features;
	u16 flags = chan->offer.flags;

	if (!(features & VMBUS_FEATURE_CONFIDENTIAL))
		flags &= ~VMBUS_OFFER_CONFIDENTIAL;
	if (!(features & VMBUS_FEATURE_GPA_PINNING))
		flags &= ~VMBUS_OFFER_PINNED;
	return flags;
}

/* Connection that the client signals if it names no other; VTL2 has its own. */
u32 vsrv_chan_connection_id(const struct vsrv_chan *chan)
{
	if (chan->srv->redirect)
		return VMBUS_CONN_EVENT(chan->id, VMBUS_SINT_REDIRECT, VPART_VTL_PARAVISOR);
	return VMBUS_CONN_EVENT(chan->id, VMBUS_SINT, VPART_VTL_GUEST);
}

static void vsrv_chan_send_offer(struct vsrv_chan *chan)
{
	const struct vsrv_offer *o = &chan->offer;
	struct vmbus_offer_msg m = {
		.class_id = o->class_id,
		.instance_id = o->instance_id,
		.flags = cpu_to_le16(vsrv_chan_offer_flags(chan)),
		.mmio_megabytes = cpu_to_le16(o->mmio_megabytes),
		.subchannel = cpu_to_le16(o->subchannel),
		.mmio_megabytes_optional = cpu_to_le16(o->mmio_megabytes_optional),
		.channel_id = cpu_to_le32(chan->id),
		.monitor_id = chan->monitor_id,
		.monitor_allocated = chan->monitor_id != VMBUS_MONITOR_NONE,
		.is_dedicated = cpu_to_le16(1),
		.connection_id = cpu_to_le32(vsrv_chan_connection_id(chan)),
	};

	memcpy(m.user_defined, o->user_defined, sizeof(m.user_defined));
	vsrv_send(chan->srv, VMBUS_MSG_OFFER, &m, sizeof(m));
}

void vsrv_chan_offer_with_id(struct vsrv_chan *chan, u32 id)
{
	WRITE_ONCE(chan->id, id);
	vsrv_monitor_assign(chan);
	vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
	vsrv_sysfs_chan_add(chan);
	vsrv_chan_send_offer(chan);
}

/**
 * vsrv_chan_announce - offer a channel to the client
 * @chan: channel that the client does not know
 *
 * The lowest free id is used, so that ids are the same each time a client asks
 * for the same offers.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_announce(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;
	u32 id;
	int err;

	/* Its owner was told that it is offered: so little memory must be there. */
	err = xa_alloc(&srv->ids, &id, chan, XA_LIMIT(1, VMBUS_MAX_CHANNEL_ID),
		       GFP_KERNEL | __GFP_NOFAIL);
	if (err) {
		vsrv_count_why(srv, VSRV_WHY_NO_ID);
		pr_debug("%s: cannot offer %pUl: no channel id left (%d)\n",
			 srv->name, &chan->offer.instance_id, err);
		return;
	}
	vsrv_chan_offer_with_id(chan, id);
}

/**
 * vsrv_chan_announce_free - offer a channel once nothing of an old client is left
 * @chan: channel that the client does not know
 *
 * The client would be told of the end of GPADLs that it never made.  Does nothing
 * for a channel that was for an old client only.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_announce_free(struct vsrv_chan *chan)
{
	/* An hv_sock connection does not outlive the client's contact. */
	if (chan->offer.flags & VMBUS_OFFER_TLNPI)
		return;
	chan->announce_due = !list_empty(&chan->gpadls);
	if (!chan->announce_due)
		vsrv_chan_announce(chan);
}

/**
 * vsrv_chan_gpadl_gone - a GPADL of a channel does not exist any more
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_gpadl_gone(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	vsrv_conn_check_disconnected(srv);
	if (chan->announce_due && chan->state == VSRV_CHAN_CLIENT_RELEASED &&
	    srv->conn.state == VSRV_CONNECTED && srv->conn.offers_sent)
		vsrv_chan_announce_free(chan);
}

/* The client does not use the channel's id any more. */
void vsrv_chan_free_id(struct vsrv_chan *chan)
{
	if (!chan->id)
		return;
	vsrv_sysfs_chan_remove(chan);
	vsrv_monitor_release(chan);
	xa_erase(&chan->srv->ids, chan->id);
	WRITE_ONCE(chan->id, 0);
}

void vsrv_chan_delete(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	vsrv_gpadls_drop(chan);
	vsrv_chan_free_id(chan);
	list_del_init(&chan->node);
	srv->nchans--;
	vsrv_chan_put(chan);
}

/* Not offered yet. */
static struct vsrv_chan *vsrv_chan_alloc(struct vmbus_srv *srv, const struct vsrv_offer *offer,
					 const struct vsrv_chan_ops *ops, void *ctx)
{
	struct vsrv_chan *chan;

	chan = kzalloc(sizeof(*chan), GFP_KERNEL);
	if (!chan)
		return NULL;
	kref_init(&chan->ref);
	chan->srv = srv;
	chan->offer = *offer;
	chan->ops = ops;
	chan->ctx = ctx;
	chan->has_owner = true;
	chan->modify_next = VMBUS_VP_NONE;
	chan->monitor_id = VMBUS_MONITOR_NONE;
	chan->port.signal = vsrv_chan_port_signal;
	chan->busy_poll_us = vsrv_busy_poll_default();
	spin_lock_init(&chan->rings_lock);
	timer_setup(&chan->look, vsrv_chan_look, 0);
	INIT_LIST_HEAD(&chan->gpadls);
	INIT_LIST_HEAD(&chan->subs);
	INIT_LIST_HEAD(&chan->sub_node);
	INIT_LIST_HEAD(&chan->op.node);
	INIT_LIST_HEAD(&chan->modify_op.node);
	return chan;
}

static int vsrv_chan_may_add(const struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	if (!srv->started || srv->dead)
		return -ENODEV;
	if ((chan->offer.flags & VMBUS_OFFER_TLNPI) &&
	    (srv->conn.state != VSRV_CONNECTED || !srv->conn.offers_sent))
		return -ENOTCONN;
	if (vsrv_chan_find_key(srv, &chan->offer, true))
		return -EEXIST;
	return srv->nchans < VSRV_MAX_CHANNELS ? 0 : -ENOSPC;
}

/* An error of vsrv_offer() or, for a sub-channel of @primary, of vsrv_offer_sub(). */
static int vsrv_chan_add(struct vsrv_chan *chan, struct vsrv_chan *primary)
{
	struct vmbus_srv *srv = chan->srv;
	int err = primary ? vsrv_chan_check_primary(primary) : 0;

	lockdep_assert_held(&srv->lock);
	if (!err)
		err = vsrv_chan_may_add(chan);
	if (err == -ENOSPC) {
		/* A guest gets here that holds what was revoked. */
		vsrv_count_why(srv, VSRV_WHY_NO_ID);
		pr_warn_ratelimited("%s: cannot offer %pUl.%u: there are %u channels\n", srv->name,
				    &chan->offer.instance_id, chan->offer.subchannel,
				    srv->nchans);
	}
	if (err)
		return err;

	kref_get(&srv->ref);
	kref_get(&chan->ref);	/* the list's */
	list_add_tail(&chan->node, &srv->chans);
	if (primary)
		list_add_tail(&chan->sub_node, &primary->subs);
	srv->nchans++;

	if (vsrv_chan_find_key(srv, &chan->offer, false))
		vsrv_chan_set_state(chan, VSRV_CHAN_REOFFERED);
	else if (srv->conn.state == VSRV_CONNECTED && srv->conn.offers_sent)
		vsrv_chan_announce(chan);
	return 0;
}

/**
 * vsrv_chan_new - make a channel and offer it
 * @srv: server
 * @primary: whose sub-channel it is, see vsrv_offer_sub(), or NULL
 * @offer: what is offered; copied
 * @ops: callbacks
 * @ctx: for vsrv_chan_ctx()
 *
 * Context: process, may sleep; takes the server's lock.
 * Return: the channel, or an ERR_PTR of vsrv_offer() or vsrv_offer_sub().
 */
struct vsrv_chan *vsrv_chan_new(struct vmbus_srv *srv, struct vsrv_chan *primary,
				const struct vsrv_offer *offer, const struct vsrv_chan_ops *ops,
				void *ctx)
{
	struct vsrv_chan *chan = vsrv_chan_alloc(srv, offer, ops, ctx);
	int err;

	if (!chan)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&srv->lock);
	err = vsrv_chan_add(chan, primary);
	mutex_unlock(&srv->lock);
	if (err) {
		kfree(chan);
		return ERR_PTR(err);
	}
	vsrv_kick(srv);
	return chan;
}

/**
 * vsrv_offer - offer a channel to the client of a server
 * @srv: server
 * @offer: what is offered; copied
 * @ops: callbacks, see struct vsrv_chan_ops
 * @ctx: for vsrv_chan_ctx()
 *
 * If the client still holds a revoked channel of the same class, instance and
 * subchannel it is told only when it has let go of that one.
 *
 * An offer with VMBUS_OFFER_TLNPI is for the client that is there now: it is
 * never offered to the next one.
 *
 * Sub-channels of a device of this kernel are better offered with
 * vsrv_offer_sub(): one that is offered here is as any other channel, and its
 * owner answers for the order.
 *
 * Context: process, may sleep; takes the server's lock.  Not from a callback.
 * Return: the channel, to be given back with vsrv_revoke(), or an ERR_PTR:
 * -ENODEV if the server has no partition or was removed, -EEXIST if there is
 * an offer of the same class, instance and subchannel, -ENOSPC if there are
 * 2047 channels, -ENOTCONN for an hv_sock connection to a client that has not
 * asked for offers, -ENOMEM.
 */
struct vsrv_chan *vsrv_offer(struct vmbus_srv *srv, const struct vsrv_offer *offer,
			     const struct vsrv_chan_ops *ops, void *ctx)
{
	return vsrv_chan_new(srv, NULL, offer, ops, ctx);
}
EXPORT_SYMBOL_GPL(vsrv_offer);

static bool vsrv_chan_revoke(struct vsrv_chan *chan, enum vsrv_request_type type)
{
	struct vmbus_srv *srv = chan->srv;
	bool has_owner;

	mutex_lock(&srv->lock);
	has_owner = chan->has_owner;
	mutex_unlock(&srv->lock);
	if (has_owner && !vsrv_request(srv, type, chan))
		return false;
	vsrv_chan_put(chan);
	return true;
}

/**
 * vsrv_revoke - take an offer back
 * @chan: from vsrv_offer() or vsrv_offer_sub(); not valid after the call
 *
 * If the client has the channel open, or has GPADLs on it, the owner's stop
 * callback is called first, from the server's work.  On return no callback of
 * the channel runs or will run, and the client has been sent a RESCIND.
 *
 * Sub-channels that were offered with vsrv_offer_sub() are taken back before
 * their primary channel.  They stay the owner's to give back; that does
 * nothing more to the client then.
 *
 * Context: process, may sleep, and waits while the guest is stopped, as an idle task; who
 * has more to do than that uses vsrv_try_revoke().  Not from a callback, but for a
 * sub-channel that was taken back.
 */
void vsrv_revoke(struct vsrv_chan *chan)
{
	vsrv_chan_revoke(chan, VSRV_REQ_REVOKE);
}
EXPORT_SYMBOL_GPL(vsrv_revoke);

/**
 * vsrv_try_revoke - take an offer back, but do not wait for a stopped guest
 * @chan: as for vsrv_revoke(); still valid if this fails
 *
 * Context: as vsrv_revoke(), but without that wait.
 * Return: true, or false if the guest is stopped: nothing has happened then.
 */
bool vsrv_try_revoke(struct vsrv_chan *chan)
{
	return vsrv_chan_revoke(chan, VSRV_REQ_TRY_REVOKE);
}
EXPORT_SYMBOL_GPL(vsrv_try_revoke);

/* ---- accessors ------------------------------------------------------------------------------ */

/**
 * vsrv_chan_ctx - the owner's pointer
 * @chan: channel
 *
 * Return: what vsrv_offer() was given.
 */
void *vsrv_chan_ctx(const struct vsrv_chan *chan)
{
	return chan->ctx;
}
EXPORT_SYMBOL_GPL(vsrv_chan_ctx);

/**
 * vsrv_chan_server - the channel's server
 * @chan: channel
 *
 * Return: the server, without a reference of its own.
 */
struct vmbus_srv *vsrv_chan_server(const struct vsrv_chan *chan)
{
	return chan->srv;
}
EXPORT_SYMBOL_GPL(vsrv_chan_server);

/**
 * vsrv_chan_offer - what was offered
 * @chan: channel
 *
 * Return: the offer, valid as long as the channel.
 */
const struct vsrv_offer *vsrv_chan_offer(const struct vsrv_chan *chan)
{
	return &chan->offer;
}
EXPORT_SYMBOL_GPL(vsrv_chan_offer);

/**
 * vsrv_chan_id - the channel's id
 * @chan: channel
 *
 * Return: the id by which the client knows it, 0 if it does not.
 */
u32 vsrv_chan_id(const struct vsrv_chan *chan)
{
	return READ_ONCE(chan->id);
}
EXPORT_SYMBOL_GPL(vsrv_chan_id);

/**
 * vsrv_chan_count - count something that is shown in the channel's sysfs directory
 * @chan: channel
 * @counter: what
 * @n: how many
 *
 * Context: any.
 */
void vsrv_chan_count(struct vsrv_chan *chan, enum vsrv_chan_counter counter, u32 n)
{
	atomic64_add(n, &chan->counters[counter]);
}
EXPORT_SYMBOL_GPL(vsrv_chan_count);
