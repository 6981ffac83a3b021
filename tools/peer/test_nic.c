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
#define SPACING_MS	5000		/* between two news of the link */
#define SLACK_MS	1000
#define TICK_MS		20		/* the kernel counts time in ticks */
#define LOOK_MS		100

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

/* The revision of the answer, 0 if there is none of that OID */
static u32 offload_revision(struct nic *n)
{
	struct ndis_offload o = { };
	int len = nic_query(n, NDIS_OID_OFFLOAD_HARDWARE, &o, sizeof(o));

	if (len == -1 && n->status == RNDIS_STATUS_NOT_SUPPORTED)
		return 0;
	return len == (int)o.hdr.size && o.hdr.type == NDIS_OBJECT_OFFLOAD ? o.hdr.revision :
									    U32_MAX;
}

static bool knows_rss(struct nic *n)
{
	u8 caps[64];

	return nic_query(n, NDIS_OID_RSS_CAPABILITIES, caps, sizeof(caps)) > 0;
}

/* What a guest may ask for depends on its NDIS; frames go with any. */
static void test_nic_ndis(struct nic *n, struct host *h)
{
	static const struct {
		u32 major;
		u32 minor;
		u32 offload;		/* revision */
		bool rss;
	} stacks[] = {
		{ 5, 0, 0 }, { 5, 1, 0 }, { 6, 0, 1 }, { 6, 1, 2 }, { 6, 20, 2 },
		{ 6, 30, 3, true }, { 6, 84, 3, true }, { 7, 0, 3, true },
	};
	struct nic_conf conf = nic_usual;
	unsigned int i;
	u32 revision;
	bool rss;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		conf.ndis_major = stacks[i].major;
		conf.ndis_minor = stacks[i].minor;
		if (!ok(nic_ready(n, h, &conf) && nic_works(n, h), "NDIS %u.%u: frames go",
			conf.ndis_major, conf.ndis_minor))
			return;
		revision = offload_revision(n);
		rss = knows_rss(n);
		ok(revision == stacks[i].offload && rss == stacks[i].rss,
		   "it hears of offloads in revision %u, and %sof RSS", revision,
		   rss ? "" : "not ");
		ok(nic_close(n), "closed");
	}
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

/* NDIS_LINK_*, 0 if there is no good answer */
static u32 link_state(struct nic *n, u64 *speed)
{
	struct ndis_link_state s = { };

	if (nic_query(n, NDIS_OID_LINK_STATE, &s, sizeof(s)) != sizeof(s) ||
	    s.hdr.size != sizeof(s) || s.duplex != NDIS_LINK_FULL_DUPLEX ||
	    s.speed.xmit != s.speed.rcv)
		return 0;
	*speed = s.speed.xmit;
	return s.connected;
}

static void test_nic_queries(struct nic *n)
{
	u64 speed = 0, speeds[2] = { };
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
	ok(link_state(n, &speed) == NDIS_LINK_CONNECTED && speed == 100ULL * value,
	   "and by the state of its link the same, in other units");
	ok(nic_query(n, NDIS_OID_MAX_LINK_SPEED, speeds, sizeof(speeds)) == sizeof(speeds) &&
	   speeds[0] == speed && speeds[1] == speed, "which is the highest, too");
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

#define OWN		1U
#define FOREIGN		2U
#define ALL		4U
#define GROUP		8U
#define DESTS		4U

/* One frame to each kind of address: those that it wants come, and the others are counted. */
static bool filtered(struct nic *n, struct host *h, u32 filter, unsigned int wanted)
{
	static const u8 dests[DESTS][6] = {
		{ }, { 2, 0, 0, 0, 0, 99 }, { 255, 255, 255, 255, 255, 255 },
		{ 1, 0, 0x5e, 0, 0, 9 },
	};
	u64 not = host_stat(h, "tx_filtered");
	const struct nic_frame *f;
	u8 frame[DESTS][100];
	unsigned int i;

	if (!nic_filter(n, filter))
		return false;
	for (i = 0; i < DESTS; i++) {
		frame_plain(frame[i], sizeof(frame[i]), i, true);
		if (i)
			memcpy(frame[i], dests[i], sizeof(dests[i]));
		if (!host_send(h->sock, frame[i], sizeof(frame[i])))
			return false;
	}
	for (i = 0; i < DESTS; i++) {
		if (!(wanted >> i & 1)) {
			not++;
			continue;
		}
		f = nic_take(n, TIMEOUT_MS);
		if (!f || f->len != sizeof(frame[i]) || memcmp(f->data, frame[i], f->len))
			return false;
	}
	return host_stat_is(h, "tx_filtered", not) && !n->nframes;
}

static void test_nic_filters(struct nic *n, struct host *h)
{
	static const struct {
		const char *name;
		u32 filter;
		unsigned int wanted;
	} filters[] = {
		{ "frames to itself", RNDIS_PACKET_TYPE_DIRECTED, OWN },
		{ "broadcasts", RNDIS_PACKET_TYPE_BROADCAST, ALL },
		{ "multicasts", RNDIS_PACKET_TYPE_MULTICAST, GROUP },
		{ "all multicasts", RNDIS_PACKET_TYPE_ALL_MULTICAST, GROUP },
		{ "all frames", RNDIS_PACKET_TYPE_PROMISCUOUS, OWN | FOREIGN | ALL | GROUP },
		{ "what Linux wants", RNDIS_PACKET_TYPE_DIRECTED | RNDIS_PACKET_TYPE_BROADCAST |
				      RNDIS_PACKET_TYPE_ALL_MULTICAST, OWN | ALL | GROUP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++)
		ok(filtered(n, h, filters[i].filter, filters[i].wanted), "a filter for %s",
		   filters[i].name);
	ok(nic_filter(n, nic_usual.filter), "the usual one");
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

/* ---- the link ------------------------------------------------------------------------ */

/* Waits until so many news of the link have come, in all. */
static bool news(struct nic *n, unsigned int count, int ms)
{
	u64 end = now_us() + ms * 1000ULL;

	while (n->nnews < count && now_us() < end)
		nic_pump(n, LOOK_MS);
	return n->nnews >= count;
}

static bool flap(struct host *h, const char *ways)
{
	for (; *ways; ways++)
		if (!host_up(h, *ways == 'u'))
			return false;
	return true;
}

/* Guests take news that follow each other soon for one: these come 5 s apart at least. */
static void test_nic_link(struct nic *n, struct host *h)
{
	u64 start = now_us(), speed;
	u32 value = 0;

	n->nnews = 0;
	ok(flap(h, "d") && news(n, 1, TIMEOUT_MS) &&
	   n->news[0].status == RNDIS_STATUS_MEDIA_DISCONNECT,
	   "the interface is down: so is the guest's link");
	ok(link_state(n, &speed) == NDIS_LINK_DISCONNECTED &&
	   query_u32(n, RNDIS_OID_GEN_MEDIA_CONNECT_STATUS, &value) && value == 1,
	   "it may ask for that");
	ok(flap(h, "udu") && news(n, 2, SPACING_MS + TIMEOUT_MS) &&
	   n->news[1].status == RNDIS_STATUS_MEDIA_CONNECT, "up, down and up: the link is up");
	note("after %llu ms", (n->news[1].at - start) / 1000);
	ok(n->news[1].at - start >= (SPACING_MS - TICK_MS) * 1000ULL,
	   "not earlier than after 5 s");
	ok(flap(h, "dudu") && !news(n, 3, SPACING_MS + SLACK_MS),
	   "down and up within that time: there is nothing to be told");
	ok(link_state(n, &speed) == NDIS_LINK_CONNECTED && host_running(h, true, TIMEOUT_MS) &&
	   nic_works(n, h), "frames go");
	ok(nic_close(n) && flap(h, "d") && nic_open(n) && nic_up(n, &nic_usual) &&
	   link_state(n, &speed) == NDIS_LINK_DISCONNECTED && !n->nnews,
	   "a guest comes while the interface is down: it has no link");
	ok(flap(h, "u") && news(n, 1, TIMEOUT_MS) &&
	   n->news[0].status == RNDIS_STATUS_MEDIA_CONNECT, "and one when that is up");
	ok(host_running(h, true, TIMEOUT_MS) && nic_works(n, h), "frames go");
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
	ok(switch_path(n, NVSP_DATA_PATH_VF), "it uses the VF");
	ok(host_set("vf_serial", "none") && told_of(n, NVSP_VF_ASSOCIATION, 1) &&
	   !n->vf.vf.allocated && n->vf.vf.serial == VF_SERIAL,
	   "the guest is told that the VF has gone");
	ok(n->paths == 1 && n->path.data_path.active == NVSP_DATA_PATH_SYNTHETIC,
	   "and before that it must not use it");
	ok(switch_path(n, NVSP_DATA_PATH_SYNTHETIC) &&
	   host_get("data_path", after, sizeof(after)) && !strcmp(before, after), "it does not");
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
		test_nic_ndis(&n, &h);
		if (ok(nic_ready(&n, &h, &nic_usual), "up again")) {
			test_nic_queries(&n);
			test_nic_filter(&n, &h);
			test_nic_filters(&n, &h);
			test_nic_control(&n, &h);
			test_nic_link(&n, &h);
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
	test_nicqueues();
	test_niclimits();
	test_nicrace();
	test_nichostile();
}
