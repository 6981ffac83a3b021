// SPDX-License-Identifier: GPL-2.0-only
/*
 * A balloon of a host that is not ours: the guest's half of the dynamic memory protocol,
 * as far as to be asked for memory and to give none.
 *
 * The messages are those of drivers/hv/hv_balloon.c.
 */
#include <string.h>
#include <unistd.h>
#include "selftest.h"

#define RING_PAGES	4
/* QEMU asks for nothing in the first 50 seconds. */
#define REQUEST_MS	90000
#define SLOW_GUEST_US	500000

enum {
	DM_VERSION_REQUEST = 1,
	DM_VERSION_RESPONSE = 2,
	DM_CAPABILITIES_REPORT = 3,
	DM_CAPABILITIES_RESPONSE = 4,
	DM_BALLOON_REQUEST = 6,
	DM_BALLOON_RESPONSE = 7,
};

#define DM_VERSION(major, minor)	((major) << 16 | (minor))
#define DM_CAN_BALLOON			1

struct dm {
	u16 type;
	u16 size;
	u32 trans_id;
	union {
		struct {
			u32 version;
			u32 last;
		} version;
		struct {
			u64 caps;
			u64 min_page_count;
			u64 max_page_number;
		} caps;
		struct {
			u32 pages;
			u32 reserved;
		} request;
		struct {
			u32 reserved;
			u32 ranges;	/* and bit 0: there will be more */
		} response;
		u64 accepted;
	};
};

/* Bytes of messages, header included. */
enum {
	DM_VERSION_SIZE = 16,
	DM_CAPS_SIZE = 32,
	DM_RESPONSE_SIZE = 16,
};

/* 525074dc-8985-46e2-8057-a307dc18a502 */
static const guid_t balloon_class = {
	{ 0xdc, 0x74, 0x50, 0x52, 0x85, 0x89, 0xe2, 0x46,
	  0x80, 0x57, 0xa3, 0x07, 0xdc, 0x18, 0xa5, 0x02 }
};

static bool find(struct bed *b, struct channel *c)
{
	const struct vmbus_offer_msg *offer;

	offer = bed_find(b, &balloon_class);
	if (offer)
		channel_init(c, &b->g, offer);
	return offer;
}

static bool send(struct channel *c, struct dm *m, u16 type, u16 size)
{
	static u32 id = 100;

	m->type = type;
	m->size = size;
	if (!m->trans_id)
		m->trans_id = id++;
	if (!ring_put(&c->out, 0, m, size))
		return false;
	channel_send(c);
	return true;
}

static bool receive(struct channel *c, struct dm *m, u16 type, int ms)
{
	int len = channel_get(c, m, sizeof(*m), ms);

	if (len >= 16 && m->type == type && m->size == len)
		return true;
	if (len == -1)
		note("no message %u", type);
	else
		note("message %u of %u, %d bytes, not %u", m->type, m->size, len, type);
	return false;
}

static bool version(struct channel *c, u32 number, bool good)
{
	struct dm m = { .version.version = number, .version.last = good };

	return send(c, &m, DM_VERSION_REQUEST, DM_VERSION_SIZE) &&
	       receive(c, &m, DM_VERSION_RESPONSE, TIMEOUT_MS) && (m.accepted & 1) == good;
}

static bool caps(struct channel *c)
{
	struct dm m = { .caps.caps = DM_CAN_BALLOON, .caps.max_page_number = ~0ULL };

	return send(c, &m, DM_CAPABILITIES_REPORT, DM_CAPS_SIZE) &&
	       receive(c, &m, DM_CAPABILITIES_RESPONSE, TIMEOUT_MS) && (m.accepted & 1);
}

static bool give_none(struct channel *c, u32 *trans_id)
{
	struct dm m;

	if (!receive(c, &m, DM_BALLOON_REQUEST, REQUEST_MS) || !m.request.pages)
		return false;
	note("the host asks for %u pages, in transaction %u", m.request.pages, m.trans_id);
	/*
	 * QEMU 10.0 looks for more from the guest right after it has asked, which it may not
	 * there: with an answer in the ring by then it dies of an assertion.
	 */
	usleep(SLOW_GUEST_US);
	*trans_id = m.trans_id;
	memset(&m.response, 0, sizeof(m.response));
	m.type = DM_BALLOON_RESPONSE;
	m.size = DM_RESPONSE_SIZE;
	if (!ring_put(&c->out, 0, &m, m.size))
		return false;
	channel_send(c);
	return true;
}

/* Page numbers would mean something else to that host. */
static bool with_pages(struct channel *c)
{
	struct {
		u32 reserved, ranges, len, offset;
		u64 pfn, payload;
	} packet = { .ranges = 1, .len = PAGE, .pfn = ram_pfn(PAGE_SCRATCH) };
	struct vmpacket_descriptor d = {
		.type = VM_PKT_DATA_USING_GPA_DIRECT,
		.offset8 = (sizeof(d) + sizeof(packet) - sizeof(packet.payload)) / 8,
	};

	if (!ring_put_packet(&c->out, &d, &packet, sizeof(packet)))
		return false;
	channel_send(c);
	return true;
}

/**
 * test_balloon - a balloon of the host
 */
void test_balloon(void)
{
	u32 first = 0, second = 0;
	struct channel c;
	struct bed b;

	bed_up(&b);
	if (!ok(bed_contact(&b, VMBUS_VERSION(5, 3), 0) && find(&b, &c), "a balloon") ||
	    !ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "the host opens it"))
		goto out;
	ok(with_pages(&c), "a packet with page numbers goes nowhere");
	ok(version(&c, DM_VERSION(9, 0), false), "a version that the host does not know");
	ok(version(&c, DM_VERSION(2, 0), true), "one that it knows");
	ok(caps(&c), "it takes what the guest can do");
	ok(give_none(&c, &first), "it asks for memory, and the guest gives none");
	ok(give_none(&c, &second) && second == first + 1, "it has understood, and asks again");
	channel_close(&c);
	ok(guest_teardown(&b.g, c.id, c.gpadl), "closed");
out:
	bed_down(&b);
}
