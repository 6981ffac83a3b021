// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees: Documentation/ABI/testing/sysfs-class-vmbus_relay.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vrelay.h"

static struct vrelay *to_vrelay(struct device *dev)
{
	return container_of(dev, struct vrelay, dev);
}

/* ---- the relay ----------------------------------------------------------------------- */

static ssize_t server_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vrelay *relay = to_vrelay(dev);
	ssize_t len;

	mutex_lock(&relay->config_lock);
	len = sysfs_emit(buf, "%s\n", relay->server_name);
	mutex_unlock(&relay->config_lock);
	return len;
}

static ssize_t server_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	char *copy, *name;
	int err;

	copy = kstrndup(buf, count, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	name = strim(copy);
	err = vrelay_set_server(to_vrelay(dev), name);
	kfree(copy);
	return err ?: count;
}
static DEVICE_ATTR_RW(server);

static ssize_t redirect_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vrelay(dev)->redirect));
}

static ssize_t redirect_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (!err)
		err = vrelay_set_redirect(to_vrelay(dev), on);
	return err ?: count;
}
static DEVICE_ATTR_RW(redirect);

static ssize_t force_forwarding_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vrelay(dev)->force_forwarding));
}

static ssize_t force_forwarding_store(struct device *dev, struct device_attribute *attr,
				      const char *buf, size_t count)
{
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (err)
		return err;
	WRITE_ONCE(to_vrelay(dev)->force_forwarding, on);
	return count;
}
static DEVICE_ATTR_RW(force_forwarding);

static ssize_t hvsock_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(to_vrelay(dev)->hvsock));
}

static ssize_t hvsock_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (err)
		return err;
	vrelay_set_hvsock(to_vrelay(dev), on);
	return count;
}
static DEVICE_ATTR_RW(hvsock);

static ssize_t paused_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(to_vrelay(dev)->client.pause) == VRELAY_PAUSED);
}

static ssize_t paused_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (!err)
		err = vrelay_set_paused(to_vrelay(dev), on);
	return err ?: count;
}
static DEVICE_ATTR_RW(paused);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	char text[128];

	vrelay_client_describe(&to_vrelay(dev)->client, text, sizeof(text));
	return sysfs_emit(buf, "%s\n", text);
}
static DEVICE_ATTR_RO(state);

static ssize_t host_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vrelay_client *client = &to_vrelay(dev)->client;
	u32 version = 0;

	mutex_lock(&client->lock);
	if (vrelay_client_online(client))
		version = client->version;
	mutex_unlock(&client->lock);
	return sysfs_emit(buf, "%u.%u\n", version >> 16, version & 0xffff);
}
static DEVICE_ATTR_RO(host_version);

static ssize_t features_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%#x\n", READ_ONCE(to_vrelay(dev)->client.features));
}
static DEVICE_ATTR_RO(features);

static ssize_t client_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%pUl\n", &to_vrelay(dev)->client.id);
}
static DEVICE_ATTR_RO(client_id);

static ssize_t transport_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_vrelay(dev)->host->ops->name);
}
static DEVICE_ATTR_RO(transport);

static ssize_t offers_relayed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&to_vrelay(dev)->relayed));
}
static DEVICE_ATTR_RO(offers_relayed);

#define VRELAY_ATTR_ATOMIC64(_name, _value)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	struct vrelay *relay = to_vrelay(dev);						\
											\
	return sysfs_emit(buf, "%lld\n", atomic64_read(&(_value)));			\
}											\
static DEVICE_ATTR_RO(_name)

VRELAY_ATTR_ATOMIC64(offers_total, relay->client.counters[VRELAY_OFFERS]);
VRELAY_ATTR_ATOMIC64(host_messages_in, relay->client.counters[VRELAY_MESSAGES_IN]);
VRELAY_ATTR_ATOMIC64(host_messages_out, relay->client.counters[VRELAY_MESSAGES_OUT]);
VRELAY_ATTR_ATOMIC64(host_messages_busy, relay->client.counters[VRELAY_MESSAGES_BUSY]);
VRELAY_ATTR_ATOMIC64(host_protocol_errors, relay->client.counters[VRELAY_PROTOCOL_ERRORS]);
VRELAY_ATTR_ATOMIC64(host_post_retries, relay->client.counters[VRELAY_POST_RETRIES]);
VRELAY_ATTR_ATOMIC64(host_post_failures, relay->client.counters[VRELAY_POST_FAILURES]);
VRELAY_ATTR_ATOMIC64(host_timeouts, relay->client.counters[VRELAY_TIMEOUTS]);
VRELAY_ATTR_ATOMIC64(host_signals_lost, relay->client.counters[VRELAY_SIGNALS_LOST]);
VRELAY_ATTR_ATOMIC64(host_stray_messages, relay->host->stray_messages);
VRELAY_ATTR_ATOMIC64(host_stray_events, relay->host->stray_events);
VRELAY_ATTR_ATOMIC64(forwarded_to_host, relay->forwarded_to_host);
VRELAY_ATTR_ATOMIC64(forwarded_to_guest, relay->forwarded_to_guest);

static struct attribute *vrelay_attrs[] = {
	&dev_attr_server.attr,
	&dev_attr_redirect.attr,
	&dev_attr_force_forwarding.attr,
	&dev_attr_hvsock.attr,
	&dev_attr_paused.attr,
	&dev_attr_state.attr,
	&dev_attr_host_version.attr,
	&dev_attr_client_id.attr,
	&dev_attr_features.attr,
	&dev_attr_transport.attr,
	&dev_attr_offers_total.attr,
	&dev_attr_offers_relayed.attr,
	&dev_attr_host_messages_in.attr,
	&dev_attr_host_messages_out.attr,
	&dev_attr_host_messages_busy.attr,
	&dev_attr_host_protocol_errors.attr,
	&dev_attr_host_post_retries.attr,
	&dev_attr_host_post_failures.attr,
	&dev_attr_host_timeouts.attr,
	&dev_attr_host_signals_lost.attr,
	&dev_attr_host_stray_messages.attr,
	&dev_attr_host_stray_events.attr,
	&dev_attr_forwarded_to_host.attr,
	&dev_attr_forwarded_to_guest.attr,
	NULL
};

static const struct attribute_group vrelay_group = {
	.attrs = vrelay_attrs,
};

const struct attribute_group *vrelay_groups[] = {
	&vrelay_group,
	NULL
};

const struct class vrelay_class = {
	.name = "vmbus_relay",
};

/* ---- an offer: the host's channel exists as long as the directory --------------------- */

struct vrelay_chan_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vrelay_chan *rc, char *buf);
	int (*store)(struct vrelay_chan *rc, const char *buf, size_t count);
};

static ssize_t vrelay_chan_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	return container_of(attr, struct vrelay_chan_attribute, attr)
		->show(container_of(kobj, struct vrelay_chan, kobj), buf);
}

static ssize_t vrelay_chan_attr_store(struct kobject *kobj, struct attribute *attr,
				      const char *buf, size_t count)
{
	struct vrelay_chan_attribute *file;

	file = container_of(attr, struct vrelay_chan_attribute, attr);
	if (!file->store)
		return -EIO;
	return file->store(container_of(kobj, struct vrelay_chan, kobj), buf, count) ?: count;
}

static const struct sysfs_ops vrelay_chan_sysfs_ops = {
	.show = vrelay_chan_attr_show,
	.store = vrelay_chan_attr_store,
};

#define VRELAY_CHAN_ATTR(_name, _fmt, _value)						\
static ssize_t vrelay_chan_##_name##_show(struct vrelay_chan *rc, char *buf)		\
{											\
	return sysfs_emit(buf, _fmt "\n", _value);					\
}											\
static struct vrelay_chan_attribute vrelay_chan_attr_##_name = {			\
	.attr = { .name = #_name, .mode = 0444 },					\
	.show = vrelay_chan_##_name##_show,						\
}

VRELAY_CHAN_ATTR(class_id, "%pUl", &rc->key.class_id);
VRELAY_CHAN_ATTR(instance_id, "%pUl", &rc->key.instance_id);
VRELAY_CHAN_ATTR(subchannel, "%u", rc->key.subchannel);
VRELAY_CHAN_ATTR(flags, "%#x", rc->key.flags);
VRELAY_CHAN_ATTR(state, "%s", vrelay_hchan_state_name(READ_ONCE(rc->hchan->state)));
VRELAY_CHAN_ATTR(host_channel_id, "%u", rc->hchan->offer.channel_id);
VRELAY_CHAN_ATTR(error, "%d", READ_ONCE(rc->error));
VRELAY_CHAN_ATTR(forwarding, "%d", READ_ONCE(rc->forwarding));
VRELAY_CHAN_ATTR(forwarded_to_host, "%lld", atomic64_read(&rc->forwarded_to_host));
VRELAY_CHAN_ATTR(forwarded_to_guest, "%lld", atomic64_read(&rc->forwarded_to_guest));

static ssize_t vrelay_chan_disposition_show(struct vrelay_chan *rc, char *buf)
{
	struct vint_decision decision;
	int len;

	spin_lock(&rc->relay->show_lock);
	decision = rc->decision;
	spin_unlock(&rc->relay->show_lock);
	len = vint_decision_format(&decision, buf, PAGE_SIZE - 1);
	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}

static struct vrelay_chan_attribute vrelay_chan_attr_disposition = {
	.attr = { .name = "disposition", .mode = 0444 },
	.show = vrelay_chan_disposition_show,
};

static ssize_t vrelay_chan_override_show(struct vrelay_chan *rc, char *buf)
{
	struct vint_decision decision;
	bool overridden;
	int len = 0;

	spin_lock(&rc->relay->show_lock);
	overridden = rc->overridden;
	decision = rc->override;
	spin_unlock(&rc->relay->show_lock);
	if (overridden)
		len = vint_decision_format(&decision, buf, PAGE_SIZE - 1);
	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}

static int vrelay_chan_override_store(struct vrelay_chan *rc, const char *buf, size_t count)
{
	struct vint_decision decision;
	char *copy, *text;
	int err = 0;

	copy = kstrndup(buf, count, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	text = strim(copy);
	if (*text)
		err = vint_decision_parse(text, &decision);
	if (err)
		pr_err("disposition_override: write relay, hide, vpci, intercept:<hook> or nothing\n");
	else
		err = vrelay_chan_set_override(rc, *text ? &decision : NULL);
	if (err == -EPERM)
		pr_err("disposition_override: a VPCI offer can only be vpci or hide\n");
	kfree(copy);
	return err;
}

static struct vrelay_chan_attribute vrelay_chan_attr_override = {
	.attr = { .name = "disposition_override", .mode = 0644 },
	.show = vrelay_chan_override_show,
	.store = vrelay_chan_override_store,
};

static ssize_t vrelay_chan_guest_channel_id_show(struct vrelay_chan *rc, char *buf)
{
	u32 id = 0;

	spin_lock(&rc->relay->show_lock);
	if (rc->shown)
		id = vsrv_chan_id(rc->shown);
	spin_unlock(&rc->relay->show_lock);
	return sysfs_emit(buf, "%u\n", id);
}

static struct vrelay_chan_attribute vrelay_chan_attr_guest_channel_id = {
	.attr = { .name = "guest_channel_id", .mode = 0444 },
	.show = vrelay_chan_guest_channel_id_show,
};

static struct attribute *vrelay_chan_attrs[] = {
	&vrelay_chan_attr_class_id.attr,
	&vrelay_chan_attr_instance_id.attr,
	&vrelay_chan_attr_subchannel.attr,
	&vrelay_chan_attr_flags.attr,
	&vrelay_chan_attr_disposition.attr,
	&vrelay_chan_attr_override.attr,
	&vrelay_chan_attr_state.attr,
	&vrelay_chan_attr_host_channel_id.attr,
	&vrelay_chan_attr_guest_channel_id.attr,
	&vrelay_chan_attr_error.attr,
	&vrelay_chan_attr_forwarding.attr,
	&vrelay_chan_attr_forwarded_to_host.attr,
	&vrelay_chan_attr_forwarded_to_guest.attr,
	NULL
};
ATTRIBUTE_GROUPS(vrelay_chan);

static void vrelay_chan_release(struct kobject *kobj)
{
	struct vrelay_chan *rc = container_of(kobj, struct vrelay_chan, kobj);

	kvfree(rc->state);
	kfree(rc);
}

const struct kobj_type vrelay_chan_ktype = {
	.sysfs_ops = &vrelay_chan_sysfs_ops,
	.default_groups = vrelay_chan_groups,
	.release = vrelay_chan_release,
};
