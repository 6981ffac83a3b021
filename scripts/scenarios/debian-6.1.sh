# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: Debian's 6.1 cloud kernel as guest, with 1, 4 and 8 CPUs
# only: long
# limit: 900
# long-limit: 3000
# alone: long
# image: debian-6.1 storage
. ./lib.sh
. ./stock.inc

stock_guests 5.3
