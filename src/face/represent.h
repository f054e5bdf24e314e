/*
 * The form in which a good answer goes out: plain or compressed, with an entity tag by which the
 * client asks whether it has changed, and without a body where it has not.
 *
 * Neither for answers that hold secrets: they are not kept, and beside text that somebody else has
 * chosen the length of the compressed form would tell of them (BREACH).
 */
#ifndef FACE_REPRESENT_H
#define FACE_REPRESENT_H

#include "http/server.h"
#include "op/op.h"

struct represent;

/* Whether a client of that operation may ask if the answer has changed. */
bool represent_has_tag(const struct op *op);

/* compression: whether answers are compressed for those who take it. Owned: represent_free(). */
struct represent *represent_new(bool compression);
void represent_free(struct represent *represent);

/*
 * Brings a whole good answer, with all its other headers, into the form that the request asks for.
 * What an OP_FRONT row answers is only compressed where that was done before. Any thread.
 * represent  NULL, for tests: the answer stays as it is.
 * constant   what the answer is, where it is always the same; NULL: it is made for the request.
 */
void represent_answer(struct represent *represent, const struct http_request *request,
		      const struct op *op, const struct op_constant *constant,
		      struct http_response *r);

#endif
