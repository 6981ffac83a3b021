/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vpci_relay: takes the host's VPCI offers, and gives the guest what is on their buses, as
 * far as it may have it; or keeps it for this kernel.
 *
 * offers.c	the hook: offers that are held, or relayed
 * relay*.c	a bus that is relayed, between host.h and guest.h, or local.h: see relay_priv.h
 * policy.c	the rules in force: who gets a device
 * windows.c	where in this kernel's addresses the host serves configuration space
 * sysfs.c	what an administrator sees and says
 * guest*.c	a bus of the guest: see guest_priv.h
 * host*.c	a bus of the host: see host_priv.h
 * local*.c	devices that this kernel keeps: see local.h
 *
 * What knows the protocol alone is in vpci_pure.h: also guestproto.c, guestanswer.c,
 * hostproto.c and hostparse.c.
 *
 * Lock order: vpci_relay_lock, vpci_relay_bus::lock, then the locks of the host's bus and
 * of the guest's; vpci_policy_lock and vpci_windows_lock are taken last, and in the latter
 * vpci_claims_lock.  Callbacks of the
 * guest's bus take none of these: they have it locked.  vpci_relay_bus::lock is also taken
 * before the locks of local.h; those of PCI are not, for what these wait for may need it.
 * A guest that is stopped is waited for with none of them held.
 */
#ifndef _VPCI_RELAY_H
#define _VPCI_RELAY_H

#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <vmbus/intercept.h>
#include <vmbus/server.h>

#include "guest.h"
#include "host.h"
#include "local.h"

enum vpci_relay_state {
	VPCI_RELAY_HELD,	/* there is no window for it: nothing was opened */
	VPCI_RELAY_CONNECTING,	/* the host has not said yet what is on the bus */
	VPCI_RELAY_READY,
	VPCI_RELAY_FAILED,	/* the host's bus is of no use */
	VPCI_RELAY_STOPPED,	/* it is being taken back */
};

/**
 * struct vpci_relay_bus - an offer of the host
 * @kobj: directory in offers/
 * @node: in the list of all, protected by vpci_relay_lock
 * @offer: what the filter knows of it
 * @guest_offer: what the guest is offered
 * @srv: server of the guest
 * @dev: the host's device
 * @window: address of the window, 0 without one; changes with vpci_relay_lock held
 * @work: goes on with devices that the guest has let go, and after a change of the policy
 * @revoke: takes @guest from the guest, while @leaving
 * @lock: protects what follows
 * @host: the host's bus, or NULL while the offer is held, and at its end
 * @state: see enum
 * @why: reason of VPCI_RELAY_FAILED
 * @guest: the guest's bus, or NULL while it has no device; it stays while @leaving, and
 *	@revoke takes it without the lock then; whether there is one is also looked at without
 * @leaving: it is without devices for good, and @revoke is queued or runs
 * @postponed: a device is to come to the guest as soon as that is done
 * @local: what this kernel has of it, or NULL if it never had anything
 * @counted: by buses of the guest that are no more, by enum vpci_guest_counter
 * @devices: struct vpci_relay_device
 */
struct vpci_relay_bus {
	struct kobject kobj;
	struct list_head node;
	struct vint_offer offer;
	struct vsrv_offer guest_offer;
	struct vmbus_srv *srv;
	struct vrelay_dev *dev;
	u64 window;
	struct work_struct work;
	struct delayed_work revoke;

	struct mutex lock;	/* protects what follows */
	struct vpci_host *host;
	enum vpci_relay_state state;
	const char *why;
	struct vpci_guest *guest;
	bool leaving;
	bool postponed;
	struct vpci_local *local;
	u64 counted[VPCI_GUEST_COUNTERS];
	struct list_head devices;
};

/**
 * struct vpci_decision - who gets a device
 * @made: it was decided
 * @disposition: see enum
 * @by: by which rule: its number, or VPCI_ALLOW_BY_DEFAULT
 */
struct vpci_decision {
	bool made;
	enum vpci_disposition disposition;
	int by;
};

/* offers.c */
extern atomic64_t vpci_relay_taken;
extern atomic64_t vpci_relay_refused;
extern atomic_t vpci_relay_present;

int vpci_relay_hook_init(void);
void vpci_relay_hook_exit(void);
void vpci_relay_windows_changed(void);
void vpci_relay_policy_changed(void);

/* relay.c, relay_device.c */
extern unsigned int vpci_relay_eject_ms;

void vpci_relay_bus_init(struct vpci_relay_bus *bus);
int vpci_relay_bus_start(struct vpci_relay_bus *bus);
void vpci_relay_bus_stop(struct vpci_relay_bus *bus);
void vpci_relay_bus_recheck(struct vpci_relay_bus *bus);
ssize_t vpci_relay_bus_show_devices(struct vpci_relay_bus *bus, char *buf);

/* policy.c */
bool vpci_policy_decide(const guid_t *instance, const struct vpci_desc *desc,
			struct vpci_decision *decision);
int vpci_policy_change(bool add, const char *text, size_t len);
ssize_t vpci_policy_show(char *buf);

/* windows.c */
int vpci_range_parse(const char *text, u64 *start, u64 *end);
u64 vpci_window_get(void);
void vpci_window_put(u64 window);
int vpci_windows_set(const char *text);
ssize_t vpci_windows_show(char *buf);

/* sysfs.c */
int vpci_relay_sysfs_init(void);
void vpci_relay_sysfs_exit(void);
struct vpci_relay_bus *vpci_relay_bus_create(const struct vint_offer *offer);
void vpci_relay_bus_free(struct vpci_relay_bus *bus);

#endif /* _VPCI_RELAY_H */
