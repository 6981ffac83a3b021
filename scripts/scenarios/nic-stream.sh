# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: TCP streams of the guest and VTL2, either way, by 1 and by 4 queues; no byte is wrong
# limit: 360
# long-limit: 1800
# image: network
. ./lib.sh
. ./nic.inc

GUEST_CPUS=4
# Rounds of transfers, at least and at most: a connection's queue is chance, and in 20 rounds
# one of four has none of the 80 connections once in 2e9 times, either way.
ROUNDS_LEAST=1
ROUNDS_MOST=20
[ -z "${LONG:-}" ] || ROUNDS_LEAST=5

# at_once WHAT: four transfers each way, all at a time
at_once() {
	local i theirs pids=

	for i in 1 2 3 4; do
		fetched small 10.7.1.2 > "/tmp/sum.$i" 7<&- &
		pids="$pids $!"
	done
	theirs=$(guest_run "for i in 1 2 3 4; do
			timeout 120 wget -q -O - http://10.7.1.1:8080/small | sha256sum > /tmp/sum.\$i &
		done; wait; cut -d ' ' -f 1 /tmp/sum.? | sort -u" 150)
	# shellcheck disable=SC2086 # words
	wait $pids
	equal "$1: the guest gets four at a time" "$SMALL_SUM" "$theirs"
	equal "$1: VTL2 gets four at the same time" "$SMALL_SUM" "$(sort -u /tmp/sum.?)"
}

# mark: what is counted from now on
mark() {
	ethtool -S port1 > /tmp/marked
}

# grown NAME: by how much, since then
grown() {
	echo $(($(nic_counter port1 "$1") - $(sed -n "s/^ *$1: //p" /tmp/marked)))
}

# used rx|tx BYTES: how many queues have carried so much since the beginning, in /tmp/queues
used() {
	ethtool -S port1 > /tmp/queues.now
	awk -v "name=^q[0-9]+_$1_bytes:\$" -v "least=$2" '
		$1 !~ name { next }
		FILENAME == "/tmp/queues" { old[$1] = $2; next }
		$2 - old[$1] >= least + 0 { n++ }
		END { print n + 0 }' /tmp/queues /tmp/queues.now
}

# by_all N: so many have carried a transfer, either way
by_all() {
	[ "$(used rx 1000000)" = "$1" ] && [ "$(used tx 1000000)" = "$1" ]
}

# total NAME: of all queues
total() {
	ethtool -S port1 | awk -v "name=$1:" '$1 == name { total = $2 }
		$1 ~ "^q[0-9]+_" name "$" { sum += $2 }
		END { print total, sum; exit !(total > 0 && total == sum) }'
}

nic_bed queues=4
must "VTL2 waits for iperf3" iperf_up
for n in 1 4; do
	must "the guest uses $n queues" guest_run "[ $n = 4 ] || ethtool -L $NIC combined $n"
	must "these are channels" channels_are $n
	must "the guest reaches VTL2" guest_reaches 10.7.1.1
	ethtool -S port1 > /tmp/queues
	round=0
	while [ $round -lt $ROUNDS_MOST ]; do
		round=$((round + 1))
		at_once "$n queues, round $round"
		[ $round -lt $ROUNDS_LEAST ] || ! by_all $n || break
	done
	for way in rx tx; do
		equal "$way: data have come by each queue" $n "$(used $way 1000000)"
	done
	mark
	iperf "the guest sends" -P $n
	check "large frames" [ "$(grown rx_bytes)" -gt $(($(grown rx_frames) * 2000)) ]
	mark
	iperf "VTL2 sends" -P $n -R
	check "large frames" [ "$(grown tx_bytes)" -gt $(($(grown tx_frames) * 2000)) ]
	# The guest's buffer has pieces of 16 KiB
	check "in no more parts than they need" [ "$(grown tx_parts)" -le $(($(grown tx_frames) * 5)) ]
	iperf "both do" -P $n --bidir
	for way in rx tx; do
		equal "$way: frames have come by no others" $n "$(used $way 1)"
	done
	must "the guest uses all queues" guest_run "[ $n = 4 ] || ethtool -L $NIC combined 4"
done

note "Small frames, of which the guest is told in packets of many"
IPERF_AGAIN=25
must "the guest takes no large ones" guest_run "ethtool -K $NIC lro off"
mark
iperf "VTL2 sends" -R
check "each is one piece" [ "$(grown tx_parts)" -le $(($(grown tx_frames) + 10)) ]
check "a packet has more than one" [ $(($(grown tx_frames) * 2)) -ge $(($(grown tx_batches) * 3)) ]
must "VTL2 tells of each at once" ethtool -C port1 tx-frames 1
mark
iperf "VTL2 sends" -R
check "a packet has one" [ $(($(grown tx_frames) * 10)) -le $(($(grown tx_batches) * 11)) ]
for name in tx_frames tx_bytes rx_frames rx_bytes; do
	check "$name: the total is that of the queues" total $name
done
nic_good
nic_down
