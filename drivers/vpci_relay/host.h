/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus of the host: the client's end of a VPCI channel, whose devices this kernel has
 * found and prepared.
 *
 * Callbacks come one at a time from a work of the bus: process context, no lock of the bus
 * held, may sleep.  They may call everything here but vpci_host_open() and
 * vpci_host_close().  A device is there from vpci_host_ops::added() until
 * vpci_host_ops::removed() or vpci_host_close() returns.
 *
 * The host is not trusted: what it does wrong ends the bus, which is told by
 * vpci_host_ops::failed(), or is counted, if the rest of what it says is as good as before.
 * Which of them, is said in host_packet.c and host_request.c.
 */
#ifndef _VPCI_HOST_H
#define _VPCI_HOST_H

#include <linux/jiffies.h>
#include <linux/types.h>

#include "vpci_pure.h"

/* Time that the host has for an answer, in jiffies */
#define VPCI_HOST_REQUEST_LIMIT	(30 * HZ)

struct vrelay_dev;
struct vpci_host;
struct vpci_host_fn;

/**
 * struct vpci_host_ops - what a bus of the host tells
 * @added: a device is there, and prepared: its base addresses are known and the host has
 *	been told that it has resources
 * @removed: it is gone, without a word or after vpci_host_ejected(): on return its owner
 *	has put its reference and calls nothing of it any more
 * @eject: the host wants it back; answer with vpci_host_ejected(), once, when nobody uses it
 *	any more.  @removed may come first, and no answer is owed then
 * @invalidated: blocks of configuration space of the device have changed
 * @ready: all that the bus has at first has been told with @added; once
 * @interrupt: the answer to vpci_host_interrupt_create() with this cookie: 0 and the
 *	interrupt, or -errno and NULL.  None for a device that is gone
 * @reset: the answer to vpci_host_reset() with this cookie
 * @power: the answer to vpci_host_set_power() with this cookie
 * @block: the answer to vpci_host_block() with this cookie: 0 and what was read, or -errno
 *	and NULL
 * @failed: the bus is of no use any more, for what reason; @removed has been called for
 *	each device
 */
struct vpci_host_ops {
	void (*added)(void *ctx, struct vpci_host_fn *fn);
	void (*removed)(void *ctx, struct vpci_host_fn *fn);
	void (*eject)(void *ctx, struct vpci_host_fn *fn);
	void (*invalidated)(void *ctx, struct vpci_host_fn *fn, u64 mask);
	void (*ready)(void *ctx);
	void (*interrupt)(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
			  const struct vpci_msi *msi);
	void (*reset)(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err);
	void (*power)(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err);
	void (*block)(void *ctx, struct vpci_host_fn *fn, u64 cookie, int err,
		      const struct vpci_block *block);
	void (*failed)(void *ctx, const char *why);
};

enum vpci_host_counter {
	VPCI_HOST_UNKNOWN_ANSWERS,	/* answers to nothing that was asked */
	VPCI_HOST_UNKNOWN_MESSAGES,	/* messages and packets of no known type */
	VPCI_HOST_STRAYS,		/* messages about no device, or for the second time */
	VPCI_HOST_TIMEOUTS,		/* answers that did not come in time */
	VPCI_HOST_LATE_INTERRUPTS,	/* deleted: nobody waited for them any more */
	VPCI_HOST_UNPREPARED,		/* devices that could not be prepared */
	VPCI_HOST_MMIO_ERRORS,		/* accesses to the window that failed */
	VPCI_HOST_FAILURES,		/* the bus is of no use any more */
	VPCI_HOST_COUNTERS
};

struct vpci_host *vpci_host_open(struct vrelay_dev *dev, u64 window,
				 const struct vpci_host_ops *ops, void *ctx);
void vpci_host_close(struct vpci_host *host);
u32 vpci_host_version(const struct vpci_host *host);
u64 vpci_host_counter(const struct vpci_host *host, enum vpci_host_counter which);

void *vpci_host_fn_priv(const struct vpci_host_fn *fn);
void vpci_host_fn_set_priv(struct vpci_host_fn *fn, void *priv);
const struct vpci_desc *vpci_host_fn_desc(const struct vpci_host_fn *fn);
const struct vpci_bars *vpci_host_fn_bars(const struct vpci_host_fn *fn);

u32 vpci_host_config_read(struct vpci_host_fn *fn, u16 offset, u8 size);
void vpci_host_config_write(struct vpci_host_fn *fn, u16 offset, u8 size, u32 value);
int vpci_host_interrupt_create(struct vpci_host_fn *fn, const struct vpci_msi_request *request,
			       u64 cookie);
void vpci_host_interrupt_delete(struct vpci_host_fn *fn, const struct vpci_msi *msi);
int vpci_host_reset(struct vpci_host_fn *fn, u64 cookie);
int vpci_host_set_power(struct vpci_host_fn *fn, u32 state, u64 cookie);
int vpci_host_block(struct vpci_host_fn *fn, const struct vpci_block *block, u64 cookie);
void vpci_host_ejected(struct vpci_host_fn *fn);

#endif /* _VPCI_HOST_H */
