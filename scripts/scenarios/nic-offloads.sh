# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: offloads are switched on both sides under traffic; no byte is wrong by any of them
# limit: 300
# long-limit: 1800
# image: network
. ./lib.sh
. ./nic.inc

MIXES=5
[ -z "${LONG:-}" ] || MIXES=12
GUEST_HAS="rx tx sg tso gso gro lro"
PORT_HAS="tx sg tso gso gro"

# mix FEATURE...: each on or off, as chance has it; in MIX
mix() {
	local feature

	MIX=
	for feature; do
		random 2
		[ "$RANDOM_IS" = 0 ] && MIX="$MIX $feature off" || MIX="$MIX $feature on"
	done
}

# all VALUE FEATURE...
all() {
	local feature value=$1
	shift

	MIX=
	for feature; do
		MIX="$MIX $feature $value"
	done
}

# guest_set, port_set: what $MIX says.  Not each has a meaning beside the others, and what
# the kernel makes of those is its own business.
guest_set() {
	guest_run "ethtool -K $NIC $MIX; true"
}

port_set() {
	# shellcheck disable=SC2086 # words
	ethtool -K port1 $MIX > /tmp/port.set 2>&1 || true
}

# guest_is, port_is VALUE: after all VALUE
guest_is() {
	guest_run "[ \$(ethtool -k $NIC | grep -c '^[rt]x-checksumming: $1\|^tcp-seg.*: $1') = 3 ]"
}

port_is() {
	[ "$(ethtool -k port1 | grep -c "^tx-checksumming: $1\|^tcp-seg.*: $1")" = 2 ]
}

# can NAME: the guest has it, and may have it or not
can() {
	guest_run "ethtool -k $NIC | grep '^[[:space:]]*$1:' | grep -v -F '[fixed]'"
}

nic_bed
for name in rx-checksumming tx-checksum-ipv4 tx-checksum-ipv6 tcp-segmentation-offload \
	tx-tcp6-segmentation scatter-gather large-receive-offload; do
	check "the guest has a choice about $name" can $name
done
for value in off on; do
	# shellcheck disable=SC2086 # words
	{
		all $value $GUEST_HAS
		must "the guest has its say" guest_set
		check "it has all $value" guest_is $value
		transfers "all $value in the guest"
		all $value $PORT_HAS
		port_set
		check "VTL2 has all $value" port_is $value
		transfers "and in VTL2"
	}
done

note "At random, SEED=${SEED:-1}"
must "both fetch, all the time" traffic_start
n=0
while [ $n -lt $MIXES ]; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # words
	mix $GUEST_HAS
	note "guest:$MIX"
	must "the guest takes it" guest_set
	# shellcheck disable=SC2086 # words
	mix $PORT_HAS
	note "VTL2: $MIX"
	port_set
	small_transfers "mix $n"
	[ $((n % 2)) = 0 ] || small_transfers "mix $n, IPv6" "[fd07:1::2]" "[fd07:1::1]"
	check "mix $n: traffic goes on" traffic_runs
done
check "nothing that was fetched was wrong" traffic_stop
check "the guest gives back all that it got" nic_quiet
nic_good
nic_down
