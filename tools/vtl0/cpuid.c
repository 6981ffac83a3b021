// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID: what KVM supports, with the hypervisor's leaves replaced by those of
 * Hyper-V, and each vCPU's place.
 */
#include <stdlib.h>
#include "vtl0.h"

#define HV_CPUID_VENDOR			0x40000000
#define HV_CPUID_INTERFACE		0x40000001
#define HV_CPUID_VERSION		0x40000002
#define HV_CPUID_FEATURES		0x40000003
#define HV_CPUID_RECOMMENDATIONS	0x40000004
#define HV_CPUID_LIMITS			0x40000005
#define HV_CPUID_MAX			0x40000082

/* HV_CPUID_FEATURES, EAX */
#define HV_TIME_REF_COUNT		BIT(1)
#define HV_SYNIC			BIT(2)
#define HV_APIC_ACCESS			BIT(4)
#define HV_HYPERCALL			BIT(5)
#define HV_VP_INDEX			BIT(6)
#define HV_REFERENCE_TSC		BIT(9)
#define HV_FREQUENCY			BIT(11)
/* EBX */
#define HV_POST_MESSAGES		BIT(4)
#define HV_SIGNAL_EVENTS		BIT(5)
/* EDX */
#define HV_FREQUENCY_MSRS		BIT(8)

/* HV_CPUID_RECOMMENDATIONS, EAX */
#define HV_USE_APIC_MSRS		BIT(3)
#define HV_RELAXED_TIMING		BIT(5)
#define HV_DEPRECATING_AEOI		BIT(9)
#define HV_CLUSTER_IPI			BIT(10)
#define HV_EX_PROCESSOR_MASKS		BIT(11)

#define HV_NEVER_RETRY_SPINLOCK		0xffffffff
#define HV_MAX_VPS			64

/*
 * No SynIC timers: the guest's are those of its APIC, which cost it an exit less,
 * and in the message pages there are only the messages of the VMBus.  Without
 * AutoEOI KVM can keep its APIC acceleration.  Where it has none, guests that use
 * Hyper-V's MSRs of the APIC have an assist page, in which KVM says that an EOI
 * need not exit.  The zero leaves are for guests that look at them whatever the
 * highest leaf is: on an Intel CPU, KVM answers a missing leaf with another one's
 * contents.
 */
static const struct kvm_cpuid_entry2 hyperv_leaves[] = {
	{
		.function = HV_CPUID_VENDOR,
		.eax = HV_CPUID_MAX,
		.ebx = 0x7263694d,	/* "Micr" */
		.ecx = 0x666f736f,	/* "osof" */
		.edx = 0x76482074,	/* "t Hv" */
	}, {
		.function = HV_CPUID_INTERFACE,
		.eax = 0x31237648,	/* "Hv#1"; KVM emulates Hyper-V when it sees it */
	}, {
		.function = HV_CPUID_VERSION,
		.eax = 0x3839,
		.ebx = 0x000a0000,	/* 10.0 */
	}, {
		.function = HV_CPUID_FEATURES,
		.eax = HV_TIME_REF_COUNT | HV_SYNIC | HV_APIC_ACCESS | HV_HYPERCALL |
		       HV_VP_INDEX | HV_REFERENCE_TSC | HV_FREQUENCY,
		.ebx = HV_POST_MESSAGES | HV_SIGNAL_EVENTS,
		.edx = HV_FREQUENCY_MSRS,
	}, {
		.function = HV_CPUID_RECOMMENDATIONS,
		.eax = HV_USE_APIC_MSRS | HV_RELAXED_TIMING | HV_DEPRECATING_AEOI |
		       HV_CLUSTER_IPI | HV_EX_PROCESSOR_MASKS,
		.ebx = HV_NEVER_RETRY_SPINLOCK,
	}, {
		.function = HV_CPUID_LIMITS,
		.eax = HV_MAX_VPS,
		.ebx = HV_MAX_VPS,
	},
	{ .function = 0x40000006 },
	{ .function = 0x40000007 },
	{ .function = 0x40000008 },
	{ .function = 0x40000009 },
	{ .function = 0x4000000a },
	{ .function = 0x40000080 },
	{ .function = 0x40000081 },
	{ .function = 0x40000082 },
};

/* Leaf 1, ECX */
#define CPUID_1_X2APIC			BIT(21)
#define CPUID_1_TSC_DEADLINE		BIT(24)
#define CPUID_1_HYPERVISOR		BIT(31)
/* Leaf 1, EDX: the number of CPUs in EBX is valid */
#define CPUID_1_HTT			BIT(28)

/*
 * Bits that the guest does not get to see.  It shall not run guests itself (VMX,
 * SVM).  And it shall not use XSAVE, with all that builds on it: QEMU's emulation
 * of SVM does not intercept XSETBV, and then KVM does not know which state of the
 * FPU is the guest's.
 */
static const struct kvm_cpuid_entry2 hidden[] = {
	{
		.function = 1,
		.ecx = BIT(5) |					/* VMX */
		       BIT(12) |				/* FMA */
		       BIT(26) | BIT(27) |			/* XSAVE, OSXSAVE */
		       BIT(28) | BIT(29),			/* AVX, F16C */
	}, {
		.function = 7,
		.ebx = BIT(5) |					/* AVX2 */
		       BIT(14) |				/* MPX */
		       BIT(16) | BIT(17) | BIT(21) | BIT(26) |
		       BIT(27) | BIT(28) | BIT(30) | BIT(31),	/* AVX-512 */
		.ecx = BIT(3) | BIT(4) |			/* PKU, OSPKE */
		       BIT(7) |					/* shadow stacks */
		       BIT(9) | BIT(10) |			/* VAES, VPCLMULQDQ */
		       BIT(1) | BIT(6) | BIT(11) | BIT(12) |
		       BIT(14),					/* AVX-512 */
		.edx = BIT(2) | BIT(3) | BIT(8) | BIT(23) |	/* AVX-512 */
		       BIT(22) | BIT(24) | BIT(25),		/* AMX */
	},
	/* AVX-VNNI and the like */
	{ .function = 7, .index = 1, .eax = ~0U, .ebx = ~0U, .ecx = ~0U, .edx = ~0U },
	{
		.function = 0x80000001,
		.ecx = BIT(2) |					/* SVM */
		       BIT(11) | BIT(15) | BIT(16),		/* XOP, LWP, FMA4 */
	},
};

#define CPUID_XSAVE			0xd
#define CPUID_SVM			0x8000000a

static bool is_hypervisor_leaf(uint32_t function)
{
	return function >> 28 == 4;
}

static bool is_wanted(uint32_t function)
{
	return !is_hypervisor_leaf(function) && function != CPUID_XSAVE && function != CPUID_SVM;
}

static void hide(struct kvm_cpuid_entry2 *e)
{
	const struct kvm_cpuid_entry2 *h;

	for (h = hidden; h < hidden + ARRAY_SIZE(hidden); h++) {
		if (h->function != e->function || h->index != e->index)
			continue;
		e->eax &= ~h->eax;
		e->ebx &= ~h->ebx;
		e->ecx &= ~h->ecx;
		e->edx &= ~h->edx;
	}
}

static void set_place(struct kvm_cpuid_entry2 *e, unsigned int apic_id, unsigned int cpus)
{
	switch (e->function) {
	case 1:
		e->ebx = (e->ebx & 0xffff) | cpus << 16 | apic_id << 24;
		e->ecx |= CPUID_1_X2APIC | CPUID_1_TSC_DEADLINE | CPUID_1_HYPERVISOR;
		e->edx &= ~CPUID_1_HTT;
		if (cpus > 1)
			e->edx |= CPUID_1_HTT;
		break;
	case 0xb:
	case 0x1f:
		e->edx = apic_id;
		break;
	}
}

/**
 * cpuid_alloc - make an empty table
 *
 * Return: a table with room for CPUID_ENTRIES, to be freed.
 */
struct kvm_cpuid2 *cpuid_alloc(void)
{
	struct kvm_cpuid2 *table;

	table = calloc(1, sizeof(*table) + CPUID_ENTRIES * sizeof(table->entries[0]));
	if (!table)
		die_errno("CPUID table");
	return table;
}

static bool add(struct kvm_cpuid2 *out, const struct kvm_cpuid_entry2 *e)
{
	if (out->nent == CPUID_ENTRIES)
		return false;
	out->entries[out->nent++] = *e;
	return true;
}

/**
 * cpuid_build - make the table of a vCPU
 * @out: table of cpuid_alloc()
 * @supported: what KVM supports
 * @apic_id: the vCPU's APIC id
 * @cpus: number of vCPUs
 *
 * Return: false if the table is too small.
 */
bool cpuid_build(struct kvm_cpuid2 *out, const struct kvm_cpuid2 *supported,
		 unsigned int apic_id, unsigned int cpus)
{
	struct kvm_cpuid_entry2 e;
	unsigned int i;

	out->nent = 0;
	for (i = 0; i < supported->nent; i++) {
		e = supported->entries[i];
		if (!is_wanted(e.function))
			continue;
		hide(&e);
		set_place(&e, apic_id, cpus);
		if (!add(out, &e))
			return false;
	}
	for (i = 0; i < ARRAY_SIZE(hyperv_leaves); i++)
		if (!add(out, &hyperv_leaves[i]))
			return false;
	return true;
}
