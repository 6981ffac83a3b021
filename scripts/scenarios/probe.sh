# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# limit: 90
# Not listed: scripts/accel runs it to see whether hardware virtualization nests.
. ./lib.sh

must "modules load" modules_up
must "servers start" servers_up
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 60
bed_down
