# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# What the scripts of this directory share.  Messages go to stderr, results to stdout.

set -eu -o pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
CACHE=${VMBUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vmbus-kmods}
KVER=${KVER:-6.12}
JOBS=${JOBS:-$(nproc)}

# Settings of an outer "make" are not meant for the builds in here.
unset MAKEFLAGS MFLAGS MAKELEVEL

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "${0##*/}: $*"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo > /dev/null; then
		sudo "$@"
	else
		die "needs root or sudo for: $*"
	fi
}

# watched LOG EVERY REPORT COMMAND...: runs COMMAND with its output in LOG, and
# REPORT, a function, each EVERY seconds meanwhile.
watched() {
	local log=$1 every=$2 report=$3 start=$SECONDS next=$2 pid status=0
	shift 3

	"$@" > "$log" 2>&1 < /dev/null &
	pid=$!
	# shellcheck disable=SC2064 # this pid, not that of a later call
	trap "kill $pid 2> /dev/null; exit 130" INT TERM
	while kill -0 "$pid" 2> /dev/null; do
		sleep 0.2
		if [ $((SECONDS - start)) -ge "$next" ]; then
			"$report" "$log" $((SECONDS - start))
			next=$((next + every))
		fi
	done
	wait "$pid" || status=$?
	trap - INT TERM
	return "$status"
}

# logged LOG COMMAND...: output to LOG; its end on the screen if COMMAND fails.
logged() {
	local log=$1
	shift

	mkdir -p "$(dirname "$log")"
	if ! "$@" > "$log" 2>&1 < /dev/null; then
		tail -n 40 "$log" >&2
		say "the whole output: $log"
		return 1
	fi
}

# The machine's package lists, not its sources
update_lists() {
	say "Updating the package lists ..."
	logged "$CACHE/apt-update.log" as_root apt-get update
}

# locked FILE: one at a time; the lock ends with this process.
locked() {
	mkdir -p "$(dirname "$1")"
	exec {lock_fd}> "$1"
	if ! flock -n "$lock_fd"; then
		say "Another run has $1, waiting for it ..."
		flock "$lock_fd"
	fi
}

# The test kernel: sets KSRC, KOUT and BZIMAGE.  A kernel built by hand can be
# given: VMBUS_KOUT (its build directory), VMBUS_KSRC (its source).
use_kernel() {
	local found

	found=$("$ROOT/scripts/kernel") || exit 1
	eval "$found"
	KEY=$(basename "$KOUT")
}
