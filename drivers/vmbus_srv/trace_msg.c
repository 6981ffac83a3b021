// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes messages apart for the tracepoints, in one place each way.
 */
#include <linux/unaligned.h>
#include <kunit/visibility.h>
#include "vsrv.h"

#define CREATE_TRACE_POINTS
#include "trace_msg.h"

DEFINE_STATIC_KEY_FALSE(vsrv_trace_messages);
EXPORT_SYMBOL_IF_KUNIT(vsrv_trace_messages);

/**
 * vsrv_trace_reg - a tracepoint of a message is switched on
 *
 * Return: 0.
 */
int vsrv_trace_reg(void)
{
	static_branch_inc(&vsrv_trace_messages);
	return 0;
}

/**
 * vsrv_trace_unreg - a tracepoint of a message is switched off
 */
void vsrv_trace_unreg(void)
{
	static_branch_dec(&vsrv_trace_messages);
}

/* A message that is too short for its event has vsrv_message_in and _refused only. */
#define TRACE(_type, _event, _size)				\
	case _type:						\
		if (size >= (_size))				\
			trace_##_event(srv, payload, ret);	\
		break

#define TRACE_PLAIN(_type, _event)				\
	case _type:						\
		trace_##_event(srv, ret);			\
		break

/**
 * vsrv_trace_in - trace a message of the client
 * @srv: server
 * @msg: message
 * @ret: 0 if it goes to its handler, else a negative error
 *
 * Context: any.
 */
void vsrv_trace_in(const struct vmbus_srv *srv, const struct vpart_message *msg, int ret)
{
	const void *payload = msg->payload;
	u32 size = msg->size;

	if (size < sizeof(struct vmbus_msg_hdr))
		return;
	switch (get_unaligned_le32(payload)) {
	TRACE_PLAIN(VMBUS_MSG_REQUEST_OFFERS, vsrv_request_offers);
	TRACE(VMBUS_MSG_OPEN, vsrv_open, sizeof(struct vmbus_open_msg));
	TRACE(VMBUS_MSG_CLOSE, vsrv_close_internal, sizeof(struct vmbus_channel_msg));
	TRACE(VMBUS_MSG_GPADL_HEADER, vsrv_establish_gpadl_header,
	      sizeof(struct vmbus_gpadl_header_msg));
	TRACE(VMBUS_MSG_GPADL_BODY, vsrv_establish_gpadl_body,
	      sizeof(struct vmbus_gpadl_body_msg));
	TRACE(VMBUS_MSG_GPADL_TEARDOWN, vsrv_teardown_gpadl,
	      sizeof(struct vmbus_gpadl_teardown_msg));
	TRACE(VMBUS_MSG_RELID_RELEASED, vsrv_release_relid, sizeof(struct vmbus_channel_msg));
	TRACE(VMBUS_MSG_CONTACT, vsrv_negotiate_version, sizeof(struct vmbus_contact_msg));
	TRACE_PLAIN(VMBUS_MSG_UNLOAD, vsrv_unload);
	TRACE(VMBUS_MSG_OPEN_RESERVED, vsrv_open_reserved,
	      sizeof(struct vmbus_open_reserved_msg));
	TRACE(VMBUS_MSG_CLOSE_RESERVED, vsrv_close_reserved,
	      sizeof(struct vmbus_close_reserved_msg));
	TRACE(VMBUS_MSG_TL_CONNECT, vsrv_send_tl_connect_request,
	      sizeof(struct vmbus_tl_connect_msg));
	TRACE(VMBUS_MSG_MODIFY_CHANNEL, vsrv_send_modifychannel,
	      sizeof(struct vmbus_modify_channel_msg));
	TRACE(VMBUS_MSG_MODIFY_CONNECTION, vsrv_modify_connection,
	      sizeof(struct vmbus_modify_connection_msg));
	TRACE_PLAIN(VMBUS_MSG_PAUSE, vsrv_pause);
	TRACE_PLAIN(VMBUS_MSG_RESUME, vsrv_resume);
	default:
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_trace_in);

/**
 * vsrv_trace_out - trace a message to the client
 * @srv: server
 * @payload: message
 * @size: its bytes
 * @ret: 0 if the client got it, else a negative error
 *
 * Context: any.
 */
void vsrv_trace_out(const struct vmbus_srv *srv, const void *payload, u32 size, int ret)
{
	if (size < sizeof(struct vmbus_msg_hdr))
		return;
	switch (get_unaligned_le32(payload)) {
	TRACE(VMBUS_MSG_OFFER, vsrv_onoffer, sizeof(struct vmbus_offer_msg));
	TRACE(VMBUS_MSG_RESCIND, vsrv_onoffer_rescind, sizeof(struct vmbus_channel_msg));
	TRACE_PLAIN(VMBUS_MSG_ALL_OFFERS, vsrv_onoffers_delivered);
	TRACE(VMBUS_MSG_OPEN_RESULT, vsrv_onopen_result, sizeof(struct vmbus_open_result_msg));
	TRACE(VMBUS_MSG_GPADL_CREATED, vsrv_ongpadl_created,
	      sizeof(struct vmbus_gpadl_created_msg));
	TRACE(VMBUS_MSG_GPADL_TORNDOWN, vsrv_ongpadl_torndown,
	      sizeof(struct vmbus_gpadl_torndown_msg));
	TRACE(VMBUS_MSG_VERSION_RESPONSE, vsrv_onversion_response,
	      sizeof(struct vmbus_version_response_msg));
	TRACE_PLAIN(VMBUS_MSG_UNLOAD_COMPLETE, vsrv_onunload_response);
	TRACE(VMBUS_MSG_CLOSE_RESERVED_RESP, vsrv_onclose_reserved_response,
	      sizeof(struct vmbus_channel_msg));
	TRACE(VMBUS_MSG_TL_CONNECT_RESULT, vsrv_ontl_connect_result,
	      sizeof(struct vmbus_tl_connect_result_msg));
	TRACE(VMBUS_MSG_MODIFY_CHANNEL_RESP, vsrv_onmodifychannel_response,
	      sizeof(struct vmbus_modify_channel_resp_msg));
	TRACE(VMBUS_MSG_MODIFY_CONNECTION_RESP, vsrv_onmodifyconnection_response,
	      sizeof(struct vmbus_modify_connection_resp_msg));
	TRACE_PLAIN(VMBUS_MSG_PAUSE_RESPONSE, vsrv_onpause_response);
	default:
		break;
	}
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_trace_out);
