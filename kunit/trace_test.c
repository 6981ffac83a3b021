// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the tracepoints of messages: each message has its event, and no other
 * has; the event has the message's fields in the order of the guest's events.
 */
#include <linux/align.h>
#include <linux/module.h>
#include <linux/trace.h>
#include <linux/trace_events.h>
#include "fake_guest.h"

#define TT_RET		-71		/* traced as result */
#define TT_FIELDS	10
#define TT_EVENT_MAX	256

/* Where a field is in the message, and its bytes; more than 8 are a GUID. */
struct tt_field {
	u8 offset;
	u8 size;
};

/* Not of the message */
#define RET	{ 0xff, sizeof(int) }

/**
 * struct tt_case - a message and its event
 * @event: name of the event
 * @out: of the server
 * @type: of the message
 * @size: its least bytes
 * @fields: of the event, in order; up to one without a size
 */
struct tt_case {
	const char *event;
	bool out;
	u32 type;
	u32 size;
	struct tt_field fields[TT_FIELDS + 1];
};

static const struct tt_case tt_cases[] = {
	{ "vsrv_request_offers", false, VMBUS_MSG_REQUEST_OFFERS, 8, { RET } },
	{ "vsrv_open", false, VMBUS_MSG_OPEN, 148,
	  { { 8, 4 }, { 12, 4 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, RET } },
	{ "vsrv_close_internal", false, VMBUS_MSG_CLOSE, 12, { { 8, 4 }, RET } },
	{ "vsrv_establish_gpadl_header", false, VMBUS_MSG_GPADL_HEADER, 20,
	  { { 8, 4 }, { 12, 4 }, { 16, 2 }, { 18, 2 }, RET } },
	{ "vsrv_establish_gpadl_body", false, VMBUS_MSG_GPADL_BODY, 16,
	  { { 8, 4 }, { 12, 4 }, RET } },
	{ "vsrv_teardown_gpadl", false, VMBUS_MSG_GPADL_TEARDOWN, 16,
	  { { 8, 4 }, { 12, 4 }, RET } },
	{ "vsrv_release_relid", false, VMBUS_MSG_RELID_RELEASED, 12, { { 8, 4 }, RET } },
	{ "vsrv_negotiate_version", false, VMBUS_MSG_CONTACT, 40,
	  { { 8, 4 }, { 12, 4 }, RET, { 16, 8 }, { 24, 8 }, { 32, 8 } } },
	{ "vsrv_unload", false, VMBUS_MSG_UNLOAD, 8, { RET } },
	{ "vsrv_open_reserved", false, VMBUS_MSG_OPEN_RESERVED, 28,
	  { { 8, 4 }, { 12, 4 }, { 16, 4 }, { 20, 4 }, { 24, 4 }, RET } },
	{ "vsrv_close_reserved", false, VMBUS_MSG_CLOSE_RESERVED, 20,
	  { { 8, 4 }, { 12, 4 }, { 16, 4 }, RET } },
	{ "vsrv_send_tl_connect_request", false, VMBUS_MSG_TL_CONNECT, 40,
	  { { 8, 16 }, { 24, 16 }, RET } },
	{ "vsrv_send_modifychannel", false, VMBUS_MSG_MODIFY_CHANNEL, 16,
	  { { 8, 4 }, { 12, 4 }, RET } },
	{ "vsrv_modify_connection", false, VMBUS_MSG_MODIFY_CONNECTION, 24,
	  { { 8, 8 }, { 16, 8 }, RET } },
	{ "vsrv_pause", false, VMBUS_MSG_PAUSE, 8, { RET } },
	{ "vsrv_resume", false, VMBUS_MSG_RESUME, 8, { RET } },
	{ "vsrv_onoffer", true, VMBUS_MSG_OFFER, 196,
	  { { 184, 4 }, { 188, 1 }, { 190, 2 }, { 192, 4 }, { 8, 16 }, { 24, 16 }, { 56, 2 },
	    { 58, 2 }, { 180, 2 }, RET } },
	{ "vsrv_onoffer_rescind", true, VMBUS_MSG_RESCIND, 12, { { 8, 4 }, RET } },
	{ "vsrv_onoffers_delivered", true, VMBUS_MSG_ALL_OFFERS, 8, { RET } },
	{ "vsrv_onopen_result", true, VMBUS_MSG_OPEN_RESULT, 20,
	  { { 8, 4 }, { 12, 4 }, { 16, 4 }, RET } },
	{ "vsrv_ongpadl_created", true, VMBUS_MSG_GPADL_CREATED, 20,
	  { { 8, 4 }, { 12, 4 }, { 16, 4 }, RET } },
	{ "vsrv_ongpadl_torndown", true, VMBUS_MSG_GPADL_TORNDOWN, 12, { { 8, 4 }, RET } },
	{ "vsrv_onversion_response", true, VMBUS_MSG_VERSION_RESPONSE, 16,
	  { { 8, 1 }, RET, { 9, 1 }, { 12, 4 } } },
	{ "vsrv_onunload_response", true, VMBUS_MSG_UNLOAD_COMPLETE, 8, { RET } },
	{ "vsrv_onclose_reserved_response", true, VMBUS_MSG_CLOSE_RESERVED_RESP, 12,
	  { { 8, 4 }, RET } },
	{ "vsrv_ontl_connect_result", true, VMBUS_MSG_TL_CONNECT_RESULT, 44,
	  { { 8, 16 }, { 24, 16 }, { 40, 4 }, RET } },
	{ "vsrv_onmodifychannel_response", true, VMBUS_MSG_MODIFY_CHANNEL_RESP, 16,
	  { { 8, 4 }, { 12, 4 }, RET } },
	{ "vsrv_onmodifyconnection_response", true, VMBUS_MSG_MODIFY_CONNECTION_RESP, 9,
	  { { 8, 1 }, RET } },
	{ "vsrv_onpause_response", true, VMBUS_MSG_PAUSE_RESPONSE, 8, { RET } },
};

static_assert(ARRAY_SIZE(tt_cases) == VMBUS_MSG_COUNT - 1);

/* ---- listening -------------------------------------------------------------------------- */

/**
 * struct tt - what has been traced; events of others come, too
 * @export: hears every event
 * @first: types of our events are from here
 * @last: to here
 * @event: last one of ours
 * @size: its bytes
 * @count: how many there were
 */
struct tt {
	struct trace_export export;
	u16 first, last;
	u8 event[TT_EVENT_MAX];
	unsigned int size;
	unsigned int count;
};

static struct trace_event_file *tt_file(struct kunit *test, const char *event)
{
	struct trace_event_file *file = trace_get_event_file(NULL, "vmbus_srv", event);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "no event %s", event);
	return file;
}

static u16 tt_type(struct kunit *test, const char *event)
{
	struct trace_event_file *file = tt_file(test, event);
	u16 type = file->event_call->event.type;

	trace_put_event_file(file);
	return type;
}

static void tt_write(struct trace_export *export, const void *event, unsigned int size)
{
	struct tt *tt = container_of(export, struct tt, export);
	const struct trace_entry *entry = event;

	if (entry->type < tt->first || entry->type > tt->last || size > TT_EVENT_MAX)
		return;
	memcpy(tt->event, event, size);
	tt->size = size;
	tt->count++;
}

static void tt_stop(void *ctx)
{
	struct tt *tt = ctx;

	unregister_ftrace_export(&tt->export);
}

static struct tt *tt_new(struct kunit *test)
{
	struct tt *tt = kunit_kzalloc(test, sizeof(*tt), GFP_KERNEL);
	unsigned int i;
	u16 type;

	KUNIT_ASSERT_NOT_NULL(test, tt);
	tt->first = U16_MAX;
	for (i = 0; i < ARRAY_SIZE(tt_cases); i++) {
		type = tt_type(test, tt_cases[i].event);
		tt->first = min(tt->first, type);
		tt->last = max(tt->last, type);
	}
	tt->export.write = tt_write;
	tt->export.flags = TRACE_EXPORT_EVENT;
	KUNIT_ASSERT_EQ(test, register_ftrace_export(&tt->export), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, tt_stop, tt), 0);
	return tt;
}

static void tt_enable(struct kunit *test, const char *event, bool on)
{
	KUNIT_ASSERT_EQ(test, trace_set_clr_event("vmbus_srv", event, on), 0);
}

/* Trace a message of this type, each byte of which is another; returns its payload. */
static const u8 *tt_trace(struct fg *fg, struct vpart_message *msg, bool out, u32 type, u32 size)
{
	unsigned int i;

	*msg = (struct vpart_message) { .size = size };
	for (i = 0; i < sizeof(msg->payload); i++)
		msg->payload[i] = i + 1;
	memcpy(msg->payload, &(__le32) { cpu_to_le32(type) }, sizeof(__le32));
	if (out)
		vsrv_trace_out(fg->srv, msg->payload, size, TT_RET);
	else
		vsrv_trace_in(fg->srv, msg, TT_RET);
	return msg->payload;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void trace_fields_test(struct kunit *test)
{
	const struct tt_case *c = test->param_value;
	struct fg *fg = fg_new(test);
	struct tt *tt = tt_new(test);
	const struct tt_field *f;
	struct vpart_message msg;
	const u8 *payload;
	unsigned int off = sizeof(struct trace_entry);
	int ret = TT_RET;

	tt_enable(test, c->event, true);
	payload = tt_trace(fg, &msg, c->out, c->type, c->size);
	tt_enable(test, c->event, false);

	KUNIT_ASSERT_EQ(test, tt->count, 1U);
	KUNIT_EXPECT_EQ(test, ((struct trace_entry *)tt->event)->type, tt_type(test, c->event));
	for (f = c->fields; f->size; f++) {
		if (f->size <= sizeof(u64))
			off = ALIGN(off, f->size);
		KUNIT_ASSERT_LE(test, off + f->size, tt->size);
		KUNIT_EXPECT_MEMEQ_MSG(test, tt->event + off,
				       f->offset == 0xff ? (u8 *)&ret : payload + f->offset,
				       f->size, "field %zu", f - c->fields);
		off += f->size;
	}
}

static void trace_describe(const struct tt_case *c, char *desc)
{
	strscpy(desc, c->event, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(trace, tt_cases, trace_describe);

/*
 * With all events on: each message makes exactly one, and none if it is short, or
 * goes the wrong way, or is no message.
 */
static void trace_alone_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tt *tt = tt_new(test);
	const struct tt_case *c;
	struct vpart_message msg;
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(tt_cases); i++)
		tt_enable(test, tt_cases[i].event, true);
	for (i = 0; i < ARRAY_SIZE(tt_cases); i++) {
		c = &tt_cases[i];
		tt_trace(fg, &msg, c->out, c->type, c->size - 1);
		KUNIT_EXPECT_EQ_MSG(test, tt->count, n, "%s, short", c->event);
		tt_trace(fg, &msg, !c->out, c->type, c->size);
		KUNIT_EXPECT_EQ_MSG(test, tt->count, n, "%s, the wrong way", c->event);
		tt_trace(fg, &msg, c->out, c->type, VMBUS_MSG_MAX);
		KUNIT_EXPECT_EQ_MSG(test, tt->count, ++n, "%s, long", c->event);
		KUNIT_EXPECT_EQ_MSG(test, ((struct trace_entry *)tt->event)->type,
				    tt_type(test, c->event), "%s", c->event);
	}
	for (i = 0; i < 8; i++) {
		tt_trace(fg, &msg, i & 1, VMBUS_MSG_REQUEST_OFFERS, i);
		tt_trace(fg, &msg, i & 1, i & 2 ? 0 : VMBUS_MSG_COUNT + i, VMBUS_MSG_MAX);
	}
	KUNIT_EXPECT_EQ(test, tt->count, n);
	for (i = 0; i < ARRAY_SIZE(tt_cases); i++)
		tt_enable(test, tt_cases[i].event, false);
}

/* The server takes messages apart only while somebody wants to see one. */
static void trace_off_test(struct kunit *test)
{
	struct fg *fg = fg_new(test);
	struct tt *tt = tt_new(test);

	KUNIT_EXPECT_FALSE(test, static_key_enabled(&vsrv_trace_messages));
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, tt->count, 0U);
	tt_enable(test, "vsrv_onversion_response", true);
	tt_enable(test, "vsrv_unload", true);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&vsrv_trace_messages));
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, tt->count, 1U);
	tt_enable(test, "vsrv_onversion_response", false);
	KUNIT_EXPECT_TRUE(test, static_key_enabled(&vsrv_trace_messages));
	tt_enable(test, "vsrv_unload", false);
	KUNIT_EXPECT_FALSE(test, static_key_enabled(&vsrv_trace_messages));
	fg_connect(fg, FG_V(5, 3), 0);
	KUNIT_EXPECT_EQ(test, tt->count, 1U);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE_PARAM(trace_fields_test, trace_gen_params),
	KUNIT_CASE(trace_alone_test),
	KUNIT_CASE(trace_off_test),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "vmbus_trace",
	.test_cases = trace_cases,
};

kunit_test_suite(trace_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the tracepoints of the VMBus server");
MODULE_LICENSE("GPL");
