// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's half: control messages.  Nothing here knows the monitor's calls.
 */
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "peer.h"

/**
 * now_us - time
 *
 * Return: microseconds since some moment.
 */
u64 now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/**
 * ram_page - a page of the guest
 * @g: guest
 * @page: which
 *
 * Return: where it is in this process.
 */
void *ram_page(const struct guest *g, unsigned int page)
{
	return g->m->ram + (size_t)page * PAGE;
}

/**
 * ram_pfn - a page of the guest
 * @page: which
 *
 * Return: its page frame number.
 */
u64 ram_pfn(unsigned int page)
{
	return RAM_GPA / PAGE + page;
}

/**
 * guest_wait - sleep until the next interrupt
 * @g: guest
 * @vp: VP that is interrupted
 * @ms: not longer than this
 *
 * Return: false if there was none.
 */
bool guest_wait(struct guest *g, unsigned int vp, int ms)
{
	struct pollfd p = { .fd = g->m->calls[vp], .events = POLLIN };
	u64 n;

	if (poll(&p, 1, ms) != 1 || read(p.fd, &n, sizeof(n)) != sizeof(n))
		return false;
	g->interrupts[vp] += n;
	return true;
}

/**
 * guest_take - take a message out of its slot
 * @g: guest
 * @vp: VP
 * @sint: SINT
 * @msg: result
 *
 * Return: bytes of the message, 0 if there is none.
 */
unsigned int guest_take(struct guest *g, unsigned int vp, unsigned int sint, union message *msg)
{
	struct hv_message *slot = (struct hv_message *)ram_page(g, PAGE_SIMP(vp)) + sint;
	unsigned int size;

	/* Pairs with the store of the type by which the kernel ends its write. */
	if (!__atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE))
		return 0;
	size = slot->payload_size;
	memset(msg, 0, sizeof(*msg));
	memcpy(msg, slot->payload, size < sizeof(*msg) ? size : sizeof(*msg));
	__atomic_store_n(&slot->message_type, 0, __ATOMIC_RELEASE);
	return size;
}

/**
 * guest_receive - wait for the next message
 * @g: guest
 * @msg: result
 *
 * Return: bytes of the message, 0 if none comes.
 */
unsigned int guest_receive(struct guest *g, union message *msg)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	unsigned int size;

	while (!(size = guest_take(g, g->vp, VMBUS_SINT, msg)))
		if (now_us() > end || !guest_wait(g, g->vp, TIMEOUT_MS))
			return 0;
	return size;
}

/**
 * guest_post - post a message, again as long as the server has no room
 * @g: guest
 * @msg: message
 * @size: its bytes
 *
 * Return: false if the server does not take it.
 */
bool guest_post(struct guest *g, const void *msg, u32 size)
{
	u64 end = now_us() + TIMEOUT_MS * 1000;
	u32 status;

	while ((status = monitor_post(g->m, g->connection, msg, size)) == HV_STATUS_BUSY &&
	       now_us() < end)
		usleep(200);
	return !status;
}

/**
 * guest_ask - post a message and wait for its answer
 * @g: guest
 * @msg: message
 * @size: its bytes
 * @answer: result
 * @type: of the answer
 *
 * Return: bytes of the answer; 0 if there is none, or another message comes.
 */
unsigned int guest_ask(struct guest *g, const void *msg, u32 size, union message *answer,
		       enum vmbus_msg_type type)
{
	unsigned int n;

	if (!guest_post(g, msg, size))
		return 0;
	n = guest_receive(g, answer);
	return n >= sizeof(answer->hdr) && answer->hdr.type == type ? n : 0;
}

/**
 * guest_quiet - nothing that was posted before is answered any more
 * @g: guest
 *
 * Messages keep their order: asks something that changes nothing, and the next
 * message must be the answer to that.
 *
 * Return: false if another message comes.
 */
bool guest_quiet(struct guest *g)
{
	static const u8 refused[sizeof(struct vmbus_version_response_msg)] = {
		VMBUS_MSG_VERSION_RESPONSE
	};
	static u32 id = 0xf0000000;
	struct vmbus_gpadl_header_msg h = { };
	struct vmbus_contact2_msg c;
	union message a;

	if (!g->version) {
		g->vp = 0;
		contact_init(&c, 0, 0);
		return guest_ask(g, &c, sizeof(c.contact), &a, VMBUS_MSG_VERSION_RESPONSE) ==
		       sizeof(refused) && !memcmp(&a, refused, sizeof(refused));
	}
	/* There is no channel 0. */
	h.hdr.type = VMBUS_MSG_GPADL_HEADER;
	h.gpadl_id = ++id;
	return guest_ask(g, &h, sizeof(h), &a, VMBUS_MSG_GPADL_CREATED) == sizeof(a.created) &&
	       a.created.gpadl_id == id && a.created.status == VMBUS_STATUS_FAILURE;
}

/**
 * contact_init - fill in an INITIATE_CONTACT for VP 0
 * @msg: result
 * @version: of the protocol
 * @features: to ask for
 */
void contact_init(struct vmbus_contact2_msg *msg, u32 version, u32 features)
{
	*msg = (struct vmbus_contact2_msg) {
		.contact.hdr.type = VMBUS_MSG_CONTACT,
		.contact.version = version,
		.contact.target_info = (u64)features << 32 | VMBUS_SINT,
	};
	if (version < VMBUS_VERSION(2, 4))
		msg->contact.target_info = RAM_GPA + PAGE_INTERRUPTS * PAGE;
}

/**
 * guest_contact - begin a connection, or begin anew
 * @g: guest
 * @version: of the protocol
 * @features: to ask for
 *
 * Return: false if the server does not speak it.
 */
bool guest_contact(struct guest *g, u32 version, u32 features)
{
	struct vmbus_contact2_msg msg;
	union message a;
	unsigned int n;

	contact_init(&msg, version, features);
	memset(ram_page(g, PAGE_INTERRUPTS), 0, PAGE);
	g->vp = 0;
	g->version = 0;
	n = guest_ask(g, &msg, features & VMBUS_FEATURE_CLIENT_ID ? sizeof(msg) :
		      sizeof(msg.contact), &a, VMBUS_MSG_VERSION_RESPONSE);
	if (n < sizeof(a.version.v1) || !a.version.v1.supported || a.version.v1.connection_state)
		return false;
	g->version = version;
	g->features = n >= sizeof(a.version) ? a.version.features : 0;
	return true;
}

/**
 * guest_offers - ask what is offered
 * @g: guest, connected
 * @offers: result
 * @max: room in @offers
 *
 * Return: number of offers; 0 also if something else comes.
 */
unsigned int guest_offers(struct guest *g, struct vmbus_offer_msg *offers, unsigned int max)
{
	struct vmbus_msg_hdr ask = { .type = VMBUS_MSG_REQUEST_OFFERS };
	unsigned int n = 0;
	union message a;

	if (!guest_post(g, &ask, sizeof(ask)))
		return 0;
	while (guest_receive(g, &a) == sizeof(a.offer) && a.hdr.type == VMBUS_MSG_OFFER && n < max)
		offers[n++] = a.offer;
	return a.hdr.type == VMBUS_MSG_ALL_OFFERS ? n : 0;
}

/**
 * guest_gpadl_post - describe guest memory, in as many messages as it takes
 * @g: guest
 * @channel: channel id
 * @gpadl: id for it
 * @words: range data: { bytes | offset << 32, page frame numbers... } for each range
 * @nwords: number of words
 * @ranges: number of ranges
 *
 * Return: false if the server does not take the messages.
 */
bool guest_gpadl_post(struct guest *g, u32 channel, u32 gpadl, const u64 *words, u32 nwords,
		      u16 ranges)
{
	union message msg = { };
	u32 n = nwords, room = VMBUS_GPADL_HEADER_WORDS;

	msg.header = (struct vmbus_gpadl_header_msg) {
		.hdr.type = VMBUS_MSG_GPADL_HEADER,
		.channel_id = channel,
		.gpadl_id = gpadl,
		.range_bytes = nwords * sizeof(u64),
		.range_count = ranges,
	};
	n = nwords < room ? nwords : room;
	memcpy(msg.bytes + sizeof(msg.header), words, n * sizeof(u64));
	if (!guest_post(g, &msg, sizeof(msg.header) + n * sizeof(u64)))
		return false;

	msg.body = (struct vmbus_gpadl_body_msg) {
		.hdr.type = VMBUS_MSG_GPADL_BODY,
		.gpadl_id = gpadl,
	};
	room = VMBUS_GPADL_BODY_WORDS;
	while (nwords -= n) {
		words += n;
		n = nwords < room ? nwords : room;
		memcpy(msg.bytes + sizeof(msg.body), words, n * sizeof(u64));
		if (!guest_post(g, &msg, sizeof(msg.body) + n * sizeof(u64)))
			return false;
	}
	return true;
}

/**
 * guest_gpadl_ask - share pages that lie one behind the other, and do not wait
 * @g: guest
 * @channel: channel id
 * @gpadl: id for it
 * @page: the first
 * @pages: how many
 *
 * Return: false if the server does not take the messages.
 */
bool guest_gpadl_ask(struct guest *g, u32 channel, u32 gpadl, unsigned int page,
		     unsigned int pages)
{
	u64 words[1 + RAM_PAGES];
	unsigned int i;

	words[0] = (u64)pages * PAGE;
	for (i = 0; i < pages; i++)
		words[1 + i] = ram_pfn(page + i);
	return guest_gpadl_post(g, channel, gpadl, words, 1 + pages, 1);
}

/**
 * guest_gpadl - the same, and wait for the answer
 * @g: guest
 * @channel: channel id
 * @gpadl: id for it
 * @page: the first
 * @pages: how many
 *
 * Return: true if the server accepts.
 */
bool guest_gpadl(struct guest *g, u32 channel, u32 gpadl, unsigned int page, unsigned int pages)
{
	union message a;

	return guest_gpadl_ask(g, channel, gpadl, page, pages) &&
	       guest_receive(g, &a) == sizeof(a.created) &&
	       a.hdr.type == VMBUS_MSG_GPADL_CREATED && a.created.channel_id == channel &&
	       a.created.gpadl_id == gpadl && !a.created.status;
}

/**
 * guest_teardown_ask - take shared pages back, and do not wait
 * @g: guest
 * @channel: channel id
 * @gpadl: id
 *
 * Return: false if the server does not take the message.
 */
bool guest_teardown_ask(struct guest *g, u32 channel, u32 gpadl)
{
	struct vmbus_gpadl_teardown_msg msg = {
		.hdr.type = VMBUS_MSG_GPADL_TEARDOWN,
		.channel_id = channel,
		.gpadl_id = gpadl,
	};

	return guest_post(g, &msg, sizeof(msg));
}

/**
 * guest_teardown - the same, and wait for the answer
 * @g: guest
 * @channel: channel id
 * @gpadl: id
 *
 * Return: true if the server has let go.
 */
bool guest_teardown(struct guest *g, u32 channel, u32 gpadl)
{
	union message a;

	return guest_teardown_ask(g, channel, gpadl) &&
	       guest_receive(g, &a) == sizeof(a.torndown) &&
	       a.hdr.type == VMBUS_MSG_GPADL_TORNDOWN && a.torndown.gpadl_id == gpadl;
}

/**
 * guest_unload - end the connection
 * @g: guest
 *
 * Return: true if the server says that it is over.
 */
bool guest_unload(struct guest *g)
{
	struct vmbus_msg_hdr msg = { .type = VMBUS_MSG_UNLOAD };
	union message a;

	g->version = 0;
	return guest_ask(g, &msg, sizeof(msg), &a, VMBUS_MSG_UNLOAD_COMPLETE) == sizeof(msg);
}

/**
 * guest_modify - give other monitor pages, or none
 * @g: guest, connected with VMBUS_FEATURE_MODIFY_CONNECTION
 * @parent_to_child: guest physical address, 0 for none
 * @child_to_parent: the same
 *
 * Return: the state in the answer, or -1.
 */
int guest_modify(struct guest *g, u64 parent_to_child, u64 child_to_parent)
{
	struct vmbus_modify_connection_msg msg = {
		.hdr.type = VMBUS_MSG_MODIFY_CONNECTION,
		.parent_to_child = parent_to_child,
		.child_to_parent = child_to_parent,
	};
	union message a;

	return guest_ask(g, &msg, sizeof(msg), &a, VMBUS_MSG_MODIFY_CONNECTION_RESP) ==
	       sizeof(a.connection_modified) ? a.connection_modified.connection_state : -1;
}
