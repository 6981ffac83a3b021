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

# never_seen: the guest's kernel has not said a word of a copy engine
never_seen() {
	! grep -a -i '1414:e9c0' $GUEST_LOG
}

# bad_rule TEXT: refused, and the list stays
bad_rule() {
	! (echo "$1" > "$VPCI_RELAY/add_rule") 2> /dev/null
}

vpci_bed_up
for rule in "" class=256 "vendor=0x1414 vendor=0x1414" floppy "device=" "vendor=x"; do
	check "\"$rule\" is no rule" bad_rule "$rule"
done
must "only NVMe controllers are allowed" vpci_allow nvme
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

note "The list changes while the guest runs"
must "copy engines are allowed" vpci_allow "vendor=0x1414 device=0xe9c0"
must "the guest has all" guest_vpci_is "$COPY" "$NVME" "$MIXED_COPY" "$MIXED_NVME"
check "one works" guest_copies "$COPY"
note "Linux has no memory for the other, which has come to a bus that it knew"
must "they are not any more" vpci_forbid "vendor=0x1414 device=0xe9c0"
must "the guest has let them go" guest_vpci_is "$NVME" "$MIXED_NVME"
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
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
