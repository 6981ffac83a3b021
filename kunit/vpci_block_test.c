// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: configuration blocks, from the request of a guest to that to the host,
 * and back.
 */
#include <linux/module.h>

#include "vpci_bus_test.h"
#include "vpci_host_bus_test.h"

#define BL_SLOT		0x21

/* ---- toward the guest ------------------------------------------------------------------ */

/* Bytes from @first on */
static void bl_fill(u8 *data, u8 first)
{
	unsigned int i;

	for (i = 0; i < VPCI_BLOCK_SIZE; i++)
		data[i] = first + i;
}

static void bl_put(struct vt *vt, u32 type, u32 slot, u32 length)
{
	struct vpci_write_block *msg = (void *)vt->packet;

	msg->type = cpu_to_le32(type);
	msg->block = cpu_to_le32(0x80000007);
	msg->slot = cpu_to_le32(slot);
	msg->length = cpu_to_le32(length);
	bl_fill(msg->data, 1);
}

static enum vpci_bus_verdict bl_read(struct vt *vt, u32 length)
{
	bl_put(vt, VPCI_MSG_READ_BLOCK, BL_SLOT, length);
	return vt_post(vt, sizeof(struct vpci_read_block), true);
}

static enum vpci_bus_verdict bl_write(struct vt *vt, u32 length)
{
	bl_put(vt, VPCI_MSG_WRITE_BLOCK, BL_SLOT, length);
	return vt_post(vt, sizeof(struct vpci_read_block) + length, true);
}

/* So many bytes, all the same */
static void bl_expect_data(struct kunit *test, const struct vt *vt,
			   enum vpci_bus_verdict verdict, u32 len, u8 byte)
{
	unsigned int i;

	KUNIT_EXPECT_EQ_MSG(test, verdict, VPCI_BUS_REPLY, "%u bytes", len);
	KUNIT_EXPECT_EQ_MSG(test, vt->bus.reply_len, 4 + len, "%u bytes", len);
	KUNIT_EXPECT_EQ_MSG(test, vt_status(vt), 0, "%u bytes", len);
	for (i = 0; i < VPCI_BLOCK_SIZE; i++)
		KUNIT_EXPECT_EQ_MSG(test, vt->reply[4 + i], i < len ? byte : 0, "byte %u", i);
}

static void vpci_block_read_test(struct kunit *test)
{
	static const struct { u32 length, give, len; } table[] = {
		{ 1, 0, 1 }, { 127, 0, 127 }, { 128, 0, 128 }, { 128, 1, 1 }, { 10, 128, 10 },
		{ 1, 128, 1 },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_VB);
	unsigned int i;

	vt_add(test, vt, BL_SLOT);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		memset(vt->reply, 0xff, 256);
		vt->give = table[i].give;
		bl_expect_data(test, vt, bl_read(vt, table[i].length), table[i].len, 7);
		KUNIT_EXPECT_EQ(test, vt->block.id, 0x80000007);
		KUNIT_EXPECT_FALSE(test, vt->block.write);
		KUNIT_EXPECT_EQ(test, vt->block.len, table[i].length);
		KUNIT_EXPECT_EQ(test, vt->blocks, i + 1);
	}
}

static void vpci_block_write_test(struct kunit *test)
{
	static const u32 lengths[] = { 1, 64, 127, 128 };
	struct vt *vt = vt_running(test, VPCI_VERSION_VB);
	u8 data[VPCI_BLOCK_SIZE];
	unsigned int i, j;

	vt_add(test, vt, BL_SLOT);
	bl_fill(data, 1);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		vt_expect_status(test, vt, bl_write(vt, lengths[i]), 0);
		KUNIT_EXPECT_EQ(test, vt->block.id, 0x80000007);
		KUNIT_EXPECT_TRUE(test, vt->block.write);
		KUNIT_EXPECT_EQ(test, vt->block.len, lengths[i]);
		KUNIT_EXPECT_MEMEQ(test, vt->block.data, data, lengths[i]);
		for (j = lengths[i]; j < VPCI_BLOCK_SIZE; j++)
			KUNIT_EXPECT_EQ(test, vt->block.data[j], 0);
	}
	/* Nobody wants to know. */
	KUNIT_EXPECT_EQ(test, vt_post(vt, 144, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_EQ(test, vt->blocks, ARRAY_SIZE(lengths) + 1);
	/* A message that is longer, as Linux makes it. */
	bl_put(vt, VPCI_MSG_WRITE_BLOCK, BL_SLOT, 8);
	vt_expect_status(test, vt, vt_post(vt, 32, true), 0);
	KUNIT_EXPECT_EQ(test, vt->block.len, 8);
}

/* The host hears of none of these. */
static void vpci_block_bad_test(struct kunit *test)
{
	static const struct { u32 type, slot, length, len; } table[] = {
		{ VPCI_MSG_READ_BLOCK, BL_SLOT, 0, 16 },
		{ VPCI_MSG_READ_BLOCK, BL_SLOT, 129, 16 },
		{ VPCI_MSG_READ_BLOCK, BL_SLOT, U32_MAX, 144 },
		{ VPCI_MSG_READ_BLOCK, 0, 1, 16 },
		{ VPCI_MSG_READ_BLOCK, 255, 1, 16 },
		{ VPCI_MSG_READ_BLOCK, U32_MAX, 1, 16 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, 0, 144 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, 1, 16 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, 9, 24 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, 128, 143 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, 129, 152 },
		{ VPCI_MSG_WRITE_BLOCK, BL_SLOT, U32_MAX, 144 },
		{ VPCI_MSG_WRITE_BLOCK, 0, 8, 24 },
	};
	struct vt *vt = vt_running(test, VPCI_VERSION_VB);
	struct vpci_bus_ops none = vt_ops;
	unsigned int i;

	vt_add(test, vt, BL_SLOT);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bl_put(vt, table[i].type, table[i].slot, table[i].length);
		vt_expect_status(test, vt, vt_post(vt, table[i].len, true), VPCI_STATUS_BAD_DATA);
		KUNIT_EXPECT_NOT_NULL_MSG(test, vt->bus.why, "case %u", i);
	}
	/* Nobody would see what was read. */
	bl_put(vt, VPCI_MSG_READ_BLOCK, BL_SLOT, 8);
	KUNIT_EXPECT_EQ(test, vt_post(vt, 16, false), VPCI_BUS_DONE);
	KUNIT_EXPECT_NOT_NULL(test, vt->bus.why);
	none.block = NULL;
	vt->bus.ops = &none;
	vt_expect_status(test, vt, bl_read(vt, 8), VPCI_STATUS_NOT_SUPPORTED);
	vt_expect_status(test, vt, bl_write(vt, 8), VPCI_STATUS_NOT_SUPPORTED);
	vt->bus.ops = &vt_ops;
	KUNIT_EXPECT_EQ(test, vt->blocks, 0);
	vt->block_err = -EINVAL;
	vt_expect_status(test, vt, bl_read(vt, 8), VPCI_STATUS_BAD_DATA);
	vt->block_err = -ENOSPC;
	vt_expect_status(test, vt, bl_write(vt, 8), VPCI_STATUS_NO_RESOURCES);
}

static void vpci_block_slow_test(struct kunit *test)
{
	struct vt *vt = vt_running(test, VPCI_VERSION_VB);
	struct vpci_block block = { .len = 12 };
	struct vt_fn *fn = vt_add(test, vt, BL_SLOT);

	memset(block.data, 0x5a, sizeof(block.data));
	vt->block_err = -EINPROGRESS;
	KUNIT_EXPECT_EQ(test, bl_read(vt, 128), VPCI_BUS_PENDING);
	KUNIT_EXPECT_EQ(test, vpci_bus_block_done(&vt->bus, vt->cookie + 1, 0, &block),
			VPCI_BUS_STALE);
	bl_expect_data(test, vt, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block), 12, 0x5a);
	KUNIT_EXPECT_EQ(test, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block),
			VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, bl_read(vt, 5), VPCI_BUS_PENDING);
	bl_expect_data(test, vt, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block), 5, 0x5a);
	/* A block that was written has nothing to give. */
	KUNIT_EXPECT_EQ(test, bl_write(vt, 128), VPCI_BUS_PENDING);
	vt_expect_status(test, vt, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block), 0);
	KUNIT_EXPECT_EQ(test, bl_read(vt, 8), VPCI_BUS_PENDING);
	vt_expect_status(test, vt, vpci_bus_block_done(&vt->bus, vt->cookie, -EREMOTEIO, NULL),
			 VPCI_STATUS_UNSUCCESSFUL);
	/* Time is over, or the device is gone. */
	KUNIT_EXPECT_EQ(test, bl_read(vt, 8), VPCI_BUS_PENDING);
	vt_expect_status(test, vt, vpci_bus_abort(&vt->bus, -ETIMEDOUT), VPCI_STATUS_UNSUCCESSFUL);
	KUNIT_EXPECT_EQ(test, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block),
			VPCI_BUS_STALE);
	KUNIT_EXPECT_EQ(test, bl_write(vt, 8), VPCI_BUS_PENDING);
	vt_expect_status(test, vt, vpci_bus_remove(&vt->bus, &fn->fn),
			 VPCI_STATUS_NO_SUCH_DEVICE);
	KUNIT_EXPECT_EQ(test, vpci_bus_block_done(&vt->bus, vt->cookie, 0, &block),
			VPCI_BUS_STALE);
}

/* ---- messages to the host and back ----------------------------------------------------- */

static void vpci_block_messages_test(struct kunit *test)
{
	struct vpci_block block = { .id = 0x10203, .len = 3, .data = { 0xa, 0xb, 0xc } };
	u8 buf[VPCI_MAX_REQUEST];
	unsigned int i;

	memset(buf, 0xff, sizeof(buf));
	KUNIT_EXPECT_EQ(test, vpci_host_access_block(buf, BL_SLOT, &block), 16);
	KUNIT_EXPECT_MEMEQ(test, buf,
			   (const u8 *)"\x09\0\x49\x42\3\2\1\0\x21\0\0\0\3\0\0\0\xff", 17);
	block.write = true;
	KUNIT_EXPECT_EQ(test, vpci_host_access_block(buf, BL_SLOT, &block), 144);
	KUNIT_EXPECT_MEMEQ(test, buf,
			   (const u8 *)"\x0a\0\x49\x42\3\2\1\0\x21\0\0\0\3\0\0\0\x0a\x0b\x0c", 19);
	for (i = 19; i < 144; i++)
		KUNIT_EXPECT_EQ_MSG(test, buf[i], 0, "byte %u", i);
	KUNIT_EXPECT_EQ(test, buf[144], 0xff);
}

static void vpci_block_reply_test(struct kunit *test)
{
	static const struct { u32 type, length, status, len; int err; u32 got; } table[] = {
		{ VPCI_MSG_READ_BLOCK, 8, 0, 0, -EPROTO },
		{ VPCI_MSG_READ_BLOCK, 8, 0, 3, -EPROTO },
		{ VPCI_MSG_READ_BLOCK, 8, 0, 4, -EPROTO },
		{ VPCI_MSG_READ_BLOCK, 8, 0, 5, 0, 1 },
		{ VPCI_MSG_READ_BLOCK, 8, 0, 12, 0, 8 },
		{ VPCI_MSG_READ_BLOCK, 8, 0, 16, 0, 8 },
		{ VPCI_MSG_READ_BLOCK, 128, 0, 132, 0, 128 },
		{ VPCI_MSG_READ_BLOCK, 128, 0, 200, 0, 128 },
		{ VPCI_MSG_READ_BLOCK, 8, VPCI_STATUS_BAD_DATA, 4, -EREMOTEIO },
		{ VPCI_MSG_READ_BLOCK, 8, VPCI_STATUS_BAD_DATA, 132, -EREMOTEIO },
		{ VPCI_MSG_WRITE_BLOCK, 8, 0, 3, -EPROTO },
		{ VPCI_MSG_WRITE_BLOCK, 8, 0, 4, 0, 0 },
		{ VPCI_MSG_WRITE_BLOCK, 8, 0, 132, 0, 0 },
		{ VPCI_MSG_WRITE_BLOCK, 8, VPCI_STATUS_NOT_SUPPORTED, 4, -EREMOTEIO },
	};
	struct vpci_read_block request = { };
	struct vpci_block block;
	unsigned int i;
	const char *why;
	u8 reply[200];

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bl_fill(reply, 0x40);
		*(__le32 *)reply = cpu_to_le32(table[i].status);
		request.type = cpu_to_le32(table[i].type);
		request.length = cpu_to_le32(table[i].length);
		why = NULL;
		block.len = 77;
		KUNIT_EXPECT_EQ_MSG(test, vpci_host_block_reply(&request, reply, table[i].len,
								&block, &why),
				    table[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, !why, !table[i].err, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, block.len, table[i].got, "case %u", i);
		KUNIT_EXPECT_MEMEQ_MSG(test, block.data, reply + 4, table[i].got, "case %u", i);
	}
}

/* ---- the host -------------------------------------------------------------------------- */

static const struct hb_msg *bl_ask(struct hb *hb, struct vpci_host_fn *fn, bool write,
				   u64 cookie)
{
	struct vpci_block block = { .id = 5, .write = write, .len = 20 };
	const struct hb_msg *msg;

	bl_fill(block.data, 1);
	KUNIT_ASSERT_EQ(hb->test, vpci_host_block(fn, &block, cookie), 0);
	msg = hb_expect_request(hb, write ? VPCI_MSG_WRITE_BLOCK : VPCI_MSG_READ_BLOCK);
	KUNIT_EXPECT_EQ(hb->test, msg->len, write ? 144 : 16);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[1]), 5);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[2]), HB_SLOT);
	KUNIT_EXPECT_EQ(hb->test, le32_to_cpu(msg->words[3]), 20);
	if (write)
		KUNIT_EXPECT_MEMEQ(hb->test, msg->bytes + 16, block.data, 20);
	hb_expect_no_event(hb);
	return msg;
}

/* All that there may be, from 0x40 on */
static void bl_answer(struct hb *hb, const struct hb_msg *msg, u32 status, u32 len)
{
	struct vpci_read_block_reply reply = { .status = cpu_to_le32(status) };

	bl_fill(reply.data, 0x40);
	hb_answer(hb, msg->id, &reply, len);
}

static void bl_expect_done(struct hb *hb, u64 cookie, int err, u32 len)
{
	const struct hb_event *event = hb_expect(hb, HB_BLOCK);
	u8 data[VPCI_BLOCK_SIZE];

	bl_fill(data, 0x40);
	KUNIT_EXPECT_EQ(hb->test, event->slot, HB_SLOT);
	KUNIT_EXPECT_EQ(hb->test, event->value, cookie);
	KUNIT_EXPECT_EQ(hb->test, event->err, err);
	KUNIT_EXPECT_EQ(hb->test, event->block.len, len);
	KUNIT_EXPECT_MEMEQ(hb->test, event->block.data, data, len);
}

static void vpci_block_host_test(struct kunit *test)
{
	struct hb *hb = hb_new(test);
	const struct hb_msg *msg, *other;
	struct vpci_host_fn *fn;

	fn = hb_on(hb, VPCI_VERSION_RS1);
	msg = bl_ask(hb, fn, false, 1);
	other = bl_ask(hb, fn, true, 2);
	bl_answer(hb, other, 0, 8);
	bl_answer(hb, msg, 0, 132);
	bl_expect_done(hb, 2, 0, 0);
	bl_expect_done(hb, 1, 0, 20);
	bl_answer(hb, bl_ask(hb, fn, false, 3), HB_REFUSED, 8);
	bl_expect_done(hb, 3, -EREMOTEIO, 0);
	/* Too late, for whom it was. */
	msg = bl_ask(hb, fn, false, 4);
	hb_expire(hb, msg);
	bl_expect_done(hb, 4, -ETIMEDOUT, 0);
	bl_answer(hb, msg, 0, 132);
	hb_expect_no_event(hb);
	hb_expect_count(hb, VPCI_HOST_LATE_INTERRUPTS, 0);
	/* Nor for a device that is gone. */
	kref_get(&fn->ref);
	msg = bl_ask(hb, fn, false, 5);
	hb_list_none(hb);
	KUNIT_EXPECT_EQ(test, vpci_host_block(fn, &(struct vpci_block) { .len = 1 }, 6), -ENODEV);
	bl_answer(hb, msg, 0, 132);
	hb_expect_fn(hb, HB_REMOVED, HB_SLOT, 1);
	hb_expect_forgotten(hb, fn);
}

static void vpci_block_limit_test(struct kunit *test)
{
	struct vpci_block block = { .len = VPCI_BLOCK_SIZE };
	struct hb *hb = hb_new(test);
	struct vpci_host_fn *fn;
	unsigned int i;

	fn = hb_on(hb, 0x10006);
	for (i = 1; i <= VPCI_HOST_MAX_REQUESTS; i++)
		KUNIT_EXPECT_EQ(test, vpci_host_block(fn, &block, i), 0);
	KUNIT_EXPECT_EQ(test, vpci_host_block(fn, &block, i), -EBUSY);
	/* An answer that is none ends the bus. */
	bl_answer(hb, hb_expect_request(hb, VPCI_MSG_READ_BLOCK), 0, 4);
	hb->taken = hb->nmsgs;
	hb_expect_end(hb);
	KUNIT_EXPECT_EQ(test, hb->nmsgs, hb->taken);
}

static struct kunit_case vpci_block_cases[] = {
	KUNIT_CASE(vpci_block_read_test),
	KUNIT_CASE(vpci_block_write_test),
	KUNIT_CASE(vpci_block_bad_test),
	KUNIT_CASE(vpci_block_slow_test),
	KUNIT_CASE(vpci_block_messages_test),
	KUNIT_CASE(vpci_block_reply_test),
	KUNIT_CASE(vpci_block_host_test),
	KUNIT_CASE(vpci_block_limit_test),
	{}
};

static struct kunit_suite vpci_block_suite = {
	.name = "vpci_block",
	.test_cases = vpci_block_cases,
};

kunit_test_suite(vpci_block_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: configuration blocks");
MODULE_LICENSE("GPL");
