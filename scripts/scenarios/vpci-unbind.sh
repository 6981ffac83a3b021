# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest's drivers of PCI devices, and of their buses, go and come again and again
# only: long
# limit: 400
# long-limit: 2400
# append: kmemleak=on
. ./lib.sh
. ./vpci.inc
. ./load.inc
. ./leak.inc

TURNS=3
STORM=2
if [ -n "${LONG:-}" ]; then
	TURNS=20
	STORM=20
fi

COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 0 1)
STAYS=$(vpci_pci 1 0)
BUS=$(vpci_guid 0)
DEVICES=/sys/bus/pci/drivers/nvme
BUSES=/sys/bus/vmbus/drivers/hv_pci

# guest_binds DRIVER unbind|bind NAME
guest_binds() {
	guest_run "echo $3 > $1/$2" 120
}

# no_driver: of the controller
no_driver() {
	guest_run "[ ! -e /sys/bus/pci/devices/$NVME/driver ]"
}

# gave_back: the host has got all interrupts of the bus back, at once or soon
gave_back() {
	wait_for "[ \"\$(vpci_msis 0)\" = 0 ]" 20 && return
	echo "the guest still has $(vpci_msis 0) interrupts"
	return 1
}

# works: both functions
works() {
	must "$1: the guest has both" guest_vpci_is "$COPY" "$NVME" "$STAYS"
	must "with a disk" guest_has_nvme "$NVME"
	check "that can be read" guest_reads "$DISK"
	check "and a copy engine" guest_copies "$COPY" 1
}

# turn N ODD: a turn begins, under I/O if N % 2 is ODD; sets BUSY, the disk that then has it
turn() {
	BUSY=
	must "turn $1: the guest has a disk" guest_has_nvme "$NVME"
	[ $(($1 % 2)) = "$2" ] || return 0
	BUSY=$DISK
	must "and writes to it" guest_busy "$DISK"
}

# device_turn N: the controller's driver goes, in every other turn under I/O, and comes
device_turn() {
	turn "$1" 0
	must "its driver goes" guest_binds $DEVICES unbind "$NVME"
	check "it has none" no_driver
	[ -z "$BUSY" ] || check "who used it has heard of it" guest_was_busy "$BUSY"
	check "the host has its interrupts back" gave_back
	check "it moves no data" vpci_off 0 1 4
	check "the copy engine on the same bus works" guest_copies "$COPY" 1
	must "the driver comes" guest_binds $DEVICES bind "$NVME"
	works "turn $1"
}

# bus_turn N: the driver of the bus goes, and with it both functions, and comes
bus_turn() {
	turn "$1" 1
	must "the driver of the bus goes" guest_binds $BUSES unbind "$BUS"
	must "the guest has the other bus" guest_vpci_is "$STAYS"
	[ -z "$BUSY" ] || check "who used it has heard of it" guest_was_busy "$BUSY"
	check "the channel is closed" wait_for "chan_is guest0 $BUS offered" 20
	check "the host has all interrupts back" gave_back
	check "the copy engine does nothing" vpci_off 0 0
	check "nor does the controller" vpci_off 0 1
	must "the driver comes" guest_binds $BUSES bind "$BUS"
	works "turn $1"
}

# storm DRIVER NAME: as fast as the guest can
storm() {
	guest_run "for i in \$(seq $STORM); do
		echo $2 > $1/unbind && echo $2 > $1/bind || exit 1; done" $((60 + 20 * STORM))
}

leak_start
vpci_bed_up
must "the host offers a bus with two" vpci_bus 0 copy nvme
must "and one with a disk" vpci_bus 1 nvme
vpci_guest_up
works "at first"
must "the guest has the disk that stays" guest_has_nvme "$STAYS"
pages=$(cat "$PARTITION/pages_pinned")
must "load on it" load_disk stays "$DISK"

n=0
while [ $n -lt $TURNS ]; do
	n=$((n + 1))
	device_turn $n
	bus_turn $n
	check "the load on the other bus goes on" load_runs stays 1
done

note "As fast as it can"
check "the controller's driver $STORM times" storm $DEVICES "$NVME"
works "then"
check "that of the bus $STORM times" storm $BUSES "$BUS"
works "then"
check "the load had no error" load_stop stays
check "no page more is held" [ "$(cat "$PARTITION/pages_pinned")" -le "$pages" ]
for bus in 0 1; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
	equal "nothing was out of reach" 0 "$(vpci_is $bus dma_errors)"
done
equal "the host was asked for its bus once" 1 "$(vpci_is 0 opens)"
check "the host has done nothing wrong" vpci_host_well 0 1
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
vpci_bed_down
check "nothing leaked" no_leak
