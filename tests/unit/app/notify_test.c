/* What the service manager is told, over a real datagram socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/notify.h"
#include "base/text.h"

/* A manager that listens at a path, or at "@" and a name. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(name) < sizeof address.sun_path);
	strcpy(address.sun_path, name);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static const char *heard(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool heard_nothing(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

static void hears_all(int fd)
{
	notify_ready();
	assert_string_equal(heard(fd), "READY=1");
	notify_reloading();
	assert_true(text_starts(text_of(heard(fd)), "RELOADING=1\nMONOTONIC_USEC="));
	notify_alive();
	assert_string_equal(heard(fd), "WATCHDOG=1");
	notify_stopping();
	assert_string_equal(heard(fd), "STOPPING=1");
	assert_true(heard_nothing(fd));
}

static void a_path_is_told(void **state)
{
	char folder[] = "/tmp/notify-XXXXXX";
	char path[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/socket", folder);
	fd = listen_at(path);
	hears_all(fd);
	close(fd);
	notify_ready(); /* nobody is there any more */
	unlink(path);
	notify_ready();
	rmdir(folder);
}

static void an_abstract_socket_is_told(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@notify-test-%ld", (long)getpid());
	fd = listen_at(name);
	hears_all(fd);
	close(fd);
}

static void a_manager_that_does_not_read_is_not_waited_for(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@notify-full-%ld", (long)getpid());
	fd = listen_at(name);
	for (int i = 0; i < 100000; i++)
		notify_alive();
	assert_string_equal(heard(fd), "WATCHDOG=1");
	close(fd);
}

static void other_addresses_are_passed_over(void **state)
{
	static const char *const names[] = {"", "@", "/", "relative", "vsock:1:2"};
	char longest[200];

	(void)state;
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_ready();
	}
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_ready();
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
}

static int64_t every_ms(const char *us, const char *process)
{
	int64_t answer;

	setenv("WATCHDOG_USEC", us, 1);
	if (process != NULL)
		setenv("WATCHDOG_PID", process, 1);
	answer = notify_alive_every_ms();
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return answer;
}

static void a_sign_of_life_comes_twice_as_often_as_needed(void **state)
{
	char own[32];

	(void)state;
	snprintf(own, sizeof own, "%ld", (long)getpid());
	assert_int_equal(notify_alive_every_ms(), 0);
	assert_int_equal(every_ms("30000000", NULL), 15000);
	assert_int_equal(every_ms("30000000", own), 15000);
	assert_int_equal(every_ms("30000000", "1"), 0);
	assert_int_equal(every_ms("30000000", "x"), 0);
	assert_int_equal(every_ms("1", NULL), 1);
	assert_int_equal(every_ms("0", NULL), 0);
	assert_int_equal(every_ms("-5", NULL), 0);
	assert_int_equal(every_ms("soon", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_told),
		cmocka_unit_test(an_abstract_socket_is_told),
		cmocka_unit_test(a_manager_that_does_not_read_is_not_waited_for),
		cmocka_unit_test(other_addresses_are_passed_over),
		cmocka_unit_test(a_sign_of_life_comes_twice_as_often_as_needed),
	};

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
