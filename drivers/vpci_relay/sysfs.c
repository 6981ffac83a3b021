// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees: Documentation/ABI/testing/sysfs-class-vpci_relay.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
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

static ssize_t offers_present_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&vpci_relay_present));
}
static DEVICE_ATTR_RO(offers_present);

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

static ssize_t windows_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return vpci_windows_show(buf);
}

static ssize_t windows_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	int err = vpci_windows_set(buf);

	if (err)
		return err;
	vpci_relay_windows_changed();
	return count;
}
static DEVICE_ATTR_RW(windows);

static ssize_t local_memory_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return vpci_local_memory_show(buf);
}

static ssize_t local_memory_store(struct device *dev, struct device_attribute *attr,
				  const char *buf, size_t count)
{
	int err = vpci_local_memory_set(buf);

	if (err)
		return err;
	/* Devices may wait for it. */
	vpci_relay_policy_changed();
	return count;
}
static DEVICE_ATTR_RW(local_memory);

static ssize_t rules_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return vpci_policy_show(buf);
}
static DEVICE_ATTR_RO(rules);

static ssize_t vpci_relay_change_policy(bool add, const char *buf, size_t count)
{
	int err = vpci_policy_change(add, buf, count);

	if (err)
		return err;
	vpci_relay_policy_changed();
	return count;
}

static ssize_t add_rule_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	return vpci_relay_change_policy(true, buf, count);
}
static DEVICE_ATTR_WO(add_rule);

static ssize_t remove_rule_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t count)
{
	return vpci_relay_change_policy(false, buf, count);
}
static DEVICE_ATTR_WO(remove_rule);

static struct attribute *vpci_relay_attrs[] = {
	&dev_attr_windows.attr,
	&dev_attr_local_memory.attr,
	&dev_attr_rules.attr,
	&dev_attr_add_rule.attr,
	&dev_attr_remove_rule.attr,
	&dev_attr_offers_present.attr,
	&dev_attr_offers_taken.attr,
	&dev_attr_offers_refused.attr,
	NULL
};
ATTRIBUTE_GROUPS(vpci_relay);

/* ---- offers/<instance>/ -------------------------------------------------------------- */

struct vpci_relay_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vpci_relay_bus *bus, char *buf);
};

static ssize_t vpci_relay_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct vpci_relay_attribute *file = container_of(attr, struct vpci_relay_attribute, attr);

	return file->show(container_of(kobj, struct vpci_relay_bus, kobj), buf);
}

static const struct sysfs_ops vpci_relay_sysfs_ops = {
	.show = vpci_relay_attr_show,
};

static ssize_t vpci_relay_show_class_id(struct vpci_relay_bus *bus, char *buf)
{
	return sysfs_emit(buf, "%pUl\n", &bus->offer.class_id);
}

static ssize_t vpci_relay_show_instance_id(struct vpci_relay_bus *bus, char *buf)
{
	return sysfs_emit(buf, "%pUl\n", &bus->offer.instance_id);
}

static ssize_t vpci_relay_show_disposition(struct vpci_relay_bus *bus, char *buf)
{
	return sysfs_emit(buf, "%s\n", vint_disposition_name(VINT_VPCI));
}

static ssize_t vpci_relay_show_state(struct vpci_relay_bus *bus, char *buf)
{
	static const char * const names[] = {
		[VPCI_RELAY_HELD] = "held",
		[VPCI_RELAY_CONNECTING] = "connecting",
		[VPCI_RELAY_READY] = "ready",
		[VPCI_RELAY_FAILED] = "failed",
		[VPCI_RELAY_STOPPED] = "stopped",
	};
	ssize_t len;

	mutex_lock(&bus->lock);
	if (bus->state == VPCI_RELAY_FAILED)
		len = sysfs_emit(buf, "failed: %s\n", bus->why);
	else
		len = sysfs_emit(buf, "%s\n", names[bus->state]);
	mutex_unlock(&bus->lock);
	return len;
}

static ssize_t vpci_relay_show_devices(struct vpci_relay_bus *bus, char *buf)
{
	return vpci_relay_bus_show_devices(bus, buf);
}

static ssize_t vpci_relay_show_guest_counters(struct vpci_relay_bus *bus, char *buf)
{
	static const char * const names[VPCI_GUEST_COUNTERS] = {
		[VPCI_GUEST_REQUESTS] = "requests",
		[VPCI_GUEST_REFUSED] = "refused",
		[VPCI_GUEST_TIMEOUTS] = "timeouts",
		[VPCI_GUEST_CONFIG_READS] = "config_reads",
		[VPCI_GUEST_CONFIG_WRITES] = "config_writes",
		[VPCI_GUEST_CONFIG_REFUSED] = "config_refused",
		[VPCI_GUEST_OVERLAPS] = "overlaps",
		[VPCI_GUEST_INTERRUPTS] = "interrupts",
		[VPCI_GUEST_EJECTS] = "ejects",
		[VPCI_GUEST_EJECT_TIMEOUTS] = "eject_timeouts",
	};
	unsigned int i;
	ssize_t len = 0;

	mutex_lock(&bus->lock);
	for (i = 0; i < VPCI_GUEST_COUNTERS; i++)
		len += sysfs_emit_at(buf, len, "%s %llu\n", names[i],
				     bus->counted[i] +
				     (bus->guest ? vpci_guest_count(bus->guest, i) : 0));
	mutex_unlock(&bus->lock);
	return len;
}

static ssize_t vpci_relay_show_local_counters(struct vpci_relay_bus *bus, char *buf)
{
	static const char * const names[VPCI_LOCAL_COUNTERS] = {
		[VPCI_LOCAL_DEVICES] = "devices",
		[VPCI_LOCAL_FAILURES] = "failures",
		[VPCI_LOCAL_INTERRUPTS] = "interrupts",
		[VPCI_LOCAL_INTERRUPT_FAILURES] = "interrupt_failures",
		[VPCI_LOCAL_COPIED_READS] = "copied_reads",
		[VPCI_LOCAL_REFUSED_WRITES] = "refused_writes",
	};
	unsigned int i;
	ssize_t len = 0;

	mutex_lock(&bus->lock);
	for (i = 0; i < VPCI_LOCAL_COUNTERS; i++)
		len += sysfs_emit_at(buf, len, "%s %llu\n", names[i],
				     bus->local ? vpci_local_count(bus->local, i) : 0);
	mutex_unlock(&bus->lock);
	return len;
}

static ssize_t vpci_relay_show_window(struct vpci_relay_bus *bus, char *buf)
{
	return sysfs_emit(buf, "%#llx\n", READ_ONCE(bus->window));
}

static ssize_t vpci_relay_show_host_version(struct vpci_relay_bus *bus, char *buf)
{
	u32 version;

	mutex_lock(&bus->lock);
	version = bus->host ? vpci_host_version(bus->host) : 0;
	mutex_unlock(&bus->lock);
	return sysfs_emit(buf, "%u.%u\n", version >> 16, version & U16_MAX);
}

static ssize_t vpci_relay_show_host_counters(struct vpci_relay_bus *bus, char *buf)
{
	static const char * const names[VPCI_HOST_COUNTERS] = {
		[VPCI_HOST_UNKNOWN_ANSWERS] = "unknown_answers",
		[VPCI_HOST_UNKNOWN_MESSAGES] = "unknown_messages",
		[VPCI_HOST_STRAYS] = "strays",
		[VPCI_HOST_TIMEOUTS] = "timeouts",
		[VPCI_HOST_LATE_INTERRUPTS] = "late_interrupts",
		[VPCI_HOST_UNPREPARED] = "unprepared",
		[VPCI_HOST_MMIO_ERRORS] = "mmio_errors",
		[VPCI_HOST_FAILURES] = "failures",
	};
	unsigned int i;
	ssize_t len = 0;

	mutex_lock(&bus->lock);
	for (i = 0; i < VPCI_HOST_COUNTERS; i++)
		len += sysfs_emit_at(buf, len, "%s %llu\n", names[i],
				     bus->host ? vpci_host_counter(bus->host, i) : 0);
	mutex_unlock(&bus->lock);
	return len;
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
VPCI_RELAY_ATTR(devices);
VPCI_RELAY_ATTR(guest_counters);
VPCI_RELAY_ATTR(local_counters);
VPCI_RELAY_ATTR(window);
VPCI_RELAY_ATTR(host_version);
VPCI_RELAY_ATTR(host_counters);

static struct attribute *vpci_relay_offer_attrs[] = {
	&vpci_relay_attr_class_id.attr,
	&vpci_relay_attr_instance_id.attr,
	&vpci_relay_attr_disposition.attr,
	&vpci_relay_attr_state.attr,
	&vpci_relay_attr_devices.attr,
	&vpci_relay_attr_guest_counters.attr,
	&vpci_relay_attr_local_counters.attr,
	&vpci_relay_attr_window.attr,
	&vpci_relay_attr_host_version.attr,
	&vpci_relay_attr_host_counters.attr,
	NULL
};
ATTRIBUTE_GROUPS(vpci_relay_offer);

static void vpci_relay_offer_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct vpci_relay_bus, kobj));
}

static const struct kobj_type vpci_relay_offer_ktype = {
	.sysfs_ops = &vpci_relay_sysfs_ops,
	.default_groups = vpci_relay_offer_groups,
	.release = vpci_relay_offer_release,
};

/**
 * vpci_relay_bus_create() - an offer, listed in sysfs
 * @offer: offer; no other of its instance is listed
 *
 * Return: the new object or an ERR_PTR.
 */
struct vpci_relay_bus *vpci_relay_bus_create(const struct vint_offer *offer)
{
	struct vpci_relay_bus *bus;
	int err;

	KUNIT_STATIC_STUB_REDIRECT(vpci_relay_bus_create, offer);
	bus = kzalloc(sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return ERR_PTR(-ENOMEM);
	bus->offer = *offer;
	vpci_relay_bus_init(bus);
	err = kobject_init_and_add(&bus->kobj, &vpci_relay_offer_ktype, vpci_relay_dirs, "%pUl",
				   &offer->instance_id);
	if (err) {
		kobject_put(&bus->kobj);
		return ERR_PTR(err);
	}
	return bus;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_relay_bus_create);

/* Waits for readers of its files, then frees it. */
void vpci_relay_bus_free(struct vpci_relay_bus *bus)
{
	kobject_del(&bus->kobj);
	kobject_put(&bus->kobj);
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
