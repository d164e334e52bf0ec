#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests of guests on a stock KVM; see guests.sh.
exec tests/nested/run.sh --again --cpus 2 --timeout 480 -- tests/nested/guests.sh scripts
