// SPDX-License-Identifier: GPL-2.0-only
/*
 * One offer of the host: where it goes, and the mapping between the guest's
 * requests and the host's channel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/partition.h>

#include "vrelay.h"

/* ---- requests of the guest: called by its server, direct with its lock, else without -- */

/* The first callback may come before vsrv_offer() has returned the channel. */
static struct vrelay_chan *vrelay_chan_of(struct vsrv_chan *chan)
{
	struct vrelay_chan *rc = vsrv_chan_ctx(chan);

	WRITE_ONCE(rc->chan, chan);
	return rc;
}

/* The host's interrupt, when VTL2 sits in the signal path.  Any context. */
static void vrelay_chan_event(void *ctx)
{
	struct vrelay_chan *rc = ctx;

	atomic64_inc(&rc->forwarded_to_guest);
	atomic64_inc(&rc->relay->forwarded_to_guest);
	vsrv_chan_interrupt(READ_ONCE(rc->chan));
}

/* The guest's signal, when VTL2 sits in the signal path.  Any context. */
static void vrelay_chan_signal(struct vsrv_chan *chan)
{
	struct vrelay_chan *rc = vsrv_chan_ctx(chan);

	if (!vrelay_client_signal(rc->hchan))
		return;
	atomic64_inc(&rc->forwarded_to_host);
	atomic64_inc(&rc->relay->forwarded_to_host);
}

/*
 * VTL2 enters the signal path only where it must: for a guest that looks into a page
 * which the host does not know, or sets bits in one that the server looks into, or a host
 * that takes no signals but its own.
 */
static bool vrelay_chan_direct(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	const struct vrelay_client *client = &rc->relay->client;
	bool forced = READ_ONCE(rc->relay->force_forwarding) && vrelay_client_can_forward(client);

	WRITE_ONCE(rc->forwarding, params->shared || forced || vsrv_chan_monitored(chan) ||
		   !vrelay_client_can_share(client));
	return !rc->forwarding;
}

static void vrelay_chan_open(struct vsrv_chan *chan, const struct vsrv_open_params *params)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	struct vrelay_open open = {
		.ring_gpadl = params->ring_gpadl,
		.downstream_page = params->downstream_page,
		.target_vp = params->target_vp,
		.connection_id = params->connection_id,
		.event_flag = params->event_flag,
		.user_data = params->user_data,
	};
	int err;

	/* That the guest asks to interrupt VTL2 is not passed on: VTL2 is us. */
	if (rc->forwarding) {
		open.event = vrelay_chan_event;
		open.event_ctx = rc;
	}
	err = vrelay_client_open(rc->hchan, &open);
	if (err)
		vsrv_open_done(chan, err);
}

/* The host does not answer a CLOSE, and stops using the ring when it gets it. */
static void vrelay_chan_close(struct vsrv_chan *chan)
{
	vrelay_client_close(vrelay_chan_of(chan)->hchan);
	vsrv_close_done(chan);
}

/*
 * The host gets the guest's page numbers as they are: they must be the guest's own.
 * Returns how many words they are, without what a guest may have put behind them.
 */
static int vrelay_chan_check_gpadl(struct vrelay_chan *rc, const struct vsrv_gpadl *gpadl)
{
	struct vmbus_partition *part = vsrv_partition(rc->relay->srv);
	unsigned int i, npfns;
	u32 len, offset;
	const u64 *pfns;
	u32 pos = 0;
	int err;

	for (i = 0; i < vsrv_gpadl_range_count(gpadl); i++) {
		err = vsrv_gpadl_next(gpadl, &pos, &len, &offset, &pfns, &npfns);
		if (!err)
			err = vpart_check_pfns(part, pfns, npfns, true);
		if (err)
			return err;
	}
	return pos ?: -EINVAL;
}

static void vrelay_chan_gpadl_create(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	u32 id = vsrv_gpadl_id(gpadl);
	unsigned int nwords;
	const u64 *words;
	int n, err;

	words = vsrv_gpadl_words(gpadl, &nwords);
	n = vrelay_chan_check_gpadl(rc, gpadl);
	err = n < 0 ? n : vrelay_client_gpadl_create(rc->hchan, id, vsrv_gpadl_range_count(gpadl),
						     words, n);
	if (err)
		vsrv_gpadl_create_done(chan, id, err);
}

/*
 * The host may keep it until the channel is closed: the answer comes by itself.
 * While the channel is drained, the server gives it when the channel is revoked.
 */
static void vrelay_chan_gpadl_teardown(struct vsrv_chan *chan, u32 gpadl_id)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);

	if (vrelay_client_gpadl_teardown(rc->hchan, gpadl_id) == -ENOENT)
		vsrv_gpadl_teardown_done(chan, gpadl_id);
}

static void vrelay_chan_modify(struct vsrv_chan *chan, u32 target_vp)
{
	struct vrelay_chan *rc = vrelay_chan_of(chan);
	int err = vrelay_client_modify(rc->hchan, target_vp);

	if (!err)
		return;
	/* Such a host interrupts VTL2, and the server knows the guest's new VP. */
	if (err == -EOPNOTSUPP && rc->forwarding)
		err = 0;
	vsrv_modify_done(chan, err);
}

/* vrelay_client::lock orders this against answers: none is given afterwards. */
static void vrelay_chan_stop(struct vsrv_chan *chan)
{
	vrelay_client_drain(vrelay_chan_of(chan)->hchan, false);
}

static const struct vsrv_chan_ops vrelay_chan_ops = {
	.open = vrelay_chan_open,
	.close = vrelay_chan_close,
	.gpadl_create = vrelay_chan_gpadl_create,
	.gpadl_teardown = vrelay_chan_gpadl_teardown,
	.modify = vrelay_chan_modify,
	.signal = vrelay_chan_signal,
	.direct = vrelay_chan_direct,
	.stop = vrelay_chan_stop,
};

/* ---- answers of the host: called by the client, vrelay_client::lock held -------------- */

static void vrelay_on_changed(struct vrelay_client *client)
{
	struct vrelay *relay = container_of(client, struct vrelay, client);

	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

static struct vsrv_chan *vrelay_guest_end(struct vrelay_hchan *hchan)
{
	struct vrelay_chan *rc = hchan->ctx;

	return READ_ONCE(rc->chan);
}

/* The device, if a hook has the offer and not the guest. */
static struct vrelay_dev *vrelay_hook_end(struct vrelay_hchan *hchan)
{
	struct vrelay_chan *rc = hchan->ctx;

	return READ_ONCE(rc->dev);
}

static void vrelay_on_open_result(struct vrelay_hchan *hchan, int err)
{
	struct vrelay_dev *dev = vrelay_hook_end(hchan);

	if (dev)
		vrelay_dev_answer(dev, err);
	else
		vsrv_open_done(vrelay_guest_end(hchan), err);
}

static void vrelay_on_gpadl_created(struct vrelay_hchan *hchan, u32 gpadl_id, int err)
{
	struct vrelay_dev *dev = vrelay_hook_end(hchan);

	if (dev)
		vrelay_dev_answer(dev, err);
	else
		vsrv_gpadl_create_done(vrelay_guest_end(hchan), gpadl_id, err);
}

static void vrelay_on_gpadl_torndown(struct vrelay_hchan *hchan, u32 gpadl_id)
{
	vsrv_gpadl_teardown_done(vrelay_guest_end(hchan), gpadl_id);
}

static void vrelay_on_modified(struct vrelay_hchan *hchan, int err)
{
	vsrv_modify_done(vrelay_guest_end(hchan), err);
}

static bool vrelay_on_tl_refused(struct vrelay_client *client, const guid_t *service_id,
				 const guid_t *endpoint_id)
{
	struct vrelay *relay = container_of(client, struct vrelay, client);

	return vrelay_tl_refused(relay, service_id, endpoint_id);
}

const struct vrelay_client_ops vrelay_client_ops = {
	.changed = vrelay_on_changed,
	.open_result = vrelay_on_open_result,
	.gpadl_created = vrelay_on_gpadl_created,
	.gpadl_torndown = vrelay_on_gpadl_torndown,
	.modified = vrelay_on_modified,
	.tl_refused = vrelay_on_tl_refused,
	.monitor_set = vrelay_mon_answer,
};

/* ---- where the offer goes: reconcile only ----------------------------------------------- */

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
	return rc->chan || (rc->hook && rc->hook->held && rc->hook->held(rc->hook, rc->hook_priv));
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
