/* SPDX-License-Identifier: 0BSD */
/* The functions that a plugin must define, in C or C++. */
#ifndef PLUGIN_H
#define PLUGIN_H

#ifdef __cplusplus
extern "C" {
#endif

/* Do the plugin's work.  Return 168. */
int plugin_run(void);

/* Must be called before the plugin is unloaded.  Return 0. */
int plugin_end(void);

#ifdef __cplusplus
}
#endif

#endif
