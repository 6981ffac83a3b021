# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the server, tested from outside by a monitor and a guest that are one process
# limit: 600
# long-limit: 1500
. ./lib.sh

seed=${SEED:-1}
ms=5000
packets=300
cycles=50
if [ -n "${LONG:-}" ]; then
	ms=7000
	packets=500
	cycles=100
fi

TPG=/sys/kernel/config/target/vmbus/$GUID_NVME/tpgt_1

# nothing_left: what a guest that is gone has left behind
nothing_left() {
	check "no VP is left" file_is "$PARTITION/vps" 0
	check "no page is held" file_is "$PARTITION/pages_pinned" 0
	check "the guest's server is disconnected" file_is "$SRV/guest0/state" disconnected
}

# Each close waits for RCU, which takes 30 ms in an emulated machine
echo 1 > /sys/kernel/rcu_expedited
must "modules load" modules_up
must "the servers start" servers_up
must "the guest's server has an echo pipe" insmod /modules/vmbus_testroot.ko server=guest0
check "the example client talks to it" vmbus-example guest0
truncate -s 1M /tmp/disk.img
must "and a disk" server_disk guest0 "$GUID_NVME" /tmp/disk.img 4
tap vmbus-selftest -s "$seed" disk subdisk
truncate -s 1M /tmp/more.img
echo "[ -d $TPG/lun/lun_1 ] && exec vmbus-target remove-lun $GUID_NVME 1
	exec vmbus-target add-lun $GUID_NVME 1 /tmp/more.img" > /tmp/change
tap vmbus-selftest -s "$seed" -x "sh /tmp/change" diskversions
must "the disk goes" vmbus-target remove "$GUID_NVME"
tap vmbus-selftest -s "$seed" nic
tap vmbus-selftest -s "$seed" -t $ms -n $packets \
	calls contact offers gpadl channel ring signal log stop events nonsense model hostile
nothing_left

must "the pipe goes" rmmod vmbus_testroot
must "the host has one" insmod /modules/vmbus_testroot.ko server=root
must "the relay connects with the host" relay_on
check "the example client talks to the host's" vmbus-example guest0
tap vmbus-selftest -r -s "$seed" -t $ms -n $packets \
	contact offers channel ring signal log stop events hostile
must "the host has a disk" server_disk root "$GUID_A" /tmp/disk.img 4
must "which the relay offers" wait_for "grep -qx relay $RELAY/offers/$GUID_A.0/disposition" 10
tap vmbus-selftest -r -s "$seed" -c $cycles subdisk relay
nothing_left
check "the host heard nothing malformed" file_is "$SRV/root/messages_bad" 0
check "everything is taken down" all_down
check "modules unload" modules_down
