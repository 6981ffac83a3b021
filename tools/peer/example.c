// SPDX-License-Identifier: GPL-2.0-only
/*
 * How to use /dev/vmbus_partition, without a virtual machine: this process is the
 * monitor and the guest.  Read monitor.c first, it has the monitor's calls; this file
 * says when they are made, and what the guest does in between.
 *
 * Needed: a VMBus server for the partition of the name that is given, and on it an
 * offer of vmbus_testroot's echo pipe.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "peer.h"

#define PACKETS		1000

static const guid_t echo_class = {
	{ 0xa3, 0xe2, 0x1c, 0x6b, 0x6e, 0x0b, 0x5f, 0x4a,
	  0x9c, 0x5d, 0x1f, 0x3c, 0x7e, 0x2a, 0x90, 0x41 }
};

static void must(bool done, const char *what)
{
	printf("%s: %s\n", what, done ? "done" : "failed");
	if (!done)
		exit(1);
}

/* The guest's driver: each packet comes back. */
static bool exchange(struct channel *c)
{
	/* A pipe's packet begins with { type 1: data, bytes }. */
	u32 sent[4] = { 1, 8 }, got[4];
	unsigned int out = 0, in = 0;
	bool idle = false;
	u64 id;

	while (in < PACKETS) {
		while (out < PACKETS && (sent[2] = out, ring_put(&c->out, out, sent, sizeof(sent))))
			out++;
		channel_send(c);
		/* What came behind an unread packet does not interrupt: look, then sleep. */
		if (idle && !channel_wait(c, TIMEOUT_MS))
			return false;
		idle = true;
		while (ring_get(&c->in, &id, got, sizeof(got)) == sizeof(got)) {
			if (id != in || got[2] != in)
				return false;
			in++;
			idle = false;
		}
		channel_receive(c);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct vmbus_offer_msg offers[64];
	struct monitor m;
	struct guest g = { .m = &m, .connection = VMBUS_CONN_MESSAGE_MULTI };
	struct channel c;
	unsigned int n;

	/* The monitor sets up a guest ... */
	monitor_open(&m, argc > 1 ? argv[1] : "guest0", 0);
	monitor_set_memory(&m);
	monitor_set_vps(&m);
	monitor_set_kicks(&m);
	/* ... which boots, and turns its synthetic interrupt controller on, ... */
	monitor_set_synic(&m, 0);

	/* ... finds the VMBus and what is on it, ... */
	must(guest_contact(&g, VMBUS_VERSION(5, 3), 0), "contact with protocol 5.3");
	n = guest_offers(&g, offers, 64);
	while (n && memcmp(&offers[n - 1].class_id, &echo_class, sizeof(echo_class)))
		n--;
	must(n, "offer of an echo pipe");

	/* ... and uses it. */
	channel_init(&c, &g, &offers[n - 1]);
	must(channel_open(&c, PAGE_RINGS, 4, 4), "open");
	must(exchange(&c), "exchange of packets");
	channel_close(&c);
	must(guest_teardown(&g, c.id, c.gpadl), "teardown of the rings");
	must(guest_unload(&g), "unload");
	monitor_close(&m);
	return 0;
}
