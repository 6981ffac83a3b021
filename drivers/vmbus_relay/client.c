// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection with the host: its state machine, and the two queues.
 *
 * Messages are posted when vrelay_client_post_unlock() drops the lock, so that
 * whatever a failed post brings down is not in use by the caller.  A queue that
 * the host does not take from makes requests fail, while the host's messages
 * are still handled: the host may need us to, before it takes more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "client.h"
#include "trace.h"

#define VRELAY_HOST_TIMEOUT	(10 * HZ)
#define VRELAY_HOST_SILENCE	(30 * HZ)
#define VRELAY_HOST_PATIENCE	(60 * HZ)

struct vrelay_in {
	u32 len;
	u8 payload[VMBUS_MSG_MAX];
};

/* Below 6.0 a host has no features, see vrelay_client_can_share(). */
static const u32 vrelay_versions[] = {
	VMBUS_VERSION(6, 0),
	VMBUS_VERSION(5, 3),
	VMBUS_VERSION(5, 2),
	VMBUS_VERSION(5, 1),
	VMBUS_VERSION(5, 0),
	VMBUS_VERSION(4, 1),
	VMBUS_VERSION(4, 0),
};

static const char *const vrelay_client_state_names[VRELAY_CLIENT_STATES] = {
	[VRELAY_DISCONNECTED] = "disconnected",
	[VRELAY_CONNECTING] = "connecting",
	[VRELAY_REQUESTING_OFFERS] = "requesting offers",
	[VRELAY_CONNECTED] = "connected",
	[VRELAY_DISCONNECTING] = "disconnecting",
};

const char *vrelay_client_state_name(enum vrelay_client_state state)
{
	return state < VRELAY_CLIENT_STATES ? vrelay_client_state_names[state] : "?";
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_state_name);

/* From each state, the mask of states that may follow. */
static const u8 vrelay_client_next[VRELAY_CLIENT_STATES] = {
	[VRELAY_DISCONNECTED] = BIT(VRELAY_CONNECTING),
	[VRELAY_CONNECTING] = BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_DISCONNECTING) |
			      BIT(VRELAY_DISCONNECTED),
	[VRELAY_REQUESTING_OFFERS] = BIT(VRELAY_CONNECTED) | BIT(VRELAY_DISCONNECTING) |
				     BIT(VRELAY_DISCONNECTED),
	[VRELAY_CONNECTED] = BIT(VRELAY_DISCONNECTING) | BIT(VRELAY_DISCONNECTED),
	[VRELAY_DISCONNECTING] = BIT(VRELAY_DISCONNECTED),
};

static bool vrelay_client_set_state(struct vrelay_client *client, enum vrelay_client_state next)
{
	struct vrelay_hchan *hchan;
	unsigned long id;

	lockdep_assert_held(&client->lock);

	if (!(vrelay_client_next[client->state] & BIT(next))) {
		pr_err_ratelimited("no way from %s to %s\n",
				   vrelay_client_state_name(client->state),
				   vrelay_client_state_name(next));
		return false;
	}
	trace_vrelay_client_state(client->state, next);
	WRITE_ONCE(client->state, next);
	client->deadline = jiffies + client->timeout;
	if (next == VRELAY_DISCONNECTED) {
		vrelay_out_free(&client->out);
		client->out_len = 0;
		client->features = 0;
		WRITE_ONCE(client->pause, VRELAY_RUNNING);
		client->held = false;
		client->urgent = false;
		client->probing = false;
		vrelay_client_forget_monitor(client);
		xa_for_each(&client->chans, id, hchan)
			vrelay_hchan_forget(hchan);
	}
	wake_up_all(&client->wait);
	client->ops->changed(client);
	return true;
}

/* The host can be told something about channels. */
bool vrelay_client_online(const struct vrelay_client *client)
{
	return client->state == VRELAY_REQUESTING_OFFERS || client->state == VRELAY_CONNECTED;
}

/* ---- outgoing ------------------------------------------------------------------- */

/* For messages that must not get lost: there is one at most per object. */
struct vrelay_out *vrelay_out_alloc(void)
{
	return kzalloc(sizeof(struct vrelay_out), GFP_KERNEL | __GFP_NOFAIL);
}

bool vrelay_client_room(const struct vrelay_client *client)
{
	return client->out_len < VRELAY_MAX_OUTGOING;
}

void vrelay_client_send(struct vrelay_client *client, struct vrelay_out *out)
{
	lockdep_assert_held(&client->lock);
	vrelay_client_expect(client);
	list_add_tail(&out->node, &client->out);
	client->out_len++;
}

/*
 * The host is of no use: its channels are gone, and their owners hear of it.  What it
 * had of anybody's memory it may still have, until the next contact.
 */
void vrelay_client_cut(struct vrelay_client *client)
{
	struct vrelay_hchan *hchan;
	unsigned long id;

	xa_for_each(&client->chans, id, hchan)
		if (hchan->state != VRELAY_HCHAN_REVOKED)
			hchan->severed = true;
	client->no_host = true;
	vrelay_client_set_state(client, VRELAY_DISCONNECTED);
}

static void vrelay_client_flush(struct vrelay_client *client)
{
	struct vrelay_out *out;
	u16 status;

	while (!list_empty(&client->out) && !client->held) {
		out = list_first_entry(&client->out, struct vrelay_out, node);
		status = client->host->ops->post_message(client->host, out->payload, out->len);
		if (status == HV_STATUS_INSUFFICIENT_BUFFERS) {
			vrelay_count(client, VRELAY_POST_RETRIES);
			client->backoff_ms = client->backoff_ms ?
				min(client->backoff_ms * 2, VRELAY_BACKOFF_MAX_MS) : 1;
			queue_delayed_work(client->wq, &client->tx,
					   msecs_to_jiffies(client->backoff_ms));
			return;
		}
		client->backoff_ms = 0;
		if (status != HV_STATUS_SUCCESS) {
			vrelay_count(client, VRELAY_POST_FAILURES);
			if (status != HV_STATUS_INVALID_CONNECTION_ID)
				pr_err_ratelimited("host: posting failed, status %#x\n", status);
			vrelay_client_cut(client);
			return;
		}
		trace_vrelay_message_out(out->payload, out->len);
		vrelay_count(client, VRELAY_MESSAGES_OUT);
		client->held = get_unaligned_le32(out->payload) == VMBUS_MSG_PAUSE;
		list_del(&out->node);
		client->out_len--;
		kfree(out);
	}
}

/*
 * Post what is queued, unless the host had no buffer just now; then unlock.  A
 * post that fails ends the connection: do not use a channel afterwards that has
 * no owner.
 */
void vrelay_client_post_unlock(struct vrelay_client *client)
{
	if (!client->backoff_ms)
		vrelay_client_flush(client);
	mutex_unlock(&client->lock);
}

static void vrelay_client_tx(struct work_struct *work)
{
	struct vrelay_client *client = container_of(work, struct vrelay_client, tx.work);

	mutex_lock(&client->lock);
	vrelay_client_flush(client);
	if (list_empty(&client->out))
		client->backoff_ms = 0;
	mutex_unlock(&client->lock);
}

void vrelay_client_send_simple(struct vrelay_client *client, enum vmbus_msg_type type)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_simple(out->payload, type);
	vrelay_client_send(client, out);
}

static void vrelay_client_send_contact(struct vrelay_client *client)
{
	struct vrelay_out *out = vrelay_out_alloc();

	client->version = vrelay_versions[client->attempt];
	out->len = vrelay_msg_contact(out->payload, client->version, VRELAY_FEATURES_WANTED,
				      &client->id);
	vrelay_client_send(client, out);
}

/* ---- incoming ------------------------------------------------------------------- */

/* A message of the host that does not fit is dropped: the host is not trusted. */
void vrelay_client_bad(struct vrelay_client *client, const char *what, u32 id)
{
	vrelay_count(client, VRELAY_PROTOCOL_ERRORS);
	trace_vrelay_protocol_error(what, id);
	pr_warn_ratelimited("host: dropped %s (%#x)\n", what, id);
}

static void vrelay_client_fail(struct vrelay_client *client, const char *fmt, u32 arg)
{
	snprintf(client->failure, sizeof(client->failure), fmt, arg);
	pr_err("cannot use this host: %s\n", client->failure);
}

static void vrelay_client_on_version(struct vrelay_client *client, const void *payload, u32 len)
{
	struct vrelay_version version;

	if (vrelay_parse_version(payload, len, &version)) {
		vrelay_client_bad(client, "short version response", len);
		return;
	}
	client->no_host = false;
	if (!version.supported) {
		if (++client->attempt < ARRAY_SIZE(vrelay_versions)) {
			client->deadline = jiffies + client->timeout;
			vrelay_client_send_contact(client);
			return;
		}
		vrelay_client_fail(client, "it speaks no VMBus version from 4.0 to 6.0", 0);
		vrelay_client_set_state(client, VRELAY_DISCONNECTED);
		return;
	}
	if (version.connection_state != VMBUS_CONNECTION_OK) {
		vrelay_client_fail(client, "it refused the connection with state %u",
				   version.connection_state);
		vrelay_client_set_state(client, VRELAY_DISCONNECTED);
		return;
	}

	/* With that it has let go of all that was before. */
	vrelay_client_free_kept(client);
	WRITE_ONCE(client->features, client->version < VMBUS_VERSION(6, 0) ? 0 :
				     version.features & VRELAY_FEATURES_WANTED);
	if (!vrelay_client_can_share(client))
		pr_notice("the host has VMBus %u.%u without guest-specified signals: signals and interrupts of relayed channels go through VTL2\n",
			  client->version >> 16, client->version & 0xffff);
	vrelay_client_send_simple(client, VMBUS_MSG_REQUEST_OFFERS);
	vrelay_client_set_state(client, VRELAY_REQUESTING_OFFERS);
}

static void vrelay_client_on_all_offers(struct vrelay_client *client, const void *payload, u32 len)
{
	vrelay_client_set_state(client, VRELAY_CONNECTED);
}

/* A connect that succeeds is answered with an offer. */
static void vrelay_client_on_tl_result(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_tl_connect_result_msg *msg = payload;
	s32 status = le32_to_cpu(msg->status);

	if (status >= 0 ||
	    !client->ops->tl_refused(client, &msg->service_id, &msg->endpoint_id))
		vrelay_client_bad(client, "TL connect result", status);
}

static void vrelay_client_on_paused(struct vrelay_client *client, const void *payload, u32 len)
{
	if (!client->held || client->pause != VRELAY_PAUSING) {
		vrelay_client_bad(client, "pause response", client->pause);
		return;
	}
	WRITE_ONCE(client->pause, VRELAY_PAUSED);
	client->probing = false;
	if (client->urgent)
		vrelay_client_go_on(client);
	wake_up_all(&client->wait);
}

static void vrelay_client_on_unload(struct vrelay_client *client, const void *payload, u32 len)
{
	vrelay_client_set_state(client, VRELAY_DISCONNECTED);
}

#define VRELAY_ONLINE	(BIT(VRELAY_REQUESTING_OFFERS) | BIT(VRELAY_CONNECTED))

/**
 * struct vrelay_msg_desc - what is known of a message that the host may send
 * @handler: called with vrelay_client::lock held
 * @name: for the log
 * @min_len: of the whole message
 * @states: mask of states in which it is handled
 * @quiet: mask of states in which dropping it is no error of the host: it may
 *	have crossed our message on the way
 */
struct vrelay_msg_desc {
	void (*handler)(struct vrelay_client *client, const void *payload, u32 len);
	const char *name;
	u16 min_len;
	u8 states;
	u8 quiet;
};

static const struct vrelay_msg_desc vrelay_msg_table[VMBUS_MSG_COUNT] = {
	[VMBUS_MSG_OFFER] = {
		vrelay_hchan_on_offer, "offer", sizeof(struct vmbus_offer_msg),
		VRELAY_ONLINE, BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_RESCIND] = {
		vrelay_hchan_on_rescind, "rescind", sizeof(struct vmbus_channel_msg),
		VRELAY_ONLINE, BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_ALL_OFFERS] = {
		vrelay_client_on_all_offers, "all-offers", sizeof(struct vmbus_msg_hdr),
		BIT(VRELAY_REQUESTING_OFFERS), BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_OPEN_RESULT] = {
		vrelay_hchan_on_open_result, "open result", sizeof(struct vmbus_open_result_msg),
		VRELAY_ONLINE, BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_GPADL_CREATED] = {
		vrelay_hchan_on_gpadl_created, "GPADL created",
		sizeof(struct vmbus_gpadl_created_msg), VRELAY_ONLINE, BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_GPADL_TORNDOWN] = {
		vrelay_hchan_on_gpadl_torndown, "GPADL torn down",
		sizeof(struct vmbus_gpadl_torndown_msg), VRELAY_ONLINE, BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_VERSION_RESPONSE] = {
		vrelay_client_on_version, "version response",
		sizeof(struct vmbus_version_response_msg), BIT(VRELAY_CONNECTING), 0,
	},
	[VMBUS_MSG_UNLOAD_COMPLETE] = {
		vrelay_client_on_unload, "unload complete", sizeof(struct vmbus_msg_hdr),
		BIT(VRELAY_DISCONNECTING), 0,
	},
	[VMBUS_MSG_TL_CONNECT_RESULT] = {
		vrelay_client_on_tl_result, "TL connect result",
		sizeof(struct vmbus_tl_connect_result_msg), VRELAY_ONLINE,
		BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_PAUSE_RESPONSE] = {
		vrelay_client_on_paused, "pause response", sizeof(struct vmbus_msg_hdr),
		VRELAY_ONLINE | BIT(VRELAY_DISCONNECTING), 0,
	},
	[VMBUS_MSG_MODIFY_CONNECTION_RESP] = {
		vrelay_client_on_monitor, "answer about monitor pages",
		sizeof(struct vmbus_modify_connection_resp_msg), VRELAY_ONLINE,
		BIT(VRELAY_DISCONNECTING),
	},
	[VMBUS_MSG_MODIFY_CHANNEL_RESP] = {
		vrelay_hchan_on_modify, "modify response",
		sizeof(struct vmbus_modify_channel_resp_msg), VRELAY_ONLINE,
		BIT(VRELAY_DISCONNECTING),
	},
};

/**
 * vrelay_client_handle() - handle one message of the host
 * @client: client
 * @payload: private copy of the message
 * @len: its length
 */
void vrelay_client_handle(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vrelay_msg_desc *desc;
	u32 type;

	vrelay_count(client, VRELAY_MESSAGES_IN);
	trace_vrelay_message_in(payload, len);

	mutex_lock(&client->lock);
	client->heard = jiffies;
	if (len < sizeof(struct vmbus_msg_hdr) || len > VMBUS_MSG_MAX) {
		vrelay_client_bad(client, "message of bad length", len);
		goto out;
	}
	type = get_unaligned_le32(payload);
	if (type >= VMBUS_MSG_COUNT || !vrelay_msg_table[type].handler) {
		vrelay_client_bad(client, "message of a type that nobody asked for", type);
		goto out;
	}
	desc = &vrelay_msg_table[type];
	if (len < desc->min_len)
		vrelay_client_bad(client, "short message", type);
	else if (desc->states & BIT(client->state))
		desc->handler(client, payload, len);
	else if (!(desc->quiet & BIT(client->state)))
		vrelay_client_bad(client, desc->name, client->state);
out:
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_handle);

/* Called by the transport, must not sleep. */
int vrelay_client_receive(void *ctx, const void *payload, u32 len)
{
	struct vrelay_client *client = ctx;
	struct vrelay_in *in;
	unsigned long flags;
	int err = 0;

	if (len > VMBUS_MSG_MAX) {
		vrelay_client_bad(client, "message of bad length", len);
		return 0;
	}

	spin_lock_irqsave(&client->in_lock, flags);
	if (client->in_len == VRELAY_MAX_INCOMING) {
		client->in_refused = true;
		vrelay_count(client, VRELAY_MESSAGES_BUSY);
		err = -EAGAIN;
	} else {
		in = &client->in[(client->in_head + client->in_len) % VRELAY_MAX_INCOMING];
		in->len = len;
		memcpy(in->payload, payload, len);
		client->in_len++;
	}
	spin_unlock_irqrestore(&client->in_lock, flags);

	queue_work(client->wq, &client->rx);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_receive);

static bool vrelay_client_next_in(struct vrelay_client *client, struct vrelay_in *in)
{
	bool refused = false;
	bool got = false;

	spin_lock_irq(&client->in_lock);
	if (client->in_len) {
		*in = client->in[client->in_head];
		client->in_head = (client->in_head + 1) % VRELAY_MAX_INCOMING;
		client->in_len--;
		got = true;
	}
	if (!client->in_len) {
		refused = client->in_refused;
		client->in_refused = false;
	}
	spin_unlock_irq(&client->in_lock);

	if (refused)
		client->host->ops->ready(client->host);
	return got;
}

static void vrelay_client_rx(struct work_struct *work)
{
	struct vrelay_client *client = container_of(work, struct vrelay_client, rx);
	struct vrelay_in in;

	while (vrelay_client_next_in(client, &in))
		vrelay_client_handle(client, in.payload, in.len);
}

/* ---- life cycle ------------------------------------------------------------------- */

/**
 * vrelay_client_connect() - begin to talk to the host
 * @client: client
 *
 * What comes of it is told by vrelay_client_ops::changed().
 *
 * Return: 0, or -EBUSY if not disconnected.
 */
int vrelay_client_connect(struct vrelay_client *client)
{
	int err = -EBUSY;

	mutex_lock(&client->lock);
	if (client->state == VRELAY_DISCONNECTED) {
		err = 0;
		client->attempt = 0;
		client->failure[0] = '\0';
		vrelay_client_send_contact(client);
		vrelay_client_set_state(client, VRELAY_CONNECTING);
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_connect);

/* Begin to disconnect: UNLOAD, if the host knows us. */
VISIBLE_IF_KUNIT void vrelay_client_unload(struct vrelay_client *client)
{
	mutex_lock(&client->lock);
	if (vrelay_client_online(client)) {
		vrelay_client_go_on(client);
		vrelay_client_send_simple(client, VMBUS_MSG_UNLOAD);
		vrelay_client_set_state(client, VRELAY_DISCONNECTING);
	} else if (client->state == VRELAY_CONNECTING) {
		/* The next contact replaces this one, whatever the host makes of it. */
		vrelay_client_set_state(client, VRELAY_DISCONNECTED);
	}
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_unload);

/**
 * vrelay_client_disconnect() - UNLOAD, and wait for the host to let go
 * @client: client; every channel was released
 *
 * A host that does not answer in time is left alone.
 */
void vrelay_client_disconnect(struct vrelay_client *client)
{
	vrelay_client_unload(client);
	if (!wait_event_timeout(client->wait,
				vrelay_client_get_state(client) == VRELAY_DISCONNECTED,
				client->timeout)) {
		vrelay_count(client, VRELAY_TIMEOUTS);
		pr_err("host: no answer to UNLOAD\n");
	}

	mutex_lock(&client->lock);
	if (client->state != VRELAY_DISCONNECTED)
		vrelay_client_cut(client);
	client->no_host = false;
	client->failure[0] = '\0';
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_disconnect);

/**
 * vrelay_client_tl_connect() - the guest wants to connect to a service of the host
 * @client: client
 * @service_id: service
 * @endpoint_id: the guest's end
 * @silo_id: container of the guest
 *
 * Return: 0, then an offer of that class and instance follows, or
 * vrelay_client_ops::tl_refused(), or neither: a host below 4.1 cannot refuse;
 * or -ENODEV if there is no host, -EBUSY if it takes no messages.
 */
int vrelay_client_tl_connect(struct vrelay_client *client, const guid_t *service_id,
			     const guid_t *endpoint_id, const guid_t *silo_id)
{
	struct vrelay_out *out;
	int err = 0;

	mutex_lock(&client->lock);
	if (client->state != VRELAY_CONNECTED) {
		err = -ENODEV;
	} else if (!vrelay_client_room(client)) {
		err = -EBUSY;
	} else {
		out = vrelay_out_alloc();
		out->len = vrelay_msg_tl_connect(out->payload, client->version, service_id,
						 endpoint_id, silo_id);
		vrelay_client_send(client, out);
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_tl_connect);

/**
 * vrelay_client_claim() - take an offer that has no owner yet
 * @client: client
 *
 * Return: the channel, the caller's until vrelay_client_release(), or NULL.
 */
struct vrelay_hchan *vrelay_client_claim(struct vrelay_client *client)
{
	struct vrelay_hchan *hchan;
	unsigned long id;

	mutex_lock(&client->lock);
	xa_for_each(&client->chans, id, hchan) {
		if (!hchan->claimed) {
			hchan->claimed = true;
			break;
		}
	}
	vrelay_client_post_unlock(client);
	return hchan;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_claim);

/* Say in words where the client is. */
void vrelay_client_describe(struct vrelay_client *client, char *buf, size_t size)
{
	mutex_lock(&client->lock);
	if (client->failure[0])
		snprintf(buf, size, "failed: %s", client->failure);
	else if (client->no_host && client->state != VRELAY_CONNECTED)
		snprintf(buf, size, "no host");
	else if (client->pause == VRELAY_PAUSED)
		snprintf(buf, size, "paused");
	else
		snprintf(buf, size, "%s", vrelay_client_state_name(client->state));
	mutex_unlock(&client->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_describe);

int vrelay_client_start(struct vrelay_client *client, struct vmbus_partition *part)
{
	client->monitor.silent = false;
	client->host->receive = vrelay_client_receive;
	client->host->receive_ctx = client;
	return client->host->ops->start(client->host, part);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_start);

/* The client must be disconnected. */
void vrelay_client_stop(struct vrelay_client *client)
{
	client->host->ops->stop(client->host);
	cancel_work_sync(&client->rx);
	cancel_delayed_work_sync(&client->tx);
	client->backoff_ms = 0;
	client->in_head = 0;
	client->in_len = 0;
	client->in_refused = false;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_stop);

/**
 * vrelay_client_init() - prepare a client
 * @client: client
 * @ops: callbacks
 * @host: transport
 * @wq: queue to work on
 *
 * Return: 0 or -errno.
 */
int vrelay_client_init(struct vrelay_client *client, const struct vrelay_client_ops *ops,
		       struct vrelay_host *host, struct workqueue_struct *wq)
{
	memset(client, 0, sizeof(*client));
	client->in = kvcalloc(VRELAY_MAX_INCOMING, sizeof(*client->in), GFP_KERNEL);
	if (!client->in)
		return -ENOMEM;
	client->ops = ops;
	client->host = host;
	client->wq = wq;
	guid_gen(&client->id);
	client->timeout = VRELAY_HOST_TIMEOUT;
	client->silence = VRELAY_HOST_SILENCE;
	client->patience = VRELAY_HOST_PATIENCE;
	INIT_WORK(&client->rx, vrelay_client_rx);
	INIT_DELAYED_WORK(&client->tx, vrelay_client_tx);
	spin_lock_init(&client->in_lock);
	mutex_init(&client->lock);
	xa_init(&client->chans);
	xa_init(&client->gpadls);
	INIT_LIST_HEAD(&client->out);
	INIT_LIST_HEAD(&client->kept);
	init_waitqueue_head(&client->wait);
	/* Flag 0 belongs to the shared interrupt of old guests. */
	__set_bit(0, client->event_flags);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_init);

/* The client must be disconnected, and stopped if it was started. */
void vrelay_client_destroy(struct vrelay_client *client)
{
	vrelay_client_lose_kept(client);
	cancel_work_sync(&client->rx);
	cancel_delayed_work_sync(&client->tx);
	vrelay_out_free(&client->out);
	xa_destroy(&client->chans);
	xa_destroy(&client->gpadls);
	mutex_destroy(&client->lock);
	kvfree(client->in);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_destroy);
