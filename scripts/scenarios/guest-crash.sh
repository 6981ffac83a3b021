# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest crashes on one of its CPUs in the middle of I/O, and its crash kernel runs there
# only: long
# limit: 1200
# long-limit: 3600
# image: debian-6.12
. ./lib.sh
. ./kexec.inc

# CPUs to crash on.  After a ":" the kernel tells its panic notifiers before it goes on.
crashes="3 0"
[ -z "${LONG:-}" ] || crashes="3 0 1:post"

kexec_bed crashkernel=224M
n=0
for crash in $crashes; do
	n=$((n + 1))
	cpu=${crash%:*}
	must "crash $n: a crash kernel is loaded" kexec_load -p "nr_cpus=1 reset_devices crash=$n"
	check "it is" guest_run 'grep 1 /sys/kernel/kexec_crash_loaded'
	[ "$crash" = "$cpu" ] ||
		must "notifiers go first" guest_run \
			'echo Y > /sys/module/kernel/parameters/crash_kexec_post_notifiers'
	must "the guest writes all the time" guest_load "$GUID_B"
	must "on the NVMe disk, too" guest_load "$GUID_NVME"
	check "the guest is connected" file_is "$SRV/guest0/state" connected
	guest_send "taskset $((1 << cpu)) sh -c 'echo c > /proc/sysrq-trigger'" > /dev/null
	guest_leaves "it crashes on CPU $cpu and unloads"
	new_kernel "crash=$n"
	check "it has the memory of the old one" guest_run 'test -s /proc/vmcore'
	equal "it has 1 CPU" 1 "$(guest_run nproc)"
	check "which is CPU $cpu" guest_run "grep '^apicid' /proc/cpuinfo | grep -w $cpu"
	check "and its channels interrupt that one" file_is "$(chan_dir guest0 "$GUID_A")/cpu" "$cpu"
	equal "the machine was not reset" $((n - 1)) "$(resets)"
	must "the guest resets itself" guest_reboot
	equal "it has 4 CPUs again" 4 "$(guest_run nproc)"
done
check "no guest waited in vain for the end of its connection" fails grep 'VMBus UNLOAD' "$GUEST_LOG"
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
