/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_netvsp

#if !defined(_NETVSP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NETVSP_TRACE_H

#include <linux/tracepoint.h>
#include <linux/unaligned.h>
#include "netvsp.h"

/* A message of NVSP that is none of RNDIS. */
TRACE_EVENT(netvsp_message,
	TP_PROTO(const struct netvsp_queue *q, const struct netvsp_request *req,
		 enum netvsp_act act),
	TP_ARGS(q, req, act),
	TP_STRUCT__entry(
		__string(name, netdev_name(q->nic->dev))
		__field(u16, channel)
		__field(u32, type)
		__field(u32, gpadl)
		__field(int, act)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->channel = q->index;
		__entry->type = req->type;
		__entry->gpadl = req->gpadl;
		__entry->act = act;
	),
	TP_printk("%s channel=%u type=%u gpadl=%#x act=%d", __get_str(name), __entry->channel,
		  __entry->type, __entry->gpadl, __entry->act)
);

/* A control message of RNDIS, and its answer; oid is meaningful for QUERY (4) and SET (5). */
TRACE_EVENT(netvsp_control,
	TP_PROTO(const struct netvsp_queue *q, const void *msg, u32 len, const void *answer,
		 int ret),
	TP_ARGS(q, msg, len, answer, ret),
	TP_STRUCT__entry(
		__string(name, netdev_name(q->nic->dev))
		__field(u32, type)
		__field(u32, len)
		__field(u32, oid)
		__field(u32, status)
		__field(int, ret)
	),
	TP_fast_assign(
		const struct rndis_request *req = msg;

		__assign_str(name);
		__entry->type = len >= sizeof(req->hdr) ? le32_to_cpu(req->hdr.type) : 0;
		__entry->len = len;
		__entry->oid = len >= sizeof(*req) ? le32_to_cpu(req->query.oid) : 0;
		__entry->status = netvsp_answer_status(answer, ret);
		__entry->ret = ret;
	),
	TP_printk("%s type=%u len=%u oid=%#x status=%#x ret=%d", __get_str(name), __entry->type,
		  __entry->len, __entry->oid, __entry->status, __entry->ret)
);

/* A message to the guest that is no frame. */
TRACE_EVENT(netvsp_tell,
	TP_PROTO(const struct netvsp_nic *nic, const struct netvsp_tell *tell, int err),
	TP_ARGS(nic, tell, err),
	TP_STRUCT__entry(
		__string(name, netdev_name(nic->dev))
		__field(bool, control)
		__field(u32, type)
		__field(u32, len)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->control = tell->control;
		__entry->type = get_unaligned_le32(tell->data);
		__entry->len = tell->len;
		__entry->err = err;
	),
	TP_printk("%s control=%d type=%#x len=%u err=%d", __get_str(name), __entry->control,
		  __entry->type, __entry->len, __entry->err)
);

#endif /* _NETVSP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
