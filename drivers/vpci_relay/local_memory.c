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

static DEFINE_MUTEX(vpci_local_memory_lock);	/* protects what follows */
static struct resource *vpci_local_memory;
static unsigned int vpci_local_memory_users;

/**
 * vpci_local_memory_get() - addresses for a bus
 *
 * Context: process, may sleep.
 * Return: the range, until vpci_local_memory_put(); NULL if there is none.
 */
struct resource *vpci_local_memory_get(void)
{
	struct resource *range;

	mutex_lock(&vpci_local_memory_lock);
	range = vpci_local_memory;
	vpci_local_memory_users += !!range;
	mutex_unlock(&vpci_local_memory_lock);
	return range;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_memory_get);

/* The opposite, with nothing of the bus in it any more. */
void vpci_local_memory_put(void)
{
	mutex_lock(&vpci_local_memory_lock);
	vpci_local_memory_users--;
	mutex_unlock(&vpci_local_memory_lock);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_memory_put);

/*
 * Nothing is there, so far as this kernel knows: at most a range that is set aside.  What
 * drivers have in it can be found only if it is not busy itself.
 */
static int vpci_local_memory_take(u64 start, u64 end)
{
	struct resource *range;

	range = request_mem_region(start, end - start, "vpci_relay");
	if (!range)
		return -EBUSY;
	range->flags &= ~IORESOURCE_BUSY;
	vpci_local_memory = range;
	return 0;
}

/* What others may still have in it stays: release_mem_region() would lose that. */
static void vpci_local_memory_drop(void)
{
	struct resource *range = vpci_local_memory;

	if (!range)
		return;
	vpci_local_memory = NULL;
	remove_resource(range);
	kfree(range);
}

static int vpci_local_memory_reserve(u64 start, u64 end)
{
	return vpci_claim_reserve(VPCI_RESERVED_LOCAL_MEMORY, "local_memory", start, end - start);
}

static int vpci_local_memory_refuse(u64 start, u64 end)
{
	pr_err("local_memory: there is something in %#llx-%#llx already: see /proc/iomem\n",
	       start, end);
	return -EBUSY;
}

static int vpci_local_memory_change(u64 start, u64 end)
{
	struct resource *range = vpci_local_memory;
	u64 old_start = range ? range->start : 0, old_end = range ? range->end + 1 : 0;
	int err;

	lockdep_assert_held(&vpci_local_memory_lock);
	if (start == old_start && end == old_end)
		return 0;
	if (vpci_local_memory_users) {
		pr_err("local_memory: in use: remove the rules that keep devices first\n");
		return -EBUSY;
	}
	/* It is not busy itself, so that another driver can be in there. */
	if (range && READ_ONCE(range->child)) {
		pr_err("local_memory: %#llx-%#llx is used by another driver: see /proc/iomem, and unbind it\n",
		       old_start, old_end);
		return -EBUSY;
	}
	if (end && region_intersects(start, end - start, IORESOURCE_SYSTEM_RAM,
				     IORES_DESC_NONE) != REGION_DISJOINT)
		return vpci_local_memory_refuse(start, end);
	err = vpci_local_memory_reserve(start, end);
	if (err)
		return err;
	vpci_local_memory_drop();
	if (!end || !vpci_local_memory_take(start, end))
		return 0;
	/* What there was is still free, unless a guest or a driver was quicker. */
	if (!old_end || vpci_local_memory_reserve(old_start, old_end) ||
	    vpci_local_memory_take(old_start, old_end))
		vpci_local_memory_reserve(0, 0);
	return vpci_local_memory_refuse(start, end);
}

/**
 * vpci_local_memory_set() - say where the memory of devices may be
 * @text: START-END, or "none"
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL, -EBUSY if something is there, be it of a guest, or the old range is in
 * use, with a message.
 */
int vpci_local_memory_set(const char *text)
{
	u64 start, end;
	int err;

	err = vpci_range_parse(text, &start, &end);
	if (err || end % SZ_4K) {
		pr_err("local_memory: give START-END, both multiples of 4096, or none\n");
		return -EINVAL;
	}
	mutex_lock(&vpci_local_memory_lock);
	err = vpci_local_memory_change(start, end);
	mutex_unlock(&vpci_local_memory_lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_memory_set);

/**
 * vpci_local_memory_show() - as vpci_local_memory_set() takes it
 * @buf: of a file in sysfs
 *
 * Return: bytes.
 */
ssize_t vpci_local_memory_show(char *buf)
{
	const struct resource *range;
	ssize_t len;

	mutex_lock(&vpci_local_memory_lock);
	range = vpci_local_memory;
	if (range)
		len = sysfs_emit(buf, "%#llx-%#llx\n", (u64)range->start, (u64)range->end + 1);
	else
		len = sysfs_emit(buf, "none\n");
	mutex_unlock(&vpci_local_memory_lock);
	return len;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_local_memory_show);

/* Nobody uses it any more. */
void vpci_local_memory_exit(void)
{
	mutex_lock(&vpci_local_memory_lock);
	vpci_local_memory_drop();
	mutex_unlock(&vpci_local_memory_lock);
}
