/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of a virtual PCI bus, as it crosses the wire.
 *
 * A channel is one bus.  Its client, the guest, sends requests in-band and mostly
 * asks for a completion, which begins with a status.  The server sends on its own
 * accord what the bus has, and what is to go.  Configuration space is reached
 * through a window of two pages: the first takes a slot, the second is the
 * configuration space of what is there.
 *
 * Sources: drivers/pci/controller/pci-hyperv.c for what Linux guests use; the rest
 * is as observed in OpenVMM.  Everything is little endian.
 */
#ifndef _VMBUS_VPCI_H
#define _VMBUS_VPCI_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define VPCI_VERSION(major, minor)	((u32)(major) << 16 | (minor))
#define VPCI_VERSION_WIN8		VPCI_VERSION(1, 0)
#define VPCI_VERSION_WIN10		VPCI_VERSION(1, 1)
#define VPCI_VERSION_RS1		VPCI_VERSION(1, 2)	/* processors by number */
#define VPCI_VERSION_VB			VPCI_VERSION(1, 3)	/* NUMA nodes */
#define VPCI_VERSION_FE			VPCI_VERSION(1, 4)	/* vectors of 32 bits */
#define VPCI_VERSION_GE			VPCI_VERSION(1, 5)	/* reset of a device */
#define VPCI_VERSION_DT			VPCI_VERSION(1, 6)

#define VPCI_STATUS_SUCCESS		0x00000000
#define VPCI_STATUS_UNSUCCESSFUL	0xc0000001
#define VPCI_STATUS_REVISION_MISMATCH	0xc0000059
#define VPCI_STATUS_NO_RESOURCES	0xc000009a
#define VPCI_STATUS_NOT_SUPPORTED	0xc00000bb
#define VPCI_STATUS_NO_SUCH_DEVICE	0xc00000c0
#define VPCI_STATUS_BAD_DATA		0xc000090b

#define VPCI_BARS			6
#define VPCI_MAX_MSIS			494	/* of a device */
#define VPCI_MAX_PROCESSORS		32	/* of an interrupt */
#define VPCI_MAX_VECTORS		32	/* of an interrupt: those of MSI */
#define VPCI_BLOCK_SIZE			128
/* The longest of all: ASSIGNED_RESOURCES3 with as many interrupts as there may be. */
#define VPCI_MAX_MESSAGE		39656

/* The window to configuration space. */
#define VPCI_WINDOW_SLOT		0x0000	/* write 4 bytes: slot */
#define VPCI_WINDOW_CONFIG		0x1000
#define VPCI_CONFIG_SIZE		0x1000
#define VPCI_WINDOW_SIZE		0x2000

enum vpci_msg_type {
	VPCI_MSG_BUS_RELATIONS		= 0x42490000,	/* to the client */
	VPCI_MSG_QUERY_BUS_RELATIONS	= 0x42490001,
	VPCI_MSG_INVALIDATE_DEVICE	= 0x42490002,	/* to the client */
	VPCI_MSG_INVALIDATE_BUS		= 0x42490003,	/* to the client */
	VPCI_MSG_POWER			= 0x42490004,
	VPCI_MSG_REQUIREMENTS		= 0x42490005,
	VPCI_MSG_GET_RESOURCES		= 0x42490006,
	VPCI_MSG_D0_ENTRY		= 0x42490007,
	VPCI_MSG_D0_EXIT		= 0x42490008,
	VPCI_MSG_READ_BLOCK		= 0x42490009,
	VPCI_MSG_WRITE_BLOCK		= 0x4249000a,
	VPCI_MSG_EJECT			= 0x4249000b,	/* to the client */
	VPCI_MSG_QUERY_STOP		= 0x4249000c,
	VPCI_MSG_RE_ENABLE		= 0x4249000d,
	VPCI_MSG_QUERY_STOP_FAILED	= 0x4249000e,
	VPCI_MSG_EJECT_COMPLETE		= 0x4249000f,
	VPCI_MSG_ASSIGNED_RESOURCES	= 0x42490010,
	VPCI_MSG_RELEASE_RESOURCES	= 0x42490011,
	VPCI_MSG_INVALIDATE_BLOCK	= 0x42490012,	/* to the client */
	VPCI_MSG_QUERY_VERSION		= 0x42490013,
	VPCI_MSG_CREATE_INTERRUPT	= 0x42490014,
	VPCI_MSG_DELETE_INTERRUPT	= 0x42490015,
	VPCI_MSG_ASSIGNED_RESOURCES2	= 0x42490016,
	VPCI_MSG_CREATE_INTERRUPT2	= 0x42490017,
	VPCI_MSG_DELETE_INTERRUPT2	= 0x42490018,
	VPCI_MSG_BUS_RELATIONS2		= 0x42490019,	/* to the client */
	VPCI_MSG_ASSIGNED_RESOURCES3	= 0x4249001a,
	VPCI_MSG_CREATE_INTERRUPT3	= 0x4249001b,
	VPCI_MSG_RESET_DEVICE		= 0x4249001c,
	VPCI_MSG_TDISP			= 0x4249001d,
};

/* ---- what a bus has -------------------------------------------------------------------- */

/* A slot is a device and a function; the 24 bits above are 0. */
#define VPCI_SLOT(dev, fn)		((u32)(dev) | (u32)(fn) << 5)
#define VPCI_SLOT_DEV(slot)		((slot) & 0x1f)
#define VPCI_SLOT_FN(slot)		((slot) >> 5 & 0x7)
#define VPCI_MAX_SLOTS			255	/* slots are below that */

struct vpci_pnp_id {
	__le16 vendor;
	__le16 device;
	u8 revision;
	u8 prog_if;
	u8 subclass;
	u8 class;
	__le16 subvendor;
	__le16 subsystem;
} __packed;
static_assert(sizeof(struct vpci_pnp_id) == 12);

struct vpci_device {
	struct vpci_pnp_id id;
	__le32 slot;
	__le32 serial;
} __packed;
static_assert(sizeof(struct vpci_device) == 20);

#define VPCI_DEVICE_NUMA		BIT(0)	/* the node is known */

struct vpci_device2 {
	struct vpci_device v1;
	__le32 flags;
	__le16 numa_node;
	__le16 reserved;
} __packed;
static_assert(sizeof(struct vpci_device2) == 28);

/* Followed by struct vpci_device, or struct vpci_device2 in BUS_RELATIONS2. */
struct vpci_bus_relations {
	__le32 type;
	__le32 count;
} __packed;
static_assert(sizeof(struct vpci_bus_relations) == 8);

#define VPCI_MAX_RELATIONS						\
	(sizeof(struct vpci_bus_relations) + VPCI_MAX_SLOTS * sizeof(struct vpci_device2))

/* ---- messages -------------------------------------------------------------------------- */

struct vpci_msg {
	__le32 type;
} __packed;
static_assert(sizeof(struct vpci_msg) == 4);

/* The answer to most requests, and how all but one begin. */
struct vpci_reply {
	__le32 status;
} __packed;
static_assert(sizeof(struct vpci_reply) == 4);

struct vpci_query_version {
	__le32 type;
	__le32 version;
} __packed;
static_assert(sizeof(struct vpci_query_version) == 8);

struct vpci_version_reply {
	__le32 status;
	__le32 version;
} __packed;
static_assert(sizeof(struct vpci_version_reply) == 8);

/* A request that is about one device and says no more. */
struct vpci_slot_msg {
	__le32 type;
	__le32 slot;
} __packed;
static_assert(sizeof(struct vpci_slot_msg) == 8);

struct vpci_d0_entry {
	__le32 type;
	__le32 reserved;
	__le64 window;			/* guest physical address */
} __packed;
static_assert(sizeof(struct vpci_d0_entry) == 16);

/* What a BAR reads as after all ones were written. */
struct vpci_requirements_reply {
	__le32 status;
	__le32 masks[VPCI_BARS];
} __packed;
static_assert(sizeof(struct vpci_requirements_reply) == 28);

#define VPCI_POWER_D0			1
#define VPCI_POWER_D3			4

/* The answer is the same with a status instead of the type. */
struct vpci_power {
	__le32 type;
	__le32 slot;
	__le32 state;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct vpci_power) == 16);

struct vpci_eject_complete {
	__le32 type;
	__le32 slot;
	__le32 status;			/* Linux sends it, others do not */
} __packed;
static_assert(sizeof(struct vpci_eject_complete) == 12);

/* ---- resources ------------------------------------------------------------------------- */

enum vpci_resource_type {
	VPCI_RESOURCE_NULL		= 0,
	VPCI_RESOURCE_PORT		= 1,
	VPCI_RESOURCE_INTERRUPT		= 2,
	VPCI_RESOURCE_MEMORY		= 3,
	VPCI_RESOURCE_DMA		= 4,
	VPCI_RESOURCE_DEVICE		= 5,
	VPCI_RESOURCE_BUS		= 6,
	VPCI_RESOURCE_MEMORY_LARGE	= 7,
};

/* How many bits of the length of VPCI_RESOURCE_MEMORY_LARGE are left out. */
#define VPCI_RESOURCE_LARGE40		0x0200	/* 8 */
#define VPCI_RESOURCE_LARGE48		0x0400	/* 16 */
#define VPCI_RESOURCE_LARGE64		0x0800	/* 32 */
#define VPCI_RESOURCE_LARGE						\
	(VPCI_RESOURCE_LARGE40 | VPCI_RESOURCE_LARGE48 | VPCI_RESOURCE_LARGE64)

struct vpci_resource {
	u8 type;
	u8 share;
	__le16 flags;
	__le64 address;
	__le32 length;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct vpci_resource) == 20);

struct vpci_get_resources {
	__le32 type;
	__le32 slot;
	u8 reserved[24];
} __packed;
static_assert(sizeof(struct vpci_get_resources) == 32);

/* The one answer without a status. */
struct vpci_resources_reply {
	__le16 version;			/* 1 */
	__le16 revision;		/* 1 */
	__le32 count;			/* VPCI_BARS */
	struct vpci_resource resources[VPCI_BARS];
} __packed;
static_assert(sizeof(struct vpci_resources_reply) == 128);

/* ---- interrupts ------------------------------------------------------------------------ */

#define VPCI_DELIVERY_FIXED		0
#define VPCI_DELIVERY_LOWEST		1

/* What a device writes where, to raise an interrupt. */
struct vpci_msi_remapped {
	__le16 reserved;
	__le16 count;
	__le32 data;
	__le64 address;
} __packed;
static_assert(sizeof(struct vpci_msi_remapped) == 16);

struct vpci_msi_desc {
	u8 vector;
	u8 delivery;
	__le16 count;
	__le32 reserved;
	__le64 processors;		/* a bit each */
} __packed;
static_assert(sizeof(struct vpci_msi_desc) == 16);

/* Linux leaves the last member away in both of these. */
struct vpci_msi_desc2 {
	u8 vector;
	u8 delivery;
	__le16 count;
	__le16 nprocs;
	__le16 procs[VPCI_MAX_PROCESSORS];
	__le16 reserved;
} __packed;
static_assert(sizeof(struct vpci_msi_desc2) == 72);

struct vpci_msi_desc3 {
	__le32 vector;
	u8 delivery;
	u8 reserved;
	__le16 count;
	__le16 nprocs;
	__le16 procs[VPCI_MAX_PROCESSORS];
	__le16 reserved2;
} __packed;
static_assert(sizeof(struct vpci_msi_desc3) == 76);

/* Interrupts among assigned resources: asked for, or as remapped in the answer. */
union vpci_msi_resource {
	struct vpci_msi_desc desc;
	struct vpci_msi_remapped remapped;
} __packed;
static_assert(sizeof(union vpci_msi_resource) == 16);

union vpci_msi_resource2 {
	struct vpci_msi_desc2 desc;
	struct vpci_msi_remapped remapped;
} __packed;
static_assert(sizeof(union vpci_msi_resource2) == 72);

/* Also an answer to ASSIGNED_RESOURCES3 has union vpci_msi_resource2. */
union vpci_msi_resource3 {
	struct vpci_msi_desc3 desc;
	struct vpci_msi_remapped remapped;
	u8 size[80];
} __packed;
static_assert(sizeof(union vpci_msi_resource3) == 80);

/* Followed by interrupts.  The answer has a status instead of the type. */
struct vpci_assigned_resources {
	__le32 type;
	__le32 slot;
	struct vpci_resource resources[VPCI_BARS];
	__le32 msis;
	__le32 reserved;
} __packed;
static_assert(sizeof(struct vpci_assigned_resources) == 136);
static_assert(sizeof(struct vpci_assigned_resources) +
	      VPCI_MAX_MSIS * sizeof(union vpci_msi_resource3) == VPCI_MAX_MESSAGE);

struct vpci_create_interrupt {
	__le32 type;
	__le32 slot;
	struct vpci_msi_desc desc;
} __packed;
static_assert(sizeof(struct vpci_create_interrupt) == 24);

struct vpci_create_interrupt2 {
	__le32 type;
	__le32 slot;
	struct vpci_msi_desc2 desc;
} __packed;
static_assert(sizeof(struct vpci_create_interrupt2) == 80);

struct vpci_create_interrupt3 {
	__le32 type;
	__le32 slot;
	struct vpci_msi_desc3 desc;
} __packed;
static_assert(sizeof(struct vpci_create_interrupt3) == 84);

/* The same for all three. */
struct vpci_create_interrupt_reply {
	__le32 status;
	__le32 reserved;
	struct vpci_msi_remapped remapped;
} __packed;
static_assert(sizeof(struct vpci_create_interrupt_reply) == 24);

/* Both forms of it. */
struct vpci_delete_interrupt {
	__le32 type;
	__le32 slot;
	struct vpci_msi_remapped remapped;
} __packed;
static_assert(sizeof(struct vpci_delete_interrupt) == 24);

/* ---- configuration blocks: between the driver of a VF and that of its PF --------------- */

struct vpci_read_block {
	__le32 type;
	__le32 block;
	__le32 slot;
	__le32 length;
} __packed;
static_assert(sizeof(struct vpci_read_block) == 16);

struct vpci_read_block_reply {
	__le32 status;
	u8 data[VPCI_BLOCK_SIZE];
} __packed;
static_assert(sizeof(struct vpci_read_block_reply) == 132);

struct vpci_write_block {
	__le32 type;
	__le32 block;
	__le32 slot;
	__le32 length;
	u8 data[VPCI_BLOCK_SIZE];
} __packed;
static_assert(sizeof(struct vpci_write_block) == 144);
static_assert(offsetof(struct vpci_write_block, data) == sizeof(struct vpci_read_block));

struct vpci_invalidate_block {
	__le32 type;
	__le32 slot;
	__le64 mask;			/* of the first 64 blocks */
} __packed;
static_assert(sizeof(struct vpci_invalidate_block) == 16);

/* ---- trusted devices ------------------------------------------------------------------- */

/* Followed by the command.  The answer has a status instead of the type. */
struct vpci_tdisp {
	__le32 type;
	__le32 slot;
	__le64 length;			/* of the command */
} __packed;
static_assert(sizeof(struct vpci_tdisp) == 16);

#endif /* _VMBUS_VPCI_H */
