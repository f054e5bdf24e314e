/* Debian's PostgreSQL, run by hand. It refuses to run as root, so root's tests give it a user. */
#include "unit/store/postgres_server.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static char bin[128];
static char folder[64];
static char port[8];
static char certificate[4096];
static char as_user[128]; /* in front of a command, with its blank; may be empty */
static pid_t server;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "PostgreSQL for the tests: %s\n", what);
	exit(1);
}

static bool shell(const char *command)
{
	return system(command) == 0;
}

static bool find_programs(void)
{
	glob_t found;
	bool ok = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;

	if (ok) {
		const char *last = found.gl_pathv[found.gl_pathc - 1];

		snprintf(bin, sizeof bin, "%.*s", (int)(strrchr(last, '/') - last), last);
	}
	globfree(&found);
	return ok && shell("command -v psql >/dev/null && command -v setpriv >/dev/null");
}

static bool find_user(void)
{
	const char *names[] = {"postgres", "nobody"};

	if (geteuid() != 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct passwd *user = getpwnam(names[i]);

		if (user == NULL)
			continue;
		snprintf(as_user, sizeof as_user, "setpriv --reuid=%u --regid=%u --clear-groups ",
			 (unsigned)user->pw_uid, (unsigned)user->pw_gid);
		return chown(folder, user->pw_uid, user->pw_gid) == 0;
	}
	return false;
}

/* One that is free now. */
static void choose_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
		     getsockname(fd, (struct sockaddr *)&address, &size) == 0,
	     "no port");
	close(fd);
	snprintf(port, sizeof port, "%u", (unsigned)ntohs(address.sin_port));
}

static void make_certificate(void)
{
	char command[640];
	FILE *file;

	snprintf(command, sizeof command,
		 "cd %s/data && %sopenssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "
		 "/CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out "
		 "server.crt >>%s.log 2>&1 && chmod 600 server.key",
		 folder, as_user, folder);
	must(shell(command), "no certificate");
	snprintf(command, sizeof command, "%s/data/server.crt", folder);
	file = fopen(command, "r");
	must(file != NULL && fread(certificate, 1, sizeof certificate - 1, file) > 0,
	     "no certificate to read");
	fclose(file);
}

bool server_make(void)
{
	char command[512];

	if (!find_programs()) {
		puts("skipped: there is no PostgreSQL server (Debian: postgresql)");
		return false;
	}
	strcpy(folder, "/tmp/postgres-test-XXXXXX");
	must(mkdtemp(folder) != NULL, "no folder");
	must(find_user(), "no user to run it as");
	snprintf(command, sizeof command,
		 "cd / && %s%s/initdb -D %s/data -A trust -U " SERVER_USER
		 " -E UTF8 --locale=C.UTF-8 -N >%s.log 2>&1",
		 as_user, bin, folder, folder);
	must(shell(command), "initdb failed");
	make_certificate();
	choose_port();
	server_start();
	return true;
}

void server_remove(void)
{
	char command[160];

	if (server != 0)
		server_stop();
	snprintf(command, sizeof command, "rm -rf '%s' '%s.log'", folder, folder);
	must(shell(command), "its folder remains");
}

const char *server_folder(void)
{
	return folder;
}

const char *server_port(void)
{
	return port;
}

const char *server_certificate(void)
{
	return certificate;
}

/* The server ends with this program, however that ends. */
static void run_server(void)
{
	char command[512];

	snprintf(command, sizeof command,
		 "cd / && exec setpriv --pdeathsig=QUIT %s%s/postgres -D %s/data -k %s -c "
		 "listen_addresses=localhost -p %s -c ssl=on -c fsync=off -c max_connections=40 -c "
		 "log_min_messages=panic "
		 ">>%s.log 2>&1",
		 as_user[0] == '\0' ? "" : as_user + strlen("setpriv "), bin, folder, folder, port,
		 folder);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

void server_start(void)
{
	int64_t deadline_ms = clock_now_ms() + 30000;

	must(server == 0, "it runs already");
	server = fork();
	must(server >= 0, "no process");
	if (server == 0)
		run_server();
	while (!server_sql("postgres", "SELECT 1", NULL, 0)) {
		must(clock_left_ms(deadline_ms) > 0, "it does not answer");
		clock_sleep_ms(50);
	}
}

void server_stop(void)
{
	must(kill(server, SIGINT) == 0 && waitpid(server, NULL, 0) == server, "it does not stop");
	server = 0;
}

bool server_client(const char *program, const char *arguments, char *out, size_t size)
{
	char command[1200];
	FILE *pipe;
	size_t got = 0;

	snprintf(command, sizeof command, "%s -h %s -p %s -U " SERVER_USER " %s", program, folder,
		 port, arguments);
	pipe = popen(command, "r");
	must(pipe != NULL, "no shell");
	for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe))
		if (got + 1 < size)
			out[got++] = (char)c;
	if (size > 0)
		out[got] = '\0';
	return pclose(pipe) == 0;
}

bool server_sql(const char *database, const char *sql, char *out, size_t size)
{
	char arguments[1000];

	snprintf(arguments, sizeof arguments, "-d '%s' -XAtqc \"%s\" 2>/dev/null", database, sql);
	return server_client("psql", arguments, out, size);
}
