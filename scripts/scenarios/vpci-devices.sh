# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: PCI devices of the host reach the guest: ids, BARs, data, interrupts on each CPU
# limit: 500
# long-limit: 1800
. ./lib.sh
. ./vpci.inc

ROUNDS_COPY=3
EJECTS=3
if [ -n "${LONG:-}" ]; then
	ROUNDS_COPY=10
	EJECTS=20
fi

# counts WHAT NAME CPU: reading the disk there interrupts that CPU
counts() {
	local before after

	before=$(guest_irqs "$2" "$3")
	guest_run "taskset $((1 << $3)) dd if=/dev/$DISK of=/dev/null bs=4k count=64 iflag=direct \
		2> /dev/null" 60
	after=$(guest_irqs "$2" "$3")
	check "$1" [ "$after" -ge $((before + 32)) ]
}

# ask_controller: a few commands to it
ask_controller() {
	guest_run "echo 1 > /sys/class/nvme/${DISK%n1}/rescan_controller; sleep 1" 60
}

# admin_on CPU: commands to the controller itself interrupt this CPU, and no other.  Linux
# moves an interrupt when it comes the next time.
admin_on() {
	local irq here there name=${DISK%n1}q0

	irq=$(guest_irq "$name")
	must "CPU $1 is to get $name" guest_run "echo $((1 << $1)) > /proc/irq/$irq/smp_affinity"
	must "the controller is asked something" ask_controller
	here=$(guest_irqs "$name" "$1")
	there=$(guest_irqs "$name" $((1 - $1)))
	must "and once more" ask_controller
	check "CPU $1 is interrupted" [ "$(guest_irqs "$name" "$1")" -gt "$here" ]
	equal "the other is not" "$there" "$(guest_irqs "$name" $((1 - $1)))"
}

# instance_of DEVICE: of the bus that the guest has it on
instance_of() {
	guest_run "readlink -f /sys/bus/pci/devices/$1" |
		grep -o -E '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
}

# same_instances BUS...: the guest knows them by the host's GUIDs
same_instances() {
	local bus instance bad=0

	for bus; do
		instance=$(instance_of "$(vpci_pci "$bus" 0)")
		[ "$instance" = "$(vpci_guid "$bus")" ] || { echo "bus $bus: $instance"; bad=1; }
	done
	return $bad
}

# goes_and_comes N: round N of a function of bus 2, which stays, and with it the channel
goes_and_comes() {
	local packets

	packets=$(chan_sum guest0 "$(vpci_guid 2)" packets_in)
	must "round $1: the host wants the disk back" vpci_ask "eject 2 1"
	must "the guest lets it go" vpci_becomes 2 ejected "$1"
	must "and has the others" guest_vpci_is "$ONE" "$TWO" "$(vpci_pci 2 0)" \
		"$(vpci_pci 3 0)" "$(vpci_pci 3 1)" "$(vpci_pci 3 2)" "$(vpci_pci 3 3)"
	check "the copy engine beside it works" guest_copies "$(vpci_pci 2 0)" 1
	must "the disk comes again" vpci_add 2 1 nvme
	# shellcheck disable=SC2086 # a list
	must "the guest has it" guest_vpci_is $ALL
	check "the copy engine works" guest_copies "$(vpci_pci 2 0)" 1
	check "by the same channel" \
		[ "$(chan_sum guest0 "$(vpci_guid 2)" packets_in)" -gt "$packets" ]
}

# many_buses: sixteen more, which come and go
many_buses() {
	local bus=16 many=

	note "Sixteen buses of one copy engine each"
	while [ $bus -lt 32 ]; do
		must "the host offers bus $bus" vpci_bus $bus copy
		must "the guest has it" guest_run "for i in \$(seq 600); do
			[ ! -e /sys/bus/pci/devices/$(vpci_pci $bus 0) ] || exit 0; sleep 0.1;
			done; exit 1" 90
		many="$many $(vpci_pci $bus 0)"
		bus=$((bus + 1))
	done
	# shellcheck disable=SC2086 # lists
	must "it has all" guest_vpci_is $ALL $many
	for dev in $many; do
		check "$dev copies" guest_copies "$dev" 1
	done
	while [ $bus -gt 16 ]; do
		bus=$((bus - 1))
		check "bus $bus: nothing was against the rules" vpci_clean $bus
		must "it goes" vpci_ask "unbus $bus"
	done
	# shellcheck disable=SC2086 # a list
	must "the guest has lost them" guest_vpci_is $ALL
}

vpci_bed_up
note "One device"
must "the host offers a bus with a copy engine" vpci_bus 0 copy
vpci_guest_up
ONE=$(vpci_pci 0 0)
must "the guest has it" guest_vpci_is "$ONE"
equal "with its ids" "$COPY_ID" "$(guest_id "$ONE")"
equal "and its BARs" "0:4096 2:65536 4:4096" "$(guest_bars "$ONE")"
check "it copies the guest's memory" guest_copies "$ONE" $ROUNDS_COPY
check "through its BARs" [ "$(vpci_is 0 bar_writes)" -gt 0 ]
check "in the guest's memory" [ "$(vpci_is 0 dma_bytes)" -gt 0 ]
equal "nothing was out of reach" 0 "$(vpci_is 0 dma_errors)"

note "Two, on two buses"
must "the host offers another, with a disk" vpci_bus 1 nvme
TWO=$(vpci_pci 1 0)
must "the guest has both" guest_vpci_is "$ONE" "$TWO"
equal "with its ids" "$NVME_ID" "$(guest_id "$TWO")"
DISK=$(guest_nvme "$TWO") || { not_ok "the guest has a disk" "$DISK"; exit 1; }
check "it has read from it" [ "$(vpci_is 1 dma_bytes)" -gt 0 ]
check "and got interrupts" [ "$(vpci_is 1 interrupts)" -gt 0 ]
check "the copy engine works" guest_copies "$ONE"

note "Interrupts"
cpu=0
while [ $cpu -lt $GUEST_CPUS ]; do
	counts "each command on CPU $cpu interrupts it" "${DISK%n1}q$((cpu + 1))" $cpu
	cpu=$((cpu + 1))
done
for cpu in 1 0 1; do
	admin_on $cpu
done
equal "none was lost" 0 "$(vpci_is 1 interrupts_lost)"

note "Eight, on four buses"
must "the host offers a bus with two" vpci_bus 2 copy nvme
must "and one with four" vpci_bus 3 nvme copy copy copy
ALL="$ONE $TWO $(vpci_pci 2 0) $(vpci_pci 2 1) $(vpci_pci 3 0) $(vpci_pci 3 1) $(vpci_pci 3 2)"
ALL="$ALL $(vpci_pci 3 3)"
# shellcheck disable=SC2086 # a list
must "the guest has all" guest_vpci_is $ALL
check "on buses that have the host's GUIDs" same_instances 0 1 2 3
for fn in "0 0" "2 0" "3 1" "3 2" "3 3"; do
	# shellcheck disable=SC2086 # two words
	dev=$(vpci_pci $fn)
	equal "$dev is a copy engine" "$COPY_ID" "$(guest_id "$dev")"
	equal "with its BARs" "0:4096 2:65536 4:4096" "$(guest_bars "$dev")"
	check "that copies" guest_copies "$dev" $ROUNDS_COPY
done
for fn in "1 0" "2 1" "3 0"; do
	# shellcheck disable=SC2086 # two words
	dev=$(vpci_pci $fn)
	equal "$dev is a controller" "$NVME_ID" "$(guest_id "$dev")"
	check "with a disk" guest_nvme "$dev"
done
for bus in 0 1 2 3; do
	equal "bus $bus: nothing was against the rules" 0 "$(vpci_is $bus refused)"
	equal "all BARs have their place" 0 "$(vpci_is $bus bar_conflicts)"
	equal "the window was used as it should" 0 "$(vpci_is $bus window_errors)"
	equal "nothing was out of reach" 0 "$(vpci_is $bus dma_errors)"
	equal "no interrupt was lost" 0 "$(vpci_is $bus interrupts_lost)"
done

note "One of two goes, and comes again; Linux has no memory for it before it reboots"
must "the guest has time to let it go" vpci_patience 60000
n=0
while [ $n -lt $EJECTS ]; do
	n=$((n + 1))
	goes_and_comes $n
done
check "nothing was against the rules" vpci_clean 2
[ -z "${LONG:-}" ] || many_buses

note "The guest reboots"
must "it comes up" guest_reboot
# shellcheck disable=SC2086 # a list
must "with all of them" guest_vpci_is $ALL
check "on buses that have the same GUIDs" same_instances 0 1 2 3
check "a copy engine works" guest_copies "$ONE"
check "a disk is there" guest_nvme "$TWO"
check "and the one that has come again" guest_nvme "$(vpci_pci 2 1)"

note "A bus is offered again"
must "the host takes it back" vpci_ask "revoke 0"
must "the guest has lost it" guest_vpci_is "${ALL#* }"
must "it is offered again" vpci_ask "offer 0"
# shellcheck disable=SC2086 # a list
must "the guest has it" guest_vpci_is $ALL
check "with the same GUID" same_instances 0 1 2 3
check "its copy engine works" guest_copies "$ONE"
for bus in 0 1 2 3; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
	equal "no interrupt was lost" 0 "$(vpci_is $bus interrupts_lost)"
done
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
vpci_bed_down
