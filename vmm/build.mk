# SPDX-License-Identifier: BSD-2-Clause
# Each room names its sources and its unit tests; a room stands behind those that it needs.
include $(addprefix vmm/, $(addsuffix /build.mk, base option elf config sandbox machine report program linux exits qmp serve client view cmd))
VMM_LIBS += yaml-0.1 liburing jansson

# Guests of a few instructions each, for the tests of boot, doorbells and ends.
ASM_GUESTS := $(patsubst tests/guest-asm/%.S,$(B)/tests/asm/%,$(wildcard tests/guest-asm/*.S))
TEST_BINS += $(ASM_GUESTS) $(SLABVISOR)

$(B)/tests/asm/%: tests/guest-asm/%.S $(wildcard tests/guest-asm/*.inc)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -Itests/guest-asm -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,-Ttext-segment=0xffffffff80000000 -o $@ $<

# A kernel that is entered by PVH, as ELF32 and as ELF64.
PVH_CFLAGS := -m32 -march=i686 -std=gnu11 $(WARN) -O2 -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) -fno-pic -fno-pie -fno-stack-protector \
	-mgeneral-regs-only -fcf-protection=none -fno-asynchronous-unwind-tables \
	-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,--no-warn-rwx-segments -Wl,-T,tests/pvh/pvh.lds
TEST_BINS += $(B)/tests/asm/pvh32 $(B)/tests/asm/pvh64 $(B)/tests/asm/reset

$(B)/tests/asm/reset: tests/pvh/reset.S tests/pvh/pvh.lds
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PVH_CFLAGS) -o $@ $(filter-out %.lds,$^)

$(B)/tests/asm/pvh32: tests/pvh/start.S tests/pvh/check.c tests/pvh/pvh.lds
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PVH_CFLAGS) -o $@ $(filter-out %.lds,$^)

$(B)/tests/asm/pvh64: tests/pvh/start.S tests/pvh/check.c tests/pvh/pvh.lds
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PVH_CFLAGS) -DWIDE -o $@.32 $(filter-out %.lds,$^)
	$(Q)objcopy -O elf64-x86-64 $@.32 $@ && rm $@.32

TAP_SCRIPTS += tests/cli/errors.t tests/cli/config.t tests/cli/counters.t tests/cli/guests.t tests/cli/media.t tests/cli/pvh.t \
	tests/cli/qmp.pl tests/cli/signals.t
TAP_SCRIPTS += tests/cli/bench.py tests/cli/classes.t tests/cli/clients.py tests/cli/completion.py tests/cli/descriptors.t tests/cli/hardening.t tests/cli/initramfs.t tests/cli/job.py tests/cli/list.t tests/cli/man.t tests/cli/names.t tests/cli/metrics.t tests/cli/shell.py tests/cli/probes.t tests/cli/rooms.t tests/cli/tap.t tests/cli/top.t

