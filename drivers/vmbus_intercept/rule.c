// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text of rules:
 * <action> [class=<GUID>] [instance=<GUID>] [subchannel=<n>] [flags=<mask>]
 */
#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "vint.h"

/* As much of a refused token as a message shows. */
#define VINT_TOKEN_SHOWN	40
#define VINT_INTERCEPT_PREFIX	"intercept:"
#define VINT_ACTIONS		"relay, hide, vpci or intercept:<hook>"

static const char * const vint_names[] = {
	[VINT_RELAY]		= "relay",
	[VINT_INTERCEPT]	= "intercept",
	[VINT_VPCI]		= "vpci",
	[VINT_HIDE]		= "hide",
};

/* Sets @error, which may be NULL, and returns -EINVAL. */
int vint_refuse(struct vint_error *error, const char *fmt, ...)
{
	va_list args;

	if (error) {
		va_start(args, fmt);
		vscnprintf(error->text, sizeof(error->text), fmt, args);
		va_end(args);
	}
	return -EINVAL;
}

/* The same, with the token first. */
static __printf(3, 4)
int vint_refuse_token(struct vint_error *error, const char *token, const char *fmt, ...)
{
	struct va_format why;
	va_list args;

	va_start(args, fmt);
	why.fmt = fmt;
	why.va = &args;
	vint_refuse(error, "\"%*pE\": %pV", (int)strnlen(token, VINT_TOKEN_SHOWN), token, &why);
	va_end(args);
	return -EINVAL;
}

/* ---- comparing ----------------------------------------------------------------------- */

bool vint_hook_name_valid(const char *name)
{
	size_t len = strnlen(name, VINT_HOOK_NAME_SIZE);

	if (!len || len == VINT_HOOK_NAME_SIZE)
		return false;
	for (; *name; name++)
		if (!islower(*name) && !isdigit(*name) && *name != '_' && *name != '-')
			return false;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vint_hook_name_valid);

bool vint_match_equal(const struct vint_match *a, const struct vint_match *b)
{
	return a->keys == b->keys && guid_equal(&a->class_id, &b->class_id) &&
	       guid_equal(&a->instance_id, &b->instance_id) &&
	       a->subchannel == b->subchannel && a->flags == b->flags;
}

bool vint_match_offer(const struct vint_match *match, const struct vint_offer *offer)
{
	if (match->keys & VINT_KEY_CLASS && !guid_equal(&match->class_id, &offer->class_id))
		return false;
	if (match->keys & VINT_KEY_INSTANCE &&
	    !guid_equal(&match->instance_id, &offer->instance_id))
		return false;
	if (match->keys & VINT_KEY_SUBCHANNEL && match->subchannel != offer->subchannel)
		return false;
	/* Without the key @flags is 0, which matches all. */
	return (offer->flags & match->flags) == match->flags;
}

/**
 * vint_decision_equal() - do two decisions mean the same?
 * @a: decision
 * @b: decision
 *
 * Context: any.
 * Return: true if so: the hook is empty where there is none.
 */
bool vint_decision_equal(const struct vint_decision *a, const struct vint_decision *b)
{
	return a->disposition == b->disposition && !strcmp(a->hook, b->hook);
}
EXPORT_SYMBOL_GPL(vint_decision_equal);

/* ---- parsing ------------------------------------------------------------------------- */

/**
 * vint_text_copy() - take one line that was written to a file
 * @dst: VINT_RULE_TEXT_SIZE bytes
 * @text: as written, not terminated
 * @len: of @text
 * @error: says why the text is refused
 *
 * Return: 0 or -EINVAL.
 */
int vint_text_copy(char *dst, const char *text, size_t len, struct vint_error *error)
{
	while (len && isspace(text[len - 1]))
		len--;
	while (len && isspace(*text)) {
		text++;
		len--;
	}
	if (!len)
		return vint_refuse(error, "the text is empty");
	if (len >= VINT_RULE_TEXT_SIZE)
		return vint_refuse(error, "longer than %d characters", VINT_RULE_TEXT_SIZE - 1);
	if (memchr(text, '\0', len))
		return vint_refuse(error, "a NUL character in the text");
	if (memchr(text, '\n', len))
		return vint_refuse(error, "more than one line: write one, or all to ruleset");
	memcpy(dst, text, len);
	dst[len] = '\0';
	return 0;
}

/**
 * vint_action_parse() - parse the action of a rule
 * @text: action
 * @decision: result, unchanged if @text is refused
 * @error: says why the text is refused, or NULL
 *
 * Return: 0 or -EINVAL.
 */
int vint_action_parse(const char *text, struct vint_decision *decision, struct vint_error *error)
{
	const char *hook = text + strlen(VINT_INTERCEPT_PREFIX);
	int i;

	if (strstarts(text, VINT_INTERCEPT_PREFIX)) {
		if (!vint_hook_name_valid(hook))
			return vint_refuse_token(error, text,
						 "a hook has 1 to %d of a-z, 0-9, _ and -",
						 VINT_HOOK_NAME_SIZE - 1);
		if (!strcmp(hook, vint_names[VINT_VPCI]))
			return vint_refuse_token(error, text, "the action is called vpci");
		memset(decision, 0, sizeof(*decision));
		decision->disposition = VINT_INTERCEPT;
		strscpy(decision->hook, hook);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(vint_names); i++) {
		if (i == VINT_INTERCEPT || strcmp(text, vint_names[i]))
			continue;
		memset(decision, 0, sizeof(*decision));
		decision->disposition = i;
		return 0;
	}
	/* Devices behind an offer of the VPCI class may be VTL2's: vpci_relay has that rule. */
	if (!strcmp(text, "local"))
		return vint_refuse_token(error, text,
					 "no action here: for PCI devices write it to add_rule of vpci_relay");
	return vint_refuse_token(error, text, "not an action: write " VINT_ACTIONS);
}

static int vint_parse_guid(const char *value, guid_t *guid)
{
	/* guid_parse() ignores what follows. */
	if (strlen(value) != UUID_STRING_LEN)
		return -EINVAL;
	return guid_parse(value, guid);
}

static int vint_parse_u16(const char *value, u16 *number)
{
	/* kstrtou16() takes a sign. */
	if (!isdigit(*value))
		return -EINVAL;
	return kstrtou16(value, 0, number);
}

static int vint_parse_key(const char *token, struct vint_match *match, struct vint_error *error)
{
	const char *value = strchr(token, '=');
	size_t len = value ? value - token : 0;
	const char *expected = "GUID";
	enum vint_key key;
	int err;

	if (value)
		value++;
	if (len == 5 && !memcmp(token, "class", len)) {
		key = VINT_KEY_CLASS;
		err = vint_parse_guid(value, &match->class_id);
	} else if (len == 8 && !memcmp(token, "instance", len)) {
		key = VINT_KEY_INSTANCE;
		err = vint_parse_guid(value, &match->instance_id);
	} else if (len == 10 && !memcmp(token, "subchannel", len)) {
		key = VINT_KEY_SUBCHANNEL;
		expected = "number up to 65535";
		err = vint_parse_u16(value, &match->subchannel);
	} else if (len == 5 && !memcmp(token, "flags", len)) {
		key = VINT_KEY_FLAGS;
		expected = "mask up to 0xffff";
		err = vint_parse_u16(value, &match->flags);
	} else {
		return vint_refuse_token(error, token,
					 "write class=, instance=, subchannel= or flags=");
	}
	if (err)
		return vint_refuse_token(error, token, "not a %s", expected);
	if (match->keys & key)
		return vint_refuse_token(error, token, "given twice");
	match->keys |= key;
	return 0;
}

/**
 * vint_rule_parse() - parse a rule
 * @text: one line, is overwritten
 * @rule: vint_rule::match and vint_rule::decision are set
 * @error: says why the text is refused
 *
 * Return: 0 or -EINVAL.
 */
int vint_rule_parse(char *text, struct vint_rule *rule, struct vint_error *error)
{
	char *token;
	int err;

	memset(&rule->match, 0, sizeof(rule->match));
	text = strim(text);
	token = strsep(&text, " \t");
	err = vint_action_parse(token, &rule->decision, error);
	while (!err && text) {
		token = strsep(&text, " \t");
		if (*token)
			err = vint_parse_key(token, &rule->match, error);
	}
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vint_rule_parse);

/**
 * vint_decision_parse() - parse the text of a decision
 * @text: "relay", "hide", "vpci" or "intercept:<hook>"
 * @decision: result, unchanged if @text is refused
 *
 * Return: 0 or -EINVAL.
 */
int vint_decision_parse(const char *text, struct vint_decision *decision)
{
	return vint_action_parse(text, decision, NULL);
}
EXPORT_SYMBOL_GPL(vint_decision_parse);

/* ---- formatting ---------------------------------------------------------------------- */

/**
 * vint_disposition_name() - name of a disposition
 * @disposition: one of enum vint_disposition
 *
 * Return: a constant string.
 */
const char *vint_disposition_name(enum vint_disposition disposition)
{
	return disposition < ARRAY_SIZE(vint_names) ? vint_names[disposition] : "?";
}
EXPORT_SYMBOL_GPL(vint_disposition_name);

/**
 * vint_decision_format() - text of a decision, as vint_decision_parse() takes it
 * @decision: decision
 * @buf: result, terminated
 * @size: of @buf
 *
 * Return: length of the text, or -ENOSPC.
 */
int vint_decision_format(const struct vint_decision *decision, char *buf, size_t size)
{
	bool hook = decision->disposition == VINT_INTERCEPT;
	int len;

	len = snprintf(buf, size, "%s%s%s", vint_disposition_name(decision->disposition),
		       hook ? ":" : "", hook ? decision->hook : "");
	return len < size ? len : -ENOSPC;
}
EXPORT_SYMBOL_GPL(vint_decision_format);

/* Text of what a rule matches; "" for all offers.  Returns its length or -ENOSPC. */
int vint_match_format(const struct vint_match *match, char *buf, size_t size)
{
	char text[VINT_RULE_TEXT_SIZE];
	int len = 0;

	text[0] = '\0';
	if (match->keys & VINT_KEY_CLASS)
		len += scnprintf(text + len, sizeof(text) - len, " class=%pUl", &match->class_id);
	if (match->keys & VINT_KEY_INSTANCE)
		len += scnprintf(text + len, sizeof(text) - len, " instance=%pUl",
				 &match->instance_id);
	if (match->keys & VINT_KEY_SUBCHANNEL)
		len += scnprintf(text + len, sizeof(text) - len, " subchannel=%u",
				 match->subchannel);
	if (match->keys & VINT_KEY_FLAGS)
		len += scnprintf(text + len, sizeof(text) - len, " flags=%#x", match->flags);
	len = strscpy(buf, text + (len ? 1 : 0), size);
	return len < 0 ? -ENOSPC : len;
}

/* Text of a rule, as it can be written.  Returns its length or -ENOSPC. */
int vint_rule_format(const struct vint_rule *rule, char *buf, size_t size)
{
	int len, more;

	len = vint_decision_format(&rule->decision, buf, size);
	if (len < 0 || !rule->match.keys)
		return len;
	if (len + 1 >= size)
		return -ENOSPC;
	buf[len++] = ' ';
	more = vint_match_format(&rule->match, buf + len, size - len);
	return more < 0 ? more : len + more;
}
EXPORT_SYMBOL_IF_KUNIT(vint_rule_format);
