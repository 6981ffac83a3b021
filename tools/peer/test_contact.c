// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contact, versions, offers, unload, reset.
 */
#include <string.h>
#include "selftest.h"

/* Every version there is. */
static const u32 versions[] = {
	VMBUS_VERSION(0, 13),
	VMBUS_VERSION(1, 1),
	VMBUS_VERSION(2, 4),
	VMBUS_VERSION(3, 0),
	VMBUS_VERSION(4, 0),
	VMBUS_VERSION(4, 1),
	VMBUS_VERSION(5, 0),
	VMBUS_VERSION(5, 1),
	VMBUS_VERSION(5, 2),
	VMBUS_VERSION(5, 3),
	VMBUS_VERSION(6, 0),
};

static const u32 no_versions[] = {
	0, 1, VMBUS_VERSION(0, 12), VMBUS_VERSION(0, 14), VMBUS_VERSION(1, 0),
	VMBUS_VERSION(2, 0), VMBUS_VERSION(3, 1), VMBUS_VERSION(4, 2), VMBUS_VERSION(5, 4),
	VMBUS_VERSION(6, 1), VMBUS_VERSION(7, 0), 0x12345, 0xffffffff,
};

static bool refused(const union message *a, unsigned int size)
{
	static const u8 want[sizeof(struct vmbus_version_response_msg)] = {
		VMBUS_MSG_VERSION_RESPONSE
	};

	return size == sizeof(want) && !memcmp(a, want, sizeof(want));
}

static unsigned int contact(struct guest *g, const struct vmbus_contact2_msg *msg, union message *a)
{
	g->vp = msg->contact.version >= VMBUS_VERSION(3, 0) ? msg->contact.target_vp : 0;
	g->version = 0;
	return guest_ask(g, msg, sizeof(msg->contact), a, VMBUS_MSG_VERSION_RESPONSE);
}

/* From the handshake to the unload, by the rules of one version. */
static void test_version(struct bed *b, u32 version, u32 connection)
{
	unsigned int major = version >> 16, minor = version & 0xffff, size, want;
	struct vmbus_contact2_msg msg;
	union message a = { };

	b->g.connection = connection;
	contact_init(&msg, version, 0);
	size = contact(&b->g, &msg, &a);
	want = version >= VMBUS_VERSION(6, 0) ? 20 : 16;
	ok(size == want && a.version.v1.supported == 1 && !a.version.v1.connection_state &&
	   a.version.v1.selected == (version >= VMBUS_VERSION(5, 0) ? connection : version),
	   "version %u.%u is accepted on connection %u", major, minor, connection);
	ok(bed_connect(b, version, 0) && bed_echo(b, 20), "its channel works");
	ok(guest_unload(&b->g) && guest_quiet(&b->g), "its unload is answered");
}

static void test_features(struct bed *b)
{
	struct vmbus_contact2_msg msg;
	u32 all = 0, bit;
	union message a;
	bool good = true;

	ok(guest_contact(&b->g, VMBUS_VERSION(6, 0), 0) && !b->g.features, "no feature is wanted");
	for (bit = 1; bit; bit <<= 1) {
		good &= guest_contact(&b->g, VMBUS_VERSION(6, 0), bit) && !(b->g.features & ~bit);
		all |= b->g.features;
	}
	ok(good, "one feature at a time");
	ok(guest_contact(&b->g, VMBUS_VERSION(6, 0), ~0) && b->g.features == all,
	   "all at once: %#x", b->g.features);
	ok((all & 7) == 7 && !(all & ~0xff), "these are known ones");
	ok(guest_contact(&b->g, VMBUS_VERSION(5, 3), ~0 & ~VMBUS_FEATURE_CLIENT_ID) &&
	   !b->g.features, "5.3 has none");

	/* It says that an id follows, and none does. */
	contact_init(&msg, VMBUS_VERSION(6, 0), VMBUS_FEATURE_CLIENT_ID);
	guest_post(&b->g, &msg, sizeof(msg.contact));
	ok(guest_quiet(&b->g), "a contact without its client id is dropped");
	b->g.version = 0;
	ok(guest_post(&b->g, &msg, sizeof(msg)) && guest_receive(&b->g, &a) == sizeof(a.version),
	   "with it, it is answered");
}

/* Contacts that this server does not answer, or not here. */
static void test_targets(struct bed *b)
{
	struct guest *g = &b->g;
	struct vmbus_msg_hdr ask = { .type = VMBUS_MSG_REQUEST_OFFERS };
	struct vmbus_contact2_msg msg;
	union message a;

	ok(guest_contact(g, VMBUS_VERSION(5, 3), 0), "a connection");
	contact_init(&msg, VMBUS_VERSION(5, 3), 0);
	msg.contact.target_info = 2 << 8 | VMBUS_SINT;
	guest_post(g, &msg, sizeof(msg.contact));
	ok(guest_quiet(g), "a contact for VTL 2 is dropped");
	msg.contact.version = VMBUS_VERSION(5, 0);
	ok(contact(g, &msg, &a) == 16 && a.version.v1.supported, "5.0 knows no VTL");

	contact_init(&msg, VMBUS_VERSION(5, 0), 0);
	msg.contact.target_info = 5;
	g->version = VMBUS_VERSION(5, 0);
	guest_post(g, &msg, sizeof(msg.contact));
	ok(guest_quiet(g), "a contact for SINT 5 is not answered on SINT 2");
	ok(refused(&a, guest_take(g, 0, 5, &a)), "but there, and refused");
	msg.contact.version = VMBUS_VERSION(4, 1);
	ok(contact(g, &msg, &a) == 16 && a.version.v1.supported, "4.1 knows no SINT");
	g->connection = VMBUS_CONN_MESSAGE;
	msg.contact.version = VMBUS_VERSION(5, 3);
	ok(contact(g, &msg, &a) == 16 && a.version.v1.supported == 1,
	   "nor does connection 1 in 5.3");
	g->connection = VMBUS_CONN_MESSAGE_MULTI;

	contact_init(&msg, VMBUS_VERSION(5, 3), 0);
	msg.contact.target_vp = 1;
	ok(contact(g, &msg, &a) == 16 && a.version.v1.supported, "VP 1 gets what it asks for");
	g->version = VMBUS_VERSION(5, 3);
	ok(guest_quiet(g), "and all answers after that");
	msg.contact.target_vp = VPS;
	guest_post(g, &msg, sizeof(msg.contact));
	ok(guest_quiet(g), "a contact that names no VP is dropped");

	contact_init(&msg, VMBUS_VERSION(5, 3), 0);
	msg.contact.parent_to_child = RAM_GPA + 9 * PAGE;
	ok(contact(g, &msg, &a) == 16 && a.version.v1.supported == 1 &&
	   a.version.v1.connection_state == VMBUS_CONNECTION_FAILED, "one monitor page is wrong");
	guest_post(g, &ask, sizeof(ask));
	ok(guest_quiet(g), "that ends the connection");
}

static void test_modify(struct bed *b)
{
	struct vmbus_modify_connection_msg msg = { .hdr.type = VMBUS_MSG_MODIFY_CONNECTION };
	u64 page = RAM_GPA + 9 * PAGE;
	struct guest *g = &b->g;

	ok(guest_contact(g, VMBUS_VERSION(6, 0), VMBUS_FEATURE_MODIFY_CONNECTION),
	   "a connection that can be modified");
	ok(guest_modify(g, 0, 0) == VMBUS_CONNECTION_OK, "no monitor pages");
	ok(guest_modify(g, page, 0) == VMBUS_CONNECTION_FAILED &&
	   guest_modify(g, 0, page) == VMBUS_CONNECTION_FAILED, "one monitor page is wrong");
	ok(bed_connect(b, VMBUS_VERSION(6, 0), 0), "a connection that cannot be");
	guest_post(g, &msg, sizeof(msg));
	ok(guest_quiet(g), "does not answer to that");
}

static void test_no_version(struct bed *b, u32 version)
{
	struct vmbus_contact2_msg msg;
	union message a;

	contact_init(&msg, version, 0);
	ok(refused(&a, contact(&b->g, &msg, &a)), "version %u.%u is refused", version >> 16,
	   version & 0xffff);
}

/**
 * test_versions - a server that does not speak every version: opt.max_version at most
 */
void test_versions(void)
{
	struct bed b;
	unsigned int i;

	bed_up(&b);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		if (versions[i] <= opt.max_version)
			test_version(&b, versions[i], VMBUS_CONN_MESSAGE_MULTI);
		else
			test_no_version(&b, versions[i]);
	}
	bed_down(&b);
}

/**
 * test_contact - versions, features, targets
 */
void test_contact(void)
{
	struct bed b;
	struct vmbus_contact2_msg msg;
	struct vmbus_msg_hdr hdr = { .type = VMBUS_MSG_UNLOAD };
	unsigned int i;

	bed_up(&b);
	guest_post(&b.g, &hdr, sizeof(hdr));
	hdr.type = VMBUS_MSG_REQUEST_OFFERS;
	guest_post(&b.g, &hdr, sizeof(hdr));
	ok(guest_quiet(&b.g), "nothing is answered before a contact");
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		test_version(&b, versions[i], VMBUS_CONN_MESSAGE);
		test_version(&b, versions[i], VMBUS_CONN_MESSAGE_MULTI);
	}
	for (i = 0; i < ARRAY_SIZE(no_versions); i++)
		test_no_version(&b, no_versions[i]);
	guest_post(&b.g, &hdr, sizeof(hdr));
	ok(guest_quiet(&b.g), "and is no connection");

	ok(guest_contact(&b.g, VMBUS_VERSION(6, 0), 0), "a connection");
	for (i = 0; i < sizeof(msg.contact); i++) {
		contact_init(&msg, VMBUS_VERSION(5, 3), 0);
		guest_post(&b.g, &msg, i);
	}
	ok(guest_quiet(&b.g), "a contact that is too short is dropped");
	test_features(&b);
	test_targets(&b);
	test_modify(&b);
	bed_down(&b);
}

/**
 * test_offers - offers, and how a connection ends
 */
void test_offers(void)
{
	struct vmbus_msg_hdr ask = { .type = VMBUS_MSG_REQUEST_OFFERS };
	struct vmbus_offer_msg first[MAX_OFFERS], *o;
	unsigned int i, n, rounds = 0;
	struct channel c;
	struct bed b;
	bool sorted = true;

	bed_up(&b);
	if (!ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "the echo pipe is offered"))
		goto down;
	n = b.n;
	memcpy(first, b.offers, sizeof(first));
	o = &b.echo;
	ok(o->flags == (VMBUS_OFFER_ENUMERATE | VMBUS_OFFER_NAMED_PIPE) && !o->subchannel &&
	   o->user_defined[0] == 4 && o->is_dedicated == 1, "as a pipe of messages");
	ok(o->connection_id == VMBUS_CONN_EVENT(o->channel_id, VMBUS_SINT, 0),
	   "with the usual connection");
	for (i = 0; i < n; i++) {
		sorted &= first[i].channel_id == i + 1;
		sorted &= !i || memcmp(&first[i - 1].class_id, &first[i].class_id, 16) <= 0;
	}
	ok(sorted, "%u offers are sorted, and have the lowest ids", n);
	guest_post(&b.g, &ask, sizeof(ask));
	ok(guest_quiet(&b.g), "who asks twice is not answered");

	channel_init(&c, &b.g, &b.echo);
	ok(channel_open(&c, PAGE_RINGS, 4, 4) && echo(&c, 10, 8, 100, 1), "a channel");
	ok(bed_connect(&b, VMBUS_VERSION(6, 0), 0), "a contact while it is open");
	ok(b.n == n && !memcmp(first, b.offers, n * sizeof(first[0])), "offers are as before");
	ok(bed_echo(&b, 10), "the channel works");

	channel_init(&c, &b.g, &b.echo);
	ok(channel_open(&c, PAGE_RINGS, 4, 4), "a channel");
	ok(guest_unload(&b.g), "an unload while it is open");
	guest_post(&b.g, &ask, sizeof(ask));
	ok(guest_quiet(&b.g), "ends the connection");

	while (rounds < 50 && bed_connect(&b, VMBUS_VERSION(5, 3), 0) && b.n == n &&
	       !memcmp(first, b.offers, n * sizeof(first[0])) && guest_unload(&b.g))
		rounds++;
	ok(rounds == 50, "50 connections, one after the other: %u", rounds);

	ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0), "a connection");
	channel_init(&c, &b.g, &b.echo);
	ok(channel_open(&c, PAGE_RINGS, 4, 4) && echo(&c, 10, 8, 100, 2), "a channel");
	monitor_reset(&b.m);
	for (i = 0; i < VPS; i++) {
		memset(ram_page(&b.g, PAGE_SIMP(i)), 0, 2 * PAGE);
		monitor_set_synic(&b.m, i);
	}
	b.g.version = 0;
	guest_post(&b.g, &ask, sizeof(ask));
	ok(guest_quiet(&b.g), "a reset while it is open ends the connection");
	ok(bed_connect(&b, VMBUS_VERSION(5, 3), 0) && bed_echo(&b, 10), "and the next one works");
down:
	bed_down(&b);
}
