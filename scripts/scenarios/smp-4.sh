# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest with 4 CPUs moves its channels from CPU to CPU under load
# only: long
# limit: 300
# long-limit: 1800
. ./lib.sh
. ./load.inc

GUEST_CPUS=4
DISKS="$GUID_A $GUID_B $GUID_NVME"
moves=4
storm=20
if [ -n "${LONG:-}" ]; then
	moves=8
	storm=40
fi

# The guest's channel of GUID to CPU
move() {
	guest_run "echo $2 > \$(ls -d /sys/bus/vmbus/devices/$1/channels/*/cpu)"
}

# Its load goes on and the server knows the CPU
moved() {
	wait_for "file_is $(chan_dir guest0 "$1")/cpu $2" 10 || {
		echo "the server says CPU $(cat "$(chan_dir guest0 "$1")/cpu")"
		return 1
	}
	load_runs "$1" 2
}

# The guest moves the channels of all disks, as fast as it can; counts in a file
storm_start() {
	guest_run "(n=0; while [ ! -e /tmp/calm ]; do
		for guid in $DISKS; do
			echo \$((n % 4)) > \$(ls -d /sys/bus/vmbus/devices/\$guid/channels/*/cpu) ||
				{ echo failed after \$n > /tmp/moves; exit; };
			n=\$((n + 1)); echo \$n > /tmp/moves; done; done) > /dev/null 2>&1 &"
}

# The server and the guest agree about the CPU
same_cpu() {
	local dir cpu

	dir=$(chan_dir guest0 "$1") || return 1
	cpu=$(guest_run "cat /sys/bus/vmbus/devices/$1/channels/*/cpu") || return 1
	file_is "$dir/cpu" "$cpu"
}

bed_up
equal "the guest has 4 CPUs" 4 "$(guest_run nproc)"
for guid in $DISKS; do
	must "load on $(disk_name "$guid")" load_start "$guid"
	must "it runs" load_runs "$guid" 1
done

n=0
while [ $n -lt $moves ]; do
	cpu=$((n * 3 % 4))
	for guid in $DISKS; do
		check "$(disk_name "$guid") moves to CPU $cpu" move "$guid" $cpu
	done
	for guid in $DISKS; do
		check "$(disk_name "$guid") goes on there" moved "$guid" $cpu
	done
	n=$((n + 1))
done

note "The guest moves all of them, all the time"
before=$(cat "$SRV/guest0/messages_in")
must "it begins" storm_start
end=$(($(seconds) + storm))
while [ "$(seconds)" -lt $end ]; do
	for guid in $DISKS; do
		check "$(disk_name "$guid") goes on" load_runs "$guid" 2 || break 2
	done
done
guest_run 'touch /tmp/calm'
sleep 1
count=$(guest_run 'cat /tmp/moves')
check "the guest has moved channels $count times" test "$count" -gt $((storm * 4))
# The very first moves may have been none
check "the server has heard of them" \
	test $(($(cat "$SRV/guest0/messages_in") - before)) -ge $((count - 3))
for guid in $DISKS; do
	check "guest and server agree about the CPU of $(disk_name "$guid")" same_cpu "$guid"
	check "$(disk_name "$guid") goes on" load_runs "$guid" 2
done
# shellcheck disable=SC2086 # a list
check "no data was wrong" load_stop $DISKS
for guid in $DISKS; do
	check "$(disk_name "$guid") works" guest_scratch "$guid"
done
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
