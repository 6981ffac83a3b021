// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: what is to be taken from a guest that is stopped, and who does not
 * wait for that.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "vpci_relay_test.h"
#if VPCI_HAS_LOCAL
#include "../drivers/vpci_relay/local_priv.h"
#endif

/* ---- devices that go ------------------------------------------------------------------- */

#if VPCI_HAS_LOCAL
#define VS_LOCAL	"local device=0x0001"
#define VS_OTHERS	"vendor=0x1414"
#define VS_SECOND	"04.0 1414:0001 class=000000 serial=0x1 "
#define VS_COOKIE	(VPCI_LOCAL_COOKIE | 7)
#define VS_DATA		0x77

/* The only device that is left, as this kernel has it */
static struct vpci_local_fn *vs_local(struct vr *vr)
{
	struct vpci_relay_bus *bus = vr->buses[0];
	struct vpci_local_fn *fn;

	mutex_lock(&bus->lock);
	fn = list_last_entry(&bus->devices, struct vpci_relay_device, node)->local;
	mutex_unlock(&bus->lock);
	KUNIT_ASSERT_NOT_NULL(vr->test, fn);
	return fn;
}

/* As for a driver that probes */
static void vs_expect_interrupt(struct vr *vr, struct vpci_local_fn *fn)
{
	static const struct vpci_msi_request request = {
		.vector = 0x42, .delivery = VPCI_DELIVERY_FIXED, .count = 1, .nprocs = 1,
	};
	static const struct vpci_create_interrupt_reply reply = {
		.remapped = {
			.count = cpu_to_le16(1),
			.data = cpu_to_le32(VS_DATA),
			.address = cpu_to_le64(GT_MSI),
		},
	};
	const struct hb_msg *msg;
	int err;

	mutex_lock(&fn->lock);
	fn->cookie = VS_COOKIE;
	err = fn->local->link->interrupt_create(fn->host, &request, VS_COOKIE);
	mutex_unlock(&fn->lock);
	KUNIT_ASSERT_EQ(vr->test, err, 0);
	vr_wait_msg(vr);
	msg = hb_expect_request(vr->hbs[0], VPCI_MSG_CREATE_INTERRUPT3);
	hb_expect_slot(vr->hbs[0], msg, HB_SLOT + 1);
	hb_answer(vr->hbs[0], msg->id, &reply, sizeof(reply));
	wait_event_timeout(fn->wait, READ_ONCE(fn->answered), FG_TIMEOUT);
	KUNIT_ASSERT_TRUE(vr->test, READ_ONCE(fn->answered));
	KUNIT_EXPECT_EQ(vr->test, fn->err, 0);
	KUNIT_EXPECT_EQ(vr->test, fn->msi.data, VS_DATA);
}

/*
 * The guest's last device goes.  What this kernel keeps gets its interrupt, files can be read
 * and rules changed; another device comes to the guest when it has heard that the bus is gone.
 */
static void vpci_stop_removed_test(struct kunit *test)
{
	static const struct hb_dev devs[] = { { HB_SLOT, 1 }, { HB_SLOT + 1, 1, 1 } };
	struct vr *vr = vr_new(test);
	struct fg *fg = vr->gt->fg;
	u32 chan;

	vr_rule(vr, true, VS_LOCAL);
	vr_rule(vr, true, VS_OTHERS);
	vr_on(vr, VPCI_VERSION_DT, devs, ARRAY_SIZE(devs));
	vr_expect(vr, "03.0 " VR_ID " serial=0x1 relayed\n" VS_SECOND "local held\n");
	vr_join(vr, 1);
	chan = vr->gt->chan;
	fg_stop(fg);
	vr->gt->guest = NULL;
	vr_list(vr, &devs[1], 1, 0);
	vr_flush(vr);
	vr_expect(vr, VS_SECOND "local held\n");
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_READY);
	vs_expect_interrupt(vr, vs_local(vr));
	/* The guest has its bus as long as it does not know better. */
	KUNIT_EXPECT_TRUE(test, vr_has_guest(vr));
	KUNIT_EXPECT_TRUE(test, vr->hook->guest_has(vr->hook, vr->buses[0]));
	vr_rule(vr, false, VS_LOCAL);
	vr_expect(vr, VS_SECOND "hidden\n");
	vr_flush(vr);
	fg_expect_quiet(fg);

	fg_start(fg);
	vr_flush(vr);
	vr_expect_rescind(vr, chan);
	fg_expect_offer(fg);
	vr_expect(vr, VS_SECOND "relayed\n");
	vr_expect_guest_quiet(vr);
	KUNIT_EXPECT_GE(test, vr_counted(vr, VPCI_GUEST_REQUESTS), 2);
}
#endif /* VPCI_HAS_LOCAL */

/* Gone, and back before the guest goes on: it does not get the new one on the old bus. */
static void vpci_stop_again_test(struct kunit *test)
{
	static const struct hb_dev again = { HB_SLOT, 2 };
	struct vr *vr = vr_run(test);
	struct fg *fg = vr->gt->fg;
	u32 chan = vr->gt->chan;

	fg_stop(fg);
	vr->gt->guest = NULL;
	hb_list_none(vr->hbs[0]);
	vr_flush(vr);
	vr_expect(vr, "");
	vr_list(vr, &again, 1, 1);
	vr_expect_still(vr, 2, "hidden");
	/* A rule that changes nothing of that */
	vr_deny(vr);
	vr_expect_still(vr, 2, "denied");
	vr_allow(vr);
	vr_expect_still(vr, 2, "hidden");
	fg_expect_quiet(fg);

	fg_start(fg);
	vr_flush(vr);
	vr_expect_rescind(vr, chan);
	fg_expect_offer(fg);
	vr_expect_one(vr, 2, "relayed");
	vr_expect_guest_quiet(vr);
	hb_expect_no_msg(vr->hbs[0]);
}

/* ---- the end --------------------------------------------------------------------------- */

/**
 * struct vs_end - the first bus is revoked, in a thread of its own
 * @work: that
 * @vr: of the test
 */
struct vs_end {
	struct work_struct work;
	struct vr *vr;
};

static void vs_end_work(struct work_struct *work)
{
	struct vr *vr = container_of(work, struct vs_end, work)->vr;

	vr->hook->revoke(vr->hook, vr->buses[0]);
	vr->buses[0] = NULL;
}

static void vs_end_flush(void *ctx)
{
	struct vs_end *end = ctx;

	flush_work(&end->work);
}

/* The guest is stopped, and goes on when the test is over, at the latest. */
static struct vs_end *vs_stop(struct vr *vr)
{
	struct vs_end *end = kunit_kzalloc(vr->test, sizeof(*end), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(vr->test, end);
	end->vr = vr;
	INIT_WORK(&end->work, vs_end_work);
	KUNIT_ASSERT_EQ(vr->test, kunit_add_action(vr->test, vs_end_flush, end), 0);
	fg_stop(vr->gt->fg);
	vr->gt->guest = NULL;
	return end;
}

static void vs_begin_end(struct vs_end *end)
{
	queue_work(system_long_wq, &end->work);
	KUNIT_ASSERT_TRUE(end->vr->test, fg_wait_request(end->vr->gt->fg->srv));
}

/* The guest goes on: it loses the bus, then the host does. */
static void vs_expect_end(struct vs_end *end)
{
	struct vr *vr = end->vr;

	fg_start(vr->gt->fg);
	flush_work(&end->work);
	fg_expect_rescind(vr->gt->fg, vr->gt->chan);
	fg_expect_quiet(vr->gt->fg);
	KUNIT_EXPECT_NULL(vr->test, vr->hbs[0]->dev_ops);
	KUNIT_EXPECT_EQ(vr->test, atomic_read(&vpci_relay_present), 0);
}

/* Meanwhile files can be read, and the host may take the device, too. */
static void vpci_stop_revoke_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	struct vs_end *end = vs_stop(vr);
	struct hb *hb = vr->hbs[0];

	vs_begin_end(end);
	vr_expect_one(vr, 1, "relayed");
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_STOPPED);
	hb_list_none(hb);
	hb_flush(hb);
	vr_expect(vr, "");
	vs_expect_end(end);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	KUNIT_EXPECT_EQ(test, hb->nmsgs, hb->taken);
}

/* What the guest still has is no more than a bus without devices. */
static void vpci_stop_leaving_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	struct vs_end *end = vs_stop(vr);
	struct hb *hb = vr->hbs[0];

	hb_list_none(hb);
	vr_flush(vr);
	vr_expect(vr, "");
	KUNIT_EXPECT_TRUE(test, vr_has_guest(vr));
	vs_begin_end(end);
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_STOPPED);
	vs_expect_end(end);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	KUNIT_EXPECT_EQ(test, hb->nmsgs, hb->taken);
}

/* The bus fails while it is being taken back: that is not what files say of it then. */
static void vpci_stop_failed_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	struct vs_end *end = vs_stop(vr);

	vs_begin_end(end);
	/* A message that is cut short */
	hb_say(vr->hbs[0], VPCI_MSG_EJECT, 0, 4);
	hb_flush(vr->hbs[0]);
	vr_expect(vr, "");
	KUNIT_EXPECT_EQ(test, vr_state(vr, 0), VPCI_RELAY_STOPPED);
	vs_expect_end(end);
}

/* The relay asks: who does not relay the offer, or has nothing of it, need not wait. */
static void vpci_stop_held_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);
	struct vpci_relay_bus *bus;

	vr_offer(vr, 0);
	bus = vr->buses[0];
	KUNIT_EXPECT_FALSE(test, vr->hook->guest_has(vr->hook, bus));
	vr_revoke(vr, 0);
	vr_deny(vr);
	vr_on_one(vr);
	bus = vr->buses[0];
	vr_expect_still(vr, 1, "denied");
	KUNIT_EXPECT_FALSE(test, vr->hook->guest_has(vr->hook, bus));
	vr_allow(vr);
	vr_expect_one(vr, 1, "relayed");
	KUNIT_EXPECT_TRUE(test, vr->hook->guest_has(vr->hook, bus));
	hb_list_none(vr->hbs[0]);
	vr_flush(vr);
	KUNIT_EXPECT_FALSE(test, vr->hook->guest_has(vr->hook, bus));
}

static struct kunit_case vpci_stop_cases[] = {
#if VPCI_HAS_LOCAL
	KUNIT_CASE(vpci_stop_removed_test),
#endif
	KUNIT_CASE(vpci_stop_again_test),
	KUNIT_CASE(vpci_stop_revoke_test),
	KUNIT_CASE(vpci_stop_leaving_test),
	KUNIT_CASE(vpci_stop_failed_test),
	KUNIT_CASE(vpci_stop_held_test),
	{}
};

static struct kunit_suite vpci_stop_suite = {
	.name = "vpci_relay_stop",
	.test_cases = vpci_stop_cases,
};

kunit_test_suite(vpci_stop_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: a guest that is stopped");
MODULE_LICENSE("GPL");
