# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a host that is not ours: QEMU's VMBus and its balloon, claimed for the guest
# only: long
# limit: 300
# image: qemu
# memory: 3072
. ./lib.sh
. ./qemu.inc

INNER=/tmp/inner
MEGABYTES=640

# The VTL2 kernel once more, with what is here, as QEMU's guest
inner_image() {
	(cd / && { find init bin modules scenarios; printf '%s\n' proc sys dev tmp mnt run; } |
		cpio -o -H newc) > $INNER.img
}

# A kernel that is not confused by features which its host's emulation lacks.  No hv-stimer:
# on a busy machine a message of it got lost, and the halted CPU never woke again.
inner_start() {
	mkfifo $INNER.in $INNER.out || return 1
	: > $INNER.tap
	inner_qemu -m $MEGABYTES \
		-cpu qemu64,-svm,+x2apic,kvm=off,hv-vpindex,hv-synic,hv-time,hv-runtime,hv-relaxed \
		-device vmbus-bridge -device hv-balloon \
		-chardev pipe,id=monitor,path=$INNER -mon monitor \
		-serial file:$INNER.console -serial file:$INNER.tap \
		-kernel $GUEST_KERNEL -initrd $INNER.img \
		-append "console=ttyS0 panic=-1 no_timer_check vmbus.scenario=foreign-inner" \
		< /dev/null > $INNER.log 2>&1 7<&- &
	INNER_PID=$!
	cat $INNER.out > $INNER.monitor &
	exec 8> $INNER.in
}

inner_runs() {
	kill -0 "$INNER_PID" 2> /dev/null
}

# inner_says TEXT SECONDS
inner_says() {
	wait_for "grep -q '$1' $INNER.tap || ! inner_runs" "$2"
	grep -q "$1" $INNER.tap && return
	tail -n 5 $INNER.tap $INNER.console $INNER.log
	return 1
}

# QEMU asks once for each of these, when the guest has answered the last.  It must have
# nothing from the guest in its ring then, or dies of gpadl_iter_seek(), iter->active: a
# command of its monitor makes it read where only a signal of the guest's may.  So not
# while the guest introduces itself, nor when it has just been asked; and the guest takes
# its time over the answer (test_balloon.c).
ask_for_memory() {
	wait_for "grep -q 'offered to the guest' $INNER.tap || ! inner_runs" 150
	while sleep 8; inner_runs && ! grep -q '^@@status' $INNER.tap; do
		echo "balloon $((MEGABYTES - 64))" >&8
	done
}

inner_ended() {
	local status=0

	wait_for "! inner_runs" 30 || { echo "the machine does not power off"; return 1; }
	wait "$INNER_PID" || status=$?
	[ $status = 0 ] || { echo "QEMU ended with $status: $(tail -n 3 $INNER.log)"; return 1; }
}

# QEMU says nothing but that Windows would want hv-vapic, which its host cannot give
no_complaint() {
	! grep -v 'VMBus enabled without' $INNER.log
}

# Its tests count here
inner_tests() {
	tr -d '\r' < $INNER.tap > /tmp/tap
	tap_results "there: " < /tmp/tap
	check "it came to its end" grep -q '^@@status 0' /tmp/tap
	grep -q '^@@status' /tmp/tap || inner_state | sed 's/^/# /'
}

# What the machine was at when it did not go on
inner_state() {
	echo "the last of its console:"
	tail -n 12 $INNER.console
	inner_runs || return
	: > $INNER.monitor
	for i in 1 2; do
		echo "info registers" >&8
		sleep 1
	done
	echo "info lapic" >&8
	sleep 2
	echo "its processor, twice in a second:"
	tr -d '\r' < $INNER.monitor | grep -E 'RIP|HLT|LVTT|Timer|ISR|IRR' 
}

must "an image for a machine in the machine" inner_image
must "QEMU starts" inner_start
must "VTL2 comes up in it" inner_says '^ok 1 ' 90
ask_for_memory &
inner_says '^@@status' 180 > /dev/null || true
inner_tests
check "QEMU powers the machine off" inner_ended
check "it had nothing to complain of" no_complaint
