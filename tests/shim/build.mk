# SPDX-License-Identifier: BSD-2-Clause
# The preloadable malloc: mm and the magazines once more, as position-independent code
# that shows nobody its names.

SHIM := $(B)/libslabvisor-malloc.so
SHIM_FLAGS := -fPIC -fvisibility=hidden -ftls-model=initial-exec -ffunction-sections \
	-fdata-sections
SHIM_HOST_SRCS := $(filter-out $(addprefix mm/host/, limit.c populate.c pressure.c pressure_source.c ram.c room.c), \
	$(MM_SRCS))
SHIM_HOSTED_SRCS := $(addprefix tests/shim/, class.c host.c huge.c malloc.c start.c thread.c window.c) \
	guest/lib/hosted/channel.c guest/lib/hosted/wait.c $(GUEST_PORTABLE_SRCS)

$(B)/shim/mm/%.o: mm/%.c
	$(call say,CC,$< (shim))
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(SHIM_FLAGS) -c -o $@ $<

# Its own names are no built-ins: calloc made of malloc and memset is not to become calloc.
$(B)/shim/%.o: %.c
	$(call say,CC,$< (shim))
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(SHIM_FLAGS) -include tests/shim/self.h \
		-fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -c -o $@ $<

$(SHIM): $(patsubst %.c,$(B)/shim/%.o,$(SHIM_HOST_SRCS) $(SHIM_HOSTED_SRCS))
	$(call say,LD,$@)
	$(Q)$(CC) -shared -pthread -Wl,--gc-sections -Wl,-z,defs -Wl,-z,now \
		-Wl,--wrap=region_back -Wl,--wrap=kmem_depot_refilled -o $@ $^

shim: $(SHIM) ## build the preloadable malloc, LD_PRELOAD=build/libslabvisor-malloc.so

.PHONY: shim

SHIM_BINS := $(B)/tests/shim/edges $(B)/tests/shim/threads
$(SHIM_BINS): $(B)/tests/shim/%: $(B)/host-plain/tests/shim/%.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $<

TAP_SCRIPTS += tests/shim/shim.t
TEST_BINS += $(SHIM) $(SHIM_BINS)

# Programs of our own that the bench runs beside the system's.
SHIM_HANDS := $(B)/tests/shim_chain $(B)/tests/shim_stress
$(SHIM_HANDS): $(B)/tests/%: $(B)/host-plain/tests/bench/%.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $<

bench-shim: $(SHIM) $(SHIM_HANDS) ## the system's own programs over mm, beside other mallocs
	$(Q)tools/deps.sh bench
	$(Q)tests/bench/shim.sh

# A quick look at the same, which takes a minute.
bench-mm: bench-shim-quick
bench-shim-quick: $(SHIM) $(SHIM_HANDS)
	$(Q)tools/deps.sh bench
	$(Q)ROUNDS=$${ROUNDS:-1} SHIM_SORT_SIZE=$${SHIM_SORT_SIZE:-128M} tests/bench/shim.sh

.PHONY: bench-shim bench-shim-quick
