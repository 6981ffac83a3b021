# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: interrupts of PCI devices come once, on their CPU, by MSI-X and MSI; with one CPU, too
# limit: 500
# long-limit: 1800
. ./lib.sh
. ./vpci.inc
. ./load.inc

RAISES=10
FLIPS=20
if [ -n "${LONG:-}" ]; then
	RAISES=100
	FLIPS=100
fi
VECTORS=8
LAST=$((VECTORS - 1))

ENGINE=$(vpci_pci 0 0)
BESIDE=$(vpci_pci 0 1)
NVME=$(vpci_pci 1 0)
FILES=/sys/bus/pci/devices/$ENGINE

# drive 0|1: kunit/vpci_copy_irq.c takes the engine; 1: with MSI
drive() {
	guest_run "echo vpci_copy_irq > $FILES/driver_override &&
		insmod /modules/vpci_copy_irq.ko msi=$1 && cat $FILES/came" 60
}

# raise FIRST LAST TIMES: it fails if one does not come
raise() {
	guest_run "echo $1 $2 $3 > $FILES/raise" 120
}

# per_vector came|raised: how often each, in one line
per_vector() {
	guest_run "awk '{ n = 0; for (i = 1; i <= NF; i++) n += \$i; print n }' $FILES/$1" | xargs
}

# host_raised: how often the engine has interrupted anybody, says the host
host_raised() {
	vpci_is 0 "fn 0" | cut -d ' ' -f 4
}

# all_came: each as often as it was raised, and not once more
all_came() {
	local raised came

	raised=$(per_vector raised)
	came=$(per_vector came)
	[ "$(echo "$raised" | wc -w)" = $VECTORS ] && [ "$raised" = "$came" ] && return
	echo "raised $raised, came $came"
	return 1
}

# none_lost HOST-BEFORE: the host says the same since then
none_lost() {
	local n sum=0

	for n in $(per_vector raised); do
		sum=$((sum + n))
	done
	equal "the host has sent as many" $sum $(($(host_raised) - $1))
	equal "it has lost none" 0 "$(vpci_is 0 interrupts_lost)"
	check "nor has the partition" file_is "$PARTITION/msis_lost" 0
}

# each_comes: one after another, each another number of times
each_comes() {
	local v=0 want=

	while [ $v -lt $VECTORS ]; do
		must "vector $v comes whenever it is raised" raise $v $v $(((v + 1) * RAISES))
		want="$want $(((v + 1) * RAISES))"
		v=$((v + 1))
	done
	equal "each has come as often, and no other" "${want# }" "$(per_vector came)"
	must "all at once come, too" raise 0 $LAST $RAISES
	check "as often" all_came
}

# move VECTOR CPU: Linux moves an interrupt when it comes the next time, or later if it is
# still busy with the last move
move() {
	local irq

	irq=$(guest_irq "$ENGINE-$1")
	guest_run "echo $((1 << $2)) > /proc/irq/$irq/smp_affinity || exit 1;
		for i in \$(seq 100); do
			read -r at < /proc/irq/$irq/effective_affinity;
			[ \$((0x\$at)) != $((1 << $2)) ] || exit 0;
			echo $1 $1 1 > $FILES/raise || exit 1; sleep 0.1;
		done; echo it is still on \$at; exit 1" 120
}

# comes_on VECTOR CPU: there, and nowhere else
comes_on() {
	local line

	line="sed -n $(($1 + 1))p $FILES/came"
	guest_run "$line; echo $1 $1 $RAISES > $FILES/raise && $line" 120 > /tmp/lines
	awk -v at=$(($2 + 1)) -v more=$RAISES '
		{ print }
		NR == 1 { split($0, n) }
		NR == 2 { for (i = 1; i <= NF; i++) if ($i != n[i] + (i == at ? more : 0)) bad = 1 }
		END { exit bad || NR != 2 }' /tmp/lines
}

each_on_its_cpu() {
	local v=0 cpu

	while [ $v -lt $VECTORS ]; do
		for cpu in $((v % GUEST_CPUS)) $(((v + 1) % GUEST_CPUS)); do
			must "vector $v moves to CPU $cpu" move $v $cpu
			check "it comes there, and nowhere else" comes_on $v $cpu
		done
		v=$((v + 1))
	done
}

# load_raise: all of them are raised, and end a copy, until load_stop
load_raise() {
	guest_run "rm -f /tmp/stop /tmp/done.raise /tmp/load.raise;
		(n=0; while [ ! -e /tmp/stop ]; do
			echo 0 $LAST 5 > $FILES/raise && echo $VECTORS > $FILES/copy ||
				{ echo failed after \$n > /tmp/load.raise; break; };
			n=\$((n + 1)); echo \$n > /tmp/load.raise;
		done; touch /tmp/done.raise) > /dev/null 2>&1 &"
}

# load_beside: the other engine copies until load_beside_stop
load_beside() {
	guest_run "vpci-copy $BESIDE $FREE_AT 1000000 > /tmp/copy 2>&1 & echo \$! > /tmp/copy.pid"
}

# load_beside_stop: it has done so without an error
load_beside_stop() {
	guest_run "kill \$(cat /tmp/copy.pid) || { cat /tmp/copy; exit 1; }"
}

# flip IRQ...: all from CPU to CPU, FLIPS times, each time until they are there
flip() {
	[ $# = $VECTORS ] || { echo "of $VECTORS interrupts there are $*"; return 1; }
	guest_run "for i in \$(seq $FLIPS); do
			mask=\$((1 << i % $GUEST_CPUS));
			for irq in $*; do
				echo \$mask > /proc/irq/\$irq/smp_affinity || exit 1;
			done;
			for irq in $*; do
				n=0; at=0;
				until [ \$((0x\$at)) = \$mask ]; do
					[ \$n != 600 ] ||
						{ echo flip \$i: irq \$irq is still on \$at; exit 1; };
					[ \$n = 0 ] || sleep 0.05;
					n=\$((n + 1));
					read -r at < /proc/irq/\$irq/effective_affinity;
				done;
			done;
		done" $((60 + 10 * FLIPS))
}

# on_all_cpus: each has come on each CPU since /tmp/came was
on_all_cpus() {
	guest_run "cat $FILES/came;
		awk 'NR == FNR { for (i = 1; i <= $GUEST_CPUS; i++) n[FNR, i] = \$i; next }
			{ for (i = 1; i <= $GUEST_CPUS; i++) if (\$i <= n[FNR, i]) bad = 1 }
			END { exit bad || FNR != $VECTORS }' /tmp/came $FILES/came"
}

# exactly_beside: to the CPU where each is, while the other engine copies
exactly_beside() {
	local v cpu

	for v in 0 $LAST; do
		for cpu in 0 $((GUEST_CPUS - 1)); do
			must "vector $v moves to CPU $cpu, beside copies" move "$v" $cpu
			check "it comes there $RAISES times, and nowhere else" comes_on "$v" $cpu
		done
	done
	check "each as often as it was raised" all_came
}

under_load() {
	local irqs moved

	irqs=$(guest_run "sed -n 's/^ *\([0-9]*\):.* $ENGINE-[0-9]\$/\1/p' /proc/interrupts" | xargs)
	moved=$(vpci_is 0 dma_bytes)
	must "another engine of the bus copies" load_beside
	must "all are raised, and copies end with them" load_raise
	must "they come" load_runs raise 1
	must "so often until now" guest_run "cat $FILES/came > /tmp/came"
	# shellcheck disable=SC2086 # a list
	check "all go from CPU to CPU, $FLIPS times" flip $irqs
	check "they come" load_runs raise 1
	check "each has come, and the data before it" load_stop raise
	check "as often as it was raised" all_came
	check "on each CPU" on_all_cpus
	exactly_beside
	check "the other engine had no error" load_beside_stop
	check "data have moved meanwhile" [ "$(vpci_is 0 dma_bytes)" -gt "$moved" ]
}

# kind msix|msi
kind() {
	local before parameter=0

	note "By $1"
	[ "$1" = msix ] || parameter=1
	before=$(host_raised)
	must "a driver has the engine" drive $parameter
	equal "with $VECTORS interrupts" $VECTORS \
		"$(guest_run "ls $FILES/msi_irqs | wc -l" | xargs)"
	equal "of this kind" "$1" "$(guest_run "sort -u $FILES/msi_irqs/*")"
	each_comes
	each_on_its_cpu
	under_load
	none_lost "$before"
	must "the driver goes" guest_run "rmmod vpci_copy_irq" 60
	check "the host has its interrupts back" wait_for "[ \"\$(vpci_msis 0)\" = 0 ]" 20
}

vpci_bed_up
must "the host offers a bus with two copy engines" vpci_bus 0 copy copy
must "and one with a disk" vpci_bus 1 nvme
vpci_guest_up
must "the guest has all" guest_vpci_is "$ENGINE" "$BESIDE" "$NVME"
kind msix
kind msi
check "nothing was against the rules" vpci_clean 0 1

note "A guest with one CPU"
must "the guest powers off" guest_stop
GUEST_CPUS=1
must "another starts" guest_start --vpci
must "it comes up" guest_wait_up
equal "it has one CPU" 1 "$(guest_run nproc)"
must "it has all" guest_vpci_is "$ENGINE" "$BESIDE" "$NVME"
before=$(host_raised)
must "a driver has the engine" drive 0
must "its interrupts come" raise 0 $LAST $RAISES
check "as often as they were raised" all_came
none_lost "$before"
must "it has a disk" guest_has_nvme "$NVME"
irqs=$(guest_irqs "${DISK%n1}q1" 0)
raised=$(vpci_is 1 interrupts)
must "that works" load_disk disk "$DISK"
must "all the time" load_runs disk 3
check "without an error" load_stop disk
check "with interrupts" [ "$(guest_irqs "${DISK%n1}q1" 0)" -gt "$irqs" ]
check "that the host has sent" [ "$(vpci_is 1 interrupts)" -gt "$raised" ]
equal "none was lost" 0 "$(vpci_is 1 interrupts_lost)"
check "nothing was against the rules, nor too late" vpci_clean 0 1
check "the host has done nothing wrong" vpci_host_well 0 1
check "the guest's server had nothing to complain of" server_clean guest0
check "nor had the host" server_clean root
vpci_bed_down
