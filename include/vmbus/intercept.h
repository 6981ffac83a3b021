/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_intercept: decides for each offer of the host what becomes of it, and
 * knows the device hooks that take offers over.  A module that only offers devices of its
 * own to the guest is no hook: see <vmbus/server.h>.
 */
#ifndef _VMBUS_INTERCEPT_H
#define _VMBUS_INTERCEPT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>

#define VINT_HOOK_NAME_SIZE	24

/* Offers of this class go to the hook "vpci" or are hidden. */
#define VINT_CLASS_VPCI							\
	GUID_INIT(0x44c4f61d, 0x4444, 0x4400,				\
		  0x9d, 0x52, 0x80, 0x2e, 0x27, 0xed, 0xe1, 0x9f)

enum vint_disposition {
	VINT_RELAY,		/* offer it again to the guest */
	VINT_INTERCEPT,		/* a hook in VTL2 has it */
	VINT_VPCI,		/* the hook "vpci" has it */
	VINT_HIDE,		/* nobody gets it */
};

/**
 * struct vint_offer - what the filter knows of an offer
 * @class_id: class of the device
 * @instance_id: instance
 * @subchannel: subchannel index
 * @flags: VMBUS_OFFER_*
 */
struct vint_offer {
	guid_t class_id;
	guid_t instance_id;
	u16 subchannel;
	u16 flags;
};

/* Who decided, if it was no rule. */
#define VINT_BY_DEFAULT		(-1)
#define VINT_BY_OVERRIDE	(-2)
#define VINT_BY_CLASS		(-3)	/* a rule or the default was not followed */

/**
 * struct vint_decision - what the filter says
 * @disposition: what becomes of the offer
 * @hook: name of the hook for VINT_INTERCEPT, else empty
 * @by: number of the rule, or VINT_BY_*; no part of what is decided
 */
struct vint_decision {
	enum vint_disposition disposition;
	char hook[VINT_HOOK_NAME_SIZE];
	s64 by;
};

void vint_decide(const struct vint_offer *offer, struct vint_decision *decision);
void vint_audit(const struct vint_offer *offer, const struct vint_decision *decision);
bool vint_decision_equal(const struct vint_decision *a, const struct vint_decision *b);
const char *vint_disposition_name(enum vint_disposition disposition);
int vint_decision_parse(const char *text, struct vint_decision *decision);
int vint_decision_format(const struct vint_decision *decision, char *buf, size_t size);

/**
 * struct vint_listener - is told when a decision may have changed, or when a
 *	hook has come
 * @rules_changed: process context, may sleep; called without locks of the
 *	filter, after the new rules are in force.  Must not unregister a listener.
 * @node: private
 */
struct vint_listener {
	void (*rules_changed)(struct vint_listener *listener);
	struct list_head node;
};

void vint_listener_register(struct vint_listener *listener);
void vint_listener_unregister(struct vint_listener *listener);

struct vmbus_srv;
struct vrelay_dev;
struct vsrv_offer;

/**
 * struct vint_handover - an offer on its way to a hook
 * @offer: what the filter has decided about
 * @guest: what the guest would be offered without the hook; valid during the call
 * @srv: server of the guest that the offer was for; valid until revoke
 * @dev: the host's device, to be driven by <vmbus/hostdev.h>; valid until revoke
 * @state: what vint_hook::save() of a hook of the same name has left of this offer, or
 *	NULL; valid during the call.  That hook may have been of another version: check it.
 * @state_len: its bytes
 */
struct vint_handover {
	const struct vint_offer *offer;
	const struct vsrv_offer *guest;
	struct vmbus_srv *srv;
	struct vrelay_dev *dev;
	const void *state;
	size_t state_len;
};

/**
 * struct vint_hook - a module that takes offers over
 * @name: as in a rule "intercept:<name>"; "vpci" takes the VPCI class
 * @owner: module of the hook
 * @offer: an offer is this hook's from now on.  *@priv is the hook's own.
 *	0 or -errno: then the offer is hidden.  Process context, may sleep.
 * @save: revoke follows: leave what is to be known if the offer comes again, to this
 *	hook or one that takes its place.  *@state is kvmalloc()ed, and the caller's to
 *	free.  Its bytes, 0 for nothing, or -errno.  Lost if the host takes the offer
 *	back.  Optional.  Process context, may sleep.
 * @guest_has: the guest is stopped: does it have anything that @revoke takes back from it, and
 *	would wait for?  While it has, @revoke is not called.  A guest that stops after this
 *	was asked is waited for: see vsrv_revoke().  Optional: it has nothing.  Must not wait.
 * @revoke: the offer is gone or is no longer the hook's.  On return the hook
 *	uses nothing of it.  Process context, may sleep.
 * @node: private
 */
struct vint_hook {
	const char *name;
	struct module *owner;
	int (*offer)(struct vint_hook *hook, const struct vint_handover *handover, void **priv);
	ssize_t (*save)(struct vint_hook *hook, void *priv, void **state);
	bool (*guest_has)(struct vint_hook *hook, void *priv);
	void (*revoke)(struct vint_hook *hook, void *priv);
	struct list_head node;
};

int vint_hook_register(struct vint_hook *hook);
void vint_hook_unregister(struct vint_hook *hook);
struct vint_hook *vint_hook_get(const char *name);
void vint_hook_put(struct vint_hook *hook);

#endif /* _VMBUS_INTERCEPT_H */
