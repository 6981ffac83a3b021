# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: offers come and go at random moments, 50 times (1,000 with long counts), beside a busy guest
# only: long
# limit: 480
# long-limit: 4800
# append: kmemleak=on
. ./lib.sh
. ./load.inc
. ./leak.inc

GUID_D=dddddddd-0000-4000-8000-00000000000d
ALL="$GUID_A $GUID_B $GUID_PIPE $GUID_NVME $GUID_SHUTDOWN $GUID_HEARTBEAT $GUID_TIMESYNC $GUID_KVP"
HOST_WITH=ic=1
cycles=10
flips=50
if [ -n "${LONG:-}" ]; then
	cycles=100
	flips=1000
fi

# There with a channel id, or not
offered() {
	wait_for "chan_dir guest0 $1" 20 || { echo "$1 does not come"; return 1; }
}

gone() {
	wait_for "fails chan_dir guest0 $1" 20 || { echo "$1 does not go"; return 1; }
}

# cycle N: the pipe, which no driver of the guest has; a controller of VTL2 with a disk;
# and every fifth time a disk that the host itself takes away.
cycle() {
	rule hide "$GUID_PIPE" || return 1
	vmbus-target enable "$GUID_D" || return 1
	gone "$GUID_PIPE" && guest_disk "$GUID_D" || return 1
	rule relay "$GUID_PIPE" || return 1
	vmbus-target disable "$GUID_D" || return 1
	offered "$GUID_PIPE" && gone "$GUID_D" || return 1
	[ $(($1 % 5)) = 0 ] || return 0
	guest_disk "$GUID_B" || return 1
	vmbus-target disable "$GUID_B" && gone "$GUID_B" &&
		vmbus-target enable "$GUID_B" && offered "$GUID_B"
}

# moment: up to 300 ms, so the guest's driver is anywhere between the offer and data
moment() {
	local ms

	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	ms=$((seed / 65536 % 300))
	sleep "0.$(printf '%03d' $ms)"
}

# flip: a component that the guest's driver opens as soon as it comes is taken away, and comes
# again
flip() {
	rule hide "$GUID_HEARTBEAT" || return 1
	moment
	rule relay "$GUID_HEARTBEAT" || return 1
	moment
}

# What is there once and must not be more later: channels by server with their ids, the
# relay's offers, pages of the guest, and what the guest has
leftovers() {
	local d

	for d in "$SRV"/*/channels/*; do
		echo "$(echo "$d" | cut -d / -f 5) $(cat "$d/instance_id") $(cat "$d/state")"
	done | sort
	ls "$RELAY/offers"
	cat "$PARTITION/pages_pinned"
	guest_run 'ls /sys/class/block; ls /sys/class/scsi_host | wc -l;
		ls -d /sys/bus/vmbus/devices/*/channels/* | wc -l'
}

# A task may be in this state for a moment, not for long.
nothing_hangs() {
	wait_for "[ \"\$(guest_run 'grep -l \"^State:.*D\" /proc/[0-9]*/status | wc -l')\" = 0 ]" 20
}

# Ids are used again when the guest has released them.
highest_id() {
	for d in "$SRV"/*/channels/*; do
		echo "${d##*/}"
	done | sort -n | tail -n 1
}

seed=${SEED:-1}
leak_start
bed_up
truncate -s 8M /tmp/disk_d.img
must "VTL2 has one more controller" vmbus-target create "$GUID_D" guest0
must "with a disk" vmbus-target add-lun "$GUID_D" 0 /tmp/disk_d.img
for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
	guest_disk "$guid" > /dev/null
done
must "once to begin with" cycle 10
# shellcheck disable=SC2086 # a list
must "the guest has its devices" guest_lists $ALL
before=$(leftovers)
id=$(highest_id)

for guid in "$GUID_A" "$GUID_NVME"; do
	must "the guest is busy on $(disk_name "$guid")" load_start "$guid"
done
n=0
while [ $n -lt $cycles ]; do
	n=$((n + 1))
	cycle $n > /tmp/cycle 2>&1 || { not_ok "cycle $n" "$(cat /tmp/cycle)"; exit 1; }
	if [ $((n % 10)) = 0 ]; then
		ok "$n cycles"
		# shellcheck disable=SC2086 # a list
		must "the guest has its devices, no other" guest_lists $ALL
		for guid in "$GUID_A" "$GUID_NVME"; do
			check "the load on $(disk_name "$guid") goes on" load_runs "$guid" 1
		done
	fi
done
note "A component comes and goes, at any moment of its protocol (SEED=$seed)"
n=0
while [ $n -lt $flips ]; do
	n=$((n + 1))
	flip > /tmp/flip 2>&1 || { not_ok "flip $n" "$(cat /tmp/flip)"; exit 1; }
	[ $((n % 50)) = 0 ] || continue
	ok "$n times"
	# shellcheck disable=SC2086 # a list
	must "the guest has its devices, no other" guest_lists $ALL
	check "the component is what it was" ic_is heartbeat "ready 3.0"
	for guid in "$GUID_A" "$GUID_NVME"; do
		check "the load on $(disk_name "$guid") goes on" load_runs "$guid" 1
	done
done
check "no data was wrong" load_stop "$GUID_A" "$GUID_NVME"
for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
	check "$(disk_name "$guid") works" guest_scratch "$guid"
done
wait_for "[ \"\$(leftovers)\" = \"\$before\" ]" 20
equal "servers, relay and guest have what they had before" "$before" "$(leftovers)"
check "nothing in the guest hangs" nothing_hangs
check "the highest channel id is near what it was, $id" test "$(highest_id)" -le $((id + 2))
check "the guest's server had nothing to complain of" server_heard guest0
# What the guest is just opening when it is taken away
note "failed: $(cat "$SRV/guest0/gpadls_failed") GPADLs, $(cat "$SRV/guest0/opens_failed") opens"
check "nor had the host" server_clean root
check "nothing leaked" no_leak
check "the controller is removed" vmbus-target remove "$GUID_D"
bed_down
check "nothing leaked when all is gone" no_leak
