/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_partition: what the hypervisor gives for one guest.
 *
 * A partition holds the guest's memory table, the synthetic interrupt
 * controller of its virtual processors (SynIC) and the port table: connection
 * id -> callback.  Everything that serves the guest attaches to the same
 * partition: the guest's VMBus server, and in the test bed the root that plays
 * the host.  It is the only code that touches a backend (a monitor's file,
 * Hyper-V, or a test).
 *
 * Directions are named from the guest's side: a *hypercall* comes from the
 * guest (vpart_hypercall_*), a *message* and an *event* go to it
 * (vpart_send_message(), vpart_set_event()).
 */
#ifndef _VMBUS_PARTITION_H
#define _VMBUS_PARTITION_H

#include <linux/hyperv.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/vmbus_partition.h>

struct kthread_worker;
struct page;
struct vmbus_partition;
struct vpart_map;

/* Virtual trust levels that the interface knows: the guest, and this kernel. */
#define VPART_VTL_GUEST		0
#define VPART_VTL_PARAVISOR	2

/* ---- life cycle ---------------------------------------------------------- */

struct vmbus_partition *vpart_get(const char *name);
void vpart_put(struct vmbus_partition *part);
const char *vpart_name(const struct vmbus_partition *part);

/* ---- clients: who serves the guest --------------------------------------- */

struct vpart_client;

/**
 * struct vpart_client_ops - what a partition tells those who serve its guest
 * @deliverable: vpart_send_message() to (vtl, vp, sint) returned -EAGAIN
 *	before; trying again makes sense now.  Any context, must not sleep.
 * @reset: the guest was reset or is gone.  Process context, may sleep.  On
 *	return the client holds no map, no pinned page and no worker of the
 *	partition, and takes none before the guest's next message.
 * @quiesce: the guest stops.  On return the client neither writes to its memory nor
 *	sends it messages or events, and keeps what it is asked for; also when it
 *	is reset meanwhile.  Process context, may sleep.  Optional.
 * @resume: the guest goes on, or is gone.  Process context, may sleep.  Comes with
 *	@quiesce; not called for a client that is detached while the guest is stopped.
 */
struct vpart_client_ops {
	void (*deliverable)(struct vpart_client *client, u8 vtl, u32 vp, u8 sint);
	void (*reset)(struct vpart_client *client);
	void (*quiesce)(struct vpart_client *client);
	void (*resume)(struct vpart_client *client);
};

/**
 * struct vpart_client - embedded in whoever serves the guest
 * @ops: set by the caller before vpart_client_attach()
 * @node: private to vmbus_partition
 */
struct vpart_client {
	const struct vpart_client_ops *ops;
	struct list_head node;
};

void vpart_client_attach(struct vmbus_partition *part, struct vpart_client *client);
void vpart_client_detach(struct vmbus_partition *part, struct vpart_client *client);

/* ---- ports: what the guest calls ------------------------------------------ */

/**
 * struct vpart_message - one HvCallPostMessage
 * @vp: VP index of the caller
 * @vtl: VTL of the caller, VPART_VTL_*
 * @trusted: it came by a path that only this partition's encrypted guest can use;
 *	never true without hardware isolation
 * @connection_id: destination
 * @type: message type; VMBus uses 1
 * @size: bytes used of @payload
 * @payload: a private copy, never guest memory
 */
struct vpart_message {
	u32 vp;
	u8 vtl;
	bool trusted;
	u32 connection_id;
	u32 type;
	u32 size;
	u8 payload[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
};

/**
 * struct vpart_port - one entry of the port table, embedded in its owner
 * @connection_id: the 24-bit id that the guest uses
 * @min_vtl: lowest VTL that may post to it
 * @message: the guest posted a message: returns an HV_STATUS code; NULL for an
 *	event port.  Called under rcu_read_lock(), must not sleep.
 * @signal: the guest signalled event @flag; NULL for a message port.  Any
 *	context, also with interrupts off: may only queue work.
 */
struct vpart_port {
	u32 connection_id;
	u8 min_vtl;
	u16 (*message)(struct vpart_port *port, const struct vpart_message *msg);
	void (*signal)(struct vpart_port *port, u16 flag);
};

int vpart_port_register(struct vmbus_partition *part, struct vpart_port *port);
void vpart_port_unregister(struct vmbus_partition *part, struct vpart_port *port);

u16 vpart_hypercall_post(struct vmbus_partition *part, const struct vpart_message *msg);
u16 vpart_hypercall_signal(struct vmbus_partition *part, u32 connection_id, u16 flag);

/* ---- messages and events to the guest ------------------------------------- */

int vpart_send_message(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint,
		       const void *payload, u32 len);
int vpart_set_event(struct vmbus_partition *part, u8 vtl, u32 vp, u8 sint, u16 flag);
bool vpart_vp_valid(struct vmbus_partition *part, u32 vp);
unsigned int vpart_vp_count(struct vmbus_partition *part);

/**
 * struct vpart_vtl2_ops - this kernel as a receiver in VTL2 of the partition
 * @message: a message for VTL2 arrived: 0, or -EAGAIN if there is no room
 *	(call vpart_vtl2_ready() later).  Must not sleep.
 * @event: an event flag for VTL2 was set.  Any context, must not sleep.
 *
 * In a real VTL2 the hypervisor raises SINT 7 instead.
 */
struct vpart_vtl2_ops {
	int (*message)(void *ctx, u8 sint, const void *payload, u32 len);
	void (*event)(void *ctx, u8 sint, u16 flag);
};

int vpart_vtl2_bind(struct vmbus_partition *part, const struct vpart_vtl2_ops *ops, void *ctx);
void vpart_vtl2_unbind(struct vmbus_partition *part);
void vpart_vtl2_ready(struct vmbus_partition *part, u8 sint);

/*
 * Page frame numbers of pages of this kernel that it shares with whoever plays the
 * host; beyond every address that a guest can have.  In a real VTL2 they have
 * numbers of their own.
 */
#define VPART_VTL2_PFN		BIT_ULL(64 - HV_HYP_PAGE_SHIFT)

static inline bool vpart_vtl2_pfn(u64 pfn)
{
	return pfn >= VPART_VTL2_PFN;
}

int vpart_vtl2_share(struct vmbus_partition *part, struct page **pages, unsigned int n,
		     u64 *pfns);
void vpart_vtl2_unshare(struct vmbus_partition *part, const u64 *pfns, unsigned int n);

/* ---- events to a monitor ---------------------------------------------------- */

void vpart_event(struct vmbus_partition *part, u32 type, u64 data);

/* ---- memory ---------------------------------------------------------------- */

#define VPART_MAP_WRITE		BIT(0)	/* the kernel writes, too */
#define VPART_MAP_RING		BIT(1)	/* all pages but the first follow a second time */
#define VPART_MAP_VTL2		BIT(2)	/* they may be pages that VTL2 shares */

int __must_check vpart_check_pfns(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
				  bool write);
struct vpart_map *vpart_map(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
			    unsigned int flags);
void vpart_unmap(struct vpart_map *map);
void *vpart_map_addr(const struct vpart_map *map);
void *vpart_vmap_ring(struct page **pages, unsigned int n);

int __must_check vpart_pin_pages(struct vmbus_partition *part, const u64 *pfns, unsigned int n,
				 bool write, struct page **pages);
void vpart_unpin_pages(struct vmbus_partition *part, const u64 *pfns, unsigned int n, bool write,
		       struct page **pages);

/* ---- MMIO: addresses without memory ------------------------------------------ */

struct vpart_mmio;

/**
 * struct vpart_mmio_ops - a device behind addresses
 * @read: the value of @size bytes at @offset of the range; higher bytes are cut off
 * @write: put the @size low bytes of @value there
 *
 * @size is 1, 2, 4 or 8, and @offset + @size within the range; @offset may be odd.
 * Process context, may sleep, and several at once.  They may add and remove other
 * ranges, but not their own.
 */
struct vpart_mmio_ops {
	u64 (*read)(struct vpart_mmio *m, u64 offset, unsigned int size);
	void (*write)(struct vpart_mmio *m, u64 offset, unsigned int size, u64 value);
};

/**
 * struct vpart_mmio - a range of addresses, embedded in its owner
 * @gpa: first address
 * @size: bytes, not zero
 * @vtl: whose addresses: VPART_VTL_GUEST, or VPART_VTL_PARAVISOR for what whoever plays
 *	the host offers to this kernel itself
 * @ops: set by the caller before vpart_mmio_add(), as the above
 * @node: private to vmbus_partition, as what follows
 * @users: accesses under way
 */
struct vpart_mmio {
	u64 gpa;
	u64 size;
	u8 vtl;
	const struct vpart_mmio_ops *ops;
	struct rb_node node;
	unsigned int users;
};

int vpart_mmio_add(struct vmbus_partition *part, struct vpart_mmio *m);
void vpart_mmio_remove(struct vmbus_partition *part, struct vpart_mmio *m);
int vpart_mmio_access(struct vmbus_partition *part, u8 vtl, u64 gpa, unsigned int size,
		      bool write, u64 *value);

/* ---- MSIs: interrupts of devices ---------------------------------------------- */

#define VPART_MSI_MAX_COUNT	32	/* messages of one MSI, as for PCI */

/* Delivery modes, as in the messages of a VPCI bus */
#define VPART_MSI_FIXED		0
#define VPART_MSI_LOWEST	1

/**
 * struct vpart_msi_request - an interrupt that the guest wants a device to have
 * @vector: of the first message, 16 to 255; the next one's is one higher, and so on
 * @delivery: VPART_MSI_FIXED or VPART_MSI_LOWEST; one VP is interrupted in either mode
 * @count: messages, 1 to VPART_MSI_MAX_COUNT
 * @nvps: entries of @vps
 * @vps: VPs, of which one is interrupted; those that do not exist are passed over
 */
struct vpart_msi_request {
	u32 vector;
	u8 delivery;
	u16 count;
	unsigned int nvps;
	const u32 *vps;
};

int vpart_msi_create(struct vmbus_partition *part, const struct vpart_msi_request *req,
		     u64 *address, u32 *data);
int vpart_msi_retarget(struct vmbus_partition *part, u64 address, u32 data, u32 vector,
		       const u32 *vps, unsigned int nvps);
int vpart_msi_delete(struct vmbus_partition *part, u64 address, u32 data);
int vpart_msi_raise(struct vmbus_partition *part, u64 address, u32 data);

/* ---- workers ---------------------------------------------------------------- */

struct kthread_worker *vpart_worker(struct vmbus_partition *part, u32 vp);

/* ---- backends: who plays the hypervisor ------------------------------------- */

/**
 * struct vpart_backend_ops - where a partition gets memory and interrupts from
 * @owner: module of the backend
 * @vtl0: the guest is VTL0 of this machine: its page numbers are this kernel's
 * @pin: pin @n pages at region address @uaddr into @pages, all or nothing; for
 *	@longterm pins also charge the owner.  May sleep.  0 or -errno.
 * @unpin: let @n pages go, uncharging long-term ones.  Short-term unpins come
 *	in any context and must not sleep.
 * @interrupt: raise synthetic interrupt @sint of the VP whose @cookie was given
 *	to vpart_set_vp().  Any context.  Not used with @post.
 * @post: put a message into the slot @sint of the VP of @cookie: 0, -EAGAIN
 *	while the slot is in use, or another error, which drops it.  Any context.
 *	Optional: with it the SynIC is the backend's, and the partition maps no
 *	page of it.
 * @signal: set event flag @flag, and interrupt if it was clear: 1 if it was, 0
 *	if it was set already, or -errno.  Any context, also with interrupts off.
 *	Comes with @post.
 * @msi: raise the MSI whose @cookie was given to vpart_set_msis().  Any context, also
 *	with interrupts off.  Comes with vpart_set_msis().
 * @await: @post found the slot in use: call vpart_sints_deliverable() when it
 *	is free.  Any context, also with interrupts off.  Optional: the partition
 *	tries again by time, too.
 * @worker_start: first work of each worker thread of the partition, in it; may
 *	adopt an address space.  Optional.
 * @worker_stop: last work of each worker thread, in it.  Optional.
 */
struct vpart_backend_ops {
	struct module *owner;
	bool vtl0;
	int (*pin)(void *ctx, u64 uaddr, unsigned int n, bool write, bool longterm,
		   struct page **pages);
	void (*unpin)(void *ctx, struct page **pages, unsigned int n, bool longterm);
	void (*interrupt)(void *ctx, void *cookie, u8 sint);
	int (*post)(void *ctx, void *cookie, u8 sint, const void *payload, u32 len);
	int (*signal)(void *ctx, void *cookie, u8 sint, u16 flag);
	void (*msi)(void *ctx, void *cookie);
	void (*await)(void *ctx, void *cookie, u8 sint);
	void (*worker_start)(void *ctx);
	void (*worker_stop)(void *ctx);
};

int vpart_backend_attach(struct vmbus_partition *part, const struct vpart_backend_ops *ops,
			 void *ctx);
void vpart_backend_detach(struct vmbus_partition *part);
int vpart_set_mem_table(struct vmbus_partition *part, const struct vmbus_partition_region *regions,
			unsigned int n);
int vpart_set_vp(struct vmbus_partition *part, u32 vp, void *cookie);
int vpart_clear_vp(struct vmbus_partition *part, u32 vp);
int vpart_set_synic(struct vmbus_partition *part, u32 vp, u64 control, u64 simp, u64 siefp);
u16 vpart_sints_deliverable(struct vmbus_partition *part, u32 vp, u16 sints);
int vpart_set_msis(struct vmbus_partition *part, void *const *cookies, unsigned int n);
int vpart_msi_next(struct vmbus_partition *part, struct vmbus_partition_msi *route);
void vpart_msi_again(struct vmbus_partition *part, u32 msi);
int vpart_msi_routed(struct vmbus_partition *part, u32 msi, u32 sequence);
void vpart_reset(struct vmbus_partition *part);
void vpart_stop(struct vmbus_partition *part);
void vpart_start(struct vmbus_partition *part);

/* ---- Hyper-V: in kernels with CONFIG_HYPERV ------------------------------------ */

int __must_check vpart_hold_vtl0(struct vmbus_partition *part);
void vpart_release_vtl0(struct vmbus_partition *part);
u16 vpart_hv_post_message(u32 connection_id, const void *payload, u32 len);
u16 vpart_hv_signal_event(u32 connection_id, u16 flag);

/* For the loop that runs VTL0's VPs */

/* What vpart_hv_intercept() did with a message of the hypervisor */
#define VPART_INTERCEPT_OTHER		0	/* nothing: it is for somebody else */
#define VPART_INTERCEPT_RESUME		1	/* all: the VP goes on as it is */
#define VPART_INTERCEPT_ANSWERED	2	/* a hypercall has its result */

#define VPART_GPRS			16	/* general registers */

int vpart_hv_intercept(const struct hv_message *msg, u64 *rax);
int vpart_hv_mmio(const struct hv_message *msg, u64 gprs[VPART_GPRS]);

#endif /* _VMBUS_PARTITION_H */
