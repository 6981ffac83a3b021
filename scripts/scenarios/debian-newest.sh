# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: the newest cloud kernel of Debian's backports as guest, with 4 CPUs (1 and 8, too, with long counts)
# limit: 900
# long-limit: 3000
# image: debian-newest storage
. ./lib.sh
. ./stock.inc

stock_guests 6.0
