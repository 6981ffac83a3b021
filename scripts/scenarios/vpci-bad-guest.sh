# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest that is one process uses a VPCI bus, well and badly; then a real one has it
# limit: 300
# long-limit: 600
. ./lib.sh
. ./vpci.inc

ms=10000
[ -z "${LONG:-}" ] || ms=20000

COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 0 1)

# nothing_left: of the guest that was there
nothing_left() {
	check "no VP is left" file_is "$PARTITION/vps" 0
	check "no page is held" file_is "$PARTITION/pages_pinned" 0
	check "the guest's server is disconnected" file_is "$SRV/guest0/state" disconnected
	check "the host has all interrupts back" wait_for "[ \"\$(vpci_msis 0)\" = 0 ]" 20
	check "the copy engine does nothing" vpci_off 0 0
	check "nor does the controller" vpci_off 0 1
}

# reached WHAT TYPE TIMES: the host has got so many such requests, or more
reached() {
	check "$1 of the guest reached the host" [ "$(vpci_is 0 "request_$2")" -ge "$3" ]
}

# Each close waits for RCU, which takes 30 ms in an emulated machine
echo 1 > /sys/kernel/rcu_expedited
vpci_bed_up
must "the host offers a bus with two" vpci_bus 0 copy nvme
must "the relay connects with the host" relay_on
must "it can use the bus" vpci_state 0 ready
lines=$(dmesg | wc -l)
for type in 04 09 0a 1c; do
	equal "the host has no request $type yet" 0 "$(vpci_is 0 request_$type)"
done
tap vmbus-selftest vpcibus vpcifn
# Of those that are good: D0 and D3; a block that is read, and two that there are not
reached "power states" 04 2
reached "reads of blocks" 09 3
reached "a block that is written" 0a 1
reached "a reset" 1c 1
equal "which the host has done once" 1 "$(vpci_is 0 resets)"
nothing_left
tap vmbus-selftest -s "${SEED:-1}" -t $ms vpcihostile
nothing_left
check "nothing of that filled the log" [ $(($(dmesg | wc -l) - lines)) -lt $((400 + ms / 50)) ]

note "What the host has heard of it"
for name in unknown refused broken window_errors; do
	equal "$name" 0 "$(vpci_is 0 $name)"
done
equal "its bus was opened once" 1 "$(vpci_is 0 opens)"
check "it has done nothing wrong" vpci_host_well 0
check "nor has anybody toward it" server_clean root

note "A real guest"
must "the guest starts" guest_start --vpci
must "the guest comes up" guest_wait_up
must "it has both" guest_vpci_is "$COPY" "$NVME"
check "the copy engine works" guest_copies "$COPY"
must "it has a disk" guest_has_nvme "$NVME"
check "that can be read" guest_reads "$DISK"
vpci_bed_down
