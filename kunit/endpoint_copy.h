/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy engine as a driver sees it: little-endian registers of 32 bits in BAR 0,
 * scratch memory in BAR 2, MSI-X in BAR 4.
 *
 * A driver writes source, destination, length, vector and flags, then COPY_GO to control.
 * The status is COPY_BUSY from then on, and COPY_DONE or COPY_FAILED when the vector
 * is raised.  What is written while busy is for the next time.
 */
#ifndef _ENDPOINT_COPY_H
#define _ENDPOINT_COPY_H

#include <linux/sizes.h>

#define COPY_REGS_BAR		0
#define COPY_SCRATCH_BAR	2
#define COPY_MSIX_BAR		4

#define COPY_REGS_SIZE		SZ_4K
#define COPY_SCRATCH_SIZE	SZ_64K
#define COPY_MSIX_SIZE		SZ_4K
#define COPY_MSIX_PENDING	SZ_2K

#define COPY_VECTORS		8
#define COPY_LENGTH_MAX		SZ_16M
#define COPY_PIECE		SZ_64K	/* moved at a time */
#define COPY_MAGIC		0x59504f43

/* Registers; RO: can only be read */
#define COPY_REG_ID		0x00	/* RO: COPY_MAGIC */
#define COPY_REG_SOURCE		0x04	/* low half, then high half */
#define COPY_REG_DESTINATION	0x0c	/* low half, then high half */
#define COPY_REG_LENGTH		0x14	/* bytes, 1 to COPY_LENGTH_MAX */
#define COPY_REG_VECTOR		0x18	/* raised at the end */
#define COPY_REG_FLAGS		0x1c
#define COPY_REG_CONTROL	0x20	/* reads as 0 */
#define COPY_REG_STATUS		0x24	/* RO */
#define COPY_REG_ERROR		0x28	/* RO: why the last one failed */
#define COPY_REG_COPIES		0x2c	/* RO: that were done */
#define COPY_REG_FAILURES	0x30	/* RO: that failed */
#define COPY_REG_BYTES		0x34	/* RO: moved in all; low half, then high half */
#define COPY_REG_RAISE		0x3c	/* raises the vector that is written; reads as 0 */
#define COPY_REG_PROGRESS	0x40	/* RO: bytes of the last one that were moved */

/* COPY_REG_FLAGS: not guest memory but scratch memory; the address is an offset in it */
#define COPY_FROM_SCRATCH	0x1
#define COPY_TO_SCRATCH		0x2

/* COPY_REG_CONTROL */
#define COPY_GO			0x1	/* ignored while busy */
#define COPY_STOP		0x2	/* what is being done fails */

/* COPY_REG_STATUS */
#define COPY_IDLE		0
#define COPY_BUSY		1
#define COPY_DONE		2
#define COPY_FAILED		3

/* COPY_REG_ERROR */
#define COPY_ERROR_NONE		0
#define COPY_ERROR_LENGTH	1	/* 0, or more than COPY_LENGTH_MAX */
#define COPY_ERROR_ADDRESS	2	/* it wraps, or is not in the scratch memory */
#define COPY_ERROR_VECTOR	3	/* there is none of this number; none is raised */
#define COPY_ERROR_READ		4	/* the source is not to be had */
#define COPY_ERROR_WRITE	5	/* the destination is not to be had */
#define COPY_ERROR_STOPPED	6
#define COPY_ERROR_FLAGS	7

#endif /* _ENDPOINT_COPY_H */
