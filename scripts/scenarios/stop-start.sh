# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the VMBus of a running guest is stopped and started while its disks are in use
# limit: 360
. ./lib.sh

# pauses: until the file goes; vtl0 stops the partition for 50 ms each time
pauses() {
	local n=0

	while [ -e /tmp/pausing ]; do
		kill -USR2 "$GUEST_PID"
		n=$((n + 1))
		sleep 0.2
	done
	echo $n > /tmp/pauses
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "the relay connects with the host" relay_on
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120
must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"

: > /tmp/pausing
pauses &
disk_works "the NVMe disk" "$GUID_NVME"
disk_works "a disk of the host" "$GUID_A"
rm /tmp/pausing
wait_for "[ -s /tmp/pauses ]" 10
note "stopped $(cat /tmp/pauses) times"
check "that was often enough" test "$(cat /tmp/pauses)" -gt 10
check "its monitor says what the guest's CPUs do" test "$(guest_cpus | grep -c 'vCPU .*interrupts')" = \
	"$GUEST_CPUS"
check "it is not stopped now" file_is "$PARTITION/stopped" 0
check "no event was lost" file_is "$PARTITION/events_lost" 0
check "no message was lost" file_is "$SRV/guest0/messages_lost" 0
check "nothing was malformed" server_clean guest0
check "nor for the host" server_clean root
check "nobody waited for a signal" test "$(cat "$SRV"/guest0/channels/*/stalled |
	awk '{ n += $1 } END { print n + 0 }')" = 0
bed_down
