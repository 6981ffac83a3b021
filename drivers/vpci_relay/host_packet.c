// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host says of its bus, and the devices on it.
 *
 * A device is prepared before its owner hears of it: its base addresses are asked for, and
 * the host is told that it has resources.  One is prepared at a time.
 *
 * What the host does wrong here, and what comes of it:
 *
 * a message cut short, a slot that cannot be,	the bus has failed
 * two devices in one slot
 * relations before any answer			taken; devices are prepared when the bus is on
 * relations at any time, in any number		the last ones count
 * another device in a slot			the one that was there is gone, whatever was
 *						asked about it
 * a device that cannot be prepared		counted: it is not there for the owner
 * a wish about a device that is not there,	counted
 * or to eject it twice
 * a message or packet of an unknown type	counted: later hosts may have more to say
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/nospec.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <vmbus/ring.h>

#include "host_priv.h"

/* ---- devices --------------------------------------------------------------------------- */

static void vpci_host_fn_free(struct kref *ref)
{
	kfree(container_of(ref, struct vpci_host_fn, ref));
}

void vpci_host_fn_put(struct vpci_host_fn *fn)
{
	kref_put(&fn->ref, vpci_host_fn_free);
}

/**
 * vpci_host_fn_queue() - there is something to tell of a device
 * @fn: device, with vpci_host::lock held
 */
void vpci_host_fn_queue(struct vpci_host_fn *fn)
{
	struct vpci_host *host = fn->host;

	lockdep_assert_held(&host->lock);
	if (list_empty(&fn->node))
		list_add_tail(&fn->node, &host->todo);
	vpci_host_kick(host);
}

/* The owner is to hear of it, or it is useless. */
static void vpci_host_fn_settle(struct vpci_host_fn *fn, enum vpci_host_fn_state state)
{
	lockdep_assert_held(&fn->host->lock);
	if (fn->host->preparing == fn)
		fn->host->preparing = NULL;
	fn->state = state;
}

/**
 * vpci_host_fn_unlist() - a device is gone
 * @fn: device, with vpci_host::lock held; may be freed
 *
 * What was asked about it keeps it until the answer comes.
 */
void vpci_host_fn_unlist(struct vpci_host_fn *fn)
{
	struct vpci_host *host = fn->host;

	lockdep_assert_held(&host->lock);
	host->slots[fn->desc.slot] = NULL;
	WRITE_ONCE(fn->gone, true);
	if (fn->state == VPCI_HOST_FN_ADDED) {
		vpci_host_fn_queue(fn);
		return;
	}
	if (fn->state != VPCI_HOST_FN_USELESS)
		host->unsettled--;
	vpci_host_fn_settle(fn, VPCI_HOST_FN_USELESS);
	list_del_init(&fn->node);
	vpci_host_fn_put(fn);
	/* It may have been the last that was waited for. */
	vpci_host_kick(host);
}

static void vpci_host_fn_list(struct vpci_host *host, const struct vpci_desc *desc)
{
	struct vpci_host_fn *fn;

	lockdep_assert_held(&host->lock);
	fn = kzalloc(sizeof(*fn), GFP_KERNEL);
	if (!fn) {
		vpci_host_count(host, VPCI_HOST_UNPREPARED);
		pr_warn_ratelimited("bus %#llx: no memory for the device in slot %#x: not added until the host lists it again\n",
				    host->window, desc->slot);
		/* Then it is new. */
		vpci_relations_forget(&host->relations, desc->slot);
		return;
	}
	kref_init(&fn->ref);
	fn->host = host;
	fn->desc = *desc;
	INIT_LIST_HEAD(&fn->node);
	host->slots[desc->slot] = fn;
	host->unsettled++;
}

/* The host has it back: if it lists it again, it is new. */
static void vpci_host_give_back(struct vpci_host *host, u32 slot)
{
	u8 msg[VPCI_MAX_REQUEST];

	lockdep_assert_held(&host->lock);
	vpci_relations_forget(&host->relations, slot);
	if (host->slots[slot])
		vpci_host_fn_unlist(host->slots[slot]);
	vpci_host_notify(host, msg, vpci_host_eject_complete(msg, slot));
}

/* ---- preparing -------------------------------------------------------------------------- */

static void vpci_host_fn_useless(struct vpci_host_fn *fn, const char *why)
{
	struct vpci_host *host = fn->host;

	vpci_host_fn_settle(fn, VPCI_HOST_FN_USELESS);
	host->unsettled--;
	vpci_host_count(host, VPCI_HOST_UNPREPARED);
	pr_warn_ratelimited("bus %#llx: device %04x:%04x in slot %#x not added: %s; the host has to take it away and offer it again\n",
			    host->window, fn->desc.vendor, fn->desc.device, fn->desc.slot, why);
}

static int vpci_host_prepare_ask(struct vpci_host_fn *fn, enum vpci_host_request_type type)
{
	struct vpci_host *host = fn->host;
	u8 msg[VPCI_MAX_REQUEST];
	int err;
	u32 len;

	if (type == VPCI_ASK_REQUIREMENTS)
		len = vpci_host_requirements(msg, fn->desc.slot);
	else
		len = vpci_host_assigned(msg, fn->desc.slot);
	host->preparing = fn;
	fn->state = VPCI_HOST_FN_PREPARING;
	err = vpci_host_ask(host, type, fn, 0, msg, len);
	if (err == -EBUSY)
		vpci_host_fn_settle(fn, VPCI_HOST_FN_NEW);
	else if (err)
		vpci_host_fn_useless(fn, "no memory for a request");
	return err;
}

static struct vpci_host_fn *vpci_host_next_new(struct vpci_host *host)
{
	unsigned int slot;

	for (slot = 0; slot < VPCI_MAX_SLOTS; slot++)
		if (host->slots[slot] && host->slots[slot]->state == VPCI_HOST_FN_NEW)
			return host->slots[slot];
	return NULL;
}

/**
 * vpci_host_prepare() - prepare the next device, if there is one
 * @host: bus, with vpci_host::lock held
 *
 * If too many requests are under way, vpci_host::work tries again when there are less.
 */
void vpci_host_prepare(struct vpci_host *host)
{
	struct vpci_host_fn *fn;

	lockdep_assert_held(&host->lock);
	while (host->state == VPCI_HOST_ON && !host->preparing) {
		fn = vpci_host_next_new(host);
		if (!fn || vpci_host_prepare_ask(fn, VPCI_ASK_REQUIREMENTS) == -EBUSY)
			return;
	}
}

/**
 * vpci_host_prepare_done() - a step of it has been done
 * @host: bus, with vpci_host::lock held; not over
 * @request: the step
 * @err: what came of it
 * @why: reason of a failure
 */
void vpci_host_prepare_done(struct vpci_host *host, const struct vpci_host_request *request,
			    int err, const char *why)
{
	struct vpci_host_fn *fn = request->fn;

	lockdep_assert_held(&host->lock);
	/* Gone meanwhile. */
	if (fn != host->preparing)
		return;
	if (err) {
		vpci_host_fn_useless(fn, why);
	} else if (request->type == VPCI_ASK_REQUIREMENTS) {
		vpci_host_prepare_ask(fn, VPCI_ASK_ASSIGNED);
	} else {
		vpci_host_fn_settle(fn, VPCI_HOST_FN_PREPARED);
		vpci_host_fn_queue(fn);
	}
	vpci_host_prepare(host);
}

/* ---- messages --------------------------------------------------------------------------- */

/**
 * vpci_host_query() - ask the host what is on the bus
 * @host: bus, with vpci_host::lock held
 *
 * Not again before it has answered.
 */
void vpci_host_query(struct vpci_host *host)
{
	u8 msg[VPCI_MAX_REQUEST];

	lockdep_assert_held(&host->lock);
	if (host->asked || host->state != VPCI_HOST_ON)
		return;
	host->asked = true;
	vpci_host_notify(host, msg, vpci_host_query_relations(msg));
}

static void vpci_host_take_relations(struct vpci_host *host, const struct vpci_host_event *event)
{
	struct vpci_relations_diff diff;
	const char *why;
	unsigned int slot;

	if (vpci_relations_update(&host->relations, event, &diff, &why)) {
		vpci_host_fail(host, why);
		return;
	}
	host->asked = false;
	host->listed = true;
	for_each_set_bit(slot, diff.gone, VPCI_MAX_SLOTS)
		if (host->slots[slot])
			vpci_host_fn_unlist(host->slots[slot]);
	for_each_set_bit(slot, diff.added, VPCI_MAX_SLOTS)
		vpci_host_fn_list(host, &host->relations.descs[slot]);
	vpci_host_prepare(host);
	vpci_host_kick(host);
}

static struct vpci_host_fn *vpci_host_fn_at(struct vpci_host *host, u32 slot)
{
	return host->slots[array_index_nospec(slot, VPCI_MAX_SLOTS)];
}

/* A message about a device that is not there, or one message too many. */
static void vpci_host_stray(struct vpci_host *host, u32 slot, const char *what)
{
	vpci_host_count(host, VPCI_HOST_STRAYS);
	pr_warn_ratelimited("bus %#llx: the host %s slot %#x: ignored\n", host->window, what, slot);
}

static void vpci_host_take_eject(struct vpci_host *host, u32 slot)
{
	struct vpci_host_fn *fn = vpci_host_fn_at(host, slot);

	if (!fn) {
		vpci_host_stray(host, slot, "ejects what is not there, from");
	} else if (fn->state != VPCI_HOST_FN_ADDED) {
		/* Nobody has it. */
		vpci_host_give_back(host, slot);
		vpci_host_prepare(host);
	} else if (fn->eject != VPCI_HOST_EJECT_NONE) {
		vpci_host_stray(host, slot, "ejects once more the device in");
	} else {
		fn->eject = VPCI_HOST_EJECT_ASKED;
		vpci_host_fn_queue(fn);
	}
}

static void vpci_host_take_invalid(struct vpci_host *host, const struct vpci_host_event *event)
{
	struct vpci_host_fn *fn = vpci_host_fn_at(host, event->slot);

	if (!fn) {
		vpci_host_stray(host, event->slot, "has changes of what is not there, in");
	} else if (event->type == VPCI_HOST_INVALIDATE_DEVICE) {
		/* It does not say in what way: its place in the list is what counts. */
		vpci_host_query(host);
	} else if (fn->state == VPCI_HOST_FN_ADDED && event->mask) {
		/* Nobody has read blocks of one that was not added. */
		fn->blocks |= event->mask;
		vpci_host_fn_queue(fn);
	}
}

static void vpci_host_take_unknown(struct vpci_host *host, const struct vsrv_packet *pkt)
{
	vpci_host_count(host, VPCI_HOST_UNKNOWN_MESSAGES);
	pr_warn_ratelimited("bus %#llx: the host sent a packet of type %u, %u bytes, of no known meaning: ignored\n",
			    host->window, pkt->type, pkt->len);
}

static void vpci_host_take_message(struct vpci_host *host, const struct vsrv_packet *pkt)
{
	struct vpci_host_event event;
	const char *why;

	if (vpci_host_parse(pkt->payload, pkt->len, &event, &why)) {
		vpci_host_fail(host, why);
		return;
	}
	switch (event.type) {
	case VPCI_HOST_RELATIONS:
		vpci_host_take_relations(host, &event);
		break;
	case VPCI_HOST_EJECT:
		vpci_host_take_eject(host, event.slot);
		break;
	case VPCI_HOST_INVALIDATE_DEVICE:
	case VPCI_HOST_INVALIDATE_BLOCK:
		vpci_host_take_invalid(host, &event);
		break;
	case VPCI_HOST_INVALIDATE_BUS:
		vpci_host_query(host);
		break;
	case VPCI_HOST_UNKNOWN:
		vpci_host_take_unknown(host, pkt);
		break;
	}
}

static void vpci_host_packet(void *ctx, const struct vsrv_packet *pkt)
{
	struct vpci_host *host = ctx;

	mutex_lock(&host->lock);
	/* Of no concern: first words before it was asked, and last ones. */
	if (vpci_host_over(host))
		goto unlock;
	switch (pkt->type) {
	case VM_PKT_COMP:
		vpci_host_answer(host, pkt->trans_id, pkt->payload, pkt->len);
		break;
	case VM_PKT_DATA_INBAND:
		vpci_host_take_message(host, pkt);
		break;
	default:
		vpci_host_take_unknown(host, pkt);
		break;
	}
unlock:
	mutex_unlock(&host->lock);
}

static void vpci_host_room(void *ctx)
{
	struct vpci_host *host = ctx;

	mutex_lock(&host->lock);
	if (!vpci_host_over(host)) {
		vpci_host_send_unsent(host);
		vpci_host_kick(host);
	}
	mutex_unlock(&host->lock);
}

const struct vrelay_dev_ops vpci_host_dev_ops = {
	.packet = vpci_host_packet,
	.room = vpci_host_room,
};

/**
 * vpci_host_ejected() - nobody uses a device any more that the host wants back
 * @fn: device, after vpci_host_ops::eject(), also from there
 *
 * vpci_host_ops::removed() follows.  Without effect if the device is gone, or was not
 * asked for.
 *
 * Context: process, may sleep.
 */
void vpci_host_ejected(struct vpci_host_fn *fn)
{
	struct vpci_host *host = fn->host;

	mutex_lock(&host->lock);
	if (!fn->gone && fn->eject == VPCI_HOST_EJECT_TOLD) {
		vpci_host_give_back(host, fn->desc.slot);
		vpci_host_prepare(host);
	}
	mutex_unlock(&host->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_ejected);
