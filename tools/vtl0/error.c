// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of the program when something fails: one line that says what.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "vtl0.h"

/**
 * die - say what is wrong and end the program
 * @status: exit status
 * @fmt: printf() format of the line, without newline
 *
 * Context: any thread.  Only the first one that dies speaks.
 */
void die(int status, const char *fmt, ...)
{
	static atomic_flag dying = ATOMIC_FLAG_INIT;
	char line[256];
	va_list args;

	while (atomic_flag_test_and_set(&dying))
		pause();
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fprintf(stderr, "vtl0: %s\n", line);
	_exit(status);
}

/**
 * die_errno - end the program after a system call failed
 * @what: what failed, as in perror()
 */
void die_errno(const char *what)
{
	die(STATUS_FAILED, "%s: %s (errno %d)", what, strerror(errno), errno);
}

/**
 * must_ioctl_named - an ioctl that must succeed
 * @fd: file
 * @request: number of the ioctl
 * @name: its name
 * @arg: argument
 *
 * Return: the ioctl's value, not negative.
 */
int must_ioctl_named(int fd, unsigned long request, const char *name, unsigned long arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		die_errno(name);
	return ret;
}

/**
 * must_eventfd - make an eventfd
 *
 * Return: its file descriptor.
 */
int must_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		die_errno("eventfd");
	return fd;
}
