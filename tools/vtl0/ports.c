// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O ports: console, ACPI's registers, and the keyboard controller's reset.
 * All others read as ones.
 */
#include <string.h>
#include "vtl0.h"

#define KEYBOARD_STATUS		0x64	/* commands, too */
#define KEYBOARD_RESET		0xfe

#define CMOS_INDEX		0x70
#define CMOS_DATA		0x71

#define SLEEP_ENABLE		BIT(5)
#define SLEEP_TYPE(value)	((value) >> 2 & 7)

static bool is_serial(uint16_t port)
{
	return port >= SERIAL_PORT && port < SERIAL_PORT + SERIAL_PORTS;
}

/**
 * ports_read - the guest reads from an I/O port
 * @s: console
 * @port: port
 * @data: what it reads
 * @size: bytes of @data
 *
 * Return: VM_RUNS.
 */
enum vm_end ports_read(struct serial *s, uint16_t port, uint8_t *data, unsigned int size)
{
	memset(data, 0xff, size);
	if (size != 1)
		return VM_RUNS;

	if (is_serial(port))
		*data = serial_read(s, port - SERIAL_PORT);
	/* Never busy: nobody shall wait for what is not there. */
	else if (port == KEYBOARD_STATUS || port == CMOS_INDEX || port == CMOS_DATA ||
		 port == ACPI_SLEEP_CONTROL || port == ACPI_SLEEP_STATUS)
		*data = 0;
	return VM_RUNS;
}

/**
 * ports_write - the guest writes to an I/O port
 * @s: console
 * @port: port
 * @data: what it writes
 * @size: bytes of @data
 *
 * Return: whether the guest ends by that.
 */
enum vm_end ports_write(struct serial *s, uint16_t port, const uint8_t *data,
			unsigned int size)
{
	if (size != 1)
		return VM_RUNS;

	if (is_serial(port))
		serial_write(s, port - SERIAL_PORT, *data);
	else if (port == KEYBOARD_STATUS && *data == KEYBOARD_RESET)
		return VM_RESET;
	else if (port == ACPI_RESET && *data == ACPI_RESET_VALUE)
		return VM_RESET;
	else if (port == ACPI_SLEEP_CONTROL && (*data & SLEEP_ENABLE) &&
		 SLEEP_TYPE(*data) == ACPI_S5_TYPE)
		return VM_POWER_OFF;
	return VM_RUNS;
}
