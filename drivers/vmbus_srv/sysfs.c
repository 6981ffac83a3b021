// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/vmbus_srv/<server>/: what a server and its channels do.
 *
 * Nothing here takes vmbus_srv::lock: that is held while directories of channels
 * come and go, which waits for readers.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <vmbus/reader.h>
#include "vsrv.h"

/* ---- the server ---------------------------------------------------------------------- */

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmbus_srv *srv = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n", vsrv_conn_state_name(READ_ONCE(srv->conn.state)));
}
static DEVICE_ATTR_RO(state);

static ssize_t version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmbus_srv *srv = dev_get_drvdata(dev);
	u32 version = READ_ONCE(srv->conn.version);

	return sysfs_emit(buf, "%u.%u\n", version >> 16, version & 0xffff);
}
static DEVICE_ATTR_RO(version);

static ssize_t features_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmbus_srv *srv = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%#x\n", READ_ONCE(srv->conn.features));
}
static DEVICE_ATTR_RO(features);

struct vsrv_counter_attr {
	struct device_attribute attr;
	enum vsrv_counter counter;
};

static ssize_t vsrv_counter_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vmbus_srv *srv = dev_get_drvdata(dev);
	const struct vsrv_counter_attr *a = container_of(attr, struct vsrv_counter_attr, attr);

	return sysfs_emit(buf, "%lld\n", atomic64_read(&srv->counters[a->counter]));
}

#define VSRV_COUNTER_ATTR(_name, _counter)					\
	static struct vsrv_counter_attr vsrv_attr_##_name = {			\
		.attr = __ATTR(_name, 0444, vsrv_counter_show, NULL),		\
		.counter = _counter,						\
	}

VSRV_COUNTER_ATTR(messages_in, VSRV_MESSAGES_IN);
VSRV_COUNTER_ATTR(messages_out, VSRV_MESSAGES_OUT);
VSRV_COUNTER_ATTR(messages_busy, VSRV_MESSAGES_BUSY);
VSRV_COUNTER_ATTR(sends_retried, VSRV_SENDS_RETRIED);
VSRV_COUNTER_ATTR(messages_bad, VSRV_MESSAGES_BAD);
VSRV_COUNTER_ATTR(messages_refused, VSRV_MESSAGES_REFUSED);
VSRV_COUNTER_ATTR(messages_lost, VSRV_MESSAGES_LOST);
VSRV_COUNTER_ATTR(gpadls_failed, VSRV_GPADLS_FAILED);
VSRV_COUNTER_ATTR(opens_failed, VSRV_OPENS_FAILED);
VSRV_COUNTER_ATTR(triggers_unclaimed, VSRV_TRIGGERS_UNCLAIMED);
VSRV_COUNTER_ATTR(hvsock_connects, VSRV_TL_CONNECTS);
VSRV_COUNTER_ATTR(hvsock_refused, VSRV_TL_REFUSED);

static struct attribute *vsrv_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_version.attr,
	&dev_attr_features.attr,
	&vsrv_attr_messages_in.attr.attr,
	&vsrv_attr_messages_out.attr.attr,
	&vsrv_attr_messages_busy.attr.attr,
	&vsrv_attr_sends_retried.attr.attr,
	&vsrv_attr_messages_bad.attr.attr,
	&vsrv_attr_messages_refused.attr.attr,
	&vsrv_attr_messages_lost.attr.attr,
	&vsrv_attr_gpadls_failed.attr.attr,
	&vsrv_attr_opens_failed.attr.attr,
	&vsrv_attr_triggers_unclaimed.attr.attr,
	&vsrv_attr_hvsock_connects.attr.attr,
	&vsrv_attr_hvsock_refused.attr.attr,
	NULL
};

static const struct attribute_group vsrv_group = {
	.attrs = vsrv_attrs,
};

static const struct attribute_group *vsrv_groups[] = {
	&vsrv_group,
	&vsrv_why_group,
	NULL
};

static const struct class vsrv_class = {
	.name = "vmbus_srv",
	.dev_groups = vsrv_groups,
};

/**
 * vsrv_sysfs_add - make the directory of a server
 * @srv: server
 *
 * Return: 0 or an error.
 */
int vsrv_sysfs_add(struct vmbus_srv *srv)
{
	srv->dev = device_create(&vsrv_class, NULL, 0, srv, "%s", srv->name);
	if (IS_ERR(srv->dev))
		return PTR_ERR(srv->dev);
	srv->channels_kobj = kobject_create_and_add("channels", &srv->dev->kobj);
	if (!srv->channels_kobj) {
		device_unregister(srv->dev);
		return -ENOMEM;
	}
	return 0;
}

/**
 * vsrv_sysfs_remove - remove the directory of a server
 * @srv: server
 */
void vsrv_sysfs_remove(struct vmbus_srv *srv)
{
	kobject_put(srv->channels_kobj);
	device_unregister(srv->dev);
}

/* ---- a channel -------------------------------------------------------------------------- */

/**
 * struct vsrv_chan_kobj - directory of a channel
 * @kobj: directory
 * @chan: channel; the directory holds a reference
 */
struct vsrv_chan_kobj {
	struct kobject kobj;
	struct vsrv_chan *chan;
};

struct vsrv_chan_attr {
	struct attribute attr;
	ssize_t (*show)(struct vsrv_chan *chan, char *buf);
	ssize_t (*store)(struct vsrv_chan *chan, const char *buf, size_t len);
};

#define VSRV_CHAN_ATTR(_name, _format, _value)					\
	static ssize_t vsrv_chan_##_name##_show(struct vsrv_chan *chan, char *buf) \
	{									\
		return sysfs_emit(buf, _format "\n", _value);			\
	}									\
	static struct vsrv_chan_attr vsrv_chan_attr_##_name = {			\
		.attr = { .name = #_name, .mode = 0444 },			\
		.show = vsrv_chan_##_name##_show,				\
	}

static const char *vsrv_chan_state_text(const struct vsrv_chan *chan)
{
	enum vsrv_chan_state state = READ_ONCE(chan->state);

	if (state == VSRV_CHAN_OPEN && vsrv_chan_broken(chan))
		return "open-broken";
	return vsrv_chan_state_name(state);
}

VSRV_CHAN_ATTR(class_id, "%pUl", &chan->offer.class_id);
VSRV_CHAN_ATTR(instance_id, "%pUl", &chan->offer.instance_id);
VSRV_CHAN_ATTR(subchannel_id, "%u", chan->offer.subchannel);
VSRV_CHAN_ATTR(state, "%s", vsrv_chan_state_text(chan));
VSRV_CHAN_ATTR(cpu, "%d", (int)READ_ONCE(chan->open.target_vp));
VSRV_CHAN_ATTR(events, "%lld", atomic64_read(&chan->signals));
VSRV_CHAN_ATTR(interrupts, "%lld", atomic64_read(&chan->interrupts));
VSRV_CHAN_ATTR(packets_in, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_PACKETS_IN]));
VSRV_CHAN_ATTR(packets_out, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_PACKETS_OUT]));
VSRV_CHAN_ATTR(out_full_total, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_RING_FULL]));
VSRV_CHAN_ATTR(bad_packets, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_BAD_PACKETS]));
VSRV_CHAN_ATTR(answers_busy, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_BUSY]));
VSRV_CHAN_ATTR(data_copied_bytes, "%lld",
	       atomic64_read(&chan->counters[VSRV_CHAN_DATA_COPIED]));
VSRV_CHAN_ATTR(data_pinned_pages, "%lld",
	       atomic64_read(&chan->counters[VSRV_CHAN_DATA_PINNED]));
VSRV_CHAN_ATTR(poll_hits, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_POLL_HITS]));
VSRV_CHAN_ATTR(poll_misses, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_POLL_MISSES]));
VSRV_CHAN_ATTR(errors, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_ERRORS]));
VSRV_CHAN_ATTR(stalled, "%lld", atomic64_read(&chan->counters[VSRV_CHAN_STALLS]));

VSRV_CHAN_ATTR(monitor_id, "%u", chan->monitor_id);

static ssize_t vsrv_chan_latency_show(struct vsrv_chan *chan, char *buf)
{
	if (!vsrv_chan_monitored(chan))
		return -ENODATA;
	return sysfs_emit(buf, "%u\n", READ_ONCE(chan->srv->mon.latency[chan->monitor_id]));
}

static ssize_t vsrv_chan_latency_store(struct vsrv_chan *chan, const char *buf, size_t len)
{
	u16 latency;

	if (!vsrv_chan_monitored(chan)) {
		pr_err("%s: channel %u: latency: the server does not look for it, see monitor_latency_us\n",
		       chan->srv->name, chan->id);
		return -ENODATA;
	}
	if (kstrtou16(buf, 0, &latency) || latency < VSRV_MONITOR_MIN_LATENCY) {
		pr_err("%s: channel %u: latency: give %u to %u, in units of 100 ns\n",
		       chan->srv->name, chan->id, VSRV_MONITOR_MIN_LATENCY, U16_MAX);
		return -EINVAL;
	}
	vsrv_monitor_set_latency(chan, latency);
	return len;
}

static struct vsrv_chan_attr vsrv_chan_attr_latency = {
	.attr = { .name = "latency", .mode = 0644 },
	.show = vsrv_chan_latency_show,
	.store = vsrv_chan_latency_store,
};

static ssize_t vsrv_chan_busy_poll_us_show(struct vsrv_chan *chan, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(chan->busy_poll_us));
}

static ssize_t vsrv_chan_busy_poll_us_store(struct vsrv_chan *chan, const char *buf, size_t len)
{
	unsigned int us;

	if (kstrtouint(buf, 0, &us) || us > VSRV_BUSY_POLL_MAX) {
		pr_err("%s: channel %u: busy_poll_us: give 0 to %u\n", chan->srv->name,
		       READ_ONCE(chan->id), VSRV_BUSY_POLL_MAX);
		return -EINVAL;
	}
	vsrv_chan_set_busy_poll(chan, us);
	return len;
}

static struct vsrv_chan_attr vsrv_chan_attr_busy_poll_us = {
	.attr = { .name = "busy_poll_us", .mode = 0644 },
	.show = vsrv_chan_busy_poll_us_show,
	.store = vsrv_chan_busy_poll_us_store,
};

/*
 * Of the rings, seen from here: "in" is the one that the client writes.  There is
 * nothing to tell while the owner has none mapped, as is always so with a relayed
 * channel; and indices that cannot be make no sum.
 */
#define VSRV_CHAN_RING_ATTR(_name, _ring, _value, _ok)				\
	static ssize_t vsrv_chan_##_name##_show(struct vsrv_chan *chan, char *buf) \
	{									\
		struct vsrv_ring_state in, out;					\
										\
		if (!vsrv_chan_ring_state(chan, &in, &out))			\
			return -ENODATA;					\
		if (!(_ok))							\
			return -EIO;						\
		return sysfs_emit(buf, "%u\n", _ring._value);			\
	}									\
	static struct vsrv_chan_attr vsrv_chan_attr_##_name = {			\
		.attr = { .name = #_name, .mode = 0444 },			\
		.show = vsrv_chan_##_name##_show,				\
	}

VSRV_CHAN_RING_ATTR(in_mask, in, mask, true);
VSRV_CHAN_RING_ATTR(out_mask, out, mask, true);
VSRV_CHAN_RING_ATTR(in_size, in, size, true);
VSRV_CHAN_RING_ATTR(out_size, out, size, true);
VSRV_CHAN_RING_ATTR(read_avail, in, read_avail, in.valid);
VSRV_CHAN_RING_ATTR(write_avail, out, write_avail, out.valid);

static struct attribute *vsrv_chan_attrs[] = {
	&vsrv_chan_attr_class_id.attr,
	&vsrv_chan_attr_instance_id.attr,
	&vsrv_chan_attr_subchannel_id.attr,
	&vsrv_chan_attr_state.attr,
	&vsrv_chan_attr_cpu.attr,
	&vsrv_chan_attr_in_mask.attr,
	&vsrv_chan_attr_out_mask.attr,
	&vsrv_chan_attr_in_size.attr,
	&vsrv_chan_attr_out_size.attr,
	&vsrv_chan_attr_read_avail.attr,
	&vsrv_chan_attr_write_avail.attr,
	&vsrv_chan_attr_events.attr,
	&vsrv_chan_attr_interrupts.attr,
	&vsrv_chan_attr_packets_in.attr,
	&vsrv_chan_attr_packets_out.attr,
	&vsrv_chan_attr_out_full_total.attr,
	&vsrv_chan_attr_bad_packets.attr,
	&vsrv_chan_attr_answers_busy.attr,
	&vsrv_chan_attr_data_copied_bytes.attr,
	&vsrv_chan_attr_data_pinned_pages.attr,
	&vsrv_chan_attr_monitor_id.attr,
	&vsrv_chan_attr_latency.attr,
	&vsrv_chan_attr_poll_hits.attr,
	&vsrv_chan_attr_poll_misses.attr,
	&vsrv_chan_attr_errors.attr,
	&vsrv_chan_attr_stalled.attr,
	&vsrv_chan_attr_busy_poll_us.attr,
	NULL
};
ATTRIBUTE_GROUPS(vsrv_chan);

static ssize_t vsrv_chan_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct vsrv_chan *chan = container_of(kobj, struct vsrv_chan_kobj, kobj)->chan;

	return container_of(attr, struct vsrv_chan_attr, attr)->show(chan, buf);
}

static ssize_t vsrv_chan_attr_store(struct kobject *kobj, struct attribute *attr,
				    const char *buf, size_t len)
{
	struct vsrv_chan *chan = container_of(kobj, struct vsrv_chan_kobj, kobj)->chan;
	const struct vsrv_chan_attr *a = container_of(attr, struct vsrv_chan_attr, attr);

	return a->store ? a->store(chan, buf, len) : -EIO;
}

static const struct sysfs_ops vsrv_chan_sysfs_ops = {
	.show = vsrv_chan_attr_show,
	.store = vsrv_chan_attr_store,
};

static void vsrv_chan_kobj_release(struct kobject *kobj)
{
	struct vsrv_chan_kobj *k = container_of(kobj, struct vsrv_chan_kobj, kobj);

	vsrv_chan_put(k->chan);
	kfree(k);
}

static const struct kobj_type vsrv_chan_ktype = {
	.release = vsrv_chan_kobj_release,
	.sysfs_ops = &vsrv_chan_sysfs_ops,
	.default_groups = vsrv_chan_groups,
};

/**
 * vsrv_sysfs_chan_add - make the directory of a channel
 * @chan: channel with an id
 *
 * The channel works without it, too.
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_sysfs_chan_add(struct vsrv_chan *chan)
{
	struct vsrv_chan_kobj *k;

	k = kzalloc(sizeof(*k), GFP_KERNEL);
	if (!k)
		return;
	vsrv_chan_get(chan);
	k->chan = chan;
	if (kobject_init_and_add(&k->kobj, &vsrv_chan_ktype, chan->srv->channels_kobj, "%u",
				 chan->id)) {
		kobject_put(&k->kobj);
		return;
	}
	chan->kobj = k;
}

/**
 * vsrv_sysfs_chan_remove - remove the directory of a channel
 * @chan: channel
 *
 * Context: vmbus_srv::lock held.
 */
void vsrv_sysfs_chan_remove(struct vsrv_chan *chan)
{
	struct vsrv_chan_kobj *k = chan->kobj;

	if (!k)
		return;
	chan->kobj = NULL;
	kobject_del(&k->kobj);
	kobject_put(&k->kobj);
}

/**
 * vsrv_sysfs_init - make the class
 *
 * Return: 0 or an error.
 */
int __init vsrv_sysfs_init(void)
{
	return class_register(&vsrv_class);
}

/**
 * vsrv_sysfs_exit - remove the class
 */
void vsrv_sysfs_exit(void)
{
	class_unregister(&vsrv_class);
}
