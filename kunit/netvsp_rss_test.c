// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: how the guest wants frames to be spread.
 */
#include "netvsp_settings.h"

#define NS_HASH		0x1701		/* as Linux sets it */

/* As Linux sets it; returns the bytes of it. */
static u32 ns_rss(struct ns *ns, u32 entries)
{
	struct ndis_rss_parameters *p = &ns->in.rss;
	unsigned int i;

	memset(&ns->in, 0, sizeof(ns->in));
	p->hdr.type = NDIS_OBJECT_RSS_PARAMETERS;
	p->hdr.revision = 2;
	p->hdr.size = cpu_to_le16(40);
	p->hash = cpu_to_le32(NS_HASH);
	p->table_size = cpu_to_le16(4 * entries);
	p->table_offset = cpu_to_le32(40);
	p->key_size = cpu_to_le16(40);
	p->key_offset = cpu_to_le32(40 + 4 * entries);
	for (i = 0; i < entries; i++)
		put_unaligned_le32(i * 3 % NS_QUEUES, ns->in.bytes + 40 + 4 * i);
	for (i = 0; i < 40; i++)
		ns->in.bytes[40 + 4 * entries + i] = i + 1;
	return 80 + 4 * entries;
}

static void rss_test(struct kunit *test)
{
	static const u32 counts[] = { 1, 2, 3, 4, 5, 16, 63, 64, 65, 100, 127, 128 };
	unsigned int i, k;
	struct ns *ns;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		ns = ns_new(test);
		len = ns_rss(ns, counts[i]);
		KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
		KUNIT_EXPECT_EQ(test, ns->changed, NETVSP_CHANGED_RSS);
		KUNIT_EXPECT_TRUE(test, ns->control.settings.rss);
		KUNIT_EXPECT_EQ(test, ns->control.settings.hash, NS_HASH);
		KUNIT_EXPECT_MEMEQ(test, ns->control.settings.key, ns->in.bytes + len - 40, 40);
		KUNIT_EXPECT_GE(test, ns->control.settings.entries, counts[i]);
		KUNIT_EXPECT_LT(test, ns->control.settings.entries, 2 * counts[i]);
		KUNIT_EXPECT_EQ(test, ns->control.settings.entries &
				(ns->control.settings.entries - 1), 0);
		for (k = 0; k < ns->control.settings.entries; k++)
			KUNIT_EXPECT_EQ(test, ns->control.settings.table[k],
					k % counts[i] * 3 % NS_QUEUES);
	}
}

static void rss_table_test(struct kunit *test)
{
	static const struct { u16 size; u32 offset; u32 status; } table[] = {
		{ 16, 40, 0 }, { 4, 0, NS_DATA }, { 16, 41, NS_DATA },
		{ 0, 40, NS_LENGTH }, { 1, 40, NS_LENGTH }, { 3, 40, NS_LENGTH },
		{ 5, 40, NS_LENGTH }, { 514, 40, NS_LENGTH }, { 516, 40, NS_LENGTH },
		{ 65532, 40, NS_LENGTH }, { 65535, 40, NS_LENGTH },
		{ 16, 144 - 15, NS_LENGTH }, { 16, 144, NS_LENGTH }, { 16, 145, NS_LENGTH },
		{ 16, U32_MAX, NS_LENGTH }, { 16, U32_MAX - 15, NS_LENGTH },
		{ 16, 0x80000000, NS_LENGTH }, { 108, 40, NS_LENGTH },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		len = ns_rss(ns, 16);
		ns->in.rss.table_size = cpu_to_le16(table[i].size);
		ns->in.rss.table_offset = cpu_to_le32(table[i].offset);
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_rss, len), table[i].status,
				    "case %u", i);
	}
	/* All there, but more than there can be */
	len = ns_rss(ns, 128);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	len = ns_rss(ns, 129);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), NS_LENGTH);
	/* To the last byte */
	len = ns_rss(ns, 16);
	memset(ns->in.bytes + len, 0, 16);
	ns->in.rss.table_size = cpu_to_le16(16);
	ns->in.rss.table_offset = cpu_to_le32(len);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len + 15), NS_LENGTH);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len + 16), 0);
}

static void rss_queue_test(struct kunit *test)
{
	static const u32 queues[] = {
		NS_QUEUES, NS_QUEUES + 1, 0xffff, 0x10000, 0x80000000, 0xffff0000, U32_MAX,
	};
	struct ns *ns = ns_new(test);
	unsigned int i, at;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(queues); i++) {
		for (at = 0; at < 128; at += 127) {
			len = ns_rss(ns, 128);
			put_unaligned_le32(queues[i], ns->in.bytes + 40 + 4 * at);
			KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_rss, len), NS_DATA,
					    "queue %x at %u", queues[i], at);
		}
	}
	ns->control.max_queues = 1;
	len = ns_rss(ns, 1);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	put_unaligned_le32(1, ns->in.bytes + 40);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), NS_DATA);
}

static void rss_key_test(struct kunit *test)
{
	static const struct { u16 size; u32 offset; u32 status; } table[] = {
		{ 40, 104, 0 }, { 40, 0, 0 }, { 40, 103, 0 },
		{ 0, 104, NS_LENGTH }, { 39, 104, NS_LENGTH }, { 41, 0, NS_LENGTH },
		{ 0xffff, 0, NS_LENGTH }, { 40, 105, NS_LENGTH }, { 40, 144, NS_LENGTH },
		{ 40, U32_MAX, NS_LENGTH }, { 40, U32_MAX - 39, NS_LENGTH },
		{ 40, 0x80000000, NS_LENGTH },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		len = ns_rss(ns, 16);
		ns->in.rss.key_size = cpu_to_le16(table[i].size);
		ns->in.rss.key_offset = cpu_to_le32(table[i].offset);
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_rss, len), table[i].status,
				    "case %u", i);
		if (!table[i].status)
			KUNIT_EXPECT_MEMEQ(test, ns->control.settings.key,
					   ns->in.bytes + table[i].offset, 40);
	}
}

static void rss_header_test(struct kunit *test)
{
	static const struct { u8 type, revision; u32 len, status; } table[] = {
		{ 0x89, 2, 84, 0 }, { 0x89, 1, 84, 0 }, { 0x89, 255, 84, 0 },
		{ 0x89, 0, 84, NS_DATA }, { 0x88, 2, 84, NS_DATA }, { 0x80, 2, 84, NS_DATA },
		{ 0x89, 2, 0, NS_LENGTH }, { 0x89, 2, 4, NS_LENGTH }, { 0x89, 2, 27, NS_LENGTH },
		{ 0x89, 2, 28, NS_LENGTH }, { 0x89, 2, 43, NS_LENGTH }, { 0x89, 2, 83, NS_LENGTH },
	};
	struct ns *ns = ns_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ns_rss(ns, 1);
		ns->in.rss.hdr.type = table[i].type;
		ns->in.rss.hdr.revision = table[i].revision;
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_rss, table[i].len),
				    table[i].status, "case %u", i);
	}
	/* Revision 1 ends before the masks. */
	ns_rss(ns, 1);
	ns->in.rss.hdr.revision = 1;
	ns->in.rss.flags = cpu_to_le16(NDIS_RSS_DISABLE);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, 28), 0);
}

static void rss_hash_test(struct kunit *test)
{
	static const struct { u32 said, taken; bool on; u32 status; } table[] = {
		{ 0x00001701, 0x00001701, true, 0 },
		{ 0x00000101, 0x00000101, true, 0 },
		{ 0x00000001, 0x00000001, true, 0 },
		{ 0xffffff01, 0x00001701, true, 0 },
		/* No function: off */
		{ 0x00000000, 0, false, 0 },
		{ 0x00001700, 0, false, 0 },
		/* Functions that nobody has */
		{ 0x00001702, 0, false, NS_DATA },
		{ 0x00001703, 0, false, NS_DATA },
		{ 0x000017ff, 0, false, NS_DATA },
	};
	unsigned int i;
	struct ns *ns;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ns = ns_new(test);
		len = ns_rss(ns, 4);
		ns->in.rss.hash = cpu_to_le32(table[i].said);
		KUNIT_EXPECT_EQ_MSG(test, ns_set(ns, netvsp_set_rss, len), table[i].status,
				    "%x", table[i].said);
		KUNIT_EXPECT_EQ(test, ns->control.settings.rss, table[i].on);
		KUNIT_EXPECT_EQ(test, ns->control.settings.hash, table[i].taken);
	}
}

static void rss_disable_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);
	u32 len = ns_rss(ns, 4);

	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	KUNIT_EXPECT_TRUE(test, ns->control.settings.rss);
	/* The rest of it does not count then. */
	ns->in.rss.flags = cpu_to_le16(NDIS_RSS_DISABLE);
	ns->in.rss.table_size = cpu_to_le16(1);
	ns->in.rss.key_size = cpu_to_le16(1);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	KUNIT_EXPECT_EQ(test, ns->changed, NETVSP_CHANGED_RSS);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.rss);
	KUNIT_EXPECT_EQ(test, ns->control.settings.entries, 4);
	/* On again as it was */
	ns->in.rss.flags = cpu_to_le16(NDIS_RSS_INFO_UNCHANGED | NDIS_RSS_TABLE_UNCHANGED |
				       NDIS_RSS_KEY_UNCHANGED);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, 40), 0);
	KUNIT_EXPECT_TRUE(test, ns->control.settings.rss);
	KUNIT_EXPECT_EQ(test, ns->control.settings.hash, NS_HASH);
	KUNIT_EXPECT_EQ(test, ns->control.settings.table[1], 3);
	KUNIT_EXPECT_EQ(test, ns->control.settings.key[39], 40);
}

static void rss_unchanged_test(struct kunit *test)
{
	struct ns *ns = ns_new(test);
	u32 len = ns_rss(ns, 4);
	u8 key[40];

	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	memcpy(key, ns->control.settings.key, 40);

	len = ns_rss(ns, 8);
	memset(ns->in.bytes + len - 40, 0xee, 40);
	ns->in.rss.hash = cpu_to_le32(0x101);
	ns->in.rss.flags = cpu_to_le16(NDIS_RSS_KEY_UNCHANGED);
	ns->in.rss.key_offset = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.hash, 0x101);
	KUNIT_EXPECT_EQ(test, ns->control.settings.entries, 8);
	KUNIT_EXPECT_MEMEQ(test, ns->control.settings.key, key, 40);

	len = ns_rss(ns, 2);
	memset(ns->in.bytes + len - 40, 0xee, 40);
	ns->in.rss.flags = cpu_to_le16(NDIS_RSS_TABLE_UNCHANGED | NDIS_RSS_INFO_UNCHANGED);
	ns->in.rss.table_offset = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, len), 0);
	KUNIT_EXPECT_EQ(test, ns->control.settings.hash, 0x101);
	KUNIT_EXPECT_EQ(test, ns->control.settings.entries, 8);
	KUNIT_EXPECT_EQ(test, ns->control.settings.key[0], 0xee);

	/* Nothing was set, nothing changes, nothing is spread. */
	ns = ns_new(test);
	ns_rss(ns, 0);
	ns->in.rss.flags = cpu_to_le16(0xf);
	KUNIT_EXPECT_EQ(test, ns_set(ns, netvsp_set_rss, 40), 0);
	KUNIT_EXPECT_FALSE(test, ns->control.settings.rss);
	KUNIT_EXPECT_EQ(test, ns->control.settings.entries, 1);
}

static struct kunit_case netvsp_rss_cases[] = {
	KUNIT_CASE(rss_test),
	KUNIT_CASE(rss_table_test),
	KUNIT_CASE(rss_queue_test),
	KUNIT_CASE(rss_key_test),
	KUNIT_CASE(rss_header_test),
	KUNIT_CASE(rss_hash_test),
	KUNIT_CASE(rss_disable_test),
	KUNIT_CASE(rss_unchanged_test),
	{}
};

static struct kunit_suite netvsp_rss_suite = {
	.name = "vmbus_netvsp_rss",
	.test_cases = netvsp_rss_cases,
};

kunit_test_suite(netvsp_rss_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: spreading of frames");
MODULE_LICENSE("GPL");
