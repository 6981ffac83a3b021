// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest may ask for when: the initialization of a controller, on its primary
 * channel.
 */
#include <kunit/visibility.h>
#include "packet.h"

static bool storvsp_multi_channel(const struct storvsp_proto *proto)
{
	return proto->version >= STORVSP_VERSION_WIN8;
}

/* The one request that leads out of each state. */
static const u8 storvsp_expected[STORVSP_STATE_READY] = {
	[STORVSP_STATE_BEGIN] = STORVSP_BEGIN_INIT,
	[STORVSP_STATE_VERSION] = STORVSP_QUERY_VERSION,
	[STORVSP_STATE_PROPERTIES] = STORVSP_QUERY_PROPERTIES,
	[STORVSP_STATE_END] = STORVSP_END_INIT,
};

static enum storvsp_action storvsp_refuse(struct storvsp_answer *answer,
					  const struct storvsp_request *req, u32 status)
{
	storvsp_answer(answer, req, status);
	return STORVSP_ACT_REFUSE;
}

static enum storvsp_action storvsp_create_subchannels(const struct storvsp_proto *proto,
						      struct storvsp_answer *answer,
						      const struct storvsp_request *req)
{
	u16 n = le16_to_cpu(req->packet.subchannels);

	if (proto->sub)
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_DEVICE_REQUEST);
	if (!storvsp_multi_channel(proto))
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_DEVICE_STATE);
	if (n > proto->max_subs)
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_PARAMETER);
	return n ? STORVSP_ACT_OFFER : STORVSP_ACT_ANSWER;
}

static void storvsp_query_version(struct storvsp_proto *proto, const struct storvsp_request *req,
				  struct storvsp_answer *answer)
{
	u16 version = le16_to_cpu(req->packet.version.version);

	switch (version) {
	case STORVSP_VERSION_WIN6:
	case STORVSP_VERSION_WIN7:
	case STORVSP_VERSION_WIN8:
	case STORVSP_VERSION_BLUE:
		proto->version = version;
		proto->state = STORVSP_STATE_PROPERTIES;
		break;
	default:
		/*
		 * Guests ask for the next one then.  Nobody has said in public what
		 * STORVSP_VERSION_WIN10 changes, and those that know it know Blue, too.
		 */
		storvsp_answer(answer, req, STORVSP_STATUS_REVISION_MISMATCH);
	}
}

static void storvsp_query_properties(const struct storvsp_proto *proto,
				     struct storvsp_answer *answer)
{
	struct storvsp_properties *p = &answer->packet.properties;

	p->max_transfer = cpu_to_le32(STORVSP_MAX_TRANSFER);
	if (!storvsp_multi_channel(proto))
		return;
	p->max_subchannels = cpu_to_le16(proto->max_subs);
	if (proto->max_subs)
		p->flags = cpu_to_le32(STORVSP_PROPERTY_MULTI_CHANNEL);
}

static enum storvsp_action storvsp_init_step(struct storvsp_proto *proto,
					     const struct storvsp_request *req,
					     struct storvsp_answer *answer)
{
	if (req->operation == STORVSP_CREATE_SUB_CHANNELS && proto->state == STORVSP_STATE_END)
		return storvsp_create_subchannels(proto, answer, req);
	if (req->operation != storvsp_expected[proto->state])
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_DEVICE_STATE);

	switch (proto->state) {
	case STORVSP_STATE_BEGIN:
		proto->state = STORVSP_STATE_VERSION;
		break;
	case STORVSP_STATE_VERSION:
		storvsp_query_version(proto, req, answer);
		break;
	case STORVSP_STATE_PROPERTIES:
		storvsp_query_properties(proto, answer);
		proto->state = STORVSP_STATE_END;
		break;
	default:
		proto->state = STORVSP_STATE_READY;
		break;
	}
	return STORVSP_ACT_ANSWER;
}

static enum storvsp_action storvsp_ready_step(const struct storvsp_proto *proto,
					      const struct storvsp_request *req,
					      struct storvsp_answer *answer)
{
	switch (req->operation) {
	case STORVSP_EXECUTE_SRB:
		return STORVSP_ACT_EXECUTE;
	case STORVSP_RESET_LUN:
	case STORVSP_RESET_ADAPTER:
	case STORVSP_RESET_BUS:
		return STORVSP_ACT_RESET;
	case STORVSP_CREATE_SUB_CHANNELS:
		return storvsp_create_subchannels(proto, answer, req);
	case STORVSP_BEGIN_INIT:
	case STORVSP_END_INIT:
	case STORVSP_QUERY_VERSION:
	case STORVSP_QUERY_PROPERTIES:
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_DEVICE_STATE);
	default:
		/* Fibre channel, and what only a host sends. */
		return storvsp_refuse(answer, req, STORVSP_STATUS_INVALID_DEVICE_REQUEST);
	}
}

/**
 * storvsp_proto_step - decide on a request
 * @proto: state of the protocol; changed
 * @req: from storvsp_parse()
 * @answer: out: the answer, unless the action is STORVSP_ACT_EXECUTE
 *
 * A request that does not fit is refused and changes nothing.
 *
 * Return: what to do.
 */
enum storvsp_action storvsp_proto_step(struct storvsp_proto *proto,
				       const struct storvsp_request *req,
				       struct storvsp_answer *answer)
{
	storvsp_answer(answer, req, STORVSP_STATUS_SUCCESS);
	if (proto->state == STORVSP_STATE_READY)
		return storvsp_ready_step(proto, req, answer);
	return storvsp_init_step(proto, req, answer);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_proto_step);

/**
 * storvsp_enumerate_len - how a guest is told that disks came or went
 * @proto: state of the protocol; ready
 *
 * Return: bytes of the packet, as long as all of this version; 0 if it has none.
 */
u32 storvsp_enumerate_len(const struct storvsp_proto *proto)
{
	if (proto->version < STORVSP_VERSION_WIN7)
		return 0;
	return sizeof(struct storvsp_header) + (proto->version < STORVSP_VERSION_WIN8 ?
						STORVSP_REQUEST_SIZE_V1 : STORVSP_REQUEST_SIZE);
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_enumerate_len);

/**
 * storvsp_proto_init - a channel was opened
 * @proto: out
 * @sub: it is a sub-channel
 * @max_subs: sub-channels that the guest may ask for
 */
void storvsp_proto_init(struct storvsp_proto *proto, bool sub, u16 max_subs)
{
	*proto = (struct storvsp_proto) {
		.state = sub ? STORVSP_STATE_READY : STORVSP_STATE_BEGIN,
		.sub = sub,
		.max_subs = max_subs,
	};
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_proto_init);
