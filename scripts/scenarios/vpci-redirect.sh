# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the host's PCI devices leave a running guest, and come again: redirect, rules, the module
# only: long
# limit: 400
# long-limit: 1200
. ./lib.sh
. ./vpci.inc
. ./vpci-data.inc

TIMES=2
[ -z "${LONG:-}" ] || TIMES=10

NVME=$(vpci_pci 0 0)
COPY=$(vpci_pci 1 0)

buses_up() {
	vpci_bus 0 nvme && vpci_bus 1 copy
}

# has_both WHEN
has_both() {
	must "$1: the guest has both" guest_vpci_is "$NVME" "$COPY"
	must "with a disk" guest_has_nvme "$NVME"
	check "and a copy engine" guest_copies "$COPY" 1
}

relay_off() {
	echo 0 > "$RELAY/redirect"
}

# vpci_settings: what an administrator has said
vpci_settings() {
	cat "$VPCI_RELAY/rules" "$VPCI_RELAY/windows"
}

# vpci_users: how many offers, and other modules, keep vpci_relay
vpci_users() {
	cat /sys/module/vpci_relay/refcnt
}

# let_go BUS: at once or soon nobody uses it any more, nor does what is on it do anything
let_go() {
	wait_for "[ \"\$(vpci_is $1 open)\" = 0 ]" 20 && [ "$(vpci_msis "$1")" = 0 ] &&
		vpci_off "$1" 0 && return
	echo "bus $1: open $(vpci_is "$1" open), $(vpci_msis "$1") interrupts"
	return 1
}

# flip N: the relay is off for a while, in the middle of I/O
flip() {
	must "flip $1: the guest writes to the disk" guest_busy "$DISK"
	must "the relay leaves the host" relay_off
	must "the guest has lost both" guest_vpci_is
	must "who used the disk has heard of it" guest_was_busy "$DISK"
	check "the host has the disk back" let_go 0
	check "and the copy engine" let_go 1
	must "the relay connects again" relay_on
	has_both "Flip $1"
}

vpci_bed_up
must "there is a rule" vpci_allow vendor=0x1414
must "the host offers a disk and a copy engine" buses_up
users=$(vpci_users)
vpci_guest_up
has_both "At first"
equal "each offer keeps the module" $((users + 2)) "$(vpci_users)"
settings=$(vpci_settings)

n=0
while [ $n -lt $TIMES ]; do
	n=$((n + 1))
	flip $n
	# What was there the guest has overwritten until it lost the disk
	DATA_SUM=
	data_go 0.0
done
equal "rules and windows are as before" "$settings" "$(vpci_settings)"

note "One offer"
must "the disk is hidden" rule hide "$(vpci_guid 0)"
must "the guest has lost it" guest_vpci_is "$COPY"
check "the host has it back" let_go 0
check "the copy engine works" guest_copies "$COPY" 1
must "it is hidden no more" rule relay "$(vpci_guid 0)"
has_both "Then"
data_there
for bus in 0 1; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
done
check "the host has done nothing wrong" vpci_host_well 0 1

note "The module anew"
must "the relay leaves the host" relay_off
must "the guest has lost both" guest_vpci_is
equal "no offer keeps the module" "$users" "$(vpci_users)"
# Which is part of vpci_relay, for the most part
must "the test host's buses go" rmmod vmbus_testroot_vpci
must "vpci_relay unloads" rmmod vpci_relay
must "it loads" insmod /modules/vpci_relay.ko
must "the host can have buses" insmod /modules/vmbus_testroot_vpci.ko
must "it offers the same" buses_up
must "the relay connects again" relay_on
check "the disk is held: there are no windows" vpci_state 0 held
check "the copy engine, too" vpci_state 1 held
equal "the guest has none" "" "$(guest_vpci)"
equal "nobody has asked the host for one" "0 0" "$(vpci_is 0 opens) $(vpci_is 1 opens)"
must "VTL2 has addresses for windows" vpci_windows $VPCI_WINDOWS
has_both "Then"
data_there
data_go 0.0
for bus in 0 1; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
done
check "the host has done nothing wrong" vpci_host_well 0 1
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
