// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "test.h"

#define KVM_SIGNATURE	0x4b4d564b	/* "KVMK" */

/* As KVM gives it: every bit set where vtl0 has to clear or replace some. */
static const struct kvm_cpuid_entry2 supported[] = {
	{ .function = 0, .eax = 0x1f },
	{ .function = 1, .eax = 0x800f12, .ebx = 0xaabb0800, .ecx = ~(1U << 31 | 1U << 21),
	  .edx = ~0U },
	{ .function = 7, .index = 0, .eax = 1, .ebx = ~0U, .ecx = ~0U, .edx = ~0U },
	{ .function = 7, .index = 1, .eax = ~0U },
	{ .function = 0xb, .index = 0, .edx = 77 },
	{ .function = 0xd, .index = 0, .eax = 7, .ebx = 832 },
	{ .function = 0xd, .index = 1, .eax = 15 },
	{ .function = 0x1f, .index = 0, .edx = 77 },
	{ .function = 0x40000000, .eax = 0x40000001, .ebx = KVM_SIGNATURE,
	  .ecx = 0x564b4d56, .edx = 0x4d },
	{ .function = 0x40000001, .eax = 0x01007efb },
	{ .function = 0x40000100, .eax = 0x40000101, .ebx = KVM_SIGNATURE },
	{ .function = 0x80000000, .eax = 0x8000001f },
	{ .function = 0x80000001, .ecx = ~0U, .edx = 0x12345678 },
	{ .function = 0x8000000a, .eax = 1 },
};

static struct kvm_cpuid2 *supported_table(void)
{
	struct kvm_cpuid2 *t = cpuid_alloc();

	t->nent = ARRAY_SIZE(supported);
	memcpy(t->entries, supported, sizeof(supported));
	return t;
}

/* The leaf, or zeros; one that is there twice is as bad as one that is missing. */
static struct kvm_cpuid_entry2 leaf(const struct kvm_cpuid2 *t, uint32_t function,
				    unsigned int *found)
{
	struct kvm_cpuid_entry2 e = {};
	unsigned int i;

	*found = 0;
	for (i = 0; i < t->nent; i++) {
		if (t->entries[i].function == function && t->entries[i].index == 0) {
			e = t->entries[i];
			(*found)++;
		}
	}
	return e;
}

static struct kvm_cpuid_entry2 must_leaf(const struct kvm_cpuid2 *t, uint32_t function)
{
	struct kvm_cpuid_entry2 e;
	unsigned int found;

	e = leaf(t, function, &found);
	ok(found == 1, "cpuid: leaf %#x is there once", function);
	return e;
}

static void test_vendor(const struct kvm_cpuid2 *t)
{
	struct kvm_cpuid_entry2 e = must_leaf(t, 0x40000000);
	char name[13] = "";

	memcpy(name, &e.ebx, 4);
	memcpy(name + 4, &e.ecx, 4);
	memcpy(name + 8, &e.edx, 4);
	ok(!strcmp(name, "Microsoft Hv"), "cpuid: vendor");
	ok(e.eax == 0x40000082, "cpuid: highest leaf");
	e = must_leaf(t, 0x40000001);
	ok(!memcmp(&e.eax, "Hv#1", 4), "cpuid: interface");
	must_leaf(t, 0x40000002);
}

static void test_features(const struct kvm_cpuid2 *t)
{
	struct kvm_cpuid_entry2 e = must_leaf(t, 0x40000003);

	ok(e.eax & 1 << 5 && e.eax & 1 << 6, "cpuid: hypercalls and the VP index");
	ok(e.eax & 1 << 2, "cpuid: SynIC");
	ok(e.eax & 1 << 1 && e.eax & 1 << 9 && e.eax & 1 << 11, "cpuid: clocks");
	ok(!(e.eax & 1 << 3) || e.edx & 1 << 19, "cpuid: timers send no messages");
	ok(!(e.eax & 1 << 11) || e.edx & 1 << 8, "cpuid: frequencies by MSR");
	ok(!(e.eax & 1 << 13), "cpuid: no re-enlightenment");
	ok(!(e.ebx & 1 << 0), "cpuid: not a root partition");
	ok(!(e.ebx & 1 << 1), "cpuid: no partition id");
	ok(e.ebx & 1 << 4 && e.ebx & 1 << 5, "cpuid: messages and events");
	ok(!(e.ebx & 1 << 20), "cpuid: no extended hypercalls");
	ok(!(e.ebx & 1 << 22), "cpuid: not isolated");

	e = must_leaf(t, 0x40000004);
	ok(e.eax & 1 << 9, "cpuid: no AutoEOI");
	e = must_leaf(t, 0x40000005);
	ok(e.eax >= VTL0_MAX_VCPUS, "cpuid: enough VPs");
}

static void test_zero_leaves(const struct kvm_cpuid2 *t)
{
	static const uint32_t zero[] = {
		0x40000006, 0x40000007, 0x40000008, 0x40000009, 0x4000000a,
		0x40000080, 0x40000081, 0x40000082,
	};
	struct kvm_cpuid_entry2 e;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zero); i++) {
		e = must_leaf(t, zero[i]);
		ok(!(e.eax | e.ebx | e.ecx | e.edx), "cpuid: leaf %#x is zero", zero[i]);
	}
}

static void test_no_kvm(const struct kvm_cpuid2 *t)
{
	unsigned int i, bad = 0;

	for (i = 0; i < t->nent; i++) {
		if (t->entries[i].ebx == KVM_SIGNATURE)
			bad++;
		if (t->entries[i].function > 0x40000082 && t->entries[i].function < 0x80000000)
			bad++;
	}
	ok(!bad, "cpuid: nothing of KVM's own leaves");
}

static void test_hidden(const struct kvm_cpuid2 *t)
{
	unsigned int found;
	uint32_t ecx;

	ecx = leaf(t, 1, &found).ecx;
	ok(ecx & 1U << 31 && ecx & 1U << 21, "cpuid: hypervisor and x2APIC");
	ok(!(ecx & 1U << 5), "cpuid: no VMX");
	ok(!(ecx & (1U << 26 | 1U << 27)), "cpuid: no XSAVE");
	ok(!(ecx & (1U << 12 | 1U << 28 | 1U << 29)), "cpuid: no AVX");
	ok(ecx & 1U << 20 && ecx & 1U << 30, "cpuid: SSE4.2 and RDRAND stay");
	ok(!(leaf(t, 7, &found).ebx & (1U << 5 | 1U << 16)), "cpuid: no AVX2, no AVX-512");
	ok(leaf(t, 7, &found).ebx & 1U << 8, "cpuid: BMI2 stays");
	ok(!(leaf(t, 0x80000001, &found).ecx & 1U << 2), "cpuid: no SVM");
	ok(leaf(t, 0x80000001, &found).edx == 0x12345678, "cpuid: its other register stays");
	leaf(t, 0xd, &found);
	ok(!found, "cpuid: no leaf of XSAVE");
	leaf(t, 0x8000000a, &found);
	ok(!found, "cpuid: no leaf of SVM");
	ok(leaf(t, 0, &found).eax == 0x1f && found == 1, "cpuid: what is not ours stays");
}

static void test_places(const struct kvm_cpuid2 *from, struct kvm_cpuid2 *t, unsigned int cpus)
{
	struct kvm_cpuid_entry2 e;
	unsigned int i, found;

	for (i = 0; i < cpus; i++) {
		ok(cpuid_build(t, from, i, cpus), "cpuid: table of vCPU %u of %u", i, cpus);
		e = leaf(t, 1, &found);
		ok(e.ebx >> 24 == i, "cpuid: its APIC id");
		ok((e.ebx >> 16 & 0xff) == cpus, "cpuid: number of vCPUs");
		ok((e.ebx & 0xffff) == 0x0800, "cpuid: rest of the register");
		ok(!!(e.edx & 1U << 28) == (cpus > 1), "cpuid: more than one");
		ok(leaf(t, 0xb, &found).edx == i && leaf(t, 0x1f, &found).edx == i,
		   "cpuid: its x2APIC id");
	}
}

static void test_full(struct kvm_cpuid2 *from, struct kvm_cpuid2 *t)
{
	unsigned int ours;

	from->nent = 0;
	cpuid_build(t, from, 0, 1);
	ours = t->nent;

	memset(from->entries, 0, CPUID_ENTRIES * sizeof(from->entries[0]));
	from->nent = CPUID_ENTRIES - ours;
	ok(cpuid_build(t, from, 0, 1) && t->nent == CPUID_ENTRIES, "cpuid: a full table");
	from->nent++;
	ok(!cpuid_build(t, from, 0, 1), "cpuid: one leaf too many");
	from->nent = CPUID_ENTRIES;
	ok(!cpuid_build(t, from, 0, 1), "cpuid: no room for ours");
}

void test_cpuid(void)
{
	struct kvm_cpuid2 *from = supported_table();
	struct kvm_cpuid2 *t = cpuid_alloc();

	ok(cpuid_build(t, from, 0, 1), "cpuid: a table");
	test_vendor(t);
	test_features(t);
	test_zero_leaves(t);
	test_no_kvm(t);
	test_hidden(t);
	test_places(from, t, 1);
	test_places(from, t, 2);
	test_places(from, t, 8);
	test_full(from, t);
	free(from);
	free(t);
}
