# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: I/O of a relayed disk does not enter the relay; with forwarding forced on it does
# limit: 240
. ./lib.sh
. ./plane.inc

bed_up
measure
check "no function of the relay was called, the guest's server counted nothing" out_of_data_plane
equal "its counters are zero" "0 0 0 0 " "$guest_after"
check "the host's server did the work" host_has_worked

note "Control: the same with forwarding forced on"
must "disk A is offered again, forwarded" force_forwarding
measure
check "the check fails now" fails out_of_data_plane
check "because the relay's functions were called" test "$hits" -gt 0
check "the host's server did the work" host_has_worked
bed_down
