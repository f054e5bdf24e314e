/*
 * The process gives up what it never needs, so that whoever takes it over has little to go on with:
 * it can start no other program, write to no file but its own, and ask the kernel for nothing that
 * it does not do. Two means of the kernel's, both without a way back: seccomp filters system calls,
 * Landlock decides about files. No library is needed for either.
 */
#ifndef APP_CONFINE_H
#define APP_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

/* Programs that are watched from inside (by sanitizers, or for coverage) do at their end what is
 * forbidden here. meson.build says whether this is one. */
#ifdef INSTRUMENTED
enum { CONFINE_POSSIBLE = 0 };
#else
enum { CONFINE_POSSIBLE = 1 };
#endif

/* What may be changed below a folder. */
enum confine_change {
	CONFINE_SOCKETS = 1, /* local sockets are made, and removed again */
	CONFINE_FILES = 2,   /* files are made, written and removed */
};

struct confine_place {
	const char *folder;
	unsigned changes; /* of enum confine_change */
};

enum { CONFINE_MOST_PLACES = 4 };

/*
 * Of this thread and those that it starts from now on: no file is executed, and none written,
 * made, moved or removed but in places; /dev/null stays open to all. Reading goes on as before.
 * Processes outside get no signal from here, where the kernel can see to that.
 * places  borrowed; a folder that is not there is passed over.
 * abi     out: the version of Landlock that is in force.
 * Fails with ERROR_UNAVAILABLE where the kernel has no Landlock; nothing has changed then.
 */
MUST_USE bool confine_files(const struct confine_place *places, size_t count, int *abi,
			    struct error *err);

/*
 * Of the whole process: the system calls that confine_calls.c lists are refused with EPERM, and the
 * kernel writes each refusal to its audit log. Calls of another architecture end the process.
 * Fails with ERROR_UNAVAILABLE where the kernel cannot do it; nothing has changed then.
 */
MUST_USE bool confine_calls(struct error *err);

/*
 * Both, as spectrocloud.server.confine says, for what this configuration needs; what is in force
 * goes to the log as `confined`, and as a warning what is not. Before any thread is started, once
 * the log is open and the listener is bound.
 * places  besides those that the configuration names.
 */
void confine_process(const struct config *config, const struct confine_place *places, size_t count);

#endif
