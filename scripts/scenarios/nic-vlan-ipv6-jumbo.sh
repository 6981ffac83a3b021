# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: IPv6, VLANs, and packets of 9000 and 9216 bytes between guest and VTL2
# only: long
# limit: 360
# long-limit: 3600
# image: network
. ./lib.sh
. ./nic.inc

VLAN=5
JUMBO_STEP=997
JUMBO_FIRST=$JUMBO_STEP
if [ -n "${LONG:-}" ]; then
	JUMBO_STEP=97
	JUMBO_FIRST=11
fi

# vlan_up: net 5 in VLAN 5 of net 1
vlan_up() {
	ip link add link port1 name port1.$VLAN type vlan id $VLAN && nic_net port1.$VLAN $VLAN &&
	guest_run "/bin/ip link add link $NIC name $NIC.$VLAN type vlan id $VLAN" &&
	guest_net "$NIC.$VLAN" $VLAN
}

# mtu BYTES: on both sides, the VLANs', too
mtu() {
	guest_run "/bin/ip link set $NIC mtu $1" 60 && ip link set port1 mtu "$1" &&
	ip link set port1.$VLAN mtu "$1" && guest_run "/bin/ip link set $NIC.$VLAN mtu $1"
}

# all_ways MTU STEP FIRST: pings in such steps, and the first of all in these
all_ways() {
	must "$1: the guest reaches VTL2" guest_reaches 10.7.1.1
	check "$1: pings of all sizes" ping_sizes 10.7.1.1 $(($1 - 28)) "$3"
	check "$1: by IPv6" ping_sizes fd07:1::1 $(($1 - 48)) "$2"
	check "$1: in the VLAN" ping_sizes 10.7.$VLAN.1 $(($1 - 28)) "$2"
	check "$1: by IPv6 in the VLAN" ping_sizes fd07:$VLAN::1 $(($1 - 48)) "$2"
	transfers "$1"
	transfers "$1: IPv6" "[fd07:1::2]" "[fd07:1::1]"
	small_transfers "$1: in the VLAN" 10.7.$VLAN.2 10.7.$VLAN.1
	small_transfers "$1: IPv6 in the VLAN" "[fd07:$VLAN::2]" "[fd07:$VLAN::1]"
}

nic_bed mtu=9216
must "both have VLAN $VLAN" vlan_up
must "1500 bytes are the most so far" mtu 1500
all_ways 1500 "$PING_STEP" "$PING_STEP"
must "9000 bytes are the most now" mtu 9000
all_ways 9000 $JUMBO_STEP $JUMBO_FIRST
must "9216 bytes, the most of all" mtu 9216
must "9216: the guest reaches VTL2" guest_reaches 10.7.1.1
check "9216: pings of all sizes" ping_sizes 10.7.1.1 9188 $JUMBO_STEP
check "9216: in the VLAN" ping_sizes 10.7.$VLAN.1 9188 4000
small_transfers "9216"
small_transfers "9216: in the VLAN" 10.7.$VLAN.2 10.7.$VLAN.1
check "9217 are refused" fails ip link set port1 mtu 9217
must "the guest has VLAN 6, too" guest_run "/bin/ip link add link $NIC name other type vlan id 6 &&
	/bin/ip link set other up && /bin/ip addr add 10.7.6.2/24 dev other"
must "what it looks for is in VLAN $VLAN" ip addr add 10.7.6.1/24 dev port1.$VLAN
check "it does not find it" fails guest_run "ping -c 1 -W 2 10.7.6.1"
must "VTL2 has VLAN 6, too" ip link set port1.$VLAN down
must "and the address there" sh -c "/bin/ip link add link port1 name port1.6 up type vlan id 6 &&
	/bin/ip addr del 10.7.6.1/24 dev port1.$VLAN && /bin/ip addr add 10.7.6.1/24 dev port1.6"
check "it finds it now" guest_reaches 10.7.6.1
must "VLAN $VLAN is up again" nic_net port1.$VLAN $VLAN
nic_good

note "1500 bytes, under traffic: what was cut for more is then refused"
must "both fetch, all the time" traffic_start rough
for n in 1500 4000 9000 1500; do
	must "$n bytes" mtu $n
	check "traffic goes on" traffic_runs
done
check "nothing that was fetched was wrong" traffic_stop
equal "no frame was malformed" 0 "$(nic_counter port1 rx_bad_rndis)"
equal "no message was" 0 "$(nic_counter port1 bad_messages)"
check "no queue was stuck" no_stalls
small_transfers "in the end"
ip link del port1.$VLAN
ip link del port1.6
nic_down
