// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: requests to the host, its answers and notifications, and what
 * its bus has.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_pure.h"

#define HT_BUF	(VPCI_MAX_RELATIONS + 64)

/* ---- requests -------------------------------------------------------------------------- */

static void vpci_host_versions_test(struct kunit *test)
{
	static const u32 versions[] = { 0x10006, 0x10005, 0x10004, 0x10003, 0x10002, 0 };
	unsigned int i;
	u32 version = 0;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		version = vpci_host_next_version(version);
		KUNIT_EXPECT_EQ(test, version, versions[i]);
	}
	/* One that is not known: the next below it. */
	KUNIT_EXPECT_EQ(test, vpci_host_next_version(0x10007), 0x10006);
	KUNIT_EXPECT_EQ(test, vpci_host_next_version(U32_MAX), 0x10006);
	KUNIT_EXPECT_EQ(test, vpci_host_next_version(0x10001), 0);
	KUNIT_EXPECT_EQ(test, vpci_host_next_version(1), 0);
}

static u8 *ht_buf(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, HT_BUF, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xff, HT_BUF);
	return buf;
}

/* The request is these bytes, and nothing behind them was touched. */
static void ht_expect(struct kunit *test, u8 *buf, u32 len, const char *bytes, u32 size)
{
	KUNIT_EXPECT_EQ_MSG(test, len, size, "request %#x", buf[0]);
	KUNIT_EXPECT_MEMEQ_MSG(test, buf, (const u8 *)bytes, size, "request %#x", buf[0]);
	KUNIT_EXPECT_EQ_MSG(test, buf[size], 0xff, "request %#x", buf[0]);
	memset(buf, 0xff, HT_BUF);
}

#define HT_EXPECT(test, buf, len, bytes) \
	ht_expect(test, buf, len, bytes, sizeof(bytes) - 1)

static void vpci_host_requests_test(struct kunit *test)
{
	struct vpci_msi msi = { .address = 0x80fee01000, .data = 0x1234, .count = 2 };
	u8 *buf = ht_buf(test);

	HT_EXPECT(test, buf, vpci_host_query_version(buf, 0x10004),
		  "\x13\0\x49\x42\x04\0\x01\0");
	HT_EXPECT(test, buf, vpci_host_query_relations(buf), "\x01\0\x49\x42");
	HT_EXPECT(test, buf, vpci_host_d0_entry(buf, 0x1122334455667000),
		  "\x07\0\x49\x42\0\0\0\0\x00\x70\x66\x55\x44\x33\x22\x11");
	HT_EXPECT(test, buf, vpci_host_d0_exit(buf), "\x08\0\x49\x42");
	HT_EXPECT(test, buf, vpci_host_requirements(buf, 0x21), "\x05\0\x49\x42\x21\0\0\0");
	HT_EXPECT(test, buf, vpci_host_release(buf, 0xfe), "\x11\0\x49\x42\xfe\0\0\0");
	HT_EXPECT(test, buf, vpci_host_power(buf, 1, VPCI_POWER_D3),
		  "\x04\0\x49\x42\1\0\0\0\4\0\0\0\0\0\0\0");
	HT_EXPECT(test, buf, vpci_host_eject_complete(buf, 3), "\x0f\0\x49\x42\3\0\0\0\0\0\0\0");
	HT_EXPECT(test, buf, vpci_host_delete(buf, 2, &msi),
		  "\x15\0\x49\x42\2\0\0\0\0\0\2\0\x34\x12\0\0\x00\x10\xe0\xfe\x80\0\0\0");
	HT_EXPECT(test, buf, vpci_host_reset_device(buf, VPCI_VERSION_GE, 2),
		  "\x1c\0\x49\x42\2\0\0\0");
	KUNIT_EXPECT_EQ(test, vpci_host_reset_device(buf, VPCI_VERSION_FE, 2), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vpci_host_reset_device(buf, 0, 2), -EOPNOTSUPP);
}

/* No resources, no interrupt, but room for one of any form. */
static void vpci_host_assigned_test(struct kunit *test)
{
	u8 *buf = ht_buf(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, vpci_host_assigned(buf, 0x21), 216);
	KUNIT_EXPECT_EQ(test, VPCI_MAX_REQUEST, 216);
	KUNIT_EXPECT_MEMEQ(test, buf, (const u8 *)"\x16\0\x49\x42\x21\0\0\0", 8);
	for (i = 8; i < 216; i++)
		KUNIT_EXPECT_EQ_MSG(test, buf[i], 0, "byte %u", i);
	KUNIT_EXPECT_EQ(test, buf[216], 0xff);
}

static const struct { u32 version; u32 type; enum vpci_msi_form form; int len; } hc_cases[] = {
	{ VPCI_VERSION_WIN10, VPCI_MSG_CREATE_INTERRUPT, VPCI_MSI_V1, 24 },
	{ VPCI_VERSION_RS1, VPCI_MSG_CREATE_INTERRUPT2, VPCI_MSI_V2, 80 },
	{ VPCI_VERSION_VB, VPCI_MSG_CREATE_INTERRUPT2, VPCI_MSI_V2, 80 },
	{ VPCI_VERSION_FE, VPCI_MSG_CREATE_INTERRUPT3, VPCI_MSI_V3, 84 },
	{ VPCI_VERSION_GE, VPCI_MSG_CREATE_INTERRUPT3, VPCI_MSI_V3, 84 },
	{ VPCI_VERSION_DT, VPCI_MSG_CREATE_INTERRUPT3, VPCI_MSI_V3, 84 },
};

static void vpci_host_create_test(struct kunit *test)
{
	struct vpci_msi_request request = {
		.vector = 65, .count = 2, .nprocs = 2, .procs = { 1, 5 },
	};
	struct vpci_msi_request back;
	u8 *buf = ht_buf(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hc_cases); i++) {
		request.vector = 65;
		KUNIT_EXPECT_EQ(test, vpci_host_create(buf, hc_cases[i].version, 0x42, &request),
				hc_cases[i].len);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(((__le32 *)buf)[0]), hc_cases[i].type);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(((__le32 *)buf)[1]), 0x42);
		KUNIT_EXPECT_EQ(test, vpci_msi_parse(hc_cases[i].form, buf + 8,
						     hc_cases[i].len - 8, 0, &back), 0);
		KUNIT_EXPECT_MEMEQ(test, &back, &request, sizeof(back));
		/* A vector that only the third form has room for. */
		request.vector = 256;
		KUNIT_EXPECT_EQ(test, vpci_host_create(buf, hc_cases[i].version, 0x42, &request),
				hc_cases[i].form == VPCI_MSI_V3 ? 84 : -ERANGE);
	}
}

/* All three forms, byte by byte; zeros follow. */
static const struct {
	u32 version;
	u32 vector;
	u32 len;
	u8 bytes[84];
} hc_bytes[] = {
	{ VPCI_VERSION_WIN10, 0x41, 24,
	  "\x14\0\x49\x42\x42\0\0\0\x41\1\2\0\0\0\0\0\2\4\0\0\0\0\0\x80" },
	{ VPCI_VERSION_RS1, 0x41, 80,
	  "\x17\0\x49\x42\x42\0\0\0\x41\1\2\0\3\0\1\0\x0a\0\x3f\0" },
	{ VPCI_VERSION_FE, 0x1241, 84,
	  "\x1b\0\x49\x42\x42\0\0\0\x41\x12\0\0\1\0\2\0\3\0\1\0\x0a\0\x3f\0" },
};

static void vpci_host_create_bytes_test(struct kunit *test)
{
	struct vpci_msi_request request = {
		.delivery = VPCI_DELIVERY_LOWEST, .count = 2, .nprocs = 3, .procs = { 1, 10, 63 },
	};
	u8 *buf = ht_buf(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hc_bytes); i++) {
		request.vector = hc_bytes[i].vector;
		ht_expect(test, buf, vpci_host_create(buf, hc_bytes[i].version, 0x42, &request),
			  (const char *)hc_bytes[i].bytes, hc_bytes[i].len);
	}
}

/* ---- answers --------------------------------------------------------------------------- */

static const struct { u32 status; int err; int version_err; } hs_cases[] = {
	{ 0, 0, 0 },
	{ 1, 0, 0 },
	{ 0x103, 0, 0 },
	{ S32_MAX, 0, 0 },
	{ 0x80000000, -EREMOTEIO, -EREMOTEIO },
	{ 0x80000005, -EREMOTEIO, -EREMOTEIO },
	{ VPCI_STATUS_REVISION_MISMATCH, -EREMOTEIO, -EAGAIN },
	{ VPCI_STATUS_BAD_DATA, -EREMOTEIO, -EREMOTEIO },
	{ U32_MAX, -EREMOTEIO, -EREMOTEIO },
};

static void vpci_host_status_test(struct kunit *test)
{
	__le32 reply[2] = { };
	const char *why;
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(hs_cases); i++) {
		reply[0] = cpu_to_le32(hs_cases[i].status);
		for (len = 0; len <= 8; len++) {
			why = NULL;
			KUNIT_EXPECT_EQ_MSG(test, vpci_host_status(reply, len, &why),
					    len < 4 ? -EPROTO : hs_cases[i].err,
					    "%#x, %u bytes", hs_cases[i].status, len);
			KUNIT_EXPECT_EQ(test, !why, len >= 4 && !hs_cases[i].err);
			why = NULL;
			KUNIT_EXPECT_EQ_MSG(test, vpci_host_version_reply(reply, len, &why),
					    len < 4 ? -EPROTO : hs_cases[i].version_err,
					    "%#x, %u bytes", hs_cases[i].status, len);
			KUNIT_EXPECT_EQ(test, !why, len >= 4 && !hs_cases[i].version_err);
		}
	}
}

static void vpci_host_requirements_test(struct kunit *test)
{
	__le32 reply[7] = {
		0, cpu_to_le32(0xffffc004), cpu_to_le32(U32_MAX), cpu_to_le32(0xffff0000),
	};
	struct vpci_bars bars;
	const char *why;
	u32 len;

	for (len = 4; len < 28; len++)
		KUNIT_EXPECT_EQ_MSG(test, vpci_host_requirements_reply(reply, len, &bars, &why),
				    -EPROTO, "%u bytes", len);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 28, &bars, &why), 0);
	KUNIT_EXPECT_EQ(test, bars.size[0], 0x4000);
	KUNIT_EXPECT_EQ(test, bars.size[2], 0x10000);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 32, &bars, &why), 0);
	reply[6] = cpu_to_le32(0xfffff004);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 28, &bars, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "last"));
	/* A failure is one, whatever follows. */
	reply[0] = cpu_to_le32(VPCI_STATUS_BAD_DATA);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 28, &bars, &why), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 4, &bars, &why), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, vpci_host_requirements_reply(reply, 3, &bars, &why), -EPROTO);
}

static void vpci_host_create_reply_test(struct kunit *test)
{
	u8 reply[24] = {
		0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 3, 0, 0x44, 0x33, 0x22, 0x11,
		0x00, 0x10, 0xe0, 0xfe, 0x80, 0, 0, 0,
	};
	struct vpci_msi msi;
	const char *why;
	u32 len;

	for (len = 0; len < 24; len++)
		KUNIT_EXPECT_EQ_MSG(test, vpci_host_create_reply(reply, len, &msi, &why), -EPROTO,
				    "%u bytes", len);
	KUNIT_EXPECT_EQ(test, vpci_host_create_reply(reply, 24, &msi, &why), 0);
	KUNIT_EXPECT_EQ(test, msi.address, 0x80fee01000);
	KUNIT_EXPECT_EQ(test, msi.data, 0x11223344);
	KUNIT_EXPECT_EQ(test, msi.count, 3);
	for (len = 1; len < 4; len++) {
		reply[16] = len;
		KUNIT_EXPECT_EQ(test, vpci_host_create_reply(reply, 24, &msi, &why), -EPROTO);
	}
	reply[16] = 0;
	reply[3] = 0xc0;
	KUNIT_EXPECT_EQ(test, vpci_host_create_reply(reply, 24, &msi, &why), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, vpci_host_create_reply(reply, 4, &msi, &why), -EREMOTEIO);
}

/* ---- notifications --------------------------------------------------------------------- */

/**
 * struct hn_case - a message of the host
 * @what: for messages
 * @words: how it begins; zeros follow
 * @len: bytes of it
 * @err: what comes of it
 * @type: what it is
 * @slot: that it is about
 */
struct hn_case {
	const char *what;
	u32 words[4];
	u32 len;
	int err;
	enum vpci_host_event_type type;
	u32 slot;
};

static const struct hn_case hn_cases[] = {
	{ "nothing", { }, 0, -EPROTO },
	{ "half a type", { VPCI_MSG_EJECT }, 3, -EPROTO },
	{ "type 0", { 0 }, 4, 0, VPCI_HOST_UNKNOWN },
	{ "a future type", { 0x4249001e }, 64, 0, VPCI_HOST_UNKNOWN },
	{ "a request", { VPCI_MSG_QUERY_VERSION, VPCI_VERSION_FE }, 8, 0, VPCI_HOST_UNKNOWN },

	{ "eject", { VPCI_MSG_EJECT, 0 }, 8, 0, VPCI_HOST_EJECT, 0 },
	{ "eject of the last", { VPCI_MSG_EJECT, 254 }, 8, 0, VPCI_HOST_EJECT, 254 },
	{ "eject of 255", { VPCI_MSG_EJECT, 255 }, 8, -EPROTO },
	{ "eject of 256", { VPCI_MSG_EJECT, 256 }, 8, -EPROTO },
	{ "eject of all ones", { VPCI_MSG_EJECT, U32_MAX }, 8, -EPROTO },
	{ "eject, short", { VPCI_MSG_EJECT, 0 }, 7, -EPROTO },
	{ "eject, type only", { VPCI_MSG_EJECT }, 4, -EPROTO },

	{ "invalid device", { VPCI_MSG_INVALIDATE_DEVICE, 3 }, 8, 0,
	  VPCI_HOST_INVALIDATE_DEVICE, 3 },
	{ "invalid device, short", { VPCI_MSG_INVALIDATE_DEVICE, 3 }, 7, -EPROTO },
	{ "invalid device 255", { VPCI_MSG_INVALIDATE_DEVICE, 255 }, 8, -EPROTO },
	{ "invalid bus", { VPCI_MSG_INVALIDATE_BUS }, 4, 0, VPCI_HOST_INVALIDATE_BUS },
	{ "invalid blocks", { VPCI_MSG_INVALIDATE_BLOCK, 3, 5, 0x80000000 }, 16, 0,
	  VPCI_HOST_INVALIDATE_BLOCK, 3 },
	{ "invalid blocks, short", { VPCI_MSG_INVALIDATE_BLOCK, 3, 5 }, 15, -EPROTO },
	{ "invalid blocks, no mask", { VPCI_MSG_INVALIDATE_BLOCK, 3 }, 8, -EPROTO },
	{ "invalid blocks of 255", { VPCI_MSG_INVALIDATE_BLOCK, 255 }, 16, -EPROTO },

	{ "no device", { VPCI_MSG_BUS_RELATIONS, 0 }, 8, 0, VPCI_HOST_RELATIONS },
	{ "no device, second form", { VPCI_MSG_BUS_RELATIONS2, 0 }, 8, 0, VPCI_HOST_RELATIONS },
	{ "relations, short", { VPCI_MSG_BUS_RELATIONS, 0 }, 7, -EPROTO },
	{ "relations, short, second form", { VPCI_MSG_BUS_RELATIONS2, 0 }, 4, -EPROTO },
	{ "a device", { VPCI_MSG_BUS_RELATIONS, 1 }, 28, 0, VPCI_HOST_RELATIONS },
	{ "a device, short", { VPCI_MSG_BUS_RELATIONS, 1 }, 27, -EPROTO },
	{ "a device, second form", { VPCI_MSG_BUS_RELATIONS2, 1 }, 36, 0, VPCI_HOST_RELATIONS },
	{ "a device, second form, short", { VPCI_MSG_BUS_RELATIONS2, 1 }, 35, -EPROTO },
	{ "as many as fit", { VPCI_MSG_BUS_RELATIONS, 255 }, 8 + 255 * 20, 0,
	  VPCI_HOST_RELATIONS },
	{ "as many as fit, second form", { VPCI_MSG_BUS_RELATIONS2, 255 }, 8 + 255 * 28, 0,
	  VPCI_HOST_RELATIONS },
	{ "a byte is missing", { VPCI_MSG_BUS_RELATIONS2, 255 }, 8 + 255 * 28 - 1, -EPROTO },
	{ "one too many", { VPCI_MSG_BUS_RELATIONS, 256 }, 8 + 256 * 20, -EPROTO },
	{ "far too many", { VPCI_MSG_BUS_RELATIONS, U32_MAX }, 8 + 255 * 20, -EPROTO },
	/* times 20, and times 28, that is little again in 32 bits */
	{ "a product that wraps", { VPCI_MSG_BUS_RELATIONS, 0x0ccccccd }, 64, -EPROTO },
	{ "a product that wraps, second form", { VPCI_MSG_BUS_RELATIONS2, 0x09249249 + 1 }, 64,
	  -EPROTO },
};

static void vpci_host_parse_test(struct kunit *test)
{
	const struct hn_case *c = test->param_value;
	struct vpci_host_event event;
	u8 *buf = ht_buf(test);
	const char *why = NULL;
	unsigned int i;

	memset(buf, 0, HT_BUF);
	for (i = 0; i < 4; i++)
		((__le32 *)buf)[i] = cpu_to_le32(c->words[i]);
	memset(&event, 0xff, sizeof(event));
	KUNIT_EXPECT_EQ(test, vpci_host_parse(buf, c->len, &event, &why), c->err);
	KUNIT_EXPECT_EQ(test, !!why, !!c->err);
	if (c->err)
		return;
	KUNIT_EXPECT_EQ(test, event.type, c->type);
	KUNIT_EXPECT_EQ(test, event.slot, c->slot);
	KUNIT_EXPECT_EQ(test, event.mask, c->type == VPCI_HOST_INVALIDATE_BLOCK ?
			0x8000000000000005 : 0);
	if (c->type == VPCI_HOST_RELATIONS) {
		KUNIT_EXPECT_EQ(test, event.count, c->words[1]);
		KUNIT_EXPECT_PTR_EQ(test, event.devices, (const void *)(buf + 8));
		KUNIT_EXPECT_EQ(test, event.v2, c->words[0] == VPCI_MSG_BUS_RELATIONS2);
	}
}

static void hn_describe(const struct hn_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", c->what);
}

KUNIT_ARRAY_PARAM(hn, hn_cases, hn_describe);

/* ---- devices --------------------------------------------------------------------------- */

static const u8 hd_bytes[28] = {
	0x14, 0x14, 0xba, 0x00, 1, 2, 3, 4, 0xf4, 0x1a, 0x00, 0x11, 0x21, 0, 0, 0,
	0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 5, 0, 0xff, 0xff,
};

static const struct vpci_desc hd_desc = {
	.vendor = 0x1414, .device = 0x00ba, .revision = 1, .prog_if = 2, .subclass = 3, .class = 4,
	.subvendor = 0x1af4, .subsystem = 0x1100, .slot = 0x21, .serial = 0x12345678,
	.numa_valid = true, .numa_node = 5,
};

static void vpci_desc_test(struct kunit *test)
{
	struct vpci_device2 wire;
	struct vpci_desc desc;

	vpci_desc_get2(&desc, (const struct vpci_device2 *)hd_bytes);
	KUNIT_EXPECT_TRUE(test, vpci_desc_same(&desc, &hd_desc));
	KUNIT_EXPECT_TRUE(test, desc.numa_valid);
	KUNIT_EXPECT_EQ(test, desc.numa_node, 5);
	memset(&wire, 0xff, sizeof(wire));
	vpci_desc_put2(&desc, &wire);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&wire, hd_bytes, 26);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(wire.reserved), 0);

	vpci_desc_get(&desc, (const struct vpci_device *)hd_bytes);
	KUNIT_EXPECT_TRUE(test, vpci_desc_same(&desc, &hd_desc));
	KUNIT_EXPECT_FALSE(test, desc.numa_valid);
	memset(&wire, 0xff, sizeof(wire));
	vpci_desc_put(&hd_desc, &wire.v1);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)&wire, hd_bytes, 20);
	/* A node that is not known is not told. */
	vpci_desc_put2(&desc, &wire);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(wire.flags), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(wire.numa_node), 0);
	wire.numa_node = cpu_to_le16(7);
	wire.flags = cpu_to_le32(~1);
	vpci_desc_get2(&desc, &wire);
	KUNIT_EXPECT_FALSE(test, desc.numa_valid);
	KUNIT_EXPECT_EQ(test, desc.numa_node, 0);
}

static void vpci_desc_config_test(struct kunit *test)
{
	u16 offset;

	KUNIT_EXPECT_EQ(test, vpci_desc_config(&hd_desc, PCI_VENDOR_ID), 0x00ba1414);
	KUNIT_EXPECT_EQ(test, vpci_desc_config(&hd_desc, PCI_CLASS_REVISION), 0x04030201);
	KUNIT_EXPECT_EQ(test, vpci_desc_config(&hd_desc, PCI_SUBSYSTEM_VENDOR_ID), 0x11001af4);
	for (offset = 0; offset < 64; offset++)
		if (offset != 0 && offset != 8 && offset != 0x2c)
			KUNIT_EXPECT_EQ(test, vpci_desc_config(&hd_desc, offset), U32_MAX);
}

/* Any byte of ids, slot and serial makes it another device; a node does not. */
static void vpci_desc_same_test(struct kunit *test)
{
	struct vpci_device2 wire;
	struct vpci_desc desc;
	unsigned int bit;

	for (bit = 0; bit < 26 * 8; bit++) {
		memcpy(&wire, hd_bytes, sizeof(wire));
		((u8 *)&wire)[bit / 8] ^= BIT(bit % 8);
		vpci_desc_get2(&desc, &wire);
		KUNIT_EXPECT_EQ_MSG(test, vpci_desc_same(&desc, &hd_desc), bit >= 20 * 8,
				    "bit %u", bit);
	}
}

/* ---- relations ------------------------------------------------------------------------- */

/**
 * struct hr_dev - a device in a list
 * @slot: slot
 * @serial: serial
 * @device: device id
 */
struct hr_dev {
	u32 slot;
	u32 serial;
	u16 device;
};

static int hr_update(struct kunit *test, struct vpci_relations *relations, bool v2,
		     const struct hr_dev *devs, u32 n, struct vpci_relations_diff *diff,
		     const char **why)
{
	u8 *buf = ht_buf(test);
	struct vpci_bus_relations *msg = (void *)buf;
	u32 size = v2 ? sizeof(struct vpci_device2) : sizeof(struct vpci_device);
	struct vpci_host_event event;
	struct vpci_desc desc;
	u32 i;

	msg->type = cpu_to_le32(v2 ? VPCI_MSG_BUS_RELATIONS2 : VPCI_MSG_BUS_RELATIONS);
	msg->count = cpu_to_le32(n);
	for (i = 0; i < n; i++) {
		desc = (struct vpci_desc) {
			.vendor = 0x1414, .device = devs[i].device, .slot = devs[i].slot,
			.serial = devs[i].serial, .numa_valid = v2, .numa_node = v2,
		};
		vpci_desc_put(&desc, (void *)(buf + 8 + i * size));
		if (v2)
			vpci_desc_put2(&desc, (void *)(buf + 8 + i * size));
	}
	KUNIT_ASSERT_EQ(test, vpci_host_parse(buf, 8 + n * size, &event, why), 0);
	return vpci_relations_update(relations, &event, diff, why);
}

#define HR_UPDATE(devs) \
	hr_update(test, relations, true, devs, sizeof(devs) / sizeof(struct hr_dev), diff, &why)

static void hr_expect(struct kunit *test, const struct vpci_relations_diff *diff, u32 slot,
		      const char *what)
{
	KUNIT_EXPECT_EQ_MSG(test, test_bit(slot, diff->kept), what[0] == 'k', "slot %u", slot);
	KUNIT_EXPECT_EQ_MSG(test, test_bit(slot, diff->gone), what[0] == 'g', "slot %u", slot);
	KUNIT_EXPECT_EQ_MSG(test, test_bit(slot, diff->added), what[0] == 'a' || what[1] == 'a',
			    "slot %u", slot);
}

static void hr_new(struct kunit *test, struct vpci_relations **relations,
		   struct vpci_relations_diff **diff)
{
	*relations = kunit_kzalloc(test, sizeof(**relations), GFP_KERNEL);
	*diff = kunit_kzalloc(test, sizeof(**diff), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, *relations);
	KUNIT_ASSERT_NOT_NULL(test, *diff);
}

/* What is in a slot, or NULL. */
static const struct vpci_desc *hr_find(const struct vpci_relations *relations, u32 slot)
{
	return test_bit(slot, relations->present) ? &relations->descs[slot] : NULL;
}

static void vpci_relations_test(struct kunit *test)
{
	static const struct hr_dev first[] = { { 0, 1, 1 }, { 0x21, 2, 1 }, { 254, 3, 1 } };
	/* kept, another serial, gone, new; in another order */
	static const struct hr_dev second[] = { { 7, 9, 1 }, { 0x21, 20, 1 }, { 0, 1, 1 } };
	struct vpci_relations_diff *diff;
	struct vpci_relations *relations;
	const char *why;

	hr_new(test, &relations, &diff);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(first), 0);
	hr_expect(test, diff, 0, "a");
	hr_expect(test, diff, 0x21, "a");
	hr_expect(test, diff, 254, "a");
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->added, VPCI_MAX_SLOTS), 3);
	KUNIT_ASSERT_NOT_NULL(test, hr_find(relations, 0x21));
	KUNIT_EXPECT_EQ(test, hr_find(relations, 0x21)->serial, 2);

	KUNIT_EXPECT_EQ(test, HR_UPDATE(second), 0);
	hr_expect(test, diff, 0, "k");
	hr_expect(test, diff, 0x21, "ga");
	hr_expect(test, diff, 254, "g");
	hr_expect(test, diff, 7, "a");
	hr_expect(test, diff, 1, " ");
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->kept, VPCI_MAX_SLOTS), 1);
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->gone, VPCI_MAX_SLOTS), 2);
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->added, VPCI_MAX_SLOTS), 2);
	KUNIT_ASSERT_NOT_NULL(test, hr_find(relations, 0x21));
	KUNIT_EXPECT_EQ(test, hr_find(relations, 0x21)->serial, 20);
	KUNIT_EXPECT_NULL(test, hr_find(relations, 254));

	/* The same once more changes nothing. */
	KUNIT_EXPECT_EQ(test, HR_UPDATE(second), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->kept, VPCI_MAX_SLOTS), 3);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(diff->gone, VPCI_MAX_SLOTS));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(diff->added, VPCI_MAX_SLOTS));
}

/* The other form is the same list, but for the node, which a device keeps. */
static void vpci_relations_forms_test(struct kunit *test)
{
	static const struct hr_dev devs[] = { { 0, 1, 1 }, { 1, 2, 2 } };
	struct vpci_relations_diff *diff;
	struct vpci_relations *relations;
	const char *why;

	hr_new(test, &relations, &diff);
	KUNIT_EXPECT_EQ(test, hr_update(test, relations, false, devs, 2, diff, &why), 0);
	KUNIT_ASSERT_NOT_NULL(test, hr_find(relations, 1));
	KUNIT_EXPECT_FALSE(test, hr_find(relations, 1)->numa_valid);
	KUNIT_EXPECT_EQ(test, hr_find(relations, 1)->device, 2);
	KUNIT_EXPECT_EQ(test, hr_update(test, relations, true, devs, 2, diff, &why), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->kept, VPCI_MAX_SLOTS), 2);
	KUNIT_EXPECT_FALSE(test, hr_find(relations, 1)->numa_valid);
	/* Until it goes, and comes again. */
	vpci_relations_forget(relations, 1);
	KUNIT_EXPECT_EQ(test, hr_update(test, relations, true, devs, 2, diff, &why), 0);
	hr_expect(test, diff, 0, "k");
	hr_expect(test, diff, 1, "a");
	KUNIT_EXPECT_FALSE(test, hr_find(relations, 0)->numa_valid);
	KUNIT_EXPECT_TRUE(test, hr_find(relations, 1)->numa_valid);
}

/* What is refused leaves all as it was. */
static void vpci_relations_bad_test(struct kunit *test)
{
	static const struct hr_dev good[] = { { 3, 1, 1 } };
	static const struct hr_dev twice[] = { { 0, 1, 1 }, { 1, 2, 1 }, { 0, 3, 1 } };
	static const struct hr_dev same[] = { { 3, 1, 1 }, { 3, 1, 1 } };
	static const struct hr_dev high[] = { { 0, 1, 1 }, { 255, 2, 1 } };
	static const struct hr_dev higher[] = { { 0x100, 1, 1 } };
	static const struct hr_dev highest[] = { { U32_MAX, 1, 1 } };
	struct vpci_relations_diff *diff;
	struct vpci_relations *relations;
	const char *why;

	hr_new(test, &relations, &diff);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(good), 0);
	why = "";
	KUNIT_EXPECT_EQ(test, HR_UPDATE(twice), -EPROTO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "two devices"));
	KUNIT_EXPECT_EQ(test, HR_UPDATE(same), -EPROTO);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(high), -EPROTO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why, "cannot be"));
	KUNIT_EXPECT_EQ(test, HR_UPDATE(higher), -EPROTO);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(highest), -EPROTO);
	KUNIT_EXPECT_NULL(test, hr_find(relations, 0));
	KUNIT_EXPECT_NOT_NULL(test, hr_find(relations, 3));
	KUNIT_EXPECT_EQ(test, HR_UPDATE(good), 0);
	hr_expect(test, diff, 3, "k");
}

/* All slots, then none, then all again. */
static void vpci_relations_full_test(struct kunit *test)
{
	struct vpci_relations_diff *diff;
	struct vpci_relations *relations;
	struct hr_dev *devs;
	const char *why;
	u32 i;

	hr_new(test, &relations, &diff);
	devs = kunit_kzalloc(test, VPCI_MAX_SLOTS * sizeof(*devs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, devs);
	for (i = 0; i < VPCI_MAX_SLOTS; i++)
		devs[i].slot = 254 - i;
	for (i = 1; i <= 2; i++) {
		KUNIT_EXPECT_EQ(test, hr_update(test, relations, true, devs, 255, diff, &why), 0);
		KUNIT_EXPECT_EQ(test, bitmap_weight(diff->added, VPCI_MAX_SLOTS), 255);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(diff->gone, VPCI_MAX_SLOTS));
		KUNIT_EXPECT_EQ(test, hr_update(test, relations, true, devs, 0, diff, &why), 0);
		KUNIT_EXPECT_EQ(test, bitmap_weight(diff->gone, VPCI_MAX_SLOTS), 255);
		KUNIT_EXPECT_TRUE(test, bitmap_empty(diff->added, VPCI_MAX_SLOTS));
		KUNIT_EXPECT_NULL(test, hr_find(relations, 0));
	}
}

static void vpci_relations_forget_test(struct kunit *test)
{
	static const struct hr_dev devs[] = { { 0, 1, 1 }, { 254, 2, 2 } };
	struct vpci_relations_diff *diff;
	struct vpci_relations *relations;
	const char *why;

	hr_new(test, &relations, &diff);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(devs), 0);
	/* Given back: if it is there again, it is new. */
	vpci_relations_forget(relations, 254);
	KUNIT_EXPECT_NULL(test, hr_find(relations, 254));
	KUNIT_EXPECT_EQ(test, HR_UPDATE(devs), 0);
	hr_expect(test, diff, 0, "k");
	hr_expect(test, diff, 254, "a");
	/* There is nothing to give back. */
	vpci_relations_forget(relations, 7);
	vpci_relations_forget(relations, 255);
	vpci_relations_forget(relations, U32_MAX);
	KUNIT_EXPECT_EQ(test, HR_UPDATE(devs), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(diff->kept, VPCI_MAX_SLOTS), 2);
}

static struct kunit_case vpci_host_cases[] = {
	KUNIT_CASE(vpci_host_versions_test),
	KUNIT_CASE(vpci_host_requests_test),
	KUNIT_CASE(vpci_host_assigned_test),
	KUNIT_CASE(vpci_host_create_test),
	KUNIT_CASE(vpci_host_create_bytes_test),
	KUNIT_CASE(vpci_host_status_test),
	KUNIT_CASE(vpci_host_requirements_test),
	KUNIT_CASE(vpci_host_create_reply_test),
	KUNIT_CASE_PARAM(vpci_host_parse_test, hn_gen_params),
	KUNIT_CASE(vpci_desc_test),
	KUNIT_CASE(vpci_desc_config_test),
	KUNIT_CASE(vpci_desc_same_test),
	KUNIT_CASE(vpci_relations_test),
	KUNIT_CASE(vpci_relations_forms_test),
	KUNIT_CASE(vpci_relations_bad_test),
	KUNIT_CASE(vpci_relations_full_test),
	KUNIT_CASE(vpci_relations_forget_test),
	{}
};

static struct kunit_suite vpci_host_suite = {
	.name = "vpci_host",
	.test_cases = vpci_host_cases,
};

kunit_test_suite(vpci_host_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: toward the host");
MODULE_LICENSE("GPL");
