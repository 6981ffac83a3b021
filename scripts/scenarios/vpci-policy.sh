# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: which PCI devices of the host the guest may have: others it never sees
# limit: 300
. ./lib.sh
. ./vpci.inc

COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 1 0)
MIXED_COPY=$(vpci_pci 2 0)
MIXED_NVME=$(vpci_pci 2 1)

TRACE=/sys/kernel/tracing

# seen: the guest's kernel has said something of a copy engine
seen() {
	grep -a -i '1414:e9c0' $GUEST_LOG
}

never_seen() {
	! seen
}

decisions_traced() {
	echo vpci_relay:vpci_policy > $TRACE/set_event
}

# decisions BUS SLOT: all that were made about what is there, in order: who gets it, and the
# number of the rule
decisions() {
	local device

	device="$(vpci_guid "$1") slot=$(printf '0x%x' "$2")"
	sed -n -E "s/.* vpci_policy: $device .* ([a-z]+) by=(.*)/\1 \2/p" $TRACE/trace |
		sed 's/ *$//' | tr '\n' ';'
}

# decided BUS SLOT DECISIONS
decided() {
	equal "bus $1, slot $2: each decision has left a trace, and nothing else" "$3" \
		"$(decisions "$1" "$2")"
}

# asked BUS TIMES: so often the guest was to let something go
asked() {
	equal "bus $1: the guest was asked for what it has let go" "$2" \
		"$(vpci_relayed "$1" guest_counters ejects)"
}

# rules_are TEXT: these there are, and no others
rules_are() {
	[ "$(cat "$VPCI_RELAY/rules")" = "$1" ] && return
	echo "rules: $(cat "$VPCI_RELAY/rules")"
	return 1
}

# bad_rule TEXT: refused, and the list stays
bad_rule() {
	local rules

	rules=$(cat "$VPCI_RELAY/rules")
	! (echo "$1" > "$VPCI_RELAY/add_rule") 2> /dev/null &&
		rules_are "$rules"
}

# bad_windows START-END: refused, and they stay
bad_windows() {
	! (echo "$1" > "$VPCI_RELAY/windows") 2> /dev/null &&
		[ "$(cat "$VPCI_RELAY/windows")" = $VPCI_WINDOWS ]
}

vpci_bed_up
# What a busy guest needs for it depends on the machine
must "the guest has time to let devices go" vpci_patience 60000
must "decisions leave a trace" decisions_traced
# This kernel's own memory, a device that it has, and half a window
for range in 0x1000000-0x1100000 0xfec00000-0xfec02000 0xfe00000000-0xfe00001000; do
	check "no windows are in $range" bad_windows $range
done
must "only NVMe controllers are allowed" vpci_allow nvme
check "as the list says" rules_are "class=0x01 subclass=0x08 prog-if=0x02"
for rule in "" class=256 "vendor=0x1414 vendor=0x1414" floppy "device=" "vendor=x" \
	local "local nvme class=1"; do
	check "\"$rule\" is no rule" bad_rule "$rule"
done
must "the host offers a copy engine" vpci_bus 0 copy
must "a controller" vpci_bus 1 nvme
must "and a bus with both" vpci_bus 2 copy nvme
vpci_guest_up
must "the guest has the controllers alone" guest_vpci_is "$NVME" "$MIXED_NVME"
sleep 3
equal "and later no more" "$NVME $MIXED_NVME" "$(guest_vpci)"
check "the other two it has never seen" never_seen
equal "nobody has touched them" 0 "$(vpci_is 0 dma_bytes)"
equal "nor their BARs" 0 "$(vpci_is 0 bar_writes)"
check "a disk works" guest_nvme "$NVME"
for bus in 0 2; do
	decided $bus 0 "denied -1;"
done
decided 1 0 "allowed 0;"
decided 2 1 "allowed 0;"

note "The list changes while the guest runs"
must "copy engines are allowed" vpci_allow "vendor=0x1414 device=0xe9c0"
must "the guest has all" guest_vpci_is "$COPY" "$NVME" "$MIXED_COPY" "$MIXED_NVME"
check "one works" guest_copies "$COPY"
check "and of these the guest's kernel says something" seen
decided 1 0 "allowed 0;"
note "Linux has no memory for the other, which has come to a bus that it knew"
must "they are not any more" vpci_forbid "vendor=0x1414 device=0xe9c0"
must "the guest has let them go" guest_vpci_is "$NVME" "$MIXED_NVME"
asked 0 1
asked 1 0
asked 2 1
check "a disk works" guest_nvme "$MIXED_NVME"
must "all are allowed" vpci_forbid nvme
must "the guest has all" guest_vpci_is "$COPY" "$NVME" "$MIXED_COPY" "$MIXED_NVME"
check "one works again" guest_copies "$COPY"

note "What comes is looked at, too"
must "only copy engines are allowed" vpci_allow "device=0xe9c0"
must "the guest has let the others go" guest_vpci_is "$COPY" "$MIXED_COPY"
must "a controller comes" vpci_add 0 1 nvme
must "a copy engine comes" vpci_add 0 2 copy
must "the guest has the latter" guest_vpci_is "$COPY" "$(vpci_pci 0 2)" "$MIXED_COPY"
for bus in 0 1 2; do
	asked $bus $((1 + bus / 2))
done
# The rules in turn: the second allows it, it goes, all go, the first of others allows it
for bus in 0 2; do
	decided $bus 0 "denied -1;allowed 1;denied -1;allowed -1;allowed 0;"
done
# The first allows it, all go, there is none for it among the others
decided 1 0 "allowed 0;allowed -1;denied -1;"
decided 2 1 "allowed 0;allowed -1;denied -1;"
decided 0 1 "denied -1;"
decided 0 2 "allowed 0;"

note "VTL2 keeps some, and has no addresses for them"
must "it keeps controllers" vpci_allow "local nvme"
check "as the relay says" wait_for "vpci_relayed 1 devices | grep -q ' local held\$'" 20
must "copy engines are not allowed any more" vpci_forbid "device=0xe9c0"
must "the guest has none, and nothing else" guest_vpci_is
decided 0 0 "denied -1;allowed 1;denied -1;allowed -1;allowed 0;denied -1;"
decided 0 2 "allowed 0;denied -1;"
must "nor are controllers kept" vpci_forbid "local nvme"
must "without a rule the guest has all" guest_vpci_is "$COPY" "$(vpci_pci 0 1)" \
	"$(vpci_pci 0 2)" "$NVME" "$MIXED_COPY" "$MIXED_NVME"
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
