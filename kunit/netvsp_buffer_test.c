// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: buffers, RNDIS messages and sub-channels in NVSP.
 */
#include "netvsp_nvsp.h"

/* ---- buffers -------------------------------------------------------------------------- */

static void nvsp_recv_order_test(struct kunit *test)
{
	unsigned int i;
	struct nv *nv;

	for (i = 0; i < ARRAY_SIZE(nv_versions); i++) {
		nv = nv_new(test);
		nv_init(nv, nv_versions[i], nv_versions[i]);
		if (nv_versions[i] >= NVSP_VERSION_2) {
			KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, 1),
					NETVSP_ACT_FATAL);
			nv_config(nv, NV_FRAME);
		}
		KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, 1), NETVSP_ACT_RECV_BUFFER);
		KUNIT_EXPECT_EQ(test, nv->req.gpadl, NV_GPADL);
		KUNIT_EXPECT_EQ(test, nv->proto.recv_id, 1);
		/* Even before there is an answer. */
		KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, 2), NETVSP_ACT_FATAL);
	}
}

static void nvsp_recv_revoke_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);

	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, NV_RECV), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_RECV ^ 1),
			NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_SEND), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_RECV),
			NETVSP_ACT_REVOKE_RECV);
	KUNIT_EXPECT_EQ(test, netvsp_answer_len(&nv->proto, &nv->answer), 0);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_RECV), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_TRUE(test, nv->proto.send);
	/* The name may be another one. */
	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, 0xffff), NETVSP_ACT_RECV_BUFFER);
	KUNIT_EXPECT_EQ(test, nv->proto.recv_id, 0xffff);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, 0xffff),
			NETVSP_ACT_REVOKE_RECV);
}

static void nvsp_send_test(struct kunit *test)
{
	struct nv *nv = nv_new(test);

	nv_init(nv, NVSP_VERSION_2, NVSP_VERSION_2);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_SEND_BUFFER, 0), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_SEND_BUFFER, NV_SEND), NETVSP_ACT_SEND_BUFFER);
	KUNIT_EXPECT_EQ(test, nv->req.gpadl, NV_GPADL);
	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_SEND_BUFFER, NV_SEND), NETVSP_ACT_FATAL);

	netvsp_answer_send(&nv->proto, false, &nv->answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_SEND_BUFFER_COMPLETE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.send_complete.status), NVSP_STATUS_FAILURE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.send_complete.section_size), 0);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_SEND_BUFFER, NV_SEND), NETVSP_ACT_FATAL);

	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_SEND_BUFFER, 5), NETVSP_ACT_SEND_BUFFER);
	netvsp_answer_send(&nv->proto, true, &nv->answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.send_complete.status), NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.send_complete.section_size), 6144);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_SEND_BUFFER, NV_SEND), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_SEND_BUFFER, 5), NETVSP_ACT_REVOKE_SEND);
	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_SEND_BUFFER, 6), NETVSP_ACT_SEND_BUFFER);
}

static void nvsp_cut_test(struct kunit *test)
{
	static const u32 frames[] = { NV_FRAME, NV_FRAME + 1, 9014, NETVSP_MTU_MAX + ETH_HLEN };
	static const u32 reserved[] = { 0, 1, 16, 79 };
	struct netvsp_cut cut;
	unsigned int i, k;
	struct nv *nv;
	u32 least;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		nv = nv_new(test);
		nv_init(nv, NVSP_VERSION_61, NVSP_VERSION_61);
		nv_config(nv, frames[i]);
		for (k = 0; k < ARRAY_SIZE(reserved); k++) {
			KUNIT_EXPECT_FALSE(test, netvsp_cut_recv(&nv->proto, 0, reserved[k],
								 1, &cut));
			KUNIT_EXPECT_GE(test, cut.size, 256 + frames[i] + 4 + 36);
			KUNIT_EXPECT_LT(test, cut.size, 256 + frames[i] + 4 + 36 + 8);
			KUNIT_EXPECT_EQ(test, cut.size % 8, 0);
			least = cut.size * (reserved[k] + 1);
			KUNIT_EXPECT_FALSE(test, netvsp_cut_recv(&nv->proto, least - 1,
								 reserved[k], 1, &cut));
			KUNIT_EXPECT_TRUE(test, netvsp_cut_recv(&nv->proto, least, reserved[k],
								1, &cut));
			KUNIT_EXPECT_EQ(test, cut.count, reserved[k] + 1);
			KUNIT_EXPECT_TRUE(test, netvsp_cut_recv(&nv->proto, U32_MAX, reserved[k],
								1, &cut));
			KUNIT_EXPECT_LE(test, (u64)cut.size * cut.count, U32_MAX);
			KUNIT_EXPECT_EQ(test, cut.count, U32_MAX / cut.size);
		}
		/* A count that would wrap when one is added. */
		KUNIT_EXPECT_FALSE(test, netvsp_cut_recv(&nv->proto, U32_MAX, U32_MAX, 1, &cut));
	}
}

/* Longer ones, for parts of frames */
static void nvsp_cut_long_test(struct kunit *test)
{
	static const struct {
		u32 len;
		u16 queues;
		u32 version;
		u64 caps;
		u32 size;
	} cases[] = {
		{ 16 << 20, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 17408 },
		{ 16 << 20, 3, NVSP_VERSION_61, NVSP_CAP_RSC, 17408 },
		{ 16 << 20, 4, NVSP_VERSION_61, NVSP_CAP_RSC, 16384 },
		{ 16 << 20, 16, NVSP_VERSION_61, NVSP_CAP_RSC, 4096 },
		{ 16 << 20, 64, NVSP_VERSION_61, NVSP_CAP_RSC, 1816 },
		{ 1 << 20, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 4096 },
		{ 1816 * 256, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 1816 },
		{ 1824 * 256, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 1824 },
		{ 1, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 1816 },
		{ U32_MAX, 1, NVSP_VERSION_61, NVSP_CAP_RSC, 17408 },
		{ U32_MAX, 64, NVSP_VERSION_61, NVSP_CAP_RSC, 17408 },
		{ 16 << 20, 1, NVSP_VERSION_61, NVSP_CAP_8021Q, 1816 },
		{ 16 << 20, 1, NVSP_VERSION_6, NVSP_CAP_RSC, 1816 },
	};
	struct netvsp_cut cut;
	unsigned int i;
	struct nv *nv;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		nv = nv_new(test);
		nv_init(nv, cases[i].version, cases[i].version);
		nv_config_caps(nv, NV_FRAME, cases[i].caps);
		netvsp_cut_recv(&nv->proto, cases[i].len, 16, cases[i].queues, &cut);
		KUNIT_EXPECT_EQ_MSG(test, cut.size, cases[i].size, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cut.count, cases[i].len / cases[i].size, "case %u", i);
	}
}

/* What netvsc_init_buf() wants of it */
static void nvsp_recv_answer_test(struct kunit *test)
{
	static const u32 lens[] = { 1 << 20, 15 << 20, 16 << 20, 31 << 20, U32_MAX };
	struct netvsp_cut cut;
	unsigned int i;
	struct nv *nv;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		nv = nv_new(test);
		nv_init(nv, NVSP_VERSION_61, NVSP_VERSION_61);
		nv_config(nv, NV_FRAME);
		nv_buffer(nv, NVSP_RECV_BUFFER, NV_RECV);
		KUNIT_EXPECT_TRUE(test, netvsp_cut_recv(&nv->proto, lens[i], 16, 1, &cut));
		netvsp_answer_recv(&nv->proto, &cut, &nv->answer);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_RECV_BUFFER_COMPLETE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.status),
				NVSP_STATUS_SUCCESS);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.sections), 1);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.offset), 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.size), cut.size);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.count), cut.count);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.end),
				cut.size * cut.count);
		KUNIT_EXPECT_LE(test, (u64)cut.size * cut.count, lens[i]);
		KUNIT_EXPECT_TRUE(test, nv->proto.recv);
	}
}

static void nvsp_recv_failed_test(struct kunit *test)
{
	static const u8 zero[20];
	struct nv *nv = nv_new(test);

	nv_init(nv, NVSP_VERSION_1, NVSP_VERSION_1);
	nv_buffer(nv, NVSP_RECV_BUFFER, 1);
	memset(&nv->answer, 0xa5, sizeof(nv->answer));
	netvsp_answer_recv(&nv->proto, NULL, &nv->answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.recv_complete.status), NVSP_STATUS_FAILURE);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&nv->answer + 8, zero, sizeof(zero));
	KUNIT_EXPECT_FALSE(test, nv->proto.recv);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, 1), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv_buffer(nv, NVSP_RECV_BUFFER, 2), NETVSP_ACT_RECV_BUFFER);
	KUNIT_EXPECT_EQ(test, nv->proto.recv_id, 2);
}

/* ---- RNDIS messages ------------------------------------------------------------------- */

static void nvsp_rndis_test(struct kunit *test)
{
	static const struct { u32 channel, section, size; bool control; } table[] = {
		{ NVSP_CHANNEL_DATA, 0, 0, false },
		{ NVSP_CHANNEL_DATA, 3, 6144, false },
		{ NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0, true },
		{ NVSP_CHANNEL_CONTROL, U32_MAX - 1, U32_MAX, true },
		{ 2, 1, 1, false },
		{ U32_MAX, 1, 1, false },
	};
	struct nv *nv = nv_ready(test, NVSP_VERSION_1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		KUNIT_EXPECT_EQ(test, nv_rndis(nv, table[i].channel, table[i].section,
					       table[i].size), NETVSP_ACT_RNDIS);
		KUNIT_EXPECT_EQ(test, nv->req.type, NVSP_RNDIS_PACKET);
		KUNIT_EXPECT_EQ(test, nv->req.section, table[i].section);
		KUNIT_EXPECT_EQ(test, nv->req.size, table[i].size);
		KUNIT_EXPECT_EQ(test, nv->req.control, table[i].control);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_RNDIS_PACKET_COMPLETE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.rndis_complete.status),
				NVSP_STATUS_SUCCESS);
	}
}

/* It costs that packet: Linux ends no wait without a completion of this type. */
static void nvsp_rndis_early_test(struct kunit *test)
{
	struct nv *nv = nv_new(test);
	unsigned int i;

	nv_init(nv, NVSP_VERSION_1, NVSP_VERSION_1);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, nv_rndis(nv, NVSP_CHANNEL_DATA, 0, 64), NETVSP_ACT_ANSWER);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_RNDIS_PACKET_COMPLETE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.rndis_complete.status),
				NVSP_STATUS_FAILURE);
		if (i == 0)
			nv_have_recv(nv);
		if (i == 1) {
			nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_RECV);
			nv_ndis(nv, 6, 30);
		}
	}
	nv_have_recv(nv);
	/* A send buffer is not needed. */
	KUNIT_EXPECT_EQ(test, nv_rndis(nv, NVSP_CHANNEL_DATA, NVSP_SECTION_NONE, 0),
			NETVSP_ACT_RNDIS);
}

/* ---- sub-channels --------------------------------------------------------------------- */

static void nvsp_subchannel_test(struct kunit *test)
{
	static const struct { u32 op, count; bool fine; } table[] = {
		{ 1, 1, true }, { 1, NV_SUBS, true }, { 1, 0, false }, { 1, NV_SUBS + 1, false },
		{ 1, 0x10001, false }, { 1, U32_MAX, false }, { 0, 1, false }, { 2, 1, false },
		{ U32_MAX, 1, false },
	};
	unsigned int i;
	struct nv *nv;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nv = nv_ready(test, NVSP_VERSION_5);
		KUNIT_EXPECT_EQ_MSG(test, nv_subchannel(nv, table[i].op, table[i].count),
				    table[i].fine ? NETVSP_ACT_SUBCHANNELS : NETVSP_ACT_ANSWER,
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, nv->proto.subs, table[i].fine);
		if (table[i].fine) {
			KUNIT_EXPECT_EQ(test, nv->req.count, table[i].count);
			continue;
		}
		KUNIT_EXPECT_EQ(test, nv->req.count, 0);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_SUBCHANNEL);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.status),
				NVSP_STATUS_FAILURE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.count), 0);
	}
}

static void nvsp_subchannel_once_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);

	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 2), NETVSP_ACT_SUBCHANNELS);
	netvsp_answer_subchannels(0, &nv->answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_SUBCHANNEL);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.status),
			NVSP_STATUS_FAILURE);
	/* The buffer is shared out: the guest opens the device anew to ask again. */
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 2), NETVSP_ACT_ANSWER);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.status),
			NVSP_STATUS_FAILURE);

	nv = nv_ready(test, NVSP_VERSION_61);
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 2), NETVSP_ACT_SUBCHANNELS);
	netvsp_answer_subchannels(2, &nv->answer);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.status),
			NVSP_STATUS_SUCCESS);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.count), 2);
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 1), NETVSP_ACT_ANSWER);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.subchannel_complete.status),
			NVSP_STATUS_FAILURE);
}

static void nvsp_no_subchannels_test(struct kunit *test)
{
	struct nv *nv = nv_new(test);

	netvsp_proto_init(&nv->proto, 0);
	nv_init(nv, NVSP_VERSION_5, NVSP_VERSION_5);
	nv_config(nv, NV_FRAME);
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 1), NETVSP_ACT_ANSWER);
	nv_have_recv(nv);
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 1), NETVSP_ACT_ANSWER);
	/* Frames of sub-channels need the receive buffer. */
	nv->proto.max_subs = 1;
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 1), NETVSP_ACT_SUBCHANNELS);
	nv->proto.subs = false;
	nv->proto.recv = false;
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, 1, 1), NETVSP_ACT_ANSWER);
}

static void nvsp_on_sub_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);
	struct netvsp_proto primary = nv->proto;
	unsigned int type;

	netvsp_proto_init_sub(&nv->proto, &primary);
	KUNIT_EXPECT_EQ(test, netvsp_message_size(&nv->proto), 40);
	KUNIT_EXPECT_EQ(test, nv->proto.mtu, primary.mtu);
	for (type = 0; type < 256; type++)
		KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, type), type == NVSP_RNDIS_PACKET ?
				    NETVSP_ACT_RNDIS : NETVSP_ACT_FATAL, "type %u", type);
	KUNIT_EXPECT_EQ(test, nv_send_len(nv, NVSP_RNDIS_PACKET, 15), NETVSP_ACT_FATAL);
}

static struct kunit_case netvsp_buffer_cases[] = {
	KUNIT_CASE(nvsp_recv_order_test),
	KUNIT_CASE(nvsp_recv_revoke_test),
	KUNIT_CASE(nvsp_send_test),
	KUNIT_CASE(nvsp_cut_test),
	KUNIT_CASE(nvsp_cut_long_test),
	KUNIT_CASE(nvsp_recv_answer_test),
	KUNIT_CASE(nvsp_recv_failed_test),
	KUNIT_CASE(nvsp_rndis_test),
	KUNIT_CASE(nvsp_rndis_early_test),
	KUNIT_CASE(nvsp_subchannel_test),
	KUNIT_CASE(nvsp_subchannel_once_test),
	KUNIT_CASE(nvsp_no_subchannels_test),
	KUNIT_CASE(nvsp_on_sub_test),
	{}
};

static struct kunit_suite netvsp_buffer_suite = {
	.name = "vmbus_netvsp_buffer",
	.test_cases = netvsp_buffer_cases,
};

kunit_test_suite(netvsp_buffer_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: buffers and sub-channels in NVSP");
MODULE_LICENSE("GPL");
