// SPDX-License-Identifier: GPL-2.0-only
/*
 * vpci-copy DEVICE ADDRESS [ROUNDS]: drives the copy engine of the test host from a guest.
 *
 * DEVICE is its name in /sys/bus/pci/devices, ADDRESS that of 8 MiB of memory that the
 * guest's kernel does not use (memmap=).  In each round other bytes are copied from memory to
 * memory, into the engine's scratch memory, and out of it again; each must arrive, and
 * nothing else may change.
 *
 * Nothing waits for an interrupt: who drives a device through files has none.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../kunit/endpoint_copy.h"

#define MEMORY		(8 << 20)
#define PART		(MEMORY / 2)	/* what is copied, and where to */
#define GUARD		64		/* bytes around it that must stay */
#define PCI_COMMAND	4
#define COMMAND_BITS	0x6		/* memory, bus master */
#define SECONDS		60

/* Of the function: each access is one. */
static uint32_t *regs;
static uint64_t *scratch;
static uint8_t *memory;
static uint64_t address;

static int open_file(const char *device, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", device, name);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void *map(int fd, size_t size, off_t offset, const char *what)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (at == MAP_FAILED)
		err(1, "%s", what);
	close(fd);
	return at;
}

/* The BARs answer, and the function may move data. */
static void switch_on(const char *device)
{
	uint16_t command;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", device);
	fd = open(path, O_WRONLY);
	/* It is, if somebody has done so before. */
	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "%s", path);
	close(fd);
	fd = open_file(device, "config");
	if (pread(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		errx(1, "%s: no configuration space", device);
	command |= COMMAND_BITS;
	if (pwrite(fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		err(1, "%s", device);
	close(fd);
}

static uint32_t get(unsigned int reg)
{
	return __atomic_load_n(&regs[reg / 4], __ATOMIC_ACQUIRE);
}

static void put(unsigned int reg, uint32_t value)
{
	__atomic_store_n(&regs[reg / 4], value, __ATOMIC_RELEASE);
}

static void put_long(unsigned int reg, uint64_t value)
{
	put(reg, value);
	put(reg + 4, value >> 32);
}

static void copy(uint64_t from, uint64_t to, uint32_t length, uint32_t flags)
{
	time_t end = time(NULL) + SECONDS;

	put_long(COPY_REG_SOURCE, from);
	put_long(COPY_REG_DESTINATION, to);
	put(COPY_REG_LENGTH, length);
	put(COPY_REG_VECTOR, 0);
	put(COPY_REG_FLAGS, flags);
	put(COPY_REG_CONTROL, COPY_GO);
	while (get(COPY_REG_STATUS) == COPY_BUSY) {
		if (time(NULL) > end)
			errx(1, "%u bytes take more than %d s", length, SECONDS);
		usleep(100);
	}
	if (get(COPY_REG_STATUS) != COPY_DONE)
		errx(1, "%u bytes from %#llx to %#llx: status %#x, error %u", length,
		     (unsigned long long)from, (unsigned long long)to, get(COPY_REG_STATUS),
		     get(COPY_REG_ERROR));
}

static void fill(uint8_t *at, size_t length)
{
	while (length--)
		*at++ = random();
}

static void expect_guard(const uint8_t *at, const char *where)
{
	unsigned int i;

	for (i = 0; i < GUARD; i++)
		if (at[i] != 0xa5)
			errx(1, "a byte %s what was copied has changed", where);
}

/* Bytes at @from of the first part are now at @to of the second, and nothing around them */
static void expect_copied(uint32_t from, uint32_t to, uint32_t length)
{
	const uint8_t *at = memory + PART + to;

	if (memcmp(memory + from, at, length))
		errx(1, "%u bytes are not what they were", length);
	expect_guard(at - GUARD, "ahead of");
	expect_guard(at + length, "behind");
}

/* Where in a part, so that there is room for what must not change */
static uint32_t place(uint32_t length)
{
	return GUARD + random() % (PART - length - 2 * GUARD + 1);
}

static void round_memory(uint32_t length)
{
	uint32_t from = place(length), to = place(length);

	memset(memory + PART, 0xa5, PART);
	fill(memory + from, length);
	copy(address + from, address + PART + to, length, 0);
	expect_copied(from, to, length);
}

static void round_scratch(uint32_t length)
{
	uint32_t from = place(length), to = place(length), at, i;
	uint64_t word, want;

	at = (random() % (COPY_SCRATCH_SIZE - length + 1)) & ~7U;
	memset(memory + PART, 0xa5, PART);
	fill(memory + from, length);
	copy(address + from, at, length, COPY_TO_SCRATCH);
	for (i = 0; i + sizeof(word) <= length; i += sizeof(word)) {
		word = __atomic_load_n(&scratch[(at + i) / sizeof(word)], __ATOMIC_ACQUIRE);
		memcpy(&want, memory + from + i, sizeof(want));
		if (word != want)
			errx(1, "the scratch memory has other bytes at %#x", at + i);
	}
	copy(at, address + PART + to, length, COPY_FROM_SCRATCH);
	expect_copied(from, to, length);
}

int main(int argc, char **argv)
{
	unsigned long rounds, n;
	uint64_t bytes = 0;
	uint32_t length;
	int fd;

	if (argc < 3 || argc > 4)
		errx(2, "usage: vpci-copy DEVICE ADDRESS [ROUNDS]");
	address = strtoull(argv[2], NULL, 0);
	rounds = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	switch_on(argv[1]);
	regs = map(open_file(argv[1], "resource0"), COPY_REGS_SIZE, 0, "registers");
	scratch = map(open_file(argv[1], "resource2"), COPY_SCRATCH_SIZE, 0, "scratch memory");
	fd = open("/dev/mem", O_RDWR);
	if (fd < 0)
		err(1, "/dev/mem");
	memory = map(fd, MEMORY, address, "memory");
	if (get(COPY_REG_ID) != COPY_MAGIC)
		errx(1, "%s is no copy engine: %#x", argv[1], get(COPY_REG_ID));
	srandom(getpid());
	for (n = 0; n < rounds; n++) {
		length = 1 + random() % (1 << 20);
		round_memory(length);
		bytes += length;
		/* What the processor reads of it takes a while. */
		length = 8 + random() % 2048;
		round_scratch(length);
		bytes += 2 * length;
	}
	printf("%lu rounds, %llu bytes\n", rounds, (unsigned long long)bytes);
	return 0;
}
