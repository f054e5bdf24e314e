/* The system calls that are refused, and the program for the kernel that refuses them. */
#include "app/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { ARCHITECTURE_IS_KNOWN = 1 };
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
enum { ARCHITECTURE_IS_KNOWN = 1 };
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
enum { ARCHITECTURE_IS_KNOWN = 0 };
#define ARCHITECTURE 0
#endif

enum {
	LONGEST_PROGRAM = 512,
	FIRST_X32_CALL = 0x40000000, /* its numbers come with the same architecture */
	SOCKET_TYPE = 0xf,           /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
};

/* Never done here, whatever their arguments. */
static const int refused[] = {
	/* other programs and processes */
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_process_madvise,
	SYS_process_mrelease,
	SYS_kcmp,
	SYS_pidfd_open,
	SYS_pidfd_getfd,
	SYS_pidfd_send_signal,
	SYS_personality,
	/* the kernel's own */
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_kexec_file_load,
	SYS_reboot,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_syslog,
	SYS_lookup_dcookie,
	SYS_vmsplice,
	SYS_remap_file_pages,
	SYS_nfsservctl,
	/* keys */
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	/* file systems and what a process sees of them */
	SYS_mount,
	SYS_umount2,
	SYS_move_mount,
	SYS_mount_setattr,
	SYS_open_tree,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_open_by_handle_at,
	SYS_mknodat,
	SYS_quotactl,
	SYS_quotactl_fd,
	SYS_fanotify_init,
	SYS_fanotify_mark,
	/* the machine */
	SYS_acct,
	SYS_swapon,
	SYS_swapoff,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_clock_adjtime,
	SYS_adjtimex,
	SYS_vhangup,
	SYS_mbind,
	SYS_set_mempolicy,
	SYS_migrate_pages,
	SYS_move_pages,
	/* memory, messages and semaphores that others share */
	SYS_shmget,
	SYS_shmat,
	SYS_shmctl,
	SYS_semget,
	SYS_semop,
	SYS_semctl,
	SYS_msgget,
	SYS_msgsnd,
	SYS_msgrcv,
	SYS_msgctl,
	SYS_mq_open,
	SYS_mq_unlink,
#ifdef __x86_64__
	SYS_fork,
	SYS_vfork,
	SYS_mknod,
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
	SYS_uselib,
	SYS_ustat,
	SYS_sysfs,
	SYS__sysctl,
	SYS_create_module,
	SYS_query_module,
	SYS_get_kernel_syms,
#endif
};

/* ---- the program: instructions one behind the other, each test with its outcome beside it ---- */

struct program {
	struct sock_filter code[LONGEST_PROGRAM];
	unsigned short length;
	bool too_long;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	if (p->length == LONGEST_PROGRAM) {
		p->too_long = true;
		return;
	}
	p->code[p->length++] =
		(struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = k};
}

static void put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_end(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action, 0, 0);
}

static uint32_t refuse_with(int number)
{
	return SECCOMP_RET_ERRNO | ((uint32_t)number & SECCOMP_RET_DATA);
}

static void put_refusal(struct program *p, int call, int number)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
	put_end(p, refuse_with(number));
}

/* What an argument's lower half is; all that are looked at are of that size. Both architectures put
 * it first. */
static void put_load_argument(struct program *p, unsigned which)
{
	put_load(p, offsetof(struct seccomp_data, args) + which * sizeof(uint64_t));
}

/* Native calls only: with those of another architecture the numbers would mean something else. */
static void put_beginning(struct program *p)
{
	put_load(p, offsetof(struct seccomp_data, arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	put_end(p, SECCOMP_RET_KILL_PROCESS);
	put_load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(p, BPF_JMP | BPF_JGE | BPF_K, FIRST_X32_CALL, 0, 1);
	put_end(p, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* ---- calls of which some are needed. Each begins and ends with the number loaded, or ends. ----
 */

/* Refused if all of these bits are set in an argument. */
static void put_refuse_bits(struct program *p, int call, unsigned which, uint32_t bits)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 5);
	put_load_argument(p, which);
	put(p, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1);
	put_end(p, refuse_with(EPERM));
	put_end(p, SECCOMP_RET_ALLOW);
}

/* A thread, but no process. */
static void put_threads_only(struct program *p)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	put_load_argument(p, 0);
	put(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	put_end(p, refuse_with(EPERM));
	put_end(p, SECCOMP_RET_ALLOW);
}

/* Characters that a terminal takes for typed: whoever started us would run them. */
static void put_no_typing(struct program *p)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4);
	put_load_argument(p, 1);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
	put_end(p, refuse_with(EPERM));
	put_load(p, offsetof(struct seccomp_data, nr));
}

/* Local ones, IPv4 and IPv6, not raw; and of the kernel's the one that lists network addresses,
 * for lookups of names. Libraries that try others see what a kernel without them would say. */
static void put_usual_sockets(struct program *p)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 15);
	put_load_argument(p, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 11, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 6, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 5, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
	put_end(p, refuse_with(EAFNOSUPPORT));
	put_load_argument(p, 2);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0); /* NETLINK_ROUTE */
	put_end(p, refuse_with(EPROTONOSUPPORT));
	put_load_argument(p, 1);
	put(p, BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE, 0, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SOCK_RAW, 2, 0);
	put(p, BPF_JMP | BPF_JEQ | BPF_K, SOCK_PACKET, 1, 0); /* AF_INET's name for AF_PACKET */
	put_end(p, SECCOMP_RET_ALLOW);
	put_end(p, refuse_with(EPERM));
}

/* ---- the two programs ---- */

/* How threads are started goes into a structure that the kernel does not show us; glibc then takes
 * the call whose flags are seen. This happens all the time, so it is kept out of the audit log. */
static void put_quiet(struct program *p)
{
	put_beginning(p);
	put_refusal(p, SYS_clone3, ENOSYS);
	put_end(p, SECCOMP_RET_ALLOW);
}

static void put_logged(struct program *p)
{
	put_beginning(p);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		put_refusal(p, refused[i], EPERM);
	/* No memory is both written and executed, nor made executable later. */
	put_refuse_bits(p, SYS_mmap, 2, PROT_WRITE | PROT_EXEC);
	put_refuse_bits(p, SYS_mprotect, 2, PROT_EXEC);
	put_refuse_bits(p, SYS_pkey_mprotect, 2, PROT_EXEC);
	put_threads_only(p);
	put_no_typing(p);
	put_usual_sockets(p);
	put_end(p, SECCOMP_RET_ALLOW);
}

static bool install(void (*put_program)(struct program *), unsigned flags, struct error *err)
{
	struct program p = {.length = 0};
	struct sock_fprog program = {.filter = p.code};
	long status;

	put_program(&p);
	program.len = p.length;
	if (p.too_long)
		return error_set(err, ERROR_INTERNAL, "the filter of system calls is too long");
	status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | flags,
			 &program);
	if (status != 0)
		return error_set(err, ERROR_UNAVAILABLE, "seccomp: %s",
				 status > 0 ? "a thread has a filter of its own" : strerror(errno));
	return true;
}

bool confine_calls(struct error *err)
{
	if (!ARCHITECTURE_IS_KNOWN)
		return error_set(err, ERROR_UNAVAILABLE, "seccomp: not on this architecture");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(err, ERROR_UNAVAILABLE, "seccomp: %s", strerror(errno));
	/* Without the first the second would not hold. */
	return install(put_quiet, 0, err) && install(put_logged, SECCOMP_FILTER_FLAG_LOG, err);
}
