#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The guest programs on a stock KVM; see guests.sh.
exec tests/nested/run.sh --cpus 2 --timeout 480 -- tests/nested/guests.sh
