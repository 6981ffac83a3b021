/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the guest as data: nvsp.c, control.c, oid.c, settings.c, frame.c and
 * offload.c look at private copies of them and make answers, without I/O and locks; sums.c
 * and rss.c look at frames to the guest.
 */
#ifndef _NETVSP_PACKET_H
#define _NETVSP_PACKET_H

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/types.h>
#include <vmbus/netvsp.h>

struct sk_buff;

#define NETVSP_MAX_CHANNELS	64	/* of an adapter, the primary one included */
#define NETVSP_MTU_MIN		ETH_DATA_LEN
#define NETVSP_MTU_MAX		9216
#define NETVSP_GSO_MAX		65536	/* the longest frame of the guest */
#define NETVSP_LSO_MAX		62780	/* that it is told: for some it is without headers */
#define NETVSP_TAGS		2	/* VLAN tags that are in a frame: 802.1ad and 802.1Q */

/* ---- NVSP: nvsp.c ------------------------------------------------------------------- */

/* What to do with a message. */
enum netvsp_act {
	NETVSP_ACT_ANSWER,	/* send the answer, netvsp_answer_len(), if the guest waits */
	NETVSP_ACT_RECV_BUFFER,	/* map @req.gpadl, then netvsp_answer_recv() */
	NETVSP_ACT_REVOKE_RECV,	/* let go of the receive buffer, then an empty answer */
	NETVSP_ACT_SEND_BUFFER,	/* map @req.gpadl, then netvsp_answer_send() */
	NETVSP_ACT_REVOKE_SEND,	/* let go of the send buffer, then an empty answer */
	NETVSP_ACT_RNDIS,	/* RNDIS messages: @req.section, @req.size, @req.control */
	NETVSP_ACT_SUBCHANNELS,	/* offer @req.count, then netvsp_answer_subchannels() */
	NETVSP_ACT_DATA_PATH,	/* the guest now uses @req.vf or not; an empty answer */
	NETVSP_ACT_FATAL,	/* the channel is broken */
};

/**
 * struct netvsp_proto - state of the protocol of a channel
 * @version: NVSP_VERSION_*, 0 before the guest has said one
 * @sub: of a sub-channel, which only carries RNDIS frames; begins initialized
 * @config: the guest has sent NVSP_NDIS_CONFIG
 * @mtu: longest frame that it takes, Ethernet header included, without a VLAN tag
 * @caps: NVSP_CAP_*
 * @ndis_known: the guest has sent NVSP_NDIS_VERSION
 * @ndis_major: of the guest's stack
 * @ndis_minor: the same
 * @recv: there is a receive buffer
 * @recv_id: the guest's name for it
 * @send: there is a send buffer
 * @send_id: the guest's name for it
 * @max_subs: sub-channels that it may ask for
 * @subs: the guest has asked for sub-channels, which it may do once, as the receive
 *	buffer is shared out once; whatever it was answered
 */
struct netvsp_proto {
	u32 version;
	bool sub;
	bool config;
	u32 mtu;
	u64 caps;
	bool ndis_known;
	u32 ndis_major;
	u32 ndis_minor;
	bool recv;
	u16 recv_id;
	bool send;
	u16 send_id;
	u16 max_subs;
	bool subs;
};

/**
 * struct netvsp_request - what is asked, beside what the protocol's state says
 * @type: enum nvsp_type
 * @gpadl: of a buffer
 * @section: of the send buffer, or NVSP_SECTION_NONE
 * @size: bytes used of it
 * @control: it is said to be a control message; not binding
 * @count: sub-channels, at least 1
 * @vf: the guest uses the VF
 */
struct netvsp_request {
	u32 type;
	u32 gpadl;
	u32 section;
	u32 size;
	bool control;
	u16 count;
	bool vf;
};

/**
 * struct netvsp_cut - how a receive buffer is cut
 * @size: bytes of a sub-allocation
 * @count: how many
 */
struct netvsp_cut {
	u32 size;
	u32 count;
};

void netvsp_proto_init(struct netvsp_proto *proto, u16 max_subs);
void netvsp_proto_init_sub(struct netvsp_proto *proto, const struct netvsp_proto *primary);
enum netvsp_act __must_check
netvsp_proto_step(struct netvsp_proto *proto, const void *payload, u32 len,
		  struct netvsp_request *req, struct nvsp_message *answer);
u32 netvsp_message_size(const struct netvsp_proto *proto);
u32 netvsp_answer_len(const struct netvsp_proto *proto, const struct nvsp_message *answer);
bool netvsp_knows_parts(const struct netvsp_proto *proto);
bool netvsp_cut_recv(const struct netvsp_proto *proto, u32 len, u32 reserved, u16 queues,
		     struct netvsp_cut *cut);
void netvsp_answer_recv(struct netvsp_proto *proto, const struct netvsp_cut *cut,
			struct nvsp_message *answer);
void netvsp_answer_send(struct netvsp_proto *proto, bool ok, struct nvsp_message *answer);
void netvsp_answer_subchannels(u16 count, struct nvsp_message *answer);
void netvsp_tell_vf(struct nvsp_message *msg, bool allocated, u32 serial);
void netvsp_tell_data_path(struct nvsp_message *msg, bool vf);
void netvsp_tell_table(struct nvsp_message *msg, u16 channels);

/* ---- control messages: control.c ------------------------------------------------------ */

#define NETVSP_MESSAGES		8	/* in a packet of the guest, as it is told */
#define NETVSP_CONTROL_MAX	8192	/* bytes of a request */
#define NETVSP_ANSWER_MAX	1024	/* bytes of an answer */

/*
 * Counters that the guest may ask for, RNDIS_OID_GEN_XMIT_OK and so on, and bytes; from its
 * side
 */
enum netvsp_stat {
	NETVSP_STAT_XMIT_OK,
	NETVSP_STAT_RCV_OK,
	NETVSP_STAT_XMIT_ERROR,
	NETVSP_STAT_RCV_ERROR,
	NETVSP_STAT_RCV_NO_BUFFER,
	NETVSP_STAT_RCV_BYTES,
	NETVSP_STAT_XMIT_BYTES,
	NETVSP_STATS
};

/**
 * struct netvsp_adapter - what the adapter is, for the guest
 * @mac: address
 * @permanent_mac: the same, whatever it is set to
 * @mtu: longest frame, without Ethernet header
 * @speed: in 100 bits per second
 * @link: it is connected
 * @queues: channels that there are
 * @rsc: coalesced segments may be given to the guest: NVSP_CAP_RSC, and version 6.1
 * @stats: enum netvsp_stat
 */
struct netvsp_adapter {
	u8 mac[ETH_ALEN];
	u8 permanent_mac[ETH_ALEN];
	u32 mtu;
	u32 speed;
	bool link;
	u16 queues;
	bool rsc;
	u64 stats[NETVSP_STATS];
};

/* Offloads of what the guest sends and gets; NETVSP_TX_* and NETVSP_RX_* look from here */
#define NETVSP_VM_TX_IP4		BIT(0)	/* sum of the IPv4 header */
#define NETVSP_VM_TX_TCP4		BIT(1)
#define NETVSP_VM_TX_UDP4		BIT(2)
#define NETVSP_VM_TX_TCP6		BIT(3)
#define NETVSP_VM_TX_UDP6		BIT(4)
#define NETVSP_VM_RX_IP4		BIT(5)	/* the guest is told if the sum is good */
#define NETVSP_VM_RX_TCP4		BIT(6)
#define NETVSP_VM_RX_UDP4		BIT(7)
#define NETVSP_VM_RX_TCP6		BIT(8)
#define NETVSP_VM_RX_UDP6		BIT(9)
#define NETVSP_VM_TX_LSO4		BIT(10)
#define NETVSP_VM_TX_LSO6		BIT(11)
#define NETVSP_VM_RX_RSC4		BIT(12)
#define NETVSP_VM_RX_RSC6		BIT(13)
#define NETVSP_OFFLOADS		GENMASK(13, 0)

/**
 * struct netvsp_settings - what the guest has set
 * @filter: RNDIS_PACKET_TYPE_*; 0: it wants no frames
 * @offloads: in use
 * @rss: frames are spread by their hash; else all go to the primary channel
 * @hash: NDIS_HASH_*
 * @key: of the hash
 * @table: channel of each entry, all below the number of channels that there can be
 * @entries: entries of @table that are used, a power of two, at least 1
 * @mac: address that the guest has set, or zero
 */
struct netvsp_settings {
	u32 filter;
	u32 offloads;
	bool rss;
	u32 hash;
	u8 key[NDIS_RSS_KEY_SIZE];
	u16 table[NDIS_RSS_TABLE_MAX];
	u16 entries;
	u8 mac[ETH_ALEN];
};

/* What a control message has changed */
#define NETVSP_CHANGED_FILTER	BIT(0)
#define NETVSP_CHANGED_OFFLOADS	BIT(1)
#define NETVSP_CHANGED_RSS	BIT(2)
#define NETVSP_CHANGED_MAC	BIT(3)
#define NETVSP_CHANGED_INIT	BIT(4)	/* RNDIS_MSG_INIT was answered */
#define NETVSP_CHANGED_HALT	BIT(5)	/* RNDIS_MSG_HALT or RESET: as if nothing was set */

/**
 * struct netvsp_control - RNDIS control messages of an adapter
 * @initialized: RNDIS_MSG_INIT was answered
 * @max_queues: channels that there can be, for RSS
 * @ndis_major: of the guest's stack: decides which OIDs there are
 * @ndis_minor: the same
 * @adapter: set by the caller before each step
 * @settings: what the guest has set; changed by a step
 */
struct netvsp_control {
	bool initialized;
	u16 max_queues;
	u32 ndis_major;
	u32 ndis_minor;
	struct netvsp_adapter adapter;
	struct netvsp_settings settings;
};

/* Is the guest's stack at least that one? */
static inline bool netvsp_ndis_since(const struct netvsp_control *control, u32 major, u32 minor)
{
	return control->ndis_major > major ||
	       (control->ndis_major == major && control->ndis_minor >= minor);
}

void netvsp_control_init(struct netvsp_control *control, u16 max_queues, u32 ndis_major,
			 u32 ndis_minor);
int __must_check netvsp_control_step(struct netvsp_control *control, const void *msg, u32 len,
				     void *answer, u32 *changed);
u32 netvsp_answer_status(const void *answer, int len);
u32 netvsp_indicate_link(void *answer, bool link);
u32 netvsp_indicate_offloads(const struct netvsp_control *control, void *answer);

/* ---- what can be asked and set: oid.c, settings.c ------------------------------------------ */

u32 netvsp_oid_query(const struct netvsp_control *control, u32 oid, const void *in, u32 in_len,
		     void *out, u32 room, u32 *out_len);
u32 netvsp_oid_set(struct netvsp_control *control, u32 oid, const void *in, u32 in_len,
		   u32 *changed);
u32 netvsp_offload_describe(const struct netvsp_control *control, bool hardware, u8 revision,
			    void *out, u32 room);
void netvsp_settings_reset(struct netvsp_settings *settings);
u32 netvsp_offloads_have(const struct netvsp_adapter *adapter);
u32 netvsp_set_offloads(struct netvsp_control *control, const void *in, u32 len, u32 *changed);
u32 netvsp_set_rss(struct netvsp_control *control, const void *in, u32 len, u32 *changed);
u32 netvsp_set_parameter(struct netvsp_control *control, const void *in, u32 len, u32 *changed);

/* ---- headers and sums of frames to the guest: sums.c ---------------------------------------- */

__be16 netvsp_skb_type(const struct sk_buff *skb, u32 *at);
u8 netvsp_skb_ip6(const struct sk_buff *skb, u8 proto, u32 *at);
u32 netvsp_good(const struct sk_buff *skb, u32 offloads);

/* ---- spreading of frames: rss.c -------------------------------------------------------- */

#define NETVSP_RSS_INPUT	36	/* bytes: addresses of IPv6, and ports */
#define NETVSP_RSS_NIBBLES	(2 * NETVSP_RSS_INPUT)
#define NETVSP_RSS_VALUES	16

/**
 * struct netvsp_rss - how frames to the guest are spread; does not change
 * @hash: NDIS_HASH_*
 * @entries: entries of @table that are used, a power of two, at least 1
 * @table: channel of each, all below the number of channels that there can be
 * @key: of the hash
 * @blank: it is all zeros, and so is the hash of every frame
 * @nibble: what each 4 bits of the input are to the hash, by their value
 */
struct netvsp_rss {
	u32 hash;
	u16 entries;
	u16 table[NDIS_RSS_TABLE_MAX];
	u8 key[NDIS_RSS_KEY_SIZE];
	bool blank;
	u32 nibble[NETVSP_RSS_NIBBLES][NETVSP_RSS_VALUES];
};

void netvsp_rss_init(struct netvsp_rss *rss, const struct netvsp_settings *settings);
bool netvsp_rss_hash(const struct netvsp_rss *rss, const struct sk_buff *skb, u32 *hash);

static inline u16 netvsp_rss_channel(const struct netvsp_rss *rss, u32 hash)
{
	return rss->table[hash & (rss->entries - 1)];
}

/* ---- frames: frame.c ------------------------------------------------------------------- */

#define NETVSP_HEAD_MAX		512	/* bytes of a frame's RNDIS header that are looked at */

/**
 * struct netvsp_frame - a frame of the guest, and what is to be done with it
 * @len: bytes of the RNDIS message: the next one follows
 * @data_offset: of the frame in the message
 * @data_len: bytes of the frame, at least ETH_HLEN
 * @csum: RNDIS_CSUM_*, 0 if nothing is to be filled in
 * @lso: RNDIS_LSO_*, 0 if it is not to be cut
 * @tagged: @tci is to be put in
 * @tci: as skb_vlan_tag_get() has it
 */
struct netvsp_frame {
	u32 len;
	u32 data_offset;
	u32 data_len;
	u32 csum;
	u32 lso;
	bool tagged;
	u16 tci;
};

int __must_check netvsp_frame_parse(const void *head, u32 head_len, u32 left,
				    struct netvsp_frame *frame);

/**
 * struct netvsp_told - what the guest is told of a frame that it gets
 * @data_len: bytes of the frame, or of this part of it
 * @csum: RNDIS_CSUM_*_GOOD, or 0
 * @tagged: it has a VLAN tag, which is not in the frame
 * @tci: this
 * @hashed: it has a hash
 * @hash: this
 * @part: RNDIS_ID_*, 0 if it is in one part
 * @id: of a frame in parts
 */
struct netvsp_told {
	u32 data_len;
	u32 csum;
	bool tagged;
	u16 tci;
	bool hashed;
	u32 hash;
	u8 part;
	u16 id;
};

/* Room for the RNDIS header of a frame to the guest, and what Windows spoils behind it */
#define NETVSP_FRAME_HEAD	256
#define NETVSP_FRAME_TAIL	36
/* In a sub-allocation, beside a frame */
#define NETVSP_SUB_ROOM		(NETVSP_FRAME_HEAD + VLAN_HLEN + NETVSP_FRAME_TAIL)
/* One for parts of frames: four hold the longest frame.  For a queue, enough are so many. */
#define NETVSP_SUB_LONG		(17U * 1024)
#define NETVSP_SUBS_ENOUGH	256U

u32 netvsp_frame_put(void *head, const struct netvsp_told *told);

/* ---- offloads of frames: offload.c -------------------------------------------------------- */

/* Why a frame of the guest was refused; each has a counter */
enum netvsp_refusal {
	NETVSP_FRAME_OK,
	NETVSP_REFUSED_LENGTH,	/* too short, or longer than the guest may send */
	NETVSP_REFUSED_CSUM,	/* a sum that cannot be filled in there */
	NETVSP_REFUSED_LSO,	/* no TCP frame, or segments that cannot be */
	NETVSP_REFUSED_MEMORY,
	NETVSP_REFUSED_XDP,	/* too long to be shown to a program */
	NETVSP_REFUSALS
};

enum netvsp_refusal __must_check netvsp_offload(struct sk_buff *skb,
						const struct netvsp_frame *frame, u32 mtu);
enum netvsp_refusal __must_check netvsp_offload_bytes(u8 *data, u32 *len,
						      const struct netvsp_frame *frame, u32 mtu);

#endif /* _NETVSP_PACKET_H */
