# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: rings of the least size, of an odd one and large ones; a device that polls spares signals
# limit: 300
. ./lib.sh

READS=300

# with_rings BYTES AVAILABLE: a guest that asks for rings of so many bytes
with_rings() {
	GUEST_APPEND="hv_storvsc.storvsc_ringbuffer_size=$1"
	must "a guest with rings of $1 bytes starts" guest_start
	must "it comes up" guest_wait_up 120
	disk_works "the NVMe disk" "$GUID_NVME" 8
	equal "its empty ring has room for $2 bytes" "$2" \
		"$(guest_run "cat /sys/bus/vmbus/devices/$GUID_NVME/channels/*/write_avail")"
	dir=$(chan_dir guest0 "$GUID_NVME")
	check "none of its packets was malformed" file_is "$dir/bad_packets" 0
	check "nor its rings broken" file_is "$dir/errors" 0
	check "nor did it miss an interrupt" file_is "$dir/stalled" 0
	check "the guest's server had nothing to complain of" server_clean guest0
}

# signals: of the guest for so many reads, one after the other
signals() {
	local before after

	before=$(cat "$dir/events")
	guest_run "echo 0 > /sys/block/$DISK/queue/read_ahead_kb && echo 3 > /proc/sys/vm/drop_caches &&
		dd if=/dev/$DISK of=/dev/null bs=4k count=$READS 2> /dev/null" 60 > /dev/null || return 1
	after=$(cat "$dir/events")
	echo $((after - before))
}

refused() {
	echo "$1" 2> /dev/null > "$dir/busy_poll_us" && return 1
	file_is "$dir/busy_poll_us" 0
}

must "modules load" modules_up
must "servers start" servers_up
must "VTL2 has a controller on the NVMe device" nvme_disk

with_rings 4096 4096
must "the guest powers off" guest_stop
with_rings 45056 40960
must "the guest powers off" guest_stop
with_rings 2097152 2093056

for value in 10001 -1 x; do
	check "busy_poll_us: $value is refused" refused $value
done
without=$(signals)
check "no poll without the knob" file_is "$dir/poll_hits" 0
echo 10000 > "$dir/busy_poll_us"
with=$(signals)
note "signals for $READS reads: $without without polling, $with with"
hits=$(cat "$dir/poll_hits")
note "polls that found something: $hits, that did not: $(cat "$dir/poll_misses")"
# A request that comes while the reader still looks needs none.
check "nearly each read was a signal" test "${without:-0}" -ge $((READS * 9 / 10))
# How many are found is a matter of how soon the guest, an emulator's, has the next.
check "polls found requests of the guest" test "$hits" -ge $((READS / 10))
check "and each that they found was no signal" \
	test "${with:-$READS}" -le $((without + READS / 10 - hits))
echo 0 > "$dir/busy_poll_us"
check "the guest still reads and writes" guest_scratch "$GUID_NVME"
bed_down
