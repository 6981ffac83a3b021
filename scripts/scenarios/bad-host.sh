# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a host says what it should not: it is counted, and the guest's disks go on
# limit: 240
# long-limit: 900
. ./lib.sh
. ./load.inc

SAYS=/sys/module/vmbus_testroot/parameters/host_says
random=200
[ -z "${LONG:-}" ] || random=600

# le32 N: four bytes
le32() {
	printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) \
		$(($1 >> 24 & 255))
}

# msg TYPE WORD...: a message of 32-bit words
msg() {
	local word

	le32 "$1"
	le32 0
	shift
	for word; do
		le32 "$word"
	done
}

# offer CHANNEL GUID-BYTES: class and instance of 16 bytes each
offer() {
	local i=0

	msg 1
	printf '%s%s' "$2" "$2"
	# Reserved words, flags, MMIO, user defined, sub-channel, MMIO
	while [ $i -lt 144 ]; do
		printf 00
		i=$((i + 1))
	done
	le32 "$1"
	le32 0
	le32 "$((0x20000 + $1))"
}

errors() {
	cat "$RELAY/host_protocol_errors"
}

# A relay that has a message left to look at takes no more for the moment
says() {
	wait_for "(echo '$1' > $SAYS) 2> /dev/null" 10 || { echo "it cannot say $1"; return 1; }
}

# wrong WHAT MESSAGE: it is dropped and counted
wrong() {
	local before

	before=$(errors)
	check "$1" says "$2"
	wait_for "[ \$(errors) = $((before + 1)) ]" 5 || not_ok "counted" "$before, then $(errors)"
}

# fine WHAT MESSAGE: nobody minds
fine() {
	local before

	before=$(errors)
	check "$1" says "$2"
	equal "no error" "$before" "$(errors)"
}

host_channel() {
	cat "$RELAY/offers/$1.0/host_channel_id"
}

all_go_on() {
	for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
		check "$(disk_name "$guid") goes on" load_runs "$guid" 1
	done
}

bed_up
for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
	must "load on $(disk_name "$guid")" load_start "$guid"
done
a=$(host_channel "$GUID_A")
pipe=$(host_channel "$GUID_PIPE")
nobody=2000
new=00112233445566778899aabbccddeeff

note "No message at all"
wrong "no byte" ""
wrong "7 bytes" 01000000000000
wrong "type 0" "$(msg 0)"
wrong "type 30" "$(msg 30 0 0 0 0)"
wrong "type 0xffffffff" "$(msg 0xffffffff 1 2 3)"
note "Cut off"
wrong "an offer without its last byte" "$(offer $nobody $new | cut -c -390)"
wrong "a rescind without a channel" "$(msg 2)"
wrong "a result of an open without its status" "$(msg 6 "$a" "$a")"
wrong "a GPADL without its status" "$(msg 10 "$a" 1)"
note "What a guest says"
for type in 3 5 7 8 9 11 13 14 16 18 19 21 22 25 27 29; do
	wrong "type $type" "$(msg $type "$a" 0 0 0 0 0 0 0 0 0 0 0 0)"
done
note "About channels that there are not"
wrong "an offer of channel 0" "$(offer 0 $new)"
wrong "an offer of channel 2048" "$(offer 2048 $new)"
wrong "a rescind" "$(msg 2 $nobody)"
wrong "a result of an open" "$(msg 6 $nobody $nobody 0)"
wrong "a GPADL" "$(msg 10 $nobody 1 0)"
wrong "a GPADL taken back" "$(msg 12 0x12345678)"
wrong "a channel modified" "$(msg 24 $nobody 0)"
wrong "a connect refused" "$(msg 23 1 2 3 4 5 6 7 8 0xc0000236)"
note "Once more"
wrong "an offer of a channel that there is" "$(offer "$a" $new)"
wrong "the result of the open of disk A" "$(msg 6 "$a" "$a" 0)"
wrong "the same, a failure" "$(msg 6 "$a" "$a" 0x8000ffff)"
wrong "disk A modified" "$(msg 24 "$a" 0)"
wrong "the version" "$(msg 15 1 0 0)"
wrong "the end of the offers" "$(msg 4)"
wrong "the end of the connection" "$(msg 17)"
all_go_on

note "The pipe goes, and goes"
fine "a rescind" "$(msg 2 "$pipe")"
must "the guest loses it" guest_lists "$GUID_A" "$GUID_B" "$GUID_NVME"
wrong "the same again" "$(msg 2 "$pipe")"
note "A device that nobody has"
fine "it is offered" "$(offer $nobody $new)"
must "the guest gets it" guest_lists "$GUID_A" "$GUID_B" "$GUID_NVME" \
	33221100-5544-7766-8899-aabbccddeeff
wrong "it is offered with another channel" "$(offer $((nobody + 1)) $new)"
fine "it goes" "$(msg 2 $nobody)"
fine "so does the other" "$(msg 2 $((nobody + 1)))"
must "the guest loses it" guest_lists "$GUID_A" "$GUID_B" "$GUID_NVME"

note "$random answers that nobody waits for, about the devices and the memory that there are"
gpadls=$(sed -n 's/^\(0x[0-9a-f]*\) .*/\1/p' /sys/kernel/debug/vmbus_srv/guest0/gpadls)
check "the guest has memory that it shares" [ -n "$gpadls" ]
before=$(errors)
n=0
while [ $n -lt $random ]; do
	for gpadl in $gpadls; do
		n=$((n + 1))
		status=$((n % 3 * 0x40000001))
		case $((n % 4)) in
		0) text=$(msg 6 "$a" $n $status) ;;
		1) text=$(msg 10 "$a" "$gpadl" $status) ;;
		2) text=$(msg 12 "$gpadl") ;;
		3) text=$(msg 24 "$a" $status) ;;
		esac
		says "$text" || { not_ok "answer $n" "$text"; break 2; }
	done
done
check "each was dropped" wait_for "[ \$(errors) = $((before + n)) ]" 20
all_go_on

note "$random messages of random bytes, of the types that there are"
n=0
while [ $n -lt $random ]; do
	n=$((n + 1))
	text=$(le32 $((n % 31)))$(head -c $((n * 7 % 236)) /dev/urandom | od -A n -t x1 -v)
	says "$(echo "$text" | xargs)" || { not_ok "message $n" "$text"; break; }
done
ok "said"
check "the relay is connected" grep -q ^connected "$RELAY/state"
all_go_on
check "no data was wrong" load_stop "$GUID_A" "$GUID_B" "$GUID_NVME"
for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
	check "$(disk_name "$guid") works" guest_scratch "$guid"
done
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
