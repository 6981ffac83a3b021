// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVSP: what the guest may say when, and how it is answered.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/if_vlan.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "packet.h"

#define NETVSP_FRAME_DEFAULT	(ETH_DATA_LEN + ETH_HLEN)

/* Lowest first */
static const u32 netvsp_versions[] = {
	NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
	NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_61,
};

/**
 * struct netvsp_rule - a message that guests send
 * @type: enum nvsp_type
 * @version: NVSP_VERSION_* that has it, or later ones; 0: it comes before there is one
 * @len: bytes that it has at least
 */
struct netvsp_rule {
	u8 type;
	u32 version;
	u8 len;
};

#define NETVSP_RULE(_type, _version, _member) \
	{ _type, _version, offsetofend(struct nvsp_message, _member) }

/* What comes most often is first.  What only hosts send is not here. */
static const struct netvsp_rule netvsp_rules[] = {
	NETVSP_RULE(NVSP_RNDIS_PACKET, NVSP_VERSION_1, rndis),
	NETVSP_RULE(NVSP_INIT, 0, init),
	NETVSP_RULE(NVSP_NDIS_VERSION, NVSP_VERSION_1, ndis_version),
	NETVSP_RULE(NVSP_RECV_BUFFER, NVSP_VERSION_1, buffer),
	NETVSP_RULE(NVSP_REVOKE_RECV_BUFFER, NVSP_VERSION_1, revoke),
	NETVSP_RULE(NVSP_SEND_BUFFER, NVSP_VERSION_1, buffer),
	NETVSP_RULE(NVSP_REVOKE_SEND_BUFFER, NVSP_VERSION_1, revoke),
	NETVSP_RULE(NVSP_NDIS_CONFIG, NVSP_VERSION_2, config),
	NETVSP_RULE(NVSP_SWITCH_DATA_PATH, NVSP_VERSION_4, data_path),
	NETVSP_RULE(NVSP_OID_QUERY_EX, NVSP_VERSION_5, type),
	NETVSP_RULE(NVSP_SUBCHANNEL, NVSP_VERSION_5, subchannel),
};

/* May it come now, and is all of it there? */
static bool netvsp_fits(const struct netvsp_proto *proto, u32 type, u32 len)
{
	const struct netvsp_rule *rule;
	unsigned int i;

	if (proto->sub && type != NVSP_RNDIS_PACKET)
		return false;
	for (i = 0; i < ARRAY_SIZE(netvsp_rules); i++) {
		rule = &netvsp_rules[i];
		if (rule->type != type)
			continue;
		if (len < rule->len)
			return false;
		return rule->version ? proto->version >= rule->version : !proto->version;
	}
	return false;
}

/* ---- messages of the guest ------------------------------------------------------------ */

static u32 netvsp_choose(u32 min, u32 max)
{
	unsigned int i = ARRAY_SIZE(netvsp_versions);

	while (i--)
		if (netvsp_versions[i] >= min && netvsp_versions[i] <= max)
			return netvsp_versions[i];
	return 0;
}

static enum netvsp_act netvsp_on_init(struct netvsp_proto *proto, const struct nvsp_message *msg,
				      struct nvsp_message *answer)
{
	proto->version = netvsp_choose(le32_to_cpu(msg->init.min), le32_to_cpu(msg->init.max));

	answer->type = cpu_to_le32(NVSP_INIT_COMPLETE);
	/* Hosts only tell the first one; what was asked for is what the guest goes by. */
	answer->init_complete.version = cpu_to_le32(proto->version == NVSP_VERSION_1 ?
						    NVSP_VERSION_1 : U32_MAX);
	answer->init_complete.max_mdl_chain = cpu_to_le32(NVSP_MAX_MDL_CHAIN);
	answer->init_complete.status = cpu_to_le32(proto->version ? NVSP_STATUS_SUCCESS :
						   NVSP_STATUS_FAILURE);
	return NETVSP_ACT_ANSWER;
}

static enum netvsp_act netvsp_on_ndis_version(struct netvsp_proto *proto,
					      const struct nvsp_message *msg)
{
	if (proto->ndis_known)
		return NETVSP_ACT_FATAL;
	proto->ndis_known = true;
	proto->ndis_major = le32_to_cpu(msg->ndis_version.major);
	proto->ndis_minor = le32_to_cpu(msg->ndis_version.minor);
	return NETVSP_ACT_ANSWER;
}

static enum netvsp_act netvsp_on_config(struct netvsp_proto *proto, const struct nvsp_message *msg)
{
	u32 mtu = le32_to_cpu(msg->config.mtu);

	if (proto->config)
		return NETVSP_ACT_FATAL;
	proto->config = true;
	proto->caps = le64_to_cpu(msg->config.caps);
	/* Hosts do not refuse what is odd; and frames of the default size always fit. */
	if (mtu >= NETVSP_FRAME_DEFAULT && mtu <= NETVSP_MTU_MAX + ETH_HLEN)
		proto->mtu = mtu;
	return NETVSP_ACT_ANSWER;
}

static enum netvsp_act netvsp_on_recv_buffer(struct netvsp_proto *proto,
					     const struct nvsp_message *msg,
					     struct netvsp_request *req)
{
	/* How it is cut depends on the MTU. */
	if (proto->recv || (proto->version >= NVSP_VERSION_2 && !proto->config))
		return NETVSP_ACT_FATAL;
	proto->recv = true;
	proto->recv_id = le16_to_cpu(msg->buffer.id);
	req->gpadl = le32_to_cpu(msg->buffer.gpadl);
	return NETVSP_ACT_RECV_BUFFER;
}

static enum netvsp_act netvsp_on_send_buffer(struct netvsp_proto *proto,
					     const struct nvsp_message *msg,
					     struct netvsp_request *req)
{
	if (proto->send)
		return NETVSP_ACT_FATAL;
	proto->send = true;
	proto->send_id = le16_to_cpu(msg->buffer.id);
	req->gpadl = le32_to_cpu(msg->buffer.gpadl);
	return NETVSP_ACT_SEND_BUFFER;
}

static enum netvsp_act netvsp_on_revoke_recv(struct netvsp_proto *proto,
					     const struct nvsp_message *msg)
{
	if (!proto->recv || le16_to_cpu(msg->revoke.id) != proto->recv_id)
		return NETVSP_ACT_FATAL;
	proto->recv = false;
	return NETVSP_ACT_REVOKE_RECV;
}

static enum netvsp_act netvsp_on_revoke_send(struct netvsp_proto *proto,
					     const struct nvsp_message *msg)
{
	if (!proto->send || le16_to_cpu(msg->revoke.id) != proto->send_id)
		return NETVSP_ACT_FATAL;
	proto->send = false;
	return NETVSP_ACT_REVOKE_SEND;
}

static enum netvsp_act netvsp_on_rndis(const struct netvsp_proto *proto,
				       const struct nvsp_message *msg, struct netvsp_request *req,
				       struct nvsp_message *answer)
{
	/* Without a receive buffer there is no answer to it, but the guest awaits this one. */
	bool ready = proto->sub || (proto->recv && proto->ndis_known);

	answer->type = cpu_to_le32(NVSP_RNDIS_PACKET_COMPLETE);
	answer->rndis_complete.status = cpu_to_le32(ready ? NVSP_STATUS_SUCCESS :
						    NVSP_STATUS_FAILURE);
	req->section = le32_to_cpu(msg->rndis.section);
	req->size = le32_to_cpu(msg->rndis.size);
	req->control = le32_to_cpu(msg->rndis.channel) == NVSP_CHANNEL_CONTROL;
	return ready ? NETVSP_ACT_RNDIS : NETVSP_ACT_ANSWER;
}

static enum netvsp_act netvsp_on_data_path(const struct nvsp_message *msg,
					   struct netvsp_request *req)
{
	u32 active = le32_to_cpu(msg->data_path.active);

	if (active != NVSP_DATA_PATH_SYNTHETIC && active != NVSP_DATA_PATH_VF)
		return NETVSP_ACT_FATAL;
	req->vf = active == NVSP_DATA_PATH_VF;
	return NETVSP_ACT_DATA_PATH;
}

static enum netvsp_act netvsp_on_subchannel(struct netvsp_proto *proto,
					    const struct nvsp_message *msg,
					    struct netvsp_request *req, struct nvsp_message *answer)
{
	u32 count = le32_to_cpu(msg->subchannel.count);

	if (proto->subs || !proto->recv || !count || count > proto->max_subs ||
	    le32_to_cpu(msg->subchannel.op) != NVSP_SUBCHANNEL_ALLOCATE) {
		answer->type = cpu_to_le32(NVSP_SUBCHANNEL);
		answer->subchannel_complete.status = cpu_to_le32(NVSP_STATUS_FAILURE);
		return NETVSP_ACT_ANSWER;
	}
	/* However many it gets: see netvsp_recv_share(). */
	proto->subs = true;
	req->count = count;
	return NETVSP_ACT_SUBCHANNELS;
}

static enum netvsp_act netvsp_on_oid_query_ex(struct nvsp_message *answer)
{
	answer->type = cpu_to_le32(NVSP_OID_QUERY_EX_COMPLETE);
	answer->oid_complete.status = cpu_to_le32(RNDIS_STATUS_NOT_SUPPORTED);
	return NETVSP_ACT_ANSWER;
}

/**
 * netvsp_proto_step - decide on a message of the guest
 * @proto: state of the protocol; changed, unless the action is NETVSP_ACT_FATAL
 * @payload: of the packet; private
 * @len: bytes of @payload
 * @req: out: what the action needs
 * @answer: out: the answer, for NETVSP_ACT_ANSWER; an empty one for the two revocations
 *	and NETVSP_ACT_DATA_PATH; NVSP_RNDIS_PACKET_COMPLETE for NETVSP_ACT_RNDIS; for
 *	others what they name makes it
 *
 * Neither the section of an RNDIS message nor the name of a GPADL was looked at: what
 * there is of them is not known here.
 *
 * Return: what to do.
 */
enum netvsp_act netvsp_proto_step(struct netvsp_proto *proto, const void *payload, u32 len,
				  struct netvsp_request *req, struct nvsp_message *answer)
{
	struct nvsp_message msg;

	memset(req, 0, sizeof(*req));
	memset(answer, 0, NVSP_MESSAGE_SIZE_61);
	if (len < sizeof(msg.type))
		return NETVSP_ACT_FATAL;
	memcpy(&msg, payload, min_t(u32, len, NVSP_MESSAGE_SIZE));
	req->type = le32_to_cpu(msg.type);
	if (!netvsp_fits(proto, req->type, len))
		return NETVSP_ACT_FATAL;

	switch (req->type) {
	case NVSP_RNDIS_PACKET:
		return netvsp_on_rndis(proto, &msg, req, answer);
	case NVSP_INIT:
		return netvsp_on_init(proto, &msg, answer);
	case NVSP_NDIS_VERSION:
		return netvsp_on_ndis_version(proto, &msg);
	case NVSP_NDIS_CONFIG:
		return netvsp_on_config(proto, &msg);
	case NVSP_RECV_BUFFER:
		return netvsp_on_recv_buffer(proto, &msg, req);
	case NVSP_REVOKE_RECV_BUFFER:
		return netvsp_on_revoke_recv(proto, &msg);
	case NVSP_SEND_BUFFER:
		return netvsp_on_send_buffer(proto, &msg, req);
	case NVSP_REVOKE_SEND_BUFFER:
		return netvsp_on_revoke_send(proto, &msg);
	case NVSP_SWITCH_DATA_PATH:
		return netvsp_on_data_path(&msg, req);
	case NVSP_SUBCHANNEL:
		return netvsp_on_subchannel(proto, &msg, req, answer);
	case NVSP_OID_QUERY_EX:
		return netvsp_on_oid_query_ex(answer);
	default:
		return NETVSP_ACT_FATAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_proto_step);

/**
 * netvsp_proto_init - a primary channel was opened
 * @proto: out
 * @max_subs: sub-channels that the guest may ask for
 */
void netvsp_proto_init(struct netvsp_proto *proto, u16 max_subs)
{
	*proto = (struct netvsp_proto) {
		.mtu = NETVSP_FRAME_DEFAULT,
		.max_subs = max_subs,
	};
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_proto_init);

/**
 * netvsp_proto_init_sub - a sub-channel was opened
 * @proto: out
 * @primary: of the primary channel
 */
void netvsp_proto_init_sub(struct netvsp_proto *proto, const struct netvsp_proto *primary)
{
	*proto = *primary;
	proto->sub = true;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_proto_init_sub);

/* ---- messages to the guest ------------------------------------------------------------ */

/**
 * netvsp_message_size - how long messages are
 * @proto: state of the protocol
 *
 * That of netvsp_tell_table() is as long as struct nvsp_message: the table is behind it.
 *
 * Return: bytes.
 */
u32 netvsp_message_size(const struct netvsp_proto *proto)
{
	return proto->version >= NVSP_VERSION_61 ? NVSP_MESSAGE_SIZE_61 : NVSP_MESSAGE_SIZE;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_message_size);

/**
 * netvsp_answer_len - how long a completion is
 * @proto: state of the protocol
 * @answer: from netvsp_proto_step() or netvsp_answer_*()
 *
 * Linux guests wait for a completion without payload after NVSP_SWITCH_DATA_PATH, and
 * one with a message of no type would not end that.
 *
 * Return: bytes of the payload; 0 for an empty answer.
 */
u32 netvsp_answer_len(const struct netvsp_proto *proto, const struct nvsp_message *answer)
{
	return answer->type ? netvsp_message_size(proto) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_answer_len);

/**
 * netvsp_knows_parts - does the guest take a frame in parts, if the offload is on?
 * @proto: state of the protocol
 *
 * Return: true if so.
 */
bool netvsp_knows_parts(const struct netvsp_proto *proto)
{
	return proto->version >= NVSP_VERSION_61 && proto->caps & NVSP_CAP_RSC;
}

/**
 * netvsp_cut_recv - cut a receive buffer into sub-allocations
 * @proto: state of the protocol
 * @len: bytes of the buffer
 * @reserved: sub-allocations that there must be beside one for frames
 * @queues: that share them, at least 1
 * @cut: out
 *
 * A sub-allocation holds any frame that the guest takes, with a tag in it beside that
 * which is told apart.  For a guest that takes a long frame in parts they are longer, if
 * that leaves enough to each queue: each part costs the guest, and has a header.
 *
 * Return: false if the buffer has not even room for one frame.
 */
bool netvsp_cut_recv(const struct netvsp_proto *proto, u32 len, u32 reserved, u16 queues,
		     struct netvsp_cut *cut)
{
	u32 size = NETVSP_SUB_ROOM + proto->mtu;

	if (netvsp_knows_parts(proto))
		size = max(size, min(NETVSP_SUB_LONG, len / (NETVSP_SUBS_ENOUGH * queues)));
	cut->size = ALIGN(size, 8);
	cut->count = len / cut->size;
	return cut->count > reserved;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_cut_recv);

/**
 * netvsp_answer_recv - answer NVSP_RECV_BUFFER
 * @proto: state of the protocol
 * @cut: how it was cut; NULL if it cannot be used, and the guest may give another one
 * @answer: out
 */
void netvsp_answer_recv(struct netvsp_proto *proto, const struct netvsp_cut *cut,
			struct nvsp_message *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->type = cpu_to_le32(NVSP_RECV_BUFFER_COMPLETE);
	proto->recv = cut;
	if (!cut) {
		answer->recv_complete.status = cpu_to_le32(NVSP_STATUS_FAILURE);
		return;
	}
	answer->recv_complete.status = cpu_to_le32(NVSP_STATUS_SUCCESS);
	answer->recv_complete.sections = cpu_to_le32(1);
	answer->recv_complete.size = cpu_to_le32(cut->size);
	answer->recv_complete.count = cpu_to_le32(cut->count);
	answer->recv_complete.end = cpu_to_le32(cut->size * cut->count);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_answer_recv);

/**
 * netvsp_answer_send - answer NVSP_SEND_BUFFER
 * @proto: state of the protocol
 * @ok: it can be used; else the guest may give another one
 * @answer: out
 */
void netvsp_answer_send(struct netvsp_proto *proto, bool ok, struct nvsp_message *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->type = cpu_to_le32(NVSP_SEND_BUFFER_COMPLETE);
	answer->send_complete.status = cpu_to_le32(ok ? NVSP_STATUS_SUCCESS :
						   NVSP_STATUS_FAILURE);
	answer->send_complete.section_size = cpu_to_le32(ok ? NVSP_SECTION_SIZE : 0);
	proto->send = ok;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_answer_send);

/**
 * netvsp_answer_subchannels - answer NVSP_SUBCHANNEL
 * @count: sub-channels that are offered; 0 if that failed
 * @answer: out
 */
void netvsp_answer_subchannels(u16 count, struct nvsp_message *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->type = cpu_to_le32(NVSP_SUBCHANNEL);
	answer->subchannel_complete.status = cpu_to_le32(count ? NVSP_STATUS_SUCCESS :
							 NVSP_STATUS_FAILURE);
	answer->subchannel_complete.count = cpu_to_le32(count);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_answer_subchannels);

/**
 * netvsp_tell_vf - make NVSP_VF_ASSOCIATION
 * @msg: out
 * @allocated: there is a VF; else it has gone
 * @serial: of its slot on the guest's VPCI bus
 */
void netvsp_tell_vf(struct nvsp_message *msg, bool allocated, u32 serial)
{
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(NVSP_VF_ASSOCIATION);
	msg->vf.allocated = cpu_to_le32(allocated);
	msg->vf.serial = cpu_to_le32(serial);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_tell_vf);

/**
 * netvsp_tell_data_path - make NVSP_SWITCH_DATA_PATH
 * @msg: out
 * @vf: the guest is to use the VF
 */
void netvsp_tell_data_path(struct nvsp_message *msg, bool vf)
{
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(NVSP_SWITCH_DATA_PATH);
	msg->data_path.active = cpu_to_le32(vf ? NVSP_DATA_PATH_VF : NVSP_DATA_PATH_SYNTHETIC);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_tell_data_path);

/**
 * netvsp_tell_table - make NVSP_INDIRECTION_TABLE: which channel the guest is to send on
 * @msg: out; all of it is sent
 * @channels: that are open, the primary one included; at least 1
 */
void netvsp_tell_table(struct nvsp_message *msg, u16 channels)
{
	unsigned int i;

	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(NVSP_INDIRECTION_TABLE);
	msg->table.count = cpu_to_le32(NVSP_TABLE_SIZE);
	msg->table.offset = cpu_to_le32(offsetof(struct nvsp_message, table.entries));
	for (i = 0; i < NVSP_TABLE_SIZE; i++)
		msg->table.entries[i] = cpu_to_le32(channels ? i % channels : 0);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_tell_table);
