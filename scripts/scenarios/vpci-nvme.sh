# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest's NVMe driver on controllers of the host: fio checks the data; one is torn out
# limit: 450
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

# queues_used DISK: two of its queues for data at least have interrupted the guest
queues_used() {
	guest_run "awk '\$NF ~ /^${1%n1}q[1-9]/ { n = 0; for (i = 2; i < $GUEST_CPUS + 2; i++) n += \$i;
			print \$NF, n; used += n > 0 }
		END { exit used < 2 }' /proc/interrupts"
}

# two_controllers: on bus 1, the first with a block device
two_controllers() {
	truncate -s 64M "$(vpci_image 1.0)" && losetup /dev/loop0 "$(vpci_image 1.0)" &&
	vpci_ask "bus 1" && vpci_ask "add 1 0 nvme /dev/loop0" && vpci_add 1 1 nvme &&
	vpci_ask "offer 1"
}

# written SLOT: what the guest writes to a disk of bus 1 the host has in the file; sets SUM
written() {
	must "the guest has a disk" guest_has_nvme "$(vpci_pci 1 "$1")"
	must "it writes" guest_run "dd if=/dev/urandom of=/dev/$DISK bs=64k count=16 \
		oflag=direct conv=fsync 2> /dev/null" 60
	SUM=$(disk_sum "$DISK")
	equal "in the file of the host" "$SUM" \
		"$(dd if="$(vpci_image 1."$1")" bs=64k count=16 2> /dev/null | sha256sum)"
}

vpci_bed_up
must "the host offers a controller" vpci_bus 0 nvme
must "and a bus with two, one with a block device" two_controllers
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
for disk in $DISKS; do
	check "queues of $disk interrupt the guest, each by itself" queues_used "$disk"
done
for bus in 0 1; do
	equal "bus $bus: nothing was out of reach" 0 "$(vpci_is $bus dma_errors)"
	equal "no interrupt was lost" 0 "$(vpci_is $bus interrupts_lost)"
	equal "nothing was against the rules" 0 "$(vpci_is $bus refused)"
done

note "What is written is there"
written 0
ONE=$SUM
written 1
must "the guest reboots" guest_reboot
must "it has the disk with a block device" guest_has_nvme "$(vpci_pci 1 0)"
equal "that reads the same" "$ONE" "$(disk_sum "$DISK")"
must "and the one with a file" guest_has_nvme "$(vpci_pci 1 1)"
equal "that does, too" "$SUM" "$(disk_sum "$DISK")"
for bus in 0 1; do
	check "bus $bus: nothing was against the rules" vpci_clean $bus
done

note "The guest has no time to let a disk go"
NVME=$(vpci_pci 0 0)
must "it has the disk" guest_has_nvme "$NVME"
must "and writes to it" guest_busy "$DISK"
must "it gets no time" vpci_patience 0
must "the host wants the disk back" vpci_ask "eject 0 0"
must "and has it" vpci_becomes 0 ejected 1
must "the guest has lost it" guest_vpci_is "$(vpci_pci 1 0)" "$(vpci_pci 1 1)"
check "who used it has heard of it" guest_was_busy "$DISK"
equal "that was told of" 1 "$(vpci_relayed 0 guest_counters eject_timeouts)"
must "the guest gets time again" vpci_patience 60000
must "another disk comes" vpci_add 0 0 nvme
must "the guest has it" guest_vpci_is "$NVME" "$(vpci_pci 1 0)" "$(vpci_pci 1 1)"
must "with a disk" guest_has_nvme "$NVME"
check "that can be read" guest_reads "$DISK"
must "it lets this one go" vpci_ask "eject 0 0"
must "the host has it" vpci_becomes 0 ejected 2
equal "in time" 1 "$(vpci_relayed 0 guest_counters eject_timeouts)"
check "the guest's server had nothing to complain of" server_clean guest0
vpci_bed_down 1
check "the block device is let go" losetup -d /dev/loop0
