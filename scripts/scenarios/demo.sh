# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the main job step by step, as "make demo" shows it
# limit: 300
. ./lib.sh
. ./plane.inc

PLAIN=1
START=$(seconds)

# step TEXT
step() {
	echo
	echo "[$(($(seconds) - START)) s] $1"
}

# GUIDs of the guest's bus with the names that they have here
named_devices() {
	guest_devices | tr ' ' '\n' | sed -e "/^\$/d; s/\$/   /" \
		-e "/$GUID_A/s/\$/disk A, relayed/; /$GUID_B/s/\$/disk B, relayed/" \
		-e "/$GUID_PIPE/s/\$/echo pipe, relayed/" \
		-e "/$GUID_NVME/s/\$/disk of VTL2 on NVMe/; s/^/       /"
}

step "0. The VTL2 kernel ($(uname -r), $(nproc) CPUs) is up; its modules are loaded."
must "modules: partition, server, relay, intercept, storvsp, vpci" modules_up

step "1. The host (here a second VMBus server in the same kernel) offers its devices."
must "disk A, disk B and an echo pipe are offered" host_up

step "2. A rule hides disk B; then the relay takes the host's offers."
must "rule: hide disk B" rule hide "$GUID_B"
must "the relay is connected with the host" relay_on
check "disk A: relay" wait_for "file_is $RELAY/offers/$GUID_A.0/disposition relay" 5
check "disk B: hide" wait_for "file_is $RELAY/offers/$GUID_B.0/disposition hide" 5
check "pipe: relay" wait_for "file_is $RELAY/offers/$GUID_PIPE.0/disposition relay" 5

step "3. VTL2 adds a SCSI controller of its own: LIO on the machine's NVMe device."
must "the controller is offered to the guest" nvme_disk

step "4. An unmodified Linux boots as VTL0 with 2 CPUs (about 10 s) ..."
must "vtl0 starts it" guest_start
must "it is up" guest_wait_up 120
must "its VMBus has exactly what was offered" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
named_devices
echo "   $DATA_MB MiB of random data on disk A (about 15 s) ..."
disk_works "disk A" "$GUID_A"
sum_a=$SUM
echo "   $DATA_MB MiB of random data on the NVMe disk (about 15 s) ..."
disk_works "the NVMe disk" "$GUID_NVME"
sum_nvme=$SUM
equal "the host's file behind disk A holds the same bytes" "$sum_a" "$(outside_sum "$IMG_A")"

step "5. I/O on disk A does not pass through VTL2's relay."
measure
check "no function of vmbus_relay.ko was called, the guest's server counted nothing" \
	out_of_data_plane
check "the host counted the guest's packets" host_has_worked
echo "   Control: the same with forwarding forced on must not pass this check ..."
must "disk A is offered again, forwarded" force_forwarding
measure
check "as it should, the check fails now: $hits calls" fails out_of_data_plane
echo 0 > "$RELAY/force_forwarding"

step "6. Rules change while the guest runs."
echo "   echo \"relay instance=$GUID_B\" > $FILTER/add_rule"
must "rule: relay disk B" rule relay "$GUID_B"
must "disk B appears in the guest" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "the guest writes and reads it" guest_scratch "$GUID_B"
must "rule: hide disk A" rule hide "$GUID_A"
must "disk A disappears from the guest" guest_lists "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "the guest goes on with disk B" guest_scratch "$GUID_B"
check "and with the NVMe disk" guest_scratch "$GUID_NVME"

step "7. The guest powers off, everything is taken down."
must "the guest is off, vtl0 ended well" guest_stop
check "VTL2's controller is removed" vmbus-target remove "$GUID_NVME"
equal "the NVMe device holds the bytes that the guest wrote" \
	"$sum_nvme" "$(outside_sum /dev/nvme0n1)"
check "the host and its devices are gone" all_down
check "modules are unloaded" modules_down
