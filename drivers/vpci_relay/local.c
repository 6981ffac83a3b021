// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI bus of this kernel, for those devices of a bus of the host that it keeps.
 *
 * It has a domain of its own, and is there as long as it has a device.  The domain's number
 * is that which the guest would see, if nobody else has it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "local_priv.h"

static const struct vpci_local_link vpci_local_host_link = {
	.config_read = vpci_host_config_read,
	.config_write = vpci_host_config_write,
	.interrupt_create = vpci_host_interrupt_create,
	.interrupt_delete = vpci_host_interrupt_delete,
	/* The host's own comes first, unless its answers do not get here. */
	.answer_limit = 2 * VPCI_HOST_REQUEST_LIMIT,
};

/* Of vpci_local::work, so that the end of the module can wait for its last step. */
static struct workqueue_struct *vpci_local_wq;

static void vpci_local_fn_free(struct kref *ref)
{
	kvfree(container_of(ref, struct vpci_local_fn, ref));
}

static void vpci_local_free(struct kref *ref)
{
	kvfree(container_of(ref, struct vpci_local, ref));
	module_put(THIS_MODULE);
}

/* ---- the bus ------------------------------------------------------------------------------- */

/* Nobody has any of its devices any more. */
static void vpci_local_bridge_release(struct pci_host_bridge *bridge)
{
	struct vpci_local *local = bridge->release_data;

	kref_put(&local->ref, vpci_local_free);
}

/* Numbers of the firmware and of Hyper-V have 16 bits. */
static int vpci_local_find_domain(const struct vpci_local *local)
{
	int domain = get_unaligned_le16(local->instance.b + 4), last = U16_MAX;
	struct pci_bus *bus = NULL;

	if (domain && !pci_find_bus(domain, 0))
		return domain;
	while ((bus = pci_find_next_bus(bus)))
		last = max(last, pci_domain_nr(bus));
	return last + 1;
}

/* Under pci_lock_rescan_remove(), so that the number of the domain stays free. */
static int vpci_local_make_bus(struct vpci_local *local, struct resource *range)
{
	LIST_HEAD(resources);

	local->sysdata = (struct pci_sysdata) {
		.domain = vpci_local_find_domain(local),
		.node = NUMA_NO_NODE,
	};
	local->busn = (struct resource) { .name = "vpci_relay", .flags = IORESOURCE_BUS };
	local->irq_domain = vpci_local_irq_domain(local);
	if (!local->irq_domain)
		return -ENOMEM;
	pci_add_resource(&resources, &local->busn);
	pci_add_resource(&resources, range);
	local->bus = pci_create_root_bus(NULL, 0, &vpci_local_pci_ops, &local->sysdata,
					 &resources);
	if (local->bus) {
		/*
		 * With a reference to a pci_dev somebody may have struct pci_bus for longer than
		 * it is of use: what that points to, vpci_local::sysdata and functions here,
		 * stays as well.
		 */
		kref_get(&local->ref);
		pci_set_host_bridge_release(to_pci_host_bridge(local->bus->bridge),
					    vpci_local_bridge_release, local);
		dev_set_msi_domain(&local->bus->dev, local->irq_domain);
		return 0;
	}
	pci_free_resource_list(&resources);
	vpci_local_irq_domain_remove(local->irq_domain);
	return -ENOMEM;
}

static int vpci_local_open_bus(struct vpci_local *local)
{
	struct resource *range;
	int err;

	if (local->bus)
		return 0;
	range = vpci_local_memory_get();
	if (!range)
		return -ENOSPC;
	pci_lock_rescan_remove();
	err = vpci_local_make_bus(local, range);
	pci_unlock_rescan_remove();
	if (err)
		vpci_local_memory_put();
	return err;
}

static void vpci_local_close_bus(struct vpci_local *local)
{
	struct pci_host_bridge *bridge;

	if (!local->bus)
		return;
	pci_lock_rescan_remove();
	vpci_local_config_close(local->bus);
	bridge = to_pci_host_bridge(local->bus->bridge);
	pci_stop_root_bus(local->bus);
	pci_remove_root_bus(local->bus);
	/* pci_create_root_bus() has left the first reference to whoever called it. */
	pci_free_host_bridge(bridge);
	local->bus = NULL;
	pci_unlock_rescan_remove();
	vpci_local_irq_domain_remove(local->irq_domain);
	vpci_local_memory_put();
}

/* ---- a device, by vpci_local::work --------------------------------------------------------- */

/* Without memory for it a device is there, and of no use: its driver says so. */
static int vpci_local_scan(struct vpci_local_fn *fn)
{
	struct vpci_local *local = fn->local;
	unsigned int devfn = vpci_local_devfn(fn);
	struct pci_dev *pdev;

	pci_lock_rescan_remove();
	WRITE_ONCE(local->slots[devfn], fn);
	pdev = pci_scan_single_device(local->bus, devfn);
	if (pdev) {
		pci_bus_assign_resources(local->bus);
		pci_bus_add_device(pdev);
	} else {
		WRITE_ONCE(local->slots[devfn], NULL);
	}
	pci_unlock_rescan_remove();
	return pdev ? 0 : -ENODEV;
}

static void vpci_local_unscan(struct vpci_local_fn *fn)
{
	struct vpci_local *local = fn->local;
	unsigned int devfn = vpci_local_devfn(fn);
	struct pci_dev *pdev;

	/* However long its driver takes to let go: others need the lock of all PCI buses. */
	pdev = pci_get_slot(local->bus, devfn);
	if (pdev)
		device_release_driver(&pdev->dev);
	pci_dev_put(pdev);
	/* Somebody may have bound it again, removed it by hand, or found it again. */
	pci_lock_rescan_remove();
	pdev = pci_get_slot(local->bus, devfn);
	if (pdev)
		pci_stop_and_remove_bus_device(pdev);
	pci_dev_put(pdev);
	WRITE_ONCE(local->slots[devfn], NULL);
	pci_unlock_rescan_remove();
}

static void vpci_local_bring(struct vpci_local_fn *fn)
{
	struct vpci_local *local = fn->local;
	int err;

	err = vpci_local_open_bus(local);
	if (!err) {
		vpci_local_config_begin(fn);
		err = vpci_local_scan(fn);
	}
	vpci_local_counted(local, err ? VPCI_LOCAL_FAILURES : VPCI_LOCAL_DEVICES);
	if (err == -ENOSPC)
		pr_info_ratelimited("%pUl: the device in slot %#x is held, for want of addresses: write to \"local_memory\"\n",
				    &local->instance, fn->desc.slot);
	else if (err)
		pr_err_ratelimited("%pUl: this kernel does not get the device in slot %#x: error %d; tried again when a rule changes\n",
				   &local->instance, fn->desc.slot, err);
	mutex_lock(&local->lock);
	fn->state = err ? VPCI_LOCAL_HELD : VPCI_LOCAL_ON;
	mutex_unlock(&local->lock);
}

/* It is in the list no more. */
static void vpci_local_drop(struct vpci_local_fn *fn, bool was_on)
{
	struct vpci_local *local = fn->local;

	if (was_on) {
		vpci_local_unscan(fn);
		vpci_local_irqs_drop(fn);
		vpci_local_config_end(fn);
	}
	mutex_lock(&local->lock);
	if (fn->priv)
		local->ops->ejected(local->ctx, fn->priv);
	fn->priv = NULL;
	mutex_unlock(&local->lock);
	/* Somebody may still have a pci_dev that was in its slot. */
	vpci_local_config_sync();
	kref_put(&fn->ref, vpci_local_fn_free);
}

/* One thing that is to be done; false if there is none.  Who leaves makes room first. */
static bool vpci_local_step(struct vpci_local *local)
{
	struct vpci_local_fn *fn, *come = NULL;
	bool was_on;

	mutex_lock(&local->lock);
	list_for_each_entry(fn, &local->fns, node) {
		if (!fn->wanted) {
			list_del_init(&fn->node);
			was_on = fn->state == VPCI_LOCAL_ON;
			mutex_unlock(&local->lock);
			vpci_local_drop(fn, was_on);
			return true;
		}
		if (!come && fn->state == VPCI_LOCAL_NEW)
			come = fn;
	}
	mutex_unlock(&local->lock);
	/* Only this work takes one out of the list. */
	if (come)
		vpci_local_bring(come);
	return come;
}

static bool vpci_local_is_empty(struct vpci_local *local)
{
	bool empty;

	mutex_lock(&local->lock);
	empty = list_empty(&local->fns);
	mutex_unlock(&local->lock);
	return empty;
}

/* Its owner may be gone by now, and this the last who uses it. */
static void vpci_local_work(struct work_struct *work)
{
	struct vpci_local *local = container_of(work, struct vpci_local, work);

	while (vpci_local_step(local))
		cond_resched();
	/* One that comes right now queues this again. */
	if (vpci_local_is_empty(local))
		vpci_local_close_bus(local);
	mutex_lock(&local->lock);
	WRITE_ONCE(local->empty, list_empty(&local->fns) && !local->bus);
	mutex_unlock(&local->lock);
	wake_up_all(&local->wait);
	kref_put(&local->ref, vpci_local_free);
}

static void vpci_local_kick(struct vpci_local *local)
{
	kref_get(&local->ref);
	/* One that is queued has its reference: this is not the last. */
	if (!queue_work(vpci_local_wq, &local->work))
		kref_put(&local->ref, vpci_local_free);
}

/* ---- what owners do with a device ---------------------------------------------------------- */

/**
 * vpci_local_add() - this kernel gets a device
 * @local: bus
 * @host: the host's device, which nobody else uses
 * @desc: its ids
 * @bars: its base addresses
 * @priv: for vpci_local_ops::ejected()
 *
 * Nothing of @host is used any more after vpci_local_put().
 *
 * Context: process, may sleep.
 * Return: the device, or an ERR_PTR: -ENOMEM.
 */
struct vpci_local_fn *vpci_local_add(struct vpci_local *local, struct vpci_host_fn *host,
				     const struct vpci_desc *desc, const struct vpci_bars *bars,
				     void *priv)
{
	struct vpci_local_fn *fn;

	KUNIT_STATIC_STUB_REDIRECT(vpci_local_add, local, host, desc, bars, priv);
	fn = kvzalloc(sizeof(*fn), GFP_KERNEL);
	if (!fn)
		return ERR_PTR(-ENOMEM);
	kref_init(&fn->ref);
	fn->local = local;
	fn->desc = *desc;
	fn->host = host;
	fn->priv = priv;
	fn->wanted = true;
	INIT_LIST_HEAD(&fn->irqs);
	init_waitqueue_head(&fn->wait);
	vpci_local_config_init(fn, bars);
	kref_get(&fn->ref);
	mutex_lock(&local->lock);
	list_add_tail(&fn->node, &local->fns);
	WRITE_ONCE(local->empty, false);
	mutex_unlock(&local->lock);
	vpci_local_kick(local);
	return fn;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_add);

/**
 * vpci_local_eject() - this kernel is to let a device go
 * @fn: device
 *
 * vpci_local_ops::ejected() follows, and not before the driver is done with it.
 *
 * Context: process, may sleep.
 */
void vpci_local_eject(struct vpci_local_fn *fn)
{
	struct vpci_local *local = fn->local;

	mutex_lock(&local->lock);
	fn->wanted = false;
	mutex_unlock(&local->lock);
	vpci_local_kick(local);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_eject);

/**
 * vpci_local_put() - the owner has no use for a device any more, or the host has taken it away
 * @fn: device, whether this kernel has let it go or not
 *
 * On return nothing of the host's device is used any more, and nobody is told anything.
 * What this kernel still has of it goes by and by.
 *
 * Context: process, may sleep; waits for nothing but an access to the host.
 */
void vpci_local_put(struct vpci_local_fn *fn)
{
	struct vpci_local *local = fn->local;

	vpci_local_config_gone(fn);
	mutex_lock(&local->lock);
	fn->wanted = false;
	fn->priv = NULL;
	mutex_unlock(&local->lock);
	vpci_local_kick(local);
	kref_put(&fn->ref, vpci_local_fn_free);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_put);

/**
 * vpci_local_retry() - there may be what devices that are held have waited for
 * @local: bus
 *
 * Context: process, may sleep.
 */
void vpci_local_retry(struct vpci_local *local)
{
	struct vpci_local_fn *fn;

	mutex_lock(&local->lock);
	list_for_each_entry(fn, &local->fns, node)
		if (fn->state == VPCI_LOCAL_HELD)
			fn->state = VPCI_LOCAL_NEW;
	mutex_unlock(&local->lock);
	vpci_local_kick(local);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_retry);

/**
 * vpci_local_show() - where this kernel has a device
 * @fn: device
 * @buf: result, terminated
 * @size: of @buf
 *
 * Return: length of the text.
 */
int vpci_local_show(struct vpci_local_fn *fn, char *buf, size_t size)
{
	struct vpci_local *local = fn->local;
	int len;

	mutex_lock(&local->lock);
	/* As long as it is on, so is the bus. */
	if (fn->state == VPCI_LOCAL_ON && !list_empty(&fn->node))
		len = scnprintf(buf, size, "local %04x:00:%02x.%x", local->sysdata.domain,
				VPCI_SLOT_DEV(fn->desc.slot), VPCI_SLOT_FN(fn->desc.slot));
	else
		len = scnprintf(buf, size, "local %s",
				fn->state == VPCI_LOCAL_HELD ? "held" : "changing");
	mutex_unlock(&local->lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_show);

/* ---- life ---------------------------------------------------------------------------------- */

/**
 * vpci_local_create_link() - vpci_local_create() with another link to the host
 * @link: link
 * @instance: of the host's bus
 * @ops: callbacks
 * @ctx: their argument
 *
 * Return: the bus or an ERR_PTR.
 */
struct vpci_local *vpci_local_create_link(const struct vpci_local_link *link,
					  const guid_t *instance,
					  const struct vpci_local_ops *ops, void *ctx)
{
	struct vpci_local *local = kvzalloc(sizeof(*local), GFP_KERNEL);

	if (!local)
		return ERR_PTR(-ENOMEM);
	__module_get(THIS_MODULE);
	kref_init(&local->ref);
	init_waitqueue_head(&local->wait);
	local->empty = true;
	local->instance = *instance;
	local->link = link;
	local->ops = ops;
	local->ctx = ctx;
	INIT_WORK(&local->work, vpci_local_work);
	mutex_init(&local->lock);
	INIT_LIST_HEAD(&local->fns);
	return local;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_create_link);

/**
 * vpci_local_create() - a bus of this kernel, for devices of a bus of the host
 * @instance: of that
 * @ops: callbacks, all of them
 * @ctx: their argument
 *
 * Return: the bus, or an ERR_PTR: -ENOMEM, -EOPNOTSUPP in a kernel that cannot have one.
 */
struct vpci_local *vpci_local_create(const guid_t *instance, const struct vpci_local_ops *ops,
				     void *ctx)
{
	KUNIT_STATIC_STUB_REDIRECT(vpci_local_create, instance, ops, ctx);
	return vpci_local_create_link(&vpci_local_host_link, instance, ops, ctx);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_create);

/**
 * vpci_local_flush() - wait until all that is to be done has been done
 * @local: bus
 *
 * Context: process, may sleep, with no lock held that vpci_local_done() is called under:
 * drivers may be waiting for the host.
 */
void vpci_local_flush(struct vpci_local *local)
{
	flush_work(&local->work);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_flush);

/**
 * vpci_local_wait() - give drivers time to let go
 * @local: bus, of whose devices each is ejected or put
 * @limit: in jiffies
 *
 * Context: as vpci_local_flush().
 * Return: false if one has not.
 */
bool vpci_local_wait(struct vpci_local *local, unsigned long limit)
{
	return wait_event_timeout(local->wait, READ_ONCE(local->empty), limit);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_wait);

/**
 * vpci_local_destroy() - the owner has no use for the bus any more
 * @local: bus; its devices were put
 *
 * What drivers still have of it goes when they let it go; until then it keeps the module.
 *
 * Context: process, may sleep; waits for nothing.
 */
void vpci_local_destroy(struct vpci_local *local)
{
	kref_put(&local->ref, vpci_local_free);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_destroy);

/**
 * vpci_local_count() - how often something has happened
 * @local: bus
 * @which: what
 *
 * Return: count since the bus was created.
 */
u64 vpci_local_count(const struct vpci_local *local, enum vpci_local_counter which)
{
	return atomic64_read(&local->counters[which]);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_count);

/* ---- set-up -------------------------------------------------------------------------------- */

int vpci_local_init(void)
{
	int err;

	vpci_local_wq = alloc_workqueue("vpci_local", 0, 0);
	if (!vpci_local_wq)
		return -ENOMEM;
	err = vpci_local_irq_init();
	if (err)
		destroy_workqueue(vpci_local_wq);
	return err;
}

/*
 * There is no bus any more, but the last work may be about to return, and so may whoever has
 * dropped the last reference of one in vpci_local_free().
 */
void vpci_local_exit(void)
{
	destroy_workqueue(vpci_local_wq);
	synchronize_rcu_tasks();
	vpci_local_irq_exit();
}
