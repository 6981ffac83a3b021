# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a device of the host does not answer: the guest's others go on
# only: long
# limit: 660
# long-limit: 900
. ./lib.sh
. ./load.inc

ALL="$GUID_A $GUID_B $GUID_PIPE $GUID_SHUTDOWN $GUID_HEARTBEAT $GUID_TIMESYNC $GUID_KVP"

timeouts() {
	cat "$RELAY/host_timeouts"
}

offers() {
	cat "$RELAY/offers_total"
}

offer_error() {
	file_is "$RELAY/offers/$GUID_HEARTBEAT.0/error" "$1"
}

must "modules load" modules_up
must "the host has its devices, one of them silent" host_up ic=1 ic_silent=heartbeat
must "the relay connects with the host" relay_on

note "It is relayed"
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
disk_works "disk A" "$GUID_A" 8
must "load on disk A" load_start "$GUID_A"
check "the host does not answer the guest's open of it" ic_is heartbeat silent
check "all others are there" ic_is timesync "ready 3.0"
n=$(offers)
check "the open fails in the end" wait_for "[ \$(timeouts) -ge 1 ]" 120
check "the guest hears of it" wait_for "chan_is guest0 $GUID_HEARTBEAT offered" 5
equal "only that" 1 "$(timeouts)"
equal "the host has offered each device once" "$n" "$(offers)"
check "the load goes on" load_runs "$GUID_A" 2

note "A hook has it"
check "the load ends" load_stop "$GUID_A"
check "the host has an answer after all" ic_is heartbeat closed
must "a rule has it observed" rule intercept:observe "$GUID_HEARTBEAT"
# That costs the connection, and the host takes no new one before it has let go of this
check "the hook tries once" wait_for "offer_error -112" 180
check "the guest has all others" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_SHUTDOWN" \
	"$GUID_TIMESYNC" "$GUID_KVP"
check "disk A works" guest_scratch "$GUID_A"
n=$(offers)
sleep 30
equal "the connection stands" "$n" "$(offers)"
must "a rule hides it" rule hide "$GUID_HEARTBEAT"
check "that is all right" wait_for "offer_error 0" 10
check "disk A works" guest_scratch "$GUID_A"

note "The guest reboots with an open under way"
must "the device is relayed again" rule relay "$GUID_HEARTBEAT"
# shellcheck disable=SC2086 # a list
check "the guest has it" guest_lists $ALL
check "it opens it" wait_for "chan_is guest0 $GUID_HEARTBEAT opening" 20
# The host lets go when it has answered, and then takes its time over the next open
GUEST_UP=300
must "it reboots" guest_reboot
check "disk A works" guest_scratch "$GUID_A"
bed_down
