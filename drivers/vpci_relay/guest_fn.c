// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus of the guest: its devices, what the host was asked for, and time limits.
 *
 * What the host answers is noted, and taken by the bus's work: vpci_guest_done() may come
 * while the guest closes the bus, or with locks held that the next call to the host takes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/printk.h>

#include "guest_priv.h"

static void vpci_guest_kick(struct vpci_guest *guest)
{
	queue_work(system_long_wq, &guest->work);
}

/* ---- what the host was asked for ------------------------------------------------------- */

static int vpci_guest_wait(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 cookie,
			   enum vpci_guest_wait_kind kind)
{
	unsigned int i;

	spin_lock(&guest->done_lock);
	for (i = 0; i < VPCI_GUEST_WAITS; i++) {
		if (guest->waits[i].cookie)
			continue;
		guest->waits[i] = (struct vpci_guest_wait) {
			.cookie = cookie, .fn = fn, .kind = kind,
		};
		break;
	}
	spin_unlock(&guest->done_lock);
	if (i < VPCI_GUEST_WAITS)
		return 0;
	pr_notice_ratelimited("%pUl: the host owes %u answers: it is asked for nothing until it gives some\n",
			      &guest->instance, VPCI_GUEST_WAITS);
	return -ENOSPC;
}

/* If it failed at once, no answer follows. */
static int vpci_guest_asked(struct vpci_guest *guest, u64 cookie, int err)
{
	unsigned int i;

	if (err == -EINPROGRESS)
		return err;
	spin_lock(&guest->done_lock);
	for (i = 0; i < VPCI_GUEST_WAITS; i++)
		if (guest->waits[i].cookie == cookie)
			guest->waits[i].cookie = 0;
	spin_unlock(&guest->done_lock);
	return err;
}

/* Take one out that was answered, or any of a device. */
static bool vpci_guest_take(struct vpci_guest *guest, const struct vpci_guest_fn *fn,
			    struct vpci_guest_wait *taken)
{
	struct vpci_guest_wait *wait;
	bool found = false;
	unsigned int i;

	spin_lock(&guest->done_lock);
	for (i = 0; i < VPCI_GUEST_WAITS && !found; i++) {
		wait = &guest->waits[i];
		found = wait->cookie && (fn ? wait->fn == fn : wait->answered);
		if (!found)
			continue;
		*taken = *wait;
		wait->cookie = 0;
	}
	spin_unlock(&guest->done_lock);
	return found;
}

/* Of vpci_bus_ops, as what follows. */
int vpci_guest_interrupt_create(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn,
				const struct vpci_msi_request *request, u64 cookie,
				struct vpci_msi *msi)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	struct vpci_guest *guest = to_vpci_guest(bus);
	int err = vpci_guest_wait(guest, fn, cookie, VPCI_GUEST_WAIT_INTERRUPT);

	if (err)
		return err;
	return vpci_guest_asked(guest, cookie,
				guest->ops->interrupt_create(guest->ctx, fn, request, cookie));
}

void vpci_guest_interrupt_delete(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn,
				 const struct vpci_msi *msi)
{
	struct vpci_guest *guest = to_vpci_guest(bus);

	guest->ops->interrupt_delete(guest->ctx, to_vpci_guest_fn(bus_fn), msi);
}

int vpci_guest_reset(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, u64 cookie)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	struct vpci_guest *guest = to_vpci_guest(bus);
	int err;

	if (!guest->ops->reset)
		return -EOPNOTSUPP;
	err = vpci_guest_wait(guest, fn, cookie, VPCI_GUEST_WAIT_RESET);
	if (err)
		return err;
	return vpci_guest_asked(guest, cookie, guest->ops->reset(guest->ctx, fn, cookie));
}

int vpci_guest_power(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, u32 state, u64 cookie)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	struct vpci_guest *guest = to_vpci_guest(bus);
	int err;

	/* Its memory is all that there is to it. */
	if (!guest->ops->power)
		return 0;
	err = vpci_guest_wait(guest, fn, cookie, VPCI_GUEST_WAIT_POWER);
	if (err)
		return err;
	return vpci_guest_asked(guest, cookie, guest->ops->power(guest->ctx, fn, state, cookie));
}

int vpci_guest_block(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, struct vpci_block *block,
		     u64 cookie)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	struct vpci_guest *guest = to_vpci_guest(bus);
	int err;

	if (!guest->ops->block)
		return -EOPNOTSUPP;
	err = vpci_guest_wait(guest, fn, cookie, VPCI_GUEST_WAIT_BLOCK);
	if (err)
		return err;
	return vpci_guest_asked(guest, cookie, guest->ops->block(guest->ctx, fn, block, cookie));
}

static bool vpci_guest_note(struct vpci_guest *guest, const struct vpci_guest_wait *answer)
{
	struct vpci_guest_wait *wait;
	bool found = false;
	unsigned int i;

	spin_lock(&guest->done_lock);
	for (i = 0; i < VPCI_GUEST_WAITS; i++) {
		wait = &guest->waits[i];
		if (!answer->cookie || wait->cookie != answer->cookie || wait->fn != answer->fn ||
		    wait->answered)
			continue;
		wait->answered = true;
		wait->err = answer->err;
		wait->msi = answer->msi;
		wait->block = answer->block;
		found = true;
	}
	spin_unlock(&guest->done_lock);
	if (found)
		vpci_guest_kick(guest);
	return found;
}

/**
 * vpci_guest_done() - the host has answered
 * @guest: bus, not destroyed
 * @fn: device; it need not be on the bus any more
 * @cookie: of what was asked for
 * @err: 0 or -errno
 * @msi: the interrupt, if one was asked for and @err is 0
 *
 * Context: process; with any lock held but those of the bus.
 * Return: false if nobody waits for it, as after the device was removed: an interrupt is
 * the caller's to delete then.
 */
bool vpci_guest_done(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 cookie, int err,
		     const struct vpci_msi *msi)
{
	struct vpci_guest_wait answer = { .cookie = cookie, .fn = fn, .err = err };

	if (msi)
		answer.msi = *msi;
	return vpci_guest_note(guest, &answer);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_done);

/**
 * vpci_guest_block_done() - the host has read or written a block, or not
 * @guest: bus, not destroyed
 * @fn: device; it need not be on the bus any more
 * @cookie: of what was asked for
 * @err: 0 or -errno
 * @block: what was read, if @err is 0
 *
 * Context: process; with any lock held but those of the bus.
 * Return: false if nobody waits for it.
 */
bool vpci_guest_block_done(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 cookie,
			   int err, const struct vpci_block *block)
{
	struct vpci_guest_wait answer = { .cookie = cookie, .fn = fn, .err = err };

	if (block)
		answer.block = *block;
	return vpci_guest_note(guest, &answer);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_block_done);

/* An interrupt that nobody waits for goes back. */
static void vpci_guest_too_late(struct vpci_guest *guest, const struct vpci_guest_wait *wait)
{
	if (!wait->err && wait->kind == VPCI_GUEST_WAIT_INTERRUPT)
		guest->ops->interrupt_delete(guest->ctx, wait->fn, &wait->msi);
}

static void vpci_guest_answered(struct vpci_guest *guest, const struct vpci_guest_wait *wait)
{
	enum vpci_bus_verdict verdict;

	/* Also if the guest does not wait for that any more. */
	if (wait->kind == VPCI_GUEST_WAIT_RESET && !wait->err)
		vpci_guest_config_reset(guest, wait->fn);
	if (wait->kind == VPCI_GUEST_WAIT_BLOCK)
		verdict = vpci_bus_block_done(&guest->bus, wait->cookie, wait->err, &wait->block);
	else
		verdict = vpci_bus_done(&guest->bus, wait->cookie, wait->err, &wait->msi);
	if (verdict == VPCI_BUS_STALE) {
		vpci_guest_too_late(guest, wait);
		return;
	}
	if (!wait->err && wait->kind == VPCI_GUEST_WAIT_INTERRUPT)
		vpci_guest_inc(guest, VPCI_GUEST_INTERRUPTS);
	vpci_guest_settle(guest, verdict);
}

/* ---- devices --------------------------------------------------------------------------- */

/* On return nothing of it is used. */
static void vpci_guest_off(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	struct vpci_guest_wait wait;

	lockdep_assert_held(&guest->lock);
	if (vpci_bus_remove(&guest->bus, &fn->fn) == VPCI_BUS_REPLY)
		vpci_guest_settle(guest, VPCI_BUS_REPLY);
	while (vpci_guest_take(guest, fn, &wait))
		if (wait.answered)
			vpci_guest_too_late(guest, &wait);
	vpci_guest_config_remove(guest, fn);
	fn->guest = NULL;
}

/* The guest has let the device go; the owner may free it at once. */
void vpci_guest_ejected(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn)
{
	struct vpci_guest_fn *fn = to_vpci_guest_fn(bus_fn);
	struct vpci_guest *guest = to_vpci_guest(bus);

	vpci_guest_off(guest, fn);
	guest->ops->ejected(guest->ctx, fn);
}

/**
 * vpci_guest_add() - a device comes
 * @guest: bus
 * @fn: device, on no bus, with vpci_bus_fn::desc and vpci_bus_fn::bars set
 *
 * Its memory is switched off.
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a slot that is none, -EEXIST if it is taken.
 */
int vpci_guest_add(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	int err;

	KUNIT_STATIC_STUB_REDIRECT(vpci_guest_add, guest, fn);
	mutex_lock(&guest->lock);
	err = vpci_bus_add(&guest->bus, &fn->fn);
	if (!err) {
		fn->guest = guest;
		fn->ejecting = false;
		fn->eject_due = false;
		fn->invalid = 0;
		vpci_guest_config_add(guest, fn);
	}
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_add);

/**
 * vpci_guest_ready() - all devices that are there at first were added
 * @guest: bus
 *
 * Context: process, may sleep.
 */
void vpci_guest_ready(struct vpci_guest *guest)
{
	mutex_lock(&guest->lock);
	vpci_bus_ready(&guest->bus);
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_ready);

/**
 * vpci_guest_remove() - a device is gone
 * @guest: bus
 * @fn: device; nothing happens if the guest has let it go already
 *
 * Its interrupts are deleted, and what the host still owes for it is forgotten.  Its
 * configuration space is not touched.
 *
 * Context: process, may sleep.
 */
void vpci_guest_remove(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	mutex_lock(&guest->lock);
	if (fn->guest)
		vpci_guest_off(guest, fn);
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_remove);

/**
 * vpci_guest_eject() - ask the guest to let a device go
 * @guest: bus
 * @fn: device; nothing happens if it was asked for already, or is gone
 * @timeout_ms: time that the guest has.  While it is stopped none passes, and if it was it
 *	has all of it again
 *
 * vpci_guest_ops::ejected follows, never from within this call: before long if the guest
 * does not know the device, or has not even opened the bus.
 *
 * Context: process, may sleep.
 */
void vpci_guest_eject(struct vpci_guest *guest, struct vpci_guest_fn *fn,
		      unsigned int timeout_ms)
{
	mutex_lock(&guest->lock);
	if (fn->guest && !fn->ejecting) {
		vpci_guest_inc(guest, VPCI_GUEST_EJECTS);
		fn->ejecting = true;
		fn->eject_due = vpci_bus_eject(&guest->bus, &fn->fn, &fn->eject);
		fn->stops = vsrv_stops(guest->srv);
		fn->timeout = msecs_to_jiffies(timeout_ms);
		fn->deadline = jiffies + (fn->eject_due ? fn->timeout : 0);
		vpci_guest_kick(guest);
	}
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_eject);

/**
 * vpci_guest_invalidate() - tell the guest that configuration blocks have changed
 * @guest: bus
 * @fn: device; nothing happens if the guest does not know it
 * @mask: which of the first 64
 *
 * Context: process, may sleep.
 */
void vpci_guest_invalidate(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 mask)
{
	mutex_lock(&guest->lock);
	if (fn->guest)
		fn->invalid |= mask;
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_guest_invalidate);

/* False if there is no room for what is due of a device. */
static bool vpci_guest_fn_write(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	struct vpci_invalidate_block msg;
	u32 len;

	if (fn->eject_due)
		fn->eject_due = !vpci_guest_send(guest, VM_PKT_DATA_INBAND, 0, &fn->eject,
						 sizeof(fn->eject));
	if (fn->eject_due)
		return false;
	if (!fn->invalid)
		return true;
	len = vpci_bus_invalidate_block(&guest->bus, &fn->fn, fn->invalid, &msg);
	if (len && !vpci_guest_send(guest, VM_PKT_DATA_INBAND, 0, &msg, len))
		return false;
	fn->invalid = 0;
	return true;
}

/**
 * vpci_guest_fns_write() - tell the guest what is due of single devices
 * @guest: bus
 *
 * Context: in the reader, vpci_guest::lock held.
 * Return: false if there is no room for all of it.
 */
bool vpci_guest_fns_write(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn;

	lockdep_assert_held(&guest->lock);
	list_for_each_entry(fn, &guest->bus.fns, fn.node)
		if (!vpci_guest_fn_write(guest, fn))
			return false;
	return true;
}

/**
 * vpci_guest_fns_close() - the guest has closed the bus, or is gone
 * @guest: bus, closed: all devices that the guest was asked for have gone
 *
 * Context: process, vpci_guest::lock held.
 */
void vpci_guest_fns_close(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn;

	lockdep_assert_held(&guest->lock);
	list_for_each_entry(fn, &guest->bus.fns, fn.node)
		fn->invalid = 0;
}

/* ---- time limits ----------------------------------------------------------------------- */

static void vpci_guest_timer(struct timer_list *timer)
{
	vpci_guest_kick(container_of(timer, struct vpci_guest, timer));
}

static void vpci_guest_expire_request(struct vpci_guest *guest)
{
	if (!guest->bus.call.how)
		return;
	if (time_before(jiffies, guest->deadline)) {
		timer_reduce(&guest->timer, guest->deadline);
		return;
	}
	vpci_guest_inc(guest, VPCI_GUEST_TIMEOUTS);
	pr_warn_ratelimited("%pUl: the host does not answer: a request of the guest has failed, which it may repeat\n",
			    &guest->instance);
	vpci_guest_settle(guest, vpci_bus_abort(&guest->bus, -ETIMEDOUT));
}

/* A guest that was stopped on the way, even for a moment, has all of the time again. */
static bool vpci_guest_eject_over(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	unsigned int stops = vsrv_stops(guest->srv);

	if (time_before(jiffies, fn->deadline))
		return false;
	if (fn->fn.state != VPCI_FN_EJECTING || (!vsrv_stopped(stops) && stops == fn->stops))
		return true;
	fn->stops = stops;
	fn->deadline = jiffies + fn->timeout;
	return false;
}

/* The device itself is there, and must not go on with memory and interrupts of the guest. */
static void vpci_guest_expire_ejects(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn, *next;

	list_for_each_entry_safe(fn, next, &guest->bus.fns, fn.node) {
		if (!fn->ejecting)
			continue;
		if (!vpci_guest_eject_over(guest, fn)) {
			timer_reduce(&guest->timer, fn->deadline);
			continue;
		}
		if (fn->fn.state == VPCI_FN_EJECTING) {
			vpci_guest_inc(guest, VPCI_GUEST_EJECT_TIMEOUTS);
			pr_warn_ratelimited("%pUl: the guest does not let the device in slot %#x go: it is taken away\n",
					    &guest->instance, fn->fn.desc.slot);
		}
		vpci_bus_release(&guest->bus, &fn->fn);
		vpci_guest_ejected(&guest->bus, &fn->fn);
	}
}

static void vpci_guest_work(struct work_struct *work)
{
	struct vpci_guest *guest = container_of(work, struct vpci_guest, work);
	struct vpci_guest_wait wait;

	mutex_lock(&guest->lock);
	while (vpci_guest_take(guest, NULL, &wait))
		vpci_guest_answered(guest, &wait);
	vpci_guest_expire_request(guest);
	vpci_guest_expire_ejects(guest);
	mutex_unlock(&guest->lock);
	vsrv_reader_queue(&guest->reader);
}

/**
 * vpci_guest_fns_init() - prepare for devices of a bus
 * @guest: bus, zero
 */
void vpci_guest_fns_init(struct vpci_guest *guest)
{
	spin_lock_init(&guest->done_lock);
	timer_setup(&guest->timer, vpci_guest_timer, 0);
	INIT_WORK(&guest->work, vpci_guest_work);
}

/**
 * vpci_guest_fns_exit() - no device is on the bus any more
 * @guest: bus that the guest has no part of
 *
 * Context: process, may sleep.
 */
void vpci_guest_fns_exit(struct vpci_guest *guest)
{
	struct vpci_guest_fn *fn, *next;

	timer_shutdown_sync(&guest->timer);
	/* What has come is not lost. */
	flush_work(&guest->work);
	mutex_lock(&guest->lock);
	list_for_each_entry_safe(fn, next, &guest->bus.fns, fn.node)
		vpci_guest_off(guest, fn);
	mutex_unlock(&guest->lock);
}
