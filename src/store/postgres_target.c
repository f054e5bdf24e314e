/* How to connect: what is configured, as options of libpq. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/pg.h"

struct pg_target {
	const struct config_postgres *config;
	int ca; /* a file in memory, as libpq takes certificates from files only; -1: none */
	char ca_path[32];
	char search_path[80]; /* empty: the default one */
};

static bool make_ca(struct pg_target *t, struct error *err)
{
	struct text left = text_of(t->config->ca);

	t->ca = memfd_create("certificates", MFD_CLOEXEC);
	if (t->ca < 0)
		return error_set(err, ERROR_INTERNAL, "no file in memory: %s", strerror(errno));
	while (left.len > 0) {
		ssize_t n = write(t->ca, left.ptr, left.len);

		if (n <= 0)
			return error_set(err, ERROR_INTERNAL, "certificates: %s", strerror(errno));
		left = text_slice(left, (size_t)n, left.len);
	}
	snprintf(t->ca_path, sizeof t->ca_path, "/proc/self/fd/%d", t->ca);
	return true;
}

bool pg_target_new(const struct config_postgres *config, struct pg_target **target,
		   struct error *err)
{
	struct pg_target *t;

	if (!pg_check(config, err))
		return false;
	t = heap_alloc(sizeof *t);
	*t = (struct pg_target){.config = config, .ca = -1};
	if (config->schema != NULL)
		snprintf(t->search_path, sizeof t->search_path, "\"%s\"", config->schema);
	if (config->ca != NULL && !make_ca(t, err)) {
		pg_target_free(t);
		return false;
	}
	*target = t;
	return true;
}

void pg_target_free(struct pg_target *target)
{
	if (target == NULL)
		return;
	if (target->ca >= 0)
		close(target->ca);
	free(target);
}

/* The system's certificates; this libpq does not know where they are. */
static const char *system_certificates(void)
{
	static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
					    "/etc/pki/tls/certs/ca-bundle.crt",
					    "/etc/ssl/cert.pem"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

/* Of a folder that it may not look into, such as a home that is hidden from services, libpq makes
 * an error; so it looks where surely nothing is. */
static const char *own_certificate(void)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (home == NULL)
		return "/dev/null/none";
	snprintf(path, sizeof path, "%s/.postgresql/postgresql.crt", home);
	return access(path, R_OK) != 0 && errno == EACCES ? "/dev/null/none" : NULL;
}

static const char *ssl_mode(enum config_tls tls)
{
	switch (tls) {
	case CONFIG_TLS_OFF:
		return "disable";
	case CONFIG_TLS_UNVERIFIED:
		return "require";
	case CONFIG_TLS_VERIFIED:
		return "verify-full";
	default:
		return NULL;
	}
}

/* Of several values the last one holds, and NULL is none: first what the connection string may
 * replace, then that string, then what is laid over it. */
bool pg_target_options(const struct pg_target *t, const char *database,
		       const char *names[PG_MOST_OPTIONS + 1],
		       const char *values[PG_MOST_OPTIONS + 1])
{
	const struct config_postgres *c = t->config;
	const char *const options[][2] = {
		{"connect_timeout", "5"},
		{"keepalives_idle", "15"},
		{"keepalives_interval", "5"},
		{"keepalives_count", "3"},
		{"tcp_user_timeout", "15000"},
		{"application_name", "spectrocloud-backend"},
		{"sslrootcert", c->tls == CONFIG_TLS_VERIFIED ? system_certificates() : NULL},
		{"sslcert", own_certificate()},
		{"dbname", c->connection.ptr},
		{"host", c->host},
		{"port", c->port},
		{"user", c->user},
		{"password", c->password.ptr},
		{"sslmode", ssl_mode(c->tls)},
		{"sslrootcert", t->ca >= 0 ? t->ca_path : NULL},
		{"dbname", database != NULL ? database : c->database},
		{"client_encoding", "UTF8"},
	};
	size_t n = 0;

	static_assert(ARRAY_LEN(options) <= PG_MOST_OPTIONS, "more options than there is room for");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (options[i][1] == NULL)
			continue;
		names[n] = options[i][0];
		values[n++] = options[i][1];
	}
	names[n] = NULL;
	values[n] = NULL;
	return c->connection.ptr != NULL;
}

const char *pg_target_search_path(const struct pg_target *target)
{
	return target->search_path;
}
