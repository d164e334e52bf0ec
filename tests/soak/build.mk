# SPDX-License-Identifier: BSD-2-Clause
# The soak tests: each takes COUNT checksums (6) of a disk while memory is given back; that of a libvirt
# domain goes on for SOAK_SECONDS (30).

$(B)/soak/rounds: $(call host_objs,plain,tests/soak/rounds.c)
$(B)/soak/punch: $(call host_objs,plain,tests/soak/punch.c $(VHOST_CLIENT_SRCS))
$(B)/soak/kmem: $(call host_objs,plain,tests/soak/kmem.c) $(B)/libslabvisor.a
SOAK_BINS := $(B)/soak/rounds $(B)/soak/punch $(B)/soak/kmem
$(SOAK_BINS):
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

OWN_SOAK := tests/soak/own.t
SOAK_SCRIPTS := $(addprefix tests/soak/, punch.t reporting.t balloon.t virtio_mem.t) $(OWN_SOAK)
TEST_BINS += $(SOAK_BINS)
