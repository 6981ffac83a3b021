// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_intercept: decides what becomes of each offer of the host.
 */
#include <linux/module.h>

#include "vint.h"

static int __init vint_init(void)
{
	vint_filter_init(&vint_filter);
	return vint_sysfs_init();
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
