# SPDX-License-Identifier: BSD-2-Clause
# Hostile front ends, drivers and guests, against the programs as they are shipped.
# ATTACK_SCRIPTS: the suites; what they take from the environment is at their beginning.

ATTACK_SCRIPTS := $(addprefix tests/attack/, rings.t sessions.t kmem.t inputs.pl)
TAP_SCRIPTS += $(ATTACK_SCRIPTS)

ATTACK_BINS := $(addprefix $(B)/tests/attack/, rings sessions)
$(B)/tests/attack/rings: $(call host_objs,plain,$(addprefix tests/attack/, rings.c arena.c chains.c wild.c))
$(B)/tests/attack/sessions: $(call host_objs,plain,$(addprefix tests/attack/, sessions.c messages.c front_steps.c))
$(ATTACK_BINS): $(call host_objs,plain,tests/attack/witness.c $(VHOST_CLIENT_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
TEST_BINS += $(ATTACK_BINS)
