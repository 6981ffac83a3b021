# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Runs the suites against the modules in /mutants, one after the other, until one has
# found the fault; scripts/mutate makes the list and reads the verdicts.  Not listed.
# limit: 7200
# silence: 150
# image: mutate
# append: kmemleak=on oops=panic softlockup_panic=1 hung_task_panic=1
. ./lib.sh
. ./leak.inc

PLAIN=1
HZ=250

# within SECONDS COMMAND...: its status is then in /tmp/done, its output in /tmp/out;
# fails if it does not end.
within() {
	local limit=$1
	shift

	rm -f /tmp/done
	{
		"$@" > /tmp/out 2>&1
		echo $? > /tmp/done
	} &
	wait_for '[ -s /tmp/done ]' "$limit"
}

done_well() {
	[ "$(cat /tmp/done)" = 0 ]
}

# killed HOW: the first counts
killed() {
	verdict=${verdict:-$1}
}

# No state that the next fault could be judged in
broken() {
	killed "$1"
	dirty=1
}

# look WHERE: what the kernel has said, and the first case that failed
look() {
	local failed

	dmesg -c > /tmp/log
	failed=$(sed -n 's/^ \{4\}not ok [0-9]* \([^ ]*\).*/\1/p' /tmp/log | head -n 1)
	[ -z "$failed" ] || killed "$1: $failed"
	no_warnings /tmp/log > /tmp/warning ||
		broken "$1: kernel warning: $(grep -E -m 1 "$WARNINGS" /tmp/warning)"
}

# run_suite NAME SECONDS
run_suite() {
	if ! within "$2" insmod "/modules/$1.ko"; then
		look "$1"
		broken "$1: hangs"
		return
	fi
	look "$1"
	if ! done_well; then
		killed "$1: does not load: $(cat /tmp/out)"
	elif ! within 20 rmmod "$1" || ! done_well; then
		broken "$1: does not unload"
	fi
}

selftest_up() {
	servers_up && insmod /modules/vmbus_testroot.ko server=guest0
}

# What a guest that is gone leaves behind
selftest_down() {
	file_is "$PARTITION/vps" 0 && file_is "$PARTITION/pages_pinned" 0 &&
		file_is "$SRV/guest0/state" disconnected && all_down
}

# run_selftest SECONDS: the program that is monitor and guest, with the guest's server
run_selftest() {
	if ! within 20 selftest_up || ! done_well; then
		broken "selftest: the server does not start: $(cat /tmp/out)"
	elif ! within "$1" vmbus-selftest; then
		broken "selftest: hangs: $(tail -n 1 /tmp/out)"
	else
		done_well || killed "selftest: $(grep -a -m 1 '^not ok' /tmp/out ||
			tail -n 1 /tmp/out)"
		look selftest
		within 20 selftest_down && done_well ||
			broken "selftest: the server does not stop: $(cat /tmp/out)"
	fi
	look selftest
}

# run NAME: may take much longer than it did without a fault
run() {
	local start took limit

	took=$(sed -n "s/^$1 //p" /mutants/times 2> /dev/null)
	limit=$((${took:-40} * 3 + 20))
	start=$(seconds)
	echo "@@suite $1"
	case $1 in
	selftest) run_selftest $limit ;;
	*) run_suite "$1" $limit ;;
	esac
	echo "@@time $1 $(($(seconds) - start))"
}

# A device that outlives its module would make the tests of the next fault fail.
none_left() {
	local left

	for left in /sys/class/vmbus_* /sys/devices/virtual/vmbus_* /sys/kernel/debug/vmbus_* \
		/sys/kernel/config/vmbus_*; do
		[ ! -e "$left" ] || return 1
	done
}

# leaks SINCE: objects of this fault only.  Times are in ticks from 5 minutes before a
# 32-bit counter of them wraps on.
leaks() {
	leak_scan
	echo scan > $KMEMLEAK
	awk -v since="$1" -v hz=$HZ '
		/^unreferenced object/ { object = $0 }
		/^  comm / {
			sub(/.*jiffies /, "")
			if (($1 - 4294967296) / hz + 300 >= since)
				print object
		}' $KMEMLEAK
}

echo scan=off > $KMEMLEAK
echo 30 > /proc/sys/kernel/hung_task_timeout_secs
dmesg -n 5
dmesg -c > /dev/null
cp /modules/vmbus_partition.ko /modules/vmbus_srv.ko /tmp
insmod /modules/vringh.ko
insmod /modules/vmbus_endpoints.ko
while IFS="	" read -r n module suites what <&9; do
	verdict=
	dirty=
	since=$(seconds)
	echo "@@begin $n"
	[ "$n" = 0 ] || cp "/mutants/$n.ko" "/modules/$module.ko"
	within 60 modules_up && done_well || killed "the modules do not load: $(cat /tmp/out)"
	[ "$n" = 0 ] || cp "/tmp/$module.ko" "/modules/$module.ko"
	look "loading the modules"
	for s in $suites; do
		[ -n "$verdict" ] || run "$s"
	done
	if [ -z "$dirty" ]; then
		within 30 modules_down && done_well || broken "the modules do not unload"
		look "unloading the modules"
		none_left || broken "something is left in sysfs or debugfs"
	fi
	if [ -z "$verdict" ]; then
		leaks "$since" > /tmp/leaks
		[ ! -s /tmp/leaks ] || killed "kmemleak: $(head -n 1 /tmp/leaks)"
	fi
	if [ -n "$verdict" ]; then
		echo "@@verdict $n killed $verdict"
		printf 'killed    %s\n            by %s\n' "$what" "$verdict"
	else
		echo "@@verdict $n survived"
		echo "survived  $what"
	fi
	[ -z "$dirty" ] || break
done 9< /mutants/list
# What the others look at when they end has been seen.
trap - EXIT
