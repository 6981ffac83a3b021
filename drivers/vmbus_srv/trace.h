/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_srv

#if !defined(_VSRV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VSRV_TRACE_H

#include <linux/tracepoint.h>
#include <linux/unaligned.h>
#include "vsrv.h"

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
	TP_printk("server=%s type=%u size=%u", __get_str(server), __entry->type, __entry->size)
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
	TP_printk("server=%s type=%u size=%u: %s", __get_str(server), __entry->type,
		  __entry->size, __get_str(why))
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
	TP_printk("server=%s %d -> %d", __get_str(server), __entry->from, __entry->to)
);

TRACE_EVENT(vsrv_chan_state,
	TP_PROTO(const struct vsrv_chan *chan, enum vsrv_chan_state state),
	TP_ARGS(chan, state),
	TP_STRUCT__entry(
		__string(server, chan->srv->name)
		__field(u32, id)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		__assign_str(server);
		__entry->id = chan->id;
		__entry->from = chan->state;
		__entry->to = state;
	),
	TP_printk("server=%s relid=%u %d -> %d", __get_str(server), __entry->id,
		  __entry->from, __entry->to)
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
