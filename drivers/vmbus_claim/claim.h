/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_claim: devices that this kernel's own hv_vmbus was offered, for the guest.
 *
 * main.c	the hv_driver; what the filter says of a device; its files in sysfs
 * host.c	the host's end: an ordinary channel of hv_vmbus
 * packet.c	packets as hv_vmbus gives them
 *
 * The host knows nothing of the guest's memory: rings are this kernel's, packets are
 * copied, and a packet with page numbers is refused.
 */
#ifndef _VCLAIM_H
#define _VCLAIM_H

#include <linux/atomic.h>
#include <linux/hyperv.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <vmbus/intercept.h>
#include <vmbus/pass.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

/**
 * struct vclaim - a device
 * @hdev: hv_vmbus's; not to be used any more when @gone
 * @node: in the list of all
 * @key: what the filter sees
 * @apply: offers it to the guest, or takes it back, as the filter says
 * @end: takes it back and frees this, when @gone
 * @offer_lock: protects what follows, up to @err; held while waiting for the host, at
 *	most until that takes the device back, but for what hv_vmbus itself waits for
 * @decided: the filter has said something, which is
 * @decision: this
 * @offered: guest's end, while it is offered
 * @gone: hv_vmbus has the device back
 * @err: of the last try to offer it
 * @wq: queue of @work
 * @work: reads
 * @pass: guest's end, for @work
 * @buf: copy of a packet of the host, while open
 * @buf_size: bytes of it
 * @refused: packets that were not passed on
 * @lock: protects what follows
 * @open: the rings may be used
 * @starved: a packet of the guest waits for room
 */
struct vclaim {
	struct hv_device *hdev;
	struct list_head node;
	struct vint_offer key;
	struct delayed_work apply;
	struct work_struct end;

	struct mutex offer_lock;	/* protects what follows, up to err */
	bool decided;
	struct vint_decision decision;
	struct vpass *offered;
	bool gone;
	int err;

	struct workqueue_struct *wq;
	struct delayed_work work;
	struct vpass *pass;
	void *buf;
	u32 buf_size;
	atomic64_t refused;

	spinlock_t lock;		/* protects what follows */
	bool open;
	bool starved;
};

/* host.c */
extern const struct vpass_host_ops vclaim_host_ops;

int vclaim_host_init(struct vclaim *claim);
void vclaim_host_release(struct vclaim *claim);
void vclaim_host_destroy(struct vclaim *claim);

/* packet.c */
bool vclaim_passes(u16 type);
bool __must_check vclaim_parse(const void *buf, u32 len, struct vsrv_packet *pkt);

#endif /* _VCLAIM_H */
