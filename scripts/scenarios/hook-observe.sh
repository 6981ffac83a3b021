# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: packets of the host's devices pass through VTL2, which counts them
# only: long
# limit: 300
# long-limit: 900
. ./lib.sh

OBSERVE=/sys/kernel/debug/vmbus_observe
DISK_SUBCHANNELS=1
rounds=4
packets=300
if [ -n "${LONG:-}" ]; then
	rounds=6
	packets=3000
fi

# passed DIRECTION GUID[.CHANNEL]: packets of the device in that direction, by all channels
# or that one
passed() {
	cat "$OBSERVE/$2"* | sed -n "s/^$1 .* packets \([0-9]*\) .*/\1/p" |
		{ n=0; while read -r k; do n=$((n + k)); done; echo $n; }
}

# sees GUID KIND [SUB-CHANNEL]: it has counted packets of that kind
sees() {
	grep -q "^$2 packets" "$OBSERVE/$1.${3:-0}" || { cat "$OBSERVE/$1".*; return 1; }
}

must "modules load" modules_up
must "the host has its devices" host_up ic=1
for guid in "$GUID_A" "$GUID_PIPE" "$GUID_HEARTBEAT"; do
	must "a rule has $guid observed" rule intercept:observe "$guid"
done
must "the relay connects with the host" relay_on

note "The pipe"
tap vmbus-selftest -r -t 2000 -n $packets ring stop
check "packets were counted" sees "$GUID_PIPE" "to-host other"
check "both ways, and those of more kinds than it has room for" sees "$GUID_PIPE" "to-guest other"

note "A disk, with a sub-channel"
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
must "the guest lists what is offered" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" \
	"$GUID_SHUTDOWN" "$GUID_HEARTBEAT" "$GUID_TIMESYNC" "$GUID_KVP"
for guid in "$GUID_A" "$GUID_B"; do
	disk_works "$(disk_name "$guid")" "$guid"
done
equal "the host's file has the same bytes" "$(guest_sum "$(guest_disk "$GUID_A")")" \
	"$(outside_sum "$IMG_A")"
for kind in "to-host inband 7" "to-host inband 13" "to-host gpa-direct 3" "to-guest completion 1"; do
	check "it has seen $kind" sees "$GUID_A" "$kind"
done
check "on the sub-channel, too" sees "$GUID_A" "to-host gpa-direct 3" 1
equal "all that the host has got" "$(chan_sum root "$GUID_A" packets_in)" "$(passed to-host "$GUID_A")"
equal "all that it has sent" "$(chan_sum root "$GUID_A" packets_out)" "$(passed to-guest "$GUID_A")"
check "disk B is not observed" test ! -e "$OBSERVE/$GUID_B.0"

# What VTL2 has to do for so many reads, one after the other: signals that it gets,
# interrupts that it raises, packets that it moves
READS=200

vtl2_work() {
	local d events=0 interrupts=0 packets=0

	for d in $(chan_dirs guest0 "$1"); do
		events=$((events + $(cat "$d/events")))
		interrupts=$((interrupts + $(cat "$d/interrupts")))
		packets=$((packets + $(cat "$d/packets_in") + $(cat "$d/packets_out")))
	done
	echo "$events $interrupts $packets"
}

# cost GUID
cost() {
	local disk before

	disk=$(guest_disk "$1") || { echo "no disk: $disk"; return 1; }
	before=$(vtl2_work "$1")
	guest_run "dd if=/dev/$disk of=/dev/null bs=4k count=$READS iflag=direct 2> /dev/null" 60 ||
		return 1
	echo "$before $(vtl2_work "$1")" | {
		read -r e i p e2 i2 p2
		echo "$((e2 - e)) $((i2 - i)) $((p2 - p))"
	}
}

note "What it costs"
relayed=$(cost "$GUID_B")
observed=$(cost "$GUID_A")
note "signals, interrupts and packets of $READS reads: relayed $relayed, observed $observed"
equal "VTL2 does nothing for a disk that is relayed" "0 0 0" "$relayed"
check "it moves each packet of one that is observed, and each answer" \
	[ "${observed##* }" -ge $((2 * READS)) ]

note "An integration component"
check "the guest and the host settle versions" ic_is heartbeat "ready 3.0"
check "the host asks" ic_ask "heartbeat 41"
check "the guest answers" ic_is heartbeat "status 0x0 number 42"

# counts_on GUID: more has passed by its first channel than the last time that this was
# asked.  The host takes a sub-channel back with the first one's close, and what was counted.
counts_on() {
	local was=$before

	before=$(passed to-host "$1.0")
	[ "$before" -gt "$was" ] || { echo "$was, then $before"; return 1; }
}

# No other device is with it
hook_replaced() {
	rule relay "$GUID_PIPE" && rule relay "$GUID_HEARTBEAT" &&
		wait_for "rmmod vmbus_observe" 30 && insmod /modules/vmbus_observe.ko &&
		rule intercept:observe "$GUID_HEARTBEAT"
}

note "The rule changes under the guest"
n=0
before=0
counts_on "$GUID_A"
while [ $n -lt $rounds ]; do
	n=$((n + 1))
	if [ $((n % 2)) = 0 ]; then
		must "round $n: the guest writes to disk A all the time" guest_load "$GUID_A"
		sleep 1
	fi
	must "round $n: disk A is relayed" rule relay "$GUID_A"
	check "it is observed no more" wait_for "[ ! -e $OBSERVE/$GUID_A.0 ]" 30
	check "it works" guest_scratch "$GUID_A"
	[ $n != 1 ] || check "the hook's module is replaced" hook_replaced
	must "it is observed again" rule intercept:observe "$GUID_A"
	check "from now on" wait_for "[ -e $OBSERVE/$GUID_A.0 ]" 30
	check "it works" guest_scratch "$GUID_A"
	check "packets are counted" sees "$GUID_A" "to-host gpa-direct 3"
	check "on top of what was" counts_on "$GUID_A"
done

note "The guest reboots"
must "the guest reboots" guest_reboot
check "disk A works" guest_scratch "$GUID_A"
check "the component answers" ic_is heartbeat "ready 3.0"
check "the host had nothing to complain of" server_clean root
check "nor had the guest's server" server_clean guest0
bed_down
