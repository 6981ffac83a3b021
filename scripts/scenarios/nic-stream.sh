# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: TCP streams of the guest and VTL2, either way, by 1 and by 4 queues; no byte is wrong
# limit: 300
# long-limit: 1500
# image: network
. ./lib.sh
. ./nic.inc

GUEST_CPUS=4

# used: queues that have got frames of the guest since there were those in /tmp/queues
used() {
	local q n=0

	for q in 0 1 2 3; do
		[ "$(nic_counter port1 "q${q}_rx_frames")" = "$(sed -n "$((q + 1))p" /tmp/queues)" ] ||
			n=$((n + 1))
	done
	echo $n
}

queues() {
	local q

	for q in 0 1 2 3; do
		nic_counter port1 "q${q}_rx_frames"
	done > /tmp/queues
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
	queues
	transfers "$n queues"
	frames=$(nic_counter port1 rx_frames)
	bytes=$(nic_counter port1 rx_bytes)
	iperf "the guest sends" -P $n
	check "large frames" [ $(($(nic_counter port1 rx_bytes) - bytes)) -gt \
		$((($(nic_counter port1 rx_frames) - frames) * 2000)) ]
	iperf "VTL2 sends" -P $n -R
	iperf "both do" -P $n --bidir
	check "frames have come by $n" [ "$(used)" -ge $(((n + 1) / 2)) ]
	must "the guest uses all queues" guest_run "[ $n = 4 ] || ethtool -L $NIC combined 4"
done
for name in tx_frames tx_bytes rx_frames rx_bytes; do
	check "$name: the total is that of the queues" total $name
done
nic_good
nic_down
