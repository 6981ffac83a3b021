// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's monitor pages, as the host gets and gives them back.
 *
 * The client connects before there is a guest, so the host hears of them later, by
 * MODIFY_CONNECTION, one at a time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>

#include <vmbus/deadline.h>

#include "client.h"

static void vrelay_client_send_monitor(struct vrelay_client *client, u64 p2c, u64 c2p)
{
	struct vrelay_out *out = vrelay_out_alloc();

	out->len = vrelay_msg_modify_connection(out->payload, p2c, c2p);
	vrelay_client_send(client, out);
	WRITE_ONCE(client->monitor.asked, true);
	client->monitor.taking = !c2p;
	client->monitor.deadline = jiffies + client->timeout;
	client->monitor.had = client->monitor.has;
	if (c2p)
		WRITE_ONCE(client->monitor.has, true);
}

/* Can the host be told where the pages are? */
static int vrelay_client_can_give(const struct vrelay_client *client)
{
	if (!vrelay_client_online(client))
		return -ENODEV;
	if (!(client->features & VMBUS_FEATURE_MODIFY_CONNECTION) || client->monitor.silent)
		return -EOPNOTSUPP;
	/* The guest does not wait for who has paused the host, or for its buffers. */
	if (client->monitor.asked || client->pause != VRELAY_RUNNING ||
	    !vrelay_client_room(client))
		return -EBUSY;
	return 0;
}

/* And must it give them back?  Not if it has none; else it is told, whatever there is. */
static int vrelay_client_take_monitor(struct vrelay_client *client)
{
	if (!client->monitor.has)
		return -ENODEV;
	if (client->monitor.asked)
		return -EBUSY;
	if (vrelay_client_online(client)) {
		vrelay_client_go_on(client);
		vrelay_client_send_monitor(client, 0, 0);
	} else {
		/* UNLOAD_COMPLETE says so. */
		WRITE_ONCE(client->monitor.asked, true);
	}
	return 0;
}

/**
 * vrelay_client_set_monitor() - the guest has these monitor pages, or none
 * @client: client
 * @p2c: guest physical address of the page toward the guest, 0 for none
 * @c2p: of the page from the guest, 0 for none
 *
 * Return: 0, then vrelay_client_ops::monitor_set() follows, or the connection ends;
 * -ENODEV if there is no host, or nothing that it could give back; -EOPNOTSUPP if it
 * knows no such message, or has not answered to it before; -EBUSY if it is being asked,
 * is paused, or takes no messages.
 */
int vrelay_client_set_monitor(struct vrelay_client *client, u64 p2c, u64 c2p)
{
	int err;

	mutex_lock(&client->lock);
	if (c2p) {
		err = vrelay_client_can_give(client);
		if (!err)
			vrelay_client_send_monitor(client, p2c, c2p);
	} else {
		err = vrelay_client_take_monitor(client);
	}
	vrelay_client_post_unlock(client);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_set_monitor);

static bool vrelay_client_monitor_idle(const struct vrelay_client *client)
{
	return !READ_ONCE(client->monitor.asked) && !READ_ONCE(client->monitor.has);
}

static void vrelay_client_monitor_late(struct vrelay_client *client)
{
	vrelay_count(client, VRELAY_TIMEOUTS);
	pr_err_ratelimited("host: no answer about monitor pages: the connection is cut, and it gets none any more\n");
	client->monitor.silent = true;
	vrelay_client_cut(client);
}

/**
 * vrelay_client_reset_monitor() - get the host to give the guest's pages back
 * @client: client
 *
 * From the beginning of this call no answer is given for a request made before.  Waits
 * for the host, not for ever: one that does not answer is cut off.
 *
 * Context: process, may sleep; not concurrent with vrelay_client_set_monitor().
 */
void vrelay_client_reset_monitor(struct vrelay_client *client)
{
	mutex_lock(&client->lock);
	client->monitor.quiet = true;
	vrelay_client_take_monitor(client);
	vrelay_client_post_unlock(client);

	wait_event_timeout(client->wait, vrelay_client_monitor_idle(client), client->timeout);
	mutex_lock(&client->lock);
	client->monitor.quiet = false;
	if (!vrelay_client_monitor_idle(client))
		vrelay_client_monitor_late(client);
	vrelay_client_post_unlock(client);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_reset_monitor);

/**
 * vrelay_client_check_monitor() - give up on a host that does not answer
 * @client: connected client
 *
 * Context: vrelay_client::lock held.
 * Return: jiffies until the next check, 0 if none is needed.
 */
unsigned long vrelay_client_check_monitor(struct vrelay_client *client)
{
	unsigned long left;

	lockdep_assert_held(&client->lock);
	if (!client->monitor.asked)
		return 0;
	left = vmbus_jiffies_left(client->monitor.deadline);
	if (!left)
		vrelay_client_monitor_late(client);
	return left;
}

/* The connection is gone, and what the host had with it. */
void vrelay_client_forget_monitor(struct vrelay_client *client)
{
	lockdep_assert_held(&client->lock);
	WRITE_ONCE(client->monitor.asked, false);
	WRITE_ONCE(client->monitor.has, false);
}

void vrelay_client_on_monitor(struct vrelay_client *client, const void *payload, u32 len)
{
	const struct vmbus_modify_connection_resp_msg *msg = payload;
	bool ok = msg->connection_state == VMBUS_CONNECTION_OK;

	if (!client->monitor.asked) {
		vrelay_client_bad(client, "answer about monitor pages", msg->connection_state);
		return;
	}
	if (client->monitor.taking && !ok) {
		pr_err_ratelimited("host: it does not give the guest's monitor pages back: the connection is cut\n");
		vrelay_client_cut(client);
		return;
	}
	WRITE_ONCE(client->monitor.asked, false);
	if (client->monitor.taking || (!ok && !client->monitor.had))
		WRITE_ONCE(client->monitor.has, false);
	if (!client->monitor.quiet)
		client->ops->monitor_set(client, ok ? 0 : -EIO);
	else
		vrelay_client_take_monitor(client);
	wake_up_all(&client->wait);
}
