/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of the Hyper-V backend.
 */
#ifndef _VPART_HYPERV_H
#define _VPART_HYPERV_H

#include <linux/workqueue.h>
#include "vpart.h"

struct page;
struct vpart_hv;

/* ---- hypercalls.c ------------------------------------------------------------- */

bool vpart_hv_available(void);
u64 vpart_hv_call(u64 control, const void *in, size_t in_len, void *out, size_t out_len);
u64 vpart_hv_call_fast(u64 control, u64 in);
int vpart_hv_errno(u64 result);
int vpart_hv_post(u32 vp, u8 sint, const void *payload, u32 len);
int vpart_hv_signal(u32 vp, u8 sint, u16 flag);
int vpart_hv_intercept_synic(bool on);
int vpart_hv_notify(u32 vp, u16 sints);

/* ---- hyperv.c ------------------------------------------------------------------- */

bool vpart_hv_own_memory(u64 start, u64 size);
struct page *vpart_hv_page(u64 pfn);
int vpart_hv_read(struct vmbus_partition *part, u64 gpa, void *buf, size_t len);
void vpart_hv_schedule(u32 vp, struct work_struct *work);
int vpart_hv_check_memory(const char *name, const struct vmbus_partition_region *regions,
			  unsigned int n);
struct vpart_hv *vpart_hv_create(const char *name, const struct vmbus_partition_region *regions,
				 unsigned int n, unsigned int nvps);
int vpart_hv_set_memory(struct vpart_hv *hv, const struct vmbus_partition_region *regions,
			unsigned int n);
void vpart_hv_destroy(struct vpart_hv *hv);
struct vmbus_partition *vpart_hv_current(void);

/* ---- config.c --------------------------------------------------------------------- */

struct configfs_group_operations;
extern struct configfs_group_operations vpart_config_root_ops;
int vpart_config_parse(const char *text, struct vmbus_partition_region *regions);

/*
 * In a kernel with scripts/patches/0001-mshv_vtl-*.patch; found at run time, else
 * a monitor forwards.
 */
void mshv_vtl_set_intercept_handler(int (*handler)(const struct hv_message *msg, u64 *rax));

#endif /* _VPART_HYPERV_H */
