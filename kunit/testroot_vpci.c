// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus_testroot_vpci: VPCI buses of a host, for tests.
 *
 * What is written to the parameter "request" is done at once:
 *
 *	bus <bus> [<server>]			make one, with nothing on it
 *	add <bus> <slot> copy [<option>...]	put a copy engine on it
 *	add <bus> <slot> nvme <path> [<option>...]
 *						or a controller with this file or block device
 *	offer <bus>				offer it
 *	remove <bus> <slot>			take a function away, without a word before
 *	replace <bus> <slot> <serial>		another one takes its place
 *	eject <bus> <slot>			ask for it to be let go
 *	invalidate <bus> <slot> <mask>		configuration blocks have changed
 *	knob <bus> <name> <value>		misbehave: enum tvp_knob
 *	say <bus> inband|completion <transaction id> <bytes in hexadecimal>
 *	revoke <bus>				take the bus back; what is on it stays
 *	unbus <bus>				and end it
 *
 * Options are serial=<n>, queues=<n> (of nvme), node=<n>, and vtl2 for an nvme that VTL2
 * keeps: testroot_vpci_vtl2.c.  A slot is the number of a device, or in general VPCI_SLOT().
 * Linux calls the domain of bus n 0x1000 + n.  What there is to read is in debugfs:
 * testroot_vpci_show.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/hex.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <vmbus/compat.h>

#include "testroot_vpci.h"

#define TVP_QUEUES	4	/* of a controller, unless said otherwise */

static char *server = "root";
module_param(server, charp, 0444);
MODULE_PARM_DESC(server, "VMBus server to offer buses on");

static DEFINE_MUTEX(tvp_lock);	/* one request at a time; protects what follows */
static LIST_HEAD(tvp_buses);
static bool tvp_up;

/**
 * struct tvp_call - a request
 * @bus: bus that it is about, or NULL
 * @index: number of that
 * @argc: words behind it
 * @argv: those
 */
struct tvp_call {
	struct tvp_bus *bus;
	unsigned int index;
	int argc;
	char **argv;
};

/**
 * struct tvp_verb - a kind of request
 * @name: its first word
 * @min: fewest words behind the number of the bus
 * @max: most of them
 * @fresh: the bus must not be there; else it must
 * @run: does it
 */
struct tvp_verb {
	const char *name;
	int min;
	int max;
	bool fresh;
	int (*run)(const struct tvp_call *call);
};

/**
 * tvp_find() - a bus by its number
 * @index: number
 *
 * For who sees to it that it stays.
 *
 * Return: the bus, or NULL.
 */
struct tvp_bus *tvp_find(unsigned int index)
{
	struct tvp_bus *bus;

	list_for_each_entry(bus, &tvp_buses, node)
		if (bus->index == index)
			return bus;
	return NULL;
}
EXPORT_SYMBOL_GPL(tvp_find);

/* ---- requests -------------------------------------------------------------------------- */

static int tvp_do_bus(const struct tvp_call *call)
{
	struct tvp_bus *bus;

	bus = tvp_bus_create(call->argc ? call->argv[0] : server, call->index);
	if (IS_ERR(bus))
		return PTR_ERR(bus);
	list_add_tail(&bus->node, &tvp_buses);
	tvp_show_add(bus);
	return 0;
}

static void tvp_end_bus(struct tvp_bus *bus)
{
	debugfs_remove(bus->dir);
	list_del(&bus->node);
	tvp_bus_destroy(bus);
}

static int tvp_do_unbus(const struct tvp_call *call)
{
	tvp_end_bus(call->bus);
	return 0;
}

static int tvp_do_offer(const struct tvp_call *call)
{
	return tvp_bus_offer(call->bus);
}

static int tvp_do_revoke(const struct tvp_call *call)
{
	tvp_bus_revoke(call->bus);
	return 0;
}

static int tvp_option(const char *text, struct tvp_fn_params *params)
{
	if (strstarts(text, "serial="))
		return kstrtou32(text + 7, 0, &params->serial);
	if (strstarts(text, "queues=") && params->path)
		return kstrtou16(text + 7, 0, &params->queues);
	if (strstarts(text, "node="))
		return kstrtoint(text + 5, 0, &params->numa_node);
	if (strcmp(text, "vtl2"))
		return -EINVAL;
	params->vtl2 = true;
	return 0;
}

static int tvp_do_add(const struct tvp_call *call)
{
	struct tvp_fn_params params = { .queues = TVP_QUEUES, .numa_node = -1 };
	int err, i = 2;

	err = kstrtou32(call->argv[0], 0, &params.slot);
	if (err)
		return err;
	if (!strcmp(call->argv[1], "nvme") && call->argc > 2)
		params.path = call->argv[i++];
	else if (strcmp(call->argv[1], "copy"))
		return -EINVAL;
	for (; !err && i < call->argc; i++)
		err = tvp_option(call->argv[i], &params);
	return err ?: tvp_bus_add(call->bus, &params);
}

static int tvp_do_remove(const struct tvp_call *call)
{
	u32 slot;

	return kstrtou32(call->argv[0], 0, &slot) ?: tvp_bus_remove(call->bus, slot);
}

static int tvp_do_replace(const struct tvp_call *call)
{
	u32 slot, serial;

	return kstrtou32(call->argv[0], 0, &slot) ?: kstrtou32(call->argv[1], 0, &serial) ?:
	       tvp_bus_replace(call->bus, slot, serial);
}

static int tvp_do_eject(const struct tvp_call *call)
{
	u32 slot;

	return kstrtou32(call->argv[0], 0, &slot) ?: tvp_bus_eject(call->bus, slot);
}

static int tvp_do_invalidate(const struct tvp_call *call)
{
	u32 slot;
	u64 mask;

	return kstrtou32(call->argv[0], 0, &slot) ?: kstrtou64(call->argv[1], 0, &mask) ?:
	       tvp_bus_invalidate(call->bus, slot, mask);
}

static int tvp_do_knob(const struct tvp_call *call)
{
	int knob = tvp_knob_find(call->argv[0]), err;
	u32 value;

	if (knob < 0)
		return knob;
	err = kstrtou32(call->argv[1], 0, &value);
	if (err)
		return err;
	mutex_lock(&call->bus->lock);
	call->bus->knobs[knob] = value;
	mutex_unlock(&call->bus->lock);
	return 0;
}

static int tvp_do_say(const struct tvp_call *call)
{
	const char *text = call->argc > 2 ? call->argv[2] : "";
	size_t len = strlen(text) / 2;
	u16 type = VM_PKT_COMP;
	u64 trans_id;
	u8 *msg;
	int err;

	if (!strcmp(call->argv[0], "inband"))
		type = VM_PKT_DATA_INBAND;
	else if (strcmp(call->argv[0], "completion"))
		return -EINVAL;
	err = kstrtou64(call->argv[1], 0, &trans_id);
	if (err)
		return err;
	if (strlen(text) % 2 || len > TVP_MAX_SAID)
		return -EINVAL;
	msg = kvmalloc(len ?: 1, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = hex2bin(msg, text, len);
	if (!err)
		err = tvp_bus_say(call->bus, type, trans_id, msg, len);
	kvfree(msg);
	return err;
}

static const struct tvp_verb tvp_verbs[] = {
	{ "bus", 0, 1, true, tvp_do_bus },
	{ "unbus", 0, 0, false, tvp_do_unbus },
	{ "offer", 0, 0, false, tvp_do_offer },
	{ "revoke", 0, 0, false, tvp_do_revoke },
	{ "add", 2, 7, false, tvp_do_add },
	{ "remove", 1, 1, false, tvp_do_remove },
	{ "replace", 2, 2, false, tvp_do_replace },
	{ "eject", 1, 1, false, tvp_do_eject },
	{ "invalidate", 2, 2, false, tvp_do_invalidate },
	{ "knob", 2, 2, false, tvp_do_knob },
	{ "say", 2, 3, false, tvp_do_say },
};

static int tvp_run(const struct tvp_verb *verb, struct tvp_call *call)
{
	int err;

	if (call->argc < verb->min || call->argc > verb->max || call->index >= TVP_BUSES)
		return -EINVAL;
	mutex_lock(&tvp_lock);
	call->bus = tvp_find(call->index);
	if (!tvp_up)
		err = -EBUSY;
	else if (verb->fresh && call->bus)
		err = -EEXIST;
	else if (!verb->fresh && !call->bus)
		err = -ENOENT;
	else
		err = verb->run(call);
	mutex_unlock(&tvp_lock);
	return err;
}

/**
 * tvp_request() - do what a test asks for
 * @text: see above
 *
 * Return: 0; -EINVAL for what nobody understands, -ENOENT if there is no such bus, -EEXIST
 * if there is one, or what the request comes to.
 */
int tvp_request(const char *text)
{
	struct tvp_call call = { };
	int err = -EINVAL, argc;
	unsigned int i;
	char **argv;

	argv = argv_split(GFP_KERNEL, text, &argc);
	if (!argv)
		return -ENOMEM;
	if (argc >= 2)
		err = kstrtouint(argv[1], 0, &call.index);
	call.argc = argc - 2;
	call.argv = argv + 2;
	for (i = 0; !err && i < ARRAY_SIZE(tvp_verbs); i++) {
		if (strcmp(argv[0], tvp_verbs[i].name))
			continue;
		err = tvp_run(&tvp_verbs[i], &call);
		goto free;
	}
	err = -EINVAL;
free:
	argv_free(argv);
	return err;
}
EXPORT_SYMBOL_GPL(tvp_request);

static int tvp_request_set(const char *val, const struct kernel_param *kp)
{
	return tvp_request(val);
}

static const struct kernel_param_ops tvp_request_ops = {
	.set = tvp_request_set,
};
module_param_cb(request, &tvp_request_ops, NULL, 0200);

/* ---- life ------------------------------------------------------------------------------ */

static void tvp_set_up(bool up)
{
	mutex_lock(&tvp_lock);
	tvp_up = up;
	mutex_unlock(&tvp_lock);
}

static int __init tvp_init(void)
{
	tvp_debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	tvp_set_up(true);
	return 0;
}

static void __exit tvp_exit(void)
{
	struct tvp_bus *bus, *next;

	tvp_set_up(false);
	/* Nobody asks for anything any more. */
	list_for_each_entry_safe(bus, next, &tvp_buses, node)
		tvp_end_bus(bus);
	debugfs_remove(tvp_debugfs);
}

module_init(tvp_init);
module_exit(tvp_exit);

MODULE_DESCRIPTION("VPCI buses of a host that plays VMBus root, for tests");
MODULE_LICENSE("GPL");
VMBUS_IMPORT_KUNIT_NS;
