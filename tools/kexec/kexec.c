// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec [-p] KERNEL INITRAMFS COMMAND-LINE: load a kernel to start next; with -p when
 *	this one crashes.
 * kexec -e: start it.
 *
 * The distributions' program needs libraries of Xen; these two calls are all that a
 * guest of the tests wants of it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const char *name)
{
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

int main(int argc, char **argv)
{
	unsigned long flags = 0;

	if (argc == 2 && !strcmp(argv[1], "-e")) {
		reboot(LINUX_REBOOT_CMD_KEXEC);
		err(1, "reboot");
	}
	if (argc > 1 && !strcmp(argv[1], "-p")) {
		flags = KEXEC_FILE_ON_CRASH;
		argv++;
		argc--;
	}
	if (argc != 4)
		errx(2, "usage: kexec [-p] KERNEL INITRAMFS COMMAND-LINE, or kexec -e");
	/* The length of the command line counts its end. */
	if (syscall(SYS_kexec_file_load, open_file(argv[1]), open_file(argv[2]),
		    strlen(argv[3]) + 1, argv[3], flags))
		err(1, "kexec_file_load");
	return 0;
}
