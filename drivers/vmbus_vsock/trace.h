/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_vsock

#if !defined(_VVSOCK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VVSOCK_TRACE_H

#include <linux/tracepoint.h>
#include "vvsock.h"

/* States: 0 new, 1 offered, 2 open, 3 closing, 4 dead, 5 gone. */
TRACE_EVENT(vvsock_conn_state,
	TP_PROTO(const struct vvsock_conn *conn, enum vvsock_state state),
	TP_ARGS(conn, state),
	TP_STRUCT__entry(
		__field(u32, cid)
		__field(u32, local_port)
		__field(u32, peer_port)
		__field(bool, from_guest)
		__field(int, from)
		__field(int, to)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->cid = conn->cid;
		__entry->local_port = conn->local_port;
		__entry->peer_port = conn->peer_port;
		__entry->from_guest = conn->from_guest;
		__entry->from = conn->state;
		__entry->to = state;
		__entry->err = conn->err;
	),
	TP_printk("guest=%u port=%u local=%u by=%s %d -> %d error=%d", __entry->cid,
		  __entry->peer_port, __entry->local_port,
		  __entry->from_guest ? "guest" : "us", __entry->from, __entry->to,
		  __entry->err)
);

#endif /* _VVSOCK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
