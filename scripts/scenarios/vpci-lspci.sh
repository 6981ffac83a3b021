# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: lspci in the guest says of the host's functions what they are
# only: long
# limit: 240
# image: pci
. ./lib.sh
. ./vpci.inc

cat "$GUEST_INITRD" /pci/initrd > /tmp/pci.initrd
GUEST_INITRD=/tmp/pci.initrd
COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 0 1)
OTHER=$(vpci_pci 1 5)

# It complains that a guest has no directory of modules.
guest_lspci() {
	guest_run "lspci -vvvn -s $1 2> /dev/null" 60
}

# host_lspci BUS SLOT DEVICE: the same of the host's configuration space
host_lspci() {
	{
		echo "$3 of the host"
		vpci_is "$1" "config $2"
	} > /tmp/config
	lspci -F /tmp/config -vvvn 2> /dev/null
}

# in_common: without what the guest's kernel knows from elsewhere.  There is no size in
# configuration space, and the upper half of a BAR looks like ports.
in_common() {
	grep -v -e 'Interrupt: ' -e 'NUMA node: ' -e 'Physical Slot: ' -e 'Kernel driver' \
		-e 'IOMMU group: ' -e 'I/O ports at <unassigned>' | sed 's/ \[size=[^]]*\]//'
}

# says DEVICE PATTERN...: a line for each, and no other BAR or capability
says() {
	local device=$1 said line kind n want bad=0
	shift

	said=$(guest_lspci "$device")
	for line; do
		echo "$said" | grep -q -E -e "$line" || { echo "not: $line"; bad=1; }
	done
	for kind in "Region " "Capabilities: "; do
		n=$(echo "$said" | grep -c -e "$kind")
		want=$(printf '%s\n' "$@" | grep -c -e "$kind")
		[ "$n" = "$want" ] || { echo "$n lines of $kind, not $want"; bad=1; }
	done
	[ $bad = 0 ] || echo "$said"
	return $bad
}

# same WHAT BUS SLOT DEVICE
same() {
	equal "$1" "$(host_lspci "$2" "$3" "$4" | in_common)" "$(guest_lspci "$4" | in_common)"
}

# copy_is DEVICE: as kunit/endpoint_copy.c has it
copy_is() {
	check "$1 is what the copy engine describes" says "$1" \
		"^$1 0880: 1414:e9c0 \(rev 01\)" \
		'Subsystem: 1414:0001$' \
		'Region 0: Memory at [0-9a-f]+ \(32-bit, non-prefetchable\).* \[size=4K\]$' \
		'Region 2: Memory at [0-9a-f]+ \(64-bit, prefetchable\).* \[size=64K\]$' \
		'Region 4: Memory at [0-9a-f]+ \(32-bit, non-prefetchable\).* \[size=4K\]$' \
		'Capabilities: \[40\] MSI-X: Enable- Count=8 Masked-$' \
		'Vector table: BAR=4 offset=00000000$' \
		'PBA: BAR=4 offset=00000800$' \
		'Capabilities: \[4c\] MSI: Enable- Count=1/8 Maskable\+ 64bit\+$'
}

# nvme_is DEVICE VECTORS: as kunit/endpoint_nvme.c has it, with the driver at work
nvme_is() {
	check "$1 is what the controller describes" says "$1" \
		"^$1 0108: 1414:b111 \(rev 01\) \(prog-if 02" \
		'Subsystem: 1414:0001$' \
		'Control: I/O- Mem\+ BusMaster\+ ' \
		'Region 0: Memory at [0-9a-f]+ \(64-bit, non-prefetchable\) \[size=16K\]$' \
		'Capabilities: \[40\] Express \(v2\) Root Complex Integrated Endpoint, ' \
		'ExtTag- RBE\+ FLReset\+' \
		"Capabilities: \[7c\] MSI-X: Enable\+ Count=$2 Masked-\$" \
		'Vector table: BAR=0 offset=00002000$' \
		'PBA: BAR=0 offset=00003000$' \
		'Kernel driver in use: nvme$'
}

vpci_bed_up
must "the host offers a bus with two" vpci_bus 0 copy nvme
must "and another" vpci_ask "bus 1"
must "with a controller with more queues" vpci_add 1 5 nvme queues=7
must "that is offered" vpci_ask "offer 1"
vpci_guest_up
must "the guest has all" guest_vpci_is "$COPY" "$NVME" "$OTHER"
must "with a disk" guest_has_nvme "$NVME"
must "and another" guest_has_nvme "$OTHER"
equal "lspci lists them" "$COPY $NVME $OTHER" \
	"$(guest_run "lspci -n 2> /dev/null | cut -d ' ' -f 1" 60 | xargs)"

copy_is "$COPY"
nvme_is "$NVME" 5
nvme_is "$OTHER" 8
check "the copy engine works" guest_copies "$COPY" 1

note "The same program, and the host's configuration space"
same "the copy engine is as the host has it" 0 0 "$COPY"
same "the controller, too" 0 1 "$NVME"
same "and the other" 1 5 "$OTHER"
copy_is "$COPY"
check "nothing of that was against the rules" vpci_clean 0 1
vpci_bed_down
