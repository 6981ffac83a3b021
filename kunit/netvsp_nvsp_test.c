// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: NVSP, its versions, and the order of its messages.
 */
#include "netvsp_nvsp.h"

/* Messages that guests send, how long they are, and the version they begin with */
static const struct nv_type {
	u32 type;
	u32 len;
	u32 version;
} nv_types[] = {
	{ NVSP_INIT, 12, 0 },
	{ NVSP_NDIS_VERSION, 12, NVSP_VERSION_1 },
	{ NVSP_RECV_BUFFER, 10, NVSP_VERSION_1 },
	{ NVSP_REVOKE_RECV_BUFFER, 6, NVSP_VERSION_1 },
	{ NVSP_SEND_BUFFER, 10, NVSP_VERSION_1 },
	{ NVSP_REVOKE_SEND_BUFFER, 6, NVSP_VERSION_1 },
	{ NVSP_RNDIS_PACKET, 16, NVSP_VERSION_1 },
	{ NVSP_NDIS_CONFIG, 20, NVSP_VERSION_2 },
	{ NVSP_SWITCH_DATA_PATH, 8, NVSP_VERSION_4 },
	{ NVSP_OID_QUERY_EX, 4, NVSP_VERSION_5 },
	{ NVSP_SUBCHANNEL, 12, NVSP_VERSION_5 },
};

/* ---- versions ------------------------------------------------------------------------- */

static void nvsp_init_test(struct kunit *test)
{
	static const struct { u32 min, max, chosen; } table[] = {
		{ NVSP_VERSION_1, NVSP_VERSION_1, NVSP_VERSION_1 },
		{ NVSP_VERSION_2, NVSP_VERSION_2, NVSP_VERSION_2 },
		{ NVSP_VERSION_4, NVSP_VERSION_4, NVSP_VERSION_4 },
		{ NVSP_VERSION_5, NVSP_VERSION_5, NVSP_VERSION_5 },
		{ NVSP_VERSION_6, NVSP_VERSION_6, NVSP_VERSION_6 },
		{ NVSP_VERSION_61, NVSP_VERSION_61, NVSP_VERSION_61 },
		{ 0, U32_MAX, NVSP_VERSION_61 },
		{ 0, NVSP_VERSION_1, NVSP_VERSION_1 },
		{ NVSP_VERSION_61, U32_MAX, NVSP_VERSION_61 },
		{ NVSP_VERSION_1, NVSP_VERSION_61 - 1, NVSP_VERSION_6 },
		{ NVSP_VERSION_5, NVSP_VERSION_6 - 1, NVSP_VERSION_5 },
		{ 0x00030000, 0x0003ffff, NVSP_VERSION_2 },
		{ 0, 0, 0 },
		{ 1, 1, 0 },
		{ NVSP_VERSION_1 + 1, NVSP_VERSION_2 - 1, 0 },
		{ NVSP_VERSION_4 + 1, NVSP_VERSION_5 - 1, 0 },
		{ NVSP_VERSION_61 + 1, U32_MAX, 0 },
		{ NVSP_VERSION_61, NVSP_VERSION_1, 0 },
		{ U32_MAX, U32_MAX, 0 },
	};
	struct nv *nv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nv = nv_new(test);
		KUNIT_EXPECT_EQ(test, nv_init(nv, table[i].min, table[i].max), NETVSP_ACT_ANSWER);
		KUNIT_EXPECT_EQ_MSG(test, nv->proto.version, table[i].chosen, "case %u", i);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_INIT_COMPLETE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.init_complete.status),
				table[i].chosen ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.init_complete.max_mdl_chain), 34);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.init_complete.version),
				table[i].chosen == NVSP_VERSION_1 ? 2 : U32_MAX);
		/* One that was not known is no harm, a second one is. */
		KUNIT_EXPECT_EQ(test, nv_init(nv, NVSP_VERSION_1, NVSP_VERSION_1),
				table[i].chosen ? NETVSP_ACT_FATAL : NETVSP_ACT_ANSWER);
		KUNIT_EXPECT_EQ(test, nv->proto.version, table[i].chosen ?: NVSP_VERSION_1);
	}
}

/* A newer guest comes down to what is known. */
static void nvsp_init_newer_test(struct kunit *test)
{
	static const u32 asks[] = { 0x00080000, 0x00070001, 0x00060002, NVSP_VERSION_61 };
	struct nv *nv = nv_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asks); i++) {
		KUNIT_EXPECT_EQ(test, nv->proto.version, 0);
		KUNIT_EXPECT_EQ(test, nv_init(nv, asks[i], asks[i]), NETVSP_ACT_ANSWER);
	}
	KUNIT_EXPECT_EQ(test, nv->proto.version, NVSP_VERSION_61);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.init_complete.status), NVSP_STATUS_SUCCESS);
}

static void nvsp_size_test(struct kunit *test)
{
	unsigned int i;
	struct nv *nv;

	nv = nv_new(test);
	KUNIT_EXPECT_EQ(test, netvsp_message_size(&nv->proto), 28);
	for (i = 0; i < ARRAY_SIZE(nv_versions); i++) {
		nv = nv_new(test);
		nv_init(nv, nv_versions[i], nv_versions[i]);
		KUNIT_EXPECT_EQ(test, netvsp_message_size(&nv->proto),
				nv_versions[i] == NVSP_VERSION_61 ? 40 : 28);
		KUNIT_EXPECT_EQ(test, netvsp_answer_len(&nv->proto, &nv->answer),
				netvsp_message_size(&nv->proto));
	}
}

/* ---- what may come when --------------------------------------------------------------- */

static void nvsp_before_init_test(struct kunit *test)
{
	struct nv *nv = nv_new(test);
	unsigned int type;

	for (type = 0; type < 256; type++)
		if (type != NVSP_INIT)
			KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, type), NETVSP_ACT_FATAL, "%u", type);
	/* The same after one that was not known. */
	nv_init(nv, 7, 7);
	for (type = 0; type < 256; type++)
		if (type != NVSP_INIT)
			KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, type), NETVSP_ACT_FATAL, "%u", type);
}

static void nvsp_by_version_test(struct kunit *test)
{
	const struct nv_type *t;
	unsigned int v, i;
	bool may, first;
	struct nv *nv;

	for (v = 0; v < ARRAY_SIZE(nv_versions); v++) {
		for (i = 1; i < ARRAY_SIZE(nv_types); i++) {
			t = &nv_types[i];
			nv = nv_new(test);
			nv_init(nv, nv_versions[v], nv_versions[v]);
			may = nv_versions[v] >= t->version;
			/* These need something else before them. */
			first = t->type != NVSP_REVOKE_RECV_BUFFER &&
				t->type != NVSP_REVOKE_SEND_BUFFER &&
				(t->type != NVSP_RECV_BUFFER ||
				 nv_versions[v] < NVSP_VERSION_2);
			KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, t->type) != NETVSP_ACT_FATAL,
					    may && first, "version %x type %u", nv_versions[v],
					    t->type);
		}
	}
}

static bool nv_known(u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nv_types); i++)
		if (nv_types[i].type == type)
			return true;
	return false;
}

/* Also what only hosts send. */
static void nvsp_unknown_test(struct kunit *test)
{
	static const u32 odd[] = {
		U32_MAX, 0x80000000, 0x80000000 | NVSP_RNDIS_PACKET, NVSP_RNDIS_PACKET << 8,
		NVSP_RNDIS_PACKET | 256, NVSP_SUBCHANNEL | 0x10000,
	};
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);
	unsigned int i;

	for (i = 0; i < 256; i++)
		if (!nv_known(i))
			KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, i), NETVSP_ACT_FATAL, "%u", i);
	for (i = 0; i < ARRAY_SIZE(odd); i++)
		KUNIT_EXPECT_EQ_MSG(test, nv_send(nv, odd[i]), NETVSP_ACT_FATAL, "%x", odd[i]);
}

/* Set up what a message needs, and what it must say, for it to be right. */
static void nv_prepare(struct nv *nv, u32 type)
{
	nv->proto.version = type == NVSP_INIT ? 0 : NVSP_VERSION_61;
	nv->proto.ndis_known = type != NVSP_NDIS_VERSION;
	nv->proto.config = type != NVSP_NDIS_CONFIG;
	nv->proto.recv = type != NVSP_RECV_BUFFER;
	nv->proto.send = type != NVSP_SEND_BUFFER;
	nv->proto.recv_id = 0x0102;
	nv->proto.send_id = 0x0102;
	memset(&nv->msg, 0, sizeof(nv->msg));
	if (type == NVSP_REVOKE_RECV_BUFFER || type == NVSP_REVOKE_SEND_BUFFER)
		nv->msg.revoke.id = cpu_to_le16(0x0102);
}

static void nvsp_short_test(struct kunit *test)
{
	const struct nv_type *t;
	unsigned int i;
	struct nv *nv;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(nv_types); i++) {
		t = &nv_types[i];
		for (len = 0; len <= 64; len++) {
			nv = nv_new(test);
			nv_prepare(nv, t->type);
			KUNIT_EXPECT_EQ_MSG(test,
					    nv_send_len(nv, t->type, len) == NETVSP_ACT_FATAL,
					    len < t->len, "type %u len %u", t->type, len);
			kunit_kfree(test, nv);
		}
	}
}

/* As Linux 6.12 begins. */
static void nvsp_linux_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);

	KUNIT_EXPECT_EQ(test, nv_rndis(nv, NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0),
			NETVSP_ACT_RNDIS);
	KUNIT_EXPECT_EQ(test, nv_subchannel(nv, NVSP_SUBCHANNEL_ALLOCATE, 3),
			NETVSP_ACT_SUBCHANNELS);
	netvsp_answer_subchannels(3, &nv->answer);
	KUNIT_EXPECT_EQ(test, nv_rndis(nv, NVSP_CHANNEL_DATA, 4, 1500), NETVSP_ACT_RNDIS);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_RECV_BUFFER, NV_RECV),
			NETVSP_ACT_REVOKE_RECV);
	KUNIT_EXPECT_EQ(test, nv_revoke(nv, NVSP_REVOKE_SEND_BUFFER, NV_SEND),
			NETVSP_ACT_REVOKE_SEND);
}

/* ---- the guest ------------------------------------------------------------------------ */

static void nvsp_config_test(struct kunit *test)
{
	static const struct { u32 said, taken; } table[] = {
		{ 0, NV_FRAME }, { 1, NV_FRAME }, { NV_FRAME - 1, NV_FRAME },
		{ NV_FRAME, NV_FRAME }, { NV_FRAME + 1, NV_FRAME + 1 }, { 9014, 9014 },
		{ NETVSP_MTU_MAX + ETH_HLEN, NETVSP_MTU_MAX + ETH_HLEN },
		{ NETVSP_MTU_MAX + ETH_HLEN + 1, NV_FRAME },
		{ 65535, NV_FRAME }, { U32_MAX, NV_FRAME },
	};
	struct nv *nv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nv = nv_new(test);
		nv_init(nv, NVSP_VERSION_2, NVSP_VERSION_2);
		KUNIT_EXPECT_EQ(test, nv->proto.mtu, NV_FRAME);
		KUNIT_EXPECT_EQ(test, nv_config(nv, table[i].said), NETVSP_ACT_ANSWER);
		KUNIT_EXPECT_EQ_MSG(test, nv->proto.mtu, table[i].taken, "%u", table[i].said);
		KUNIT_EXPECT_EQ(test, nv->proto.caps, NVSP_CAP_8021Q | BIT_ULL(63));
		KUNIT_EXPECT_EQ(test, netvsp_answer_len(&nv->proto, &nv->answer), 0);
		KUNIT_EXPECT_EQ(test, nv_config(nv, 9014), NETVSP_ACT_FATAL);
	}
}

static void nvsp_ndis_test(struct kunit *test)
{
	struct nv *nv = nv_new(test);

	nv_init(nv, NVSP_VERSION_1, NVSP_VERSION_1);
	KUNIT_EXPECT_FALSE(test, nv->proto.ndis_known);
	KUNIT_EXPECT_EQ(test, nv_ndis(nv, 6, 30), NETVSP_ACT_ANSWER);
	KUNIT_EXPECT_TRUE(test, nv->proto.ndis_known);
	KUNIT_EXPECT_EQ(test, nv->proto.ndis_major, 6);
	KUNIT_EXPECT_EQ(test, nv->proto.ndis_minor, 30);
	KUNIT_EXPECT_EQ(test, netvsp_answer_len(&nv->proto, &nv->answer), 0);
	KUNIT_EXPECT_EQ(test, nv_ndis(nv, 5, 0), NETVSP_ACT_FATAL);
	KUNIT_EXPECT_EQ(test, nv->proto.ndis_minor, 30);
}

static void nvsp_data_path_test(struct kunit *test)
{
	static const struct { u32 active; bool fine, vf; } table[] = {
		{ 0, true, false }, { 1, true, true }, { 2, false }, { 0x100, false },
		{ 0x80000001, false }, { U32_MAX, false },
	};
	struct nv *nv = nv_ready(test, NVSP_VERSION_4);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		nv->msg.data_path.active = cpu_to_le32(table[i].active);
		KUNIT_EXPECT_EQ(test, nv_send(nv, NVSP_SWITCH_DATA_PATH),
				table[i].fine ? NETVSP_ACT_DATA_PATH : NETVSP_ACT_FATAL);
		if (!table[i].fine)
			continue;
		KUNIT_EXPECT_EQ(test, nv->req.vf, table[i].vf);
		/* A message of type 0 would let Linux wait for ever. */
		KUNIT_EXPECT_EQ(test, netvsp_answer_len(&nv->proto, &nv->answer), 0);
	}
}

static void nvsp_oid_query_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_5);

	KUNIT_EXPECT_EQ(test, nv_send(nv, NVSP_OID_QUERY_EX), NETVSP_ACT_ANSWER);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.type), NVSP_OID_QUERY_EX_COMPLETE);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.oid_complete.status), 0xc00000bb);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(nv->answer.oid_complete.bytes), 0);
}

/* ---- to the guest --------------------------------------------------------------------- */

static void nvsp_table_test(struct kunit *test)
{
	static const u16 channels[] = { 1, 2, 3, 15, 16, 17, 64 };
	struct nvsp_message msg;
	unsigned int i, k;
	__le32 entry;

	for (i = 0; i < ARRAY_SIZE(channels); i++) {
		memset(&msg, 0xa5, sizeof(msg));
		netvsp_tell_table(&msg, channels[i]);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.type), NVSP_INDIRECTION_TABLE);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.table.count), 16);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.table.offset), 12);
		for (k = 0; k < 16; k++) {
			memcpy(&entry, (u8 *)&msg + 12 + 4 * k, sizeof(entry));
			KUNIT_EXPECT_EQ(test, le32_to_cpu(entry), k % channels[i]);
		}
	}
	/* None is a mistake, but no division by zero. */
	netvsp_tell_table(&msg, 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.table.entries[15]), 0);
	/* From there on Linux takes another offset to be meant, up to version 6. */
	KUNIT_EXPECT_LT(test, sizeof(msg), 28 + 4 * 16);
}

static void nvsp_tell_test(struct kunit *test)
{
	struct nvsp_message msg;

	memset(&msg, 0xa5, sizeof(msg));
	netvsp_tell_vf(&msg, true, 0x12345678);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.type), 128);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.vf.allocated), 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.vf.serial), 0x12345678);
	netvsp_tell_vf(&msg, false, 0x12345678);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.vf.allocated), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.vf.serial), 0x12345678);

	memset(&msg, 0xa5, sizeof(msg));
	netvsp_tell_data_path(&msg, true);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.type), 129);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.data_path.active), 1);
	netvsp_tell_data_path(&msg, false);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.data_path.active), 0);
	/* What follows is sent, too. */
	KUNIT_EXPECT_EQ(test, msg.pad[35], 0);
}

/* ---- noise ---------------------------------------------------------------------------- */

static void nvsp_noise_test(struct kunit *test)
{
	struct nv *nv = nv_ready(test, NVSP_VERSION_61);
	u32 seed = 1, i, k, words[10];
	enum netvsp_act act;

	for (i = 0; i < 20000; i++) {
		for (k = 0; k < ARRAY_SIZE(words); k++) {
			seed = seed * 1664525 + 1013904223;
			words[k] = seed >> 8 & 3 ? seed >> 24 & 7 : seed;
		}
		memcpy(&nv->msg, words, sizeof(words));
		act = nv_send_len(nv, nv_types[seed % ARRAY_SIZE(nv_types)].type,
				  (seed >> 4) % (NVSP_MESSAGE_SIZE_61 + 1));
		KUNIT_ASSERT_LE(test, act, NETVSP_ACT_FATAL);
		KUNIT_ASSERT_EQ(test, nv->proto.version, NVSP_VERSION_61);
		KUNIT_ASSERT_GE(test, nv->proto.mtu, NV_FRAME);
		KUNIT_ASSERT_LE(test, nv->proto.mtu, NETVSP_MTU_MAX + ETH_HLEN);
		if (act == NETVSP_ACT_SUBCHANNELS) {
			KUNIT_ASSERT_GE(test, nv->req.count, 1);
			KUNIT_ASSERT_LE(test, nv->req.count, NV_SUBS);
			netvsp_answer_subchannels(0, &nv->answer);
		}
	}
}

static struct kunit_case netvsp_nvsp_cases[] = {
	KUNIT_CASE(nvsp_init_test),
	KUNIT_CASE(nvsp_init_newer_test),
	KUNIT_CASE(nvsp_size_test),
	KUNIT_CASE(nvsp_before_init_test),
	KUNIT_CASE(nvsp_by_version_test),
	KUNIT_CASE(nvsp_unknown_test),
	KUNIT_CASE(nvsp_short_test),
	KUNIT_CASE(nvsp_linux_test),
	KUNIT_CASE(nvsp_config_test),
	KUNIT_CASE(nvsp_ndis_test),
	KUNIT_CASE(nvsp_data_path_test),
	KUNIT_CASE(nvsp_oid_query_test),
	KUNIT_CASE(nvsp_table_test),
	KUNIT_CASE(nvsp_tell_test),
	KUNIT_CASE(nvsp_noise_test),
	{}
};

static struct kunit_suite netvsp_nvsp_suite = {
	.name = "vmbus_netvsp_nvsp",
	.test_cases = netvsp_nvsp_cases,
};

kunit_test_suite(netvsp_nvsp_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: NVSP");
MODULE_LICENSE("GPL");
