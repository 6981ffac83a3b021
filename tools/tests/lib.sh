# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the tools share.  The tool is $TOOL; it is run with each shell that
# there is, and the last line is "N passed, N failed".
set -u

DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
OUT=$DIR/out
passed=0
failed=0

# check WHAT COMMAND...
check() {
	local what="$SHELL_NAME: $1"
	shift

	if "$@" > "$DIR/check" 2>&1; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $what"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) - $what"
		sed 's/^/# /' "$DIR/check" "$OUT"
	fi
}

has() {
	grep -qE -e "$1" "$OUT"
}

has_not() {
	! has "$1"
}

quiet() {
	[ ! -s "$DIR/errors" ] || { cat "$DIR/errors"; return 1; }
}

# with_shells FUNCTION...: with SHELL_COMMAND, and SHELL_NAME for the results
with_shells() {
	local shell function

	for shell in dash "busybox sh" bash; do
		read -r -a SHELL_COMMAND <<< "$shell"
		if ! command -v "${SHELL_COMMAND[0]}" > /dev/null; then
			echo "# no $shell here"
			continue
		fi
		SHELL_NAME=$shell
		for function; do
			"$function"
		done
	done
	echo "$passed passed, $failed failed"
	[ $failed = 0 ] && [ $passed -gt 0 ]
}
