/* SPDX-License-Identifier: BSD-2-Clause */
/* Text: characters, hexadecimal, options, parameters, patterns, lists of bits. */
#include "tests/unit/guest/util.h"

#include <linux/bitmap.h>
#include <linux/ctype.h>
#include <linux/glob.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/parser.h>
#include <linux/uuid.h>

static void characters_have_their_kinds(void **state)
{
	(void)state;
	for (int c = 0; c < 128; c++) {
		assert_int_equal(isdigit(c), c >= '0' && c <= '9');
		assert_int_equal(isspace(c), c == ' ' || (c >= 9 && c <= 13));
		assert_int_equal(isprint(c), c >= 32 && c < 127);
		assert_int_equal(isalnum(c), isdigit(c) || isalpha(c));
		assert_int_equal(iscntrl(c), c < 32 || c == 127);
		assert_int_equal(isgraph(c), isprint(c) && c != ' ');
		assert_int_equal(ispunct(c), isgraph(c) && !isalnum(c));
	}
	assert_true(isspace(0xa0) && islower(0xdf) && !isalpha(0xd7));
	assert_int_equal(tolower('Q'), 'q');
	assert_int_equal(toupper(0xe4), 0xc4);
}

static void bytes_become_digits_and_back(void **state)
{
	const u8 bytes[] = "\x00\x9a\xff"
			   "Az";
	u8 back[5];
	u8 mac[6];
	char text[80];

	(void)state;
	*bin2hex(text, bytes, 5) = '\0';
	assert_string_equal(text, "009aff417a");
	assert_int_equal(hex2bin(back, "009AfF417a", 5), 0);
	assert_memory_equal(back, bytes, 5);
	assert_int_equal(hex2bin(back, "0g", 1), -EINVAL);
	for (int c = 0; c < 256; c++)
		assert_int_equal(hex_to_bin((unsigned char)c) >= 0, isxdigit(c));
	assert_int_equal(hex_dump_to_buffer(bytes, 5, 16, 1, text, sizeof(text), true), 49 + 5);
	assert_string_equal(text, "00 9a ff 41 7a                                   ...Az");
	assert_int_equal(hex_dump_to_buffer(bytes, 4, 16, 4, text, sizeof(text), false), 8);
	assert_string_equal(text, "41ff9a00");
	/* The length is that of the whole line; what does not fit is left out. */
	assert_int_equal(hex_dump_to_buffer(bytes, 5, 16, 1, text, 6, false), 14);
	assert_string_equal(text, "00 9a");
	assert_true(mac_pton("00:1b:21:3a:4f:5e", mac) && mac[5] == 0x5e);
	assert_false(mac_pton("00:1b:21:3a:4f", mac));
	print_hex_dump("", "# ", DUMP_PREFIX_OFFSET, 16, 1, bytes, 5, true);
}

static void options_are_read_as_command_lines_have_them(void **state)
{
	char args[] = "debug name=\"a b\" last=1";
	char text[] = "3,4-6,9 x";
	char *at = text;
	char *param;
	char *value;
	char *rest;
	int ints[8];
	int n;

	(void)state;
	assert_int_equal(get_option(&at, &n), 2);
	assert_int_equal(n, 3);
	assert_int_equal(get_option(&at, &n), 3);
	assert_string_equal(get_options(text, 8, ints), " x");
	assert_int_equal(ints[0], 5);
	assert_int_equal(ints[3], 5);
	assert_int_equal(ints[5], 9);
	get_options("1-9", 4, ints);
	assert_int_equal(ints[0], 3);
	get_options("9-1", 8, ints);
	assert_int_equal(ints[0], 0);
	assert_int_equal(memparse("12M,", &rest), 12ull << 20);
	assert_string_equal(rest, ",");
	assert_true(parse_option_str("a,bc,d", "bc") && !parse_option_str("a,bc,d", "b"));
	at = next_arg(args, &param, &value);
	assert_string_equal(param, "debug");
	assert_null(value);
	at = next_arg(at, &param, &value);
	assert_string_equal(value, "a b");
	at = next_arg(at, &param, &value);
	assert_string_equal(value, "1");
	assert_string_equal(at, "");
}

static void a_parameter_is_set_by_its_name(void **state)
{
	static u8 byte;
	static short half;
	static unsigned short uhalf;
	static int number;
	static unsigned int natural;
	static long wide;
	static unsigned long uwide;
	static unsigned long long widest;
	static unsigned int hexint;
	static char *text;
	static bool flag, inverse;
	static int list[3];
	static unsigned int count;
	static char room[6];
	static const struct kparam_string string = {sizeof(room), room};
	static const struct kparam_array array = {3, sizeof(int), &count, &param_ops_int, list};
	const struct kernel_param params[] = {
		{"byte", &param_ops_byte, 0, {.arg = &byte}},
		{"half", &param_ops_short, 0, {.arg = &half}},
		{"uhalf", &param_ops_ushort, 0, {.arg = &uhalf}},
		{"a_number", &param_ops_int, 0, {.arg = &number}},
		{"natural", &param_ops_uint, 0, {.arg = &natural}},
		{"wide", &param_ops_long, 0, {.arg = &wide}},
		{"uwide", &param_ops_ulong, 0, {.arg = &uwide}},
		{"widest", &param_ops_ullong, 0, {.arg = &widest}},
		{"hex", &param_ops_hexint, 0, {.arg = &hexint}},
		{"text", &param_ops_charp, 0, {.arg = &text}},
		{"flag", &param_ops_bool, 0, {.arg = &flag}},
		{"inverse", &param_ops_invbool, 0, {.arg = &inverse}},
		{"list", &param_ops_array, 0, {.arr = &array}},
		{"string", &param_ops_string, 0, {.str = &string}},
	};
	static const struct {
		const char *text;
		int err;
		const char *shown; /* by get(), if err is 0 */
		size_t index;
	} cases[] = {
		{"byte=255", 0, "255\n", 0},
		{"byte=256", -ERANGE, NULL, 0},
		{"half=-7", 0, "-7\n", 1},
		{"uhalf=7", 0, "7\n", 2},
		{"a-number=-5", 0, "-5\n", 3},
		{"a_number=x", -EINVAL, NULL, 3},
		{"a_number", -ENOENT, NULL, 3},
		{"natural=0x10", 0, "16\n", 4},
		{"wide=-1", 0, "-1\n", 5},
		{"uwide=1", 0, "1\n", 6},
		{"widest=18446744073709551615", 0, "18446744073709551615\n", 7},
		{"hex=0x1f", 0, "0x00001f\n", 8},
		{"text=a=b", 0, "a=b\n", 9},
		{"flag", 0, "Y\n", 10},
		{"flag=n", 0, "N\n", 10},
		{"inverse=0", 0, "N\n", 11},
		{"list=1,2,3", 0, "1,2,3\n", 12},
		{"list=1,2,3,4", -EINVAL, NULL, 12},
		{"string=short", 0, "short\n", 13},
		{"string=longer", -ENOSPC, NULL, 13},
		{"natura=1", -ENOENT, NULL, 0},
		{"naturally=1", -ENOENT, NULL, 0},
	};
	char page[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(grt_param_parse(cases[i].text, params, ARRAY_SIZE(params)),
				 cases[i].err);
		if (cases[i].err)
			continue;
		assert_int_equal(params[cases[i].index].ops->get(page, &params[cases[i].index]),
				 strlen(cases[i].shown));
		assert_string_equal(page, cases[i].shown);
	}
	assert_true(inverse && count == 3 && number == -5);
	assert_int_equal(param_set_uint_minmax("9", &params[4], 1, 8), -EINVAL);
	assert_int_equal(param_set_uint_minmax("8", &params[4], 1, 8), 0);
}

static void numbers_come_out_of_user_memory(void **state)
{
	unsigned long long ull;
	long long ll;
	unsigned long ul;
	long l;
	unsigned int u;
	int i;
	u16 u16v;
	s16 s16v;
	u8 u8v;
	s8 s8v;
	bool b;

	(void)state;
	assert_int_equal(kstrtoull_from_user("12345", 3, 10, &ull), 0);
	assert_int_equal(ull, 123);
	assert_int_equal(kstrtoll_from_user("-12", 3, 10, &ll), 0);
	assert_int_equal(kstrtoul_from_user("7\n", 2, 10, &ul), 0);
	assert_int_equal(kstrtol_from_user("7", 1, 10, &l), 0);
	assert_int_equal(kstrtouint_from_user("4294967296", 10, 10, &u), -ERANGE);
	assert_int_equal(kstrtoint_from_user("x", 1, 10, &i), -EINVAL);
	assert_int_equal(kstrtou16_from_user("65536", 5, 10, &u16v), -ERANGE);
	assert_int_equal(kstrtos16_from_user("-32768", 6, 10, &s16v), 0);
	assert_int_equal(kstrtou8_from_user("255", 3, 10, &u8v), 0);
	assert_int_equal(kstrtos8_from_user("128", 3, 10, &s8v), -ERANGE);
	assert_int_equal(kstrtobool_from_user("off", 3, &b), 0);
	assert_false(b);
	assert_int_equal(kstrtoint_from_user(NULL, 4, 10, &i), -EFAULT);
	assert_int_equal(kstrtos8("-128", 10, &s8v), 0);
	assert_int_equal(kstrtos16("32768", 10, &s16v), -ERANGE);
	assert_int_equal(simple_strtoll("-9x", NULL, 10), -9);
}

static void patterns_match_whole_names(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} globs[] = {
		{"", "", true},          {"", "a", false},         {"a*c", "abbc", true},
		{"a*c", "abbcd", false}, {"*a*b*", "xaxbx", true}, {"?", "", false},
		{"[a-c]x", "bx", true},  {"[!a-c]x", "bx", false}, {"[]-]", "-", true},
		{"[", "[", true},        {"\\*", "*", true},       {"\\*", "a", false},
		{"*.c", "x.c.c", true},  {"**", "", true},         {"a[", "a[", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(globs); i++) {
		if (glob_match(globs[i].pattern, globs[i].name) != globs[i].match)
			fail_msg("%s on %s", globs[i].pattern, globs[i].name);
	}
	assert_true(match_wildcard("a*b?", "axxbc") && !match_wildcard("a*b?", "axxb"));
	assert_true(match_wildcard("*", "") && !match_wildcard("", "x"));
}

static void options_of_mounts_are_told_apart(void **state)
{
	enum {
		SIZE,
		MODE,
		NAME,
		PERCENT,
		PAIR,
		OTHER
	};
	const struct match_token table[] = {
		{SIZE, "size=%d"},   {MODE, "mode=%o"},  {NAME, "name=%3s!"},
		{PERCENT, "full%%"}, {PAIR, "at=%u,%x"}, {OTHER, NULL},
	};
	substring_t args[MAX_OPT_ARGS];
	unsigned int natural;
	char size[] = "size=-12";
	char mode[] = "mode=755";
	char name[] = "name=abc!";
	char percent[] = "full%";
	char pair[] = "at=7,ff";
	char bad[] = "size=x";
	char out[4];
	char *copy;
	u64 big;
	int n;

	(void)state;
	util_start(16 * MIB, 0);
	assert_int_equal(match_token(size, table, args), SIZE);
	assert_int_equal(match_int(args, &n), 0);
	assert_int_equal(n, -12);
	assert_int_equal(match_uint(args, &natural), -EINVAL);
	assert_int_equal(match_token(mode, table, args), MODE);
	assert_int_equal(match_octal(args, &n), 0);
	assert_int_equal(n, 0755);
	assert_int_equal(match_token(name, table, args), NAME);
	assert_int_equal(match_strlcpy(out, args, sizeof(out)), 3);
	assert_string_equal(out, "abc");
	copy = match_strdup(args);
	assert_string_equal(copy, "abc");
	kfree(copy);
	assert_int_equal(match_token(percent, table, args), PERCENT);
	assert_int_equal(match_token(pair, table, args), PAIR);
	assert_int_equal(match_u64(&args[0], &big), 0);
	assert_int_equal(big, 7);
	assert_int_equal(match_hex(&args[1], &n), 0);
	assert_int_equal(n, 255);
	assert_int_equal(match_token(bad, table, args), OTHER);
	util_stop();
}

static void lists_of_bits_are_text_and_back(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *list;
	} lists[] = {
		{"0-3,8", 0, "0-3,8"},
		{" 1 \n", 0, "1"},
		{"0-15:2/4", 0, "0-1,4-5,8-9,12-13"},
		{"all", 0, "0-69"},
		{"N", 0, "69"},
		{"60-N", 0, "60-69"},
		{"", 0, ""},
		{"70", -ERANGE, NULL},
		{"4-3", -EINVAL, NULL},
		{"0-3:", -EINVAL, NULL},
		{"0-3:4/2", -EINVAL, NULL},
		{"0-3:1/0", -EINVAL, NULL},
		{"99999999999", -EOVERFLOW, NULL},
		{"a", -EINVAL, NULL},
	};
	DECLARE_BITMAP(map, 70);
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		assert_int_equal(bitmap_parselist(lists[i].text, map, 70), lists[i].err);
		if (lists[i].err)
			continue;
		bitmap_scnlistprintf(text, sizeof(text), map, 70);
		assert_string_equal(text, lists[i].list);
	}
	assert_int_equal(bitmap_parse("3f,00000000,1", 99, map, 70), 0);
	bitmap_scnprintf(text, sizeof(text), map, 70);
	assert_string_equal(text, "3f,00000000,00000001");
	assert_int_equal(bitmap_parse("7f,0,0", 99, map, 70), -EOVERFLOW);
	assert_int_equal(bitmap_parse("123456789", 99, map, 70), -EOVERFLOW);
	assert_int_equal(bitmap_parse("0x1", 99, map, 70), -EINVAL);
	assert_int_equal(bitmap_parse("ffff", 2, map, 70), 0);
	assert_int_equal(bitmap_weight(map, 70), 8);
	util_start(16 * MIB, 0);
	assert_int_equal(bitmap_parselist_user("5-6xx", 3, map, 70), 0);
	assert_int_equal(bitmap_weight(map, 70), 2);
	assert_int_equal(bitmap_parse_user("f", 1, map, 70), 0);
	assert_int_equal(bitmap_parse_user(NULL, 1, map, 70), -EFAULT);
	assert_int_equal(bitmap_parselist("0-3", map, 70), 0);
	assert_int_equal(bitmap_print_list_to_buf(text, map, 70, 1, 99), 4);
	assert_string_equal(text, "-3\n");
	assert_int_equal(bitmap_print_bitmask_to_buf(text, map, 70, 0, 4), 4);
	assert_memory_equal(text, "00,0", 4);
	assert_int_equal(bitmap_print_list_to_buf(text, map, 70, -1, 4), -EINVAL);
	util_stop();
	{
		static char page[8192];
		char *at = (char *)ALIGN((unsigned long)page, 4096) + 4096 - 4;

		/* What is left of the page is four bytes. */
		assert_int_equal(bitmap_print_to_pagebuf(true, at, map, 70), 3);
		assert_string_equal(at, "0-3");
	}
}

static void words_are_split_and_arrays_joined(void **state)
{
	const char *const modes[] = {"off", "on", NULL};
	static char *a[] = {"x", NULL};
	static char *b[] = {"y", "z", NULL};
	char cut[4];
	char joined[8] = "ab";
	char **argv;
	char **both;
	loff_t pos = 1;
	int argc;

	(void)state;
	util_start(16 * MIB, 0);
	argv = argv_split(GFP_KERNEL, "  one two\tthree ", &argc);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[2], "three");
	assert_null(argv[3]);
	argv_free(argv);
	argv = argv_split(GFP_KERNEL, "", &argc);
	assert_int_equal(argc, 0);
	assert_null(argv[0]);
	argv_free(argv);
	both = memcat_p(a, b);
	assert_string_equal(both[2], "z");
	assert_null(both[3]);
	kfree(both);
	kfree(__memcat_p((void **)a, (void **)b));
	util_stop();

	assert_int_equal(strlcpy(cut, "longer", sizeof(cut)), 6);
	assert_string_equal(cut, "lon");
	assert_int_equal(strlcat(joined, "cd", sizeof(joined)), 4);
	assert_string_equal(joined, "abcd");
	assert_ptr_equal(strnchrnul(joined, 8, 'c'), joined + 2);
	assert_ptr_equal(strnchrnul(joined, 8, 'x'), joined + 4);
	assert_ptr_equal(strnstr(joined, "bc", 3), joined + 1);
	assert_null(strnstr(joined, "cd", 3));
	assert_ptr_equal(memscan(joined, 'x', 4), joined + 4);
	assert_int_equal(memweight("\x01\xff", 2), 9);
	assert_int_equal(__sysfs_match_string(modes, 3, "on\n"), 1);
	assert_int_equal(sysfs_match_string(modes, "of"), -EINVAL);
	assert_int_equal(memory_read_from_buffer(cut, 2, &pos, "abcd", 4), 2);
	assert_int_equal(pos, 3);
	assert_int_equal(memory_read_from_buffer(cut, 9, &pos, "abcd", 4), 1);
	assert_int_equal(memory_read_from_buffer(cut, 9, &pos, "abcd", 4), 0);
	strtomem_pad(cut, "a", 'x');
	assert_memory_equal(cut, "axxx", 4);
}

static void identifiers_are_text_and_back(void **state)
{
	static const char text[] = "01020304-0506-0708-090a-0b0c0d0e0f10";
	unsigned char raw[16];
	uuid_t u;
	guid_t g;

	(void)state;
	assert_int_equal(uuid_parse(text, &u), 0);
	assert_int_equal(u.b[0], 1);
	assert_int_equal(u.b[15], 0x10);
	assert_int_equal(guid_parse(text, &g), 0);
	assert_int_equal(g.b[0], 4);
	assert_int_equal(g.b[8], 9);
	assert_true(uuid_equal(
		&u, &UUID_INIT(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16)));
	assert_true(guid_equal(
		&g, &GUID_INIT(0x01020304, 0x0506, 0x0708, 9, 10, 11, 12, 13, 14, 15, 16)));
	assert_false(uuid_is_valid("01020304-0506-0708-090a-0b0c0d0e0f1"));
	assert_int_equal(uuid_parse("0102030405060708090a0b0c0d0e0f10xxxx", &u), -EINVAL);
	uuid_gen(&u);
	guid_gen(&g);
	assert_int_equal(u.b[6] >> 4, 4);
	assert_int_equal(g.b[7] >> 4, 4);
	generate_random_uuid(raw);
	assert_int_equal(raw[8] >> 6, 2);
	generate_random_guid(raw);
	assert_int_equal(raw[7] >> 4, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_have_their_kinds),
		cmocka_unit_test(bytes_become_digits_and_back),
		cmocka_unit_test(options_are_read_as_command_lines_have_them),
		cmocka_unit_test(a_parameter_is_set_by_its_name),
		cmocka_unit_test(numbers_come_out_of_user_memory),
		cmocka_unit_test(patterns_match_whole_names),
		cmocka_unit_test(options_of_mounts_are_told_apart),
		cmocka_unit_test(lists_of_bits_are_text_and_back),
		cmocka_unit_test(words_are_split_and_arrays_joined),
		cmocka_unit_test(identifiers_are_text_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
