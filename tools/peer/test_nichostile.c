// SPDX-License-Identifier: GPL-2.0-only
/*
 * Malformed messages to a network adapter.  Each costs the guest its packet or its
 * channel, and is counted; frames go again afterwards.
 */
#include <stdio.h>
#include <string.h>
#include "nic.h"

/* What a message may lead to. */
#define PACKET		1U		/* it is answered with an error */
#define CHANNEL		2U		/* the channel is broken */
#define ANSWER		4U		/* it is answered otherwise */
#define QUIET		8U		/* nothing is awaited, and nothing comes */
#define ANY		(PACKET | CHANNEL | ANSWER)

#define QUIET_MS	50
#define FRAME		300U
#define BURST		40U
#define RANDOM_MS	10000U
#define WORDS		7U

/* It comes up often: with little memory. */
static const struct nic_conf few = {
	.version = NVSP_VERSION_61,
	.mtu = NIC_MTU,
	.recv_pages = 32,
	.send_pages = NIC_SEND_PAGES,
	.filter = RNDIS_PACKET_TYPE_DIRECTED,
};

static const struct nic_conf *conf = &few;
static unsigned int uncounted;

/* What comes of a packet; @id is 0 if it is not answered. */
static unsigned int outcome(struct nic *n, u64 id)
{
	u64 start = now_us(), end = start + TIMEOUT_MS * 1000ULL;
	char state[32];
	u32 status;

	do {
		nic_pump(n, 2);
		/* In this order: when the answer is there the channel's state is known. */
		status = id ? n->done[id % NIC_IDS] : 0;
		if (chan_value(&n->c[0], "state", state, sizeof(state)) &&
		    !strcmp(state, "open-broken"))
			return CHANNEL;
		if (status)
			return status == NVSP_STATUS_FAILURE ||
			       status == NVSP_STATUS_INVALID_RNDIS ? PACKET : ANSWER;
		if (!id && now_us() - start > QUIET_MS * 1000)
			return QUIET;
	} while (now_us() < end);
	return 0;
}

static u64 counted(struct nic *n, struct host *h)
{
	return host_refused(h) + chan_number(&n->c[0], "bad_packets") +
	       chan_number(&n->c[0], "errors");
}

static bool again(struct nic *n, struct host *h)
{
	return nic_close(n) && nic_ready(n, h, conf);
}

/* A frame each way, after those that came before something was wrong. */
static bool lives(struct nic *n, struct host *h)
{
	static struct host_frame f;

	n->control_len = 0;
	while (host_take(h->sock, &f, 2))
		;
	return nic_works(n, h);
}

/* @before: of counted(). */
static void judge(struct nic *n, struct host *h, const char *what, u64 id, unsigned int may,
		  u64 before)
{
	unsigned int got = outcome(n, id);

	if (got & (PACKET | CHANNEL) && counted(n, h) <= before) {
		note("not counted: %s", what);
		uncounted++;
	}
	if (!(got & may))
		note("%s: %s", what, got == PACKET ? "it is refused" : got == CHANNEL ?
		     "the channel is broken" : got ? "it is taken" : "nothing at all");
	ok(got & may && (got != CHANNEL || again(n, h)) && lives(n, h), "%s", what);
}

/* ---- RNDIS messages of frames -------------------------------------------------------- */

/* A message with a PPI at 44 and a frame at 60, and one of its numbers is another. */
static const struct patch {
	const char *what;
	u32 at;
	u32 value;
	unsigned int may;
} patches[] = {
	{ "type 0", 0, 0, PACKET | CHANNEL },
	{ "type of an answer", 0, RNDIS_MSG_QUERY_C, PACKET | CHANNEL },
	{ "type of news", 0, RNDIS_MSG_INDICATE, PACKET | CHANNEL },
	{ "type 9", 0, 9, PACKET | CHANNEL },
	{ "type that is not", 0, U32_MAX, PACKET | CHANNEL },
	{ "length 0", 4, 0, PACKET },
	{ "length 1", 4, 1, PACKET },
	{ "length 7", 4, 7, PACKET },
	{ "length 8", 4, 8, PACKET },
	{ "length below that of a header", 4, 43, PACKET },
	{ "length of a header", 4, 44, PACKET },
	{ "length that is too short for the frame", 4, 60 + FRAME - 1, PACKET },
	{ "length of one more than there is", 4, 60 + FRAME + 1, PACKET },
	{ "length of half of all", 4, 0x80000000, PACKET },
	{ "length of all", 4, U32_MAX, PACKET },
	{ "frame at 0", 8, 0, PACKET },
	{ "frame in the header", 8, 35, PACKET },
	{ "frame one byte too late", 8, 53, PACKET },
	{ "frame at the end", 8, 52 + FRAME, PACKET },
	{ "frame behind the end", 8, 53 + FRAME, PACKET },
	{ "frame at the end of all numbers", 8, U32_MAX - 7, PACKET },
	{ "frame of nothing", 12, 0, PACKET },
	{ "frame below a header", 12, 13, PACKET },
	{ "frame of one more than there is", 12, FRAME + 1, PACKET },
	{ "frame of half of all", 12, 0x7fffffff, PACKET },
	{ "frame of all", 12, U32_MAX - 52, PACKET },
	{ "OOB data", 20, 1, PACKET },
	{ "OOB elements", 24, 1, PACKET },
	{ "PPI at 0", 28, 0, PACKET },
	{ "PPI in the header", 28, 35, PACKET },
	{ "PPI at the end", 28, 52 + FRAME, PACKET },
	{ "PPI at the end of all numbers", 28, U32_MAX - 15, PACKET },
	{ "PPI of one byte", 32, 1, PACKET },
	{ "PPI below its header", 32, 11, PACKET },
	{ "PPI and one byte", 32, 17, PACKET },
	{ "PPI longer than the message", 32, 53 + FRAME, PACKET },
	{ "PPI of all", 32, U32_MAX, PACKET },
	{ "VC", 36, 1, PACKET },
	{ "PPI of size 0", 44, 0, PACKET },
	{ "PPI of size 11", 44, 11, PACKET },
	{ "PPI without a value", 44, 12, PACKET },
	{ "PPI that is too long", 44, 17, PACKET },
	{ "PPI of size all", 44, U32_MAX, PACKET },
	{ "value in the PPI's header", 52, 11, PACKET },
	{ "value beyond the PPI", 52, 13, PACKET },
	{ "value behind the PPI", 52, 16, PACKET },
	{ "value at the end of all numbers", 52, U32_MAX, PACKET },
	{ "PPI of a type that is not", 48, 0x7777, ANSWER },
};

static u32 base_message(u8 *msg)
{
	u8 frame[FRAME];
	struct nic_out o = { .frame = frame, .tagged = true, .vlan = 5 << 4 };

	o.len = frame_plain(frame, sizeof(frame), 1, false);
	return rndis_put(msg, &o, 1);
}

static void test_patches(struct nic *n, struct host *h)
{
	const struct patch *p;
	u8 msg[FRAME + 64];
	unsigned int i;
	u64 before;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(patches); i++) {
		p = &patches[i];
		len = base_message(msg);
		memcpy(msg + p->at, &p->value, sizeof(p->value));
		before = counted(n, h);
		judge(n, h, p->what, nic_send_section(n, 0, 1, msg, len), p->may, before);
	}
}

/* The second message of a packet is bad: the first may have gone. */
static void test_second(struct nic *n, struct host *h)
{
	static const struct patch second[] = {
		{ "then one of length 0", 4, 0, PACKET },
		{ "then one of length 8", 4, 8, PACKET },
		{ "then one that is too long", 4, 60 + FRAME + 1, PACKET },
		{ "then a control message", 0, RNDIS_MSG_QUERY, PACKET | CHANNEL },
		{ "then one of no type", 0, 0, PACKET | CHANNEL },
	};
	u8 msg[2 * (FRAME + 64)];
	unsigned int i;
	u64 before;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(second); i++) {
		len = base_message(msg);
		base_message(msg + len);
		memcpy(msg + len + second[i].at, &second[i].value, sizeof(second[i].value));
		before = counted(n, h);
		judge(n, h, second[i].what, nic_send_section(n, 0, 1, msg, 2 * len), second[i].may,
		      before);
	}
}

/* More PPIs than anybody looks at */
static void test_chain(struct nic *n, struct host *h)
{
	static u8 msg[4096];
	struct rndis_packet *r = (struct rndis_packet *)msg;
	struct rndis_ppi ppi = { .size = 16, .type = 0x7777, .offset = 12 };
	u8 frame[FRAME];
	u64 before = counted(n, h);
	u32 at;

	*r = (struct rndis_packet) { .hdr.type = RNDIS_MSG_PACKET, .ppi_offset = 36 };
	for (at = sizeof(*r); at < 3000; at += ppi.size)
		memcpy(msg + at, &ppi, sizeof(ppi));
	r->ppi_len = at - sizeof(*r);
	r->data_offset = at - sizeof(r->hdr);
	r->data_len = frame_plain(frame, sizeof(frame), 1, false);
	memcpy(msg + at, frame, sizeof(frame));
	r->hdr.len = at + sizeof(frame);
	judge(n, h, "a chain of many PPIs", nic_send_section(n, 0, 1, msg, r->hdr.len),
	      PACKET | ANSWER, before);
}

/* A frame that nobody may send is only not sent. */
static void test_long(struct nic *n, struct host *h)
{
	static const u32 lens[] = { NIC_MTU + NIC_ETH + NIC_TAG + 1, 9000, 65536, 65537, 200000 };
	struct nic_range r = { .page = PAGE_NIC_DATA };
	static struct host_frame f;
	struct rndis_packet p;
	u64 before, id;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		p = (struct rndis_packet) {
			.hdr = { RNDIS_MSG_PACKET, sizeof(p) + lens[i] },
			.data_offset = sizeof(p) - sizeof(p.hdr), .data_len = lens[i],
		};
		memcpy(nic_data(n, 0), &p, sizeof(p));
		frame_plain(nic_data(n, sizeof(p)), 1000, 1, false);
		r.len = p.hdr.len;
		before = counted(n, h);
		id = nic_send_ranges(n, 0, &r, 1);
		ok(outcome(n, id) & (PACKET | ANSWER) && !host_take(h->sock, &f, 20) &&
		   counted(n, h) > before && lives(n, h), "a frame of %u bytes", lens[i]);
	}
}

/* ---- NVSP ---------------------------------------------------------------------------- */

static const struct raw {
	const char *what;
	u32 words[WORDS];
	u32 len;
	unsigned int may;
} raws[] = {
	{ "a message of nothing", { 0 }, 0, CHANNEL },
	{ "type 0", { 0 }, 28, CHANNEL },
	{ "an answer", { NVSP_INIT_COMPLETE, 1, 1, 1 }, 28, CHANNEL },
	{ "a type that is not", { 99 }, 28, CHANNEL },
	{ "the last of all types", { U32_MAX }, 28, CHANNEL },
	{ "a type with a high bit", { 0x10000 | NVSP_RNDIS_PACKET, 0, U32_MAX }, 28, CHANNEL },
	{ "an answer to a buffer", { NVSP_RECV_BUFFER_COMPLETE, 1, 1 }, 28, CHANNEL },
	{ "an answer to a frame as a message", { NVSP_RNDIS_PACKET_COMPLETE, 1 }, 28, CHANNEL },
	{ "news of a VF", { NVSP_VF_ASSOCIATION, 1, 1 }, 28, CHANNEL },
	{ "a table", { NVSP_INDIRECTION_TABLE, 16, 12 }, 28, CHANNEL },
	{ "an INIT too many", { NVSP_INIT, NVSP_VERSION_61, NVSP_VERSION_61 }, 28,
	  CHANNEL | ANSWER },
	{ "a configuration too many", { NVSP_NDIS_CONFIG, 1514 }, 28, CHANNEL | ANSWER },
	{ "a version too many", { NVSP_NDIS_VERSION, 6, 1 }, 28, CHANNEL | ANSWER },
	{ "a receive buffer too many", { NVSP_RECV_BUFFER, 1, 1 }, 28, CHANNEL | ANSWER },
	{ "a send buffer too many", { NVSP_SEND_BUFFER, 1, 1 }, 28, CHANNEL | ANSWER },
	{ "the wrong receive buffer back", { NVSP_REVOKE_RECV_BUFFER, 1 }, 28, CHANNEL | ANSWER },
	{ "the wrong send buffer back", { NVSP_REVOKE_SEND_BUFFER, 1 }, 28, CHANNEL | ANSWER },
	{ "a data path that is not", { NVSP_SWITCH_DATA_PATH, 2 }, 28, CHANNEL | ANSWER },
	{ "an OID of NVSP", { NVSP_OID_QUERY_EX, 1, 2 }, 28, ANSWER },
	{ "too many sub-channels", { NVSP_SUBCHANNEL, 1, 1 }, 28, ANSWER },
	{ "a short message", { NVSP_RNDIS_PACKET, 0 }, 8, CHANNEL | PACKET },
	{ "a short buffer", { NVSP_RECV_BUFFER, 1 }, 8, CHANNEL | ANSWER },
	{ "no section and no data", { NVSP_RNDIS_PACKET, 0, U32_MAX, 0 }, 28, PACKET },
	{ "no section and a size", { NVSP_RNDIS_PACKET, 0, U32_MAX, 100 }, 28, PACKET },
	{ "a section and no size", { NVSP_RNDIS_PACKET, 0, 0, 0 }, 28, PACKET },
	{ "a section and 7 bytes", { NVSP_RNDIS_PACKET, 0, 0, 7 }, 28, PACKET },
	{ "a size beyond the send buffer",
	  { NVSP_RNDIS_PACKET, 0, 0, NIC_SEND_PAGES * PAGE + 1 }, 28, PACKET },
	{ "a size of all", { NVSP_RNDIS_PACKET, 0, 0, U32_MAX }, 28, PACKET },
	{ "a size beyond it from the last section", { NVSP_RNDIS_PACKET, 0,
	  NIC_SEND_PAGES * PAGE / NVSP_SECTION_SIZE - 1, 2 * NVSP_SECTION_SIZE }, 28, PACKET },
	{ "a section beyond it", { NVSP_RNDIS_PACKET, 0,
	  NIC_SEND_PAGES * PAGE / NVSP_SECTION_SIZE + 1, 100 }, 28, PACKET },
	{ "the last of all sections", { NVSP_RNDIS_PACKET, 0, U32_MAX - 1, 100 }, 28, PACKET },
	{ "a section whose offset wraps", { NVSP_RNDIS_PACKET, 0, 0x80000000, 100 }, 28, PACKET },
};

static void test_raws(struct nic *n, struct host *h)
{
	const struct raw *r;
	unsigned int i;
	u64 before, id;

	for (i = 0; i < ARRAY_SIZE(raws); i++) {
		r = &raws[i];
		before = counted(n, h);
		id = nic_id(n);
		/* What an earlier one has left there would be taken for data. */
		memset(ram_page(&n->b->g, PAGE_NIC_SEND), 0, NIC_SEND_PAGES * PAGE);
		nic_put(n, 0, id, r->words, r->len, NULL, 0);
		channel_send(&n->c[0]);
		judge(n, h, r->what, id, r->may, before);
	}
	ok(guest_quiet(&n->b->g), "none of that led to an offer");
}

/* Before the guest has said what it must say first. */
static void test_too_early(struct nic *n, struct host *h)
{
	static const struct raw early[] = {
		{ "before INIT: a frame", { NVSP_RNDIS_PACKET, 0, U32_MAX }, 28, PACKET | CHANNEL },
		{ "before INIT: a buffer", { NVSP_RECV_BUFFER, 1, 1 }, 28, CHANNEL | ANSWER },
		{ "before INIT: sub-channels", { NVSP_SUBCHANNEL, 1, 1 }, 28, CHANNEL | ANSWER },
	};
	struct nvsp_message m = { .type = NVSP_RECV_BUFFER, .buffer = { 0x7777, 1 } }, a;
	unsigned int i;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(early); i++) {
		nic_close(n);
		nic_open(n);
		id = nic_id(n);
		nic_put(n, 0, id, early[i].words, early[i].len, NULL, 0);
		channel_send(&n->c[0]);
		ok(outcome(n, id) & early[i].may, "%s", early[i].what);
	}
	ok(nic_close(n) && nic_open(n) && nic_init(n, NVSP_VERSION_61) == NVSP_STATUS_SUCCESS &&
	   nic_config(n, conf), "anew");
	ok(nic_ask(n, &m, &a) && a.type == NVSP_RECV_BUFFER_COMPLETE &&
	   a.recv_complete.status != NVSP_STATUS_SUCCESS, "a GPADL that there is not is refused");
	ok(again(n, h) && lives(n, h), "opened again: frames go");
}

/* ---- ranges -------------------------------------------------------------------------- */

static const struct bad_range {
	const char *what;
	u32 count;
	u32 len;
	u32 offset;
	u64 pfn;		/* 0 for a page that is the guest's */
	u16 offset8;		/* 0 for that which is right */
} bad_ranges[] = {
	{ "no ranges", 0, 100, 0, 0, 0 },
	{ "one range more than there is", 2, 100, 0, 0, 0 },
	{ "all ranges", U32_MAX, 100, 0, 0, 0 },
	{ "a byte more than a page", 1, PAGE + 1, 0, 0, 0 },
	{ "a byte more than the page has", 1, PAGE, 1, 0, 0 },
	{ "an offset behind the page", 1, 100, PAGE, 0, 0 },
	{ "the last of all offsets", 1, 100, U32_MAX, 0, 0 },
	{ "a range of all", 1, U32_MAX, 0, 0, 0 },
	{ "a range that wraps", 1, U32_MAX, U32_MAX, 0, 0 },
	{ "a page below all memory", 1, 100, 0, 1, 0 },
	{ "a page above all memory", 1, 100, 0, RAM_GPA / PAGE + RAM_PAGES, 0 },
	{ "a page far above", 1, 100, 0, 1ULL << 40, 0 },
	{ "a page whose address wraps", 1, 100, 0, 1ULL << 52 | (RAM_GPA / PAGE), 0 },
	{ "the last of all pages", 1, 100, 0, ~0ULL, 0 },
	{ "no header of ranges", 1, 100, 0, 0, 2 },
	{ "half a range", 1, 100, 0, 0, 4 },
};

static void test_bad_ranges(struct nic *n, struct host *h)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_DATA, NVSP_SECTION_NONE, 0 },
	};
	struct {
		u32 reserved;
		u32 count;
		u32 len;
		u32 offset;
		u64 pfn;
		u8 msg[NVSP_MESSAGE_SIZE_61];
	} packet = { };
	struct vmpacket_descriptor d = { .type = VM_PKT_DATA_USING_GPA_DIRECT, .flags = 1 };
	const struct bad_range *r;
	unsigned int i;
	u64 before;

	base_message(nic_data(n, 0));
	memcpy(packet.msg, &m, sizeof(packet.msg));
	for (i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		r = &bad_ranges[i];
		packet.count = r->count;
		packet.len = r->len;
		packet.offset = r->offset;
		packet.pfn = r->pfn ?: ram_pfn(PAGE_NIC_DATA);
		d.offset8 = r->offset8 ?: 5;
		d.trans_id = nic_id(n);
		before = counted(n, h);
		ring_put_packet(&n->c[0].out, &d, &packet, sizeof(packet));
		channel_send(&n->c[0]);
		judge(n, h, r->what, d.trans_id, PACKET | CHANNEL, before);
	}
}

/* ---- packets of other types, and completions ----------------------------------------- */

static void put_typed(struct nic *n, u16 type, u64 id, const void *data, u32 len)
{
	struct vmpacket_descriptor d = {
		.type = type, .offset8 = sizeof(d) / 8, .trans_id = id,
	};

	ring_put_packet(&n->c[0].out, &d, data, len);
	channel_send(&n->c[0]);
}

static void test_types(struct nic *n, struct host *h)
{
	static const u16 types[] = { 0, 1, 5, VM_PKT_DATA_USING_XFER_PAGES, 0xa, 0xc, 0xffff };
	static const u32 data[8] = { NIC_RECV_ID, 1 };
	char what[40];
	unsigned int i;
	u64 before;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		before = counted(n, h);
		put_typed(n, types[i], 1, data, sizeof(data));
		snprintf(what, sizeof(what), "a packet of type %#x", types[i]);
		judge(n, h, what, 0, CHANNEL | QUIET, before);
	}
}

/* Of a packet that the guest does not have: it breaks the channel, or does nothing. */
static void test_completions(struct nic *n, struct host *h)
{
	const u64 ids[] = { 0, n->cuts - 1, n->cuts, U32_MAX, 1ULL << 32, 1ULL << 32 | 20, ~0ULL };
	static const u32 done[2] = { NVSP_RNDIS_PACKET_COMPLETE, NVSP_STATUS_SUCCESS };
	char what[60];
	unsigned int i;
	u64 before;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		before = counted(n, h);
		put_typed(n, VM_PKT_COMP, ids[i], done, sizeof(done));
		snprintf(what, sizeof(what), "a completion of packet %#llx", ids[i]);
		judge(n, h, what, 0, CHANNEL, before);
	}
}

/* A packet that the guest has, completed in odd ways. */
static void test_held(struct nic *n, struct host *h)
{
	static const struct {
		const char *what;
		u32 words[2];
		u32 len;
		unsigned int times;
		unsigned int may;
	} odd[] = {
		{ "completed with nothing", { 0 }, 0, 1, QUIET | CHANNEL },
		{ "completed with an error", { NVSP_RNDIS_PACKET_COMPLETE, 2 }, 8, 1, QUIET },
		{ "completed by another message", { NVSP_INIT_COMPLETE, 1 }, 8, 1,
		  QUIET | CHANNEL },
		{ "completed twice", { NVSP_RNDIS_PACKET_COMPLETE, 1 }, 8, 2, CHANNEL },
	};
	unsigned int i, k;
	bool good;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		n->hold = true;
		good = nic_in_once(n, h, 200, i) && n->nheld == 1;
		id = good ? n->held[0].id : 0;
		n->nheld = 0;
		for (k = 0; good && k < odd[i].times; k++)
			put_typed(n, VM_PKT_COMP, id, odd[i].words, odd[i].len);
		ok(good && outcome(n, 0) & odd[i].may && again(n, h) && lives(n, h), "%s",
		   odd[i].what);
	}
}

/* ---- control messages ---------------------------------------------------------------- */

static void test_control(struct nic *n, struct host *h)
{
	/* A SET of the filter, and one of its numbers is another. */
	static const struct patch bad[] = {
		{ "control: length 0", 4, 0, PACKET | CHANNEL },
		{ "control: length 8", 4, 8, PACKET | CHANNEL },
		{ "control: length 27", 4, 27, PACKET | CHANNEL },
		{ "control: length of one more", 4, 33, PACKET | CHANNEL },
		{ "control: length of all", 4, U32_MAX, PACKET | CHANNEL },
		{ "control: value of one more", 16, 5, ANY },
		{ "control: value of all", 16, U32_MAX, ANY },
		{ "control: value at 0", 20, 0, ANY },
		{ "control: value behind the end", 20, 25, ANY },
		{ "control: value at the end of all numbers", 20, U32_MAX, ANY },
		{ "control: an INIT too many", 0, RNDIS_MSG_INIT, CHANNEL | ANSWER },
		{ "control: an answer", 0, RNDIS_MSG_SET_C, PACKET | CHANNEL },
	};
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	struct nic_range r = { .page = PAGE_NIC_CTL, .len = 32 };
	unsigned int i;
	u64 before, id;
	u8 *p;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 words[8] = { RNDIS_MSG_SET, 32, 77, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, 4, 20,
				 0, conf->filter };

		n->control_len = 0;
		p = ram_page(&n->b->g, PAGE_NIC_CTL);
		memset(p, 0, PAGE);
		memcpy(p, words, sizeof(words));
		memcpy(p + bad[i].at, &bad[i].value, sizeof(bad[i].value));
		before = counted(n, h);
		id = nic_id(n);
		nic_put(n, 0, id, &m, n->size, &r, 1);
		channel_send(&n->c[0]);
		judge(n, h, bad[i].what, id, bad[i].may, before);
	}
}

/* ---- anything ------------------------------------------------------------------------ */

static u64 state;

static u32 below(u32 max)
{
	return rnd_below(&state, max);
}

static u32 random_word(void)
{
	static const u32 words[] = { 0, 1, 2, 7, 8, 12, 16, 36, 44, 60, 360, 1514, 0x7fffffff,
				     0x80000000, U32_MAX - 1, U32_MAX };

	return below(3) ? words[below(ARRAY_SIZE(words))] : rnd(&state);
}

/* Few numbers of a good message are others, so that some get far. */
static u64 random_frame(struct nic *n)
{
	u8 msg[FRAME + 64];
	u32 len = base_message(msg), i, word;

	for (i = below(3); i < 3; i++) {
		word = random_word();
		memcpy(msg + below(15) * 4, &word, sizeof(word));
	}
	return nic_send_section(n, 0, below(n->sections), msg, below(4) ? len : below(len));
}

static u64 random_control(struct nic *n)
{
	struct nvsp_message m = {
		.type = NVSP_RNDIS_PACKET,
		.rndis = { NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0 },
	};
	struct nic_range r = { .page = PAGE_NIC_CTL, .len = 8 + below(200) };
	u32 *words = ram_page(&n->b->g, PAGE_NIC_CTL), i;
	u64 id = nic_id(n);

	for (i = 0; i < 60; i++)
		words[i] = random_word();
	words[0] = RNDIS_MSG_QUERY + below(3);
	if (below(4))
		words[1] = r.len;
	words[3] = below(2) ? 0x00010100 + below(0x20) : 0xfc010200 + below(0x10);
	if (below(2))
		words[5] = 20;
	return nic_put(n, 0, id, &m, n->size, &r, 1) ? id : 0;
}

static u64 random_nvsp(struct nic *n)
{
	u32 words[NVSP_MESSAGE_SIZE_61 / 4], i;
	u64 id = nic_id(n);

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = random_word();
	/* Offers would come amid what is to come. */
	words[0] = below(2) ? NVSP_RNDIS_PACKET : NVSP_NDIS_VERSION + below(33);
	return nic_put(n, 0, id, words, sizeof(words), NULL, 0) ? id : 0;
}

static u64 random_packet(struct nic *n)
{
	switch (below(8)) {
	case 0:
		return random_nvsp(n);
	case 1 ... 2:
		return random_control(n);
	default:
		return random_frame(n);
	}
}

static void test_random(struct nic *n, struct host *h)
{
	u64 ms = opt.ms < RANDOM_MS ? opt.ms : RANDOM_MS;
	u64 end = now_us() + ms * 1000, id, last;
	unsigned int sent = 0, rounds = 0, i;
	bool good = true;

	state = opt.seed;
	while (good && now_us() < end) {
		for (i = 0, last = 0; i < BURST; i++, sent++) {
			n->control_len = 0;
			id = random_packet(n);
			last = id ?: last;
			channel_send(&n->c[0]);
			nic_poll(n);
		}
		good = outcome(n, last) && again(n, h) && lives(n, h);
		rounds++;
	}
	ok(good, "%u random packets in %u bursts (seed %llu)", sent, rounds, opt.seed);
}

/**
 * test_nichostile - malformed messages of all kinds
 */
void test_nichostile(void)
{
	static struct nic n;
	struct host h;

	uncounted = 0;
	if (nic_begin(&n, &h, NIC_MTU, 1) && ok(nic_ready(&n, &h, conf), "up")) {
		test_patches(&n, &h);
		test_second(&n, &h);
		test_chain(&n, &h);
		test_long(&n, &h);
		test_raws(&n, &h);
		test_bad_ranges(&n, &h);
		test_types(&n, &h);
		test_completions(&n, &h);
		test_held(&n, &h);
		test_control(&n, &h);
		test_too_early(&n, &h);
		ok(!uncounted, "what is malformed is counted");
		test_random(&n, &h);
		ok(bed_contact(n.b, VMBUS_VERSION(5, 3), 0) && nic_find(&n, n.b) &&
		   nic_ready(&n, &h, conf) && nic_works(&n, &h), "a new connection: frames go");
	}
	nic_end(&n, &h);
}
