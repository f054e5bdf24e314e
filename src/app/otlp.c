/* Spans as OTLP has them in JSON. */
#include "app/otlp.h"

#include <stdio.h>

#include "json/json.h"

enum { STATUS_ERROR = 2 };

static void put_string_attribute(struct json_writer *w, const char *key, const char *value)
{
	json_object_begin(w);
	json_put_pair(w, "key", key);
	json_key(w, "value");
	json_object_begin(w);
	json_put_pair(w, "stringValue", value);
	json_object_end(w);
	json_object_end(w);
}

static void put_number_attribute(struct json_writer *w, const char *key, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", (long long)value);
	json_object_begin(w);
	json_put_pair(w, "key", key);
	json_key(w, "value");
	json_object_begin(w);
	json_put_pair(w, "intValue", digits);
	json_object_end(w);
	json_object_end(w);
}

static void put_attributes(struct json_writer *w, const struct span *span)
{
	json_key(w, "attributes");
	json_array_begin(w);
	for (size_t i = 0; i < span->attribute_count; i++) {
		const struct span_attribute *a = &span->attributes[i];

		if (a->string[0] != '\0')
			put_string_attribute(w, a->key, a->string);
		else
			put_number_attribute(w, a->key, a->number);
	}
	json_array_end(w);
}

static void put_time(struct json_writer *w, const char *key, int64_t us)
{
	char nanoseconds[32];

	snprintf(nanoseconds, sizeof nanoseconds, "%lld000", (long long)us);
	json_put_pair(w, key, nanoseconds);
}

static void put_span(struct json_writer *w, const struct span *span)
{
	json_object_begin(w);
	json_put_pair(w, "traceId", span->trace_id);
	json_put_pair(w, "spanId", span->id);
	if (span->parent_id[0] != '\0')
		json_put_pair(w, "parentSpanId", span->parent_id);
	json_put_pair(w, "name", span->name);
	json_key(w, "kind");
	json_put_int(w, span->kind);
	put_time(w, "startTimeUnixNano", span->start_us);
	put_time(w, "endTimeUnixNano", span->end_us);
	put_attributes(w, span);
	json_key(w, "status");
	json_object_begin(w);
	if (span->failed) {
		json_key(w, "code");
		json_put_int(w, STATUS_ERROR);
	}
	json_object_end(w);
	json_object_end(w);
}

static void put_resource(struct json_writer *w, const struct otlp_resource *resource)
{
	json_key(w, "resource");
	json_object_begin(w);
	json_key(w, "attributes");
	json_array_begin(w);
	put_string_attribute(w, "service.name", "spectrocloud-backend");
	put_string_attribute(w, "service.version", PROJECT_VERSION);
	put_string_attribute(w, "service.instance.id", resource->instance);
	put_string_attribute(w, "telemetry.sdk.language", "c");
	json_array_end(w);
	json_object_end(w);
}

void otlp_put_spans(struct buf *out, const struct otlp_resource *resource, const struct span *spans,
		    size_t count)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_object_begin(&w);
	json_key(&w, "resourceSpans");
	json_array_begin(&w);
	json_object_begin(&w);
	put_resource(&w, resource);
	json_key(&w, "scopeSpans");
	json_array_begin(&w);
	json_object_begin(&w);
	json_key(&w, "scope");
	json_object_begin(&w);
	json_put_pair(&w, "name", "backstage-plugin-spectrocloud");
	json_put_pair(&w, "version", PROJECT_VERSION);
	json_object_end(&w);
	json_key(&w, "spans");
	json_array_begin(&w);
	for (size_t i = 0; i < count; i++)
		put_span(&w, &spans[i]);
	json_array_end(&w);
	json_object_end(&w);
	json_array_end(&w);
	json_object_end(&w);
	json_array_end(&w);
	json_object_end(&w);
}

unsigned long long otlp_rejected(struct text answer)
{
	struct text document;
	struct text value;
	struct text digits;
	struct arena a;
	struct error err;
	int64_t count = 0;

	arena_init(&a);
	if (json_check(answer, &document, &err) &&
	    json_at(document, "/partialSuccess/rejectedSpans", &value) &&
	    !json_int(value, &count) && json_unescape(&a, value, &digits) &&
	    !text_to_int(digits, &count))
		count = 0;
	arena_fini(&a);
	return count > 0 ? (unsigned long long)count : 0;
}
