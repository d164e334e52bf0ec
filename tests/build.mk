# SPDX-License-Identifier: BSD-2-Clause
# The scripts that run guests.

TAP_SCRIPTS += $(addprefix tests/guest/, hello.t selftest.t wordfreq.t)
