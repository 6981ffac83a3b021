# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest sets bits in a page instead of signalling, also for devices of the host
# limit: 240
. ./lib.sh

US=1000

# latency GUID: what the guest reads in its page, in 100 ns
latency() {
	guest_run "cat /sys/bus/vmbus/devices/$1/client_monitor_latency"
}

# monitored GUID: the channel has a monitor id
monitored() {
	[ "$(cat "$(chan_dir guest0 "$1")/monitor_id")" != 255 ]
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "the guest's server looks into monitor pages" \
	sh -c "echo $US > $SRV_CONFIG/guest0/monitor_latency_us"
must "the host would, too" sh -c "echo $US > $SRV_CONFIG/root/monitor_latency_us"
must "the relay connects with the host" relay_on
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
for guid in "$GUID_NVME" "$GUID_A"; do
	disk_works "$(disk_name "$guid")" "$guid"
	check "its channel has a monitor id" monitored "$guid"
	equal "the guest knows how late it is heard" $((US * 10)) "$(latency "$guid")"
	check "the server has heard it" [ "$(cat "$(chan_dir guest0 "$guid")/events")" -gt 0 ]
done
offer=$RELAY/offers/$GUID_A.0
check "for the host's disk VTL2 is in the signal path" file_is "$offer/forwarding" 1
check "signals go to the host" [ "$(cat "$offer/forwarded_to_host")" -gt 0 ]
check "no bit meant nothing" file_is "$SRV/guest0/triggers_unclaimed" 0

note "A host that has no monitor pages"
echo 0 > "$RELAY/redirect"
must "its disk goes" guest_lists "$GUID_NVME"
must "the knob of the host" sh -c "echo 0 > $SRV_CONFIG/root/monitor_latency_us"
must "the relay connects again" relay_on
check "the disk works" guest_scratch "$GUID_A"
check "its channel has no monitor id" fails monitored "$GUID_A"
check "VTL2 is out of the signal path" file_is "$offer/forwarding" 0
check "that of VTL2's own disk has" monitored "$GUID_NVME"
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
bed_down
