// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the NVMe controller: registers, and what it tells about itself.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <vmbus/compat.h>

#include "endpoint_nvme_test.h"

/* ---- parameters and registers ---------------------------------------------------------- */

static void nvme_params_test(struct kunit *test)
{
	static const struct { u16 queues; u8 shift; int err; } cases[] = {
		{ 1, 9, 0 },
		{ ENDPOINT_NVME_QUEUES_MAX, 12, 0 },
		{ 0, 9, -EINVAL },
		{ ENDPOINT_NVME_QUEUES_MAX + 1, 9, -EINVAL },
		{ U16_MAX, 9, -EINVAL },
		{ 1, 8, -EINVAL },
		{ 1, 13, -EINVAL },
		{ 1, 0, -EINVAL },
	};
	struct endpoint_nvme_params params = {};
	struct endpoint *ep;
	struct nt nt = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		params.queues = cases[i].queues;
		params.block_shift = cases[i].shift;
		ep = endpoint_nvme_create(&params, &nt_disk_ops, &nt, &et_env, NULL);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(ep), cases[i].err, "row %u", i);
		if (!IS_ERR(ep))
			endpoint_destroy(ep);
	}
}

static u64 nvme_no_size(void *ctx)
{
	return 511;
}

static void nvme_empty_disk_test(struct kunit *test)
{
	static const struct endpoint_nvme_params params = { .queues = 1, .block_shift = 9 };
	static const struct endpoint_disk_ops disk = { .size = nvme_no_size };

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(endpoint_nvme_create(&params, &disk, NULL, &et_env,
								   NULL)), -EINVAL);
}

static void nvme_registers_test(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);
	struct endpoint *ep = nt->et->ep;

	KUNIT_EXPECT_EQ(test, endpoint_config_read(ep, 0, 4), 0xb1111414);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(ep, 8, 4), 0x01080201);
	KUNIT_EXPECT_EQ(test, endpoint_config_read(ep, PCI_BASE_ADDRESS_0, 4), 4U);
	KUNIT_EXPECT_EQ(test, endpoint_bar_size(ep, 0), (u64)SZ_16K);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(ep, 0, NVME_REG_CAP, 8), 0x000000203c0103ffULL);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CAP + 4), 0x20U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_VS), 0x10400U);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(ep, 0, NVME_REG_VS + 1, 1), 4ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(ep, 0, NVME_REG_VS + 2, 2), 1ULL);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CC), 0U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CSTS), 0U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CMBSZ), 0U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_DBS), 0U);

	/* Of what is written there stays what there is. */
	nt_put64(nt, NVME_REG_CAP, U64_MAX);
	nt_put(nt, NVME_REG_VS, U32_MAX);
	nt_put(nt, NVME_REG_CSTS, U32_MAX);
	nt_put(nt, NVME_REG_AQA, U32_MAX);
	nt_put(nt, NVME_REG_ASQ, U32_MAX);
	nt_put(nt, NVME_REG_ASQ + 4, 0x12);
	nt_put64(nt, NVME_REG_ACQ, 0xfedcba9876543210ULL);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CAP), 0x3c0103ffU);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_VS), 0x10400U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CSTS), 0U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_AQA), 0x0fff0fffU);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(ep, 0, NVME_REG_ASQ, 8), 0x12fffff000ULL);
	KUNIT_EXPECT_EQ(test, endpoint_bar_read(ep, 0, NVME_REG_ACQ, 8), 0xfedcba9876543000ULL);
	/* Parts of a register are no registers. */
	endpoint_bar_write(ep, 0, NVME_REG_ASQ, 2, 0);
	endpoint_bar_write(ep, 0, NVME_REG_CC, 1, NVME_CC_ENABLE);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_ASQ), 0xfffff000U);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CC), 0U);
	/* The two that CC is beside are written with it. */
	nt_put64(nt, NVME_REG_INTMC, (u64)NVME_CC_IOSQES << 32);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CC), (u32)NVME_CC_IOSQES);
	nt_put(nt, NVME_REG_CC, ~(u32)NVME_CC_ENABLE);
	KUNIT_EXPECT_EQ(test, nt_get(nt, NVME_REG_CC), 0x00fffff0U);
}

struct nvme_enable_case {
	u32 cc;
	u32 aqa;
	bool good;
};

static const struct nvme_enable_case nvme_enables[] = {
	{ NT_CC, 0x001f001f, true },
	{ NT_CC, 0x00010001, true },
	{ NT_CC, 0x0fff0fff, true },
	{ NVME_CC_ENABLE, 0x001f001f, true },	/* sizes of I/O queues come later */
	{ NT_CC, 0, false },
	{ NT_CC, 0x0000001f, false },
	{ NT_CC, 0x001f0000, false },
	{ NT_CC | 1 << NVME_CC_MPS_SHIFT, 0x001f001f, false },
	{ NT_CC | 0xf << NVME_CC_MPS_SHIFT, 0x001f001f, false },
	{ NT_CC | NVME_CC_CSS_CSI, 0x001f001f, false },
	{ NT_CC | NVME_CC_CSS_MASK, 0x001f001f, false },
	{ NT_CC | NVME_CC_AMS_WRRU, 0x001f001f, false },
};

static void nvme_enable_test(struct kunit *test)
{
	struct nt *nt = nt_new_off(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nvme_enables); i++) {
		nt_put(nt, NVME_REG_AQA, nvme_enables[i].aqa);
		nt_put(nt, NVME_REG_CC, nvme_enables[i].cc);
		et_expect_soon(nt->et, nt_get(nt, NVME_REG_CSTS));
		KUNIT_EXPECT_EQ_MSG(test, nt_get(nt, NVME_REG_CSTS), nvme_enables[i].good ?
				    NVME_CSTS_RDY : NVME_CSTS_CFS, "row %u", i);
		/* Once failed, only disabling helps. */
		nt_put(nt, NVME_REG_AQA, 0x001f001f);
		nt_put(nt, NVME_REG_CC, nvme_enables[i].cc | NVME_CC_IOSQES);
		usleep_range(1000, 2000);
		KUNIT_EXPECT_EQ_MSG(test, nt_get(nt, NVME_REG_CSTS), nvme_enables[i].good ?
				    NVME_CSTS_RDY : NVME_CSTS_CFS, "row %u", i);
		nt_put(nt, NVME_REG_CC, 0);
		et_expect_soon(nt->et, !nt_get(nt, NVME_REG_CSTS));
	}
	nt_enable(nt);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
}

/* ---- Identify -------------------------------------------------------------------------- */

static void nvme_identify_ctrl_test(struct kunit *test)
{
	struct nt *nt = nt_new(test);
	const struct nvme_id_ctrl *id = (void *)nt_data(nt);

	memset(nt_data(nt), 0xee, SZ_8K);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(id->vid), 0x1414);
	KUNIT_EXPECT_MEMEQ(test, id->sn, "VMBUS1234ABCD       ", 20);
	KUNIT_EXPECT_MEMEQ(test, id->mn, "VMBus test root NVMe                    ", 40);
	KUNIT_EXPECT_MEMEQ(test, id->fr, "1       ", 8);
	KUNIT_EXPECT_EQ(test, id->mdts, 7);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(id->ver), 0x10400U);
	KUNIT_EXPECT_EQ(test, id->cntrltype, NVME_CTRL_IO);
	KUNIT_EXPECT_EQ(test, id->sqes, 0x66);
	KUNIT_EXPECT_EQ(test, id->cqes, 0x44);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(id->nn), 1U);
	KUNIT_EXPECT_EQ(test, id->vwc & 1, 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(id->sgls), 0U);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(id->oacs), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(id->kas), 0);
	KUNIT_EXPECT_EQ(test, id->aerl, 3);
	/* Linux wants it, ended with a 0. */
	KUNIT_EXPECT_STREQ(test, id->subnqn,
			   "nqn.2014-08.org.nvmexpress:1414:b111:VMBUS1234ABCD");
	/* All of its page, and nothing beside it */
	KUNIT_EXPECT_EQ(test, id->vs[1023], 0);
	KUNIT_EXPECT_EQ(test, nt_data(nt)[SZ_4K], 0xee);
}

static void nvme_identify_ns_test(struct kunit *test)
{
	static const u8 nguid[16] = { 0, 0x15, 0x5d, 0, 0x12, 0x34, 0xab, 0xcd, [15] = 1 };
	struct nt *nt = nt_new(test);
	const struct nvme_id_ns *id = (void *)nt_data(nt);
	const u8 *desc = nt_data(nt);

	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(id->nsze), (u64)NT_DISK / 512);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(id->ncap), (u64)NT_DISK / 512);
	KUNIT_EXPECT_EQ(test, id->nlbaf, 0);
	KUNIT_EXPECT_EQ(test, id->flbas, 0);
	KUNIT_EXPECT_EQ(test, id->lbaf[0].ds, 9);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(id->lbaf[0].ms), 0);
	KUNIT_EXPECT_MEMEQ(test, id->nguid, nguid, 16);
	KUNIT_EXPECT_MEMEQ(test, id->eui64, nguid, 8);

	/* The same by descriptors, and the command set */
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS_DESC_LIST, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(desc), 0x0801U);
	KUNIT_EXPECT_MEMEQ(test, desc + 4, nguid, 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(desc + 12), 0x1002U);
	KUNIT_EXPECT_MEMEQ(test, desc + 16, nguid, 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(desc + 32), 0x0104U);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(desc + 36), 0ULL);

	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS_ACTIVE_LIST, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(desc), 1ULL);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS_ACTIVE_LIST, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(desc), 0ULL);
}

struct nvme_identify_case {
	u8 cns;
	u32 nsid;
	u8 csi;
	u16 status;
};

static const struct nvme_identify_case nvme_identifies[] = {
	{ NVME_ID_CNS_CTRL, 0, 0, 0 },
	{ NVME_ID_CNS_NS, 1, 0, 0 },
	{ NVME_ID_CNS_NS, 0, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS, 2, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS, U32_MAX, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS_ACTIVE_LIST, 0xfffffffd, 0, 0 },
	{ NVME_ID_CNS_NS_ACTIVE_LIST, 0xfffffffe, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS_ACTIVE_LIST, U32_MAX, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS_DESC_LIST, 0, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_NS_DESC_LIST, 2, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_CS_NS, 1, 0, 0 },
	{ NVME_ID_CNS_CS_NS, 1, 2, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_ID_CNS_CS_NS, 2, 0, NT_DNR(NVME_SC_INVALID_NS) },
	{ NVME_ID_CNS_CS_CTRL, 0, 0, 0 },
	{ NVME_ID_CNS_CS_CTRL, 0, 2, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ 0x04, 1, 0, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_ID_CNS_NS_CS_INDEP, 1, 0, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_ID_CNS_NS_PRESENT_LIST, 0, 0, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_ID_CNS_CTRL_LIST, 0, 0, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ 0xff, 1, 0xff, NT_DNR(NVME_SC_INVALID_FIELD) },
};

static void nvme_identify_test(struct kunit *test)
{
	const struct nvme_identify_case *c;
	struct nt *nt = nt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nvme_identifies); i++) {
		c = &nvme_identifies[i];
		memset(nt_data(nt), 0xee, SZ_4K);
		KUNIT_EXPECT_EQ_MSG(test, nt_identify(nt, c->cns, c->nsid, c->csi), c->status,
				    "row %u", i);
		/* Data comes only if all is well, and then all of it. */
		KUNIT_EXPECT_EQ_MSG(test, nt_data(nt)[SZ_4K - 1], c->status ? 0xee : 0, "row %u",
				    i);
	}
}

/* Four identifiers that a guest would take for those of another */
static void nvme_serial_test(struct kunit *test)
{
	struct endpoint_nvme_params params = { .queues = 1, .block_shift = 12, .serial = 7 };
	struct nt *nt = nt_make_ctrl(test, &params);
	const struct nvme_id_ns *id = (void *)nt_data(nt);
	const struct nvme_id_ctrl *ctrl = (void *)nt_data(nt);

	nt_enable(nt);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(id->nsze), (u64)NT_DISK / 4096);
	KUNIT_EXPECT_EQ(test, id->lbaf[0].ds, 12);
	KUNIT_EXPECT_EQ(test, id->eui64[7], 7);
	KUNIT_EXPECT_EQ(test, id->nguid[7], 7);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 1, 0), 0);
	KUNIT_EXPECT_MEMEQ(test, ctrl->sn, "VMBUS00000007       ", 20);
	KUNIT_EXPECT_STREQ(test, ctrl->subnqn + 37, "VMBUS00000007");
}

/* ---- features -------------------------------------------------------------------------- */

struct nvme_feature_case {
	u32 dw10;
	u32 initial;
	u32 set;
	u16 status;	/* of setting it */
	u32 then;
};

static const struct nvme_feature_case nvme_feature_cases[] = {
	{ NVME_FEAT_ARBITRATION, 7, U32_MAX, 0, 0xffffff07 },
	{ NVME_FEAT_POWER_MGMT, 0, 0, 0, 0 },
	{ NVME_FEAT_POWER_MGMT, 0, 1, NT_DNR(NVME_SC_INVALID_FIELD), 0 },
	{ NVME_FEAT_TEMP_THRESH, 343, 300, 0, 300 },
	{ NVME_FEAT_ERR_RECOVERY, 0, 5, 0, 5 },
	{ NVME_FEAT_VOLATILE_WC, 1, 0, 0, 0 },
	{ NVME_FEAT_VOLATILE_WC, 0, U32_MAX, 0, 1 },
	{ NVME_FEAT_NUM_QUEUES, 0x00030003, 0x00000000, 0, 0x00000000 },
	{ NVME_FEAT_NUM_QUEUES, 0x00000000, 0x00010001, 0, 0x00010001 },
	{ NVME_FEAT_NUM_QUEUES, 0x00010001, 0x000f0002, 0, 0x00020002 },
	{ NVME_FEAT_NUM_QUEUES, 0x00020002, 0xfffefffe, 0, 0x00030003 },
	{ NVME_FEAT_NUM_QUEUES, 0x00030003, 0xffff0001, NT_DNR(NVME_SC_INVALID_FIELD),
	  0x00030003 },
	{ NVME_FEAT_NUM_QUEUES, 0x00030003, 0x0001ffff, NT_DNR(NVME_SC_INVALID_FIELD),
	  0x00030003 },
	{ NVME_FEAT_IRQ_COALESCE, 0, 0x12345678, 0, 0x5678 },
	{ NVME_FEAT_IRQ_CONFIG, 0, 0xffff0004, 0, 0x10004 },
	{ NVME_FEAT_IRQ_CONFIG, 0x10004, 5, NT_DNR(NVME_SC_INVALID_FIELD), 0x10004 },
	{ NVME_FEAT_WRITE_ATOMIC, 0, 1, 0, 1 },
	{ NVME_FEAT_ASYNC_EVENT, 0, 0x11f, 0, 0x11f },
	{ NVME_FEAT_ARBITRATION | BIT(31), 0xffffff07, 0, NT_DNR(NVME_SC_FEATURE_NOT_SAVEABLE),
	  0xffffff07 },
};

static void nvme_features_test(struct kunit *test)
{
	const struct nvme_feature_case *c;
	struct nt *nt = nt_new(test);
	u32 result;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nvme_feature_cases); i++) {
		c = &nvme_feature_cases[i];
		KUNIT_EXPECT_EQ_MSG(test, nt_feature(nt, nvme_admin_get_features, c->dw10 & 0xff,
						     0, &result), 0, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, result, c->initial, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nt_feature(nt, nvme_admin_set_features, c->dw10, c->set,
						     &result), c->status, "row %u", i);
		if (c->dw10 == NVME_FEAT_NUM_QUEUES && !c->status)
			KUNIT_EXPECT_EQ_MSG(test, result, c->then, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nt_feature(nt, nvme_admin_get_features, c->dw10 & 0xff,
						     0, &result), 0, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, result, c->then, "row %u", i);
	}
	/* A reset of the controller is one of them. */
	nt_disable(nt);
	nt_enable(nt);
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_get_features, NVME_FEAT_ASYNC_EVENT, 0,
					 &result), 0);
	KUNIT_EXPECT_EQ(test, result, 0U);
}

static void nvme_no_feature_test(struct kunit *test)
{
	static const u32 none[] = { 0, NVME_FEAT_LBA_RANGE, NVME_FEAT_AUTO_PST,
				    NVME_FEAT_HOST_MEM_BUF, NVME_FEAT_KATO, 0x80, 0xff,
				    NVME_FEAT_ARBITRATION | 1 << 8,
				    NVME_FEAT_ARBITRATION | 3 << 8 };
	struct nt *nt = nt_new(test);
	unsigned int i;
	u32 result;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		KUNIT_EXPECT_EQ_MSG(test, nt_feature(nt, nvme_admin_get_features, none[i], 0,
						     &result), NT_DNR(NVME_SC_INVALID_FIELD),
				    "row %u", i);
		if (none[i] <= 0xff)
			KUNIT_EXPECT_EQ_MSG(test, nt_feature(nt, nvme_admin_set_features, none[i],
							     0, &result),
					    NT_DNR(NVME_SC_INVALID_FIELD), "row %u", i);
	}
}

/* ---- logs ------------------------------------------------------------------------------ */

static u16 nt_log(struct nt *nt, u8 lid, u8 lsp, u64 offset, u64 len)
{
	struct nvme_command cmd = nt_make(nvme_admin_get_log_page, U32_MAX, NT_DATA,
					  NT_DATA + SZ_4K);
	u64 dwords = len / 4 - 1;

	cmd.get_log_page.lid = lid;
	cmd.get_log_page.lsp = lsp;
	cmd.get_log_page.numdl = cpu_to_le16(dwords);
	cmd.get_log_page.numdu = cpu_to_le16(dwords >> 16);
	cmd.get_log_page.lpo = cpu_to_le64(offset);
	return nt_cmd(nt, 0, &cmd);
}

struct nvme_log_case {
	u8 lid;
	u64 offset;
	u64 len;
	u16 status;
};

static const struct nvme_log_case nvme_logs[] = {
	{ NVME_LOG_ERROR, 0, 64, 0 },
	{ NVME_LOG_ERROR, 0, 256, 0 },
	{ NVME_LOG_SMART, 0, 8, 0 },
	{ NVME_LOG_SMART, 0, 512, 0 },
	{ NVME_LOG_SMART, 508, 4, 0 },
	{ NVME_LOG_SMART, 512, 4, 0 },
	{ NVME_LOG_SMART, 0, 8192, 0 },
	{ NVME_LOG_FW_SLOT, 0, 512, 0 },
	{ NVME_LOG_CHANGED_NS, 0, 4096, 0 },
	{ NVME_LOG_CMD_EFFECTS, 0, 4096, 0 },
	{ NVME_LOG_SMART, 516, 4, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_LOG_SMART, 2, 4, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_LOG_SMART, U64_MAX - 3, 4, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_LOG_SMART, 0, SZ_64K + 4, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ NVME_LOG_SMART, 0, 4ULL << 32, NT_DNR(NVME_SC_INVALID_FIELD) },
	{ 0, 0, 512, NT_DNR(NVME_SC_INVALID_LOG_PAGE) },
	{ NVME_LOG_TELEMETRY_HOST, 0, 512, NT_DNR(NVME_SC_INVALID_LOG_PAGE) },
	{ NVME_LOG_ANA, 0, 512, NT_DNR(NVME_SC_INVALID_LOG_PAGE) },
	{ 0xff, 0, 512, NT_DNR(NVME_SC_INVALID_LOG_PAGE) },
};

static void nvme_log_test(struct kunit *test)
{
	const struct nvme_log_case *c;
	struct nt *nt = nt_new(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nvme_logs); i++) {
		c = &nvme_logs[i];
		memset(nt_data(nt), 0xee, SZ_16K);
		KUNIT_EXPECT_EQ_MSG(test, nt_log(nt, c->lid, 0, c->offset, c->len), c->status,
				    "row %u", i);
		if (c->status)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, nt_data(nt)[c->len - 1], 0, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, nt_data(nt)[c->len], 0xee, "row %u", i);
	}
}

static void nvme_log_contents_test(struct kunit *test)
{
	struct nt *nt = nt_new_io(test);
	const struct nvme_smart_log *smart = (void *)nt_data(nt);
	const struct nvme_effects_log *effects = (void *)nt_data(nt);
	struct nvme_command cmd;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		cmd = nt_rw(nvme_cmd_read, 0, 8, NT_DATA, 0);
		KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	}
	cmd = nt_rw(nvme_cmd_write_zeroes, 0, 1001, 0, 0);
	KUNIT_EXPECT_EQ(test, nt_cmd(nt, 1, &cmd), 0);
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_SMART, 0, 0, 512), 0);
	KUNIT_EXPECT_EQ(test, smart->critical_warning, 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(smart->temperature), 300);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(smart->host_reads), 3ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(smart->host_writes), 1ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(smart->data_units_read), 1ULL);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(smart->data_units_written), 2ULL);
	/* A part of it is that part. */
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_SMART, 0, 64, 16), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(nt_data(nt)), 3ULL);
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_CMD_EFFECTS, 0, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(effects->acs[nvme_admin_identify]), 1U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(effects->acs[nvme_admin_format_nvm]), 0U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(effects->iocs[nvme_cmd_write]), 3U);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(effects->iocs[nvme_cmd_compare]), 0U);
}

/* ---- events ---------------------------------------------------------------------------- */

static void nt_expect_event(struct nt *nt, u16 id, u32 result)
{
	struct nvme_completion cqe = nt_take(nt, 0);

	nt_ring_cq(nt, 0, nt->q[0].head);
	KUNIT_EXPECT_EQ(nt->et->test, cqe.command_id, id);
	KUNIT_EXPECT_EQ(nt->et->test, nt_status(&cqe), 0);
	KUNIT_EXPECT_EQ(nt->et->test, le32_to_cpu(cqe.result.u32), result);
}

static void nvme_events_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_admin_async_event, 0, 0, 0);
	struct nt *nt = nt_new(test);
	u16 id;

	id = nt_submit(nt, 0, &cmd);
	/* It is not answered, and does not keep others from that. */
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	nt_ring_sq(nt, 3, 1);
	nt_expect_event(nt, id, 0x010000);
	/* Nothing more before the log has been read, and that with consequences */
	id = nt_submit(nt, 0, &cmd);
	nt_ring_sq(nt, 0, NT_DEPTH);
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_ERROR, 0x80, 0, 64), 0);
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_SMART, 0, 0, 64), 0);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_ERROR, 0, 0, 64), 0);
	nt_expect_event(nt, id, 0x010100);
	/* One that nobody has asked for waits. */
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_ERROR, 0, 0, 64), 0);
	nt_ring_cq(nt, 0, NT_DEPTH);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	id = nt_submit(nt, 0, &cmd);
	nt_expect_event(nt, id, 0x010100);
}

static void nvme_events_limit_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_admin_async_event, 0, 0, 0);
	struct nt *nt = nt_new(test);
	unsigned int i;

	for (i = 0; i < 4; i++)
		nt_submit(nt, 0, &cmd);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, nt_cmd(nt, 0, &cmd), NT_DNR(NVME_SC_ASYNC_LIMIT));
	/* They go with a reset, and none of them is answered. */
	nt_disable(nt);
	nt_enable(nt);
	nt_ring_sq(nt, 3, 1);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, nt_is_done(nt, 0));
	for (i = 0; i < 4; i++)
		nt_submit(nt, 0, &cmd);
	nt_take(nt, 0);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
}

/* ---- other admin commands -------------------------------------------------------------- */

static void nvme_abort_test(struct kunit *test)
{
	struct nvme_command cmd = nt_make(nvme_admin_abort_cmd, 0, 0, 0);
	struct nt *nt = nt_new(test);
	u32 result = 0;

	cmd.abort.sqid = cpu_to_le16(7);
	cmd.abort.cid = 0xffff;
	KUNIT_EXPECT_EQ(test, nt_result(nt, 0, &cmd, &result), 0);
	KUNIT_EXPECT_EQ(test, result, 1U);
}

static void nvme_no_admin_command_test(struct kunit *test)
{
	static const u8 none[] = { 0x03, 0x07, 0x0b, nvme_admin_ns_mgmt, nvme_admin_activate_fw,
				   nvme_admin_keep_alive, nvme_admin_directive_send,
				   nvme_admin_dbbuf, nvme_admin_format_nvm,
				   nvme_admin_security_send,
				   nvme_admin_sanitize_nvm, 0xc0, 0xff };
	struct nt *nt = nt_new(test);
	struct nvme_command cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		cmd = nt_make(none[i], 1, NT_DATA, 0);
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 0, &cmd), NT_DNR(NVME_SC_INVALID_OPCODE),
				    "row %u", i);
	}
	/* Neither fused nor with SGLs */
	for (i = 0; i < 8; i++) {
		cmd = nt_make(nvme_admin_identify, 0, NT_DATA, 0);
		cmd.identify.cns = NVME_ID_CNS_CTRL;
		cmd.common.flags = BIT(i);
		KUNIT_EXPECT_EQ_MSG(test, nt_cmd(nt, 0, &cmd), BIT(i) & 0xc3 ?
				    NT_DNR(NVME_SC_INVALID_FIELD) : 0, "bit %u", i);
	}
}

/* As the kernel's driver does it, in its order */
static void nvme_bring_up_test(struct kunit *test)
{
	struct nvme_command aer = nt_make(nvme_admin_async_event, 0, 0, 0), cmd;
	struct nt *nt = nt_new_off(test);
	u32 result, qid;

	nt_disable(nt);
	nt_put(nt, NVME_REG_CC, NT_CC & ~NVME_CC_ENABLE);
	nt_enable(nt);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CTRL, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, nt_log(nt, NVME_LOG_CMD_EFFECTS, 0, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_CS_CTRL, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, nt_feature(nt, nvme_admin_set_features, NVME_FEAT_NUM_QUEUES,
					 0x00070007, &result), 0);
	KUNIT_EXPECT_EQ(test, result, 0x00030003U);
	for (qid = 1; qid <= NT_QUEUES; qid++)
		nt_make_queue(nt, qid, 1024);
	nt_submit(nt, 0, &aer);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS_ACTIVE_LIST, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS_DESC_LIST, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, nt_identify(nt, NVME_ID_CNS_NS, 1, 0), 0);
	nt->et->nmsgs = 0;
	for (qid = 1; qid <= NT_QUEUES; qid++) {
		cmd = nt_rw(nvme_cmd_read, 8 * qid, 8, NT_DATA, 0);
		KUNIT_EXPECT_EQ(test, nt_cmd(nt, qid, &cmd), 0);
		KUNIT_EXPECT_MEMEQ(test, nt_data(nt), nt->disk + 4096 * qid, 4096);
		et_expect_soon(nt->et, et_nmsgs(nt->et));
		et_expect_msg(nt->et, et_vector_address(qid), et_vector_data(qid));
	}
	for (qid = NT_QUEUES; qid; qid--)
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_sq, qid), 0);
	for (qid = NT_QUEUES; qid; qid--)
		KUNIT_EXPECT_EQ(test, nt_delete(nt, nvme_admin_delete_cq, qid), 0);
	nt_put(nt, NVME_REG_CC, NT_CC | NVME_CC_SHN_NORMAL);
	et_expect_soon(nt->et, nt_csts(nt, NVME_CSTS_SHST_MASK, NVME_CSTS_SHST_CMPLT));
	KUNIT_EXPECT_EQ(test, atomic_read(&nt->flushes), 1);
}

static struct kunit_case nvme_cases[] = {
	KUNIT_CASE(nvme_params_test),
	KUNIT_CASE(nvme_empty_disk_test),
	KUNIT_CASE(nvme_registers_test),
	KUNIT_CASE(nvme_enable_test),
	KUNIT_CASE(nvme_identify_ctrl_test),
	KUNIT_CASE(nvme_identify_ns_test),
	KUNIT_CASE(nvme_identify_test),
	KUNIT_CASE(nvme_serial_test),
	KUNIT_CASE(nvme_features_test),
	KUNIT_CASE(nvme_no_feature_test),
	KUNIT_CASE(nvme_log_test),
	KUNIT_CASE(nvme_log_contents_test),
	KUNIT_CASE(nvme_events_test),
	KUNIT_CASE(nvme_events_limit_test),
	KUNIT_CASE(nvme_abort_test),
	KUNIT_CASE(nvme_no_admin_command_test),
	KUNIT_CASE(nvme_bring_up_test),
	{}
};

static struct kunit_suite nvme_suite = {
	.name = "vmbus_endpoints_nvme",
	.test_cases = nvme_cases,
};

kunit_test_suite(nvme_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of the NVMe controller");
MODULE_LICENSE("GPL");
