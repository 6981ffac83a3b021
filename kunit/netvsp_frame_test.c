// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: RNDIS headers of frames, of the guest and to the guest.
 */
#include <kunit/test.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/rndis.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

/* ---- frames of the guest --------------------------------------------------------------- */

/*
 * Most cases are this message with a few numbers changed: four PPIs, one of which is of
 * no interest, and a frame.
 */
#define FR_HDR(field)	offsetof(struct rndis_packet, field)
#define FR_CSUM		44
#define FR_LSO		60
#define FR_VLAN		76
#define FR_OTHER	92
#define FR_DATA		108
#define FR_DATA_LEN	100
#define FR_LEN		(FR_DATA + FR_DATA_LEN)
#define FR_SIZE		0	/* in a PPI */
#define FR_TYPE		4
#define FR_OFFSET	8
#define FR_VALUE	12

#define FR_CSUM_VALUE	(RNDIS_CSUM_IPV4 | RNDIS_CSUM_TCP | 34 << 16)
#define FR_LSO_VALUE	((u32)RNDIS_LSO_V2 | 34 << 20 | 1460)
#define FR_VLAN_VALUE	0x1234u		/* ID 0x123, priority 4 */
#define FR_TCI		0x8123

static void fr_put_ppi(u8 *at, u32 type, u32 value)
{
	put_unaligned_le32(16, at + FR_SIZE);
	put_unaligned_le32(type, at + FR_TYPE);
	put_unaligned_le32(12, at + FR_OFFSET);
	put_unaligned_le32(value, at + FR_VALUE);
}

static void fr_message(u8 *msg)
{
	memset(msg, 0, FR_LEN);
	put_unaligned_le32(RNDIS_MSG_PACKET, msg + FR_HDR(hdr.type));
	put_unaligned_le32(FR_LEN, msg + FR_HDR(hdr.len));
	put_unaligned_le32(FR_DATA - 8, msg + FR_HDR(data_offset));
	put_unaligned_le32(FR_DATA_LEN, msg + FR_HDR(data_len));
	put_unaligned_le32(36, msg + FR_HDR(ppi_offset));
	put_unaligned_le32(FR_DATA - 44, msg + FR_HDR(ppi_len));
	fr_put_ppi(msg + FR_CSUM, RNDIS_PPI_CSUM, FR_CSUM_VALUE);
	fr_put_ppi(msg + FR_LSO, RNDIS_PPI_LSO, FR_LSO_VALUE);
	fr_put_ppi(msg + FR_VLAN, RNDIS_PPI_VLAN, FR_VLAN_VALUE);
	fr_put_ppi(msg + FR_OTHER, RNDIS_PPI_HASH, 0xdeadbeef);
}

/* In a copy that is no longer than it must be, such that KASAN sees what is read behind it. */
static int fr_parse(struct kunit *test, const u8 *msg, u32 head, u32 left,
		    struct netvsp_frame *frame)
{
	u8 *copy = kmalloc(head, GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, msg, head);
	memset(frame, 0xff, sizeof(*frame));
	err = netvsp_frame_parse(copy, head, left, frame);
	kfree(copy);
	return err;
}

/**
 * struct fr_case - the message, changed
 * @name: of the case
 * @set: numbers in it
 * @head: bytes that the parser gets, beside FR_LEN
 * @left: bytes of the packet, beside FR_LEN
 * @err: what it says
 * @frame: the same, if that is not what it says of the unchanged message
 */
struct fr_case {
	const char *name;
	struct {
		u32 at;
		u32 value;
	} set[3];
	int head;
	int left;
	int err;
	struct netvsp_frame frame;
};

#define FR_BAD		.err = -EINVAL

static const struct fr_case fr_cases[] = {
	{ "as it is" },
	/* Type and length */
	{ "unknown type", .set = { { FR_HDR(hdr.type), 10 } }, FR_BAD },
	{ "control message", .set = { { FR_HDR(hdr.type), RNDIS_MSG_QUERY } }, FR_BAD },
	{ "type with high bits", .set = { { FR_HDR(hdr.type), 0x80000001 } }, FR_BAD },
	{ "length 0", .set = { { FR_HDR(hdr.len), 0 } }, FR_BAD },
	{ "length of the common header", .set = { { FR_HDR(hdr.len), 8 } }, FR_BAD },
	{ "length below the header", .set = { { FR_HDR(hdr.len), 43 } }, FR_BAD },
	{ "length of the header", .set = { { FR_HDR(hdr.len), 44 } }, FR_BAD },
	{ "length below the data", .set = { { FR_HDR(hdr.len), FR_LEN - 1 } },
	  .head = -1, .left = -1, FR_BAD },
	{ "length above the packet", .set = { { FR_HDR(hdr.len), FR_LEN + 1 } }, FR_BAD },
	{ "length all ones", .set = { { FR_HDR(hdr.len), U32_MAX } }, FR_BAD },
	{ "padded", .set = { { FR_HDR(hdr.len), FR_LEN + 7 } }, .left = 7,
	  .frame = { FR_LEN + 7, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true,
		     FR_TCI } },
	/* What follows */
	{ "room for another message", .left = 44 },
	{ "no room for another message", .left = 43, FR_BAD },
	{ "one byte follows", .left = 1, FR_BAD },
	{ "padding that does not count follows", .left = 7, FR_BAD },
	{ "a header follows, and no more", .left = 8, FR_BAD },
	{ "much follows", .left = 1 << 20 },
	/* The copy */
	{ "no header", .head = -FR_LEN, FR_BAD },
	{ "less than the header", .head = 43 - FR_LEN, FR_BAD },
	{ "less than the packet", .head = 44 - FR_LEN, FR_BAD },
	{ "PPIs but for one byte", .head = FR_DATA - 1 - FR_LEN, FR_BAD },
	{ "all PPIs", .head = FR_DATA - FR_LEN },
	{ "more than the packet", .left = -1, FR_BAD },
	{ "a packet without header", .left = 43 - FR_LEN, FR_BAD },
	{ "an empty packet", .left = -FR_LEN, FR_BAD },
	/* Out of band */
	{ "offset out of band", .set = { { FR_HDR(oob_offset), 36 } } },
	{ "length out of band", .set = { { FR_HDR(oob_len), 1 } }, FR_BAD },
	{ "elements out of band", .set = { { FR_HDR(oob_count), 1 } }, FR_BAD },
	{ "virtual circuit", .set = { { FR_HDR(vc), 1 } }, FR_BAD },
	{ "reserved", .set = { { FR_HDR(reserved), U32_MAX } } },
	/* The data */
	{ "no data", .set = { { FR_HDR(data_len), 0 } }, FR_BAD },
	{ "data below a header", .set = { { FR_HDR(data_len), ETH_HLEN - 1 } }, FR_BAD },
	{ "data of a header", .set = { { FR_HDR(data_len), ETH_HLEN } },
	  .frame = { FR_LEN, FR_DATA, ETH_HLEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, FR_TCI } },
	{ "data beyond the message", .set = { { FR_HDR(data_len), FR_DATA_LEN + 1 } }, FR_BAD },
	{ "data in the next message", .set = { { FR_HDR(data_len), FR_DATA_LEN + 1 } },
	  .left = 100, FR_BAD },
	{ "data too long", .set = { { FR_HDR(data_len), U32_MAX } }, FR_BAD },
	{ "data that wraps", .set = { { FR_HDR(data_len), U32_MAX - (FR_DATA - 8) + 1 } },
	  FR_BAD },
	{ "data that wraps to its end",
	  .set = { { FR_HDR(data_offset), U32_MAX - 7 }, { FR_HDR(data_len), 50 } }, FR_BAD },
	{ "data in the header", .set = { { FR_HDR(data_offset), 35 } }, FR_BAD },
	{ "data at 0", .set = { { FR_HDR(data_offset), 0 } }, FR_BAD },
	{ "data at the header's end", .set = { { FR_HDR(data_offset), 36 } },
	  .frame = { FR_LEN, 44, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, FR_TCI } },
	{ "data a byte later", .set = { { FR_HDR(data_offset), FR_DATA - 7 } }, FR_BAD },
	{ "data at an odd place",
	  .set = { { FR_HDR(data_offset), FR_DATA - 7 }, { FR_HDR(data_len), 99 } },
	  .frame = { FR_LEN, FR_DATA + 1, 99, FR_CSUM_VALUE, FR_LSO_VALUE, true, FR_TCI } },
	{ "data at the message's end", .set = { { FR_HDR(data_offset), FR_LEN - 8 } }, FR_BAD },
	{ "data behind the message", .set = { { FR_HDR(data_offset), FR_LEN - 7 } }, FR_BAD },
	{ "data at all ones", .set = { { FR_HDR(data_offset), U32_MAX } }, FR_BAD },
	/* Where the PPIs are */
	{ "no PPIs", .set = { { FR_HDR(ppi_len), 0 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN } },
	{ "no PPIs, wherever", .set = { { FR_HDR(ppi_len), 0 }, { FR_HDR(ppi_offset), 1 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN } },
	{ "PPIs at 0", .set = { { FR_HDR(ppi_offset), 0 } }, FR_BAD },
	{ "PPIs in the header", .set = { { FR_HDR(ppi_offset), 35 } }, FR_BAD },
	{ "a PPI in the header", .set = { { FR_HDR(ppi_offset), 24 }, { FR_HDR(ppi_len), 16 },
					 { FR_HDR(reserved), 12 } }, FR_BAD },
	{ "PPIs beyond the message", .set = { { FR_HDR(ppi_offset), FR_LEN - 8 } }, FR_BAD },
	{ "PPIs at all ones", .set = { { FR_HDR(ppi_offset), U32_MAX } }, FR_BAD },
	{ "PPIs that wrap", .set = { { FR_HDR(ppi_len), U32_MAX - 35 } }, FR_BAD },
	{ "PPIs too long", .set = { { FR_HDR(ppi_len), FR_LEN - 43 } }, FR_BAD },
	{ "PPIs in the next message",
	  .set = { { FR_HDR(hdr.len), FR_OTHER + 4 }, { FR_HDR(data_offset), 36 },
		   { FR_HDR(data_len), 20 } }, FR_BAD },
	{ "PPIs end in a PPI", .set = { { FR_HDR(ppi_len), 17 } }, FR_BAD },
	{ "PPIs end in a PPI's header", .set = { { FR_HDR(ppi_len), 16 + 11 } }, FR_BAD },
	{ "the copy ends in a PPI's header", .set = { { FR_HDR(ppi_len), 16 + 2 } },
	  .head = FR_LSO + 2 - FR_LEN, FR_BAD },
	{ "PPIs end in a PPI's value", .set = { { FR_HDR(ppi_len), 16 + 12 } }, FR_BAD },
	{ "two PPIs", .set = { { FR_HDR(ppi_len), 32 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE } },
	{ "the third PPI", .set = { { FR_HDR(ppi_offset), FR_VLAN - 8 }, { FR_HDR(ppi_len), 16 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, 0, 0, true, FR_TCI } },
	/* Sizes */
	{ "PPI of size 0", .set = { { FR_CSUM + FR_SIZE, 0 } }, FR_BAD },
	{ "unknown PPI of size 0", .set = { { FR_OTHER + FR_SIZE, 0 } }, FR_BAD },
	{ "unknown PPI of size 11", .set = { { FR_OTHER + FR_SIZE, 11 } }, FR_BAD },
	{ "unknown PPI of size 4", .set = { { FR_OTHER + FR_SIZE, 4 }, { FR_OTHER + FR_TYPE, 12 } },
	  FR_BAD },
	{ "unknown PPI without value",
	  .set = { { FR_OTHER + FR_SIZE, 12 }, { FR_HDR(ppi_len), FR_DATA - 44 - 4 } } },
	{ "unknown PPI beyond all", .set = { { FR_OTHER + FR_SIZE, 17 } }, FR_BAD },
	{ "PPI that wraps", .set = { { FR_CSUM + FR_SIZE, U32_MAX - 15 } }, FR_BAD },
	{ "PPI of a size all ones", .set = { { FR_CSUM + FR_SIZE, U32_MAX } }, FR_BAD },
	{ "PPI without value", .set = { { FR_CSUM + FR_SIZE, 12 }, { FR_HDR(ppi_len), 12 } },
	  FR_BAD },
	{ "PPI with a part of a value",
	  .set = { { FR_CSUM + FR_SIZE, 15 }, { FR_HDR(ppi_len), 15 } }, FR_BAD },
	{ "PPI that swallows the next", .set = { { FR_CSUM + FR_SIZE, 32 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, 0, true, FR_TCI } },
	{ "value of a pointer's size",
	  .set = { { FR_VLAN + FR_SIZE, 20 }, { FR_HDR(ppi_len), FR_VLAN + 20 - 44 } } },
	{ "PPI of an odd size",
	  .set = { { FR_VLAN + FR_SIZE, 17 }, { FR_HDR(ppi_len), FR_VLAN + 17 - 44 } } },
	/* Where the value is */
	{ "value in the PPI's header", .set = { { FR_LSO + FR_OFFSET, 11 } }, FR_BAD },
	{ "value at 0", .set = { { FR_LSO + FR_OFFSET, 0 } }, FR_BAD },
	{ "value beyond the PPI", .set = { { FR_LSO + FR_OFFSET, 13 } }, FR_BAD },
	{ "value at the PPI's end", .set = { { FR_LSO + FR_OFFSET, 16 } }, FR_BAD },
	{ "value behind the PPI", .set = { { FR_LSO + FR_OFFSET, 17 } }, FR_BAD },
	{ "value at all ones", .set = { { FR_LSO + FR_OFFSET, U32_MAX } }, FR_BAD },
	{ "value that wraps", .set = { { FR_LSO + FR_OFFSET, U32_MAX - 3 } }, FR_BAD },
	{ "value later in the PPI",
	  .set = { { FR_VLAN + FR_SIZE, 32 }, { FR_VLAN + FR_OFFSET, 28 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, 0xfbee } },
	{ "value of an unknown PPI elsewhere", .set = { { FR_OTHER + FR_OFFSET, U32_MAX } } },
	/* What is said */
	{ "unknown PPI", .set = { { FR_LSO + FR_TYPE, 1 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, 0, true, FR_TCI } },
	{ "internal type", .set = { { FR_LSO + FR_TYPE, RNDIS_PPI_INTERNAL | RNDIS_PPI_LSO } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, 0, true, FR_TCI } },
	{ "type modulo 32", .set = { { FR_LSO + FR_TYPE, 32 + RNDIS_PPI_LSO } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, 0, true, FR_TCI } },
	{ "checksum twice", .set = { { FR_OTHER + FR_TYPE, RNDIS_PPI_CSUM } }, FR_BAD },
	{ "large send twice", .set = { { FR_OTHER + FR_TYPE, RNDIS_PPI_LSO } }, FR_BAD },
	{ "tag twice", .set = { { FR_OTHER + FR_TYPE, RNDIS_PPI_VLAN } }, FR_BAD },
	{ "hash twice", .set = { { FR_LSO + FR_TYPE, RNDIS_PPI_HASH } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, 0, true, FR_TCI } },
	{ "values of 0", .set = { { FR_CSUM + FR_VALUE, 0 }, { FR_LSO + FR_VALUE, 0 },
				  { FR_VLAN + FR_VALUE, 0 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, 0, 0, true, 0 } },
	{ "values all ones", .set = { { FR_CSUM + FR_VALUE, U32_MAX },
				      { FR_LSO + FR_VALUE, U32_MAX },
				      { FR_VLAN + FR_VALUE, U32_MAX } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, U32_MAX, U32_MAX, true, 0xffff } },
	{ "tag with its drop bit", .set = { { FR_VLAN + FR_VALUE, 0x0018 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, 0x1001 } },
	{ "tag with priority only", .set = { { FR_VLAN + FR_VALUE, 0x0007 } },
	  .frame = { FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, 0xe000 } },
};

static const struct netvsp_frame fr_default = {
	FR_LEN, FR_DATA, FR_DATA_LEN, FR_CSUM_VALUE, FR_LSO_VALUE, true, FR_TCI
};

static void fr_expect(struct kunit *test, const struct netvsp_frame *is,
		      const struct netvsp_frame *want)
{
	KUNIT_EXPECT_EQ(test, is->len, want->len);
	KUNIT_EXPECT_EQ(test, is->data_offset, want->data_offset);
	KUNIT_EXPECT_EQ(test, is->data_len, want->data_len);
	KUNIT_EXPECT_EQ(test, is->csum, want->csum);
	KUNIT_EXPECT_EQ(test, is->lso, want->lso);
	KUNIT_EXPECT_EQ(test, is->tagged, want->tagged);
	KUNIT_EXPECT_EQ(test, is->tci, want->tci);
}

static void frame_parse_test(struct kunit *test)
{
	const struct fr_case *c = test->param_value;
	struct netvsp_frame frame;
	u8 msg[FR_LEN];
	int i;

	fr_message(msg);
	for (i = 0; i < ARRAY_SIZE(c->set); i++)
		if (c->set[i].at || c->set[i].value)
			put_unaligned_le32(c->set[i].value, msg + c->set[i].at);

	KUNIT_ASSERT_EQ(test, fr_parse(test, msg, FR_LEN + c->head, FR_LEN + c->left, &frame),
			c->err);
	if (!c->err)
		fr_expect(test, &frame, c->frame.len ? &c->frame : &fr_default);
}

static void fr_describe(const struct fr_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fr, fr_cases, fr_describe);

/* The shortest message, and one whose frame is far behind the head. */
static void frame_short_test(struct kunit *test)
{
	struct netvsp_frame frame;
	struct netvsp_frame want = { 44 + ETH_HLEN, 44, ETH_HLEN };
	u8 msg[FR_LEN];

	fr_message(msg);
	put_unaligned_le32(44 + ETH_HLEN, msg + FR_HDR(hdr.len));
	put_unaligned_le32(36, msg + FR_HDR(data_offset));
	put_unaligned_le32(ETH_HLEN, msg + FR_HDR(data_len));
	put_unaligned_le32(0, msg + FR_HDR(ppi_len));
	KUNIT_ASSERT_EQ(test, fr_parse(test, msg, 44 + ETH_HLEN, 44 + ETH_HLEN, &frame), 0);
	fr_expect(test, &frame, &want);
	KUNIT_ASSERT_EQ(test, fr_parse(test, msg, 44, 44 + ETH_HLEN, &frame), 0);
	fr_expect(test, &frame, &want);
	KUNIT_EXPECT_EQ(test, fr_parse(test, msg, 44, 43 + ETH_HLEN, &frame), -EINVAL);

	put_unaligned_le32(U32_MAX, msg + FR_HDR(hdr.len));
	put_unaligned_le32(U32_MAX - 8 - 65536, msg + FR_HDR(data_offset));
	put_unaligned_le32(65536, msg + FR_HDR(data_len));
	want = (struct netvsp_frame) { U32_MAX, U32_MAX - 65536, 65536 };
	KUNIT_ASSERT_EQ(test, fr_parse(test, msg, FR_LEN, U32_MAX, &frame), 0);
	fr_expect(test, &frame, &want);
	put_unaligned_le32(65537, msg + FR_HDR(data_len));
	KUNIT_EXPECT_EQ(test, fr_parse(test, msg, FR_LEN, U32_MAX, &frame), -EINVAL);
}

/* Whatever the numbers are, what is accepted lies within the message. */
static void frame_fuzz_test(struct kunit *test)
{
	static const u32 odd[] = { 0, 1, 4, 8, 11, 12, 13, 16, 36, 44, FR_DATA, FR_LEN - 8, FR_LEN,
				   0x7fffffff, 0x80000000, U32_MAX - 11, U32_MAX };
	struct netvsp_frame frame;
	struct rnd_state rnd;
	u32 accepted = 0;
	u32 at, head, left;
	u8 msg[FR_LEN];
	int i, n;

	prandom_seed_state(&rnd, 2049);
	for (i = 0; i < 20000; i++) {
		fr_message(msg);
		for (n = prandom_u32_state(&rnd) % 4; n; n--) {
			at = prandom_u32_state(&rnd) % (FR_DATA / 4) * 4;
			put_unaligned_le32(prandom_u32_state(&rnd) & 1 ?
					   odd[prandom_u32_state(&rnd) % ARRAY_SIZE(odd)] :
					   prandom_u32_state(&rnd) % 256, msg + at);
		}
		head = prandom_u32_state(&rnd) & 3 ? FR_LEN : prandom_u32_state(&rnd) % FR_LEN;
		left = prandom_u32_state(&rnd) & 3 ? FR_LEN : prandom_u32_state(&rnd) % 1024;
		if (fr_parse(test, msg, head, left, &frame))
			continue;
		accepted++;
		KUNIT_ASSERT_LE(test, frame.len, left);
		KUNIT_ASSERT_GE(test, frame.data_offset, sizeof(struct rndis_packet));
		KUNIT_ASSERT_LE(test, frame.data_offset, frame.len);
		KUNIT_ASSERT_LE(test, frame.data_len, frame.len - frame.data_offset);
		KUNIT_ASSERT_GE(test, frame.data_len, ETH_HLEN);
	}
	/* Neither all nor none, or the numbers are not worth much. */
	KUNIT_EXPECT_GT(test, accepted, 1000);
	KUNIT_EXPECT_LT(test, accepted, 19000);
}

/* ---- frames to the guest ------------------------------------------------------------------ */

/**
 * struct fr_put - a frame to the guest
 * @told: what it is told
 * @ppis: types of the PPIs that there must be, in this order
 * @values: of these
 * @count: how many
 */
struct fr_put {
	struct netvsp_told told;
	u32 ppis[4];
	u32 values[4];
	u32 count;
};

static const struct fr_put fr_puts[] = {
	{ { .data_len = 60 } },
	{ { .data_len = ETH_HLEN } },
	{ { .data_len = 65536 } },
	{ { .data_len = 60, .tci = 5, .id = 7, .hash = 9 } },
	{ { .data_len = 60, .csum = RNDIS_CSUM_TCP_GOOD | RNDIS_CSUM_IP_GOOD },
	  { RNDIS_PPI_CSUM }, { 0x28 }, 1 },
	{ { .data_len = 60, .csum = RNDIS_CSUM_UDP_GOOD }, { RNDIS_PPI_CSUM }, { 0x10 }, 1 },
	{ { .data_len = 60, .tagged = true }, { RNDIS_PPI_VLAN }, { 0 }, 1 },
	{ { .data_len = 60, .tagged = true, .tci = 0x8123 }, { RNDIS_PPI_VLAN }, { 0x1234 }, 1 },
	{ { .data_len = 60, .tagged = true, .tci = 0x1fff }, { RNDIS_PPI_VLAN }, { 0xfff8 }, 1 },
	{ { .data_len = 60, .tagged = true, .tci = 0xffff }, { RNDIS_PPI_VLAN }, { 0xffff }, 1 },
	{ { .data_len = 60, .hashed = true, .hash = 0xdeadbeef }, { RNDIS_PPI_HASH },
	  { 0xdeadbeef }, 1 },
	{ { .data_len = 60, .hashed = true }, { RNDIS_PPI_HASH }, { 0 }, 1 },
	{ { .data_len = 60, .part = RNDIS_ID_PART | RNDIS_ID_FIRST, .id = 0x1234 },
	  { RNDIS_PPI_ID }, { 0x12340301 }, 1 },
	{ { .data_len = 60, .part = RNDIS_ID_PART | RNDIS_ID_LAST, .id = 0xffff },
	  { RNDIS_PPI_ID }, { 0xffff0501 }, 1 },
	{ { .data_len = 60, .part = RNDIS_ID_PART }, { RNDIS_PPI_ID }, { 0x101 }, 1 },
	{ { .data_len = 9014, .csum = RNDIS_CSUM_TCP_GOOD, .tagged = true, .tci = 1,
	    .hashed = true, .hash = 2, .part = RNDIS_ID_PART, .id = 3 },
	  { RNDIS_PPI_CSUM, RNDIS_PPI_VLAN, RNDIS_PPI_HASH, RNDIS_PPI_ID },
	  { 8, 0x10, 2, 0x30101 }, 4 },
};

/* What Linux and FreeBSD guests insist on. */
static void frame_put_test(struct kunit *test)
{
	const struct fr_put *c = test->param_value;
	struct rndis_packet packet;
	u8 head[NETVSP_FRAME_HEAD + 4];
	u32 i, len, at, data_offset, ppi_len;

	memset(head, 0xa5, sizeof(head));
	len = netvsp_frame_put(head, &c->told);
	KUNIT_ASSERT_EQ(test, len, sizeof(packet) + 16 * c->count);
	for (i = len; i < sizeof(head); i++)
		KUNIT_ASSERT_EQ(test, head[i], 0xa5);

	memcpy(&packet, head, sizeof(packet));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.hdr.type), RNDIS_MSG_PACKET);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.hdr.len), NETVSP_FRAME_HEAD + c->told.data_len);
	data_offset = le32_to_cpu(packet.data_offset);
	KUNIT_EXPECT_EQ(test, data_offset + 8, NETVSP_FRAME_HEAD);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.data_len), c->told.data_len);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.oob_offset), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.oob_len), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.oob_count), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.vc), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.reserved), 0);
	ppi_len = le32_to_cpu(packet.ppi_len);
	KUNIT_EXPECT_EQ(test, ppi_len, 16 * c->count);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(packet.ppi_offset), c->count ? 36 : 0);
	KUNIT_EXPECT_LE(test, 36 + ppi_len, data_offset);

	for (i = 0, at = 44; i < c->count; i++, at += 16) {
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(head + at + FR_SIZE), 16);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(head + at + FR_TYPE), c->ppis[i]);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(head + at + FR_OFFSET), 12);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(head + at + FR_VALUE), c->values[i]);
	}
}

static void fr_put_describe(const struct fr_put *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE,
		 "%u bytes csum %#x tci %d %#x hash %d %#x part %u/%u",
		 c->told.data_len, c->told.csum, c->told.tagged, c->told.tci, c->told.hashed,
		 c->told.hash, c->told.part, c->told.id);
}

KUNIT_ARRAY_PARAM(fr_put, fr_puts, fr_put_describe);

/* What is made can be read, with each tag. */
static void frame_round_test(struct kunit *test)
{
	struct netvsp_told told = { .data_len = 1514, .csum = RNDIS_CSUM_TCP_GOOD, .tagged = true };
	struct netvsp_frame frame;
	u8 head[NETVSP_FRAME_HEAD];
	u32 len, tci;

	for (tci = 0; tci <= U16_MAX; tci += 17) {
		told.tci = tci;
		len = netvsp_frame_put(head, &told);
		KUNIT_ASSERT_EQ(test, netvsp_frame_parse(head, len, NETVSP_FRAME_HEAD + 1514,
							 &frame), 0);
		KUNIT_ASSERT_EQ(test, frame.len, NETVSP_FRAME_HEAD + 1514);
		KUNIT_ASSERT_EQ(test, frame.data_offset, NETVSP_FRAME_HEAD);
		KUNIT_ASSERT_EQ(test, frame.data_len, 1514);
		KUNIT_ASSERT_EQ(test, frame.csum, RNDIS_CSUM_TCP_GOOD);
		KUNIT_ASSERT_TRUE(test, frame.tagged);
		KUNIT_ASSERT_EQ(test, frame.tci, tci);
	}
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE_PARAM(frame_parse_test, fr_gen_params),
	KUNIT_CASE(frame_short_test),
	KUNIT_CASE(frame_fuzz_test),
	KUNIT_CASE_PARAM(frame_put_test, fr_put_gen_params),
	KUNIT_CASE(frame_round_test),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "vmbus_netvsp_frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the RNDIS headers of vmbus_netvsp");
MODULE_LICENSE("GPL");
