// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition's calls are replaced by ones that only record.
 */
#include <stdlib.h>
#include <string.h>
#include "test.h"

#define SIZE			0x4000
#define POST			0x5c
#define SIGNAL			0x5d
#define FAST			BIT_ULL(16)
#define CONNECTION		0x1234

#define STATUS_CODE		2
#define STATUS_INPUT		3
#define STATUS_ALIGNMENT	4
#define STATUS_PARAMETER	5

/* What the recorded calls answer */
#define STATUS_OF_POST		0x13
#define STATUS_OF_SIGNAL	0x12

static unsigned int calls;
static struct vmbus_partition_message message;
static struct vmbus_partition_signal event;
static struct vmbus_partition_synic synic;
static struct memory mem;

void partition_set_synic(struct partition *p, unsigned int vp, uint64_t control, uint64_t simp,
			 uint64_t siefp)
{
	(void)p;
	calls++;
	synic = (struct vmbus_partition_synic) {
		.vp = vp,
		.control = control,
		.simp = simp,
		.siefp = siefp,
	};
}

void partition_post(struct partition *p, struct vmbus_partition_message *msg)
{
	(void)p;
	calls++;
	message = *msg;
	msg->status = STATUS_OF_POST;
}

void partition_signal(struct partition *p, struct vmbus_partition_signal *sig)
{
	(void)p;
	calls++;
	event = *sig;
	sig->status = STATUS_OF_SIGNAL;
}

static uint64_t hypercall(uint64_t input, uint64_t param)
{
	struct kvm_hyperv_exit exit = {
		.type = KVM_EXIT_HYPERV_HCALL,
		.u.hcall = { .input = input, .result = ~0ULL, .params = { param, 0 } },
	};

	calls = 0;
	hyperv_exit(NULL, &mem, 3, &exit);
	return exit.u.hcall.result;
}

static void put_message(uint64_t gpa, uint32_t size, uint32_t payload)
{
	uint32_t head[4] = { CONNECTION, 0, 1, size };

	memcpy(mem.host + gpa, head, sizeof(head));
	memset(mem.host + gpa + sizeof(head), 0x5a, payload);
}

static void test_post(void)
{
	put_message(0x1000, 240, 240);
	ok(hypercall(POST, 0x1000) == STATUS_OF_POST && calls == 1, "hyperv: a message");
	ok(message.vp == 3 && message.connection_id == CONNECTION &&
	   message.message_type == 1 && message.size == 240 && !message.flags &&
	   message.payload[0] == 0x5a && message.payload[239] == 0x5a, "hyperv: its contents");
	put_message(0x1000, 8, 240);
	ok(hypercall(POST, 0x1000) == STATUS_OF_POST && message.size == 8 &&
	   message.payload[7] == 0x5a && message.payload[8] == 0, "hyperv: no more than its size");
	put_message(SIZE - 32, 16, 16);
	ok(hypercall(POST, SIZE - 32) == STATUS_OF_POST, "hyperv: up to the end of memory");

	put_message(0x1000, 241, 240);
	ok(hypercall(POST, 0x1000) == STATUS_PARAMETER && !calls, "hyperv: a message too long");
	put_message(0x1000, 0xffffffff, 240);
	ok(hypercall(POST, 0x1000) == STATUS_PARAMETER && !calls, "hyperv: an endless message");
	put_message(SIZE - 32, 17, 16);
	ok(hypercall(POST, SIZE - 32) == STATUS_PARAMETER && !calls,
	   "hyperv: a message beyond memory");
	ok(hypercall(POST, SIZE) == STATUS_PARAMETER && !calls, "hyperv: input beyond memory");
	ok(hypercall(POST, ~7ULL) == STATUS_PARAMETER && !calls, "hyperv: input that wraps");
	ok(hypercall(POST, 0x1004) == STATUS_ALIGNMENT && !calls, "hyperv: input not aligned");
	put_message(0x1000, 8, 8);
	ok(hypercall(POST | FAST, 0x1000) == STATUS_INPUT && !calls, "hyperv: a fast message");
}

static void test_signal(void)
{
	uint64_t param = CONNECTION | 7ULL << 32;

	ok(hypercall(SIGNAL | FAST, param) == STATUS_OF_SIGNAL && calls == 1,
	   "hyperv: a fast signal");
	ok(event.vp == 3 && event.connection_id == CONNECTION && event.flag_number == 7 &&
	   !event.flags && !event.reserved, "hyperv: its contents");

	memset(&event, 0, sizeof(event));
	memcpy(mem.host + SIZE - 8, &param, sizeof(param));
	ok(hypercall(SIGNAL, SIZE - 8) == STATUS_OF_SIGNAL && calls == 1,
	   "hyperv: a slow signal");
	ok(event.connection_id == CONNECTION && event.flag_number == 7, "hyperv: its contents");
	ok(hypercall(SIGNAL, SIZE) == STATUS_PARAMETER && !calls, "hyperv: input beyond memory");
	ok(hypercall(SIGNAL, 4) == STATUS_ALIGNMENT && !calls, "hyperv: input not aligned");
}

static void test_others(void)
{
	struct kvm_hyperv_exit exit = {
		.type = KVM_EXIT_HYPERV_SYNIC,
		.u.synic = { .control = 1, .msg_page = 0x2001, .evt_page = 0x3001 },
	};

	ok(hypercall(0x8001, 0) == STATUS_CODE && !calls, "hyperv: an unknown hypercall");
	hyperv_exit(NULL, &mem, 2, &exit);
	ok(calls == 1 && synic.vp == 2 && synic.control == 1 && synic.simp == 0x2001 &&
	   synic.siefp == 0x3001, "hyperv: SynIC registers");
}

void test_hyperv(void)
{
	mem.host = calloc(1, SIZE);
	mem.low = SIZE;
	test_post();
	test_signal();
	test_others();
	free(mem.host);
}
