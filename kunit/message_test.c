// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the message table of vmbus_srv, of contact and version response.
 *
 * The tables here are written from the protocol, not from the code under test.
 */
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_srv/vsrv.h"

#define V(major, minor)	VMBUS_VERSION(major, minor)
#define ALL_FEATURES	0xff

static const u32 mt_versions[] = {
	V(0, 13), V(1, 1), V(2, 4), V(3, 0), V(4, 0), V(4, 1), V(5, 0), V(5, 1), V(5, 2), V(5, 3),
	V(6, 0),
};

/* ---- the table of messages --------------------------------------------------------- */

/**
 * struct mt_type - a message that a client may send
 * @min: bytes that it needs
 * @version: first version that has it
 * @feature: feature that brings it, or 0
 * @always: exists without a connection, too
 * @wakes: it ends a pause
 */
struct mt_type {
	u16 min;
	u32 version;
	u32 feature;
	bool always;
	bool wakes;
};

/* A type that is not here is none of a client's. */
static const struct mt_type mt_types[32] = {
	[3] = { .min = 8 },				/* REQUEST_OFFERS */
	[5] = { .min = 148 },				/* OPEN_CHANNEL, short form */
	[7] = { .min = 12 },				/* CLOSE_CHANNEL */
	[8] = { .min = 20 },				/* GPADL_HEADER */
	[9] = { .min = 16 },				/* GPADL_BODY */
	[11] = { .min = 16 },				/* GPADL_TEARDOWN */
	[13] = { .min = 12 },				/* REL_ID_RELEASED */
	[14] = { .min = 40, .always = true, .wakes = true },		/* INITIATE_CONTACT */
	[16] = { .min = 8, .wakes = true },				/* UNLOAD */
	[18] = { .min = 28, .version = V(4, 0) },	/* OPEN_RESERVED */
	[19] = { .min = 20, .always = true },		/* CLOSE_RESERVED */
	[21] = { .min = 40, .version = V(4, 0) },	/* TL_CONNECT_REQUEST */
	[22] = { .min = 16, .version = V(4, 1) },	/* MODIFY_CHANNEL */
	[25] = { .min = 24, .version = V(6, 0), .feature = 0x04 }, /* MODIFY_CONNECTION */
	[27] = { .min = 8, .version = V(6, 0), .feature = 0x20 }, /* PAUSE */
	[29] = { .min = 8, .version = V(6, 0), .feature = 0x20, .wakes = true }, /* RESUME */
};

/* Numbers that must not lead out of the table, whatever part of them is looked at. */
static const u32 mt_numbers[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 26, 27, 28, 29, 30, 31, 0x100 + 5, 0x10000 + 5, 0x01000000, 0x7fffffff, 0x80000005,
	U32_MAX - 1, U32_MAX,
};

static const struct vsrv_msg_desc mt_untouched;

struct mt_in {
	u32 type;
	u32 size;
	enum vsrv_conn_state state;
	u32 version;
	u32 features;
};

static enum vsrv_msg_verdict mt_expected(const struct mt_in *in)
{
	const struct mt_type *t;
	u16 min;

	if (in->size < 8)
		return VSRV_MSG_SHORT;
	if (in->type >= ARRAY_SIZE(mt_types) || !mt_types[in->type].min)
		return VSRV_MSG_UNKNOWN;
	t = &mt_types[in->type];
	if (in->state == VSRV_CONNECTED) {
		if (in->version < t->version || (t->feature && !(in->features & t->feature)))
			return VSRV_MSG_UNKNOWN;
	} else if (!t->always) {
		return VSRV_MSG_STATE;
	}
	min = t->min;
	if (in->type == 5 && (in->features & 0x3))
		min = 156;
	return in->size < min ? VSRV_MSG_SHORT : VSRV_MSG_OK;
}

/* One call; @buf must not be read beyond in->size, so what is behind says otherwise. */
static void mt_check(struct kunit *test, u8 *buf, const struct mt_in *in)
{
	const struct vsrv_msg_desc *desc = &mt_untouched;
	enum vsrv_msg_verdict verdict, expected = mt_expected(in);
	__le32 type = cpu_to_le32(in->type);

	memset(buf, 0xa5, VMBUS_MSG_MAX);
	memcpy(buf, &type, min_t(u32, sizeof(type), in->size));
	verdict = vsrv_msg_check(buf, in->size, in->state, in->version, in->features, &desc);
	if (verdict != expected)
		KUNIT_FAIL(test, "type %#x size %u state %d version %#x features %#x: %d, not %d",
			   in->type, in->size, in->state, in->version, in->features, verdict,
			   expected);
	if (verdict != VSRV_MSG_OK) {
		KUNIT_EXPECT_PTR_EQ(test, desc, &mt_untouched);
		return;
	}
	KUNIT_ASSERT_PTR_NE(test, desc, &mt_untouched);
	KUNIT_EXPECT_NOT_NULL_MSG(test, desc->handler, "type %u", in->type);
	KUNIT_EXPECT_EQ_MSG(test, desc->ends_pause, mt_types[in->type].wakes, "type %u", in->type);
}

static u8 *mt_buf(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, VMBUS_MSG_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	return buf;
}

/* Every type and every size in every state, at the newest version. */
static void message_sizes_test(struct kunit *test)
{
	u8 *buf = mt_buf(test);
	struct mt_in in = { .version = V(6, 0) };
	unsigned int i, state;

	for (i = 0; i < ARRAY_SIZE(mt_numbers); i++) {
		for (state = 0; state < VSRV_CONN_STATES; state++) {
			in.type = mt_numbers[i];
			in.state = state;
			for (in.size = 0; in.size <= VMBUS_MSG_MAX; in.size++) {
				in.features = 0;
				mt_check(test, buf, &in);
				in.features = ALL_FEATURES;
				mt_check(test, buf, &in);
			}
		}
	}
}

/* The edges by name, so that a wrong oracle above cannot hide a wrong table. */
static void message_edges_test(struct kunit *test)
{
	const struct vsrv_msg_desc *desc;
	u8 *buf = mt_buf(test);
	unsigned int type;

	for (type = 0; type < ARRAY_SIZE(mt_types); type++) {
		const struct mt_type *t = &mt_types[type];

		*(__le32 *)buf = cpu_to_le32(type);
		if (!t->min) {
			KUNIT_EXPECT_EQ_MSG(test, vsrv_msg_check(buf, VMBUS_MSG_MAX, VSRV_CONNECTED,
								 V(6, 0), ALL_FEATURES, &desc),
					    VSRV_MSG_UNKNOWN, "type %u", type);
			continue;
		}
		/* Nothing of 0x3, so that OPEN has its short form. */
		KUNIT_EXPECT_EQ_MSG(test, vsrv_msg_check(buf, t->min, VSRV_CONNECTED, V(6, 0),
							 ALL_FEATURES & ~0x3, &desc),
				    VSRV_MSG_OK, "type %u", type);
		KUNIT_EXPECT_EQ_MSG(test, vsrv_msg_check(buf, t->min - 1, VSRV_CONNECTED, V(6, 0),
							 ALL_FEATURES & ~0x3, &desc),
				    VSRV_MSG_SHORT, "type %u", type);
	}
}

/* Types that only a server sends are none of a client's, in any state. */
static void message_server_types_test(struct kunit *test)
{
	static const u32 types[] = { 1, 2, 4, 6, 10, 12, 15, 17, 20, 23, 24, 26, 28 };
	const struct vsrv_msg_desc *desc;
	u8 *buf = mt_buf(test);
	unsigned int i, state, v;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		*(__le32 *)buf = cpu_to_le32(types[i]);
		for (state = 0; state < VSRV_CONN_STATES; state++) {
			for (v = 0; v < ARRAY_SIZE(mt_versions); v++)
				KUNIT_EXPECT_EQ_MSG(test,
						    vsrv_msg_check(buf, VMBUS_MSG_MAX, state,
								   mt_versions[v], ALL_FEATURES,
								   &desc),
						    VSRV_MSG_UNKNOWN, "type %u state %u", types[i],
						    state);
		}
	}
}

/* Versions and features gate while connected, and only then. */
static void message_versions_test(struct kunit *test)
{
	u8 *buf = mt_buf(test);
	struct mt_in in = { .size = VMBUS_MSG_MAX };
	unsigned int i, state, v, bit;

	for (i = 0; i < ARRAY_SIZE(mt_numbers); i++) {
		in.type = mt_numbers[i];
		for (state = 0; state < VSRV_CONN_STATES; state++) {
			in.state = state;
			for (v = 0; v < ARRAY_SIZE(mt_versions); v++) {
				in.version = mt_versions[v];
				in.features = ALL_FEATURES;
				mt_check(test, buf, &in);
				in.features = 0;
				mt_check(test, buf, &in);
				for (bit = 0; bit < 32; bit++) {
					in.features = BIT(bit);
					mt_check(test, buf, &in);
					in.features = ~BIT(bit);
					mt_check(test, buf, &in);
				}
			}
		}
	}
}

/* Either of two features makes the long form of OPEN mandatory. */
static void message_open_form_test(struct kunit *test)
{
	static const struct { u32 features; u32 min; } table[] = {
		{ 0x00, 148 }, { 0x01, 156 }, { 0x02, 156 }, { 0x03, 156 },
		{ 0x04, 148 }, { 0xfc, 148 }, { 0xff, 156 },
	};
	const struct vsrv_msg_desc *desc;
	u8 *buf = mt_buf(test);
	unsigned int i;
	u32 size;

	*(__le32 *)buf = cpu_to_le32(5);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		for (size = 140; size <= 160; size++)
			KUNIT_EXPECT_EQ_MSG(test,
					    vsrv_msg_check(buf, size, VSRV_CONNECTED, V(6, 0),
							   table[i].features, &desc),
					    size < table[i].min ? VSRV_MSG_SHORT : VSRV_MSG_OK,
					    "features %#x size %u", table[i].features, size);
}

/* ---- versions ---------------------------------------------------------------------- */

static bool mt_listed(u32 version)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mt_versions); i++)
		if (mt_versions[i] == version)
			return true;
	return false;
}

static void message_version_list_test(struct kunit *test)
{
	static const u32 others[] = {
		0, 1, V(0, 12), V(0, 14), V(1, 0), V(1, 2), V(2, 3), V(2, 5),
		V(6, 1), V(6, 2), V(7, 0), V(0xffff, 0),
		0x00000006, 0x06000000, U32_MAX - 1, U32_MAX,
	};
	unsigned int i, major, minor;

	for (major = 0; major < 10; major++) {
		for (minor = 0; minor < 16; minor++)
			KUNIT_EXPECT_EQ_MSG(test, vsrv_version_supported(V(major, minor), U32_MAX),
					    mt_listed(V(major, minor)), "%u.%u", major, minor);
		KUNIT_EXPECT_FALSE(test, vsrv_version_supported(V(major, 0xffff), U32_MAX));
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_FALSE_MSG(test, vsrv_version_supported(others[i], U32_MAX), "%#x",
				       others[i]);
	for (i = 0; i < ARRAY_SIZE(mt_versions); i++) {
		KUNIT_EXPECT_TRUE(test, vsrv_version_supported(mt_versions[i], U32_MAX));
		KUNIT_EXPECT_FALSE(test, vsrv_version_supported(mt_versions[i] - 1, U32_MAX) &&
				   !mt_listed(mt_versions[i] - 1));
		KUNIT_EXPECT_FALSE(test, vsrv_version_supported(mt_versions[i] | BIT(31), U32_MAX));
	}
}

static void message_max_version_test(struct kunit *test)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(mt_versions); i++) {
		for (k = 0; k < ARRAY_SIZE(mt_versions); k++)
			KUNIT_EXPECT_EQ_MSG(test, vsrv_version_supported(mt_versions[i],
									 mt_versions[k]),
					    i <= k, "%#x at most %#x", mt_versions[i],
					    mt_versions[k]);
		KUNIT_EXPECT_FALSE(test, vsrv_version_supported(mt_versions[i],
								mt_versions[i] - 1));
		KUNIT_EXPECT_FALSE(test, vsrv_version_supported(mt_versions[i], 0));
	}
}

/* ---- contact ----------------------------------------------------------------------- */

#define MULTI		VMBUS_CONN_MESSAGE_MULTI
#define REDIRECT	VMBUS_CONN_MESSAGE_REDIRECT

/**
 * struct mt_contact - a contact and what it means
 * @why: what is shown
 * @connection: it came by
 * @version: as requested
 * @sint: in the message
 * @vtl: in the message
 * @features: in the message
 * @p2c: monitor page
 * @c2p: monitor page
 * @size: of the message
 * @want_sint: as understood
 * @want_vtl: as understood
 * @want_features: as understood
 * @want_vp: as understood; the message has 5
 * @int_page: there is one, of all that is at its place
 * @invalid: monitor pages are
 * @err: return value
 */
struct mt_contact {
	const char *why;
	u32 connection;
	u32 version;
	u8 sint;
	u8 vtl;
	u32 features;
	u64 p2c;
	u64 c2p;
	u32 size;
	u8 want_sint;
	u8 want_vtl;
	u32 want_features;
	u32 want_vp;
	bool invalid;
	int err;
	bool int_page;
};

static const struct mt_contact mt_contacts[] = {
	{ "SINT and VTL mean nothing on connection 1", 1, V(6, 0), 9, 1, 0x5, 0, 0, 40,
	  2, 0, 0x5, 5 },
	{ "both do on connection 4", MULTI, V(6, 0), 9, 1, 0x5, 0, 0, 40, 9, 1, 0x5, 5 },
	{ "and on the redirected one", REDIRECT, V(6, 0), 7, 2, 0x7, 0, 0, 40, 7, 2, 0x7, 5 },
	{ "SINT from 5.0 on", MULTI, V(5, 0), 9, 1, 0x5, 0, 0, 40, 9, 0, 0, 5 },
	{ "but not before", MULTI, V(4, 0xffff), 9, 1, 0x5, 0, 0, 40, 2, 0, 0, 5 },
	{ "nor at 4.1", MULTI, V(4, 1), 9, 1, 0x5, 0, 0, 40, 2, 0, 0, 5 },
	{ "VTL from 5.1 on", MULTI, V(5, 1), 9, 1, 0x5, 0, 0, 40, 9, 1, 0, 5 },
	{ "features not at 5.3", MULTI, V(5, 3), 9, 1, U32_MAX, 0, 0, 40, 9, 1, 0, 5 },
	{ "nor just below 6.0", 1, V(5, 0xffff), 9, 1, U32_MAX, 0, 0, 40, 2, 0, 0, 5 },
	{ "a version that does not exist counts by its number", MULTI, V(7, 9), 3, 4, 0x12, 0, 0,
	  40, 3, 4, 0x12, 5 },
	{ "VP from 3.0 on", 1, V(3, 0), 9, 1, 0, 0, 0, 40, 2, 0, 0, 5 },
	{ "but not before", 1, V(2, 4), 9, 1, 0, 0, 0, 40, 2, 0, 0, 0 },
	{ "nor just before", 1, V(2, 0xffff), 9, 1, 0, 0, 0, 40, 2, 0, 0, 0 },
	{ "an interrupt page below 2.4", MULTI, V(2, 3), 9, 1, 7, 0, 0, 40, 2, 0, 0, 0, false, 0,
	  true },
	{ "in 1.1", 1, V(1, 1), 9, 1, 7, 0, 0, 40, 2, 0, 0, 0, false, 0, true },
	{ "in 0.13", 1, V(0, 13), 9, 1, 7, 0, 0, 40, 2, 0, 0, 0, false, 0, true },
	{ "all features, all bits", 1, V(6, 0), 0xff, 0xff, U32_MAX, 0, 0, 56, 2, 0, U32_MAX, 5 },
	{ "all bits of SINT and VTL", MULTI, V(6, 0), 0xff, 0xff, 0, 0, 0, 56, 0xff, 0xff, 0, 5 },

	{ "client id in the long form", 1, V(6, 0), 2, 0, 0x8, 0, 0, 56, 2, 0, 0x8, 5 },
	{ "one byte short of it", 1, V(6, 0), 2, 0, 0x8, 0, 0, 55, 2, 0, 0x8, 5, false, -EINVAL },
	{ "client id in the short form", 1, V(6, 0), 2, 0, 0xf, 0, 0, 40, 2, 0, 0xf, 5, false,
	  -EINVAL },
	{ "the bit means nothing below 6.0", 1, V(5, 3), 2, 0, 0x8, 0, 0, 40, 2, 0, 0, 5 },
	{ "the long form without the bit", 1, V(6, 0), 2, 0, 0, 0, 0, 56, 2, 0, 0, 5 },

	{ "two monitor pages", 1, V(5, 3), 2, 0, 0, 0x1000, 0x2000, 40, 2, 0, 0, 5, false },
	{ "one", 1, V(5, 3), 2, 0, 0, 0x1000, 0, 40, 2, 0, 0, 5, true },
	{ "the other", 1, V(5, 3), 2, 0, 0, 0, 0x1000, 40, 2, 0, 0, 5, true },
	{ "one, far up", 1, V(6, 0), 2, 0, 0, 0, BIT_ULL(63), 40, 2, 0, 0, 5, true },
	{ "one, at any version", 1, V(2, 4), 2, 0, 0, 1ULL << 32, 0, 40, 2, 0, 0, 0, true },
};

static u64 mt_info(const struct mt_contact *c)
{
	return (u64)c->features << 32 | 0xbeef0000 | c->vtl << 8 | c->sint;
}

static void mt_contact_msg(struct vpart_message *msg, const struct mt_contact *c)
{
	struct vmbus_contact_msg *m = (void *)msg->payload;

	memset(msg, 0xa5, sizeof(*msg));
	msg->connection_id = c->connection;
	msg->size = c->size;
	m->hdr.type = cpu_to_le32(14);
	m->version = cpu_to_le32(c->version);
	m->target_vp = cpu_to_le32(5);
	m->target_info = cpu_to_le64(mt_info(c));
	m->parent_to_child = cpu_to_le64(c->p2c);
	m->child_to_parent = cpu_to_le64(c->c2p);
}

static void message_contact_test(struct kunit *test)
{
	struct vpart_message *msg = kunit_kzalloc(test, sizeof(*msg), GFP_KERNEL);
	const struct mt_contact *c;
	struct vsrv_contact got;

	KUNIT_ASSERT_NOT_NULL(test, msg);
	for (c = mt_contacts; c < mt_contacts + ARRAY_SIZE(mt_contacts); c++) {
		mt_contact_msg(msg, c);
		KUNIT_EXPECT_EQ_MSG(test, vsrv_contact_parse(msg, &got), c->err, "%s", c->why);
		if (c->err)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, got.version, c->version, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.connection_id, c->connection, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.sint, c->want_sint, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.vtl, c->want_vtl, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.features, c->want_features, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.target_vp, c->want_vp, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.monitor_invalid, c->invalid, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.monitor_gpa, c->c2p, "%s", c->why);
		KUNIT_EXPECT_EQ_MSG(test, got.int_page, c->int_page ? mt_info(c) : 0, "%s", c->why);
	}
}

/* ---- version response -------------------------------------------------------------- */

struct mt_response {
	u32 version;
	bool supported;
	u8 state;
	u32 features;
	u32 connection;
	/* The bytes that follow the header. */
	u32 len;
	u8 bytes[32];
	u64 monitor_gpa;
};

static const struct mt_response mt_responses[] = {
	/* Not supported: short and all zero, whatever the version. */
	{ V(6, 0), false, 2, 7, 4, 16, { 0 } },
	{ V(6, 2), false, 0, 7, 1, 16, { 0 } },
	{ V(2, 4), false, 2, 0, 1, 16, { 0 } },
	/* Old clients learn of no failure but this. */
	{ V(0, 13), true, 2, 0, 1, 16, { 0 } },
	{ V(1, 1), true, 1, 0, 1, 16, { 0 } },
	{ V(2, 3), true, 2, 0, 1, 16, { 0 } },
	{ V(2, 4), true, 2, 0, 1, 16, { 1, 2, 0, 0, 4, 0, 2, 0 } },
	/* Below 5.0 the version comes back. */
	{ V(0, 13), true, 0, 0, 1, 16, { 1, 0, 0, 0, 13, 0, 0, 0 } },
	{ V(1, 1), true, 0, 0, 1, 16, { 1, 0, 0, 0, 1, 0, 1, 0 } },
	{ V(3, 0), true, 0, 0, 1, 16, { 1, 0, 0, 0, 0, 0, 3, 0 } },
	{ V(4, 0), true, 0, 7, 1, 16, { 1, 0, 0, 0, 0, 0, 4, 0 } },
	{ V(4, 1), true, 2, 0, 4, 16, { 1, 2, 0, 0, 1, 0, 4, 0 } },
	/* From 5.0 on the connection id. */
	{ V(5, 0), true, 0, 0, 1, 16, { 1, 0, 0, 0, 1, 0, 0, 0 } },
	{ V(5, 1), true, 0, 0, 4, 16, { 1, 0, 0, 0, 4, 0, 0, 0 } },
	{ V(5, 2), true, 1, 0, 4, 16, { 1, 1, 0, 0, 4, 0, 0, 0 } },
	{ V(5, 3), true, 2, 7, 0x800074, 16, { 1, 2, 0, 0, 0x74, 0, 0x80, 0 } },
	/* From 6.0 on with features, also when it failed. */
	{ V(6, 0), true, 0, 0, 4, 20, { 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0 } },
	{ V(6, 0), true, 0, 0x12345607, 1, 20, { 1, 0, 0, 0, 1, 0, 0, 0, 7, 0x56, 0x34, 0x12 } },
	{ V(6, 0), true, 2, 5, 0x800074, 20, { 1, 2, 0, 0, 0x74, 0, 0x80, 0, 5, 0, 0, 0 } },
	/* With a page that the server names; below 6.0 there is no such thing. */
	{ V(6, 0), true, 0, 0x41, 1, 40, { 1, 0, 0, 0, 1, 0, 0, 0, 0x41, 0, 0, 0, 0, 0, 0, 0,
	  0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34 },
	  0x3456789abcdef000 },
	{ V(6, 0), true, 0, 0x01, 1, 20, { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0 }, 0x1000 },
	{ V(5, 3), true, 0, 0x40, 1, 16, { 1, 0, 0, 0, 1, 0, 0, 0 }, 0x1000 },
	{ V(6, 0), false, 0, 0x40, 1, 16, { 0 }, 0x1000 },
};

static void message_response_test(struct kunit *test)
{
	u8 buf[sizeof(struct vmbus_version_response3_msg) + 4], want[40];
	const struct mt_response *r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mt_responses); i++) {
		struct vsrv_contact contact = { };

		r = &mt_responses[i];
		contact.version = r->version;
		contact.connection_id = r->connection;
		memset(buf, 0xa5, sizeof(buf));
		memset(want, 0, sizeof(want));
		want[0] = 15;
		memcpy(want + 8, r->bytes, sizeof(r->bytes));
		KUNIT_EXPECT_EQ_MSG(test, vsrv_version_response(buf, &contact, r->supported,
								r->state, r->features,
								r->monitor_gpa),
				    r->len, "response %u", i);
		KUNIT_EXPECT_MEMEQ_MSG(test, buf, want, r->len, "response %u", i);
		KUNIT_EXPECT_EQ_MSG(test, buf[40], 0xa5, "response %u", i);
	}
}

static struct kunit_case message_cases[] = {
	KUNIT_CASE(message_sizes_test),
	KUNIT_CASE(message_edges_test),
	KUNIT_CASE(message_server_types_test),
	KUNIT_CASE(message_versions_test),
	KUNIT_CASE(message_open_form_test),
	KUNIT_CASE(message_version_list_test),
	KUNIT_CASE(message_max_version_test),
	KUNIT_CASE(message_contact_test),
	KUNIT_CASE(message_response_test),
	{}
};

static struct kunit_suite message_suite = {
	.name = "vmbus_message",
	.test_cases = message_cases,
};

kunit_test_suite(message_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the messages that a VMBus client may send");
MODULE_LICENSE("GPL");
