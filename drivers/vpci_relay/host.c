// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a bus of the host, and what its owner hears.
 *
 * A version that both speak is found, the best first; then the host is told of the
 * window, and says what is on the bus.  A host that does not get that far, or not in
 * time, has failed.  Once the bus is on, devices come and go.
 *
 * If the host lists nothing by itself it is asked.  If at first it does not want to serve
 * the window, somebody before us may not have said goodbye: that is done for them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <vmbus/deadline.h>
#include <vmbus/ring.h>

#include "host_priv.h"

/* As many as others open it with; a list of all devices that there can be fits. */
#define VPCI_HOST_RING_PAGES	10
#define VPCI_HOST_INITIAL_LIMIT	(60 * HZ)

static const struct vpci_host_link vpci_host_relay_link = {
	.open = vrelay_dev_open,
	.close = vrelay_dev_close,
	.send = vrelay_dev_send,
	.mmio = vrelay_dev_mmio,
	.request_limit = VPCI_HOST_REQUEST_LIMIT,
	.initial_limit = VPCI_HOST_INITIAL_LIMIT,
};

/**
 * vpci_host_kick() - there may be something to do for vpci_host::work
 * @host: bus, with vpci_host::lock held
 */
void vpci_host_kick(struct vpci_host *host)
{
	lockdep_assert_held(&host->lock);
	if (host->state != VPCI_HOST_CLOSED)
		mod_delayed_work(host->wq, &host->work, 0);
}

/**
 * vpci_host_fail() - the bus is of no use any more
 * @host: bus, with vpci_host::lock held
 * @why: reason
 *
 * Devices and requests are in use by those who call this, and are left to vpci_host::work;
 * it tells the owner by vpci_host_ops::failed, who says so in the log.
 */
void vpci_host_fail(struct vpci_host *host, const char *why)
{
	lockdep_assert_held(&host->lock);
	if (vpci_host_over(host))
		return;
	host->state = VPCI_HOST_FAILED;
	host->why = why;
	vpci_host_count(host, VPCI_HOST_FAILURES);
	vpci_host_kick(host);
}

/* ---- connecting -------------------------------------------------------------------------- */

static void vpci_host_try_version(struct vpci_host *host, u32 version)
{
	u8 msg[VPCI_MAX_REQUEST];

	if (vpci_host_ask(host, VPCI_ASK_VERSION, NULL, version, msg,
			  vpci_host_query_version(msg, version)))
		vpci_host_fail(host, "no memory for the first request");
}

static void vpci_host_enter(struct vpci_host *host)
{
	u8 msg[VPCI_MAX_REQUEST];

	host->state = VPCI_HOST_ENTERING;
	host->entered = true;
	if (vpci_host_ask(host, VPCI_ASK_D0_ENTRY, NULL, 0, msg,
			  vpci_host_d0_entry(msg, host->window)))
		vpci_host_fail(host, "no memory for the request to serve the window");
}

/**
 * vpci_host_version_done() - the host has answered to a version
 * @host: bus, with vpci_host::lock held; not over
 * @version: which
 * @err: result
 * @why: reason of a failure
 */
void vpci_host_version_done(struct vpci_host *host, u32 version, int err, const char *why)
{
	lockdep_assert_held(&host->lock);
	if (err == -EAGAIN) {
		version = vpci_host_next_version(version);
		if (version)
			vpci_host_try_version(host, version);
		else
			vpci_host_fail(host, "the host speaks no version that we do");
	} else if (err) {
		vpci_host_fail(host, why);
	} else {
		WRITE_ONCE(host->version, version);
		vpci_host_enter(host);
	}
}

/**
 * vpci_host_entry_done() - the host has answered to the address of the window
 * @host: bus, with vpci_host::lock held; not over
 * @err: result
 * @why: reason of a failure
 */
void vpci_host_entry_done(struct vpci_host *host, int err, const char *why)
{
	u8 msg[VPCI_MAX_REQUEST];

	lockdep_assert_held(&host->lock);
	if (err == -EREMOTEIO && !host->again) {
		host->again = true;
		vpci_host_notify(host, msg, vpci_host_d0_exit(msg));
		if (!vpci_host_over(host))
			vpci_host_enter(host);
	} else if (err) {
		vpci_host_fail(host, why);
	} else {
		host->state = VPCI_HOST_ON;
		if (!host->listed)
			vpci_host_query(host);
		vpci_host_prepare(host);
	}
}

/* ---- what the owner hears --------------------------------------------------------------- */

/*
 * Each of these releases vpci_host::lock for a callback.  Nothing else takes a device
 * that was told of out of vpci_host::todo, and so it is there until the callback is over.
 */
static bool vpci_host_tell_fn(struct vpci_host *host)
{
	struct vpci_host_fn *fn;
	u64 blocks;

	fn = list_first_entry_or_null(&host->todo, struct vpci_host_fn, node);
	if (!fn)
		return false;
	list_del_init(&fn->node);
	if (fn->gone) {
		mutex_unlock(&host->lock);
		host->ops->removed(host->ctx, fn);
		mutex_lock(&host->lock);
		vpci_host_fn_put(fn);
	} else if (fn->state == VPCI_HOST_FN_PREPARED) {
		fn->state = VPCI_HOST_FN_ADDED;
		host->unsettled--;
		mutex_unlock(&host->lock);
		host->ops->added(host->ctx, fn);
		mutex_lock(&host->lock);
	} else if (fn->eject == VPCI_HOST_EJECT_ASKED) {
		fn->eject = VPCI_HOST_EJECT_TOLD;
		if (fn->blocks)
			vpci_host_fn_queue(fn);
		mutex_unlock(&host->lock);
		host->ops->eject(host->ctx, fn);
		mutex_lock(&host->lock);
	} else if (fn->blocks) {
		blocks = fn->blocks;
		fn->blocks = 0;
		mutex_unlock(&host->lock);
		host->ops->invalidated(host->ctx, fn, blocks);
		mutex_lock(&host->lock);
	}
	return true;
}

static bool vpci_host_is_ready(struct vpci_host *host)
{
	if (host->ready || host->state != VPCI_HOST_ON || !host->listed)
		return false;
	/* A host that never comes to an end, or does not answer, need not be waited for. */
	return !host->unsettled || time_after_eq(jiffies, host->initial);
}

static bool vpci_host_tell_bus(struct vpci_host *host)
{
	if (host->state == VPCI_HOST_FAILED && !host->failure_told) {
		host->failure_told = true;
		mutex_unlock(&host->lock);
		host->ops->failed(host->ctx, host->why);
		mutex_lock(&host->lock);
		return true;
	}
	if (vpci_host_is_ready(host)) {
		host->ready = true;
		mutex_unlock(&host->lock);
		host->ops->ready(host->ctx);
		mutex_lock(&host->lock);
		return true;
	}
	return false;
}

static void vpci_host_check_time(struct vpci_host *host)
{
	vpci_host_check_requests(host);
	if (vpci_host_over(host) || host->ready || time_before(jiffies, host->initial))
		return;
	if (host->state != VPCI_HOST_ON)
		vpci_host_fail(host, "the host does not get the bus going");
	else if (!host->listed)
		vpci_host_fail(host, "the host does not say what is on the bus");
}

static void vpci_host_unlist_all(struct vpci_host *host)
{
	unsigned int slot;

	for (slot = 0; slot < VPCI_MAX_SLOTS; slot++)
		if (host->slots[slot])
			vpci_host_fn_unlist(host->slots[slot]);
}

/* One callback; false if there is none to make. */
static bool vpci_host_step(struct vpci_host *host)
{
	lockdep_assert_held(&host->lock);
	if (host->state == VPCI_HOST_CLOSED)
		return false;
	if (host->state != VPCI_HOST_FAILED)
		vpci_host_check_time(host);
	/* Less may be under way than when that was tried last. */
	vpci_host_prepare(host);
	if (host->state == VPCI_HOST_FAILED) {
		vpci_host_drop_requests(host);
		vpci_host_unlist_all(host);
	}
	return vpci_host_tell_answer(host) || vpci_host_tell_fn(host) || vpci_host_tell_bus(host);
}

static void vpci_host_work(struct work_struct *work)
{
	struct vpci_host *host = container_of(work, struct vpci_host, work.work);
	unsigned long deadline;

	mutex_lock(&host->lock);
	while (vpci_host_step(host))
		cond_resched();
	/* If something has come to do meanwhile it is queued already, and stays so. */
	if (!vpci_host_over(host) && vpci_host_next_deadline(host, &deadline))
		queue_delayed_work(host->wq, &host->work, vmbus_jiffies_left(deadline));
	mutex_unlock(&host->lock);
}

/* ---- open and close ---------------------------------------------------------------------- */

/**
 * vpci_host_open_link() - vpci_host_open() with another link to the host
 * @link: link
 * @dev: its channel
 * @window: address for the window
 * @ops: callbacks
 * @ctx: their argument
 *
 * Return: the bus or an ERR_PTR.
 */
struct vpci_host *vpci_host_open_link(const struct vpci_host_link *link, struct vrelay_dev *dev,
				      u64 window, const struct vpci_host_ops *ops, void *ctx)
{
	static const struct vsrv_ring_params params = {
		.to_host_pages = VPCI_HOST_RING_PAGES, .from_host_pages = VPCI_HOST_RING_PAGES,
	};
	struct vpci_host *host;
	int err;

	if (!IS_ALIGNED(window, VPCI_WINDOW_CONFIG) ||
	    window > VPCI_ADDRESS_LIMIT - VPCI_WINDOW_SIZE)
		return ERR_PTR(-EINVAL);
	host = kvzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return ERR_PTR(-ENOMEM);
	host->link = link;
	host->dev = dev;
	host->window = window;
	host->ops = ops;
	host->ctx = ctx;
	host->window_slot = VPCI_HOST_NO_SLOT;
	mutex_init(&host->lock);
	mutex_init(&host->window_lock);
	INIT_DELAYED_WORK(&host->work, vpci_host_work);
	INIT_LIST_HEAD(&host->todo);
	INIT_LIST_HEAD(&host->unsent);
	INIT_LIST_HEAD(&host->answered);
	xa_init_flags(&host->requests, XA_FLAGS_ALLOC1);
	host->wq = alloc_ordered_workqueue("vpci/%llx", 0, window);
	if (!host->wq) {
		err = -ENOMEM;
		goto free_host;
	}
	host->initial = jiffies + link->initial_limit;
	err = link->open(dev, &vpci_host_dev_ops, host, &params);
	if (err)
		goto destroy_wq;
	/* Up to here nothing was asked, nothing is listened to, and nobody is told anything. */
	mutex_lock(&host->lock);
	host->state = VPCI_HOST_CONNECTING;
	vpci_host_try_version(host, vpci_host_next_version(0));
	mutex_unlock(&host->lock);
	return host;

destroy_wq:
	destroy_workqueue(host->wq);
free_host:
	kvfree(host);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_open_link);

/**
 * vpci_host_open() - use a bus of the host
 * @dev: its channel, not open
 * @window: address for the window to configuration space, VPCI_WINDOW_SIZE bytes, a
 *	multiple of 4096: nothing else is there, for the host or for this kernel
 * @ops: callbacks, all of them; they may come before this returns
 * @ctx: their argument
 *
 * The host is waited for to open the channel, and for nothing else: vpci_host_ops::ready()
 * or vpci_host_ops::failed() follows.
 *
 * Context: process, may sleep.
 * Return: the bus, or an ERR_PTR: -EINVAL for a bad @window, -ENOMEM, or as
 * vrelay_dev_open(), after which there was no callback.
 */
struct vpci_host *vpci_host_open(struct vrelay_dev *dev, u64 window,
				 const struct vpci_host_ops *ops, void *ctx)
{
	KUNIT_STATIC_STUB_REDIRECT(vpci_host_open, dev, window, ops, ctx);
	return vpci_host_open_link(&vpci_host_relay_link, dev, window, ops, ctx);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_open);

static void vpci_host_say(struct vpci_host *host, void *msg, u32 len)
{
	struct kvec vec = { .iov_base = msg, .iov_len = len };

	/* What does not get there is no loss: the end of the channel says the same. */
	host->link->send(host->dev, VM_PKT_DATA_INBAND, 0, 0, &vec, 1);
}

static void vpci_host_release_fn(struct vpci_host *host, const struct vpci_host_fn *fn)
{
	u8 msg[VPCI_MAX_REQUEST];

	if (fn->asleep)
		vpci_host_say(host, msg, vpci_host_power(msg, fn->desc.slot, VPCI_POWER_D0));
	vpci_host_say(host, msg, vpci_host_release(msg, fn->desc.slot));
}

/* So that the next one finds the devices as they were. */
static void vpci_host_say_goodbye(struct vpci_host *host)
{
	u8 msg[VPCI_MAX_REQUEST];
	unsigned int slot;

	lockdep_assert_held(&host->lock);
	if (!host->entered)
		return;
	if (!vpci_host_over(host))
		vpci_host_send_unsent(host);
	for (slot = 0; slot < VPCI_MAX_SLOTS; slot++)
		if (host->slots[slot] && host->slots[slot]->state == VPCI_HOST_FN_ADDED)
			vpci_host_release_fn(host, host->slots[slot]);
	vpci_host_say(host, msg, vpci_host_d0_exit(msg));
}

/* Nobody else knows of it any more. */
static void vpci_host_free(struct vpci_host *host)
{
	struct vpci_host_fn *fn, *next;

	mutex_lock(&host->lock);
	vpci_host_drop_requests(host);
	list_for_each_entry_safe(fn, next, &host->todo, node) {
		list_del_init(&fn->node);
		vpci_host_fn_put(fn);
	}
	mutex_unlock(&host->lock);
	destroy_workqueue(host->wq);
	kvfree(host);
}

/**
 * vpci_host_close() - use it no more
 * @host: bus, in any state
 *
 * Waits for a callback that is under way; none follows, vpci_host_ops::removed() neither.
 * Devices that its owner was told of, and answers that it waits for, are gone without a
 * word: it cleans up by itself.  It may call functions of its devices as long as this
 * has not returned, and finds them gone; afterwards there are no devices to call them of.
 *
 * Context: process, may sleep; waits for the host to close the channel, not for ever.
 * Once, not from a callback, and not with a lock held that callbacks take.
 */
void vpci_host_close(struct vpci_host *host)
{
	mutex_lock(&host->lock);
	vpci_host_say_goodbye(host);
	host->state = VPCI_HOST_CLOSED;
	vpci_host_unlist_all(host);
	mutex_unlock(&host->lock);
	cancel_delayed_work_sync(&host->work);
	host->link->close(host->dev);
	vpci_host_free(host);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_close);

/* ---- what is known ---------------------------------------------------------------------- */

/**
 * vpci_host_version() - which version is spoken
 * @host: bus
 *
 * Return: VPCI_VERSION_*, or 0 if that is not known yet.
 */
u32 vpci_host_version(const struct vpci_host *host)
{
	return READ_ONCE(host->version);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_version);

/**
 * vpci_host_counter() - how often something has happened
 * @host: bus
 * @which: what
 *
 * Return: count since the bus was opened.
 */
u64 vpci_host_counter(const struct vpci_host *host, enum vpci_host_counter which)
{
	return atomic64_read(&host->counters[which]);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_counter);

/**
 * vpci_host_fn_priv() - what its owner keeps of a device
 * @fn: device
 *
 * Return: what vpci_host_fn_set_priv() was last given, or NULL.
 */
void *vpci_host_fn_priv(const struct vpci_host_fn *fn)
{
	return fn->priv;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_fn_priv);

/**
 * vpci_host_fn_set_priv() - keep something of a device
 * @fn: device
 * @priv: its owner's; orders this with vpci_host_fn_priv() by itself
 */
void vpci_host_fn_set_priv(struct vpci_host_fn *fn, void *priv)
{
	fn->priv = priv;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_fn_set_priv);

/**
 * vpci_host_fn_desc() - what the host says of a device
 * @fn: device
 *
 * Return: description as it was when the device came; valid as long as the device.
 */
const struct vpci_desc *vpci_host_fn_desc(const struct vpci_host_fn *fn)
{
	return &fn->desc;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_fn_desc);

/**
 * vpci_host_fn_bars() - what base addresses a device has
 * @fn: device
 *
 * Return: registers, which do not change; valid as long as the device.
 */
const struct vpci_bars *vpci_host_fn_bars(const struct vpci_host_fn *fn)
{
	return &fn->bars;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_fn_bars);
