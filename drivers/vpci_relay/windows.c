// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the host serves configuration space: a window for each bus, in addresses of this
 * kernel that have nothing else behind them.  Only an administrator knows which these are.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "vpci_relay.h"

#define VPCI_WINDOWS_MAX	1024

static DEFINE_MUTEX(vpci_windows_lock);	/* protects what follows */
static u64 vpci_windows_start;
static unsigned int vpci_windows_count;
static DECLARE_BITMAP(vpci_windows_used, VPCI_WINDOWS_MAX);

/**
 * vpci_window_get() - a window for a bus
 *
 * Context: process, may sleep.
 * Return: its address, or 0 if there is none left.
 */
u64 vpci_window_get(void)
{
	u64 window = 0;
	unsigned int i;

	mutex_lock(&vpci_windows_lock);
	i = find_first_zero_bit(vpci_windows_used, vpci_windows_count);
	if (i < vpci_windows_count) {
		__set_bit(i, vpci_windows_used);
		window = vpci_windows_start + (u64)i * VPCI_WINDOW_SIZE;
	}
	mutex_unlock(&vpci_windows_lock);
	return window;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_window_get);

/**
 * vpci_window_put() - the opposite
 * @window: of vpci_window_get(), or 0
 *
 * Context: process, may sleep.
 */
void vpci_window_put(u64 window)
{
	if (!window)
		return;
	mutex_lock(&vpci_windows_lock);
	__clear_bit((window - vpci_windows_start) / VPCI_WINDOW_SIZE, vpci_windows_used);
	mutex_unlock(&vpci_windows_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_window_put);

/**
 * vpci_range_parse() - parse a range of addresses
 * @text: START-END, where END is behind the last byte; or "none"
 * @start: result, a multiple of 4096
 * @end: result; both are 0 for "none"
 *
 * Return: 0 or -EINVAL.
 */
int vpci_range_parse(const char *text, u64 *start, u64 *end)
{
	char buf[48], *dash;

	if (strscpy(buf, text) < 0)
		return -EINVAL;
	text = strim(buf);
	*start = 0;
	*end = 0;
	if (!strcmp(text, "none"))
		return 0;
	dash = strchr(text, '-');
	if (!dash)
		return -EINVAL;
	*dash = '\0';
	if (kstrtou64(text, 0, start) || kstrtou64(dash + 1, 0, end))
		return -EINVAL;
	if (!*start || *start % SZ_4K || *end <= *start || *end > VPCI_ADDRESS_LIMIT)
		return -EINVAL;
	return 0;
}

/* This kernel has its memory there, or a driver has that of a device. */
static bool vpci_range_is_used(u64 start, u64 len)
{
	return region_intersects(start, len, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	       REGION_DISJOINT ||
	       region_intersects(start, len, IORESOURCE_BUSY, IORES_DESC_NONE) !=
	       REGION_DISJOINT;
}

/**
 * vpci_windows_set() - say where windows may be
 * @text: START-END, or "none"
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL with a message, -EBUSY with one if a window that is in use would move, or
 * this kernel, a guest or the other range has some of it.
 */
int vpci_windows_set(const char *text)
{
	unsigned int count;
	u64 start, end;
	int err;

	err = vpci_range_parse(text, &start, &end);
	if (err || (end - start) % VPCI_WINDOW_SIZE ||
	    end - start > (u64)VPCI_WINDOWS_MAX * VPCI_WINDOW_SIZE) {
		pr_err("windows: give START-END, a multiple of %#x bytes and at most %#llx, from a page boundary on, or none\n",
		       VPCI_WINDOW_SIZE, (u64)VPCI_WINDOWS_MAX * VPCI_WINDOW_SIZE);
		return -EINVAL;
	}
	count = (end - start) / VPCI_WINDOW_SIZE;
	mutex_lock(&vpci_windows_lock);
	/* Those in use stay where they are. */
	if (!bitmap_empty(vpci_windows_used, VPCI_WINDOWS_MAX) &&
	    (start != vpci_windows_start ||
	     find_next_bit(vpci_windows_used, VPCI_WINDOWS_MAX, count) < VPCI_WINDOWS_MAX)) {
		pr_err("windows: some are in use: keep START and these, or hide the VPCI offers first\n");
		err = -EBUSY;
	} else if (count && vpci_range_is_used(start, end - start)) {
		pr_err("windows: there is something in %#llx-%#llx already: see /proc/iomem\n",
		       start, end);
		err = -EBUSY;
	} else {
		err = vpci_claim_reserve(VPCI_RESERVED_WINDOWS, "windows", start, end - start);
	}
	if (!err) {
		vpci_windows_start = start;
		vpci_windows_count = count;
	}
	mutex_unlock(&vpci_windows_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_windows_set);

/**
 * vpci_windows_show() - as vpci_windows_set() takes it
 * @buf: of a file in sysfs
 *
 * Return: bytes.
 */
ssize_t vpci_windows_show(char *buf)
{
	ssize_t len;

	mutex_lock(&vpci_windows_lock);
	if (vpci_windows_count)
		len = sysfs_emit(buf, "%#llx-%#llx\n", vpci_windows_start, vpci_windows_start +
				 (u64)vpci_windows_count * VPCI_WINDOW_SIZE);
	else
		len = sysfs_emit(buf, "none\n");
	mutex_unlock(&vpci_windows_lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_windows_show);
