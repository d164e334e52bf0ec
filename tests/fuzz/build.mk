# SPDX-License-Identifier: BSD-2-Clause
# libFuzzer targets. FUZZERS += NAME, then NAME_FUZZ_SRCS: host sources that
# tests/fuzz/fuzz_NAME.c is linked with. tests/fuzz/seeds.pl NAME DIRECTORY writes
# the inputs that it starts from; those it finds are kept in build/fuzz/corpus. Words of its
# language are in tests/fuzz/NAME.dict, if there is one.

FUZZ_CC := clang
FUZZ_SECONDS ?= 60
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DMM_CHECK

FUZZERS += vring
vring_FUZZ_SRCS = $(VIRTIO_SRCS) $(MM_SRCS)

FUZZERS += ivshmem
ivshmem_FUZZ_SRCS = $(VIRTIO_IVSHMEM_SRCS) $(VIRTIO_KMEM_SRCS) $(VIRTIO_RING_SRCS) virtio/device.c $(MM_SRCS)

FUZZERS += rings
rings_FUZZ_SRCS = $(VIRTIO_RING_SRCS)

FUZZERS += vhost_user inflight
# Without the I/O engine: the fuzzer is the host of its device.
vhost_user_FUZZ_SRCS = $(VIRTIO_RING_SRCS) virtio/device.c \
	$(filter-out virtio/vhost_user/engine.c, $(VHOST_USER_SRCS))
inflight_FUZZ_SRCS = $(VIRTIO_RING_SRCS) virtio/vhost_user/inflight.c \
	virtio/vhost_user/inflight_packed.c

FUZZERS += elf linux config qmp
elf_FUZZ_SRCS = $(vmm/elf_SRCS)
linux_FUZZ_SRCS = $(vmm/linux/image_SRCS)
config_FUZZ_SRCS = $(VMM_CONFIG_SRCS) vmm/serve/options.c $(MM_SRCS)
qmp_FUZZ_SRCS = $(vmm/qmp_SRCS)

$(B)/fuzz/obj/%.o: %.c
	$(call say,CC,$< (fuzz))
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(HOST_CFLAGS) $(FUZZ_SAN) -fsanitize=fuzzer-no-link -c -o $@ $<

define fuzz_rules
$(B)/fuzz/$(1): $(patsubst %.c,$(B)/fuzz/obj/%.o,tests/fuzz/fuzz_$(1).c $($(1)_FUZZ_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(FUZZ_CC) $(HOST_LDFLAGS) $(FUZZ_SAN) -fsanitize=fuzzer -o $$@ $$^ \
		$$$$(pkg-config --libs $$(VMM_LIBS))

.PHONY: fuzz-$(1)
fuzz-$(1): $(B)/fuzz/$(1)
	$$(call say,FUZZ,$(1) for $(FUZZ_SECONDS) s)
	$$(Q)mkdir -p $(B)/fuzz/corpus/$(1) $(B)/fuzz/seeds/$(1)
	$$(Q)tests/fuzz/seeds.pl $(1) $(B)/fuzz/seeds/$(1)
	$$(Q)$(B)/fuzz/$(1) -max_total_time=$(FUZZ_SECONDS) -max_len=32768 -timeout=60 \
		-artifact_prefix=$(B)/fuzz/$(1)- -print_final_stats=1 \
		$(patsubst %,-dict=%,$(wildcard tests/fuzz/$(1).dict)) \
		$(B)/fuzz/corpus/$(1) $(B)/fuzz/seeds/$(1) >$(B)/fuzz/$(1).log 2>&1 || \
		{ tail -n 60 $(B)/fuzz/$(1).log >&2; exit 1; }
	$$(Q)sed -n 's/^stat::number_of_executed_units: *\(.*\)/  $(1): \1 inputs, no finding/p' \
		$(B)/fuzz/$(1).log
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rules,$(f))))
