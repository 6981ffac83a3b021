// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test can read of a bus: /sys/kernel/debug/vmbus_testroot_vpci/<bus>, a line for
 * each thing: its name, and its value or values.  A function is a line that begins with
 * "fn": slot, kind, serial, state, interrupts that it has raised.  Lines that begin with
 * "config" and a slot are its configuration space, as lspci -F takes it.
 */
#include <linux/debugfs.h>
#include <linux/pci_regs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "testroot_vpci.h"

struct dentry *tvp_debugfs;

static const char *const tvp_knob_names[] = {
	[TVP_ONLY] = "only",
	[TVP_TIMES] = "times",
	[TVP_LATE] = "late",
	[TVP_SILENT] = "silent",
	[TVP_SHORT] = "short",
	[TVP_STATUS] = "status",
	[TVP_TRANS] = "trans",
	[TVP_VERSION] = "version",
	[TVP_MASKS] = "masks",
	[TVP_MASK0] = "mask0",
	[TVP_MASK1] = "mask1",
	[TVP_MASK2] = "mask2",
	[TVP_MASK3] = "mask3",
	[TVP_MASK4] = "mask4",
	[TVP_MASK5] = "mask5",
	[TVP_MAX_VERSION] = "max_version",
	[TVP_FAIL_OPEN] = "fail_open",
	[TVP_FAIL_INTERRUPT] = "fail_interrupt",
};

static_assert(ARRAY_SIZE(tvp_knob_names) == TVP_KNOBS);

static const char *const tvp_counter_names[] = {
	[TVP_OPENS] = "opens",
	[TVP_CLOSES] = "closes",
	[TVP_UNKNOWN] = "unknown",
	[TVP_REFUSED] = "refused",
	[TVP_BROKEN] = "broken",
	[TVP_COMPLETIONS] = "completions",
	[TVP_MISBEHAVED] = "misbehaved",
	[TVP_RELATIONS] = "relations",
	[TVP_EJECTS] = "ejects",
	[TVP_EJECTED] = "ejected",
	[TVP_RESETS] = "resets",
	[TVP_WINDOWS] = "windows",
	[TVP_CONFIG_READS] = "config_reads",
	[TVP_CONFIG_WRITES] = "config_writes",
	[TVP_WINDOW_ERRORS] = "window_errors",
	[TVP_BAR_READS] = "bar_reads",
	[TVP_BAR_WRITES] = "bar_writes",
	[TVP_BAR_CONFLICTS] = "bar_conflicts",
	[TVP_INTERRUPTS] = "interrupts",
	[TVP_INTERRUPTS_LOST] = "interrupts_lost",
	[TVP_MSIS_CREATED] = "msis_created",
	[TVP_MSIS_DELETED] = "msis_deleted",
	[TVP_DMA_BYTES] = "dma_bytes",
	[TVP_DMA_ERRORS] = "dma_errors",
};

static_assert(ARRAY_SIZE(tvp_counter_names) == TVP_COUNTERS);

static const char *const tvp_states[] = {
	[VPCI_FN_PRESENT] = "present",
	[VPCI_FN_EJECTING] = "ejecting",
	[VPCI_FN_EJECTED] = "ejected",
};

/**
 * tvp_knob_find() - a knob by its name
 * @name: name
 *
 * Return: enum tvp_knob, or -EINVAL.
 */
int tvp_knob_find(const char *name)
{
	return match_string(tvp_knob_names, TVP_KNOBS, name);
}

#define TVP_SHOW_BYTES	16	/* in a line */

static void tvp_show_config(struct seq_file *s, struct tvp_fn *fn)
{
	u8 line[TVP_SHOW_BYTES];
	unsigned int at, i;

	for (at = 0; at < PCI_CFG_SPACE_SIZE; at += sizeof(line)) {
		mutex_lock(&fn->bus->config_lock);
		for (i = 0; i < sizeof(line); i++)
			line[i] = tvp_fn_config_read(fn, at + i, 1);
		mutex_unlock(&fn->bus->config_lock);
		seq_printf(s, "config %u %02x: %*ph\n", fn->fn.desc.slot, at, TVP_SHOW_BYTES, line);
	}
}

static void tvp_show_fns(struct seq_file *s, struct tvp_bus *bus)
{
	const struct vpci_desc *desc;
	struct vpci_bus_fn *vfn;
	struct tvp_fn *fn;

	list_for_each_entry(vfn, &bus->vpci.fns, node) {
		fn = to_tvp_fn(vfn);
		desc = &vfn->desc;
		seq_printf(s, "fn %u %s %#x %s %lld\n", desc->slot, fn->path ? "nvme" : "copy",
			   desc->serial, tvp_states[vfn->state], atomic64_read(&fn->interrupts));
		tvp_show_config(s, fn);
	}
}

static int tvp_bus_show(struct seq_file *s, void *unused)
{
	struct tvp_bus *bus = s->private;
	unsigned int i;

	mutex_lock(&bus->lock);
	seq_printf(s, "open %d\n", bus->open);
	seq_printf(s, "version %#x\n", bus->vpci.version);
	seq_printf(s, "window %#llx\n", bus->vpci.d0 ? bus->vpci.window : 0);
	tvp_show_fns(s, bus);
	for (i = 0; i < TVP_KNOBS; i++)
		seq_printf(s, "knob_%s %u\n", tvp_knob_names[i], bus->knobs[i]);
	mutex_unlock(&bus->lock);
	for (i = 0; i < TVP_COUNTERS; i++)
		seq_printf(s, "%s %lld\n", tvp_counter_names[i], atomic64_read(&bus->counters[i]));
	for (i = 0; i < TVP_TYPES; i++)
		seq_printf(s, "request_%02x %lld\n", i, atomic64_read(&bus->requests[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(tvp_bus);

/**
 * tvp_show_add() - a bus can be read
 * @bus: bus; debugfs_remove() of tvp_bus::dir ends that
 */
void tvp_show_add(struct tvp_bus *bus)
{
	char name[8];

	snprintf(name, sizeof(name), "%u", bus->index);
	bus->dir = debugfs_create_file(name, 0400, tvp_debugfs, bus, &tvp_bus_fops);
}
