// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's driver of a SCSI controller, as little of it as the tests need.
 */
#include <string.h>
#include "disk.h"

#define MAX_PAGES	2U		/* of a command */
#define COMPLETION	1		/* flag of a packet */

/* What is behind the descriptor of a packet with one range. */
struct with_range {
	u32 reserved;
	u32 ranges;
	u32 len;
	u32 offset;
	u64 pfns[MAX_PAGES];
};

/* STORVSP_CLASS_SCSI */
static const guid_t disk_class = {
	{ 0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d,
	  0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f }
};

/* What disk_init() asks for, and bytes of each packet; of answers, too. */
static u16 version = STORVSP_VERSION_BLUE;
static u32 packet_len = sizeof(struct storvsp_packet);

/**
 * disk_speak - how this guest speaks to controllers from now on
 * @major: version that disk_init() asks for
 * @minor: of it
 * @size: bytes of the request area of each packet, at most that of struct storvsp_packet
 */
void disk_speak(u8 major, u8 minor, u32 size)
{
	version = STORVSP_VERSION(major, minor);
	packet_len = sizeof(struct storvsp_header) + size;
}

/**
 * scratch - memory for data
 * @b: bed
 * @page: counted from PAGE_SCRATCH
 *
 * Return: the page.
 */
u8 *scratch(struct bed *b, unsigned int page)
{
	return ram_page(&b->g, PAGE_SCRATCH + page);
}

/**
 * fill_page - random data
 * @b: bed
 * @page: of scratch()
 * @seed: of the data
 */
void fill_page(struct bed *b, unsigned int page, u64 seed)
{
	u64 *words = (u64 *)scratch(b, page);
	unsigned int i;

	for (i = 0; i < PAGE / sizeof(*words); i++)
		words[i] = rnd(&seed);
}

/**
 * disk_find - find the controller among the offers
 * @b: connected bed
 * @c: result: its channel, not open
 *
 * Return: false if there is none.
 */
bool disk_find(struct bed *b, struct channel *c)
{
	const struct vmbus_offer_msg *offer = bed_find(b, &disk_class);

	if (offer)
		channel_init(c, &b->g, offer);
	return offer;
}

/**
 * disk_take - wait for the answer to whatever request
 * @c: channel
 * @id: result: of the request
 * @p: result
 *
 * Return: false if none comes.
 */
bool disk_take(struct channel *c, u64 *id, struct storvsp_packet *p)
{
	int len;

	memset(p, 0, sizeof(*p));
	while ((len = ring_get_type(&c->in, VM_PKT_COMP, id, p, sizeof(*p))) == -1)
		if (!channel_wait(c, TIMEOUT_MS))
			return false;
	channel_receive(c);
	if (len != (int)packet_len)
		note("answer %llu has %d bytes", *id, len);
	return len == (int)packet_len;
}

/* Waits for the answer to a request; false if none, or that of another, comes. */
static bool disk_receive(struct channel *c, u64 want, struct storvsp_packet *p)
{
	u64 id = 0;

	if (!disk_take(c, &id, p)) {
		note("no answer %llu", want);
		return false;
	}
	if (id != want)
		note("answer %llu instead of %llu", id, want);
	return id == want;
}

/**
 * disk_answers - wait for the answers to commands, in whatever order they come
 * @c: channel
 * @first: the lowest id
 * @n: how many, with ids that follow; below 64
 *
 * Return: false if one does not come in time, or twice, or any other, or with an error.
 */
bool disk_answers(struct channel *c, u64 first, unsigned int n)
{
	u64 due = (1ULL << n) - 1, id = 0, bit;
	struct storvsp_packet p;

	while (due) {
		if (!disk_take(c, &id, &p)) {
			note("no answers from %llu on: %#llx", first, due);
			return false;
		}
		bit = id - first < n ? 1ULL << (id - first) : 0;
		if (!(due & bit) || p.hdr.status) {
			note("answer %llu: status %#x, due from %llu on: %#llx", id, p.hdr.status,
			     first, due);
			return false;
		}
		due &= ~bit;
	}
	return true;
}

/**
 * disk_answer - wait for the answer to a command
 * @c: channel
 * @want: id of the command
 *
 * Return: false if none comes in time, or that of another, or an error.
 */
bool disk_answer(struct channel *c, u64 want)
{
	return disk_answers(c, want, 1);
}

/**
 * disk_ask - ask something that has no data, and do not wait
 * @c: channel
 * @id: of the request
 * @p: request
 *
 * Return: false if there is no room.
 */
bool disk_ask(struct channel *c, u64 id, const struct storvsp_packet *p)
{
	struct vmpacket_descriptor d = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = sizeof(d) / 8,
		.flags = COMPLETION,
		.trans_id = id,
	};

	if (!ring_put_packet(&c->out, &d, p, packet_len))
		return false;
	channel_send(c);
	return true;
}

/**
 * disk_control - the same, and wait for the answer
 * @c: channel
 * @p: request; becomes the answer
 *
 * Return: false if there is no answer.
 */
bool disk_control(struct channel *c, struct storvsp_packet *p)
{
	u64 id = p->hdr.operation;

	return disk_ask(c, id, p) && disk_receive(c, id, p);
}

static bool disk_init_step(struct channel *c, u32 operation, struct storvsp_packet *p)
{
	*p = (struct storvsp_packet) { .hdr.operation = operation };
	if (operation == STORVSP_QUERY_VERSION)
		p->version.version = version;
	return disk_control(c, p) && !p->hdr.status;
}

/**
 * disk_init - initialize the controller
 * @c: its open primary channel
 * @max_subs: result: sub-channels that there may be, 0 without the flag; or NULL
 *
 * Return: true if it is ready.
 */
bool disk_init(struct channel *c, u16 *max_subs)
{
	struct storvsp_packet p;

	if (!disk_init_step(c, STORVSP_BEGIN_INIT, &p) ||
	    !disk_init_step(c, STORVSP_QUERY_VERSION, &p) ||
	    !disk_init_step(c, STORVSP_QUERY_PROPERTIES, &p))
		return false;
	if (max_subs)
		*max_subs = p.properties.flags & STORVSP_PROPERTY_MULTI_CHANNEL ?
			    p.properties.max_subchannels : 0;
	return disk_init_step(c, STORVSP_END_INIT, &p);
}

/**
 * disk_put - send a command, which is seen after channel_send()
 * @c: channel
 * @id: of the command
 * @t: what it does
 *
 * Return: false if there is no room.
 */
bool disk_put(struct channel *c, u64 id, const struct transfer *t)
{
	struct with_range range = { .ranges = 1, .len = t->len, .offset = t->offset };
	struct storvsp_packet p = {
		.hdr.operation = STORVSP_EXECUTE_SRB,
		.srb = {
			.length = packet_len - sizeof(p.hdr),
			.lun = t->lun,
			.cdb_length = sizeof(t->cdb),
			.sense_length = STORVSP_SENSE_SIZE,
			.data_in = t->in,
			.data_transfer_length = t->len,
		},
	};
	unsigned int pages = (t->offset + t->len + PAGE - 1) / PAGE, i;
	u32 head = t->len ? sizeof(range) - (MAX_PAGES - pages) * sizeof(u64) : 0;
	struct vmpacket_descriptor d = {
		.type = t->len ? VM_PKT_DATA_USING_GPA_DIRECT : VM_PKT_DATA_INBAND,
		.offset8 = (sizeof(d) + head) / 8,
		.flags = COMPLETION,
		.trans_id = id,
	};
	u8 packet[sizeof(range) + sizeof(p)];

	for (i = 0; i < pages; i++)
		range.pfns[i] = ram_pfn(PAGE_SCRATCH + t->page + i);
	memcpy(p.srb.payload, t->cdb, sizeof(t->cdb));
	memcpy(packet, &range, head);
	memcpy(packet + head, &p, packet_len);
	return ring_put_packet(&c->out, &d, packet, head + packet_len);
}

/**
 * disk_do - send a command and wait for its answer
 * @c: channel
 * @t: what it does
 *
 * Return: true if it is done.
 */
bool disk_do(struct channel *c, const struct transfer *t)
{
	static u64 id = 100;

	if (!disk_put(c, ++id, t))
		return false;
	channel_send(c);
	return disk_answer(c, id);
}

/**
 * disk_rw - pages of the disk from or to pages of the guest
 * @in: to the guest
 * @at: first page of the disk
 * @page: first page of scratch()
 * @pages: how many
 *
 * Return: the command.
 */
struct transfer disk_rw(bool in, unsigned int at, unsigned int page, unsigned int pages)
{
	return (struct transfer) {
		.cdb = { in ? 0x28 : 0x2a, 0, 0, 0, 0, at * PAGE_SECTORS, 0, 0,
			 pages * PAGE_SECTORS },
		.page = page, .len = pages * PAGE, .in = in,
	};
}
