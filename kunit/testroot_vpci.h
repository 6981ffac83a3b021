/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_testroot_vpci: VPCI buses of a host, for tests.
 *
 * testroot_vpci.c		requests of a test, and which buses there are
 * testroot_vpci_bus.c		a bus: its life, what is on it, its window
 * testroot_vpci_chan.c		its channel: packets both ways, and how it misbehaves
 * testroot_vpci_fn.c		a function: an endpoint on a bus, and what the bus needs of it
 * testroot_vpci_guest.c	memory and interrupts of the guest, for a function
 * testroot_vpci_vtl2.c		those of VTL2, for a function that it keeps
 * testroot_vpci_show.c		what a test can read
 *
 * The protocol is vpci_relay's own end toward its guest: it is what answers here, too.
 *
 * Locks, outermost first: that of the requests, tvp_bus::lock, tvp_bus::config_lock, then
 * those of an endpoint.  Accesses to a BAR take none of this module, so that a range of
 * them can be taken away under any; accesses to the window take config_lock alone, so that
 * the window can be taken away under tvp_bus::lock.
 */
#ifndef _TESTROOT_VPCI_H
#define _TESTROOT_VPCI_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <vmbus/partition.h>
#include <vmbus/reader.h>
#include <vmbus/server.h>

#include "../drivers/vpci_relay/vpci_pure.h"
#include "endpoint.h"

#define TVP_BUSES	64
#define TVP_DOMAIN	0x1000	/* Linux calls the domain of bus n so, plus n */
#define TVP_TYPES	0x1e	/* of requests: from QUERY_BUS_RELATIONS to TDISP */
#define TVP_MAX_OUT	64	/* packets that wait: then none is read */
#define TVP_MAX_SAID	VPCI_MAX_RELATIONS
#define TVP_BLOCKS	64	/* configuration blocks of a copy engine */

struct dentry;
struct tvp_bar;
struct tvp_bus;
struct tvp_fn;
struct tvp_poll;

/* How the host misbehaves.  All but the last three are about answers. */
enum tvp_knob {
	TVP_ONLY,		/* only to requests of this type, less 0x42490000; 0: all */
	TVP_TIMES,		/* only so often, then all is well; 0: for ever */
	TVP_LATE,		/* milliseconds that an answer takes */
	TVP_SILENT,		/* 1: there is none */
	TVP_SHORT,		/* bytes that are missing at its end */
	TVP_STATUS,		/* its status; 0: the true one */
	TVP_TRANS,		/* its transaction id is higher by that */
	TVP_VERSION,		/* the version that is named, with success; 0: the true one */
	TVP_MASKS,		/* a bit for each BAR whose mask is not the true one, but */
	TVP_MASK0,		/* this, or one of the next */
	TVP_MASK1,
	TVP_MASK2,
	TVP_MASK3,
	TVP_MASK4,
	TVP_MASK5,
	TVP_MAX_VERSION,	/* the best version that the host knows; 0: the latest */
	TVP_FAIL_OPEN,		/* 1: the channel cannot be opened */
	TVP_FAIL_INTERRUPT,	/* 1: no interrupt can be created */
	TVP_KNOBS
};

enum tvp_counter {
	TVP_OPENS,
	TVP_CLOSES,
	TVP_UNKNOWN,		/* requests of no known type */
	TVP_REFUSED,		/* requests that were against the rules */
	TVP_BROKEN,		/* those that ended the channel */
	TVP_COMPLETIONS,	/* that were written */
	TVP_MISBEHAVED,		/* answers that were not as they should be */
	TVP_RELATIONS,		/* lists of what the bus has */
	TVP_EJECTS,		/* that were asked for */
	TVP_EJECTED,		/* EJECT_COMPLETE */
	TVP_RESETS,		/* of functions, by request */
	TVP_WINDOWS,		/* D0_ENTRY with another window */
	TVP_CONFIG_READS,	/* through the window */
	TVP_CONFIG_WRITES,
	TVP_WINDOW_ERRORS,	/* accesses to the window that are none */
	TVP_BAR_READS,
	TVP_BAR_WRITES,
	TVP_BAR_CONFLICTS,	/* BARs that could not be where they should */
	TVP_INTERRUPTS,		/* raised */
	TVP_INTERRUPTS_LOST,	/* raised by what nobody has asked for */
	TVP_MSIS_CREATED,
	TVP_MSIS_DELETED,
	TVP_DMA_BYTES,
	TVP_DMA_ERRORS,
	TVP_COUNTERS
};

/**
 * struct tvp_side - whose memory and interrupts a function uses
 * @reset: it is reset when the guest is
 * @check: 0 if there can be such a function, or -errno
 * @bar_map: let a BAR answer at the address in tvp_bar::m; 0 or -errno
 * @bar_unmap: and no more, nor is an access under way
 * @dma: move data; 0 or -errno
 * @msi_create: 0 with the interrupt, or -errno
 * @msi_delete: it is not used any more
 * @msi_raise: raise it; 0, or -errno if there is none
 */
struct tvp_side {
	bool reset;
	int (*check)(struct tvp_fn *fn);
	int (*bar_map)(struct tvp_bar *bar);
	void (*bar_unmap)(struct tvp_bar *bar);
	int (*dma)(struct tvp_fn *fn, u64 gpa, void *buf, size_t len, bool write);
	int (*msi_create)(struct tvp_fn *fn, const struct vpci_msi_request *request,
			  struct vpci_msi *msi);
	void (*msi_delete)(struct tvp_fn *fn, const struct vpci_msi *msi);
	int (*msi_raise)(struct tvp_fn *fn, u64 address, u32 data);
};

/**
 * struct tvp_fn_params - what function to make
 * @slot: where, see VPCI_SLOT()
 * @path: of the file or block device of an NVMe controller; NULL: it is a copy engine
 * @queues: of an NVMe controller
 * @serial: its serial number, 0 for one that belongs to bus and slot
 * @numa_node: its node, or -1 if that is not known
 * @vtl2: VTL2 keeps it: its memory and interrupts are VTL2's
 */
struct tvp_fn_params {
	u32 slot;
	const char *path;
	u16 queues;
	u32 serial;
	int numa_node;
	bool vtl2;
};

/**
 * struct tvp_bar - memory of a function in somebody's addresses
 * @m: addresses
 * @fn: function
 * @index: BAR
 * @mapped: it is there; protected by tvp_bus::config_lock
 * @poll: of VTL2's side: its memory, while it is there
 */
struct tvp_bar {
	struct vpart_mmio m;
	struct tvp_fn *fn;
	unsigned int index;
	bool mapped;
	struct tvp_poll *poll;
};

/**
 * struct tvp_fn - a function on a bus
 * @fn: what the protocol knows of it
 * @bus: bus
 * @side: whose memory and interrupts it uses
 * @ep: what it is
 * @file: blocks of an NVMe controller, or NULL
 * @path: name of that
 * @queues: as in struct tvp_fn_params, as what follows
 * @numa_node: see there
 * @dying: no data of it moves any more, even if it would have waited
 * @interrupts: raised
 * @blocks: configuration blocks of a copy engine, which nothing looks at; protected by
 *	tvp_bus::lock
 * @bars: where its BARs are
 * @msi_lock: of VTL2's side: protects @msis
 * @msis: of VTL2's side: its interrupts
 */
struct tvp_fn {
	struct vpci_bus_fn fn;
	struct tvp_bus *bus;
	const struct tvp_side *side;
	struct endpoint *ep;
	struct endpoint_file *file;
	char *path;
	u16 queues;
	int numa_node;
	bool dying;
	atomic64_t interrupts;
	u8 blocks[TVP_BLOCKS][VPCI_BLOCK_SIZE];
	struct tvp_bar bars[ENDPOINT_BARS];
	struct mutex msi_lock;	/* protects msis */
	struct vpci_msi_table msis;
};

/**
 * struct tvp_bus - a bus
 * @node: in the list of all
 * @index: number
 * @srv: server
 * @part: its partition
 * @client: of that
 * @worker: reads
 * @dir: file of debugfs
 * @counters: see enum
 * @requests: by type
 * @chan: offer, or NULL; changes only under the lock of the requests
 * @reader: alone touches @rings while open
 * @rings: while @open
 * @late: there may be an answer that has waited for its time
 * @lock: protects what follows, up to @config_lock
 * @open: the rings are mapped; changes only while @reader is stopped
 * @closing: what is let go is so because the channel is closed
 * @full: no packet is read until some of @out are gone
 * @vtl2: VTL2 keeps something of it, or did: its VPs may be others than the guest's
 * @vpci: the protocol
 * @out: packets to be written, struct tvp_out
 * @nout: their number
 * @knobs: see enum
 * @config_lock: protects what follows, up to @dma_lock; and which BARs are mapped
 * @slot: selected in the window
 * @slots: what is there
 * @window: the window to configuration space, in VTL2's addresses
 * @dma_lock: read while data moves; whoever sets @stopped waits for it to be free
 * @stopped: the guest is, and no data moves
 * @ending: not 0: nobody waits for the guest to go on
 * @wait: woken when @stopped, @ending or tvp_fn::dying changes
 * @buf: for copies of packets
 */
struct tvp_bus {
	struct list_head node;
	unsigned int index;
	struct vmbus_srv *srv;
	struct vmbus_partition *part;
	struct vpart_client client;
	struct kthread_worker *worker;
	struct dentry *dir;
	atomic64_t counters[TVP_COUNTERS];
	atomic64_t requests[TVP_TYPES];
	struct vsrv_chan *chan;
	struct vsrv_reader reader;
	struct vsrv_rings rings;
	struct delayed_work late;

	struct mutex lock;		/* protects what follows */
	bool open;
	bool closing;
	bool full;
	bool vtl2;
	struct vpci_bus vpci;
	struct list_head out;
	unsigned int nout;
	u32 knobs[TVP_KNOBS];

	struct mutex config_lock;	/* protects what follows */
	u32 slot;
	struct tvp_fn *slots[VPCI_MAX_SLOTS];
	struct vpart_mmio window;

	struct rw_semaphore dma_lock;	/* see above */
	bool stopped;
	atomic_t ending;
	wait_queue_head_t wait;

	u8 buf[VPCI_MAX_MESSAGE + 16] __aligned(8);
};

static inline void tvp_count(struct tvp_bus *bus, enum tvp_counter counter)
{
	atomic64_inc(&bus->counters[counter]);
}

/* testroot_vpci.c */
int tvp_request(const char *text);
struct tvp_bus *tvp_find(unsigned int index);

/* testroot_vpci_bus.c */
struct tvp_bus *tvp_bus_create(const char *server, unsigned int index);
void tvp_bus_destroy(struct tvp_bus *bus);
int tvp_bus_offer(struct tvp_bus *bus);
void tvp_bus_revoke(struct tvp_bus *bus);
int tvp_bus_add(struct tvp_bus *bus, const struct tvp_fn_params *params);
int tvp_bus_remove(struct tvp_bus *bus, u32 slot);
int tvp_bus_replace(struct tvp_bus *bus, u32 slot, u32 serial);
int tvp_bus_eject(struct tvp_bus *bus, u32 slot);
int tvp_bus_invalidate(struct tvp_bus *bus, u32 slot, u64 mask);
int tvp_bus_say(struct tvp_bus *bus, u16 type, u64 trans_id, const void *msg, u32 len);

/* testroot_vpci_chan.c */
extern const struct vsrv_chan_ops tvp_chan_ops;

void tvp_chan_init(struct tvp_bus *bus);
int tvp_chan_send(struct tvp_bus *bus, u16 type, u64 trans_id, const void *msg, u32 len);
void tvp_chan_announce(struct tvp_bus *bus);
void tvp_chan_purge(struct tvp_bus *bus);

/* testroot_vpci_fn.c */
struct tvp_fn *tvp_fn_create(struct tvp_bus *bus, const struct tvp_fn_params *params);
void tvp_fn_destroy(struct tvp_fn *fn);
void tvp_fn_reset(struct tvp_fn *fn);
u32 tvp_fn_config_read(struct tvp_fn *fn, u32 off, u32 size);
void tvp_fn_config_write(struct tvp_fn *fn, u32 off, u32 size, u32 value);

/* testroot_vpci_guest.c */
extern const struct tvp_side tvp_guest;

void tvp_guest_stop(struct tvp_bus *bus);
void tvp_guest_go(struct tvp_bus *bus);
void tvp_guest_end(struct tvp_bus *bus, bool end);

/* testroot_vpci_vtl2.c */
#ifdef CONFIG_X86_64
extern const struct tvp_side tvp_vtl2;

static inline const struct tvp_side *tvp_side(bool vtl2)
{
	return vtl2 ? &tvp_vtl2 : &tvp_guest;
}
#else
static inline const struct tvp_side *tvp_side(bool vtl2)
{
	return vtl2 ? NULL : &tvp_guest;
}
#endif

/* testroot_vpci_show.c */
extern struct dentry *tvp_debugfs;

int tvp_knob_find(const char *name);
void tvp_show_add(struct tvp_bus *bus);

static inline struct tvp_fn *to_tvp_fn(struct vpci_bus_fn *fn)
{
	return container_of(fn, struct tvp_fn, fn);
}

static inline struct tvp_bus *to_tvp_bus(struct vpci_bus *vpci)
{
	return container_of(vpci, struct tvp_bus, vpci);
}

#endif /* _TESTROOT_VPCI_H */
