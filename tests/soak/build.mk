# SPDX-License-Identifier: BSD-2-Clause
# The soak tests: each takes COUNT checksums (6) of a disk while memory is given back.

$(B)/soak/rounds: $(call host_objs,plain,tests/soak/rounds.c)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

SOAK_BINS := $(B)/soak/rounds
SOAK_SCRIPTS := $(addprefix tests/soak/, reporting.t)
TEST_BINS += $(SOAK_BINS)
