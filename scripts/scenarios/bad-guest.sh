# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a monitor and a guest that do everything wrong; then a real guest
# limit: 240
. ./lib.sh

# errors NAME...: their sum
errors() {
	(cd "$SRV/guest0/errors" && cat "$@") | awk '{ n += $1 } END { print n }'
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "the relay connects with the host" relay_on
lines=$(dmesg | wc -l)
tap vmbus-selftest calls nonsense
check "the guest's server counted what was malformed" \
	test "$(cat "$SRV/guest0/messages_bad")" -gt 500
check "and what made no sense" test "$(cat "$SRV/guest0/messages_refused")" -gt 100
equal "each malformed one by its reason" "$(cat "$SRV/guest0/messages_bad")" \
	"$(errors short unknown)"
equal "and each that made no sense" "$(cat "$SRV/guest0/messages_refused")" \
	"$(errors state untrusted paused contact_short contact_vtl contact_sint contact_vp \
	monitor_used offers_sent no_channel channel_state reserved modify_vp modify_busy no_gpadl \
	gpadl_id gpadl_form gpadl_limit reset)"
check "nothing of that filled the log" test $(($(dmesg | wc -l) - lines)) -lt 20
check "and GPADLs that it refused" test "$(cat "$SRV/guest0/gpadls_failed")" -gt 10
check "no message to the guest was lost" file_is "$SRV/guest0/messages_lost" 0
check "no VP is left" file_is "$PARTITION/vps" 0
check "no page is held" file_is "$PARTITION/pages_pinned" 0
check "the host heard nothing malformed" file_is "$SRV/root/messages_bad" 0

must "a real guest starts" guest_start
must "the guest comes up" guest_wait_up 120
must "with all its devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "disk A works" guest_scratch "$GUID_A"
check "the NVMe disk works" guest_scratch "$GUID_NVME"
bed_down
