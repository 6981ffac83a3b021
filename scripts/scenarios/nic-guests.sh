# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: two guests talk through a bridge of VTL2: DHCP, large frames, IPv6, a VLAN, streams
# only: long
# limit: 360
# long-limit: 1800
# memory: 2560
# image: network
. ./lib.sh
. ./nic.inc

VLAN=5
[ -z "${LONG:-}" ] || PING_STEP=7
# Between them is a queue of VTL2, which TCP fills until some of it is lost.
IPERF_SERVER=10.7.1.3
IPERF_AGAIN=25

# What lib.sh has of a guest, of the one that is not meant now
GUEST_VARIABLES="GUEST GUEST_LOG GUEST_IN GUEST_ID GUEST_PID GUEST_UPS VMM_LOG NIC"
OTHER_GUEST=guest1
OTHER_GUEST_LOG=/tmp/guest1.log
OTHER_GUEST_IN=/tmp/guest1.in
OTHER_GUEST_ID=/tmp/guest1.id
OTHER_GUEST_PID=
OTHER_GUEST_UPS=0
OTHER_VMM_LOG=/tmp/vmm1.log
OTHER_NIC=

exchange() {
	local name value

	for name in $GUEST_VARIABLES; do
		eval "value=\$OTHER_$name; OTHER_$name=\$$name; $name=\$value"
	done
}

# other COMMAND...: of the other guest
other() {
	local status=0

	exchange
	"$@" || status=$?
	exchange
	return $status
}

# other_server: a partition and a server for it
other_server() {
	mkdir "$SRV_CONFIG/guest1" && echo guest1 > "$SRV_CONFIG/guest1/partition"
}

# guest_begins N: the guest that is meant now, with NIC N
guest_begins() {
	must "$GUEST starts" guest_start
	must "$GUEST comes up" guest_wait_up
	NIC=$(guest_nic "$1") || { not_ok "$GUEST has the NIC" "$NIC"; exit 1; }
}

# guest_has ADDRESS: of net 1
guest_has() {
	guest_run "/bin/ip link set $NIC up && /bin/ip addr add 10.7.1.$1/24 dev $NIC" &&
		guest_has_ip6 "$1"
}

# guest_has_ip6 ADDRESS: of net 1
guest_has_ip6() {
	guest_run "/bin/ip -6 addr add fd07:1::$1/64 dev $NIC nodad"
}

# guest_in_vlan N: the guest that is meant now, too
guest_in_vlan() {
	guest_run "/bin/ip link add link $NIC name vlan type vlan id $VLAN && /bin/ip link set vlan up &&
		/bin/ip addr add 10.7.$VLAN.$1/24 dev vlan"
}

# mtu BYTES: of both guests
mtu() {
	guest_ip link set "$NIC" mtu "$1" && other guest_ip link set "$OTHER_NIC" mtu "$1"
}

# guests_transfer WHAT FILE SUM FIRST SECOND: each gets what the other one has
guests_transfer() {
	equal "$1: the first guest gets it" "$3" "$(guest_fetched "$2" "$5")"
	equal "$1: the second guest gets it" "$3" "$(other guest_fetched "$2" "$4")"
}

must "modules load" modules_up
must "the servers start" servers_up
must "so does one for a second guest" other_server
must "the first guest has a NIC" nic_up "$(nic_guid 1)" port1 mtu=9000
NIC_SERVER=guest1
must "a second NIC of the same instance is refused" fails mkdir "$NETVSP/$(nic_guid 1)"
must "the second guest has one" nic_up "$(nic_guid 2)" port2 mtu=9000
must "a bridge has both" nic_bridge br0 port1 port2
must "and an address" nic_net br0 1
guest_begins 1
# The first guest's console must stay open.
exec 8<> $GUEST_IN
other guest_begins 2
dhcp_server br0 10.7.1.2
must "the first guest's interface is up" guest_ip link set "$NIC" up
must "the carrier is there" carrier_is port1 1
must "DHCP gives it an address" guest_dhcp "$NIC" 10.7.1.2
dhcp_stop
must "it has one of IPv6" guest_has_ip6 2
must "the second, too" other guest_has 3
must "the first has a file to fetch" files_up 10.7.1.1
must "the second, too" other files_up 10.7.1.1
must "it reaches the other one" guest_reaches 10.7.1.3
check "pings of all sizes" ping_sizes 10.7.1.3 1472
check "by IPv6" ping_sizes fd07:1::3 1452
check "each finds the other one by a broadcast" guest_run "arping -c 1 -w 5 -I $NIC 10.7.1.3"
check "this one, too" other guest_run "arping -c 1 -w 5 -I $OTHER_NIC 10.7.1.2"
guests_transfer "the file" data "$SUM" 10.7.1.2 10.7.1.3
guests_transfer "1 MiB, IPv6" small "$SMALL_SUM" "[fd07:1::2]" "[fd07:1::3]"

note "Streams, frames of 9000 bytes, and a VLAN"
must "the second waits for iperf3" other guest_run "iperf3 -s -D"
iperf "the first sends" -P 2
iperf "the second sends" -P 2 -R
must "9000 bytes are the most" mtu 9000
must "it reaches the other one" guest_reaches 10.7.1.3
check "pings of all sizes" ping_sizes 10.7.1.3 8972 997
iperf "both do" --bidir
must "the first is in VLAN $VLAN" guest_in_vlan 2
must "the second, too" other guest_in_vlan 3
guests_transfer "1 MiB in the VLAN" small "$SMALL_SUM" 10.7.$VLAN.2 10.7.$VLAN.3
must "1500 bytes are the most" mtu 1500
must "it reaches the other one" guest_reaches 10.7.1.3

note "Both at a time, and VTL2"
must "the first fetches from the second" guest_traffic_start 10.7.1.3
must "the second from the first" other guest_traffic_start 10.7.1.2
must "VTL2 from the first" our_traffic_start
must "all do" traffic_runs
must "the second, too" other load_runs down 2
check "one in the other direction is not disturbed" load_runs down 2
check "nothing was wrong" traffic_stop
check "nor for the second" other load_stop down

note "Without large frames on one side"
must "the second guest has no offloads" other guest_run \
	"ethtool -K $OTHER_NIC rx off tx off tso off lro off gro off; true"
guests_transfer "one without" small "$SMALL_SUM" 10.7.1.2 10.7.1.3
must "nor has the first" guest_run "ethtool -K $NIC rx off tx off tso off lro off gro off; true"
guests_transfer "both without" small "$SMALL_SUM" 10.7.1.2 10.7.1.3

note "One goes"
must "the second guest is killed" other guest_kill
check "its NIC loses its carrier" carrier_is port2 0
check "the other has one" carrier_is port1 1
check "the first reaches VTL2" guest_reaches 10.7.1.1
check "port2: nothing of the guest's was refused" nic_heard port2
check "no warning of the second guest's kernel" no_warnings $OTHER_GUEST_LOG
nic_good
must "the first guest powers off" guest_stop
for n in 1 2; do
	check "NIC $n is removed" vmbus-nic remove "$(nic_guid $n)"
done
check "the second server goes" rmdir "$SRV_CONFIG/guest1"
check "everything is taken down" all_down
check "the bridge goes" ip link del br0
check "modules unload" modules_down
