# SPDX-License-Identifier: BSD-2-Clause
VMM_SRCS += vmm/config/affinity.c vmm/report/backtrace.c vmm/program/boot.c vmm/machine/bound.c vmm/base/cli.c vmm/cmd/run.c vmm/config/config.c vmm/config/file.c \
	vmm/program/console.c vmm/machine/devices.c vmm/machine/disk.c vmm/config/disks.c vmm/report/disk_stats.c vmm/base/disk_words.c \
	vmm/cmd/doctor.c vmm/elf/elf.c vmm/elf/notes.c vmm/exits/exits.c vmm/report/fault.c vmm/config/fields.c vmm/base/file.c vmm/machine/kvm.c \
	vmm/base/media.c vmm/machine/memory.c vmm/config/memory.c vmm/config/options.c vmm/program/pagetable.c vmm/program/platform.c vmm/report/report.c \
	vmm/program/ring_probe.c vmm/config/run_config.c vmm/cmd/loop.c vmm/report/stats.c vmm/elf/symbols.c vmm/machine/tlb.c \
	vmm/machine/vcpu.c vmm/machine/vm.c vmm/machine/wait.c
VMM_SRCS += vmm/base/fds.c
VMM_SRCS += vmm/cmd/ctl.c vmm/base/listen.c vmm/machine/pause.c vmm/qmp/qmp.c vmm/qmp/block.c \
	vmm/qmp/commands.c vmm/qmp/frame.c vmm/qmp/memory.c vmm/qmp/proto.c
VMM_SRCS += $(VIRTIO_IO_SRCS) $(VIRTIO_BLK_SRCS)
VMM_SRCS += vmm/serve/cmd.c vmm/serve/config.c vmm/serve/options.c vmm/serve/socket.c \
	vmm/serve/thread.c
VMM_SRCS += vmm/machine/channels.c vmm/config/channels.c
VMM_SRCS += vmm/sandbox/landlock.c vmm/sandbox/sandbox.c vmm/sandbox/filter.c vmm/sandbox/rules.c
VMM_SRCS += vmm/linux/acpi.c vmm/linux/acpi_dsdt.c vmm/linux/aml.c vmm/machine/irqchip.c vmm/linux/boot.c \
	vmm/linux/cpu.c vmm/linux/elf.c vmm/linux/image.c vmm/linux/map.c vmm/config/linux.c \
	vmm/base/log_limit.c \
	vmm/linux/pm1.c vmm/linux/ports.c vmm/linux/pvh.c vmm/linux/serial.c vmm/linux/terminal.c
VMM_LIBS += yaml-0.1 liburing jansson libseccomp

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
TAP_SCRIPTS += tests/cli/descriptors.t tests/cli/job.t

UNIT_TESTS += vmm_elf vmm_wait vmm_memory
vmm_elf_SRCS := virtio/blk/format.c vmm/base/cli.c vmm/elf/elf.c vmm/elf/notes.c vmm/base/file.c vmm/base/media.c \
	vmm/elf/symbols.c
vmm_wait_SRCS = vmm/machine/bound.c vmm/base/cli.c vmm/machine/memory.c vmm/machine/wait.c $(MM_SRCS)
vmm_wait_SAN := asan tsan
VMM_CONFIG_SRCS := vmm/config/affinity.c vmm/config/channels.c vmm/base/cli.c vmm/config/config.c vmm/config/file.c \
	vmm/config/disks.c vmm/config/fields.c vmm/config/linux.c vmm/config/memory.c vmm/config/options.c vmm/config/run_config.c
vmm_memory_SRCS = $(VMM_CONFIG_SRCS) vmm/machine/bound.c vmm/machine/memory.c vmm/program/pagetable.c $(MM_SRCS)

UNIT_TESTS += vmm_log_limit
vmm_log_limit_SRCS := vmm/base/cli.c vmm/base/log_limit.c
vmm_log_limit_SAN := asan tsan

UNIT_TESTS += vmm_qmp
vmm_qmp_SRCS := vmm/base/cli.c vmm/qmp/frame.c vmm/qmp/proto.c

UNIT_TESTS += vmm_acpi vmm_serial vmm_linux vmm_pvh
vmm_acpi_SRCS := vmm/linux/acpi.c vmm/linux/acpi_dsdt.c vmm/linux/aml.c
vmm_serial_SRCS := vmm/linux/serial.c
vmm_serial_SAN := asan tsan
vmm_linux_SRCS = virtio/blk/format.c vmm/base/cli.c vmm/elf/notes.c vmm/base/file.c vmm/linux/elf.c vmm/linux/image.c \
	vmm/machine/bound.c vmm/linux/map.c vmm/base/media.c vmm/machine/memory.c $(MM_SRCS)
vmm_pvh_SRCS = $(vmm_linux_SRCS) vmm/linux/pvh.c

UNIT_TESTS += vmm_media
vmm_media_SRCS = $(vmm_linux_SRCS) vmm/elf/elf.c

# Sanitizers make calls of their own.
UNIT_TESTS += vmm_sandbox vmm_landlock
SANDBOX_SRCS := vmm/base/cli.c vmm/sandbox/landlock.c vmm/sandbox/sandbox.c vmm/sandbox/filter.c vmm/sandbox/rules.c
vmm_sandbox_SRCS := $(SANDBOX_SRCS)
vmm_sandbox_LIBS := libseccomp
vmm_sandbox_SAN := plain
vmm_landlock_SRCS := vmm/sandbox/landlock.c
vmm_landlock_SAN := asan plain
