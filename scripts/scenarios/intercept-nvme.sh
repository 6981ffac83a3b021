# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a disk that VTL2 itself serves from an NVMe device
# only: long
# limit: 240
. ./lib.sh

# documented: runs what the administrator is told to type
documented() {
	grep -v '^nvme list$' /tmp/typed > /tmp/commands
	cat /tmp/commands
	(cd /modules && sh -e /tmp/commands)
}

sed -n '/^    nvme list$/,/^$/s/^    //p' admin-guide.rst > /tmp/typed
must "modules load" modules_up
must "but that of the controller, so far" rmmod vmbus_storvsp
must "servers start" servers_up
must "there is an NVMe device" wait_for "test -b /dev/nvme0n1" 20
equal "the documentation needs five commands for a disk of the guest" 5 "$(wc -l < /tmp/typed)"
must "they work" documented
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120
must "the guest lists it" guest_lists "$GUID_NVME"
disk_works "the NVMe disk" "$GUID_NVME"
sum=$SUM
dir=$(chan_dir guest0 "$GUID_NVME")
check "the guest's server counts its packets" test "$(cat "$dir/packets_in")" -gt 0
check "none was malformed" file_is "$dir/bad_packets" 0
check "nothing else was" server_clean guest0

note "What an administrator may say"
TPG=/sys/kernel/config/target/vmbus/$GUID_NVME/tpgt_1

# said FILE VALUE [SHOWN]
said() {
	echo "$2" > "$TPG/$1" && file_is "$TPG/$1" "${3:-$2}"
}

# refused FILE VALUE: and nothing changes
refused() {
	local was

	was=$(cat "$TPG/$1")
	! (echo "$2" > "$TPG/$1") 2> /dev/null && file_is "$TPG/$1" "$was"
}

for value in 0 257 -1 x ""; do
	check "lun_depth: \"$value\" is refused" refused lun_depth "$value"
done
for value in 257 -1 auto; do
	check "poll_depth: \"$value\" is refused" refused poll_depth "$value"
done
for value in 10001 -1 auto; do
	check "busy_poll_us: \"$value\" is refused" refused busy_poll_us "$value"
done
check "subchannels: not while it is enabled" refused subchannels 1
check "busy_poll_us" said busy_poll_us 0x64 100
check "the channel has it" file_is "$dir/busy_poll_us" 100
check "and what is the default" said busy_poll_us default
check "the channel, too" file_is "$dir/busy_poll_us" 0
check "one command of the disk at a time" said lun_depth 1
check "the guest reads and writes it all the same" guest_scratch "$GUID_NVME"
check "as many as there is room for" said lun_depth 256
events=$(cat "$dir/events")
check "the ring is polled while something is under way" said poll_depth 1
check "the guest reads and writes it all the same" guest_scratch "$GUID_NVME"
check "without more signals than packets" \
	[ $(($(cat "$dir/events") - events)) -le "$(cat "$dir/packets_in")" ]
check "and is not any more" said poll_depth 0

note "The controller goes and comes while the guest runs"
must "the controller is removed" vmbus-target remove "$GUID_NVME"
must "it goes" guest_lists
equal "the NVMe device has the same bytes" "$sum" "$(outside_sum /dev/nvme0n1)"
must "a new controller is made" nvme_disk
must "it comes" guest_lists "$GUID_NVME"
check "without a sub-channel" [ "$(chan_dirs guest0 "$GUID_NVME" | wc -l)" = 1 ]
DISK=$(guest_disk "$GUID_NVME")
equal "the guest reads what it wrote" "$sum" "$(guest_sum "$DISK")"

note "A channel for each CPU of the guest"
must "it is taken back" vmbus-target disable "$GUID_NVME"
for value in 65 -1 some; do
	check "subchannels: \"$value\" is refused" refused subchannels "$value"
done
check "as many as there are CPUs" said subchannels auto
must "it is offered again" vmbus-target enable "$GUID_NVME"
must "it comes" guest_lists "$GUID_NVME"
equal "the guest reads what it wrote" "$sum" "$(guest_sum "$(guest_disk "$GUID_NVME")")"
check "by two channels" [ "$(chan_dirs guest0 "$GUID_NVME" | wc -l)" = 2 ]
bed_down
