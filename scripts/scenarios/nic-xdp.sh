# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: XDP programs on a guest's NIC, by driver and stack, pass, drop, send back and redirect
# limit: 360
# long-limit: 900
# image: network
. ./lib.sh
. ./nic.inc

# moved COUNTER COMMAND...: it succeeds, and the counter with it
moved() {
	local name=$1 before now
	shift

	before=$(nic_counter port1 "$name")
	"$@" || return 1
	now=$(nic_counter port1 "$name")
	[ "$now" -gt "$before" ] || { echo "$name: $before, then $now"; return 1; }
}

# bare INTERFACE: frames leave it as they go over the wire; a redirected one is nothing but its
# bytes, so that nobody could fill in a sum
bare() {
	ethtool -K "$1" tx off || true
	[ "$(ethtool -k "$1" | sed -n 's/^tx-checksumming: //p')" = off ]
}

# still COUNTER COMMAND...: it succeeds, and the counter does not move
still() {
	local name=$1 before now
	shift

	before=$(nic_counter port1 "$name")
	"$@" || return 1
	now=$(nic_counter port1 "$name")
	[ "$now" = "$before" ] || { echo "$name: $before, then $now"; return 1; }
}

# programs MODE MOVES: what a program can decide, by the driver, which counts it, or the stack
programs() {
	local mode=$1 moves=$2

	note "Programs that are run by the $mode"
	check "a program that passes everything" xdp "--$mode" port1 pass
	check "it is of the $mode" ip_says "$mode"
	check "the guest reaches VTL2" "$moves" xdp_pass guest_reaches 10.7.1.1
	transfers "through it"
	check "one that drops everything takes its place" xdp "--$mode" port1 drop
	check "the guest does not reach VTL2" "$moves" xdp_drop \
		fails guest_run "ping -c 1 -W 2 10.7.1.1"
	must "one that answers does" xdp "--$mode" port1 answer
	check "nobody answers" "$moves" xdp_tx guest_reaches 10.7.1.9
	check "pings of all sizes" moved tx_frames ping_sizes 10.7.1.9 1472
	small_transfers "all else passes"
	must "it is taken off" xdp "--$mode" port1 off
	check "nobody answers no more" fails guest_run "ping -c 1 -W 2 10.7.1.9"
	check "the guest reaches VTL2" still xdp_pass guest_reaches 10.7.1.1
}

# refused_with TEXT: a program is, by the driver
refused_with() {
	xdp --driver port1 pass > /tmp/refused 2>&1 && return 1
	cat /tmp/refused
	grep -q "$1" /tmp/refused
}

# ip_says MODE: who runs the program of port1
ip_says() {
	local word=xdp

	[ "$1" = driver ] || word=xdpgeneric
	ip link show port1 | grep -w "$word"
}

nic_bed queues=2 mtu=9000
check "frames of 9000 bytes and a program of the driver: refused, and it is said why" \
	refused_with "an MTU of at most"
must "1500 bytes" ip link set port1 mtu 1500
must "the guest knows where nobody is" guest_ip neigh replace 10.7.1.9 \
	lladdr 02:00:00:00:00:09 dev "$NIC"
check "who does not answer" fails guest_run "ping -c 1 -W 2 10.7.1.9"
programs driver moved
programs generic still

note "Frames that are too large for a program"
must "a program" xdp --driver port1 pass
check "9000 bytes with it: refused" fails ip link set port1 mtu 9000
must "the guest takes and sends 9000" guest_ip link set "$NIC" mtu 9000
must "its channels are open again" channels_are 2
check "the guest reaches VTL2" moved xdp_pass guest_reaches 10.7.1.1
check "6000 bytes are lost" moved xdp_too_large \
	fails guest_run "ping -c 1 -W 2 -s 6000 10.7.1.1"
must "the guest goes back" guest_ip link set "$NIC" mtu 1500
must "its channels are open again" channels_are 2
check "the guest reaches VTL2" moved xdp_pass guest_reaches 10.7.1.1
must "it is taken off" xdp --driver port1 off

note "A pair of devices, one of them linked with the NIC by redirects only"
must "the pair" ip link add inner up type veth peer name outer
must "and it is up" ip link set outer up
check "frames come as they are from it" bare inner
must "they are received one by one" ethtool -K inner gro on
must "the NIC has no address now" ip addr flush dev port1
must "but the pair has" nic_net inner 1
must "the pair's frames go to the guest" xdp outer redirect port1
# The guest leaves sums and segments to its adapter: they are there before a program sees them.
must "the guest's go to the pair" xdp --driver port1 redirect outer
must "the guest forgets" guest_ip neigh flush all
check "the guest reaches VTL2" moved xdp_redirect guest_reaches 10.7.1.1
check "VTL2 reaches the guest" moved xdp_xmit reaches 10.7.1.2
check "pings of all sizes" ping_sizes 10.7.1.1 1472
transfers "by redirects"

note "Programs come and go under traffic"
must "both fetch, all the time" traffic_start rough
n=0
while [ $n -lt $((ROUNDS * 5)) ]; do
	n=$((n + 1))
	xdp --driver port1 drop && xdp --driver port1 off &&
		xdp --driver port1 redirect outer || break
done
equal "all were taken" $((ROUNDS * 5)) "$n"
check "traffic goes on" traffic_runs
for n in 1 2 1 2; do
	must "the guest has $n channels under it" guest_run "ethtool -X $NIC default &&
		ethtool -L $NIC combined $n" 60
	must "these are channels" channels_are "$n"
	check "traffic goes on" traffic_runs
done
check "the interface goes down and up" ip link set port1 down
must "with its program" ip link set port1 up
check "traffic goes on" traffic_runs
check "nothing that was fetched was wrong" traffic_stop

note "The guest goes with one in place"
small_transfers "in the end"
check "nothing of the guest's was refused" nic_heard port1
check "no queue was stuck" no_stalls
must "the guest powers off" guest_stop
check "no page of the guest is held" file_is "$PARTITION/pages_pinned" 0
check "what is redirected to the NIC now is lost" fails ping -c 2 -W 1 -q 10.7.1.2
check "everything is taken down" all_down
must "the pair goes" ip link del inner
check "modules unload" modules_down
