// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_relay: consumes the host's VMBus offers and offers them to the guest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "vrelay.h"

static char *transport = "loopback";
module_param(transport, charp, 0444);
MODULE_PARM_DESC(transport, "way to the host: loopback (another server on the guest's partition) or vtl2 (Hyper-V)");

static struct vrelay *vrelay0;

static struct vrelay_host *vrelay_host_create(void)
{
	if (!strcmp(transport, "loopback"))
		return vrelay_loopback_create();
	if (!strcmp(transport, "vtl2"))
		return vrelay_vtl2_create();
	pr_err("transport: loopback or vtl2, not \"%s\"\n", transport);
	return ERR_PTR(-EINVAL);
}

static int __init vrelay_init(void)
{
	struct vrelay_host *host;
	int err;

	err = class_register(&vrelay_class);
	if (err)
		return err;
	host = vrelay_host_create();
	if (IS_ERR(host)) {
		err = PTR_ERR(host);
		goto unregister_class;
	}
	vrelay0 = vrelay_create(0, host);
	if (IS_ERR(vrelay0)) {
		err = PTR_ERR(vrelay0);
		goto unregister_class;
	}
	return 0;

unregister_class:
	class_unregister(&vrelay_class);
	return err;
}

static void __exit vrelay_exit(void)
{
	vrelay_remove(vrelay0);
	class_unregister(&vrelay_class);
}

module_init(vrelay_init);
module_exit(vrelay_exit);
MODULE_DESCRIPTION("Offers the host's VMBus channels to the guest");
MODULE_LICENSE("GPL");
