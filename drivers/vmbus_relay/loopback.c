// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host transport "loopback": the host is a second server on the guest's own
 * partition, which answers to VTL2.  What the hypervisor would route between
 * VTL2 and the host goes through the partition's port table here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <kunit/visibility.h>
#include <vmbus/partition.h>

#include "vrelay.h"

#define LOOPBACK_DELAY_MAX	1000	/* ms */

static unsigned int loopback_seed;
module_param(loopback_seed, uint, 0644);
MODULE_PARM_DESC(loopback_seed, "for tests: chooses the delays of loopback_delay_ms");

static unsigned int loopback_delay_ms;

static int loopback_delay_set(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint_minmax(val, kp, 0, LOOPBACK_DELAY_MAX);

	if (err)
		pr_err("loopback_delay_ms: give 0 to %u\n", LOOPBACK_DELAY_MAX);
	return err;
}

static const struct kernel_param_ops loopback_delay_ops = {
	.set = loopback_delay_set,
	.get = param_get_uint,
};

module_param_cb(loopback_delay_ms, &loopback_delay_ops, &loopback_delay_ms, 0644);
MODULE_PARM_DESC(loopback_delay_ms,
		 "for tests: each message of the loopback host comes up to so many ms late");

/**
 * struct vrelay_loopback - the transport
 * @host: what the client sees
 * @part: the guest's partition, since it was started last
 * @messages: that came late, since then
 * @late: lets the host try again
 * @due: bit 0: the next message has been delayed
 * @flags: the host's event flags
 */
struct vrelay_loopback {
	struct vrelay_host host;
	struct vmbus_partition *part;
	atomic_t messages;
	struct delayed_work late;
	unsigned long due;
	struct vrelay_flags flags;
};

static struct vrelay_loopback *to_loopback(struct vrelay_host *host)
{
	return container_of(host, struct vrelay_loopback, host);
}

static void vrelay_loopback_late(struct work_struct *work)
{
	struct vrelay_loopback *loopback = container_of(work, struct vrelay_loopback, late.work);

	set_bit(0, &loopback->due);
	vpart_vtl2_ready(loopback->part, VMBUS_SINT_REDIRECT);
}

/*
 * Is the host to wait with this message?  It keeps it, and those behind it, as if our
 * message slot were in use.
 */
static bool vrelay_loopback_delays(struct vrelay_loopback *loopback)
{
	unsigned int max = READ_ONCE(loopback_delay_ms), ms;

	if (!max || test_and_clear_bit(0, &loopback->due))
		return false;
	if (!delayed_work_pending(&loopback->late)) {
		ms = jhash_1word(atomic_inc_return(&loopback->messages),
				 READ_ONCE(loopback_seed)) % (max + 1);
		schedule_delayed_work(&loopback->late, msecs_to_jiffies(ms));
	}
	return true;
}

static int vrelay_loopback_message(void *ctx, u8 sint, const void *payload, u32 len)
{
	struct vrelay_loopback *loopback = ctx;

	if (sint != VMBUS_SINT_REDIRECT) {
		atomic64_inc(&loopback->host.stray_messages);
		return 0;
	}
	if (vrelay_loopback_delays(loopback))
		return -EAGAIN;
	return loopback->host.receive(loopback->host.receive_ctx, payload, len);
}

static void vrelay_loopback_event(void *ctx, u8 sint, u16 flag)
{
	struct vrelay_loopback *loopback = ctx;

	if (sint != VMBUS_SINT_REDIRECT || !vrelay_flags_fire(&loopback->flags, flag))
		atomic64_inc(&loopback->host.stray_events);
}

static const struct vpart_vtl2_ops vrelay_loopback_vtl2_ops = {
	.message = vrelay_loopback_message,
	.event = vrelay_loopback_event,
};

static int vrelay_loopback_start(struct vrelay_host *host, struct vmbus_partition *part)
{
	struct vrelay_loopback *loopback = to_loopback(host);

	loopback->part = part;
	atomic_set(&loopback->messages, 0);
	return vpart_vtl2_bind(part, &vrelay_loopback_vtl2_ops, loopback);
}

static void vrelay_loopback_stop(struct vrelay_host *host)
{
	struct vrelay_loopback *loopback = to_loopback(host);

	/* The client may still call ready(): its server holds the partition. */
	vpart_vtl2_unbind(loopback->part);
	cancel_delayed_work_sync(&loopback->late);
}

static u16 vrelay_loopback_post(struct vrelay_host *host, const void *payload, u32 len)
{
	struct vpart_message msg = {
		.vtl = VPART_VTL_PARAVISOR,
		.connection_id = VMBUS_CONN_MESSAGE_REDIRECT,
		.type = VMBUS_MSG_TYPE_HV,
		.size = len,
	};

	memcpy(msg.payload, payload, len);
	return vpart_hypercall_post(to_loopback(host)->part, &msg);
}

static u16 vrelay_loopback_signal(struct vrelay_host *host, u32 connection_id, u16 flag)
{
	return vpart_hypercall_signal(to_loopback(host)->part, connection_id, flag);
}

static int vrelay_loopback_bind(struct vrelay_host *host, u16 flag, void (*fn)(void *ctx),
				void *ctx)
{
	return vrelay_flags_bind(&to_loopback(host)->flags, flag, fn, ctx);
}

static void vrelay_loopback_unbind(struct vrelay_host *host, u16 flag)
{
	vrelay_flags_unbind(&to_loopback(host)->flags, flag);
}

static int vrelay_loopback_share(struct vrelay_host *host, struct page **pages, unsigned int n,
				 u64 *pfns)
{
	return vpart_vtl2_share(to_loopback(host)->part, pages, n, pfns);
}

static void vrelay_loopback_unshare(struct vrelay_host *host, const u64 *pfns, unsigned int n)
{
	vpart_vtl2_unshare(to_loopback(host)->part, pfns, n);
}

static int vrelay_loopback_mmio(struct vrelay_host *host, u64 gpa, unsigned int size, bool write,
				u64 *value)
{
	return vpart_mmio_access(to_loopback(host)->part, VPART_VTL_PARAVISOR, gpa, size, write,
				 value);
}

static void vrelay_loopback_ready(struct vrelay_host *host)
{
	vpart_vtl2_ready(to_loopback(host)->part, VMBUS_SINT_REDIRECT);
}

static void vrelay_loopback_destroy(struct vrelay_host *host)
{
	kvfree(to_loopback(host));
}

static const struct vrelay_host_ops vrelay_loopback_ops = {
	.name = "loopback",
	.start = vrelay_loopback_start,
	.stop = vrelay_loopback_stop,
	.post_message = vrelay_loopback_post,
	.signal_event = vrelay_loopback_signal,
	.bind_event = vrelay_loopback_bind,
	.unbind_event = vrelay_loopback_unbind,
	.share = vrelay_loopback_share,
	.unshare = vrelay_loopback_unshare,
	.mmio = vrelay_loopback_mmio,
	.ready = vrelay_loopback_ready,
	.destroy = vrelay_loopback_destroy,
};

/**
 * vrelay_loopback_create() - create the transport
 *
 * Return: it, or ERR_PTR(-ENOMEM).
 */
struct vrelay_host *vrelay_loopback_create(void)
{
	struct vrelay_loopback *loopback = kvzalloc(sizeof(*loopback), GFP_KERNEL);

	if (!loopback)
		return ERR_PTR(-ENOMEM);
	loopback->host.ops = &vrelay_loopback_ops;
	INIT_DELAYED_WORK(&loopback->late, vrelay_loopback_late);
	return &loopback->host;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_loopback_create);
