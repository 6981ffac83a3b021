// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offsets are those of Documentation/arch/x86/boot.rst and zero-page.rst.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "test.h"

#define SETUP		1024		/* boot sector and one more */
#define PAYLOAD		4096
#define IMAGE		(SETUP + PAYLOAD)
#define LOAD		(16 * MIB)
#define INIT_SIZE	(8 * MIB)
#define INITRD_MAX	0x7fffffffU

static uint8_t image[IMAGE];
static struct memory mem;

static void put(unsigned int offset, uint64_t value, unsigned int size)
{
	memcpy(image + offset, &value, size);
}

static void make_image(void)
{
	unsigned int i;

	memset(image, 0, SETUP);
	for (i = 0; i < PAYLOAD; i++)
		image[SETUP + i] = i * 7 + 1;
	put(0x1f1, SETUP / 512 - 1, 1);
	put(0x1f4, PAYLOAD / 16, 4);
	put(0x1fe, 0xaa55, 2);
	put(0x200, 0x66eb, 2);		/* the header ends at 0x268 */
	put(0x202, 0x53726448, 4);
	put(0x206, 0x020f, 2);
	put(0x211, 1, 1);
	put(0x22c, INITRD_MAX, 4);
	put(0x236, 1, 2);
	put(0x238, 2047, 4);
	put(0x258, LOAD, 8);
	put(0x260, INIT_SIZE, 4);
	put(0x264, 0x1234, 4);
}

static struct boot make_boot(void)
{
	return (struct boot) {
		.kernel = { .data = image, .size = IMAGE },
		.append = "console=ttyS0 quiet",
		.rsdp = ACPI_TABLES,
	};
}

static bool untouched(void)
{
	const uint64_t *p = memory_at(&mem, 0, mem.low);
	size_t i;

	for (i = 0; i < mem.low / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

static void check_refused(const struct boot *boot, const char *reason, const char *what)
{
	uint64_t entry = 0;
	const char *why;

	why = boot_load(&mem, boot, &entry);
	ok(why && strstr(why, reason), "boot: refused: %s", what);
	ok(!entry && untouched(), "boot: and nothing written");
}

/* An image that differs from the good one in one field */
struct bad_field {
	unsigned int offset;
	unsigned int size;
	uint64_t value;
	const char *reason;
	const char *what;
};

static const struct bad_field bad_fields[] = {
	{ 0x1fe, 2, 0x55aa, "not a bzImage", "no boot flag" },
	{ 0x202, 4, 0x53726449, "not a bzImage", "no magic number" },
	{ 0x206, 2, 0x020b, "2.11", "boot protocol 2.11" },
	{ 0x206, 2, 0x0001, "0.1", "boot protocol 0.1" },
	{ 0x236, 2, 0, "64-bit", "a 32-bit kernel" },
	{ 0x211, 1, 0, "64-bit", "a zImage" },
	{ 0x1f1, 1, 255, "cut off", "set-up code longer than the file" },
	{ 0x1f4, 4, PAYLOAD / 16 + 1, "cut off", "a payload longer than the file" },
	{ 0x1f4, 4, 0xffffffff, "cut off", "an endless payload" },
	{ 0x1f4, 4, 0, "bad", "no payload" },
	{ 0x258, 8, MIB - 4096, "bad", "a load address below 1 MiB" },
	{ 0x258, 8, LOAD + 1, "bad", "an odd load address" },
	{ 0x258, 8, 60 * MIB, "more memory", "a load address too high" },
	{ 0x258, 8, ~0xfffULL, "more memory", "a load address that wraps" },
	{ 0x260, 4, 48 * MIB + 1, "more memory", "a kernel too large" },
	{ 0x260, 4, PAYLOAD - 1, "bad", "a kernel smaller than its payload" },
};

static void test_bad_images(void)
{
	struct boot boot = make_boot();
	uint8_t *garbage;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_fields); i++) {
		make_image();
		put(bad_fields[i].offset, bad_fields[i].value, bad_fields[i].size);
		check_refused(&boot, bad_fields[i].reason, bad_fields[i].what);
	}

	make_image();
	boot.kernel.size = 0x200;
	check_refused(&boot, "too short", "a boot sector alone");
	boot.kernel.size = 0;
	check_refused(&boot, "too short", "nothing");
	boot.kernel.size = IMAGE - 1;
	check_refused(&boot, "cut off", "one byte less");

	garbage = malloc(MIB);
	srand(1);
	for (i = 0; i < MIB; i++)
		garbage[i] = rand();
	boot.kernel = (struct file) { .data = garbage, .size = MIB };
	check_refused(&boot, "not a bzImage", "garbage");
	free(garbage);
}

static void test_bad_others(void)
{
	struct boot boot = make_boot();
	static uint8_t initrd[1];
	char *append;

	make_image();
	boot.initrd = (struct file) { .data = initrd, .size = mem.low - LOAD - INIT_SIZE + 1 };
	check_refused(&boot, "initrd", "an initrd too large");
	boot.initrd.size = SIZE_MAX;
	check_refused(&boot, "initrd", "an endless initrd");
	put(0x22c, LOAD + INIT_SIZE - 1, 4);
	boot.initrd.size = 1;
	check_refused(&boot, "initrd", "no place that the kernel allows");

	make_image();
	boot = make_boot();
	append = malloc(2049);
	memset(append, 'x', 2048);
	append[2048] = 0;
	boot.append = append;
	check_refused(&boot, "command line", "a command line of 2048");
	free(append);
}

static void check_params(void)
{
	const uint8_t *zero = memory_at(&mem, 0x7000, 4096);

	ok(get32(zero + 0x202) == 0x53726448 && get32(zero + 0x264) == 0x1234,
	   "boot: all of the setup header");
	ok(zero[0x210] == 0xff, "boot: type of the loader");
	ok(get64(zero + 0x70) == ACPI_TABLES, "boot: RSDP");
	ok(!strcmp(memory_at(&mem, get32(zero + 0x228), 64), "console=ttyS0 quiet"),
	   "boot: command line");
}

struct e820 {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
};

static void check_e820(const struct e820 *expected, unsigned int n)
{
	const uint8_t *zero = memory_at(&mem, 0x7000, 4096);
	const uint8_t *e = zero + 0x2d0;
	unsigned int i;

	ok(zero[0x1e8] == n, "boot: %u ranges of memory", n);
	for (i = 0; i < n; i++, e += 20)
		ok(get64(e) == expected[i].addr && get64(e + 8) == expected[i].size &&
		   get32(e + 16) == expected[i].type, "boot: range at %#llx",
		   (unsigned long long)expected[i].addr);
}

static uint64_t translate(uint64_t address)
{
	const uint64_t *table = memory_at(&mem, 0x9000, 4096);
	unsigned int shift;
	uint64_t entry;

	for (shift = 39; table; shift -= 9) {
		entry = table[address >> shift & 511];
		if ((entry & 3) != 3)
			return ~0ULL;
		if (entry & 1 << 7 || shift == 12)
			return (entry & ~0xfffULL & ~(1ULL << 63)) +
			       (address & ((1ULL << shift) - 1));
		table = memory_at(&mem, entry & ~0xfffULL, 4096);
	}
	return ~0ULL;
}

static void check_cpu(uint64_t entry)
{
	const uint64_t *gdt = memory_at(&mem, BOOT_GDT, BOOT_GDT_SIZE);
	uint64_t code = gdt[0x10 / 8], data = gdt[0x18 / 8];

	ok(entry == LOAD + 0x200, "boot: entry");
	ok(translate(entry) == entry && translate(0) == 0 && translate(0xe0000) == 0xe0000 &&
	   translate(4 * GIB - 1) == 4 * GIB - 1, "boot: pages are mapped one to one");
	ok(code >> 53 & 1 && !(code >> 54 & 1) && code >> 47 & 1 && (code >> 40 & 0x1a) == 0x1a,
	   "boot: 64-bit code segment");
	ok(data >> 47 & 1 && (data >> 40 & 0x1a) == 0x12, "boot: data segment");
}

static void check_initrd(const uint8_t *data, size_t size)
{
	const uint8_t *zero = memory_at(&mem, 0x7000, 4096);
	uint64_t addr = get32(zero + 0x218);

	ok(get32(zero + 0x21c) == size, "boot: size of the initrd");
	ok(addr >= LOAD + INIT_SIZE && addr + size <= mem.low && addr % 4096 == 0,
	   "boot: its place");
	ok(!memcmp(memory_at(&mem, addr, size), data, size), "boot: its contents");
}

static void test_good(void)
{
	const struct e820 expected[] = {
		{ 0, 0x9fc00, 1 },
		{ 0xe0000, 0x20000, 2 },
		{ MIB, 63 * MIB, 1 },
	};
	struct boot boot = make_boot();
	static uint8_t initrd[5000];
	const char *why;
	uint64_t entry;

	make_image();
	memset(initrd, 0x5a, sizeof(initrd));
	boot.initrd = (struct file) { .data = initrd, .size = sizeof(initrd) };
	/* A second boot finds what the first one has left. */
	memset(memory_at(&mem, 0x7000, 4096), 0xff, 4096);
	memset(memory_at(&mem, 0x9000, 0x6000), 0xff, 0x6000);
	why = boot_load(&mem, &boot, &entry);
	ok(!why, "boot: a kernel that is good");
	ok(!memcmp(memory_at(&mem, LOAD, PAYLOAD), image + SETUP, PAYLOAD), "boot: its payload");
	check_params();
	check_e820(expected, ARRAY_SIZE(expected));
	check_cpu(entry);
	check_initrd(initrd, sizeof(initrd));
}

static void test_high_memory(void)
{
	const struct e820 expected[] = {
		{ 0, 0x9fc00, 1 },
		{ 0xe0000, 0x20000, 2 },
		{ MIB, 3 * GIB - MIB, 1 },
		{ 4 * GIB, GIB, 1 },
	};
	static const uint8_t initrd[100] = { 1, 2, 3 };
	struct boot boot = make_boot();
	const uint8_t *zero;
	uint64_t entry;

	munmap(mem.host, mem.low);
	memory_map(&mem, 4 * GIB, false);
	make_image();
	boot.initrd = (struct file) { .data = initrd, .size = sizeof(initrd) };
	ok(!boot_load(&mem, &boot, &entry), "boot: with 4 GiB");
	check_e820(expected, ARRAY_SIZE(expected));
	zero = memory_at(&mem, 0x7000, 4096);
	ok(get32(zero + 0x218) + sizeof(initrd) - 1 <= INITRD_MAX,
	   "boot: the initrd is no higher than the kernel allows");
	munmap(mem.host, 4 * GIB);
}

void test_boot(void)
{
	memory_map(&mem, 64 * MIB, false);
	test_bad_images();
	test_bad_others();
	test_good();
	test_high_memory();
}
