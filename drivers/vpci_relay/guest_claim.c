// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a guest has put memory of devices, and windows, on all of its buses; and which ranges
 * an administrator has given to the host for this kernel.
 *
 * The host maps what it is told: if that is two things at one place, only the host knows
 * which of them it is.  There are few of them, and they seldom change: a list will do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "guest_priv.h"

struct vpci_range {
	u64 start;
	u64 len;
};

static DEFINE_MUTEX(vpci_claims_lock);	/* protects what follows, and what is in the list */
static LIST_HEAD(vpci_claims);
static struct vpci_range vpci_reserved[VPCI_RESERVED_RANGES];

static bool vpci_claim_meets(const struct vpci_claim *claim, u64 start, u64 len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(claim->ranges); i++)
		if (vpci_ranges_meet(claim->ranges[i].start, claim->ranges[i].len, start, len))
			return true;
	return false;
}

static bool vpci_claims_meet(const struct vpci_claim *a, const struct vpci_claim *b)
{
	unsigned int i;

	if (a->part != b->part)
		return false;
	for (i = 0; i < ARRAY_SIZE(b->ranges); i++)
		if (vpci_claim_meets(a, b->ranges[i].start, b->ranges[i].len))
			return true;
	return false;
}

/* Of whichever guest: this kernel shares the addresses of each. */
static bool vpci_claim_is_reserved(const struct vpci_claim *claim)
{
	unsigned int i;

	lockdep_assert_held(&vpci_claims_lock);
	for (i = 0; i < VPCI_RESERVED_RANGES; i++)
		if (vpci_claim_meets(claim, vpci_reserved[i].start, vpci_reserved[i].len))
			return true;
	return false;
}

/**
 * vpci_claim_take() - addresses are about to be used
 * @claim: those, not held
 * @whose: result: the bus that has some of them, if this fails; zeros: the ranges of this
 *	kernel have
 *
 * Context: process, may sleep.
 * Return: true, with the claim held until vpci_claim_drop(); false if another one that is
 * held, or vpci_claim_reserve(), has any of them.
 */
bool vpci_claim_take(struct vpci_claim *claim, guid_t *whose)
{
	const struct vpci_claim *other;
	bool taken;

	mutex_lock(&vpci_claims_lock);
	taken = vpci_claim_is_reserved(claim);
	if (taken)
		*whose = guid_null;
	list_for_each_entry(other, &vpci_claims, node) {
		if (taken)
			break;
		taken = vpci_claims_meet(claim, other);
		if (taken)
			*whose = *other->instance;
	}
	if (!taken)
		list_add(&claim->node, &vpci_claims);
	claim->held = !taken;
	mutex_unlock(&vpci_claims_lock);
	return !taken;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_claim_take);

/**
 * vpci_claim_drop() - addresses are not used any more
 * @claim: those, held or not
 *
 * Context: process, may sleep.
 */
void vpci_claim_drop(struct vpci_claim *claim)
{
	mutex_lock(&vpci_claims_lock);
	if (claim->held)
		list_del(&claim->node);
	claim->held = false;
	mutex_unlock(&vpci_claims_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_claim_drop);

static int vpci_claim_check(enum vpci_reserved which, const char *name, u64 start, u64 len)
{
	const struct vpci_claim *claim;
	unsigned int i;

	lockdep_assert_held(&vpci_claims_lock);
	for (i = 0; i < VPCI_RESERVED_RANGES; i++) {
		if (i == which ||
		    !vpci_ranges_meet(vpci_reserved[i].start, vpci_reserved[i].len, start, len))
			continue;
		pr_err("%s: \"windows\" and \"local_memory\" overlap: give each addresses of its own\n",
		       name);
		return -EBUSY;
	}
	list_for_each_entry(claim, &vpci_claims, node) {
		if (!vpci_claim_meets(claim, start, len))
			continue;
		pr_err("%s: a guest has memory or the window of %pUl there: give other addresses\n",
		       name, claim->instance);
		return -EBUSY;
	}
	return 0;
}

/**
 * vpci_claim_reserve() - addresses are for this kernel's use of the host
 * @which: range
 * @name: of the file it is written to, for messages
 * @start: first address
 * @len: bytes; 0: there are none
 *
 * What the range was before is given up, unless this fails.
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY if a guest, or the other range, has any of them, with a message.
 */
int vpci_claim_reserve(enum vpci_reserved which, const char *name, u64 start, u64 len)
{
	int err;

	mutex_lock(&vpci_claims_lock);
	err = vpci_claim_check(which, name, start, len);
	if (!err)
		vpci_reserved[which] = (struct vpci_range) { .start = start, .len = len };
	mutex_unlock(&vpci_claims_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_claim_reserve);
