# SPDX-License-Identifier: BSD-2-Clause
# The kernel module of Linux guests, and what their programs link with or preload. The module is built
# in a folder of its own for each kernel whose headers are installed (or those of RELEASES), out of
# the files that tools/module_source.sh lays out there.

MODULE_HEADERS := /usr/src/linux-headers
RELEASES ?= $(patsubst $(MODULE_HEADERS)-%,%,$(wildcard $(MODULE_HEADERS)-*-amd64))
MODULE_MAKE = $(MAKE) -C $(MODULE_HEADERS)-$(1) M=$(abspath $(B)/module/$(1)) W=1 modules

# Kbuild knows what is to be built anew.
module: ## build the kernel module of Linux guests (RELEASES="6.1.0-57-amd64 ...", SPARSE=1)
	$(Q)tools/deps.sh module
	$(if $(RELEASES),,$(error no kernel headers are installed: see `make deps`))
	$(Q)for release in $(RELEASES); do \
		tools/module_source.sh $(B)/module/$$release $(VERSION) && \
		$(call MODULE_MAKE,$$release) $(if $(SPARSE),C=2) || exit 1; done

dkms-source: ## lay out the module's source as DKMS wants it, in build/dkms/slabvisor-VERSION
	$(call say,DKMS,$(B)/dkms/slabvisor-$(VERSION))
	$(Q)tools/module_source.sh $(B)/dkms/slabvisor-$(VERSION) $(VERSION)

bench-module: ## svm_kmalloc, the preload and what is given back beside SLUB and glibc, nested
	$(Q)tools/deps.sh nested module
	$(Q)$(MAKE) $(JOBS) all module $(NESTED_BINS) $(MODULE_TEST_BINS)
	$(Q)tests/nested/module-bench.sh

bench-ivshmem: ## requests of the memory service in a QEMU machine, and what svm_kmalloc asks of it
	$(Q)tools/deps.sh libvirt module
	$(Q)$(MAKE) $(JOBS) module $(SLABVISOR)
	$(Q)PAIRS=$(or $(PAIRS),1000000) tests/bench/ivshmem.sh

.PHONY: module dkms-source bench-module bench-ivshmem

# libslabvisor, for programs in a Linux guest.
LIBSLABVISOR := $(B)/libslabvisor.a $(B)/libslabvisor.so.0
$(B)/user/%.o: guest/user/%.c
	$(call say,CC,$< (user))
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(HARDEN_plain) -fPIC -fvisibility=hidden -c -o $@ $<
$(B)/libslabvisor.a: $(B)/user/slabvisor.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/libslabvisor.so.0: $(B)/user/slabvisor.o
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,libslabvisor.so.0 -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -o $@ $^

$(B)/tests/module/svtest: $(B)/host-plain/tests/module/svtest.o $(B)/libslabvisor.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
$(B)/tests/module/attack: $(B)/host-plain/tests/module/attack.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
$(B)/tests/module/giveback: $(B)/host-plain/tests/module/giveback.o
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $^
MODULE_TEST_BINS := $(addprefix $(B)/tests/module/,svtest attack giveback) $(B)/libslabvisor-malloc.so
