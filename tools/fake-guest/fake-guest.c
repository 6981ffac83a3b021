// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake-guest: a monitor and its guest in one, without any virtual machine.
 *
 * Makes every call of /dev/vmbus_partition wrongly and rightly, then posts to the
 * VMBus server of the partition "guest0" what a guest should not.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vmbus_partition.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL
#define NPAGES		16UL
#define GPA		0x100000ULL
#define SIMP		GPA
#define SIEFP		(GPA + PAGE)
#define SLOT		(2 * 256)	/* SINT 2 in the message page */
#define TIMEOUT_MS	3000

/* Messages and their sizes, see include/vmbus/protocol.h. */
#define MSG_REQUEST_OFFERS	3
#define MSG_ALL_OFFERS		4
#define MSG_CONTACT		14
#define MSG_VERSION_RESPONSE	15
#define MSG_UNLOAD		16
#define MSG_UNLOAD_COMPLETE	17
#define MSG_LAST		29
#define VERSION_5_3		0x50003

static unsigned int tests, failed;
static uint8_t *ram;
static int call_fd;

static void result(bool ok, const char *what)
{
	tests++;
	if (!ok)
		failed++;
	printf("%sok %u - %s\n", ok ? "" : "not ", tests, what);
	if (!ok)
		printf("# errno %d (%s)\n", errno, strerror(errno));
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

	if (fd < 0) {
		perror("/dev/vmbus_partition");
		exit(2);
	}
	return fd;
}

/* ---- calls ---------------------------------------------------------------------------- */

static void test_before_attach(int fd)
{
	struct vmbus_partition_mem_table table = { 0 };
	struct vmbus_partition_message msg = { 0 };
	struct vmbus_partition_signal sig = { 0 };
	struct vmbus_partition_synic synic = { 0 };
	struct vmbus_partition_deliverable ready = { 0 };
	struct vmbus_partition_kicks kicks = { 0 };
	struct vmbus_partition_vp vp = { 0 };
	uint64_t features = ~0ULL;

	expect(fd, VMBUS_PARTITION_GET_FEATURES, &features, 0, "features can be read");
	result(features == 0, "no feature is offered");
	features = VMBUS_PARTITION_F_MMIO;
	expect(fd, VMBUS_PARTITION_SET_FEATURES, &features, EOPNOTSUPP, "a reserved feature");
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
		{ .gpa = GPA, .size = NPAGES * PAGE, .uaddr = (uintptr_t)ram },
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
	r[0].flags = 2;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "region with an unknown flag");
	r[0].flags = 0;
	r[1] = r[0];
	t.nregions = 2;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, EINVAL, "regions that overlap");
	t.nregions = 1;
	expect(fd, VMBUS_PARTITION_SET_MEM_TABLE, &t, 0, "memory");
}

static void test_vp(int fd)
{
	struct vmbus_partition_synic s = { .control = 1, .simp = SIMP | 1, .siefp = SIEFP | 1 };
	struct vmbus_partition_vp v = { .call_fd = call_fd };

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
	v.call_fd = call_fd;
	expect(fd, VMBUS_PARTITION_SET_VP, &v, 0, "VP");
	expect(fd, VMBUS_PARTITION_SET_VP, &v, 0, "VP a second time");

	s.flags = 1;
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, EINVAL, "SynIC with an unknown flag");
	s.flags = 0;
	s.simp = 1;
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, EFAULT, "SynIC page outside the memory");
	s.simp = SIMP | 1;
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, 0, "SynIC");
}

static void test_kicks(int fd)
{
	int32_t fds[2] = { call_fd, 9999 };
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

/* ---- messages --------------------------------------------------------------------------- */

/* HV_STATUS of a post, or -errno. */
static int post(int fd, uint32_t connection, uint32_t type, const void *payload, uint32_t size)
{
	struct vmbus_partition_message m = {
		.connection_id = connection,
		.message_type = type,
		.size = size,
	};

	if (size <= sizeof(m.payload))
		memcpy(m.payload, payload, size);
	if (ioctl(fd, VMBUS_PARTITION_POST_MESSAGE, &m))
		return -errno;
	return m.status;
}

/* The next message of the server: its type, 0 after a while. */
static uint32_t receive(void *payload, uint8_t *size)
{
	uint8_t *slot = ram + SLOT;
	uint32_t type = 0;
	int ms;

	for (ms = 0; ms < TIMEOUT_MS; ms++) {
		if (__atomic_load_n((uint32_t *)slot, __ATOMIC_ACQUIRE)) {
			*size = slot[4];
			memcpy(payload, slot + 16, *size);
			memcpy(&type, payload, sizeof(type));
			__atomic_store_n((uint32_t *)slot, 0, __ATOMIC_RELEASE);
			break;
		}
		usleep(1000);
	}
	return type;
}

static bool contact(int fd, uint32_t version, uint8_t want_supported)
{
	uint32_t msg[10] = { MSG_CONTACT, 0, version };
	uint8_t reply[240], size = 0;

	msg[4] = 2;	/* SINT 2, VTL 0 */
	return post(fd, 4, 1, msg, sizeof(msg)) == 0 &&
	       receive(reply, &size) == MSG_VERSION_RESPONSE && size >= 16 &&
	       reply[8] == want_supported;
}

static bool alive(int fd)
{
	uint32_t msg[2] = { MSG_UNLOAD };
	uint8_t reply[240], size;

	return contact(fd, VERSION_5_3, 1) && post(fd, 4, 1, msg, sizeof(msg)) == 0 &&
	       receive(reply, &size) == MSG_UNLOAD_COMPLETE;
}

static void test_posts(int fd)
{
	uint32_t msg[60] = { MSG_CONTACT };

	result(post(fd, 4, 1, msg, 241) == -EINVAL, "a message that is too long");
	result(post(fd, 5, 1, msg, 40) == 0x12, "a connection that nobody serves");
	result(post(fd, 0x800074, 1, msg, 40) != 0, "a connection that is for VTL2 alone");
	result(post(fd, 4, 2, msg, 40) == 0x05, "a message type that is not VMBus");
	result(contact(fd, 0x12345, 0), "an unknown version is answered");
	result(contact(fd, VERSION_5_3, 1), "version 5.3 is accepted");
	result(contact(fd, VERSION_5_3, 1), "a contact on the live connection is answered");
	result(alive(fd), "unload is answered");
}

/*
 * Post it, however often the server says that it is busy.  It is as long as its
 * answers are not taken: they are dropped.
 */
static bool post_patiently(int fd, const void *payload, uint32_t size)
{
	int ms, status = 0x13;

	for (ms = 0; ms < TIMEOUT_MS && status == 0x13; ms++) {
		__atomic_store_n((uint32_t *)(ram + SLOT), 0, __ATOMIC_RELEASE);
		status = post(fd, 4, 1, payload, size);
		if (status == 0x13)
			usleep(1000);
	}
	return status == 0;
}

/* Every type but contact, with every length and nonsense inside. */
static void test_hostile(int fd)
{
	uint32_t msg[60], type, size;
	uint8_t reply[240], len;
	bool taken = true;
	unsigned int seed = 1;

	result(contact(fd, VERSION_5_3, 1), "a connection to disturb");
	for (type = 0; type <= MSG_LAST + 2; type++) {
		if (type == MSG_CONTACT)
			continue;
		for (size = 0; size <= 240; size += 4) {
			for (unsigned int i = 0; i < 60; i++)
				msg[i] = rand_r(&seed) % 3 ? rand_r(&seed) & 7 : rand_r(&seed);
			msg[0] = type;
			taken &= post_patiently(fd, msg, size);
		}
	}
	result(taken, "nonsense of every type and length is taken");
	while (receive(reply, &len))
		;
	result(alive(fd), "the server serves on");
}

static void test_reset(int fd)
{
	struct vmbus_partition_synic s = { .control = 1, .simp = SIMP | 1, .siefp = SIEFP | 1 };
	struct vmbus_partition_signal sig = { .connection_id = 0x2001 };

	sig.flags = 1;
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, EINVAL, "signal with an unknown flag");
	sig.flags = 0;
	expect(fd, VMBUS_PARTITION_SIGNAL_EVENT, &sig, 0, "signal of a closed channel");
	result(sig.status == 0x12, "it has no connection");
	result(contact(fd, VERSION_5_3, 1), "a connection to cut");
	expect(fd, VMBUS_PARTITION_RESET, NULL, 0, "reset");
	expect(fd, VMBUS_PARTITION_SET_SYNIC, &s, 0, "SynIC after the reset");
	result(alive(fd), "a connection after the reset");
}

int main(void)
{
	int fd = open_device();

	setvbuf(stdout, NULL, _IOLBF, 0);
	ram = mmap(NULL, NPAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ram == MAP_FAILED || call_fd < 0) {
		perror("fake-guest");
		return 2;
	}

	test_before_attach(fd);
	test_attach(fd, "guest0");
	test_memory(fd);
	test_vp(fd);
	test_kicks(fd);
	test_posts(fd);
	test_hostile(fd);
	test_reset(fd);
	close(fd);

	/* The name is free again, and the server is as good as new. */
	fd = open_device();
	test_attach(fd, "guest0");
	test_memory(fd);
	test_vp(fd);
	result(alive(fd), "a connection of the next guest");

	printf("1..%u\n", tests);
	return failed ? 1 : 0;
}
