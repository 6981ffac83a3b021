// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V as the backend: this kernel runs in VTL2, the guest is VTL0 of the same
 * virtual machine, and the hypervisor keeps the guest's SynIC.
 *
 * Guest physical addresses are this kernel's physical addresses.  So a page of the
 * guest must pass three questions: is it in the memory table, is it not System RAM
 * of this kernel (asked when the table is set), and is it memory that the kernel
 * was given as a device's, as mshv_vtl does with the RAM of VTL0 (asked for each
 * page).  mshv_vtl cannot take memory back, so pages need no reference.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/highmem.h>
#include <linux/hyperv.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include "hyperv.h"

/**
 * struct vpart_hv_vp - a VP of VTL0
 * @hv: partition
 * @index: VP index
 * @await: mask of SINTs whose slots we want to be told of
 * @ask: asks the hypervisor, on the VP's own CPU
 */
struct vpart_hv_vp {
	struct vpart_hv *hv;
	u32 index;
	atomic_t await;
	struct work_struct ask;
};

/**
 * struct vpart_hv - VTL0 of this virtual machine
 * @part: partition, with a reference
 * @hooked: the loop that runs VTL0 lets us serve its accesses to memory
 * @unmapped: the hypervisor hands over those to addresses that are not mapped since we
 *	have asked for them
 * @nvps: entries of @vps
 * @vps: VPs
 */
struct vpart_hv {
	struct vmbus_partition *part;
	bool hooked;
	bool unmapped;
	unsigned int nvps;
	struct vpart_hv_vp vps[] __counted_by(nvps);
};

static DEFINE_MUTEX(vpart_hv_lock);		/* protects changes of vpart_hv_guest */
static struct vpart_hv __rcu *vpart_hv_guest;	/* there is one VTL0 */

/* ---- memory ------------------------------------------------------------------- */

/**
 * vpart_hv_own_memory - does this range touch what this kernel lives in?
 * @start: physical address
 * @size: bytes, not 0
 *
 * Context: process, may sleep.
 * Return: true if a part of it is System RAM.
 */
bool vpart_hv_own_memory(u64 start, u64 size)
{
	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_own_memory, start, size);
	return region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	       REGION_DISJOINT;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_own_memory);

/**
 * vpart_hv_page - the page of a guest page frame number
 * @pfn: page frame number, from the memory table
 *
 * Context: any.
 * Return: the page, or NULL if it is not memory that somebody added as VTL0's.
 */
struct page *vpart_hv_page(u64 pfn)
{
	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_page, pfn);
	if (pfn > ULONG_MAX >> PAGE_SHIFT || !pfn_valid(pfn))
		return NULL;
	return is_zone_device_page(pfn_to_page(pfn)) ? pfn_to_page(pfn) : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_page);

static int vpart_hv_pin(void *ctx, u64 uaddr, unsigned int n, bool write, bool longterm,
			struct page **pages)
{
	struct vpart_hv *hv = ctx;
	unsigned int i;

	for (i = 0; i < n; i++) {
		pages[i] = vpart_hv_page((uaddr >> PAGE_SHIFT) + i);
		if (!pages[i]) {
			vpart_bad_gpa(hv->part, (uaddr >> PAGE_SHIFT) + i);
			return -EFAULT;
		}
	}
	return 0;
}

static void vpart_hv_unpin(void *ctx, struct page **pages, unsigned int n, bool longterm)
{
}

/**
 * vpart_hv_read - copy from the guest's memory
 * @part: partition of vpart_hv_current()
 * @gpa: guest physical address
 * @buf: for the copy
 * @len: bytes, not 0; they do not cross a page
 *
 * Context: any but NMI, also with interrupts off.
 * Return: 0, or -EFAULT for memory that is not the guest's.
 */
int vpart_hv_read(struct vmbus_partition *part, u64 gpa, void *buf, size_t len)
{
	u64 pfn = gpa >> PAGE_SHIFT, addr;
	const struct vpart_table *table;
	struct page *page = NULL;
	void *from;
	int idx;

	idx = srcu_read_lock(&part->srcu);
	table = srcu_dereference(part->table, &part->srcu);
	if (table && vpart_table_find(table, &pfn, 1, false, &addr))
		page = vpart_hv_page(addr >> PAGE_SHIFT);
	if (page) {
		from = kmap_local_page(page);
		memcpy(buf, from + offset_in_page(gpa), len);
		kunmap_local(from);
	}
	srcu_read_unlock(&part->srcu, idx);
	if (page)
		return 0;
	vpart_bad_gpa(part, pfn);
	return -EFAULT;
}

/* ---- SynIC ---------------------------------------------------------------------- */

static int vpart_hv_backend_post(void *ctx, void *cookie, u8 sint, const void *payload, u32 len)
{
	struct vpart_hv_vp *vp = cookie;

	return vpart_hv_post(vp->index, sint, payload, len);
}

static int vpart_hv_backend_signal(void *ctx, void *cookie, u8 sint, u16 flag)
{
	struct vpart_hv_vp *vp = cookie;

	return vpart_hv_signal(vp->index, sint, flag);
}

static void vpart_hv_ask(struct work_struct *work)
{
	struct vpart_hv_vp *vp = container_of(work, struct vpart_hv_vp, ask);
	u16 sints = atomic_xchg(&vp->await, 0);
	int err;

	if (!sints)
		return;
	err = vpart_hv_notify(vp->index, sints);
	if (err)
		pr_warn_ratelimited("%s: VP %u: no notification of free message slots (%d): messages are tried again by time alone\n",
				    vpart_name(vp->hv->part), vp->index, err);
}

/* The CPU that is the VP in VTL2, or any. */
static int vpart_hv_cpu(u32 vp)
{
	int cpu;

	if (hv_vp_index)
		for_each_online_cpu(cpu)
			if (hv_vp_index[cpu] == vp)
				return cpu;
	return WORK_CPU_UNBOUND;
}

/**
 * vpart_hv_schedule - run a VP's work on the VP's own CPU
 * @vp: VP index
 * @work: work
 *
 * Context: any.
 */
void vpart_hv_schedule(u32 vp, struct work_struct *work)
{
	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_schedule, vp, work);
	schedule_work_on(vpart_hv_cpu(vp), work);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_schedule);

static void vpart_hv_backend_await(void *ctx, void *cookie, u8 sint)
{
	struct vpart_hv_vp *vp = cookie;

	atomic_or(BIT(sint), &vp->await);
	vpart_hv_schedule(vp->index, &vp->ask);
}

static const struct vpart_backend_ops vpart_hv_backend_ops = {
	.owner = THIS_MODULE,
	.vtl0 = true,
	.pin = vpart_hv_pin,
	.unpin = vpart_hv_unpin,
	.post = vpart_hv_backend_post,
	.signal = vpart_hv_backend_signal,
	.await = vpart_hv_backend_await,
};

/* ---- the loop that runs VTL0, if the kernel has it ------------------------------- */

static void vpart_hv_hook(bool on)
{
	void (*set)(int (*handler)(const struct hv_message *msg, u64 *rax));

	set = symbol_get(mshv_vtl_set_intercept_handler);
	if (!set)
		return;
	set(on ? vpart_hv_intercept : NULL);
	symbol_put(mshv_vtl_set_intercept_handler);
}

/**
 * vpart_hv_hook_memory - serve VTL0's accesses to memory that are intercepted
 * @on: serve them, or no more: on return nobody does
 *
 * Context: process, may sleep.
 * Return: false if the loop that runs VTL0 hands over none.
 */
bool vpart_hv_hook_memory(bool on)
{
	void (*set)(int (*handler)(const struct hv_message *msg, u64 *gprs));

	KUNIT_STATIC_STUB_REDIRECT(vpart_hv_hook_memory, on);
	set = symbol_get(mshv_vtl_set_memory_handler);
	if (!set)
		return false;
	set(on ? vpart_hv_mmio : NULL);
	symbol_put(mshv_vtl_set_memory_handler);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_hook_memory);

/* ---- life cycle ------------------------------------------------------------------- */

/**
 * vpart_hv_check_memory - can these be the memory of VTL0?
 * @name: partition, for the log
 * @regions: regions
 * @n: their number
 *
 * Context: process, may sleep.
 * Return: 0, or -EPERM for a region that touches this kernel's own memory.
 */
int vpart_hv_check_memory(const char *name, const struct vmbus_partition_region *regions,
			  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!vpart_hv_own_memory(regions[i].gpa, regions[i].size))
			continue;
		pr_err("%s: memory: %llx-%llx is, in part, this kernel's own, see /proc/iomem; give VTL0's alone\n",
		       name, regions[i].gpa, regions[i].gpa + regions[i].size - 1);
		return -EPERM;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_check_memory);

/**
 * vpart_hv_set_memory - replace the memory table
 * @hv: from vpart_hv_create()
 * @regions: regions, with vmbus_partition_region::uaddr equal to the guest's address
 * @n: their number
 *
 * Context: process, may sleep.
 * Return: 0, or an error of vpart_hv_check_memory() or vpart_set_mem_table() and
 * nothing has changed.
 */
int vpart_hv_set_memory(struct vpart_hv *hv, const struct vmbus_partition_region *regions,
			unsigned int n)
{
	return vpart_hv_check_memory(vpart_name(hv->part), regions, n) ?:
	       vpart_set_mem_table(hv->part, regions, n);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_set_memory);

static struct vpart_hv *vpart_hv_alloc(unsigned int nvps)
{
	struct vpart_hv *hv = kvzalloc(struct_size(hv, vps, nvps), GFP_KERNEL);
	unsigned int i;

	if (!hv)
		return NULL;
	hv->nvps = nvps;
	for (i = 0; i < nvps; i++) {
		hv->vps[i].hv = hv;
		hv->vps[i].index = i;
		INIT_WORK(&hv->vps[i].ask, vpart_hv_ask);
	}
	return hv;
}

/* Ends what vpart_hv_start() began, as far as it came. */
static void vpart_hv_stop(struct vpart_hv *hv)
{
	unsigned int i;

	vpart_backend_detach(hv->part);
	for (i = 0; i < hv->nvps; i++)
		cancel_work_sync(&hv->vps[i].ask);
}

static int vpart_hv_start(struct vpart_hv *hv, const struct vmbus_partition_region *regions,
			  unsigned int n)
{
	unsigned int i;
	int err;

	err = vpart_backend_attach(hv->part, &vpart_hv_backend_ops, hv);
	if (err)
		return err;
	err = vpart_hv_set_memory(hv, regions, n);
	for (i = 0; !err && i < hv->nvps; i++)
		err = vpart_set_vp(hv->part, i, &hv->vps[i]);
	if (!err)
		err = vpart_hv_intercept_synic(true);
	if (err)
		vpart_hv_stop(hv);
	return err;
}

/**
 * vpart_hv_create - make VTL0 of this virtual machine the guest of a partition
 * @name: the partition's name
 * @regions: its memory, see vpart_hv_set_memory()
 * @n: number of @regions
 * @nvps: number of virtual processors, up to VMBUS_PARTITION_MAX_VPS
 *
 * Context: process, may sleep.
 * Return: the guest, or an ERR_PTR: -ENODEV where there is no Hyper-V; -EBUSY if
 * the partition has a backend or there is such a guest already; -EPERM for a
 * region of this kernel's own; -EINVAL, -ENOMEM; or an error of the hypervisor.
 */
struct vpart_hv *vpart_hv_create(const char *name, const struct vmbus_partition_region *regions,
				 unsigned int n, unsigned int nvps)
{
	struct vpart_hv *hv;
	int err;

	if (!vpart_hv_available())
		return ERR_PTR(-ENODEV);
	hv = vpart_hv_alloc(nvps);
	if (!hv)
		return ERR_PTR(-ENOMEM);
	hv->part = vpart_get(name);
	if (IS_ERR(hv->part)) {
		err = PTR_ERR(hv->part);
		goto free_hv;
	}

	mutex_lock(&vpart_hv_lock);
	err = rcu_access_pointer(vpart_hv_guest) ? -EBUSY : vpart_hv_start(hv, regions, n);
	if (!err)
		rcu_assign_pointer(vpart_hv_guest, hv);
	mutex_unlock(&vpart_hv_lock);
	if (err)
		goto put_partition;
	vpart_hv_hook(true);
	hv->hooked = vpart_hv_hook_memory(true);
	return hv;

put_partition:
	vpart_put(hv->part);
free_hv:
	kvfree(hv);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_create);

/**
 * vpart_hv_take_unmapped - have the hypervisor hand over accesses to what is not mapped
 * @hv: from vpart_hv_create()
 *
 * A monitor gets all of those that are not served here, and must know what to do.
 *
 * Context: process, may sleep; once.
 * Return: 0; -EOPNOTSUPP if nobody here would get them, or the hypervisor cannot do it;
 * or another error of the hypervisor.
 */
int vpart_hv_take_unmapped(struct vpart_hv *hv)
{
	int ret;

	if (!hv->hooked) {
		pr_err("%s: intercept_mmio: nobody here would get VTL0's accesses: the kernel needs scripts/patches/0003-mshv_vtl-let-a-module-serve-accesses.patch, and mshv_vtl before enable; or write 0, and let a monitor intercept and forward them\n",
		       vpart_name(hv->part));
		return -EOPNOTSUPP;
	}
	ret = vpart_hv_intercept_unmapped(true);
	if (ret < 0) {
		pr_err("%s: intercept_mmio: the hypervisor does not hand over VTL0's accesses to addresses that are not mapped (%d): without VPCI write 0\n",
		       vpart_name(hv->part), ret);
		return ret;
	}
	hv->unmapped = ret;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_take_unmapped);

static void vpart_hv_give_unmapped(struct vpart_hv *hv)
{
	int ret = hv->unmapped ? vpart_hv_intercept_unmapped(false) : 0;

	if (ret < 0)
		pr_warn("%s: the intercept of VTL0's accesses to addresses that are not mapped stays (%d): a monitor gets them\n",
			vpart_name(hv->part), ret);
}

/**
 * vpart_hv_destroy - the guest is gone
 * @hv: from vpart_hv_create()
 *
 * Context: process, may sleep.
 */
void vpart_hv_destroy(struct vpart_hv *hv)
{
	int err;

	vpart_hv_give_unmapped(hv);
	vpart_hv_hook_memory(false);
	vpart_hv_hook(false);
	mutex_lock(&vpart_hv_lock);
	RCU_INIT_POINTER(vpart_hv_guest, NULL);
	/* Pairs with rcu_read_lock() in vpart_hv_intercept() and vpart_mmio_get_guest(). */
	synchronize_rcu();
	err = vpart_hv_intercept_synic(false);
	if (err)
		pr_warn("%s: the intercept of VTL0's hypercalls stays (%d): a monitor gets them\n",
			vpart_name(hv->part), err);
	vpart_hv_stop(hv);
	mutex_unlock(&vpart_hv_lock);
	vpart_put(hv->part);
	kvfree(hv);
}
EXPORT_SYMBOL_IF_KUNIT(vpart_hv_destroy);

/**
 * vpart_hv_current - the partition whose guest is VTL0
 *
 * Context: within RCU.
 * Return: the partition, valid until the end of the RCU section, or NULL.
 */
struct vmbus_partition *vpart_hv_current(void)
{
	const struct vpart_hv *hv = rcu_dereference(vpart_hv_guest);

	return hv ? hv->part : NULL;
}

/**
 * vpart_hold_vtl0 - have the guest of a partition be VTL0 of this virtual machine, or none
 * @part: partition
 *
 * For who takes the guest's page numbers for this kernel's.  VTL0 may go and come again.
 *
 * Context: process, may sleep.
 * Return: 0, to be undone by vpart_release_vtl0() once; -EPERM if the guest is another one.
 */
int vpart_hold_vtl0(struct vmbus_partition *part)
{
	int err = -EPERM;

	mutex_lock(&part->config_lock);
	if (part->backend && part->backend->vtl0) {
		part->vtl0_only = true;
		err = 0;
	}
	mutex_unlock(&part->config_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_hold_vtl0);

/**
 * vpart_release_vtl0 - another guest may come again
 * @part: partition, held
 *
 * Context: process, may sleep.
 */
void vpart_release_vtl0(struct vmbus_partition *part)
{
	mutex_lock(&part->config_lock);
	part->vtl0_only = false;
	mutex_unlock(&part->config_lock);
}
EXPORT_SYMBOL_GPL(vpart_release_vtl0);
