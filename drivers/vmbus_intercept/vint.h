/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_intercept: the filter and its files in sysfs.
 *
 * Lock order: vint_config_lock (one change at a time, with its directories in
 * sysfs), then vint_filter::lock.  Listeners are called with neither held.
 */
#ifndef _VINT_H
#define _VINT_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sizes.h>
#include <vmbus/intercept.h>

#define VINT_MAX_RULES		256
/* With the NUL; a rule that names everything has 152 characters. */
#define VINT_RULE_TEXT_SIZE	256
/* Any set that can be read can be written back. */
#define VINT_RULESET_SIZE	SZ_64K

enum vint_key {
	VINT_KEY_CLASS		= 1 << 0,
	VINT_KEY_INSTANCE	= 1 << 1,
	VINT_KEY_SUBCHANNEL	= 1 << 2,
	VINT_KEY_FLAGS		= 1 << 3,
};

/**
 * struct vint_match - which offers a rule is for
 * @keys: VINT_KEY_* that are compared; none: all offers
 * @class_id: class of the device
 * @instance_id: instance
 * @subchannel: subchannel index
 * @flags: flags that must be set, others are ignored
 */
struct vint_match {
	u32 keys;
	guid_t class_id;
	guid_t instance_id;
	u16 subchannel;
	u16 flags;
};

/**
 * struct vint_rule - one rule
 * @node: in vint_filter::rules
 * @id: number in sysfs
 * @match: which offers it is for
 * @decision: what becomes of them
 * @hits: offers that it decided
 */
struct vint_rule {
	struct list_head node;
	u32 id;
	struct vint_match match;
	struct vint_decision decision;
	atomic64_t hits;
};

/**
 * struct vint_filter - rules in order
 * @lock: protects all below; vint_rule::hits changes with it held for reading
 * @rules: of struct vint_rule; the first that matches decides.  Numbers ascend.
 * @count: of @rules
 * @next_id: number of the next rule
 * @fallback: decision where no rule matches
 */
struct vint_filter {
	struct rw_semaphore lock;
	struct list_head rules;
	unsigned int count;
	u32 next_id;
	struct vint_decision fallback;
};

/**
 * struct vint_error - why a text was refused
 * @text: one line, without newline
 */
struct vint_error {
	char text[192];
};

__printf(2, 3) int vint_refuse(struct vint_error *error, const char *fmt, ...);

/* rule.c: text of rules */
bool vint_hook_name_valid(const char *name);
bool vint_match_equal(const struct vint_match *a, const struct vint_match *b);
bool vint_match_offer(const struct vint_match *match, const struct vint_offer *offer);
int vint_text_copy(char *dst, const char *text, size_t len, struct vint_error *error);
int vint_action_parse(const char *text, struct vint_decision *decision, struct vint_error *error);
int vint_rule_parse(char *text, struct vint_rule *rule, struct vint_error *error);
int vint_match_format(const struct vint_match *match, char *buf, size_t size);
int vint_rule_format(const struct vint_rule *rule, char *buf, size_t size);

/* filter.c: all take text of user space and its length */
extern struct vint_filter vint_filter;

void vint_filter_init(struct vint_filter *filter);
void vint_filter_destroy(struct vint_filter *filter);
s64 vint_filter_decide(struct vint_filter *filter, const struct vint_offer *offer,
		       struct vint_decision *decision);
int vint_filter_add(struct vint_filter *filter, const char *text, size_t len,
		    struct vint_error *error);
int vint_filter_remove(struct vint_filter *filter, const char *text, size_t len,
		       struct vint_error *error);
int vint_filter_set_fallback(struct vint_filter *filter, const char *text, size_t len,
			     struct vint_error *error);
int vint_filter_replace(struct vint_filter *filter, const char *text, size_t len,
			struct vint_error *error);
char *vint_parameter_text(const char *rules);
bool vint_ruleset_complete(const char *text, size_t len);
int vint_filter_format(struct vint_filter *filter, char *buf, size_t size);
int vint_filter_get(struct vint_filter *filter, u32 id, struct vint_rule *rule);
s64 vint_filter_next(struct vint_filter *filter, s64 id);

/* hooks.c */
void vint_listeners_call(void);

/* sysfs.c */
extern struct mutex vint_config_lock;

typedef int (*vint_change_fn)(struct vint_filter *filter, const char *text, size_t len,
			      struct vint_error *error);
int vint_change(const char *file, vint_change_fn change, const char *text, size_t len);
int vint_change_locked(const char *file, vint_change_fn change, const char *text, size_t len);
int vint_sysfs_init(void);
void vint_sysfs_exit(void);

/* ruleset.c */
int vint_ruleset_init(struct device *dev);
void vint_ruleset_exit(void);

#endif /* _VINT_H */
