// SPDX-License-Identifier: GPL-2.0-only
/*
 * The filter: rules in order, the first that matches decides.
 */
#include <kunit/visibility.h>
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vint.h"
#include "trace.h"

#define VINT_RULESET_END	"end"

struct vint_filter vint_filter;

static const guid_t vint_class_vpci = VINT_CLASS_VPCI;

void vint_filter_init(struct vint_filter *filter)
{
	memset(filter, 0, sizeof(*filter));
	init_rwsem(&filter->lock);
	INIT_LIST_HEAD(&filter->rules);
	filter->fallback.disposition = VINT_RELAY;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_init);

static void vint_rules_free(struct list_head *rules)
{
	struct vint_rule *rule, *next;

	list_for_each_entry_safe(rule, next, rules, node)
		kfree(rule);
	INIT_LIST_HEAD(rules);
}

void vint_filter_destroy(struct vint_filter *filter)
{
	vint_rules_free(&filter->rules);
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_destroy);

/* ---- decisions ----------------------------------------------------------------------- */

static s64 vint_filter_match(struct vint_filter *filter, const struct vint_offer *offer,
			     struct vint_decision *decision)
{
	struct vint_rule *rule;

	lockdep_assert_held_read(&filter->lock);
	list_for_each_entry(rule, &filter->rules, node) {
		if (!vint_match_offer(&rule->match, offer))
			continue;
		*decision = rule->decision;
		atomic64_inc(&rule->hits);
		return rule->id;
	}
	*decision = filter->fallback;
	return VINT_BY_DEFAULT;
}

/**
 * vint_filter_decide() - what becomes of an offer
 * @filter: filter
 * @offer: offer
 * @decision: result
 *
 * Return: number of the rule that decided, VINT_BY_DEFAULT or VINT_BY_CLASS.
 */
s64 vint_filter_decide(struct vint_filter *filter,
		       const struct vint_offer *offer,
		       struct vint_decision *decision)
{
	s64 id;

	down_read(&filter->lock);
	id = vint_filter_match(filter, offer, decision);
	up_read(&filter->lock);
	/* The general relay and hooks but "vpci" cannot treat a PCI device safely. */
	if (guid_equal(&offer->class_id, &vint_class_vpci) &&
	    decision->disposition != VINT_HIDE && decision->disposition != VINT_VPCI) {
		memset(decision, 0, sizeof(*decision));
		decision->disposition = VINT_VPCI;
		id = VINT_BY_CLASS;
	}
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_decide);

/**
 * vint_decide() - what becomes of an offer of the host
 * @offer: offer
 * @decision: result
 *
 * Whoever has asked acts on it, if it is not what was decided before, and then calls
 * vint_audit().
 *
 * Process context, may sleep.
 */
void vint_decide(const struct vint_offer *offer, struct vint_decision *decision)
{
	decision->by = vint_filter_decide(&vint_filter, offer, decision);
}
EXPORT_SYMBOL_GPL(vint_decide);

/**
 * vint_audit() - a decision is in force: leave a trace of it
 * @offer: offer
 * @decision: decision, of vint_decide() or an administrator's
 *
 * Any context.
 */
void vint_audit(const struct vint_offer *offer, const struct vint_decision *decision)
{
	trace_vint_decide(offer, decision);
}
EXPORT_SYMBOL_GPL(vint_audit);

/* ---- single changes ------------------------------------------------------------------ */

static struct vint_rule *vint_rule_find(struct list_head *rules, const struct vint_match *match)
{
	struct vint_rule *rule;

	list_for_each_entry(rule, rules, node)
		if (vint_match_equal(&rule->match, match))
			return rule;
	return NULL;
}

static struct vint_rule *vint_rule_new(const struct vint_rule *parsed)
{
	struct vint_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL);

	if (!rule)
		return NULL;
	rule->match = parsed->match;
	rule->decision = parsed->decision;
	return rule;
}

static int vint_filter_append(struct vint_filter *filter, const struct vint_rule *parsed,
			      struct vint_error *error)
{
	struct vint_rule *rule;

	lockdep_assert_held_write(&filter->lock);
	if (filter->count == VINT_MAX_RULES) {
		vint_refuse(error, "there are %d rules already: remove one first", VINT_MAX_RULES);
		return -ENOSPC;
	}
	if (filter->next_id == U32_MAX) {
		vint_refuse(error, "no number is left: write ruleset to number from 0 again");
		return -ENOSPC;
	}
	rule = vint_rule_new(parsed);
	if (!rule) {
		vint_refuse(error, "no memory");
		return -ENOMEM;
	}
	rule->id = filter->next_id++;
	list_add_tail(&rule->node, &filter->rules);
	filter->count++;
	return 0;
}

/**
 * vint_filter_add() - add a rule at the end, or change one in its place
 * @filter: filter
 * @text: rule, as written by user space
 * @len: of @text
 * @error: says why the text is refused
 *
 * A rule that matches the very same offers gets the new action and keeps its
 * place: added at the end, the new rule would never apply.
 *
 * Return: 0, or -errno and nothing has changed.
 */
int vint_filter_add(struct vint_filter *filter, const char *text, size_t len,
		    struct vint_error *error)
{
	char line[VINT_RULE_TEXT_SIZE];
	struct vint_rule parsed, *old;
	int err;

	err = vint_text_copy(line, text, len, error);
	if (!err)
		err = vint_rule_parse(line, &parsed, error);
	if (err)
		return err;
	down_write(&filter->lock);
	old = vint_rule_find(&filter->rules, &parsed.match);
	if (old)
		old->decision = parsed.decision;
	else
		err = vint_filter_append(filter, &parsed, error);
	up_write(&filter->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_add);

static struct vint_rule *vint_rule_by_id(struct vint_filter *filter, u32 id)
{
	struct vint_rule *rule;

	lockdep_assert_held(&filter->lock);
	list_for_each_entry(rule, &filter->rules, node)
		if (rule->id == id)
			return rule;
	return NULL;
}

/**
 * vint_filter_remove() - remove a rule
 * @filter: filter
 * @text: number or text of the rule, as written by user space
 * @len: of @text
 * @error: says why the text is refused
 *
 * Return: 0, or -errno and nothing has changed.
 */
int vint_filter_remove(struct vint_filter *filter, const char *text, size_t len,
		       struct vint_error *error)
{
	char line[VINT_RULE_TEXT_SIZE];
	struct vint_rule parsed, *rule;
	bool by_id;
	u32 id;
	int err;

	err = vint_text_copy(line, text, len, error);
	if (err)
		return err;
	by_id = isdigit(*line);
	if (by_id && kstrtou32(line, 10, &id))
		return vint_refuse(error, "not a rule number: see rules/");
	if (!by_id)
		err = vint_rule_parse(line, &parsed, error);
	if (err)
		return err;
	down_write(&filter->lock);
	rule = by_id ? vint_rule_by_id(filter, id) : vint_rule_find(&filter->rules, &parsed.match);
	if (rule && !by_id && !vint_decision_equal(&rule->decision, &parsed.decision))
		rule = NULL;
	if (rule) {
		list_del(&rule->node);
		filter->count--;
	} else {
		vint_refuse(error, "no such rule: see rules/");
		err = -ENOENT;
	}
	up_write(&filter->lock);
	kfree(rule);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_remove);

/**
 * vint_filter_set_fallback() - set what becomes of offers that no rule matches
 * @filter: filter
 * @text: action, as written by user space
 * @len: of @text
 * @error: says why the text is refused
 *
 * Return: 0, or -errno and nothing has changed.
 */
int vint_filter_set_fallback(struct vint_filter *filter, const char *text,
			     size_t len, struct vint_error *error)
{
	char line[VINT_RULE_TEXT_SIZE];
	struct vint_decision decision;
	int err;

	err = vint_text_copy(line, text, len, error);
	if (!err)
		err = vint_action_parse(line, &decision, error);
	if (err)
		return err;
	down_write(&filter->lock);
	filter->fallback = decision;
	up_write(&filter->lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_set_fallback);

/* ---- whole sets ---------------------------------------------------------------------- */

/* Whether @text has its last line: "end". */
bool vint_ruleset_complete(const char *text, size_t len)
{
	const size_t end = strlen(VINT_RULESET_END);

	if (!len || text[len - 1] != '\n')
		return false;
	while (len && isspace(text[len - 1]))
		len--;
	return len >= end && !memcmp(text + len - end, VINT_RULESET_END, end) &&
	       (len == end || text[len - end - 1] == '\n');
}
EXPORT_SYMBOL_IF_KUNIT(vint_ruleset_complete);

/**
 * vint_parameter_text() - what a parameter of the module says, as a set
 * @rules: rules, separated by semicolons
 *
 * Return: text for vint_filter_replace(), to be freed by kfree(), or NULL.
 */
char *vint_parameter_text(const char *rules)
{
	char *text = kasprintf(GFP_KERNEL, "%s\n" VINT_RULESET_END "\n", rules);

	return text ? strreplace(text, ';', '\n') : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vint_parameter_text);

/* Parses one line of a set into @set.  Returns 1 if it is the end of the set. */
static int vint_ruleset_line(struct vint_filter *set, const char *text, size_t len,
			     struct vint_error *error)
{
	char line[VINT_RULE_TEXT_SIZE];
	struct vint_rule parsed, *twin;
	int err;

	while (len && isspace(*text)) {
		text++;
		len--;
	}
	if (!len || *text == '#')
		return 0;
	err = vint_text_copy(line, text, len, error);
	if (err)
		return err;
	if (!strcmp(line, VINT_RULESET_END))
		return 1;
	err = vint_rule_parse(line, &parsed, error);
	if (err)
		return err;
	twin = vint_rule_find(&set->rules, &parsed.match);
	if (twin)
		return vint_refuse(error, "never applies, rule %u matches the same: remove one",
				   twin->id);
	down_write(&set->lock);
	err = vint_filter_append(set, &parsed, error);
	up_write(&set->lock);
	return err;
}

static int vint_ruleset_parse(struct vint_filter *set, const char *text, size_t len,
			      struct vint_error *error)
{
	const char *end = text + len;
	struct vint_error why;
	unsigned int line = 0;
	const char *next;
	int err = 0;

	for (; text < end && !err; text = next) {
		next = memchr(text, '\n', end - text);
		next = next ? next + 1 : end;
		line++;
		err = vint_ruleset_line(set, text, next - text, &why);
	}
	if (!err)
		return vint_refuse(error, "the last line must be \"" VINT_RULESET_END "\"");
	if (err < 0) {
		vint_refuse(error, "line %u: %s", line, why.text);
		return err;
	}
	for (; text < end; text++)
		if (!isspace(*text))
			return vint_refuse(error, "line %u: text after \"" VINT_RULESET_END "\"",
					   line + 1);
	return 0;
}

/**
 * vint_filter_replace() - replace all rules at once
 * @filter: filter
 * @text: one rule a line and a last line "end", as written by user space
 * @len: of @text
 * @error: says why the text is refused
 *
 * Return: 0, or -errno and nothing has changed.
 */
int vint_filter_replace(struct vint_filter *filter, const char *text, size_t len,
			struct vint_error *error)
{
	struct vint_filter set;
	LIST_HEAD(old);
	int err;

	vint_filter_init(&set);
	err = vint_ruleset_parse(&set, text, len, error);
	if (!err) {
		down_write(&filter->lock);
		list_splice_init(&filter->rules, &old);
		list_splice_init(&set.rules, &filter->rules);
		filter->count = set.count;
		filter->next_id = set.next_id;
		up_write(&filter->lock);
	}
	vint_rules_free(&old);
	vint_filter_destroy(&set);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_replace);

/* ---- reading ------------------------------------------------------------------------- */

/**
 * vint_filter_format() - text of all rules, as vint_filter_replace() takes it
 * @filter: filter
 * @buf: result
 * @size: of @buf; VINT_RULESET_SIZE is enough
 *
 * Return: length of the text, or -ENOSPC.
 */
int vint_filter_format(struct vint_filter *filter, char *buf, size_t size)
{
	struct vint_rule *rule;
	size_t used = 0;
	int len = 0;

	down_read(&filter->lock);
	list_for_each_entry(rule, &filter->rules, node) {
		len = vint_rule_format(rule, buf + used, size - used);
		if (len < 0)
			break;
		used += len;
		/* In place of the NUL. */
		buf[used++] = '\n';
	}
	up_read(&filter->lock);
	if (len < 0 || size - used < sizeof(VINT_RULESET_END "\n"))
		return -ENOSPC;
	strscpy(buf + used, VINT_RULESET_END "\n", size - used);
	return used + strlen(VINT_RULESET_END "\n");
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_format);

/**
 * vint_filter_get() - look at a rule
 * @filter: filter
 * @id: number of the rule
 * @rule: result, a copy
 *
 * Return: 0 or -ENOENT.
 */
int vint_filter_get(struct vint_filter *filter, u32 id, struct vint_rule *rule)
{
	struct vint_rule *found;

	down_read(&filter->lock);
	found = vint_rule_by_id(filter, id);
	if (found) {
		rule->id = id;
		rule->match = found->match;
		rule->decision = found->decision;
		atomic64_set(&rule->hits, atomic64_read(&found->hits));
	}
	up_read(&filter->lock);
	return found ? 0 : -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(vint_filter_get);

/* Number of the rule after @id, which may be -1; -1 after the last. */
s64 vint_filter_next(struct vint_filter *filter, s64 id)
{
	struct vint_rule *rule;
	s64 next = -1;

	down_read(&filter->lock);
	list_for_each_entry(rule, &filter->rules, node) {
		if (rule->id > id) {
			next = rule->id;
			break;
		}
	}
	up_read(&filter->lock);
	return next;
}
