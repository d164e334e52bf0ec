#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the soak tests' Linux guests. The kernel's command line says what to do:
#   rounds=PATH          the program
#   soak=COUNT,DATA,...  its arguments
#   order=N              free pages of this order and above are reported (the kernel's choice)
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
rounds='' soak='' order=''
read -r words </proc/cmdline
for word in $words; do
	case $word in
	rounds=*) rounds=${word#rounds=} ;;
	soak=*) soak=${word#soak=} ;;
	order=*) order=${word#order=} ;;
	esac
done
while read -r module; do
	modprobe "$module"
done </etc/modules
# What is not there at the moment may be there when it is used: an allocation is not refused beforehand.
echo 1 >/proc/sys/vm/overcommit_memory
[ -z "$order" ] || echo "$order" >/sys/module/page_reporting/parameters/page_reporting_order
stty -echo
# shellcheck disable=SC2046 # a list of words
"$rounds" run /dev/vda $(echo "$soak" | tr , ' ')
dmesg -r | grep '^<[0-4]>' | sed 's/^/guest: complaint /'
poweroff -f
