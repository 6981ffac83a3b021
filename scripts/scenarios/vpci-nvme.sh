# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest's NVMe driver on controllers of the host, under fio, which checks the data
# limit: 400
# long-limit: 2400
# image: storage
. ./lib.sh
. ./vpci.inc
. ./storage.inc
. ./load.inc

GUEST_CPUS=4
RUNTIME=30
[ -z "${LONG:-}" ] || RUNTIME=60

# jobs: for each disk, on all CPUs, so that all queues are used
jobs() {
	local disk

	fio_verify_jobs 16 $RUNTIME
	printf '%s\n' cpus_allowed=0-3 cpus_allowed_policy=split
	for disk in $DISKS; do
		fio_job "$disk" 512 0
		fio_job "$disk" 4k 1
		fio_job "$disk" 64k 2
	done
}

# disk_sum DISK: of the first MiB
disk_sum() {
	guest_run "dd if=/dev/$1 bs=64k count=16 iflag=direct 2> /dev/null | sha256sum"
}

vpci_bed_up
must "the host offers a controller" vpci_bus 0 nvme
must "and a bus with two" vpci_bus 1 nvme nvme
vpci_guest_up
DISKS=
for fn in "0 0" "1 0" "1 1"; do
	# shellcheck disable=SC2086 # two words
	dev=$(vpci_pci $fn)
	disk=$(guest_nvme "$dev") || { not_ok "the guest has the disk of $dev" "$disk"; exit 1; }
	DISKS="$DISKS $disk"
	equal "$disk has 64 MiB" 131072 "$(guest_run "cat /sys/block/$disk/size")"
done

note "fio for $RUNTIME seconds"
jobs > /tmp/jobs
must "the guest has its jobs" guest_file /tmp/jobs
must "fio starts" fio_begin /tmp/jobs
must "fio ends" fio_wait $((RUNTIME + 120))
check "no data was wrong" fio_good
guest_run 'cat /tmp/fio.out' > /tmp/fio.out
check "each job has read and written, without an error" fio_all_moved /tmp/jobs
for bus in 0 1; do
	equal "bus $bus: nothing was out of reach" 0 "$(vpci_is $bus dma_errors)"
	equal "no interrupt was lost" 0 "$(vpci_is $bus interrupts_lost)"
	equal "nothing was against the rules" 0 "$(vpci_is $bus refused)"
done

note "What is written is there"
disk=${DISKS##* }
must "the guest writes" guest_run "dd if=/dev/urandom of=/dev/$disk bs=64k count=16 \
	oflag=direct conv=fsync 2> /dev/null" 60
sum=$(disk_sum "$disk")
equal "in the file of the host" "$sum" \
	"$(dd if="$(vpci_image 1.1)" bs=64k count=16 2> /dev/null | sha256sum)"
must "the guest reboots" guest_reboot
disk=$(guest_nvme "$(vpci_pci 1 1)") || { not_ok "the guest has the disk" "$disk"; exit 1; }
equal "it reads the same" "$sum" "$(disk_sum "$disk")"
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down
