/* In which of the formats of telemetry/metrics.h a client wants the figures. */
#ifndef OP_METRICS_H
#define OP_METRICS_H

#include "http/http.h"
#include "telemetry/metrics.h"

/* By its header Accept: OpenMetrics where that is named, and no less wanted than text. */
enum metrics_format metrics_format_for(const struct http_header *headers, size_t count);

#endif
