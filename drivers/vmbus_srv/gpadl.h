/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPADLs: gpadl.c.
 */
#ifndef _VSRV_GPADL_H
#define _VSRV_GPADL_H

#include <linux/hyperv.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <vmbus/partition.h>
#include "channel.h"

enum vsrv_gpadl_state {
	VSRV_GPADL_IN_PROGRESS,		/* more words are to come */
	VSRV_GPADL_OFFERED,		/* the owner has been asked */
	VSRV_GPADL_OFFERED_TEARDOWN,	/* the same, and the client has let go already */
	VSRV_GPADL_ACCEPTED,
	VSRV_GPADL_TEARDOWN,		/* the owner has been asked to let go */
};

/**
 * struct vsrv_gpadl - guest memory that the client has described
 * @node: in vsrv_chan::gpadls
 * @chan: channel; a GPADL holds a reference to it
 * @id: the client's id
 * @state: life cycle
 * @ref: the server's reference and one per caller of vsrv_gpadl_get()
 * @users: callers of vsrv_gpadl_get(); the teardown waits for them
 * @op: callback due
 * @forgotten: the owner was stopped: it knows nothing of this GPADL any more
 * @progress: in vmbus_srv::in_progress while words are missing
 * @range_count: ranges
 * @nwords: words of range data
 * @have: words received so far
 * @words: range data in CPU byte order: { bytes | offset << 32, pfns... } each
 */
struct vsrv_gpadl {
	struct list_head node;
	struct vsrv_chan *chan;
	u32 id;
	enum vsrv_gpadl_state state;
	struct kref ref;
	unsigned int users;
	struct vsrv_op op;
	bool forgotten;
	struct list_head progress;
	u16 range_count;
	u32 nwords;
	u32 have;
	u64 words[] __counted_by(nwords);
};

const char *vsrv_gpadl_state_name(enum vsrv_gpadl_state state);
struct vsrv_gpadl *vsrv_gpadl_alloc(u32 id, u16 range_bytes, u16 range_count);
void vsrv_gpadl_release(struct kref *ref);
bool vsrv_gpadl_append(struct vsrv_gpadl *gpadl, const __le64 *words, u32 nwords);
bool vsrv_gpadl_is_vtl2(const struct vsrv_gpadl *gpadl);
int __must_check vsrv_gpadl_validate(const struct vsrv_gpadl *gpadl);

/* Pages of a range of the client's memory; 0 if it is empty, or malformed. */
static inline u32 vsrv_range_pages(u32 len, u32 offset)
{
	u32 end;

	if (!len || offset >= HV_HYP_PAGE_SIZE || check_add_overflow(offset, len, &end))
		return 0;
	/* Not HVPFN_UP(): that can overflow. */
	return HVPFN_DOWN(end) + !!offset_in_hvpage(end);
}

void vsrv_gpadl_on_header(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_gpadl_on_body(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_gpadl_on_teardown(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_gpadl_remove(struct vsrv_gpadl *gpadl);
void vsrv_gpadls_client_release(struct vsrv_chan *chan);
void vsrv_gpadls_revoke(struct vsrv_chan *chan);
void vsrv_gpadls_drop(struct vsrv_chan *chan);

#endif /* _VSRV_GPADL_H */
