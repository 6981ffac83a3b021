// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's memory.
 */
#include <string.h>
#include <sys/mman.h>
#include "vtl0.h"

/**
 * memory_map - get memory for the guest
 * @mem: result
 * @size: bytes, a multiple of the page size
 * @populate: have all of it there now, not when it is used
 */
void memory_map(struct memory *mem, uint64_t size, bool populate)
{
	mem->host = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS |
			 (populate ? MAP_POPULATE : MAP_NORESERVE), -1, 0);
	if (mem->host == MAP_FAILED)
		die_errno("guest memory");
	mem->low = size < MEMORY_LOW_MAX ? size : MEMORY_LOW_MAX;
	mem->high = size - mem->low;
}

/**
 * memory_regions - list what is memory
 * @mem: guest memory
 * @regions: result, room for MEMORY_MAX_REGIONS
 *
 * Return: number of regions.
 */
unsigned int memory_regions(const struct memory *mem, struct memory_region *regions)
{
	regions[0] = (struct memory_region) {
		.gpa = 0,
		.size = mem->low,
		.host = mem->host,
	};
	if (!mem->high)
		return 1;
	regions[1] = (struct memory_region) {
		.gpa = MEMORY_HIGH,
		.size = mem->high,
		.host = mem->host + mem->low,
	};
	return 2;
}

/**
 * memory_at - address of guest memory
 * @mem: guest memory
 * @gpa: guest physical address
 * @size: bytes wanted
 *
 * Return: the address, or NULL if not all @size bytes are memory.
 */
void *memory_at(const struct memory *mem, uint64_t gpa, uint64_t size)
{
	struct memory_region regions[MEMORY_MAX_REGIONS];
	unsigned int n = memory_regions(mem, regions);
	uint64_t offset;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (gpa < regions[i].gpa)
			continue;
		offset = gpa - regions[i].gpa;
		if (offset <= regions[i].size && size <= regions[i].size - offset)
			return regions[i].host + offset;
	}
	return NULL;
}

/**
 * memory_read - copy from guest memory
 * @mem: guest memory
 * @gpa: guest physical address
 * @to: copy
 * @size: bytes
 *
 * The guest may change the memory meanwhile: only the copy can be checked.
 *
 * Return: false if not all of it is memory.
 */
bool memory_read(const struct memory *mem, uint64_t gpa, void *to, uint64_t size)
{
	const void *from = memory_at(mem, gpa, size);

	if (!from)
		return false;
	memcpy(to, from, size);
	return true;
}
