/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels: channel.c and chan_*.c, and the callbacks to their owners.
 */
#ifndef _VSRV_CHANNEL_H
#define _VSRV_CHANNEL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <vmbus/partition.h>
#include <vmbus/protocol.h>
#include <vmbus/server.h>
#include "why.h"

enum vsrv_op_type {
	VSRV_OP_OPEN,
	VSRV_OP_CLOSE,
	VSRV_OP_MODIFY,
	VSRV_OP_GPADL_CREATE,
	VSRV_OP_GPADL_TEARDOWN,
	VSRV_OP_TL_CONNECT,
	VSRV_OP_TL_RESET,
	VSRV_OP_MONITOR,
};

/**
 * struct vsrv_op - a callback to an owner that is due
 * @node: in vmbus_srv::ops, or empty
 * @type: which
 * @chan: channel; NULL for VSRV_OP_TL_* and VSRV_OP_MONITOR
 */
struct vsrv_op {
	struct list_head node;
	enum vsrv_op_type type;
	struct vsrv_chan *chan;
};

enum vsrv_chan_state {
	VSRV_CHAN_CLIENT_RELEASED,	/* the client does not know it; it has no id */
	VSRV_CHAN_REOFFERED,		/* the same, and waits for an id in use by a revoked one */
	VSRV_CHAN_CLOSED,		/* offered */
	VSRV_CHAN_OPENING,		/* the owner has been asked to open */
	VSRV_CHAN_OPEN,
	VSRV_CHAN_CLOSING,		/* the owner has been asked to close */
	VSRV_CHAN_CLOSING_REOPEN,	/* the same, and the client has opened it again */
	VSRV_CHAN_OPENING_RELEASED,	/* as OPENING, for a client that let go */
	VSRV_CHAN_CLOSING_RELEASED,	/* as CLOSING, for a client that let go */
	VSRV_CHAN_REVOKED,		/* no owner any more; the client has the id */
	VSRV_CHAN_STATES
};

/**
 * struct vsrv_reserved - the part of a reserved channel
 * @on: opened by OPEN_RESERVED
 * @orphan: its connection is gone, and it is not
 * @vp: VP that gets the answers
 * @sint: and its SINT
 */
struct vsrv_reserved {
	bool on;
	bool orphan;
	u32 vp;
	u8 sint;
};

/**
 * struct vsrv_chan - one offer
 * @ref: the owner, vmbus_srv::chans, GPADLs and queued messages hold references
 * @srv: server; the channel holds a reference
 * @node: in vmbus_srv::chans
 * @offer: what is offered
 * @ops: the owner's callbacks
 * @ctx: the owner's
 * @state: see enum
 * @id: channel id while the client may refer to it, else 0
 * @has_owner: false once revoked
 * @subs: sub-channels from vsrv_offer_sub(), by @sub_node
 * @sub_node: in @subs of the primary channel
 * @sealed: @subs may not grow: the owner is being stopped
 * @stopped: the owner was stopped under a client that does not know it yet
 * @owner_open: the owner has been asked to open and is not closed
 * @drained: it has been asked to drain, for a close
 * @direct: another end has the connection and interrupts, see vsrv_chan_ops::direct
 * @open: parameters of the open
 * @open_id: the client's id of the open
 * @reserved: see struct
 * @reopen: parameters of an OPEN that waits for the close, with
 * @reopen_id: its id
 * @op: open or close due
 * @modify_op: modify due
 * @modify_pending: the owner works on a modify
 * @modify_from: VP before it
 * @modify_next: VP of the next modify, or VMBUS_VP_NONE
 * @gpadls: of struct vsrv_gpadl
 * @announce_due: to be offered when @gpadls is empty
 * @port: event port of the open channel
 * @port_on: @port is registered
 * @live: the owner's signal callback may be called
 * @route: where interrupts go, see chan_event.c; 0 before OPEN_RESULT has left
 * @due: bit 0: an interrupt came before @route was set
 * @monitor_id: while @id is set, or VMBUS_MONITOR_NONE
 * @monitor_host: it is the host's, which looks for it
 * @broken: bit 0: vsrv_chan_error() was called for this open
 * @rings_lock: protects @rings
 * @rings: of the owner, while it has them open
 * @look: timer of an open channel that has @rings, see chan_watch.c
 * @waits_at: where the client waited at the last look, if it did
 * @stalled_at: where it was counted as stalled last
 * @busy_poll_us: how long to poll an empty ring, see <vmbus/reader.h>
 * @kobj: sysfs directory while @id is set
 * @signals: signals of the client
 * @interrupts: interrupts to the client
 * @counters: the others
 */
struct vsrv_chan {
	struct kref ref;
	struct vmbus_srv *srv;
	struct list_head node;
	struct vsrv_offer offer;
	const struct vsrv_chan_ops *ops;
	void *ctx;

	enum vsrv_chan_state state;
	u32 id;
	bool has_owner;
	struct list_head subs;
	struct list_head sub_node;
	bool sealed;
	bool stopped;
	bool owner_open;
	bool drained;
	bool direct;
	struct vsrv_open_params open;
	u32 open_id;
	struct vsrv_reserved reserved;
	struct vsrv_open_params reopen;
	u32 reopen_id;
	struct vsrv_op op;
	struct vsrv_op modify_op;
	bool modify_pending;
	u32 modify_from;
	u32 modify_next;
	struct list_head gpadls;
	bool announce_due;

	struct vpart_port port;
	bool port_on;
	bool live;
	u64 route;
	unsigned long due;
	unsigned long broken;

	u8 monitor_id;
	bool monitor_host;

	spinlock_t rings_lock;		/* protects rings */
	struct vsrv_rings *rings;
	struct timer_list look;
	u64 waits_at;
	u64 stalled_at;
	unsigned int busy_poll_us;

	struct vsrv_chan_kobj *kobj;
	atomic64_t signals;
	atomic64_t interrupts;
	atomic64_t counters[VSRV_CHAN_COUNTERS];
};

/* channel.c */
void vsrv_chan_get(struct vsrv_chan *chan);
void vsrv_chan_put(struct vsrv_chan *chan);
const char *vsrv_chan_state_name(enum vsrv_chan_state state);
void vsrv_chan_set_state(struct vsrv_chan *chan, enum vsrv_chan_state state);
bool vsrv_chan_released(const struct vsrv_chan *chan);
u32 vsrv_chan_connection_id(const struct vsrv_chan *chan);
struct vsrv_chan *vsrv_chan_find(struct vmbus_srv *srv, u32 id);
struct vsrv_chan *vsrv_chan_of(struct vmbus_srv *srv, const struct vpart_message *msg, __le32 id);
struct vsrv_chan *vsrv_chan_find_key(struct vmbus_srv *srv, const struct vsrv_offer *offer,
				     bool owned);
void vsrv_chan_announce(struct vsrv_chan *chan);
void vsrv_chan_announce_free(struct vsrv_chan *chan);
void vsrv_chan_gpadl_gone(struct vsrv_chan *chan);
void vsrv_chan_offer_with_id(struct vsrv_chan *chan, u32 id);
void vsrv_chan_free_id(struct vsrv_chan *chan);
void vsrv_chan_delete(struct vsrv_chan *chan);
struct vsrv_chan *vsrv_chan_new(struct vmbus_srv *srv, struct vsrv_chan *primary,
				const struct vsrv_offer *offer, const struct vsrv_chan_ops *ops,
				void *ctx);

/* chan_sub.c */
int vsrv_chan_check_primary(const struct vsrv_chan *primary);
void vsrv_chan_drop_subs(struct vsrv_chan *chan, bool tell);

/* chan_client.c */
void vsrv_chan_open_failed(struct vsrv_chan *chan, enum vsrv_why why);
void vsrv_chan_start_open(struct vsrv_chan *chan);
void vsrv_chan_start_close(struct vsrv_chan *chan, enum vsrv_chan_state state);
void vsrv_chan_client_close(struct vsrv_chan *chan);
void vsrv_chan_closed(struct vsrv_chan *chan);
void vsrv_chan_send_modified(struct vmbus_srv *srv, u32 channel_id, u32 status);
void vsrv_chan_start_modify(struct vsrv_chan *chan, u32 vp);
void vsrv_chan_client_release(struct vsrv_chan *chan);
void vsrv_chan_on_open(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_chan_on_close(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_chan_on_modify(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_chan_on_released(struct vmbus_srv *srv, const struct vpart_message *msg);

/* chan_owner.c */
bool vsrv_chan_only_vtl2(const struct vsrv_chan *chan);
void vsrv_chan_run_op(struct vsrv_op *op);
void vsrv_chan_do_revoke(struct vsrv_chan *chan, bool tell);
void vsrv_chan_do_reset(struct vsrv_chan *chan, bool forget);

/* reserved.c */
void vsrv_reserved_opened(struct vsrv_chan *chan, const struct vmbus_open_result_msg *msg);
void vsrv_reserved_closed(struct vsrv_chan *chan);
void vsrv_chan_on_open_reserved(struct vmbus_srv *srv, const struct vpart_message *msg);
void vsrv_chan_on_close_reserved(struct vmbus_srv *srv, const struct vpart_message *msg);

/* chan_event.c */
void vsrv_chan_port_signal(struct vpart_port *port, u16 flag);
void vsrv_chan_armed(struct vsrv_chan *chan);
bool vsrv_chan_interrupt_due(struct vsrv_chan *chan);
void vsrv_chan_retarget(struct vsrv_chan *chan, u32 vp);
void vsrv_chan_deafen(struct vsrv_chan *chan);
void vsrv_chan_disarm(struct vsrv_chan *chan);

/* chan_watch.c */
void vsrv_chan_watch(struct vsrv_chan *chan);
void vsrv_chan_look(struct timer_list *timer);

#endif /* _VSRV_CHANNEL_H */
