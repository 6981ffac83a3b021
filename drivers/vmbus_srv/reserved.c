// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reserved channels: opened by firmware or a crash kernel that takes no interrupts.
 * The answers go to the VP and SINT that the client names.  Such a channel outlives
 * the connection: it is closed by CLOSE_RESERVED, which needs none.
 */
#include "vsrv.h"

/* The channel is as others again; if its connection is gone, nobody knows it. */
static void vsrv_reserved_end(struct vsrv_chan *chan)
{
	struct vmbus_srv *srv = chan->srv;
	bool orphan = chan->reserved.orphan;

	chan->reserved = (struct vsrv_reserved) { };
	if (!orphan)
		return;
	vsrv_chan_client_release(chan);
	if (srv->conn.state == VSRV_CONNECTED && srv->conn.offers_sent)
		vsrv_chan_announce_free(chan);
}

/**
 * vsrv_reserved_opened - answer to OPEN_RESERVED
 * @chan: channel
 * @msg: OPEN_CHANNEL_RESULT
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_reserved_opened(struct vsrv_chan *chan, const struct vmbus_open_result_msg *msg)
{
	lockdep_assert_held(&chan->srv->lock);
	vsrv_send_at(chan->srv, chan->reserved.vp, chan->reserved.sint, msg, sizeof(*msg));
	if (msg->status)
		vsrv_reserved_end(chan);
}

/**
 * vsrv_reserved_closed - answer to CLOSE_RESERVED
 * @chan: channel, closed
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_reserved_closed(struct vsrv_chan *chan)
{
	struct vmbus_channel_msg m = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_CLOSE_RESERVED_RESP),
		.channel_id = cpu_to_le32(chan->id),
	};

	lockdep_assert_held(&chan->srv->lock);
	vsrv_send_at(chan->srv, chan->reserved.vp, chan->reserved.sint, &m, sizeof(m));
	vsrv_reserved_end(chan);
}

/**
 * vsrv_chan_on_open_reserved - OPEN_RESERVED_CHANNEL
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_open_reserved(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_open_reserved_msg *m = (const void *)msg->payload;
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);

	if (!chan)
		return;
	switch (chan->state) {
	case VSRV_CHAN_CLOSED:
		chan->reserved = (struct vsrv_reserved) {
			.on = true,
			.vp = le32_to_cpu(m->target_vp),
			.sint = le32_to_cpu(m->target_sint),
		};
		chan->open = (struct vsrv_open_params) {
			.ring_gpadl = le32_to_cpu(m->ring_gpadl),
			.downstream_page = le32_to_cpu(m->downstream_page),
			.target_vp = VMBUS_VP_NONE,
			.connection_id = vsrv_chan_connection_id(chan),
			.event_flag = chan->id,
		};
		chan->open_id = 0;
		vsrv_chan_start_open(chan);
		break;
	case VSRV_CHAN_REVOKED:
		break;
	default:
		vsrv_refuse(srv, msg, VSRV_WHY_CHANNEL_STATE);
	}
}

/**
 * vsrv_chan_on_close_reserved - CLOSE_RESERVED_CHANNEL
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_chan_on_close_reserved(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_close_reserved_msg *m = (const void *)msg->payload;
	struct vsrv_chan *chan = vsrv_chan_of(srv, msg, m->channel_id);

	if (!chan)
		return;
	switch (chan->state) {
	case VSRV_CHAN_OPEN:
		if (!chan->reserved.on) {
			vsrv_refuse(srv, msg, VSRV_WHY_RESERVED);
			break;
		}
		/* Who closes it may be somebody else, and listen elsewhere. */
		chan->reserved.vp = le32_to_cpu(m->target_vp);
		chan->reserved.sint = le32_to_cpu(m->target_sint);
		vsrv_chan_client_close(chan);
		break;
	case VSRV_CHAN_REVOKED:
		break;
	default:
		vsrv_refuse(srv, msg, VSRV_WHY_CHANNEL_STATE);
	}
}
