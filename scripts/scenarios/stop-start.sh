# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the VMBus of a running guest is stopped and started while its disks and its NIC are in use
# limit: 500
# image: network
. ./lib.sh
. ./nic.inc
. ./vpci.inc
. ./vpci-data.inc

NIC_MB=1
NVME=$(vpci_pci 0 0)

# pauses: until the file goes; vtl0 stops the partition for 50 ms each time
pauses() {
	local n=0

	while [ -e /tmp/pausing ]; do
		kill -USR2 "$GUEST_PID"
		n=$((n + 1))
		echo $n > /tmp/pauses
		sleep 0.2
	done
	: > /tmp/paused
}

pauses_begin() {
	rm -f /tmp/pauses /tmp/paused
	: > /tmp/pausing
	pauses 7<&- &
}

# pauses_go N: it was stopped more often
pauses_go() {
	wait_for "[ \"\$(cat /tmp/pauses)\" -gt $1 ]" 60
}

pauses_end() {
	rm /tmp/pausing
	wait_for "[ -e /tmp/paused ]" 10
	note "stopped $(cat /tmp/pauses) times"
	check "that was often enough" test "$(cat /tmp/pauses)" -gt 10
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "and a NIC" nic_up "$(nic_guid 1)" port1
must "which has an address" nic_net port1 1
must "the host can have VPCI buses" vpci_host_up
must "VTL2 has addresses for their windows" vpci_windows $VPCI_WINDOWS
must "the host offers a controller" vpci_bus 0 nvme
must "the relay connects with the host" relay_on
must "the guest starts" guest_start --memory 384 --vpci
must "the guest comes up" guest_wait_up 120
must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME" \
	"$(nic_guid 1)" "$(vpci_guid 0)"
must "and the controller" guest_vpci_is "$NVME"
nic_guest_up

pauses_begin
disk_works "the NVMe disk" "$GUID_NVME"
disk_works "a disk of the host" "$GUID_A"
pauses_end

note "A disk on a VPCI bus"
must "the guest has it" guest_has_nvme "$NVME"
pauses_begin
must "load on it" load_disk pci "$DISK"
check "the VMBus is stopped meanwhile" pauses_go 20
check "the load goes on" load_runs pci 2
pauses_end
check "it goes on afterwards" load_runs pci 1
check "it had no error" load_stop pci
pauses_begin
data_go 0.0
# While it is stopped the guest's time does not pass
must "the host wants it back" vpci_ask "eject 0 0"
must "the guest lets it go" vpci_becomes 0 ejected 1
must "and has it no more" guest_vpci_is
must "it comes again" vpci_add 0 0 nvme
must "the guest has it" guest_vpci_is "$NVME"
must "with a disk" guest_has_nvme "$NVME"
data_there
pauses_end
check "nothing was against the rules" vpci_clean 0
equal "nothing was out of reach" 0 "$(vpci_is 0 dma_errors)"
equal "no interrupt was lost" 0 "$(vpci_is 0 interrupts_lost)"
check "the host has done nothing wrong" vpci_host_well 0

note "Its NIC"
must "guest and VTL2 fetch, all the time" traffic_start
must "they do" traffic_runs
pauses_begin
check "the VMBus is stopped meanwhile" pauses_go 20
check "traffic goes on" traffic_runs
pauses_end
check "it goes on afterwards" traffic_runs
check "nothing that was fetched was wrong" traffic_stop
check "the guest gives back all that it got" nic_quiet
check "nothing of the guest's was refused" nic_heard
check "no queue was stuck" no_stalls

check "its monitor says what the guest's CPUs do" test "$(guest_cpus | grep -c 'vCPU .*interrupts')" = \
	"$GUEST_CPUS"
check "it is not stopped now" file_is "$PARTITION/stopped" 0
check "no event was lost" file_is "$PARTITION/events_lost" 0
check "no message was lost" file_is "$SRV/guest0/messages_lost" 0
check "nothing was malformed" server_clean guest0
check "nor for the host" server_clean root
check "nobody waited for a signal" test "$(cat "$SRV"/guest0/channels/*/stalled |
	awk '{ n += $1 } END { print n + 0 }')" = 0
vpci_bed_down
