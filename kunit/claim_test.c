// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_claim: packets of the host, as hv_vmbus gives them.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../drivers/vmbus_claim/packet.c"

#define CT_ASKS	VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED

struct ct_packet {
	u16 type;
	u16 offset8;
	u16 len8;
	u16 flags;
	u32 len;
	bool good;
};

static const struct ct_packet ct_table[] = {
	/* Too short for a descriptor. */
	{ VM_PKT_DATA_INBAND, 2, 2, 0, 0, false },
	{ VM_PKT_DATA_INBAND, 2, 2, 0, 15, false },
	{ VM_PKT_DATA_INBAND, 2, 2, 0, 16, true },
	/* The payload begins within the descriptor, or behind its end; or ends behind it. */
	{ VM_PKT_DATA_INBAND, 1, 4, 0, 32, false },
	{ VM_PKT_DATA_INBAND, 4, 4, 0, 32, true },
	{ VM_PKT_DATA_INBAND, 5, 4, 0, 32, false },
	{ VM_PKT_DATA_INBAND, 2, 4, 0, 31, false },
	{ VM_PKT_DATA_INBAND, 2, 4, 0, 64, true },
	{ VM_PKT_DATA_INBAND, 2, U16_MAX, 0, 64, false },
	/* Types and flags. */
	{ VM_PKT_COMP, 2, 4, 0, 32, true },
	{ VM_PKT_DATA_INBAND, 2, 4, CT_ASKS, 32, true },
	{ VM_PKT_DATA_INBAND, 2, 4, CT_ASKS << 1, 32, false },
	{ VM_PKT_DATA_USING_XFER_PAGES, 4, 6, 0, 48, false },
	{ VM_PKT_DATA_USING_GPA_DIRECT, 4, 6, 0, 48, false },
	{ 0, 2, 4, 0, 32, false },
	{ U16_MAX, 2, 4, 0, 32, false },
};

static void claim_parse_test(struct kunit *test)
{
	u8 buf[64] __aligned(8);
	struct vmpacket_descriptor *d = (void *)buf;
	struct vsrv_packet pkt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ct_table); i++) {
		const struct ct_packet *c = &ct_table[i];

		memset(buf, 0x5a, sizeof(buf));
		*d = (struct vmpacket_descriptor) {
			.type = c->type, .offset8 = c->offset8, .len8 = c->len8,
			.flags = c->flags, .trans_id = 0x1122334455667788ULL,
		};
		KUNIT_EXPECT_EQ_MSG(test, vclaim_parse(buf, c->len, &pkt), c->good, "packet %u", i);
		if (!c->good)
			continue;
		KUNIT_EXPECT_EQ(test, pkt.type, c->type);
		KUNIT_EXPECT_EQ(test, pkt.flags, c->flags);
		KUNIT_EXPECT_EQ(test, pkt.trans_id, 0x1122334455667788ULL);
		KUNIT_EXPECT_PTR_EQ(test, pkt.payload, (const void *)(buf + c->offset8 * 8));
		KUNIT_EXPECT_EQ_MSG(test, pkt.len, (c->len8 - c->offset8) * 8U, "packet %u", i);
		KUNIT_EXPECT_EQ(test, pkt.ext_len, 0U);
	}
}

/* Only what means the same to guest and host. */
static void claim_passes_test(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, vclaim_passes(VM_PKT_DATA_INBAND));
	KUNIT_EXPECT_TRUE(test, vclaim_passes(VM_PKT_COMP));
	KUNIT_EXPECT_FALSE(test, vclaim_passes(VM_PKT_DATA_USING_GPA_DIRECT));
	KUNIT_EXPECT_FALSE(test, vclaim_passes(VM_PKT_DATA_USING_XFER_PAGES));
	KUNIT_EXPECT_FALSE(test, vclaim_passes(0));
	KUNIT_EXPECT_FALSE(test, vclaim_passes(U16_MAX));
}

static struct kunit_case claim_cases[] = {
	KUNIT_CASE(claim_parse_test),
	KUNIT_CASE(claim_passes_test),
	{}
};

static struct kunit_suite claim_suite = {
	.name = "vmbus_claim",
	.test_cases = claim_cases,
};

kunit_test_suite(claim_suite);

MODULE_DESCRIPTION("Tests of vmbus_claim");
MODULE_LICENSE("GPL");
