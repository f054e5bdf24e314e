/*
 * A confined process: what it can do no more, and what it still can. Each case is a child that
 * confines itself; how it ends says what was found. Where the kernel cannot confine, or somebody
 * has seen to that already, the cases are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/confine.h"

/* How a child says that it could not be tried; other numbers but 0 are the line of what was wrong,
 * as far as that fits. */
enum { CANNOT = 255, MOST_LINES = 254 };

#define MUST(what)                                                                     \
	do {                                                                           \
		if (!(what)) {                                                         \
			fprintf(stderr, "line %d: not so: %s (%s)\n", __LINE__, #what, \
				strerror(errno));                                      \
			return 1;                                                      \
		}                                                                      \
	} while (0)

static char folder[] = "/tmp/confine-XXXXXX"; /* may be written */
static char outside[] = "/tmp/confine-XXXXXX";

static int run(int (*what)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(what());
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void passes(int (*what)(void))
{
	int status = run(what);

	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int cannot(const struct error *err)
{
	print_message("skipped: %s\n", err->message);
	return CANNOT;
}

/* ---- system calls ---- */

#define CONFINE_CALLS()                     \
	do {                                \
		struct error no;            \
		if (!confine_calls(&no))    \
			return cannot(&no); \
	} while (0)

struct call {
	const char *name;
	long number;
	long arguments[4];
	int refusal;
};

/* With these arguments nothing would happen, at most something else would be wrong. */
static const struct call refused[] = {
	{"execve", SYS_execve, {0}, EPERM},
	{"execveat", SYS_execveat, {-1, 0}, EPERM},
	{"clone", SYS_clone, {SIGCHLD | CLONE_VM}, EPERM},
	{"clone3", SYS_clone3, {0}, ENOSYS},
	{"ptrace", SYS_ptrace, {16, -1}, EPERM},
	{"process_vm_readv", SYS_process_vm_readv, {0}, EPERM},
	{"process_vm_writev", SYS_process_vm_writev, {0}, EPERM},
	{"pidfd_getfd", SYS_pidfd_getfd, {-1, -1, 0}, EPERM},
	{"personality", SYS_personality, {0xffffffff}, EPERM},
	{"bpf", SYS_bpf, {-1, 0, 0}, EPERM},
	{"perf_event_open", SYS_perf_event_open, {0, 0, -1}, EPERM},
	{"userfaultfd", SYS_userfaultfd, {-1}, EPERM},
	{"io_uring_setup", SYS_io_uring_setup, {0}, EPERM},
	{"io_uring_enter", SYS_io_uring_enter, {-1}, EPERM},
	{"kexec_load", SYS_kexec_load, {0, 1000000, 0, 0}, EPERM},
	{"init_module", SYS_init_module, {0}, EPERM},
	{"finit_module", SYS_finit_module, {-1}, EPERM},
	{"delete_module", SYS_delete_module, {0}, EPERM},
	{"keyctl", SYS_keyctl, {-1}, EPERM},
	{"add_key", SYS_add_key, {0}, EPERM},
	{"request_key", SYS_request_key, {0}, EPERM},
	{"mount", SYS_mount, {0}, EPERM},
	{"umount2", SYS_umount2, {0}, EPERM},
	{"pivot_root", SYS_pivot_root, {0}, EPERM},
	{"chroot", SYS_chroot, {0}, EPERM},
	{"setns", SYS_setns, {-1, 0}, EPERM},
	{"unshare", SYS_unshare, {0}, EPERM},
	{"fsopen", SYS_fsopen, {0}, EPERM},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, 0, 0}, EPERM},
	{"mknodat", SYS_mknodat, {-1, 0, 0, 0}, EPERM},
	{"acct", SYS_acct, {1}, EPERM},
	{"quotactl", SYS_quotactl, {-1, 0, 0, 0}, EPERM},
	{"swapon", SYS_swapon, {0}, EPERM},
	{"reboot", SYS_reboot, {0}, EPERM},
	{"sethostname", SYS_sethostname, {0, -1}, EPERM},
	{"shmget", SYS_shmget, {0, 0, 0}, EPERM},
	{"a packet socket", SYS_socket, {AF_PACKET, SOCK_DGRAM, 0}, EAFNOSUPPORT},
	{"a vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, EAFNOSUPPORT},
	{"AF_ALG", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}, EAFNOSUPPORT},
	{"a raw socket", SYS_socket, {AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1}, EPERM},
	{"a packet socket by its old name", SYS_socket, {AF_INET, SOCK_PACKET, 768}, EPERM},
	{"another raw socket", SYS_socket, {AF_INET6, SOCK_RAW, 58}, EPERM},
	{"netlink's audit", SYS_socket, {AF_NETLINK, SOCK_RAW, 9}, EPROTONOSUPPORT},
	{"typing", SYS_ioctl, {-1, TIOCSTI, 0}, EPERM},
	{"pasting", SYS_ioctl, {-1, TIOCLINUX, 0}, EPERM},
	{"mmap W+X", SYS_mmap, {0, 0, PROT_READ | PROT_WRITE | PROT_EXEC, 0}, EPERM},
	{"mprotect X", SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}, EPERM},
	{"pkey_mprotect X", SYS_pkey_mprotect, {0, 0, PROT_EXEC, -1}, EPERM},
#ifdef __x86_64__
	{"fork", SYS_fork, {0}, EPERM},
	{"vfork", SYS_vfork, {0}, EPERM},
	{"iopl", SYS_iopl, {0}, EPERM},
	{"modify_ldt", SYS_modify_ldt, {-1}, EPERM},
#endif
};

static bool is_refused(const struct call *c)
{
	errno = 0;
	return syscall(c->number, c->arguments[0], c->arguments[1], c->arguments[2],
		       c->arguments[3], 0, 0) == -1 &&
	       errno == c->refusal;
}

static int try_calls(void)
{
	int wrong = 0;

	CONFINE_CALLS();
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (is_refused(&refused[i]))
			continue;
		fprintf(stderr, "%s: %s\n", refused[i].name, strerror(errno));
		wrong++;
	}
	return wrong < MOST_LINES ? wrong : MOST_LINES;
}

static void what_an_attacker_wants_is_refused(void **state)
{
	(void)state;
	passes(try_calls);
}

/* Else the case above would show nothing. */
static int try_unconfined(void)
{
	size_t the_same = 0;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (refused[i].refusal == EPERM && refused[i].number != SYS_clone &&
		    refused[i].number != SYS_personality && refused[i].number != SYS_unshare
#ifdef __x86_64__
		    && refused[i].number != SYS_fork && refused[i].number != SYS_vfork
#endif
		)
			the_same += is_refused(&refused[i]);
	MUST(geteuid() != 0 || the_same < ARRAY_LEN(refused) / 4);
	MUST(system("true") == 0);
	return 0;
}

static void it_is_not_so_without(void **state)
{
	(void)state;
	passes(try_unconfined);
}

static atomic_int go_on;

static void *fork_later(void *argument)
{
	int *refusal = argument;

	while (atomic_load(&go_on) == 0)
		;
	errno = 0;
	*refusal = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 ? errno : 0;
	return NULL;
}

static int try_old_thread(void)
{
	pthread_t thread;
	int refusal = -1;

	MUST(pthread_create(&thread, NULL, fork_later, &refusal) == 0);
	CONFINE_CALLS();
	atomic_store(&go_on, 1);
	MUST(pthread_join(thread, NULL) == 0);
	MUST(refusal == EPERM);
	return 0;
}

static void threads_that_are_there_are_confined_too(void **state)
{
	(void)state;
	passes(try_old_thread);
}

#ifdef __x86_64__
static int try_32_bits(void)
{
	long answer = 20; /* getpid there */

	signal(SIGSEGV, SIG_DFL); /* what the kernel says where it has none of these calls */
	CONFINE_CALLS();
	__asm__ volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
	return 1;
}

static int try_x32(void)
{
	CONFINE_CALLS();
	syscall(0x40000000L | SYS_getpid);
	return 1;
}

static void other_architectures_end_it(void **state)
{
	int status = run(try_x32);

	(void)state;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = run(try_32_bits);
	assert_true(WIFSIGNALED(status));
	assert_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}
#endif

/* ---- files ---- */

#define CONFINE_FOLDER(what)                                                                      \
	do {                                                                                      \
		const struct confine_place places[] = {{folder, (what)}, {"/not/there", (what)}}; \
		struct error no;                                                                  \
		int version;                                                                      \
		if (!confine_files(places, 2, &version, &no))                                     \
			return cannot(&no);                                                       \
	} while (0)

static const char *in(const char *where, const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", where, name);
	return path;
}

static bool can_write(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
	bool ok = fd >= 0 && write(fd, "x", 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool is_denied(int status)
{
	return status < 0 && errno == EACCES;
}

static int try_files(void)
{
	char *const arguments[] = {NULL};

	MUST(can_write(in(outside, "before"), O_CREAT));
	CONFINE_FOLDER(CONFINE_FILES);
	MUST(can_write(in(folder, "new"), O_CREAT));
	MUST(can_write(in(folder, "new"), O_TRUNC));
	MUST(unlink(in(folder, "new")) == 0);
	MUST(can_write("/dev/null", 0));
	MUST(access(in(outside, "before"), R_OK) == 0);
	MUST(open(in(outside, "before"), O_RDONLY | O_CLOEXEC) >= 0);
	MUST(is_denied(open(in(outside, "before"), O_WRONLY | O_CLOEXEC)));
	MUST(is_denied(open(in(outside, "new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	MUST(is_denied(open(in(folder, "../"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
	MUST(is_denied(unlink(in(outside, "before"))));
	MUST(is_denied(mkdir(in(outside, "sub"), 0700)));
	MUST(is_denied(mkdir(in(folder, "sub"), 0700)));
	MUST(is_denied(symlink("/etc/passwd", in(folder, "link"))));
	MUST(is_denied(mkfifo(in(folder, "pipe"), 0600)));
	MUST(rename(in(outside, "before"), in(folder, "stolen")) < 0);
	MUST(is_denied(execv("/bin/false", arguments)));
	return 0;
}

static void files_are_written_where_it_is_allowed(void **state)
{
	(void)state;
	passes(try_files);
}

static bool can_bind(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
	close(fd);
	return ok;
}

static int try_sockets(void)
{
	CONFINE_FOLDER(CONFINE_SOCKETS);
	MUST(can_bind(in(folder, "socket")));
	MUST(unlink(in(folder, "socket")) == 0);
	MUST(!can_bind(in(outside, "socket")));
	MUST(is_denied(open(in(folder, "file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	return 0;
}

static void a_socket_has_its_place(void **state)
{
	(void)state;
	passes(try_sockets);
}

/* ---- both: what the service does all the time ---- */

static void *do_nothing(void *argument)
{
	return argument;
}

static bool can_start_a_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)512 * 1024);
	ok = pthread_create(&thread, &attributes, do_nothing, NULL) == 0 &&
	     pthread_join(thread, NULL) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

static bool can_look_up(const char *name, int flags)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
	struct addrinfo *found;

	if (getaddrinfo(name, "443", &hints, &found) != 0)
		return false;
	freeaddrinfo(found);
	return true;
}

static bool can_store(const char *file)
{
	sqlite3 *db;
	bool ok = sqlite3_open(file, &db) == SQLITE_OK &&
		  sqlite3_exec(db,
			       "PRAGMA journal_mode = WAL; CREATE TABLE t (a); "
			       "INSERT INTO t VALUES (1); DELETE FROM t",
			       NULL, NULL, NULL) == SQLITE_OK;

	return sqlite3_close(db) == SQLITE_OK && ok;
}

static int try_work(void)
{
	int pair[2];

	CONFINE_FOLDER(CONFINE_FILES);
	CONFINE_CALLS();
	MUST(can_start_a_thread());
	MUST(can_look_up("localhost", AI_ADDRCONFIG));
	MUST(can_look_up("127.0.0.1", AI_NUMERICHOST));
	MUST(can_store(in(folder, "store.db")));
	MUST(!can_store(in(outside, "store.db")));
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
	MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
	MUST(memfd_create("certificates", MFD_CLOEXEC) >= 0);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	     MAP_FAILED);
	MUST(system("true") != 0);
	return 0;
}

static void the_service_can_go_on(void **state)
{
	(void)state;
	passes(try_work);
}

static int make_folders(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL && mkdtemp(outside) != NULL ? 0 : -1;
}

static int remove_folders(void **state)
{
	static const char *const left[] = {"before", "store.db", "store.db-wal", "store.db-shm"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		unlink(in(folder, left[i]));
		unlink(in(outside, left[i]));
	}
	return rmdir(folder) == 0 && rmdir(outside) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_attacker_wants_is_refused),
		cmocka_unit_test(it_is_not_so_without),
		cmocka_unit_test(threads_that_are_there_are_confined_too),
#ifdef __x86_64__
		cmocka_unit_test(other_architectures_end_it),
#endif
		cmocka_unit_test(files_are_written_where_it_is_allowed),
		cmocka_unit_test(a_socket_has_its_place),
		cmocka_unit_test(the_service_can_go_on),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
