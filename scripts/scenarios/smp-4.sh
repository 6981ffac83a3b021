# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest with 4 CPUs moves its channels from CPU to CPU under load
# limit: 300
# long-limit: 1800
. ./lib.sh

GUEST_CPUS=4
DISKS="$GUID_A $GUID_B $GUID_NVME"

# Loads of a disk, counted in a file of the guest
load() {
	local disk

	disk=$(guest_disk "$1") || return 1
	guest_run "(n=0; while [ ! -e /tmp/stop ]; do
		dd if=/tmp/pattern of=/dev/$disk bs=64k conv=fsync 2> /dev/null &&
		dd if=/dev/$disk bs=64k count=16 2> /dev/null | cmp - /tmp/pattern || break;
		n=\$((n + 1)); echo \$n > /tmp/load.$1; done) > /dev/null 2>&1 &"
}

loads() {
	guest_run "cat /tmp/load.$1"
}

# The guest's channel of GUID to CPU
move() {
	guest_run "echo $2 > \$(ls -d /sys/bus/vmbus/devices/$1/channels/*/cpu)"
}

# Its load goes on and the server knows the CPU
moved() {
	local before now

	before=$(loads "$1") || return 1
	wait_for "file_is $(chan_dir guest0 "$1")/cpu $2" 10 || {
		echo "the server says CPU $(cat "$(chan_dir guest0 "$1")/cpu")"
		return 1
	}
	wait_for "now=\$(loads $1) && [ \$now -gt $((before + 1)) ]" 30 || {
		echo "the load stands at $now"
		return 1
	}
}

bed_up
equal "the guest has 4 CPUs" 4 "$(guest_run nproc)"
must "the guest has a pattern" guest_run \
	"dd if=/dev/urandom of=/tmp/pattern bs=64k count=16 2>/dev/null"
for guid in $DISKS; do
	must "load on $(disk_name "$guid")" load "$guid"
	must "it runs" wait_for "loads $guid" 30
done

n=0
while [ $n -lt $((ROUNDS * 4)) ]; do
	cpu=$((n * 3 % 4))
	for guid in $DISKS; do
		check "$(disk_name "$guid") moves to CPU $cpu" move "$guid" $cpu
	done
	for guid in $DISKS; do
		check "$(disk_name "$guid") goes on there" moved "$guid" $cpu
	done
	n=$((n + 1))
done
guest_run 'touch /tmp/stop'
sleep 2
for guid in $DISKS; do
	check "no data was wrong on $(disk_name "$guid")" guest_scratch "$guid"
done
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
