// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/config/vmbus_partition/<name>/: making VTL0 the guest of a partition.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>
#include "hyperv.h"

/**
 * struct vpart_config - a directory
 * @item: in configfs; its name is the partition's
 * @lock: protects all that follows
 * @hv: VTL0 while enabled
 * @intercept_mmio: have the hypervisor hand over accesses to what is not mapped
 * @nvps: virtual processors
 * @n: entries of @regions
 * @regions: memory
 */
struct vpart_config {
	struct config_item item;
	struct mutex lock;	/* see above */
	struct vpart_hv *hv;
	bool intercept_mmio;
	unsigned int nvps;
	unsigned int n;
	struct vmbus_partition_region regions[VMBUS_PARTITION_MAX_REGIONS];
};

static struct vpart_config *to_config(struct config_item *item)
{
	return container_of(item, struct vpart_config, item);
}

static const char *vpart_config_name(struct vpart_config *c)
{
	return config_item_name(&c->item);
}

/* ---- memory --------------------------------------------------------------------- */

/* "<first>-<last>", addresses of bytes, hexadecimal as in /proc/iomem */
static int vpart_config_parse_range(char *range, struct vmbus_partition_region *region)
{
	char *last = strchr(range, '-');
	u64 from, to;

	if (!last)
		return -EINVAL;
	*last++ = '\0';
	if (kstrtou64(range, 16, &from) || kstrtou64(last, 16, &to) || to < from)
		return -EINVAL;
	/* vpart_table_build() looks at the rest. */
	*region = (struct vmbus_partition_region) {
		.gpa = from,
		.size = to - from + 1,
		.uaddr = from,
	};
	return 0;
}

/**
 * vpart_config_parse - read the ranges of the memory attribute
 * @text: ranges, with white space between them
 * @regions: out: room for VMBUS_PARTITION_MAX_REGIONS
 *
 * Context: process, may sleep.
 * Return: number of ranges; -EINVAL for none, for what is no range of whole pages
 * and for ranges that overlap; -E2BIG for too many; -ENOMEM.
 */
int vpart_config_parse(const char *text, struct vmbus_partition_region *regions)
{
	char *copy = kstrdup(text, GFP_KERNEL), *rest = copy, *range;
	struct vpart_table *table;
	int n = 0, err = 0;

	if (!copy)
		return -ENOMEM;
	while (!err && (range = strsep(&rest, " \t\n"))) {
		if (!*range)
			continue;
		if (n == VMBUS_PARTITION_MAX_REGIONS)
			err = -E2BIG;
		else
			err = vpart_config_parse_range(range, &regions[n++]);
	}
	kfree(copy);
	if (err || !n)
		return err ?: -EINVAL;

	table = vpart_table_build(regions, n);
	if (IS_ERR(table))
		return PTR_ERR(table);
	kfree(table);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_config_parse);

static ssize_t vpart_config_memory_show(struct config_item *item, char *page)
{
	struct vpart_config *c = to_config(item);
	unsigned int i;
	int len = 0;

	mutex_lock(&c->lock);
	for (i = 0; i < c->n; i++)
		len += sysfs_emit_at(page, len, "%llx-%llx\n", c->regions[i].gpa,
				     c->regions[i].gpa + c->regions[i].size - 1);
	mutex_unlock(&c->lock);
	return len;
}

static int vpart_config_set_memory(struct vpart_config *c,
				   const struct vmbus_partition_region *regions, unsigned int n)
{
	int err;

	lockdep_assert_held(&c->lock);
	err = c->hv ? vpart_hv_set_memory(c->hv, regions, n) :
		      vpart_hv_check_memory(vpart_config_name(c), regions, n);
	if (err)
		return err;
	c->n = n;
	memcpy(c->regions, regions, n * sizeof(*regions));
	return 0;
}

static ssize_t vpart_config_memory_store(struct config_item *item, const char *page, size_t len)
{
	struct vpart_config *c = to_config(item);
	struct vmbus_partition_region *regions;
	int n, err;

	regions = kcalloc(VMBUS_PARTITION_MAX_REGIONS, sizeof(*regions), GFP_KERNEL);
	if (!regions)
		return -ENOMEM;
	n = vpart_config_parse(page, regions);
	if (n < 0) {
		pr_err("%s: memory: give up to %d ranges like 100000-7fffffff: whole pages, hexadecimal, not overlapping\n",
		       vpart_config_name(c), VMBUS_PARTITION_MAX_REGIONS);
		err = n;
	} else {
		mutex_lock(&c->lock);
		err = vpart_config_set_memory(c, regions, n);
		mutex_unlock(&c->lock);
	}
	kfree(regions);
	return err ?: len;
}

/* ---- virtual processors ------------------------------------------------------------ */

static ssize_t vpart_config_vps_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(to_config(item)->nvps));
}

static ssize_t vpart_config_vps_store(struct config_item *item, const char *page, size_t len)
{
	struct vpart_config *c = to_config(item);
	unsigned int nvps;
	int err = 0;

	if (kstrtouint(page, 0, &nvps) || !nvps || nvps > VMBUS_PARTITION_MAX_VPS) {
		pr_err("%s: vps: give 1 to %d\n", vpart_config_name(c), VMBUS_PARTITION_MAX_VPS);
		return -EINVAL;
	}
	mutex_lock(&c->lock);
	if (c->hv) {
		pr_err("%s: vps: write 0 to enable first\n", vpart_config_name(c));
		err = -EBUSY;
	} else {
		WRITE_ONCE(c->nvps, nvps);
	}
	mutex_unlock(&c->lock);
	return err ?: len;
}

/* ---- MMIO ------------------------------------------------------------------------- */

static ssize_t vpart_config_intercept_mmio_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(to_config(item)->intercept_mmio));
}

static ssize_t vpart_config_intercept_mmio_store(struct config_item *item, const char *page,
						 size_t len)
{
	struct vpart_config *c = to_config(item);
	bool intercept;
	int err;

	err = kstrtobool(page, &intercept);
	if (err) {
		pr_err("%s: intercept_mmio: give 0 or 1\n", vpart_config_name(c));
		return err;
	}
	mutex_lock(&c->lock);
	if (c->hv) {
		pr_err("%s: intercept_mmio: write 0 to enable first\n", vpart_config_name(c));
		err = -EBUSY;
	} else {
		WRITE_ONCE(c->intercept_mmio, intercept);
	}
	mutex_unlock(&c->lock);
	return err ?: len;
}

/* ---- enable -------------------------------------------------------------------------- */

static const char *vpart_config_why(int err)
{
	switch (err) {
	case -ENODEV:
		return "this kernel does not run on Hyper-V";
	case -EBUSY:
		return "the partition has a monitor, or another one has VTL0 already";
	case -EACCES:
	case -EOPNOTSUPP:
		return "the hypervisor does not let this kernel: it must run in VTL2";
	default:
		return "failed";
	}
}

static int vpart_config_enable(struct vpart_config *c)
{
	struct vpart_hv *hv;
	int err;

	lockdep_assert_held(&c->lock);
	if (c->hv)
		return 0;
	if (!c->n) {
		pr_err("%s: enable: write memory first\n", vpart_config_name(c));
		return -EINVAL;
	}
	hv = vpart_hv_create(vpart_config_name(c), c->regions, c->n, c->nvps);
	if (IS_ERR(hv)) {
		pr_err("%s: enable: %s (%ld)\n", vpart_config_name(c),
		       vpart_config_why(PTR_ERR(hv)), PTR_ERR(hv));
		return PTR_ERR(hv);
	}
	err = c->intercept_mmio ? vpart_hv_take_unmapped(hv) : 0;
	if (err) {
		vpart_hv_destroy(hv);
		return err;
	}
	c->hv = hv;
	return 0;
}

static void vpart_config_disable(struct vpart_config *c)
{
	lockdep_assert_held(&c->lock);
	if (c->hv)
		vpart_hv_destroy(c->hv);
	c->hv = NULL;
}

static ssize_t vpart_config_enable_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(to_config(item)->hv) ? 1 : 0);
}

static ssize_t vpart_config_enable_store(struct config_item *item, const char *page, size_t len)
{
	struct vpart_config *c = to_config(item);
	bool enable;
	int err;

	err = kstrtobool(page, &enable);
	if (err) {
		pr_err("%s: enable: give 0 or 1\n", vpart_config_name(c));
		return err;
	}
	mutex_lock(&c->lock);
	if (enable)
		err = vpart_config_enable(c);
	else
		vpart_config_disable(c);
	mutex_unlock(&c->lock);
	return err ?: len;
}

/* ---- directories ------------------------------------------------------------------------ */

CONFIGFS_ATTR(vpart_config_, memory);
CONFIGFS_ATTR(vpart_config_, vps);
CONFIGFS_ATTR(vpart_config_, intercept_mmio);
CONFIGFS_ATTR(vpart_config_, enable);

static struct configfs_attribute *vpart_config_attrs[] = {
	&vpart_config_attr_memory,
	&vpart_config_attr_vps,
	&vpart_config_attr_intercept_mmio,
	&vpart_config_attr_enable,
	NULL
};

static void vpart_config_release(struct config_item *item)
{
	struct vpart_config *c = to_config(item);

	mutex_destroy(&c->lock);
	kfree(c);
}

static struct configfs_item_operations vpart_config_item_ops = {
	.release = vpart_config_release,
};

static const struct config_item_type vpart_config_type = {
	.ct_item_ops = &vpart_config_item_ops,
	.ct_attrs = vpart_config_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *vpart_config_make(struct config_group *parent, const char *name)
{
	struct vpart_config *c;

	if (!vpart_name_valid(name))
		return ERR_PTR(-EINVAL);
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return ERR_PTR(-ENOMEM);
	mutex_init(&c->lock);
	/* A VP is the same in every VTL. */
	c->nvps = min_t(unsigned int, num_present_cpus(), VMBUS_PARTITION_MAX_VPS);
	config_item_init_type_name(&c->item, name, &vpart_config_type);
	return &c->item;
}

static void vpart_config_drop(struct config_group *parent, struct config_item *item)
{
	struct vpart_config *c = to_config(item);

	mutex_lock(&c->lock);
	vpart_config_disable(c);
	mutex_unlock(&c->lock);
	config_item_put(item);
}

VISIBLE_IF_KUNIT struct configfs_group_operations vpart_config_root_ops = {
	.make_item = vpart_config_make,
	.drop_item = vpart_config_drop,
};
EXPORT_SYMBOL_IF_KUNIT(vpart_config_root_ops);

static const struct config_item_type vpart_config_root_type = {
	.ct_group_ops = &vpart_config_root_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem vpart_config_subsys = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "vmbus_partition",
			.ci_type = &vpart_config_root_type,
		},
	},
};

/**
 * vpart_config_init - make /sys/kernel/config/vmbus_partition
 *
 * Return: 0 or an error.
 */
int __init vpart_config_init(void)
{
	config_group_init(&vpart_config_subsys.su_group);
	mutex_init(&vpart_config_subsys.su_mutex);
	return configfs_register_subsystem(&vpart_config_subsys);
}

/**
 * vpart_config_exit - remove /sys/kernel/config/vmbus_partition
 */
void vpart_config_exit(void)
{
	configfs_unregister_subsystem(&vpart_config_subsys);
}
