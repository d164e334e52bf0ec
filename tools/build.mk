# SPDX-License-Identifier: BSD-2-Clause

VHOST_CLIENT_SRCS := tools/vhost/client.c tools/vhost/ring.c
VHOST_LOAD := $(B)/tools/slabvisor-vhost-load
$(VHOST_LOAD): $(call host_objs,plain,tools/vhost/load.c tools/vhost/load_options.c \
		tools/vhost/load_run.c tools/vhost/load_json.c $(VHOST_CLIENT_SRCS) $(OPTION_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

VHOST_DISK := $(B)/tools/slabvisor-vhost-disk
$(VHOST_DISK): $(call host_objs,plain,tools/vhost/disk.c tools/vhost/disk_options.c $(VHOST_CLIENT_SRCS) $(OPTION_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
TEST_BINS += $(VHOST_LOAD) $(VHOST_DISK)

# Manual pages and completion, of which parts are made of the tables of options.
OPTION_PAGES := $(B)/tools/option_pages
$(OPTION_PAGES): $(call host_objs,plain,$(wildcard tools/pages/*.c) tools/vhost/load_options.c tools/vhost/disk_options.c \
		$(VMM_SRCS) $(VIRTIO_SRCS) $(MM_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^ $$(pkg-config --libs $(VMM_LIBS))

fill = mkdir -p $(@D) && awk -v tool=$(OPTION_PAGES) -v version=$(VERSION) -f tools/pages/fill.awk $< >$@
PAGES_NEED := $(OPTION_PAGES) tools/pages/fill.awk
MAN_PAGES := $(patsubst docs/man/%.in,$(B)/man/%,$(wildcard docs/man/*.in))
$(MAN_PAGES): $(B)/man/%: docs/man/%.in tools/pages/counters.awk docs/COUNTERS.md $(PAGES_NEED)
	$(call say,MAN,$@)
	$(Q)$(fill)
COMPLETIONS := $(B)/completion/slabvisor.bash $(B)/completion/slabvisor.zsh
$(COMPLETIONS): $(B)/completion/%: tools/pages/%.in $(PAGES_NEED)
	$(call say,FILL,$@)
	$(Q)$(fill)
all: $(MAN_PAGES) $(COMPLETIONS)
