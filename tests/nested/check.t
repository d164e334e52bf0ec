#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Guest programs on a stock KVM, and the command line; see guests.sh.
exec tests/nested/run.sh --again --cpus 2 --timeout 480 -- tests/nested/guests.sh basics
