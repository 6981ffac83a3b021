// SPDX-License-Identifier: GPL-2.0-only
/*
 * HvCallRetargetDeviceInterrupt, by which pci-hyperv moves an interrupt to another CPU.
 *
 * KVM refuses it by itself, without an exit.  So the write of the register that puts up
 * the guest's page of hypercalls comes here first (by an MSR filter); KVM does it, and
 * then its page gets other code, which takes this one hypercall to an I/O port.  The
 * guest cannot tell: a page of hypercalls is the hypervisor's to fill.
 */
#include <string.h>
#include <sys/ioctl.h>
#include "vtl0.h"

#define HV_X64_MSR_HYPERCALL			0x40000001
#define MSR_HYPERCALL_ENABLE			BIT_ULL(0)

#define HVCALL_RETARGET_INTERRUPT		0x7e

/* The control word; variable header in 8 bytes */
#define HVCALL_FAST				BIT_ULL(16)
#define HVCALL_VARHEAD(input)			((unsigned int)((input) >> 17 & 0x3ff))
#define HVCALL_REP				0x0fff0fff00000000ULL

#define HV_STATUS_INVALID_HYPERCALL_INPUT	0x03
#define HV_STATUS_INVALID_ALIGNMENT		0x04
#define HV_STATUS_INVALID_PARAMETER		0x05

#define HVCALL_INPUT_ALIGNMENT			8
#define HVCALL_INPUT_PAGE			4096

#define HV_PARTITION_SELF			(~0ULL)
#define HV_SOURCE_MSI				1
#define HV_TARGET_MULTICAST			BIT(0)
#define HV_TARGET_PROCESSOR_SET			BIT(1)
#define HV_SET_SPARSE				0
#define HV_SET_ALL				1
#define HV_SET_BANKS				64
#define HV_BANK_VPS				64

/* Input; the variable header begins with @valid_banks. */
struct hv_retarget {
	uint64_t partition;
	uint64_t device;
	uint32_t source;
	uint32_t reserved;
	uint32_t address;
	uint32_t data;
	uint64_t reserved2;
	uint32_t vector;
	uint32_t flags;
	uint64_t mask_or_format;
	uint64_t valid_banks;
	uint64_t banks[HV_SET_BANKS];
} __packed;

#define HV_RETARGET_FIXED	offsetof(struct hv_retarget, valid_banks)
#define HV_RETARGET_VARHEAD_MAX	(1 + HV_SET_BANKS)

/* ---- the page ------------------------------------------------------------------------- */

/**
 * hypercall_filter - have writes of the register come here
 * @vm_fd: KVM's machine
 */
void hypercall_filter(int vm_fd)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { KVM_MSR_EXIT_REASON_FILTER },
	};
	/* KVM reads whole words. */
	uint64_t none = 0;
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges = {
			{
				.flags = KVM_MSR_FILTER_WRITE,
				.nmsrs = 1,
				.base = HV_X64_MSR_HYPERCALL,
				.bitmap = (uint8_t *)&none,
			},
		},
	};

	must_ioctl(vm_fd, KVM_ENABLE_CAP, &cap);
	must_ioctl(vm_fd, KVM_X86_SET_MSR_FILTER, &filter);
}

/*
 * For 64-bit guests: the control word is in RCX.  The port's value is the result, in
 * EAX, whose upper half becomes zero.
 */
static const uint8_t page_code[] = {
	0x66, 0x83, 0xf9, HVCALL_RETARGET_INTERRUPT,	/* cmp $0x7e, %cx */
	0x74, 0x04,					/* je 1f */
	0x0f, 0x01, 0x00,				/* vmcall or vmmcall */
	0xc3,						/* ret */
	0xe5, HYPERCALL_PORT,				/* 1: in $port, %eax */
	0xc3,						/* ret */
};

#define PAGE_CODE_CALL		6
#define CALL_SIZE		3
#define RET			0xc3

/**
 * hypercall_overlay - replace what KVM has written to the page of hypercalls
 * @page: the page, HYPERCALL_PAGE_SIZE bytes
 *
 * Return: false if it is not known what that is; then it is as before.
 */
bool hypercall_overlay(uint8_t *page)
{
	uint8_t code[sizeof(page_code)];

	memcpy(code, page_code, sizeof(code));
	if (memcmp(page, code + PAGE_CODE_CALL, CALL_SIZE - 1) || page[CALL_SIZE] != RET)
		return false;
	/* The CPU's own instruction */
	memcpy(code + PAGE_CODE_CALL, page, CALL_SIZE);
	memcpy(page, code, sizeof(code));
	return true;
}

/**
 * hypercall_set_page - the guest writes the register
 * @vcpu_fd: KVM's vCPU
 * @mem: guest memory
 * @value: what it writes
 *
 * Context: thread of the vCPU, out of KVM_RUN.
 * Return: false if the guest gets an exception for it.
 */
bool hypercall_set_page(int vcpu_fd, const struct memory *mem, uint64_t value)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} arg = {
		.msrs.nmsrs = 1,
		.entry = { .index = HV_X64_MSR_HYPERCALL, .data = value },
	};
	uint8_t *page;

	if (must_ioctl(vcpu_fd, KVM_SET_MSRS, &arg) != 1)
		return false;
	/* KVM may not have done it, without a word. */
	if (must_ioctl(vcpu_fd, KVM_GET_MSRS, &arg) != 1 ||
	    !(arg.entry.data & MSR_HYPERCALL_ENABLE))
		return true;
	page = memory_at(mem, arg.entry.data & -(uint64_t)HYPERCALL_PAGE_SIZE,
			 HYPERCALL_PAGE_SIZE);
	if (!page)
		return false;
	if (!hypercall_overlay(page))
		die(STATUS_FAILED, "KVM's page of hypercalls is not as expected");
	return true;
}

/* ---- the hypercall -------------------------------------------------------------------- */

static void add_bank(__u64 *vps, unsigned int bank, uint64_t mask)
{
	if (bank < VMBUS_PARTITION_MAX_VPS / HV_BANK_VPS)
		vps[bank] |= mask;
}

/* Whether the set is one */
static bool get_set(const struct hv_retarget *in, unsigned int varhead, __u64 *vps)
{
	unsigned int bank, used = 0;

	if (in->mask_or_format == HV_SET_ALL) {
		memset(vps, 0xff, VMBUS_PARTITION_MAX_VPS / 8);
		return true;
	}
	if (in->mask_or_format != HV_SET_SPARSE || !varhead ||
	    (unsigned int)__builtin_popcountll(in->valid_banks) != varhead - 1)
		return false;
	for (bank = 0; bank < HV_SET_BANKS; bank++)
		if (in->valid_banks & BIT_ULL(bank))
			add_bank(vps, bank, in->banks[used++]);
	return true;
}

static unsigned int count_vps(const __u64 *vps)
{
	unsigned int i, n = 0;

	for (i = 0; i < VMBUS_PARTITION_MAX_VPS / HV_BANK_VPS; i++)
		n += __builtin_popcountll(vps[i]);
	return n;
}

static uint32_t retarget(struct partition *p, const struct hv_retarget *in, unsigned int varhead)
{
	struct vmbus_partition_retarget arg = {
		.address = in->address,
		.data = in->data,
		.vector = in->vector,
	};

	if (in->partition != HV_PARTITION_SELF || in->source != HV_SOURCE_MSI ||
	    in->flags & ~(HV_TARGET_MULTICAST | HV_TARGET_PROCESSOR_SET))
		return HV_STATUS_INVALID_PARAMETER;
	if (!(in->flags & HV_TARGET_PROCESSOR_SET))
		arg.vps[0] = in->mask_or_format;
	else if (!get_set(in, varhead, arg.vps))
		return HV_STATUS_INVALID_PARAMETER;
	/* An MSI of KVM to some vCPUs of many: no guest has wanted it. */
	if (in->flags & HV_TARGET_MULTICAST && count_vps(arg.vps) > 1)
		return HV_STATUS_INVALID_PARAMETER;
	partition_retarget(p, &arg);
	return arg.status;
}

/**
 * hypercall_retarget - the guest calls HvCallRetargetDeviceInterrupt
 * @p: partition with MSIs
 * @mem: guest memory
 * @input: control word
 * @gpa: guest physical address of the input
 *
 * Context: any thread.
 * Return: the result for the guest.
 */
uint32_t hypercall_retarget(struct partition *p, const struct memory *mem, uint64_t input,
			    uint64_t gpa)
{
	unsigned int varhead = HVCALL_VARHEAD(input), size;
	struct hv_retarget in = {};

	if (input & (HVCALL_FAST | HVCALL_REP) || varhead > HV_RETARGET_VARHEAD_MAX)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	size = HV_RETARGET_FIXED + varhead * 8;
	if (gpa % HVCALL_INPUT_ALIGNMENT || gpa % HVCALL_INPUT_PAGE + size > HVCALL_INPUT_PAGE)
		return HV_STATUS_INVALID_ALIGNMENT;
	if (!memory_read(mem, gpa, &in, size))
		return HV_STATUS_INVALID_PARAMETER;
	return retarget(p, &in, varhead);
}
