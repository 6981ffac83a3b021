// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the host is waited for, and what becomes of memory of this kernel that it
 * does not give back.
 *
 * A host that was reset knows nothing of us, and does not say so.  One whose device does
 * not answer is there all the same, and its other devices work.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <vmbus/deadline.h>

#include "client.h"

/* There is something that a host which is there answers, or takes, before long. */
static bool vrelay_client_awaits(struct vrelay_client *client)
{
	struct vrelay_hchan *hchan;
	unsigned long id, end;

	if (!list_empty(&client->out))
		return true;
	xa_for_each(&client->chans, id, hchan)
		if (vrelay_hchan_due(hchan, &end))
			return true;
	return false;
}

/**
 * vrelay_client_expect() - something is about to be queued for the host
 * @client: client
 *
 * Its time begins, if nothing was due from it.
 *
 * Context: vrelay_client::lock held.
 */
void vrelay_client_expect(struct vrelay_client *client)
{
	lockdep_assert_held(&client->lock);
	if (vrelay_client_awaits(client))
		return;
	client->heard = jiffies;
	client->ops->changed(client);
}

static void vrelay_client_give_up(struct vrelay_client *client, const char *why)
{
	vrelay_count(client, VRELAY_TIMEOUTS);
	pr_err_ratelimited("host: %s: the connection is cut\n", why);
	vrelay_client_cut(client);
}

/* PAUSE is answered by whoever holds the connection, not by a device. */
static void vrelay_client_probe(struct vrelay_client *client)
{
	client->heard = jiffies;
	if (!(client->features & VMBUS_FEATURE_PAUSE_RESUME))
		return;
	vrelay_client_send_simple(client, VMBUS_MSG_PAUSE);
	WRITE_ONCE(client->pause, VRELAY_PAUSING);
	client->urgent = true;
	client->probing = true;
	client->deadline = jiffies + client->timeout;
}

/* Something is due, and the host says nothing: is it there? */
static unsigned long vrelay_client_check_silence(struct vrelay_client *client)
{
	unsigned long left;

	if (client->probing) {
		left = vmbus_jiffies_left(client->deadline);
		if (!left)
			vrelay_client_give_up(client, "it says nothing");
		return left;
	}
	if (client->pause != VRELAY_RUNNING || !vrelay_client_awaits(client))
		return 0;
	left = vmbus_jiffies_left(client->heard + client->silence);
	if (left)
		return left;
	if (!list_empty(&client->out)) {
		vrelay_client_give_up(client, "it takes no message");
		return 0;
	}
	vrelay_client_probe(client);
	return client->probing ? client->timeout : client->silence;
}

/* Requests that the host does not answer, although it is there. */
static unsigned long vrelay_client_check_requests(struct vrelay_client *client)
{
	struct vrelay_hchan *hchan;
	unsigned long id, end, wait, left = 0;
	bool cut = false;

	/* It answers what it was asked before; what is asked now waits here. */
	if (client->pause == VRELAY_PAUSED)
		return 0;
	xa_for_each(&client->chans, id, hchan)
		while (vrelay_hchan_due(hchan, &end) && !cut) {
			wait = vmbus_jiffies_left(end);
			if (wait) {
				left = min_not_zero(left, wait);
				break;
			}
			cut = !vrelay_hchan_give_up(hchan);
		}
	if (cut)
		vrelay_client_give_up(client, "it does not let go of the guest's memory");
	return left;
}

/**
 * vrelay_client_check_deadline() - give up on a host that does not answer
 * @client: client
 *
 * Return: jiffies until the next check, 0 if none is needed.
 */
unsigned long vrelay_client_check_deadline(struct vrelay_client *client)
{
	unsigned long left = 0;

	mutex_lock(&client->lock);
	if (client->state == VRELAY_CONNECTED) {
		left = vrelay_client_check_monitor(client);
		if (client->state == VRELAY_CONNECTED)
			left = min_not_zero(left, vrelay_client_check_requests(client));
		if (client->state == VRELAY_CONNECTED)
			left = min_not_zero(left, vrelay_client_check_silence(client));
		if (client->state != VRELAY_CONNECTED)
			left = 0;
	} else if (client->state != VRELAY_DISCONNECTED) {
		left = vmbus_jiffies_left(client->deadline);
		if (!left) {
			vrelay_count(client, VRELAY_TIMEOUTS);
			vrelay_client_cut(client);
		}
	}
	vrelay_client_post_unlock(client);
	return left;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_client_check_deadline);

/* ---- memory ------------------------------------------------------------------------ */

/**
 * vrelay_client_keep() - pages of this kernel that a host which was cut off may have
 * @client: client
 * @pages: pages; freed when the host has answered to the next contact
 * @n: their number
 *
 * Context: process, may sleep.
 */
void vrelay_client_keep(struct vrelay_client *client, struct page **pages, unsigned int n)
{
	struct vrelay_kept *kept;

	kept = kvmalloc(struct_size(kept, pages, n), GFP_KERNEL | __GFP_NOFAIL);
	kept->npages = n;
	memcpy(kept->pages, pages, n * sizeof(*pages));
	mutex_lock(&client->lock);
	list_add(&kept->node, &client->kept);
	mutex_unlock(&client->lock);
}

/* vrelay_client::lock held. */
void vrelay_client_free_kept(struct vrelay_client *client)
{
	struct vrelay_kept *kept, *next;
	unsigned int i;

	lockdep_assert_held(&client->lock);
	list_for_each_entry_safe(kept, next, &client->kept, node) {
		for (i = 0; i < kept->npages; i++)
			__free_page(kept->pages[i]);
		list_del(&kept->node);
		kvfree(kept);
	}
}

/* No contact follows: what a host may have is lost for ever. */
void vrelay_client_lose_kept(struct vrelay_client *client)
{
	struct vrelay_kept *kept, *next;

	list_for_each_entry_safe(kept, next, &client->kept, node) {
		pr_err("%u pages are lost: the host may still write to them\n", kept->npages);
		list_del(&kept->node);
		kvfree(kept);
	}
}
