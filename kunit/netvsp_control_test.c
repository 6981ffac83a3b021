// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: RNDIS control messages, their lengths and order, and news.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define NC_ID		0xfeedf00d
#define NC_QUEUES	8
#define NC_REQUEST	1024		/* bytes of the longest request here */
#define NC_INFO		28		/* where information buffers usually are */
#define NC_OFFSET	20		/* the same, from the id */
#define NC_SET_EX	9

/**
 * struct nc - a guest and its adapter
 * @test: test
 * @control: under test
 * @changed: by the last message
 * @request: the next message
 * @answer: to the last one, and what must not be written
 */
struct nc {
	struct kunit *test;
	struct netvsp_control control;
	u32 changed;
	union {
		struct rndis_request req;
		u8 bytes[NC_REQUEST];
	} request;
	union {
		struct rndis_answer a;
		struct rndis_reset_answer reset;
		struct rndis_indicate news;
		u8 bytes[NETVSP_ANSWER_MAX + 64];
	} answer;
};

static struct nc *nc_fresh(struct kunit *test)
{
	struct nc *nc = kunit_kzalloc(test, sizeof(*nc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, nc);
	nc->test = test;
	netvsp_control_init(&nc->control, NC_QUEUES, 6, 30);
	nc->control.adapter = (struct netvsp_adapter) {
		.mac = { 2, 1, 2, 3, 4, 5 },
		.permanent_mac = { 2, 1, 2, 3, 4, 5 },
		.mtu = 1500,
		.speed = 100000000,
		.link = true,
		.queues = 1,
	};
	return nc;
}

/* Send @len bytes of the request; the answer must stay within its room. */
static int nc_send(struct nc *nc, u32 len)
{
	static const u8 guard[64] = { [0 ... 63] = 0xa5 };
	u8 *exact = kunit_kzalloc(nc->test, len ?: 1, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(nc->test, exact);
	memcpy(exact, &nc->request, len);
	memset(&nc->answer, 0xa5, sizeof(nc->answer));
	nc->changed = U32_MAX;
	ret = netvsp_control_step(&nc->control, exact, len, &nc->answer, &nc->changed);
	kunit_kfree(nc->test, exact);
	KUNIT_EXPECT_MEMEQ(nc->test, nc->answer.bytes + NETVSP_ANSWER_MAX, guard, sizeof(guard));
	if (ret < 0)
		KUNIT_EXPECT_EQ(nc->test, nc->changed, 0);
	if (ret > 0)
		KUNIT_EXPECT_EQ(nc->test, le32_to_cpu(nc->answer.a.hdr.len), ret);
	return ret;
}

static void nc_header(struct nc *nc, u32 type, u32 len)
{
	memset(&nc->request, 0, sizeof(nc->request));
	nc->request.req.hdr.type = cpu_to_le32(type);
	nc->request.req.hdr.len = cpu_to_le32(len);
	nc->request.req.id = cpu_to_le32(NC_ID);
}

static int nc_plain(struct nc *nc, u32 type, u32 len)
{
	nc_header(nc, type, len);
	return nc_send(nc, len);
}

static int nc_init(struct nc *nc)
{
	nc_header(nc, RNDIS_MSG_INIT, 24);
	nc->request.req.init.major = cpu_to_le32(1);
	nc->request.req.init.max_transfer = cpu_to_le32(0x4000);
	return nc_send(nc, 24);
}

/* A request about an OID with the information buffer behind it */
static int nc_oid(struct nc *nc, u32 type, u32 oid, const void *info, u32 info_len)
{
	nc_header(nc, type, NC_INFO + info_len);
	nc->request.req.query.oid = cpu_to_le32(oid);
	nc->request.req.query.len = cpu_to_le32(info_len);
	nc->request.req.query.offset = cpu_to_le32(NC_OFFSET);
	if (info_len)
		memcpy(nc->request.bytes + NC_INFO, info, info_len);
	return nc_send(nc, NC_INFO + info_len);
}

static int nc_set_u32(struct nc *nc, u32 oid, u32 value)
{
	__le32 wire = cpu_to_le32(value);

	return nc_oid(nc, RNDIS_MSG_SET, oid, &wire, sizeof(wire));
}

static struct nc *nc_new(struct kunit *test)
{
	struct nc *nc = nc_fresh(test);

	KUNIT_ASSERT_EQ(test, nc_init(nc), 52);
	return nc;
}

static u32 nc_status(const struct nc *nc)
{
	return le32_to_cpu(nc->answer.a.status);
}

/* ---- one after the other -------------------------------------------------------------- */

static void control_init_test(struct kunit *test)
{
	struct nc *nc = nc_fresh(test);
	struct rndis_answer *a = &nc->answer.a;

	KUNIT_EXPECT_EQ(test, nc_init(nc), 52);
	KUNIT_EXPECT_EQ(test, nc->changed, NETVSP_CHANGED_INIT);
	KUNIT_EXPECT_TRUE(test, nc->control.initialized);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->hdr.type), 0x80000002);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->id), NC_ID);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->status), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.major), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.minor), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.flags), RNDIS_DF_CONNECTIONLESS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.medium), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.max_packets), 8);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.max_transfer), 0xefffffff);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.alignment), 3);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.af_list_offset), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(a->init.af_list_size), 0);
}

static void control_init_once_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	KUNIT_EXPECT_EQ(test, nc_init(nc), -EPROTO);
	KUNIT_EXPECT_TRUE(test, nc->control.initialized);
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_RESET, 12), 16);
	KUNIT_EXPECT_EQ(test, nc_init(nc), -EPROTO);
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_HALT, 12), 0);
	KUNIT_EXPECT_EQ(test, nc_init(nc), 52);
	KUNIT_EXPECT_EQ(test, nc_init(nc), -EPROTO);
}

static void control_fresh_test(struct kunit *test)
{
	static const struct { u16 queues, taken; } table[] = {
		{ 0, 1 }, { 1, 1 }, { 2, 2 }, { 64, 64 }, { 65, 64 }, { 0xffff, 64 },
	};
	struct nc *nc = nc_fresh(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		memset(&nc->control, 0xa5, sizeof(nc->control));
		netvsp_control_init(&nc->control, table[i].queues, 5, 1);
		KUNIT_EXPECT_EQ(test, nc->control.max_queues, table[i].taken);
		KUNIT_EXPECT_EQ(test, nc->control.ndis_major, 5);
		KUNIT_EXPECT_EQ(test, nc->control.ndis_minor, 1);
		KUNIT_EXPECT_FALSE(test, nc->control.initialized);
		KUNIT_EXPECT_EQ(test, nc->control.settings.filter, 0);
		KUNIT_EXPECT_FALSE(test, nc->control.settings.rss);
		KUNIT_EXPECT_EQ(test, nc->control.settings.entries, 1);
		KUNIT_EXPECT_EQ(test, nc->control.settings.table[0], 0);
	}
}

static void control_halt_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	KUNIT_EXPECT_EQ(test, nc_set_u32(nc, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 0xb), 16);
	KUNIT_EXPECT_EQ(test, nc->control.settings.filter, 0xb);
	nc->control.settings.mac[0] = 2;
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_HALT, 12), 0);
	KUNIT_EXPECT_EQ(test, nc->changed, NETVSP_CHANGED_HALT);
	KUNIT_EXPECT_FALSE(test, nc->control.initialized);
	KUNIT_EXPECT_EQ(test, nc->control.settings.filter, 0);
	KUNIT_EXPECT_EQ(test, nc->control.settings.mac[0], 0);
	/* Without an id, and twice: nobody waits for it. */
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_HALT, 8), 0);
}

static void control_reset_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	nc_set_u32(nc, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 0x20);
	nc->control.settings.rss = true;
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_RESET, 12), 16);
	KUNIT_EXPECT_EQ(test, nc->changed, NETVSP_CHANGED_HALT);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.reset.hdr.type), 0x80000006);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.reset.status), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.reset.addressing_reset), 1);
	KUNIT_EXPECT_TRUE(test, nc->control.initialized);
	KUNIT_EXPECT_EQ(test, nc->control.settings.filter, 0);
	KUNIT_EXPECT_FALSE(test, nc->control.settings.rss);
}

static void control_keepalive_test(struct kunit *test)
{
	struct nc *nc = nc_fresh(test);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_KEEPALIVE, 12), 16);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.hdr.type), 0x80000008);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.id), NC_ID);
		KUNIT_EXPECT_EQ(test, nc_status(nc), 0);
		KUNIT_EXPECT_EQ(test, nc->changed, 0);
		if (!i)
			nc_init(nc);
	}
}

static void control_not_ready_test(struct kunit *test)
{
	struct nc *nc = nc_fresh(test);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_LINK_SPEED,
					     NULL, 0), 24);
		KUNIT_EXPECT_EQ(test, nc_status(nc), RNDIS_STATUS_ADAPTER_NOT_READY);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.id), NC_ID);
		KUNIT_EXPECT_EQ(test,
				nc_set_u32(nc, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 1), 16);
		KUNIT_EXPECT_EQ(test, nc_status(nc), RNDIS_STATUS_ADAPTER_NOT_READY);
		KUNIT_EXPECT_EQ(test, nc->control.settings.filter, 0);
		KUNIT_EXPECT_EQ(test, nc->changed, 0);
		nc_init(nc);
		nc_plain(nc, RNDIS_MSG_HALT, 12);
	}
}

static void control_unknown_test(struct kunit *test)
{
	static const u32 types[] = {
		0, RNDIS_MSG_PACKET, RNDIS_MSG_INDICATE, NC_SET_EX, 10, 0x100 | RNDIS_MSG_QUERY,
		RNDIS_MSG_INIT_C, RNDIS_MSG_QUERY_C, RNDIS_MSG_SET_C, RNDIS_MSG_RESET_C,
		RNDIS_MSG_KEEPALIVE_C, RNDIS_MSG_BUS, 0x80000000, U32_MAX,
	};
	struct nc *nc = nc_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		KUNIT_EXPECT_EQ_MSG(test, nc_plain(nc, types[i], 64), -EPROTO, "%x", types[i]);
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_KEEPALIVE, 12), 16);
}

/* The answer to a reset has its status elsewhere, and something else where others have it. */
static void control_status_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);
	int len;

	len = nc_plain(nc, RNDIS_MSG_RESET, 12);
	KUNIT_EXPECT_EQ(test, nc_status(nc), 1);
	KUNIT_EXPECT_EQ(test, netvsp_answer_status(&nc->answer, len), RNDIS_STATUS_SUCCESS);
	len = nc_plain(nc, RNDIS_MSG_KEEPALIVE, 12);
	KUNIT_EXPECT_EQ(test, netvsp_answer_status(&nc->answer, len), RNDIS_STATUS_SUCCESS);
	len = nc_set_u32(nc, U32_MAX, 0);
	KUNIT_EXPECT_NE(test, netvsp_answer_status(&nc->answer, len), RNDIS_STATUS_SUCCESS);
	/* No answer, or none any more: nothing of it is looked at. */
	KUNIT_EXPECT_EQ(test, netvsp_answer_status(&nc->answer, 0), RNDIS_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, netvsp_answer_status(&nc->answer, -EPROTO), RNDIS_STATUS_SUCCESS);
}

/* ---- lengths -------------------------------------------------------------------------- */

static const struct nc_length {
	u32 type;
	u32 min;
	int ret;
} nc_lengths[] = {
	{ RNDIS_MSG_INIT, 24, 52 },
	{ RNDIS_MSG_HALT, 8, 0 },
	{ RNDIS_MSG_QUERY, 28, 24 },
	{ RNDIS_MSG_SET, 28, 16 },
	{ RNDIS_MSG_RESET, 8, 16 },
	{ RNDIS_MSG_KEEPALIVE, 12, 16 },
};

static void control_short_test(struct kunit *test)
{
	const struct nc_length *l;
	unsigned int i;
	struct nc *nc;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(nc_lengths); i++) {
		l = &nc_lengths[i];
		for (len = 8; len < 64; len++) {
			nc = nc_fresh(test);
			KUNIT_EXPECT_EQ_MSG(test, nc_plain(nc, l->type, len),
					    len < l->min ? -EINVAL : l->ret,
					    "type %u len %u", l->type, len);
			kunit_kfree(test, nc);
		}
	}
}

static void control_no_header_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);
	u32 len;

	nc_header(nc, RNDIS_MSG_KEEPALIVE, 12);
	for (len = 0; len < 8; len++)
		KUNIT_EXPECT_EQ_MSG(test, nc_send(nc, len), -EINVAL, "%u", len);
}

/* What the header says, with 64 bytes that are there */
static void control_length_test(struct kunit *test)
{
	static const u32 said[] = { 0, 1, 7, 65, 66, 0x10000, 0x80000000, U32_MAX - 7, U32_MAX };
	unsigned int i, k;
	struct nc *nc = nc_fresh(test);

	for (i = 0; i < ARRAY_SIZE(nc_lengths); i++) {
		for (k = 0; k < ARRAY_SIZE(said); k++) {
			nc_header(nc, nc_lengths[i].type, said[k]);
			KUNIT_EXPECT_EQ_MSG(test, nc_send(nc, 64), -EINVAL, "type %u said %x",
					    nc_lengths[i].type, said[k]);
		}
		KUNIT_EXPECT_FALSE(test, nc->control.initialized);
	}
	/* Guests pad. */
	for (i = 0; i < ARRAY_SIZE(nc_lengths); i++) {
		nc = nc_fresh(test);
		nc_header(nc, nc_lengths[i].type, nc_lengths[i].min);
		KUNIT_EXPECT_EQ(test, nc_send(nc, 64), nc_lengths[i].ret);
		nc = nc_fresh(test);
		nc_header(nc, nc_lengths[i].type, 64);
		KUNIT_EXPECT_EQ(test, nc_send(nc, 64), nc_lengths[i].ret);
	}
}

/**
 * struct nc_buffer - an information buffer of a message of 60 bytes, 52 from the id on
 * @offset: where it says to be
 * @len: bytes
 * @fine: it is in the message
 */
struct nc_buffer {
	u32 offset;
	u32 len;
	bool fine;
};

static const struct nc_buffer nc_buffers[] = {
	{ 20, 4, true }, { 20, 32, true }, { 48, 4, true }, { 24, 28, true },
	/* Nothing is anywhere. */
	{ 0, 0, true }, { 20, 0, true }, { 52, 0, true }, { U32_MAX, 0, true },
	{ 0, 4, false }, { 19, 4, false }, { 16, 4, false }, { 8, 20, false },
	{ 20, 33, false }, { 49, 4, false }, { 52, 4, false }, { 53, 4, false },
	{ 20, U32_MAX, false }, { 20, U32_MAX - 19, false }, { 52, U32_MAX - 51, false },
	{ U32_MAX, 4, false }, { U32_MAX - 3, 4, false }, { U32_MAX - 7, 32, false },
	{ 0x80000000, 0x80000000, false }, { 60, 4, false },
};

static void control_set_buffer_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);
	const struct nc_buffer *b;
	unsigned int i;
	u32 status;

	for (i = 0; i < ARRAY_SIZE(nc_buffers); i++) {
		b = &nc_buffers[i];
		nc->control.settings.filter = 0;
		nc_header(nc, RNDIS_MSG_SET, 60);
		nc->request.req.query.oid = cpu_to_le32(RNDIS_OID_GEN_CURRENT_PACKET_FILTER);
		nc->request.req.query.offset = cpu_to_le32(b->offset);
		nc->request.req.query.len = cpu_to_le32(b->len);
		if (b->fine && b->len)
			put_unaligned_le32(0x40 + i, nc->request.bytes + 8 + b->offset);
		KUNIT_EXPECT_EQ(test, nc_send(nc, 60), 16);
		status = !b->fine ? RNDIS_STATUS_INVALID_DATA :
			 b->len ? RNDIS_STATUS_SUCCESS : RNDIS_STATUS_INVALID_LENGTH;
		KUNIT_EXPECT_EQ_MSG(test, nc_status(nc), status, "case %u", i);
		KUNIT_EXPECT_EQ(test, nc->control.settings.filter, status ? 0 : 0x40 + i);
		KUNIT_EXPECT_EQ(test, nc->changed, status ? 0 : NETVSP_CHANGED_FILTER);
	}
}

static void control_query_buffer_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);
	const struct nc_buffer *b;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nc_buffers); i++) {
		b = &nc_buffers[i];
		nc_header(nc, RNDIS_MSG_QUERY, 60);
		nc->request.req.query.oid = cpu_to_le32(RNDIS_OID_GEN_LINK_SPEED);
		nc->request.req.query.offset = cpu_to_le32(b->offset);
		nc->request.req.query.len = cpu_to_le32(b->len);
		KUNIT_EXPECT_EQ_MSG(test, nc_send(nc, 60), b->fine ? 28 : 24, "case %u", i);
		KUNIT_EXPECT_EQ(test, nc_status(nc), b->fine ? 0 : RNDIS_STATUS_INVALID_DATA);
	}
}

/* A buffer in what is behind the message is not in it. */
static void control_behind_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	nc_header(nc, RNDIS_MSG_SET, 31);
	nc->request.req.query.oid = cpu_to_le32(RNDIS_OID_GEN_CURRENT_PACKET_FILTER);
	nc->request.req.query.offset = cpu_to_le32(NC_OFFSET);
	nc->request.req.query.len = cpu_to_le32(4);
	KUNIT_EXPECT_EQ(test, nc_send(nc, 64), 16);
	KUNIT_EXPECT_EQ(test, nc_status(nc), RNDIS_STATUS_INVALID_DATA);
	nc->request.req.hdr.len = cpu_to_le32(32);
	KUNIT_EXPECT_EQ(test, nc_send(nc, 64), 16);
	KUNIT_EXPECT_EQ(test, nc_status(nc), 0);
}

/* ---- answers -------------------------------------------------------------------------- */

static void control_query_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_802_3_PERMANENT_ADDRESS,
				     NULL, 0), 30);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.hdr.type), 0x80000004);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.id), NC_ID);
	KUNIT_EXPECT_EQ(test, nc_status(nc), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.query.len), 6);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.query.offset), 16);
	KUNIT_EXPECT_MEMEQ(test, nc->answer.bytes + 24, nc->control.adapter.permanent_mac, 6);
	KUNIT_EXPECT_EQ(test, nc->changed, 0);
}

/* Linux goes by the offset: at least 16, or it takes the answer for a failure. */
static void control_query_failed_test(struct kunit *test)
{
	static const u32 oids[] = {
		0, 0x00010100, RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, NDIS_OID_RSS_PARAMETERS,
		0xfc01020e, U32_MAX,
	};
	struct nc *nc = nc_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(oids); i++) {
		KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, oids[i], NULL, 0), 24);
		KUNIT_EXPECT_EQ(test, nc_status(nc), RNDIS_STATUS_NOT_SUPPORTED);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.query.len), 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.query.offset), 0);
	}
}

static void control_set_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);

	KUNIT_EXPECT_EQ(test, nc_set_u32(nc, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 0xd), 16);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.hdr.type), 0x80000005);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.a.id), NC_ID);
	KUNIT_EXPECT_EQ(test, nc_status(nc), 0);
	KUNIT_EXPECT_EQ(test, nc->changed, NETVSP_CHANGED_FILTER);
	/* It says what this message has changed. */
	nc_plain(nc, RNDIS_MSG_KEEPALIVE, 12);
	KUNIT_EXPECT_EQ(test, nc->changed, 0);
	KUNIT_EXPECT_EQ(test, nc_set_u32(nc, RNDIS_OID_GEN_LINK_SPEED, 1), 16);
	KUNIT_EXPECT_EQ(test, nc_status(nc), RNDIS_STATUS_NOT_SUPPORTED);
	KUNIT_EXPECT_EQ(test, nc->changed, 0);
}

/* All that the guest may ask for fits, and passes rndis_filter_query_device(). */
static void control_every_oid_test(struct kunit *test)
{
	struct nc *nc = nc_new(test);
	u32 *oids = kunit_kzalloc(test, NETVSP_ANSWER_MAX, GFP_KERNEL);
	u32 i, n, len, offset;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, oids);
	ret = nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_SUPPORTED_LIST, NULL, 0);
	KUNIT_ASSERT_GE(test, ret, 24 + 4 * 30);
	n = (ret - 24) / 4;
	for (i = 0; i < n; i++)
		oids[i] = get_unaligned_le32(nc->answer.bytes + 24 + 4 * i);
	for (i = 0; i < n; i++) {
		ret = nc_oid(nc, RNDIS_MSG_QUERY, oids[i], NULL, 0);
		KUNIT_EXPECT_GE(test, ret, 24);
		KUNIT_EXPECT_LE(test, ret, NETVSP_ANSWER_MAX);
		if (nc_status(nc)) {
			KUNIT_EXPECT_EQ_MSG(test, nc_status(nc), RNDIS_STATUS_NOT_SUPPORTED,
					    "OID %x", oids[i]);
			continue;
		}
		len = le32_to_cpu(nc->answer.a.query.len);
		offset = le32_to_cpu(nc->answer.a.query.offset);
		KUNIT_EXPECT_GE(test, offset, 16);
		KUNIT_EXPECT_EQ_MSG(test, ret, 8 + offset + len, "OID %x", oids[i]);
	}
}

/* As Linux 6.12 begins with NVSP 6.1 */
static void control_linux_test(struct kunit *test)
{
	static const struct ndis_object hw = { NDIS_OBJECT_OFFLOAD, 3, cpu_to_le16(156) };
	static const struct ndis_offload_parameters params = {
		.hdr = { NDIS_OBJECT_DEFAULT, 3, cpu_to_le16(28) },
		.ip4_csum = 1, .tcp4_csum = 4, .udp4_csum = 4, .tcp6_csum = 4, .udp6_csum = 4,
		.lso4 = 2, .lso6 = 2,
	};
	struct nc *nc = nc_fresh(test);
	u8 info[156] = { };

	KUNIT_EXPECT_EQ(test, nc_init(nc), 52);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE,
				     NULL, 0), 28);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nc->answer.bytes + 24), 1500);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_FRIENDLY_NAME, NULL, 0),
			24 + 512);
	memcpy(info, &hw, sizeof(hw));
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, NDIS_OID_OFFLOAD_HARDWARE, info, 156),
			24 + 156);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_SET, NDIS_OID_OFFLOAD_PARAMETERS, &params, 28),
			16);
	KUNIT_EXPECT_EQ(test, nc_status(nc), 0);
	KUNIT_EXPECT_EQ(test, nc->changed, NETVSP_CHANGED_OFFLOADS);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_MEDIA_CONNECT_STATUS,
				     NULL, 0), 28);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nc->answer.bytes + 24), 0);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, RNDIS_OID_GEN_LINK_SPEED, NULL, 0), 28);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(nc->answer.bytes + 24) / 10000, 10000);
	KUNIT_EXPECT_EQ(test, nc_oid(nc, RNDIS_MSG_QUERY, NDIS_OID_RSS_CAPABILITIES, NULL, 0),
			24 + 18);
	KUNIT_EXPECT_EQ(test, nc_set_u32(nc, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 0xd), 16);
	KUNIT_EXPECT_EQ(test, nc_plain(nc, RNDIS_MSG_HALT, 12), 0);
}

/* ---- news ----------------------------------------------------------------------------- */

static void control_link_test(struct kunit *test)
{
	struct nc *nc = nc_fresh(test);
	unsigned int up;

	for (up = 0; up < 2; up++) {
		memset(&nc->answer, 0xa5, sizeof(nc->answer));
		KUNIT_EXPECT_EQ(test, netvsp_indicate_link(&nc->answer, up), 20);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.hdr.type), 7);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.hdr.len), 20);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.status),
				up ? 0x4001000b : 0x4001000c);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.len), 0);
		KUNIT_EXPECT_EQ(test, nc->answer.bytes[20], 0xa5);
	}
}

static void control_offloads_test(struct kunit *test)
{
	static const struct { u32 major, minor; u8 revision; u32 len; } table[] = {
		{ 5, 1, 1, 112 }, { 6, 0, 1, 112 }, { 6, 1, 2, 144 }, { 6, 29, 2, 144 },
		{ 6, 30, 3, 156 }, { 6, 84, 3, 156 }, { 7, 0, 3, 156 },
	};
	struct nc *nc = nc_fresh(test);
	u8 *want = kunit_kzalloc(test, 156, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, want);
	nc->control.settings.offloads = NETVSP_VM_TX_TCP4 | NETVSP_VM_RX_UDP6;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nc->control.ndis_major = table[i].major;
		nc->control.ndis_minor = table[i].minor;
		memset(&nc->answer, 0xa5, sizeof(nc->answer));
		KUNIT_EXPECT_EQ(test, netvsp_indicate_offloads(&nc->control, &nc->answer),
				20 + table[i].len);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.hdr.type), 7);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.hdr.len), 20 + table[i].len);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.status), 0x40020006);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.len), table[i].len);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nc->answer.news.offset), 12);
		netvsp_offload_describe(&nc->control, false, table[i].revision, want, 156);
		KUNIT_EXPECT_MEMEQ(test, nc->answer.bytes + 20, want, table[i].len);
		KUNIT_EXPECT_EQ(test, nc->answer.bytes[20 + table[i].len], 0xa5);
	}
}

/* ---- noise ---------------------------------------------------------------------------- */

static void control_noise_test(struct kunit *test)
{
	static const u32 oids[] = {
		RNDIS_OID_GEN_CURRENT_PACKET_FILTER, RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER,
		RNDIS_OID_802_3_MULTICAST_LIST, NDIS_OID_OFFLOAD_PARAMETERS,
		NDIS_OID_OFFLOAD_ENCAPSULATION, NDIS_OID_OFFLOAD_CURRENT,
		NDIS_OID_RSS_PARAMETERS, NDIS_OID_RSS_CAPABILITIES,
	};
	static const u8 objects[] = {
		NDIS_OBJECT_DEFAULT, NDIS_OBJECT_RSS_PARAMETERS, NDIS_OBJECT_OFFLOAD,
		NDIS_OBJECT_ENCAPSULATION,
	};
	struct nc *nc = nc_new(test);
	u32 seed = 1, i, k, len;
	int ret;

	for (i = 0; i < 20000; i++) {
		for (k = 0; k < 160; k++) {
			seed = seed * 1664525 + 1013904223;
			nc->request.bytes[k] = seed >> 28 < 12 ? seed >> 20 & 7 : seed >> 16;
		}
		len = 28 + (seed >> 8) % 132;
		nc->request.req.hdr.type = cpu_to_le32(seed >> 31 ? RNDIS_MSG_SET :
							RNDIS_MSG_QUERY);
		nc->request.req.hdr.len = cpu_to_le32(len);
		nc->request.req.query.oid = cpu_to_le32(oids[i % ARRAY_SIZE(oids)]);
		if (i & 0x300) {
			nc->request.req.query.offset = cpu_to_le32(20);
			nc->request.req.query.len = cpu_to_le32(len - 28);
			nc->request.bytes[28] = objects[(seed >> 12) % ARRAY_SIZE(objects)];
		}
		ret = nc_send(nc, len);
		KUNIT_ASSERT_GE(test, ret, 16);
		KUNIT_ASSERT_LE(test, ret, NETVSP_ANSWER_MAX);
		KUNIT_ASSERT_GE(test, nc->control.settings.entries, 1);
		KUNIT_ASSERT_LE(test, nc->control.settings.entries, NDIS_RSS_TABLE_MAX);
		for (k = 0; k < nc->control.settings.entries; k++)
			KUNIT_ASSERT_LT(test, nc->control.settings.table[k], NC_QUEUES);
		KUNIT_ASSERT_EQ(test, nc->control.settings.offloads &
				~netvsp_offloads_have(&nc->control.adapter), 0);
	}
}

static struct kunit_case netvsp_control_cases[] = {
	KUNIT_CASE(control_init_test),
	KUNIT_CASE(control_init_once_test),
	KUNIT_CASE(control_fresh_test),
	KUNIT_CASE(control_halt_test),
	KUNIT_CASE(control_reset_test),
	KUNIT_CASE(control_keepalive_test),
	KUNIT_CASE(control_not_ready_test),
	KUNIT_CASE(control_unknown_test),
	KUNIT_CASE(control_status_test),
	KUNIT_CASE(control_short_test),
	KUNIT_CASE(control_no_header_test),
	KUNIT_CASE(control_length_test),
	KUNIT_CASE(control_set_buffer_test),
	KUNIT_CASE(control_query_buffer_test),
	KUNIT_CASE(control_behind_test),
	KUNIT_CASE(control_query_test),
	KUNIT_CASE(control_query_failed_test),
	KUNIT_CASE(control_set_test),
	KUNIT_CASE(control_every_oid_test),
	KUNIT_CASE(control_linux_test),
	KUNIT_CASE(control_link_test),
	KUNIT_CASE(control_offloads_test),
	KUNIT_CASE(control_noise_test),
	{}
};

static struct kunit_suite netvsp_control_suite = {
	.name = "vmbus_netvsp_control",
	.test_cases = netvsp_control_cases,
};

kunit_test_suite(netvsp_control_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: RNDIS control messages");
MODULE_LICENSE("GPL");
