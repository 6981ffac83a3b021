// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: what the guest may ask of the adapter, and set.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define NO_ROOM		1000		/* bytes of an answer */
#define NO_QUEUES	8
#define NO_NOT		RNDIS_STATUS_NOT_SUPPORTED
#define NO_SHORT	RNDIS_STATUS_BUFFER_TOO_SHORT
#define NO_LENGTH	RNDIS_STATUS_INVALID_LENGTH
#define NO_DATA		RNDIS_STATUS_INVALID_DATA

/**
 * struct no - an adapter
 * @test: test
 * @control: under test
 * @len: bytes of the last answer
 * @changed: by the last set
 * @out: last answer
 */
struct no {
	struct kunit *test;
	struct netvsp_control control;
	u32 len;
	u32 changed;
	union {
		u8 bytes[NO_ROOM];
		struct ndis_offload offload;
		struct ndis_rss_capabilities rss;
		struct ndis_encapsulation encap;
	} out;
};

static struct no *no_new_ndis(struct kunit *test, u32 major, u32 minor)
{
	struct no *no = kunit_kzalloc(test, sizeof(*no), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, no);
	no->test = test;
	netvsp_control_init(&no->control, NO_QUEUES, major, minor);
	no->control.initialized = true;
	no->control.adapter = (struct netvsp_adapter) {
		.mac = { 2, 1, 2, 3, 4, 5 },
		.permanent_mac = { 2, 9, 9, 9, 9, 9 },
		.mtu = 9000,
		.speed = 100000000,
		.link = true,
		.queues = 4,
		.stats = { 0x100000001, 0x200000002, 3, 4, 0xffffffffffffffff, 0x500000005,
			   0x600000006 },
	};
	return no;
}

static struct no *no_new(struct kunit *test)
{
	return no_new_ndis(test, 6, 30);
}

static u32 no_query_in(struct no *no, u32 oid, const void *in, u32 in_len, u32 room)
{
	u8 *exact = kunit_kzalloc(no->test, in_len ?: 1, GFP_KERNEL);
	u8 *out = kunit_kzalloc(no->test, room ?: 1, GFP_KERNEL);
	u32 status;

	KUNIT_ASSERT_NOT_NULL(no->test, exact);
	KUNIT_ASSERT_NOT_NULL(no->test, out);
	if (in_len)
		memcpy(exact, in, in_len);
	no->len = U32_MAX;
	status = netvsp_oid_query(&no->control, oid, exact, in_len, out, room, &no->len);
	memset(&no->out, 0xa5, sizeof(no->out));
	memcpy(&no->out, out, min_t(u32, room, sizeof(no->out)));
	kunit_kfree(no->test, out);
	kunit_kfree(no->test, exact);
	return status;
}

static u32 no_query(struct no *no, u32 oid)
{
	return no_query_in(no, oid, NULL, 0, NO_ROOM);
}

static u32 no_set(struct no *no, u32 oid, const void *in, u32 in_len)
{
	u8 *exact = kunit_kzalloc(no->test, in_len ?: 1, GFP_KERNEL);
	u32 status;

	KUNIT_ASSERT_NOT_NULL(no->test, exact);
	if (in_len)
		memcpy(exact, in, in_len);
	no->changed = 0;
	status = netvsp_oid_set(&no->control, oid, exact, in_len, &no->changed);
	kunit_kfree(no->test, exact);
	return status;
}

static u32 no_u32(const struct no *no, unsigned int i)
{
	return get_unaligned_le32(no->out.bytes + 4 * i);
}

/* ---- the list ------------------------------------------------------------------------- */

static bool no_listed(struct no *no, u32 oid)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(no->test, no_query(no, RNDIS_OID_GEN_SUPPORTED_LIST), 0);
	for (i = 0; i < no->len / 4; i++)
		if (no_u32(no, i) == oid)
			return true;
	return false;
}

/* Those of later versions are neither listed nor known. */
static void oid_version_test(struct kunit *test)
{
	static const struct { u32 major, minor; bool six, thirty; } ndis[] = {
		{ 0, 0 }, { 5, 0 }, { 5, 1 }, { 5, U32_MAX },
		{ 6, 0, true }, { 6, 1, true }, { 6, 29, true },
		{ 6, 30, true, true }, { 6, U32_MAX, true, true }, { 7, 0, true, true },
		{ U32_MAX, 0, true, true },
	};
	static const struct { u32 oid; bool six, thirty; } oids[] = {
		{ RNDIS_OID_GEN_XMIT_OK }, { RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER },
		{ NDIS_OID_MAX_LINK_SPEED, true }, { NDIS_OID_LINK_STATE, true },
		{ NDIS_OID_BYTES_RCV, true }, { NDIS_OID_BYTES_XMIT, true },
		{ NDIS_OID_OFFLOAD_CURRENT, true }, { NDIS_OID_OFFLOAD_PARAMETERS, true },
		{ NDIS_OID_OFFLOAD_HARDWARE, true }, { NDIS_OID_OFFLOAD_ENCAPSULATION, true },
		{ NDIS_OID_RSS_CAPABILITIES, true, true },
		{ NDIS_OID_RSS_PARAMETERS, true, true },
	};
	unsigned int i, k;
	struct no *no;
	bool there;

	for (i = 0; i < ARRAY_SIZE(ndis); i++) {
		no = no_new_ndis(test, ndis[i].major, ndis[i].minor);
		for (k = 0; k < ARRAY_SIZE(oids); k++) {
			there = (!oids[k].six || ndis[i].six) &&
				(!oids[k].thirty || ndis[i].thirty);
			KUNIT_EXPECT_EQ_MSG(test, no_listed(no, oids[k].oid), there,
					    "NDIS %u.%u OID %x", ndis[i].major, ndis[i].minor,
					    oids[k].oid);
			KUNIT_EXPECT_EQ_MSG(test, no_query(no, oids[k].oid) != NO_NOT ||
					    no_set(no, oids[k].oid, NULL, 0) != NO_NOT, there,
					    "NDIS %u.%u OID %x", ndis[i].major, ndis[i].minor,
					    oids[k].oid);
		}
	}
}

static void oid_list_test(struct kunit *test)
{
	struct no *no = no_new(test);
	u32 *oids = kunit_kzalloc(test, NO_ROOM, GFP_KERNEL);
	u32 i, k, n;

	KUNIT_ASSERT_NOT_NULL(test, oids);
	KUNIT_ASSERT_EQ(test, no_query(no, RNDIS_OID_GEN_SUPPORTED_LIST), 0);
	KUNIT_EXPECT_EQ(test, no->len % 4, 0);
	n = no->len / 4;
	for (i = 0; i < n; i++)
		oids[i] = no_u32(no, i);
	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_NE_MSG(test, oids[i], oids[k], "OID %x twice", oids[i]);
		KUNIT_EXPECT_TRUE_MSG(test, no_query(no, oids[i]) != NO_NOT ||
				      no_set(no, oids[i], NULL, 0) != NO_NOT,
				      "OID %x", oids[i]);
	}
}

static void oid_unknown_test(struct kunit *test)
{
	static const u32 oids[] = {
		0, 1, 0x00010100, 0x00010118 + 1, 0x00010117, RNDIS_OID_GEN_MACHINE_NAME,
		RNDIS_OID_GEN_VLAN_ID, 0x00020106, 0x000200ff, 0x01010106, 0xfc01020a,
		0xfc01020e, 0x80010101, U32_MAX,
	};
	struct no *no = no_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(oids); i++) {
		KUNIT_EXPECT_EQ_MSG(test, no_query(no, oids[i]), NO_NOT, "%x", oids[i]);
		KUNIT_EXPECT_EQ(test, no->len, 0);
		KUNIT_EXPECT_EQ_MSG(test, no_set(no, oids[i], "abcd", 4), NO_NOT, "%x", oids[i]);
		KUNIT_EXPECT_EQ(test, no->changed, 0);
	}
}

/* Many can only be asked for, some only be set. */
static void oid_direction_test(struct kunit *test)
{
	static const u32 query[] = {
		RNDIS_OID_GEN_SUPPORTED_LIST, RNDIS_OID_GEN_LINK_SPEED,
		RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE, RNDIS_OID_GEN_XMIT_OK,
		RNDIS_OID_802_3_PERMANENT_ADDRESS, RNDIS_OID_802_3_CURRENT_ADDRESS,
		NDIS_OID_OFFLOAD_CURRENT, NDIS_OID_OFFLOAD_HARDWARE, NDIS_OID_RSS_CAPABILITIES,
		NDIS_OID_MAX_LINK_SPEED, NDIS_OID_LINK_STATE, NDIS_OID_BYTES_RCV,
		NDIS_OID_BYTES_XMIT,
	};
	static const u32 set[] = {
		RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, RNDIS_OID_GEN_PROTOCOL_OPTIONS,
		RNDIS_OID_GEN_NETWORK_LAYER_ADDRESSES, NDIS_OID_OFFLOAD_PARAMETERS,
		NDIS_OID_RSS_PARAMETERS,
	};
	struct no *no = no_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(query); i++) {
		KUNIT_EXPECT_EQ_MSG(test, no_query(no, query[i]), 0, "%x", query[i]);
		KUNIT_EXPECT_EQ_MSG(test, no_set(no, query[i], "abcdefgh", 8), NO_NOT, "%x",
				    query[i]);
	}
	for (i = 0; i < ARRAY_SIZE(set); i++) {
		KUNIT_EXPECT_EQ_MSG(test, no_query(no, set[i]), NO_NOT, "%x", set[i]);
		KUNIT_EXPECT_NE_MSG(test, no_set(no, set[i], "abcdefgh", 8), NO_NOT, "%x",
				    set[i]);
	}
}

/* ---- what it is ----------------------------------------------------------------------- */

static void oid_number_test(struct kunit *test)
{
	static const struct { u32 oid, value; } table[] = {
		{ RNDIS_OID_GEN_HARDWARE_STATUS, 0 },
		{ RNDIS_OID_GEN_MEDIA_SUPPORTED, 0 },
		{ RNDIS_OID_GEN_MEDIA_IN_USE, 0 },
		{ RNDIS_OID_GEN_PHYSICAL_MEDIUM, 0 },
		{ RNDIS_OID_GEN_MAXIMUM_LOOKAHEAD, 9000 },
		{ RNDIS_OID_GEN_CURRENT_LOOKAHEAD, 9000 },
		{ RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE, 9000 },
		{ RNDIS_OID_GEN_MAXIMUM_TOTAL_SIZE, 9014 },
		{ RNDIS_OID_GEN_LINK_SPEED, 100000000 },
		{ RNDIS_OID_GEN_TRANSMIT_BUFFER_SPACE, 262144 },
		{ RNDIS_OID_GEN_RECEIVE_BUFFER_SPACE, 262144 },
		{ RNDIS_OID_GEN_TRANSMIT_BLOCK_SIZE, 1 },
		{ RNDIS_OID_GEN_RECEIVE_BLOCK_SIZE, 1 },
		{ RNDIS_OID_GEN_VENDOR_ID, 0xffffff },
		{ RNDIS_OID_GEN_VENDOR_DRIVER_VERSION, 0x10000 },
		{ RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 0x2d },
		{ RNDIS_OID_GEN_MAC_OPTIONS, 0x4d },
		{ RNDIS_OID_GEN_MEDIA_CONNECT_STATUS, 0 },
		{ RNDIS_OID_GEN_MAXIMUM_SEND_PACKETS, 8 },
		{ RNDIS_OID_802_3_MAXIMUM_LIST_SIZE, 32 },
		{ RNDIS_OID_802_3_MAC_OPTIONS, 0 },
		{ RNDIS_OID_802_3_RCV_ERROR_ALIGNMENT, 0 },
		{ RNDIS_OID_802_3_XMIT_ONE_COLLISION, 0 },
		{ RNDIS_OID_802_3_XMIT_MORE_COLLISIONS, 0 },
		{ RNDIS_OID_802_3_XMIT_DEFERRED, 0 },
		{ RNDIS_OID_802_3_XMIT_MAX_COLLISIONS, 0 },
		{ RNDIS_OID_802_3_RCV_OVERRUN, 0 },
		{ RNDIS_OID_802_3_XMIT_UNDERRUN, 0 },
		{ RNDIS_OID_802_3_XMIT_HEARTBEAT_FAILURE, 0 },
		{ RNDIS_OID_802_3_XMIT_TIMES_CRS_LOST, 0 },
		{ RNDIS_OID_802_3_XMIT_LATE_COLLISIONS, 0 },
	};
	struct no *no = no_new(test);
	unsigned int i;

	no->control.settings.filter = 0x2d;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ_MSG(test, no_query(no, table[i].oid), 0, "%x", table[i].oid);
		KUNIT_EXPECT_EQ_MSG(test, no->len, 4, "%x", table[i].oid);
		KUNIT_EXPECT_EQ_MSG(test, no_u32(no, 0), table[i].value, "%x", table[i].oid);
	}
}

static void oid_link_test(struct kunit *test)
{
	struct no *no = no_new(test);

	no->control.adapter.link = false;
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_MEDIA_CONNECT_STATUS), 0);
	KUNIT_EXPECT_EQ(test, no_u32(no, 0), RNDIS_MEDIA_STATE_DISCONNECTED);
	no->control.adapter.speed = U32_MAX;
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_LINK_SPEED), 0);
	KUNIT_EXPECT_EQ(test, no_u32(no, 0), U32_MAX);
}

/* What is on the wire */
static void oid_link_state_test(struct kunit *test)
{
	static const struct { bool link; u32 speed; u32 state; u64 bits; } table[] = {
		{ true, 100000000, 1, 10000000000 },
		{ false, 100000000, 2, 10000000000 },
		{ true, U32_MAX, 1, 429496729500 },
		{ false, 0, 2, 0 },
	};
	static const u8 hdr[] = { 0x80, 1, 40, 0 };
	struct no *no = no_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		no->control.adapter.link = table[i].link;
		no->control.adapter.speed = table[i].speed;
		KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_LINK_STATE), 0);
		KUNIT_EXPECT_EQ(test, no->len, 40);
		KUNIT_EXPECT_MEMEQ(test, no->out.bytes, hdr, sizeof(hdr));
		KUNIT_EXPECT_EQ_MSG(test, no_u32(no, 1), table[i].state, "case %u", i);
		KUNIT_EXPECT_EQ(test, no_u32(no, 2), 2);
		KUNIT_EXPECT_EQ(test, no_u32(no, 3), 0);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le64(no->out.bytes + 16), table[i].bits,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(no->out.bytes + 24), table[i].bits);
		KUNIT_EXPECT_EQ(test, no_u32(no, 8), 0);
		KUNIT_EXPECT_EQ(test, no_u32(no, 9), 0);

		KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_MAX_LINK_SPEED), 0);
		KUNIT_EXPECT_EQ(test, no->len, 16);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(no->out.bytes), table[i].bits);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(no->out.bytes + 8), table[i].bits);
	}
}

static void oid_text_test(struct kunit *test)
{
	static const char name[] = "Network Adapter";
	struct no *no = no_new(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_VENDOR_DESCRIPTION), 0);
	KUNIT_ASSERT_GE(test, no->len, 2);
	KUNIT_EXPECT_EQ(test, no->out.bytes[no->len - 1], 0);
	KUNIT_EXPECT_EQ(test, strnlen((char *)no->out.bytes, NO_ROOM), no->len - 1);

	/* Linux looks for its end. */
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_FRIENDLY_NAME), 0);
	KUNIT_EXPECT_EQ(test, no->len, 512);
	for (i = 0; i < 256; i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(no->out.bytes + 2 * i),
				i < sizeof(name) ? name[i] : 0);
}

static void oid_driver_version_test(struct kunit *test)
{
	static const struct { u32 major, minor; u16 version; } table[] = {
		{ 5, 0, 0x0500 }, { 5, 1, 0x0501 }, { 6, 0, 0x0600 }, { 6, 30, 0x061e },
		{ U32_MAX, U32_MAX, 0xffff },
	};
	unsigned int i;
	struct no *no;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		no = no_new_ndis(test, table[i].major, table[i].minor);
		KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_DRIVER_VERSION), 0);
		KUNIT_EXPECT_EQ(test, no->len, 2);
		KUNIT_EXPECT_EQ(test, get_unaligned_le16(no->out.bytes), table[i].version);
	}
}

static void oid_mac_test(struct kunit *test)
{
	static const u8 set[] = { 6, 7, 8, 9, 10, 11 };
	struct no *no = no_new(test);

	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_802_3_PERMANENT_ADDRESS), 0);
	KUNIT_EXPECT_EQ(test, no->len, 6);
	KUNIT_EXPECT_MEMEQ(test, no->out.bytes, no->control.adapter.permanent_mac, 6);
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_802_3_CURRENT_ADDRESS), 0);
	KUNIT_EXPECT_EQ(test, no->len, 6);
	KUNIT_EXPECT_MEMEQ(test, no->out.bytes, no->control.adapter.mac, 6);
	memcpy(no->control.settings.mac, set, 6);
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_802_3_CURRENT_ADDRESS), 0);
	KUNIT_EXPECT_MEMEQ(test, no->out.bytes, set, 6);
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_802_3_PERMANENT_ADDRESS), 0);
	KUNIT_EXPECT_MEMEQ(test, no->out.bytes, no->control.adapter.permanent_mac, 6);
}

static void oid_stats_test(struct kunit *test)
{
	static const u32 oids[] = {
		RNDIS_OID_GEN_XMIT_OK, RNDIS_OID_GEN_RCV_OK, RNDIS_OID_GEN_XMIT_ERROR,
		RNDIS_OID_GEN_RCV_ERROR, RNDIS_OID_GEN_RCV_NO_BUFFER, NDIS_OID_BYTES_RCV,
		NDIS_OID_BYTES_XMIT,
	};
	static const u32 lens[] = { 0, 1, 4, 7, 8, 9, 64 };
	static const u8 in[64];
	struct no *no = no_new(test);
	unsigned int i, k;
	u64 value;

	static_assert(ARRAY_SIZE(oids) == NETVSP_STATS);

	for (i = 0; i < NETVSP_STATS; i++) {
		value = no->control.adapter.stats[i];
		for (k = 0; k < ARRAY_SIZE(lens); k++) {
			KUNIT_EXPECT_EQ(test, no_query_in(no, oids[i], in, lens[k], NO_ROOM), 0);
			KUNIT_EXPECT_EQ(test, no->len, lens[k] < 8 ? 4 : 8);
			if (lens[k] < 8)
				KUNIT_EXPECT_EQ(test, no_u32(no, 0), (u32)value);
			else
				KUNIT_EXPECT_EQ(test, get_unaligned_le64(no->out.bytes), value);
		}
	}
}

/* Each with one byte too few, and with just enough: what is not there is not written. */
static void oid_room_test(struct kunit *test)
{
	struct no *no = no_new(test);
	u32 *oids = kunit_kzalloc(test, NO_ROOM, GFP_KERNEL);
	u32 i, n, len;

	KUNIT_ASSERT_NOT_NULL(test, oids);
	KUNIT_ASSERT_EQ(test, no_query(no, RNDIS_OID_GEN_SUPPORTED_LIST), 0);
	n = no->len / 4;
	for (i = 0; i < n; i++)
		oids[i] = no_u32(no, i);
	for (i = 0; i < n; i++) {
		if (no_query(no, oids[i]))
			continue;
		len = no->len;
		KUNIT_EXPECT_EQ_MSG(test, no_query_in(no, oids[i], NULL, 0, len), 0, "%x",
				    oids[i]);
		KUNIT_EXPECT_EQ(test, no->len, len);
		if (!len)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, no_query_in(no, oids[i], NULL, 0, len - 1), NO_SHORT,
				    "%x", oids[i]);
		KUNIT_EXPECT_EQ(test, no->len, 0);
		KUNIT_EXPECT_EQ(test, no_query_in(no, oids[i], NULL, 0, 0), NO_SHORT);
	}
}

/* ---- offloads ------------------------------------------------------------------------- */

static void oid_offload_revision_test(struct kunit *test)
{
	static const struct {
		u32 major, minor;
		struct ndis_object in;
		u32 in_len;
		u8 revision;
	} table[] = {
		{ 6, 30, { }, 0, 3 }, { 6, 1, { }, 0, 2 }, { 6, 0, { }, 0, 1 },
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 1 }, 4, 1 },
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 2 }, 4, 2 },
		{ 6, 1, { NDIS_OBJECT_OFFLOAD, 3 }, 4, 3 },
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 4 }, 4, 3 },
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 255 }, 4, 3 },
		/* It does not say so. */
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 1 }, 3, 3 },
		{ 6, 30, { NDIS_OBJECT_OFFLOAD, 0 }, 4, 3 },
		{ 6, 30, { NDIS_OBJECT_DEFAULT, 1 }, 4, 3 },
	};
	static const u32 sizes[] = { 112, 144, 156 };
	static const u32 oids[] = { NDIS_OID_OFFLOAD_CURRENT, NDIS_OID_OFFLOAD_HARDWARE };
	unsigned int i, k;
	struct no *no;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		no = no_new_ndis(test, table[i].major, table[i].minor);
		for (k = 0; k < ARRAY_SIZE(oids); k++) {
			KUNIT_EXPECT_EQ(test, no_query_in(no, oids[k], &table[i].in,
							  table[i].in_len, NO_ROOM), 0);
			KUNIT_EXPECT_EQ_MSG(test, no->out.offload.hdr.revision,
					    table[i].revision, "case %u", i);
			KUNIT_EXPECT_EQ(test, no->len, sizes[table[i].revision - 1]);
			KUNIT_EXPECT_EQ(test, le16_to_cpu(no->out.offload.hdr.size), no->len);
			KUNIT_EXPECT_EQ(test, no->out.offload.hdr.type, 0xa7);
		}
	}
}

/* What rndis_netdev_set_hwcaps() looks for */
static void oid_hardware_test(struct kunit *test)
{
	struct no *no = no_new(test);
	const struct ndis_offload *o = &no->out.offload;

	no->control.settings.offloads = 0;
	KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_OFFLOAD_HARDWARE), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->csum4.tx), 0x155);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->csum4.rx), 0x155);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->csum6.tx), 0x055);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->csum6.rx), 0x055);
	KUNIT_EXPECT_TRUE(test, le32_to_cpu(o->csum4.tx_encap) & NDIS_ENCAP_8023);
	KUNIT_EXPECT_TRUE(test, le32_to_cpu(o->lso4_encap) & NDIS_ENCAP_8023);
	KUNIT_EXPECT_TRUE(test, le32_to_cpu(o->lso6_encap) & NDIS_ENCAP_8023);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->lso6_options), 5);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->lso4_max), NETVSP_LSO_MAX);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->lso6_max), NETVSP_LSO_MAX);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->lso4_min), 2);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(o->lso6_min), 2);
	KUNIT_EXPECT_EQ(test, o->rsc4, 0);
	KUNIT_EXPECT_EQ(test, o->rsc6, 0);
	no->control.adapter.rsc = true;
	KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_OFFLOAD_HARDWARE), 0);
	KUNIT_EXPECT_EQ(test, o->rsc4, 1);
	KUNIT_EXPECT_EQ(test, o->rsc6, 1);
}

static void oid_current_test(struct kunit *test)
{
	static const struct { u32 on, tx4, rx4, tx6, rx6; bool lso4, lso6; } table[] = {
		{ 0 },
		{ NETVSP_VM_TX_IP4, 0x101 },
		{ NETVSP_VM_TX_TCP4, 0x015 },
		{ NETVSP_VM_TX_UDP4, 0x041 },
		{ NETVSP_VM_TX_TCP6, 0, 0, 0x015 },
		{ NETVSP_VM_TX_UDP6, 0, 0, 0x041 },
		{ NETVSP_VM_RX_IP4, 0, 0x101 },
		{ NETVSP_VM_RX_TCP4, 0, 0x015 },
		{ NETVSP_VM_RX_UDP4, 0, 0x041 },
		{ NETVSP_VM_RX_TCP6, 0, 0, 0, 0x015 },
		{ NETVSP_VM_RX_UDP6, 0, 0, 0, 0x041 },
		{ NETVSP_VM_TX_LSO4, 0, 0, 0, 0, true },
		{ NETVSP_VM_TX_LSO6, 0, 0, 0, 0, false, true },
		{ NETVSP_OFFLOADS, 0x155, 0x155, 0x055, 0x055, true, true },
	};
	struct no *no = no_new(test);
	const struct ndis_offload *o = &no->out.offload;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		no->control.settings.offloads = table[i].on;
		KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_OFFLOAD_CURRENT), 0);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(o->csum4.tx), table[i].tx4, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(o->csum4.rx), table[i].rx4, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(o->csum6.tx), table[i].tx6, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(o->csum6.rx), table[i].rx6, "case %u", i);
		KUNIT_EXPECT_EQ(test, !!o->csum4.tx_encap, !!table[i].tx4);
		KUNIT_EXPECT_EQ(test, !!o->csum4.rx_encap, !!table[i].rx4);
		KUNIT_EXPECT_EQ(test, !!o->csum6.tx_encap, !!table[i].tx6);
		KUNIT_EXPECT_EQ(test, !!o->csum6.rx_encap, !!table[i].rx6);
		KUNIT_EXPECT_EQ(test, !!o->lso4_encap, table[i].lso4);
		KUNIT_EXPECT_EQ(test, !!o->lso4_max, table[i].lso4);
		KUNIT_EXPECT_EQ(test, !!o->lso6_encap, table[i].lso6);
		KUNIT_EXPECT_EQ(test, !!o->lso6_max, table[i].lso6);
		/* That is set, but the adapter does not have it. */
		KUNIT_EXPECT_EQ(test, o->rsc4 | o->rsc6, 0);
	}
	no->control.adapter.rsc = true;
	no->control.settings.offloads = NETVSP_VM_RX_RSC6;
	KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_OFFLOAD_CURRENT), 0);
	KUNIT_EXPECT_EQ(test, o->rsc4, 0);
	KUNIT_EXPECT_EQ(test, o->rsc6, 1);
}

static void oid_describe_test(struct kunit *test)
{
	static const struct { u8 revision; u32 room, len; } table[] = {
		{ 0, 111, 0 }, { 0, 112, 112 }, { 1, 111, 0 }, { 1, 112, 112 }, { 2, 143, 0 },
		{ 2, 144, 144 }, { 3, 155, 0 }, { 3, 156, 156 }, { 4, 156, 156 },
		{ 255, 155, 0 }, { 255, U32_MAX, 156 }, { 1, 0, 0 },
	};
	struct no *no = no_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		memset(&no->out, 0xa5, sizeof(no->out));
		KUNIT_EXPECT_EQ_MSG(test, netvsp_offload_describe(&no->control, true,
								  table[i].revision, &no->out,
								  table[i].room),
				    table[i].len, "case %u", i);
		KUNIT_EXPECT_EQ(test, no->out.bytes[table[i].len], 0xa5);
	}
}

static void oid_encapsulation_test(struct kunit *test)
{
	static const struct { u8 type, revision; u32 on4, encap4, on6, encap6, status; } table[] = {
		{ 0xa8, 1, 1, 2, 1, 2, 0 },
		{ 0xa8, 1, 0, 0, 0, 0, 0 },
		{ 0xa8, 1, 2, 0, 2, 0, 0 },
		{ 0xa8, 1, 1, 0xe, 2, 0x10, 0 },
		{ 0xa8, 2, 1, 2, 1, 2, 0 },
		{ 0xa8, 0, 1, 2, 1, 2, NO_DATA },
		{ 0xa7, 1, 1, 2, 1, 2, NO_DATA },
		{ 0xa8, 1, 3, 2, 1, 2, NO_DATA },
		{ 0xa8, 1, 1, 2, U32_MAX, 2, NO_DATA },
		{ 0xa8, 1, 1, 0x10, 1, 2, NO_NOT },
		{ 0xa8, 1, 1, 2, 1, 0, NO_NOT },
	};
	struct no *no = no_new(test);
	struct ndis_encapsulation e;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		e = (struct ndis_encapsulation) {
			.hdr = { table[i].type, table[i].revision, cpu_to_le16(28) },
			.ip[0].enabled = cpu_to_le32(table[i].on4),
			.ip[0].encap = cpu_to_le32(table[i].encap4),
			.ip[1].enabled = cpu_to_le32(table[i].on6),
			.ip[1].encap = cpu_to_le32(table[i].encap6),
		};
		KUNIT_EXPECT_EQ_MSG(test, no_set(no, NDIS_OID_OFFLOAD_ENCAPSULATION, &e, 28),
				    table[i].status, "case %u", i);
		KUNIT_EXPECT_EQ(test, no->changed,
				table[i].status ? 0 : NETVSP_CHANGED_OFFLOADS);
	}
	for (i = 0; i < 28; i++)
		KUNIT_EXPECT_EQ(test, no_set(no, NDIS_OID_OFFLOAD_ENCAPSULATION, &e, i),
				NO_LENGTH);

	/* What it answers it takes. */
	KUNIT_EXPECT_EQ(test, no_query(no, NDIS_OID_OFFLOAD_ENCAPSULATION), 0);
	KUNIT_EXPECT_EQ(test, no->len, 28);
	e = no->out.encap;
	KUNIT_EXPECT_EQ(test, no_set(no, NDIS_OID_OFFLOAD_ENCAPSULATION, &e, no->len), 0);
}

static void oid_rss_test(struct kunit *test)
{
	static const struct { u8 type, revision; u32 in_len; u8 answered; u32 len; } table[] = {
		{ 0, 0, 0, 2, 18 }, { 0x88, 2, 4, 2, 18 }, { 0x88, 1, 4, 1, 16 },
		{ 0x88, 3, 4, 2, 18 }, { 0x88, 0, 4, 2, 18 }, { 0x89, 1, 4, 2, 18 },
		{ 0x88, 1, 3, 2, 18 },
	};
	struct no *no = no_new(test);
	struct ndis_object in;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		in = (struct ndis_object) { table[i].type, table[i].revision };
		KUNIT_EXPECT_EQ(test, no_query_in(no, NDIS_OID_RSS_CAPABILITIES, &in,
						  table[i].in_len, NO_ROOM), 0);
		KUNIT_EXPECT_EQ_MSG(test, no->len, table[i].len, "case %u", i);
		KUNIT_EXPECT_EQ(test, no->out.rss.hdr.type, 0x88);
		KUNIT_EXPECT_EQ(test, no->out.rss.hdr.revision, table[i].answered);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(no->out.rss.hdr.size), no->len);
		/* Those that there can be, not those that there are. */
		KUNIT_EXPECT_EQ(test, le32_to_cpu(no->out.rss.queues), NO_QUEUES);
		KUNIT_EXPECT_TRUE(test, le32_to_cpu(no->out.rss.flags) & NDIS_HASH_TOEPLITZ);
		if (no->len == 18)
			KUNIT_EXPECT_EQ(test, le16_to_cpu(no->out.rss.entries), 128);
	}
}

/* ---- sets ----------------------------------------------------------------------------- */

static void oid_filter_test(struct kunit *test)
{
	static const u8 in[] = { 0x2d, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff };
	struct no *no = no_new(test);
	u32 len;

	for (len = 0; len < 4; len++) {
		KUNIT_EXPECT_EQ(test, no_set(no, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, in, len),
				NO_LENGTH);
		KUNIT_EXPECT_EQ(test, no->control.settings.filter, 0);
		KUNIT_EXPECT_EQ(test, no->changed, 0);
	}
	for (len = 4; len <= 8; len++) {
		KUNIT_EXPECT_EQ(test, no_set(no, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, in, len), 0);
		KUNIT_EXPECT_EQ(test, no->control.settings.filter, 0x8000002d);
		/* The second time it is nothing new. */
		KUNIT_EXPECT_EQ(test, no->changed, len == 4 ? NETVSP_CHANGED_FILTER : 0);
	}
	KUNIT_EXPECT_EQ(test, no_set(no, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, "\0\0\0", 4), 0);
	KUNIT_EXPECT_EQ(test, no->control.settings.filter, 0);
	KUNIT_EXPECT_EQ(test, no->changed, NETVSP_CHANGED_FILTER);
}

static void oid_multicast_test(struct kunit *test)
{
	static const struct { u32 len, status; } table[] = {
		{ 0, 0 }, { 1, NO_LENGTH }, { 5, NO_LENGTH }, { 6, 0 }, { 7, NO_LENGTH },
		{ 12, 0 }, { 191, NO_LENGTH }, { 192, 0 }, { 193, NO_LENGTH },
		{ 198, RNDIS_STATUS_MULTICAST_FULL }, { 600, RNDIS_STATUS_MULTICAST_FULL },
	};
	static const u8 list[600];
	struct no *no = no_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, no_set(no, RNDIS_OID_802_3_MULTICAST_LIST, list,
						 table[i].len), table[i].status, "%u",
				    table[i].len);
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_802_3_MULTICAST_LIST), 0);
	KUNIT_EXPECT_EQ(test, no->len, 0);
}

/* Taken, and without effect */
static void oid_ignored_test(struct kunit *test)
{
	static const struct { u32 oid, min; } table[] = {
		{ RNDIS_OID_GEN_CURRENT_LOOKAHEAD, 4 }, { RNDIS_OID_GEN_PROTOCOL_OPTIONS, 4 },
		{ RNDIS_OID_GEN_NETWORK_LAYER_ADDRESSES, 0 },
	};
	static const u8 in[64] = { 0x40 };
	struct no *no = no_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		for (len = 0; len <= 64; len++) {
			KUNIT_EXPECT_EQ(test, no_set(no, table[i].oid, in, len),
					len < table[i].min ? NO_LENGTH : 0);
			KUNIT_EXPECT_EQ(test, no->changed, 0);
		}
	}
	KUNIT_EXPECT_EQ(test, no_query(no, RNDIS_OID_GEN_CURRENT_LOOKAHEAD), 0);
	KUNIT_EXPECT_EQ(test, no_u32(no, 0), 9000);
}

static struct kunit_case netvsp_oid_cases[] = {
	KUNIT_CASE(oid_version_test),
	KUNIT_CASE(oid_list_test),
	KUNIT_CASE(oid_unknown_test),
	KUNIT_CASE(oid_direction_test),
	KUNIT_CASE(oid_number_test),
	KUNIT_CASE(oid_link_test),
	KUNIT_CASE(oid_link_state_test),
	KUNIT_CASE(oid_text_test),
	KUNIT_CASE(oid_driver_version_test),
	KUNIT_CASE(oid_mac_test),
	KUNIT_CASE(oid_stats_test),
	KUNIT_CASE(oid_room_test),
	KUNIT_CASE(oid_offload_revision_test),
	KUNIT_CASE(oid_hardware_test),
	KUNIT_CASE(oid_current_test),
	KUNIT_CASE(oid_describe_test),
	KUNIT_CASE(oid_encapsulation_test),
	KUNIT_CASE(oid_rss_test),
	KUNIT_CASE(oid_filter_test),
	KUNIT_CASE(oid_multicast_test),
	KUNIT_CASE(oid_ignored_test),
	{}
};

static struct kunit_suite netvsp_oid_suite = {
	.name = "vmbus_netvsp_oid",
	.test_cases = netvsp_oid_cases,
};

kunit_test_suite(netvsp_oid_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: OIDs");
MODULE_LICENSE("GPL");
