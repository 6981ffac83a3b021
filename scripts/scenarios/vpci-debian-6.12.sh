# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: Debian's 6.12 cloud kernel has PCI devices of the host: data, interrupts, NUMA nodes, ejects
# only: long
# limit: 500
# long-limit: 1500
# image: debian-6.12
. ./lib.sh
. ./vpci-stock.inc

vpci_stock
