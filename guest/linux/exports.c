// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* What guest/lib/kmem/dup.c defines by way of dup_port.h, which exports nothing itself. */
#include <linux/module.h>
#include <slabvisor/svm.h>

EXPORT_SYMBOL_GPL(svm_kstrdup);
EXPORT_SYMBOL_GPL(svm_kstrndup);
EXPORT_SYMBOL_GPL(svm_kstrdup_const);
EXPORT_SYMBOL_GPL(svm_kfree_const);
EXPORT_SYMBOL_GPL(svm_kmemdup);
EXPORT_SYMBOL_GPL(svm_kmemdup_nul);
EXPORT_SYMBOL_GPL(svm_memdup_user);
EXPORT_SYMBOL_GPL(svm_memdup_user_nul);
