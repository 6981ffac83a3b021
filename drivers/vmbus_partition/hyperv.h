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
int vpart_hv_set_rip(u32 vp, u64 rip);
int vpart_hv_intercept_unmapped(bool on);

/* ---- insn.c ------------------------------------------------------------------- */

/**
 * struct vpart_insn - an instruction that moves between a register and memory
 * @len: its bytes
 * @size: bytes in memory: 1, 2, 4 or 8
 * @write: writes memory, else reads it
 * @constant: writes @value, and no register
 * @sign: a read fills @width with the sign
 * @reg: register, as instructions number them
 * @shift: its first bit: 8 for AH and the like
 * @width: its bytes
 * @value: see @constant
 */
struct vpart_insn {
	u8 len;
	u8 size;
	bool write;
	bool constant;
	bool sign;
	u8 reg;
	u8 shift;
	u8 width;
	u64 value;
};

int vpart_insn_decode(const u8 *bytes, unsigned int n, struct vpart_insn *insn);
u64 vpart_insn_written(const struct vpart_insn *insn, const u64 gprs[VPART_GPRS]);
void vpart_insn_read(const struct vpart_insn *insn, u64 gprs[VPART_GPRS], u64 value);

/* ---- hyperv.c ------------------------------------------------------------------- */

bool vpart_hv_own_memory(u64 start, u64 size);
struct page *vpart_hv_page(u64 pfn);
int vpart_hv_read(struct vmbus_partition *part, u64 gpa, void *buf, size_t len);
void vpart_hv_schedule(u32 vp, struct work_struct *work);
bool vpart_hv_hook_memory(bool on);
int vpart_hv_check_memory(const char *name, const struct vmbus_partition_region *regions,
			  unsigned int n);
struct vpart_hv *vpart_hv_create(const char *name, const struct vmbus_partition_region *regions,
				 unsigned int n, unsigned int nvps);
int vpart_hv_set_memory(struct vpart_hv *hv, const struct vmbus_partition_region *regions,
			unsigned int n);
int vpart_hv_take_unmapped(struct vpart_hv *hv);
void vpart_hv_destroy(struct vpart_hv *hv);
struct vmbus_partition *vpart_hv_current(void);

/* ---- config.c --------------------------------------------------------------------- */

struct configfs_group_operations;
extern struct configfs_group_operations vpart_config_root_ops;
int vpart_config_parse(const char *text, struct vmbus_partition_region *regions);

/*
 * In a kernel with scripts/patches/0001-mshv_vtl-*.patch and 0003-mshv_vtl-*.patch; found
 * at run time, else a monitor forwards.
 */
void mshv_vtl_set_intercept_handler(int (*handler)(const struct hv_message *msg, u64 *rax));
void mshv_vtl_set_memory_handler(int (*handler)(const struct hv_message *msg, u64 *gprs));

#endif /* _VPART_HYPERV_H */
