/*
 * The thread that sends spans to a collector, by OTLP over HTTP. Requests never wait for it: what
 * there is no room for is dropped, counted, and said in the log.
 */
#ifndef APP_EXPORTER_H
#define APP_EXPORTER_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/config.h"

struct exporter;

/* Starts it; from now on spans are collected. One at a time.
 * config    its tracing.endpoint is set; borrowed for the exporter's life.
 * exporter  out, owned: exporter_close(). */
MUST_USE bool exporter_open(const struct config *config, struct exporter **exporter,
			    struct error *err);
/* Sends what there is, until until_ms of clock_now_ms() at most or until *enough is set, which may
 * be in a signal handler; what is left then is lost, and counted. NULL is fine. */
void exporter_finish(struct exporter *exporter, int64_t until_ms, const atomic_bool *enough);
/* Ends it at once. NULL is fine. */
void exporter_close(struct exporter *exporter);

#endif
