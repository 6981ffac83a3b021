// SPDX-License-Identifier: GPL-2.0-only
/*
 * One partition: its name, its clients, its backend.
 */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include "vpart.h"

static DEFINE_MUTEX(vpart_list_lock);
static LIST_HEAD(vpart_list);		/* protected by vpart_list_lock */

struct workqueue_struct *vpart_wq;

/* ---- names and references --------------------------------------------------- */

/**
 * vpart_name_valid - can a partition have this name?
 * @name: name
 *
 * Return: true for 1 to 31 of A-Z a-z 0-9 _ . -, that are no directory's name.
 */
bool vpart_name_valid(const char *name)
{
	size_t len = strlen(name), i;

	if (!len || len >= VMBUS_PARTITION_NAME_SIZE || name[0] == '.')
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_name_valid);

static void vpart_dev_release(struct device *dev)
{
	struct vmbus_partition *part = container_of(dev, struct vmbus_partition, dev);

	xa_destroy(&part->vps);
	xa_destroy(&part->ports);
	xa_destroy(&part->workers);
	xa_destroy(&part->vtl2_pages);
	cleanup_srcu_struct(&part->srcu);
	kfree(part);
}

static struct vmbus_partition *vpart_create(const char *name)
{
	struct vmbus_partition *part = kzalloc(sizeof(*part), GFP_KERNEL);
	int err;

	if (!part)
		return ERR_PTR(-ENOMEM);
	err = init_srcu_struct(&part->srcu);
	if (err) {
		kfree(part);
		return ERR_PTR(err);
	}
	kref_init(&part->ref);
	mutex_init(&part->config_lock);
	mutex_init(&part->clients_lock);
	mutex_init(&part->vtl2_lock);
	mutex_init(&part->workers_lock);
	mutex_init(&part->log_lock);
	mutex_init(&part->msi_lock);
	INIT_LIST_HEAD(&part->clients);
	INIT_LIST_HEAD(&part->maps);
	vpart_mmio_init(part);
	vpart_events_init(part);
	xa_init(&part->vps);
	xa_init(&part->ports);
	xa_init(&part->workers);
	xa_init(&part->vtl2_pages);

	device_initialize(&part->dev);
	part->dev.class = &vpart_class;
	part->dev.release = vpart_dev_release;
	err = dev_set_name(&part->dev, "%s", name);
	if (!err)
		err = device_add(&part->dev);
	if (err) {
		put_device(&part->dev);
		return ERR_PTR(err);
	}
	return part;
}

/**
 * vpart_get - find a partition, or make it
 * @name: its name
 *
 * Context: process, may sleep.
 * Return: the partition with a reference, or an ERR_PTR: -EINVAL for a name
 * that cannot be, -ENOMEM.
 */
struct vmbus_partition *vpart_get(const char *name)
{
	struct vmbus_partition *part;

	if (!vpart_name_valid(name))
		return ERR_PTR(-EINVAL);
	mutex_lock(&vpart_list_lock);
	list_for_each_entry(part, &vpart_list, node) {
		if (!strcmp(dev_name(&part->dev), name)) {
			kref_get(&part->ref);
			goto unlock;
		}
	}
	part = vpart_create(name);
	if (!IS_ERR(part))
		list_add_tail(&part->node, &vpart_list);
unlock:
	mutex_unlock(&vpart_list_lock);
	return part;
}
EXPORT_SYMBOL_GPL(vpart_get);

static void vpart_free(struct kref *ref)
{
	struct vmbus_partition *part = container_of(ref, struct vmbus_partition, ref);

	list_del(&part->node);
	/* Under the lock: the next of the same name finds its directory free. */
	device_unregister(&part->dev);
	mutex_unlock(&vpart_list_lock);
}

/**
 * vpart_put - drop a reference
 * @part: from vpart_get(); the caller is neither client nor backend any more
 *
 * Context: process, may sleep.
 */
void vpart_put(struct vmbus_partition *part)
{
	kref_put_mutex(&part->ref, vpart_free, &vpart_list_lock);
}
EXPORT_SYMBOL_GPL(vpart_put);

/**
 * vpart_name - name of a partition
 * @part: partition
 *
 * Return: its name, valid as long as the partition.
 */
const char *vpart_name(const struct vmbus_partition *part)
{
	return dev_name(&part->dev);
}
EXPORT_SYMBOL_GPL(vpart_name);

/* ---- clients ------------------------------------------------------------------ */

/**
 * vpart_client_attach - serve the guest of a partition
 * @part: partition
 * @client: embedded in the caller; its ops are set.  It is quiesced at once if the
 *	guest is stopped.
 *
 * Context: process, may sleep.
 */
void vpart_client_attach(struct vmbus_partition *part, struct vpart_client *client)
{
	mutex_lock(&part->clients_lock);
	list_add_tail_rcu(&client->node, &part->clients);
	if (part->stopped && client->ops->quiesce)
		client->ops->quiesce(client);
	mutex_unlock(&part->clients_lock);
}
EXPORT_SYMBOL_GPL(vpart_client_attach);

/**
 * vpart_client_detach - serve it no more
 * @part: partition
 * @client: from vpart_client_attach(); on return no callback runs or will run
 *
 * Context: process, may sleep.  Not from a callback.
 */
void vpart_client_detach(struct vmbus_partition *part, struct vpart_client *client)
{
	mutex_lock(&part->clients_lock);
	list_del_rcu(&client->node);
	mutex_unlock(&part->clients_lock);
	/* Pairs with rcu_read_lock() in vpart_deliverable(). */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(vpart_client_detach);

/**
 * vpart_deliverable - tell the clients that a message may find room now
 * @part: partition
 * @vtl: VTL of the receiver
 * @vp: VP of the slot
 * @sint: SINT of the slot
 *
 * Context: any.  RCU and not @clients_lock: a client's reset may wait for
 * somebody who is in here.
 */
void vpart_deliverable(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint)
{
	struct vpart_client *client;

	rcu_read_lock();
	list_for_each_entry_rcu(client, &part->clients, node)
		client->ops->deliverable(client, vtl, vp, sint);
	rcu_read_unlock();
}

static void vpart_reset_locked(struct vmbus_partition *part)
{
	struct vpart_client *client;

	lockdep_assert_held(&part->config_lock);
	mutex_lock(&part->clients_lock);
	list_for_each_entry(client, &part->clients, node)
		client->ops->reset(client);
	mutex_unlock(&part->clients_lock);
	vpart_msis_reset(part);
	vpart_synic_off(part);
}

/**
 * vpart_reset - the guest was reset
 * @part: partition
 *
 * On return no client holds a map, a page or a worker, there is no MSI, and the SynIC of
 * every VP is off.  A guest that is stopped stays so.
 *
 * Context: process, may sleep.
 */
void vpart_reset(struct vmbus_partition *part)
{
	mutex_lock(&part->config_lock);
	vpart_reset_locked(part);
	vpart_event(part, VMBUS_PARTITION_EVENT_RESET, 0);
	mutex_unlock(&part->config_lock);
}
EXPORT_SYMBOL_GPL(vpart_reset);

/**
 * vpart_stop - the guest is stopped
 * @part: partition
 *
 * On return nothing of this kernel writes to the guest's memory, and no message, event
 * or MSI goes to it.  Nothing is lost: what the guest has signalled, and what devices
 * complete, is kept; its posts are answered with "try again".
 *
 * Context: process, may sleep.
 */
void vpart_stop(struct vmbus_partition *part)
{
	struct vpart_client *client;

	mutex_lock(&part->config_lock);
	mutex_lock(&part->clients_lock);
	if (!part->stopped) {
		list_for_each_entry(client, &part->clients, node)
			if (client->ops->quiesce)
				client->ops->quiesce(client);
		/* Not earlier: what clients complete until then is delivered. */
		WRITE_ONCE(part->stopped, true);
		/*
		 * Pairs with rcu_read_lock() in vpart_send_message(), vpart_set_event(),
		 * vpart_msi_raise(), vpart_msi_routed().
		 */
		synchronize_rcu();
		vpart_event(part, VMBUS_PARTITION_EVENT_STOPPED, 0);
	}
	mutex_unlock(&part->clients_lock);
	mutex_unlock(&part->config_lock);
}
EXPORT_SYMBOL_GPL(vpart_stop);

static void vpart_start_locked(struct vmbus_partition *part)
{
	struct vpart_client *client;

	lockdep_assert_held(&part->config_lock);
	mutex_lock(&part->clients_lock);
	if (part->stopped) {
		WRITE_ONCE(part->stopped, false);
		list_for_each_entry(client, &part->clients, node)
			if (client->ops->resume)
				client->ops->resume(client);
		vpart_synic_started(part);
		vpart_msis_started(part);
		vpart_event(part, VMBUS_PARTITION_EVENT_STARTED, 0);
	}
	mutex_unlock(&part->clients_lock);
}

/**
 * vpart_start - the guest goes on
 * @part: partition, stopped or not
 *
 * Context: process, may sleep.
 */
void vpart_start(struct vmbus_partition *part)
{
	mutex_lock(&part->config_lock);
	vpart_start_locked(part);
	mutex_unlock(&part->config_lock);
}
EXPORT_SYMBOL_GPL(vpart_start);

/* ---- the backend ---------------------------------------------------------------- */

/**
 * vpart_backend_attach - give a partition its hypervisor
 * @part: partition
 * @ops: callbacks
 * @ctx: their first argument
 *
 * Context: process, may sleep.
 * Return: 0, -EBUSY if it has one or is held by vpart_hold_vtl0() for another, -ENODEV if
 * @ops->owner goes away.
 */
int vpart_backend_attach(struct vmbus_partition *part, const struct vpart_backend_ops *ops,
			 void *ctx)
{
	int err = 0;

	mutex_lock(&part->config_lock);
	if (part->backend || (part->vtl0_only && !ops->vtl0)) {
		err = -EBUSY;
	} else if (!try_module_get(ops->owner)) {
		err = -ENODEV;
	} else {
		part->backend_ctx = ctx;
		vpart_events_clear(part);
		if (vpart_port_served(part))
			vpart_event(part, VMBUS_PARTITION_EVENT_SERVER, 1);
		WRITE_ONCE(part->closing, false);
		/* Pairs with smp_load_acquire() in vpart_backend(). */
		smp_store_release(&part->backend, ops);
	}
	mutex_unlock(&part->config_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_backend_attach);

/**
 * vpart_backend_direct - is the guest's SynIC the backend's own?
 * @part: partition
 *
 * Context: process, may sleep.
 * Return: true while it has a backend with vpart_backend_ops::post, as Hyper-V.
 */
bool vpart_backend_direct(struct vmbus_partition *part)
{
	bool direct;

	mutex_lock(&part->config_lock);
	direct = part->backend && part->backend->post;
	mutex_unlock(&part->config_lock);
	return direct;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_backend_direct);

/**
 * vpart_backend_detach - take the hypervisor away: the guest is gone
 * @part: partition with a backend
 *
 * Resets the clients.  On return no callback of the backend runs or will run,
 * nothing is pinned, and the partition is free for the next backend, and not stopped.
 *
 * Context: process, may sleep.
 */
void vpart_backend_detach(struct vmbus_partition *part)
{
	struct module *owner;

	mutex_lock(&part->config_lock);
	WRITE_ONCE(part->closing, true);
	/* Who got past vpart_backend() before pins nothing any more. */
	synchronize_srcu(&part->srcu);
	vpart_reset_locked(part);
	vpart_workers_destroy(part);
	vpart_vps_clear(part);
	vpart_msis_clear(part);
	vpart_set_mem_table(part, NULL, 0);
	owner = part->backend->owner;
	WRITE_ONCE(part->backend, NULL);
	part->backend_ctx = NULL;
	/* Only now: there is nothing left that could be written. */
	vpart_start_locked(part);
	mutex_unlock(&part->config_lock);
	module_put(owner);
}
EXPORT_SYMBOL_GPL(vpart_backend_detach);
