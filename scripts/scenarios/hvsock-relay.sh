# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: programs of the guest and of the host talk over AF_VSOCK, through the relay
# only: long
# limit: 300
# long-limit: 2400
. ./lib.sh
. ./hvsock.inc

# forwarded: signals and interrupts that the relay has passed on
forwarded() {
	echo "$(cat "$RELAY/forwarded_to_host") $(cat "$RELAY/forwarded_to_guest")"
}

must "modules load" modules_up
must "the host has two disks and a pipe" host_up
must "programs of the host can be talked to" vsock_on root
must "the relay connects with the host" relay_on
check "nobody else can have the guest's connects" fails sh -c "mkdir $VSOCK.2 &&
	echo guest0 > $VSOCK.2/server && echo 6 > $VSOCK.2/guest_cid && echo 1 > $VSOCK.2/enable"
rmdir "$VSOCK.2"
must "the guest starts" guest_start
must "the guest comes up" guest_wait_up 120

note "Nobody listens"
check "the guest cannot connect" fails guest_run "hvsock-echo try 2 $OURS"
equal "the host refused" 1 "$(cat "$SRV/root/hvsock_refused")"
equal "and so did the guest's server" 1 "$(cat "$SRV/guest0/hvsock_refused")"
check "the host cannot connect" fails hvsock-echo try $GUEST_CID $THEIRS

note "Both listen"
must "a program on each side serves" both_serve
check "the guest's $MESSAGES messages come back" ping_us 1 $MESSAGES
check "the host's $MESSAGES messages come back" ping_guest 1 $MESSAGES
check "the guest ends its side first" guest_run "hvsock-echo half 2 $OURS"
check "the host ends its side first" hvsock-echo half $GUEST_CID $THEIRS
check "no connection is left" no_connections
both_ping
equal "VTL2 passed no signal on" "0 0" "$(forwarded)"

# To the host the relay closes the channel: an orderly end
note "The guest reboots"
must "a connection is open each way" both_hold
must "the guest reboots" guest_reboot
check "the host's program is told" held_ended ""
must "a program on each side serves" both_serve
check "the guest's messages come back" ping_us 1 50
check "the host's messages come back" ping_guest 1 50

note "The relay is switched off and on"
must "a connection is open each way" both_hold
check "off" sh -c "echo 0 > $RELAY/redirect"
check "the host's program is told" held_ended ""
check "and the guest's" wait_for "guest_run 'grep ended /tmp/hold.log'" 20
check "the guest cannot connect" fails guest_run "hvsock-echo try 2 $OURS"
must "on" relay_on
check "the guest's messages come back" ping_us 1 50
check "the host's messages come back" ping_guest 1 50

note "The relay leaves them to somebody else"
echo 0 > "$RELAY/hvsock"
check "the guest cannot connect" fails guest_run "hvsock-echo try 2 $OURS"
check "somebody else takes them" sh -c "mkdir $VSOCK.2 && echo guest0 > $VSOCK.2/server &&
	echo 6 > $VSOCK.2/guest_cid && echo 1 > $VSOCK.2/enable"
check "the guest's messages come back from there" ping_us 1 50
echo 1 > "$RELAY/hvsock"
check "who has them keeps them" ping_us 1 50
rmdir "$VSOCK.2"
echo 1 > "$RELAY/hvsock"
check "then they are the relay's again" ping_us 1 50

note "A host of 4.0, which cannot refuse"
echo 0 > "$RELAY/redirect"
echo 4.0 > "$SRV_CONFIG/root/max_version"
must "the relay connects with it" relay_on
check "the guest's messages come back" ping_us 1 50
check "the host's messages come back" ping_guest 1 50
check "through VTL2" fails [ "$(forwarded)" = "0 0" ]
refused=$(cat "$SRV/guest0/hvsock_refused")
# As many as may wait, and nobody who listens
check "16 connects of the guest get no answer" fails guest_run "for i in \$(seq 16); do
	hvsock-echo try 2 5999 & done 2> /dev/null; wait \$!" 60
check "each is refused in the end" \
	wait_for "[ \$(cat $SRV/guest0/hvsock_refused) = $((refused + 16)) ]" 40
check "and others have their place: the guest's messages come back" ping_us 1 50

check "nothing wrong came to the host's program" fails grep -E 'checksum|no message' /tmp/serve.log
check "nor to the guest's" guest_run "! grep -E 'checksum|no message' /tmp/serve.log"
check "the guest broke no rule" file_is "$VSOCK/broken" 0
check "nor one of VMBus" file_is "$SRV/guest0/messages_bad" 0
check "nor did the relay" file_is "$SRV/root/messages_bad" 0
check "nor the host" file_is "$RELAY/host_protocol_errors" 0
kill "$SERVER_PID"
bed_down
