// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_vsock: AF_VSOCK between programs of this kernel and of its guests.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "vvsock.h"

static int __init vvsock_init(void)
{
	int err;

	vvsock_wq = alloc_workqueue("vmbus_vsock", WQ_UNBOUND, 0);
	if (!vvsock_wq)
		return -ENOMEM;
	err = vsock_core_register(&vvsock_transport, VSOCK_TRANSPORT_F_H2G);
	if (err) {
		if (err == -EBUSY)
			pr_err("AF_VSOCK has a transport to guests already: unload vhost_vsock (or vmw_vsock_vmci_transport) first\n");
		goto destroy_wq;
	}
	err = vvsock_config_init();
	if (err)
		goto unregister;
	return 0;

unregister:
	vsock_core_unregister(&vvsock_transport);
destroy_wq:
	destroy_workqueue(vvsock_wq);
	return err;
}

/* No guest is left, as their directories hold the module, and no socket either. */
static void __exit vvsock_exit(void)
{
	vvsock_config_exit();
	vsock_core_unregister(&vvsock_transport);
	destroy_workqueue(vvsock_wq);
}

module_init(vvsock_init);
module_exit(vvsock_exit);

MODULE_DESCRIPTION("AF_VSOCK between programs of this VTL2 kernel and its guest");
MODULE_LICENSE("GPL");
