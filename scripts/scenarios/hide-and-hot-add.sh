# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: rules hide a disk and the VPCI bus; a changed rule adds the disk to the running guest
# limit: 240
. ./lib.sh

disposition() {
	cat "$RELAY/offers/$1.0/disposition"
}

note "The filter starts with what its parameters say"
intercept=/modules/vmbus_intercept.ko
check "it does not load with a rule that is none" fails insmod $intercept "rules=\"hide colour=red\""
check "nor with such a default" fails insmod $intercept default=show
must "it loads with rules" insmod $intercept "rules=\"hide instance=$GUID_B; relay\"" default=hide
equal "it has them" "hide instance=$GUID_B relay end" "$(xargs < "$FILTER/ruleset")"
check "and the default" file_is "$FILTER/default" hide
check "each has a directory" test -d "$FILTER/rules/1"
must "it unloads" rmmod vmbus_intercept
must "modules load" modules_up
check "without parameters there is no rule" file_is "$FILTER/ruleset" end
must "the host has two disks, a pipe and a VPCI bus" host_up vpci=1
must "a rule hides disk B" rule hide "$GUID_B"
must "the relay connects with the host" relay_on
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120

must "the guest lists disk A and the pipe only" guest_lists "$GUID_A" "$GUID_PIPE"
equal "disk A is relayed" relay "$(disposition "$GUID_A")"
equal "disk B is hidden" hide "$(disposition "$GUID_B")"
equal "the VPCI bus is taken by the VPCI path" vpci "$(disposition "$GUID_VPCI")"
check "which lists it" test -d "/sys/class/vpci_relay/vpci_relay/offers/$GUID_VPCI"

rounds=$ROUNDS
[ -z "${LONG:-}" ] || rounds=12
n=0
while [ $n -lt "$rounds" ]; do
	n=$((n + 1))
	must "round $n: a rule relays disk B" rule relay "$GUID_B"
	must "it appears in the guest" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"
	check "the guest reads and writes it" guest_scratch "$GUID_B"
	must "a rule hides it" rule hide "$GUID_B"
	must "it goes" guest_lists "$GUID_A" "$GUID_PIPE"
done
check "disk A works as before" guest_scratch "$GUID_A"

must "disk B is shown once more" rule relay "$GUID_B"
disk_works "disk B" "$GUID_B" 8
equal "the host's file has the same bytes" "$SUM" "$(outside_sum "$IMG_B")"
check "the guest's server had nothing to complain of" server_clean guest0

note "One offer is decided apart from the rules"
echo hide > "$RELAY/offers/$GUID_B.0/disposition_override"
must "disk B goes" guest_lists "$GUID_A" "$GUID_PIPE"
echo > "$RELAY/offers/$GUID_B.0/disposition_override"
must "it comes back" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"

note "Wrong rules change nothing"
rules=$(ls "$FILTER/rules")
# shellcheck disable=SC2016 # $1 of the inner shell
for text in "show instance=$GUID_A" "hide instance=nonsense" "hide colour=red" ""; do
	check "refused: '$text'" fails sh -c 'echo "$1" > '"$FILTER/add_rule" x "$text"
done
equal "the rules are the same" "$rules" "$(ls "$FILTER/rules")"
check "the guest has the same devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"
bed_down
