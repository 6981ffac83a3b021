// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual CPU: its set-up, its thread, and the exits from guest mode.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "vtl0.h"

#define CR0_PE			BIT(0)
#define CR0_MP			BIT(1)
#define CR0_ET			BIT(4)
#define CR0_NE			BIT(5)
#define CR0_WP			BIT(16)
#define CR0_AM			BIT(18)
#define CR0_PG			BIT(31)
#define CR4_PAE			BIT(5)
#define EFER_LME		BIT(8)
#define EFER_LMA		BIT(10)
#define RFLAGS_FIXED		BIT(1)
#define RFLAGS_IF		BIT(9)

#define APIC_ISR		0x100
#define APIC_IRR		0x200
#define APIC_LVTT		0x320

#define SEGMENT_CODE		0xb		/* execute, read, accessed */
#define SEGMENT_DATA		0x3		/* read, write, accessed */

static void on_signal(int signal)
{
	(void)signal;
}

/**
 * vcpu_init - prepare the process for threads of vCPUs
 *
 * The signal only has to interrupt KVM_RUN.
 */
void vcpu_init(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	if (sigaction(SIGUSR1, &action, NULL))
		die_errno("sigaction");
}

static void vcpu_set_cpuid(struct vcpu *vcpu)
{
	struct kvm_cpuid2 *table = cpuid_alloc();

	if (!cpuid_build(table, vcpu->vm->supported, vcpu->index, vcpu->vm->cpus))
		die(STATUS_FAILED, "too many CPUID leaves");
	must_ioctl(vcpu->fd, KVM_SET_CPUID2, table);
	free(table);
}

/**
 * vcpu_create - make a vCPU in a new machine
 * @vcpu: vCPU; its machine has interrupt controllers already
 *
 * All but the first wait to be started by it.
 */
void vcpu_create(struct vcpu *vcpu)
{
	struct kvm_enable_cap synic = { .cap = KVM_CAP_HYPERV_SYNIC2 };

	vcpu->fd = must_ioctl(vcpu->vm->fd, KVM_CREATE_VCPU, vcpu->index);
	must_ioctl(vcpu->fd, KVM_ENABLE_CAP, &synic);
	vcpu_set_cpuid(vcpu);
	vcpu->run = mmap(NULL, vcpu->vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die_errno("memory shared with KVM");
}

/**
 * vcpu_destroy - take a vCPU away
 * @vcpu: vCPU; stopped
 */
void vcpu_destroy(struct vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->vm->run_size);
	close(vcpu->fd);
}

/* What is in the GDT at BOOT_GDT, too */
static const struct kvm_segment code_segment = {
	.limit = 0xffffffff,
	.selector = BOOT_CS,
	.type = SEGMENT_CODE,
	.present = 1,
	.s = 1,
	.l = 1,
	.g = 1,
};

static const struct kvm_segment data_segment = {
	.limit = 0xffffffff,
	.selector = BOOT_DS,
	.type = SEGMENT_DATA,
	.present = 1,
	.s = 1,
	.db = 1,
	.g = 1,
};

/**
 * vcpu_set_entry - let a vCPU start as the 64-bit boot protocol says
 * @vcpu: vCPU
 * @entry: address of the first instruction
 */
void vcpu_set_entry(struct vcpu *vcpu, uint64_t entry)
{
	struct kvm_regs regs = {
		.rip = entry,
		.rsi = BOOT_PARAMS,
		.rsp = BOOT_PARAMS,
		.rflags = RFLAGS_FIXED,
	};
	struct kvm_sregs sregs;

	must_ioctl(vcpu->fd, KVM_GET_SREGS, &sregs);
	sregs.cs = code_segment;
	sregs.ds = data_segment;
	sregs.es = data_segment;
	sregs.fs = data_segment;
	sregs.gs = data_segment;
	sregs.ss = data_segment;
	sregs.gdt.base = BOOT_GDT;
	sregs.gdt.limit = BOOT_GDT_SIZE - 1;
	sregs.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	sregs.cr3 = BOOT_PAGE_TABLES;
	sregs.cr4 = CR4_PAE;
	sregs.efer = EFER_LME | EFER_LMA;
	must_ioctl(vcpu->fd, KVM_SET_SREGS, &sregs);
	must_ioctl(vcpu->fd, KVM_SET_REGS, &regs);
}

static noreturn void vcpu_unexpected(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct kvm_regs regs = {};

	ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	switch (run->exit_reason) {
	case KVM_EXIT_INTERNAL_ERROR:
		die(STATUS_FAILED, "vCPU %u: KVM_EXIT_INTERNAL_ERROR, suberror %u, at %#llx",
		    vcpu->index, run->internal.suberror, regs.rip);
	case KVM_EXIT_FAIL_ENTRY:
		die(STATUS_FAILED, "vCPU %u: KVM_EXIT_FAIL_ENTRY, reason %#llx, at %#llx",
		    vcpu->index, run->fail_entry.hardware_entry_failure_reason, regs.rip);
	case KVM_EXIT_SYSTEM_EVENT:
		die(STATUS_FAILED, "vCPU %u: KVM_EXIT_SYSTEM_EVENT, type %u, at %#llx",
		    vcpu->index, run->system_event.type, regs.rip);
	}
	die(STATUS_FAILED, "vCPU %u: unexpected exit %u at %#llx", vcpu->index,
	    run->exit_reason, regs.rip);
}

/* The hypercall that KVM does not have: its result is what is read. */
static void vcpu_hypercall(struct vcpu *vcpu, uint8_t *data)
{
	struct vm *vm = vcpu->vm;
	struct kvm_regs regs;
	uint32_t status;

	must_ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	status = hypercall_retarget(&vm->partition, &vm->memory, regs.rcx, regs.rdx);
	/* Before the guest goes on: it will expect the interrupt there. */
	routes_sync(&vm->routes);
	memcpy(data, &status, sizeof(status));
}

static bool vcpu_is_hypercall(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	return vcpu->vm->partition.vpci && run->io.port == HYPERCALL_PORT &&
	       run->io.direction == KVM_EXIT_IO_IN && run->io.size == 4 && run->io.count == 1;
}

static enum vm_end vcpu_io(struct vcpu *vcpu)
{
	struct serial *serial = &vcpu->vm->serial;
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	enum vm_end end = VM_RUNS;
	unsigned int i;

	if (vcpu_is_hypercall(vcpu)) {
		vcpu_hypercall(vcpu, data);
		return VM_RUNS;
	}
	for (i = 0; i < run->io.count && end == VM_RUNS; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT)
			end = ports_write(serial, run->io.port, data, run->io.size);
		else
			ports_read(serial, run->io.port, data, run->io.size);
	}
	return end;
}

static void vcpu_mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct partition *p = &vcpu->vm->partition;

	if (p->vpci)
		mmio_access(p, run->mmio.phys_addr, run->mmio.data, run->mmio.len,
			    run->mmio.is_write);
	else if (!run->mmio.is_write)
		/* No device is there. */
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static enum vm_end vcpu_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct vm *vm = vcpu->vm;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		return vcpu_io(vcpu);
	case KVM_EXIT_MMIO:
		vcpu_mmio(vcpu);
		return VM_RUNS;
	case KVM_EXIT_X86_WRMSR:
		/* No other register is filtered. */
		run->msr.error = !hypercall_set_page(vcpu->fd, &vm->memory, run->msr.data);
		return VM_RUNS;
	case KVM_EXIT_HYPERV:
		hyperv_exit(&vm->partition, &vm->memory, vcpu->index, &run->hyperv);
		return VM_RUNS;
	case KVM_EXIT_SHUTDOWN:
		return VM_RESET;
	}
	vcpu_unexpected(vcpu);
}

/* Set bits of a register of the APIC that has one for each vector. */
static void apic_vectors(const struct kvm_lapic_state *apic, unsigned int reg, char *text,
			 size_t size)
{
	unsigned int vector, used = 0;
	uint32_t word;

	text[0] = '\0';
	for (vector = 0; vector < 256 && used < size; vector++) {
		memcpy(&word, apic->regs + reg + vector / 32 * 16, sizeof(word));
		if (word & BIT(vector % 32))
			used += snprintf(text + used, size - used, " %#x", vector);
	}
}

/* What it does, and which interrupts it has and waits for. */
static void vcpu_tell(struct vcpu *vcpu)
{
	struct kvm_lapic_state apic = {};
	struct kvm_mp_state state = {};
	char irr[128], isr[128];
	struct kvm_regs regs = {};
	uint32_t timer;

	must_ioctl(vcpu->fd, KVM_GET_REGS, &regs);
	must_ioctl(vcpu->fd, KVM_GET_MP_STATE, &state);
	must_ioctl(vcpu->fd, KVM_GET_LAPIC, &apic);
	apic_vectors(&apic, APIC_IRR, irr, sizeof(irr));
	apic_vectors(&apic, APIC_ISR, isr, sizeof(isr));
	memcpy(&timer, apic.regs + APIC_LVTT, sizeof(timer));
	fprintf(stderr,
		"vtl0: vCPU %u: %s at %#llx, interrupts %s, due:%s, in service:%s, timer %#x\n",
		vcpu->index, state.mp_state == KVM_MP_STATE_HALTED ? "halted" : "runs",
		regs.rip, regs.rflags & RFLAGS_IF ? "on" : "off", irr, isr, timer);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu *vcpu = arg;
	enum vm_end end = VM_RUNS;

	while (end == VM_RUNS) {
		if (!ioctl(vcpu->fd, KVM_RUN, 0)) {
			end = vcpu_exit(vcpu);
		} else if (errno == EINTR) {
			/* Pairs with the store in vcpu_stop(). */
			if (__atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_RELAXED))
				return NULL;
			vcpu_tell(vcpu);
		} else if (errno != EAGAIN) {
			/* EAGAIN: a vCPU that waited was woken up. */
			die_errno("KVM_RUN");
		}
	}
	vm_end(vcpu->vm, end);
	return NULL;
}

/**
 * vcpu_start - let a vCPU run in a thread of its own
 * @vcpu: vCPU
 */
void vcpu_start(struct vcpu *vcpu)
{
	errno = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
	if (errno)
		die_errno("thread of a vCPU");
}

/**
 * vcpu_report - have a vCPU say on stderr what it does
 * @vcpu: vCPU that was started, and not stopped yet
 *
 * Context: any thread.
 */
void vcpu_report(struct vcpu *vcpu)
{
	pthread_kill(vcpu->thread, SIGUSR1);
}

/**
 * vcpu_stop - end a vCPU's thread
 * @vcpu: vCPU
 *
 * A signal that comes before KVM_RUN interrupts nothing: immediate_exit makes
 * KVM_RUN return at once then.
 */
void vcpu_stop(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_RELAXED);
	pthread_kill(vcpu->thread, SIGUSR1);
	errno = pthread_join(vcpu->thread, NULL);
	if (errno)
		die_errno("thread of a vCPU");
}
