# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the guest is told that a relayed PCI device is a VF of its NIC, and that it is gone
# limit: 300
# image: network
. ./lib.sh
. ./nic.inc
. ./vpci.inc

# The device, which is none for a network: the guest has no driver that would use it as VF
VF=$(vpci_pci 0 0)
ATTRIBUTES=$NETVSP/$(nic_guid 1)

# told SLOT added|removed N: the guest has heard that so many times, soon
told() {
	wait_for "guest_run : > /dev/null; [ \$(grep -a -c 'VF slot $1 $2' $GUEST_LOG) = $3 ]" 20 &&
		return
	grep -a 'VF slot' $GUEST_LOG
	return 1
}

# vf SERIAL [SHOWN]
vf() {
	echo "$1" > "$ATTRIBUTES/vf_serial" && file_is "$ATTRIBUTES/vf_serial" "${2:-$1}"
}

# vf_bus: the host offers the device, with serial number 7
vf_bus() {
	vpci_ask "bus 0" && vpci_add 0 0 copy serial=7 && vpci_ask "offer 0"
}

# vf_serial: the number, as the relay says it
vf_serial() {
	sed -n 's/.* serial=\([^ ]*\) relayed$/\1/p' "$VPCI_RELAY/offers/$(vpci_guid 0)/devices"
}

# vf_is_there: the guest has the device, and knows it by its number
vf_is_there() {
	must "the guest has the device" guest_vpci_is "$VF"
	equal "in the slot of its number" "${VF%.*}" "$(guest_run "cat /sys/bus/pci/slots/7/address")"
	check "it works" guest_copies "$VF" 1
}

# vf_host_down: the relay disconnects, and the host has no PCI devices any more
vf_host_down() {
	echo 0 > "$RELAY/redirect" && rmmod vmbus_testroot_vpci && rmmod vmbus_endpoints
}

# vf_refused TEXT: and nothing changes
vf_refused() {
	local was

	was=$(cat "$ATTRIBUTES/vf_serial")
	! (echo "$1" > "$ATTRIBUTES/vf_serial") 2> /dev/null && file_is "$ATTRIBUTES/vf_serial" "$was"
}

vpci_bed_up
must "the host offers a bus with a device" vf_bus
must "a NIC is offered" nic_up "$(nic_guid 1)" port1
must "it has an address" nic_net port1 1
vpci_guest_up --memory 384
nic_guest_up
vf_is_there
SERIAL=$(vf_serial)
equal "the relay knows its number, too" 0x7 "$SERIAL"
check "the guest knows of no VF" fails grep -a "VF slot" $GUEST_LOG
check "its frames go by the NIC" file_is "$ATTRIBUTES/data_path" synthetic
for text in -1 4294967296 x ""; do
	check "serial number \"$text\" is refused" vf_refused "$text"
done
check "where frames go is the guest's choice" fails sh -c "echo vf > $ATTRIBUTES/data_path"
must "both fetch, all the time" traffic_start
check "there is a VF" vf "$SERIAL" 7
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
vf_is_there
must "the VF goes" vf none
check "it is told" told 7 removed 2
must "the device, too" vpci_ask "revoke 0"
must "the guest has lost it" guest_vpci_is
nic_good
equal "nothing was against the rules of VPCI" 0 "$(vpci_is 0 refused)"
must "the host's devices go" vf_host_down
nic_down
