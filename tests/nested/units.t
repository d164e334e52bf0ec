#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The unit tests of what depends on the kernel, on the older one of the nested machine.
exec tests/nested/run.sh --cpus 2 --disk 128 --timeout 240 -- tests/nested/units.sh
