# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: hosts of old versions: the guest's disks work, with signals and interrupts forwarded
# limit: 300
. ./lib.sh

# all_versions MAX: guests of every version that this host allows
all_versions() {
	tap vmbus-selftest -r -V "$1" versions
}

# relay_again MAX [FEATURES]: the same host, of that version at most, and with no others
relay_again() {
	echo 0 > "$RELAY/redirect" && echo "$1" > "$SRV_CONFIG/root/max_version" &&
		echo "${2:-0x3f}" > "$SRV_CONFIG/root/feature_mask" && relay_on
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
for version in 5.3 4.0; do
	must "the relay connects with a host of $version" relay_again $version
	check "it says so" file_is "$RELAY/host_version" $version
	check "and that it has no features" file_is "$RELAY/features" 0x0
	all_versions $version
done
# GUEST_SIGNAL is 1: without it signals are forwarded
for mask in 0x0 0x2 0xfe 0x3f; do
	must "the relay connects with a host of 6.0, features $mask" relay_again 6.0 $mask
	check "it says so" file_is "$RELAY/host_version" 6.0
	check "and has no other feature" [ $(($(cat "$RELAY/features") & ~mask)) = 0 ]
	all_versions 6.0
done
must "the relay connects with a host of 4.0" relay_again 4.0
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
check "the guest has the host's version" file_is "$SRV/guest0/version" 4.0
for guid in "$GUID_A" "$GUID_B"; do
	disk_works "$(disk_name "$guid")" "$guid"
	sum=$SUM
	[ "$guid" = "$GUID_A" ] && img=$IMG_A || img=$IMG_B
	equal "the host's file has the same bytes" "$sum" "$(outside_sum "$img")"
	offer=$RELAY/offers/$guid.0
	check "the relay forwards" file_is "$offer/forwarding" 1
	check "signals to the host" [ "$(cat "$offer/forwarded_to_host")" -gt 0 ]
	check "interrupts to the guest" [ "$(cat "$offer/forwarded_to_guest")" -gt 0 ]
done

# The guest keeps its version; a host that can share does not have it forwarded
must "a host of 6.0 takes over under the guest" relay_again 6.0
check "the disk works" guest_scratch "$GUID_A"
check "nothing is forwarded" file_is "$RELAY/offers/$GUID_A.0/forwarding" 0
check "the guest's version is what it was" file_is "$SRV/guest0/version" 4.0
# Guests that need to have it forwarded are none of its
must "one of 6.0 with nothing but GUEST_SIGNAL" relay_again 6.0 0x1
check "the disk works" guest_scratch "$GUID_A"
check "nothing is forwarded" file_is "$RELAY/offers/$GUID_A.0/forwarding" 0
must "and one of 4.0 again" relay_again 4.0
check "the disk works" guest_scratch "$GUID_A"
check "the relay forwards" file_is "$RELAY/offers/$GUID_A.0/forwarding" 1
check "the host had nothing to complain of" server_clean root
bed_down
