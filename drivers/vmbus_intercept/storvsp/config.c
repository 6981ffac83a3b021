// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of a controller, beside LIO's.  What is refused changes nothing, and
 * the log says why.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/visibility.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "storvsp.h"

/**
 * storvsp_config_init - what holds until something is said
 * @config: out
 */
void storvsp_config_init(struct storvsp_config *config)
{
	*config = (struct storvsp_config) {
		.subs = STORVSP_SUBS_AUTO,
		.lun_depth = STORVSP_DEPTH,
		.busy_poll_us = STORVSP_POLL_DEFAULT,
	};
}

/**
 * storvsp_config_subs - how many sub-channels a guest may ask for
 * @config: attributes
 * @vps: VPs that the guest has
 *
 * Return: at most STORVSP_MAX_SUBS; none for a disk on IDE.
 */
u16 storvsp_config_subs(const struct storvsp_config *config, unsigned int vps)
{
	if (config->ide.enabled)
		return 0;
	if (config->subs == STORVSP_SUBS_AUTO)
		return min(vps, STORVSP_MAX_SUBS);
	return config->subs;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_config_subs);

/* "none", then the places on IDE as "<channel> <device>", two to a channel. */
static const char *const storvsp_ide_names[] = { "none", "0 0", "0 1", "1 0", "1 1" };

/**
 * storvsp_parse_ide - the attribute "ide"
 * @page: what was written
 * @ide: out
 *
 * Return: false if it means nothing; @ide is as before.
 */
bool storvsp_parse_ide(const char *page, struct storvsp_ide *ide)
{
	int i = sysfs_match_string(storvsp_ide_names, page);

	if (i < 0)
		return false;
	*ide = (struct storvsp_ide) { };
	if (i) {
		ide->enabled = true;
		ide->channel = (i - 1) / 2;
		ide->device = (i - 1) % 2;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_parse_ide);

/**
 * storvsp_ide_offer - what makes an offer one of an IDE accelerator
 * @ide: its place on IDE
 * @offer: of a SCSI controller; changed
 */
void storvsp_ide_offer(const struct storvsp_ide *ide, struct vsrv_offer *offer)
{
	static const guid_t class_id = STORVSP_CLASS_IDE;
	const struct storvsp_ide_offer place = {
		.path = ide->channel,
		.target = ide->device,
		.flags = cpu_to_le32(STORVSP_CHANNEL_EMULATED_IDE),
	};

	static_assert(sizeof(place) <= sizeof(offer->user_defined));
	offer->class_id = class_id;
	offer->flags |= VMBUS_OFFER_ENUMERATE;
	memcpy(offer->user_defined, &place, sizeof(place));
}
EXPORT_SYMBOL_IF_KUNIT(storvsp_ide_offer);

static struct storvsp_ctrl *to_ctrl(struct config_item *item)
{
	return to_storvsp_ctrl(to_tpg(item));
}

/* A number in bounds; @word, which may be NULL, stands for U16_MAX. */
static int storvsp_parse_u16(const struct storvsp_ctrl *ctrl, const char *attr, const char *page,
			     u16 min, u16 max, const char *word, u16 *value)
{
	if (word && sysfs_streq(page, word)) {
		*value = U16_MAX;
		return 0;
	}
	if (!kstrtou16(page, 0, value) && *value >= min && *value <= max)
		return 0;
	pr_err("%s: %s: give a number of %u to %u%s%s\n", ctrl->port->name, attr, min, max,
	       word ? ", or " : "", word ?: "");
	return -EINVAL;
}

static ssize_t storvsp_show_u16(const u16 *value, const char *word, char *page)
{
	u16 v = READ_ONCE(*value);

	if (word && v == U16_MAX)
		return sysfs_emit(page, "%s\n", word);
	return sysfs_emit(page, "%u\n", v);
}

/* ---- only while it is disabled --------------------------------------------------------- */

static int storvsp_check_disabled(const struct storvsp_ctrl *ctrl, const char *attr)
{
	lockdep_assert_held(&ctrl->lock);
	if (!ctrl->server)
		return 0;
	pr_err("%s: %s: write 0 to \"enable\" first\n", ctrl->port->name, attr);
	return -EBUSY;
}

static ssize_t storvsp_tpg_server_show(struct config_item *item, char *page)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	ssize_t len;

	mutex_lock(&ctrl->lock);
	len = sysfs_emit(page, "%s\n", ctrl->config.server);
	mutex_unlock(&ctrl->lock);
	return len;
}

static ssize_t storvsp_tpg_server_store(struct config_item *item, const char *page, size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	size_t len = strcspn(page, "\n");
	int err;

	if (!len || len >= sizeof(ctrl->config.server)) {
		pr_err("%s: server: give a name of 1 to %zu characters\n", ctrl->port->name,
		       sizeof(ctrl->config.server) - 1);
		return -EINVAL;
	}
	mutex_lock(&ctrl->lock);
	err = storvsp_check_disabled(ctrl, "server");
	if (!err) {
		memcpy(ctrl->config.server, page, len);
		ctrl->config.server[len] = '\0';
	}
	mutex_unlock(&ctrl->lock);
	return err ?: count;
}

static ssize_t storvsp_tpg_subchannels_show(struct config_item *item, char *page)
{
	return storvsp_show_u16(&to_ctrl(item)->config.subs, "auto", page);
}

static ssize_t storvsp_tpg_subchannels_store(struct config_item *item, const char *page,
					     size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	u16 subs;
	int err;

	err = storvsp_parse_u16(ctrl, "subchannels", page, 0, STORVSP_MAX_SUBS, "auto", &subs);
	if (err)
		return err;
	mutex_lock(&ctrl->lock);
	err = storvsp_check_disabled(ctrl, "subchannels");
	if (!err)
		WRITE_ONCE(ctrl->config.subs, subs);
	mutex_unlock(&ctrl->lock);
	return err ?: count;
}

static ssize_t storvsp_tpg_ide_show(struct config_item *item, char *page)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	struct storvsp_ide ide;

	mutex_lock(&ctrl->lock);
	ide = ctrl->config.ide;
	mutex_unlock(&ctrl->lock);
	if (!ide.enabled)
		return sysfs_emit(page, "none\n");
	return sysfs_emit(page, "%u %u\n", ide.channel, ide.device);
}

/* There is one disk at a place on IDE. */
static int storvsp_check_ide_luns(const struct storvsp_ctrl *ctrl)
{
	unsigned long lun = find_next_bit(ctrl->luns, STORVSP_LUNS, 1);

	if (lun == STORVSP_LUNS)
		return 0;
	pr_err("%s: ide: remove lun_%lu first: the disk is lun_0\n", ctrl->port->name, lun);
	return -EBUSY;
}

static ssize_t storvsp_tpg_ide_store(struct config_item *item, const char *page, size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	struct storvsp_ide ide;
	int err;

	if (!storvsp_parse_ide(page, &ide)) {
		pr_err("%s: ide: give a channel and a device, 0 or 1 each, or none\n",
		       ctrl->port->name);
		return -EINVAL;
	}
	mutex_lock(&ctrl->lock);
	err = storvsp_check_disabled(ctrl, "ide");
	if (!err && ide.enabled)
		err = storvsp_check_ide_luns(ctrl);
	if (!err)
		ctrl->config.ide = ide;
	mutex_unlock(&ctrl->lock);
	return err ?: count;
}

/* ---- at any time ------------------------------------------------------------------------- */

/* A number of requests in flight. */
static ssize_t storvsp_store_depth(const struct storvsp_ctrl *ctrl, const char *attr, u16 *depth,
				   u16 min, const char *page, size_t count)
{
	u16 value;
	int err;

	err = storvsp_parse_u16(ctrl, attr, page, min, STORVSP_DEPTH, NULL, &value);
	if (err)
		return err;
	WRITE_ONCE(*depth, value);
	return count;
}

static ssize_t storvsp_tpg_lun_depth_show(struct config_item *item, char *page)
{
	return storvsp_show_u16(&to_ctrl(item)->config.lun_depth, NULL, page);
}

static ssize_t storvsp_tpg_lun_depth_store(struct config_item *item, const char *page,
					   size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);

	return storvsp_store_depth(ctrl, "lun_depth", &ctrl->config.lun_depth, 1, page, count);
}

static ssize_t storvsp_tpg_poll_depth_show(struct config_item *item, char *page)
{
	return storvsp_show_u16(&to_ctrl(item)->config.poll_depth, NULL, page);
}

static ssize_t storvsp_tpg_poll_depth_store(struct config_item *item, const char *page,
					    size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);

	return storvsp_store_depth(ctrl, "poll_depth", &ctrl->config.poll_depth, 0, page, count);
}

static ssize_t storvsp_tpg_busy_poll_us_show(struct config_item *item, char *page)
{
	return storvsp_show_u16(&to_ctrl(item)->config.busy_poll_us, "default", page);
}

static ssize_t storvsp_tpg_busy_poll_us_store(struct config_item *item, const char *page,
					      size_t count)
{
	struct storvsp_ctrl *ctrl = to_ctrl(item);
	struct storvsp_chan *sc;
	unsigned int us;
	u16 value;
	int err;

	err = storvsp_parse_u16(ctrl, "busy_poll_us", page, 0, VSRV_BUSY_POLL_MAX, "default",
				&value);
	if (err)
		return err;
	us = value == STORVSP_POLL_DEFAULT ? vsrv_busy_poll_default() : value;
	spin_lock_irq(&ctrl->chans_lock);
	WRITE_ONCE(ctrl->config.busy_poll_us, value);
	list_for_each_entry(sc, &ctrl->chans, node)
		if (sc->offer)
			vsrv_chan_set_busy_poll(sc->offer, us);
	spin_unlock_irq(&ctrl->chans_lock);
	return count;
}

CONFIGFS_ATTR(storvsp_tpg_, server);
CONFIGFS_ATTR(storvsp_tpg_, subchannels);
CONFIGFS_ATTR(storvsp_tpg_, ide);
CONFIGFS_ATTR(storvsp_tpg_, lun_depth);
CONFIGFS_ATTR(storvsp_tpg_, poll_depth);
CONFIGFS_ATTR(storvsp_tpg_, busy_poll_us);

struct configfs_attribute *storvsp_config_attrs[] = {
	&storvsp_tpg_attr_server,
	&storvsp_tpg_attr_subchannels,
	&storvsp_tpg_attr_ide,
	&storvsp_tpg_attr_lun_depth,
	&storvsp_tpg_attr_poll_depth,
	&storvsp_tpg_attr_busy_poll_us,
	NULL
};
