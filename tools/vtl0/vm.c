// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's machine: memory, interrupt controllers, eventfds.  It is built
 * anew for each boot: that is the surest reset there is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "vtl0.h"

/* Pages that KVM needs on Intel CPUs, in the hole below 4 GiB */
#define KVM_IDENTITY_MAP	0xfffbc000
#define KVM_TSS			0xfffbd000

/* The kernel's headers have it since 6.11. */
#ifndef KVM_PRE_FAULT_MEMORY
#define KVM_CAP_PRE_FAULT_MEMORY	236

struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

#define KVM_PRE_FAULT_MEMORY	_IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif

struct capability {
	int number;
	const char *name;
};

#define CAPABILITY(name)	{ name, #name }

static const struct capability capabilities[] = {
	CAPABILITY(KVM_CAP_IRQCHIP),
	CAPABILITY(KVM_CAP_IRQ_ROUTING),
	CAPABILITY(KVM_CAP_IRQFD),
	CAPABILITY(KVM_CAP_IMMEDIATE_EXIT),
	CAPABILITY(KVM_CAP_TSC_DEADLINE_TIMER),
	CAPABILITY(KVM_CAP_HYPERV),
	CAPABILITY(KVM_CAP_HYPERV_SYNIC2),
	CAPABILITY(KVM_CAP_HYPERV_EVENTFD),
};

static const struct capability vpci_capabilities[] = {
	CAPABILITY(KVM_CAP_X86_USER_SPACE_MSR),
	CAPABILITY(KVM_CAP_X86_MSR_FILTER),
};

static void vm_add_missing(char *missing, int kvm, const struct capability *caps, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (ioctl(kvm, KVM_CHECK_EXTENSION, caps[i].number) <= 0) {
			strcat(missing, " ");
			strcat(missing, caps[i].name);
		}
	}
}

static void vm_check_capabilities(int kvm, bool vpci)
{
	char missing[300] = "";

	if (must_ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		die(STATUS_FAILED, "/dev/kvm has an unknown API version");
	vm_add_missing(missing, kvm, capabilities, ARRAY_SIZE(capabilities));
	if (vpci)
		vm_add_missing(missing, kvm, vpci_capabilities, ARRAY_SIZE(vpci_capabilities));
	if (*missing)
		die(STATUS_FAILED, "this host's KVM cannot serve a Hyper-V guest, it lacks:%s",
		    missing);
}

/**
 * vm_open - open KVM and see what it can do
 * @vm: machine
 * @cpus: number of vCPUs
 * @vpci: the guest may have PCI devices on its VMBus
 */
void vm_open(struct vm *vm, unsigned int cpus, bool vpci)
{
	unsigned int i;

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		die_errno("/dev/kvm");
	vm_check_capabilities(vm->kvm, vpci);
	vm->run_size = must_ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->supported = cpuid_alloc();
	vm->supported->nent = CPUID_ENTRIES;
	must_ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, vm->supported);

	vm->cpus = cpus;
	for (i = 0; i < cpus; i++) {
		vm->vcpus[i].vm = vm;
		vm->vcpus[i].index = i;
	}
	pthread_mutex_init(&vm->lock, NULL);
	pthread_cond_init(&vm->ended, NULL);
}

static void vm_set_memory(struct vm *vm)
{
	struct memory_region regions[MEMORY_MAX_REGIONS];
	unsigned int n = memory_regions(&vm->memory, regions);
	struct kvm_userspace_memory_region slot = {};
	unsigned int i;

	for (i = 0; i < n; i++) {
		slot.slot = i;
		slot.guest_phys_addr = regions[i].gpa;
		slot.memory_size = regions[i].size;
		slot.userspace_addr = (uintptr_t)regions[i].host;
		must_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot);
	}
}

/*
 * Maps all memory for the guest now, if KVM can.  QEMU's emulation of SVM loses
 * the guest's instruction pointer when an interrupt that KVM injects cannot be
 * pushed on the stack because KVM has yet to map the stack's page.
 */
static void vm_map_memory(struct vm *vm)
{
	struct memory_region regions[MEMORY_MAX_REGIONS];
	unsigned int n = memory_regions(&vm->memory, regions);
	struct kvm_pre_fault_memory range = {};
	unsigned int i;

	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_PRE_FAULT_MEMORY) <= 0)
		return;
	for (i = 0; i < n; i++) {
		range.gpa = regions[i].gpa;
		range.size = regions[i].size;
		/* Each call may do a part, and moves @range on. */
		while (range.size)
			must_ioctl(vm->vcpus[0].fd, KVM_PRE_FAULT_MEMORY, &range);
	}
}

static void vm_bind_interrupt(struct vm *vm, int eventfd, unsigned int gsi)
{
	struct kvm_irqfd arg = {
		.fd = eventfd,
		.gsi = gsi,
	};

	must_ioctl(vm->fd, KVM_IRQFD, &arg);
}

/* What PCI devices on the VMBus need */
static void vm_bind_vpci(struct vm *vm)
{
	unsigned int i;

	hypercall_filter(vm->fd);
	for (i = 0; i < PARTITION_MSIS; i++)
		vm_bind_interrupt(vm, vm->partition.msis[i], GSI_MSI(i));
}

static void vm_bind_kicks(struct vm *vm)
{
	struct kvm_hyperv_eventfd arg = {};
	unsigned int i;

	for (i = 0; i < PARTITION_KICKS; i++) {
		arg.conn_id = VMBUS_PARTITION_CONNECTION_ID(1) + i;
		arg.fd = vm->partition.kicks[i];
		must_ioctl(vm->fd, KVM_HYPERV_EVENTFD, &arg);
	}
}

/**
 * vm_create - build the machine, ready to be loaded and started
 * @vm: machine; opened, with memory, console, partition and routes
 */
void vm_create(struct vm *vm)
{
	uint64_t identity_map = KVM_IDENTITY_MAP;
	unsigned int i;

	vm->started = false;
	vm->end = VM_RUNS;
	vm->fd = must_ioctl(vm->kvm, KVM_CREATE_VM, 0);
	must_ioctl(vm->fd, KVM_SET_TSS_ADDR, KVM_TSS);
	must_ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map);
	/*
	 * 0: the frequency that the kernel knows now.  The default is that of the
	 * time when KVM was loaded; if the kernel has refined it since, KVM may
	 * refuse it for vCPUs, and then their reference time stands still and
	 * their timers never expire.
	 */
	must_ioctl(vm->fd, KVM_SET_TSC_KHZ, 0);
	must_ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0);
	vm_set_memory(vm);
	for (i = 0; i < vm->cpus; i++)
		vcpu_create(&vm->vcpus[i]);
	vm_map_memory(vm);
	routes_bind(&vm->routes, vm->fd);
	vm_bind_interrupt(vm, vm->serial.irq, GSI_SERIAL);
	for (i = 0; i < vm->cpus; i++)
		vm_bind_interrupt(vm, vm->partition.calls[i], GSI_SINT(i));
	vm_bind_kicks(vm);
	if (vm->partition.vpci)
		vm_bind_vpci(vm);
}

/**
 * vm_destroy - take the machine apart
 * @vm: machine; no vCPU runs.  Memory, console and partition stay.
 *
 * The last close lets go of all eventfds.
 */
void vm_destroy(struct vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->cpus; i++)
		vcpu_destroy(&vm->vcpus[i]);
	routes_unbind(&vm->routes);
	close(vm->fd);
}

/**
 * vm_start - let it run
 * @vm: machine
 */
void vm_start(struct vm *vm)
{
	unsigned int i;

	pthread_mutex_lock(&vm->lock);
	for (i = 0; i < vm->cpus; i++)
		vcpu_start(&vm->vcpus[i]);
	vm->started = true;
	pthread_mutex_unlock(&vm->lock);
}

/**
 * vm_report - say on stderr what the vCPUs do
 * @vm: machine
 *
 * Context: any thread.
 */
void vm_report(struct vm *vm)
{
	unsigned int i;

	pthread_mutex_lock(&vm->lock);
	for (i = 0; vm->started && vm->end == VM_RUNS && i < vm->cpus; i++)
		vcpu_report(&vm->vcpus[i]);
	pthread_mutex_unlock(&vm->lock);
}

/**
 * vm_end - a vCPU finds that the guest has ended
 * @vm: machine
 * @end: how; the first one counts
 *
 * Context: any thread.
 */
void vm_end(struct vm *vm, enum vm_end end)
{
	pthread_mutex_lock(&vm->lock);
	if (vm->end == VM_RUNS)
		vm->end = end;
	pthread_cond_signal(&vm->ended);
	pthread_mutex_unlock(&vm->lock);
}

/**
 * vm_wait - wait for the guest's end
 * @vm: machine
 *
 * Return: how it ended.
 */
enum vm_end vm_wait(struct vm *vm)
{
	enum vm_end end;

	pthread_mutex_lock(&vm->lock);
	while (vm->end == VM_RUNS)
		pthread_cond_wait(&vm->ended, &vm->lock);
	end = vm->end;
	pthread_mutex_unlock(&vm->lock);
	return end;
}
