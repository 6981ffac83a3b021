# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest that was reset without a word contacts the server on its old connection
# only: long
# limit: 300
. ./lib.sh

# The monitor leaves it to the guest's contact to reset the server.
bed_up --no-server-reset
disk_works "disk A" "$GUID_A" 8
sum=$SUM
check "disk B works" guest_scratch "$GUID_B"

rounds=2
n=0
while [ $n -lt $rounds ]; do
	n=$((n + 1))
	if [ $((n % 2)) = 0 ]; then
		check "the guest writes all the time" guest_load "$GUID_B"
	fi
	check "the guest is connected" file_is "$SRV/guest0/state" connected
	check "reset $n: the channel is open" chan_is guest0 "$GUID_A" open
	guest_send 'echo b > /proc/sysrq-trigger' > /dev/null
	must "the guest comes up again" guest_wait_up 120
	must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	DISK=$(guest_disk "$GUID_A")
	equal "disk A has its data" "$sum" "$(guest_sum "$DISK")"
	check "disk B works" guest_scratch "$GUID_B"
	check "the NVMe disk works" guest_scratch "$GUID_NVME"
done
check "no message was malformed" file_is "$SRV/guest0/messages_bad" 0
bed_down
