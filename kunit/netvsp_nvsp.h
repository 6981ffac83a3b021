/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that speaks NVSP, for tests of vmbus_netvsp.
 */
#ifndef _NETVSP_NVSP_H
#define _NETVSP_NVSP_H

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define NV_SUBS		7		/* sub-channels that a guest may ask for */
#define NV_RECV		0xcafe
#define NV_SEND		0x0001
#define NV_GPADL	0xe1e10
#define NV_FRAME	1514

static const u32 nv_versions[] = {
	NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
	NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_61,
};

/**
 * struct nv - a guest and its channel
 * @test: test
 * @proto: under test
 * @msg: the next message; all of it but the type is zero after it was sent
 * @req: from it
 * @answer: to it
 */
struct nv {
	struct kunit *test;
	struct netvsp_proto proto;
	struct nvsp_message msg;
	struct netvsp_request req;
	struct nvsp_message answer;
};

static inline struct nv *nv_new(struct kunit *test)
{
	struct nv *nv = kunit_kzalloc(test, sizeof(*nv), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, nv);
	nv->test = test;
	netvsp_proto_init(&nv->proto, NV_SUBS);
	return nv;
}

/* What refuses a message must have left everything as it was. */
static inline enum netvsp_act nv_send_len(struct nv *nv, u32 type, u32 len)
{
	struct netvsp_proto before = nv->proto;
	enum netvsp_act act;
	u8 *exact;

	nv->msg.type = cpu_to_le32(type);
	exact = kunit_kzalloc(nv->test, len ?: 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(nv->test, exact);
	memcpy(exact, &nv->msg, min_t(u32, len, sizeof(nv->msg)));
	memset(&nv->answer, 0xa5, sizeof(nv->answer));
	memset(&nv->req, 0xa5, sizeof(nv->req));
	act = netvsp_proto_step(&nv->proto, exact, len, &nv->req, &nv->answer);
	kunit_kfree(nv->test, exact);
	memset(&nv->msg, 0, sizeof(nv->msg));
	if (act == NETVSP_ACT_FATAL) {
		KUNIT_EXPECT_EQ(nv->test, nv->proto.version, before.version);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.config, before.config);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.mtu, before.mtu);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.ndis_major, before.ndis_major);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.recv, before.recv);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.recv_id, before.recv_id);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.send, before.send);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.send_id, before.send_id);
		KUNIT_EXPECT_EQ(nv->test, nv->proto.subs, before.subs);
	}
	return act;
}

/* As Linux does: always as long as its structure. */
static inline enum netvsp_act nv_send(struct nv *nv, u32 type)
{
	return nv_send_len(nv, type, NVSP_MESSAGE_SIZE_61);
}

static inline enum netvsp_act nv_init(struct nv *nv, u32 min, u32 max)
{
	nv->msg.init.min = cpu_to_le32(min);
	nv->msg.init.max = cpu_to_le32(max);
	return nv_send(nv, NVSP_INIT);
}

static inline enum netvsp_act nv_config_caps(struct nv *nv, u32 mtu, u64 caps)
{
	nv->msg.config.mtu = cpu_to_le32(mtu);
	nv->msg.config.caps = cpu_to_le64(caps);
	return nv_send(nv, NVSP_NDIS_CONFIG);
}

static inline enum netvsp_act nv_config(struct nv *nv, u32 mtu)
{
	return nv_config_caps(nv, mtu, NVSP_CAP_8021Q | BIT_ULL(63));
}

static inline enum netvsp_act nv_ndis(struct nv *nv, u32 major, u32 minor)
{
	nv->msg.ndis_version.major = cpu_to_le32(major);
	nv->msg.ndis_version.minor = cpu_to_le32(minor);
	return nv_send(nv, NVSP_NDIS_VERSION);
}

static inline enum netvsp_act nv_buffer(struct nv *nv, u32 type, u16 id)
{
	nv->msg.buffer.gpadl = cpu_to_le32(NV_GPADL);
	nv->msg.buffer.id = cpu_to_le16(id);
	return nv_send(nv, type);
}

static inline enum netvsp_act nv_revoke(struct nv *nv, u32 type, u16 id)
{
	nv->msg.revoke.id = cpu_to_le16(id);
	return nv_send(nv, type);
}

static inline enum netvsp_act nv_subchannel(struct nv *nv, u32 op, u32 count)
{
	nv->msg.subchannel.op = cpu_to_le32(op);
	nv->msg.subchannel.count = cpu_to_le32(count);
	return nv_send(nv, NVSP_SUBCHANNEL);
}

static inline enum netvsp_act nv_rndis(struct nv *nv, u32 channel, u32 section, u32 size)
{
	nv->msg.rndis.channel = cpu_to_le32(channel);
	nv->msg.rndis.section = cpu_to_le32(section);
	nv->msg.rndis.size = cpu_to_le32(size);
	return nv_send(nv, NVSP_RNDIS_PACKET);
}

static inline void nv_have_recv(struct nv *nv)
{
	struct netvsp_cut cut;

	KUNIT_ASSERT_EQ(nv->test, nv_buffer(nv, NVSP_RECV_BUFFER, NV_RECV),
			NETVSP_ACT_RECV_BUFFER);
	KUNIT_ASSERT_TRUE(nv->test, netvsp_cut_recv(&nv->proto, 1 << 20, 16, 1, &cut));
	netvsp_answer_recv(&nv->proto, &cut, &nv->answer);
}

/* All that a guest says before its first RNDIS message. */
static inline struct nv *nv_ready(struct kunit *test, u32 version)
{
	struct nv *nv = nv_new(test);

	KUNIT_ASSERT_EQ(test, nv_init(nv, version, version), NETVSP_ACT_ANSWER);
	KUNIT_ASSERT_EQ(test, nv->proto.version, version);
	if (version >= NVSP_VERSION_2)
		KUNIT_ASSERT_EQ(test, nv_config(nv, NV_FRAME), NETVSP_ACT_ANSWER);
	KUNIT_ASSERT_EQ(test, nv_ndis(nv, 6, 30), NETVSP_ACT_ANSWER);
	nv_have_recv(nv);
	KUNIT_ASSERT_EQ(test, nv_buffer(nv, NVSP_SEND_BUFFER, NV_SEND), NETVSP_ACT_SEND_BUFFER);
	netvsp_answer_send(&nv->proto, true, &nv->answer);
	return nv;
}

#endif /* _NETVSP_NVSP_H */
