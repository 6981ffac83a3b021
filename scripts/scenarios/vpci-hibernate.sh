# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
# desc: a stock Debian guest begins to hibernate: its VPCI buses leave D0, and come back
# limit: 400
# long-limit: 900
# image: debian-6.12
. ./lib.sh
. ./vpci.inc

# Linux makes its image with all devices frozen, for which hv_pci says D0_EXIT and closes
# its channel; then all are thawed, so that the image can be written.  Where there is no swap
# to write it to, the guest goes on.
GUEST_KERNEL=/debian/bzImage
GUEST_INITRD=/debian/initrd
GUEST_UP=240
GUEST_CPUS=1
TIMES=1
if [ -n "${LONG:-}" ]; then
	GUEST_UP=480
	TIMES=2
fi

COPY=$(vpci_pci 0 0)
NVME=$(vpci_pci 1 0)

# guest_said TEXT: how often its kernel has.  What it said during a command follows the answer.
guest_said() {
	guest_run : > /dev/null
	grep -a -c -e "$1" $GUEST_LOG
}

# hibernates: as far as it comes without swap, which is an error in the end
hibernates() {
	local status=0

	guest_run "echo disk > /sys/power/state" 180 || status=$?
	[ $status = 1 ]
}

write_data() {
	guest_run "dd if=/dev/urandom of=/dev/$DISK bs=1M count=4 conv=fsync 2> /dev/null" 60
}

data_sum() {
	guest_run "dd if=/dev/$DISK bs=1M count=4 iflag=direct 2> /dev/null | sha256sum" 60
}

# has_buses WHEN: both functions work
has_buses() {
	must "$1, the guest has both" guest_vpci_is "$COPY" "$NVME"
	must "with a disk" guest_has_nvme "$NVME"
	check "and a copy engine" guest_copies "$COPY" 1
}

vpci_bed_up
must "the host offers a bus with a copy engine" vpci_bus 0 copy
must "and one with a disk" vpci_bus 1 nvme
vpci_guest_up --memory 384
note "$(guest_run 'uname -rv')"
has_buses "At first"
must "data are written" write_data
sum=$(data_sum)

n=0
while [ $n -lt $TIMES ]; do
	n=$((n + 1))
	created=$(vpci_is 1 msis_created)
	had=$(vpci_msis 1)
	probed=$(guest_said 'PCI VMBus probing: Using version')
	must "the guest hibernates, time $n, and has nowhere to write to" hibernates
	equal "its image was made" $n "$(guest_said 'Creating image')"
	equal "and not written" $n "$(guest_said 'Cannot find swap device')"
	equal "both buses were negotiated anew" $((probed + 2)) \
		"$(guest_said 'PCI VMBus probing: Using version')"
	has_buses "After that"
	equal "the data are there" "$sum" "$(data_sum)"
	equal "the guest has as many interrupts" "$had" "$(vpci_msis 1)"
	check "which are new ones" [ "$(vpci_is 1 msis_created)" -ge $((created + had)) ]
	must "others are written" write_data
	sum=$(data_sum)
	for bus in 0 1; do
		equal "bus $bus: nothing was against the rules" 0 "$(vpci_is $bus refused)"
		equal "for the relay, too" 0 "$(vpci_relayed $bus guest_counters refused)"
		equal "the relay has opened it once" 1 "$(vpci_is $bus opens)"
	done
done
check "the host has done nothing wrong" vpci_host_well 0 1
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
