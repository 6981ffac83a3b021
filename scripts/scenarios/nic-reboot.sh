# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest reboots, and its monitor is killed, under traffic; the NIC works afterwards
# only: long
# limit: 360
# long-limit: 2400
# image: network
. ./lib.sh
. ./nic.inc

REBOOTS=1
[ -z "${LONG:-}" ] || REBOOTS=3

# back: a guest that has come up anew has its NIC and works
back() {
	nic_guest_up
	transfers "$1"
	check "VTL2's fetches go on" our_traffic_runs
	# None of these is disturbed before it ends with the guest.
	must "the guest's, too" guest_traffic_start 10.7.1.1
	must "both run" traffic_runs
}

our_traffic_runs() {
	local start

	start=$(cat /tmp/load.up)
	wait_for "[ \$(cat /tmp/load.up) -gt $start ]" 60
}

nic_bed queues=2
must "both fetch, all the time" traffic_start reset
must "they do" traffic_runs
n=0
while [ $n -lt $REBOOTS ]; do
	n=$((n + 1))
	must "reboot $n" guest_reboot
	back "reboot $n"
done
note "The monitor is killed"
n=0
while [ $n -lt $REBOOTS ]; do
	n=$((n + 1))
	guest_kill
	check "kill $n: the guest's server is disconnected" \
		wait_for "file_is $SRV/guest0/state disconnected" 10
	check "the carrier goes" carrier_is port1 0
	check "no page of the guest is held" file_is "$PARTITION/pages_pinned" 0
	must "a new guest starts" guest_start --memory 384
	must "the guest comes up" guest_wait_up
	back "kill $n"
done
check "nothing that was fetched was wrong" traffic_stop
nic_good
nic_down
