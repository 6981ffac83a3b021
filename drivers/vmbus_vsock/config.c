// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/config/vmbus_vsock/<name>/: the guests that can be talked to.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "vvsock.h"

static struct vvsock_guest *to_guest(struct config_item *item)
{
	return container_of(item, struct vvsock_guest, item);
}

static ssize_t vvsock_config_server_show(struct config_item *item, char *page)
{
	struct vvsock_guest *guest = to_guest(item);
	ssize_t len;

	mutex_lock(&guest->lock);
	len = sysfs_emit(page, "%s\n", guest->server_name);
	mutex_unlock(&guest->lock);
	return len;
}

static ssize_t vvsock_config_server_store(struct config_item *item, const char *page, size_t count)
{
	struct vvsock_guest *guest = to_guest(item);
	size_t len = strcspn(page, "\n");
	int err = 0;

	if (!len || len >= sizeof(guest->server_name)) {
		pr_err("%s: server: give a name of 1 to %zu characters\n", config_item_name(item),
		       sizeof(guest->server_name) - 1);
		return -EINVAL;
	}
	mutex_lock(&guest->lock);
	if (guest->srv) {
		pr_err("%s: server: write 0 to \"enable\" first\n", config_item_name(item));
		err = -EBUSY;
	} else {
		memcpy(guest->server_name, page, len);
		guest->server_name[len] = '\0';
	}
	mutex_unlock(&guest->lock);
	return err ?: count;
}

static ssize_t vvsock_config_guest_cid_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(to_guest(item)->cid));
}

static ssize_t vvsock_config_guest_cid_store(struct config_item *item, const char *page,
					     size_t count)
{
	struct vvsock_guest *guest = to_guest(item);
	u32 cid;
	int err;

	err = kstrtou32(page, 0, &cid);
	if (!err && (cid <= VMADDR_CID_HOST || cid == VMADDR_CID_ANY || vsock_find_cid(cid)))
		err = -EINVAL;
	if (err) {
		pr_err("%s: guest_cid: give a number of 3 to 4294967294 that is not this machine's\n",
		       config_item_name(item));
		return err;
	}
	mutex_lock(&guest->lock);
	if (guest->srv) {
		pr_err("%s: guest_cid: write 0 to \"enable\" first\n", config_item_name(item));
		err = -EBUSY;
	} else {
		WRITE_ONCE(guest->cid, cid);
	}
	mutex_unlock(&guest->lock);
	return err ?: count;
}

static ssize_t vvsock_config_enable_show(struct config_item *item, char *page)
{
	struct vvsock_guest *guest = to_guest(item);
	bool on;

	mutex_lock(&guest->lock);
	on = guest->srv;
	mutex_unlock(&guest->lock);
	return sysfs_emit(page, "%d\n", on);
}

static ssize_t vvsock_config_enable_store(struct config_item *item, const char *page, size_t count)
{
	struct vvsock_guest *guest = to_guest(item);
	bool on;
	int err;

	err = kstrtobool(page, &on);
	if (err)
		return err;
	mutex_lock(&guest->lock);
	if (on && !guest->srv) {
		if (guest->server_name[0] && guest->cid) {
			err = vvsock_guest_enable(guest);
		} else {
			pr_err("%s: enable: write to \"server\" and \"guest_cid\" first\n",
			       config_item_name(item));
			err = -EINVAL;
		}
	} else if (!on && guest->srv) {
		vvsock_guest_disable(guest);
	}
	mutex_unlock(&guest->lock);
	return err ?: count;
}

static ssize_t vvsock_config_connections_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(to_guest(item)->nconns));
}

#define VVSOCK_COUNTER_ATTR(_name, _counter)						\
static ssize_t vvsock_config_##_name##_show(struct config_item *item, char *page)	\
{											\
	return sysfs_emit(page, "%lld\n",						\
			  atomic64_read(&to_guest(item)->counters[_counter]));		\
}											\
CONFIGFS_ATTR_RO(vvsock_config_, _name)

CONFIGFS_ATTR(vvsock_config_, server);
CONFIGFS_ATTR(vvsock_config_, guest_cid);
CONFIGFS_ATTR(vvsock_config_, enable);
CONFIGFS_ATTR_RO(vvsock_config_, connections);
VVSOCK_COUNTER_ATTR(accepted, VVSOCK_ACCEPTED);
VVSOCK_COUNTER_ATTR(connected, VVSOCK_CONNECTED);
VVSOCK_COUNTER_ATTR(refused, VVSOCK_REFUSED);
VVSOCK_COUNTER_ATTR(failed, VVSOCK_FAILED);
VVSOCK_COUNTER_ATTR(broken, VVSOCK_BROKEN);

static struct configfs_attribute *vvsock_config_attrs[] = {
	&vvsock_config_attr_server,
	&vvsock_config_attr_guest_cid,
	&vvsock_config_attr_enable,
	&vvsock_config_attr_connections,
	&vvsock_config_attr_accepted,
	&vvsock_config_attr_connected,
	&vvsock_config_attr_refused,
	&vvsock_config_attr_failed,
	&vvsock_config_attr_broken,
	NULL
};

static void vvsock_config_release(struct config_item *item)
{
	kfree(to_guest(item));
}

static struct configfs_item_operations vvsock_config_item_ops = {
	.release = vvsock_config_release,
};

static const struct config_item_type vvsock_config_type = {
	.ct_item_ops = &vvsock_config_item_ops,
	.ct_attrs = vvsock_config_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *vvsock_config_make(struct config_group *parent, const char *name)
{
	struct vvsock_guest *guest = kzalloc(sizeof(*guest), GFP_KERNEL);

	if (!guest)
		return ERR_PTR(-ENOMEM);
	vvsock_guest_init(guest);
	config_item_init_type_name(&guest->item, name, &vvsock_config_type);
	return &guest->item;
}

static void vvsock_config_drop(struct config_group *parent, struct config_item *item)
{
	struct vvsock_guest *guest = to_guest(item);

	mutex_lock(&guest->lock);
	if (guest->srv)
		vvsock_guest_disable(guest);
	mutex_unlock(&guest->lock);
	config_item_put(item);
}

static struct configfs_group_operations vvsock_config_root_ops = {
	.make_item = vvsock_config_make,
	.drop_item = vvsock_config_drop,
};

static const struct config_item_type vvsock_config_root_type = {
	.ct_group_ops = &vvsock_config_root_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem vvsock_config_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "vmbus_vsock",
			.ci_type = &vvsock_config_root_type,
		},
	},
};

/**
 * vvsock_config_init - make /sys/kernel/config/vmbus_vsock
 *
 * Return: 0 or an error.
 */
int __init vvsock_config_init(void)
{
	config_group_init(&vvsock_config_subsys.su_group);
	mutex_init(&vvsock_config_subsys.su_mutex);
	return configfs_register_subsystem(&vvsock_config_subsys);
}

/**
 * vvsock_config_exit - remove /sys/kernel/config/vmbus_vsock
 */
void vvsock_config_exit(void)
{
	configfs_unregister_subsystem(&vvsock_config_subsys);
}
