# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest reboots, and its monitor is killed, with PCI devices of the host at work
# only: long
# limit: 400
# long-limit: 900
. ./lib.sh
. ./vpci.inc

TIMES=1
[ -z "${LONG:-}" ] || TIMES=3

COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 0 1)
OTHER=$(vpci_pci 1 0)
# Where the data are: guest_busy writes ahead of that
DATA_AT=32

# data_sum DISK: as it is on the disk itself
data_sum() {
	guest_run "dd if=/dev/$1 bs=1M skip=$DATA_AT count=4 iflag=direct 2> /dev/null | sha256sum" 60
}

# image_sum N: the same in the file of the host
image_sum() {
	dd if="$(vpci_image "$1")" bs=1M skip=$DATA_AT count=4 2> /dev/null | sha256sum
}

# disks: sets ONE and TWO
disks() {
	must "the guest has all" guest_vpci_is "$COPY" "$NVME" "$OTHER"
	must "with a disk" guest_has_nvme "$NVME"
	ONE=$DISK
	must "and another" guest_has_nvme "$OTHER"
	TWO=$DISK
}

# write_data DISK
write_data() {
	guest_run "dd if=/dev/urandom of=/dev/$1 bs=1M seek=$DATA_AT count=4 conv=fsync 2> /dev/null" 60
}

# at_work: all functions, without an end
at_work() {
	must "the guest writes to a disk" guest_busy "$ONE"
	must "and to the other" guest_busy "$TWO"
	must "and the copy engine copies" guest_run \
		"vpci-copy $COPY $FREE_AT 1000000 > /tmp/copy 2>&1 &"
}

# at_rest: no function moves data, and nobody else holds a page of the guest
at_rest() {
	local bus before

	for bus in 0 1; do
		before=$(vpci_is $bus dma_bytes)
		sleep 1
		[ "$(vpci_is $bus dma_bytes)" = "$before" ] ||
			{ echo "bus $bus moves data"; return 1; }
		[ "$(vpci_msis $bus)" = 0 ] ||
			{ echo "bus $bus: $(vpci_msis $bus) interrupts are left"; return 1; }
	done
	vpci_off 0 0 && vpci_off 0 1 && vpci_off 1 0
}

# back WHAT: a guest that has come up anew has everything, as it was
back() {
	note "$1"
	disks
	equal "the data are there" "$SUM" "$(data_sum "$ONE")"
	equal "and those of the other" "$SUM2" "$(data_sum "$TWO")"
	check "the copy engine works" guest_copies "$COPY"
	must "other data are written" write_data "$ONE"
	SUM=$(data_sum "$ONE")
	equal "the host has them" "$(image_sum 0.1)" "$SUM"
	for bus in 0 1; do
		equal "bus $bus: nothing was against the rules" 0 "$(vpci_is $bus refused)"
		equal "no channel broke" 0 "$(vpci_is $bus broken)"
		equal "all BARs have their place" 0 "$(vpci_is $bus bar_conflicts)"
	done
}

vpci_bed_up
must "the host offers a bus with two" vpci_bus 0 copy nvme
must "and one with a disk" vpci_bus 1 nvme
vpci_guest_up
disks
must "data are written" write_data "$ONE"
must "to both" write_data "$TWO"
SUM=$(data_sum "$ONE")
SUM2=$(data_sum "$TWO")
equal "the host has them" "$(image_sum 0.1)" "$SUM"
equal "and those of the other" "$(image_sum 1.0)" "$SUM2"

n=0
while [ $n -lt $TIMES ]; do
	n=$((n + 1))
	at_work
	must "reboot $n" guest_reboot
	back "After reboot $n"
done

n=0
while [ $n -lt $TIMES ]; do
	n=$((n + 1))
	at_work
	guest_kill
	check "kill $n: the guest's server is disconnected" \
		wait_for "file_is $SRV/guest0/state disconnected" 10
	check "no channel is left open" fails grep -rqx open "$SRV/guest0/channels"
	check "all functions are as after a reset" at_rest
	check "no page of the guest is held" file_is "$PARTITION/pages_pinned" 0
	must "a new guest starts" guest_start --vpci
	must "the guest comes up" guest_wait_up
	back "After kill $n"
done
for bus in 0 1; do
	equal "bus $bus: the relay has opened it once" 1 "$(vpci_is $bus opens)"
done
check "the host has done nothing wrong" vpci_host_well 0 1
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
