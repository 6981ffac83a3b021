# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the host's shutdown request goes through VTL2, which has a component of its own
# limit: 300
. ./lib.sh

rule_shutdown() {
	rule "$1" "$GUID_SHUTDOWN"
}

# guest_said N: the guest has sent so many packets to VTL2's component since it was offered
guest_said() {
	local dir

	dir=$(chan_dir guest0 "$GUID_SHUTDOWN") && file_is "$dir/packets_in" "$1"
}

must "modules load" modules_up
must "the host has integration components" host_up ic=1
must "it looks into monitor pages" sh -c "echo 1000 > $SRV_CONFIG/root/monitor_latency_us"
check "a rule gives VTL2 the shutdown component" rule_shutdown intercept:shutdown
must "the relay connects with the host" relay_on
check "VTL2 opens it, and settles its version" ic_is shutdown "ready 3.2"
check "by rings of its own, without a guest" chan_is root "$GUID_SHUTDOWN" open
check "without a guest a request fails" ic_ask "shutdown 0"
check "and the host is told" ic_is shutdown "status 0x80004005"

note "A guest that spoils its ring when it is asked, and leaves it open"
spoiler_starts() {
	mkfifo /tmp/spoiler.in || return 1
	vmbus-selftest -t 120000 shutdown < /tmp/spoiler.in > /tmp/spoiler 2>&1 &
	SPOILER=$!
	exec 9> /tmp/spoiler.in
	wait_for "grep -q '^# ask me' /tmp/spoiler && guest_said 1" 30
}

spoiler_ends() {
	exec 9>&-
	wait "$SPOILER"
}

must "it comes" spoiler_starts
check "the host asks" ic_ask "shutdown 0"
check "and is told that it failed" ic_is shutdown "status 0x80004005"
equal "while the channel is still open" open-broken "$(cat "$(chan_dir guest0 "$GUID_SHUTDOWN")/state")"
check "the guest leaves" spoiler_ends
tap_results < /tmp/spoiler

must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
must "the guest lists what is offered" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" \
	"$GUID_SHUTDOWN" "$GUID_HEARTBEAT" "$GUID_TIMESYNC" "$GUID_KVP"
check "it settles versions with VTL2" wait_for "guest_said 2" 20
equal "whose component it signals" 255 "$(monitor_id guest0 "$GUID_SHUTDOWN")"
check "others are looked for by the host" monitored "$GUID_HEARTBEAT"
check "what the guest refuses" ic_ask "shutdown 77"
check "the guest is asked" wait_for "guest_said 3" 20
check "and the host is told" ic_is shutdown "status 0x80004005"
check "the others are relayed" ic_is heartbeat "ready 3.0"

note "The guest reboots: the host's end does not notice"
must "the guest reboots" guest_reboot
check "the host's component is as it was" ic_is shutdown "status 0x80004005"
check "VTL2 still has it open" chan_is root "$GUID_SHUTDOWN" open
check "the guest settles versions with VTL2" wait_for "guest_said 4" 20
check "what the guest refuses" ic_ask "shutdown 99"
check "the guest is asked" wait_for "guest_said 5" 20
check "and the host is told" ic_is shutdown "status 0x80004005"

note "The rule changes under the guest"
must "the component is relayed" rule_shutdown relay
check "the guest has the host's own open" ic_is shutdown "ready 3.2"
must "VTL2 has it again" rule_shutdown intercept:shutdown
check "it opens it" ic_is shutdown "ready 3.2"
check "and the guest opens VTL2's" wait_for "chan_is guest0 $GUID_SHUTDOWN open" 20
n=0
while [ $n -lt "$ROUNDS" ]; do
	n=$((n + 1))
	must "round $n: the relay is switched off" sh -c "echo 0 > $RELAY/redirect"
	must "the guest loses what was the host's" guest_lists
	must "and on" relay_on
	check "VTL2 opens the component" ic_is shutdown "ready 3.2"
	must "the guest has all again" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" \
		"$GUID_SHUTDOWN" "$GUID_HEARTBEAT" "$GUID_TIMESYNC" "$GUID_KVP"
done
check "a module in use stays" fails rmmod vmbus_shutdown

must "the guest can power off" guest_can_power_off
check "it has settled versions with VTL2" wait_for "guest_said 1" 20
must "the host asks for a shutdown" ic_ask "shutdown 0"
must "the guest powers off" guest_ended
check "it has agreed" ic_is shutdown "status 0x0"
check "the host had nothing to complain of" server_clean root
check "nor had the relay" file_is "$RELAY/host_protocol_errors" 0
check "everything is taken down" all_down
check "modules unload" modules_down
