// SPDX-License-Identifier: GPL-2.0-only
/*
 * vpci_relay: PCI devices of the host for the guest, those that it may have, or for this
 * kernel.
 */
#include <linux/module.h>

#include "vpci_relay.h"

static int __init vpci_relay_init(void)
{
	int err;

	err = vpci_relay_sysfs_init();
	if (err)
		goto exit_windows;
	err = vpci_local_init();
	if (err)
		goto exit_sysfs;
	err = vpci_relay_hook_init();
	if (err)
		goto exit_local;
	return 0;

exit_local:
	vpci_local_exit();
exit_sysfs:
	vpci_relay_sysfs_exit();
exit_windows:
	/* Its file was there for a while. */
	vpci_local_memory_exit();
	return err;
}

static void __exit vpci_relay_exit(void)
{
	vpci_relay_hook_exit();
	vpci_local_exit();
	vpci_relay_sysfs_exit();
	vpci_local_memory_exit();
}

module_init(vpci_relay_init);
module_exit(vpci_relay_exit);
MODULE_DESCRIPTION("Relays the host's VPCI buses to a guest, device by device");
MODULE_LICENSE("GPL");
