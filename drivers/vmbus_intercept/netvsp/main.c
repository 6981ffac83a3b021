// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_netvsp: network adapters on a VMBus server, each with an interface here.
 */
#include <linux/module.h>
#include "config.h"

static int __init netvsp_init(void)
{
	return netvsp_configfs_init();
}

static void __exit netvsp_exit(void)
{
	netvsp_configfs_exit();
}

module_init(netvsp_init);
module_exit(netvsp_exit);

MODULE_DESCRIPTION("Network adapters for the guest of this VTL2 kernel");
MODULE_LICENSE("GPL");
