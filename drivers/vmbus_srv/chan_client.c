// SPDX-License-Identifier: GPL-2.0-only
/*
 * The channel state machine, the client's side: open, close, modify, release.
 */
#include "vsrv.h"

void vsrv_chan_open_failed(struct vsrv_chan *chan, enum vsrv_why why)
{
	vsrv_count(chan->srv, VSRV_OPENS_FAILED);
	vsrv_count_why(chan->srv, why);
	vsrv_chan_disarm(chan);
	chan->owner_open = false;
	vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
	vsrv_send_open_result(chan, VMBUS_STATUS_FAILURE);
}

/*
 * With VMBUS_FEATURE_GUEST_SIGNAL the client chooses the id.  What VTL2 signals by, and what
 * messages go by, is not the guest's to have: who should get it would find it in use.  The
 * client of a server that plays the host is VTL2, which names its own and the guest's.
 */
static bool vsrv_chan_may_signal_by(const struct vmbus_srv *srv, u32 connection_id)
{
	if (srv->redirect)
		return true;
	switch (connection_id) {
	case VMBUS_CONN_MESSAGE:
	case VMBUS_CONN_MESSAGE_MULTI:
	case VMBUS_CONN_EVENT_SHARED:
		return false;
	default:
		return !(connection_id & VMBUS_CONN_VTL_MASK);
	}
}

void vsrv_chan_start_open(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;
	const struct vsrv_open_params *p = &chan->open;
	enum vsrv_why why = VSRV_WHY_OPEN_PARAMETERS;
	int err = 0;

	/* An interrupt that came after the last close is not for this open. */
	vsrv_chan_disarm(chan);
	/* Where VTL2 is interrupted the VP is one of its own. */
	if (p->event_flag == 0 || p->event_flag > VMBUS_MAX_EVENT_FLAG ||
	    (p->target_vp != VMBUS_VP_NONE && !(srv->redirect && p->redirect) &&
	     !vpart_vp_valid(srv->part, p->target_vp)))
		err = -EINVAL;
	if (!err && !vsrv_chan_may_signal_by(srv, p->connection_id)) {
		err = -EPERM;
		why = VSRV_WHY_OPEN_CONNECTION;
	}

	chan->direct = chan->ops->direct ? chan->ops->direct(chan, p) : !chan->ops->signal;
	/* The client may signal at once: the port comes before the owner. */
	if (!err && !chan->direct) {
		chan->port.connection_id = p->connection_id;
		err = vpart_port_register(srv->part, &chan->port);
		chan->port_on = !err;
		why = VSRV_WHY_OPEN_CONNECTION;
	}
	if (!err)
		vsrv_monitor_start(chan);
	if (err) {
		pr_debug_ratelimited("%s: channel %u: cannot open with connection %#x, flag %u, VP %u (%d)\n",
				     srv->name, chan->id, p->connection_id, p->event_flag,
				     p->target_vp, err);
		vsrv_chan_open_failed(chan, why);
		return;
	}
	chan->owner_open = true;
	vsrv_chan_set_state(chan, VSRV_CHAN_OPENING);
	vsrv_queue_op(srv, &chan->op, VSRV_OP_OPEN, chan);
}

void vsrv_chan_start_close(struct vsrv_chan *chan, enum vsrv_chan_state state)
{
	/* What the owner still completes is for a client that may be listening. */
	vsrv_chan_deafen(chan);
	vsrv_chan_set_state(chan, state);
	vsrv_queue_op(chan->srv, &chan->op, VSRV_OP_CLOSE, chan);
}

/* The client closes a channel that is open. */
void vsrv_chan_client_close(struct vsrv_chan *chan)
{
	if (chan->stopped) {
		chan->stopped = false;
		vsrv_chan_closed(chan);
	} else {
		vsrv_chan_start_close(chan, VSRV_CHAN_CLOSING);
	}
}

/* Nobody uses the channel any more; the client still knows it. */
void vsrv_chan_closed(struct vsrv_chan *chan)
{
	vsrv_chan_set_state(chan, VSRV_CHAN_CLOSED);
	if (chan->reserved.on)
		vsrv_reserved_closed(chan);
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
		.connection_id = vsrv_chan_connection_id(chan),
		.event_flag = chan->id,
		.shared = rcu_access_pointer(chan->srv->int_page),
	};
	memcpy(p->user_data, m->user_data, sizeof(p->user_data));
	/* By these the relay gives the guest's own to the server that plays the host. */
	if (features & VMBUS_FEATURE_GUEST_SIGNAL) {
		p->connection_id = le32_to_cpu(m2->connection_id);
		p->event_flag = le16_to_cpu(m2->event_flag);
	}
	if (features & VMBUS_FEATURE_REDIRECT_INT)
		p->redirect = le16_to_cpu(m2->flags) & VMBUS_OPEN_REDIRECT_INTERRUPT;
	else if (!(features & VMBUS_FEATURE_GUEST_SIGNAL))
		/* The flag is the client's own, not one that it knows from a guest. */
		p->redirect = chan->srv->redirect;
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
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);

	if (!chan)
		return;
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
		vsrv_refuse(srv, msg, VSRV_WHY_CHANNEL_STATE);
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
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);

	if (!chan)
		return;
	switch (chan->state) {
	case VSRV_CHAN_OPEN:
		if (chan->reserved.on)
			vsrv_refuse(srv, msg, VSRV_WHY_RESERVED);
		else
			vsrv_chan_client_close(chan);
		break;
	case VSRV_CHAN_REVOKED:
		/* Clients close a rescinded channel, too. */
		break;
	default:
		vsrv_refuse(srv, msg, VSRV_WHY_CHANNEL_STATE);
	}
}

void vsrv_chan_send_modified(struct vmbus_srv *srv, u32 channel_id, u32 status)
{
	struct vmbus_modify_channel_resp_msg m = {
		.channel_id = cpu_to_le32(channel_id),
		.status = cpu_to_le32(status),
	};

	/* Older clients do not expect an answer. */
	if (srv->conn.version >= VMBUS_VERSION(5, 3))
		vsrv_send(srv, VMBUS_MSG_MODIFY_CHANNEL_RESP, &m, sizeof(m));
}

void vsrv_chan_start_modify(struct vsrv_chan *chan, u32 vp)
{
	chan->modify_from = chan->open.target_vp;
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
		vsrv_refuse(srv, msg, !chan ? VSRV_WHY_NO_CHANNEL :
			    chan->state != VSRV_CHAN_OPEN || chan->stopped ?
			    VSRV_WHY_CHANNEL_STATE : VSRV_WHY_MODIFY_VP);
		vsrv_chan_send_modified(srv, id, VMBUS_STATUS_FAILURE);
	} else if (!chan->modify_pending) {
		vsrv_chan_start_modify(chan, vp);
	} else if (srv->conn.version >= VMBUS_VERSION(5, 3)) {
		vsrv_refuse(srv, msg, VSRV_WHY_MODIFY_BUSY);
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
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);
	struct vsrv_chan *next;

	if (!chan)
		return;
	if (chan->reserved.on) {
		vsrv_refuse(srv, msg, VSRV_WHY_RESERVED);
		return;
	}
	switch (chan->state) {
	case VSRV_CHAN_REVOKED:
		next = vsrv_chan_find_key(srv, &chan->offer, true);
		vsrv_chan_delete(chan);
		/* A new offer of the same device keeps the id. */
		if (next && next->state == VSRV_CHAN_REOFFERED &&
		    !xa_insert(&srv->ids, id, next, GFP_KERNEL | __GFP_NOFAIL))
			vsrv_chan_offer_with_id(next, id);
		break;
	case VSRV_CHAN_CLOSED:
	case VSRV_CHAN_CLOSING:
		vsrv_chan_client_release(chan);
		break;
	default:
		vsrv_refuse(srv, msg, VSRV_WHY_CHANNEL_STATE);
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
		/* Its monitor id and page go before the owner has opened. */
		vsrv_chan_deafen(chan);
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
