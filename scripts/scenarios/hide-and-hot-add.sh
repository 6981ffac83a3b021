# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: rules hide a disk and the VPCI bus; a changed rule adds the disk to the running guest
# limit: 240
. ./lib.sh

TRACE=/sys/kernel/tracing

decisions_traced() {
	echo vmbus_intercept:vint_decide > $TRACE/set_event
}

# decisions GUID: all that were made about the first channel of that device, in order
decisions() {
	sed -n "s/.* instance=$1 subchannel=0 .*rule=\(.*\)/\1/p" $TRACE/trace | sed 's/ *$//' |
		tr '\n' ';'
}

# write_rules RULE...: all at once
write_rules() {
	(printf '%s\n' "$@" end > "$FILTER/ruleset") 2> /dev/null
}

disposition() {
	cat "$RELAY/offers/$1.0/disposition"
}

note "The filter starts with what its parameters say"
intercept=/modules/vmbus_intercept.ko
check "it does not load with a rule that is none" fails insmod $intercept "rules=\"hide colour=red\""
check "nor with such a default" fails insmod $intercept default=show
must "it loads without parameters" insmod $intercept
check "then there is no rule" file_is "$FILTER/ruleset" end
must "it unloads" rmmod vmbus_intercept
must "modules load, with rules" modules_up "rules=\"hide instance=$GUID_B; relay\"" default=hide
equal "it has them" "hide instance=$GUID_B relay end" "$(xargs < "$FILTER/ruleset")"
check "and the default" file_is "$FILTER/default" hide
check "each has a directory" test -d "$FILTER/rules/1"
must "decisions leave a trace" decisions_traced
must "the host has two disks, a pipe and a VPCI bus" host_up vpci=1
must "the relay connects with the host" relay_on
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120

must "the guest lists disk A and the pipe only" guest_lists "$GUID_A" "$GUID_PIPE"
equal "disk A is relayed" relay "$(disposition "$GUID_A")"
equal "disk B is hidden" hide "$(disposition "$GUID_B")"
equal "the VPCI bus is taken by the VPCI path" vpci "$(disposition "$GUID_VPCI")"
check "which lists it" test -d "/sys/class/vpci_relay/vpci_relay/offers/$GUID_VPCI"
equal "a trace of each decision: disk A" "1: relay;" "$(decisions "$GUID_A")"
equal "disk B" "0: hide;" "$(decisions "$GUID_B")"
equal "the VPCI bus, in spite of the rule" "-3: vpci;" "$(decisions "$GUID_VPCI")"

rounds=$ROUNDS
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
equal "these decisions have left traces, too" "-2: hide;0: relay;" \
	"$(decisions "$GUID_B" | sed 's/.*;\([^;]*;[^;]*;\)$/\1/')"
equal "nothing was decided about disk A again" "1: relay;" "$(decisions "$GUID_A")"

note "A whole set of rules counts at once"
must "one hides disk A, and not disk B" write_rules "hide instance=$GUID_A" relay
must "disk A goes" guest_lists "$GUID_B" "$GUID_PIPE"
check "the other way round, with a rule that is none, is refused" \
	fails write_rules "hide instance=$GUID_B" "hide colour=red" relay
equal "the rules are the same" "hide instance=$GUID_A relay end" "$(xargs < "$FILTER/ruleset")"
check "the guest has the same devices" guest_lists "$GUID_B" "$GUID_PIPE"
must "without it" write_rules "hide instance=$GUID_B" relay
must "disk A comes, disk B goes" guest_lists "$GUID_A" "$GUID_PIPE"
must "all are shown" write_rules relay
must "they are there" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"
for guid in "$GUID_A" "$GUID_B"; do
	check "$(disk_name "$guid") works" guest_scratch "$guid"
done

note "Wrong rules change nothing"
rules=$(ls "$FILTER/rules")
# shellcheck disable=SC2016 # $1 of the inner shell
for text in "show instance=$GUID_A" "hide instance=nonsense" "hide colour=red" ""; do
	check "refused: '$text'" fails sh -c 'echo "$1" > '"$FILTER/add_rule" x "$text"
done
equal "the rules are the same" "$rules" "$(ls "$FILTER/rules")"
check "the guest has the same devices" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE"
bed_down
