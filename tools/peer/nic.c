// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's driver of a network adapter, as little of it as the tests need; what comes
 * from the server is looked at more closely than a driver would.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"

#define COMPLETION	1		/* flag of a packet */
#define PACKET_MAX	16384

/* What is behind the descriptor of a packet with transfer pages. */
struct xfer_header {
	u16 set;
	u8 owns;
	u8 reserved;
	u32 count;
};

struct xfer_range {
	u32 len;
	u32 offset;
};

/* What a driver of Linux asks for */
const struct nic_conf nic_usual = {
	.version = NVSP_VERSION_61,
	.mtu = NIC_MTU,
	.recv_pages = NIC_RECV_PAGES,
	.send_pages = NIC_SEND_PAGES,
	.caps = NVSP_CAP_SRIOV | NVSP_CAP_8021Q,
	.filter = RNDIS_PACKET_TYPE_DIRECTED | RNDIS_PACKET_TYPE_ALL_MULTICAST |
		  RNDIS_PACKET_TYPE_BROADCAST,
};

/**
 * nic_fault - the server has done something wrong
 * @n: adapter
 * @what: what, as for printf()
 */
void nic_fault(struct nic *n, const char *what, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	/* One is much like the next. */
	if (n->faults++ < 10)
		note("fault: %s", text);
}

/**
 * nic_data - memory for data of packets with ranges
 * @n: adapter
 * @at: byte, counted from PAGE_NIC_DATA
 *
 * Return: where it is in this process.
 */
void *nic_data(struct nic *n, u32 at)
{
	return ram_page(&n->b->g, PAGE_NIC_DATA) + at;
}

/* ---- packets out --------------------------------------------------------------------- */

/**
 * nic_id - a transaction id for a packet that is to be answered
 * @n: adapter
 *
 * Return: the id.
 */
u64 nic_id(struct nic *n)
{
	n->id++;
	n->done[n->id % NIC_IDS] = 0;
	return n->id;
}

static u32 put_ranges(u8 *p, const struct nic_range *ranges, unsigned int nranges)
{
	u32 head[2] = { 0, nranges }, len = sizeof(head), pages, k;
	unsigned int i;
	u64 pfn;

	memcpy(p, head, sizeof(head));
	for (i = 0; i < nranges; i++) {
		head[0] = ranges[i].len;
		head[1] = ranges[i].offset;
		memcpy(p + len, head, sizeof(head));
		len += sizeof(head);
		pages = ranges[i].len ? (ranges[i].offset + ranges[i].len + PAGE - 1) / PAGE : 0;
		for (k = 0; k < pages; k++, len += sizeof(pfn)) {
			pfn = ram_pfn(ranges[i].page + k);
			memcpy(p + len, &pfn, sizeof(pfn));
		}
	}
	return len;
}

/**
 * nic_put - write a packet that is to be answered; it is seen after channel_send()
 * @n: adapter
 * @ch: channel
 * @id: transaction id
 * @msg: NVSP message
 * @len: its bytes
 * @ranges: of memory that it points at, or NULL
 * @nranges: how many
 *
 * Return: false if there is no room.
 */
bool nic_put(struct nic *n, unsigned int ch, u64 id, const void *msg, u32 len,
	     const struct nic_range *ranges, unsigned int nranges)
{
	struct vmpacket_descriptor d = {
		.type = ranges ? VM_PKT_DATA_USING_GPA_DIRECT : VM_PKT_DATA_INBAND,
		.flags = COMPLETION,
		.trans_id = id,
	};
	u32 head = 0;
	static u8 packet[PACKET_MAX];

	if (ranges)
		head = put_ranges(packet, ranges, nranges);
	d.offset8 = (sizeof(d) + head) / 8;
	memcpy(packet + head, msg, len);
	return ring_put_packet(&n->c[ch].out, &d, packet, head + len);
}

/* Completes a packet of the server, as Linux does. */
static bool complete(struct nic *n, const struct nic_held *held)
{
	struct vmpacket_descriptor d = {
		.type = VM_PKT_COMP,
		.offset8 = sizeof(d) / 8,
		.trans_id = held->id,
	};
	u32 msg[2] = { NVSP_RNDIS_PACKET_COMPLETE, NVSP_STATUS_SUCCESS };
	unsigned int i;

	if (!ring_put_packet(&n->c[held->channel].out, &d, msg, sizeof(msg)))
		return false;
	for (i = 0; i < n->cuts; i++)
		if (n->owner[i] == held->id + 1)
			n->owner[i] = 0;
	return true;
}

static bool is_kept(const struct nic *n, const struct nic_held *held)
{
	return held->control ? n->hold_control : n->hold || n->keep >> held->channel & 1;
}

/* Completes what may be completed. */
static bool complete_held(struct nic *n)
{
	unsigned int i, left = 0;

	for (i = 0; i < n->nheld; i++) {
		if (!n->open[n->held[i].channel])
			continue;
		if (is_kept(n, &n->held[i]) || !complete(n, &n->held[i]))
			n->held[left++] = n->held[i];
	}
	n->nheld = left;
	for (i = 0; i < n->n; i++)
		if (n->open[i])
			channel_send(&n->c[i]);
	return !left;
}

/**
 * nic_close_sub - close a sub-channel alone; what has come by it is let go of
 * @n: adapter
 * @ch: open sub-channel
 *
 * Return: false if the server does not let go of its rings.
 */
bool nic_close_sub(struct nic *n, unsigned int ch)
{
	unsigned int i, k, left = 0;

	for (i = 0; i < n->nheld; i++) {
		if (n->held[i].channel != ch) {
			n->held[left++] = n->held[i];
			continue;
		}
		for (k = 0; k < n->cuts; k++)
			if (n->owner[k] == n->held[i].id + 1)
				n->owner[k] = 0;
	}
	n->nheld = left;
	n->open[ch] = false;
	channel_close(&n->c[ch]);
	return guest_teardown(&n->b->g, n->c[ch].id, n->c[ch].gpadl);
}

/**
 * nic_release - complete all packets with frames, and those to come
 * @n: adapter
 *
 * Return: false if there was no room for all; nic_poll() goes on.
 */
bool nic_release(struct nic *n)
{
	n->hold = false;
	n->keep = 0;
	return complete_held(n);
}

/* ---- packets in ---------------------------------------------------------------------- */

static void took_frame(struct nic *n, struct nic_frame *f)
{
	unsigned int at = (n->first + n->nframes) % NIC_FRAMES;

	/* This kernel's own frames would be only in the way. */
	if (f->len < NIC_ETH || memcmp(f->data + 6, host_mac, sizeof(host_mac))) {
		n->foreign++;
		free(f);
		return;
	}
	n->got++;
	if (n->nframes == NIC_FRAMES) {
		nic_fault(n, "more frames than anybody sent");
		free(f);
		return;
	}
	n->frames[at] = f;
	n->nframes++;
}

/* Makes a frame, or makes one longer. */
static struct nic_frame *add_data(struct nic_frame *f, const u8 *data, u32 len)
{
	u32 old = f ? f->len : 0;
	struct nic_frame *more = realloc(f, sizeof(*f) + old + len);

	if (!more)
		die("a frame");
	if (!f)
		memset(more, 0, sizeof(*more));
	memcpy(more->data + old, data, len);
	more->len = old + len;
	more->parts++;
	return more;
}

/* What the guest is told of a frame */
struct told {
	struct nic_frame f;
	u8 part;
	u16 id;
};

static bool take_ppi(struct nic *n, const u8 *p, u32 len, struct told *told)
{
	const struct rndis_ppi *ppi;
	const struct rndis_ppi_id *id;
	u32 value;

	for (; len; p += ppi->size, len -= ppi->size) {
		ppi = (const void *)p;
		if (len < sizeof(*ppi) || ppi->size > len || ppi->size < sizeof(*ppi) + 4 ||
		    ppi->offset < sizeof(*ppi) || ppi->offset > ppi->size - 4) {
			nic_fault(n, "PPI of %u bytes in %u", len < 4 ? 0 : ppi->size, len);
			return false;
		}
		memcpy(&value, p + ppi->offset, sizeof(value));
		id = (const void *)(p + ppi->offset);
		switch (ppi->type) {
		case RNDIS_PPI_CSUM:
			told->f.csum = value;
			break;
		case RNDIS_PPI_VLAN:
			told->f.tagged = true;
			told->f.vlan = value;
			break;
		case RNDIS_PPI_HASH:
			told->f.hash = value;
			break;
		case RNDIS_PPI_ID:
			told->part = id->flags;
			told->id = id->id;
			if (id->version != RNDIS_ID_VERSION || !(id->flags & RNDIS_ID_PART))
				nic_fault(n, "part of version %u, flags %#x", id->version,
					  id->flags);
			break;
		default:
			nic_fault(n, "PPI of type %#x", ppi->type);
		}
	}
	return true;
}

static void take_part(struct nic *n, unsigned int ch, const struct told *told, const u8 *data,
		      u32 len)
{
	struct nic_frame **part = &n->part[ch], *f;
	bool first = !told->part || told->part & RNDIS_ID_FIRST;

	if (first != !*part) {
		nic_fault(n, "parts of frames are not in order: flags %#x", told->part);
		free(*part);
		*part = NULL;
		if (!first)
			return;
	}
	f = add_data(*part, data, len);
	if (first) {
		f->channel = ch;
		f->csum = told->f.csum;
		f->tagged = told->f.tagged;
		f->vlan = told->f.vlan;
		f->hash = told->f.hash;
	}
	*part = f;
	if (told->part && !(told->part & RNDIS_ID_LAST))
		return;
	*part = NULL;
	took_frame(n, f);
}

static void take_packet(struct nic *n, unsigned int ch, const u8 *p, u32 len)
{
	const struct rndis_packet *r = (const void *)p;
	u32 base = sizeof(r->hdr), left;
	struct told told = { };

	if (len < sizeof(*r) || r->hdr.type != RNDIS_MSG_PACKET || r->hdr.len < sizeof(*r) ||
	    r->hdr.len > len) {
		nic_fault(n, "RNDIS message of type %u, %u bytes of %u", r->hdr.type, r->hdr.len,
			  len);
		return;
	}
	left = r->hdr.len - base;
	if (r->data_offset < sizeof(*r) - base || r->data_offset > left ||
	    r->data_len > left - r->data_offset || r->oob_len || r->oob_count || r->vc) {
		nic_fault(n, "frame of %u bytes at %u of %u", r->data_len, r->data_offset, left);
		return;
	}
	if (base + r->data_offset + r->data_len + NIC_TAIL > n->cut)
		nic_fault(n, "%u bytes at %u: no room behind", r->data_len, r->data_offset);
	if (r->ppi_len && (r->ppi_offset < sizeof(*r) - base || r->ppi_offset > left ||
			   r->ppi_len > left - r->ppi_offset)) {
		nic_fault(n, "PPI: %u bytes at %u of %u", r->ppi_len, r->ppi_offset, left);
		return;
	}
	if (r->ppi_len && !take_ppi(n, p + base + r->ppi_offset, r->ppi_len, &told))
		return;
	take_part(n, ch, &told, p + base + r->data_offset, r->data_len);
}

static void take_control(struct nic *n, const u8 *p, u32 len)
{
	const struct rndis_indicate *news = (const void *)p;

	if (news->hdr.len > len || news->hdr.len < sizeof(struct rndis_reset_answer) ||
	    news->hdr.len > sizeof(n->control)) {
		nic_fault(n, "control message %#x of %u bytes in %u", news->hdr.type,
			  news->hdr.len, len);
		return;
	}
	if (news->hdr.type == RNDIS_MSG_INDICATE) {
		n->told[RNDIS_MSG_INDICATE]++;
		if (news->status == RNDIS_STATUS_MEDIA_CONNECT ||
		    news->status == RNDIS_STATUS_MEDIA_DISCONNECT)
			n->news[n->nnews++ % NIC_NEWS] =
				(struct nic_news) { news->status, now_us() };
		return;
	}
	n->control_len = news->hdr.len;
	memcpy(n->control, p, n->control_len);
}

static void take_range(struct nic *n, unsigned int ch, u64 id, const struct xfer_range *r,
		       bool control)
{
	const u8 *p = ram_page(&n->b->g, PAGE_NIC_RECV);
	u32 i = n->cut ? r->offset / n->cut : 0;

	if (!n->cut || r->offset % n->cut || i >= n->cuts || r->len > n->cut ||
	    r->len < sizeof(struct rndis_reset_answer)) {
		nic_fault(n, "range of %u bytes at %u", r->len, r->offset);
		return;
	}
	if (n->owner[i]) {
		nic_fault(n, "sub-allocation %u of packet %llu is used again", i, n->owner[i] - 1);
		return;
	}
	n->owner[i] = id + 1;
	if (control)
		take_control(n, p + r->offset, r->len);
	else
		take_packet(n, ch, p + r->offset, r->len);
}

/* @data: from the header of the transfer pages on; @at: where the message begins in it. */
static void take_xfer(struct nic *n, unsigned int ch, const struct vmpacket_descriptor *d,
		      const u8 *data, u32 at, u32 len)
{
	const struct nvsp_message *m = (const void *)(data + at);
	const struct xfer_header *h = (const void *)data;
	const struct xfer_range *r = (const void *)(h + 1);
	struct nic_held held = { .channel = ch, .id = d->trans_id };
	unsigned int got = n->got;
	u32 i;

	if (at < sizeof(*h) || !h->count || h->count > (at - sizeof(*h)) / sizeof(*r) ||
	    h->set != NIC_RECV_ID || !(d->flags & COMPLETION) || !n->recv_gpadl ||
	    len < sizeof(m->type) + sizeof(m->rndis) ||
	    m->type != NVSP_RNDIS_PACKET || n->nheld == NIC_CUTS) {
		nic_fault(n, "transfer pages: set %#x, %u ranges, flags %u, message %u", h->set,
			  h->count, d->flags, m->type);
		return;
	}
	held.control = m->rndis.channel == NVSP_CHANNEL_CONTROL;
	if (held.control && ch)
		nic_fault(n, "a control message on channel %u", ch);
	for (i = 0; i < h->count; i++)
		take_range(n, ch, held.id, &r[i], held.control);
	/* Neither is kept what this kernel has to say of itself. */
	if (n->got == got)
		held.control = true;
	n->held[n->nheld++] = held;
}

static void take_answer(struct nic *n, u64 id, const struct nvsp_message *m, u32 len)
{
	u32 *done = &n->done[id % NIC_IDS];

	if (!id || id > n->id || n->id - id >= NIC_IDS || *done) {
		nic_fault(n, "answer to packet %llu, of %llu, which was %sanswered", id, n->id,
			  *done ? "" : "not ");
		return;
	}
	*done = NIC_EMPTY;
	if (len && m->type == NVSP_RNDIS_PACKET_COMPLETE) {
		*done = m->rndis_complete.status ?: U32_MAX;
		return;
	}
	memset(&n->answer, 0, sizeof(n->answer));
	memcpy(&n->answer, m, len < sizeof(n->answer) ? len : sizeof(n->answer));
	n->answer_len = len;
	n->answer_id = id;
}

static void take_told(struct nic *n, const struct nvsp_message *m, u32 len)
{
	struct nvsp_message copy = { };

	memcpy(&copy, m, len < sizeof(copy) ? len : sizeof(copy));
	n->told[copy.type % 256]++;
	if (copy.type == NVSP_INDIRECTION_TABLE)
		n->table = copy;
	else if (copy.type == NVSP_SWITCH_DATA_PATH)
		n->path = copy;
	else if (copy.type != NVSP_VF_ASSOCIATION)
		nic_fault(n, "a message of type %u that nobody asked for", copy.type);
	if (copy.type != NVSP_VF_ASSOCIATION)
		return;
	n->vf = copy;
	n->paths = n->told[NVSP_SWITCH_DATA_PATH];
}

static void take(struct nic *n, unsigned int ch, const struct vmpacket_descriptor *d,
		 const u8 *data, u32 len)
{
	u32 at = d->offset8 * 8 - sizeof(*d);
	const struct nvsp_message *m = (const void *)(data + at);
	bool table;

	len -= at;
	table = len >= 4 && m->type == NVSP_INDIRECTION_TABLE;
	if (len && n->size && !table && len != (n->size + 7) / 8 * 8)
		nic_fault(n, "a message of %u bytes", len);
	if (d->type == VM_PKT_COMP)
		take_answer(n, d->trans_id, m, len);
	else if (d->type == VM_PKT_DATA_INBAND)
		take_told(n, m, len);
	else if (d->type == VM_PKT_DATA_USING_XFER_PAGES)
		take_xfer(n, ch, d, data, at, len);
	else
		nic_fault(n, "a packet of type %u", d->type);
}

/**
 * nic_poll - take all that has come, and complete it
 * @n: adapter
 *
 * Return: false if nothing had come.
 */
bool nic_poll(struct nic *n)
{
	static u8 data[PACKET_MAX] __attribute((aligned(8)));
	struct vmpacket_descriptor d;
	bool any = false;
	unsigned int i;
	int len;

	for (i = 0; i < n->n; i++) {
		if (!n->open[i])
			continue;
		channel_event(&n->c[i]);
		/* A message that is shorter than it should be has zeroes behind it. */
		memset(data, 0, 128);
		while ((len = ring_get_packet(&n->c[i].in, &d, data, sizeof(data))) >= 0) {
			take(n, i, &d, data, len);
			memset(data + len, 0, sizeof(data) - len < 128 ? sizeof(data) - len : 128);
			any = true;
		}
		channel_receive(&n->c[i]);
		if (len != -2)
			continue;
		nic_fault(n, "a malformed packet on channel %u", i);
		n->open[i] = false;
	}
	if (n->nheld)
		complete_held(n);
	return any;
}

/* Sleeps until any VP is interrupted. */
static void nic_sleep(struct nic *n, int ms)
{
	struct pollfd p[VPS];
	unsigned int i;

	for (i = 0; i < VPS; i++)
		p[i] = (struct pollfd) { .fd = n->b->m.calls[i], .events = POLLIN };
	if (poll(p, VPS, ms) <= 0)
		return;
	for (i = 0; i < VPS; i++)
		if (p[i].revents)
			guest_wait(&n->b->g, i, 0);
}

/**
 * nic_pump - the same, and wait if nothing has come
 * @n: adapter
 * @ms: not longer than this
 *
 * Return: false if nothing has come.
 */
bool nic_pump(struct nic *n, int ms)
{
	u64 now = now_us(), end = now + ms * 1000ULL;

	while (!nic_poll(n)) {
		now = now_us();
		if (now >= end)
			return false;
		nic_sleep(n, (end - now) / 1000 + 1);
	}
	return true;
}

/**
 * nic_status - wait until a packet is answered
 * @n: adapter
 * @id: of the packet
 *
 * Return: NVSP_STATUS_*, NVSP_STATUS_NONE if no answer comes; NIC_EMPTY if it is empty or
 * has no status.
 */
u32 nic_status(struct nic *n, u64 id)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;

	while (!n->done[id % NIC_IDS])
		if (now_us() > end || !nic_pump(n, TIMEOUT_MS)) {
			note("packet %llu is not answered", id);
			return NVSP_STATUS_NONE;
		}
	return n->done[id % NIC_IDS];
}

/**
 * nic_ask - send a message and wait for its answer
 * @n: adapter
 * @m: message
 * @answer: result, of zeroes if it was empty
 *
 * Return: false if there is no answer.
 */
bool nic_ask(struct nic *n, const struct nvsp_message *m, struct nvsp_message *answer)
{
	u64 id = nic_id(n);

	if (!nic_put(n, 0, id, m, n->size ?: NVSP_MESSAGE_SIZE, NULL, 0))
		return false;
	channel_send(&n->c[0]);
	if (!nic_status(n, id) || n->answer_id != id)
		return false;
	*answer = n->answer;
	return true;
}

/**
 * nic_forget - nothing has come, and nothing is under way
 * @n: adapter
 *
 * The next packet has an id that none had before.
 */
void nic_forget(struct nic *n)
{
	unsigned int i;

	for (i = 0; i < NIC_CHANNELS; i++) {
		free(n->part[i]);
		n->part[i] = NULL;
	}
	for (; n->nframes; n->nframes--, n->first = (n->first + 1) % NIC_FRAMES)
		free(n->frames[n->first]);
	free(n->last);
	n->last = NULL;
	n->nheld = 0;
	n->hold = false;
	n->keep = 0;
	n->hold_control = false;
	n->got = 0;
	memset(n->owner, 0, sizeof(n->owner));
}

/**
 * nic_take - wait for a frame
 * @n: adapter
 * @ms: not longer than this
 *
 * Return: the oldest, which is there until the next call; NULL if none has come.
 */
const struct nic_frame *nic_take(struct nic *n, int ms)
{
	u64 now = now_us(), end = now + ms * 1000ULL;

	free(n->last);
	n->last = NULL;
	while (!n->nframes) {
		if (!nic_pump(n, (end - now) / 1000))
			return NULL;
		now = now_us();
		if (now > end)
			now = end;
	}
	n->last = n->frames[n->first];
	n->first = (n->first + 1) % NIC_FRAMES;
	n->nframes--;
	return n->last;
}
