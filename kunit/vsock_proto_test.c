// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what vmbus_vsock puts on the wire: ids, offers, packets.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_vsock/vvsock.h"

/* ---- ids ---------------------------------------------------------------------------- */

static void vsock_port_test(struct kunit *test)
{
	static const struct { u32 port; const char *id; } table[] = {
		{ 0, "00000000-facb-11e6-bd58-64006a7986d3" },
		{ 1, "00000001-facb-11e6-bd58-64006a7986d3" },
		{ 5001, "00001389-facb-11e6-bd58-64006a7986d3" },
		{ 0x12345678, "12345678-facb-11e6-bd58-64006a7986d3" },
		{ VMADDR_PORT_ANY - 1, "fffffffe-facb-11e6-bd58-64006a7986d3" },
	};
	unsigned int i;
	char text[40];
	guid_t id;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		vvsock_port_to_id(table[i].port, &id);
		snprintf(text, sizeof(text), "%pUl", &id);
		KUNIT_EXPECT_STREQ(test, text, table[i].id);
		KUNIT_EXPECT_EQ(test, vvsock_id_port(&id), table[i].port);
		KUNIT_EXPECT_TRUE(test, vvsock_is_port_id(&id));
	}
	/* No socket can have that one. */
	vvsock_port_to_id(VMADDR_PORT_ANY, &id);
	KUNIT_EXPECT_EQ(test, vvsock_id_port(&id), VMADDR_PORT_ANY);
	KUNIT_EXPECT_FALSE(test, vvsock_is_port_id(&id));
}

/* Any bit outside the port that is wrong makes it another service. */
static void vsock_not_port_test(struct kunit *test)
{
	unsigned int bit;
	guid_t id;

	for (bit = 0; bit < 128; bit++) {
		vvsock_port_to_id(0x1389, &id);
		id.b[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_EQ_MSG(test, vvsock_is_port_id(&id), bit < 32, "bit %u", bit);
	}
	KUNIT_EXPECT_FALSE(test, vvsock_is_port_id(&(guid_t){ }));
}

static void vsock_offer_test(struct kunit *test)
{
	static const u8 params[2][28] = {
		{ 0, 0, 0, 0, 0, 0, 1 }, { 0, 0, 0, 0, 1, 0, 1 },
	};
	struct vsrv_offer offer;
	u8 rest[VMBUS_USER_DEFINED_SIZE - 28] = { };
	guid_t service, endpoint;
	unsigned int accept;

	vvsock_port_to_id(7, &service);
	vvsock_port_to_id(8, &endpoint);
	for (accept = 0; accept < 2; accept++) {
		memset(&offer, 0xff, sizeof(offer));
		vvsock_make_offer(&offer, &service, &endpoint, accept);
		KUNIT_EXPECT_TRUE(test, guid_equal(&offer.class_id, &service));
		KUNIT_EXPECT_TRUE(test, guid_equal(&offer.instance_id, &endpoint));
		KUNIT_EXPECT_EQ(test, offer.flags, 0x2011);
		KUNIT_EXPECT_EQ(test, offer.subchannel, 0);
		KUNIT_EXPECT_EQ(test, offer.mmio_megabytes, 0);
		KUNIT_EXPECT_EQ(test, offer.mmio_megabytes_optional, 0);
		KUNIT_EXPECT_MEMEQ(test, offer.user_defined, params[accept], 28);
		KUNIT_EXPECT_MEMEQ(test, offer.user_defined + 28, rest, sizeof(rest));
	}
}

/* ---- packets ------------------------------------------------------------------------- */

/**
 * struct vp_case - a packet
 * @what: for messages
 * @type: of the packet
 * @pkt_len: bytes of its payload
 * @hdr_type: of the pipe's header
 * @hdr_len: of the pipe's header
 * @good: it is one
 */
struct vp_case {
	const char *what;
	u16 type;
	u32 pkt_len;
	u32 hdr_type;
	u32 hdr_len;
	bool good;
};

static const struct vp_case vp_cases[] = {
	{ "end", VM_PKT_DATA_INBAND, 8, 1, 0, true },
	{ "end with padding", VM_PKT_DATA_INBAND, 64, 1, 0, true },
	{ "one byte", VM_PKT_DATA_INBAND, 16, 1, 1, true },
	{ "no padding", VM_PKT_DATA_INBAND, 16, 1, 8, true },
	{ "a byte too many", VM_PKT_DATA_INBAND, 16, 1, 9, false },
	{ "nothing but a length", VM_PKT_DATA_INBAND, 8, 1, 1, false },
	{ "the most", VM_PKT_DATA_INBAND, 8 + 16384, 1, 16384, true },
	{ "more than the most", VM_PKT_DATA_INBAND, 8 + 16392, 1, 16385, false },
	{ "a length that wraps", VM_PKT_DATA_INBAND, 16, 1, U32_MAX, false },
	{ "a length that wraps with the header", VM_PKT_DATA_INBAND, 16, 1, U32_MAX - 7, false },
	{ "no header", VM_PKT_DATA_INBAND, 0, 1, 0, false },
	{ "half a header", VM_PKT_DATA_INBAND, 7, 1, 0, false },
	{ "pipe type 0", VM_PKT_DATA_INBAND, 16, 0, 1, false },
	{ "pipe type partial", VM_PKT_DATA_INBAND, 16, 2, 1, false },
	{ "pipe type set-up", VM_PKT_DATA_INBAND, 16, 3, 1, false },
	{ "a completion", VM_PKT_COMP, 16, 1, 1, false },
	{ "GPA direct", VM_PKT_DATA_USING_GPA_DIRECT, 16, 1, 1, false },
	{ "transfer pages", VM_PKT_DATA_USING_XFER_PAGES, 16, 1, 1, false },
};

static void vsock_parse_test(struct kunit *test)
{
	struct vmbus_pipe_hdr *hdr = kunit_kzalloc(test, SZ_32K, GFP_KERNEL);
	struct vsrv_packet pkt = { .payload = hdr };
	const struct vp_case *c;
	unsigned int i;
	const u8 *data;
	u32 len;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, hdr);
	for (i = 0; i < ARRAY_SIZE(vp_cases); i++) {
		c = &vp_cases[i];
		pkt.type = c->type;
		pkt.len = c->pkt_len;
		hdr->type = cpu_to_le32(c->hdr_type);
		hdr->len = cpu_to_le32(c->hdr_len);
		data = NULL;
		len = 77;
		err = vvsock_parse(&pkt, &data, &len);
		KUNIT_EXPECT_EQ_MSG(test, err, c->good ? 0 : -EPROTO, "%s", c->what);
		/* What is not one leaves everything as it was. */
		KUNIT_EXPECT_EQ_MSG(test, len, c->good ? c->hdr_len : 77U, "%s", c->what);
		KUNIT_EXPECT_PTR_EQ_MSG(test, data, c->good ? (const u8 *)(hdr + 1) : NULL,
					"%s", c->what);
	}
}

/* ---- room ------------------------------------------------------------------------------ */

static void vsock_space_test(struct kunit *test)
{
	static const struct { u32 space, writable; } table[] = {
		{ 0, 0 }, { 8, 0 }, { 32, 0 }, { 64, 0 }, { 72, 8 }, { 80, 16 },
		{ 4088, 4024 }, { 64 + 4096, 4096 }, { SZ_1G, SZ_1G - 64 },
	};
	static const u32 sizes[] = { SZ_4K, SZ_8K, 5 * SZ_4K, SZ_64K, SZ_1M };
	unsigned int i;
	u32 n;

	KUNIT_EXPECT_EQ(test, VVSOCK_PACKET(0), 32U);
	KUNIT_EXPECT_EQ(test, VVSOCK_PACKET(1), 40U);
	KUNIT_EXPECT_EQ(test, VVSOCK_PACKET(8), 40U);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, vvsock_writable(table[i].space), table[i].writable,
				    "%u", table[i].space);
	/* Such a packet and the last one fit; with 8 bytes more they would not. */
	for (i = 0; i < 8192; i += 8) {
		n = vvsock_writable(i);
		if (n)
			KUNIT_EXPECT_EQ(test, VVSOCK_PACKET(n) + VVSOCK_PACKET(0), i);
		KUNIT_EXPECT_GT(test, VVSOCK_PACKET(n + 8) + VVSOCK_PACKET(0), i);
	}
	/* What is waited for can come, and is of use. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		n = vvsock_space_wanted(sizes[i]);
		KUNIT_EXPECT_LE(test, n, sizes[i] - 8);
		KUNIT_EXPECT_GE(test, vvsock_writable(n), min(sizes[i] / 4, 4096U));
		KUNIT_EXPECT_LE(test, vvsock_writable(n), 4096U);
	}
}

static struct kunit_case vsock_proto_cases[] = {
	KUNIT_CASE(vsock_port_test),
	KUNIT_CASE(vsock_not_port_test),
	KUNIT_CASE(vsock_offer_test),
	KUNIT_CASE(vsock_parse_test),
	KUNIT_CASE(vsock_space_test),
	{}
};

static struct kunit_suite vsock_proto_suite = {
	.name = "vmbus_vsock_proto",
	.test_cases = vsock_proto_cases,
};

kunit_test_suite(vsock_proto_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_vsock: ids, offers, packets");
MODULE_LICENSE("GPL");
