/* SPDX-License-Identifier: 0BSD */
/* The run-time predicates that no file of the core includes; see core/valid.h. */
#include "core/valid.h"
