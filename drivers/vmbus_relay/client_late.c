// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers about a channel that do not come, although the host is there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>

#include "client.h"

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
