# SPDX-License-Identifier: BSD-2-Clause
MM_SRCS += $(foreach room,host frame map slab,$(wildcard mm/$(room)/*.c)) $(wildcard mm/*.c)

MM_TEST_ROOMS := mm mm/host mm/frame mm/slab
UNIT_TESTS += $(foreach room,$(MM_TEST_ROOMS),$(call unit_tests,$(room)))
$(foreach room,$(MM_TEST_ROOMS),$(eval $(room)_SRCS := $(MM_SRCS)))
mm/host/ram_SAN := asan tsan
mm/pin_SAN := asan tsan
mm/stress_SAN := asan tsan

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
	$(Q)tests/bench/mm.sh

trace-mm: $(B)/bench/mm_trace ## a trace of OPERATIONS (1e9), and the fragmentation it leaves
	$(Q)$< $(or $(OPERATIONS),1e9)

.PHONY: bench-mm trace-mm
