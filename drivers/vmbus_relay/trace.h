/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_relay

#if !defined(_VRELAY_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VRELAY_TRACE_H

#include <linux/tracepoint.h>
#include <linux/unaligned.h>
#include <vmbus/trace_names.h>

#include "client.h"

/* For user space, which reads the names of values from the events' formats. */
TRACE_DEFINE_ENUM(VRELAY_DISCONNECTED);
TRACE_DEFINE_ENUM(VRELAY_CONNECTING);
TRACE_DEFINE_ENUM(VRELAY_REQUESTING_OFFERS);
TRACE_DEFINE_ENUM(VRELAY_CONNECTED);
TRACE_DEFINE_ENUM(VRELAY_DISCONNECTING);
TRACE_DEFINE_ENUM(VRELAY_HCHAN_OFFERED);
TRACE_DEFINE_ENUM(VRELAY_HCHAN_OPENING);
TRACE_DEFINE_ENUM(VRELAY_HCHAN_OPENED);
TRACE_DEFINE_ENUM(VRELAY_HCHAN_REVOKED);

#define vrelay_show_client_state(state) __print_symbolic(state,		\
	{ VRELAY_DISCONNECTED, "disconnected" },			\
	{ VRELAY_CONNECTING, "connecting" },				\
	{ VRELAY_REQUESTING_OFFERS, "requesting offers" },		\
	{ VRELAY_CONNECTED, "connected" },				\
	{ VRELAY_DISCONNECTING, "disconnecting" })

#define vrelay_show_chan_state(state) __print_symbolic(state,		\
	{ VRELAY_HCHAN_OFFERED, "offered" },				\
	{ VRELAY_HCHAN_OPENING, "opening" },				\
	{ VRELAY_HCHAN_OPENED, "opened" },				\
	{ VRELAY_HCHAN_REVOKED, "revoked" })

/* @arg: first word after the header: the channel id of most messages */
DECLARE_EVENT_CLASS(vrelay_message,
	TP_PROTO(const void *payload, u32 len),
	TP_ARGS(payload, len),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, arg)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->type = len >= 4 ? get_unaligned_le32(payload) : 0;
		__entry->arg = len >= 12 ? get_unaligned_le32(payload + 8) : 0;
		__entry->len = len;
	),
	TP_printk("%s type=%u arg=%#x len=%u", vmbus_show_message(__entry->type), __entry->type,
		  __entry->arg, __entry->len)
);

DEFINE_EVENT(vrelay_message, vrelay_message_in,
	TP_PROTO(const void *payload, u32 len),
	TP_ARGS(payload, len)
);

DEFINE_EVENT(vrelay_message, vrelay_message_out,
	TP_PROTO(const void *payload, u32 len),
	TP_ARGS(payload, len)
);

TRACE_EVENT(vrelay_client_state,
	TP_PROTO(enum vrelay_client_state from, enum vrelay_client_state to),
	TP_ARGS(from, to),
	TP_STRUCT__entry(
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("%s -> %s", vrelay_show_client_state(__entry->from),
		  vrelay_show_client_state(__entry->to))
);

TRACE_EVENT(vrelay_hchan_state,
	TP_PROTO(u32 channel_id, enum vrelay_hchan_state from, enum vrelay_hchan_state to),
	TP_ARGS(channel_id, from, to),
	TP_STRUCT__entry(
		__field(u32, channel_id)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->channel_id = channel_id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("channel=%u %s -> %s", __entry->channel_id,
		  vrelay_show_chan_state(__entry->from), vrelay_show_chan_state(__entry->to))
);

TRACE_EVENT(vrelay_protocol_error,
	TP_PROTO(const char *what, u32 id),
	TP_ARGS(what, id),
	TP_STRUCT__entry(
		__string(what, what)
		__field(u32, id)
	),
	TP_fast_assign(
		__assign_str(what);
		__entry->id = id;
	),
	TP_printk("%s id=%#x", __get_str(what), __entry->id)
);

#endif /* _VRELAY_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
