// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator sees: Documentation/ABI/testing/sysfs-class-vmbus_intercept.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/xarray.h>

#include "vint.h"

/* Serialises changes with their directories; protects all variables below. */
DEFINE_MUTEX(vint_config_lock);

static struct device *vint_dev;
static struct kobject *vint_rules;
/* Directories of the rules, by number. */
static DEFINE_XARRAY(vint_dirs);
/* No change is taken any more. */
static bool vint_closed = true;

static const struct class vint_class = {
	.name = "vmbus_intercept",
};

/* ---- rules/<n>/ ---------------------------------------------------------------------- */

/*
 * A directory knows its rule by number, and looks at it under vint_filter::lock
 * only: removing a directory waits for its readers with vint_config_lock held.
 */
struct vint_dir {
	struct kobject kobj;
	u32 id;
};

struct vint_dir_attribute {
	struct attribute attr;
	int (*format)(const struct vint_rule *rule, char *buf, size_t size);
};

static int vint_format_match(const struct vint_rule *rule, char *buf, size_t size)
{
	return vint_match_format(&rule->match, buf, size);
}

static int vint_format_action(const struct vint_rule *rule, char *buf, size_t size)
{
	return vint_decision_format(&rule->decision, buf, size);
}

static int vint_format_hits(const struct vint_rule *rule, char *buf, size_t size)
{
	return scnprintf(buf, size, "%lld", atomic64_read(&rule->hits));
}

static ssize_t vint_dir_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct vint_dir_attribute *file = container_of(attr, struct vint_dir_attribute, attr);
	struct vint_dir *dir = container_of(kobj, struct vint_dir, kobj);
	struct vint_rule rule;
	int len;

	len = vint_filter_get(&vint_filter, dir->id, &rule);
	if (!len)
		len = file->format(&rule, buf, PAGE_SIZE - 1);
	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}

static const struct sysfs_ops vint_dir_sysfs_ops = {
	.show = vint_dir_show,
};

static struct vint_dir_attribute vint_dir_match = {
	.attr = { .name = "match", .mode = 0444 },
	.format = vint_format_match,
};

static struct vint_dir_attribute vint_dir_action = {
	.attr = { .name = "action", .mode = 0444 },
	.format = vint_format_action,
};

static struct vint_dir_attribute vint_dir_hits = {
	.attr = { .name = "hits", .mode = 0444 },
	.format = vint_format_hits,
};

static struct attribute *vint_dir_attrs[] = {
	&vint_dir_match.attr,
	&vint_dir_action.attr,
	&vint_dir_hits.attr,
	NULL
};
ATTRIBUTE_GROUPS(vint_dir);

static void vint_dir_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct vint_dir, kobj));
}

static const struct kobj_type vint_dir_ktype = {
	.sysfs_ops = &vint_dir_sysfs_ops,
	.default_groups = vint_dir_groups,
	.release = vint_dir_release,
};

static int vint_dir_add(u32 id)
{
	struct vint_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int err;

	if (!dir)
		return -ENOMEM;
	dir->id = id;
	err = kobject_init_and_add(&dir->kobj, &vint_dir_ktype, vint_rules, "%u", id);
	if (!err)
		err = xa_err(xa_store(&vint_dirs, id, dir, GFP_KERNEL));
	if (err)
		kobject_put(&dir->kobj);
	return err;
}

static void vint_dir_remove(struct vint_dir *dir)
{
	xa_erase(&vint_dirs, dir->id);
	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
}

/* Makes the directories those of the rules. */
static void vint_dirs_sync(void)
{
	struct vint_dir *dir;
	struct vint_rule rule;
	unsigned long id;
	s64 next = -1;
	int err;

	lockdep_assert_held(&vint_config_lock);
	xa_for_each(&vint_dirs, id, dir)
		if (vint_filter_get(&vint_filter, id, &rule))
			vint_dir_remove(dir);
	while ((next = vint_filter_next(&vint_filter, next)) >= 0) {
		if (xa_load(&vint_dirs, next))
			continue;
		err = vint_dir_add(next);
		if (err)
			pr_err_ratelimited("rule %lld is in force but not in rules/: error %d\n",
					   next, err);
	}
}

/* ---- changes ------------------------------------------------------------------------- */

/* As vint_change(), but the caller tells the listeners. */
int vint_change_locked(const char *file, vint_change_fn change, const char *text, size_t len)
{
	struct vint_error error;
	int err;

	lockdep_assert_held(&vint_config_lock);
	if (vint_closed)
		return -ENODEV;
	err = change(&vint_filter, text, len, &error);
	if (err)
		pr_err_ratelimited("%s: %s\n", file, error.text);
	else
		vint_dirs_sync();
	return err;
}

/**
 * vint_change() - change the filter and tell the listeners
 * @file: name of the file that was written
 * @change: one of the functions of filter.c
 * @text: what was written
 * @len: of @text
 *
 * Return: 0, or -errno, one line is logged and nothing has changed.
 */
int vint_change(const char *file, vint_change_fn change, const char *text,
		size_t len)
{
	int err;

	mutex_lock(&vint_config_lock);
	err = vint_change_locked(file, change, text, len);
	mutex_unlock(&vint_config_lock);
	if (!err)
		vint_listeners_call();
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vint_change);

static ssize_t add_rule_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	return vint_change(attr->attr.name, vint_filter_add, buf, count) ?: count;
}
static DEVICE_ATTR_WO(add_rule);

static ssize_t remove_rule_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t count)
{
	return vint_change(attr->attr.name, vint_filter_remove, buf, count) ?: count;
}
static DEVICE_ATTR_WO(remove_rule);

static ssize_t default_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct vint_decision decision;
	int len;

	down_read(&vint_filter.lock);
	decision = vint_filter.fallback;
	up_read(&vint_filter.lock);
	len = vint_decision_format(&decision, buf, PAGE_SIZE - 1);
	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t default_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return vint_change(attr->attr.name, vint_filter_set_fallback, buf, count) ?: count;
}
static DEVICE_ATTR_RW(default);

static struct attribute *vint_attrs[] = {
	&dev_attr_add_rule.attr,
	&dev_attr_remove_rule.attr,
	&dev_attr_default.attr,
	NULL
};
ATTRIBUTE_GROUPS(vint);

/* ---- set-up -------------------------------------------------------------------------- */

int vint_sysfs_init(void)
{
	int err;

	err = class_register(&vint_class);
	if (err)
		return err;
	vint_dev = device_create_with_groups(&vint_class, NULL, MKDEV(0, 0), NULL, vint_groups,
					     "filter");
	if (IS_ERR(vint_dev)) {
		err = PTR_ERR(vint_dev);
		goto unregister_class;
	}
	vint_rules = kobject_create_and_add("rules", &vint_dev->kobj);
	if (!vint_rules) {
		err = -ENOMEM;
		goto unregister_device;
	}
	err = vint_ruleset_init(vint_dev);
	if (err)
		goto put_rules;
	mutex_lock(&vint_config_lock);
	vint_closed = false;
	mutex_unlock(&vint_config_lock);
	return 0;

put_rules:
	kobject_put(vint_rules);
unregister_device:
	device_unregister(vint_dev);
unregister_class:
	class_unregister(&vint_class);
	return err;
}

void vint_sysfs_exit(void)
{
	struct vint_dir *dir;
	unsigned long id;

	mutex_lock(&vint_config_lock);
	vint_closed = true;
	xa_for_each(&vint_dirs, id, dir)
		vint_dir_remove(dir);
	mutex_unlock(&vint_config_lock);
	kobject_put(vint_rules);
	device_unregister(vint_dev);
	vint_ruleset_exit();
	class_unregister(&vint_class);
}
