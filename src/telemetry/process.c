/*
 * The process's own figures under the names that Prometheus' libraries have for them, from
 * /proc/self; and the log's and the build's. What the kernel does not say is left out.
 */
#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "telemetry/inside.h"

/* Of /proc/self/stat; see proc(5), whose numbers these are. */
enum { FIELD_THREADS = 20, FIELD_START = 22, FIELD_VIRTUAL = 23, FIELD_RESIDENT = 24, FIELDS = 25 };

/* False: it cannot be read. The name of the program, which may hold anything, is skipped. */
static bool read_stat(unsigned long long fields[FIELDS])
{
	char line[1024] = "";
	FILE *file = fopen("/proc/self/stat", "re");
	struct text rest;
	struct text word;
	char *end = NULL;

	if (file == NULL)
		return false;
	if (fgets(line, sizeof line, file) != NULL)
		end = strrchr(line, ')');
	fclose(file);
	if (end == NULL || strlen(end) < 2)
		return false;
	rest = text_of(end + 2);
	for (size_t i = 3; i < FIELDS; i++) {
		int64_t number = 0;

		if (!text_next(&rest, ' ', &word))
			return false;
		if (text_to_int(word, &number))
			fields[i] = (unsigned long long)number;
	}
	return true;
}

/* Since 1970; ticks: from the boot on. As it was found out first, so that it is the same each time:
 * a change means another process, and the two clocks here are not read at once, and may be set. */
static double start_s(unsigned long long ticks)
{
	static atomic_llong found_ms;
	long long unknown = 0;
	struct timespec booted;
	double up_ms;

	if (atomic_load(&found_ms) != 0)
		return (double)atomic_load(&found_ms) / 1000;
	clock_gettime(CLOCK_BOOTTIME, &booted);
	up_ms = (double)booted.tv_sec * 1000 + (double)booted.tv_nsec / 1e6 -
		(double)ticks * 1000 / (double)sysconf(_SC_CLK_TCK);
	atomic_compare_exchange_strong(&found_ms, &unknown, clock_calendar_ms() - (long long)up_ms);
	return (double)atomic_load(&found_ms) / 1000;
}

static void sample_stat(struct metric_samples *samples)
{
	unsigned long long fields[FIELDS] = {0};

	if (!read_stat(fields))
		return;
	metric_sample(samples, METRIC_PROCESS_THREADS, fields[FIELD_THREADS]);
	metric_sample(samples, METRIC_PROCESS_VIRTUAL, fields[FIELD_VIRTUAL]);
	metric_sample(samples, METRIC_PROCESS_RESIDENT,
		      fields[FIELD_RESIDENT] * (unsigned long long)sysconf(_SC_PAGESIZE));
	metric_sample(samples, METRIC_PROCESS_START, start_s(fields[FIELD_START]));
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void sample_usage(struct metric_samples *samples)
{
	struct rusage usage;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		metric_sample(samples, METRIC_PROCESS_CPU,
			      seconds(usage.ru_utime) + seconds(usage.ru_stime));
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		metric_sample(samples, METRIC_PROCESS_MOST_FILES, limit.rlim_cur);
}

/* But for the one with which they are counted. */
static void sample_files(struct metric_samples *samples)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	unsigned count = 0;

	if (folder == NULL)
		return;
	/* The folder is this thread's own, for which glibc's readdir() is safe. */
	// cppcheck-suppress readdirCalled
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(folder);
	metric_sample(samples, METRIC_PROCESS_FILES, count - 1);
}

void metric_sample_process(struct metric_samples *samples)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};

	for (int level = LOG_DEBUG; level < LOG_OFF; level++)
		metric_sample(samples, METRIC_LOG_LINES, log_lines((enum log_level)level),
			      levels[level]);
	metric_sample(samples, METRIC_BUILD, 1, PROJECT_VERSION);
	sample_usage(samples);
	sample_stat(samples);
	sample_files(samples);
}
