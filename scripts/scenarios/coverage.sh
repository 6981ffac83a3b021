# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# KUnit, and what it has executed; scripts/coverage reads that.  Not listed.
# limit: 900
# append: kmemleak=on
. ./kunit.sh

# The kernel's files say their size only when they are read.
mkdir /tmp/gcov
cd /sys/kernel/debug/gcov || exit
find . -name '*.gcda' | while read -r file; do
	mkdir -p "/tmp/gcov/${file%/*}"
	cat "$file" > "/tmp/gcov/$file"
done
tar -C /tmp/gcov -c . | gzip | base64 | sed 's/^/@@gcov /'
