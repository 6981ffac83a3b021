# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What scripts/bench runs for networks: a NIC of vmbus_netvsp, and one of the kernel's
# vhost-net with a tap, for two guests of the same kernel that are there all the time and of
# which one works at a time, in turn.  Each has a net of its own with this side, without a
# bridge, one queue, and the MTU and offloads that its driver begins with.
# limit: 3600
# image: network qemu
# memory: 3072
. ./lib.sh
. ./nic.inc
. ./qemu.inc
. ./bench.inc

WHO="netvsp vhost-net"
US=netvsp
# Each buffer of VTL2 that is made begins with one of these.  What netdev_alloc_skb() takes
# from a page is not among them: a frame of 700 to 2000 bytes, of which there are few here.
SKBS="__alloc_skb build_skb napi_build_skb slab_build_skb"
COUNTED="$EVENTS $SKBS"
MEMORY=384
RR_PORT=5300
# CPU of this side's programs, a mask: the guests do not run there
SERVER_ON=1
CLOCK=/sys/devices/system/clocksource/clocksource0/current_clocksource

# ---- the guests ------------------------------------------------------------------------

tap_guest() {
	qemu_guest -netdev tap,id=n0,ifname=port2,script=no,downscript=no,vhost=on \
		-device virtio-net-pci,netdev=n0,romfile=
}

# vhost_works: QEMU goes without where it gets no thread of the kernel
vhost_works() {
	grep -q '^vhost-' /proc/"$GUEST_PID"/task/*/comm
}

# net_of WHO: the number of its net
net_of() {
	case $1 in
	netvsp) echo 1 ;;
	vhost-net) echo 2 ;;
	esac
}

# nic_of WHO: its name in the guest
nic_of() {
	case $1 in
	netvsp) guest_nic 1 ;;
	vhost-net) guest_run "ls /sys/bus/virtio/devices/*/net" ;;
	esac
}

# net_up WHO: between that guest and this side
net_up() {
	local n nic

	of "$1"
	n=$(net_of "$1")
	must "this side of $1's net has an address" nic_net "port$n" "$n"
	nic=$(nic_of "$1") || { not_ok "$1 has its NIC" "$nic"; exit 1; }
	must "$1's $nic has an address" guest_net "$nic" "$n"
	must "$1 reaches VTL2" guest_reaches "10.7.$n.1"
	equal "$1 sends what fits into 1500 bytes" 1500 "$(guest_run "cat /sys/class/net/$nic/mtu")"
	note "$1's clock is $(guest_run "cat $CLOCK")"
	note "$1 has $(guest_run "/bin/ethtool -k $nic" | on)"
	note "$1's port$n has $(ethtool -k "port$n" | on)"
}

# on: the offloads of ethtool -k that are
on() {
	sed -n 's/^\([a-z][^:]*\): on.*/\1/p' | xargs
}

# ---- runs ------------------------------------------------------------------------------

servers() {
	taskset $SERVER_ON iperf3 -s -D || return 1
	taskset $SERVER_ON net-rr serve $RR_PORT > /tmp/net-rr.said 2>&1 &
}

# unit WORKLOAD
unit() {
	case $1 in
	tcp-rr) echo "1/s exchange" ;;
	udp-*) echo "1/s datagram" ;;
	*) echo "Mbit/s MB" ;;
	esac
}

# client ADDRESS WORKLOAD: what the guest runs
client() {
	local iperf="iperf3 -c $1 -f k -i 0 -t $seconds"

	case $2 in
	tcp-out) echo "$iperf" ;;
	tcp-in) echo "$iperf -R" ;;
	udp-small) echo "$iperf -u -b 0 -l 64" ;;
	tcp-rr) echo "net-rr ask $1 $RR_PORT $seconds" ;;
	*) echo "echo there is no $2; false" ;;
	esac
}

# work WHO WORKLOAD: what the program says is for worked: a console costs exits
work() {
	guest_run "($(client "10.7.$(net_of "$1").1" "$2")) > /tmp/said 2>&1" $((seconds + 120)) \
		> /tmp/work.said || cat /tmp/work.said
}

# result WORKLOAD: rate and number as the receiver counts, and how many were lost, of what
# the program has said
result() {
	case $1 in
	tcp-rr)
		awk '$2 == "exchanges" && $4 > 0 { printf "%.2f %d\n", $1 / $4, $1 }'
		;;
	udp-*)
		receiver_line | awk 'split($9, n, "/") == 2 {
			printf "%.2f %d %d\n", (n[2] - n[1]) / $1, n[2] - n[1], n[1] }'
		;;
	*)
		receiver_line | awk '{ printf "%.3f %.3f\n", $5 / 1000, $5 / 8000 * $1 }'
		;;
	esac
}

# receiver_line: of iperf3, which begins with the seconds that it took
receiver_line() {
	awk '{ sub(/^(\[[^]]*\])+/, "") }
		$NF == "receiver" && split($1, at, "-") == 2 && at[2] > at[1] {
			$1 = at[2] - at[1]
			print
		}'
}

# worked WORKLOAD
worked() {
	guest_run "cat /tmp/said" > /tmp/said
	# shellcheck disable=SC2046 # words
	set -- $(result "$1" < /tmp/said)
	RATE=${1:-0}
	UNITS=${2:-0}
	LOST=${3:-}
	[ $# != 0 ] || tail -n 3 /tmp/said
}

# count_ours WORKLOAD SIGN: of the channel, and of the NIC; what comes from the guest is
# copied to a frame, what goes to it to its receive buffer
count_ours() {
	echo "@count $1 $US signals $2$(chan_sum guest0 "$(nic_guid 1)" events)"
	ethtool -S port1 | awk -v count="@count $1 $US" -v sign="$2" '
		/^ *(rx_copied_section|rx_copied_pages|tx_bytes):/ { copied += $2 }
		/^ *rx_pages:/ { pinned = $2 }
		END {
			printf "%s bytes_copied %s%.0f\n", count, sign, copied
			printf "%s pages_pinned %s%.0f\n", count, sign, pinned
		}'
}

must "modules load" modules_up
must "servers start" servers_up
must "a NIC is offered" nic_up "$(nic_guid 1)" port1 queues=1
must "a guest with netvsp" begins netvsp vtl0_guest
must "one with vhost-net" begins vhost-net tap_guest
must "it is the kernel's vhost-net" vhost_works
for who in $WHO; do
	net_up "$who"
done
must "programs wait for the guests'" servers
profile_counts
for workload in $(option workloads); do
	measure "$workload"
done
all_off
