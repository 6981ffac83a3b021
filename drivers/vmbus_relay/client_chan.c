// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels of the host and their GPADLs, as the client sees them.
 *
 * A channel's id goes back to the host when three conditions hold: the host
 * rescinded it, its owner released it, and no answer about a GPADL is due.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include <vmbus/partition.h>

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

static bool vrelay_hchan_set_state(struct vrelay_hchan *hchan, enum vrelay_hchan_state next)
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

static struct vrelay_hchan *vrelay_hchan_find(struct vrelay_client *client, __le32 id)
{
	return xa_load(&client->chans, le32_to_cpu(id));
}

static void vrelay_hchan_send(struct vrelay_hchan *hchan, enum vmbus_msg_type type)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_channel(out->payload, type, hchan->offer.channel_id);
	vrelay_client_send(hchan->client, out);
}

/* VTL2 leaves the signal path. */
static void vrelay_hchan_unbind(struct vrelay_hchan *hchan)
{
	struct vrelay_client *client = hchan->client;

	WRITE_ONCE(hchan->signal_connection, 0);
	if (hchan->event_flag) {
		client->host->ops->unbind_event(client->host, hchan->event_flag);
		__clear_bit(hchan->event_flag, client->event_flags);
		hchan->event_flag = 0;
	}
}

static void vrelay_gpadl_free(struct vrelay_gpadl *gpadl)
{
	struct vrelay_client *client = gpadl->hchan->client;

	lockdep_assert_held(&client->lock);
	xa_erase(&client->gpadls, gpadl->id);
	list_del(&gpadl->node);
	kfree(gpadl);
	wake_up_all(&client->wait);
}

static void vrelay_gpadl_send_teardown(struct vrelay_gpadl *gpadl)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_teardown(out->payload, gpadl->hchan->offer.channel_id, gpadl->id);
	vrelay_client_send(gpadl->hchan->client, out);
	gpadl->state = VRELAY_GPADL_TEARING_DOWN;
	gpadl->asked = jiffies;
}

/* The channel is closed as far as the client is concerned. */
static void vrelay_hchan_send_close(struct vrelay_hchan *hchan)
{
	vrelay_hchan_send(hchan, VMBUS_MSG_CLOSE);
	vrelay_hchan_unbind(hchan);
	vrelay_hchan_set_state(hchan, VRELAY_HCHAN_OFFERED);
	hchan->asked = jiffies;
	/* A host may or may not answer a modify that the close overtook. */
	if (hchan->modify_pending) {
		hchan->modify_pending = false;
		hchan->modify_stale++;
	}
}

/*
 * Nobody waits for OPEN_RESULT any more.  What the host signals from here on has
 * no taker, however long it keeps us waiting.
 */
static void vrelay_hchan_abandon_open(struct vrelay_hchan *hchan)
{
	hchan->open_abandoned = true;
	vrelay_hchan_unbind(hchan);
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
static void vrelay_hchan_try_release(struct vrelay_hchan *hchan)
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

/* ---- answers that do not come ---------------------------------------------------------- */

/* Is an answer about a GPADL due?  It may keep that to a teardown while the channel is open. */
static bool vrelay_gpadl_due(const struct vrelay_gpadl *gpadl)
{
	const struct vrelay_hchan *hchan = gpadl->hchan;

	if (gpadl->state == VRELAY_GPADL_OFFERED)
		return !gpadl->abandoned;
	return gpadl->state == VRELAY_GPADL_TEARING_DOWN &&
	       hchan->state != VRELAY_HCHAN_OPENING && hchan->state != VRELAY_HCHAN_OPENED;
}

static unsigned long vrelay_gpadl_end(const struct vrelay_gpadl *gpadl)
{
	unsigned long asked = gpadl->asked;

	if (gpadl->state == VRELAY_GPADL_TEARING_DOWN && time_after(gpadl->hchan->asked, asked))
		asked = gpadl->hchan->asked;
	return asked + gpadl->hchan->client->patience;
}

static bool vrelay_hchan_asked(const struct vrelay_hchan *hchan)
{
	return hchan->state == VRELAY_HCHAN_OPENING || hchan->modify_pending;
}

/**
 * vrelay_hchan_due() - is an answer due from the host?
 * @hchan: channel
 * @end: out: when to give it up, in jiffies; of several the first
 *
 * Context: vrelay_client::lock held.
 * Return: true if so.
 */
bool vrelay_hchan_due(const struct vrelay_hchan *hchan, unsigned long *end)
{
	const struct vrelay_gpadl *gpadl;
	bool due = vrelay_hchan_asked(hchan);

	lockdep_assert_held(&hchan->client->lock);
	*end = hchan->asked + hchan->client->patience;
	list_for_each_entry(gpadl, &hchan->gpadls, node) {
		if (!vrelay_gpadl_due(gpadl))
			continue;
		if (!due || time_before(vrelay_gpadl_end(gpadl), *end))
			*end = vrelay_gpadl_end(gpadl);
		due = true;
	}
	return due;
}

static void vrelay_hchan_late(struct vrelay_hchan *hchan, const char *what)
{
	vrelay_count(hchan->client, VRELAY_TIMEOUTS);
	pr_err_ratelimited("channel %u: the host does not answer to %s: it has failed\n",
			   hchan->offer.channel_id, what);
}

/* The owner hears that it failed; what the host makes of it after all is undone. */
static void vrelay_gpadl_fail(struct vrelay_gpadl *gpadl)
{
	vrelay_hchan_late(gpadl->hchan, "a GPADL");
	gpadl->abandoned = true;
	gpadl->hchan->client->ops->gpadl_created(gpadl->hchan, gpadl->id, -ETIMEDOUT);
}

static void vrelay_hchan_fail(struct vrelay_hchan *hchan)
{
	const struct vrelay_client_ops *ops = hchan->client->ops;

	if (hchan->state == VRELAY_HCHAN_OPENING) {
		vrelay_hchan_late(hchan, "OPEN");
		vrelay_hchan_abandon_open(hchan);
		ops->open_result(hchan, -ETIMEDOUT);
		return;
	}
	vrelay_hchan_late(hchan, "MODIFY_CHANNEL");
	hchan->modify_pending = false;
	hchan->modify_stale++;
	if (!hchan->blocked)
		ops->modified(hchan, -ETIMEDOUT);
}

/**
 * vrelay_hchan_give_up() - an answer that is due does not come
 * @hchan: channel for which vrelay_hchan_due() says so
 *
 * A device that does not answer is its owner's trouble alone, unless the guest can do
 * nothing before it has its memory back.
 *
 * Context: vrelay_client::lock held.
 * Return: false if so: the connection has to be cut.
 */
bool vrelay_hchan_give_up(struct vrelay_hchan *hchan)
{
	bool leaves = READ_ONCE(hchan->client->guest_leaves);
	struct vrelay_gpadl *gpadl;

	lockdep_assert_held(&hchan->client->lock);
	if (vrelay_hchan_asked(hchan) &&
	    !time_before(jiffies, hchan->asked + hchan->client->patience)) {
		hchan->asked = jiffies;
		if (hchan->open_abandoned)
			return !leaves;
		vrelay_hchan_fail(hchan);
		return true;
	}
	list_for_each_entry(gpadl, &hchan->gpadls, node) {
		if (!vrelay_gpadl_due(gpadl) || time_before(jiffies, vrelay_gpadl_end(gpadl)))
			continue;
		gpadl->asked = jiffies;
		if (gpadl->state == VRELAY_GPADL_TEARING_DOWN)
			return !leaves;
		vrelay_gpadl_fail(gpadl);
		break;
	}
	return true;
}

/* ---- requests of the owner ---------------------------------------------------------- */

static int vrelay_hchan_check(const struct vrelay_hchan *hchan)
{
	lockdep_assert_held(&hchan->client->lock);

	if (hchan->state == VRELAY_HCHAN_REVOKED || hchan->client->state != VRELAY_CONNECTED)
		return -ENODEV;
	if (hchan->blocked)
		return -ESHUTDOWN;
	return vrelay_client_room(hchan->client) ? 0 : -EBUSY;
}

/* VTL2 enters the signal path. */
static int vrelay_hchan_bind(struct vrelay_hchan *hchan, const struct vrelay_open *open)
{
	u32 connection = VMBUS_CONN_EVENT(hchan->offer.channel_id, VMBUS_SINT_REDIRECT,
					  VPART_VTL_PARAVISOR);
	struct vrelay_client *client = hchan->client;
	unsigned int flag;
	int err;

	if (vrelay_client_can_share(client)) {
		flag = find_first_zero_bit(client->event_flags, VRELAY_EVENT_FLAGS);
		if (flag == VRELAY_EVENT_FLAGS)
			return -ENOSPC;
	} else {
		/* This host takes neither from us. */
		flag = hchan->offer.channel_id;
		connection = hchan->offer.connection_id;
	}
	err = client->host->ops->bind_event(client->host, flag, open->event, open->event_ctx);
	if (err)
		return err;
	__set_bit(flag, client->event_flags);
	hchan->event_flag = flag;
	WRITE_ONCE(hchan->signal_connection, connection);
	return 0;
}

/**
 * vrelay_client_open() - open a channel
 * @hchan: channel
 * @open: parameters
 *
 * Return: 0, then vrelay_client_ops::open_result() follows; or -errno, -EOPNOTSUPP
 * if the host cannot leave VTL2 out of the signal path, or cannot have it there.
 */
int vrelay_client_open(struct vrelay_hchan *hchan, const struct vrelay_open *open)
{
	struct vrelay_client *client = hchan->client;
	struct vrelay_open params = *open;
	struct vrelay_out *out;
	int err;

	mutex_lock(&client->lock);
	err = vrelay_hchan_check(hchan);
	if (!err && hchan->state != VRELAY_HCHAN_OFFERED)
		err = -EBUSY;
	if (!err && !(open->event ? vrelay_client_can_forward(client) :
				    vrelay_client_can_share(client)))
		err = -EOPNOTSUPP;
	if (err)
		goto unlock;
	if (open->event) {
		err = vrelay_hchan_bind(hchan, open);
		if (err)
			goto unlock;
		params.connection_id = hchan->signal_connection;
		params.event_flag = hchan->event_flag;
	}
	out = vrelay_out_alloc();
	out->len = vrelay_msg_open(out->payload, hchan->offer.channel_id, &params,
				   client->features);
	vrelay_client_send(client, out);
	vrelay_hchan_set_state(hchan, VRELAY_HCHAN_OPENING);
	hchan->asked = jiffies;
unlock:
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_open);

/**
 * vrelay_client_close() - close a channel; the host does not answer this
 * @hchan: channel
 */
void vrelay_client_close(struct vrelay_hchan *hchan)
{
	mutex_lock(&hchan->client->lock);
	if (hchan->state == VRELAY_HCHAN_OPENED)
		vrelay_hchan_send_close(hchan);
	else if (hchan->state == VRELAY_HCHAN_OPENING)
		vrelay_hchan_abandon_open(hchan);
	vrelay_client_post_unlock(hchan->client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_close);

/**
 * vrelay_client_gpadl_create() - describe memory to the host
 * @hchan: channel
 * @gpadl_id: id, unique over all channels
 * @range_count: ranges
 * @words: range data
 * @nwords: number of @words
 *
 * Return: 0, then vrelay_client_ops::gpadl_created() follows; or -errno.
 */
int vrelay_client_gpadl_create(struct vrelay_hchan *hchan, u32 gpadl_id, u16 range_count,
			       const u64 *words, unsigned int nwords)
{
	struct vrelay_client *client = hchan->client;
	struct vrelay_gpadl *gpadl;
	LIST_HEAD(msgs);
	int n, err;

	gpadl = kzalloc(sizeof(*gpadl), GFP_KERNEL);
	if (!gpadl)
		return -ENOMEM;
	gpadl->hchan = hchan;
	gpadl->id = gpadl_id;
	gpadl->state = VRELAY_GPADL_OFFERED;
	gpadl->asked = jiffies;
	n = vrelay_msg_gpadl(&msgs, hchan->offer.channel_id, gpadl_id, range_count, words, nwords);
	if (n < 0) {
		kfree(gpadl);
		return n;
	}

	mutex_lock(&client->lock);
	err = vrelay_hchan_check(hchan);
	if (!err) {
		/* -EBUSY: in use, maybe by a GPADL that the host still holds. */
		err = xa_insert(&client->gpadls, gpadl_id, gpadl, GFP_KERNEL);
	}
	if (!err) {
		vrelay_client_expect(client);
		list_add_tail(&gpadl->node, &hchan->gpadls);
		list_splice_tail_init(&msgs, &client->out);
		client->out_len += n;
		gpadl = NULL;
	}
	vrelay_client_post_unlock(client);

	vrelay_out_free(&msgs);
	kfree(gpadl);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_gpadl_create);

/**
 * vrelay_client_gpadl_teardown() - ask the host to let go of a GPADL
 * @hchan: channel
 * @gpadl_id: id
 *
 * Return: 0, then vrelay_client_ops::gpadl_torndown() follows; -EINPROGRESS if
 * the host was asked already by vrelay_client_drain(), and still has it; -ENOENT
 * if the host has no such GPADL any more.
 */
int vrelay_client_gpadl_teardown(struct vrelay_hchan *hchan, u32 gpadl_id)
{
	struct vrelay_client *client = hchan->client;
	struct vrelay_gpadl *gpadl;
	int err = -ENOENT;

	mutex_lock(&client->lock);
	gpadl = xa_load(&client->gpadls, gpadl_id);
	if (gpadl && gpadl->hchan == hchan) {
		if (gpadl->state == VRELAY_GPADL_CREATED) {
			vrelay_gpadl_send_teardown(gpadl);
			err = 0;
		} else {
			err = -EINPROGRESS;
		}
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_gpadl_teardown);

/**
 * vrelay_client_modify() - let the host interrupt another VP
 * @hchan: channel
 * @target_vp: VP
 *
 * Return: 0, then vrelay_client_ops::modified() follows; or -errno, -EOPNOTSUPP if
 * the host would not say when it has done so.
 */
int vrelay_client_modify(struct vrelay_hchan *hchan, u32 target_vp)
{
	struct vrelay_client *client = hchan->client;
	struct vrelay_out *out;
	int err;

	mutex_lock(&client->lock);
	err = vrelay_hchan_check(hchan);
	if (!err && client->version < VMBUS_VERSION(5, 3))
		err = -EOPNOTSUPP;
	if (!err && (hchan->state != VRELAY_HCHAN_OPENED || hchan->modify_pending))
		err = -EBUSY;
	if (!err) {
		out = vrelay_out_alloc();
		out->len = vrelay_msg_modify(out->payload, hchan->offer.channel_id, target_vp);
		vrelay_client_send(client, out);
		hchan->modify_pending = true;
		hchan->asked = jiffies;
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_modify);

/*
 * Any context.  False if the channel is not open with VTL2 in the signal path.
 */
bool vrelay_client_signal(struct vrelay_hchan *hchan)
{
	struct vrelay_host *host = hchan->client->host;
	u32 connection = READ_ONCE(hchan->signal_connection);

	if (!connection)
		return false;
	if (host->ops->signal_event(host, connection, 0) == HV_STATUS_SUCCESS)
		return true;
	vrelay_count(hchan->client, VRELAY_SIGNALS_LOST);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_signal);

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

/* ---- messages of the host -------------------------------------------------------------- */

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

void vrelay_hchan_on_open_result(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_open_result_msg *msg = payload;
	struct vrelay_hchan *hchan = vrelay_hchan_find(client, msg->channel_id);
	bool abandoned;

	if (!hchan || hchan->state != VRELAY_HCHAN_OPENING) {
		/* The result and our knowledge of the rescind may have crossed. */
		if (!hchan || hchan->state != VRELAY_HCHAN_REVOKED)
			vrelay_client_bad(client, "open result", le32_to_cpu(msg->channel_id));
		return;
	}
	abandoned = hchan->open_abandoned;
	hchan->open_abandoned = false;
	if (msg->status) {
		vrelay_hchan_unbind(hchan);
		vrelay_hchan_set_state(hchan, VRELAY_HCHAN_OFFERED);
	} else {
		vrelay_hchan_set_state(hchan, VRELAY_HCHAN_OPENED);
		if (abandoned)
			vrelay_hchan_send_close(hchan);
	}
	if (!abandoned)
		client->ops->open_result(hchan, msg->status ? -EIO : 0);
}

void vrelay_hchan_on_gpadl_created(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_gpadl_created_msg *msg = payload;
	u32 gpadl_id = le32_to_cpu(msg->gpadl_id);
	struct vrelay_gpadl *gpadl = xa_load(&client->gpadls, gpadl_id);
	struct vrelay_hchan *hchan;

	if (!gpadl || gpadl->state != VRELAY_GPADL_OFFERED ||
	    gpadl->hchan->offer.channel_id != le32_to_cpu(msg->channel_id)) {
		vrelay_client_bad(client, "GPADL created", gpadl_id);
		return;
	}
	hchan = gpadl->hchan;
	gpadl->state = VRELAY_GPADL_CREATED;
	if (!gpadl->abandoned)
		client->ops->gpadl_created(hchan, gpadl_id, msg->status ? -EIO : 0);

	/* What a rescinded channel had, the host has dropped already. */
	if (msg->status || hchan->state == VRELAY_HCHAN_REVOKED)
		vrelay_gpadl_free(gpadl);
	else if (gpadl->abandoned)
		vrelay_gpadl_send_teardown(gpadl);
	vrelay_hchan_try_release(hchan);
}

void vrelay_hchan_on_gpadl_torndown(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_gpadl_torndown_msg *msg = payload;
	u32 gpadl_id = le32_to_cpu(msg->gpadl_id);
	struct vrelay_gpadl *gpadl = xa_load(&client->gpadls, gpadl_id);
	struct vrelay_hchan *hchan;

	if (!gpadl || gpadl->state != VRELAY_GPADL_TEARING_DOWN) {
		vrelay_client_bad(client, "GPADL torn down", gpadl_id);
		return;
	}
	hchan = gpadl->hchan;
	if (!gpadl->abandoned)
		client->ops->gpadl_torndown(hchan, gpadl_id);
	vrelay_gpadl_free(gpadl);
	vrelay_hchan_try_release(hchan);
}

void vrelay_hchan_on_modify(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_modify_channel_resp_msg *msg = payload;
	struct vrelay_hchan *hchan = vrelay_hchan_find(client, msg->channel_id);

	if (hchan && hchan->modify_pending) {
		hchan->modify_pending = false;
		if (!hchan->blocked)
			client->ops->modified(hchan, msg->status ? -EIO : 0);
	} else if (hchan && hchan->modify_stale) {
		hchan->modify_stale--;
	} else {
		vrelay_client_bad(client, "modify response", le32_to_cpu(msg->channel_id));
	}
}
