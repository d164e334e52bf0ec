#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
# The init of the Linux guests of bench-boot.sh: says that it is there, and waits to be ended.
echo 'guest: init'
read -r _
/bin/busybox poweroff -f
