# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What the scenario foreign-host runs in QEMU's guest: VTL2 whose host is QEMU.
. ./lib.sh

BUS=/sys/bus/vmbus
CLASS=525074dc-8985-46e2-8057-a307dc18a502

balloon_dir() {
	local d

	for d in "$BUS"/devices/*; do
		[ "$(cat "$d/class_id")" != "{$CLASS}" ] || echo "$d"
	done
}

load() {
	local m

	for m in vmbus_partition vmbus_srv vmbus_intercept vmbus_pass; do
		insmod "/modules/$m.ko" || return 1
	done
}

must "modules load" load
must "the guest has a server" sh -c \
	"mkdir $SRV_CONFIG/guest0 && echo guest0 > $SRV_CONFIG/guest0/partition"
check "this kernel has a VMBus of version 4.0" sh -c "dmesg | grep -q 'Vmbus version:4.0'"
dir=$(balloon_dir)
must "the host offers a balloon" test -d "$dir"
guid=${dir##*/}
check "no driver has it" test ! -e "$dir/driver"

# A kernel too old for it, or one in VTL0
vtl2_refused() {
	fails insmod /modules/vmbus_relay.ko transport=vtl2 && dmesg | grep -F \
		-e 'vmbus_relay: transport vtl2: this kernel has no hv_setup_mshv_handler()' \
		-e 'vmbus_relay: transport vtl2: this kernel runs in VTL0'
}

check "no transport to Hyper-V from here" vtl2_refused
check "without such a server nothing is claimed" fails insmod /modules/vmbus_claim.ko server=none
must "the module loads" insmod /modules/vmbus_claim.ko
check "it claims nothing by itself" test ! -e "$dir/driver"
check "a rule hides the device" rule hide "$guid"
check "it is claimed" sh -c \
	"echo vmbus_claim > $dir/driver_override && echo $guid > $BUS/drivers/vmbus_claim/bind"
check "and hidden" file_is "$dir/claim/disposition" hide
check "the rule changes" rule relay "$guid"
check "it is offered to the guest" file_is "$dir/claim/disposition" relay
tap vmbus-selftest -t 20000 balloon
check "nothing was refused but what should be" file_is "$dir/claim/packets_refused" 1
check "the guest's server had nothing to complain of" server_clean guest0
check "the device is let go of" sh -c "echo $guid > $BUS/drivers/vmbus_claim/unbind"
check "and claimed again" sh -c "echo $guid > $BUS/drivers/vmbus_claim/bind"
check "let go of, and nobody's" sh -c \
	"echo $guid > $BUS/drivers/vmbus_claim/unbind && echo > $dir/driver_override"
check "a driver that takes its class has it" sh -c \
	"echo $CLASS > $BUS/drivers/vmbus_claim/new_id"
check "and it is offered" file_is "$dir/claim/disposition" relay
check "the module unloads" rmmod vmbus_claim
check "the server goes" rmdir $SRV_CONFIG/guest0
