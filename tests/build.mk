# SPDX-License-Identifier: BSD-2-Clause
# The scripts that run guests, the demo's and the benches' programs.

TEST_BINS += $(B)/slabvisor-asan $(B)/libslabvisor-guest.a
TAP_SCRIPTS += $(addprefix tests/guest/, \
	blk.t blk_acked.t blk_budget.t blk_crash.t blk_device.t blk_media.t blk_resize.t blk_syscalls.t \
	blk_zeroes.t asan.t bounds.t fio_json.py hello.t hoard.t hostile.t install.t memory.t negative.t pause.pl readme.t scarce.t \
	selftest.t signals.t ticker.t wordfreq.t zcbench.t)

$(B)/tests/sandbox/rules: $(call host_objs,plain,tests/sandbox/rules.c $(SANDBOX_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
TEST_BINS += $(B)/tests/sandbox/rules
# Preloaded into what ships.
$(B)/tests/sandbox/attacker.so: tests/sandbox/attacker.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -fPIC -shared -o $@ $< -ldl
TEST_BINS += $(B)/tests/sandbox/attacker.so
TAP_SCRIPTS += tests/sandbox/jail.t tests/sandbox/run.t tests/sandbox/terminal.py tests/sandbox/used.t
TAP_SCRIPTS += tests/guest/flood.t tests/serve/flood.t

$(B)/tests/serve/hole: $(call host_objs,plain,tests/serve/hole.c $(VHOST_CLIENT_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
TEST_BINS += $(B)/tests/serve/hole
TAP_SCRIPTS += $(addprefix tests/serve/, awake.t moves.t serve.t hole.t limits.t max_memory.t neighbours.t polls.t \
	memory.py restart.t shapes.t systemd.t)
TAP_SCRIPTS += tests/systemd/units.t

include tests/shim/build.mk
include tests/soak/build.mk
include tests/attack/build.mk

BENCHES += blk clients kmalloc start

$(B)/tests/malloc_peer: $(call host_objs,plain,tests/bench/malloc_peer.c)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

bench-kmalloc: $(B)/slabvisor $(B)/guests/kbench $(B)/tests/malloc_peer ## kmalloc beside the host's allocators
	$(Q)tests/bench/kmalloc.sh

bench-clients: $(B)/slabvisor $(B)/guests/kbench $(B)/guests/zcbench ## what 50 clients of a control socket cost
	$(Q)tests/bench/clients.sh

# Preloaded into the monitor.
$(B)/tests/start_marks.so: tests/bench/start_marks.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -fPIC -fvisibility=hidden -shared -o $@ $<

TEST_BINS += $(B)/tests/start_marks.so

bench-start: $(B)/slabvisor $(B)/guests/hello $(B)/tests/start_marks.so ## time and memory that a guest's start takes
	$(Q)tests/bench/start.sh

$(B)/tests/pin_bench: $(call host_objs,plain,tests/bench/pin_bench.c $(MM_SRCS) $(VIRTIO_IO_SRCS))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^ $$(pkg-config --libs liburing)

bench-blk: $(B)/slabvisor $(B)/guests/zcbench $(B)/tests/pin_bench ## a guest's disk beside fio
	$(Q)tools/deps.sh bench
	$(Q)tests/bench/blk.sh

.PHONY: bench-blk bench-clients bench-kmalloc bench-start
