# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# desc: what a server may be told in configfs; what is wrong is refused, with a reason
# limit: 120
. ./lib.sh
. ./config.inc

DIR=$SRV_CONFIG/guest0

# reasons FILE REASON: how often the kernel has said that
reasons() {
	dmesg | grep -c "guest0: $1: $2"
}

# taken TEXT FILE [SHOWN]: and reads back
taken() {
	put "$1" "$2" && file_is "$DIR/$2" "${3:-$1}"
}

# bounds FILE DEFAULT LEAST MOST REASON: a number
bounds() {
	local text

	check "$1 is $2" file_is "$DIR/$1" "$2"
	for text in "$3" "$4"; do
		check "$1 takes $text" taken "$text" "$1"
	done
	for text in "" x -1 $(($4 + 1)) 99999999999999999999; do
		check "$1 does not take \"$text\"" refused "$text" "$1" "$5"
	done
}

must "modules load" modules_up
must "a server is made" mkdir "$DIR"
bounds max_gpadls 8192 0 8192 "give 0 to 8192"
bounds max_gpadl_pages 2097152 0 2097152 "give 0 to 2097152"
bounds monitor_latency_us 0 10 6553 "give 0 for no monitor pages, or 10 to 6553"
check "nor 9" refused 9 monitor_latency_us "give 0"
check "max_version is 6.0" file_is "$DIR/max_version" 6.0
for text in 0.13 4.1 6.0; do
	check "max_version takes $text" taken $text max_version
done
for text in "" 6 6.1 0.12 6.0x 65537.0; do
	check "max_version does not take \"$text\"" refused "$text" max_version "give one of"
done
check "feature_mask takes all" taken 0xff feature_mask
check "and none" taken 0 feature_mask 0x0
for text in "" 0x100 -1; do
	check "feature_mask does not take \"$text\"" refused "$text" feature_mask "give a number"
done
check "monitor_page takes a page" taken 0x12345000 monitor_page
check "but no other address" refused 0x12345008 monitor_page "give the guest physical"
must "the server starts" put guest0 partition
check "limits change while it runs" taken 7 max_gpadls
check "redirect does not" refused 1 redirect "set it before partition"
check "the server goes" rmdir "$DIR"
check "modules unload" modules_down
