# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a disk is taken from the running guest, idle and in the middle of I/O
# only: long
# limit: 240
. ./lib.sh

bed_up
rounds=$ROUNDS
n=0
while [ $n -lt "$rounds" ]; do
	n=$((n + 1))
	if [ $((n % 2)) = 0 ]; then
		must "round $n: the guest writes to disk A all the time" guest_load "$GUID_A"
		sleep 1
	fi
	must "round $n: disk A is hidden" rule hide "$GUID_A"
	must "it goes" guest_lists "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	check "the host's channel is closed" wait_for "chan_is root $GUID_A offered" 10
	check "disk B works" guest_scratch "$GUID_B"
	check "the NVMe disk works" guest_scratch "$GUID_NVME"
	must "disk A is relayed again" rule relay "$GUID_A"
	must "it comes" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	check "disk A works" guest_scratch "$GUID_A"
done

note "The host itself takes its disk away"
must "the host removes disk B" vmbus-target remove "$GUID_B"
must "it goes" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
check "and from the relay's list" wait_for "[ ! -d $RELAY/offers/$GUID_B.0 ]" 10
must "the host adds it again" host_disk "$GUID_B" "$IMG_B" $((DATA_MB + 64))
must "it comes" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "disk B works" guest_scratch "$GUID_B"

note "The relay is switched off and on"
echo 0 > "$RELAY/redirect"
must "only VTL2's own disk stays" guest_lists "$GUID_NVME"
must "the relay connects again" relay_on
must "the host's devices are back" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
check "disk A works" guest_scratch "$GUID_A"
bed_down
