// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_shutdown: a device hook.  Rule "intercept:shutdown" gives it the host's
 * shutdown component.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "shutdown.h"

#define VSHUT_RING_PAGES	4	/* one request at a time */

static const guid_t vshut_class = VMBUS_CLASS_IC_SHUTDOWN;

static int vshut_offer_guest(struct vshut *vshut, const struct vint_handover *handover)
{
	struct vsrv_chan *chan;

	chan = vsrv_offer(handover->srv, handover->guest, &vshut_chan_ops, vshut);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	vshut->chan = chan;
	return 0;
}

static int vshut_offer(struct vint_hook *hook, const struct vint_handover *handover, void **priv)
{
	static const struct vsrv_ring_params params = {
		.to_host_pages = VSHUT_RING_PAGES, .from_host_pages = VSHUT_RING_PAGES,
	};
	struct vshut *vshut;
	int err;

	if (!guid_equal(&handover->offer->class_id, &vshut_class) ||
	    handover->offer->subchannel) {
		pr_err_ratelimited("%pUl refused: not a shutdown component, but a rule sends it here\n",
				   &handover->offer->instance_id);
		return -EINVAL;
	}
	vshut = kvzalloc(sizeof(*vshut), GFP_KERNEL);
	if (!vshut)
		return -ENOMEM;
	spin_lock_init(&vshut->lock);
	vshut->dev = handover->dev;
	vshut_guest_init(vshut);
	err = vrelay_dev_open(vshut->dev, &vshut_host_ops, vshut, &params);
	if (err)
		goto free_vshut;
	err = vshut_offer_guest(vshut, handover);
	if (err)
		goto close_dev;
	*priv = vshut;
	return 0;

close_dev:
	vrelay_dev_close(vshut->dev);
free_vshut:
	kvfree(vshut);
	return err;
}

/* The guest has its component as long as we have the host's. */
static bool vshut_guest_has(struct vint_hook *hook, void *priv)
{
	return true;
}

/* The guest's end goes first: until then it may still answer the host. */
static void vshut_revoke(struct vint_hook *hook, void *priv)
{
	struct vshut *vshut = priv;

	vsrv_revoke(vshut->chan);
	vrelay_dev_close(vshut->dev);
	kvfree(vshut);
}

static struct vint_hook vshut_hook = {
	.name = "shutdown",
	.owner = THIS_MODULE,
	.offer = vshut_offer,
	.guest_has = vshut_guest_has,
	.revoke = vshut_revoke,
};

static int __init vshut_init(void)
{
	return vint_hook_register(&vshut_hook);
}

static void __exit vshut_exit(void)
{
	vint_hook_unregister(&vshut_hook);
}

module_init(vshut_init);
module_exit(vshut_exit);
MODULE_DESCRIPTION("The host's shutdown component, offered to the guest by VTL2");
MODULE_LICENSE("GPL");
