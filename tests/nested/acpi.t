#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The ACPI tables of Linux guests, in iasl's judgement: each disassembles without a word and what
# comes of that compiles again without an error or a warning. Runs on this machine.
set -u

. tests/tap.sh

# shellcheck disable=SC2317 # called by a check that fails
explain() {
	cat "$work/log"
}

ACPI_TABLES=$work build/tests/vmm_linux_acpi.asan >"$work/log" 2>&1
check 'the tables are written' test -s "$work/large-SRAT.aml"
for table in "$work"/*.aml; do
	name=${table##*/}
	name=${name%.aml}
	iasl -d "$table" >"$work/log" 2>&1
	check "$name disassembles" test -s "${table%.aml}.dsl"
	check "$name: without a warning" eval "! grep -qiE 'warning|error|invalid|not' <(
		grep -vE '^(Intel ACPI|Copyright|File appears|Input file|ACPI: [A-Z]{4} 0x|Pass [12]|Parsing|Disassembly|ASL Output)' '$work/log')"
	iasl -ve -p "$work/again" "${table%.aml}.dsl" >"$work/log" 2>&1
	check "$name compiles again" test $? = 0
	iasl -p "$work/again" "${table%.aml}.dsl" >"$work/log" 2>&1
	check "$name: no errors, no warnings" grep -qE '0 Errors, 0 Warnings' "$work/log"
done
done_testing
