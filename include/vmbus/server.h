/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmbus_srv: the VMBus server, and what the owner of a channel does with it.
 *
 * A server serves one client.  Normally that is the guest OS; with the
 * attribute "redirect" set it plays the host and the client is the relay in
 * VTL2, while memory and events still are the guest's.
 *
 * An owner (a local device, or the relay) offers a channel and gets callbacks.
 * Requests are asynchronous: the owner answers each one with the matching
 * vsrv_*_done(), from within the callback or later.  The server does not wait for
 * an owner but in stop, quiesce and resume, which are done on return.
 *
 * Callbacks open, drain, close, gpadl_create, gpadl_teardown, modify, quiesce and resume are
 * made one at a time per server from its ordered work: process context, no lock held.
 * They may come before vsrv_offer() has returned the channel to its owner.
 * They may call vsrv_*_done(), vsrv_gpadl_*() and vsrv_rings_*(), but neither
 * vsrv_offer() nor vsrv_put(), and vsrv_revoke() or vsrv_try_revoke() only for a
 * sub-channel that the server has taken back (see vsrv_offer_sub()).
 *
 * A device that wants more rings offers sub-channels with vsrv_offer_sub() while
 * the client has it open, mostly when the client asks for them in a packet.
 * Each is a channel with callbacks of its own, which ends with that open: the
 * server takes it back, and tells the client, before it calls the device's own
 * close or stop.
 */
#ifndef _VMBUS_SERVER_H
#define _VMBUS_SERVER_H

#include <linux/string.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <vmbus/protocol.h>

struct kthread_worker;
struct vmbus_partition;
struct vmbus_srv;
struct vsrv_chan;
struct vsrv_gpadl;

struct vmbus_srv *vsrv_get(const char *name);
void vsrv_put(struct vmbus_srv *srv);
const char *vsrv_name(const struct vmbus_srv *srv);
struct vmbus_partition *vsrv_partition(const struct vmbus_srv *srv);
unsigned int vsrv_stops(const struct vmbus_srv *srv);
void vsrv_limit_version(struct vmbus_srv *srv, u32 version);
bool vsrv_client_leaves(const struct vmbus_srv *srv);

/* Was the guest stopped when vsrv_stops() said so? */
static inline bool vsrv_stopped(unsigned int stops)
{
	return stops & 1;
}

/**
 * vsrv_parse_instance() - is the name of a directory an instance GUID?
 * @name: name
 * @instance: out: undefined if it is not
 *
 * Return: true if it is one, and can be offered.
 */
static inline bool vsrv_parse_instance(const char *name, guid_t *instance)
{
	return strlen(name) == UUID_STRING_LEN && !guid_parse(name, instance) &&
	       !guid_is_null(instance);
}

#define VSRV_ORDER_NONE	U32_MAX

/**
 * struct vsrv_offer - what is offered
 * @class_id: class of the device, "interface type" on the wire
 * @instance_id: instance, stable over reboots
 * @subchannel: 0 for the primary channel, else see vsrv_offer_sub()
 * @flags: VMBUS_OFFER_*
 * @mmio_megabytes: MMIO space that the device wants
 * @mmio_megabytes_optional: the same, if there is some to spare
 * @user_defined: passed through
 * @order: among the offers of a class, low comes first; VSRV_ORDER_NONE last
 * @monitored: for an owner with vsrv_chan_ops::direct: the channel may have a monitor id,
 *	and its client then sets a bit instead of a signal; see vsrv_chan_monitored()
 * @host_monitored: who has registered with vsrv_monitor_register() looks for the channel,
 *	while he has the client's pages; the client then sets a bit for him, with
 * @monitor_id: this id, below 128
 */
struct vsrv_offer {
	guid_t class_id;
	guid_t instance_id;
	u16 subchannel;
	u16 flags;
	u16 mmio_megabytes;
	u16 mmio_megabytes_optional;
	u8 user_defined[VMBUS_USER_DEFINED_SIZE];
	u32 order;
	bool monitored;
	bool host_monitored;
	u8 monitor_id;
};

/**
 * struct vsrv_open_params - what the client asked for at OPEN
 * @ring_gpadl: GPADL id of both rings
 * @downstream_page: page within it where the ring toward the client begins
 * @target_vp: VP to interrupt, or VMBUS_VP_NONE
 * @connection_id: the client signals this connection
 * @event_flag: the client is interrupted with this event flag
 * @redirect: interrupt VTL2 instead of the guest
 * @shared: the client has an interrupt page: only vsrv_chan_interrupt() can reach it
 * @user_data: passed through
 */
struct vsrv_open_params {
	u32 ring_gpadl;
	u32 downstream_page;
	u32 target_vp;
	u32 connection_id;
	u16 event_flag;
	bool redirect;
	bool shared;
	u8 user_data[VMBUS_USER_DEFINED_SIZE];
};

/**
 * struct vsrv_chan_ops - callbacks to the owner of a channel
 * @open: the client opened the channel; answer with vsrv_open_done().  @params
 *	is valid until then.
 * @drain: the client closed it, and sub-channels of it are still there: answer with
 *	vsrv_drain_done() when stopping these will not take long.  @stop may come first,
 *	and then no answer is owed; else @close follows.  Optional.
 * @close: the client closed it: stop using rings and buffers, then answer with
 *	vsrv_close_done().  Only after an open that succeeded.  A modify that
 *	was not answered by then needs no answer.
 * @gpadl_create: a GPADL is complete and well-formed; answer with
 *	vsrv_gpadl_create_done().  Optional: the server accepts.
 * @gpadl_teardown: the client wants the GPADL back; answer with
 *	vsrv_gpadl_teardown_done() once nothing uses it.  Optional: the server
 *	waits for the last vsrv_gpadl_put() and answers.
 * @modify: the channel's interrupts go to another VP from now on (already done
 *	for vsrv_chan_interrupt()); answer with vsrv_modify_done().  Optional.
 * @signal: the client signalled the channel, or the server has found that the
 *	channel is broken (vsrv_chan_broken()).  Any context, also with interrupts
 *	off: may only queue work.
 * @direct: does another end of the channel register the connection, and interrupt
 *	the client, by itself (the host of a relayed channel)?  Then @signal is not
 *	called.  Asked before each open callback, with the server's lock held: must
 *	not call back.  Optional: so it is if there is no @signal.
 * @stop: the client is gone (reset, VMM died, server removed), or the channel is
 *	taken back: on return the owner uses nothing of the client's memory
 *	through it, has forgotten every GPADL of it and owes no answer.  Process
 *	context, may sleep, and is not concurrent with the callbacks above.  The
 *	channel may be opened again afterwards, if it was not taken back, and is
 *	not quiesced any more.  Everything else of this server waits meanwhile: so
 *	nothing is waited for here but what may still touch the client's memory, and,
 *	for a short time, a client that may be there and loses the device.
 * @quiesce: the guest stops: on return the owner does not write to its memory, until
 *	@resume; also when it is closed or stopped meanwhile.  Interrupts that it
 *	raises are kept by the server.  Between open and close only, before or after
 *	the open callback.  Process context, may sleep.  Optional.
 * @resume: the guest goes on: the owner looks at its rings, too, as if signalled.
 *	Optional.
 */
struct vsrv_chan_ops {
	void (*open)(struct vsrv_chan *chan, const struct vsrv_open_params *params);
	void (*drain)(struct vsrv_chan *chan);
	void (*close)(struct vsrv_chan *chan);
	void (*gpadl_create)(struct vsrv_chan *chan, const struct vsrv_gpadl *gpadl);
	void (*gpadl_teardown)(struct vsrv_chan *chan, u32 gpadl_id);
	void (*modify)(struct vsrv_chan *chan, u32 target_vp);
	void (*signal)(struct vsrv_chan *chan);
	bool (*direct)(struct vsrv_chan *chan, const struct vsrv_open_params *params);
	void (*stop)(struct vsrv_chan *chan);
	void (*quiesce)(struct vsrv_chan *chan);
	void (*resume)(struct vsrv_chan *chan);
};

struct vsrv_chan *vsrv_offer(struct vmbus_srv *srv, const struct vsrv_offer *offer,
			     const struct vsrv_chan_ops *ops, void *ctx);
struct vsrv_chan *vsrv_offer_sub(struct vsrv_chan *primary, u16 index,
				 const struct vsrv_chan_ops *ops, void *ctx);
void vsrv_revoke(struct vsrv_chan *chan);
bool __must_check vsrv_try_revoke(struct vsrv_chan *chan);

void vsrv_open_done(struct vsrv_chan *chan, int err);
void vsrv_drain_done(struct vsrv_chan *chan);
void vsrv_close_done(struct vsrv_chan *chan);
void vsrv_gpadl_create_done(struct vsrv_chan *chan, u32 gpadl_id, int err);
void vsrv_gpadl_teardown_done(struct vsrv_chan *chan, u32 gpadl_id);
void vsrv_modify_done(struct vsrv_chan *chan, int err);

void *vsrv_chan_ctx(const struct vsrv_chan *chan);
struct vmbus_srv *vsrv_chan_server(const struct vsrv_chan *chan);
const struct vsrv_offer *vsrv_chan_offer(const struct vsrv_chan *chan);
bool vsrv_chan_monitored(const struct vsrv_chan *chan);
u32 vsrv_chan_id(const struct vsrv_chan *chan);
void vsrv_chan_interrupt(struct vsrv_chan *chan);
void vsrv_chan_error(struct vsrv_chan *chan, const char *reason);
bool vsrv_chan_broken(const struct vsrv_chan *chan);

/* Counters of a channel, kept by its owner if not said otherwise; shown in sysfs. */
enum vsrv_chan_counter {
	VSRV_CHAN_PACKETS_IN,	/* packets read from the client's ring */
	VSRV_CHAN_PACKETS_OUT,	/* packets written to the client's ring */
	VSRV_CHAN_RING_FULL,	/* the client's ring had no room */
	VSRV_CHAN_BAD_PACKETS,	/* refused or malformed packets, dead rings */
	VSRV_CHAN_BUSY,		/* requests that were good, but answered with "try again" */
	VSRV_CHAN_DATA_COPIED,	/* bytes that packets point at, and that were copied */
	VSRV_CHAN_DATA_PINNED,	/* pages that packets point at, and that were pinned */
	VSRV_CHAN_POLL_HITS,	/* polls of an empty ring that found something */
	VSRV_CHAN_POLL_MISSES,	/* and that did not */
	VSRV_CHAN_ERRORS,	/* by vsrv_chan_error(): how often the channel broke */
	VSRV_CHAN_STALLS,	/* by the server: the client waited for a signal that was due */
	VSRV_CHAN_COUNTERS
};

void vsrv_chan_count(struct vsrv_chan *chan, enum vsrv_chan_counter counter, u32 n);

/* ---- monitor pages ---------------------------------------------------------- */

/**
 * struct vsrv_monitor_ops - callbacks to who looks into a client's monitor pages
 * @modify: the client wants these pages looked into (guest physical addresses, not
 *	checked yet), or has them back, then both are 0; answer with
 *	vsrv_monitor_done(), from here or later.  One at a time.
 * @stop: the client is gone: on return nobody looks at a page of it, and no answer is
 *	owed.
 *
 * Both are called like the callbacks of a channel.
 */
struct vsrv_monitor_ops {
	void (*modify)(void *ctx, u64 parent_to_child, u64 child_to_parent);
	void (*stop)(void *ctx);
};

int vsrv_monitor_register(struct vmbus_srv *srv, const struct vsrv_monitor_ops *ops, void *ctx);
void vsrv_monitor_unregister(struct vmbus_srv *srv);
void vsrv_monitor_done(struct vmbus_srv *srv, int err);
bool vsrv_monitor_busy(struct vmbus_srv *srv);

/* ---- hv_sock connects ------------------------------------------------------- */

/**
 * struct vsrv_tl_request - the client wants to connect to a service
 * @endpoint_id: names the client's end
 * @service_id: service, not the client's
 * @silo_id: container of the client, null if it did not name one
 * @silo_aware: the client could have named one (version 5.2 and up)
 */
struct vsrv_tl_request {
	guid_t endpoint_id;
	guid_t service_id;
	guid_t silo_id;
	bool silo_aware;
};

/**
 * struct vsrv_tl_ops - callbacks to the handler of hv_sock connects
 * @connect: the client wants to connect; @req is valid during the call.  The
 *	handler offers a channel (class: service id, instance: endpoint id, flags
 *	ENUMERATE, NAMED_PIPE and TLNPI, struct vmbus_hvsock_params), which
 *	cannot be done from here, and then answers with vsrv_tl_connect_done(),
 *	which can.
 * @reset: the client is gone or starts anew: requests that were not answered are
 *	forgotten, and the client knows no hv_sock channel any more.  The handler
 *	revokes them.
 *
 * Both are called like the callbacks of a channel.
 */
struct vsrv_tl_ops {
	void (*connect)(void *ctx, u32 id, const struct vsrv_tl_request *req);
	void (*reset)(void *ctx);
};

int vsrv_tl_register(struct vmbus_srv *srv, const struct vsrv_tl_ops *ops, void *ctx);
void vsrv_tl_unregister(struct vmbus_srv *srv);
void vsrv_tl_connect_done(struct vmbus_srv *srv, u32 id, int err);

/* ---- GPADLs ---------------------------------------------------------------- */

struct vsrv_gpadl *vsrv_gpadl_get(struct vsrv_chan *chan, u32 gpadl_id);
void vsrv_gpadl_put(struct vsrv_gpadl *gpadl);
u32 vsrv_gpadl_id(const struct vsrv_gpadl *gpadl);
unsigned int vsrv_gpadl_range_count(const struct vsrv_gpadl *gpadl);
const u64 *vsrv_gpadl_words(const struct vsrv_gpadl *gpadl, unsigned int *nwords);
int __must_check vsrv_gpadl_next(const struct vsrv_gpadl *gpadl, u32 *pos, u32 *len, u32 *offset,
				 const u64 **pfns, unsigned int *npfns);
int __must_check vsrv_gpadl_range(const struct vsrv_gpadl *gpadl, unsigned int index,
				  u32 *len, u32 *offset, const u64 **pfns, unsigned int *npfns);

#endif /* _VMBUS_SERVER_H */
