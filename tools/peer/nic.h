/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A synthetic network adapter of the guest's server, as the tests use it.
 *
 * nic.c	the guest's driver: packets out and in
 * nicsend.c	its frames out
 * nicctl.c	its RNDIS control messages, and its way up and down
 * nicframe.c	frames, and what must be in them
 * nichost.c	the other side: the adapter's netdev in this kernel
 */
#ifndef _NIC_H
#define _NIC_H

#include "selftest.h"
#include <vmbus/netvsp.h>

#define NIC_CHANNELS	5U		/* that a test may have */
#define NIC_RING_PAGES	17U
#define NIC_CUTS	4096U		/* sub-allocations that are kept account of */
#define NIC_IDS		4096U		/* packets under way */
#define NIC_FRAMES	2048U		/* that have come and nobody has looked at */
#define NIC_NEWS	16U		/* of the link, that are kept */
#define NIC_RECV_ID	0x7e57U
#define NIC_MTU		1500U
#define NIC_JUMBO	9000U
#define NIC_ETH		14U		/* bytes of an Ethernet header */
#define NIC_TAG		4U		/* of a VLAN tag */
#define NIC_LONGEST	65550U		/* frame that a test may have */
#define NIC_HEAD	256U		/* before each frame to the guest there is room for it */
#define NIC_TAIL	36U		/* and behind it, which Windows spoils */

/* Pages of the guest's memory */
#define PAGE_NIC_RECV	1024
#define NIC_RECV_PAGES	512U
#define PAGE_NIC_SEND	2048
#define NIC_SEND_PAGES	64U
#define PAGE_NIC_DATA	2560		/* what packets with ranges point at */
#define NIC_DATA_PAGES	64U
#define PAGE_NIC_CTL	3072		/* control messages */

/* ---- nicframe.c ---------------------------------------------------------------------- */

extern const u8 guest_mac[6], host_mac[6];

/**
 * struct flow - frames of TCP or UDP
 * @v6: IPv6
 * @udp: UDP; else TCP, with options
 * @port: both ports
 */
struct flow {
	bool v6;
	bool udp;
	u16 port;
};

u32 frame_plain(u8 *f, u32 len, u64 seed, bool to_guest);
bool frame_is(const u8 *f, u32 len, u32 want, u64 seed, bool to_guest);
u32 frame_head(const struct flow *w);
u32 frame_transport(const struct flow *w);
u32 frame_sum_at(const struct flow *w);
u32 frame_flow(u8 *f, const struct flow *w, u32 payload, u64 seed, bool to_guest);
void frame_leave_sums(u8 *f, const struct flow *w, bool large);
bool frame_sums(const u8 *f, u32 len);

/**
 * struct segments - what a large frame is cut into
 * @whole: the frame
 * @w: its flow
 * @payload: bytes of it
 * @mss: of each segment, but the last
 * @at: bytes that have come
 * @n: segments that have come
 */
struct segments {
	const u8 *whole;
	const struct flow *w;
	u32 payload;
	u32 mss;
	u32 at;
	u32 n;
};

bool segment_next(struct segments *s, const u8 *f, u32 len, bool sums);

/* ---- nic.c --------------------------------------------------------------------------- */

/**
 * struct nic_conf - what the guest wants of the adapter
 * @version: NVSP_VERSION_*
 * @mtu: without Ethernet header
 * @recv_pages: of the receive buffer
 * @send_pages: of the send buffer, or 0
 * @caps: NVSP_CAP_*
 * @filter: RNDIS_PACKET_TYPE_*
 * @ndis_major: NDIS of the guest, 0: that of Linux
 * @ndis_minor: the same
 */
struct nic_conf {
	u32 version;
	u32 mtu;
	unsigned int recv_pages;
	unsigned int send_pages;
	u64 caps;
	u32 filter;
	u32 ndis_major;
	u32 ndis_minor;
};

extern const struct nic_conf nic_usual;

/* Pages that follow each other, of which some bytes are meant. */
struct nic_range {
	u32 len;
	u32 offset;
	unsigned int page;
};

/**
 * struct nic_frame - a frame that the guest got
 * @channel: by which
 * @parts: in so many parts
 * @csum: what it was told of the sums, 0 if nothing
 * @tagged: it has a VLAN tag, which is not in the frame
 * @vlan: this, as RNDIS_PPI_VLAN has it
 * @hash: of the frame, 0 if the guest was not told
 * @len: bytes
 * @data: frame
 */
struct nic_frame {
	unsigned int channel;
	unsigned int parts;
	u32 csum;
	bool tagged;
	u32 vlan;
	u32 hash;
	u32 len;
	u8 data[];
};

/**
 * struct nic_out - a frame of the guest, and what is said of it
 * @frame: frame
 * @len: its bytes
 * @csum: RNDIS_CSUM_*, 0 for none
 * @lso: RNDIS_LSO_*, 0 for none
 * @tagged: there is a VLAN tag
 * @vlan: this, as RNDIS_PPI_VLAN has it
 */
struct nic_out {
	const u8 *frame;
	u32 len;
	u32 csum;
	u32 lso;
	bool tagged;
	u32 vlan;
};

/* A packet with frames, or a control message, that is not completed yet. */
struct nic_held {
	unsigned int channel;
	u64 id;
	bool control;
};

/* News of the link: RNDIS_STATUS_MEDIA_*, and when they came, see now_us() */
struct nic_news {
	u32 status;
	u64 at;
};

/**
 * struct nic - the adapter
 * @b: bed
 * @c: channels, the primary one first
 * @n: how many
 * @open: which are
 * @version: of the protocol, 0 before it is agreed on
 * @size: bytes of an NVSP message
 * @mtu: without Ethernet header
 * @gpadl: the last that was made
 * @recv_gpadl: of the receive buffer, 0 without one
 * @recv_bytes: of it
 * @send_gpadl: of the send buffer, 0 without one
 * @cut: bytes of a sub-allocation of the receive buffer
 * @cuts: how many
 * @section: bytes of a section of the send buffer
 * @sections: how many
 * @owner: of each sub-allocation: the id of its packet, plus 1; 0 for none
 * @id: of the last packet that was sent
 * @done: status of each; 0: not yet
 * @answer: the last one that was not about an RNDIS message
 * @answer_id: which packet it answers
 * @answer_len: its bytes
 * @hold: packets with frames are not completed
 * @keep: nor are those of these channels, a bit for each
 * @hold_control: nor are packets with control messages
 * @held: packets to be completed
 * @nheld: how many
 * @control: the last control answer
 * @control_len: its bytes, 0 before it comes
 * @rndis: id of the last control request
 * @status: of the last control answer
 * @news: of the link
 * @nnews: how many there were
 * @told: messages that nobody asked for, per type, modulo its size
 * @table: the last NVSP_INDIRECTION_TABLE
 * @vf: the last NVSP_VF_ASSOCIATION
 * @path: the last NVSP_SWITCH_DATA_PATH of the server
 * @paths: how many of these had come before @vf
 * @part: per channel, a frame of which parts are missing
 * @frames: that have come, a ring
 * @first: the oldest
 * @nframes: how many
 * @got: frames that have come, since the adapter was opened
 * @foreign: frames of others, not kept
 * @last: what nic_take() has returned
 * @faults: what the server has done wrong
 */
struct nic {
	struct bed *b;
	struct channel c[NIC_CHANNELS];
	unsigned int n;
	bool open[NIC_CHANNELS];
	u32 version;
	u32 size;
	u32 mtu;
	u32 gpadl;
	u32 recv_gpadl;
	u32 recv_bytes;
	u32 send_gpadl;
	u32 cut;
	u32 cuts;
	u32 section;
	u32 sections;
	u64 owner[NIC_CUTS];
	u64 id;
	u32 done[NIC_IDS];
	struct nvsp_message answer;
	u64 answer_id;
	u32 answer_len;
	bool hold;
	u32 keep;
	bool hold_control;
	struct nic_held held[NIC_CUTS];
	unsigned int nheld;
	u8 control[4096];
	u32 control_len;
	u32 rndis;
	u32 status;
	struct nic_news news[NIC_NEWS];
	unsigned int nnews;
	unsigned int told[256];
	struct nvsp_message table;
	struct nvsp_message vf;
	struct nvsp_message path;
	unsigned int paths;
	struct nic_frame *part[NIC_CHANNELS];
	struct nic_frame *frames[NIC_FRAMES];
	unsigned int first;
	unsigned int nframes;
	unsigned int got;
	unsigned int foreign;
	struct nic_frame *last;
	unsigned int faults;
};

/* Status of a packet whose answer was empty */
#define NIC_EMPTY	0x100U

void __printf(2, 3) nic_fault(struct nic *n, const char *what, ...);
void *nic_data(struct nic *n, u32 at);
u64 nic_id(struct nic *n);
bool nic_put(struct nic *n, unsigned int ch, u64 id, const void *msg, u32 len,
	     const struct nic_range *ranges, unsigned int nranges);
bool nic_poll(struct nic *n);
bool nic_pump(struct nic *n, int ms);
u32 nic_status(struct nic *n, u64 id);
bool nic_ask(struct nic *n, const struct nvsp_message *m, struct nvsp_message *answer);
bool nic_close_sub(struct nic *n, unsigned int ch);
bool nic_release(struct nic *n);
void nic_forget(struct nic *n);
const struct nic_frame *nic_take(struct nic *n, int ms);

/* ---- nicsend.c ----------------------------------------------------------------------- */

u32 rndis_put(u8 *buf, const struct nic_out *o, u32 align);
u64 nic_send_section(struct nic *n, unsigned int ch, u32 section, const void *msgs, u32 len);
u64 nic_send_ranges(struct nic *n, unsigned int ch, const struct nic_range *ranges,
		    unsigned int nranges);
u64 nic_send_both(struct nic *n, unsigned int ch, u32 section, const void *msgs, u32 len,
		  const struct nic_range *ranges, unsigned int nranges);
u32 nic_send(struct nic *n, unsigned int ch, const struct nic_out *o);

/* ---- nicctl.c ------------------------------------------------------------------------ */

bool nic_find(struct nic *n, struct bed *b);
bool nic_open_channel(struct nic *n, unsigned int i);
bool nic_open(struct nic *n);
u32 nic_init(struct nic *n, u32 version);
bool nic_tell(struct nic *n, const struct nvsp_message *m);
bool nic_config(struct nic *n, const struct nic_conf *conf);
bool nic_recv_buffer(struct nic *n, unsigned int pages);
bool nic_send_buffer(struct nic *n, unsigned int pages);
bool nic_revoke(struct nic *n, bool send);
bool nic_request(struct nic *n, const void *req, u32 len);
int nic_query(struct nic *n, u32 oid, void *out, u32 max);
u32 nic_set(struct nic *n, u32 oid, const void *in, u32 len);
bool nic_rndis_init(struct nic *n);
bool nic_filter(struct nic *n, u32 filter);
bool nic_offloads(struct nic *n, u8 csum, u8 lso, u8 rsc);
bool nic_up(struct nic *n, const struct nic_conf *conf);
bool nic_subs(struct nic *n, unsigned int count);
bool nic_close(struct nic *n);

/* ---- nichost.c ----------------------------------------------------------------------- */

/**
 * struct host - the adapter's netdev
 * @name: its name
 * @sock: all frames that come from the guest
 * @tap: the other end of a tap device that is bridged with it, or -1
 */
struct host {
	char name[16];
	int sock;
	int tap;
};

/**
 * struct host_frame - a frame of the guest
 * @needs_sum: the sum of its transport is left to whoever sends it on
 * @sum_at: where it is to be summed from, and
 * @sum_offset: where it goes, from there
 * @segment: bytes of the segments it is to be cut into, 0 for one
 * @v6: they are of IPv6
 * @tagged: it had a VLAN tag
 * @tci: this
 * @len: bytes
 * @data: frame, without the tag
 */
struct host_frame {
	bool needs_sum;
	u16 sum_at;
	u16 sum_offset;
	u16 segment;
	bool v6;
	bool tagged;
	u16 tci;
	u32 len;
	u8 data[NIC_LONGEST];
};

int host_try(const char *attr, const char *value);
bool host_set(const char *attr, const char *value);
bool host_get(const char *attr, char *value, size_t size);
bool host_prepare(void);
bool host_make(struct host *h, u32 mtu, unsigned int queues);
void host_remove(struct host *h);
bool host_up(struct host *h, bool on);
bool host_running(struct host *h, bool on, int ms);
int host_socket(const char *name);
bool host_send(int sock, const void *frame, u32 len);
bool host_send_sums(int sock, const void *frame, u32 len, const struct flow *w, u32 mss);
bool host_take(int sock, struct host_frame *f, int ms);
bool host_bridge(struct host *h);
void host_unbridge(struct host *h);
int host_tap_take(struct host *h, u8 *f, u32 max, int ms);
bool host_tap_send(struct host *h, const u8 *f, u32 len);
int host_vlan(struct host *h, u16 vid);
bool host_limits(struct host *h, unsigned int queues, const char *bytes);
bool host_in_flight_is(struct host *h, unsigned int queue, u64 bytes);
u64 host_counter(struct host *h, const char *name);
u64 host_stat(struct host *h, const char *name);
bool host_stat_is(struct host *h, const char *name, u64 value);
u64 host_refused(struct host *h);

/* ---- test_nic.c ---------------------------------------------------------------------- */

bool nic_begin(struct nic *n, struct host *h, u32 mtu, unsigned int queues);
void nic_end(struct nic *n, struct host *h);
bool nic_ready(struct nic *n, struct host *h, const struct nic_conf *conf);
bool nic_out_once(struct nic *n, struct host *h, unsigned int ch, u32 len, u64 seed);
bool nic_in_once(struct nic *n, struct host *h, u32 len, u64 seed);
bool nic_works(struct nic *n, struct host *h);

/* ---- test_nicsubs.c ------------------------------------------------------------------ */

bool nic_spread(struct nic *n, u32 first, u32 count);
int nic_flow_in(struct nic *n, struct host *h, u16 port);

#endif /* _NIC_H */
