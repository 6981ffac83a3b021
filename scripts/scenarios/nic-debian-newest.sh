# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the newest cloud kernel of Debian's backports has a NIC: pings, streams, offloads, queues, large frames
# only: long
# limit: 400
# long-limit: 1500
# image: debian-newest network
. ./lib.sh
. ./nic-stock.inc

nic_stock 2
