// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host transport "loopback": the host is a second server on the guest's own
 * partition, which answers to VTL2.  What the hypervisor would route between
 * VTL2 and the host goes through the partition's port table here.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
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
 * struct vrelay_binding - who gets an event flag
 * @fn: callback
 * @ctx: its argument
 */
struct vrelay_binding {
	void (*fn)(void *ctx);
	void *ctx;
};

/**
 * struct vrelay_loopback - the transport
 * @host: what the client sees
 * @part: the guest's partition, since it was started last
 * @messages: that came late, since then
 * @late: lets the host try again
 * @flags: VRELAY_LOOPBACK_DUE: the next message has been delayed
 * @events: by event flag; written by the client under its lock, read under RCU
 */
struct vrelay_loopback {
	struct vrelay_host host;
	struct vmbus_partition *part;
	atomic_t messages;
	struct delayed_work late;
	unsigned long flags;
	struct vrelay_binding __rcu *events[VRELAY_EVENT_FLAGS];
};

static struct vrelay_loopback *to_loopback(struct vrelay_host *host)
{
	return container_of(host, struct vrelay_loopback, host);
}

#define VRELAY_LOOPBACK_DUE	0

static void vrelay_loopback_late(struct work_struct *work)
{
	struct vrelay_loopback *loopback = container_of(work, struct vrelay_loopback, late.work);

	set_bit(VRELAY_LOOPBACK_DUE, &loopback->flags);
	vpart_vtl2_ready(loopback->part, VMBUS_SINT_REDIRECT);
}

/*
 * Is the host to wait with this message?  It keeps it, and those behind it, as if our
 * message slot were in use.
 */
static bool vrelay_loopback_delays(struct vrelay_loopback *loopback)
{
	unsigned int max = READ_ONCE(loopback_delay_ms), ms;

	if (!max || test_and_clear_bit(VRELAY_LOOPBACK_DUE, &loopback->flags))
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
	struct vrelay_binding *binding = NULL;

	rcu_read_lock();
	if (sint == VMBUS_SINT_REDIRECT && flag < VRELAY_EVENT_FLAGS)
		binding = rcu_dereference(loopback->events[flag]);
	if (binding)
		binding->fn(binding->ctx);
	else
		atomic64_inc(&loopback->host.stray_events);
	rcu_read_unlock();
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
	struct vrelay_loopback *loopback = to_loopback(host);
	struct vrelay_binding *binding;

	if (flag >= VRELAY_EVENT_FLAGS)
		return -EINVAL;
	if (rcu_access_pointer(loopback->events[flag]))
		return -EBUSY;
	binding = kmalloc(sizeof(*binding), GFP_KERNEL);
	if (!binding)
		return -ENOMEM;
	binding->fn = fn;
	binding->ctx = ctx;
	rcu_assign_pointer(loopback->events[flag], binding);
	return 0;
}

static void vrelay_loopback_unbind(struct vrelay_host *host, u16 flag)
{
	struct vrelay_loopback *loopback = to_loopback(host);
	struct vrelay_binding *binding;

	binding = rcu_replace_pointer(loopback->events[flag], NULL, true);
	/* Also waits for callbacks that run: the caller frees their context. */
	synchronize_rcu();
	kfree(binding);
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

static void vrelay_loopback_ready(struct vrelay_host *host)
{
	vpart_vtl2_ready(to_loopback(host)->part, VMBUS_SINT_REDIRECT);
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
	.ready = vrelay_loopback_ready,
};

struct vrelay_host *vrelay_loopback_create(void)
{
	struct vrelay_loopback *loopback = kvzalloc(sizeof(*loopback), GFP_KERNEL);

	if (!loopback)
		return NULL;
	loopback->host.ops = &vrelay_loopback_ops;
	INIT_DELAYED_WORK(&loopback->late, vrelay_loopback_late);
	return &loopback->host;
}

void vrelay_loopback_destroy(struct vrelay_host *host)
{
	kvfree(to_loopback(host));
}
