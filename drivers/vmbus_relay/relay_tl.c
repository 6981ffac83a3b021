// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_sock connects of the guest to services of the host.
 *
 * The guest's server hands them over; the host answers with an offer, which goes
 * to the guest before the server is told, or with a result that says no.  What
 * it does not answer in time is refused, so that the server gets its slot back.
 * Connects of the host come as offers by themselves, and need nothing of this.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>

#include "vrelay.h"

/* ---- who waits ----------------------------------------------------------------------- */

/**
 * vrelay_tl_add() - a connect is on its way to the host
 * @tl: connects
 * @id: the server's, not 0
 * @req: what the guest asked for
 * @deadline: when to give up, in jiffies
 *
 * Context: process.
 * Return: 0, or -EBUSY if too many wait.
 */
int vrelay_tl_add(struct vrelay_tl *tl, u32 id, const struct vsrv_tl_request *req,
		  unsigned long deadline)
{
	struct vrelay_tl_wait *wait;
	int err = -EBUSY;

	spin_lock(&tl->lock);
	for (wait = tl->waits; wait < tl->waits + VRELAY_TL_MAX; wait++) {
		if (wait->id)
			continue;
		wait->id = id;
		wait->service_id = req->service_id;
		wait->endpoint_id = req->endpoint_id;
		wait->deadline = deadline;
		err = 0;
		break;
	}
	spin_unlock(&tl->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_tl_add);

/**
 * vrelay_tl_take() - the host has answered
 * @tl: connects
 * @service_id: service
 * @endpoint_id: the guest's end
 *
 * Context: process.
 * Return: the server's id of a connect that waited for this, or 0.
 */
u32 vrelay_tl_take(struct vrelay_tl *tl, const guid_t *service_id, const guid_t *endpoint_id)
{
	struct vrelay_tl_wait *wait;
	u32 id = 0;

	spin_lock(&tl->lock);
	for (wait = tl->waits; wait < tl->waits + VRELAY_TL_MAX && !id; wait++) {
		if (!wait->id || !guid_equal(&wait->service_id, service_id) ||
		    !guid_equal(&wait->endpoint_id, endpoint_id))
			continue;
		id = wait->id;
		wait->id = 0;
	}
	spin_unlock(&tl->lock);
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_tl_take);

/**
 * vrelay_tl_take_late() - the host has not answered in time
 * @tl: connects
 * @now: time, in jiffies
 * @left: jiffies until the next is late, 0 if none waits; set if there is none now
 *
 * Context: process.
 * Return: the server's id of a connect that has waited too long, or 0.
 */
u32 vrelay_tl_take_late(struct vrelay_tl *tl, unsigned long now, unsigned long *left)
{
	struct vrelay_tl_wait *wait;
	u32 id = 0;

	*left = 0;
	spin_lock(&tl->lock);
	for (wait = tl->waits; wait < tl->waits + VRELAY_TL_MAX && !id; wait++) {
		if (!wait->id)
			continue;
		if (time_before(now, wait->deadline)) {
			if (!*left || wait->deadline - now < *left)
				*left = wait->deadline - now;
			continue;
		}
		id = wait->id;
		wait->id = 0;
	}
	spin_unlock(&tl->lock);
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_tl_take_late);

/**
 * vrelay_tl_forget() - nobody waits any more
 * @tl: connects
 *
 * Context: process.
 */
void vrelay_tl_forget(struct vrelay_tl *tl)
{
	spin_lock(&tl->lock);
	memset(tl->waits, 0, sizeof(tl->waits));
	spin_unlock(&tl->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_tl_forget);

/* ---- the guest's server ---------------------------------------------------------------- */

static void vrelay_tl_connect(void *ctx, u32 id, const struct vsrv_tl_request *req)
{
	struct vrelay *relay = ctx;
	struct vrelay_client *client = &relay->client;
	int err;

	/* The answer may come before the client comes back. */
	err = vrelay_tl_add(&relay->tl, id, req, jiffies + client->timeout);
	if (!err) {
		err = vrelay_client_tl_connect(client, &req->service_id, &req->endpoint_id,
					       &req->silo_id);
		/* Of two that ask for the same it does not matter which is refused. */
		if (err)
			id = vrelay_tl_take(&relay->tl, &req->service_id, &req->endpoint_id);
	}
	if (err)
		vsrv_tl_connect_done(relay->srv, id, err);
	else
		mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

/* The server takes no answer any more; what the host offers late goes to nobody. */
static void vrelay_tl_reset(void *ctx)
{
	struct vrelay *relay = ctx;

	vrelay_tl_forget(&relay->tl);
}

static const struct vsrv_tl_ops vrelay_tl_ops = {
	.connect = vrelay_tl_connect,
	.reset = vrelay_tl_reset,
};

/**
 * vrelay_tl_start() - take the guest's connects
 * @relay: relay, with a server
 *
 * Somebody else may have them: then they stay there.
 *
 * Context: process, vrelay::config_lock held.
 */
void vrelay_tl_start(struct vrelay *relay)
{
	lockdep_assert_held(&relay->config_lock);
	if (!relay->hvsock || relay->tl_on)
		return;
	relay->tl_on = !vsrv_tl_register(relay->srv, &vrelay_tl_ops, relay);
	if (!relay->tl_on)
		dev_notice(&relay->dev, "hv_sock connects of the guest have a handler, and are not relayed\n");
}

/**
 * vrelay_tl_stop() - leave them to somebody else
 * @relay: relay
 *
 * The server refuses those that wait.
 *
 * Context: process, vrelay::config_lock held.
 */
void vrelay_tl_stop(struct vrelay *relay)
{
	lockdep_assert_held(&relay->config_lock);
	if (!relay->tl_on)
		return;
	vsrv_tl_unregister(relay->srv);
	vrelay_tl_forget(&relay->tl);
	relay->tl_on = false;
}

/* ---- the host --------------------------------------------------------------------------- */

/**
 * vrelay_tl_offered() - an offer of the host is where it should be, or will not be there
 * @relay: relay
 * @offer: what the host offered
 * @err: 0 if the guest has it
 *
 * Context: reconcile.
 */
void vrelay_tl_offered(struct vrelay *relay, const struct vrelay_offer *offer, int err)
{
	const struct vmbus_hvsock_params *params = (const void *)offer->user_defined;
	u32 id;

	if (!(offer->flags & VMBUS_OFFER_TLNPI) || params->is_for_guest_accept)
		return;
	id = vrelay_tl_take(&relay->tl, &offer->class_id, &offer->instance_id);
	if (id)
		vsrv_tl_connect_done(relay->srv, id, err);
}

/**
 * vrelay_tl_refused() - the host does not want to
 * @relay: relay
 * @service_id: service
 * @endpoint_id: the guest's end
 *
 * Context: process; vrelay_client::lock may be held.
 * Return: false if nobody waits for that.
 */
bool vrelay_tl_refused(struct vrelay *relay, const guid_t *service_id, const guid_t *endpoint_id)
{
	u32 id = vrelay_tl_take(&relay->tl, service_id, endpoint_id);

	if (id)
		vsrv_tl_connect_done(relay->srv, id, -ECONNREFUSED);
	return id;
}

/**
 * vrelay_tl_check() - refuse what the host has not answered in time
 * @relay: relay
 * @gone: nor will it answer the rest
 *
 * Context: reconcile.
 * Return: jiffies until the next check, 0 if none is needed.
 */
unsigned long vrelay_tl_check(struct vrelay *relay, bool gone)
{
	unsigned long left, now = jiffies;
	u32 id;

	if (gone)
		now += relay->client.timeout;
	while ((id = vrelay_tl_take_late(&relay->tl, now, &left))) {
		if (!gone)
			vrelay_count(&relay->client, VRELAY_TIMEOUTS);
		vsrv_tl_connect_done(relay->srv, id, -ETIMEDOUT);
	}
	return left;
}
