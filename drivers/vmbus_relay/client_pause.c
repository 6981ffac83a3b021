// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pause and resume of the host.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>

#include "client.h"

/**
 * vrelay_client_pause() - have the host say nothing for a while
 * @client: client
 *
 * What it was asked before is still answered first.  What it is asked meanwhile waits
 * here until vrelay_client_resume(), with one exception: to let go of memory, in
 * vrelay_client_drain() or for UNLOAD, it is resumed.
 *
 * Context: process, may sleep; one at a time.  Waits for the host, not for ever: one that
 * does not answer is cut off.
 * Return: 0, also if it was paused; -ENOTCONN if there is no host, or it goes meanwhile;
 * -EOPNOTSUPP if it cannot; -EINTR if it was resumed meanwhile; -ETIMEDOUT.
 */
int vrelay_client_pause(struct vrelay_client *client)
{
	int err = 0;

	mutex_lock(&client->lock);
	if (client->state != VRELAY_CONNECTED) {
		err = -ENOTCONN;
	} else if (!(client->features & VMBUS_FEATURE_PAUSE_RESUME)) {
		err = -EOPNOTSUPP;
	} else if (client->pause == VRELAY_RUNNING) {
		vrelay_client_send_simple(client, VMBUS_MSG_PAUSE);
		WRITE_ONCE(client->pause, VRELAY_PAUSING);
	} else if (client->probing) {
		/* It has been asked already, to see whether it is there. */
		client->probing = false;
		client->urgent = false;
	}
	vrelay_client_post_unlock(client);
	if (err)
		return err;

	wait_event_timeout(client->wait, READ_ONCE(client->pause) != VRELAY_PAUSING,
			   client->timeout);
	mutex_lock(&client->lock);
	if (client->state != VRELAY_CONNECTED) {
		err = -ENOTCONN;
	} else if (client->pause == VRELAY_RUNNING) {
		err = -EINTR;
	} else if (client->pause == VRELAY_PAUSING) {
		err = -ETIMEDOUT;
		vrelay_count(client, VRELAY_TIMEOUTS);
		vrelay_client_cut(client);
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_pause);

/* If the host is paused, or will be, it goes on: ahead of what waits for it. */
void vrelay_client_go_on(struct vrelay_client *client)
{
	struct vrelay_out *out;

	lockdep_assert_held(&client->lock);
	client->urgent = client->pause == VRELAY_PAUSING;
	if (client->pause != VRELAY_PAUSED)
		return;
	out = vrelay_out_alloc();
	out->len = vrelay_msg_simple(out->payload, VMBUS_MSG_RESUME);
	list_add(&out->node, &client->out);
	client->out_len++;
	client->held = false;
	/* What it was asked meanwhile it gets now, and time for. */
	client->heard = jiffies;
	WRITE_ONCE(client->pause, VRELAY_RUNNING);
	client->ops->changed(client);
}

/**
 * vrelay_client_resume() - have the host go on
 * @client: client
 *
 * Context: process, may sleep; not concurrent with vrelay_client_pause().
 */
void vrelay_client_resume(struct vrelay_client *client)
{
	mutex_lock(&client->lock);
	vrelay_client_go_on(client);
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_resume);
