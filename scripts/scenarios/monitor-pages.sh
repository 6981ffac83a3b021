# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest sets bits in a page instead of signalling; VTL2 looks, or the host
# only: long
# limit: 300
. ./lib.sh

US=1000

# latency GUID: what the guest reads in its page, in 100 ns
latency() {
	guest_run "cat /sys/bus/vmbus/devices/$1/client_monitor_latency"
}

# seen_by_host: bits of the guest are heard by the host, and VTL2 has no part in it
seen_by_host() {
	local before after

	before=$(cat "$(chan_dir root "$GUID_A")/events")
	guest_scratch "$GUID_A" || return 1
	after=$(cat "$(chan_dir root "$GUID_A")/events")
	[ "$after" -gt "$before" ] || { echo "the host heard nothing"; return 1; }
	file_is "$offer/forwarding" 0 &&
		file_is "$(chan_dir guest0 "$GUID_A")/events" 0 &&
		file_is "$RELAY/forwarded_to_guest" "$forwarded_to_guest"
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

note "The host looks by itself"
echo 0 > "$RELAY/redirect"
must "its disk goes" guest_lists "$GUID_NVME"
must "VTL2 does not" sh -c "echo 0 > $SRV_CONFIG/guest0/monitor_latency_us"
must "the host is later than VTL2 was" sh -c "echo $((2 * US)) > $SRV_CONFIG/root/monitor_latency_us"
must "the guest starts anew" guest_reboot
must "the relay connects again" relay_on
check "the guest gets the disk" guest_scratch "$GUID_A"
forwarded_to_guest=$(cat "$RELAY/forwarded_to_guest")
check "its channel has a monitor id" monitored "$GUID_A"
equal "that is the host's" "$(monitor_id root "$GUID_A")" "$(monitor_id guest0 "$GUID_A")"
check "the guest knows how late the host hears it" [ "$(latency "$GUID_A")" = $((20 * US)) ]
check "the host hears it, without VTL2" seen_by_host
equal "VTL2's own disk is signalled" 255 "$(monitor_id guest0 "$GUID_NVME")"
must "the guest reboots" guest_reboot
check "its pages are taken back, and given anew" seen_by_host
check "nobody set a bit for nothing" file_is "$SRV/root/triggers_unclaimed" 0

note "A host that has no monitor pages"
must "VTL2 looks again" sh -c "echo $US > $SRV_CONFIG/guest0/monitor_latency_us"
must "the guest starts anew" guest_reboot
echo 0 > "$RELAY/redirect"
must "its disk goes" guest_lists "$GUID_NVME"
must "the knob of the host" sh -c "echo 0 > $SRV_CONFIG/root/monitor_latency_us"
must "the relay connects again" relay_on
check "the disk works" guest_scratch "$GUID_A"
equal "its channel has no monitor id" 255 "$(monitor_id guest0 "$GUID_A")"
check "VTL2 is out of the signal path" file_is "$offer/forwarding" 0
check "that of VTL2's own disk has" monitored "$GUID_NVME"
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
bed_down
