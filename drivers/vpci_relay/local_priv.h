/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that this kernel keeps, from inside: for local*.c and their tests.
 */
#ifndef _VPCI_LOCAL_PRIV_H
#define _VPCI_LOCAL_PRIV_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/irqdomain.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "local.h"

#define VPCI_LOCAL_REGS	(VPCI_CONFIG_SIZE / sizeof(u32))

enum vpci_local_fn_state {
	VPCI_LOCAL_NEW,		/* to come to the bus */
	VPCI_LOCAL_ON,		/* it is there */
	VPCI_LOCAL_HELD,	/* it could not: tried again by vpci_local_retry() */
};

/**
 * struct vpci_local_fn - a device that this kernel keeps
 * @ref: its owner's, and one as long as it is in vpci_local::fns
 * @local: its bus
 * @node: in vpci_local::fns, or empty; with what follows up to @state protected by
 *	vpci_local::lock
 * @wanted: it is to be on the bus, or else to leave
 * @priv: its owner's, for vpci_local_ops::ejected(); NULL: nobody wants to hear
 * @state: see enum
 * @desc: what the host says of it
 * @irqs: struct vpci_local_irq, under the lock that Linux has for MSIs of a device
 * @hidden: registers with the id of a capability that Linux is not to find, by number; set
 *	before it looks
 * @msi_reg: the one with the id of MSI, of whose masks Linux is not to know, or 0; as @hidden
 * @copy: configuration space as it was last seen, for those who cannot wait for the host
 * @lock: protects what follows
 * @host: the host's device, or NULL when it is of no use any more; like @answered also
 *	looked at without
 * @shadow: configuration space
 * @cookie: of the interrupt that is asked for; 0: of none
 * @answered: it came
 * @err: result
 * @msi: and the interrupt
 * @wait: woken when @answered or @host changes
 */
struct vpci_local_fn {
	struct kref ref;
	struct vpci_local *local;
	struct list_head node;
	bool wanted;
	void *priv;
	enum vpci_local_fn_state state;
	struct vpci_desc desc;
	struct list_head irqs;
	DECLARE_BITMAP(hidden, VPCI_LOCAL_REGS);
	u32 msi_reg;
	u32 copy[VPCI_LOCAL_REGS];

	struct mutex lock;	/* protects what follows */
	struct vpci_host_fn *host;
	struct vpci_shadow shadow;
	u64 cookie;
	bool answered;
	int err;
	struct vpci_msi msi;
	wait_queue_head_t wait;
};

/**
 * struct vpci_local - a PCI bus of this kernel
 * @ref: its owner's, one of @work while that is queued or runs, and one of what Linux has of
 *	@bus, which may be there for longer
 * @instance: of the host's bus
 * @link: to its devices
 * @ops: owner's callbacks
 * @ctx: their argument
 * @work: all that is done with PCI
 * @cookies: of interrupts
 * @counters: by enum vpci_local_counter
 * @sysdata: the domain
 * @busn: the one number of a bus in it
 * @bus: or NULL while there is no device
 * @irq_domain: where its devices have their interrupts, as long as @bus
 * @slots: devices, by number of device and function.  Changes under pci_lock_rescan_remove()
 *	alone, and while Linux has no device there: who reads it has a device that stays until
 *	it is done; or it may be one that has left, and is in a section that
 *	vpci_local_config_sync() waits for
 * @wait: woken when @empty is set
 * @lock: protects what follows, and what in devices is said to be
 * @fns: devices
 * @empty: there is none, and no @bus; also looked at without
 */
struct vpci_local {
	struct kref ref;
	guid_t instance;
	const struct vpci_local_link *link;
	const struct vpci_local_ops *ops;
	void *ctx;
	struct work_struct work;
	atomic64_t cookies;
	atomic64_t counters[VPCI_LOCAL_COUNTERS];

	struct pci_sysdata sysdata;
	struct resource busn;
	struct pci_bus *bus;
	struct irq_domain *irq_domain;
	struct vpci_local_fn *slots[256];
	wait_queue_head_t wait;

	struct mutex lock;	/* protects what follows */
	struct list_head fns;
	bool empty;
};

static inline void vpci_local_counted(struct vpci_local *local, enum vpci_local_counter which)
{
	atomic64_inc(&local->counters[which]);
}

static inline unsigned int vpci_local_devfn(const struct vpci_local_fn *fn)
{
	return PCI_DEVFN(VPCI_SLOT_DEV(fn->desc.slot), VPCI_SLOT_FN(fn->desc.slot));
}

static inline struct vpci_local *to_vpci_local(const struct pci_bus *bus)
{
	return container_of((struct pci_sysdata *)bus->sysdata, struct vpci_local, sysdata);
}

/* local.c */
struct vpci_local *vpci_local_create_link(const struct vpci_local_link *link,
					  const guid_t *instance,
					  const struct vpci_local_ops *ops, void *ctx);

/* local_config.c */
extern struct pci_ops vpci_local_pci_ops;

void vpci_local_config_init(struct vpci_local_fn *fn, const struct vpci_bars *bars);
void vpci_local_config_begin(struct vpci_local_fn *fn);
void vpci_local_config_end(struct vpci_local_fn *fn);
void vpci_local_config_sync(void);
void vpci_local_config_close(struct pci_bus *bus);
void vpci_local_config_gone(struct vpci_local_fn *fn);
int vpci_local_config_read(struct vpci_local_fn *fn, u32 offset, u32 size, u32 *value);
int vpci_local_config_write(struct vpci_local_fn *fn, u32 offset, u32 size, u32 value);

/* local_irq.c */
struct irq_domain *vpci_local_irq_domain(struct vpci_local *local);
void vpci_local_irq_domain_remove(struct irq_domain *domain);
void vpci_local_irqs_drop(struct vpci_local_fn *fn);
int vpci_local_cpu_up(unsigned int cpu);
int vpci_local_cpu_down(unsigned int cpu);
int vpci_local_irq_init(void);
void vpci_local_irq_exit(void);

#endif /* _VPCI_LOCAL_PRIV_H */
