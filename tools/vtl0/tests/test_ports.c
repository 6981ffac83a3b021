// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>
#include "test.h"

static struct serial s;

static enum vm_end out(uint16_t port, uint8_t value)
{
	return ports_write(&s, port, &value, 1);
}

static uint32_t in(uint16_t port, unsigned int size)
{
	uint32_t value = 0;

	ports_read(&s, port, (uint8_t *)&value, size);
	return value;
}

static void test_ends(void)
{
	static const uint8_t s5[] = { 0x34, 0x34 };

	ok(out(ACPI_SLEEP_CONTROL, 5 << 2 | 1 << 5) == VM_POWER_OFF, "ports: S5");
	ok(out(ACPI_SLEEP_CONTROL, 5 << 2) == VM_RUNS, "ports: S5 without enable");
	ok(out(ACPI_SLEEP_CONTROL, 3 << 2 | 1 << 5) == VM_RUNS, "ports: S3 is not there");
	ok(out(ACPI_SLEEP_STATUS, 1 << 7) == VM_RUNS, "ports: sleep status");
	ok(ports_write(&s, ACPI_SLEEP_CONTROL, s5, 2) == VM_RUNS, "ports: a word is no byte");
	ok(out(ACPI_RESET, ACPI_RESET_VALUE) == VM_RESET, "ports: ACPI reset");
	ok(out(ACPI_RESET, 0) == VM_RUNS, "ports: not its value");
	ok(out(0x64, 0xfe) == VM_RESET, "ports: keyboard controller reset");
	ok(out(0x64, 0xd1) == VM_RUNS, "ports: another command");
	ok(out(0x80, 0xfe) == VM_RUNS, "ports: any other port");
}

static void test_reads(void)
{
	ok(in(0x64, 1) == 0, "ports: keyboard controller is not busy");
	ok(in(0x71, 1) == 0, "ports: CMOS clock is not busy");
	ok(in(0xcf8, 4) == 0xffffffff, "ports: no PCI");
	ok(in(0x3f8, 2) == 0xffff, "ports: a word of the serial port");
	ok(in(0x2f8, 1) == 0xff && in(0x3f7, 1) == 0xff && in(0x400, 1) == 0xff,
	   "ports: nothing beside it");
	out(0x3ff, 0x77);
	ok(in(0x3ff, 1) == 0x77, "ports: the serial port's last register");
}

void test_ports(void)
{
	serial_init(&s, STDERR_FILENO, must_eventfd());
	test_ends();
	test_reads();
}
