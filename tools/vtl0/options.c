// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vtl0.h"

#define DEFAULT_DEVICE	"/dev/vmbus_partition"

enum {
	OPT_KERNEL = 1,
	OPT_INITRD,
	OPT_APPEND,
	OPT_MEMORY,
	OPT_CPUS,
	OPT_PARTITION,
	OPT_NO_SERVER_RESET,
	OPT_VPCI,
	OPT_NUMA,
	OPT_DEVICE,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "kernel",		required_argument,	NULL, OPT_KERNEL },
	{ "initrd",		required_argument,	NULL, OPT_INITRD },
	{ "append",		required_argument,	NULL, OPT_APPEND },
	{ "memory",		required_argument,	NULL, OPT_MEMORY },
	{ "cpus",		required_argument,	NULL, OPT_CPUS },
	{ "partition",		required_argument,	NULL, OPT_PARTITION },
	{ "no-server-reset",	no_argument,		NULL, OPT_NO_SERVER_RESET },
	{ "vpci",		no_argument,		NULL, OPT_VPCI },
	{ "numa",		no_argument,		NULL, OPT_NUMA },
	{ "device",		required_argument,	NULL, OPT_DEVICE },
	{ "help",		no_argument,		NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
"Usage: vtl0 --kernel FILE --memory MIB --cpus N --partition NAME [OPTIONS]\n"
"Boots a Linux guest under KVM whose VMBus is served by the kernel.\n"
"\n"
"  --kernel FILE      bzImage of the guest's kernel\n"
"  --initrd FILE      its initramfs\n"
"  --append STRING    its command line\n"
"  --memory MIB       guest memory, 64 to 32768 MiB\n"
"  --cpus N           number of vCPUs, 1 to 8\n"
"  --partition NAME   name of the guest for the VMBus server: up to 31 of\n"
"                     letters, digits, '_', '.' and '-'\n"
"  --no-server-reset  when the guest resets, leave it to its next contact to\n"
"                     reset the VMBus server\n"
"  --vpci             what PCI devices on the VMBus need: address space for them,\n"
"                     MMIO, MSIs, and a hypercall that KVM does not have\n"
"  --numa             two NUMA nodes: 0 has the CPUs, and 1 the upper half of the\n"
"                     memory, of which there must be 256 MiB\n"
"  --device FILE      the partition device (" DEFAULT_DEVICE ")\n"
"  --help             show this text\n"
"\n"
"The guest's serial console is on stdin and stdout; a terminal's mode is left\n"
"as it is.  SIGUSR2 stops the VMBus for a moment, without the guest; SIGQUIT has\n"
"told on stderr what the guest's CPUs do.\n"
"Status: 0 when the guest powers off, 2 for a bad argument, 1 for any other\n"
"failure.\n";

/**
 * options_usage - print the usage on stdout
 */
void options_usage(void)
{
	fputs(usage, stdout);
}

static bool parse_number(const char *text, unsigned long min, unsigned long max,
			 unsigned long *value)
{
	char *end;

	/* strtoul() takes signs and spaces, too. */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return !errno && !*end && *value >= min && *value <= max;
}

/* The rule of struct vmbus_partition_attach. */
static bool partition_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < VMBUS_PARTITION_NAME_SIZE &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") ==
			len;
}

static const char *set_option(struct options *o, int opt, const char *arg)
{
	unsigned long n;

	switch (opt) {
	case OPT_KERNEL:
		o->kernel = arg;
		break;
	case OPT_INITRD:
		o->initrd = arg;
		break;
	case OPT_APPEND:
		o->append = arg;
		break;
	case OPT_MEMORY:
		if (!parse_number(arg, MEMORY_MIN_MIB, MEMORY_MAX_MIB, &n))
			return "--memory must be 64 to 32768 (MiB)";
		o->memory = n * MIB;
		break;
	case OPT_CPUS:
		if (!parse_number(arg, 1, VTL0_MAX_VCPUS, &n))
			return "--cpus must be 1 to 8";
		o->cpus = n;
		break;
	case OPT_PARTITION:
		if (!partition_name_valid(arg))
			return "--partition must be 1 to 31 letters, digits, '_', '.' or '-'";
		o->partition = arg;
		break;
	case OPT_NO_SERVER_RESET:
		o->server_reset = false;
		break;
	case OPT_VPCI:
		o->vpci = true;
		break;
	case OPT_NUMA:
		o->numa = true;
		break;
	case OPT_DEVICE:
		o->device = arg;
		break;
	case OPT_HELP:
		o->help = true;
		break;
	}
	return NULL;
}

static const char *wrong_options(const struct options *o)
{
	if (!o->kernel)
		return "--kernel is missing";
	if (!o->memory)
		return "--memory is missing";
	if (!o->cpus)
		return "--cpus is missing";
	if (!o->partition)
		return "--partition is missing";
	if (o->numa && o->memory < 2 * NUMA_ALIGN)
		return "--numa needs --memory of 256 (MiB) or more";
	return NULL;
}

/**
 * options_parse - read the command line
 * @o: result
 * @argc: of main()
 * @argv: of main()
 *
 * Context: one thread at a time.
 * Return: NULL, or what is wrong; valid until the next call.
 */
const char *options_parse(struct options *o, int argc, char **argv)
{
	static char why[128];
	const char *error;
	int opt;

	*o = (struct options) {
		.append = "",
		.device = DEFAULT_DEVICE,
		.server_reset = true,
	};
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", long_options, NULL)) != -1) {
		if (opt == '?' || opt == ':') {
			snprintf(why, sizeof(why), "%s: %s; see --help",
				 opt == ':' ? "argument is missing" : "bad option",
				 argv[optind - 1]);
			return why;
		}
		error = set_option(o, opt, optarg);
		if (error)
			return error;
		if (o->help)
			return NULL;
	}
	if (optind < argc) {
		snprintf(why, sizeof(why), "unexpected argument: %s", argv[optind]);
		return why;
	}
	return wrong_options(o);
}
