/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vpci_relay: what it knows of the protocol, without channels, locks and I/O.
 *
 * desc.c	what is known of a device
 * bars.c	base addresses: from the host's masks, from and to resources
 * msi.c	interrupts: forms of requests, what a device has
 * guestproto.c	toward the guest: the state of a bus, requests and their answers
 * guestanswer.c	toward the guest: what each request does
 * hostproto.c	toward the host: requests
 * hostparse.c	toward the host: answers and notifications
 * relations.c	what the host's bus has gained and lost
 * shadow.c	configuration space as the guest sees it
 * allow.c	rules of who gets a device: their text, and which devices they match
 *
 * Neither side is trusted.  All of this works on private copies; who calls it sees to
 * it that nobody else does at the same time.
 */
#ifndef _VPCI_PURE_H
#define _VPCI_PURE_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <vmbus/ring.h>
#include <vmbus/vpci.h>

/* What a device does not do for a guest that has let it go. */
#define VPCI_COMMAND_OFF	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

/* Naturally aligned, and within configuration space: up to its last byte. */
static inline bool vpci_config_valid(u32 offset, u32 size)
{
	return (size == 1 || size == 2 || size == 4) && !(offset & (size - 1)) &&
	       offset < VPCI_CONFIG_SIZE;
}

/* ---- devices: desc.c ------------------------------------------------------------------- */

/**
 * struct vpci_desc - what is known of a device
 * @vendor: vendor id
 * @device: device id
 * @revision: revision
 * @prog_if: programming interface
 * @subclass: subclass
 * @class: class
 * @subvendor: subsystem's vendor id
 * @subsystem: subsystem id
 * @slot: see VPCI_SLOT()
 * @serial: tells it from an earlier one in the same slot
 * @numa_valid: its node is known
 * @numa_node: which it is
 */
struct vpci_desc {
	u16 vendor;
	u16 device;
	u8 revision;
	u8 prog_if;
	u8 subclass;
	u8 class;
	u16 subvendor;
	u16 subsystem;
	u32 slot;
	u32 serial;
	bool numa_valid;
	u16 numa_node;
};

void vpci_desc_get(struct vpci_desc *desc, const struct vpci_device *from);
void vpci_desc_get2(struct vpci_desc *desc, const struct vpci_device2 *from);
void vpci_desc_put(const struct vpci_desc *desc, struct vpci_device *to);
void vpci_desc_put2(const struct vpci_desc *desc, struct vpci_device2 *to);
bool vpci_desc_same(const struct vpci_desc *a, const struct vpci_desc *b);
u32 vpci_desc_config(const struct vpci_desc *desc, u16 offset);

/* ---- base addresses: bars.c ------------------------------------------------------------ */

/* No memory of a guest is above. */
#define VPCI_ADDRESS_LIMIT	BIT_ULL(52)

enum vpci_bar_kind {
	VPCI_BAR_NONE,
	VPCI_BAR_32,
	VPCI_BAR_64,
	VPCI_BAR_HIGH,		/* upper half of the one before */
};

/**
 * struct vpci_bars - base address registers of a device
 * @kind: of each
 * @masks: bits of each that can be written
 * @fixed: bits of each that always read as one: the type
 * @size: bytes of memory behind each; a power of two, 0 if there is none
 */
struct vpci_bars {
	enum vpci_bar_kind kind[VPCI_BARS];
	u32 masks[VPCI_BARS];
	u32 fixed[VPCI_BARS];
	u64 size[VPCI_BARS];
};

int __must_check vpci_bars_probed(struct vpci_bars *bars, const u32 masks[VPCI_BARS],
				  const char **why);
void vpci_bars_masks(const struct vpci_bars *bars, u32 masks[VPCI_BARS]);
u64 vpci_bars_address(const struct vpci_bars *bars, const u32 regs[VPCI_BARS], unsigned int i);
bool vpci_ranges_meet(u64 a, u64 a_len, u64 b, u64 b_len);
bool vpci_bars_overlap(const struct vpci_bars *bars, const u32 regs[VPCI_BARS], u64 start,
		       u64 len);
int __must_check vpci_bars_assign(const struct vpci_bars *bars,
				  const struct vpci_resource resources[VPCI_BARS],
				  u32 regs[VPCI_BARS], const char **why);
void vpci_bars_resources(const struct vpci_bars *bars, const u32 regs[VPCI_BARS],
			 struct vpci_resource resources[VPCI_BARS]);
void vpci_resource_put(struct vpci_resource *to, u64 address, u64 len);
int __must_check vpci_resource_get(const struct vpci_resource *from, u64 *address, u64 *len);

/* ---- interrupts: msi.c ----------------------------------------------------------------- */

enum vpci_msi_form {
	VPCI_MSI_V1 = 1,	/* processors as a mask */
	VPCI_MSI_V2,		/* by number */
	VPCI_MSI_V3,		/* and a vector of 32 bits */
};

/**
 * struct vpci_msi_request - an interrupt that is asked for
 * @vector: first vector
 * @delivery: VPCI_DELIVERY_*
 * @count: vectors
 * @nprocs: processors that it may go to
 * @procs: those, by VP index
 */
struct vpci_msi_request {
	u32 vector;
	u8 delivery;
	u16 count;
	u16 nprocs;
	u16 procs[VPCI_MAX_PROCESSORS];
};

/**
 * struct vpci_msi - an interrupt as its device raises it
 * @address: where the device writes
 * @data: what it writes for the first vector
 * @count: vectors
 */
struct vpci_msi {
	u64 address;
	u32 data;
	u16 count;
};

/**
 * struct vpci_msi_table - interrupts of a device
 * @n: how many
 * @msis: those, in no order; no two have the same address and data
 */
struct vpci_msi_table {
	u32 n;
	struct vpci_msi msis[VPCI_MAX_MSIS];
};

u32 vpci_msi_form_size(enum vpci_msi_form form);
u32 vpci_msi_stride(enum vpci_msi_form form);
u32 vpci_msi_reply_stride(enum vpci_msi_form form);
int __must_check vpci_msi_parse(enum vpci_msi_form form, const void *desc, u32 len, u32 vps,
				struct vpci_msi_request *request);
int __must_check vpci_msi_build(enum vpci_msi_form form, const struct vpci_msi_request *request,
				void *desc);
void vpci_msi_put(struct vpci_msi_remapped *to, const struct vpci_msi *msi);
void vpci_msi_get(struct vpci_msi *msi, const struct vpci_msi_remapped *from);
int __must_check vpci_msi_add(struct vpci_msi_table *table, const struct vpci_msi *msi);
int __must_check vpci_msi_remove(struct vpci_msi_table *table, u64 address, u32 data,
				 struct vpci_msi *msi);

/* ---- configuration blocks -------------------------------------------------------------- */

/**
 * struct vpci_block - a configuration block that is read or written
 * @id: which
 * @write: it is written
 * @len: bytes, 1 to VPCI_BLOCK_SIZE; in an answer those that were read
 * @data: those
 */
struct vpci_block {
	u32 id;
	bool write;
	u32 len;
	u8 data[VPCI_BLOCK_SIZE];
};

/* ---- toward the guest: guestproto.c, guestanswer.c ------------------------------------- */

/* The longest answer: to ASSIGNED_RESOURCES2 and 3. */
#define VPCI_MAX_REPLY							\
	(sizeof(struct vpci_assigned_resources) +			\
	 VPCI_MAX_MSIS * sizeof(union vpci_msi_resource2))

enum vpci_bus_state {
	VPCI_BUS_INIT,		/* no version yet */
	VPCI_BUS_READY,
};

enum vpci_fn_state {
	VPCI_FN_PRESENT,
	VPCI_FN_EJECTING,	/* the guest was asked to let it go */
	VPCI_FN_EJECTED,	/* and has done so: nothing of it is left for the guest */
};

enum vpci_bus_verdict {
	VPCI_BUS_DONE,		/* nothing to send */
	VPCI_BUS_REPLY,		/* send the completion in vpci_bus::reply */
	VPCI_BUS_PENDING,	/* vpci_bus_done() will tell */
	VPCI_BUS_STALE,		/* nobody waits for that any more */
	VPCI_BUS_BROKEN,	/* the channel is of no use until it is opened again */
};

struct vpci_bus;
struct vpci_request_type;

/**
 * struct vpci_bus_fn - a device on a bus
 * @node: in vpci_bus::fns
 * @desc: what the guest is told of it
 * @bars: its base addresses
 * @state: see enum
 * @assigned: the guest has assigned resources
 * @msis: interrupts that the guest has
 */
struct vpci_bus_fn {
	struct list_head node;
	struct vpci_desc desc;
	struct vpci_bars bars;
	enum vpci_fn_state state;
	bool assigned;
	struct vpci_msi_table msis;
};

/**
 * struct vpci_bus_ops - what a bus needs of others
 * @window: map the window to configuration space at an address of the guest; 0 or -errno
 * @unwindow: and take it away
 * @config_read: read 1, 2 or 4 bytes of configuration space
 * @config_write: write them
 * @interrupt_create: ask for an interrupt; 0 with the last argument set, -EINPROGRESS if
 *	vpci_bus_done() follows with the cookie, or -errno
 * @interrupt_delete: an interrupt is not used any more
 * @reset: reset a device; as @interrupt_create.  Optional
 * @power: a device is put to VPCI_POWER_*; its memory is on or off already.  As
 *	@interrupt_create.  Optional
 * @block: read or write a configuration block: 0 with what was read in it, -EINPROGRESS if
 *	vpci_bus_block_done() follows with the cookie, or -errno.  Optional
 * @ejected: the guest has let a device go, after vpci_bus_eject(); may remove it
 */
struct vpci_bus_ops {
	int (*window)(struct vpci_bus *bus, u64 base);
	void (*unwindow)(struct vpci_bus *bus);
	u32 (*config_read)(struct vpci_bus_fn *fn, u16 offset, u8 size);
	void (*config_write)(struct vpci_bus_fn *fn, u16 offset, u8 size, u32 value);
	int (*interrupt_create)(struct vpci_bus *bus, struct vpci_bus_fn *fn,
				const struct vpci_msi_request *request, u64 cookie,
				struct vpci_msi *msi);
	void (*interrupt_delete)(struct vpci_bus *bus, struct vpci_bus_fn *fn,
				 const struct vpci_msi *msi);
	int (*reset)(struct vpci_bus *bus, struct vpci_bus_fn *fn, u64 cookie);
	int (*power)(struct vpci_bus *bus, struct vpci_bus_fn *fn, u32 state, u64 cookie);
	int (*block)(struct vpci_bus *bus, struct vpci_bus_fn *fn, struct vpci_block *block,
		     u64 cookie);
	void (*ejected)(struct vpci_bus *bus, struct vpci_bus_fn *fn);
};

/**
 * struct vpci_bus_call - a request under way
 * @how: what kind it is; NULL if there is none
 * @complete: it wants a completion
 * @fn: device that it is about
 * @entries: interrupts that it asks for, in the packet
 * @stride: bytes from one to the next
 * @count: how many
 * @next: the one that is asked for
 * @vectors: of that one
 * @len: bytes of its answer, if there are no interrupts in it; of what is read at most
 * @cookie: of what vpci_bus_done() or vpci_bus_block_done() is waited for
 */
struct vpci_bus_call {
	const struct vpci_request_type *how;
	bool complete;
	struct vpci_bus_fn *fn;
	const u8 *entries;
	u32 stride;
	u32 count;
	u32 next;
	u16 vectors;
	u32 len;
	u64 cookie;
};

/**
 * struct vpci_bus - a bus as the guest sees it
 * @ops: see there
 * @state: see enum
 * @version: that the guest has chosen
 * @d0: the window is mapped
 * @window: where
 * @ready: all that is on the bus at first is there
 * @asked: the guest wants to know what is on the bus
 * @announce: send what vpci_bus_relations() makes, ahead of any completion
 * @fns: devices
 * @nfns: how many
 * @vps: VPs that the guest has; 0 if nobody knows
 * @cookie: the last one
 * @call: request under way; there is one at a time
 * @reply: completion, VPCI_MAX_REPLY bytes
 * @reply_len: bytes of it
 * @why: why the last request was refused, or the channel is broken; NULL if none was
 */
struct vpci_bus {
	const struct vpci_bus_ops *ops;
	enum vpci_bus_state state;
	u32 version;
	bool d0;
	u64 window;
	bool ready;
	bool asked;
	bool announce;
	struct list_head fns;
	unsigned int nfns;
	u32 vps;
	u64 cookie;
	struct vpci_bus_call call;
	void *reply;
	u32 reply_len;
	const char *why;
};

/* guestproto.c */
void vpci_bus_init(struct vpci_bus *bus, const struct vpci_bus_ops *ops, void *reply);
void vpci_bus_unwindow(struct vpci_bus *bus);
void vpci_bus_close(struct vpci_bus *bus);
void vpci_bus_ready(struct vpci_bus *bus);
int __must_check vpci_bus_add(struct vpci_bus *bus, struct vpci_bus_fn *fn);
enum vpci_bus_verdict vpci_bus_remove(struct vpci_bus *bus, struct vpci_bus_fn *fn);
struct vpci_bus_fn *vpci_bus_find(struct vpci_bus *bus, u32 slot);
void vpci_bus_release(struct vpci_bus *bus, struct vpci_bus_fn *fn);
u32 vpci_bus_relations(struct vpci_bus *bus, void *buf);
u32 vpci_bus_eject(struct vpci_bus *bus, struct vpci_bus_fn *fn, struct vpci_slot_msg *msg);
u32 vpci_bus_invalidate_block(struct vpci_bus *bus, struct vpci_bus_fn *fn, u64 mask,
			      struct vpci_invalidate_block *msg);

/* guestanswer.c */
enum vpci_bus_verdict vpci_bus_packet(struct vpci_bus *bus, const struct vsrv_packet *pkt);
enum vpci_bus_verdict vpci_bus_done(struct vpci_bus *bus, u64 cookie, int err,
				    const struct vpci_msi *msi);
enum vpci_bus_verdict vpci_bus_block_done(struct vpci_bus *bus, u64 cookie, int err,
					  const struct vpci_block *block);
enum vpci_bus_verdict vpci_bus_abort(struct vpci_bus *bus, int err);

/* ---- toward the host: hostproto.c, hostparse.c ----------------------------------------- */

/* The longest request. */
#define VPCI_MAX_REQUEST						\
	(sizeof(struct vpci_assigned_resources) + sizeof(union vpci_msi_resource3))

u32 vpci_host_next_version(u32 version);
u32 vpci_host_query_version(void *buf, u32 version);
u32 vpci_host_query_relations(void *buf);
u32 vpci_host_d0_entry(void *buf, u64 window);
u32 vpci_host_d0_exit(void *buf);
u32 vpci_host_requirements(void *buf, u32 slot);
u32 vpci_host_assigned(void *buf, u32 slot);
u32 vpci_host_release(void *buf, u32 slot);
u32 vpci_host_power(void *buf, u32 slot, u32 state);
u32 vpci_host_access_block(void *buf, u32 slot, const struct vpci_block *block);
int __must_check vpci_host_reset_device(void *buf, u32 version, u32 slot);
int __must_check vpci_host_create(void *buf, u32 version, u32 slot,
				  const struct vpci_msi_request *request);
u32 vpci_host_delete(void *buf, u32 slot, const struct vpci_msi *msi);
u32 vpci_host_eject_complete(void *buf, u32 slot);

enum vpci_host_event_type {
	VPCI_HOST_UNKNOWN,		/* of no known type: ignore it */
	VPCI_HOST_RELATIONS,
	VPCI_HOST_EJECT,
	VPCI_HOST_INVALIDATE_DEVICE,
	VPCI_HOST_INVALIDATE_BUS,
	VPCI_HOST_INVALIDATE_BLOCK,
};

/**
 * struct vpci_host_event - what the host tells on its own accord
 * @type: see enum
 * @slot: of the device that it is about, below VPCI_MAX_SLOTS
 * @mask: configuration blocks
 * @devices: of VPCI_HOST_RELATIONS, in the message
 * @count: of those, up to VPCI_MAX_SLOTS
 * @v2: form of those
 */
struct vpci_host_event {
	enum vpci_host_event_type type;
	u32 slot;
	u64 mask;
	const void *devices;
	u32 count;
	bool v2;
};

int __must_check vpci_host_status(const void *reply, u32 len, const char **why);
int __must_check vpci_host_version_reply(const void *reply, u32 len, const char **why);
int __must_check vpci_host_requirements_reply(const void *reply, u32 len,
					      struct vpci_bars *bars, const char **why);
int __must_check vpci_host_create_reply(const void *reply, u32 len, struct vpci_msi *msi,
					const char **why);
int __must_check vpci_host_block_reply(const void *request, const void *reply, u32 len,
				       struct vpci_block *block, const char **why);
int __must_check vpci_host_parse(const void *msg, u32 len, struct vpci_host_event *event,
				 const char **why);
void vpci_host_device(const struct vpci_host_event *event, u32 i, struct vpci_desc *desc);

/* ---- what the host's bus has: relations.c ---------------------------------------------- */

/**
 * struct vpci_relations - devices of a bus of the host
 * @present: slots with something in them
 * @descs: what the host said of that when it came
 */
struct vpci_relations {
	DECLARE_BITMAP(present, VPCI_MAX_SLOTS);
	struct vpci_desc descs[VPCI_MAX_SLOTS];
};

/**
 * struct vpci_relations_diff - what has changed, by slot
 * @kept: as before
 * @gone: not there any more
 * @added: new; also one that takes the place of another, which is in @gone too
 */
struct vpci_relations_diff {
	DECLARE_BITMAP(kept, VPCI_MAX_SLOTS);
	DECLARE_BITMAP(gone, VPCI_MAX_SLOTS);
	DECLARE_BITMAP(added, VPCI_MAX_SLOTS);
};

int __must_check vpci_relations_update(struct vpci_relations *relations,
				       const struct vpci_host_event *event,
				       struct vpci_relations_diff *diff, const char **why);
void vpci_relations_forget(struct vpci_relations *relations, u32 slot);

/* ---- configuration space: shadow.c ----------------------------------------------------- */

/**
 * struct vpci_shadow_ops - a device's configuration space as the host has it
 * @read: 1, 2 or 4 bytes, aligned; all ones if the device is gone
 * @write: the same
 * @mmio: memory is about to be decoded at the addresses in these registers: false, if
 *	that must not be; or is not decoded any more, where the result does not matter.
 *	Optional
 */
struct vpci_shadow_ops {
	u32 (*read)(void *ctx, u16 offset, u8 size);
	void (*write)(void *ctx, u16 offset, u8 size, u32 value);
	bool (*mmio)(void *ctx, const u32 regs[VPCI_BARS], bool on);
};

/**
 * struct vpci_shadow - configuration space as the guest sees it
 * @ops: the host's
 * @ctx: for @ops
 * @desc: ids
 * @bars: base address registers
 * @regs: what the guest has written to them, without their fixed bits
 * @mmio: memory is decoded
 * @gone: the device is not there any more
 */
struct vpci_shadow {
	const struct vpci_shadow_ops *ops;
	void *ctx;
	struct vpci_desc desc;
	struct vpci_bars bars;
	u32 regs[VPCI_BARS];
	bool mmio;
	bool gone;
};

void vpci_shadow_init(struct vpci_shadow *shadow, const struct vpci_desc *desc,
		      const struct vpci_bars *bars, const struct vpci_shadow_ops *ops, void *ctx);
void vpci_shadow_reset(struct vpci_shadow *shadow);
bool vpci_shadow_read(struct vpci_shadow *shadow, u32 offset, u32 size, u32 *value);
bool vpci_shadow_write(struct vpci_shadow *shadow, u32 offset, u32 size, u32 value);

/* ---- policy: allow.c ------------------------------------------------------------------- */

enum vpci_disposition {
	VPCI_DENIED,		/* nobody gets it */
	VPCI_RELAYED,		/* the guest does */
	VPCI_LOCAL,		/* this kernel does */
};

enum vpci_allow_key {
	VPCI_ALLOW_VENDOR,
	VPCI_ALLOW_DEVICE,
	VPCI_ALLOW_REVISION,
	VPCI_ALLOW_CLASS,
	VPCI_ALLOW_SUBCLASS,
	VPCI_ALLOW_PROG_IF,
	VPCI_ALLOW_SUBVENDOR,
	VPCI_ALLOW_SUBSYSTEM,
	VPCI_ALLOW_KEYS
};

/* As many as a file in sysfs can show. */
#define VPCI_ALLOW_MAX_RULES	32
/* With the NUL; a rule that names everything has 119 characters. */
#define VPCI_ALLOW_TEXT_SIZE	192
/* All rules, a line each. */
#define VPCI_ALLOW_LIST_SIZE	(VPCI_ALLOW_MAX_RULES * VPCI_ALLOW_TEXT_SIZE)

/**
 * struct vpci_allow_rule - devices that a guest may have, or this kernel keeps
 * @disposition: which of both
 * @keys: a bit for each enum vpci_allow_key that is compared; not 0
 * @values: what with
 */
struct vpci_allow_rule {
	enum vpci_disposition disposition;
	u32 keys;
	u16 values[VPCI_ALLOW_KEYS];
};

/**
 * struct vpci_allow_list - who gets which devices
 * @n: number of rules
 * @rules: the first that matches a device decides.  The guest has what none does, if
 *	no rule is about what it may have
 */
struct vpci_allow_list {
	unsigned int n;
	struct vpci_allow_rule rules[VPCI_ALLOW_MAX_RULES];
};

/**
 * struct vpci_allow_error - why a text was refused
 * @text: one line, without newline
 */
struct vpci_allow_error {
	char text[160];
};

/* Of vpci_allow_decide() */
#define VPCI_ALLOW_BY_DEFAULT	(-1)

int __must_check vpci_allow_parse(const char *text, size_t len, struct vpci_allow_rule *rule,
				  struct vpci_allow_error *error);
bool vpci_allow_match(const struct vpci_allow_rule *rule, const struct vpci_desc *desc);
int vpci_allow_format(const struct vpci_allow_rule *rule, char *buf, size_t size);
int __must_check vpci_allow_add(struct vpci_allow_list *list, const char *text, size_t len,
				struct vpci_allow_error *error);
int __must_check vpci_allow_remove(struct vpci_allow_list *list, const char *text, size_t len,
				   struct vpci_allow_error *error);
enum vpci_disposition vpci_allow_decide(const struct vpci_allow_list *list,
					const struct vpci_desc *desc, int *by);
int vpci_allow_show(const struct vpci_allow_list *list, char *buf, size_t size);

#endif /* _VPCI_PURE_H */
