// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a monitor calls because the guest does something, mostly from the thread of a VP.
 */
#include <linux/hyperv.h>
#include <linux/uaccess.h>
#include <vmbus/hypercall.h>
#include "vpart.h"

static long vpart_call_post(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_message __user *um = arg;
	struct vmbus_partition_message m;
	struct vpart_message msg;
	u32 status;

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.flags || m.size > sizeof(m.payload) || m.vp >= VMBUS_PARTITION_MAX_VPS)
		return -EINVAL;
	msg = (struct vpart_message) {
		.vp = m.vp,
		.vtl = VPART_VTL_GUEST,
		.connection_id = m.connection_id,
		.type = m.message_type,
		.size = m.size,
	};
	memcpy(msg.payload, m.payload, m.size);
	status = vpart_hypercall_post(part, &msg);
	return put_user(status, &um->status);
}

static long vpart_call_signal(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_signal __user *us = arg;
	struct vmbus_partition_signal s;
	u32 status;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.flags || s.reserved || s.vp >= VMBUS_PARTITION_MAX_VPS)
		return -EINVAL;
	status = vpart_hypercall_signal(part, s.connection_id, s.flag_number);
	return put_user(status, &us->status);
}

static long vpart_call_deliverable(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_deliverable d;

	if (copy_from_user(&d, arg, sizeof(d)))
		return -EFAULT;
	if (d.flags || d.reserved || d.vp >= VMBUS_PARTITION_MAX_VPS)
		return -EINVAL;
	vpart_sints_deliverable(part, d.vp, d.sints);
	return 0;
}

static long vpart_call_mmio(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_mmio __user *um = arg;
	struct vmbus_partition_mmio m;
	bool write;
	int err;

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.flags & ~VMBUS_PARTITION_MMIO_WRITE || m.reserved)
		return -EINVAL;
	write = m.flags & VMBUS_PARTITION_MMIO_WRITE;
	err = vpart_mmio_access(part, VPART_VTL_GUEST, m.gpa, m.size, write, &m.value);
	/* An address of nobody is no error: it reads all ones. */
	if (err && err != -ENXIO)
		return err;
	return write ? 0 : put_user(m.value, &um->value);
}

static long vpart_call_next_msi(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_msi m;
	int err;

	err = vpart_msi_next(part, &m);
	if (err)
		return err;
	if (copy_to_user(arg, &m, sizeof(m))) {
		vpart_msi_again(part, m.msi);
		return -EFAULT;
	}
	return 0;
}

static long vpart_call_msi_routed(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_msi m;

	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.flags & ~VMBUS_PARTITION_MSI_ACTIVE || m.reserved)
		return -EINVAL;
	return vpart_msi_routed(part, m.msi, m.sequence);
}

/* The first VP of the mask that exists, or the limit. */
static u32 vpart_call_vp(struct vmbus_partition *part, const u64 *mask)
{
	u32 vp;

	for (vp = 0; vp < VMBUS_PARTITION_MAX_VPS; vp++)
		if (mask[vp / 64] & BIT_ULL(vp % 64) && vpart_vp_valid(part, vp))
			break;
	return vp;
}

static u32 vpart_call_hv_status(int err)
{
	switch (err) {
	case 0:
		return HV_STATUS_SUCCESS;
	case -ENXIO:
		return VMBUS_HV_INVALID_VP_INDEX;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

static long vpart_call_retarget(struct vmbus_partition *part, void __user *arg)
{
	struct vmbus_partition_retarget __user *ur = arg;
	struct vmbus_partition_retarget r;
	u32 vp;
	int err;

	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	if (r.flags)
		return -EINVAL;
	vp = vpart_call_vp(part, r.vps);
	err = vpart_msi_retarget(part, r.address, r.data, r.vector, &vp, 1);
	return put_user(vpart_call_hv_status(err), &ur->status);
}

/**
 * vpart_call - one of these calls
 * @part: partition
 * @cmd: VMBUS_PARTITION_*
 * @arg: its argument
 *
 * Context: process, may sleep; no lock of the file is held.
 * Return: as the call says.
 */
long vpart_call(struct vmbus_partition *part, unsigned int cmd, void __user *arg)
{
	switch (cmd) {
	case VMBUS_PARTITION_POST_MESSAGE:
		return vpart_call_post(part, arg);
	case VMBUS_PARTITION_SIGNAL_EVENT:
		return vpart_call_signal(part, arg);
	case VMBUS_PARTITION_DELIVERABLE:
		return vpart_call_deliverable(part, arg);
	case VMBUS_PARTITION_MMIO:
		return vpart_call_mmio(part, arg);
	case VMBUS_PARTITION_NEXT_MSI:
		return vpart_call_next_msi(part, arg);
	case VMBUS_PARTITION_MSI_ROUTED:
		return vpart_call_msi_routed(part, arg);
	case VMBUS_PARTITION_RETARGET:
		return vpart_call_retarget(part, arg);
	}
	return -ENOTTY;
}
