#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What clients of a control socket cost a guest: a kmalloc pair and a disk's IOPS with 50 clients that ask for everything
# all the time, and with none, in turns. Medians of ROUNDS=7, and ratios. tests/bench/lib.sh says what is printed.
set -eu
cd "$(dirname "$0")/../.."
rounds=7
. tests/bench/lib.sh

turn=0
round() {
	bench_step "$turn"
	tests/bench/clients.py $((turn++ % 2)) >>"$figures"
}

bench_start clients '_0_clients$'
bench_rounds round
