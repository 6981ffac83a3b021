/* SPDX-License-Identifier: GPL-2.0-only */
/* A SCSI controller of the guest's server, as the tests use it. */
#ifndef _DISK_H
#define _DISK_H

#include "selftest.h"
#include <vmbus/storvsp.h>

#define SECTOR		512
#define PAGE_SECTORS	(PAGE / SECTOR)

/**
 * struct transfer - a command with data
 * @cdb: SCSI command
 * @page: first page of the data, counted from PAGE_SCRATCH
 * @offset: in it
 * @len: bytes
 * @in: they go to the guest
 * @lun: of the disk
 */
struct transfer {
	u8 cdb[STORVSP_CDB_SIZE];
	unsigned int page;
	u32 offset;
	u32 len;
	bool in;
	u8 lun;
};

void disk_speak(u8 major, u8 minor, u32 size);
u8 *scratch(struct bed *b, unsigned int page);
void fill_page(struct bed *b, unsigned int page, u64 seed);
bool disk_find(struct bed *b, struct channel *c);
bool disk_take(struct channel *c, u64 *id, struct storvsp_packet *p);
bool disk_answer(struct channel *c, u64 want);
bool disk_answers(struct channel *c, u64 first, unsigned int n);
bool disk_ask(struct channel *c, u64 id, const struct storvsp_packet *p);
bool disk_control(struct channel *c, struct storvsp_packet *p);
bool disk_init(struct channel *c, u16 *max_subs);
bool disk_put(struct channel *c, u64 id, const struct transfer *t);
bool disk_do(struct channel *c, const struct transfer *t);
struct transfer disk_rw(bool in, unsigned int at, unsigned int page, unsigned int pages);

#endif /* _DISK_H */
