// SPDX-License-Identifier: GPL-2.0-only
/*
 * RNDIS control messages of the guest, and those that it gets.
 */
#include <kunit/visibility.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "packet.h"

#define NETVSP_MAX_TRANSFER		0xefffffff
#define NETVSP_ALIGNMENT		3	/* frames in a message: to 1 << 3 bytes */

/* Bytes of an answer with nothing behind it */
#define NETVSP_ANSWER_PLAIN	offsetofend(struct rndis_answer, status)
#define NETVSP_ANSWER_QUERY	offsetofend(struct rndis_answer, query)
#define NETVSP_ANSWER_INIT	offsetofend(struct rndis_answer, init)

/* Bytes of a request; those of RNDIS_MSG_HALT and RNDIS_MSG_RESET do not matter */
#define NETVSP_REQUEST_ID	offsetofend(struct rndis_request, id)
#define NETVSP_REQUEST_INIT	offsetofend(struct rndis_request, init)
#define NETVSP_REQUEST_QUERY	offsetofend(struct rndis_request, query)

/* Offsets of information buffers count from there. */
#define NETVSP_OFFSET_BASE	offsetof(struct rndis_request, id)

static_assert(offsetof(struct rndis_answer, id) == NETVSP_OFFSET_BASE);

/**
 * struct netvsp_step - a message under way
 * @req: its beginning; as far as it was checked
 * @msg: all of it
 * @len: bytes of @msg
 * @answer: the answer
 * @changed: NETVSP_CHANGED_*
 */
struct netvsp_step {
	struct rndis_request req;
	const u8 *msg;
	u32 len;
	void *answer;
	u32 changed;
};

/**
 * netvsp_control_init - a channel was opened
 * @control: out; @adapter is for the caller
 * @max_queues: channels that there can be, the primary one included
 * @ndis_major: of the guest's stack
 * @ndis_minor: the same
 */
void netvsp_control_init(struct netvsp_control *control, u16 max_queues, u32 ndis_major,
			 u32 ndis_minor)
{
	*control = (struct netvsp_control) {
		.max_queues = clamp_t(u16, max_queues, 1, NETVSP_MAX_CHANNELS),
		.ndis_major = ndis_major,
		.ndis_minor = ndis_minor,
	};
	netvsp_settings_reset(&control->settings);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_control_init);

/* ---- answers -------------------------------------------------------------------------- */

static struct rndis_answer *netvsp_answer_begin(const struct netvsp_step *step, u32 status,
						u32 len)
{
	struct rndis_answer *answer = step->answer;

	memset(answer, 0, sizeof(*answer));
	answer->hdr.type = step->req.hdr.type | cpu_to_le32(RNDIS_MSG_COMPLETION);
	answer->hdr.len = cpu_to_le32(len);
	answer->id = step->req.id;
	answer->status = cpu_to_le32(status);
	return answer;
}

static int netvsp_answer_plain(const struct netvsp_step *step, u32 status)
{
	netvsp_answer_begin(step, status, NETVSP_ANSWER_PLAIN);
	return NETVSP_ANSWER_PLAIN;
}

/* ---- requests ------------------------------------------------------------------------- */

static int netvsp_initialize(struct netvsp_control *control, struct netvsp_step *step)
{
	struct rndis_answer *answer;

	if (control->initialized)
		return -EPROTO;
	answer = netvsp_answer_begin(step, RNDIS_STATUS_SUCCESS, NETVSP_ANSWER_INIT);
	answer->init.major = cpu_to_le32(RNDIS_MAJOR_VERSION);
	answer->init.minor = cpu_to_le32(RNDIS_MINOR_VERSION);
	answer->init.flags = cpu_to_le32(RNDIS_DF_CONNECTIONLESS);
	answer->init.medium = cpu_to_le32(RNDIS_MEDIUM_802_3);
	answer->init.max_packets = cpu_to_le32(NETVSP_MESSAGES);
	answer->init.max_transfer = cpu_to_le32(NETVSP_MAX_TRANSFER);
	answer->init.alignment = cpu_to_le32(NETVSP_ALIGNMENT);
	control->initialized = true;
	step->changed |= NETVSP_CHANGED_INIT;
	return NETVSP_ANSWER_INIT;
}

static void netvsp_forget(struct netvsp_control *control, struct netvsp_step *step)
{
	netvsp_settings_reset(&control->settings);
	step->changed |= NETVSP_CHANGED_HALT;
}

static int netvsp_halt(struct netvsp_control *control, struct netvsp_step *step)
{
	control->initialized = false;
	netvsp_forget(control, step);
	return 0;
}

static int netvsp_reset(struct netvsp_control *control, struct netvsp_step *step)
{
	struct rndis_reset_answer *answer = step->answer;

	netvsp_forget(control, step);
	answer->hdr.type = cpu_to_le32(RNDIS_MSG_RESET_C);
	answer->hdr.len = cpu_to_le32(sizeof(*answer));
	answer->status = cpu_to_le32(RNDIS_STATUS_SUCCESS);
	/* The guest has to set its filter again. */
	answer->addressing_reset = cpu_to_le32(1);
	return sizeof(*answer);
}

/* Where the information buffer is.  False if it is not all within the message. */
static bool netvsp_information(const struct netvsp_step *step, const u8 **in, u32 *in_len)
{
	u32 offset = le32_to_cpu(step->req.query.offset);
	u32 len = le32_to_cpu(step->req.query.len);
	u32 room = step->len - NETVSP_OFFSET_BASE;

	*in = step->msg + step->len;
	*in_len = 0;
	if (!len)
		return true;
	if (offset < NETVSP_REQUEST_QUERY - NETVSP_OFFSET_BASE || offset > room ||
	    len > room - offset)
		return false;
	*in = step->msg + NETVSP_OFFSET_BASE + offset;
	*in_len = len;
	return true;
}

static int netvsp_control_query(struct netvsp_control *control, struct netvsp_step *step)
{
	struct rndis_answer *answer = netvsp_answer_begin(step, 0, NETVSP_ANSWER_QUERY);
	u32 status = RNDIS_STATUS_ADAPTER_NOT_READY;
	u32 in_len, out_len = 0;
	const u8 *in;

	if (!netvsp_information(step, &in, &in_len))
		status = RNDIS_STATUS_INVALID_DATA;
	else if (control->initialized)
		status = netvsp_oid_query(control, le32_to_cpu(step->req.query.oid), in, in_len,
					  step->answer + NETVSP_ANSWER_QUERY,
					  NETVSP_ANSWER_MAX - NETVSP_ANSWER_QUERY, &out_len);

	answer->hdr.len = cpu_to_le32(NETVSP_ANSWER_QUERY + out_len);
	answer->status = cpu_to_le32(status);
	/* Linux guests look at the offset, not at the status. */
	if (!status) {
		answer->query.len = cpu_to_le32(out_len);
		answer->query.offset = cpu_to_le32(NETVSP_ANSWER_QUERY - NETVSP_OFFSET_BASE);
	}
	return NETVSP_ANSWER_QUERY + out_len;
}

static int netvsp_control_set(struct netvsp_control *control, struct netvsp_step *step)
{
	u32 status = RNDIS_STATUS_ADAPTER_NOT_READY;
	const u8 *in;
	u32 in_len;

	if (!netvsp_information(step, &in, &in_len))
		status = RNDIS_STATUS_INVALID_DATA;
	else if (control->initialized)
		status = netvsp_oid_set(control, le32_to_cpu(step->req.query.oid), in, in_len,
					&step->changed);
	return netvsp_answer_plain(step, status);
}

/* Bytes that a message has at least; 0 for what guests do not send. */
static u32 netvsp_request_min(u32 type)
{
	switch (type) {
	case RNDIS_MSG_INIT:
		return NETVSP_REQUEST_INIT;
	case RNDIS_MSG_HALT:
	case RNDIS_MSG_RESET:
		return sizeof(struct rndis_header);
	case RNDIS_MSG_QUERY:
	case RNDIS_MSG_SET:
		return NETVSP_REQUEST_QUERY;
	case RNDIS_MSG_KEEPALIVE:
		return NETVSP_REQUEST_ID;
	default:
		return 0;
	}
}

static int netvsp_control_message(struct netvsp_control *control, struct netvsp_step *step)
{
	switch (le32_to_cpu(step->req.hdr.type)) {
	case RNDIS_MSG_INIT:
		return netvsp_initialize(control, step);
	case RNDIS_MSG_HALT:
		return netvsp_halt(control, step);
	case RNDIS_MSG_QUERY:
		return netvsp_control_query(control, step);
	case RNDIS_MSG_SET:
		return netvsp_control_set(control, step);
	case RNDIS_MSG_RESET:
		return netvsp_reset(control, step);
	default:
		return netvsp_answer_plain(step, RNDIS_STATUS_SUCCESS);
	}
}

/**
 * netvsp_control_step - answer a control message of the guest
 * @control: adapter; changed
 * @msg: message, and what may be behind it; private
 * @len: bytes of @msg
 * @answer: out: NETVSP_ANSWER_MAX bytes
 * @changed: out: NETVSP_CHANGED_*
 *
 * What can be answered is: an OID that is not known, or an information buffer that is
 * not in the message, is an error of the request.
 *
 * Return: bytes of the answer; 0 if there is none; -EINVAL for a message that is too
 * short, or longer than @len; -EPROTO for one that no guest sends, or not then.
 */
int netvsp_control_step(struct netvsp_control *control, const void *msg, u32 len,
			void *answer, u32 *changed)
{
	struct netvsp_step step = { .msg = msg, .answer = answer };
	u32 min;
	int ret;

	*changed = 0;
	if (len < sizeof(step.req.hdr))
		return -EINVAL;
	memcpy(&step.req, msg, min_t(u32, len, sizeof(step.req)));
	min = netvsp_request_min(le32_to_cpu(step.req.hdr.type));
	if (!min)
		return -EPROTO;
	step.len = le32_to_cpu(step.req.hdr.len);
	if (step.len < min || step.len > len)
		return -EINVAL;
	ret = netvsp_control_message(control, &step);
	*changed = step.changed;
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_control_step);

/**
 * netvsp_answer_status - what an answer says of the request
 * @answer: of netvsp_control_step()
 * @len: what that returned
 *
 * Return: RNDIS_STATUS_*; success where there is no answer.
 */
u32 netvsp_answer_status(const void *answer, int len)
{
	const struct rndis_reset_answer *reset = answer;
	const struct rndis_answer *other = answer;

	if (len <= 0)
		return RNDIS_STATUS_SUCCESS;
	if (reset->hdr.type == cpu_to_le32(RNDIS_MSG_RESET_C))
		return le32_to_cpu(reset->status);
	return le32_to_cpu(other->status);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_answer_status);

/* ---- news ----------------------------------------------------------------------------- */

/**
 * netvsp_indicate_link - make the news that the link has come or gone
 * @answer: out: NETVSP_ANSWER_MAX bytes
 * @link: there is one
 *
 * Return: bytes.
 */
u32 netvsp_indicate_link(void *answer, bool link)
{
	struct rndis_indicate *msg = answer;

	*msg = (struct rndis_indicate) {
		.hdr.type = cpu_to_le32(RNDIS_MSG_INDICATE),
		.hdr.len = cpu_to_le32(sizeof(*msg)),
		.status = cpu_to_le32(link ? RNDIS_STATUS_MEDIA_CONNECT :
				      RNDIS_STATUS_MEDIA_DISCONNECT),
	};
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(netvsp_indicate_link);
