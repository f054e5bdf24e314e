/* Inside op/: one value of a parameter. Each of these answers NULL and fills value, which is all
 * zero before, or what was expected: "must be ..."; static or arena. */
#ifndef OP_PARAM_VALUE_H
#define OP_PARAM_VALUE_H

#include "op/op.h"

/* Of a path, a query or a fallback. raw.ptr NULL: it could not be decoded. */
const char *param_read_text(struct arena *a, const struct param *param, struct text raw,
			    struct value *value);
const char *param_read_flag(struct text raw, struct value *value);
/* Of a body or a tool's input. */
const char *param_read_json(struct arena *a, const struct param *param, struct text json,
			    struct value *value);
/* Of a header. */
const char *param_read_key(struct arena *a, struct text raw, struct value *value);

/* Whether its fallback is text, rather than JSON. */
bool param_is_textual(const struct param *param);

#endif
