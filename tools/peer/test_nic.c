// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network adapter of the guest's server: each version of its protocol, what it says of
 * itself, and how it comes and goes.
 */
#include <stdio.h>
#include <string.h>
#include "nic.h"

#define QUIET_MS	300		/* nothing comes that long */
#define VF_SERIAL	7U

static const u32 versions[] = {
	NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4, NVSP_VERSION_5, NVSP_VERSION_6,
	NVSP_VERSION_61,
};

/**
 * nic_begin - an adapter, and a guest that has found it and not opened it
 * @n: result
 * @h: result: its netdev
 * @mtu: without Ethernet header
 * @queues: channels that there may be
 *
 * Return: false if that is not to be had.
 */
bool nic_begin(struct nic *n, struct host *h, u32 mtu, unsigned int queues)
{
	static struct bed b;
	bool made = host_make(h, mtu, queues);

	bed_up(&b);
	n->b = &b;
	return ok(made, "an adapter with %u channels and an MTU of %u", queues, mtu) &&
	       ok(bed_contact(&b, VMBUS_VERSION(5, 3), 0) && nic_find(n, &b), "is offered");
}

/**
 * nic_end - the guest is gone, and so is the adapter
 * @n: of nic_begin(), also if that has failed
 * @h: its netdev
 */
void nic_end(struct nic *n, struct host *h)
{
	ok(!n->faults, "the server has sent nothing that it may not");
	nic_forget(n);
	bed_down(n->b);
	n->faults = 0;
	host_remove(h);
}

/**
 * nic_ready - open the adapter, and all that is to be done before frames go
 * @n: adapter that is not open
 * @h: its netdev
 * @conf: what the guest wants
 *
 * Return: false if it does not come up.
 */
bool nic_ready(struct nic *n, struct host *h, const struct nic_conf *conf)
{
	return nic_open(n) && nic_up(n, conf) && host_running(h, true, TIMEOUT_MS);
}

/**
 * nic_out_once - one frame of the guest
 * @n: adapter
 * @h: its netdev
 * @ch: channel
 * @len: bytes of the frame
 * @seed: of its data
 *
 * Return: false if it does not get there as it was.
 */
bool nic_out_once(struct nic *n, struct host *h, unsigned int ch, u32 len, u64 seed)
{
	static u8 frame[NIC_LONGEST];
	static struct host_frame f;
	struct nic_out o = { .frame = frame, .len = frame_plain(frame, len, seed, false) };

	return nic_send(n, ch, &o) == NVSP_STATUS_SUCCESS && host_take(h->sock, &f, TIMEOUT_MS) &&
	       frame_is(f.data, f.len, len, seed, false);
}

/**
 * nic_in_once - one frame to the guest
 * @n: adapter
 * @h: its netdev
 * @len: bytes of the frame
 * @seed: of its data
 *
 * Return: false if it does not get there as it was.
 */
bool nic_in_once(struct nic *n, struct host *h, u32 len, u64 seed)
{
	static u8 frame[NIC_LONGEST];
	const struct nic_frame *f;

	frame_plain(frame, len, seed, true);
	if (!host_send(h->sock, frame, len))
		return false;
	f = nic_take(n, TIMEOUT_MS);
	if (!f)
		note("a frame to the guest has not come");
	return f && frame_is(f->data, f->len, len, seed, true);
}

/**
 * nic_works - a frame each way
 * @n: adapter that is up
 * @h: its netdev
 *
 * Return: false if it does not work.
 */
bool nic_works(struct nic *n, struct host *h)
{
	static u64 seed = 0x1000;

	seed++;
	return nic_out_once(n, h, 0, 100 + seed % 400, seed) &&
	       nic_in_once(n, h, 100 + seed % 400, seed);
}

/* ---- versions ------------------------------------------------------------------------ */

static void test_nic_version(struct nic *n, struct host *h, u32 version)
{
	struct nic_conf conf = nic_usual;
	unsigned int faults = n->faults;

	conf.version = version;
	if (version < NVSP_VERSION_4)
		conf.caps = 0;
	ok(nic_ready(n, h, &conf), "version %#x comes up", version);
	ok(nic_works(n, h), "a frame each way");
	ok(n->faults == faults, "all messages have %u bytes", n->size);
	ok(nic_close(n) && host_running(h, false, TIMEOUT_MS), "closed: the carrier goes");
}

/* One that the adapter does not know leads to the next, as Linux does it. */
static void test_nic_refused(struct nic *n, struct host *h)
{
	static const u32 unknown[] = { 0, 1, 0x00030001, NVSP_VERSION_61 + 1, 0x00070000, U32_MAX };
	unsigned int i, good = 0;
	u32 status;

	if (!ok(nic_open(n), "opened"))
		return;
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		status = nic_init(n, unknown[i]);
		if (status == NVSP_STATUS_SUCCESS || status == NVSP_STATUS_NONE)
			note("version %#x: status %u", unknown[i], status);
		else
			good++;
	}
	ok(good == ARRAY_SIZE(unknown), "%u versions that there are not are refused", good);
	ok(nic_up(n, &nic_usual) && host_running(h, true, TIMEOUT_MS) && nic_works(n, h),
	   "and the next one works");
	ok(nic_close(n), "closed");
}

/* ---- control messages ---------------------------------------------------------------- */

static bool query_u32(struct nic *n, u32 oid, u32 *value)
{
	return nic_query(n, oid, value, sizeof(*value)) == sizeof(*value);
}

static void test_nic_queries(struct nic *n)
{
	u32 value = 0, list[256];
	u8 mac[8] = { };
	int len;

	ok(nic_query(n, RNDIS_OID_802_3_PERMANENT_ADDRESS, mac, sizeof(mac)) == 6 &&
	   !memcmp(mac, guest_mac, 6), "the permanent address");
	ok(nic_query(n, RNDIS_OID_802_3_CURRENT_ADDRESS, mac, sizeof(mac)) == 6 &&
	   !memcmp(mac, guest_mac, 6), "the current one");
	ok(query_u32(n, RNDIS_OID_GEN_MAXIMUM_FRAME_SIZE, &value) && value == NIC_MTU,
	   "the MTU");
	ok(query_u32(n, RNDIS_OID_GEN_MEDIA_CONNECT_STATUS, &value) && !value, "connected");
	ok(query_u32(n, RNDIS_OID_GEN_LINK_SPEED, &value) && value, "it has a speed");
	ok(query_u32(n, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, &value) &&
	   value == nic_usual.filter, "the filter is as it was set");
	len = nic_query(n, RNDIS_OID_GEN_SUPPORTED_LIST, list, sizeof(list));
	ok(len > 0 && len % 4 == 0, "a list of %d OIDs", len / 4);
	ok(nic_query(n, 0x12345678, &value, sizeof(value)) == -1 &&
	   n->status == RNDIS_STATUS_NOT_SUPPORTED &&
	   nic_set(n, 0x12345678, &value, sizeof(value)) == RNDIS_STATUS_NOT_SUPPORTED,
	   "an OID that there is not");
}

/* Nothing comes but what is asked for. */
static bool nothing_comes(struct nic *n, struct host *h)
{
	u8 frame[100];

	frame_plain(frame, sizeof(frame), 1, true);
	/* It may also be that it has no carrier, and that is how the frame is refused. */
	host_send(h->sock, frame, sizeof(frame));
	return !nic_take(n, QUIET_MS);
}

static void test_nic_filter(struct nic *n, struct host *h)
{
	ok(nic_filter(n, 0) && nothing_comes(n, h), "without a filter no frame comes");
	ok(nic_filter(n, nic_usual.filter) && host_running(h, true, TIMEOUT_MS),
	   "the carrier is there with one");
	/* That frame may have waited, or not. */
	while (nic_take(n, QUIET_MS))
		;
	ok(nic_works(n, h), "and they come again");
}

static void test_nic_control(struct nic *n, struct host *h)
{
	struct {
		struct rndis_header hdr;
		u32 id;
	} alive = { { RNDIS_MSG_KEEPALIVE, sizeof(alive) }, 0x1234 },
	  reset = { { RNDIS_MSG_RESET, sizeof(reset) }, 0 };
	const struct rndis_reset_answer *done = (const void *)n->control;
	const struct rndis_answer *a = (const void *)n->control;

	ok(nic_request(n, &alive, sizeof(alive)) && a->id == alive.id && !a->status,
	   "a keep-alive is answered");
	ok(nic_request(n, &reset, sizeof(reset)) && !done->status, "and a reset");
	ok(nic_filter(n, nic_usual.filter) && host_running(h, true, TIMEOUT_MS) &&
	   nic_works(n, h), "after which frames go when there is a filter");
}

/* ---- the VF -------------------------------------------------------------------------- */

/* Takes what comes until a message of the type has come once more. */
static bool told_of(struct nic *n, enum nvsp_type type, unsigned int before)
{
	while (n->told[type] == before)
		if (!nic_pump(n, TIMEOUT_MS))
			return false;
	return true;
}

static bool switch_path(struct nic *n, u32 path)
{
	struct nvsp_message m = { .type = NVSP_SWITCH_DATA_PATH, .data_path.active = path }, a;

	return nic_ask(n, &m, &a) && !n->answer_len;
}

static void test_nic_vf(struct nic *n, struct host *h)
{
	char before[32] = "", vf[32] = "", after[32] = "";
	struct nic_conf conf = nic_usual;

	ok(host_set("vf_serial", "7") && told_of(n, NVSP_VF_ASSOCIATION, 0) &&
	   n->vf.vf.allocated == 1 && n->vf.vf.serial == VF_SERIAL, "the guest is told of a VF");
	ok(host_get("data_path", before, sizeof(before)) &&
	   switch_path(n, NVSP_DATA_PATH_VF) && host_get("data_path", vf, sizeof(vf)) &&
	   strcmp(before, vf), "it uses that: \"%s\" instead of \"%s\"", vf, before);
	ok(nic_works(n, h), "frames go nevertheless");
	ok(switch_path(n, NVSP_DATA_PATH_SYNTHETIC) &&
	   host_get("data_path", after, sizeof(after)) && !strcmp(before, after),
	   "and does so no more: \"%s\"", after);
	ok(nic_close(n) && nic_ready(n, h, &conf) && told_of(n, NVSP_VF_ASSOCIATION, 0) &&
	   n->vf.vf.allocated == 1 && n->vf.vf.serial == VF_SERIAL, "opened again: told again");
	ok(nic_close(n), "closed");
	conf.caps &= ~NVSP_CAP_SRIOV;
	ok(nic_ready(n, h, &conf) && nic_works(n, h) && !n->told[NVSP_VF_ASSOCIATION],
	   "a guest that knows nothing of VFs is not told");
	ok(nic_close(n), "closed");
	conf = nic_usual;
	conf.version = NVSP_VERSION_2;
	ok(nic_ready(n, h, &conf) && nic_works(n, h) && !n->told[NVSP_VF_ASSOCIATION],
	   "nor is one of an old version");
	ok(nic_close(n) && nic_ready(n, h, &nic_usual) && told_of(n, NVSP_VF_ASSOCIATION, 0),
	   "opened again");
	ok(host_set("vf_serial", "none") && told_of(n, NVSP_VF_ASSOCIATION, 1) &&
	   !n->vf.vf.allocated, "the guest is told that the VF has gone");
	ok(nic_works(n, h), "frames go");
}

/* ---- it goes ------------------------------------------------------------------------- */

/* Removed while the guest has it open, with a frame that is not completed. */
static void test_nic_removed(struct nic *n, struct host *h)
{
	struct vmbus_channel_msg released = {
		.hdr.type = VMBUS_MSG_RELID_RELEASED,
		.channel_id = n->c[0].id,
	};
	struct guest *g = &n->b->g;
	union message a;

	n->hold = true;
	ok(nic_in_once(n, h, 1000, 1), "a frame that is not completed");
	host_remove(h);
	ok(guest_receive(g, &a) == sizeof(a.channel) && a.hdr.type == VMBUS_MSG_RESCIND &&
	   a.channel.channel_id == n->c[0].id, "the adapter goes: the guest is told");
	channel_close(&n->c[0]);
	ok(guest_teardown(g, n->c[0].id, n->recv_gpadl) &&
	   guest_teardown(g, n->c[0].id, n->send_gpadl) &&
	   guest_teardown(g, n->c[0].id, n->c[0].gpadl) &&
	   guest_post(g, &released, sizeof(released)) && guest_quiet(g),
	   "it gets all its memory back");
	n->open[0] = false;
}

/**
 * test_nicbasic - versions, control messages, VF
 */
void test_nicbasic(void)
{
	static struct nic n;
	struct host h;
	unsigned int i;

	if (nic_begin(&n, &h, NIC_MTU, 1)) {
		for (i = 0; i < ARRAY_SIZE(versions); i++)
			test_nic_version(&n, &h, versions[i]);
		test_nic_refused(&n, &h);
		if (ok(nic_ready(&n, &h, &nic_usual), "up again")) {
			test_nic_queries(&n);
			test_nic_filter(&n, &h);
			test_nic_control(&n, &h);
			test_nic_vf(&n, &h);
			test_nic_removed(&n, &h);
		}
	}
	nic_end(&n, &h);
}

/**
 * test_nic - all groups of the adapter
 */
void test_nic(void)
{
	test_nicbasic();
	test_nicframes();
	test_nicoffload();
	test_nicbuffers();
	test_nicsubs();
	test_nichostile();
}
