# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: NICs come and go, idle and in use, while another one works
# limit: 300
# long-limit: 2400
# append: kmemleak=on
# image: network
. ./lib.sh
. ./nic.inc
. ./leak.inc

CYCLES=1
[ -z "${LONG:-}" ] || CYCLES=4

# hot_add N: the guest has it, and both sides their addresses
hot_add() {
	local name

	must "NIC $1 is offered" nic_up "$(nic_guid "$1")" "port$1"
	name=$(guest_nic "$1") || { not_ok "the guest has it" "$name"; exit 1; }
	must "VTL2 has its address" nic_net "port$1" "$1"
	must "the guest has its address" guest_net "$name" "$1"
	must "they reach each other" guest_reaches "10.7.$1.1"
}

# gone N: on both sides
gone() {
	[ ! -e "/sys/class/net/port$1" ] &&
	guest_run "for i in \$(seq 200); do
		[ -e /sys/bus/vmbus/devices/$(nic_guid "$1") ] || exit 0; sleep 0.1; done; exit 1" 60
}

# load_on N: both ways, without an end
load_on() {
	(while wget -q -O /dev/null "http://10.7.$1.2:8080/small"; do :; done) > /dev/null 2>&1 7<&- &
	guest_run "(while wget -q -O /dev/null http://10.7.$1.1:8080/small; do :; done) \
		> /dev/null 2>&1 &"
}

# flood_on N: small datagrams of the guest, faster than they are taken, until the NIC goes
flood_on() {
	local before

	before=$(nic_counter "port$1" rx_frames)
	iperf3 -s -1 -D -B "10.7.$1.1" &&
	guest_run "(iperf3 -c 10.7.$1.1 -u -b 0 -l 64 -t 600) > /dev/null 2>&1 &" &&
	wait_for "[ \$(nic_counter port$1 rx_frames) -gt $((before + 1000)) ]" 60
}

# brief: one comes, and goes before the guest may have seen it
brief() {
	vmbus-nic create "$(nic_guid 4)" guest0 ifname=port4 && vmbus-nic remove "$(nic_guid 4)"
}

leak_start
nic_bed
must "both fetch, all the time" traffic_start
n=0
while [ $n -lt $CYCLES ]; do
	n=$((n + 1))
	note "Round $n"
	hot_add 2
	hot_add 3
	small_transfers "NIC 2" 10.7.2.2 10.7.2.1
	small_transfers "NIC 3" 10.7.3.2 10.7.3.1
	check "NIC 2 is removed, idle" vmbus-nic remove "$(nic_guid 2)"
	check "it is gone" gone 2
	must "NIC 3 is in use" load_on 3
	must "and flooded by the guest" flood_on 3
	check "it is disabled amid that" sh -c "echo 0 > $NETVSP/$(nic_guid 3)/enable"
	killall iperf3 2> /dev/null
	check "it is offered again" sh -c "echo 1 > $NETVSP/$(nic_guid 3)/enable"
	NAME=$(guest_nic 3)
	check "the guest has it again" guest_net "$NAME" 3
	check "it is removed" vmbus-nic remove "$(nic_guid 3)"
	check "it is gone" gone 3
	check "another comes and goes at once" brief
	check "NIC 1 goes on" traffic_runs
done
check "no data of NIC 1 were wrong" traffic_stop
guest_run "killall wget iperf3; true"
killall wget 2> /dev/null
nic_good
nic_down
check "nothing leaked" no_leak
