/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host transports of the relay: how messages and events reach the host, and
 * how the host's reach this kernel.
 */
#ifndef _VMBUS_HOST_H
#define _VMBUS_HOST_H

#include <linux/types.h>

struct page;
struct vmbus_partition;
struct vrelay_host;

/**
 * struct vrelay_host_ops - what a host transport does
 * @name: shown in sysfs
 * @start: begin to receive; @part is the partition of the guest.  0 or -errno.
 * @stop: receive nothing any more; no callback runs on return
 * @post_message: post one VMBus message to the host: an HV_STATUS code.
 *	HV_STATUS_INSUFFICIENT_BUFFERS is worth trying again.  Must not sleep.
 * @signal_event: signal a connection: an HV_STATUS code.  Any context, also
 *	with interrupts off.
 * @bind_event: call @fn(@ctx) whenever the host sets event flag @flag of this
 *	kernel; any context, must not sleep.  May sleep itself.  0 or -errno.
 * @unbind_event: undo it: on return @fn neither runs nor is called again
 * @share: let the host have @n pages of this kernel; @pfns are the numbers that it
 *	knows them by.  May sleep.  0 or -errno.
 * @unshare: undo it, once the host uses them no more.  May sleep.
 * @mmio: read or write @size bytes (1, 2, 4 or 8, aligned) at @gpa of what the host serves
 *	in this kernel's own addresses, such as the window of a VPCI bus.  May sleep.  0,
 *	-ENXIO if nobody serves it, or another -errno.
 * @ready: vrelay_host::receive() returned -EAGAIN before and has room now.
 *	May call it.  Process context.
 * @destroy: free it; it is stopped
 */
struct vrelay_host_ops {
	const char *name;
	int (*start)(struct vrelay_host *host, struct vmbus_partition *part);
	void (*stop)(struct vrelay_host *host);
	u16 (*post_message)(struct vrelay_host *host, const void *payload, u32 len);
	u16 (*signal_event)(struct vrelay_host *host, u32 connection_id, u16 flag);
	int (*bind_event)(struct vrelay_host *host, u16 flag, void (*fn)(void *ctx), void *ctx);
	void (*unbind_event)(struct vrelay_host *host, u16 flag);
	int (*share)(struct vrelay_host *host, struct page **pages, unsigned int n, u64 *pfns);
	void (*unshare)(struct vrelay_host *host, const u64 *pfns, unsigned int n);
	int (*mmio)(struct vrelay_host *host, u64 gpa, unsigned int size, bool write, u64 *value);
	void (*ready)(struct vrelay_host *host);
	void (*destroy)(struct vrelay_host *host);
};

/**
 * struct vrelay_host - a host transport, embedded in it
 * @ops: set by the transport
 * @receive: a message of the host: 0, or -EAGAIN if there is no room.  Must not
 *	sleep.  Set by the client before start().
 * @receive_ctx: first argument of @receive
 * @stray_messages: messages on a SINT that nobody expects
 * @stray_events: events of a flag that nobody bound
 */
struct vrelay_host {
	const struct vrelay_host_ops *ops;
	int (*receive)(void *ctx, const void *payload, u32 len);
	void *receive_ctx;
	atomic64_t stray_messages;
	atomic64_t stray_events;
};

#endif /* _VMBUS_HOST_H */
