#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A hostile driver's rings, against the service as it is shipped, sandbox and all; and against
# the sanitized one. RING_REQUESTS: how many requests the former has.
set -u

. tests/attack/lib.sh

requests=${RING_REQUESTS:-20000}
few=2500 # enough that some of each kind are among them

under_attack rings $few "$requests" 'rings'
under_attack rings $few $((requests / 20 + few)) 'rings on registered memory' --pin-budget 4M
under_attack rings $few $((requests / 20 + few)) 'rings, through the page cache' --direct off
SLABVISOR=$B/slabvisor-asan
under_attack rings $few $((requests / 20 + few)) 'rings, sanitized'

done_testing
