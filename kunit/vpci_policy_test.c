// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: what is decided about a device, and when that is something new, which
 * is when it leaves a trace.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_relay.h"

#define VP_NVME		"class=0x01 subclass=0x08 prog-if=0x02"
#define VP_OTHER	"vendor=0xdead"
#define VP_OTHER_LOCAL	"local " VP_OTHER
#define VP_RELAYED	"vendor=0x1414"
#define VP_LOCAL	"local " VP_RELAYED

/**
 * struct vp_step - a change of the list, and what is decided then
 * @rule: that comes or goes; NULL: none
 * @gone: it goes
 * @fresh: the device goes, and one like it comes
 * @changed: what is decided is something new
 * @disposition: what that is
 * @by: by which rule
 */
struct vp_step {
	const char *rule;
	bool gone;
	bool fresh;
	bool changed;
	enum vpci_disposition disposition;
	int by;
};

static const struct vp_step vp_steps[] = {
	{ NULL, false, true, true, VPCI_RELAYED, VPCI_ALLOW_BY_DEFAULT },
	{ NULL, false, false, false, VPCI_RELAYED, VPCI_ALLOW_BY_DEFAULT },
	{ VP_OTHER, false, false, true, VPCI_DENIED, VPCI_ALLOW_BY_DEFAULT },
	{ NULL, false, false, false, VPCI_DENIED, VPCI_ALLOW_BY_DEFAULT },
	/* Allowed, by the second rule, then by the same as the first. */
	{ VP_NVME, false, false, true, VPCI_RELAYED, 1 },
	{ VP_OTHER, true, false, true, VPCI_RELAYED, 0 },
	/* A rule behind it is of no matter. */
	{ VP_OTHER, false, false, false, VPCI_RELAYED, 0 },
	{ VP_LOCAL, false, false, false, VPCI_RELAYED, 0 },
	/* The same as before, for a device that is not. */
	{ NULL, false, true, true, VPCI_RELAYED, 0 },
	{ NULL, false, false, false, VPCI_RELAYED, 0 },
	{ VP_NVME, true, false, true, VPCI_LOCAL, 1 },
	{ VP_OTHER, true, false, true, VPCI_LOCAL, 0 },
	/* Another in its place, about the same devices */
	{ VP_RELAYED, false, false, true, VPCI_RELAYED, 0 },
	{ VP_LOCAL, false, false, true, VPCI_LOCAL, 0 },
	{ VP_LOCAL, false, false, false, VPCI_LOCAL, 0 },
	/* Without a rule, as at first. */
	{ VP_LOCAL, true, false, true, VPCI_RELAYED, VPCI_ALLOW_BY_DEFAULT },
	/* Denied at first: zero is no decision. */
	{ VP_OTHER, false, true, true, VPCI_DENIED, VPCI_ALLOW_BY_DEFAULT },
	{ NULL, false, false, false, VPCI_DENIED, VPCI_ALLOW_BY_DEFAULT },
	/* So it stays if others are kept, and none is about what the guest may have. */
	{ VP_OTHER_LOCAL, false, false, false, VPCI_DENIED, VPCI_ALLOW_BY_DEFAULT },
	{ VP_OTHER_LOCAL, true, true, true, VPCI_RELAYED, VPCI_ALLOW_BY_DEFAULT },
};

static const guid_t vp_instance = GUID_INIT(0x12345678, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

static const struct vpci_desc vp_nvme = {
	.vendor = 0x1414, .device = 0xb111, .class = 1, .subclass = 8, .prog_if = 2,
};

static void vp_change(struct kunit *test, bool add, const char *rule)
{
	KUNIT_ASSERT_EQ(test, vpci_policy_change(add, rule, strlen(rule)), 0);
}

static void vpci_policy_changed_test(struct kunit *test)
{
	struct vpci_decision decision = { };
	const struct vp_step *step;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vp_steps); i++) {
		step = &vp_steps[i];
		if (step->rule)
			vp_change(test, !step->gone, step->rule);
		if (step->fresh)
			decision = (struct vpci_decision) { };
		KUNIT_EXPECT_EQ_MSG(test, vpci_policy_decide(&vp_instance, &vp_nvme, &decision),
				    step->changed, "step %u", i);
		KUNIT_EXPECT_TRUE(test, decision.made);
		KUNIT_EXPECT_EQ_MSG(test, decision.disposition, step->disposition, "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, decision.by, step->by, "step %u", i);
	}
}

/* What came and went between two looks has decided nothing. */
static void vpci_policy_unseen_test(struct kunit *test)
{
	struct vpci_decision decision = { };

	KUNIT_EXPECT_TRUE(test, vpci_policy_decide(&vp_instance, &vp_nvme, &decision));
	vp_change(test, true, VP_OTHER);
	vp_change(test, false, VP_OTHER);
	KUNIT_EXPECT_FALSE(test, vpci_policy_decide(&vp_instance, &vp_nvme, &decision));
	KUNIT_EXPECT_EQ(test, decision.disposition, VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, decision.by, VPCI_ALLOW_BY_DEFAULT);
}

/* Each device by itself */
static void vpci_policy_devices_test(struct kunit *test)
{
	static const struct vpci_desc copy = { .vendor = 0x1414, .device = 0xe9c0, .class = 8 };
	struct vpci_decision nvme_is = { }, copy_is = { };

	vp_change(test, true, VP_NVME);
	KUNIT_EXPECT_TRUE(test, vpci_policy_decide(&vp_instance, &vp_nvme, &nvme_is));
	KUNIT_EXPECT_TRUE(test, vpci_policy_decide(&vp_instance, &copy, &copy_is));
	KUNIT_EXPECT_EQ(test, nvme_is.disposition, VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, copy_is.disposition, VPCI_DENIED);
	vp_change(test, true, "device=0xe9c0");
	KUNIT_EXPECT_FALSE(test, vpci_policy_decide(&vp_instance, &vp_nvme, &nvme_is));
	KUNIT_EXPECT_TRUE(test, vpci_policy_decide(&vp_instance, &copy, &copy_is));
	KUNIT_EXPECT_EQ(test, copy_is.disposition, VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, copy_is.by, 1);
	vp_change(test, false, "device=0xe9c0");
	vp_change(test, false, VP_NVME);
}

static struct kunit_case vpci_policy_cases[] = {
	KUNIT_CASE(vpci_policy_changed_test),
	KUNIT_CASE(vpci_policy_unseen_test),
	KUNIT_CASE(vpci_policy_devices_test),
	{}
};

static struct kunit_suite vpci_policy_suite = {
	.name = "vpci_policy",
	.test_cases = vpci_policy_cases,
};

kunit_test_suite(vpci_policy_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: what is decided about devices");
MODULE_LICENSE("GPL");
