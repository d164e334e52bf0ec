#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tests of guests on a stock KVM; see guests.sh.
exec tests/nested/run.sh --again --cpus 1 --timeout 1200 -- tests/nested/guests.sh scripts
