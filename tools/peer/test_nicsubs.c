// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network adapter with sub-channels: frames by each, spread as the guest wants it, and
 * what becomes of the others when one is broken.
 */
#include <stddef.h>
#include <string.h>
#include "nic.h"

#define SUBS		(NIC_CHANNELS - 1)
#define TABLE		16U
#define FLOWS		8U
#define MANY_FLOWS	64U		/* that spread over all channels, or chance is against it */
#define FRAME		300U
#define ROUNDS		30U
#define REOPENS		3U
#define PER_CHANNEL	8U
#define QUIET_MS	200
#define REVISION	2

struct rss {
	struct ndis_rss_parameters p;
	u32 table[TABLE];
	u8 key[NDIS_RSS_KEY_SIZE];
} __packed;

static u8 key_byte(unsigned int i)
{
	return i * 37 + 11;
}

static struct rss rss_of(const u32 *table)
{
	struct rss r = {
		.p = {
			.hdr = { NDIS_OBJECT_RSS_PARAMETERS, REVISION, sizeof(r.p) },
			.hash = NDIS_HASH_TOEPLITZ | NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4 |
				NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6,
			.table_size = sizeof(r.table),
			.table_offset = offsetof(struct rss, table),
			.key_size = sizeof(r.key),
			.key_offset = offsetof(struct rss, key),
		},
	};
	unsigned int i;

	memcpy(r.table, table, sizeof(r.table));
	for (i = 0; i < sizeof(r.key); i++)
		r.key[i] = key_byte(i);
	return r;
}

/**
 * nic_spread - have frames to the guest go by some channels
 * @n: adapter that is up
 * @first: the first of them
 * @count: how many, by turns
 *
 * Return: false if that is refused.
 */
bool nic_spread(struct nic *n, u32 first, u32 count)
{
	u32 table[TABLE];
	unsigned int i;
	struct rss r;

	for (i = 0; i < TABLE; i++)
		table[i] = first + i % count;
	r = rss_of(table);
	return !nic_set(n, NDIS_OID_RSS_PARAMETERS, &r, sizeof(r));
}

/**
 * nic_flow_in - a frame of a flow to the guest
 * @n: adapter that is up
 * @h: its netdev
 * @port: of the flow, TCP and IPv4
 *
 * Return: the channel that it comes by, or -1.
 */
int nic_flow_in(struct nic *n, struct host *h, u16 port)
{
	struct flow w = { .port = port };
	const struct nic_frame *f;
	u8 frame[FRAME];
	u32 len = frame_flow(frame, &w, 100, port, true);

	if (!host_send(h->sock, frame, len))
		return -1;
	f = nic_take(n, TIMEOUT_MS);
	return f && f->len == len && !memcmp(f->data, frame, len) ? (int)f->channel : -1;
}

/* So many flows, some of them twice; returns which channels have been used. */
static u32 channels_used(struct nic *n, struct host *h, unsigned int flows)
{
	int by[MANY_FLOWS], again;
	unsigned int i;
	u32 used = 0;

	for (i = 0; i < flows; i++) {
		by[i] = nic_flow_in(n, h, 2000 + i);
		if (by[i] < 0)
			return 0;
		used |= 1U << by[i];
	}
	for (i = 0; i < FLOWS; i++) {
		again = nic_flow_in(n, h, 2000 + i);
		if (again != by[i]) {
			note("flow %u came by channel %d, and then by %d", i, by[i], again);
			return 0;
		}
	}
	return used;
}

/* Frames that are sent by all channels at once; each comes, those of a channel in order. */
static bool out_all(struct nic *n, struct host *h, u64 seed)
{
	static u8 frame[FRAME], msg[FRAME + 64];
	static struct host_frame f;
	unsigned int ch, k, next[NIC_CHANNELS] = { }, left = n->n * PER_CHANNEL;
	struct nic_out o = { .frame = frame };
	u64 ids[NIC_CHANNELS * PER_CHANNEL];
	u32 len;

	for (k = 0; k < PER_CHANNEL; k++) {
		for (ch = 0; ch < n->n; ch++) {
			o.len = frame_plain(frame, FRAME, seed + k * n->n + ch, false);
			frame[NIC_ETH] = ch;
			len = rndis_put(msg, &o, 1);
			ids[k * n->n + ch] = nic_send_section(n, ch, k * n->n + ch, msg, len);
			if (!ids[k * n->n + ch])
				return false;
		}
	}
	for (k = 0; k < left; k++)
		if (nic_status(n, ids[k]) != NVSP_STATUS_SUCCESS)
			return false;
	for (; left; left--) {
		if (!host_take(h->sock, &f, TIMEOUT_MS) || f.len != FRAME)
			return false;
		ch = f.data[NIC_ETH];
		if (ch >= n->n || next[ch] == PER_CHANNEL)
			return false;
		frame_plain(frame, FRAME, seed + next[ch] * n->n + ch, false);
		frame[NIC_ETH] = ch;
		if (memcmp(f.data, frame, FRAME)) {
			note("frame %u of channel %u", next[ch], ch);
			return false;
		}
		next[ch]++;
	}
	return true;
}

/* The table that says by which channels to send. */
static bool told_channels(struct nic *n)
{
	const struct nvsp_message *m = &n->table;
	unsigned int i;

	while (!n->told[NVSP_INDIRECTION_TABLE])
		if (!nic_pump(n, TIMEOUT_MS))
			return false;
	if (m->table.count != NVSP_TABLE_SIZE ||
	    m->table.offset != offsetof(struct nvsp_message, table.entries))
		return false;
	for (i = 0; i < NVSP_TABLE_SIZE; i++)
		if (m->table.entries[i] != i % n->n)
			return false;
	return true;
}

/* ---- the hash of frames ----------------------------------------------------------------- */

#define IP4_ADDRESSES	(NIC_ETH + 12U)
#define IP6_ADDRESSES	(NIC_ETH + 8U)
#define PORTS		4U

/* Toeplitz by the book, with the guest's key */
static u32 toeplitz(const u8 *input, u32 len)
{
	u32 window = 0, hash = 0, i, bit;

	for (i = 0; i < sizeof(window); i++)
		window = window << 8 | key_byte(i);
	for (i = 0; i < 8 * len; i++) {
		if (input[i / 8] & 0x80 >> i % 8)
			hash ^= window;
		bit = 8 * sizeof(window) + i;
		window = window << 1 | (key_byte(bit / 8) >> (7 - bit % 8) & 1);
	}
	return hash;
}

/* What a guest that has asked for these types must be told of a frame: 0 is no hash. */
static u32 frame_hash(const u8 *frame, const struct flow *w, u32 types)
{
	u32 at = w->v6 ? IP6_ADDRESSES : IP4_ADDRESSES, len = w->v6 ? 32 : 8;

	if (!w->udp && types & (w->v6 ? NDIS_HASH_TCP_IPV6 : NDIS_HASH_TCP_IPV4))
		return toeplitz(frame + at, len + PORTS);
	return types & (w->v6 ? NDIS_HASH_IPV6 : NDIS_HASH_IPV4) ? toeplitz(frame + at, len) : 0;
}

/* Each kind of flow has its hash, and comes by the channel that the table has for it. */
static bool hashes(struct nic *n, struct host *h, u32 types)
{
	const struct nic_frame *f;
	u32 table[TABLE], len, want;
	u8 frame[FRAME];
	struct flow w;
	struct rss r;
	unsigned int i;

	for (i = 0; i < TABLE; i++)
		table[i] = i % n->n;
	r = rss_of(table);
	r.p.hash = types ? NDIS_HASH_TOEPLITZ | types : 0;
	if (nic_set(n, NDIS_OID_RSS_PARAMETERS, &r, sizeof(r)))
		return false;
	for (i = 0; i < 4 * FLOWS; i++) {
		w = (struct flow) { .v6 = i & 1, .udp = i & 2, .port = 4000 + i / 4 };
		len = frame_flow(frame, &w, 100, i, true);
		want = frame_hash(frame, &w, types);
		f = host_send(h->sock, frame, len) ? nic_take(n, TIMEOUT_MS) : NULL;
		if (!f)
			return false;
		if (f->hash != want || f->channel != table[want % TABLE]) {
			note("types %#x, frame %u: hash %#x by channel %u, not %#x", types, i,
			     f->hash, f->channel, want);
			return false;
		}
	}
	return true;
}

static void test_hash(struct nic *n, struct host *h)
{
	static const u32 types[] = {
		NDIS_HASH_IPV4 | NDIS_HASH_TCP_IPV4 | NDIS_HASH_IPV6 | NDIS_HASH_TCP_IPV6,
		NDIS_HASH_IPV4 | NDIS_HASH_IPV6,
		NDIS_HASH_TCP_IPV4 | NDIS_HASH_TCP_IPV6,
		NDIS_HASH_TCP_IPV4,
		NDIS_HASH_IPV6,
		0,
	};
	unsigned int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		good += hashes(n, h, types[i]);
	ok(good == ARRAY_SIZE(types),
	   "frames have the hash that the guest asks for, or none, and go by its table: %u times",
	   good);
}

static void test_count(struct nic *n, struct host *h, unsigned int subs)
{
	unsigned int i, good = 0;

	ok(nic_ready(n, h, &nic_usual) && nic_subs(n, subs), "%u sub-channels", subs);
	ok(told_channels(n), "the guest is told to use all of them");
	for (i = 0; i < n->n; i++)
		good += nic_out_once(n, h, i, 400 + i, i);
	ok(good == subs + 1, "a frame of the guest by each of %u channels", good);
	ok(out_all(n, h, subs * 1000), "frames by all at once");
	for (i = 0, good = 0; i < n->n; i++)
		good += nic_spread(n, i, 1) && channels_used(n, h, FLOWS) == 1U << i;
	ok(good == subs + 1, "all frames to the guest by each of %u channels", good);
	ok(nic_spread(n, 0, n->n) && channels_used(n, h, MANY_FLOWS) == (1U << n->n) - 1,
	   "or spread over all, each flow by one of them");
	ok(nic_close(n), "closed: all sub-channels go");
}

/* Asked for what it cannot have. */
static void test_refused(struct nic *n)
{
	static const struct {
		u32 op;
		u32 count;
	} bad[] = {
		{ NVSP_SUBCHANNEL_ALLOCATE, 0 },
		{ NVSP_SUBCHANNEL_ALLOCATE, SUBS + 1 },
		{ NVSP_SUBCHANNEL_ALLOCATE, U32_MAX },
		{ NVSP_SUBCHANNEL_ALLOCATE, 0x10001 },
		{ 0, 1 },
		{ 2, 1 },
	};
	struct nvsp_message m = { .type = NVSP_SUBCHANNEL }, a;
	unsigned int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		m.subchannel.op = bad[i].op;
		m.subchannel.count = bad[i].count;
		good += nic_ask(n, &m, &a) && a.type == NVSP_SUBCHANNEL &&
			a.subchannel_complete.status != NVSP_STATUS_SUCCESS;
	}
	ok(good == ARRAY_SIZE(bad) && guest_quiet(&n->b->g),
	   "sub-channels that it cannot have: refused %u times", good);
}

/* Tables with channels that there are not, and of sizes that cannot be. */
static void test_bad_tables(struct nic *n, struct host *h)
{
	static const struct {
		const char *what;
		u16 size;
		u32 offset;
		u16 key_size;
		u32 key_offset;
		u32 entry;
	} bad[] = {
		{ "no table", 0, 40, 40, 104, 0 },
		{ "half an entry", 62, 40, 40, 104, 0 },
		{ "a table behind the end", 64, 1000, 40, 104, 0 },
		{ "at the end of all numbers", 64, U32_MAX - 8, 40, 104, 0 },
		{ "longer than what there is", 0xfffc, 40, 40, 104, 0 },
		{ "a short key", 64, 40, 39, 104, 0 },
		{ "a key behind the end", 64, 40, 40, 105, 0 },
		{ "a channel that there is not", 64, 40, 40, 104, NIC_CHANNELS },
		{ "the last of all channels", 64, 40, 40, 104, U32_MAX },
	};
	static const u32 table[TABLE];
	unsigned int i, good = 0;
	struct rss r;
	u32 status;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		r = rss_of(table);
		r.p.table_size = bad[i].size;
		r.p.table_offset = bad[i].offset;
		r.p.key_size = bad[i].key_size;
		r.p.key_offset = bad[i].key_offset;
		r.table[TABLE - 1] = bad[i].entry;
		status = nic_set(n, NDIS_OID_RSS_PARAMETERS, &r, sizeof(r));
		if (!status || status == U32_MAX)
			note("%s: status %#x", bad[i].what, status);
		else
			good++;
	}
	ok(good == ARRAY_SIZE(bad), "%u bad tables are refused", good);
	ok(channels_used(n, h, FLOWS), "frames come");
}

/* One channel is broken by the guest: the others do not mind. */
static void test_broken(struct nic *n, struct host *h)
{
	unsigned int before = n->n, i, good = 0;
	u64 end = now_us() + TIMEOUT_MS * 1000ULL;
	char state[32] = "";
	u32 bad[7] = { 0xffff };

	ring_put(&n->c[2].out, 1, bad, sizeof(bad));
	channel_send(&n->c[2]);
	while (chan_value(&n->c[2], "state", state, sizeof(state)) &&
	       strcmp(state, "open-broken") && now_us() < end)
		nic_pump(n, 10);
	ok(!strcmp(state, "open-broken"), "a sub-channel is broken by the guest");
	for (i = 0; i < before; i++)
		if (i != 2)
			good += nic_out_once(n, h, i, 500 + i, i);
	ok(good == before - 1, "%u others send frames", good);
	for (i = 0, good = 0; i < before; i++)
		if (i != 2)
			good += nic_spread(n, i, 1) && channels_used(n, h, FLOWS) == 1U << i;
	ok(good == before - 1, "and %u get frames", good);
	for (i = 0, good = 0; i < before; i++)
		good += !chan_number(&n->c[i], "errors");
	ok(good == before - 1, "%u have no errors", good);
	ok(nic_close(n), "closed");
	ok(nic_ready(n, h, &nic_usual) && nic_subs(n, SUBS) && out_all(n, h, 9000),
	   "opened again: all channels work");
}

/* One channel is closed with what has come by it, and opened again. */
static void test_reopened(struct nic *n, struct host *h)
{
	struct flow w = { .port = 3001 };
	unsigned int i, k, came = 0, good = 0;
	u8 frame[FRAME];
	u32 len = frame_flow(frame, &w, 100, 2, true);

	ok(nic_spread(n, 2, 1), "frames go by channel 2");
	for (i = 0; i < REOPENS; i++) {
		n->hold = true;
		for (k = 0; k < ROUNDS; k++)
			host_send(h->sock, frame, len);
		while (nic_take(n, QUIET_MS))
			came++;
		n->hold = false;
		good += nic_close_sub(n, 2) && channels_used(n, h, FLOWS) == 1U &&
			nic_out_once(n, h, 1, 600 + i, 1) && nic_open_channel(n, 2);
		/* What the stack still had for it */
		while (nic_take(n, QUIET_MS))
			;
		good += nic_out_once(n, h, 2, 700 + i, 2) && channels_used(n, h, FLOWS) == 1U << 2;
	}
	ok(came && good == 2 * REOPENS,
	   "closed alone with %u frames, others work; opened again it does: %u times", came, i);
	ok(!chan_number(&n->c[2], "errors"), "nothing was wrong with it");
}

/**
 * test_nicsubs - sub-channels
 */
void test_nicsubs(void)
{
	static struct nic n;
	struct host h;
	unsigned int i;

	if (nic_begin(&n, &h, NIC_MTU, NIC_CHANNELS)) {
		for (i = 1; i <= SUBS; i++)
			test_count(&n, &h, i);
		if (ok(nic_ready(&n, &h, &nic_usual), "up")) {
			test_refused(&n);
			ok(nic_subs(&n, SUBS) && told_channels(&n), "all sub-channels");
			test_bad_tables(&n, &h);
			test_hash(&n, &h);
			test_broken(&n, &h);
			test_reopened(&n, &h);
		}
		/* It goes with all of them open. */
	}
	nic_end(&n, &h);
}
