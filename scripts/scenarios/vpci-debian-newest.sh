# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the newest cloud kernel of Debian's backports has PCI devices of the host: data, interrupts, NUMA nodes, ejects
# limit: 500
# long-limit: 1500
# image: debian-newest
# only: long
. ./lib.sh
. ./vpci-stock.inc

vpci_stock
