# SPDX-License-Identifier: BSD-2-Clause
# slabvisor-view, a program of its own (view.h); its libraries are not the monitor's.
VIEW_LIBS := jansson libmicrohttpd libedit ncursesw
VIEW_SRCS := $(wildcard vmm/view/*.c vmm/client/*.c) vmm/qmp/frame.c vmm/qmp/openmetrics.c $(OPTION_SRCS) \
	vmm/base/listen.c vmm/base/run_dir.c
VIEW := $(B)/slabvisor-view

$(VIEW): $(call host_objs,plain,$(VIEW_SRCS))
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_LDFLAGS) -o $@ $(filter %.o,$^) $$(pkg-config --libs $(VIEW_LIBS))
TEST_BINS += $(VIEW)
