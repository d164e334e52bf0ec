# SPDX-License-Identifier: BSD-2-Clause
# The targets a person calls. `demo` and `check` stand alone on a fresh machine:
# each installs what is missing before it builds.

JOBS := -j$(shell nproc)

deps: ## install the Debian packages that are missing
	$(Q)tools/deps.sh

demo: ## install what is missing, build, run the main job
	$(Q)tools/deps.sh
	$(Q)$(MAKE) $(JOBS) all
	$(Q)tests/demo.sh

check: ## install what is missing, build, run every test
	$(Q)tools/deps.sh nested libvirt module deb
	$(Q)$(MAKE) $(JOBS) all tests module $(NESTED_TEST_BINS)
	$(Q)$(MAKE) deb
	$(Q)tests/check.sh $(UNIT_BINS) $(TAP_SCRIPTS) $(SOAK_SCRIPTS) $(INSTALL_SCRIPTS) $(LIBVIRT_SCRIPTS) \
		$(NESTED_SCRIPTS) tests/module/dkms.t

check-quick: ## check without what needs a machine of its own (libvirt, nested)
	$(Q)tools/deps.sh
	$(Q)$(MAKE) $(JOBS) all tests
	$(Q)tests/check.sh $(UNIT_BINS) $(TAP_SCRIPTS)

tests: $(UNIT_BINS) $(TEST_BINS)

# Two at a time, ordered so that both end together.
NESTED_SCRIPTS := $(addprefix tests/nested/, guests.t disk.t linux.t harness.t jail.t units.t check.t \
	memory.t acpi.t repeat.t module.t)
# Of what depends on the kernel.
NESTED_UNITS := $(patsubst %,$(B)/tests/%.plain,virtio_blk_balloon virtio_blk_data virtio_blk_release virtio_blk_lost \
	virtio_vhost_user_log virtio_vhost_user_memory)
INSTALL_SCRIPTS := tests/install/deb.t
LIBVIRT_SCRIPTS := tests/libvirt/check.t tests/libvirt/kmem.t tests/libvirt/kmem_guest.t
NESTED_BINS := $(B)/nested/probe $(B)/nested/hold $(B)/nested/dial $(B)/nested/high \
	$(B)/nested/tsc
NESTED_TEST_BINS := $(NESTED_BINS) $(NESTED_UNITS) $(B)/tests/vmm_linux_acpi.asan $(MODULE_TEST_BINS)
$(NESTED_BINS): $(B)/nested/%: $(B)/host-plain/tests/nested/%.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^

# The shell of the recipe sees only the name of CMD, so that all of it runs inside.
nested: export CMD := $(CMD)
nested: ## run CMD="..." on a stock KVM, nested in QEMU's TCG (OPTIONS="--cpus 4 ...")
	$(Q)tools/deps.sh nested
	$(if $(CMD),,$(error say CMD="what to run"))
	$(Q)$(MAKE) $(JOBS) all $(NESTED_BINS)
	$(Q)tests/nested/run.sh $(OPTIONS) -- sh -c "$$CMD"

check-nested: ## run guest programs and Linux guests on a stock KVM
	$(Q)tools/deps.sh nested module
	$(Q)$(MAKE) $(JOBS) all module $(TEST_BINS) $(NESTED_TEST_BINS)
	$(Q)tests/check.sh $(NESTED_SCRIPTS)

check-libvirt: ## run libvirt domains and QEMU machines on what is served, and kill that
	$(Q)tools/deps.sh libvirt module
	$(Q)$(MAKE) $(JOBS) module $(SLABVISOR) $(VHOST_LOAD) $(VHOST_DISK) $(MODULE_TEST_BINS)
	$(Q)tests/check.sh $(LIBVIRT_SCRIPTS)

check-deb: deb ## install the packages in a clean Debian, use them there, purge them
	$(Q)$(MAKE) $(JOBS) $(SLABVISOR)
	$(Q)tests/check.sh $(INSTALL_SCRIPTS)

# The short counts of these are in check; the variables are at the beginning of each script.
soak: ## run the long counts: 200 checksums a disk, an hour of a domain, a million hostile requests, 50 kills, 500 nested guests
	$(Q)tools/deps.sh nested libvirt module
	$(Q)$(MAKE) $(JOBS) all tests module $(NESTED_TEST_BINS)
	$(Q)COUNT=$(or $(COUNT),200) SOAK_SECONDS=$(or $(SOAK_SECONDS),3600) SESSIONS=20000 \
		RING_REQUESTS=1000000 KMEM_REQUESTS=50000 SOAK=1 KILLS=50 RUNS=500 \
		tests/check.sh $(SOAK_SCRIPTS) tests/libvirt/soak.t $(ATTACK_SCRIPTS) \
		tests/guest/bounds.t tests/serve/restart.t tests/nested/repeat.t

check-restart: ## kill a served disk fifty times under load
	$(Q)tools/deps.sh
	$(Q)$(MAKE) $(JOBS) $(SLABVISOR) $(VHOST_LOAD)
	$(Q)KILLS=50 prove -e '' tests/serve/restart.t

bench-vhost: ## `slabvisor serve` beside qemu-storage-daemon
	$(Q)tools/deps.sh libvirt
	$(Q)$(MAKE) $(JOBS) $(SLABVISOR) $(VHOST_LOAD)
	$(Q)tests/bench/vhost.sh

bench-nested-boot: ## the start of Linux guests on a stock KVM, beside QEMU's microvm
	$(Q)tools/deps.sh nested
	$(Q)$(MAKE) $(JOBS) all $(TEST_BINS) $(NESTED_BINS)
	$(Q)tests/bench/nested_boot.sh

# All that a unit test may be linked with, of each variant: what it needs of that is taken.
define archive_rules
$(B)/old/host-$(1).a: $(call host_objs,$(1),$(MM_SRCS) $(VIRTIO_SRCS) $(VMM_SRCS) $(VHOST_CLIENT_SRCS))
$(B)/old/hosted-$(1).a: $(call hosted_objs,$(1),$(HOSTED_LIB_SRCS))
OLD_ARCHIVES += $(B)/old/host-$(1).a $(B)/old/hosted-$(1).a
endef
$(foreach v,$(VARIANTS),$(eval $(call archive_rules,$(v))))
$(OLD_ARCHIVES):
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

old-tests: ## run the tests of COMMIT=... against what is built here (TESTS="units": some of them)
	$(Q)$(MAKE) $(JOBS) all tests $(OLD_ARCHIVES)
	$(Q)HOST_CFLAGS='$(subst ','\'',$(HOST_CFLAGS))' HOSTED_CFLAGS='$(HOSTED_CFLAGS)' $(foreach v,$(VARIANTS),SAN_$(v)='$(SAN_$(v))') \
		LIBS="$$(pkg-config --libs cmocka $(VMM_LIBS))" tools/old_tests.py $(COMMIT) $(TESTS)

rooms: ## the rooms of the sources, their sizes, and the arrows between them
	$(Q)tools/rooms.py

lint: ## clang-format, clang-tidy, cppcheck, shellcheck, rooms
	$(Q)tools/deps.sh lint
	$(Q)HOST_CFLAGS='$(subst ','\'',$(HOST_CFLAGS))' GUEST_CFLAGS='$(GUEST_CFLAGS)' tools/lint.sh

linux-lib: $(SLABVISOR) $(B)/libslabvisor-guest.a ## put Linux's lib/*.c to the guest's headers (LINUX=DIR FILES="sort ...")
	$(Q)GUEST_CFLAGS='$(GUEST_CFLAGS)' GUEST_LDFLAGS='$(GUEST_LDFLAGS)' LINUX='$(LINUX)' FILES='$(FILES)' \
		tools/linux_lib.sh

linux-tests: $(SLABVISOR) $(B)/libslabvisor-guest.a ## run tests of Linux's own as guests (LINUX=DIR PROTOTYPE=DIR TESTS="xarray ...")
	$(Q)GUEST_CFLAGS='$(GUEST_CFLAGS)' GUEST_LDFLAGS='$(GUEST_LDFLAGS)' LINUX='$(LINUX)' PROTOTYPE='$(PROTOTYPE)' \
		TESTS='$(TESTS)' tools/linux_tests.sh

include tests/fuzz/build.mk

fuzz: ## fuzz the parsers of foreign bytes, FUZZ_SECONDS=60 each (fuzz-NAME: one of them)
	$(Q)tools/deps.sh fuzz
	$(Q)$(MAKE) $(JOBS) $(FUZZERS:%=$(B)/fuzz/%)
	$(Q)$(MAKE) $(FUZZERS:%=fuzz-%)

bench: $(BENCHES:%=bench-%) ## run every benchmark

include tools/install.mk

.PHONY: linux-lib linux-tests old-tests rooms check-quick soak bench-nested-boot check-restart check-deb check-libvirt bench-vhost deps demo check tests nested check-nested lint fuzz bench
