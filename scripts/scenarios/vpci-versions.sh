# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: hosts of each version of VPCI, 1.2 to 1.6: a disk, its data, and its interrupts
# limit: 400
# long-limit: 900
. ./lib.sh
. ./vpci.inc
. ./vpci-data.inc

# The last number of each
VERSIONS="2 3 4 5 6"
[ -z "${LONG:-}" ] || VERSIONS="2 3 4 5 6 5 4 3 2"

NVME=$(vpci_pci 0 0)

# bus_of MINOR: a bus with a controller, of a host that knows no later version than this
bus_of() {
	vpci_ask "bus 0" && vpci_add 0 0 nvme && vpci_ask "knob 0 max_version $((0x10000 + $1))" &&
		vpci_ask "offer 0"
}

# bus_ends: the host takes it back, and there is none any more when the relay has let it go
bus_ends() {
	vpci_ask "revoke 0" && wait_for "[ ! -d $VPCI_RELAY/offers/$(vpci_guid 0) ] &&
		[ ! -d $RELAY/offers/$(vpci_guid 0).0 ]" 20 && vpci_ask "unbus 0"
}

# created_by NUMBER OTHER: interrupts are by this request, and none by the other
created_by() {
	[ "$(vpci_is 0 "request_$1")" -gt 0 ] && [ "$(vpci_is 0 "request_$2")" = 0 ] && return
	grep -E "^request_($1|$2) " "$VPCI_BUSES/0"
	return 1
}

# no_fault: but that versions were refused
no_fault() {
	local name n bad=0

	for name in unknown broken bar_conflicts window_errors dma_errors interrupts_lost; do
		n=$(vpci_is 0 $name)
		[ "$n" = 0 ] || { echo "the host's $name is $n"; bad=1; }
	done
	for name in refused timeouts config_refused overlaps eject_timeouts; do
		n=$(vpci_relayed 0 guest_counters $name)
		[ "$n" = 0 ] || { echo "the guest's $name is $n"; bad=1; }
	done
	return $bad
}

# speaks MINOR: a round with a host whose latest version is 1.MINOR
speaks() {
	note "Version 1.$1"
	must "the host offers a controller" bus_of "$1"
	must "the guest has it" guest_vpci_is "$NVME"
	must "with a disk" guest_has_nvme "$NVME"
	equal "it has its ids" "$NVME_ID" "$(guest_id "$NVME")"
	equal "the relay speaks that version" "1.$1" "$(vpci_relayed 0 host_version)"
	equal "so does the host" "0x1000$1" "$(vpci_is 0 version)"
	equal "which was asked for all from the latest on" $((7 - $1)) "$(vpci_is 0 request_13)"
	equal "and has refused those before" $((6 - $1)) "$(vpci_is 0 refused)"
	# CREATE_INTERRUPT2, or from 1.4 on 3
	if [ "$1" -lt 4 ]; then
		check "interrupts are asked for in the old form" created_by 17 1b
	else
		check "interrupts are asked for in the new form" created_by 1b 17
	fi
	data_go 0.0
	must "the host wants it back" vpci_ask "eject 0 0"
	must "the guest lets it go" vpci_becomes 0 ejected 1
	must "and has it no more" guest_vpci_is
	equal "the host has its interrupts back" 0 "$(vpci_msis 0)"
	check "nothing else was against the rules" no_fault
	check "the host has done nothing wrong" vpci_host_well 0
	must "the bus ends" bus_ends
}

vpci_bed_up
# What a guest needs for it depends on the machine
must "the guest has time to let devices go" vpci_patience 60000
vpci_guest_up
for minor in $VERSIONS; do
	speaks "$minor"
done
# What is spoken on the other side is the guest's own choice
check "the guest has spoken 1.4 all the time" [ \
	"$(grep -a -c 'PCI VMBus probing: Using version 0x10004' $GUEST_LOG)" = \
	"$(echo "$VERSIONS" | wc -w)" ]
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
