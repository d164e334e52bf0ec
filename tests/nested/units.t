#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What depends on the kernel's io_uring, on the older one of the nested machine; see units.sh.
exec tests/nested/run.sh --again --cpus 1 --disk 128 --timeout 900 -- tests/nested/units.sh
