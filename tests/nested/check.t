#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Guest programs on a stock KVM, and the command line; see guests.sh.
exec tests/nested/run.sh --again --cpus 1 --memory 3072 --timeout 1200 -- tests/nested/guests.sh basics
