/*
 * Variables: what a profile may declare, what a caller may give, and each fault in its words.
 */
#include "base/clock.h"
#include "unit/palette/entity_fixture.h"

/* ---- a body of two profiles ---- */

/* What became of the given values; a profile that answers NULL was not to be found. */
static struct outcome give(const char *profile_variables, const char *cluster_variables,
			   struct text first, struct text second)
{
	struct outcome o = {.kind = entity_kind_named(TEXT("virtual"))};
	struct entity_draft draft;
	struct text body =
		quoted(arena_printf(&arena,
				    "{'cloudType':'virtual','name':'n','clusterGroupUid':'g',"
				    "'profileUids':['p1','p2'],'profileVariables':%s,"
				    "'clusterVariables':%s}",
				    profile_variables, cluster_variables));

	entity_faults_init(&o.faults, &arena, "");
	entity_draft(&arena, o.kind, body, &o.faults, &draft);
	if (o.faults.count > 0)
		fail_msg("%s: %s", body.ptr, o.faults.items[0].message);
	if (first.ptr != NULL)
		entity_declare(&draft, 0, first);
	if (second.ptr != NULL)
		entity_declare(&draft, 1, second);
	o.ok = entity_finish(&draft, &o.faults, &o.entity);
	assert_int_equal(o.ok, o.faults.count == 0);
	o.ok = entity_faults_none(&o.faults, &o.err);
	return o;
}

/* An answer with these declarations. */
static struct text answer_of(const char *declarations)
{
	return quoted(arena_printf(&arena, "{'variables':[%s]}", declarations));
}

/* "/pointer message", a line each. */
static const char *told(const struct outcome *o)
{
	const char *lines = "";

	for (size_t i = 0; i < o->faults.count; i++)
		lines = arena_printf(&arena, "%s%s%s %s", lines, i == 0 ? "" : "\n",
				     o->faults.items[i].pointer, o->faults.items[i].message);
	return lines;
}

/* What the first profile is sent; "" if there were faults. */
static const char *sent(const struct outcome *o, const char *pointer)
{
	struct text value;

	if (!o->ok)
		return "";
	assert_true(json_at(o->entity, pointer, &value));
	return arena_copy(&arena, value);
}

/* ---- one value, one declaration ---- */

#define NUMBER  "'format':'number'"
#define BOOLEAN "'format':'boolean'"
#define IPV4    "'format':'ipv4'"
#define CIDR    "'format':'ipv4cidr'"
#define IPV6    "'format':'ipv6'"
#define VERSION "'format':'version'"
#define BASE64  "'format':'base64'"
#define SIZES   "'inputType':'dropdown','options':[{'value':'small','label':'S'},{'value':'large'}]"
#define DNS     "'regex':'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'"

#define NO_NUMBER  "must be a number such as 3 or 1.5 (profile p1)"
#define NO_BOOLEAN "must be true or false (profile p1)"
#define NO_IPV4    "must be an IPv4 address (profile p1)"
#define NO_CIDR    "must be an IPv4 network such as 10.0.0.0/16 (profile p1)"
#define NO_IPV6    "must be an IPv6 address (profile p1)"
#define NO_VERSION "must be a version such as 1.2.3 (profile p1)"
#define NO_BASE64  "must be base64 with its padding (profile p1)"
#define NO_SIZE    "must be one of: small, large (profile p1)"
#define NO_DNS     "must match the regular expression ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ (profile p1)"

static const struct {
	const char *declaration; /* of v, without its name */
	const char *value;       /* JSON */
	const char *fault;       /* NULL: it is sent */
} values[] = {
	/* string, and what nobody knows */
	{"'format':'string'", "'anything \\u00e9 \\n'", NULL},
	{"'format':'string'", "3.10", NULL},
	{"'format':'string'", "true", NULL},
	{"'format':null", "'x'", NULL},
	{"'format':7", "'x'", NULL},
	{"'format':'colour'", "'x'", NULL},
	{"'format':'NUMBER'", "'x'", NULL},
	{"'description':null,'inputType':'text','options':null,'regex':null", "'x'", NULL},
	/* numbers */
	{NUMBER, "3", NULL},
	{NUMBER, "3.10", NULL},
	{NUMBER, "-0.5e-7", NULL},
	{NUMBER, "9007199254740993", NULL},
	{NUMBER, "'3'", NULL},
	{NUMBER, "'3.10'", NULL},
	{NUMBER, "'1E400'", NULL},
	{NUMBER, "'three'", NO_NUMBER "; found \"three\""},
	{NUMBER, "' 3'", NO_NUMBER "; found \" 3\""},
	{NUMBER, "'3 '", NO_NUMBER "; found \"3 \""},
	{NUMBER, "'3\\n'", NO_NUMBER "; found \"3\\u000a\""},
	{NUMBER, "'007'", NO_NUMBER "; found \"007\""},
	{NUMBER, "'+3'", NO_NUMBER "; found \"+3\""},
	{NUMBER, "'.5'", NO_NUMBER "; found \".5\""},
	{NUMBER, "'0x10'", NO_NUMBER "; found \"0x10\""},
	{NUMBER, "'NaN'", NO_NUMBER "; found \"NaN\""},
	{NUMBER, "'1,5'", NO_NUMBER "; found \"1,5\""},
	{NUMBER, "'[3]'", NO_NUMBER "; found \"[3]\""},
	{NUMBER, "'\\\"3\\\"'", NO_NUMBER "; found \"\"3\"\""},
	{NUMBER, "true", NO_NUMBER "; found \"true\""},
	/* booleans */
	{BOOLEAN, "true", NULL},
	{BOOLEAN, "false", NULL},
	{BOOLEAN, "'true'", NULL},
	{BOOLEAN, "'false'", NULL},
	{BOOLEAN, "'True'", NO_BOOLEAN "; found \"True\""},
	{BOOLEAN, "'yes'", NO_BOOLEAN "; found \"yes\""},
	{BOOLEAN, "1", NO_BOOLEAN "; found \"1\""},
	{BOOLEAN, "'0'", NO_BOOLEAN "; found \"0\""},
	{BOOLEAN, "'true '", NO_BOOLEAN "; found \"true \""},
	/* addresses */
	{IPV4, "'10.0.0.1'", NULL},
	{IPV4, "'255.255.255.255'", NULL},
	{IPV4, "'0.0.0.0'", NULL},
	{IPV4, "'10.0.0'", NO_IPV4 "; found \"10.0.0\""},
	{IPV4, "'10.0.0.256'", NO_IPV4 "; found \"10.0.0.256\""},
	{IPV4, "'10.0.0.01'", NO_IPV4 "; found \"10.0.0.01\""},
	{IPV4, "'10.0.0.1/8'", NO_IPV4 "; found \"10.0.0.1/8\""},
	{IPV4, "'10.0.0.1.'", NO_IPV4 "; found \"10.0.0.1.\""},
	{IPV4, "' 10.0.0.1'", NO_IPV4 "; found \" 10.0.0.1\""},
	{IPV4, "'0x0a000001'", NO_IPV4 "; found \"0x0a000001\""},
	{IPV4, "'fd00::1'", NO_IPV4 "; found \"fd00::1\""},
	{IPV4, "10", NO_IPV4 "; found \"10\""},
	{IPV4, "10.5", NO_IPV4 "; found \"10.5\""},
	{CIDR, "'10.0.0.0/16'", NULL},
	{CIDR, "'10.1.2.3/8'", NULL},
	{CIDR, "'0.0.0.0/0'", NULL},
	{CIDR, "'10.0.0.1/32'", NULL},
	{CIDR, "'10.0.0.0/33'", NO_CIDR "; found \"10.0.0.0/33\""},
	{CIDR, "'10.0.0.0/'", NO_CIDR "; found \"10.0.0.0/\""},
	{CIDR, "'10.0.0.0'", NO_CIDR "; found \"10.0.0.0\""},
	{CIDR, "'/16'", NO_CIDR "; found \"/16\""},
	{CIDR, "'10.0.0.0/08'", NO_CIDR "; found \"10.0.0.0/08\""},
	{CIDR, "'10.0.0.0/+8'", NO_CIDR "; found \"10.0.0.0/+8\""},
	{CIDR, "'10.0.0.0/-1'", NO_CIDR "; found \"10.0.0.0/-1\""},
	{CIDR, "'10.0.0.0/16/8'", NO_CIDR "; found \"10.0.0.0/16/8\""},
	{CIDR, "'10.0.0.0/255.0.0.0'", NO_CIDR "; found \"10.0.0.0/255.0.0.0\""},
	{CIDR, "'10.0.0.0/99999999999999999999'",
	 NO_CIDR "; found \"10.0.0.0/99999999999999999999\""},
	{CIDR, "'fd00::/8'", NO_CIDR "; found \"fd00::/8\""},
	{IPV6, "'fd00::1'", NULL},
	{IPV6, "'::'", NULL},
	{IPV6, "'2001:DB8:0:0:0:0:0:1'", NULL},
	{IPV6, "'::ffff:10.0.0.1'", NULL},
	{IPV6, "'10.0.0.1'", NO_IPV6 "; found \"10.0.0.1\""},
	{IPV6, "'fd00::1::2'", NO_IPV6 "; found \"fd00::1::2\""},
	{IPV6, "'fe80::1%eth0'", NO_IPV6 "; found \"fe80::1%eth0\""},
	{IPV6, "'[fd00::1]'", NO_IPV6 "; found \"[fd00::1]\""},
	{IPV6, "'fd00::12345'", NO_IPV6 "; found \"fd00::12345\""},
	{IPV6, "'1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb'",
	 NO_IPV6 "; found \"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb\""},
	/* versions */
	{VERSION, "'1.2.3'", NULL},
	{VERSION, "'v1.27.3'", NULL},
	{VERSION, "'1.27'", NULL},
	{VERSION, "1.27", NULL},
	{VERSION, "'1'", NULL},
	{VERSION, "'0.0.0'", NULL},
	{VERSION, "'1.0.0-rc.1'", NULL},
	{VERSION, "'1.0.0+build-5.x'", NULL},
	{VERSION, "'1.0.0-alpha-2.b+5'", NULL},
	{VERSION, "'1.2.3.4'", NO_VERSION "; found \"1.2.3.4\""},
	{VERSION, "'latest'", NO_VERSION "; found \"latest\""},
	{VERSION, "'1.2.x'", NO_VERSION "; found \"1.2.x\""},
	{VERSION, "'01.2.3'", NO_VERSION "; found \"01.2.3\""},
	{VERSION, "'1..3'", NO_VERSION "; found \"1..3\""},
	{VERSION, "'1.2.'", NO_VERSION "; found \"1.2.\""},
	{VERSION, "'1.2.3-'", NO_VERSION "; found \"1.2.3-\""},
	{VERSION, "'1.2.3-a..b'", NO_VERSION "; found \"1.2.3-a..b\""},
	{VERSION, "'1.2.3+'", NO_VERSION "; found \"1.2.3+\""},
	{VERSION, "'1.2.3-a_b'", NO_VERSION "; found \"1.2.3-a_b\""},
	{VERSION, "'v'", NO_VERSION "; found \"v\""},
	{VERSION, "'vv1.2.3'", NO_VERSION "; found \"vv1.2.3\""},
	{VERSION, "'>=1.2.3'", NO_VERSION "; found \">=1.2.3\""},
	{VERSION, "' 1.2.3'", NO_VERSION "; found \" 1.2.3\""},
	/* base64 */
	{BASE64, "'c2ltLXNlY3JldA=='", NULL},
	{BASE64, "'AAAA\\nBBBB\\r\\n'", NULL},
	{BASE64, "'+/+/'", NULL},
	{BASE64, "'c2ltLXNlY3JldA'", NO_BASE64 "; found \"c2ltLXNlY3JldA\""},
	{BASE64, "'-_-_'", NO_BASE64 "; found \"-_-_\""},
	{BASE64, "'AA=A'", NO_BASE64 "; found \"AA=A\""},
	{BASE64, "'AAA A'", NO_BASE64 "; found \"AAA A\""},
	{BASE64, "'='", NO_BASE64 "; found \"=\""},
	/* options */
	{SIZES, "'small'", NULL},
	{SIZES, "'l\\u0061rge'", NULL},
	{SIZES, "'medium'", NO_SIZE "; found \"medium\""},
	{SIZES, "'S'", NO_SIZE "; found \"S\""}, /* a label */
	{SIZES, "'Small'", NO_SIZE "; found \"Small\""},
	{SIZES, "1", NO_SIZE "; found \"1\""},
	{"'inputType':'dropdown','options':[{'value':3},{'value':true}]", "3", NULL},
	{"'inputType':'dropdown','options':[{'value':3},{'value':true}]", "'true'", NULL},
	{"'inputType':'dropdown','options':[{'value':3},{'value':true}]", "4",
	 "must be one of: 3, true (profile p1); found \"4\""},
	{"'options':[{'value':'a'}]", "'b'", "must be one of: a (profile p1); found \"b\""},
	{"'inputType':'text','options':[{'value':'a'}]", "'b'", NULL},
	{"'inputType':'multiline','options':[{'value':'a'}]", "'b'", NULL},
	{"'inputType':'dropdown','options':[]", "'b'", NULL},
	{"'inputType':'dropdown','options':{}", "'b'", NULL},
	{"'inputType':'dropdown'", "'b'", NULL},
	{"'inputType':'dropdown','options':[{'value':'a'},{'label':'b'}]", "'c'", NULL},
	{"'inputType':'dropdown','options':[{'value':'a'},7]", "'c'", NULL},
	{"'inputType':'dropdown','options':[{'value':''},{'value':'a'}]", "'c'",
	 "must be one of: \"\", a (profile p1); found \"c\""},
	{"'inputType':'dropdown','options':[{'value':'x\\u001b[2J'}]", "'c'",
	 "must be one of: x\\u001b[2J (profile p1); found \"c\""},
	{NUMBER "," SIZES, "'medium'", NO_SIZE "; found \"medium\""},
	{NUMBER "," SIZES, "'small'", NO_NUMBER "; found \"small\""},
	/* regular expressions */
	{DNS, "'my-app'", NULL},
	{DNS, "'My-app'", NO_DNS "; found \"My-app\""},
	{DNS, "'my-app\\n'", NO_DNS "; found \"my-app\\u000a\""},
	{"'regex':'b'", "'abc'", NULL},
	{"'regex':'^b'", "'abc'",
	 "must match the regular expression ^b (profile p1); found \"abc\""},
	{"'regex':''", "'abc'", NULL},
	{"'regex':5", "'abc'", NULL},
	{"'regex':'('", "'abc'", NULL},
	{"'regex':'a\\u0000b'", "'abc'", NULL},
	{"'regex':'^(?:[1-9]|10)$'," NUMBER, "11",
	 "must match the regular expression ^(?:[1-9]|10)$ (profile p1); found \"11\""},
	{"'regex':'^(?:[1-9]|10)$'," NUMBER, "'x'", NO_NUMBER "; found \"x\""},
	{"'regex':'^(?:[1-9]|10)$'," NUMBER, "10", NULL},
	{"'regex':'(a+)+$'", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'", NULL},
	{"'regex':'^(a|a)*$'", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'", NULL},
	/* what is found is told within bounds, and harmless to look at */
	{BOOLEAN, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
	 NO_BOOLEAN "; found \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
	{BOOLEAN, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'",
	 NO_BOOLEAN "; found a text of 65 bytes"},
	{BOOLEAN, "'\\u001b[31mred\\u202e'", NO_BOOLEAN "; found \"\\u001b[31mred\\u202e\""},
	{BOOLEAN, "'gr\\u00f6\\u00dfe'",
	 NO_BOOLEAN "; found \"gr\xc3\xb6\xc3\x9f"
		    "e\""},
	/* hidden ones may be given, and immutable ones that have no default */
	{"'hidden':true,'defaultValue':'d'", "'x'", NULL},
	{"'immutable':true,'defaultValue':'d'", "'d'", NULL},
	{"'immutable':true,'defaultValue':'d'", "'x'",
	 "is immutable, and must keep its default \"d\" (profile p1); found \"x\""},
	{"'immutable':true,'defaultValue':'d','isSensitive':true", "'x'",
	 "is immutable, and must keep its default (profile p1)"},
	{"'immutable':true,'defaultValue':''", "'x'", NULL},
	{"'immutable':false,'defaultValue':'d'", "'x'", NULL},
	{"'immutable':true,'hidden':true,'required':true," NUMBER, "3", NULL},
	{"'hidden':true," NUMBER, "'x'", NO_NUMBER "; found \"x\""},
	/* sensitive ones are never repeated, nor what they may be */
	{"'isSensitive':true," NUMBER, "'hunter2'", NO_NUMBER},
	{"'isSensitive':true," SIZES, "'hunter2'",
	 "must be one of the profile's options (profile p1)"},
	{"'isSensitive':true," DNS, "'Hunter2'", NO_DNS},
	{"'isSensitive':'yes'," NUMBER, "'hunter2'", NO_NUMBER},
	{"'isSensitive':1," NUMBER, "'hunter2'", NO_NUMBER},
	{"'isSensitive':null," NUMBER, "'x'", NO_NUMBER "; found \"x\""},
	{"'isSensitive':true", "'hunter2'", NULL},
	/* an empty text is no value */
	{NUMBER, "''", NULL},
	{SIZES, "''", NULL},
	{"'required':true", "''",
	 "is required by profile p1: expected a text; found an empty text"},
	{"'required':true," SIZES, "''",
	 "is required by profile p1: expected one of: small, large; found an empty text"},
};

static void each_value_fits_or_not(void **state)
{
	(void)state;
	assert_true(ARRAY_LEN(values) >= 120);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct text answer =
			answer_of(arena_printf(&arena, "{'name':'v',%s}", values[i].declaration));
		struct outcome o = give(arena_printf(&arena, "{'v':%s}", values[i].value), "{}",
					answer, answer_of(""));
		const char *wanted =
			values[i].fault == NULL
				? ""
				: arena_printf(&arena, "/profileVariables/v %s", values[i].fault);

		if (strcmp(told(&o), wanted) != 0)
			fail_msg("%s of {%s}: wanted %s, got %s", values[i].value,
				 values[i].declaration, wanted, told(&o));
	}
}

/* Their own bytes, whatever they are. */
static void values_are_sent_as_they_stand(void **state)
{
	static const struct {
		const char *given;
		const char *sent;
	} cases[] = {
		{"'x'", "\"x\""},
		{"3.10", "\"3.10\""},
		{"9007199254740993", "\"9007199254740993\""},
		{"-1E+5", "\"-1E+5\""},
		{"true", "\"true\""},
		{"'\\u0041\\/\\n'", "\"\\u0041\\/\\n\""},
		{"''", "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome o = give(arena_printf(&arena, "{'v':%s}", cases[i].given), "{}",
					answer_of("{'name':'v'}"), answer_of(""));

		assert_string_equal(sent(&o, "/spec/profiles/0/variables/0/value"), cases[i].sent);
		assert_string_equal(sent(&o, "/spec/profiles/1/variables"), "[]");
	}
}

/* ---- several of both ---- */

static const struct {
	const char *profile_variables;
	const char *cluster_variables;
	const char *first; /* declarations of p1; NULL: nobody could ask */
	const char *second;
	const char *faults;
	const char *sent; /* to p1 and p2, of what passes */
} several[] = {
	/* who gets what */
	{"{'a':1,'b':2}", "{}", "{'name':'b'},{'name':'a'}", "{'name':'a'}", "",
	 "[{'name':'b','value':'2'},{'name':'a','value':'1'}] [{'name':'a','value':'1'}]"},
	{"{'a':1}", "{'a':2}", "{'name':'a'}", "", "", "[{'name':'a','value':'2'}] []"},
	{"{}", "{'a':2,'timezone':'UTC'}", "{'name':'a'}", "{'name':'timezone'}", "",
	 "[{'name':'a','value':'2'}] []"},
	{"{'timezone':'UTC'}", "{}", "", "{'name':'timezone'}", "",
	 "[] [{'name':'timezone','value':'UTC'}]"},
	{"{'a':1}", "{}", "{'name':'a'},{'name':'a'}", "", "", "[{'name':'a','value':'1'}] []"},
	{"{'\xc3\xa9':1}", "{}", "{'name':'\\u00e9'}", "", "",
	 "[{'name':'\xc3\xa9','value':'1'}] []"},
	/* of a name declared twice in one profile the first counts */
	{"{'a':'x'}", "{}", "{'name':'a'},{'name':'a'," NUMBER "}", "", "",
	 "[{'name':'a','value':'x'}] []"},
	{"{'a':'x'}", "{}", "{'name':'a'," NUMBER "},{'name':'a'}", "",
	 "/profileVariables/a " NO_NUMBER "; found \"x\"", ""},
	/* each profile checks for itself */
	{"{'a':'x'}", "{}", "{'name':'a'," NUMBER "}", "{'name':'a'," BOOLEAN "}",
	 "/profileVariables/a " NO_NUMBER "; found \"x\"\n"
	 "/profileVariables/a must be true or false (profile p2); found \"x\"",
	 ""},
	{"{'a':'x'}", "{'a':'y'}", "{'name':'a'}", "{'name':'a'," NUMBER "}",
	 "/clusterVariables/a must be a number such as 3 or 1.5 (profile p2); found \"y\"", ""},
	{"{'b':'x','a':'x'}", "{'c':'x'}",
	 "{'name':'a'," NUMBER "},{'name':'b'," NUMBER "},{'name':'c'," NUMBER "}", "",
	 "/profileVariables/b " NO_NUMBER "; found \"x\"\n"
	 "/profileVariables/a " NO_NUMBER "; found \"x\"\n"
	 "/clusterVariables/c " NO_NUMBER "; found \"x\"",
	 ""},
	/* sensitive for one is sensitive for all, before and after, also when repeated */
	{"{'a':'hunter2'}", "{}", "{'name':'a'," NUMBER "}", "{'name':'a','isSensitive':true}",
	 "/profileVariables/a " NO_NUMBER, ""},
	{"{'a':'hunter2'}", "{}", "{'name':'a','isSensitive':true}", "{'name':'a'," NUMBER "}",
	 "/profileVariables/a must be a number such as 3 or 1.5 (profile p2)", ""},
	{"{'a':'hunter2'}", "{}", "{'name':'a'," NUMBER "},{'name':'a','isSensitive':true}", "",
	 "/profileVariables/a " NO_NUMBER, ""},
	{"{'adminPassword':'hunter2'}", "{}", "{'name':'adminPassword'," NUMBER "}", "",
	 "/profileVariables/adminPassword " NO_NUMBER, ""},
	/* nobody declares it */
	{"{'x':1}", "{}", "", "",
	 "/profileVariables/x cannot be given: none of the profiles declares any variables", ""},
	{"{'x':'hunter2'}", "{}", "{'name':'namespace'}", "{'name':'k8s_replicas'}",
	 "/profileVariables/x is a variable that none of the profiles declares; they declare: "
	 "namespace, k8s_replicas",
	 ""},
	{"{}", "{'k8s_replica':1}", "{'name':'namespace'}",
	 "{'name':'k8s_replicas'},{'name':'namespace'}",
	 "/clusterVariables/k8s_replica is a variable that none of the profiles declares; did you "
	 "mean k8s_replicas? They declare: namespace, k8s_replicas",
	 ""},
	{"{'A':1}", "{}", "{'name':'a'}", "",
	 "/profileVariables/A is a variable that none of the profiles declares; did you mean a? "
	 "They "
	 "declare: a",
	 ""},
	{"{'a/b~':1}", "{}", "{'name':'long-name'}", "",
	 "/profileVariables/a~1b~0 is a variable that none of the profiles declares; they declare: "
	 "long-name",
	 ""},
	/* but a profile that could not be asked may do so */
	{"{'x':1}", "{}", "{'name':'a'}", NULL, "", "[] []"},
	{"{'x':1}", "{}", NULL, NULL, "", "[] []"},
	{"{'a':'x'}", "{}", "{'name':'a'," NUMBER "}", NULL,
	 "/profileVariables/a " NO_NUMBER "; found \"x\"", ""},
	/* required */
	{"{}", "{}", "{'name':'a','required':true}", "",
	 "/profileVariables/a is required by profile p1: expected a text; found nothing", ""},
	{"{}", "{}", "{'name':'a','required':true,'displayName':'The first'," NUMBER "}", "",
	 "/profileVariables/a is required by profile p1 (The first): expected a number such as 3 "
	 "or "
	 "1.5; found nothing",
	 ""},
	{"{}", "{}", "{'name':'a','required':true,'displayName':'a'," DNS "}", "",
	 "/profileVariables/a is required by profile p1: expected a text that matches the regular "
	 "expression ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$; found nothing",
	 ""},
	{"{}", "{}", "{'name':'a/b','required':true,'isSensitive':true," SIZES "}", "",
	 "/profileVariables/a~1b is required by profile p1: expected one of the profile's options; "
	 "found nothing",
	 ""},
	{"{}", "{}", "{'name':'a','required':true}", "{'name':'a','required':true}",
	 "/profileVariables/a is required by profile p1 and 1 more: expected a text; found nothing",
	 ""},
	{"{}", "{}", "{'name':'a'}", "{'name':'a','required':true},{'name':'b','required':true}",
	 "/profileVariables/a is required by profile p2: expected a text; found nothing\n"
	 "/profileVariables/b is required by profile p2: expected a text; found nothing",
	 ""},
	{"{}", "{'a':''}", "{'name':'a','required':true}", "{'name':'a'}",
	 "/clusterVariables/a is required by profile p1: expected a text; found an empty text", ""},
	{"{}", "{}", "{'name':'a','required':true,'hidden':true}", "",
	 "/profileVariables/a is required by profile p1: expected a text; found nothing", ""},
	{"{'a':'x'}", "{}", "{'name':'a','required':true}", "", "",
	 "[{'name':'a','value':'x'}] []"},
	{"{'a':false}", "{}", "{'name':'a','required':true," BOOLEAN "}", "", "",
	 "[{'name':'a','value':'false'}] []"},
	/* with a default it need not be given; the default itself is not sent */
	{"{}", "{}", "{'name':'a','required':true,'defaultValue':'d'}", "", "", "[] []"},
	{"{}", "{}", "{'name':'a','required':true,'defaultValue':0}", "", "", "[] []"},
	{"{}", "{}",
	 "{'name':'a','required':true,'options':[{'value':'x'},{'value':'y','default':true}]}", "",
	 "", "[] []"},
	{"{}", "{}", "{'name':'a','hidden':true,'defaultValue':'d'}", "", "", "[] []"},
	{"{'a':''}", "{}", "{'name':'a','required':true,'defaultValue':'d'}", "{'name':'a'}", "",
	 "[] [{'name':'a','value':''}]"},
	{"{}", "{}", "{'name':'a','required':true,'defaultValue':''}", "",
	 "/profileVariables/a is required by profile p1: expected a text; found nothing", ""},
	{"{}", "{}", "{'name':'a','required':true,'defaultValue':null}", "",
	 "/profileVariables/a is required by profile p1: expected a text; found nothing", ""},
	{"{}", "{}", "{'name':'a','required':true,'options':[{'value':'x','default':false}]}", "",
	 "/profileVariables/a is required by profile p1: expected one of: x; found nothing", ""},
	/* the first declaration of a name counts in each profile */
	{"{}", "{}", "{'name':'a'},{'name':'a','required':true}", "", "", "[] []"},
	/* odd declarations */
	{"{}", "{}", "null,7,'x',[],{},{'name':null},{'name':7},{'name':''},{'name':'a\\u0000b'}",
	 "", "", "[] []"},
	{"{}", "{}", "{'name':'a','required':'true'},{'name':'b','required':null}", "", "",
	 "[] []"},
	{"{'a':'x'}", "{}",
	 "{'name':'a','displayName':{},'format':[],'inputType':{},'options':'x','regex':{},"
	 "'required':1,'hidden':'x','immutable':[],'isSensitive':false,'more':[{}]}",
	 "", "", "[{'name':'a','value':'x'}] []"},
};

static void profiles_and_values_meet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(several); i++) {
		struct text first = {.ptr = NULL};
		struct text second = {.ptr = NULL};
		struct outcome o;

		if (several[i].first != NULL)
			first = answer_of(several[i].first);
		if (several[i].second != NULL)
			second = answer_of(several[i].second);
		o = give(several[i].profile_variables, several[i].cluster_variables, first, second);
		if (*several[i].faults == '\0' && o.ok) {
			const char *both = arena_printf(&arena, "%s %s",
							sent(&o, "/spec/profiles/0/variables"),
							sent(&o, "/spec/profiles/1/variables"));

			if (!text_is(quoted(several[i].sent), both))
				fail_msg("%zu: wanted %s, got %s", i, several[i].sent, both);
		} else if (strcmp(told(&o), several[i].faults) != 0) {
			fail_msg("%zu: wanted %s, got %s", i, several[i].faults, told(&o));
		}
	}
}

/* ---- answers that are none ---- */

static void odd_answers_declare_nothing(void **state)
{
	static const char *const answers[] = {"null",
					      "[]",
					      "7",
					      "'x'",
					      "{}",
					      "{'variables':null}",
					      "{'variables':{}}",
					      "{'variables':'x'}",
					      "{'items':[{'name':'v'}]}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct outcome o = give("{'v':1}", "{}", quoted(answers[i]), answer_of(""));

		assert_string_equal(told(&o), "/profileVariables/v cannot be given: none of the "
					      "profiles declares any variables");
		o = give("{}", "{}", quoted(answers[i]), answer_of(""));
		assert_true(o.ok);
	}
}

static void without_profiles_there_are_no_variables(void **state)
{
	struct outcome o = go(quoted("{'cloudType':'virtual','name':'n','clusterGroupUid':'g',"
				     "'profileVariables':{'x':1}}"));

	(void)state;
	assert_string_equal(told(&o), "/profileVariables/x is a variable, and there are no "
				      "profiles to declare it");
}

/* An answer lives only as long as entity_declare() runs. */
static void answers_are_copied(void **state)
{
	struct text answer = answer_of("{'name':'v','isSensitive':true," NUMBER "}");
	struct entity_faults faults;
	struct entity_draft draft;
	struct text entity;

	(void)state;
	entity_faults_init(&faults, &arena, "");
	entity_draft(&arena, entity_kind_named(TEXT("virtual")),
		     quoted("{'cloudType':'virtual','name':'n','clusterGroupUid':'g','profileUids':"
			    "['p1'],'profileVariables':{'v':'hunter2'}}"),
		     &faults, &draft);
	assert_int_equal(faults.count, 0);
	entity_declare(&draft, 0, answer);
	memset((char *)answer.ptr, 'x', answer.len);
	assert_false(entity_finish(&draft, &faults, &entity));
	assert_string_equal(faults.items[0].message, NO_NUMBER);
}

/* With a fault from elsewhere there is no entity, and the faults here are told all the same. */
static void faults_from_before_count(void **state)
{
	struct text entity = TEXT("untouched");
	struct entity_faults faults;
	struct entity_draft draft;

	(void)state;
	entity_faults_init(&faults, &arena, "");
	entity_draft(&arena, entity_kind_named(TEXT("virtual")),
		     quoted("{'cloudType':'virtual','name':'n','clusterGroupUid':'g','profileUids':"
			    "['p1']}"),
		     &faults, &draft);
	entity_declare(&draft, 0, answer_of("{'name':'a','required':true}"));
	entity_fault_at(&faults, "/name", "is taken");
	assert_false(entity_finish(&draft, &faults, &entity));
	assert_text(pointers_of(&faults), TEXT("/name /profileVariables/a"));
	assert_text(entity, TEXT("untouched"));
}

/* ---- sizes ---- */

enum { MANY = 10000 };

static struct text many_declarations(const char *format)
{
	struct text answer;
	struct buf b;

	buf_init(&b, (size_t)MANY * 256);
	buf_add_string(&b, "{\"variables\":[");
	for (int i = 0; i < MANY; i++) {
		buf_add_string(&b, i == 0 ? "" : ",");
		buf_printf(&b, "{\"name\":\"a_variable_with_a_rather_long_name_%05d\",%s}", i,
			   quoted(format).ptr);
	}
	buf_add_string(&b, "]}");
	assert_true(buf_complete(&b));
	answer = arena_copy_text(&arena, buf_text(&b));
	buf_fini(&b);
	return answer;
}

/* 1,000 values, of names from number first on. */
static const char *many_values(int first, const char *value)
{
	const char *all;
	struct buf b;

	buf_init(&b, 1024 * 1024);
	buf_add_char(&b, '{');
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%s'a_variable_with_a_rather_long_name_%05d':%s", i == 0 ? "" : ",",
			   first + i, value);
	buf_add_char(&b, '}');
	assert_true(buf_complete(&b));
	all = arena_copy(&arena, buf_text(&b));
	buf_fini(&b);
	return all;
}

static void many_of_them_take_no_time(void **state)
{
	struct text plain = many_declarations("'format':'number'");
	struct text bad = many_declarations("'regex':'^(a|a)*(b|b)*$'");
	struct text needed = many_declarations("'required':true");
	int64_t start = clock_now_ms();
	struct outcome o;
	struct text list;
	struct text item;
	struct json_walk walk;
	int count = 0;

	(void)state;
	o = give(many_values(0, "1"), many_values(9000, "2"), plain, plain);
	assert_true(o.ok);
	assert_true(json_at(o.entity, "/spec/profiles/1/variables", &list));
	walk = json_walk_begin(list);
	while (json_walk_item(&walk, &item))
		count++;
	assert_int_equal(count, 2000);
	/* Names that nobody declares, all alike. */
	o = give(many_values(50000, "1"), many_values(60000, "2"), plain, plain);
	assert_int_equal(o.faults.count, ENTITY_MOST_FAULTS);
	assert_int_equal(o.faults.left_out, 2000 - ENTITY_MOST_FAULTS);
	assert_non_null(strstr(o.faults.items[0].message, " more"));
	assert_true(strlen(o.faults.items[0].message) < 512);
	/* The worst regular expressions, each with a text that makes them search. */
	o = give(many_values(0, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbb!'"), "{}",
		 bad, bad);
	assert_true(o.ok);
	/* All of them required. */
	o = give("{}", "{}", needed, needed);
	assert_int_equal(o.faults.left_out, MANY - ENTITY_MOST_FAULTS);
	assert_true(clock_now_ms() - start < 20000);
}

static void lists_are_bounded(void **state)
{
	const char *options = "{'value':'o0'}";
	struct outcome o;

	(void)state;
	for (int i = 1; i < 500; i++)
		options = arena_printf(&arena, "%s,{'value':'o%d'}", options, i);
	o = give("{'v':'x'}", "{}",
		 answer_of(arena_printf(&arena, "{'name':'v','options':[%s]}", options)),
		 answer_of(""));
	assert_non_null(strstr(o.faults.items[0].message, "one of: o0, o1, o2, "));
	assert_non_null(strstr(o.faults.items[0].message, " more (profile p1)"));
	assert_true(strlen(o.faults.items[0].message) < 400);
	o = give("{'v':'o499'}", "{}",
		 answer_of(arena_printf(&arena, "{'name':'v','options':[%s]}", options)),
		 answer_of(""));
	assert_true(o.ok);
}

/* What is long is cut between characters, and never in the middle of one. */
static void long_texts_are_cut(void **state)
{
	const char *pattern = "";
	struct error err;
	struct text value;
	struct outcome o;

	(void)state;
	for (int i = 0; i < 400; i++)
		pattern = arena_printf(&arena, "%s\xe4\xb8\xad", pattern);
	o = give("{'v':'x'}", "{}",
		 answer_of(arena_printf(&arena, "{'name':'v','regex':'%s'}", pattern)),
		 answer_of(""));
	assert_int_equal(o.faults.count, 1);
	assert_non_null(strstr(o.faults.items[0].message, "... (profile p1); found \"x\""));
	assert_true(strlen(o.faults.items[0].message) < 300);
	assert_true(json_check(o.err.details, &value, &err));
}

/* Not one byte of a sensitive value in anything that is told. */
static void secrets_are_not_told(void **state)
{
	static const char *const declarations[] = {
		NUMBER,
		BOOLEAN,
		IPV4,
		CIDR,
		IPV6,
		VERSION,
		BASE64,
		SIZES,
		"'regex':'^x$'",
		"'options':[{'value':'hunter3'}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(declarations); i++) {
		struct outcome o =
			give("{'v':'hunter2'}", "{}",
			     answer_of(arena_printf(&arena, "{'name':'v',%s}", declarations[i])),
			     answer_of("{'name':'v','isSensitive':true}"));

		assert_int_equal(o.faults.count, 1);
		assert_null(strstr(told(&o), "hunter"));
		assert_null(strstr(o.err.message, "hunter"));
		assert_null(strstr(o.err.details.ptr, "hunter"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_value_fits_or_not),
		TEST(values_are_sent_as_they_stand),
		TEST(profiles_and_values_meet),
		TEST(odd_answers_declare_nothing),
		TEST(without_profiles_there_are_no_variables),
		TEST(answers_are_copied),
		TEST(faults_from_before_count),
		TEST(many_of_them_take_no_time),
		TEST(lists_are_bounded),
		TEST(long_texts_are_cut),
		TEST(secrets_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
