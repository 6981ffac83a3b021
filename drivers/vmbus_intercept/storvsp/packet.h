/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of the guest as data: proto.c, request.c and screen.c look at them and make
 * answers, without I/O and locks.
 */
#ifndef _STORVSP_PACKET_H
#define _STORVSP_PACKET_H

#include <linux/types.h>
#include <vmbus/ring.h>
#include <vmbus/server.h>
#include <vmbus/storvsp.h>

#define STORVSP_LUNS		256	/* a LUN is one byte in an SRB */
#define STORVSP_INQUIRY_SIZE	36
#define STORVSP_EMULATE_SIZE	(8 + 8 * STORVSP_LUNS)

/* ---- requests and answers: request.c ------------------------------------------- */

/* What to do with a packet. */
enum storvsp_verdict {
	STORVSP_OK,
	STORVSP_REFUSED,	/* answer it with an error */
	STORVSP_FATAL,		/* the same if that is possible; and read no more */
};

/**
 * struct storvsp_request - a packet of the guest
 * @trans_id: transaction id, for the answer
 * @answerable: the guest waits for an answer
 * @operation: enum storvsp_operation
 * @size: bytes of the request area: the answer has as many
 * @packet: copy, the rest is zero
 */
struct storvsp_request {
	u64 trans_id;
	bool answerable;
	u32 operation;
	u32 size;
	struct storvsp_packet packet;
};

/**
 * struct storvsp_command - a SCSI command, checked
 * @path: of its address
 * @target: of its address
 * @lun: of its address
 * @data_in: data goes to the guest
 * @len: bytes of data, at most STORVSP_MAX_TRANSFER
 * @offset: of the data in the first page
 * @npages: pages that the data spans
 * @pfns: these, in the packet: valid as long as it
 * @cdb: zero from the length on that the guest said
 */
struct storvsp_command {
	u8 path;
	u8 target;
	u8 lun;
	bool data_in;
	u32 len;
	u32 offset;
	u32 npages;
	const u64 *pfns;
	u8 cdb[STORVSP_CDB_SIZE];
};

/**
 * struct storvsp_result - what became of a command
 * @srb_status: SRB_STATUS_*, without SRB_STATUS_AUTOSENSE_VALID
 * @scsi_status: SAM_STAT_*
 * @len: bytes of data moved
 * @sense: sense data of at least STORVSP_SENSE_SIZE bytes, or NULL
 */
struct storvsp_result {
	u8 srb_status;
	u8 scsi_status;
	u32 len;
	const u8 *sense;
};

/**
 * struct storvsp_answer - a completion packet
 * @len: bytes of it
 * @packet: packet
 */
struct storvsp_answer {
	u32 len;
	struct storvsp_packet packet;
};

/**
 * struct storvsp_ide - whether a controller is the accelerator of an IDE disk
 * @enabled: it is
 * @channel: the disk's IDE channel, 0 or 1
 * @device: the disk on it, 0 or 1
 */
struct storvsp_ide {
	bool enabled;
	u8 channel;
	u8 device;
};

enum storvsp_verdict storvsp_parse(const struct vsrv_packet *pkt, struct storvsp_request *req);
enum storvsp_verdict storvsp_parse_srb(const struct vsrv_packet *pkt,
				       const struct storvsp_request *req,
				       struct storvsp_command *cmd);
void storvsp_ide_address(const struct storvsp_ide *ide, struct storvsp_command *cmd);
u32 storvsp_nt_status(u8 srb_status);
u8 storvsp_srb_status(u8 scsi_status);
void storvsp_answer(struct storvsp_answer *answer, const struct storvsp_request *req, u32 status);
void storvsp_answer_srb(struct storvsp_answer *answer, const struct storvsp_request *req,
			const struct storvsp_result *res);
bool storvsp_emulate(const struct storvsp_command *cmd, const unsigned long *luns, u8 *buf,
		     struct storvsp_result *res);

/* ---- commands that LIO would complain of: screen.c -------------------------------- */

/**
 * struct storvsp_disk - what must be known of a disk
 * @blocks: how many it has
 * @write_same_max: blocks that one WRITE SAME may be about
 * @unmap: it takes UNMAP
 * @unmap_same: it takes WRITE SAME with UNMAP
 * @fua: it takes commands that go by or through its cache
 */
struct storvsp_disk {
	u64 blocks;
	u32 write_same_max;
	bool unmap;
	bool unmap_same;
	bool fua;
};

u8 storvsp_screen(const u8 *cdb, const struct storvsp_disk *disk);

/* ---- initialization: proto.c ----------------------------------------------------- */

enum storvsp_state {
	STORVSP_STATE_BEGIN,
	STORVSP_STATE_VERSION,
	STORVSP_STATE_PROPERTIES,
	STORVSP_STATE_END,
	STORVSP_STATE_READY,
	STORVSP_STATES
};

/**
 * struct storvsp_proto - how far the guest has come
 * @state: what it is expected to ask next
 * @version: what it chose, 0 so far
 * @sub: it is a sub-channel, which is ready from the start
 * @max_subs: sub-channels that the guest may ask for, all together
 */
struct storvsp_proto {
	enum storvsp_state state;
	u16 version;
	bool sub;
	u16 max_subs;
};

enum storvsp_action {
	STORVSP_ACT_ANSWER,	/* send the answer */
	STORVSP_ACT_REFUSE,	/* send the answer, which is an error of the guest */
	STORVSP_ACT_EXECUTE,	/* execute the SRB */
	STORVSP_ACT_RESET,	/* send the answer after those to all other requests */
	STORVSP_ACT_OFFER,	/* offer the sub-channels, then send the answer */
};

void storvsp_proto_init(struct storvsp_proto *proto, bool sub, u16 max_subs);
enum storvsp_action storvsp_proto_step(struct storvsp_proto *proto,
				       const struct storvsp_request *req,
				       struct storvsp_answer *answer);
u32 storvsp_enumerate_len(const struct storvsp_proto *proto);

#endif /* _STORVSP_PACKET_H */
