# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Measures our rings and vringh; scripts/bench-ring runs this and reads the results.
# Not listed.
# limit: 300
. ./lib.sh

# Each request comes and is answered: kunit/ring_bench_test.c checks that.
all_passed() {
	! grep 'not ok' /tmp/results && grep -q '^ok .*vmbus_ring_bench' /tmp/results
}

PACKETS=3200
[ -z "${LONG:-}" ] || PACKETS=32000

for module in vmbus_partition vmbus_srv vringh; do
	must "$module loads" insmod "/modules/$module.ko"
done
dmesg -n 5
dmesg -c > /dev/null
must "the benchmark runs" insmod /modules/ring_bench_test.ko packets=$PACKETS rounds=10
dmesg | sed 's/^\[[^]]*\] //' > /tmp/results
check "each request was answered" all_passed
sed -n '/ ticks=/s/^ *# ring_bench_[a-z]*_test: /@@bench /p' /tmp/results
