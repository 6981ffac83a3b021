// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest has seen of the disks, and whether it sees them now.
 *
 * A guest that closes one channel of a controller closes them all, and when it loses
 * one it cannot use the disks any more: they are there on all channels, or on none.
 */
#include <kunit/visibility.h>
#include <linux/jiffies.h>
#include "storvsp.h"

/* A guest that had something to ask so lately may still have much to write. */
#define STORVSP_RECENT		(5 * HZ)

/**
 * storvsp_scan_open - the guest opens a channel
 * @scan: of its controller
 * @primary: the primary channel: it starts anew
 *
 * Context: process.
 */
void storvsp_scan_open(struct storvsp_scan *scan, bool primary)
{
	spin_lock_irq(&scan->lock);
	scan->hidden = false;
	scan->quiet = 0;
	if (primary) {
		WRITE_ONCE(scan->scanned, false);
		WRITE_ONCE(scan->top, 0);
	}
	spin_unlock_irq(&scan->lock);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_open);

/**
 * storvsp_scan_request - the guest has sent a request
 * @scan: of the controller
 *
 * Context: any.
 */
void storvsp_scan_request(struct storvsp_scan *scan)
{
	unsigned long now = jiffies;

	/* The line is written once per tick, not by each request of each channel. */
	if (READ_ONCE(scan->last) != now)
		WRITE_ONCE(scan->last, now);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_request);

/**
 * storvsp_scan_looked - the guest has sent a command
 * @scan: of the controller
 * @address: path and target
 *
 * A guest looks at addresses in ascending order.
 *
 * Context: in the reader of a channel.
 * Return: true for the first one.
 */
bool storvsp_scan_looked(struct storvsp_scan *scan, u16 address)
{
	bool first;

	if (READ_ONCE(scan->scanned) && address <= READ_ONCE(scan->top) &&
	    !READ_ONCE(scan->retired))
		return false;
	spin_lock_irq(&scan->lock);
	first = !scan->scanned;
	WRITE_ONCE(scan->scanned, true);
	WRITE_ONCE(scan->top, max(scan->top, address));
	if (!address && scan->look == STORVSP_LOOK_NONE)
		scan->look = STORVSP_LOOK_BEGUN;
	if (address == scan->top && scan->look == STORVSP_LOOK_BEGUN)
		scan->look = STORVSP_LOOK_ENDED;
	spin_unlock_irq(&scan->lock);
	return first;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_looked);

/**
 * storvsp_scan_empty - does the guest see no disks?
 * @scan: of the controller
 *
 * Context: any.
 * Return: true if so.
 */
bool storvsp_scan_empty(const struct storvsp_scan *scan)
{
	return READ_ONCE(scan->hidden) || READ_ONCE(scan->retired);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_empty);

/* From now on the guest has to be quiet for so long. */
static void storvsp_scan_gone(struct storvsp_scan *scan)
{
	lockdep_assert_held(&scan->lock);
	scan->quiet = time_before(jiffies, scan->last + STORVSP_RECENT) ?
		      STORVSP_QUIET_BUSY : STORVSP_QUIET;
	WRITE_ONCE(scan->gone, jiffies);
}

/**
 * storvsp_scan_silent - has the guest had nothing to ask for so long?
 * @scan: of the controller
 * @quiet: jiffies; counted from when the disks went, or were last asked for
 *
 * Context: of who has hidden them, or taken them from the guest.
 * Return: true if so.
 */
bool storvsp_scan_silent(const struct storvsp_scan *scan, unsigned long quiet)
{
	return time_after(jiffies, READ_ONCE(scan->last) + quiet) &&
	       time_after(jiffies, READ_ONCE(scan->gone) + quiet);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_silent);

/**
 * storvsp_scan_hide - a channel is closed: hide the disks
 * @scan: of the controller
 *
 * Context: process.
 * Return: true if the guest uses them, as far as one knows.
 */
bool storvsp_scan_hide(struct storvsp_scan *scan)
{
	bool used;

	spin_lock_irq(&scan->lock);
	used = scan->scanned && !scan->retired;
	if (used && !scan->quiet)
		storvsp_scan_gone(scan);
	WRITE_ONCE(scan->hidden, true);
	spin_unlock_irq(&scan->lock);
	return used;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_hide);

/**
 * storvsp_scan_retire - the controller goes: hide the disks
 * @scan: of the controller
 *
 * Context: process.
 */
void storvsp_scan_retire(struct storvsp_scan *scan)
{
	spin_lock_irq(&scan->lock);
	WRITE_ONCE(scan->retired, true);
	scan->look = STORVSP_LOOK_NONE;
	storvsp_scan_gone(scan);
	spin_unlock_irq(&scan->lock);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_scan_retire);
