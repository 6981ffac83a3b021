# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a disk of VTL2 answers the guest's SCSI commands: data, errors, reservations
# limit: 400
# image: storage
. ./lib.sh
. ./storage.inc

THIN_BLOCKS=65536
GROW_BLOCKS=32768
STORE=$LIO/core/iblock_6163/$GUID_NVME.0

# thin_disk: LUN 0 takes UNMAP, and WRITE SAME for it, and says what becomes of the blocks,
# which LIO wants to be told before somebody uses the disk
thin_disk() {
	local link=$LIO/vmbus/$GUID_NVME/tpgt_1/lun/lun_0/$GUID_NVME.0 attribute

	null_disk thin $((THIN_BLOCKS / 2048)) discard=1 &&
	vmbus-target add-lun "$GUID_NVME" 0 /dev/thin &&
	file_is "$STORE/attrib/emulate_tpu" 1 && rm "$link" || return 1
	for attribute in emulate_tpws unmap_zeroes_data; do
		echo 1 > "$STORE/attrib/$attribute" || return 1
	done
	ln -s "$STORE" "$link"
}

# listed LINE...: of the controller's disks
listed() {
	vmbus-target list > /tmp/list || return 1
	cat /tmp/list
	printf '  %s\n' "$@" > /tmp/want
	sed -n "/^$GUID_NVME/,/^[^ ]/p" /tmp/list | grep '^ ' | cmp - /tmp/want
}

# second_path: the same disk at another controller
second_path() {
	local port=$LIO/vmbus/$GUID_A/tpgt_1/lun/lun_0

	vmbus-target create "$GUID_A" guest0 && mkdir "$port" && ln -s "$STORE" "$port/path" &&
	vmbus-target enable "$GUID_A"
}

# says WHAT COMMAND TEXT...: the guest's command succeeds, and prints all of that
says() {
	local what=$1 command=$2 output text
	shift 2

	output=$(guest_run "$command 2>&1" 60) ||
		{ not_ok "$what" "$command: $output"; return 1; }
	for text; do
		echo "$output" | grep -qF -- "$text" ||
			{ not_ok "$what" "no \"$text\" in: $output"; return 1; }
	done
	ok "$what"
}

# refused WHAT STATUS TEXT COMMAND: it ends with this status and prints that
refused() {
	local output status=0

	output=$(guest_run "$4 2>&1" 60) || status=$?
	[ "$status" = "$2" ] && echo "$output" | grep -qF -- "$3" &&
		{ ok "$1"; return; }
	not_ok "$1" "$4: status $status: $output"
}

# raw LENGTH CDB: data of the disk, for the guest to run; raw_out FILE CDB: data for it
raw() {
	echo "sg_raw -r $1 -o /tmp/in /dev/$DISK $2"
}

raw_out() {
	echo "sg_raw -s \$(stat -c %s $1) -i $1 /dev/$DISK $2"
}

# bytes FROM COUNT DEVICE: command that prints which bytes these blocks consist of, on the
# device itself.  Where its buffer does not suit that, dd reads from the cache in silence.
bytes() {
	echo "echo 1 > /proc/sys/vm/drop_caches; dd if=$3 bs=512 skip=$1 count=$2 2> /dev/null |
		xxd -p -c 1 | uniq | sort -u | tr '\n' ' ';"
}

# only WHAT FROM COUNT BYTE: nothing else has changed, for the guest and for VTL2
only() {
	local device command

	for device in "/dev/$DISK" /dev/thin; do
		command="$(bytes $(($2 - 1)) 1 "$device") $(bytes "$2" "$3" "$device")
			$(bytes $(($2 + $3)) 1 "$device")"
		if [ "$device" = /dev/thin ]; then
			equal "$1: VTL2's device has it" "a5 $4 a5 " "$(eval "$command")"
		else
			equal "$1: the guest reads it" "a5 $4 a5 " "$(guest_run "$command")"
		fi
	done
}

# moved: bytes copied and pages pinned so far
moved() {
	echo "$(chan_sum guest0 "$GUID_NVME" data_copied_bytes)" \
		"$(chan_sum guest0 "$GUID_NVME" data_pinned_pages)"
}

# moves WHAT BYTES PAGES COMMAND: the guest's command has so many bytes copied and pages
# pinned, which are counted a moment after the answer
moves() {
	local before want output

	before=$(moved)
	want="$((${before% *} + $2)) $((${before#* } + $3))"
	output=$(guest_run "$4 2>&1" 60) || { not_ok "$1" "$4: $output"; return 1; }
	# shellcheck disable=SC2016 # for eval
	wait_for '[ "$(moved)" = "$want" ]' 5
	equal "$1" "$want" "$(moved)"
}

# direct SIZE COUNT OPTIONS: command that reads or writes so much of the disk, not by a cache
direct() {
	echo "fio --name=x --thread --filename=/dev/$DISK --direct=1 --offset=8m --bs=$1 \
		--size=$(($1 * $2)) $3"
}

must "modules load" modules_up
must "the servers start" servers_up
must "VTL2 has a controller" vmbus-target create "$GUID_NVME" guest0
must "with a thin disk" thin_disk
must "with the NVMe device" vmbus-target add-lun "$GUID_NVME" 3 /dev/nvme0n1
truncate -s $((GROW_BLOCKS * 512)) "$IMG_B"
must "a disk that can grow" losetup /dev/loop0 "$IMG_B"
must "is there, too, which is not to discard" \
	vmbus-target add-lun --no-discard "$GUID_NVME" 7 /dev/loop0
truncate -s 1M "$IMG_A"
must "a file with holes" vmbus-target add-lun --discard "$GUID_NVME" 9 "$IMG_A"
check "the list says which of them discard" listed "LUN 0  /dev/thin  discard" \
	"LUN 3  /dev/nvme0n1  discard" "LUN 7  /dev/loop0" "LUN 9  $IMG_A  discard"
must "they are offered" vmbus-target enable "$GUID_NVME"
must "the thin disk has a second path" second_path
# LIO does no reservation without that directory, be it a persistent one or not.
mkdir -p /var/target/pr
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up
DISK=$(guest_lun "$GUID_NVME" 0)
CACHED=$(guest_lun "$GUID_NVME" 3)
GROWN=$(guest_lun "$GUID_NVME" 7)
HOLES=$(guest_lun "$GUID_NVME" 9)
PATH_2=$(guest_lun "$GUID_A" 0)
must "the guest has all of them" guest_run "test -b /dev/$DISK && test -b /dev/$CACHED &&
	test -b /dev/$GROWN && test -b /dev/$HOLES && test -b /dev/$PATH_2"

note "What the disk says of itself"
serial=$(cat "$STORE/wwn/vpd_unit_serial")
serial=${serial##* }
says "INQUIRY" "sg_inq /dev/$DISK" "PQual=0  PDT=0  RMB=0" "version=0x06" \
	"Resp_data_format=2" "MultiP=1" "CmdQue=1" "Vendor identification: LIO-ORG" \
	"Product identification: IBLOCK" "Unit serial number: $serial"
says "the pages that there are" "sg_vpd -p sv /dev/$DISK" "[sv]" "[sn]" "[di]" "[bl]" \
	"[bdc]" "[lbpv]"
says "serial number" "sg_vpd -p sn /dev/$DISK" "Unit serial number: $serial"
says "identification" "sg_vpd -p di /dev/$DISK" "0x6001405$(echo "$serial" | cut -c 1-25)" \
	"Relative target port: 0x1" "$GUID_NVME,t,0x0001"
says "the same disk by the second path" "sg_vpd -p di /dev/$PATH_2" \
	"0x6001405$(echo "$serial" | cut -c 1-25)" "Relative target port: 0x2" "$GUID_A,t,0x0001"
says "limits" "sg_vpd -p bl /dev/$DISK" "Write same non-zero (WSNZ): 1" \
	"compare and write length: 1 blocks" \
	"Maximum transfer length: $(cat "$STORE/attrib/hw_max_sectors") blocks" \
	"Maximum unmap LBA count: $(cat "$STORE/attrib/max_unmap_lba_count")" \
	"Maximum unmap block descriptor count: 1" "Maximum write same length: 0xffff blocks"
says "characteristics" "sg_vpd -p bdc /dev/$DISK" "Non-rotating medium"
says "provisioning" "sg_vpd -p lbpv /dev/$DISK" "(LBPU): 1" "(LBPWS): 1" "(LBPWS10): 1" \
	"(LBPRZ): 1" "(ANC_SUP): 0"
says "capacity" "sg_readcap /dev/$DISK" \
	"Last LBA=$((THIN_BLOCKS - 1)) " "Logical block length=512 bytes"
says "capacity, long" "sg_readcap -l /dev/$DISK" "prot_en=0" "lbpme=1, lbprz=1" \
	"Last LBA=$((THIN_BLOCKS - 1)) " "Logical block length=512 bytes" "exponent=0"
says "the others are not thin" "sg_readcap -l /dev/$GROWN" "lbpme=0, lbprz=0" \
	"Last LBA=$((GROW_BLOCKS - 1)) "
says "but one that is a file" "sg_readcap -l /dev/$HOLES" "lbpme=1, lbprz=1" "Last LBA=2047 "
says "LUNs" "sg_luns /dev/$DISK" "4 lun entries" 0000000000000000 0003000000000000 \
	0007000000000000 0009000000000000
says "TEST UNIT READY" "sg_turs -n 20 /dev/$DISK" "20 Test Unit Ready commands with 0 errors"
says "REQUEST SENSE" "sg_requests /dev/$DISK" "Sense key: No Sense" \
	"No additional sense information"
says "all mode pages" "sg_modes /dev/$DISK" "WP=0, DpoFua=0" "00 00 ff ff 00 00 02 00" \
	"01 0a 00 00" "08 12 00 00" "0a 0a 02 10" "1c 0a 00 00"
says "a write cache" "sg_modes -p 8 /dev/$CACHED" "DpoFua=1" "08 12 04 00"
# Linux takes a failed INQUIRY or MODE SENSE for a good one, without data.
says "no data for a mode page that there is not" "sg_modes -p 0x1a /dev/$DISK; true" \
	"resid=4096"

note "Data"
must "the guest has patterns" guest_run "cd /tmp &&
	tr '\0' '\245' < /dev/zero | head -c 1048576 > a5 && head -c 512 a5 > block.a5 &&
	tr '\0' '\132' < /dev/zero | head -c 1024 > two.5a && head -c 512 two.5a > block.5a &&
	cat block.a5 block.5a > a5.5a && head -c 511 block.5a > less.5a &&
	dd if=a5 of=/dev/$DISK bs=64k oflag=direct"
for cdb in "0a 00 02 00 02 00" "2a 00 00 00 02 10 00 00 02 00" \
	"aa 00 00 00 02 20 00 00 00 02 00 00" \
	"8a 00 00 00 00 00 00 00 02 30 00 00 00 02 00 00"; do
	says "two blocks by opcode ${cdb%% *}" "$(raw_out /tmp/two.5a "$cdb")" "SCSI Status: Good"
done
for at in 512 528 544 560; do
	only "block $at" $at 2 5a
done
for cdb in "08 00 02 00 02 00" "28 00 00 00 02 10 00 00 02 00" \
	"a8 00 00 00 02 20 00 00 00 02 00 00" \
	"88 00 00 00 00 00 00 00 02 30 00 00 00 02 00 00"; do
	says "and read by opcode ${cdb%% *}" \
		"$(raw 1024 "$cdb") && cmp /tmp/in /tmp/two.5a" "1024 bytes"
done
# The driver drops WRITE SAME (10) only where it speaks protocol 5.1 with the host.
for with in --10 --16 "--10 --unmap" "--16 --unmap"; do
	at=$((${at:-0} + 16))
	says "WRITE SAME $with" "sg_write_same $with --lba=$at --num=8 /dev/$DISK"
	only "WRITE SAME $with" $at 8 00
	at=$((at + 16))
done
for with in --10 --16; do
	at=$((at + 16))
	says "WRITE SAME $with of a pattern" \
		"sg_write_same $with --lba=$at --num=8 --in=/tmp/block.5a /dev/$DISK"
	only "WRITE SAME $with of a pattern" $at 8 5a
done
says "UNMAP" "sg_unmap --force --lba=1024 --num=8 /dev/$DISK"
only "UNMAP" 1024 8 00
says "blkdiscard" "cat /sys/block/$DISK/device/scsi_disk/*/provisioning_mode &&
	blkdiscard -o $((1056 * 512)) -l $((128 * 512)) /dev/$DISK" unmap
only "blkdiscard" 1056 128 00
refused "no UNMAP of a disk that is not to discard" 9 "UNMAP not supported" \
	"sg_unmap --force --lba=0 --num=8 /dev/$GROWN"
must "the file is full" guest_run "dd if=/tmp/a5 of=/dev/$HOLES bs=64k oflag=direct"
equal "it takes room" 2048 "$(stat -c %b "$IMG_A")"
says "blkdiscard of half of it" "blkdiscard -l $((1024 * 512)) /dev/$HOLES"
equal "it takes less" 1024 "$(stat -c %b "$IMG_A")"
equal "nothing is there, for the guest" "00 " "$(guest_run "$(bytes 0 1024 "/dev/$HOLES")")"
equal "the rest is" "a5 " "$(guest_run "$(bytes 1024 1024 "/dev/$HOLES")")"
says "WRITE SAME with UNMAP" "sg_write_same --16 --unmap --lba=1024 --num=512 /dev/$HOLES"
equal "makes a hole, too" 512 "$(stat -c %b "$IMG_A")"
says "COMPARE AND WRITE" \
	"$(raw_out /tmp/a5.5a "89 00 00 00 00 00 00 00 05 00 00 00 00 01 00 00")" "SCSI Status: Good"
only "COMPARE AND WRITE" 1280 1 5a
refused "and once more: a miscompare" 14 "Sense key: Miscompare" \
	"$(raw_out /tmp/a5.5a "89 00 00 00 00 00 00 00 05 00 00 00 00 01 00 00")"
# The same CPU has the same channel, and that the same place for a command.
guest_run "(head -c 256 /tmp/block.5a; head -c 768 /dev/zero) > /tmp/late"
refused "a miscompare says where" 14 "f0 00 0e 00 00 01 00 0a" \
	"taskset 1 sg_raw -v -s 1024 -i /tmp/late /dev/$DISK \
		89 00 00 00 00 00 00 00 05 00 00 00 00 01 00 00"
refused "what fails next says nothing of that" 5 "70 00 05 00 00 00 00 0a  00 00 00 00 24 00" \
	"taskset 1 sg_raw -v -r 600 /dev/$DISK 28 00 00 00 02 10 00 00 02 00"
says "VERIFY (10)" "sg_verify -v --count=8 /dev/$DISK" "without error"
says "VERIFY (16)" "sg_verify -v --16 --count=8 /dev/$DISK" "without error"
says "SYNCHRONIZE CACHE" "sg_sync /dev/$DISK && sg_sync --lba=1 --count=8 /dev/$CACHED"
says "a write through the cache" "sg_raw -s 512 -i /tmp/block.5a /dev/$CACHED \
	2a 08 00 00 00 07 00 00 01 00" "SCSI Status: Good"
equal "is on the device" "5a " "$(eval "$(bytes 7 1 /dev/nvme0n1)")"

note "What is copied, and what is pinned"
moves "64 KiB at a time: 16 pages each, no copies" 0 1024 "$(direct 65536 64 --rw=write)"
moves "the same to read" 0 1024 "$(direct 65536 64 --rw=read)"
moves "4 KiB at random, 32 at a time: one page each" 0 256 \
	"$(direct 4096 256 "--rw=randread --ioengine=io_uring --iodepth=32")"
moves "512 bytes at a time: the same" 0 16 "$(direct 512 16 --rw=write)"
moves "INQUIRY: as many as it has bytes" 36 1 "$(raw 36 "12 00 00 00 24 00")"
moves "COMPARE AND WRITE: what is compared and written" 1024 1 \
	"$(raw_out /tmp/a5.5a "89 00 00 00 00 00 00 00 05 10 00 00 00 01 00 00")"

note "Lengths"
says "INQUIRY of 5 bytes" "$(raw 5 "12 00 00 00 05 00") && xxd -p /tmp/in" "5 bytes" 000006025b
says "INQUIRY of 37 bytes" "$(raw 37 "12 00 00 00 25 00")" "37 bytes"
says "a block with room for more" "$(raw 600 "28 00 00 00 02 10 00 00 01 00") &&
	cmp /tmp/in /tmp/block.5a" "512 bytes"
refused "two blocks with room for less" 5 "Invalid field in cdb" \
	"$(raw 600 "28 00 00 00 02 10 00 00 02 00")"
refused "less than a block to write" 5 "Sense key: Illegal Request" \
	"$(raw_out /tmp/less.5a "2a 00 00 00 05 20 00 00 01 00")"
refused "nothing to write" 5 "Invalid field in cdb" \
	"sg_raw /dev/$DISK 2a 00 00 00 05 20 00 00 01 00"
refused "one block for two" 5 "Sense key: Illegal Request" \
	"$(raw_out /tmp/block.5a "2a 00 00 00 05 20 00 00 02 00")"
only "none was written" 1312 2 a5

note "What a disk must refuse"
for cdb in "d6 00 00 00 00 00" "24 00 00 00 00 00 00 00 00 00" \
	"7f 00 00 00 00 00 00 08 00 0b 00 00 00 00 00 00"; do
	refused "opcode ${cdb%% *}" 9 "Invalid command operation code" "sg_raw /dev/$DISK $cdb"
done
last=$(printf '%08x' $((THIN_BLOCKS - 1)) | sed 's/../& /g')
for cdb in "28 00 ${last}00 00 02 00" "a8 00 ${last}00 00 00 02 00 00" \
	"88 00 00 00 00 00 ${last}00 00 00 02 00 00" "88 00 ff ff ff ff ff ff ff ff 00 00 00 02 00 00"; do
	refused "read beyond the end: ${cdb%% *}" 22 "Logical block address out of range" \
		"$(raw 1024 "$cdb")"
done
for cdb in "2a 00 ${last}00 00 02 00" "8a 00 00 00 00 00 ${last}00 00 00 02 00 00"; do
	refused "write beyond the end: ${cdb%% *}" 22 "Logical block address out of range" \
		"$(raw_out /tmp/two.5a "$cdb")"
done
equal "the last block is as it was" "00 " "$(eval "$(bytes $((THIN_BLOCKS - 1)) 1 /dev/thin)")"
for tool in sg_verify "sg_verify --16" sg_sync "sg_sync --16"; do
	refused "$tool beyond the end" 22 "out of range" \
		"$tool --lba=$((THIN_BLOCKS - 1)) --count=2 /dev/$DISK"
done
for with in --10 --16 "--16 --unmap"; do
	refused "WRITE SAME $with beyond the end" 22 "out of range" \
		"sg_write_same $with --lba=$((THIN_BLOCKS - 1)) --num=2 /dev/$DISK"
done
refused "UNMAP beyond the end" 22 "out of range" \
	"sg_unmap --force -v --lba=$((THIN_BLOCKS - 1)) --num=2 /dev/$DISK"
refused "UNMAP where it does not exist" 9 "Invalid command operation code" \
	"sg_unmap --force -v --lba=8 --num=8 /dev/$GROWN"
refused "WRITE SAME of more than the limit" 5 "Invalid field in cdb" \
	"sg_write_same -v --16 --lba=0 --num=65536 /dev/$DISK"
refused "a write through a cache that there is not" 5 "Invalid field in cdb" \
	"$(raw_out /tmp/block.5a "2a 08 00 00 05 20 00 00 01 00")"
check "LIO is not asked" [ "$(dmesg | grep -c 'does not advertise')" = 0 ]
refused "protection that there is not" 5 "Invalid field in cdb" \
	"$(raw 512 "28 20 00 00 05 20 00 00 01 00")"
only "block 1312 is as it was" 1312 1 a5

note "Reservations, by two paths to the disk"
KEY=0x123abc
KEY_2=0x456
WRITE="2a 00 00 00 05 20 00 00 01 00"
# The driver calls a conflict an error of the transport, too: only sg_raw tells.
OTHER="sg_raw -s 512 -i /tmp/block.5a /dev/$PATH_2 $WRITE"
says "no keys" "sg_persist -i -k /dev/$DISK" "NO registered reservation keys"
says "a key" "sg_persist -o -G -S $KEY /dev/$DISK"
says "one by the other path" "sg_persist -o -G -S $KEY_2 /dev/$PATH_2"
says "both are there" "sg_persist -i -k /dev/$DISK" "2 registered reservation keys" \
	$KEY $KEY_2
says "with the path of each" "sg_persist -i -s /dev/$DISK" \
	"aa aa aa aa 00 00 00 40  80 00 00 00 00 00 00 0a" \
	"cc cc cc cc 00 00 00 40  80 00 00 00 00 00 00 0c"
says "the disk is reserved for writes" "sg_persist -o -R -K $KEY -T 1 /dev/$DISK"
says "which both see" "sg_persist -i -r /dev/$PATH_2" "Key=$KEY" "Write Exclusive"
refused "no write by the other path" 24 "Reservation Conflict" "$OTHER"
refused "nor one of the kernel" 1 "error writing" \
	"dd if=/tmp/block.5a of=/dev/$PATH_2 seek=1312 oflag=direct"
only "nothing was written" 1312 1 a5
says "but a read" "sg_raw -r 512 -o /tmp/in /dev/$PATH_2 28 00 00 00 05 20 00 00 01 00 &&
	cmp /tmp/in /tmp/block.a5"
says "the owner writes" "$(raw_out /tmp/block.a5 "$WRITE")" "SCSI Status: Good"
guest_run "sg_persist -o -R -K $KEY_2 -T 1 /dev/$PATH_2" > /dev/null
says "it cannot be reserved twice" "sg_persist -i -r /dev/$PATH_2" "Key=$KEY"
says "it is released" "sg_persist -o -L -K $KEY -T 1 /dev/$DISK"
says "nobody has it" "sg_persist -i -r /dev/$DISK" "NO reservation held"
says "the other path writes" "$OTHER" "SCSI Status: Good"
only "which is there" 1312 1 5a
says "it is reserved again" "sg_persist -o -R -K $KEY -T 1 /dev/$DISK"
says "and taken away" "sg_persist -o -P -K $KEY_2 -S $KEY -T 1 /dev/$PATH_2"
refused "the first path is told" 6 "Registrations preempted" "sg_turs -v /dev/$DISK"
says "once" "sg_turs /dev/$DISK"
refused "it does not write any more" 24 "Reservation Conflict" \
	"$(raw_out /tmp/block.a5 "$WRITE")"
says "all is cleared" "sg_persist -o -C -K $KEY_2 /dev/$PATH_2"
says "no keys" "sg_persist -i -k /dev/$DISK" "NO registered reservation keys"

note "Resets: the driver knows only that of the bus, and sends it for the others"
for what in --target --bus --host --device; do
	says "sg_reset $what" "sg_reset $what /dev/$DISK"
	says "the disk works" "sg_turs /dev/$DISK && $(raw_out /tmp/block.a5 "$WRITE")"
done
refused "sg_reset of a device alone" 1 "may not be available" \
	"sg_reset --no-esc --device /dev/$DISK"

note "A disk grows"
GROW_TO=$((GROW_BLOCKS + 16384))
truncate -s $((GROW_TO * 512)) "$IMG_B"
must "it does" losetup -c /dev/loop0
says "the capacity has changed" "sg_readcap -l /dev/$GROWN" "Last LBA=$((GROW_TO - 1)) "
says "the guest's kernel learns it" "echo 1 > /sys/block/$GROWN/device/rescan &&
	blockdev --getsize64 /dev/$GROWN" $((GROW_TO * 512))
says "the last block can be written" "dd if=/tmp/block.5a of=/dev/$GROWN \
	seek=$((GROW_TO - 1)) oflag=direct"
equal "and has been" "5a " "$(eval "$(bytes $((GROW_TO - 1)) 1 /dev/loop0)")"
refused "there is none behind it" 22 "Logical block address out of range" \
	"sg_raw -r 512 /dev/$GROWN 28 00 $(printf '%08x' $GROW_TO | sed 's/../& /g')00 00 01 00"

check "no packet of the guest was malformed" packets_clean "$GUID_NVME" "$GUID_A"
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
check "the disk that grew is let go" losetup -d /dev/loop0
check "the disk in memory goes" null_disks_gone
