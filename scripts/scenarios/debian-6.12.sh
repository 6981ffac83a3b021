# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: Debian's 6.12 cloud kernel as guest, with 1, 4 and 8 CPUs
# limit: 900
# long-limit: 3000
# only: long
# image: debian-6.12 storage
. ./lib.sh
. ./stock.inc

stock_guests 5.3
