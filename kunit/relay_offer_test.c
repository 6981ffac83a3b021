// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what vmbus_relay makes of an offer of the host.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_relay/vrelay.h"

static struct vrelay_offer ro_offer(void)
{
	return (struct vrelay_offer) {
		.class_id = GUID_INIT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
		.instance_id = GUID_INIT(12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22),
		.subchannel = 3,
		.mmio_megabytes = 8,
		.mmio_megabytes_optional = 16,
		.user_defined = { [0] = 4, [VMBUS_USER_DEFINED_SIZE - 1] = 0x5a },
		.channel_id = 41,
		.connection_id = 0x20029,
	};
}

struct ro_flags {
	u16 from;
	u16 to;
};

/* Only those that promise encrypted memory are taken off: that is not the host's to say. */
static const struct ro_flags ro_flags_table[] = {
	{ 0, 0 },
	{ VMBUS_OFFER_CONF_RING, 0 },
	{ VMBUS_OFFER_CONF_EXTERNAL, 0 },
	{ VMBUS_OFFER_CONF_RING | VMBUS_OFFER_CONF_EXTERNAL | VMBUS_OFFER_ENUMERATE,
	  VMBUS_OFFER_ENUMERATE },
	{ VMBUS_OFFER_PINNED, VMBUS_OFFER_PINNED },
	{ VMBUS_OFFER_NAMED_PIPE | VMBUS_OFFER_TLNPI, VMBUS_OFFER_NAMED_PIPE | VMBUS_OFFER_TLNPI },
	{ U16_MAX, U16_MAX & ~6 },
};

static void relay_offer_flags_test(struct kunit *test)
{
	struct vrelay_offer from = ro_offer();
	struct vsrv_offer to;
	int i;

	for (i = 0; i < ARRAY_SIZE(ro_flags_table); i++) {
		from.flags = ro_flags_table[i].from;
		vrelay_guest_offer(&from, &to);
		KUNIT_EXPECT_EQ_MSG(test, to.flags, ro_flags_table[i].to, "flags %#x", from.flags);
	}
}

static void relay_offer_copy_test(struct kunit *test)
{
	struct vrelay_offer from = ro_offer();
	struct vsrv_offer to;

	memset(&to, 0xff, sizeof(to));
	vrelay_guest_offer(&from, &to);
	KUNIT_EXPECT_TRUE(test, guid_equal(&to.class_id, &from.class_id));
	KUNIT_EXPECT_TRUE(test, guid_equal(&to.instance_id, &from.instance_id));
	KUNIT_EXPECT_EQ(test, to.subchannel, 3);
	KUNIT_EXPECT_EQ(test, to.mmio_megabytes, 8);
	KUNIT_EXPECT_EQ(test, to.mmio_megabytes_optional, 16);
	KUNIT_EXPECT_MEMEQ(test, to.user_defined, from.user_defined, VMBUS_USER_DEFINED_SIZE);
	/* Among those of its class it stands where the host has it. */
	KUNIT_EXPECT_EQ(test, to.order, 41U);
	KUNIT_EXPECT_FALSE(test, to.monitored);
	KUNIT_EXPECT_FALSE(test, to.host_monitored);
	from.monitored = true;
	from.monitor_id = 99;
	vrelay_guest_offer(&from, &to);
	KUNIT_EXPECT_TRUE(test, to.monitored);
	KUNIT_EXPECT_TRUE(test, to.host_monitored);
	KUNIT_EXPECT_EQ(test, to.monitor_id, 99);
}

static struct kunit_case relay_offer_cases[] = {
	KUNIT_CASE(relay_offer_flags_test),
	KUNIT_CASE(relay_offer_copy_test),
	{}
};

static struct kunit_suite relay_offer_suite = {
	.name = "vmbus_relay_offer",
	.test_cases = relay_offer_cases,
};

kunit_test_suite(relay_offer_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay: offers of the host");
MODULE_LICENSE("GPL");
