# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: wrong calls of /dev/vmbus_partition are refused, hostile messages of a guest counted
# limit: 120
. ./lib.sh

PART=/sys/class/vmbus_partition/guest0

more_than() {
	[ "$(cat "$1")" -gt "$2" ] && return
	echo "$1 says: $(cat "$1"), not more than $2"
	return 1
}

must "the modules load" modules_up
must "the servers start" servers_up
check "a monitor that does everything wrong gets its errors" fake-guest
check "malformed messages were counted" more_than "$SRV/guest0/messages_bad" 500
check "senseless messages were counted" more_than "$SRV/guest0/messages_refused" 100
check "bad GPADLs were counted" more_than "$SRV/guest0/gpadls_failed" 10
check "no message to the guest was lost" file_is "$SRV/guest0/messages_lost" 0
check "no page is held" file_is $PART/pages_pinned 0
check "no VP is left" file_is $PART/vps 0
check "everything goes down" all_down
check "the modules unload" modules_down
