// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/mman.h>
#include "test.h"

#define SMALL	(64 * MIB)
#define LARGE	(4 * GIB)

static void test_small(void)
{
	struct memory_region regions[MEMORY_MAX_REGIONS];
	struct memory mem;
	uint8_t byte = 0;

	memory_map(&mem, SMALL, false);
	ok(memory_regions(&mem, regions) == 1 && regions[0].gpa == 0 &&
	   regions[0].size == SMALL && regions[0].host == mem.host, "memory: one region");
	ok(memory_at(&mem, 0, SMALL) == mem.host, "memory: all of it");
	ok(memory_at(&mem, SMALL - 1, 1) == mem.host + SMALL - 1, "memory: the last byte");
	ok(!memory_at(&mem, SMALL, 1), "memory: nothing behind");
	ok(!memory_at(&mem, SMALL - 1, 2), "memory: not across the end");
	ok(!memory_at(&mem, 1, UINT64_MAX), "memory: no wrap of the size");
	ok(!memory_at(&mem, UINT64_MAX, 2), "memory: no wrap of the address");
	ok(!memory_at(&mem, MEMORY_HIGH, 1), "memory: nothing above 4 GiB");

	mem.host[100] = 42;
	ok(memory_read(&mem, 100, &byte, 1) && byte == 42, "memory: a read");
	ok(!memory_read(&mem, SMALL, &byte, 1) && byte == 42, "memory: no read behind");
	munmap(mem.host, SMALL);
}

static void test_large(void)
{
	struct memory_region regions[MEMORY_MAX_REGIONS];
	struct memory mem;

	memory_map(&mem, LARGE, false);
	ok(memory_regions(&mem, regions) == 2, "memory: two regions");
	ok(regions[0].gpa == 0 && regions[0].size == 3 * GIB, "memory: the low one");
	ok(regions[1].gpa == 4 * GIB && regions[1].size == GIB &&
	   regions[1].host == mem.host + 3 * GIB, "memory: the high one");
	ok(!memory_at(&mem, 3 * GIB, 1) && !memory_at(&mem, 4 * GIB - 1, 1),
	   "memory: a hole between them");
	ok(!memory_at(&mem, 3 * GIB - 1, 2), "memory: not into the hole");
	ok(memory_at(&mem, 5 * GIB - 1, 1) == mem.host + LARGE - 1, "memory: the last byte");
	ok(!memory_at(&mem, 5 * GIB, 1), "memory: nothing behind the high one");
	munmap(mem.host, LARGE);
}

void test_memory(void)
{
	test_small();
	test_large();
}
