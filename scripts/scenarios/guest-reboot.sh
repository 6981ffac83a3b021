# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest reboots; its disks are there again, with its data
# limit: 300
. ./lib.sh

bed_up
disk_works "disk A" "$GUID_A" 8
sum_a=$SUM
disk_works "the NVMe disk" "$GUID_NVME" 8
sum_n=$SUM

n=0
while [ $n -lt "$ROUNDS" ]; do
	n=$((n + 1))
	must "reboot $n" guest_reboot
	must "the guest has all its devices" guest_lists \
		"$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	DISK=$(guest_disk "$GUID_A")
	equal "disk A has its data" "$sum_a" "$(guest_sum "$DISK")"
	DISK=$(guest_disk "$GUID_NVME")
	equal "the NVMe disk has its data" "$sum_n" "$(guest_sum "$DISK")"
done
check "disk B works" guest_scratch "$GUID_B"
check "no message was malformed" file_is "$SRV/guest0/messages_bad" 0
bed_down
