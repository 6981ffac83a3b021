/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/vmbus_partition from a test, by its file operations: a test cannot open a
 * path in every kernel.  The guest's memory is memory of the test's address space.
 */
#ifndef _PART_FILE_H
#define _PART_FILE_H

#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/uaccess.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_partition/vpart.h"

#define PF_NAME		"kunit-file"
#define PF_PAGES	256
#define PF_PFN		0x1000ULL		/* of the guest's first page */
#define PF_GPA		(PF_PFN << PAGE_SHIFT)

/**
 * struct pf - an open file, and a guest if it is attached
 * @test: running test
 * @file: file
 * @part: partition once attached
 * @arg: a page for arguments, and one for what they point to
 * @ram: the guest's memory
 */
struct pf {
	struct kunit *test;
	struct file *file;
	struct vmbus_partition *part;
	unsigned long arg;
	unsigned long ram;
};

static inline void pf_close(void *ctx)
{
	struct pf *pf = ctx;

	if (pf->file)
		__fput_sync(pf->file);
	pf->file = NULL;
}

static inline unsigned long pf_mmap(struct kunit *test, unsigned int pages)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, pages * PAGE_SIZE,
					   PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	return addr;
}

static inline struct pf *pf_open(struct kunit *test)
{
	struct pf *pf = kunit_kzalloc(test, sizeof(*pf), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pf);
	pf->test = test;
	pf->arg = pf_mmap(test, 2);
	pf->ram = pf_mmap(test, PF_PAGES);
	pf->file = anon_inode_getfile("[vmbus_partition]", &vpart_file_ops, NULL, O_RDWR);
	if (IS_ERR(pf->file))
		pf->file = NULL;
	KUNIT_ASSERT_NOT_NULL(test, pf->file);
	KUNIT_ASSERT_EQ(test, vpart_file_ops.open(file_inode(pf->file), pf->file), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, pf_close, pf), 0);
	return pf;
}

static inline long pf_ioctl(struct pf *pf, unsigned int cmd, void *arg)
{
	void __user *uarg = (void __user *)pf->arg;
	long ret;

	if (copy_to_user(uarg, arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = vpart_file_ops.unlocked_ioctl(pf->file, cmd, pf->arg);
	if (copy_from_user(arg, uarg, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

/* A call without argument. */
static inline long pf_call(struct pf *pf, unsigned int cmd)
{
	return vpart_file_ops.unlocked_ioctl(pf->file, cmd, 0);
}

static inline long pf_attach(struct pf *pf)
{
	struct vmbus_partition_attach attach = { .name = PF_NAME };
	long err = pf_ioctl(pf, VMBUS_PARTITION_ATTACH, &attach);

	if (err)
		return err;
	/* The file has a reference. */
	pf->part = vpart_get(PF_NAME);
	vpart_put(pf->part);
	return 0;
}

static inline long pf_set_memory(struct pf *pf, const struct vmbus_partition_region *regions,
				 unsigned int n)
{
	struct vmbus_partition_mem_table table = {
		.nregions = n, .regions = pf->arg + PAGE_SIZE,
	};

	if (copy_to_user((void __user *)(pf->arg + PAGE_SIZE), regions, n * sizeof(*regions)))
		return -EFAULT;
	return pf_ioctl(pf, VMBUS_PARTITION_SET_MEM_TABLE, &table);
}

/* All of the guest's memory as one region. */
static inline long pf_set_ram(struct pf *pf, u32 flags)
{
	struct vmbus_partition_region region = {
		.gpa = PF_GPA, .size = PF_PAGES * PAGE_SIZE, .uaddr = pf->ram, .flags = flags,
	};

	return pf_set_memory(pf, &region, 1);
}

/* A file with these features that is attached, and its guest with memory. */
static inline struct pf *pf_guest(struct kunit *test, u64 features, u32 region_flags)
{
	struct pf *pf = pf_open(test);

	KUNIT_ASSERT_EQ(test, pf_ioctl(pf, VMBUS_PARTITION_SET_FEATURES, &features), 0);
	KUNIT_ASSERT_EQ(test, pf_attach(pf), 0);
	KUNIT_ASSERT_EQ(test, pf_set_ram(pf, region_flags), 0);
	return pf;
}

#endif /* _PART_FILE_H */
