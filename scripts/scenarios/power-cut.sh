# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the power fails in the middle of I/O on VTL2's own disk: what was flushed is there
# limit: 300
# long-limit: 1200
. ./lib.sh

ROUNDS=3
[ -z "${LONG:-}" ] || ROUNDS=20
MNT=/mnt/fs

# writer_starts ROUND: the guest appends records, flushes each and then says so, while
# files come and go, unflushed.
writer_starts() {
	guest_run "mount -t ext4 /dev/$DISK $MNT" || return 1
	guest_run "(while :; do
			dd if=/dev/urandom of=$MNT/junk.\$((junk % 4)) bs=64k count=16;
			junk=\$((junk + 1));
			rm -f $MNT/junk.\$((junk % 3));
		done) > /dev/null 2>&1 &
		(while n=\$((n + 1)); do
			echo round $1 record \$n |
				dd of=$MNT/records oflag=append conv=notrunc,fsync 2> /dev/null || break;
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
	guest_run "mount -t ext4 /dev/$DISK $MNT && cp $MNT/records /tmp/records &&
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
must "VTL2 has a controller on the NVMe device" nvme_disk
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
DISK=$(guest_disk "$GUID_NVME")
must "a file system" guest_run "/bin/mke2fs -q -t ext4 /dev/$DISK 64M && mkdir $MNT" 120
n=0
while [ $n -lt $ROUNDS ]; do
	n=$((n + 1))
	must "round $n: the guest writes" writer_starts $n
	must "and goes on" writes_on $n 10
	guest_kill
	last=$(flushed $n)
	note "flushed when the power failed: $last"
	must "a new guest starts" guest_start
	must "the guest comes up" guest_wait_up
	DISK=$(guest_disk "$GUID_NVME")
	guest_run "mkdir -p $MNT"
	check "the file system is clean" repaired
	check "and has all $last records" records $n "$last"
done
check "the guest's server had nothing to complain of" server_clean guest0
check "the guest powers off" guest_stop
check "everything is taken down" all_down
check "modules unload" modules_down
