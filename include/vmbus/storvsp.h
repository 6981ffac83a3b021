/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of the synthetic SCSI controller, as it crosses the wire.
 *
 * The guest sends requests that ask for a completion; the completion has the
 * same transaction id and exactly the length that the request had.  Sources:
 * drivers/scsi/storvsc_drv.c for what Linux guests use; the rest is as observed
 * in OpenVMM.  Everything is little endian.
 */
#ifndef _VMBUS_STORVSP_H
#define _VMBUS_STORVSP_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uuid.h>

/* Class of the offer: ba6163d9-04a1-4d29-b605-72e2ffb1dc7f */
#define STORVSP_CLASS_SCSI						\
	GUID_INIT(0xba6163d9, 0x04a1, 0x4d29,				\
		  0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f)

/* A disk of an emulated IDE controller: 32412632-86cb-44a2-9b5c-50d1417354f5 */
#define STORVSP_CLASS_IDE						\
	GUID_INIT(0x32412632, 0x86cb, 0x44a2,				\
		  0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5)

#define STORVSP_VERSION(major, minor)	((u16)((major) << 8 | (minor)))
#define STORVSP_VERSION_WIN6		STORVSP_VERSION(2, 0)
#define STORVSP_VERSION_WIN7		STORVSP_VERSION(4, 2)
#define STORVSP_VERSION_WIN8		STORVSP_VERSION(5, 1)
#define STORVSP_VERSION_BLUE		STORVSP_VERSION(6, 0)
#define STORVSP_VERSION_WIN10		STORVSP_VERSION(6, 2)

enum storvsp_operation {
	STORVSP_COMPLETE_IO		= 1,	/* to the guest: answer to a request */
	STORVSP_REMOVE_DEVICE		= 2,
	STORVSP_EXECUTE_SRB		= 3,
	STORVSP_RESET_LUN		= 4,
	STORVSP_RESET_ADAPTER		= 5,
	STORVSP_RESET_BUS		= 6,
	STORVSP_BEGIN_INIT		= 7,
	STORVSP_END_INIT		= 8,
	STORVSP_QUERY_VERSION		= 9,
	STORVSP_QUERY_PROPERTIES	= 10,
	STORVSP_ENUMERATE_BUS		= 11,	/* to the guest: look for disks again */
	STORVSP_FC_HBA_DATA		= 12,
	STORVSP_CREATE_SUB_CHANNELS	= 13,
	STORVSP_EVENT			= 14,
	STORVSP_OPERATIONS
};

/* Status of a packet. */
#define STORVSP_STATUS_SUCCESS			0x00000000
#define STORVSP_STATUS_BUFFER_OVERFLOW		0x80000005
#define STORVSP_STATUS_DEVICE_BUSY		0x80000011
#define STORVSP_STATUS_UNSUCCESSFUL		0xc0000001
#define STORVSP_STATUS_INVALID_PARAMETER	0xc000000d
#define STORVSP_STATUS_INVALID_DEVICE_REQUEST	0xc0000010
#define STORVSP_STATUS_REVISION_MISMATCH	0xc0000059
#define STORVSP_STATUS_DEVICE_NOT_CONNECTED	0xc000009d
#define STORVSP_STATUS_IO_TIMEOUT		0xc00000b5
#define STORVSP_STATUS_NO_SUCH_DEVICE		0xc00000c0
#define STORVSP_STATUS_CANCELLED		0xc0000120
#define STORVSP_STATUS_INVALID_DEVICE_STATE	0xc0000184
#define STORVSP_STATUS_IO_DEVICE_ERROR		0xc0000185

/* Status of an SRB, in the low 6 bits. */
#define SRB_STATUS_MASK			0x3f
#define SRB_STATUS_SUCCESS		0x01
#define SRB_STATUS_ABORTED		0x02
#define SRB_STATUS_ERROR		0x04
#define SRB_STATUS_BUSY			0x05
#define SRB_STATUS_INVALID_REQUEST	0x06
#define SRB_STATUS_NO_DEVICE		0x08
#define SRB_STATUS_TIMEOUT		0x09
#define SRB_STATUS_SELECTION_TIMEOUT	0x0a
#define SRB_STATUS_COMMAND_TIMEOUT	0x0b
#define SRB_STATUS_NO_HBA		0x11
#define SRB_STATUS_DATA_OVERRUN		0x12
#define SRB_STATUS_BAD_SRB_LENGTH	0x15
#define SRB_STATUS_FLUSHED		0x16
#define SRB_STATUS_INVALID_LUN		0x20
#define SRB_STATUS_INVALID_TARGET	0x21
#define SRB_STATUS_BAD_FUNCTION		0x22
/* and above them */
#define SRB_STATUS_QUEUE_FROZEN		0x40
#define SRB_STATUS_AUTOSENSE_VALID	0x80

#define STORVSP_CDB_SIZE		16
#define STORVSP_SENSE_SIZE		20
/* What follows the header of a packet: up to Windows 7, and from Windows 8 on. */
#define STORVSP_REQUEST_SIZE_V1		36
#define STORVSP_REQUEST_SIZE		52
/* The longest transfer of one SRB: what QUERY_PROPERTIES tells. */
#define STORVSP_MAX_TRANSFER		0x40000

struct storvsp_srb {
	__le16 length;
	u8 srb_status;
	u8 scsi_status;
	u8 port;
	u8 path;
	u8 target;
	u8 lun;
	u8 cdb_length;
	u8 sense_length;
	u8 data_in;			/* 0: from the guest; else to it, or none */
	u8 properties;
	__le32 data_transfer_length;
	u8 payload[STORVSP_SENSE_SIZE];	/* CDB in a request, sense data in an answer */
	/* The following since Windows 8. */
	__le16 reserved;
	u8 queue_tag;
	u8 queue_action;
	__le32 srb_flags;
	__le32 timeout;
	__le32 queue_sort_key;
} __packed;
static_assert(sizeof(struct storvsp_srb) == STORVSP_REQUEST_SIZE);
static_assert(offsetof(struct storvsp_srb, reserved) == STORVSP_REQUEST_SIZE_V1);

struct storvsp_version {
	__le16 version;
	__le16 revision;
} __packed;
static_assert(sizeof(struct storvsp_version) == 4);

#define STORVSP_CHANNEL_EMULATED_IDE	BIT(1)

/* What an offer of STORVSP_CLASS_IDE has in user_defined, among zeros. */
struct storvsp_ide_offer {
	__le16 port;
	u8 path;			/* IDE channel */
	u8 target;			/* device on it */
	__le32 reserved;
	__le32 flags;			/* STORVSP_CHANNEL_EMULATED_IDE */
	u8 reserved2[12];
} __packed;
static_assert(sizeof(struct storvsp_ide_offer) == 24);

#define STORVSP_PROPERTY_MULTI_CHANNEL	BIT(0)

struct storvsp_properties {
	__le32 reserved;
	__le16 max_subchannels;
	__le16 reserved2;
	__le32 flags;
	__le32 max_transfer;
	__le64 reserved3;
} __packed;
static_assert(sizeof(struct storvsp_properties) == 24);

struct storvsp_header {
	__le32 operation;
	__le32 flags;			/* of the sender; not looked at */
	__le32 status;
} __packed;
static_assert(sizeof(struct storvsp_header) == 12);

struct storvsp_packet {
	struct storvsp_header hdr;
	union {
		struct storvsp_srb srb;
		struct storvsp_version version;
		struct storvsp_properties properties;
		__le16 subchannels;
		u8 request[STORVSP_REQUEST_SIZE];
	};
} __packed;
static_assert(sizeof(struct storvsp_packet) == 64);

#endif /* _VMBUS_STORVSP_H */
