// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the client of vmbus_relay: everything that the owner of a channel can ask for
 * and the host can say of it, in each state.  What comes of it is written down in words,
 * and compared with a table.
 */
#include <linux/module.h>
#include <linux/string.h>
#include "fake_host.h"

#define CE_CHANNEL	4
#define CE_GPADL	0x10
#define CE_FAILURE	VMBUS_STATUS_FAILURE
#define CE_TEXT		80

static const u64 ce_words[] = { 4096, 7 };

/* ---- what comes of it, in words ----------------------------------------------------------- */

static const char *ce_error(int err)
{
	switch (err) {
	case 0:
		return "";
	case -EBUSY:
		return "busy";
	case -EINPROGRESS:
		return "asked";
	case -EIO:
		return "failed";
	case -ENODEV:
		return "nodev";
	case -ENOENT:
		return "noent";
	case -ESHUTDOWN:
		return "shutdown";
	default:
		return "?";
	}
}

static const char *ce_message(u32 type)
{
	switch (type) {
	case VMBUS_MSG_OPEN:
		return "OPEN";
	case VMBUS_MSG_CLOSE:
		return "CLOSE";
	case VMBUS_MSG_MODIFY_CHANNEL:
		return "MODIFY";
	case VMBUS_MSG_GPADL_HEADER:
		return "GPADL";
	case VMBUS_MSG_GPADL_TEARDOWN:
		return "TEARDOWN";
	case VMBUS_MSG_RELID_RELEASED:
		return "RELEASED";
	default:
		return "?";
	}
}

static const char *const ce_calls[] = {
	[FH_OPENED] = "opened", [FH_CREATED] = "created", [FH_TORNDOWN] = "torndown",
	[FH_MODIFIED] = "modified",
};

static void ce_add(char *text, const char *before, const char *word)
{
	size_t len = strlen(text);

	if (*word)
		snprintf(text + len, CE_TEXT - len, "%s%s%s", len ? " " : "", before, word);
}

/* What the request returned, the host was told, the owner was told, and is an error. */
static void ce_describe(struct fh *fh, int err, char *text)
{
	*text = '\0';
	ce_add(text, "", ce_error(err));
	for (; fh->seen < fh->nposts; fh->seen++)
		ce_add(text, "", ce_message(le32_to_cpu(*(__le32 *)fh->posts[fh->seen].payload)));
	for (; fh->heard < fh->ncalls; fh->heard++) {
		ce_add(text, "", ce_calls[fh->calls[fh->heard].type]);
		ce_add(text, "", ce_error(fh->calls[fh->heard].err));
	}
	if (fh_count(fh, VRELAY_PROTOCOL_ERRORS))
		ce_add(text, "", "bad");
	atomic64_set(&fh->client.counters[VRELAY_PROTOCOL_ERRORS], 0);
}

/* A new connection, with nothing left of the last one. */
static void ce_begin(struct fh *fh)
{
	struct vrelay_hchan *hchan;
	unsigned long id;

	fh_enter(fh, VRELAY_DISCONNECTED);
	xa_for_each(&fh->client.chans, id, hchan)
		vrelay_client_release(hchan);
	fh_enter(fh, VRELAY_CONNECTED);
}

static void ce_expect(struct kunit *test, const char *is, const char *want, const char *event,
		      const char *state)
{
	KUNIT_EXPECT_TRUE_MSG(test, !strcmp(is, want), "%s while %s: \"%s\", not \"%s\"", event,
			      state, is, want);
}

/* ---- channels ------------------------------------------------------------------------------ */

enum ce_state {
	CE_OFFERED,
	CE_OPENING,
	CE_ABANDONED,	/* closed while opening */
	CE_OPENED,
	CE_MODIFYING,
	CE_OVERTAKEN,	/* closed while modifying */
	CE_BLOCKED,
	CE_REVOKED,
	CE_RELEASED,	/* and not revoked: the owner says no more */
	CE_STATES
};

static const char *const ce_states[CE_STATES] = {
	"offered", "opening", "abandoned", "opened", "modifying", "overtaken", "blocked",
	"revoked", "released",
};

enum ce_event {
	CE_OPEN, CE_CLOSE, CE_MODIFY, CE_CREATE, CE_TEARDOWN, CE_RELEASE, CE_OWNER_EVENTS,
	CE_OPEN_OK = CE_OWNER_EVENTS, CE_OPEN_FAILED, CE_MODIFY_OK, CE_MODIFY_FAILED,
	CE_OFFER, CE_RESCIND,
	CE_EVENTS
};

static const char *const ce_events[CE_EVENTS] = {
	"open", "close", "modify", "create GPADL", "tear down GPADL", "release",
	"OPEN_RESULT", "OPEN_RESULT failed", "MODIFY_RESP", "MODIFY_RESP failed",
	"OFFER", "RESCIND",
};

/* The host has a GPADL of the channel in all of these; a state follows when it changes. */
static const char *const ce_table[CE_EVENTS][CE_STATES] = {
	[CE_OPEN] = { "OPEN >opening", "busy", "busy", "busy", "busy", "OPEN >opening",
		      "shutdown", "nodev" },
	[CE_CLOSE] = { "", "", "", "CLOSE >offered", "CLOSE >offered", "", "", "" },
	[CE_MODIFY] = { "busy", "busy", "busy", "MODIFY", "busy", "busy", "shutdown", "nodev" },
	[CE_CREATE] = { "GPADL", "GPADL", "GPADL", "GPADL", "GPADL", "GPADL", "shutdown", "nodev" },
	[CE_TEARDOWN] = { "TEARDOWN", "TEARDOWN", "TEARDOWN", "TEARDOWN", "TEARDOWN", "TEARDOWN",
			  "TEARDOWN", "noent" },
	[CE_RELEASE] = { "", "", "", "", "", "", "", "RELEASED >gone" },
	[CE_OPEN_OK] = { "bad", "opened >opened", "CLOSE >offered", "bad", "bad", "bad", "bad", "",
			 "bad" },
	[CE_OPEN_FAILED] = { "bad", "opened failed >offered", ">offered", "bad", "bad", "bad",
			     "bad", "", "bad" },
	[CE_MODIFY_OK] = { "bad", "bad", "bad", "bad", "modified", "", "bad", "bad", "bad" },
	[CE_MODIFY_FAILED] = { "bad", "bad", "bad", "bad", "modified failed", "", "bad", "bad",
			       "bad" },
	[CE_OFFER] = { "bad", "bad", "bad", "bad", "bad", "bad", "bad", "bad", "bad" },
	[CE_RESCIND] = { ">revoked", "opened nodev >revoked", ">revoked", ">revoked",
			 "modified nodev >revoked", ">revoked", ">revoked", "bad",
			 "RELEASED >gone" },
};

static int ce_open(struct vrelay_hchan *hchan)
{
	struct vrelay_open params = fh_open_params();

	return vrelay_client_open(hchan, &params);
}

static struct vrelay_hchan *ce_enter(struct fh *fh, enum ce_state state)
{
	struct vrelay_hchan *hchan;

	ce_begin(fh);
	hchan = fh_chan(fh, CE_CHANNEL);
	fh_gpadl(fh, hchan, CE_GPADL);
	switch (state) {
	case CE_OPENING:
	case CE_ABANDONED:
		KUNIT_ASSERT_EQ(fh->test, ce_open(hchan), 0);
		if (state == CE_ABANDONED)
			vrelay_client_close(hchan);
		break;
	case CE_OPENED:
	case CE_MODIFYING:
	case CE_OVERTAKEN:
		fh_open(fh, hchan);
		if (state != CE_OPENED)
			KUNIT_ASSERT_EQ(fh->test, vrelay_client_modify(hchan, 1), 0);
		if (state == CE_OVERTAKEN)
			vrelay_client_close(hchan);
		break;
	case CE_BLOCKED:
		/* As vrelay_client_drain() does, but it would take the GPADL. */
		hchan->blocked = true;
		break;
	case CE_REVOKED:
		fh_rescind(fh, CE_CHANNEL);
		break;
	case CE_RELEASED:
		vrelay_client_release(hchan);
		break;
	default:
		break;
	}
	fh->seen = fh->nposts;
	fh->heard = fh->ncalls;
	return hchan;
}

static int ce_do(struct fh *fh, struct vrelay_hchan *hchan, enum ce_event event)
{
	switch (event) {
	case CE_OPEN:
		return ce_open(hchan);
	case CE_CLOSE:
		vrelay_client_close(hchan);
		break;
	case CE_MODIFY:
		return vrelay_client_modify(hchan, 1);
	case CE_CREATE:
		return vrelay_client_gpadl_create(hchan, CE_GPADL + 1, 1, ce_words, 2);
	case CE_TEARDOWN:
		return vrelay_client_gpadl_teardown(hchan, CE_GPADL);
	case CE_RELEASE:
		vrelay_client_release(hchan);
		break;
	case CE_OPEN_OK:
		fh_opened(fh, CE_CHANNEL, 0);
		break;
	case CE_OPEN_FAILED:
		fh_opened(fh, CE_CHANNEL, CE_FAILURE);
		break;
	case CE_MODIFY_OK:
		fh_answer_modify(fh, CE_CHANNEL, 0);
		break;
	case CE_MODIFY_FAILED:
		fh_answer_modify(fh, CE_CHANNEL, CE_FAILURE);
		break;
	case CE_OFFER:
		fh_offer(fh, CE_CHANNEL);
		break;
	case CE_RESCIND:
		fh_rescind(fh, CE_CHANNEL);
		break;
	default:
		break;
	}
	return 0;
}

static void client_channel_events_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	enum vrelay_hchan_state was;
	struct vrelay_hchan *hchan;
	enum ce_state state;
	enum ce_event event;
	char text[CE_TEXT];
	int err;

	for (state = 0; state < CE_STATES; state++) {
		for (event = 0; event < CE_EVENTS; event++) {
			if (state == CE_RELEASED && event < CE_OWNER_EVENTS)
				continue;
			hchan = ce_enter(fh, state);
			was = hchan->state;
			err = ce_do(fh, hchan, event);
			ce_describe(fh, err, text);
			hchan = xa_load(&fh->client.chans, CE_CHANNEL);
			if (!hchan)
				ce_add(text, ">", "gone");
			else if (hchan->state != was)
				ce_add(text, ">", vrelay_hchan_state_name(hchan->state));
			ce_expect(test, text, ce_table[event][state], ce_events[event],
				  ce_states[state]);
		}
	}
}

/* ---- GPADLs -------------------------------------------------------------------------------- */

enum cg_state {
	CG_NONE,
	CG_SENT,
	CG_CREATED,
	CG_TEARING_DOWN,
	CG_SENT_REVOKED,	/* the channel was, while the GPADL was this */
	CG_TEARING_DOWN_REVOKED,
	CG_STATES
};

static const char *const cg_states[CG_STATES] = {
	"none", "sent", "created", "tearing down", "sent and revoked", "tearing down and revoked",
};

enum cg_event {
	CG_CREATE, CG_TEARDOWN, CG_CREATED_OK, CG_CREATED_FAILED, CG_CREATED_ELSEWHERE,
	CG_TORNDOWN, CG_RESCIND,
	CG_EVENTS
};

static const char *const cg_events[CG_EVENTS] = {
	"create", "tear down", "CREATED", "CREATED failed", "CREATED of another channel",
	"TORNDOWN", "RESCIND",
};

static const char *const cg_table[CG_EVENTS][CG_STATES] = {
	[CG_CREATE] = { "GPADL >sent", "busy", "busy", "busy", "nodev", "nodev" },
	[CG_TEARDOWN] = { "noent", "asked", "TEARDOWN >tearing down", "asked", "asked", "asked" },
	[CG_CREATED_OK] = { "bad", "created >created", "bad", "bad", "created >none", "bad" },
	[CG_CREATED_FAILED] = { "bad", "created failed >none", "bad", "bad", "created failed >none",
				"bad" },
	[CG_CREATED_ELSEWHERE] = { "bad", "bad", "bad", "bad", "bad", "bad" },
	[CG_TORNDOWN] = { "bad", "bad", "bad", "torndown >none", "bad", "torndown >none" },
	[CG_RESCIND] = { "", "", ">none", "", "bad", "bad" },
};

static const char *cg_state(struct fh *fh)
{
	struct vrelay_gpadl *gpadl = xa_load(&fh->client.gpadls, CE_GPADL);

	if (!gpadl)
		return "none";
	switch (gpadl->state) {
	case VRELAY_GPADL_OFFERED:
		return "sent";
	case VRELAY_GPADL_CREATED:
		return "created";
	case VRELAY_GPADL_TEARING_DOWN:
		return "tearing down";
	}
	return "?";
}

static struct vrelay_hchan *cg_enter(struct fh *fh, enum cg_state state)
{
	struct vrelay_hchan *hchan;

	ce_begin(fh);
	fh_chan(fh, CE_CHANNEL + 1);
	hchan = fh_chan(fh, CE_CHANNEL);
	switch (state) {
	case CG_SENT:
	case CG_SENT_REVOKED:
		fh_gpadl_ask(fh, hchan, CE_GPADL);
		break;
	case CG_CREATED:
	case CG_TEARING_DOWN:
	case CG_TEARING_DOWN_REVOKED:
		fh_gpadl(fh, hchan, CE_GPADL);
		if (state != CG_CREATED)
			KUNIT_ASSERT_EQ(fh->test, vrelay_client_gpadl_teardown(hchan, CE_GPADL), 0);
		break;
	default:
		break;
	}
	if (state == CG_SENT_REVOKED || state == CG_TEARING_DOWN_REVOKED)
		fh_rescind(fh, CE_CHANNEL);
	fh->seen = fh->nposts;
	fh->heard = fh->ncalls;
	return hchan;
}

static int cg_do(struct fh *fh, struct vrelay_hchan *hchan, enum cg_event event)
{
	switch (event) {
	case CG_CREATE:
		return vrelay_client_gpadl_create(hchan, CE_GPADL, 1, ce_words, 2);
	case CG_TEARDOWN:
		return vrelay_client_gpadl_teardown(hchan, CE_GPADL);
	case CG_CREATED_OK:
		fh_created(fh, CE_CHANNEL, CE_GPADL, 0);
		break;
	case CG_CREATED_FAILED:
		fh_created(fh, CE_CHANNEL, CE_GPADL, CE_FAILURE);
		break;
	case CG_CREATED_ELSEWHERE:
		fh_created(fh, CE_CHANNEL + 1, CE_GPADL, 0);
		break;
	case CG_TORNDOWN:
		fh_torndown(fh, CE_GPADL);
		break;
	case CG_RESCIND:
		fh_rescind(fh, CE_CHANNEL);
		break;
	default:
		break;
	}
	return 0;
}

static void client_gpadl_events_test(struct kunit *test)
{
	struct fh *fh = fh_new(test);
	struct vrelay_hchan *hchan;
	enum cg_state state;
	enum cg_event event;
	char text[CE_TEXT];
	const char *was;
	int err;

	for (state = 0; state < CG_STATES; state++) {
		for (event = 0; event < CG_EVENTS; event++) {
			hchan = cg_enter(fh, state);
			was = cg_state(fh);
			err = cg_do(fh, hchan, event);
			ce_describe(fh, err, text);
			if (strcmp(cg_state(fh), was))
				ce_add(text, ">", cg_state(fh));
			ce_expect(test, text, cg_table[event][state], cg_events[event],
				  cg_states[state]);
		}
	}
}

static struct kunit_case client_events_cases[] = {
	KUNIT_CASE(client_channel_events_test),
	KUNIT_CASE(client_gpadl_events_test),
	{}
};

static struct kunit_suite client_events_suite = {
	.name = "vmbus_client_events",
	.test_cases = client_events_cases,
};

kunit_test_suite(client_events_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the relay's VMBus client: each event in each state");
MODULE_LICENSE("GPL");
