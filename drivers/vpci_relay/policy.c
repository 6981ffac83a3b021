// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices a guest may have, and which this kernel keeps: the rules in force, of
 * allow.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/mutex.h>

#include "trace.h"
#include "vpci_relay.h"

static DEFINE_MUTEX(vpci_policy_lock);	/* protects vpci_policy */
static struct vpci_allow_list vpci_policy;

/**
 * vpci_policy_decide() - who gets a device?
 * @instance: of its bus
 * @desc: device
 * @decision: as it was, and as it is now; zero for a device that has just come
 *
 * What is decided anew leaves a trace, also if but the number of the rule is another: who
 * reads that looks it up in the list.
 *
 * Context: process, may sleep; the caller serializes it for a device.
 * Return: true if it is not as it was.
 */
bool vpci_policy_decide(const guid_t *instance, const struct vpci_desc *desc,
			struct vpci_decision *decision)
{
	struct vpci_decision was = *decision;

	mutex_lock(&vpci_policy_lock);
	decision->disposition = vpci_allow_decide(&vpci_policy, desc, &decision->by);
	mutex_unlock(&vpci_policy_lock);
	decision->made = true;
	if (was.made && was.disposition == decision->disposition && was.by == decision->by)
		return false;
	trace_vpci_policy(instance, desc, decision->disposition, decision->by);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_policy_decide);

/**
 * vpci_policy_change() - add a rule, or remove it
 * @add: add it
 * @text: rule
 * @len: bytes of it
 *
 * Devices that are there are not looked at: see vpci_relay_policy_changed().
 *
 * Context: process, may sleep.
 * Return: 0, or what vpci_allow_add() and vpci_allow_remove() return, with a message.
 */
int vpci_policy_change(bool add, const char *text, size_t len)
{
	struct vpci_allow_error error;
	int err;

	mutex_lock(&vpci_policy_lock);
	err = add ? vpci_allow_add(&vpci_policy, text, len, &error) :
		    vpci_allow_remove(&vpci_policy, text, len, &error);
	mutex_unlock(&vpci_policy_lock);
	if (err)
		pr_err("%s: %s\n", add ? "add_rule" : "remove_rule", error.text);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_policy_change);

/**
 * vpci_policy_show() - all rules
 * @buf: of a file in sysfs
 *
 * Return: bytes.
 */
ssize_t vpci_policy_show(char *buf)
{
	ssize_t len;

	mutex_lock(&vpci_policy_lock);
	len = vpci_allow_show(&vpci_policy, buf, PAGE_SIZE);
	mutex_unlock(&vpci_policy_lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_policy_show);
