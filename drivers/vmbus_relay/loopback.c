// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host transport "loopback": the host is a second server on the guest's own
 * partition, which answers to VTL2.  What the hypervisor would route between
 * VTL2 and the host goes through the partition's port table here.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <vmbus/partition.h>

#include "vrelay.h"

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
 * @events: by event flag; written by the client under its lock, read under RCU
 */
struct vrelay_loopback {
	struct vrelay_host host;
	struct vmbus_partition *part;
	struct vrelay_binding __rcu *events[VRELAY_EVENT_FLAGS];
};

static struct vrelay_loopback *to_loopback(struct vrelay_host *host)
{
	return container_of(host, struct vrelay_loopback, host);
}

static int vrelay_loopback_message(void *ctx, u8 sint, const void *payload, u32 len)
{
	struct vrelay_loopback *loopback = ctx;

	if (sint != VMBUS_SINT_REDIRECT) {
		atomic64_inc(&loopback->host.stray_messages);
		return 0;
	}
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
	return vpart_vtl2_bind(part, &vrelay_loopback_vtl2_ops, loopback);
}

static void vrelay_loopback_stop(struct vrelay_host *host)
{
	struct vrelay_loopback *loopback = to_loopback(host);

	/* The client may still call ready(): its server holds the partition. */
	vpart_vtl2_unbind(loopback->part);
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
	return &loopback->host;
}

void vrelay_loopback_destroy(struct vrelay_host *host)
{
	kvfree(to_loopback(host));
}
