# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest is told of a VF of its NIC, and that it is gone; the NIC goes on as it is
# limit: 240
# image: network
. ./lib.sh
. ./nic.inc

ATTRIBUTES=$NETVSP/$(nic_guid 1)

# told SLOT added|removed N: the guest has heard that so many times, soon
told() {
	wait_for "guest_run : > /dev/null; [ \$(grep -a -c 'VF slot $1 $2' $GUEST_LOG) = $3 ]" 20 &&
		return
	grep -a 'VF slot' $GUEST_LOG
	return 1
}

# vf SERIAL
vf() {
	echo "$1" > "$ATTRIBUTES/vf_serial" && file_is "$ATTRIBUTES/vf_serial" "$1"
}

# vf_refused TEXT: and nothing changes
vf_refused() {
	local was

	was=$(cat "$ATTRIBUTES/vf_serial")
	! (echo "$1" > "$ATTRIBUTES/vf_serial") 2> /dev/null && file_is "$ATTRIBUTES/vf_serial" "$was"
}

nic_bed
check "the guest knows of no VF" fails grep -a "VF slot" $GUEST_LOG
check "its frames go by the NIC" file_is "$ATTRIBUTES/data_path" synthetic
for text in -1 4294967296 x ""; do
	check "serial number \"$text\" is refused" vf_refused "$text"
done
check "where frames go is the guest's choice" fails sh -c "echo vf > $ATTRIBUTES/data_path"
must "both fetch, all the time" traffic_start
check "there is a VF" vf 7
check "the guest is told" told 7 added 1
check "traffic goes on" traffic_runs
check "there is another one" vf 9
check "the guest is told that the first is gone" told 7 removed 1
check "and of the other one" told 9 added 1
check "there is none" vf none
check "the guest is told" told 9 removed 1
check "there is one again" vf 7
check "the guest is told" told 7 added 2
check "nothing that was fetched was wrong" traffic_stop
check "the guest's frames go by the NIC, as there is nothing else" \
	file_is "$ATTRIBUTES/data_path" synthetic

note "The guest reboots"
must "it does" guest_reboot
nic_guest_up
check "it is told again" told 7 added 3
must "the VF goes" vf none
check "it is told" told 7 removed 2
nic_good
nic_down
