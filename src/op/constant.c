/* Answers that are the same for as long as the process lives. */
#include "http/gzip.h"
#include "op/op.h"

void op_constant_make(struct op_constant *constant, struct text json, bool compress)
{
	*constant = (struct op_constant){.json = json};
	digest_of(&json, 1, &constant->digest);
	if (compress)
		gzip_compress(json, &constant->gzip);
}

void op_constant_fini(struct op_constant *constant)
{
	buf_fini(&constant->gzip);
}
