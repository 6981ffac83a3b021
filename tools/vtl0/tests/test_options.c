// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "test.h"

#define MAX_ARGS	16
#define GOOD		"--kernel", "k", "--memory", "256", "--cpus", "2", "--partition", "p"

static const char *parse(struct options *o, const char *const *args)
{
	char *argv[MAX_ARGS + 2] = { "vtl0" };
	int argc = 1;

	while (args[argc - 1]) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	return options_parse(o, argc, argv);
}

struct bad {
	const char *args[MAX_ARGS];
	const char *why;	/* part of the message */
};

static const struct bad bad[] = {
	{ { NULL }, "--kernel is missing" },
	{ { "--kernel", "k", "--cpus", "1", "--partition", "p" }, "--memory is missing" },
	{ { "--kernel", "k", "--memory", "64", "--partition", "p" }, "--cpus is missing" },
	{ { "--kernel", "k", "--memory", "64", "--cpus", "1" }, "--partition is missing" },
	{ { GOOD, "--cpus", "0" }, "--cpus" },
	{ { GOOD, "--cpus", "9" }, "--cpus" },
	{ { GOOD, "--cpus", "2x" }, "--cpus" },
	{ { GOOD, "--cpus", "" }, "--cpus" },
	{ { GOOD, "--cpus", "-1" }, "--cpus" },
	{ { GOOD, "--cpus", " 1" }, "--cpus" },
	{ { GOOD, "--memory", "63" }, "--memory" },
	{ { GOOD, "--memory", "32769" }, "--memory" },
	{ { GOOD, "--memory", "18446744073709551680" }, "--memory" },
	{ { GOOD, "--memory", "0x100" }, "--memory" },
	{ { GOOD, "--partition", "" }, "--partition" },
	{ { GOOD, "--partition", "a/b" }, "--partition" },
	{ { GOOD, "--partition", "a b" }, "--partition" },
	{ { GOOD, "--partition", "12345678901234567890123456789012" }, "--partition" },
	{ { GOOD, "--colour" }, "bad option: --colour" },
	{ { GOOD, "-x" }, "bad option" },
	{ { GOOD, "--append" }, "argument is missing: --append" },
	{ { GOOD, "--no-server-reset=1" }, "bad option" },
	{ { GOOD, "--vpci=1" }, "bad option" },
	{ { GOOD, "--numa=1" }, "bad option" },
	{ { GOOD, "--numa", "--memory", "255" }, "--numa needs" },
	{ { GOOD, "disk.img" }, "unexpected argument: disk.img" },
};

static void test_bad(void)
{
	struct options o;
	const char *why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		why = parse(&o, bad[i].args);
		ok(why && strstr(why, bad[i].why), "options: refused: %s", bad[i].why);
		ok(why && !strchr(why, '\n'), "options: one line");
	}
}

static void test_good(void)
{
	static const char *const few[] = { GOOD, NULL };
	static const char *const all[] = {
		GOOD, "--initrd", "i", "--append", "a b", "--no-server-reset", "--vpci",
		"--numa", "--device", "/d", NULL
	};
	static const char *const help[] = { "--help", NULL };
	static const char *const longest[] = {
		GOOD, "--partition", "A.z-0_6789012345678901234567890", "--cpus", "8", NULL
	};
	struct options o;

	ok(!parse(&o, few), "options: the mandatory ones are enough");
	ok(!strcmp(o.kernel, "k") && o.memory == 256 * MIB && o.cpus == 2 &&
	   !strcmp(o.partition, "p"), "options: their values");
	ok(!o.initrd && !strcmp(o.append, "") && o.server_reset && !o.vpci && !o.numa &&
	   !o.help && !strcmp(o.device, "/dev/vmbus_partition"), "options: defaults");

	ok(!parse(&o, all), "options: all of them");
	ok(!strcmp(o.initrd, "i") && !strcmp(o.append, "a b") && !o.server_reset &&
	   o.vpci && o.numa && !strcmp(o.device, "/d"), "options: their values");

	ok(!parse(&o, longest) && o.cpus == 8, "options: a name of 31, and 8 vCPUs");
	ok(!parse(&o, help) && o.help, "options: --help stands alone");
}

void test_options(void)
{
	test_good();
	test_bad();
}
