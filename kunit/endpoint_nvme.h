/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the NVMe controller of the endpoints: version 1.4 of the specification, one
 * namespace, commands of the NVM set, PRPs, queues in one piece.
 *
 * Each submission queue has its work, which takes one command at a time; queues run side
 * by side.  Enabling, disabling and shutting down are work, too: the guest polls for
 * their end, its access does not wait for a disk.
 */
#ifndef _ENDPOINT_NVME_H
#define _ENDPOINT_NVME_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "endpoint.h"

/* BAR 0: registers and doorbells, then MSI-X */
#define NVME_EP_BAR_SIZE	SZ_16K
#define NVME_EP_MSIX_TABLE	SZ_8K
#define NVME_EP_MSIX_PENDING	(SZ_8K + SZ_4K)

#define NVME_EP_VERSION		0x00010400
#define NVME_EP_PAGE		SZ_4K	/* the only size that the guest may choose */
#define NVME_EP_MDTS		7	/* pages of a command, as a power of 2 */
#define NVME_EP_DATA_MAX	(NVME_EP_PAGE << NVME_EP_MDTS)
#define NVME_EP_SEGS		((1 << NVME_EP_MDTS) + 1)
#define NVME_EP_ENTRIES_MAX	1024	/* of an I/O queue */
#define NVME_EP_AERS		4	/* requests of asynchronous events held */
#define NVME_EP_PIECE		SZ_64K	/* moved at a time */
#define NVME_EP_FEATURES	12	/* numbers of features that there may be */
#define NVME_EP_HELD		0xffff	/* no status: the command is answered some day */

/* Bits of endpoint_nvme.events, and what an event says of itself */
#define NVME_EP_BAD_DOORBELL	0	/* there is no such doorbell */
#define NVME_EP_BAD_VALUE	1	/* a value that the queue cannot have */

struct endpoint_nvme;

/**
 * struct nvme_ep_seg - guest memory in one piece
 * @addr: guest physical address
 * @len: bytes
 */
struct nvme_ep_seg {
	u64 addr;
	u32 len;
};

/**
 * struct nvme_ep_data - the data of a command
 * @segs: where it is
 * @nsegs: their number
 * @at: the one that comes next
 * @done: bytes of it that were moved
 */
struct nvme_ep_data {
	struct nvme_ep_seg segs[NVME_EP_SEGS];
	unsigned int nsegs;
	unsigned int at;
	u32 done;
};

/**
 * struct nvme_ep_cq - a completion queue
 * @live: the guest has made it
 * @base: guest physical address
 * @size: entries
 * @head: the guest has taken those before
 * @tail: the next is here
 * @phase: phase bit of the next
 * @interrupts: raise @vector for each
 * @vector: of MSI-X
 * @users: submission queues that complete here
 */
struct nvme_ep_cq {
	bool live;
	u64 base;
	u32 size;
	u32 head;
	u32 tail;
	bool phase;
	bool interrupts;
	u16 vector;
	unsigned int users;
};

/**
 * struct nvme_ep_sq - a submission queue
 * @nvme: controller
 * @qid: number
 * @work: takes commands
 * @made: the guest has made it, and not deleted
 * @live: @work may take commands; otherwise it ends as soon as it can
 * @base: guest physical address
 * @size: entries
 * @head: the next is here
 * @tail: the guest has put none from here on
 * @cq: where its commands complete, while @made
 * @full: @cqe waits for room in @cq
 * @cqe: of @work: the last completion
 * @data: of @work: where the data is
 * @piece: of @work: NVME_EP_PIECE bytes of it
 */
struct nvme_ep_sq {
	struct endpoint_nvme *nvme;
	u16 qid;
	struct work_struct work;
	bool made;
	bool live;
	u64 base;
	u32 size;
	u32 head;
	u32 tail;
	struct nvme_ep_cq *cq;
	bool full;
	struct nvme_completion cqe;
	struct nvme_ep_data data;
	u8 *piece;
};

/**
 * struct endpoint_nvme - a controller
 * @ep: endpoint
 * @params: what it is
 * @disk: where its blocks are, with
 * @disk_ctx: its context
 * @control_lock: one at a time enables, disables and shuts down; outside of @lock
 * @control: work that does
 * @lock: protects what follows up to @nevents, and the queues but for what is of their
 *	work alone
 * @cc: register, controller configuration
 * @csts: register, controller status
 * @aqa: register, sizes of the admin queues
 * @asq: register, where the admin submission queue is
 * @acq: register, where the admin completion queue is
 * @disabled: the guest has disabled it, and @control has not seen that
 * @running: enabled, and in order at that time
 * @blocks: of the disk, when it was enabled
 * @features: by their number
 * @queues: I/O queues that the guest may make
 * @aers: ids of requests of asynchronous events
 * @naers: their number
 * @events: that are to be reported
 * @events_masked: not before the guest has read the log
 * @nevents: that there were
 * @reads: commands that read
 * @writes: commands that wrote
 * @blocks_read: blocks of them
 * @blocks_written: blocks of them
 * @sqs: submission queues; the first is the admin queue
 * @cqs: completion queues; the first is the admin queue
 */
struct endpoint_nvme {
	struct endpoint *ep;
	struct endpoint_nvme_params params;
	const struct endpoint_disk_ops *disk;
	void *disk_ctx;

	struct mutex control_lock;	/* one enables, disables, shuts down */
	struct work_struct control;

	struct mutex lock;		/* protects cc to nevents, and queues */
	u32 cc;
	u32 csts;
	u32 aqa;
	u64 asq;
	u64 acq;
	bool disabled;
	bool running;
	u64 blocks;
	u32 features[NVME_EP_FEATURES];
	u16 queues;
	u16 aers[NVME_EP_AERS];
	unsigned int naers;
	u32 events;
	bool events_masked;
	u64 nevents;

	atomic64_t reads;
	atomic64_t writes;
	atomic64_t blocks_read;
	atomic64_t blocks_written;
	struct nvme_ep_sq sqs[ENDPOINT_NVME_QUEUES_MAX + 1];
	struct nvme_ep_cq cqs[ENDPOINT_NVME_QUEUES_MAX + 1];
};

/* A status that the guest need not try again */
#define NVME_EP_NEVER(_status)	((_status) | NVME_STATUS_DNR)

/* Queues */
void nvme_ep_queues_init(struct endpoint_nvme *nvme);
void nvme_ep_queues_still(struct endpoint_nvme *nvme);
void nvme_ep_queues_cancel(struct endpoint_nvme *nvme);
void nvme_ep_queues_clear(struct endpoint_nvme *nvme);
void nvme_ep_set_cq(struct nvme_ep_cq *cq, u64 base, u32 size, bool interrupts, u16 vector);
void nvme_ep_set_sq(struct nvme_ep_sq *sq, u64 base, u32 size, struct nvme_ep_cq *cq);
void nvme_ep_doorbell(struct endpoint_nvme *nvme, u32 n, u32 val);

/* Data of a command */
u16 nvme_ep_map(struct nvme_ep_sq *sq, const struct nvme_command *cmd, u32 len);
u16 nvme_ep_move(struct nvme_ep_sq *sq, void *buf, u32 len, bool to_guest);
u16 nvme_ep_reply(struct nvme_ep_sq *sq, const struct nvme_command *cmd, void *buf, u32 len);

/* Commands; they return a status, without the phase */
u16 nvme_ep_admin(struct nvme_ep_sq *sq, const struct nvme_command *cmd, u32 *result);
u16 nvme_ep_identify(struct nvme_ep_sq *sq, const struct nvme_command *cmd);
u16 nvme_ep_get_log(struct nvme_ep_sq *sq, const struct nvme_command *cmd);
u16 nvme_ep_io(struct nvme_ep_sq *sq, const struct nvme_command *cmd);
u16 nvme_ep_flush(struct endpoint_nvme *nvme);
void nvme_ep_features_reset(struct endpoint_nvme *nvme);

#endif /* _ENDPOINT_NVME_H */
