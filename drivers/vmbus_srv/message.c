// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which messages a client may send, when, and how long they are; the contents
 * of contact and version response.  Nothing here touches a connection.
 */
#include <linux/bitfield.h>
#include <kunit/visibility.h>
#include "vsrv.h"

#define ANY		(BIT(VSRV_CONN_STATES) - 1)
#define CONNECTED	BIT(VSRV_CONNECTED)

#define MSG(_type, _size, _version, _states, _handler, ...)	\
	[_type] = {						\
		.handler = _handler,				\
		.version = _version,				\
		.min_size = _size,				\
		.states = _states,				\
		__VA_ARGS__					\
	}
#define MSG_FEATURE(_type, _size, _features, _handler, ...)	\
	MSG(_type, _size, VMBUS_VERSION(6, 0), CONNECTED, _handler, \
	    .features = _features, ##__VA_ARGS__)

/*
 * Version and features gate only while connected; otherwise only what needs no
 * version exists.  Types that a server sends are absent, so they are unknown
 * when a client sends them.
 */
static const struct vsrv_msg_desc vsrv_messages[VMBUS_MSG_COUNT] = {
	MSG(VMBUS_MSG_REQUEST_OFFERS, sizeof(struct vmbus_msg_hdr), 0, CONNECTED,
	    vsrv_conn_on_request_offers),
	MSG(VMBUS_MSG_OPEN, sizeof(struct vmbus_open_msg), 0, CONNECTED, vsrv_chan_on_open),
	MSG(VMBUS_MSG_CLOSE, sizeof(struct vmbus_channel_msg), 0, CONNECTED, vsrv_chan_on_close),
	MSG(VMBUS_MSG_GPADL_HEADER, sizeof(struct vmbus_gpadl_header_msg), 0, CONNECTED,
	    vsrv_gpadl_on_header),
	MSG(VMBUS_MSG_GPADL_BODY, sizeof(struct vmbus_gpadl_body_msg), 0, CONNECTED,
	    vsrv_gpadl_on_body),
	MSG(VMBUS_MSG_GPADL_TEARDOWN, sizeof(struct vmbus_gpadl_teardown_msg), 0, CONNECTED,
	    vsrv_gpadl_on_teardown),
	MSG(VMBUS_MSG_RELID_RELEASED, sizeof(struct vmbus_channel_msg), 0, CONNECTED,
	    vsrv_chan_on_released),
	MSG(VMBUS_MSG_CONTACT, sizeof(struct vmbus_contact_msg), 0, ANY, vsrv_conn_on_contact,
	    .ends_pause = true),
	MSG(VMBUS_MSG_UNLOAD, sizeof(struct vmbus_msg_hdr), 0, CONNECTED, vsrv_conn_on_unload,
	    .ends_pause = true),
	MSG(VMBUS_MSG_OPEN_RESERVED, sizeof(struct vmbus_open_reserved_msg),
	    VMBUS_VERSION(4, 0), CONNECTED, vsrv_chan_on_open_reserved),
	MSG(VMBUS_MSG_CLOSE_RESERVED, sizeof(struct vmbus_close_reserved_msg), 0, ANY,
	    vsrv_chan_on_close_reserved),
	MSG(VMBUS_MSG_TL_CONNECT, sizeof(struct vmbus_tl_connect_msg), VMBUS_VERSION(4, 0),
	    CONNECTED, vsrv_tl_on_connect),
	MSG(VMBUS_MSG_MODIFY_CHANNEL, sizeof(struct vmbus_modify_channel_msg),
	    VMBUS_VERSION(4, 1), CONNECTED, vsrv_chan_on_modify),
	MSG_FEATURE(VMBUS_MSG_MODIFY_CONNECTION, sizeof(struct vmbus_modify_connection_msg),
		    VMBUS_FEATURE_MODIFY_CONNECTION, vsrv_conn_on_modify),
	MSG_FEATURE(VMBUS_MSG_PAUSE, sizeof(struct vmbus_msg_hdr),
		    VMBUS_FEATURE_PAUSE_RESUME, vsrv_conn_on_pause),
	MSG_FEATURE(VMBUS_MSG_RESUME, sizeof(struct vmbus_msg_hdr),
		    VMBUS_FEATURE_PAUSE_RESUME, vsrv_conn_on_resume, .ends_pause = true),
};

/**
 * vsrv_msg_check - find out what to do with a message of the client
 * @payload: message, in private memory
 * @size: its bytes
 * @state: of the connection
 * @version: negotiated version, read only while connected
 * @features: negotiated features, read only while connected
 * @desc: out, for VSRV_MSG_OK: what is known of the message
 *
 * More bytes than needed are never an error.
 *
 * Context: any.
 * Return: VSRV_MSG_OK, or why the message is to be dropped.
 */
enum vsrv_msg_verdict vsrv_msg_check(const void *payload, u32 size, enum vsrv_conn_state state,
				     u32 version, u32 features,
				     const struct vsrv_msg_desc **desc)
{
	const struct vmbus_msg_hdr *hdr = payload;
	const struct vsrv_msg_desc *d;
	u32 type, min_size;

	if (size < sizeof(*hdr))
		return VSRV_MSG_SHORT;
	type = le32_to_cpu(hdr->type);
	if (type >= VMBUS_MSG_COUNT || !vsrv_messages[type].min_size)
		return VSRV_MSG_UNKNOWN;

	d = &vsrv_messages[type];
	if (state == VSRV_CONNECTED &&
	    (version < d->version || (d->features && !(features & d->features))))
		return VSRV_MSG_UNKNOWN;
	if (!(d->states & BIT(state)))
		return VSRV_MSG_STATE;

	min_size = d->min_size;
	if (type == VMBUS_MSG_OPEN &&
	    (features & (VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT)))
		min_size = sizeof(struct vmbus_open2_msg);
	if (size < min_size)
		return VSRV_MSG_SHORT;

	*desc = d;
	return VSRV_MSG_OK;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_msg_check);

/**
 * vsrv_version_supported - is this a version that the server speaks?
 * @version: as requested
 * @max_version: the server's knob
 *
 * Context: any.
 * Return: true if it is.
 */
bool vsrv_version_supported(u32 version, u32 max_version)
{
	static const u32 versions[] = {
		VMBUS_VERSION(0, 13), VMBUS_VERSION(1, 1), VMBUS_VERSION(2, 4),
		VMBUS_VERSION(3, 0), VMBUS_VERSION(4, 0), VMBUS_VERSION(4, 1),
		VMBUS_VERSION(5, 0), VMBUS_VERSION(5, 1), VMBUS_VERSION(5, 2),
		VMBUS_VERSION(5, 3), VMBUS_VERSION(6, 0),
	};
	unsigned int i;

	if (version > max_version)
		return false;
	for (i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i] == version)
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_version_supported);

/**
 * vsrv_contact_parse - read an INITIATE_CONTACT
 * @msg: message, long enough for struct vmbus_contact_msg
 * @contact: out
 *
 * SINT and VTL mean something only on a connection that many clients share,
 * from the version on that knows them; features from 6.0 on.  The comparisons
 * use the number as requested, also if it is no version at all.
 *
 * Context: any.
 * Return: 0, or -EINVAL if the message says that it is long and is not.
 */
int vsrv_contact_parse(const struct vpart_message *msg, struct vsrv_contact *contact)
{
	const struct vmbus_contact2_msg *m2 = (const void *)msg->payload;
	const struct vmbus_contact_msg *m = &m2->contact;
	bool multi = msg->connection_id != VMBUS_CONN_MESSAGE;
	u64 info = le64_to_cpu(m->target_info);

	*contact = (struct vsrv_contact) {
		.version = le32_to_cpu(m->version),
		.sint = VMBUS_SINT,
		.connection_id = msg->connection_id,
		.trusted = msg->trusted,
		.monitor_gpa = le64_to_cpu(m->child_to_parent),
		.monitor_p2c = le64_to_cpu(m->parent_to_child),
		.monitor_invalid = !m->parent_to_child != !m->child_to_parent,
	};
	if (contact->version < VMBUS_VERSION(2, 4))
		contact->int_page = info;
	if (contact->version >= VMBUS_VERSION(3, 0))
		contact->target_vp = le32_to_cpu(m->target_vp);
	if (multi && contact->version >= VMBUS_VERSION(5, 0))
		contact->sint = FIELD_GET(VMBUS_CONTACT_SINT, info);
	if (multi && contact->version >= VMBUS_VERSION(5, 1))
		contact->vtl = FIELD_GET(VMBUS_CONTACT_VTL, info);
	if (contact->version >= VMBUS_VERSION(6, 0))
		contact->features = FIELD_GET(VMBUS_CONTACT_FEATURES, info);

	if (contact->features & VMBUS_FEATURE_CLIENT_ID) {
		if (msg->size < sizeof(*m2))
			return -EINVAL;
		contact->client_id = m2->client_id;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_contact_parse);

/**
 * vsrv_version_response - build a VERSION_RESPONSE
 * @buf: room for struct vmbus_version_response3_msg
 * @contact: what is answered
 * @supported: the version is
 * @connection_state: VMBUS_CONNECTION_*
 * @features: what was negotiated
 * @monitor_gpa: monitor page from the client, if @features say that the server names it
 *
 * Clients tell the forms apart by their length alone.  A version that is not
 * supported always gets the short one, all zero; so does one that has no other
 * way to learn of a failure.
 *
 * Context: any.
 * Return: bytes of the message.
 */
u32 vsrv_version_response(void *buf, const struct vsrv_contact *contact, bool supported,
			  u8 connection_state, u32 features, u64 monitor_gpa)
{
	struct vmbus_version_response3_msg *m3 = buf;
	struct vmbus_version_response2_msg *m = &m3->v2;

	memset(m3, 0, sizeof(*m3));
	m->v1.hdr.type = cpu_to_le32(VMBUS_MSG_VERSION_RESPONSE);
	if (!supported || (connection_state && contact->version < VMBUS_VERSION(2, 4)))
		return sizeof(m->v1);

	m->v1.supported = 1;
	m->v1.connection_state = connection_state;
	m->v1.selected = cpu_to_le32(contact->version >= VMBUS_VERSION(5, 0) ?
				     contact->connection_id : contact->version);
	if (contact->version < VMBUS_VERSION(6, 0))
		return sizeof(m->v1);

	m->features = cpu_to_le32(features);
	if (!(features & VMBUS_FEATURE_SERVER_MONITOR))
		return sizeof(*m);

	m3->child_to_parent = cpu_to_le64(monitor_gpa);
	return sizeof(*m3);
}
EXPORT_SYMBOL_IF_KUNIT(vsrv_version_response);
