// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_observe: a device hook.  Rule "intercept:observe" puts VTL2 into the data path
 * of a channel: the guest has the device as before, and debugfs tells what passes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/hostdev.h>
#include <vmbus/intercept.h>
#include <vmbus/pass.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

#include "observe.h"

#define VOBS_NAME_SIZE	(UUID_STRING_LEN + sizeof(".65535"))

/**
 * struct vobs - a channel
 * @dev: host's end
 * @pass: guest's end
 * @part: partition of the guest
 * @to_host: what has passed
 * @to_guest: what has passed
 * @debugfs: file
 */
struct vobs {
	struct vrelay_dev *dev;
	struct vpass *pass;
	struct vmbus_partition *part;
	struct vobs_stats to_host;
	struct vobs_stats to_guest;
	struct dentry *debugfs;
};

static struct dentry *vobs_debugfs_root;

/* ---- between the ends ------------------------------------------------------------------- */

static bool vobs_dev_ready(void *ctx)
{
	struct vobs *vobs = ctx;

	return vpass_ready(vobs->pass);
}

static void vobs_dev_packet(void *ctx, const struct vsrv_packet *pkt)
{
	struct vobs *vobs = ctx;

	vpass_packet(vobs->pass, pkt);
}

static void vobs_dev_flush(void *ctx)
{
	struct vobs *vobs = ctx;

	vpass_flush(vobs->pass);
}

static void vobs_dev_room(void *ctx)
{
	struct vobs *vobs = ctx;

	vpass_room(vobs->pass);
}

static const struct vrelay_dev_ops vobs_dev_ops = {
	.ready = vobs_dev_ready,
	.packet = vobs_dev_packet,
	.flush = vobs_dev_flush,
	.room = vobs_dev_room,
};

static int vobs_host_open(void *ctx, struct vpass *pass, const struct vsrv_ring_params *params)
{
	struct vobs *vobs = ctx;

	/* vpass_offer() may not have returned it yet. */
	vobs->pass = pass;
	return vrelay_dev_open(vobs->dev, &vobs_dev_ops, vobs, params);
}

static void vobs_host_close(void *ctx)
{
	struct vobs *vobs = ctx;

	vrelay_dev_close(vobs->dev);
}

static int vobs_host_send(void *ctx, const struct vsrv_packet *pkt)
{
	struct vobs *vobs = ctx;
	int err;

	/* To the host the channel is VTL2's: it would take VTL2's pages, too. */
	err = vsrv_packet_check_memory(pkt, vobs->part);
	return err ?: vrelay_dev_forward(vobs->dev, pkt);
}

static void vobs_host_queue(void *ctx)
{
	struct vobs *vobs = ctx;

	vrelay_dev_queue(vobs->dev);
}

static void vobs_passed(void *ctx, bool to_host, const struct vsrv_packet *pkt)
{
	struct vobs *vobs = ctx;

	vobs_stats_add(to_host ? &vobs->to_host : &vobs->to_guest, pkt);
}

static const struct vpass_host_ops vobs_host_ops = {
	.open = vobs_host_open,
	.close = vobs_host_close,
	.send = vobs_host_send,
	.queue = vobs_host_queue,
	.passed = vobs_passed,
};

/* ---- debugfs --------------------------------------------------------------------------- */

static void vobs_show(struct seq_file *m, const char *direction, const struct vobs_stats *stats)
{
	/* Pairs with smp_store_release() in vobs_kind(). */
	unsigned int n = smp_load_acquire(&stats->n), i;

	for (i = 0; i < n; i++) {
		const struct vobs_kind *kind = &stats->kinds[i];

		seq_printf(m, "%s %s %u packets %llu bytes %llu min %u max %u\n", direction,
			   vobs_type_name(kind->type), kind->opcode, READ_ONCE(kind->packets),
			   READ_ONCE(kind->bytes), READ_ONCE(kind->min), READ_ONCE(kind->max));
	}
	if (READ_ONCE(stats->other))
		seq_printf(m, "%s other packets %llu\n", direction, READ_ONCE(stats->other));
}

static int vobs_debugfs_show(struct seq_file *m, void *unused)
{
	const struct vobs *vobs = m->private;

	vobs_show(m, "to-host", &vobs->to_host);
	vobs_show(m, "to-guest", &vobs->to_guest);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vobs_debugfs);

static void vobs_debugfs_add(struct vobs *vobs, const struct vint_offer *offer)
{
	char name[VOBS_NAME_SIZE];

	snprintf(name, sizeof(name), "%pUl.%u", &offer->instance_id, offer->subchannel);
	vobs->debugfs = debugfs_create_file(name, 0400, vobs_debugfs_root, vobs,
					    &vobs_debugfs_fops);
}

/* ---- the hook ---------------------------------------------------------------------------- */

/* Counting goes on where it was. */
static void vobs_restore(struct vobs *vobs, const struct vint_handover *handover)
{
	const struct vobs_state *state = handover->state;

	if (handover->state_len != sizeof(*state) || !vobs_stats_valid(&state->to_host) ||
	    !vobs_stats_valid(&state->to_guest))
		return;
	vobs->to_host = state->to_host;
	vobs->to_guest = state->to_guest;
}

static int vobs_offer(struct vint_hook *hook, const struct vint_handover *handover, void **priv)
{
	u32 skip = handover->guest->flags & VMBUS_OFFER_NAMED_PIPE ?
		   sizeof(struct vmbus_pipe_hdr) : 0;
	struct vpass *pass;
	struct vobs *vobs;

	vobs = kvzalloc(sizeof(*vobs), GFP_KERNEL);
	if (!vobs)
		return -ENOMEM;
	vobs->dev = handover->dev;
	vobs->part = vsrv_partition(handover->srv);
	vobs_restore(vobs, handover);
	vobs->to_host.skip = skip;
	vobs->to_guest.skip = skip;
	pass = vpass_offer(handover->srv, handover->guest, &vobs_host_ops, vobs);
	if (IS_ERR(pass)) {
		kvfree(vobs);
		return PTR_ERR(pass);
	}
	vobs->pass = pass;
	vobs_debugfs_add(vobs, handover->offer);
	*priv = vobs;
	return 0;
}

static ssize_t vobs_save(struct vint_hook *hook, void *priv, void **state)
{
	struct vobs_state *saved = kvmalloc(sizeof(*saved), GFP_KERNEL);
	struct vobs *vobs = priv;

	if (!saved)
		return -ENOMEM;
	/* With the last words of both ends. */
	vpass_sever(vobs->pass);
	saved->to_host = vobs->to_host;
	saved->to_guest = vobs->to_guest;
	*state = saved;
	return sizeof(*saved);
}

/* The guest has the channel as long as we have the host's. */
static bool vobs_guest_has(struct vint_hook *hook, void *priv)
{
	return true;
}

static void vobs_revoke(struct vint_hook *hook, void *priv)
{
	struct vobs *vobs = priv;

	debugfs_remove(vobs->debugfs);
	vpass_revoke(vobs->pass);
	kvfree(vobs);
}

static struct vint_hook vobs_hook = {
	.name = "observe",
	.owner = THIS_MODULE,
	.offer = vobs_offer,
	.save = vobs_save,
	.guest_has = vobs_guest_has,
	.revoke = vobs_revoke,
};

static int __init vobs_module_init(void)
{
	int err;

	vobs_debugfs_root = debugfs_create_dir("vmbus_observe", NULL);
	err = vint_hook_register(&vobs_hook);
	if (err)
		debugfs_remove(vobs_debugfs_root);
	return err;
}

static void __exit vobs_module_exit(void)
{
	vint_hook_unregister(&vobs_hook);
	debugfs_remove(vobs_debugfs_root);
}

module_init(vobs_module_init);
module_exit(vobs_module_exit);
MODULE_DESCRIPTION("Packets of a channel of the host, counted on their way");
MODULE_LICENSE("GPL");
