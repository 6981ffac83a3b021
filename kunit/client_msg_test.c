// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what the client of vmbus_relay writes and reads, byte by byte.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_relay/client.h"

#define CM_ID \
	GUID_INIT(0x04030201, 0x0605, 0x0807, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10)

/* ---- builders ---------------------------------------------------------------------- */

/* Exactly these bytes, and not one behind them. */
static void cm_expect(struct kunit *test, const char *what, const u8 *buf, u32 len,
		      const u8 *want, u32 want_len)
{
	KUNIT_EXPECT_EQ_MSG(test, len, want_len, "%s", what);
	KUNIT_EXPECT_MEMEQ_MSG(test, buf, want, want_len, "%s", what);
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(buf + want_len, 0xa5, VMBUS_MSG_MAX - want_len),
			      "%s", what);
}

static u8 *cm_buf(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, VMBUS_MSG_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 0xa5, VMBUS_MSG_MAX);
	return buf;
}

static void client_msg_contact_test(struct kunit *test)
{
	static const u8 v6[40] = { 14, [8] = 0, 0, 6, 0, [16] = 2, 0, 0, 0, 7, 0, 0, 0 };
	static const u8 v53[40] = { 14, [8] = 3, 0, 5, 0, [16] = 2 };
	static const u8 v41[40] = { 14, [8] = 1, 0, 4, 0 };
	static const u8 id[56] = {
		14, [8] = 0, 0, 6, 0, [16] = 2, 0, 0, 0, 0x2f, [40] = 1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16,
	};
	const guid_t guid = CM_ID;
	u8 *buf = cm_buf(test);
	u32 len;

	len = vrelay_msg_contact(buf, VMBUS_VERSION(6, 0), 0x2f, &guid);
	cm_expect(test, "6.0 with client id", buf, len, id, 56);
	len = vrelay_msg_contact(buf, VMBUS_VERSION(6, 0), 0x7, &guid);
	KUNIT_EXPECT_EQ(test, len, 40U);
	KUNIT_EXPECT_MEMEQ(test, buf, v6, 40);
	/* No features below 6.0, whatever is asked for: the short form. */
	len = vrelay_msg_contact(buf, VMBUS_VERSION(5, 3), 0x2f, &guid);
	KUNIT_EXPECT_EQ(test, len, 40U);
	KUNIT_EXPECT_MEMEQ(test, buf, v53, 40);
	/* No interrupt page. */
	len = vrelay_msg_contact(buf, VMBUS_VERSION(4, 1), 0, &guid);
	KUNIT_EXPECT_EQ(test, len, 40U);
	KUNIT_EXPECT_MEMEQ(test, buf, v41, 40);
}

static void client_msg_small_test(struct kunit *test)
{
	static const u8 unload[8] = { 16 }, close[12] = { 7, [8] = 4, 3, 2, 1 };
	static const u8 teardown[16] = { 11, [8] = 4, 3, 2, 1, 8, 7, 6, 5 };
	static const u8 modify[16] = { 22, [8] = 4, 3, 2, 1, 0xff, 0xff, 0xff, 0xff };
	u8 *buf = cm_buf(test);
	u32 len;

	len = vrelay_msg_simple(buf, VMBUS_MSG_UNLOAD);
	cm_expect(test, "unload", buf, len, unload, 8);
	len = vrelay_msg_channel(buf, VMBUS_MSG_CLOSE, 0x01020304);
	cm_expect(test, "close", buf, len, close, 12);
	len = vrelay_msg_teardown(buf, 0x01020304, 0x05060708);
	cm_expect(test, "teardown", buf, len, teardown, 16);
	len = vrelay_msg_modify(buf, 0x01020304, U32_MAX);
	cm_expect(test, "modify", buf, len, modify, 16);
}

static void cm_event(void *ctx)
{
}

static void client_msg_open_test(struct kunit *test)
{
	u8 user_data[VMBUS_USER_DEFINED_SIZE], want[156] = {
		5, [8] = 1, 0, 0, 0x80, /* open id */ 0, 0, 0, 0, 2, 0, 0, 0x80, 3, 0, 0, 0x80,
		4, 0, 0, 0x80, [148] = 5, 0, 0, 0x80, 0xcd, 0xab, 0, 0,
	};
	struct vrelay_open open = {
		.ring_gpadl = 0x80000002, .target_vp = 0x80000003, .downstream_page = 0x80000004,
		.connection_id = 0x80000005, .event_flag = 0xabcd, .user_data = user_data,
	};
	u8 *buf = cm_buf(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < sizeof(user_data); i++)
		user_data[i] = i + 1;
	memcpy(want + 28, user_data, sizeof(user_data));
	/* Either feature makes the long form. */
	len = vrelay_msg_open(buf, 0x80000001, &open, VMBUS_FEATURE_GUEST_SIGNAL);
	cm_expect(test, "open", buf, len, want, 156);
	open.event = cm_event;
	want[154] = 1;
	len = vrelay_msg_open(buf, 0x80000001, &open, VMBUS_FEATURE_REDIRECT_INT);
	cm_expect(test, "open, redirected", buf, len, want, 156);
	len = vrelay_msg_open(buf, 0x80000001, &open, ~3U);
	KUNIT_EXPECT_EQ(test, len, 148U);
	KUNIT_EXPECT_MEMEQ(test, buf, want, 148);
}

static void client_msg_tl_test(struct kunit *test)
{
	static const struct { u32 version, len; } cases[] = {
		{ VMBUS_VERSION(4, 0), 40 }, { VMBUS_VERSION(5, 1), 40 },
		{ VMBUS_VERSION(5, 2), 56 }, { VMBUS_VERSION(6, 0), 56 },
	};
	u8 ids[48], want[56] = { 21 };
	unsigned int i;
	u8 *buf;
	u32 len;

	for (i = 0; i < sizeof(ids); i++)
		ids[i] = i + 1;
	memcpy(want + 8, ids, sizeof(ids));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		buf = cm_buf(test);
		/* The guest's end comes first. */
		len = vrelay_msg_tl_connect(buf, cases[i].version, (guid_t *)(ids + 16),
					    (guid_t *)ids, (guid_t *)(ids + 32));
		cm_expect(test, "TL connect", buf, len, want, cases[i].len);
	}
}

/* One GPADL of that many words: its messages, and its words in order. */
static void cm_gpadl(struct kunit *test, unsigned int nwords, unsigned int messages,
		     const u64 *words)
{
	unsigned int n = 0, done = 0, wrong = 0, have, i;
	struct vrelay_out *out;
	const __le32 *m;
	LIST_HEAD(list);

	KUNIT_EXPECT_EQ_MSG(test, vrelay_msg_gpadl(&list, 5, 0x6a, 3, words, nwords),
			    (int)messages, "%u words", nwords);
	list_for_each_entry(out, &list, node) {
		m = (const __le32 *)out->payload;
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[0]), n ? 9 : 8);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[1]), 0);
		/* Channel id in the header, reserved in a body; then the GPADL's id. */
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[2]), n ? 0 : 5);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m[3]), 0x6a);
		if (!n)
			KUNIT_EXPECT_EQ(test, le32_to_cpu(m[4]), nwords * 8 | 3 << 16);
		have = min(nwords - done, n ? 28U : 27U);
		KUNIT_EXPECT_EQ_MSG(test, out->len, (n ? 16 : 20) + have * 8, "%u words, %u",
				    nwords, n);
		for (i = 0; i < have; i++)
			wrong += words[done + i] !=
				 get_unaligned_le64(out->payload + (n ? 16 : 20) + 8 * i);
		KUNIT_EXPECT_NULL(test, memchr_inv(out->payload + out->len, 0,
						   VMBUS_MSG_MAX - out->len));
		done += have;
		n++;
	}
	KUNIT_EXPECT_EQ_MSG(test, n, messages, "%u words", nwords);
	KUNIT_EXPECT_EQ(test, done, nwords);
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	vrelay_out_free(&list);
	KUNIT_EXPECT_TRUE(test, list_empty(&list));
}

static void client_msg_gpadl_test(struct kunit *test)
{
	static const struct { u16 words, messages; } table[] = {
		{ 0, 1 }, { 1, 1 }, { 26, 1 }, { 27, 1 }, { 28, 2 }, { 29, 2 }, { 55, 2 },
		{ 56, 3 }, { 83, 3 }, { 84, 4 }, { 4097, 147 }, { 8191, 293 },
	};
	u64 *words = kvcalloc(8192, sizeof(*words), GFP_KERNEL);
	struct vrelay_out first = { };
	unsigned int i;
	LIST_HEAD(list);

	KUNIT_ASSERT_NOT_NULL(test, words);
	for (i = 0; i < 8192; i++)
		words[i] = 0x0123456789abcdefULL + i;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		cm_gpadl(test, table[i].words, table[i].messages, words);
	/* More than 16 bits of bytes, and nothing is added. */
	list_add_tail(&first.node, &list);
	KUNIT_EXPECT_EQ(test, vrelay_msg_gpadl(&list, 5, 6, 1, words, 8192), -EINVAL);
	KUNIT_EXPECT_EQ(test, vrelay_msg_gpadl(&list, 5, 6, 1, words, UINT_MAX), -EINVAL);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&list));
	/* Messages go behind those that are there. */
	KUNIT_EXPECT_EQ(test, vrelay_msg_gpadl(&list, 5, 6, 1, words, 2), 1);
	KUNIT_EXPECT_TRUE(test, list_is_first(&first.node, &list));
	list_del(&first.node);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&list));
	vrelay_out_free(&list);
	kvfree(words);
}

/* ---- parsers ----------------------------------------------------------------------- */

static void client_msg_version_test(struct kunit *test)
{
	u8 msg[48] = { 15, [8] = 1, 2, [12] = 0x74, 0, 0x80, 0, 7, 6, 5, 4 };
	struct vrelay_version version;
	u32 len;

	for (len = 0; len < 16; len++)
		KUNIT_EXPECT_EQ_MSG(test, vrelay_parse_version(msg, len, &version), -EINVAL, "%u",
				    len);
	/* The forms are 16, 20 and 40 bytes long; what is between is the shorter one. */
	for (len = 16; len <= sizeof(msg); len++) {
		memset(&version, 0xa5, sizeof(version));
		KUNIT_EXPECT_EQ(test, vrelay_parse_version(msg, len, &version), 0);
		KUNIT_EXPECT_TRUE(test, version.supported);
		KUNIT_EXPECT_EQ(test, version.connection_state, 2);
		KUNIT_EXPECT_EQ_MSG(test, version.features, len < 20 ? 0 : 0x04050607, "%u", len);
	}
	msg[8] = 0;
	KUNIT_EXPECT_EQ(test, vrelay_parse_version(msg, 16, &version), 0);
	KUNIT_EXPECT_FALSE(test, version.supported);
	msg[8] = 0x80;
	KUNIT_EXPECT_EQ(test, vrelay_parse_version(msg, 16, &version), 0);
	KUNIT_EXPECT_TRUE(test, version.supported);
}

static void client_msg_offer_test(struct kunit *test)
{
	static const struct { u32 id; int err; } ids[] = {
		{ 0, -EINVAL }, { 1, 0 }, { 2047, 0 }, { 2048, -EINVAL }, { 4097, -EINVAL },
		{ 0x10001, -EINVAL }, { U32_MAX, -EINVAL },
	};
	struct vrelay_offer offer;
	u8 *msg = cm_buf(test);
	unsigned int i;
	u32 len;

	for (i = 0; i < 196; i++)
		msg[i] = i;
	for (len = 0; len < 196; len += 5)
		KUNIT_EXPECT_EQ(test, vrelay_parse_offer(msg, len, &offer), -EINVAL);
	KUNIT_EXPECT_EQ(test, vrelay_parse_offer(msg, 195, &offer), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		*(__le32 *)(msg + 184) = cpu_to_le32(ids[i].id);
		KUNIT_EXPECT_EQ_MSG(test, vrelay_parse_offer(msg, 196, &offer), ids[i].err, "%#x",
				    ids[i].id);
	}
	*(__le32 *)(msg + 184) = cpu_to_le32(0x345);
	KUNIT_ASSERT_EQ(test, vrelay_parse_offer(msg, 240, &offer), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&offer.class_id, msg + 8, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&offer.instance_id, msg + 24, 16), 0);
	KUNIT_EXPECT_EQ(test, offer.flags, 0x3938);
	/* Byte 188 is 188: there is no such monitor id. */
	KUNIT_EXPECT_FALSE(test, offer.monitored);
	msg[188] = 128;
	KUNIT_ASSERT_EQ(test, vrelay_parse_offer(msg, 240, &offer), 0);
	KUNIT_EXPECT_FALSE(test, offer.monitored);
	/* Byte 189 is 189: one bit counts. */
	msg[188] = 127;
	KUNIT_ASSERT_EQ(test, vrelay_parse_offer(msg, 240, &offer), 0);
	KUNIT_EXPECT_TRUE(test, offer.monitored);
	KUNIT_EXPECT_EQ(test, offer.monitor_id, 127);
	msg[189] = 0xfe;
	KUNIT_ASSERT_EQ(test, vrelay_parse_offer(msg, 240, &offer), 0);
	KUNIT_EXPECT_FALSE(test, offer.monitored);
	KUNIT_EXPECT_EQ(test, offer.mmio_megabytes, 0x3b3a);
	KUNIT_EXPECT_EQ(test, memcmp(offer.user_defined, msg + 60, 120), 0);
	KUNIT_EXPECT_EQ(test, offer.subchannel, 0xb5b4);
	KUNIT_EXPECT_EQ(test, offer.mmio_megabytes_optional, 0xb7b6);
	KUNIT_EXPECT_EQ(test, offer.channel_id, 0x345U);
	KUNIT_EXPECT_EQ(test, offer.connection_id, 0xc3c2c1c0U);
}

static struct kunit_case client_msg_cases[] = {
	KUNIT_CASE(client_msg_contact_test),
	KUNIT_CASE(client_msg_small_test),
	KUNIT_CASE(client_msg_open_test),
	KUNIT_CASE(client_msg_gpadl_test),
	KUNIT_CASE(client_msg_version_test),
	KUNIT_CASE(client_msg_tl_test),
	KUNIT_CASE(client_msg_offer_test),
	{}
};

static struct kunit_suite client_msg_suite = {
	.name = "vmbus_client_msg",
	.test_cases = client_msg_cases,
};

kunit_test_suite(client_msg_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the messages of the relay's VMBus client");
MODULE_LICENSE("GPL");
