// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook "vpci": offers that are held.
 *
 * A VPCI channel gives its client a PCI device of the host.  Passing it on like
 * any other channel would let the guest program the device with nobody looking,
 * so it ends here, unopened.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "vpci_relay.h"

/* Protects vpci_relay_offers. */
static DEFINE_MUTEX(vpci_relay_lock);
static LIST_HEAD(vpci_relay_offers);

static const guid_t vpci_relay_class = VINT_CLASS_VPCI;

atomic64_t vpci_relay_taken;
atomic64_t vpci_relay_refused;
atomic_t vpci_relay_held;

/* Whether the instance is held already; each has one directory in sysfs. */
static bool vpci_relay_known(const struct vint_offer *offer)
{
	const struct vpci_relay_offer *held;

	lockdep_assert_held(&vpci_relay_lock);
	list_for_each_entry(held, &vpci_relay_offers, node)
		if (guid_equal(&held->offer.instance_id, &offer->instance_id))
			return true;
	return false;
}

static int vpci_relay_take(const struct vint_offer *offer, struct vpci_relay_offer **result)
{
	struct vpci_relay_offer *held;

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
		pr_err_ratelimited("%pUl refused: this instance is held already\n",
				   &offer->instance_id);
		return -EEXIST;
	}
	held = vpci_relay_dir_add(offer);
	if (IS_ERR(held))
		return PTR_ERR(held);
	list_add_tail(&held->node, &vpci_relay_offers);
	*result = held;
	return 0;
}

static int vpci_relay_offer(struct vint_hook *hook, const struct vint_handover *handover,
			    void **priv)
{
	const struct vint_offer *offer = handover->offer;
	struct vpci_relay_offer *held;
	int err;

	mutex_lock(&vpci_relay_lock);
	err = vpci_relay_take(offer, &held);
	mutex_unlock(&vpci_relay_lock);
	if (err) {
		atomic64_inc(&vpci_relay_refused);
		return err;
	}
	atomic64_inc(&vpci_relay_taken);
	atomic_inc(&vpci_relay_held);
	*priv = held;
	/* A host can offer and rescind for ever. */
	pr_info_ratelimited("%pUl held: nothing of it is exposed to the guest yet\n",
			    &offer->instance_id);
	return 0;
}

static void vpci_relay_revoke(struct vint_hook *hook, void *priv)
{
	struct vpci_relay_offer *held = priv;

	mutex_lock(&vpci_relay_lock);
	list_del(&held->node);
	vpci_relay_dir_remove(held);
	mutex_unlock(&vpci_relay_lock);
	atomic_dec(&vpci_relay_held);
}

static struct vint_hook vpci_relay_hook = {
	.name = "vpci",
	.owner = THIS_MODULE,
	.offer = vpci_relay_offer,
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
