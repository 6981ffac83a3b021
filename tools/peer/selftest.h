/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SELFTEST_H
#define _SELFTEST_H

#include "peer.h"

#define MAX_OFFERS		64
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define __printf(fmt, args)	__attribute((format(printf, fmt, args)))

/**
 * struct options - of the command line
 * @partition: its name
 * @seed: of all that is random
 * @ms: how long each random test runs
 * @count: packets per ring
 * @cycles: for the group "relay": how often the pipe is taken away
 * @relayed: the echo pipe is the host's
 * @max_version: for the group "versions": the highest that the server takes
 * @change: for the group "diskversions": a command that changes the disks, or NULL
 */
struct options {
	const char *partition;
	u64 seed;
	unsigned int ms;
	unsigned int count;
	unsigned int cycles;
	bool relayed;
	u32 max_version;
	const char *change;
};

extern struct options opt;

/**
 * struct bed - a guest, what it was offered, and the echo pipe's offer
 */
struct bed {
	struct monitor m;
	struct guest g;
	struct vmbus_offer_msg offers[MAX_OFFERS];
	unsigned int n;
	struct vmbus_offer_msg echo;
};

/* selftest.c */
bool __printf(2, 3) ok(bool good, const char *what, ...);
void __printf(1, 2) note(const char *what, ...);
u64 rnd(u64 *state);
u32 rnd_below(u64 *state, u32 n);
void bed_up(struct bed *b);
void bed_up_with(struct bed *b, u64 features);
void bed_down(struct bed *b);
const struct vmbus_offer_msg *bed_find(const struct bed *b, const guid_t *class_id);
bool bed_contact(struct bed *b, u32 version, u32 features);
bool bed_connect(struct bed *b, u32 version, u32 features);
bool bed_echo(struct bed *b, unsigned int packets);
bool echo(struct channel *c, unsigned int packets, u32 min, u32 max, u64 seed);
extern const guid_t echo_class;

/* nichost.c */
bool chan_value(struct channel *c, const char *name, char *value, size_t size);
u64 chan_number(struct channel *c, const char *name);

/* test_log.c */
#define LOG_BYTES		(RAM_PAGES / 8)

bool log_set(struct bed *b, u32 flags);
int log_fetch(struct bed *b, u8 *bits);
bool log_has(const u8 *bits, unsigned int page);

/* test_stop.c */
bool bed_stop(struct bed *b);
bool bed_start(struct bed *b);
bool bed_still(struct bed *b, const u8 *was, unsigned int ms);

/* test_*.c */
void test_calls(void);
void test_contact(void);
void test_versions(void);
void test_offers(void);
void test_gpadl(void);
void test_channel(void);
void test_ring(void);
void test_signal(void);
void test_model(void);
void test_nonsense(void);
void test_hostile(void);
void test_log(void);
void test_stop(void);
void test_events(void);
void test_disk(void);
void test_fair(void);
void test_subdisk(void);
void test_diskversions(void);
void test_nic(void);
void test_nicbasic(void);
void test_nicframes(void);
void test_nicoffload(void);
void test_nicbuffers(void);
void test_nicsubs(void);
void test_nicqueues(void);
void test_niclimits(void);
void test_nicrace(void);
void test_nichostile(void);
void test_relay(void);
void test_balloon(void);
void test_shutdown(void);
void test_vpcibus(void);
void test_vpcifn(void);
void test_vpcihostile(void);

#endif /* _SELFTEST_H */
