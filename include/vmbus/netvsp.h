/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of the synthetic network adapter, as it crosses the wire.
 *
 * NVSP messages are packets of the channel.  RNDIS messages lie in memory that an NVSP
 * message points at: from the guest in ranges of the packet and in a section of the
 * send buffer, to the guest in sub-allocations of the receive buffer.
 *
 * Sources: drivers/net/hyperv/hyperv_net.h for what Linux guests use; the rest is as
 * observed in OpenVMM.  The message types, OIDs and status codes of RNDIS are those of
 * <linux/rndis.h>.  Everything is little endian.
 */
#ifndef _VMBUS_NETVSP_H
#define _VMBUS_NETVSP_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/rndis.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Class of the offer: f8615163-df3e-46c5-913f-f2d2f965ed0e */
#define NETVSP_CLASS							\
	GUID_INIT(0xf8615163, 0xdf3e, 0x46c5,				\
		  0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e)

/* ---- NVSP ------------------------------------------------------------------------- */

#define NVSP_VERSION_1		0x00000002
#define NVSP_VERSION_2		0x00030002
#define NVSP_VERSION_4		0x00040000
#define NVSP_VERSION_5		0x00050000
#define NVSP_VERSION_6		0x00060000
#define NVSP_VERSION_61		0x00060001

enum nvsp_type {
	NVSP_INIT			= 1,
	NVSP_INIT_COMPLETE		= 2,
	NVSP_NDIS_VERSION		= 100,
	NVSP_RECV_BUFFER		= 101,
	NVSP_RECV_BUFFER_COMPLETE	= 102,
	NVSP_REVOKE_RECV_BUFFER		= 103,
	NVSP_SEND_BUFFER		= 104,
	NVSP_SEND_BUFFER_COMPLETE	= 105,
	NVSP_REVOKE_SEND_BUFFER		= 106,
	NVSP_RNDIS_PACKET		= 107,
	NVSP_RNDIS_PACKET_COMPLETE	= 108,
	NVSP_NDIS_CONFIG		= 125,	/* version 2 and up */
	NVSP_VF_ASSOCIATION		= 128,	/* version 4 and up; to the guest */
	NVSP_SWITCH_DATA_PATH		= 129,
	NVSP_OID_QUERY_EX		= 131,	/* version 5 and up */
	NVSP_OID_QUERY_EX_COMPLETE	= 132,
	NVSP_SUBCHANNEL			= 133,
	NVSP_INDIRECTION_TABLE		= 134,	/* to the guest */
};

enum nvsp_status {
	NVSP_STATUS_NONE		= 0,
	NVSP_STATUS_SUCCESS		= 1,
	NVSP_STATUS_FAILURE		= 2,
	NVSP_STATUS_TOO_NEW		= 3,
	NVSP_STATUS_TOO_OLD		= 4,
	NVSP_STATUS_INVALID_RNDIS	= 5,
	NVSP_STATUS_BUSY		= 6,
	NVSP_STATUS_UNSUPPORTED		= 7,
};

/* Capabilities of the guest in NVSP_NDIS_CONFIG */
#define NVSP_CAP_SRIOV		BIT_ULL(2)
#define NVSP_CAP_8021Q		BIT_ULL(3)
#define NVSP_CAP_TEAMING	BIT_ULL(5)
#define NVSP_CAP_RSC		BIT_ULL(7)

#define NVSP_CHANNEL_DATA	0
#define NVSP_CHANNEL_CONTROL	1
#define NVSP_SECTION_NONE	U32_MAX
#define NVSP_SUBCHANNEL_ALLOCATE 1
#define NVSP_DATA_PATH_SYNTHETIC 0
#define NVSP_DATA_PATH_VF	1
#define NVSP_MAX_MDL_CHAIN	34
#define NVSP_SECTION_SIZE	6144	/* of the send buffer; Linux copies frames up to this */
#define NVSP_TABLE_SIZE		16	/* entries of NVSP_INDIRECTION_TABLE; Linux wants 16 */

/**
 * struct nvsp_message - a message of NVSP
 * @type: enum nvsp_type; says which of the others is meant
 * @init: versions that the guest speaks
 * @init_complete: version chosen, and whether that worked
 * @ndis_version: of the guest's stack
 * @buffer: a receive or send buffer: its GPADL, and the name that the guest gives it
 * @revoke: the guest wants it back; no answer is awaited
 * @recv_complete: how the receive buffer was cut
 * @send_complete: how the send buffer was cut
 * @rndis: an RNDIS message; the section is one of the send buffer
 * @rndis_complete: of an RNDIS message
 * @config: MTU with the Ethernet header, and NVSP_CAP_*
 * @vf: a VF for the adapter has come or gone
 * @data_path: NVSP_DATA_PATH_*
 * @oid_complete: of NVSP_OID_QUERY_EX: RNDIS_STATUS_*, and bytes that follow
 * @subchannel: the guest wants @count sub-channels
 * @subchannel_complete: it gets @count
 * @table: the table follows, @offset bytes from the beginning of the message
 * @pad: as long as a message gets, but for the table
 */
struct nvsp_message {
	__le32 type;
	union {
		struct {
			__le32 min;
			__le32 max;
		} __packed init;
		struct {
			__le32 version;
			__le32 max_mdl_chain;
			__le32 status;
		} __packed init_complete;
		struct {
			__le32 major;
			__le32 minor;
		} __packed ndis_version;
		struct {
			__le32 gpadl;
			__le16 id;
		} __packed buffer;
		struct {
			__le16 id;
		} __packed revoke;
		struct {
			__le32 status;
			__le32 sections;
			__le32 offset;
			__le32 size;
			__le32 count;
			__le32 end;
		} __packed recv_complete;
		struct {
			__le32 status;
			__le32 section_size;
		} __packed send_complete;
		struct {
			__le32 channel;
			__le32 section;
			__le32 size;
		} __packed rndis;
		struct {
			__le32 status;
		} __packed rndis_complete;
		struct {
			__le32 mtu;
			__le32 reserved;
			__le64 caps;
		} __packed config;
		struct {
			__le32 allocated;
			__le32 serial;
		} __packed vf;
		struct {
			__le32 active;
		} __packed data_path;
		struct {
			__le32 status;
			__le32 bytes;
		} __packed oid_complete;
		struct {
			__le32 op;
			__le32 count;
		} __packed subchannel;
		struct {
			__le32 status;
			__le32 count;
		} __packed subchannel_complete;
		struct {
			__le32 count;
			__le32 offset;
			__le32 entries[NVSP_TABLE_SIZE];
		} __packed table;
		u8 pad[36];
	} __packed;
} __packed;

/* Bytes of a message on the wire: that of version 6.1 has grown. */
#define NVSP_MESSAGE_SIZE	28
#define NVSP_MESSAGE_SIZE_61	40

static_assert(offsetofend(struct nvsp_message, recv_complete) == NVSP_MESSAGE_SIZE);
static_assert(offsetofend(struct nvsp_message, pad) == NVSP_MESSAGE_SIZE_61);
static_assert(offsetof(struct nvsp_message, table.entries) == 12);
static_assert(sizeof(struct nvsp_message) == 12 + 4 * NVSP_TABLE_SIZE);

/* ---- RNDIS control messages ------------------------------------------------------------ */

struct rndis_header {
	__le32 type;
	__le32 len;
} __packed;

static_assert(sizeof(struct rndis_header) == 8);

/**
 * struct rndis_request - control message of the guest
 * @hdr: type and length
 * @id: for the answer; of all but RNDIS_MSG_RESET and RNDIS_MSG_PACKET
 * @init: versions, and the longest message that the guest can take
 * @query: also of a set: OID, and the information buffer, @offset bytes from @id
 */
struct rndis_request {
	struct rndis_header hdr;
	__le32 id;
	union {
		struct {
			__le32 major;
			__le32 minor;
			__le32 max_transfer;
		} __packed init;
		struct {
			__le32 oid;
			__le32 len;
			__le32 offset;
			__le32 vc;
		} __packed query;
	} __packed;
} __packed;

static_assert(sizeof(struct rndis_request) == 28);

/**
 * struct rndis_answer - answer to it
 * @hdr: type and length
 * @id: the request's
 * @status: RNDIS_STATUS_*
 * @init: answer to RNDIS_MSG_INIT
 * @query: answer to RNDIS_MSG_QUERY: the information buffer, @offset bytes from @id
 */
struct rndis_answer {
	struct rndis_header hdr;
	__le32 id;
	__le32 status;
	union {
		struct {
			__le32 major;
			__le32 minor;
			__le32 flags;
			__le32 medium;
			__le32 max_packets;
			__le32 max_transfer;
			__le32 alignment;
			__le32 af_list_offset;
			__le32 af_list_size;
		} __packed init;
		struct {
			__le32 len;
			__le32 offset;
		} __packed query;
	} __packed;
} __packed;

static_assert(sizeof(struct rndis_answer) == 52);

/* RNDIS_MSG_RESET_C has no id. */
struct rndis_reset_answer {
	struct rndis_header hdr;
	__le32 status;
	__le32 addressing_reset;
} __packed;

static_assert(sizeof(struct rndis_reset_answer) == 16);

/**
 * struct rndis_indicate - RNDIS_MSG_INDICATE: news to the guest
 * @hdr: type and length
 * @status: RNDIS_STATUS_*
 * @len: bytes of the status buffer
 * @offset: of it, from @status
 */
struct rndis_indicate {
	struct rndis_header hdr;
	__le32 status;
	__le32 len;
	__le32 offset;
} __packed;

static_assert(sizeof(struct rndis_indicate) == 20);

/* What <linux/rndis.h> does not name */
#define RNDIS_STATUS_TASK_OFFLOAD	0x40020006	/* the current offloads have changed */
#define NDIS_OID_RSS_CAPABILITIES	0x00010203
#define NDIS_OID_RSS_PARAMETERS		0x00010204
#define NDIS_OID_MAX_LINK_SPEED		0x00010206
#define NDIS_OID_LINK_STATE		0x00010207
#define NDIS_OID_BYTES_RCV		0x00020219
#define NDIS_OID_BYTES_XMIT		0x0002021a
#define NDIS_OID_OFFLOAD_CURRENT	0xfc01020b
#define NDIS_OID_OFFLOAD_PARAMETERS	0xfc01020c
#define NDIS_OID_OFFLOAD_HARDWARE	0xfc01020d
#define NDIS_OID_OFFLOAD_ENCAPSULATION	0x0101010a

#define NDIS_OBJECT_DEFAULT		0x80
#define NDIS_OBJECT_RSS_CAPABILITIES	0x88
#define NDIS_OBJECT_RSS_PARAMETERS	0x89
#define NDIS_OBJECT_OFFLOAD		0xa7
#define NDIS_OBJECT_ENCAPSULATION	0xa8

struct ndis_object {
	u8 type;
	u8 revision;
	__le16 size;
} __packed;

static_assert(sizeof(struct ndis_object) == 4);

#define NDIS_LINK_CONNECTED		1
#define NDIS_LINK_DISCONNECTED		2
#define NDIS_LINK_FULL_DUPLEX		2

/* NDIS_LINK_SPEED: in bits per second */
struct ndis_link_speed {
	__le64 xmit;
	__le64 rcv;
} __packed;

static_assert(sizeof(struct ndis_link_speed) == 16);

/**
 * struct ndis_link_state - state of the link
 * @hdr: object
 * @connected: NDIS_LINK_CONNECTED or NDIS_LINK_DISCONNECTED
 * @duplex: NDIS_LINK_FULL_DUPLEX
 * @pad: zero
 * @speed: of the link
 * @pause: 0: there are no pause frames
 * @negotiated: what of that was negotiated
 */
struct ndis_link_state {
	struct ndis_object hdr;
	__le32 connected;
	__le32 duplex;
	__le32 pad;
	struct ndis_link_speed speed;
	__le32 pause;
	__le32 negotiated;
} __packed;

static_assert(sizeof(struct ndis_link_state) == 40);

/* NDIS_RSS_PARAMETERS flags */
#define NDIS_RSS_INFO_UNCHANGED		0x0002
#define NDIS_RSS_TABLE_UNCHANGED	0x0004
#define NDIS_RSS_KEY_UNCHANGED		0x0008
#define NDIS_RSS_DISABLE		0x0010

#define NDIS_RSS_KEY_SIZE		40
#define NDIS_RSS_TABLE_MAX		128

/* Hash function and types */
#define NDIS_HASH_TOEPLITZ		0x00000001
#define NDIS_HASH_IPV4			0x00000100
#define NDIS_HASH_TCP_IPV4		0x00000200
#define NDIS_HASH_IPV6			0x00000400
#define NDIS_HASH_TCP_IPV6		0x00001000

/* Capabilities of RSS: what interrupts are like, and hash types */
#define NDIS_RSS_CAP_MSI		0x01000000
#define NDIS_RSS_CAP_AT_ISR		0x02000000
#define NDIS_RSS_CAP_AT_DPC		0x04000000
#define NDIS_RSS_CAP_TCP_IPV4		0x00000100
#define NDIS_RSS_CAP_TCP_IPV6		0x00000200

struct ndis_rss_capabilities {
	struct ndis_object hdr;
	__le32 flags;
	__le32 interrupts;
	__le32 queues;
	__le16 entries;
} __packed;

/* Revision 1 ends before @entries. */
#define NDIS_RSS_CAPABILITIES_SIZE_1	offsetof(struct ndis_rss_capabilities, entries)

static_assert(NDIS_RSS_CAPABILITIES_SIZE_1 == 16);
static_assert(sizeof(struct ndis_rss_capabilities) == 18);

/* Offsets are from its beginning; sizes are bytes, of a table with entries of 32 bit. */
struct ndis_rss_parameters {
	struct ndis_object hdr;
	__le16 flags;
	__le16 base_cpu;
	__le32 hash;
	__le16 table_size;
	__le16 pad1;
	__le32 table_offset;
	__le16 key_size;
	__le16 pad2;
	__le32 key_offset;
	__le32 masks_offset;
	__le32 masks_count;
	__le32 masks_size;
} __packed;

/* Revision 1 ends with @key_offset. */
#define NDIS_RSS_PARAMETERS_SIZE_1	offsetof(struct ndis_rss_parameters, masks_offset)

static_assert(NDIS_RSS_PARAMETERS_SIZE_1 == 28);
static_assert(sizeof(struct ndis_rss_parameters) == 40);

/* Encapsulations */
#define NDIS_ENCAP_NONE			0x0000
#define NDIS_ENCAP_NULL			0x0001
#define NDIS_ENCAP_8023			0x0002
#define NDIS_ENCAP_8023PQ		0x0004
#define NDIS_ENCAP_8023PQ_OOB		0x0008

/* struct ndis_csum_offload, of IPv4 and of IPv6 (without the IP header) */
#define NDIS_CSUM_IP_OPTIONS		0x001	/* or IPv6 extension headers */
#define NDIS_CSUM_TCP_OPTIONS		0x004
#define NDIS_CSUM_TCP			0x010
#define NDIS_CSUM_UDP			0x040
#define NDIS_CSUM_IP			0x100

struct ndis_csum_offload {
	__le32 tx_encap;
	__le32 tx;
	__le32 rx_encap;
	__le32 rx;
} __packed;

static_assert(sizeof(struct ndis_csum_offload) == 16);

#define NDIS_LSO6_EXTENSIONS		0x001
#define NDIS_LSO6_TCP_OPTIONS		0x004

/**
 * struct ndis_offload - the offloads of an adapter, those that it has or those in use
 * @hdr: object
 * @csum4: checksums with IPv4
 * @csum6: checksums with IPv6
 * @lso1: large sends, version 1; not used
 * @ipsec1: not used
 * @lso4_encap: large sends, version 2, with IPv4
 * @lso4_max: longest frame
 * @lso4_min: least number of segments
 * @lso6_encap: with IPv6
 * @lso6_max: longest frame
 * @lso6_min: least number of segments
 * @lso6_options: NDIS_LSO6_*
 * @flags: zero
 * @ipsec2: not used; revision 2 and up
 * @rsc4: coalesced segments with IPv4; revision 3 and up
 * @rsc6: with IPv6
 * @reserved: zero
 * @encap_flags: not used
 * @encap_max: not used
 */
struct ndis_offload {
	struct ndis_object hdr;
	struct ndis_csum_offload csum4;
	struct ndis_csum_offload csum6;
	__le32 lso1[4];
	__le32 ipsec1[7];
	__le32 lso4_encap;
	__le32 lso4_max;
	__le32 lso4_min;
	__le32 lso6_encap;
	__le32 lso6_max;
	__le32 lso6_min;
	__le32 lso6_options;
	__le32 flags;
	u8 ipsec2[32];
	u8 rsc4;
	u8 rsc6;
	u8 reserved[2];
	__le32 encap_flags;
	__le32 encap_max;
} __packed;

/*
 * As long as the members of each revision.  The guest's structure is padded after
 * @ipsec2 and @rsc6 as its compiler does it.
 */
#define NDIS_OFFLOAD_SIZE_1	offsetof(struct ndis_offload, ipsec2)
#define NDIS_OFFLOAD_SIZE_2	offsetof(struct ndis_offload, rsc4)
#define NDIS_OFFLOAD_SIZE_3	sizeof(struct ndis_offload)

static_assert(NDIS_OFFLOAD_SIZE_1 == 112);
static_assert(NDIS_OFFLOAD_SIZE_2 == 144);
static_assert(NDIS_OFFLOAD_SIZE_3 == 156);

/* Settings of struct ndis_offload_parameters */
#define NDIS_PARAM_NO_CHANGE		0
#define NDIS_PARAM_OFF			1	/* of all */
#define NDIS_PARAM_CSUM_TX		2
#define NDIS_PARAM_CSUM_RX		3
#define NDIS_PARAM_CSUM_BOTH		4
#define NDIS_PARAM_ON			2	/* of LSO and RSC */

struct ndis_offload_parameters {
	struct ndis_object hdr;
	u8 ip4_csum;
	u8 tcp4_csum;
	u8 udp4_csum;
	u8 tcp6_csum;
	u8 udp6_csum;
	u8 lso1;
	u8 ipsec1;
	u8 lso4;
	u8 lso6;
	u8 tcp4_connection;
	u8 tcp6_connection;
	u8 pad;
	__le32 flags;
	u8 ipsec2;
	u8 ipsec2_4;
	u8 rsc4;
	u8 rsc6;
	u8 encap;
	u8 encap_types;
	u8 reserved[2];
} __packed;

/* Revision 1 ends with @flags; guests up to NVSP_VERSION_4 end with @ipsec2_4. */
#define NDIS_PARAMETERS_SIZE_1		offsetof(struct ndis_offload_parameters, ipsec2)
#define NDIS_PARAMETERS_SIZE_MIN	offsetof(struct ndis_offload_parameters, rsc4)

static_assert(NDIS_PARAMETERS_SIZE_1 == 20);
static_assert(NDIS_PARAMETERS_SIZE_MIN == 22);
static_assert(sizeof(struct ndis_offload_parameters) == 28);

/* Of NDIS_OID_OFFLOAD_ENCAPSULATION, of IPv4 and of IPv6 */
#define NDIS_ENCAP_ON			1
#define NDIS_ENCAP_OFF			2

struct ndis_encapsulation {
	struct ndis_object hdr;
	struct {
		__le32 enabled;
		__le32 encap;
		__le32 header_size;
	} __packed ip[2];
} __packed;

static_assert(sizeof(struct ndis_encapsulation) == 28);

/* Of RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER; offsets from its beginning, UTF-16. */
struct rndis_config_parameter {
	__le32 name_offset;
	__le32 name_len;
	__le32 type;
	__le32 value_offset;
	__le32 value_len;
} __packed;

static_assert(sizeof(struct rndis_config_parameter) == 20);

#define RNDIS_PARAMETER_INTEGER		0
#define RNDIS_PARAMETER_STRING		2

/* ---- RNDIS frames ------------------------------------------------------------------------ */

/**
 * struct rndis_packet - RNDIS_MSG_PACKET: a frame, and what there is to say of it
 * @hdr: type and length
 * @data_offset: of the frame, from @data_offset on, like all offsets here
 * @data_len: bytes of the frame
 * @oob_offset: not used, like the two that follow
 * @oob_len: must be 0
 * @oob_count: must be 0
 * @ppi_offset: of the first struct rndis_ppi
 * @ppi_len: bytes of all
 * @vc: must be 0
 * @reserved: not looked at
 */
struct rndis_packet {
	struct rndis_header hdr;
	__le32 data_offset;
	__le32 data_len;
	__le32 oob_offset;
	__le32 oob_len;
	__le32 oob_count;
	__le32 ppi_offset;
	__le32 ppi_len;
	__le32 vc;
	__le32 reserved;
} __packed;

static_assert(sizeof(struct rndis_packet) == 44);

/**
 * struct rndis_ppi - per-packet information
 * @size: bytes, this header included
 * @type: RNDIS_PPI_*
 * @offset: of the information, from here; 12 unless the sender is odd
 */
struct rndis_ppi {
	__le32 size;
	__le32 type;
	__le32 offset;
} __packed;

static_assert(sizeof(struct rndis_ppi) == 12);

#define RNDIS_PPI_CSUM			0
#define RNDIS_PPI_LSO			2
#define RNDIS_PPI_VLAN			6
#define RNDIS_PPI_HASH			8
#define RNDIS_PPI_INTERNAL		BIT(31)
#define RNDIS_PPI_ID			(RNDIS_PPI_INTERNAL | 1)	/* parts of a frame */

/* RNDIS_PPI_CSUM of the guest: what is to be filled in */
#define RNDIS_CSUM_IPV4			BIT(0)
#define RNDIS_CSUM_IPV6			BIT(1)
#define RNDIS_CSUM_TCP			BIT(2)
#define RNDIS_CSUM_UDP			BIT(3)
#define RNDIS_CSUM_IP_HEADER		BIT(4)
#define RNDIS_CSUM_OFFSET		GENMASK(25, 16)	/* of the transport header */

/* RNDIS_PPI_CSUM to the guest: what was found */
#define RNDIS_CSUM_TCP_GOOD		BIT(3)
#define RNDIS_CSUM_UDP_GOOD		BIT(4)
#define RNDIS_CSUM_IP_GOOD		BIT(5)

/* RNDIS_PPI_LSO, version 2 */
#define RNDIS_LSO_MSS			GENMASK(19, 0)
#define RNDIS_LSO_OFFSET		GENMASK(29, 20)	/* of the TCP header */
#define RNDIS_LSO_V2			BIT(30)
#define RNDIS_LSO_IPV6			BIT(31)

/* RNDIS_PPI_VLAN */
#define RNDIS_VLAN_PRIORITY		GENMASK(2, 0)
#define RNDIS_VLAN_DEI			BIT(3)
#define RNDIS_VLAN_ID			GENMASK(15, 4)

/* RNDIS_PPI_ID: the frame has parts in sub-allocations of their own, in one packet */
struct rndis_ppi_id {
	u8 version;
	u8 flags;
	__le16 id;
} __packed;

static_assert(sizeof(struct rndis_ppi_id) == 4);

#define RNDIS_ID_VERSION		1
#define RNDIS_ID_PART			BIT(0)
#define RNDIS_ID_FIRST			BIT(1)
#define RNDIS_ID_LAST			BIT(2)

#endif /* _VMBUS_NETVSP_H */
