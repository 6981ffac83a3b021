// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of messages against a model: for each message it says what the
 * server must answer, to the byte.
 *
 * The model knows what a server does whatever devices it has, but that a local one
 * closes at once.  Messages whose answers depend on what else is configured are not
 * sent in a form that is answered.
 */
#include <stdio.h>
#include <string.h>
#include "selftest.h"

#define MAX_CHANNELS	8		/* more are left alone */
#define MAX_IDS		6		/* GPADL ids in use, per channel */
#define MAX_WORDS	256
#define RING_PAGES	8

struct model_gpadl {
	bool used, complete, leaving;
	u16 ranges;
	u32 nwords, have;
	u64 words[MAX_WORDS];
};

struct model_channel {
	bool known, open;
	u32 ring;		/* GPADL id, while open */
	u32 vp;
	struct model_gpadl gpadls[MAX_IDS];
};

static struct model {
	struct bed *bed;
	u64 seed;
	u32 version;		/* 0 while disconnected */
	u32 features;
	u32 can;		/* features of the server */
	u32 vp;
	bool asked;		/* for the offers */
	struct model_channel channels[MAX_CHANNELS];
	union message answers[MAX_OFFERS + 1];
	u32 sizes[MAX_OFFERS + 1];
	unsigned int n;
} model;

static u32 below(u32 n)
{
	return rnd_below(&model.seed, n);
}

static bool one_in(u32 n)
{
	return !below(n);
}

/* ---- what must be answered -------------------------------------------------------------- */

static union message *answer(enum vmbus_msg_type type, u32 size)
{
	union message *a = &model.answers[model.n];

	memset(a, 0, sizeof(*a));
	a->hdr.type = type;
	model.sizes[model.n++] = size;
	return a;
}

static void answer_created(u32 channel, u32 gpadl, bool good)
{
	union message *a = answer(VMBUS_MSG_GPADL_CREATED, sizeof(a->created));

	a->created.channel_id = channel;
	a->created.gpadl_id = gpadl;
	a->created.status = good ? 0 : VMBUS_STATUS_FAILURE;
}

static void answer_torndown(u32 gpadl)
{
	union message *a = answer(VMBUS_MSG_GPADL_TORNDOWN, sizeof(a->torndown));

	a->torndown.gpadl_id = gpadl;
}

static struct model_channel *model_channel(u32 id)
{
	struct model_channel *c = &model.channels[id - 1];

	return id && id <= MAX_CHANNELS && c->known ? c : NULL;
}

/* The range at @pos: the position behind it, 0 if it is malformed. */
static u32 range_end(const struct model_gpadl *g, u32 pos)
{
	u64 bytes, offset, pages;

	if (pos >= g->nwords)
		return 0;
	bytes = g->words[pos] & 0xffffffff;
	offset = g->words[pos] >> 32;
	pages = (offset + bytes + PAGE - 1) / PAGE;
	return bytes && offset < PAGE && offset + bytes <= 0xffffffff &&
	       pages <= g->nwords - pos - 1 ? pos + 1 + pages : 0;
}

static bool well_formed(const struct model_gpadl *g)
{
	u32 i, pos = 0;

	for (i = 0; i < g->ranges; i++) {
		pos = range_end(g, pos);
		if (!pos)
			return false;
	}
	return true;
}

static void add_words(struct model_gpadl *g, const void *from, u32 n)
{
	if (n > g->nwords - g->have)
		n = g->nwords - g->have;
	memcpy(g->words + g->have, from, n * sizeof(u64));
	g->have += n;
}

static void model_header(const union message *m, u32 size)
{
	u32 id = m->header.channel_id, gpadl = m->header.gpadl_id, i;
	struct model_channel *c = model_channel(id);
	struct model_gpadl *g, new = {
		.used = true,
		.ranges = m->header.range_count,
		.nwords = m->header.range_bytes / 8,
	};
	/* Each range has a word of its own and at least one page. */
	bool good = c && !c->gpadls[gpadl].used && new.ranges <= new.nwords / 2;

	if (good) {
		add_words(&new, m->bytes + sizeof(m->header), (size - sizeof(m->header)) / 8);
		new.complete = new.have == new.nwords;
		if (new.complete)
			good = well_formed(&new);
		for (i = 0; i < MAX_CHANNELS && !new.complete; i++) {
			g = &model.channels[i].gpadls[gpadl];
			good &= !g->used || g->complete;
		}
	}
	if (good)
		c->gpadls[gpadl] = new;
	if (!good || new.complete)
		answer_created(id, gpadl, good);
}

static void model_body(const union message *m, u32 size)
{
	u32 gpadl = m->body.gpadl_id, i;
	struct model_gpadl *g;

	for (i = 0; i < MAX_CHANNELS; i++) {
		g = &model.channels[i].gpadls[gpadl];
		if (!g->used || g->complete)
			continue;
		add_words(g, m->bytes + sizeof(m->body), (size - sizeof(m->body)) / 8);
		if (g->have != g->nwords)
			return;
		g->complete = true;
		g->used = well_formed(g);
		answer_created(i + 1, gpadl, g->used);
		return;
	}
}

static void model_teardown(const union message *m, u32 size)
{
	struct model_channel *c = model_channel(m->teardown.channel_id);
	u32 id = m->teardown.gpadl_id;

	if (!c || !c->gpadls[id].used || !c->gpadls[id].complete || c->gpadls[id].leaving)
		return;
	if (c->open && c->ring == id) {
		c->gpadls[id].leaving = true;
		return;
	}
	c->gpadls[id].used = false;
	answer_torndown(id);
}

static bool pages_there(const u64 *pfns, u32 n)
{
	while (n--)
		if (*pfns < ram_pfn(0) || *pfns++ >= ram_pfn(RAM_PAGES))
			return false;
	return true;
}

static void model_open(const union message *m, u32 size)
{
	struct model_channel *c = model_channel(m->open.channel_id);
	u32 id = m->open.ring_gpadl, vp = m->open.target_vp, down = m->open.downstream_page;
	u32 flag = m->open.channel_id, pages;
	struct model_gpadl *g;
	union message *a;

	if (!c || c->open)
		return;
	g = &c->gpadls[id];
	pages = g->words[0] / PAGE;
	if (model.features & VMBUS_FEATURE_GUEST_SIGNAL)
		flag = m->open2.event_flag;
	c->open = flag && flag <= VMBUS_MAX_EVENT_FLAG && (vp < VPS || vp == VMBUS_VP_NONE) &&
		  g->used && g->complete && !g->leaving &&
		  g->ranges == 1 && !(g->words[0] % PAGE) && !(g->words[0] >> 32) &&
		  down >= 2 && down < pages && pages - down >= 2 &&
		  pages_there(g->words + 1, pages);
	c->ring = id;
	c->vp = vp;
	a = answer(VMBUS_MSG_OPEN_RESULT, sizeof(a->open_result));
	a->open_result.channel_id = m->open.channel_id;
	a->open_result.open_id = m->open.open_id;
	a->open_result.status = c->open ? 0 : VMBUS_STATUS_FAILURE;
}

static void model_close(const union message *m, u32 size)
{
	struct model_channel *c = model_channel(m->channel.channel_id);

	if (!c || !c->open)
		return;
	c->open = false;
	if (!c->gpadls[c->ring].leaving)
		return;
	memset(&c->gpadls[c->ring], 0, sizeof(c->gpadls[0]));
	answer_torndown(c->ring);
}

static void model_released(const union message *m, u32 size)
{
	struct model_channel *c = model_channel(m->channel.channel_id);

	if (c && !c->open)
		memset(c, 0, sizeof(*c));
}

static void model_modify(const union message *m, u32 size)
{
	struct model_channel *c = model_channel(m->modify.channel_id);
	u32 vp = m->modify.target_vp;
	bool good = c && c->open && vp < VPS && c->vp != VMBUS_VP_NONE;
	union message *a;

	if (good)
		c->vp = vp;
	if (model.version < VMBUS_VERSION(5, 3))
		return;
	a = answer(VMBUS_MSG_MODIFY_CHANNEL_RESP, sizeof(a->modified));
	a->modified.channel_id = m->modify.channel_id;
	a->modified.status = good ? 0 : VMBUS_STATUS_FAILURE;
}

static void model_disconnect(void)
{
	model.version = 0;
	model.asked = false;
	memset(model.channels, 0, sizeof(model.channels));
}

static bool version_good(u32 version)
{
	static const u32 versions[] = {
		VMBUS_VERSION(0, 13), VMBUS_VERSION(1, 1), VMBUS_VERSION(2, 4),
		VMBUS_VERSION(3, 0), VMBUS_VERSION(4, 0), VMBUS_VERSION(4, 1),
		VMBUS_VERSION(5, 0), VMBUS_VERSION(5, 1), VMBUS_VERSION(5, 2),
		VMBUS_VERSION(5, 3), VMBUS_VERSION(6, 0),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i] == version)
			return true;
	return false;
}

static void model_contact(const union message *m, u32 size)
{
	bool one_page = !m->contact.parent_to_child != !m->contact.child_to_parent;
	u32 version = m->contact.version;
	u32 features = version >= VMBUS_VERSION(6, 0) ? m->contact.target_info >> 32 : 0;
	union message *a;

	if (version >= VMBUS_VERSION(5, 1) && m->contact.target_info & 0xff00)
		return;
	if (version >= VMBUS_VERSION(3, 0) && m->contact.target_vp >= VPS)
		return;
	model_disconnect();
	model.vp = version >= VMBUS_VERSION(3, 0) ? m->contact.target_vp : 0;
	a = answer(VMBUS_MSG_VERSION_RESPONSE, sizeof(a->version.v1));
	/* Before 2.4 there was no way to say what is wrong. */
	if (!version_good(version) || (one_page && version < VMBUS_VERSION(2, 4)))
		return;
	a->version.v1.supported = 1;
	a->version.v1.selected = version >= VMBUS_VERSION(5, 0) ? VMBUS_CONN_MESSAGE_MULTI :
				 version;
	if (version >= VMBUS_VERSION(6, 0)) {
		model.sizes[model.n - 1] = sizeof(a->version);
		a->version.features = features & model.can;
	}
	if (one_page) {
		a->version.v1.connection_state = VMBUS_CONNECTION_FAILED;
		return;
	}
	model.version = version;
	model.features = features & model.can;
}

static void model_offers(const union message *m, u32 size)
{
	unsigned int i;

	if (model.asked)
		return;
	model.asked = true;
	for (i = 0; i < model.bed->n; i++) {
		answer(VMBUS_MSG_OFFER, sizeof(struct vmbus_offer_msg))->offer =
			model.bed->offers[i];
		if (i < MAX_CHANNELS)
			model.channels[i].known = true;
	}
	answer(VMBUS_MSG_ALL_OFFERS, sizeof(struct vmbus_msg_hdr));
}

static void model_unload(const union message *m, u32 size)
{
	model_disconnect();
	answer(VMBUS_MSG_UNLOAD_COMPLETE, sizeof(m->hdr));
}

/* What a guest may say, with its shortest length and first version. */
static const struct {
	u32 size, version;
	void (*handle)(const union message *m, u32 size);
} messages[VMBUS_MSG_COUNT] = {
	[VMBUS_MSG_REQUEST_OFFERS] = { sizeof(struct vmbus_msg_hdr), 1, model_offers },
	[VMBUS_MSG_OPEN] = { sizeof(struct vmbus_open_msg), 1, model_open },
	[VMBUS_MSG_CLOSE] = { sizeof(struct vmbus_channel_msg), 1, model_close },
	[VMBUS_MSG_GPADL_HEADER] = { sizeof(struct vmbus_gpadl_header_msg), 1, model_header },
	[VMBUS_MSG_GPADL_BODY] = { sizeof(struct vmbus_gpadl_body_msg), 1, model_body },
	[VMBUS_MSG_GPADL_TEARDOWN] = { sizeof(struct vmbus_gpadl_teardown_msg), 1,
				       model_teardown },
	[VMBUS_MSG_RELID_RELEASED] = { sizeof(struct vmbus_channel_msg), 1, model_released },
	[VMBUS_MSG_CONTACT] = { sizeof(struct vmbus_contact_msg), 0, model_contact },
	[VMBUS_MSG_UNLOAD] = { sizeof(struct vmbus_msg_hdr), 1, model_unload },
	[VMBUS_MSG_MODIFY_CHANNEL] = { sizeof(struct vmbus_modify_channel_msg),
				       VMBUS_VERSION(4, 1), model_modify },
	/* Only sent when they are too short. */
	[VMBUS_MSG_OPEN_RESERVED] = { 28, 1, NULL },
	[VMBUS_MSG_CLOSE_RESERVED] = { 20, 0, NULL },
	[VMBUS_MSG_TL_CONNECT] = { 40, 1, NULL },
	[VMBUS_MSG_MODIFY_CONNECTION] = { 24, 1, NULL },
	[VMBUS_MSG_PAUSE] = { 8, 1, NULL },
	[VMBUS_MSG_RESUME] = { 8, 1, NULL },
};

/* What only a server says. */
static const u32 wrong[] = {
	VMBUS_MSG_OFFER, VMBUS_MSG_RESCIND, VMBUS_MSG_ALL_OFFERS, VMBUS_MSG_OPEN_RESULT,
	VMBUS_MSG_GPADL_CREATED, VMBUS_MSG_GPADL_TORNDOWN, VMBUS_MSG_VERSION_RESPONSE,
	VMBUS_MSG_UNLOAD_COMPLETE, VMBUS_MSG_CLOSE_RESERVED_RESP, VMBUS_MSG_TL_CONNECT_RESULT,
	VMBUS_MSG_MODIFY_CHANNEL_RESP, VMBUS_MSG_MODIFY_CONNECTION_RESP,
	VMBUS_MSG_PAUSE_RESPONSE, 0, VMBUS_MSG_COUNT, VMBUS_MSG_COUNT + 1,
};

static void model_message(const union message *m, u32 size)
{
	u32 type = m->hdr.type, min;

	model.n = 0;
	if (size < sizeof(m->hdr) || type >= VMBUS_MSG_COUNT || !messages[type].handle)
		return;
	min = messages[type].size;
	if (type == VMBUS_MSG_OPEN &&
	    model.features & (VMBUS_FEATURE_GUEST_SIGNAL | VMBUS_FEATURE_REDIRECT_INT))
		min = sizeof(m->open2);
	if (size >= min && model.version >= messages[type].version)
		messages[type].handle(m, size);
}

/* ---- what is sent ------------------------------------------------------------------------- */

static u32 random_channel(void)
{
	return one_in(8) ? below(4000) + 1000 : below(model.bed->n) + 1;
}

static u32 random_vp(void)
{
	static const u32 vps[] = { 0, 1, 0, 1, VPS, VMBUS_VP_NONE };

	return vps[below(6)];
}

static u64 random_pfn(void)
{
	return one_in(20) ? below(1000) * 0x1000ULL : ram_pfn(PAGE_SCRATCH + below(SCRATCH_PAGES));
}

/* Mostly what an open can use. */
static u32 make_header(union message *m)
{
	u32 pages = one_in(4) ? below(60) : RING_PAGES, nwords = pages + 1, n, i;

	m->header.hdr.type = VMBUS_MSG_GPADL_HEADER;
	m->header.channel_id = random_channel();
	m->header.gpadl_id = below(MAX_IDS);
	m->header.range_count = one_in(10) ? below(3) : 1;
	if (one_in(10))
		nwords = below(MAX_WORDS);
	m->header.range_bytes = nwords * 8 + (one_in(10) ? below(8) : 0);
	n = nwords < VMBUS_GPADL_HEADER_WORDS ? nwords : VMBUS_GPADL_HEADER_WORDS;
	if (n && one_in(10))
		n = below(n);
	for (i = 0; i < n; i++) {
		u64 word = i ? random_pfn() : (u64)pages * PAGE;

		if (!i && one_in(10))
			word = below(2 * PAGE) | (u64)below(5000) << 32;
		memcpy(m->bytes + sizeof(m->header) + i * 8, &word, sizeof(word));
	}
	return sizeof(m->header) + n * 8;
}

static u32 make_body(union message *m)
{
	u32 n = below(VMBUS_GPADL_BODY_WORDS + 1), i;

	m->body.hdr.type = VMBUS_MSG_GPADL_BODY;
	m->body.gpadl_id = below(MAX_IDS);
	for (i = 0; i < n; i++) {
		u64 word = random_pfn();

		memcpy(m->bytes + sizeof(m->body) + i * 8, &word, sizeof(word));
	}
	return sizeof(m->body) + n * 8;
}

static u32 make_contact(union message *m)
{
	static const u32 minor[] = { 0, 0, 1, 2, 3, 3 };
	static const u32 old[] = {
		VMBUS_VERSION(0, 13), VMBUS_VERSION(1, 1), VMBUS_VERSION(2, 4), 0xff,
	};
	u32 version = VMBUS_VERSION(3 + below(4), minor[below(6)]);

	if (one_in(8))
		version = old[below(ARRAY_SIZE(old))];
	contact_init(&m->contact2, version, 0);
	/* Those of which the model knows all that they change. */
	if (version >= VMBUS_VERSION(6, 0))
		m->contact.target_info |= (u64)below(4) << 32;
	m->contact.target_vp = one_in(20) ? VPS : below(VPS);
	/* Before 2.4 that is the interrupt page. */
	if (version >= VMBUS_VERSION(2, 4) && one_in(20))
		m->contact.target_info |= 0x200;
	if (one_in(20))
		m->contact.parent_to_child = RAM_GPA;
	return sizeof(m->contact);
}

static u32 make_open(union message *m)
{
	m->open.hdr.type = VMBUS_MSG_OPEN;
	m->open.channel_id = random_channel();
	m->open.open_id = rnd(&model.seed);
	m->open.ring_gpadl = below(MAX_IDS);
	m->open.target_vp = random_vp();
	m->open.downstream_page = one_in(4) ? below(RING_PAGES + 2) : RING_PAGES / 2;
	m->open2.connection_id = VMBUS_CONN_EVENT(m->open.channel_id, VMBUS_SINT, 0);
	m->open2.event_flag = one_in(10) ? below(2) * (VMBUS_MAX_EVENT_FLAG + 1) :
			      m->open.channel_id;
	return sizeof(m->open2);
}

static u32 make_message(union message *m)
{
	memset(m, 0, sizeof(*m));
	/* Without offers there is little to do. */
	if (!model.version && !one_in(4))
		return make_contact(m);
	if (model.version && !model.asked && !one_in(4)) {
		m->hdr.type = VMBUS_MSG_REQUEST_OFFERS;
		return sizeof(m->hdr);
	}
	switch (below(64)) {
	case 0:
		return make_contact(m);
	case 1:
		m->hdr.type = one_in(2) ? VMBUS_MSG_UNLOAD : VMBUS_MSG_REQUEST_OFFERS;
		return sizeof(m->hdr);
	case 2 ... 17:
		return make_header(m);
	case 18 ... 23:
		return make_body(m);
	case 24 ... 31:
		m->teardown.hdr.type = VMBUS_MSG_GPADL_TEARDOWN;
		m->teardown.channel_id = random_channel();
		m->teardown.gpadl_id = below(MAX_IDS);
		return sizeof(m->teardown);
	case 32 ... 44:
		return make_open(m);
	case 45 ... 52:
		m->channel.hdr.type = VMBUS_MSG_CLOSE;
		m->channel.channel_id = random_channel();
		return sizeof(m->channel);
	case 53:
		m->channel.hdr.type = VMBUS_MSG_RELID_RELEASED;
		m->channel.channel_id = random_channel();
		return sizeof(m->channel);
	case 54 ... 58:
		m->modify.hdr.type = VMBUS_MSG_MODIFY_CHANNEL;
		m->modify.channel_id = random_channel();
		m->modify.target_vp = random_vp();
		return sizeof(m->modify);
	case 59 ... 61:
		/* From the wrong side, or of no type at all. */
		m->hdr.type = one_in(2) ? wrong[below(ARRAY_SIZE(wrong))] : rnd(&model.seed) | 64;
		return below(sizeof(*m) + 1);
	default:
		/* Too short, also those that the model does not know. */
		m->hdr.type = below(VMBUS_MSG_COUNT);
		return below(messages[m->hdr.type].size ?: sizeof(*m));
	}
}

/* ---- the comparison ----------------------------------------------------------------------- */

static void show(const char *what, const union message *m, u32 size)
{
	char text[3 * 64 + 1] = "";
	u32 i;

	for (i = 0; i < size && i < 64; i++)
		snprintf(text + 3 * i, 4, " %02x", m->bytes[i]);
	note("%s %u bytes:%s", what, size, text);
}

static bool answered(struct guest *g, const union message *sent, u32 size)
{
	union message got;
	unsigned int i;
	u32 n;

	g->vp = model.vp;
	for (i = 0; i < model.n; i++) {
		n = guest_receive(g, &got);
		if (n == model.sizes[i] && !memcmp(&got, &model.answers[i], n))
			continue;
		show("sent", sent, size);
		show("want", &model.answers[i], model.sizes[i]);
		show("got", &got, n);
		return false;
	}
	return true;
}

/* A burst of messages, and what must be left of the server after it. */
static bool burst(struct bed *b, unsigned int count, u64 *answers)
{
	struct guest *g = &b->g;
	union message m;
	u32 size;

	while (count--) {
		size = make_message(&m);
		/* More than is needed never matters, but to these. */
		if (m.hdr.type != VMBUS_MSG_GPADL_HEADER && m.hdr.type != VMBUS_MSG_GPADL_BODY &&
		    m.hdr.type < VMBUS_MSG_COUNT && messages[m.hdr.type].handle &&
		    size >= messages[m.hdr.type].size && one_in(8))
			size += below(VMBUS_MSG_MAX + 1 - size);
		if (size && one_in(16))
			size = below(size);
		model_message(&m, size);
		if (!guest_post(g, &m, size) || !answered(g, &m, size))
			return false;
		*answers += model.n;
	}
	g->version = model.version;
	g->vp = model.vp;
	if (!guest_quiet(g)) {
		note("a message that nobody expects");
		return false;
	}
	model_disconnect();
	return bed_connect(b, VMBUS_VERSION(5, 3), 0) && bed_echo(b, 20) && guest_unload(g);
}

/**
 * test_model - random sequences against the model
 */
void test_model(void)
{
	u64 start = now_us(), end = start + opt.ms * 1000ULL, sent = 0, answers = 0;
	const unsigned int count = 500;
	struct bed b;
	bool good;

	bed_up(&b);
	memset(&model, 0, sizeof(model));
	model.bed = &b;
	model.seed = opt.seed;
	good = guest_contact(&b.g, VMBUS_VERSION(6, 0), ~0);
	model.can = b.g.features;
	good = good && bed_connect(&b, VMBUS_VERSION(5, 3), 0) && guest_unload(&b.g);
	while (good && now_us() < end) {
		good = burst(&b, count, &answers);
		sent += count;
	}
	ok(good, "%llu messages and %llu answers as expected (seed %llu)", sent, answers,
	   opt.seed);
	note("%llu messages and %llu answers per second, one after the other",
	     sent * 1000000 / (now_us() - start), answers * 1000000 / (now_us() - start));
	bed_down(&b);
}
