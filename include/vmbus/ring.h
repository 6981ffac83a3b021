/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ring buffer between this kernel and a peer that is not trusted.
 *
 * The page layout is struct hv_ring_buffer of <linux/hyperv.h>: a control page
 * and data pages, here mapped twice in a row, so that every packet is linear.
 * Our own index lives in private memory and is only ever published; the peer's
 * index is read once per look and checked.  A packet is copied out before it is
 * looked at.
 *
 * Work comes in batches: any number of vsrv_ring_read() or vsrv_ring_write(),
 * then one vsrv_ring_read_commit() or vsrv_ring_write_commit(), which moves the
 * shared index once and tells whether to signal.  Devices leave reading to
 * <vmbus/reader.h>.
 *
 * Neither half locks: one reader at a time per vsrv_ring_in, one writer at a
 * time per vsrv_ring_out.  All functions but the vsrv_rings_* work in any
 * context.
 *
 * A ring that fails a check is dead (@error set, every later call -EIO) until
 * the channel is opened again; its owner says so by vsrv_chan_error().
 */
#ifndef _VMBUS_RING_H
#define _VMBUS_RING_H

#include <linux/hyperv.h>
#include <linux/types.h>
#include <linux/uio.h>

struct vmbus_partition;
struct vsrv_chan;
struct vsrv_gpadl;
struct vsrv_open_params;
struct vpart_map;

#define VSRV_RING_MIN_PAGES	2	/* control page and one data page */
#define VSRV_PACKET_FOOTER	8

/**
 * struct vsrv_ring_in - ring from the peer to us; we are the reader
 * @hdr: control page, shared
 * @data: data pages, shared, mapped twice in a row
 * @size: bytes of data, a multiple of the page size
 * @next: our read position, private; ahead of @published within a batch
 * @published: what the peer was told last
 * @limit: the peer's write index as last read and checked
 * @woken: where the peer was to go on when it was last signalled for space, or
 *	VSRV_RING_NOWHERE
 * @error: sticky: the peer broke the rules
 */
struct vsrv_ring_in {
	struct hv_ring_buffer *hdr;
	const u8 *data;
	u32 size;
	u32 next;
	u32 published;
	u32 limit;
	u32 woken;
	bool error;
};

#define VSRV_RING_NOWHERE	U32_MAX	/* never an index */

/**
 * struct vsrv_ring_out - ring from us to the peer; we are the writer
 * @hdr: control page, shared
 * @data: data pages, shared, mapped twice in a row
 * @size: bytes of data, a multiple of the page size
 * @next: our write position, private; ahead of @published within a batch
 * @published: what the peer was told last
 * @room: bytes free from @next on, private; by the peer's read index as last read
 *	and checked, so the peer may have made more
 * @asked: pending_send_sz in the control page is set, private; whatever the peer
 *	makes of it
 * @error: sticky: the peer broke the rules
 */
struct vsrv_ring_out {
	struct hv_ring_buffer *hdr;
	u8 *data;
	u32 size;
	u32 next;
	u32 published;
	u32 room;
	bool asked;
	bool error;
};

/**
 * struct vsrv_packet - a packet, in private memory, checked
 * @type: VM_PKT_DATA_INBAND, VM_PKT_COMP, VM_PKT_DATA_USING_GPA_DIRECT or
 *	VM_PKT_DATA_USING_XFER_PAGES
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 * @trans_id: transaction id
 * @ext: extended header behind the 16 byte descriptor: GPA ranges or transfer
 *	page ranges, NULL for other types
 * @ext_len: bytes of @ext
 * @range_count: ranges that the extended header claims, not yet checked
 * @ranges: the ranges within @ext
 * @ranges_len: bytes of @ranges
 * @payload: payload
 * @len: bytes of @payload, padded by the peer to a multiple of 8
 */
struct vsrv_packet {
	u16 type;
	u16 flags;
	u64 trans_id;
	const void *ext;
	u32 ext_len;
	u32 range_count;
	const void *ranges;
	u32 ranges_len;
	const void *payload;
	u32 len;
};

/**
 * struct vsrv_gpa_range - one range of a GPA-direct packet, checked
 * @len: bytes; not zero, if not said otherwise
 * @offset: of the first byte in the first page, below 4096
 * @npfns: pages that the range spans
 * @pfns: guest page frame numbers (unchecked against guest memory)
 */
struct vsrv_gpa_range {
	u32 len;
	u32 offset;
	u32 npfns;
	const u64 *pfns;
};

int __must_check vsrv_ring_in_init(struct vsrv_ring_in *r, void *base, u32 data_size);
int __must_check vsrv_ring_read(struct vsrv_ring_in *r, struct vsrv_packet *pkt,
				void *buf, u32 buf_size);
bool __must_check vsrv_ring_read_commit(struct vsrv_ring_in *r);
bool __must_check vsrv_ring_freeze(struct vsrv_ring_in *r);
void vsrv_ring_mask(struct vsrv_ring_in *r);
bool __must_check vsrv_ring_unmask(struct vsrv_ring_in *r);
u32 vsrv_ring_readable(struct vsrv_ring_in *r);

int __must_check vsrv_ring_out_init(struct vsrv_ring_out *w, void *base, u32 data_size);
int __must_check vsrv_ring_write(struct vsrv_ring_out *w, u16 type, u16 flags, u64 trans_id,
				 const struct kvec *vec, unsigned int nvec);
int __must_check vsrv_ring_write_packet(struct vsrv_ring_out *w, const struct vsrv_packet *pkt);
bool __must_check vsrv_ring_write_commit(struct vsrv_ring_out *w);
bool __must_check vsrv_ring_want_space(struct vsrv_ring_out *w, u32 bytes);
u32 vsrv_ring_space(struct vsrv_ring_out *w);

/**
 * struct vsrv_ring_params - what a device of the host is opened with
 * @to_host_pages: pages of the ring toward the host, control page included
 * @from_host_pages: pages of the other one
 * @user_data: VMBUS_USER_DEFINED_SIZE bytes for the host, or NULL for none
 */
struct vsrv_ring_params {
	unsigned int to_host_pages;
	unsigned int from_host_pages;
	const u8 *user_data;
};

/**
 * struct vsrv_ring_state - what the control page of a ring says
 * @size: bytes of data
 * @read_index: the reader's
 * @write_index: the writer's
 * @mask: the reader wants no signals
 * @pending: bytes of room that the writer waits for, or 0
 * @read_avail: bytes to read
 * @write_avail: bytes to write, of which a writer leaves 8 unused
 * @valid: both indices are possible; if not both sums are 0
 * @waits: the peer may wait for a signal that it was to get
 */
struct vsrv_ring_state {
	u32 size;
	u32 read_index;
	u32 write_index;
	u32 mask;
	u32 pending;
	u32 read_avail;
	u32 write_avail;
	bool valid;
	bool waits;
};

void vsrv_ring_in_state(const struct vsrv_ring_in *r, struct vsrv_ring_state *state);
void vsrv_ring_out_state(const struct vsrv_ring_out *w, struct vsrv_ring_state *state);

int __must_check vsrv_packet_range(const struct vsrv_packet *pkt, unsigned int index,
				   struct vsrv_gpa_range *range);
int __must_check vsrv_packet_next_range(const struct vsrv_packet *pkt, u32 *pos,
					struct vsrv_gpa_range *range);
int __must_check vsrv_packet_check_memory(const struct vsrv_packet *pkt,
					  struct vmbus_partition *part);

/**
 * struct vsrv_rings - both rings of an open channel of a local device
 * @in: guest to us
 * @out: us to guest
 * @chan: channel
 * @gpadl: held while the rings are mapped: its teardown waits for us
 * @in_map: private
 * @out_map: private
 */
struct vsrv_rings {
	struct vsrv_ring_in in;
	struct vsrv_ring_out out;
	struct vsrv_chan *chan;
	struct vsrv_gpadl *gpadl;
	struct vpart_map *in_map;
	struct vpart_map *out_map;
};

int __must_check vsrv_rings_open(struct vsrv_chan *chan, const struct vsrv_open_params *params,
				 struct vsrv_rings *rings);
void vsrv_rings_close(struct vsrv_rings *rings);
bool vsrv_chan_ring_state(struct vsrv_chan *chan, struct vsrv_ring_state *in,
			  struct vsrv_ring_state *out);

#endif /* _VMBUS_RING_H */
