// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the host, and messages that wait for room in its ring.
 *
 * What the host does wrong here, and what comes of it:
 *
 * an answer cut short, or that makes no sense	the bus has failed
 * an answer to nothing that was asked		counted: no byte of it is used
 * no answer about the bus in time		the bus has failed
 * no answer about a device in time		the request has; the bus too, after
 *						VPCI_HOST_MAX_SILENT of them
 * an answer too late				an interrupt is deleted again
 * the ring is not read in time, or is spoilt	the bus has failed
 *
 * A request without an answer keeps its id until the bus is closed.  There is a bound on
 * requests, and one on messages that wait.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/ring.h>

#include "host_priv.h"

static struct vpci_host_request *
vpci_host_request_new(struct vpci_host *host, enum vpci_host_request_type type,
		      struct vpci_host_fn *fn, const void *msg, u32 len)
{
	struct vpci_host_request *request;

	lockdep_assert_held(&host->lock);
	request = kzalloc(struct_size(request, msg, len), GFP_KERNEL);
	if (!request)
		return NULL;
	INIT_LIST_HEAD(&request->node);
	request->type = type;
	request->deadline = jiffies + host->link->request_limit;
	request->fn = fn;
	if (fn)
		kref_get(&fn->ref);
	request->len = len;
	memcpy(request->msg, msg, len);
	host->nrequests++;
	return request;
}

/* Unless somebody still waits for something of it. */
static void vpci_host_request_put(struct vpci_host *host, struct vpci_host_request *request)
{
	lockdep_assert_held(&host->lock);
	if (request->waiting || !list_empty(&request->node))
		return;
	host->nrequests--;
	if (request->fn)
		vpci_host_fn_put(request->fn);
	kfree(request);
}

static void vpci_host_request_unwait(struct vpci_host *host, struct vpci_host_request *request)
{
	lockdep_assert_held(&host->lock);
	xa_erase(&host->requests, request->id);
	request->waiting = false;
	if (request->silent)
		host->nsilent--;
}

/* ---- sending --------------------------------------------------------------------------- */

static int vpci_host_send(struct vpci_host *host, struct vpci_host_request *request)
{
	struct kvec vec = { .iov_base = request->msg, .iov_len = request->len };

	return host->link->send(host->dev, VM_PKT_DATA_INBAND,
				request->waiting ? VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED : 0,
				request->id, &vec, 1);
}

/**
 * vpci_host_send_unsent() - send what there is room for
 * @host: bus, with vpci_host::lock held; not over
 */
void vpci_host_send_unsent(struct vpci_host *host)
{
	struct vpci_host_request *request;
	int err;

	lockdep_assert_held(&host->lock);
	while (!list_empty(&host->unsent)) {
		request = list_first_entry(&host->unsent, struct vpci_host_request, node);
		err = vpci_host_send(host, request);
		/* vrelay_dev_ops::room() follows. */
		if (err == -EAGAIN)
			return;
		if (err) {
			vpci_host_fail(host, "no message gets to the host any more");
			return;
		}
		list_del_init(&request->node);
		request->sent = true;
		vpci_host_request_put(host, request);
	}
}

/**
 * vpci_host_notify() - send a message that has no answer
 * @host: bus, with vpci_host::lock held
 * @msg: message
 * @len: bytes of it
 *
 * A message that is lost ends the bus.
 */
void vpci_host_notify(struct vpci_host *host, const void *msg, u32 len)
{
	struct vpci_host_request *request;

	lockdep_assert_held(&host->lock);
	if (vpci_host_over(host))
		return;
	if (host->nrequests >= VPCI_HOST_MAX_REQUESTS + VPCI_HOST_MAX_NOTICES) {
		vpci_host_fail(host, "the host does not read its ring");
		return;
	}
	request = vpci_host_request_new(host, VPCI_ASK_NOTHING, NULL, msg, len);
	if (!request) {
		vpci_host_fail(host, "no memory for a message to the host");
		return;
	}
	list_add_tail(&request->node, &host->unsent);
	vpci_host_send_unsent(host);
	/* For its time limit, if there was no room. */
	vpci_host_kick(host);
}

/**
 * vpci_host_ask() - send a request
 * @host: bus, with vpci_host::lock held
 * @type: what is asked
 * @fn: device that it is about, or NULL
 * @cookie: for vpci_host_request::cookie
 * @msg: request
 * @len: bytes of it
 *
 * The answer comes to the function for @type, also if it does not come in time, but not
 * if the bus is over before.
 *
 * Return: 0, -ENODEV if the bus is over, -EBUSY if too many are under way, -ENOMEM.
 */
int vpci_host_ask(struct vpci_host *host, enum vpci_host_request_type type,
		  struct vpci_host_fn *fn, u64 cookie, const void *msg, u32 len)
{
	struct vpci_host_request *request;
	int err;

	lockdep_assert_held(&host->lock);
	if (vpci_host_over(host))
		return -ENODEV;
	/* This one takes the place of VPCI_ASK_REQUIREMENTS, whose answer led to it. */
	if (host->nrequests >= VPCI_HOST_MAX_REQUESTS && type != VPCI_ASK_ASSIGNED)
		return -EBUSY;
	request = vpci_host_request_new(host, type, fn, msg, len);
	if (!request)
		return -ENOMEM;
	/* From 1 on: Hyper-V dislikes 0. */
	err = xa_alloc_cyclic(&host->requests, &request->id, request, XA_LIMIT(1, U32_MAX),
			      &host->next_id, GFP_KERNEL);
	if (err < 0) {
		vpci_host_request_put(host, request);
		return err;
	}
	request->waiting = true;
	request->cookie = cookie;
	list_add_tail(&request->node, &host->unsent);
	vpci_host_send_unsent(host);
	vpci_host_kick(host);
	return 0;
}

/* ---- answers --------------------------------------------------------------------------- */

static int vpci_host_read_answer(struct vpci_host_request *request, const void *reply, u32 len,
				 const char **why)
{
	switch (request->type) {
	case VPCI_ASK_VERSION:
		return vpci_host_version_reply(reply, len, why);
	case VPCI_ASK_REQUIREMENTS:
		/* Nobody else uses them before the device is prepared. */
		return vpci_host_requirements_reply(reply, len, &request->fn->bars, why);
	case VPCI_ASK_INTERRUPT:
		return vpci_host_create_reply(reply, len, &request->msi, why);
	case VPCI_ASK_BLOCK:
		return vpci_host_block_reply(request->msg, reply, len, &request->block, why);
	default:
		return vpci_host_status(reply, len, why);
	}
}

static void vpci_host_request_done(struct vpci_host *host, struct vpci_host_request *request,
				   int err, const char *why)
{
	lockdep_assert_held(&host->lock);
	switch (request->type) {
	case VPCI_ASK_VERSION:
		vpci_host_version_done(host, request->cookie, err, why);
		break;
	case VPCI_ASK_D0_ENTRY:
		vpci_host_entry_done(host, err, why);
		break;
	case VPCI_ASK_REQUIREMENTS:
	case VPCI_ASK_ASSIGNED:
		vpci_host_prepare_done(host, request, err, why);
		break;
	case VPCI_ASK_POWER:
		/* What the host does not answer to it may have done. */
		if (err && err != -ETIMEDOUT)
			WRITE_ONCE(request->fn->asleep, false);
		fallthrough;
	case VPCI_ASK_INTERRUPT:
	case VPCI_ASK_RESET:
	case VPCI_ASK_BLOCK:
		request->err = err;
		list_add_tail(&request->node, &host->answered);
		break;
	case VPCI_ASK_NOTHING:
		break;
	}
}

/* The one who asked was told that there is no answer, or is gone. */
static void vpci_host_too_late(struct vpci_host *host, const struct vpci_host_request *request,
			       int err)
{
	lockdep_assert_held(&host->lock);
	if (request->type != VPCI_ASK_INTERRUPT || err)
		return;
	vpci_host_count(host, VPCI_HOST_LATE_INTERRUPTS);
	vpci_host_delete_interrupt(host, request->fn->desc.slot, &request->msi);
}

/**
 * vpci_host_answer() - the host has answered
 * @host: bus, with vpci_host::lock held; not over
 * @id: what to, if the host is to be believed
 * @reply: answer
 * @len: bytes of it
 */
void vpci_host_answer(struct vpci_host *host, u64 id, const void *reply, u32 len)
{
	struct vpci_host_request *request = id <= U32_MAX ? xa_load(&host->requests, id) : NULL;
	const char *why = NULL;
	int err;

	lockdep_assert_held(&host->lock);
	/* Not even the host can know the answer before it was asked. */
	if (!request || !request->sent) {
		vpci_host_count(host, VPCI_HOST_UNKNOWN_ANSWERS);
		pr_warn_ratelimited("bus %#llx: the host has answered to %#llx, which was not asked: ignored\n",
				    host->window, id);
		return;
	}
	vpci_host_request_unwait(host, request);
	err = vpci_host_read_answer(request, reply, len, &why);
	if (err == -EPROTO)
		vpci_host_fail(host, why);
	else if (request->silent)
		vpci_host_too_late(host, request, err);
	else
		vpci_host_request_done(host, request, err, why);
	vpci_host_request_put(host, request);
	vpci_host_kick(host);
}

static void vpci_host_tell(struct vpci_host *host, const struct vpci_host_request *request)
{
	const struct vpci_host_ops *ops = host->ops;
	int err = request->err;

	switch (request->type) {
	case VPCI_ASK_RESET:
		ops->reset(host->ctx, request->fn, request->cookie, err);
		break;
	case VPCI_ASK_POWER:
		ops->power(host->ctx, request->fn, request->cookie, err);
		break;
	case VPCI_ASK_BLOCK:
		ops->block(host->ctx, request->fn, request->cookie, err,
			   err ? NULL : &request->block);
		break;
	default:
		ops->interrupt(host->ctx, request->fn, request->cookie, err,
			       err ? NULL : &request->msi);
		break;
	}
}

/**
 * vpci_host_tell_answer() - tell the owner of an answer
 * @host: bus, with vpci_host::lock held, which is released in between
 *
 * Of a device that is gone it is not told any more: its interrupt is deleted at the
 * host before anything else can be in its slot.
 *
 * Return: false if there is none to tell of.
 */
bool vpci_host_tell_answer(struct vpci_host *host)
{
	struct vpci_host_request *request;

	lockdep_assert_held(&host->lock);
	request = list_first_entry_or_null(&host->answered, struct vpci_host_request, node);
	if (!request)
		return false;
	if (request->fn->gone) {
		list_del_init(&request->node);
		vpci_host_too_late(host, request, request->err);
		vpci_host_request_put(host, request);
		return true;
	}
	/*
	 * In the list meanwhile, so that nobody else frees it: the bus may fail, and a
	 * late answer may come.  Only this work takes it from there.
	 */
	mutex_unlock(&host->lock);
	vpci_host_tell(host, request);
	mutex_lock(&host->lock);
	list_del_init(&request->node);
	vpci_host_request_put(host, request);
	return true;
}

/* ---- time ------------------------------------------------------------------------------ */

static void vpci_host_request_silent(struct vpci_host *host, struct vpci_host_request *request)
{
	lockdep_assert_held(&host->lock);
	request->silent = true;
	host->nsilent++;
	vpci_host_count(host, VPCI_HOST_TIMEOUTS);
	if (host->nsilent >= VPCI_HOST_MAX_SILENT)
		vpci_host_fail(host, "the host answers to nothing any more");
	else
		vpci_host_request_done(host, request, -ETIMEDOUT, "the host does not answer");
}

/**
 * vpci_host_check_requests() - see to time limits
 * @host: bus, with vpci_host::lock held; not over
 */
void vpci_host_check_requests(struct vpci_host *host)
{
	struct vpci_host_request *request;
	unsigned long id;

	lockdep_assert_held(&host->lock);
	request = list_first_entry_or_null(&host->unsent, struct vpci_host_request, node);
	if (request && time_after_eq(jiffies, request->deadline)) {
		vpci_host_count(host, VPCI_HOST_TIMEOUTS);
		vpci_host_fail(host, "the host does not read its ring");
	}
	xa_for_each(&host->requests, id, request) {
		if (vpci_host_over(host))
			return;
		if (!request->silent && time_after_eq(jiffies, request->deadline))
			vpci_host_request_silent(host, request);
	}
}

static void vpci_host_sooner(unsigned long *deadline, bool *any, unsigned long other)
{
	if (!*any || time_before(other, *deadline))
		*deadline = other;
	*any = true;
}

/**
 * vpci_host_next_deadline() - when to look again
 * @host: bus, with vpci_host::lock held
 * @deadline: result, in jiffies
 *
 * Return: false if there is nothing to wait for.
 */
bool vpci_host_next_deadline(struct vpci_host *host, unsigned long *deadline)
{
	struct vpci_host_request *request;
	bool any = false;
	unsigned long id;

	lockdep_assert_held(&host->lock);
	if (!host->ready)
		vpci_host_sooner(deadline, &any, host->initial);
	request = list_first_entry_or_null(&host->unsent, struct vpci_host_request, node);
	if (request)
		vpci_host_sooner(deadline, &any, request->deadline);
	xa_for_each(&host->requests, id, request)
		if (!request->silent)
			vpci_host_sooner(deadline, &any, request->deadline);
	return any;
}

static void vpci_host_drop_list(struct vpci_host *host, struct list_head *list)
{
	struct vpci_host_request *request, *next;

	list_for_each_entry_safe(request, next, list, node) {
		list_del_init(&request->node);
		vpci_host_request_put(host, request);
	}
}

/**
 * vpci_host_drop_requests() - nobody waits for anything any more
 * @host: bus, with vpci_host::lock held; over
 *
 * Context: vpci_host::work, or when it cannot run.
 */
void vpci_host_drop_requests(struct vpci_host *host)
{
	struct vpci_host_request *request;
	unsigned long id;

	lockdep_assert_held(&host->lock);
	xa_for_each(&host->requests, id, request) {
		vpci_host_request_unwait(host, request);
		vpci_host_request_put(host, request);
	}
	vpci_host_drop_list(host, &host->unsent);
	vpci_host_drop_list(host, &host->answered);
}

/* ---- interrupts, resets, power, blocks ------------------------------------------------- */

/**
 * vpci_host_delete_interrupt() - give an interrupt back to the host
 * @host: bus, with vpci_host::lock held
 * @slot: of the device
 * @msi: interrupt
 */
void vpci_host_delete_interrupt(struct vpci_host *host, u32 slot, const struct vpci_msi *msi)
{
	u8 msg[VPCI_MAX_REQUEST];

	vpci_host_notify(host, msg, vpci_host_delete(msg, slot, msi));
}

/**
 * vpci_host_interrupt_create() - ask the host for an interrupt
 * @fn: device
 * @request: what to ask for; within the limits that vpci_msi_parse() has
 * @cookie: for vpci_host_ops::interrupt(), which follows on success.  It does not if
 *	vpci_host_ops::removed() comes first
 *
 * The host has a time limit.  What it answers later is given back to it.
 *
 * Context: process, may sleep.
 * Return: 0, -ENODEV if the device is gone, -ERANGE if that cannot be said in the host's
 * version, -EBUSY if too many requests are under way, -ENOMEM.
 */
int vpci_host_interrupt_create(struct vpci_host_fn *fn, const struct vpci_msi_request *request,
			       u64 cookie)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];
	int ret = -ENODEV;

	mutex_lock(&host->lock);
	if (!fn->gone)
		ret = vpci_host_create(msg, host->version, fn->desc.slot, request);
	if (ret >= 0)
		ret = vpci_host_ask(host, VPCI_ASK_INTERRUPT, fn, cookie, msg, ret);
	mutex_unlock(&host->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_interrupt_create);

/**
 * vpci_host_interrupt_delete() - an interrupt is not used any more
 * @fn: device
 * @msi: as it came with vpci_host_ops::interrupt()
 *
 * Interrupts of a device that is gone went with it.
 *
 * Context: process, may sleep.
 */
void vpci_host_interrupt_delete(struct vpci_host_fn *fn, const struct vpci_msi *msi)
{
	struct vpci_host *host = fn->host;

	mutex_lock(&host->lock);
	if (!fn->gone)
		vpci_host_delete_interrupt(host, fn->desc.slot, msi);
	mutex_unlock(&host->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_interrupt_delete);

/**
 * vpci_host_reset() - reset a device
 * @fn: device
 * @cookie: for vpci_host_ops::reset(), as in vpci_host_interrupt_create()
 *
 * Context: process, may sleep.
 * Return: 0, -ENODEV if the device is gone, -EOPNOTSUPP if the host knows no such
 * request, -EBUSY if too many requests are under way, -ENOMEM.
 */
int vpci_host_reset(struct vpci_host_fn *fn, u64 cookie)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];
	int ret = -ENODEV;

	mutex_lock(&host->lock);
	if (!fn->gone)
		ret = vpci_host_reset_device(msg, host->version, fn->desc.slot);
	if (ret >= 0)
		ret = vpci_host_ask(host, VPCI_ASK_RESET, fn, cookie, msg, ret);
	mutex_unlock(&host->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_reset);

/**
 * vpci_host_set_power() - tell the host of a power state
 * @fn: device
 * @state: VPCI_POWER_*
 * @cookie: for vpci_host_ops::power(), as in vpci_host_interrupt_create()
 *
 * A device that is left in VPCI_POWER_D3 comes back from there when its memory is switched
 * on: see vpci_host_config_write().
 *
 * Context: process, may sleep.
 * Return: 0, -ENODEV if the device is gone, -EBUSY if too many requests are under way,
 * -ENOMEM.
 */
int vpci_host_set_power(struct vpci_host_fn *fn, u32 state, u64 cookie)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];
	int err = -ENODEV;

	mutex_lock(&host->lock);
	if (!fn->gone)
		err = vpci_host_ask(host, VPCI_ASK_POWER, fn, cookie, msg,
				    vpci_host_power(msg, fn->desc.slot, state));
	if (!err)
		WRITE_ONCE(fn->asleep, state == VPCI_POWER_D3);
	mutex_unlock(&host->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_set_power);

/**
 * vpci_host_block() - read or write a configuration block of a device
 * @fn: device
 * @block: block; copied
 * @cookie: for vpci_host_ops::block(), as in vpci_host_interrupt_create()
 *
 * Context: process, may sleep.
 * Return: 0, -ENODEV if the device is gone, -EBUSY if too many requests are under way,
 * -ENOMEM.
 */
int vpci_host_block(struct vpci_host_fn *fn, const struct vpci_block *block, u64 cookie)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];
	int err = -ENODEV;

	mutex_lock(&host->lock);
	if (!fn->gone)
		err = vpci_host_ask(host, VPCI_ASK_BLOCK, fn, cookie, msg,
				    vpci_host_access_block(msg, fn->desc.slot, block));
	mutex_unlock(&host->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_block);
