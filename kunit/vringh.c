// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's vringh, for a test kernel that has its source but not the module:
 * ring_bench_test compares our rings with it.
 */
#include <../drivers/vhost/vringh.c>
