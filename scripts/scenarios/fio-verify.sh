# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: four disks of VTL2 under fio at a time, which checks the data; one is reset meanwhile
# limit: 500
# long-limit: 2400
# image: storage
# disk: logical_block_size=512,physical_block_size=4096
. ./lib.sh
. ./storage.inc

GUEST_CPUS=4
GUID_VIRTIO=dddddddd-0000-4000-8000-00000000000d
DISK_GUIDS="$GUID_A $GUID_B $GUID_NVME $GUID_VIRTIO"
RUNTIME=60
[ -z "${LONG:-}" ] || RUNTIME=600

# job_file: of a disk with 4096-byte blocks there are no smaller ones
job_file() {
	fio_verify_jobs 32 $RUNTIME
	for disk in $DISKS; do
		[ "$disk" = "$BIG_BLOCKS" ] || fio_job "$disk" 512 0
		fio_job "$disk" 4k 1
		fio_job "$disk" 64k 2
	done
}

# size_of DISK: of its blocks, for the guest, and below
size_of() {
	guest_run "cd /sys/block/$1/queue && echo \$(cat logical_block_size physical_block_size)"
}

# written OPTIONS: fio on a part of a disk that no job of the others uses
written() {
	guest_run "fio --name=x --filename=/dev/$BIG_BLOCKS --offset=40m --size=4m --bs=64k \
		--rw=write --direct=1 --ioengine=io_uring --iodepth=32 --verify=crc32c $*" 120
}

# reset_once: of $RESET; counts it, and the commands that were under way
reset_once() {
	local n

	n=$(reset_amid_fio "$RESET") || { echo "$n"; return 1; }
	resets=$((resets + 1))
	under_way=$((under_way + n))
}

must "modules load" modules_up
must "the servers start" servers_up
must "VTL2 has a controller on the NVMe device" nvme_disk
# shellcheck disable=SC2086 # words
must "a disk in memory that takes its time" null_disk small 64 $TAKES_ITS_TIME
must "a disk in memory with large blocks" null_disk large 64 blocksize=4096
must "a controller of the first" server_disk guest0 "$GUID_A" /dev/small
must "a controller of the second" server_disk guest0 "$GUID_B" /dev/large
must "a controller of a disk that only has large blocks inside" \
	server_disk guest0 "$GUID_VIRTIO" /dev/vda
must "the guest starts" guest_start --memory 512
must "the guest comes up" guest_wait_up
DISKS=
for guid in $DISK_GUIDS; do
	disk=$(guest_disk "$guid")
	DISKS="$DISKS $disk"
	case $guid in
	"$GUID_B") BIG_BLOCKS=$disk; want="4096 4096" ;;
	"$GUID_VIRTIO") want="512 4096" ;;
	*) want="512 512" ;;
	esac
	equal "the guest knows the blocks of $disk" "$want" "$(size_of "$disk")"
	[ "$guid" != "$GUID_A" ] || RESET=$disk
done

note "Would it notice?"
must "fio writes" written --do_verify=0
check "and finds it again" written --verify_only
must "VTL2 changes some bytes" eval \
	"printf changed | dd of=/dev/large bs=1 seek=$((41 * 1048576 + 1000)) conv=notrunc,fsync"
check "fio notices" fails written --verify_only

note "fio for $RUNTIME seconds"
job_file > /tmp/jobs
must "the guest has its jobs" guest_file /tmp/jobs
must "fio starts" fio_begin /tmp/jobs
sleep 5
# Linux waits 10 s after each, with all commands to that disk.
resets=0
under_way=0
end=$(($(date +%s) + RUNTIME / 2))
while [ "$(date +%s)" -lt $end ]; do
	must "$RESET is reset" reset_once
done
note "$resets resets of $RESET, with $under_way commands under way"
check "these were some" [ "$resets" -ge $((RUNTIME / 60)) ]
check "that was while fio worked" guest_run "[ ! -e /tmp/fio.status ]"
must "fio ends" fio_wait $((RUNTIME + 120))
check "no data was wrong" fio_good
guest_run 'cat /tmp/fio.out' > /tmp/fio.out
check "each job has read and written, without an error" fio_all_moved /tmp/jobs
awk -F ';' '/^3;/ { printf "# %-8s read %7d KiB, wrote %7d KiB\n", $3, $6, $47 }' /tmp/fio.out

for guid in $DISK_GUIDS; do
	check "$guid has moved packets" [ "$(cat "$(chan_dir guest0 "$guid")/packets_in")" -gt 500 ]
done
# shellcheck disable=SC2086 # a list
check "no packet was malformed" packets_clean $DISK_GUIDS
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
check "the disks in memory go" null_disks_gone
