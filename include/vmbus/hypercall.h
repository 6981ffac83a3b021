/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls of VTL2 and the intercepts that it gets, as far as VMBus needs
 * them.  Neither is in the headers of Linux, or not in all versions.  Layouts:
 * TLFS, and where it is silent what Microsoft's own paravisor uses.
 */
#ifndef _VMBUS_HYPERCALL_H
#define _VMBUS_HYPERCALL_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/* ---- calls ----------------------------------------------------------------- */

#define VMBUS_HVCALL_INSTALL_INTERCEPT	0x004d
#define VMBUS_HVCALL_GET_VP_REGISTERS	0x0050
#define VMBUS_HVCALL_SET_VP_REGISTERS	0x0051
#define VMBUS_HVCALL_POST_MESSAGE	0x005c
#define VMBUS_HVCALL_SIGNAL_EVENT	0x005d
#define VMBUS_HVCALL_SIGNAL_EVENT_DIRECT 0x00c0
#define VMBUS_HVCALL_POST_MESSAGE_DIRECT 0x00c1

/* The control word: call code, input in registers, elements of a repeated call. */
#define VMBUS_HVCALL_CODE		GENMASK_ULL(15, 0)
#define VMBUS_HVCALL_FAST		BIT_ULL(16)
#define VMBUS_HVCALL_REP_COUNT		GENMASK_ULL(43, 32)

/* The result word */
#define VMBUS_HVCALL_STATUS		GENMASK_ULL(15, 0)

/* Status codes that not every version of Linux names */
#define VMBUS_HV_INVALID_VP_INDEX	0x000e
#define VMBUS_HV_INVALID_VP_STATE	0x0015
#define VMBUS_HV_INVALID_SYNIC_STATE	0x0018
#define VMBUS_HV_OBJECT_IN_USE		0x0019

#define VMBUS_HV_SELF			(~0ULL)		/* the partition that calls */
#define VMBUS_HV_VP_SELF		0xfffffffeU	/* the VP that calls */
#define VMBUS_HV_OWN_VTL		0		/* VTL byte of register calls */
#define VMBUS_HV_USE_TARGET_VTL		BIT(4)		/* the same: of the VTL in bits 0 to 3 */

/* A message as it lies in a SynIC slot. */
struct vmbus_hv_message {
	__le32 type;
	u8 size;
	u8 flags;
	__le16 reserved;
	__le64 sender;
	u8 payload[240];
} __packed;
static_assert(sizeof(struct vmbus_hv_message) == 256);

struct vmbus_hv_post_direct {
	__le64 partition;
	__le32 vp;
	u8 vtl;
	u8 padding1[3];
	u8 sint;
	u8 padding2[3];
	struct vmbus_hv_message message;
	__le32 padding3;
} __packed;
static_assert(sizeof(struct vmbus_hv_post_direct) == 280);

struct vmbus_hv_signal_direct {
	__le64 partition;
	__le32 vp;
	u8 vtl;
	u8 sint;
	__le16 flag;
} __packed;
static_assert(sizeof(struct vmbus_hv_signal_direct) == 16);

struct vmbus_hv_signal_direct_out {
	u8 newly_signaled;
	u8 reserved[7];
} __packed;
static_assert(sizeof(struct vmbus_hv_signal_direct_out) == 8);

#define VMBUS_HV_INTERCEPT_SYNIC	0x0d	/* a post or signal to an unknown connection */
#define VMBUS_HV_INTERCEPT_EXECUTE	BIT(2)	/* access mask; 0 removes the intercept */

struct vmbus_hv_install_intercept {
	__le64 partition;
	__le32 access;
	__le32 type;
	__le64 parameters;
} __packed;
static_assert(sizeof(struct vmbus_hv_install_intercept) == 24);

/* Bit 48 + n: tell when SINT n can take a message. */
#define VMBUS_HV_REG_NOTIFICATIONS	0x00010006
#define VMBUS_HV_NOTIFY_SINTS		48

#define VMBUS_HV_REG_RIP		0x00020010

/* Of the partition, for VTL2; the first says whether the second has the bit. */
#define VMBUS_HV_REG_VSM_CAPABILITIES	0x000d0006
#define VMBUS_HV_REG_VSM_CONFIG		0x000d0007
#define VMBUS_HV_CAN_INTERCEPT_UNMAPPED	BIT_ULL(30)
#define VMBUS_HV_INTERCEPT_UNMAPPED	BIT_ULL(14)

struct vmbus_hv_get_register {
	__le64 partition;
	__le32 vp;
	u8 vtl;
	u8 padding[3];
	__le32 name;
} __packed;
static_assert(sizeof(struct vmbus_hv_get_register) == 20);

struct vmbus_hv_register_value {
	__le64 low;
	__le64 high;
} __packed;
static_assert(sizeof(struct vmbus_hv_register_value) == 16);

struct vmbus_hv_set_register {
	__le64 partition;
	__le32 vp;
	u8 vtl;
	u8 padding1[3];
	__le32 name;
	__le32 padding2;
	__le64 padding3;
	struct vmbus_hv_register_value value;
} __packed;
static_assert(sizeof(struct vmbus_hv_set_register) == 48);

/* ---- what the guest calls --------------------------------------------------- */

struct vmbus_hv_post_message {
	__le32 connection_id;
	__le32 reserved;
	__le32 type;
	__le32 size;
	u8 payload[240];
} __packed;
static_assert(sizeof(struct vmbus_hv_post_message) == 256);

/* In registers it is one word, in this order from bit 0 on. */
struct vmbus_hv_signal_event {
	__le32 connection_id;
	__le16 flag;
	__le16 reserved;
} __packed;
static_assert(sizeof(struct vmbus_hv_signal_event) == 8);

/* ---- intercepts ---------------------------------------------------------------- */

#define VMBUS_HVMSG_UNMAPPED_GPA	0x80000000
#define VMBUS_HVMSG_GPA_INTERCEPT	0x80000001
#define VMBUS_HVMSG_HYPERCALL		0x80000050
#define VMBUS_HVMSG_DELIVERABLE		0x80000062

#define VMBUS_HV_STATE_PROTECTED	BIT(2)		/* CR0.PE */
#define VMBUS_HV_STATE_LONG		BIT(4)		/* EFER.LMA */
#define VMBUS_HV_STATE_PENDING		BIT(6)		/* while an event was delivered */
#define VMBUS_HV_STATE_VTL		GENMASK(10, 7)
#define VMBUS_HV_STATE_SHADOW		BIT(12)		/* right after STI or MOV SS */

#define VMBUS_HV_SEGMENT_LONG		BIT(13)		/* 64-bit code */

struct vmbus_hv_segment {
	__le64 base;
	__le32 limit;
	__le16 selector;
	__le16 attributes;
} __packed;
static_assert(sizeof(struct vmbus_hv_segment) == 16);

#define VMBUS_HV_ACCESS_READ		0
#define VMBUS_HV_ACCESS_WRITE		1

struct vmbus_hv_intercept {
	__le32 vp;
	u8 instruction;		/* its length in the low 4 bits, CR8 in the others */
	u8 access;		/* VMBUS_HV_ACCESS_*, or 2 to execute */
	__le16 state;
	struct vmbus_hv_segment cs;
	__le64 rip;
	__le64 rflags;
} __packed;
static_assert(sizeof(struct vmbus_hv_intercept) == 40);

struct vmbus_hv_hypercall_intercept {
	struct vmbus_hv_intercept header;
	__le64 rax;
	__le64 rbx;
	__le64 rcx;
	__le64 rdx;
	__le64 r8;
	__le64 rsi;
	__le64 rdi;
	/* XMM registers and flags follow: nothing for us. */
} __packed;
static_assert(sizeof(struct vmbus_hv_hypercall_intercept) == 96);

/* The virtual address is known, and has this physical one: not a page table's. */
#define VMBUS_HV_MEMORY_DATA		GENMASK(1, 0)

struct vmbus_hv_memory_intercept {
	struct vmbus_hv_intercept header;
	__le32 cache;
	u8 count;		/* of @bytes, 0 if the hypervisor has not read them */
	u8 info;
	u8 tpr;
	u8 reserved;
	__le64 gva;
	__le64 gpa;
	u8 bytes[16];		/* at RIP: the instruction, and what follows */
} __packed;
static_assert(sizeof(struct vmbus_hv_memory_intercept) == 80);

struct vmbus_hv_deliverable {
	struct vmbus_hv_intercept header;
	__le16 sints;
	u8 reserved[6];
} __packed;
static_assert(sizeof(struct vmbus_hv_deliverable) == 48);

#endif /* _VMBUS_HYPERCALL_H */
