/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters of modules, as in Linux's <linux/moduleparam.h>. They are set from the program's
 * arguments before anything of <linux/init.h> runs: "NAME=VALUE" sets a parameter of that name, and
 * "NAME" alone one of type bool. A value that its type has not ends the program with status 2.
 * main() sees all arguments.
 */
#ifndef GUEST_LINUX_MODULEPARAM_H
#define GUEST_LINUX_MODULEPARAM_H

#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/stringify.h>
#include <linux/types.h>

struct kernel_param;

#define KERNEL_PARAM_OPS_FL_NOARG (1 << 0) /* set() takes NULL, for a name alone */

struct kernel_param_ops {
	unsigned int flags;
	/* 0 or a negative errno. */
	int (*set)(const char *value, const struct kernel_param *kp);
	/* Writes the value and a newline to a page. Returns the length, or a negative errno. */
	int (*get)(char *buffer, const struct kernel_param *kp);
	void (*free)(void *arg);
};

struct kparam_string {
	unsigned int maxlen;
	char *string;
};

struct kparam_array {
	unsigned int max;      /* elements that there is room for */
	unsigned int elemsize; /* bytes */
	unsigned int *num;     /* elements that were set, or NULL */
	const struct kernel_param_ops *ops;
	void *elem;
};

struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	const u16 perm; /* of no meaning here */
	union {
		void *arg;
		const struct kparam_string *str;
		const struct kparam_array *arr;
	};
};

#define __module_param_call(nm, operations, argument, permissions)           \
	static const struct kernel_param __param_##nm __used __attribute__(( \
		__section__(".grt_param"), __aligned__(8))) = {              \
		.name = #nm, .ops = (operations), .perm = (permissions), {.arg = (argument)}}

#define module_param_cb(name, ops, arg, perm) __module_param_call(name, ops, arg, perm)
/* The type is pasted at once, since bool may be a macro. */
#define module_param_named(name, value, type, perm) \
	__module_param_call(name, &param_ops_##type, (void *)&(value), perm)
#define module_param_named_unsafe(name, value, type, perm) \
	__module_param_call(name, &param_ops_##type, (void *)&(value), perm)
#define module_param(name, type, perm) \
	__module_param_call(name, &param_ops_##type, (void *)&(name), perm)
#define module_param_unsafe(name, type, perm) \
	__module_param_call(name, &param_ops_##type, (void *)&(name), perm)
#define core_param(name, var, type, perm) \
	__module_param_call(name, &param_ops_##type, (void *)&(var), perm)
#define module_param_string(name, buf, len, perm)                             \
	static const struct kparam_string __param_string_##name = {len, buf}; \
	__module_param_call(name, &param_ops_string, (void *)&__param_string_##name, perm)
#define __module_param_array(nm, array, operations, nump, perm)                              \
	static const struct kparam_array __param_arr_##nm = {.max = ARRAY_SIZE(array),       \
							     .elemsize = sizeof((array)[0]), \
							     .num = nump,                    \
							     .ops = operations,              \
							     .elem = array};                 \
	__module_param_call(nm, &param_ops_array, (void *)&__param_arr_##nm, perm)
#define module_param_array_named(name, array, type, nump, perm) \
	__module_param_array(name, array, &param_ops_##type, nump, perm)
#define module_param_array(name, type, nump, perm) \
	__module_param_array(name, name, &param_ops_##type, nump, perm)
#define MODULE_PARM_DESC(name, text) extern int __export_nothing

/* The types of parameters, each with its two functions; hexint prints in base 16, charp keeps
 * the text of the argument, invbool stores the opposite. */
int param_set_byte(const char *value, const struct kernel_param *kp);
int param_get_byte(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_byte;
int param_set_short(const char *value, const struct kernel_param *kp);
int param_get_short(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_short;
int param_set_ushort(const char *value, const struct kernel_param *kp);
int param_get_ushort(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_ushort;
int param_set_int(const char *value, const struct kernel_param *kp);
int param_get_int(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_int;
int param_set_uint(const char *value, const struct kernel_param *kp);
int param_get_uint(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_uint;
int param_set_long(const char *value, const struct kernel_param *kp);
int param_get_long(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_long;
int param_set_ulong(const char *value, const struct kernel_param *kp);
int param_get_ulong(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_ulong;
int param_set_ullong(const char *value, const struct kernel_param *kp);
int param_get_ullong(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_ullong;
int param_set_hexint(const char *value, const struct kernel_param *kp);
int param_get_hexint(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_hexint;
int param_set_charp(const char *value, const struct kernel_param *kp);
int param_get_charp(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_charp;
int param_set_bool(const char *value, const struct kernel_param *kp);
int param_get_bool(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_bool;
int param_set_invbool(const char *value, const struct kernel_param *kp);
int param_get_invbool(char *buffer, const struct kernel_param *kp);
extern const struct kernel_param_ops param_ops_invbool;

extern const struct kernel_param_ops param_ops_string;
extern const struct kernel_param_ops param_ops_array;

/* A uint from min to max; -EINVAL beyond. */
int param_set_uint_minmax(const char *value, const struct kernel_param *kp, unsigned int min,
			  unsigned int max);

/*
 * Sets the one of nr parameters that text, "NAME=VALUE" or "NAME", names. Returns 0; -ENOENT:
 * none has this name, or text has no value and the parameter needs one; or what its set() returned.
 * In names - and _ are the same.
 */
int grt_param_parse(const char *text, const struct kernel_param *params, size_t nr);

#endif
