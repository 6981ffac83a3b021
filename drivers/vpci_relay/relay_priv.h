/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus that is relayed, from inside.
 *
 * relay.c		its life, and what an administrator sees of it
 * relay_device.c	its devices: where they should be, and what this kernel keeps
 * relay_guest.c	the guest's side: its bus, and what it asks for
 * relay_host.c		what the host tells
 */
#ifndef _VPCI_RELAY_PRIV_H
#define _VPCI_RELAY_PRIV_H

#include "vpci_relay.h"

/**
 * struct vpci_relay_device - a device of the host
 * @node: in vpci_relay_bus::devices
 * @guest: as the guest has it
 * @host: as the host has it
 * @decision: who gets it
 * @shown: it is on the guest's bus
 * @local: as this kernel has it, or NULL.  The guest has it no longer then, and the other
 *	way round
 * @ejecting: the one who has it was asked to let it go
 * @wanted: the host wants it back
 * @ejected: that one has let it go; set by the bus of that, without a lock
 *
 * vpci_relay_bus::lock protects all but @ejected, and pointers.
 */
struct vpci_relay_device {
	struct list_head node;
	struct vpci_guest_fn guest;
	struct vpci_host_fn *host;
	struct vpci_decision decision;
	bool shown;
	struct vpci_local_fn *local;
	bool ejecting;
	bool wanted;
	bool ejected;
};

/* relay_device.c */
void vpci_relay_let_go(struct vpci_relay_bus *bus, struct vpci_relay_device *device);
void vpci_relay_unkeep(struct vpci_relay_device *device);
void vpci_relay_eject(struct vpci_relay_bus *bus, struct vpci_relay_device *device);
bool vpci_relay_is_out(const struct vpci_relay_device *device);
void vpci_relay_settle(struct vpci_relay_bus *bus, struct vpci_relay_device *device);
void vpci_relay_settle_all(struct vpci_relay_bus *bus);
void vpci_relay_work(struct work_struct *work);

/* relay_guest.c */
void vpci_relay_show(struct vpci_relay_bus *bus, struct vpci_relay_device *device);
void vpci_relay_unoffer_bus(struct vpci_relay_bus *bus);
void vpci_relay_revoke_work(struct work_struct *work);

/* relay_host.c */
extern const struct vpci_host_ops vpci_relay_host_ops;

#endif /* _VPCI_RELAY_PRIV_H */
