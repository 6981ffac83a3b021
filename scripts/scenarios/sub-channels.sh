# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest with 4 CPUs uses sub-channels of the host's disks and of VTL2's own
# limit: 300
# long-limit: 1200
. ./lib.sh
. ./load.inc

GUEST_CPUS=4
DISK_SUBCHANNELS=4
SUBS=3
rebinds=1
[ -z "${LONG:-}" ] || rebinds=4

# chan_subs SERVER GUID STATE: how many sub-channels of the device are in that state
chan_subs() {
	local d n=0

	for d in $(chan_dirs "$1" "$2"); do
		[ "$(cat "$d/subchannel_id")" != 0 ] || continue
		[ "$(cat "$d/state")" != "$3" ] || n=$((n + 1))
	done
	echo $n
}

# subs_are SERVER GUID N: so many are open, at once or soon
subs_are() {
	wait_for "[ \$(chan_subs $1 $2 open) = $3 ]" 20 && return
	echo "$1: $(chan_subs "$1" "$2" open) of the sub-channels are open"
	return 1
}

# used SERVER GUID: packets that the guest has sent by each of its channels
used() {
	local d

	for d in $(chan_dirs "$1" "$2"); do
		cat "$d/packets_in"
	done
}

# load_on_all GUID: each CPU of the guest reads the disk
load_on_all() {
	local disk cpu

	disk=$(guest_disk "$1") || { echo "no disk: $disk"; return 1; }
	guest_run "for cpu in 0 1 2 3; do
		taskset \$((1 << cpu)) dd if=/dev/$disk of=/dev/null bs=64k count=64 \
			iflag=direct 2> /dev/null || exit 1; done" 60
}

# all_used SERVER GUID: each channel has been used for it
all_used() {
	local n

	for n in $(used "$1" "$2"); do
		[ "$n" -ge 16 ] || { used "$1" "$2"; return 1; }
	done
}

# threads_are_the_monitors: those that serve the guest run where its monitor may
threads_are_the_monitors() {
	local p n=0 want

	want=$(sed -n 's/^Cpus_allowed:\t//p' "/proc/$GUEST_PID/status")
	for p in /proc/[0-9]*/status; do
		grep -qs '^Name:.vmbus-guest0/' "$p" || continue
		n=$((n + 1))
		[ "$(sed -n 's/^Cpus_allowed:\t//p' "$p")" = "$want" ] || { cat "$p"; return 1; }
	done
	echo "monitor: $want; $n threads"
	[ $n -gt 1 ]
}

# rebind GUID: the guest's driver lets go of the device and takes it again
rebind() {
	guest_run "cd /sys/bus/vmbus/drivers/hv_storvsc && echo $1 > unbind && echo $1 > bind" 60
}

bed_up
for guid in "$GUID_A" "$GUID_B" "$GUID_NVME"; do
	disk_works "$(disk_name "$guid")" "$guid"
done
for guid in "$GUID_A" "$GUID_B"; do
	check "the host has $SUBS sub-channels of $(disk_name "$guid") open" \
		subs_are root "$guid" $SUBS
	check "so has the guest's server" subs_are guest0 "$guid" $SUBS
	check "each CPU of the guest reads it" load_on_all "$guid"
	check "all channels are used for that" all_used root "$guid"
done
check "VTL2's own disk has $SUBS sub-channels open" subs_are guest0 "$GUID_NVME" $SUBS
check "each CPU of the guest reads it" load_on_all "$GUID_NVME"
check "all channels are used for that" all_used guest0 "$GUID_NVME"
check "by threads on the monitor's CPUs" threads_are_the_monitors
for guid in "$GUID_A" "$GUID_B"; do
	equal "the relay moves no packet of $(disk_name "$guid")" "0 0 0 0" \
		"$(used guest0 "$guid" | xargs)"
done

note "The guest lets go of disks, with their sub-channels"
n=0
while [ $n -lt $rebinds ]; do
	n=$((n + 1))
	for guid in "$GUID_A" "$GUID_NVME"; do
		check "the guest lets go of $(disk_name "$guid") and takes it again" rebind "$guid"
		check "it has its sub-channels again" subs_are guest0 "$guid" $SUBS
		check "and works" guest_scratch "$guid"
	done
done
note "Disk A is hidden and shown, under load on the others"
for guid in "$GUID_B" "$GUID_NVME"; do
	must "load on $(disk_name "$guid")" load_start "$guid"
done
n=0
while [ $n -lt $rebinds ]; do
	n=$((n + 1))
	check "disk A is hidden" rule hide "$GUID_A"
	must "the guest loses it" guest_lists "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	check "and its sub-channels" wait_for "[ -z \"\$(used guest0 $GUID_A)\" ]" 5
	check "it is shown" rule relay "$GUID_A"
	must "the guest has it again" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	check "with its sub-channels" subs_are guest0 "$GUID_A" $SUBS
	check "and it works" guest_scratch "$GUID_A"
done
for guid in "$GUID_B" "$GUID_NVME"; do
	check "$(disk_name "$guid") goes on" load_runs "$guid" 2
done
check "no data was wrong" load_stop "$GUID_B" "$GUID_NVME"

note "VTL2's own disk goes, with its sub-channels in use"
must "load on it" load_start "$GUID_NVME"
check "it runs" load_runs "$GUID_NVME" 1
check "its controller is removed" vmbus-target remove "$GUID_NVME"
check "the guest loses it" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
bed_down
