// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_storvsp: SCSI controllers on a VMBus server, with LIO's disks.
 */
#include <linux/module.h>
#include "storvsp.h"

static int __init storvsp_init(void)
{
	return target_register_template(&storvsp_fabric_ops);
}

static void __exit storvsp_exit(void)
{
	target_unregister_template(&storvsp_fabric_ops);
}

module_init(storvsp_init);
module_exit(storvsp_exit);

MODULE_DESCRIPTION("SCSI controllers for the guest of this VTL2 kernel, on LIO");
MODULE_LICENSE("GPL");
