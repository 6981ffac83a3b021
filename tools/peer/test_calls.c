// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of /dev/vmbus_partition, wrongly and rightly.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "selftest.h"

#define KNOWN_FEATURES	(VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI | \
			 VMBUS_PARTITION_F_DIRTY_LOG | VMBUS_PARTITION_F_EVENTS | \
			 VMBUS_PARTITION_F_STOP)
#define SIMP		(RAM_GPA + PAGE_SIMP(0) * PAGE)
#define SIEFP		(RAM_GPA + PAGE_SIEFP(0) * PAGE)

static struct monitor m;

static void result(bool good, const char *what)
{
	int err = errno;

	if (!ok(good, "%s", what))
		note("errno %d (%s)", err, strerror(err));
}

/* The call fails with @err, or succeeds if that is 0. */
static void expect(int fd, unsigned long cmd, void *arg, int err, const char *what)
{
	int ret;

	errno = 0;
	ret = ioctl(fd, cmd, arg);
	result(err ? ret == -1 && errno == err : ret == 0, what);
}

static int open_device(void)
{
	int fd = open("/dev/vmbus_partition", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/vmbus_partition");
	return fd;
}

static void test_before_attach(int fd)
{
	struct vmbus_partition_mem_table table = { 0 };
	struct vmbus_partition_message msg = { 0 };
	struct vmbus_partition_signal sig = { 0 };
	struct vmbus_partition_synic synic = { 0 };
	struct vmbus_partition_deliverable ready = { 0 };
	struct vmbus_partition_kicks kicks = { 0 };
	struct vmbus_partition_mmio mmio = { .size = 4 };
	struct vmbus_partition_msis msis = { 0 };
	struct vmbus_partition_vp vp = { 0 };
	uint64_t features = ~0ULL;

	expect(fd, VMBUS_PARTITION_GET_FEATURES, &features, 0, "features can be read");
	result(features == KNOWN_FEATURES, "those that there are");
	features = VMBUS_PARTITION_F_MMAP;
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, EOPNOTSUPP, "a reserved feature");
	features = VMBUS_PARTITION_F_MSI;
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, EINVAL, "MSIs without events");
	features = 1ULL << 63;
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, EOPNOTSUPP, "an unknown feature");
	features = 0;
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, 0, "no feature");
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &table, ENOTCONN, "memory before attach");
	expect(fd, VMBUS_PARTITION_SET_VP, &vp, ENOTCONN, "VP before attach");
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &synic, ENOTCONN, "SynIC before attach");
	expect(fd, VMBUS_PARTITION_SET_KICKS, &kicks, ENOTCONN, "kicks before attach");
	expect(fd, VMBUS_PARTITION_POST_MESSAGE, &msg, ENOTCONN, "post before attach");
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, ENOTCONN, "signal before attach");
	expect(fd, VMBUS_PARTITION_RESET, NULL, ENOTCONN, "reset before attach");
	expect(fd, VMBUS_PARTITION_DELIVERABLE, &ready, ENOTCONN, "deliverable before attach");
	expect(fd, VMBUS_PARTITION_MMIO, &mmio, ENOTCONN, "MMIO before attach");
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, ENOTCONN, "MSIs before attach");
}

static void test_attach(int fd, const char *name)
{
	struct vmbus_partition_attach a = { 0 };
	uint64_t features = 0;
	int other;

	expect(fd, VMBUS_PARTITION_ATTACH, NULL, EFAULT, "attach without argument");
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EINVAL, "attach to the empty name");
	memset(a.name, 'x', sizeof(a.name));
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EINVAL, "attach to a name without end");
	memset(a.name, 0, sizeof(a.name));
	snprintf(a.name, sizeof(a.name), "../x");
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EINVAL, "attach to a path");
	snprintf(a.name, sizeof(a.name), "%s", name);
	a.flags = 2;
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EINVAL, "attach with an unknown flag");
	a.flags = VMBUS_PARTITION_ATTACH_FORWARD;
	expect(fd, VMBUS_PARTITION_ATTACH, &a, ENXIO, "forward without Hyper-V");
	a.flags = 0;
	a.reserved[6] = 1;
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EINVAL, "attach with a reserved field set");
	a.reserved[6] = 0;
	expect(fd, VMBUS_PARTITION_ATTACH, &a, 0, "attach");
	expect(fd, VMBUS_PARTITION_ATTACH, &a, EBUSY, "attach again");
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, EBUSY, "features after attach");
	other = open_device();
	expect(other, VMBUS_PARTITION_ATTACH, &a, EBUSY, "attach of a second monitor");
	close(other);
	expect(fd, _IO(VMBUS_PARTITION_IOC, 0x7f), NULL, ENOTTY, "an unknown call");
}

static void test_memory(int fd)
{
	struct vmbus_partition_region r[2] = {
		{ .gpa = RAM_GPA, .size = RAM_PAGES * PAGE, .uaddr = (uintptr_t)m.ram },
	};
	struct vmbus_partition_mem_table t = { .nregions = 1, .regions = (uintptr_t)r };

	t.flags = 1;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "memory with an unknown flag");
	t.flags = 0;
	t.reserved = 1;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "memory with a reserved field set");
	t.reserved = 0;
	t.nregions = VMBUS_PARTITION_MAX_REGIONS + 1;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "memory of too many regions");
	t.nregions = 1;
	t.regions = 8;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EFAULT, "memory table at a bad address");
	t.regions = (uintptr_t)r;
	r[0].flags = 4;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "region with an unknown flag");
	r[0].flags = VMBUS_PARTITION_REGION_LOG;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "region to log, without the feature");
	r[0].flags = 0;
	r[1] = r[0];
	t.nregions = 2;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "regions that overlap");
	t.nregions = 1;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, 0, "memory");
}

/* Memory of this process that is charged as locked, in kB. */
static unsigned long locked_kb(void)
{
	unsigned long kb = ~0UL;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	if (!f)
		die("/proc/self/status");
	while (fgets(line, sizeof(line), f) && sscanf(line, "VmLck: %lu", &kb) != 1)
		;
	fclose(f);
	return kb;
}

/* A page that is in the memory table, and that this process cannot use: not charged. */
static void test_vp_no_page(int fd, struct vmbus_partition_synic *s)
{
	unsigned long kb = locked_kb();
	u8 *page = m.ram + PAGE_SIMP(0) * PAGE;

	if (mprotect(page, PAGE, PROT_NONE))
		die("mprotect");
	expect(fd, VMBUS_PARTITION_SET_SYNIC, s, EFAULT, "SynIC page that cannot be had");
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		die("mprotect");
	result(locked_kb() == kb, "it is not charged");
}

static void test_vp(int fd)
{
	struct vmbus_partition_synic s = { .control = 1, .simp = SIMP | 1, .siefp = SIEFP | 1 };
	struct vmbus_partition_vp v = { .call_fd = m.calls[0] };

	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, ENOENT, "SynIC of an unknown VP");
	v.vp = VMBUS_PARTITION_MAX_VPS;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, EINVAL, "VP index out of range");
	v.vp = 0;
	v.flags = 1;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, EINVAL, "VP with an unknown flag");
	v.flags = 0;
	v.call_fd = 9999;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, EBADF, "VP with a bad descriptor");
	v.call_fd = fd;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, EINVAL, "VP with what is no eventfd");
	v.call_fd = -2;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, EINVAL, "VP with descriptor -2");
	v.call_fd = -1;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, ENOENT, "taking away a VP that is not there");
	v.call_fd = m.calls[0];
	expect(fd, VMBUS_PARTITION_SET_VP, &v, 0, "VP");
	expect(fd, VMBUS_PARTITION_SET_VP, &v, 0, "VP a second time");

	s.flags = 1;
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, EINVAL, "SynIC with an unknown flag");
	s.flags = 0;
	s.simp = 1;
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, EFAULT, "SynIC page outside the memory");
	s.simp = SIMP | 1;
	test_vp_no_page(fd, &s);
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, 0, "SynIC");
}

static void test_kicks(int fd)
{
	int32_t fds[2] = { m.calls[0], 9999 };
	struct vmbus_partition_kicks k = {
		.first = VMBUS_PARTITION_CONNECTION_ID(1),
		.count = 2,
		.fds = (uintptr_t)fds,
	};

	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, EBADF, "kicks with a bad descriptor");
	k.count = VMBUS_PARTITION_MAX_KICKS + 1;
	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, EINVAL, "too many kicks");
	k.count = 1;
	k.flags = 1;
	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, EINVAL, "kicks with an unknown flag");
	k.flags = 0;
	k.first = 0xffffffff;
	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, EINVAL, "kicks of connections out of range");
	k.first = VMBUS_PARTITION_CONNECTION_ID(1);
	fds[0] = eventfd(0, EFD_CLOEXEC);
	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, 0, "kicks");
	expect(fd, VMBUS_PARTITION_SET_KICKS, &k, 0, "kicks a second time");
	close(fds[0]);
}

/* ---- the guest ------------------------------------------------------------------------- */

/* HV_STATUS of a post, or -errno. */
static int post(int fd, uint32_t connection, uint32_t type, uint32_t size)
{
	struct vmbus_partition_message msg = {
		.connection_id = connection,
		.message_type = type,
		.size = size,
		.payload[0] = VMBUS_MSG_CONTACT,
	};

	if (ioctl(fd, VMBUS_PARTITION_POST_MESSAGE, &msg))
		return -errno;
	return msg.status;
}

static bool alive(struct guest *g)
{
	return guest_contact(g, VMBUS_VERSION(5, 3), 0) && guest_unload(g);
}

/* Each call that takes something has to get it from somewhere. */
static void test_bad_addresses(int fd)
{
	static const unsigned long calls[] = {
		VMBUS_PARTITION_SET_FEATURES, VMBUS_PARTITION_SET_MEM_TABLE,
		VMBUS_PARTITION_SET_VP, VMBUS_PARTITION_SET_SYNIC, VMBUS_PARTITION_SET_KICKS,
		VMBUS_PARTITION_POST_MESSAGE, VMBUS_PARTITION_SIGNAL_EVENT,
		VMBUS_PARTITION_DELIVERABLE, VMBUS_PARTITION_GET_FEATURES,
	};
	unsigned int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		errno = 0;
		if (ioctl(fd, calls[i], NULL) == -1 && errno == EFAULT)
			good++;
		else
			note("call %#lx: errno %d", calls[i], errno);
	}
	ok(good == ARRAY_SIZE(calls), "%u of %zu calls at a bad address", good, ARRAY_SIZE(calls));
}

static void test_guest(int fd, struct guest *g)
{
	struct vmbus_partition_synic s = { .control = 1, .simp = SIMP | 1, .siefp = SIEFP | 1 };
	struct vmbus_partition_signal sig = { .connection_id = 0x2001 };
	struct vmbus_partition_message msg = { .flags = 1 };

	result(post(fd, 4, 1, 241) == -EINVAL, "a message that is too long");
	result(post(fd, 5, 1, 40) == 0x12, "a connection that nobody serves");
	result(post(fd, 0x800074, 1, 40) != 0, "a connection that is for VTL2 alone");
	result(post(fd, 4, 2, 40) == 0x05, "a message type that is not VMBus");
	expect(fd, VMBUS_PARTITION_POST_MESSAGE, &msg, EINVAL, "message with an unknown flag");
	msg.flags = 0;
	msg.vp = VMBUS_PARTITION_MAX_VPS;
	expect(fd, VMBUS_PARTITION_POST_MESSAGE, &msg, EINVAL, "message of no VP");
	sig.flags = 1;
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, EINVAL, "signal with an unknown flag");
	sig.flags = 0;
	sig.vp = VMBUS_PARTITION_MAX_VPS;
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, EINVAL, "signal of no VP");
	sig.vp = 0;
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, 0, "signal of a closed channel");
	result(sig.status == 0x12, "it has no connection");

	result(alive(g), "a connection");
	result(guest_contact(g, VMBUS_VERSION(5, 3), 0), "a connection to cut");
	expect(fd, VMBUS_PARTITION_RESET, NULL, 0, "reset");
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, 0, "SynIC after the reset");
	result(alive(g), "a connection after the reset");
}

/* ---- what PCI devices on the VMBus need; nobody serves any here --------------------------- */

#define VPCI_FEATURES	(VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI | VMBUS_PARTITION_F_EVENTS)
#define VPCI_MSIS	2

static void test_mmio(int fd)
{
	struct vmbus_partition_mmio read = { .gpa = 0xf00000000, .size = 4, .value = 5 };
	struct vmbus_partition_mmio write = { .gpa = 0xf00000000, .size = 8, .flags = 1 };
	struct vmbus_partition_mmio bad = { .size = 3 };

	expect(fd, VMBUS_PARTITION_MMIO, &read, 0, "a read of nobody's address");
	result(read.value == 0xffffffff, "it reads all ones, and no more");
	expect(fd, VMBUS_PARTITION_MMIO, &write, 0, "a write to nobody's address");
	expect(fd, VMBUS_PARTITION_MMIO, &bad, EINVAL, "an access of 3 bytes");
	bad.size = 4;
	bad.flags = 2;
	expect(fd, VMBUS_PARTITION_MMIO, &bad, EINVAL, "an access with an unknown flag");
	bad.flags = 0;
	bad.reserved = 1;
	expect(fd, VMBUS_PARTITION_MMIO, &bad, EINVAL, "an access with a reserved field set");
}

static void test_set_msis(int fd)
{
	int fds[VPCI_MSIS] = { eventfd(0, EFD_CLOEXEC), fd };
	struct vmbus_partition_msis msis = { .fds = (uintptr_t)fds };

	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, EINVAL, "no MSIs");
	msis.count = VMBUS_PARTITION_MAX_MSIS + 1;
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, EINVAL, "too many MSIs");
	msis.count = VPCI_MSIS;
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, EINVAL, "an MSI that is no eventfd");
	fds[1] = -1;
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, EBADF, "an MSI that is no file");
	fds[1] = eventfd(0, EFD_CLOEXEC);
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, 0, "MSIs");
	expect(fd, VMBUS_PARTITION_SET_MSIS, &msis, EBUSY, "MSIs a second time");
	close(fds[0]);
	close(fds[1]);
}

static void test_msis(int fd)
{
	struct vmbus_partition_vp vp = { .vp = 3, .call_fd = m.calls[0] };
	struct vmbus_partition_retarget r = {
		.address = 0xfee00000, .vector = 0x40, .vps = { 1 << 3 },
	};
	struct vmbus_partition_msi msi = { 0 };

	expect(fd, VMBUS_PARTITION_NEXT_MSI, &msi, ENOENT, "no route");
	expect(fd, VMBUS_PARTITION_MSI_ROUTED, &msi, 0, "a route that nobody waits for");
	msi.msi = VPCI_MSIS;
	expect(fd, VMBUS_PARTITION_MSI_ROUTED, &msi, EINVAL, "a route of no MSI");
	expect(fd, VMBUS_PARTITION_RETARGET, &r, 0, "retarget to no VP");
	result(r.status == 0x0e, "there is no such VP");
	expect(fd, VMBUS_PARTITION_SET_VP, &vp, 0, "a VP");
	expect(fd, VMBUS_PARTITION_RETARGET, &r, 0, "retarget of no MSI");
	result(r.status == 0x05, "there is no such MSI");
	r.flags = 1;
	expect(fd, VMBUS_PARTITION_RETARGET, &r, EINVAL, "retarget with an unknown flag");
	expect(fd, VMBUS_PARTITION_RESET, NULL, 0, "reset");
	expect(fd, VMBUS_PARTITION_NEXT_MSI, &msi, ENOENT, "no route after it");
}

static void test_vpci(void)
{
	struct vmbus_partition_attach a = { .name = "selftest-vpci" };
	uint64_t features = VPCI_FEATURES;
	int fd = open_device();

	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, 0, "features of VPCI");
	expect(fd, VMBUS_PARTITION_ATTACH, &a, 0, "attach with them");
	test_mmio(fd);
	test_set_msis(fd);
	test_msis(fd);
	close(fd);
}

/**
 * test_calls - the calls of a monitor
 */
void test_calls(void)
{
	struct guest g = { .m = &m, .connection = VMBUS_CONN_MESSAGE_MULTI };

	m.ram = mmap(NULL, RAM_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	m.calls[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m.ram == MAP_FAILED || m.calls[0] < 0)
		die("memory and eventfd");

	m.fd = open_device();
	test_before_attach(m.fd);
	test_attach(m.fd, opt.partition);
	test_memory(m.fd);
	test_vp(m.fd);
	test_kicks(m.fd);
	test_bad_addresses(m.fd);
	test_guest(m.fd, &g);
	close(m.fd);

	/* The name is free again, and the server is as good as new. */
	m.fd = open_device();
	test_attach(m.fd, opt.partition);
	test_memory(m.fd);
	test_vp(m.fd);
	result(alive(&g), "a connection of the next guest");
	close(m.fd);
	test_vpci();
	close(m.calls[0]);
	munmap(m.ram, RAM_PAGES * PAGE);
}
