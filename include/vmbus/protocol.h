/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMBus control messages as they cross the wire.
 *
 * Sources: include/linux/hyperv.h for what Linux guests use; the messages and
 * feature bits that Linux does not know (reserved channels, modify connection,
 * pause and resume, client id) are as observed in OpenVMM.  Everything is
 * little endian.  The size of each message is its exact length on the wire.
 */
#ifndef _VMBUS_PROTOCOL_H
#define _VMBUS_PROTOCOL_H

#include <linux/build_bug.h>
#include <linux/hyperv.h>
#include <linux/types.h>
#include <linux/uuid.h>

#define VMBUS_MSG_TYPE_HV		1	/* HvPostMessage type of every VMBus message */
#define VMBUS_MSG_MAX			HV_MESSAGE_PAYLOAD_BYTE_COUNT

#define VMBUS_SINT			2	/* SINT of the guest's VMBus */
#define VMBUS_SINT_REDIRECT		7	/* SINT of VTL2 for redirected messages */

/* Connection ids for messages to a server. */
#define VMBUS_CONN_MESSAGE		1	/* any version */
#define VMBUS_CONN_EVENT_SHARED		2	/* signals of clients below 1.1 */
#define VMBUS_CONN_MESSAGE_MULTI	4	/* version 5.0 and up: names SINT and VTL */
#define VMBUS_CONN_MESSAGE_REDIRECT	0x800074 /* 4 | VTL 2 << 22 | SINT 7 << 4 */

/* Connection id for signals to the server, per channel: offered with it. */
#define VMBUS_CONN_EVENT(channel, sint, vtl) \
	((u32)(channel) | (u32)(sint) << 12 | (u32)(vtl) << 16)

/* What names a VTL: from bit 16 on for signals, from bit 22 on for messages; VTL0 is none. */
#define VMBUS_CONN_VTL_MASK		0xff0000

#define VMBUS_MAX_CHANNEL_ID		2047
#define VMBUS_MAX_EVENT_FLAG		2047

/* Features, in InitiateContact and VersionResponse from version 6.0 on. */
#define VMBUS_FEATURE_GUEST_SIGNAL	BIT(0)	/* OpenChannel names connection id and flag */
#define VMBUS_FEATURE_REDIRECT_INT	BIT(1)	/* OpenChannel may redirect the interrupt */
#define VMBUS_FEATURE_MODIFY_CONNECTION	BIT(2)	/* monitor pages may change */
#define VMBUS_FEATURE_CLIENT_ID		BIT(3)	/* InitiateContact names the client */
#define VMBUS_FEATURE_CONFIDENTIAL	BIT(4)	/* offers tell of encrypted memory */
#define VMBUS_FEATURE_PAUSE_RESUME	BIT(5)	/* messages to the guest may be held */
#define VMBUS_FEATURE_SERVER_MONITOR	BIT(6)	/* VersionResponse names monitor pages */
#define VMBUS_FEATURE_GPA_PINNING	BIT(7)	/* offers tell of pinned memory */

#define VMBUS_VERSION(major, minor)	((u32)(major) << 16 | (minor))

/*
 * Below 2.4 the client is interrupted by event flag 0, below 1.1 it signals by
 * VMBUS_CONN_EVENT_SHARED; a page of its memory says what is meant, one bit per
 * event flag: the first half is for it, the second for the server.
 */
#define VMBUS_INT_PAGE_FLAGS		2048
#define VMBUS_EVENT_FLAG_SHARED		0

/* Status of results: 0 or this. */
#define VMBUS_STATUS_FAILURE		0x8000ffff

/* Target VP that means: no interrupts, please. */
#define VMBUS_VP_NONE			0xffffffff

enum vmbus_msg_type {
	VMBUS_MSG_OFFER			= 1,
	VMBUS_MSG_RESCIND		= 2,
	VMBUS_MSG_REQUEST_OFFERS	= 3,
	VMBUS_MSG_ALL_OFFERS		= 4,
	VMBUS_MSG_OPEN			= 5,
	VMBUS_MSG_OPEN_RESULT		= 6,
	VMBUS_MSG_CLOSE			= 7,
	VMBUS_MSG_GPADL_HEADER		= 8,
	VMBUS_MSG_GPADL_BODY		= 9,
	VMBUS_MSG_GPADL_CREATED		= 10,
	VMBUS_MSG_GPADL_TEARDOWN	= 11,
	VMBUS_MSG_GPADL_TORNDOWN	= 12,
	VMBUS_MSG_RELID_RELEASED	= 13,
	VMBUS_MSG_CONTACT		= 14,
	VMBUS_MSG_VERSION_RESPONSE	= 15,
	VMBUS_MSG_UNLOAD		= 16,
	VMBUS_MSG_UNLOAD_COMPLETE	= 17,
	VMBUS_MSG_OPEN_RESERVED		= 18,
	VMBUS_MSG_CLOSE_RESERVED	= 19,
	VMBUS_MSG_CLOSE_RESERVED_RESP	= 20,
	VMBUS_MSG_TL_CONNECT		= 21,
	VMBUS_MSG_MODIFY_CHANNEL	= 22,
	VMBUS_MSG_TL_CONNECT_RESULT	= 23,
	VMBUS_MSG_MODIFY_CHANNEL_RESP	= 24,
	VMBUS_MSG_MODIFY_CONNECTION	= 25,
	VMBUS_MSG_MODIFY_CONNECTION_RESP = 26,
	VMBUS_MSG_PAUSE			= 27,
	VMBUS_MSG_PAUSE_RESPONSE	= 28,
	VMBUS_MSG_RESUME		= 29,
	VMBUS_MSG_COUNT
};

#define VMBUS_MONITOR_GROUPS		4
#define VMBUS_MONITOR_TRIGGERS		32	/* per group */
#define VMBUS_MONITOR_IDS		(VMBUS_MONITOR_GROUPS * VMBUS_MONITOR_TRIGGERS)
#define VMBUS_MONITOR_NONE		0xff	/* monitor id of a channel without */

/*
 * A monitor page: each monitor id is a bit of a group's pending word (TLFS, "Monitored
 * Notifications").  In memory that the client shares, so in its byte order, which is ours.
 */
struct vmbus_monitor_page {
	u32 trigger_state;
	u32 reserved1;
	struct {
		u32 pending;
		u32 armed;
	} groups[VMBUS_MONITOR_GROUPS];
	u64 reserved2[3];
	u32 next_check[VMBUS_MONITOR_IDS];
	u16 latency[VMBUS_MONITOR_IDS];	/* in 100 ns */
	u8 reserved3[3264];
};

static_assert(sizeof(struct vmbus_monitor_page) == HV_HYP_PAGE_SIZE);
static_assert(offsetof(struct vmbus_monitor_page, latency) == 576);

/* ALL_OFFERS, UNLOAD_COMPLETE, PAUSE_RESPONSE: nothing but this */
struct vmbus_msg_hdr {
	__le32 type;
	__le32 padding;			/* written 0, never checked */
} __packed;
static_assert(sizeof(struct vmbus_msg_hdr) == 8);

/* Offer flags. */
#define VMBUS_OFFER_ENUMERATE		0x0001
#define VMBUS_OFFER_CONF_RING		0x0002
#define VMBUS_OFFER_CONF_EXTERNAL	0x0004
#define VMBUS_OFFER_CONFIDENTIAL	(VMBUS_OFFER_CONF_RING | VMBUS_OFFER_CONF_EXTERNAL)
#define VMBUS_OFFER_PINNED		0x0008
#define VMBUS_OFFER_NAMED_PIPE		0x0010
#define VMBUS_OFFER_TLNPI		0x2000

#define VMBUS_USER_DEFINED_SIZE		120

struct vmbus_offer_msg {
	struct vmbus_msg_hdr hdr;
	guid_t class_id;
	guid_t instance_id;
	__le32 reserved[4];
	__le16 flags;
	__le16 mmio_megabytes;
	u8 user_defined[VMBUS_USER_DEFINED_SIZE];
	__le16 subchannel;
	__le16 mmio_megabytes_optional;
	__le32 channel_id;
	u8 monitor_id;
	u8 monitor_allocated;
	__le16 is_dedicated;
	__le32 connection_id;
} __packed;
static_assert(sizeof(struct vmbus_offer_msg) == 196);
static_assert(sizeof(struct vmbus_offer_msg) == sizeof(struct vmbus_channel_offer_channel));

/* RESCIND, CLOSE, RELID_RELEASED, CLOSE_RESERVED_RESP */
struct vmbus_channel_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
} __packed;
static_assert(sizeof(struct vmbus_channel_msg) == 12);

struct vmbus_open_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 open_id;
	__le32 ring_gpadl;
	__le32 target_vp;
	__le32 downstream_page;
	u8 user_data[VMBUS_USER_DEFINED_SIZE];
} __packed;
static_assert(sizeof(struct vmbus_open_msg) == 148);
static_assert(sizeof(struct vmbus_open_msg) == sizeof(struct vmbus_channel_open_channel));

#define VMBUS_OPEN_REDIRECT_INTERRUPT	BIT(0)

/* OPEN, with VMBUS_FEATURE_GUEST_SIGNAL or _REDIRECT_INT */
struct vmbus_open2_msg {
	struct vmbus_open_msg open;
	__le32 connection_id;
	__le16 event_flag;
	__le16 flags;
} __packed;
static_assert(sizeof(struct vmbus_open2_msg) == 156);

struct vmbus_open_result_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 open_id;
	__le32 status;
} __packed;
static_assert(sizeof(struct vmbus_open_result_msg) == 20);
static_assert(sizeof(struct vmbus_open_result_msg) == sizeof(struct vmbus_channel_open_result));

/* Followed by words of range data, as many as fit the message. */
struct vmbus_gpadl_header_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 gpadl_id;
	__le16 range_bytes;
	__le16 range_count;
	__le64 words[];
} __packed;
static_assert(sizeof(struct vmbus_gpadl_header_msg) == 20);

struct vmbus_gpadl_body_msg {
	struct vmbus_msg_hdr hdr;
	__le32 reserved;
	__le32 gpadl_id;
	__le64 words[];
} __packed;
static_assert(sizeof(struct vmbus_gpadl_body_msg) == 16);

#define VMBUS_GPADL_HEADER_WORDS \
	((VMBUS_MSG_MAX - sizeof(struct vmbus_gpadl_header_msg)) / sizeof(__le64))
#define VMBUS_GPADL_BODY_WORDS \
	((VMBUS_MSG_MAX - sizeof(struct vmbus_gpadl_body_msg)) / sizeof(__le64))

/* Head of each range: then ceil((offset + bytes) / 4096) page frame numbers. */
struct vmbus_gpa_range {
	__le32 byte_count;
	__le32 byte_offset;
	__le64 pfns[];
} __packed;
static_assert(sizeof(struct vmbus_gpa_range) == 8);

struct vmbus_gpadl_created_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 gpadl_id;
	__le32 status;
} __packed;
static_assert(sizeof(struct vmbus_gpadl_created_msg) == 20);
static_assert(sizeof(struct vmbus_gpadl_created_msg) == sizeof(struct vmbus_channel_gpadl_created));

struct vmbus_gpadl_teardown_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 gpadl_id;
} __packed;
static_assert(sizeof(struct vmbus_gpadl_teardown_msg) == 16);

struct vmbus_gpadl_torndown_msg {
	struct vmbus_msg_hdr hdr;
	__le32 gpadl_id;
} __packed;
static_assert(sizeof(struct vmbus_gpadl_torndown_msg) == 12);

struct vmbus_contact_msg {
	struct vmbus_msg_hdr hdr;
	__le32 version;
	__le32 target_vp;
	/* Below 2.4 the interrupt page; from 5.0 on the target: see the masks. */
	__le64 target_info;
	__le64 parent_to_child;		/* monitor page GPAs */
	__le64 child_to_parent;
} __packed;
static_assert(sizeof(struct vmbus_contact_msg) == 40);
static_assert(sizeof(struct vmbus_contact_msg) == sizeof(struct vmbus_channel_initiate_contact));

#define VMBUS_CONTACT_SINT		GENMASK_ULL(7, 0)
#define VMBUS_CONTACT_VTL		GENMASK_ULL(15, 8)
#define VMBUS_CONTACT_FEATURES		GENMASK_ULL(63, 32)

/* CONTACT with VMBUS_FEATURE_CLIENT_ID */
struct vmbus_contact2_msg {
	struct vmbus_contact_msg contact;
	guid_t client_id;
} __packed;
static_assert(sizeof(struct vmbus_contact2_msg) == 56);

struct vmbus_version_response_msg {
	struct vmbus_msg_hdr hdr;
	u8 supported;
	u8 connection_state;		/* VMBUS_CONNECTION_* */
	__le16 padding;
	__le32 selected;		/* version, or connection id from 5.0 on */
} __packed;
static_assert(sizeof(struct vmbus_version_response_msg) == 16);
static_assert(sizeof(struct vmbus_version_response_msg) ==
	      sizeof(struct vmbus_channel_version_response));

/* VERSION_RESPONSE from 6.0 on; told apart by its length alone. */
struct vmbus_version_response2_msg {
	struct vmbus_version_response_msg v1;
	__le32 features;
} __packed;
static_assert(sizeof(struct vmbus_version_response2_msg) == 20);

/* VERSION_RESPONSE with VMBUS_FEATURE_SERVER_MONITOR. */
struct vmbus_version_response3_msg {
	struct vmbus_version_response2_msg v2;
	__le32 padding;
	__le64 parent_to_child;		/* monitor page GPAs */
	__le64 child_to_parent;
} __packed;
static_assert(sizeof(struct vmbus_version_response3_msg) == 40);

#define VMBUS_CONNECTION_OK		0
#define VMBUS_CONNECTION_LOW_RESOURCES	1
#define VMBUS_CONNECTION_FAILED		2

/* Answers to these go to the VP and SINT that they name. */
struct vmbus_open_reserved_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 target_vp;
	__le32 target_sint;		/* only the lowest 8 bits count */
	__le32 ring_gpadl;
	__le32 downstream_page;
} __packed;
static_assert(sizeof(struct vmbus_open_reserved_msg) == 28);

struct vmbus_close_reserved_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 target_vp;
	__le32 target_sint;
} __packed;
static_assert(sizeof(struct vmbus_close_reserved_msg) == 20);

struct vmbus_modify_channel_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 target_vp;
} __packed;
static_assert(sizeof(struct vmbus_modify_channel_msg) == 16);

struct vmbus_modify_channel_resp_msg {
	struct vmbus_msg_hdr hdr;
	__le32 channel_id;
	__le32 status;
} __packed;
static_assert(sizeof(struct vmbus_modify_channel_resp_msg) == 16);

struct vmbus_modify_connection_msg {
	struct vmbus_msg_hdr hdr;
	__le64 parent_to_child;
	__le64 child_to_parent;
} __packed;
static_assert(sizeof(struct vmbus_modify_connection_msg) == 24);

struct vmbus_modify_connection_resp_msg {
	struct vmbus_msg_hdr hdr;
	u8 connection_state;
} __packed;
static_assert(sizeof(struct vmbus_modify_connection_resp_msg) == 9);

struct vmbus_tl_connect_msg {
	struct vmbus_msg_hdr hdr;
	guid_t endpoint_id;
	guid_t service_id;
} __packed;
static_assert(sizeof(struct vmbus_tl_connect_msg) == 40);

/* TL_CONNECT from 5.2 on, where the message is long enough */
struct vmbus_tl_connect2_msg {
	struct vmbus_tl_connect_msg v1;
	guid_t silo_id;
} __packed;
static_assert(sizeof(struct vmbus_tl_connect2_msg) == 56);

struct vmbus_tl_connect_result_msg {
	struct vmbus_msg_hdr hdr;
	guid_t endpoint_id;
	guid_t service_id;
	__le32 status;
} __packed;
static_assert(sizeof(struct vmbus_tl_connect_result_msg) == 44);

#define VMBUS_TL_REFUSED		0xc0000236	/* the only status ever sent */

/* What an offer with VMBUS_OFFER_TLNPI has in user_defined. */
struct vmbus_hvsock_params {
	__le32 pipe_type;		/* 0: a stream of bytes */
	u8 is_for_guest_accept;		/* 1: the server's side connects */
	u8 is_for_guest_container;
	__le32 version;			/* 1: knows silos */
	guid_t silo_id;
	u8 padding[2];
} __packed;
static_assert(sizeof(struct vmbus_hvsock_params) == 28);

/* Head of the payload of each packet on a pipe's ring. */
struct vmbus_pipe_hdr {
	__le32 type;
	__le32 len;			/* bytes that follow; 0: the sender's side ends here */
} __packed;
static_assert(sizeof(struct vmbus_pipe_hdr) == 8);

#define VMBUS_PIPE_DATA			1
#define VMBUS_PIPE_MAX_DATA		16384

#endif /* _VMBUS_PROTOCOL_H */
