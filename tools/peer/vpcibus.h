/* SPDX-License-Identifier: GPL-2.0-only */
/* A VPCI bus that the guest was offered, as the tests use it. */
#ifndef _VPCIBUS_H
#define _VPCIBUS_H

#include "selftest.h"
#include <vmbus/vpci.h>

#define VPCI_RING_PAGES		16U	/* of each ring: the longest message fits */
#define VPCI_DEVICES		8U	/* that a test can hear of */

#define VPCI_NO_ANSWER		0xffffffffU	/* no status that there is */
#define VPCI_ANY_FAILURE	0x80000000U	/* the bit that all of them have */

/* Slots: the host has a copy engine in the first, and a controller in the second. */
#define SLOT_COPY		0U
#define SLOT_NVME		1U
#define SLOT_NOBODY		9U

/* Addresses without memory */
#define WINDOW_A		0xf0000000ULL
#define WINDOW_B		0xf0010000ULL

/**
 * struct vpci - a bus
 * @b: its bed
 * @offer: of the bus
 * @c: its channel
 * @id: of the last request
 * @refused: requests so far that the relay must have counted as such
 * @lists: of what the bus has, that have come
 * @list_type: VPCI_MSG_* of the last one
 * @n: devices in it
 * @devices: those; from a list of the first form without what that has not
 * @others: packets that nobody has expected
 * @answer: the last one
 */
struct vpci {
	struct bed *b;
	struct vmbus_offer_msg offer;
	struct channel c;
	u64 id;
	u64 refused;
	unsigned int lists;
	u32 list_type;
	u32 n;
	struct vpci_device2 devices[VPCI_DEVICES];
	unsigned int others;
	union {
		u32 status;
		struct vpci_version_reply version;
		struct vpci_requirements_reply requirements;
		struct vpci_resources_reply resources;
		struct vpci_create_interrupt_reply interrupt;
		struct vpci_read_block_reply block;
		u8 bytes[VPCI_RING_PAGES * PAGE];
	} answer;
};

bool vpci_begin(struct vpci *v, struct bed *b);
bool vpci_open(struct vpci *v);
bool vpci_close(struct vpci *v);
bool vpci_broken(struct vpci *v);
bool vpci_put(struct vpci *v, const void *msg, u32 len, bool answer);
int vpci_take(struct vpci *v, int ms);
int vpci_ask(struct vpci *v, const void *msg, u32 len);
u32 vpci_status(struct vpci *v, const void *msg, u32 len);
u32 vpci_slot_status(struct vpci *v, u32 type, u32 slot);
bool vpci_refuses(struct vpci *v, const void *msg, u32 len, u32 status);
bool vpci_hello(struct vpci *v, u32 version);
u32 vpci_enter(struct vpci *v, u64 window);
u64 vpci_counter(struct vpci *v, const char *name);
u32 vpci_config(struct vpci *v, u64 window, u32 slot, u32 reg, unsigned int size);
void vpci_config_set(struct vpci *v, u64 window, u32 slot, u32 reg, unsigned int size, u32 value);

#endif /* _VPCIBUS_H */
