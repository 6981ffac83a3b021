// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_partition: memory, synthetic interrupts and connections of a guest.
 */
#include <linux/module.h>
#include "vpart.h"

static int __init vpart_init(void)
{
	int err;

	vpart_wq = alloc_workqueue("vmbus_partition", WQ_UNBOUND, 0);
	if (!vpart_wq)
		return -ENOMEM;
	err = class_register(&vpart_class);
	if (err)
		goto destroy_wq;
	err = vpart_chardev_init();
	if (err)
		goto unregister_class;
	err = vpart_config_init();
	if (err)
		goto remove_chardev;
	return 0;

remove_chardev:
	vpart_chardev_exit();
unregister_class:
	class_unregister(&vpart_class);
destroy_wq:
	destroy_workqueue(vpart_wq);
	return err;
}

static void __exit vpart_exit(void)
{
	vpart_config_exit();
	vpart_chardev_exit();
	class_unregister(&vpart_class);
	destroy_workqueue(vpart_wq);
	/* VPs are freed after a grace period. */
	rcu_barrier();
}

module_init(vpart_init);
module_exit(vpart_exit);

MODULE_DESCRIPTION("Memory, synthetic interrupts and connections of a guest for its VMBus server");
MODULE_LICENSE("GPL");
