/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the host that this kernel drives itself.
 *
 * The relay hands a channel of the host over to a hook (<vmbus/intercept.h>),
 * ready to be opened: with rings in this kernel's own memory, packets in and
 * out, and interrupts that come here.  The guest has no part in it.
 *
 * The host is not trusted: packets are private copies, checked for their form,
 * and a ring that breaks the rules is read no more.
 */
#ifndef _VMBUS_HOSTDEV_H
#define _VMBUS_HOSTDEV_H

#include <linux/types.h>
#include <linux/uio.h>

struct vrelay_dev;
struct vsrv_packet;
struct vsrv_ring_params;

/**
 * struct vrelay_dev_ops - callbacks to the driver of a device of the host
 * @ready: can a packet be taken now?  If not the driver calls vrelay_dev_queue() when
 *	it can.  Optional.
 * @packet: a packet came; valid until the next call of @ready or @packet
 * @flush: some packets came, and no more for the moment.  Optional.
 * @room: there may be room in the ring toward the host, after vrelay_dev_send() or
 *	vrelay_dev_forward() said -EAGAIN.  Optional.
 *
 * They are made one at a time, in process context, and may sleep.  They may send.
 * They must not close the device.
 */
struct vrelay_dev_ops {
	bool (*ready)(void *ctx);
	void (*packet)(void *ctx, const struct vsrv_packet *pkt);
	void (*flush)(void *ctx);
	void (*room)(void *ctx);
};

int vrelay_dev_open(struct vrelay_dev *dev, const struct vrelay_dev_ops *ops, void *ctx,
		    const struct vsrv_ring_params *params);
void vrelay_dev_close(struct vrelay_dev *dev);
int vrelay_dev_send(struct vrelay_dev *dev, u16 type, u16 flags, u64 trans_id,
		    const struct kvec *vec, unsigned int nvec);
int vrelay_dev_forward(struct vrelay_dev *dev, const struct vsrv_packet *pkt);
void vrelay_dev_queue(struct vrelay_dev *dev);
int vrelay_dev_mmio(struct vrelay_dev *dev, u64 gpa, unsigned int size, bool write, u64 *value);

#endif /* _VMBUS_HOSTDEV_H */
