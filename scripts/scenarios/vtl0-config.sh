# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: VTL0 as a guest is set up in configfs; what is wrong is refused, with a reason
# limit: 120
. ./lib.sh
. ./config.inc

PARENT=/sys/kernel/config/vmbus_partition
DIR=$PARENT/vtl0
GOOD="7000000000-7000ffffff 7100000000-7100000fff"

# reasons FILE REASON: how often the kernel has said that
reasons() {
	dmesg | grep -c "vmbus_partition: vtl0: $1: .*$2"
}

# no_transport NAME REASON: the relay does not load with it, and says why
no_transport() {
	fails insmod /modules/vmbus_relay.ko "transport=$1" && dmesg | grep -qF "vmbus_relay: $2"
}

must "modules load" modules_up
check "a name that cannot be is refused" fails mkdir "$PARENT/a b"
must "a directory is made" mkdir "$DIR"
equal "it has as many VPs as there are CPUs" "$(grep -c '^processor' /proc/cpuinfo)" \
	"$(cat $DIR/vps)"
check "it is not enabled" file_is $DIR/enable 0
check "nor can it be without memory" refused 1 enable "write memory first"

must "memory is set" put "$GOOD" memory
check "and reads back" file_is $DIR/memory "$(echo "$GOOD" | tr ' ' '\n')"
own=$(sed -n 's/^\([0-9a-f]*-[0-9a-f]*\) : System RAM$/\1/p' /proc/iomem | tail -n 1)
check "memory of this kernel is refused" refused "7000000000-7000ffffff $own" memory "own"
check "and a range around it" refused "0-6fffffffff" memory "own"
for text in "" 0 0-1000 1000-0 0-ffe xyz "0-fff 0-fff" 0-ffffffffffffffff; do
	check "\"$text\" is no memory" refused "$text" memory "give up to 64 ranges"
done
for text in 0 1025 -1 two; do
	check "$text are no VPs" refused "$text" vps "give 1 to 1024"
done
must "VPs are set" put 4 vps
check "and read back" file_is $DIR/vps 4
check "there is no Hyper-V here" refused 1 enable "does not run on Hyper-V"
check "no partition is left of that" test ! -e /sys/class/vmbus_partition/vtl0
check "0 is accepted all the same" put 0 enable
check "the module is in use" fails rmmod vmbus_partition
check "the directory goes" rmdir "$DIR"
check "modules unload" modules_down

note "The relay's way to a host"
for m in vmbus_partition vmbus_srv vmbus_intercept; do
	must "$m loads" insmod "/modules/$m.ko"
done
check "there is no Hyper-V host" no_transport vtl2 "transport vtl2: this is no Hyper-V"
check "nor one of another kind" no_transport vtl1 'transport: loopback or vtl2, not "vtl1"'
check "loopback is there" insmod /modules/vmbus_relay.ko transport=loopback
check "and said so" file_is /sys/class/vmbus_relay/relay0/transport loopback
check "modules unload" modules_down
