/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_srv

#if !defined(_VSRV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VSRV_TRACE_H

#include <linux/tracepoint.h>
#include <linux/unaligned.h>
#include <vmbus/trace_names.h>
#include "vsrv.h"

/* For user space, which reads the names of values from the events' formats. */
TRACE_DEFINE_ENUM(VSRV_DISCONNECTED);
TRACE_DEFINE_ENUM(VSRV_CONNECTED);
TRACE_DEFINE_ENUM(VSRV_DISCONNECTING);

TRACE_DEFINE_ENUM(VSRV_CHAN_CLIENT_RELEASED);
TRACE_DEFINE_ENUM(VSRV_CHAN_REOFFERED);
TRACE_DEFINE_ENUM(VSRV_CHAN_CLOSED);
TRACE_DEFINE_ENUM(VSRV_CHAN_OPENING);
TRACE_DEFINE_ENUM(VSRV_CHAN_OPEN);
TRACE_DEFINE_ENUM(VSRV_CHAN_CLOSING);
TRACE_DEFINE_ENUM(VSRV_CHAN_CLOSING_REOPEN);
TRACE_DEFINE_ENUM(VSRV_CHAN_OPENING_RELEASED);
TRACE_DEFINE_ENUM(VSRV_CHAN_CLOSING_RELEASED);
TRACE_DEFINE_ENUM(VSRV_CHAN_REVOKED);

TRACE_DEFINE_ENUM(VSRV_GPADL_IN_PROGRESS);
TRACE_DEFINE_ENUM(VSRV_GPADL_OFFERED);
TRACE_DEFINE_ENUM(VSRV_GPADL_OFFERED_TEARDOWN);
TRACE_DEFINE_ENUM(VSRV_GPADL_ACCEPTED);
TRACE_DEFINE_ENUM(VSRV_GPADL_TEARDOWN);

/* Whoever adds a state names it here and above. */
static_assert(VSRV_CONN_STATES == 3 && VSRV_CHAN_STATES == 10 && VSRV_GPADL_TEARDOWN == 4);

#define vsrv_show_conn(state) __print_symbolic(state, \
	{ VSRV_DISCONNECTED, "disconnected" }, \
	{ VSRV_CONNECTED, "connected" }, \
	{ VSRV_DISCONNECTING, "disconnecting" })

#define vsrv_show_chan(state) __print_symbolic(state, \
	{ VSRV_CHAN_CLIENT_RELEASED, "released" }, \
	{ VSRV_CHAN_REOFFERED, "reoffered" }, \
	{ VSRV_CHAN_CLOSED, "offered" }, \
	{ VSRV_CHAN_OPENING, "opening" }, \
	{ VSRV_CHAN_OPEN, "open" }, \
	{ VSRV_CHAN_CLOSING, "closing" }, \
	{ VSRV_CHAN_CLOSING_REOPEN, "closing-reopen" }, \
	{ VSRV_CHAN_OPENING_RELEASED, "opening-released" }, \
	{ VSRV_CHAN_CLOSING_RELEASED, "closing-released" }, \
	{ VSRV_CHAN_REVOKED, "revoked" })

#define vsrv_show_gpadl(state) __print_symbolic(state, \
	{ VSRV_GPADL_IN_PROGRESS, "in-progress" }, \
	{ VSRV_GPADL_OFFERED, "offered" }, \
	{ VSRV_GPADL_OFFERED_TEARDOWN, "offered-teardown" }, \
	{ VSRV_GPADL_ACCEPTED, "accepted" }, \
	{ VSRV_GPADL_TEARDOWN, "teardown" })

/*
 * Every message as it came or went, also what is no message at all.  What is in
 * it is told by the events of trace_msg.h.
 */
DECLARE_EVENT_CLASS(vsrv_message,
	TP_PROTO(const struct vmbus_srv *srv, const void *payload, u32 size),
	TP_ARGS(srv, payload, size),
	TP_STRUCT__entry(
		__string(server, srv->name)
		__field(u32, type)
		__field(u32, size)
	),
	TP_fast_assign(
		__assign_str(server);
		__entry->type = size >= sizeof(u32) ? get_unaligned_le32(payload) : 0;
		__entry->size = size;
	),
	TP_printk("server=%s type=%s size=%u", __get_str(server), vmbus_show_message(__entry->type),
		  __entry->size)
);

DEFINE_EVENT(vsrv_message, vsrv_message_in,
	TP_PROTO(const struct vmbus_srv *srv, const void *payload, u32 size),
	TP_ARGS(srv, payload, size)
);

DEFINE_EVENT(vsrv_message, vsrv_message_out,
	TP_PROTO(const struct vmbus_srv *srv, const void *payload, u32 size),
	TP_ARGS(srv, payload, size)
);

TRACE_EVENT(vsrv_message_refused,
	TP_PROTO(const struct vmbus_srv *srv, const struct vpart_message *msg, enum vsrv_why why),
	TP_ARGS(srv, msg, why),
	TP_STRUCT__entry(
		__string(server, srv->name)
		__string(why, vsrv_why_text(why))
		__field(u32, type)
		__field(u32, size)
	),
	TP_fast_assign(
		__assign_str(server);
		__assign_str(why);
		__entry->type = msg->size >= sizeof(u32) ? get_unaligned_le32(msg->payload) : 0;
		__entry->size = msg->size;
	),
	TP_printk("server=%s type=%s size=%u: %s", __get_str(server),
		  vmbus_show_message(__entry->type), __entry->size, __get_str(why))
);

TRACE_EVENT(vsrv_conn_state,
	TP_PROTO(const struct vmbus_srv *srv, enum vsrv_conn_state state),
	TP_ARGS(srv, state),
	TP_STRUCT__entry(
		__string(server, srv->name)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__assign_str(server);
		__entry->from = srv->conn.state;
		__entry->to = state;
	),
	TP_printk("server=%s %s -> %s", __get_str(server), vsrv_show_conn(__entry->from),
		  vsrv_show_conn(__entry->to))
);

TRACE_EVENT(vsrv_chan_state,
	TP_PROTO(const struct vsrv_chan *chan, enum vsrv_chan_state state),
	TP_ARGS(chan, state),
	TP_STRUCT__entry(
		__string(server, chan->srv->name)
		__field(u32, relid)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__assign_str(server);
		__entry->relid = chan->id;
		__entry->from = chan->state;
		__entry->to = state;
	),
	TP_printk("server=%s relid=0x%x %s -> %s", __get_str(server), __entry->relid,
		  vsrv_show_chan(__entry->from), vsrv_show_chan(__entry->to))
);

TRACE_EVENT(vsrv_gpadl_state,
	TP_PROTO(const struct vsrv_gpadl *gpadl, enum vsrv_gpadl_state state),
	TP_ARGS(gpadl, state),
	TP_STRUCT__entry(
		__string(server, gpadl->chan->srv->name)
		__field(u32, relid)
		__field(u32, gpadl)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__assign_str(server);
		__entry->relid = gpadl->chan->id;
		__entry->gpadl = gpadl->id;
		__entry->from = gpadl->state;
		__entry->to = state;
	),
	TP_printk("server=%s relid=0x%x gpadl=0x%x %s -> %s", __get_str(server), __entry->relid,
		  __entry->gpadl, vsrv_show_gpadl(__entry->from), vsrv_show_gpadl(__entry->to))
);

/* The client's signal; a guest that sends it traces vmbus_setevent. */
TRACE_EVENT(vsrv_setevent,
	TP_PROTO(const struct vsrv_chan *chan),
	TP_ARGS(chan),
	TP_STRUCT__entry(
		__field(u32, relid)
		__string(server, chan->srv->name)
	),
	TP_fast_assign(
		__entry->relid = READ_ONCE(chan->id);
		__assign_str(server);
	),
	TP_printk("relid 0x%x, server %s", __entry->relid, __get_str(server))
);

/* The interrupt to the client; a guest that gets it traces vmbus_chan_sched. */
TRACE_EVENT(vsrv_chan_sched,
	TP_PROTO(const struct vsrv_chan *chan, u32 vp, u32 event_flag),
	TP_ARGS(chan, vp, event_flag),
	TP_STRUCT__entry(
		__field(u32, relid)
		__field(u32, vp)
		__field(u32, event_flag)
		__string(server, chan->srv->name)
	),
	TP_fast_assign(
		__entry->relid = READ_ONCE(chan->id);
		__entry->vp = vp;
		__entry->event_flag = event_flag;
		__assign_str(server);
	),
	TP_printk("relid 0x%x, vp 0x%x, event_flag 0x%x, server %s", __entry->relid, __entry->vp,
		  __entry->event_flag, __get_str(server))
);

DECLARE_EVENT_CLASS(vsrv_chan_trouble,
	TP_PROTO(const struct vsrv_chan *chan, const char *what),
	TP_ARGS(chan, what),
	TP_STRUCT__entry(
		__string(server, chan->srv->name)
		__string(what, what)
		__field(u32, id)
	),
	TP_fast_assign(
		__assign_str(server);
		__assign_str(what);
		__entry->id = chan->id;
	),
	TP_printk("server=%s relid=%u: %s", __get_str(server), __entry->id, __get_str(what))
);

DEFINE_EVENT(vsrv_chan_trouble, vsrv_chan_error,
	TP_PROTO(const struct vsrv_chan *chan, const char *what),
	TP_ARGS(chan, what)
);

DEFINE_EVENT(vsrv_chan_trouble, vsrv_chan_stalled,
	TP_PROTO(const struct vsrv_chan *chan, const char *what),
	TP_ARGS(chan, what)
);

#endif /* _VSRV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
