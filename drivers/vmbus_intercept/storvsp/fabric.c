// SPDX-License-Identifier: GPL-2.0-only
/*
 * LIO's side: /sys/kernel/config/target/vmbus/<instance GUID>/tpgt_1/.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <vmbus/compat.h>
#include "storvsp.h"

#define STORVSP_TPGT		1
/* "0x" and a port identifier of SRP, as LIO wants the name of an initiator. */
#define STORVSP_INITIATOR_SIZE	(2 + 2 * sizeof(guid_t) + 1)

static struct storvsp_port *to_port(struct se_wwn *wwn)
{
	return container_of(wwn, struct storvsp_port, wwn);
}

/* ---- enable, disable ------------------------------------------------------------------ */

static int storvsp_session_start(struct storvsp_ctrl *ctrl)
{
	char initiator[STORVSP_INITIATOR_SIZE];
	struct se_session *sess;

	snprintf(initiator, sizeof(initiator), "0x%16phN", &ctrl->port->instance);
	sess = target_setup_session(&ctrl->tpg, 0, 0, TARGET_PROT_NORMAL, initiator, ctrl, NULL);
	if (IS_ERR(sess))
		return PTR_ERR(sess);
	ctrl->sess = sess;
	return 0;
}

static void storvsp_session_stop(struct storvsp_ctrl *ctrl)
{
	target_stop_session(ctrl->sess);
	target_wait_for_sess_cmds(ctrl->sess);
	/* The last command still wakes us, within an RCU read-side section. */
	synchronize_rcu();
	target_remove_session(ctrl->sess);
	ctrl->sess = NULL;
}

static int storvsp_offer(struct storvsp_ctrl *ctrl)
{
	struct vsrv_offer offer = {
		.class_id = STORVSP_CLASS_SCSI,
		.instance_id = ctrl->port->instance,
		.order = VSRV_ORDER_NONE,
	};
	struct vsrv_chan *chan;

	if (ctrl->config.ide.enabled)
		storvsp_ide_offer(&ctrl->config.ide, &offer);
	chan = vsrv_offer(ctrl->server, &offer, &storvsp_chan_ops, &ctrl->primary);
	if (IS_ERR(chan))
		return PTR_ERR(chan);
	storvsp_chan_publish(&ctrl->primary, chan);
	return 0;
}

static const char *storvsp_offer_error(int err)
{
	switch (err) {
	case -ENODEV:
		return "the server has no partition yet";
	case -EEXIST:
		return "the server has a device of this instance";
	case -ENOSPC:
		return "the server has no channel left";
	default:
		return "no memory";
	}
}

static int storvsp_enable_locked(struct storvsp_ctrl *ctrl)
{
	const char *name = ctrl->port->name;
	int err;

	if (!ctrl->config.server[0]) {
		pr_err("%s: enable: write the name of a VMBus server to \"server\" first\n", name);
		return -EINVAL;
	}
	if (ctrl->config.ide.enabled && !test_bit(0, ctrl->luns)) {
		pr_err("%s: enable: an IDE accelerator needs its disk: add lun_0 first\n", name);
		return -EINVAL;
	}
	ctrl->server = vsrv_get(ctrl->config.server);
	if (!ctrl->server) {
		pr_err("%s: enable: no VMBus server \"%s\"\n", name, ctrl->config.server);
		return -ENODEV;
	}
	err = storvsp_chan_init(&ctrl->primary);
	if (err)
		goto put_server;
	err = storvsp_session_start(ctrl);
	if (err)
		goto destroy_chan;
	ctrl->scan.retired = false;
	err = storvsp_offer(ctrl);
	if (err) {
		pr_err("%s: enable: server \"%s\": %s (%d)\n", name, ctrl->config.server,
		       storvsp_offer_error(err), err);
		goto stop_session;
	}
	return 0;

stop_session:
	storvsp_session_stop(ctrl);
destroy_chan:
	storvsp_chan_destroy(&ctrl->primary);
put_server:
	vsrv_put(ctrl->server);
	ctrl->server = NULL;
	return err;
}

static void storvsp_disable_locked(struct storvsp_ctrl *ctrl)
{
	storvsp_ctrl_retire(ctrl);
	storvsp_chan_revoke(&ctrl->primary);
	storvsp_session_stop(ctrl);
	storvsp_chan_destroy(&ctrl->primary);
	vsrv_put(ctrl->server);
	ctrl->server = NULL;
}

static int storvsp_enable(struct se_portal_group *tpg, bool enable)
{
	struct storvsp_ctrl *ctrl = to_storvsp_ctrl(tpg);
	int err = 0;

	mutex_lock(&ctrl->lock);
	if (enable && !ctrl->server)
		err = storvsp_enable_locked(ctrl);
	else if (!enable && ctrl->server)
		storvsp_disable_locked(ctrl);
	mutex_unlock(&ctrl->lock);
	return err;
}

/* ---- directories -------------------------------------------------------------------------- */

static struct se_wwn *storvsp_make_wwn(struct target_fabric_configfs *tf,
				       struct config_group *group, const char *name)
{
	struct storvsp_port *port;
	guid_t instance;

	if (!vsrv_parse_instance(name, &instance)) {
		pr_err("\"%s\" is not an instance GUID: write it as 01234567-89ab-cdef-0123-456789abcdef\n",
		       name);
		return ERR_PTR(-EINVAL);
	}
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);
	port->instance = instance;
	strscpy(port->name, name);
	return &port->wwn;
}

static void storvsp_drop_wwn(struct se_wwn *wwn)
{
	kfree(to_port(wwn));
}

static struct se_portal_group *storvsp_make_tpg(struct se_wwn *wwn, const char *name)
{
	struct storvsp_port *port = to_port(wwn);
	struct storvsp_ctrl *ctrl;
	int err;

	if (strcmp(name, "tpgt_1")) {
		pr_err("%s: the only portal group is tpgt_1\n", port->name);
		return ERR_PTR(-EINVAL);
	}
	ctrl = kvzalloc(sizeof(*ctrl), GFP_KERNEL);
	if (!ctrl)
		return ERR_PTR(-ENOMEM);
	err = init_srcu_struct(&ctrl->luns_srcu);
	if (err)
		goto free;
	ctrl->port = port;
	mutex_init(&ctrl->lock);
	spin_lock_init(&ctrl->devs_lock);
	spin_lock_init(&ctrl->scan.lock);
	spin_lock_init(&ctrl->chans_lock);
	INIT_LIST_HEAD(&ctrl->chans);
	INIT_DELAYED_WORK(&ctrl->drain, storvsp_subs_drain_work);
	storvsp_config_init(&ctrl->config);
	storvsp_chan_setup(ctrl, &ctrl->primary);

	/* Of LIO's protocols the one whose ports have 16-byte identifiers. */
	err = core_tpg_register(wwn, &ctrl->tpg, SCSI_PROTOCOL_SRP);
	if (err)
		goto cleanup_srcu;
	return &ctrl->tpg;

cleanup_srcu:
	cleanup_srcu_struct(&ctrl->luns_srcu);
free:
	kvfree(ctrl);
	return ERR_PTR(err);
}

static void storvsp_drop_tpg(struct se_portal_group *tpg)
{
	struct storvsp_ctrl *ctrl = to_storvsp_ctrl(tpg);

	storvsp_enable(tpg, false);
	core_tpg_deregister(tpg);
	cleanup_srcu_struct(&ctrl->luns_srcu);
	kvfree(ctrl);
}

/* The device stays until storvsp_pre_unlink() has returned. */
static void storvsp_set_dev(struct storvsp_ctrl *ctrl, u64 lun, struct se_device *dev)
{
	spin_lock(&ctrl->devs_lock);
	ctrl->devs[lun] = dev;
	spin_unlock(&ctrl->devs_lock);
}

/* LIO's own function for that is not exported. */
static bool storvsp_fua(struct se_device *dev)
{
	if (!dev->dev_attrib.emulate_fua_write)
		return false;
	if (dev->transport->get_write_cache)
		return dev->transport->get_write_cache(dev);
	return dev->dev_attrib.emulate_write_cache;
}

/**
 * storvsp_disk_get - tell what must be known of a disk
 * @ctrl: controller
 * @lun: LUN
 * @disk: out
 *
 * Context: process.
 * Return: false if there is no such disk, or if LIO passes commands on to a real
 * one, which knows better.
 */
bool storvsp_disk_get(struct storvsp_ctrl *ctrl, u8 lun, struct storvsp_disk *disk)
{
	struct se_device *dev;
	bool known = false;

	spin_lock(&ctrl->devs_lock);
	dev = ctrl->devs[lun];
	if (dev && !(dev->transport_flags & TRANSPORT_FLAG_PASSTHROUGH)) {
		known = true;
		*disk = (struct storvsp_disk) {
			/* LIO calls the last block so. */
			.blocks = dev->transport->get_blocks(dev) + 1,
			.write_same_max = dev->dev_attrib.max_write_same_len,
			.unmap = dev->dev_attrib.emulate_tpu,
			.unmap_same = dev->dev_attrib.emulate_tpws,
			.fua = storvsp_fua(dev),
		};
	}
	spin_unlock(&ctrl->devs_lock);
	return known;
}

/* LIO does not look at what this returns: the link stays, but leads nowhere. */
static int storvsp_post_link(struct se_portal_group *tpg, struct se_lun *lun)
{
	struct storvsp_ctrl *ctrl = to_storvsp_ctrl(tpg);
	unsigned int luns;

	mutex_lock(&ctrl->lock);
	luns = ctrl->config.ide.enabled ? 1 : STORVSP_LUNS;
	if (lun->unpacked_lun < luns) {
		storvsp_set_dev(ctrl, lun->unpacked_lun, rcu_dereference_raw(lun->lun_se_dev));
		set_bit(lun->unpacked_lun, ctrl->luns);
	}
	mutex_unlock(&ctrl->lock);
	if (lun->unpacked_lun >= luns) {
		pr_err("%s: lun_%llu: the guest sees only LUNs up to %u\n", ctrl->port->name,
		       lun->unpacked_lun, luns - 1);
		return -EINVAL;
	}
	storvsp_chan_notify(&ctrl->primary);
	return 0;
}

static void storvsp_pre_unlink(struct se_portal_group *tpg, struct se_lun *lun)
{
	struct storvsp_ctrl *ctrl = to_storvsp_ctrl(tpg);

	if (lun->unpacked_lun >= STORVSP_LUNS)
		return;
	clear_bit(lun->unpacked_lun, ctrl->luns);
	/* LIO says aloud what it has no disk for: pairs with that in storvsp_io_execute(). */
	synchronize_srcu(&ctrl->luns_srcu);
	storvsp_set_dev(ctrl, lun->unpacked_lun, NULL);
	storvsp_chan_notify(&ctrl->primary);
}

/* ---- what LIO asks -------------------------------------------------------------------------- */

static char *storvsp_tpg_get_wwn(struct se_portal_group *tpg)
{
	return to_storvsp_ctrl(tpg)->port->name;
}

static u16 storvsp_tpg_get_tag(struct se_portal_group *tpg)
{
	return STORVSP_TPGT;
}

static u32 storvsp_tpg_get_default_depth(struct se_portal_group *tpg)
{
	return STORVSP_DEPTH;
}

/* The guest needs no access list: it sees every LUN. */
static int storvsp_check_true(struct se_portal_group *tpg)
{
	return 1;
}

const struct target_core_fabric_ops storvsp_fabric_ops = {
	.module = THIS_MODULE,
	.fabric_name = "vmbus",
	.max_data_sg_nents = STORVSP_MAX_TRANSFER / PAGE_SIZE,
	.tpg_get_wwn = storvsp_tpg_get_wwn,
	.tpg_get_tag = storvsp_tpg_get_tag,
	.tpg_get_default_depth = storvsp_tpg_get_default_depth,
	.tpg_check_demo_mode = storvsp_check_true,
	.tpg_check_demo_mode_cache = storvsp_check_true,
	.check_stop_free = storvsp_check_stop_free,
	.release_cmd = storvsp_release_cmd,
	.write_pending = storvsp_write_pending,
	.queue_data_in = storvsp_queue_data_in,
	.queue_status = storvsp_queue_status,
	.queue_tm_rsp = storvsp_queue_tm_rsp,
	.aborted_task = storvsp_aborted_task,
	.fabric_make_wwn = storvsp_make_wwn,
	.fabric_drop_wwn = storvsp_drop_wwn,
	.fabric_make_tpg = storvsp_make_tpg,
	.fabric_enable_tpg = storvsp_enable,
	.fabric_drop_tpg = storvsp_drop_tpg,
	.fabric_post_link = storvsp_post_link,
	.fabric_pre_unlink = storvsp_pre_unlink,
	.tfc_tpg_base_attrs = storvsp_config_attrs,
	/* A file backstore blocks whoever submits: not the thread of a VP, please. */
	.default_submit_type = TARGET_QUEUE_SUBMIT,
	.direct_submit_supp = 1,
	VMBUS_TARGET_DIRECT_COMPL
};
