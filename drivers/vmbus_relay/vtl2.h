/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parts of the transport vtl2 that its test takes the place of, or calls.
 */
#ifndef _VRELAY_VTL2_H
#define _VRELAY_VTL2_H

#include "vrelay.h"

const char *vrelay_vtl2_missing(void);
u64 vrelay_vtl2_get_msr(u32 msr);
void vrelay_vtl2_set_msr(u32 msr, u64 value);
int vrelay_vtl2_hook(void);
void vrelay_vtl2_unhook(void);
int vrelay_vtl2_cpus_on(void);
void vrelay_vtl2_cpus_off(int state);
int vrelay_vtl2_io(u64 gpa, unsigned int size, bool write, u64 *value);

void vrelay_vtl2_isr(void);
void vrelay_vtl2_flag(u16 flag);
int vrelay_vtl2_cpu_online(unsigned int cpu);
int vrelay_vtl2_cpu_offline(unsigned int cpu);

/* In newer kernels; found at run time. */
void hv_setup_mshv_handler(void (*handler)(void));

/* In a mshv_vtl with the patch of scripts/patches/; found at run time. */
void mshv_vtl_set_flag_handler(void (*handler)(u16 flag));

#endif /* _VRELAY_VTL2_H */
