// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server of the guest's VMBus, as <linux/vmbus_partition.h> describes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "vtl0.h"

#define PAUSE_US	50000

static void partition_attach(struct partition *p, const char *name)
{
	struct vmbus_partition_attach attach = {};

	memcpy(attach.name, name, strlen(name));
	if (!ioctl(p->fd, VMBUS_PARTITION_ATTACH, &attach))
		return;
	if (errno == EBUSY)
		die(STATUS_FAILED, "partition %s has a monitor already", name);
	die_errno("VMBUS_PARTITION_ATTACH");
}

#define FEATURES_VPCI	(VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI | \
			 VMBUS_PARTITION_F_EVENTS)

static void partition_set_features(struct partition *p)
{
	uint64_t features;

	must_ioctl(p->fd, VMBUS_PARTITION_GET_FEATURES, &features);
	if (p->vpci && (features & FEATURES_VPCI) != FEATURES_VPCI)
		die(STATUS_FAILED, "this kernel's vmbus_partition has no MMIO or MSIs for --vpci");
	features &= VMBUS_PARTITION_F_STOP | (p->vpci ? FEATURES_VPCI : 0);
	must_ioctl(p->fd, VMBUS_PARTITION_SET_FEATURES, &features);
	p->can_stop = features & VMBUS_PARTITION_F_STOP;
}

static void partition_set_memory(struct partition *p, const struct memory *mem)
{
	struct vmbus_partition_region table[MEMORY_MAX_REGIONS] = {};
	struct memory_region regions[MEMORY_MAX_REGIONS];
	unsigned int n = memory_regions(mem, regions);
	struct vmbus_partition_mem_table arg = {
		.nregions = n,
		.regions = (uintptr_t)table,
	};
	unsigned int i;

	for (i = 0; i < n; i++) {
		table[i].gpa = regions[i].gpa;
		table[i].size = regions[i].size;
		table[i].uaddr = (uintptr_t)regions[i].host;
	}
	must_ioctl(p->fd, VMBUS_PARTITION_SET_MEM_TABLE, &arg);
}

static void partition_set_vps(struct partition *p)
{
	struct vmbus_partition_vp arg = {};
	unsigned int vp;

	for (vp = 0; vp < p->cpus; vp++) {
		p->calls[vp] = must_eventfd();
		arg.vp = vp;
		arg.call_fd = p->calls[vp];
		must_ioctl(p->fd, VMBUS_PARTITION_SET_VP, &arg);
	}
}

static void partition_set_kicks(struct partition *p)
{
	struct vmbus_partition_kicks arg = {
		.first = VMBUS_PARTITION_CONNECTION_ID(1),
		.count = PARTITION_KICKS,
		.fds = (uintptr_t)p->kicks,
	};
	unsigned int i;

	for (i = 0; i < PARTITION_KICKS; i++)
		p->kicks[i] = must_eventfd();
	must_ioctl(p->fd, VMBUS_PARTITION_SET_KICKS, &arg);
}

static void partition_set_msis(struct partition *p)
{
	struct vmbus_partition_msis arg = {
		.count = PARTITION_MSIS,
		.fds = (uintptr_t)p->msis,
	};
	unsigned int i;

	for (i = 0; i < PARTITION_MSIS; i++)
		p->msis[i] = must_eventfd();
	must_ioctl(p->fd, VMBUS_PARTITION_SET_MSIS, &arg);
}

/**
 * partition_open - attach to the partition and tell it all about the machine
 * @p: result
 * @device: path of the device
 * @name: name of the partition, valid
 * @mem: guest memory
 * @cpus: number of VPs
 * @vpci: it shall serve MMIO, and have MSIs
 */
void partition_open(struct partition *p, const char *device, const char *name,
		    const struct memory *mem, unsigned int cpus, bool vpci)
{
	p->fd = open(device, O_RDWR | O_CLOEXEC);
	if (p->fd < 0)
		die_errno(device);
	p->cpus = cpus;
	p->vpci = vpci;
	partition_set_features(p);
	partition_attach(p, name);
	partition_set_memory(p, mem);
	partition_set_vps(p);
	partition_set_kicks(p);
	if (vpci)
		partition_set_msis(p);
}

/**
 * partition_set_synic - tell the SynIC registers of a VP
 * @p: partition
 * @vp: VP index
 * @control: SCONTROL
 * @simp: SIMP, with its enable bit
 * @siefp: SIEFP, with its enable bit
 *
 * Context: any thread.
 */
void partition_set_synic(struct partition *p, unsigned int vp, uint64_t control, uint64_t simp,
			 uint64_t siefp)
{
	struct vmbus_partition_synic arg = {
		.vp = vp,
		.control = control,
		.simp = simp,
		.siefp = siefp,
	};

	/* A page that is not there is the guest's fault, and its loss. */
	if (ioctl(p->fd, VMBUS_PARTITION_SET_SYNIC, &arg) && errno != EFAULT)
		die_errno("VMBUS_PARTITION_SET_SYNIC");
}

/**
 * partition_post - the guest posts a message
 * @p: partition
 * @msg: message; gets the status for the guest
 *
 * Context: any thread.
 */
void partition_post(struct partition *p, struct vmbus_partition_message *msg)
{
	must_ioctl(p->fd, VMBUS_PARTITION_POST_MESSAGE, msg);
}

/**
 * partition_signal - the guest signals a connection that has no eventfd
 * @p: partition
 * @sig: signal; gets the status for the guest
 *
 * Context: any thread.
 */
void partition_signal(struct partition *p, struct vmbus_partition_signal *sig)
{
	must_ioctl(p->fd, VMBUS_PARTITION_SIGNAL_EVENT, sig);
}

/**
 * partition_mmio - the guest accesses an address that is no memory
 * @p: partition with MMIO
 * @mmio: access; gets what a read reads
 *
 * Context: any thread.
 */
void partition_mmio(struct partition *p, struct vmbus_partition_mmio *mmio)
{
	must_ioctl(p->fd, VMBUS_PARTITION_MMIO, mmio);
}

/**
 * partition_retarget - the guest retargets an MSI
 * @p: partition with MSIs
 * @retarget: what it wants; gets the status for the guest
 *
 * Context: any thread.
 */
void partition_retarget(struct partition *p, struct vmbus_partition_retarget *retarget)
{
	must_ioctl(p->fd, VMBUS_PARTITION_RETARGET, retarget);
}

/**
 * partition_next_msi - fetch a route that has changed
 * @p: partition with MSIs
 * @msi: result
 *
 * Context: any thread.
 * Return: false if there is none.
 */
bool partition_next_msi(struct partition *p, struct vmbus_partition_msi *msi)
{
	if (!ioctl(p->fd, VMBUS_PARTITION_NEXT_MSI, msi))
		return true;
	if (errno != ENOENT)
		die_errno("VMBUS_PARTITION_NEXT_MSI");
	return false;
}

/**
 * partition_msi_routed - an MSI is routed
 * @p: partition with MSIs
 * @msi: from partition_next_msi()
 *
 * Context: any thread.
 */
void partition_msi_routed(struct partition *p, const struct vmbus_partition_msi *msi)
{
	must_ioctl(p->fd, VMBUS_PARTITION_MSI_ROUTED, msi);
}

/**
 * partition_wait_msi - wait until something happens
 * @p: partition with events
 *
 * Context: one thread.
 * Return: true if routes may have changed.
 */
bool partition_wait_msi(struct partition *p)
{
	struct vmbus_partition_event events[16];
	bool changed = false;
	ssize_t size, i;

	size = read(p->fd, events, sizeof(events));
	if (size < 0 && errno != EINTR)
		die_errno("events of the partition");
	for (i = 0; i < size / (ssize_t)sizeof(events[0]); i++)
		changed |= events[i].type == VMBUS_PARTITION_EVENT_MSI;
	return changed;
}

/**
 * partition_reset - the machine was reset
 * @p: partition
 * @server: the server shall forget the guest, too
 *
 * Context: no vCPU runs.
 */
void partition_reset(struct partition *p, bool server)
{
	unsigned int vp;

	for (vp = 0; vp < p->cpus; vp++)
		partition_set_synic(p, vp, 0, 0, 0);
	if (server)
		must_ioctl(p->fd, VMBUS_PARTITION_RESET, 0);
}

/**
 * partition_pause - let the VMBus stand still for a moment
 * @p: partition
 *
 * For tests.  The guest runs on meanwhile, and waits.
 *
 * Context: any thread.
 */
void partition_pause(struct partition *p)
{
	if (!p->can_stop)
		return;
	must_ioctl(p->fd, VMBUS_PARTITION_STOP, 0);
	usleep(PAUSE_US);
	must_ioctl(p->fd, VMBUS_PARTITION_START, 0);
}
