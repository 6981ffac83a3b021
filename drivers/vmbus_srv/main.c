// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_srv: the VMBus server that a guest talks to.
 */
#include <linux/module.h>
#include "vsrv.h"

static int __init vsrv_init(void)
{
	int err;

	vsrv_why_init();
	err = vsrv_sysfs_init();
	if (err)
		return err;
	vsrv_debugfs_init();
	err = vsrv_config_init();
	if (err) {
		vsrv_debugfs_exit();
		vsrv_sysfs_exit();
	}
	return err;
}

static void __exit vsrv_exit(void)
{
	vsrv_config_exit();
	vsrv_debugfs_exit();
	vsrv_sysfs_exit();
}

module_init(vsrv_init);
module_exit(vsrv_exit);

MODULE_DESCRIPTION("VMBus server for the guest of this VTL2 kernel");
MODULE_LICENSE("GPL");
