// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that spoils the ring of its shutdown component when it is asked to shut down,
 * and leaves the channel open.  Whoever asks is still to be told that it will not.
 *
 * It says "ask me" when it is ready for that, and waits for the end of
 * its standard input before it closes.
 */
#include <stdio.h>
#include <unistd.h>
#include <vmbus/ic.h>
#include "selftest.h"

#define RING_PAGES	4
#define ASKED_MS	60000

/* 0e0b6031-5213-4934-818b-38d90ced39db */
static const guid_t shutdown_class = {
	{ 0x31, 0x60, 0x0b, 0x0e, 0x13, 0x52, 0x34, 0x49,
	  0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb }
};

union ic {
	struct vmbus_ic_hdr hdr;
	struct {
		u8 head[sizeof(struct vmbus_ic_hdr)];
		struct vmbus_ic_negotiate body;
	} negotiate;
	u8 bytes[PAGE];
};

/* Return: bytes of the packet, 0 if there is none of that type. */
static int receive(struct channel *c, union ic *ic, u16 type, int ms)
{
	int len = channel_get(c, ic, sizeof(*ic), ms);

	if (len >= (int)sizeof(ic->hdr) && ic->hdr.type == type &&
	    (ic->hdr.flags & VMBUS_IC_REQUEST))
		return len;
	if (len == -1)
		note("no packet of type %u", type);
	else
		note("%d bytes, type %u, flags %u, not type %u", len, ic->hdr.type,
		     ic->hdr.flags, type);
	return 0;
}

/* Takes the best of each kind. */
static bool negotiate(struct channel *c)
{
	struct vmbus_ic_negotiate *body;
	union ic ic;
	int len;

	len = receive(c, &ic, VMBUS_IC_NEGOTIATE, TIMEOUT_MS);
	if (!len)
		return false;
	body = &ic.negotiate.body;
	body->versions[1] = body->versions[body->framework_count];
	body->framework_count = 1;
	body->version_count = 1;
	ic.hdr.flags = VMBUS_IC_TRANSACTION | VMBUS_IC_RESPONSE;
	if (!ring_put(&c->out, 0, &ic, len))
		return false;
	channel_send(c);
	return true;
}

/**
 * test_shutdown - the guest's end of a shutdown component
 */
void test_shutdown(void)
{
	const struct vmbus_offer_msg *offer;
	struct channel c;
	struct bed b;
	union ic ic;
	char text[16];

	bed_up(&b);
	if (!ok(bed_contact(&b, VMBUS_VERSION(5, 3), 0), "a connection"))
		goto out;
	offer = bed_find(&b, &shutdown_class);
	if (!ok(offer, "a shutdown component"))
		goto out;
	channel_init(&c, &b.g, offer);
	if (!ok(channel_open(&c, PAGE_RINGS, RING_PAGES, RING_PAGES), "it opens"))
		goto out;
	if (!ok(negotiate(&c), "its versions are settled"))
		goto close;
	note("ask me");
	fflush(stdout);
	if (!ok(receive(&c, &ic, VMBUS_IC_SHUTDOWN, ASKED_MS), "the guest is asked"))
		goto close;
	c.out.hdr->write_index = c.out.size;
	channel_kick(&c);
	while (read(STDIN_FILENO, text, sizeof(text)) > 0)
		;
close:
	channel_close(&c);
	ok(guest_teardown(&b.g, c.id, c.gpadl), "closed");
out:
	bed_down(&b);
}
