// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: memory that the host may use with a channel.
 *
 * The host has it from the moment it is told of it, until it has refused it, or let go.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "client.h"

/* The host has it no more. */
void vrelay_gpadl_free(struct vrelay_gpadl *gpadl)
{
	struct vrelay_client *client = gpadl->hchan->client;

	lockdep_assert_held(&client->lock);
	xa_erase(&client->gpadls, gpadl->id);
	list_del(&gpadl->node);
	kfree(gpadl);
	wake_up_all(&client->wait);
}

/* For one that was created. */
void vrelay_gpadl_send_teardown(struct vrelay_gpadl *gpadl)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_teardown(out->payload, gpadl->hchan->offer.channel_id, gpadl->id);
	vrelay_client_send(gpadl->hchan->client, out);
	gpadl->state = VRELAY_GPADL_TEARING_DOWN;
	gpadl->asked = jiffies;
}

/* ---- requests of the owner ---------------------------------------------------------- */

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

/* ---- messages of the host ----------------------------------------------------------- */

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
