/*
 * The trail in the system's log, over its local socket: what syslog(3) sends, with the difference
 * that a message that was not taken is known. RFC 3164's form, facility authpriv.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "telemetry/audit.h"
#include "telemetry/trail_inside.h"

enum { PATIENCE_MS = 200, LONGEST_HEAD = 128 };

int trail_syslog_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		int problem = errno;

		close(fd);
		errno = problem;
		return -1;
	}
	return fd;
}

static void put_head(struct buf *out)
{
	time_t now = time(NULL);
	struct tm local;
	char when[32];

	localtime_r(&now, &local);
	/* English names of months, as the process never sets a locale. */
	strftime(when, sizeof when, "%b %e %H:%M:%S", &local);
	buf_printf(out, "<%d>%s spectrocloud-backend[%d]: ", LOG_AUTHPRIV | LOG_INFO, when,
		   (int)getpid());
}

/* A log that is busy is waited for, but not for long. */
static bool wait_for_room(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	return poll(&ready, 1, PATIENCE_MS) > 0;
}

bool trail_syslog_send(int fd, struct text line, bool patient)
{
	struct buf message;
	ssize_t sent;
	int problem;

	buf_init(&message, AUDIT_LONGEST_LINE + LONGEST_HEAD);
	put_head(&message);
	buf_add(&message, line);
	sent = send(fd, message.ptr, message.len, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR) && patient) {
		/* What is said of it is that there was no room. */
		if (wait_for_room(fd))
			sent = send(fd, message.ptr, message.len, MSG_NOSIGNAL);
		else
			errno = EAGAIN;
	}
	/* A datagram goes whole or not at all. */
	problem = errno;
	buf_fini(&message);
	errno = problem;
	return sent >= 0;
}
