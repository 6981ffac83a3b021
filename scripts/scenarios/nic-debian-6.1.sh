# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: Debian's 6.1 cloud kernel has a NIC: pings, streams, offloads, queues, large frames
# limit: 400
# long-limit: 1500
# image: debian-6.1 network
# only: long
. ./lib.sh
. ./nic-stock.inc

nic_stock 2
