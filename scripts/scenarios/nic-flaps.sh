# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the NIC is taken down and up on either side under traffic, which goes on afterwards
# only: long
# limit: 360
# long-limit: 2400
# image: network
. ./lib.sh
. ./nic.inc

FLAPS=2
[ -z "${LONG:-}" ] || FLAPS=5

# again: VTL2's address of IPv6 goes with the interface
again() {
	ip link set port1 up && nic_net port1 1
}

# flicker INTERFACE: down and up at once, many times
flicker() {
	local n=0

	while [ $n -lt 20 ]; do
		n=$((n + 1))
		ip link set port1 down && again || return 1
	done
}

nic_bed
must "both fetch, all the time" traffic_start rough
n=0
while [ $n -lt $FLAPS ]; do
	n=$((n + 1))
	must "round $n: traffic" traffic_runs
	must "VTL2 takes its end down" ip link set port1 down
	check "the guest has no carrier" guest_carrier_is "$NIC" 0
	must "and up again" again
	check "the guest has one again" guest_carrier_is "$NIC" 1
	must "the guest reaches VTL2" guest_reaches 10.7.1.1
	must "traffic goes on" traffic_runs
	must "the guest takes its end down" guest_ip link set "$NIC" down
	check "it cannot be reached" fails ping -c 1 -W 2 -q 10.7.1.2
	must "and up again" guest_net "$NIC" 1
	must "VTL2 reaches the guest" reaches 10.7.1.2
	must "traffic goes on" traffic_runs
done
note "So fast that a guest is not told each time"
must "down and up, 20 times" flicker
check "the guest has a carrier" guest_carrier_is "$NIC" 1
must "VTL2 reaches the guest" reaches 10.7.1.2
must "traffic goes on" traffic_runs
must "the guest, too" guest_run "for i in \$(seq 10); do
	/bin/ip link set $NIC down; /bin/ip link set $NIC up; done" 120
must "it has its addresses" guest_net "$NIC" 1
must "VTL2 reaches the guest" reaches 10.7.1.2
must "traffic goes on" traffic_runs
check "nothing that was fetched was wrong" traffic_stop
nic_good
nic_down
