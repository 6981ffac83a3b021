// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and interrupts of VTL2, for a function of the test host that VTL2 keeps.
 *
 * VTL2 is this kernel.  What its driver does with a BAR nobody here can see happen, so the
 * BAR is memory, that this kernel does not use otherwise (memmap= on its command line), and
 * a thread looks again and again at what the driver has left there.  It gives the endpoint
 * what is new, and the driver what the endpoint would answer: as a host that is slow, by
 * TVP_POLL_US.  Of writes to one register in between only the last is seen; NVMe needs no
 * more.
 *
 * Addresses of data are those of this kernel, as without an IOMMU; an interrupt is an IPI.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/apic.h>

#include "endpoint_nvme.h"
#include "testroot_vpci.h"

#define TVP_POLL_US	200
#define TVP_IDLE	U32_MAX	/* in a register that the driver only writes: it has not */
#define TVP_PATTERN	0x5a5aa5a5
#define TVP_MSI_BASE	0xfee00000ULL
#define TVP_MSI_CPU	12	/* shift of the CPU in an address */

/* ---- a BAR in memory ------------------------------------------------------------------- */

enum tvp_reg_kind {
	TVP_SHOWN,	/* the driver reads it */
	TVP_KEPT,	/* and writes it; only that changes it */
	TVP_TAKEN,	/* it only writes it, and the same value counts again */
};

struct tvp_regs {
	u32 start;
	u32 end;
	enum tvp_reg_kind kind;
};

#define TVP_QUEUES_MAX	(ENDPOINT_NVME_QUEUES_MAX + 1)

/*
 * What the driver may have written before something else comes before that here, and is told
 * first: vectors before a doorbell, all before the register that enables and disables.
 */
static const struct tvp_regs tvp_nvme_regs[] = {
	{ NVME_EP_MSIX_TABLE, NVME_EP_MSIX_TABLE + 16 * TVP_QUEUES_MAX, TVP_KEPT },
	{ NVME_REG_DBS, NVME_REG_DBS + 8 * TVP_QUEUES_MAX, TVP_TAKEN },
	{ NVME_REG_AQA, NVME_REG_ACQ + 8, TVP_KEPT },
	{ NVME_REG_CC, NVME_REG_CC + 4, TVP_KEPT },
	{ NVME_REG_CAP, NVME_REG_CC, TVP_SHOWN },
	{ NVME_REG_CSTS, NVME_REG_CSTS + 4, TVP_SHOWN },
};

/**
 * struct tvp_poll - memory of a BAR
 * @bar: BAR
 * @mem: its memory, uncached as the driver has it
 * @seen: of each register the value that the endpoint knows
 * @task: looks at it
 */
struct tvp_poll {
	struct tvp_bar *bar;
	u32 __iomem *mem;
	u32 *seen;
	struct task_struct *task;
};

/* It is memory: the driver may write at the same time, and nothing of that is lost. */
static u32 *tvp_poll_reg(struct tvp_poll *poll, u32 off)
{
	return (u32 __force *)poll->mem + off / sizeof(u32);
}

static u32 tvp_poll_ask(struct tvp_poll *poll, u32 off)
{
	return endpoint_bar_read(poll->bar->fn->ep, poll->bar->index, off, sizeof(u32));
}

static void tvp_poll_tell(struct tvp_poll *poll, u32 off, u32 value)
{
	tvp_count(poll->bar->fn->bus, TVP_BAR_WRITES);
	endpoint_bar_write(poll->bar->fn->ep, poll->bar->index, off, sizeof(u32), value);
}

static void tvp_poll_range(struct tvp_poll *poll, const struct tvp_regs *regs);

/* The driver may have written these since they were last looked at. */
static void tvp_poll_earlier(struct tvp_poll *poll, const struct tvp_regs *regs)
{
	const struct tvp_regs *earlier;

	for (earlier = tvp_nvme_regs; earlier < regs; earlier++)
		tvp_poll_range(poll, earlier);
}

static void tvp_poll_kept(struct tvp_poll *poll, const struct tvp_regs *regs, u32 off)
{
	u32 *reg = tvp_poll_reg(poll, off), now = READ_ONCE(*reg), answer;

	if (now == poll->seen[off / 4])
		return;
	tvp_poll_earlier(poll, regs);
	tvp_poll_tell(poll, off, now);
	poll->seen[off / 4] = now;
	answer = tvp_poll_ask(poll, off);
	/* If not, the driver has written again: seen next time. */
	if (answer != now && cmpxchg(reg, now, answer) == now)
		poll->seen[off / 4] = answer;
}

static void tvp_poll_taken(struct tvp_poll *poll, const struct tvp_regs *regs, u32 off)
{
	u32 *reg = tvp_poll_reg(poll, off), value;

	if (READ_ONCE(*reg) == TVP_IDLE)
		return;
	value = xchg(reg, TVP_IDLE);
	tvp_poll_earlier(poll, regs);
	tvp_poll_tell(poll, off, value);
}

static void tvp_poll_shown(struct tvp_poll *poll, u32 off)
{
	WRITE_ONCE(*tvp_poll_reg(poll, off), tvp_poll_ask(poll, off));
}

static void tvp_poll_range(struct tvp_poll *poll, const struct tvp_regs *regs)
{
	u32 off;

	for (off = regs->start; off < regs->end; off += sizeof(u32)) {
		if (regs->kind == TVP_KEPT)
			tvp_poll_kept(poll, regs, off);
		else if (regs->kind == TVP_TAKEN)
			tvp_poll_taken(poll, regs, off);
		else
			tvp_poll_shown(poll, off);
	}
}

static int tvp_poll_run(void *data)
{
	while (!kthread_should_stop()) {
		tvp_poll_earlier(data, tvp_nvme_regs + ARRAY_SIZE(tvp_nvme_regs));
		usleep_range(TVP_POLL_US, 2 * TVP_POLL_US);
	}
	return 0;
}

/* Before the driver sees it: what the endpoint is at first. */
static void tvp_poll_begin(struct tvp_poll *poll)
{
	const struct tvp_regs *regs;
	u32 off, value;

	for (regs = tvp_nvme_regs; regs < tvp_nvme_regs + ARRAY_SIZE(tvp_nvme_regs); regs++) {
		for (off = regs->start; off < regs->end; off += sizeof(u32)) {
			value = regs->kind == TVP_TAKEN ? TVP_IDLE : tvp_poll_ask(poll, off);
			poll->seen[off / 4] = value;
			WRITE_ONCE(*tvp_poll_reg(poll, off), value);
		}
	}
}

static void tvp_poll_free(struct tvp_poll *poll)
{
	if (poll->mem)
		iounmap(poll->mem);
	kfree(poll->seen);
	kfree(poll);
}

/* The address comes from VTL2.  Where nothing is memory cannot be written. */
static bool tvp_poll_is_memory(struct tvp_poll *poll, size_t size)
{
	u32 *last = tvp_poll_reg(poll, size - sizeof(u32));
	bool is;

	WRITE_ONCE(*last, TVP_PATTERN);
	is = READ_ONCE(*last) == TVP_PATTERN;
	memset_io(poll->mem, 0, size);
	return is;
}

static int tvp_vtl2_bar_map(struct tvp_bar *bar)
{
	size_t size = bar->m.size;
	struct tvp_poll *poll;
	int err = -ENOMEM;

	if (bar->m.gpa % PAGE_SIZE ||
	    region_intersects(bar->m.gpa, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return -EFAULT;
	poll = kzalloc(sizeof(*poll), GFP_KERNEL);
	if (!poll)
		return err;
	poll->bar = bar;
	poll->seen = kzalloc(size, GFP_KERNEL);
	poll->mem = ioremap(bar->m.gpa, size);
	if (!poll->seen || !poll->mem)
		goto free;
	err = -ENXIO;
	if (!tvp_poll_is_memory(poll, size))
		goto free;
	tvp_poll_begin(poll);
	poll->task = kthread_run(tvp_poll_run, poll, "testroot-vtl2-%u", bar->fn->bus->index);
	err = PTR_ERR_OR_ZERO(poll->task);
	if (err)
		goto free;
	bar->poll = poll;
	return 0;

free:
	tvp_poll_free(poll);
	return err;
}

/* Then it reads as what is not there. */
static void tvp_vtl2_bar_unmap(struct tvp_bar *bar)
{
	struct tvp_poll *poll = bar->poll;

	kthread_stop(poll->task);
	memset_io(poll->mem, 0xff, bar->m.size);
	bar->poll = NULL;
	tvp_poll_free(poll);
}

/* ---- data ------------------------------------------------------------------------------ */

static int tvp_vtl2_dma(struct tvp_fn *fn, u64 gpa, void *buf, size_t len, bool write)
{
	unsigned long pfn;
	u32 part;

	for (; len; gpa += part, buf += part, len -= part) {
		part = min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa));
		pfn = gpa >> PAGE_SHIFT;
		if (!pfn_valid(pfn) || !page_is_ram(pfn))
			return -EFAULT;
		if (write)
			memcpy_to_page(pfn_to_page(pfn), offset_in_page(gpa), buf, part);
		else
			memcpy_from_page(buf, pfn_to_page(pfn), offset_in_page(gpa), part);
	}
	return 0;
}

/* ---- interrupts ------------------------------------------------------------------------ */

static int tvp_vtl2_msi_create(struct tvp_fn *fn, const struct vpci_msi_request *request,
			       struct vpci_msi *msi)
{
	unsigned int cpu = request->procs[0];
	int err;

	/* Which is of VTL2 only if it was allocated; below are exceptions. */
	if (request->nprocs != 1 || request->count != 1 || cpu >= nr_cpu_ids ||
	    !cpu_online(cpu) || request->vector <= FIRST_EXTERNAL_VECTOR ||
	    request->vector >= FIRST_SYSTEM_VECTOR)
		return -EINVAL;
	*msi = (struct vpci_msi) {
		.address = TVP_MSI_BASE | cpu << TVP_MSI_CPU,
		.data = request->vector,
		.count = 1,
	};
	mutex_lock(&fn->msi_lock);
	err = vpci_msi_add(&fn->msis, msi);
	mutex_unlock(&fn->msi_lock);
	return err;
}

static void tvp_vtl2_msi_delete(struct tvp_fn *fn, const struct vpci_msi *msi)
{
	struct vpci_msi gone;

	mutex_lock(&fn->msi_lock);
	/* One that is not there was never raised. */
	if (vpci_msi_remove(&fn->msis, msi->address, msi->data, &gone))
		tvp_count(fn->bus, TVP_INTERRUPTS_LOST);
	mutex_unlock(&fn->msi_lock);
}

static bool tvp_vtl2_has_msi(const struct tvp_fn *fn, u64 address, u32 data)
{
	unsigned int i;

	for (i = 0; i < fn->msis.n; i++)
		if (fn->msis.msis[i].address == address && fn->msis.msis[i].data == data)
			return true;
	return false;
}

/* Under the lock: none comes after it was deleted, when the vector is somebody else's. */
static int tvp_vtl2_msi_raise(struct tvp_fn *fn, u64 address, u32 data)
{
	unsigned int cpu = (address & ~TVP_MSI_BASE) >> TVP_MSI_CPU;
	int err = -ENOENT;

	mutex_lock(&fn->msi_lock);
	if (tvp_vtl2_has_msi(fn, address, data) && cpu_online(cpu)) {
		preempt_disable();
		apic->send_IPI(cpu, data);
		preempt_enable();
		err = 0;
	}
	mutex_unlock(&fn->msi_lock);
	return err;
}

/* ---- which can be ------------------------------------------------------------------------ */

static int tvp_vtl2_check(struct tvp_fn *fn)
{
	return fn->path ? 0 : -EOPNOTSUPP;
}

const struct tvp_side tvp_vtl2 = {
	.check = tvp_vtl2_check,
	.bar_map = tvp_vtl2_bar_map,
	.bar_unmap = tvp_vtl2_bar_unmap,
	.dma = tvp_vtl2_dma,
	.msi_create = tvp_vtl2_msi_create,
	.msi_delete = tvp_vtl2_msi_delete,
	.msi_raise = tvp_vtl2_msi_raise,
};
