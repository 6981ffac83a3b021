// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool of eventfds that the guest signals: each stands for a connection id, and the
 * monitor has KVM signal it by KVM_HYPERV_EVENTFD.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include "vpart.h"

/**
 * struct vpart_kick - one eventfd
 * @part: partition
 * @connection_id: connection that it stands for
 * @file: eventfd
 * @wqh: its wait queue
 * @wait: our entry in @wqh
 */
struct vpart_kick {
	struct vmbus_partition *part;
	u32 connection_id;
	struct file *file;
	wait_queue_head_t *wqh;
	wait_queue_entry_t wait;
};

/**
 * struct vpart_kicks - the pool
 * @pt: for entering ourselves in wait queues
 * @n: entries of @kicks
 * @kicks: eventfds
 */
struct vpart_kicks {
	poll_table pt;
	u32 n;
	struct vpart_kick kicks[] __counted_by(n);
};

/*
 * With the eventfd's lock held and interrupts off: ports only queue work.  The
 * count is never read: the queue is woken by each signal all the same.
 */
static int vpart_kick_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct vpart_kick *kick = container_of(wait, struct vpart_kick, wait);

	if (key_to_poll(key) & EPOLLIN)
		vpart_hypercall_signal(kick->part, kick->connection_id, 0);
	return 0;
}

static void vpart_kick_queue(struct file *file, wait_queue_head_t *wqh, poll_table *pt)
{
	struct vpart_kicks *kicks = container_of(pt, struct vpart_kicks, pt);
	struct vpart_kick *kick = &kicks->kicks[kicks->n - 1];

	kick->wqh = wqh;
	add_wait_queue(wqh, &kick->wait);
}

static int vpart_kick_add(struct vpart_kicks *kicks, struct vmbus_partition *part,
			  u32 connection_id, int fd)
{
	struct file *file = eventfd_fget(fd);
	struct vpart_kick *kick;

	if (IS_ERR(file))
		return PTR_ERR(file);
	kick = &kicks->kicks[kicks->n++];
	kick->part = part;
	kick->connection_id = connection_id;
	kick->file = file;
	init_waitqueue_func_entry(&kick->wait, vpart_kick_wakeup);
	/* A signal that came earlier counts. */
	if (vfs_poll(file, &kicks->pt) & EPOLLIN)
		vpart_hypercall_signal(part, connection_id, 0);
	return 0;
}

/**
 * vpart_kicks_create - listen on a pool of eventfds
 * @part: partition
 * @first: connection id of the first
 * @count: how many, not 0
 * @fds: file descriptors of the caller
 *
 * Context: process, may sleep.
 * Return: the pool or an ERR_PTR: -EBADF or -EINVAL for what is no eventfd,
 * -ENOMEM.
 */
struct vpart_kicks *vpart_kicks_create(struct vmbus_partition *part, u32 first, u32 count,
				       const s32 *fds)
{
	struct vpart_kicks *kicks = kvzalloc(struct_size(kicks, kicks, count), GFP_KERNEL);
	u32 i;
	int err;

	if (!kicks)
		return ERR_PTR(-ENOMEM);
	init_poll_funcptr(&kicks->pt, vpart_kick_queue);
	for (i = 0; i < count; i++) {
		err = vpart_kick_add(kicks, part, first + i, fds[i]);
		if (err) {
			vpart_kicks_destroy(kicks);
			return ERR_PTR(err);
		}
	}
	return kicks;
}

/**
 * vpart_kicks_destroy - listen no more
 * @kicks: pool, or NULL; on return no signal comes by it
 *
 * Context: process, may sleep.
 */
void vpart_kicks_destroy(struct vpart_kicks *kicks)
{
	u32 i;

	if (!kicks)
		return;
	for (i = 0; i < kicks->n; i++) {
		/* Takes the queue's lock: also waits for a wake-up that runs. */
		remove_wait_queue(kicks->kicks[i].wqh, &kicks->kicks[i].wait);
		fput(kicks->kicks[i].file);
	}
	kvfree(kicks);
}
