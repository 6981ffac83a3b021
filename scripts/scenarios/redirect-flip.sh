# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the relay is switched off and on under the guest, 10 times (100 with long counts)
# only: long
# limit: 300
# long-limit: 1800
# append: kmemleak=on
. ./lib.sh
. ./load.inc
. ./leak.inc

ALL="$GUID_A $GUID_B $GUID_PIPE $GUID_NVME"
flips=10
[ -z "${LONG:-}" ] || flips=100

# The guest writes to both disks of the host while they go; what it may not miss is on
# VTL2's own.  Some flips come before the guest has found its disks.
flip() {
	if [ $(($1 % 3)) != 0 ]; then
		guest_load "$GUID_A" && guest_load "$GUID_B" || return 1
	fi
	[ $(($1 % 2)) = 0 ] || sleep 1
	echo 0 > "$RELAY/redirect" || return 1
	guest_lists "$GUID_NVME" || return 1
	relay_on || return 1
	# shellcheck disable=SC2086 # a list
	guest_lists $ALL
}

leak_start
bed_up
must "load on VTL2's own disk" load_start "$GUID_NVME"
must "it runs" load_runs "$GUID_NVME" 1
n=0
while [ $n -lt $flips ]; do
	n=$((n + 1))
	flip $n > /tmp/flip 2>&1 || { not_ok "flip $n" "$(cat /tmp/flip)"; exit 1; }
	[ $((n % 5)) = 0 ] || continue
	ok "$n flips"
	check "the load on VTL2's disk goes on" load_runs "$GUID_NVME" 1
	for guid in "$GUID_A" "$GUID_B"; do
		check "$(disk_name "$guid") works" guest_scratch "$guid"
	done
done
check "no data was wrong" load_stop "$GUID_NVME"
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
check "nor had the relay" file_is "$RELAY/host_protocol_errors" 0
check "nothing leaked" no_leak
bed_down
check "nothing leaked when all is gone" no_leak
