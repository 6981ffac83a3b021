# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: programs of the guest and of VTL2 talk over AF_VSOCK, either way, and the guest reboots
# limit: 300
# long-limit: 2400
. ./lib.sh

. ./hvsock.inc

must "modules load" modules_up
must "the guest has a server" servers_up
note "AF_VSOCK is told of the guest"
mkdir "$VSOCK"
check "not without a server and a CID" fails sh -c "echo 1 > $VSOCK/enable"
for cid in 0 1 2 4294967295 4294967296 five; do
	check "refused: CID $cid" fails sh -c "echo $cid > $VSOCK/guest_cid"
done
rmdir "$VSOCK"
must "the guest gets CID $GUEST_CID" vsock_on
check "no second guest with that CID" fails sh -c "mkdir $VSOCK.2 && echo root > $VSOCK.2/server &&
	echo $GUEST_CID > $VSOCK.2/guest_cid && echo 1 > $VSOCK.2/enable"
check "nor a second handler of that server" fails sh -c "echo guest0 > $VSOCK.2/server &&
	echo 6 > $VSOCK.2/guest_cid && echo 1 > $VSOCK.2/enable"
rmdir "$VSOCK.2"
check "no connection before the guest is there" fails hvsock-echo try $GUEST_CID $THEIRS

must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120
note "Nobody listens"
check "the guest cannot connect" fails guest_run "hvsock-echo try 2 $OURS"
equal "it was refused" 1 "$(cat "$SRV/guest0/hvsock_refused")"
check "VTL2 cannot connect" fails hvsock-echo try $GUEST_CID $THEIRS
check "nor to a guest that is not there" fails hvsock-echo try 77 $THEIRS

note "Both listen"
must "a program on each side serves" both_serve
check "the guest's $MESSAGES messages come back" ping_us 1 $MESSAGES
check "VTL2's $MESSAGES messages come back" ping_guest 1 $MESSAGES
check "the guest ends its side first" guest_run "hvsock-echo half 2 $OURS"
check "VTL2 ends its side first" hvsock-echo half $GUEST_CID $THEIRS
check "no connection is left" no_connections

both_ping

n=0
while [ $n -lt "$ROUNDS" ]; do
	n=$((n + 1))
	must "reboot $n: a connection is open each way" both_hold
	must "the guest reboots" guest_reboot
	check "VTL2's program is told" held_ended "Connection reset by peer"
	must "a program on each side serves" both_serve
	check "the guest's messages come back" ping_us 1 50
	check "VTL2's messages come back" ping_guest 1 50
done
check "no connection is left" no_connections

note "The administrator takes the guest away"
must "a connection is open each way" both_hold
check "CID and server cannot be changed meanwhile" fails sh -c "echo 6 > $VSOCK/guest_cid ||
	echo root > $VSOCK/server"
check "taken away" sh -c "echo 0 > $VSOCK/enable"
check "VTL2's program is told" held_ended "Connection reset by peer"
check "and the guest's" wait_for "guest_run 'grep ended /tmp/hold.log'" 20
check "VTL2 cannot connect" fails hvsock-echo try $GUEST_CID $THEIRS
check "the guest cannot, either" fails guest_run "hvsock-echo try 2 $OURS"
check "given back" sh -c "echo 1 > $VSOCK/enable"
check "the guest's messages come back" ping_us 1 50
check "VTL2's messages come back" ping_guest 1 50

check "nothing wrong came to VTL2's program" fails grep -E 'checksum|no message' /tmp/serve.log
check "nor to the guest's" guest_run "! grep -E 'checksum|no message' /tmp/serve.log"
check "the guest broke no rule" file_is "$VSOCK/broken" 0
check "nor one of VMBus" file_is "$SRV/guest0/messages_bad" 0
kill "$SERVER_PID"
bed_down
