// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_intercept: text of rules, decisions, changes, listeners, hooks.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/vint.h"

#define GUID_A	"ba6163d9-04a1-4d29-b605-72e2ffb1dc7f"
#define GUID_B	"f8615163-df3e-46c5-913f-f2d2f965ed0e"
#define GUID_V	"44c4f61d-4444-4400-9d52-802e27ede19f"
#define NAME_23	"abcdefghijklmnopqrstuvw"

static struct vint_filter *ft_new(struct kunit *test)
{
	struct vint_filter *filter = kunit_kzalloc(test, sizeof(*filter), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, filter);
	vint_filter_init(filter);
	return filter;
}

static int ft_add(struct vint_filter *filter, const char *text)
{
	return vint_filter_add(filter, text, strlen(text), NULL);
}

static struct vint_offer ft_offer(const char *class_id, const char *instance_id, u16 subchannel,
				  u16 flags)
{
	struct vint_offer offer = { .subchannel = subchannel, .flags = flags };

	guid_parse(class_id, &offer.class_id);
	guid_parse(instance_id, &offer.instance_id);
	return offer;
}

/* All rules and the end, as one text. */
static const char *ft_text(struct kunit *test, struct vint_filter *filter)
{
	char *text = kunit_kzalloc(test, VINT_RULESET_SIZE, GFP_KERNEL);
	int len;

	KUNIT_ASSERT_NOT_NULL(test, text);
	len = vint_filter_format(filter, text, VINT_RULESET_SIZE);
	KUNIT_ASSERT_EQ(test, len, (int)strlen(text));
	return text;
}

/* What the filter says for an offer, as text. */
static const char *ft_decide(struct kunit *test, struct vint_filter *filter,
			     const struct vint_offer *offer, s64 rule)
{
	char *text = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct vint_decision decision;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_EQ(test, vint_filter_decide(filter, offer, &decision), rule);
	KUNIT_EXPECT_EQ(test, vint_decision_format(&decision, text, 64), (int)strlen(text));
	return text;
}

/* ---- text of rules ------------------------------------------------------------------- */

struct ft_parse {
	const char *text;
	/* How it reads back, or NULL if it is refused. */
	const char *canonical;
	/* Part of the message. */
	const char *why;
};

static const struct ft_parse ft_parse_table[] = {
	{ "relay", "relay" },
	{ "hide\n", "hide" },
	{ " \t hide\t\n", "hide" },
	{ "vpci", "vpci" },
	{ "hide \t instance=" GUID_A " ", "hide instance=" GUID_A },
	{ "hide class=BA6163D9-04A1-4D29-B605-72E2FFB1DC7F", "hide class=" GUID_A },
	{ "relay flags=0x10 subchannel=3 instance=" GUID_B " class=" GUID_A,
	  "relay class=" GUID_A " instance=" GUID_B " subchannel=3 flags=0x10" },
	{ "hide subchannel=0", "hide subchannel=0" },
	{ "hide subchannel=65535", "hide subchannel=65535" },
	{ "hide subchannel=0x10", "hide subchannel=16" },
	{ "hide flags=0", "hide flags=0x0" },
	{ "hide flags=0xffff", "hide flags=0xffff" },
	{ "hide flags=65535", "hide flags=0xffff" },
	{ "intercept:a", "intercept:a" },
	{ "intercept:net_vsp-2 class=" GUID_A, "intercept:net_vsp-2 class=" GUID_A },
	{ "intercept:" NAME_23, "intercept:" NAME_23 },

	{ "", NULL, "empty" },
	{ " \t\n", NULL, "empty" },
	{ "Relay", NULL, "\"Relay\"" },
	{ "drop instance=" GUID_A, NULL, "\"drop\": not an action: write relay" },
	{ "instance=" GUID_A, NULL, "not an action" },
	{ "hidea", NULL, "\"hidea\"" },
	{ "local", NULL, "\"local\": no action here: for PCI devices write it to add_rule" },
	{ "local class=" GUID_A, NULL, "\"local\": no action here" },
	{ "locals", NULL, "\"locals\": not an action" },
	{ "\x01\x1b[2J", NULL, "\"\\001\\e[2J\"" },
	{ "intercept", NULL, "\"intercept\"" },
	{ "intercept:", NULL, "\"intercept:\": a hook has 1 to 23" },
	{ "intercept: a", NULL, "a hook has 1 to 23" },
	{ "intercept:" NAME_23 "x", NULL, "a hook has 1 to 23" },
	{ "intercept:Net", NULL, "a hook has 1 to 23" },
	{ "intercept:a/b", NULL, "a hook has 1 to 23" },
	{ "intercept:vpci", NULL, "is called vpci" },
	{ "hide instance", NULL, "\"instance\": write class=" },
	{ "hide =" GUID_A, NULL, "write class=" },
	{ "hide instances=" GUID_A, NULL, "write class=" },
	{ "hide Instance=" GUID_A, NULL, "write class=" },
	{ "hide instance= " GUID_A, NULL, "\"instance=\": not a GUID" },
	{ "hide instance=" GUID_A " junk", NULL, "\"junk\": write class=" },
	{ "hide instance=" GUID_A "0", NULL, "not a GUID" },
	{ "hide instance={" GUID_A "}", NULL, "not a GUID" },
	{ "hide instance=ba6163d9-04a1-4d29-b605-72e2ffb1dc7", NULL, "not a GUID" },
	{ "hide instance=ba6163d9-04a1-4d29-b605-72e2ffb1dc7g", NULL, "not a GUID" },
	{ "hide instance=ba6163d9004a1-4d29-b605-72e2ffb1dc7f", NULL, "not a GUID" },
	{ "hide instance=" GUID_A " instance=" GUID_A, NULL, "given twice" },
	{ "hide subchannel=1 flags=1 subchannel=1", NULL, "\"subchannel=1\": given twice" },
	{ "hide subchannel=", NULL, "\"subchannel=\": not a number up to 65535" },
	{ "hide subchannel=65536", NULL, "\"subchannel=65536\": not a number up to 65535" },
	{ "hide subchannel=-1", NULL, "\"subchannel=-1\": not a number up to 65535" },
	{ "hide subchannel=+1", NULL, "not a number" },
	{ "hide subchannel=1x", NULL, "not a number" },
	{ "hide subchannel=99999999999999999999", NULL, "not a number" },
	{ "hide flags=0x10000", NULL, "\"flags=0x10000\": not a mask up to 0xffff" },
	{ "hide flags=ffff", NULL, "not a mask" },
	{ "hide flags=-1", NULL, "not a mask" },
	{ "hide\nrelay", NULL, "more than one line" },
};

static void filter_parse_case(struct kunit *test, const struct ft_parse *c)
{
	struct vint_filter *filter = ft_new(test);
	struct vint_error error = {};
	char want[VINT_RULE_TEXT_SIZE];
	int err;

	err = vint_filter_add(filter, c->text, strlen(c->text), &error);
	if (!c->canonical) {
		KUNIT_EXPECT_EQ_MSG(test, err, -EINVAL, "%s", c->text);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error.text, c->why), "%s", error.text);
		KUNIT_EXPECT_NULL(test, strchr(error.text, '\n'));
		KUNIT_EXPECT_STREQ(test, ft_text(test, filter), "end\n");
	} else {
		KUNIT_EXPECT_EQ_MSG(test, err, 0, "%s: %s", c->text, error.text);
		snprintf(want, sizeof(want), "%s\nend\n", c->canonical);
		KUNIT_EXPECT_STREQ(test, ft_text(test, filter), want);
	}
	vint_filter_destroy(filter);
}

static void filter_parse_test(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ft_parse_table); i++)
		filter_parse_case(test, &ft_parse_table[i]);
}

/* Spaces between the parts of a rule count, those around it do not. */
static void filter_parse_length_test(struct kunit *test)
{
	struct vint_filter *filter = ft_new(test);
	struct vint_error error = {};
	char *text = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, ' ', SZ_4K);
	memcpy(text, "hide", 4);
	memcpy(text + 255 - 7, "flags=1", 7);
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, text, SZ_4K, &error), 0);
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, text, 255, &error), 0);
	text[255] = '0';
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, text, 256, &error), -EINVAL);
	KUNIT_EXPECT_STREQ(test, error.text, "longer than 255 characters");
	memset(text, 'a', SZ_4K);
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, text, SZ_4K, &error), -EINVAL);
	/* A long token is cut in the message. */
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, text, 255, &error), -EINVAL);
	KUNIT_EXPECT_LT(test, strlen(error.text), (size_t)120);
	KUNIT_EXPECT_STREQ(test, ft_text(test, filter), "hide flags=0x1\nend\n");
	vint_filter_destroy(filter);
}

static void filter_parse_nul_test(struct kunit *test)
{
	static const char inside[] = "hide\0instance=" GUID_A;
	static const char behind[] = "hide\0";
	struct vint_filter *filter = ft_new(test);
	struct vint_error error = {};

	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, inside, sizeof(inside) - 1, &error), -EINVAL);
	KUNIT_EXPECT_STREQ(test, error.text, "a NUL character in the text");
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, behind, sizeof(behind) - 1, &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, vint_filter_add(filter, NULL, 0, &error), -EINVAL);
	KUNIT_EXPECT_EQ(test, filter->count, 0U);
	vint_filter_destroy(filter);
}

static void filter_decision_text_test(struct kunit *test)
{
	static const char * const names[] = {
		"relay", "hide", "vpci", "intercept:" NAME_23,
	};
	struct vint_decision decision;
	char text[64];
	int i, len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		len = strlen(names[i]);
		KUNIT_ASSERT_EQ(test, vint_decision_parse(names[i], &decision), 0);
		KUNIT_EXPECT_EQ(test, vint_decision_format(&decision, text, sizeof(text)), len);
		KUNIT_EXPECT_STREQ(test, text, names[i]);
		KUNIT_EXPECT_EQ(test, vint_decision_format(&decision, text, len + 1), len);
		KUNIT_EXPECT_EQ(test, vint_decision_format(&decision, text, len), -ENOSPC);
	}
	/* A refused text leaves the last one. */
	KUNIT_EXPECT_EQ(test, vint_decision_parse("hide flags=1", &decision), -EINVAL);
	KUNIT_EXPECT_EQ(test, vint_decision_parse("", &decision), -EINVAL);
	KUNIT_EXPECT_EQ(test, vint_decision_parse("local", &decision), -EINVAL);
	KUNIT_EXPECT_EQ(test, decision.disposition, VINT_INTERCEPT);
	KUNIT_EXPECT_STREQ(test, decision.hook, NAME_23);
}

static void filter_format_size_test(struct kunit *test)
{
	char text[] = "intercept:x class=" GUID_A " subchannel=7";
	int full = strlen(text), size;
	struct vint_rule rule;
	char buf[80];

	KUNIT_ASSERT_EQ(test, vint_rule_parse(text, &rule, NULL), 0);
	KUNIT_EXPECT_EQ(test, vint_rule_format(&rule, buf, full + 1), full);
	for (size = 1; size <= full; size++) {
		memset(buf, '#', sizeof(buf));
		KUNIT_EXPECT_EQ(test, vint_rule_format(&rule, buf, size), -ENOSPC);
		KUNIT_EXPECT_EQ(test, buf[size], '#');
	}
}

/* ---- decisions ----------------------------------------------------------------------- */

struct ft_match {
	const char *rule;
	bool matches;
};

/* Against class A, instance B, sub-channel 2, flags 0x2011. */
static const struct ft_match ft_match_table[] = {
	{ "hide", true },
	{ "hide class=" GUID_A, true },
	{ "hide class=" GUID_B, false },
	{ "hide instance=" GUID_B, true },
	{ "hide instance=" GUID_A, false },
	{ "hide class=" GUID_A " instance=" GUID_B, true },
	{ "hide class=" GUID_B " instance=" GUID_B, false },
	{ "hide class=" GUID_A " instance=" GUID_A, false },
	{ "hide subchannel=2", true },
	{ "hide subchannel=0", false },
	{ "hide subchannel=3", false },
	{ "hide flags=0", true },
	{ "hide flags=0x1", true },
	{ "hide flags=0x2011", true },
	{ "hide flags=0x2001", true },
	{ "hide flags=0x2013", false },
	{ "hide flags=0x2", false },
	{ "hide flags=0xffff", false },
	{ "hide class=" GUID_A " instance=" GUID_B " subchannel=2 flags=0x11", true },
	{ "hide class=" GUID_A " instance=" GUID_B " subchannel=1 flags=0x11", false },
	{ "hide class=" GUID_A " instance=" GUID_B " subchannel=2 flags=0x12", false },
};

static void filter_match_test(struct kunit *test)
{
	struct vint_offer offer = ft_offer(GUID_A, GUID_B, 2, 0x2011);
	int i;

	for (i = 0; i < ARRAY_SIZE(ft_match_table); i++) {
		const struct ft_match *c = &ft_match_table[i];
		struct vint_filter *filter = ft_new(test);

		KUNIT_ASSERT_EQ(test, ft_add(filter, c->rule), 0);
		KUNIT_EXPECT_STREQ_MSG(test, ft_decide(test, filter, &offer, c->matches ? 0 : -1),
				       c->matches ? "hide" : "relay", "%s", c->rule);
		vint_filter_destroy(filter);
	}
}

static void filter_first_match_test(struct kunit *test)
{
	struct vint_offer b0 = ft_offer(GUID_A, GUID_B, 0, 0);
	struct vint_offer b1 = ft_offer(GUID_A, GUID_B, 1, 0);
	struct vint_offer other = ft_offer(GUID_B, GUID_A, 0, 0);
	struct vint_filter *filter = ft_new(test);
	struct vint_rule rule;

	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b0, -1), "relay");
	ft_add(filter, "intercept:sub instance=" GUID_B " subchannel=1");
	ft_add(filter, "hide instance=" GUID_B);
	ft_add(filter, "intercept:net class=" GUID_A);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b1, 0), "intercept:sub");
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b0, 1), "hide");
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b0, 1), "hide");
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &other, -1), "relay");
	KUNIT_EXPECT_EQ(test, vint_filter_set_fallback(filter, "hide\n", 5, NULL), 0);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &other, -1), "hide");
	KUNIT_EXPECT_EQ(test, vint_filter_set_fallback(filter, "hide flags=1", 12, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vint_filter_set_fallback(filter, "", 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vint_filter_set_fallback(filter, "local", 5, NULL), -EINVAL);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &other, -1), "hide");

	KUNIT_ASSERT_EQ(test, vint_filter_get(filter, 1, &rule), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&rule.hits), 2);
	KUNIT_ASSERT_EQ(test, vint_filter_get(filter, 2, &rule), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&rule.hits), 0);
	KUNIT_EXPECT_EQ(test, vint_filter_get(filter, 3, &rule), -ENOENT);

	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "1", 1, NULL), 0);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b0, 2), "intercept:net");
	vint_filter_destroy(filter);
}

static void filter_vpci_test(struct kunit *test)
{
	static const char * const actions[] = { "relay", "vpci", "intercept:net" };
	struct vint_offer v = ft_offer(GUID_V, GUID_B, 0, 0);
	struct vint_filter *filter = ft_new(test);
	int i;

	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &v, VINT_BY_CLASS), "vpci");
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		s64 by = strcmp(actions[i], "vpci") ? VINT_BY_CLASS : 0;

		KUNIT_EXPECT_EQ(test, ft_add(filter, actions[i]), 0);
		KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &v, by), "vpci");
	}
	ft_add(filter, "hide");
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &v, 0), "hide");
	vint_filter_remove(filter, "0", 1, NULL);
	vint_filter_set_fallback(filter, "hide", 4, NULL);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &v, -1), "hide");
	ft_add(filter, "relay class=" GUID_V);
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &v, VINT_BY_CLASS), "vpci");
	vint_filter_destroy(filter);
}

/* ---- changes ------------------------------------------------------------------------- */

static void filter_replace_action_test(struct kunit *test)
{
	struct vint_offer b = ft_offer(GUID_A, GUID_B, 0, 0);
	struct vint_filter *filter = ft_new(test);

	ft_add(filter, "hide instance=" GUID_B);
	ft_add(filter, "vpci");
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b, 0), "hide");
	/* Same match, written otherwise: new action, old place and number. */
	KUNIT_EXPECT_EQ(test, 0,
			ft_add(filter, "relay  instance=F8615163-DF3E-46C5-913F-F2D2F965ED0E"));
	KUNIT_EXPECT_STREQ(test, ft_decide(test, filter, &b, 0), "relay");
	KUNIT_EXPECT_STREQ(test, ft_text(test, filter), "relay instance=" GUID_B "\nvpci\nend\n");
	/* flags=0 and no flags match the same, but do not read the same. */
	KUNIT_EXPECT_EQ(test, ft_add(filter, "hide instance=" GUID_B " flags=0"), 0);
	KUNIT_EXPECT_EQ(test, filter->count, 3U);
	vint_filter_destroy(filter);
}

static void filter_remove_test(struct kunit *test)
{
	static const char * const bad[] = {
		"3", "4294967295", "4294967296", "-1", "0x0", "0 1", "",
		"hide", "relay flags=1", "hide flags=3", "rules/0",
	};
	struct vint_filter *filter = ft_new(test);
	struct vint_rule rule;
	int i, err;

	ft_add(filter, "hide flags=1");
	ft_add(filter, "hide flags=2");
	ft_add(filter, "hide subchannel=3");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err = vint_filter_remove(filter, bad[i], strlen(bad[i]), NULL);
		KUNIT_EXPECT_TRUE_MSG(test, err == -EINVAL || err == -ENOENT, "%s: %d", bad[i],
				      err);
	}
	KUNIT_EXPECT_EQ(test, filter->count, 3U);
	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "1\n", 2, NULL), 0);
	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "1\n", 2, NULL), -ENOENT);
	/* Numbers stay, and are not given again. */
	KUNIT_EXPECT_EQ(test, vint_filter_get(filter, 2, &rule), 0);
	KUNIT_EXPECT_EQ(test, rule.match.subchannel, 3);
	ft_add(filter, "hide flags=2");
	KUNIT_EXPECT_EQ(test, vint_filter_get(filter, 1, &rule), -ENOENT);
	KUNIT_EXPECT_EQ(test, vint_filter_get(filter, 3, &rule), 0);
	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "hide  flags=0x1\n", 16, NULL), 0);
	KUNIT_EXPECT_STREQ(test, ft_text(test, filter), "hide subchannel=3\nhide flags=0x2\nend\n");
	vint_filter_destroy(filter);
}

/* A set of @count rules that read as long as possible. */
static char *ft_set(struct kunit *test, unsigned int count)
{
	char *text = kunit_kmalloc(test, VINT_RULESET_SIZE, GFP_KERNEL);
	size_t len = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; i < count; i++)
		len += scnprintf(text + len, VINT_RULESET_SIZE - len,
				 "intercept:" NAME_23 " class=" GUID_A " instance=" GUID_B
				 " subchannel=%u flags=0xffff\n", 65535 - i);
	scnprintf(text + len, VINT_RULESET_SIZE - len, "end\n");
	return text;
}

static void filter_limits_test(struct kunit *test)
{
	static const unsigned int counts[] = { 0, 1, 256, 0 };
	struct vint_filter *filter = ft_new(test);
	struct vint_error error = {};
	char *text;
	int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		text = ft_set(test, counts[i]);
		KUNIT_EXPECT_EQ(test, vint_filter_replace(filter, text, strlen(text), NULL), 0);
		KUNIT_EXPECT_EQ(test, filter->count, counts[i]);
		/* It can be read, and written back. */
		KUNIT_EXPECT_STREQ(test, ft_text(test, filter), text);
	}
	text = ft_set(test, 257);
	KUNIT_EXPECT_EQ(test, vint_filter_replace(filter, text, strlen(text), &error), -ENOSPC);
	KUNIT_EXPECT_STREQ(test, error.text,
			   "line 257: there are 256 rules already: remove one first");
	KUNIT_EXPECT_EQ(test, filter->count, 0U);

	text = ft_set(test, 256);
	KUNIT_EXPECT_EQ(test, vint_filter_replace(filter, text, strlen(text), NULL), 0);
	KUNIT_EXPECT_EQ(test, ft_add(filter, "hide"), -ENOSPC);
	/* A full filter still takes another action. */
	KUNIT_EXPECT_EQ(test, ft_add(filter, "hide class=" GUID_A " instance=" GUID_B
				     " subchannel=65535 flags=0xffff"), 0);
	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "0", 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, ft_add(filter, "hide"), 0);
	KUNIT_EXPECT_EQ(test, filter->count, 256U);
	/* Rules that have gone leave their numbers behind. */
	KUNIT_EXPECT_EQ(test, vint_filter_remove(filter, "256", 3, NULL), 0);
	filter->next_id = U32_MAX;
	KUNIT_EXPECT_EQ(test, ft_add(filter, "hide"), -ENOSPC);
	vint_filter_destroy(filter);
}

struct ft_ruleset {
	const char *text;
	const char *why;
};

static const struct ft_ruleset ft_ruleset_table[] = {
	{ "relay flags=1\nhide flags=\nhide\nend\n", "line 2: \"flags=\": not a mask" },
	{ "# a\n\n\t\nhide\ndrop\nend\n", "line 5: \"drop\": not an action" },
	{ "hide flags=1\nvpci\nrelay flags=1\nend\n", "line 3: never applies, rule 0 matches" },
	{ "hide flags=1\nlocal\nend\n", "line 2: \"local\": no action here" },
	{ "hide flags=1\n", "the last line must be \"end\"" },
	{ "", "the last line must be \"end\"" },
	{ "hide\nend\nrelay\n", "line 3: text after \"end\"" },
	{ "hide\nend\nend\n", "line 3: text after \"end\"" },
	{ "hide end\n", "line 1: \"end\": write class=" },
};

static void filter_ruleset_test(struct kunit *test)
{
	static const char good[] =
		"# all but B\n\n\trelay instance=" GUID_A "\r\n hide\t\n end\t\n\n";
	static const char nul[] = "relay\nhide\0\nend\n";
	const char *want = "relay instance=" GUID_A "\nhide\nend\n";
	struct vint_filter *filter = ft_new(test);
	struct vint_error error;
	struct vint_rule rule;
	int i;

	ft_add(filter, "vpci");
	vint_filter_remove(filter, "0", 1, NULL);
	KUNIT_ASSERT_EQ(test, vint_filter_replace(filter, good, strlen(good), &error), 0);
	KUNIT_EXPECT_STREQ(test, ft_text(test, filter), want);
	/* Numbers begin again. */
	KUNIT_EXPECT_EQ(test, vint_filter_get(filter, 0, &rule), 0);
	for (i = 0; i < ARRAY_SIZE(ft_ruleset_table); i++) {
		const struct ft_ruleset *c = &ft_ruleset_table[i];

		memset(&error, 0, sizeof(error));
		KUNIT_EXPECT_EQ(test, vint_filter_replace(filter, c->text, strlen(c->text), &error),
				-EINVAL);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error.text, c->why), "%s", error.text);
		KUNIT_EXPECT_STREQ(test, ft_text(test, filter), want);
	}
	KUNIT_EXPECT_EQ(test, vint_filter_replace(filter, nul, sizeof(nul) - 1, &error), -EINVAL);
	KUNIT_EXPECT_STREQ(test, ft_text(test, filter), want);
	KUNIT_EXPECT_EQ(test, filter->count, 2U);
	vint_filter_destroy(filter);
}

/* Rules of a parameter: the same rules, with the same errors; the line is the rule. */
static void filter_parameter_test(struct kunit *test)
{
	static const struct { const char *rules, *text, *why; } cases[] = {
		{ "", "end\n" },
		{ " ; ;", "end\n" },
		{ "hide", "hide\nend\n" },
		{ "relay instance=" GUID_A "; hide;", "relay instance=" GUID_A "\nhide\nend\n" },
		{ "relay flags=1;hide flags=", NULL, "line 2: \"flags=\": not a mask" },
		{ "hide;end;relay", NULL, "line 3: text after \"end\"" },
		{ "hide end", NULL, "line 1: \"end\": write class=" },
	};
	struct vint_filter *filter;
	struct vint_error error;
	unsigned int i;
	char *text;
	int err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		filter = ft_new(test);
		memset(&error, 0, sizeof(error));
		text = vint_parameter_text(cases[i].rules);
		KUNIT_ASSERT_NOT_NULL(test, text);
		err = vint_filter_replace(filter, text, strlen(text), &error);
		if (cases[i].text) {
			KUNIT_EXPECT_EQ(test, err, 0);
			KUNIT_EXPECT_STREQ(test, ft_text(test, filter), cases[i].text);
		} else {
			KUNIT_EXPECT_EQ(test, err, -EINVAL);
			KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error.text, cases[i].why), "%s",
						  error.text);
		}
		kfree(text);
		vint_filter_destroy(filter);
	}
}

/* However a set is cut, only the whole of it is complete. */
static void filter_ruleset_complete_test(struct kunit *test)
{
	static const char text[] = "hide instance=" GUID_A "\n# the end\n end\nend\n";
	static const char * const not[] = { "", "\n", "end", "hide\n", "send\n", "the end\n",
					    "end\nhide\n", "# end\n" };
	size_t len;
	int i;

	for (len = 0; len < sizeof(text) - 1; len++)
		KUNIT_EXPECT_FALSE_MSG(test, vint_ruleset_complete(text, len), "%zu", len);
	KUNIT_EXPECT_TRUE(test, vint_ruleset_complete(text, len));
	KUNIT_EXPECT_TRUE(test, vint_ruleset_complete("end\n", 4));
	KUNIT_EXPECT_TRUE(test, vint_ruleset_complete("hide\nend\t\n\n", 11));
	for (i = 0; i < ARRAY_SIZE(not); i++)
		KUNIT_EXPECT_FALSE_MSG(test, vint_ruleset_complete(not[i], strlen(not[i])), "%s",
				       not[i]);
}

/* ---- listeners and hooks ------------------------------------------------------------- */

struct ft_listener {
	struct vint_listener listener;
	struct vint_offer offer;
	struct vint_decision seen;
	unsigned int calls;
};

static void ft_rules_changed(struct vint_listener *listener)
{
	struct ft_listener *ft = container_of(listener, struct ft_listener, listener);

	/* The new rules are in force, and their lock is free. */
	vint_decide(&ft->offer, &ft->seen);
	ft->calls++;
}

#define FT_INSTANCE	"5a4d3c2b-9f1e-4b6a-8c7d-00112233aabb"

static int ft_change(vint_change_fn change, const char *text)
{
	return vint_change("filter_test", change, text, strlen(text));
}

static void filter_listener_test(struct kunit *test)
{
	struct ft_listener *ft = kunit_kzalloc(test, sizeof(*ft), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ft);
	ft->offer = ft_offer(GUID_A, FT_INSTANCE, 0, 0);
	ft->listener.rules_changed = ft_rules_changed;
	vint_listener_register(&ft->listener);
	KUNIT_EXPECT_EQ(test, ft->calls, 0U);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_add, "hide instance=" FT_INSTANCE), 0);
	KUNIT_EXPECT_EQ(test, ft->calls, 1U);
	KUNIT_EXPECT_EQ(test, ft->seen.disposition, VINT_HIDE);
	KUNIT_EXPECT_GE(test, ft->seen.by, 0);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_add, "vpci instance=" FT_INSTANCE), 0);
	KUNIT_EXPECT_EQ(test, ft->calls, 2U);
	KUNIT_EXPECT_EQ(test, ft->seen.disposition, VINT_VPCI);

	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_add, "drop instance=" FT_INSTANCE), -EINVAL);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_remove, "hide instance=" FT_INSTANCE), -ENOENT);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_set_fallback, "end"), -EINVAL);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_replace, "hide\n"), -EINVAL);
	KUNIT_EXPECT_EQ(test, ft->calls, 2U);

	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_remove, "vpci instance=" FT_INSTANCE), 0);
	KUNIT_EXPECT_EQ(test, ft->calls, 3U);
	vint_listener_unregister(&ft->listener);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_add, "hide instance=" FT_INSTANCE), 0);
	KUNIT_EXPECT_EQ(test, ft_change(vint_filter_remove, "hide instance=" FT_INSTANCE), 0);
	KUNIT_EXPECT_EQ(test, ft->calls, 3U);
}

static int ft_hook_offer(struct vint_hook *hook, const struct vint_handover *handover,
			 void **priv)
{
	return 0;
}

static void ft_hook_revoke(struct vint_hook *hook, void *priv)
{
}

static struct vint_hook ft_hook(const char *name)
{
	return (struct vint_hook) {
		.name = name,
		.owner = THIS_MODULE,
		.offer = ft_hook_offer,
		.revoke = ft_hook_revoke,
	};
}

static void filter_hook_test(struct kunit *test)
{
	struct ft_listener *ft = kunit_kzalloc(test, sizeof(*ft), GFP_KERNEL);
	struct vint_hook a = ft_hook("filter_test-1"), b = ft_hook(NAME_23);
	struct vint_hook twin = ft_hook("filter_test-1");
	int refs = module_refcount(THIS_MODULE);

	KUNIT_ASSERT_NOT_NULL(test, ft);
	ft->listener.rules_changed = ft_rules_changed;
	vint_listener_register(&ft->listener);
	KUNIT_EXPECT_NULL(test, vint_hook_get(a.name));
	KUNIT_ASSERT_EQ(test, vint_hook_register(&a), 0);
	KUNIT_ASSERT_EQ(test, vint_hook_register(&b), 0);
	/* Offers may have waited for it. */
	KUNIT_EXPECT_EQ(test, ft->calls, 2U);
	KUNIT_EXPECT_EQ(test, vint_hook_register(&twin), -EEXIST);
	KUNIT_EXPECT_EQ(test, ft->calls, 2U);
	vint_listener_unregister(&ft->listener);

	KUNIT_EXPECT_PTR_EQ(test, vint_hook_get(a.name), &a);
	KUNIT_EXPECT_PTR_EQ(test, vint_hook_get(b.name), &b);
	KUNIT_EXPECT_NULL(test, vint_hook_get("filter_test"));
	KUNIT_EXPECT_NULL(test, vint_hook_get(""));
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs + 2);
	vint_hook_put(&a);
	vint_hook_put(&b);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs);
	vint_hook_unregister(&a);
	KUNIT_EXPECT_NULL(test, vint_hook_get(a.name));
	KUNIT_EXPECT_EQ(test, vint_hook_register(&twin), 0);
	vint_hook_unregister(&twin);
	vint_hook_unregister(&b);
}

static void filter_hook_bad_test(struct kunit *test)
{
	static const char * const names[] = {
		NULL, "", NAME_23 "x", "A", "a b", "a/b", "a:b", "a\n",
	};
	struct vint_hook hook;
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		hook = ft_hook(names[i]);
		KUNIT_EXPECT_EQ(test, vint_hook_register(&hook), -EINVAL);
	}
	hook = ft_hook("filter_test-1");
	hook.offer = NULL;
	KUNIT_EXPECT_EQ(test, vint_hook_register(&hook), -EINVAL);
	hook = ft_hook("filter_test-1");
	hook.revoke = NULL;
	KUNIT_EXPECT_EQ(test, vint_hook_register(&hook), -EINVAL);
	KUNIT_EXPECT_NULL(test, vint_hook_get("filter_test-1"));
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE(filter_parse_test),
	KUNIT_CASE(filter_parse_length_test),
	KUNIT_CASE(filter_parse_nul_test),
	KUNIT_CASE(filter_decision_text_test),
	KUNIT_CASE(filter_format_size_test),
	KUNIT_CASE(filter_match_test),
	KUNIT_CASE(filter_first_match_test),
	KUNIT_CASE(filter_vpci_test),
	KUNIT_CASE(filter_replace_action_test),
	KUNIT_CASE(filter_remove_test),
	KUNIT_CASE(filter_limits_test),
	KUNIT_CASE(filter_ruleset_test),
	KUNIT_CASE(filter_parameter_test),
	KUNIT_CASE(filter_ruleset_complete_test),
	KUNIT_CASE(filter_listener_test),
	KUNIT_CASE(filter_hook_test),
	KUNIT_CASE(filter_hook_bad_test),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "vmbus_filter",
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the filter and the hook registry");
MODULE_LICENSE("GPL");
