/* What the HTTP server and client share. */
#include "http/http.h"

const char http_methods[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

bool http_is_method(const char *method)
{
	struct text known = text_of(http_methods);
	struct text one;

	while (text_next(&known, ',', &one))
		if (text_is(text_trim(one), method))
			return true;
	return false;
}

const struct http_header *http_header_find(const struct http_header *headers, size_t count,
					   const char *name)
{
	struct text wanted = text_of(name);

	for (size_t i = 0; i < count; i++)
		if (text_equal_nocase(headers[i].name, wanted))
			return &headers[i];
	return NULL;
}
