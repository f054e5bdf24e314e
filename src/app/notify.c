/* systemd's protocol for services that say how they are, over a datagram. */
#include "app/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* A path, or "@" and the name of an abstract socket, which begins with a NUL instead. */
static bool read_address(const char *name, struct sockaddr_un *address, socklen_t *size)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof address->sun_path)
		return false;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

/* That nobody is there to hear it is no trouble of ours. */
static void tell(const char *what)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t size;
	int fd;

	if (name == NULL || !read_address(name, &address, &size))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, what, strlen(what), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
	close(fd);
}

void notify_ready(void)
{
	tell("READY=1");
}

void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_now_us());
	tell(text);
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}

void notify_alive(void)
{
	tell("WATCHDOG=1");
}

int64_t notify_alive_every_ms(void)
{
	const char *allowed = getenv("WATCHDOG_USEC");
	const char *who = getenv("WATCHDOG_PID");
	int64_t process = getpid();
	int64_t us;

	if (allowed == NULL || !text_to_int(text_of(allowed), &us) || us <= 0)
		return 0;
	if (who != NULL && (!text_to_int(text_of(who), &process) || process != getpid()))
		return 0;
	return us / 2000 > 0 ? us / 2000 : 1;
}
