// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vmbus_partition: a monitor plays the hypervisor.  The interface is
 * described in include/uapi/linux/vmbus_partition.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cgroup.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <kunit/visibility.h>
#include <vmbus/protocol.h>
#include "vpart.h"

#define VPART_FEATURES		(VMBUS_PARTITION_F_MMIO | VMBUS_PARTITION_F_MSI | \
				 VMBUS_PARTITION_F_DIRTY_LOG | VMBUS_PARTITION_F_EVENTS | \
				 VMBUS_PARTITION_F_STOP)

/* The ABI has no holes and is the same for every kind of program. */
static_assert(sizeof(struct vmbus_partition_attach) == 64);
static_assert(sizeof(struct vmbus_partition_region) == 32);
static_assert(sizeof(struct vmbus_partition_mem_table) == 24);
static_assert(sizeof(struct vmbus_partition_vp) == 16);
static_assert(sizeof(struct vmbus_partition_synic) == 32);
static_assert(sizeof(struct vmbus_partition_kicks) == 24);
static_assert(sizeof(struct vmbus_partition_message) == 264);
static_assert(sizeof(struct vmbus_partition_signal) == 20);
static_assert(sizeof(struct vmbus_partition_deliverable) == 12);
static_assert(sizeof(struct vmbus_partition_dirty_log) == 32);
static_assert(sizeof(struct vmbus_partition_event) == 24);
static_assert(sizeof(struct vmbus_partition_mmio) == 32);
static_assert(sizeof(struct vmbus_partition_msis) == 16);
static_assert(sizeof(struct vmbus_partition_msi) == 24);
static_assert(sizeof(struct vmbus_partition_retarget) == 152);

/**
 * struct vpart_file - an open file: one monitor, one guest
 * @lock: protects all that follows; not taken by calls of the guest
 * @features: VMBUS_PARTITION_F_* that are switched on; does not change any more once
 *	attached
 * @part: partition once attached, with a reference; does not change any more
 * @mm: the monitor's address space
 * @task: whose limits count, with a reference
 * @may_lock: the monitor may lock any amount of memory
 * @calls: VP index -> struct eventfd_ctx
 * @kicks: pool of eventfds, or NULL
 * @msifds: pool of those for MSIs, or NULL
 * @forward: the backend is another one, the monitor only forwards: of the above
 *	only @lock and @part are used
 */
struct vpart_file {
	struct mutex lock;	/* see above */
	u64 features;
	struct vmbus_partition *part;
	struct mm_struct *mm;
	struct task_struct *task;
	bool may_lock;
	struct xarray calls;
	struct vpart_kicks *kicks;
	struct vpart_msifds *msifds;
	bool forward;
};

/* ---- backend ----------------------------------------------------------------------- */

static int vpart_file_charge(struct vpart_file *f, unsigned int n, bool charge)
{
	int err;

	mmap_write_lock(f->mm);
	err = __account_locked_vm(f->mm, n, charge, f->task, f->may_lock);
	mmap_write_unlock(f->mm);
	return err;
}

static long vpart_file_gup(struct vpart_file *f, u64 uaddr, unsigned int n, unsigned int flags,
			   struct page **pages)
{
	int locked = 1;
	long got;

	if (current->mm == f->mm)
		return pin_user_pages_fast(uaddr, n, flags, pages);
	mmap_read_lock(f->mm);
	got = pin_user_pages_remote(f->mm, uaddr, n, flags, pages, &locked);
	if (locked)
		mmap_read_unlock(f->mm);
	return got;
}

static int vpart_file_pin(void *ctx, u64 uaddr, unsigned int n, bool write, bool longterm,
			  struct page **pages)
{
	unsigned int flags = (write ? FOLL_WRITE : 0) | (longterm ? FOLL_LONGTERM : 0);
	struct vpart_file *f = ctx;
	unsigned int pinned, i;
	long got;
	int err;

	if (longterm) {
		err = vpart_file_charge(f, n, true);
		if (err)
			return err;
	}
	/* What stops it in the middle is only said when asked for the rest. */
	for (pinned = 0; pinned < n; pinned += got) {
		got = vpart_file_gup(f, uaddr + (u64)pinned * PAGE_SIZE, n - pinned, flags,
				     pages + pinned);
		if (got <= 0)
			goto unpin;
	}
	/* Here it may sleep; where pages are let go it may not. */
	if (write)
		for (i = 0; i < n; i++)
			if (!PageDirty(pages[i]))
				set_page_dirty_lock(pages[i]);
	return 0;

unpin:
	unpin_user_pages(pages, pinned);
	if (longterm)
		vpart_file_charge(f, n, false);
	return got ?: -EFAULT;
}

static void vpart_file_unpin(void *ctx, struct page **pages, unsigned int n, bool longterm)
{
	unpin_user_pages(pages, n);
	if (longterm)
		vpart_file_charge(ctx, n, false);
}

static void vpart_file_interrupt(void *ctx, void *cookie, u8 sint)
{
	/* The eventfd is bound to this one; nothing else is ever raised. */
	if (sint == VMBUS_SINT)
		eventfd_signal(cookie);
}

static void vpart_file_msi(void *ctx, void *cookie)
{
	eventfd_signal(cookie);
}

static void vpart_file_worker_start(void *ctx)
{
	struct vpart_file *f = ctx;
	int err;

	kthread_use_mm(f->mm);
	/* As a thread of the monitor: on the CPUs that it may use, and on its account. */
	err = set_cpus_allowed_ptr(current, f->task->cpus_ptr);
	if (!err)
		err = cgroup_attach_task_all(f->task, current);
	if (err)
		pr_warn_ratelimited("%s: a worker is not bound to the monitor's CPUs and cgroups (%d)\n",
				    vpart_name(f->part), err);
}

static void vpart_file_worker_stop(void *ctx)
{
	struct vpart_file *f = ctx;

	kthread_unuse_mm(f->mm);
}

static const struct vpart_backend_ops vpart_file_backend_ops = {
	.owner = THIS_MODULE,
	.pin = vpart_file_pin,
	.unpin = vpart_file_unpin,
	.interrupt = vpart_file_interrupt,
	.msi = vpart_file_msi,
	.worker_start = vpart_file_worker_start,
	.worker_stop = vpart_file_worker_stop,
};

/* ---- calls that set up --------------------------------------------------------------- */

static bool vpart_zero(const u32 *words, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (words[i])
			return false;
	return true;
}

static long vpart_file_get_features(struct vpart_file *f, void __user *arg)
{
	u64 features = VPART_FEATURES;

	return copy_to_user(arg, &features, sizeof(features)) ? -EFAULT : 0;
}

static long vpart_file_set_features(struct vpart_file *f, void __user *arg)
{
	u64 features;

	if (copy_from_user(&features, arg, sizeof(features)))
		return -EFAULT;
	if (features & ~VPART_FEATURES)
		return -EOPNOTSUPP;
	if (features & VMBUS_PARTITION_F_MSI && !(features & VMBUS_PARTITION_F_EVENTS))
		return -EINVAL;
	if (f->part)
		return -EBUSY;
	f->features = features;
	return 0;
}

/* Attach beside a backend that does not get the guest's calls by itself. */
static long vpart_file_forward(struct vpart_file *f, const char *name)
{
	struct vmbus_partition *part = vpart_get(name);

	if (IS_ERR(part))
		return PTR_ERR(part);
	if (!vpart_backend_direct(part)) {
		vpart_put(part);
		return -ENXIO;
	}
	f->forward = true;
	/* Pairs with smp_load_acquire() in vpart_file_call(). */
	smp_store_release(&f->part, part);
	return 0;
}

static long vpart_file_attach(struct vpart_file *f, void __user *arg)
{
	struct vmbus_partition_attach a;
	struct vmbus_partition *part;
	int err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.flags & ~VMBUS_PARTITION_ATTACH_FORWARD ||
	    !vpart_zero(a.reserved, ARRAY_SIZE(a.reserved)) ||
	    strnlen(a.name, sizeof(a.name)) == sizeof(a.name))
		return -EINVAL;
	if (f->part)
		return -EBUSY;
	if (a.flags & VMBUS_PARTITION_ATTACH_FORWARD)
		return vpart_file_forward(f, a.name);
	part = vpart_get(a.name);
	if (IS_ERR(part))
		return PTR_ERR(part);

	f->mm = current->mm;
	mmget(f->mm);
	f->task = current->group_leader;
	get_task_struct(f->task);
	f->may_lock = capable(CAP_IPC_LOCK);
	err = vpart_backend_attach(part, &vpart_file_backend_ops, f);
	if (err) {
		put_task_struct(f->task);
		mmput(f->mm);
		vpart_put(part);
		return err;
	}
	/* Pairs with smp_load_acquire() in vpart_file_call(). */
	smp_store_release(&f->part, part);
	return 0;
}

/* A flag of a feature that is off is unknown. */
static bool vpart_file_regions_ok(const struct vpart_file *f,
				  const struct vmbus_partition_region *regions, unsigned int n)
{
	unsigned int i;

	if (f->features & VMBUS_PARTITION_F_DIRTY_LOG)
		return true;
	for (i = 0; i < n; i++)
		if (regions[i].flags & VMBUS_PARTITION_REGION_LOG)
			return false;
	return true;
}

static long vpart_file_set_mem_table(struct vpart_file *f, void __user *arg)
{
	struct vmbus_partition_region *regions;
	struct vmbus_partition_mem_table t;
	int err = -EINVAL;

	if (copy_from_user(&t, arg, sizeof(t)))
		return -EFAULT;
	if (t.flags || t.reserved || t.nregions > VMBUS_PARTITION_MAX_REGIONS)
		return -EINVAL;
	regions = memdup_array_user(u64_to_user_ptr(t.regions), t.nregions, sizeof(*regions));
	if (IS_ERR(regions))
		return PTR_ERR(regions);
	if (vpart_file_regions_ok(f, regions, t.nregions))
		err = vpart_set_mem_table(f->part, regions, t.nregions);
	kfree(regions);
	return err;
}

static long vpart_file_fetch(struct vpart_file *f, struct vmbus_partition_dirty_log *d,
			     struct vmbus_partition_dirty_log __user *arg, void *bits)
{
	long err;

	err = vpart_log_fetch(f->part, d->first, d->count, bits, &d->dirty);
	if (err)
		return err;
	if (copy_to_user(u64_to_user_ptr(d->bitmap), bits, BITS_TO_BYTES(d->count)) ||
	    put_user(d->dirty, &arg->dirty)) {
		/* Else these pages would never be sent. */
		vpart_log_restore(f->part, d->first, d->count, bits);
		return -EFAULT;
	}
	return 0;
}

static long vpart_file_get_dirty_log(struct vpart_file *f, void __user *arg)
{
	struct vmbus_partition_dirty_log d;
	void *bits;
	long err;

	if (!(f->features & VMBUS_PARTITION_F_DIRTY_LOG))
		return -EOPNOTSUPP;
	if (copy_from_user(&d, arg, sizeof(d)))
		return -EFAULT;
	if (d.flags || d.reserved || !d.count || d.count > VMBUS_PARTITION_MAX_FETCH_PAGES)
		return -EINVAL;
	bits = kvcalloc(BITS_TO_LONGS(d.count), sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
	if (!bits)
		return -ENOMEM;
	err = vpart_file_fetch(f, &d, arg, bits);
	kvfree(bits);
	return err;
}

static long vpart_file_clear_vp(struct vpart_file *f, u32 vp)
{
	struct eventfd_ctx *call;
	int err;

	err = vpart_clear_vp(f->part, vp);
	if (err)
		return err;
	call = xa_erase(&f->calls, vp);
	eventfd_ctx_put(call);
	return 0;
}

static long vpart_file_set_vp(struct vpart_file *f, void __user *arg)
{
	struct eventfd_ctx *call, *old;
	struct vmbus_partition_vp v;
	int err;

	if (copy_from_user(&v, arg, sizeof(v)))
		return -EFAULT;
	if (v.flags || v.reserved || v.vp >= VMBUS_PARTITION_MAX_VPS || v.call_fd < -1)
		return -EINVAL;
	if (v.call_fd == -1)
		return vpart_file_clear_vp(f, v.vp);

	call = eventfd_ctx_fdget(v.call_fd);
	if (IS_ERR(call))
		return PTR_ERR(call);
	old = xa_load(&f->calls, v.vp);
	/* First the room: the partition must not keep what has no owner. */
	err = xa_err(xa_store(&f->calls, v.vp, call, GFP_KERNEL));
	if (err) {
		eventfd_ctx_put(call);
		return err;
	}
	err = vpart_set_vp(f->part, v.vp, call);
	if (err) {
		/* Only a VP that is new can fail, and it has no old one. */
		xa_erase(&f->calls, v.vp);
		eventfd_ctx_put(call);
	} else if (old) {
		eventfd_ctx_put(old);
	}
	return err;
}

static long vpart_file_set_synic(struct vpart_file *f, void __user *arg)
{
	struct vmbus_partition_synic s;

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.flags)
		return -EINVAL;
	return vpart_set_synic(f->part, s.vp, s.control, s.simp, s.siefp);
}

static long vpart_file_set_kicks(struct vpart_file *f, void __user *arg)
{
	struct vpart_kicks *kicks = NULL;
	struct vmbus_partition_kicks k;
	s32 *fds;

	if (copy_from_user(&k, arg, sizeof(k)))
		return -EFAULT;
	if (k.flags || k.reserved || k.count > VMBUS_PARTITION_MAX_KICKS ||
	    k.first >= VPART_CONNECTION_IDS - VMBUS_PARTITION_MAX_KICKS)
		return -EINVAL;
	if (k.count) {
		fds = memdup_array_user(u64_to_user_ptr(k.fds), k.count, sizeof(*fds));
		if (IS_ERR(fds))
			return PTR_ERR(fds);
		kicks = vpart_kicks_create(f->part, k.first, k.count, fds);
		kfree(fds);
		if (IS_ERR(kicks))
			return PTR_ERR(kicks);
	}
	vpart_kicks_destroy(f->kicks);
	f->kicks = kicks;
	return 0;
}

static long vpart_file_set_msis(struct vpart_file *f, void __user *arg)
{
	struct vpart_msifds *msifds;
	struct vmbus_partition_msis m;
	s32 *fds;

	if (!(f->features & VMBUS_PARTITION_F_MSI))
		return -EOPNOTSUPP;
	if (copy_from_user(&m, arg, sizeof(m)))
		return -EFAULT;
	if (m.flags || !m.count || m.count > VMBUS_PARTITION_MAX_MSIS)
		return -EINVAL;
	if (f->msifds)
		return -EBUSY;
	fds = memdup_array_user(u64_to_user_ptr(m.fds), m.count, sizeof(*fds));
	if (IS_ERR(fds))
		return PTR_ERR(fds);
	msifds = vpart_msifds_create(f->part, m.count, fds);
	kfree(fds);
	if (IS_ERR(msifds))
		return PTR_ERR(msifds);
	f->msifds = msifds;
	return 0;
}

static long vpart_file_stop(struct vpart_file *f, bool stop)
{
	if (!(f->features & VMBUS_PARTITION_F_STOP))
		return -EOPNOTSUPP;
	if (stop)
		vpart_stop(f->part);
	else
		vpart_start(f->part);
	return 0;
}

/* ---- the file ------------------------------------------------------------------------------ */

static long vpart_file_setup(struct vpart_file *f, unsigned int cmd, void __user *arg)
{
	lockdep_assert_held(&f->lock);
	switch (cmd) {
	case VMBUS_PARTITION_GET_FEATURES:
		return vpart_file_get_features(f, arg);
	case VMBUS_PARTITION_SET_FEATURES:
		return vpart_file_set_features(f, arg);
	case VMBUS_PARTITION_ATTACH:
		return vpart_file_attach(f, arg);
	}

	if (!f->part)
		return -ENOTCONN;
	if (cmd == VMBUS_PARTITION_RESET) {
		vpart_reset(f->part);
		return 0;
	}

	if (f->forward)
		return -EOPNOTSUPP;
	switch (cmd) {
	case VMBUS_PARTITION_SET_MEM_TABLE:
		return vpart_file_set_mem_table(f, arg);
	case VMBUS_PARTITION_SET_VP:
		return vpart_file_set_vp(f, arg);
	case VMBUS_PARTITION_SET_SYNIC:
		return vpart_file_set_synic(f, arg);
	case VMBUS_PARTITION_SET_KICKS:
		return vpart_file_set_kicks(f, arg);
	case VMBUS_PARTITION_SET_MSIS:
		return vpart_file_set_msis(f, arg);
	case VMBUS_PARTITION_STOP:
	case VMBUS_PARTITION_START:
		return vpart_file_stop(f, cmd == VMBUS_PARTITION_STOP);
	case VMBUS_PARTITION_GET_DIRTY_LOG:
		return vpart_file_get_dirty_log(f, arg);
	}
	return -ENOTTY;
}

/* Does it belong to a feature that is off, or to what another backend does? */
static bool vpart_file_lacks(const struct vpart_file *f, unsigned int cmd)
{
	switch (cmd) {
	case VMBUS_PARTITION_MMIO:
		return !(f->features & VMBUS_PARTITION_F_MMIO);
	case VMBUS_PARTITION_NEXT_MSI:
	case VMBUS_PARTITION_MSI_ROUTED:
	case VMBUS_PARTITION_RETARGET:
		return f->forward || !(f->features & VMBUS_PARTITION_F_MSI);
	}
	return false;
}

/* What a VCPU waits for: it must not wait for a call that waits for disks. */
static long vpart_file_call(struct vpart_file *f, unsigned int cmd, void __user *arg)
{
	/* Pairs with smp_store_release() in vpart_file_attach(). */
	struct vmbus_partition *part = smp_load_acquire(&f->part);

	if (!part)
		return -ENOTCONN;
	if (vpart_file_lacks(f, cmd))
		return -EOPNOTSUPP;
	return vpart_call(part, cmd, arg);
}

static long vpart_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vpart_file *f = file->private_data;
	void __user *uarg = (void __user *)arg;
	long ret;

	switch (cmd) {
	case VMBUS_PARTITION_POST_MESSAGE:
	case VMBUS_PARTITION_SIGNAL_EVENT:
	case VMBUS_PARTITION_DELIVERABLE:
	case VMBUS_PARTITION_MMIO:
	case VMBUS_PARTITION_NEXT_MSI:
	case VMBUS_PARTITION_MSI_ROUTED:
	case VMBUS_PARTITION_RETARGET:
		return vpart_file_call(f, cmd, uarg);
	}
	mutex_lock(&f->lock);
	ret = vpart_file_setup(f, cmd, uarg);
	mutex_unlock(&f->lock);
	return ret;
}

/* Copies what there is and fits; bytes, or -EFAULT if not even the first could be. */
static ssize_t vpart_file_copy_events(struct vmbus_partition *part, char __user *buf, size_t len)
{
	struct vmbus_partition_event event;
	size_t done = 0;

	while (len - done >= sizeof(event) && vpart_events_take(part, &event)) {
		if (copy_to_user(buf + done, &event, sizeof(event))) {
			vpart_events_put_back(part, &event);
			return done ?: -EFAULT;
		}
		done += sizeof(event);
	}
	return done;
}

static ssize_t vpart_file_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct vpart_file *f = file->private_data;
	/* Pairs with smp_store_release() in vpart_file_attach(). */
	struct vmbus_partition *part = smp_load_acquire(&f->part);
	ssize_t ret;

	if (!part)
		return -ENOTCONN;
	if (f->forward || !(f->features & VMBUS_PARTITION_F_EVENTS))
		return -EOPNOTSUPP;
	if (len < sizeof(struct vmbus_partition_event))
		return -EINVAL;
	for (;;) {
		ret = vpart_file_copy_events(part, buf, len);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(part->events.wait, vpart_events_pending(part));
		if (ret)
			return ret;
	}
}

static __poll_t vpart_file_poll(struct file *file, poll_table *pt)
{
	struct vpart_file *f = file->private_data;
	/* Pairs with smp_store_release() in vpart_file_attach(). */
	struct vmbus_partition *part = smp_load_acquire(&f->part);

	if (!part || f->forward || !(f->features & VMBUS_PARTITION_F_EVENTS))
		return EPOLLERR;
	poll_wait(file, &part->events.wait, pt);
	return vpart_events_pending(part) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int vpart_file_open(struct inode *inode, struct file *file)
{
	struct vpart_file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	xa_init(&f->calls);
	file->private_data = f;
	return 0;
}

static int vpart_file_release(struct inode *inode, struct file *file)
{
	struct vpart_file *f = file->private_data;
	struct eventfd_ctx *call;
	unsigned long vp;

	if (f->forward) {
		vpart_put(f->part);
	} else if (f->part) {
		vpart_kicks_destroy(f->kicks);
		vpart_backend_detach(f->part);
		vpart_msifds_destroy(f->msifds);
		xa_for_each(&f->calls, vp, call)
			eventfd_ctx_put(call);
		xa_destroy(&f->calls);
		put_task_struct(f->task);
		mmput(f->mm);
		vpart_put(f->part);
	}
	mutex_destroy(&f->lock);
	kfree(f);
	return 0;
}

const struct file_operations vpart_file_ops = {
	.owner = THIS_MODULE,
	.open = vpart_file_open,
	.release = vpart_file_release,
	.read = vpart_file_read,
	.poll = vpart_file_poll,
	.unlocked_ioctl = vpart_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};
EXPORT_SYMBOL_IF_KUNIT(vpart_file_ops);

static struct miscdevice vpart_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "vmbus_partition",
	.fops = &vpart_file_ops,
	.mode = 0600,
};

/**
 * vpart_chardev_init - make /dev/vmbus_partition
 *
 * Return: 0 or an error.
 */
int __init vpart_chardev_init(void)
{
	return misc_register(&vpart_misc);
}

/**
 * vpart_chardev_exit - remove /dev/vmbus_partition
 */
void vpart_chardev_exit(void)
{
	misc_deregister(&vpart_misc);
}
