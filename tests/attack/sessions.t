#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Hostile front ends, one after the other, against the service as it is shipped, sandbox and
# all; and against the sanitized one. SESSIONS: how many the former has.
set -u

. tests/attack/lib.sh

sessions=${SESSIONS:-600}
few=150 # enough that some of each kind are among them

under_attack sessions $few "$sessions" 'sessions'
under_attack sessions $few $((sessions / 4 + few)) 'sessions on registered memory' --pin-budget 4M
SLABVISOR=$B/slabvisor-asan
under_attack sessions $few $((sessions / 4 + few)) 'sessions, sanitized'

done_testing
