// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees: Documentation/ABI/testing/sysfs-class-vmbus_partition.
 */
#include <linux/device.h>
#include "vpart.h"

static struct vmbus_partition *to_part(struct device *dev)
{
	return container_of(dev, struct vmbus_partition, dev);
}

static ssize_t attached_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_part(dev)->backend) ? 1 : 0);
}
static DEVICE_ATTR_RO(attached);

static ssize_t stopped_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_part(dev)->stopped) ? 1 : 0);
}
static DEVICE_ATTR_RO(stopped);

static ssize_t vps_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_part(dev)->nvps));
}
static DEVICE_ATTR_RO(vps);

static ssize_t pages_pinned_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&to_part(dev)->pinned));
}
static DEVICE_ATTR_RO(pages_pinned);

struct vpart_counter_attr {
	struct device_attribute attr;
	enum vpart_counter counter;
};

static ssize_t vpart_counter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct vpart_counter_attr *a = container_of(attr, struct vpart_counter_attr, attr);

	return sysfs_emit(buf, "%lld\n", atomic64_read(&to_part(dev)->counters[a->counter]));
}

#define VPART_COUNTER_ATTR(_name, _counter)					\
	static struct vpart_counter_attr vpart_attr_##_name = {			\
		.attr = __ATTR(_name, 0444, vpart_counter_show, NULL),		\
		.counter = _counter,						\
	}

VPART_COUNTER_ATTR(messages_sent, VPART_MESSAGES_SENT);
VPART_COUNTER_ATTR(messages_busy, VPART_MESSAGES_BUSY);
VPART_COUNTER_ATTR(messages_lost, VPART_MESSAGES_LOST);
VPART_COUNTER_ATTR(events_set, VPART_EVENTS_SET);
VPART_COUNTER_ATTR(events_merged, VPART_EVENTS_MERGED);
VPART_COUNTER_ATTR(events_lost, VPART_EVENTS_LOST);
VPART_COUNTER_ATTR(posts_denied, VPART_POSTS_DENIED);
VPART_COUNTER_ATTR(posts_unclaimed, VPART_POSTS_UNCLAIMED);
VPART_COUNTER_ATTR(posts_stopped, VPART_POSTS_STOPPED);
VPART_COUNTER_ATTR(signals_unclaimed, VPART_SIGNALS_UNCLAIMED);
VPART_COUNTER_ATTR(bad_gpas, VPART_BAD_GPAS);
VPART_COUNTER_ATTR(mmio_served, VPART_MMIO_SERVED);
VPART_COUNTER_ATTR(mmio_unserved, VPART_MMIO_UNSERVED);
VPART_COUNTER_ATTR(mmio_left, VPART_MMIO_LEFT);
VPART_COUNTER_ATTR(msis_raised, VPART_MSIS_RAISED);
VPART_COUNTER_ATTR(msis_lost, VPART_MSIS_LOST);

static struct attribute *vpart_attrs[] = {
	&dev_attr_attached.attr,
	&dev_attr_stopped.attr,
	&dev_attr_vps.attr,
	&dev_attr_pages_pinned.attr,
	&vpart_attr_messages_sent.attr.attr,
	&vpart_attr_messages_busy.attr.attr,
	&vpart_attr_messages_lost.attr.attr,
	&vpart_attr_events_set.attr.attr,
	&vpart_attr_events_merged.attr.attr,
	&vpart_attr_events_lost.attr.attr,
	&vpart_attr_posts_denied.attr.attr,
	&vpart_attr_posts_unclaimed.attr.attr,
	&vpart_attr_posts_stopped.attr.attr,
	&vpart_attr_signals_unclaimed.attr.attr,
	&vpart_attr_bad_gpas.attr.attr,
	&vpart_attr_mmio_served.attr.attr,
	&vpart_attr_mmio_unserved.attr.attr,
	&vpart_attr_mmio_left.attr.attr,
	&vpart_attr_msis_raised.attr.attr,
	&vpart_attr_msis_lost.attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(vpart);

const struct class vpart_class = {
	.name = "vmbus_partition",
	.dev_groups = vpart_groups,
};
