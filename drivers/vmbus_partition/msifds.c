// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool of eventfds by which a monitor raises MSIs: each is bound to an interrupt in
 * KVM.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include "vpart.h"

/**
 * struct vpart_msifds - the pool
 * @n: entries of @ctxs
 * @ctxs: struct eventfd_ctx of each MSI
 */
struct vpart_msifds {
	u32 n;
	void *ctxs[] __counted_by(n);
};

static int vpart_msifds_get(struct vpart_msifds *msifds, const s32 *fds, u32 count)
{
	struct eventfd_ctx *ctx;
	u32 i;

	for (i = 0; i < count; i++) {
		ctx = eventfd_ctx_fdget(fds[i]);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
		msifds->n++;
		msifds->ctxs[i] = ctx;
	}
	return 0;
}

/**
 * vpart_msifds_create - have MSIs raised by eventfds
 * @part: partition whose backend's cookies they are
 * @count: how many, 1 to VMBUS_PARTITION_MAX_MSIS
 * @fds: file descriptors of the caller
 *
 * Context: process, may sleep.
 * Return: the pool or an ERR_PTR: -EBADF or -EINVAL for what is no eventfd, -ENOMEM.
 */
struct vpart_msifds *vpart_msifds_create(struct vmbus_partition *part, u32 count, const s32 *fds)
{
	struct vpart_msifds *msifds = kvzalloc(struct_size(msifds, ctxs, count), GFP_KERNEL);
	int err;

	if (!msifds)
		return ERR_PTR(-ENOMEM);
	err = vpart_msifds_get(msifds, fds, count);
	if (!err)
		err = vpart_set_msis(part, msifds->ctxs, count);
	if (err) {
		vpart_msifds_destroy(msifds);
		return ERR_PTR(err);
	}
	return msifds;
}

/**
 * vpart_msifds_destroy - let the eventfds go
 * @msifds: pool, or NULL; the partition has forgotten it
 *
 * Context: process.
 */
void vpart_msifds_destroy(struct vpart_msifds *msifds)
{
	u32 i;

	if (!msifds)
		return;
	for (i = 0; i < msifds->n; i++)
		eventfd_ctx_put(msifds->ctxs[i]);
	kvfree(msifds);
}
