/* Kubeconfigs that may be shown to an agent, and those that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "palette/kubeconfig.h"
#include "unit/palette/kubeconfig_authorities.h"

#define HEAD        "apiVersion: v1\nkind: Config\n"
#define USER(body)  HEAD "users:\n- name: me\n  user:\n" body
#define ARGS(items) USER("    exec:\n      command: kubectl\n      args: [" items "]\n")
#define OIDC(items) \
	ARGS("oidc-login, get-token, \"--oidc-issuer-url=https://id.example/realms/x\", " items)
#define AZURE(items)    USER("    exec:\n      command: kubelogin\n      args: [" items "]\n")
#define AWS(items)      USER("    exec:\n      command: aws\n      args: [" items "]\n")
#define ENV(items)      USER("    exec:\n      command: aws\n      env: [" items "]\n")
#define PROVIDER(items) USER("    auth-provider:\n      name: oidc\n      config: {" items "}\n")
#define CLUSTER(body)   HEAD "clusters:\n- name: c\n  cluster:\n" body
#define CA(data)        CLUSTER("    certificate-authority-data: " data "\n")

struct harmless {
	const char *file;
	const char *access;
};

static const struct harmless harmless[] = {
	{HEAD, "none"},
	{"---\n" HEAD, "none"},
	{HEAD "clusters: []\ncontexts: []\nusers: []\ncurrent-context: \"\"\npreferences: {}\n",
	 "none"},
	{HEAD "clusters: null\ncontexts:\nusers: ~\n", "none"},
	{HEAD "preferences:\n  colors: true\n", "none"},
	{"{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"users\":[{\"name\":\"a\",\"user\":{}}]}",
	 "none"},
	{USER("    {}\n"), "none"},
	{USER("    token: \"\"\n"), "none"},
	{USER("    exec: null\n"), "none"},
	{HEAD "contexts:\n- name: a@b\n  context: {cluster: b, user: a, namespace: kube-system}\n"
	      "current-context: a@b\n",
	 "none"},
	{HEAD "current-context: arn:aws:eks:us-east-1:123456789012:cluster/prod\n", "none"},
	{HEAD "current-context: spectro-64f0c1d2e3a4b5c6d7e8f901\n", "none"},
	{CLUSTER("    server: https://10.0.0.1:6443\n"), "none"},
	{CLUSTER("    server: https://[2001:db8::1]:6443/k8s/clusters/c-m-abc\n"), "none"},
	{CLUSTER("    insecure-skip-tls-verify: true\n    tls-server-name: api.example\n"
		 "    proxy-url: socks5://proxy.example:1080\n    disable-compression: false\n"),
	 "none"},
	{CLUSTER("    certificate-authority: /home/me/.minikube/ca.crt\n"), "none"},
	{CLUSTER("    extensions:\n    - name: cluster_info\n      extension:\n"
		 "        last-update: Mon, 02 Jan 2026 10:00:00 CET\n"
		 "        provider: minikube.sigs.k8s.io\n        version: v1.32.0\n"),
	 "none"},
	{CA(CERT), "none"},
	{CA(TWO_CERTS), "none"},
	{OIDC("--oidc-client-id=kubernetes"), "oidc"},
	{OIDC("--oidc-client-id=0oa1b2c3d4E5f6G7h8i9, --oidc-extra-scope=email, "
	      "--oidc-extra-scope=groups, --oidc-use-pkce"),
	 "oidc"},
	{OIDC("--listen-address=localhost:8000, --grant-type=authcode-keyboard, -v1, -v=4"),
	 "oidc"},
	{ARGS("oidc-login, get-token, --oidc-issuer-url, \"https://id.example\", "
	      "--oidc-client-id, kubernetes, --grant-type, device-code, --skip-open-browser"),
	 "oidc"},
	{OIDC("--oidc-auth-request-extra-params=audience=https://api.example"), "oidc"},
	{OIDC("--certificate-authority-data=" CERT), "oidc"},
	{OIDC("--token-cache-dir=~/.kube/cache/oidc-login, --insecure-skip-tls-verify=true"),
	 "oidc"},
	{USER("    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n"
	      "      command: kubectl-oidc_login\n      args:\n      - get-token\n"
	      "      - --oidc-issuer-url=https://id.example\n      env: null\n"
	      "      interactiveMode: IfAvailable\n      provideClusterInfo: false\n"),
	 "oidc"},
	{PROVIDER("idp-issuer-url: \"https://id.example\", client-id: k8s, "
		  "extra-scopes: \"groups,email\""),
	 "oidc"},
	{PROVIDER("client-id: k8s, idp-certificate-authority-data: " CERT), "oidc"},
	{PROVIDER("client-id: k8s, client-secret: \"\""), "oidc"},
	{AWS("--region, us-east-1, eks, get-token, --cluster-name, prod, --output, json"), "exec"},
	{AWS("eks, get-token, --cluster-name=prod, --role-arn, "
	     "\"arn:aws:iam::123456789012:role/x\""),
	 "exec"},
	{ENV("{name: AWS_PROFILE, value: dev}, {name: AWS_REGION, value: eu-west-1}"), "exec"},
	{ENV("{name: KUBERNETES_EXEC_INFO, "
	     "value: '{\"apiVersion\": \"client.authentication.k8s.io/v1beta1\"}'}"),
	 "exec"},
	{ENV("{name: HTTPS_PROXY, value: \"http://proxy.example:3128\"}"), "exec"},
	{ENV("{name: AWS_PROFILE}"), "exec"},
	{USER("    exec:\n      command: aws-iam-authenticator\n"
	      "      args: [token, -i, prod, -r, \"arn:aws:iam::123456789012:role/x\"]\n"),
	 "exec"},
	{AZURE("get-token, --environment, AzurePublicCloud, --server-id, "
	       "6dae42f8-4368-4678-94ff-3960e28e3630, --client-id, "
	       "80faf920-1908-4b52-b5ef-a8e7bedfc67a, --tenant-id, "
	       "11111111-2222-3333-4444-555555555555, --login, devicecode"),
	 "exec"},
	{USER("    exec:\n      command: gke-gcloud-auth-plugin\n      provideClusterInfo: true\n"
	      "      installHint: Install gke-gcloud-auth-plugin for use with kubectl by "
	      "following\n"
	      "        https://cloud.example/docs/kubectl#install_plugin\n"),
	 "exec"},
	{USER("    exec:\n      command: /opt/tools/login\n"), "exec"},
	{USER("    exec:\n      command: C:\\tools\\kubelogin.exe\n      args: [get-token]\n"),
	 "exec"},
	{HEAD "users:\n- name: a\n  user: {auth-provider: {name: oidc}}\n"
	      "- name: b\n  user: {exec: {command: login}}\n",
	 "exec"},
};

struct holding {
	const char *file;
	const char *why; /* a part of it */
};

static const struct holding holding[] = {
	{"", "not part"},
	{"# nothing\n", "comments"},
	{"null", "not part"},
	{"[]", "not part"},
	{"kind: Config\n", "not part"},
	{"apiVersion: v1\nkind: Secret\n", "not part"},
	{"apiVersion: v2\nkind: Config\n", "not part"},
	{"apiVersion: v1\nkind: Config\nkind: Config\n", "not part"},
	{HEAD "token: x\n", "a token"},
	{HEAD "hunter2:\n", "not part"},
	{HEAD "extra: {}\n", "not part"},
	{HEAD "---\n" HEAD, "not part"},
	{HEAD "...\n---\nusers: []\n", "not part"},
	{HEAD "users: {}\n", "not part"},
	{HEAD "users: [x]\n", "not part"},
	{HEAD "users: [{name: a, user: x}]\n", "not part"},
	{HEAD "clusters: [[]]\n", "not part"},
	{USER("    client-key-data: " KEY "\n"), "a client key"},
	{USER("    client-key: /home/me/key.pem\n"), "a client key"},
	{USER("    client-certificate-data: " CERT "\n"), "a client certificate"},
	{USER("    token: hunter2\n"), "a token"},
	{USER("    \"token\": hunter2\n"), "a token"},
	{USER("    \"\\x74oken\": hunter2\n"), "a token"},
	{USER("    ? token\n    : hunter2\n"), "a token"},
	{USER("    Token: hunter2\n"), "not part"},
	{USER("    token: 12345\n"), "a token"},
	{USER("    token: [x]\n"), "a token"},
	{USER("    tokenFile: /run/token\n"), "a token"},
	{USER("    username: me\n    password: hunter2\n"), "a user name or password"},
	{USER("    as: admin\n"), "not part"},
	{USER("    extensions: []\n"), "not part"},
	{"{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"users\":[{\"user\":{\"token\":\"x\"}}]}",
	 "a token"},
	{"{\"apiVersion\":\"v1\",\"kind\":\"Config\"} {\"token\":\"x\"}", "not part"},
	/* Text that the tree does not show. */
	{HEAD "# token: hunter2\n", "comments"},
	{HEAD "users: [] # hunter2\n", "comments"},
	{HEAD "users: []#hunter2\n", "comments"},
	{HEAD "users: [\n#hunter2\n]\n", "comments"},
	{HEAD "current-context: \"a\"#hunter2\n", "comments"},
	{HEAD "current-context: |2#hunter2\n  a\n", "comments"},
	{HEAD "current-context: !hunter2 a\n", "comments"},
	{HEAD "current-context: &hunter2 a\n", "comments"},
	{HEAD "users: [{name: &a x, user: *a}]\n", "comments"},
	{"%YAML 1.2\n---\n" HEAD, "comments"},
	{"%TAG !h! hunter2\n---\n" HEAD, "comments"},
	{HEAD "x: &a {token: y}\nusers: [{name: b, user: {<<: *a}}]\n", "comments"},
	{USER("    <<: {token: y}\n"), "not part"},
	{"\xFF\xFE"
	 "a\0p\0",
	 "not part"},
	{HEAD "current-context: \xC3\x28\n", "not part"},
	/* Values. */
	{HEAD "current-context: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln\n", "text"},
	{HEAD "current-context: AKIAIOSFODNN7EXAMPLE\n", "text"},
	{HEAD "current-context: wJalrXUtnFEMI7MDENGbPxRfiCYEXAMPLEKEY\n", "text"},
	{HEAD "current-context: a=hunter2\n", "text"},
	{HEAD "current-context: two words\n", "text"},
	{HEAD "current-context: https://me:hunter2@host\n", "text"},
	{HEAD "current-context: me:hunter2@host\n", "text"},
	{HEAD "current-context: {a: b}\n", "not part"},
	{HEAD "preferences: {colors: hunter2}\n", "not part"},
	{HEAD "extensions: [{name: a, extension: {note: hunter2}}]\n", "not part"},
	{CLUSTER("    server: https://user:hunter2@host.example\n"), "an address"},
	{CLUSTER("    server: https://hunter2@host.example\n"), "an address"},
	{CLUSTER("    server: \"https://host.example/?token=hunter2\"\n"), "an address"},
	{CLUSTER("    server: https://host.example/ghp_0123456789abcdefghij0123456789abcdef\n"),
	 "an address"},
	{CLUSTER("    server: hunter2\n"), "an address"},
	{CLUSTER("    server: [x]\n"), "not part"},
	{CLUSTER("    proxy-url: http://u:hunter2@proxy.example\n"), "an address"},
	{CLUSTER("    token: x\n"), "a token"},
	{CLUSTER("    insecure-skip-tls-verify: \"hunter2\"\n"), "not part"},
	{CA(KEY), "more than certificates"},
	{CA(CERT_THEN_KEY), "more than certificates"},
	{CA(CERT_THEN_TEXT), "more than certificates"},
	{CA(RELABELLED), "more than certificates"},
	{CA("aHVudGVyMg=="), "more than certificates"},
	{CA("hunter2"), "more than certificates"},
	/* Commands. */
	{OIDC("--oidc-client-secret=hunter2"), "a client secret"},
	{OIDC("--oidc-client-secret, hunter2"), "a client secret"},
	{OIDC("--username=me, --password=hunter2"), "a user name or password"},
	{OIDC("--password, hunter2"), "a user name or password"},
	{OIDC("hunter2"), "arguments"},
	{OIDC("--what=hunter2"), "arguments"},
	{OIDC("--oidc-use-pkce, hunter2"), "arguments"},
	{OIDC("--oidc-client-id"), "arguments"},
	{OIDC("--oidc-extra-scope=\"a b\""), "arguments"},
	{OIDC("[hunter2]"), "arguments"},
	{OIDC("{a: b}"), "arguments"},
	{OIDC("--oidc-auth-request-extra-params=client_secret=hunter2"), "arguments"},
	{OIDC("\"--oidc-redirect-url=https://u:hunter2@host\""), "arguments"},
	{OIDC("--oidc-client-id=eyJhbGciOiJIUzI1NiJ9.e30.c2ln"), "arguments"},
	{OIDC("--region=us-east-1"), "arguments"},
	{ARGS("oidc-login, get-token, --oidc-issuer-url=https://id.example?secret=hunter2"),
	 "arguments"},
	{AWS("configure, set, hunter2"), "arguments"},
	{AWS("eks, get-token, --cluster-name, AKIAIOSFODNN7EXAMPLE"), "arguments"},
	{AZURE("get-token, --client-secret, hunter2"), "a client secret"},
	{AZURE("get-token, --client-certificate-password=x"), "a user name or password"},
	{USER("    exec:\n      command: sh\n      args: [-c, \"echo hunter2\"]\n"), "arguments"},
	{USER("    exec:\n      command: vault\n      args: [token, lookup]\n"), "arguments"},
	{USER("    exec:\n      command: echo hunter2 | base64\n"), "a command"},
	{USER("    exec:\n      args: [get-token]\n"), "not part"},
	{USER("    exec:\n      command: a\n      args: hunter2\n"), "not part"},
	{USER("    exec:\n      command: a\n      config: {token: x}\n"), "not part"},
	{USER("    exec:\n      command: a\n      installHint: the password is hunter2\n"),
	 "a hint"},
	{USER("    exec:\n      command: a\n      installHint: use aB3dE5fG7hJ9kL1m\n"), "a hint"},
	{USER("    exec:\n      command: a\n      installHint: x-----BEGIN PRIVATE KEY-----\n"),
	 "a hint"},
	{ENV("{name: AWS_SECRET_ACCESS_KEY, value: hunter2}"), "variables"},
	{ENV("{name: AWS_PROFILE, value: \"two words\"}"), "variables"},
	{ENV("{name: AWS_PROFILE, value: dev, extra: hunter2}"), "variables"},
	{ENV("{name: AWS_PROFILE, valueFrom: hunter2}"), "variables"},
	{ENV("{value: hunter2}"), "variables"},
	{ENV("hunter2"), "variables"},
	{ENV("{name: HTTPS_PROXY, value: \"http://u:hunter2@proxy\"}"), "variables"},
	{ENV("{name: KUBERNETES_EXEC_INFO, value: '{\"token\": \"hunter2\"}'}"), "variables"},
	/* Providers. */
	{PROVIDER("client-secret: hunter2"), "a client secret"},
	{PROVIDER("id-token: x"), "a token"},
	{PROVIDER("refresh-token: x"), "a token"},
	{PROVIDER("access-token: x"), "a token"},
	{PROVIDER("idp-issuer-url: \"https://u:hunter2@id\""), "an address"},
	{PROVIDER("extra-scopes: \"a b,c\""), "text"},
	{USER("    auth-provider: {name: gcp, config: {}}\n"), "not part"},
	{USER("    auth-provider: {config: {client-id: x}}\n"), "not part"},
};

static void a_file_without_credentials_is_free(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
		struct kubeconfig_verdict verdict;

		if (kubeconfig_holds_credential(text_of(harmless[i].file), &verdict))
			fail_msg("refused (%s):\n%s", verdict.why, harmless[i].file);
		assert_null(verdict.why);
		if (strcmp(verdict.access, harmless[i].access) != 0)
			fail_msg("%s:\n%s", verdict.access, harmless[i].file);
	}
}

static void anything_else_holds_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(holding); i++) {
		struct kubeconfig_verdict verdict;

		if (!kubeconfig_holds_credential(text_of(holding[i].file), &verdict))
			fail_msg("passed:\n%s", holding[i].file);
		assert_string_equal(verdict.access, "credential");
		if (strstr(verdict.why, holding[i].why) == NULL)
			fail_msg("%s:\n%s", verdict.why, holding[i].file);
	}
}

static void a_reason_never_quotes_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(holding); i++) {
		struct kubeconfig_verdict verdict;

		kubeconfig_holds_credential(text_of(holding[i].file), &verdict);
		assert_null(strstr(verdict.why, "hunter2"));
	}
}

/* What is repeated to a size; how long a verdict takes at most. */
static int64_t time_of(const char *piece, size_t bytes)
{
	struct kubeconfig_verdict verdict;
	int64_t started;
	struct buf file;

	buf_init(&file, bytes + 1024);
	buf_add_string(&file, HEAD);
	while (file.len < bytes)
		buf_add_string(&file, piece);
	started = clock_now_ms();
	kubeconfig_holds_credential(buf_text(&file), &verdict);
	buf_fini(&file);
	return clock_now_ms() - started;
}

static void hostile_files_take_little_time(void **state)
{
	static const char *const pieces[] = {"[",      "{a: ", "- ",     "? ",    "\"",
					     "a: b\n", "x",    "|2\n  ", "- a\n", "users: [] "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_true(time_of(pieces[i], 250 * 1024) < 2000);
		assert_true(time_of(pieces[i], 4 * 1024 * 1024) < 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_without_credentials_is_free),
		cmocka_unit_test(anything_else_holds_one),
		cmocka_unit_test(a_reason_never_quotes_the_file),
		cmocka_unit_test(hostile_files_take_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
