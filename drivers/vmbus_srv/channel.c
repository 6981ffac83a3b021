// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel state machine: what the client, the owner and the server do to
 * one offer.
 */
#include <linux/bitfield.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vsrv.h"
#include "trace.h"

/*
 * Where interrupts go, in one word so that it changes at once under
 * vsrv_chan_interrupt().  Never 0 when set: an event flag is at least 1.
 */
#define ROUTE_VP	GENMASK_ULL(31, 0)
#define ROUTE_FLAG	GENMASK_ULL(47, 32)
#define ROUTE_SINT	GENMASK_ULL(55, 48)
#define ROUTE_VTL	GENMASK_ULL(63, 56)

#define DUE_INTERRUPT	0	/* bit of vsrv_chan::due */

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

static void vsrv_chan_set_state(struct vsrv_chan *chan, enum vsrv_chan_state state)
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

static bool vsrv_same_key(const struct vsrv_offer *a, const struct vsrv_offer *b)
{
	return guid_equal(&a->class_id, &b->class_id) &&
	       guid_equal(&a->instance_id, &b->instance_id) && a->subchannel == b->subchannel;
}

static struct vsrv_chan *vsrv_chan_find_key(struct vmbus_srv *srv, const struct vsrv_offer *offer,
					    bool owned)
{
	struct vsrv_chan *chan;

	list_for_each_entry(chan, &srv->chans, node)
		if (chan->has_owner == owned && vsrv_same_key(&chan->offer, offer))
			return chan;
	return NULL;
}

/* ---- interrupts and signals ------------------------------------------------------ */

static void vsrv_chan_raise(struct vsrv_chan *chan, u64 route)
{
	vpart_set_event(chan->srv->part, FIELD_GET(ROUTE_VTL, route),
			FIELD_GET(ROUTE_VP, route), FIELD_GET(ROUTE_SINT, route),
			FIELD_GET(ROUTE_FLAG, route));
}

/**
 * vsrv_chan_interrupt - interrupt the client
 * @chan: channel
 *
 * Before the client was told that the channel is open the interrupt is kept: a
 * client drops one that comes too early.
 *
 * Context: any.
 */
void vsrv_chan_interrupt(struct vsrv_chan *chan)
{
	u64 route;

	/* Pairs with synchronize_rcu() in vsrv_chan_retarget(). */
	rcu_read_lock();
	route = READ_ONCE(chan->route);
	if (!route) {
		set_bit(DUE_INTERRUPT, &chan->due);
		/* Pairs with smp_mb() in vsrv_chan_armed(). */
		smp_mb__after_atomic();
		route = READ_ONCE(chan->route);
	}
	if (route) {
		atomic64_inc(&chan->interrupts);
		vsrv_chan_raise(chan, route);
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(vsrv_chan_interrupt);

static void vsrv_chan_port_signal(struct vpart_port *port, u16 flag)
{
	struct vsrv_chan *chan = container_of(port, struct vsrv_chan, port);

	atomic64_inc(&chan->signals);
	/* A signal that comes earlier is made up for by vsrv_open_done(). */
	if (READ_ONCE(chan->live))
		chan->ops->signal(chan);
}

static u64 vsrv_chan_make_route(const struct vsrv_chan *chan, u32 vp)
{
	bool redirect = chan->srv->redirect && chan->open.redirect;

	return FIELD_PREP(ROUTE_VP, vp) | FIELD_PREP(ROUTE_FLAG, chan->open.event_flag) |
	       FIELD_PREP(ROUTE_SINT, redirect ? VMBUS_SINT_REDIRECT : VMBUS_SINT) |
	       FIELD_PREP(ROUTE_VTL, redirect ? VPART_VTL_PARAVISOR : VPART_VTL_GUEST);
}

/**
 * vsrv_chan_armed - the client was told that the channel is open
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_armed(struct vsrv_chan *chan)
{
	lockdep_assert_held(&chan->srv->lock);
	if (chan->state != VSRV_CHAN_OPEN || chan->stopped ||
	    chan->open.target_vp == VMBUS_VP_NONE)
		return;
	WRITE_ONCE(chan->route, vsrv_chan_make_route(chan, chan->open.target_vp));
	/* Pairs with smp_mb__after_atomic() in vsrv_chan_interrupt(). */
	smp_mb();
	if (test_and_clear_bit(DUE_INTERRUPT, &chan->due))
		vsrv_chan_interrupt(chan);
	else if (!chan->ops->signal)
		/* The host's end interrupts by itself, and may have done so too early. */
		vsrv_chan_raise(chan, chan->route);
}

/* On return no interrupt goes to the old VP any more. */
static void vsrv_chan_retarget(struct vsrv_chan *chan, u32 vp)
{
	WRITE_ONCE(chan->open.target_vp, vp);
	if (chan->route) {
		WRITE_ONCE(chan->route, vsrv_chan_make_route(chan, vp));
		/* Pairs with rcu_read_lock() in vsrv_chan_interrupt(). */
		synchronize_rcu();
	}
}

/* The owner hears no signals any more; it may still interrupt. */
static void vsrv_chan_deafen(struct vsrv_chan *chan)
{
	WRITE_ONCE(chan->live, false);
	if (chan->port_on) {
		vpart_port_unregister(chan->srv->part, &chan->port);
		chan->port_on = false;
	}
}

static void vsrv_chan_disarm(struct vsrv_chan *chan)
{
	vsrv_chan_deafen(chan);
	WRITE_ONCE(chan->route, 0);
	clear_bit(DUE_INTERRUPT, &chan->due);
}

/* The owner has no part of an open any more, and owes no answer to a modify. */
static void vsrv_chan_owner_closed(struct vsrv_chan *chan)
{
	vsrv_chan_disarm(chan);
	chan->owner_open = false;
	chan->modify_pending = false;
	chan->modify_next = VMBUS_VP_NONE;
}

/* ---- offers ------------------------------------------------------------------------ */

static void vsrv_chan_send_offer(struct vsrv_chan *chan)
{
	const struct vsrv_offer *o = &chan->offer;
	struct vmbus_offer_msg m = {
		.class_id = o->class_id,
		.instance_id = o->instance_id,
		.flags = cpu_to_le16(o->flags & ~(VMBUS_OFFER_CONF_RING |
						  VMBUS_OFFER_CONF_EXTERNAL |
						  VMBUS_OFFER_PINNED)),
		.mmio_megabytes = cpu_to_le16(o->mmio_megabytes),
		.subchannel = cpu_to_le16(o->subchannel),
		.mmio_megabytes_optional = cpu_to_le16(o->mmio_megabytes_optional),
		.channel_id = cpu_to_le32(chan->id),
		.monitor_id = 0xff,
		.is_dedicated = cpu_to_le16(1),
		.connection_id = cpu_to_le32(VMBUS_CONN_EVENT(chan->id, VMBUS_SINT,
							      VPART_VTL_GUEST)),
	};

	memcpy(m.user_defined, o->user_defined, sizeof(m.user_defined));
	vsrv_send(chan->srv, VMBUS_MSG_OFFER, &m, sizeof(m));
}

static void vsrv_chan_offer_with_id(struct vsrv_chan *chan, u32 id)
{
	WRITE_ONCE(chan->id, id);
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

	err = xa_alloc(&srv->ids, &id, chan, XA_LIMIT(1, VMBUS_MAX_CHANNEL_ID), GFP_KERNEL);
	if (err) {
		pr_warn_ratelimited("%s: cannot offer %pUl: no channel id left (%d)\n",
				    srv->name, &chan->offer.instance_id, err);
		return;
	}
	vsrv_chan_offer_with_id(chan, id);
}

/* The client does not use the channel's id any more. */
static void vsrv_chan_free_id(struct vsrv_chan *chan)
{
	if (!chan->id)
		return;
	vsrv_sysfs_chan_remove(chan);
	xa_erase(&chan->srv->ids, chan->id);
	WRITE_ONCE(chan->id, 0);
}

static void vsrv_chan_delete(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	vsrv_gpadls_drop(chan);
	vsrv_chan_free_id(chan);
	list_del_init(&chan->node);
	srv->nchans--;
	vsrv_chan_put(chan);
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
 * Context: process, may sleep; takes the server's lock.  Not from a callback.
 * Return: the channel, to be given back with vsrv_revoke(), or an ERR_PTR:
 * -ENODEV if the server has no partition or was removed, -EEXIST if there is
 * an offer of the same class, instance and subchannel, -ENOSPC if there are
 * 2047 channels, -ENOMEM.
 */
struct vsrv_chan *vsrv_offer(struct vmbus_srv *srv, const struct vsrv_offer *offer,
			     const struct vsrv_chan_ops *ops, void *ctx)
{
	struct vsrv_chan *chan, *old;
	int err = 0;

	chan = kzalloc(sizeof(*chan), GFP_KERNEL);
	if (!chan)
		return ERR_PTR(-ENOMEM);
	kref_init(&chan->ref);
	chan->srv = srv;
	chan->offer = *offer;
	chan->ops = ops;
	chan->ctx = ctx;
	chan->has_owner = true;
	chan->modify_next = VMBUS_VP_NONE;
	chan->port.signal = vsrv_chan_port_signal;
	INIT_LIST_HEAD(&chan->gpadls);
	INIT_LIST_HEAD(&chan->op.node);
	INIT_LIST_HEAD(&chan->modify_op.node);

	mutex_lock(&srv->lock);
	if (!srv->started || srv->dead)
		err = -ENODEV;
	else if (vsrv_chan_find_key(srv, offer, true))
		err = -EEXIST;
	else if (srv->nchans >= VSRV_MAX_CHANNELS)
		err = -ENOSPC;
	if (err) {
		mutex_unlock(&srv->lock);
		kfree(chan);
		return ERR_PTR(err);
	}
	kref_get(&srv->ref);
	kref_get(&chan->ref);	/* the list's */
	list_add_tail(&chan->node, &srv->chans);
	srv->nchans++;

	old = vsrv_chan_find_key(srv, offer, false);
	if (old)
		vsrv_chan_set_state(chan, VSRV_CHAN_REOFFERED);
	else if (srv->conn.state == VSRV_CONNECTED && srv->conn.offers_sent)
		vsrv_chan_announce(chan);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
	return chan;
}
EXPORT_SYMBOL_GPL(vsrv_offer);

/**
 * vsrv_revoke - take an offer back
 * @chan: from vsrv_offer(); not valid after the call
 *
 * If the client has the channel open, or has GPADLs on it, the owner's stop
 * callback is called first, from the server's work.  On return no callback of
 * the channel runs or will run, and the client has been sent a RESCIND.
 *
 * Context: process, may sleep.  Not from a callback.
 */
void vsrv_revoke(struct vsrv_chan *chan)
{
	vsrv_request(chan->srv, VSRV_REQ_REVOKE, chan);
	vsrv_chan_put(chan);
}
EXPORT_SYMBOL_GPL(vsrv_revoke);

/* ---- open, close, modify -------------------------------------------------------------- */

static void vsrv_chan_open_failed(struct vsrv_chan *chan)
{
	vsrv_count(chan->srv, VSRV_OPENS_FAILED);
	vsrv_chan_disarm(chan);
	chan->owner_open = false;
	vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
	vsrv_send_open_result(chan, VMBUS_STATUS_FAILURE);
}

static void vsrv_chan_start_open(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;
	const struct vsrv_open_params *p = &chan->open;
	int err = 0;

	/* An interrupt that came after the last close is not for this open. */
	clear_bit(DUE_INTERRUPT, &chan->due);
	if (p->event_flag == 0 || p->event_flag > VMBUS_MAX_EVENT_FLAG ||
	    (p->target_vp != VMBUS_VP_NONE && !vpart_vp_valid(srv->part, p->target_vp)))
		err = -EINVAL;

	/* The client may signal at once: the port comes before the owner. */
	if (!err && chan->ops->signal) {
		chan->port.connection_id = p->connection_id;
		err = vpart_port_register(srv->part, &chan->port);
		chan->port_on = !err;
	}
	if (err) {
		pr_debug_ratelimited("%s: channel %u: cannot open with connection %#x, flag %u, VP %u (%d)\n",
				     srv->name, chan->id, p->connection_id, p->event_flag,
				     p->target_vp, err);
		vsrv_chan_open_failed(chan);
		return;
	}
	chan->owner_open = true;
	vsrv_chan_set_state(chan, VSRV_CHAN_OPENING);
	vsrv_queue_op(srv, &chan->op, VSRV_OP_OPEN, chan);
}

static void vsrv_chan_start_close(struct vsrv_chan *chan, enum vsrv_chan_state state)
{
	/* What the owner still completes is for a client that may be listening. */
	vsrv_chan_deafen(chan);
	vsrv_chan_set_state(chan, state);
	vsrv_queue_op(chan->srv, &chan->op, VSRV_OP_CLOSE, chan);
}

static void vsrv_chan_parse_open(struct vsrv_chan *chan, const struct vpart_message *msg,
				 struct vsrv_open_params *p)
{
	const struct vmbus_open2_msg *m2 = (const void *)msg->payload;
	const struct vmbus_open_msg *m = &m2->open;
	u32 features = chan->srv->conn.features;

	*p = (struct vsrv_open_params) {
		.ring_gpadl = le32_to_cpu(m->ring_gpadl),
		.downstream_page = le32_to_cpu(m->downstream_page),
		.target_vp = le32_to_cpu(m->target_vp),
		.connection_id = VMBUS_CONN_EVENT(chan->id, VMBUS_SINT, VPART_VTL_GUEST),
		.event_flag = chan->id,
	};
	memcpy(p->user_data, m->user_data, sizeof(p->user_data));
	if (features & VMBUS_FEATURE_GUEST_SIGNAL) {
		p->connection_id = le32_to_cpu(m2->connection_id);
		p->event_flag = le16_to_cpu(m2->event_flag);
	}
	if (features & VMBUS_FEATURE_REDIRECT_INT)
		p->redirect = le16_to_cpu(m2->flags) & VMBUS_OPEN_REDIRECT_INTERRUPT;
}

/**
 * vsrv_chan_on_open - OPEN_CHANNEL
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_open(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_open_msg *m = (const void *)msg->payload;
	struct vsrv_chan *chan = vsrv_chan_find(srv, le32_to_cpu(m->channel_id));

	if (!chan) {
		vsrv_refuse(srv, msg, "no such channel");
		return;
	}
	switch (chan->state) {
	case VSRV_CHAN_CLOSED:
		vsrv_chan_parse_open(chan, msg, &chan->open);
		chan->open_id = le32_to_cpu(m->open_id);
		vsrv_chan_start_open(chan);
		break;
	case VSRV_CHAN_CLOSING:
		/* The client cannot know when a close is complete. */
		vsrv_chan_parse_open(chan, msg, &chan->reopen);
		chan->reopen_id = le32_to_cpu(m->open_id);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLOSING_REOPEN);
		break;
	case VSRV_CHAN_REVOKED:
		break;
	default:
		vsrv_refuse(srv, msg, "channel is open already");
	}
}

/**
 * vsrv_chan_on_close - CLOSE_CHANNEL
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_close(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_channel_msg *m = (const void *)msg->payload;
	struct vsrv_chan *chan = vsrv_chan_find(srv, le32_to_cpu(m->channel_id));

	if (!chan) {
		vsrv_refuse(srv, msg, "no such channel");
		return;
	}
	switch (chan->state) {
	case VSRV_CHAN_OPEN:
		if (chan->stopped) {
			chan->stopped = false;
			vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
		} else {
			vsrv_chan_start_close(chan, VSRV_CHAN_CLOSING);
		}
		break;
	case VSRV_CHAN_REVOKED:
		/* Clients close a rescinded channel, too. */
		break;
	default:
		vsrv_refuse(srv, msg, "channel is not open");
	}
}

static void vsrv_chan_send_modified(struct vmbus_srv *srv, u32 channel_id, u32 status)
{
	struct vmbus_modify_channel_resp_msg m = {
		.channel_id = cpu_to_le32(channel_id),
		.status = cpu_to_le32(status),
	};

	/* Older clients do not expect an answer. */
	if (srv->conn.version >= VMBUS_VERSION(5, 3))
		vsrv_send(srv, VMBUS_MSG_MODIFY_CHANNEL_RESP, &m, sizeof(m));
}

static void vsrv_chan_start_modify(struct vsrv_chan *chan, u32 vp)
{
	vsrv_chan_retarget(chan, vp);
	if (chan->ops->modify) {
		chan->modify_pending = true;
		vsrv_queue_op(chan->srv, &chan->modify_op, VSRV_OP_MODIFY, chan);
	} else {
		vsrv_chan_send_modified(chan->srv, chan->id, 0);
	}
}

/**
 * vsrv_chan_on_modify - MODIFY_CHANNEL
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_modify(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_modify_channel_msg *m = (const void *)msg->payload;
	u32 id = le32_to_cpu(m->channel_id), vp = le32_to_cpu(m->target_vp);
	struct vsrv_chan *chan = vsrv_chan_find(srv, id);

	if (!chan || chan->state != VSRV_CHAN_OPEN || chan->stopped || vp == VMBUS_VP_NONE ||
	    chan->open.target_vp == VMBUS_VP_NONE || !vpart_vp_valid(srv->part, vp)) {
		vsrv_refuse(srv, msg, "cannot modify channel");
		vsrv_chan_send_modified(srv, id, VMBUS_STATUS_FAILURE);
	} else if (!chan->modify_pending) {
		vsrv_chan_start_modify(chan, vp);
	} else if (srv->conn.version >= VMBUS_VERSION(5, 3)) {
		vsrv_refuse(srv, msg, "channel is being modified already");
	} else {
		/* Clients that get no answer may send another one; the last counts. */
		chan->modify_next = vp;
	}
}

/**
 * vsrv_chan_on_released - REL_ID_RELEASED
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_released(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_channel_msg *m = (const void *)msg->payload;
	u32 id = le32_to_cpu(m->channel_id);
	struct vsrv_chan *chan = vsrv_chan_find(srv, id);
	struct vsrv_chan *next;

	if (!chan) {
		vsrv_refuse(srv, msg, "no such channel");
		return;
	}
	switch (chan->state) {
	case VSRV_CHAN_REVOKED:
		next = vsrv_chan_find_key(srv, &chan->offer, true);
		vsrv_chan_delete(chan);
		/* A new offer of the same device keeps the id. */
		if (next && next->state == VSRV_CHAN_REOFFERED &&
		    !xa_insert(&srv->ids, id, next, GFP_KERNEL))
			vsrv_chan_offer_with_id(next, id);
		break;
	case VSRV_CHAN_CLOSED:
	case VSRV_CHAN_CLOSING:
		vsrv_chan_client_release(chan);
		break;
	default:
		vsrv_refuse(srv, msg, "channel is in use");
	}
}

/**
 * vsrv_chan_client_release - the client has let go of a channel
 * @chan: channel; freed if it was revoked before
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_chan_client_release(struct vsrv_chan *chan)
{
	switch (chan->state) {
	case VSRV_CHAN_REVOKED:
		vsrv_chan_delete(chan);
		return;
	case VSRV_CHAN_OPEN:
		if (!chan->stopped) {
			vsrv_chan_start_close(chan, VSRV_CHAN_CLOSING_RELEASED);
			break;
		}
		chan->stopped = false;
		fallthrough;
	case VSRV_CHAN_CLOSED:
	case VSRV_CHAN_REOFFERED:
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		break;
	case VSRV_CHAN_OPENING:
		vsrv_chan_set_state(chan, VSRV_CHAN_OPENING_RELEASED);
		break;
	case VSRV_CHAN_CLOSING:
	case VSRV_CHAN_CLOSING_REOPEN:
		vsrv_chan_set_state(chan, VSRV_CHAN_CLOSING_RELEASED);
		break;
	default:
		break;
	}
	vsrv_gpadls_client_release(chan);
	vsrv_chan_free_id(chan);
}

/* ---- the owner --------------------------------------------------------------------------- */

/**
 * vsrv_chan_run_op - make a callback to an owner
 * @op: callback, taken off the queue
 *
 * Context: in the server's work, without vmbus_srv::lock.
 */
void vsrv_chan_run_op(struct vsrv_op *op)
{
	struct vsrv_chan *chan = op->chan;
	struct vsrv_gpadl *gpadl;

	switch (op->type) {
	case VSRV_OP_OPEN:
		chan->ops->open(chan, &chan->open);
		break;
	case VSRV_OP_CLOSE:
		chan->ops->close(chan);
		break;
	case VSRV_OP_MODIFY:
		chan->ops->modify(chan, READ_ONCE(chan->open.target_vp));
		break;
	case VSRV_OP_GPADL_CREATE:
		gpadl = container_of(op, struct vsrv_gpadl, op);
		chan->ops->gpadl_create(chan, gpadl);
		break;
	case VSRV_OP_GPADL_TEARDOWN:
		gpadl = container_of(op, struct vsrv_gpadl, op);
		chan->ops->gpadl_teardown(chan, gpadl->id);
		break;
	}
}

/**
 * vsrv_open_done - answer to vsrv_chan_ops::open
 * @chan: channel
 * @err: 0, or why it cannot be opened
 *
 * On success the signal callback is called once, for signals that came before.
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_open_done(struct vsrv_chan *chan, int err)
{
	struct vmbus_srv *srv = chan->srv;
	bool live = false;

	mutex_lock(&srv->lock);
	switch (chan->state) {
	case VSRV_CHAN_OPENING:
		if (err) {
			vsrv_chan_open_failed(chan);
			break;
		}
		vsrv_chan_set_state(chan, VSRV_CHAN_OPEN);
		live = chan->ops->signal;
		WRITE_ONCE(chan->live, live);
		vsrv_send_open_result(chan, 0);
		break;
	case VSRV_CHAN_OPENING_RELEASED:
		if (!err) {
			vsrv_chan_start_close(chan, VSRV_CHAN_CLOSING_RELEASED);
			break;
		}
		vsrv_chan_owner_closed(chan);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		vsrv_conn_check_disconnected(srv);
		break;
	default:
		break;
	}
	if (live)
		chan->ops->signal(chan);
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_open_done);

/**
 * vsrv_close_done - answer to vsrv_chan_ops::close
 * @chan: channel; nothing of the owner uses its rings or buffers any more
 *
 * A modify that was not answered until now is not to be answered any more.
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_close_done(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	mutex_lock(&srv->lock);
	switch (chan->state) {
	case VSRV_CHAN_CLOSING:
		vsrv_chan_owner_closed(chan);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
		break;
	case VSRV_CHAN_CLOSING_REOPEN:
		vsrv_chan_owner_closed(chan);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
		chan->open = chan->reopen;
		chan->open_id = chan->reopen_id;
		vsrv_chan_start_open(chan);
		break;
	case VSRV_CHAN_CLOSING_RELEASED:
		vsrv_chan_owner_closed(chan);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		vsrv_conn_check_disconnected(srv);
		break;
	default:
		break;
	}
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_close_done);

/**
 * vsrv_modify_done - answer to vsrv_chan_ops::modify
 * @chan: channel
 * @err: 0, or why the owner could not follow
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_modify_done(struct vsrv_chan *chan, int err)
{
	struct vmbus_srv *srv = chan->srv;
	u32 next;

	mutex_lock(&srv->lock);
	if (chan->modify_pending) {
		chan->modify_pending = false;
		next = chan->modify_next;
		chan->modify_next = VMBUS_VP_NONE;
		if (chan->state == VSRV_CHAN_OPEN) {
			vsrv_chan_send_modified(srv, chan->id, err ? VMBUS_STATUS_FAILURE : 0);
			if (next != VMBUS_VP_NONE)
				vsrv_chan_start_modify(chan, next);
		}
	}
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_modify_done);

/* Nothing is due for the owner, and nothing of the client reaches it. */
static void vsrv_chan_quiet(struct vsrv_chan *chan)
{
	struct vsrv_gpadl *gpadl;

	vsrv_cancel_op(&chan->op);
	vsrv_cancel_op(&chan->modify_op);
	list_for_each_entry(gpadl, &chan->gpadls, node)
		vsrv_cancel_op(&gpadl->op);
	vsrv_chan_deafen(chan);
}

/* Make the owner forget the client, at once.  Drops the lock meanwhile. */
static void vsrv_chan_stop(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	lockdep_assert_held(&srv->lock);
	vsrv_chan_quiet(chan);
	if (chan->has_owner && (chan->owner_open || !list_empty(&chan->gpadls))) {
		mutex_unlock(&srv->lock);
		chan->ops->stop(chan);
		mutex_lock(&srv->lock);
		/* Answers that came in the meantime may have called for more. */
		vsrv_chan_quiet(chan);
	}
	vsrv_chan_owner_closed(chan);
}

/**
 * vsrv_chan_do_revoke - the server's part of vsrv_revoke()
 * @chan: channel
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_chan_do_revoke(struct vsrv_chan *chan)
{
	struct vmbus_channel_msg m = { };
	struct vmbus_srv *srv = chan->srv;

	vsrv_chan_stop(chan);
	chan->has_owner = false;
	if (vsrv_chan_released(chan)) {
		vsrv_chan_delete(chan);
		vsrv_conn_check_disconnected(srv);
		return;
	}
	chan->stopped = false;
	vsrv_chan_set_state(chan, VSRV_CHAN_REVOKED);
	vsrv_gpadls_revoke(chan);
	m.channel_id = cpu_to_le32(chan->id);
	vsrv_send(srv, VMBUS_MSG_RESCIND, &m, sizeof(m));
}

/**
 * vsrv_chan_do_reset - the guest was reset or is gone
 * @chan: channel; freed if it was revoked before and @forget is set
 * @forget: the client is that guest; else it is told what it does not know yet
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_chan_do_reset(struct vsrv_chan *chan, bool forget)
{
	vsrv_chan_stop(chan);
	if (forget) {
		if (!chan->has_owner) {
			vsrv_chan_delete(chan);
			return;
		}
		vsrv_gpadls_drop(chan);
		vsrv_chan_free_id(chan);
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		return;
	}

	switch (chan->state) {
	case VSRV_CHAN_OPEN:
		chan->stopped = true;
		break;
	case VSRV_CHAN_CLOSING_REOPEN:
		chan->open_id = chan->reopen_id;
		fallthrough;
	case VSRV_CHAN_OPENING:
		vsrv_chan_open_failed(chan);
		break;
	case VSRV_CHAN_CLOSING:
		vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
		break;
	case VSRV_CHAN_OPENING_RELEASED:
	case VSRV_CHAN_CLOSING_RELEASED:
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		break;
	default:
		break;
	}
	vsrv_gpadls_revoke(chan);
	vsrv_conn_check_disconnected(chan->srv);
}

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
 * vsrv_chan_version - the client's protocol version
 * @chan: channel
 *
 * Return: VMBUS_VERSION(), 0 while not connected.
 */
u32 vsrv_chan_version(const struct vsrv_chan *chan)
{
	return READ_ONCE(chan->srv->conn.version);
}
EXPORT_SYMBOL_GPL(vsrv_chan_version);

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
