# SPDX-License-Identifier: BSD-2-Clause

VHOST_CLIENT_SRCS := tools/vhost/client.c tools/vhost/ring.c
VHOST_LOAD := $(B)/tools/slabvisor-vhost-load
$(VHOST_LOAD): $(call host_objs,plain,tools/vhost/load.c tools/vhost/load_options.c \
		tools/vhost/load_run.c $(VHOST_CLIENT_SRCS) $(OPTION_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

VHOST_DISK := $(B)/tools/slabvisor-vhost-disk
$(VHOST_DISK): $(call host_objs,plain,tools/vhost/disk.c tools/vhost/disk_options.c $(VHOST_CLIENT_SRCS) $(OPTION_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
TEST_BINS += $(VHOST_LOAD) $(VHOST_DISK)
