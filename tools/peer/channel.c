// SPDX-License-Identifier: GPL-2.0-only
/*
 * An open channel, as the guest has it: rings, signals, interrupts.
 */
#include <string.h>
#include "peer.h"

/* One ring entry: descriptor, payload rounded up to 8, and where it begins. */
#define FOOTER		8
/* A full ring must not look empty. */
#define GAP		8
/* Before version 1.1 all channels are signalled by this connection. */
#define SHARED_CONNECTION	2

static u32 ring_distance(const struct ring *r, u32 from, u32 to)
{
	return to >= from ? to - from : r->size - from + to;
}

static void ring_init(struct ring *r, void *page, unsigned int pages)
{
	memset(page, 0, PAGE);
	*r = (struct ring) { .hdr = page, .size = (pages - 1) * PAGE };
	r->hdr->feature_bits = 1;
}

/* Copies between a buffer and the ring, around its end. */
static void ring_copy(const struct ring *r, u32 pos, void *buf, u32 len, bool to_ring)
{
	u32 part;

	for (; len; pos = 0, buf += part, len -= part) {
		part = r->size - pos < len ? r->size - pos : len;
		if (to_ring)
			memcpy(r->hdr->buffer + pos, buf, part);
		else
			memcpy(buf, r->hdr->buffer + pos, part);
	}
}

/**
 * ring_packet_size - what a packet takes
 * @len: bytes of payload
 *
 * Return: bytes in the ring.
 */
u32 ring_packet_size(u32 len)
{
	return sizeof(struct vmpacket_descriptor) + (len + 7) / 8 * 8 + FOOTER;
}

/**
 * ring_space - room in the ring toward the server
 * @r: ring
 *
 * Return: bytes that a packet may take.
 */
u32 ring_space(const struct ring *r)
{
	u32 out = __atomic_load_n(&r->hdr->read_index, __ATOMIC_ACQUIRE);

	return r->size - ring_distance(r, out, r->next) - GAP;
}

/**
 * ring_put_raw - write bytes, whether they make a packet or not
 * @r: ring
 * @data: bytes
 * @len: their number, a multiple of 8
 *
 * The server sees them after ring_push().
 */
void ring_put_raw(struct ring *r, const void *data, u32 len)
{
	ring_copy(r, r->next, (void *)data, len, true);
	r->next = (r->next + len) % r->size;
}

/**
 * ring_put_packet - write a packet of any type
 * @r: ring
 * @d: its descriptor; the length is filled in
 * @data: what follows the descriptor
 * @len: bytes of it
 *
 * Return: false if there is no room.
 */
bool ring_put_packet(struct ring *r, struct vmpacket_descriptor *d, const void *data, u32 len)
{
	u64 footer = (u64)r->next << 32;

	if (ring_packet_size(len) > ring_space(r))
		return false;
	d->len8 = (ring_packet_size(len) - FOOTER) / 8;
	ring_put_raw(r, d, sizeof(*d));
	ring_copy(r, r->next, (void *)data, len, true);
	r->next = (r->next + (len + 7) / 8 * 8) % r->size;
	ring_put_raw(r, &footer, sizeof(footer));
	return true;
}

/**
 * ring_put - write a packet that nobody answers
 * @r: ring
 * @id: transaction id
 * @data: payload
 * @len: bytes of it
 *
 * Return: false if there is no room.
 */
bool ring_put(struct ring *r, u64 id, const void *data, u32 len)
{
	struct vmpacket_descriptor d = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = sizeof(d) / 8,
		.trans_id = id,
	};

	return ring_put_packet(r, &d, data, len);
}

/**
 * ring_push - show what was written
 * @r: ring
 *
 * Return: true if the server must be signalled.
 */
bool ring_push(struct ring *r)
{
	u32 old = r->published;

	if (r->next == old)
		return false;
	__atomic_store_n(&r->hdr->write_index, r->next, __ATOMIC_RELEASE);
	r->published = r->next;
	/* Publish before asking whether the server sleeps; pairs with vsrv_ring_unmask(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !__atomic_load_n(&r->hdr->interrupt_mask, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&r->hdr->read_index, __ATOMIC_RELAXED) == old;
}

/**
 * ring_get_packet - read a packet of any type
 * @r: ring
 * @d: result: its descriptor
 * @data: result: what follows the descriptor
 * @max: room in @data
 *
 * Return: bytes that follow the descriptor, rounded up to 8; -1 if there is no packet,
 * -2 if it is malformed.
 */
int ring_get_packet(struct ring *r, struct vmpacket_descriptor *d, void *data, u32 max)
{
	u32 in = __atomic_load_n(&r->hdr->write_index, __ATOMIC_ACQUIRE);
	u32 avail, total, len;
	u64 footer;

	if (in >= r->size || in % 8)
		return -2;
	avail = ring_distance(r, r->next, in);
	if (!avail)
		return -1;
	if (avail < sizeof(*d) + FOOTER)
		return -2;
	ring_copy(r, r->next, d, sizeof(*d), false);
	total = d->len8 * 8 + FOOTER;
	len = d->len8 * 8 - sizeof(*d);
	if (d->offset8 < sizeof(*d) / 8 || d->len8 < d->offset8 || total > avail || len > max)
		return -2;
	ring_copy(r, (r->next + sizeof(*d)) % r->size, data, len, false);
	ring_copy(r, (r->next + total - FOOTER) % r->size, &footer, FOOTER, false);
	if (footer != (u64)r->next << 32)
		return -2;
	r->next = (r->next + total) % r->size;
	return len;
}

/**
 * ring_get_type - read a packet
 * @r: ring
 * @type: VM_PKT_*; any other is malformed
 * @id: transaction id
 * @data: payload
 * @max: room in @data
 *
 * Return: bytes of the payload, rounded up to 8; -1 if there is no packet, -2 if it
 * is malformed.
 */
int ring_get_type(struct ring *r, u16 type, u64 *id, void *data, u32 max)
{
	struct vmpacket_descriptor d;
	u32 next = r->next;
	int len;

	len = ring_get_packet(r, &d, data, max);
	if (len < 0)
		return len;
	if (d.type != type || d.flags || d.offset8 != sizeof(d) / 8) {
		r->next = next;
		return -2;
	}
	*id = d.trans_id;
	return len;
}

/**
 * ring_get - read a packet that needs no answer
 * @r: ring
 * @id: transaction id
 * @data: payload
 * @max: room in @data
 *
 * Return: as ring_get_type().
 */
int ring_get(struct ring *r, u64 *id, void *data, u32 max)
{
	return ring_get_type(r, VM_PKT_DATA_INBAND, id, data, max);
}

/**
 * ring_pop - give the room of what was read back
 * @r: ring
 *
 * Return: true if the server waits for it and must be signalled.
 */
bool ring_pop(struct ring *r)
{
	u32 old = r->published, pending, in;

	if (r->next == old)
		return false;
	__atomic_store_n(&r->hdr->read_index, r->next, __ATOMIC_RELEASE);
	r->published = r->next;
	/* Publish before looking for a waiter; pairs with vsrv_ring_want_space(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pending = __atomic_load_n(&r->hdr->pending_send_sz, __ATOMIC_ACQUIRE);
	if (!pending)
		return false;
	in = __atomic_load_n(&r->hdr->write_index, __ATOMIC_RELAXED);
	/* Only the step over the mark counts. */
	return r->size - ring_distance(r, old, in) - GAP < pending &&
	       r->size - ring_distance(r, r->next, in) - GAP >= pending;
}

/**
 * channel_init - prepare to open an offer
 * @c: result; @vp, @connection and @flag may be changed before it is opened
 * @g: guest
 * @offer: offer
 */
void channel_init(struct channel *c, struct guest *g, const struct vmbus_offer_msg *offer)
{
	*c = (struct channel) {
		.g = g,
		.id = offer->channel_id,
		.gpadl = 0x1000 + offer->channel_id,
		.connection = offer->connection_id,
		.flag = offer->channel_id,
	};
}

/**
 * channel_open_ask - open, with a GPADL that there is, and do not wait
 * @c: channel
 * @out_pages: pages of the ring toward the server, its control page included
 *
 * Return: false if the server does not take the message.
 */
bool channel_open_ask(struct channel *c, unsigned int out_pages)
{
	struct vmbus_open2_msg msg = {
		.open = {
			.hdr.type = VMBUS_MSG_OPEN,
			.channel_id = c->id,
			.open_id = c->id,
			.ring_gpadl = c->gpadl,
			.target_vp = c->vp,
			.downstream_page = out_pages,
		},
		.connection_id = c->connection,
		.event_flag = c->flag,
	};

	return guest_post(c->g, &msg, c->g->features & VMBUS_FEATURE_GUEST_SIGNAL ? sizeof(msg) :
			  sizeof(msg.open));
}

/**
 * channel_open - make rings and open
 * @c: channel
 * @page: the rings' first page
 * @out_pages: pages of the ring toward the server, its control page included
 * @in_pages: pages of the ring from it
 *
 * Return: false if GPADL or open are refused.
 */
bool channel_open(struct channel *c, unsigned int page, unsigned int out_pages,
		  unsigned int in_pages)
{
	struct guest *g = c->g;
	union message a;

	ring_init(&c->out, ram_page(g, page), out_pages);
	ring_init(&c->in, ram_page(g, page + out_pages), in_pages);
	return guest_gpadl(g, c->id, c->gpadl, page, out_pages + in_pages) &&
	       channel_open_ask(c, out_pages) &&
	       guest_receive(g, &a) == sizeof(a.open_result) &&
	       a.hdr.type == VMBUS_MSG_OPEN_RESULT && a.open_result.channel_id == c->id &&
	       a.open_result.open_id == c->id && !a.open_result.status;
}

/**
 * channel_close - close; nothing answers to that
 * @c: open channel
 */
void channel_close(struct channel *c)
{
	struct vmbus_channel_msg msg = { .hdr.type = VMBUS_MSG_CLOSE, .channel_id = c->id };

	guest_post(c->g, &msg, sizeof(msg));
}

/**
 * channel_kick - signal the server
 * @c: open channel
 */
void channel_kick(struct channel *c)
{
	u32 *bits = ram_page(c->g, PAGE_INTERRUPTS);

	if (c->g->version >= VMBUS_VERSION(1, 1)) {
		monitor_signal(c->g->m, c->connection, 0);
		return;
	}
	/* Which channel is in the page's second half. */
	__atomic_fetch_or(bits + PAGE / 8 + c->flag / 32, 1U << c->flag % 32, __ATOMIC_SEQ_CST);
	monitor_signal(c->g->m, SHARED_CONNECTION, 0);
}

/* Clears a bit in memory that is shared with the kernel. */
static bool test_and_clear(u32 *bits, u16 bit)
{
	return __atomic_fetch_and(bits + bit / 32, ~(1U << bit % 32), __ATOMIC_SEQ_CST) &
	       1U << bit % 32;
}

/**
 * channel_event - was there an interrupt of the channel?
 * @c: open channel that interrupts a VP
 *
 * Return: true if there was, since the last call.
 */
bool channel_event(struct channel *c)
{
	u32 *flags = ram_page(c->g, PAGE_SIEFP(c->vp)) + VMBUS_SINT * 256;

	if (c->g->version >= VMBUS_VERSION(2, 4))
		return test_and_clear(flags, c->flag);
	/* Flag 0 of VP 0 stands for all: which one is in the page. */
	test_and_clear(ram_page(c->g, PAGE_SIEFP(0)) + VMBUS_SINT * 256, 0);
	return test_and_clear(ram_page(c->g, PAGE_INTERRUPTS), c->flag);
}

/**
 * channel_wait - sleep until the channel interrupts
 * @c: open channel
 * @ms: not longer than this
 *
 * Return: false if it did not.
 */
bool channel_wait(struct channel *c, int ms)
{
	u64 end = now_us() + ms * 1000;

	while (!channel_event(c))
		if (now_us() > end || !guest_wait(c->g, c->vp, ms))
			return channel_event(c);
	return true;
}

/**
 * channel_send - show the server what was written, and signal it if it sleeps
 * @c: open channel
 */
void channel_send(struct channel *c)
{
	if (ring_push(&c->out))
		channel_kick(c);
}

/**
 * channel_receive - give back what was read, and signal the server if it waits for that
 * @c: open channel
 */
void channel_receive(struct channel *c)
{
	if (ring_pop(&c->in))
		channel_kick(c);
}

/**
 * channel_get - wait for a packet that needs no answer, and read it
 * @c: open channel
 * @data: payload; zeros where it is shorter
 * @max: room in @data
 * @ms: how long to wait
 *
 * Return: as ring_get(); -1 if none came.
 */
int channel_get(struct channel *c, void *data, u32 max, int ms)
{
	u64 id;
	int len;

	memset(data, 0, max);
	while ((len = ring_get(&c->in, &id, data, max)) == -1)
		if (!channel_wait(c, ms))
			return -1;
	channel_receive(c);
	return len;
}
