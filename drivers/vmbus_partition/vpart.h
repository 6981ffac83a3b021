/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private parts of vmbus_partition.
 *
 * What changes seldom (backend, VPs, SynIC pages, memory table) is changed under
 * vmbus_partition::config_lock.  What the hot path reads of it is read under
 * RCU (SynIC pages, ports, MSIs, receiver in VTL2) or, where pages are pinned, under
 * vmbus_partition::srcu.
 *
 * Lock order: vmbus_partition::config_lock, clients_lock, then what the clients'
 * reset takes.  workers_lock is held while worker threads end, so what runs in
 * them must not ask for a worker; vmbus_partition::log_lock, msi_lock, vpart_vp::slot_lock
 * and vpart_mmio_spaces::lock are leaves.  Clients may call
 * everything that include/vmbus/partition.h lists for them from their reset.
 */
#ifndef _VPART_H
#define _VPART_H

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vmbus/partition.h>

#define VPART_CONNECTION_IDS	BIT(24)		/* they have 24 bits */
#define VPART_SINTS		16
#define VPART_EVENT_FLAGS	2048		/* per SINT */

enum vpart_counter {
	VPART_MESSAGES_SENT,	/* messages put into a slot of the guest */
	VPART_MESSAGES_BUSY,	/* messages that found their slot in use */
	VPART_MESSAGES_LOST,	/* messages to a VP without SynIC, or without receiver */
	VPART_EVENTS_SET,	/* event flags of the guest that went from 0 to 1 */
	VPART_EVENTS_MERGED,	/* event flags that were 1 already */
	VPART_EVENTS_LOST,	/* event flags of a VP without SynIC, or without receiver */
	VPART_POSTS_DENIED,	/* posts of a VTL too low for the connection */
	VPART_POSTS_UNCLAIMED,	/* posts to a connection that nobody serves */
	VPART_POSTS_STOPPED,	/* posts of a guest that is stopped: to be tried again */
	VPART_SIGNALS_UNCLAIMED,	/* signals of a connection that nobody serves */
	VPART_BAD_GPAS,		/* pages outside the memory table */
	VPART_MMIO_SERVED,	/* accesses to an address of a device */
	VPART_MMIO_UNSERVED,	/* accesses to an address of nobody */
	VPART_MMIO_LEFT,	/* accesses to an address of a device, left to the monitor */
	VPART_MSIS_RAISED,	/* MSIs that were raised, or will be */
	VPART_MSIS_LOST,	/* MSIs that do not exist */
	VPART_COUNTERS
};

/* ---- memory: memory.c ------------------------------------------------------ */

/**
 * struct vpart_table - guest memory, in ascending order
 * @n: entries of @regions
 * @regions: regions
 */
struct vpart_table {
	unsigned int n;
	struct vmbus_partition_region regions[] __counted_by(n);
};

struct vpart_table *vpart_table_build(const struct vmbus_partition_region *regions,
				      unsigned int n);
unsigned int vpart_table_find(const struct vpart_table *table, const u64 *pfns, unsigned int n,
			      bool write, u64 *uaddr);

/* ---- dirty log: log.c, map.c -------------------------------------------------- */

/**
 * struct vpart_log_region - log of a region
 * @first: its first page frame number
 * @n: pages
 * @bits: one per page, set and cleared atomically
 */
struct vpart_log_region {
	u64 first;
	u64 n;
	unsigned long *bits;
};

/**
 * struct vpart_log - which pages were written, in ascending order
 * @n: entries of @regions
 * @regions: those of the memory table with VMBUS_PARTITION_REGION_LOG
 */
struct vpart_log {
	unsigned int n;
	struct vpart_log_region regions[] __counted_by(n);
};

int vpart_log_regions(const struct vpart_table *table);
struct vpart_log *vpart_log_build(const struct vpart_table *table);
void vpart_log_replace(struct vmbus_partition *part, struct vpart_log *log);
void vpart_log_mark(struct vmbus_partition *part, const u64 *pfns, unsigned int n);
int vpart_log_fetch(struct vmbus_partition *part, u64 first, u32 count, void *bits, u32 *dirty);
void vpart_log_restore(struct vmbus_partition *part, u64 first, u32 count, const void *bits);
void vpart_maps_written(struct vmbus_partition *part, u64 first, u32 count,
			const struct vpart_log *log);
bool vpart_log_set(const struct vpart_log *log, u64 pfn);

/* ---- events for a monitor: events.c ------------------------------------------- */

#define VPART_EVENT_TYPES	(VMBUS_PARTITION_EVENT_MSI + 1)

/**
 * struct vpart_event_record - events of a type that were not read yet
 * @node: in vpart_events::queue, or empty
 * @count: how many
 * @data: of the last one
 */
struct vpart_event_record {
	struct list_head node;
	u64 count;
	u64 data;
};

/**
 * struct vpart_events - events that were not read yet
 * @lock: protects what follows
 * @queue: of struct vpart_event_record, in the order in which they began to wait
 * @records: by type; 0 is none
 * @wait: of readers
 */
struct vpart_events {
	spinlock_t lock;	/* protects queue, records */
	struct list_head queue;
	struct vpart_event_record records[VPART_EVENT_TYPES];
	wait_queue_head_t wait;
};

void vpart_events_init(struct vmbus_partition *part);
void vpart_events_clear(struct vmbus_partition *part);
bool vpart_events_pending(struct vmbus_partition *part);
bool vpart_events_take(struct vmbus_partition *part, struct vmbus_partition_event *event);
void vpart_events_put_back(struct vmbus_partition *part, const struct vmbus_partition_event *event);
void vpart_bad_gpa(struct vmbus_partition *part, u64 pfn);

/* ---- SynIC: synic.c --------------------------------------------------------- */

/**
 * struct vpart_vp - a virtual processor of the guest
 * @part: partition
 * @index: VP index
 * @cookie: the backend's, for its interrupt callback
 * @simp: message page while enabled, RCU
 * @siefp: event flags page while enabled, RCU
 * @simp_reg: register that @simp stands for, 0 if none
 * @siefp_reg: register that @siefp stands for, 0 if none
 * @slot_lock: one writer of a message slot at a time; protects @waiting, @delay
 * @waiting: mask of SINTs whose slot somebody waits for
 * @delay: until @retry looks again, in jiffies; grows until a message finds room
 * @retry: looks whether slots have become free
 * @rcu: for freeing
 */
struct vpart_vp {
	struct vmbus_partition *part;
	u32 index;
	void *cookie;
	struct vpart_map __rcu *simp;
	struct vpart_map __rcu *siefp;
	u64 simp_reg;
	u64 siefp_reg;
	spinlock_t slot_lock;	/* protects waiting, delay */
	u16 waiting;
	unsigned long delay;
	struct delayed_work retry;
	struct rcu_head rcu;
};

void vpart_synic_off(struct vmbus_partition *part);
void vpart_synic_started(struct vmbus_partition *part);
void vpart_vps_clear(struct vmbus_partition *part);

/* ---- MMIO: mmio.c ------------------------------------------------------------- */

#define VPART_MMIO_MAX		1024	/* ranges of a VTL */

/**
 * struct vpart_mmio_space - addresses of a VTL
 * @ranges: of struct vpart_mmio, which do not overlap
 * @n: their number
 */
struct vpart_mmio_space {
	struct rb_root ranges;
	unsigned int n;
};

/**
 * struct vpart_mmio_spaces - addresses that are served
 * @lock: protects @guest, @paravisor and vpart_mmio::users
 * @guest: the guest's addresses
 * @paravisor: those of this kernel toward the host
 * @idle: whoever waits for the last user of a range
 */
struct vpart_mmio_spaces {
	spinlock_t lock;	/* see above */
	struct vpart_mmio_space guest;
	struct vpart_mmio_space paravisor;
	wait_queue_head_t idle;
};

void vpart_mmio_init(struct vmbus_partition *part);
bool vpart_mmio_served(struct vmbus_partition *part, u8 vtl, u64 gpa, unsigned int size);

/* ---- MSIs: msi.c ---------------------------------------------------------------- */

/**
 * struct vpart_msi - a message of an MSI
 * @lock: protects what follows
 * @cookie: the backend's, for its callback; does not change
 * @active: the message exists
 * @count: messages of the MSI, in the first of them, else 0
 * @data: by which a device raises it
 * @sequence: changes with the route
 * @vp: VP that is interrupted
 * @vector: by which vector
 * @routed: a monitor has the route
 * @pending: raised when it could not be
 */
struct vpart_msi {
	spinlock_t lock;	/* see above */
	void *cookie;
	bool active;
	u16 count;
	u32 data;
	u32 sequence;
	u32 vp;
	u32 vector;
	bool routed;
	bool pending;
};

/**
 * struct vpart_msis - all of them
 * @next: where to look for one that is free; as @used under vmbus_partition::msi_lock
 * @used: those that exist
 * @changed: those whose route is to be fetched; set and cleared atomically
 * @n: entries of @msis
 * @msis: by number
 */
struct vpart_msis {
	unsigned int next;
	DECLARE_BITMAP(used, VMBUS_PARTITION_MAX_MSIS);
	DECLARE_BITMAP(changed, VMBUS_PARTITION_MAX_MSIS);
	unsigned int n;
	struct vpart_msi msis[] __counted_by(n);
};

void vpart_msis_started(struct vmbus_partition *part);
void vpart_msis_reset(struct vmbus_partition *part);
void vpart_msis_clear(struct vmbus_partition *part);

/* ---- partition: partition.c --------------------------------------------------- */

/**
 * struct vmbus_partition - what the hypervisor gives for one guest
 * @ref: users
 * @node: in the list of all, protected by vpart_list_lock
 * @dev: device of class vmbus_partition, named like the partition; its release
 *	frees the partition
 * @config_lock: see the top of this file
 * @clients: of struct vpart_client; changed under @clients_lock, read under RCU
 * @clients_lock: protects @clients; held while clients are reset, quiesced, resumed
 * @stopped: the guest is; changed under @clients_lock
 * @srcu: readers pin pages by @backend and @table
 * @vtl0_only: vpart_hold_vtl0(); protected by @config_lock
 * @backend: callbacks while attached
 * @backend_ctx: their argument
 * @closing: the backend goes away: no new pins and workers
 * @table: guest memory, SRCU
 * @log: dirty log, or NULL while it is off; changed under @log_lock, read under RCU
 * @log_lock: protects changes of @log, and @maps; held while the log is fetched
 * @maps: of struct vpart_map: pages that are mapped for writing
 * @vps: VP index -> struct vpart_vp, read under RCU
 * @nvps: entries of @vps
 * @ports: connection id -> struct vpart_port, read under RCU
 * @vtl2_lock: protects changes of @vtl2
 * @vtl2: receiver in VTL2, RCU
 * @vtl2_pages: page frame number -> page that VTL2 shares
 * @workers_lock: protects @workers
 * @workers: VP index -> struct vpart_worker
 * @mmio: addresses that are served
 * @msi_lock: protects changes of @msis and @msi_lap
 * @msis: MSIs while the backend can raise them, read under RCU
 * @msi_lap: how often all numbers of MSIs have been used
 * @events: for a monitor
 * @pinned: pages pinned now
 * @counters: shown in sysfs
 */
struct vmbus_partition {
	struct kref ref;
	struct list_head node;
	struct device dev;

	struct mutex config_lock;	/* see the top of this file */
	struct mutex clients_lock;	/* protects clients */
	struct list_head clients;
	bool vtl0_only;
	bool stopped;

	struct srcu_struct srcu;
	const struct vpart_backend_ops *backend;
	void *backend_ctx;
	bool closing;
	struct vpart_table __rcu *table;

	struct vpart_log __rcu *log;
	struct mutex log_lock;		/* protects changes of log, and maps */
	struct list_head maps;

	struct xarray vps;
	unsigned int nvps;
	struct xarray ports;

	struct mutex vtl2_lock;		/* protects changes of vtl2 */
	struct vpart_vtl2 __rcu *vtl2;
	struct xarray vtl2_pages;

	struct mutex workers_lock;	/* protects workers */
	struct xarray workers;

	struct vpart_mmio_spaces mmio;

	struct mutex msi_lock;		/* protects changes of msis, msi_lap */
	struct vpart_msis __rcu *msis;
	unsigned int msi_lap;

	struct vpart_events events;

	atomic64_t pinned;
	atomic64_t counters[VPART_COUNTERS];
};

extern struct workqueue_struct *vpart_wq;

static inline void vpart_count(struct vmbus_partition *part, enum vpart_counter counter)
{
	atomic64_inc(&part->counters[counter]);
}

bool vpart_name_valid(const char *name);
bool vpart_backend_direct(struct vmbus_partition *part);
void vpart_deliverable(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint);

/* ---- ports, VTL2, workers ------------------------------------------------------ */

bool vpart_port_served(struct vmbus_partition *part);
int vpart_vtl2_message(struct vmbus_partition *part, u8 sint, const void *payload, u32 len);
int vpart_vtl2_event(struct vmbus_partition *part, u8 sint, u16 flag);
int vpart_vtl2_pin(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
		   struct page **pages);
void vpart_vtl2_unpin(struct page **pages, unsigned int n);
void vpart_workers_destroy(struct vmbus_partition *part);

/* ---- the file of a monitor: chardev.c, calls.c, kicks.c, msifds.c ------------------- */

long vpart_call(struct vmbus_partition *part, unsigned int cmd, void __user *arg);

struct vpart_kicks;

struct vpart_kicks *vpart_kicks_create(struct vmbus_partition *part, u32 first, u32 count,
				       const s32 *fds);
void vpart_kicks_destroy(struct vpart_kicks *kicks);

struct vpart_msifds;

struct vpart_msifds *vpart_msifds_create(struct vmbus_partition *part, u32 count, const s32 *fds);
void vpart_msifds_destroy(struct vpart_msifds *msifds);

extern const struct file_operations vpart_file_ops;

int vpart_chardev_init(void);
void vpart_chardev_exit(void);

/* ---- Hyper-V: config.c, see hyperv.h ---------------------------------------------- */

#if IS_ENABLED(CONFIG_HYPERV) && defined(CONFIG_X86_64)
int vpart_config_init(void);
void vpart_config_exit(void);
#else
static inline int vpart_config_init(void) { return 0; }
static inline void vpart_config_exit(void) { }
#endif

/* ---- sysfs.c ----------------------------------------------------------------------- */

extern const struct class vpart_class;

#endif /* _VPART_H */
