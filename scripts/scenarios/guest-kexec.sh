# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: a guest starts its next kernel by kexec, idle and in the middle of I/O
# only: long
# limit: 900
# long-limit: 3000
# image: debian-6.12
. ./lib.sh
. ./kexec.inc

rounds=2
kexec_bed ""
n=0
while [ $n -lt $rounds ]; do
	n=$((n + 1))
	# The next kernel has no further one with it.
	[ $n = 1 ] || must "the guest resets itself" guest_reboot
	must "round $n: a kernel is loaded" kexec_load "" "round=$n"
	if [ $((n % 2)) = 0 ]; then
		must "the guest writes all the time" guest_load "$GUID_B"
		must "on the NVMe disk, too" guest_load "$GUID_NVME"
	fi
	check "the guest is connected" file_is "$SRV/guest0/state" connected
	guest_send 'dmesg -n 5; kexec -e' > /dev/null
	guest_leaves "the guest unloads"
	new_kernel "round=$n"
	equal "it has 4 CPUs" 4 "$(guest_run nproc)"
done
equal "no machine was reset but by its guest" $((rounds - 1)) "$(resets)"
check "the guest's server had nothing to complain of" server_clean guest0
bed_down
