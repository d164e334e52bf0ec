# SPDX-License-Identifier: BSD-2-Clause
MM_SRCS += $(foreach room,host frame slab,$(wildcard mm/$(room)/*.c)) $(wildcard mm/*.c)

UNIT_TESTS += mm_ram mm_metadata mm_region mm_frame mm_reclaim mm_cache mm_slab mm_pin mm_debug mm_harden mm_fail mm_stress
mm_ram_SRCS := $(MM_SRCS)
mm_ram_SAN := asan tsan
mm_metadata_SRCS := $(MM_SRCS)
mm_region_SRCS := $(MM_SRCS)
mm_frame_SRCS := $(MM_SRCS)
mm_slab_SRCS := $(MM_SRCS)
mm_debug_SRCS := $(MM_SRCS)
mm_harden_SRCS := $(MM_SRCS)
mm_reclaim_SRCS := $(MM_SRCS)
mm_cache_SRCS := $(MM_SRCS)
mm_fail_SRCS := $(MM_SRCS)
mm_pin_SRCS := $(MM_SRCS)
mm_pin_SAN := asan tsan
mm_stress_SRCS := $(MM_SRCS)
mm_stress_SAN := asan tsan

MM_BENCHES := $(addprefix $(B)/bench/mm,_harden _colour _discard _trace) $(B)/bench/mm
$(B)/bench/mm: $(call host_objs,plain,tests/bench/mm_bench.c $(MM_SRCS))
$(B)/bench/mm_harden: $(call host_objs,plain,tests/bench/mm_harden.c $(MM_SRCS))
$(B)/bench/mm_colour: $(call host_objs,plain,tests/bench/mm_colour.c $(MM_SRCS))
$(B)/bench/mm_discard: $(call host_objs,plain,tests/bench/mm_discard.c $(MM_SRCS))
$(B)/bench/mm_trace: $(call host_objs,plain,tests/bench/mm_trace.c $(MM_SRCS))
$(MM_BENCHES):
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

BENCHES += mm
bench-mm: $(MM_BENCHES) ## what mm costs by itself
	$(Q)$(B)/bench/mm
	$(Q)$(B)/bench/mm_harden
	$(Q)$(B)/bench/mm_colour
	$(Q)$(B)/bench/mm_discard
	$(Q)$(B)/bench/mm_trace 2e7

OPERATIONS ?= 1e9
trace-mm: $(B)/bench/mm_trace ## a trace of OPERATIONS (1e9), and the fragmentation it leaves
	$(Q)$< $(OPERATIONS)

.PHONY: bench-mm trace-mm
