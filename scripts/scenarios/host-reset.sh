# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the host is reset under the guest: its devices go and come, the guest stays
# limit: 420
# long-limit: 1500
. ./lib.sh
. ./load.inc

ICS="$GUID_SHUTDOWN $GUID_HEARTBEAT $GUID_TIMESYNC $GUID_KVP"
HOSTS="$GUID_A $GUID_B $GUID_PIPE $ICS"
HOST_WITH=ic=1
rounds=1
[ -z "${LONG:-}" ] || rounds=2

# The host forgets everything, without a word: no offer is taken back
host_goes() {
	rmdir $SRV_CONFIG/root
}

# It is there again, with the same devices
host_comes() {
	local guid

	mkdir $SRV_CONFIG/root && echo 1 > $SRV_CONFIG/root/redirect &&
		echo guest0 > $SRV_CONFIG/root/partition || return 1
	for guid in "$GUID_A" "$GUID_B"; do
		vmbus-target disable "$guid" && vmbus-target enable "$guid" || return 1
	done
	rmmod vmbus_testroot && insmod /modules/vmbus_testroot.ko server=root ic=1
}

# The guest's driver lets go of the device, which the host must be told of
guest_speaks() {
	guest_run "(echo $GUID_HEARTBEAT > /sys/bus/vmbus/drivers/hv_utils/unbind) \
		> /dev/null 2>&1 &"
}

guest_connections() {
	cat "$SRV/guest0/version" && guest_run 'cat /proc/sys/kernel/random/boot_id'
}

# Everything of the host's is as it was
all_again() {
	# shellcheck disable=SC2086 # a list
	check "the guest has its devices" guest_lists $HOSTS "$GUID_NVME"
	for guid in "$GUID_A" "$GUID_B"; do
		check "$(disk_name "$guid") works" guest_scratch "$guid"
	done
	equal "disk A has its data" "$sum" "$(guest_sum "$(guest_disk "$GUID_A")")"
	check "the guest answers the host" ic_is heartbeat "ready 3.0"
	check "the load on VTL2's disk goes on" load_runs "$GUID_NVME" 1
	equal "the guest is the same, and its connection" "$guest" "$(guest_connections)"
	check "its server had nothing to complain of" server_clean guest0
}

bed_up
disk_works "disk A" "$GUID_A" 8
sum=$SUM
must "load on VTL2's disk" load_start "$GUID_NVME"
guest=$(guest_connections)
all_again

n=0
while [ $n -lt $rounds ]; do
	n=$((n + 1))
	note "Round $n: nobody is there for a while"
	must "the host goes" host_goes
	check "the relay has not heard of it" file_is "$RELAY/state" connected
	guest_speaks
	check "it finds nobody when it speaks" wait_for "file_is $RELAY/state 'no host'" 20
	check "the guest loses its devices, but VTL2's" guest_lists "$GUID_NVME"
	check "the load on that goes on" load_runs "$GUID_NVME" 1
	must "the host is back" host_comes
	check "the relay connects with it" wait_for "grep -q ^connected $RELAY/state" 20
	all_again

	note "Round $n: at once there is another one, which knows nobody"
	timeouts=$(cat "$RELAY/host_timeouts")
	must "the host goes" host_goes
	must "and is back" host_comes
	check "the relay has not heard of it" file_is "$RELAY/state" connected
	guest_speaks
	check "it gives up on a host that does not answer" \
		wait_for "[ \$(cat $RELAY/host_timeouts) -gt $timeouts ]" 90
	check "and connects with it" wait_for "grep -q ^connected $RELAY/state" 20
	all_again
done
check "no data was wrong" load_stop "$GUID_NVME"
bed_down
