/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_storvsp

#if !defined(_STORVSP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _STORVSP_TRACE_H

#include <linux/tracepoint.h>
#include "storvsp.h"

/* What follows the operation is meaningful for EXECUTE_SRB (3) only. */
TRACE_EVENT(storvsp_request,
	TP_PROTO(const struct storvsp_port *port, const struct storvsp_request *req),
	TP_ARGS(port, req),
	TP_STRUCT__entry(
		__array(u8, instance_id, UUID_SIZE)
		__field(u64, trans_id)
		__field(u32, operation)
		__field(u32, size)
		__field(u32, len)
		__field(u8, path)
		__field(u8, target)
		__field(u8, lun)
		__field(u8, opcode)
	),
	TP_fast_assign(
		export_guid(__entry->instance_id, &port->instance);
		__entry->trans_id = req->trans_id;
		__entry->operation = req->operation;
		__entry->size = req->size;
		__entry->len = le32_to_cpu(req->packet.srb.data_transfer_length);
		__entry->path = req->packet.srb.path;
		__entry->target = req->packet.srb.target;
		__entry->lun = req->packet.srb.lun;
		__entry->opcode = req->packet.srb.payload[0];
	),
	TP_printk("instance=%pUl trans_id=%#llx size=%u operation=%u address=%u:%u:%u opcode=%#x len=%u",
		  __entry->instance_id, __entry->trans_id, __entry->size, __entry->operation,
		  __entry->path, __entry->target, __entry->lun, __entry->opcode, __entry->len)
);

/* What follows the status is meaningful as an answer to EXECUTE_SRB (3) only. */
TRACE_EVENT(storvsp_answer,
	TP_PROTO(const struct storvsp_port *port, const struct storvsp_request *req,
		 const struct storvsp_answer *answer),
	TP_ARGS(port, req, answer),
	TP_STRUCT__entry(
		__array(u8, instance_id, UUID_SIZE)
		__field(u64, trans_id)
		__field(u32, operation)
		__field(u32, status)
		__field(u32, len)
		__field(u8, srb_status)
		__field(u8, scsi_status)
	),
	TP_fast_assign(
		export_guid(__entry->instance_id, &port->instance);
		__entry->trans_id = req->trans_id;
		__entry->operation = req->operation;
		__entry->status = le32_to_cpu(answer->packet.hdr.status);
		__entry->len = le32_to_cpu(answer->packet.srb.data_transfer_length);
		__entry->srb_status = answer->packet.srb.srb_status;
		__entry->scsi_status = answer->packet.srb.scsi_status;
	),
	TP_printk("instance=%pUl trans_id=%#llx to=%u status=%#x srb_status=%#x scsi_status=%#x len=%u",
		  __entry->instance_id, __entry->trans_id, __entry->operation, __entry->status,
		  __entry->srb_status, __entry->scsi_status, __entry->len)
);

#endif /* _STORVSP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
