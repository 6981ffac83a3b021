// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor hands to VTL2 while it runs VTL0: accesses to addresses that are
 * not mapped, or that VTL2 has protected.  Those to a device of ours are carried out here.
 *
 * The hypervisor is trusted, and with it the address and the state of the VP; the
 * instruction and what is in the registers are the guest's.  What is not plain is left to
 * the monitor, which can decode it and call VMBUS_PARTITION_MMIO.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitfield.h>
#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <asm/processor-flags.h>
#include <vmbus/hypercall.h>
#include "hyperv.h"

#define VPART_RIP_BITS		47	/* of addresses that are all good, or all bad */

/* Why this is not to be carried out here, whatever the instruction is; NULL if it is. */
static const char *vpart_mmio_unfit(const struct vmbus_hv_memory_intercept *m)
{
	const u16 mode = VMBUS_HV_STATE_PROTECTED | VMBUS_HV_STATE_LONG;
	u16 state = le16_to_cpu(m->header.state);

	if ((state & mode) != mode || FIELD_GET(VMBUS_HV_STATE_VTL, state) != VPART_VTL_GUEST ||
	    !(le16_to_cpu(m->header.cs.attributes) & VMBUS_HV_SEGMENT_LONG))
		return "the caller is no 64-bit code of VTL0";
	if (state & (VMBUS_HV_STATE_PENDING | VMBUS_HV_STATE_SHADOW) ||
	    le64_to_cpu(m->header.rflags) & X86_EFLAGS_TF)
		return "an event or a trap belongs to it";
	/* Else it is what the page tables point to, or the instruction itself. */
	if ((m->info & VMBUS_HV_MEMORY_DATA) != VMBUS_HV_MEMORY_DATA)
		return "it is none of an instruction to its data";
	return NULL;
}

static const char *vpart_mmio_decode(struct vmbus_partition *part,
				     const struct vmbus_hv_memory_intercept *m,
				     struct vpart_insn *insn)
{
	u64 gpa = le64_to_cpu(m->gpa), rip = le64_to_cpu(m->header.rip);
	u8 access;

	switch (vpart_insn_decode(m->bytes, min(m->count, sizeof(m->bytes)), insn)) {
	case 0:
		break;
	case -ENODATA:
		return "the hypervisor has not told the whole instruction";
	default:
		return "the instruction is not one of those known here";
	}
	access = insn->write ? VMBUS_HV_ACCESS_WRITE : VMBUS_HV_ACCESS_READ;
	if (m->header.access != access)
		return "the instruction has been changed meanwhile";
	/* The next page may be anywhere. */
	if (offset_in_page(gpa) + insn->size > PAGE_SIZE ||
	    !vpart_mmio_served(part, VPART_VTL_GUEST, gpa, insn->size))
		return "it goes beyond the end of the device's addresses";
	if ((rip ^ (rip + insn->len)) >> VPART_RIP_BITS)
		return "the instruction is the last one that there can be";
	return NULL;
}

/* NULL: it is done.  Else nothing is. */
static const char *vpart_mmio_carry_out(struct vmbus_partition *part,
					const struct vmbus_hv_memory_intercept *m,
					u64 gprs[VPART_GPRS])
{
	struct vpart_insn insn;
	const char *why;
	u64 value = 0;

	why = vpart_mmio_unfit(m) ?: vpart_mmio_decode(part, m, &insn);
	if (why)
		return why;
	/* Before the access, for that must not be made twice, and nothing fails behind it. */
	if (vpart_hv_set_rip(le32_to_cpu(m->header.vp), le64_to_cpu(m->header.rip) + insn.len))
		return "the hypervisor does not let us set RIP";
	if (insn.write)
		value = vpart_insn_written(&insn, gprs);
	vpart_mmio_access(part, VPART_VTL_GUEST, le64_to_cpu(m->gpa), insn.size, insn.write,
			  &value);
	if (!insn.write)
		vpart_insn_read(&insn, gprs, value);
	return NULL;
}

/* The partition whose guest is VTL0, to be put; it stays while we sleep. */
static struct vmbus_partition *vpart_mmio_get_guest(void)
{
	struct vmbus_partition *part;

	rcu_read_lock();
	part = vpart_hv_current();
	/* Until the end of the RCU section there is another reference. */
	if (part)
		kref_get(&part->ref);
	rcu_read_unlock();
	return part;
}

/**
 * vpart_hv_mmio - an access of VTL0 that the hypervisor has intercepted
 * @msg: message, as for vpart_hv_intercept()
 * @gprs: RAX and so on, as instructions number them; that of RSP is not looked at
 *
 * Serves reads and writes of addresses of vpart_mmio_add() by the partition whose guest
 * VTL0 is.  To be called on the CPU that is the VP, which does not run meanwhile.
 *
 * Context: process, may sleep.
 * Return: VPART_INTERCEPT_RESUME: @gprs and RIP are as after the instruction, return to
 * VTL0; VPART_INTERCEPT_OTHER: nothing was done, hand it to the monitor.
 */
int vpart_hv_mmio(const struct hv_message *msg, u64 gprs[VPART_GPRS])
{
	const struct vmbus_hv_memory_intercept *m = (const void *)msg->u.payload;
	int ret = VPART_INTERCEPT_OTHER;
	struct vmbus_partition *part;
	const char *why;

	if (msg->header.message_type != VMBUS_HVMSG_UNMAPPED_GPA &&
	    msg->header.message_type != VMBUS_HVMSG_GPA_INTERCEPT)
		return VPART_INTERCEPT_OTHER;
	if (msg->header.payload_size < sizeof(*m))
		return VPART_INTERCEPT_OTHER;
	part = vpart_mmio_get_guest();
	if (!part)
		return VPART_INTERCEPT_OTHER;
	if (!vpart_mmio_served(part, VPART_VTL_GUEST, le64_to_cpu(m->gpa), 1))
		goto put_partition;
	why = vpart_mmio_carry_out(part, m, gprs);
	if (why) {
		vpart_count(part, VPART_MMIO_LEFT);
		pr_notice_ratelimited("%s: VP %u: an access to %#llx is left to the monitor: %s\n",
				      vpart_name(part), le32_to_cpu(m->header.vp),
				      le64_to_cpu(m->gpa), why);
	} else {
		ret = VPART_INTERCEPT_RESUME;
	}
put_partition:
	vpart_put(part);
	return ret;
}
EXPORT_SYMBOL_GPL(vpart_hv_mmio);
