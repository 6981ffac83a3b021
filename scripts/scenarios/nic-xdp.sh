# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: XDP programs on a guest's NIC pass, drop, send back and redirect; others redirect to it
# limit: 240
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

nic_bed queues=2
check "a program that passes everything" xdp port1 pass
check "the guest reaches VTL2" moved rx_frames guest_reaches 10.7.1.1
transfers "through it"
check "one that drops everything takes its place" xdp port1 drop
check "the guest does not reach VTL2" moved rx_frames fails guest_run "ping -c 1 -W 2 10.7.1.1"
check "it is taken off" xdp port1 off
check "the guest reaches VTL2" guest_reaches 10.7.1.1

note "What comes is sent back"
must "the guest knows where nobody is" guest_ip neigh replace 10.7.1.9 \
	lladdr 02:00:00:00:00:09 dev "$NIC"
check "who does not answer" fails guest_run "ping -c 1 -W 2 10.7.1.9"
must "a program that answers" xdp port1 answer
check "nobody answers" moved tx_frames guest_reaches 10.7.1.9
check "pings of all sizes" ping_sizes 10.7.1.9 1472
small_transfers "all else passes"
must "it is taken off" xdp port1 off
check "nobody answers no more" fails guest_run "ping -c 1 -W 2 10.7.1.9"

note "A pair of devices, one of them linked with the NIC by redirects only"
must "the pair" ip link add inner up type veth peer name outer
must "and it is up" ip link set outer up
check "frames come as they are from it" bare inner
must "they are received one by one" ethtool -K inner gro on
must "the NIC has no address now" ip addr flush dev port1
must "but the pair has" nic_net inner 1
must "the guest's do, too" guest_run "ethtool -K $NIC tso off tx off sg off; true"
must "the pair's frames go to the guest" xdp outer redirect port1
must "the guest's go to the pair" xdp port1 redirect outer
must "the guest forgets" guest_ip neigh flush all
check "the guest reaches VTL2" moved rx_frames guest_reaches 10.7.1.1
check "VTL2 reaches the guest" moved xdp_xmit reaches 10.7.1.2
check "pings of all sizes" ping_sizes 10.7.1.1 1472
transfers "by redirects"

note "Programs come and go under traffic"
must "both fetch, all the time" traffic_start rough
n=0
while [ $n -lt $((ROUNDS * 5)) ]; do
	n=$((n + 1))
	xdp port1 drop && xdp port1 off && xdp port1 redirect outer || break
done
equal "all were taken" $((ROUNDS * 5)) "$n"
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
