/* The socket that a service manager hands over, as descriptor 3 of this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "http/listen.h"
#include "http/server.h"

enum { FIRST_FD = 3 };

static int somebody_elses = -1; /* what was descriptor 3 before */

static int keep_descriptor(void **state)
{
	(void)state;
	somebody_elses = fcntl(FIRST_FD, F_DUPFD_CLOEXEC, 10);
	return 0;
}

static int restore_descriptor(void **state)
{
	(void)state;
	if (somebody_elses >= 0) {
		dup2(somebody_elses, FIRST_FD);
		close(somebody_elses);
	}
	return 0;
}

static void set_number(const char *name, long long number)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", number);
	assert_int_equal(setenv(name, text, 1), 0);
}

/* As a manager does: fd becomes descriptor 3. */
static void hand_over(int fd, long long pid, long long count)
{
	assert_true(fd >= 0);
	if (fd != FIRST_FD) {
		assert_int_equal(dup2(fd, FIRST_FD), FIRST_FD);
		close(fd);
	}
	set_number("LISTEN_PID", pid);
	set_number("LISTEN_FDS", count);
	setenv("LISTEN_FDNAMES", "spectrocloud-backend.socket", 1);
}

static int tcp_socket(int family, int type, bool listens)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(family, type, 0);

	if (fd >= 0 &&
	    (bind(fd, family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		  family == AF_INET ? sizeof v4 : sizeof v6) != 0 ||
	     (listens && listen(fd, 1) != 0))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int local_socket(const char *path, bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	if (abstract)
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))),
			 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void assert_none(void)
{
	struct http_listener *listener = (struct http_listener *)(uintptr_t)1;
	struct error err;

	assert_true(http_listener_inherit(&listener, &err));
	assert_null(listener);
}

static void refused(const char *why)
{
	struct http_listener *listener = NULL;
	struct error err;

	assert_false(http_listener_inherit(&listener, &err));
	assert_int_equal(err.kind, ERROR_INPUT);
	assert_non_null(strstr(err.message, why));
	assert_null(listener);
	close(FIRST_FD);
	assert_none(); /* what was said is said */
}

static void without_a_manager_there_is_none(void **state)
{
	(void)state;
	assert_none();
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), getpid(), 0);
	assert_none();
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), (long long)getpid() + 1, 1);
	assert_none();                              /* meant for another process */
	assert_true(fcntl(FIRST_FD, F_GETFD) >= 0); /* and it is left alone */
	close(FIRST_FD);
}

static void what_is_no_number_is_refused(void **state)
{
	(void)state;
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), getpid(), 1);
	setenv("LISTEN_PID", "x", 1);
	refused("the variable LISTEN_PID of the service manager is no number");
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), getpid(), 1);
	setenv("LISTEN_FDS", "one", 1);
	refused("the variable LISTEN_FDS of the service manager is no number");
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), getpid(), -1);
	refused("the variable LISTEN_FDS of the service manager is no number");
}

static void takes_one(int family, const char *prefix)
{
	int fd = tcp_socket(family, SOCK_STREAM, true);
	struct http_listener *listener;
	struct listener taken;
	char address[64];
	struct error err;

	if (fd < 0)
		return; /* this machine has no IPv6 */
	hand_over(fd, getpid(), 1);
	assert_true(http_listener_inherit(&listener, &err));
	assert_non_null(listener);
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
	listener_take(&taken, listener);
	assert_int_equal(taken.fd, FIRST_FD);
	assert_true(taken.port > 0);
	snprintf(address, sizeof address, "%s:%d", prefix, taken.port);
	assert_string_equal(http_listener_address(listener), address);
	assert_true((fcntl(FIRST_FD, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(FIRST_FD, F_GETFD) & FD_CLOEXEC) != 0);
	http_listener_close(listener);
	assert_true(fcntl(FIRST_FD, F_GETFD) >= 0); /* it is the server's now */
	listener_close(&taken);
	assert_true(fcntl(FIRST_FD, F_GETFD) < 0);
}

static void a_tcp_socket_says_where_it_listens(void **state)
{
	(void)state;
	takes_one(AF_INET, "127.0.0.1");
	takes_one(AF_INET6, "[::1]");
}

static void the_path_of_a_local_socket_is_the_managers(void **state)
{
	char folder[] = "/tmp/inherit-XXXXXX";
	struct http_listener *listener;
	struct stat before;
	struct stat after;
	char address[80];
	struct error err;
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/socket", folder);
	snprintf(address, sizeof address, "unix:%s", path);
	hand_over(local_socket(path, false), getpid(), 1);
	assert_int_equal(stat(path, &before), 0);
	assert_true(http_listener_inherit(&listener, &err));
	assert_string_equal(http_listener_address(listener), address);
	assert_int_equal(listener->listener.port, 0);
	assert_true(http_listener_give(listener, 12345, 12345, &err));
	http_listener_close(listener);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_uid, after.st_uid);
	unlink(path);
	rmdir(folder);
}

static void what_cannot_be_served_is_refused(void **state)
{
	char name[64];

	(void)state;
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, true), getpid(), 2);
	refused("2 sockets");
	hand_over(tcp_socket(AF_INET, SOCK_STREAM, false), getpid(), 1);
	refused("accepts connections");
	hand_over(tcp_socket(AF_INET, SOCK_DGRAM, false), getpid(), 1);
	refused("accepts connections");
	hand_over(open("/dev/null", O_RDONLY), getpid(), 1);
	refused("accepts connections");
	snprintf(name, sizeof name, "@inherit-test-%d", getpid());
	hand_over(local_socket(name, true), getpid(), 1);
	refused("neither an IP address nor a path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_manager_there_is_none),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(a_tcp_socket_says_where_it_listens),
		cmocka_unit_test(the_path_of_a_local_socket_is_the_managers),
		cmocka_unit_test(what_cannot_be_served_is_refused),
	};

	return cmocka_run_group_tests(tests, keep_descriptor, restore_descriptor);
}
