// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees: Documentation/ABI/testing/sysfs-class-vpci_relay.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "vpci_relay.h"

static struct device *vpci_relay_dev;
static struct kobject *vpci_relay_dirs;

static const struct class vpci_relay_sysfs_class = {
	.name = "vpci_relay",
};

/* ---- the device ---------------------------------------------------------------------- */

static ssize_t offers_held_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&vpci_relay_held));
}
static DEVICE_ATTR_RO(offers_held);

static ssize_t offers_taken_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&vpci_relay_taken));
}
static DEVICE_ATTR_RO(offers_taken);

static ssize_t offers_refused_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&vpci_relay_refused));
}
static DEVICE_ATTR_RO(offers_refused);

static struct attribute *vpci_relay_attrs[] = {
	&dev_attr_offers_held.attr,
	&dev_attr_offers_taken.attr,
	&dev_attr_offers_refused.attr,
	NULL
};
ATTRIBUTE_GROUPS(vpci_relay);

/* ---- offers/<instance>/ -------------------------------------------------------------- */

struct vpci_relay_attribute {
	struct attribute attr;
	ssize_t (*show)(const struct vpci_relay_offer *held, char *buf);
};

static ssize_t vpci_relay_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct vpci_relay_attribute *file = container_of(attr, struct vpci_relay_attribute, attr);

	return file->show(container_of(kobj, struct vpci_relay_offer, kobj), buf);
}

static const struct sysfs_ops vpci_relay_sysfs_ops = {
	.show = vpci_relay_attr_show,
};

static ssize_t vpci_relay_show_class_id(const struct vpci_relay_offer *held, char *buf)
{
	return sysfs_emit(buf, "%pUl\n", &held->offer.class_id);
}

static ssize_t vpci_relay_show_instance_id(const struct vpci_relay_offer *held, char *buf)
{
	return sysfs_emit(buf, "%pUl\n", &held->offer.instance_id);
}

static ssize_t vpci_relay_show_disposition(const struct vpci_relay_offer *held, char *buf)
{
	return sysfs_emit(buf, "%s\n", vint_disposition_name(VINT_VPCI));
}

/* The only state until the VPCI bus toward the guest exists. */
static ssize_t vpci_relay_show_state(const struct vpci_relay_offer *held, char *buf)
{
	return sysfs_emit(buf, "held\n");
}

#define VPCI_RELAY_ATTR(_name)								\
static struct vpci_relay_attribute vpci_relay_attr_##_name = {				\
	.attr = { .name = #_name, .mode = 0444 },					\
	.show = vpci_relay_show_##_name,						\
}

VPCI_RELAY_ATTR(class_id);
VPCI_RELAY_ATTR(instance_id);
VPCI_RELAY_ATTR(disposition);
VPCI_RELAY_ATTR(state);

static struct attribute *vpci_relay_offer_attrs[] = {
	&vpci_relay_attr_class_id.attr,
	&vpci_relay_attr_instance_id.attr,
	&vpci_relay_attr_disposition.attr,
	&vpci_relay_attr_state.attr,
	NULL
};
ATTRIBUTE_GROUPS(vpci_relay_offer);

static void vpci_relay_offer_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct vpci_relay_offer, kobj));
}

static const struct kobj_type vpci_relay_offer_ktype = {
	.sysfs_ops = &vpci_relay_sysfs_ops,
	.default_groups = vpci_relay_offer_groups,
	.release = vpci_relay_offer_release,
};

/**
 * vpci_relay_dir_add() - list an offer
 * @offer: offer; no other of its instance is listed
 *
 * Return: the new object or an ERR_PTR.
 */
struct vpci_relay_offer *vpci_relay_dir_add(const struct vint_offer *offer)
{
	struct vpci_relay_offer *held = kzalloc(sizeof(*held), GFP_KERNEL);
	int err;

	if (!held)
		return ERR_PTR(-ENOMEM);
	held->offer = *offer;
	err = kobject_init_and_add(&held->kobj, &vpci_relay_offer_ktype, vpci_relay_dirs, "%pUl",
				   &offer->instance_id);
	if (err) {
		kobject_put(&held->kobj);
		return ERR_PTR(err);
	}
	return held;
}

/* Waits for readers of its files, then frees it. */
void vpci_relay_dir_remove(struct vpci_relay_offer *held)
{
	kobject_del(&held->kobj);
	kobject_put(&held->kobj);
}

/* ---- set-up -------------------------------------------------------------------------- */

int vpci_relay_sysfs_init(void)
{
	int err;

	err = class_register(&vpci_relay_sysfs_class);
	if (err)
		return err;
	vpci_relay_dev = device_create_with_groups(&vpci_relay_sysfs_class, NULL, MKDEV(0, 0),
						   NULL, vpci_relay_groups, "vpci_relay");
	if (IS_ERR(vpci_relay_dev)) {
		err = PTR_ERR(vpci_relay_dev);
		goto unregister_class;
	}
	vpci_relay_dirs = kobject_create_and_add("offers", &vpci_relay_dev->kobj);
	if (!vpci_relay_dirs) {
		err = -ENOMEM;
		goto unregister_device;
	}
	return 0;

unregister_device:
	device_unregister(vpci_relay_dev);
unregister_class:
	class_unregister(&vpci_relay_sysfs_class);
	return err;
}

void vpci_relay_sysfs_exit(void)
{
	kobject_put(vpci_relay_dirs);
	device_unregister(vpci_relay_dev);
	class_unregister(&vpci_relay_sysfs_class);
}
