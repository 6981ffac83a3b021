// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/config/vmbus_netvsp/<instance GUID>/: the adapters.  What is refused changes
 * nothing, and the log says why.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "config.h"

/**
 * struct netvsp_item - a directory
 * @item: configfs's part
 * @instance: its name
 * @lock: protects what follows; held over netvsp_nic_create() and netvsp_nic_destroy()
 * @config: attributes
 * @nic: adapter while enabled, else NULL
 */
struct netvsp_item {
	struct config_item item;
	guid_t instance;
	struct mutex lock;		/* protects the following */
	struct netvsp_config config;
	struct netvsp_nic *nic;
};

static struct netvsp_item *to_netvsp(struct config_item *item)
{
	return container_of(item, struct netvsp_item, item);
}

/* ---- what can only be changed while it is disabled ---------------------------------------- */

static int netvsp_check_disabled(const struct netvsp_item *ni, const char *attr)
{
	lockdep_assert_held(&ni->lock);
	if (!ni->nic)
		return 0;
	pr_err("%pUl: %s: write 0 to \"enable\" first\n", &ni->instance, attr);
	return -EBUSY;
}

/* Copy a word into a field of the configuration. */
static ssize_t netvsp_store_name(struct netvsp_item *ni, const char *attr, char *field,
				 size_t size, const char *page, size_t count)
{
	size_t len = strcspn(page, "\n");
	int err;

	if (!len || len >= size) {
		pr_err("%pUl: %s: give a name of 1 to %zu characters\n", &ni->instance, attr,
		       size - 1);
		return -EINVAL;
	}
	mutex_lock(&ni->lock);
	err = netvsp_check_disabled(ni, attr);
	if (!err) {
		memcpy(field, page, len);
		field[len] = '\0';
	}
	mutex_unlock(&ni->lock);
	return err ?: count;
}

static ssize_t netvsp_show_name(struct netvsp_item *ni, const char *field, char *page)
{
	ssize_t len;

	mutex_lock(&ni->lock);
	len = sysfs_emit(page, "%s\n", field);
	mutex_unlock(&ni->lock);
	return len;
}

static ssize_t netvsp_store_u32(struct netvsp_item *ni, const char *attr, u32 *field, u32 min,
				u32 max, const char *page, size_t count)
{
	u32 value;
	int err;

	if (kstrtou32(page, 0, &value) || value < min || value > max) {
		pr_err("%pUl: %s: give a number of %u to %u\n", &ni->instance, attr, min, max);
		return -EINVAL;
	}
	mutex_lock(&ni->lock);
	err = netvsp_check_disabled(ni, attr);
	if (!err)
		WRITE_ONCE(*field, value);
	mutex_unlock(&ni->lock);
	return err ?: count;
}

static ssize_t netvsp_config_server_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);

	return netvsp_show_name(ni, ni->config.server, page);
}

static ssize_t netvsp_config_server_store(struct config_item *item, const char *page,
					  size_t count)
{
	struct netvsp_item *ni = to_netvsp(item);

	return netvsp_store_name(ni, "server", ni->config.server, sizeof(ni->config.server), page,
				 count);
}

static ssize_t netvsp_config_mac_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);
	ssize_t len;

	mutex_lock(&ni->lock);
	len = sysfs_emit(page, "%pM\n", ni->config.mac);
	mutex_unlock(&ni->lock);
	return len;
}

static ssize_t netvsp_config_mac_store(struct config_item *item, const char *page, size_t count)
{
	struct netvsp_item *ni = to_netvsp(item);
	u8 mac[ETH_ALEN];
	int err;

	if (!netvsp_parse_mac(page, mac)) {
		pr_err("%pUl: mac: give an address of one adapter, as 02:00:00:12:34:56\n",
		       &ni->instance);
		return -EINVAL;
	}
	mutex_lock(&ni->lock);
	err = netvsp_check_disabled(ni, "mac");
	if (!err)
		ether_addr_copy(ni->config.mac, mac);
	mutex_unlock(&ni->lock);
	return err ?: count;
}

static ssize_t netvsp_config_ifname_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);

	/* Once there is an interface it may have been renamed: its name is what counts. */
	mutex_lock(&ni->lock);
	if (ni->nic) {
		ssize_t len = sysfs_emit(page, "%s\n", netdev_name(ni->nic->dev));

		mutex_unlock(&ni->lock);
		return len;
	}
	mutex_unlock(&ni->lock);
	return netvsp_show_name(ni, ni->config.ifname, page);
}

static ssize_t netvsp_config_ifname_store(struct config_item *item, const char *page,
					  size_t count)
{
	struct netvsp_item *ni = to_netvsp(item);
	char name[IFNAMSIZ];
	size_t len = strcspn(page, "\n");

	/* With "%d" in it the kernel finds a number. */
	if (len < sizeof(name))
		strscpy(name, page, len + 1);
	if (len >= sizeof(name) || !netvsp_ifname_valid(name)) {
		pr_err("%pUl: ifname: give a name of 1 to %u characters, in which one %%d may stand for a number\n",
		       &ni->instance, IFNAMSIZ - 1);
		return -EINVAL;
	}
	return netvsp_store_name(ni, "ifname", ni->config.ifname, sizeof(ni->config.ifname), page,
				 count);
}

#define NETVSP_SHOW_U32(_name, _field)								\
static ssize_t netvsp_config_##_name##_show(struct config_item *item, char *page)		\
{												\
	return sysfs_emit(page, "%u\n", READ_ONCE(to_netvsp(item)->config._field));		\
}

#define NETVSP_STORE_U32(_name, _field, _min, _max)						\
static ssize_t netvsp_config_##_name##_store(struct config_item *item, const char *page,	\
					     size_t count)					\
{												\
	struct netvsp_item *ni = to_netvsp(item);						\
												\
	return netvsp_store_u32(ni, #_name, &ni->config._field, _min, _max, page, count);	\
}

NETVSP_SHOW_U32(mtu, mtu)
NETVSP_STORE_U32(mtu, mtu, NETVSP_MTU_MIN, NETVSP_MTU_MAX)
NETVSP_SHOW_U32(queues, queues)
NETVSP_STORE_U32(queues, queues, 1, NETVSP_MAX_CHANNELS)
NETVSP_SHOW_U32(recv_buffer_max, recv_max)
NETVSP_STORE_U32(recv_buffer_max, recv_max, NETVSP_BUFFER_MIN, NETVSP_BUFFER_MAX)
NETVSP_SHOW_U32(send_buffer_max, send_max)
NETVSP_STORE_U32(send_buffer_max, send_max, NETVSP_BUFFER_MIN, NETVSP_BUFFER_MAX)

/* ---- at any time -------------------------------------------------------------------------- */

static ssize_t netvsp_config_vf_serial_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);
	ssize_t len;

	mutex_lock(&ni->lock);
	len = ni->config.vf ? sysfs_emit(page, "%u\n", ni->config.vf_serial) :
	      sysfs_emit(page, "none\n");
	mutex_unlock(&ni->lock);
	return len;
}

static ssize_t netvsp_config_vf_serial_store(struct config_item *item, const char *page,
					     size_t count)
{
	struct netvsp_item *ni = to_netvsp(item);
	bool vf = !sysfs_streq(page, "none");
	u32 serial = 0;

	if (vf && kstrtou32(page, 0, &serial)) {
		pr_err("%pUl: vf_serial: give the serial number of a VPCI device, or none\n",
		       &ni->instance);
		return -EINVAL;
	}
	mutex_lock(&ni->lock);
	ni->config.vf = vf;
	ni->config.vf_serial = serial;
	if (ni->nic)
		netvsp_nic_set_vf(ni->nic, vf, serial);
	mutex_unlock(&ni->lock);
	return count;
}

static ssize_t netvsp_config_data_path_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);
	ssize_t len;

	mutex_lock(&ni->lock);
	len = sysfs_emit(page, "%s\n", ni->nic && READ_ONCE(ni->nic->data_path_vf) ?
			 "vf" : "synthetic");
	mutex_unlock(&ni->lock);
	return len;
}

static int netvsp_enable(struct netvsp_item *ni)
{
	struct netvsp_nic *nic;

	if (!ni->config.server[0]) {
		pr_err("%pUl: enable: write the name of a VMBus server to \"server\" first\n",
		       &ni->instance);
		return -EINVAL;
	}
	nic = netvsp_nic_create(&ni->config, &ni->instance);
	if (IS_ERR(nic)) {
		pr_err("%pUl: enable: server \"%s\": %s (%ld)\n", &ni->instance,
		       ni->config.server, netvsp_enable_error(PTR_ERR(nic)), PTR_ERR(nic));
		return PTR_ERR(nic);
	}
	ni->nic = nic;
	return 0;
}

static void netvsp_disable(struct netvsp_item *ni)
{
	if (ni->nic)
		netvsp_nic_destroy(ni->nic);
	ni->nic = NULL;
}

static ssize_t netvsp_config_enable_show(struct config_item *item, char *page)
{
	struct netvsp_item *ni = to_netvsp(item);
	bool on;

	mutex_lock(&ni->lock);
	on = ni->nic;
	mutex_unlock(&ni->lock);
	return sysfs_emit(page, "%d\n", on);
}

static ssize_t netvsp_config_enable_store(struct config_item *item, const char *page,
					  size_t count)
{
	struct netvsp_item *ni = to_netvsp(item);
	bool on;
	int err;

	err = kstrtobool(page, &on);
	if (err) {
		pr_err("%pUl: enable: give 0 or 1\n", &ni->instance);
		return err;
	}
	mutex_lock(&ni->lock);
	if (on && !ni->nic)
		err = netvsp_enable(ni);
	else if (!on)
		netvsp_disable(ni);
	mutex_unlock(&ni->lock);
	return err ?: count;
}

CONFIGFS_ATTR(netvsp_config_, server);
CONFIGFS_ATTR(netvsp_config_, mac);
CONFIGFS_ATTR(netvsp_config_, mtu);
CONFIGFS_ATTR(netvsp_config_, queues);
CONFIGFS_ATTR(netvsp_config_, ifname);
CONFIGFS_ATTR(netvsp_config_, recv_buffer_max);
CONFIGFS_ATTR(netvsp_config_, send_buffer_max);
CONFIGFS_ATTR(netvsp_config_, vf_serial);
CONFIGFS_ATTR_RO(netvsp_config_, data_path);
CONFIGFS_ATTR(netvsp_config_, enable);

static struct configfs_attribute *netvsp_config_attrs[] = {
	&netvsp_config_attr_server,
	&netvsp_config_attr_mac,
	&netvsp_config_attr_mtu,
	&netvsp_config_attr_queues,
	&netvsp_config_attr_ifname,
	&netvsp_config_attr_recv_buffer_max,
	&netvsp_config_attr_send_buffer_max,
	&netvsp_config_attr_vf_serial,
	&netvsp_config_attr_data_path,
	&netvsp_config_attr_enable,
	NULL
};

/* ---- directories -------------------------------------------------------------------------- */

static void netvsp_item_release(struct config_item *item)
{
	kfree(to_netvsp(item));
}

static struct configfs_item_operations netvsp_item_ops = {
	.release = netvsp_item_release,
};

static const struct config_item_type netvsp_item_type = {
	.ct_item_ops = &netvsp_item_ops,
	.ct_attrs = netvsp_config_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *netvsp_item_make(struct config_group *parent, const char *name)
{
	struct netvsp_item *ni;
	guid_t instance;

	if (!vsrv_parse_instance(name, &instance)) {
		pr_err("\"%s\" is not an instance GUID: write it as 01234567-89ab-cdef-0123-456789abcdef\n",
		       name);
		return ERR_PTR(-EINVAL);
	}
	ni = kzalloc(sizeof(*ni), GFP_KERNEL);
	if (!ni)
		return ERR_PTR(-ENOMEM);
	ni->instance = instance;
	mutex_init(&ni->lock);
	netvsp_config_init(&ni->config, &instance);
	config_item_init_type_name(&ni->item, name, &netvsp_item_type);
	return &ni->item;
}

static void netvsp_item_drop(struct config_group *parent, struct config_item *item)
{
	struct netvsp_item *ni = to_netvsp(item);

	mutex_lock(&ni->lock);
	netvsp_disable(ni);
	mutex_unlock(&ni->lock);
	config_item_put(item);
}

static struct configfs_group_operations netvsp_root_ops = {
	.make_item = netvsp_item_make,
	.drop_item = netvsp_item_drop,
};

static const struct config_item_type netvsp_root_type = {
	.ct_group_ops = &netvsp_root_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem netvsp_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "vmbus_netvsp",
			.ci_type = &netvsp_root_type,
		},
	},
};

/**
 * netvsp_configfs_init - make /sys/kernel/config/vmbus_netvsp
 *
 * Return: 0 or an error.
 */
int __init netvsp_configfs_init(void)
{
	config_group_init(&netvsp_subsys.su_group);
	mutex_init(&netvsp_subsys.su_mutex);
	return configfs_register_subsystem(&netvsp_subsys);
}

/**
 * netvsp_configfs_exit - remove /sys/kernel/config/vmbus_netvsp
 */
void netvsp_configfs_exit(void)
{
	configfs_unregister_subsystem(&netvsp_subsys);
}
