// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "ruleset": all rules at once.
 *
 * sysfs cuts a write into pages, and some shells write each line by itself, so
 * the text says itself where it is complete: with a last line "end".
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <vmbus/compat.h>

#include "vint.h"

/* An unfinished text is reported when nothing has come for so long. */
#define VINT_RULESET_WAIT	(2 * HZ)

/* What came so far; protected by vint_config_lock. */
static struct {
	/* Only compared: pieces of two writers do not mix. */
	const struct file *writer;
	char *text;
	size_t len;
} vint_pending;

static void vint_ruleset_late(struct work_struct *work)
{
	mutex_lock(&vint_config_lock);
	if (vint_pending.len)
		pr_err("ruleset: nothing changed so far, the last line must be \"end\"\n");
	mutex_unlock(&vint_config_lock);
}

static DECLARE_DELAYED_WORK(vint_ruleset_work, vint_ruleset_late);

static void vint_pending_drop(void)
{
	kvfree(vint_pending.text);
	memset(&vint_pending, 0, sizeof(vint_pending));
}

/* Collects a piece.  Returns 0 or -errno. */
static int vint_pending_add(const struct file *writer, const char *buf, loff_t off, size_t count)
{
	lockdep_assert_held(&vint_config_lock);
	if (!off)
		vint_pending_drop();
	if (off != vint_pending.len || (off && writer != vint_pending.writer)) {
		pr_err_ratelimited("ruleset: a piece without what goes before: write it from the start\n");
		return -EINVAL;
	}
	if (count > VINT_RULESET_SIZE - vint_pending.len) {
		vint_pending_drop();
		pr_err_ratelimited("ruleset: longer than %d bytes: leave out comments\n",
				   VINT_RULESET_SIZE);
		return -EFBIG;
	}
	if (!vint_pending.text)
		vint_pending.text = kvmalloc(VINT_RULESET_SIZE, GFP_KERNEL);
	if (!vint_pending.text)
		return -ENOMEM;
	vint_pending.writer = writer;
	memcpy(vint_pending.text + off, buf, count);
	vint_pending.len += count;
	return 0;
}

static ssize_t ruleset_write(struct file *file, struct kobject *kobj,
			     VMBUS_BIN_ATTR_CONST struct bin_attribute *attr, char *buf,
			     loff_t off, size_t count)
{
	bool complete = false;
	int err;

	mutex_lock(&vint_config_lock);
	err = vint_pending_add(file, buf, off, count);
	if (!err) {
		complete = vint_ruleset_complete(vint_pending.text, vint_pending.len);
		if (complete) {
			err = vint_change_locked(attr->attr.name, vint_filter_replace,
						 vint_pending.text, vint_pending.len);
			vint_pending_drop();
		} else {
			mod_delayed_work(system_wq, &vint_ruleset_work, VINT_RULESET_WAIT);
		}
	}
	mutex_unlock(&vint_config_lock);
	if (!err && complete)
		vint_listeners_call();
	return err ?: count;
}

static ssize_t ruleset_read(struct file *file, struct kobject *kobj,
			    VMBUS_BIN_ATTR_CONST struct bin_attribute *attr, char *buf,
			    loff_t off, size_t count)
{
	char *text = kvmalloc(VINT_RULESET_SIZE, GFP_KERNEL);
	ssize_t len;

	if (!text)
		return -ENOMEM;
	len = vint_filter_format(&vint_filter, text, VINT_RULESET_SIZE);
	if (len >= 0)
		len = memory_read_from_buffer(buf, count, &off, text, len);
	kvfree(text);
	return len;
}

static const struct bin_attribute bin_attr_ruleset = {
	.attr = { .name = "ruleset", .mode = 0644 },
	.read = ruleset_read,
	.write = ruleset_write,
};

int vint_ruleset_init(struct device *dev)
{
	return device_create_bin_file(dev, &bin_attr_ruleset);
}

/* After the device is gone: nobody writes any more. */
void vint_ruleset_exit(void)
{
	cancel_delayed_work_sync(&vint_ruleset_work);
	mutex_lock(&vint_config_lock);
	vint_pending_drop();
	mutex_unlock(&vint_config_lock);
}
