// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: the forms in which they are asked for, and those that a device has.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "vpci_pure.h"

/**
 * vpci_msi_form_size() - bytes of a request in CREATE_INTERRUPT
 * @form: of the request
 *
 * The last member of the later forms is padding, which Linux does not send.
 *
 * Return: as many as there must be.
 */
u32 vpci_msi_form_size(enum vpci_msi_form form)
{
	switch (form) {
	case VPCI_MSI_V1:
		return sizeof(struct vpci_msi_desc);
	case VPCI_MSI_V2:
		return offsetof(struct vpci_msi_desc2, reserved);
	default:
		return offsetof(struct vpci_msi_desc3, reserved2);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_form_size);

/**
 * vpci_msi_stride() - bytes of a request in ASSIGNED_RESOURCES
 * @form: of the requests
 *
 * Return: bytes from one to the next.
 */
u32 vpci_msi_stride(enum vpci_msi_form form)
{
	switch (form) {
	case VPCI_MSI_V1:
		return sizeof(union vpci_msi_resource);
	case VPCI_MSI_V2:
		return sizeof(union vpci_msi_resource2);
	default:
		return sizeof(union vpci_msi_resource3);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_stride);

/**
 * vpci_msi_reply_stride() - bytes of an interrupt in the answer to that
 * @form: of the requests; the answer to the third form is that to the second
 *
 * Return: bytes from one to the next.
 */
u32 vpci_msi_reply_stride(enum vpci_msi_form form)
{
	return vpci_msi_stride(form == VPCI_MSI_V1 ? VPCI_MSI_V1 : VPCI_MSI_V2);
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_reply_stride);

/* ---- requests -------------------------------------------------------------------------- */

/* Linux sets all bits, whatever the guest has; the lowest are as good as any. */
static void vpci_msi_parse_mask(u64 mask, u32 vps, struct vpci_msi_request *request)
{
	u16 vp;

	for (vp = 0; vp < 64 && (!vps || vp < vps); vp++) {
		if (!(mask & BIT_ULL(vp)))
			continue;
		if (request->nprocs == VPCI_MAX_PROCESSORS)
			return;
		request->procs[request->nprocs++] = vp;
	}
}

static int vpci_msi_parse_procs(__le16 nprocs, const __le16 *procs, u32 vps,
				struct vpci_msi_request *request)
{
	u16 n = le16_to_cpu(nprocs);
	unsigned int i;

	if (n > VPCI_MAX_PROCESSORS)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		request->procs[i] = le16_to_cpu(procs[i]);
		if (vps && request->procs[i] >= vps)
			return -EINVAL;
	}
	request->nprocs = n;
	return 0;
}

/**
 * vpci_msi_parse() - read a request for an interrupt
 * @form: of the request
 * @desc: request
 * @len: bytes of it
 * @vps: VPs that the guest has; 0 if nobody knows
 * @request: result, of use on success only
 *
 * Return: 0, -ENOENT for a request for no vector at all, or -EINVAL.
 */
int vpci_msi_parse(enum vpci_msi_form form, const void *desc, u32 len, u32 vps,
		   struct vpci_msi_request *request)
{
	const struct vpci_msi_desc3 *v3 = desc;
	const struct vpci_msi_desc2 *v2 = desc;
	const struct vpci_msi_desc *v1 = desc;
	int err = 0;

	*request = (struct vpci_msi_request) { };
	if (len < vpci_msi_form_size(form))
		return -EINVAL;
	switch (form) {
	case VPCI_MSI_V1:
		request->vector = v1->vector;
		request->delivery = v1->delivery;
		request->count = le16_to_cpu(v1->count);
		vpci_msi_parse_mask(le64_to_cpu(v1->processors), vps, request);
		break;
	case VPCI_MSI_V2:
		request->vector = v2->vector;
		request->delivery = v2->delivery;
		request->count = le16_to_cpu(v2->count);
		err = vpci_msi_parse_procs(v2->nprocs, v2->procs, vps, request);
		break;
	case VPCI_MSI_V3:
		request->vector = le32_to_cpu(v3->vector);
		request->delivery = v3->delivery;
		request->count = le16_to_cpu(v3->count);
		err = vpci_msi_parse_procs(v3->nprocs, v3->procs, vps, request);
		break;
	}
	if (!request->count)
		return -ENOENT;
	if (err || request->count > VPCI_MAX_VECTORS || !request->nprocs ||
	    request->delivery > VPCI_DELIVERY_LOWEST)
		return -EINVAL;
	/* The last vector is one, too. */
	return request->vector > U32_MAX - (request->count - 1) ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_parse);

/**
 * vpci_msi_build() - write a request for an interrupt
 * @form: of the request
 * @request: what to ask for; within the limits that vpci_msi_parse() has
 * @desc: result, as struct vpci_msi_desc, vpci_msi_desc2 or vpci_msi_desc3
 *
 * Return: bytes, or -ERANGE if this form has no room for a vector or a processor.
 */
int vpci_msi_build(enum vpci_msi_form form, const struct vpci_msi_request *request, void *desc)
{
	struct vpci_msi_desc3 *v3 = desc;
	struct vpci_msi_desc2 *v2 = desc;
	struct vpci_msi_desc *v1 = desc;
	u32 nprocs = min_t(u32, request->nprocs, VPCI_MAX_PROCESSORS);
	__le16 procs[VPCI_MAX_PROCESSORS] = { };
	unsigned int i;
	u64 mask = 0;

	if (form != VPCI_MSI_V3 && (u64)request->vector + request->count > U8_MAX + 1)
		return -ERANGE;
	for (i = 0; i < nprocs; i++) {
		procs[i] = cpu_to_le16(request->procs[i]);
		if (form == VPCI_MSI_V1 && request->procs[i] >= 64)
			return -ERANGE;
		mask |= BIT_ULL(request->procs[i] & 63);
	}
	switch (form) {
	case VPCI_MSI_V1:
		*v1 = (struct vpci_msi_desc) {
			.vector = request->vector,
			.delivery = request->delivery,
			.count = cpu_to_le16(request->count),
			.processors = cpu_to_le64(mask),
		};
		return sizeof(*v1);
	case VPCI_MSI_V2:
		*v2 = (struct vpci_msi_desc2) {
			.vector = request->vector,
			.delivery = request->delivery,
			.count = cpu_to_le16(request->count),
			.nprocs = cpu_to_le16(nprocs),
		};
		memcpy(v2->procs, procs, sizeof(procs));
		return sizeof(*v2);
	default:
		*v3 = (struct vpci_msi_desc3) {
			.vector = cpu_to_le32(request->vector),
			.delivery = request->delivery,
			.count = cpu_to_le16(request->count),
			.nprocs = cpu_to_le16(nprocs),
		};
		memcpy(v3->procs, procs, sizeof(procs));
		return sizeof(*v3);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_build);

/* ---- answers --------------------------------------------------------------------------- */

/**
 * vpci_msi_put() - write an interrupt as remapped
 * @to: result
 * @msi: interrupt
 */
void vpci_msi_put(struct vpci_msi_remapped *to, const struct vpci_msi *msi)
{
	*to = (struct vpci_msi_remapped) {
		.count = cpu_to_le16(msi->count),
		.data = cpu_to_le32(msi->data),
		.address = cpu_to_le64(msi->address),
	};
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_put);

/**
 * vpci_msi_get() - read a remapped interrupt
 * @msi: result
 * @from: interrupt
 */
void vpci_msi_get(struct vpci_msi *msi, const struct vpci_msi_remapped *from)
{
	*msi = (struct vpci_msi) {
		.address = le64_to_cpu(from->address),
		.data = le32_to_cpu(from->data),
		.count = le16_to_cpu(from->count),
	};
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_get);

/* ---- what a device has ----------------------------------------------------------------- */

static struct vpci_msi *vpci_msi_find(struct vpci_msi_table *table, u64 address, u32 data)
{
	u32 i;

	for (i = 0; i < table->n; i++)
		if (table->msis[i].address == address && table->msis[i].data == data)
			return &table->msis[i];
	return NULL;
}

/**
 * vpci_msi_add() - a device has another interrupt
 * @table: of the device
 * @msi: interrupt
 *
 * Return: 0, -ENOSPC if it has all that it may have, or -EEXIST if it has this one.
 */
int vpci_msi_add(struct vpci_msi_table *table, const struct vpci_msi *msi)
{
	if (table->n >= ARRAY_SIZE(table->msis))
		return -ENOSPC;
	if (vpci_msi_find(table, msi->address, msi->data))
		return -EEXIST;
	table->msis[table->n++] = *msi;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_add);

/**
 * vpci_msi_remove() - a device has an interrupt less
 * @table: of the device
 * @address: of the interrupt
 * @data: of the interrupt
 * @msi: result: the interrupt, or NULL
 *
 * Return: 0, or -ENOENT if there is no such interrupt.
 */
int vpci_msi_remove(struct vpci_msi_table *table, u64 address, u32 data, struct vpci_msi *msi)
{
	struct vpci_msi *found = vpci_msi_find(table, address, data);

	if (!found)
		return -ENOENT;
	if (msi)
		*msi = *found;
	*found = table->msis[--table->n];
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vpci_msi_remove);
