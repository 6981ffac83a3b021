// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in this kernel's addresses is the memory of devices that it keeps: a range that has
 * nothing behind it but what the host is told to put there.  All buses share it; Linux
 * gives each device its part.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/ioport.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "local.h"
#include "vpci_relay.h"

static DEFINE_MUTEX(vpci_local_window_lock);	/* protects what follows */
static struct resource *vpci_local_window;
static unsigned int vpci_local_window_users;

/**
 * vpci_local_window_get() - addresses for a bus
 *
 * Context: process, may sleep.
 * Return: the range, until vpci_local_window_put(); NULL if there is none.
 */
struct resource *vpci_local_window_get(void)
{
	struct resource *window;

	mutex_lock(&vpci_local_window_lock);
	window = vpci_local_window;
	vpci_local_window_users += !!window;
	mutex_unlock(&vpci_local_window_lock);
	return window;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_window_get);

/* The opposite, with nothing of the bus in it any more. */
void vpci_local_window_put(void)
{
	mutex_lock(&vpci_local_window_lock);
	vpci_local_window_users--;
	mutex_unlock(&vpci_local_window_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_window_put);

/*
 * Nothing is there, so far as this kernel knows: at most a range that is set aside.  What
 * drivers have in it can be found only if it is not busy itself.
 */
static int vpci_local_window_take(u64 start, u64 end)
{
	struct resource *window;

	if (region_intersects(start, end - start, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return -EBUSY;
	window = request_mem_region(start, end - start, "vpci_relay");
	if (!window)
		return -EBUSY;
	window->flags &= ~IORESOURCE_BUSY;
	vpci_local_window = window;
	return 0;
}

/* What others may still have in it stays: release_mem_region() would lose that. */
static void vpci_local_window_drop(void)
{
	struct resource *window = vpci_local_window;

	if (!window)
		return;
	vpci_local_window = NULL;
	remove_resource(window);
	kfree(window);
}

static int vpci_local_window_reserve(u64 start, u64 end)
{
	return vpci_claim_reserve(VPCI_RESERVED_LOCAL_WINDOWS, "local_windows", start, end - start);
}

static int vpci_local_window_change(u64 start, u64 end)
{
	struct resource *window = vpci_local_window;
	u64 old_start = window ? window->start : 0, old_end = window ? window->end + 1 : 0;
	int err;

	lockdep_assert_held(&vpci_local_window_lock);
	if (start == old_start && end == old_end)
		return 0;
	if (vpci_local_window_users) {
		pr_err("local_windows: in use: remove the rules that keep devices first\n");
		return -EBUSY;
	}
	/* It is not busy itself, so that another driver can be in there. */
	if (window && READ_ONCE(window->child)) {
		pr_err("local_windows: %#llx-%#llx is used by another driver: see /proc/iomem, and unbind it\n",
		       old_start, old_end);
		return -EBUSY;
	}
	err = vpci_local_window_reserve(start, end);
	if (err)
		return err;
	vpci_local_window_drop();
	if (!end)
		return 0;
	err = vpci_local_window_take(start, end);
	if (err) {
		pr_err("local_windows: there is something in %#llx-%#llx already: see /proc/iomem\n",
		       start, end);
		/* What there was is still free, unless a guest was quicker. */
		if (vpci_local_window_reserve(old_start, old_end))
			vpci_local_window_reserve(0, 0);
		else if (old_end)
			vpci_local_window_take(old_start, old_end);
	}
	return err;
}

/**
 * vpci_local_windows_set() - say where the memory of devices may be
 * @text: START-END, or "none"
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL, -EBUSY if something is there, be it of a guest, or the old range is in
 * use, with a message.
 */
int vpci_local_windows_set(const char *text)
{
	u64 start, end;
	int err;

	err = vpci_range_parse(text, &start, &end);
	if (err || end % SZ_4K) {
		pr_err("local_windows: give START-END, both multiples of 4096, or none\n");
		return -EINVAL;
	}
	mutex_lock(&vpci_local_window_lock);
	err = vpci_local_window_change(start, end);
	mutex_unlock(&vpci_local_window_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_windows_set);

/**
 * vpci_local_windows_show() - as vpci_local_windows_set() takes it
 * @buf: of a file in sysfs
 *
 * Return: bytes.
 */
ssize_t vpci_local_windows_show(char *buf)
{
	const struct resource *window;
	ssize_t len;

	mutex_lock(&vpci_local_window_lock);
	window = vpci_local_window;
	if (window)
		len = sysfs_emit(buf, "%#llx-%#llx\n", (u64)window->start, (u64)window->end + 1);
	else
		len = sysfs_emit(buf, "none\n");
	mutex_unlock(&vpci_local_window_lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_windows_show);

/* Nobody uses it any more. */
void vpci_local_windows_exit(void)
{
	mutex_lock(&vpci_local_window_lock);
	vpci_local_window_drop();
	mutex_unlock(&vpci_local_window_lock);
}
