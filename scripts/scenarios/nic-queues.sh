# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest changes number, table and key of its queues under traffic; VTL2 how it uses them
# limit: 360
# long-limit: 1800
# image: network
. ./lib.sh
. ./nic.inc

GUEST_CPUS=4
STORM="1 4 2 3 4"
[ -z "${LONG:-}" ] || STORM="$STORM 1 2 1 3 1 4 3 2 4"
# While the guest changes its queues the carrier is away, and with it who has which address: a
# connection that begins then fails if nobody answers to that for 3 s.
FAILED_MOST=0

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

# table: table and key, of what ethtool -x says
table() {
	sed '1d; /^RSS hash function/,$d; s/  */ /g'
}

# same_table: VTL2 shows the guest's
same_table() {
	equal "VTL2 shows the guest's table and key" "$(guest_run "ethtool -x $NIC" | table)" \
		"$(ethtool -x port1 | table)"
}

# in_table: queues that are in VTL2's
in_table() {
	ethtool -x port1 | awk '/^ *[0-9]+: [0-9 ]+$/ { for (i = 2; i <= NF; i++) print $i }' |
		sort -u | xargs
}

# coalesce WORD VALUE: VTL2 has that from now on
coalesce() {
	ethtool -C port1 "$1" "$2" && coalesces "$1" "$2"
}

# coalesces WORD VALUE: ethtool -c says so
coalesces() {
	local value

	value=$(ethtool -c port1 | sed -n "s/^$1:[[:space:]]*//p")
	[ "$value" = "$2" ] && return
	echo "$1 is $value, not $2"
	return 1
}

# polls USECS: all of the NIC's channels do
polls() {
	local dir

	for dir in $(chan_dirs guest0 "$(nic_guid 1)"); do
		file_is "$dir/busy_poll_us" "$1" || return 1
	done
}

# guest_uses N: so many queues.  Linux refuses less than a table of one's own has.
guest_uses() {
	guest_run "ethtool -X $NIC default && ethtool -L $NIC combined $1" 60
}

nic_bed queues=4
must "it has 4 channels" channels_are 4
check "VTL2 knows that" wait_for "ethtool -x port1 | grep -q 'with 4 RX ring'" 10
check "VTL2 knows of a table of all" wait_for "[ \"\$(in_table)\" = '0 1 2 3' ]" 20
same_table
must "both fetch, all the time" traffic_start rough
for n in $STORM; do
	FAILED_MOST=$((FAILED_MOST + 2))
	must "the guest uses $n queues" guest_uses "$n"
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
same_table

note "VTL2 has its say, too"
must "it tells of each frame at once" coalesce tx-frames 1
must "and uses one queue" ethtool -L port1 combined 1
check "traffic goes on" traffic_runs
must "it tells of 64 at a time" coalesce tx-frames 64
must "and uses all queues" ethtool -L port1 combined 4
must "it looks for more for 10 ms" coalesce rx-usecs 10000
check "each channel does" polls 10000
must "it looks for 100 us" coalesce rx-usecs 100
check "traffic goes on" traffic_runs
must "it does not look" coalesce rx-usecs 0
check "no channel does" polls 0
check "more than 10 ms is refused" fails ethtool -C port1 rx-usecs 10001
check "it still does not look" coalesces rx-usecs 0
for n in 0 65; do
	check "$n frames at a time are refused" fails ethtool -C port1 tx-frames $n
done
check "they are still 64" coalesces tx-frames 64
check "more queues than there are is refused" fails ethtool -L port1 combined 5
check "nothing that was fetched was wrong, and few failed" traffic_stop $FAILED_MOST

note "What VTL2 uses is not what the guest has"
must "the guest uses one" guest_uses 1
must "VTL2 may use one" ethtool -L port1 combined 1
must "the guest uses 4" guest_uses 4
must "the guest reaches VTL2" guest_reaches 10.7.1.1
only 0
must "VTL2 may use all" ethtool -L port1 combined 4

note "The table decides"
must "a table of one queue" guest_run "ethtool -X $NIC equal 1"
same_table
equal "which is the only one there" 0 "$(in_table)"
only 0
must "another" guest_run "ethtool -X $NIC weight 0 0 1 0"
same_table
equal "which is the only one there" 2 "$(in_table)"
only 2
must "VTL2 uses one queue" ethtool -L port1 combined 1
only 0
must "VTL2 uses all queues" ethtool -L port1 combined 4
only 2
nic_good
nic_down
