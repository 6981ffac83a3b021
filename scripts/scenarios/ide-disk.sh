# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: disks of VTL2 that the guest has as IDE accelerators
# only: long
# limit: 300
. ./lib.sh

# By their places: channel 0, device 0; channel 1, device 1; and 0, 1, which is the host's
MASTER=00000000-0000-8899-0000-000000000000
SLAVE=00000001-0001-8899-0000-000000000000
RELAYED=00000000-0001-8899-0000-000000000000
IMG_C=/tmp/disk_c.img
CLASS=32412632-86cb-44a2-9b5c-50d1417354f5
TARGET=/sys/kernel/config/target/vmbus
TPG=$TARGET/$MASTER/tpgt_1
STORE=/sys/kernel/config/target/core/fileio_6163/$MASTER.0

# ide_disk SERVER CHANNEL:DEVICE GUID FILE
ide_disk() {
	[ "$(vmbus-target create --ide "$2" "$1")" = "$3" ] &&
	file_is "$TARGET/$3/tpgt_1/ide" "${2%:*} ${2#*:}" &&
	vmbus-target add-lun "$3" 0 "$4" &&
	vmbus-target enable "$3"
}

# said TEXT: how often the kernel has said that of the first controller
said() {
	dmesg | grep -cF "vmbus_storvsp: $MASTER: $1"
}

# refused VALUE [REASON]: nothing changes, and the log says why
refused() {
	local was before reason=${2:-ide: give a channel and a device}

	was=$(cat $TPG/ide)
	before=$(said "$reason")
	! (echo "$1" > $TPG/ide) 2> /dev/null && file_is $TPG/ide "$was" &&
	[ "$(said "$reason")" = $((before + 1)) ]
}

# hidden_lun: LIO takes the link, and the log says that the guest gets no disk by it
hidden_lun() {
	mkdir $TPG/lun/lun_1 && ln -s $STORE $TPG/lun/lun_1/disk &&
	[ "$(said "lun_1: the guest sees only LUNs up to 0")" = 1 ] &&
	rm $TPG/lun/lun_1/disk && rmdir $TPG/lun/lun_1
}

# guest_sees GUID TARGET: at this address alone, in that class, by one channel
guest_sees() {
	guest_run "cd /sys/bus/vmbus/devices/$1 && grep -qx '{$CLASS}' class_id &&
		ls -d host*/target*/*:*" > /tmp/sees
	grep -qx "host[0-9]*/target[0-9]*:0:$2/[0-9]*:0:$2:0" /tmp/sees &&
	[ "$(wc -l < /tmp/sees)" = 1 ] && [ "$(chan_dirs guest0 "$1" | wc -l)" = 1 ] && return
	cat /tmp/sees
	return 1
}

# rebind GUID: the guest's driver lets go of the device and takes it again
rebind() {
	guest_run "cd /sys/bus/vmbus/drivers/hv_storvsc && echo $1 > unbind && echo $1 > bind" 60
}

# same WHAT: both disks have the bytes that were written to them
same() {
	equal "$1: the guest reads what it wrote, channel 0" "$master" \
		"$(guest_sum "$(guest_disk $MASTER)")"
	equal "$1: the guest reads what it wrote, channel 1" "$slave" \
		"$(guest_sum "$(guest_disk $SLAVE)")"
	equal "$1: the guest reads what it wrote, the host's" "$relayed" \
		"$(guest_sum "$(guest_disk $RELAYED)")"
}

must "modules load" modules_up
must "servers start" servers_up
truncate -s $((DATA_MB + 64))M $IMG_A $IMG_B $IMG_C

note "What an administrator may say"
for text in 2:0 0:2 0 0:0:0 x:0 -1:0 ""; do
	check "\"$text\" is no place on IDE" fails vmbus-target create --ide "$text" guest0
done
check "nothing was made for them" [ -z "$(vmbus-target list)" ]
equal "a controller with an address" $MASTER "$(vmbus-target create --ide 0:0 guest0)"
check "it is not made twice" fails vmbus-target create --ide 0:0 guest0
for text in "" 0 "0 2" "2 0" "0 0 0" "0:0" "-1 0" "00 0" "0  0" master; do
	check "ide: \"$text\" is refused" refused "$text"
done
check "it has to have a disk" fails vmbus-target enable $MASTER
check "which is LUN 0" fails vmbus-target add-lun $MASTER 1 $IMG_A
check "it may be none" eval "echo none > $TPG/ide"
check "then it has other LUNs, too" vmbus-target add-lun $MASTER 1 $IMG_A
check "and cannot be one again" refused "0 0" "ide: remove lun_1 first"
check "the LUN goes" vmbus-target remove-lun $MASTER 1
check "then it can" eval "echo '0 0' > $TPG/ide"
check "LUN 0 is added" vmbus-target add-lun $MASTER 0 $IMG_A
check "it is enabled" vmbus-target enable $MASTER
check "then nothing changes" refused none 'ide: write 0 to "enable"'
check "a link at another LUN leads nowhere" hidden_lun
must "a second one is made" ide_disk guest0 1:1 $SLAVE $IMG_B
must "the host has one" ide_disk root 0:1 $RELAYED $IMG_C
check "all are listed" [ "$(vmbus-target list | grep -c ' IDE ')" = 3 ]
must "the relay connects with the host" relay_on

note "A guest with its own driver"
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
must "the guest lists them" guest_lists $MASTER $SLAVE $RELAYED
disk_works "the disk of channel 0" $MASTER
master=$SUM
disk_works "the disk of channel 1" $SLAVE
slave=$SUM
disk_works "the host's disk" $RELAYED
relayed=$SUM
check "channel 0, device 0 is target 0" guest_sees $MASTER 0
check "channel 1, device 1 is target 1" guest_sees $SLAVE 1
check "the host's channel 0, device 1 is target 1" guest_sees $RELAYED 1
equal "the first file has the same bytes" "$master" "$(outside_sum $IMG_A)"
equal "the second file, too" "$slave" "$(outside_sum $IMG_B)"
equal "the host's file, too" "$relayed" "$(outside_sum $IMG_C)"

for guid in $MASTER $SLAVE; do
	check "the guest's driver lets go of $guid and takes it again" rebind "$guid"
done
same "taken again"
must "the guest reboots" guest_reboot
must "the guest lists them" guest_lists $MASTER $SLAVE $RELAYED
same "after a reboot"
check "at the same address" guest_sees $SLAVE 1

note "A disk goes and comes while the guest runs"
check "LUN 0 of channel 0 is removed" vmbus-target remove-lun $MASTER 0
check "the guest loses it" guest_lun_goes $MASTER 0
check "it is added" vmbus-target add-lun $MASTER 0 $IMG_A
check "the guest has it again" guest_lun_comes $MASTER 0
equal "and reads what it wrote" "$master" "$(guest_sum "$(guest_disk $MASTER)")"

note "Controllers go and come while the guest runs"
for guid in $MASTER $SLAVE; do
	check "the offer of $guid is taken back" vmbus-target disable "$guid"
done
must "they go" guest_lists $RELAYED
for guid in $MASTER $SLAVE; do
	check "$guid is offered again" vmbus-target enable "$guid"
done
must "they come" guest_lists $MASTER $SLAVE $RELAYED
same "offered again"
for guid in $MASTER $SLAVE; do
	check "none of its packets was malformed" file_is "$(chan_dir guest0 "$guid")/bad_packets" 0
done
check "nothing else was" server_clean guest0
bed_down
