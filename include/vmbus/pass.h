/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels whose packets pass through this kernel: the guest has a device of VTL2, the
 * other end is a channel that VTL2 has open as a client.
 *
 * vmbus_pass has the guest's end; whoever has the other one gives it as struct
 * vpass_host_ops, and hands the packets that come from there over:
 *
 *	while (vpass_ready(pass) && there is a packet)
 *		vpass_packet(pass, pkt);
 *	vpass_flush(pass);
 *
 * Each end has one reader.  It reads no more while it has a packet that the other end
 * has no room for, so nothing is lost and nothing is queued.
 */
#ifndef _VMBUS_PASS_H
#define _VMBUS_PASS_H

#include <linux/types.h>

struct vmbus_srv;
struct vpass;
struct vsrv_chan;
struct vsrv_offer;
struct vsrv_packet;
struct vsrv_ring_params;

/**
 * struct vpass_host_ops - the other end
 * @open: open it, with rings as large as the guest's.  Packets may come before this
 *	returns, to @pass.
 * @close: close it.  Only after an open that succeeded; on return no packet comes any
 *	more.  Until it is done packets are delivered.  @send and @queue may still be
 *	called for a moment afterwards, but not after vpass_sever().
 * @send: send a packet of the guest.  0; -EAGAIN if there is no room, then
 *	vpass_room() follows; any other error drops the packet, which is counted.
 * @queue: a packet can be delivered again: see to it that vpass_ready() is called.
 *	Also when the other end is not open.  Any context.
 * @passed: a packet has passed.  Optional.
 *
 * @open and @close may sleep and wait for the host; they are not concurrent with each
 * other.  @send and @passed (to_host) come from the guest's reader, @passed of packets
 * for the guest from vpass_ready() or vpass_packet().
 */
struct vpass_host_ops {
	int (*open)(void *ctx, struct vpass *pass, const struct vsrv_ring_params *params);
	void (*close)(void *ctx);
	int (*send)(void *ctx, const struct vsrv_packet *pkt);
	void (*queue)(void *ctx);
	void (*passed)(void *ctx, bool to_host, const struct vsrv_packet *pkt);
};

struct vpass *vpass_offer(struct vmbus_srv *srv, const struct vsrv_offer *offer,
			  const struct vpass_host_ops *ops, void *ctx);
void vpass_sever(struct vpass *pass);
void vpass_revoke(struct vpass *pass);

void vpass_room(struct vpass *pass);
bool vpass_ready(struct vpass *pass);
void vpass_packet(struct vpass *pass, const struct vsrv_packet *pkt);
void vpass_flush(struct vpass *pass);

#endif /* _VMBUS_PASS_H */
