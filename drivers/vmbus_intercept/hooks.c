// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks that take offers over, and listeners that hear of changes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "vint.h"

/* Protects vint_hooks. */
static DEFINE_MUTEX(vint_hooks_lock);
static LIST_HEAD(vint_hooks);

/* Protects vint_listeners against other writers; readers are in vint_listeners_srcu. */
static DEFINE_MUTEX(vint_listeners_lock);
static LIST_HEAD(vint_listeners);
DEFINE_STATIC_SRCU(vint_listeners_srcu);

static struct vint_hook *vint_hook_find(const char *name)
{
	struct vint_hook *hook;

	lockdep_assert_held(&vint_hooks_lock);
	list_for_each_entry(hook, &vint_hooks, node)
		if (!strcmp(hook->name, name))
			return hook;
	return NULL;
}

/**
 * vint_hook_register() - offer to take over offers
 * @hook: name, owner and callbacks are set; stays the caller's
 *
 * Callbacks may come before this returns: let it be the last step of a module's
 * init that can fail.  Listeners are told, so that offers that wait for this
 * hook get to it.
 *
 * Return: 0, -EINVAL for a bad name or a missing callback, -EEXIST if there is a
 * hook of this name.
 */
int vint_hook_register(struct vint_hook *hook)
{
	int err = 0;

	if (!hook->name || !vint_hook_name_valid(hook->name) || !hook->offer || !hook->revoke) {
		pr_err("hook refused: it needs a name of 1 to %d of a-z, 0-9, _ and -, and callbacks\n",
		       VINT_HOOK_NAME_SIZE - 1);
		return -EINVAL;
	}
	mutex_lock(&vint_hooks_lock);
	if (vint_hook_find(hook->name))
		err = -EEXIST;
	else
		list_add_tail(&hook->node, &vint_hooks);
	mutex_unlock(&vint_hooks_lock);
	if (err)
		pr_err("hook %s is registered already\n", hook->name);
	else
		vint_listeners_call();
	return err;
}
EXPORT_SYMBOL_GPL(vint_hook_register);

/**
 * vint_hook_unregister() - take a hook back
 * @hook: hook
 *
 * Only where nobody has the hook: in the exit of its module, which users of the
 * hook keep from being unloaded.
 */
void vint_hook_unregister(struct vint_hook *hook)
{
	mutex_lock(&vint_hooks_lock);
	list_del(&hook->node);
	mutex_unlock(&vint_hooks_lock);
}
EXPORT_SYMBOL_GPL(vint_hook_unregister);

/**
 * vint_hook_get() - find a hook and keep its module
 * @name: name of the hook
 *
 * Return: the hook, to be given back with vint_hook_put(), or NULL if there is
 * none of this name or its module is being unloaded.
 */
struct vint_hook *vint_hook_get(const char *name)
{
	struct vint_hook *hook;

	mutex_lock(&vint_hooks_lock);
	hook = vint_hook_find(name);
	if (hook && !try_module_get(hook->owner))
		hook = NULL;
	mutex_unlock(&vint_hooks_lock);
	return hook;
}
EXPORT_SYMBOL_GPL(vint_hook_get);

/**
 * vint_hook_put() - give a hook back
 * @hook: of vint_hook_get()
 */
void vint_hook_put(struct vint_hook *hook)
{
	module_put(hook->owner);
}
EXPORT_SYMBOL_GPL(vint_hook_put);

/**
 * vint_listener_register() - hear of changes from now on
 * @listener: listener, stays the caller's
 */
void vint_listener_register(struct vint_listener *listener)
{
	mutex_lock(&vint_listeners_lock);
	list_add_tail_rcu(&listener->node, &vint_listeners);
	mutex_unlock(&vint_listeners_lock);
}
EXPORT_SYMBOL_GPL(vint_listener_register);

/**
 * vint_listener_unregister() - hear of changes no more
 * @listener: listener; on return it is not being called and will not be
 */
void vint_listener_unregister(struct vint_listener *listener)
{
	mutex_lock(&vint_listeners_lock);
	list_del_rcu(&listener->node);
	mutex_unlock(&vint_listeners_lock);
	synchronize_srcu(&vint_listeners_srcu);
}
EXPORT_SYMBOL_GPL(vint_listener_unregister);

/* Tells all listeners.  No lock held. */
void vint_listeners_call(void)
{
	struct vint_listener *listener;
	int idx;

	idx = srcu_read_lock(&vint_listeners_srcu);
	list_for_each_entry_srcu(listener, &vint_listeners, node,
				 srcu_read_lock_held(&vint_listeners_srcu))
		listener->rules_changed(listener);
	srcu_read_unlock(&vint_listeners_srcu, idx);
}
