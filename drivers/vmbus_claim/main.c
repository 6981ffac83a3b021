// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_claim: a driver of hv_vmbus that matches nothing by itself.  Devices are bound by
 * driver_override or new_id, and offered to the guest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "claim.h"

#define VCLAIM_RETRY	HZ	/* between tries to offer a device */

static char *server = "guest0";
module_param(server, charp, 0444);
MODULE_PARM_DESC(server, "VMBus server of the guest that gets the devices");

static struct vmbus_srv *vclaim_srv;
static struct workqueue_struct *vclaim_wq;
static DEFINE_MUTEX(vclaim_lock);	/* protects vclaim_list */
static LIST_HEAD(vclaim_list);

/* ---- offers -------------------------------------------------------------------------- */

static int vclaim_offer(struct vclaim *claim)
{
	const struct vmbus_channel_offer *from = &claim->hdev->channel->offermsg.offer;
	struct vsrv_offer offer = {
		.class_id = claim->key.class_id,
		.instance_id = claim->key.instance_id,
		/* Its memory is not the guest's, encrypted or not. */
		.flags = from->chn_flags & ~VMBUS_OFFER_CONFIDENTIAL,
		.mmio_megabytes = from->mmio_megabytes,
		.order = claim->hdev->channel->offermsg.child_relid,
	};
	struct vpass *pass;

	static_assert(sizeof(from->u) == VMBUS_USER_DEFINED_SIZE);
	memcpy(offer.user_defined, &from->u, sizeof(offer.user_defined));
	pass = vpass_offer(vclaim_srv, &offer, &vclaim_host_ops, claim);
	if (IS_ERR(pass))
		return PTR_ERR(pass);
	claim->offered = pass;
	return 0;
}

static void vclaim_try_offer(struct vclaim *claim)
{
	int err = vclaim_offer(claim);

	if (err) {
		if (err != claim->err)
			pr_err("%pUl cannot be offered to the guest of server %s, and is tried again: error %d\n",
			       &claim->key.instance_id, server, err);
		queue_delayed_work(vclaim_wq, &claim->apply, VCLAIM_RETRY);
	}
	claim->err = err;
}

/* End it with the host.  What is returned is to be revoked without the lock. */
static struct vpass *vclaim_sever(struct vclaim *claim)
{
	struct vpass *pass = claim->offered;

	lockdep_assert_held(&claim->offer_lock);
	if (pass)
		vpass_sever(pass);
	claim->offered = NULL;
	return pass;
}

static void vclaim_decide(struct vclaim *claim)
{
	struct vint_decision decision;

	vint_decide(&claim->key, &decision);
	if (claim->decided && vint_decision_equal(&decision, &claim->decision))
		return;
	claim->decision = decision;
	claim->decided = true;
	vint_audit(&claim->key, &decision);
}

/*
 * Bring a device to where the filter wants it: to the guest, or to nobody, as a hook
 * needs a device of the relay's.  One that was taken back is not offered
 * before the guest knows: this work does both.
 */
static void vclaim_apply(struct work_struct *work)
{
	struct vclaim *claim = container_of(work, struct vclaim, apply.work);
	struct vpass *revoke = NULL;

	mutex_lock(&claim->offer_lock);
	if (!claim->gone) {
		vclaim_decide(claim);
		if (claim->decision.disposition != VINT_RELAY)
			revoke = vclaim_sever(claim);
		else if (!claim->offered)
			vclaim_try_offer(claim);
	}
	mutex_unlock(&claim->offer_lock);
	if (revoke)
		vpass_revoke(revoke);
}

static void vclaim_rules_changed(struct vint_listener *listener)
{
	struct vclaim *claim;

	guard(mutex)(&vclaim_lock);
	list_for_each_entry(claim, &vclaim_list, node)
		mod_delayed_work(vclaim_wq, &claim->apply, 0);
}

static struct vint_listener vclaim_listener = { .rules_changed = vclaim_rules_changed };

/* ---- the driver ------------------------------------------------------------------------ */

/* The device has gone; the guest may take its time. */
static void vclaim_end(struct work_struct *work)
{
	struct vclaim *claim = container_of(work, struct vclaim, end);

	cancel_delayed_work_sync(&claim->apply);
	if (claim->offered)
		vpass_revoke(claim->offered);
	vclaim_host_destroy(claim);
	mutex_destroy(&claim->offer_lock);
	kfree(claim);
}

static int vclaim_probe(struct hv_device *hdev, const struct hv_vmbus_device_id *id)
{
	struct vclaim *claim;
	int err;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL);
	if (!claim)
		return -ENOMEM;
	claim->hdev = hdev;
	claim->key.class_id = hdev->dev_type;
	claim->key.instance_id = hdev->dev_instance;
	claim->key.flags = hdev->channel->offermsg.offer.chn_flags;
	err = vclaim_host_init(claim);
	if (err) {
		kfree(claim);
		return err;
	}
	mutex_init(&claim->offer_lock);
	INIT_DELAYED_WORK(&claim->apply, vclaim_apply);
	INIT_WORK(&claim->end, vclaim_end);
	vclaim_decide(claim);
	hv_set_drvdata(hdev, claim);
	mutex_lock(&vclaim_lock);
	list_add_tail(&claim->node, &vclaim_list);
	queue_delayed_work(vclaim_wq, &claim->apply, 0);
	mutex_unlock(&vclaim_lock);
	return 0;
}

/* Within hv_vmbus's only work for devices that the host takes back: not to wait for the guest. */
static void vclaim_remove(struct hv_device *hdev)
{
	struct vclaim *claim = hv_get_drvdata(hdev);

	mutex_lock(&vclaim_lock);
	list_del(&claim->node);
	mutex_unlock(&vclaim_lock);

	mutex_lock(&claim->offer_lock);
	claim->gone = true;
	if (claim->offered)
		vpass_sever(claim->offered);
	mutex_unlock(&claim->offer_lock);
	/* No timer must queue it while the queue is destroyed. */
	cancel_delayed_work(&claim->apply);
	vclaim_host_release(claim);
	queue_work(vclaim_wq, &claim->end);
}

static ssize_t disposition_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vclaim *claim = dev_get_drvdata(dev);
	int len;

	guard(mutex)(&claim->offer_lock);
	len = vint_decision_format(&claim->decision, buf, PAGE_SIZE - 1);
	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(disposition);

static ssize_t packets_refused_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vclaim *claim = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%lld\n", atomic64_read(&claim->refused));
}
static DEVICE_ATTR_RO(packets_refused);

static struct attribute *vclaim_attrs[] = {
	&dev_attr_disposition.attr,
	&dev_attr_packets_refused.attr,
	NULL
};

static const struct attribute_group vclaim_group = {
	.name = "claim",
	.attrs = vclaim_attrs,
};

static const struct attribute_group *vclaim_groups[] = {
	&vclaim_group,
	NULL
};

static struct hv_driver vclaim_driver = {
	.name = "vmbus_claim",
	.probe = vclaim_probe,
	.remove = vclaim_remove,
	.driver = {
		.dev_groups = vclaim_groups,
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init vclaim_init(void)
{
	int err = -ENOMEM;

	vclaim_srv = vsrv_get(server);
	if (!vclaim_srv) {
		pr_err("no VMBus server \"%s\": make it first in configfs\n", server);
		return -ENODEV;
	}
	vclaim_wq = alloc_workqueue("vmbus_claim", WQ_UNBOUND, 0);
	if (!vclaim_wq)
		goto put_srv;
	vint_listener_register(&vclaim_listener);
	err = vmbus_driver_register(&vclaim_driver);
	if (err) {
		pr_err("this kernel has no VMBus of its own: error %d\n", err);
		goto unregister;
	}
	return 0;

unregister:
	vint_listener_unregister(&vclaim_listener);
	destroy_workqueue(vclaim_wq);
put_srv:
	vsrv_put(vclaim_srv);
	return err;
}

static void __exit vclaim_exit(void)
{
	vmbus_driver_unregister(&vclaim_driver);
	vint_listener_unregister(&vclaim_listener);
	destroy_workqueue(vclaim_wq);
	vsrv_put(vclaim_srv);
}

module_init(vclaim_init);
module_exit(vclaim_exit);
MODULE_DESCRIPTION("Devices of this kernel's VMBus, offered to the guest");
MODULE_LICENSE("GPL");
