// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vpci_relay: offers that come to the hook, are held for want of a window, and end;
 * and what is left of steps that fail.
 */
#include <linux/module.h>

#include "vpci_relay_test.h"

/* ---- windows --------------------------------------------------------------------------- */

/* Nobody has opened the channel. */
static void vo_expect_held(struct vr *vr, unsigned int i)
{
	KUNIT_EXPECT_EQ(vr->test, vr_state(vr, i), VPCI_RELAY_HELD);
	KUNIT_EXPECT_EQ(vr->test, vr->buses[i]->window, 0);
	KUNIT_EXPECT_NULL(vr->test, vr->buses[i]->host);
	KUNIT_EXPECT_NULL(vr->test, vr->hbs[i]->dev_ops);
	KUNIT_EXPECT_EQ(vr->test, vr->hbs[i]->nmsgs, 0);
}

/* It was opened, and has this window; the host was asked one thing so far. */
static void vo_expect_opened(struct vr *vr, unsigned int i, u64 window)
{
	KUNIT_EXPECT_EQ(vr->test, vr_state(vr, i), VPCI_RELAY_CONNECTING);
	KUNIT_EXPECT_EQ(vr->test, vr->buses[i]->window, window);
	KUNIT_EXPECT_NOT_NULL(vr->test, vr->hbs[i]->dev_ops);
	KUNIT_EXPECT_EQ(vr->test, vr->hbs[i]->nmsgs, 1);
}

/* Held until there are windows, also if the host fails once it is asked. */
static void vpci_offers_held_test(struct kunit *test)
{
	static const struct hb_dev dev = { HB_SLOT, 1 };
	struct vr *vr = vr_new(test);
	struct hb *hb = vr->hbs[0];
	const struct hb_msg *msg;

	vr_offer(vr, 0);
	vo_expect_held(vr, 0);
	vr_windows(vr, "none");
	vo_expect_held(vr, 0);
	/* There is nothing that rules could be about. */
	vr_deny(vr);
	vr_flush(vr);
	vr_allow(vr);
	vr_flush(vr);
	vr_expect(vr, "");
	hb->open_err = -EIO;
	vr_windows(vr, VR_ONE_WINDOW);
	vo_expect_held(vr, 0);
	/* Its window is free again. */
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
	hb->open_err = 0;
	vr_windows(vr, VR_ONE_WINDOW);
	vo_expect_opened(vr, 0, HB_WINDOW);
	msg = hb_speak(hb, VPCI_VERSION_DT);
	hb_list(hb, &dev, 1);
	hb_status(hb, msg, 0);
	hb_prepare(hb, HB_SLOT);
	vr_flush(vr);
	vr_expect_one(vr, 1, "relayed");
	vr_join(vr, 1);
}

/* The second finds no window, and gets one when there are more; the first keeps its own. */
static void vpci_offers_extended_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_windows(vr, VR_ONE_WINDOW);
	vr_offer(vr, 0);
	vr_offer(vr, 1);
	vo_expect_opened(vr, 0, HB_WINDOW);
	vo_expect_held(vr, 1);
	vr_windows(vr, VR_ONE_WINDOW);
	vo_expect_held(vr, 1);
	vr_windows(vr, VR_TWO_WINDOWS);
	vo_expect_opened(vr, 0, HB_WINDOW);
	vo_expect_opened(vr, 1, HB_WINDOW + VPCI_WINDOW_SIZE);
	/* The other way round: the window that has become free is for who is held. */
	vr_revoke(vr, 1);
	vr_windows(vr, VR_ONE_WINDOW);
	vr->hbs[1]->nmsgs = 0;
	vr_offer(vr, 1);
	vo_expect_held(vr, 1);
	vr_revoke(vr, 0);
	vo_expect_held(vr, 1);
	vr_windows(vr, VR_ONE_WINDOW);
	vo_expect_opened(vr, 1, HB_WINDOW);
}

/* ---- the end --------------------------------------------------------------------------- */

static void vpci_offers_revoke_held_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_offer(vr, 0);
	vr_revoke(vr, 0);
	KUNIT_EXPECT_EQ(test, vr->hbs[0]->nmsgs, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&vpci_relay_present), 0);
	vr_offer(vr, 0);
	vo_expect_held(vr, 0);
}

/* The host is told goodbye for a device: it may be another's from now on. */
static void vo_expect_goodbye(struct vr *vr)
{
	struct hb *hb = vr->hbs[0];

	hb_expect_slot(hb, hb_expect_notice(hb, VPCI_MSG_RELEASE_RESOURCES), HB_SLOT);
	hb_expect_notice(hb, VPCI_MSG_D0_EXIT);
	KUNIT_EXPECT_EQ(vr->test, hb->nmsgs, hb->taken);
}

/* Amid an eject, of which nobody hears more */
static void vpci_offers_revoke_ejecting_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	u32 chan = vr->gt->chan;

	vr_deny(vr);
	gt_expect_slot(vr->gt, VPCI_MSG_EJECT, HB_SLOT);
	vr_revoke(vr, 0);
	fg_expect_rescind(vr->gt->fg, chan);
	fg_expect_quiet(vr->gt->fg);
	vo_expect_goodbye(vr);
}

/* Amid a request of the guest that the host has yet to answer */
static void vpci_offers_revoke_asked_test(struct kunit *test)
{
	struct vr *vr = vr_run(test);
	u32 chan = vr->gt->chan;

	gt_send_create(vr->gt, HB_SLOT, 0x42);
	vr_wait_msg(vr);
	hb_expect_request(vr->hbs[0], VPCI_MSG_CREATE_INTERRUPT3);
	vr_revoke(vr, 0);
	fg_expect_rescind(vr->gt->fg, chan);
	vo_expect_goodbye(vr);
}

/* ---- steps that fail: the offer -------------------------------------------------------- */

static struct vpci_relay_bus *vo_no_dir(const struct vint_offer *offer)
{
	return ERR_PTR(-ENOMEM);
}

static void vo_class(struct vr *vr, struct vint_offer *offer, bool on)
{
	offer->class_id.b[0] ^= 0xff;
}

static void vo_subchannel(struct vr *vr, struct vint_offer *offer, bool on)
{
	offer->subchannel = on;
}

static void vo_dir(struct vr *vr, struct vint_offer *offer, bool on)
{
	if (on)
		kunit_activate_static_stub(vr->test, vpci_relay_bus_create, vo_no_dir);
	else
		kunit_deactivate_static_stub(vr->test, vpci_relay_bus_create);
}

static void vo_open(struct vr *vr, struct vint_offer *offer, bool on)
{
	vr->hbs[0]->open_err = on ? -EIO : 0;
}

/**
 * struct vo_refused - an offer that is refused
 * @name: why
 * @spoil: sees to that, and takes it back
 * @err: result
 */
struct vo_refused {
	const char *name;
	void (*spoil)(struct vr *vr, struct vint_offer *offer, bool on);
	int err;
};

static const struct vo_refused vo_refused_cases[] = {
	{ "of another class", vo_class, -EINVAL },
	{ "a sub-channel", vo_subchannel, -EINVAL },
	{ "no memory for its directory", vo_dir, -ENOMEM },
	{ "the host does not open it", vo_open, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(vo_refused, vo_refused_cases, name);

/* It is counted, and nothing is left of it: the same offer is good afterwards. */
static void vpci_offers_refused_test(struct kunit *test)
{
	const struct vo_refused *c = test->param_value;
	struct vint_offer offer = vr_vint_offer(0);
	struct vr *vr = vr_new(test);

	vr_windows(vr, VR_ONE_WINDOW);
	c->spoil(vr, &offer, true);
	KUNIT_EXPECT_EQ(test, vr_try_offer(vr, 0, &offer), c->err);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vpci_relay_refused), vr->refused + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&vpci_relay_present), 0);
	KUNIT_EXPECT_EQ(test, vr->hbs[0]->nmsgs, 0);
	KUNIT_EXPECT_EQ(test, vpci_windows_set("none"), 0);
	c->spoil(vr, &offer, false);
	vr_windows(vr, VR_ONE_WINDOW);
	KUNIT_ASSERT_EQ(test, vr_try_offer(vr, 0, &offer), 0);
	vo_expect_opened(vr, 0, HB_WINDOW);
	KUNIT_EXPECT_EQ(test, atomic_read(&vpci_relay_present), 1);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vpci_relay_refused), vr->refused + 1);
}

/* The one that is there is not touched. */
static void vpci_offers_known_test(struct kunit *test)
{
	const struct vint_offer offer = vr_vint_offer(0);
	struct vr *vr = vr_new(test);

	vr_windows(vr, VR_TWO_WINDOWS);
	vr_offer(vr, 0);
	KUNIT_EXPECT_EQ(test, vr_try_offer(vr, 1, &offer), -EEXIST);
	KUNIT_EXPECT_EQ(test, atomic64_read(&vpci_relay_refused), vr->refused + 1);
	vo_expect_opened(vr, 0, HB_WINDOW);
	KUNIT_EXPECT_EQ(test, vr->hbs[1]->nmsgs, 0);
	vr_offer(vr, 1);
	vo_expect_opened(vr, 1, HB_WINDOW + VPCI_WINDOW_SIZE);
}

/* ---- steps that fail: a device --------------------------------------------------------- */

static struct vpci_guest *vo_no_guest(struct vmbus_srv *srv, const struct vsrv_offer *offer,
				      const struct vpci_guest_ops *ops, void *ctx)
{
	return ERR_PTR(-ENOMEM);
}

static int vo_no_place(struct vpci_guest *guest, struct vpci_guest_fn *fn)
{
	return -EEXIST;
}

static void vo_guest_create(struct kunit *test, bool on)
{
	if (on)
		kunit_activate_static_stub(test, vpci_guest_create, vo_no_guest);
	else
		kunit_deactivate_static_stub(test, vpci_guest_create);
}

static void vo_guest_add(struct kunit *test, bool on)
{
	if (on)
		kunit_activate_static_stub(test, vpci_guest_add, vo_no_place);
	else
		kunit_deactivate_static_stub(test, vpci_guest_add);
}

#if VPCI_HAS_LOCAL
static struct vpci_local *vo_no_local(const guid_t *instance, const struct vpci_local_ops *ops,
				      void *ctx)
{
	return ERR_PTR(-ENOMEM);
}

static struct vpci_local_fn *vo_no_local_fn(struct vpci_local *local, struct vpci_host_fn *host,
					    const struct vpci_desc *desc,
					    const struct vpci_bars *bars, void *priv)
{
	return ERR_PTR(-ENOMEM);
}

static void vo_local_create(struct kunit *test, bool on)
{
	if (on)
		kunit_activate_static_stub(test, vpci_local_create, vo_no_local);
	else
		kunit_deactivate_static_stub(test, vpci_local_create);
}

static void vo_local_add(struct kunit *test, bool on)
{
	if (on)
		kunit_activate_static_stub(test, vpci_local_add, vo_no_local_fn);
	else
		kunit_deactivate_static_stub(test, vpci_local_add);
}
#endif /* VPCI_HAS_LOCAL */

/**
 * struct vo_failure - a device that does not get to where it should be
 * @name: what fails
 * @local: this kernel is to have it, not the guest
 * @spoil: sees to the failure, and takes that back
 * @offered: the guest has heard of a bus meanwhile
 * @after: state of the device in the end
 */
struct vo_failure {
	const char *name;
	bool local;
	void (*spoil)(struct kunit *test, bool on);
	bool offered;
	const char *after;
};

static const struct vo_failure vo_failures[] = {
	{ "the guest's bus", false, vo_guest_create, false, "relayed" },
	{ "its device", false, vo_guest_add, true, "relayed" },
#if VPCI_HAS_LOCAL
	/* There is no memory for it, so that it is held. */
	{ "the bus of this kernel", true, vo_local_create, false, "local held" },
	{ "the device there", true, vo_local_add, false, "local held" },
#endif
};

KUNIT_ARRAY_PARAM_DESC(vo_failure, vo_failures, name);

/* In this thread, where functions are redirected */
static void vo_work(struct vr *vr)
{
	struct work_struct *work = &vr->buses[0]->work;

	flush_work(work);
	work->func(work);
}

/* Nobody has it, and nothing is left of the attempt; the next change tries again. */
static void vpci_offers_failure_test(struct kunit *test)
{
	const struct vo_failure *c = test->param_value;
	struct vr *vr = vr_new(test);

	vr_deny(vr);
	vr_on_one(vr);
	vr_expect_still(vr, 1, "denied");
	c->spoil(test, true);
	/* Of these changes the relay is not told. */
	KUNIT_ASSERT_EQ(test, vpci_policy_change(false, VR_DENY, strlen(VR_DENY)), 0);
	if (c->local)
		KUNIT_ASSERT_EQ(test, vpci_policy_change(true, VR_LOCAL, strlen(VR_LOCAL)), 0);
	vo_work(vr);
	vr_expect_one(vr, 1, "hidden");
	if (c->offered)
		vr_expect_rescind(vr, fg_expect_offer(vr->gt->fg));
	vr_flush(vr);
	KUNIT_EXPECT_FALSE(test, vr_has_guest(vr));
	fg_expect_quiet(vr->gt->fg);
	c->spoil(test, false);
	vo_work(vr);
	vr_expect_one(vr, 1, c->after);
	KUNIT_EXPECT_EQ(test, vr_has_guest(vr), !c->local);
	hb_expect_no_msg(vr->hbs[0]);
	if (!c->local)
		vr_join(vr, 1);
	/* And it goes as any other. */
	vr_revoke(vr, 0);
	vo_expect_goodbye(vr);
}

/* The host gives the bus back with a device that nobody has got. */
static void vpci_offers_failure_eject_test(struct kunit *test)
{
	struct vr *vr = vr_new(test);

	vr_deny(vr);
	vr_on_one(vr);
	vo_guest_create(test, true);
	KUNIT_ASSERT_EQ(test, vpci_policy_change(false, VR_DENY, strlen(VR_DENY)), 0);
	vo_work(vr);
	vr_expect_one(vr, 1, "hidden");
	hb_say_slot(vr->hbs[0], VPCI_MSG_EJECT, HB_SLOT);
	vr_expect_given_back(vr, HB_SLOT);
	vr_flush(vr);
	vr_expect(vr, "");
	vo_guest_create(test, false);
	vo_work(vr);
	fg_expect_quiet(vr->gt->fg);
}

static struct kunit_case vpci_offers_cases[] = {
	KUNIT_CASE(vpci_offers_held_test),
	KUNIT_CASE(vpci_offers_extended_test),
	KUNIT_CASE(vpci_offers_revoke_held_test),
	KUNIT_CASE(vpci_offers_revoke_ejecting_test),
	KUNIT_CASE(vpci_offers_revoke_asked_test),
	KUNIT_CASE_PARAM(vpci_offers_refused_test, vo_refused_gen_params),
	KUNIT_CASE(vpci_offers_known_test),
	KUNIT_CASE_PARAM(vpci_offers_failure_test, vo_failure_gen_params),
	KUNIT_CASE(vpci_offers_failure_eject_test),
	{}
};

static struct kunit_suite vpci_offers_suite = {
	.name = "vpci_offers",
	.test_cases = vpci_offers_cases,
};

kunit_test_suite(vpci_offers_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vpci_relay: offers, windows, and steps that fail");
MODULE_LICENSE("GPL");
