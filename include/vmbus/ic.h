/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Integration components: shutdown, time, heartbeat and others.
 *
 * The host asks, its client answers with the same packet, changed in place.  All
 * packets are in-band, and begin with a pipe header.  The first exchange settles
 * the versions of the framework and of the component.  Facts: <linux/hyperv.h>,
 * and observed in guests.
 */
#ifndef _VMBUS_IC_H
#define _VMBUS_IC_H

#include <linux/build_bug.h>
#include <linux/hyperv.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <vmbus/protocol.h>

#define VMBUS_CLASS_IC_SHUTDOWN						\
	GUID_INIT(0x0e0b6031, 0x5213, 0x4934,				\
		  0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb)

enum vmbus_ic_type {
	VMBUS_IC_NEGOTIATE	= 0,
	VMBUS_IC_HEARTBEAT	= 1,
	VMBUS_IC_KVP		= 2,
	VMBUS_IC_SHUTDOWN	= 3,
	VMBUS_IC_TIMESYNC	= 4,
};

#define VMBUS_IC_TRANSACTION	BIT(0)
#define VMBUS_IC_REQUEST	BIT(1)
#define VMBUS_IC_RESPONSE	BIT(2)

#define VMBUS_IC_OK		0
#define VMBUS_IC_FAILED		0x80004005

struct vmbus_ic_version {
	__le16 major;
	__le16 minor;
} __packed;
static_assert(sizeof(struct vmbus_ic_version) == sizeof(struct ic_version));

struct vmbus_ic_hdr {
	struct vmbus_pipe_hdr pipe;
	struct vmbus_ic_version framework;
	__le16 type;
	struct vmbus_ic_version version;
	__le16 size;			/* bytes behind the header */
	__le32 status;
	u8 transaction;
	u8 flags;
	u8 reserved[2];
} __packed;
static_assert(sizeof(struct vmbus_ic_hdr) == ICMSG_HDR);

#define VMBUS_IC_MAX_VERSIONS	100	/* of either kind; clients refuse more */

struct vmbus_ic_negotiate {
	__le16 framework_count;
	__le16 version_count;
	__le32 reserved;
	struct vmbus_ic_version versions[];	/* the framework's, then the component's */
} __packed;
static_assert(sizeof(struct vmbus_ic_negotiate) == sizeof(struct icmsg_negotiate));

/* Of vmbus_ic_shutdown::flags */
#define VMBUS_IC_SHUTDOWN_FORCE		BIT(0)
#define VMBUS_IC_SHUTDOWN_RESTART	BIT(1)
#define VMBUS_IC_SHUTDOWN_HIBERNATE	BIT(2)	/* from version 3.2 on */

struct vmbus_ic_shutdown {
	__le32 reason;
	__le32 timeout;			/* seconds */
	__le32 flags;
	u8 text[2048];
} __packed;
static_assert(sizeof(struct vmbus_ic_shutdown) == sizeof(struct shutdown_msg_data));

#endif /* _VMBUS_IC_H */
