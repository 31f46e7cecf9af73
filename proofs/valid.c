/* SPDX-License-Identifier: 0BSD */
/* The predicates for run time that no file of the core includes; see core/valid.h. */
#include "core/valid.h"
