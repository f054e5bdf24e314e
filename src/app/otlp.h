/*
 * Spans as OTLP has them in JSON: the protobuf message ExportTraceServiceRequest in its JSON
 * mapping, with the exceptions that OTLP makes: ids as hexadecimal digits, enumerations as numbers.
 * Numbers of 64 bits are strings.
 */
#ifndef APP_OTLP_H
#define APP_OTLP_H

#include "base/buf.h"
#include "telemetry/spans.h"

/* Of this instance of the service, of all that it sends. */
struct otlp_resource {
	const char *instance; /* tells it from other replicas */
};

void otlp_put_spans(struct buf *out, const struct otlp_resource *resource, const struct span *spans,
		    size_t count);

/* What the collector's answer says of spans that it did not take: how many; 0: none. */
unsigned long long otlp_rejected(struct text answer);

#endif
