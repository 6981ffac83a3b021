// SPDX-License-Identifier: GPL-2.0-only
/*
 * The monitor's half of the example: all calls of <linux/vmbus_partition.h>, in the
 * order in which a virtual machine monitor makes them.  example.c goes on with what
 * the guest does.
 *
 * With a real guest, under KVM:
 *	the memory	that of the virtual machine
 *	a call eventfd	KVM_IRQFD with a KVM_IRQ_ROUTING_HV_SINT route to SINT 2 of the VP
 *	a kick eventfd	KVM_HYPERV_EVENTFD of the same connection id
 *	SET_SYNIC	after KVM_EXIT_HYPERV of type KVM_EXIT_HYPERV_SYNIC
 *	POST_MESSAGE	on KVM_EXIT_HYPERV of type KVM_EXIT_HYPERV_HCALL
 *	MMIO		on KVM_EXIT_MMIO
 *	an MSI eventfd	KVM_IRQFD with a KVM_IRQ_ROUTING_MSI route, as NEXT_MSI says
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "peer.h"

/* Says what failed, by errno. */
void die(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void call(struct monitor *m, unsigned long cmd, void *arg, const char *name)
{
	if (ioctl(m->fd, cmd, arg))
		die(name);
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		die("eventfd");
	return fd;
}

/**
 * monitor_open - one open file is one guest, which gets its name by ATTACH
 * @m: result
 * @partition: the name; a VMBus server meets the guest by it, now or later
 * @features: VMBUS_PARTITION_F_*, or none
 */
void monitor_open(struct monitor *m, const char *partition, u64 features)
{
	struct vmbus_partition_attach attach = { };

	m->fd = open("/dev/vmbus_partition", O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		die("/dev/vmbus_partition");
	call(m, VMBUS_PARTITION_SET_FEATURES, &features, "features");
	snprintf(attach.name, sizeof(attach.name), "%s", partition);
	call(m, VMBUS_PARTITION_ATTACH, &attach, partition);
}

/**
 * monitor_set_memory - where guest memory is in this process
 * @m: monitor
 *
 * The kernel touches nothing else, whatever the guest asks for.
 */
void monitor_set_memory(struct monitor *m)
{
	struct vmbus_partition_region region = {
		.gpa = RAM_GPA,
		.size = (u64)RAM_PAGES * PAGE,
	};
	struct vmbus_partition_mem_table table = {
		.nregions = 1,
		.regions = (uintptr_t)&region,
	};

	m->ram = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (m->ram == MAP_FAILED)
		die("guest memory");
	region.uaddr = (uintptr_t)m->ram;
	call(m, VMBUS_PARTITION_SET_MEM_TABLE, &table, "SET_MEM_TABLE");
}

/* How the kernel interrupts each VP. */
void monitor_set_vps(struct monitor *m)
{
	struct vmbus_partition_vp vp = { };

	for (vp.vp = 0; vp.vp < VPS; vp.vp++) {
		m->calls[vp.vp] = new_eventfd();
		vp.call_fd = m->calls[vp.vp];
		call(m, VMBUS_PARTITION_SET_VP, &vp, "SET_VP");
	}
}

/* How the guest signals channels.  Optional: without it SIGNAL_EVENT must do. */
void monitor_set_kicks(struct monitor *m)
{
	struct vmbus_partition_kicks kicks = {
		.first = VMBUS_PARTITION_CONNECTION_ID(1),
		.count = KICKS,
		.fds = (uintptr_t)m->kicks,
	};
	unsigned int i;

	for (i = 0; i < KICKS; i++)
		m->kicks[i] = new_eventfd();
	call(m, VMBUS_PARTITION_SET_KICKS, &kicks, "SET_KICKS");
}

/**
 * monitor_set_synic - the guest wrote SCONTROL, SIMP or SIEFP of a VP
 * @m: monitor
 * @vp: VP; it wants its pages where peer.h says
 *
 * All three current values, after each write.
 */
void monitor_set_synic(struct monitor *m, unsigned int vp)
{
	struct vmbus_partition_synic synic = {
		.vp = vp,
		.control = 1,
		.simp = (RAM_GPA + PAGE_SIMP(vp) * PAGE) | 1,
		.siefp = (RAM_GPA + PAGE_SIEFP(vp) * PAGE) | 1,
	};

	call(m, VMBUS_PARTITION_SET_SYNIC, &synic, "SET_SYNIC");
}

/**
 * monitor_post - the guest called HvCallPostMessage
 * @m: monitor
 * @connection: connection id
 * @payload: message
 * @size: its bytes
 *
 * Return: HV_STATUS for the guest; HV_STATUS_BUSY lets it try again.
 */
u32 monitor_post(struct monitor *m, u32 connection, const void *payload, u32 size)
{
	struct vmbus_partition_message msg = {
		.connection_id = connection,
		.message_type = VMBUS_MSG_TYPE_HV,
		.size = size,
	};

	memcpy(msg.payload, payload, size);
	call(m, VMBUS_PARTITION_POST_MESSAGE, &msg, "POST_MESSAGE");
	return msg.status;
}

/**
 * monitor_signal - the guest called HvCallSignalEvent
 * @m: monitor
 * @connection: connection id
 * @flag: flag number
 *
 * A monitor that can, has the pool's eventfds signalled without an exit: then only
 * other connections come here.
 *
 * Return: HV_STATUS for the guest.
 */
u32 monitor_signal(struct monitor *m, u32 connection, u16 flag)
{
	struct vmbus_partition_signal signal = {
		.connection_id = connection,
		.flag_number = flag,
	};
	u32 index = connection - VMBUS_PARTITION_CONNECTION_ID(1);

	if (index < KICKS && !flag) {
		if (eventfd_write(m->kicks[index], 1))
			die("kick");
		return 0;
	}
	call(m, VMBUS_PARTITION_SIGNAL_EVENT, &signal, "SIGNAL_EVENT");
	return signal.status;
}

/* ---- PCI devices on the VMBus ------------------------------------------------------------ */

/**
 * monitor_mmio_read - the guest reads from an address that is no memory
 * @m: monitor, with VMBUS_PARTITION_F_MMIO
 * @gpa: address
 * @size: bytes
 *
 * Return: what is there; all ones if nobody serves it.
 */
u64 monitor_mmio_read(struct monitor *m, u64 gpa, unsigned int size)
{
	struct vmbus_partition_mmio mmio = { .gpa = gpa, .size = size };

	call(m, VMBUS_PARTITION_MMIO, &mmio, "MMIO");
	return mmio.value;
}

/**
 * monitor_mmio_write - it writes
 * @m: monitor, with VMBUS_PARTITION_F_MMIO
 * @gpa: address
 * @size: bytes
 * @value: what
 */
void monitor_mmio_write(struct monitor *m, u64 gpa, unsigned int size, u64 value)
{
	struct vmbus_partition_mmio mmio = {
		.gpa = gpa,
		.value = value,
		.size = size,
		.flags = VMBUS_PARTITION_MMIO_WRITE,
	};

	call(m, VMBUS_PARTITION_MMIO, &mmio, "MMIO");
}

/* How devices interrupt the guest.  With VMBUS_PARTITION_F_MSI. */
void monitor_set_msis(struct monitor *m)
{
	struct vmbus_partition_msis msis = {
		.count = MSIS,
		.fds = (uintptr_t)m->msis,
	};

	for (m->nmsis = 0; m->nmsis < MSIS; m->nmsis++)
		m->msis[m->nmsis] = new_eventfd();
	call(m, VMBUS_PARTITION_SET_MSIS, &msis, "SET_MSIS");
}

/**
 * monitor_next_msi - a route that has changed
 * @m: monitor
 * @msi: result
 *
 * Return: false if there is none.
 */
bool monitor_next_msi(struct monitor *m, struct vmbus_partition_msi *msi)
{
	memset(msi, 0, sizeof(*msi));
	if (!ioctl(m->fd, VMBUS_PARTITION_NEXT_MSI, msi))
		return true;
	if (errno != ENOENT)
		die("NEXT_MSI");
	return false;
}

/* It is as the kernel wants it: what was raised meanwhile comes now. */
void monitor_msi_routed(struct monitor *m, const struct vmbus_partition_msi *msi)
{
	call(m, VMBUS_PARTITION_MSI_ROUTED, (void *)msi, "MSI_ROUTED");
}

/**
 * monitor_retarget - the guest called HvCallRetargetDeviceInterrupt
 * @m: monitor
 * @address: of the MSI
 * @data: of the MSI
 * @vector: where it is to go
 * @vp: and to whom; below 64
 *
 * Return: HV_STATUS for the guest.
 */
u32 monitor_retarget(struct monitor *m, u64 address, u32 data, u32 vector, unsigned int vp)
{
	struct vmbus_partition_retarget retarget = {
		.address = address,
		.data = data,
		.vector = vector,
		.vps = { 1ULL << vp },
	};

	call(m, VMBUS_PARTITION_RETARGET, &retarget, "RETARGET");
	return retarget.status;
}

/* ---- the end ----------------------------------------------------------------------------- */

/**
 * monitor_reset - the guest was reset
 * @m: monitor
 *
 * When this returns its memory may be cleared: nobody else touches it.
 */
void monitor_reset(struct monitor *m)
{
	call(m, VMBUS_PARTITION_RESET, NULL, "RESET");
}

/* The guest is gone, and the name is free. */
void monitor_close(struct monitor *m)
{
	unsigned int i;

	close(m->fd);
	for (i = 0; i < VPS; i++)
		close(m->calls[i]);
	for (i = 0; i < KICKS; i++)
		close(m->kicks[i]);
	for (i = 0; i < m->nmsis; i++)
		close(m->msis[i]);
	munmap(m->ram, (size_t)RAM_PAGES * PAGE);
}
