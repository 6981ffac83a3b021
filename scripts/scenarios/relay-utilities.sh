# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: integration components of the host, relayed: heartbeat, time, key-value pairs, shutdown
# limit: 240
. ./lib.sh

must "modules load" modules_up
must "the host has integration components" host_up ic=1
must "the relay connects with the host" relay_on
for ic in shutdown heartbeat timesync kvp; do
	check "nobody has opened its $ic component" ic_is $ic closed
done
check "nor can be asked" fails ic_ask "heartbeat 1"
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
must "the guest lists what is offered" guest_lists "$GUID_A" "$GUID_B" "$GUID_PIPE" \
	"$GUID_SHUTDOWN" "$GUID_HEARTBEAT" "$GUID_TIMESYNC" "$GUID_KVP"
check "versions are settled: shutdown" ic_is shutdown "ready 3.2"
check "heartbeat" ic_is heartbeat "ready 3.0"
check "time" ic_is timesync "ready 3.0"

n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	ic_ask "heartbeat $((n * 1000))" && ic_is heartbeat "status 0x0 number $((n * 1000 + 1))" ||
		break
done
check "the guest answers 20 heartbeats" [ $n = 20 ]
check "a time comes" ic_ask "timesync 2000000000"
check "the guest takes it" ic_is timesync "status 0x0"
now=$(guest_run 'date +%s')
check "and sets its clock: $now" [ $((now / 100)) = 20000000 ]
check "nobody in the guest answers for its keys yet" ic_is kvp open
check "a program does" guest_run kvp-daemon
check "versions are settled then" ic_is kvp "ready 4.0"
check "the host asks what the guest says of itself" ic_ask "kvp 0"
check "it has a name" ic_is kvp "status 0x0 OSName guest of a test"
check "and what else" ic_ask "kvp 1"
check "it counts" ic_is kvp "status 0x0 Asked 2"
check "and more" ic_ask "kvp 2"
check "that was all" ic_is kvp "status 0x80070103"
check "what the guest does not know it refuses" ic_ask "shutdown 77"
check "and says so" ic_is shutdown "status 0x80004005"

must "the guest reboots" guest_reboot
check "versions are settled again" ic_is shutdown "ready 3.2"
check "heartbeat, too" ic_is heartbeat "ready 3.0"
check "its keys have nobody again" ic_is kvp open
check "but for a new program" guest_run kvp-daemon
check "the host asks it" eval 'ic_is kvp "ready 4.0" && ic_ask "kvp 1"'
check "it counts from 1" ic_is kvp "status 0x0 Asked 1"
equal "VTL2 passed no signal on" "0 0" \
	"$(cat "$RELAY/forwarded_to_host") $(cat "$RELAY/forwarded_to_guest")"
must "the guest can power off" guest_can_power_off
must "a shutdown comes" ic_ask "shutdown 0"
must "the guest powers off" guest_ended
check "the host had nothing to complain of" server_clean root
check "everything is taken down" all_down
check "modules unload" modules_down
