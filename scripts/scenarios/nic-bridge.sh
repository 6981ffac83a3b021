# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest on the physical network, by the documented bridge, and by macvlan and tc
# limit: 240
# long-limit: 1200
# image: network
# nic: virtio-net-pci
. ./lib.sh
. ./nic.inc

[ -z "${LONG:-}" ] || PING_STEP=1

# The outer machine's network: a gateway, and an echo of TCP at port 7
GATEWAY=10.0.2.2
ECHO=10.0.2.100

# documented: runs what the administrator is told to type, with the ip that is meant there
documented() {
	cat /tmp/typed
	(cd /modules && { echo 'ip() { /bin/ip "$@"; }'; cat /tmp/typed; } | sh -e)
}

# dhcp: the guest has an address of the physical network
dhcp() {
	guest_run "/bin/ip addr flush dev $NIC; udhcpc -i $NIC -n -q -t 10 -T 1 -s /bin/dhcp |
		grep '^address 10.0.2.'" 60
}

# echoed: what the guest sends by TCP comes back from there as it was
echoed() {
	local sum

	sum=$(guest_run "timeout 100 nc $ECHO 7 < /tmp/www/small | head -c 1048576 | sha256sum" 120)
	[ "${sum%% *}" = "$(guest_run "sha256sum < /tmp/www/small | cut -d ' ' -f 1")" ] && return
	echo "$sum"
	return 1
}

# on_the_network WHAT
on_the_network() {
	check "$1: DHCP" dhcp
	check "$1: the gateway answers" guest_reaches $GATEWAY
	check "$1: pings of all sizes" ping_sizes $GATEWAY 1472 "${2:-$PING_STEP}"
	check "$1: 1 MiB comes back as it was" echoed
}

# redirect FROM TO: all that comes there goes out here
redirect() {
	tc qdisc add dev "$1" ingress &&
	tc filter add dev "$1" parent ffff: protocol all matchall action mirred egress redirect dev "$2"
}

sed -n '/^    insmod vmbus_netvsp.ko$/,/^$/s/^    //p' admin-guide.rst | sed '/^$/d' > /tmp/typed
must "modules load" modules_up
must "but that of the NIC, so far" rmmod vmbus_netvsp
must "the servers start" servers_up
must "VTL2 has a NIC" wait_for "ip link show eth0" 20
equal "the documentation needs five commands to bridge it to a guest" 5 "$(wc -l < /tmp/typed)"
must "they work" documented
GUID=$(vmbus-nic list | cut -d ' ' -f 1)
PORT=$(cat "$NETVSP/$GUID/ifname")
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
NIC=$(guest_run "for i in \$(seq 200); do n=\$(ls /sys/bus/vmbus/devices/$GUID/net 2> /dev/null) &&
	break; sleep 0.1; done; echo \$n" 60)
must "the guest has it" guest_ip link set "$NIC" up
must "and something to send" guest_run "mkdir -p /tmp/www &&
	dd if=/dev/urandom of=/tmp/www/small bs=1M count=1 2> /dev/null"
on_the_network "bridge"
check "the guest's MAC address is known there" sh -c \
	"bridge fdb show br br0 | grep -i \"^$(cat "$NETVSP/$GUID/mac") dev $PORT\""
must "the bridge goes" ip link del br0

note "tc"
must "frames for others are taken, too" ip link set eth0 promisc on up
must "the guest's go to the network" redirect "$PORT" eth0
must "and the network's to the guest" redirect eth0 "$PORT"
on_the_network "tc" 331
must "no more" tc qdisc del dev "$PORT" ingress
must "either way" tc qdisc del dev eth0 ingress
check "the gateway does not answer now" fails guest_run "ping -c 1 -W 2 $GATEWAY"

note "macvlan"
must "the physical NIC has a second one" ip link add link eth0 name upper type macvlan mode passthru
must "which is in a bridge with the guest" nic_bridge br1 upper "$PORT"
on_the_network "macvlan" 331
must "the bridge goes" ip link del br1
must "and that" ip link del upper
must "VTL2 has one on the guest's" ip link add link "$PORT" name mv1 type macvlan mode bridge
must "with an address" nic_net mv1 1
must "the guest, too" guest_net "$NIC" 1
check "they reach each other" guest_reaches 10.7.1.1
must "they fetch" our_files
equal "the guest gets it" "$SUM" "$(guest_fetched data 10.7.1.1)"
check "nothing of the guest's was refused" nic_heard "$PORT"
check "no queue was stuck" no_stalls "$PORT"
check "the guest's server had nothing to complain of" server_clean guest0
must "the guest powers off" guest_stop
must "the macvlan goes" ip link del mv1
check "everything is taken down" all_down
check "modules unload" modules_down
