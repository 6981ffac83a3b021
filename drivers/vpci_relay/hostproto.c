// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the host.  Each function writes one to a buffer of VPCI_MAX_REQUEST bytes.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "vpci_pure.h"

static const u32 vpci_host_versions[] = {
	VPCI_VERSION_DT, VPCI_VERSION_GE, VPCI_VERSION_FE, VPCI_VERSION_VB, VPCI_VERSION_RS1,
};

/**
 * vpci_host_next_version() - which version to try next
 * @version: that the host has refused, or 0 at first
 *
 * Return: version, or 0 if there is none left.
 */
u32 vpci_host_next_version(u32 version)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vpci_host_versions); i++)
		if (!version || vpci_host_versions[i] < version)
			return vpci_host_versions[i];
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_next_version);

static u32 vpci_host_slot(void *buf, u32 type, u32 slot)
{
	struct vpci_slot_msg *msg = buf;

	msg->type = cpu_to_le32(type);
	msg->slot = cpu_to_le32(slot);
	return sizeof(*msg);
}

/**
 * vpci_host_query_version() - may we speak this version?
 * @buf: result
 * @version: version
 *
 * Return: bytes.
 */
u32 vpci_host_query_version(void *buf, u32 version)
{
	struct vpci_query_version *msg = buf;

	msg->type = cpu_to_le32(VPCI_MSG_QUERY_VERSION);
	msg->version = cpu_to_le32(version);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_query_version);

/**
 * vpci_host_query_relations() - what is on the bus?
 * @buf: result; no completion is to be asked for
 *
 * Return: bytes.
 */
u32 vpci_host_query_relations(void *buf)
{
	struct vpci_msg *msg = buf;

	msg->type = cpu_to_le32(VPCI_MSG_QUERY_BUS_RELATIONS);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_query_relations);

/**
 * vpci_host_d0_entry() - the bus is to be used
 * @buf: result
 * @window: physical address of the window to configuration space
 *
 * Return: bytes.
 */
u32 vpci_host_d0_entry(void *buf, u64 window)
{
	struct vpci_d0_entry *msg = buf;

	*msg = (struct vpci_d0_entry) {
		.type = cpu_to_le32(VPCI_MSG_D0_ENTRY),
		.window = cpu_to_le64(window),
	};
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_d0_entry);

/**
 * vpci_host_d0_exit() - the bus is not used any more
 * @buf: result
 *
 * Return: bytes.
 */
u32 vpci_host_d0_exit(void *buf)
{
	struct vpci_msg *msg = buf;

	msg->type = cpu_to_le32(VPCI_MSG_D0_EXIT);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_d0_exit);

/**
 * vpci_host_requirements() - what base addresses has a device?
 * @buf: result
 * @slot: of the device
 *
 * Return: bytes.
 */
u32 vpci_host_requirements(void *buf, u32 slot)
{
	return vpci_host_slot(buf, VPCI_MSG_REQUIREMENTS, slot);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_requirements);

/**
 * vpci_host_assigned() - a device has its resources
 * @buf: result
 * @slot: of the device
 *
 * It has none: they are set in configuration space, as Linux does.  But a device is of
 * no use before this was sent.  Hyper-V wants room for an interrupt, though there is
 * none.
 *
 * Return: bytes.
 */
u32 vpci_host_assigned(void *buf, u32 slot)
{
	memset(buf, 0, VPCI_MAX_REQUEST);
	vpci_host_slot(buf, VPCI_MSG_ASSIGNED_RESOURCES2, slot);
	return VPCI_MAX_REQUEST;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_assigned);

/**
 * vpci_host_release() - a device's resources are not used any more
 * @buf: result
 * @slot: of the device
 *
 * Return: bytes.
 */
u32 vpci_host_release(void *buf, u32 slot)
{
	return vpci_host_slot(buf, VPCI_MSG_RELEASE_RESOURCES, slot);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_release);

/**
 * vpci_host_power() - change the power state of a device
 * @buf: result
 * @slot: of the device
 * @state: VPCI_POWER_*
 *
 * Return: bytes.
 */
u32 vpci_host_power(void *buf, u32 slot, u32 state)
{
	struct vpci_power *msg = buf;

	*msg = (struct vpci_power) {
		.type = cpu_to_le32(VPCI_MSG_POWER),
		.slot = cpu_to_le32(slot),
		.state = cpu_to_le32(state),
	};
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_power);

static_assert(sizeof(struct vpci_write_block) <= VPCI_MAX_REQUEST);

/**
 * vpci_host_access_block() - read or write a configuration block
 * @buf: result
 * @slot: of the device
 * @block: block; of one that is written there is room for all, which some hosts want
 *
 * Return: bytes.
 */
u32 vpci_host_access_block(void *buf, u32 slot, const struct vpci_block *block)
{
	struct vpci_write_block *msg = buf;
	u32 size = block->write ? sizeof(*msg) : sizeof(struct vpci_read_block);

	memset(msg, 0, size);
	msg->type = cpu_to_le32(block->write ? VPCI_MSG_WRITE_BLOCK : VPCI_MSG_READ_BLOCK);
	msg->block = cpu_to_le32(block->id);
	msg->slot = cpu_to_le32(slot);
	msg->length = cpu_to_le32(block->len);
	if (block->write)
		memcpy(msg->data, block->data, block->len);
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_access_block);

/**
 * vpci_host_reset_device() - reset a device
 * @buf: result
 * @version: that the host speaks
 * @slot: of the device
 *
 * Return: bytes, or -EOPNOTSUPP if the host knows no such request.
 */
int vpci_host_reset_device(void *buf, u32 version, u32 slot)
{
	if (version < VPCI_VERSION_GE)
		return -EOPNOTSUPP;
	return vpci_host_slot(buf, VPCI_MSG_RESET_DEVICE, slot);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_reset_device);

/**
 * vpci_host_create() - ask for an interrupt
 * @buf: result
 * @version: that the host speaks
 * @slot: of the device
 * @request: what to ask for
 *
 * Return: bytes, or -ERANGE if that cannot be said in this version.
 */
int vpci_host_create(void *buf, u32 version, u32 slot, const struct vpci_msi_request *request)
{
	enum vpci_msi_form form = VPCI_MSI_V1;
	u32 type = VPCI_MSG_CREATE_INTERRUPT;
	u32 len;
	int n;

	if (version >= VPCI_VERSION_FE) {
		form = VPCI_MSI_V3;
		type = VPCI_MSG_CREATE_INTERRUPT3;
	} else if (version >= VPCI_VERSION_RS1) {
		form = VPCI_MSI_V2;
		type = VPCI_MSG_CREATE_INTERRUPT2;
	}
	len = vpci_host_slot(buf, type, slot);
	n = vpci_msi_build(form, request, buf + len);
	return n < 0 ? n : len + n;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_create);

/**
 * vpci_host_delete() - give an interrupt back
 * @buf: result; no completion is to be asked for
 * @slot: of the device
 * @msi: as the host gave it
 *
 * Return: bytes.
 */
u32 vpci_host_delete(void *buf, u32 slot, const struct vpci_msi *msi)
{
	struct vpci_delete_interrupt *msg = buf;

	vpci_host_slot(buf, VPCI_MSG_DELETE_INTERRUPT, slot);
	vpci_msi_put(&msg->remapped, msi);
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_delete);

/**
 * vpci_host_eject_complete() - a device that the host wants back is not used any more
 * @buf: result; no completion is to be asked for
 * @slot: of the device
 *
 * Return: bytes.
 */
u32 vpci_host_eject_complete(void *buf, u32 slot)
{
	struct vpci_eject_complete *msg = buf;

	*msg = (struct vpci_eject_complete) {
		.type = cpu_to_le32(VPCI_MSG_EJECT_COMPLETE),
		.slot = cpu_to_le32(slot),
	};
	return sizeof(*msg);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_host_eject_complete);
