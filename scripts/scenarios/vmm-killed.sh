# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the monitor is killed in the middle of I/O; the next guest gets everything
# limit: 300
. ./lib.sh

bed_up
rounds=1
[ -z "${LONG:-}" ] || rounds=2
n=0
while [ $n -lt $rounds ]; do
	n=$((n + 1))
	for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
		must "round $n: I/O on $(disk_name "$guid")" guest_load "$guid"
	done
	sleep 2
	guest_kill
	check "the guest's server is disconnected" \
		wait_for "file_is $SRV/guest0/state disconnected" 10
	for guid in "$GUID_A" "$GUID_B"; do
		check "the host's channel of $(disk_name "$guid") is closed" \
			wait_for "chan_is root $guid offered" 10
	done
	check "no channel is left open" fails grep -rqx open "$SRV/guest0/channels"
	check "no page of the guest is held" file_is "$PARTITION/pages_pinned" 0
	must "a new guest starts" guest_start
	must "the guest comes up" guest_wait_up 120
	must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	disk_works "disk A" "$GUID_A" 8
	check "disk B works" guest_scratch "$GUID_B"
	check "the NVMe disk works" guest_scratch "$GUID_NVME"
done
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
