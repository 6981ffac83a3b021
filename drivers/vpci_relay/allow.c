// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of who gets a device: their text, and which devices they match.  Text of a rule:
 * [local] [nvme|mana] [vendor=<n>] [device=<n>] [revision=<n>] [class=<n>] [subclass=<n>]
 * [prog-if=<n>] [subvendor=<n>] [subsystem=<n>]
 */
#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "vpci_pure.h"

/* As much of a refused token as a message shows. */
#define VPCI_TOKEN_SHOWN	40

struct vpci_allow_key_def {
	const char *name;
	u16 max;
};

static const struct vpci_allow_key_def vpci_allow_keys[] = {
	[VPCI_ALLOW_VENDOR]	= { "vendor", U16_MAX },
	[VPCI_ALLOW_DEVICE]	= { "device", U16_MAX },
	[VPCI_ALLOW_REVISION]	= { "revision", U8_MAX },
	[VPCI_ALLOW_CLASS]	= { "class", U8_MAX },
	[VPCI_ALLOW_SUBCLASS]	= { "subclass", U8_MAX },
	[VPCI_ALLOW_PROG_IF]	= { "prog-if", U8_MAX },
	[VPCI_ALLOW_SUBVENDOR]	= { "subvendor", U16_MAX },
	[VPCI_ALLOW_SUBSYSTEM]	= { "subsystem", U16_MAX },
};

static_assert(ARRAY_SIZE(vpci_allow_keys) == VPCI_ALLOW_KEYS);

struct vpci_allow_preset_def {
	const char *name;
	struct vpci_allow_rule rule;
};

static const struct vpci_allow_preset_def vpci_allow_presets[] = {
	{ "nvme", {
		.keys = BIT(VPCI_ALLOW_CLASS) | BIT(VPCI_ALLOW_SUBCLASS) |
			BIT(VPCI_ALLOW_PROG_IF),
		.values = {
			[VPCI_ALLOW_CLASS] = 0x01,
			[VPCI_ALLOW_SUBCLASS] = 0x08,
			[VPCI_ALLOW_PROG_IF] = 0x02,
		},
	} },
	{ "mana", {
		.keys = BIT(VPCI_ALLOW_VENDOR) | BIT(VPCI_ALLOW_DEVICE) |
			BIT(VPCI_ALLOW_CLASS) | BIT(VPCI_ALLOW_SUBCLASS),
		.values = {
			[VPCI_ALLOW_VENDOR] = 0x1414,
			[VPCI_ALLOW_DEVICE] = 0x00ba,
			[VPCI_ALLOW_CLASS] = 0x02,
			[VPCI_ALLOW_SUBCLASS] = 0x00,
		},
	} },
};

/* Sets @error and returns @err. */
static __printf(3, 4)
int vpci_allow_refuse(struct vpci_allow_error *error, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return err;
}

static int vpci_allow_refuse_token(struct vpci_allow_error *error, const char *token,
				   const char *why)
{
	return vpci_allow_refuse(error, -EINVAL, "\"%*pE\": %s",
				 (int)strnlen(token, VPCI_TOKEN_SHOWN), token, why);
}

/* ---- text of a rule -------------------------------------------------------------------- */

static int vpci_allow_parse_key(const char *token, struct vpci_allow_rule *rule,
				struct vpci_allow_error *error)
{
	const char *value = strchr(token, '=');
	unsigned int i;
	size_t len;
	u16 number;

	if (!value)
		return vpci_allow_refuse_token(error, token,
					       "not a key, nor local, nvme or mana first");
	len = value++ - token;
	for (i = 0; i < VPCI_ALLOW_KEYS; i++)
		if (len == strlen(vpci_allow_keys[i].name) &&
		    !memcmp(token, vpci_allow_keys[i].name, len))
			break;
	if (i == VPCI_ALLOW_KEYS)
		return vpci_allow_refuse_token(error, token, "there is no such key");
	/* kstrtou16() takes a sign. */
	if (!isdigit(*value) || kstrtou16(value, 0, &number) || number > vpci_allow_keys[i].max)
		return vpci_allow_refuse_token(error, token,
					       vpci_allow_keys[i].max == U8_MAX ?
					       "not a number up to 0xff" :
					       "not a number up to 0xffff");
	if (rule->keys & BIT(i))
		return vpci_allow_refuse_token(error, token, "given twice");
	rule->keys |= BIT(i);
	rule->values[i] = number;
	return 0;
}

static bool vpci_allow_preset(const char *token, struct vpci_allow_rule *rule)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vpci_allow_presets); i++) {
		if (strcmp(token, vpci_allow_presets[i].name))
			continue;
		*rule = vpci_allow_presets[i].rule;
		return true;
	}
	return false;
}

/**
 * vpci_allow_parse() - parse a rule
 * @text: one line, not terminated; space around it does not count
 * @len: of @text
 * @rule: result, of use on success only
 * @error: says why the text is refused
 *
 * Return: 0 or -EINVAL.
 */
int vpci_allow_parse(const char *text, size_t len, struct vpci_allow_rule *rule,
		     struct vpci_allow_error *error)
{
	char copy[VPCI_ALLOW_TEXT_SIZE], *rest = copy, *token;
	bool first = true, local = false;
	int err;

	*rule = (struct vpci_allow_rule) { };
	while (len && isspace(text[len - 1]))
		len--;
	if (len >= sizeof(copy))
		return vpci_allow_refuse(error, -EINVAL, "longer than %zu characters",
					 sizeof(copy) - 1);
	if (memchr(text, '\0', len))
		return vpci_allow_refuse(error, -EINVAL, "a NUL character in the text");
	if (memchr(text, '\n', len))
		return vpci_allow_refuse(error, -EINVAL, "more than one line");
	memcpy(copy, text, len);
	copy[len] = '\0';
	while ((token = strsep(&rest, " \t"))) {
		if (!*token)
			continue;
		if (first && !local && !strcmp(token, "local")) {
			local = true;
			continue;
		}
		if (!first || !vpci_allow_preset(token, rule)) {
			err = vpci_allow_parse_key(token, rule, error);
			if (err)
				return err;
		}
		first = false;
	}
	/* Whoever wants to allow everything has no rules. */
	if (!rule->keys)
		return vpci_allow_refuse(error, -EINVAL, local ? "local, but no device is named" :
							 "the text is empty");
	rule->disposition = local ? VPCI_LOCAL : VPCI_RELAYED;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_parse);

/**
 * vpci_allow_format() - text of a rule, as vpci_allow_parse() takes it
 * @rule: rule
 * @buf: result, terminated
 * @size: of @buf
 *
 * Return: length of the text, or -ENOSPC.
 */
int vpci_allow_format(const struct vpci_allow_rule *rule, char *buf, size_t size)
{
	char text[VPCI_ALLOW_TEXT_SIZE];
	unsigned int i;
	int len = 0;

	if (rule->disposition == VPCI_LOCAL)
		len = scnprintf(text, sizeof(text), "local");
	for (i = 0; i < VPCI_ALLOW_KEYS; i++)
		if (rule->keys & BIT(i))
			len += scnprintf(text + len, sizeof(text) - len, "%s%s=0x%0*x",
					 len ? " " : "", vpci_allow_keys[i].name,
					 vpci_allow_keys[i].max == U8_MAX ? 2 : 4,
					 rule->values[i]);
	if (len >= size)
		return -ENOSPC;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_format);

/* ---- rules and devices ----------------------------------------------------------------- */

/**
 * vpci_allow_match() - is a rule about a device?
 * @rule: rule
 * @desc: device
 *
 * Return: true if all that the rule names agrees.
 */
bool vpci_allow_match(const struct vpci_allow_rule *rule, const struct vpci_desc *desc)
{
	const u16 values[VPCI_ALLOW_KEYS] = {
		[VPCI_ALLOW_VENDOR] = desc->vendor,
		[VPCI_ALLOW_DEVICE] = desc->device,
		[VPCI_ALLOW_REVISION] = desc->revision,
		[VPCI_ALLOW_CLASS] = desc->class,
		[VPCI_ALLOW_SUBCLASS] = desc->subclass,
		[VPCI_ALLOW_PROG_IF] = desc->prog_if,
		[VPCI_ALLOW_SUBVENDOR] = desc->subvendor,
		[VPCI_ALLOW_SUBSYSTEM] = desc->subsystem,
	};
	unsigned int i;

	for (i = 0; i < VPCI_ALLOW_KEYS; i++)
		if (rule->keys & BIT(i) && rule->values[i] != values[i])
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_match);

/**
 * vpci_allow_decide() - who gets a device?
 * @list: rules
 * @desc: device
 * @by: result: the rule that says so, or VPCI_ALLOW_BY_DEFAULT
 *
 * What no rule is about the guest has only if there is no rule at all: else the last one about
 * what it may have would, by going, give it all that this kernel does not keep.
 *
 * Return: see enum.
 */
enum vpci_disposition vpci_allow_decide(const struct vpci_allow_list *list,
					const struct vpci_desc *desc, int *by)
{
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		if (vpci_allow_match(&list->rules[i], desc)) {
			*by = i;
			return list->rules[i].disposition;
		}
	}
	*by = VPCI_ALLOW_BY_DEFAULT;
	return list->n ? VPCI_DENIED : VPCI_RELAYED;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_decide);

/* The rule about just these devices.  Values of keys that are not compared are 0. */
static int vpci_allow_find(const struct vpci_allow_list *list, const struct vpci_allow_rule *rule)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->rules[i].keys == rule->keys &&
		    !memcmp(list->rules[i].values, rule->values, sizeof(rule->values)))
			return i;
	return -ENOENT;
}

/**
 * vpci_allow_add() - add a rule at the end, or change one in its place
 * @list: rules
 * @text: of the rule, see vpci_allow_parse()
 * @len: of @text
 * @error: says why the text is refused
 *
 * A rule about the very same devices gets the new disposition and keeps its place, as in the
 * filter of offers: to remove it first could leave no rule, and all to the guest meanwhile.
 *
 * Return: 0, -EINVAL, -ENOSPC if there are too many.
 */
int vpci_allow_add(struct vpci_allow_list *list, const char *text, size_t len,
		   struct vpci_allow_error *error)
{
	struct vpci_allow_rule rule;
	int i;

	i = vpci_allow_parse(text, len, &rule, error);
	if (i)
		return i;
	i = vpci_allow_find(list, &rule);
	if (i >= 0) {
		list->rules[i].disposition = rule.disposition;
		return 0;
	}
	if (list->n == VPCI_ALLOW_MAX_RULES)
		return vpci_allow_refuse(error, -ENOSPC, "there are %d rules, no more fit",
					 VPCI_ALLOW_MAX_RULES);
	list->rules[list->n++] = rule;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_add);

/**
 * vpci_allow_remove() - take a rule away
 * @list: rules
 * @text: of the rule, see vpci_allow_parse()
 * @len: of @text
 * @error: says why the text is refused
 *
 * Return: 0, -EINVAL, or -ENOENT if there is no such rule.
 */
int vpci_allow_remove(struct vpci_allow_list *list, const char *text, size_t len,
		      struct vpci_allow_error *error)
{
	struct vpci_allow_rule rule;
	int i;

	i = vpci_allow_parse(text, len, &rule, error);
	if (i)
		return i;
	i = vpci_allow_find(list, &rule);
	if (i < 0 || list->rules[i].disposition != rule.disposition)
		return vpci_allow_refuse(error, -ENOENT, "there is no such rule");
	list->n--;
	memmove(&list->rules[i], &list->rules[i + 1], (list->n - i) * sizeof(rule));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_remove);

/**
 * vpci_allow_show() - text of all rules, a line each
 * @list: rules
 * @buf: result, terminated; VPCI_ALLOW_LIST_SIZE is enough
 * @size: of @buf
 *
 * Return: length of the text, or -ENOSPC.
 */
int vpci_allow_show(const struct vpci_allow_list *list, char *buf, size_t size)
{
	unsigned int i;
	int len = 0;
	int n;

	if (!size)
		return -ENOSPC;
	buf[0] = '\0';
	for (i = 0; i < list->n; i++) {
		n = vpci_allow_format(&list->rules[i], buf + len, size - len);
		if (n < 0 || len + n + 1 >= size)
			return -ENOSPC;
		len += n;
		buf[len++] = '\n';
		buf[len] = '\0';
	}
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_allow_show);
