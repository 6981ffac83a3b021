// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmbus-selftest: fast tests of the VMBus server of a partition, from outside, by
 * what a guest can say and a monitor can call.  Prints TAP.
 *
 * Needed: a server for the partition, with vmbus_testroot's echo pipe on it; for the
 * groups "disk", "subdisk" and "diskversions" also a controller of vmbus_storvsp, and
 * for those of the NIC vmbus_netvsp, and for those of VPCI a bus of the host that vpci_relay
 * has, with a copy engine and an NVMe controller; all that in the same kernel and with the
 * rights of root.
 */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "selftest.h"

struct options opt = {
	.partition = "guest0", .seed = 1, .ms = 5000, .count = 500, .cycles = 50,
	.max_version = VMBUS_VERSION(6, 0),
};

const guid_t echo_class = {
	{ 0xa3, 0xe2, 0x1c, 0x6b, 0x6e, 0x0b, 0x5f, 0x4a,
	  0x9c, 0x5d, 0x1f, 0x3c, 0x7e, 0x2a, 0x90, 0x41 }
};

static const struct group {
	const char *name;
	void (*run)(void);
	bool extra;		/* only if asked for: needs more than the pipe, or other options */
	unsigned int seconds;	/* that it may take beyond what others may */
} groups[] = {
	{ "calls", test_calls },
	{ "contact", test_contact },
	{ "offers", test_offers },
	{ "gpadl", test_gpadl },
	{ "channel", test_channel },
	{ "ring", test_ring },
	{ "signal", test_signal },
	{ "log", test_log },
	{ "stop", test_stop },
	{ "events", test_events },
	{ "nonsense", test_nonsense },
	{ "model", test_model },
	{ "hostile", test_hostile },
	{ "versions", test_versions, .extra = true },
	{ "disk", test_disk, .extra = true },
	{ "subdisk", test_subdisk, .extra = true },
	{ "diskversions", test_diskversions, .extra = true },
	{ "nic", test_nic, .extra = true, .seconds = 300 },
	{ "nicbasic", test_nicbasic, .extra = true },
	{ "nicframes", test_nicframes, .extra = true },
	{ "nicoffload", test_nicoffload, .extra = true },
	{ "nicbuffers", test_nicbuffers, .extra = true },
	{ "nicsubs", test_nicsubs, .extra = true },
	{ "nicqueues", test_nicqueues, .extra = true },
	{ "niclimits", test_niclimits, .extra = true },
	{ "nicrace", test_nicrace, .extra = true },
	{ "nichostile", test_nichostile, .extra = true },
	{ "fair", test_fair, .extra = true },
	{ "relay", test_relay, .extra = true },
	{ "balloon", test_balloon, .extra = true },
	{ "shutdown", test_shutdown, .extra = true },
	{ "vpcibus", test_vpcibus, .extra = true },
	{ "vpcifn", test_vpcifn, .extra = true },
	{ "vpcihostile", test_vpcihostile, .extra = true },
};

static unsigned int tests, failed;

/**
 * ok - the result of a test
 * @good: it passed
 * @what: its name, as for printf()
 *
 * Return: @good.
 */
bool ok(bool good, const char *what, ...)
{
	va_list ap;

	tests++;
	if (!good)
		failed++;
	printf("%sok %u - ", good ? "" : "not ", tests);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	printf("\n");
	return good;
}

/**
 * note - say something else
 * @what: as for printf()
 */
void note(const char *what, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	printf("\n");
}

/**
 * rnd - next number of a sequence (xorshift64*)
 * @state: of the sequence, not 0
 *
 * Return: 64 random bits.
 */
u64 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/**
 * rnd_below - next number of a sequence
 * @state: of the sequence, not 0
 * @n: limit, not 0
 *
 * Return: a number below @n.
 */
u32 rnd_below(u64 *state, u32 n)
{
	return (rnd(state) >> 32) % n;
}

/**
 * bed_up - a guest that has booted and not yet said a word
 * @b: result
 */
void bed_up(struct bed *b)
{
	bed_up_with(b, 0);
}

/**
 * bed_up_with - the same, with features of the interface
 * @b: result
 * @features: VMBUS_PARTITION_F_*
 */
void bed_up_with(struct bed *b, u64 features)
{
	unsigned int vp;

	memset(b, 0, sizeof(*b));
	b->g.m = &b->m;
	b->g.connection = VMBUS_CONN_MESSAGE_MULTI;
	monitor_open(&b->m, opt.partition, features);
	monitor_set_memory(&b->m);
	monitor_set_vps(&b->m);
	monitor_set_kicks(&b->m);
	for (vp = 0; vp < VPS; vp++)
		monitor_set_synic(&b->m, vp);
}

/**
 * bed_down - the guest is gone
 * @b: from bed_up()
 */
void bed_down(struct bed *b)
{
	monitor_close(&b->m);
}

/**
 * bed_find - find a device among what was offered
 * @b: bed, with offers
 * @class_id: its class
 *
 * Return: the first offer of that class, or NULL.
 */
const struct vmbus_offer_msg *bed_find(const struct bed *b, const guid_t *class_id)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		if (!memcmp(&b->offers[i].class_id, class_id, sizeof(*class_id)))
			return &b->offers[i];
	return NULL;
}

/**
 * bed_contact - contact, and take the offers
 * @b: bed
 * @version: of the protocol
 * @features: to ask for
 *
 * Return: false if the server does not want that version.
 */
bool bed_contact(struct bed *b, u32 version, u32 features)
{
	if (!guest_contact(&b->g, version, features))
		return false;
	b->n = guest_offers(&b->g, b->offers, MAX_OFFERS);
	return true;
}

/**
 * bed_connect - contact, offers, and find the echo pipe
 * @b: bed
 * @version: of the protocol
 * @features: to ask for
 *
 * Return: true if all is there.
 */
bool bed_connect(struct bed *b, u32 version, u32 features)
{
	const struct vmbus_offer_msg *echo;

	if (!bed_contact(b, version, features))
		return false;
	echo = bed_find(b, &echo_class);
	if (echo)
		b->echo = *echo;
	return echo;
}

/**
 * bed_echo - the echo pipe works
 * @b: connected bed; nobody has the channel open
 * @packets: to exchange
 *
 * Return: true if it does.
 */
bool bed_echo(struct bed *b, unsigned int packets)
{
	struct channel c;
	bool good;

	channel_init(&c, &b->g, &b->echo);
	good = channel_open(&c, PAGE_RINGS, 4, 4) && echo(&c, packets, 0, 1000, opt.seed);
	channel_close(&c);
	return guest_teardown(&b->g, c.id, c.gpadl) && good;
}

/* Packet @i of a run: a pipe header and random data, the same each time. */
static u32 packet(u8 *buf, unsigned int i, u32 min, u32 max, u64 seed)
{
	u64 state = seed * 0x9e3779b97f4a7c15ULL + i + 1, word;
	u32 len = min + rnd_below(&state, (max - min) / 8 + 1) * 8, pos;
	u32 pipe[2] = { 1, len - sizeof(pipe) };

	for (pos = 0; pos < len; pos += sizeof(word)) {
		word = rnd(&state);
		memcpy(buf + pos, &word, sizeof(word));
	}
	if (len >= sizeof(pipe))
		memcpy(buf, pipe, sizeof(pipe));
	return len;
}

/**
 * echo - exchange packets, as many at a time as there is room for, and compare each
 * @c: open channel that interrupts
 * @packets: how many
 * @min: bytes of the shortest, a multiple of 8
 * @max: bytes of the longest
 * @seed: for lengths and contents
 *
 * Return: true if each came back once, in order and as it was.
 */
bool echo(struct channel *c, unsigned int packets, u32 min, u32 max, u64 seed)
{
	static u8 want[0x10000], got[0x10000];
	unsigned int out = 0, in = 0;
	bool moved;
	int len;
	u64 id;

	while (in < packets) {
		moved = false;
		for (; out < packets; out++, moved = true)
			if (!ring_put(&c->out, out, want, packet(want, out, min, max, seed)))
				break;
		channel_send(c);
		while ((len = ring_get(&c->in, &id, got, sizeof(got))) != -1) {
			if (id != in || len != (int)packet(want, in, min, max, seed) ||
			    memcmp(want, got, len)) {
				note("packet %u: got %d bytes, id %llu", in, len, id);
				return false;
			}
			in++;
			moved = true;
		}
		channel_receive(c);
		/* The server only waits for us if the ring toward us is full. */
		if (!moved && !channel_wait(c, TIMEOUT_MS)) {
			note("%u of %u packets came back, %u were sent", in, packets, out);
			return false;
		}
	}
	return true;
}

static void usage(void)
{
	unsigned int i;

	fprintf(stderr,
		"vmbus-selftest [-p PARTITION] [-s SEED] [-t MS] [-n PACKETS] [-c CYCLES] [-r]\n"
		"		 [-V MAJOR.MINOR] [-x COMMAND] [GROUP]...\n"
		"  -r  the echo pipe comes from the host, through the relay\n"
		"  -V  for the group versions: no higher one is taken\n"
		"  -x  for the group diskversions: adds or removes a disk of the controller\n"
		"  without groups all run but versions, and disk, subdisk and diskversions, which\n"
		"  need a SCSI controller with an empty disk of 1 MiB, the last two one with 4\n"
		"  sub-channels,\n"
		"  nic and its parts nicbasic to nichostile, which need vmbus_netvsp,\n"
		"  fair, which needs one with a slow disk, LUN 1, too, relay, which needs -r and\n"
		"  runs in the kernel of the relay, balloon, which needs a balloon of QEMU,\n"
		"  shutdown, which somebody must ask to shut down, and vpcibus, vpcifn and\n"
		"  vpcihostile, which need a bus of the host with a copy engine and a controller\n"
		"  groups:");
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		fprintf(stderr, " %s", groups[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

static void too_long(int sig)
{
	static const char text[] = "Bail out! the time is up\n";

	(void)sig;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) > 0 ? 3 : 4);
}

static void run(const char *name)
{
	unsigned int i;
	u64 start = now_us();

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (strcmp(name, groups[i].name))
			continue;
		note("%s", name);
		alarm(120 + groups[i].seconds + 4 * opt.ms / 1000 + opt.cycles / 5);
		groups[i].run();
		note("%s: %llu ms", name, (now_us() - start) / 1000);
		return;
	}
	usage();
}

int main(int argc, char **argv)
{
	unsigned int i, major, minor;
	int c;

	while ((c = getopt(argc, argv, "p:s:t:n:c:rV:x:")) != -1) {
		switch (c) {
		case 'p':
			opt.partition = optarg;
			break;
		case 's':
			opt.seed = strtoull(optarg, NULL, 0) ?: 1;
			break;
		case 't':
			opt.ms = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			opt.count = strtoul(optarg, NULL, 0) ?: 1;
			break;
		case 'c':
			opt.cycles = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			opt.relayed = true;
			break;
		case 'V':
			if (sscanf(optarg, "%u.%u", &major, &minor) != 2)
				usage();
			opt.max_version = VMBUS_VERSION(major, minor);
			break;
		case 'x':
			opt.change = optarg;
			break;
		default:
			usage();
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, too_long);
	note("seed %llu", opt.seed);

	if (optind == argc)
		for (i = 0; i < ARRAY_SIZE(groups); i++)
			if (!groups[i].extra)
				run(groups[i].name);
	for (; optind < argc; optind++)
		run(argv[optind]);
	printf("1..%u\n", tests);
	return failed ? 1 : 0;
}
