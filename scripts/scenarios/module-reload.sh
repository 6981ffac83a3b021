# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: vmbus_srv is replaced while a monitor holds the partition and its guest was reset
# only: long
# limit: 300
. ./lib.sh

bed_up
disk_works "disk A" "$GUID_A" 8
sum=$SUM

n=0
while [ $n -lt "$ROUNDS" ]; do
	n=$((n + 1))
	guest_send 'dmesg -n 5; reboot -f' > /dev/null
	must "round $n: the guest resets itself" wait_for "file_is $SRV/guest0/state disconnected" 30
	# It must not be half way through its next contact: a stopped monitor is a
	# guest that does nothing
	kill -STOP "$GUEST_PID"
	must "host and servers go" all_down
	must "all modules but vmbus_partition unload" modules_down vmbus_partition
	check "the monitor holds the partition" fails rmmod vmbus_partition
	for m in vmbus_srv vmbus_intercept vmbus_storvsp vmbus_netvsp vmbus_relay vpci_relay \
		vmbus_shutdown vmbus_pass vmbus_observe vmbus_vsock; do
		must "$m loads again" insmod /modules/$m.ko
	done
	must "the host is back" host_up
	must "VTL2's own disk is back" nvme_disk
	must "the relay connects with the host" relay_on
	kill -CONT "$GUEST_PID"
	must "the guest comes up" guest_wait_up 120
	must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	DISK=$(guest_disk "$GUID_A")
	equal "disk A has its data" "$sum" "$(guest_sum "$DISK")"
	check "the NVMe disk works" guest_scratch "$GUID_NVME"
done
bed_down
