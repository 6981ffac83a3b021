// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vmbus_shutdown: packets of integration components, and versions.  The
 * structures of <linux/hyperv.h> are the oracle, and vmbus_prep_negotiate_resp()
 * of the guests is what answers were written after.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <vmbus/compat.h>

#include "../drivers/vmbus_intercept/shutdown/shutdown.h"

#define V(major, minor)	VSHUT_VERSION(major, minor)
#define HDR		ICMSG_HDR

struct st {
	struct kunit *test;
	u8 *buf;		/* VSHUT_BUF_SIZE bytes and more */
	u8 *out;
	struct vsrv_packet pkt;
	struct vshut_ic ic;
};

static struct st *st_new(struct kunit *test)
{
	struct st *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, st);
	st->test = test;
	st->buf = kunit_kzalloc(test, VSHUT_BUF_SIZE + 8, GFP_KERNEL);
	st->out = kunit_kzalloc(test, VSHUT_BUF_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, st->buf);
	KUNIT_ASSERT_NOT_NULL(test, st->out);
	return st;
}

static struct icmsg_hdr *st_hdr(u8 *buf)
{
	return (void *)(buf + sizeof(struct vmbuspipe_hdr));
}

/* A packet with @len bytes behind its header, which says that they are @size. */
static void st_packet(struct st *st, u16 type, u32 len, u16 size)
{
	struct vmbuspipe_hdr *pipe = (void *)st->buf;
	struct icmsg_hdr *hdr = st_hdr(st->buf);

	memset(hdr, 0, sizeof(*hdr));
	pipe->flags = 1;
	pipe->msgsize = sizeof(*hdr) + len;
	hdr->icmsgtype = type;
	hdr->icmsgsize = size;
	hdr->ictransaction_id = 0x5a;
	hdr->icflags = ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_REQUEST;
	st->pkt = (struct vsrv_packet) {
		.type = VM_PKT_DATA_INBAND, .payload = st->buf, .len = round_up(HDR + len, 8),
	};
}

static int st_parse(struct st *st)
{
	return vshut_ic_parse(&st->pkt, &st->ic);
}

/* A negotiation with these versions, of which the packet claims @nf and @nv. */
static void st_negotiate(struct st *st, const u32 *framework, unsigned int nf, const u32 *versions,
			 unsigned int nv)
{
	struct icmsg_negotiate *body = (void *)(st->buf + HDR);
	unsigned int i, n = 0;

	st_packet(st, ICMSGTYPE_NEGOTIATE, sizeof(*body) + 4 * (nf + nv), 0);
	body->icframe_vercnt = nf;
	body->icmsg_vercnt = nv;
	for (i = 0; i < nf; i++, n++)
		body->icversion_data[n] = (struct ic_version) { framework[i] >> 16, framework[i] };
	for (i = 0; i < nv; i++, n++)
		body->icversion_data[n] = (struct ic_version) { versions[i] >> 16, versions[i] };
	KUNIT_ASSERT_EQ(st->test, st_parse(st), 0);
}

/* ---- form ---------------------------------------------------------------------------- */

static void shutdown_parse_test(struct kunit *test)
{
	struct st *st = st_new(test);
	struct vmbuspipe_hdr *pipe = (void *)st->buf;

	st_packet(st, 3, 40, 40);
	KUNIT_EXPECT_EQ(test, st_parse(st), 0);
	KUNIT_EXPECT_EQ(test, st->ic.len, 40U);
	KUNIT_EXPECT_PTR_EQ(test, st->ic.body, (const void *)(st->buf + HDR));
	/* Nothing behind the header; the ring's padding is none of the packet. */
	st_packet(st, 3, 0, 0);
	KUNIT_EXPECT_EQ(test, st_parse(st), 0);
	KUNIT_EXPECT_EQ(test, st->ic.len, 0U);
	/* The header says less than there is, or more. */
	st_packet(st, 3, 40, 0);
	KUNIT_EXPECT_EQ(test, st_parse(st), 0);
	st_packet(st, 3, 40, 41);
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);

	/* Too short, too long. */
	st_packet(st, 3, 0, 0);
	for (st->pkt.len = 0; st->pkt.len < HDR; st->pkt.len += 4)
		KUNIT_EXPECT_EQ_MSG(test, st_parse(st), -EINVAL, "%u bytes", st->pkt.len);
	st_packet(st, 3, VSHUT_BUF_SIZE - HDR, 0);
	KUNIT_EXPECT_EQ(test, st_parse(st), 0);
	st->pkt.len += 8;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);

	/* The pipe's length: up to what there is, and a header at least. */
	st_packet(st, 3, 36, 0);
	KUNIT_EXPECT_EQ(test, st->pkt.len, HDR + 36U);
	pipe->msgsize++;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);
	pipe->msgsize = U32_MAX;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);
	pipe->msgsize = sizeof(struct icmsg_hdr);
	KUNIT_EXPECT_EQ(test, st_parse(st), 0);
	KUNIT_EXPECT_EQ(test, st->ic.len, 0U);
	pipe->msgsize--;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);
	st_packet(st, 3, 0, 0);
	pipe->flags = 2;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);
	st_packet(st, 3, 0, 0);
	st->pkt.type = VM_PKT_COMP;
	KUNIT_EXPECT_EQ(test, st_parse(st), -EINVAL);
}

static void shutdown_flags_test(struct kunit *test)
{
	struct st *st = st_new(test);
	unsigned int flags;

	st_packet(st, 3, 0, 0);
	KUNIT_ASSERT_EQ(test, st_parse(st), 0);
	for (flags = 0; flags < 256; flags++) {
		st_hdr(st->buf)->icflags = flags;
		KUNIT_EXPECT_EQ(test, vshut_ic_is_response(&st->ic), (flags & 5) == 5);
	}
	/* An answer is the request, but for status and flags. */
	st_packet(st, 3, 8, 8);
	memcpy(st->out, st->buf, HDR + 8);
	vshut_ic_answer((void *)st->buf, 0x80004005);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->status, 0x80004005U);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icflags,
			ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_RESPONSE);
	st_hdr(st->buf)->status = 0;
	st_hdr(st->buf)->icflags = st_hdr(st->out)->icflags;
	KUNIT_EXPECT_MEMEQ(test, st->buf, st->out, HDR + 8);
}

/* ---- versions ------------------------------------------------------------------------- */

/* What a guest is asked, and what it can say to that. */
static void shutdown_ask_test(struct kunit *test)
{
	static const struct { u32 framework, version; u16 nf, nv; int err; } cases[] = {
		{ V(3, 0), V(3, 2), 1, 1, 0 },
		{ V(1, 0), V(1, 0), 1, 1, 0 },
		{ V(3, 0), V(3, 1), 1, 1, 0 },
		{ 0, 0, 0, 0, -EPROTONOSUPPORT },
		{ V(3, 0), V(3, 2), 0, 1, -EPROTONOSUPPORT },
		{ V(3, 0), V(3, 2), 1, 0, -EPROTONOSUPPORT },
		{ V(3, 0), V(3, 2), 2, 1, -EPROTONOSUPPORT },
		{ V(3, 0), V(3, 3), 1, 1, -EPROTONOSUPPORT },
		{ V(2, 0), V(3, 2), 1, 1, -EPROTONOSUPPORT },
		{ V(3, 0), V(0, 0), 1, 1, -EPROTONOSUPPORT },
	};
	struct st *st = st_new(test);
	struct icmsg_negotiate *body = (void *)(st->buf + HDR);
	const u32 *v = (const u32 *)body->icversion_data;
	struct vshut_agreed agreed;
	unsigned int i;
	u32 len;

	len = vshut_ic_negotiate(st->buf, &vshut_versions);
	KUNIT_EXPECT_EQ(test, len, ICMSG_NEGOTIATE_PKT_SIZE(2, 4));
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icmsgtype, ICMSGTYPE_NEGOTIATE);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icmsgsize, len - HDR);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icflags,
			ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_REQUEST);
	KUNIT_EXPECT_EQ(test, ((struct vmbuspipe_hdr *)st->buf)->msgsize, len - 8);
	KUNIT_EXPECT_EQ(test, body->icframe_vercnt, 2);
	KUNIT_EXPECT_EQ(test, body->icmsg_vercnt, 4);
	/* Major first in memory. */
	KUNIT_EXPECT_EQ(test, v[0], 3U);
	KUNIT_EXPECT_EQ(test, v[1], 1U);
	KUNIT_EXPECT_EQ(test, v[2], 3U | 2 << 16);
	KUNIT_EXPECT_EQ(test, v[3], 3U | 1 << 16);
	KUNIT_EXPECT_EQ(test, v[4], 3U);
	KUNIT_EXPECT_EQ(test, v[5], 1U);

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		st_negotiate(st, &cases[i].framework, 1, &cases[i].version, 1);
		body->icframe_vercnt = cases[i].nf;
		body->icmsg_vercnt = cases[i].nv;
		memset(&agreed, 0, sizeof(agreed));
		KUNIT_EXPECT_EQ_MSG(test, vshut_ic_chosen(&st->ic, &vshut_versions, &agreed),
				    cases[i].err, "case %u", i);
		if (cases[i].err)
			continue;
		KUNIT_EXPECT_EQ(test, agreed.framework, cases[i].framework);
		KUNIT_EXPECT_EQ(test, agreed.shutdown, cases[i].version);
	}
	/* Cut off. */
	st_negotiate(st, &cases[0].framework, 1, &cases[0].version, 1);
	for (st->ic.len = 0; st->ic.len < 16; st->ic.len += 4)
		KUNIT_EXPECT_EQ(test, vshut_ic_chosen(&st->ic, &vshut_versions, &agreed), -EINVAL);
}

/* What the host asks, and what it is told. */
static void shutdown_choose_test(struct kunit *test)
{
	static const struct {
		u32 framework[3], versions[3];
		unsigned int nf, nv;
		u32 want_framework, want_version;
	} cases[] = {
		{ { V(3, 0), V(1, 0) }, { V(3, 2), V(3, 0), V(1, 0) }, 2, 3, V(3, 0), V(3, 2) },
		/* Their order does not matter, ours does. */
		{ { V(1, 0), V(3, 0) }, { V(1, 0), V(3, 1) }, 2, 2, V(3, 0), V(3, 1) },
		{ { V(1, 0) }, { V(1, 0) }, 1, 1, V(1, 0), V(1, 0) },
		/* One of both kinds is not enough. */
		{ { V(2, 0) }, { V(3, 2) }, 1, 1, 0, 0 },
		{ { V(3, 0) }, { V(3, 3), V(4, 0) }, 1, 2, 0, 0 },
		{ { V(3, 0) }, { }, 1, 0, 0, 0 },
		{ { }, { V(3, 2) }, 0, 1, 0, 0 },
		{ { }, { }, 0, 0, 0, 0 },
		/* A version of one kind is none of the other. */
		{ { V(3, 2) }, { V(3, 0) }, 1, 1, 0, 0 },
	};
	struct st *st = st_new(test);
	struct icmsg_negotiate *body = (void *)(st->out + HDR);
	struct icmsg_negotiate *asked = (void *)(st->buf + HDR);
	struct vshut_agreed agreed;
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		st_negotiate(st, cases[i].framework, cases[i].nf, cases[i].versions, cases[i].nv);
		len = vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed);
		KUNIT_EXPECT_EQ(test, len, ICMSG_NEGOTIATE_PKT_SIZE(1, 1));
		KUNIT_EXPECT_EQ_MSG(test, agreed.framework, cases[i].want_framework, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, agreed.shutdown, cases[i].want_version, "case %u", i);
		KUNIT_EXPECT_EQ(test, st_hdr(st->out)->icmsgsize, 0x10);
		KUNIT_EXPECT_EQ(test, st_hdr(st->out)->ictransaction_id, 0x5a);
		KUNIT_EXPECT_EQ(test, st_hdr(st->out)->icflags,
				ICMSGHDRFLAG_TRANSACTION | ICMSGHDRFLAG_RESPONSE);
		KUNIT_EXPECT_EQ(test, body->icframe_vercnt, !!cases[i].want_framework);
		KUNIT_EXPECT_EQ(test, body->icmsg_vercnt, !!cases[i].want_framework);
		KUNIT_EXPECT_EQ(test, body->icversion_data[0].major,
				cases[i].want_framework >> 16);
		KUNIT_EXPECT_EQ(test, body->icversion_data[1].minor,
				cases[i].want_version & 0xffff);
	}

	/* More versions than there is room for, or than anybody has. */
	st_negotiate(st, cases[0].framework, 2, cases[0].versions, 3);
	st->ic.len -= 4;
	KUNIT_EXPECT_EQ(test, vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed), 0U);
	for (st->ic.len = 0; st->ic.len < 8; st->ic.len++)
		KUNIT_EXPECT_EQ(test, vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed),
				0U);
	st_packet(st, ICMSGTYPE_NEGOTIATE, 8 + 4 * 200, 0);
	memset(asked, 0, 8 + 4 * 200);
	KUNIT_ASSERT_EQ(test, st_parse(st), 0);
	asked->icframe_vercnt = 100;
	asked->icmsg_vercnt = 100;
	KUNIT_EXPECT_NE(test, vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed), 0U);
	asked->icmsg_vercnt = 101;
	asked->icframe_vercnt = 99;
	KUNIT_EXPECT_EQ(test, vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed), 0U);
	asked->icframe_vercnt = 0xffff;
	asked->icmsg_vercnt = 0xffff;
	KUNIT_EXPECT_EQ(test, vshut_ic_choose(st->out, &st->ic, &vshut_versions, &agreed), 0U);
}

static void shutdown_request_test(struct kunit *test)
{
	struct st *st = st_new(test);
	struct shutdown_msg_data *body = (void *)(st->buf + HDR);
	struct vshut_agreed agreed = { V(3, 0), V(3, 1) };
	u32 len;

	memset(st->out, 0xa5, sizeof(*body));
	len = vshut_ic_request(st->buf, &agreed, (void *)st->out);
	KUNIT_EXPECT_EQ(test, len, HDR + sizeof(*body));
	KUNIT_EXPECT_LE(test, len, (u32)VSHUT_BUF_SIZE);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)body, st->out, sizeof(*body));
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icmsgtype, ICMSGTYPE_SHUTDOWN);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icmsgsize, sizeof(*body));
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icverframe.major, 3);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icverframe.minor, 0);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icvermsg.major, 3);
	KUNIT_EXPECT_EQ(test, st_hdr(st->buf)->icvermsg.minor, 1);
	KUNIT_EXPECT_EQ(test, ((struct vmbuspipe_hdr *)st->buf)->msgsize, len - 8);
}

static struct kunit_case shutdown_ic_cases[] = {
	KUNIT_CASE(shutdown_parse_test),
	KUNIT_CASE(shutdown_flags_test),
	KUNIT_CASE(shutdown_ask_test),
	KUNIT_CASE(shutdown_choose_test),
	KUNIT_CASE(shutdown_request_test),
	{}
};

static struct kunit_suite shutdown_ic_suite = {
	.name = "vmbus_shutdown_ic",
	.test_cases = shutdown_ic_cases,
};

kunit_test_suite(shutdown_ic_suite);

VMBUS_IMPORT_KUNIT_NS;
MODULE_DESCRIPTION("Tests of vmbus_shutdown: packets of integration components");
MODULE_LICENSE("GPL");
