#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A jail where the root is an initial RAM disk and control groups are of version 2; see jail.sh.
exec tests/nested/run.sh --again --cpus 1 --timeout 300 -- tests/nested/jail.sh
