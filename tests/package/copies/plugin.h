/* SPDX-License-Identifier: 0BSD */
/* What a plugin has to have, in C or C++. */
#ifndef PLUGIN_H
#define PLUGIN_H

#ifdef __cplusplus
extern "C" {
#endif

/* Does its work; 168. */
int plugin_run(void);

/* What must come before the plugin is unloaded; 0. */
int plugin_end(void);

#ifdef __cplusplus
}
#endif

#endif
