// SPDX-License-Identifier: GPL-2.0-only
/*
 * Worker threads of a partition: one per VP, made when first asked for, shared
 * by all devices whose channels interrupt that VP.
 *
 * A kthread_worker and not a vhost_task: its queue can be cancelled and flushed
 * per work, and it is the same with and without a monitor.  What it lacks, the
 * monitor's address space, the backend adopts in it.
 */
#include <linux/kthread.h>
#include <linux/slab.h>
#include <vmbus/compat.h>
#include "vpart.h"

/**
 * struct vpart_worker - a worker thread
 * @part: partition
 * @task: the thread with its queue
 * @work: the backend's first and last work
 */
struct vpart_worker {
	struct vmbus_partition *part;
	struct kthread_worker *task;
	struct kthread_work work;
};

static void vpart_worker_first(struct kthread_work *work)
{
	struct vmbus_partition *part = container_of(work, struct vpart_worker, work)->part;

	part->backend->worker_start(part->backend_ctx);
}

static void vpart_worker_last(struct kthread_work *work)
{
	struct vmbus_partition *part = container_of(work, struct vpart_worker, work)->part;

	part->backend->worker_stop(part->backend_ctx);
}

static struct vpart_worker *vpart_worker_create(struct vmbus_partition *part, u32 vp)
{
	struct vpart_worker *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	w->part = part;
	w->task = kthread_run_worker(0, "vmbus-%s/%u", vpart_name(part), vp);
	if (IS_ERR(w->task))
		goto free_worker;
	if (xa_insert(&part->workers, vp, w, GFP_KERNEL))
		goto destroy_task;
	if (part->backend->worker_start) {
		kthread_init_work(&w->work, vpart_worker_first);
		kthread_queue_work(w->task, &w->work);
	}
	return w;

destroy_task:
	kthread_destroy_worker(w->task);
free_worker:
	kfree(w);
	return NULL;
}

/**
 * vpart_worker - the worker thread of a VP
 * @part: partition
 * @vp: VP index
 *
 * It belongs to the partition and lives until the guest is gone, which the
 * client learns by vpart_client_ops::reset.  Guest pages are pinned cheapest in
 * it.
 *
 * Context: process, may sleep.
 * Return: the worker, or NULL if there is no such VP, no guest, or no memory.
 */
struct kthread_worker *vpart_worker(struct vmbus_partition *part, u32 vp)
{
	struct vpart_worker *w = NULL;

	mutex_lock(&part->workers_lock);
	if (part->backend && !READ_ONCE(part->closing) && vpart_vp_valid(part, vp)) {
		w = xa_load(&part->workers, vp);
		if (!w)
			w = vpart_worker_create(part, vp);
	}
	mutex_unlock(&part->workers_lock);
	return w ? w->task : NULL;
}
EXPORT_SYMBOL_GPL(vpart_worker);

/**
 * vpart_workers_destroy - end all worker threads
 * @part: partition whose clients were reset, with vmbus_partition::closing set
 *
 * Context: process, may sleep.
 */
void vpart_workers_destroy(struct vmbus_partition *part)
{
	struct vpart_worker *w;
	unsigned long vp;

	mutex_lock(&part->workers_lock);
	xa_for_each(&part->workers, vp, w) {
		xa_erase(&part->workers, vp);
		kthread_flush_worker(w->task);
		if (part->backend->worker_stop) {
			kthread_init_work(&w->work, vpart_worker_last);
			kthread_queue_work(w->task, &w->work);
		}
		/* Flushes first. */
		kthread_destroy_worker(w->task);
		kfree(w);
	}
	mutex_unlock(&part->workers_lock);
}
