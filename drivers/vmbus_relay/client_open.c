// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open and close of the host's channels, and what can be done with one that is open:
 * signal the host, and have it interrupt another VP.
 *
 * As a rule guest and host signal each other, and VTL2 knows nothing of it.  With
 * vrelay_open::event it is in between, by a connection and an event flag of its own.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>

#include <vmbus/partition.h>

#include "client.h"

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

/* VTL2 leaves the signal path. */
void vrelay_hchan_unbind(struct vrelay_hchan *hchan)
{
	struct vrelay_client *client = hchan->client;

	WRITE_ONCE(hchan->signal_connection, 0);
	if (hchan->event_flag) {
		client->host->ops->unbind_event(client->host, hchan->event_flag);
		__clear_bit(hchan->event_flag, client->event_flags);
		hchan->event_flag = 0;
	}
}

/* The channel is closed as far as the client is concerned. */
void vrelay_hchan_send_close(struct vrelay_hchan *hchan)
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
void vrelay_hchan_abandon_open(struct vrelay_hchan *hchan)
{
	hchan->open_abandoned = true;
	vrelay_hchan_unbind(hchan);
}

/* ---- requests of the owner ---------------------------------------------------------- */

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

/* ---- messages of the host ----------------------------------------------------------- */

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
