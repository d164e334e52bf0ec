# SPDX-License-Identifier: BSD-2-Clause
# What is installed: `stage` puts it below STAGE, `install` copies it from there and remembers what it
# laid down, `uninstall` takes that away, `deb` makes packages of it.

STAGE ?= $(B)/stage
SHARE := $(PREFIX)/share/slabvisor
ZSH_FOLDER ?= site-functions
SYSTEM_LIB ?= $(PREFIX)/lib
# Those of use to who has not the sources.
GUESTS_TO_TRY := blkcheck hello kbench negative selftest ticker wordfreq zcbench
INSTALL_LIST := $(SHARE)/install.list
# What names the folder it lies below: $(call with_prefix,FILE,TARGET,MODE).
with_prefix = install -d $(STAGE)$(dir $(2)) && sed 's|@PREFIX@|$(PREFIX)|g' $(1) >$(STAGE)$(2) && \
	chmod $(or $(3),644) $(STAGE)$(2)

stage: all $(B)/libslabvisor-guest.a $(LIBSLABVISOR) $(SHIM) $(VHOST_LOAD) $(VHOST_DISK)
	$(Q)rm -rf $(STAGE)
	$(Q)install -Dm755 $(SLABVISOR) $(STAGE)$(PREFIX)/bin/slabvisor
	$(Q)install -Dm755 -t $(STAGE)$(PREFIX)/bin configs/slabvisor-vhost-blk $(VHOST_LOAD) $(VHOST_DISK)
	$(Q)install -Dm755 -t $(STAGE)$(PREFIX)/lib/slabvisor/guests $(GUESTS_TO_TRY:%=$(B)/guests/%)
	$(Q)install -Dm755 -t $(STAGE)$(PREFIX)/lib/slabvisor $(VIEW)
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/lib/slabvisor $(B)/libslabvisor-guest.a guest/lib/program.lds
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/include/slabvisor-guest/virtio/abi virtio/abi/*.h
	$(Q)for old in virtio_kmem_abi:kmem platform_abi:platform; do \
		printf '/* This header moved: include the other one. */\n#include "virtio/abi/%s.h"\n' \
			"$${old#*:}" >$(STAGE)$(PREFIX)/include/slabvisor-guest/virtio/$${old%:*}.h; done
	$(Q)cd guest/include && find . -name '*.h' -exec install -Dm644 '{}' \
		'$(abspath $(STAGE))$(PREFIX)/include/slabvisor-guest/{}' ';'
	$(Q)install -d $(STAGE)$(PREFIX)/share/pkgconfig
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(VERSION)|;s|@CFLAGS@|$(GUEST_ABI_CFLAGS)|' configs/slabvisor-guest.pc.in \
		> $(STAGE)$(PREFIX)/share/pkgconfig/slabvisor-guest.pc
	@# For a Linux guest: the module's source, what programs link with or preload, who may have memory.
	$(Q)tools/module_source.sh $(abspath $(STAGE))$(PREFIX)/src/slabvisor-$(VERSION) $(VERSION)
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/lib $(B)/libslabvisor.a
	$(Q)install -Dm755 -t $(STAGE)$(PREFIX)/lib $(B)/libslabvisor.so.0 $(SHIM)
	$(Q)ln -s libslabvisor.so.0 $(STAGE)$(PREFIX)/lib/libslabvisor.so
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/include/slabvisor guest/user/slabvisor.h
	$(Q)install -Dm644 guest/linux/include/uapi/slabvisor.h \
		$(STAGE)$(PREFIX)/include/slabvisor/slabvisor/uapi.h
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(VERSION)|' configs/slabvisor.pc.in \
		> $(STAGE)$(PREFIX)/share/pkgconfig/slabvisor.pc
	$(Q)install -Dm644 -t $(STAGE)$(SYSTEM_LIB)/udev/rules.d configs/guest/60-slabvisor.rules
	$(Q)install -Dm644 configs/guest/slabvisor.sysusers \
		$(STAGE)$(PREFIX)/lib/sysusers.d/slabvisor-guest.conf
	$(Q)install -Dm644 -t $(STAGE)$(SHARE) configs/*.yaml tools/initramfs.sh
	$(Q)$(call with_prefix,configs/50-slabvisor-blk.json.in,$(PREFIX)/share/qemu/vhost-user/50-slabvisor-blk.json)
	$(Q)$(call with_prefix,configs/systemd/slabvisor-blk@.service.in,$(SYSTEM_LIB)/systemd/system/slabvisor-blk@.service)
	$(Q)install -Dm644 -t $(STAGE)$(SYSTEM_LIB)/systemd/system configs/systemd/slabvisor-blk@.socket
	$(Q)install -Dm644 configs/systemd/slabvisor.sysusers $(STAGE)$(PREFIX)/lib/sysusers.d/slabvisor.conf
	$(Q)install -Dm644 -t $(STAGE)$(SHARE)/systemd configs/systemd/block-device.conf
	$(Q)install -Dm644 -t $(STAGE)$(SHARE)/libvirt configs/libvirt/domain.xml
	$(Q)install -Dm755 -t $(STAGE)$(SHARE)/libvirt/hooks configs/libvirt/hooks/qemu
	$(Q)sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' $(STAGE)$(SHARE)/libvirt/hooks/qemu
	$(Q)install -Dm644 -t $(STAGE)$(SHARE)/apparmor configs/apparmor/libvirt-qemu
	$(Q)sed 's|^\. .*/initramfs.sh"$$|. $(SHARE)/initramfs.sh|' tools/mkinitramfs.sh \
		> $(STAGE)$(PREFIX)/bin/slabvisor-mkinitramfs
	$(Q)chmod 755 $(STAGE)$(PREFIX)/bin/slabvisor-mkinitramfs
	$(Q)for page in $(MAN_PAGES); do \
		folder=$(STAGE)$(PREFIX)/share/man/man$${page##*.}; install -d "$$folder" && \
		sed 's|@PREFIX@|$(PREFIX)|g' "$$page" >"$$folder/$${page##*/}"; done
	$(Q)install -Dm644 $(B)/completion/slabvisor.bash \
		$(STAGE)$(PREFIX)/share/bash-completion/completions/slabvisor
	$(Q)for tool in $(notdir $(VHOST_LOAD) $(VHOST_DISK)); do \
		ln -s slabvisor $(STAGE)$(PREFIX)/share/bash-completion/completions/$$tool; done
	$(Q)install -Dm644 $(B)/completion/slabvisor.zsh $(STAGE)$(PREFIX)/share/zsh/$(ZSH_FOLDER)/_slabvisor
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/share/doc/slabvisor README.md ARCHITECTURE.md SECURITY.md \
		CHANGELOG.md LICENSE
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/share/doc/slabvisor/docs docs/*.md
	$(Q)install -Dm644 -t $(STAGE)$(PREFIX)/share/doc/slabvisor/libvirt configs/libvirt/README.md

install: stage ## install under PREFIX (/usr/local), below DESTDIR
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)tools/lay_down.sh install '$(abspath $(STAGE))' '$(abspath $(DESTDIR))' '$(INSTALL_LIST)'
	@pkg-config --variable pc_path pkg-config | tr : '\n' | grep -qxF '$(PREFIX)/share/pkgconfig' || \
		echo 'To build guests with what was installed: export PKG_CONFIG_PATH=$(PREFIX)/share/pkgconfig'

uninstall: ## take away what `make install` laid down there
	$(call say,REMOVE,$(DESTDIR)$(PREFIX))
	$(Q)tools/lay_down.sh remove '$(abspath $(DESTDIR))' '$(INSTALL_LIST)'

.PHONY: stage install uninstall

# In a copy of the sources, since dpkg-buildpackage writes beside and into them.
DEB := $(B)/deb
deb: ## build packages of Debian in build/deb, and have lintian look at them
	$(Q)tools/deps.sh deb
	$(Q)tools/make_deb.sh $(DEB) $(VERSION)

.PHONY: deb
