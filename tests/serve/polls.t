#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What `serve` does before its thread of a disk sleeps: as it is told, and else it tries whether polls pay.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/serve/lib.sh

truncate -s 64M "$disk"

has_polled() {
	[ "$(io_count polls)" -gt 0 ] 2>/dev/null
}

start_service --read-only --qmp "unix:$work/qmp" --poll-us 0
load --rw randread --ios 5000
is "$status $(io_count polls)" '0 0' 'told not to poll it does not, whatever there is to learn' || say_output
stop_service

start_service --read-only --qmp "unix:$work/qmp"
is "$(io_count polls)" 0 'untold it begins without'
load --rw randread --depth 64 --ios 50
is "$status $(io_count polls)" '0 0' '... and a few requests teach nothing' || say_output
# Until it has tried.
begin_load
until_true 300 has_polled
ok $? 'what asks for one thing after the other has it try polls' || say_output
end_load
load --rw randread --ios 100
is "$status $(figure errors)" '0 0' 'the next front end is served' || say_output
stop_service
is $status 0 'and the service ends' || say_output

done_testing
