# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: Debian's 6.12 cloud kernel as guest, with 1 and 4 CPUs (8, too, with long counts)
# limit: 900
# long-limit: 3000
# only: long
# image: debian-6.12 storage
. ./lib.sh
. ./stock.inc

stock_guests 5.3
