// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: which OIDs guests of each level of NDIS are told that there are.  The
 * numbers are those of NDIS, and not names, so that a wrong one is not compared with itself.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define OL_ROOM		1000	/* bytes of an answer */
#define OL_LIST		0x00010101

/* All have these. */
static const u32 ol_five[] = {
	/* General: what the adapter is and can, then what it has counted */
	0x00010101, 0x00010102, 0x00010103, 0x00010104, 0x00010105, 0x00010106,
	0x00010107, 0x00010108, 0x00010109, 0x0001010a, 0x0001010b, 0x0001010c,
	0x0001010d, 0x0001010e, 0x0001010f, 0x00010110, 0x00010111, 0x00010112,
	0x00010113, 0x00010114, 0x00010115, 0x00010116, 0x00010118, 0x00010202,
	0x0001021b, 0x00020101, 0x00020102, 0x00020103, 0x00020104, 0x00020105,
	0x00020216,
	/* 802.3: addresses, then errors of frames */
	0x01010101, 0x01010102, 0x01010103, 0x01010104, 0x01010105,
	0x01020101, 0x01020102, 0x01020103, 0x01020201,
	0x01020202,	/* XMIT_MAX_COLLISIONS */
	0x01020203,	/* RCV_OVERRUN */
	0x01020204,	/* XMIT_UNDERRUN */
	0x01020205,	/* XMIT_HEARTBEAT_FAILURE */
	0x01020206,	/* XMIT_TIMES_CRS_LOST */
	0x01020207,	/* XMIT_LATE_COLLISIONS */
};

/* Link speed and state, bytes, and offloads */
static const u32 ol_six[] = {
	0x00010206, 0x00010207, 0x00020219, 0x0002021a, 0xfc01020b, 0xfc01020c, 0xfc01020d,
	0x0101010a,
};

/* RSS */
static const u32 ol_thirty[] = { 0x00010203, 0x00010204 };

/**
 * struct ol - what a guest was told
 * @control: adapter
 * @n: OIDs in its list
 * @list: this
 */
struct ol {
	struct netvsp_control control;
	u32 n;
	u8 list[OL_ROOM];
};

static struct ol *ol_ask(struct kunit *test, u32 major, u32 minor)
{
	struct ol *ol = kunit_kzalloc(test, sizeof(*ol), GFP_KERNEL);
	u32 len = 0;

	KUNIT_ASSERT_NOT_NULL(test, ol);
	netvsp_control_init(&ol->control, 1, major, minor);
	ol->control.initialized = true;
	KUNIT_ASSERT_EQ(test, netvsp_oid_query(&ol->control, OL_LIST, NULL, 0, ol->list, OL_ROOM,
					       &len), RNDIS_STATUS_SUCCESS);
	KUNIT_ASSERT_EQ(test, len % 4, 0);
	ol->n = len / 4;
	return ol;
}

/* Each is in the list once, or not at all. */
static void ol_expect(struct kunit *test, const struct ol *ol, const u32 *oids, u32 n, u32 times)
{
	u32 i, k, found;

	for (i = 0; i < n; i++) {
		for (k = 0, found = 0; k < ol->n; k++)
			found += get_unaligned_le32(ol->list + 4 * k) == oids[i];
		KUNIT_EXPECT_EQ_MSG(test, found, times, "NDIS %u.%u OID %#x",
				    ol->control.ndis_major, ol->control.ndis_minor, oids[i]);
	}
}

static void oid_list_level_test(struct kunit *test)
{
	static const struct { u32 major, minor; bool six, thirty; } table[] = {
		{ 5, 0 }, { 5, 1 }, { 6, 0, true }, { 6, 1, true }, { 6, 20, true },
		{ 6, 29, true }, { 6, 30, true, true }, { 6, 85, true, true },
	};
	const struct ol *ol;
	unsigned int i;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ol = ol_ask(test, table[i].major, table[i].minor);
		ol_expect(test, ol, ol_five, ARRAY_SIZE(ol_five), 1);
		ol_expect(test, ol, ol_six, ARRAY_SIZE(ol_six), table[i].six);
		ol_expect(test, ol, ol_thirty, ARRAY_SIZE(ol_thirty), table[i].thirty);
		/* So there are no others. */
		n = ARRAY_SIZE(ol_five) + (table[i].six ? ARRAY_SIZE(ol_six) : 0) +
		    (table[i].thirty ? ARRAY_SIZE(ol_thirty) : 0);
		KUNIT_EXPECT_EQ_MSG(test, ol->n, n, "NDIS %u.%u", table[i].major,
				    table[i].minor);
	}
}

static struct kunit_case netvsp_oid_list_cases[] = {
	KUNIT_CASE(oid_list_level_test),
	{}
};

static struct kunit_suite netvsp_oid_list_suite = {
	.name = "vmbus_netvsp_oid_list",
	.test_cases = netvsp_oid_list_cases,
};

kunit_test_suite(netvsp_oid_list_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: lists of OIDs");
MODULE_LICENSE("GPL");
