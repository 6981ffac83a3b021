// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages on their way to the client.  The client's message slot holds one, so
 * the others wait here, in order.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vsrv.h"

/**
 * vsrv_outq_init - make an empty queue
 * @q: queue
 */
void vsrv_outq_init(struct vsrv_outq *q)
{
	INIT_LIST_HEAD(&q->head);
	q->len = 0;
	q->held = false;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_init);

/**
 * vsrv_outq_add - append a message
 * @q: queue
 * @payload: message
 * @len: its bytes, up to VMBUS_MSG_MAX
 * @opened: channel to hand to the sender with it, or NULL; the queue takes a
 *	reference of its own
 *
 * Context: process, may sleep; the owner of the queue serializes.
 * Return: 0 or -EMSGSIZE.
 */
int vsrv_outq_add(struct vsrv_outq *q, const void *payload, u32 len, struct vsrv_chan *opened)
{
	struct vsrv_out *out;

	if (len > VMBUS_MSG_MAX)
		return -EMSGSIZE;
	/* An answer that is never sent hangs the client: this small one must work. */
	out = kmalloc(struct_size(out, payload, len), GFP_KERNEL | __GFP_NOFAIL);
	out->len = len;
	out->at = false;
	memcpy(out->payload, payload, len);
	out->opened = opened;
	if (opened)
		vsrv_chan_get(opened);
	list_add_tail(&out->node, &q->head);
	q->len++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_add);

/**
 * vsrv_outq_add_at - append a message for another slot than the client's usual one
 * @q: queue
 * @vp: VP
 * @sint: its SINT
 * @payload: message
 * @len: its bytes, up to VMBUS_MSG_MAX
 *
 * Context: process, may sleep; the owner of the queue serializes.
 * Return: 0 or -EMSGSIZE.
 */
int vsrv_outq_add_at(struct vsrv_outq *q, u32 vp, u8 sint, const void *payload, u32 len)
{
	int err = vsrv_outq_add(q, payload, len, NULL);
	struct vsrv_out *out;

	if (err)
		return err;
	out = list_last_entry(&q->head, struct vsrv_out, node);
	out->at = true;
	out->vp = vp;
	out->sint = sint;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_add_at);

static void vsrv_outq_pop(struct vsrv_outq *q, struct vsrv_out *out)
{
	list_del(&out->node);
	q->len--;
	if (out->opened)
		vsrv_chan_put(out->opened);
	kfree(out);
}

/**
 * vsrv_outq_flush - send as many messages as the client has room for
 * @q: queue
 * @send: sends one: 0, -EAGAIN if there is no room now, or another error, which
 *	drops the message
 * @ctx: for @send
 *
 * Context: as @send; the owner of the queue serializes.
 * Return: messages that are left and not held.
 */
unsigned int vsrv_outq_flush(struct vsrv_outq *q, vsrv_outq_send_fn send, void *ctx)
{
	struct vsrv_out *out, *tmp;

	list_for_each_entry_safe(out, tmp, &q->head, node) {
		if (q->held && !q->may_leave)
			break;
		if (send(ctx, out) == -EAGAIN)
			break;
		vsrv_outq_pop(q, out);
		if (q->held)
			q->may_leave--;
	}
	return q->held ? q->may_leave : q->len;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_flush);

/**
 * vsrv_outq_hold - keep what is added from now on
 * @q: queue; what is in it still leaves
 */
void vsrv_outq_hold(struct vsrv_outq *q)
{
	if (q->held)
		return;
	q->held = true;
	q->may_leave = q->len;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_hold);

/**
 * vsrv_outq_unhold - keep it no longer
 * @q: queue, held or not
 */
void vsrv_outq_unhold(struct vsrv_outq *q)
{
	q->held = false;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_unhold);

/**
 * vsrv_outq_clear - drop every message
 * @q: queue; not held afterwards
 */
void vsrv_outq_clear(struct vsrv_outq *q)
{
	struct vsrv_out *out, *tmp;

	list_for_each_entry_safe(out, tmp, &q->head, node)
		vsrv_outq_pop(q, out);
	q->held = false;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_outq_clear);
