# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the power fails in the middle of I/O, for a disk with a cache: what was flushed is there
# only: long
# limit: 400
# long-limit: 1600
# image: storage
. ./lib.sh
. ./storage.inc

ROUNDS=3
MNT=/mnt/fs
NULLB=/sys/kernel/config/nullb/volatile
DISK_MB=128
# Blocks behind the file system
MARKS=$((96 * 2048))

# power_fails MB FUA: for the monitor, in the middle of what it does, and for the disk, as soon
# as LIO has let go of it.  Then the disk is there again, with nothing in a cache of that size,
# that can be written through or (0) cannot.
power_fails() {
	guest_kill
	wait_for "file_is $SRV/guest0/state disconnected" 10 &&
	vmbus-target remove-lun "$GUID_NVME" 0 &&
	echo 0 > $NULLB/power && [ ! -e /dev/volatile ] &&
	echo "$1" > $NULLB/cache_size && echo "$2" > $NULLB/fua && echo 1 > $NULLB/power &&
	vmbus-target add-lun "$GUID_NVME" 0 /dev/volatile
}

guest_up() {
	must "a guest starts" guest_start
	must "the guest comes up" guest_wait_up
	DISK=$(guest_disk "$GUID_NVME")
	guest_run "mkdir -p $MNT"
}

# cache_known: the guest has been told of the cache, and whether it can be written through
cache_known() {
	guest_run "cd /sys/block/$DISK/queue && grep . write_cache fua &&
		grep -qx 'write back' write_cache && grep -qx $(cat $NULLB/fua) fua"
}

# block TEXT N: command that writes a block with a text, and flushes nothing
block() {
	echo "echo $1 | dd of=/dev/$DISK bs=512 seek=$((MARKS + $2)) conv=sync,notrunc oflag=direct"
}

# marks_written: a block that is flushed, one that is not, one that goes through the cache
marks_written() {
	guest_run "$(block flushed 0) && sg_sync /dev/$DISK && $(block cached 8) &&
		echo through | dd of=/tmp/block bs=512 conv=sync &&
		sg_raw -s 512 -i /tmp/block /dev/$DISK \
			2a 08 $(printf %08x $((MARKS + 16)) | sed 's/../& /g') 00 00 01 00"
}

# marks: which of them are there, for VTL2
marks() {
	echo 1 > /proc/sys/vm/drop_caches
	dd if=/dev/volatile bs=512 skip=$MARKS count=17 2> /dev/null |
		tr '\0' '\n' | grep . | tr '\n' ' '
}

# fs_made: a file system on nothing, not even zeros for the journal.  null_blk has in its cache
# what is written to a page that it does not have yet; all else is written to the page at once.
fs_made() {
	guest_run "blkdiscard -l 64M /dev/$DISK &&
		/bin/mke2fs -F -q -t ext4 -b 4096 -J size=16 -E lazy_journal_init=1 /dev/$DISK 64M" 120
}

# writer_starts ROUND: the guest appends records of a page, flushes each and then says so, while
# files come and go, unflushed.
writer_starts() {
	guest_run "mount -t ext4 /dev/$DISK $MNT" || return 1
	guest_run "(while :; do
			dd if=/dev/urandom of=$MNT/junk.\$((junk % 4)) bs=64k count=16 oflag=direct;
			junk=\$((junk + 1));
			rm -f $MNT/junk.\$((junk % 3));
		done) > /dev/null 2>&1 &
		(while n=\$((n + 1)); do
			echo round $1 record \$n |
				dd of=$MNT/records bs=4096 oflag=append conv=sync,notrunc,fsync \
					2> /dev/null || break;
			echo \"@@flushed $1 \$n\" > /dev/ttyS0;
		done) &"
}

# flushed ROUND: the last record that the guest has said so of
flushed() {
	tr -d '\r' < $GUEST_LOG | sed -n "s/.*@@flushed $1 \([0-9]*\)\$/\1/p" | tail -n 1
}

writes_on() {
	local n

	n=$(flushed "$1")
	wait_for "[ \$(flushed $1) -ge $((${n:-0} + $2)) ]" 60
}

# The journal is replayed by the mount; nothing is left to mend after it.
repaired() {
	guest_run "mount -t ext4 /dev/$DISK $MNT && tr -d '\0' < $MNT/records > /tmp/records &&
		umount $MNT && e2fsck -fn /dev/$DISK" 120
}

# records ROUND LAST: all of them are there, in order
records() {
	guest_run "grep '^round $1 ' /tmp/records | head -n $2 | awk '
		\$0 != \"round $1 record \" NR { print; bad = 1 }
		END { if (NR != $2) print NR; exit bad || NR != $2 }'"
}

must "modules load" modules_up
must "servers start" servers_up
must "a disk with a cache that has room for all of it" \
	null_disk volatile $DISK_MB cache_size=$DISK_MB discard=1
must "VTL2 has a controller on it" server_disk guest0 "$GUID_NVME" /dev/volatile
guest_up
check "the guest knows of the cache" cache_known
must "the guest writes blocks" marks_written
equal "the disk has them" "flushed cached through " "$(marks)"
must "the power fails" power_fails $DISK_MB 1
equal "of what was only in the cache nothing is left" "flushed through " "$(marks)"

guest_up
n=0
while [ $n -lt $ROUNDS ]; do
	n=$((n + 1))
	must "round $n: a file system" fs_made
	check "the guest knows of the cache: FUA $(cat $NULLB/fua)" cache_known
	must "the guest writes, to a cache of $(cat $NULLB/cache_size) MiB" writer_starts $n
	must "and goes on" writes_on $n 10
	# All that was not flushed is lost, or, where the cache is small, some of it
	must "the power fails" power_fails $((n % 2 ? 1 : DISK_MB)) $(((n + 1) % 3 > 0))
	last=$(flushed $n)
	note "flushed when the power failed: $last"
	guest_up
	check "the file system is clean" repaired
	check "and has all $last records" records $n "$last"
done
check "the guest's server had nothing to complain of" server_clean guest0
check "the guest powers off" guest_stop
check "everything is taken down" all_down
check "the disk goes" null_disks_gone
check "modules unload" modules_down
