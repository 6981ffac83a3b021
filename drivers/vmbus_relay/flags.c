// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets each of the host's event flags: the same for every transport.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "vrelay.h"

/**
 * struct vrelay_binding - who gets an event flag
 * @fn: callback
 * @ctx: its argument
 */
struct vrelay_binding {
	void (*fn)(void *ctx);
	void *ctx;
};

/**
 * vrelay_flags_bind() - vrelay_host_ops::bind_event()
 * @flags: event flags of a transport
 * @flag: one of them
 * @fn: callback; any context, must not sleep
 * @ctx: its argument
 *
 * Context: process, may sleep; calls for the same flag are the client's, under its lock.
 * Return: 0, -EINVAL for a flag that does not exist, -EBUSY for one that is bound, -ENOMEM.
 */
int vrelay_flags_bind(struct vrelay_flags *flags, u16 flag, void (*fn)(void *ctx), void *ctx)
{
	struct vrelay_binding *binding;

	if (flag >= VRELAY_EVENT_FLAGS)
		return -EINVAL;
	if (rcu_access_pointer(flags->bindings[flag]))
		return -EBUSY;
	binding = kmalloc(sizeof(*binding), GFP_KERNEL);
	if (!binding)
		return -ENOMEM;
	binding->fn = fn;
	binding->ctx = ctx;
	rcu_assign_pointer(flags->bindings[flag], binding);
	return 0;
}

/**
 * vrelay_flags_unbind() - vrelay_host_ops::unbind_event()
 * @flags: event flags of a transport
 * @flag: one that is bound
 *
 * On return the callback neither runs nor is called again.
 *
 * Context: process, may sleep.
 */
void vrelay_flags_unbind(struct vrelay_flags *flags, u16 flag)
{
	struct vrelay_binding *binding;

	binding = rcu_replace_pointer(flags->bindings[flag], NULL, true);
	/* Also waits for callbacks that run: the caller frees their context. */
	synchronize_rcu();
	kfree(binding);
}

/**
 * vrelay_flags_fire() - the host has set an event flag
 * @flags: event flags of a transport
 * @flag: which, any value
 *
 * Context: any but NMI.
 * Return: false if nobody wants it.
 */
bool vrelay_flags_fire(struct vrelay_flags *flags, u16 flag)
{
	struct vrelay_binding *binding = NULL;

	rcu_read_lock();
	if (flag < VRELAY_EVENT_FLAGS)
		binding = rcu_dereference(flags->bindings[flag]);
	if (binding)
		binding->fn(binding->ctx);
	rcu_read_unlock();
	return binding;
}
