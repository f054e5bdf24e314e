#include "op/rows.h"
const struct op cluster_create_ops[] = {{.name = NULL}};
