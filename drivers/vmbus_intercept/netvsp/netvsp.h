/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of vmbus_netvsp: a network interface of this kernel that is the other
 * end of a synthetic network adapter of the guest.
 *
 * config.c is the directory in configfs and parse.c what the text in it means, nic.c the
 * network interface, ethtool.c what ethtool asks, link.c its carrier and the guest's.
 * channel.c is a VMBus channel, sub.c how sub-channels come and go, end.c how a channel
 * ends.  message.c takes all that the guest says, and leaves frames to rx.c; tell.c has what
 * it is told beside frames.  buffers.c has the memory that the guest lends: xmit.c copies
 * frames to it, and xdptx.c those of XDP, by the channels that spread.c chooses, and given.c
 * has what the guest gives back of it; rx.c copies frames from it, and xdp.c has programs
 * look at those.  What is in packet.h only looks at messages and frames.
 *
 * A queue is a channel of the guest and a transmit queue of the interface.  Its reader (a
 * thread of the partition) alone reads the channel's ring.  Whoever writes to that ring,
 * or to the receive buffer, has netvsp_queue::lock: transmitters in softirq, and the
 * reader.  Frames of the guest are copied by the reader and go to the stack in NAPI, where
 * also programs of XDP run: channels may come and go meanwhile.
 *
 * Lock order: netvsp_item::lock (configuration; held over vsrv_offer() and
 * vsrv_revoke(), so never taken in callbacks of the server), then rtnl, then
 * netvsp_nic::vf_lock, then netvsp_nic::lock, then netvsp_queue::lock of one queue,
 * then that of a reader; netvsp_queue::backlog.lock by itself.
 */
#ifndef _NETVSP_H
#define _NETVSP_H

#include <linux/bitmap.h>
#include <linux/configfs.h>
#include <linux/hyperv.h>
#include <linux/if_vlan.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/uuid.h>
#include <linux/workqueue.h>
#include <net/xdp.h>
#include <uapi/linux/vmbus_partition.h>
#include <vmbus/reader.h>
#include <vmbus/server.h>
#include "packet.h"

#define NETVSP_MAX_PACKET	8192	/* of the guest, ranges included */
/* Of a packet of the guest: ranges, and pages of all of them.  It is told as many. */
#define NETVSP_MAX_PAGES	(NETVSP_MESSAGES * NVSP_MAX_MDL_CHAIN)
#define NETVSP_MAX_PIECES	(1 + NETVSP_MAX_PAGES)	/* the first is in the send buffer */
#define NETVSP_CONTROL_SUBS	16	/* sub-allocations for control answers */
#define NETVSP_BATCH_MAX	64	/* ranges of a packet to the guest */
#define NETVSP_BATCH_DEFAULT	32	/* frames of it */
#define NETVSP_TELLS_MAX	64	/* messages that wait for the guest */
#define NETVSP_BACKLOG_MAX	1024	/* frames of the guest that wait for NAPI */
#define NETVSP_BACKLOG_BYTES	SZ_4M	/* memory of these */
#define NETVSP_XDP_BYTES	SZ_16M	/* the same, of frames for a program */
#define NETVSP_XDP_YIELD	HZ	/* so long XDP leaves room to others that had to wait */
#define NETVSP_PACKET_FRAMES	64	/* of a packet of the guest, which is told 8 */
#define NETVSP_BUFFER_MIN	SZ_64K
#define NETVSP_BUFFER_MAX	SZ_64M
#define NETVSP_POLL_DEFAULT	U16_MAX	/* busy_poll_us of the server */

/* ---- counters: ethtool -S -------------------------------------------------------------- */

/*
 * Those of frames to the guest change under netvsp_queue::lock, what a program has decided
 * in NAPI, the others in the reader only.  Their names are in ethtool.c.
 */
enum netvsp_counter {
	NETVSP_TX_FRAMES,		/* given to the guest */
	NETVSP_TX_BYTES,
	NETVSP_TX_BATCHES,		/* packets that told it */
	NETVSP_TX_PARTS,		/* sub-allocations used */
	NETVSP_TX_NO_ROOM,		/* it has all sub-allocations */
	NETVSP_TX_NO_RING,		/* its ring is full */
	NETVSP_TX_STALLS,		/* it took nothing for long */
	NETVSP_TX_DROPPED,
	NETVSP_TX_FILTERED,		/* it does not want them */
	NETVSP_TX_RETURNS,		/* packets that it gave back */
	NETVSP_XDP_XMIT,		/* of tx_frames, redirected by XDP */
	NETVSP_XDP_TX,			/* the same, sent back */
	NETVSP_XDP_NO_ROOM,		/* of tx_dropped: XDP has no room left, or no more of it */
	NETVSP_RX_FRAMES,
	NETVSP_RX_BYTES,
	NETVSP_RX_COPIED_SECTION,	/* bytes copied from the send buffer */
	NETVSP_RX_COPIED_PAGES,		/* bytes copied from other pages */
	NETVSP_RX_PAGES,		/* these */
	NETVSP_RX_LENGTH,
	NETVSP_RX_CSUM,
	NETVSP_RX_LSO,
	NETVSP_RX_MEMORY,
	NETVSP_RX_BAD_RNDIS,
	NETVSP_RX_DOWN,		/* the interface is down */
	NETVSP_RX_BACKLOG,		/* reader waited for NAPI */
	NETVSP_XDP_TOO_LARGE,		/* for a program: it is lost */
	NETVSP_XDP_PASS,		/* what the program has decided */
	NETVSP_XDP_DROP,
	NETVSP_XDP_REDIRECT,
	NETVSP_XDP_ABORTED,		/* it has failed, or where it went */
	NETVSP_CONTROL,
	NETVSP_CONTROL_REFUSED,
	NETVSP_CONTROL_LOST,		/* there was no memory for what it is told */
	NETVSP_BAD_MESSAGES,
	NETVSP_COUNTER_COUNT
};

/* ---- memory of the guest: buffers.c ------------------------------------------------------- */

/**
 * struct netvsp_buffer - memory that the guest lends
 * @gpadl: held while it is mapped: its teardown waits for us
 * @map: mapping
 * @addr: where
 * @len: bytes
 */
struct netvsp_buffer {
	struct vsrv_gpadl *gpadl;
	struct vpart_map *map;
	void *addr;
	u32 len;
};

/**
 * struct netvsp_source - where the guest has put RNDIS messages
 * @len: bytes of all pieces
 * @n: pieces
 * @piece: these, in this kernel
 * @cur: piece that @cur_pos is the beginning of: most looks go forward
 * @cur_pos: see there
 * @npages: pages that are pinned
 * @pfns: their page frame numbers
 * @pages: pages
 */
struct netvsp_source {
	u32 len;
	u32 n;
	struct {
		const u8 *addr;
		u32 len;
	} piece[NETVSP_MAX_PIECES];
	u32 cur;
	u32 cur_pos;
	u32 npages;
	u64 pfns[NETVSP_MAX_PAGES];
	struct page *pages[NETVSP_MAX_PAGES];
};

/**
 * struct netvsp_raw - a frame for a program, at the beginning of the buffer that it is in
 * @node: in netvsp_raws::list
 * @len: bytes of the frame; it is NETVSP_RAW_HEAD bytes behind this
 * @size: bytes of the buffer
 * @summed: its sum was made here
 */
struct netvsp_raw {
	struct list_head node;
	u32 len;
	u32 size;
	bool summed;
};

/**
 * struct netvsp_raws - some of them
 * @list: these
 * @n: how many
 * @bytes: of all frames
 * @size: bytes of all buffers
 */
struct netvsp_raws {
	struct list_head list;
	u32 n;
	u32 bytes;
	u32 size;
};

/**
 * struct netvsp_sub - a sub-allocation of the receive buffer
 * @next: of those of a packet, the next one
 * @owner: of the first of a packet: index of the queue that has told the guest, plus 1;
 *	0 if the guest does not have it, or not as the first
 * @frames: of the first: frames of the packet
 * @bytes: of the first: bytes of these that count for BQL
 * @xdp: of the first: how many are of XDP
 */
struct netvsp_sub {
	u32 next;
	u16 owner;
	u16 frames;
	u32 bytes;
	u16 xdp;
};

#define NETVSP_SUB_NONE		U32_MAX

/* ---- a channel: channel.c ----------------------------------------------------------------- */

/**
 * struct netvsp_answer - completion of a packet of the guest
 * @trans_id: the packet's
 * @len: bytes of @msg
 * @msg: message
 */
struct netvsp_answer {
	u64 trans_id;
	u32 len;
	struct nvsp_message msg;
};

/**
 * struct netvsp_told_head - the extended header of a packet with transfer pages
 * @set_id: the guest's name for the receive buffer
 * @owns_set: zero
 * @reserved: zero
 * @count: ranges that follow
 */
struct netvsp_told_head {
	u16 set_id;
	u8 owns_set;
	u8 reserved;
	u32 count;
} __packed;

/**
 * struct netvsp_batch - frames that are in the receive buffer; the guest is to be told
 * @first: first of their sub-allocations
 * @last: last of these
 * @n: how many
 * @frames: how many frames
 * @bytes: of these, counted for BQL
 * @len: bytes of all frames
 * @xdp_xmit: frames that XDP has redirected here
 * @xdp_tx: the same, sent back
 * @told: what is said of it, @n of @ranges
 */
struct netvsp_batch {
	u32 first;
	u32 last;
	u32 n;
	u32 frames;
	u32 bytes;
	u32 len;
	u32 xdp_xmit;
	u32 xdp_tx;
	struct {
		struct netvsp_told_head head;
		struct vmtransfer_page_range ranges[NETVSP_BATCH_MAX];
	} __packed told;
};

/**
 * struct netvsp_queue - a channel of the guest, and a queue of the interface
 * @nic: adapter
 * @index: of the channel, 0 for the primary one, and of the queue
 * @offer: the server's, from offer to revoke; netvsp_nic::lock
 * @chan: the same, while open
 * @part: partition whose guest it is, while open
 * @reader: reads packets; alone touches the ring from the guest, @proto, @buf, @rx_*,
 *	@answers and the counters that are not transmitters' while the channel is open
 * @rings: rings; the one to the guest is protected by @lock
 * @proto: state of the protocol
 * @open: the rings are mapped; changes only in callbacks of the server
 * @buf: copy of a packet
 * @src: where it points at
 * @head: copy of an RNDIS header, or of a control message
 * @rx: skbs of this batch
 * @rx_raws: the same, for a program
 * @rx_bytes: bytes of both
 * @rx_waits: @reader waits for NAPI to take some
 * @answers: completions that are due at the end of the batch
 * @nanswers: how many
 * @owes: they did not fit into the ring: read nothing more before they do
 * @given: transaction ids of packets that the guest gave back in this batch
 * @ngiven: how many
 * @napi: gives the guest's frames to the stack
 * @backlog: these; its lock protects @backlog_raws, @rx_on and @backlog_bytes, too
 * @backlog_raws: those for a program; all of @backlog are older, see netvsp_xdp_wants()
 * @backlog_bytes: memory of both
 * @xdp_rxq: what programs know of the queue, while the interface is up
 * @rx_on: the interface is up: the backlog takes frames
 * @lock: protects what follows
 * @running: the rings may be used
 * @ending: but not for frames any more: the channel is about to go
 * @up: the receive buffer, too
 * @stopped: but not now: the guest is stopped
 * @due: something waits for room in its ring
 * @broken: it broke the rules: nothing goes by this channel any more
 * @stalled: it gives nothing back: frames are dropped until it does
 * @free: sub-allocations that may be used
 * @nfree: how many
 * @held: how many the guest has
 * @batch: frames that it does not know of
 * @wait_room: the transmit queue is stopped for want of sub-allocations or ring
 * @waited: when senders of the stack last had to wait for that, in jiffies
 * @xdp_held: how many of @held are of XDP
 * @xdp_waits: XDP has found no room since @since
 * @since: when the guest gave something back, or got something after it had nothing, in
 *	jiffies
 * @tells: struct netvsp_tell; of the primary channel
 * @ntells: how many
 * @control_free: sub-allocations for control answers that may be used; of the primary one
 * @counters: enum netvsp_counter
 */
struct netvsp_queue {
	struct netvsp_nic *nic;
	u16 index;
	struct vsrv_chan *offer;
	struct vsrv_chan *chan;
	struct vmbus_partition *part;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	struct netvsp_proto proto;
	bool open;
	u8 *buf;
	struct netvsp_source *src;
	u8 *head;
	struct sk_buff_head rx;
	struct netvsp_raws rx_raws;
	u32 rx_bytes;
	bool rx_waits;
	struct netvsp_answer answers[VSRV_READER_BATCH];
	unsigned int nanswers;
	bool owes;
	u64 given[VSRV_READER_BATCH];
	unsigned int ngiven;

	struct napi_struct napi;
	struct sk_buff_head backlog;
	struct netvsp_raws backlog_raws;
	u32 backlog_bytes;
	struct xdp_rxq_info xdp_rxq;
	bool rx_on;

	spinlock_t lock;		/* protects the following */
	bool running;
	bool ending;
	bool up;
	bool stopped;
	bool due;
	bool broken;
	bool stalled;
	u32 *free;
	u32 nfree;
	u32 held;
	struct netvsp_batch batch;
	bool wait_room;
	unsigned long waited;
	u32 xdp_held;
	bool xdp_waits;
	unsigned long since;
	struct list_head tells;
	unsigned int ntells;
	DECLARE_BITMAP(control_free, NETVSP_CONTROL_SUBS);
	u64 counters[NETVSP_COUNTER_COUNT];
};

extern const struct vsrv_chan_ops netvsp_chan_ops;

void netvsp_queue_setup(struct netvsp_nic *nic, struct netvsp_queue *q, u16 index);
int netvsp_queue_init(struct netvsp_queue *q);
void netvsp_queue_destroy(struct netvsp_queue *q);
void netvsp_queue_publish(struct netvsp_queue *q, struct vsrv_chan *offer);
void netvsp_queue_revoke(struct netvsp_queue *q);
void netvsp_broken(struct netvsp_queue *q, const char *reason);
void netvsp_drain(struct netvsp_queue *q);
bool netvsp_ring_again(struct netvsp_queue *q, u32 need, int *tries);
void netvsp_answer(struct netvsp_queue *q, u64 trans_id, const struct nvsp_message *msg,
		   u32 len);

static inline bool netvsp_is_sub(const struct netvsp_queue *q)
{
	return q->index;
}

/* The counter's side, see NETVSP_COUNTERS, is the caller's. */
static inline void netvsp_count(struct netvsp_queue *q, enum netvsp_counter counter, u32 n)
{
	WRITE_ONCE(q->counters[counter], q->counters[counter] + n);
}

/* ---- the adapter: nic.c ------------------------------------------------------------------- */

/**
 * struct netvsp_config - what the administrator says of an adapter
 * @server: name of the VMBus server
 * @mac: the guest's address
 * @mtu: longest frame without Ethernet header
 * @queues: channels, the primary one included
 * @ifname: name of the interface, may have one %d
 * @recv_max: bytes of a receive buffer
 * @send_max: bytes of a send buffer
 * @vf: a VF belongs to it
 * @vf_serial: this
 */
struct netvsp_config {
	char server[VMBUS_PARTITION_NAME_SIZE];
	u8 mac[ETH_ALEN];
	u32 mtu;
	u32 queues;
	char ifname[IFNAMSIZ];
	u32 recv_max;
	u32 send_max;
	bool vf;
	u32 vf_serial;
};

/**
 * struct netvsp_link - what the guest knows of the link
 * @work: tells it
 * @active: there is a guest that can be told
 * @want: the interface is up
 * @told: the guest knows so
 * @when: it was told last, in jiffies
 */
struct netvsp_link {
	struct delayed_work work;
	bool active;
	bool want;
	bool told;
	unsigned long when;
};

/**
 * struct netvsp_nic - an adapter while it is enabled: netdev_priv() of its interface
 * @dev: interface
 * @instance: instance of the offer
 * @config: attributes, as of when it was enabled
 * @srv: server
 * @queues: netvsp_config::queues of them
 * @nqueues: how many
 * @channels: how many the guest has; the first ones
 * @limit: how many of these may be used for what is sent to the guest, see ethtool -L
 * @busy_poll_us: of the channels, or NETVSP_POLL_DEFAULT
 * @batch_max: frames of a packet to the guest
 * @control: RNDIS control messages; of the primary channel's reader, while it is open
 * @control_on: it is set up; the same
 * @answer: to a control message; the same
 * @lock: protects @filter and what follows up to @data_path_vf, @link, and
 *	netvsp_queue::offer; transmitters look at it without
 * @filter: RNDIS_PACKET_TYPE_*
 * @offloads: in use
 * @max_len: longest frame to the guest, with Ethernet header
 * @part_len: longest part of one that is longer than that
 * @mac: the guest's address
 * @xdp_prog: program that sees what the guest sends; changes under rtnl
 * @rss: how frames to it are spread; NULL: all by the primary channel, without a hash
 * @vf: a VF belongs to it
 * @vf_serial: this
 * @data_path_vf: the guest uses it
 * @vf_lock: the guest is told of it in order; taken before @lock
 * @recv: receive buffer
 * @recv_on: it may be used
 * @cut: how it is cut
 * @recv_id: the guest's name for it
 * @subs: one for each sub-allocation
 * @share: sub-allocations of each queue
 * @sharers: how many queues own some
 * @send: send buffer; readers of channels use it under @send_srcu
 * @send_srcu: see there
 * @link: of the guest
 * @watch: looks for channels by which the guest takes nothing
 * @told_table: the guest knows the indirection table
 * @drain_end: until when its channels wait for what the guest has, in jiffies; 0 before
 *	one does since one was opened
 */
struct netvsp_nic {
	struct net_device *dev;
	guid_t instance;
	struct netvsp_config config;
	struct vmbus_srv *srv;
	struct netvsp_queue *queues;
	u16 nqueues;
	u16 channels;
	u16 limit;
	u16 busy_poll_us;
	u16 batch_max;
	struct netvsp_control control;
	bool control_on;
	u8 answer[NETVSP_ANSWER_MAX] __aligned(8);
	spinlock_t lock;		/* protects as said above */
	u32 filter;
	u32 offloads;
	u32 max_len;
	u32 part_len;
	u8 mac[ETH_ALEN];
	struct bpf_prog __rcu *xdp_prog;
	struct netvsp_rss __rcu *rss;
	bool vf;
	u32 vf_serial;
	bool data_path_vf;
	struct mutex vf_lock;		/* news of the VF */
	struct netvsp_buffer recv;
	bool recv_on;
	struct netvsp_cut cut;
	u16 recv_id;
	struct netvsp_sub *subs;
	u32 share;
	u16 sharers;
	struct netvsp_buffer __rcu *send;
	struct srcu_struct send_srcu;
	struct netvsp_link link;
	struct delayed_work watch;
	unsigned long told_table;
	unsigned long drain_end;
};

struct netvsp_nic *netvsp_nic_create(const struct netvsp_config *config, const guid_t *instance);
void netvsp_nic_destroy(struct netvsp_nic *nic);
void netvsp_nic_set_vf(struct netvsp_nic *nic, bool vf, u32 serial);
void netvsp_nic_tell_vf(struct netvsp_nic *nic);
void netvsp_napi_schedule(struct netvsp_queue *q);
u64 netvsp_counter(const struct netvsp_nic *nic, enum netvsp_counter counter);
void netvsp_guest_stats(const struct netvsp_nic *nic, u64 *stats);
void netvsp_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *stats);
void netvsp_set_busy_poll(struct netvsp_nic *nic, u16 us);

extern const struct ethtool_ops netvsp_ethtool_ops;

/* ---- carrier and link: link.c ------------------------------------------------------------- */

void netvsp_link_init(struct netvsp_nic *nic);
void netvsp_link_set(struct netvsp_nic *nic, bool up);
void netvsp_link_begin(struct netvsp_nic *nic);
void netvsp_link_end(struct netvsp_nic *nic);
void netvsp_carrier(struct netvsp_nic *nic);

/* Does the guest take frames by it? */
static inline bool netvsp_queue_good(const struct netvsp_queue *q)
{
	return READ_ONCE(q->up) && !READ_ONCE(q->stalled);
}

u16 netvsp_first_good(const struct netvsp_nic *nic);
bool netvsp_stall_end(struct netvsp_queue *q);
void netvsp_look(struct netvsp_queue *q);

/* ---- sub-channels: sub.c ------------------------------------------------------------------ */

u16 netvsp_subs_offer(struct netvsp_nic *nic, u16 n);
void netvsp_subs_end(struct netvsp_nic *nic);

/* ---- memory of the guest: buffers.c ------------------------------------------------------- */

int netvsp_recv_map(struct netvsp_queue *q, u32 gpadl_id);
void netvsp_recv_start(struct netvsp_nic *nic);
void netvsp_recv_unmap(struct netvsp_nic *nic);
void netvsp_recv_share(struct netvsp_nic *nic, u16 channels);
void netvsp_recv_reclaim(struct netvsp_queue *q);
int netvsp_send_map(struct netvsp_queue *q, u32 gpadl_id);
void netvsp_send_unmap(struct netvsp_nic *nic);
struct netvsp_queue *netvsp_sub_queue(struct netvsp_nic *nic, u32 index);

static inline void *netvsp_sub_addr(const struct netvsp_nic *nic, u32 index)
{
	return nic->recv.addr + (size_t)index * nic->cut.size;
}

/* ---- what the guest says and is told: message.c, tell.c ----------------------------------- */

/**
 * struct netvsp_tell - a message that waits for the guest
 * @node: in netvsp_queue::tells
 * @control: an RNDIS message, else one of NVSP
 * @len: bytes of @data
 * @data: this
 */
struct netvsp_tell {
	struct list_head node;
	bool control;
	u32 len;
	u8 data[] __aligned(8);
};

void netvsp_message(struct netvsp_queue *q, const struct vsrv_packet *pkt);
bool netvsp_control_packet(struct netvsp_queue *q, const void *msg, u32 len);
void netvsp_reset_guest(struct netvsp_nic *nic);
int netvsp_tell(struct netvsp_nic *nic, bool control, const void *data, u32 len);
bool netvsp_tell_write(struct netvsp_queue *q);
void netvsp_tell_forget(struct netvsp_queue *q);
void netvsp_tell_channels(struct netvsp_nic *nic);

/* ---- to the guest: xmit.c, xdptx.c, spread.c, given.c -------------------------------------- */

static inline struct netdev_queue *netvsp_txq(const struct netvsp_queue *q)
{
	return netdev_get_tx_queue(q->nic->dev, q->index);
}

static inline void netvsp_batch_reset(struct netvsp_batch *batch)
{
	batch->first = NETVSP_SUB_NONE;
	batch->n = 0;
	batch->frames = 0;
	batch->bytes = 0;
	batch->len = 0;
	batch->xdp_xmit = 0;
	batch->xdp_tx = 0;
}

static inline u32 netvsp_batch_xdp(const struct netvsp_batch *batch)
{
	return batch->xdp_xmit + batch->xdp_tx;
}

/* Is there room for one more frame, in @parts, in the batch and the buffer? */
static inline bool netvsp_has_room(const struct netvsp_queue *q, u32 parts)
{
	return q->nfree >= parts && q->batch.n + parts <= NETVSP_BATCH_MAX;
}

/* A sub-allocation has room for a tag in the frame: see netvsp_cut_recv(). */
static inline bool netvsp_fits_wire(const struct netvsp_nic *nic, u32 len, __be16 proto)
{
	return len <= READ_ONCE(nic->max_len) + (eth_type_vlan(proto) ? VLAN_HLEN : 0);
}

netdev_tx_t netvsp_start_xmit(struct sk_buff *skb, struct net_device *dev);
u32 netvsp_parts_max(const struct netvsp_nic *nic);
bool netvsp_filter(const struct netvsp_nic *nic, const u8 *dest);
u8 *netvsp_put_head(struct netvsp_queue *q, const struct netvsp_told *told);
int netvsp_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags);
void netvsp_xdp_tx(struct netvsp_queue *q, const void *data, u32 len);
void netvsp_xdp_tx_flush(struct netvsp_queue *q);
netdev_features_t netvsp_features_check(struct sk_buff *skb, struct net_device *dev,
					netdev_features_t features);
u16 netvsp_xdp_queue(const struct netvsp_nic *nic);
void netvsp_tell_hash(const struct netvsp_nic *nic, const struct sk_buff *skb,
		      struct netvsp_told *told);
u16 netvsp_select_queue(struct net_device *dev, struct sk_buff *skb, struct net_device *sb);
int netvsp_write_ranges(struct netvsp_queue *q, u32 channel, u32 first,
			struct netvsp_told_head *told, u32 n);
bool netvsp_xmit_flush(struct netvsp_queue *q);
void netvsp_xmit_given(struct netvsp_queue *q);
void netvsp_xmit_wake(struct netvsp_queue *q);
void netvsp_xmit_free(struct netvsp_queue *q);
void netvsp_xmit_drop(struct netvsp_queue *q);
void netvsp_xmit_end(struct netvsp_queue *q);

/* ---- from the guest: rx.c ----------------------------------------------------------------- */

u32 netvsp_rndis(struct netvsp_queue *q, const struct vsrv_packet *pkt,
		 const struct netvsp_request *req);
void netvsp_source_copy(struct netvsp_source *src, u32 pos, void *to, u32 len);
void netvsp_rx_flush(struct netvsp_queue *q);
void netvsp_rx_forget(struct netvsp_queue *q);
int netvsp_poll(struct napi_struct *napi, int budget);

/* ---- programs that see it first: xdp.c ------------------------------------------------------ */

/* In front of a frame: what a program may have, and where struct netvsp_raw is before. */
#define NETVSP_RAW_HEAD		(XDP_PACKET_HEADROOM + NET_IP_ALIGN)
/* The longest frame, with a tag in it: it is in one page with what an skb needs. */
#define NETVSP_XDP_MAX		(SKB_WITH_OVERHEAD(PAGE_SIZE) - NETVSP_RAW_HEAD)
#define NETVSP_XDP_MTU_MAX	(NETVSP_XDP_MAX - ETH_HLEN - VLAN_HLEN)

/**
 * struct netvsp_xdp_done - what is to be done at the end of a poll
 * @tx: frames were sent back to the guest
 * @redirect: frames were redirected
 */
struct netvsp_xdp_done {
	bool tx;
	bool redirect;
};

int netvsp_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int netvsp_xdp_change_mtu(struct net_device *dev, int mtu);
int netvsp_xdp_open(struct netvsp_queue *q);
void netvsp_xdp_stop(struct netvsp_queue *q);
enum netvsp_refusal netvsp_xdp_frame(struct netvsp_queue *q, u32 pos,
				     const struct netvsp_frame *frame);
enum netvsp_refusal netvsp_xdp_skb(struct netvsp_queue *q, struct sk_buff *skb,
				   const struct netvsp_frame *frame);
struct sk_buff *netvsp_xdp_run(struct netvsp_queue *q, struct netvsp_raw *raw,
			       struct netvsp_xdp_done *done);
void netvsp_xdp_flush(struct netvsp_queue *q, const struct netvsp_xdp_done *done);
void netvsp_raws_init(struct netvsp_raws *raws);
void netvsp_raws_move(struct netvsp_raws *from, struct netvsp_raws *to);
struct netvsp_raw *netvsp_raws_take(struct netvsp_raws *raws);
void netvsp_raws_purge(struct netvsp_raws *raws);

/*
 * Are frames for a program?  Those that wait when the last one goes are passed by themselves,
 * and NAPI takes skbs first: what comes behind a frame for a program is one, too, until the
 * reader waits for those that are left, see below.
 */
static inline bool netvsp_xdp_wants(const struct netvsp_queue *q)
{
	return rcu_access_pointer(q->nic->xdp_prog) || q->rx_raws.n ||
	       READ_ONCE(q->backlog_raws.n);
}

/*
 * Has NAPI enough to do?  With @part 2: half of it.  All that waits for a program is enough
 * when there is none any more: with more NAPI might never come to the end of them.
 */
static inline bool netvsp_backlog_over(const struct netvsp_queue *q, u32 part)
{
	u32 raws = READ_ONCE(q->backlog_raws.n), n = skb_queue_len_lockless(&q->backlog) + raws;

	return n >= NETVSP_BACKLOG_MAX / part ||
	       READ_ONCE(q->backlog_bytes) >= NETVSP_BACKLOG_BYTES / part ||
	       (raws && !rcu_access_pointer(q->nic->xdp_prog));
}

#endif /* _NETVSP_H */
