# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: PCI devices are ejected, idle and under I/O, come again, are torn out, and replaced
# limit: 400
# long-limit: 3600
# append: kmemleak=on
. ./lib.sh
. ./vpci.inc
. ./load.inc
. ./leak.inc

EJECTS=4
TEARS=2
if [ -n "${LONG:-}" ]; then
	EJECTS=100
	TEARS=4
fi

FIRST=$(vpci_pci 0 0)
PAIR=$(vpci_pci 0 1)
OTHER=$(vpci_pci 2 0)
NVME=$(vpci_pci 1 0)
BUSY=$(vpci_pci 3 0)

# serial_changes SERIAL: the guest's controller has another one than this, at once or soon
serial_changes() {
	wait_for "serial=\$(guest_nvme_serial $NVME) && [ -n \"\$serial\" ] &&
		[ \"\$serial\" != '$1' ]" 60 && return
	echo "the serial number is $(guest_nvme_serial "$NVME")"
	return 1
}

# ejected BUS TIMES: the host has got it back so often, and the guest was in time with it
ejected() {
	vpci_becomes "$1" ejected "$2" &&
	wait_for "[ \"\$(vpci_relayed $1 guest_counters eject_timeouts)\" = 0 ]" 1
}

# copies_busily: the copy engine that is to go copies without an end
copies_busily() {
	guest_run "rm -f /tmp/ended.copy; (vpci-copy $OTHER $FREE_AT 1000000 > /tmp/copy 2>&1;
		echo \$? > /tmp/ended.copy) > /dev/null 2>&1 &"
}

# copies_go BYTES: it has moved data since the host said so many
copies_go() {
	wait_for "[ \"\$(vpci_is 2 dma_bytes)\" -gt $1 ]" 30 && return
	guest_run "cat /tmp/copy"
	return 1
}

# copies_ended: with the engine, and who used it has heard of that.  The memory that was copied
# is another's now.
copies_ended() {
	guest_run "for i in \$(seq 900); do [ ! -s /tmp/ended.copy ] || break; sleep 0.1; done;
		cat /tmp/copy; read -r status < /tmp/ended.copy && [ \$status != 0 ]" 120
}

# eject_copy N: round N of all, a copy engine is ejected while it copies
eject_copy() {
	local moved

	moved=$(vpci_is 2 dma_bytes)
	must "round $1: the guest has a copy engine copy" copies_busily
	must "it does" copies_go "$moved"
	must "the host wants it back" vpci_ask "eject 2 0"
	must "the guest lets it go" ejected 2 $((($1 + 1) / 2))
	must "and has it no more" guest_vpci_is "$FIRST" "$NVME" "$BUSY"
	must "who used it has heard of it" copies_ended
	check "another works" guest_copies "$FIRST" 1
	must "it comes again" vpci_add 2 0 copy
	must "the guest has it" guest_vpci_is "$FIRST" "$NVME" "$OTHER" "$BUSY"
}

# eject_busy N: a disk is ejected under I/O
eject_busy() {
	must "round $1: the guest has a disk" guest_has_nvme "$BUSY"
	must "and writes to it" guest_busy "$DISK"
	must "the host wants it back" vpci_ask "eject 3 0"
	must "the guest lets it go" ejected 3 $(($1 / 2))
	must "and has it no more" guest_vpci_is "$FIRST" "$NVME" "$OTHER"
	must "who used it has heard of it" guest_was_busy "$DISK"
	must "it comes again" vpci_add 3 0 nvme
	must "the guest has it" guest_vpci_is "$FIRST" "$NVME" "$OTHER" "$BUSY"
}

leak_start
vpci_bed_up
# What a busy guest needs for it depends on the machine
must "the guest has time to let devices go" vpci_patience 60000
must "the host offers a bus with two copy engines" vpci_bus 0 copy copy
must "and one with a disk" vpci_bus 1 nvme
must "and another" vpci_bus 3 nvme
vpci_guest_up
must "and one with another copy engine" vpci_bus 2 copy
must "the guest has them" guest_vpci_is "$FIRST" "$PAIR" "$NVME" "$OTHER" "$BUSY"

note "One of two goes"
must "the host wants it back" vpci_ask "eject 0 1"
must "the guest lets it go" ejected 0 1
must "and has the others" guest_vpci_is "$FIRST" "$NVME" "$OTHER" "$BUSY"

note "Ejected, and back again, beside a disk under load"
must "the guest has the disk that stays" guest_has_nvme "$NVME"
must "load on it" load_disk stays "$DISK"
n=0
while [ $n -lt $EJECTS ]; do
	n=$((n + 1))
	if [ $((n % 2)) = 1 ]; then
		eject_copy $n
	else
		eject_busy $n
	fi
	check "the load goes on" load_runs stays 1
done
equal "the guest was asked for the copy engine once a round" $((n / 2)) \
	"$(vpci_relayed 2 guest_counters ejects)"
equal "and for the disk" $((n / 2)) "$(vpci_relayed 3 guest_counters ejects)"
equal "for the one of two once" 1 "$(vpci_relayed 0 guest_counters ejects)"
equal "and never for the disk that stays" 0 "$(vpci_relayed 1 guest_counters ejects)"
check "the last copy engine works" guest_copies "$OTHER" 1
check "the last disk works" guest_has_nvme "$BUSY"
check "the load had no error" load_stop stays
for bus in 0 1 2 3; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
done
must "the disk is gone" vpci_ask "revoke 3"
must "the guest has lost it" guest_vpci_is "$FIRST" "$NVME" "$OTHER"

note "Torn out"
n=0
while [ $n -lt $TEARS ]; do
	n=$((n + 1))
	must "round $n: a copy engine is gone" vpci_ask "remove 2 0"
	must "the guest has lost it" guest_vpci_is "$FIRST" "$NVME"
	check "the other works" guest_copies "$FIRST" 1
	must "another comes" vpci_add 2 0 copy
	must "the guest has it" guest_vpci_is "$FIRST" "$NVME" "$OTHER"
	check "it works" guest_copies "$OTHER" 1
done

note "A disk, in the middle of I/O"
must "the guest has it" guest_has_nvme "$NVME"
must "and writes to it without an end" guest_busy "$DISK"
must "it is gone" vpci_ask "remove 1 0"
must "the guest has lost it" guest_vpci_is "$FIRST" "$OTHER"
check "who used it has heard of it" guest_was_busy "$DISK"
must "it comes again" vpci_add 1 0 nvme
must "the guest has it" guest_vpci_is "$FIRST" "$NVME" "$OTHER"
DISK=$(guest_nvme "$NVME") || { not_ok "and a disk" "$DISK"; exit 1; }

note "Another in its place"
old=$(guest_nvme_serial "$NVME")
must "the host replaces it" vpci_ask "replace 1 0 0xabcdef"
check "the guest has the new one" serial_changes "$old"
new=$(guest_nvme_serial "$NVME")
check "with a disk" guest_nvme "$NVME"
must "the host does so again" vpci_ask "replace 1 0 0x1234567"
check "the guest has another" serial_changes "$new"
must "and a third time with a copy engine" vpci_ask "replace 0 0 0x77"
must "the guest has all of them" guest_vpci_is "$FIRST" "$NVME" "$OTHER"
check "the new one works" guest_copies "$FIRST" 1

note "The whole bus"
must "the host takes it back" vpci_ask "revoke 0"
must "the guest has lost it" guest_vpci_is "$NVME" "$OTHER"
must "it is offered again" vpci_ask "offer 0"
must "the guest has it" guest_vpci_is "$FIRST" "$NVME" "$OTHER"
check "its copy engine works" guest_copies "$FIRST" 1
for bus in 0 1 2; do
	equal "bus $bus: nothing was against the rules" 0 "$(vpci_is $bus refused)"
	equal "no channel broke" 0 "$(vpci_is $bus broken)"
done
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
check "nothing leaked" no_leak
