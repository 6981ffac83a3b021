# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a disk that VTL2 itself serves from an NVMe device
# limit: 240
. ./lib.sh

must "modules load" modules_up
must "servers start" servers_up
must "VTL2 has a controller on the NVMe device" nvme_disk
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120
must "the guest lists it" guest_lists "$GUID_NVME"
disk_works "the NVMe disk" "$GUID_NVME"
sum=$SUM
dir=$(chan_dir guest0 "$GUID_NVME")
check "the guest's server counts its packets" test "$(cat "$dir/packets_in")" -gt 0
check "none was malformed" file_is "$dir/bad_packets" 0
check "nothing else was" server_clean guest0

note "The controller goes and comes while the guest runs"
must "the controller is removed" vmbus-target remove "$GUID_NVME"
must "it goes" guest_lists
equal "the NVMe device has the same bytes" "$sum" "$(outside_sum /dev/nvme0n1)"
must "a new controller is made" nvme_disk
must "it comes" guest_lists "$GUID_NVME"
DISK=$(guest_disk "$GUID_NVME")
equal "the guest reads what it wrote" "$sum" "$(guest_sum "$DISK")"
bed_down
