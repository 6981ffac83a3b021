/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks that print TAP.
 */
#ifndef VTL0_TEST_H
#define VTL0_TEST_H

#include "../vtl0.h"

void __printf(4, 5) test_check(bool good, const char *file, int line, const char *fmt, ...);

/* ok(CONDITION, FORMAT...): one line of TAP */
#define ok(good, ...)		test_check(good, __FILE__, __LINE__, __VA_ARGS__)

/* Fields of tables, at any address */
uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);

void test_acpi(void);
void test_boot(void);
void test_cpuid(void);
void test_hypercall(void);
void test_hyperv(void);
void test_memory(void);
void test_mmio(void);
void test_options(void);
void test_ports(void);
void test_routes(void);
void test_serial(void);

#endif /* VTL0_TEST_H */
