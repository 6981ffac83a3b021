/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages on their way to the client: outq.c.
 */
#ifndef _VSRV_OUTQ_H
#define _VSRV_OUTQ_H

#include <linux/list.h>
#include <linux/types.h>

struct vsrv_chan;

/**
 * struct vsrv_outq - messages on their way to the client, in order
 * @head: of struct vsrv_out
 * @len: entries
 * @held: only the first @may_leave entries are sent
 * @may_leave: entries that were there when the rest was to wait
 */
struct vsrv_outq {
	struct list_head head;
	unsigned int len;
	bool held;
	unsigned int may_leave;
};

/**
 * struct vsrv_out - one message
 * @node: in vsrv_outq::head
 * @opened: channel that may interrupt the client once this message has left;
 *	holds a reference
 * @at: not for the client's usual slot, but for that of @sint of @vp
 * @vp: see @at
 * @sint: see @at
 * @len: bytes of @payload
 * @payload: message
 */
struct vsrv_out {
	struct list_head node;
	struct vsrv_chan *opened;
	bool at;
	u32 vp;
	u8 sint;
	u32 len;
	u8 payload[] __counted_by(len);
};

typedef int (*vsrv_outq_send_fn)(void *ctx, const struct vsrv_out *out);

void vsrv_outq_init(struct vsrv_outq *q);
int vsrv_outq_add(struct vsrv_outq *q, const void *payload, u32 len, struct vsrv_chan *opened);
int vsrv_outq_add_at(struct vsrv_outq *q, u32 vp, u8 sint, const void *payload, u32 len);
unsigned int vsrv_outq_flush(struct vsrv_outq *q, vsrv_outq_send_fn send, void *ctx);
void vsrv_outq_hold(struct vsrv_outq *q);
void vsrv_outq_unhold(struct vsrv_outq *q);
void vsrv_outq_clear(struct vsrv_outq *q);

#endif /* _VSRV_OUTQ_H */
