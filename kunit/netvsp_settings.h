/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An adapter whose settings a guest changes, for tests of vmbus_netvsp.
 */
#ifndef _NETVSP_SETTINGS_H
#define _NETVSP_SETTINGS_H

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/packet.h"

#define NS_QUEUES	8
#define NS_ROOM		1024
#define NS_LENGTH	RNDIS_STATUS_INVALID_LENGTH
#define NS_DATA		RNDIS_STATUS_INVALID_DATA
#define NS_FIRST	(NETVSP_OFFLOADS & ~NS_RSC)	/* what is on at first */
#define NS_RSC		(NETVSP_VM_RX_RSC4 | NETVSP_VM_RX_RSC6)

/**
 * struct ns - an adapter, and what is to be set
 * @test: test
 * @control: under test
 * @changed: by the last set
 * @in: information buffer
 */
struct ns {
	struct kunit *test;
	struct netvsp_control control;
	u32 changed;
	union {
		struct ndis_offload_parameters offload;
		struct ndis_rss_parameters rss;
		struct rndis_config_parameter param;
		u8 bytes[NS_ROOM];
	} in;
};

typedef u32 (*ns_setter)(struct netvsp_control *, const void *, u32, u32 *);

static inline struct ns *ns_new(struct kunit *test)
{
	struct ns *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ns);
	ns->test = test;
	netvsp_control_init(&ns->control, NS_QUEUES, 6, 30);
	ns->control.initialized = true;
	ns->control.adapter.rsc = true;
	return ns;
}

/* What is refused must not have changed anything. */
static inline u32 ns_set(struct ns *ns, ns_setter set, u32 len)
{
	struct netvsp_settings *before = kunit_kzalloc(ns->test, sizeof(*before), GFP_KERNEL);
	u8 *exact = kunit_kzalloc(ns->test, len ?: 1, GFP_KERNEL);
	u32 status;

	KUNIT_ASSERT_NOT_NULL(ns->test, before);
	KUNIT_ASSERT_NOT_NULL(ns->test, exact);
	memcpy(before, &ns->control.settings, sizeof(*before));
	memcpy(exact, &ns->in, len);
	ns->changed = 0;
	status = set(&ns->control, exact, len, &ns->changed);
	if (status) {
		KUNIT_EXPECT_MEMEQ(ns->test, &ns->control.settings, before, sizeof(*before));
		KUNIT_EXPECT_EQ(ns->test, ns->changed, 0);
	}
	kunit_kfree(ns->test, exact);
	kunit_kfree(ns->test, before);
	return status;
}

#endif /* _NETVSP_SETTINGS_H */
