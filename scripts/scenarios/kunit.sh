# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Loads every KUnit suite; scripts/kunit runs this and reads the results.
# limit: 900
# append: kmemleak=on oops=panic
. ./lib.sh
. ./leak.inc

leak_start
dmesg -n 5
must "all modules load" modules_up
must "vringh loads" insmod /modules/vringh.ko
must "PCI functions load" insmod /modules/vmbus_endpoints.ko
must "VPCI buses of a host load" insmod /modules/vmbus_testroot_vpci.ko
for suite in /modules/*_test.ko; do
	name=${suite##*/}
	dmesg > /tmp/before
	check "suite ${name%.ko} runs" insmod "$suite"
	echo "@@suite ${name%.ko}"
	dmesg | tail -n +"$(($(wc -l < /tmp/before) + 1))" | sed 's/^/@@log /'
	check "suite ${name%.ko} unloads" rmmod "${name%.ko}"
done
check "VPCI buses of a host unload" rmmod vmbus_testroot_vpci
check "all modules unload" modules_down
check "nothing leaked" no_leak
