/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time limits.
 */
#ifndef _VMBUS_DEADLINE_H
#define _VMBUS_DEADLINE_H

#include <linux/jiffies.h>

/**
 * vmbus_jiffies_left() - how much time there is until a deadline
 * @deadline: in jiffies
 *
 * Context: any.
 * Return: jiffies, 0 if the deadline has come.
 */
static inline unsigned long vmbus_jiffies_left(unsigned long deadline)
{
	/* One look: the deadline may come before a second one. */
	unsigned long now = jiffies;

	return time_before(now, deadline) ? deadline - now : 0;
}

#endif /* _VMBUS_DEADLINE_H */
