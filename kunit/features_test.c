// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a client of version 6.0 negotiates: features, trust, client id.
 */
#include <linux/module.h>
#include "fake_guest.h"

/* The server names no monitor page here. */
#define FT_GRANTED	(VSRV_FEATURES & ~VMBUS_FEATURE_SERVER_MONITOR)

/* Contact with the long form; returns the features that were granted. */
static u32 ft_contact(struct fg *fg, u32 features)
{
	struct vmbus_contact2_msg m = {
		.contact.hdr.type = cpu_to_le32(VMBUS_MSG_CONTACT),
		.contact.version = cpu_to_le32(FG_V(6, 0)),
		.contact.target_info = cpu_to_le64((u64)features << 32 | VMBUS_SINT),
		.client_id = GUID_INIT(0xc11e47, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
	};
	const struct vmbus_version_response2_msg *r;

	fg->version = FG_V(6, 0);
	fg->features = features;
	KUNIT_ASSERT_EQ(fg->test, fg_try_post(fg, VMBUS_CONN_MESSAGE, &m, sizeof(m)),
			HV_STATUS_SUCCESS);
	fg_settle(fg);
	r = fg_expect(fg, VMBUS_MSG_VERSION_RESPONSE, 20);
	KUNIT_ASSERT_EQ(fg->test, r->v1.supported, 1);
	KUNIT_ASSERT_EQ(fg->test, r->v1.connection_state, VMBUS_CONNECTION_OK);
	KUNIT_EXPECT_EQ(fg->test, fg->srv->conn.features, le32_to_cpu(r->features));
	return le32_to_cpu(r->features);
}

/* Granted is what is asked for, allowed, known, and fit for the contact. */
static void features_mask_test(struct kunit *test)
{
	static const struct { u32 mask, asked; bool trusted; u32 got; } table[] = {
		{ VSRV_FEATURES, 0, false, 0 },
		{ VSRV_FEATURES, U32_MAX, false, FT_GRANTED & ~0x10 },
		{ VSRV_FEATURES, U32_MAX, true, FT_GRANTED },
		{ VSRV_FEATURES, 0x10, true, 0x10 }, { VSRV_FEATURES, 0x10, false, 0 },
		{ 0, U32_MAX, true, 0 }, { 0x10, U32_MAX, true, 0x10 },
		{ 0x10, U32_MAX, false, 0 }, { 0x80, U32_MAX, false, 0x80 },
		{ 0x7, 0x5, false, 0x5 }, { 0x5, 0x7, false, 0x5 }, { 0x2, 0x5, false, 0 },
	};
	struct fg *fg = fg_new(test);
	unsigned int i, bit;

	/* What an administrator has not asked for. */
	KUNIT_EXPECT_EQ(test, ft_contact(fg, U32_MAX) & VMBUS_FEATURE_GPA_PINNING, 0U);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fg->trusted = table[i].trusted;
		WRITE_ONCE(fg->srv->feature_mask, table[i].mask);
		KUNIT_EXPECT_EQ_MSG(test, ft_contact(fg, table[i].asked), table[i].got,
				    "row %u", i);
		fg_simple(fg, VMBUS_MSG_UNLOAD);
		fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
		KUNIT_EXPECT_EQ(test, fg->srv->conn.features, 0U);
	}
	fg->trusted = true;
	WRITE_ONCE(fg->srv->feature_mask, VSRV_FEATURES);
	for (bit = 0; bit < 32; bit++)
		KUNIT_EXPECT_EQ(test, ft_contact(fg, BIT(bit)), BIT(bit) & FT_GRANTED);
}

/* A mask that changes counts for the next contact only. */
static void features_mask_later_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	ft_contact(fg, VMBUS_FEATURE_MODIFY_CONNECTION);
	WRITE_ONCE(fg->srv->feature_mask, 0);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.features, VMBUS_FEATURE_MODIFY_CONNECTION);
	KUNIT_EXPECT_EQ(test, ft_contact(fg, VMBUS_FEATURE_MODIFY_CONNECTION), 0U);
}

/* The client's name is kept as long as it is connected, and only if it has one. */
static void features_client_id_test(struct kunit *test)
{
	static const guid_t id = GUID_INIT(0xc11e47, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
	struct fg *fg = fg_new(test);

	ft_contact(fg, VMBUS_FEATURE_CLIENT_ID);
	KUNIT_EXPECT_TRUE(test, guid_equal(&fg->srv->conn.client_id, &id));
	ft_contact(fg, 0);
	KUNIT_EXPECT_TRUE(test, guid_is_null(&fg->srv->conn.client_id));
	ft_contact(fg, VMBUS_FEATURE_CLIENT_ID);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	KUNIT_EXPECT_TRUE(test, guid_is_null(&fg->srv->conn.client_id));
}

/* Once trusted, nobody else is heard: not even by contact or unload. */
static void features_trusted_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	s64 refused;

	/* The other way round does no harm. */
	fg_connect(fg, FG_V(5, 3), 0);
	fg->trusted = true;
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);

	fg_connect(fg, FG_V(5, 3), 0);
	refused = fg_count(fg, VSRV_MESSAGES_REFUSED);
	fg->trusted = false;
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_contact(fg, FG_V(5, 3), 0);
	fg_simple(fg, 0);
	fg_expect_quiet(fg);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_REFUSED), refused + 4);
	KUNIT_EXPECT_EQ(test, fg_count(fg, VSRV_MESSAGES_BAD), 0);

	fg->trusted = true;
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	fg_simple(fg, VMBUS_MSG_UNLOAD);
	fg_expect(fg, VMBUS_MSG_UNLOAD_COMPLETE, 8);
	/* The next one may be anybody. */
	fg->trusted = false;
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_FALSE(test, fg->srv->conn.trusted);
}

/* A reset of the guest ends the trust: its successor starts afresh. */
static void features_trusted_reset_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);

	fg->trusted = true;
	fg_connect(fg, FG_V(6, 0), VMBUS_FEATURE_CONFIDENTIAL);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.features, VMBUS_FEATURE_CONFIDENTIAL);
	vpart_reset(fg->part);
	fg_synic_on(fg);
	fg->trusted = false;
	fg_connect(fg, FG_V(6, 0), VMBUS_FEATURE_CONFIDENTIAL);
	KUNIT_EXPECT_EQ(test, fg->srv->conn.features, 0U);
}

/* Flags of an offer that need a feature are hidden from a client without it. */
static void features_offer_flags_test(struct kunit *test)
{
	static const struct { u32 features; u16 hidden; } table[] = {
		{ 0, 0x000e }, { 0x10, 0x0008 }, { 0x80, 0x0006 }, { 0x90, 0 }, { 0x67, 0x000e },
	};
	struct fg *fg = fg_new(test);
	struct fg_dev *dev = fg_dev_new(fg);
	struct vsrv_offer offer = fg_offer(1);
	const struct vmbus_offer_msg *m;
	unsigned int i;

	offer.flags = 0xffff & ~VMBUS_OFFER_TLNPI;	/* hv_sock has rules of its own */
	dev->chan = vsrv_offer(fg->srv, &offer, &fg_local_ops, dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev->chan));
	fg->trusted = true;
	WRITE_ONCE(fg->srv->feature_mask, VSRV_FEATURES);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ft_contact(fg, table[i].features);
		fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
		m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));
		KUNIT_EXPECT_EQ_MSG(test, le16_to_cpu(m->flags), 0xdfff & ~table[i].hidden,
				    "row %u", i);
		fg_expect(fg, VMBUS_MSG_ALL_OFFERS, 8);
	}
	/* Older versions have none of the features. */
	fg_connect(fg, FG_V(5, 3), 0);
	fg_simple(fg, VMBUS_MSG_REQUEST_OFFERS);
	m = fg_expect(fg, VMBUS_MSG_OFFER, sizeof(*m));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(m->flags), 0xdff1);
	fg_drain(fg);
}

static struct kunit_case features_cases[] = {
	KUNIT_CASE(features_mask_test),
	KUNIT_CASE(features_mask_later_test),
	KUNIT_CASE(features_client_id_test),
	KUNIT_CASE(features_trusted_test),
	KUNIT_CASE(features_trusted_reset_test),
	KUNIT_CASE(features_offer_flags_test),
	{}
};

static struct kunit_suite features_suite = {
	.name = "vmbus_features",
	.test_cases = features_cases,
};

kunit_test_suite(features_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the VMBus server: features, trust, client id");
MODULE_LICENSE("GPL");
