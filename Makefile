# SPDX-License-Identifier: BSD-2-Clause
# `make help` lists the targets. Each folder says what is built from it in its
# own build.mk; this file says how.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

B := build
V ?= 0
Q := $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

CC := gcc
AR := ar
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wpointer-arith -Wvla
OPT ?= -O2 -g
BASE := -std=gnu11 $(WARN) $(OPT) -MMD -MP

# Host code: vmm, virtio, mm, tools and their tests.
CHECK ?=
HOST_CFLAGS = $(BASE) -I. -D_GNU_SOURCE -DSLABVISOR_VERSION='"$(VERSION)"' \
	-fno-strict-aliasing -pthread -fPIE $(if $(CHECK),-DMM_CHECK)
HOST_LDFLAGS = -pthread -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
# Guest code compiled into a host process: the same sources, the other channel.
HOSTED_CFLAGS = $(BASE) -Iguest/include -I. -D_GNU_SOURCE -DSLABVISOR_HOSTED \
	-fno-strict-aliasing -pthread -fPIE
# Guest code for the guest, and what pkg-config tells programs to be built by: what Kbuild guarantees
# to code for the kernel, and no header of the compiler.
GUEST_ABI_CFLAGS := -std=gnu11 -D__KERNEL__ -ffreestanding -nostdinc -fno-strict-aliasing \
	-fno-strict-overflow -fno-delete-null-pointer-checks -funsigned-char -fshort-wchar -fno-common \
	-mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fcf-protection=none
GUEST_CFLAGS = $(BASE) -Iguest/include -I. -isystem guest/include/std $(GUEST_ABI_CFLAGS) \
	-ffunction-sections -fdata-sections
GUEST_LDFLAGS = -nostdlib -static -no-pie -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,-T,guest/lib/program.lds

# A variant is how host code is instrumented; SAN= picks the one of the program.
SAN_plain :=
SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DMM_CHECK
SAN_tsan := -fsanitize=thread -DMM_CHECK
VARIANTS := plain asan tsan
# What stands in the way of whoever uses a fault of the program that ships. Sanitizers have checks of
# their own. Without optimisation the C library cannot check sizes. Objects of before are no good.
CET := $(shell $(CC) -fcf-protection=full -x c -c -o /dev/null /dev/null 2>/dev/null && echo -fcf-protection=full)
HARDEN_plain := -fstack-protector-strong $(CET) \
	$(if $(filter-out -O0,$(filter -O%,$(OPT))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
SAN ?=
VARIANT := $(if $(SAN),$(if $(findstring thread,$(SAN)),tsan,asan),plain)

define variant_rules
$(B)/host-$(1)/%.o: %.c $(if $(HARDEN_$(1)),Makefile)
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOST_CFLAGS) $$(HARDEN_$(1)) $$(SAN_$(1)) -c -o $$@ $$<
$(B)/hosted-$(1)/%.o: %.c
	$$(call say,CC,$$< (hosted))
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOSTED_CFLAGS) $$(SAN_$(1)) -c -o $$@ $$<
endef
$(foreach v,$(VARIANTS),$(eval $(call variant_rules,$(v))))

$(B)/guest/%.o: %.c Makefile
	$(call say,CC,$< (guest))
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

$(B)/guest/%.o: %.S Makefile
	$(call say,AS,$< (guest))
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

# $(call host_objs,VARIANT,sources): where the objects of host sources are.
host_objs = $(patsubst %.c,$(B)/host-$(1)/%.o,$(2))
hosted_objs = $(patsubst %.c,$(B)/hosted-$(1)/%.o,$(2))
guest_objs = $(patsubst %.S,$(B)/guest/%.o,$(patsubst %.c,$(B)/guest/%.o,$(1)))

# What the folders fill in.
MM_SRCS :=          # host sources of mm
VIRTIO_SRCS :=      # host sources of virtio
VMM_SRCS :=         # host sources of vmm, but for main.c
VMM_LIBS :=         # pkg-config names that vmm links with
GUEST_LIB_SRCS :=   # the runtime, in the guest
HOSTED_LIB_SRCS :=  # the runtime, hosted
GUEST_PROGRAMS :=   # folders of guest/, one a program
# Unit tests: UNIT_TESTS += $(call unit_tests,room), the tests of the folder tests/unit/room: its
# .c files, but for those that have a header, which help. Then, for a room or for a test room/name:
#   room_SRCS     host sources (tests/unit/room/name.c is implied)
#   room_HOSTED   sources compiled as hosted guest code; when set, name.c is too
#   room_LIBS     pkg-config names that it links with
#   room_SAN      variants to run under, of: plain asan tsan (default asan)
UNIT_TESTS :=
unit_tests = $(patsubst tests/unit/%.c,%,$(filter-out $(patsubst %.h,%.c,$(wildcard tests/unit/$(1)/*.h)), \
	$(wildcard tests/unit/$(1)/*.c)))
# Scripts that print TAP, and what they need built.
TAP_SCRIPTS :=
BENCHES :=          # names: tests/bench/build.mk makes bench-NAME targets

include mm/build.mk virtio/build.mk vmm/build.mk guest/build.mk guest/linux/build.mk tools/build.mk tests/build.mk

SLABVISOR := $(B)/slabvisor$(if $(filter plain,$(VARIANT)),,-$(VARIANT))
GUESTS := $(GUEST_PROGRAMS:%=$(B)/guests/%)

all: $(SLABVISOR) $(VIEW) $(GUESTS) ## build the monitor and the guest programs

vmm_link = $(CC) $(HOST_LDFLAGS) $(SAN_$(1)) -o $@ $(filter %.o,$^) \
	$$(pkg-config --libs $(VMM_LIBS))
define monitor_rules
$(B)/slabvisor$(2): $(call host_objs,$(1),vmm/cmd/main.c $(VMM_SRCS) $(VIRTIO_SRCS) $(MM_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$$(call vmm_link,$(1))
endef
$(eval $(call monitor_rules,plain,))
$(eval $(call monitor_rules,asan,-asan))
$(eval $(call monitor_rules,tsan,-tsan))

$(B)/libslabvisor-guest.a: $(call guest_objs,$(GUEST_LIB_SRCS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define program_rules
$(B)/guests/$(1): $(call guest_objs,$(wildcard guest/$(1)/*.c)) $(B)/libslabvisor-guest.a guest/lib/program.lds
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(GUEST_LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--whole-archive \
		$(B)/libslabvisor-guest.a -Wl,--no-whole-archive
endef
$(foreach p,$(GUEST_PROGRAMS),$(eval $(call program_rules,$(p))))

# Unit tests, one executable a variant: build/tests/ROOM_NAME.VARIANT, with _ for each / of the room.
unit_of = $(or $($(1)_$(2)),$($(patsubst %/,%,$(dir $(1)))_$(2)))
unit_bin = $(B)/tests/$(subst /,_,$(1)).$(2)
define unit_rules
$(call unit_bin,$(1),$(2)): $(if $(call unit_of,$(1),HOSTED),$(call hosted_objs,$(2),tests/unit/$(1).c $(call unit_of,$(1),HOSTED)),$(call host_objs,$(2),tests/unit/$(1).c)) \
		$(call host_objs,$(2),$(call unit_of,$(1),SRCS))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOST_LDFLAGS) $$(SAN_$(2)) -o $$@ $$(filter %.o,$$^) \
		$$$$(pkg-config --libs cmocka $(call unit_of,$(1),LIBS) $$(VMM_LIBS))
UNIT_BINS += $(call unit_bin,$(1),$(2))
endef
UNIT_BINS :=
$(foreach t,$(UNIT_TESTS),$(foreach v,$(or $(call unit_of,$(t),SAN),asan),$(eval $(call unit_rules,$(t),$(v)))))

UNITS = $(filter $(B)/tests/$(subst /,_,$(T))%,$(UNIT_BINS))
unit: $(UNITS) ## build and run the unit tests (T=mm_slab: those whose names begin so)
	$(if $(UNITS),,$(error no unit test has a name that begins with "$(T)"))
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP prove -e '' $(UNITS)

include tests/targets.mk

clean: ## remove what was built
	rm -rf $(B)

help: ## list the targets
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sort | \
		awk -F':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'
	@echo
	@echo '  V=1 shows commands; SAN=address,undefined or SAN=thread instruments the monitor.'
	@echo '  CHECK=1 B=build/check builds one that checks what the comments of mm promise.'

.PHONY: all unit clean help

-include $(shell find $(B) -path $(B)/deb -prune -o -type f -name '*.d' -print 2>/dev/null)
