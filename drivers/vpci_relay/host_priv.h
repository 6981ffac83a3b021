/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bus of the host from inside, for these files and their tests:
 *
 * host.c		life of a bus, and what its owner hears
 * host_packet.c	what the host says of the bus and its devices
 * host_request.c	requests under way, and messages that wait for room
 * host_config.c	the window to configuration space
 *
 * hostproto.c and hostparse.c know nothing of it: they are of vpci_pure.h.
 *
 * What the host says is taken in callbacks of its channel: it changes what is known,
 * under vpci_host::lock.  The owner hears of that from vpci_host::work, which looks at
 * what is known and not at messages: so a device that comes and goes in between is
 * never told of, and no flood of messages takes memory.  Time limits are up to the
 * same work.
 *
 * vpci_host::lock is not held in callbacks to the owner.  Locks of the rings nest in it.
 * vpci_host::window_lock stands alone.
 */
#ifndef _VPCI_HOST_PRIV_H
#define _VPCI_HOST_PRIV_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <vmbus/hostdev.h>

#include "host.h"

#define VPCI_HOST_MAX_REQUESTS	64	/* under way, answered and not told included */
#define VPCI_HOST_MAX_NOTICES	1024	/* messages without an answer that wait for room */
#define VPCI_HOST_MAX_SILENT	16	/* requests that were never answered */
#define VPCI_HOST_NO_SLOT	U32_MAX

/**
 * struct vpci_host_link - what leads to the host
 * @open: see vrelay_dev_open()
 * @close: see vrelay_dev_close()
 * @send: see vrelay_dev_send()
 * @mmio: see vrelay_dev_mmio()
 * @request_limit: for an answer, in jiffies
 * @initial_limit: for all that is on the bus at first, in jiffies
 */
struct vpci_host_link {
	int (*open)(struct vrelay_dev *dev, const struct vrelay_dev_ops *ops, void *ctx,
		    const struct vsrv_ring_params *params);
	void (*close)(struct vrelay_dev *dev);
	int (*send)(struct vrelay_dev *dev, u16 type, u16 flags, u64 trans_id,
		    const struct kvec *vec, unsigned int nvec);
	int (*mmio)(struct vrelay_dev *dev, u64 gpa, unsigned int size, bool write, u64 *value);
	unsigned long request_limit;
	unsigned long initial_limit;
};

/* ---- devices --------------------------------------------------------------------------- */

enum vpci_host_fn_state {
	VPCI_HOST_FN_NEW,	/* to be prepared */
	VPCI_HOST_FN_PREPARING,
	VPCI_HOST_FN_PREPARED,	/* the owner is to be told */
	VPCI_HOST_FN_ADDED,
	VPCI_HOST_FN_USELESS,	/* could not be prepared: the owner never hears of it */
};

enum vpci_host_eject {
	VPCI_HOST_EJECT_NONE,
	VPCI_HOST_EJECT_ASKED,	/* by the host: the owner is to be told */
	VPCI_HOST_EJECT_TOLD,	/* its answer is waited for */
};

/**
 * struct vpci_host_fn - a device of the host
 * @ref: one as long as it is in vpci_host::slots or vpci_host::todo, one for each request
 * @host: its bus
 * @node: in vpci_host::todo, or empty
 * @desc: what the host said of it when it came
 * @bars: its base addresses, once it is prepared
 * @priv: its owner's
 * @state: see enum
 * @eject: see enum
 * @blocks: of configuration space that have changed, which the owner is to be told
 * @asleep: the host was told of VPCI_POWER_D3, and of nothing else since, and has not
 *	refused that
 * @gone: the host does not have it any more, or the bus has come to its end
 *
 * All but @desc, @bars and @priv is protected by vpci_host::lock; @asleep and @gone are
 * also read without.
 */
struct vpci_host_fn {
	struct kref ref;
	struct vpci_host *host;
	struct list_head node;
	struct vpci_desc desc;
	struct vpci_bars bars;
	void *priv;
	enum vpci_host_fn_state state;
	enum vpci_host_eject eject;
	u64 blocks;
	bool asleep;
	bool gone;
};

/* ---- requests -------------------------------------------------------------------------- */

enum vpci_host_request_type {
	VPCI_ASK_VERSION,
	VPCI_ASK_D0_ENTRY,
	VPCI_ASK_REQUIREMENTS,
	VPCI_ASK_ASSIGNED,
	VPCI_ASK_INTERRUPT,
	VPCI_ASK_RESET,
	VPCI_ASK_POWER,
	VPCI_ASK_BLOCK,
	VPCI_ASK_NOTHING,	/* no answer */
};

/**
 * struct vpci_host_request - something to be sent, and its answer
 * @node: in vpci_host::unsent or, after that, in vpci_host::answered
 * @type: see enum
 * @id: transaction id, by which it is in vpci_host::requests; 0 of a notice
 * @fn: device that it is about, or NULL
 * @cookie: its owner's; of VPCI_ASK_VERSION the version
 * @deadline: in jiffies, for the answer; of a notice for being sent
 * @waiting: it is in vpci_host::requests
 * @sent: the host may have seen it
 * @silent: the answer did not come in time.  It stays in vpci_host::requests, so that
 *	what comes late is recognized
 * @err: result, in vpci_host::answered
 * @msi: the interrupt, if there is one
 * @block: what was read, if anything was
 * @len: bytes of @msg
 * @msg: what to send
 */
struct vpci_host_request {
	struct list_head node;
	enum vpci_host_request_type type;
	u32 id;
	struct vpci_host_fn *fn;
	u64 cookie;
	unsigned long deadline;
	bool waiting;
	bool sent;
	bool silent;
	int err;
	struct vpci_msi msi;
	struct vpci_block block;
	u32 len;
	u8 msg[] __aligned(8);
};

/* ---- a bus ----------------------------------------------------------------------------- */

enum vpci_host_state {
	VPCI_HOST_CLOSED,	/* its channel is being opened, or closed */
	VPCI_HOST_CONNECTING,	/* which version? */
	VPCI_HOST_ENTERING,	/* the host is to serve the window */
	VPCI_HOST_ON,
	VPCI_HOST_FAILED,	/* of no use any more */
};

/**
 * struct vpci_host - a bus of the host
 * @link: to the host
 * @dev: its channel
 * @window: address of the window
 * @ops: owner's callbacks
 * @ctx: their argument
 * @wq: queue of @work
 * @work: makes the callbacks, and sees to time limits
 * @counters: by enum vpci_host_counter
 * @lock: protects what follows
 * @state: see enum
 * @version: that both speak; 0 until it is known
 * @entered: the host was told of the window
 * @again: for the second time
 * @listed: it has said what is on the bus
 * @asked: it was asked what that is, and has not answered yet
 * @ready: the owner was told so
 * @failure_told: and so
 * @why: reason of VPCI_HOST_FAILED
 * @initial: deadline for @ready, in jiffies
 * @relations: what is on the bus, as the host has it
 * @slots: devices; not those for which there was no memory
 * @unsettled: number of those that are to be told of, or found useless
 * @preparing: the one in VPCI_HOST_FN_PREPARING, or NULL
 * @todo: devices of which the owner is to be told something
 * @requests: those that wait for an answer, by id
 * @next_id: the next one to try
 * @nrequests: struct vpci_host_request that there are, wherever
 * @nsilent: those with vpci_host_request::silent
 * @unsent: requests that wait for room in the ring, first come first
 * @answered: those whose owner is to be told of the answer
 * @window_lock: protects @window_slot, and the window from one use to the next
 * @window_slot: what is in the window, or VPCI_HOST_NO_SLOT if nobody knows
 */
struct vpci_host {
	const struct vpci_host_link *link;
	struct vrelay_dev *dev;
	u64 window;
	const struct vpci_host_ops *ops;
	void *ctx;
	struct workqueue_struct *wq;
	struct delayed_work work;
	atomic64_t counters[VPCI_HOST_COUNTERS];

	struct mutex lock;	/* protects what follows */
	enum vpci_host_state state;
	u32 version;
	bool entered;
	bool again;
	bool listed;
	bool asked;
	bool ready;
	bool failure_told;
	const char *why;
	unsigned long initial;
	struct vpci_relations relations;
	struct vpci_host_fn *slots[VPCI_MAX_SLOTS];
	unsigned int unsettled;
	struct vpci_host_fn *preparing;
	struct list_head todo;
	struct xarray requests;
	u32 next_id;
	unsigned int nrequests;
	unsigned int nsilent;
	struct list_head unsent;
	struct list_head answered;

	struct mutex window_lock;	/* protects @window_slot */
	u32 window_slot;
};

static inline void vpci_host_count(struct vpci_host *host, enum vpci_host_counter which)
{
	atomic64_inc(&host->counters[which]);
}

/* It is of no use; what the owner knows may lag behind. */
static inline bool vpci_host_over(const struct vpci_host *host)
{
	return host->state == VPCI_HOST_FAILED || host->state == VPCI_HOST_CLOSED;
}

/* host.c */
struct vpci_host *vpci_host_open_link(const struct vpci_host_link *link, struct vrelay_dev *dev,
				      u64 window, const struct vpci_host_ops *ops, void *ctx);
void vpci_host_kick(struct vpci_host *host);
void vpci_host_fail(struct vpci_host *host, const char *why);
void vpci_host_version_done(struct vpci_host *host, u32 version, int err, const char *why);
void vpci_host_entry_done(struct vpci_host *host, int err, const char *why);

/* host_packet.c */
extern const struct vrelay_dev_ops vpci_host_dev_ops;
void vpci_host_query(struct vpci_host *host);
void vpci_host_fn_put(struct vpci_host_fn *fn);
void vpci_host_fn_unlist(struct vpci_host_fn *fn);
void vpci_host_fn_queue(struct vpci_host_fn *fn);
void vpci_host_prepare(struct vpci_host *host);
void vpci_host_prepare_done(struct vpci_host *host, const struct vpci_host_request *request,
			    int err, const char *why);

/* host_request.c */
int vpci_host_ask(struct vpci_host *host, enum vpci_host_request_type type,
		  struct vpci_host_fn *fn, u64 cookie, const void *msg, u32 len);
void vpci_host_notify(struct vpci_host *host, const void *msg, u32 len);
void vpci_host_delete_interrupt(struct vpci_host *host, u32 slot, const struct vpci_msi *msi);
void vpci_host_send_unsent(struct vpci_host *host);
void vpci_host_answer(struct vpci_host *host, u64 id, const void *reply, u32 len);
bool vpci_host_tell_answer(struct vpci_host *host);
void vpci_host_check_requests(struct vpci_host *host);
bool vpci_host_next_deadline(struct vpci_host *host, unsigned long *deadline);
void vpci_host_drop_requests(struct vpci_host *host);

#endif /* _VPCI_HOST_PRIV_H */
