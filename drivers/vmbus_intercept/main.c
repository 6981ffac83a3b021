// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_intercept: decides what becomes of each offer of the host.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vint.h"

static char *rules;
module_param(rules, charp, 0444);
MODULE_PARM_DESC(rules, "rules to start with, separated by semicolons");

static char *fallback;
module_param_named(default, fallback, charp, 0444);
MODULE_PARM_DESC(default, "what becomes of offers that no rule matches (relay)");

/* What should have been hidden must not be seen for a typing error: nothing works then. */
static int __init vint_apply_parameters(void)
{
	char *text;
	int err;

	if (fallback) {
		err = vint_change("default", vint_filter_set_fallback, fallback, strlen(fallback));
		if (err)
			return err;
	}
	if (!rules)
		return 0;
	text = vint_parameter_text(rules);
	if (!text)
		return -ENOMEM;
	err = vint_change("rules", vint_filter_replace, text, strlen(text));
	kfree(text);
	return err;
}

static int __init vint_init(void)
{
	int err;

	vint_filter_init(&vint_filter);
	err = vint_sysfs_init();
	if (err)
		return err;
	err = vint_apply_parameters();
	if (err) {
		vint_sysfs_exit();
		vint_filter_destroy(&vint_filter);
	}
	return err;
}

static void __exit vint_exit(void)
{
	vint_sysfs_exit();
	vint_filter_destroy(&vint_filter);
}

module_init(vint_init);
module_exit(vint_exit);
MODULE_DESCRIPTION("Filter and device hooks for the host's VMBus offers");
MODULE_LICENSE("GPL");
