# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a slow disk leaves a fast one on its channel as fast as it was, and holds up nobody
# limit: 240
. ./lib.sh
. ./disks.inc

must "modules load" modules_up
must "servers start" servers_up
must "a disk that answers at once" null_disk fast 16 irqmode=0
# 4 commands at a time, 50 ms each: few for the CPU, which is what the fast one needs
must "a disk that takes its time" null_disk slow 16 submit_queues=1 hw_queue_depth=4 irqmode=2 \
	completion_nsec=50000000
must "a controller has the fast one" server_disk guest0 "$GUID_NVME" /dev/fast 1
must "and the slow one" vmbus-target add-lun "$GUID_NVME" 1 /dev/slow
tap vmbus-selftest fair
check "the server had nothing to complain of" server_clean guest0
check "everything is taken down" all_down
check "the disks go" null_disks_gone
check "modules unload" modules_down
