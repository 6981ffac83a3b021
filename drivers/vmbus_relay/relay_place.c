// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an offer of the host goes: to the guest, to a hook, or to nobody.  All of it is
 * called by vrelay::reconcile, or in its place, unless something else is said.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vrelay.h"

/* ---- to the guest, and back --------------------------------------------------------- */

static void vrelay_chan_show(struct vrelay_chan *rc, struct vsrv_chan *chan)
{
	spin_lock(&rc->relay->show_lock);
	rc->shown = chan;
	spin_unlock(&rc->relay->show_lock);
}

/**
 * vrelay_guest_offer() - what the guest is offered for an offer of the host
 * @from: of the host
 * @offer: out
 */
void vrelay_guest_offer(const struct vrelay_offer *from, struct vsrv_offer *offer)
{
	*offer = (struct vsrv_offer) {
		.class_id = from->class_id,
		.instance_id = from->instance_id,
		.subchannel = from->subchannel,
		/* The host cannot promise what these mean. */
		.flags = from->flags & ~VMBUS_OFFER_CONFIDENTIAL,
		.mmio_megabytes = from->mmio_megabytes,
		.mmio_megabytes_optional = from->mmio_megabytes_optional,
		/* The guest enumerates in the host's order. */
		.order = from->channel_id,
		.monitored = from->monitored,
		.host_monitored = from->monitored,
		.monitor_id = from->monitor_id,
	};
	memcpy(offer->user_defined, from->user_defined, sizeof(offer->user_defined));
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_guest_offer);

static int vrelay_chan_offer_guest(struct vrelay_chan *rc)
{
	struct vsrv_offer offer;
	struct vsrv_chan *chan;

	vrelay_guest_offer(&rc->hchan->offer, &offer);
	offer.monitored &= vrelay_client_can_forward(&rc->relay->client);
	vrelay_client_unblock(rc->hchan);
	chan = vsrv_offer(rc->relay->srv, &offer, &vrelay_chan_ops, rc);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	WRITE_ONCE(rc->chan, chan);
	vrelay_chan_show(rc, chan);
	atomic_inc(&rc->relay->relayed);
	return 0;
}

/*
 * The host lets go of the guest's memory before the guest is told: it may reuse
 * the memory from then on.  Draining also blocks: what the guest asks for until
 * vsrv_try_revoke() has succeeded is refused, and no answer is given after that.
 * False if the guest is stopped: then it still has the channel.
 */
static bool vrelay_chan_revoke_guest(struct vrelay_chan *rc)
{
	struct vrelay *relay = rc->relay;

	vrelay_client_drain(rc->hchan, true);
	vrelay_chan_show(rc, NULL);
	rc->leaving = !vsrv_try_revoke(rc->chan);
	if (rc->leaving) {
		/* It was stopped meanwhile. */
		vrelay_chan_show(rc, rc->chan);
		relay->guest_stopped = true;
		return false;
	}
	WRITE_ONCE(rc->chan, NULL);
	atomic_dec(&relay->relayed);
	return true;
}

/* ---- to a hook, and back ------------------------------------------------------------ */

static void vrelay_chan_destroy_dev(struct vrelay_chan *rc)
{
	struct vrelay_dev *dev = rc->dev;

	WRITE_ONCE(rc->dev, NULL);
	vrelay_dev_destroy(dev);
}

static bool vrelay_chan_quarantined(const struct vrelay_chan *rc)
{
	const struct vrelay *relay = rc->relay;
	unsigned int i;

	for (i = 0; i < min(relay->nsilent, VRELAY_SILENT_MAX); i++)
		if (guid_equal(&relay->silent[i].instance_id, &rc->key.instance_id) &&
		    relay->silent[i].subchannel == rc->key.subchannel)
			return true;
	return false;
}

/* Another hook's state is none of this one's business. */
static void vrelay_chan_hand_state(struct vrelay_chan *rc, const struct vint_hook *hook,
				   struct vint_handover *handover)
{
	if (!rc->state || strcmp(rc->state_hook, hook->name))
		return;
	handover->state = rc->state;
	handover->state_len = rc->state_len;
}

static void vrelay_chan_save_state(struct vrelay_chan *rc)
{
	void *state = NULL;
	ssize_t len;

	/* What is older than this hook's time is no state of its. */
	kvfree(rc->state);
	rc->state = NULL;
	if (!rc->hook->save)
		return;
	len = rc->hook->save(rc->hook, rc->hook_priv, &state);
	if (len < 0)
		pr_err_ratelimited("%s: hook %s cannot save its state: error %zd\n",
				   kobject_name(&rc->kobj), rc->hook->name, len);
	if (len <= 0)
		return;
	rc->state = state;
	rc->state_len = len;
	strscpy(rc->state_hook, rc->hook->name, sizeof(rc->state_hook));
}

static const char *vrelay_chan_hook_name(const struct vrelay_chan *rc)
{
	return rc->decision.disposition == VINT_VPCI ? "vpci" : rc->decision.hook;
}

/*
 * A device that does not answer a hook costs the connection, and all others are taken
 * from the guest with it: once.
 */
static void vrelay_chan_quarantine(struct vrelay_chan *rc)
{
	struct vrelay *relay = rc->relay;

	if (!READ_ONCE(rc->hchan->silent) || vrelay_chan_quarantined(rc))
		return;
	pr_err("%s: it does not answer hook %s, and is left alone until a rule changes or redirect is written\n",
	       kobject_name(&rc->kobj), vrelay_chan_hook_name(rc));
	relay->silent[relay->nsilent++ % VRELAY_SILENT_MAX] = rc->key;
}

static int vrelay_chan_offer_hook(struct vrelay_chan *rc)
{
	const char *name = vrelay_chan_hook_name(rc);
	struct vsrv_offer guest;
	struct vint_handover handover = {
		.offer = &rc->key,
		.guest = &guest,
		.srv = rc->relay->srv,
	};
	struct vint_hook *hook;
	int err = -ENOMEM;

	if (vrelay_chan_quarantined(rc))
		return -EHOSTDOWN;
	hook = vint_hook_get(name);
	if (!hook)
		return -ENOENT;
	handover.dev = vrelay_dev_create(rc->hchan);
	if (!handover.dev)
		goto put_hook;
	WRITE_ONCE(rc->dev, handover.dev);
	vrelay_guest_offer(&rc->hchan->offer, &guest);
	/* What the hook offers the host knows nothing of, and must not look for. */
	guest.monitored = false;
	guest.host_monitored = false;
	vrelay_chan_hand_state(rc, hook, &handover);
	err = hook->offer(hook, &handover, &rc->hook_priv);
	if (err)
		goto destroy_dev;
	rc->hook = hook;
	return 0;

destroy_dev:
	vrelay_chan_quarantine(rc);
	vrelay_chan_destroy_dev(rc);
put_hook:
	vint_hook_put(hook);
	return err;
}

static void vrelay_chan_revoke_hook(struct vrelay_chan *rc)
{
	vrelay_chan_save_state(rc);
	rc->hook->revoke(rc->hook, rc->hook_priv);
	vrelay_chan_quarantine(rc);
	vrelay_chan_destroy_dev(rc);
	vint_hook_put(rc->hook);
	rc->hook = NULL;
	rc->hook_priv = NULL;
}

/* ---- what is done with it ----------------------------------------------------------- */

static void vrelay_chan_bind(struct vrelay_chan *rc)
{
	int err = 0;

	if (rc->chan || rc->hook)
		return;
	switch (rc->decision.disposition) {
	case VINT_RELAY:
		err = vrelay_chan_offer_guest(rc);
		break;
	case VINT_INTERCEPT:
	case VINT_VPCI:
		err = vrelay_chan_offer_hook(rc);
		break;
	case VINT_HIDE:
		break;
	}
	/* A hook that is not there may come, and so may a guest for a connection. */
	if (err && err != -ENOENT && err != -ENOTCONN && err != -EHOSTDOWN && err != rc->error)
		pr_err_ratelimited("%s: nobody takes the offer: error %d\n",
				   kobject_name(&rc->kobj), err);
	WRITE_ONCE(rc->error, err);
}

/**
 * vrelay_chan_holds() - does the guest have something of an offer?
 * @rc: channel
 *
 * Return: true if so: while it is stopped nobody takes it from it.
 */
bool vrelay_chan_holds(const struct vrelay_chan *rc)
{
	return rc->chan || (rc->hook && rc->hook->guest_has &&
			    rc->hook->guest_has(rc->hook, rc->hook_priv));
}

/* False if it stays where it is until the guest goes on. */
static bool vrelay_chan_unbind(struct vrelay_chan *rc)
{
	struct vrelay *relay = rc->relay;
	bool stays = relay->guest_stopped && vrelay_chan_holds(rc);

	if (!stays && rc->chan)
		stays = !vrelay_chan_revoke_guest(rc);
	if (!stays && rc->hook)
		vrelay_chan_revoke_hook(rc);
	relay->held |= stays;
	return !stays;
}

static bool vrelay_chan_same(const struct vrelay_chan *a, const struct vrelay_chan *b)
{
	return a->key.subchannel == b->key.subchannel &&
	       guid_equal(&a->key.instance_id, &b->key.instance_id);
}

/* Does the host have another offer of the same instance, seen before or together with it? */
static bool vrelay_chan_repeated(const struct vrelay_chan *rc)
{
	const struct vrelay_chan *other;

	list_for_each_entry(other, &rc->relay->chans, node)
		if (vrelay_chan_same(other, rc) &&
		    READ_ONCE(other->hchan->state) != VRELAY_HCHAN_REVOKED)
			return true;
	return false;
}

/* The name in sysfs must be free; a host may not offer an instance twice. */
static bool vrelay_chan_unique(const struct vrelay_chan *rc)
{
	const struct vrelay_chan *other;

	list_for_each_entry(other, &rc->relay->chans, node)
		if (other->published && vrelay_chan_same(other, rc))
			return false;
	return true;
}

static void vrelay_chan_publish(struct vrelay_chan *rc)
{
	int err;

	if (!vrelay_chan_unique(rc))
		return;
	err = kobject_add(&rc->kobj, rc->relay->offers, "%pUl.%u", &rc->key.instance_id,
			  rc->key.subchannel);
	if (err) {
		pr_err_ratelimited("offer %pUl.%u: no directory in sysfs, so nobody gets it: error %d\n",
				   &rc->key.instance_id, rc->key.subchannel, err);
		return;
	}
	rc->published = true;
}

static void vrelay_chan_decide(struct vrelay_chan *rc, struct vint_decision *decision)
{
	bool overridden;

	spin_lock(&rc->relay->show_lock);
	overridden = rc->overridden;
	*decision = rc->override;
	spin_unlock(&rc->relay->show_lock);
	if (overridden)
		decision->by = VINT_BY_OVERRIDE;
	else
		vint_decide(&rc->key, decision);
}

/**
 * vrelay_chan_set_override() - decide for one offer, whatever the filter says
 * @rc: channel
 * @override: decision, or NULL to leave it to the filter again
 *
 * Takes effect soon after.  An override goes with the offer.
 *
 * Context: process.
 * Return: 0, or -EPERM for a VPCI offer that would leave the VPCI path.
 */
int vrelay_chan_set_override(struct vrelay_chan *rc, const struct vint_decision *override)
{
	static const guid_t vpci = VINT_CLASS_VPCI;
	struct vrelay *relay = rc->relay;

	if (override && guid_equal(&rc->key.class_id, &vpci) &&
	    override->disposition != VINT_VPCI && override->disposition != VINT_HIDE)
		return -EPERM;
	spin_lock(&relay->show_lock);
	rc->overridden = override;
	if (override)
		rc->override = *override;
	spin_unlock(&relay->show_lock);
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_chan_set_override);

/**
 * vrelay_chan_redecide() - take an offer from where the filter does not want it
 * @rc: channel
 *
 * While a guest that is stopped keeps it, the last decision is in force.
 */
void vrelay_chan_redecide(struct vrelay_chan *rc)
{
	struct vint_decision decision;

	vrelay_chan_decide(rc, &decision);
	if (rc->decided && !rc->leaving && vint_decision_equal(&decision, &rc->decision))
		return;
	if (!vrelay_chan_unbind(rc))
		return;
	spin_lock(&rc->relay->show_lock);
	rc->decision = decision;
	rc->decided = true;
	spin_unlock(&rc->relay->show_lock);
	vint_audit(&rc->key, &decision);
}

/**
 * vrelay_chan_apply() - bring an offer to where the filter wants it
 * @rc: channel, after vrelay_chan_redecide()
 */
void vrelay_chan_apply(struct vrelay_chan *rc)
{
	if (!rc->published)
		vrelay_chan_publish(rc);
	if (rc->published)
		vrelay_chan_bind(rc);
	vrelay_tl_offered(rc->relay, &rc->hchan->offer, rc->chan ? 0 : -ECONNREFUSED);
}

/*
 * A sub-channel stands behind its primary channel, also if the relay gets to know both at
 * once and the host has given the sub-channel the lower id.
 */
static struct list_head *vrelay_chan_place(const struct vrelay_chan *rc)
{
	struct vrelay_chan *other;

	if (!rc->key.subchannel)
		list_for_each_entry(other, &rc->relay->chans, node)
			if (other->key.subchannel &&
			    guid_equal(&other->key.instance_id, &rc->key.instance_id))
				return &other->node;
	return &rc->relay->chans;
}

/**
 * vrelay_chan_waits() - does an offer wait for something that nobody tells of?
 * @rc: channel
 *
 * The guest connects, or has a channel id again; there is memory, or room in a queue; a
 * device of VTL2 that has the instance goes.
 *
 * Return: true if so: try again before long.
 */
bool vrelay_chan_waits(const struct vrelay_chan *rc)
{
	switch (rc->error) {
	case -ENOTCONN:
	case -ENOSPC:
	case -ENOMEM:
	case -EBUSY:
		return true;
	case -EEXIST:
		/* To ask a hook again is not for nothing. */
		return rc->decision.disposition == VINT_RELAY;
	default:
		return false;
	}
}

/**
 * vrelay_chan_adopt() - take on an offer of the host
 * @relay: relay
 * @hchan: host's channel, claimed
 */
void vrelay_chan_adopt(struct vrelay *relay, struct vrelay_hchan *hchan)
{
	struct vrelay_chan *rc = kzalloc(sizeof(*rc), GFP_KERNEL);

	if (!rc) {
		/* It comes again with the next connection. */
		pr_err("no memory for an offer of the host\n");
		vrelay_client_release(hchan);
		return;
	}
	kobject_init(&rc->kobj, &vrelay_chan_ktype);
	rc->relay = relay;
	rc->hchan = hchan;
	rc->key.class_id = hchan->offer.class_id;
	rc->key.instance_id = hchan->offer.instance_id;
	rc->key.subchannel = hchan->offer.subchannel;
	rc->key.flags = hchan->offer.flags;
	vrelay_client_set_ctx(hchan, rc);
	if (vrelay_chan_repeated(rc)) {
		vrelay_count(&relay->client, VRELAY_PROTOCOL_ERRORS);
		pr_warn_ratelimited("host: channel %u repeats instance %pUl\n",
				    hchan->offer.channel_id, &rc->key.instance_id);
	}
	list_add_tail(&rc->node, vrelay_chan_place(rc));
}

/**
 * vrelay_chan_drop() - the host's offer is gone, or the relay is switched off
 * @rc: channel
 *
 * The order matters: the host can offer the same device again as soon as it has
 * its channel id back, and the guest's server must be done with the old offer.
 * While the guest is stopped nothing happens to what it has.
 */
void vrelay_chan_drop(struct vrelay_chan *rc)
{
	if (!vrelay_chan_unbind(rc))
		return;
	list_del(&rc->node);
	if (rc->published)
		kobject_del(&rc->kobj);
	vrelay_client_release(rc->hchan);
	kobject_put(&rc->kobj);
}
