# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: an NVMe controller that the host offers is a SCSI disk of the guest, by VTL2's own driver
# limit: 500
# append: memmap=4M$0x60000000 pci=no_e820
. ./lib.sh
. ./vpci.inc
. ./disks.inc

# Memory of the machine that no kernel uses, for BARs: see kunit/testroot_vpci_vtl2.c
LOCAL_MEMORY=0x60000000-0x60400000
LOCAL="local class=1 subclass=8"
BEHIND=/dev/behind
PCI=/sys/bus/pci/devices
NVME=$(vpci_pci 0 0)
COPY=$(vpci_pci 0 1)
OFFER=$VPCI_RELAY/offers/$(vpci_guid 0)

# local_device SLOT STATE: what the relay says of a device, at once or soon
local_device() {
	wait_for "grep -q '^$1 .* $2\$' $OFFER/devices" 20 && return
	cat "$OFFER/devices"
	return 1
}

# local_disk: name of VTL2's block device, as soon as there is one
local_disk() {
	wait_for "ls -d $PCI/$NVME/nvme/nvme*/nvme*n1" 30 || return 1
	basename "$(ls -d "$PCI/$NVME"/nvme/nvme*/nvme*n1)"
}

local_gone() {
	wait_for "[ ! -e $PCI/$NVME ]" 30 || { ls -l "$PCI/$NVME/"; return 1; }
}

# local_serves: VTL2 has the disk, and the guest gets it; sets NODE
local_serves() {
	NODE=$(local_disk) || { not_ok "VTL2's driver has a disk" "$(ls "$PCI/$NVME")"; exit 1; }
	ok "VTL2's driver has $NODE"
	must "storvsp serves it" server_disk guest0 "$GUID_NVME" "/dev/$NODE" auto
}

local_adds() {
	vpci_ask "add 0 0 nvme $BEHIND vtl2"
}

# local_irqs: how many interrupts of such devices have come
local_irqs() {
	awk '/VPCI-MSI/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

# local_config BYTES: the beginning of configuration space, as programs read it
local_config() {
	dd if="$PCI/$NVME/config" bs="$1" count=1 2> /dev/null | hexdump -v -e '1/1 "%02x"'
}

windows_refused() {
	! (echo "$1" > "$VPCI_RELAY/local_memory") 2> /dev/null
}

# balanced: all interrupts that the host has given it has back
balanced() {
	wait_for "[ \"\$(vpci_is 0 msis_created)\" = \"\$(vpci_is 0 msis_deleted)\" ]" 10 && return
	echo "created $(vpci_is 0 msis_created), deleted $(vpci_is 0 msis_deleted)"
	return 1
}

vpci_bed_up
must "the host has a block device" null_disk "${BEHIND##*/}" $((DATA_MB + 64))
must "the guest may have copy engines" vpci_allow device=0xe9c0
must "controllers are to stay in VTL2" vpci_allow "$LOCAL"
must "the host makes a bus" vpci_ask "bus 0"
must "with a controller" local_adds
must "and offers it" vpci_ask "offer 0"
must "the relay connects with the host" relay_on

note "Memory for its BAR"
must "it is held without" local_device 00.0 "local held"
check "this kernel's own is refused" windows_refused 0x1000000-0x1100000
check "so is what a device has" windows_refused 0xfec00000-0xfec01000
check "and what is no range" windows_refused 0x60400000-0x60000000
equal "nothing has changed" none "$(cat "$VPCI_RELAY/local_memory")"
must "there is some" eval "echo $LOCAL_MEMORY > $VPCI_RELAY/local_memory"
must "the controller is on a bus of VTL2" local_device 00.0 "local $NVME"
check "the memory is in use" windows_refused none
equal "programs read its ids" 141411b1 "$(local_config 4)"
equal "its driver is that of any controller" nvme \
	"$(basename "$(readlink "$PCI/$NVME/driver")")"
local_serves
equal "it has all blocks" $(((DATA_MB + 64) * 2048)) "$(cat "/sys/block/$NODE/size")"
check "interrupts came" [ "$(local_irqs)" -gt 0 ]

note "The guest"
must "the guest starts" guest_start --vpci
must "the guest comes up" guest_wait_up
must "the guest has the disk, and nothing else" guest_lists "$GUID_NVME"
must "no PCI device" guest_vpci_is
disk_works "the disk" "$GUID_NVME"
sum=$SUM
equal "the bytes are in the host's block device" "$sum" "$(outside_sum $BEHIND)"
must "the guest reboots" guest_reboot
must "it has the disk" guest_lists "$GUID_NVME"
DISK=$(guest_disk "$GUID_NVME")
equal "it reads what it wrote" "$sum" "$(guest_sum "$DISK")"
must "the host adds a device for the guest, on the same bus" vpci_add 0 1 copy
must "the guest has that one" guest_vpci_is "$COPY"
check "it works" guest_copies "$COPY" 1
must "the host takes it back" vpci_ask "eject 0 1"
must "the guest lets it go" vpci_becomes 0 ejected 1
must "the guest has no PCI device" guest_vpci_is

note "Taken away in order"
must "the guest loses the disk" vmbus-target remove "$GUID_NVME"
must "it knows" guest_lists
must "the host wants the controller back" vpci_ask "eject 0 0"
must "VTL2 lets it go" vpci_becomes 0 ejected 2
must "and has it no more" local_gone
check "nor its interrupts" balanced
equal "none was lost" 0 "$(vpci_is 0 interrupts_lost)"
must "it comes again" local_adds
local_serves
must "the guest has the disk" guest_lists "$GUID_NVME"
DISK=$(guest_disk "$GUID_NVME")
equal "it reads what it wrote" "$sum" "$(guest_sum "$DISK")"

note "Wanted back in the middle of I/O, and torn out"
for how in eject remove; do
	must "the guest writes" guest_load "$GUID_NVME"
	sleep 2
	must "the host does: $how" vpci_ask "$how 0 0"
	must "VTL2 has it no more" local_gone
	must "the host has it back" wait_for "! grep -q '^fn 0 ' $VPCI_BUSES/0" 20
	check "the guest goes on" guest_run "echo still here"
	must "its disk is taken away" vmbus-target remove "$GUID_NVME"
	must "it knows" guest_lists
	check "all interrupts are back" balanced
	must "the controller comes again" local_adds
	local_serves
	must "the guest has the disk" guest_lists "$GUID_NVME"
	disk_works "the disk" "$GUID_NVME"
	equal "the bytes are there" "$SUM" "$(outside_sum $BEHIND)"
done
equal "what was ejected was given back" 3 "$(vpci_is 0 ejected)"

note "The rule goes"
must "the disk goes" vmbus-target remove "$GUID_NVME"
must "the guest knows" guest_lists
must "controllers are not kept any more" vpci_forbid "$LOCAL"
must "nobody has it" local_device 00.0 denied
must "VTL2 neither" local_gone
check "the guest has not seen it" guest_vpci_is
must "the memory is free" wait_for "echo none > $VPCI_RELAY/local_memory" 10
must "and given again" eval "echo $LOCAL_MEMORY > $VPCI_RELAY/local_memory"
must "controllers are kept" vpci_allow "$LOCAL"
must "the controller is there" local_device 00.0 "local $NVME"
must "with its disk" local_disk

note "The bus goes"
must "the host takes it back" vpci_ask "revoke 0"
must "VTL2 has it no more" local_gone
must "it is offered again" vpci_ask "offer 0"
must "the controller is there" local_disk
equal "nothing was against the rules" 0 "$(vpci_is 0 refused)"
equal "no channel broke" 0 "$(vpci_is 0 broken)"
equal "all data was in reach" 0 "$(vpci_is 0 dma_errors)"
equal "no BAR was where it cannot be" 0 "$(vpci_is 0 bar_conflicts)"
check "nothing failed in VTL2" grep -qx "interrupt_failures 0" "$OFFER/local_counters"
check "the guest's server had nothing to complain of" server_clean guest0
must "the host takes the bus back" vpci_ask "revoke 0"
must "VTL2 has it no more" local_gone
vpci_bed_down
check "the host's block device goes" null_disks_gone
