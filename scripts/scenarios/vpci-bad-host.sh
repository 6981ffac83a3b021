# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a VPCI bus of the host misbehaves: that is told, others go on, and it may come again
# limit: 400
# long-limit: 1800
. ./lib.sh
. ./vpci.inc
. ./load.inc

GOOD=$(vpci_pci 0 0)
BAD=$(vpci_pci 1 0)

# Types of requests, for the knob "only"
REQUIREMENTS=0x05
D0_ENTRY=0x07
VERSION=0x13
ASSIGNED=0x16
CREATE=0x1b

# Longer than the relay waits for an answer about the bus
PATIENCE_S=60

# knobs [NAME VALUE]...
knobs() {
	while [ $# -gt 0 ]; do
		vpci_ask "knob 1 $1 $2" || return 1
		shift 2
	done
}

# bad_bus copy|nvme [NAME VALUE]...: a bus that is offered with these knobs
bad_bus() {
	local what=$1
	shift

	vpci_ask "bus 1" && vpci_add 1 0 "$what" && knobs "$@" && vpci_ask "offer 1"
}

# bus_gone: the host takes it back, and the relay has let it go
bus_gone() {
	vpci_ask "revoke 1" && wait_for "[ ! -d $VPCI_RELAY/offers/$(vpci_guid 1) ] &&
		[ ! -d $RELAY/offers/$(vpci_guid 1).0 ]" 20
}

# bus_ends: and there is none of this number any more
bus_ends() {
	bus_gone && vpci_ask "unbus 1"
}

# counted NAME VALUE: of what the host did, at once or soon
counted() {
	wait_for "[ \"\$(vpci_relayed 1 host_counters $1)\" = '$2' ]" 20 && return
	echo "$1 is $(vpci_relayed 1 host_counters "$1"), not $2"
	return 1
}

# guest_refused N: so many requests of the guest at least have failed, at once or soon
guest_refused() {
	wait_for "[ \"\$(vpci_relayed 1 guest_counters refused)\" -ge $1 ]" 30
}

# seen: if there is time for that, the guest gets it, too
seen() {
	[ -z "${LONG:-}" ] || must "the guest has it" guest_vpci_is "$GOOD" "$BAD"
}

# recovers: the same function with a host that behaves; then all of it goes.  Whether the guest
# gets it is not looked at each time if there is little time: a rule keeps it.
recovers() {
	must "the bus goes" bus_gone
	must "the host behaves" knobs only 0 times 0 late 0 silent 0 short 0 status 0 trans 0 \
		version 0 masks 0 max_version 0 fail_open 0 fail_interrupt 0
	must "it comes again" vpci_ask "offer 1"
	must "the relay can use it" vpci_state 1 ready
	equal "one function is there" 1 "$(vpci_relayed 1 devices | wc -l)"
	check "the host has done nothing wrong" vpci_host_well 1
	seen
	[ -z "${LONG:-}" ] || check "and it works" guest_copies "$BAD" 1
	must "the bus ends" bus_ends
	must "the guest has the other" guest_vpci_is "$GOOD"
}

# spoilt WHY SECONDS NAME VALUE...: with these knobs the bus is of no use
spoilt() {
	local why=$1 patience=$2
	shift 2

	note "$*"
	must "the host offers a bus" bad_bus copy "$@"
	check "the relay gives it up" vpci_state 1 "failed: $why" "$patience"
	check "which is counted" counted failures 1
	equal "the guest has never had it" "$GOOD" "$(guest_vpci)"
	recovers
}

# useless SECONDS NAME VALUE...: with these knobs the function cannot be used, and the bus can
useless() {
	local patience=$1
	shift

	note "$*"
	must "the host offers a bus" bad_bus copy "$@"
	check "the relay has it" vpci_state 1 ready "$patience"
	check "but not its function" counted unprepared 1
	equal "nobody sees that" "" "$(vpci_relayed 1 devices)"
	check "nothing else is wrong" counted failures 0
	equal "the guest has never had it" "$GOOD" "$(guest_vpci)"
	recovers
}

# told WHY HEXADECIMAL: the host says that on a bus that works, and has spoilt it
told() {
	note "$1"
	must "the host offers a bus" bad_bus copy
	must "the relay can use it" vpci_state 1 ready
	seen
	must "the host says what it must not" vpci_ask "say 1 inband 0 $2"
	check "the relay gives it up" vpci_state 1 "failed: $1"
	check "which is counted" counted failures 1
	must "the guest has the other alone" guest_vpci_is "$GOOD"
	recovers
}

# changed WHAT HEXADECIMAL: the host says that, and the relay wants to hear what the bus has
changed() {
	local asked lists

	asked=$(vpci_is 1 request_01)
	lists=$(vpci_is 1 relations)
	must "the host says that $1 has changed" vpci_ask "say 1 inband 0 $2"
	check "the relay asks once for its list" vpci_becomes 1 request_01 $((asked + 1))
	check "and gets it" vpci_becomes 1 relations $((lists + 1))
}

# speaks VERSION TEXT: the host's best one
speaks() {
	must "a host with version $2 offers a bus" bad_bus copy max_version "$1"
	must "the relay can use it" vpci_state 1 ready
	equal "in that version" "$2" "$(vpci_relayed 1 host_version)"
	equal "with its function" 1 "$(vpci_relayed 1 devices | wc -l)"
	check "the host has done nothing wrong" vpci_host_well 1
	seen
	must "the bus ends" bus_ends
	must "the guest has the other" guest_vpci_is "$GOOD"
}

# guest_patience SECONDS: after that Linux polls for what it waits for of controllers that come
guest_patience() {
	guest_run "echo $1 > /sys/module/nvme_core/parameters/admin_timeout"
}

# has_disk: also one that comes by polling
has_disk() {
	guest_has_nvme "$BAD" || guest_has_nvme "$BAD"
}

# disk_comes WHAT [NAME VALUE]...: a controller with these knobs is of use for the guest
disk_comes() {
	local what=$1
	shift

	note "$what"
	must "the host offers a controller" bad_bus nvme "$@"
	must "the guest has it" guest_vpci_is "$GOOD" "$BAD"
	must "with a disk" has_disk
	check "that can be read" guest_reads "$DISK"
	check "after interrupts" [ "$(vpci_is 1 interrupts)" -gt 0 ]
}

# guest_msis: how many that controller has
guest_msis() {
	guest_run "ls /sys/bus/pci/devices/$BAD/msi_irqs | wc -l"
}

# disk_goes: that controller
disk_goes() {
	must "the bus ends" bus_ends
	must "the guest has the other" guest_vpci_is "$GOOD"
	check "the load goes on" load_runs good 1
}

vpci_bed_up
[ -n "${LONG:-}" ] || must "the guest may have controllers alone" vpci_allow nvme
must "the host offers a bus with a disk" vpci_bus 0 nvme
vpci_guest_up
must "the guest has it" guest_vpci_is "$GOOD"
must "with a disk" guest_has_nvme "$GOOD"
must "load on it" load_disk good "$DISK"

note "The bus is of no use"
spoilt "an answer without a status" 20 only $VERSION short 8
spoilt "the host has failed" 20 only $VERSION status 0xc0000001
spoilt "the host speaks no version that we do" 20 max_version 0x10001
spoilt "the host has failed" 20 only $D0_ENTRY status 0xc00000c0
spoilt "requirements too short" 20 only $REQUIREMENTS short 8
if [ -n "${LONG:-}" ]; then
	spoilt "the host does not answer" $PATIENCE_S only $VERSION silent 1
	spoilt "the host does not answer" $PATIENCE_S only $D0_ENTRY silent 1
	spoilt "the host does not answer" $PATIENCE_S only $VERSION trans 1000
fi
check "the load goes on" load_runs good 1

note "An answer to another question"
must "the host offers a bus" bad_bus copy only $VERSION trans 1000
check "the relay counts it" counted unknown_answers 1
check "and waits" vpci_state 1 connecting
recovers

note "The host has not let go of the last client yet"
must "it offers a bus" bad_bus copy only $D0_ENTRY status 0xc00000c0 times 1
check "the relay can use it" vpci_state 1 ready
equal "after it has said goodbye" 1 "$(vpci_is 1 request_08)"
seen
recovers

note "The channel cannot be opened"
refused=$(cat "$VPCI_RELAY/offers_refused")
must "the host offers a bus" bad_bus copy fail_open 1
check "the relay refuses the offer" wait_for \
	"[ \$(cat $VPCI_RELAY/offers_refused) -gt $refused ]" 20
recovers

note "The function is of no use"
useless 20 only $REQUIREMENTS status 0xc0000001
useless 20 only $ASSIGNED status 0xc000009a
# Ports; a last BAR of 64 bits; an unknown type; holes; no address; more than all memory
useless 20 only $REQUIREMENTS masks 1 mask0 0xfffffff1
useless 20 only $REQUIREMENTS masks 0x20 mask5 0xfffff004
useless 20 only $REQUIREMENTS masks 1 mask0 0xfffff006
useless 20 only $REQUIREMENTS masks 1 mask0 0xfff0f000
useless 20 only $REQUIREMENTS masks 0xc mask2 0xc mask3 0
useless 20 only $REQUIREMENTS masks 0xc mask2 0xc mask3 0x80000000
if [ -n "${LONG:-}" ]; then
	useless $PATIENCE_S only $REQUIREMENTS silent 1
	useless $PATIENCE_S only $ASSIGNED silent 1
fi
check "the load goes on" load_runs good 1

note "The host says what it likes"
must "the host offers a bus" bad_bus copy
must "the relay can use it" vpci_state 1 ready
seen
must "the host wants back what is not there" vpci_ask "say 1 inband 0 0b00494207000000"
check "which is counted" counted strays 1
must "it says what nobody knows" vpci_ask "say 1 inband 0 ff004942"
check "which is counted" counted unknown_messages 1
must "it answers to nothing" vpci_ask "say 1 completion 0x123456789 0000000000000000"
check "which is counted" counted unknown_answers 1
changed "the bus" 03004942
changed "the device" 0200494200000000
check "the bus is as before" vpci_state 1 ready
equal "with its function" 1 "$(vpci_relayed 1 devices | wc -l)"
check "without a failure" counted failures 0
recovers
told "a message without a type" ""
told "a message about a slot that cannot be" 0b004942ff000000
told "two devices in one slot" "1900494202000000$(printf '%0112d' 0)"
told "a device in a slot that cannot be" \
	"1900494201000000000000000000000000000000ff000000$(printf '%024d' 0)"
check "the load goes on" load_runs good 1

note "Versions"
speaks 0x10002 1.2
speaks 0x10003 1.3
speaks 0x10004 1.4
speaks 0x10005 1.5
speaks 0x10006 1.6
disk_comes "The oldest version" max_version 0x10002
equal "is that" 1.2 "$(vpci_relayed 1 host_version)"
disk_goes
if [ -n "${LONG:-}" ]; then
	disk_comes "Another version" max_version 0x10003
	disk_goes
	disk_comes "The version of later interrupts" max_version 0x10004
	disk_goes
fi
disk_comes "A version that there is not is named" version 0x20000
equal "which does not matter" 1.6 "$(vpci_relayed 1 host_version)"
disk_goes

disk_comes "A slow host" late 200
check "each answer was late" [ "$(vpci_is 1 misbehaved)" -gt 5 ]
check "which is not wrong" vpci_host_well 1
disk_goes

note "No interrupts"
must "the guest waits less" guest_patience 2
must "the host offers a controller" bad_bus nvme fail_interrupt 1
must "the guest has it" guest_vpci_is "$GOOD" "$BAD"
check "it gets no interrupt" guest_refused 1
equal "none was created" 0 "$(vpci_is 1 msis_created)"
check "the bus is as before" vpci_state 1 ready
check "without a failure" counted failures 0
check "the load goes on" load_runs good 1
must "the bus goes" bus_gone
must "the guest has the other" guest_vpci_is "$GOOD"
must "there are some" knobs fail_interrupt 0
must "the guest waits as ever" guest_patience 60
must "it comes again" vpci_ask "offer 1"
must "the guest has it" guest_vpci_is "$GOOD" "$BAD"
must "with a disk" guest_has_nvme "$BAD"
check "that can be read" guest_reads "$DISK"
disk_goes
if [ -n "${LONG:-}" ]; then
	must "the guest waits less" guest_patience 2
	# The relay has given the guest an answer before; what comes later is given back
	disk_comes "An interrupt comes too late" only $CREATE late 8000 times 1
	equal "the guest was not kept waiting" 1 "$(vpci_relayed 1 guest_counters timeouts)"
	wait_for "[ \"\$(guest_msis)\" = \"\$(vpci_msis 1)\" ]" 20
	equal "the late one is deleted" "$(guest_msis)" "$(vpci_msis 1)"
	disk_goes
	disk_comes "It does not come at all" only $CREATE silent 1 times 1
	equal "the guest was not kept waiting" 1 "$(vpci_relayed 1 guest_counters timeouts)"
	disk_goes
	note "An answer about one that is cut short"
	must "the host offers a controller" bad_bus nvme only $CREATE short 8
	check "the relay gives the bus up" vpci_state 1 "failed: an interrupt too short" 30
	must "the guest has lost it" guest_vpci_is "$GOOD"
	must "the bus ends" bus_ends
	must "the guest waits as ever" guest_patience 60
	check "the load goes on" load_runs good 1
fi

note "In the end"
[ -n "${LONG:-}" ] || must "the guest may have all" vpci_forbid nvme
must "the host offers a bus" bad_bus copy
must "the guest has it" guest_vpci_is "$GOOD" "$BAD"
check "it works" guest_copies "$BAD"
check "the load had no error" load_stop good
check "the bus of the load has done nothing wrong" vpci_host_well 0
check "nor had the guest's driver there" vpci_clean 0
check "the guest's server had nothing to complain of" server_heard guest0
vpci_bed_down
