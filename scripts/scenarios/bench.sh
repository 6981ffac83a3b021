# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What scripts/bench runs: the same disks by vmbus_storvsp, by the kernel's vhost-scsi, and
# by QEMU's own virtio-blk, for three guests of the same kernel that are there all the time
# and of which one works at a time, in turn.
# limit: 3600
# image: storage qemu
# memory: 4096
. ./lib.sh
. ./storage.inc
. ./qemu.inc
. ./bench.inc

WHO="storvsp vhost-scsi virtio-blk"
US=storvsp
COUNTED=$EVENTS
VHOST_WWN=naa.5001405000000001

# ---- the guests ------------------------------------------------------------------------

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

unit() {
	echo "IOPS I/O"
}

# work WHO "DISK WORKLOAD": what fio says is for worked: a console costs exits
work() {
	# shellcheck disable=SC2046,SC2086
	guest_run "fio --name=b --filename=/dev/$(device "$1" ${2% *}) --direct=1 --size=128M \
		--ioengine=io_uring --randrepeat=1 --thread --output-format=terse \
		--output=/tmp/fio $(fio_options "${2#* }" | xargs) --time_based --runtime=$seconds" \
		$((seconds + 120)) > /tmp/fio.said || tail -n 3 /tmp/fio.said
}

# worked "DISK WORKLOAD": reads and writes together
worked() {
	local kib=128 result

	case $1 in
	*" 4k-"*) kib=4 ;;
	esac
	result=$(guest_run "cat /tmp/fio" |
		awk -F';' -v kib=$kib '/^3;/ { print $8 + $49, int(($6 + $47) / kib) }')
	RATE=${result% *}
	UNITS=${result#* }
}

# count_ours WORK SIGN: of the channels of storvsp
count_ours() {
	echo "@count $1 $US signals $2$(chan_sum guest0 "$GUID_NVME" events)"
	echo "@count $1 $US bytes_copied $2$(chan_sum guest0 "$GUID_NVME" data_copied_bytes)"
	echo "@count $1 $US pages_pinned $2$(chan_sum guest0 "$GUID_NVME" data_pinned_pages)"
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
profile_counts
for disk in $(option disks); do
	for workload in $(option workloads); do
		measure "$disk $workload"
	done
done
all_off
