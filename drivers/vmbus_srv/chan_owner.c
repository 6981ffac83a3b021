// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel state machine, the owner's side: its callbacks and answers, revoke
 * and reset.
 */
#include "vsrv.h"

/* The owner has no part of an open any more, and owes no answer to a modify. */
static void vsrv_chan_owner_closed(struct vsrv_chan *chan)
{
	vsrv_chan_disarm(chan);
	chan->owner_open = false;
	chan->drained = false;
	chan->modify_pending = false;
	chan->modify_next = VMBUS_VP_NONE;
}

/* The sub-channels go before their channel is closed, and if need be come to rest first. */
static void vsrv_chan_run_close(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;
	bool drain;

	mutex_lock(&srv->lock);
	drain = chan->ops->drain && !chan->drained && !list_empty(&chan->subs);
	chan->drained = true;
	if (!drain)
		vsrv_chan_drop_subs(chan, true);
	mutex_unlock(&srv->lock);
	if (drain)
		chan->ops->drain(chan);
	else
		chan->ops->close(chan);
}

/**
 * vsrv_chan_run_op - make a callback to the owner of a channel
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
		vsrv_chan_run_close(chan);
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
	default:
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
			vsrv_chan_open_failed(chan, VSRV_WHY_OPEN_OWNER);
			break;
		}
		vsrv_chan_set_state(chan, VSRV_CHAN_OPEN);
		live = !chan->direct;
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
 * vsrv_drain_done - answer to vsrv_chan_ops::drain
 * @chan: channel
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_drain_done(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	mutex_lock(&srv->lock);
	if (chan->drained)
		vsrv_queue_op(srv, &chan->op, VSRV_OP_CLOSE, chan);
	mutex_unlock(&srv->lock);
}
EXPORT_SYMBOL_GPL(vsrv_drain_done);

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
		vsrv_chan_closed(chan);
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
			if (err)
				vsrv_chan_retarget(chan, chan->modify_from);
			vsrv_chan_send_modified(srv, chan->id, err ? VMBUS_STATUS_FAILURE : 0);
			if (next != VMBUS_VP_NONE)
				vsrv_chan_start_modify(chan, next);
		}
	}
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_modify_done);

/*
 * Nothing is due for the owner, and nothing of the client reaches it.  Callbacks for GPADLs
 * go with these, before this work makes any.
 */
static void vsrv_chan_cut_off(struct vsrv_chan *chan)
{
	vsrv_cancel_op(&chan->op);
	vsrv_cancel_op(&chan->modify_op);
	vsrv_chan_deafen(chan);
}

/* Make the owner forget the client, at once.  Drops the lock meanwhile. */
static void vsrv_chan_stop(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;

	lockdep_assert_held(&srv->lock);
	vsrv_chan_cut_off(chan);
	if (chan->has_owner && (chan->owner_open || !list_empty(&chan->gpadls))) {
		mutex_unlock(&srv->lock);
		chan->ops->stop(chan);
		mutex_lock(&srv->lock);
		/* Answers that came in the meantime may have called for more. */
		vsrv_chan_cut_off(chan);
	}
	vsrv_chan_owner_closed(chan);
}

/**
 * vsrv_chan_do_revoke - the server's part of vsrv_revoke()
 * @chan: channel; nothing happens if it was taken back already
 * @tell: the client is there, and is told
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_chan_do_revoke(struct vsrv_chan *chan, bool tell)
{
	struct vmbus_channel_msg m = { };
	struct vmbus_srv *srv = chan->srv;

	if (!chan->has_owner)
		return;
	chan->sealed = true;
	vsrv_chan_drop_subs(chan, tell);
	vsrv_chan_stop(chan);
	list_del_init(&chan->sub_node);
	chan->has_owner = false;
	/* The client of an orphan has no connection by which it could be told. */
	if (!tell || vsrv_chan_released(chan) || chan->reserved.orphan) {
		/* The owner of a sub-channel may not know yet, and still answer. */
		vsrv_chan_set_state(chan, VSRV_CHAN_CLIENT_RELEASED);
		vsrv_chan_delete(chan);
		vsrv_conn_check_disconnected(srv);
		return;
	}
	chan->stopped = false;
	chan->reserved.on = false;
	vsrv_chan_set_state(chan, VSRV_CHAN_REVOKED);
	vsrv_gpadls_revoke(chan);
	m.channel_id = cpu_to_le32(chan->id);
	vsrv_send(srv, VMBUS_MSG_RESCIND, &m, sizeof(m));
}

/* Whether all that the owner of the channel could use is VTL2's own memory. */
bool vsrv_chan_only_vtl2(const struct vsrv_chan *chan)
{
	const struct vsrv_gpadl *gpadl;

	if (list_empty(&chan->gpadls))
		return false;
	list_for_each_entry(gpadl, &chan->gpadls, node)
		if (!vsrv_gpadl_is_vtl2(gpadl))
			return false;
	return true;
}

/**
 * vsrv_chan_do_reset - the guest was reset or is gone
 * @chan: channel
 * @forget: the client is that guest; else it is told what it does not know yet, and
 *	keeps what has nothing to do with the guest
 *
 * Context: in the server's work, vmbus_srv::lock held, dropped and taken again.
 */
void vsrv_chan_do_reset(struct vsrv_chan *chan, bool forget)
{
	if (!forget && vsrv_chan_only_vtl2(chan))
		return;
	/* The owner may complete an open while it is stopped: no sub-channels then. */
	chan->sealed = true;
	vsrv_chan_drop_subs(chan, !forget);
	vsrv_chan_stop(chan);
	chan->sealed = false;
	if (forget) {
		/* What was revoked goes when nobody walks the list. */
		if (!chan->has_owner)
			return;
		vsrv_gpadls_drop(chan);
		vsrv_chan_free_id(chan);
		chan->reserved = (struct vsrv_reserved) { };
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
		vsrv_chan_open_failed(chan, VSRV_WHY_OPEN_RESET);
		break;
	case VSRV_CHAN_CLOSING:
		vsrv_chan_closed(chan);
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
