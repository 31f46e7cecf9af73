/* SPDX-License-Identifier: 0BSD */
/*
 * usage: host PLUGIN end|no-end LOADS
 *
 * Load a plugin, run it and unload it, LOADS times.  Print whether it was unloaded each time.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int plugin_call(void);

static plugin_call *find(void *plugin, const char *name)
{
	plugin_call *call;
	void *found = dlsym(plugin, name);

	if (found == NULL)
		exit(2);
	memcpy(&call, &found, sizeof call);
	return call;
}

int main(int argc, char **argv)
{
	int loads = argc == 4 ? atoi(argv[3]) : 0;
	int unloaded = 0;

	for (int i = 0; i < loads; i++) {
		void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
		void *again;

		if (plugin == NULL || find(plugin, "plugin_run")() != 168)
			return 1;
		if (strcmp(argv[2], "end") == 0 && find(plugin, "plugin_end")() != 0)
			return 1;
		dlclose(plugin);
		again = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
		unloaded += again == NULL;
		if (again != NULL)
			dlclose(again);
		usleep(1000);
	}
	printf("%s\n", unloaded == loads ? "unloaded" : "stays");
	return 0;
}
