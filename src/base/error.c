/* Why something failed: one kind, one sentence. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const struct error_face faces[ERROR_KINDS] = {
	[ERROR_INTERNAL] = {500, "InternalError", -32603, 1},
	[ERROR_INPUT] = {400, "InputError", -32602, 2},
	[ERROR_UNAUTHENTICATED] = {401, "AuthenticationError", -32001, 1},
	[ERROR_DENIED] = {403, "NotAllowedError", -32003, 1},
	[ERROR_NOT_FOUND] = {404, "NotFoundError", -32004, 1},
	[ERROR_METHOD] = {405, "MethodNotAllowedError", -32601, 1},
	[ERROR_CONFLICT] = {409, "ConflictError", -32009, 1},
	[ERROR_TOO_LARGE] = {413, "PayloadTooLargeError", -32600, 1},
	[ERROR_UNPROCESSABLE] = {422, "UnprocessableEntityError", -32010, 1},
	[ERROR_UPSTREAM] = {502, "BadGatewayError", -32011, 1},
	[ERROR_UNAVAILABLE] = {503, "ServiceUnavailableError", -32012, 1},
	[ERROR_TIMEOUT] = {504, "GatewayTimeoutError", -32013, 1},
	[ERROR_CANCELLED] = {503, "ServiceUnavailableError", -32603, 1}, /* nobody reads it */
};

const struct error_face *error_face(enum error_kind kind)
{
	return &faces[(unsigned)kind < ERROR_KINDS ? kind : ERROR_INTERNAL];
}

static void mark_cut(char *message, size_t size, int wanted)
{
	/* A sentence this long is a defect elsewhere; show that it was cut. */
	if (wanted >= 0 && (size_t)wanted >= size)
		memcpy(message + size - 4, "...", 4);
}

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;
	int len;

	*err = (struct error){.kind = kind};
	va_start(args, format);
	len = vsnprintf(err->message, sizeof err->message, format, args);
	va_end(args);
	mark_cut(err->message, sizeof err->message, len);
	return false;
}

bool error_in(struct error *err, const char *where, ...)
{
	char message[sizeof err->message];
	va_list args;
	int len;

	memcpy(message, err->message, sizeof message);
	va_start(args, where);
	len = vsnprintf(err->message, sizeof err->message, where, args);
	va_end(args);
	if (len >= 0 && (size_t)len < sizeof err->message)
		len += snprintf(err->message + len, sizeof err->message - (size_t)len, ": %s",
				message);
	mark_cut(err->message, sizeof err->message, len);
	return false;
}
