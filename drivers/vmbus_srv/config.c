// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/config/vmbus_srv/<server>/: making servers.
 */
#include <linux/module.h>
#include <kunit/visibility.h>
#include "vsrv.h"

static struct vmbus_srv *to_srv(struct config_item *item)
{
	return container_of(to_config_group(item), struct vmbus_srv, group);
}

/* Serializes vsrv_start() with what must be set before. */
static DEFINE_MUTEX(vsrv_config_lock);

static ssize_t vsrv_config_partition_show(struct config_item *item, char *page)
{
	struct vmbus_partition *part = vsrv_partition(to_srv(item));

	return sysfs_emit(page, "%s\n", part ? vpart_name(part) : "");
}

static ssize_t vsrv_config_partition_store(struct config_item *item, const char *page, size_t len)
{
	struct vmbus_srv *srv = to_srv(item);
	char name[VMBUS_PARTITION_NAME_SIZE];
	ssize_t n;
	int err;

	n = strscpy(name, page);
	if (n > 0 && name[n - 1] == '\n')
		name[n - 1] = '\0';
	mutex_lock(&vsrv_config_lock);
	err = n < 0 ? -EINVAL : vsrv_start(srv, name);
	mutex_unlock(&vsrv_config_lock);
	if (err == -EINVAL)
		pr_err("%s: partition: give a name of 1 to %d letters, digits and _.-, not . first\n",
		       srv->name, VMBUS_PARTITION_NAME_SIZE - 1);
	if (err == -EBUSY)
		pr_err("%s: partition: %s; remove that server first\n", srv->name,
		       srv->started ? "set already" : "it has such a server already");
	return err ?: len;
}

static ssize_t vsrv_config_redirect_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", to_srv(item)->redirect);
}

static ssize_t vsrv_config_redirect_store(struct config_item *item, const char *page, size_t len)
{
	struct vmbus_srv *srv = to_srv(item);
	bool redirect;
	int err;

	err = kstrtobool(page, &redirect);
	if (err) {
		pr_err("%s: redirect: give 0 or 1\n", srv->name);
		return err;
	}
	mutex_lock(&vsrv_config_lock);
	if (srv->started) {
		pr_err("%s: redirect: set it before partition\n", srv->name);
		err = -EBUSY;
	} else {
		srv->redirect = redirect;
	}
	mutex_unlock(&vsrv_config_lock);
	return err ?: len;
}

static ssize_t vsrv_config_max_version_show(struct config_item *item, char *page)
{
	u32 version = READ_ONCE(to_srv(item)->max_version);

	return sysfs_emit(page, "%u.%u\n", version >> 16, version & 0xffff);
}

static ssize_t vsrv_config_max_version_store(struct config_item *item, const char *page,
					     size_t len)
{
	struct vmbus_srv *srv = to_srv(item);
	unsigned int major, minor;
	char end = '\n';

	if (sscanf(page, "%u.%u%c", &major, &minor, &end) < 2 || end != '\n' ||
	    major > 0xffff || minor > 0xffff ||
	    !vsrv_version_supported(VMBUS_VERSION(major, minor), U32_MAX)) {
		pr_err("%s: max_version: give one of 0.13 1.1 2.4 3.0 4.0 4.1 5.0 5.1 5.2 5.3 6.0\n",
		       srv->name);
		return -EINVAL;
	}
	WRITE_ONCE(srv->max_version, VMBUS_VERSION(major, minor));
	return len;
}

static ssize_t vsrv_config_feature_mask_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%#x\n", READ_ONCE(to_srv(item)->feature_mask));
}

static ssize_t vsrv_config_feature_mask_store(struct config_item *item, const char *page,
					      size_t len)
{
	struct vmbus_srv *srv = to_srv(item);
	u32 mask;

	if (kstrtou32(page, 0, &mask) || mask & ~VSRV_FEATURES) {
		pr_err("%s: feature_mask: give a number with no bits but those of %#x\n",
		       srv->name, VSRV_FEATURES);
		return -EINVAL;
	}
	WRITE_ONCE(srv->feature_mask, mask);
	return len;
}

#define MONITOR_UNITS_PER_US	10

static ssize_t vsrv_config_monitor_latency_us_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n",
			  READ_ONCE(to_srv(item)->monitor_latency) / MONITOR_UNITS_PER_US);
}

static ssize_t vsrv_config_monitor_latency_us_store(struct config_item *item, const char *page,
						    size_t len)
{
	const u16 least = VSRV_MONITOR_MIN_LATENCY / MONITOR_UNITS_PER_US;
	const u16 most = U16_MAX / MONITOR_UNITS_PER_US;
	struct vmbus_srv *srv = to_srv(item);
	u16 us;

	if (kstrtou16(page, 0, &us) || (us && us < least) || us > most) {
		pr_err("%s: monitor_latency_us: give 0 for no monitor pages, or %u to %u\n",
		       srv->name, least, most);
		return -EINVAL;
	}
	WRITE_ONCE(srv->monitor_latency, us * MONITOR_UNITS_PER_US);
	return len;
}

static ssize_t vsrv_config_monitor_page_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%#llx\n", READ_ONCE(to_srv(item)->monitor_gpa));
}

static ssize_t vsrv_config_monitor_page_store(struct config_item *item, const char *page,
					      size_t len)
{
	struct vmbus_srv *srv = to_srv(item);
	u64 gpa;

	if (kstrtou64(page, 0, &gpa) || offset_in_hvpage(gpa)) {
		pr_err("%s: monitor_page: give the guest physical address of a page, or 0\n",
		       srv->name);
		return -EINVAL;
	}
	WRITE_ONCE(srv->monitor_gpa, gpa);
	return len;
}

static ssize_t vsrv_config_limit_store(struct vmbus_srv *srv, const char *name, unsigned int most,
				       unsigned int *limit, const char *page, size_t len)
{
	unsigned int n;

	if (kstrtouint(page, 0, &n) || n > most) {
		pr_err("%s: %s: give 0 to %u\n", srv->name, name, most);
		return -EINVAL;
	}
	WRITE_ONCE(*limit, n);
	return len;
}

static ssize_t vsrv_config_max_gpadls_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(to_srv(item)->max_gpadls));
}

static ssize_t vsrv_config_max_gpadls_store(struct config_item *item, const char *page, size_t len)
{
	struct vmbus_srv *srv = to_srv(item);

	return vsrv_config_limit_store(srv, "max_gpadls", VSRV_MAX_GPADLS, &srv->max_gpadls, page,
				       len);
}

static ssize_t vsrv_config_max_gpadl_pages_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(to_srv(item)->max_gpadl_pages));
}

static ssize_t vsrv_config_max_gpadl_pages_store(struct config_item *item, const char *page,
						 size_t len)
{
	struct vmbus_srv *srv = to_srv(item);

	return vsrv_config_limit_store(srv, "max_gpadl_pages", VSRV_MAX_GPADL_PAGES,
				       &srv->max_gpadl_pages, page, len);
}

CONFIGFS_ATTR(vsrv_config_, partition);
CONFIGFS_ATTR(vsrv_config_, redirect);
CONFIGFS_ATTR(vsrv_config_, max_version);
CONFIGFS_ATTR(vsrv_config_, feature_mask);
CONFIGFS_ATTR(vsrv_config_, monitor_latency_us);
CONFIGFS_ATTR(vsrv_config_, monitor_page);
CONFIGFS_ATTR(vsrv_config_, max_gpadls);
CONFIGFS_ATTR(vsrv_config_, max_gpadl_pages);

VISIBLE_IF_KUNIT struct configfs_attribute *vsrv_config_attrs[] = {
	&vsrv_config_attr_partition,
	&vsrv_config_attr_redirect,
	&vsrv_config_attr_max_version,
	&vsrv_config_attr_feature_mask,
	&vsrv_config_attr_monitor_latency_us,
	&vsrv_config_attr_monitor_page,
	&vsrv_config_attr_max_gpadls,
	&vsrv_config_attr_max_gpadl_pages,
	NULL
};
EXPORT_SYMBOL_IF_KUNIT(vsrv_config_attrs);

static void vsrv_config_release(struct config_item *item)
{
	vsrv_put(to_srv(item));
}

static struct configfs_item_operations vsrv_config_item_ops = {
	.release = vsrv_config_release,
};

static const struct config_item_type vsrv_config_type = {
	.ct_item_ops = &vsrv_config_item_ops,
	.ct_attrs = vsrv_config_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_group *vsrv_config_make(struct config_group *parent, const char *name)
{
	struct vmbus_srv *srv = vsrv_create(name);

	if (IS_ERR(srv))
		return ERR_CAST(srv);
	kref_get(&srv->ref);	/* the directory's, dropped by vsrv_config_release() */
	config_group_init_type_name(&srv->group, name, &vsrv_config_type);
	return &srv->group;
}

static void vsrv_config_drop(struct config_group *parent, struct config_item *item)
{
	vsrv_destroy(to_srv(item));
	config_item_put(item);
}

static struct configfs_group_operations vsrv_config_root_ops = {
	.make_group = vsrv_config_make,
	.drop_item = vsrv_config_drop,
};

static const struct config_item_type vsrv_config_root_type = {
	.ct_group_ops = &vsrv_config_root_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem vsrv_config_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "vmbus_srv",
			.ci_type = &vsrv_config_root_type,
		},
	},
};

/**
 * vsrv_config_init - make /sys/kernel/config/vmbus_srv
 *
 * Return: 0 or an error.
 */
int __init vsrv_config_init(void)
{
	config_group_init(&vsrv_config_subsys.su_group);
	mutex_init(&vsrv_config_subsys.su_mutex);
	return configfs_register_subsystem(&vsrv_config_subsys);
}

/**
 * vsrv_config_exit - remove /sys/kernel/config/vmbus_srv
 */
void vsrv_config_exit(void)
{
	configfs_unregister_subsystem(&vsrv_config_subsys);
}
