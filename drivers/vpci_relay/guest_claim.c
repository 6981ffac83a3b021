// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a guest has put memory of devices, and windows, on all of its buses.
 *
 * The host maps what it is told: if that is two things at one place, only the host knows
 * which of them it is.  There are few of them, and they seldom change: a list will do.
 */
#include <kunit/visibility.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "guest_bus.h"

static DEFINE_MUTEX(vpci_claims_lock);	/* protects vpci_claims, and what is in it */
static LIST_HEAD(vpci_claims);

static bool vpci_claims_meet(const struct vpci_claim *a, const struct vpci_claim *b)
{
	unsigned int i, j;

	if (a->part != b->part)
		return false;
	for (i = 0; i < ARRAY_SIZE(a->ranges); i++)
		for (j = 0; j < ARRAY_SIZE(b->ranges); j++)
			if (vpci_ranges_meet(a->ranges[i].start, a->ranges[i].len,
					     b->ranges[j].start, b->ranges[j].len))
				return true;
	return false;
}

/**
 * vpci_claim_take() - addresses are about to be used
 * @claim: those, not held
 * @whose: result: the bus that has some of them, if this fails
 *
 * Context: process, may sleep.
 * Return: true, with the claim held until vpci_claim_drop(); false if another one that is
 * held has any of them.
 */
bool vpci_claim_take(struct vpci_claim *claim, guid_t *whose)
{
	const struct vpci_claim *other;
	bool taken = false;

	mutex_lock(&vpci_claims_lock);
	list_for_each_entry(other, &vpci_claims, node) {
		taken = vpci_claims_meet(claim, other);
		if (!taken)
			continue;
		*whose = *other->instance;
		break;
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
