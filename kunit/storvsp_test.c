// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_storvsp: packets of the guest, the initialization, SRBs.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/storvsp/storvsp.h"

#define ST_ID		0x1122334455667788ULL
#define ST_PFNS		130
#define ST_ASKS		VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED
#define ST_MAX		STORVSP_MAX_TRANSFER

/**
 * struct st_packet - a packet of a guest, to be filled in
 * @pkt: as the ring gives it
 * @payload: its payload, longer than any that counts
 * @ranges: its GPA ranges
 */
struct st_packet {
	struct vsrv_packet pkt;
	union {
		struct storvsp_packet packet;
		u8 bytes[128];
	} payload;
	struct {
		u32 byte_count;
		u32 byte_offset;
		u64 pfns[ST_PFNS];
	} ranges;
};

static struct st_packet *st_new(struct kunit *test, u32 operation, u32 len)
{
	struct st_packet *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(&p->payload, 0xa5, sizeof(p->payload));
	memset(&p->payload.packet, 0, sizeof(p->payload.packet));
	p->payload.packet.hdr.operation = cpu_to_le32(operation);
	p->pkt = (struct vsrv_packet) {
		.type = VM_PKT_DATA_INBAND,
		.flags = ST_ASKS,
		.trans_id = ST_ID,
		.payload = &p->payload,
		.len = len,
	};
	return p;
}

/* Give the packet one range. */
static void st_range(struct st_packet *p, u32 offset, u32 len)
{
	u32 npfns = HVPFN_UP(offset + len), i;

	p->pkt.type = VM_PKT_DATA_USING_GPA_DIRECT;
	p->pkt.range_count = 1;
	p->pkt.ranges = &p->ranges;
	p->pkt.ranges_len = 8 + 8 * npfns;
	p->ranges.byte_count = len;
	p->ranges.byte_offset = offset;
	for (i = 0; i < npfns; i++)
		p->ranges.pfns[i] = 0x1000 + i;
}

/* ---- packets ------------------------------------------------------------------------- */

struct st_parse {
	u32 operation;
	u32 len;
	enum storvsp_verdict verdict;
	u32 size;
};

static const struct st_parse st_parse_table[] = {
	/* Nothing to look at, or no operation. */
	{ STORVSP_BEGIN_INIT, 0, STORVSP_FATAL, 0 },
	{ STORVSP_BEGIN_INIT, 11, STORVSP_FATAL, 0 },
	{ 0, 64, STORVSP_FATAL, 52 },
	{ STORVSP_OPERATIONS, 64, STORVSP_FATAL, 52 },
	{ U32_MAX, 64, STORVSP_FATAL, 52 },
	/* The header is enough for most. */
	{ STORVSP_COMPLETE_IO, 12, STORVSP_OK, 0 },
	{ STORVSP_REMOVE_DEVICE, 12, STORVSP_OK, 0 },
	{ STORVSP_RESET_LUN, 12, STORVSP_OK, 0 },
	{ STORVSP_RESET_ADAPTER, 12, STORVSP_OK, 0 },
	{ STORVSP_RESET_BUS, 12, STORVSP_OK, 0 },
	{ STORVSP_BEGIN_INIT, 12, STORVSP_OK, 0 },
	{ STORVSP_END_INIT, 12, STORVSP_OK, 0 },
	{ STORVSP_QUERY_PROPERTIES, 12, STORVSP_OK, 0 },
	{ STORVSP_ENUMERATE_BUS, 12, STORVSP_OK, 0 },
	{ STORVSP_FC_HBA_DATA, 12, STORVSP_OK, 0 },
	{ STORVSP_EVENT, 12, STORVSP_OK, 0 },
	/* min - 1, min, max, max + 1, much more. */
	{ STORVSP_QUERY_VERSION, 12, STORVSP_FATAL, 0 },
	{ STORVSP_QUERY_VERSION, 15, STORVSP_FATAL, 3 },
	{ STORVSP_QUERY_VERSION, 16, STORVSP_OK, 4 },
	{ STORVSP_QUERY_VERSION, 64, STORVSP_OK, 52 },
	{ STORVSP_QUERY_VERSION, 65, STORVSP_OK, 52 },
	{ STORVSP_QUERY_VERSION, 128, STORVSP_OK, 52 },
	{ STORVSP_CREATE_SUB_CHANNELS, 13, STORVSP_FATAL, 1 },
	{ STORVSP_CREATE_SUB_CHANNELS, 14, STORVSP_OK, 2 },
	{ STORVSP_EXECUTE_SRB, 0, STORVSP_FATAL, 0 },
	{ STORVSP_EXECUTE_SRB, 12, STORVSP_FATAL, 0 },
	{ STORVSP_EXECUTE_SRB, 47, STORVSP_FATAL, 35 },
	{ STORVSP_EXECUTE_SRB, 48, STORVSP_OK, 36 },
	{ STORVSP_EXECUTE_SRB, 49, STORVSP_OK, 37 },
	{ STORVSP_EXECUTE_SRB, 63, STORVSP_OK, 51 },
	{ STORVSP_EXECUTE_SRB, 64, STORVSP_OK, 52 },
	{ STORVSP_EXECUTE_SRB, 65, STORVSP_OK, 52 },
	{ STORVSP_EXECUTE_SRB, 128, STORVSP_OK, 52 },
};

static void storvsp_parse_test(struct kunit *test)
{
	struct storvsp_answer answer;
	struct storvsp_request req;
	int i;

	for (i = 0; i < ARRAY_SIZE(st_parse_table); i++) {
		const struct st_parse *c = &st_parse_table[i];
		struct st_packet *p = st_new(test, c->operation, c->len);

		KUNIT_EXPECT_EQ_MSG(test, storvsp_parse(&p->pkt, &req), c->verdict,
				    "operation %u, %u bytes", c->operation, c->len);
		KUNIT_EXPECT_TRUE(test, req.answerable);
		KUNIT_EXPECT_EQ(test, req.trans_id, ST_ID);
		KUNIT_EXPECT_EQ_MSG(test, req.size, c->size, "operation %u, %u bytes",
				    c->operation, c->len);
		if (c->len >= 12)
			KUNIT_EXPECT_EQ(test, req.operation, c->operation);
		/* The answer has the length of the request, up to the longest. */
		storvsp_answer(&answer, &req, STORVSP_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, answer.len, clamp(c->len, 12U, 64U));
	}
}

/* What was not sent is zero, whatever lies behind it. */
static void st_parse_part(struct kunit *test, u32 operation, u32 len, u32 size,
			  struct storvsp_request *req)
{
	struct st_packet *p = st_new(test, operation, len);
	u32 i;

	memset(p->payload.bytes + 12, 0xff, sizeof(p->payload) - 12);
	KUNIT_ASSERT_EQ(test, storvsp_parse(&p->pkt, req), STORVSP_OK);
	KUNIT_EXPECT_EQ(test, req->size, size);
	for (i = 0; i < sizeof(req->packet.request); i++)
		KUNIT_EXPECT_EQ(test, req->packet.request[i], i < size ? 0xff : 0);
}

static void storvsp_parse_short_test(struct kunit *test)
{
	struct storvsp_request req;

	st_parse_part(test, STORVSP_RESET_LUN, 20, 8, &req);
}

/* So is what an SRB has since Windows 8 where the guest sends none of it. */
static void storvsp_parse_srb_v1_test(struct kunit *test)
{
	struct storvsp_request req;

	st_parse_part(test, STORVSP_EXECUTE_SRB, 48, 36, &req);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(req.packet.srb.srb_flags), 0U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(req.packet.srb.timeout), 0U);
}

struct st_type {
	u16 type;
	u16 flags;
	enum storvsp_verdict verdict;
	bool answerable;
};

static const struct st_type st_type_table[] = {
	{ VM_PKT_DATA_INBAND, ST_ASKS, STORVSP_OK, true },
	{ VM_PKT_DATA_INBAND, 0, STORVSP_FATAL, false },
	{ VM_PKT_DATA_USING_GPA_DIRECT, ST_ASKS, STORVSP_OK, true },
	{ VM_PKT_DATA_USING_GPA_DIRECT, 0, STORVSP_FATAL, false },
	{ VM_PKT_DATA_USING_XFER_PAGES, ST_ASKS, STORVSP_FATAL, false },
	{ VM_PKT_COMP, ST_ASKS, STORVSP_FATAL, false },
	{ VM_PKT_COMP, 0, STORVSP_FATAL, false },
};

static void storvsp_parse_type_test(struct kunit *test)
{
	struct storvsp_request req;
	int i;

	for (i = 0; i < ARRAY_SIZE(st_type_table); i++) {
		const struct st_type *c = &st_type_table[i];
		struct st_packet *p = st_new(test, STORVSP_EXECUTE_SRB, 64);

		p->pkt.type = c->type;
		p->pkt.flags = c->flags;
		KUNIT_EXPECT_EQ_MSG(test, storvsp_parse(&p->pkt, &req), c->verdict,
				    "type %u, flags %u", c->type, c->flags);
		KUNIT_EXPECT_EQ_MSG(test, req.answerable, c->answerable, "type %u, flags %u",
				    c->type, c->flags);
	}
}

/* ---- initialization -------------------------------------------------------------------- */

static struct storvsp_request st_request(u32 operation)
{
	return (struct storvsp_request) {
		.trans_id = ST_ID,
		.answerable = true,
		.operation = operation,
		.size = STORVSP_REQUEST_SIZE,
		.packet.hdr.operation = cpu_to_le32(operation),
	};
}

struct st_step {
	enum storvsp_state state;
	u32 operation;
	enum storvsp_state next;
	enum storvsp_action action;
	u32 status;
};

#define ST_GOES(from, operation, to)						\
	{ STORVSP_STATE_##from, STORVSP_##operation, STORVSP_STATE_##to,	\
	  STORVSP_ACT_ANSWER, STORVSP_STATUS_SUCCESS }
#define ST_RESETS(operation)							\
	{ STORVSP_STATE_READY, STORVSP_##operation, STORVSP_STATE_READY,	\
	  STORVSP_ACT_RESET, STORVSP_STATUS_SUCCESS }
#define ST_NEVER(operation)							\
	{ STORVSP_STATE_READY, STORVSP_##operation, STORVSP_STATE_READY,	\
	  STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_DEVICE_REQUEST }

/* With version 6.0 asked for, and no sub-channels.  What is not here is refused. */
static const struct st_step st_step_table[] = {
	ST_GOES(BEGIN, BEGIN_INIT, VERSION),
	ST_GOES(VERSION, QUERY_VERSION, PROPERTIES),
	ST_GOES(PROPERTIES, QUERY_PROPERTIES, END),
	ST_GOES(END, CREATE_SUB_CHANNELS, END),
	ST_GOES(END, END_INIT, READY),
	ST_GOES(READY, CREATE_SUB_CHANNELS, READY),
	{ STORVSP_STATE_READY, STORVSP_EXECUTE_SRB, STORVSP_STATE_READY, STORVSP_ACT_EXECUTE },
	ST_RESETS(RESET_LUN),
	ST_RESETS(RESET_ADAPTER),
	ST_RESETS(RESET_BUS),
	ST_NEVER(COMPLETE_IO),
	ST_NEVER(REMOVE_DEVICE),
	ST_NEVER(ENUMERATE_BUS),
	ST_NEVER(FC_HBA_DATA),
	ST_NEVER(EVENT),
};

static struct st_step st_expect(enum storvsp_state state, u32 operation)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(st_step_table); i++)
		if (st_step_table[i].state == state && st_step_table[i].operation == operation)
			return st_step_table[i];
	return (struct st_step) {
		.next = state,
		.action = STORVSP_ACT_REFUSE,
		.status = STORVSP_STATUS_INVALID_DEVICE_STATE,
	};
}

static void storvsp_step_case(struct kunit *test, enum storvsp_state state, u32 operation)
{
	struct storvsp_request req = st_request(operation);
	struct st_step want = st_expect(state, operation);
	struct storvsp_proto proto = { .state = state, .version = STORVSP_VERSION_BLUE };
	struct storvsp_answer answer;

	if (operation == STORVSP_QUERY_VERSION)
		req.packet.version.version = cpu_to_le16(STORVSP_VERSION_BLUE);
	KUNIT_EXPECT_EQ_MSG(test, storvsp_proto_step(&proto, &req, &answer), want.action,
			    "state %d, operation %u", state, operation);
	KUNIT_EXPECT_EQ_MSG(test, proto.state, want.next, "state %d, operation %u", state,
			    operation);
	if (want.action == STORVSP_ACT_EXECUTE)
		return;
	KUNIT_EXPECT_EQ(test, answer.len, 64U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.operation), STORVSP_COMPLETE_IO);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.flags), 0U);
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(answer.packet.hdr.status), want.status,
			    "state %d, operation %u", state, operation);
	if (state != STORVSP_STATE_PROPERTIES)
		KUNIT_EXPECT_NULL(test, memchr_inv(answer.packet.request, 0,
						   sizeof(answer.packet.request)));
}

static void storvsp_step_test(struct kunit *test)
{
	enum storvsp_state state;
	u32 operation;

	for (state = 0; state < STORVSP_STATES; state++)
		for (operation = 1; operation < STORVSP_OPERATIONS; operation++)
			storvsp_step_case(test, state, operation);
}

struct st_version {
	u16 version;
	bool good;
};

static const struct st_version st_version_table[] = {
	{ STORVSP_VERSION(6, 2), false },
	{ STORVSP_VERSION(6, 1), false },
	{ STORVSP_VERSION(6, 0), true },
	{ STORVSP_VERSION(5, 2), false },
	{ STORVSP_VERSION(5, 1), true },
	{ STORVSP_VERSION(5, 0), false },
	{ STORVSP_VERSION(4, 3), false },
	{ STORVSP_VERSION(4, 2), true },
	{ STORVSP_VERSION(4, 1), false },
	{ STORVSP_VERSION(2, 1), false },
	{ STORVSP_VERSION(2, 0), true },
	{ STORVSP_VERSION(1, 0), false },
	{ 0, false },
	{ U16_MAX, false },
};

static void storvsp_version_test(struct kunit *test)
{
	struct storvsp_request req = st_request(STORVSP_QUERY_VERSION);
	struct storvsp_answer answer;
	int i;

	for (i = 0; i < ARRAY_SIZE(st_version_table); i++) {
		const struct st_version *c = &st_version_table[i];
		struct storvsp_proto proto = { .state = STORVSP_STATE_VERSION };

		req.packet.version.version = cpu_to_le16(c->version);
		/* The guest does nothing wrong by asking. */
		KUNIT_EXPECT_EQ(test, storvsp_proto_step(&proto, &req, &answer),
				STORVSP_ACT_ANSWER);
		KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(answer.packet.hdr.status),
				    c->good ? STORVSP_STATUS_SUCCESS :
					      STORVSP_STATUS_REVISION_MISMATCH,
				    "version %#x", c->version);
		KUNIT_EXPECT_EQ(test, proto.state,
				c->good ? STORVSP_STATE_PROPERTIES : STORVSP_STATE_VERSION);
		KUNIT_EXPECT_EQ(test, proto.version, c->good ? c->version : 0);
	}
}

/* As a Linux guest does it: the newest version first, the next one after a refusal. */
static void storvsp_init_test(struct kunit *test)
{
	struct storvsp_request version = st_request(STORVSP_QUERY_VERSION);
	struct storvsp_request req = st_request(STORVSP_BEGIN_INIT);
	struct storvsp_proto proto = { };
	struct storvsp_answer answer;

	KUNIT_EXPECT_EQ(test, storvsp_proto_step(&proto, &req, &answer), STORVSP_ACT_ANSWER);
	version.packet.version.version = cpu_to_le16(STORVSP_VERSION_WIN10);
	storvsp_proto_step(&proto, &version, &answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.status),
			STORVSP_STATUS_REVISION_MISMATCH);
	version.packet.version.version = cpu_to_le16(STORVSP_VERSION_BLUE);
	storvsp_proto_step(&proto, &version, &answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.hdr.status), STORVSP_STATUS_SUCCESS);

	req = st_request(STORVSP_QUERY_PROPERTIES);
	storvsp_proto_step(&proto, &req, &answer);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(answer.packet.properties.max_subchannels), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.properties.flags), 0U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(answer.packet.properties.max_transfer), 0x40000U);
	req = st_request(STORVSP_END_INIT);
	storvsp_proto_step(&proto, &req, &answer);
	KUNIT_EXPECT_EQ(test, proto.state, STORVSP_STATE_READY);
	KUNIT_EXPECT_EQ(test, proto.version, STORVSP_VERSION_BLUE);
}

struct st_subs {
	u16 max;
	bool sub;
	u16 asked;
	enum storvsp_action action;
	u32 status;
};

static const struct st_subs st_subs_table[] = {
	/* None to be had: only the wish for none can be met. */
	{ 0, false, 0, STORVSP_ACT_ANSWER },
	{ 0, false, 1, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_PARAMETER },
	{ 0, false, U16_MAX, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_PARAMETER },
	/* 0, 1, max, max + 1. */
	{ 4, false, 0, STORVSP_ACT_ANSWER },
	{ 4, false, 1, STORVSP_ACT_OFFER },
	{ 4, false, 4, STORVSP_ACT_OFFER },
	{ 4, false, 5, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_PARAMETER },
	{ 64, false, 64, STORVSP_ACT_OFFER },
	{ 64, false, 65, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_PARAMETER },
	{ 64, false, U16_MAX, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_PARAMETER },
	/* Sub-channels have none of their own. */
	{ 0, true, 0, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_DEVICE_REQUEST },
	{ 0, true, 1, STORVSP_ACT_REFUSE, STORVSP_STATUS_INVALID_DEVICE_REQUEST },
};

static void storvsp_subchannels_case(struct kunit *test, enum storvsp_state state,
				     const struct st_subs *c)
{
	struct storvsp_request req = st_request(STORVSP_CREATE_SUB_CHANNELS);
	struct storvsp_answer answer;
	struct storvsp_proto proto;

	storvsp_proto_init(&proto, c->sub, c->max);
	proto.state = state;
	proto.version = STORVSP_VERSION_WIN8;
	req.packet.subchannels = cpu_to_le16(c->asked);
	KUNIT_EXPECT_EQ_MSG(test, storvsp_proto_step(&proto, &req, &answer), c->action,
			    "%u of %u, sub %d", c->asked, c->max, c->sub);
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(answer.packet.hdr.status), c->status,
			    "%u of %u, sub %d", c->asked, c->max, c->sub);
	KUNIT_EXPECT_EQ(test, proto.state, state);
}

static void storvsp_subchannels_test(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(st_subs_table); i++) {
		storvsp_subchannels_case(test, STORVSP_STATE_END, &st_subs_table[i]);
		storvsp_subchannels_case(test, STORVSP_STATE_READY, &st_subs_table[i]);
	}
}

/* A sub-channel takes commands and resets at once, and nothing of the initialization. */
static void storvsp_subchannel_ready_test(struct kunit *test)
{
	struct storvsp_request req;
	struct storvsp_answer answer;
	struct storvsp_proto proto;
	u32 operation;

	storvsp_proto_init(&proto, true, 0);
	for (operation = STORVSP_BEGIN_INIT; operation <= STORVSP_QUERY_PROPERTIES; operation++) {
		req = st_request(operation);
		KUNIT_EXPECT_EQ_MSG(test, storvsp_proto_step(&proto, &req, &answer),
				    STORVSP_ACT_REFUSE, "operation %u", operation);
	}
	req = st_request(STORVSP_EXECUTE_SRB);
	KUNIT_EXPECT_EQ(test, storvsp_proto_step(&proto, &req, &answer), STORVSP_ACT_EXECUTE);
	req = st_request(STORVSP_RESET_BUS);
	KUNIT_EXPECT_EQ(test, storvsp_proto_step(&proto, &req, &answer), STORVSP_ACT_RESET);
}

/* What the guest is told it may have. */
static void storvsp_properties_test(struct kunit *test)
{
	static const u16 max[] = { 0, 1, 64 };
	struct storvsp_request req = st_request(STORVSP_QUERY_PROPERTIES);
	const struct storvsp_properties *p;
	struct storvsp_answer answer;
	struct storvsp_proto proto;
	int i;

	p = &answer.packet.properties;
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		storvsp_proto_init(&proto, false, max[i]);
		proto.state = STORVSP_STATE_PROPERTIES;
		proto.version = STORVSP_VERSION_WIN8;
		storvsp_proto_step(&proto, &req, &answer);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(p->max_subchannels), max[i]);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(p->flags), max[i] ? 1U : 0U);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(p->max_transfer), 0x40000U);
	}
}

/* ---- versions ---------------------------------------------------------------------------- */

/**
 * struct st_speaks - what a version has
 * @version: version
 * @multi_channel: sub-channels
 * @enumerate_len: bytes of the packet that tells of disks, 0 for none
 */
struct st_speaks {
	u16 version;
	bool multi_channel;
	u32 enumerate_len;
};

static const struct st_speaks st_speaks_table[] = {
	{ STORVSP_VERSION(2, 0), false, 0 },
	{ STORVSP_VERSION(4, 2), false, 48 },
	{ STORVSP_VERSION(5, 1), true, 64 },
	{ STORVSP_VERSION(6, 0), true, 64 },
};

/* Of the request area; guests of any version send any of them, at least at first. */
static const u32 st_sizes[] = { 36, 40, 52 };

/* One request of so many bytes: as long an answer, with this status. */
static void st_ask(struct kunit *test, struct storvsp_proto *proto, struct st_packet *p,
		   u32 status, struct storvsp_answer *answer)
{
	u32 operation = le32_to_cpu(p->payload.packet.hdr.operation);
	struct storvsp_request req;

	KUNIT_EXPECT_EQ(test, storvsp_parse(&p->pkt, &req), STORVSP_OK);
	KUNIT_EXPECT_EQ_MSG(test, storvsp_proto_step(proto, &req, answer),
			    status ? STORVSP_ACT_REFUSE : STORVSP_ACT_ANSWER,
			    "version %#x, operation %u", proto->version, operation);
	KUNIT_EXPECT_EQ_MSG(test, le32_to_cpu(answer->packet.hdr.status), status,
			    "version %#x, operation %u", proto->version, operation);
	KUNIT_EXPECT_EQ_MSG(test, answer->len, p->pkt.len, "version %#x, operation %u",
			    proto->version, operation);
}

static void st_ask_simple(struct kunit *test, struct storvsp_proto *proto, u32 operation,
			  u32 len, u32 status, struct storvsp_answer *answer)
{
	st_ask(test, proto, st_new(test, operation, len), status, answer);
}

static void storvsp_speaks_case(struct kunit *test, const struct st_speaks *c, u32 len)
{
	u32 no = c->multi_channel ? 0 : STORVSP_STATUS_INVALID_DEVICE_STATE;
	const struct storvsp_properties *properties;
	struct storvsp_answer answer;
	struct storvsp_proto proto;
	struct st_packet *p;

	storvsp_proto_init(&proto, false, 4);
	st_ask_simple(test, &proto, STORVSP_BEGIN_INIT, len, 0, &answer);
	p = st_new(test, STORVSP_QUERY_VERSION, len);
	p->payload.packet.version.version = cpu_to_le16(c->version);
	st_ask(test, &proto, p, 0, &answer);
	KUNIT_EXPECT_EQ(test, proto.version, c->version);
	st_ask_simple(test, &proto, STORVSP_QUERY_PROPERTIES, len, 0, &answer);
	properties = &answer.packet.properties;
	KUNIT_EXPECT_EQ(test, le16_to_cpu(properties->max_subchannels), c->multi_channel ? 4 : 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(properties->flags), c->multi_channel ? 1U : 0U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(properties->max_transfer), 0x40000U);
	/* Of none, which any guest may ask for that may ask. */
	st_ask_simple(test, &proto, STORVSP_CREATE_SUB_CHANNELS, len, no, &answer);
	KUNIT_EXPECT_EQ(test, proto.state, STORVSP_STATE_END);
	st_ask_simple(test, &proto, STORVSP_END_INIT, len, 0, &answer);
	st_ask_simple(test, &proto, STORVSP_CREATE_SUB_CHANNELS, len, no, &answer);
	KUNIT_EXPECT_EQ(test, proto.state, STORVSP_STATE_READY);
	KUNIT_EXPECT_EQ(test, storvsp_enumerate_len(&proto), c->enumerate_len);
}

static void storvsp_speaks_test(struct kunit *test)
{
	unsigned int i, size;

	for (i = 0; i < ARRAY_SIZE(st_speaks_table); i++)
		for (size = 0; size < ARRAY_SIZE(st_sizes); size++)
			storvsp_speaks_case(test, &st_speaks_table[i], 12 + st_sizes[size]);
}

/* ---- SRBs --------------------------------------------------------------------------------- */

struct st_srb {
	/* Range: bytes 0 means none. */
	u32 offset;
	u32 bytes;
	u32 transfer;
	u8 cdb_length;
	enum storvsp_verdict verdict;
	u32 npages;
};

static const struct st_srb st_srb_table[] = {
	/* No data. */
	{ 0, 0, 0, 6, STORVSP_OK, 0 },
	{ 0, 0, 0, 16, STORVSP_OK, 0 },
	{ 0, 0, 0, 0, STORVSP_REFUSED, 0 },
	{ 0, 0, 0, 17, STORVSP_REFUSED, 0 },
	{ 0, 0, 0, 255, STORVSP_REFUSED, 0 },
	/* Data without a range. */
	{ 0, 0, 1, 6, STORVSP_FATAL, 0 },
	{ 0, 0, 512, 6, STORVSP_FATAL, 0 },
	{ 0, 0, U32_MAX, 6, STORVSP_FATAL, 0 },
	/* A range and less data, or none. */
	{ 0, 512, 0, 10, STORVSP_OK, 0 },
	{ 4095, 1, 0, 10, STORVSP_OK, 0 },
	{ 0, 512, 1, 10, STORVSP_OK, 1 },
	{ 0, 512, 511, 10, STORVSP_OK, 1 },
	{ 0, 8192, 4096, 10, STORVSP_OK, 1 },
	{ 0, 8192, 4097, 10, STORVSP_OK, 2 },
	{ 4095, 8192, 1, 10, STORVSP_OK, 1 },
	{ 4095, 8192, 2, 10, STORVSP_OK, 2 },
	/* A range that just fits, and one that does not. */
	{ 0, 1, 1, 10, STORVSP_OK, 1 },
	{ 0, 512, 512, 10, STORVSP_OK, 1 },
	{ 0, 512, 513, 10, STORVSP_FATAL, 0 },
	{ 0, 1, 2, 10, STORVSP_FATAL, 0 },
	{ 0, 4096, U32_MAX, 10, STORVSP_FATAL, 0 },
	/* The longest transfer. */
	{ 0, ST_MAX - 1, ST_MAX - 1, 10, STORVSP_OK, 64 },
	{ 0, ST_MAX, ST_MAX, 10, STORVSP_OK, 64 },
	{ 1, ST_MAX, ST_MAX, 10, STORVSP_OK, 65 },
	{ 4095, ST_MAX, ST_MAX, 10, STORVSP_OK, 65 },
	{ 0, ST_MAX + 1, ST_MAX, 10, STORVSP_OK, 64 },
	{ 0, ST_MAX + 1, ST_MAX + 1, 10, STORVSP_REFUSED, 0 },
	{ 0, 2 * ST_MAX, 2 * ST_MAX, 10, STORVSP_REFUSED, 0 },
	/* Both wrong: what is fatal counts. */
	{ 0, 512, 513, 0, STORVSP_FATAL, 0 },
};

/* The packet of an SRB, parsed. */
static struct st_packet *st_srb(struct kunit *test, const struct st_srb *c,
				struct storvsp_request *req)
{
	struct st_packet *p = st_new(test, STORVSP_EXECUTE_SRB, 64);
	struct storvsp_srb *srb = &p->payload.packet.srb;

	srb->path = 1;
	srb->target = 2;
	srb->lun = 3;
	srb->cdb_length = c->cdb_length;
	srb->data_in = 1;
	srb->data_transfer_length = cpu_to_le32(c->transfer);
	memset(srb->payload, 0x28, sizeof(srb->payload));
	if (c->bytes)
		st_range(p, c->offset, c->bytes);
	KUNIT_ASSERT_EQ(test, storvsp_parse(&p->pkt, req), STORVSP_OK);
	return p;
}

static void storvsp_srb_case(struct kunit *test, const struct st_srb *c)
{
	struct storvsp_request req;
	struct st_packet *p = st_srb(test, c, &req);
	struct storvsp_command cmd;
	int i;

	KUNIT_EXPECT_EQ_MSG(test, storvsp_parse_srb(&p->pkt, &req, &cmd), c->verdict,
			    "range %u+%u, transfer %u, CDB %u", c->offset, c->bytes,
			    c->transfer, c->cdb_length);
	if (c->verdict != STORVSP_OK)
		return;
	KUNIT_EXPECT_EQ(test, cmd.path, 1);
	KUNIT_EXPECT_EQ(test, cmd.target, 2);
	KUNIT_EXPECT_EQ(test, cmd.lun, 3);
	KUNIT_EXPECT_TRUE(test, cmd.data_in);
	KUNIT_EXPECT_EQ(test, cmd.len, c->transfer);
	KUNIT_EXPECT_EQ_MSG(test, cmd.npages, c->npages, "range %u+%u, transfer %u", c->offset,
			    c->bytes, c->transfer);
	KUNIT_EXPECT_LE(test, cmd.npages, (u32)STORVSP_MAX_PAGES);
	if (c->bytes) {
		KUNIT_EXPECT_EQ(test, cmd.offset, c->offset);
		KUNIT_EXPECT_PTR_EQ(test, cmd.pfns, (const u64 *)p->ranges.pfns);
	}
	for (i = 0; i < STORVSP_CDB_SIZE; i++)
		KUNIT_EXPECT_EQ(test, cmd.cdb[i], i < c->cdb_length ? 0x28 : 0);
}

static void storvsp_srb_test(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(st_srb_table); i++)
		storvsp_srb_case(test, &st_srb_table[i]);
}

/* Packets whose ranges are not one good range. */
static void storvsp_srb_ranges_test(struct kunit *test)
{
	static const struct st_srb good = { 0, 8192, 4096, 10 };
	struct storvsp_command cmd;
	struct storvsp_request req;
	struct st_packet *p;

	p = st_srb(test, &good, &req);
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_OK);
	p->pkt.range_count = 0;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
	p->pkt.range_count = 2;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
	p->pkt.range_count = U32_MAX;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);

	/* Two pages need two page frame numbers. */
	p = st_srb(test, &good, &req);
	p->pkt.ranges_len -= 8;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
	p->pkt.ranges_len = 0;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);

	p = st_srb(test, &good, &req);
	p->ranges.byte_offset = 4096;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
	p->ranges.byte_offset = 0;
	p->ranges.byte_count = 0;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
	p->ranges.byte_offset = 4095;
	p->ranges.byte_count = U32_MAX;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_FATAL);
}

/* A length within the CDB must not lead LIO out of it. */
static void storvsp_srb_varlen_test(struct kunit *test)
{
	static const struct st_srb good = { 0, 0, 0, 16 };
	struct storvsp_command cmd;
	struct storvsp_request req;
	struct st_packet *p = st_srb(test, &good, &req);
	unsigned int len;

	req.packet.srb.payload[0] = VARIABLE_LENGTH_CMD;
	for (len = 0; len < 256; len++) {
		req.packet.srb.payload[7] = len;
		KUNIT_EXPECT_EQ_MSG(test, storvsp_parse_srb(&p->pkt, &req, &cmd),
				    len <= 8 ? STORVSP_OK : STORVSP_REFUSED, "%u", len);
	}
	/* The length is not part of what was sent. */
	req.packet.srb.cdb_length = 7;
	KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_OK);
	KUNIT_EXPECT_EQ(test, cmd.cdb[7], 0);
}

static void storvsp_srb_direction_test(struct kunit *test)
{
	static const struct st_srb good = { 0, 512, 512, 10 };
	static const u8 directions[] = { 0, 1, 2, 255 };
	struct storvsp_command cmd;
	struct storvsp_request req;
	struct st_packet *p = st_srb(test, &good, &req);
	int i;

	for (i = 0; i < ARRAY_SIZE(directions); i++) {
		req.packet.srb.data_in = directions[i];
		KUNIT_EXPECT_EQ(test, storvsp_parse_srb(&p->pkt, &req, &cmd), STORVSP_OK);
		KUNIT_EXPECT_EQ(test, cmd.data_in, directions[i] != 0);
	}
}

/* ---- what the administrator says ------------------------------------------------------------ */

static void storvsp_subs_auto_test(struct kunit *test)
{
	static const struct { u16 subs; unsigned int vps; u16 want; } cases[] = {
		{ STORVSP_SUBS_AUTO, 0, 0 }, { STORVSP_SUBS_AUTO, 1, 1 },
		{ STORVSP_SUBS_AUTO, 63, 63 }, { STORVSP_SUBS_AUTO, 64, 64 },
		{ STORVSP_SUBS_AUTO, 65, 64 }, { STORVSP_SUBS_AUTO, UINT_MAX, 64 },
		{ 0, 8, 0 }, { 1, 8, 1 }, { STORVSP_MAX_SUBS, 1, STORVSP_MAX_SUBS },
	};
	struct storvsp_config config = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		config.subs = cases[i].subs;
		KUNIT_EXPECT_EQ_MSG(test, storvsp_config_subs(&config, cases[i].vps),
				    cases[i].want, "case %u", i);
		config.ide.enabled = true;
		KUNIT_EXPECT_EQ(test, storvsp_config_subs(&config, cases[i].vps), 0);
		config.ide.enabled = false;
	}
}

/* ---- a disk on IDE ------------------------------------------------------------------------- */

struct st_ide {
	const char *text;
	bool good;
	struct storvsp_ide ide;
};

static const struct st_ide st_ide_table[] = {
	{ "none", true, { false, 0, 0 } },
	{ "none\n", true, { false, 0, 0 } },
	{ "0 0", true, { true, 0, 0 } },
	{ "0 1\n", true, { true, 0, 1 } },
	{ "1 0", true, { true, 1, 0 } },
	{ "1 1\n", true, { true, 1, 1 } },
	{ "" }, { "\n" }, { "0" }, { "0 " }, { "0 2" }, { "2 0" }, { "0 0 0" }, { "0  0" },
	{ " 0 0" }, { "0 0 " }, { "0 -1" }, { "00 0" }, { "0:0" }, { "0 0\n\n" }, { "None" },
	{ "256 0" }, { "4294967296 0" },
};

static void storvsp_ide_parse_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(st_ide_table); i++) {
		const struct st_ide *c = &st_ide_table[i];
		struct storvsp_ide ide = { true, 7, 8 };

		KUNIT_EXPECT_EQ_MSG(test, storvsp_parse_ide(c->text, &ide), c->good, "\"%s\"",
				    c->text);
		KUNIT_EXPECT_EQ_MSG(test, ide.enabled, !c->good || c->ide.enabled, "\"%s\"",
				    c->text);
		KUNIT_EXPECT_EQ_MSG(test, ide.channel, c->good ? c->ide.channel : 7, "\"%s\"",
				    c->text);
		KUNIT_EXPECT_EQ_MSG(test, ide.device, c->good ? c->ide.device : 8, "\"%s\"",
				    c->text);
	}
}

static void storvsp_ide_offer_test(struct kunit *test)
{
	static const guid_t class_id = GUID_INIT(0x32412632, 0x86cb, 0x44a2,
						 0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5);
	static const u8 place[VMBUS_USER_DEFINED_SIZE] = { 0, 0, 1, 0, 0, 0, 0, 0, 2 };
	static const u8 other[VMBUS_USER_DEFINED_SIZE] = { 0, 0, 0, 1, 0, 0, 0, 0, 2 };
	const struct vsrv_offer scsi = {
		.class_id = STORVSP_CLASS_SCSI,
		.instance_id = GUID_INIT(1, 0, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0),
		.order = VSRV_ORDER_NONE,
	};
	struct vsrv_offer offer = scsi;

	storvsp_ide_offer(&(struct storvsp_ide) { true, 1, 0 }, &offer);
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.class_id, &class_id));
	KUNIT_EXPECT_TRUE(test, guid_equal(&offer.instance_id, &scsi.instance_id));
	KUNIT_EXPECT_EQ(test, offer.flags, 1);
	KUNIT_EXPECT_EQ(test, offer.order, VSRV_ORDER_NONE);
	KUNIT_EXPECT_EQ(test, offer.subchannel, 0);
	KUNIT_EXPECT_MEMEQ(test, offer.user_defined, place, sizeof(place));
	offer = scsi;
	storvsp_ide_offer(&(struct storvsp_ide) { true, 0, 1 }, &offer);
	KUNIT_EXPECT_MEMEQ(test, offer.user_defined, other, sizeof(other));
}

struct st_ide_address {
	struct storvsp_ide ide;
	u8 path;
	u8 target;
	bool disk;
};

/* Of an IDE accelerator any path is right, and the target that is its device. */
static const struct st_ide_address st_ide_address_table[] = {
	{ { true, 0, 0 }, 0, 0, true }, { { true, 0, 0 }, 1, 0, true },
	{ { true, 0, 0 }, 255, 0, true }, { { true, 0, 0 }, 0, 1, false },
	{ { true, 1, 1 }, 0, 1, true }, { { true, 1, 1 }, 1, 1, true },
	{ { true, 1, 1 }, 0, 0, false }, { { true, 1, 1 }, 1, 0, false },
	{ { true, 1, 1 }, 1, 2, false }, { { true, 1, 1 }, 1, 255, false },
	{ { true, 1, 0 }, 0, 0, true }, { { true, 0, 1 }, 0, 1, true },
	{ { false, 0, 0 }, 0, 0, true }, { { false, 0, 0 }, 1, 0, false },
	{ { false, 1, 1 }, 1, 1, false },
};

static void storvsp_ide_address_test(struct kunit *test)
{
	DECLARE_BITMAP(luns, STORVSP_LUNS) = { 1 };
	u8 *buf = kunit_kzalloc(test, STORVSP_EMULATE_SIZE, GFP_KERNEL);
	struct storvsp_result res;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ARRAY_SIZE(st_ide_address_table); i++) {
		const struct st_ide_address *c = &st_ide_address_table[i];
		struct storvsp_command cmd = {
			.path = c->path, .target = c->target, .cdb = { TEST_UNIT_READY },
		};

		storvsp_ide_address(&c->ide, &cmd);
		KUNIT_EXPECT_EQ_MSG(test, storvsp_emulate(&cmd, luns, buf, &res), !c->disk,
				    "case %u", i);
	}
	/* There is but one LUN. */
	for (i = 1; i < STORVSP_LUNS; i++) {
		struct storvsp_command cmd = { .lun = i, .cdb = { TEST_UNIT_READY } };

		storvsp_ide_address(&st_ide_address_table[0].ide, &cmd);
		KUNIT_EXPECT_TRUE(test, storvsp_emulate(&cmd, luns, buf, &res));
	}
}

/* LUNs that never complete a command take this many, one after the other in turn. */
static unsigned int st_take(struct kunit *test, unsigned int *luns, unsigned int n,
			    unsigned int depth)
{
	unsigned int busy = 0, i;
	bool any;

	memset(luns, 0, n * sizeof(*luns));
	do {
		any = false;
		for (i = 0; i < n; i++) {
			if (!storvsp_admit(luns[i], busy, depth))
				continue;
			luns[i]++;
			busy++;
			any = true;
		}
	} while (any && busy <= STORVSP_DEPTH);
	return busy;
}

/* LIO gets the guest's pages but where its disks, or LIO itself, would not take them. */
static void storvsp_takes_pages_test(struct kunit *test)
{
	static const struct {
		u8 opcode;
		u32 offset;
		u32 len;
		bool takes;
	} cases[] = {
		{ WRITE_10, 0, 512, true },
		{ WRITE_10, 512, 512, true },
		{ READ_16, 3584, 4096, true },
		{ READ_16, 0, STORVSP_MAX_TRANSFER, true },
		{ WRITE_10, 1, 512, false },
		{ READ_10, 511, 4096, false },
		{ READ_10, 513, 4096, false },
		{ READ_10, 4095, 4096, false },
		{ WRITE_SAME, 0, 512, true },
		{ WRITE_SAME, 3584, 512, true },
		{ WRITE_SAME_16, 0, 4096, true },
		{ WRITE_SAME_16, 512, 4096, false },
		{ WRITE_SAME, 3584, 4096, false },
		{ WRITE_SAME, 511, 512, false },
		{ COMPARE_AND_WRITE, 0, 1024, false },
	};
	struct storvsp_command cmd = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		cmd.cdb[0] = cases[i].opcode;
		cmd.offset = cases[i].offset;
		KUNIT_EXPECT_EQ_MSG(test, storvsp_takes_pages(&cmd, cases[i].len), cases[i].takes,
				    "opcode %#x, %u bytes at %u", cases[i].opcode, cases[i].len,
				    cases[i].offset);
	}
}

/* A short page of block limits is given in full length, as far as the guest wants it. */
static void storvsp_block_limits_test(struct kunit *test)
{
	static const struct {
		u8 cdb[6];
		u32 cmd_len;
		u16 page_len;
		u32 len;
		u16 want_page_len;
		u32 want;
	} cases[] = {
		{ { INQUIRY, 1, 0xb0, 0, 255 }, 255, 40, 44, 60, 64 },
		{ { INQUIRY, 1, 0xb0, 1, 0 }, 4096, 40, 44, 60, 64 },
		{ { INQUIRY, 1, 0xb0, 0, 64 }, 64, 40, 44, 60, 64 },
		{ { INQUIRY, 1, 0xb0, 0, 63 }, 64, 40, 44, 60, 63 },
		{ { INQUIRY, 1, 0xb0, 0, 64 }, 63, 40, 44, 60, 63 },
		{ { INQUIRY, 1, 0xb0, 0, 44 }, 512, 40, 44, 60, 44 },
		{ { INQUIRY, 1, 0xb0, 0, 20 }, 20, 40, 20, 60, 20 },
		{ { INQUIRY, 1, 0xb0, 0, 4 }, 4, 40, 4, 60, 4 },
		{ { INQUIRY, 1, 0xb0, 0, 3 }, 3, 40, 3, 40, 3 },
		{ { INQUIRY, 1, 0xb0, 0, 0 }, 0, 40, 0, 40, 0 },
		{ { INQUIRY, 1, 0xb0, 0, 255 }, 255, 60, 64, 60, 64 },
		{ { INQUIRY, 1, 0xb0, 0, 255 }, 255, 12, 16, 12, 16 },
		{ { INQUIRY, 1, 0xb1, 0, 255 }, 255, 40, 44, 40, 44 },
		{ { INQUIRY, 0, 0xb0, 0, 255 }, 255, 40, 44, 40, 44 },
		{ { MODE_SENSE, 1, 0xb0, 0, 255 }, 255, 40, 44, 40, 44 },
	};
	struct storvsp_command cmd;
	unsigned int i;
	u8 data[64];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&cmd, 0, sizeof(cmd));
		memcpy(cmd.cdb, cases[i].cdb, sizeof(cases[i].cdb));
		cmd.len = cases[i].cmd_len;
		memset(data, 0, sizeof(data));
		put_unaligned_be16(cases[i].page_len, data + 2);
		KUNIT_EXPECT_EQ_MSG(test, storvsp_block_limits(&cmd, data, cases[i].len),
				    cases[i].want, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, get_unaligned_be16(data + 2), cases[i].want_page_len,
				    "case %u", i);
	}
}

/* However many are stuck, another one gets something; and none more than it may have. */
static void storvsp_admit_test(struct kunit *test)
{
	static const unsigned int depths[] = { 1, 2, 64, STORVSP_DEPTH };
	unsigned int luns[64], n, i, d, busy, share;

	for (d = 0; d < ARRAY_SIZE(depths); d++) {
		for (n = 1; n <= ARRAY_SIZE(luns); n++) {
			busy = st_take(test, luns, n, depths[d]);
			share = min(depths[d], STORVSP_DEPTH / (n + 1));
			KUNIT_EXPECT_LT(test, busy, (unsigned int)STORVSP_DEPTH);
			KUNIT_EXPECT_TRUE(test, storvsp_admit(0, busy, depths[d]));
			for (i = 0; i < n; i++) {
				KUNIT_EXPECT_GE(test, luns[i], share);
				KUNIT_EXPECT_LE(test, luns[i], share + 1);
			}
		}
	}
	KUNIT_EXPECT_EQ(test, st_take(test, luns, 1, STORVSP_DEPTH), STORVSP_DEPTH / 2U);
	KUNIT_EXPECT_FALSE(test, storvsp_admit(0, STORVSP_DEPTH, STORVSP_DEPTH));
	KUNIT_EXPECT_FALSE(test, storvsp_admit(0, 0, 0));
}

static struct kunit_case storvsp_cases[] = {
	KUNIT_CASE(storvsp_parse_test),
	KUNIT_CASE(storvsp_parse_short_test),
	KUNIT_CASE(storvsp_parse_srb_v1_test),
	KUNIT_CASE(storvsp_parse_type_test),
	KUNIT_CASE(storvsp_step_test),
	KUNIT_CASE(storvsp_version_test),
	KUNIT_CASE(storvsp_init_test),
	KUNIT_CASE(storvsp_subchannels_test),
	KUNIT_CASE(storvsp_subchannel_ready_test),
	KUNIT_CASE(storvsp_properties_test),
	KUNIT_CASE(storvsp_speaks_test),
	KUNIT_CASE(storvsp_srb_test),
	KUNIT_CASE(storvsp_srb_ranges_test),
	KUNIT_CASE(storvsp_srb_varlen_test),
	KUNIT_CASE(storvsp_srb_direction_test),
	KUNIT_CASE(storvsp_subs_auto_test),
	KUNIT_CASE(storvsp_ide_parse_test),
	KUNIT_CASE(storvsp_ide_offer_test),
	KUNIT_CASE(storvsp_ide_address_test),
	KUNIT_CASE(storvsp_takes_pages_test),
	KUNIT_CASE(storvsp_block_limits_test),
	KUNIT_CASE(storvsp_admit_test),
	{}
};

static struct kunit_suite storvsp_suite = {
	.name = "vmbus_storvsp",
	.test_cases = storvsp_cases,
};

kunit_test_suite(storvsp_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of what vmbus_storvsp makes of packets");
MODULE_LICENSE("GPL");
