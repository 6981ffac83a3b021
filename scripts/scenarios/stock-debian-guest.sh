# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a stock Debian 6.12 cloud kernel as guest, its VMBus drivers as modules
# limit: 420
# image: debian
. ./lib.sh

GUEST_KERNEL=/debian/bzImage
GUEST_INITRD=/debian/initrd

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "the relay connects with the host" relay_on
must "the guest starts" guest_start --memory 384
must "the guest comes up" guest_wait_up 180
note "$(guest_run 'uname -rv')"
must "the guest lists what is offered" guest_lists \
	"$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "it speaks version 5.3" file_is "$SRV/guest0/version" 5.3
disk_works "disk A" "$GUID_A"
equal "the host's file has the same bytes" "$SUM" "$(outside_sum "$IMG_A")"
disk_works "the NVMe disk" "$GUID_NVME"
sum=$SUM
must "disk B is hidden" rule hide "$GUID_B"
check "it goes" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
must "disk B is relayed again" rule relay "$GUID_B"
check "it comes" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "disk B works" guest_scratch "$GUID_B"
check "the guest's server had nothing to complain of" server_clean guest0
must "the guest powers off" guest_stop
check "VTL2's disk is removed" vmbus-target remove "$GUID_NVME"
equal "the NVMe device has the same bytes" "$sum" "$(outside_sum /dev/nvme0n1)"
check "everything is taken down" all_down
check "modules unload" modules_down
