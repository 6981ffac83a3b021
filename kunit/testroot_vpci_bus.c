// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus of the test host: its life, what is on it, and its window.
 */
#include <linux/cleanup.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <vmbus/compat.h>

#include "testroot_vpci.h"

static const guid_t tvp_class =
	GUID_INIT(0x44c4f61d, 0x4444, 0x4400, 0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f);

/* The second number of it is the domain. */
static guid_t tvp_instance(unsigned int index)
{
	return GUID_INIT(0xe0e0e0e1, TVP_DOMAIN + index, 0x4a5f, 0x9c, 0x5d, 0x1f, 0x3c, 0x7e,
			 0x2a, 0x90, 0x41);
}

/* ---- the window to configuration space ------------------------------------------------- */

/* The access is to configuration space, and the bytes are in one dword of it. */
static bool tvp_window_valid(u64 offset, unsigned int size)
{
	return offset >= VPCI_WINDOW_CONFIG && (offset & 3) + size <= 4;
}

static struct tvp_fn *tvp_window_fn(struct tvp_bus *bus)
{
	lockdep_assert_held(&bus->config_lock);
	return bus->slot < VPCI_MAX_SLOTS ? bus->slots[bus->slot] : NULL;
}

static u64 tvp_window_read(struct vpart_mmio *m, u64 offset, unsigned int size)
{
	struct tvp_bus *bus = container_of(m, struct tvp_bus, window);
	u64 value = U64_MAX;
	struct tvp_fn *fn;

	if (!tvp_window_valid(offset, size)) {
		tvp_count(bus, TVP_WINDOW_ERRORS);
		return value;
	}
	tvp_count(bus, TVP_CONFIG_READS);
	mutex_lock(&bus->config_lock);
	fn = tvp_window_fn(bus);
	if (fn)
		value = tvp_fn_config_read(fn, offset - VPCI_WINDOW_CONFIG, size);
	mutex_unlock(&bus->config_lock);
	return value;
}

static void tvp_window_write(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value)
{
	struct tvp_bus *bus = container_of(m, struct tvp_bus, window);
	bool select = offset == VPCI_WINDOW_SLOT && size == sizeof(u32);
	struct tvp_fn *fn;

	if (!select && !tvp_window_valid(offset, size)) {
		tvp_count(bus, TVP_WINDOW_ERRORS);
		return;
	}
	mutex_lock(&bus->config_lock);
	if (select) {
		bus->slot = value;
	} else {
		tvp_count(bus, TVP_CONFIG_WRITES);
		fn = tvp_window_fn(bus);
		if (fn)
			tvp_fn_config_write(fn, offset - VPCI_WINDOW_CONFIG, size, value);
	}
	mutex_unlock(&bus->config_lock);
}

static const struct vpart_mmio_ops tvp_window_ops = {
	.read = tvp_window_read,
	.write = tvp_window_write,
};

/* ---- what the protocol needs ----------------------------------------------------------- */

static int tvp_window(struct vpci_bus *vpci, u64 base)
{
	struct tvp_bus *bus = to_tvp_bus(vpci);

	tvp_count(bus, TVP_WINDOWS);
	bus->window.gpa = base;
	return vpart_mmio_add(bus->part, &bus->window);
}

static void tvp_unwindow(struct vpci_bus *vpci)
{
	struct tvp_bus *bus = to_tvp_bus(vpci);

	vpart_mmio_remove(bus->part, &bus->window);
}

static u32 tvp_config_read(struct vpci_bus_fn *vfn, u16 offset, u8 size)
{
	struct tvp_fn *fn = to_tvp_fn(vfn);
	u32 value;

	mutex_lock(&fn->bus->config_lock);
	value = tvp_fn_config_read(fn, offset, size);
	mutex_unlock(&fn->bus->config_lock);
	return value;
}

static void tvp_config_write(struct vpci_bus_fn *vfn, u16 offset, u8 size, u32 value)
{
	struct tvp_fn *fn = to_tvp_fn(vfn);

	mutex_lock(&fn->bus->config_lock);
	tvp_fn_config_write(fn, offset, size, value);
	mutex_unlock(&fn->bus->config_lock);
}

static int tvp_interrupt_create(struct vpci_bus *vpci, struct vpci_bus_fn *vfn,
				const struct vpci_msi_request *request, u64 cookie,
				struct vpci_msi *msi)
{
	struct tvp_bus *bus = to_tvp_bus(vpci);
	struct tvp_fn *fn = to_tvp_fn(vfn);
	int err;

	if (bus->knobs[TVP_FAIL_INTERRUPT])
		return -ENOSPC;
	err = fn->side->msi_create(fn, request, msi);
	if (!err)
		tvp_count(bus, TVP_MSIS_CREATED);
	return err;
}

static void tvp_interrupt_delete(struct vpci_bus *vpci, struct vpci_bus_fn *vfn,
				 const struct vpci_msi *msi)
{
	struct tvp_fn *fn = to_tvp_fn(vfn);

	fn->side->msi_delete(fn, msi);
	tvp_count(fn->bus, TVP_MSIS_DELETED);
}

static int tvp_reset(struct vpci_bus *vpci, struct vpci_bus_fn *vfn, u64 cookie)
{
	struct tvp_fn *fn = to_tvp_fn(vfn);

	tvp_count(fn->bus, TVP_RESETS);
	tvp_fn_reset(fn);
	return 0;
}

static int tvp_block(struct vpci_bus *vpci, struct vpci_bus_fn *vfn, struct vpci_block *block,
		     u64 cookie)
{
	struct tvp_fn *fn = to_tvp_fn(vfn);

	lockdep_assert_held(&fn->bus->lock);
	if (fn->path)
		return -EOPNOTSUPP;
	if (block->id >= TVP_BLOCKS)
		return -EINVAL;
	if (block->write)
		memcpy(fn->blocks[block->id], block->data, block->len);
	else
		memcpy(block->data, fn->blocks[block->id], block->len);
	return 0;
}

/* The window leads there no more; then it goes. */
static void tvp_end_fn(struct tvp_bus *bus, struct tvp_fn *fn)
{
	lockdep_assert_held(&bus->lock);
	mutex_lock(&bus->config_lock);
	if (bus->slots[fn->fn.desc.slot] == fn)
		bus->slots[fn->fn.desc.slot] = NULL;
	mutex_unlock(&bus->config_lock);
	/* No request is under way when somebody has the lock: there is none to answer. */
	vpci_bus_remove(&bus->vpci, &fn->fn);
	tvp_fn_destroy(fn);
}

static void tvp_ejected(struct vpci_bus *vpci, struct vpci_bus_fn *vfn)
{
	struct tvp_bus *bus = to_tvp_bus(vpci);

	if (!bus->closing)
		tvp_count(bus, TVP_EJECTED);
	tvp_end_fn(bus, to_tvp_fn(vfn));
}

static const struct vpci_bus_ops tvp_bus_ops = {
	.window = tvp_window,
	.unwindow = tvp_unwindow,
	.config_read = tvp_config_read,
	.config_write = tvp_config_write,
	.interrupt_create = tvp_interrupt_create,
	.interrupt_delete = tvp_interrupt_delete,
	.reset = tvp_reset,
	.block = tvp_block,
	.ejected = tvp_ejected,
};

/* ---- the guest ------------------------------------------------------------------------- */

static struct tvp_bus *tvp_client_bus(struct vpart_client *client)
{
	return container_of(client, struct tvp_bus, client);
}

static void tvp_deliverable(struct vpart_client *client, u8 vtl, u32 vp, u8 sint)
{
}

/* As a machine does with its devices.  VTL2 keeps its channel, and its own devices. */
static void tvp_guest_reset(struct vpart_client *client)
{
	struct tvp_bus *bus = tvp_client_bus(client);
	struct vpci_bus_fn *fn;

	tvp_guest_end(bus, true);
	mutex_lock(&bus->lock);
	list_for_each_entry(fn, &bus->vpci.fns, node)
		if (to_tvp_fn(fn)->side->reset)
			tvp_fn_reset(to_tvp_fn(fn));
	mutex_unlock(&bus->lock);
	tvp_guest_end(bus, false);
}

static void tvp_guest_quiesce(struct vpart_client *client)
{
	tvp_guest_stop(tvp_client_bus(client));
}

static void tvp_guest_resume(struct vpart_client *client)
{
	tvp_guest_go(tvp_client_bus(client));
}

static const struct vpart_client_ops tvp_client_ops = {
	.deliverable = tvp_deliverable,
	.reset = tvp_guest_reset,
	.quiesce = tvp_guest_quiesce,
	.resume = tvp_guest_resume,
};

/* ---- life ------------------------------------------------------------------------------ */

static void tvp_bus_free(struct tvp_bus *bus)
{
	if (!IS_ERR_OR_NULL(bus->worker))
		kthread_destroy_worker(bus->worker);
	kvfree(bus->vpci.reply);
	if (!IS_ERR_OR_NULL(bus->part))
		vpart_put(bus->part);
	if (bus->srv)
		vsrv_put(bus->srv);
	kvfree(bus);
}

/**
 * tvp_bus_create() - make a bus with nothing on it, that nobody is offered yet
 * @server: name of the server that will offer it
 * @index: number, below TVP_BUSES
 *
 * Return: the bus, or an ERR_PTR: -ENODEV without the server or its partition, -ENOMEM.
 */
struct tvp_bus *tvp_bus_create(const char *server, unsigned int index)
{
	struct tvp_bus *bus = kvzalloc(sizeof(*bus), GFP_KERNEL);
	int err = -ENODEV;
	void *reply;

	if (!bus)
		return ERR_PTR(-ENOMEM);
	bus->index = index;
	bus->srv = vsrv_get(server);
	if (!bus->srv || !vsrv_partition(bus->srv))
		goto free;
	bus->part = vpart_get(vpart_name(vsrv_partition(bus->srv)));
	err = -ENOMEM;
	reply = kvmalloc(VPCI_MAX_REPLY, GFP_KERNEL);
	/* Not one of the partition: these go with the guest, and VTL2 stays. */
	bus->worker = kthread_run_worker(0, "testroot-vpci%u", index);
	mutex_init(&bus->lock);
	mutex_init(&bus->config_lock);
	init_rwsem(&bus->dma_lock);
	init_waitqueue_head(&bus->wait);
	vpci_bus_init(&bus->vpci, &tvp_bus_ops, reply);
	if (IS_ERR(bus->part) || !reply || IS_ERR(bus->worker))
		goto free;
	vpci_bus_ready(&bus->vpci);
	bus->window.size = VPCI_WINDOW_SIZE;
	bus->window.vtl = VPART_VTL_PARAVISOR;
	bus->window.ops = &tvp_window_ops;
	tvp_chan_init(bus);
	bus->client.ops = &tvp_client_ops;
	vpart_client_attach(bus->part, &bus->client);
	return bus;

free:
	tvp_bus_free(bus);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(tvp_bus_create);

/**
 * tvp_bus_destroy() - end a bus, offered or not, and what is on it
 * @bus: bus
 */
void tvp_bus_destroy(struct tvp_bus *bus)
{
	struct vpci_bus_fn *fn, *next;

	tvp_bus_revoke(bus);
	vpart_client_detach(bus->part, &bus->client);
	mutex_lock(&bus->lock);
	list_for_each_entry_safe(fn, next, &bus->vpci.fns, node)
		tvp_end_fn(bus, to_tvp_fn(fn));
	mutex_unlock(&bus->lock);
	tvp_bus_free(bus);
}
EXPORT_SYMBOL_GPL(tvp_bus_destroy);

/**
 * tvp_bus_offer() - offer a bus to the client
 * @bus: bus
 *
 * Return: 0, -EBUSY if it is offered, or an error of vsrv_offer().
 */
int tvp_bus_offer(struct tvp_bus *bus)
{
	const struct vsrv_offer offer = {
		.class_id = tvp_class,
		.instance_id = tvp_instance(bus->index),
		.order = VSRV_ORDER_NONE,
	};
	struct vsrv_chan *chan;

	if (bus->chan)
		return -EBUSY;
	chan = vsrv_offer(bus->srv, &offer, &tvp_chan_ops, bus);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	bus->chan = chan;
	return 0;
}
EXPORT_SYMBOL_GPL(tvp_bus_offer);

/**
 * tvp_bus_revoke() - take it back
 * @bus: bus, offered or not
 *
 * What is on it stays.
 */
void tvp_bus_revoke(struct tvp_bus *bus)
{
	if (bus->chan)
		vsrv_revoke(bus->chan);
	bus->chan = NULL;
}
EXPORT_SYMBOL_GPL(tvp_bus_revoke);

/* ---- what is on it --------------------------------------------------------------------- */

static struct tvp_fn *tvp_bus_fn(struct tvp_bus *bus, u32 slot)
{
	struct vpci_bus_fn *fn;

	lockdep_assert_held(&bus->lock);
	fn = vpci_bus_find(&bus->vpci, slot);
	return fn ? to_tvp_fn(fn) : NULL;
}

static int tvp_bus_put(struct tvp_bus *bus, struct tvp_fn *fn)
{
	int err = vpci_bus_add(&bus->vpci, &fn->fn);

	if (err)
		return err;
	if (fn->side != &tvp_guest)
		bus->vtl2 = true;
	mutex_lock(&bus->config_lock);
	bus->slots[fn->fn.desc.slot] = fn;
	mutex_unlock(&bus->config_lock);
	return 0;
}

/**
 * tvp_bus_add() - put a function on a bus
 * @bus: bus
 * @params: what it is, and where
 *
 * Return: 0; -EEXIST if something is there, -EINVAL for a slot that is none, or as
 * tvp_fn_create().
 */
int tvp_bus_add(struct tvp_bus *bus, const struct tvp_fn_params *params)
{
	struct tvp_fn *fn = tvp_fn_create(bus, params);
	int err;

	if (IS_ERR(fn))
		return PTR_ERR(fn);
	mutex_lock(&bus->lock);
	err = tvp_bus_put(bus, fn);
	if (!err)
		tvp_chan_announce(bus);
	mutex_unlock(&bus->lock);
	if (err)
		tvp_fn_destroy(fn);
	return err;
}
EXPORT_SYMBOL_GPL(tvp_bus_add);

/**
 * tvp_bus_remove() - a function is gone, without a word before
 * @bus: bus
 * @slot: where it was
 *
 * Return: 0, -ENOENT if nothing is there.
 */
int tvp_bus_remove(struct tvp_bus *bus, u32 slot)
{
	struct tvp_fn *fn;

	mutex_lock(&bus->lock);
	fn = tvp_bus_fn(bus, slot);
	if (fn) {
		tvp_end_fn(bus, fn);
		tvp_chan_announce(bus);
	}
	mutex_unlock(&bus->lock);
	return fn ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(tvp_bus_remove);

/**
 * tvp_bus_replace() - another function of the same kind takes the place of one
 * @bus: bus
 * @slot: where
 * @serial: the new one's
 *
 * The client hears of it once.
 *
 * Return: 0, -ENOENT if nothing is there, or as tvp_bus_add(); then the old one may be gone.
 */
int tvp_bus_replace(struct tvp_bus *bus, u32 slot, u32 serial)
{
	struct tvp_fn_params params = { .slot = slot, .serial = serial };
	struct tvp_fn *old, *fn;
	int err = -ENOENT;

	mutex_lock(&bus->lock);
	old = tvp_bus_fn(bus, slot);
	if (!old)
		goto unlock;
	params.path = old->path;
	params.queues = old->queues;
	params.numa_node = old->numa_node;
	params.vtl2 = old->side != &tvp_guest;
	fn = tvp_fn_create(bus, &params);
	err = PTR_ERR_OR_ZERO(fn);
	if (err)
		goto unlock;
	tvp_end_fn(bus, old);
	err = tvp_bus_put(bus, fn);
	if (err)
		tvp_fn_destroy(fn);
	tvp_chan_announce(bus);
unlock:
	mutex_unlock(&bus->lock);
	return err;
}
EXPORT_SYMBOL_GPL(tvp_bus_replace);

/* @len: bytes of @msg, 0 if the client does not know what it is about */
static int tvp_bus_tell(struct tvp_bus *bus, const void *msg, u32 len)
{
	return len ? tvp_chan_send(bus, VM_PKT_DATA_INBAND, 0, msg, len) : -ENOTCONN;
}

/**
 * tvp_bus_eject() - ask the client to let a function go
 * @bus: bus
 * @slot: where it is
 *
 * When the client has done so the function is gone, and TVP_EJECTED one more.
 *
 * Return: 0; -ENOENT if nothing is there, -ENOTCONN if nobody knows of it, -EALREADY if
 * that has been asked for, or as tvp_chan_send().
 */
int tvp_bus_eject(struct tvp_bus *bus, u32 slot)
{
	struct vpci_slot_msg msg;
	struct tvp_fn *fn;
	u32 len;

	guard(mutex)(&bus->lock);
	fn = tvp_bus_fn(bus, slot);
	if (!fn)
		return -ENOENT;
	if (fn->fn.state != VPCI_FN_PRESENT)
		return -EALREADY;
	len = vpci_bus_eject(&bus->vpci, &fn->fn, &msg);
	if (len)
		tvp_count(bus, TVP_EJECTS);
	return tvp_bus_tell(bus, &msg, len);
}
EXPORT_SYMBOL_GPL(tvp_bus_eject);

/**
 * tvp_bus_invalidate() - tell the client that configuration blocks have changed
 * @bus: bus
 * @slot: of what
 * @mask: which of the first 64
 *
 * Return: 0; -ENOENT if nothing is there, -ENOTCONN if nobody knows of it, or as
 * tvp_chan_send().
 */
int tvp_bus_invalidate(struct tvp_bus *bus, u32 slot, u64 mask)
{
	struct vpci_invalidate_block msg;
	struct tvp_fn *fn;

	guard(mutex)(&bus->lock);
	fn = tvp_bus_fn(bus, slot);
	if (!fn)
		return -ENOENT;
	return tvp_bus_tell(bus, &msg,
			    vpci_bus_invalidate_block(&bus->vpci, &fn->fn, mask, &msg));
}
EXPORT_SYMBOL_GPL(tvp_bus_invalidate);

/**
 * tvp_bus_say() - tell the client whatever a test wants it to hear
 * @bus: bus
 * @type: VM_PKT_DATA_INBAND or VM_PKT_COMP
 * @trans_id: transaction id
 * @msg: message
 * @len: bytes of it
 *
 * Return: as tvp_chan_send().
 */
int tvp_bus_say(struct tvp_bus *bus, u16 type, u64 trans_id, const void *msg, u32 len)
{
	int err;

	mutex_lock(&bus->lock);
	err = tvp_chan_send(bus, type, trans_id, msg, len);
	mutex_unlock(&bus->lock);
	return err;
}
EXPORT_SYMBOL_GPL(tvp_bus_say);
