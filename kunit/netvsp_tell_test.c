// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_netvsp: what the guest is told beside frames, and in which order.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/netvsp/netvsp.h"

#define NT_SAID		8

/**
 * struct nt_said - a message to the guest
 * @type: of it
 * @what: of a VF, is it there; of the data path, which one
 * @serial: of a VF
 */
struct nt_said {
	u32 type;
	u32 what;
	u32 serial;
};

#define NT_SYNTHETIC	{ NVSP_SWITCH_DATA_PATH, NVSP_DATA_PATH_SYNTHETIC }
#define NT_GONE(serial)	{ NVSP_VF_ASSOCIATION, 0, serial }
#define NT_HERE(serial)	{ NVSP_VF_ASSOCIATION, 1, serial }

/**
 * struct nt - an adapter
 * @test: test
 * @nic: adapter
 * @q: its queue; the channel is closed
 * @said: what the guest was told
 * @n: how many
 * @fails: the message that cannot be told, from 1 on; 0 if all can be
 * @err: how it fails
 * @broken: how often the guest was blamed
 */
struct nt {
	struct kunit *test;
	struct netvsp_nic *nic;
	struct netvsp_queue *q;
	struct nt_said said[NT_SAID];
	u32 n;
	u32 fails;
	int err;
	u32 broken;
};

static void nt_free_netdev(void *dev)
{
	free_netdev(dev);
}

static struct nt *nt_new(struct kunit *test)
{
	static const struct vsrv_reader_ops ops;
	struct nt *nt = kunit_kzalloc(test, sizeof(*nt), GFP_KERNEL);
	struct net_device *dev = alloc_etherdev(sizeof(*nt->nic));

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, nt_free_netdev, dev), 0);
	KUNIT_ASSERT_NOT_NULL(test, nt);
	test->priv = nt;
	nt->test = test;
	nt->nic = netdev_priv(dev);
	nt->q = kunit_kzalloc(test, sizeof(*nt->q), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nt->q);
	nt->nic->dev = dev;
	nt->nic->queues = nt->q;
	nt->nic->nqueues = 1;
	nt->nic->channels = 1;
	nt->nic->limit = 1;
	spin_lock_init(&nt->nic->lock);
	mutex_init(&nt->nic->vf_lock);
	netvsp_queue_setup(nt->nic, nt->q, 0);
	/* It is never started. */
	vsrv_reader_init(&nt->q->reader, &ops, NULL, 0);
	return nt;
}

/* ---- the VF ------------------------------------------------------------------------------ */

/* In place of netvsp_tell() */
static int nt_tell_nvsp(struct netvsp_nic *nic, bool control, const void *data, u32 len)
{
	struct nt *nt = kunit_get_current_test()->priv;
	const struct nvsp_message *msg = data;
	struct nt_said *said = &nt->said[nt->n];

	KUNIT_EXPECT_FALSE(nt->test, control);
	KUNIT_EXPECT_EQ(nt->test, len, NVSP_MESSAGE_SIZE);
	KUNIT_ASSERT_LT(nt->test, nt->n, NT_SAID);
	said->type = le32_to_cpu(msg->type);
	if (said->type == NVSP_SWITCH_DATA_PATH) {
		said->what = le32_to_cpu(msg->data_path.active);
	} else {
		said->what = le32_to_cpu(msg->vf.allocated);
		said->serial = le32_to_cpu(msg->vf.serial);
	}
	return ++nt->n == nt->fails ? nt->err : 0;
}

/**
 * struct nt_vf - a VF comes, goes or changes
 * @had: there was one
 * @old: its serial number
 * @used: the guest's data path is on it
 * @vf: there is one now
 * @serial: this one
 * @n: messages to the guest
 * @said: these
 */
struct nt_vf {
	bool had;
	u32 old;
	bool used;
	bool vf;
	u32 serial;
	u32 n;
	struct nt_said said[3];
};

static const struct nt_vf nt_vfs[] = {
	{ false, 0, false, false, 0, 0 },
	{ false, 0, false, true, 7, 1, { NT_HERE(7) } },
	{ false, 0, false, true, 0, 1, { NT_HERE(0) } },
	{ true, 7, false, false, 0, 1, { NT_GONE(7) } },
	{ true, 0, false, false, 0, 1, { NT_GONE(0) } },
	{ true, 7, false, true, 7, 1, { NT_HERE(7) } },
	{ true, 7, false, true, 9, 2, { NT_GONE(7), NT_HERE(9) } },
	/* The guest has its frames go by the VF: not into one that is gone. */
	{ true, 7, true, false, 0, 2, { NT_SYNTHETIC, NT_GONE(7) } },
	{ true, 7, true, true, 9, 3, { NT_SYNTHETIC, NT_GONE(7), NT_HERE(9) } },
	{ true, 0, true, true, U32_MAX, 3, { NT_SYNTHETIC, NT_GONE(0), NT_HERE(U32_MAX) } },
	{ true, 7, true, true, 7, 1, { NT_HERE(7) } },
	/* It has not switched back yet since the VF is gone. */
	{ false, 7, true, false, 0, 1, { NT_SYNTHETIC } },
	{ false, 7, true, true, 9, 1, { NT_HERE(9) } },
};

static void nt_change_vf(struct nt *nt, const struct nt_vf *c)
{
	memset(nt->said, 0, sizeof(nt->said));
	nt->n = 0;
	nt->nic->vf = c->had;
	nt->nic->vf_serial = c->old;
	nt->nic->data_path_vf = c->used;
	netvsp_nic_set_vf(nt->nic, c->vf, c->serial);
	KUNIT_EXPECT_EQ(nt->test, nt->nic->vf, c->vf);
	KUNIT_EXPECT_EQ(nt->test, nt->nic->vf_serial, c->serial);
	/* Which one it uses is for the guest to say. */
	KUNIT_EXPECT_EQ(nt->test, nt->nic->data_path_vf, c->used);
}

static void nt_expect_said(struct nt *nt, const struct nt_vf *c, u32 n)
{
	u32 i, at = c - nt_vfs;

	KUNIT_EXPECT_EQ_MSG(nt->test, nt->n, n, "case %u", at);
	for (i = 0; i < min(nt->n, n); i++) {
		KUNIT_EXPECT_EQ_MSG(nt->test, nt->said[i].type, c->said[i].type, "case %u", at);
		KUNIT_EXPECT_EQ_MSG(nt->test, nt->said[i].what, c->said[i].what, "case %u", at);
		KUNIT_EXPECT_EQ_MSG(nt->test, nt->said[i].serial, c->said[i].serial, "case %u",
				    at);
	}
}

static struct nt *nt_knows_vf(struct kunit *test)
{
	struct nt *nt = nt_new(test);

	nt->nic->link.active = true;
	nt->q->proto.version = NVSP_VERSION_4;
	nt->q->proto.caps = NVSP_CAP_SRIOV;
	kunit_activate_static_stub(test, netvsp_tell, nt_tell_nvsp);
	return nt;
}

static void tell_vf_test(struct kunit *test)
{
	struct nt *nt = nt_knows_vf(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_vfs); i++) {
		nt_change_vf(nt, &nt_vfs[i]);
		nt_expect_said(nt, &nt_vfs[i], nt_vfs[i].n);
	}
}

/* What it cannot be told ends it: what follows would be out of order. */
static void tell_vf_fails_test(struct kunit *test)
{
	struct nt *nt = nt_knows_vf(test);
	unsigned int i;

	nt->err = -ENOBUFS;
	for (i = 0; i < ARRAY_SIZE(nt_vfs); i++) {
		for (nt->fails = 1; nt->fails <= nt_vfs[i].n; nt->fails++) {
			nt_change_vf(nt, &nt_vfs[i]);
			nt_expect_said(nt, &nt_vfs[i], nt->fails);
		}
	}
}

/* Guests that are not there, or do not know VFs */
static void tell_vf_nobody_test(struct kunit *test)
{
	struct nt *nt = nt_knows_vf(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nt_vfs); i++) {
		nt->nic->link.active = false;
		nt_change_vf(nt, &nt_vfs[i]);
		nt_expect_said(nt, &nt_vfs[i], 0);
		nt->nic->link.active = true;
		nt->q->proto.version = NVSP_VERSION_2;
		nt_change_vf(nt, &nt_vfs[i]);
		nt_expect_said(nt, &nt_vfs[i], 0);
		nt->q->proto.version = NVSP_VERSION_4;
		nt->q->proto.caps = ~(u64)NVSP_CAP_SRIOV;
		nt_change_vf(nt, &nt_vfs[i]);
		nt_expect_said(nt, &nt_vfs[i], 0);
		nt->q->proto.caps = NVSP_CAP_SRIOV;
	}
}

/* ---- the link ---------------------------------------------------------------------------- */

static void nt_cancel(void *arg)
{
	struct nt *nt = arg;

	cancel_delayed_work_sync(&nt->nic->watch);
	cancel_delayed_work_sync(&nt->nic->link.work);
	netvsp_tell_forget(nt->q);
}

/* Whose guest has its adapter ready, and a channel that takes messages but sends none. */
static struct nt *nt_linked(struct kunit *test)
{
	struct nt *nt = nt_new(test);

	netvsp_link_init(nt->nic);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, nt_cancel, nt), 0);
	nt->q->running = true;
	netvsp_link_begin(nt->nic);
	return nt;
}

/* What is due at once is said on return. */
static void nt_link(struct nt *nt, bool up)
{
	netvsp_link_set(nt->nic, up);
	flush_work(&nt->nic->link.work.work);
}

/* The last of @n messages says so. */
static void nt_expect_link(struct nt *nt, u32 n, u32 status)
{
	const struct rndis_indicate *msg;

	KUNIT_ASSERT_EQ(nt->test, nt->q->ntells, n);
	msg = (const void *)list_last_entry(&nt->q->tells, struct netvsp_tell, node)->data;
	KUNIT_EXPECT_EQ(nt->test, le32_to_cpu(msg->hdr.type), RNDIS_MSG_INDICATE);
	KUNIT_EXPECT_EQ(nt->test, le32_to_cpu(msg->status), status);
}

static bool nt_link_waits(const struct nt *nt)
{
	return delayed_work_pending(&nt->nic->link.work);
}

static void tell_link_test(struct kunit *test)
{
	struct nt *nt = nt_linked(test);

	/* It knows that there is none. */
	nt_link(nt, false);
	KUNIT_EXPECT_EQ(test, nt->q->ntells, 0);
	nt_link(nt, true);
	nt_expect_link(nt, 1, RNDIS_STATUS_MEDIA_CONNECT);
	KUNIT_EXPECT_FALSE(test, nt_link_waits(nt));
	/* Not that soon again, however often it changes */
	nt_link(nt, false);
	nt_link(nt, true);
	nt_link(nt, false);
	KUNIT_EXPECT_EQ(test, nt->q->ntells, 1);
	KUNIT_EXPECT_TRUE(test, nt_link_waits(nt));
	/* But in the end */
	spin_lock_bh(&nt->nic->lock);
	nt->nic->link.when = jiffies - 10 * HZ;
	spin_unlock_bh(&nt->nic->lock);
	flush_delayed_work(&nt->nic->link.work);
	nt_expect_link(nt, 2, RNDIS_STATUS_MEDIA_DISCONNECT);
	KUNIT_EXPECT_FALSE(test, nt_link_waits(nt));
}

/* What one guest has to wait for another one has not. */
static void tell_link_reopen_test(struct kunit *test)
{
	struct nt *nt = nt_linked(test);

	nt_link(nt, true);
	nt_link(nt, false);
	nt_expect_link(nt, 1, RNDIS_STATUS_MEDIA_CONNECT);
	KUNIT_EXPECT_TRUE(test, nt_link_waits(nt));
	netvsp_link_end(nt->nic);
	netvsp_tell_forget(nt->q);
	netvsp_link_begin(nt->nic);
	nt_link(nt, true);
	nt_expect_link(nt, 1, RNDIS_STATUS_MEDIA_CONNECT);
	/* Nobody is there: nothing is said, and nothing waits. */
	nt_link(nt, false);
	netvsp_link_end(nt->nic);
	nt_link(nt, false);
	KUNIT_EXPECT_EQ(test, nt->q->ntells, 1);
	KUNIT_EXPECT_FALSE(test, nt_link_waits(nt));
}

/* ---- answers ----------------------------------------------------------------------------- */

/**
 * struct nt_request - a control message of the guest
 * @req: request
 * @encap: what is set
 */
struct nt_request {
	struct rndis_request req;
	struct ndis_encapsulation encap;
} __packed;

/* In place of netvsp_tell() */
static int nt_tell_control(struct netvsp_nic *nic, bool control, const void *data, u32 len)
{
	struct nt *nt = kunit_get_current_test()->priv;

	KUNIT_EXPECT_TRUE(nt->test, control);
	return ++nt->n == nt->fails ? nt->err : 0;
}

/* In place of netvsp_broken(): the channel is not open */
static void nt_broken(struct netvsp_queue *q, const char *reason)
{
	struct nt *nt = kunit_get_current_test()->priv;

	nt->broken++;
}

static struct nt *nt_asked(struct kunit *test)
{
	struct nt *nt = nt_new(test);

	nt->nic->max_len = 1514;
	nt->q->proto.ndis_major = 6;
	nt->q->proto.ndis_minor = 30;
	kunit_activate_static_stub(test, netvsp_tell, nt_tell_control);
	kunit_activate_static_stub(test, netvsp_broken, nt_broken);
	return nt;
}

static bool nt_init(struct nt *nt)
{
	struct rndis_request req = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_INIT),
		.hdr.len = cpu_to_le32(sizeof(req)),
	};

	return netvsp_control_packet(nt->q, &req, sizeof(req));
}

/* After the answer there is news of offloads. */
static bool nt_set(struct nt *nt)
{
	struct nt_request msg = {
		.req.hdr.type = cpu_to_le32(RNDIS_MSG_SET),
		.req.hdr.len = cpu_to_le32(sizeof(msg)),
		.req.query.oid = cpu_to_le32(NDIS_OID_OFFLOAD_ENCAPSULATION),
		.req.query.len = cpu_to_le32(sizeof(msg.encap)),
		.req.query.offset = cpu_to_le32(offsetof(struct nt_request, encap) -
						sizeof(struct rndis_header)),
		.encap.hdr.type = NDIS_OBJECT_ENCAPSULATION,
		.encap.hdr.revision = 1,
	};

	return netvsp_control_packet(nt->q, &msg, sizeof(msg));
}

static const struct nt_loss { int err; u32 lost, broken; } nt_losses[] = {
	{ -ENOMEM, 1, 0 },
	{ -EIO, 1, 0 },
	/* This only is the guest's. */
	{ -ENOBUFS, 0, 1 },
};

/* What is lost here the guest is not blamed for, and it may ask again. */
static void tell_answer_lost_test(struct kunit *test)
{
	const struct nt_loss *c;
	struct nt *nt;

	for (c = nt_losses; c < nt_losses + ARRAY_SIZE(nt_losses); c++) {
		nt = nt_asked(test);
		nt->fails = 1;
		nt->err = c->err;
		KUNIT_EXPECT_FALSE(test, nt_init(nt));
		KUNIT_EXPECT_EQ(test, nt->n, 1);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL_LOST], c->lost);
		KUNIT_EXPECT_EQ(test, nt->broken, c->broken);
		KUNIT_EXPECT_FALSE(test, nt->nic->link.active);
		KUNIT_EXPECT_TRUE(test, nt_init(nt));
		KUNIT_EXPECT_EQ(test, nt->n, 2);
		KUNIT_EXPECT_TRUE(test, nt->nic->link.active);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL], 2);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL_REFUSED], 0);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL_LOST], c->lost);
		KUNIT_EXPECT_EQ(test, nt->broken, c->broken);
	}
}

/* The same of what follows an answer, which is not taken back */
static void tell_news_lost_test(struct kunit *test)
{
	const struct nt_loss *c;
	struct nt *nt;

	for (c = nt_losses; c < nt_losses + ARRAY_SIZE(nt_losses); c++) {
		nt = nt_asked(test);
		KUNIT_EXPECT_TRUE(test, nt_init(nt));
		nt->fails = 3;
		nt->err = c->err;
		KUNIT_EXPECT_FALSE(test, nt_set(nt));
		KUNIT_EXPECT_EQ(test, nt->n, 3);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL_LOST], c->lost);
		KUNIT_EXPECT_EQ(test, nt->broken, c->broken);
		KUNIT_EXPECT_TRUE(test, nt->nic->control.initialized);
		KUNIT_EXPECT_TRUE(test, nt_set(nt));
		KUNIT_EXPECT_EQ(test, nt->n, 5);
		KUNIT_EXPECT_EQ(test, nt->q->counters[NETVSP_CONTROL_REFUSED], 0);
	}
}

static struct kunit_case netvsp_tell_cases[] = {
	KUNIT_CASE(tell_vf_test),
	KUNIT_CASE(tell_vf_fails_test),
	KUNIT_CASE(tell_vf_nobody_test),
	KUNIT_CASE(tell_link_test),
	KUNIT_CASE(tell_link_reopen_test),
	KUNIT_CASE(tell_answer_lost_test),
	KUNIT_CASE(tell_news_lost_test),
	{}
};

static struct kunit_suite netvsp_tell_suite = {
	.name = "vmbus_netvsp_tell",
	.test_cases = netvsp_tell_cases,
};

kunit_test_suite(netvsp_tell_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_netvsp: what the guest is told");
MODULE_LICENSE("GPL");
