/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vtl0: a small virtual machine monitor for one Linux guest with a VMBus.
 *
 * KVM runs the guest and emulates Hyper-V's registers; /dev/vmbus_partition
 * serves its VMBus.  vtl0 builds the machine, hands guest memory and eventfds
 * to both, and forwards the few exits that concern the VMBus.
 *
 * One thread per vCPU, one that reads the console's input, one that waits for signals,
 * one that routes MSIs, and the main thread that waits for the guest's end.
 */
#ifndef VTL0_H
#define VTL0_H

#include <linux/kvm.h>
#include <linux/vmbus_partition.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define VTL0_MAX_VCPUS		8

#define MIB			(1024 * 1024ULL)
#define GIB			(1024 * MIB)

#define BIT(n)			(1U << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

/* Exit status of the program */
#define STATUS_FAILED		1
#define STATUS_BAD_ARGUMENT	2

/* Interrupt numbers: those of the IOAPIC, then one per VP for its SINT, then MSIs. */
#define GSI_SERIAL		4
#define GSI_IOAPIC_PINS		24
#define GSI_SINT(vp)		(GSI_IOAPIC_PINS + (vp))
#define GSI_MSI(n)		(GSI_SINT(VTL0_MAX_VCPUS) + (n))

#define VMBUS_SINT		2

#define __packed		__attribute((packed))
#define __printf(fmt, args)	__attribute((format(printf, fmt, args)))

/* ---- error.c ------------------------------------------------------------------------- */

noreturn void __printf(2, 3) die(int status, const char *fmt, ...);
noreturn void die_errno(const char *what);
int must_ioctl_named(int fd, unsigned long request, const char *name, unsigned long arg);

/* An ioctl that must succeed; its name is in the message if it does not. */
#define must_ioctl(fd, request, arg) \
	must_ioctl_named(fd, request, #request, (unsigned long)(arg))

int must_eventfd(void);

/* ---- options.c ----------------------------------------------------------------------- */

#define MEMORY_MIN_MIB		64
#define MEMORY_MAX_MIB		32768

/**
 * struct options - the command line
 * @kernel: path of the kernel's bzImage
 * @initrd: path of the initramfs, or NULL
 * @append: kernel command line, may be empty
 * @partition: name of the partition
 * @device: path of the partition device
 * @memory: bytes of guest memory
 * @cpus: number of vCPUs
 * @server_reset: a guest reset resets the VMBus server, too
 * @vpci: the guest may have PCI devices on its VMBus
 * @numa: it has two NUMA nodes
 * @help: only show the usage
 */
struct options {
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *partition;
	const char *device;
	uint64_t memory;
	unsigned int cpus;
	bool server_reset;
	bool vpci;
	bool numa;
	bool help;
};

const char *options_parse(struct options *o, int argc, char **argv);
void options_usage(void);

/* ---- memory.c ------------------------------------------------------------------------ */

/* Guest memory is below 3 GiB and above 4 GiB; devices are between, and far above. */
#define MEMORY_LOW_MAX		(3 * GIB)
#define MEMORY_HIGH		(4 * GIB)

/* Where the guest may put devices of its VMBus */
#define MMIO_LOW		0xe0000000ULL
#define MMIO_LOW_SIZE		(256 * MIB)
#define MMIO_HIGH		(60 * GIB)
#define MMIO_HIGH_SIZE		(4 * GIB)

#define MEMORY_MAX_REGIONS	2

/**
 * struct memory - the guest's memory, one piece in our address space
 * @host: where it starts
 * @low: bytes at guest physical address 0
 * @high: bytes at MEMORY_HIGH, which follow the low ones in @host
 */
struct memory {
	uint8_t *host;
	uint64_t low;
	uint64_t high;
};

/**
 * struct memory_region - a range of guest physical addresses that are memory
 * @gpa: first address
 * @size: bytes
 * @host: the same memory in our address space
 */
struct memory_region {
	uint64_t gpa;
	uint64_t size;
	uint8_t *host;
};

void memory_map(struct memory *mem, uint64_t size, bool populate);
unsigned int memory_regions(const struct memory *mem, struct memory_region *regions);
void *memory_at(const struct memory *mem, uint64_t gpa, uint64_t size);
bool memory_read(const struct memory *mem, uint64_t gpa, void *to, uint64_t size);

/* ---- cpuid.c ------------------------------------------------------------------------- */

#define CPUID_ENTRIES		256

struct kvm_cpuid2 *cpuid_alloc(void);
bool cpuid_build(struct kvm_cpuid2 *out, const struct kvm_cpuid2 *supported,
		 unsigned int apic_id, unsigned int cpus);

/* ---- acpi.c -------------------------------------------------------------------------- */

/* Where the tables are in guest memory, the RSDP first. */
#define ACPI_TABLES		0xe0000
#define ACPI_TABLES_SIZE	0x1000

/* The registers of "hardware-reduced" ACPI, as I/O ports. */
#define ACPI_SLEEP_CONTROL	0x600
#define ACPI_SLEEP_STATUS	0x601
#define ACPI_RESET		0x602

#define ACPI_RESET_VALUE	1
#define ACPI_S5_TYPE		5

/* What is between NUMA nodes is a multiple of it, as Linux' sections of memory are. */
#define NUMA_ALIGN		(128 * MIB)

void acpi_build(uint8_t *at, uint64_t gpa, unsigned int cpus, bool vpci,
		const struct memory *mem);

/* ---- boot.c -------------------------------------------------------------------------- */

/* Low memory as the boot protocol finds it; all below 1 MiB. */
#define BOOT_GDT		0x500
#define BOOT_GDT_SIZE		0x20
#define BOOT_PARAMS		0x7000
#define BOOT_PAGE_TABLES	0x9000
#define BOOT_CMDLINE		0x20000
#define BOOT_LOW_END		0x9fc00

#define BOOT_CS			0x10
#define BOOT_DS			0x18

/**
 * struct file - contents of a file
 * @data: mapped read-only
 * @size: bytes, 0 if there is no file
 */
struct file {
	const uint8_t *data;
	size_t size;
};

/**
 * struct boot - what to boot
 * @kernel: a bzImage
 * @initrd: initramfs, may be none
 * @append: kernel command line
 * @rsdp: guest physical address of ACPI's RSDP
 * @vpci: the guest has address space for devices of its VMBus
 * @numa: its memory is in two NUMA nodes
 */
struct boot {
	struct file kernel;
	struct file initrd;
	const char *append;
	uint64_t rsdp;
	bool vpci;
	bool numa;
};

const char *boot_load(const struct memory *mem, const struct boot *boot, uint64_t *entry);

/* ---- serial.c ------------------------------------------------------------------------ */

#define SERIAL_PORT		0x3f8
#define SERIAL_PORTS		8
#define SERIAL_FIFO		16

/**
 * struct serial - a 16550A
 * @lock: protects all that follows
 * @room: the receiver's FIFO is not full any more
 * @out: file that gets what the guest sends
 * @irq: eventfd of the interrupt
 * @ier: interrupt enable register
 * @fcr: FIFO control register
 * @lcr: line control register
 * @mcr: modem control register
 * @scr: scratch register
 * @divisor: divisor latch; has no effect
 * @sent: the transmitter has become empty, and the guest has not seen that
 * @line: level of the interrupt line
 * @fifo: received bytes, a ring
 * @first: index of the oldest byte in @fifo
 * @count: bytes in @fifo
 */
struct serial {
	pthread_mutex_t lock;
	pthread_cond_t room;
	int out;
	int irq;
	uint8_t ier;
	uint8_t fcr;
	uint8_t lcr;
	uint8_t mcr;
	uint8_t scr;
	uint8_t divisor[2];
	bool sent;
	bool line;
	uint8_t fifo[SERIAL_FIFO];
	unsigned int first;
	unsigned int count;
};

void serial_init(struct serial *s, int out, int irq);
void serial_reset(struct serial *s);
uint8_t serial_read(struct serial *s, unsigned int reg);
void serial_write(struct serial *s, unsigned int reg, uint8_t value);
void serial_receive(struct serial *s, const uint8_t *data, size_t size);
void serial_listen(struct serial *s, int in);

/* ---- partition.c --------------------------------------------------------------------- */

/* Channels whose signals come by eventfd; those above take the slow way. */
#define PARTITION_KICKS		256

/* MSIs that devices can have at a time */
#define PARTITION_MSIS		256

/**
 * struct partition - our side of /dev/vmbus_partition
 * @fd: the open device
 * @can_stop: it has STOP and START
 * @vpci: it serves MMIO, and has MSIs
 * @cpus: number of VPs
 * @calls: eventfd of each VP's SINT, signalled by the partition
 * @kicks: eventfd of each connection, signalled by the guest
 * @msis: eventfd of each MSI, signalled by the partition
 */
struct partition {
	int fd;
	bool can_stop;
	bool vpci;
	unsigned int cpus;
	int calls[VTL0_MAX_VCPUS];
	int kicks[PARTITION_KICKS];
	int msis[PARTITION_MSIS];
};

void partition_open(struct partition *p, const char *device, const char *name,
		    const struct memory *mem, unsigned int cpus, bool vpci);
void partition_set_synic(struct partition *p, unsigned int vp, uint64_t control, uint64_t simp,
			 uint64_t siefp);
void partition_post(struct partition *p, struct vmbus_partition_message *msg);
void partition_signal(struct partition *p, struct vmbus_partition_signal *sig);
void partition_mmio(struct partition *p, struct vmbus_partition_mmio *mmio);
void partition_retarget(struct partition *p, struct vmbus_partition_retarget *retarget);
bool partition_next_msi(struct partition *p, struct vmbus_partition_msi *msi);
void partition_msi_routed(struct partition *p, const struct vmbus_partition_msi *msi);
bool partition_wait_msi(struct partition *p);
void partition_reset(struct partition *p, bool server);
void partition_pause(struct partition *p);

/* ---- routes.c ------------------------------------------------------------------------ */

#define ROUTES_MAX		GSI_MSI(PARTITION_MSIS)

/**
 * struct routes - where interrupts go
 * @lock: protects what follows
 * @fd: KVM's machine, or -1 while there is none
 * @cpus: number of vCPUs
 * @partition: whose MSIs they are
 * @msis: their routes
 */
struct routes {
	pthread_mutex_t lock;
	int fd;
	unsigned int cpus;
	struct partition *partition;
	struct vmbus_partition_msi msis[PARTITION_MSIS];
};

void routes_init(struct routes *r, struct partition *p, unsigned int cpus);
unsigned int routes_fill(const struct routes *r, struct kvm_irq_routing_entry *entries);
void routes_bind(struct routes *r, int fd);
void routes_unbind(struct routes *r);
void routes_sync(struct routes *r);
void routes_listen(struct routes *r);

/* ---- vm.c, vcpu.c -------------------------------------------------------------------- */

/**
 * enum vm_end - how the guest ended
 * @VM_RUNS: it did not
 * @VM_POWER_OFF: it switched the machine off
 * @VM_RESET: it reset the machine
 */
enum vm_end {
	VM_RUNS,
	VM_POWER_OFF,
	VM_RESET,
};

struct vm;

/**
 * struct vcpu - a virtual CPU
 * @vm: the machine
 * @index: VP index, and APIC id
 * @fd: KVM's vCPU
 * @run: shared with KVM
 * @thread: runs it
 */
struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
};

/**
 * struct vm - the machine
 * @kvm: /dev/kvm
 * @fd: KVM's machine; a new one for each boot
 * @run_size: bytes of struct kvm_run
 * @supported: what CPUID can offer
 * @memory: guest memory; the same for all boots
 * @serial: console
 * @partition: server of the VMBus; the same for all boots
 * @routes: of interrupts; those of MSIs the same for all boots
 * @cpus: number of vCPUs
 * @vcpus: the vCPUs
 * @lock: protects @started and @end
 * @started: all vCPUs have their threads, and have them until @end is not VM_RUNS
 * @ended: @end is no longer VM_RUNS
 * @end: how this boot ended
 */
struct vm {
	int kvm;
	int fd;
	size_t run_size;
	struct kvm_cpuid2 *supported;
	struct memory memory;
	struct serial serial;
	struct partition partition;
	struct routes routes;
	unsigned int cpus;
	struct vcpu vcpus[VTL0_MAX_VCPUS];
	pthread_mutex_t lock;
	bool started;
	pthread_cond_t ended;
	enum vm_end end;
};

void vm_open(struct vm *vm, unsigned int cpus, bool vpci);
void vm_create(struct vm *vm);
void vm_start(struct vm *vm);
void vm_report(struct vm *vm);
void vm_destroy(struct vm *vm);
void vm_end(struct vm *vm, enum vm_end end);
enum vm_end vm_wait(struct vm *vm);

void vcpu_init(void);
void vcpu_create(struct vcpu *vcpu);
void vcpu_set_entry(struct vcpu *vcpu, uint64_t entry);
void vcpu_start(struct vcpu *vcpu);
void vcpu_report(struct vcpu *vcpu);
void vcpu_stop(struct vcpu *vcpu);
void vcpu_destroy(struct vcpu *vcpu);

/* ---- ports.c, mmio.c, hyperv.c, hypercall.c ------------------------------------------- */

enum vm_end ports_read(struct serial *s, uint16_t port, uint8_t *data, unsigned int size);
enum vm_end ports_write(struct serial *s, uint16_t port, const uint8_t *data,
			unsigned int size);

void mmio_access(struct partition *p, uint64_t gpa, uint8_t *data, unsigned int size,
		 bool write);

/* The port that the page of hypercalls reads to retarget an interrupt */
#define HYPERCALL_PORT		0xe4
#define HYPERCALL_PAGE_SIZE	4096

void hypercall_filter(int vm_fd);
bool hypercall_overlay(uint8_t *page);
bool hypercall_set_page(int vcpu_fd, const struct memory *mem, uint64_t value);
uint32_t hypercall_retarget(struct partition *p, const struct memory *mem, uint64_t input,
			    uint64_t gpa);

void hyperv_exit(struct partition *p, const struct memory *mem, unsigned int vp,
		 struct kvm_hyperv_exit *exit);

#endif /* VTL0_H */
