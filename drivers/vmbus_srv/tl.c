// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_sock connects of the client: handed to whoever has registered for them, and
 * refused if nobody has.
 *
 * At most 16 may wait for the handler.  One more is refused: to take no more
 * messages until one is answered would let a slow handler stop the client's
 * whole control plane, and for good where the answer needs one more message of
 * the client.
 */
#include "vsrv.h"

void vsrv_tl_init(struct vmbus_srv *srv)
{
	unsigned int i;

	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++) {
		srv->tl.slots[i].srv = srv;
		INIT_LIST_HEAD(&srv->tl.slots[i].op.node);
	}
	INIT_LIST_HEAD(&srv->tl.reset_op.node);
}

/* Slot of the request @id; with 0 a free one. */
static struct vsrv_tl_slot *vsrv_tl_find(struct vmbus_srv *srv, u32 id)
{
	unsigned int i;

	lockdep_assert_held(&srv->lock);
	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++)
		if (srv->tl.slots[i].id == id)
			return &srv->tl.slots[i];
	return NULL;
}

static void vsrv_tl_free(struct vsrv_tl_slot *slot)
{
	vsrv_cancel_op(&slot->op);
	slot->id = 0;
}

static void vsrv_tl_refuse(struct vmbus_srv *srv, const struct vsrv_tl_request *req)
{
	struct vmbus_tl_connect_result_msg r = {
		.endpoint_id = req->endpoint_id,
		.service_id = req->service_id,
		.status = cpu_to_le32(VMBUS_TL_REFUSED),
	};

	vsrv_count(srv, VSRV_TL_REFUSED);
	/* Older clients know no result and run into their own time-out. */
	if (srv->conn.version >= VMBUS_VERSION(4, 1))
		vsrv_send(srv, VMBUS_MSG_TL_CONNECT_RESULT, &r, sizeof(r));
}

/**
 * vsrv_tl_on_connect - TL_CONNECT_REQUEST
 * @srv: server
 * @msg: message
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_tl_on_connect(struct vmbus_srv *srv, const struct vpart_message *msg)
{
	const struct vmbus_tl_connect2_msg *m = (const void *)msg->payload;
	struct vsrv_tl_request req = {
		.endpoint_id = m->v1.endpoint_id,
		.service_id = m->v1.service_id,
		.silo_aware = srv->conn.version >= VMBUS_VERSION(5, 2),
	};
	struct vsrv_tl_slot *slot;

	if (req.silo_aware && msg->size >= sizeof(*m))
		req.silo_id = m->silo_id;
	vsrv_count(srv, VSRV_TL_CONNECTS);
	if (!srv->tl.ops) {
		vsrv_count_why(srv, VSRV_WHY_HVSOCK_NONE);
		vsrv_tl_refuse(srv, &req);
		return;
	}
	slot = vsrv_tl_find(srv, 0);
	if (!slot) {
		vsrv_count_why(srv, VSRV_WHY_HVSOCK_LIMIT);
		vsrv_tl_refuse(srv, &req);
		return;
	}
	if (!++srv->tl.last_id)
		srv->tl.last_id = 1;
	slot->id = srv->tl.last_id;
	slot->req = req;
	vsrv_queue_op(srv, &slot->op, VSRV_OP_TL_CONNECT, NULL);
}

/**
 * vsrv_tl_run_op - make a callback to the handler
 * @op: callback, taken off the queue
 *
 * Handler and slot stay: both go in the server's work only.
 *
 * Context: in the server's work, without vmbus_srv::lock.
 */
void vsrv_tl_run_op(struct vsrv_op *op)
{
	struct vsrv_tl_slot *slot;
	struct vmbus_srv *srv;

	if (op->type == VSRV_OP_TL_RESET) {
		srv = container_of(op, struct vmbus_srv, tl.reset_op);
		srv->tl.ops->reset(srv->tl.ctx);
		return;
	}
	slot = container_of(op, struct vsrv_tl_slot, op);
	srv = slot->srv;
	srv->tl.ops->connect(srv->tl.ctx, slot->id, &slot->req);
}

/**
 * vsrv_tl_connect_done - answer to vsrv_tl_ops::connect
 * @srv: server
 * @id: as given to the callback
 * @err: 0 if a channel was offered, or why not: the client is told that the
 *	connect is refused, if its version has a message for that
 *
 * Without effect if the request was forgotten in the meantime.
 *
 * Context: process, may sleep; takes the server's lock.
 */
void vsrv_tl_connect_done(struct vmbus_srv *srv, u32 id, int err)
{
	struct vsrv_tl_slot *slot = NULL;

	mutex_lock(&srv->lock);
	if (id)
		slot = vsrv_tl_find(srv, id);
	if (slot) {
		if (err)
			vsrv_tl_refuse(srv, &slot->req);
		vsrv_tl_free(slot);
	}
	mutex_unlock(&srv->lock);
	vsrv_kick(srv);
}
EXPORT_SYMBOL_GPL(vsrv_tl_connect_done);

/**
 * vsrv_tl_forget - the client's connection ends
 * @srv: server
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_tl_forget(struct vmbus_srv *srv)
{
	unsigned int i;

	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++)
		vsrv_tl_free(&srv->tl.slots[i]);
	if (srv->tl.ops)
		vsrv_queue_op(srv, &srv->tl.reset_op, VSRV_OP_TL_RESET, NULL);
}

/**
 * vsrv_tl_register - handle the hv_sock connects of a server's client
 * @srv: server
 * @ops: callbacks
 * @ctx: for the callbacks
 *
 * Context: process, may sleep; takes the server's lock.  Not from a callback.
 * Return: 0, -EBUSY if there is a handler, -ENODEV if the server was removed.
 */
int vsrv_tl_register(struct vmbus_srv *srv, const struct vsrv_tl_ops *ops, void *ctx)
{
	int err = 0;

	mutex_lock(&srv->lock);
	if (srv->dead) {
		err = -ENODEV;
	} else if (srv->tl.ops) {
		err = -EBUSY;
	} else {
		srv->tl.ops = ops;
		srv->tl.ctx = ctx;
	}
	mutex_unlock(&srv->lock);
	return err;
}
EXPORT_SYMBOL_GPL(vsrv_tl_register);

/**
 * vsrv_tl_do_unregister - the server's part of vsrv_tl_unregister()
 * @srv: server
 *
 * Context: vmbus_srv::lock held, in the server's work.
 */
void vsrv_tl_do_unregister(struct vmbus_srv *srv)
{
	unsigned int i;

	for (i = 0; i < VSRV_MAX_TL_CONNECTS; i++) {
		if (srv->tl.slots[i].id)
			vsrv_tl_refuse(srv, &srv->tl.slots[i].req);
		vsrv_tl_free(&srv->tl.slots[i]);
	}
	vsrv_cancel_op(&srv->tl.reset_op);
	srv->tl.ops = NULL;
}

/**
 * vsrv_tl_unregister - the opposite of vsrv_tl_register()
 * @srv: server; what the handler has not answered is refused
 *
 * On return no callback runs or will run.  Channels are not touched.
 *
 * Context: process, may sleep.  Not from a callback.
 */
void vsrv_tl_unregister(struct vmbus_srv *srv)
{
	vsrv_request(srv, VSRV_REQ_TL_UNREGISTER, NULL);
}
EXPORT_SYMBOL_GPL(vsrv_tl_unregister);
