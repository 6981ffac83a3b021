# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest reads and writes a disk of the host that was offered again
# limit: 240
. ./lib.sh

bed_up
must "the guest lists what is offered" guest_lists \
	"$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "the guest is connected" file_is "$SRV/guest0/state" connected
check "the relay is connected with 6.0" file_is "$SRV/root/version" 6.0
for guid in "$GUID_A" "$GUID_B"; do
	disk_works "$(disk_name "$guid")" "$guid"
	sum=$SUM
	[ "$guid" = "$GUID_A" ] && img=$IMG_A || img=$IMG_B
	equal "the host's file has the same bytes" "$sum" "$(outside_sum "$img")"
	check "the guest's channel is open" chan_is guest0 "$guid" open
	check "the host's channel is open" chan_is root "$guid" open
done
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
bed_down
