# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2120
# What the scenarios use; run by busybox sh in the VTL2 kernel.
#
# A scenario sources this file, makes its checks and needs no more: at its end the
# guest is stopped if it still runs, the logs of both kernels are searched for
# warnings, and the TAP plan is printed.

# Set for output in plain words instead of TAP
PLAIN=
TESTS=0
FAILED=0
GUEST_PID=
GUEST_UPS=0
GUEST_CPUS=2
# Seconds that it may take to come up
GUEST_UP=120
# CPUs of VTL2 that may run the guest, a mask: not CPU 0.  When QEMU emulates FXRSTOR on
# any CPU it rewrites flags of its first CPU, not atomically (seen in 7.2); where that
# one is just leaving a guest, it goes on with the guest's page tables and is lost.
GUEST_ON=6
# More CPUs than the emulated machine has may wait for each other for long before the guest
# calls that a lockup; commands that it does not answer are noticed by their own limits.
GUEST_PATIENCE="watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60"
GUEST_KERNEL=/guest/bzImage
GUEST_INITRD=/guest/initrd
# Its partition; its console, both ways; the last command that it was given
GUEST=guest0
GUEST_LOG=/tmp/guest.log
GUEST_IN=/tmp/guest.in
GUEST_ID=/tmp/guest.id
VMM_LOG=/tmp/vmm.log
WARNINGS='WARNING:|BUG:|Oops|general protection|INFO: possible|INFO: task|suspicious RCU|unreferenced object|soft lockup|rcu_[a-z_]* .*stall'

# Says which tasks sleep uninterruptibly, and where
# shellcheck disable=SC2016 # to be expanded where it runs
WAITERS='for p in /proc/[0-9]*; do
		grep -q "^State:.*D" $p/status && cat $p/comm $p/stack; done 2> /dev/null; true'

# ---- results ---------------------------------------------------------------------------

ok() {
	TESTS=$((TESTS + 1))
	if [ -n "$PLAIN" ]; then
		echo "   ok  $1"
	else
		echo "ok $TESTS - $1"
	fi
}

# not_ok WHAT [TEXT]: the text tells more
not_ok() {
	TESTS=$((TESTS + 1))
	FAILED=$((FAILED + 1))
	if [ -n "$PLAIN" ]; then
		echo "   FAILED  $1"
	else
		echo "not ok $TESTS - $1"
	fi
	[ -z "${2:-}" ] || echo "$2" | tail -n 12 | sed 's/^/#   /'
}

# check WHAT COMMAND...
check() {
	local what=$1 output=/tmp/check.out
	shift

	if "$@" > $output 2>&1; then
		ok "$what"
	else
		not_ok "$what" "$* failed: $(cat $output)"
		return 1
	fi
}

# must WHAT COMMAND...: what follows makes no sense without it
must() {
	check "$@" || exit 1
}

# equal WHAT EXPECTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		echo "$2" > /tmp/expected
		echo "$3" > /tmp/got
		not_ok "$1" "$(diff -U 1 /tmp/expected /tmp/got)"
		return 1
	fi
}

# tap_results [PREFIX]: the tests that TAP on standard input tells of count
tap_results() {
	local line

	while read -r line; do
		case $line in
		"ok "*) ok "${1:-}${line#* - }" ;;
		"not ok "*) not_ok "${1:-}${line#* - }" ;;
		"# "*) note "${line#\# }" ;;
		esac
	done
}

# tap COMMAND...: a program that prints TAP, too; its tests count
tap() {
	local status=0

	"$@" > /tmp/tap 2>&1 || status=$?
	tap_results < /tmp/tap
	grep -q '^1\.\.' /tmp/tap ||
		not_ok "$1 comes to its end" "status $status: $(tail -n 3 /tmp/tap)"
}

note() {
	if [ -n "$PLAIN" ]; then
		echo "       $*"
	else
		echo "# $*"
	fi
}

# wait_for CONDITION SECONDS
wait_for() {
	local end

	end=$(deadline "$2")
	until eval "$1" > /dev/null 2>&1; do
		[ "$(seconds)" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# deadline SECONDS: so late from now in a machine of its own, later beside others
deadline() {
	echo $(($(seconds) + $1 * ${PATIENCE:-1}))
}

seconds() {
	local up rest

	read -r up rest < /proc/uptime
	echo "${up%.*}"
}

# fails COMMAND...
fails() {
	! "$@"
}

# file_is FILE TEXT
file_is() {
	local text

	text=$(cat "$1") && [ "$text" = "$2" ] && return
	echo "$1 says: $text, not: $2"
	return 1
}

# ---- the guest -------------------------------------------------------------------------

# guest_start [OPTIONS OF vtl0]
guest_start() {
	# shellcheck disable=SC2015
	[ -p $GUEST_IN ] || mkfifo $GUEST_IN
	exec 7<> $GUEST_IN
	: >> $GUEST_LOG
	if [ -z "${GUEST_TAIL:-}" ] && [ -c /dev/hvc0 ]; then
		stty -F /dev/hvc0 raw -echo
		tail -n +1 -s 1 -f $GUEST_LOG > /dev/hvc0 2>&1 7<&- &
		GUEST_TAIL=$!
	fi
	taskset "$GUEST_ON" vtl0 --kernel $GUEST_KERNEL --initrd $GUEST_INITRD \
		--append "console=ttyS0 panic=-1 reboot=t $GUEST_PATIENCE ${GUEST_APPEND:-}" \
		--memory 256 --cpus $GUEST_CPUS --partition $GUEST "$@" \
		< $GUEST_IN >> $GUEST_LOG 2>> $VMM_LOG 7<&- &
	GUEST_PID=$!
}

guest_alive() {
	[ -n "$GUEST_PID" ] && kill -0 "$GUEST_PID" 2> /dev/null
}

# guest_wait_up [SECONDS]: until its user space takes commands, once per boot
guest_wait_up() {
	GUEST_UPS=$((GUEST_UPS + 1))
	wait_for "[ \$(grep -c '^@@up' $GUEST_LOG) -ge $GUEST_UPS ] || ! guest_alive" "${1:-$GUEST_UP}"
	[ "$(grep -c '^@@up' $GUEST_LOG)" -ge $GUEST_UPS ] && return
	echo "the guest does not come up: $(tail -n 5 $VMM_LOG) $(tail -n 5 $GUEST_LOG)"
	return 1
}

# guest_send COMMAND: prints the id that it was given.  A counter in a file works in
# $(...), too.
guest_send() {
	local id=0

	[ ! -s $GUEST_ID ] || read -r id < $GUEST_ID
	id=$((id + 1))
	echo $id > $GUEST_ID
	echo "run $id $(echo "$1" | tr '\n' ' ')" > $GUEST_IN
	echo $id
}

# guest_run COMMAND [SECONDS]: prints the command's output and has its status, 124 if
# there is no answer.
guest_run() {
	local id answer

	guest_alive || { echo "the guest does not run"; return 125; }
	id=$(guest_send "$1")
	if ! wait_for "grep -q '^@@$id end ' $GUEST_LOG || ! guest_alive" "${2:-30}"; then
		echo "no answer of the guest within ${2:-30} s to: $1"
		return 124
	fi
	answer=$(tr -d '\r' < $GUEST_LOG | sed -n "/^@@$id begin/,/^@@$id end/p")
	echo "$answer" | sed '1d;$d' | sed '${/^$/d}'
	return "$(echo "$answer" | sed -n "s/^@@$id end //p" | grep . || echo 125)"
}

# guest_stop: power off; the monitor must end with status 0
guest_stop() {
	guest_send 'dmesg -n 5; poweroff -f' > /dev/null
	guest_ended
}

# guest_ended: the guest powers off, for whatever reason, and the monitor ends well
guest_ended() {
	local status=0

	wait_for '! guest_alive' 30 || { echo "the guest does not power off"; return 1; }
	wait "$GUEST_PID" || status=$?
	GUEST_PID=
	[ $status = 0 ] || { echo "vtl0 ended with $status: $(tail -n 3 $VMM_LOG)"; return 1; }
}

# guest_reboot: the guest reboots itself and comes up again
guest_reboot() {
	guest_send 'dmesg -n 5; reboot -f' > /dev/null
	guest_wait_up
}

# guest_kill: the monitor dies without a word
guest_kill() {
	guest_run : > /dev/null
	kill -9 "$GUEST_PID"
	wait "$GUEST_PID" 2> /dev/null
	GUEST_PID=
	return 0
}

# ---- modules and kernel logs -----------------------------------------------------------

# modules_up [PARAMETERS OF vmbus_intercept]: all product modules; LIO's core comes with
# the kernel
modules_up() {
	local m

	for m in vmbus_partition vmbus_srv; do
		insmod "/modules/$m.ko" || return 1
	done
	insmod /modules/vmbus_intercept.ko "$@" || return 1
	for m in vmbus_storvsp vmbus_netvsp vmbus_relay vpci_relay vmbus_pass vmbus_shutdown \
		vmbus_observe vmbus_vsock; do
		insmod "/modules/$m.ko" || return 1
	done
}

# A line that the monitor says of a CPU when it is asked; others of a CPU are its last words.
CPU_REPORT='vCPU .* in service:'

# guest_cpus: what each of them does, by the guest's monitor
guest_cpus() {
	local before

	guest_alive || return 1
	before=$(grep -c "$CPU_REPORT" $VMM_LOG)
	kill -QUIT "$GUEST_PID"
	wait_for "[ \$(grep -c '$CPU_REPORT' $VMM_LOG) -ge $((before + GUEST_CPUS)) ]" 5
	grep "$CPU_REPORT" $VMM_LOG | tail -n +$((before + 1))
}

# A kernel that finds its CPU vulnerable calls that a warning, too.
no_warnings() {
	! tr -d '\r' < "$1" | grep -v 'WARNING: See https:' | grep -E -A 20 "$WARNINGS"
}

# ---- the end ---------------------------------------------------------------------------

finish() {
	local status=$?

	trap - EXIT
	if [ $FAILED -gt 0 ]; then
		{
			bed_state
			echo "waiting tasks in VTL2:"
			eval "$WAITERS"
			echo "the guest's CPUs:"
			guest_cpus
			echo "waiting tasks in the guest:"
			guest_run "$WAITERS" 20
		} 2>&1 | sed 's/^/# /'
	fi
	if guest_alive; then
		guest_kill
	fi
	if [ $FAILED -gt 0 ] && [ -s $VMM_LOG ]; then
		note "vtl0 said:"
		grep -v "$CPU_REPORT" $VMM_LOG | tail -n 5 | sed 's/^/# /'
	fi
	dmesg > /tmp/dmesg
	check "no warning of the VTL2 kernel" no_warnings /tmp/dmesg
	[ ! -f $GUEST_LOG ] || check "no warning of the guest's kernel" no_warnings $GUEST_LOG
	[ -z "${GUEST_TAIL:-}" ] || { sleep 1.2; kill "$GUEST_TAIL"; }
	[ -n "$PLAIN" ] || echo "1..$TESTS"
	[ $status = 0 ] && [ $FAILED = 0 ] && exit 0
	exit 1
}
trap finish EXIT

. ./host.inc
