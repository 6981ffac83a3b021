/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of a bus of the host that this kernel keeps: they are on a PCI bus of its own,
 * and its drivers bind them.
 *
 * local.c		the bus, and devices that come and go
 * local_config.c	configuration space
 * local_irq.c		interrupts
 * local_memory.c	where in this kernel's addresses their memory is
 *
 * All of PCI is done by vpci_local::work, and never in a call of those who own a device:
 * these are the ones who bring the host's answers, which a driver that probes waits for.
 * So a device that the host takes away is cut off at once, and leaves the bus later.
 *
 * Lock order: pci_lock_rescan_remove() is outermost, and taken by the work with none of
 * ours held, nor while a driver is asked to let go; inside of it the locks of drivers and
 * interrupts; then vpci_local_fn::lock,
 * and in that those of the host's bus.  vpci_local::lock is taken last, and
 * vpci_local_ops::ejected() is called with it held.
 */
#ifndef _VPCI_LOCAL_H
#define _VPCI_LOCAL_H

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kconfig.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

#include "host.h"

#if defined(CONFIG_X86_64) && IS_ENABLED(CONFIG_PCI_MSI)
#define VPCI_HAS_LOCAL	1
#else
#define VPCI_HAS_LOCAL	0
#endif

struct vpci_local;
struct vpci_local_fn;

/* Bit of a cookie of an interrupt that a device of this kernel asks for. */
#define VPCI_LOCAL_COOKIE	BIT_ULL(63)

/**
 * struct vpci_local_ops - what an owner of devices is told
 * @ejected: this kernel has let a device go, after vpci_local_eject(); must not call back,
 *	nor sleep for long
 */
struct vpci_local_ops {
	void (*ejected)(void *ctx, void *priv);
};

/**
 * struct vpci_local_link - what leads to the host's device
 * @config_read: see vpci_host_config_read()
 * @config_write: see vpci_host_config_write()
 * @interrupt_create: see vpci_host_interrupt_create()
 * @interrupt_delete: see vpci_host_interrupt_delete()
 * @answer_limit: for the answer to @interrupt_create, in jiffies
 */
struct vpci_local_link {
	u32 (*config_read)(struct vpci_host_fn *host, u16 offset, u8 size);
	void (*config_write)(struct vpci_host_fn *host, u16 offset, u8 size, u32 value);
	int (*interrupt_create)(struct vpci_host_fn *host, const struct vpci_msi_request *request,
				u64 cookie);
	void (*interrupt_delete)(struct vpci_host_fn *host, const struct vpci_msi *msi);
	unsigned long answer_limit;
};

enum vpci_local_counter {
	VPCI_LOCAL_DEVICES,		/* that came to the bus */
	VPCI_LOCAL_FAILURES,		/* that could not */
	VPCI_LOCAL_INTERRUPTS,		/* that the host has given */
	VPCI_LOCAL_INTERRUPT_FAILURES,	/* that it has not, or that found no vector */
	VPCI_LOCAL_COPIED_READS,	/* answered without the host, which could not be asked */
	VPCI_LOCAL_REFUSED_WRITES,	/* for the same reason */
	VPCI_LOCAL_COUNTERS
};

#if VPCI_HAS_LOCAL

/* local.c */
struct vpci_local *vpci_local_create(const guid_t *instance, const struct vpci_local_ops *ops,
				     void *ctx);
void vpci_local_flush(struct vpci_local *local);
bool vpci_local_wait(struct vpci_local *local, unsigned long limit);
void vpci_local_destroy(struct vpci_local *local);
struct vpci_local_fn *vpci_local_add(struct vpci_local *local, struct vpci_host_fn *host,
				     const struct vpci_desc *desc, const struct vpci_bars *bars,
				     void *priv);
void vpci_local_eject(struct vpci_local_fn *fn);
void vpci_local_put(struct vpci_local_fn *fn);
void vpci_local_retry(struct vpci_local *local);
int vpci_local_show(struct vpci_local_fn *fn, char *buf, size_t size);
u64 vpci_local_count(const struct vpci_local *local, enum vpci_local_counter which);
int vpci_local_init(void);
void vpci_local_exit(void);

/* local_irq.c */
bool vpci_local_done(struct vpci_local_fn *fn, u64 cookie, int err, const struct vpci_msi *msi);

/* local_memory.c */
struct resource *vpci_local_memory_get(void);
void vpci_local_memory_put(void);
int vpci_local_memory_set(const char *text);
ssize_t vpci_local_memory_show(char *buf);
void vpci_local_memory_exit(void);

#else

static inline struct vpci_local *vpci_local_create(const guid_t *instance,
						   const struct vpci_local_ops *ops, void *ctx)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void vpci_local_flush(struct vpci_local *local)
{
}

static inline bool vpci_local_wait(struct vpci_local *local, unsigned long limit)
{
	return true;
}

static inline void vpci_local_destroy(struct vpci_local *local)
{
}

static inline struct vpci_local_fn *
vpci_local_add(struct vpci_local *local, struct vpci_host_fn *host, const struct vpci_desc *desc,
	       const struct vpci_bars *bars, void *priv)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void vpci_local_eject(struct vpci_local_fn *fn)
{
}

static inline void vpci_local_put(struct vpci_local_fn *fn)
{
}

static inline void vpci_local_retry(struct vpci_local *local)
{
}

static inline int vpci_local_show(struct vpci_local_fn *fn, char *buf, size_t size)
{
	return 0;
}

static inline u64 vpci_local_count(const struct vpci_local *local, enum vpci_local_counter which)
{
	return 0;
}

static inline bool vpci_local_done(struct vpci_local_fn *fn, u64 cookie, int err,
				   const struct vpci_msi *msi)
{
	return false;
}

static inline int vpci_local_init(void)
{
	return 0;
}

static inline void vpci_local_exit(void)
{
}

static inline int vpci_local_memory_set(const char *text)
{
	return -EOPNOTSUPP;
}

static inline ssize_t vpci_local_memory_show(char *buf)
{
	return sysfs_emit(buf, "none\n");
}

static inline void vpci_local_memory_exit(void)
{
}

#endif /* VPCI_HAS_LOCAL */

#endif /* _VPCI_LOCAL_H */
