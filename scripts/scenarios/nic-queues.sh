# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest changes number, table and key of its queues under traffic, again and again
# limit: 300
# long-limit: 1800
# image: network
. ./lib.sh
. ./nic.inc

GUEST_CPUS=4
STORM="1 4 2 3 4"
[ -z "${LONG:-}" ] || STORM="$STORM 1 2 1 3 1 4 3 2 4"

# bytes_by QUEUE: what the guest has got there
bytes_by() {
	nic_counter port1 "q$1_tx_bytes"
}

# only QUEUE: all TCP that the guest gets comes by that one; frames without a hash do not
only() {
	local q=$1 one all

	one=$(bytes_by "$q")
	all=$(nic_counter port1 tx_bytes)
	small_transfers "all by queue $q"
	one=$(($(bytes_by "$q") - one))
	all=$(($(nic_counter port1 tx_bytes) - all))
	check "that one has sent it" [ $one -gt 1000000 ]
	check "and no other" [ $((all - one)) -lt 20000 ]
}

nic_bed queues=4
must "it has 4 channels" channels_are 4
check "VTL2 knows that" wait_for "ethtool -l port1 | grep -A 5 ^Current | grep 'Combined:.*4'" 10
check "VTL2 shows the guest's table" ethtool -x port1
must "both fetch, all the time" traffic_start rough
for n in $STORM; do
	# Linux refuses less than a table of one's own has.
	must "the guest uses $n queues" guest_run "ethtool -X $NIC default &&
		ethtool -L $NIC combined $n" 60
	check "these are channels" channels_are "$n"
	must "the guest reaches VTL2" guest_reaches 10.7.1.1
	check "traffic goes on" traffic_runs
	random "$n"
	check "a table of $((RANDOM_IS + 1))" guest_run "ethtool -X $NIC equal $((RANDOM_IS + 1))"
	check "another key" guest_run "ethtool -X $NIC hkey \$(od -An -v -t x1 -N 40 /dev/urandom |
		xargs | tr ' ' :)"
	small_transfers "with them"
done
check "more queues than there are is refused" fails guest_run "ethtool -L $NIC combined 5"
check "nothing that was fetched was wrong" traffic_stop

note "The table decides"
must "a table of one queue" guest_run "ethtool -X $NIC equal 1"
only 0
must "another" guest_run "ethtool -X $NIC weight 0 0 1 0"
only 2
nic_good
nic_down
