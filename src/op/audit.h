/* Inside op/: what of a call goes into the audit trail. */
#ifndef OP_AUDIT_H
#define OP_AUDIT_H

#include "op/op.h"

/* Before the work of a row that is audited: with spectrocloud.audit.required it is written down as
 * begun. Fails with ERROR_UNAVAILABLE where it cannot be; then it must not be done. */
MUST_USE bool audit_before(struct call *c, const struct op *op, struct error *err);
/* However it ended. Also of what is not audited: a denial, or a credential that was refused. */
void audit_after(const struct call *c, const struct op *op, bool ok, const struct error *err);

#endif
