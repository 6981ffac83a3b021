// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition's call is replaced by one that only records.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "test.h"

#define SIZE			0x4000
#define INPUT			0x1000
#define RETARGET		0x7eULL
#define VARHEAD(n)		((uint64_t)(n) << 17)
#define FAST			BIT_ULL(16)

#define STATUS_INPUT		3
#define STATUS_ALIGNMENT	4
#define STATUS_PARAMETER	5
#define STATUS_OF_CALL		0x0e	/* what the recorded call answers */

#define MULTICAST		1
#define SET			2

static unsigned int calls;
static struct vmbus_partition_retarget call;
static struct memory mem;

void partition_retarget(struct partition *p, struct vmbus_partition_retarget *retarget)
{
	(void)p;
	calls++;
	call = *retarget;
	retarget->status = STATUS_OF_CALL;
}

/* ---- the page, and what the guest finds there ---------------------------------------------- */

typedef uint64_t (*hypercall_fn)(uint64_t control);

/* Runs on any CPU: what calls KVM, and the port, are numbers here. */
static void test_code(const uint8_t *page)
{
	static const uint8_t entry[] = {
		0x48, 0x89, 0xf9,		/* mov %rdi, %rcx */
		0xb8, 0, 0, 0, 0,		/* mov $0, %eax */
	};
	static const uint8_t kvm[] = { 0xb0, 0x11, 0x90 };	/* mov $0x11, %al; nop */
	static const uint8_t port[] = { 0xb0, 0x22 };		/* mov $0x22, %al */
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	hypercall_fn fn;

	ok(code != MAP_FAILED, "hypercall: a page for code");
	if (code == MAP_FAILED)
		return;
	memcpy(code, entry, sizeof(entry));
	memcpy(code + sizeof(entry), page, 32);
	memcpy(code + sizeof(entry) + 6, kvm, sizeof(kvm));
	memcpy(code + sizeof(entry) + 10, port, sizeof(port));
	memcpy(&fn, &code, sizeof(fn));
	ok(fn(0x5c) == 0x11 && fn(0x1005d) == 0x11 && fn(0) == 0x11 && fn(0x17e) == 0x11 &&
	   fn(0xff7e) == 0x11 && fn(0x7f) == 0x11, "hypercall: others go to KVM");
	ok(fn(RETARGET) == 0x22 && fn(RETARGET | VARHEAD(2)) == 0x22 &&
	   fn(RETARGET | FAST) == 0x22 && fn(RETARGET | ~0xffffULL) == 0x22,
	   "hypercall: this one does not");
	munmap(code, 4096);
}

static void test_overlay(void)
{
	static const uint8_t calls_of[][4] = {
		{ 0x0f, 0x01, 0xc1, 0xc3 },	/* vmcall */
		{ 0x0f, 0x01, 0xd9, 0xc3 },	/* vmmcall */
	};
	static const uint8_t unknown[][4] = {
		{ 0, 0, 0, 0 },
		{ 0x0f, 0x01, 0xc1, 0x90 },
		{ 0x0f, 0x05, 0xc1, 0xc3 },
		{ 0xf4, 0x01, 0xc1, 0xc3 },
	};
	uint8_t page[HYPERCALL_PAGE_SIZE], before[HYPERCALL_PAGE_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls_of); i++) {
		memset(page, 0xcc, sizeof(page));
		memcpy(page, calls_of[i], 4);
		memcpy(before, page, sizeof(page));
		ok(hypercall_overlay(page), "hypercall: a page of KVM");
		ok(!memcmp(page + 6, calls_of[i], 4), "hypercall: its instruction");
		ok(page[10] == 0xe5 && page[11] == HYPERCALL_PORT && page[12] == 0xc3,
		   "hypercall: the port");
		ok(!memcmp(page + 13, before + 13, sizeof(page) - 13),
		   "hypercall: the rest of the page");
		test_code(page);
		memcpy(before, page, sizeof(page));
		ok(!hypercall_overlay(page) && !memcmp(page, before, sizeof(page)),
		   "hypercall: not twice");
	}
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		memset(page, 0, sizeof(page));
		memcpy(page, unknown[i], 4);
		memcpy(before, page, sizeof(page));
		ok(!hypercall_overlay(page) && !memcmp(page, before, sizeof(page)),
		   "hypercall: an unknown page stays");
	}
}

/* ---- the input ------------------------------------------------------------------------------ */

/* As in the TLFS, by offsets */
static void put_at(uint64_t gpa, uint32_t flags, uint64_t mask_or_format, uint64_t valid,
		   const uint64_t *banks, unsigned int nbanks)
{
	uint32_t head[14] = {
		0xffffffff, 0xffffffff,		/* partition: self */
		0x12345678, 0,			/* device */
		1, 0,				/* source: MSI */
		0xfee00000, 0x8005,		/* address, data */
		0, 0,
		0x41, flags,			/* vector */
		(uint32_t)mask_or_format, (uint32_t)(mask_or_format >> 32),
	};

	memcpy(mem.host + gpa, head, sizeof(head));
	memcpy(mem.host + gpa + 56, &valid, 8);
	memcpy(mem.host + gpa + 64, banks, nbanks * 8);
}

static void poke(unsigned int offset, uint32_t value)
{
	memcpy(mem.host + INPUT + offset, &value, sizeof(value));
}

static uint32_t hypercall(uint64_t input, uint64_t gpa)
{
	calls = 0;
	memset(&call, 0, sizeof(call));
	return hypercall_retarget(NULL, &mem, input, gpa);
}

static unsigned int vps(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(call.vps); i++)
		n += __builtin_popcountll(call.vps[i]);
	return n;
}

static void test_mask(void)
{
	put_at(INPUT, 0, 0x8000000000000004, 0, NULL, 0);
	ok(hypercall(RETARGET, INPUT) == STATUS_OF_CALL && calls == 1, "hypercall: retarget");
	ok(call.address == 0xfee00000 && call.data == 0x8005 && call.vector == 0x41 &&
	   !call.flags && !call.status, "hypercall: its contents");
	ok(call.vps[0] == 0x8000000000000004 && vps() == 2, "hypercall: its VPs");
	put_at(INPUT, MULTICAST, 8, 0, NULL, 0);
	ok(hypercall(RETARGET, INPUT) == STATUS_OF_CALL && call.vps[0] == 8,
	   "hypercall: all of one VP");
	put_at(INPUT, MULTICAST, 9, 0, NULL, 0);
	ok(hypercall(RETARGET, INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: all of several VPs");
	put_at(INPUT, 4, 1, 0, NULL, 0);
	ok(hypercall(RETARGET, INPUT) == STATUS_PARAMETER && !calls, "hypercall: unknown flags");
}

static void test_set(void)
{
	static const uint64_t banks[64] = { 0x10, 0x20, [15] = 1ULL << 63, [63] = 7 };

	put_at(INPUT, SET, 0, 1, banks, 1);
	ok(hypercall(RETARGET | VARHEAD(2), INPUT) == STATUS_OF_CALL && calls == 1 &&
	   call.vps[0] == 0x10 && vps() == 1, "hypercall: a set of one bank");
	put_at(INPUT, SET, 0, 0x8001, banks, 2);
	ok(hypercall(RETARGET | VARHEAD(3), INPUT) == STATUS_OF_CALL &&
	   call.vps[0] == 0x10 && call.vps[15] == 0x20 && vps() == 2,
	   "hypercall: of the first and the last");
	put_at(INPUT, SET, 0, ~0ULL, banks, 64);
	ok(hypercall(RETARGET | VARHEAD(65), INPUT) == STATUS_OF_CALL &&
	   call.vps[1] == 0x20 && call.vps[15] == 1ULL << 63 && vps() == 3,
	   "hypercall: of all, also of VPs that cannot be");
	put_at(INPUT, SET, 0, 0, banks, 0);
	ok(hypercall(RETARGET | VARHEAD(1), INPUT) == STATUS_OF_CALL && !vps(),
	   "hypercall: an empty set");
	put_at(INPUT, SET, 1, 0, banks, 0);
	ok(hypercall(RETARGET, INPUT) == STATUS_OF_CALL && vps() == VMBUS_PARTITION_MAX_VPS,
	   "hypercall: the set of all");

	put_at(INPUT, SET, 0, 1, banks, 1);
	ok(hypercall(RETARGET, INPUT) == STATUS_PARAMETER && !calls, "hypercall: no set");
	ok(hypercall(RETARGET | VARHEAD(1), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: a bank too few");
	ok(hypercall(RETARGET | VARHEAD(3), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: a bank too many");
	put_at(INPUT, SET, 2, 1, banks, 1);
	ok(hypercall(RETARGET | VARHEAD(2), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: an unknown kind of set");
	put_at(INPUT, SET | MULTICAST, 0, 3, banks, 2);
	ok(hypercall(RETARGET | VARHEAD(3), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: all of a set");
}

static void test_hostile(void)
{
	static const uint64_t bank = 1;

	put_at(INPUT, SET, 0, 1, &bank, 1);
	ok(hypercall(RETARGET | VARHEAD(66), INPUT) == STATUS_INPUT && !calls,
	   "hypercall: a header too long");
	ok(hypercall(RETARGET | VARHEAD(0x3ff), INPUT) == STATUS_INPUT && !calls,
	   "hypercall: the longest");
	ok(hypercall(RETARGET | FAST, INPUT) == STATUS_INPUT && !calls, "hypercall: in registers");
	ok(hypercall(RETARGET | 1ULL << 32, INPUT) == STATUS_INPUT && !calls,
	   "hypercall: repeated");
	ok(hypercall(RETARGET | 1ULL << 48, INPUT) == STATUS_INPUT && !calls,
	   "hypercall: begun in the middle");
	ok(hypercall(RETARGET | VARHEAD(2), INPUT + 4) == STATUS_ALIGNMENT && !calls,
	   "hypercall: not aligned");
	ok(hypercall(RETARGET | VARHEAD(2), 0x1fc0) == STATUS_ALIGNMENT && !calls,
	   "hypercall: across pages");
	put_at(0x1fb8, SET, 0, 1, &bank, 1);
	ok(hypercall(RETARGET | VARHEAD(2), 0x1fb8) == STATUS_OF_CALL && calls == 1,
	   "hypercall: to the end of a page");
	ok(hypercall(RETARGET | VARHEAD(2), SIZE) == STATUS_PARAMETER && !calls,
	   "hypercall: input beyond memory");
	ok(hypercall(RETARGET | VARHEAD(2), -(uint64_t)4096) == STATUS_PARAMETER && !calls,
	   "hypercall: input at the end of addresses");

	poke(0, 1);
	ok(hypercall(RETARGET | VARHEAD(2), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: another partition");
	poke(0, 0xffffffff);
	poke(16, 2);
	ok(hypercall(RETARGET | VARHEAD(2), INPUT) == STATUS_PARAMETER && !calls,
	   "hypercall: of the IOAPIC");
	poke(16, 1);
	ok(hypercall(RETARGET | VARHEAD(2), INPUT) == STATUS_OF_CALL && calls == 1,
	   "hypercall: as before");
}

void test_hypercall(void)
{
	mem.host = calloc(1, SIZE);
	mem.low = SIZE;
	test_overlay();
	test_mask();
	test_set();
	test_hostile();
	free(mem.host);
}
