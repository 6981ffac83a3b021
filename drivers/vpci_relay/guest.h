/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus of the guest: the server's end of a VPCI channel, and the window to configuration
 * space that the guest has asked for.
 *
 * Functions here may sleep.  If not said otherwise they must not be called from a callback
 * of struct vpci_guest_ops, nor with a lock held that one of these takes.
 */
#ifndef _VPCI_GUEST_H
#define _VPCI_GUEST_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "vpci_pure.h"

struct vmbus_partition;
struct vmbus_srv;
struct vsrv_offer;
struct vpci_guest;

/**
 * struct vpci_claim - addresses of a guest that are in use: memory of a device, or a window
 * @part: partition of the guest
 * @instance: of the bus, for log lines; stays while @held
 * @ranges: addresses; those of no length count for nothing
 * @held: it is in the list of all
 * @node: there
 */
struct vpci_claim {
	const struct vmbus_partition *part;
	const guid_t *instance;
	struct {
		u64 start;
		u64 len;
	} ranges[VPCI_BARS];
	bool held;
	struct list_head node;
};

/* Addresses of this kernel, where the host serves something: no guest may have them. */
enum vpci_reserved {
	VPCI_RESERVED_WINDOWS,
	VPCI_RESERVED_LOCAL_MEMORY,
	VPCI_RESERVED_RANGES
};

/**
 * struct vpci_guest_fn - a device on the bus, embedded in its owner, zero at first
 * @fn: as the protocol has it; private to the bus, but vpci_bus_fn::desc and
 *	vpci_bus_fn::bars are set by the owner before vpci_guest_add()
 * @shadow: configuration space; private to the bus, as all that follows
 * @guest: bus that it is on, or NULL
 * @node: in vpci_guest::configs
 * @decodes: the guest decodes its memory
 * @decoded: where: base addresses as they were when that began
 * @claim: the same as addresses, for all buses of the guest
 * @ejecting: vpci_guest_ops::ejected is due
 * @eject_due: the guest is to be asked for it
 * @eject: what it is told then
 * @stops: vsrv_stops() when its time began
 * @timeout: time that it has, in jiffies
 * @deadline: when that is over
 * @invalid: configuration blocks that the guest is to hear of
 */
struct vpci_guest_fn {
	struct vpci_bus_fn fn;
	struct vpci_shadow shadow;

	struct vpci_guest *guest;
	struct list_head node;
	bool decodes;
	u32 decoded[VPCI_BARS];
	struct vpci_claim claim;

	bool ejecting;
	bool eject_due;
	struct vpci_slot_msg eject;
	unsigned int stops;
	unsigned long timeout;
	unsigned long deadline;

	u64 invalid;
};

/**
 * struct vpci_guest_ops - what a bus needs of its owner; process context, may sleep
 * @config_read: of the device itself: 1, 2 or 4 bytes
 * @config_write: the same
 * @interrupt_create: ask for an interrupt: -EINPROGRESS (vpci_guest_done() follows, with the
 *	cookie, from whatever context may sleep but this call), or -errno
 * @interrupt_delete: an interrupt is not used any more; also one that came too late
 * @reset: as @interrupt_create; vpci_guest_done() has no interrupt then.  Optional
 * @power: the guest puts the device to VPCI_POWER_*; as @reset.  Optional
 * @block: the guest reads or writes a configuration block; as @interrupt_create, but
 *	vpci_guest_block_done() follows.  Optional
 * @mapped: the guest decodes memory of the device now at the addresses in @regs, or no more
 *	(for the audit, and for an owner that emulates it).  Optional
 * @ejected: after vpci_guest_eject(): the guest has let the device go, or had its time: it is
 *	off the bus, and may be freed.  Once; not after vpci_guest_remove()
 *
 * A bus makes them one at a time, but that one of @config_read, @config_write and @mapped
 * may come along with one of the others.
 */
struct vpci_guest_ops {
	u32 (*config_read)(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size);
	void (*config_write)(void *ctx, struct vpci_guest_fn *fn, u16 offset, u8 size, u32 value);
	int (*interrupt_create)(void *ctx, struct vpci_guest_fn *fn,
				const struct vpci_msi_request *request, u64 cookie);
	void (*interrupt_delete)(void *ctx, struct vpci_guest_fn *fn, const struct vpci_msi *msi);
	int (*reset)(void *ctx, struct vpci_guest_fn *fn, u64 cookie);
	int (*power)(void *ctx, struct vpci_guest_fn *fn, u32 state, u64 cookie);
	int (*block)(void *ctx, struct vpci_guest_fn *fn, const struct vpci_block *block,
		     u64 cookie);
	void (*mapped)(void *ctx, struct vpci_guest_fn *fn, const u32 regs[VPCI_BARS], bool on);
	void (*ejected)(void *ctx, struct vpci_guest_fn *fn);
};

/* What became of what the guest asked for; shown in sysfs */
enum vpci_guest_counter {
	VPCI_GUEST_REQUESTS,
	VPCI_GUEST_REFUSED,	/* answered with a failure, if it wanted an answer */
	VPCI_GUEST_TIMEOUTS,	/* the host did not answer in time */
	VPCI_GUEST_CONFIG_READS,
	VPCI_GUEST_CONFIG_WRITES,
	VPCI_GUEST_CONFIG_REFUSED,	/* of another size, or not aligned */
	VPCI_GUEST_OVERLAPS,	/* memory or a window where there is another one: refused */
	VPCI_GUEST_INTERRUPTS,	/* created */
	VPCI_GUEST_EJECTS,
	VPCI_GUEST_EJECT_TIMEOUTS,
	VPCI_GUEST_COUNTERS
};

struct vpci_guest *vpci_guest_create(struct vmbus_srv *srv, const struct vsrv_offer *offer,
				     const struct vpci_guest_ops *ops, void *ctx);
void vpci_guest_revoke(struct vpci_guest *guest);
bool __must_check vpci_guest_try_revoke(struct vpci_guest *guest);
void vpci_guest_destroy(struct vpci_guest *guest);

/* The first one adds all devices that are there, then says ready. */
int __must_check vpci_guest_add(struct vpci_guest *guest, struct vpci_guest_fn *fn);
void vpci_guest_ready(struct vpci_guest *guest);
/* On return nothing of @fn is used; the guest finds it gone (also amid an eject). */
void vpci_guest_remove(struct vpci_guest *guest, struct vpci_guest_fn *fn);
/* Ask the guest for it; vpci_guest_ops::ejected follows within @timeout_ms. */
void vpci_guest_eject(struct vpci_guest *guest, struct vpci_guest_fn *fn,
		      unsigned int timeout_ms);
void vpci_guest_invalidate(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 mask);
/* Also allowed in a callback of the host's side, with any lock of it but none of the bus. */
bool vpci_guest_done(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 cookie, int err,
		     const struct vpci_msi *msi);
bool vpci_guest_block_done(struct vpci_guest *guest, struct vpci_guest_fn *fn, u64 cookie,
			   int err, const struct vpci_block *block);
u64 vpci_guest_count(const struct vpci_guest *guest, enum vpci_guest_counter counter);

/* guest_claim.c */
int vpci_claim_reserve(enum vpci_reserved which, const char *name, u64 start, u64 len);

#endif /* _VPCI_GUEST_H */
