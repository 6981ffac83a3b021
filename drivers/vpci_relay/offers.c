// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook "vpci".
 *
 * A VPCI channel gives its client PCI devices of the host.  Passing it on like any other
 * channel would let the guest program the host's bus with nobody looking, so it ends
 * here.  Where an administrator has given addresses for windows it is opened, and the
 * guest gets a bus of ours; else it is held, unopened.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "vpci_relay.h"

/* Protects vpci_relay_buses, and whether these are held or relayed. */
static DEFINE_MUTEX(vpci_relay_lock);
static LIST_HEAD(vpci_relay_buses);

static const guid_t vpci_relay_class = VINT_CLASS_VPCI;

atomic64_t vpci_relay_taken;
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_taken);
atomic64_t vpci_relay_refused;
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_refused);
atomic_t vpci_relay_present;
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_present);

/* Whether the instance is here already; each has one directory in sysfs. */
static bool vpci_relay_known(const struct vint_offer *offer)
{
	const struct vpci_relay_bus *bus;

	lockdep_assert_held(&vpci_relay_lock);
	list_for_each_entry(bus, &vpci_relay_buses, node)
		if (guid_equal(&bus->offer.instance_id, &offer->instance_id))
			return true;
	return false;
}

static int vpci_relay_check(const struct vint_offer *offer)
{
	lockdep_assert_held(&vpci_relay_lock);
	if (!guid_equal(&offer->class_id, &vpci_relay_class)) {
		pr_err_ratelimited("%pUl refused: not of the VPCI class, but a rule sends it here\n",
				   &offer->instance_id);
		return -EINVAL;
	}
	/* The VPCI protocol knows no sub-channels. */
	if (offer->subchannel) {
		pr_err_ratelimited("%pUl refused: sub-channel %u of a VPCI device\n",
				   &offer->instance_id, offer->subchannel);
		return -EINVAL;
	}
	if (vpci_relay_known(offer)) {
		pr_err_ratelimited("%pUl refused: this instance is there already\n",
				   &offer->instance_id);
		return -EEXIST;
	}
	return 0;
}

static int vpci_relay_take(const struct vint_handover *handover, struct vpci_relay_bus **result)
{
	struct vpci_relay_bus *bus;
	int err;

	err = vpci_relay_check(handover->offer);
	if (err)
		return err;
	bus = vpci_relay_bus_create(handover->offer);
	if (IS_ERR(bus))
		return PTR_ERR(bus);
	bus->guest_offer = *handover->guest;
	bus->srv = handover->srv;
	bus->dev = handover->dev;
	err = vpci_relay_bus_start(bus);
	if (err) {
		pr_err_ratelimited("%pUl refused: the host's bus cannot be opened: error %d\n",
				   &bus->offer.instance_id, err);
		vpci_relay_bus_free(bus);
		return err;
	}
	list_add_tail(&bus->node, &vpci_relay_buses);
	*result = bus;
	return 0;
}

static int vpci_relay_offer(struct vint_hook *hook, const struct vint_handover *handover,
			    void **priv)
{
	struct vpci_relay_bus *bus;
	int err;

	mutex_lock(&vpci_relay_lock);
	err = vpci_relay_take(handover, &bus);
	mutex_unlock(&vpci_relay_lock);
	if (err) {
		atomic64_inc(&vpci_relay_refused);
		return err;
	}
	atomic64_inc(&vpci_relay_taken);
	atomic_inc(&vpci_relay_present);
	*priv = bus;
	return 0;
}

/* A bus of the guest, whether it has devices, or is about to go */
static bool vpci_relay_guest_has(struct vint_hook *hook, void *priv)
{
	struct vpci_relay_bus *bus = priv;

	return READ_ONCE(bus->guest);
}

static void vpci_relay_revoke(struct vint_hook *hook, void *priv)
{
	struct vpci_relay_bus *bus = priv;

	mutex_lock(&vpci_relay_lock);
	list_del(&bus->node);
	mutex_unlock(&vpci_relay_lock);
	vpci_relay_bus_stop(bus);
	vpci_relay_bus_free(bus);
	atomic_dec(&vpci_relay_present);
}

/**
 * vpci_relay_windows_changed() - there may be windows for offers that are held
 *
 * Context: process, may sleep, and waits for the host.
 */
void vpci_relay_windows_changed(void)
{
	struct vpci_relay_bus *bus;
	int err;

	mutex_lock(&vpci_relay_lock);
	list_for_each_entry(bus, &vpci_relay_buses, node) {
		err = bus->window ? 0 : vpci_relay_bus_start(bus);
		if (err)
			pr_err("%pUl stays held: the host's bus cannot be opened: error %d; write \"windows\" again to try again\n",
			       &bus->offer.instance_id, err);
	}
	mutex_unlock(&vpci_relay_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_windows_changed);

/**
 * vpci_relay_policy_changed() - devices may have become allowed, denied, or local; or there
 * may be memory for those that are
 *
 * Context: process, may sleep.
 */
void vpci_relay_policy_changed(void)
{
	struct vpci_relay_bus *bus;

	mutex_lock(&vpci_relay_lock);
	list_for_each_entry(bus, &vpci_relay_buses, node)
		vpci_relay_bus_recheck(bus);
	mutex_unlock(&vpci_relay_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_policy_changed);

static struct vint_hook vpci_relay_hook = {
	.name = "vpci",
	.owner = THIS_MODULE,
	.offer = vpci_relay_offer,
	.guest_has = vpci_relay_guest_has,
	.revoke = vpci_relay_revoke,
};

int vpci_relay_hook_init(void)
{
	return vint_hook_register(&vpci_relay_hook);
}

/* Holders of offers keep the module: the list is empty here. */
void vpci_relay_hook_exit(void)
{
	vint_hook_unregister(&vpci_relay_hook);
}
