// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reader and writer of a ring whose other end is not trusted.
 *
 * Barriers are of the virt_ kind: the peer may run on another CPU even if this
 * kernel was built for one.  The peer's ends of the pairs are named as Linux
 * guests have them (drivers/hv/ring_buffer.c, include/linux/hyperv.h).
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hyperv.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <asm/barrier.h>
#include <vmbus/ring.h>
#include "vsrv.h"

#define RING_MIN_PACKET		(VSRV_PACKET_DESC + VSRV_PACKET_FOOTER)
/* What always stays free: a full ring must not look like an empty one. */
#define RING_GAP		8

static bool ring_size_ok(u32 size)
{
	return size >= HV_HYP_PAGE_SIZE && size < SZ_2G && IS_ALIGNED(size, HV_HYP_PAGE_SIZE);
}

static bool ring_index_ok(u32 index, u32 size)
{
	return index < size && IS_ALIGNED(index, 8);
}

/* Bytes from one good index on to another. */
static u32 ring_distance(u32 from, u32 to, u32 size)
{
	return to >= from ? to - from : size - from + to;
}

static u32 ring_advance(u32 index, u32 bytes, u32 size)
{
	index += bytes;
	return index < size ? index : index - size;
}

/* Bytes that a writer at @in can use while the reader is at @out. */
static u32 ring_free(u32 in, u32 out, u32 size)
{
	u32 unused = size - ring_distance(out, in, size);

	return unused - RING_GAP;
}

/* Linux guests set it in both rings; others expect the host to. */
static void ring_set_feature(struct hv_ring_buffer *hdr)
{
	WRITE_ONCE(hdr->feature_bits.value, READ_ONCE(hdr->feature_bits.value) | BIT(0));
}

/* ---- reader ---------------------------------------------------------------- */

/**
 * vsrv_ring_in_init() - take up reading a ring
 * @r: the ring
 * @base: control page, then the data pages twice in a row
 * @data_size: bytes of data, counted once
 *
 * The read position is taken from the control page, once.  The interrupt mask
 * is left as the peer set it: the owner calls vsrv_ring_mask() and
 * vsrv_ring_unmask().  Announces that pending send sizes are honoured.
 *
 * Return: 0, -EINVAL for a @data_size that cannot be, -EIO for a bad read
 * index.  After an error the ring is dead but safe to use.
 */
int vsrv_ring_in_init(struct vsrv_ring_in *r, void *base, u32 data_size)
{
	u32 out;

	memset(r, 0, sizeof(*r));
	r->error = true;
	if (!ring_size_ok(data_size))
		return -EINVAL;

	r->hdr = base;
	r->data = base + HV_HYP_PAGE_SIZE;
	r->size = data_size;
	out = READ_ONCE(r->hdr->read_index);
	if (!ring_index_ok(out, data_size))
		return -EIO;

	r->next = out;
	r->published = out;
	r->limit = out;
	r->woken = VSRV_RING_NOWHERE;
	r->error = false;
	ring_set_feature(r->hdr);
	return 0;
}
EXPORT_SYMBOL_GPL(vsrv_ring_in_init);

/*
 * Look how far the peer has written.  Its index may lie anywhere but within
 * what was read and not yet published: so a batch never exceeds the ring.
 */
static bool ring_in_look(struct vsrv_ring_in *r)
{
	/*
	 * Acquire: packets are read after the index that covers them.  Pairs
	 * with the virt_mb() ahead of write_index in hv_ringbuffer_write().
	 */
	u32 in = virt_load_acquire(&r->hdr->write_index);

	if (!ring_index_ok(in, r->size) ||
	    ring_distance(r->published, in, r->size) <
	    ring_distance(r->published, r->next, r->size)) {
		r->error = true;
		return false;
	}
	r->limit = in;
	return true;
}

static int ring_in_fail(struct vsrv_ring_in *r)
{
	r->error = true;
	return -EIO;
}

/* The peer can change the descriptor at any time: load it once. */
static struct vmpacket_descriptor ring_load_desc(const u64 *src)
{
	union {
		u64 words[2];
		struct vmpacket_descriptor d;
	} desc = { .words = { READ_ONCE(src[0]), READ_ONCE(src[1]) } };

	static_assert(sizeof(desc.d) == sizeof(desc.words));
	return desc.d;
}

/**
 * vsrv_ring_read() - copy the next packet out of the ring and check it
 * @r: the ring
 * @pkt: set up to describe the packet; points into @buf; undefined after an error
 * @buf: private memory for the packet, aligned to 8 bytes
 * @buf_size: bytes of @buf; a packet without its footer must fit
 *
 * The peer learns of it, and can use the space again, after
 * vsrv_ring_read_commit().  A packet that is longer than @buf_size is against
 * the rules of the device that the owner implements, and kills the ring.
 *
 * Return: 1 for a packet, 0 if there is none, -EIO if the ring is dead.
 */
int vsrv_ring_read(struct vsrv_ring_in *r, struct vsrv_packet *pkt, void *buf, u32 buf_size)
{
	struct vmpacket_descriptor desc;
	u32 avail, len, data_offset;

	if (r->error)
		return -EIO;
	if (r->next == r->limit && !ring_in_look(r))
		return -EIO;
	avail = ring_distance(r->next, r->limit, r->size);
	if (!avail)
		return 0;
	if (avail < RING_MIN_PACKET)
		return ring_in_fail(r);

	desc = ring_load_desc((const u64 *)(r->data + r->next));
	pkt->type = desc.type;
	pkt->flags = desc.flags;
	pkt->trans_id = desc.trans_id;
	len = (u32)desc.len8 * 8;
	data_offset = (u32)desc.offset8 * 8;
	if (data_offset < VSRV_PACKET_DESC || len < data_offset)
		return ring_in_fail(r);
	if (len + VSRV_PACKET_FOOTER > avail || len > buf_size)
		return ring_in_fail(r);
	if (desc.flags & ~VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED)
		return ring_in_fail(r);

	/* The copy carries the descriptor that was checked, not a second load. */
	memcpy(buf, &desc, VSRV_PACKET_DESC);
	memcpy(buf + VSRV_PACKET_DESC, r->data + r->next + VSRV_PACKET_DESC,
	       len - VSRV_PACKET_DESC);
	/* Keep the compiler from looking at the ring instead of the copy. */
	barrier();

	if (!vsrv_packet_parse(pkt, buf, data_offset, len))
		return ring_in_fail(r);

	r->next = ring_advance(r->next, len + VSRV_PACKET_FOOTER, r->size);
	return 1;
}
EXPORT_SYMBOL_GPL(vsrv_ring_read);

/**
 * vsrv_ring_read_commit() - give the space of all packets read back to the peer
 * @r: the ring
 *
 * Call it once per batch, and always before vsrv_ring_unmask().
 *
 * Return: true if the peer waits for space and must be signalled.
 */
bool vsrv_ring_read_commit(struct vsrv_ring_in *r)
{
	u32 old = r->published;
	u32 pending, in;

	if (r->error || r->next == old)
		return false;

	/*
	 * Release: the packets are copied before the peer may overwrite them.
	 * Pairs with the control dependency on read_index in
	 * hv_ringbuffer_write().
	 */
	virt_store_release(&r->hdr->read_index, r->next);
	r->published = r->next;

	/*
	 * Publish before looking for a waiter.  Pairs with the barrier of a
	 * writer between storing pending_send_sz and checking for space again:
	 * virt_mb() in vsrv_ring_want_space() and
	 * hvs_set_channel_pending_send_size() of the guest.
	 */
	virt_mb();
	/* Some guests ask for one byte less than the ring. */
	pending = ALIGN_DOWN(READ_ONCE(r->hdr->pending_send_sz), 8);
	if (!pending)
		return false;

	/* The size before the index, as hv_pkt_iter_close() does. */
	virt_rmb();
	in = READ_ONCE(r->hdr->write_index);
	if (!ring_index_ok(in, r->size))
		return false;
	/* Only the step over the mark counts: one signal per wait. */
	if (ring_free(in, old, r->size) >= pending ||
	    ring_free(in, r->next, r->size) < pending)
		return false;
	WRITE_ONCE(r->woken, in);
	return true;
}
EXPORT_SYMBOL_GPL(vsrv_ring_read_commit);

/**
 * vsrv_ring_mask() - tell the peer that it need not signal
 * @r: the ring
 *
 * A hint that saves signals; nothing relies on the peer seeing it in time.
 */
void vsrv_ring_mask(struct vsrv_ring_in *r)
{
	if (!r->error)
		WRITE_ONCE(r->hdr->interrupt_mask, 1);
}
EXPORT_SYMBOL_GPL(vsrv_ring_mask);

/**
 * vsrv_ring_unmask() - ask the peer to signal, before going idle
 * @r: the ring; everything read from it is committed
 *
 * Return: true if the owner must read again, because there is data or because
 * the ring is dead; false if the peer will signal the next packet.
 */
bool vsrv_ring_unmask(struct vsrv_ring_in *r)
{
	if (r->error)
		return true;

	WRITE_ONCE(r->hdr->interrupt_mask, 0);
	/*
	 * Unmask before looking again.  Pairs with the virt_mb() in
	 * hv_signal_on_write(), between write_index and interrupt_mask.
	 */
	virt_mb();
	return !ring_in_look(r) || r->next != r->limit;
}
EXPORT_SYMBOL_GPL(vsrv_ring_unmask);

/**
 * vsrv_ring_freeze() - keep the peer from writing more, before the ring goes
 * @r: the ring; everything read from it is committed
 *
 * What a peer writes after the last read is never answered, and a Linux guest
 * waits for that for ever.  So the ring is made to look full.  A peer that had
 * looked for room just before may still publish a packet: call it again a moment
 * later.
 *
 * Return: true if nothing is left to read, or the ring is dead; false if there
 * is, and the ring goes on.
 */
bool vsrv_ring_freeze(struct vsrv_ring_in *r)
{
	if (r->error)
		return true;

	WRITE_ONCE(r->hdr->read_index, ring_advance(r->next, RING_GAP, r->size));
	/* Full before looking again: later writers find no room. */
	virt_mb();
	if (!ring_in_look(r) || r->next == r->limit)
		return true;
	/* For a reader that goes on, the index must be the true one again. */
	WRITE_ONCE(r->hdr->read_index, r->next);
	return false;
}
EXPORT_SYMBOL_GPL(vsrv_ring_freeze);

/**
 * vsrv_ring_readable() - how much the peer has written
 * @r: the ring
 *
 * Return: bytes of packets not yet read, footers included; 0 for a dead ring.
 */
u32 vsrv_ring_readable(struct vsrv_ring_in *r)
{
	if (r->error || !ring_in_look(r))
		return 0;
	return ring_distance(r->next, r->limit, r->size);
}
EXPORT_SYMBOL_GPL(vsrv_ring_readable);

/* ---- writer ---------------------------------------------------------------- */

/**
 * vsrv_ring_out_init() - take up writing a ring
 * @w: the ring
 * @base: control page, then the data pages twice in a row
 * @data_size: bytes of data, counted once
 *
 * The write position is taken from the control page, once, and so is whether a
 * previous writer still waits for room, which the first packet ends.  Announces
 * that pending send sizes are set and honoured.
 *
 * Return: 0, -EINVAL for a @data_size that cannot be, -EIO for a bad write
 * index.  After an error the ring is dead but safe to use.
 */
int vsrv_ring_out_init(struct vsrv_ring_out *w, void *base, u32 data_size)
{
	u32 in;

	memset(w, 0, sizeof(*w));
	w->error = true;
	if (!ring_size_ok(data_size))
		return -EINVAL;

	w->hdr = base;
	w->data = base + HV_HYP_PAGE_SIZE;
	w->size = data_size;
	in = READ_ONCE(w->hdr->write_index);
	if (!ring_index_ok(in, data_size))
		return -EIO;

	w->next = in;
	w->published = in;
	w->asked = READ_ONCE(w->hdr->pending_send_sz);
	w->error = false;
	ring_set_feature(w->hdr);
	return 0;
}
EXPORT_SYMBOL_GPL(vsrv_ring_out_init);

/*
 * Look how far the peer has read: so many bytes are free for us.  It cannot have
 * read what was written and not yet published: so a batch never exceeds the ring.
 */
static bool ring_out_look(struct vsrv_ring_out *w)
{
	/*
	 * Acquire: the peer is done with what gets overwritten.  Pairs with
	 * the virt_rmb() ahead of read_index in hv_pkt_iter_close().
	 */
	u32 out = virt_load_acquire(&w->hdr->read_index);

	if (!ring_index_ok(out, w->size) ||
	    ring_distance(out, w->next, w->size) <
	    ring_distance(w->published, w->next, w->size)) {
		w->error = true;
		return false;
	}
	w->room = ring_free(w->next, out, w->size);
	return true;
}

/* Put a packet into the ring; the first @ext bytes of the pieces are its extended header. */
static int ring_put(struct vsrv_ring_out *w, u16 type, u16 flags, u64 trans_id, u32 ext,
		    const struct kvec *vec, unsigned int nvec)
{
	struct vmpacket_descriptor desc;
	size_t bytes = 0;
	u32 len, total;
	unsigned int i;
	u64 footer;
	u8 *pos;

	if (w->error)
		return -EIO;
	for (i = 0; i < nvec; i++) {
		if (check_add_overflow(bytes, vec[i].iov_len, &bytes))
			return -EMSGSIZE;
	}
	if (bytes > U16_MAX * 8 - VSRV_PACKET_DESC)
		return -EMSGSIZE;
	len = VSRV_PACKET_DESC + ALIGN((u32)bytes, 8);
	total = len + VSRV_PACKET_FOOTER;

	/*
	 * What the peer has read once it does not need again: a look is due only
	 * when room runs short, and always before saying that there is none.
	 */
	if (total > w->room) {
		if (total > w->size - RING_GAP)
			return -EMSGSIZE;
		if (!ring_out_look(w))
			return -EIO;
		if (total > w->room)
			return -EAGAIN;
	}

	/* Nobody waits any more: spare the peer the signal. */
	if (w->asked) {
		WRITE_ONCE(w->hdr->pending_send_sz, 0);
		w->asked = false;
	}

	desc = (struct vmpacket_descriptor) {
		.type = type,
		.offset8 = (VSRV_PACKET_DESC + ext) / 8,
		.len8 = len / 8,
		.flags = flags,
		.trans_id = trans_id,
	};
	pos = w->data + w->next;
	/* The padding is in the last word; what else is in that word follows. */
	memset(pos + len - sizeof(u64), 0, sizeof(u64));
	memcpy(pos, &desc, VSRV_PACKET_DESC);
	pos += VSRV_PACKET_DESC;
	for (i = 0; i < nvec; i++) {
		memcpy(pos, vec[i].iov_base, vec[i].iov_len);
		pos += vec[i].iov_len;
	}
	footer = (u64)w->next << 32;
	memcpy(w->data + w->next + len, &footer, VSRV_PACKET_FOOTER);

	w->next = ring_advance(w->next, total, w->size);
	w->room -= total;
	return 0;
}

/**
 * vsrv_ring_write() - put a packet into the ring
 * @w: the ring
 * @type: VM_PKT_DATA_INBAND or VM_PKT_COMP
 * @flags: 0 or VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
 * @trans_id: transaction id
 * @vec: pieces of the payload
 * @nvec: number of pieces
 *
 * In the ring a packet takes 16 bytes, the payload rounded up to 8 and 8 more.
 * The peer sees it after vsrv_ring_write_commit().  Ends a wait that
 * vsrv_ring_want_space() began.  Looks at the peer's index only if the room known
 * so far is too little: one that goes bad before is found then, or by
 * vsrv_ring_space() or vsrv_ring_want_space(), which always look.
 *
 * Return: 0, -EAGAIN if there is no room now, -EMSGSIZE if the ring can never
 * take that much, -EINVAL for another @type, -EIO if the ring is dead.
 */
int vsrv_ring_write(struct vsrv_ring_out *w, u16 type, u16 flags, u64 trans_id,
		    const struct kvec *vec, unsigned int nvec)
{
	if (type != VM_PKT_DATA_INBAND && type != VM_PKT_COMP)
		return w->error ? -EIO : -EINVAL;
	return ring_put(w, type, flags, trans_id, 0, vec, nvec);
}
EXPORT_SYMBOL_GPL(vsrv_ring_write);

/**
 * vsrv_ring_write_packet() - put a packet of any type into the ring
 * @w: the ring
 * @pkt: as from vsrv_ring_read(), its extended header included
 *
 * Who gets it must be able to make sense of the ranges: they are the sender's.
 *
 * Return: as vsrv_ring_write().
 */
int vsrv_ring_write_packet(struct vsrv_ring_out *w, const struct vsrv_packet *pkt)
{
	struct kvec vec[] = {
		{ .iov_base = (void *)pkt->ext, .iov_len = pkt->ext_len },
		{ .iov_base = (void *)pkt->payload, .iov_len = pkt->len },
	};

	return ring_put(w, pkt->type, pkt->flags, pkt->trans_id, pkt->ext_len, vec,
			ARRAY_SIZE(vec));
}
EXPORT_SYMBOL_GPL(vsrv_ring_write_packet);

/**
 * vsrv_ring_write_commit() - show all packets written to the peer
 * @w: the ring
 *
 * Call it once per batch.
 *
 * Return: true if the peer is idle and must be signalled.
 */
bool vsrv_ring_write_commit(struct vsrv_ring_out *w)
{
	u32 old = w->published;

	if (w->error || w->next == old)
		return false;

	/*
	 * Release: packets before the index that covers them.  Pairs with the
	 * virt_load_acquire() in hv_pkt_iter_avail().
	 */
	virt_store_release(&w->hdr->write_index, w->next);
	w->published = w->next;

	/*
	 * Publish before asking whether the peer sleeps.  Pairs with the
	 * virt_mb() in hv_end_read(), between interrupt_mask and write_index.
	 */
	virt_mb();
	if (READ_ONCE(w->hdr->interrupt_mask))
		return false;
	/* The mask before the index, as hv_signal_on_write() does. */
	virt_rmb();
	/* A value that no reader can have only costs the peer its signal. */
	return READ_ONCE(w->hdr->read_index) == old;
}
EXPORT_SYMBOL_GPL(vsrv_ring_write_commit);

/**
 * vsrv_ring_want_space() - ask the peer to signal when there is room
 * @w: the ring; everything written to it is committed
 * @bytes: room wanted, in the unit of vsrv_ring_space(); more than the ring
 *	can have means all of it
 *
 * Looks at the peer's index.  The next packet that vsrv_ring_write() accepts ends
 * the wait, whatever its size.
 *
 * Return: true if the owner must write again, because there is room or because
 * the ring is dead; false if the peer will signal.
 */
bool vsrv_ring_want_space(struct vsrv_ring_out *w, u32 bytes)
{
	if (w->error)
		return true;

	bytes = min(bytes, w->size - RING_GAP);
	bytes = ALIGN(bytes, 8);
	WRITE_ONCE(w->hdr->pending_send_sz, bytes);
	/*
	 * Ask before looking again.  Pairs with the virt_mb() in
	 * hv_pkt_iter_close(), between read_index and pending_send_sz.
	 */
	virt_mb();
	w->asked = ring_out_look(w) && w->room < bytes;
	if (w->asked)
		return false;
	WRITE_ONCE(w->hdr->pending_send_sz, 0);
	return true;
}
EXPORT_SYMBOL_GPL(vsrv_ring_want_space);

/**
 * vsrv_ring_space() - how much can be written
 * @w: the ring
 *
 * Looks at the peer's index.
 *
 * Return: bytes that the next packet may take in the ring, descriptor and
 * footer included; 0 for a dead ring.
 */
u32 vsrv_ring_space(struct vsrv_ring_out *w)
{
	if (w->error || !ring_out_look(w))
		return 0;
	return w->room;
}
EXPORT_SYMBOL_GPL(vsrv_ring_space);

/* ---- from outside ------------------------------------------------------------ */

static void ring_state(const struct hv_ring_buffer *hdr, u32 size, struct vsrv_ring_state *state)
{
	u32 used;

	*state = (struct vsrv_ring_state) {
		.size = size,
		.read_index = READ_ONCE(hdr->read_index),
		.write_index = READ_ONCE(hdr->write_index),
		.mask = READ_ONCE(hdr->interrupt_mask),
		.pending = READ_ONCE(hdr->pending_send_sz),
	};
	state->valid = ring_index_ok(state->read_index, size) &&
		       ring_index_ok(state->write_index, size);
	if (!state->valid)
		return;
	used = ring_distance(state->read_index, state->write_index, size);
	state->read_avail = used;
	state->write_avail = size - used;
}

/**
 * vsrv_ring_in_state() - look at a ring that somebody else reads
 * @r: the ring, not closed meanwhile
 * @state: what its control page says
 *
 * A writer that asked for room and was signalled, but has written nothing since,
 * is said to wait.  One that only asks may never have lacked room: hv_sock of
 * Linux asks all the time.
 */
void vsrv_ring_in_state(const struct vsrv_ring_in *r, struct vsrv_ring_state *state)
{
	u32 pending;

	ring_state(r->hdr, r->size, state);
	pending = ALIGN_DOWN(state->pending, 8);
	state->waits = state->valid && pending && state->write_avail - RING_GAP >= pending &&
		       state->write_index == READ_ONCE(r->woken);
}
EXPORT_SYMBOL_GPL(vsrv_ring_in_state);

/**
 * vsrv_ring_out_state() - look at a ring that somebody else writes
 * @w: the ring, not closed meanwhile
 * @state: what its control page says
 *
 * A reader that wants signals and leaves data in the ring is said to wait.
 */
void vsrv_ring_out_state(const struct vsrv_ring_out *w, struct vsrv_ring_state *state)
{
	ring_state(w->hdr, w->size, state);
	state->waits = state->valid && !state->mask && state->read_avail;
}
EXPORT_SYMBOL_GPL(vsrv_ring_out_state);
