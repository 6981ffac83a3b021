// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay as a whole: brings the connection with the host and what the guest
 * is offered to where the administrator wants them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <vmbus/deadline.h>

#include "vrelay.h"

static void vrelay_look_at_guest(struct vrelay *relay)
{
	relay->guest_stopped = vsrv_stopped(vsrv_stops(relay->srv));
	relay->held = false;
}

/* False if something is left that the guest has, which is stopped. */
static bool vrelay_drop_all(struct vrelay *relay)
{
	struct vrelay_chan *rc, *next;

	/* From behind: sub-channels go before their primary channel. */
	list_for_each_entry_safe_reverse(rc, next, &relay->chans, node)
		vrelay_chan_drop(rc);
	return list_empty(&relay->chans);
}

static bool vrelay_chan_rescinded(const struct vrelay_chan *rc)
{
	return READ_ONCE(rc->hchan->state) == VRELAY_HCHAN_REVOKED;
}

/* From behind: sub-channels go before their primary channel. */
static void vrelay_drop_rescinded(struct vrelay *relay)
{
	struct vrelay_chan *rc, *next;

	list_for_each_entry_safe_reverse(rc, next, &relay->chans, node)
		if (vrelay_chan_rescinded(rc))
			vrelay_chan_drop(rc);
}

static void vrelay_reconcile_offers(struct vrelay *relay)
{
	struct vrelay_hchan *hchan;
	struct vrelay_chan *rc;

	vrelay_drop_rescinded(relay);
	while ((hchan = vrelay_client_claim(&relay->client)))
		vrelay_chan_adopt(relay, hchan);
	/* What came and went before we looked. */
	vrelay_drop_rescinded(relay);

	list_for_each_entry_reverse(rc, &relay->chans, node)
		vrelay_chan_redecide(rc);
	/* Sub-channels come after their primary channel. */
	list_for_each_entry(rc, &relay->chans, node)
		if (!rc->key.subchannel && !vrelay_chan_rescinded(rc))
			vrelay_chan_apply(rc);
	list_for_each_entry(rc, &relay->chans, node)
		if (rc->key.subchannel && !vrelay_chan_rescinded(rc))
			vrelay_chan_apply(rc);
}

static bool vrelay_offers_wait(const struct vrelay *relay)
{
	const struct vrelay_chan *rc;

	list_for_each_entry(rc, &relay->chans, node)
		if (vrelay_chan_waits(rc))
			return true;
	return false;
}

/* Returns jiffies until the next look, 0 for none. */
static unsigned long vrelay_reconcile_guest(struct vrelay *relay)
{
	unsigned long again;

	/* A guest that is connected keeps what it has. */
	vsrv_limit_version(relay->srv, READ_ONCE(relay->client.version));
	vrelay_mon_on(relay);
	WRITE_ONCE(relay->client.guest_leaves, vsrv_client_leaves(relay->srv));
	again = vrelay_client_check_deadline(&relay->client);
	if (!vrelay_mon_settling(relay))
		vrelay_reconcile_offers(relay);
	if (relay->held || vrelay_offers_wait(relay))
		again = min_not_zero(again, (unsigned long)VRELAY_RETRY);
	return min_not_zero(again, vrelay_tl_check(relay, false));
}

/* Returns jiffies until the next try, 0 for none. */
static unsigned long vrelay_reconcile_host(struct vrelay *relay)
{
	/* What the host had of us, it has lost. */
	bool dropped = vrelay_drop_all(relay);
	unsigned long left;

	vrelay_tl_check(relay, true);
	/* What the guest still has must not be offered beside it. */
	if (!dropped)
		return VRELAY_RETRY;
	vrelay_mon_off(relay);
	if (READ_ONCE(relay->client.failure[0]))
		return 0;
	left = vmbus_jiffies_left(relay->retry_at);
	if (left)
		return left;
	relay->retry_at = jiffies + VRELAY_RETRY;
	vrelay_client_connect(&relay->client);
	return VRELAY_RETRY;
}

/* False if something is left that the guest has: without it the host cannot come back. */
static bool vrelay_reconcile_off(struct vrelay *relay)
{
	bool done = vrelay_drop_all(relay);

	vrelay_client_disconnect(&relay->client);
	if (done)
		vrelay_mon_off(relay);
	sysfs_notify(&relay->dev.kobj, NULL, "state");
	return done;
}

static void vrelay_reconcile(struct work_struct *work)
{
	struct vrelay *relay = container_of(work, struct vrelay, reconcile.work);
	unsigned long again = 0;

	if (xchg(&relay->forgive, false))
		relay->nsilent = 0;
	if (!READ_ONCE(relay->redirect)) {
		vrelay_reconcile_off(relay);
		return;
	}
	vrelay_look_at_guest(relay);
	switch (vrelay_client_get_state(&relay->client)) {
	case VRELAY_DISCONNECTED:
		again = vrelay_reconcile_host(relay);
		break;
	case VRELAY_CONNECTED:
		again = vrelay_reconcile_guest(relay);
		break;
	default:
		again = vrelay_client_check_deadline(&relay->client);
		break;
	}
	sysfs_notify(&relay->dev.kobj, NULL, "state");
	/* Nothing happens if a change asked for a run in the meantime. */
	if (again)
		queue_delayed_work(relay->wq, &relay->reconcile, again);
}

static void vrelay_rules_changed(struct vint_listener *listener)
{
	struct vrelay *relay = container_of(listener, struct vrelay, listener);

	WRITE_ONCE(relay->forgive, true);
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
}

/**
 * vrelay_set_server() - choose the guest's server
 * @relay: relay
 * @name: its name, or "" for none
 *
 * Return: 0 or -errno.
 */
int vrelay_set_server(struct vrelay *relay, const char *name)
{
	int err = 0;

	if (strlen(name) >= VRELAY_NAME_SIZE)
		return -ENAMETOOLONG;
	mutex_lock(&relay->config_lock);
	if (relay->redirect) {
		dev_err(&relay->dev, "write 0 to redirect before changing the server\n");
		err = -EBUSY;
	} else {
		strscpy(relay->server_name, name, VRELAY_NAME_SIZE);
	}
	mutex_unlock(&relay->config_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_set_server);

static int vrelay_redirect_on(struct vrelay *relay)
{
	struct vmbus_partition *part;
	struct vmbus_srv *srv;
	int err;

	if (!relay->server_name[0]) {
		dev_err(&relay->dev, "no server: write its name to the attribute server\n");
		return -ENODEV;
	}
	srv = vsrv_get(relay->server_name);
	if (IS_ERR_OR_NULL(srv)) {
		dev_err(&relay->dev, "no server of the name %s\n", relay->server_name);
		return -ENODEV;
	}
	part = vsrv_partition(srv);
	if (!part) {
		dev_err(&relay->dev, "server %s has no partition yet\n", relay->server_name);
		err = -ENODEV;
		goto put_server;
	}
	err = vrelay_client_start(&relay->client, part);
	if (err) {
		dev_err(&relay->dev, "host transport %s does not start: error %d\n",
			relay->host->ops->name, err);
		goto put_server;
	}
	relay->srv = srv;
	vrelay_tl_start(relay);
	relay->retry_at = jiffies;
	WRITE_ONCE(relay->forgive, true);
	WRITE_ONCE(relay->redirect, true);
	mod_delayed_work(relay->wq, &relay->reconcile, 0);
	return 0;

put_server:
	vsrv_put(srv);
	return err;
}

/* Does a guest that is stopped have something of the host? */
static bool vrelay_guest_holds(const struct vrelay *relay)
{
	const struct vrelay_chan *rc;

	if (!relay->guest_stopped)
		return false;
	list_for_each_entry(rc, &relay->chans, node)
		if (vrelay_chan_holds(rc))
			return true;
	return false;
}

/* False if the guest is stopped; if it was not at first, the host is asked anew for the rest. */
static bool vrelay_take_back(struct vrelay *relay)
{
	vrelay_look_at_guest(relay);
	if (vrelay_guest_holds(relay))
		return false;
	vrelay_tl_stop(relay);
	if (vrelay_reconcile_off(relay))
		return true;
	relay->retry_at = jiffies;
	vrelay_tl_start(relay);
	return false;
}

/*
 * In place of reconcile, which does not run meanwhile: flush_delayed_work() would miss a run
 * that somebody else brings forward at that moment.
 */
static int vrelay_redirect_off(struct vrelay *relay)
{
	int err = 0;

	disable_delayed_work_sync(&relay->reconcile);
	if (vrelay_take_back(relay)) {
		WRITE_ONCE(relay->redirect, false);
		vrelay_client_stop(&relay->client);
		vsrv_limit_version(relay->srv, U32_MAX);
		vsrv_put(relay->srv);
		relay->srv = NULL;
	} else {
		err = -EBUSY;
	}
	enable_delayed_work(&relay->reconcile);
	/* What has happened meanwhile it has not seen. */
	if (err)
		mod_delayed_work(relay->wq, &relay->reconcile, 0);
	return err;
}

/**
 * vrelay_set_redirect() - start or stop consuming the host's offers
 * @relay: relay
 * @on: which
 *
 * Starting only begins: see the attribute state.  Stopping is complete when this
 * comes back: the guest was told, and the host let go.
 *
 * Return: 0 or -errno; -EBUSY if the guest is stopped, and has something of the host.
 */
int vrelay_set_redirect(struct vrelay *relay, bool on)
{
	int err = 0;

	mutex_lock(&relay->config_lock);
	if (relay->removed)
		err = -ENODEV;
	else if (on && !relay->redirect)
		err = vrelay_redirect_on(relay);
	else if (!on && relay->redirect)
		err = vrelay_redirect_off(relay);
	mutex_unlock(&relay->config_lock);
	if (err == -EBUSY && !on)
		dev_err(&relay->dev, "the guest is stopped: write 0 to redirect again when it goes on\n");
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_set_redirect);

/**
 * vrelay_set_paused() - have the host say nothing for a while, or go on
 * @relay: relay
 * @on: which
 *
 * Return: 0 or an error of vrelay_client_pause().
 */
int vrelay_set_paused(struct vrelay *relay, bool on)
{
	int err = 0;

	mutex_lock(&relay->config_lock);
	if (on)
		err = vrelay_client_pause(&relay->client);
	else
		vrelay_client_resume(&relay->client);
	mutex_unlock(&relay->config_lock);
	if (err == -EOPNOTSUPP)
		dev_err(&relay->dev, "this host cannot pause: that takes VMBus 6.0 with feature 0x20\n");
	else if (err == -EINTR)
		dev_err(&relay->dev, "the guest wanted its memory back, so the host goes on: try again\n");
	else if (err)
		dev_err(&relay->dev, "no host to pause: see the attribute state\n");
	return err;
}

/**
 * vrelay_set_hvsock() - relay the guest's hv_sock connects, or leave them to others
 * @relay: relay
 * @on: which
 */
void vrelay_set_hvsock(struct vrelay *relay, bool on)
{
	mutex_lock(&relay->config_lock);
	relay->hvsock = on;
	if (!on)
		vrelay_tl_stop(relay);
	else if (relay->redirect)
		vrelay_tl_start(relay);
	mutex_unlock(&relay->config_lock);
}

static void vrelay_release(struct device *dev)
{
	struct vrelay *relay = container_of(dev, struct vrelay, dev);

	vrelay_client_destroy(&relay->client);
	if (relay->wq)
		destroy_workqueue(relay->wq);
	relay->host->ops->destroy(relay->host);
	mutex_destroy(&relay->config_lock);
	kfree(relay);
}

/**
 * vrelay_create() - create relay<index>, switched off
 * @index: number in its name
 * @host: transport; the relay's from now on, also if this fails
 *
 * Return: the relay or ERR_PTR.
 */
struct vrelay *vrelay_create(unsigned int index, struct vrelay_host *host)
{
	struct vrelay *relay;
	int err = -ENOMEM;

	relay = kzalloc(sizeof(*relay), GFP_KERNEL);
	if (!relay)
		goto destroy_host;
	mutex_init(&relay->config_lock);
	spin_lock_init(&relay->show_lock);
	spin_lock_init(&relay->tl.lock);
	relay->hvsock = true;
	INIT_LIST_HEAD(&relay->chans);
	INIT_DELAYED_WORK(&relay->reconcile, vrelay_reconcile);

	relay->host = host;
	relay->wq = alloc_workqueue("vmbus_relay%u", WQ_UNBOUND, 0, index);
	if (!relay->wq)
		goto free_relay;
	err = vrelay_client_init(&relay->client, &vrelay_client_ops, relay->host, relay->wq);
	if (err)
		goto free_wq;

	device_initialize(&relay->dev);
	relay->dev.class = &vrelay_class;
	relay->dev.groups = vrelay_groups;
	relay->dev.release = vrelay_release;
	err = dev_set_name(&relay->dev, "relay%u", index);
	if (!err)
		err = device_add(&relay->dev);
	if (err)
		goto put_device;
	relay->offers = kobject_create_and_add("offers", &relay->dev.kobj);
	if (!relay->offers) {
		err = -ENOMEM;
		goto del_device;
	}
	relay->listener.rules_changed = vrelay_rules_changed;
	vint_listener_register(&relay->listener);
	return relay;

del_device:
	device_del(&relay->dev);
put_device:
	put_device(&relay->dev);
	return ERR_PTR(err);
free_wq:
	destroy_workqueue(relay->wq);
free_relay:
	kfree(relay);
destroy_host:
	host->ops->destroy(host);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_create);

static int vrelay_try_remove(struct vrelay *relay)
{
	int err = 0;

	mutex_lock(&relay->config_lock);
	relay->removed = true;
	if (relay->redirect)
		err = vrelay_redirect_off(relay);
	mutex_unlock(&relay->config_lock);
	return err;
}

/**
 * vrelay_remove() - switch a relay off and remove it
 * @relay: relay
 *
 * Who unloads a module cannot be refused any more: this waits for a guest that is stopped.
 */
void vrelay_remove(struct vrelay *relay)
{
	vint_listener_unregister(&relay->listener);
	if (vrelay_try_remove(relay)) {
		dev_notice(&relay->dev, "the guest is stopped: unloading waits until it goes on\n");
		do {
			schedule_timeout_idle(VRELAY_RETRY);
		} while (vrelay_try_remove(relay));
	}
	cancel_delayed_work_sync(&relay->reconcile);
	kobject_put(relay->offers);
	device_unregister(&relay->dev);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_remove);
