/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a message, one event each.  Names and leading fields are those of
 * the guest's side (drivers/hv/hv_trace.h, vsrv_ for vmbus_), in the same order
 * and text, so that traces of both sides can be laid side by side; then come
 * what the guest's side does not show, and the server.
 *
 * @ret: of a client's message, 0 if it goes to its handler, else
 * vsrv_message_refused tells why; of a server's message, 0 if the client got it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_srv

#if !defined(_VSRV_TRACE_MSG_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VSRV_TRACE_MSG_H

#include <linux/tracepoint.h>
#include "vsrv.h"

#ifndef _VSRV_TRACE_MSG_REG
#define _VSRV_TRACE_MSG_REG
int vsrv_trace_reg(void);
void vsrv_trace_unreg(void);
#endif

/* ---- nothing but their type ------------------------------------------------------ */

DECLARE_EVENT_CLASS(vsrv_msg_plain,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	TP_STRUCT__entry(
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("ret %d, server %s",
		  __entry->ret, __get_str(server))
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_request_offers,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_unload,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_pause,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_resume,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_onoffers_delivered,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_onunload_response,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_plain, vsrv_onpause_response,
	TP_PROTO(const struct vmbus_srv *srv, int ret),
	TP_ARGS(srv, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

/* ---- a channel ----------------------------------------------------------------------- */

DECLARE_EVENT_CLASS(vsrv_msg_channel,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->ret, __get_str(server))
);

DEFINE_EVENT_FN(vsrv_msg_channel, vsrv_close_internal,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_channel, vsrv_release_relid,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_channel, vsrv_onoffer_rescind,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

DEFINE_EVENT_FN(vsrv_msg_channel, vsrv_onclose_reserved_response,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	vsrv_trace_reg, vsrv_trace_unreg
);

/* ---- other messages of the client ------------------------------------------------------ */

TRACE_EVENT_FN(vsrv_negotiate_version,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_contact_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, ver)
		__field(u32, target_vcpu)
		__field(int, ret)
		__field(u64, int_page)
		__field(u64, mon_page1)
		__field(u64, mon_page2)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->ver = le32_to_cpu(msg->version);
		__entry->target_vcpu = le32_to_cpu(msg->target_vp);
		__entry->ret = ret;
		__entry->int_page = le64_to_cpu(msg->target_info);
		__entry->mon_page1 = le64_to_cpu(msg->parent_to_child);
		__entry->mon_page2 = le64_to_cpu(msg->child_to_parent);
		__assign_str(server);
	),
	TP_printk("vmbus_version_requested 0x%x, target_vcpu 0x%x, pages %llx:%llx:%llx, ret %d, server %s",
		  __entry->ver, __entry->target_vcpu, __entry->int_page, __entry->mon_page1,
		  __entry->mon_page2, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_open,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_open_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, openid)
		__field(u32, gpadlhandle)
		__field(u32, target_vp)
		__field(u32, offset)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->openid = le32_to_cpu(msg->open_id);
		__entry->gpadlhandle = le32_to_cpu(msg->ring_gpadl);
		__entry->target_vp = le32_to_cpu(msg->target_vp);
		__entry->offset = le32_to_cpu(msg->downstream_page);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, openid %u, gpadlhandle 0x%x, target_vp 0x%x, offset 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->openid, __entry->gpadlhandle,
		  __entry->target_vp, __entry->offset, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_establish_gpadl_header,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_gpadl_header_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, gpadl)
		__field(u16, range_buflen)
		__field(u16, rangecount)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->gpadl = le32_to_cpu(msg->gpadl_id);
		__entry->range_buflen = le16_to_cpu(msg->range_bytes);
		__entry->rangecount = le16_to_cpu(msg->range_count);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, gpadl 0x%x, range_buflen %u rangecount %u, ret %d, server %s",
		  __entry->child_relid, __entry->gpadl, __entry->range_buflen,
		  __entry->rangecount, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_establish_gpadl_body,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_gpadl_body_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, msgnumber)
		__field(u32, gpadl)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->msgnumber = le32_to_cpu(msg->reserved);
		__entry->gpadl = le32_to_cpu(msg->gpadl_id);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("msgnumber %u, gpadl 0x%x, ret %d, server %s",
		  __entry->msgnumber, __entry->gpadl, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_teardown_gpadl,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_gpadl_teardown_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, gpadl)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->gpadl = le32_to_cpu(msg->gpadl_id);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, gpadl 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->gpadl, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_send_tl_connect_request,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_tl_connect_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__array(char, guest_id, UUID_SIZE)
		__array(char, host_id, UUID_SIZE)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		export_guid(__entry->guest_id, &msg->endpoint_id);
		export_guid(__entry->host_id, &msg->service_id);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("guest_endpoint_id %pUl, host_service_id %pUl, ret %d, server %s",
		  __entry->guest_id, __entry->host_id, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_send_modifychannel,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_modify_channel_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, target_vp)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->target_vp = le32_to_cpu(msg->target_vp);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("binding child_relid 0x%x to target_vp 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->target_vp, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_modify_connection,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_modify_connection_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u64, mon_page1)
		__field(u64, mon_page2)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->mon_page1 = le64_to_cpu(msg->parent_to_child);
		__entry->mon_page2 = le64_to_cpu(msg->child_to_parent);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("pages %llx:%llx, ret %d, server %s",
		  __entry->mon_page1, __entry->mon_page2, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_open_reserved,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_open_reserved_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, target_vp)
		__field(u32, target_sint)
		__field(u32, gpadlhandle)
		__field(u32, offset)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->target_vp = le32_to_cpu(msg->target_vp);
		__entry->target_sint = le32_to_cpu(msg->target_sint);
		__entry->gpadlhandle = le32_to_cpu(msg->ring_gpadl);
		__entry->offset = le32_to_cpu(msg->downstream_page);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, target_vp 0x%x, target_sint %u, gpadlhandle 0x%x, offset 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->target_vp, __entry->target_sint,
		  __entry->gpadlhandle, __entry->offset, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_close_reserved,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_close_reserved_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, target_vp)
		__field(u32, target_sint)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->target_vp = le32_to_cpu(msg->target_vp);
		__entry->target_sint = le32_to_cpu(msg->target_sint);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, target_vp 0x%x, target_sint %u, ret %d, server %s",
		  __entry->child_relid, __entry->target_vp, __entry->target_sint, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

/* ---- other messages of the server ------------------------------------------------------- */

TRACE_EVENT_FN(vsrv_onversion_response,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_version_response_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u8, ver)
		__field(int, ret)
		__field(u8, state)
		__field(u32, selected)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->ver = msg->supported;
		__entry->ret = ret;
		__entry->state = msg->connection_state;
		__entry->selected = le32_to_cpu(msg->selected);
		__assign_str(server);
	),
	TP_printk("version_supported %u, connection_state %u, selected 0x%x, ret %d, server %s",
		  __entry->ver, __entry->state, __entry->selected, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_onoffer,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_offer_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u8, monitorid)
		__field(u16, is_ddc_int)
		__field(u32, connection_id)
		__array(char, if_type, UUID_SIZE)
		__array(char, if_instance, UUID_SIZE)
		__field(u16, chn_flags)
		__field(u16, mmio_mb)
		__field(u16, sub_idx)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->monitorid = msg->monitor_id;
		__entry->is_ddc_int = le16_to_cpu(msg->is_dedicated);
		__entry->connection_id = le32_to_cpu(msg->connection_id);
		export_guid(__entry->if_type, &msg->class_id);
		export_guid(__entry->if_instance, &msg->instance_id);
		__entry->chn_flags = le16_to_cpu(msg->flags);
		__entry->mmio_mb = le16_to_cpu(msg->mmio_megabytes);
		__entry->sub_idx = le16_to_cpu(msg->subchannel);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, monitorid 0x%x, is_dedicated %u, connection_id 0x%x, if_type %pUl, if_instance %pUl, chn_flags 0x%x, mmio_megabytes %u, sub_channel_index %u, ret %d, server %s",
		  __entry->child_relid, __entry->monitorid, __entry->is_ddc_int,
		  __entry->connection_id, __entry->if_type, __entry->if_instance,
		  __entry->chn_flags, __entry->mmio_mb, __entry->sub_idx, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_onopen_result,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_open_result_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, openid)
		__field(u32, status)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->openid = le32_to_cpu(msg->open_id);
		__entry->status = le32_to_cpu(msg->status);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, openid %u, status 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->openid, __entry->status, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_ongpadl_created,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_gpadl_created_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, gpadl)
		__field(u32, status)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->gpadl = le32_to_cpu(msg->gpadl_id);
		__entry->status = le32_to_cpu(msg->status);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, gpadl 0x%x, creation_status 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->gpadl, __entry->status, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_ongpadl_torndown,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_gpadl_torndown_msg *msg, int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, gpadl)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->gpadl = le32_to_cpu(msg->gpadl_id);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("gpadl 0x%x, ret %d, server %s",
		  __entry->gpadl, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_onmodifychannel_response,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_modify_channel_resp_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u32, child_relid)
		__field(u32, status)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->child_relid = le32_to_cpu(msg->channel_id);
		__entry->status = le32_to_cpu(msg->status);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("child_relid 0x%x, status 0x%x, ret %d, server %s",
		  __entry->child_relid, __entry->status, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_onmodifyconnection_response,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_modify_connection_resp_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__field(u8, state)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		__entry->state = msg->connection_state;
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("connection_state %u, ret %d, server %s",
		  __entry->state, __entry->ret, __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

TRACE_EVENT_FN(vsrv_ontl_connect_result,
	TP_PROTO(const struct vmbus_srv *srv, const struct vmbus_tl_connect_result_msg *msg,
		 int ret),
	TP_ARGS(srv, msg, ret),
	TP_STRUCT__entry(
		__array(char, guest_id, UUID_SIZE)
		__array(char, host_id, UUID_SIZE)
		__field(u32, status)
		__field(int, ret)
		__string(server, srv->name)
	),
	TP_fast_assign(
		export_guid(__entry->guest_id, &msg->endpoint_id);
		export_guid(__entry->host_id, &msg->service_id);
		__entry->status = le32_to_cpu(msg->status);
		__entry->ret = ret;
		__assign_str(server);
	),
	TP_printk("guest_endpoint_id %pUl, host_service_id %pUl, status 0x%x, ret %d, server %s",
		  __entry->guest_id, __entry->host_id, __entry->status, __entry->ret,
		  __get_str(server)),
	vsrv_trace_reg, vsrv_trace_unreg
);

#endif /* _VSRV_TRACE_MSG_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_msg
#include <trace/define_trace.h>
