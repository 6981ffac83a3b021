// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition's call is replaced by one that records, and reads what depends on the
 * address.
 */
#include <string.h>
#include "test.h"

static struct vmbus_partition_mmio calls[16];
static unsigned int ncalls;

void partition_mmio(struct partition *p, struct vmbus_partition_mmio *mmio)
{
	unsigned int i;

	(void)p;
	calls[ncalls++ % ARRAY_SIZE(calls)] = *mmio;
	if (mmio->flags)
		return;
	mmio->value = 0;
	for (i = 0; i < mmio->size; i++)
		mmio->value |= ((mmio->gpa + i) & 0xff) << 8 * i;
}

struct access {
	uint64_t gpa;
	unsigned int size;
	unsigned int pieces[8];
};

static const struct access accesses[] = {
	{ 0x1000, 1, { 1 } },
	{ 0x1000, 2, { 2 } },
	{ 0x1000, 4, { 4 } },
	{ 0x1000, 8, { 8 } },
	{ 0x1004, 8, { 4, 4 } },
	{ 0x1001, 4, { 1, 2, 1 } },
	{ 0x1002, 4, { 2, 2 } },
	{ 0x1003, 1, { 1 } },
	{ 0x1000, 3, { 2, 1 } },
	{ 0x1ffd, 3, { 1, 2 } },
	{ 0x1001, 7, { 1, 2, 4 } },
	{ 0x1001, 8, { 1, 2, 4, 1 } },
	{ 0xffffffffffffffff, 1, { 1 } },
	{ 0xfffffffffffffff8, 8, { 8 } },
};

static void test_access(const struct access *a, bool write)
{
	static const uint8_t before[9] = { 0x10, 0x21, 0x32, 0x43, 0x54, 0x65, 0x76, 0x87, 0x98 };
	uint8_t data[sizeof(before)];
	unsigned int i, b, at = 0, bad = 0;

	memcpy(data, before, sizeof(data));
	ncalls = 0;
	memset(calls, 0, sizeof(calls));
	mmio_access(NULL, a->gpa, data, a->size, write);
	for (i = 0; i < ncalls; i++) {
		if (calls[i].gpa != a->gpa + at || calls[i].size != a->pieces[i] ||
		    calls[i].flags != write || calls[i].reserved)
			bad++;
		for (b = 0; write && b < 8; b++)
			if ((calls[i].value >> 8 * b & 0xff) !=
			    (b < calls[i].size ? data[at + b] : 0))
				bad++;
		at += calls[i].size;
	}
	for (i = 0; !write && i < a->size; i++)
		if (data[i] != ((a->gpa + i) & 0xff))
			bad++;
	if (memcmp(data + a->size, before + a->size, sizeof(data) - a->size))
		bad++;
	ok(!bad && at == a->size, "mmio: %s of %u bytes at %#llx", write ? "a write" : "a read",
	   a->size, (unsigned long long)a->gpa);
}

void test_mmio(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		test_access(&accesses[i], false);
		test_access(&accesses[i], true);
	}
}
