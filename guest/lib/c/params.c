/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of modules: their types, and what an argument says of one. */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

/* A value's text, a newline behind it. */
#define GET_BUFFER 4096

#define NUMBER(type, ctype, format, parse)                                            \
	int param_set_##type(const char *value, const struct kernel_param *kp)        \
	{                                                                             \
		return value ? parse(value, 0, (ctype *)kp->arg) : -EINVAL;           \
	}                                                                             \
	int param_get_##type(char *buffer, const struct kernel_param *kp)             \
	{                                                                             \
		return scnprintf(buffer, GET_BUFFER, format "\n", *(ctype *)kp->arg); \
	}                                                                             \
	const struct kernel_param_ops param_ops_##type = {                            \
		.set = param_set_##type,                                              \
		.get = param_get_##type,                                              \
	};

NUMBER(byte, u8, "%hhu", kstrtou8)
NUMBER(short, s16, "%hd", kstrtos16)
NUMBER(ushort, u16, "%hu", kstrtou16)
NUMBER(int, int, "%d", kstrtoint)
NUMBER(uint, unsigned int, "%u", kstrtouint)
NUMBER(long, long, "%ld", kstrtol)
NUMBER(ulong, unsigned long, "%lu", kstrtoul)
NUMBER(ullong, unsigned long long, "%llu", kstrtoull)
NUMBER(hexint, unsigned int, "%#08x", kstrtouint)

int param_set_uint_minmax(const char *value, const struct kernel_param *kp, unsigned int min,
			  unsigned int max)
{
	unsigned int number;
	int err = value ? kstrtouint(value, 0, &number) : -EINVAL;

	if (err)
		return err;
	if (number < min || number > max)
		return -EINVAL;
	*(unsigned int *)kp->arg = number;
	return 0;
}

/* Arguments stay for as long as the program runs. */
int param_set_charp(const char *value, const struct kernel_param *kp)
{
	if (!value)
		return -EINVAL;
	*(const char **)kp->arg = value;
	return 0;
}

int param_get_charp(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, GET_BUFFER, "%s\n", *(char **)kp->arg);
}

const struct kernel_param_ops param_ops_charp = {
	.set = param_set_charp,
	.get = param_get_charp,
};

int param_set_bool(const char *value, const struct kernel_param *kp)
{
	return kstrtobool(value ? value : "1", kp->arg);
}

int param_get_bool(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, GET_BUFFER, "%c\n", *(bool *)kp->arg ? 'Y' : 'N');
}

const struct kernel_param_ops param_ops_bool = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = param_set_bool,
	.get = param_get_bool,
};

int param_set_invbool(const char *value, const struct kernel_param *kp)
{
	bool opposite;
	int err = kstrtobool(value, &opposite);

	if (!err)
		*(bool *)kp->arg = !opposite;
	return err;
}

int param_get_invbool(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, GET_BUFFER, "%c\n", *(bool *)kp->arg ? 'N' : 'Y');
}

const struct kernel_param_ops param_ops_invbool = {
	.set = param_set_invbool,
	.get = param_get_invbool,
};

static int set_string(const char *value, const struct kernel_param *kp)
{
	if (!value)
		return -EINVAL;
	return strscpy(kp->str->string, value, kp->str->maxlen) < 0 ? -ENOSPC : 0;
}

static int get_string(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, GET_BUFFER, "%s\n", kp->str->string);
}

const struct kernel_param_ops param_ops_string = {
	.set = set_string,
	.get = get_string,
};

/* What ops see of element i. */
static struct kernel_param element(const struct kernel_param *kp, unsigned int i)
{
	return (struct kernel_param){
		.name = kp->name,
		.ops = kp->arr->ops,
		.perm = kp->perm,
		{.arg = (char *)kp->arr->elem + i * kp->arr->elemsize},
	};
}

static int set_array(const char *value, const struct kernel_param *kp)
{
	unsigned int n = 0;

	for (; value; n++) {
		const struct kernel_param one = element(kp, n);
		const char *end = strchrnul(value, ',');
		char text[64];
		int err;

		if (n == kp->arr->max || end - value >= (long)sizeof(text))
			return -EINVAL;
		strscpy(text, value, end - value + 1);
		err = one.ops->set(text, &one);
		if (err)
			return err;
		value = *end ? end + 1 : NULL;
	}
	if (!n)
		return -EINVAL;
	if (kp->arr->num)
		*kp->arr->num = n;
	return 0;
}

static int get_array(char *buffer, const struct kernel_param *kp)
{
	const unsigned int n = kp->arr->num ? *kp->arr->num : kp->arr->max;
	int len = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct kernel_param one = element(kp, i);
		int more;

		if (i)
			buffer[len - 1] = ',';
		more = one.ops->get(buffer + len, &one);
		if (more < 0)
			return more;
		len += more;
	}
	buffer[len] = '\0';
	return len;
}

const struct kernel_param_ops param_ops_array = {
	.set = set_array,
	.get = get_array,
};

static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	}
	return b[len] == '\0';
}

int grt_param_parse(const char *text, const struct kernel_param *params, size_t nr)
{
	const char *equals = strchrnul(text, '=');
	const size_t len = (size_t)(equals - text);

	for (size_t i = 0; i < nr; i++) {
		const struct kernel_param *kp = &params[i];

		if (strnlen(kp->name, len + 1) != len || !same_name(text, kp->name, len))
			continue;
		if (!*equals && !(kp->ops->flags & KERNEL_PARAM_OPS_FL_NOARG))
			return -ENOENT;
		return kp->ops->set(*equals ? equals + 1 : NULL, kp);
	}
	return -ENOENT;
}
