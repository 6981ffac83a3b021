# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Debian's archive beyond the machine's own apt sources: a suite is read through an
# apt state directory of our own, with the mirror that the machine uses.  The user's
# apt configuration stays as it is.

# The suite of Debian's backports with the newest kernels.
BACKPORTS=${VMBUS_BACKPORTS:-trixie-backports}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# SUITE/source is the same for the source packages of a suite.

# suite_apt SUITE COMMAND...: an apt command that knows this suite only
suite_apt() {
	local dir=$CACHE/apt/$1 command=$2
	shift 2

	"$command" -o "Dir::State=$dir/state" -o "Dir::Cache=$dir/cache" \
		-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$dir/sources" "$@"
}

# Address of the Debian archive that this machine uses.
mirror() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' \
		'Created-By: Packages' | sed -n 's/^Debian|Debian|main|//p' | head -n 1
}

# suite_setup SUITE: makes or updates its lists.  Status 3: the mirror has no such suite.
suite_setup() {
	local dir=$CACHE/apt/$1 log=$CACHE/apt-update.log type=deb uri

	uri=$(mirror)
	if [ -z "$uri" ]; then
		update_lists
		uri=$(mirror)
	fi
	[ -n "$uri" ] || die "no Debian archive among the apt sources of this machine"
	[ "${1##*/}" != source ] || type=deb-src
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/sources"
	printf '%s\n' "Types: $type" "URIs: $uri" "Suites: ${1%/source}" "Components: main" \
		"Signed-By: $KEYRING" > "$dir/sources/suite.sources"
	# Without the mode a mirror that does not answer is no error
	suite_apt "$1" apt-get -o APT::Update::Error-Mode=any update > "$log" 2>&1 < /dev/null &&
		return
	! grep -q 'does not have a Release file' "$log" || return 3
	tail -n 10 "$log" >&2
	die "cannot read $1 of $uri; the whole output: $log"
}
