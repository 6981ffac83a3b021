# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What scripts/bench runs: the same disks by vmbus_storvsp, by the kernel's vhost-scsi, and
# by QEMU's own virtio-blk, for three guests of the same kernel that are there all the time
# and of which one works at a time, in turn.
#
# A line "@run ..." for each run: disk, workload, who, round, IOPS; lines "@count ..." for
# those that were not timed: what happened in VTL2, and how often.
# limit: 3600
# image: storage qemu
# memory: 4096
. ./lib.sh
. ./storage.inc
. ./qemu.inc

# option NAME: of the kernel command line, a list with commas
option() {
	sed -n "s/.*bench\.$1=\([^ ]*\).*/\1/p" /proc/cmdline | tr , ' '
}

CPUS=2
GUEST_UP=600
WHO="storvsp vhost-scsi virtio-blk"
rounds=$(option rounds)
seconds=$(option seconds)
VHOST_WWN=naa.5001405000000001
TRACE=/sys/kernel/tracing
# Signals of a guest and interrupts for it by event file, and all wake-ups
COUNTED="ioeventfd_write irqfd_wakeup try_to_wake_up"
# Counters of the channels of storvsp
OURS="events data_copied_bytes data_pinned_pages"

# ---- the guests ------------------------------------------------------------------------

# of NAME: who the guest functions of lib.sh are about from here on
of() {
	exec 7<> "/tmp/$1.in"
	GUEST_LOG=/tmp/$1.log
	read -r GUEST_PID < "/tmp/$1.pid"
}

# begins NAME COMMAND...: a guest of that name
begins() {
	local name=$1

	shift
	mkfifo "/tmp/$name.in" || return 1
	# A guest whose console has come to its end listens no more.
	sleep 100000 <> "/tmp/$name.in" > /dev/null &
	("$@" < "/tmp/$name.in" > "/tmp/$name.log" 2> "/tmp/$name.err" ) &
	echo $! > "/tmp/$name.pid"
	of "$name"
	GUEST_UPS=0
	guest_wait_up || { cat "/tmp/$name.err"; return 1; }
}

vtl0_guest() {
	exec taskset "$GUEST_ON" vtl0 --kernel $GUEST_KERNEL --initrd $GUEST_INITRD \
		--append "console=ttyS0 panic=-1 reboot=t" --memory 256 --cpus $CPUS \
		--partition guest0
}

# qemu_guest DEVICES
qemu_guest() {
	inner_qemu -cpu host -smp $CPUS -m 256 -serial stdio \
		-kernel $GUEST_KERNEL -initrd $GUEST_INITRD \
		-append "console=ttyS0 panic=-1 reboot=t no_timer_check" "$@"
}

# vhost_target: LIO's disks of the controller, once more
vhost_target() {
	local tpg=/sys/kernel/config/target/vhost/$VHOST_WWN/tpgt_1 lun=0 dir

	mkdir -p "$tpg" && echo "naa.5001405000000002" > "$tpg/nexus" || return 1
	for dir in "$LIO"/core/*/"$GUID_NVME".[01]; do
		mkdir "$tpg/lun/lun_$lun" && ln -s "$dir" "$tpg/lun/lun_$lun/disk" || return 1
		lun=$((lun + 1))
	done
}

blk_guest() {
	qemu_guest -object iothread,id=t0 -object iothread,id=t1 \
		-drive file=/dev/null0,if=none,id=d0,format=raw,cache=none,aio=native \
		-drive file=/dev/nvme0n1,if=none,id=d1,format=raw,cache=none,aio=native \
		-device virtio-blk-pci,drive=d0,iothread=t0,num-queues=$CPUS,serial=null \
		-device virtio-blk-pci,drive=d1,iothread=t1,num-queues=$CPUS,serial=nvme
}

# device WHO DISK: its name in that guest
device() {
	case $1-$2 in
	virtio-blk-null) echo vda ;;
	virtio-blk-nvme) echo vdb ;;
	*-null) echo sda ;;
	*-nvme) echo sdb ;;
	esac
}

# ---- runs ------------------------------------------------------------------------------

# fio_options WORKLOAD
fio_options() {
	case $1 in
	4k-*) echo "--bs=4k" ;;
	128k-*) echo "--bs=128k" ;;
	esac
	case $1 in
	4k-read*) echo "--rw=randread" ;;
	4k-write*) echo "--rw=randwrite" ;;
	128k-read) echo "--rw=read --iodepth=8" ;;
	128k-write) echo "--rw=write --iodepth=8" ;;
	esac
	case $1 in
	*-1) echo "--iodepth=1" ;;
	*-32) echo "--iodepth=32" ;;
	*-4jobs) echo "--iodepth=32 --numjobs=4 --group_reporting" ;;
	esac
}

# fio WHO DISK WORKLOAD OPTIONS: what it says is for fio_line: a console costs exits
fio() {
	of "$1"
	# shellcheck disable=SC2046
	guest_run "fio --name=b --filename=/dev/$(device "$1" "$2") --direct=1 --size=128M \
		--ioengine=io_uring --randrepeat=1 --thread --output-format=terse \
		--output=/tmp/fio $(fio_options "$3" | xargs) $4" $((seconds + 120)) > /tmp/fio.said ||
		tail -n 3 /tmp/fio.said
}

fio_line() {
	guest_run "cat /tmp/fio"
}

# iops: of fio's line, reads and writes together
iops() {
	awk -F';' '/^3;/ { print $8 + $49 }'
}

# ios KIB: of fio's line, how many of that size
ios() {
	awk -F';' '/^3;/ { print int(($6 + $47) / '"$1"') }'
}

# count_cpu DISK WORKLOAD WHO SIGN: time of the guest in guest mode, and of all else together,
# in ticks; the table adds up
count_cpu() {
	local in_guest

	in_guest=$(sed 's/.*) //' "/proc/$GUEST_PID/stat" | cut -d ' ' -f 41)
	awk -v g="$in_guest" -v count="@count $1 $2 $3" -v sign="$4" '$1 == "cpu" {
		print count, "in_guest", sign g
		print count, "elsewhere", sign ($2 + $3 + $4 + $7 + $8 - g) }' /proc/stat
}

# timed DISK WORKLOAD ROUND
timed() {
	local who line n

	for who in $WHO; do
		of "$who"
		count_cpu "$1" "$2" "$who" -
		fio "$who" "$1" "$2" "--time_based --runtime=$seconds"
		count_cpu "$1" "$2" "$who" +
		line=$(fio_line)
		n=$(echo "$line" | iops)
		check "$3: $1 $2 $who" test "${n%.*}" -gt 0
		echo "@run $1 $2 $who $3 $n"
		echo "@count $1 $2 $who timed_ios $(echo "$line" | ios "$(kib "$2")")"
	done
}

kib() {
	case $1 in
	4k-*) echo 4 ;;
	*) echo 128 ;;
	esac
}

exits() {
	cat /sys/kernel/debug/kvm/"$GUEST_PID"-*/exits
}

# count_ours DISK WORKLOAD SIGN: as count_cpu
count_ours() {
	local name

	for name in $OURS; do
		echo "@count $1 $2 storvsp $name $3$(chan_sum guest0 "$GUID_NVME" "$name")"
	done
}

# counted DISK WORKLOAD
counted() {
	local who f ios exits

	for who in $WHO; do
		of "$who"
		echo 0 > $TRACE/function_profile_enabled
		echo 1 > $TRACE/function_profile_enabled
		exits=$(exits)
		[ "$who" != storvsp ] || count_ours "$1" "$2" -
		fio "$who" "$1" "$2" "--time_based --runtime=$seconds"
		echo 0 > $TRACE/function_profile_enabled
		[ "$who" != storvsp ] || count_ours "$1" "$2" +
		echo "@count $1 $2 $who exits $(($(exits) - exits))"
		for f in $COUNTED; do
			echo "@count $1 $2 $who $f $(calls "$f")"
		done
		ios=$(fio_line | ios "$(kib "$2")")
		check "$1 $2 $who: work to count" test "${ios:-0}" -gt 0
		echo "@count $1 $2 $who ios $ios"
	done
}

# calls FUNCTION: since the profile was switched on
calls() {
	cat $TRACE/trace_stat/function* | awk -v f="$1" '$1 == f { n += $2 } END { print n + 0 }'
}

must "modules load" modules_up
must "servers start" servers_up
must "a disk in memory" null_disk null0 160 irqmode=0 submit_queues=$CPUS
must "a controller with it" server_disk guest0 "$GUID_NVME" /dev/null0 auto
must "an NVMe device" wait_for 'test -b /dev/nvme0n1' 20
must "it is the second disk" vmbus-target add-lun "$GUID_NVME" 1 /dev/nvme0n1
must "the same for vhost-scsi" vhost_target
must "a guest with storvsp" begins storvsp vtl0_guest
must "one with vhost-scsi" begins vhost-scsi qemu_guest \
	-device vhost-scsi-pci,wwpn=$VHOST_WWN,num_queues=$CPUS
must "one with virtio-blk" begins virtio-blk blk_guest
for who in $WHO; do
	of "$who"
	check "$who: $(guest_run 'cd /sys/block && echo [sv]d?')" true
done
: > $TRACE/set_ftrace_filter
for f in $COUNTED; do
	must "the tracer knows $f" sh -c "echo $f >> $TRACE/set_ftrace_filter"
done
for disk in $(option disks); do
	for workload in $(option workloads); do
		for n in 1 2 3; do
			counted "$disk" "$workload"
		done
		n=0
		while [ $n -lt "$rounds" ]; do
			n=$((n + 1))
			timed "$disk" "$workload" $n
		done
	done
done
for who in $WHO; do
	of "$who"
	check "$who powers off" guest_stop
done
