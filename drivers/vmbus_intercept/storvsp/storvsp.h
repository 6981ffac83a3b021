/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of vmbus_storvsp: a SCSI controller of the guest whose disks
 * are LIO backstores.
 *
 * fabric.c is LIO's side in configfs and config.c the attributes there, channel.c a
 * VMBus channel, sub.c how sub-channels come and go, reset.c what a reset waits for,
 * scan.c and end.c how channels begin and end.  io.c carries commands from channels to
 * LIO and back.  What is in packet.h only looks at packets and makes answers.
 *
 * The worker of a channel (a thread of the partition) reads requests.  Answers
 * are written by whoever completes a command, in whatever context that is,
 * under storvsp_chan::lock.  Each request read holds one of STORVSP_DEPTH
 * struct storvsp_io until its answer is in the guest's ring: so a ring that the
 * guest does not empty keeps answers waiting, and the worker from reading on,
 * but loses none.
 *
 * Lock order: storvsp_ctrl::lock (configuration; held over vsrv_offer() and
 * vsrv_revoke(), so never taken in callbacks of the server), then
 * storvsp_chan::lock, then storvsp_ctrl::chans_lock or storvsp_scan::lock, then that of a
 * reader; storvsp_ctrl::devs_lock by itself.
 */
#ifndef _STORVSP_H
#define _STORVSP_H

#include <linux/bitmap.h>
#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/timer.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include <uapi/linux/vmbus_partition.h>
#include <vmbus/reader.h>
#include <vmbus/server.h>
#include <vmbus/storvsp.h>
#include "packet.h"

#define STORVSP_DEPTH		256	/* requests in flight per channel */
#define STORVSP_MAX_PACKET	4096	/* of the guest, ranges included */
#define STORVSP_MAX_PAGES	(STORVSP_MAX_TRANSFER / HV_HYP_PAGE_SIZE + 1)
#define STORVSP_MAX_SUBS	64	/* sub-channels of a controller */
#define STORVSP_SUBS_AUTO	U16_MAX	/* as many as the guest has VPs */
#define STORVSP_POLL_DEFAULT	U16_MAX	/* busy_poll_us of the server */

/* ---- commands: io.c ---------------------------------------------------------------- */

/**
 * struct storvsp_io - a request of the guest, from the ring to its answer
 * @se_cmd: LIO's part
 * @node: in storvsp_chan::free, begun, resets or done
 * @seq: storvsp_ctrl::reset_seq when LIO got it; of a reset, from when on commands are later
 * @sc: channel
 * @req: the request
 * @cmd: the command, for STORVSP_EXECUTE_SRB
 * @npages: pages that are pinned
 * @pfns: their page frame numbers if they are written; @cmd's are gone when they are
 *	let go
 * @bounce: LIO has a buffer of its own, which is copied from or to the pages
 * @moved: the data of the command was moved
 * @aborted: LIO aborted the command
 * @sense: sense data
 * @answer: what the guest gets
 * @pages: the guest's
 * @sgl: the same, for LIO or for copies
 */
struct storvsp_io {
	struct se_cmd se_cmd;
	struct list_head node;
	unsigned long seq;
	struct storvsp_chan *sc;
	struct storvsp_request req;
	struct storvsp_command cmd;
	u32 npages;
	bool bounce;
	bool moved;
	bool aborted;
	u8 sense[TRANSPORT_SENSE_BUFFER];
	struct storvsp_answer answer;
	u64 pfns[STORVSP_MAX_PAGES];
	struct page *pages[STORVSP_MAX_PAGES];
	struct scatterlist sgl[STORVSP_MAX_PAGES];
};

void storvsp_io_execute(struct storvsp_io *io);
bool storvsp_takes_pages(const struct storvsp_command *cmd, u32 len);
u32 storvsp_block_limits(const struct storvsp_command *cmd, u8 *data, u32 len);
bool storvsp_admit(unsigned int lun_busy, unsigned int busy, unsigned int depth);

int storvsp_check_stop_free(struct se_cmd *se_cmd);
void storvsp_release_cmd(struct se_cmd *se_cmd);
int storvsp_write_pending(struct se_cmd *se_cmd);
int storvsp_queue_data_in(struct se_cmd *se_cmd);
int storvsp_queue_status(struct se_cmd *se_cmd);
void storvsp_queue_tm_rsp(struct se_cmd *se_cmd);
void storvsp_aborted_task(struct se_cmd *se_cmd);

/* ---- the channel: channel.c ---------------------------------------------------------- */

/**
 * struct storvsp_chan - a channel of a controller
 * @ctrl: controller
 * @node: in storvsp_ctrl::chans
 * @offer: the server's, from offer to revoke; storvsp_ctrl::chans_lock
 * @chan: the same, while open
 * @part: partition whose guest it is, while open
 * @reader: reads requests; alone touches the ring from the guest, @proto, @buf,
 *	@data and @pinned while the channel is open
 * @rings: rings; the one to the guest is protected by @lock
 * @proto: state of the protocol
 * @open: the rings are mapped; changes only in callbacks of the server and in @close
 * @close: drains the channel and closes it; not concurrent with those callbacks
 * @closing: it is about to
 * @buf: copy of a packet
 * @data: data that the controller itself makes up
 * @pinned: pages that were pinned in this batch; counted at its end
 * @ios: STORVSP_DEPTH of them
 * @look: @reader looks at the ring, if nothing else has it do so
 * @lock: protects what follows; taken in any context
 * @free: of struct storvsp_io: may be used for a request
 * @done: of struct storvsp_io: answers on their way to the ring, in order
 * @begun: of struct storvsp_io: what LIO has, in the order in which it got it
 * @oldest: storvsp_io::seq of the first of these, or STORVSP_NOTHING; others look at it
 *	without the lock
 * @resets: of struct storvsp_io: resets that wait for what came before them
 * @busy: commands that LIO has, or whose completion still runs
 * @lun_busy: of these, how many each LUN has
 * @returns: the next completion has @reader look at the ring: the guest does not signal
 * @running: the rings may be used
 * @stopped: but not now: the guest is stopped
 * @starved: @reader waits for @free to get an entry
 * @notify: the guest does not know yet that disks came or went; of the primary channel
 * @enumerate_len: bytes of the packet that tells it, once it is initialized; 0: none does
 * @idle: woken when @busy becomes 0
 */
struct storvsp_chan {
	struct storvsp_ctrl *ctrl;
	struct list_head node;
	struct vsrv_chan *offer;
	struct vsrv_chan *chan;
	struct vmbus_partition *part;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	struct storvsp_proto proto;
	bool open;
	struct work_struct close;
	bool closing;
	u8 buf[STORVSP_MAX_PACKET] __aligned(8);
	u8 data[STORVSP_EMULATE_SIZE];
	u32 pinned;
	struct storvsp_io *ios;
	struct timer_list look;

	spinlock_t lock;		/* protects the following */
	struct list_head free;
	struct list_head done;
	struct list_head begun;
	unsigned long oldest;
	struct list_head resets;
	unsigned int busy;
	u16 lun_busy[STORVSP_LUNS];
	bool returns;
	bool running;
	bool stopped;
	bool starved;
	bool notify;
	u32 enumerate_len;
	wait_queue_head_t idle;
};

extern const struct vsrv_chan_ops storvsp_chan_ops;

void storvsp_chan_publish(struct storvsp_chan *sc, struct vsrv_chan *offer);
void storvsp_chan_revoke(struct storvsp_chan *sc);
void storvsp_chan_setup(struct storvsp_ctrl *ctrl, struct storvsp_chan *sc);
int storvsp_chan_init(struct storvsp_chan *sc);
void storvsp_chan_destroy(struct storvsp_chan *sc);
bool storvsp_chan_begin(struct storvsp_io *io);
void storvsp_chan_complete(struct storvsp_io *io);
void storvsp_chan_answer(struct storvsp_io *io);
void storvsp_chan_notify(struct storvsp_chan *sc);

/* ---- sub-channels: sub.c -------------------------------------------------------------- */

bool storvsp_subs_offer(struct storvsp_ctrl *ctrl, u16 n);
void storvsp_subs_drain(struct storvsp_ctrl *ctrl);
void storvsp_subs_drain_stop(struct storvsp_ctrl *ctrl);
void storvsp_subs_drain_work(struct work_struct *work);
void storvsp_subs_end(struct storvsp_ctrl *ctrl);

/* ---- resets: reset.c ---------------------------------------------------------- */

/* "No command is older." */
#define STORVSP_NOTHING		ULONG_MAX

void storvsp_reset_note_begin(struct storvsp_io *io);
void storvsp_reset_note_end(struct storvsp_io *io);
void storvsp_reset_check(struct storvsp_ctrl *ctrl);
void storvsp_reset_begin(struct storvsp_io *io);
void storvsp_reset_step(struct storvsp_chan *sc);
void storvsp_reset_forget(struct storvsp_chan *sc);

/* ---- what the guest has seen: scan.c ------------------------------------------------------- */

enum storvsp_look {
	STORVSP_LOOK_NONE,
	STORVSP_LOOK_BEGUN,
	STORVSP_LOOK_ENDED,
};

/* A guest that has nothing to ask for so long has let go of its disks. */
#define STORVSP_QUIET		msecs_to_jiffies(500)
#define STORVSP_QUIET_BUSY	msecs_to_jiffies(2000)

/**
 * struct storvsp_scan - what the guest has seen of the disks, by whatever channel
 * @last: when the last request was read, in jiffies
 * @lock: protects what follows
 * @scanned: the guest has sent commands since it opened the controller; before that
 *	some crash when notified
 * @top: the highest address, path and target, that it has looked at
 * @hidden: a channel is being closed: the guest sees no disks, until it opens one
 * @gone: since when it sees none, in jiffies
 * @quiet: how long it must have had nothing to ask since then, in jiffies, to have let go
 *	of them; 0 while it sees them
 * @retired: the controller is being taken from the guest: it sees no disks
 * @look: how far the guest has looked at the addresses since then
 */
struct storvsp_scan {
	unsigned long last;
	spinlock_t lock;		/* protects the following */
	bool scanned;
	u16 top;
	bool hidden;
	unsigned long gone;
	unsigned long quiet;
	bool retired;
	enum storvsp_look look;
};

void storvsp_scan_open(struct storvsp_scan *scan, bool primary);
void storvsp_scan_request(struct storvsp_scan *scan);
bool storvsp_scan_looked(struct storvsp_scan *scan, u16 address);
bool storvsp_scan_empty(const struct storvsp_scan *scan);
bool storvsp_scan_hide(struct storvsp_scan *scan);
bool storvsp_scan_silent(const struct storvsp_scan *scan, unsigned long quiet);
void storvsp_scan_retire(struct storvsp_scan *scan);

/* ---- how a channel ends: end.c ----------------------------------------------------------- */

void storvsp_ctrl_retire(struct storvsp_ctrl *ctrl);
void storvsp_chan_wait_idle(struct storvsp_chan *sc);
void storvsp_chan_halt(struct storvsp_chan *sc, bool asked);

/* ---- LIO's side: fabric.c ------------------------------------------------------------- */

/**
 * struct storvsp_port - a directory target/vmbus/<instance GUID>
 * @wwn: LIO's part
 * @instance: instance of the offer
 * @name: the directory's
 */
struct storvsp_port {
	struct se_wwn wwn;
	guid_t instance;
	char name[UUID_STRING_LEN + 1];
};

/**
 * struct storvsp_config - what the administrator says of a controller: its attributes
 * @server: name of the VMBus server
 * @subs: sub-channels that the guest may ask for, or STORVSP_SUBS_AUTO
 * @ide: place of its one disk on IDE
 * @lun_depth: commands that one LUN may have in flight per channel
 * @poll_depth: so many in flight on a channel keep the guest from signalling; 0: none do
 * @busy_poll_us: of the channels, or STORVSP_POLL_DEFAULT; storvsp_ctrl::chans_lock
 *
 * Those from @lun_depth on may change at any time.
 */
struct storvsp_config {
	char server[VMBUS_PARTITION_NAME_SIZE];
	u16 subs;
	struct storvsp_ide ide;
	u16 lun_depth;
	u16 poll_depth;
	u16 busy_poll_us;
};

/**
 * struct storvsp_ctrl - a controller: the directory tpgt_1 of a port
 * @tpg: LIO's part
 * @port: port
 * @luns: LUNs that have a disk
 * @luns_srcu: held from a look at @luns until LIO has the disk
 * @devs_lock: protects @devs; taken last
 * @devs: LIO's device of each LUN, or NULL
 * @lock: protects what follows
 * @config: attributes
 * @server: reference while enabled, else NULL
 * @sess: LIO's session while enabled
 * @scan: what the guest has seen
 * @primary: primary channel; while enabled the server's callbacks have it
 * @nsubs: sub-channels; like their being of @primary's reader, while it is open, and of
 *	who closes it
 * @drain: waits for sub-channels before @primary is closed
 * @resets: resets that wait, on all channels
 * @reset_seq: how many there were so far
 * @chans_lock: protects @chans and what is said to be so; taken in any context
 * @chans: of struct storvsp_chan, @primary first
 */
struct storvsp_ctrl {
	struct se_portal_group tpg;
	struct storvsp_port *port;
	DECLARE_BITMAP(luns, STORVSP_LUNS);
	struct srcu_struct luns_srcu;
	spinlock_t devs_lock;		/* protects devs */
	struct se_device *devs[STORVSP_LUNS];
	struct mutex lock;		/* protects the following */
	struct storvsp_config config;
	struct vmbus_srv *server;
	struct se_session *sess;

	struct storvsp_scan scan;
	struct storvsp_chan primary;
	u16 nsubs;
	struct delayed_work drain;
	atomic_t resets;
	atomic_long_t reset_seq;
	spinlock_t chans_lock;		/* protects chans, storvsp_chan::offer */
	struct list_head chans;
};

static inline bool storvsp_chan_is_sub(const struct storvsp_chan *sc)
{
	return sc != &sc->ctrl->primary;
}

bool storvsp_disk_get(struct storvsp_ctrl *ctrl, u8 lun, struct storvsp_disk *disk);

extern const struct target_core_fabric_ops storvsp_fabric_ops;

/* ---- attributes: config.c -------------------------------------------------------------- */

static inline struct storvsp_ctrl *to_storvsp_ctrl(struct se_portal_group *tpg)
{
	return container_of(tpg, struct storvsp_ctrl, tpg);
}

void storvsp_config_init(struct storvsp_config *config);
u16 storvsp_config_subs(const struct storvsp_config *config, unsigned int vps);
bool storvsp_parse_ide(const char *page, struct storvsp_ide *ide);
void storvsp_ide_offer(const struct storvsp_ide *ide, struct vsrv_offer *offer);
extern struct configfs_attribute *storvsp_config_attrs[];

#endif /* _STORVSP_H */
