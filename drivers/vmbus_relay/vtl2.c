// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host transport "vtl2": Hyper-V.  This kernel runs in VTL2 of the virtual machine whose
 * VTL0 is the guest, and the host talks to it on a SINT of its own, beside hv_vmbus.
 *
 * The SynIC's pages and the interrupt's vector are hv_vmbus's.  What is ours: the SINT, and
 * the handler that the kernel calls before that of hv_vmbus (of mshv_root, which there is
 * not in VTL2).  Sources: TLFS 11 (SynIC); SINT and connection as Microsoft's own
 * paravisor has them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/hyperv.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/mshyperv.h>
#include <asm/sync_bitops.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <vmbus/hypercall.h>
#include <vmbus/partition.h>

#include "vtl2.h"

#define VTL2_SINT_MSR	(HV_MSR_SINT0 + VMBUS_SINT_REDIRECT)

/**
 * struct vrelay_vtl2 - the transport
 * @host: what the client sees
 * @flags: the host's event flags
 * @part: the guest's partition, held while started
 * @starting: a CPU without SynIC pages keeps it from starting
 * @cpuhp: state of CPU hotplug, while started
 */
struct vrelay_vtl2 {
	struct vrelay_host host;
	struct vrelay_flags flags;
	struct vmbus_partition *part;
	bool starting;
	int cpuhp;
};

/**
 * struct vrelay_synic - our part of a CPU's SynIC pages, while it is online
 * @message: slot, or NULL
 * @flags: event flags
 */
struct vrelay_synic {
	struct hv_message *message;
	unsigned long *flags;
};

static DEFINE_PER_CPU(struct vrelay_synic, vrelay_synic);

/* The one that is started.  There is one SINT. */
static struct vrelay_vtl2 __rcu *vrelay_vtl2_active;

static struct vrelay_vtl2 *to_vtl2(struct vrelay_host *host)
{
	return container_of(host, struct vrelay_vtl2, host);
}

/* ---- what touches the machine: KUnit takes their place --------------------------------- */

static const char vtl2_no_handler[] =
	"this kernel has no hv_setup_mshv_handler(): use 6.15 or newer";

static bool vtl2_has_handler(void)
{
	if (!symbol_get(hv_setup_mshv_handler))
		return false;
	symbol_put(hv_setup_mshv_handler);
	return true;
}

/**
 * vrelay_vtl2_missing() - why this kernel cannot be the one in VTL2
 *
 * Return: what is missing, or NULL.
 */
const char *vrelay_vtl2_missing(void)
{
	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_missing);
	if (!hv_is_hyperv_initialized())
		return "this is no Hyper-V";
	if (!vtl2_has_handler())
		return vtl2_no_handler;
	if (!ms_hyperv.vtl)
		return "this kernel runs in VTL0: it is a guest itself";
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return "the handler takes locks that sleep in a kernel with PREEMPT_RT";
	if (hv_is_isolation_supported())
		return "memory of a confidential VM cannot be shared with the host yet";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_missing);

u64 vrelay_vtl2_get_msr(u32 msr)
{
	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_get_msr, msr);
	return hv_get_msr(msr);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_get_msr);

void vrelay_vtl2_set_msr(u32 msr, u64 value)
{
	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_set_msr, msr, value);
	hv_set_msr(msr, value);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_set_msr);

/* mshv_vtl looks at our event flags right after us, and clears what has come since. */
static void vtl2_hook_mshv_vtl(bool on)
{
	void (*set)(void (*handler)(u16 flag));

	set = symbol_get(mshv_vtl_set_flag_handler);
	if (!set)
		return;
	set(on ? vrelay_vtl2_flag : NULL);
	symbol_put(mshv_vtl_set_flag_handler);
}

/**
 * vrelay_vtl2_hook() - have the kernel call vrelay_vtl2_isr(), and hv_vmbus stay
 *
 * Return: 0, or -EOPNOTSUPP and it has said what this kernel does not have.
 */
int vrelay_vtl2_hook(void)
{
	void (*set)(void (*handler)(void));

	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_hook);
	/* Any of its symbols keeps it: it owns the SynIC's pages. */
	if (!symbol_get(__vmbus_driver_register)) {
		pr_err("transport vtl2: hv_vmbus is not there: load it first\n");
		return -EOPNOTSUPP;
	}
	set = symbol_get(hv_setup_mshv_handler);
	if (!set) {
		pr_err("transport vtl2: %s\n", vtl2_no_handler);
		symbol_put(__vmbus_driver_register);
		return -EOPNOTSUPP;
	}
	set(vrelay_vtl2_isr);
	vtl2_hook_mshv_vtl(true);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_hook);

/**
 * vrelay_vtl2_unhook() - undo vrelay_vtl2_hook()
 */
void vrelay_vtl2_unhook(void)
{
	void (*set)(void (*handler)(void));

	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_unhook);
	vtl2_hook_mshv_vtl(false);
	set = symbol_get(hv_setup_mshv_handler);
	if (set) {
		set(NULL);
		symbol_put(hv_setup_mshv_handler);
		/* That of vrelay_vtl2_hook() */
		symbol_put(hv_setup_mshv_handler);
	}
	symbol_put(__vmbus_driver_register);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_unhook);

/**
 * vrelay_vtl2_cpus_on() - call vrelay_vtl2_cpu_online() on each CPU, and on those to come
 *
 * Return: what vrelay_vtl2_cpus_off() wants, or -errno.
 */
int vrelay_vtl2_cpus_on(void)
{
	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_cpus_on);
	return cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "vmbus_relay:online",
				 vrelay_vtl2_cpu_online, vrelay_vtl2_cpu_offline);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_cpus_on);

/**
 * vrelay_vtl2_cpus_off() - call vrelay_vtl2_cpu_offline() on each CPU
 * @state: from vrelay_vtl2_cpus_on()
 */
void vrelay_vtl2_cpus_off(int state)
{
	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_cpus_off, state);
	cpuhp_remove_state(state);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_cpus_off);

static u64 vtl2_io_read(const void __iomem *at, unsigned int size)
{
	switch (size) {
	case 1:
		return readb(at);
	case 2:
		return readw(at);
	case 4:
		return readl(at);
	}
	return readq(at);
}

static void vtl2_io_write(void __iomem *at, unsigned int size, u64 value)
{
	switch (size) {
	case 1:
		writeb(value, at);
		return;
	case 2:
		writew(value, at);
		return;
	case 4:
		writel(value, at);
		return;
	}
	writeq(value, at);
}

/**
 * vrelay_vtl2_io() - access a physical address that is no memory
 * @gpa: address, a multiple of @size
 * @size: bytes: 1, 2, 4 or 8
 * @write: write, or else read
 * @value: what to write; or out: what was read
 *
 * Return: 0 or -ENOMEM.
 */
int vrelay_vtl2_io(u64 gpa, unsigned int size, bool write, u64 *value)
{
	void __iomem *at;

	KUNIT_STATIC_STUB_REDIRECT(vrelay_vtl2_io, gpa, size, write, value);
	at = ioremap(gpa, size);
	if (!at)
		return -ENOMEM;
	if (write)
		vtl2_io_write(at, size, *value);
	else
		*value = vtl2_io_read(at, size);
	iounmap(at);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_io);

/* ---- interrupts ---------------------------------------------------------------------- */

static void vtl2_fire(struct vrelay_vtl2 *vtl2, u16 flag)
{
	if (!vrelay_flags_fire(&vtl2->flags, flag))
		atomic64_inc(&vtl2->host.stray_events);
}

static void vtl2_events(struct vrelay_vtl2 *vtl2, const struct vrelay_synic *synic)
{
	unsigned int flag;

	for_each_set_bit(flag, synic->flags, VRELAY_EVENT_FLAGS)
		if (sync_test_and_clear_bit(flag, synic->flags))
			vtl2_fire(vtl2, flag);
}

/* One that there is no room for stays, and the host's next one waits behind it. */
static void vtl2_message(struct vrelay_vtl2 *vtl2, const struct vrelay_synic *synic)
{
	struct hv_message *msg = synic->message;
	u32 type = READ_ONCE(msg->header.message_type), len;

	if (type == HVMSG_NONE)
		return;
	/* The type is written last. */
	virt_rmb();
	len = min_t(u32, msg->header.payload_size, sizeof(msg->u));
	if (type != VMBUS_MSG_TYPE_HV)
		atomic64_inc(&vtl2->host.stray_messages);
	else if (vtl2->host.receive(vtl2->host.receive_ctx, &msg->u, len))
		return;
	if (cmpxchg(&msg->header.message_type, type, HVMSG_NONE) != type)
		return;
	/* The slot is free before looking for a message that waits for it: cmpxchg(). */
	if (msg->header.message_flags.msg_pending)
		vrelay_vtl2_set_msr(HV_MSR_EOM, 0);
}

/**
 * vrelay_vtl2_isr() - an interrupt of Hyper-V, for whichever SINT
 *
 * Context: interrupts off; on the CPU that it is for.
 */
void vrelay_vtl2_isr(void)
{
	const struct vrelay_synic *synic = this_cpu_ptr(&vrelay_synic);
	struct vrelay_vtl2 *vtl2;

	/* As hv_vmbus's own handler: locks are taken that could sleep with PREEMPT_RT. */
	lockdep_hardirq_threaded();
	rcu_read_lock();
	vtl2 = rcu_dereference(vrelay_vtl2_active);
	if (vtl2 && synic->message) {
		vtl2_events(vtl2, synic);
		vtl2_message(vtl2, synic);
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_isr);

/**
 * vrelay_vtl2_flag() - mshv_vtl has cleared an event flag that it has no eventfd for
 * @flag: which
 *
 * Context: any but NMI.
 */
void vrelay_vtl2_flag(u16 flag)
{
	struct vrelay_vtl2 *vtl2;

	rcu_read_lock();
	vtl2 = rcu_dereference(vrelay_vtl2_active);
	if (vtl2)
		vtl2_fire(vtl2, flag);
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_flag);

/* ---- CPUs ----------------------------------------------------------------------------- */

static void *vtl2_page(u32 msr)
{
	u64 value = vrelay_vtl2_get_msr(msr);

	/* Bit 0 enables it, in both registers. */
	return value & HV_SYNIC_SIMP_ENABLE ? phys_to_virt(value & HV_HYP_PAGE_MASK) : NULL;
}

static void vtl2_look(void)
{
	local_irq_disable();
	vrelay_vtl2_isr();
	local_irq_enable();
}

static void vtl2_set_sint(bool on)
{
	union hv_synic_sint sint = {
		.vector = HYPERVISOR_CALLBACK_VECTOR,
		.auto_eoi = !(ms_hyperv.hints & HV_DEPRECATING_AEOI_RECOMMENDED),
		.masked = !on,
	};

	vrelay_vtl2_set_msr(VTL2_SINT_MSR, sint.as_uint64);
}

static bool vtl2_starting(void)
{
	const struct vrelay_vtl2 *vtl2;
	bool starting;

	rcu_read_lock();
	vtl2 = rcu_dereference(vrelay_vtl2_active);
	starting = vtl2 && READ_ONCE(vtl2->starting);
	rcu_read_unlock();
	return starting;
}

/**
 * vrelay_vtl2_cpu_online() - begin to receive on this CPU
 * @cpu: CPU
 *
 * Context: process, on @cpu.
 * Return: 0, or -ENODEV if hv_vmbus has no pages there; not for one that comes later, which
 * the host cannot use then.
 */
int vrelay_vtl2_cpu_online(unsigned int cpu)
{
	struct vrelay_synic *synic = this_cpu_ptr(&vrelay_synic);
	void *messages = vtl2_page(HV_MSR_SIMP), *flags = vtl2_page(HV_MSR_SIEFP);

	if (!messages || !flags) {
		pr_err("transport vtl2: CPU %u: hv_vmbus has no SynIC pages there: nothing of the host is heard on it\n",
		       cpu);
		return vtl2_starting() ? -ENODEV : 0;
	}
	local_irq_disable();
	synic->message = (struct hv_message *)messages + VMBUS_SINT_REDIRECT;
	synic->flags = flags + VMBUS_SINT_REDIRECT * VRELAY_EVENT_FLAGS / BITS_PER_BYTE;
	local_irq_enable();
	vtl2_set_sint(true);
	/* What is set already interrupts no more. */
	vtl2_look();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_cpu_online);

/**
 * vrelay_vtl2_cpu_offline() - receive nothing on this CPU any more
 * @cpu: CPU
 *
 * Context: process, on @cpu.
 * Return: 0.
 */
int vrelay_vtl2_cpu_offline(unsigned int cpu)
{
	struct vrelay_synic *synic = this_cpu_ptr(&vrelay_synic);

	/* Never online here; and the SINT is not ours. */
	if (!synic->message)
		return 0;
	vtl2_set_sint(false);
	/* What came until now. */
	vtl2_look();
	local_irq_disable();
	synic->message = NULL;
	synic->flags = NULL;
	local_irq_enable();
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_cpu_offline);

/* ---- operations of the transport ---------------------------------------------------- */

/* On return no interrupt is on its way through the handler. */
static void vtl2_leave(struct vmbus_partition *part)
{
	RCU_INIT_POINTER(vrelay_vtl2_active, NULL);
	vrelay_vtl2_unhook();
	synchronize_rcu();
	vpart_release_vtl0(part);
}

static int vrelay_vtl2_start(struct vrelay_host *host, struct vmbus_partition *part)
{
	struct vrelay_vtl2 *vtl2 = to_vtl2(host);
	int err;

	/* The host would take another guest's page numbers for VTL0's. */
	if (vpart_hold_vtl0(part)) {
		pr_err("transport vtl2: partition %s is not VTL0 of this machine: see vtl0 in configfs\n",
		       vpart_name(part));
		return -EPERM;
	}
	err = vrelay_vtl2_hook();
	if (err) {
		vpart_release_vtl0(part);
		return err;
	}
	vtl2->part = part;
	rcu_assign_pointer(vrelay_vtl2_active, vtl2);
	WRITE_ONCE(vtl2->starting, true);
	err = vrelay_vtl2_cpus_on();
	WRITE_ONCE(vtl2->starting, false);
	if (err < 0) {
		vtl2_leave(part);
		return err;
	}
	vtl2->cpuhp = err;
	return 0;
}

static void vrelay_vtl2_stop(struct vrelay_host *host)
{
	struct vrelay_vtl2 *vtl2 = to_vtl2(host);

	vrelay_vtl2_cpus_off(vtl2->cpuhp);
	vtl2_leave(vtl2->part);
}

/* What hv_vmbus tries again is worth it here, too: the client knows one status for that. */
static u16 vrelay_vtl2_post(struct vrelay_host *host, const void *payload, u32 len)
{
	const struct vmbus_msg_hdr *hdr = payload;
	u16 status = vpart_hv_post_message(VMBUS_CONN_MESSAGE_REDIRECT, payload, len);

	/* Seen from a host that gets messages faster than it likes; at first it is no host. */
	if (status == HV_STATUS_INVALID_CONNECTION_ID &&
	    le32_to_cpu(hdr->type) != VMBUS_MSG_CONTACT)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	return status == HV_STATUS_INSUFFICIENT_MEMORY ? HV_STATUS_INSUFFICIENT_BUFFERS : status;
}

static u16 vrelay_vtl2_signal(struct vrelay_host *host, u32 connection_id, u16 flag)
{
	return vpart_hv_signal_event(connection_id, flag);
}

static int vrelay_vtl2_bind(struct vrelay_host *host, u16 flag, void (*fn)(void *ctx), void *ctx)
{
	return vrelay_flags_bind(&to_vtl2(host)->flags, flag, fn, ctx);
}

static void vrelay_vtl2_unbind(struct vrelay_host *host, u16 flag)
{
	vrelay_flags_unbind(&to_vtl2(host)->flags, flag);
}

/* The host knows them by the same numbers as this kernel. */
static int vrelay_vtl2_share(struct vrelay_host *host, struct page **pages, unsigned int n,
			     u64 *pfns)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		pfns[i] = page_to_pfn(pages[i]);
	return 0;
}

static void vrelay_vtl2_unshare(struct vrelay_host *host, const u64 *pfns, unsigned int n)
{
}

/* Seldom, while a device is set up: it need not be fast. */
static int vrelay_vtl2_mmio(struct vrelay_host *host, u64 gpa, unsigned int size, bool write,
			    u64 *value)
{
	/* What ioremap() would warn of */
	if (gpa >> boot_cpu_data.x86_phys_bits ||
	    region_intersects(gpa, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return -EFAULT;
	return vrelay_vtl2_io(gpa, size, write, value);
}

static void vtl2_look_ipi(void *unused)
{
	vrelay_vtl2_isr();
}

static void vrelay_vtl2_ready(struct vrelay_host *host)
{
	on_each_cpu(vtl2_look_ipi, NULL, true);
}

static void vrelay_vtl2_destroy(struct vrelay_host *host)
{
	kvfree(to_vtl2(host));
}

static const struct vrelay_host_ops vrelay_vtl2_ops = {
	.name = "vtl2",
	.start = vrelay_vtl2_start,
	.stop = vrelay_vtl2_stop,
	.post_message = vrelay_vtl2_post,
	.signal_event = vrelay_vtl2_signal,
	.bind_event = vrelay_vtl2_bind,
	.unbind_event = vrelay_vtl2_unbind,
	.share = vrelay_vtl2_share,
	.unshare = vrelay_vtl2_unshare,
	.mmio = vrelay_vtl2_mmio,
	.ready = vrelay_vtl2_ready,
	.destroy = vrelay_vtl2_destroy,
};

/**
 * vrelay_vtl2_create() - create the transport
 *
 * Return: it, or an ERR_PTR: -ENODEV where this kernel is not in VTL2 and it has said
 * why, -ENOMEM.
 */
struct vrelay_host *vrelay_vtl2_create(void)
{
	const char *missing = vrelay_vtl2_missing();
	struct vrelay_vtl2 *vtl2;

	if (missing) {
		pr_err("transport vtl2: %s\n", missing);
		return ERR_PTR(-ENODEV);
	}
	vtl2 = kvzalloc(sizeof(*vtl2), GFP_KERNEL);
	if (!vtl2)
		return ERR_PTR(-ENOMEM);
	vtl2->host.ops = &vrelay_vtl2_ops;
	return &vtl2->host;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_vtl2_create);
