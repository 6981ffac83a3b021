# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: disks come and go while fio checks others of the controller: what is under way fails
# only: long
# limit: 300
# long-limit: 2400
# append: kmemleak=on
# image: storage
. ./lib.sh
. ./storage.inc
. ./load.inc
. ./leak.inc

GUEST_CPUS=4
CYCLES=2
[ -z "${LONG:-}" ] || CYCLES=6
HOT=5
BRIEF=6

# jobs: for each disk that stays, on a CPU each, so that all channels are used
jobs() {
	local disk

	fio_verify_jobs 8 3
	printf '%s\n' cpus_allowed=0-3 cpus_allowed_policy=split
	for disk in $STAY; do
		fio_job "$disk" 4k 0
		fio_job "$disk" 64k 1
	done
}

# hot_sum: of the first MiB of the disk that comes and goes
hot_sum() {
	guest_run "dd if=/dev/$hot bs=64k count=16 2> /dev/null | sha256sum"
}

# hot_write: other data there; prints their checksum
hot_write() {
	guest_run "dd if=/dev/urandom of=/tmp/new bs=64k count=16 2> /dev/null &&
		dd if=/tmp/new of=/dev/$hot bs=64k oflag=direct 2> /dev/null &&
		sha256sum < /tmp/new"
}

# hot_load: fio works behind that, until it cannot.  Linux reads nothing, without an error,
# from a disk that it has just lost, where with io_uring fio looks for data all the same.
hot_load() {
	guest_run "rm -f /tmp/hot.*; (fio --name=hot --thread --filename=/dev/$hot --direct=1 \
		--ioengine=psync --numjobs=8 --rw=randrw --bs=4k --offset=4m --size=1m \
		--offset_increment=1m --verify=crc32c --verify_backlog=64 --time_based \
		--runtime=3600 \
		> /tmp/hot.out 2>&1; echo \$? > /tmp/hot.status) &
		for i in \$(seq 100); do
			[ \$(awk '{ print \$5 }' /sys/block/$hot/stat) -gt 100 ] && exit 0;
			sleep 0.1;
		done; exit 1" 40
}

# hot_load_fails: it has noticed, and data were not wrong
hot_load_fails() {
	guest_run "for i in \$(seq 300); do [ ! -s /tmp/hot.status ] || break; sleep 0.1; done;
		cat /tmp/hot.out; [ -s /tmp/hot.status ] && ! grep -qx 0 /tmp/hot.status &&
		[ \$(grep -c '^hot: .*err= *[1-9]' /tmp/hot.out) = 8 ] &&
		! grep -q 'verify: ' /tmp/hot.out" 60
}

# brief: one comes, and goes before the guest may have seen it
brief() {
	vmbus-target add-lun "$GUID_NVME" $BRIEF /dev/brief &&
	vmbus-target remove-lun "$GUID_NVME" $BRIEF
}

# complaints: of VTL2's kernel, since it was started
complaints() {
	dmesg -r | grep '^<[0-3]>'
}

# cycle N: of every two one disk goes in the middle of I/O, and one when it is idle
cycle() {
	must "round $1: a disk is added" vmbus-target add-lun "$GUID_NVME" $HOT /dev/hot
	hot=$(guest_lun_comes "$GUID_NVME" $HOT) || { not_ok "the guest has it" "$hot"; exit 1; }
	[ -z "$sum" ] || equal "with what was written to it" "$sum" "$(hot_sum)"
	sum=$(hot_write)
	[ $(($1 % 2)) = 0 ] || must "the guest uses it" hot_load
	must "it is removed" vmbus-target remove-lun "$GUID_NVME" $HOT
	[ $(($1 % 2)) = 0 ] || check "what was under way fails" hot_load_fails
	must "the guest has lost it" guest_lun_goes "$GUID_NVME" $HOT
	equal "what was written is there" "$sum" \
		"$(dd if=/dev/hot bs=64k count=16 iflag=direct 2> /dev/null | sha256sum)"
	check "another comes and goes at once" brief
	check "fio on the others goes on" load_runs fio 1
}

leak_start
must "modules load" modules_up
must "the servers start" servers_up
for disk in stay1 stay2 hot brief; do
	must "a disk in memory" null_disk $disk 32
done
must "a controller has the first" server_disk guest0 "$GUID_NVME" /dev/stay1 auto
must "and the second" vmbus-target add-lun "$GUID_NVME" 1 /dev/stay2
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
STAY="$(guest_lun "$GUID_NVME" 0) $(guest_lun "$GUID_NVME" 1)"
jobs > /tmp/jobs
must "the guest has jobs for fio" guest_file /tmp/jobs
must "fio starts" fio_load fio /tmp/jobs
complaints > /tmp/complaints

n=0
sum=
while [ $n -lt $CYCLES ]; do
	n=$((n + 1))
	cycle $n
done
check "no data of the others was wrong" load_stop fio
guest_run "cat /tmp/fio.out" > /tmp/fio.out
check "each of its jobs has read and written, without an error" fio_all_moved /tmp/jobs
for disk in $STAY; do
	check "the guest has had no error of $disk" fails grep -a "error, dev $disk" $GUEST_LOG
done
for dir in $(chan_dirs guest0 "$GUID_NVME"); do
	check "channel ${dir##*/} was used" [ "$(cat "$dir/packets_in")" -gt 200 ]
done
equal "there are four" 4 "$(chan_dirs guest0 "$GUID_NVME" | wc -l)"
check "no packet was malformed" packets_clean "$GUID_NVME"
check "the guest's server had nothing to complain of" server_clean guest0
equal "nor has VTL2's kernel" "$(cat /tmp/complaints)" "$(complaints)"
must "the guest powers off" guest_stop
check "no page of the guest is held" file_is "$PARTITION/pages_pinned" 0
check "everything is taken down" all_down
check "the disks in memory go" null_disks_gone
check "modules unload" modules_down
check "nothing leaked" no_leak
