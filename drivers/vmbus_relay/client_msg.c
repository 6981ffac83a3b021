// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the client's messages and reading the host's.
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "client.h"

static void vrelay_msg_hdr(struct vmbus_msg_hdr *hdr, enum vmbus_msg_type type)
{
	hdr->type = cpu_to_le32(type);
	hdr->padding = 0;
}

/**
 * vrelay_msg_contact() - INITIATE_CONTACT
 * @buf: VMBUS_MSG_MAX bytes
 * @version: version to ask for
 * @features: features to ask for; none below 6.0
 * @client_id: sent with VMBUS_FEATURE_CLIENT_ID, which makes the long form
 *
 * SINT and VTL are those of an ordinary guest: that messages are redirected to
 * VTL2 follows from the connection they are posted to.  Below 5.0 an interrupt page
 * would stand there, and there is none.
 *
 * Return: length of the message.
 */
u32 vrelay_msg_contact(void *buf, u32 version, u32 features, const guid_t *client_id)
{
	struct vmbus_contact2_msg *msg = buf;
	u64 target;

	if (version < VMBUS_VERSION(6, 0))
		features = 0;
	target = FIELD_PREP(VMBUS_CONTACT_SINT, version < VMBUS_VERSION(5, 0) ? 0 : VMBUS_SINT) |
		 FIELD_PREP(VMBUS_CONTACT_VTL, 0) |
		 FIELD_PREP(VMBUS_CONTACT_FEATURES, features);

	memset(msg, 0, sizeof(*msg));
	vrelay_msg_hdr(&msg->contact.hdr, VMBUS_MSG_CONTACT);
	msg->contact.version = cpu_to_le32(version);
	msg->contact.target_info = cpu_to_le64(target);
	if (!(features & VMBUS_FEATURE_CLIENT_ID))
		return sizeof(msg->contact);
	msg->client_id = *client_id;
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_contact);

/**
 * vrelay_msg_open() - OPEN
 * @buf: VMBUS_MSG_MAX bytes
 * @channel_id: the host's
 * @open: parameters
 * @features: agreed with the host; they say whether it takes the form that names
 *	connection and event flag
 *
 * Return: length of the message.
 */
u32 vrelay_msg_open(void *buf, u32 channel_id, const struct vrelay_open *open, u32 features)
{
	struct vmbus_open2_msg *msg = buf;

	memset(msg, 0, sizeof(*msg));
	vrelay_msg_hdr(&msg->open.hdr, VMBUS_MSG_OPEN);
	msg->open.channel_id = cpu_to_le32(channel_id);
	msg->open.ring_gpadl = cpu_to_le32(open->ring_gpadl);
	msg->open.target_vp = cpu_to_le32(open->target_vp);
	msg->open.downstream_page = cpu_to_le32(open->downstream_page);
	memcpy(msg->open.user_data, open->user_data, sizeof(msg->open.user_data));
	if (!(features & (VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT)))
		return sizeof(msg->open);
	msg->connection_id = cpu_to_le32(open->connection_id);
	msg->event_flag = cpu_to_le16(open->event_flag);
	msg->flags = cpu_to_le16(open->event ? VMBUS_OPEN_REDIRECT_INTERRUPT : 0);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_open);

/* A message that is only its type. */
u32 vrelay_msg_simple(void *buf, enum vmbus_msg_type type)
{
	vrelay_msg_hdr(buf, type);
	return sizeof(struct vmbus_msg_hdr);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_simple);

/* A message that only names a channel. */
u32 vrelay_msg_channel(void *buf, enum vmbus_msg_type type, u32 channel_id)
{
	struct vmbus_channel_msg *msg = buf;

	vrelay_msg_hdr(&msg->hdr, type);
	msg->channel_id = cpu_to_le32(channel_id);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_channel);

u32 vrelay_msg_teardown(void *buf, u32 channel_id, u32 gpadl_id)
{
	struct vmbus_gpadl_teardown_msg *msg = buf;

	vrelay_msg_hdr(&msg->hdr, VMBUS_MSG_GPADL_TEARDOWN);
	msg->channel_id = cpu_to_le32(channel_id);
	msg->gpadl_id = cpu_to_le32(gpadl_id);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_teardown);

u32 vrelay_msg_modify(void *buf, u32 channel_id, u32 target_vp)
{
	struct vmbus_modify_channel_msg *msg = buf;

	vrelay_msg_hdr(&msg->hdr, VMBUS_MSG_MODIFY_CHANNEL);
	msg->channel_id = cpu_to_le32(channel_id);
	msg->target_vp = cpu_to_le32(target_vp);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_modify);

/* Guest physical addresses of the guest's monitor pages, or 0 and 0 for none. */
u32 vrelay_msg_modify_connection(void *buf, u64 p2c, u64 c2p)
{
	struct vmbus_modify_connection_msg *msg = buf;

	vrelay_msg_hdr(&msg->hdr, VMBUS_MSG_MODIFY_CONNECTION);
	msg->parent_to_child = cpu_to_le64(p2c);
	msg->child_to_parent = cpu_to_le64(c2p);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_modify_connection);

/**
 * vrelay_msg_tl_connect() - TL_CONNECT
 * @buf: VMBUS_MSG_MAX bytes
 * @version: agreed with the host, which knows silos or not
 * @service_id: service of the host
 * @endpoint_id: the guest's end
 * @silo_id: container of the guest
 *
 * Return: length of the message.
 */
u32 vrelay_msg_tl_connect(void *buf, u32 version, const guid_t *service_id,
			  const guid_t *endpoint_id, const guid_t *silo_id)
{
	struct vmbus_tl_connect2_msg *msg = buf;

	vrelay_msg_hdr(&msg->v1.hdr, VMBUS_MSG_TL_CONNECT);
	msg->v1.service_id = *service_id;
	msg->v1.endpoint_id = *endpoint_id;
	if (version < VMBUS_VERSION(5, 2))
		return sizeof(msg->v1);
	msg->silo_id = *silo_id;
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_tl_connect);

static void vrelay_msg_words(__le64 *to, const u64 *from, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		to[i] = cpu_to_le64(from[i]);
}

/**
 * vrelay_msg_gpadl() - GPADL_HEADER and as many GPADL_BODY as it takes
 * @out: messages are added at its end, all or none
 * @channel_id: the host's
 * @gpadl_id: the guest's
 * @range_count: ranges
 * @words: the guest's words, passed on as they are
 * @nwords: number of @words
 *
 * Return: number of messages or -errno.
 */
int vrelay_msg_gpadl(struct list_head *out, u32 channel_id, u32 gpadl_id, u16 range_count,
		     const u64 *words, unsigned int nwords)
{
	struct vmbus_gpadl_header_msg *header;
	struct vmbus_gpadl_body_msg *body;
	struct vrelay_out *msg;
	LIST_HEAD(list);
	unsigned int n;
	int count = 0;

	if (nwords > VRELAY_MAX_GPADL_WORDS)
		return -EINVAL;

	do {
		msg = kzalloc(sizeof(*msg), GFP_KERNEL);
		if (!msg) {
			vrelay_out_free(&list);
			return -ENOMEM;
		}
		list_add_tail(&msg->node, &list);
		if (!count) {
			n = min_t(unsigned int, nwords, VMBUS_GPADL_HEADER_WORDS);
			header = (void *)msg->payload;
			vrelay_msg_hdr(&header->hdr, VMBUS_MSG_GPADL_HEADER);
			header->channel_id = cpu_to_le32(channel_id);
			header->gpadl_id = cpu_to_le32(gpadl_id);
			header->range_bytes = cpu_to_le16(nwords * sizeof(__le64));
			header->range_count = cpu_to_le16(range_count);
			vrelay_msg_words(header->words, words, n);
			msg->len = struct_size(header, words, n);
		} else {
			n = min_t(unsigned int, nwords, VMBUS_GPADL_BODY_WORDS);
			body = (void *)msg->payload;
			vrelay_msg_hdr(&body->hdr, VMBUS_MSG_GPADL_BODY);
			body->gpadl_id = cpu_to_le32(gpadl_id);
			vrelay_msg_words(body->words, words, n);
			msg->len = struct_size(body, words, n);
		}
		words += n;
		nwords -= n;
		count++;
	} while (nwords);

	list_splice_tail(&list, out);
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_msg_gpadl);

void vrelay_out_free(struct list_head *out)
{
	struct vrelay_out *msg, *next;

	list_for_each_entry_safe(msg, next, out, node) {
		list_del(&msg->node);
		kfree(msg);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_out_free);

/**
 * vrelay_parse_version() - read a VERSION_RESPONSE
 * @payload: private copy of the message
 * @len: its length, which alone tells the forms apart
 * @version: result
 *
 * The 40-byte form adds monitor pages, which the relay does not ask for.
 *
 * Return: 0 or -EINVAL.
 */
int vrelay_parse_version(const void *payload, u32 len, struct vrelay_version *version)
{
	const struct vmbus_version_response2_msg *msg = payload;

	if (len < sizeof(msg->v1))
		return -EINVAL;
	version->supported = msg->v1.supported;
	version->connection_state = msg->v1.connection_state;
	version->features = len >= sizeof(*msg) ? le32_to_cpu(msg->features) : 0;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_parse_version);

/**
 * vrelay_parse_offer() - read an OFFER
 * @payload: private copy of the message
 * @len: its length
 * @offer: result
 *
 * Return: 0 or -EINVAL.
 */
int vrelay_parse_offer(const void *payload, u32 len, struct vrelay_offer *offer)
{
	const struct vmbus_offer_msg *msg = payload;

	if (len < sizeof(*msg))
		return -EINVAL;
	offer->class_id = msg->class_id;
	offer->instance_id = msg->instance_id;
	offer->subchannel = le16_to_cpu(msg->subchannel);
	offer->flags = le16_to_cpu(msg->flags);
	offer->mmio_megabytes = le16_to_cpu(msg->mmio_megabytes);
	offer->mmio_megabytes_optional = le16_to_cpu(msg->mmio_megabytes_optional);
	memcpy(offer->user_defined, msg->user_defined, sizeof(offer->user_defined));
	offer->channel_id = le32_to_cpu(msg->channel_id);
	offer->connection_id = le32_to_cpu(msg->connection_id);
	offer->monitor_id = msg->monitor_id;
	offer->monitored = (msg->monitor_allocated & 1) && msg->monitor_id < VMBUS_MONITOR_IDS;
	/* Ids are part of connection ids, which leave 12 bits for them. */
	if (!offer->channel_id || offer->channel_id > VMBUS_MAX_CHANNEL_ID)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vrelay_parse_offer);
