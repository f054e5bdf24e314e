/* Masking: which names are secrets, what becomes of values, and that all else stays to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "palette/mask.h"
#include "json/json.h"

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
#define PEM "-----BEGIN PRIVATE KEY-----\nMIIhunter2\n-----END PRIVATE KEY-----\n"

typedef size_t mask_function(struct text in, struct buf *out);

static void names_of_secrets(void **state)
{
	static const char *const secret[] = {
		"password",
		"dbPassword",
		"DB_PASSWORD",
		"POSTGRES_PASSWORD",
		"passwd",
		"pwd",
		"adminPwd",
		"pass",
		"db_pass",
		"DBPASS",
		"userPass",
		"passphrase",
		"secret",
		"clientSecret",
		"client-secret",
		"secretKey",
		"token",
		"apiToken",
		"TOKEN",
		"vault_token",
		"apiKey",
		"api-key",
		"API_KEY",
		"accessKey",
		"access_key_id",
		"privateKey",
		"private_key",
		"ssh-privatekey",
		"credentials",
		"auth",
		"basicAuth",
		"proxy_auth",
		"connectionString",
		"dsn",
		"SENTRY_DSN",
		"key",
		"cert",
		"htpasswd",
		".dockerconfigjson",
		"bearer",
		"sessionKey",
		"signingKey",
		"encryptionKey",
		"client-key-data",
		"tls.key",
		"jwt",
		"pin",
		"certificateKey",
		"password1",
		"to.ken",
		"kubeconfig",
		"authorization",
		/* A last word that says so. */
		"appKey",
		"routing_key",
		"service_key",
		"insertKey",
		"xsrfKey",
		"fernetKey",
		"otp_key_base",
		"gossipKey",
		"encrypt",
		"recoveryKeys",
		"installationKey",
		"adminKey",
		"userKey",
		"activation-key",
		"rootpw",
		"admin_pw",
		"erlang_cookie",
		"ENCRYPTION_SALT",
		"APP_KEY",
		"S3_KEY",
		"community",
		"chap",
		"slack_api_url",
		"license",
		"authtoken",
		/* A word anywhere. */
		"ADMIN_PASS_B64",
		"PASS_HASH",
		"authString",
		"PASSWORD_PREFIX",
	};
	static const char *const harmless[] = {
		"name",
		"secretName",
		"secretRef",
		"secretKeyRef",
		"tokenExpiry",
		"tokenTTL",
		"passwordPolicy",
		"credentialType",
		"existingSecret",
		"existingSecretPasswordKey",
		"imagePullSecrets",
		"author",
		"authority",
		"authEnabled",
		"auth.enabled",
		"authorization-mode",
		"keys",
		"monkey",
		"publicKey",
		"keyName",
		"sshKeyName",
		"compass-url",
		"passThrough",
		"secretNamespace",
		"tokenFile",
		"serviceAccountToken",
		"pinned",
		"username",
		"replicas",
		"image",
		"certificates",
		"",
		"spin",
		"maxTokens",
		"authType",
		"topologyKey",
		"sshKeys",
		"authorizedKeys",
		"partition_key",
		"keyId",
		"hostKeyAlgorithms",
		"tokenRefreshIntervalMs",
		"compass",
		"secretary",
		"tokenizer",
		"tlsSecret",
		"checksum/secret",
		"nginx.ingress.kubernetes.io/auth-secret",
		"csrfTokenHeaderName",
		"cookieSecure",
		"path",
		"pattern",
		"externalIdentity",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret); i++)
		if (!mask_is_secret_name(text_of(secret[i])))
			fail_msg("%s is shown", secret[i]);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (mask_is_secret_name(text_of(harmless[i])))
			fail_msg("%s is masked", harmless[i]);
}

/* Masks, twice: the second time changes nothing. */
static void assert_masked(mask_function *mask, const char *in, const char *expected)
{
	struct buf again;
	struct buf out;
	size_t count;

	buf_init(&out, 1024 * 1024);
	buf_init(&again, 1024 * 1024);
	count = mask(text_of(in), &out);
	assert_true(buf_complete(&out));
	if (!text_is(buf_text(&out), expected))
		fail_msg("from:\n%s\nexpected:\n%s\ngot:\n%s", in, expected, out.ptr);
	if ((count == 0) != (strcmp(in, expected) == 0))
		fail_msg("%zu masked:\n%s", count, in);
	count = mask(buf_text(&out), &again);
	if (!text_equal(buf_text(&out), buf_text(&again)) || count != 0)
		fail_msg("the second time (%zu):\n%s\nof:\n%s", count, again.ptr, in);
	buf_fini(&again);
	buf_fini(&out);
}

struct masked {
	const char *in;
	const char *out;
};

static const struct masked texts[] = {
	/* Plain pairs. */
	{"password: hunter2\n", "password: \"***\"\n"},
	{"password: hunter2", "password: \"***\""},
	{"password: hunter2\r\nport: 1\r\n", "password: \"***\"\r\nport: 1\r\n"},
	{"password : hunter2\n", "password : \"***\"\n"},
	{"a: 1\npassword: hunter2 # old\nb: 2\n", "a: 1\npassword: \"***\"\nb: 2\n"},
	{"password: 'hunter2'\n", "password: \"***\"\n"},
	{"password: \"hunter2\"  # why\n", "password: \"***\"  # why\n"},
	{"\"password\": hunter2\n", "\"password\": \"***\"\n"},
	{"'pass': hunter2\n", "'pass': \"***\"\n"},
	{"\"p\\x61ssword\": hunter2\n", "\"p\\x61ssword\": \"***\"\n"},
	{"password: 12345\n", "password: \"***\"\n"},
	{"password: !!str hunter2\n", "password: !!str \"***\"\n"},
	{"password: correct horse\n  battery\n  staple\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password:\n  hunter2\nb: 1\n", "password:\n  \"***\"\nb: 1\n"},
	{"password:\n  hunter2\n  more\nb: 1\n", "password:\n  \"***\"\nb: 1\n"},
	{"password: \"a\n  b\"\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password: 'it''s\n\n  b'\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password: \"unclosed\n  more\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password: \"a\" b\n", "password: \"***\"\n"},
	{"\tpassword: hunter2\n", "\tpassword: \"***\"\n"},
	{"a:\n  b:\n    password: x\n  c: 1\n", "a:\n  b:\n    password: \"***\"\n  c: 1\n"},
	{"list:\n- password: x\n  b: 1\n- token: y\n",
	 "list:\n- password: \"***\"\n  b: 1\n- token: \"***\"\n"},
	{"- - password: x\n", "- - password: \"***\"\n"},
	/* Inside a secret. */
	{"auth:\n  enabled: true\n  user: me\n  port: 5\nb: 1\n",
	 "auth:\n  enabled: true\n  user: \"***\"\n  port: \"***\"\nb: 1\n"},
	{"passwords:\n- one\n- two\nb: 1\n", "passwords:\n- \"***\"\n- \"***\"\nb: 1\n"},
	{"passwords:\n  - one\n  -\n    two\nb: 1\n",
	 "passwords:\n  - \"***\"\n  -\n    \"***\"\nb: 1\n"},
	{"tokens:\n  a:\n    b:\n    - c: d\n", "tokens:\n  a:\n    b:\n    - c: \"***\"\n"},
	{"auth:\n  existingSecret: db\n  secretName: x\n",
	 "auth:\n  existingSecret: db\n  secretName: x\n"},
	{"auth:\n    a: 1\n  b: x\nc: 1\n", "auth:\n    a: \"***\"\n  b: \"***\"\nc: 1\n"},
	/* Block scalars. */
	{"password: |\n  hunter2\n  more\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password: >-\n  hunter2\n\nb: 1\n", "password: \"***\"\n\nb: 1\n"},
	{"password: |2 # x\n    hunter2\nb: 1\n", "password: \"***\"\nb: 1\n"},
	{"password:\n  |\n  hunter2\nb: 1\n", "password:\n  \"***\"\nb: 1\n"},
	{"a:\n- password: |\n    hunter2\n  b: 1\n", "a:\n- password: \"***\"\n  b: 1\n"},
	{"passwords:\n- |\n  hunter2\n- b\n", "passwords:\n- \"***\"\n- \"***\"\n"},
	{"values: |\n  # x\n  a: 1\n  password: hunter2\nb: 1\n",
	 "values: |\n  # x\n  a: 1\n  password: \"***\"\nb: 1\n"},
	{"values: |-\n  a: |\n    token: x\n    b: 1\n",
	 "values: |-\n  a: |\n    token: \"***\"\n    b: 1\n"},
	{"config.ini: |\n  [db]\n  password = hunter 2\n  host = x\n",
	 "config.ini: |\n  [db]\n  password = ***\n  host = x\n"},
	{"run: |\n  export DB_PASSWORD=hunter2\n  tool --token abc --port 1\n",
	 "run: |\n  export DB_PASSWORD=***\n  tool --token *** --port 1\n"},
	{"c: |\n  {\"auths\": {\"r\": {\"auth\": \"x\"}}}\n",
	 "c: |\n  {\"auths\": {\"r\": {\"auth\": \"***\"}}}\n"},
	{"cert.pem: |\n  -----BEGIN PRIVATE KEY-----\n  MIIhunter2\n  -----END PRIVATE "
	 "KEY-----\nb: 1\n",
	 "cert.pem: |\n  ***\nb: 1\n"},
	{"a: |\n\n\n  token: x\n\n  b: 1\n", "a: |\n\n\n  token: \"***\"\n\n  b: 1\n"},
	{"password: |\n", "password: |\n"},
	/* Flow collections. */
	{"a: {password: hunter2, b: 1}\n", "a: {password: \"***\", b: 1}\n"},
	{"a: {\"password\":\"hunter2\",\"b\":1}\n", "a: {\"password\":\"***\",\"b\":1}\n"},
	{"{\"password\":\"hunter 2\",b: \"unclosed}\n", "{\"password\":\"***\",b: \"unclosed}\n"},
	{"{password: hunter 2}\n", "{password: \"***\"}\n"},
	{"password: [a, 'b', {c: d}]\n", "password: [\"***\", \"***\", {c: \"***\"}]\n"},
	{"a: [{token: x}, {b: {secret: y}}]\n", "a: [{token: \"***\"}, {b: {secret: \"***\"}}]\n"},
	{"a: {\n  password: x,\n  b: [1, 2]\n}\nc: 1\n",
	 "a: {\n  password: \"***\",\n  b: [1, 2]\n}\nc: 1\n"},
	{"a: [password: x]\n", "a: [password: \"***\"]\n"},
	{"a: {password: x\nb: 1\n", "a: {password: ***\nb: 1\n"},
	{"a: {password: x} y\n", "a: {password: ***\n"},
	{"auth: {enabled: true, user: x}\n", "auth: {enabled: true, user: \"***\"}\n"},
	{"args: [\"--password\", \"hunter2\", \"-v\"]\n",
	 "args: [\"--password\", \"***\", \"-v\"]\n"},
	{"args: [--password=hunter2, -v]\n", "args: [--password=***, -v]\n"},
	{"args:\n- --password\n- hunter2\n- -v\n", "args:\n- --password\n- \"***\"\n- -v\n"},
	{"args:\n- --token=abc\n- --port=1\n", "args:\n- --token=***\n- --port=1\n"},
	{"a: {? password : x}\n", "a: {? password : \"***\"}\n"},
	/* Environment. */
	{"env:\n- name: DB_PASSWORD\n  value: x\n- name: PORT\n  value: 1\n",
	 "env:\n- name: DB_PASSWORD\n  value: \"***\"\n- name: PORT\n  value: 1\n"},
	{"env:\n- value: x\n  name: DB_PASSWORD\n- value: 1\n  name: PORT\n",
	 "env:\n- value: \"***\"\n  name: DB_PASSWORD\n- value: 1\n  name: PORT\n"},
	{"env:\n  - name: \"API_TOKEN\"\n    value: |\n      x\n      y\n  - name: P\n    value: "
	 "1\n",
	 "env:\n  - name: \"API_TOKEN\"\n    value: \"***\"\n  - name: P\n    value: 1\n"},
	{"env: [{name: DB_PASSWORD, value: x}, {value: y, name: A_TOKEN}, {name: P, value: z}]\n",
	 "env: [{name: DB_PASSWORD, value: \"***\"}, {value: \"***\", name: A_TOKEN}, "
	 "{name: P, value: z}]\n"},
	{"- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: pw\n",
	 "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef:\n      name: db\n      key: pw\n"},
	/* Secrets. */
	{"kind: Secret\nmetadata:\n  name: a\ndata:\n  user: eA==\n  on: true\n",
	 "kind: Secret\nmetadata:\n  name: a\ndata:\n  user: \"***\"\n  on: \"***\"\n"},
	{"stringData:\n  a: |\n    x\n    y\n  secretName: b\nkind: Secret\n",
	 "stringData:\n  a: \"***\"\n  secretName: \"***\"\nkind: Secret\n"},
	{"kind: ConfigMap\ndata:\n  a: x\n---\nkind: \"Secret\"\ndata: {a: x}\n",
	 "kind: ConfigMap\ndata:\n  a: x\n---\nkind: \"Secret\"\ndata: {a: \"***\"}\n"},
	{"items:\n- kind: Secret\n  data:\n    a: x\n- kind: Other\n  data:\n    a: x\n",
	 "items:\n- kind: Secret\n  data:\n    a: \"***\"\n- kind: Other\n  data:\n    a: x\n"},
	{"{kind: Secret, data: {a: x}}\n", "{kind: Secret, data: {a: \"***\"}}\n"},
	{"{data: {a: x}, kind: Secret}\n", "{data: {a: \"***\"}, kind: Secret}\n"},
	{"content: |\n  kind: Secret\n  data:\n    a: x\n",
	 "content: |\n  kind: Secret\n  data:\n    a: \"***\"\n"},
	/* Anchors, complex keys, documents. */
	{"a: &x hunter2\npassword: *x\nb: *x\n", "a: &x \"***\"\npassword: \"***\"\nb: *x\n"},
	{"password: &x hunter2\nb: *x\n", "password: &x \"***\"\nb: *x\n"},
	{"a: &x\n  b: hunter2\nauth: *x\n", "a: &x\n  b: \"***\"\nauth: \"***\"\n"},
	{"a: [&x hunter2, c]\ntokens: [*x]\n", "a: [&x \"***\", c]\ntokens: [\"***\"]\n"},
	{"a: &x 1\nb: *x\n", "a: &x 1\nb: *x\n"},
	{"? password\n: hunter2\nb: 1\n", "? password\n: \"***\"\nb: 1\n"},
	{"? name\n: x\n", "? name\n: x\n"},
	{"? [a, b]\n: hunter2\n", "? [a, b]\n: \"***\"\n"},
	{"[a, b]: hunter2\n", "[a, b]: \"***\"\n"},
	{"--- # x\npassword: x\n...\n---\ntoken: y\n",
	 "--- # x\npassword: \"***\"\n...\n---\ntoken: \"***\"\n"},
	{"--- |\n  password: x\n", "--- |\n  password: \"***\"\n"},
	/* Comments. */
	{"# password: hunter2\na: 1\n", "# password: \"***\"\na: 1\n"},
	{"a:\n  # auth:\n  #   user: x\n  #   on: true\n  b: 1\n",
	 "a:\n  # auth:\n  #   user: \"***\"\n  #   on: true\n  b: 1\n"},
	{"#token: |\n#  hunter2\n#  more\n#b: 1\n", "#token: \"***\"\n#b: 1\n"},
	{"a: 1 # password: hunter2\n", "a: 1 # password: ***\n"},
	{"# -----BEGIN RSA PRIVATE KEY-----\n# MIIhunter2\n# -----END RSA PRIVATE KEY-----\na: 1\n",
	 "# ***\na: 1\n"},
	/* Templates. */
	{"password: {{ .spectro.var.pw }}\n", "password: {{ .spectro.var.pw }}\n"},
	{"password: \"{{.spectro.var.pw}}\"\n", "password: \"{{.spectro.var.pw}}\"\n"},
	{"password: '{{ .spectro.var.pw | b64enc }}' # x\n",
	 "password: '{{ .spectro.var.pw | b64enc }}' # x\n"},
	{"password: abc{{ .spectro.var.pw }}\n", "password: \"***\"\n"},
	{"password: \"{{ .spectro.var.pw }}abc\"\n", "password: \"***\"\n"},
	{"password: {{ \"hunter2\" | quote }}\n", "password: \"***\"\n"},
	{"{{- if .Values.auth }}\npassword: x\n{{- end }}\n",
	 "{{- if .Values.auth }}\npassword: \"***\"\n{{- end }}\n"},
	{"auth:\n{{- if .Values.x }}\n  user: x\n  {{ print \"hunter2\" }}\n{{- end }}\n",
	 "auth:\n{{- if .Values.x }}\n  user: \"***\"\n  \"***\"\n{{- end }}\n"},
	{"{{ .Values.name }}: {password: x}\n", "{{ .Values.name }}: {password: \"***\"}\n"},
	{"a: [{{ .Values.a }}, {password: x}]\n", "a: [{{ .Values.a }}, {password: \"***\"}]\n"},
	/* Text in strings. */
	{"a: \"x: 1\\npassword: hunter2\\n\"\n", "a: \"x: 1\\npassword: \\\"***\\\"\\n\"\n"},
	{"a: '{\"password\": \"x\"}'\n", "a: \"{\\\"password\\\": \\\"***\\\"}\"\n"},
	{"a: \"\\\"password\\\": x\"\n", "a: \"\\\"password\\\": \\\"***\\\"\"\n"},
	/* Anywhere. */
	{"url: postgres://me:hunter2@db/x\n", "url: postgres://me:***@db/x\n"},
	{"url: https://hunter2@host/x\n", "url: https://***@host/x\n"},
	{"url: redis://:p/w@host\n", "url: redis://:***@host\n"},
	{"url: ssh://git@host/x\n", "url: ssh://git@host/x\n"},
	{"url: https://host:8080/a?b=c\n", "url: https://host:8080/a?b=c\n"},
	{"url: https://host/?token=hunter2&a=b\n", "url: https://host/?token=***\n"},
	{"a: Bearer abc.def\n", "a: Bearer ***\n"},
	{"a: Basic bWU6aHVudGVyMg==\n", "a: Basic ***\n"},
	{"a: basic support for that\n", "a: basic support for that\n"},
	{"a: " JWT "\n", "a: ***\n"},
	{"a: x-" JWT ", b\n", "a: x-*** b\n"},
	{"a: AKIAIOSFODNN7EXAMPLE\n", "a: ***\n"},
	{"a: ghp_0123456789abcdefghijABCDEFGHIJ012345\n", "a: ***\n"},
	{"users: me:$2y$10$abcdefghijklmnopqrstuv\n", "users: me:***\n"},
	{"Server=x;Password=hunter2;Database=y", "Server=x;Password=***"},
	{"<a><password>hunter2</password></a>", "<a><password>***</password></a>"},
	{"a[\"password\"] = \"hunter2\"", "a[\"password\"] = \"***\""},
	{"{\\\"password\\\":\\\"hunter2\\\"}", "{\\\"password\\\":\\\"***\\\"}"},
	{"password=hunter2", "password=***"},
	{"curl -u me:hunter2 https://x", "curl -u me:*** https://x"},
	{"curl --user 'me:hunter2' x", "curl --user 'me:***' x"},
	{"ALTER USER a WITH PASSWORD 'hunter2';", "ALTER USER a WITH PASSWORD '***';"},
	{"password:hunter2", "password:***"},
	{PEM, "***\n"},
	{"x " PEM "y\n", "x ***\ny\n"},
	{"-----BEGIN RSA PRIVATE KEY-----\nhunter2", "***"},
	{"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
	 "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"},
	{"a: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==\n", "a: ***\n"},
	{"a: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\n",
	 "a: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\n"},
};

/* What is no YAML, or stands in it in other words than "name: value". */
static const struct masked forms[] = {
	/* A name, a blank, a value. */
	{"requirepass hunter", "requirepass ***"},
	{"masterauth hunter\n", "masterauth ***\n"},
	{"auth {\n  auth_type PASS\n  auth_pass hunter2\n}\n",
	 "auth {\n  auth_type PASS\n  auth_pass ***\n}\n"},
	{" neighbor 10.0.0.1 password hunter2", " neighbor 10.0.0.1 password ***"},
	{"stats auth admin:hunter", "stats auth admin:***"},
	{"user bob insecure-password hunter2", "user bob insecure-password ***"},
	{"set $token \"hunter\";", "set $token \"***\";"},
	{"machine github.com login bot password hunter2",
	 "machine github.com login bot password ***"},
	{"a: 1 # old password hunter2\n", "a: 1 # old password ***\n"},
	{"host:5432:db:me:hunter2", "host:5432:db:me:***"},
	{"*:*:*:me:hunter2\n", "*:*:*:me:***\n"},
	{"ENV DB_PASSWORD hunter", "ENV DB_PASSWORD ***"},
	/* Commands. */
	{"mysql -u root -phunter2 -e 'select 1'", "mysql -u root -p*** -e 'select 1'"},
	{"mysql -u root -p'hunter 2' db", "mysql -u root -p'***' db"},
	{"sshpass -p hunter2 ssh host -p 22", "sshpass -p *** ssh host -p ***"},
	{"docker login -u x -p hunter2 reg", "docker login -u x -p *** reg"},
	{"az login --service-principal -u id -p hunter2",
	 "az login --service-principal -u id -p ***"},
	{"useradd -p hunter2 bob", "useradd -p *** bob"},
	{"redis-cli -a hunter2 ping", "redis-cli -a *** ping"},
	{"htpasswd -bc /etc/x admin hunter2", "htpasswd -bc /etc/x admin ***"},
	{"openssl rsa -passin pass:hunter2 -in x", "openssl rsa -passin pass:*** -in x"},
	{"net rpc join -U admin%hunter2", "net rpc join -U admin%***"},
	{"echo \"root:hunter2\" | chpasswd", "echo \"root:***\" | chpasswd"},
	{"echo hunter2 | docker login -u x --password-stdin",
	 "echo *** | docker login -u x --password-stdin"},
	{"tool -token hunter2 -v", "tool -token *** -v"},
	{"args: [\"-token\", hunter2, \"--key\", hunter2, -v]\n",
	 "args: [\"-token\", \"***\", \"--key\", \"***\", -v]\n"},
	/* Configuration files. */
	{"db.password=my hunter2 pass\ndb.host=x\n", "db.password=***\ndb.host=x\n"},
	{"password = \"\"\"\nhunter2\nmore \"\"\"\nhost = 1\n",
	 "password = \"\"\"***\"\"\"\nhost = 1\n"},
	{"tokens = [\n  \"a\",\n  \"b\",\n]\nhost = 1\n", "tokens = ***\nhost = 1\n"},
	{"password = <<EOT\nhunter2\nEOT\nhost = 1\n", "password = ***\n***\nEOT\nhost = 1\n"},
	{"[secrets]\nfoo = \"hunter2\"\n[app]\nfoo = \"x\"\n",
	 "[secrets]\nfoo = \"***\"\n[app]\nfoo = \"x\"\n"},
	{"[credentials]\nuser = hunter2\n", "[credentials]\nuser = ***\n"},
	{"[[token]]\nx = \"hunter2\"\n", "[[token]]\nx = \"***\"\n"},
	{"variable \"password\" {\n  default = \"hunter2\"\n}\nvariable \"a\" {\n  default = "
	 "\"x\"\n}\n",
	 "variable \"password\" {\n  default = \"***\"\n}\nvariable \"a\" {\n  default = "
	 "\"x\"\n}\n"},
	/* XML. */
	{"<p><name>dbPassword</name>\n<value>hunter2</value></p><value>x</value>",
	 "<p><name>dbPassword</name>\n<value>***</value></p><value>x</value>"},
	{"<add key=\"ApiToken\" value=\"hunter2\"/>", "<add key=\"ApiToken\" value=\"***\"/>"},
	{"<add key=\"Host\" value=\"x\"/>", "<add key=\"Host\" value=\"x\"/>"},
	{"<n:password a=\"b\"> hunter2 </n:password>", "<n:password a=\"b\"> *** </n:password>"},
	{"<password><![CDATA[hunter2]]></password>", "<password><![CDATA[***]]></password>"},
	{"<key>Token</key><string>hunter2</string>", "<key>Token</key><string>***</string>"},
	/* Base64 of "DB_PASSWORD=SECRET43\nAPI_KEY=SECRET43\n", and of a sentence. */
	{"content: REJfUEFTU1dPUkQ9U0VDUkVUNDMKQVBJX0tFWT1TRUNSRVQ0Mwo=\n", "content: ***\n"},
	{"content: SnVzdCBzb21lIHRleHQgd2l0aCBub3RoaW5nIGlu\n",
	 "content: SnVzdCBzb21lIHRleHQgd2l0aCBub3RoaW5nIGlu\n"},
	/* Objects. */
	{"kind: SecretList\nitems:\n- data:\n    a: x\n  metadata: {name: b}\n",
	 "kind: SecretList\nitems:\n- data:\n    a: \"***\"\n  metadata: {name: b}\n"},
	{"- {name: a, isSensitive: 1, value: x}\n- {name: a, isSensitive: \"yes\", value: x}\n",
	 "- {name: a, isSensitive: 1, value: \"***\"}\n- {name: a, isSensitive: \"yes\", value: "
	 "\"***\"}\n"},
	/* Tokens. */
	{"a: sk_test_0123456789abcdefgh\n", "a: ***\n"},
	{"a: sk-proj-0123456789abcdefgh\n", "a: ***\n"},
	{"a: sk-ant-api03-0123456789abcdefgh\n", "a: ***\n"},
	{"a: SG.0123456789abcdefgh.0123456789\n", "a: ***\n"},
	{"a: xapp-1-0123456789abcdefgh\n", "a: ***\n"},
	{"a: hf_0123456789abcdefghij\n", "a: ***\n"},
	{"a: pypi-0123456789abcdefghij\n", "a: ***\n"},
	{"a: dckr_pat_0123456789abcdefghij\n", "a: ***\n"},
	{"a: pul-0123456789abcdefghij\n", "a: ***\n"},
	{"a: glrt-0123456789abcdefghij\n", "a: ***\n"},
	{"a: dp.st.0123456789abcdefghij\n", "a: ***\n"},
	{"a: dapi0123456789abcdef0123456789abcdef\n", "a: ***\n"},
	{"a: shpat_0123456789abcdefghij\n", "a: ***\n"},
	{"a: GOCSPX-0123456789abcdefghij\n", "a: ***\n"},
	{"a: AGE-SECRET-KEY-10123456789ABCDEFGHIJ\n", "a: ***\n"},
	{"a: key-0123456789abcdef0123456789abcdef\n", "a: ***\n"},
	{"a: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", "a: ***\n"},
	{"a: https://hooks.slack.com/services/T0/B0/x\n", "a: https://hooks.slack.com/***\n"},
	{"a: https://discord.com/api/webhooks/1/x\n", "a: https://discord.com/api/webhooks/***\n"},
	{"CREATE USER a IDENTIFIED BY 'hunter2';", "CREATE USER a IDENTIFIED BY '***';"},
	{"jdbc:oracle:thin:scott/hunter2@//h:1521/x", "jdbc:oracle:thin:scott/***@//h:1521/x"},
	{"Set-Cookie: session=hunter2; Path=/\n", "Set-Cookie: \"***\"\n"},
	/* NEL is a line break to some and a blank to others. */
	{"a: x\xC2\x85password: hunter2\n", "a: x\xC2\x85password: ***\n"},
	{"password:\xC2\x85hunter2\n", "password:\xC2\x85***\n"},
	/* Members of maps with the names of secrets. */
	{"auth:\n  username: me\n  database: x\n  other: y\n",
	 "auth:\n  username: me\n  database: x\n  other: \"***\"\n"},
	{"secrets: {backend: vault, database: hunter2}\n",
	 "secrets: {backend: vault, database: \"***\"}\n"},
	{"passwords: {database: hunter2, name: x}\n",
	 "passwords: {database: \"***\", name: \"***\"}\n"},
	{"credentials:\n  database:\n    x: hunter2\n",
	 "credentials:\n  database:\n    x: \"***\"\n"},
	{"webhook: {enabled: true, image: x}\ncookie: hunter2\n",
	 "webhook: {enabled: true, image: x}\ncookie: \"***\"\n"},
	{"chpasswd:\n  users:\n  - {name: root, password: hunter2, type: text}\n",
	 "chpasswd:\n  users:\n  - {name: root, password: \"***\", type: text}\n"},
	{"webhook: &x {a: hunter2}\npassword: *x\n",
	 "webhook: &x {a: \"***\"}\npassword: \"***\"\n"},
	/* A slash alone makes no path. */
	{"password: /Ab3x\n", "password: \"***\"\n"},
	{"kind: Secret\nstringData: {a: /etc/x}\n", "kind: Secret\nstringData: {a: \"***\"}\n"},
};

static const char *const same[] = {
	"secret:\n  secretName: a\n  items:\n  - key: tls.crt\n    path: tls.crt\n",
	"secret:\n  defaultMode: 420\n",
	"- secret: {name: a, items: [{key: a, path: b}]}\n",
	"args:\n- --kubeconfig=/etc/kubernetes/a.conf\n- --client-key=/x/y.key\n",
	"args:\n- --key /x/tls.key\n",
	"- name: KUBECONFIG\n  value: /etc/kubernetes/admin.conf\n",
	"pwd: /opt\npat: ./x\nkey: ~/.ssh/id\n",
	"auth:\n  username: a\n  database: b\n  existingSecret: c\n",
	"auth:\n  kubernetes: {mountPath: kubernetes, role: x}\n",
	"authorization: {mode: RBAC}\nsecrets: {create: true, backend: vault}\n",
	"kind: ServiceAccount\nsecrets:\n- name: a-token-b\n",
	/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text */
	"annotations:\n  checksum/secret: abc\n  nginx.ingress.kubernetes.io/auth-secret: "
	"basic-auth\n",
	"chpasswd: {users: [{name: root, type: text}], expire: false}\n",
	"data:\n- secretKey: password\n  remoteRef: {key: path/to/db, property: password}\n",
	"compass: north\nsecretary: Bob\ntokenizer: bert\ntlsSecret: my-tls\n",
	"license: Apache-2.0\n# License: MIT\n",
	/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text */
	"text: |\n  The client must send a token\n  password protected\n  enter your password "
	"now\n",
	"proxy_pass http://backend:8080;\n",
	"docker run -p 8080:80 x\n",
	"pypi-mirror-service-internal\n",
	"a: 0123456789abcdef0123456789abcdef01234567\n",
	"00:11:22:33:44:55\n",

	"",
	"\n",
	"a",
	"a: 1",
	"# Just a comment\n\n\na: 1   # and another\n",
	"a:   \n   b:  c\n\n",
	"auth:\n  enabled: true\n",
	"automountServiceAccountToken: true\n",
	"password: \"\"\npasswd: ''\npwd:\ntoken: null\nsecret: ~\n",
	"password: \"***\"\n",
	"secretName: tls-cert\n",
	"imagePullSecrets:\n- name: regcred\n",
	"tokenExpiry: 3600\npasswordPolicy: strict\n",
	"tolerations:\n- key: node-role.kubernetes.io/control-plane\n  operator: Exists\n",
	"a:\n  matchExpressions:\n  - {key: zone, operator: In, values: [a]}\n",
	"volumes:\n- name: a\n  configMap:\n    items:\n    - key: a.conf\n      path: a\n",
	"resources: [\"secrets\", tokens]\nverbs: ['get']\n",
	"image: \"registry.example/a/b:v1.2@sha256:0123456789abcdef\"\n",
	"a: 'it''s'\nb: \"x\\ty\"\n",
	"a: [1, 2.5, -3e4, ~, true, \"x\", {b: c}]\n",
	"- a\n-   b\n- - c\n",
	"text: >-\n  some words\n  over lines: here\n",
	"a: {{ .Values.x }}\nb: \"{{ .spectro.system.cluster.name }}\"\n",
	"{{- range .Values.list }}\n- {{ . }}\n{{- end }}\n",
	"a: &anchor x\nb: *anchor\n<<: {c: d}\n",
	"cron: '* * * * *'\n",
	"a: 5\" pipe\nb: don't\n",
	"'tis the season\n",
	"{ unclosed\n[ also\n\" this\n",
	"{\"#a\":1, b: \"unclosed}  \t",
	"{'#a':1, b: 'unclosed}  \t",
	"%YAML 1.2\n---\na: 1\n",
	"\xC3\xA4: \xE2\x82\xAC\n",
	"\xFF\xFE: x\n",
	"a: https://example.com/path#fragment\n",
	"a: user@example.com\n",
	"a: b: c\n",
	"::: x\n? \n: \n-\n",
};

static void secrets_in_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_masked(mask_yaml_text, texts[i].in, texts[i].out);
}

static void secrets_in_other_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		assert_masked(mask_yaml_text, forms[i].in, forms[i].out);
}

/* A colon in a list has no map to say anything of. */
static void a_colon_without_a_key(void **state)
{
	(void)state;
	assert_masked(mask_yaml_text, "[: a]\n", "[: \"***\"]\n");
	assert_masked(mask_yaml_text, "- [: kind]\n- [: Secret]\n",
		      "- [: \"***\"]\n- [: \"***\"]\n");
}

static void the_rest_stays_to_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_masked(mask_yaml_text, same[i], same[i]);
}

static const struct masked documents[] = {
	{"{}", "{}"},
	{"null", "null"},
	{"\"x\"", "\"x\""},
	{" [1, -2.50e+3, true, null] ", " [1, -2.50e+3, true, null] "},
	{"{\"password\":\"hunter2\",\"b\":1}", "{\"password\":\"***\",\"b\":1}"},
	{"{\"password\":12345}", "{\"password\":\"***\"}"},
	{"{\"password\":\"\",\"token\":null,\"secret\":false}",
	 "{\"password\":\"\",\"token\":null,\"secret\":false}"},
	{"{\"p\\u0061ssword\":\"x\"}", "{\"p\\u0061ssword\":\"***\"}"},
	{"{\"credentials\":{\"a\":[\"x\",{\"b\":\"y\"}],\"on\":true}}",
	 "{\"credentials\":{\"a\":[\"***\",{\"b\":\"***\"}],\"on\":true}}"},
	{"{\"a\\u0000b\":\"x\"}", "{\"***\":\"***\"}"},
	{"{\"a\":\"x\\u0000y\"}", "{\"a\":\"***\"}"},
	{"{\"values\":\"a: 1\\npassword: hunter2 # x\\n\"}",
	 "{\"values\":\"a: 1\\npassword: \\\"***\\\"\\n\"}"},
	{"{\"values\":\"{\\\"password\\\":\\\"x\\\"}\"}",
	 "{\"values\":\"{\\\"password\\\":\\\"***\\\"}\"}"},
	{"{\"content\":\"kind: Secret\\ndata:\\n  a: x\\n\"}",
	 "{\"content\":\"kind: Secret\\ndata:\\n  a: \\\"***\\\"\\n\"}"},
	{"{\"data\":{\"a\":\"x\",\"b\":true},\"kind\":\"Secret\"}",
	 "{\"data\":{\"a\":\"***\",\"b\":\"***\"},\"kind\":\"Secret\"}"},
	{"[{\"name\":\"DB_PASSWORD\",\"value\":\"x\"},{\"value\":\"y\",\"name\":\"T_TOKEN\"},"
	 "{\"name\":\"PORT\",\"value\":\"1\"}]",
	 "[{\"name\":\"DB_PASSWORD\",\"value\":\"***\"},{\"value\":\"***\",\"name\":\"T_TOKEN\"},"
	 "{\"name\":\"PORT\",\"value\":\"1\"}]"},
	{"{\"args\":[\"--password\",\"x\",\"--port\",\"1\",\"--token=y\"]}",
	 "{\"args\":[\"--password\",\"***\",\"--port\",\"1\",\"--token=***\"]}"},
	{"{\"key\":\"x\",\"tolerations\":[{\"key\":\"a\"}]}",
	 "{\"key\":\"***\",\"tolerations\":[{\"key\":\"a\"}]}"},
	{"{\"url\":\"https://u:p@h/\"}", "{\"url\":\"https://u:***@h/\"}"},
	{"{\"t\":\"" JWT "\"}", "{\"t\":\"***\"}"},
	{"{\"x\":\"\\ud83d\\ude00 \\u00e4 password: x\"}",
	 "{\"x\":\"\xF0\x9F\x98\x80 \xC3\xA4 password: \\\"***\\\"\"}"},
	{"{\"x\":\"\\ud83d\\ude00\\/\"}", "{\"x\":\"\\ud83d\\ude00\\/\"}"},
	{"{\"AKIAIOSFODNN7EXAMPLE\":1}", "{\"***\":1}"},
	{"{\"pem\":\"-----BEGIN EC PRIVATE KEY-----\\nx\\n-----END EC PRIVATE KEY-----\\n\"}",
	 "{\"pem\":\"***\\n\"}"},
	{"\"password: x\"", "\"password: \\\"***\\\"\""},
	{"{\"password\":\"{{.spectro.var.pw}}\"}", "{\"password\":\"{{.spectro.var.pw}}\"}"},
	{"not json", "\"***\""},
	{"{\"a\":1", "\"***\""},
	{"", "\"***\""},
};

static void secrets_in_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		assert_masked(mask_json, documents[i].in, documents[i].out);
}

static const struct masked variables[] = {
	{"{\"variables\":[{\"name\":\"a\",\"isSensitive\":true,\"value\":\"x\",\"defaultValue\":"
	 "\"y\","
	 "\"displayName\":\"A\",\"hidden\":false}]}",
	 "{\"variables\":[{\"name\":\"a\",\"isSensitive\":true,\"value\":\"***\",\"defaultValue\":"
	 "\"***\",\"displayName\":\"A\",\"hidden\":false}]}"},
	{"{\"variables\":[{\"value\":\"x\",\"isSensitive\":\"true\",\"name\":\"a\"}]}",
	 "{\"variables\":[{\"value\":\"***\",\"isSensitive\":\"true\",\"name\":\"a\"}]}"},
	{"{\"variables\":[{\"name\":\"a\",\"value\":\"x\",\"isSensitive\":false}]}",
	 "{\"variables\":[{\"name\":\"a\",\"value\":\"x\",\"isSensitive\":false}]}"},
	{"{\"variables\":[{\"name\":\"dbPassword\",\"value\":\"x\",\"defaultValue\":\"y\"}]}",
	 "{\"variables\":[{\"name\":\"dbPassword\",\"value\":\"***\",\"defaultValue\":\"***\"}]}"},
	{"[{\"profileUid\":\"u\",\"variables\":[{\"name\":\"a\",\"isSensitive\":true,\"value\":"
	 "true,"
	 "\"options\":[{\"value\":1,\"label\":\"x\"}]}]}]",
	 "[{\"profileUid\":\"u\",\"variables\":[{\"name\":\"a\",\"isSensitive\":true,\"value\":\"**"
	 "*\","
	 "\"options\":[{\"value\":\"***\",\"label\":\"***\"}]}]}]"},
	{"{\"name\":\"a\",\"isSensitive\":true,\"more\":{\"x\":\"y\"}}",
	 "{\"name\":\"a\",\"isSensitive\":true,\"more\":{\"x\":\"***\"}}"},
	{"{\"name\":\"a\",\"isSensitive\":true,\"value\":\"\",\"defaultValue\":null}",
	 "{\"name\":\"a\",\"isSensitive\":true,\"value\":\"\",\"defaultValue\":null}"},
	{"{\"name\":\"port\",\"value\":\"8080\",\"regex\":\"^[0-9]+$\"}",
	 "{\"name\":\"port\",\"value\":\"8080\",\"regex\":\"^[0-9]+$\"}"},
};

static void secrets_in_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		assert_masked(mask_variables, variables[i].in, variables[i].out);
}

static void masked_values_are_counted(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(
		mask_yaml_text(TEXT("password: a\nx:\n- token: b\n  url: h://u:p@h\n"), &out), 3);
	assert_int_equal(mask_yaml_text(TEXT("v: |\n  password: a\n  token: b\n"), &out), 2);
	assert_int_equal(mask_json(TEXT("{\"password\":\"a\",\"v\":\"token: b\"}"), &out), 2);
	buf_fini(&out);
}

static void a_low_ceiling_shows(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 8);
	mask_yaml_text(TEXT("name: something\npassword: x\n"), &out);
	assert_false(buf_complete(&out));
	buf_fini(&out);
}

/* ---- time ---- */

struct hostile {
	const char *start;
	const char *piece;
};

static const struct hostile hostile[] = {
	{"", "a: \"b\n"},
	{"", "a: 'b\n"},
	{"a: 'x\n", "a: ''b\n"},
	{"", "a: [\n"},
	{"", "a: {b: "},
	{"", "["},
	{"", "- "},
	{"", "? "},
	{"", "{{"},
	{"", "a: {{\n"},
	{"", "password=x "},
	{"", "password={{ "},
	{"", "password="},
	{"", "://"},
	{"", "x://y:z/"},
	{"", "a@"},
	{"", "-----BEGIN "},
	{"", "-----BEGIN PRIVATE KEY-----"},
	{"", "eyJ"},
	{"", "LS0tLS1CRUdJTi"},
	{"", "#"},
	{"", "# a: b\n"},
	{"", "a: |\n  b\n"},
	{"a: |\n", "  b: c\n"},
	{"", "a: &b c\n"},
	{"", "\n"},
	{"", " "},
	{"", "x"},
	{"", "\\\""},
	{"", "--token "},
	{"", "a: b\n\n"},
	{"", "password:\n  x\n"},
	{"", "<password>"},
	{"", "Bearer "},
	{"\"", "\\\\\\\""},
	{"[", "{},"},
	{"[", "[],"},
	{"{", "\"password\":1,"},
	{"", "'"},
	{"", "\""},
	{"", "-\n"},
	{"", "a:\n "},
	{"", "thin:"},
	{"", "echo "},
	{"", "mysql -p"},
	{"", "htpasswd -b "},
	{"", "password = \"\"\"\n"},
	{"", "password = [\n"},
	{"", "password = <<X\n"},
	{"", "password = \"\n"},
	{"", "<password><![CDATA["},
	{"</", "<a b='"},
	{"</", "<name>token</name>"},
	{"", "cGFzc3dvcmQ6IHg="},
	{"", "cGFzc3dvcmQ6IHg\n"},
	{"", "a:80:b:"},
	{"", "token \""},
	{"", "[secrets]\nx=y\n"},
	{"", "\xC2\x85"},
};

/* In milliseconds of this process alone: the machine may be busy with others. */
static long time_of(const struct hostile *h, size_t bytes)
{
	clock_t started;
	struct buf out;
	struct buf in;

	buf_init(&in, bytes + 64);
	buf_init(&out, 64 * 1024 * 1024);
	buf_add_string(&in, h->start);
	while (in.len < bytes)
		buf_add_string(&in, h->piece);
	started = clock();
	mask_yaml_text(buf_text(&in), &out);
	started = clock() - started;
	buf_fini(&in);
	buf_fini(&out);
	return started / (CLOCKS_PER_SEC / 1000);
}

/* Four times the bytes take no more than eight times as long. */
static void the_time_is_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		long small = time_of(&hostile[i], 96 * 1024);
		long large = time_of(&hostile[i], 384 * 1024);

		if (large > 50 + 8 * small)
			fail_msg("%s%s: %ld ms, then %ld ms", hostile[i].start, hostile[i].piece,
				 small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_secrets),
		cmocka_unit_test(secrets_in_text),
		cmocka_unit_test(secrets_in_other_forms),
		cmocka_unit_test(a_colon_without_a_key),
		cmocka_unit_test(the_rest_stays_to_the_byte),
		cmocka_unit_test(secrets_in_json),
		cmocka_unit_test(secrets_in_variables),
		cmocka_unit_test(masked_values_are_counted),
		cmocka_unit_test(a_low_ceiling_shows),
		cmocka_unit_test(the_time_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
