# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a host that takes its time over each message: the guest has its disks all the same
# only: long
# limit: 300
. ./lib.sh

ALL="$GUID_A $GUID_B $GUID_PIPE"
DISK_SUBCHANNELS=4
GUEST_CPUS=4
LATE_MS=40
cycles=20
flips=3
if [ -n "${LONG:-}" ]; then
	cycles=40
	flips=5
fi

PARAM=/sys/module/vmbus_relay/parameters
PIPE=/sys/module/vmbus_testroot/parameters/pipe

# host_late MS
host_late() {
	echo "${SEED:-1}" > $PARAM/loopback_seed &&
	echo "$1" > $PARAM/loopback_delay_ms
}

too_late_refused() {
	! (host_late 1001) 2> /dev/null && file_is $PARAM/loopback_delay_ms 0
}

# host_pauses BOOL
host_pauses() {
	echo "$1" > "$RELAY/paused"
}

host_takes_pipe() {
	echo 0 > $PIPE
}

# Off, on, and all is there again
flip() {
	echo 0 > "$RELAY/redirect" || return 1
	relay_on || return 1
	# shellcheck disable=SC2086 # a list
	guest_lists $ALL
}

must "modules load" modules_up
check "more than a second is refused" too_late_refused
must "each message of the host comes up to $LATE_MS ms late" host_late $LATE_MS
must "the host has two disks and a pipe" host_up
must "the relay connects with the host" relay_on
tap vmbus-selftest -r -s "${SEED:-1}" -c $cycles subdisk relay
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
for guid in "$GUID_A" "$GUID_B"; do
	disk_works "$(disk_name "$guid")" "$guid"
done
n=0
while [ $n -lt $flips ]; do
	n=$((n + 1))
	check "flip $n: the guest loses its disks, and has them again" flip
	for guid in "$GUID_A" "$GUID_B"; do
		check "$(disk_name "$guid") works" guest_scratch "$guid"
	done
done
note "The host pauses"
must "it does" host_pauses 1
check "the relay says so" file_is "$RELAY/state" paused
check "the host takes the pipe away" host_takes_pipe
check "disk A works" guest_scratch "$GUID_A"
# shellcheck disable=SC2086 # a list
check "the guest has not heard of it" guest_lists $ALL
must "it goes on" host_pauses 0
check "the relay is connected" file_is "$RELAY/state" connected
check "the pipe goes" guest_lists "$GUID_A" "$GUID_B"
check "disk A works" guest_scratch "$GUID_A"
must "it pauses again" host_pauses 1
check "the guest reboots, and that ends it" guest_reboot
check "the host is not paused" file_is "$RELAY/paused" 0
check "disk A works" guest_scratch "$GUID_A"
check "the host's messages did wait" [ "$(cat "$SRV/root/sends_retried")" -gt 100 ]
check "nothing took too long" file_is "$RELAY/host_timeouts" 0
check "the host had nothing to complain of" server_clean root
check "nor had the relay" file_is "$RELAY/host_protocol_errors" 0
must "and it is quick again" host_late 0
bed_down
