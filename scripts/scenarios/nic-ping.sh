# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest's NIC in a bridge of VTL2: DHCP from there, pings of every size, broadcasts
# limit: 240
# long-limit: 1200
# image: network
. ./lib.sh
. ./nic.inc

[ -z "${LONG:-}" ] || PING_STEP=1

must "modules load" modules_up
must "the servers start" servers_up
must "a NIC is offered" nic_up "$(nic_guid 1)" port1
must "it is in a bridge" nic_bridge br0 port1
must "the bridge has an address" nic_net br0 1
check "without a guest the NIC has no carrier" carrier_is port1 0
dhcp_server br0 10.7.1.100
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
NIC=$(guest_nic 1) || { not_ok "the guest has the NIC" "$NIC"; exit 1; }
equal "with the address that VTL2 says" "$(cat "$NETVSP/$(nic_guid 1)/mac")" \
	"$(guest_run "cat /sys/class/net/$NIC/address")"
check "its own end has another" fails file_is /sys/class/net/port1/address \
	"$(cat "$NETVSP/$(nic_guid 1)/mac")"
must "the guest uses it" guest_ip link set "$NIC" up
must "the carrier is there" carrier_is port1 1
check "DHCP gives it an address" guest_dhcp "$NIC" 10.7.1.100
check "pings of all sizes are answered" ping_sizes 10.7.1.1 1472
check "VTL2's, too" reaches 10.7.1.100
check "nobody answers for an address that nobody has" fails guest_run "ping -c 1 -W 1 10.7.1.77"
check "a ping that is cut in pieces is answered" guest_run "ping -c 1 -W 5 -s 20000 10.7.1.1"

note "Frames for others"
check "VTL2 finds the guest by a broadcast" arping -c 1 -w 5 -I br0 10.7.1.100
must "it has another MAC address" guest_run "/bin/ip link set $NIC down &&
	/bin/ip link set $NIC address 02:00:00:00:07:77 && /bin/ip link set $NIC up &&
	/bin/ip neigh flush all"
must "which VTL2 learns" ip neigh flush all
check "pings are answered" guest_reaches 10.7.1.1
check "VTL2 sends to that" sh -c "/bin/ip neigh show 10.7.1.100 | grep -qi 02:00:00:00:07:77"

for name in tx_frames tx_bytes tx_batches rx_frames rx_bytes control_requests; do
	check "$name counts" counted port1 $name
done
check "the guest gives back all that it gets" nic_quiet
must "both have a file to fetch" files_up 10.7.1.1
nic_good 10.7.1.100 10.7.1.1
dhcp_stop
must "the guest powers off" guest_stop
check "the carrier goes" carrier_is port1 0
check "everything is taken down" all_down
check "the bridge goes" ip link del br0
check "modules unload" modules_down
