/* Inside face/: an exchange on its way through the HTTP face, and how it is answered. */
#ifndef FACE_ANSWER_H
#define FACE_ANSWER_H

#include "face/rest.h"

/* What is kept with an exchange between the front and a worker. */
struct rest_call {
	const struct rest *rest;
	struct call call;
	struct op_match match;
	struct call_stream stream;
	bool streams;    /* the head of an answer in pieces is out */
	struct text url; /* relative to the mount, with the query, for error bodies */
	bool unknown;    /* it was queued before its sender was known */
	const char
		*refused_for; /* of what does not come to an operation: a word of METRIC_REFUSED */
};

static inline bool rest_has_flag(const struct rest_call *rc, unsigned flag)
{
	return rc->match.op != NULL && (rc->match.op->flags & flag) != 0;
}

/* Those of every answer. reauthenticate: the user should sign in to Palette again. */
void answer_common_headers(struct http_response *r, const struct http_exchange *x,
			   bool reauthenticate);
/* In Backstage's form. url: as the body names it. */
void answer_error(struct http_exchange *x, struct text url, const struct error *err,
		  bool reauthenticate);
/* For what never came to an operation, whose pipeline logs by itself; rc->refused_for says why. */
void answer_refusal(struct http_exchange *x, const struct rest_call *rc, const struct error *err);
/* Of an operation that went well; res gives up what it owns. */
void answer_result(struct http_exchange *x, const struct rest_call *rc, struct result *res);

#endif
