// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP programs of a few instructions, for tests of a network device.  They are loaded by
 * bpf(2) and attached by netlink, so that nothing but the kernel is needed; they stay when
 * this program has ended.
 *
 *	xdp INTERFACE pass
 *	xdp INTERFACE drop
 *	xdp INTERFACE answer
 *		sends answers to IPv4 echo requests, whoever is asked, back where they came
 *		from; passes all else
 *	xdp INTERFACE redirect INTERFACE
 *		has the other one transmit everything
 *	xdp INTERFACE off
 *
 * In front of the interface --driver or --generic says who runs the program, or ran the one
 * that goes off; else the driver does if it can.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(fmt, args)	__attribute((format(printf, fmt, args)))

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV_REG(d, s)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_REG(d, s)		INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define ADD_IMM(d, i)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SHIFT_RIGHT(d, i)	INSN(BPF_ALU64 | BPF_RSH | BPF_K, d, 0, 0, i)
#define LOAD(size, d, s, o)	INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, o, s)	INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define STORE_IMM(size, d, o, i) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
#define IF_ABOVE(d, s, o)	INSN(BPF_JMP | BPF_JGT | BPF_X, d, s, o, 0)
#define IF_NOT(d, i, o)		INSN(BPF_JMP | BPF_JNE | BPF_K, d, 0, o, i)
#define IF_ANY(d, i, o)		INSN(BPF_JMP | BPF_JSET | BPF_K, d, 0, o, i)
#define CALL(function)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define EXIT()			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* Where things are in an echo request without IP options; x86 loads them swapped. */
enum {
	ETH_TO = 0, ETH_FROM = 6, ETH_TYPE = 12,
	IP_LENGTH = 14, IP_FRAGMENT = 20, IP_PROTOCOL = 23, IP_FROM = 26, IP_TO = 30,
	ICMP_TYPE = 34, ICMP_SUM = 36, ICMP_END = 42,
};

/* The jumps lead to the last two instructions. */
static const struct bpf_insn answer[] = {
	LOAD(BPF_W, 2, 1, offsetof(struct xdp_md, data)),
	LOAD(BPF_W, 3, 1, offsetof(struct xdp_md, data_end)),
	MOV_REG(4, 2),
	ADD_IMM(4, ICMP_END),
	IF_ABOVE(4, 3, 31),
	LOAD(BPF_H, 5, 2, ETH_TYPE),
	IF_NOT(5, 0x0008, 29),
	LOAD(BPF_B, 5, 2, IP_LENGTH),
	IF_NOT(5, 0x45, 27),
	LOAD(BPF_H, 5, 2, IP_FRAGMENT),
	IF_ANY(5, 0xff3f, 25),
	LOAD(BPF_B, 5, 2, IP_PROTOCOL),
	IF_NOT(5, 1, 23),
	LOAD(BPF_B, 5, 2, ICMP_TYPE),
	IF_NOT(5, 8, 21),
	LOAD(BPF_W, 3, 2, ETH_TO),
	LOAD(BPF_H, 4, 2, ETH_TO + 4),
	LOAD(BPF_W, 5, 2, ETH_FROM),
	LOAD(BPF_H, 0, 2, ETH_FROM + 4),
	STORE(BPF_W, 2, ETH_FROM, 3),
	STORE(BPF_H, 2, ETH_FROM + 4, 4),
	STORE(BPF_W, 2, ETH_TO, 5),
	STORE(BPF_H, 2, ETH_TO + 4, 0),
	LOAD(BPF_W, 3, 2, IP_FROM),
	LOAD(BPF_W, 4, 2, IP_TO),
	STORE(BPF_W, 2, IP_FROM, 4),
	STORE(BPF_W, 2, IP_TO, 3),
	/* The type was 8, and is 0: that much the sum is more, with the carry. */
	STORE_IMM(BPF_B, 2, ICMP_TYPE, 0),
	LOAD(BPF_H, 3, 2, ICMP_SUM),
	ADD_IMM(3, 0x0008),
	MOV_REG(4, 3),
	SHIFT_RIGHT(4, 16),
	ADD_REG(3, 4),
	STORE(BPF_H, 2, ICMP_SUM, 3),
	MOV_IMM(0, XDP_TX),
	EXIT(),
	MOV_IMM(0, XDP_PASS),
	EXIT(),
};

static noreturn void __printf(1, 2) die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "xdp: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

static unsigned int find(const char *name)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		die("no interface %s", name);
	return index;
}

static int load(const struct bpf_insn *insns, size_t count)
{
	static char log[65536];
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = count;
	attr.license = (uintptr_t)"GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		die("the program is not taken: %s\n%s", strerror(errno), log);
	return fd;
}

/* A program that always comes to the same decision. */
static int load_action(int action)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(0, action),
		EXIT(),
	};

	return load(insns, ARRAY_SIZE(insns));
}

static int load_redirect(unsigned int target)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(1, target),
		MOV_IMM(2, 0),
		CALL(BPF_FUNC_redirect),
		EXIT(),
	};

	return load(insns, ARRAY_SIZE(insns));
}

/* What the driver has said is behind the message, if that is not longer than 4096 bytes. */
static const char *driver_text(const struct nlmsghdr *head)
{
	const struct nlmsgerr *error = NLMSG_DATA(head);
	const struct rtattr *attr;
	size_t at, left;

	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	at = sizeof(*error);
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(error->msg.nlmsg_len - sizeof(error->msg));
	if (NLMSG_PAYLOAD(head, at) > head->nlmsg_len)
		return "";
	left = NLMSG_PAYLOAD(head, at);
	attr = (const void *)((const char *)error + at);
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if ((attr->rta_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			return RTA_DATA(attr);
	}
	return "";
}

/* attach() - have the interface run a program, or none if @program is -1; in mode @flags */
static void attach(unsigned int index, int program, uint32_t flags)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr xdp;
		struct rtattr fd_head;
		int32_t fd;
		struct rtattr flags_head;
		uint32_t flags;
	} request = {
		.head = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_SETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
		.info = { .ifi_family = AF_UNSPEC, .ifi_index = index },
		.xdp = {
			.rta_len = sizeof(request) - offsetof(typeof(request), xdp),
			.rta_type = IFLA_XDP | NLA_F_NESTED,
		},
		.fd_head = { .rta_len = RTA_LENGTH(4), .rta_type = IFLA_XDP_FD },
		.fd = program,
		.flags_head = { .rta_len = RTA_LENGTH(4), .rta_type = IFLA_XDP_FLAGS },
		.flags = flags,
	};
	union {
		struct nlmsghdr head;
		char bytes[8192];
	} reply;
	const struct nlmsgerr *error = NLMSG_DATA(&reply.head);
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int one = 1;
	ssize_t got;

	if (sock < 0)
		die("no netlink: %s", strerror(errno));
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (send(sock, &request, sizeof(request), 0) != sizeof(request))
		die("netlink takes no message: %s", strerror(errno));
	got = recv(sock, &reply, sizeof(reply), 0);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || got < (ssize_t)reply.head.nlmsg_len ||
	    reply.head.nlmsg_type != NLMSG_ERROR)
		die("netlink gives no answer");
	if (error->error)
		die("it is not attached: %s %s", strerror(-error->error), driver_text(&reply.head));
	close(sock);
}

int main(int argc, char **argv)
{
	const char *what;
	uint32_t flags = 0;
	int program;

	if (argc > 1 && !strcmp(argv[1], "--driver"))
		flags = XDP_FLAGS_DRV_MODE;
	else if (argc > 1 && !strcmp(argv[1], "--generic"))
		flags = XDP_FLAGS_SKB_MODE;
	if (flags) {
		argc--;
		argv++;
	}
	what = argc > 2 ? argv[2] : "";
	if (argc == 4 && !strcmp(what, "redirect"))
		program = load_redirect(find(argv[3]));
	else if (argc != 3)
		die("usage: xdp [--driver|--generic] NIC pass|drop|answer|redirect NIC|off");
	else if (!strcmp(what, "pass"))
		program = load_action(XDP_PASS);
	else if (!strcmp(what, "drop"))
		program = load_action(XDP_DROP);
	else if (!strcmp(what, "answer"))
		program = load(answer, ARRAY_SIZE(answer));
	else if (!strcmp(what, "off"))
		program = -1;
	else
		die("nothing is called \"%s\"", what);
	attach(find(argv[1]), program, flags);
	return 0;
}
