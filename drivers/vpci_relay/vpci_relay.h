/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vpci_relay: takes the host's VPCI offers, so that nobody else does.
 */
#ifndef _VPCI_RELAY_H
#define _VPCI_RELAY_H

#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <vmbus/intercept.h>

/**
 * struct vpci_relay_offer - an offer that is held
 * @kobj: directory in offers/
 * @node: in the list of all, protected by vpci_relay_lock
 * @offer: what the filter knows of it
 */
struct vpci_relay_offer {
	struct kobject kobj;
	struct list_head node;
	struct vint_offer offer;
};

/* offers.c */
extern atomic64_t vpci_relay_taken;
extern atomic64_t vpci_relay_refused;
extern atomic_t vpci_relay_held;

int vpci_relay_hook_init(void);
void vpci_relay_hook_exit(void);

/* sysfs.c */
int vpci_relay_sysfs_init(void);
void vpci_relay_sysfs_exit(void);
struct vpci_relay_offer *vpci_relay_dir_add(const struct vint_offer *offer);
void vpci_relay_dir_remove(struct vpci_relay_offer *held);

#endif /* _VPCI_RELAY_H */
