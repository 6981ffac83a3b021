// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of the host, as the client sees them: offered, rescinded, released.
 *
 * A channel's id goes back to the host when three conditions hold: the host
 * rescinded it, its owner released it, and no answer about a GPADL is due.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/slab.h>

#include "client.h"
#include "trace.h"

static const char *const vrelay_hchan_state_names[VRELAY_HCHAN_STATES] = {
	[VRELAY_HCHAN_OFFERED] = "offered",
	[VRELAY_HCHAN_OPENING] = "opening",
	[VRELAY_HCHAN_OPENED] = "opened",
	[VRELAY_HCHAN_REVOKED] = "revoked",
};

const char *vrelay_hchan_state_name(enum vrelay_hchan_state state)
{
	return state < VRELAY_HCHAN_STATES ? vrelay_hchan_state_names[state] : "?";
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_hchan_state_name);

/* From each state, the mask of states that may follow. */
static const u8 vrelay_hchan_next[VRELAY_HCHAN_STATES] = {
	[VRELAY_HCHAN_OFFERED] = BIT(VRELAY_HCHAN_OPENING) | BIT(VRELAY_HCHAN_REVOKED),
	[VRELAY_HCHAN_OPENING] = BIT(VRELAY_HCHAN_OPENED) | BIT(VRELAY_HCHAN_OFFERED) |
				BIT(VRELAY_HCHAN_REVOKED),
	[VRELAY_HCHAN_OPENED] = BIT(VRELAY_HCHAN_OFFERED) | BIT(VRELAY_HCHAN_REVOKED),
	[VRELAY_HCHAN_REVOKED] = 0,
};

/* False if there is no such way: nothing happens. */
bool vrelay_hchan_set_state(struct vrelay_hchan *hchan, enum vrelay_hchan_state next)
{
	lockdep_assert_held(&hchan->client->lock);

	if (!(vrelay_hchan_next[hchan->state] & BIT(next))) {
		pr_err_ratelimited("channel %u: no way from %s to %s\n", hchan->offer.channel_id,
				   vrelay_hchan_state_name(hchan->state),
				   vrelay_hchan_state_name(next));
		return false;
	}
	trace_vrelay_hchan_state(hchan->offer.channel_id, hchan->state, next);
	WRITE_ONCE(hchan->state, next);
	wake_up_all(&hchan->client->wait);
	return true;
}

/* As a message names it; NULL for none. */
struct vrelay_hchan *vrelay_hchan_find(struct vrelay_client *client, __le32 id)
{
	return xa_load(&client->chans, le32_to_cpu(id));
}

/* A message that only names the channel. */
void vrelay_hchan_send(struct vrelay_hchan *hchan, enum vmbus_msg_type type)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_channel(out->payload, type, hchan->offer.channel_id);
	vrelay_client_send(hchan->client, out);
}

static void vrelay_hchan_free(struct vrelay_hchan *hchan)
{
	struct vrelay_gpadl *gpadl, *next;

	vrelay_hchan_unbind(hchan);
	list_for_each_entry_safe(gpadl, next, &hchan->gpadls, node)
		vrelay_gpadl_free(gpadl);
	xa_erase(&hchan->client->chans, hchan->offer.channel_id);
	kfree(hchan);
}

/* Give the channel's id back to the host if nothing stands against it. */
void vrelay_hchan_try_release(struct vrelay_hchan *hchan)
{
	struct vrelay_gpadl *gpadl;

	if (hchan->state != VRELAY_HCHAN_REVOKED || !hchan->released)
		return;
	list_for_each_entry(gpadl, &hchan->gpadls, node)
		if (gpadl->state != VRELAY_GPADL_CREATED)
			return;
	if (vrelay_client_online(hchan->client))
		vrelay_hchan_send(hchan, VMBUS_MSG_RELID_RELEASED);
	vrelay_hchan_free(hchan);
}

/*
 * The host took the channel back.  It uses none of the guest's memory any more,
 * but still answers GPADL requests that are under way, unless it is @gone.
 */
static void vrelay_hchan_revoke(struct vrelay_hchan *hchan, bool gone)
{
	const struct vrelay_client_ops *ops = hchan->client->ops;
	struct vrelay_gpadl *gpadl, *next;
	bool opening = hchan->state == VRELAY_HCHAN_OPENING && !hchan->open_abandoned;
	bool modifying = hchan->modify_pending;

	vrelay_hchan_unbind(hchan);
	if (hchan->state != VRELAY_HCHAN_REVOKED)
		vrelay_hchan_set_state(hchan, VRELAY_HCHAN_REVOKED);
	hchan->open_abandoned = false;
	hchan->modify_pending = false;
	if (opening)
		ops->open_result(hchan, -ENODEV);
	if (modifying && !hchan->blocked)
		ops->modified(hchan, -ENODEV);

	list_for_each_entry_safe(gpadl, next, &hchan->gpadls, node) {
		if (gpadl->state != VRELAY_GPADL_CREATED) {
			if (!gone)
				continue;
			if (gpadl->abandoned)
				;
			else if (gpadl->state == VRELAY_GPADL_OFFERED)
				ops->gpadl_created(hchan, gpadl->id, -ENODEV);
			else
				ops->gpadl_torndown(hchan, gpadl->id);
		}
		vrelay_gpadl_free(gpadl);
	}
}

/* The connection is over. */
void vrelay_hchan_forget(struct vrelay_hchan *hchan)
{
	vrelay_hchan_revoke(hchan, true);
	if (!hchan->claimed || hchan->released)
		vrelay_hchan_free(hchan);
}

/* ---- requests of the owner ---------------------------------------------------------- */

/* Can the owner ask for something now?  0 or what it is told. */
int vrelay_hchan_check(const struct vrelay_hchan *hchan)
{
	lockdep_assert_held(&hchan->client->lock);

	if (hchan->state == VRELAY_HCHAN_REVOKED || hchan->client->state != VRELAY_CONNECTED)
		return -ENODEV;
	if (hchan->blocked)
		return -ESHUTDOWN;
	return vrelay_client_room(hchan->client) ? 0 : -EBUSY;
}

static int vrelay_hchan_drained(const struct vrelay_hchan *hchan)
{
	return READ_ONCE(hchan->severed) ? -ETIMEDOUT : 0;
}

static bool vrelay_hchan_idle(const struct vrelay_hchan *hchan)
{
	return READ_ONCE(hchan->state) != VRELAY_HCHAN_OPENING && list_empty(&hchan->gpadls);
}

/**
 * vrelay_client_drain() - get the host to let go of the guest's memory
 * @hchan: channel
 * @block: also refuse new requests, until vrelay_client_unblock()
 *
 * Closes the channel and tears down its GPADLs.  From the beginning of this call
 * no answer is given for requests made before.  Waits for the host, not for
 * ever: a host that does not answer is cut off.  The answers come by
 * vrelay_client::rx, which waits for nobody.
 *
 * Return: 0; -ETIMEDOUT if the connection was cut, now or before: then the host may still
 * have the memory, until it has answered to the next contact.
 */
int vrelay_client_drain(struct vrelay_hchan *hchan, bool block)
{
	struct vrelay_client *client = hchan->client;
	struct vrelay_gpadl *gpadl;

	mutex_lock(&client->lock);
	if (block)
		hchan->blocked = true;
	/* The guest does not wait for who has paused the host. */
	if (!vrelay_hchan_idle(hchan) || hchan->state == VRELAY_HCHAN_OPENED)
		vrelay_client_go_on(client);
	if (hchan->state == VRELAY_HCHAN_OPENED)
		vrelay_hchan_send_close(hchan);
	else if (hchan->state == VRELAY_HCHAN_OPENING)
		vrelay_hchan_abandon_open(hchan);
	list_for_each_entry(gpadl, &hchan->gpadls, node) {
		gpadl->abandoned = true;
		if (gpadl->state == VRELAY_GPADL_CREATED)
			vrelay_gpadl_send_teardown(gpadl);
	}
	vrelay_client_post_unlock(client);

	if (wait_event_timeout(client->wait, vrelay_hchan_idle(hchan), client->timeout))
		return vrelay_hchan_drained(hchan);
	vrelay_count(client, VRELAY_TIMEOUTS);
	pr_err_ratelimited("channel %u: the host does not let go of the guest's memory: the connection is cut\n",
			   hchan->offer.channel_id);
	/* The next contact makes it forget everything; no other channel waits so long. */
	mutex_lock(&client->lock);
	if (client->state != VRELAY_DISCONNECTED && !vrelay_hchan_idle(hchan))
		vrelay_client_cut(client);
	vrelay_client_post_unlock(client);
	return vrelay_hchan_drained(hchan);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_drain);

void vrelay_client_unblock(struct vrelay_hchan *hchan)
{
	mutex_lock(&hchan->client->lock);
	hchan->blocked = false;
	vrelay_client_post_unlock(hchan->client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_unblock);

void vrelay_client_set_ctx(struct vrelay_hchan *hchan, void *ctx)
{
	mutex_lock(&hchan->client->lock);
	hchan->ctx = ctx;
	vrelay_client_post_unlock(hchan->client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_set_ctx);

/**
 * vrelay_client_release() - the owner lets go of a channel
 * @hchan: channel, not to be used any more
 *
 * If the host rescinded it, its id goes back to the host now.
 */
void vrelay_client_release(struct vrelay_hchan *hchan)
{
	struct vrelay_client *client = hchan->client;

	mutex_lock(&client->lock);
	hchan->released = true;
	hchan->blocked = true;
	if (client->state == VRELAY_DISCONNECTED)
		vrelay_hchan_free(hchan);
	else
		vrelay_hchan_try_release(hchan);
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_release);

/* ---- messages of the host ----------------------------------------------------------- */

void vrelay_hchan_on_offer(struct vrelay_client *client, const void *payload, u32 len)
{
	struct vrelay_hchan *hchan;
	int err;

	hchan = kzalloc(sizeof(*hchan), GFP_KERNEL);
	if (!hchan) {
		vrelay_client_bad(client, "offer, for lack of memory", 0);
		return;
	}
	hchan->client = client;
	INIT_LIST_HEAD(&hchan->gpadls);
	err = vrelay_parse_offer(payload, len, &hchan->offer);
	if (!err)
		err = xa_insert(&client->chans, hchan->offer.channel_id, hchan, GFP_KERNEL);
	if (err) {
		vrelay_client_bad(client, "offer of a bad or used channel id",
				  hchan->offer.channel_id);
		kfree(hchan);
		return;
	}
	vrelay_count(client, VRELAY_OFFERS);
	client->ops->changed(client);
}

void vrelay_hchan_on_rescind(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_channel_msg *msg = payload;
	struct vrelay_hchan *hchan = vrelay_hchan_find(client, msg->channel_id);

	if (!hchan || hchan->state == VRELAY_HCHAN_REVOKED) {
		vrelay_client_bad(client, "rescind", le32_to_cpu(msg->channel_id));
		return;
	}
	vrelay_hchan_revoke(hchan, false);
	vrelay_hchan_try_release(hchan);
	client->ops->changed(client);
}
