// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: which devices a guest may have, and which VTL2 keeps.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vpci_relay/vpci_pure.h"

#define AL_FULL "vendor=0x1414 device=0x00ba revision=0x01 class=0x02 subclass=0x03 " \
		"prog-if=0x04 subvendor=0x1af4 subsystem=0x1100"

/* ---- text ------------------------------------------------------------------------------ */

/**
 * struct al_case - text of a rule
 * @text: as written
 * @shown: as read, or part of the reason of the refusal
 * @err: what comes of it
 */
struct al_case {
	const char *text;
	const char *shown;
	int err;
};

static const struct al_case al_cases[] = {
	{ "vendor=0x1414", "vendor=0x1414" },
	{ "vendor=5140", "vendor=0x1414" },
	{ "vendor=0x1414 device=0x00ba", "vendor=0x1414 device=0x00ba" },
	{ "device=0xba vendor=0x1414", "vendor=0x1414 device=0x00ba" },
	{ "vendor=0", "vendor=0x0000" },
	{ "vendor=0xffff", "vendor=0xffff" },
	{ "vendor=0xFFFF", "vendor=0xffff" },
	{ "class=0xff", "class=0xff" },
	{ "revision=255", "revision=0xff" },
	{ "prog-if=2 subclass=8 class=1", "class=0x01 subclass=0x08 prog-if=0x02" },
	{ AL_FULL, AL_FULL },
	{ "nvme", "class=0x01 subclass=0x08 prog-if=0x02" },
	{ "mana", "vendor=0x1414 device=0x00ba class=0x02 subclass=0x00" },
	{ "nvme vendor=0x1b36", "vendor=0x1b36 class=0x01 subclass=0x08 prog-if=0x02" },
	{ "mana revision=1",
	  "vendor=0x1414 device=0x00ba revision=0x01 class=0x02 subclass=0x00" },
	{ "mana prog-if=1", "vendor=0x1414 device=0x00ba class=0x02 subclass=0x00 prog-if=0x01" },
	{ "  \t vendor=1 \t\t device=2\n ", "vendor=0x0001 device=0x0002" },
	{ "nvme\n", "class=0x01 subclass=0x08 prog-if=0x02" },
	{ "local vendor=5140", "local vendor=0x1414" },
	{ " local \t nvme\n", "local class=0x01 subclass=0x08 prog-if=0x02" },
	{ "local mana revision=1",
	  "local vendor=0x1414 device=0x00ba revision=0x01 class=0x02 subclass=0x00" },
	{ "local " AL_FULL, "local " AL_FULL },

	{ "", "empty", -EINVAL },
	{ " ", "empty", -EINVAL },
	{ "\n", "empty", -EINVAL },
	{ " \t\n\n", "empty", -EINVAL },
	{ "any", "not a key", -EINVAL },
	{ "vendor", "not a key", -EINVAL },
	{ "vendor=", "not a number", -EINVAL },
	{ "vendor= 1", "not a number", -EINVAL },
	{ "vendor=-1", "not a number", -EINVAL },
	{ "vendor=+1", "not a number", -EINVAL },
	{ "vendor=x", "not a number", -EINVAL },
	{ "vendor=0x", "not a number", -EINVAL },
	{ "vendor=0x1g", "not a number", -EINVAL },
	{ "vendor=1414h", "not a number", -EINVAL },
	{ "vendor=0x10000", "up to 0xffff", -EINVAL },
	{ "vendor=0x1000000000000000000001", "up to 0xffff", -EINVAL },
	{ "class=0x100", "up to 0xff", -EINVAL },
	{ "revision=256", "up to 0xff", -EINVAL },
	{ "subclass=0x100", "up to 0xff", -EINVAL },
	{ "prog-if=0x100", "up to 0xff", -EINVAL },
	{ "subsystem=0x10000", "up to 0xffff", -EINVAL },
	{ "=1", "no such key", -EINVAL },
	{ "=", "no such key", -EINVAL },
	{ "vendo=1", "no such key", -EINVAL },
	{ "vendors=1", "no such key", -EINVAL },
	{ "Vendor=1", "no such key", -EINVAL },
	{ "prog_if=1", "no such key", -EINVAL },
	{ "vendor=1=1", "not a number", -EINVAL },
	{ "vendor=1,device=2", "not a number", -EINVAL },
	{ "vendor=1 vendor=1", "twice", -EINVAL },
	{ "nvme class=1", "twice", -EINVAL },
	{ "nvme mana", "not a key", -EINVAL },
	{ "nvme nvme", "not a key", -EINVAL },
	{ "vendor=1 nvme", "not a key", -EINVAL },
	{ "nvme2", "not a key", -EINVAL },
	{ "NVMe", "not a key", -EINVAL },
	{ "local", "no device", -EINVAL },
	{ " local\n", "no device", -EINVAL },
	{ "local local", "not a key", -EINVAL },
	{ "local local nvme", "not a key", -EINVAL },
	{ "nvme local", "not a key", -EINVAL },
	{ "vendor=1 local", "not a key", -EINVAL },
	{ "local=1", "no such key", -EINVAL },
	{ "locals nvme", "not a key", -EINVAL },
	{ "Local nvme", "not a key", -EINVAL },
	{ "local nvme nvme", "not a key", -EINVAL },
	{ "vendor=1\ndevice=2", "more than one line", -EINVAL },
	{ "vendor=1 %s%n%p", "not a key", -EINVAL },
};

static void vpci_allow_text_test(struct kunit *test)
{
	const struct al_case *c = test->param_value;
	struct vpci_allow_error error = { };
	struct vpci_allow_rule rule, back;
	char text[VPCI_ALLOW_TEXT_SIZE];
	int len;

	KUNIT_EXPECT_EQ(test, vpci_allow_parse(c->text, strlen(c->text), &rule, &error), c->err);
	if (c->err) {
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error.text, c->shown), "%s", error.text);
		return;
	}
	len = vpci_allow_format(&rule, text, sizeof(text));
	KUNIT_EXPECT_STREQ(test, text, c->shown);
	KUNIT_EXPECT_EQ(test, len, strlen(c->shown));
	/* What is read can be written. */
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, len, &back, &error), 0);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&back, (u8 *)&rule, sizeof(rule));
}

static void al_describe(const struct al_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d", (int)(c - al_cases));
}

KUNIT_ARRAY_PARAM(al, al_cases, al_describe);

/* Not terminated, and of any length. */
static void vpci_allow_length_test(struct kunit *test)
{
	struct vpci_allow_error error;
	struct vpci_allow_rule rule;
	char text[VPCI_ALLOW_TEXT_SIZE + 8];

	memset(text, ' ', sizeof(text));
	memcpy(text, "vendor=1234", 11);
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, 9, &rule, &error), 0);
	KUNIT_EXPECT_EQ(test, rule.values[VPCI_ALLOW_VENDOR], 12);
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, 7, &rule, &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, 0, &rule, &error), -EINVAL);
	/* Space at the end does not count. */
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, sizeof(text), &rule, &error), 0);
	text[VPCI_ALLOW_TEXT_SIZE - 10] = 'x';
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, sizeof(text), &rule, &error), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(error.text, "not a key"));
	memset(text, ' ', sizeof(text));
	memcpy(text + VPCI_ALLOW_TEXT_SIZE - 9, "class=12", 8);
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, sizeof(text), &rule, &error), 0);
	memset(text, ' ', sizeof(text));
	memcpy(text + VPCI_ALLOW_TEXT_SIZE - 8, "class=12", 8);
	KUNIT_EXPECT_EQ(test, vpci_allow_parse(text, sizeof(text), &rule, &error), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(error.text, "longer than 191"));
	KUNIT_EXPECT_EQ(test, vpci_allow_parse("nvme\0x", 6, &rule, &error), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(error.text, "NUL"));
	KUNIT_EXPECT_EQ(test, vpci_allow_parse("\0", 1, &rule, &error), -EINVAL);
}

static void vpci_allow_room_test(struct kunit *test)
{
	struct vpci_allow_error error;
	struct vpci_allow_rule rule;
	char text[VPCI_ALLOW_TEXT_SIZE];
	unsigned int size, len;

	KUNIT_ASSERT_EQ(test, vpci_allow_parse(AL_FULL, strlen(AL_FULL), &rule, &error), 0);
	len = strlen(AL_FULL);
	for (size = 0; size <= len; size++) {
		memset(text, 'x', sizeof(text));
		KUNIT_EXPECT_EQ_MSG(test, vpci_allow_format(&rule, text, size), -ENOSPC,
				    "%u bytes", size);
		KUNIT_EXPECT_EQ(test, text[size], 'x');
	}
	KUNIT_EXPECT_EQ(test, vpci_allow_format(&rule, text, len + 1), len);
	KUNIT_EXPECT_STREQ(test, text, AL_FULL);
}

/* ---- devices --------------------------------------------------------------------------- */

#define AL_IDS "vendor=0x1b36 device=0x10 revision=2 class=1 subclass=8 prog-if=2 "

static const struct vpci_desc al_nvme = {
	.vendor = 0x1b36, .device = 0x0010, .revision = 2, .prog_if = 2, .subclass = 8, .class = 1,
	.subvendor = 0x1af4, .subsystem = 0x1100,
};

static const struct vpci_desc al_mana = {
	.vendor = 0x1414, .device = 0x00ba, .revision = 7, .class = 2,
};

static bool al_matches(struct kunit *test, const char *text, const struct vpci_desc *desc)
{
	struct vpci_allow_error error;
	struct vpci_allow_rule rule;

	KUNIT_ASSERT_EQ(test, vpci_allow_parse(text, strlen(text), &rule, &error), 0);
	return vpci_allow_match(&rule, desc);
}

static void vpci_allow_match_test(struct kunit *test)
{
	static const char * const good[] = {
		"vendor=0x1b36", "device=0x10", "revision=2", "class=1", "subclass=8", "prog-if=2",
		"subvendor=0x1af4", "subsystem=0x1100", "nvme", "nvme vendor=0x1b36 revision=2",
		AL_IDS "subvendor=0x1af4 subsystem=0x1100",
	};
	static const char * const bad[] = {
		"vendor=0x1b37", "device=0x11", "revision=3", "class=2", "subclass=9", "prog-if=3",
		"subvendor=0x1af5", "subsystem=0x1101", "mana", "nvme vendor=0x1414",
		AL_IDS "subvendor=0x1af4 subsystem=0x1101",
		/* 0 is a value as any other. */
		"vendor=0", "device=0", "revision=0", "class=0", "subclass=0", "prog-if=0",
		"subvendor=0", "subsystem=0",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, al_matches(test, good[i], &al_nvme), "%s", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, al_matches(test, bad[i], &al_nvme), "%s", bad[i]);
}

static void vpci_allow_presets_test(struct kunit *test)
{
	struct vpci_desc desc = al_mana;

	KUNIT_EXPECT_TRUE(test, al_matches(test, "mana", &al_mana));
	KUNIT_EXPECT_FALSE(test, al_matches(test, "nvme", &al_mana));
	desc.subclass = 1;
	KUNIT_EXPECT_FALSE(test, al_matches(test, "mana", &desc));
	desc = al_mana;
	desc.class = 1;
	KUNIT_EXPECT_FALSE(test, al_matches(test, "mana", &desc));
	desc = al_mana;
	desc.device = 0xbb;
	KUNIT_EXPECT_FALSE(test, al_matches(test, "mana", &desc));
	/* Of any interface */
	desc = al_mana;
	desc.prog_if = 1;
	KUNIT_EXPECT_TRUE(test, al_matches(test, "mana", &desc));
	desc = al_nvme;
	desc.prog_if = 1;
	KUNIT_EXPECT_FALSE(test, al_matches(test, "nvme", &desc));
	desc = al_nvme;
	desc.subclass = 6;
	KUNIT_EXPECT_FALSE(test, al_matches(test, "nvme", &desc));
}

/* ---- lists ----------------------------------------------------------------------------- */

static int al_add(struct vpci_allow_list *list, const char *text)
{
	struct vpci_allow_error error;

	return vpci_allow_add(list, text, strlen(text), &error);
}

static int al_remove(struct vpci_allow_list *list, const char *text)
{
	struct vpci_allow_error error;

	return vpci_allow_remove(list, text, strlen(text), &error);
}

static struct vpci_allow_list *al_list(struct kunit *test)
{
	struct vpci_allow_list *list = kunit_kzalloc(test, sizeof(*list), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, list);
	return list;
}

/* No rules: all devices.  Any rule: none but what it allows. */
static void vpci_allow_decide_test(struct kunit *test)
{
	struct vpci_allow_list *list = al_list(test);
	int by = 77;

	KUNIT_EXPECT_TRUE(test, vpci_allow_decide(list, &al_nvme, &by));
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
	KUNIT_EXPECT_EQ(test, al_add(list, "mana"), 0);
	by = 77;
	KUNIT_EXPECT_FALSE(test, vpci_allow_decide(list, &al_nvme, &by));
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
	KUNIT_EXPECT_TRUE(test, vpci_allow_decide(list, &al_mana, &by));
	KUNIT_EXPECT_EQ(test, by, 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme vendor=0x1b36"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme"), 0);
	KUNIT_EXPECT_TRUE(test, vpci_allow_decide(list, &al_nvme, &by));
	KUNIT_EXPECT_EQ(test, by, 1);
	KUNIT_EXPECT_EQ(test, al_remove(list, "mana"), 0);
	KUNIT_EXPECT_FALSE(test, vpci_allow_decide(list, &al_mana, &by));
	KUNIT_EXPECT_TRUE(test, vpci_allow_decide(list, &al_nvme, &by));
	KUNIT_EXPECT_EQ(test, by, 0);
}

/* What VTL2 keeps the guest does not get, and nothing else for that. */
static void vpci_allow_local_test(struct kunit *test)
{
	struct vpci_allow_list *list = al_list(test);
	int by = 77;

	KUNIT_EXPECT_EQ(test, al_add(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_LOCAL);
	KUNIT_EXPECT_EQ(test, by, 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_DENIED);
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
	KUNIT_EXPECT_EQ(test, al_add(list, "mana"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, by, 1);
	/* When the last rule about what the guest may have goes, it has nothing. */
	KUNIT_EXPECT_EQ(test, al_remove(list, "mana"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_DENIED);
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
	KUNIT_EXPECT_EQ(test, al_add(list, "vendor=0x1b36"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_DENIED);
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
	/* The first one decides: */
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_LOCAL);
	KUNIT_EXPECT_EQ(test, by, 0);
	KUNIT_EXPECT_EQ(test, al_remove(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, al_add(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, by, 0);
	/* All go. */
	KUNIT_EXPECT_EQ(test, al_remove(list, "vendor=0x1b36"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_DENIED);
	KUNIT_EXPECT_EQ(test, al_remove(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_mana, &by), VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_BY_DEFAULT);
}

/* There is one rule about the same devices: the last one, in the place of the first. */
static void vpci_allow_kinds_test(struct kunit *test)
{
	struct vpci_allow_list *list = al_list(test);
	int by = 77;

	KUNIT_EXPECT_EQ(test, al_add(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "mana"), 0);
	KUNIT_EXPECT_EQ(test, list->n, 2);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_LOCAL);
	KUNIT_EXPECT_EQ(test, al_remove(list, "nvme"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme"), 0);
	KUNIT_EXPECT_EQ(test, list->n, 2);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_RELAYED);
	KUNIT_EXPECT_EQ(test, by, 0);
	KUNIT_EXPECT_EQ(test, al_remove(list, "local nvme"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_add(list, "local nvme"), 0);
	KUNIT_EXPECT_EQ(test, list->n, 2);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_LOCAL);
	KUNIT_EXPECT_EQ(test, by, 0);
}

static void vpci_allow_change_test(struct kunit *test)
{
	struct vpci_allow_list *list = al_list(test);
	char *text = kunit_kzalloc(test, VPCI_ALLOW_LIST_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_EQ(test, al_remove(list, "nvme"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_add(list, "vendor=1"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "device=2"), 0);
	KUNIT_EXPECT_EQ(test, list->n, 3);
	/* The same in other words. */
	KUNIT_EXPECT_EQ(test, al_add(list, " nvme\n"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "class=1 prog-if=2 subclass=8"), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "vendor=0x0001"), 0);
	KUNIT_EXPECT_EQ(test, list->n, 3);
	/* Less, or more, is another one; and 0 is not nothing. */
	KUNIT_EXPECT_EQ(test, al_remove(list, "class=1 subclass=8"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_remove(list, "vendor=1 device=0"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_remove(list, "vendor=bad"), -EINVAL);
	KUNIT_EXPECT_EQ(test, al_add(list, "vendor=bad"), -EINVAL);
	KUNIT_EXPECT_EQ(test, list->n, 3);
	KUNIT_EXPECT_EQ(test, al_remove(list, "class=1 subclass=8 prog-if=2"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, VPCI_ALLOW_LIST_SIZE), 28);
	KUNIT_EXPECT_STREQ(test, text, "vendor=0x0001\ndevice=0x0002\n");
	KUNIT_EXPECT_EQ(test, al_remove(list, "vendor=1"), 0);
	KUNIT_EXPECT_EQ(test, al_remove(list, "vendor=1"), -ENOENT);
	KUNIT_EXPECT_EQ(test, al_remove(list, "device=2"), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, VPCI_ALLOW_LIST_SIZE), 0);
	KUNIT_EXPECT_STREQ(test, text, "");
}

#define AL_OTHERS "device=1 revision=1 class=1 subclass=1 prog-if=1 subvendor=1 subsystem=1"

/* The last of those that fit; all of them can be shown. */
static void vpci_allow_full_test(struct kunit *test)
{
	struct vpci_allow_list *list = al_list(test);
	char *text = kunit_kzalloc(test, VPCI_ALLOW_LIST_SIZE, GFP_KERNEL);
	char rule[VPCI_ALLOW_TEXT_SIZE];
	unsigned int i;
	int len, by;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < VPCI_ALLOW_MAX_RULES; i++) {
		snprintf(rule, sizeof(rule), "local vendor=%u %s", i + 1, AL_OTHERS);
		KUNIT_EXPECT_EQ(test, al_add(list, rule), 0);
	}
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme"), -ENOSPC);
	/* For one that is there, there is room, whatever is to become of it. */
	KUNIT_EXPECT_EQ(test, al_add(list, rule), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, rule + strlen("local ")), 0);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_DENIED);
	KUNIT_EXPECT_EQ(test, al_add(list, rule), 0);
	KUNIT_EXPECT_EQ(test, list->n, VPCI_ALLOW_MAX_RULES);
	KUNIT_EXPECT_EQ(test, vpci_allow_decide(list, &al_nvme, &by), VPCI_DENIED);
	len = vpci_allow_show(list, text, VPCI_ALLOW_LIST_SIZE);
	KUNIT_EXPECT_EQ(test, len, VPCI_ALLOW_MAX_RULES * (strlen("local " AL_FULL) + 1));
	KUNIT_EXPECT_LT(test, len, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, len + 1), len);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, len), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vpci_allow_show(list, text, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, al_remove(list, rule), 0);
	KUNIT_EXPECT_EQ(test, al_add(list, "nvme"), 0);
	KUNIT_EXPECT_TRUE(test, vpci_allow_decide(list, &al_nvme, &by));
	KUNIT_EXPECT_EQ(test, by, VPCI_ALLOW_MAX_RULES - 1);
}

static struct kunit_case vpci_allow_cases[] = {
	KUNIT_CASE_PARAM(vpci_allow_text_test, al_gen_params),
	KUNIT_CASE(vpci_allow_length_test),
	KUNIT_CASE(vpci_allow_room_test),
	KUNIT_CASE(vpci_allow_match_test),
	KUNIT_CASE(vpci_allow_presets_test),
	KUNIT_CASE(vpci_allow_decide_test),
	KUNIT_CASE(vpci_allow_local_test),
	KUNIT_CASE(vpci_allow_kinds_test),
	KUNIT_CASE(vpci_allow_change_test),
	KUNIT_CASE(vpci_allow_full_test),
	{}
};

static struct kunit_suite vpci_allow_suite = {
	.name = "vpci_allow",
	.test_cases = vpci_allow_cases,
};

kunit_test_suite(vpci_allow_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: policy");
MODULE_LICENSE("GPL");
