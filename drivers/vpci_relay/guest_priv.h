/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus of the guest, from inside.
 *
 * guest.c	life, channel: requests in, answers out
 * guest_fn.c	devices, what the host was asked for, time limits
 * guest_window.c	configuration space, and the window to it
 * guest_claim.c	where memory and windows are, over all buses of a guest
 *
 * The channel's reader alone writes to the guest's ring: others note what is due, and
 * queue it.  So a guest that is stopped is left alone, and what it does with its rings
 * keeps nobody else waiting.
 *
 * Locks, in this order:
 *
 * 1. vpci_guest::lock, a mutex: the bus and what is due.  Taken by the reader, the bus's
 *    work, the server once it has stopped the reader, and the owner.
 * 2. vpci_guest::config_lock, a mutex: configuration space.  It is all that the guest's VPs
 *    take in the window, so vpart_mmio_remove() may wait for them with the first one held,
 *    and never with this one.
 * 3. Locks of the owner that its vpci_guest_ops take: config_read, config_write and mapped
 *    come with the second one held or both, the others with the first.
 * 4. vpci_guest::done_lock, a spinlock: what the host was asked for.  It is all that
 *    vpci_guest_done() and vpci_guest_block_done() take, which may come with locks of the
 *    owner held.
 * 5. vpci_claims_lock, a mutex: claims of all buses, and ranges of this kernel.  Taken with the
 *    second one held, or the first; and with locks of those who set the ranges.
 */
#ifndef _VPCI_GUEST_PRIV_H
#define _VPCI_GUEST_PRIV_H

#include <linux/atomic.h>
#include <linux/hyperv.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uuid.h>
#include <linux/workqueue.h>
#include <vmbus/partition.h>
#include <vmbus/reader.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>

#include "guest.h"

/* The guest spins with interrupts off meanwhile, if it is Linux. */
#define VPCI_GUEST_TIMEOUT	(5 * HZ)
/* One that is waited for, and what a host still owes that was too slow before. */
#define VPCI_GUEST_WAITS	64
#define VPCI_GUEST_BUF_SIZE	(sizeof(struct vmpacket_descriptor) + VPCI_MAX_MESSAGE)

enum vpci_guest_wait_kind {
	VPCI_GUEST_WAIT_INTERRUPT,
	VPCI_GUEST_WAIT_RESET,
	VPCI_GUEST_WAIT_POWER,
	VPCI_GUEST_WAIT_BLOCK,
};

/**
 * struct vpci_guest_wait - something that the host was asked for
 * @cookie: names it; 0: the entry is free
 * @fn: device that it is about
 * @kind: what it is
 * @answered: what follows is the answer
 * @err: 0 or -errno
 * @msi: the interrupt, on success
 * @block: what was read, on success
 */
struct vpci_guest_wait {
	u64 cookie;
	struct vpci_guest_fn *fn;
	enum vpci_guest_wait_kind kind;
	bool answered;
	int err;
	struct vpci_msi msi;
	struct vpci_block block;
};

/**
 * struct vpci_guest - a bus of the guest
 * @srv: server of the guest
 * @ops: the owner's
 * @ctx: for @ops
 * @instance: instance of the offer, for log lines
 * @chan: the offer, while @offered
 * @offered: it was not taken back
 * @reader: reads requests, and alone writes to the guest
 * @rings: while @open
 * @open: the rings are mapped; changes only while @reader is stopped
 * @counters: see enum vpci_guest_counter
 * @timeout: time that the host has for an answer, in jiffies
 * @timer: runs @work when the next deadline may be over
 * @work: takes answers of the host, and ends what has had its time
 * @lock: protects what follows
 * @bus: the protocol
 * @trans_id: of the last request
 * @reply_due: its completion is to be sent
 * @mute: the ring to the guest is of no use until it is opened again
 * @wanted: room that the first thing takes that is due, and found none
 * @deadline: when the host should have answered, while vpci_bus::call is under way
 * @config_lock: protects what follows, and shadows of the devices in @configs
 * @configs: devices whose configuration space there is
 * @nothing: configuration space of an empty slot
 * @window: the window, which is there from D0 entry to D0 exit
 * @claim: addresses of the window
 * @slot: that the guest has selected
 * @done_lock: protects @waits
 * @waits: what the host was asked for
 * @reply: completion
 * @relations: what is on the bus; used by @reader
 * @packet: copy of a request; the reader's, who takes no other before this one has ended
 */
struct vpci_guest {
	struct vmbus_srv *srv;
	const struct vpci_guest_ops *ops;
	void *ctx;
	guid_t instance;
	struct vsrv_chan *chan;
	bool offered;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	bool open;
	atomic64_t counters[VPCI_GUEST_COUNTERS];
	unsigned long timeout;
	struct timer_list timer;
	struct work_struct work;

	struct mutex lock;	/* protects what follows up to config_lock */
	struct vpci_bus bus;
	u64 trans_id;
	bool reply_due;
	bool mute;
	u32 wanted;
	unsigned long deadline;

	struct mutex config_lock;	/* protects what follows up to done_lock */
	struct list_head configs;
	struct vpci_shadow nothing;
	struct vpart_mmio window;
	struct vpci_claim claim;
	u32 slot;

	spinlock_t done_lock;	/* protects waits */
	struct vpci_guest_wait waits[VPCI_GUEST_WAITS];

	u8 reply[VPCI_MAX_REPLY] __aligned(8);
	u8 relations[VPCI_MAX_RELATIONS] __aligned(8);
	u8 packet[VPCI_GUEST_BUF_SIZE] __aligned(8);
};

static inline struct vpci_guest *to_vpci_guest(struct vpci_bus *bus)
{
	return container_of(bus, struct vpci_guest, bus);
}

static inline struct vpci_guest_fn *to_vpci_guest_fn(struct vpci_bus_fn *fn)
{
	return container_of(fn, struct vpci_guest_fn, fn);
}

static inline void vpci_guest_inc(struct vpci_guest *guest, enum vpci_guest_counter counter)
{
	atomic64_inc(&guest->counters[counter]);
}

/* guest.c */
bool vpci_guest_send(struct vpci_guest *guest, u16 type, u64 trans_id, const void *buf, u32 len);
void vpci_guest_settle(struct vpci_guest *guest, enum vpci_bus_verdict verdict);

/* guest_fn.c */
void vpci_guest_fns_init(struct vpci_guest *guest);
void vpci_guest_fns_exit(struct vpci_guest *guest);
void vpci_guest_fns_close(struct vpci_guest *guest);
bool vpci_guest_fns_write(struct vpci_guest *guest);
int vpci_guest_interrupt_create(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn,
				const struct vpci_msi_request *request, u64 cookie,
				struct vpci_msi *msi);
void vpci_guest_interrupt_delete(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn,
				 const struct vpci_msi *msi);
int vpci_guest_reset(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, u64 cookie);
int vpci_guest_power(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, u32 state, u64 cookie);
int vpci_guest_block(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn, struct vpci_block *block,
		     u64 cookie);
void vpci_guest_ejected(struct vpci_bus *bus, struct vpci_bus_fn *bus_fn);

/* guest_window.c */
void vpci_guest_configs_init(struct vpci_guest *guest);
void vpci_guest_configs_close(struct vpci_guest *guest);
void vpci_guest_config_add(struct vpci_guest *guest, struct vpci_guest_fn *fn);
void vpci_guest_config_remove(struct vpci_guest *guest, struct vpci_guest_fn *fn);
void vpci_guest_config_reset(struct vpci_guest *guest, struct vpci_guest_fn *fn);
int vpci_guest_window(struct vpci_bus *bus, u64 base);
void vpci_guest_unwindow(struct vpci_bus *bus);
u32 vpci_guest_config_read(struct vpci_bus_fn *bus_fn, u16 offset, u8 size);
void vpci_guest_config_write(struct vpci_bus_fn *bus_fn, u16 offset, u8 size, u32 value);

/* guest_claim.c */
bool vpci_claim_take(struct vpci_claim *claim, guid_t *whose);
void vpci_claim_drop(struct vpci_claim *claim);

#endif /* _VPCI_GUEST_PRIV_H */
