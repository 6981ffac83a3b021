# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: sysfs, debugfs, tracepoints and lsvmbussrv tell what a guest does
# limit: 240
. ./lib.sh

TRACE=/sys/kernel/tracing
DEBUG=/sys/kernel/debug/vmbus_srv
LIST=/tmp/list

# trace_on EVENT...: only these, from now on; those with ! are taken off again
trace_on() {
	echo > $TRACE/trace
	for event; do
		case $event in
		!*) event=!vmbus_srv:${event#!} ;;
		*) event=vmbus_srv:$event ;;
		esac
		echo "$event" >> $TRACE/set_event || return 1
	done
}

# trace_off SERVER FILE: no more events; those of the server so far, without the time
trace_off() {
	echo > $TRACE/set_event
	grep "server[ =]$1\$\|server[ =]$1 " $TRACE/trace |
		sed 's/.*[0-9]: \(vsrv_[a-z_]*: \)/\1/' > "$2"
}

# in_order FILE PATTERN...: lines like these come one after the other, others between
in_order() {
	local file=$1 from=1 pattern n
	shift

	for pattern; do
		n=$(tail -n +$from "$file" | grep -nE -m 1 "^$pattern") || {
			echo "after line $((from - 1)) there is no $pattern"
			tail -n 40 "$file"
			return 1
		}
		from=$((from + ${n%%:*}))
	done
}

# lists PATTERN: lsvmbussrv printed such a line
lists() {
	grep -qE "^ *$1" $LIST && return
	echo "no line \"$1\" in:"
	cat $LIST
	return 1
}

# list [OPTIONS]: lsvmbussrv, which has nothing to complain of
list() {
	lsvmbussrv "$@" > $LIST 2> /tmp/list.err && [ ! -s /tmp/list.err ] && return
	cat /tmp/list.err
	return 1
}

must "modules load" modules_up
must "the host has two disks, a pipe and a VPCI bus" host_up vpci=1
must "VTL2 has a disk of its own on NVMe" nvme_disk
must "a rule hides disk B" rule hide "$GUID_B"
check "lsvmbussrv, before there is a guest" list
check "it lists the servers" lists 'server guest0: disconnected, version 0.0, .*partition guest0$'

note "Tracepoints of a handshake"
must "all but the fastest are switched on" trace_on '*' '!vsrv_setevent' '!vsrv_chan_sched'
must "the relay connects with the host" relay_on
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120
must "the guest lists its devices" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
check "disk A works" guest_scratch "$GUID_A"
check "the NVMe disk works" guest_scratch "$GUID_NVME"
trace_off guest0 /tmp/trace
dir=$(chan_dir guest0 "$GUID_A")
a=$(printf '0x%x' "${dir##*/}")
nvme=$(chan_dir guest0 "$GUID_NVME")
check "the guest's connection" in_order /tmp/trace \
	'vsrv_message_in: server=guest0 type=CONTACT size=(40|56)$' \
	'vsrv_negotiate_version: vmbus_version_requested 0x[56]000[0-9], target_vcpu 0x0, pages .*, ret 0, server guest0$' \
	'vsrv_conn_state: server=guest0 disconnected -> connected$' \
	'vsrv_message_out: server=guest0 type=VERSION_RESPONSE size=(16|20)$' \
	'vsrv_onversion_response: version_supported 1, connection_state 0, selected 0x4, ret 0, server guest0$' \
	'vsrv_request_offers: ret 0, server guest0$' \
	"vsrv_onoffer: child_relid $a, .*if_instance $GUID_A, .*sub_channel_index 0, ret 0, server guest0\$" \
	'vsrv_onoffers_delivered: ret 0, server guest0$'
gpadl=$(sed -n "s/^vsrv_open: child_relid $a, .*gpadlhandle \(0x[0-9a-f]*\),.*/\1/p" /tmp/trace | head -n 1)
check "the guest's channel of disk A" in_order /tmp/trace \
	"vsrv_onoffer: child_relid $a, .*connection_id 0x2$(printf '%03x' "$a"), if_type ba6163d9-" \
	"vsrv_establish_gpadl_header: child_relid $a, gpadl ${gpadl:-none}, .*rangecount 1, ret 0" \
	"vsrv_gpadl_state: server=guest0 relid=$a gpadl=$gpadl in-progress -> offered\$" \
	"vsrv_gpadl_state: server=guest0 relid=$a gpadl=$gpadl offered -> accepted\$" \
	"vsrv_ongpadl_created: child_relid $a, gpadl $gpadl, creation_status 0x0, ret 0" \
	"vsrv_open: child_relid $a, openid [0-9]+, gpadlhandle $gpadl, target_vp 0x[01], offset 0x[0-9a-f]+, ret 0" \
	"vsrv_chan_state: server=guest0 relid=$a offered -> opening\$" \
	"vsrv_chan_state: server=guest0 relid=$a opening -> open\$" \
	"vsrv_onopen_result: child_relid $a, openid [0-9]+, status 0x0, ret 0"
check "an event for each message of the guest" \
	test "$(grep -c '^vsrv_message_in' /tmp/trace)" = \
	"$(grep -cE '^vsrv_(negotiate|request|open|close|establish|teardown|release|send|unload)' /tmp/trace)"
check "and for each to it" test "$(grep -c '^vsrv_message_out' /tmp/trace)" = \
	"$(grep -c '^vsrv_on' /tmp/trace)"

note "Tracepoints of signals and interrupts"
must "they are switched on" trace_on vsrv_setevent vsrv_chan_sched
check "the NVMe disk works" guest_scratch "$GUID_NVME"
trace_off guest0 /tmp/trace
check "signals of the guest and interrupts to it" in_order /tmp/trace \
	"vsrv_setevent: relid $(printf '0x%x' "${nvme##*/}"), server guest0\$" \
	"vsrv_chan_sched: relid $(printf '0x%x' "${nvme##*/}"), vp 0x[01], event_flag $(printf '0x%x' "${nvme##*/}"), server guest0\$"

note "Files"
check "no ring is mapped of a relayed channel" fails cat "$dir/read_avail"
check "which says so" sh -c "cat $dir/read_avail 2>&1 | grep 'No data'"
check "a ring of VTL2's disk has a size" test "$(($(cat "$nvme/in_size") % 4096))" = 0
check "nothing is left to read" wait_for "file_is $nvme/read_avail 0" 5
check "nothing is left to the guest" wait_for "file_is $nvme/write_avail $(cat "$nvme/out_size")" 5
check "signals are wanted" wait_for "file_is $nvme/in_mask 0" 5
equal "no error of any kind" 0 "$(cat "$SRV"/guest0/errors/* | sort -u)"
check "debugfs: connection" grep -q '^state connected$' $DEBUG/guest0/connection
check "debugfs: channels" grep -q "^${dir##*/} ba6163d9-.* $GUID_A.0 open\$" $DEBUG/guest0/channels
equal "debugfs: rings of VTL2's disk only" 2 "$(grep -cE '^  (in|out) size' $DEBUG/guest0/channels)"
check "debugfs: GPADLs" grep -q "^$gpadl channel ${dir##*/} accepted ranges 1 " $DEBUG/guest0/gpadls
check "debugfs: root has them, too" grep -q ' accepted ' $DEBUG/root/gpadls

note "lsvmbussrv"
must "it runs" list
while read -r line; do
	note "$line"
done < $LIST
check "server of the guest" lists 'server guest0: connected, version [56]\.[0-9], '
check "its messages" lists 'messages: .* 0 bad, 0 refused, 0 lost; failed: 0 opens, 0 GPADLs$'
check "relayed disk" lists "${dir##*/} scsi +$GUID_A.0 +open +relay0 +[01] +- +- +0 +0\$"
check "VTL2's disk" lists "${nvme##*/} scsi +$GUID_NVME.0 +open +local +[01] +0% +0% +[1-9][0-9]* +[1-9]"
check "server that plays the host" lists 'server root: connected, version 6.0, '
check "relay" lists 'relay relay0: connected, version 6.0, by loopback, to server guest0$'
check "relayed offer" lists "[0-9]+ scsi +$GUID_A.0 +opened +relay +${dir##*/} +0\$"
check "hidden offer" lists "[0-9]+ scsi +$GUID_B.0 +offered +hide +0 +0\$"
check "VPCI offer" lists "[0-9]+ vpci +$GUID_VPCI.0 +offered +vpci +0 +0\$"
check "rule" lists "0 hide instance=$GUID_B \([1-9][0-9]* hits\)\$"
check "-v" list -v
check "with counters" lists 'bad_packets|messages_in|packets_in [1-9]'
check "and the partition" lists 'partition guest0$'
check "--json" list --json
check "has the servers" lists '\{"servers": \['
check "and null for rings that are not mapped" grep -q '"read_avail": null' $LIST

note "Readers at all times"
lsvmbussrv -v --watch=1 > /tmp/watch 2> /tmp/watch.err &
watch=$!
(while :; do cat $DEBUG/*/* "$SRV"/*/channels/*/* > /dev/null 2>&1; sleep 0.1; done) &
reader=$!
n=0
while [ $n -lt "$ROUNDS" ]; do
	n=$((n + 1))
	must "round $n: disk B comes" rule relay "$GUID_B"
	must "the guest has it" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" "$GUID_NVME"
	check "and uses it" guest_scratch "$GUID_B"
	must "disk B goes" rule hide "$GUID_B"
	must "the guest has lost it" guest_lists "$GUID_A" "$GUID_PIPE" "$GUID_NVME"
done
must "the guest powers off" guest_stop
check "--watch sees it go" wait_for "grep -q 'server guest0: disconnected' /tmp/watch" 20
check "everything is taken down" all_down
kill $reader $watch
wait $reader $watch 2> /dev/null
equal "--watch had nothing to complain of" "" "$(cat /tmp/watch.err)"
check "no server is left in debugfs" fails test -e $DEBUG/guest0
check "modules unload" modules_down
check "nor is vmbus_srv" fails test -e $DEBUG
