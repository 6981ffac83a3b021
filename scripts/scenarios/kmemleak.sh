# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: kmemleak finds nothing after a whole run, before and after the modules go
# limit: 420
# append: kmemleak=on
. ./lib.sh
. ./leak.inc

leak_start
bed_up
disk_works "disk A" "$GUID_A" 8
disk_works "disk B" "$GUID_B" 8
disk_works "the NVMe disk" "$GUID_NVME" 8
must "disk B is hidden" rule hide "$GUID_B"
must "it goes" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
must "disk B is relayed again" rule relay "$GUID_B"
must "it comes" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
must "the guest reboots" guest_reboot
check "disk A works" guest_scratch "$GUID_A"
must "the relay leaves hv_sock to VTL2" sh -c "echo 0 > $RELAY/hvsock"
must "AF_VSOCK is told of the guest" vsock_on
hvsock-echo serve 5001 > /dev/null &
server=$!
check "the guest talks to a program of VTL2" guest_run "hvsock-echo ping 2 5001 3 50" 60
kill $server
check "nothing leaked while the guest runs" no_leak
must "the guest powers off" guest_stop
must "everything is taken down" all_down
check "nothing leaked before the modules go" no_leak
must "modules unload" modules_down
check "nothing leaked after they went" no_leak
