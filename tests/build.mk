# SPDX-License-Identifier: BSD-2-Clause
# The scripts that run guests.

TAP_SCRIPTS += $(addprefix tests/guest/, \
	hello.t hostile.t negative.t selftest.t signals.t wordfreq.t)
