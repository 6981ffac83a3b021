// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's driver of a VPCI bus, as little of it as the tests need.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vpcibus.h"

#define RELAYED		"/sys/class/vpci_relay/vpci_relay/offers/"
#define COMPLETION	1		/* flag of a packet */
#define FEATURES	(VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI | VMBUS_PARTITION_F_EVENTS)

/* 44c4f61d-4444-4400-9d52-802e27ede19f */
static const guid_t vpci_class = {
	{ 0x1d, 0xf6, 0xc4, 0x44, 0x44, 0x44, 0x00, 0x44,
	  0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f }
};

/* ---- its life -------------------------------------------------------------------------- */

/**
 * vpci_begin - a guest that is connected, and has found a bus
 * @v: result
 * @b: bed for it
 *
 * Return: false if there is none; bed_down() is due in either case.
 */
bool vpci_begin(struct vpci *v, struct bed *b)
{
	const struct vmbus_offer_msg *offer;

	memset(v, 0, sizeof(*v));
	v->b = b;
	bed_up_with(b, FEATURES);
	monitor_set_msis(&b->m);
	if (!bed_contact(b, VMBUS_VERSION(5, 3), 0))
		return false;
	offer = bed_find(b, &vpci_class);
	if (offer)
		v->offer = *offer;
	return offer;
}

/**
 * vpci_open - open its channel
 * @v: bus
 *
 * Return: false if that is refused.
 */
bool vpci_open(struct vpci *v)
{
	channel_init(&v->c, &v->b->g, &v->offer);
	return channel_open(&v->c, PAGE_RINGS, VPCI_RING_PAGES, VPCI_RING_PAGES);
}

/**
 * vpci_close - close it, in whatever state it is
 * @v: bus
 *
 * Return: true if all memory is the guest's again.
 */
bool vpci_close(struct vpci *v)
{
	channel_close(&v->c);
	return guest_teardown(&v->b->g, v->c.id, v->c.gpadl);
}

/**
 * vpci_broken - the server takes nothing from the channel any more
 * @v: bus, open
 *
 * Return: true if it is so, at once or soon.
 */
bool vpci_broken(struct vpci *v)
{
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;
	char state[32];

	while (chan_value(&v->c, "state", state, sizeof(state)) && now_us() < end) {
		if (!strcmp(state, "open-broken"))
			return true;
		usleep(1000);
	}
	return false;
}

/* ---- packets --------------------------------------------------------------------------- */

/**
 * vpci_put - send a message
 * @v: bus, open
 * @msg: message
 * @len: its bytes; what arrives is a multiple of 8
 * @answer: ask for one
 *
 * Return: false if there is no room.
 */
bool vpci_put(struct vpci *v, const void *msg, u32 len, bool answer)
{
	struct vmpacket_descriptor d = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = sizeof(d) / 8,
		.flags = answer ? COMPLETION : 0,
		.trans_id = ++v->id,
	};

	if (!ring_put_packet(&v->c.out, &d, msg, len))
		return false;
	channel_send(&v->c);
	return true;
}

static void take_list(struct vpci *v, const u8 *msg, int len)
{
	struct vpci_bus_relations list;
	u32 size, i;

	if (len < (int)sizeof(list))
		goto bad;
	memcpy(&list, msg, sizeof(list));
	size = list.type == VPCI_MSG_BUS_RELATIONS2 ? sizeof(struct vpci_device2) :
						      sizeof(struct vpci_device);
	if ((list.type != VPCI_MSG_BUS_RELATIONS && list.type != VPCI_MSG_BUS_RELATIONS2) ||
	    list.count > VPCI_DEVICES || len < (int)(sizeof(list) + list.count * size))
		goto bad;
	memset(v->devices, 0, sizeof(v->devices));
	for (i = 0; i < list.count; i++)
		memcpy(&v->devices[i], msg + sizeof(list) + i * size, size);
	v->list_type = list.type;
	v->n = list.count;
	v->lists++;
	return;
bad:
	v->others++;
	note("a message of %d bytes", len);
}

/* Bytes of an answer to the last request; -1: it was another packet. */
static int take_packet(struct vpci *v, const struct vmpacket_descriptor *d, const u8 *data, int len)
{
	if (d->type == VM_PKT_DATA_INBAND) {
		take_list(v, data, len);
	} else if (d->type == VM_PKT_COMP && d->trans_id == v->id) {
		memcpy(&v->answer, data, len);
		return len;
	} else if (d->type != VM_PKT_COMP || !d->trans_id || d->trans_id > v->id) {
		v->others++;
		note("a packet of type %u, id %llu", d->type, d->trans_id);
	}
	return -1;
}

/**
 * vpci_take - take what comes, up to the answer to the last request
 * @v: bus, open
 * @ms: without anything for so long there is none
 *
 * Return: bytes of the answer, or -1.
 */
int vpci_take(struct vpci *v, int ms)
{
	static u8 data[sizeof(v->answer)];
	struct vmpacket_descriptor d;
	int len, answer = -1;
	bool moved = false;

	while (answer < 0) {
		len = ring_get_packet(&v->c.in, &d, data, sizeof(data));
		if (len >= 0) {
			answer = take_packet(v, &d, data, len);
			moved = true;
			continue;
		}
		channel_receive(&v->c);
		if (len == -2) {
			v->others++;
			note("a malformed packet");
			return -1;
		}
		/* What came before the room was given back did not interrupt. */
		if (!moved && !channel_wait(&v->c, ms))
			return -1;
		moved = false;
	}
	channel_receive(&v->c);
	return answer;
}

/**
 * vpci_ask - send a request and wait for its answer
 * @v: bus, open
 * @msg: request
 * @len: its bytes
 *
 * Return: bytes of the answer, which is in vpci::answer; -1 if there is none.
 */
int vpci_ask(struct vpci *v, const void *msg, u32 len)
{
	memset(&v->answer, 0xee, sizeof(struct vpci_resources_reply));
	return vpci_put(v, msg, len, true) ? vpci_take(v, TIMEOUT_MS) : -1;
}

/**
 * vpci_status - the same, for its status
 * @v: bus, open
 * @msg: request
 * @len: its bytes
 *
 * Return: VPCI_STATUS_*, or VPCI_NO_ANSWER.
 */
u32 vpci_status(struct vpci *v, const void *msg, u32 len)
{
	return vpci_ask(v, msg, len) < (int)sizeof(v->answer.status) ? VPCI_NO_ANSWER :
								      v->answer.status;
}

/**
 * vpci_slot_status - the same for a request that is a type and a slot
 * @v: bus, open
 * @type: VPCI_MSG_*
 * @slot: slot
 *
 * Return: as vpci_status().
 */
u32 vpci_slot_status(struct vpci *v, u32 type, u32 slot)
{
	struct vpci_slot_msg msg = { .type = type, .slot = slot };

	return vpci_status(v, &msg, sizeof(msg));
}

/**
 * vpci_refuses - a request is refused, and counted as such
 * @v: bus, open
 * @msg: request
 * @len: its bytes
 * @status: VPCI_STATUS_*, or VPCI_ANY_FAILURE
 *
 * Return: true if it was.
 */
bool vpci_refuses(struct vpci *v, const void *msg, u32 len, u32 status)
{
	u32 got = vpci_status(v, msg, len);

	v->refused++;
	if (got == VPCI_NO_ANSWER || (got != status && status != VPCI_ANY_FAILURE) ||
	    !(got & VPCI_ANY_FAILURE)) {
		note("type %#x, %u bytes: status %#x, not %#x", len ? *(const u32 *)msg : 0, len,
		     got, status);
		return false;
	}
	if (vpci_counter(v, "refused") == v->refused)
		return true;
	note("type %#x, %u bytes: not counted", len ? *(const u32 *)msg : 0, len);
	v->refused = vpci_counter(v, "refused");
	return false;
}

/**
 * vpci_hello - agree on a version
 * @v: bus, just opened
 * @version: VPCI_VERSION_*
 *
 * Return: true if it is taken.
 */
bool vpci_hello(struct vpci *v, u32 version)
{
	struct vpci_query_version msg = { .type = VPCI_MSG_QUERY_VERSION, .version = version };

	return !vpci_status(v, &msg, sizeof(msg)) && v->answer.version.version == version;
}

/**
 * vpci_enter - have the window somewhere
 * @v: bus
 * @window: address
 *
 * Return: as vpci_status().
 */
u32 vpci_enter(struct vpci *v, u64 window)
{
	struct vpci_d0_entry msg = { .type = VPCI_MSG_D0_ENTRY, .window = window };

	return vpci_status(v, &msg, sizeof(msg));
}

/* ---- what the relay has counted ---------------------------------------------------------- */

/**
 * vpci_counter - of the guest's doings on a bus
 * @v: bus
 * @name: of the counter
 *
 * Return: its value.
 */
u64 vpci_counter(struct vpci *v, const char *name)
{
	const u8 *b = v->offer.instance_id.b;
	unsigned long long value, found = ~0ULL;
	char path[256], word[64];
	FILE *f;

	snprintf(path, sizeof(path), RELAYED
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x/guest_counters",
		 b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fscanf(f, "%63s %llu", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	fclose(f);
	return found;
}

/* ---- configuration space ----------------------------------------------------------------- */

/**
 * vpci_config - read from configuration space
 * @v: bus
 * @window: where the window is, or should be
 * @slot: of what
 * @reg: where in it
 * @size: bytes
 *
 * Return: what was read.
 */
u32 vpci_config(struct vpci *v, u64 window, u32 slot, u32 reg, unsigned int size)
{
	monitor_mmio_write(&v->b->m, window + VPCI_WINDOW_SLOT, sizeof(slot), slot);
	return monitor_mmio_read(&v->b->m, window + VPCI_WINDOW_CONFIG + reg, size);
}

/**
 * vpci_config_set - write to it
 * @v: bus
 * @window: where the window is, or should be
 * @slot: of what
 * @reg: where in it
 * @size: bytes
 * @value: what to write
 */
void vpci_config_set(struct vpci *v, u64 window, u32 slot, u32 reg, unsigned int size, u32 value)
{
	monitor_mmio_write(&v->b->m, window + VPCI_WINDOW_SLOT, sizeof(slot), slot);
	monitor_mmio_write(&v->b->m, window + VPCI_WINDOW_CONFIG + reg, size, value);
}
