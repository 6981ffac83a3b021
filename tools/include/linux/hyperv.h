/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs of user space need of the kernel's header of this name, for
 * include/vmbus/protocol.h and for rings.  VMBus is little endian, and so is the
 * machine.
 */
#ifndef _TOOLS_LINUX_HYPERV_H
#define _TOOLS_LINUX_HYPERV_H

#include <linux/bits.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define U32_MAX			(~0U)
#define __packed		__attribute((packed))

#define HV_HYP_PAGE_SIZE		4096
#define HV_MESSAGE_PAYLOAD_BYTE_COUNT	240

/* One of 16 in a VP's message page. */
struct hv_message {
	u32 message_type;		/* 0: the slot is free */
	u8 payload_size;
	u8 message_flags;
	u8 reserved[2];
	u64 sender;
	u8 payload[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
};

/* The first page of a ring; its data follow. */
struct hv_ring_buffer {
	u32 write_index;
	u32 read_index;
	u32 interrupt_mask;
	u32 pending_send_sz;
	u32 reserved1[12];
	u32 feature_bits;
	u8 reserved2[HV_HYP_PAGE_SIZE - 68];
	u8 buffer[];
};

struct vmpacket_descriptor {
	u16 type;
	u16 offset8;
	u16 len8;
	u16 flags;
	u64 trans_id;
};

#define VM_PKT_DATA_INBAND		0x6
#define VM_PKT_DATA_USING_XFER_PAGES	0x7
#define VM_PKT_DATA_USING_GPA_DIRECT	0x9
#define VM_PKT_COMP			0xb

#endif /* _TOOLS_LINUX_HYPERV_H */
