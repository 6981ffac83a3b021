// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of vtl0's data tables and devices; needs no KVM.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

/* A test that hangs is a test that fails. */
#define TIME_LIMIT	60

static unsigned int checks;
static unsigned int failures;

void test_check(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	checks++;
	printf("%sok %u - ", good ? "" : "not ", checks);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (!good) {
		failures++;
		printf("# %s:%d\n", file, line);
	}
}

uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(TIME_LIMIT);
	printf("TAP version 13\n");
	test_options();
	test_memory();
	test_cpuid();
	test_acpi();
	test_boot();
	test_serial();
	test_ports();
	test_hyperv();
	test_hypercall();
	test_mmio();
	test_routes();
	printf("1..%u\n", checks);
	return failures != 0;
}
